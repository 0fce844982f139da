//! Relations against a set of pairs.

use std::collections::BTreeSet;

use columns::{CHUNK, Ordinal, Relation};
use proptest::prelude::*;

use crate::{BORDER, length, ordinal};

type Pairs = BTreeSet<(Ordinal, Ordinal)>;

fn pairs() -> impl Strategy<Value = Pairs> {
    prop::collection::btree_set((ordinal(), 0..6_u32), 0..40)
}

fn list(pairs: &Pairs) -> Vec<(Ordinal, Ordinal)> {
    pairs.iter().copied().collect()
}

/// The relation tells exactly the model's pairs, from either side.
fn tells(relation: &Relation, model: &Pairs) -> Result<(), TestCaseError> {
    prop_assert_eq!(relation.len(), model.len());
    prop_assert_eq!(relation.is_empty(), model.is_empty());
    prop_assert_eq!(relation.pairs().collect::<Vec<_>>(), list(model));
    let backwards = (0..relation.rights() as Ordinal)
        .flat_map(|right| relation.members(right).iter().map(move |left| (left, right)));
    prop_assert_eq!(backwards.collect::<Pairs>(), model.clone());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_sides_tell_the_same_pairs(pairs in pairs(), lefts in length(), rights in 0..10_usize) {
        let twice = pairs.iter().flat_map(|pair| [*pair, *pair]);
        let relation = Relation::build(lefts, rights, twice);
        tells(&relation, &pairs)?;
        prop_assert!(relation.lefts() >= lefts && relation.rights() >= rights);
        for left in [0, 3, BORDER - 1, BORDER, 3 * BORDER] {
            let naive: Vec<_> = pairs.iter().filter(|pair| pair.0 == left).map(|pair| pair.1).collect();
            prop_assert_eq!(relation.of(left), &naive[..]);
            for right in 0..12 {
                prop_assert_eq!(relation.contains(left, right), pairs.contains(&(left, right)));
                prop_assert_eq!(relation.members(right).contains(left), pairs.contains(&(left, right)));
            }
        }
    }

    #[test]
    fn apply_equals_building_anew(
        pairs in pairs(),
        (lefts, rights) in (length(), 0..10_usize),
        steps in prop::collection::vec((pairs(), pairs(), prop::bool::ANY, length(), 0..12_usize), 1..4),
    ) {
        let mut model = pairs;
        let mut relation = Relation::build(lefts, rights, list(&model));
        for (added, mut removed, also_there, lefts, rights) in steps {
            if also_there {
                // Pairs drawn at random are seldom there, so a part of those that are is removed too.
                removed.extend(model.iter().step_by(2));
            }
            model.retain(|pair| !removed.contains(pair));
            model.extend(&added);
            let (lefts, rights) = (lefts.max(relation.lefts()), rights.max(relation.rights()));
            let grown = Relation::build(0, 0, list(&added));
            relation = relation.apply(lefts, rights, &list(&added), &list(&removed));
            tells(&relation, &model)?;
            let anew = Relation::build(lefts.max(grown.lefts()), rights.max(grown.rights()), list(&model));
            prop_assert!(relation == anew, "apply equals building anew");
        }
    }
}

#[test]
fn large_memberships_shrink_and_grow_back() {
    let everybody: Vec<(Ordinal, Ordinal)> = (0..BORDER + 9_000).map(|left| (left, 1)).collect();
    let few: Vec<(Ordinal, Ordinal)> = (0..100).map(|left| (left * 600, 1)).collect();
    let most: Vec<_> = everybody.iter().copied().filter(|pair| few.binary_search(pair).is_err()).collect();

    let full = Relation::build(0, 0, everybody.iter().copied());
    assert_eq!(full.members(1).len(), everybody.len() as u64);
    let sparse = full.apply(0, 0, &[], &most);
    assert_eq!(sparse, Relation::build(CHUNK + 9_000, 2, few.iter().copied()));
    assert!(sparse.memory() < full.memory());
    assert_eq!(sparse.apply(0, 0, &everybody, &[]), full);
}

#[test]
fn a_pair_added_and_removed_at_once_is_there() {
    let empty = Relation::default();
    let relation = empty.apply(0, 0, &[(2, 5)], &[(2, 5)]);
    assert!(relation.contains(2, 5));
    assert_eq!((relation.lefts(), relation.rights(), relation.len()), (3, 6, 1));
    assert_eq!(relation.apply(0, 0, &[(2, 5)], &[(2, 5)]), relation);
}

#[test]
fn removing_everything_leaves_the_sizes() {
    let relation = Relation::build(4, 3, [(1, 2), (3, 0)]).apply(0, 0, &[], &[(1, 2), (3, 0), (9, 9)]);
    assert_eq!(relation, Relation::build(4, 3, []));
    assert!(relation.members(2).is_empty() && relation.members(99).is_empty() && relation.of(99).is_empty());
}
