//! What runs, deliveries and people's hands leave in the audit chain.

use jiff::Timestamp;
use serde_json::Value;

use crate::id::{Entropy, FeedRunId};
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::feed::Feed;
use crate::nouns::feed_run::{FeedRun, FeedRunState, Reason, Severity};
use crate::nouns::feed_told::{FeedOutcome, FeedTold};
use crate::nouns::notice::{Notice, What};
use crate::store::error::StoreError;
use crate::store::feed_log::LinesWanted;
use crate::store::outbox::{self, Receiver};
use crate::store::tx::Tx;
use crate::store::{events, feed_log, feed_runs, head};

/// How many lines of a log stand in a report; all of them come as a file.
const SHOWN_LINES: usize = 200;
/// How many lines a report has at the most.
const MOST_LINES: usize = 5_000;

/// Records what happened to a feed, a run or a person. Personal values go into the sealed part.
pub(super) fn record(
    tx: &mut Tx,
    context: &Context,
    (kind, subject): (&'static str, &str),
    (detail, personal): (Value, Option<Value>),
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: subject.to_owned(),
        detail: detail.to_string(),
        personal: personal.map(|personal| personal.to_string()).unwrap_or_default(),
    };
    events::append(tx, &event, salt)?;
    head::touch(tx)
}

/// Records what happened to a run.
pub(super) fn of_run(
    tx: &mut Tx,
    context: &Context,
    (kind, run): (&'static str, &FeedRunId),
    detail: Value,
    salt: &[u8; 16],
) -> Result<(), StoreError> {
    record(tx, context, (kind, run.as_str()), (detail, None), salt)
}

/// Tells outside that a run is over, held or failed: webhooks, and whoever receives the feed's reports, with its log.
pub(super) fn report(
    tx: &mut Tx,
    (feed, run): (&Feed, &FeedRun),
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let outcome = match run.state {
        FeedRunState::Complete => FeedOutcome::Applied,
        FeedRunState::Failure => FeedOutcome::Failed,
        _ => FeedOutcome::Held,
    };
    let is_applied = |other: &FeedRun| other.state == FeedRunState::Complete;
    let before = feed_runs::of_feed(tx, run.feed, run.number, 100)?.into_iter().find(is_applied);
    let errors = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut reasons: Vec<String> =
        run.reasons.iter().filter(|_| outcome == FeedOutcome::Held).map(Reason::sentence).collect();
    reasons.extend(run.failure.clone());
    let told = FeedTold {
        outcome,
        reasons,
        counts: run.counts,
        errors: run.errors,
        error_change: errors(run.errors) - before.map_or(0, |before| errors(before.errors)),
        ..about(feed, Some(run))
    };
    let log = match feed.settings.emails.is_empty() {
        true => Vec::new(),
        false => log(tx, (feed, run))?,
    };
    put(tx, (feed, told), log, (now, entropy))
}

/// Tells outside that a delivery was refused because a run waits.
pub(super) fn blocked(
    tx: &mut Tx,
    (feed, run): (&Feed, &FeedRun),
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let reasons = vec![format!("Run {} is {}.", run.number, run.state.as_str())];
    let told = FeedTold { outcome: FeedOutcome::Blocked, reasons, ..about(feed, Some(run)) };
    put(tx, (feed, told), Vec::new(), (now, entropy))
}

/// Tells outside that a delivery is late.
pub(super) fn late(
    tx: &mut Tx,
    (feed, since): (&Feed, Timestamp),
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let reasons = vec![format!("It was expected by {since}.")];
    let told = FeedTold { outcome: FeedOutcome::Late, reasons, ..about(feed, None) };
    put(tx, (feed, told), Vec::new(), (now, entropy))
}

fn about(feed: &Feed, run: Option<&FeedRun>) -> FeedTold {
    FeedTold {
        feed: feed.id.to_string(),
        code: feed.code.as_str().to_owned(),
        name: feed.name.clone(),
        run: run.map(|run| run.id.to_string()),
        number: run.map(|run| run.number.unsigned_abs()).unwrap_or_default(),
        ..FeedTold::default()
    }
}

/// The lines of a run's log, with usernames; with values only where the feed's settings let them be told.
fn log(tx: &mut Tx, (feed, run): (&Feed, &FeedRun)) -> Result<Vec<String>, StoreError> {
    let mut lines: Vec<String> = Vec::new();
    let mut wanted = LinesWanted::default();
    while lines.len() < MOST_LINES {
        let found = feed_log::matching(tx, run.number, &wanted, 1_000)?;
        let Some(last) = found.last() else { break };
        wanted.after = last.line;
        for line in &found {
            let mut text = match line.severity {
                Severity::Error => "ERROR: ".to_owned(),
                Severity::Warning => "WARNING: ".to_owned(),
                Severity::Information => String::new(),
            };
            text.push_str(&line.text);
            if let Some(username) = &line.username {
                text.push_str(&format!(" {username}"));
            }
            if let Some(told) = line.told.as_ref().filter(|_| feed.settings.mail_personal) {
                text.push_str(&format!(": {told}"));
            }
            lines.push(text);
        }
    }
    Ok(lines)
}

/// Puts a notice out for webhooks, and a report for those whom the feed names.
fn put(
    tx: &mut Tx,
    (feed, told): (&Feed, FeedTold),
    log: Vec<String>,
    (now, entropy): (Timestamp, &Entropy),
) -> Result<(), StoreError> {
    outbox::put(tx, &Notice { at: now, what: What::Feed(told.clone()) }, entropy)?;
    let receivers: Vec<Receiver> = feed.settings.emails.iter().cloned().map(Receiver::Mail).collect();
    let lines = log.iter().take(SHOWN_LINES).cloned().collect::<Vec<_>>().join("\n");
    let file = (!log.is_empty()).then(|| log.join("\r\n"));
    let report = Notice { at: now, what: What::FeedReport { told, lines, log: file } };
    outbox::put_for(tx, &report, &receivers, entropy).map(drop)
}
