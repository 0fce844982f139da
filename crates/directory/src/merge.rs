//! The merge law: every observation carries the moment its request left, and the later one wins.
//!
//! Merging is commutative, associative and idempotent, so pages may arrive twice, in any order, from any chain.

use jiff::Timestamp;

/// What a request that left at `asked_at` said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observed<T> {
    /// When the request left.
    pub asked_at: Timestamp,
    /// What came back.
    pub value: T,
}

impl<T: Ord> Observed<T> {
    /// The later of two observations of the same fact; of two asked at the same moment, the greater value.
    #[must_use]
    pub fn merge(self, other: Observed<T>) -> Observed<T> {
        self.max(other)
    }
}

/// The later of two observations where either may be missing: a reading beats no reading, whenever it was asked.
pub fn later<T: Ord>(one: Option<Observed<T>>, other: Option<Observed<T>>) -> Option<Observed<T>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.merge(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn observation() -> impl Strategy<Value = Option<Observed<u8>>> {
        proptest::option::of(
            (0i64..4, 0u8..4)
                .prop_map(|(second, value)| Observed { asked_at: Timestamp::from_second(second).unwrap(), value }),
        )
    }

    proptest! {
        #[test]
        fn merging_is_commutative_associative_and_idempotent(a in observation(), b in observation(), c in observation()) {
            prop_assert_eq!(later(a.clone(), b.clone()), later(b.clone(), a.clone()));
            prop_assert_eq!(later(later(a.clone(), b.clone()), c.clone()), later(a.clone(), later(b.clone(), c.clone())));
            prop_assert_eq!(later(a.clone(), a.clone()), a);
        }

        #[test]
        fn the_later_reading_wins(early in 0u8.., late in 0u8..) {
            let at = |second| Timestamp::from_second(second).unwrap();
            let merged = Observed { asked_at: at(1), value: early }.merge(Observed { asked_at: at(2), value: late });
            prop_assert_eq!(merged.value, late);
        }
    }
}
