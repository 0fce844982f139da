//! Warnings of a run: who is written to, what, and letting those of a held run go or dropping them. A mail is put into the
//! outbox in the transaction that counts the person as warned, so that it is written once.

use directory::Snapshot;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::id::{Entropy, TaskRunId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::notice::{Notice, What};
use crate::nouns::refusal::Refusal;
use crate::nouns::task::{Definition, TaskRun, TaskRunState};
use crate::nouns::warning::{Warned, WarningState, is_address};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, head, outbox, task_runs, task_warnings, tasks};
use crate::tasks::explain;
use crate::tasks::stages::{Staged, ends_at};

/// The most people whose held warnings are let go at once.
const MOST: u32 = 1_000_000;

/// Why the warnings of a run were not let go.
#[derive(Debug, Error)]
pub enum NotReleased {
    /// There is no such run.
    #[error("there is no such run")]
    Unknown,
    /// It is not held, or has no warnings that wait.
    #[error("no warnings of this run wait")]
    NothingWaits,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotReleased {
    /// What a person is told.
    pub fn refusal(&self) -> Refusal {
        let what = "Nothing was sent.";
        match self {
            NotReleased::Store(error) => Refusal::new(what, format!("The database failed: {error}."), "Try again."),
            why => Refusal::new(what, format!("It was refused: {why}."), "Look at the run again."),
        }
    }
}

/// A warning with the mail that goes out for it.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    warned: Warned,
    notice: Notice,
    address: String,
}

/// Whom a run would warn. Who has no address stays at this stage, and is listed.
pub(super) fn plan(
    definition: &Definition,
    staged: &Staged,
    snapshot: &Snapshot,
    (now, zone): (Timestamp, &TimeZone),
) -> Vec<Warned> {
    let mut planned = Vec::new();
    for (place, people) in staged.groups.iter().enumerate() {
        if definition.stages.get(place).is_none_or(|stage| stage.warning().is_none()) {
            continue;
        }
        for account in people {
            let since = staged.matched.binary_search_by_key(&account, |one| one.account);
            let since = since.ok().and_then(|found| staged.matched.get(found)).map_or(now, |one| one.since);
            let state = address(snapshot, account).map_or(WarningState::NoAddress, |_| WarningState::Planned);
            let ends_at = ends_at(definition, place, (since, now), zone);
            planned.push(Warned { account, stage: place as u64, at: now, ends_at, state, notice: None });
        }
    }
    planned
}

/// How many of them have an address.
pub(super) fn reachable(planned: &[Warned]) -> u64 {
    planned.iter().filter(|one| one.state == WarningState::Planned).count() as u64
}

/// The mails of a run's warnings.
pub(super) fn mails(
    (run, definition): (&TaskRun, &Definition),
    planned: &[Warned],
    snapshot: &Snapshot,
    (now, zone): (Timestamp, &TimeZone),
) -> Vec<Mail> {
    let of = |one: &Warned| {
        let place = usize::try_from(one.stage).ok()?;
        let warning = definition.stages.get(place)?.warning()?;
        let apps = definition.stages.get(place + 1).map_or_else(String::new, |next| explain::apps(next, snapshot));
        let date = one.ends_at.to_zoned(zone.clone()).strftime("%-d %B %Y").to_string();
        let what = What::AccessEnding {
            task: run.task.to_string(),
            person: one.account,
            letter: warning.letter(&apps, &date),
        };
        let address = address(snapshot, one.account)?;
        Some(Mail { warned: one.clone(), notice: Notice { at: now, what }, address })
    };
    planned.iter().filter(|one| one.state == WarningState::Planned).filter_map(of).collect()
}

/// Writes a run's warnings: to everybody with an address now, in the transaction that counts them as warned.
pub(super) fn send(
    tx: &mut Tx,
    (context, run): (&Context, &TaskRun),
    mails: &[Mail],
    entropy: &Entropy,
) -> Result<(), StoreError> {
    if mails.is_empty() {
        return Ok(());
    }
    let notices: Vec<(Notice, String)> = mails.iter().map(|mail| (mail.notice.clone(), mail.address.clone())).collect();
    let ids = outbox::put_mails(tx, &notices, entropy)?;
    let sent = mails.iter().zip(ids).map(|(mail, id)| Warned {
        state: WarningState::Waiting,
        notice: Some(id),
        ..mail.warned.clone()
    });
    task_warnings::put(tx, (&run.id, &run.task), &sent.collect::<Vec<_>>())?;
    task_runs::advance_warned(tx, (&run.id, &run.task))?;
    told(tx, (context, run, "task.warned"), mails.len() as u64, entropy)
}

/// Lets the warnings of a held run go. The day that each names is reckoned from this moment.
///
/// # Errors
/// Nothing waits, or the database failed.
pub async fn release(context: &Context, mirror: &Mirror, id: &TaskRunId, entropy: &Entropy) -> Result<(), NotReleased> {
    let snapshot = mirror.newest().await?;
    let (id, context, entropy) = (id.clone(), context.clone(), entropy.clone());
    let released = mirror.store().write(move |tx| {
        let Some(run) = task_runs::find(tx, &id)? else { return Ok(Err(NotReleased::Unknown)) };
        let Some((definition, _)) = tasks::version(tx, &run.task, run.version)? else {
            return Ok(Err(NotReleased::Unknown));
        };
        let Some(zone) = definition.schedule.rules() else { return Ok(Err(NotReleased::NothingWaits)) };
        if run.state != TaskRunState::Held {
            return Ok(Err(NotReleased::NothingWaits));
        }
        let now = context.now;
        let mut waiting = task_warnings::of_run(tx, &id, (None, MOST))?;
        waiting.retain(|one| one.state == WarningState::Planned);
        for one in &mut waiting {
            let place = usize::try_from(one.stage).unwrap_or(usize::MAX);
            one.ends_at = one.ends_at.max(ends_at(&definition, place, (one.at, now), &zone));
        }
        let mails = mails((&run, &definition), &waiting, &snapshot, (now, &zone));
        if mails.is_empty() {
            return Ok(Err(NotReleased::NothingWaits));
        }
        send(tx, (&context, &run), &mails, &entropy)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    released.await?
}

/// Lets a held run go without its warnings; whom it would have warned is warned by the next run that finds them.
///
/// # Errors
/// Nothing waits, or the database failed.
pub async fn dismiss(context: &Context, mirror: &Mirror, id: &TaskRunId, entropy: &Entropy) -> Result<(), NotReleased> {
    let (id, context, entropy) = (id.clone(), context.clone(), entropy.clone());
    let dismissed = mirror.store().write(move |tx| {
        let Some(run) = task_runs::find(tx, &id)? else { return Ok(Err(NotReleased::Unknown)) };
        let dropped = task_warnings::drop_planned(tx, &id)?;
        if dropped == 0 {
            return Ok(Err(NotReleased::NothingWaits));
        }
        told(tx, (&context, &run, "task.warnings_dropped"), dropped, &entropy)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    dismissed.await?
}

fn told(
    tx: &mut Tx,
    (context, run, kind): (&Context, &TaskRun, &'static str),
    people: u64,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let detail = serde_json::json!({ "task": run.task.as_str(), "number": run.number, "people": people });
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: run.id.to_string(),
        detail: detail.to_string(),
        personal: String::new(),
    };
    events::append(tx, &event, &entropy.bytes()).map(drop)
}

/// The address of a person to which a mail can be composed.
fn address(snapshot: &Snapshot, account: directory::Ordinal) -> Option<String> {
    let row = snapshot.account_row(account)?;
    let address = row.email.map(|address| address.trim().to_owned())?;
    is_address(&address).then_some(address)
}
