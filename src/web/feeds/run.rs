//! The page of one run, from its files to what came of it: how it stands, who did what and why, its preview, its log while
//! it is written, its files, and what may be done with it.

use std::time::Duration;

use axum::extract::{Path, Query};
use maud::{Markup, html};

use crate::feeds::accounts::shown;
use crate::feeds::control;
use crate::feeds::listing::{self, OneRun};
use crate::id::FeedRunId;
use crate::nouns::feed_run::{CONTROL, FeedRunState, Reason, RunFile, Stage};
use crate::web::failure::Failure;
use crate::web::feeds::{self, act, address, failed, log, plans, preview, run_address, upload, words};
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, length, number};
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// What an address asks for: which rows of the preview, and which lines of the log.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    pub(super) kind: String,
    pub(super) person: String,
    /// Rows behind this place.
    pub(super) after: String,
    pub(super) severity: String,
    pub(super) who: String,
    pub(super) record: String,
    /// Lines behind this one.
    pub(super) line: String,
}

impl Ask {
    /// The address of a run with what this asks for, but at the first row and line.
    pub(super) fn on(&self, address: Address) -> Address {
        let rows = address.with("kind", &self.kind).with("person", &self.person);
        rows.with("severity", &self.severity).with("who", &self.who).with("record", &self.record)
    }
}

/// A run by its feed's code and its id.
pub(super) async fn existing(visit: &Visit, code: &str, id: &str) -> Result<OneRun, Failure> {
    let missing = || Failure::NotFound("The feed has no such run.");
    let id = FeedRunId::parse(id).ok_or_else(missing)?;
    let one = listing::run(&visit.mirror, &id).await.map_err(|why| failed("The run was not found.", why))?;
    if one.feed.code.as_str() == code { Ok(one) } else { Err(missing()) }
}

/// GET /feeds/{code}/runs/{run}
pub(crate) async fn show(
    visit: Visit,
    Path((code, run)): Path<(String, String)>,
    Query(ask): Query<Ask>,
) -> Result<Page, Failure> {
    page(&visit, (&code, &run), &ask, html! {}).await
}

/// The page, with something said on top.
pub(super) async fn page(visit: &Visit, (code, id): (&str, &str), ask: &Ask, said: Markup) -> Result<Page, Failure> {
    let one = existing(visit, code, id).await?;
    let OneRun { feed, run, .. } = &one;
    let missing = if run.state == FeedRunState::Uploading { missing(visit, &one).await? } else { Vec::new() };
    let rows = preview::read(visit, run, ask).await?;
    let lines = log::read(visit, run, ask).await?;
    let plans = shown::of_run(&visit.mirror, feed.number, run.number).await?;
    let followed: Vec<_> = plans.iter().map(|plan| (plan, None)).collect();
    let title = format!("Run {} of {}", run.number, feed.name);
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(feeds::HERE) { "Feeds" } " " a href=(address(feed)) { bdi { (feed.name) } } }
        div.headline {
            h1 { "Run " (run.number) " of " bdi { (feed.name) } }
            span id="feed-run-state" data-live="operation" { (words::state_tag(run.state)) }
            span.sub { "created " (visit.reader.relative(run.created_at)) " by " bdi { (run.created_by) } }
        }
        (said)
        div id="feed-run-standing" data-live="operation" { (standing(&one, &missing, visit)) (preview::sums(run)) }
        section aria-labelledby="do" {
            h2 id="do" { "What can be done" }
            div id="feed-run-acts" data-live="operation" { (act::forms(&one, visit.reader.now)) }
        }
        section aria-labelledby="preview" {
            h2 id="preview" { (if run.state == FeedRunState::Complete { "What it did" } else { "Preview" }) }
            div id="feed-run-preview" data-live="operation" { (preview::section(&one, &rows, (ask, visit))) }
        }
        section aria-labelledby="log" {
            h2 id="log" { "Log" }
            div id="feed-run-log" data-live="operation" { (log::section(&one, &lines, (ask, visit))) }
        }
        @if !plans.is_empty() {
            section aria-labelledby="followed" {
                h2 id="followed" { "What followed at Atlassian" }
                div id="feed-run-plans" data-live="operation" { (plans::table(&followed, visit)) }
            }
        }
        section aria-labelledby="about" { h2 id="about" { "About this run" } (facts(&one, visit)) (act::comment(&one)) }
        section aria-labelledby="files" { h2 id="files" { "Files" } (kept(&one, visit)) }
    };
    let motion = match words::moves(run) {
        true => Motion::Moving,
        false if run.is_over() => Motion::Still,
        false => Motion::Watched,
    };
    Ok(Page::framed(&Frame { motion, ..visit.frame(&title, Place::Feeds) }, content))
}

/// The files that an open run still waits for.
pub(super) async fn missing(visit: &Visit, one: &OneRun) -> Result<Vec<String>, Failure> {
    let Some(version) = one.run.control else { return Ok(vec![CONTROL.to_owned()]) };
    let text = control::text_of(&visit.mirror, one.feed.number, version).await?.unwrap_or_default();
    let Some(control) = ::feed::control::check(&text).control else { return Ok(Vec::new()) };
    let listed = control.files.into_iter().map(|file| file.name);
    Ok(listed.filter(|name| one.files.iter().all(|file| file.name != *name)).collect())
}

/// How it stands, why, and what happens next.
fn standing(one: &OneRun, missing: &[String], visit: &Visit) -> Markup {
    let OneRun { feed, run, .. } = one;
    let next = html! { @if !feed.settings.replace_waiting { p { "Until it is applied or cancelled, further deliveries are refused." } } };
    match run.state {
        FeedRunState::Uploading => notice(
            Weight::Info,
            "Files are missing.",
            html! {
                @if !missing.is_empty() { p { "It waits for " (missing.join(", ")) "." } }
                p { a.button href=(address(feed).below(upload::PART)) { "Upload files..." } }
            },
        ),
        FeedRunState::Ready if run.stage != Stage::Compared => {
            let told = html! { p { "Its preview appears here by itself." } };
            notice(Weight::Info, "The files are being compared with the people of this feed.", told)
        }
        FeedRunState::Ready if run.started && feed.settings.auto_apply => {
            notice(Weight::Info, "Nothing holds it: it is about to be applied.", html! {})
        }
        FeedRunState::Ready => {
            let why = if feed.settings.auto_apply {
                "No guard holds it. It is applied when somebody applies it here, or the script starts it."
            } else {
                "Automatically apply uploaded sync files is off for this feed, so somebody applies it here."
            };
            notice(Weight::Info, "It is compared and ready.", html! { p { (why) } (next) })
        }
        FeedRunState::Held => notice(
            Weight::Warning,
            if run.reasons.iter().any(Reason::is_final) { "It cannot be used." } else { "It waits for a person." },
            html! { ul { @for reason in &run.reasons { li { (reason.sentence()) } } } (next) },
        ),
        FeedRunState::Running => notice(
            Weight::Info,
            "It is being applied, as a whole or not at all.",
            html! { @if let Some(at) = run.heartbeat_at { p { "Last sign of life of its worker: " (visit.reader.relative(at)) "." } } },
        ),
        FeedRunState::Complete if run.counts.is_no_change() => notice(Weight::Info, "Complete: no change.", took(one)),
        FeedRunState::Complete => notice(Weight::Info, "Complete: it was applied as a whole.", took(one)),
        FeedRunState::Cancelled => notice(
            Weight::Info,
            "Cancelled: nothing of it was applied.",
            html! {
                @if let Some(why) = &run.decision { p { bdi { (why) } } }
            },
        ),
        FeedRunState::Failure => notice(
            Weight::Failure,
            "It was given up: nothing of it was applied.",
            html! {
                @if let Some(why) = &run.failure { p { bdi { (why) } } }
            },
        ),
    }
}

fn took(one: &OneRun) -> Markup {
    let run = &one.run;
    let from = run.decided.as_ref().map_or(run.created_at, |(_, at)| *at);
    let took =
        run.ended_at.and_then(|end| Duration::try_from(end.duration_since(from)).ok()).filter(|took| !took.is_zero());
    let change = one.before.as_ref().map(|before| (run.errors as i64) - (before.errors as i64));
    html! {
        @if let Some(took) = took { p { "It took " (length(took)) "." } }
        @if let Some(change) = change.filter(|change| *change != 0) {
            p { (counted(change.unsigned_abs(), "error", "errors")) (if change > 0 { " more" } else { " fewer" }) " than in the run applied before." }
        }
    }
}

fn facts(one: &OneRun, visit: &Visit) -> Markup {
    let OneRun { feed, run, .. } = one;
    let reader = &visit.reader;
    html! {
        dl.facts {
            div { dt { "Created" } dd { (reader.moment(run.created_at)) " by " bdi { (run.created_by) } } }
            @if let Some((by, at)) = &run.decided {
                div { dt { "Decided" } dd { (reader.moment(*at)) " by " bdi { (by) } } }
            }
            @if let Some(why) = &run.decision { div.whole { dt { "Reason" } dd { bdi { (why) } } } }
            @if let Some(at) = run.ended_at { div { dt { (if run.state == FeedRunState::Complete { "Applied" } else { "Ended" }) } dd { (reader.moment(at)) } } }
            @if let Some(at) = run.heartbeat_at { div { dt { "Heartbeat" } dd { (reader.moment(at)) ", " (reader.relative(at)) } } }
            div { dt { "Control file" } dd {
                @match run.control {
                    Some(version) => { a.name href=(address(feed).below(super::control::PART).with("version", &version.to_string())) { "version " (version) } }
                    None => { "none yet" }
                }
            } }
            div { dt { "Errors" } dd { (number(run.errors)) " in " (counted(run.lines, "line", "lines")) " of its log" } }
            @if run.forced { div { dt { "Forced" } dd { "no record of it is skipped" } } }
            @if let Some(of) = &run.copy_of { div { dt { "Copy of" } dd { a.name href=(address(feed).below("runs").below(of.as_str())) { "the run applied again" } } } }
            @if let Some(old) = &run.superseded { div { dt { "Replaced" } dd { a.name href=(address(feed).below("runs").below(old.as_str())) { "the run that waited" } } } }
            @if let Some(comment) = &run.comment { div.whole { dt { "Comment" } dd { bdi { (comment) } } } }
            div { dt { "Run id" } dd { code { (run.id) } } }
            div { dt { "All of it" } dd { a.name href=(run_address(feed, run).below("run.json")) download { "JSON" } } }
        }
    }
}

fn kept(one: &OneRun, visit: &Visit) -> Markup {
    let OneRun { feed, run, files, .. } = one;
    html! {
        @if files.is_empty() { p { "None has come." } } @else {
            div.scroll.roomy tabindex="0" role="region" aria-label="Files of this run" {
                table {
                    thead { tr {
                        th scope="col" { "Name" } th.num scope="col" { "Size" } th.num scope="col" { "Records" } th scope="col" { "Digest (SHA-256)" }
                        th.hide-s scope="col" { "Came" } th scope="col" { span.hidden { "Download or use" } }
                    } }
                    tbody { @for file in files { (row(file, one, visit)) } }
                }
            }
            @if run.is_over() || run.state != FeedRunState::Uploading {
                p.hint { "Use this file puts it into a new upload of " bdi { (feed.name) } ", so that a run can be repeated file by file." }
            }
        }
    }
}

fn row(file: &RunFile, one: &OneRun, visit: &Visit) -> Markup {
    let here = run_address(&one.feed, &one.run);
    html! {
        tr {
            th scope="row" { code { (file.name) } " " span.sub { bdi { (file.file_name) } @if file.given { " in force, may be replaced" } } }
            td.num title=(counted(file.size, "byte", "bytes")) { (words::size(file.size)) }
            td.num { @match file.records { Some(records) => (number(records)), None => { span.sub { "–" } } } }
            td { code title=(file.digest) { (file.digest.get(..16).unwrap_or(&file.digest)) "…" } }
            td.hide-s { (visit.reader.relative(file.uploaded_at)) " " span.sub { bdi { (file.uploaded_by) } } }
            td { div.row {
                a.name href=(here.clone().below("files").below(&file.name)) download aria-label={ "Download " (file.name) } { "Download" }
                @if one.run.is_over() {
                    form method="post" action=(here) {
                        input type="hidden" name="file" value=(file.name);
                        button.quiet type="submit" name="do" value="use" aria-label={ "Use this file: " (file.name) } { "Use this file" }
                    }
                }
            } }
        }
    }
}
