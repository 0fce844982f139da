//! How much there is of each noun in one generation: what a run shows as before and after.

use crate::snapshot::Snapshot;

/// How much there is of each noun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// People present in any directory, or managed outside all.
    pub people: u64,
    /// Groups that exist.
    pub groups: u64,
    /// Memberships.
    pub memberships: u64,
    /// Roles that groups grant.
    pub grants: u64,
    /// Direct roles.
    pub direct_roles: u64,
    /// Administrative roles.
    pub platform_roles: u64,
    /// People with a last active date.
    pub active_people: u64,
}

impl Snapshot {
    /// Counts everything.
    pub fn amounts(&self) -> Amounts {
        Amounts {
            people: self.present().len(),
            groups: self.groups.iter().filter(|row| row.group.is_some()).count() as u64,
            memberships: self.memberships().len() as u64,
            grants: self.grants.values().map(|grants| grants.len() as u64).sum(),
            direct_roles: self.direct.values().map(|roles| roles.len() as u64).sum(),
            platform_roles: self.people.roles.values().map(|holders| holders.len()).sum(),
            active_people: self.activity().active(),
        }
    }
}
