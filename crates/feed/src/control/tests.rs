//! Control files: what is taken, what is refused, with which words and where.

use super::*;

/// A control file with the instructions that everybody needs, and some more.
pub(crate) fn with(more: &str) -> String {
    with_root("", more)
}

/// The same with further keys at the root.
pub(crate) fn with_root(root: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{
  "dataImportControlFileVersion": 0, "model": "haplo:user-sync", {root}
  "files": {{ "users": {{ "read": "json" }} }},
  "instructions": [
    {{ "source": "id", "destination": "user", "name": "username" }},
    {{ "source": "first", "destination": "user", "name": "nameFirst" }},
    {{ "source": "last", "destination": "user", "name": "nameLast" }},
    {{ "source": "mail", "destination": "user", "name": "email" }}{comma}
    {more}
  ]
}}"#
    )
}

/// The control file of a text that has no errors.
pub(crate) fn good(text: &str) -> ControlFile {
    let checked = check(text);
    checked.control.unwrap_or_else(|| panic!("refused: {:#?}", checked.diagnostics))
}

fn codes(text: &str) -> Vec<&'static str> {
    check(text).diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect()
}

fn first(text: &str) -> Diagnostic {
    check(text).diagnostics.into_iter().next().expect("something is wrong with it")
}

#[test]
fn a_plain_control_file_has_nothing_to_be_said_about() {
    assert_eq!(codes(&with("")), Vec::<&str>::new());
    assert_eq!(check(&with("")).refusal(), None);
    assert_eq!(check(&format!("\u{feff}{}", with(""))).diagnostics, []);
}

#[test]
fn each_refusal_of_the_reference_is_answered_in_its_words() {
    let instruction = |json: &str| with(json);
    for (text, body) in [
        ("[]".to_owned(), "Not a control file"),
        (with("").replace("Version\": 0", "Version\": 1"), "Bad version of control file, should be 0"),
        (with("").replace("\"model\": \"haplo:user-sync\",", ""), "no model"),
        (with("").replace("\"instructions\"", "\"instruction\""), "no instructions"),
        (with("").replace("\"users\": { \"read\": \"json\" }", ""), "no files"),
        (with("").replace("\"json\"", "\"jsn\""), "Unknown reader for file users: jsn"),
        (with("").replace("{ \"read\": \"json\" }", "{}"), "Reader not specified for file users"),
        (with_root("\"recordProcessor\": \"x:join\",", ""), "Unknown record processor x:join"),
        (instruction(r#"{"action":"fly"}"#), "Unknown action in instruction: fly"),
        (
            instruction(r#"{"action":"set-value","name":"title"}"#),
            "Expected property not found in set-value instruction: destination, value",
        ),
        (
            instruction(r#"{"source":"t","destination":"user","name":"title","filters":"x"}"#),
            "'filters' property is not an array",
        ),
        (
            instruction(r#"{"source":"t","destination":"user","name":"title","filters":["x:y"]}"#),
            "Filter x:y is not available.",
        ),
    ] {
        let expected = format!("File named _control is not a valid control file:\n  {body}");
        assert_eq!(check(&text).refusal().as_deref(), Some(expected.as_str()), "{text}");
    }
    let other = with("").replace("haplo:user-sync", "haplo:person");
    let refusal = "model property in control file must be set to \"haplo:user-sync\"";
    assert_eq!(check(&other).refusal().as_deref(), Some(refusal));
    assert_eq!(first(&other).reference.as_deref(), Some("Model not implemented: haplo:person"));
    let broken = check("{ \"model\": 1,\n }").refusal().unwrap();
    assert!(broken.starts_with("Control file was not valid JSON: ") && broken.contains("line 2"), "{broken}");
}

#[test]
fn d16_what_the_reference_finds_out_at_run_time_is_refused_at_upload() {
    for (instruction, code) in [
        (r#"{"source":"a","destination":"usr","name":"title"}"#, "unknown-destination"),
        (r#"{"source":"a","destination":"load:by-ref","name":"ref"}"#, "unknown-destination"),
        (r#"{"source":"a","destination":"user","name":"tilte"}"#, "unknown-name"),
        (r#"{"source":"a","destination":"profile","name":"Job title"}"#, "unknown-name"),
        (r#"{"source":"a","destination":"profile","name":"dc:attribute:type"}"#, "reserved-name"),
        (r#"{"source":"a","destination":"user:tags","name":"username"}"#, "reserved-name"),
        (r#"{"source":"a","destination":"profile","name":"a:b","refMapping":"no"}"#, "unknown-mapping"),
        (r#"{"source":"a","destination":"profile","name":"a:b","qualifier":"No One"}"#, "unknown-qualifier"),
        (r#"{"source":"a","destination":"profile","name":"a:b","dateFormat":"YYYY-MM-DD"}"#, "bad-date-format"),
        (r#"{"action":"new","destination":"profile"}"#, "not-for-user-sync"),
        (r#"{"action":"load","destination":"profile","using":"x"}"#, "not-for-user-sync"),
        (r#"{"action":"set-attribute-group","source":"a","destination":"profile","name":"a:b"}"#, "unknown-action"),
        (
            r#"{"action":"field-structured","structured":"value:price","destination":"profile","name":"a:b"}"#,
            "unknown-structured",
        ),
        (
            r#"{"action":"for-each","source":"l","instructions":[{"source":"x","destination":"profile","name":"a:b"}]}"#,
            "single-value-in-loop",
        ),
        (r#"{"action":"if-value-one-of","source":"x","then":[]}"#, "no-values"),
    ] {
        assert_eq!(codes(&with(instruction)), [code], "{instruction}");
    }
}

#[test]
fn a_username_rule_inside_a_condition_is_no_rule() {
    let rule = r#"{ "source": "id", "destination": "user", "name": "username" },"#;
    let nested = with(&format!(r#"{{"action":"if-exists","source":"id","then":[{}]}}"#, rule.trim_end_matches(',')));
    let nested = nested.replacen(rule, "", 1);
    assert_eq!(codes(&nested), ["no-username-rule"]);
    assert!(check(&nested).control.is_none());
}

#[test]
fn names_that_everybody_needs_have_to_be_set_somewhere() {
    let misspelt = with("").replace("\"nameLast\"", "\"title\"");
    assert_eq!(codes(&misspelt), ["required-never-set"]);
}

#[test]
fn a_diagnostic_tells_line_column_and_what_to_do() {
    let text = with(r#"{"source":"a","destination":"user","name":"tilte"}"#);
    let found = first(&text);
    assert_eq!((found.line, found.column, &text[found.span.clone()]), (9, 47, "\"tilte\""));
    assert_eq!(found.hint.as_deref(), Some("Did you mean \"title\"?"));
    let several = check(&with(r#"{"action":"fly"}, {"source":"a","destination":"usr","name":"x"}"#));
    assert_eq!(several.diagnostics.len(), 2, "everything is told at once");
}

#[test]
fn a_profile_section_declares_what_there_is() {
    let root = r#""profile": {"a:mail": {"type": "email-address", "qualifiers": ["q:home"]}, "a:when": {"type": "datetime"}},"#;
    for (instruction, expected) in [
        (r#"{"source":"m","destination":"profile","name":"a:mail","qualifier":"q:home"}"#, vec![]),
        (r#"{"source":"m","destination":"profile","name":"a:mail","qualifier":"q:work"}"#, vec!["unknown-qualifier"]),
        (r#"{"source":"m","destination":"profile","name":"a:male"}"#, vec!["unknown-name"]),
        (r#"{"source":"m","destination":"profile","name":"a:when"}"#, vec!["no-date-format"]),
        (r#"{"action":"set-value","value":"nobody","destination":"profile","name":"a:mail"}"#, vec!["bad-constant"]),
        (r#"{"source":"m","destination":"profile","name":"a:mail","dateFormat":"yyyy-MM-dd"}"#, vec!["unused-key"]),
    ] {
        assert_eq!(codes(&with_root(root, instruction)), expected, "{instruction}");
    }
    assert_eq!(codes(&with_root(r#""profile": {"a:b": {"type": "txt"}},"#, "")), ["unknown-type"]);
}

#[test]
fn the_groups_it_can_produce_are_known_before_any_record() {
    let text = with(
        r#"{"action":"set-value","destination":"user","name":"groups","value":"g:all"},
        {"source":"class","destination":"user","name":"groups","multivalue":true,"filters":["haplo:to-lower-case"],
         "mapInputValue":{"A":"G:ACADEMICS","B":"g:all"},"mapInputValueDefault":"g:others"}"#,
    );
    let control = good(&text);
    assert_eq!(control.producible_groups(), ["g:all", "g:academics", "g:others"]);
    assert!(!control.groups_come_from_records());
    let undeclared = check(&text).undeclared(&["g:academics".to_owned()].into());
    let places: Vec<(&str, usize)> = undeclared.iter().map(|found| (&text[found.span.clone()], found.line)).collect();
    assert_eq!(places, [("\"g:all\"", 9), ("\"g:others\"", 11)]);
    let open = with(r#"{"source":"g","destination":"user","name":"groups"}"#);
    assert!(good(&open).groups_come_from_records());
}

#[test]
fn what_is_expected_of_the_files_does_not_change_what_the_control_file_does() {
    let expecting = |rows: u32| with_root(&format!(r#""expect": {{"users": {{"rows": {rows}}}}},"#), "");
    assert_eq!(good(&expecting(1)).digest(), good(&expecting(2)).digest());
    assert_eq!(good(&expecting(1)).digest(), good(&with("")).digest());
    assert_ne!(good(&with("")).digest(), good(&with(r#"{"action":"log-error","message":"x"}"#)).digest());
    assert_eq!(codes(&with_root(r#""expect": {"user": {"rows": 1}},"#, "")), ["unknown-file"]);
}

/// Control files that use every key there is.
pub(crate) fn many() -> Vec<String> {
    let root = r#""mapping": {"unit": {"types": ["x:type:unit"], "using": "behaviour", "values": {"U1": "x:unit:one"}},
        "title": {"types": ["x:t"], "using": "title", "values": {"A": "The A"}}},
        "expect": {"users": {"rows": 3, "generatedAt": "2026-03-01T04:00:00Z"}},"#;
    let all = r#"{"action":"set-value","destination":"user","name":"groups","value":"g:all"},
        {"source":"class","destination":"user","name":"groups","multivalue":true,"mapInputValue":{"A":"g:a","B":null},
         "mapInputValueDefault":"g:o","filters":["haplo:to-lower-case","haplo:to-string"]},
        {"source":"unit","destination":"profile","name":"x:attribute:unit","refMapping":"unit","multivalue":true},
        {"source":"title","destination":"profile","name":"x:attribute:title","refMapping":"title","qualifier":"x:q:one"},
        {"source":"from","destination":"profile","name":"x:attribute:from","dateFormat":"dd/MM/yyyy"},
        {"action":"if-exists","source":"a","then":[{"action":"log-error","message":"m"}],"else":[{"action":"abort-record","message":"n"}]},
        {"action":"if-value-one-of","source":"a","values":[1,"1",true,null,{"b":[2.5]}],"then":[]},
        {"action":"if-has-value","destination":"profile","name":"x:attribute:from","else":[]},
        {"action":"within","source":"n","instructions":[{"source":"t","destination":"user:tags","name":"tag"}]},
        {"action":"for-each","source":"l","wrapValues":true,"instructions":[
          {"source":"value","destination":"value:postal-address","name":"country"},
          {"action":"field-structured","structured":"value:postal-address","destination":"profile","name":"x:address","multivalue":true}]},
        {"action":"assert-destination","destination":"user:tags","exists":false},
        {"action":"remove-values","destination":"profile","name":"x:attribute:from"},
        {"source":"n","destination":"value:person-name","name":"last"},
        {"action":"field-structured","structured":"value:person-name","destination":"profile","name":"dc:attribute:title","qualifier":"x:q:maiden"}"#;
    let profile = r#""profile": {"x:yes": {"type":"boolean","label":"Yes","multivalue":false}, "x:tel": {"type":"telephone-number","name":"phone"},
        "x:q": {"type":"integer","qualifiers":["x:q:one"]}},"#;
    let typed = r#"{"source":"y","destination":"profile","name":"x:yes","trueValue":"Y","falseValue":"N"},
        {"source":"t","destination":"profile","name":"x:tel","country":"US"},
        {"source":"q","destination":"profile","name":"x:q","qualifier":"x:q:one"}"#;
    let files = r#"{ "read": "json", "singleRecord": true }, "b": {"read":"tsv-with-name-row","charset":"windows-1252","separator":"; "},
        "c": {"read":"csv","separator":";","quote":"'"}, "d": {"read":"xlsx","sheet":"People"}, "e": {"read":"ndjson"},
        "f": {"read":"xml-attributes"}, "g": {"read":"xml-text-of-children"}"#;
    vec![
        with(""),
        with_root(root, all),
        with_root(profile, typed),
        with_root(root, all).replace("{ \"read\": \"json\" }", files),
    ]
}

#[test]
fn what_is_shown_is_read_back_to_the_same() {
    for text in many() {
        let control = good(&text);
        let shown = show(&control);
        let again = good(&shown);
        assert_eq!(again, control, "{shown}");
        assert_eq!(show(&again), shown);
        assert_eq!(again.digest(), control.digest());
    }
}

#[test]
fn the_published_schema_takes_what_the_check_takes() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    for text in many() {
        let json = serde_json::from_str(&text).unwrap();
        assert!(
            validator.is_valid(&json),
            "{:?}",
            validator.iter_errors(&json).map(|e| e.to_string()).collect::<Vec<_>>()
        );
        let shown = serde_json::from_str(&show(&good(&text))).unwrap();
        assert!(validator.is_valid(&shown));
    }
    for instruction in [r#"{"action":"fly"}"#, r#"{"source":"a"}"#, r#"{"action":"new","destination":"profile"}"#] {
        assert!(!validator.is_valid(&serde_json::from_str(&with(instruction)).unwrap()), "{instruction}");
    }
}

mod laws {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Pieces of control files in any order: whatever comes of it, it is told and shown without a panic.
        #[test]
        fn checking_never_fails_and_shows_what_it_took(
            file in 0..4usize, cuts in prop::collection::vec((any::<prop::sample::Index>(), 0..12usize, "[\\[\\]{}:,\"a-z0-9 ]{0,6}"), 0..4),
        ) {
            let mut text = many()[file].clone();
            for (at, length, piece) in cuts {
                let at = at.index(text.len());
                let begin = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                let end = (begin + length).min(text.len());
                if text.is_char_boundary(end) {
                    text.replace_range(begin..end, &piece);
                }
            }
            let checked = check(&text);
            prop_assert_eq!(checked.control.is_none(), checked.refusal().is_some());
            if let Some(control) = checked.control {
                let again = check(&show(&control)).control;
                prop_assert_eq!(again.as_ref(), Some(&control));
            }
        }
    }
}

#[test]
fn the_document_for_authors_names_everything_there_is() {
    let document = include_str!("../../../../docs/control-files.md");
    let named = |word: &str| document.contains(&format!("`{word}`"));
    let actions = model::Action::ALL.iter().map(|action| action.word());
    let words = actions
        .chain(model::Type::ALL.iter().map(|kind| kind.word()))
        .chain(model::Filter::ALL.iter().map(|filter| filter.word()))
        .chain(model::Format::ALL.iter().map(|format| format.word()))
        .chain(model::Destination::ALL.map(model::Destination::word))
        .chain(model::Destination::ALL.iter().flat_map(|destination| destination.names()).map(|name| name.word));
    let missing: Vec<&str> = words.filter(|word| !named(word)).collect();
    assert_eq!(missing, Vec::<&str>::new());
    let example = document.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("there is one");
    assert_eq!(check(example).diagnostics, []);
}
