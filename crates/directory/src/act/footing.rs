//! How one person stands while a plan is made: the snapshot's state with the rows planned so far. Used again for the
//! next person, so that planning a hundred thousand of them allocates little.

use columns::Ordinal;

use super::change::{Change, Standing};
use crate::access::{DirectRole, Grant, Role, RoleMethod, seat};
use crate::account::{AccountStatus, AccountType, Claimed, Presence, Status};
use crate::find::reach::Reach;
use crate::snapshot::Snapshot;

/// One person in the middle of a plan.
pub(super) struct Footing<'s> {
    snapshot: &'s Snapshot,
    pub(super) account: Ordinal,
    pub(super) groups: Vec<Ordinal>,
    pub(super) direct: Vec<DirectRole>,
    /// By directory, what the rows planned so far make of somebody's presence; `None` where they say nothing.
    moved: Vec<Option<Moved>>,
    /// What they make of the account itself.
    account_active: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    Suspended,
    Active,
    Out,
}

impl<'s> Footing<'s> {
    pub(super) fn new(snapshot: &'s Snapshot) -> Footing<'s> {
        let moved = vec![None; snapshot.directories().len()];
        Footing { snapshot, account: 0, groups: Vec::new(), direct: Vec::new(), moved, account_active: None }
    }

    /// Begins with the next person, as the snapshot has them.
    pub(super) fn stand(&mut self, account: Ordinal) {
        self.account = account;
        self.groups.clear();
        self.groups.extend_from_slice(self.snapshot.memberships().of(account));
        self.direct.clear();
        self.direct.extend_from_slice(self.snapshot.direct_roles(account));
        self.moved.fill(None);
        self.account_active = None;
    }

    pub(super) fn presence(&self, directory: Ordinal) -> Option<&'s Presence> {
        self.snapshot.presence(directory, self.account)
    }

    /// Whether the person is in the directory once everything planned so far is done.
    pub(super) fn is_in(&self, directory: Ordinal) -> bool {
        let moved = self.moved.get(directory as usize).copied().flatten();
        moved != Some(Moved::Out) && self.presence(directory).is_some()
    }

    pub(super) fn is_managed(&self) -> bool {
        self.snapshot.account_row(self.account).is_some_and(|row| row.claimed == Some(&Claimed::Managed))
    }

    /// How a change stands once everything planned so far is done.
    pub(super) fn standing(&self, change: &Change) -> Standing {
        let either = |so: bool| if so { Standing::So } else { Standing::NotSo };
        let moved = |directory: &Ordinal| self.moved.get(*directory as usize).copied().flatten();
        match change {
            Change::AddToGroup { group, .. } => either(self.groups.contains(group)),
            Change::RemoveFromGroup { group, .. } => either(!self.groups.contains(group)),
            Change::AssignRole { resource, role, .. } => either(self.holds_directly(*resource, role)),
            Change::RevokeRole { resource, role, .. } => either(!self.holds_directly(*resource, role)),
            Change::Suspend { directory, .. } => match moved(directory) {
                Some(Moved::Suspended) => Standing::So,
                Some(Moved::Active) => Standing::NotSo,
                Some(Moved::Out) => Standing::Neither,
                None => change.standing(self.snapshot),
            },
            Change::Restore { directory, .. } => match moved(directory) {
                Some(Moved::Suspended) => Standing::NotSo,
                Some(Moved::Active) => Standing::So,
                Some(Moved::Out) => Standing::Neither,
                None => change.standing(self.snapshot),
            },
            Change::RemoveFromDirectory { directory, .. } => match moved(directory) {
                Some(Moved::Out) => Standing::So,
                _ => change.standing(self.snapshot),
            },
            Change::Deactivate { .. } => match self.account_active {
                Some(active) => either(!active),
                None => change.standing(self.snapshot),
            },
            Change::Activate { .. } => match self.account_active {
                Some(active) => either(active),
                None => change.standing(self.snapshot),
            },
            Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => {
                change.standing(self.snapshot)
            }
        }
    }

    /// Takes a change for done.
    pub(super) fn take(&mut self, change: &Change) {
        let mut move_in = |directory: &Ordinal, to: Moved| {
            if let Some(moved) = self.moved.get_mut(*directory as usize) {
                *moved = Some(to);
            }
        };
        match change {
            Change::AddToGroup { group, .. } => self.groups.push(*group),
            Change::RemoveFromGroup { group, .. } => self.groups.retain(|member| member != group),
            Change::AssignRole { resource, role, .. } => {
                self.direct.push(DirectRole { resource: *resource, role: role.clone(), method: RoleMethod::Direct });
            }
            Change::RevokeRole { resource, role, .. } => self.direct.retain(|direct| !is(direct, *resource, role)),
            Change::Suspend { directory, .. } => move_in(directory, Moved::Suspended),
            Change::Restore { directory, .. } => move_in(directory, Moved::Active),
            Change::RemoveFromDirectory { directory, .. } => {
                move_in(directory, Moved::Out);
                let snapshot = self.snapshot;
                let stays =
                    |group: &Ordinal| snapshot.group_row(*group).is_some_and(|row| row.directory != Some(*directory));
                self.groups.retain(stays);
                // Whoever is in no directory any more has no roles left either.
                if !(0..self.moved.len() as Ordinal).any(|directory| self.is_in(directory)) {
                    self.direct.clear();
                }
            }
            Change::Deactivate { .. } => self.account_active = Some(false),
            Change::Activate { .. } => self.account_active = Some(true),
            // These are about nobody.
            Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => {}
        }
    }

    /// The person once one more change is done.
    pub(super) fn after(&self, change: &Change) -> Footing<'s> {
        let mut after = Footing {
            snapshot: self.snapshot,
            account: self.account,
            groups: self.groups.clone(),
            direct: self.direct.clone(),
            moved: self.moved.clone(),
            account_active: self.account_active,
        };
        after.take(change);
        after
    }

    /// Whether the person can work somewhere once everything planned so far is done.
    pub(super) fn is_active(&self) -> bool {
        if self.account_active == Some(false) {
            return false;
        }
        let active = |(moved, directory): (&Option<Moved>, Ordinal)| match moved {
            Some(Moved::Active) => true,
            Some(Moved::Suspended | Moved::Out) => false,
            None => self.presence(directory).is_some_and(|presence| match &presence.status {
                Some(Status::Active) => true,
                // Whoever is activated again is active where nothing else stands against it.
                Some(Status::Deactivated) => self.account_active == Some(true),
                _ => false,
            }),
        };
        self.moved.iter().zip(0..).any(active)
    }

    /// Whether the account is deactivated once everything planned so far is done.
    pub(super) fn is_deactivated(&self) -> bool {
        let row = || self.snapshot.account_row(self.account);
        match self.account_active {
            Some(active) => !active,
            None => row().is_some_and(|row| row.account_status == Some(&AccountStatus::Inactive)),
        }
    }

    /// Everything that groups and roles of one's own give now, by resource and role; some of it twice.
    pub(super) fn roles(&self) -> impl Iterator<Item = (Ordinal, &Role)> {
        let by_group = self.groups.iter().flat_map(|group| self.snapshot.grants(*group));
        let by_group = by_group.map(|grant: &Grant| (grant.resource, &grant.role));
        by_group.chain(self.direct.iter().map(|direct| (direct.resource, &direct.role)))
    }

    /// Whether the person takes a seat on the resource now.
    pub(super) fn sits(&self, resource: Ordinal, reach: &Reach) -> bool {
        if !self.is_active() || !self.roles().any(|(on, role)| on == resource && takes_seat(role)) {
            return false;
        }
        if reach.seats.get(resource as usize).is_some_and(|seats| seats.contains(self.account)) {
            return true;
        }
        let Some(named) = self.snapshot.resources().get(resource as usize) else { return false };
        let row = self.snapshot.account_row(self.account);
        let account_type = row.and_then(|row| row.account_type).unwrap_or(&AccountType::Atlassian);
        let active = Presence { membership: None, status: Some(Status::Active) };
        let roles = self.roles().filter(|(on, _)| *on == resource).map(|(_, role)| role);
        seat(&named.id, roles, Some(&active), account_type).is_billable()
    }

    fn holds_directly(&self, resource: Ordinal, role: &Role) -> bool {
        self.direct.iter().any(|direct| is(direct, resource, role))
    }
}

fn is(direct: &DirectRole, resource: Ordinal, role: &Role) -> bool {
    direct.resource == resource && direct.role == *role && direct.method == RoleMethod::Direct
}

/// Roles by which a seat may be taken (reference, section 2.3).
pub(super) fn takes_seat(role: &Role) -> bool {
    matches!(role, Role::User | Role::Admin)
}

/// Roles by which somebody opens an app. Customers come through the portal, and the administrative roles open none.
pub(super) fn opens(role: &Role) -> bool {
    !matches!(
        role,
        Role::Customer
            | Role::UserAccessAdmin
            | Role::SiteAdmin
            | Role::OrganizationAdmin
            | Role::ArtificialIntelligenceAccess
    )
}
