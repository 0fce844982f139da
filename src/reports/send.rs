//! The worker of reports: makes what is due and puts it out, once for each start however many nodes look; and *Send now*.
//! What goes out and that it is settled are one transaction.

use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::id::{Entropy, ReportId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::notice::{Notice, What};
use crate::nouns::refusal::Refusal;
use crate::nouns::report::{About, LastReport, Report, ReportMail};
use crate::nouns::warning::is_address;
use crate::reports::{compose, count};
use crate::store::error::StoreError;
use crate::store::outbox::{self, Receiver};
use crate::store::tx::Tx;
use crate::store::{events, filters, head, mail_server, reports, seat_prices};
use crate::sync::inactivity;
use crate::sync::pass::Surroundings;

/// How often the worker looks: a report may leave this much after its time.
const LOOK: Duration = Duration::from_secs(5);

/// Why a report was not sent.
#[derive(Debug, Error)]
pub enum NotSent {
    /// There is no such report.
    #[error("there is no such report")]
    Unknown,
    /// No mail server is stored.
    #[error("no mail server is stored")]
    NoMail,
    /// The organization was not read yet.
    #[error("the organization was not read yet")]
    NothingRead,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotSent {
    /// What a person is told.
    pub fn refusal(&self) -> Refusal {
        let what = "The report was not sent.";
        match self {
            NotSent::Unknown => Refusal::new(what, "There is no such report.", "Look at the list of reports."),
            NotSent::NoMail => {
                Refusal::new(what, "No mail server is stored.", "Enter one under Settings, Notifications.")
            }
            NotSent::NothingRead => {
                Refusal::new(what, "The organization was not read yet.", "Wait for the first sync to end.")
            }
            NotSent::Store(error) => Refusal::new(what, format!("The database failed: {error}."), "Try again."),
        }
    }
}

/// A report as it goes out.
struct Made {
    report: Report,
    mail: ReportMail,
    last: LastReport,
    generation: u64,
}

/// Works for one organization until the task is dropped.
pub async fn work(mirror: Mirror, surroundings: Surroundings) {
    loop {
        if let Err(error) = send_due(&mirror, &surroundings).await {
            tracing::error!(%error, organization = %mirror.organization().id, "report.worker");
        }
        surroundings.clock.sleep(LOOK).await;
    }
}

/// Puts out every report that is due; how many there were. Without a mail server, or before the organization was read, they
/// wait.
///
/// # Errors
/// The database failed.
pub async fn send_due(mirror: &Mirror, surroundings: &Surroundings) -> Result<usize, StoreError> {
    let now = surroundings.clock.now();
    let due = mirror.store().read(move |tx| {
        let mut due: Vec<(ReportId, Timestamp)> = Vec::new();
        due.extend(reports::list(tx)?.into_iter().filter_map(|report| Some((report.id.clone(), report.due(now)?))));
        // Only where something is due is it asked whether it could be sent.
        let can_send = !due.is_empty() && mail_server::find(tx)?.is_some();
        Ok(if can_send { due } else { Vec::new() })
    });
    let mut sent = 0;
    for (id, start) in due.await? {
        let made = match make(mirror, &id, now).await {
            Ok(made) => made,
            Err(NotSent::Store(error)) => return Err(error),
            Err(_) => continue,
        };
        let context = Context { actor: Actor::System, now };
        sent += usize::from(put(mirror, &context, (made, Some(start)), &surroundings.entropy).await?);
    }
    Ok(sent)
}

/// Sends a report at once, whatever its schedule, whose next start stays.
///
/// # Errors
/// It cannot be sent, or the database failed.
pub async fn send_now(context: &Context, mirror: &Mirror, id: &ReportId, entropy: &Entropy) -> Result<(), NotSent> {
    if mirror.store().read(mail_server::find).await?.is_none() {
        return Err(NotSent::NoMail);
    }
    let made = make(mirror, id, context.now).await?;
    if put(mirror, context, (made, None), entropy).await? { Ok(()) } else { Err(NotSent::Unknown) }
}

/// Counts what a report is about and writes its mail.
async fn make(mirror: &Mirror, id: &ReportId, now: Timestamp) -> Result<Made, NotSent> {
    mirror.newest().await?;
    let (snapshot, zone, wanted) = (mirror.shown(), mirror.zone(), id.clone());
    if snapshot.generation() == 0 {
        return Err(NotSent::NothingRead);
    }
    let read = mirror.store().read(move |tx| {
        let Some(report) = reports::find(tx, &wanted)? else { return Ok(None) };
        let filter = match &report.draft.about {
            About::Filter(filter) => filters::find(tx, filter)?,
            About::Dashboard => None,
        };
        Ok(Some((report, filter, inactivity::read(tx)?.threshold, seat_prices::all(tx)?)))
    });
    let Some((report, filter, threshold, prices)) = read.await? else { return Err(NotSent::Unknown) };
    // Counting a large organization takes long enough to keep others from their turn.
    let made = tokio::task::spawn_blocking(move || {
        let generation = snapshot.generation();
        let mut last = LastReport { at: now, ..LastReport::default() };
        let mail = match (&report.draft.about, &filter) {
            (About::Dashboard, _) => {
                let seats = count::seats(&snapshot, (threshold, &prices), (now, &zone));
                last.figures = seats.figures();
                compose::of_dashboard(&report, &seats, &snapshot, now)
            }
            // While a report uses a filter, the filter is not deleted.
            (About::Filter(_), None) => return None,
            (About::Filter(_), Some(filter)) => {
                let people = count::people(&snapshot, &filter.kept.text, (now, &zone));
                let mail = compose::of_people(&report, (filter, people.as_ref()), &snapshot, now);
                // Where nobody could be counted the next report compares with the one before.
                let before = || report.last.as_ref().and_then(|last| last.found.clone());
                last.found = people.map_or_else(before, |people| Some(people.found));
                mail
            }
        };
        Some(Made { report, mail, last, generation })
    });
    made.await.ok().flatten().ok_or(NotSent::Unknown)
}

/// Puts a report out for each of its addresses, and keeps what it counted. False when somebody else was faster, or it is
/// not the report any more that it was.
async fn put(
    mirror: &Mirror,
    context: &Context,
    (made, start): (Made, Option<Timestamp>),
    entropy: &Entropy,
) -> Result<bool, StoreError> {
    let (context, entropy) = (context.clone(), entropy.clone());
    mirror
        .store()
        .write(move |tx| {
            let Made { report, mail, last, generation } = made;
            if let Some(start) = start
                && !reports::settle(tx, &report, start)?
            {
                return Ok(false);
            }
            if !reports::sent(tx, &report.id, &last)? {
                return Ok(false);
            }
            // An address that was erased is none any more.
            let reached = report.draft.recipients.iter().filter(|address| is_address(address)).cloned();
            let receivers: Vec<Receiver> = reached.map(Receiver::Mail).collect();
            let notice = Notice { at: context.now, what: What::Report(Box::new(mail)) };
            outbox::put_for(tx, &notice, &receivers, &entropy)?;
            let people = last.found.as_ref().map(roaring::RoaringBitmap::len);
            let detail = serde_json::json!({
                "due": start.map(|start| start.to_string()),
                "generation": generation,
                "people": people,
                "recipients": receivers.len(),
            });
            record(tx, (&context, "report.sent"), (&report, detail), &entropy)?;
            Ok(true)
        })
        .await
}

/// Records what happened to a report. Its name and addresses stand in the part that can be erased.
pub(super) fn record(
    tx: &mut Tx,
    (context, kind): (&Context, &'static str),
    (report, detail): (&Report, serde_json::Value),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let draft = &report.draft;
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: report.id.to_string(),
        detail: detail.to_string(),
        personal: serde_json::json!({ "name": draft.name.as_str(), "recipients": draft.recipients }).to_string(),
    };
    events::append(tx, &event, &entropy.bytes())?;
    head::touch(tx)
}
