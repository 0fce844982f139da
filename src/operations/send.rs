//! Sending: a batch of rows, at most one of each person. Who was not read within the last minute is read first; then the
//! intents are kept; then the requests leave side by side, as the client's pace allows; then what came of each is kept.

use std::collections::{BTreeMap, BTreeSet};

use atlassian::call::{Class, Departure};
use atlassian::effects::{self, Effect, Outcome, Refusal};
use atlassian::error::Error;
use atlassian::open::Role;
use atlassian::scope::Scope;
use atlassian::user::{AccountStatus, MembershipStatus, PlatformRole, User, UserStatus};
use atlassian::users;
use directory::act::Change;
use directory::{Ordinal, Snapshot};
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::apply::{Halt, Work};
use crate::operations::board::{Next, next_check};
use crate::operations::journal::{self, Subject, Turn};
use crate::operations::look;
use crate::sync::ended::Ended;
use crate::sync::explain;

/// How often one row is sent before it is given up.
const ATTEMPTS: u32 = 6;
/// How long the worker looks away at the most while it waits for its next row.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);
/// A wait that is longer than this gives the operation's job back.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// Sends whatever is to be sent until nothing is left, or something stands against it.
pub(super) async fn send_all(work: &Work) {
    loop {
        if work.is_halted() {
            break;
        }
        let now = work.clock.now();
        let (batch, next) = {
            let mut board = work.board();
            let batch = board.next(now);
            (batch, board.next_send())
        };
        if !batch.is_empty() {
            if let Err(halt) = send(work, batch).await {
                work.halt(halt);
            }
            continue;
        }
        match next {
            Next::Nothing => break,
            Next::Now => {}
            Next::At(at) if at.duration_since(now) > PATIENCE => {
                let reason = format!("Waiting for Atlassian until {at}.");
                work.halt(Halt::Wait { until: at, reason });
            }
            Next::At(at) => {
                let ahead = std::time::Duration::try_from(at.duration_since(now)).unwrap_or_default();
                work.clock.sleep(ahead.min(LOOK).max(std::time::Duration::from_millis(1))).await;
            }
            Next::Held => work.clock.sleep(LOOK).await,
        }
    }
    work.sending_is_over();
}

async fn send(work: &Work, batch: Vec<OperationRow>) -> Result<(), Halt> {
    let snapshot = work.snapshot();
    let now = work.clock.now();
    let stale: Vec<&OperationRow> =
        batch.iter().filter(|row| work.board().is_stale(row.change.account(), now)).collect();
    let found = match probe(work, &snapshot, &stale).await {
        Ok(found) => found,
        Err(error) => {
            batch.iter().for_each(|row| work.board().put_back(row.change.account(), None));
            return Err(Halt::from(Ended::from(error)));
        }
    };
    let (mut fit, mut turns): (Vec<(OperationRow, Subject)>, Vec<Turn>) = Default::default();
    let now = work.clock.now();
    for row in batch {
        let verdict = match found.get(&row.seq) {
            None => Fit::Yes,
            Some(user) => fits(&row.change, user.as_ref()),
        };
        let settled = |state, why| OperationRow { state, why, ended_at: Some(now), ..row.clone() };
        match (verdict, subject(&row, &snapshot)) {
            (Fit::Yes, Some(subject)) => fit.push((row, subject)),
            (Fit::Yes, None) => turns.push((row.state, settled(RowState::Skipped, Some(Why::new("changed", "gone"))))),
            (Fit::Already, _) => turns.push((row.state, settled(RowState::Already, None))),
            (Fit::No(code), _) => {
                turns.push((row.state, settled(RowState::Skipped, Some(Why::new("changed", code)))));
            }
        }
    }
    finish(work, turns, |_| None).await?;
    if fit.is_empty() {
        return Ok(());
    }
    let people: Vec<Ordinal> = fit.iter().map(|(row, _)| row.change.account()).collect();
    let begun = match journal::begin(work, fit, work.clock.now()).await? {
        Ok(begun) => begun,
        Err(halt) => {
            people.into_iter().for_each(|account| work.board().put_back(account, None));
            return Err(halt);
        }
    };
    let mut to_send = Vec::new();
    for row in begun {
        work.board().take(row.clone(), None);
        if row.state == RowState::Begun {
            to_send.push(row);
        }
    }
    let outcomes = leave(work, &snapshot, to_send).await;
    judge(work, outcomes).await
}

/// Lets the requests of begun rows leave, side by side. One that is still waiting for its turn when something stands
/// against it never leaves.
async fn leave(work: &Work, snapshot: &Snapshot, rows: Vec<OperationRow>) -> Vec<(OperationRow, Outcome)> {
    let mut sends = JoinSet::new();
    for row in rows {
        let Some(sending) = Sending::of(&row.change, snapshot) else { continue };
        let (client, organization) = (work.client.clone(), work.mirror.organization().atlassian_id.clone());
        let mut halted = work.halted();
        sends.spawn(async move {
            let departure = Departure::default();
            let effect = sending.effect();
            let mut sent = std::pin::pin!(effects::send_unless(&client, &organization, &effect, &departure));
            let sent = tokio::select! {
                biased;
                sent = &mut sent => sent,
                () = async { drop(halted.wait_for(|halted| *halted).await) } => {
                    if departure.take_back() {
                        let endpoint = effect.endpoint();
                        return (row, Outcome::NotSent(Error::TakenBack { endpoint }));
                    }
                    sent.await
                }
            };
            (row, sent.outcome)
        });
    }
    let mut outcomes = Vec::new();
    while let Some(sent) = sends.join_next().await {
        // A task that broke off leaves its row begun: it is read back when the operation is taken up again.
        outcomes.extend(sent.ok());
    }
    outcomes
}

async fn judge(work: &Work, outcomes: Vec<(OperationRow, Outcome)>) -> Result<(), Halt> {
    let now = work.clock.now();
    let (mut turns, mut again): (Vec<Turn>, BTreeMap<u64, Timestamp>) = Default::default();
    let mut halt = None;
    for (row, outcome) in outcomes {
        let after = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
        let become_ = |state, why| OperationRow { state, why, ended_at: Some(now), ..row.clone() };
        let next = match outcome {
            Outcome::Done => {
                let done = become_(RowState::Done, None);
                again.extend(next_check(&done, now).map(|at| (row.seq, at)));
                done
            }
            Outcome::AlreadySo => become_(RowState::Already, None),
            Outcome::Unknown(error) => {
                again.insert(row.seq, after(2));
                become_(RowState::Unknown, Some(Why::new("no_answer", explain::sentence(&error))))
            }
            Outcome::NotSent(Error::TakenBack { .. }) => {
                OperationRow { state: RowState::Planned, attempts: row.attempts.saturating_sub(1), ..row.clone() }
            }
            Outcome::NotSent(error) => {
                // Waiting for a limit is no attempt that failed.
                let limited = error.retry_at();
                let attempts = if limited.is_some() { row.attempts.saturating_sub(1) } else { row.attempts };
                if attempts >= ATTEMPTS {
                    become_(RowState::Failed, Some(Why::new("unreachable", explain::sentence(&error))))
                } else {
                    let pause = after(i64::from(2u32.saturating_pow(attempts.min(8))));
                    again.insert(row.seq, limited.map_or(pause, |at| at.max(after(1))));
                    OperationRow { state: RowState::Planned, attempts, ..row.clone() }
                }
            }
            Outcome::Refused(refusal, error) => match explain::refused_key(&error) {
                Some(reason) => {
                    let until = after(3600);
                    halt = Some(Halt::Wait { until, reason });
                    OperationRow { state: RowState::Planned, attempts: row.attempts.saturating_sub(1), ..row.clone() }
                }
                None => become_(RowState::Failed, Some(Why::new(code(refusal), explain::sentence(&error)))),
            },
        };
        turns.push((row.state, next));
    }
    finish(work, turns, |row| again.get(&row.seq).copied()).await?;
    halt.map_or(Ok(()), Err)
}

/// Keeps what became of rows, and puts it on the board.
pub(super) async fn finish(
    work: &Work,
    turns: Vec<Turn>,
    again: impl Fn(&OperationRow) -> Option<Timestamp>,
) -> Result<(), Halt> {
    let rows: Vec<OperationRow> = turns.iter().map(|(_, row)| row.clone()).collect();
    let halt = journal::record(work, turns, work.clock.now()).await?;
    for row in rows {
        let at = again(&row);
        work.board().take(row, at);
    }
    halt.map_or(Ok(()), Err)
}

fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoSeat => "no_seat",
        Refusal::NotManageable => "not_manageable",
        Refusal::KeyNotAllowed => "key_not_allowed",
        Refusal::NotFound => "not_found",
        Refusal::Other => "refused_upstream",
    }
}

/// How a row stands to what was just read about its person.
enum Fit {
    /// Nothing stands against it.
    Yes,
    /// The state is as wanted.
    Already,
    /// Something has changed: the code of what.
    No(&'static str),
}

/// What upstream says now about the people of rows, in the directory that each row speaks of: `None` for whoever is not
/// there.
async fn probe(work: &Work, snapshot: &Snapshot, rows: &[&OperationRow]) -> Result<BTreeMap<u64, Option<User>>, Error> {
    let mut asked: BTreeMap<String, Vec<(u64, Ordinal, String)>> = BTreeMap::new();
    for row in rows {
        let account = row.change.account();
        let Some(id) = snapshot.account_id(account) else { continue };
        let directory = directory_of(&row.change, snapshot).unwrap_or("-");
        asked.entry(directory.to_owned()).or_default().push((row.seq, account, id.to_string()));
    }
    let mut found = BTreeMap::new();
    let organization = &work.mirror.organization().atlassian_id;
    for (directory, asked) in asked {
        let scope = Scope::directory(organization.clone(), directory);
        for some in asked.chunks(users::ACCOUNT_IDS_AT_ONCE) {
            let ids: Vec<String> =
                some.iter().map(|(.., id)| id.clone()).collect::<BTreeSet<_>>().into_iter().collect();
            let at = work.clock.now();
            let page = users::by_account_ids(&work.client, &scope, Class::PreOperation, &ids).await?;
            let unreadable = !page.quarantined.is_empty();
            for (seq, account, id) in some {
                let user = page.records.iter().find(|user| user.account_id == *id).cloned();
                if user.is_some() || !unreadable {
                    found.insert(*seq, user);
                    work.board().was_read([*account], at);
                }
            }
        }
    }
    Ok(found)
}

/// Whether a change still fits. Of groups only what is shown is believed, because lists of them may be cut off: leaving a
/// group that somebody has left already is answered so by upstream.
fn fits(change: &Change, user: Option<&User>) -> Fit {
    let Some(user) = user else {
        return match change {
            Change::RemoveFromDirectory { .. } => Fit::Already,
            // These are about the account, which may be outside every directory.
            Change::Deactivate { .. }
            | Change::Activate { .. }
            | Change::AssignRole { .. }
            | Change::RevokeRole { .. } => Fit::Yes,
            _ => Fit::No("not_in_directory"),
        };
    };
    match &user.platform_roles {
        None => return Fit::No("roles_unread"),
        Some(roles) if roles.contains(&PlatformRole::OrganizationAdmin) => return Fit::No("organization_admin"),
        Some(_) => {}
    }
    let suspended =
        user.status == Some(UserStatus::Suspended) || user.membership_status == Some(MembershipStatus::Suspended);
    let active = user.status == Some(UserStatus::Active);
    match change {
        Change::Suspend { .. } | Change::Restore { .. } if suspended == active => Fit::No("in_state"),
        Change::Suspend { .. } if suspended => Fit::Already,
        Change::Restore { .. } if active => Fit::Already,
        Change::Deactivate { .. } if user.account_status == Some(AccountStatus::Inactive) => Fit::Already,
        Change::Activate { .. } if user.account_status == Some(AccountStatus::Active) => Fit::Already,
        _ => Fit::Yes,
    }
}

/// A change by Atlassian's ids.
struct Sending {
    change: Change,
    account: String,
    directory: String,
    target: String,
    role: Option<Role>,
}

impl Sending {
    fn of(change: &Change, snapshot: &Snapshot) -> Option<Sending> {
        let target = match change {
            Change::AddToGroup { group, .. } | Change::RemoveFromGroup { group, .. } => {
                snapshot.group_row(*group)?.id.to_string()
            }
            Change::AssignRole { resource, .. } | Change::RevokeRole { resource, .. } => {
                snapshot.resources().get(*resource as usize)?.id.to_string()
            }
            _ => String::new(),
        };
        Some(Sending {
            change: change.clone(),
            account: snapshot.account_id(change.account())?.to_string(),
            directory: directory_of(change, snapshot).unwrap_or_default().to_owned(),
            target,
            role: change.role().map(|role| Role::from_text(role.as_str())),
        })
    }

    fn effect(&self) -> Effect<'_> {
        let (directory, account, target) = (self.directory.as_str(), self.account.as_str(), self.target.as_str());
        let role = self.role.as_ref().unwrap_or(&Role::User);
        match self.change {
            Change::AddToGroup { .. } => Effect::AddMember { directory, group: target, account },
            Change::RemoveFromGroup { .. } => Effect::RemoveMember { directory, group: target, account },
            Change::AssignRole { .. } => Effect::AssignRole { account, resource: target, role },
            Change::RevokeRole { .. } => Effect::RevokeRole { account, resource: target, role },
            Change::Suspend { .. } => Effect::Suspend { directory, account },
            Change::Restore { .. } => Effect::Restore { directory, account },
            Change::RemoveFromDirectory { .. } => Effect::RemoveUser { directory, account },
            Change::Deactivate { .. } => Effect::Deactivate { account },
            Change::Activate { .. } => Effect::Activate { account },
        }
    }
}

/// The id of the directory that a change speaks of.
fn directory_of<'s>(change: &Change, snapshot: &'s Snapshot) -> Option<&'s str> {
    let directory = match change {
        Change::AddToGroup { group, .. } | Change::RemoveFromGroup { group, .. } => {
            snapshot.group_row(*group)?.directory?
        }
        Change::Suspend { directory, .. }
        | Change::Restore { directory, .. }
        | Change::RemoveFromDirectory { directory, .. } => *directory,
        _ => return None,
    };
    snapshot.directories().get(directory as usize).map(|directory| directory.id.as_str())
}

/// Who a row is about; `None` when it cannot be named any more.
fn subject(row: &OperationRow, snapshot: &Snapshot) -> Option<Subject> {
    let sending = Sending::of(&row.change, snapshot)?;
    Some(Subject { account: sending.account, group: look::group(row).map(|_| sending.target) })
}
