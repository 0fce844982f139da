//! Who can open what, and by which way: the union of the members of the groups that grant it and of those with a role
//! of their own. Computed once for a snapshot; it must agree with `Snapshot::access` and `Snapshot::seat`.

use std::collections::BTreeMap;

use columns::{Ordinal, Tally};
use roaring::{MultiOps, RoaringBitmap};

use crate::access::{Role, RoleMethod};
use crate::account::{AccountType, Status};
use crate::find::index::{ByWord, Standing, with};
use crate::resource::App;
use crate::snapshot::Snapshot;

/// Access to every resource.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    /// Who has any role on a resource, by its ordinal.
    pub(crate) any: Vec<RoaringBitmap>,
    /// Who takes a billable seat on it, by its ordinal.
    pub(crate) seats: Vec<RoaringBitmap>,
    /// Who has which role on it.
    pub(crate) roles: BTreeMap<(Ordinal, Role), RoaringBitmap>,
    /// Who has a role on it by which way.
    pub(crate) ways: BTreeMap<(Ordinal, RoleMethod), RoaringBitmap>,
    /// How many seats everybody takes.
    pub(crate) seat_counts: Tally,
}

impl Reach {
    /// Bytes on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        let sets = self.any.iter().chain(&self.seats).chain(self.roles.values()).chain(self.ways.values());
        sets.map(RoaringBitmap::serialized_size).sum::<usize>() + self.seat_counts.memory()
    }

    pub(crate) fn of(snapshot: &Snapshot, standing: &Standing, types: &ByWord<AccountType>) -> Reach {
        let mut by_group: BTreeMap<(Ordinal, Role), Vec<&RoaringBitmap>> = BTreeMap::new();
        for (group, grants) in &*snapshot.grants {
            let members = snapshot.memberships.members(*group);
            for grant in grants {
                by_group.entry((grant.resource, grant.role.clone())).or_default().push(members);
            }
        }
        let mut roles: BTreeMap<(Ordinal, Role), RoaringBitmap> = BTreeMap::new();
        let mut ways: BTreeMap<(Ordinal, RoleMethod), RoaringBitmap> = BTreeMap::new();
        for (key, groups) in by_group {
            let people = groups.into_iter().union();
            *ways.entry((key.0, RoleMethod::Group)).or_default() |= &people;
            roles.insert(key, people);
        }
        for (account, direct) in &*snapshot.direct {
            for role in direct {
                ways.entry((role.resource, role.method.clone())).or_default().insert(*account);
                roles.entry((role.resource, role.role.clone())).or_default().insert(*account);
            }
        }
        let mut any = vec![RoaringBitmap::new(); snapshot.resources.len()];
        let mut billable = any.clone();
        for ((resource, role), people) in &roles {
            let place = *resource as usize;
            if let (Some(any), Some(billable)) = (any.get_mut(place), billable.get_mut(place)) {
                *any |= people;
                if matches!(role, Role::User | Role::Admin) {
                    *billable |= people;
                }
            }
        }
        let active = standing.with(|presence| presence.status == Some(Status::Active));
        let payers = active - with(types, |kind| matches!(kind, AccountType::App | AccountType::Customer));
        let mut counts = vec![0_u32; snapshot.accounts_len()];
        for (resource, seats) in snapshot.resources.iter().zip(&mut billable) {
            let sells = App::by_key(resource.id.owner()).is_none_or(|app| app.sells_seats);
            if sells {
                *seats &= &payers;
            } else {
                seats.clear();
            }
            for account in &*seats {
                counts[account as usize] += 1;
            }
        }
        Reach { any, seats: billable, roles, ways, seat_counts: Tally::build(counts) }
    }
}
