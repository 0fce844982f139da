//! Where a person comes out otherwise than the reference makes them, on purpose; each difference is a sentence.

use super::*;
use crate::control::model::Destination;
use crate::person::Item;

fn failing(control: &str, record: &Record) -> Vec<String> {
    let transformed = transform(&good(control), record);
    assert_eq!(transformed.person, Err(Failure));
    sentences(&transformed.findings)
}

#[test]
fn a_record_that_fails_makes_nobody_and_says_why() {
    let plain = with("");
    for (json, expected) in [
        (r#"{"first":"a"}"#, "error: there is no username (record 0)"),
        (r#"{"id":"x","first":"a","last":"b"}"#, "error: missing values: email (record 0)"),
        (r#"{"id":"x","first":" ","last":"b","mail":"a@b.c"}"#, "error: missing values: nameFirst (record 0)"),
        (r#"{"id":"x","first":"a","last":"b","mail":"a@b"}"#, "error: this is no e-mail address: a@b (record 0)"),
        (
            r#"{"id":"x\u200b","first":"a","last":"b","mail":"a@b.c"}"#,
            "error: the username holds the invisible character U+200B (record 0)",
        ),
        (
            r#"{"id":"x","first":"a\u0007b","last":"b","mail":"a@b.c"}"#,
            "error: the value holds a control character: a\u{7}b (record 0)",
        ),
    ] {
        assert_eq!(failing(&plain, &record(json)), [expected]);
    }
    let long = format!(r#"{{"id":"x","first":"{}","last":"b","mail":"a@b.c"}}"#, "n".repeat(300));
    assert!(failing(&plain, &record(&long))[0].starts_with("error: the value is longer than 255 characters"));
}

#[test]
fn a_group_that_is_not_declared_or_cannot_be_read_fails_the_record() {
    let groups = with(r#"{"source":"g","destination":"user","name":"groups","mapInputValue":{"A":"g:a"}}"#);
    assert_eq!(person(&good(&groups), &somebody(r#""g":"A""#)).groups.iter().collect::<Vec<_>>(), ["g:a"]);
    let unknown = failing(&groups, &somebody(r#""g":"B""#));
    assert_eq!(unknown, ["error: the group is not declared for this feed: B (record 0)"]);
    assert_eq!(failing(&groups, &somebody(r#""g":["A"]"#)).len(), 1);
}

#[test]
fn a_value_that_cannot_be_stored_leaves_its_field_as_it_was() {
    let root = r#""profile": {"a:mail": {"type": "email-address"}, "a:age": {"type": "integer"}},"#;
    let more = r#"{"source":"m","destination":"profile","name":"a:mail"},{"source":"age","destination":"profile","name":"a:age"}"#;
    let control = good(&with_root(root, more));
    let transformed = transform(&control, &somebody(r#""m":"nobody","age":7"#));
    assert_eq!(sentences(&transformed.findings), ["error: Invalid email address for input field m: nobody (record 0)"]);
    let made = transformed.person.unwrap();
    let mail = FieldKey { destination: Destination::Profile, name: "a:mail".into() };
    assert_eq!((made.left.iter().collect::<Vec<_>>(), profile(&made, "a:age")), (vec![&mail], vec!["7".to_owned()]));
    // A value that is not there is cleared: nothing of it is left behind.
    let without = person(&control, &somebody(""));
    assert!(without.left.is_empty() && without.fields.keys().all(|key| key.destination == Destination::User));
}

#[test]
fn without_a_profile_section_values_are_text_but_for_what_one_type_alone_has_a_key_for() {
    let root = r#""mapping": {"unit": {"types": ["x:u"], "using": "behaviour", "values": {"U1": "x:unit:one"}},
        "title": {"types": ["x:t"], "using": "title", "values": {"A": "The A"}}},"#;
    let more = r#"{"source":"a","destination":"profile","name":"x:any"},
        {"source":"n","destination":"profile","name":"x:number"},
        {"source":"g","destination":"user:tags","name":"tag"},
        {"source":"u","destination":"profile","name":"x:unit","refMapping":"unit"},
        {"source":"t","destination":"profile","name":"x:title","refMapping":"title"},
        {"source":"d","destination":"profile","name":"x:from","dateFormat":"dd/MM/yyyy"}"#;
    let record = somebody(r#""a":"2026-03-01","n":7,"g":"x:unit:one","u":"U1","t":"A","d":"01/03/2026""#);
    let made = person(&good(&with_root(root, more)), &record);
    let item = |destination: Destination, name: &str| {
        let entries = &made.fields[&FieldKey { destination, name: name.to_owned() }];
        assert_eq!(entries.len(), 1);
        entries[0].item.clone()
    };
    // A text stays one, whatever it reads like, and a number is written out.
    assert_eq!(item(Destination::Profile, "x:any"), Item::Text("2026-03-01".to_owned()));
    assert_eq!(item(Destination::Profile, "x:number"), Item::Text("7".to_owned()));
    assert_eq!(item(Destination::Tags, "tag"), Item::Text("x:unit:one".to_owned()));
    // A reference is kept as its code, a title mapping as its text; a format of days makes a day.
    assert_eq!(item(Destination::Profile, "x:unit"), Item::Reference("x:unit:one".to_owned()));
    assert_eq!(item(Destination::Profile, "x:title"), Item::Text("The A".to_owned()));
    assert_eq!(item(Destination::Profile, "x:from"), Item::Moment("2026-03-01".to_owned()));
}

#[test]
fn nothing_is_dropped_without_a_word() {
    let root = r#""mapping": {"t": {"types": ["x:t"], "using": "title", "values": {"A": "The A"}}},"#;
    let more = r#"{"source":"t","destination":"profile","name":"a:t","refMapping":"t"},
        {"source":"o","destination":"profile","name":"a:o"},
        {"source":"r","destination":"profile","name":"a:r","filters":["haplo:code-to-ref"]},
        {"source":"f","destination":"value:person-name","name":"first"},
        {"action":"field-structured","structured":"value:person-name","destination":"profile","name":"a:n"},
        {"action":"for-each","source":"l","instructions":[]}, {"action":"within","source":"w","instructions":[]}"#;
    let transformed = transform(
        &good(&with_root(root, more)),
        &somebody(r#""t":"B","o":{"x":1},"r":"no code","f":"Joe","l":"not a list","w":[1]"#),
    );
    assert_eq!(
        sentences(&transformed.findings),
        [
            "warning: mapping t does not list this title for input field t: B (record 0)",
            "warning: an object gives no text for input field o: {\"x\":1} (record 0)",
            "warning: this is no reference for input field r: no code (record 0)",
            "warning: a name needs its last part: {\"first\":\"Joe\"} (record 0)",
            "warning: a list was expected here, and this is a text for input field l: not a list (record 0)",
            "warning: an object was expected here, and this is a list for input field w: [1] (record 0)",
        ]
    );
    assert!(!transformed.in_error() && transformed.person.unwrap().left.len() == 4);
}

#[test]
fn d10_usernames_match_by_nfc_and_case_and_look_alikes_are_told() {
    let control = good(&with(""));
    let key = |id: &str| {
        let json = format!(r#"{{"id":"{id}","first":"a","last":"b","mail":"a@b.c"}}"#);
        transform(&control, &record(&json)).username.unwrap().key
    };
    assert_eq!(key(" JÜRGEN "), key("ju\u{308}rgen"));
    assert_eq!(key("Straße"), key("STRASSE"));
    let mixed = transform(&control, &record(r#"{"id":"pаul","first":"a","last":"b","mail":"a@b.c"}"#));
    assert_eq!(
        sentences(&mixed.findings),
        ["warning: the username mixes letters of Latin and Cyrillic that look alike (record 0)"]
    );
    assert!(mixed.person.is_ok());
}

#[test]
fn names_lose_blanks_and_addresses_keep_their_letters() {
    let control = good(&with(""));
    let made = person(&control, &record(r#"{"id":7,"first":" Mary  Ann ","last":"O\tB","mail":" M.B@Example.org "}"#));
    assert_eq!((made.username.as_str(), made.name().as_str(), made.email()), ("7", "Mary Ann O B", "M.B@Example.org"));
    for bad in ["@b.c", "a@", "a b@c.de", "a@b@c.de", "a@b..c", ".a@b.c", "a@b.c,d@e.f", "<a@b.c>"] {
        let json = format!(r#"{{"id":"x","first":"a","last":"b","mail":"{bad}"}}"#);
        assert!(transform(&control, &record(&json)).person.is_err(), "{bad}");
    }
}

#[test]
fn false_is_a_value_of_a_boolean_and_nothing_elsewhere() {
    let root = r#""profile": {"a:yes": {"type": "boolean"}, "a:text": {}},"#;
    let more = r#"{"source":"y","destination":"profile","name":"a:yes"},{"source":"y","destination":"profile","name":"a:text"}"#;
    let made = person(&good(&with_root(root, more)), &somebody("\"y\":false"));
    assert_eq!((profile(&made, "a:yes"), profile(&made, "a:text")), (vec!["false".to_owned()], vec![]));
}

#[test]
fn what_was_there_before_does_not_count() {
    let control = good(&with(
        r#"{"source":"j","destination":"profile","name":"a:job","multivalue":true},
        {"action":"if-has-value","destination":"profile","name":"a:job","else":[
            {"action":"set-value","destination":"profile","name":"a:job","value":"none"}]}"#,
    ));
    let groups = BTreeSet::new();
    let mut transformer = Transformer::new(&control, &groups);
    let one = transformer.transform(&somebody(r#""j":"Dean""#)).person.unwrap();
    let other = transformer.transform(&somebody("")).person.unwrap();
    assert_eq!((profile(&one, "a:job"), profile(&other, "a:job")), (vec!["Dean".into()], vec!["none".into()]));
}
