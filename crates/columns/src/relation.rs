//! A relation between left and right ordinals, readable from both sides: the rights of a left as a sorted list, the
//! lefts of a right as a bitmap. Both sides must always tell the same pairs.

use std::sync::{Arc, LazyLock};

use roaring::RoaringBitmap;

use crate::{
    CHUNK, Ordinal,
    lists::{Effect, Lists},
};

/// Pairs of a left and a right ordinal, each pair once. Cloning shares everything; equality is by content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relation {
    lists: Arc<[Arc<Lists>]>,
    members: Arc<[Arc<RoaringBitmap>]>,
    lefts: usize,
    pairs: usize,
}

// Most rights of many relations have nobody; they share one bitmap.
static NOBODY: LazyLock<Arc<RoaringBitmap>> = LazyLock::new(Arc::default);

impl Relation {
    /// Builds from pairs sorted by left, then right; a pair given twice is there once. `lefts` and `rights` say how
    /// many ordinals each side has at least; a pair past them extends its side. Linear in pairs, lefts and rights.
    ///
    /// # Panics
    /// When the pairs are not sorted.
    pub fn build(lefts: usize, rights: usize, pairs: impl IntoIterator<Item = (Ordinal, Ordinal)>) -> Relation {
        let mut lists = Vec::new();
        let mut open = Lists::default();
        let mut counts = vec![0_usize; rights];
        let mut last = (0, 0);
        for pair in pairs {
            assert!(last <= pair, "pairs are sorted by left, then right");
            last = pair;
            let (left, right) = (pair.0 as usize, pair.1 as usize);
            while lists.len() < left / CHUNK {
                lists.push(seal(&mut open, CHUNK));
            }
            if open.push(left % CHUNK, pair.1) {
                if counts.len() <= right {
                    counts.resize(right + 1, 0);
                }
                counts[right] += 1;
            }
        }
        let lefts = lefts.max(lists.len() * CHUNK + open.len());
        while lists.len() < lefts.div_ceil(CHUNK) {
            let len = CHUNK.min(lefts - lists.len() * CHUNK);
            lists.push(seal(&mut open, len));
        }
        let pairs = counts.iter().sum();
        let members = transpose(&lists, counts, pairs);
        Relation { lists: lists.into(), members, lefts, pairs }
    }

    /// Makes the relation with pairs added and removed, both sorted by left, then right. Adding what is there and
    /// removing what is not is harmless; a pair in both is there afterwards. `lefts` and `rights` are the sides' new
    /// sizes; a side never shrinks, and an added pair past it extends it. Only what is touched is copied.
    ///
    /// # Panics
    /// When the pairs are not sorted.
    pub fn apply(
        &self,
        lefts: usize,
        rights: usize,
        mut added: &[(Ordinal, Ordinal)],
        mut removed: &[(Ordinal, Ordinal)],
    ) -> Relation {
        assert!(added.is_sorted() && removed.is_sorted(), "pairs are sorted by left, then right");
        let lefts = added.last().map_or(0, |pair| pair.0 as usize + 1).max(lefts).max(self.lefts);
        let rights = added.iter().map(|pair| pair.1 as usize + 1).max().unwrap_or(0).max(rights).max(self.rights());
        let mut effects = Vec::new();
        let nothing = Arc::new(Lists::default());
        let lists = (0..lefts.div_ceil(CHUNK)).map(|index| {
            let start = index * CHUNK;
            let end = lefts.min(start + CHUNK);
            let come = take_below(&mut added, end);
            let gone = take_below(&mut removed, end);
            let old = self.lists.get(index).unwrap_or(&nothing);
            if come.is_empty() && gone.is_empty() && old.len() == end - start {
                return old.clone();
            }
            let before = effects.len();
            let new = old.rewrite(end - start, come, gone, &mut effects);
            if effects.len() == before && old.len() == new.len() { old.clone() } else { Arc::new(new) }
        });
        let lists = lists.collect();
        let gone = effects.iter().filter(|effect| !effect.added).count();
        let pairs = self.pairs + effects.len() - 2 * gone;
        Relation { lists, members: self.members_after(rights, effects), lefts, pairs }
    }

    /// The rights of a left, sorted; none past the end.
    pub fn of(&self, left: Ordinal) -> &[Ordinal] {
        let place = left as usize;
        self.lists.get(place / CHUNK).map_or(&[], |lists| lists.of(place % CHUNK))
    }

    /// The lefts of a right; none past the end.
    pub fn members(&self, right: Ordinal) -> &RoaringBitmap {
        self.members.get(right as usize).unwrap_or(&NOBODY)
    }

    /// Whether the pair is there.
    pub fn contains(&self, left: Ordinal, right: Ordinal) -> bool {
        self.of(left).binary_search(&right).is_ok()
    }

    /// All pairs, sorted by left, then right.
    pub fn pairs(&self) -> impl Iterator<Item = (Ordinal, Ordinal)> + '_ {
        (0..self.lefts).flat_map(|left| {
            let left = left as Ordinal;
            self.of(left).iter().map(move |right| (left, *right))
        })
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.pairs
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs == 0
    }

    /// How many left ordinals there are, those without a pair included.
    pub fn lefts(&self) -> usize {
        self.lefts
    }

    /// How many right ordinals there are, those without a pair included.
    pub fn rights(&self) -> usize {
        self.members.len()
    }

    /// Approximate heap bytes, parts shared with other relations included.
    pub fn memory(&self) -> usize {
        let lists: usize = self.lists.iter().map(|lists| size_of::<Lists>() + lists.heap()).sum();
        let members = self.members.iter().filter(|lefts| !lefts.is_empty()).map(|lefts| bitmap_bytes(lefts));
        lists + size_of_val(&*self.members) + members.sum::<usize>()
    }

    fn members_after(&self, rights: usize, mut effects: Vec<Effect>) -> Arc<[Arc<RoaringBitmap>]> {
        if effects.is_empty() && rights == self.rights() {
            return self.members.clone();
        }
        effects.sort_unstable();
        let mut members = self.members.to_vec();
        members.resize(rights, NOBODY.clone());
        for effects in effects.chunk_by(|a, b| a.right == b.right) {
            let Some(slot) = effects.first().and_then(|effect| members.get_mut(effect.right as usize)) else {
                continue;
            };
            let gone: RoaringBitmap = effects.iter().filter(|effect| !effect.added).map(|effect| effect.left).collect();
            let come: RoaringBitmap = effects.iter().filter(|effect| effect.added).map(|effect| effect.left).collect();
            *slot = shared((&**slot - gone) | come);
        }
        members.into()
    }
}

/// Closes the open chunk at a length and starts the next one.
fn seal(open: &mut Lists, len: usize) -> Arc<Lists> {
    let mut full = std::mem::take(open);
    full.pad(len);
    full.shrink();
    Arc::new(full)
}

/// Gathers the lefts of every right by a counting sort: the lists are read in the order of lefts, so each right's
/// slots fill in increasing order and its bitmap is made by appending only.
fn transpose(lists: &[Arc<Lists>], counts: Vec<usize>, pairs: usize) -> Arc<[Arc<RoaringBitmap>]> {
    let mut slots: Vec<Ordinal> = vec![0; pairs];
    let mut next = counts;
    let mut start = 0;
    for slot in &mut next {
        start += std::mem::replace(slot, start);
    }
    for (index, lists) in lists.iter().enumerate() {
        for place in 0..lists.len() {
            for right in lists.of(place) {
                let slot = &mut next[*right as usize];
                slots[*slot] = (index * CHUNK + place) as Ordinal;
                *slot += 1;
            }
        }
    }
    // Each right's next free slot is now the end of its own, which is the start of the one after.
    let mut start = 0;
    let members = next.into_iter().map(|end| {
        let lefts = RoaringBitmap::from_sorted_iter(slots[start..end].iter().copied())
            .expect("the loop above fills the slots of one right in the order of lefts, each left once");
        start = end;
        // A clone has exactly the room it needs; the one that grew may have twice as much.
        shared(lefts.clone())
    });
    members.collect()
}

fn shared(lefts: RoaringBitmap) -> Arc<RoaringBitmap> {
    if lefts.is_empty() { NOBODY.clone() } else { Arc::new(lefts) }
}

fn take_below<'p>(pairs: &mut &'p [(Ordinal, Ordinal)], end: usize) -> &'p [(Ordinal, Ordinal)] {
    let (here, later) = pairs.split_at(pairs.partition_point(|pair| (pair.0 as usize) < end));
    *pairs = later;
    here
}

fn bitmap_bytes(lefts: &RoaringBitmap) -> usize {
    let statistics = lefts.statistics();
    // A container is a key and a tagged vector; a bit set spans all 65,536 places.
    let containers = statistics.n_containers as usize * 5 * size_of::<usize>();
    let arrays = statistics.n_values_array_containers as usize * size_of::<u16>();
    let sets = statistics.n_bitset_containers as usize * CHUNK / 8;
    size_of::<RoaringBitmap>() + 2 * size_of::<usize>() + containers + arrays + sets
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Relation;
    use crate::{CHUNK, Ordinal};

    #[test]
    fn apply_copies_touched_parts_only() {
        let second = CHUNK as Ordinal;
        let old = Relation::build(2 * CHUNK, 3, [(0, 0), (1, 1), (second, 1), (second, 2)]);
        let new = old.apply(2 * CHUNK, 3, &[(0, 0)], &[(second, 1), (second + 1, 1)]);
        let lists: Vec<bool> = old.lists.iter().zip(&*new.lists).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
        let members: Vec<bool> = old.members.iter().zip(&*new.members).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
        assert_eq!(lists, [true, false], "adding what is there changes nothing");
        assert_eq!(members, [true, false, true]);
    }
}
