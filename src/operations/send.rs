//! One row and its request: whether it still fits what was just read, what is sent for it, and what it becomes by what came
//! of that. Nothing here sends.

use atlassian::effects::{Effect, Outcome, Refusal};
use atlassian::error::Error;
use atlassian::open::Role;
use atlassian::user::{AccountStatus, MembershipStatus, PlatformRole, User, UserStatus};
use directory::Snapshot;
use directory::act::{Change, NOBODY};
use jiff::{SignedDuration, Timestamp};

use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::apply::{Halt, Work};
use crate::operations::board::next_check;
use crate::operations::journal::{self, Subject, Turn};
use crate::operations::look;
use crate::sync::explain;

/// How often one row is sent before it is given up.
const ATTEMPTS: u32 = 6;
/// The code of a row that was sent, and of which nobody said what came of it.
pub(super) const NO_ANSWER: &str = "no_answer";

/// The code of a row of which nobody can tell whether it was so before.
pub(super) const PERHAPS_BEFORE: &str = "perhaps_before";

/// What a row becomes by what came of its request.
pub(super) struct Judged {
    /// The row before and after.
    pub turn: Turn,
    /// When it is tried again, or read back.
    pub again: Option<Timestamp>,
    /// What now stands against every further change.
    pub halt: Option<Halt>,
}

/// Judges what came of the request of a begun row. `hidden`: nothing that is read shows whether the state is as wanted.
pub(super) fn judge(row: &OperationRow, outcome: Outcome, (hidden, now): (bool, Timestamp)) -> Judged {
    let after = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now);
    let become_ = |state, why| OperationRow { state, why, ended_at: Some(now), ..row.clone() };
    let (mut again, mut halt) = (None, None);
    let next = match outcome {
        Outcome::AlreadySo if !may_be_ours(row) => become_(RowState::Already, None),
        // It is so, by a request before this one whose answer was lost, or since before the operation: nobody can tell.
        Outcome::AlreadySo if hidden => become_(RowState::Done, Some(Why::new(PERHAPS_BEFORE, ""))),
        Outcome::Done | Outcome::AlreadySo => {
            let done = become_(RowState::Done, None);
            again = next_check(&done, now);
            done
        }
        Outcome::Unknown(error) => {
            again = Some(after(2));
            become_(RowState::Unknown, Some(Why::new(NO_ANSWER, explain::sentence(&error))))
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
                again = Some(limited.map_or(pause, |at| at.max(after(1))));
                OperationRow { state: RowState::Planned, attempts, ..row.clone() }
            }
        }
        Outcome::Refused(refusal, error) => match explain::refused_key(&error) {
            Some(reason) => {
                halt = Some(Halt::Wait { until: after(3600), reason });
                OperationRow { state: RowState::Planned, attempts: row.attempts.saturating_sub(1), ..row.clone() }
            }
            // It may have been made by a request before this one, of which nobody said what came of it: reading tells.
            None if may_be_ours(row) => {
                again = Some(after(2));
                become_(RowState::Unknown, Some(Why::new(NO_ANSWER, explain::sentence(&error))))
            }
            None => become_(RowState::Failed, Some(Why::new(code(refusal), explain::sentence(&error)))),
        },
    };
    Judged { turn: (row.state, next), again, halt }
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

/// Whether a row was sent before without an answer, so that what is so may be its doing.
pub(super) fn may_be_ours(row: &OperationRow) -> bool {
    row.why.as_ref().is_some_and(|why| why.code == NO_ANSWER)
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
pub(super) enum Fit {
    /// Nothing stands against it.
    Yes,
    /// The state is as wanted.
    Already,
    /// Something has changed: the code of what.
    No(&'static str),
}

/// Whether a change still fits. Of groups only what is shown is believed, because lists of them may be cut off: leaving a
/// group that somebody has left already is answered so by upstream.
pub(super) fn fits(change: &Change, user: Option<&User>) -> Fit {
    let Some(user) = user else {
        return match change {
            Change::Invite { .. } => Fit::Yes,
            Change::RemoveFromDirectory { .. } => Fit::Already,
            // These are about the account, which may be outside every directory.
            Change::Deactivate { .. }
            | Change::Activate { .. }
            | Change::AssignRole { .. }
            | Change::RevokeRole { .. }
            | Change::CreateGroup { .. }
            | Change::DeleteGroup { .. } => Fit::Yes,
            _ => Fit::No("not_in_directory"),
        };
    };
    // Whoever has the address already is acted on as people are, with everything that protects them.
    if matches!(change, Change::Invite { .. }) {
        return Fit::No("known_address");
    }
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
pub(super) struct Sending {
    change: Change,
    account: String,
    directory: String,
    target: String,
    role: Option<Role>,
    /// Groups of an invitation.
    groups: Vec<String>,
}

impl Sending {
    pub(super) fn of(change: &Change, snapshot: &Snapshot) -> Option<Sending> {
        let target = match change {
            Change::AddToGroup { group, .. }
            | Change::RemoveFromGroup { group, .. }
            | Change::DeleteGroup { group, .. } => snapshot.group_row(*group)?.id.to_string(),
            Change::AssignRole { resource, .. } | Change::RevokeRole { resource, .. } => {
                snapshot.resources().get(*resource as usize)?.id.to_string()
            }
            _ => String::new(),
        };
        Some(Sending {
            change: change.clone(),
            account: match change.account() {
                NOBODY => String::new(),
                account => snapshot.account_id(account)?.to_string(),
            },
            directory: directory_of(change, snapshot).unwrap_or_default().to_owned(),
            target,
            role: change.role().map(|role| Role::from_text(role.as_str())),
            groups: match change {
                Change::Invite { invitation, .. } => {
                    let ids = invitation.groups.iter().map(|group| Some(snapshot.group_row(*group)?.id.to_string()));
                    ids.collect::<Option<_>>()?
                }
                _ => Vec::new(),
            },
        })
    }

    pub(super) fn effect(&self) -> Effect<'_> {
        let (directory, account, target) = (self.directory.as_str(), self.account.as_str(), self.target.as_str());
        let role = self.role.as_ref().unwrap_or(&Role::User);
        match &self.change {
            Change::CreateGroup { group, .. } => Effect::CreateGroup {
                directory,
                name: &group.name,
                description: Some(&*group.description).filter(|text| !text.is_empty()),
            },
            Change::DeleteGroup { .. } => Effect::DeleteGroup { directory, group: target },
            Change::Invite { invitation, .. } => Effect::Invite { email: &invitation.email, groups: &self.groups },
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
pub(super) fn directory_of<'s>(change: &Change, snapshot: &'s Snapshot) -> Option<&'s str> {
    let directory = match change {
        Change::AddToGroup { group, .. }
        | Change::RemoveFromGroup { group, .. }
        | Change::DeleteGroup { group, .. } => snapshot.group_row(*group)?.directory?,
        Change::CreateGroup { directory, .. }
        | Change::Invite { directory, .. }
        | Change::Suspend { directory, .. }
        | Change::Restore { directory, .. }
        | Change::RemoveFromDirectory { directory, .. } => *directory,
        _ => return None,
    };
    snapshot.directories().get(directory as usize).map(|directory| directory.id.as_str())
}

/// Who a row is about; `None` when it cannot be named any more.
pub(super) fn subject(row: &OperationRow, snapshot: &Snapshot) -> Option<Subject> {
    let sending = Sending::of(&row.change, snapshot)?;
    Some(Subject { account: sending.account, group: look::group(row).map(|_| sending.target) })
}
