//! What may run out while a plan is made: free seats of a resource, and its administrators.

use std::collections::BTreeMap;

use columns::Ordinal;
use roaring::RoaringBitmap;

use super::footing::Footing;
use crate::access::Role;
use crate::account::{PlatformRole, Status};
use crate::find::reach::Reach;
use crate::snapshot::Snapshot;

/// Seats left and administrators left, as the rows planned so far leave them.
pub(super) struct Stock {
    /// By resource, seats left; `None` where the capacity is not told.
    left: Vec<Option<i64>>,
    /// Active administrators, by resource.
    administrators: BTreeMap<Ordinal, RoaringBitmap>,
    /// Active holders of the administrative roles that somebody must keep.
    holders: Vec<RoaringBitmap>,
}

impl Stock {
    pub(super) fn of(snapshot: &Snapshot, reach: &Reach) -> Stock {
        let taken = |resource: usize| reach.seats.get(resource).map_or(0, |seats| seats.len() as i64);
        let left = snapshot.resources().iter().enumerate();
        let left = left.map(|(place, resource)| resource.capacity.map(|capacity| capacity - taken(place))).collect();
        let active = snapshot.with_status(&Status::Active);
        let administrators = reach.roles.iter().filter(|((_, role), _)| *role == Role::Admin);
        let administrators = administrators.map(|((resource, _), people)| (*resource, people & &active)).collect();
        let holders = [PlatformRole::SiteAdmin, PlatformRole::UserAccessAdmin];
        let holders = holders.iter().map(|role| snapshot.with_role(role) & &active).collect();
        Stock { left, administrators, holders }
    }

    /// Whether the person is the only one left anywhere; few are, and only of them more has to be asked.
    pub(super) fn is_last_of_anything(&self, account: Ordinal) -> bool {
        let last = |people: &RoaringBitmap| people.len() == 1 && people.contains(account);
        self.administrators.values().any(last) || self.holders.iter().any(last)
    }

    /// The resource on which nobody would be left as an administrator, with the person as they now stand.
    pub(super) fn last_administrator(&self, footing: &Footing<'_>) -> Option<Ordinal> {
        let active = footing.is_active();
        let keeps =
            |resource: Ordinal| active && footing.roles().any(|(on, role)| on == resource && *role == Role::Admin);
        let last = |people: &RoaringBitmap| people.len() == 1 && people.contains(footing.account);
        self.administrators.iter().find(|(resource, people)| last(people) && !keeps(**resource)).map(|(last, _)| *last)
    }

    /// Whether nobody would be left with one of the organization's administrative roles.
    pub(super) fn last_holder(&self, footing: &Footing<'_>) -> bool {
        let last = |people: &RoaringBitmap| people.len() == 1 && people.contains(footing.account);
        !footing.is_active() && self.holders.iter().any(last)
    }

    /// Resources without a free seat.
    pub(super) fn full(&self) -> impl Iterator<Item = Ordinal> {
        (0..).zip(&self.left).filter(|(_, left)| left.is_some_and(|left| left <= 0)).map(|(resource, _)| resource)
    }

    /// Books what became of one person: seats, and the ends of roles.
    pub(super) fn book(&mut self, footing: &Footing<'_>, seats: &[(Ordinal, i64)]) {
        for (resource, freed) in seats {
            if let Some(Some(left)) = self.left.get_mut(*resource as usize) {
                *left += freed;
            }
        }
        let active = footing.is_active();
        for (resource, people) in &mut self.administrators {
            if people.contains(footing.account)
                && !(active && footing.roles().any(|(on, role)| on == *resource && *role == Role::Admin))
            {
                people.remove(footing.account);
            }
        }
        if !active {
            for people in &mut self.holders {
                people.remove(footing.account);
            }
        }
    }
}
