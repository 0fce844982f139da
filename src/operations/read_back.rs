//! Reading back: what was done is read again after 2, 10 and 40 seconds and when it has settled; what may have been done
//! is read before anything is sent again. The reads are targeted ones, so that the mirror moves with them.

use std::collections::BTreeMap;
use std::time::Duration;

use directory::Snapshot;
use directory::act::{Change, Standing};
use jiff::{SignedDuration, Timestamp};
use roaring::RoaringBitmap;

use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::apply::{Halt, Work};
use crate::operations::board::{next_check, settling};
use crate::operations::journal::Turn;
use crate::operations::look::Looked;
use crate::operations::send::{NO_ANSWER, finish};
use crate::operations::{groups, look};
use crate::sync::ended::Ended;

/// Rows that one round reads back.
const ROUND: usize = 2_000;
/// How long the first row that is due waits for others while more is being sent: every round seals a generation, and what
/// pages keep beside a snapshot is made anew for it.
const GATHERING: SignedDuration = SignedDuration::from_secs(3);
/// How long the worker looks away at the most.
const LOOK: Duration = Duration::from_millis(500);
/// When the next check is later than this and nothing is to be sent, the operation's job is given back until then.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);
/// How often a change that was not seen is sent again.
const RESENT: u32 = 5;
/// And one of which reading cannot tell: only an answer can, and it is waited for about half an hour.
const RESENT_UNSEEN: u32 = 12;
/// The longest pause before a change is sent again, in seconds.
const LONGEST_PAUSE: i64 = 300;
/// When a row is read back for the first time.
const FIRST: SignedDuration = SignedDuration::from_secs(2);
/// How long it is tried to read somebody for whom Atlassian does not answer, beyond a change's settling time.
const UNREAD_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How long it waits before it tries that again.
const UNREAD_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// How long a cancelled operation waits before it tries again to read what it did.
const UNREAD: SignedDuration = SignedDuration::from_secs(300);
/// Rounds that may fail one after the other.
const FAILURES: u32 = 3;

/// Reads back what is due, until nothing is left. Once something stands against sending, only what is not known
/// is read, and what was not looked at yet; of a cancelled operation everything.
pub(super) async fn read_back_all(work: &Work) {
    let mut failures = 0;
    loop {
        let over = work.is_sending_over();
        let (now, halted) = (work.clock.now(), work.is_halted());
        let (due, next, unknown) = {
            let board = work.board();
            (board.due(now, ROUND), board.next_check(), board.has_unknown())
        };
        let first = next.is_some_and(|at| now.duration_since(at) < GATHERING);
        if first && !over && !halted && !due.is_empty() && due.len() < ROUND {
            work.clock.sleep(LOOK).await;
            continue;
        }
        // Whatever was done is looked at once at least, so that the mirror has it and it can be taken back.
        let soon = next.is_some_and(|at| at.duration_since(now) <= FIRST);
        // A cancelled operation does not go on later: what it sent is read to its end, for the next plan rests on that.
        if over && halted && !work.is_cancelled() && !unknown && !soon {
            return;
        }
        if due.is_empty() {
            match next {
                None if over => return,
                Some(at) if over && at.duration_since(now) > PATIENCE => {
                    work.check_later(at);
                    return;
                }
                Some(at) => {
                    let ahead = Duration::try_from(at.duration_since(now)).unwrap_or_default();
                    work.clock.sleep(ahead.min(LOOK).max(Duration::from_millis(1))).await;
                }
                None => work.clock.sleep(LOOK).await,
            }
            continue;
        }
        match round(work, due).await {
            Ok(()) => failures = 0,
            Err(Halt::Read(ended)) if failures < FAILURES => {
                failures += 1;
                tracing::warn!(operation = %work.operation.id, reason = %ended.reason(), "operation.read_back");
                work.clock.sleep(Duration::from_secs(5)).await;
            }
            Err(Halt::Read(ended)) if work.is_cancelled() => {
                let now = work.clock.now();
                work.check_later(ended.resumes_at(now).or_else(|| now.checked_add(UNREAD).ok()).unwrap_or(now));
                return;
            }
            Err(halt) => {
                work.halt(halt);
                return;
            }
        }
    }
}

async fn round(work: &Work, due: Vec<OperationRow>) -> Result<(), Halt> {
    let mut targets = look::targets(&due, &work.snapshot());
    let people: Vec<_> = due.iter().map(|row| row.change.account()).collect();
    let at = work.clock.now();
    // The people tell what groups they are in; the groups' other members are nobody's business here. Groups that were made
    // or deleted are read themselves, and so is whoever was invited.
    let by_name = groups::by_name(work, &due).await.map_err(|error| Halt::Read(Ended::from(error)))?;
    targets.groups = by_name.groups;
    targets.people.extend(by_name.people);
    let Looked { snapshot, unread } = work.looking().read(targets).await.map_err(Halt::Read)?;
    work.saw(snapshot.clone());
    work.board().was_read(people.into_iter().filter(|account| !unread.contains(*account)), at);
    let now = work.clock.now();
    let mut again: BTreeMap<u64, Timestamp> = BTreeMap::new();
    let turns: Vec<Turn> = due
        .into_iter()
        .filter_map(|row| {
            let patient = unread.contains(row.change.account()).then(|| unread_until(&row, now)).flatten();
            let judged = match patient {
                Some(at) => (row.clone(), Some(at)),
                None => judge(&row, (&snapshot, &unread), now),
            };
            let (next, at) = match judged {
                // Whoever is on their way out shows nothing of what was done before.
                (next, _) if next.state == RowState::Reverted && work.board().is_leaving(row.change.account()) => {
                    (OperationRow { state: RowState::Done, why: Some(Why::new("unverified", "")), ..next }, None)
                }
                judged => judged,
            };
            again.extend(at.map(|at| (row.seq, at)));
            if next == row {
                // Nothing to keep: only the moment of the next look changes.
                work.board().take(next, at);
                return None;
            }
            Some((row.state, next))
        })
        .collect();
    match finish(work, turns, |row| again.get(&row.seq).copied()).await {
        // Whoever sends has been told.
        Err(halt @ (Halt::LeaseLost | Halt::Store(_))) => Err(halt),
        Err(halt) => {
            work.halt(halt);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// What a row becomes by what was read, and when it is looked at, or sent, again.
fn judge(
    row: &OperationRow,
    (snapshot, unread): (&Snapshot, &RoaringBitmap),
    now: Timestamp,
) -> (OperationRow, Option<Timestamp>) {
    let unread = unread.contains(row.change.account());
    let is_so = !unread && row.change.standing(snapshot) == Standing::So;
    let generation = Some(snapshot.generation());
    // What is not shown, or late, may be done all the same. Should it turn out to be so, it was our own doing.
    let doubtful = unread || is_queued(&row.change) || row.change.may_be_hidden(snapshot);
    let become_ = |state, why| OperationRow { state, why, generation, ..row.clone() };
    match row.state {
        // Where it would not be shown either way, only Atlassian's answer tells: it is asked for again.
        _ if is_so && (row.state == RowState::Done || !row.change.may_be_hidden(snapshot)) => {
            let ended_at = row.ended_at.or(Some(now));
            (OperationRow { ended_at, ..become_(RowState::Verified, None) }, None)
        }
        RowState::Done => match next_check(row, now) {
            Some(at) => (row.clone(), Some(at)),
            // A queue may be longer than its settling time; a state that shows at once was changed back.
            None if doubtful => (become_(RowState::Done, Some(Why::new("unverified", ""))), None),
            None => (become_(RowState::Reverted, Some(Why::new("reverted", ""))), None),
        },
        // What Atlassian does in its own time is waited for, before it is asked for again.
        RowState::Begun | RowState::Unknown if is_queued(&row.change) && unsettled(row, now).is_some() => {
            (row.clone(), unsettled(row, now))
        }
        RowState::Begun | RowState::Unknown if row.attempts < if doubtful { RESENT_UNSEEN } else { RESENT } => {
            let pause = SignedDuration::from_secs(i64::from(2u32.saturating_pow(row.attempts)).min(LONGEST_PAUSE));
            let again = now.checked_add(pause).unwrap_or(now);
            let why = doubtful.then(|| Why::new(NO_ANSWER, ""));
            (OperationRow { state: RowState::Planned, why, ..row.clone() }, Some(again))
        }
        _ => (OperationRow { ended_at: Some(now), ..become_(RowState::Failed, Some(Why::new("not_seen", ""))) }, None),
    }
}

/// When a row whose person Atlassian did not answer for is read again; `None` once that was tried for long.
fn unread_until(row: &OperationRow, now: Timestamp) -> Option<Timestamp> {
    let since = row.ended_at.or(row.begun_at)?;
    let last = since.checked_add(SignedDuration::try_from(settling(&row.change)).ok()? + UNREAD_FOR).ok()?;
    now.checked_add(UNREAD_PAUSE).ok().filter(|_| now < last)
}

/// When a row that may have been done is read back next, unless its settling time is over.
fn unsettled(row: &OperationRow, now: Timestamp) -> Option<Timestamp> {
    next_check(&OperationRow { ended_at: row.begun_at, ..row.clone() }, now)
}

fn is_queued(change: &Change) -> bool {
    !matches!(
        change,
        Change::AddToGroup { .. } | Change::RemoveFromGroup { .. } | Change::Suspend { .. } | Change::Restore { .. }
    )
}
