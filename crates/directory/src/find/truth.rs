//! Three-valued answers over many people at once. What is unknown of somebody matches neither a test nor its opposite.

use roaring::RoaringBitmap;

/// Of whom something is true, and of whom it is unknown; it is false of everybody else. The two never overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// Of whom it is true.
    pub yes: RoaringBitmap,
    /// Of whom it is not known.
    pub unknown: RoaringBitmap,
}

impl Truth {
    /// Known of everybody, and true of these.
    pub fn known(yes: RoaringBitmap) -> Truth {
        Truth { yes, unknown: RoaringBitmap::new() }
    }

    /// True of these and known of those, of whom the first are some.
    pub fn of(yes: RoaringBitmap, known: &RoaringBitmap, within: &RoaringBitmap) -> Truth {
        Truth { unknown: within - known, yes: yes & known }
    }

    /// Unknown of everybody.
    pub fn unknown(within: &RoaringBitmap) -> Truth {
        Truth { yes: RoaringBitmap::new(), unknown: within.clone() }
    }

    /// The opposite, among these people.
    pub fn not(self, within: &RoaringBitmap) -> Truth {
        let no = (within - &self.yes) - &self.unknown;
        Truth { yes: no, unknown: self.unknown }
    }

    /// Both.
    pub fn and(self, other: &Truth) -> Truth {
        let possible = self.possible() & other.possible();
        let yes = self.yes & &other.yes;
        Truth { unknown: possible - &yes, yes }
    }

    /// Of whom it is not false.
    pub fn possible(&self) -> RoaringBitmap {
        &self.yes | &self.unknown
    }
}
