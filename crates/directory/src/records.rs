//! The records of one part, found by account id: a list and an index of places, because a first pass holds them all.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use crate::seen::SeenAccount;

/// Seen records in the order in which they came, one per account.
#[derive(Clone, Debug, Default)]
pub struct Records {
    places: HashTable<u32>,
    records: Vec<SeenAccount>,
}

impl Records {
    /// The record of an account.
    pub fn get(&self, id: &str) -> Option<&SeenAccount> {
        self.place(id).map(|place| &self.records[place])
    }

    /// Takes a record in, merging it with one that came before.
    pub fn merge(&mut self, record: SeenAccount) {
        match self.place(record.id.as_str()) {
            Some(place) => self.records[place].merge(record),
            None => {
                let place = self.records.len() as u32;
                let hash = |id: &str| FixedState::default().hash_one(id);
                let records = &self.records;
                self.places
                    .insert_unique(hash(record.id.as_str()), place, |place| hash(records[*place as usize].id.as_str()));
                self.records.push(record);
            }
        }
    }

    /// The records in the order in which they came.
    pub fn iter(&self) -> std::slice::Iter<'_, SeenAccount> {
        self.records.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Drops all of them.
    pub fn clear(&mut self) {
        *self = Records::default();
    }

    /// Drops those of some accounts.
    pub fn forget(&mut self, is_meant: impl Fn(&str) -> bool) {
        if self.iter().any(|record| is_meant(record.id.as_str())) {
            let kept = std::mem::take(self).into_iter().filter(|record| !is_meant(record.id.as_str()));
            kept.for_each(|record| self.merge(record));
        }
    }

    fn place(&self, id: &str) -> Option<usize> {
        let hash = FixedState::default().hash_one(id);
        self.places.find(hash, |place| self.records[*place as usize].id.as_str() == id).map(|place| *place as usize)
    }
}

impl PartialEq for Records {
    fn eq(&self, other: &Records) -> bool {
        self.len() == other.len() && self.iter().all(|record| other.get(record.id.as_str()) == Some(record))
    }
}

impl Eq for Records {}

impl IntoIterator for Records {
    type Item = SeenAccount;
    type IntoIter = std::vec::IntoIter<SeenAccount>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.into_iter()
    }
}

impl<'a> IntoIterator for &'a Records {
    type Item = &'a SeenAccount;
    type IntoIter = std::slice::Iter<'a, SeenAccount>;

    fn into_iter(self) -> Self::IntoIter {
        self.records.iter()
    }
}
