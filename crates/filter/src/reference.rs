//! The reference page of the language, made from the field catalogue, so that the page and the parser cannot differ.
//! It says what every field says of itself and adds only what holds for all.

use std::fmt::Write as _;

use crate::catalogue::{Catalogue, Field, Kind};
use crate::parser::{MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS};
use crate::term::{example, operators};

/// Fields of other rows that the same language asks about.
#[derive(Debug, Clone, Copy)]
pub struct Further<'c> {
    /// What the rows are, in the plural, e.g. "groups".
    pub of: &'c str,
    /// Their fields.
    pub catalogue: &'c Catalogue,
}

/// The Markdown of the reference page.
pub fn reference(catalogue: &Catalogue) -> String {
    reference_with(catalogue, &[])
}

/// The same with the fields of further rows, each in a part of its own.
pub fn reference_with(catalogue: &Catalogue, further: &[Further<'_>]) -> String {
    let mut page = String::from(OPENING);
    table(&mut page, catalogue, "");
    page.push_str("\n## The fields one by one\n");
    for (_, field) in catalogue.fields() {
        section(&mut page, field, "");
    }
    for Further { of, catalogue } in further {
        let _ = write!(
            page,
            "\n## Fields of {of}\n\nOf {of} the same language asks by these fields; what stands above and below about terms, \
             values and\nwhat is not known holds for them too.\n\n| field | kind | what it is |\n|---|---|---|\n"
        );
        table(&mut page, catalogue, of);
        let _ = write!(page, "\n## The fields of {of} one by one\n");
        for (_, field) in catalogue.fields() {
            section(&mut page, field, of);
        }
    }
    page.push_str(REST);
    let _ = write!(
        page,
        "\n## Bounds\n\nA filter has at most {MAX_CHARACTERS} characters, as written and in the canonical form, {MAX_TERMS} \
         terms, and {MAX_DEPTH}\nparentheses and NOTs inside one another. What is beyond is left out and said.\n"
    );
    page
}

fn table(page: &mut String, catalogue: &Catalogue, of: &str) {
    for (_, field) in catalogue.fields() {
        let (call, kind, summary) = (call(field), kind(&field.kind), cell(&field.summary));
        let _ = writeln!(page, "| [`{call}`](#{}) | {kind} | {summary} |", anchor(&heading(field, of)));
    }
}

/// The heading of a field's section; there is one of each on the page.
fn heading(field: &Field, of: &str) -> String {
    if of.is_empty() { field.name.to_string() } else { format!("{} of {of}", field.name) }
}

fn section(page: &mut String, field: &Field, of: &str) {
    let _ = write!(page, "\n### {}\n\n{}.", heading(field, of), field.summary.trim_end_matches('.'));
    if !field.details.is_empty() {
        let _ = write!(page, " {}", field.details);
    }
    page.push_str("\n\n");
    let _ = writeln!(page, "- Kind: {}{}", kind(&field.kind), if field.several { ", several for one row" } else { "" });
    let _ = writeln!(page, "- Operators: {}", code_list(operators(&field.kind).split(", ")));
    if let Some(of) = field.argument.of() {
        let need =
            if matches!(field.argument, crate::catalogue::Argument::Required(_)) { "needed" } else { "optional" };
        let _ = writeln!(page, "- In parentheses: a value of `{of}`, {need}");
    }
    if !field.aliases.is_empty() {
        let _ = writeln!(page, "- Also: {}", code_list(field.aliases.iter().map(AsRef::as_ref)));
    }
    let _ = writeln!(page, "- Order by it: {}", if field.sortable { "yes" } else { "no" });
    if let Kind::Closed(words) = &field.kind {
        page.push_str("\n| value | means |\n|---|---|\n");
        for word in words {
            let also = word.aliases.iter().map(|alias| format!(", `{alias}`")).collect::<String>();
            let _ = writeln!(page, "| `{}`{also} | {} |", word.word, cell(&word.summary));
        }
    }
    page.push_str("\n```\n");
    if field.examples.is_empty() {
        let _ = writeln!(page, "{}", example(field));
    }
    for example in &field.examples {
        let _ = writeln!(page, "{example}");
    }
    page.push_str("```\n");
}

fn call(field: &Field) -> String {
    match field.argument.of() {
        Some(of) => format!("{}({of})", field.name),
        None => field.name.to_string(),
    }
}

/// The address of a heading, as Markdown renderers make it.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace('.', "").replace(' ', "-")
}

fn kind(kind: &Kind) -> &str {
    match kind {
        Kind::Open { noun } => noun,
        Kind::Closed(_) => "one of a few words",
        Kind::Flag => "yes or no",
        other => other.noun(),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code_list<'w>(words: impl Iterator<Item = &'w str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

const OPENING: &str = "\
# The filter language

This page is made from the field catalogue; do not edit it.

A filter says which rows to find, much as in JQL:

```
status = active AND inactiveFor(jira) >= 90d AND NOT group IN (keepers, \"service desk\") ORDER BY lastActive
```

Words without an operator are searched for in name and e-mail address; quotation marks hold several words together.
Case matters nowhere but in the unit `M` for months. Reading a filter never fails: what was not understood is left out
and said, with its place and what to write instead.

## Fields

| field | kind | what it is |
|---|---|---|
";

const REST: &str = "
## Putting terms together

| write | to find |
|---|---|
| `a AND b`, `a b` | what both find |
| `a OR b` | what one of them finds |
| `NOT a`, `!a` | what `a` surely does not find |
| `( ... )` | what belongs together |

NOT binds closer than AND, AND closer than OR: `a OR NOT b AND c` is `a OR ((NOT b) AND c)`.

## Operators

| write | of | holds if the value |
|---|---|---|
| `=`, `!=` | all but lengths of time | is, is not; of text without regard to case |
| `~`, `!~` | texts and names | contains, does not contain; without regard to case and accents |
| `<`, `<=`, `>`, `>=` | numbers, dates, lengths of time | is less, at most, more, at least |
| `IN (a, b)`, `NOT IN (a, b)` | texts, choices, numbers | is one of these, none of these |
| `IS EMPTY`, `IS NOT EMPTY` | all | is missing or unknown, is there |

Of a field with several values for one row, as groups, `=`, `~` and `IN` hold if one of them fits; `!=`, `!~` and
`NOT IN` hold if none fits. A yes-or-no field may stand alone: `mfa` is `mfa = yes`.

A name in parentheses behind a field narrows it: `lastActive(confluence)` is when Confluence was last used, `lastActive`
when anything was.

## Values

A value of letters, digits and `- _ . @ + /` is written as it is. Anything else stands in quotation marks, double or
single; inside them `\\\"` is a quotation mark and `\\\\` a backslash.

| kind | write |
|---|---|
| number | `12` |
| length of time | `12h`, `90d`, `3w`, `6M`, `1y`: hours, days, weeks, months, years |
| yes or no | `yes`, `no` |
| date | see below |

A day is 24 hours, a week 7 of them; months and years follow the calendar.

## Dates

| write | means |
|---|---|
| `2026-03-01` | that day |
| `2026-03` | that month |
| `2026-03-01T10:30` | that moment in the organization's time zone |
| `2026-03-01T10:30:00Z`, `...+02:00` | that moment |
| `-90d`, `+1w` | so long before now, or after |
| `now()` | the moment of the question |
| `startOfDay()`, `startOfWeek()`, `startOfMonth()`, `startOfYear()` | the first moment of the present one |
| `endOfDay()`, `endOfWeek()`, `endOfMonth()`, `endOfYear()` | its last moment |
| `startOfMonth(-1M)`, `startOfMonth(-1)` | the same, moved along the calendar: the month before |

Days, weeks (from Monday), months and years are those of the organization's time zone. A day or month is a stretch:
`= 2026-03-01` is any moment of that day, `< 2026-03-01` before it began, `> 2026-03-01` after it ended,
`>= 2026-03-01` from its beginning on, `<= 2026-03-01` up to its end. Asked as of a past day, everything relative counts
from the end of that day.

## What is not known

Unknown is a state of its own. A test of a value that is missing or unknown is neither true nor false, and neither is NOT
of it: `lastActive < -90d` does not find people whose activity was not read, and `NOT lastActive < -90d` does not find
them either. `!=`, `!~` and `NOT IN` are tests like any other. `IS EMPTY` finds what is missing or unknown and is itself
always true or false. With AND, one part that does not hold decides; with OR, one part that holds. Only what surely holds
is found.

## Order

`ORDER BY field`, then `ASC` (the least first, as without it) or `DESC`; more fields after commas. It comes last.
";
