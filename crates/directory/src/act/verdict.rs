//! What a plan says about one change, and every reason for which it refuses one.

use columns::Ordinal;

use crate::account::Status;

/// What will come of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It will be sent.
    WillDo,
    /// The state is as wanted.
    AlreadySo,
    /// It will not be sent.
    Refused(Reason),
}

/// Why a row is refused. The first that applies, in this order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// An organization admin: always, whatever anybody allows.
    OrganizationAdministrator,
    /// In a directory whose administrative roles were never read: the person may be an organization admin.
    RolesUnread,
    /// Nobody has said whose key it is: the person may be its owner.
    KeyOwnerUnknown,
    /// The owner of the organization API key.
    KeyOwner,
    /// The account of whoever asks.
    OwnAccount,
    /// Protected by an administrator.
    ProtectedPerson,
    /// An app's or a customer's account.
    NotAPerson,
    /// In no directory, or not in the one it takes.
    NotInDirectory,
    /// The group is gone.
    GroupGone,
    /// No such app is known.
    AppGone,
    /// An identity provider keeps the group's members.
    SyncedGroup,
    /// Atlassian says that the group's members cannot be changed.
    GroupNotModifiable,
    /// The group is protected by an administrator.
    ProtectedGroup,
    /// The directory is not there.
    DirectoryGone,
    /// Atlassian says that the group cannot be deleted.
    GroupNotDeletable,
    /// New people get the group with an app: Atlassian deletes no default groups.
    DefaultGroup,
    /// The group grants administration: Atlassian deletes no such groups.
    AdministrativeGroup,
    /// The group has another number of members than the plan knew.
    MembersChanged,
    /// Whoever has the address is there already: they are acted on as people are.
    KnownAddress,
    /// The last active administrator of this resource.
    LastAdministrator(Ordinal),
    /// The last active holder of an administrative role in the organization.
    LastPlatformRole,
    /// The group also grants these resources, and the person has no other way to them.
    WouldAlsoLose(Vec<Ordinal>),
    /// The role follows from another one and cannot be taken by itself.
    InferredRole,
    /// No seat is left on this resource.
    NoSeatLeft(Ordinal),
    /// Only managed accounts can be deactivated and activated.
    NotManaged,
    /// The person is in a state that the action says nothing about; `None` when the state was not read.
    InState(Option<Status>),
}

impl Reason {
    /// The code as it is stored, exported and shown in addresses.
    pub fn code(&self) -> &'static str {
        match self {
            Reason::OrganizationAdministrator => "organization_admin",
            Reason::RolesUnread => "roles_unread",
            Reason::KeyOwnerUnknown => "key_owner_unknown",
            Reason::KeyOwner => "key_owner",
            Reason::OwnAccount => "own_account",
            Reason::ProtectedPerson => "protected_person",
            Reason::NotAPerson => "not_a_person",
            Reason::NotInDirectory => "not_in_directory",
            Reason::GroupGone => "group_gone",
            Reason::AppGone => "app_gone",
            Reason::SyncedGroup => "synced_group",
            Reason::GroupNotModifiable => "group_not_modifiable",
            Reason::ProtectedGroup => "protected_group",
            Reason::DirectoryGone => "directory_gone",
            Reason::GroupNotDeletable => "group_not_deletable",
            Reason::DefaultGroup => "default_group",
            Reason::AdministrativeGroup => "administrative_group",
            Reason::MembersChanged => "members_changed",
            Reason::KnownAddress => "known_address",
            Reason::LastAdministrator(_) => "last_admin",
            Reason::LastPlatformRole => "last_platform_role",
            Reason::WouldAlsoLose(_) => "would_also_lose",
            Reason::InferredRole => "inferred_role",
            Reason::NoSeatLeft(_) => "no_seat_left",
            Reason::NotManaged => "not_managed",
            Reason::InState(_) => "in_state",
        }
    }
}
