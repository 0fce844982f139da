//! What can be done to the organization, one verb a change, as tests and the random changes use them. Each verb keeps
//! the counters of groups and the look-ups right; none of them asks whether upstream's API would have allowed it.

use jiff::Timestamp;

use crate::group::Group;
use crate::key::uuid;
use crate::organization::{Organization, hash_of};
use crate::person::{AccountStatus, AccountType, Person, Source, Texts, domain_of};
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
        let directory = match &user.directory {
            None => 0,
            Some(id) => self.find_directory(id).ok_or_else(|| ChangeError::UnknownDirectory(id.clone()))?,
        };
        let account_id = format!("712020:{}", uuid(&mut self.ids));
        let managed = self.is_own_domain(&user.email);
        let nickname = user.name.split_whitespace().next().unwrap_or_default();
        let person = Person {
            texts: Texts::new(&account_id, &user.name, nickname, &user.email),
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
        Ok(account_id)
    }

    /// Takes an account out of every directory, with its memberships and roles. A managed account goes on existing
    /// outside the directories; any other one is gone.
    pub fn remove_user(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        self.leave_groups(ordinal, self.all_directories());
        let Some(person) = self.person_mut(ordinal) else { return Ok(()) };
        person.present = 0;
        person.suspended = 0;
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
        self.leave_groups(ordinal, self.all_directories());
        self.forget(ordinal);
        Ok(())
    }

    /// Suspends the account in every directory it is in.
    pub fn suspend(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        let present = self.person(ordinal).map_or(0, |person| person.present);
        self.set_suspended(ordinal, present);
        Ok(())
    }

    /// Suspends the account in one directory only.
    pub fn suspend_in(&mut self, account_id: &str, directory_id: &str) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        let directory =
            self.find_directory(directory_id).ok_or_else(|| ChangeError::UnknownDirectory(directory_id.to_owned()))?;
        let suspended = self.person(ordinal).map_or(0, |person| person.present & (person.suspended | 1 << directory));
        self.set_suspended(ordinal, suspended);
        Ok(())
    }

    /// Ends every suspension of the account.
    pub fn restore(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let ordinal = self.account(account_id)?;
        self.set_suspended(ordinal, 0);
        Ok(())
    }

    /// Makes the account inactive everywhere; memberships stay.
    pub fn deactivate(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let now = self.now.as_millisecond();
        let person = self.account_mut(account_id)?;
        person.account_status = AccountStatus::Inactive;
        person.deactivated = now;
        Ok(())
    }

    /// Makes an inactive account active again.
    pub fn reactivate(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let person = self.account_mut(account_id)?;
        person.account_status = AccountStatus::Active;
        person.for_deletion = false;
        person.deactivated = 0;
        Ok(())
    }

    /// Changes the full name.
    pub fn rename(&mut self, account_id: &str, name: &str) -> Result<(), ChangeError> {
        let person = self.account_mut(account_id)?;
        let texts = &person.texts;
        person.texts = Texts::new(texts.account_id(), name, texts.nickname(), texts.email());
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
        Ok(())
    }

    /// Changes the job title.
    pub fn set_job_title(&mut self, account_id: &str, title: &str) -> Result<(), ChangeError> {
        let word = self.intern(title);
        self.account_mut(account_id)?.job_title = word;
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
        Ok(self.join(group, ordinal))
    }

    /// Takes an account out of a group; returns false when it was not in it.
    pub fn remove_member(&mut self, group_id: &str, account_id: &str) -> Result<bool, ChangeError> {
        let group = self.known_group(group_id)?;
        let ordinal = self.account(account_id)?;
        Ok(self.leave(group, ordinal))
    }

    /// Makes an empty group in the first directory and returns its id.
    pub fn create_group(&mut self, name: &str) -> String {
        let id = uuid(&mut self.ids);
        self.insert_group(Group::new(id.clone(), name.to_owned(), 0));
        id
    }

    /// Deletes a group with its memberships.
    pub fn delete_group(&mut self, group_id: &str) -> Result<(), ChangeError> {
        let group = self.known_group(group_id)?;
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
        Ok(())
    }

    /// Gives a group a role on a resource; returns false when it had it.
    pub fn grant(&mut self, group_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let (group, resource) = (self.known_group(group_id)?, self.known_resource(resource)?);
        Ok(self.group_mut(group).is_some_and(|group| group.grant(resource, role)))
    }

    /// Takes a role on a resource from a group; returns false when it did not have it.
    pub fn revoke(&mut self, group_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let (group, resource) = (self.known_group(group_id)?, self.known_resource(resource)?);
        Ok(self.group_mut(group).is_some_and(|group| group.revoke(resource, role)))
    }

    /// Gives a person a role on a resource without a group; returns false when the person had it so.
    pub fn set_direct_role(&mut self, account_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let resource = self.known_resource(resource)?;
        let person = self.account_mut(account_id)?;
        match person.direct.binary_search_by_key(&resource, |entry| entry.0) {
            Ok(place) => Ok(person.direct.get_mut(place).is_some_and(|entry| entry.1.insert(role))),
            Err(place) => {
                person.direct.insert(place, (resource, Roles::of(&[role])));
                Ok(true)
            }
        }
    }

    /// Takes a direct role from a person; returns false when there was none.
    pub fn clear_direct_role(&mut self, account_id: &str, resource: &str, role: Role) -> Result<bool, ChangeError> {
        let resource = self.known_resource(resource)?;
        let person = self.account_mut(account_id)?;
        let mut held = false;
        for entry in person.direct.iter_mut().filter(|entry| entry.0 == resource) {
            held |= entry.1.remove(role);
        }
        person.direct.retain(|entry| !entry.1.is_empty());
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
        Ok(self.account_mut(account_id)?.platform_roles.insert(role))
    }

    /// Takes a role on the whole organization; returns false when the person did not have it.
    pub fn clear_platform_role(&mut self, account_id: &str, role: Role) -> Result<bool, ChangeError> {
        Ok(self.account_mut(account_id)?.platform_roles.remove(role))
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

    pub(crate) fn is_own_domain(&self, email: &str) -> bool {
        let domain = domain_of(email);
        self.domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
    }

    pub(crate) fn intern(&mut self, word: &str) -> u16 {
        if let Some(known) = self.words.iter().position(|known| known == word) {
            return known as u16;
        }
        if self.words.len() >= usize::from(u16::MAX) {
            return 0;
        }
        self.words.push(word.to_owned());
        (self.words.len() - 1) as u16
    }

    pub(crate) fn insert_person(&mut self, person: Person) -> u32 {
        let ordinal = self.people.len() as u32;
        self.by_account.insert((hash_of(person.texts.account_id()), ordinal));
        self.by_email.insert((hash_of(&person.texts.email().to_lowercase()), ordinal));
        self.managed += usize::from(person.managed);
        self.people.push(Some(person));
        ordinal
    }

    pub(crate) fn insert_group(&mut self, group: Group) -> u32 {
        let ordinal = self.groups.len() as u32;
        self.by_group.insert(group.id.clone(), ordinal);
        self.groups.push(Some(group));
        ordinal
    }

    pub(crate) fn join(&mut self, group: u32, ordinal: u32) -> bool {
        let Some(person) = self.people.get_mut(ordinal as usize).and_then(Option::as_mut) else { return false };
        let Some(group_record) = self.groups.get_mut(group as usize).and_then(Option::as_mut) else { return false };
        let Err(place) = person.groups.binary_search(&group) else { return false };
        person.groups.insert(place, group);
        group_record.members += 1;
        group_record.suspended_members += u32::from(person.suspended & (1 << group_record.directory) != 0);
        true
    }

    fn leave(&mut self, group: u32, ordinal: u32) -> bool {
        let Some(person) = self.people.get_mut(ordinal as usize).and_then(Option::as_mut) else { return false };
        let Some(group_record) = self.groups.get_mut(group as usize).and_then(Option::as_mut) else { return false };
        let Ok(place) = person.groups.binary_search(&group) else { return false };
        person.groups.remove(place);
        group_record.members -= 1;
        group_record.suspended_members -= u32::from(person.suspended & (1 << group_record.directory) != 0);
        true
    }

    fn leave_groups(&mut self, ordinal: u32, directories: u8) {
        let groups = self.person(ordinal).map(|person| person.groups.clone()).unwrap_or_default();
        for group in groups {
            if self.group(group).is_some_and(|group| directories & (1 << group.directory) != 0) {
                self.leave(group, ordinal);
            }
        }
    }

    pub(crate) fn set_suspended(&mut self, ordinal: u32, suspended: u8) {
        let Some(person) = self.people.get_mut(ordinal as usize).and_then(Option::as_mut) else { return };
        let before = std::mem::replace(&mut person.suspended, suspended & person.present);
        for group in &person.groups {
            let Some(group) = self.groups.get_mut(*group as usize).and_then(Option::as_mut) else { continue };
            let bit = 1 << group.directory;
            match (before & bit != 0, person.suspended & bit != 0) {
                (false, true) => group.suspended_members += 1,
                (true, false) => group.suspended_members -= 1,
                _ => {}
            }
        }
    }

    fn forget(&mut self, ordinal: u32) {
        if let Some(person) = self.people.get_mut(ordinal as usize).and_then(Option::take) {
            self.managed -= usize::from(person.managed);
            self.by_account.remove(&(hash_of(person.texts.account_id()), ordinal));
            self.by_email.remove(&(hash_of(&person.texts.email().to_lowercase()), ordinal));
        }
    }
}
