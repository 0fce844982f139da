//! One effect upstream, as a statement of a state to be reached, in ordinals. The only thing that is planned, journalled
//! and audited. Stating the same twice changes nothing the second time.

use std::borrow::Cow;

use columns::Ordinal;

use super::unnumbered::{Invitation, NewGroup};
use crate::access::{Role, RoleMethod};
use crate::account::{AccountStatus, MembershipStatus, Presence, Status};
use crate::snapshot::Snapshot;

/// The account of changes that are about no person: about groups as such.
pub const NOBODY: Ordinal = Ordinal::MAX;

/// A state to be reached for one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// The account is in the group.
    AddToGroup {
        /// Who.
        account: Ordinal,
        /// Which group.
        group: Ordinal,
    },
    /// The account is not in the group.
    RemoveFromGroup {
        /// Who.
        account: Ordinal,
        /// Which group.
        group: Ordinal,
    },
    /// The account has the role on the resource without a group.
    AssignRole {
        /// Who.
        account: Ordinal,
        /// On what.
        resource: Ordinal,
        /// Which role.
        role: Role,
    },
    /// The account does not have the role on the resource without a group.
    RevokeRole {
        /// Who.
        account: Ordinal,
        /// On what.
        resource: Ordinal,
        /// Which role.
        role: Role,
    },
    /// The account is suspended in the directory.
    Suspend {
        /// Who.
        account: Ordinal,
        /// Where.
        directory: Ordinal,
    },
    /// The account is active in the directory.
    Restore {
        /// Who.
        account: Ordinal,
        /// Where.
        directory: Ordinal,
    },
    /// The account is not in the directory.
    RemoveFromDirectory {
        /// Who.
        account: Ordinal,
        /// Where.
        directory: Ordinal,
    },
    /// The managed account is deactivated.
    Deactivate {
        /// Who.
        account: Ordinal,
    },
    /// The managed account is active.
    Activate {
        /// Who.
        account: Ordinal,
    },
    /// There is a group of this name in the directory.
    CreateGroup {
        /// Where.
        directory: Ordinal,
        /// Which.
        group: NewGroup,
    },
    /// The group is not there.
    DeleteGroup {
        /// Which.
        group: Ordinal,
        /// How many members it has: with another number it is another thing to delete.
        members: u64,
    },
    /// Whoever has the address is in the directory and in the groups.
    Invite {
        /// Where.
        directory: Ordinal,
        /// Who, and into what.
        invitation: Invitation,
    },
}

/// How a change stands to what a snapshot says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The state is as the change wants it.
    So,
    /// The state is the opposite.
    NotSo,
    /// The state is a third one, or was not read: the change says nothing about it.
    Neither,
}

/// Why a change has no inverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotUndo {
    /// Who was taken out of a directory comes back by an invitation only; roles and groups have to be given again.
    NeedsInvitation,
    /// The opposite speaks of a group that only a snapshot can name.
    NeedsSnapshot,
}

impl Change {
    /// The kinds as they are stored and shown in addresses.
    pub const KINDS: [&'static str; 12] = [
        "add_to_group",
        "remove_from_group",
        "assign_role",
        "revoke_role",
        "suspend",
        "restore",
        "remove_from_directory",
        "deactivate",
        "activate",
        "create_group",
        "delete_group",
        "invite",
    ];

    /// The kind as it is stored: one of [`Change::KINDS`].
    pub fn kind(&self) -> &'static str {
        Change::KINDS[match self {
            Change::AddToGroup { .. } => 0,
            Change::RemoveFromGroup { .. } => 1,
            Change::AssignRole { .. } => 2,
            Change::RevokeRole { .. } => 3,
            Change::Suspend { .. } => 4,
            Change::Restore { .. } => 5,
            Change::RemoveFromDirectory { .. } => 6,
            Change::Deactivate { .. } => 7,
            Change::Activate { .. } => 8,
            Change::CreateGroup { .. } => 9,
            Change::DeleteGroup { .. } => 10,
            Change::Invite { .. } => 11,
        }]
    }

    /// Whose state it is about; [`NOBODY`] of changes of groups as such and of invitations.
    pub fn account(&self) -> Ordinal {
        match self {
            Change::AddToGroup { account, .. }
            | Change::RemoveFromGroup { account, .. }
            | Change::AssignRole { account, .. }
            | Change::RevokeRole { account, .. }
            | Change::Suspend { account, .. }
            | Change::Restore { account, .. }
            | Change::RemoveFromDirectory { account, .. }
            | Change::Deactivate { account }
            | Change::Activate { account } => *account,
            Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => NOBODY,
        }
    }

    /// The group, resource or directory it speaks of.
    pub fn target(&self) -> Option<Ordinal> {
        match self {
            Change::AddToGroup { group, .. }
            | Change::RemoveFromGroup { group, .. }
            | Change::DeleteGroup { group, .. } => Some(*group),
            Change::AssignRole { resource, .. } | Change::RevokeRole { resource, .. } => Some(*resource),
            Change::CreateGroup { directory, .. }
            | Change::Invite { directory, .. }
            | Change::Suspend { directory, .. }
            | Change::Restore { directory, .. }
            | Change::RemoveFromDirectory { directory, .. } => Some(*directory),
            Change::Deactivate { .. } | Change::Activate { .. } => None,
        }
    }

    /// The role it gives or takes.
    pub fn role(&self) -> Option<&Role> {
        match self {
            Change::AssignRole { role, .. } | Change::RevokeRole { role, .. } => Some(role),
            _ => None,
        }
    }

    /// What it says besides its target, as it is stored: the role, the lines of a new group, the number of members.
    pub fn word(&self) -> Option<Cow<'_, str>> {
        match self {
            Change::AssignRole { role, .. } | Change::RevokeRole { role, .. } => Some(role.as_str().into()),
            Change::CreateGroup { group, .. } => {
                let like = group.like.map_or_else(String::new, |like| like.to_string());
                Some(format!("{}\n{}\n{like}", group.name, group.description).into())
            }
            Change::DeleteGroup { members, .. } => Some(members.to_string().into()),
            Change::Invite { invitation, .. } => {
                let groups: Vec<String> = invitation.groups.iter().map(Ordinal::to_string).collect();
                Some(format!("{}\n{}", invitation.email, groups.join(",")).into())
            }
            _ => None,
        }
    }

    /// What it is about: two changes with the same fact state the same of it, or contradict each other.
    pub fn fact(&self) -> (u8, Ordinal, Option<Ordinal>, Option<&str>) {
        let family = match self {
            Change::AddToGroup { .. } | Change::RemoveFromGroup { .. } => 0,
            Change::AssignRole { .. } | Change::RevokeRole { .. } => 1,
            Change::Suspend { .. } | Change::Restore { .. } | Change::RemoveFromDirectory { .. } => 2,
            Change::Deactivate { .. } | Change::Activate { .. } => 3,
            Change::CreateGroup { .. } | Change::DeleteGroup { .. } => 4,
            Change::Invite { .. } => 5,
        };
        let word = match self {
            Change::CreateGroup { group, .. } => Some(&*group.name),
            Change::Invite { invitation, .. } => Some(&*invitation.email),
            _ => self.role().map(Role::as_str),
        };
        (family, self.account(), self.target(), word)
    }

    /// Puts a change together from its stored parts; `None` when they do not fit each other.
    pub fn from_parts(kind: &str, account: Ordinal, target: Option<Ordinal>, word: Option<&str>) -> Option<Change> {
        match (kind, target, word) {
            ("create_group", Some(directory), Some(word)) => {
                let group = NewGroup::parse(word)?;
                return (account == NOBODY).then_some(Change::CreateGroup { directory, group });
            }
            ("delete_group", Some(group), Some(word)) => {
                let members = word.parse().ok()?;
                return (account == NOBODY).then_some(Change::DeleteGroup { group, members });
            }
            ("invite", Some(directory), Some(word)) => {
                let invitation = Invitation::parse(word)?;
                return (account == NOBODY).then_some(Change::Invite { directory, invitation });
            }
            _ => {}
        }
        let role = word.map(Role::parse);
        Some(match (kind, target, role) {
            ("add_to_group", Some(group), None) => Change::AddToGroup { account, group },
            ("remove_from_group", Some(group), None) => Change::RemoveFromGroup { account, group },
            ("assign_role", Some(resource), Some(role)) => Change::AssignRole { account, resource, role },
            ("revoke_role", Some(resource), Some(role)) => Change::RevokeRole { account, resource, role },
            ("suspend", Some(directory), None) => Change::Suspend { account, directory },
            ("restore", Some(directory), None) => Change::Restore { account, directory },
            ("remove_from_directory", Some(directory), None) => Change::RemoveFromDirectory { account, directory },
            ("deactivate", None, None) => Change::Deactivate { account },
            ("activate", None, None) => Change::Activate { account },
            _ => return None,
        })
    }

    /// How it stands to a snapshot.
    pub fn standing(&self, snapshot: &Snapshot) -> Standing {
        let either = |so: bool| if so { Standing::So } else { Standing::NotSo };
        match self {
            Change::AddToGroup { account, group } => either(snapshot.memberships().contains(*account, *group)),
            Change::RemoveFromGroup { account, group } => either(!snapshot.memberships().contains(*account, *group)),
            Change::AssignRole { account, resource, role } => either(has_directly(snapshot, *account, *resource, role)),
            Change::RevokeRole { account, resource, role } => {
                either(!has_directly(snapshot, *account, *resource, role))
            }
            Change::Suspend { account, directory } => presence_standing(snapshot.presence(*directory, *account), true),
            Change::Restore { account, directory } => presence_standing(snapshot.presence(*directory, *account), false),
            Change::RemoveFromDirectory { account, directory } => {
                either(snapshot.presence(*directory, *account).is_none())
            }
            Change::Deactivate { account } | Change::Activate { account } => {
                let wants_inactive = matches!(self, Change::Deactivate { .. });
                match snapshot.account_row(*account).and_then(|row| row.account_status) {
                    Some(AccountStatus::Inactive) => either(wants_inactive),
                    Some(AccountStatus::Active) => either(!wants_inactive),
                    _ => Standing::Neither,
                }
            }
            Change::CreateGroup { directory, group } => either(group.find(*directory, snapshot).is_some()),
            Change::Invite { directory, invitation } => {
                let account = invitation.find(*directory, snapshot);
                let joined = |account: Ordinal| {
                    invitation.groups.iter().all(|group| snapshot.memberships().contains(account, *group))
                };
                either(account.is_some_and(joined))
            }
            Change::DeleteGroup { group, .. } => {
                either(snapshot.group_row(*group).is_none_or(|row| row.group.is_none()))
            }
        }
    }

    /// Whether the state that the change wants, or takes away, may be there and not be shown: what suspended people have,
    /// what somebody had in a directory that they have left, and a role of one's own beside a group that gives the same.
    pub fn may_be_hidden(&self, snapshot: &Snapshot) -> bool {
        let takes = matches!(self, Change::RemoveFromGroup { .. } | Change::RevokeRole { .. });
        let unseen = |directory: Ordinal| match snapshot.presence(directory, self.account()) {
            None => !takes,
            Some(presence) => presence_standing(Some(presence), true) == Standing::So,
        };
        match self {
            Change::AddToGroup { group, .. } | Change::RemoveFromGroup { group, .. } => {
                snapshot.group_row(*group).and_then(|row| row.directory).is_none_or(unseen)
            }
            Change::AssignRole { account, resource, .. } | Change::RevokeRole { account, resource, .. } => {
                let gives = |group: &Ordinal| snapshot.grants(*group).iter().any(|grant| grant.resource == *resource);
                snapshot.memberships().of(*account).iter().any(gives)
                    || (0..snapshot.directories().len() as Ordinal).any(unseen)
            }
            Change::Suspend { account, directory } | Change::Restore { account, directory } => {
                snapshot.presence(*directory, *account).is_none()
            }
            Change::RemoveFromDirectory { .. }
            | Change::Deactivate { .. }
            | Change::Activate { .. }
            | Change::CreateGroup { .. }
            | Change::DeleteGroup { .. }
            | Change::Invite { .. } => false,
        }
    }

    /// The change that takes this one back, for a row that was not so before it.
    ///
    /// # Errors
    /// [`CannotUndo`] names what has no inverse.
    pub fn inverse(&self) -> Result<Change, CannotUndo> {
        Ok(match self.clone() {
            Change::AddToGroup { account, group } => Change::RemoveFromGroup { account, group },
            Change::RemoveFromGroup { account, group } => Change::AddToGroup { account, group },
            Change::AssignRole { account, resource, role } => Change::RevokeRole { account, resource, role },
            Change::RevokeRole { account, resource, role } => Change::AssignRole { account, resource, role },
            Change::Suspend { account, directory } => Change::Restore { account, directory },
            Change::Restore { account, directory } => Change::Suspend { account, directory },
            Change::RemoveFromDirectory { .. } => return Err(CannotUndo::NeedsInvitation),
            Change::Deactivate { account } => Change::Activate { account },
            Change::Activate { account } => Change::Deactivate { account },
            Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => {
                return Err(CannotUndo::NeedsSnapshot);
            }
        })
    }

    /// Appends its canonical bytes: what an approved plan's hash is made of. Two changes have the same bytes only when
    /// they are equal.
    pub fn encode(&self, into: &mut Vec<u8>) {
        let kind = Change::KINDS.iter().position(|kind| *kind == self.kind()).unwrap_or(usize::MAX);
        into.push(kind as u8);
        into.extend_from_slice(&self.account().to_be_bytes());
        into.extend_from_slice(&self.target().map_or(u32::MAX, |target| target).to_be_bytes());
        let word = self.word().unwrap_or_default();
        into.extend_from_slice(&(word.len() as u32).to_be_bytes());
        into.extend_from_slice(word.as_bytes());
    }
}

fn has_directly(snapshot: &Snapshot, account: Ordinal, resource: Ordinal, role: &Role) -> bool {
    snapshot
        .direct_roles(account)
        .iter()
        .any(|direct| direct.resource == resource && direct.role == *role && direct.method == RoleMethod::Direct)
}

/// Suspended and active are each other's opposite; every other state is neither. Whoever is deactivated may be either
/// beneath.
fn presence_standing(presence: Option<&Presence>, wants_suspended: bool) -> Standing {
    let Some(presence) = presence else { return Standing::Neither };
    let suspended = match (&presence.status, &presence.membership) {
        (Some(Status::Suspended), _) => true,
        (Some(Status::Active), None | Some(MembershipStatus::Active)) => false,
        (None | Some(Status::Deactivated), Some(MembershipStatus::Suspended)) => true,
        (Some(Status::Deactivated), Some(MembershipStatus::Active)) => false,
        _ => return Standing::Neither,
    };
    if suspended == wants_suspended { Standing::So } else { Standing::NotSo }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_kind() -> [Change; 12] {
        let (account, group, resource, directory, role) = (7, 3, 2, 1, Role::Other("x".into()));
        [
            Change::AddToGroup { account, group },
            Change::RemoveFromGroup { account, group },
            Change::AssignRole { account, resource, role: role.clone() },
            Change::RevokeRole { account, resource, role },
            Change::Suspend { account, directory },
            Change::Restore { account, directory },
            Change::RemoveFromDirectory { account, directory },
            Change::Deactivate { account },
            Change::Activate { account },
            Change::CreateGroup { directory, group: NewGroup::new(" new\nones ", "for\r\nall", Some(3)) },
            Change::DeleteGroup { group, members: 12 },
            Change::Invite { directory, invitation: Invitation::new(" New@X.example", vec![3, 1, 3]) },
        ]
    }

    #[test]
    fn a_stored_change_is_read_back_and_no_two_share_their_bytes() {
        let mut bytes = std::collections::BTreeSet::new();
        for change in every_kind() {
            let back = Change::from_parts(change.kind(), change.account(), change.target(), change.word().as_deref());
            assert_eq!(back, Some(change.clone()));
            let mut encoded = Vec::new();
            change.encode(&mut encoded);
            assert!(bytes.insert(encoded), "{change:?}");
        }
        assert_eq!(Change::from_parts("suspend", 7, None, None), None);
        assert_eq!(Change::from_parts("dance", 7, Some(1), None), None);
        assert_eq!(Change::from_parts("create_group", NOBODY, Some(1), Some("\n\n")), None);
        assert_eq!(Change::from_parts("create_group", 7, Some(1), Some("new\n\n")), None, "of nobody");
        assert_eq!(Change::from_parts("delete_group", NOBODY, Some(1), Some("many")), None);
    }

    #[test]
    fn the_inverse_of_the_inverse_is_the_change() {
        for change in every_kind() {
            match change.inverse() {
                Ok(inverse) => {
                    assert_ne!(inverse, change);
                    assert_eq!(inverse.fact(), change.fact());
                    assert_eq!(inverse.inverse(), Ok(change));
                }
                Err(CannotUndo::NeedsInvitation) => {
                    assert_eq!(change, Change::RemoveFromDirectory { account: 7, directory: 1 });
                }
                Err(CannotUndo::NeedsSnapshot) => assert_eq!(change.account(), NOBODY),
            }
        }
    }
}
