//! Every diagnostic as it is drawn, and what was understood beside it.

mod fields_and_operators;
mod form;
mod values;

use std::collections::BTreeSet;

use filter::{MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, Severity, parse_with, show};

use crate::support::{Names, catalogue};

fn cases() -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    [fields_and_operators::CASES, values::CASES, form::CASES].into_iter().flatten()
}

/// Texts that reach the bounds, too long to be written down.
fn beyond_bounds() -> [String; 3] {
    ["(".repeat(MAX_DEPTH + 1), "x ".repeat(MAX_TERMS + 1), "x".repeat(MAX_CHARACTERS + 1)]
}

#[test]
fn every_text_is_answered_as_written_down() {
    let names = Names(catalogue());
    for (text, understood, said) in cases() {
        let parsed = parse_with(text, &names.0, &names);
        let drawn: String = parsed.diagnostics.iter().map(|diagnostic| diagnostic.draw(text)).collect();
        assert_eq!(format!("\n{drawn}"), **said, "{text}");
        assert_eq!(show(&parsed.query, &names.0), **understood, "{text}");
    }
}

#[test]
fn texts_beyond_the_bounds_are_answered() {
    let names = Names(catalogue());
    let said: Vec<String> = beyond_bounds()
        .iter()
        .map(|text| {
            let parsed = parse_with(text, &names.0, &names);
            let error = parsed.diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error).unwrap();
            error.draw(text)
        })
        .collect();
    let line = |column: usize, text: &str| format!("  {}{text}\n", " ".repeat(column));
    assert_eq!(
        said,
        [
            format!(
                "error: More than 64 parentheses and NOTs inside one another are not read.\n{}{}{}",
                line(0, &"(".repeat(65)),
                line(64, "^"),
                line(0, "Take out parentheses that change nothing.")
            ),
            format!(
                "error: Only the first 500 terms are read.\n{}{}{}",
                line(0, &format!("…{}", " x".repeat(17))),
                line(34, "^"),
                line(0, "Use IN (...) for several values of one field.")
            ),
            format!(
                "error: The filter has 4001 characters, written in full; only the first 4000 are read.\n{}{}{}",
                line(0, &format!("…{}", "x".repeat(34))),
                line(34, "^"),
                line(0, "Use IN (...) for several values of one field, or save parts of it as filters of their own.")
            ),
        ]
    );
}

/// Every code of the crate has a transcript: the codes are read off the file that gives them.
#[test]
fn no_diagnostic_is_without_a_transcript() {
    let source = include_str!("../../../src/problem.rs");
    let given: BTreeSet<&str> = source.match_indices('"').filter_map(|(at, _)| code(source, at)).collect();
    assert!(given.len() > 40, "{given:?}");
    let names = Names(catalogue());
    let texts = cases().map(|(text, ..)| (*text).to_owned()).chain(beyond_bounds());
    let seen: BTreeSet<&str> = texts
        .flat_map(|text| parse_with(&text, &names.0, &names).diagnostics)
        .map(|diagnostic| diagnostic.code)
        .collect();
    assert_eq!(given.difference(&seen).collect::<Vec<_>>(), Vec::<&&str>::new());
}

/// The code that begins with this quotation mark, if it is the first argument of a diagnostic.
fn code(source: &'static str, at: usize) -> Option<&'static str> {
    let before = source[..at].trim_end();
    let given = before.ends_with("error(") || before.ends_with("warning(");
    given.then(|| source[at + 1..].split('"').next()).flatten()
}

#[test]
fn a_replacement_puts_right_what_was_said() {
    let names = Names(catalogue());
    let mut tried = 0;
    for (text, ..) in cases() {
        for diagnostic in parse_with(text, &names.0, &names).diagnostics {
            let Some(replacement) = &diagnostic.replacement else { continue };
            let mut better = (*text).to_owned();
            better.replace_range(diagnostic.span.start..diagnostic.span.end, replacement);
            let left = parse_with(&better, &names.0, &names).diagnostics;
            assert!(left.iter().all(|other| other.code != diagnostic.code), "{better}: {left:?}");
            tried += 1;
        }
    }
    assert!(tried > 10);
}
