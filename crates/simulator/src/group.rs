//! One group: its name, who manages it, what it grants, and the ready-made JSON that stands inside its members.
//! Counters of members are kept here; they must only be changed together with the members' own lists.

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::resource::{Role, Roles};

/// What kind of group upstream's statistics count it as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GroupKind {
    /// A team of people.
    Team,
    /// An ordinary group.
    Group,
    /// A group that upstream keeps itself.
    UserbaseGroup,
}

impl GroupKind {
    pub(crate) fn id(self) -> &'static str {
        match self {
            GroupKind::Team => "TEAM",
            GroupKind::Group => "GROUP",
            GroupKind::UserbaseGroup => "USERBASE_GROUP",
        }
    }
}

/// Roles on one resource that every member has.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) resource: u8,
    pub(crate) roles: Roles,
    /// The role for which this is the group that new users of the app are put into.
    pub(crate) default_role: Option<Role>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Index of the directory.
    pub(crate) directory: u8,
    pub(crate) synced: bool,
    pub(crate) kind: GroupKind,
    /// Ascending by resource.
    pub(crate) grants: Vec<Grant>,
    /// The grants' resources as a mask.
    pub(crate) granted: u128,
    pub(crate) members: u32,
    /// Of `members`, those suspended in the group's directory.
    pub(crate) suspended_members: u32,
    /// The group as it stands inside a user, with its ARI.
    pub(crate) fragment: Box<[u8]>,
}

impl Group {
    pub(crate) fn new(id: String, name: String, directory: u8) -> Group {
        let mut group = Group {
            id,
            name,
            description: None,
            directory,
            synced: false,
            kind: GroupKind::Group,
            grants: Vec::new(),
            granted: 0,
            members: 0,
            suspended_members: 0,
            fragment: Box::default(),
        };
        group.render();
        group
    }

    /// Makes the fragment anew; to be called after each change of name or description.
    pub(crate) fn render(&mut self) {
        let mut json = Json::with_capacity(96 + self.name.len());
        json.raw("{\"id\":\"ari:cloud:identity::group/").raw(&self.id).raw("\",\"name\":").string(&self.name);
        json.raw(",\"description\":").optional(self.description.as_deref()).raw("}");
        self.fragment = json.into_bytes().into_boxed_slice();
    }

    pub(crate) fn managed_by(&self) -> &'static str {
        match (self.synced, self.kind) {
            (true, _) => "external",
            (false, GroupKind::Team) => "team-members",
            (false, _) => "admins",
        }
    }

    pub(crate) fn roles_on(&self, resource: u8) -> Roles {
        self.grants
            .binary_search_by_key(&resource, |grant| grant.resource)
            .ok()
            .and_then(|place| self.grants.get(place))
            .map_or(Roles::default(), |grant| grant.roles)
    }

    /// Returns false when the group had the role already.
    pub(crate) fn grant(&mut self, resource: u8, role: Role) -> bool {
        self.granted |= 1 << resource;
        match self.grants.binary_search_by_key(&resource, |grant| grant.resource) {
            Ok(place) => self.grants.get_mut(place).is_some_and(|grant| grant.roles.insert(role)),
            Err(place) => {
                self.grants.insert(place, Grant { resource, roles: Roles::of(&[role]), default_role: None });
                true
            }
        }
    }

    /// Returns false when the group did not have the role.
    pub(crate) fn revoke(&mut self, resource: u8, role: Role) -> bool {
        let Ok(place) = self.grants.binary_search_by_key(&resource, |grant| grant.resource) else { return false };
        let Some(grant) = self.grants.get_mut(place) else { return false };
        let held = grant.roles.remove(role);
        if grant.default_role == Some(role) {
            grant.default_role = None;
        }
        if grant.roles.is_empty() {
            self.grants.remove(place);
            self.granted &= !(1 << resource);
        }
        held
    }
}
