//! Changes that happen while somebody reads: each is applied when the n-th request to its path arrives, before that
//! request is answered. People and groups are named by their order of creation, so that a schedule can be written
//! without knowing ids.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::endpoint::pattern_matches;
use crate::organization::Organization;
use crate::verbs::{ChangeError, NewUser};

/// A change and the request that brings it about.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduledChange {
    /// An endpoint's template, a part of one, or a pattern with `*`.
    pub path: String,
    /// The number of the request among those to the path, from 1 on.
    pub request: u32,
    /// What changes.
    pub change: Change,
}

/// A change with its name.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are numbers in order of creation, or new texts")]
pub enum Change {
    /// Adds an account.
    AddUser { name: String, email: String },
    /// Takes an account out of the directories.
    RemoveUser { user: u32 },
    /// Suspends an account.
    Suspend { user: u32 },
    /// Ends an account's suspension.
    Restore { user: u32 },
    /// Deactivates an account.
    Deactivate { user: u32 },
    /// Changes a full name.
    Rename { user: u32, name: String },
    /// Changes an address.
    ChangeEmail { user: u32, email: String },
    /// Puts an account into a group.
    AddMember { group: u32, user: u32 },
    /// Takes an account out of a group.
    RemoveMember { group: u32, user: u32 },
    /// Makes a group.
    CreateGroup { name: String },
    /// Deletes a group.
    DeleteGroup { group: u32 },
    /// Changes a group's name.
    RenameGroup { group: u32, name: String },
    /// So many random changes of any kind.
    Random { times: u32, seed: u64 },
    /// One working day passes.
    WorkingDay { seed: u64 },
    /// The key in use expires.
    ExpireKey,
    /// Anything; cannot be written down.
    #[serde(skip)]
    Custom(CustomChange),
}

/// A change given as a function.
#[derive(Clone)]
pub struct CustomChange(Arc<dyn Fn(&mut Organization) + Send + Sync>);

impl fmt::Debug for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Custom(_) => formatter.write_str("custom"),
            other => formatter.write_str(&serde_json::to_string(other).map_err(|_| fmt::Error)?),
        }
    }
}

impl Change {
    /// A change given as a function.
    pub fn custom(change: impl Fn(&mut Organization) + Send + Sync + 'static) -> Change {
        Change::Custom(CustomChange(Arc::new(change)))
    }

    /// Applies the change; people and groups that are gone already make it fail.
    pub fn apply(&self, organization: &mut Organization) -> Result<(), ChangeError> {
        let account = |organization: &Organization, user: &u32| {
            organization
                .account_id(*user)
                .map(str::to_owned)
                .ok_or_else(|| ChangeError::UnknownAccount(format!("#{user}")))
        };
        let group_id = |organization: &Organization, group: &u32| {
            organization
                .group_id(*group)
                .map(str::to_owned)
                .ok_or_else(|| ChangeError::UnknownGroup(format!("#{group}")))
        };
        match self {
            Change::AddUser { name, email } => {
                let user = NewUser { name: name.clone(), email: email.clone(), directory: None };
                organization.add_user(&user).map(|_| ())
            }
            Change::RemoveUser { user } => organization.remove_user(&account(organization, user)?),
            Change::Suspend { user } => organization.suspend(&account(organization, user)?),
            Change::Restore { user } => organization.restore(&account(organization, user)?),
            Change::Deactivate { user } => organization.deactivate(&account(organization, user)?),
            Change::Rename { user, name } => organization.rename(&account(organization, user)?, name),
            Change::ChangeEmail { user, email } => organization.change_email(&account(organization, user)?, email),
            Change::AddMember { group, user } => {
                let (group, user) = (group_id(organization, group)?, account(organization, user)?);
                organization.add_member(&group, &user).map(|_| ())
            }
            Change::RemoveMember { group, user } => {
                let (group, user) = (group_id(organization, group)?, account(organization, user)?);
                organization.remove_member(&group, &user).map(|_| ())
            }
            Change::CreateGroup { name } => {
                organization.create_group(name);
                Ok(())
            }
            Change::DeleteGroup { group } => organization.delete_group(&group_id(organization, group)?),
            Change::RenameGroup { group, name } => organization.rename_group(&group_id(organization, group)?, name),
            Change::Random { times, seed } => {
                let mut rng = fastrand::Rng::with_seed(*seed);
                for _ in 0..*times {
                    organization.random_change(&mut rng);
                }
                Ok(())
            }
            Change::WorkingDay { seed } => {
                organization.working_day(&mut fastrand::Rng::with_seed(*seed));
                Ok(())
            }
            Change::ExpireKey => {
                organization.expire_api_key();
                Ok(())
            }
            Change::Custom(change) => {
                (change.0)(organization);
                Ok(())
            }
        }
    }
}

/// A scheduled change with its count.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    change: ScheduledChange,
    matched: u32,
}

impl Pending {
    pub(crate) fn new(change: ScheduledChange) -> Pending {
        Pending { change, matched: 0 }
    }

    /// Counts a request to the template; the change, when its time has come.
    pub(crate) fn due(&mut self, template: &str) -> Option<Change> {
        if !pattern_matches(&self.change.path, template) {
            return None;
        }
        self.matched = self.matched.saturating_add(1);
        (self.matched == self.change.request).then(|| self.change.change.clone())
    }
}
