//! The log of a run, line by line, also while it is written: through a filter of severity, person and record.

use maud::{Markup, html};

use crate::feeds::listing::{self, OneRun};
use crate::nouns::feed_run::{FeedRun, LogLine, Severity};
use crate::store::feed_log::LinesWanted;
use crate::web::failure::Failure;
use crate::web::feeds::run::Ask;
use crate::web::feeds::{run_address, words};
use crate::web::ui::amount::number;
use crate::web::ui::notice::empty;
use crate::web::visit::Visit;

/// Lines of one page.
const LIMIT: u32 = 100;

/// The lines of one page.
pub(super) struct Lines {
    lines: Vec<LogLine>,
    more: bool,
}

/// Reads the lines that are asked for.
pub(super) async fn read(visit: &Visit, run: &FeedRun, ask: &Ask) -> Result<Lines, Failure> {
    let wanted = LinesWanted {
        after: ask.line.parse().unwrap_or(0),
        severity: Severity::parse(&ask.severity),
        username: Some(ask.who.trim().to_owned()).filter(|who| !who.is_empty()),
        record: ask.record.trim().parse().ok(),
    };
    let mut lines = listing::log(&visit.mirror, run.number, (wanted, LIMIT + 1)).await?;
    let more = lines.len() > LIMIT as usize;
    lines.truncate(LIMIT as usize);
    Ok(Lines { lines, more })
}

/// The lines with their filter.
pub(super) fn section(one: &OneRun, lines: &Lines, (ask, visit): (&Ask, &Visit)) -> Markup {
    let (feed, run) = (&one.feed, &one.run);
    let here = || run_address(feed, run);
    let narrowed = !(ask.severity.is_empty() && ask.who.is_empty() && ask.record.is_empty());
    html! {
        form.filter method="get" action={ (here()) "#log" } aria-label="Which lines" {
            select name="severity" aria-label="Severity" {
                option value="" { "All lines" }
                @for severity in Severity::ALL {
                    option value=(severity.as_str()) selected[ask.severity == severity.as_str()] { (severity.as_str()) }
                }
            }
            input type="text" name="who" value=(ask.who) placeholder="Username" maxlength="255" aria-label="Username" autocomplete="off";
            input type="text" name="record" value=(ask.record) placeholder="Record" inputmode="numeric" size="8" aria-label="Record number" autocomplete="off";
            button type="submit" { "Filter" }
            @if narrowed { a.button.quiet href={ (here()) "#log" } { "Clear" } }
        }
        @if lines.lines.is_empty() {
            @if narrowed { (empty("No line is like this.", html! { p { a.button href={ (here()) "#log" } { "Show all lines" } } })) }
            @else { (empty("Nothing was logged yet.", html! { p { "Lines appear here while the run is compared and applied." } })) }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Log" {
                table {
                    thead { tr {
                        th.num scope="col" { "Line" } th.hide-s scope="col" { "At" } th scope="col" { "Severity" } th scope="col" { "Person" }
                        th.num scope="col" { "Record" } th scope="col" { "What" }
                    } }
                    tbody { @for line in &lines.lines { (row(line, visit)) } }
                }
            }
        }
        @if !ask.line.is_empty() || lines.more {
            nav.paging aria-label="Pages of the log" {
                @if !ask.line.is_empty() { a.button href={ (ask.on(here())) "#log" } rel="first" { "First lines" } }
                @if let Some(last) = lines.lines.last().filter(|_| lines.more) {
                    a.button href={ (ask.on(here()).with("line", &last.line.to_string())) "#log" } rel="next" { "Next lines" }
                }
            }
        }
        p.export { "Export: " a href=(here().below("log.csv")) download { "the whole log as CSV" } " · " a href=(here().below("log.json")) download { "JSON" } }
    }
}

fn row(line: &LogLine, visit: &Visit) -> Markup {
    html! {
        tr {
            td.num { (number(line.line)) }
            td.hide-s { (visit.reader.clock(line.at)) }
            td { (words::severity_tag(line.severity)) }
            td { @if let Some(username) = &line.username { bdi { (username) } } }
            td.num { @if let Some(record) = line.record { (number(record)) } @if let Some(at) = line.file_line { " " span.sub { "line " (number(at)) } } }
            td.long { (line.text) @if let Some(told) = &line.told { " " span.sub { code { bdi { (told) } } } } }
        }
    }
}
