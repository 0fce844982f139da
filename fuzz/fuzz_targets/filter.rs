//! The laws of the filter language on whatever bytes the fuzzer comes up with: nothing breaks the parser, and the
//! canonical form is read back as the same query, without a diagnostic.

#![no_main]

use std::sync::LazyLock;

use filter::{AnyName, Argument, Catalogue, Field, Kind, MAX_CHARACTERS, Word, complete, parse, show};
use libfuzzer_sys::fuzz_target;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let open = |noun: &'static str| Kind::Open { noun: noun.into() };
    let app = || Argument::Optional("app".into());
    let status = vec![Word::new("active", ""), Word::new("not_invited", "").alias("none")];
    Catalogue::new(vec![
        Field::new("name", Kind::Text, "").alias("n"),
        Field::new("jobTitle", Kind::Text, ""),
        Field::new("status", Kind::Closed(status), ""),
        Field::new("group", open("group"), "").several(),
        Field::new("app", open("app"), "").several(),
        Field::new("role", Kind::Closed(vec![Word::new("user", "")]), "").argument(Argument::Required("app".into())),
        Field::new("seats", Kind::Number, ""),
        Field::new("lastActive", Kind::Instant, "").argument(app()),
        Field::new("inactiveFor", Kind::Duration, "").argument(app()),
        Field::new("mfa", Kind::Flag, "").argument(app()),
    ])
    .expect("these names differ, and `app` is among them")
});

fuzz_target!(|text: &str| {
    let parsed = parse(text, &CATALOGUE);
    for diagnostic in &parsed.diagnostics {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some());
        assert!(diagnostic.draw(text).contains('^'));
    }
    let shown = show(&parsed.query, &CATALOGUE);
    assert!(shown.chars().count() <= MAX_CHARACTERS);
    let again = parse(&shown, &CATALOGUE);
    assert_eq!(again.query, parsed.query);
    assert!(again.diagnostics.is_empty());
    let replace = complete(text, text.len() / 2, &CATALOGUE, &AnyName).replace;
    assert!(text.get(replace.start..replace.end).is_some());
});
