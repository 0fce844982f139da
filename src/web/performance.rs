//! Settings, *Performance*: what the last syncs took against the least they could, what runs and waits now, learned
//! limits, sizes, and the slowest pages. It changes nothing.

use std::time::Duration;

use axum::extract::State;
use maud::{Markup, html};

use crate::nouns::run::{Run, RunState};
use crate::store::quota::StoredLimit;
use crate::store::{quota, runs, size};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::runs::state_tag;
use crate::web::settings;
use crate::web::ui::amount::{length, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::words;
use crate::web::visit::{Visit, run_address};
use crate::web::watch::Slowness;

/// The section's address.
pub(crate) const HERE: &str = "/settings/performance";
/// So many runs are shown.
const RUNS: u32 = 20;
/// So many pages.
const PAGES: usize = 15;

/// GET /settings/performance
pub(crate) async fn show(State(served): State<Served>, visit: Visit) -> Result<Page, Failure> {
    let read = visit.mirror.store().read(|tx| Ok((runs::list(tx, None, RUNS)?, quota::all(tx)?, size::bytes(tx)?)));
    let (listed, limits, bytes) = read.await?;
    let control = served.control.read(size::bytes).await?;
    let reader = &visit.reader;
    let under_way: Vec<&Run> = listed.iter().filter(|run| !run.state.is_over()).collect();
    Ok(Page::framed(
        &visit.frame("Performance", Place::Settings),
        html! {
            (settings::strip(HERE))
            div.headline { h1 { "Performance" } }
            p.lead { "How long things take, and why. It changes nothing." }
            h2 { "Now" }
            @if under_way.is_empty() { p { "Nothing runs and nothing waits." } }
            @for run in under_way { (now(run, reader)) }
            h2 { "The last syncs" }
            p.hint { "The floor is the least number of requests that a run needs. Waiting is time spent for Atlassian's limits." }
            (syncs(&listed, reader))
            h2 { "Limits" }
            (learned(&limits, reader))
            h2 { "Sizes" }
            dl.facts {
                div { dt { "Database of the organization" } dd { (megabytes(bytes)) } }
                div { dt { "Control database" } dd { (megabytes(control)) } }
                div { dt { "Snapshot in memory" } dd { (megabytes(visit.snapshot.memory() as u64)) } }
            }
            h2 { "Slowest pages" }
            (slowest(&served.watch().slowest()))
        },
    ))
}

fn now(run: &Run, reader: &Reader) -> Markup {
    html! {
        p {
            a href=(run_address(run)) { (words::run_kind(run.kind)) " " (run.number) } " " (state_tag(run)) " "
            @match &run.waiting {
                Some(waiting) => { "waits until " (reader.clock(waiting.until)) ": " (waiting.reason) }
                None => { (words::phase(run.progress.phase)) }
            }
        }
    }
}

fn syncs(listed: &[Run], reader: &Reader) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="The last syncs" {
            table {
                thead { tr {
                    th scope="col" { "Run" } th scope="col" { "State" } th.num scope="col" { "Length" }
                    th.num scope="col" { "Requests" } th.num scope="col" { "Floor" } th.num scope="col" { "Above it" }
                    th.num scope="col" { "Waiting" } th.num scope="col" { "Requests a second" }
                } }
                tbody { @for run in listed.iter().filter(|run| run.state != RunState::Queued) {
                    @let took = run.length(reader.now);
                    @let sent = run.progress.requests;
                    tr {
                        th scope="row" { a.name href=(run_address(run)) { (words::run_kind(run.kind)) " " (run.number) } }
                        td { (state_tag(run)) }
                        td.num { @match took { Some(took) => { (length(took)) } None => { span.sub { "–" } } } }
                        td.num { (number(sent)) }
                        td.num { @match run.progress.requests_floor { Some(floor) => { (number(floor)) } None => { span.sub { "not known" } } } }
                        td.num { @match run.progress.requests_floor {
                            Some(floor) if floor > 0 && sent >= floor => { "+" (number((sent - floor) * 100 / floor)) " %" }
                            _ => { span.sub { "–" } }
                        } }
                        td.num { (length(run.progress.waited)) }
                        td.num { @match took.filter(|took| *took > Duration::ZERO) {
                            Some(took) => { (format!("{:.1}", sent as f64 / took.as_secs_f64())) }
                            None => { span.sub { "–" } }
                        } }
                    }
                } }
            }
        }
    }
}

fn learned(limits: &[StoredLimit], reader: &Reader) -> Markup {
    if limits.is_empty() {
        return html! { p { "Atlassian has not told a limit yet." } };
    }
    html! {
        p.hint { "As Atlassian's answers have told them, per endpoint." }
        div.scroll tabindex="0" role="region" aria-label="Limits" {
            table {
                thead { tr { th scope="col" { "Endpoint" } th.num scope="col" { "Requests" } th.num scope="col" { "In" } th scope="col" { "Learned" } } }
                tbody { @for limit in limits { tr {
                    th scope="row" { code { (limit.endpoint) } }
                    td.num { (number(limit.limit.into())) }
                    td.num { (length(Duration::from_micros(limit.window_microseconds.unsigned_abs()))) }
                    td { (reader.relative(limit.learned_at)) }
                } } }
            }
        }
    }
}

fn slowest(pages: &[Slowness]) -> Markup {
    let milliseconds = |length: Duration| format!("{} ms", number(length.as_millis().try_into().unwrap_or(u64::MAX)));
    html! {
        p.hint { "Since the server started, by route; nobody's address is kept. Half of the requests, and 99 of 100, took at most so long." }
        div.scroll tabindex="0" role="region" aria-label="Slowest pages" {
            table {
                thead { tr {
                    th scope="col" { "Page" } th.num scope="col" { "Requests" } th.num scope="col" { "Half" }
                    th.num scope="col" { "99 of 100" } th.num scope="col" { "Longest" }
                } }
                tbody { @for page in pages.iter().take(PAGES) { tr {
                    th scope="row" { code { (page.route) } }
                    td.num { (number(page.requests)) } td.num { (milliseconds(page.median)) }
                    td.num { (milliseconds(page.most)) } td.num { (milliseconds(page.longest)) }
                } } }
            }
        }
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", number(bytes.div_ceil(1_000))),
        bytes => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::reader;
    use crate::web::runs::tests::{STATES, run};

    #[test]
    fn every_state_of_a_run_is_shown_and_what_is_not_known_is_said() {
        let runs: Vec<Run> = STATES.into_iter().map(run).collect();
        let page = syncs(&runs, &reader()).0;
        assert_eq!(page.matches("<tr>").count(), STATES.len(), "{page}");
        assert!(page.contains("12 s"), "{page}");
        let waiting = now(&run(RunState::Waiting), &reader()).0;
        assert!(waiting.contains("waits until 12:02:00 UTC") && waiting.contains("&lt;b&gt;"), "{waiting}");
        assert!(learned(&[], &reader()).0.contains("has not told a limit yet"));
        assert_eq!([999, 1_000_000, 12_345_678].map(megabytes), ["1 kB", "1.0 MB", "12.3 MB"]);
    }
}
