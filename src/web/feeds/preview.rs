//! The preview of a run, which is also what it did: how many people of each kind, and every person with every field before
//! and after. What a changed control file does is told apart from what changed data do.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::feeds::listing::{self, OneRun, Since};
use crate::nouns::feed_row::{FeedRow, FieldChange, RowKind};
use crate::nouns::feed_run::{FeedRun, FeedRunState, Stage};
use crate::store::feed_rows::RowsWanted;
use crate::web::failure::Failure;
use crate::web::feeds::run::Ask;
use crate::web::feeds::{lookup, run_address, words};
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::empty;
use crate::web::visit::Visit;

/// Rows of one page.
const LIMIT: u32 = 50;
/// What the address asks for to see whom the control file alone changes.
const BY_CONTROL: &str = "by_control";

/// The rows of one page.
pub(super) struct Rows {
    rows: Vec<(FeedRow, Vec<Since>)>,
    /// The names of people whom the feeds know, by number.
    names: BTreeMap<i64, String>,
    more: bool,
}

/// Reads the rows that are asked for; those of a re-applied run with what later runs did.
pub(super) async fn read(visit: &Visit, run: &FeedRun, ask: &Ask) -> Result<Rows, Failure> {
    let username_key = (!ask.person.trim().is_empty()).then(|| directory::username_key(ask.person.trim()));
    let by_control = ask.kind == BY_CONTROL;
    let kind = if by_control { Some(RowKind::Changed) } else { RowKind::parse(&ask.kind) };
    let wanted = RowsWanted { after: ask.after.parse().unwrap_or(0), kind, username_key, by_control };
    let mut found = listing::preview_rows(&visit.mirror, run.number, (wanted, LIMIT + 1)).await?;
    let more = found.len() > LIMIT as usize;
    found.truncate(LIMIT as usize);
    let names = listing::names(&visit.mirror, found.iter().filter_map(|row| row.account).collect()).await?;
    let mut rows = Vec::new();
    for row in found {
        let since = match run.copy_of {
            Some(_) => listing::since(&visit.mirror, run, &row.username_key).await?,
            None => Vec::new(),
        };
        rows.push((row, since));
    }
    Ok(Rows { rows, names, more })
}

/// Whether there is a preview.
fn is_compared(run: &FeedRun) -> bool {
    run.stage == Stage::Compared
        || matches!(run.state, FeedRunState::Running | FeedRunState::Complete | FeedRunState::Held)
}

/// How many people of each kind.
pub(super) fn sums(run: &FeedRun) -> Markup {
    let counts = &run.counts;
    html! {
        @if is_compared(run) {
            div.sum {
                div { b { (number(counts.new)) } span { "new" } }
                div { b { (number(counts.changed)) } span { "changed" @if counts.by_control > 0 { ", " (number(counts.by_control)) " of them by the control file alone" } } }
                div { b { (number(counts.unchanged)) } span { "unchanged" } }
                div { b { (number(counts.leaving)) } span { "leaving" } }
                div { b { (number(counts.returning)) } span { "returning" } }
                div { b { (number(counts.failing)) } span { "failing: they stay as they are" } }
                div { b { (number(counts.conflicts)) } span { "in conflict: for a person" } }
            }
            @if run.state != FeedRunState::Complete {
                p.hint {
                    (counted(counts.records, "record", "records")) " against " (counted(counts.before, "person", "people")) " of the feed"
                    @if counts.before > 0 && counts.leaving > 0 { "; it takes " (percent(counts.leaving, counts.before)) " of them out" }
                    @if counts.email_changes > 0 { "; " (counted(counts.email_changes, "e-mail address changes", "e-mail addresses change")) }
                    "."
                }
            }
        }
    }
}

fn percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1_000).div_ceil(u128::from(whole.max(1)));
    if tenths % 10 == 0 { format!("{} %", tenths / 10) } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

/// The rows with their filter.
pub(super) fn section(one: &OneRun, rows: &Rows, (ask, visit): (&Ask, &Visit)) -> Markup {
    let (feed, run) = (&one.feed, &one.run);
    if !is_compared(run) {
        return html! { p { "There is none: the files were not compared." } };
    }
    let here = ask.on(run_address(feed, run));
    let narrowed = !ask.kind.is_empty() || !ask.person.is_empty();
    html! {
        (narrowing(one, ask))
        @if rows.rows.is_empty() {
            @if narrowed {
                (empty("Nobody is like this.", html! { p { a.button href=(run_address(feed, run)) { "Show everybody concerned" } } }))
            } @else {
                (empty("Nobody changes.", html! { p { "Everybody in these files is as they were." } }))
            }
        } @else { (table(one, rows, visit)) }
        @if !ask.after.is_empty() || rows.more {
            nav.paging aria-label="Pages of the preview" {
                @if !ask.after.is_empty() { a.button href={ (here) "#preview" } rel="first" { "First rows" } }
                @if let Some((last, _)) = rows.rows.last().filter(|_| rows.more) {
                    a.button href={ (here.clone().with("after", &last.place.to_string())) "#preview" } rel="next" { "Next rows" }
                }
            }
        }
        p.export { "Export: "
            a href=(run_address(feed, run).below("preview.csv")) download { "every row as CSV" } " · "
            a href=(run_address(feed, run).below("preview.json")) download { "JSON" }
        }
    }
}

fn narrowing(one: &OneRun, ask: &Ask) -> Markup {
    let (run, here) = (&one.run, || run_address(&one.feed, &one.run));
    let counts = &run.counts;
    let kinds = [
        (RowKind::New, counts.new),
        (RowKind::Changed, counts.changed),
        (RowKind::Leaving, counts.leaving),
        (RowKind::Returning, counts.returning),
        (RowKind::Failing, counts.failing),
        (RowKind::Conflict, counts.conflicts),
    ];
    let all: u64 = kinds.iter().map(|(_, count)| count).sum();
    html! {
        nav.chips aria-label="Which people" {
            a href={ (here()) "#preview" } aria-current=[(ask.kind.is_empty() && ask.person.is_empty()).then_some("true")] { "All " span.num { (number(all)) } }
            @for (kind, count) in kinds {
                @if count > 0 {
                    a href={ (here().with("kind", kind.as_str())) "#preview" } aria-current=[(ask.kind == kind.as_str()).then_some("true")] {
                        (words::kind(kind)) " " span.num { (number(count)) }
                    }
                }
                @if kind == RowKind::Changed && counts.by_control > 0 {
                    a href={ (here().with("kind", BY_CONTROL)) "#preview" } aria-current=[(ask.kind == BY_CONTROL).then_some("true")] {
                        "By the control file alone " span.num { (number(counts.by_control)) }
                    }
                }
            }
        }
        form.filter role="search" method="get" action={ (here()) "#preview" } aria-label="One person of the preview" {
            input type="search" name="person" value=(ask.person) maxlength="255" placeholder="Username" aria-label="Username";
            button type="submit" { "Show" }
            @if !ask.person.is_empty() { a.button.quiet href=(here()) { "Clear" } }
        }
    }
}

fn table(one: &OneRun, rows: &Rows, visit: &Visit) -> Markup {
    html! {
        div.scroll.roomy tabindex="0" role="region" aria-label="People of this run" {
            table {
                thead { tr {
                    th scope="col" { "Person" } th scope="col" { "What" } th scope="col" { "Fields, before and after" } th.hide-s scope="col" { "Record" }
                } }
                tbody { @for (row, since) in &rows.rows { tr {
                    th scope="row" {
                        @match row.account {
                            Some(account) => {
                                a.name href=(lookup::address(account)) { bdi { (row.username) } }
                                @if let Some(name) = rows.names.get(&account).filter(|name| !name.is_empty()) { " " span.sub { bdi { (name) } } }
                            }
                            // Somebody new is there once the run was applied.
                            None if row.kind == RowKind::New && one.run.state == FeedRunState::Complete => {
                                a.name href=(lookup::found(&row.username)) { bdi { (row.username) } }
                            }
                            None => { bdi { (row.username) } }
                        }
                    }
                    td { (words::kind_tag(row.kind)) }
                    td.long.ways { (fields(one, row)) (later(since, visit)) }
                    td.hide-s {
                        @if let Some(record) = row.record { (number(record)) }
                        @if let Some(line) = row.file_line { " " span.sub { "line " (number(line)) } }
                        @if row.raw.is_some() { " " (raw(row)) }
                    }
                } } }
            }
        }
    }
}

fn raw(row: &FeedRow) -> Markup {
    html! {
        @if let Some(raw) = &row.raw {
            details { summary { "as received" } pre.raw { (super::person::laid_out(raw)) } }
        }
    }
}

fn fields(one: &OneRun, row: &FeedRow) -> Markup {
    html! {
        @if let Some(why) = &row.why { p { (why) } }
        @if row.changes.is_empty() && row.why.is_none() && row.kind != RowKind::New {
            @match row.kind {
                RowKind::Leaving if one.feed.settings.grace_days > 0 => { span.sub { "blocked after " (counted(one.feed.settings.grace_days.into(), "day", "days")) " unless another feed has them" } }
                RowKind::Leaving => { span.sub { "blocked unless another feed has them" } }
                RowKind::Returning => { span.sub { "active again" } }
                _ => { span.sub { "no field" } }
            }
        }
        // Of somebody who fails or is in conflict nothing changes, whatever their record says.
        @if !matches!(row.kind, RowKind::Failing | RowKind::Conflict) { @for change in &row.changes { (self::change(change)) } }
        @if row.kind == RowKind::New { @for field in listing::fields_of(row) { (change(&field)) } }
    }
}

/// A field before and after.
pub(super) fn change(change: &FieldChange) -> Markup {
    let values = |values: &[String]| values.join("; ");
    html! {
        div {
            span.sub.field { bdi { (change.field) } } " "
            @if !change.before.is_empty() { del { bdi { (values(&change.before)) } } " " }
            span.arrow { "→" } " "
            @if change.after.is_empty() { span.sub.inline { "nothing" } } @else { ins { bdi { (values(&change.after)) } } }
            @if change.by_control { " " span.tag { "control file" } }
        }
    }
}

/// The third side of a run applied again: what runs after the original did with this person.
fn later(since: &[Since], visit: &Visit) -> Markup {
    html! {
        @if !since.is_empty() {
            details {
                summary { "Since then: " (counted(since.len() as u64, "run has changed them", "runs have changed them")) }
                @for one in since {
                    div { span.sub { "run " (one.run) @if let Some(at) = one.at { ", " (visit.reader.relative(at)) } } }
                    @for change in &one.changes { (self::change(change)) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_never_told_smaller_than_it_is() {
        assert_eq!(percent(20, 40), "50 %");
        assert_eq!(percent(1, 3), "33.4 %");
        assert_eq!(percent(40, 40), "100 %");
        assert_eq!(percent(1, 100_000), "0.1 %");
    }
}
