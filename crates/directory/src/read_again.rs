//! Who and what was read by id since everybody was read: the exceptions to the ages of parts. Kept only while they are
//! younger than what the whole was read at.

use std::collections::BTreeMap;

use columns::Ordinal;
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::claim::{Noun, Part};
use crate::snapshot::Snapshot;

/// What one targeted read has observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadAgain {
    /// When the last request left.
    pub at: Timestamp,
    /// People.
    pub accounts: RoaringBitmap,
    /// Groups with their members.
    pub groups: RoaringBitmap,
    /// People of whom no more was seen than that they joined or left such a group.
    pub moved: RoaringBitmap,
}

/// Bitmaps of ordinals compare like sets.
impl Eq for ReadAgain {}

/// When people and groups were read by id, where that is later than their whole part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Exceptions {
    accounts: BTreeMap<Ordinal, Timestamp>,
    groups: BTreeMap<Ordinal, Timestamp>,
}

impl Exceptions {
    /// Takes one more targeted read in.
    pub(crate) fn absorb(&mut self, read: &ReadAgain) {
        for (map, ordinals) in [(&mut self.accounts, &read.accounts), (&mut self.groups, &read.groups)] {
            for ordinal in ordinals {
                map.entry(ordinal).and_modify(|at| *at = read.at.max(*at)).or_insert(read.at);
            }
        }
    }

    /// Drops what is no exception any more.
    pub(crate) fn prune(&mut self, people_at: Option<Timestamp>, groups_at: Option<Timestamp>) {
        self.accounts.retain(|_, at| people_at.is_none_or(|whole| *at > whole));
        self.groups.retain(|_, at| groups_at.is_none_or(|whole| *at > whole));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.groups.is_empty()
    }
}

impl Snapshot {
    /// When people were last read completely; the oldest directory counts. `None` before the first time.
    pub fn people_read_at(&self) -> Option<Timestamp> {
        self.oldest(|noun| matches!(noun, Noun::Accounts | Noun::Presence))
    }

    /// When groups and their members were last read completely, likewise.
    pub fn groups_read_at(&self) -> Option<Timestamp> {
        self.oldest(|noun| matches!(noun, Noun::Groups | Noun::Memberships))
    }

    /// When somebody was last read, with everybody or by id.
    pub fn account_read_at(&self, account: Ordinal) -> Option<Timestamp> {
        self.exceptions.accounts.get(&account).copied().max(self.people_read_at())
    }

    /// When a group's members were last read, with all groups, in *Group Memberships*, or by id.
    pub fn group_read_at(&self, group: Ordinal) -> Option<Timestamp> {
        let own = self.group_row(group).and_then(|row| {
            let is_own = |part: &Part| matches!(part, Part::Group(id) if *id == row.id);
            self.ages().iter().find(|age| age.noun == Noun::Memberships && is_own(&age.part)).map(|age| age.read_at)
        });
        own.max(self.exceptions.groups.get(&group).copied()).max(self.groups_read_at())
    }

    /// When a group was first seen by a sync; `None` where that is not kept.
    pub fn group_first_seen(&self, group: Ordinal) -> Option<Timestamp> {
        let at = self.groups_first_seen.get(group as usize).copied().flatten()?;
        Timestamp::from_microsecond(at).ok()
    }

    fn oldest(&self, of: impl Fn(Noun) -> bool) -> Option<Timestamp> {
        let whole = |part: &Part| matches!(part, Part::Directory(_) | Part::Whole);
        let ages = self.ages().iter().filter(|age| of(age.noun) && whole(&age.part));
        ages.map(|age| age.read_at).min()
    }
}
