//! The parser of JSON, held against serde_json where the two mean to agree.

use proptest::prelude::*;

use super::*;

/// Any value; numbers are small enough for both readers to agree about them.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(|number| Value::Number(number.into())),
        any::<f64>().prop_filter_map("finite", |number| Number::of(number).map(Value::Number)),
        "\\PC{0,8}".prop_map(Value::Text),
        "[\\x00-\\x1f\"\\\\/a😀]{0,6}".prop_map(Value::Text),
    ];
    plain.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::List),
            prop::collection::vec(("[a-eä]{0,3}", inner), 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn problem(text: &str) -> JsonProblem {
    parse(text.as_bytes()).unwrap_err().problem
}

#[test]
fn integers_keep_every_digit_and_other_numbers_their_value() {
    for (token, text) in [
        ("9007199254740993", "9007199254740993"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-0", "0"),
        ("1.0", "1"),
        ("1e3", "1000"),
        ("0.10", "0.1"),
    ] {
        assert_eq!(parse(token.as_bytes()).map(|v| write(&v)).as_deref(), Ok(text));
    }
}

#[test]
fn what_is_no_strict_json_is_refused_with_its_place() {
    for text in ["[1,]", "{\"a\":1,}", "// no\n1", "{a:1}", "'a'", "01", "1.", "+1", ".5", "NaN", "nullx", "", "1 2"] {
        assert!(parse(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(parse(b"[1, 2").unwrap_err().offset, 5);
    assert_eq!(problem("\"a\nb\""), JsonProblem::ControlCharacter);
    assert_eq!(problem("\"\\ud800\""), JsonProblem::BadEscape);
    assert_eq!(parse(b"\"a\xff\"").unwrap_err().problem, JsonProblem::InvalidUtf8);
}

#[test]
fn a_name_may_stand_once_among_few_and_among_many() {
    assert_eq!(problem("{\"a\":1,\"a\":2}"), JsonProblem::DuplicateName { name: "a".into() });
    let many: Vec<String> = (0..60).map(|n| format!("\"n{n}\":1")).collect();
    let twice = format!("{{{},\"n41\":2}}", many.join(","));
    assert_eq!(problem(&twice), JsonProblem::DuplicateName { name: "n41".into() });
}

#[test]
fn members_know_where_they_stand() {
    let text = "{ \"a\" : [1, {\"b\":\"x\"}] }";
    let tree = parse_tree(text).unwrap();
    let inner = &tree.get("a").unwrap().as_list().unwrap()[1];
    assert_eq!(&text[inner.span.clone()], "{\"b\":\"x\"}");
    assert_eq!(&text[inner.members()[0].1.name.clone()], "\"b\"");
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(value in any_value()) {
        let text = write(&value);
        let read = parse(text.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&value));
        prop_assert_eq!(parse_tree(&text).unwrap().to_value(), value);
    }

    #[test]
    fn it_takes_what_serde_takes(text in "[\\[\\]{}:,\"\\\\0-9.eE+ntruefalsu \\-]{0,24}") {
        let (ours, theirs) = (parse(text.as_bytes()), serde_json::from_str::<serde_json::Value>(&text));
        match (&ours, &theirs) {
            (Ok(_), Ok(_)) | (Err(_), Err(_)) => {}
            (Err(error), Ok(_)) => prop_assert!(matches!(error.problem, JsonProblem::DuplicateName { .. }), "{}", text),
            // An integer that no float holds has its digits here, and no value there.
            (Ok(_), Err(_)) => prop_assert!(text.len() > 300, "{}", text),
        }
        prop_assert_eq!(parse_tree(&text).map(|t| t.to_value()).ok(), ours.ok());
    }
}
