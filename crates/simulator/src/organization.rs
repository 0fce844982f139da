//! The world: directories, sites, people and groups of one organization, with the look-ups over them.
//! Everything here is reading; people and groups are changed only through the verbs in `verbs`, which keep counters
//! and look-ups in step.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use crate::audit::AuditLog;
use crate::customers::Customers;
use crate::effect::Effect;
use crate::group::Group;
use crate::key::ApiKey;
use crate::person::{Person, Word};
use crate::policy::Policy;
use crate::resource::{Resource, Role, Roles, Site};

/// A user directory.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The secret that opens the directory's provisioning, and nothing else.
    pub(crate) scim_key: String,
}

/// A whole Atlassian organization in memory.
#[derive(Clone, Debug)]
pub struct Organization {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domains: Vec<String>,
    pub(crate) directories: Vec<Directory>,
    pub(crate) sites: Vec<Site>,
    pub(crate) resources: Vec<Resource>,
    /// Interned words; the first is empty and stands for none.
    pub(crate) words: Vec<String>,
    /// In order of creation; a place is never used again.
    pub(crate) people: Vec<Option<Person>>,
    /// In order of creation; a place is never used again.
    pub(crate) groups: Vec<Option<Group>>,
    /// Hash of the account id, ordinal.
    pub(crate) by_account: BTreeSet<(u64, u32)>,
    /// Hash of the address in lower case, ordinal; several accounts may share one.
    pub(crate) by_email: BTreeSet<(u64, u32)>,
    pub(crate) by_group: HashMap<String, u32>,
    /// Managed accounts, in directories or not.
    pub(crate) managed: usize,
    pub(crate) keys: Vec<ApiKey>,
    /// Whether anything is paid for; inviting needs it.
    pub(crate) paid: bool,
    pub(crate) audit: AuditLog,
    /// People who know a site only by its help desk, and those desks.
    pub(crate) customers: Customers,
    /// In order of creation.
    pub(crate) policies: Vec<Policy>,
    /// Locales that were set, by account.
    pub(crate) locales: HashMap<String, String>,
    /// Ids of users' API tokens that were revoked.
    pub(crate) revoked_tokens: BTreeSet<String>,
    /// What was accepted and is not visible yet: when it will be, in milliseconds since 1970, and what it is.
    pub(crate) queue: Vec<(i64, Effect)>,
    /// The present instant, for what changes record; set before each change.
    pub(crate) now: Timestamp,
    /// Signs cursors, so that none can be made up.
    pub(crate) seal: u64,
    /// The source of new ids.
    pub(crate) ids: fastrand::Rng,
}

impl Organization {
    /// The organization's id, a UUID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The organization's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The sites, in order of creation; the first is the one at the root.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The ids of the directories.
    pub fn directory_ids(&self) -> Vec<String> {
        self.directories.iter().map(|directory| directory.id.clone()).collect()
    }

    /// The key of a directory's provisioning.
    pub fn scim_key(&self, directory_id: &str) -> Option<&str> {
        let index = self.find_directory(directory_id)?;
        self.directories.get(usize::from(index)).map(|directory| directory.scim_key.as_str())
    }

    /// The id of each directory with the key of its provisioning.
    pub fn scim_keys(&self) -> Vec<(String, String)> {
        self.directories.iter().map(|directory| (directory.id.clone(), directory.scim_key.clone())).collect()
    }

    /// Accounts that exist, in directories or managed outside them.
    pub fn user_count(&self) -> usize {
        self.people.iter().flatten().count()
    }

    /// Groups that exist.
    pub fn group_count(&self) -> usize {
        self.groups.iter().flatten().count()
    }

    /// The account id of the n-th account ever created, if it still exists.
    pub fn account_id(&self, nth: u32) -> Option<&str> {
        self.person(nth).map(|person| person.texts.account_id())
    }

    /// The id of the n-th group ever created, if it still exists.
    pub fn group_id(&self, nth: u32) -> Option<&str> {
        self.group(nth).map(|group| group.id.as_str())
    }

    /// Sets the instant that later changes record.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    pub(crate) fn person(&self, ordinal: u32) -> Option<&Person> {
        self.people.get(ordinal as usize)?.as_ref()
    }

    pub(crate) fn person_mut(&mut self, ordinal: u32) -> Option<&mut Person> {
        self.people.get_mut(ordinal as usize)?.as_mut()
    }

    pub(crate) fn group(&self, ordinal: u32) -> Option<&Group> {
        self.groups.get(ordinal as usize)?.as_ref()
    }

    pub(crate) fn group_mut(&mut self, ordinal: u32) -> Option<&mut Group> {
        self.groups.get_mut(ordinal as usize)?.as_mut()
    }

    pub(crate) fn find_account(&self, account_id: &str) -> Option<u32> {
        let hash = hash_of(account_id);
        self.by_account
            .range((hash, 0)..=(hash, u32::MAX))
            .map(|(_, ordinal)| *ordinal)
            .find(|ordinal| self.person(*ordinal).is_some_and(|person| person.texts.account_id() == account_id))
    }

    pub(crate) fn find_email(&self, email: &str) -> Vec<u32> {
        let email = email.to_lowercase();
        let hash = hash_of(&email);
        self.by_email
            .range((hash, 0)..=(hash, u32::MAX))
            .map(|(_, ordinal)| *ordinal)
            .filter(|ordinal| self.person(*ordinal).is_some_and(|person| person.texts.email().to_lowercase() == email))
            .collect()
    }

    pub(crate) fn find_group(&self, group_id: &str) -> Option<u32> {
        self.by_group.get(group_id).copied()
    }

    pub(crate) fn find_resource(&self, ari: &str) -> Option<u8> {
        self.resources.iter().position(|resource| resource.ari == ari).map(|index| index as u8)
    }

    pub(crate) fn find_directory(&self, id: &str) -> Option<u8> {
        self.directories.iter().position(|directory| directory.id == id).map(|index| index as u8)
    }

    pub(crate) fn resource(&self, index: u8) -> Option<&Resource> {
        self.resources.get(index as usize)
    }

    pub(crate) fn word(&self, word: Word) -> Option<&str> {
        self.words.get(word as usize).map(String::as_str).filter(|word| !word.is_empty())
    }

    /// Every directory as a mask.
    pub(crate) fn all_directories(&self) -> u8 {
        ((1u16 << self.directories.len()) - 1) as u8
    }

    /// Resources on which the person has any role, by a group or directly.
    pub(crate) fn reach(&self, person: &Person) -> u128 {
        let direct = person.direct.iter().fold(0u128, |mask, (resource, _)| mask | 1 << resource);
        person.groups.iter().filter_map(|group| self.group(*group)).fold(direct, |mask, group| mask | group.granted)
    }

    /// The roles that the person has on the resource by groups.
    pub(crate) fn group_roles(&self, person: &Person, resource: u8) -> Roles {
        person
            .groups
            .iter()
            .filter_map(|group| self.group(*group))
            .filter(|group| group.granted & (1 << resource) != 0)
            .fold(Roles::default(), |roles, group| roles.union(group.roles_on(resource)))
    }

    /// All roles of the person anywhere, platform roles included.
    pub(crate) fn all_roles(&self, person: &Person) -> Roles {
        let direct = person.direct.iter().fold(person.platform_roles, |roles, (_, held)| roles.union(*held));
        person
            .groups
            .iter()
            .filter_map(|group| self.group(*group))
            .flat_map(|group| group.grants.iter())
            .fold(direct, |roles, grant| roles.union(grant.roles))
    }

    /// The accounts with a platform role, by account id.
    pub fn holders_of(&self, role: Role) -> Vec<String> {
        self.people
            .iter()
            .flatten()
            .filter(|person| person.platform_roles.contains(role))
            .map(|person| person.texts.account_id().to_owned())
            .collect()
    }
}

/// The same text always has the same hash: the hasher's keys are fixed.
pub(crate) fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
