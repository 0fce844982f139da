//! Keeping the counters of groups and the look-ups in step with the people. Only the verbs and the making of a
//! population may call these.

use crate::group::Group;
use crate::organization::{Organization, hash_of};
use crate::person::{Person, domain_of};

impl Organization {
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

    pub(crate) fn leave(&mut self, group: u32, ordinal: u32) -> bool {
        let Some(person) = self.people.get_mut(ordinal as usize).and_then(Option::as_mut) else { return false };
        let Some(group_record) = self.groups.get_mut(group as usize).and_then(Option::as_mut) else { return false };
        let Ok(place) = person.groups.binary_search(&group) else { return false };
        person.groups.remove(place);
        group_record.members -= 1;
        group_record.suspended_members -= u32::from(person.suspended & (1 << group_record.directory) != 0);
        true
    }

    pub(crate) fn leave_groups(&mut self, ordinal: u32, directories: u8) {
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

    pub(crate) fn forget(&mut self, ordinal: u32) {
        if let Some(person) = self.people.get_mut(ordinal as usize).and_then(Option::take) {
            self.managed -= usize::from(person.managed);
            self.by_account.remove(&(hash_of(person.texts.account_id()), ordinal));
            self.by_email.remove(&(hash_of(&person.texts.email().to_lowercase()), ordinal));
        }
    }
}
