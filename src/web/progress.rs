//! How far a sync run is: the part that a run's page and set-up's third page share, and that third page.
//!
//! While the run moves the parts that show it are put in anew; a browser without script loads the page again every second.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::nouns::run::{Phase, Run, RunKind, RunState};
use crate::store::runs;
use crate::sync::expected::{Expected, expected_of};
use crate::sync::request::{self, Ask};
use crate::web::Served;
use crate::web::dashboard;
use crate::web::failure::Failure;
use crate::web::finish;
use crate::web::guard::see;
use crate::web::ui::amount::{about, length, number};
use crate::web::ui::frame::{Motion, Page};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, notice};
use crate::web::ui::words;
use crate::web::visit::Visit;

/// GET /setup/progress
pub(crate) async fn show(visit: Visit) -> Result<Response, Failure> {
    if visit.snapshot.generation() > 0 {
        let open = finish::is_open(&visit.mirror).await?;
        return Ok(see(if open { finish::HERE } else { dashboard::HERE }));
    }
    let newest = visit.mirror.store().read(|tx| {
        let Some(run) = runs::list(tx, None, 1)?.pop() else { return Ok(None) };
        let expected = expected_of(tx, &run)?;
        Ok(Some((run, expected)))
    });
    let newest = newest.await?;
    let newest = newest.as_ref().map(|(run, expected)| (run, expected.as_ref()));
    Ok(page(&visit.mirror.organization().name, newest, &visit.reader).into_response())
}

/// POST /setup/progress: *Try again*
pub(crate) async fn try_again(State(served): State<Served>, visit: Visit) -> Result<Response, Failure> {
    if visit.snapshot.generation() > 0 {
        return Ok(see(dashboard::HERE));
    }
    let newest = visit.mirror.store().read(|tx| runs::list(tx, None, 1)).await?.pop();
    if newest.is_none_or(|run| run.state.is_over()) {
        request::start(
            &visit.entered.context,
            &visit.mirror,
            Ask::everything(RunKind::Initial),
            (None, &served.entropy),
        )
        .await?;
    }
    Ok(see("/setup/progress"))
}

fn page(organization: &str, newest: Option<(&Run, Option<&Expected>)>, reader: &Reader) -> Page {
    let is_moving = newest.is_some_and(|(run, _)| !run.state.is_over() || run.state == RunState::Sealed);
    let motion = if is_moving { Motion::Moving } else { Motion::Watched };
    Page::moving_sheet(
        "The first sync",
        motion,
        html! {
            p.step { "Step 3 of 4" }
            h1 { "The first sync of " bdi { (organization) } }
            div id="first-sync" data-live="run generation" { @match newest {
                None => {
                    p { "It has not been started yet." }
                    (again("Start the first sync"))
                }
                Some((run, _)) if run.state == RunState::Sealed => {
                    p { "It is done. The people are being loaded." }
                    p { a.button href="/setup/progress" { "Go on" } }
                }
                Some((run, expected)) => {
                    (progress(run, reader))
                    @if let Some(expected) = expected { p.hint { (words::expected(expected)) } }
                    @if run.state.is_over() { (again("Try again")) }
                    @else { p.hint { "It goes on when you close this page, and where it stood when the server is restarted." } }
                }
            } }
        },
    )
}

fn again(word: &str) -> Markup {
    html! { form method="post" action="/setup/progress" { button.primary type="submit" { (word) } } }
}

/// How far a run is, what it waits for, or how it ended.
pub(crate) fn progress(run: &Run, reader: &Reader) -> Markup {
    html! {
        @match run.state {
            RunState::Failed => { (failed(run)) }
            RunState::Cancelled => {
                (notice(Weight::Info, "This run was stopped by a person.", html! {
                    @if let Some(who) = &run.failure { p { bdi { (who) } } }
                    p { "It changed nothing: what was there before is still shown." }
                }))
            }
            RunState::Waiting => { (waiting(run, reader)) }
            RunState::Queued | RunState::Running | RunState::Sealed => {}
        }
        @if !run.state.is_over() {
            section.progress aria-label="Progress" {
                (phases(run.progress.phase))
                (measure("People", run.progress.people_seen, run.progress.people_expected))
                (measure("Groups", run.progress.groups_seen, run.progress.groups_expected))
                (requests(run))
                (pace(run, reader))
            }
        }
    }
}

fn failed(run: &Run) -> Markup {
    let why = run.failure.as_deref().unwrap_or("No reason was stored. The server's log at that time may tell more.");
    notice(
        Weight::Failure,
        "This run failed.",
        html! { p { (why) } p { "It changed nothing: what was there before is still shown." } },
    )
}

fn waiting(run: &Run, reader: &Reader) -> Markup {
    notice(
        Weight::Warning,
        "The run is waiting.",
        html! {
            @match &run.waiting {
                Some(waiting) => {
                    p { (waiting.reason) }
                    p { "It goes on by itself at " (reader.clock(waiting.until)) ", " (reader.ago(waiting.until)) "." }
                }
                None => { p { "It goes on by itself." } }
            }
        },
    )
}

fn phases(current: Phase) -> Markup {
    const STEPS: [Phase; 4] = [Phase::Preparing, Phase::Reading, Phase::Confirming, Phase::Sealing];
    let place = STEPS.iter().position(|phase| *phase == current);
    html! {
        ol.phases {
            @for (step, phase) in STEPS.into_iter().enumerate() {
                @let done = place.is_some_and(|place| step < place);
                li.done[done] aria-current=[(place == Some(step)).then_some("step")] {
                    (words::phase(phase))
                    @if done { span.hidden { ", done" } }
                }
            }
        }
    }
}

fn measure(name: &str, seen: u64, expected: Option<u64>) -> Markup {
    html! {
        div.measure {
            div.row {
                span { (name) }
                span.num {
                    (number(seen))
                    @match expected { Some(expected) => { " of " (number(expected)) } None => " so far" }
                }
            }
            @match expected {
                // More may be seen than were counted: somebody joined in between.
                Some(expected) => { progress max=(expected.max(seen).max(1)) value=(seen) aria-label=(name) {} }
                None => { progress aria-label=(name) {} }
            }
        }
    }
}

fn requests(run: &Run) -> Markup {
    let progress = &run.progress;
    html! {
        div.measure {
            div.row {
                span { "Requests" }
                span.num {
                    (number(progress.requests))
                    @if let Some(floor) = progress.requests_floor {
                        (if progress.requests < floor { " of at least " } else { ", floor " }) (number(floor))
                    }
                }
            }
            @if let Some(floor) = progress.requests_floor {
                progress max=(floor.max(progress.requests).max(1)) value=(progress.requests) aria-label="Requests" {}
            }
        }
    }
}

/// Rate, time so far, time still needed, time spent waiting.
fn pace(run: &Run, reader: &Reader) -> Markup {
    let gone = run.length(reader.now);
    let rate = gone.map(|gone| gone.as_secs_f64()).filter(|seconds| *seconds >= 1.0);
    html! {
        p.hint {
            @match gone {
                Some(gone) => { "Running for " (length(gone)) }
                None => "Waiting for its turn"
            }
            @if let Some(seconds) = rate {
                ", " (format!("{:.0}", run.progress.people_seen as f64 / seconds)) " people and "
                (format!("{:.1}", run.progress.requests as f64 / seconds)) " requests a second"
            }
            @if let Some(left) = run.remaining(reader.now) { ", about " (about(left)) " left" }
            @if !run.progress.waited.is_zero() {
                ", " (length(run.progress.waited)) " spent waiting for Atlassian's limits"
            }
            "."
        }
    }
}

/// What an element that shows a run watches, while there is something to watch.
pub(crate) fn live(run: &Run) -> Option<String> {
    (!run.state.is_over()).then(|| format!("run:{}", run.id))
}

/// People of a run, against upstream's count.
pub(crate) fn people_of(run: &Run) -> String {
    match run.progress.people_expected {
        Some(expected) if expected != run.progress.people_seen => {
            format!("{} of {}", number(run.progress.people_seen), number(expected))
        }
        _ => number(run.progress.people_seen),
    }
}

/// Requests of a run, against the floor of its plan.
pub(crate) fn requests_of(run: &Run) -> String {
    let requests = run.progress.requests;
    match run.progress.requests_floor {
        Some(floor) if requests < floor => format!("{} of at least {}", number(requests), number(floor)),
        Some(floor) => format!("{}, floor {}", number(requests), number(floor)),
        None => number(requests),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sync::expected::Basis;
    use crate::web::acme::reader;
    use crate::web::runs::tests::{STATES, run};

    #[test]
    fn the_page_moves_while_the_run_does_and_offers_another_try_when_it_ended_badly() {
        for state in STATES {
            let page = page("Acme <b>", Some((&run(state), None)), &reader());
            let text = page.text();
            let ended_badly = matches!(state, RunState::Failed | RunState::Cancelled);
            assert_eq!(text.contains("http-equiv=\"refresh\" content=\"1\""), !ended_badly, "{state:?}");
            assert_eq!(text.contains("Try again"), ended_badly, "{state:?}");
            assert!(text.contains("Acme &lt;b&gt;"));
        }
        assert!(page("Acme", None, &reader()).text().contains("Start the first sync"));
        let paced = Expected { length: Duration::from_secs(200), basis: Basis::Pace { requests: 400, pace: 2.0 } };
        let text = page("Acme", Some((&run(RunState::Running), Some(&paced))), &reader());
        assert!(text.text().contains("It takes at least about 3 min 20 s: 400 requests at 2.0 a second."));
    }

    #[test]
    fn people_groups_requests_and_waiting_are_all_told() {
        let text = progress(&run(RunState::Waiting), &reader()).0;
        for part in [
            "1,204 of 18,430",
            "12 so far",
            "40 of at least 400",
            "12 s spent waiting for Atlassian's limits",
            "Atlassian takes no more requests this minute &lt;b&gt;.",
            "aria-current=\"step\">Reading people and groups",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
