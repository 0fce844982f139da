//! The user browser in every state, and who is found by what.

use proptest::prelude::*;

use super::sort::slice;
use super::*;
use crate::nouns::run::Run;
use crate::web::acme::{acme, now, reader};
use crate::web::runs::tests::run;
use crate::web::visit::State;

fn ask(parameters: &[(&str, &str)]) -> Ask {
    let get = |name: &str| {
        parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).unwrap_or_default()
    };
    Ask {
        q: get("q"),
        status: get("status"),
        sort: get("sort"),
        order: get("order"),
        after: get("after"),
        before: get("before"),
        limit: get("limit"),
        columns: get("columns"),
        selection: get("selection"),
        as_of: get("as_of"),
    }
}

fn ids(ask: &Ask, snapshot: &Snapshot) -> Vec<String> {
    let rows = slice(ask, snapshot, &browse(ask, snapshot, &reader()).matching).rows;
    rows.into_iter().map(|account| snapshot.account_row(account).unwrap().id.to_owned()).collect()
}

fn page(ask: &Ask, snapshot: &Snapshot) -> String {
    with(ask, snapshot, &Chosen::default())
}

fn with(ask: &Ask, snapshot: &Snapshot, chosen: &Chosen) -> String {
    let when = When { today: now().to_zoned(reader().zone).date(), past: None };
    at(ask, snapshot, (chosen, &when))
}

fn page_of(ask: &Ask, snapshot: &Snapshot, when: &When) -> String {
    at(ask, snapshot, (&Chosen::default(), when))
}

fn at(ask: &Ask, snapshot: &Snapshot, (chosen, when): (&Chosen, &When)) -> String {
    let notices = when.notice(ask, &reader()).unwrap_or_default();
    let columns = Columns::parse(&ask.columns).unwrap_or_else(Columns::usual);
    let around = Around { request_key: "key", saved: &[], columns: &columns, chosen, when, notices };
    content(ask, snapshot, &reader(), &around).0
}

#[test]
fn everybody_but_former_people_is_listed_by_name() {
    let snapshot = acme();
    let listed = ids(&ask(&[]), &snapshot);
    assert_eq!(listed, ["acc-bare", "acc-evil", "acc-mute", "acc-hana", "acc-ines", "acc-noor"]);
    assert_eq!(ids(&ask(&[("status", "former")]), &snapshot), ["acc-gone"]);
    assert_eq!(ids(&ask(&[("status", "suspended")]), &snapshot), ["acc-evil"]);
    assert_eq!(ids(&ask(&[("status", "nonsense")]), &snapshot), Vec::<String>::new());
}

#[test]
fn names_and_addresses_are_searched_with_or_without_accents() {
    let snapshot = acme();
    assert_eq!(ids(&ask(&[("q", "DVORAK")]), &snapshot), ["acc-hana"]);
    assert_eq!(ids(&ask(&[("q", " ines.okafor@ ")]), &snapshot), ["acc-ines"]);
    // A former person is found where former people are asked for, and only there.
    assert!(ids(&ask(&[("q", "zoe")]), &snapshot).is_empty());
    assert_eq!(ids(&ask(&[("q", "zoe"), ("status", "former")]), &snapshot), ["acc-gone"]);
}

#[test]
fn sorted_by_e_mail_people_without_one_come_last_both_ways() {
    let snapshot = acme();
    let up = ids(&ask(&[("sort", "email")]), &snapshot);
    let down = ids(&ask(&[("sort", "email"), ("order", "desc")]), &snapshot);
    assert_eq!(up, ["acc-evil", "acc-hana", "acc-ines", "acc-noor", "acc-mute", "acc-bare"]);
    assert_eq!(down, ["acc-noor", "acc-ines", "acc-hana", "acc-evil", "acc-mute", "acc-bare"]);
    let latest = ids(&ask(&[("sort", "last_active"), ("order", "desc")]), &snapshot);
    assert_eq!(latest[0], "acc-ines");
}

#[test]
fn the_links_lead_through_all_pages_and_keep_what_was_asked() {
    let snapshot = acme();
    let asked = [("sort", "email"), ("order", "desc"), ("limit", "2"), ("q", "e")];
    let first = page(&ask(&asked), &snapshot);
    for (name, value) in asked {
        assert!(first.contains(&format!(r#"<input type="hidden" name="{name}" value="{value}">"#)), "{name}: {first}");
    }
    assert!(first.contains("q=e&amp;sort=email&amp;order=desc&amp;limit=2&amp;after="), "{first}");
    assert!(first.contains(r#"<button type="submit" name="next" value=""#), "{first}");
    assert!(first.contains(r#"<button type="button" disabled>Previous"#), "{first}");
}

#[test]
fn never_and_unknown_are_different_words() {
    let snapshot = acme();
    let row = |q| page(&ask(&[("q", q)]), &snapshot);
    assert!(row("noor").contains(">never<") && row("noor").contains("since 2 Mar 2024"));
    assert!(row("dvorak").contains(">unknown<") && !row("dvorak").contains(">never<"));
    assert!(row("ines").contains("14 Aug 2026") && row("ines").contains("99 days ago"));
}

#[test]
fn the_headline_counts_what_is_found_out_of_everybody() {
    let page = page(&ask(&[("q", "acme.example")]), &acme());
    assert!(page.contains(r#"<span class="num">3</span> of <span class="num">6</span> people"#), "{page}");
    assert!(page.contains(r#"<a href="/people?q=acme.example&amp;status=former">Former <span class="num">1</span>"#));
}

#[test]
fn hostile_names_are_shown_and_never_obeyed() {
    let page = page(&ask(&[("q", "\"><script>")]), &acme()) + &page(&ask(&[]), &acme());
    assert!(page.matches("<script").count() == 4 && !page.contains("<img"), "two scripts of ours on each page");
    assert!(page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt; \u{202e}gnp.exe</bdi>"));
    assert!(page.contains("“&quot;&gt;&lt;script&gt;”"));
}

#[test]
fn an_empty_result_says_why_and_what_to_do() {
    let snapshot = acme();
    let nobody = page(&ask(&[("q", "nobody"), ("status", "suspended")]), &snapshot);
    assert!(nobody.contains("Nobody is found by “nobody”.") && nobody.contains("Search in every status"));
    assert!(page(&ask(&[("status", "closed")]), &snapshot).contains("Nobody has this status."));
    let empty = page(&ask(&[]), &Snapshot::default());
    assert!(empty.contains("no people that this key may see") && empty.contains("href=\"/runs\""));
}

#[test]
fn before_the_first_seal_the_page_leads_to_the_first_sync() {
    assert!(first_use(None).0.contains("Nothing has been read yet."));
    let running = run(crate::nouns::run::RunState::Running);
    assert!(first_use(Some(&running)).0.contains("still running"));
}

#[test]
fn stale_failed_and_partial_data_is_said_before_the_rows() {
    let snapshot = acme();
    let told = |newest: Option<Run>, gaps, hours: i64| {
        let reader = Reader::new("UTC", now() + jiff::SignedDuration::from_hours(hours));
        State { newest, gaps, ..State::default() }.notices(&snapshot, &reader).0
    };
    assert_eq!(told(Some(run(crate::nouns::run::RunState::Sealed)), Vec::new(), 0), "");
    assert!(told(None, Vec::new(), 27).contains("more than 26 hours old"));
    let gap = directory::Claim {
        noun: directory::Noun::Groups,
        part: directory::Part::Whole,
        state: directory::ClaimState::Unread,
        asked_from: now(),
        asked_to: now(),
        expected: None,
        seen: 0,
        reason: Some("The key may not read groups.".into()),
    };
    let partial = told(None, vec![gap; 7], 0);
    assert!(partial.contains("The key may not read groups.") && partial.contains("and 2 more"));
}

proptest! {
    #[test]
    fn no_address_whatever_it_holds_breaks_the_page(
        q in any::<String>(), status in any::<String>(), sort in "name|email|last_active|added|status|groups|seats|job_title|department|x", order in "asc|desc|",
        after in any::<String>(), limit in any::<String>(),
    ) {
        let parameters = [("q", q.as_str()), ("status", &status), ("sort", &sort), ("order", &order), ("after", &after), ("limit", &limit)];
        let text = page(&ask(&parameters), &acme());
        prop_assert!(text.matches("<script").count() == 2 && text.contains("<h1>User Browser</h1>"));
    }
}

#[test]
fn a_filter_in_the_language_finds_sorts_and_counts() {
    let snapshot = acme();
    assert_eq!(ids(&ask(&[("q", "status = suspended")]), &snapshot), ["acc-evil"]);
    assert_eq!(ids(&ask(&[("q", "status = former")]), &snapshot), ["acc-gone"]);
    let latest = page(&ask(&[("q", "ORDER BY lastActive DESC")]), &snapshot);
    let first = latest.find("acc-ines").unwrap();
    assert!(latest.match_indices("acc-").all(|(place, _)| place >= first), "whoever was active last comes first");
    let narrowed = page(&ask(&[("q", "engineer OR ines")]), &snapshot);
    assert!(narrowed.contains("Narrow down"), "{narrowed}");
    // What is not known of somebody is said, and they are not in the list.
    let unknown = page(&ask(&[("q", "neverActive = no")]), &snapshot);
    assert!(unknown.contains("it is not known whether the filter holds"), "{unknown}");
}

#[test]
fn a_filter_that_is_not_understood_says_where_and_what_to_write() {
    let wrong = page(&ask(&[("q", "statos = active")]), &acme());
    assert!(wrong.contains("Not all of the filter was understood."), "{wrong}");
    assert!(wrong.contains("There is no field statos.") && wrong.contains("^^^^^^"), "{wrong}");
    assert!(wrong.contains("q=status%20%3D%20active"), "one click puts it right: {wrong}");
    assert!(wrong.contains(r#"<span class="num">0</span> of "#), "nothing was understood, so nobody is found: {wrong}");
    let half = page(&ask(&[("q", "statos = active AND status = suspended")]), &acme());
    assert!(half.contains("found by what was understood") && half.contains("<code>status = suspended</code>"));
}

#[test]
fn a_row_shows_all_sites_of_a_person_whatever_site_the_filter_asks_for() {
    let page = page(&ask(&[("q", "site = acme")]), &acme());
    assert!(page.contains("<bdi>acme</bdi>, <bdi>acme-emea</bdi>"), "{page}");
}

#[test]
fn groups_that_grant_access_are_marked_by_a_sign_and_in_words() {
    let page = page(&ask(&[]), &acme());
    assert!(page.contains(r##"<span aria-hidden="true">#</span><bdi>jira-users</bdi>"##), "{page}");
    assert!(
        page.contains("(grants access to an app)") && page.contains(r#"<span class="tag" title="contractors">"#),
        "{page}"
    );
}

#[test]
fn last_active_is_of_the_app_in_question_and_says_so() {
    let snapshot = acme();
    let of = |q: &str| page(&ask(&[("q", q)]), &snapshot);
    assert!(of("app = jira").contains("Last active in Jira") && of("app = jira").contains("14 Aug 2026"));
    // Ines used Jira and never Confluence.
    let confluence = of("app = confluence@acme-emea");
    assert!(confluence.contains("Last active in Confluence on acme-emea"), "{confluence}");
    assert!(confluence.contains(">never<") && !confluence.contains("14 Aug 2026"), "{confluence}");
    assert!(!of("app = jira AND app = confluence").contains("Last active in"));
    let sorted = ids(&ask(&[("q", "app = jira"), ("sort", "last_active"), ("order", "desc")]), &snapshot);
    assert_eq!(sorted[0], "acc-ines");
}

#[test]
fn columns_are_those_of_the_address_and_each_with_an_order_sorts() {
    let chosen = page(&ask(&[("columns", "job_title,claim,mfa,seats,status")]), &acme());
    for heading in ["Job title", "Managed or external", "Two-step verification", "Seats", "Status"] {
        assert!(chosen.contains(heading), "{heading}: {chosen}");
    }
    assert!(!chosen.contains(">Apps and roles</th>") && chosen.contains(">Engineer<") && chosen.contains(">Off<"));
    assert!(chosen.contains("/people?sort=seats&amp;order=desc&amp;columns=job_title"), "{chosen}");
    let alone = page(&ask(&[("columns", "name")]), &acme());
    assert!(!alone.contains(">Sites</th>") && alone.contains("acc-ines"));
}

#[test]
fn the_bar_counts_who_is_selected_here_and_elsewhere() {
    let snapshot = acme();
    let people = [0, 3].into_iter().collect();
    let page = with(&ask(&[("q", "ines")]), &snapshot, &Chosen { selection: None, people });
    assert!(page.contains(r#"data-elsewhere="0">1</b> of <span class="num">1</span> selected"#), "{page}");
    assert!(page.contains("1 more is not in this list"), "{page}");
    assert!(page.contains(r#"id="row-0" autocomplete="off" checked"#), "{page}");
    // Who is meant by all that match must be said by the filter alone.
    assert!(
        super::canonical_of(&ask(&[("q", "ines"), ("status", "former")]), &snapshot, &reader())
            .unwrap()
            .contains("status = former")
    );
    assert_eq!(super::canonical_of(&ask(&[("status", "other")]), &snapshot, &reader()), None);
    assert_eq!(super::canonical_of(&ask(&[("q", "staus = active")]), &snapshot, &reader()), None);
}

#[test]
fn a_past_day_says_which_it_is_stays_in_every_link_and_starts_nothing() {
    let snapshot = acme();
    let day = jiff::civil::date(2024, 3, 9);
    let gap = directory::Claim {
        noun: directory::Noun::Memberships,
        part: directory::Part::Whole,
        state: directory::ClaimState::Partial,
        asked_from: now(),
        asked_to: now(),
        expected: None,
        seen: 0,
        reason: Some("The list was cut off.".into()),
    };
    let past = crate::mirror::past::AsOf { day, at: now(), snapshot: snapshot.clone().into(), gaps: vec![gap] };
    let when = When { today: jiff::civil::date(2026, 11, 21), past: Some(past) };
    let asked = ask(&[("q", "e"), ("sort", "email"), ("limit", "2"), ("as_of", "2024-03-09")]);
    let page = page_of(&asked, &snapshot, &when);
    assert!(page.contains("As of 9 Mar 2024.") && page.contains("No sync was sealed on that day"), "{page}");
    assert!(page.contains("The list was cut off."));
    assert!(page.contains(r#"href="/people?q=e&amp;sort=email&amp;limit=2">Back to today"#), "{page}");
    assert!(!page.contains("Sync Users"), "the past cannot be synced");
    for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        let to_list = ["/people?", "/people.", "/filters/"].iter().any(|list| link.starts_with(list));
        let back = link == "/people?q=e&amp;sort=email&amp;limit=2";
        assert!(!to_list || back || link.contains("as_of=2024-03-09"), "{link} leaves the day");
    }
    // Every form that leads back to the list carries the day: the box, the builder, the columns and the picker.
    assert_eq!(page.matches(r#"name="as_of" value="2024-03-09""#).count(), 4, "{page}");
    let today = page_of(&ask(&[("q", "e")]), &snapshot, &When { past: None, ..when });
    assert!(today.contains("Sync Users") && !today.contains("Back to today") && today.contains(r#"max="2026-11-21""#));
}
