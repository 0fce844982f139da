//! How long one filter of 200 characters takes to be read: `cargo run --release -p filter --example speed`.

use std::hint::black_box;
use std::time::Instant;

use filter::{Argument, Catalogue, CatalogueError, Field, Kind, Word, parse, show};

const TEXT: &str = "status = active AND inactiveFor(jira) >= 90d AND NOT group IN (keepers, \"service desk\", admins) AND \
                    (domain = example.test OR email ~ \"@contractor\") AND added < startOfMonth(-3M) ORDER BY name, added DESC";

#[expect(clippy::disallowed_methods, reason = "measuring is what it is for")]
fn main() -> Result<(), CatalogueError> {
    let open = |noun: &'static str| Kind::Open { noun: noun.into() };
    let catalogue = Catalogue::new(vec![
        Field::new("name", Kind::Text, ""),
        Field::new("email", Kind::Text, ""),
        Field::new("domain", open("domain"), ""),
        Field::new("status", Kind::Closed(vec![Word::new("suspended", ""), Word::new("active", "")]), ""),
        Field::new("group", open("group"), "").several(),
        Field::new("app", open("app"), "").several(),
        Field::new("added", Kind::Instant, ""),
        Field::new("inactiveFor", Kind::Duration, "").argument(Argument::Optional("app".into())),
    ])?;
    let rounds = 20_000;
    let begun = Instant::now();
    for _ in 0..rounds {
        black_box(parse(black_box(TEXT), &catalogue));
    }
    let reading = begun.elapsed() / rounds;
    let parsed = parse(TEXT, &catalogue);
    let begun = Instant::now();
    for _ in 0..rounds {
        black_box(show(black_box(&parsed.query), &catalogue));
    }
    println!(
        "{} characters, {} diagnostics: read in {reading:?}, shown in {:?}",
        TEXT.chars().count(),
        parsed.diagnostics.len(),
        begun.elapsed() / rounds
    );
    Ok(())
}
