//! By which ways somebody reaches an app, and what would have to go so that they no longer do: what leaving each group
//! would cost beside, and for whom a group is the only path. Derived, never stored; it decides nothing.

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::access::{DirectRole, Role, RoleMethod};
use crate::snapshot::Snapshot;

/// What would have to go to free one seat. All of it together is needed, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freeing {
    /// Groups to leave, by ordinal.
    pub groups: Vec<Ordinal>,
    /// Direct roles to revoke.
    pub direct: Vec<DirectRole>,
    /// Roles that Atlassian infers from something else: they cannot be revoked on their own.
    pub inferred: Vec<DirectRole>,
    /// Roles that would be lost beside the seat, because nothing that stays gives them: resource and role.
    pub lost: Vec<(Ordinal, Role)>,
}

impl Snapshot {
    /// What would have to go so that an account takes no seat on a resource; `None` where it takes none.
    pub fn freeing(&self, account: Ordinal, resource: Ordinal) -> Option<Freeing> {
        self.seat(account, resource).filter(|seat| seat.is_billable())?;
        let takes_seat = |role: &Role| matches!(role, Role::User | Role::Admin);
        let grants_it = |group: &&Ordinal| {
            self.grants(**group).iter().any(|grant| grant.resource == resource && takes_seat(&grant.role))
        };
        let mut freeing = Freeing {
            groups: self.memberships.of(account).iter().filter(grants_it).copied().collect(),
            ..Freeing::default()
        };
        let here = |role: &&DirectRole| role.resource == resource && takes_seat(&role.role);
        for role in self.direct_roles(account).iter().filter(here) {
            match role.method {
                RoleMethod::Direct => freeing.direct.push(role.clone()),
                _ => freeing.inferred.push(role.clone()),
            }
        }
        let access = self.access(account);
        let goes = |way: &crate::access::Access| match way.group {
            Some(group) => freeing.groups.contains(&group),
            None => way.resource == resource && takes_seat(&way.role),
        };
        let (going, staying): (Vec<_>, Vec<_>) = access.iter().partition(|way| goes(way));
        let is_seat = |way: &crate::access::Access| way.resource == resource && takes_seat(&way.role);
        let kept = |way: &crate::access::Access| {
            staying.iter().any(|other| (other.resource, &other.role) == (way.resource, &way.role))
        };
        let mut lost: Vec<(Ordinal, Role)> = going
            .iter()
            .filter(|way| !is_seat(way) && !kept(way))
            .map(|way| (way.resource, way.role.clone()))
            .collect();
        lost.sort();
        lost.dedup();
        freeing.lost = lost;
        Some(freeing)
    }

    /// On how many resources groups give an account a role: what `counts.resources` is compared with.
    pub fn resources_by_groups(&self, groups: &[Ordinal]) -> usize {
        let mut resources: Vec<Ordinal> =
            groups.iter().flat_map(|group| self.grants(*group).iter().map(|grant| grant.resource)).collect();
        resources.sort_unstable();
        resources.dedup();
        resources.len()
    }

    /// For each resource on which a group grants a role, the members who have no other way to any role there.
    pub fn only_path(&self, group: Ordinal) -> Vec<(Ordinal, RoaringBitmap)> {
        let mut resources: Vec<Ordinal> = self.grants(group).iter().map(|grant| grant.resource).collect();
        resources.sort_unstable();
        resources.dedup();
        let alone = resources.into_iter().map(|resource| {
            let mut members = self.memberships.members(group).clone();
            let others = self
                .grants
                .iter()
                .filter(|(other, grants)| **other != group && grants.iter().any(|grant| grant.resource == resource));
            for (other, _) in others {
                members -= self.memberships.members(*other);
            }
            for (account, roles) in &*self.direct {
                if roles.iter().any(|role| role.resource == resource) {
                    members.remove(*account);
                }
            }
            (resource, members)
        });
        alone.collect()
    }
}
