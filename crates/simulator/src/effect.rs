//! What a request changes, as data: handlers decide, the gate applies, the ledger writes down. An effect is decided and
//! applied under one lock, or waits in the queue until it shows.

use std::fmt;

use jiff::Timestamp;

use crate::customers;
use crate::group::Group;
use crate::json::timestamp;
use crate::organization::Organization;
use crate::policy;
use crate::profile::Profile;
use crate::reply::Reply;
use crate::resource::Role;
use crate::verbs::{ChangeError, NewUser};

/// One change that a request asks for. People, groups and resources are named by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Suspend {
        account: String,
        directories: u8,
    },
    Restore {
        account: String,
        directories: u8,
    },
    Remove {
        account: String,
        directories: u8,
    },
    CreateGroup {
        id: String,
        name: String,
        description: Option<String>,
        directory: u8,
    },
    DeleteGroup {
        group: String,
    },
    AddMember {
        group: String,
        account: String,
    },
    RemoveMember {
        group: String,
        account: String,
    },
    GrantGroup {
        group: String,
        resource: String,
        role: Role,
    },
    RevokeGroup {
        group: String,
        resource: String,
        role: Role,
    },
    GrantUser {
        account: String,
        resource: String,
        role: Role,
    },
    RevokeUser {
        account: String,
        resource: String,
        role: Role,
    },
    GrantPlatform {
        account: String,
        role: Role,
    },
    RevokePlatform {
        account: String,
        role: Role,
    },
    Invite {
        account: String,
        email: String,
        directories: u8,
    },
    Join {
        account: String,
        directories: u8,
    },
    Profile {
        account: String,
        profile: Profile,
    },
    ChangeEmail {
        account: String,
        email: String,
    },
    Disable {
        account: String,
    },
    Enable {
        account: String,
    },
    ScheduleDeletion {
        account: String,
    },
    CancelDeletion {
        account: String,
    },
    /// At the end of the days of grace.
    DeleteAccount {
        account: String,
    },
    RevokeToken {
        account: String,
        token: String,
    },
    Customers(customers::Change),
    Policies(policy::Change),
}

impl fmt::Display for Effect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Suspend { account, .. } => write!(formatter, "suspend {account}"),
            Effect::Restore { account, .. } => write!(formatter, "restore {account}"),
            Effect::Remove { account, .. } => write!(formatter, "remove {account}"),
            Effect::CreateGroup { id, name, .. } => write!(formatter, "create group {id} {name:?}"),
            Effect::DeleteGroup { group } => write!(formatter, "delete group {group}"),
            Effect::AddMember { group, account } => write!(formatter, "add {account} to {group}"),
            Effect::RemoveMember { group, account } => write!(formatter, "take {account} out of {group}"),
            Effect::GrantGroup { group, resource, role } => {
                write!(formatter, "grant {group} {} on {resource}", role.id())
            }
            Effect::RevokeGroup { group, resource, role } => {
                write!(formatter, "revoke {group} {} on {resource}", role.id())
            }
            Effect::GrantUser { account, resource, role } => {
                write!(formatter, "grant {account} {} on {resource}", role.id())
            }
            Effect::RevokeUser { account, resource, role } => {
                write!(formatter, "revoke {account} {} on {resource}", role.id())
            }
            Effect::GrantPlatform { account, role } => write!(formatter, "grant {account} {}", role.id()),
            Effect::RevokePlatform { account, role } => write!(formatter, "revoke {account} {}", role.id()),
            Effect::Invite { account, email, .. } => write!(formatter, "invite {email} as {account}"),
            Effect::Join { account, .. } => write!(formatter, "bring {account} into the directory"),
            Effect::Profile { account, .. } => write!(formatter, "change profile of {account}"),
            Effect::ChangeEmail { account, email } => write!(formatter, "change address of {account} to {email}"),
            Effect::Disable { account } => write!(formatter, "disable {account}"),
            Effect::Enable { account } => write!(formatter, "enable {account}"),
            Effect::ScheduleDeletion { account } => write!(formatter, "schedule deletion of {account}"),
            Effect::CancelDeletion { account } => write!(formatter, "cancel deletion of {account}"),
            Effect::DeleteAccount { account } => write!(formatter, "delete {account}"),
            Effect::Customers(change) => change.fmt(formatter),
            Effect::Policies(change) => change.fmt(formatter),
            Effect::RevokeToken { account, token } => write!(formatter, "revoke token {token} of {account}"),
        }
    }
}

impl Effect {
    /// Makes the change. One that waited in the queue can find its people or groups gone: then nothing is left to do.
    pub(crate) fn apply(&self, organization: &mut Organization) -> Result<(), ChangeError> {
        match self {
            Effect::Suspend { account, directories } => organization.suspend_within(account, *directories),
            Effect::Restore { account, directories } => organization.restore_within(account, *directories),
            Effect::Remove { account, directories } => organization.remove_from(account, *directories),
            Effect::CreateGroup { id, name, description, directory } => {
                let mut group = Group::new(id.clone(), name.clone(), *directory);
                group.description = description.clone();
                organization.add_group(group);
                Ok(())
            }
            Effect::DeleteGroup { group } => organization.delete_group(group),
            Effect::AddMember { group, account } => organization.add_member(group, account).map(drop),
            Effect::RemoveMember { group, account } => organization.remove_member(group, account).map(drop),
            Effect::GrantGroup { group, resource, role } => organization.grant(group, resource, *role).map(drop),
            Effect::RevokeGroup { group, resource, role } => organization.revoke(group, resource, *role).map(drop),
            Effect::GrantUser { account, resource, role } => {
                organization.set_direct_role(account, resource, *role).map(drop)
            }
            Effect::RevokeUser { account, resource, role } => {
                organization.clear_direct_role(account, resource, *role).map(drop)
            }
            Effect::GrantPlatform { account, role } => organization.set_platform_role(account, *role).map(drop),
            Effect::RevokePlatform { account, role } => organization.clear_platform_role(account, *role).map(drop),
            Effect::Invite { account, email, directories } => {
                let name = email.split('@').next().unwrap_or_default().to_owned();
                organization.add_account(account, &NewUser { name, email: email.clone(), directory: None })?;
                organization.join_directories(account, *directories)
            }
            Effect::Join { account, directories } => {
                let ordinal = organization.find_account(account);
                let present =
                    ordinal.and_then(|ordinal| organization.person(ordinal)).map_or(0, |person| person.present);
                organization.join_directories(account, present | directories)
            }
            Effect::Profile { account, profile } => organization.change_profile(account, profile),
            Effect::ChangeEmail { account, email } => organization.change_email(account, email),
            Effect::Disable { account } => organization.deactivate(account),
            Effect::Enable { account } => organization.reactivate(account),
            Effect::ScheduleDeletion { account } => organization.schedule_deletion(account),
            Effect::CancelDeletion { account } => organization.cancel_deletion(account),
            Effect::DeleteAccount { account } => organization.delete_account(account),
            Effect::Customers(change) => {
                organization.change_customers(change);
                Ok(())
            }
            Effect::Policies(change) => {
                organization.change_policies(change);
                Ok(())
            }
            Effect::RevokeToken { account, token } => {
                organization.revoked_tokens.insert(token.clone());
                organization.note("user_token_revoked", &[("users", account)]);
                Ok(())
            }
        }
    }
}

/// What a handler comes to: the answer, the changes, and how many seconds later they show.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) reply: Reply,
    pub(crate) effects: Vec<Effect>,
    pub(crate) delay: u32,
}

impl From<Reply> for Decision {
    fn from(reply: Reply) -> Decision {
        Decision { reply, effects: Vec::new(), delay: 0 }
    }
}

impl Decision {
    /// An answer without a body, and one change or none.
    pub(crate) fn empty(status: u16, effect: Option<Effect>) -> Decision {
        Decision { reply: Reply::empty(status), effects: effect.into_iter().collect(), delay: 0 }
    }

    /// The same, with changes that show later.
    pub(crate) fn after(self, delay: u32) -> Decision {
        Decision { delay, ..self }
    }
}

impl Organization {
    /// Makes the changes of a decision, now or in its time, and says what they are.
    pub(crate) fn carry_out(&mut self, decision: &Decision) -> Option<String> {
        let due = self.now.as_millisecond() + i64::from(decision.delay) * 1_000;
        let mut texts = Vec::new();
        for effect in &decision.effects {
            let done = if decision.delay > 0 {
                self.queue.push((due, effect.clone()));
                Ok(())
            } else {
                effect.apply(self)
            };
            texts.push(match done {
                Ok(()) => effect.to_string(),
                Err(error) => format!("{effect}: {error}"),
            });
        }
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// True when something in the queue has come due.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.queue.iter().any(|(due, _)| *due <= now.as_millisecond())
    }

    /// Makes the queued changes that have come due, each at its own instant.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let (mut due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.queue).into_iter().partition(|(due, _)| *due <= now.as_millisecond());
        self.queue = waiting;
        due.sort_by_key(|(due, _)| *due);
        for (at, effect) in due {
            self.now = timestamp(at);
            // Whoever it was about may be gone by now: the wish is met or void.
            let _ = effect.apply(self);
        }
        self.now = now;
    }
}
