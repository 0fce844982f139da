//! Makes a plan: selection times actions against a snapshot. Every rule that keeps somebody from being acted on is in
//! this file, in the order in which the reasons are named.

use columns::Ordinal;
use roaring::RoaringBitmap;

use super::action::{Action, Apps};
use super::change::{Change, NOBODY, Standing};
use super::circumstances::{Circumstances, KeyOwner, roles_read};
use super::footing::{Footing, opens};
use super::plan::{Plan, Row};
use super::seats::Stock;
use super::verdict::{Reason, Verdict};
use crate::access::{Role, RoleMethod};
use crate::account::{AccountType, PlatformRole, Status};
use crate::find::reach::Reach;
use crate::resource::OUTSIDE;
use crate::snapshot::Snapshot;

/// What a selection and its actions come to. Actions are planned one after the other: each sees what those before it
/// leave.
///
/// Accounts that the snapshot does not know are left out of the rows.
pub fn plan(snapshot: &Snapshot, selected: &RoaringBitmap, actions: &[Action], around: &Circumstances) -> Plan {
    let mut planner = Planner::new(snapshot, around);
    for account in selected {
        planner.person(account, Steps::Actions(actions));
    }
    let Planner { mut plan, .. } = planner;
    plan.generation = snapshot.generation();
    plan.selected = selected.clone();
    plan.seats.retain(|_, seats| *seats != 0);
    plan
}

/// What changes that are already known come to, such as those that take others back. Those of one person stand together,
/// in the order in which they are to be done, each with the place of the action it comes from.
pub fn plan_changes(snapshot: &Snapshot, changes: &[(u16, Change)], around: &Circumstances) -> Plan {
    let mut planner = Planner::new(snapshot, around);
    for of_one in changes.chunk_by(|(_, one), (_, other)| one.account() == other.account()) {
        let Some((_, first)) = of_one.first() else { continue };
        if first.account() == NOBODY {
            of_one.iter().for_each(|(place, change)| planner.of_nobody(*place, change.clone()));
            continue;
        }
        planner.person(first.account(), Steps::Changes(of_one));
        planner.plan.selected.insert(first.account());
    }
    let Planner { mut plan, .. } = planner;
    plan.generation = snapshot.generation();
    plan.seats.retain(|_, seats| *seats != 0);
    plan
}

/// Roles by which somebody administers an app or the organization.
fn administers(role: &Role) -> bool {
    matches!(role, Role::Admin | Role::UserAccessAdmin | Role::SiteAdmin | Role::OrganizationAdmin)
}

/// What is to be done with one person.
#[derive(Clone, Copy)]
enum Steps<'a> {
    Actions(&'a [Action]),
    Changes(&'a [(u16, Change)]),
}

struct Planner<'a> {
    snapshot: &'a Snapshot,
    around: &'a Circumstances,
    reach: &'a Reach,
    administrators: RoaringBitmap,
    /// By directory, whether its administrative roles were ever read.
    roles_read: Vec<bool>,
    footing: Footing<'a>,
    stock: Stock,
    plan: Plan,
    changes: Vec<Change>,
    /// Whether the rows of the person are changes that were made before, so that more is known of them than is read.
    were_made: bool,
}

impl<'a> Planner<'a> {
    fn new(snapshot: &'a Snapshot, around: &'a Circumstances) -> Planner<'a> {
        let reach = snapshot.index.reach(snapshot);
        Planner {
            snapshot,
            around,
            reach,
            administrators: snapshot.with_role(&PlatformRole::OrganizationAdmin),
            roles_read: roles_read(snapshot),
            footing: Footing::new(snapshot),
            stock: Stock::of(snapshot, reach),
            plan: Plan::default(),
            changes: Vec::new(),
            were_made: false,
        }
    }

    fn person(&mut self, account: Ordinal, steps: Steps<'_>) {
        self.footing.stand(account);
        self.were_made = matches!(steps, Steps::Changes(_));
        let refused = self.untouchable(account);
        let mut touched = false;
        let before = self.reach.seats.iter().zip(0..).filter(|(seats, _)| seats.contains(account));
        let before: Vec<Ordinal> = before.map(|(_, resource)| resource).collect();
        let opened = self.footing.is_active() && self.footing.roles().any(|(_, role)| opens(role));
        match steps {
            Steps::Actions(actions) => {
                for (action, place) in actions.iter().zip(0..) {
                    let mut changes = std::mem::take(&mut self.changes);
                    self.changes_of(action, &mut changes);
                    let lost = self.lost_besides(action, &changes);
                    for change in changes.drain(..) {
                        touched |= self.row(place, change, (refused.as_ref(), &lost));
                    }
                    self.changes = changes;
                }
            }
            Steps::Changes(changes) => {
                for (place, change) in changes {
                    touched |= self.row(*place, change.clone(), (refused.as_ref(), &[]));
                }
            }
        }
        if touched {
            self.plan.concerned.insert(account);
            let resources = 0..self.snapshot.resources().len() as Ordinal;
            let after: Vec<Ordinal> = resources.filter(|resource| self.footing.sits(*resource, self.reach)).collect();
            let freed = before.iter().filter(|resource| !after.contains(resource)).map(|resource| (*resource, 1));
            let taken = after.iter().filter(|resource| !before.contains(resource)).map(|resource| (*resource, -1));
            let seats: Vec<(Ordinal, i64)> = freed.chain(taken).collect();
            for (resource, freed) in &seats {
                *self.plan.seats.entry(*resource).or_default() += freed;
            }
            if opened && !(self.footing.is_active() && self.footing.roles().any(|(_, role)| opens(role))) {
                self.plan.left_without.insert(account);
            }
            self.stock.book(&self.footing, &seats);
        }
    }

    /// Adds a row; whether it will be done.
    fn row(&mut self, action: u16, change: Change, (refused, lost): (Option<&Reason>, &[Ordinal])) -> bool {
        let verdict = self.verdict(&change, refused, lost);
        let will_do = verdict == Verdict::WillDo;
        if will_do {
            self.footing.take(&change);
        }
        self.plan.rows.push(Row { action, change, verdict });
        will_do
    }

    /// Why nothing at all may be done to somebody.
    fn untouchable(&self, account: Ordinal) -> Option<Reason> {
        if self.administrators.contains(account) {
            return Some(Reason::OrganizationAdministrator);
        }
        let unread = |(read, directory): (&bool, Ordinal)| !read && self.footing.presence(directory).is_some();
        if self.roles_read.iter().zip(0..).any(unread) {
            return Some(Reason::RolesUnread);
        }
        match self.around.key_owner {
            KeyOwner::Unknown => return Some(Reason::KeyOwnerUnknown),
            KeyOwner::Account(owner) if owner == account => return Some(Reason::KeyOwner),
            KeyOwner::Account(_) | KeyOwner::Elsewhere => {}
        }
        if self.around.own == Some(account) {
            return Some(Reason::OwnAccount);
        }
        if self.around.protected_people.contains(account) {
            return Some(Reason::ProtectedPerson);
        }
        let row = self.snapshot.account_row(account);
        match row.and_then(|row| row.account_type) {
            Some(AccountType::App | AccountType::Customer) => Some(Reason::NotAPerson),
            _ if self.snapshot.best_presence(account).is_none() => Some(Reason::NotInDirectory),
            _ => None,
        }
    }

    /// What an action takes for the person as they now stand. Nothing, when everything it is about is so already and
    /// there is no one change to name.
    fn changes_of(&self, action: &Action, into: &mut Vec<Change>) {
        let account = self.footing.account;
        let snapshot = self.snapshot;
        let directories = || {
            let present = |(directory, named): &(Ordinal, &crate::resource::Directory)| {
                named.id.as_str() != OUTSIDE && self.footing.presence(*directory).is_some()
            };
            (0..).zip(snapshot.directories()).filter(present).map(|(directory, _)| directory)
        };
        match action {
            Action::RemoveAppAccess { apps, .. } => {
                let about = |resource: Ordinal| match apps {
                    Apps::All => true,
                    Apps::Chosen(chosen) => chosen.contains(&resource),
                };
                for group in &self.footing.groups {
                    if snapshot.grants(*group).iter().any(|grant| about(grant.resource) && opens(&grant.role)) {
                        into.push(Change::RemoveFromGroup { account, group: *group });
                    }
                }
                let direct = self.footing.direct.iter().filter(|direct| about(direct.resource) && opens(&direct.role));
                into.extend(direct.map(|direct| Change::RevokeRole {
                    account,
                    resource: direct.resource,
                    role: direct.role.clone(),
                }));
            }
            // Whoever opens the app by any way has what is asked for.
            Action::GrantAppAccessByGroup { resource, .. } | Action::GrantAppAccessByRole { resource, .. }
                if self.footing.roles().any(|(on, role)| on == *resource && opens(role)) => {}
            Action::GrantAppAccessByGroup { group, .. } => into.push(Change::AddToGroup { account, group: *group }),
            Action::GrantAppAccessByRole { resource, role } => {
                into.push(Change::AssignRole { account, resource: *resource, role: role.clone() });
            }
            Action::AddToGroups(groups) => {
                into.extend(groups.iter().map(|group| Change::AddToGroup { account, group: *group }));
            }
            Action::RemoveFromGroups(groups) => {
                into.extend(groups.iter().map(|group| Change::RemoveFromGroup { account, group: *group }));
            }
            Action::Suspend => into.extend(directories().map(|directory| Change::Suspend { account, directory })),
            Action::Restore => into.extend(directories().map(|directory| Change::Restore { account, directory })),
            Action::RemoveFromDirectory => {
                into.extend(directories().map(|directory| Change::RemoveFromDirectory { account, directory }));
            }
            Action::Deactivate => into.push(Change::Deactivate { account }),
            Action::Activate => into.push(Change::Activate { account }),
        }
    }

    /// Resources that leaving all these groups at once would take besides those asked for: the person has no other way
    /// to them, and nobody has allowed it.
    fn lost_besides(&self, action: &Action, changes: &[Change]) -> Vec<Ordinal> {
        let Action::RemoveAppAccess { apps: Apps::Chosen(chosen), also_lose } = action else { return Vec::new() };
        let left = |group: &Ordinal| {
            changes
                .iter()
                .any(|change| matches!(change, Change::RemoveFromGroup { group: leaves, .. } if leaves == group))
        };
        let stays = self.footing.groups.iter().filter(|group| !left(group));
        let stays: Vec<Ordinal> = stays
            .flat_map(|group| self.snapshot.grants(*group))
            .filter(|grant| opens(&grant.role))
            .map(|grant| grant.resource)
            .chain(self.footing.direct.iter().filter(|direct| opens(&direct.role)).map(|direct| direct.resource))
            .collect();
        let leaving = self.footing.groups.iter().filter(|group| left(group));
        let mut lost: Vec<Ordinal> = leaving
            .flat_map(|group| self.snapshot.grants(*group))
            .filter(|grant| opens(&grant.role))
            .map(|grant| grant.resource)
            .filter(|on| !chosen.contains(on) && !also_lose.contains(on) && !stays.contains(on))
            .collect();
        lost.sort_unstable();
        lost.dedup();
        lost
    }

    fn verdict(&self, change: &Change, refused: Option<&Reason>, lost: &[Ordinal]) -> Verdict {
        let standing = self.footing.standing(change);
        let takes = matches!(change, Change::RevokeRole { .. } | Change::RemoveFromGroup { .. });
        if standing == Standing::So && !(self.were_made && takes && change.may_be_hidden(self.snapshot)) {
            // A role that follows from another one stays, whatever is revoked: that is not what was asked for.
            return if self.is_inferred(change) { Verdict::Refused(Reason::InferredRole) } else { Verdict::AlreadySo };
        }
        if let Some(reason) = refused {
            return Verdict::Refused(reason.clone());
        }
        match self.against(change, standing, lost) {
            Some(reason) => Verdict::Refused(reason),
            None => Verdict::WillDo,
        }
    }

    /// What stands against this one change.
    fn against(&self, change: &Change, standing: Standing, lost: &[Ordinal]) -> Option<Reason> {
        match change {
            Change::AddToGroup { group, .. } => self.against_group(*group).or_else(|| {
                let directory = self.snapshot.group_row(*group).and_then(|row| row.directory);
                let inside = directory.is_some_and(|directory| self.footing.is_in(directory));
                if inside { self.no_seat(change) } else { Some(Reason::NotInDirectory) }
            }),
            Change::RemoveFromGroup { group, .. } => self.against_group(*group).or_else(|| {
                let grants = self.snapshot.grants(*group);
                let here: Vec<Ordinal> =
                    lost.iter().copied().filter(|lost| grants.iter().any(|grant| grant.resource == *lost)).collect();
                if here.is_empty() { self.last(change) } else { Some(Reason::WouldAlsoLose(here)) }
            }),
            Change::AssignRole { resource, .. } => {
                if self.snapshot.resources().get(*resource as usize).is_none() {
                    return Some(Reason::AppGone);
                }
                if !self.footing.is_active() {
                    let best = self.snapshot.best_presence(self.footing.account);
                    return Some(Reason::InState(best.and_then(|presence| presence.status.clone())));
                }
                self.no_seat(change)
            }
            Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => {
                self.against_change_of_nobody(change)
            }
            Change::RevokeRole { .. } if self.is_inferred(change) => Some(Reason::InferredRole),
            Change::RevokeRole { .. } => self.last(change),
            Change::Suspend { directory, .. } | Change::Restore { directory, .. } => match standing {
                _ if self.footing.is_deactivated() => Some(Reason::InState(Some(Status::Deactivated))),
                Standing::Neither => Some(self.in_state(*directory)),
                _ if matches!(change, Change::Suspend { .. }) => self.last(change),
                _ => self.no_seat(change),
            },
            Change::RemoveFromDirectory { .. } => self.last(change),
            Change::Deactivate { account } | Change::Activate { account } => {
                if !self.footing.is_managed() {
                    return Some(Reason::NotManaged);
                }
                if standing == Standing::Neither {
                    let best = self.snapshot.best_presence(*account);
                    return Some(Reason::InState(best.and_then(|presence| presence.status.clone())));
                }
                match change {
                    Change::Deactivate { .. } => self.last(change),
                    _ => self.no_seat(change),
                }
            }
        }
    }

    /// Whether it revokes a role that the person also has because it follows from another one.
    fn is_inferred(&self, change: &Change) -> bool {
        let Change::RevokeRole { resource, role, .. } = change else { return false };
        let mut direct = self.footing.direct.iter();
        direct.any(|own| own.resource == *resource && own.role == *role && own.method != RoleMethod::Direct)
    }

    /// Adds a row that is about nobody: about a group as such, or about somebody who is not there yet.
    fn of_nobody(&mut self, action: u16, change: Change) {
        let verdict = match change.standing(self.snapshot) {
            Standing::So => Verdict::AlreadySo,
            _ => self.against_change_of_nobody(&change).map_or(Verdict::WillDo, Verdict::Refused),
        };
        self.plan.rows.push(Row { action, change, verdict });
    }

    /// What stands against making or deleting a group, and against an invitation. Atlassian deletes neither default groups nor those that grant
    /// administration (reference, section 8: 403-6, 403-7).
    fn against_change_of_nobody(&self, change: &Change) -> Option<Reason> {
        match change {
            Change::CreateGroup { directory, .. } => {
                let known = self.snapshot.directories().get(*directory as usize);
                known.is_none_or(|known| known.id.as_str() == OUTSIDE).then_some(Reason::DirectoryGone)
            }
            Change::DeleteGroup { group, members } => self.against_group(*group).or_else(|| {
                let grants = self.snapshot.grants(*group);
                if grants.iter().any(|grant| grant.default) {
                    return Some(Reason::DefaultGroup);
                }
                let known = self.snapshot.group_row(*group).and_then(|row| row.group.as_ref());
                if known.is_some_and(|known| known.deletable == Some(false)) {
                    return Some(Reason::GroupNotDeletable);
                }
                if grants.iter().any(|grant| administers(&grant.role)) {
                    return Some(Reason::AdministrativeGroup);
                }
                let now = self.snapshot.memberships().members(*group).len();
                (now != *members).then_some(Reason::MembersChanged)
            }),
            Change::Invite { directory, invitation } => {
                let elsewhere = |group: &Ordinal| {
                    self.snapshot.group_row(*group).is_none_or(|row| row.directory != Some(*directory))
                };
                if invitation.groups.is_empty() || invitation.groups.iter().any(elsewhere) {
                    return Some(Reason::GroupGone);
                }
                let accounts = 0..self.snapshot.accounts_len() as Ordinal;
                let mut known = accounts.filter(|one| self.snapshot.email_key(*one) == Some(&*invitation.email));
                if known.any(|account| self.snapshot.best_presence(account).is_some()) {
                    return Some(Reason::KnownAddress);
                }
                invitation.groups.iter().find_map(|group| self.against_group(*group))
            }
            _ => None,
        }
    }

    fn against_group(&self, group: Ordinal) -> Option<Reason> {
        let Some(named) = self.snapshot.group_row(group).and_then(|row| row.group.as_ref()) else {
            return Some(Reason::GroupGone);
        };
        if named.is_synced() {
            Some(Reason::SyncedGroup)
        } else if named.modifiable == Some(false) {
            Some(Reason::GroupNotModifiable)
        } else if self.around.protected_groups.contains(group) {
            Some(Reason::ProtectedGroup)
        } else {
            None
        }
    }

    fn in_state(&self, directory: Ordinal) -> Reason {
        match self.footing.presence(directory) {
            Some(presence) => Reason::InState(presence.status.clone()),
            None => Reason::NotInDirectory,
        }
    }

    /// Whether the change would leave something without an administrator.
    fn last(&self, change: &Change) -> Option<Reason> {
        if !self.stock.is_last_of_anything(self.footing.account) {
            return None;
        }
        let after = self.footing.after(change);
        if let Some(resource) = self.stock.last_administrator(&after) {
            return Some(Reason::LastAdministrator(resource));
        }
        self.stock.last_holder(&after).then_some(Reason::LastPlatformRole)
    }

    /// Whether the change needs a seat that is not there.
    fn no_seat(&self, change: &Change) -> Option<Reason> {
        let mut full = self.stock.full().peekable();
        full.peek()?;
        let after = self.footing.after(change);
        full.find(|resource| after.sits(*resource, self.reach) && !self.footing.sits(*resource, self.reach))
            .map(Reason::NoSeatLeft)
    }
}
