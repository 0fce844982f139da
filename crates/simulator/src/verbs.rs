//! What can be done to the organization, one verb a change, as tests and the random changes use them. Each verb keeps
//! the counters of groups and the look-ups right; none of them asks whether upstream's API would have allowed it.

use jiff::Timestamp;

use crate::group::Group;
use crate::key::uuid;
use crate::organization::{Organization, hash_of};
use crate::person::{AccountStatus, AccountType, Person, Source, Texts};
use crate::resource::{Role, Roles};

/// Why a change could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// No account has this id.
    #[error("no account {0}")]
    UnknownAccount(String),
    /// No group has this id.
    #[error("no group {0}")]
    UnknownGroup(String),
    /// No resource has this ARI.
    #[error("no resource {0}")]
    UnknownResource(String),
    /// No directory has this id.
    #[error("no directory {0}")]
    UnknownDirectory(String),
    /// The person is not in the group's directory.
    #[error("account {account} is not in the directory of group {group}")]
    OtherDirectory {
        /// The account.
        account: String,
        /// The group.
        group: String,
    },
    /// Only platform roles can be held on the whole organization.
    #[error("{0} is not a platform role")]
    NotAPlatformRole(&'static str),
}

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The full name.
    pub name: String,
    /// The address; its domain decides whether the account is managed.
    pub email: String,
    /// The directory by id; none for the first.
    pub directory: Option<String>,
}

impl Organization {
    /// Adds an account to a directory and returns its id. It has no groups and was never active.
    pub fn add_user(&mut self, user: &NewUser) -> Result<String, ChangeError> {
        let account_id = format!("712020:{}", uuid(&mut self.ids));
        self.add_account(&account_id, user)?;
        Ok(account_id)
    }

    /// The same with an id that is known beforehand.
    pub fn add_account(&mut self, account_id: &str, user: &NewUser) -> Result<(), ChangeError> {
        let directory = match &user.directory {
            None => 0,
            Some(id) => self.find_directory(id).ok_or_else(|| ChangeError::UnknownDirectory(id.clone()))?,
        };
        let managed = self.is_own_domain(&user.email);
        let nickname = user.name.split_whitespace().next().unwrap_or_default();
        let person = Person {
            texts: Texts::new(account_id, &user.name, nickname, &user.email),
            job_title: 0,
            department: 0,
            organization: 0,
            location: 0,
            time_zone: 0,
            account_type: AccountType::Atlassian,
            account_status: AccountStatus::Active,
            managed,
            source: managed.then_some(Source::Invited),
            email_verified: false,
            mfa: false,
            for_deletion: false,
            present: 1 << directory,
            suspended: 0,
            platform_roles: Roles::default(),
            added: self.now.as_millisecond(),
            deactivated: 0,
            groups: Vec::new(),
            activity: Vec::new(),
            direct: Vec::new(),
        };
        self.insert_person(person);
        self.note("user_created", &[("users", account_id)]);
        Ok(())
    }

    /// Takes an account out of every directory, with its memberships and roles. A managed account goes on existing
    /// outside the directories; any other one is gone.
    pub fn remove_user(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.remove_from(account_id, self.all_directories())
    }

    /// Takes an account out of the directories of the mask; when it is in no other, as [`Organization::remove_user`].
    pub(crate) fn remove_from(&mut self, account_id: &str, directories: u8) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        self.note("user_removed_from_directory", &[("users", account_id)]);
        self.leave_groups(ordinal, directories);
        let Some(person) = self.person_mut(ordinal) else { return Ok(()) };
        person.present &= !directories;
        person.suspended &= !directories;
        if person.present != 0 {
            return Ok(());
        }
        person.platform_roles = Roles::default();
        person.direct.clear();
        person.activity.clear();
        if !person.managed {
            self.forget(ordinal);
        }
        Ok(())
    }

    /// Removes an account altogether, managed or not.
    pub fn delete_account(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        self.note("user_deleted", &[("users", account_id)]);
        self.leave_groups(ordinal, self.all_directories());
        self.forget(ordinal);
        Ok(())
    }

    /// Suspends the account in every directory it is in.
    pub fn suspend(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.suspend_within(account_id, self.all_directories())
    }

    /// Suspends the account in one directory only.
    pub fn suspend_in(&mut self, account_id: &str, directory_id: &str) -> Result<(), ChangeError> {
        let directory =
            self.find_directory(directory_id).ok_or_else(|| ChangeError::UnknownDirectory(directory_id.to_owned()))?;
        self.suspend_within(account_id, 1 << directory)
    }

    /// Suspends the account in the directories of the mask that it is in.
    pub(crate) fn suspend_within(&mut self, account_id: &str, directories: u8) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        let suspended = self.person(ordinal).map_or(0, |person| person.present & (person.suspended | directories));
        self.set_suspended(ordinal, suspended);
        self.note("user_suspended", &[("users", account_id)]);
        Ok(())
    }

    /// Ends every suspension of the account.
    pub fn restore(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.restore_within(account_id, self.all_directories())
    }

    /// Ends the account's suspension in the directories of the mask.
    pub(crate) fn restore_within(&mut self, account_id: &str, directories: u8) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        let suspended = self.person(ordinal).map_or(0, |person| person.suspended & !directories);
        self.set_suspended(ordinal, suspended);
        self.note("user_restored", &[("users", account_id)]);
        Ok(())
    }

    /// Makes the account inactive everywhere; memberships stay.
    pub fn deactivate(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let now = self.now.as_millisecond();
        let person = self.account_mut(account_id)?;
        person.account_status = AccountStatus::Inactive;
        person.deactivated = now;
        self.note("user_deactivated", &[("users", account_id)]);
        Ok(())
    }

    /// Makes an inactive account active again.
    pub fn reactivate(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let person = self.account_mut(account_id)?;
        person.account_status = AccountStatus::Active;
        person.for_deletion = false;
        person.deactivated = 0;
        self.note("user_reactivated", &[("users", account_id)]);
        Ok(())
    }

    /// Brings an account into exactly the directories of the mask.
    pub(crate) fn join_directories(&mut self, account_id: &str, directories: u8) -> Result<(), ChangeError> {
        let all = self.all_directories();
        let person = self.account_mut(account_id)?;
        person.present = directories & all;
        person.suspended &= person.present;
        Ok(())
    }

    /// Changes the full name.
    pub fn rename(&mut self, account_id: &str, name: &str) -> Result<(), ChangeError> {
        let person = self.account_mut(account_id)?;
        let texts = &person.texts;
        person.texts = Texts::new(texts.account_id(), name, texts.nickname(), texts.email());
        self.note("user_profile_updated", &[("users", account_id)]);
        Ok(())
    }

    /// Changes the address. Whether the account is managed does not change with it.
    pub fn change_email(&mut self, account_id: &str, email: &str) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        let Some(person) = self.person_mut(ordinal) else { return Ok(()) };
        let texts = person.texts.clone();
        person.texts = Texts::new(texts.account_id(), texts.name(), texts.nickname(), email);
        self.by_email.remove(&(hash_of(&texts.email().to_lowercase()), ordinal));
        self.by_email.insert((hash_of(&email.to_lowercase()), ordinal));
        self.note("user_email_changed", &[("users", account_id)]);
        Ok(())
    }

    /// Changes the job title.
    pub fn set_job_title(&mut self, account_id: &str, title: &str) -> Result<(), ChangeError> {
        let word = self.intern(title);
        self.account_mut(account_id)?.job_title = word;
        self.note("user_profile_updated", &[("users", account_id)]);
        Ok(())
    }

    /// Turns two-step verification on.
    pub fn enable_mfa(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.account_mut(account_id)?.mfa = true;
        Ok(())
    }

    /// Puts an account into a group; returns false when it was there already.
    pub fn add_member(&mut self, group_id: &str, account_id: &str) -> Result<bool, ChangeError> {
        let group = self.known_group(group_id)?;
        let ordinal = self.account(account_id)?;
        let directory = self.group(group).map_or(0, |group| group.directory);
        if self.person(ordinal).is_none_or(|person| person.present & (1 << directory) == 0) {
            return Err(ChangeError::OtherDirectory { account: account_id.to_owned(), group: group_id.to_owned() });
        }
        let joined = self.join(group, ordinal);
        if joined {
            self.note("user_added_to_group", &[("users", account_id), ("groups", group_id)]);
        }
        Ok(joined)
    }

    /// Takes an account out of a group; returns false when it was not in it.
    pub fn remove_member(&mut self, group_id: &str, account_id: &str) -> Result<bool, ChangeError> {
        let group = self.known_group(group_id)?;
        let ordinal = self.account(account_id)?;
        let left = self.leave(group, ordinal);
        if left {
            self.note("user_removed_from_group", &[("users", account_id), ("groups", group_id)]);
        }
        Ok(left)
    }

    /// Makes an empty group in the first directory and returns its id.
    pub fn create_group(&mut self, name: &str) -> String {
        let id = uuid(&mut self.ids);
        self.add_group(Group::new(id.clone(), name.to_owned(), 0));
        id
    }

    /// Adds a group that is made already.
    pub(crate) fn add_group(&mut self, mut group: Group) {
        group.render();
        let id = group.id.clone();
        self.insert_group(group);
        self.note("group_created", &[("groups", &id)]);
    }

    /// Deletes a group with its memberships.
    pub fn delete_group(&mut self, group_id: &str) -> Result<(), ChangeError> {
        let group = self.known_group(group_id)?;
        self.note("group_deleted", &[("groups", group_id)]);
        for person in self.people.iter_mut().flatten() {
            if let Ok(place) = person.groups.binary_search(&group) {
                person.groups.remove(place);
            }
        }
        self.by_group.remove(group_id);
        if let Some(place) = self.groups.get_mut(group as usize) {
            *place = None;
        }
        Ok(())
    }

    /// Changes a group's name.
    pub fn rename_group(&mut self, group_id: &str, name: &str) -> Result<(), ChangeError> {
        let ordinal = self.known_group(group_id)?;
        if let Some(group) = self.group_mut(ordinal) {
            group.name = name.to_owned();
            group.render();
        }
        self.note("group_renamed", &[("groups", group_id)]);
        Ok(())
    }

    /// Gives a group a role on a resource; returns false when it had it.
    pub fn grant(&mut self, group_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let (group, index) = (self.known_group(group_id)?, self.known_resource(resource)?);
        let new = self.group_mut(group).is_some_and(|group| group.grant(index, role));
        if new {
            let action = if role == Role::Admin { "group_granted_admin_access" } else { "group_granted_role" };
            self.note(action, &[("groups", group_id), ("resources", resource)]);
        }
        Ok(new)
    }

    /// Takes a role on a resource from a group; returns false when it did not have it.
    pub fn revoke(&mut self, group_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let (group, index) = (self.known_group(group_id)?, self.known_resource(resource)?);
        let held = self.group_mut(group).is_some_and(|group| group.revoke(index, role));
        if held {
            self.note("group_revoked_role", &[("groups", group_id), ("resources", resource)]);
        }
        Ok(held)
    }

    /// Gives a person a role on a resource without a group; returns false when the person had it so.
    pub fn set_direct_role(&mut self, account_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let index = self.known_resource(resource)?;
        let person = self.account_mut(account_id)?;
        let new = match person.direct.binary_search_by_key(&index, |entry| entry.0) {
            Ok(place) => person.direct.get_mut(place).is_some_and(|entry| entry.1.insert(role)),
            Err(place) => {
                person.direct.insert(place, (index, Roles::of(&[role])));
                true
            }
        };
        if new {
            self.note("user_granted_role", &[("users", account_id), ("resources", resource)]);
        }
        Ok(new)
    }

    /// Takes a direct role from a person; returns false when there was none.
    pub fn clear_direct_role(&mut self, account_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let index = self.known_resource(resource)?;
        let person = self.account_mut(account_id)?;
        let mut held = false;
        for entry in person.direct.iter_mut().filter(|entry| entry.0 == index) {
            held |= entry.1.remove(role);
        }
        person.direct.retain(|entry| !entry.1.is_empty());
        if held {
            self.note("user_revoked_role", &[("users", account_id), ("resources", resource)]);
        }
        Ok(held)
    }

    /// Sets when a person last opened an app on a site.
    pub fn set_last_active(&mut self, account_id: &str, resource: &str, at: Timestamp) -> Result<(), ChangeError> {
        let resource = self.known_resource(resource)?;
        let person = self.account_mut(account_id)?;
        person.set_activity(resource, at.as_millisecond());
        person.email_verified = true;
        Ok(())
    }

    /// Gives a person a role on the whole organization; returns false when the person had it.
    pub fn set_platform_role(&mut self, account_id: &str, role: Role) -> Result<bool, ChangeError> {
        if !role.is_platform() {
            return Err(ChangeError::NotAPlatformRole(role.id()));
        }
        let new = self.account_mut(account_id)?.platform_roles.insert(role);
        if new {
            let action = if role == Role::OrgAdmin { "added_org_admin" } else { "user_granted_role" };
            self.note(action, &[("users", account_id)]);
        }
        Ok(new)
    }

    /// Takes a role on the whole organization; returns false when the person did not have it.
    pub fn clear_platform_role(&mut self, account_id: &str, role: Role) -> Result<bool, ChangeError> {
        let held = self.account_mut(account_id)?.platform_roles.remove(role);
        if held {
            let action = if role == Role::OrgAdmin { "removed_org_admin" } else { "user_revoked_role" };
            self.note(action, &[("users", account_id)]);
        }
        Ok(held)
    }

    /// Sets the seats of an app on a site; none for a licence that is not known, which has no limit.
    pub fn set_capacity(&mut self, resource: &str, capacity: Option<u32>) -> Result<(), ChangeError> {
        let index = self.known_resource(resource)?;
        if let Some(resource) = self.resources.get_mut(usize::from(index)) {
            resource.capacity = capacity;
        }
        Ok(())
    }

    /// Sets whether the organization pays for any app; those that do not cannot invite through the API.
    pub fn set_paid(&mut self, paid: bool) {
        self.paid = paid;
    }

    fn account(&self, account_id: &str) -> Result<u32, ChangeError> {
        self.find_account(account_id).ok_or_else(|| ChangeError::UnknownAccount(account_id.to_owned()))
    }

    fn account_mut(&mut self, account_id: &str) -> Result<&mut Person, ChangeError> {
        let ordinal = self.account(account_id)?;
        self.person_mut(ordinal).ok_or_else(|| ChangeError::UnknownAccount(account_id.to_owned()))
    }

    fn known_group(&self, group_id: &str) -> Result<u32, ChangeError> {
        self.find_group(group_id).ok_or_else(|| ChangeError::UnknownGroup(group_id.to_owned()))
    }

    fn known_resource(&self, ari: &str) -> Result<u8, ChangeError> {
        self.find_resource(ari).ok_or_else(|| ChangeError::UnknownResource(ari.to_owned()))
    }
}
