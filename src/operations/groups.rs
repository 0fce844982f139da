//! Groups as such: making, deleting, and what takes that back. Each is a row of a plan like any other, of nobody; who is to
//! be a member of a group that was made comes after it, as an operation on people.

use std::collections::BTreeSet;

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::scope::Scope;
use atlassian::user::User;
use atlassian::{groups, users};
use directory::act::{Action, Change, NewGroup};
use directory::{AccountId, GroupId, Ordinal, Snapshot};

use crate::id::{Entropy, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::operation::{OperationKind, Selection};
use crate::nouns::operation_row::{OperationRow, RowState};
use crate::nouns::scope::Targets;
use crate::operations::apply::Work;
use crate::operations::look;
use crate::operations::plan::{self, NotPlanned, Steps, Wanted};
use crate::operations::undo::over;
use crate::store::operations::NewOperation;

/// The most groups that one operation deletes.
pub const MOST: usize = 500;
/// The longest name of a group, in characters.
pub const LONGEST_NAME: usize = 255;

/// What is to be done with groups as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupsWanted {
    /// A group is made.
    Create {
        /// Where.
        directory: Ordinal,
        /// Which.
        group: NewGroup,
    },
    /// Groups are deleted, with their memberships and what they grant.
    Delete(Vec<GroupId>),
}

/// Plans changes of groups as such, and keeps the plan. Nothing is sent.
///
/// # Errors
/// Why there is no plan.
pub async fn plan(
    context: &Context,
    mirror: &Mirror,
    (wanted, own): (GroupsWanted, Option<AccountId>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let snapshot = mirror.newest().await?;
    if snapshot.generation() == 0 {
        return Err(NotPlanned::NothingRead);
    }
    let changes: Vec<(u16, Change)> = match wanted {
        GroupsWanted::Create { group, .. } if group.name.is_empty() || group.name.chars().count() > LONGEST_NAME => {
            return Err(NotPlanned::NoAction);
        }
        GroupsWanted::Create { directory, group } => vec![(0, Change::CreateGroup { directory, group })],
        GroupsWanted::Delete(groups) if groups.len() > MOST => return Err(NotPlanned::TooMany),
        GroupsWanted::Delete(groups) => {
            let known: BTreeSet<Ordinal> = groups.iter().filter_map(|id| snapshot.group(id.as_str())).collect();
            let delete = |group| Change::DeleteGroup { group, members: snapshot.memberships().members(group).len() };
            known.into_iter().map(|group| (0, delete(group))).collect()
        }
    };
    if changes.is_empty() {
        return Err(NotPlanned::Nothing);
    }
    let of = (OperationKind::Operation, Selection::People(Vec::new()), None);
    let new = NewOperation { own, ..plan::new(context, of, Vec::new(), entropy) };
    let steps = Steps::Changes(changes, Vec::new());
    plan::keep(context, mirror, (new, steps, &snapshot), (request_key, entropy)).await
}

/// A group that an operation has made after another one, with whoever is to be its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Following {
    /// The group that was made.
    pub group: Ordinal,
    /// Who was in the group it was made after, as the operation found it.
    pub members: Vec<AccountId>,
}

/// Groups that an ended operation has made after others, with the members that these had.
///
/// # Errors
/// There is no such operation, or it is not over.
pub async fn following(mirror: &Mirror, id: &OperationId) -> Result<Vec<Following>, NotPlanned> {
    let (operation, rows) = over(mirror, id).await?;
    let newest = mirror.newest().await?;
    // What took a deletion back finds the members where the deletion found them.
    let generation = match &operation.of {
        Some(of) => over(mirror, of).await?.0.plan.generation,
        None => operation.plan.generation,
    };
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| row.state.is_ours() || row.state == RowState::Already) {
        let Change::CreateGroup { directory, group } = &row.change else { continue };
        let (Some(made), Some(like)) = (group.find(*directory, &newest), group.like) else { continue };
        let before = mirror.of_generation(generation).await?;
        let members = before.memberships().members(like);
        let members = members.iter().filter(|account| !newest.memberships().contains(*account, made));
        let members: Vec<AccountId> = members.filter_map(|account| before.account_id(account)).collect();
        if !members.is_empty() {
            found.push(Following { group: made, members });
        }
    }
    Ok(found)
}

/// Plans that the groups that an operation has made after others get the members of those.
///
/// # Errors
/// Why there is no plan.
pub async fn follow(
    context: &Context,
    mirror: &Mirror,
    (id, own): (&OperationId, Option<AccountId>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let Some(first) = following(mirror, id).await?.into_iter().next() else { return Err(NotPlanned::Nothing) };
    let actions = vec![Action::AddToGroups(vec![first.group])];
    let wanted = Wanted { selection: Selection::People(first.members), actions, own };
    plan::plan(context, mirror, wanted, (request_key, entropy)).await
}

/// What takes a change of a group back, by the names of the snapshot before it; `None` when nothing is left to take back.
pub(super) fn inverse(change: &Change, (before, newest): (&Snapshot, &Snapshot)) -> Option<Change> {
    match change {
        Change::CreateGroup { directory, group } => {
            let made = group.find(*directory, newest)?;
            Some(Change::DeleteGroup { group: made, members: newest.memberships().members(made).len() })
        }
        Change::DeleteGroup { group, .. } => {
            let row = before.group_row(*group)?;
            let (known, directory) = (row.group.as_ref()?, row.directory?);
            let description = known.description.as_deref().unwrap_or_default();
            let made = NewGroup::new(&known.name, description, Some(*group));
            Some(Change::CreateGroup { directory, group: made })
        }
        Change::Invite { directory, invitation } => {
            let account = invitation.find(*directory, newest)?;
            Some(Change::RemoveFromDirectory { account, directory: *directory })
        }
        _ => None,
    }
}

/// Whom and what rows speak of that has no number yet when they are sent: groups that were made, by their names, and people
/// who were invited, by their addresses. And groups that were deleted.
pub(super) async fn by_name(work: &Work, rows: &[OperationRow]) -> Result<Targets, Error> {
    let snapshot = work.snapshot();
    let mut found = Targets { people: Vec::new(), groups: Vec::new() };
    for row in rows {
        match &row.change {
            Change::CreateGroup { directory, group } => {
                let Some(home) = snapshot.directories().get(*directory as usize) else { continue };
                let scope = Scope::directory(work.mirror.organization().atlassian_id.clone(), home.id.as_str());
                let names = [group.name.to_string()];
                let page = groups::by_names(&work.client, &scope, Class::PreOperation, &names).await?;
                found.groups.extend(page.records.iter().filter_map(|group| GroupId::new(&group.id).ok()));
            }
            Change::Invite { invitation, .. } => {
                let page = holders_of(work, &invitation.email).await?;
                found.people.extend(page.iter().filter_map(|user| AccountId::new(&user.account_id).ok()));
            }
            Change::DeleteGroup { .. } => {
                let group = look::group(row).and_then(|group| snapshot.group_row(group));
                found.groups.extend(group.map(|group| group.id.clone()));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Who has an address.
async fn holders_of(work: &Work, email: &str) -> Result<Vec<User>, Error> {
    let scope = Scope::directory(work.mirror.organization().atlassian_id.clone(), "-");
    let page = users::by_emails(&work.client, &scope, Class::PreOperation, &[email.to_owned()]).await?;
    Ok(page.records)
}
