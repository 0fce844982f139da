//! A group: who manages it, whether it may be written, and upstream's own count of its members.

use crate::word::words;

words! {
    /// `managedBy`: who decides over a group's members.
    ManagedBy { External = "external", Admins = "admins", TeamMembers = "team-members", Open = "open" }
}

/// What upstream says about a group. One version is kept per change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Name, as it came.
    pub name: Box<str>,
    /// Description.
    pub description: Option<Box<str>>,
    /// Whether an identity provider fills it (`externalSynced`); `None` when upstream left it out.
    pub synced: Option<bool>,
    /// Who manages it.
    pub managed_by: Option<ManagedBy>,
    /// `managementAccess.modifiable`: false refuses every change of its members.
    pub modifiable: Option<bool>,
    /// `managementAccess.deletable`.
    pub deletable: Option<bool>,
    /// One JSON object of the fields that Rollcall does not know yet.
    pub unknown: Option<Box<str>>,
}

/// Upstream's own counts of a group: checks on what was seen, not part of the group's versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupCounts {
    /// `counts.users`.
    pub users: Option<u32>,
    /// `counts.resources`; 0 means that the group grants nothing.
    pub resources: Option<u32>,
}

impl Group {
    /// A group of which only the name is known.
    pub fn named(name: &str) -> Group {
        Group {
            name: name.into(),
            description: None,
            synced: None,
            managed_by: None,
            modifiable: None,
            deletable: None,
            unknown: None,
        }
    }

    /// Whether an identity provider owns the members, so that nobody else may change them.
    pub fn is_synced(&self) -> bool {
        self.synced == Some(true) || self.managed_by == Some(ManagedBy::External)
    }
}
