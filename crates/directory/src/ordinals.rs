//! Gives ordinals to what a pass has seen for the first time: directories, resources, groups, accounts. An ordinal, once
//! given, is never changed and never given again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::diff::Differ;
use crate::id::{AccountId, GroupId};
use crate::merge::Observed;
use crate::resource::{Directory, OUTSIDE, Resource};
use crate::seen::{Reading, Seen, SeenAccount, SeenPart};

impl Differ<'_> {
    pub(crate) fn name_directories(&mut self, seen: &Seen) {
        for (place, directory) in self.snapshot.directories().iter().enumerate() {
            self.directories.insert(directory.id.clone(), place as Ordinal);
        }
        for directory in &seen.directories {
            match self.directories.get(&directory.id) {
                Some(&ordinal) if self.snapshot.directories()[ordinal as usize] != *directory => {
                    self.delta.directories.push((ordinal, directory.clone()));
                }
                Some(_) => {}
                None => self.add_directory(directory.clone()),
            }
        }
        for part in &seen.parts {
            if !self.directories.contains_key(&part.directory) {
                let name = if part.directory.as_str() == OUTSIDE { "Outside every directory" } else { "" };
                self.add_directory(Directory { id: part.directory.clone(), name: name.into() });
            }
        }
        self.delta.directories.sort_by_key(|(ordinal, _)| *ordinal);
    }

    pub(crate) fn add_directory(&mut self, directory: Directory) {
        let ordinal = self.directories.len() as Ordinal;
        self.directories.insert(directory.id.clone(), ordinal);
        self.delta.new_directories.push(directory);
    }

    pub(crate) fn name_resources(&mut self, seen: &Seen) {
        for resource in &seen.resources {
            match self.snapshot.resource(&resource.id) {
                Some(ordinal) if self.snapshot.resources()[ordinal as usize] != *resource => {
                    self.delta.resources.push((ordinal, resource.clone()));
                }
                Some(_) => {}
                None => {
                    self.add_resource(resource.clone());
                }
            }
        }
        self.delta.resources.sort_by_key(|(ordinal, _)| *ordinal);
        let references = seen.new_resources.iter().map(|id| self.add_resource(Resource::unnamed(id.clone()))).collect();
        self.resources_by_reference = (seen.base_resources, references);
    }

    pub(crate) fn add_resource(&mut self, resource: Resource) -> Ordinal {
        if let Some(ordinal) = self.snapshot.resource(&resource.id) {
            return ordinal;
        }
        let next = (self.snapshot.resources().len() + self.delta.new_resources.len()) as Ordinal;
        let ordinal = *self.new_resources.entry(resource.id.clone()).or_insert(next);
        if ordinal == next {
            self.delta.new_resources.push(resource);
        }
        ordinal
    }

    pub(crate) fn name_groups(&mut self, seen: &Seen) {
        let named_by_members = self.directories_of_unlisted_groups(seen);
        let mut references = Vec::with_capacity(seen.new_groups.len());
        for (reference, id) in (seen.base_groups..).zip(&seen.new_groups) {
            let listed = seen.groups.get(&reference).and_then(|group| self.directories.get(&group.directory));
            let directory = listed.or_else(|| named_by_members.get(&reference)).copied();
            references.push(self.add_group(id, directory));
        }
        self.groups_by_reference = (seen.base_groups, references);
    }

    /// By reference, the directories of groups that only their members have named so far, because they were made after
    /// the page that would list them: a directory's users show that directory's groups.
    pub(crate) fn directories_of_unlisted_groups(&self, seen: &Seen) -> BTreeMap<Ordinal, Ordinal> {
        let new = (seen.base_groups..).take(seen.new_groups.len());
        let unlisted: BTreeSet<Ordinal> = new.filter(|reference| !seen.groups.contains_key(reference)).collect();
        let mut directories = BTreeMap::new();
        for part in seen.parts.iter().filter(|part| !unlisted.is_empty() && part.directory.as_str() != OUTSIDE) {
            let Some(directory) = self.directories.get(&part.directory) else { continue };
            for record in &part.accounts {
                let Some(Observed { value: Reading::Now(groups), .. }) = &record.groups else { continue };
                let named = groups.iter().filter(|reference| unlisted.contains(reference));
                directories.extend(named.map(|reference| (*reference, *directory)));
            }
        }
        directories
    }

    pub(crate) fn add_group(&mut self, id: &GroupId, directory: Option<Ordinal>) -> Ordinal {
        if let Some(ordinal) = self.snapshot.group(id.as_str()) {
            return ordinal;
        }
        let next = (self.snapshot.groups_len() + self.delta.new_groups.len()) as Ordinal;
        let ordinal = *self.new_groups.entry(id.clone()).or_insert(next);
        if ordinal == next {
            self.delta.new_groups.push((id.clone(), directory));
        }
        ordinal
    }

    pub(crate) fn group_ordinal(&self, reference: Ordinal) -> Ordinal {
        let (base, named) = &self.groups_by_reference;
        reference.checked_sub(*base).and_then(|place| named.get(place as usize)).copied().unwrap_or(reference)
    }

    pub(crate) fn resource_ordinal(&self, reference: Ordinal) -> Ordinal {
        let (base, named) = &self.resources_by_reference;
        reference.checked_sub(*base).and_then(|place| named.get(place as usize)).copied().unwrap_or(reference)
    }

    pub(crate) fn known_account(&self, id: &AccountId) -> Option<Ordinal> {
        self.snapshot.account(id.as_str()).or_else(|| {
            let new = &self.delta.new_accounts;
            let place = self.new_accounts.find(hash(id), |place| new[*place as usize] == *id)?;
            Some(self.delta.known_accounts + place)
        })
    }

    pub(crate) fn account_ordinal(&mut self, id: &AccountId) -> Ordinal {
        if let Some(ordinal) = self.known_account(id) {
            return ordinal;
        }
        let new = &mut self.delta.new_accounts;
        let place = new.len() as u32;
        new.push(id.clone());
        self.new_accounts.insert_unique(hash(id), place, |place| hash(&new[*place as usize]));
        self.delta.known_accounts + place
    }

    /// Ordinals of the members that groups were read with. Somebody of whom nothing but a membership was seen is not
    /// known yet, and gets none.
    pub(crate) fn name_members(
        &mut self,
        members: BTreeMap<Ordinal, BTreeSet<AccountId>>,
        parts: &[SeenPart],
    ) -> BTreeMap<Ordinal, RoaringBitmap> {
        let introduced = |id: &AccountId| {
            parts.iter().any(|part| part.accounts.get(id.as_str()).is_some_and(SeenAccount::introduces))
        };
        members
            .into_iter()
            .map(|(reference, ids)| {
                let known = |id: &AccountId| match self.known_account(id) {
                    Some(account) => Some(account),
                    None if introduced(id) => Some(self.account_ordinal(id)),
                    None => None,
                };
                let accounts = ids.iter().filter_map(known).collect();
                (self.group_ordinal(reference), accounts)
            })
            .collect()
    }
}

fn hash(id: &AccountId) -> u64 {
    foldhash::fast::FixedState::default().hash_one(id.as_str())
}
