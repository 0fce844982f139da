//! The cases of the reference that concern user sync, read from beside the repository; without them nothing is tested
//! here, and that is said. What they expect of other models is asked of the same instructions on a profile.

use std::path::{Path, PathBuf};

use super::*;
use crate::control::FileSpec;
use crate::control::model::Format;
use crate::json::{Object, write};
use crate::read::{Input, Limits, Reader};

/// Cases of which nothing is asked, with the reason.
const NOT_ASKED: [(&str, &str); 7] = [
    ("bad-load.json", "\"load\" must not be used in user sync and is refused at upload"),
    ("create-object.json", "\"new\" twice makes two objects of a record; user sync has one person to a record"),
    ("dependent-objects.json", "objects that hang on others are not part of user sync"),
    ("filter-order.json", "its filters are a plugin's; the order is asked with our own below"),
    (
        "missing-values.json",
        "three destinations of a test's own model; missing values of the account are asked elsewhere",
    ),
    ("update-object.json", "\"load\" must not be used in user sync and is refused at upload"),
    ("rest-api-test-auto-create.json", "\"load\" must not be used in user sync and is refused at upload"),
];

/// Cases of a file that is asked, by their place, of which nothing is asked, with the reason.
const LEFT_OUT: [(&str, usize, &str); 2] = [
    ("annotated-types.json", 3, "the sync sets the type of a profile itself; a control file that does so is refused"),
    ("extract-functions.json", 2, "a value by \"load:by-ref\", which must not be used in user sync"),
];

/// How many cases each file holds that is asked, so that one that comes is noticed.
const HELD: [(&str, usize); 11] = [
    ("abort-and-log.json", 1),
    ("annotated-types.json", 5),
    ("extract-functions.json", 3),
    ("filters.json", 5),
    ("multivalue.json", 6),
    ("postal-address.json", 1),
    ("readers.json", 10),
    ("simple-value-types.json", 10),
    ("text-values.json", 3),
    ("text-values2.json", 3),
    ("type-and-person-name.json", 1),
];

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/feed-cases");
    if !folder.is_dir() {
        eprintln!("skipped: there are no cases of the reference at {}", folder.display());
        return None;
    }
    Some(folder)
}

fn case(name: &str) -> Option<Value> {
    let bytes = std::fs::read(folder()?.join("from-tests").join(name)).expect("the case can be read");
    Some(parse(&bytes).expect("the case is JSON"))
}

fn get<'v>(value: &'v Value, name: &str) -> &'v Value {
    match value {
        Value::Object(object) => object.get(name).unwrap_or(&Value::Null),
        _ => &Value::Null,
    }
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::List(values) => values,
        _ => &[],
    }
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        _ => "",
    }
}

/// A control file for user sync with the instructions of a case on a profile: what makes objects ready is left out, and
/// what was a title or an address of the account there is an attribute of its own here.
fn control(case: &Value, profile: &str) -> ControlFile {
    let instructions = list(get(get(case, "control"), "instructions"));
    let kept: Vec<String> = instructions
        .iter()
        .filter(|instruction| !matches!(text(get(instruction, "action")), "new" | "load"))
        .map(write)
        .collect();
    let more = kept.join(",").replace("dc:attribute:title", "x:title").replace("std:attribute:email", "x:email");
    let more = more.replace("\"book\"", "\"profile\"").replace("\"info\"", "\"profile\"");
    let more = more.replace("\"single\"", "\"x:single\"").replace("\"multi\"", "\"x:multi\"");
    let more = more.replace("\"nameSingle\"", "\"x:single\"").replace("\"nameMulti\"", "\"x:multi\"");
    good(&with_root(&format!("\"profile\": {profile},"), &more).replace("\"annotatedItem\"", "\"profile\""))
}

/// The records of a case, each with what everybody needs.
fn records(case: &Value) -> Vec<Record> {
    let with_account = |(number, record): (usize, &Value)| {
        let Value::Object(object) = record else { panic!("a record is an object") };
        let mut object = object.clone();
        for (name, text) in [("id", "jb"), ("first", "Joe"), ("last", "Bloggs"), ("mail", "joe@example.org")] {
            if object.get(name).is_none() {
                object.set(name, Value::text(text));
            }
        }
        Record::of_value(number as u64, 1, Value::Object(object))
    };
    list(get(case, "input")).iter().enumerate().map(with_account).collect()
}

fn run(case: &Value, profile: &str) -> Vec<Transformed> {
    let control = control(case, profile);
    let groups = BTreeSet::new();
    let mut transformer = Transformer::new(&control, &groups);
    records(case).iter().map(|record| transformer.transform(record)).collect()
}

fn errors(made: &[Transformed]) -> Vec<String> {
    let findings = made.iter().flat_map(|transformed| &transformed.findings);
    findings.filter(|finding| finding.level == crate::finding::Level::Error).map(|finding| finding.sentence()).collect()
}

#[test]
fn every_case_is_asked_or_has_its_reason() {
    let Some(folder) = folder() else { return };
    let source = include_str!("cases.rs");
    for folder in ["from-tests", "from-docs"].map(|name| folder.join(name)) {
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let asked = source.contains(&format!("\"{name}\"")) || name.starts_with("xml-charsets");
            assert!(
                asked || NOT_ASKED.iter().any(|(known, _)| *known == name),
                "{name} is not asked, and nobody says why"
            );
        }
    }
    for (name, held) in HELD {
        let cases = case(name).unwrap();
        assert_eq!(list(get(&cases, "cases")).len(), held, "{name} holds other cases than are asked");
        assert!(LEFT_OUT.iter().all(|(known, place, _)| *known != name || *place < held));
    }
    // The only field that sets a type is the sync's own.
    let typed = r#"{"action":"set-value","destination":"profile","name":"dc:attribute:type","value":"x:t"}"#;
    assert!(crate::control::check(&with(typed)).control.is_none());
}

#[test]
fn the_documents_example_makes_two_people() {
    let Some(folder) = folder().map(|folder| folder.join("from-docs")) else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let users = read("control-example-users.json");
    for name in ["control-example.json", "user-sync-control-example.json"] {
        let control = good(&read(name));
        let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
        let mut transformer = Transformer::new(&control, &groups);
        let mut reader = Reader::open(&control, &control.files[0], Input::stream(users.as_bytes()), 0).unwrap();
        let mut people = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            let person = transformer.transform(record.unwrap()).person.unwrap();
            people.push((person.username.clone(), person.name(), person.email().to_owned()));
        }
        let expected = [("jbloggs", "Joe Bloggs", "joe@example.org"), ("jsmith", "Jane Smith", "jane@example.org")];
        assert_eq!(people, expected.map(|(u, n, e)| (u.to_owned(), n.to_owned(), e.to_owned())));
    }
}

#[test]
fn the_documents_formats_hold_the_same_records() {
    let Some(folder) = folder().map(|folder| folder.join("from-docs")) else { return };
    let mut told = Vec::new();
    for (name, read) in [
        ("format-json.json", Format::Json),
        ("format-tsv-with-name-row.tsv", Format::Tsv),
        ("format-xml-attributes.xml", Format::XmlAttributes),
        ("format-xml-text-of-children.xml", Format::XmlText),
    ] {
        let spec = FileSpec { read, ..crate::read::tests::spec(read) };
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let mut reader = Reader::sample(&spec, Input::stream(&bytes[..]), Limits::default()).unwrap();
        let mut values = Vec::new();
        while let Some(record) = reader.next().unwrap() {
            values.push(record.unwrap().to_value());
        }
        told.push(values);
    }
    assert!(told.iter().all(|values| *values == told[0]) && told[0].len() == 2, "{told:?}");
}

#[test]
fn the_readers_read_what_the_cases_expect() {
    let Some(cases) = case("readers.json") else { return };
    for case in list(get(&cases, "cases")) {
        let read = Format::of(text(get(case, "read"))).unwrap();
        let options = get(case, "options");
        let spec = FileSpec {
            single_record: *get(options, "singleRecord") == Value::Boolean(true),
            separator: Some(text(get(options, "separator")).to_owned()).filter(|separator| !separator.is_empty()),
            ..crate::read::tests::spec(read)
        };
        let input = text(get(case, "input")).to_owned();
        let (told, error) = crate::read::tests::told(&spec, Input::stream(input.as_bytes()), Limits::default());
        let expected: Vec<Value> = list(get(case, "records")).to_vec();
        let told: Vec<Value> = told.iter().map(|line| value(line)).collect();
        assert_eq!((told, error), (expected, None), "{input}");
    }
}

#[test]
fn charsets_of_xml_are_those_of_its_declaration() {
    let Some(cases) = case("xml-charsets.json") else { return };
    let Value::Object(expected) = get(&cases, "expected") else { panic!("there is an object") };
    for (file, records) in expected.members() {
        let bytes = std::fs::read(folder().unwrap().join("from-tests").join(file)).unwrap();
        let told = crate::read::tests::read(&crate::read::tests::spec(Format::XmlText), &bytes);
        assert_eq!(told.iter().map(|line| value(line)).collect::<Vec<_>>(), list(records), "{file}");
    }
}

#[test]
fn aborted_records_make_nobody_and_logged_ones_do() {
    let Some(cases) = case("abort-and-log.json") else { return };
    let made = run(&list(get(&cases, "cases"))[0], r#"{"x:title": {"type": "person-name"}}"#);
    let expected =
        ["Aborted by instruction in control file (record 0)", "Error message logged by control file (record 1)"];
    assert_eq!(errors(&made), expected);
    assert!(made[0].person.is_err());
    assert_eq!(profile(made[1].person.as_ref().unwrap(), "x:title"), ["Jane Smith"]);
}

#[test]
fn filters_give_what_the_cases_expect() {
    let Some(cases) = case("filters.json") else { return };
    for case in list(get(&cases, "cases")) {
        let filter = text(get(case, "filter"));
        let declared = if filter.ends_with("-ref") { "ref" } else { "text" };
        let root = format!(r#""profile": {{"x:v": {{"type": "{declared}"}}}},"#);
        let more = format!(r#"{{"source":"v","destination":"profile","name":"x:v","filters":["{filter}"]}}"#);
        let control = good(&with_root(&root, &more));
        for pair in list(get(case, "pairs")) {
            let [input, expected] = list(pair) else { panic!("there are two") };
            let mut object = Object::default();
            let Value::Object(account) = somebody("").to_value() else { panic!("it is an object") };
            account.members().for_each(|(name, value)| object.set(name, value.clone()));
            object.set("v", input.clone());
            let made = transform(&control, &Record::of_value(0, 1, Value::Object(object))).person.unwrap();
            let found = profile(&made, "x:v");
            match expected {
                Value::Null => assert!(found.is_empty(), "{filter} {input:?}"),
                // A reference is kept as the text or code that it was sent as.
                Value::Text(_) if filter.ends_with("-ref") => assert_eq!(found, [text(input)]),
                Value::Text(expected) => assert_eq!(found, std::slice::from_ref(expected)),
                other => assert_eq!(found, [write(other)]),
            }
        }
    }
}

#[test]
fn filters_follow_the_map_from_left_to_right() {
    let more = r#"{"source":"v","destination":"profile","name":"x:v","mapInputValue":{"X":"aB"},
        "filters":["haplo:to-upper-case","haplo:to-lower-case"]},
        {"source":"v","destination":"profile","name":"x:w","mapInputValue":{"X":"aB"},
        "filters":["haplo:to-lower-case","haplo:to-upper-case"]}"#;
    let made = person(&good(&with(more)), &somebody(r#""v":"X""#));
    assert_eq!((profile(&made, "x:v"), profile(&made, "x:w")), (vec!["ab".to_owned()], vec!["AB".to_owned()]));
}

#[test]
fn plain_types_convert_as_the_cases_expect() {
    let Some(cases) = case("simple-value-types.json") else { return };
    for case in list(get(&cases, "cases")) {
        let kind = text(get(case, "type"));
        let format = text(get(case, "dateFormat"));
        let format = if format.is_empty() { String::new() } else { format!(r#","dateFormat":"{format}""#) };
        let root = format!(r#""profile": {{"x:v": {{"type": "{kind}"}}}},"#);
        let more = format!(r#"{{"source":"v","destination":"profile","name":"x:v"{format}}}"#);
        let control = good(&with_root(&root, &more));
        for pair in list(get(case, "pairs")) {
            let [input, expected] = list(pair) else { panic!("there are two") };
            let made = person(&control, &somebody(&format!("\"v\":{}", write(input))));
            let found = profile(&made, "x:v");
            match (kind, expected) {
                (_, Value::Null) if kind != "object-type" => assert!(found.is_empty()),
                // Types are codes here: there is no other system to ask whether they exist.
                ("object-type", _) => assert_eq!(found, [text(input)]),
                // A format without a time tells a day.
                ("datetime", Value::Text(moment)) => assert_eq!(found, [moment.trim_end_matches("T00:00:00Z")]),
                (_, Value::Text(expected)) => assert_eq!(found, std::slice::from_ref(expected)),
                (_, other) => assert_eq!(found, [write(other)]),
            }
        }
    }
}

#[test]
fn text_types_convert_as_the_cases_expect() {
    let Some(cases) = case("text-values.json") else { return };
    let declared = r#"{"x:title":{"type":"person-name"},"x:email":{"type":"email-address"},
        "std:attribute:url":{"type":"url"},"std:attribute:telephone":{"type":"telephone-number"}}"#;
    for (at, name) in ["x:email", "std:attribute:url"].into_iter().enumerate() {
        let case = &list(get(&cases, "cases"))[at];
        let made = run(case, declared);
        let expected: Vec<&str> = list(get(get(case, "expected"), "errors")).iter().map(text).collect();
        assert_eq!(errors(&made), expected);
        let values = list(get(get(case, "expected"), if at == 0 { "email" } else { "url" }));
        for (transformed, expected) in made.iter().zip(values) {
            let found = profile(transformed.person.as_ref().unwrap(), name);
            assert_eq!(found.first().map_or(Value::Null, Value::text), *expected);
        }
    }
    // Telephone numbers are kept as they were written, with the country of national ones; nothing is guessed.
    let made = run(&list(get(&cases, "cases"))[2], declared);
    let found: Vec<String> =
        made.iter().flat_map(|m| profile(m.person.as_ref().unwrap(), "std:attribute:telephone")).collect();
    assert_eq!(found, ["+442012345678", "823 124 125 (US)", "+33 5 8765 6432"]);
}

#[test]
fn longer_texts_and_codes_are_kept_as_they_are() {
    let Some(cases) = case("text-values2.json") else { return };
    let declared = r#"{"x:title":{}, "std:attribute:configured-behaviour":{"type":"configuration-name"},
        "std:attribute:notes":{"type":"text-paragraph"},
        "test:attribute:data-import-framework-test-multiline":{"type":"text-multiline"},
        "test:attribute:data-import-framework-test-date":{"type":"datetime"}}"#;
    for case in list(get(&cases, "cases")) {
        let case = parse(write(case).replace("\"test\"", "\"profile\"").as_bytes()).unwrap();
        let made = run(&case, declared);
        let Value::Object(input) = &list(get(&case, "input"))[0] else { panic!("it is an object") };
        let name = input.members().next().map(|(_, value)| text(value).to_owned()).unwrap();
        let person = made[0].person.as_ref().unwrap();
        assert!(person.fields.values().flatten().any(|entry| entry.item.shown() == name), "{name}");
        assert_eq!(errors(&made), Vec::<String>::new());
    }
    let Some(cases) = case_without_types("annotated-types.json") else { return };
    for case in &cases[..3] {
        let made = run(case, declared);
        assert_eq!(errors(&made), Vec::<String>::new());
        let person = made[0].person.as_ref().unwrap();
        let Value::Object(expected) = get(case, "expected") else { panic!("there is an object") };
        for (name, value) in expected.members() {
            let found = person.fields.values().flatten().any(|entry| entry.item.shown() == text(value));
            assert!(found, "{name} {value:?}: {person:?}");
        }
    }
    // A type that a record sets, and a name that is in no type, do not exist here: the second is refused at upload.
    let text = with_root(
        &format!("\"profile\": {declared},"),
        r#"{"source":"name","destination":"profile","name":"test:attribute:data-import-framework-generic-string"}"#,
    );
    assert_eq!(crate::control::check(&text).diagnostics[0].code, "unknown-name");
}

/// The cases without the instructions that set a type, which user sync sets itself.
fn case_without_types(name: &str) -> Option<Vec<Value>> {
    let cases = case(name)?;
    let without = |case: &Value| {
        let control = get(case, "control");
        let instructions = list(get(control, "instructions"));
        let kept =
            instructions.iter().filter(|instruction| text(get(instruction, "name")) != "dc:attribute:type").cloned();
        let Value::Object(mut case) = case.clone() else { panic!("a case is an object") };
        let kept = Object::of(vec![("instructions".to_owned(), Value::List(kept.collect()))]);
        case.set("control", Value::Object(kept));
        Value::Object(case)
    };
    Some(list(get(&cases, "cases")).iter().map(without).collect())
}

#[test]
fn addresses_need_a_country() {
    let Some(cases) = case("postal-address.json") else { return };
    let case = &list(get(&cases, "cases"))[0];
    let made = run(case, r#"{"x:title":{"type":"person-name"},"std:attribute:address":{"type":"postal-address"}}"#);
    let expected: Vec<&str> = list(get(get(case, "expected"), "errors")).iter().map(text).collect();
    let found = errors(&made);
    assert_eq!(found[..2], expected[..2]);
    // The third carries the name of a class of the reference's; its meaning and its input are kept.
    assert!(
        found[2].starts_with("the postal address names no recognised country: {") && found[2].ends_with("(record 4)")
    );
    for (at, expected) in
        [(0, "1 High Street, New Town, NT1 1TN, GB"), (1, "Street 1, Street Two, New City, New County, PO1 1OO, GB")]
    {
        assert_eq!(profile(made[at].person.as_ref().unwrap(), "std:attribute:address"), [expected]);
    }
    assert!(made.iter().all(|transformed| transformed.person.is_ok()), "an address does not fail a person");
}

#[test]
fn names_have_their_parts_in_order_and_values_their_qualifiers() {
    let Some(cases) = case_without_types("type-and-person-name.json") else { return };
    let case = parse(
        write(&cases[0]).replace("if-value-one-of\",\"values\":[true],\"then\":[", "if-exists\",\"else\":[").as_bytes(),
    );
    let mut case = case.unwrap();
    if let Value::Object(object) = &mut case {
        let instructions = list(get(object.get("control").unwrap(), "instructions")).to_vec();
        let kept =
            instructions.into_iter().filter(|instruction| text(get(instruction, "source")) != "isBook").collect();
        object.set("control", Value::Object(Object::of(vec![("instructions".into(), Value::List(kept))])));
    }
    let made = run(&case, r#"{"x:title":{"type":"person-name"},"std:attribute:job-title":{}}"#);
    assert_eq!(errors(&made), Vec::<String>::new());
    let people: Vec<&Person> = made.iter().map(|transformed| transformed.person.as_ref().unwrap()).collect();
    assert_eq!(profile(people[0], "x:title"), ["Mr Joe Middle Bloggs III"]);
    assert_eq!(profile(people[1], "x:title"), ["Surname"]);
    let qualified = people[1].fields.values().flatten().find(|entry| entry.qualifier.is_some()).unwrap();
    assert_eq!(
        (qualified.item.as_text(), qualified.qualifier.as_deref()),
        (Some("Tester"), Some("dc:qualifier:alternative"))
    );
}

#[test]
fn one_value_replaces_and_several_append() {
    let Some(cases) = case("multivalue.json") else { return };
    let plain = r#"{"x:title":{},"x:single":{"multivalue":false},"x:multi":{}}"#;
    let names =
        r#"{"x:title":{},"x:single":{"type":"person-name","multivalue":false},"x:multi":{"type":"person-name"}}"#;
    for (at, case) in list(get(&cases, "cases")).iter().enumerate() {
        let made = run(case, if at < 4 { plain } else { names });
        let person = made[0].person.as_ref().unwrap();
        let expected = get(case, "expected");
        let found = |name: &str| Value::List(profile(person, name).into_iter().map(Value::Text).collect());
        let one = |value: &Value| Value::List(vec![value.clone()]);
        if at < 4 {
            assert_eq!(found("x:title"), *get(expected, "book.titles"), "case {at}");
            assert_eq!(found("x:single"), one(get(get(expected, "info"), "single")), "case {at}");
            assert_eq!(found("x:multi"), *get(get(expected, "info"), "multi"), "case {at}");
        } else {
            assert_eq!(found("x:single"), one(get(expected, "info.nameSingle")), "case {at}");
            assert_eq!(found("x:multi"), *get(expected, "info.nameMulti"), "case {at}");
        }
    }
}

#[test]
fn the_username_is_found_by_the_first_rule_at_the_top() {
    let Some(cases) = case("extract-functions.json") else { return };
    // The rule is asked for another name there; here the same instructions are asked for the username.
    let first = &list(get(&cases, "cases"))[0];
    let control = good(&with("").replace("\"source\": \"id\"", "\"source\": \"job\""));
    let groups = BTreeSet::new();
    let transformer = Transformer::new(&control, &groups);
    for pair in list(get(first, "records")) {
        let [record, expected] = list(pair) else { panic!("there are two") };
        let found =
            transformer.username(&Record::of_value(0, 1, record.clone())).map(|username| Value::text(username.text));
        assert_eq!(found.unwrap_or_default(), *expected);
    }
    // A rule that is nested finds nobody's, so that a control file with no other is refused.
    let nested =
        r#"{"action":"if-exists","source":"x","then":[{"source":"id","destination":"user","name":"username"}]}"#;
    let first = r#"{ "source": "id", "destination": "user", "name": "username" }"#;
    let text = with("");
    let refused = crate::control::check(&text.replace(first, nested));
    assert!(text.contains(first) && refused.control.is_none(), "{text}");
}
