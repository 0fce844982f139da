//! What an administrator asks for. An action is about whoever was selected; what it takes for each of them is the plan's
//! work.

use columns::Ordinal;

use crate::access::Role;

/// On which apps an action works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Apps {
    /// Every app on every site.
    All,
    /// These resources.
    Chosen(Vec<Ordinal>),
}

/// One thing to do with everybody selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ends access to apps: leaves the groups that grant it and revokes direct roles. Account and other access stay.
    RemoveAppAccess {
        /// Which apps.
        apps: Apps,
        /// Resources that may be lost as well, because a group grants them together.
        also_lose: Vec<Ordinal>,
    },
    /// Gives access to an app by putting people into a group that grants it.
    GrantAppAccessByGroup {
        /// The app.
        resource: Ordinal,
        /// The group.
        group: Ordinal,
    },
    /// Gives access to an app by a role of one's own.
    GrantAppAccessByRole {
        /// The app.
        resource: Ordinal,
        /// The role.
        role: Role,
    },
    /// Takes all access away until restored.
    Suspend,
    /// Gives suspended people the access of before.
    Restore,
    /// Puts people into groups.
    AddToGroups(Vec<Ordinal>),
    /// Takes people out of groups.
    RemoveFromGroups(Vec<Ordinal>),
    /// Takes people out of every directory.
    RemoveFromDirectory,
    /// Deactivates managed accounts.
    Deactivate,
    /// Activates deactivated managed accounts.
    Activate,
}

impl Action {
    /// The kind as it is stored and shown in addresses; the words of the reference where it has one
    /// (product-user-manager 1.4).
    pub fn kind(&self) -> &'static str {
        match self {
            Action::RemoveAppAccess { .. } => "removeAppAccess",
            Action::GrantAppAccessByGroup { .. } | Action::GrantAppAccessByRole { .. } => "grantAppAccess",
            Action::Suspend => "suspendUser",
            Action::Restore => "restoreUser",
            Action::AddToGroups(_) => "addToGroups",
            Action::RemoveFromGroups(_) => "removeFromGroups",
            Action::RemoveFromDirectory => "removeUser",
            Action::Deactivate => "deactivateAccount",
            Action::Activate => "activateAccount",
        }
    }
}
