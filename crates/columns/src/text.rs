//! Texts: one buffer per chunk with the end of each value, so that a search runs over all values at once.
//! It folds nothing and compares bytes; a hit must lie within one value, never across two.

use memchr::memmem::Finder;
use roaring::RoaringBitmap;

use crate::{
    chunk::{Chunk, Parts},
    column::Column,
    gallop::gallop,
    marks::Marks,
};

/// An optional text per ordinal; an empty text is not the same as none.
///
/// The texts of one chunk (65,536 ordinals) may hold 4 GiB together; pushing more panics.
pub type TextColumn = Column<TextChunk>;

impl TextColumn {
    /// The ordinals whose text has `needle` in it, byte for byte. An empty needle is in every text.
    pub fn contains(&self, needle: &str) -> RoaringBitmap {
        let finder = Finder::new(needle);
        self.select(|chunk| chunk.containing(&finder))
    }

    /// Those of `rows` whose text has `needle` in it: the same answer as [`TextColumn::contains`], without searching
    /// where none of them is.
    pub fn contains_among(&self, needle: &str, rows: &RoaringBitmap) -> RoaringBitmap {
        let finder = Finder::new(needle);
        self.among(rows, |chunk| chunk.containing(&finder), |text| finder.find(text.as_bytes()).is_some())
    }
}

/// A chunk of a [`TextColumn`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextChunk {
    buffer: String,
    // Where in the buffer each value ends; it starts where the one before ends. Without a value the two are the same.
    ends: Vec<u32>,
    present: Marks,
}

impl TextChunk {
    fn start(&self, place: usize) -> usize {
        match place.checked_sub(1).and_then(|before| self.ends.get(before)) {
            Some(end) => *end as usize,
            None => 0,
        }
    }

    fn append(&mut self, text: &str) {
        self.buffer.push_str(text);
        // A wrapped offset would hand one row's text to another, so it is refused at once.
        assert!(self.buffer.len() <= u32::MAX as usize, "the texts of one chunk are at most 4 GiB");
    }

    fn containing(&self, finder: &Finder<'_>) -> Marks {
        let needle = finder.needle().len();
        if needle == 0 {
            return self.present.clone();
        }
        let mut hits = Marks::none(self.ends.len());
        let mut place = 0;
        let mut from = 0;
        while let Some(found) = finder.find(&self.buffer.as_bytes()[from..]) {
            let hit = from + found;
            // The value that holds the byte at `hit` is the first one ending after it.
            place += gallop(&self.ends[place..], |end| *end as usize <= hit);
            let end = self.ends[place] as usize;
            if hit + needle <= end {
                hits.set(place);
            }
            // A value that has one hit needs no other, and after a hit that runs over the value's end
            // every later one that starts in this value does too.
            from = end;
        }
        hits
    }
}

impl Chunk for TextChunk {
    type Value<'v> = &'v str;

    fn get(&self, place: usize) -> Option<&str> {
        if !self.present.get(place) {
            return None;
        }
        let end = *self.ends.get(place)? as usize;
        self.buffer.get(self.start(place)..end)
    }

    fn push(&mut self, value: Option<&str>) {
        self.append(value.unwrap_or_default());
        self.ends.push(self.buffer.len() as u32);
        self.present.push(value.is_some());
    }
}

impl Parts for TextChunk {
    fn copy_until(&mut self, other: &Self, end: usize) {
        let places = self.ends.len()..end.min(other.ends.len());
        if places.is_empty() {
            return;
        }
        let (theirs, ours) = (other.start(places.start), self.buffer.len());
        self.append(&other.buffer[theirs..other.start(places.end)]);
        self.ends.extend(other.ends[places].iter().map(|end| (*end as usize - theirs + ours) as u32));
        self.present.copy_until(&other.present, end);
    }

    fn shrink(&mut self) {
        self.buffer.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.present.shrink();
    }

    fn heap(&self) -> usize {
        self.buffer.capacity() + self.ends.capacity() * size_of::<u32>() + self.present.heap()
    }

    fn present(&self) -> &Marks {
        &self.present
    }
}
