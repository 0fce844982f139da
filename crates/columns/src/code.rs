//! Codes: small enumerations of at most 256 values. It knows no meaning; a place without a code counts for no code.

use roaring::RoaringBitmap;

use crate::{
    chunk::{Chunk, Parts},
    column::Column,
    marks::Marks,
};

/// An optional small code per ordinal.
pub type CodeColumn = Column<CodeChunk>;

impl CodeColumn {
    /// The ordinals that have this code.
    pub fn with(&self, code: u8) -> RoaringBitmap {
        self.select(|chunk| Marks::of(&chunk.codes, |each| *each == code).and(&chunk.present))
    }

    /// How many ordinals have each code: the count of code `c` is at index `c`.
    pub fn counts(&self) -> [usize; 256] {
        let mut counts = [0; 256];
        for chunk in self.chunks() {
            for code in &chunk.codes {
                counts[usize::from(*code)] += 1;
            }
            // Places without a code were counted under the zero that fills them.
            counts[0] -= chunk.codes.len() - chunk.present.count();
        }
        counts
    }
}

/// A chunk of a [`CodeColumn`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeChunk {
    // Zero where there is no code, so that equal contents are equal chunks.
    codes: Vec<u8>,
    present: Marks,
}

impl Chunk for CodeChunk {
    type Value<'v> = u8;

    fn get(&self, place: usize) -> Option<u8> {
        self.codes.get(place).copied().filter(|_| self.present.get(place))
    }

    fn push(&mut self, value: Option<u8>) {
        self.codes.push(value.unwrap_or_default());
        self.present.push(value.is_some());
    }
}

impl Parts for CodeChunk {
    fn copy_until(&mut self, other: &Self, end: usize) {
        if let Some(run) = other.codes.get(self.codes.len()..end.min(other.codes.len())) {
            self.codes.extend_from_slice(run);
            self.present.copy_until(&other.present, end);
        }
    }

    fn shrink(&mut self) {
        self.codes.shrink_to_fit();
        self.present.shrink();
    }

    fn heap(&self) -> usize {
        self.codes.capacity() + self.present.heap()
    }

    fn present(&self) -> &Marks {
        &self.present
    }
}
