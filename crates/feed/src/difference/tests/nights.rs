//! Nights: who is new, changed, leaving, returning, failing, in conflict; and what is held.

use jiff::Timestamp;

use super::*;
use crate::control::FieldKey;
use crate::control::model::Destination;
use crate::control::tests::{with, with_root};

fn plain() -> String {
    with(r#"{"source":"job","destination":"profile","name":"x:job"}"#)
}

#[test]
fn joiners_movers_leavers_and_returners_are_told_apart() {
    let mut kept = Kept::default();
    let first = kept.night(&plain(), &rows(&[row("Ann", "a", ""), row("bob", "b", "\"job\":\"Cook\"")]));
    assert_eq!(fields(&first.counts), BTreeMap::from([("new", 2)]));
    let same = kept.night(&plain(), &rows(&[row("bob", "b", "\"job\":\"Cook\""), row("Ann", "a", "")]));
    assert_eq!((fields(&same.counts), same.lines.len()), (BTreeMap::from([("unchanged", 2)]), 0));
    let second = kept.night(&plain(), &rows(&[row("bob", "b", "\"job\":\"Dean\""), row("cid", "c", "")]));
    assert_eq!(
        second.lines,
        ["changed bob by data: job Cook>Dean".replace("job Cook", "x:job Cook"), "new cid by data: ".into()]
    );
    assert_eq!(second.sifted.leaving, [0]);
    let third = kept.night(&plain(), &rows(&[row("bob", "b", ""), row("cid", "c", ""), row("ANN", "a", "")]));
    assert_eq!(third.lines, ["changed bob by data: x:job Dean>", "returning ANN by data: username Ann>ANN"]);
    assert_eq!(fields(&third.counts), BTreeMap::from([("changed", 1), ("unchanged", 1), ("returning", 1)]));
}

#[test]
fn a_record_that_fails_leaves_its_person_and_is_tried_again() {
    let mut kept = Kept::default();
    kept.night(&plain(), &rows(&[row("ann", "a", ""), row("bob", "b", "")]));
    let bad = rows(&[row("ann", "a a", ""), row("bob", "b", "")]);
    for _ in 0..2 {
        let night = kept.night(&plain(), &bad);
        assert_eq!(night.lines, ["failing: this is no e-mail address: a a@x.org (record 0)"]);
        assert_eq!(fields(&night.counts), BTreeMap::from([("unchanged", 1), ("failing", 1)]));
        assert!(night.sifted.leaving.is_empty(), "failing is not leaving");
    }
    let logging = with(r#"{"source":"job","action":"if-exists","then":[{"action":"log-error","message":"odd job"}]}"#);
    let odd = rows(&[row("ann", "a", "\"job\":\"x\""), row("bob", "b", "")]);
    for expected in ["same ann by data and control file: odd job (record 0)", "same ann by again: odd job (record 0)"] {
        assert!(kept.night(&logging, &odd).lines.contains(&expected.to_owned()), "{expected}");
    }
}

#[test]
fn d11_all_records_of_one_username_are_in_conflict_in_any_letter_case() {
    let mut kept = Kept::default();
    kept.night(&plain(), &rows(&[row("ann", "a", ""), row("bob", "b", "")]));
    let twice = [
        row("ann", "a", ""),
        row("ANN", "n", ""),
        row("cid", "c", ""),
        row("Cid", "d", ""),
        row("cId", "e", ""),
        row("bob", "b", ""),
    ];
    let night = kept.night(&plain(), &rows(&twice));
    assert_eq!(fields(&night.counts), BTreeMap::from([("unchanged", 2), ("conflicts", 5)]));
    let records: Vec<Vec<u64>> = night.sifted.conflicts.iter().map(|conflict| conflict.records.clone()).collect();
    assert!(records.contains(&vec![0, 1]) && records.contains(&vec![2, 3, 4]), "{records:?}");
    assert!(kept.people.len() == 2 && night.sifted.leaving.is_empty());
    assert!(night.sifted.conflicts[0].sentence().contains("Nothing of them is applied"));
}

#[test]
fn d17_what_a_changed_control_file_does_is_told_apart_from_data() {
    let mut kept = Kept::default();
    let crew =
        [row("ann", "a", "\"job\":\"cook\""), row("bob", "b", "\"job\":\"DEAN\""), row("cid", "c", "\"job\":\"x\"")];
    kept.night(&plain(), &rows(&crew));
    let upper = with(r#"{"source":"job","destination":"profile","name":"x:job","filters":["haplo:to-upper-case"]}"#);
    let crew = [crew[0].clone(), crew[1].clone(), row("cid", "c", "\"job\":\"y\"")];
    let night = kept.night(&upper, &rows(&crew));
    assert_eq!(
        night.lines,
        ["alike 1", "changed ann by control file: x:job cook>COOK", "changed cid by data and control file: x:job x>Y"]
    );
    let (before, middle) =
        (person(&plain(), &row("cid", "c", "\"job\":\"x\"")), person(&upper, &row("cid", "c", "\"job\":\"x\"")));
    let after = person(&upper, &row("cid", "n", "\"job\":\"x\""));
    let causes: Vec<(String, Cause)> =
        causes(&before, &middle, &after).into_iter().map(|(c, why)| (c.field.name, why)).collect();
    assert_eq!(causes, [("email".to_owned(), Cause::Data), ("x:job".to_owned(), Cause::ControlFile)]);
    let forced = kept.forced(&upper, &rows(&crew), Force::Everything);
    assert_eq!(forced.lines, ["alike 0", "alike 1", "alike 2"]);
}

fn person(control: &str, json: &str) -> Person {
    let control = good(control);
    let groups = BTreeSet::new();
    let value = crate::json::parse(json.as_bytes()).unwrap();
    crate::transform::Transformer::new(&control, &groups)
        .transform(&crate::record::Record::of_value(0, 1, value))
        .person
        .unwrap()
}

#[test]
fn the_order_of_keys_changes_nobody() {
    let mut kept = Kept::default();
    kept.night(&plain(), r#"[{"id":"a","first":"F","last":"L","mail":"a@x.org"}]"#);
    let turned = kept.night(&plain(), r#"[{"mail":"a@x.org","last":"L","first":"F","id":"a"}]"#);
    assert_eq!((turned.counts.unchanged, turned.lines.len()), (1, 0));
}

#[test]
fn a_field_that_cannot_be_stored_keeps_its_value() {
    let typed = with_root(
        r#""profile": {"x:job": {"type": "integer"}},"#,
        r#"{"source":"job","destination":"profile","name":"x:job"}"#,
    );
    let mut kept = Kept::default();
    kept.night(&typed, &rows(&[row("ann", "a", "\"job\":7")]));
    let night = kept.night(&typed, &rows(&[row("ann", "b", "\"job\":\"seven\"")]));
    assert_eq!(
        night.lines,
        ["changed ann by data: email a@x.org>b@x.org; Invalid integer for input field job: seven (record 0)"]
    );
    let key = FieldKey { destination: Destination::Profile, name: "x:job".into() };
    assert_eq!(kept.people[0].1.fields[&key][0].item.shown(), "7");
}

#[test]
fn too_many_at_once_are_held() {
    let mut kept = Kept::default();
    let group = r#"{"action":"set-value","destination":"user","name":"groups","value":"g:all"}"#;
    let control = with(&format!(r#"{{"source":"job","destination":"profile","name":"x:job"}},{group}"#));
    kept.night(&control, &rows(&crowd(0, 100)));
    let night = |json: &[String]| {
        Kept { people: kept.people.clone(), control: kept.control }.night(&control, &rows(json)).holds
    };
    assert_eq!(night(&crowd(5, 100)), [], "5 % are not more than 5 %");
    let six = [Hold::Leaving { count: 6, of: 100 }, Hold::Group { code: "g:all".into(), count: 6, of: 100 }];
    assert_eq!(night(&crowd(6, 100)), six);
    let moved = |count: usize| {
        (0..100)
            .map(|n| row(&format!("p{n}"), &if n < count { format!("q{n}") } else { format!("p{n}") }, "\"job\":\"j\""))
            .collect::<Vec<_>>()
    };
    assert_eq!(night(&moved(5)), []);
    assert_eq!(night(&moved(6)), [Hold::Emails { count: 6, of: 100 }]);
    let emptied: Vec<String> = (0..100).map(|n| row(&format!("p{n}"), &format!("p{n}"), "")).collect();
    let field = FieldKey { destination: Destination::Profile, name: "x:job".into() };
    assert_eq!(night(&emptied), [Hold::Emptied { field, had: 100 }]);
    let some: Vec<String> = emptied[1..].iter().cloned().chain(crowd(0, 1)).collect();
    assert_eq!(night(&some), [], "one still has a value");
    let empty = night(&[]);
    assert!(empty.contains(&Hold::NoRecords) && empty.contains(&Hold::Leaving { count: 100, of: 100 }));
    let failing: Vec<String> =
        crowd(0, 94).into_iter().chain((94..100).map(|n| row(&format!("p{n}"), "a b", ""))).collect();
    assert_eq!(night(&failing), [Hold::Failing { count: 6, of: 100 }]);
    let nameless: Vec<String> = crowd(1, 100).into_iter().chain(["{\"first\":\"x\"}".to_owned()]).collect();
    assert_eq!(night(&nameless), [Hold::LeavingUncertain { leaving: 1, nameless: 1 }]);
    let small = Threshold { per_mille: 50, at_least: 5 };
    assert!(!small.is_exceeded(4, 4) && small.is_exceeded(5, 5) && !small.is_exceeded(5, 100));
}

#[test]
fn files_that_are_not_what_they_were_are_held() {
    let file = |name: &str, bytes: u64| Delivered { name: name.into(), bytes, sha256: "0".repeat(64) };
    let control = good(&with(""));
    let holds = |after: u64, before: u64| {
        delivery_holds(&control, &[file("users", after)], Some(&[file("users", before)]), &BTreeMap::new())
    };
    assert_eq!((holds(1100, 1000).len(), holds(1101, 1000).len()), (0, 1));
    assert_eq!((holds(910, 1000).len(), holds(909, 1000).len()), (0, 1));
    assert_eq!(delivery_holds(&control, &[], None, &BTreeMap::new()), [Hold::First]);
    let both = [file("_control", 10), file("users", 10)];
    assert_eq!(delivery_holds(&control, &both, Some(&both[1..]), &BTreeMap::new()), [Hold::NewFile("_control".into())]);
}

#[test]
fn d04_and_d13_what_was_announced_has_to_arrive_and_not_be_older() {
    let moment = |text: &str| text.parse::<Timestamp>().unwrap();
    let sha = "ab".repeat(32);
    let root =
        format!(r#""expect": {{"users": {{"rows": 2, "sha256": "{sha}", "generatedAt": "2026-03-01T04:00:00Z"}}}},"#);
    let control = good(&with_root(&root, ""));
    let file = [Delivered { name: "users".into(), bytes: 9, sha256: "0".repeat(64) }];
    let made = BTreeMap::from([("users".to_owned(), moment("2026-03-02T04:00:00Z"))]);
    let holds = delivery_holds(&control, &file, Some(&file), &made);
    let (generated, applied) = (moment("2026-03-01T04:00:00Z"), moment("2026-03-02T04:00:00Z"));
    let checksum = Hold::Checksum { name: "users".into(), expected: sha, found: "0".repeat(64) };
    assert_eq!(holds, [checksum, Hold::Older { name: "users".into(), generated, applied }]);
    let night = Kept::default().night(&with_root(&root, ""), &rows(&[row("ann", "a", "")]));
    assert_eq!(night.holds, [Hold::Rows { name: "users".into(), expected: 2, found: 1 }]);
    assert_eq!(night.holds[0].sentence(), "The file users has 1 records; 2 were announced.");
}

#[test]
fn references_to_nobody_are_told() {
    let root = r#""profile": {"x:boss": {"type": "ref"}},"#;
    let control = with_root(
        root,
        r#"{"source":"boss","destination":"profile","name":"x:boss","filters":["haplo:username-to-ref"]}"#,
    );
    let night = Kept::default()
        .night(&control, &rows(&[row("ann", "a", "\"boss\":\"BOB\""), row("bob", "b", "\"boss\":\"eve\"")]));
    assert_eq!(night.sifted.unknown_references, [(1, "eve".to_owned())]);
}

#[test]
fn what_another_feed_set_is_not_overruled() {
    let (ours, theirs) = (person(&plain(), &row("ann", "a", "\"job\":\"x\"")), person(&plain(), &row("ann", "b", "")));
    assert_eq!(clashes(&ours, &theirs), [FieldKey::user("email")]);
}
