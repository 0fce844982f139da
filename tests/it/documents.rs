//! Documents that are made from the program: they say what it does, or this fails.
//!
//! With ROLLCALL_WRITE_DOCUMENTS=1 they are written anew.

use directory::find as fields;
use rollcall::nouns::event_kind::{KINDS, find};

#[test]
fn the_reference_of_the_filter_language_is_that_of_the_fields() {
    let tables = contact::board::Tables::new(&[], &jiff::tz::TimeZone::UTC);
    let further = [
        filter::Further { of: "groups", catalogue: fields::groups::catalogue() },
        filter::Further { of: "contacts", catalogue: tables.contacts.catalogue() },
        filter::Further { of: "companies", catalogue: tables.companies.catalogue() },
    ];
    is_written("docs/filter.md", &filter::reference_with(fields::catalogue(), &further));
}

#[test]
fn the_document_of_the_api_is_that_of_its_routes() {
    is_written("docs/api/openapi.json", &rollcall::api::document());
}

#[test]
fn every_kind_of_event_is_listed_with_its_sentence() {
    let mut table = "| kind | who | outcome |\n|---|---|---|\n".to_owned();
    for kind in KINDS {
        table.push_str(&format!("| `{}` | {} | {} |\n", kind.name, kind.sentence, kind.outcome.as_str()));
    }
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let text = std::fs::read_to_string(file).unwrap();
    let (before, _) = text.split_once("| kind | who |").unwrap();
    is_written("docs/audit.md", &format!("{before}{table}"));
}

#[test]
fn every_kind_of_event_that_the_sources_write_is_in_the_list() {
    let mut unknown = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                // A file that makes events names their kinds as texts; log lines look alike and stand in their macros.
                let makes = ["NewEvent", "append(tx", "sessions::record("].iter().any(|call| text.contains(call));
                let texts = text.lines().filter(|line| makes && !line.contains("tracing::") && !line.contains("//"));
                for found in texts.flat_map(|line| line.split('"').skip(1).step_by(2)) {
                    let words: Vec<&str> = found.split('.').collect();
                    let word =
                        |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    let ending = ["json", "csv", "zip", "example", "enforce"];
                    if words.len() == 2
                        && words.iter().all(word)
                        && !ending.contains(&words[1])
                        && find(found).is_none()
                    {
                        unknown.push(format!("{} in {}", found, path.display()));
                    }
                }
            }
        }
    }
    assert!(unknown.is_empty(), "these kinds are not in src/nouns/event_kind.rs: {unknown:#?}");
}

#[expect(clippy::disallowed_methods, reason = "how somebody asks a test to write the documents")]
fn is_written(path: &str, made: &str) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("ROLLCALL_WRITE_DOCUMENTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, made).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == made, "{path} is out of date: run this test with ROLLCALL_WRITE_DOCUMENTS=1");
}
