//! The list of events and one event, with everything that can be hostile in them.

use super::*;
use crate::nouns::event::{Event, Part};
use crate::web::acme::{acme, now, reader};

/// An event of this kind about this, by somebody with a hostile name.
fn recorded(seq: i64, kind: &str, subject: &str) -> Recorded {
    let event = Event {
        seq,
        at: now(),
        actor: "administrator adm_1".to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        detail: r#"{"value":"<script>"}"#.to_owned(),
    };
    let part = Part {
        person: "adm_1".to_owned(),
        name: Some("<b>mira</b>".to_owned()),
        source: Some("192.0.2.1".to_owned()),
        told: Some(r#"{"reason":"<img>"}"#.to_owned()),
        is_erased: false,
    };
    Recorded { event, hash: vec![0xab; 32], parts: vec![part] }
}

#[test]
fn a_change_of_an_operation_names_whom_it_was_about_and_leads_to_both() {
    let snapshot = acme();
    let row = snapshot.account_row(0).unwrap();
    let mut change = recorded(9, "change.begun", "op_1");
    change.event.detail = r#"{"operation":1,"row":1,"change":"suspend","account":0,"target":0}"#.to_owned();
    let page = content((&[change], false, false), &Ask::default(), &[], (&reader(), &snapshot, html! {})).0;
    assert!(page.contains("href=\"/operations/op_1\"") && page.contains(" is suspended"), "{page}");
    assert!(page.contains(Address::person(row.id).as_str()), "{page}");
}

#[test]
fn events_are_told_as_sentences_with_a_way_to_what_they_are_about() {
    let found = [
        recorded(9, "protection.added", "person 557058:a/b"),
        recorded(8, "sync.failed", "run_1"),
        recorded(7, "some.thing", "<i>x"),
        recorded(7, "operation.ended", "op_1"),
        recorded(7, "task.edited", "task_1"),
    ];
    let page = content((&found, true, false), &Ask::default(), &["<u>x".to_owned()], (&reader(), &acme(), html! {})).0;
    assert!(page.contains("<bdi>&lt;b&gt;mira&lt;/b&gt;</bdi> protected a person or group"), "{page}");
    assert!(page.contains("/people/557058:a%2Fb") || page.contains("/people/557058%3Aa%2Fb"), "{page}");
    assert!(page.contains("href=\"/runs/run_1\"") && page.contains("tag bad") && page.contains("192.0.2.1"), "{page}");
    assert!(page.contains("href=\"/operations/op_1\"") && page.contains("href=\"/tasks/task_1\""), "{page}");
    assert!(page.contains("some.thing") && page.contains("before=7"), "{page}");
    for hostile in ["<b>", "<i>", "<u>", "<script>"] {
        assert!(!page.contains(hostile), "{hostile}");
    }
    assert!(!page.contains("Verified"), "nothing is claimed of a chain that was not looked at");
}

#[test]
fn one_event_shows_all_its_parts_and_says_what_was_erased() {
    let mut found = recorded(9, "protection.added", "person 1");
    let page = event::content(&found, &[], "", &reader()).0;
    assert!(page.contains("abababab") && page.contains("&lt;img&gt;") && page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("<script>") && !page.contains("<img>"), "{page}");
    found.parts[0] = Part { person: "adm_1".to_owned(), is_erased: true, ..Part::default() };
    let page = event::content(&found, &[], "installation", &reader()).0;
    assert!(
        page.contains("Erased.") && page.contains("erased in part") && page.contains("administrator adm_1"),
        "{page}"
    );
    assert!(page.contains("/audit?chain=installation"), "{page}");
}

#[test]
fn a_list_without_events_says_why() {
    let page = |ask: &Ask, later| content((&[], false, later), ask, &[], (&reader(), &acme(), html! {})).0;
    assert!(page(&Ask::default(), false).contains("Nothing has happened yet."));
    let filtered = Ask { kind: "sync.asked".to_owned(), ..Ask::default() };
    assert!(page(&filtered, false).contains("No event is like that.") && page(&filtered, false).contains("Clear"));
    assert!(page(&Ask::default(), true).contains("There are no older events."));
    let nonsense = Ask { from: "yesterday".to_owned(), ..Ask::default() };
    assert!(nonsense.wanted(&reader()).is_err());
}
