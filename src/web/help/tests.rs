//! Every document is served, every link in it leads somewhere, and nothing in it is markup of its own.

use super::*;

/// The values of an attribute in a page.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    let lead = format!(" {attribute}=\"");
    page.split(&lead).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn resolves(link: &str, from: &Document) -> bool {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    match path {
        "" => from.sections.iter().any(|section| section.id == anchor),
        "/help" => true,
        "/about" => matches!(anchor, "" | "changes" | "source"),
        path => DOCUMENTS.iter().any(|document| {
            path == format!("/help/{}", document.name)
                && (anchor.is_empty() || document.sections.iter().any(|section| section.id == anchor))
        }),
    }
}

#[test]
fn every_document_is_served_and_every_link_inside_leads_somewhere() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".md") {
            assert!(PAGES.iter().any(|(served, _)| *served == name), "docs/{name}.md is not in help::PAGES");
        }
    }
    for document in DOCUMENTS.iter() {
        for link in values(&document.html, "href") {
            assert!(link.contains("://") || resolves(link, document), "{}: {link} leads nowhere", document.name);
        }
        assert_eq!(document.html.matches("<h1").count(), 1, "{}", document.name);
        assert_eq!(values(&document.html, "style"), Vec::<&str>::new(), "{}", document.name);
    }
    let nowhere = Document::read("x", "# X\n[a](no.md) [b](#x) [c](faq.md#no) [d](../ARCHITECTURE.md)");
    let links: Vec<bool> = values(&nowhere.html, "href").into_iter().map(|link| resolves(link, &nowhere)).collect();
    assert_eq!(links, [false, true, false, true], "{}", nowhere.html);
}

#[test]
fn each_place_of_the_navigation_has_a_section_of_help() {
    let places = [
        Place::Dashboard,
        Place::UserBrowser,
        Place::Groups,
        Place::AutomatedTasks,
        Place::Operations,
        Place::Feeds,
        Place::SyncRuns,
        Place::NeedsAttention,
        Place::Settings,
        Place::Help,
    ];
    for place in places {
        assert!(resolves(of_place(place), &DOCUMENTS[0]), "{place:?}: {}", of_place(place));
    }
}

#[test]
fn raw_markup_in_a_document_is_text() {
    let document = Document::read("x", "# A\n<script>x</script>\n\n<img src=x> *b* <i>c</i>");
    assert!(!document.html.contains("<script") && !document.html.contains("<img") && !document.html.contains("<i>"));
    assert!(document.html.contains("<em>b</em>"));
}

#[test]
fn sections_are_found_by_all_words_in_any_case_and_what_is_typed_is_escaped() {
    let found = contents("WITHHELD guard").0;
    assert!(found.contains("/help/operate#guards"), "{found}");
    assert!(contents("Which SYNC").0.contains("/help/which-sync#which-sync-should-i-use"));
    let nothing = contents("zzz <script>").0;
    assert!(nothing.contains("Nothing is found in help.") && !nothing.contains("<script>"));
    assert!(contents("").0.contains(r#"href="/help/filter""#));
}
