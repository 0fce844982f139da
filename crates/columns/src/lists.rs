//! The rights of up to 65,536 lefts: sorted lists in one buffer (compressed sparse rows). A list must be strictly
//! increasing, and equal contents are equal chunks.

use crate::{CHUNK, Ordinal};

/// The lists of one chunk of lefts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lists {
    rights: Vec<Ordinal>,
    // Where each left's list ends; it starts where the one before ends.
    ends: Vec<u32>,
}

/// A pair that a step adds to a relation or takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Effect {
    pub(crate) right: Ordinal,
    pub(crate) left: Ordinal,
    pub(crate) added: bool,
}

impl Lists {
    /// How many lefts the chunk covers.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The list of a place; empty past the end.
    pub(crate) fn of(&self, place: usize) -> &[Ordinal] {
        match self.ends.get(place) {
            Some(end) => &self.rights[self.start(place)..*end as usize],
            None => &[],
        }
    }

    /// Appends to the list of a place that is the last one or past it. Returns whether the right was new.
    pub(crate) fn push(&mut self, place: usize, right: Ordinal) -> bool {
        self.pad(place + 1);
        if self.of(place).last() == Some(&right) {
            return false;
        }
        self.append(&[right]);
        if let Some(end) = self.ends.last_mut() {
            *end += 1;
        }
        true
    }

    /// Appends empty lists up to a length.
    pub(crate) fn pad(&mut self, len: usize) {
        if self.ends.len() < len {
            self.ends.resize(len, self.rights.len() as u32);
        }
    }

    pub(crate) fn shrink(&mut self) {
        self.rights.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    pub(crate) fn heap(&self) -> usize {
        (self.rights.capacity() + self.ends.capacity()) * size_of::<u32>()
    }

    /// Makes the chunk of `len` places with pairs added and removed, both sorted and of this chunk, and notes what
    /// really changed. A pair that is both added and removed is there afterwards.
    pub(crate) fn rewrite(
        &self,
        len: usize,
        mut added: &[(Ordinal, Ordinal)],
        mut removed: &[(Ordinal, Ordinal)],
        effects: &mut Vec<Effect>,
    ) -> Lists {
        let mut new = Lists::default();
        while let Some(left) = first_left(added, removed) {
            let place = left as usize % CHUNK;
            new.copy_until(self, place);
            new.pad(place);
            let come = take_left(&mut added, left);
            let gone = take_left(&mut removed, left);
            new.merge(left, self.of(place), (come, gone), effects);
        }
        new.copy_until(self, usize::MAX);
        new.pad(len);
        new.shrink();
        new
    }

    fn start(&self, place: usize) -> usize {
        match place.checked_sub(1).and_then(|before| self.ends.get(before)) {
            Some(end) => *end as usize,
            None => 0,
        }
    }

    fn append(&mut self, rights: &[Ordinal]) {
        self.rights.extend_from_slice(rights);
        // A wrapped offset would hand one left's list to another, so it is refused at once.
        assert!(self.rights.len() <= u32::MAX as usize, "the lists of one chunk hold at most 4,294,967,295 pairs");
    }

    fn copy_until(&mut self, other: &Lists, end: usize) {
        let places = self.ends.len()..end.min(other.ends.len());
        if places.is_empty() {
            return;
        }
        let (theirs, ours) = (other.start(places.start), self.rights.len());
        self.append(&other.rights[theirs..other.start(places.end)]);
        self.ends.extend(other.ends[places].iter().map(|end| (*end as usize - theirs + ours) as u32));
    }

    /// Appends one list: the old one without what is gone, with what has come.
    fn merge(&mut self, left: Ordinal, old: &[Ordinal], changes: (Pairs<'_>, Pairs<'_>), effects: &mut Vec<Effect>) {
        let mut old = old.iter().copied().peekable();
        let mut come = changes.0.iter().map(|pair| pair.1).peekable();
        let mut gone = changes.1.iter().map(|pair| pair.1).peekable();
        while let Some(right) = [old.peek(), come.peek(), gone.peek()].into_iter().flatten().min().copied() {
            let was = old.next_if_eq(&right).is_some();
            let added = come.next_if_eq(&right).is_some();
            let removed = gone.next_if_eq(&right).is_some();
            let is = added || was && !removed;
            if is {
                self.append(&[right]);
            }
            if is != was {
                effects.push(Effect { right, left, added: is });
            }
        }
        self.ends.push(self.rights.len() as u32);
    }
}

type Pairs<'p> = &'p [(Ordinal, Ordinal)];

fn first_left(added: Pairs<'_>, removed: Pairs<'_>) -> Option<Ordinal> {
    added.first().into_iter().chain(removed.first()).map(|pair| pair.0).min()
}

fn take_left<'p>(pairs: &mut Pairs<'p>, left: Ordinal) -> Pairs<'p> {
    let (here, later) = pairs.split_at(pairs.iter().take_while(|pair| pair.0 == left).count());
    *pairs = later;
    here
}
