//! One bit per place of a chunk, lowest bit first: which values are there, or which places a scan has hit.
//! Bits past the length must stay zero, so that equal contents are equal bytes.

use roaring::RoaringBitmap;

use crate::Ordinal;

/// A set of places of one chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    bytes: Vec<u8>,
    len: usize,
}

impl Marks {
    /// Makes `len` places, none of them marked.
    pub(crate) fn none(len: usize) -> Marks {
        Marks { bytes: vec![0; len.div_ceil(8)], len }
    }

    /// Marks the places whose value passes the test.
    pub(crate) fn of<T>(values: &[T], test: impl Fn(&T) -> bool) -> Marks {
        let byte = |eight: &[T]| eight.iter().rev().fold(0, |byte, value| byte << 1 | u8::from(test(value)));
        Marks { bytes: values.chunks(8).map(byte).collect(), len: values.len() }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, place: usize) -> bool {
        self.bytes.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
    }

    /// Marks a place; one past the end is left alone.
    pub(crate) fn set(&mut self, place: usize) {
        if place < self.len
            && let Some(byte) = self.bytes.get_mut(place / 8)
        {
            *byte |= 1 << (place % 8);
        }
    }

    pub(crate) fn push(&mut self, marked: bool) {
        let bit = u8::from(marked) << (self.len % 8);
        match self.bytes.last_mut() {
            Some(byte) if !self.len.is_multiple_of(8) => *byte |= bit,
            _ => self.bytes.push(bit),
        }
        self.len += 1;
    }

    /// Appends the other's marks from this one's length up to `end`.
    pub(crate) fn copy_until(&mut self, other: &Marks, end: usize) {
        let end = end.min(other.len);
        while self.len < end && !self.len.is_multiple_of(8) {
            self.push(other.get(self.len));
        }
        if self.len + 8 <= end {
            self.bytes.extend_from_slice(&other.bytes[self.len / 8..end / 8]);
            self.len = end / 8 * 8;
        }
        while self.len < end {
            self.push(other.get(self.len));
        }
    }

    /// Keeps the marks that the other has too; both have the same length.
    pub(crate) fn and(mut self, other: &Marks) -> Marks {
        for (byte, also) in self.bytes.iter_mut().zip(&other.bytes) {
            *byte &= also;
        }
        self
    }

    /// Marks exactly the places that are not marked.
    pub(crate) fn not(&self) -> Marks {
        let mut bytes: Vec<u8> = self.bytes.iter().map(|byte| !byte).collect();
        if let Some(last) = bytes.last_mut()
            && !self.len.is_multiple_of(8)
        {
            *last &= (1 << (self.len % 8)) - 1;
        }
        Marks { bytes, len: self.len }
    }

    pub(crate) fn count(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// The marked places as ordinals, the first place being `base`.
    pub(crate) fn bitmap(&self, base: Ordinal) -> RoaringBitmap {
        RoaringBitmap::from_lsb0_bytes(base, &self.bytes)
    }

    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    pub(crate) fn heap(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Marks;

    proptest! {
        #[test]
        fn copying_in_two_steps_gives_the_same_marks(bits in prop::collection::vec(any::<bool>(), 0..80), cut in 0_usize..90) {
            let whole = Marks::of(&bits, |bit| *bit);
            let mut copy = Marks::default();
            copy.copy_until(&whole, cut);
            prop_assert_eq!(copy.len(), cut.min(bits.len()));
            copy.copy_until(&whole, usize::MAX);
            prop_assert_eq!(&copy, &whole);
            prop_assert_eq!(whole.not().not(), whole.clone());
            prop_assert_eq!(whole.count() + whole.not().count(), bits.len());
        }

        #[test]
        fn pushing_and_setting_agree(bits in prop::collection::vec(any::<bool>(), 0..80)) {
            let mut pushed = Marks::default();
            let mut set = Marks::none(bits.len());
            for (place, bit) in bits.iter().enumerate() {
                pushed.push(*bit);
                if *bit {
                    set.set(place);
                }
            }
            prop_assert_eq!(&pushed, &set);
            for (place, bit) in bits.iter().enumerate() {
                prop_assert_eq!(set.get(place), *bit);
            }
        }
    }
}
