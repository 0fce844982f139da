//! Feeds the parser mutated filters for some minutes: `cargo run --release -p filter --example stress -- MINUTES SEED`.
//! It stops at the first text that breaks a law, and prints it; it never goes on after one.

use std::time::{Duration, Instant};

use fastrand::Rng;
use filter::{
    AnyName, Argument, Catalogue, CatalogueError, Field, Kind, MAX_CHARACTERS, MAX_TERMS, Word, complete, parse, show,
};

/// Filters that use every part of the language; mutations begin here.
const CORPUS: &[&str] = &[
    "status = active AND inactiveFor(jira) >= 90d AND NOT group IN (keepers, \"service desk\") ORDER BY lastActive DESC",
    "ines okafor",
    "name ~ \"O'Brien\" OR email !~ '@example.test'",
    "lastActive(confluence) < startOfMonth(-1M) AND lastActive IS NOT EMPTY",
    "added = 2026-03-01 OR added >= 2026-03 OR added <= 2026-03-01T10:30:00Z OR added < endOfYear(+1)",
    "NOT (mfa AND !neverActive(jira)) || groupCount != 12 && role(jira) = org-admin",
    "status NOT IN (active, suspended) ORDER BY name, groupCount DESC",
    "“jira users” «x» „y“ 王秀英 nmae == 5 status:active -jira",
    "group = \"a\\\"b\\\\c\" AND jobTitle is null",
];

const PIECES: &[&str] = &[
    " AND ",
    " OR ",
    " NOT ",
    " IN ",
    " IS ",
    " EMPTY ",
    " ORDER BY ",
    " DESC",
    "(",
    ")",
    ",",
    "\"",
    "'",
    "\\",
    "=",
    "!=",
    "~",
    "!~",
    "<",
    ">=",
    "!",
    "-90d",
    "6m",
    "now()",
    "startOfWeek(",
    "2026-02-31",
    "status",
    "group",
    "lastActive(jira)",
    "role",
    "mfa",
    "inactiveFor",
    "999999999999999999999",
    " ",
    "\n",
    "\u{0}",
    "\u{202e}",
    "é",
    "e\u{301}",
    "👩‍👩‍👧",
    "ﬁ",
    "İ",
    "ß",
    ":",
    "“",
    "»",
    "null",
    "&&",
    "||",
    "last active",
    "order",
    "by",
    "== =",
];

fn catalogue() -> Result<Catalogue, CatalogueError> {
    let open = |noun: &'static str| Kind::Open { noun: noun.into() };
    let app = || Argument::Optional("app".into());
    Catalogue::new(vec![
        Field::new("name", Kind::Text, "").alias("n"),
        Field::new("email", Kind::Text, ""),
        Field::new("jobTitle", Kind::Text, ""),
        Field::new(
            "status",
            Kind::Closed(vec![Word::new("active", ""), Word::new("not_invited", "").alias("none")]),
            "",
        ),
        Field::new("group", open("group"), "").several(),
        Field::new("app", open("app"), "").several(),
        Field::new("role", Kind::Closed(vec![Word::new("org-admin", "")]), "")
            .argument(Argument::Required("app".into())),
        Field::new("groupCount", Kind::Number, ""),
        Field::new("lastActive", Kind::Instant, "").argument(app()),
        Field::new("added", Kind::Instant, ""),
        Field::new("inactiveFor", Kind::Duration, "").argument(app()),
        Field::new("neverActive", Kind::Flag, "").argument(app()),
        Field::new("mfa", Kind::Flag, ""),
    ])
}

/// The last place between characters that does not lie behind this byte.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// A place between two characters.
fn place(text: &str, chance: &mut Rng) -> usize {
    boundary(text, chance.usize(0..=text.len()))
}

fn mutate(text: &mut String, other: &str, chance: &mut Rng) {
    let at = place(text, chance);
    match chance.u8(0..8) {
        0 | 1 => text.insert_str(at, PIECES[chance.usize(0..PIECES.len())]),
        2 => text.insert(at, chance.char(..)),
        3 | 4 => {
            let end = place(text, chance);
            text.replace_range(at.min(end)..at.max(end).min(boundary(text, at.min(end) + 12)), "");
        }
        5 => {
            let (from, to) = (place(other, chance), place(other, chance));
            text.insert_str(at, &other[from.min(to)..from.max(to)]);
        }
        6 => {
            let piece = PIECES[chance.usize(0..PIECES.len())].repeat(chance.usize(1..80));
            text.insert_str(at, &piece);
        }
        _ => {
            let end = place(text, chance);
            let copied = text[at.min(end)..at.max(end)].to_owned();
            text.insert_str(at, &copied);
        }
    }
}

/// Which law a text breaks, if any.
fn broken(text: &str, cursor: usize, catalogue: &Catalogue) -> Option<&'static str> {
    let parsed = parse(text, catalogue);
    for diagnostic in &parsed.diagnostics {
        if text.get(diagnostic.span.start..diagnostic.span.end).is_none() || !diagnostic.draw(text).contains('^') {
            return Some("a diagnostic lies outside its text");
        }
    }
    if parsed.query.expression.as_ref().is_some_and(|expression| expression.tests().len() > MAX_TERMS) {
        return Some("too many terms were taken");
    }
    let shown = show(&parsed.query, catalogue);
    if shown.chars().count() > MAX_CHARACTERS {
        return Some("the canonical form is too long");
    }
    let again = parse(&shown, catalogue);
    if again.query != parsed.query {
        return Some("the canonical form means something else");
    }
    if !again.diagnostics.is_empty() {
        return Some("the canonical form has diagnostics");
    }
    let replace = complete(text, cursor, catalogue, &AnyName).replace;
    if text.get(replace.start..replace.end).is_none() {
        return Some("a completion lies outside its text");
    }
    None
}

/// The same law broken by less: leaves out stretches, long ones first, as long as it stays broken.
fn smallest(text: &str, law: &str, catalogue: &Catalogue) -> String {
    let mut text = text.to_owned();
    let mut length = text.len();
    while length > 0 {
        let mut at = 0;
        while at < text.len() {
            let (from, to) = (boundary(&text, at), boundary(&text, at + length));
            let less = format!("{}{}", &text[..from], &text[to..]);
            if to > from && broken(&less, less.len(), catalogue) == Some(law) { text = less } else { at += length }
        }
        length /= 2;
    }
    text
}

#[expect(clippy::disallowed_methods, reason = "a stress run measures its own length; nothing depends on the time")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let minutes: u64 = arguments.next().map_or(Ok(1), |minutes| minutes.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let catalogue = catalogue()?;
    let mut chance = Rng::with_seed(seed);
    let mut corpus: Vec<String> = CORPUS.iter().map(|text| (*text).to_owned()).collect();
    let (begun, mut inputs) = (Instant::now(), 0_u64);
    let mut reading = Duration::ZERO;
    while begun.elapsed() < Duration::from_secs(minutes * 60) {
        let mut text = corpus[chance.usize(0..corpus.len())].clone();
        for _ in 0..chance.usize(1..6) {
            let other = CORPUS[chance.usize(0..CORPUS.len())];
            mutate(&mut text, other, &mut chance);
        }
        text.truncate(boundary(&text, 12_000));
        let cursor = chance.usize(0..=text.len() + 1);
        let from = Instant::now();
        let law = broken(&text, cursor, &catalogue);
        reading += from.elapsed();
        if let Some(law) = law {
            let text = smallest(&text, law, &catalogue);
            let shown = show(&parse(&text, &catalogue).query, &catalogue);
            return Err(format!("{law}, after {inputs} inputs of seed {seed}: {text:?}, shown {shown:?}").into());
        }
        inputs += 1;
        // Mutations of mutations, a few of them, so that texts grow and shrink.
        if chance.u8(..) < 8 {
            let keep = chance.usize(CORPUS.len()..CORPUS.len() + 2_000);
            if keep < corpus.len() { corpus[keep] = text } else { corpus.push(text) }
        }
    }
    println!(
        "{inputs} inputs, seed {seed}, {} microseconds each; every law held",
        reading.as_micros() / u128::from(inputs.max(1))
    );
    Ok(())
}
