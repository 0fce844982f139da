//! Exponential search: a partition point that is expected near the front. It must answer exactly what
//! `slice::partition_point` answers; only the cost differs, which is logarithmic in the answer, not in the slice.

/// Returns how many leading items `before` holds for; `items` must be partitioned by it.
pub(crate) fn gallop<T>(items: &[T], before: impl Fn(&T) -> bool) -> usize {
    let mut reach = 1;
    while items.get(reach - 1).is_some_and(&before) {
        reach *= 2;
    }
    // Everything before half the reach is known to hold, and the item at the reach does not or does not exist.
    let known = reach / 2;
    let end = reach.min(items.len());
    known + items[known..end].partition_point(before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::gallop;

    proptest! {
        #[test]
        fn finds_the_same_place_as_a_plain_partition(mut items in prop::collection::vec(0_u8..40, 0..70), limit in 0_u8..42) {
            items.sort_unstable();
            prop_assert_eq!(gallop(&items, |item| *item < limit), items.partition_point(|item| *item < limit));
        }
    }
}
