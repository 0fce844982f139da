//! Orders against a sorted vector.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use columns::{Direction, Order, Ordinal};
use proptest::prelude::*;

use crate::ordinal;

type Keys = BTreeMap<Ordinal, u8>;

/// Few keys for many ordinals, so that ties are common.
fn keys() -> impl Strategy<Value = Keys> {
    prop::collection::btree_map(ordinal(), 0..5_u8, 0..40)
}

fn sorted(keys: &Keys) -> Vec<(u8, Ordinal)> {
    let mut entries: Vec<_> = keys.iter().map(|(ordinal, key)| (*key, *ordinal)).collect();
    entries.sort();
    entries
}

fn ordinals(entries: &[(u8, Ordinal)]) -> Vec<Ordinal> {
    entries.iter().map(|entry| entry.1).collect()
}

/// Indexing fails for an ordinal without a key, so an order that asks about one that is gone is caught.
fn by(keys: &Keys) -> impl Fn(Ordinal, Ordinal) -> Ordering {
    |a, b| keys[&a].cmp(&keys[&b])
}

proptest! {
    #[test]
    fn an_order_is_sorted_by_key_then_ordinal(keys in keys()) {
        let order = Order::build(keys.keys().rev().chain(keys.keys()).copied(), by(&keys));
        let naive = ordinals(&sorted(&keys));
        prop_assert_eq!(order.iter().collect::<Vec<_>>(), naive.clone());
        prop_assert_eq!(order.len(), naive.len());
        for position in 0..=naive.len() {
            prop_assert_eq!(order.nth(position), naive.get(position).copied());
        }
        prop_assert!(order.iter().rev().eq(naive.iter().rev().copied()));
        prop_assert!(order.walk(Direction::Backward).eq(naive.into_iter().rev()));
    }

    #[test]
    fn apply_equals_building_anew(
        mut keys in keys(),
        changes in prop::collection::btree_map(ordinal(), prop::option::of(0..5_u8), 0..20),
        gone in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let order = Order::build(keys.keys().copied(), by(&keys));
        let mut changed: BTreeSet<Ordinal> = changes.keys().copied().collect();
        let there: Vec<Ordinal> = keys.keys().copied().collect();
        for (ordinal, key) in changes {
            match key {
                Some(key) => { keys.insert(ordinal, key); }
                None => { keys.remove(&ordinal); }
            }
        }
        if !there.is_empty() {
            for index in gone {
                keys.remove(index.get(&there));
                changed.insert(*index.get(&there));
            }
        }
        let changed: Vec<Ordinal> = changed.into_iter().collect();
        let next = order.apply(&changed, |ordinal| keys.contains_key(&ordinal), by(&keys));
        prop_assert_eq!(next, Order::build(keys.keys().copied(), by(&keys)));
    }

    #[test]
    fn a_page_starts_strictly_past_its_cursor(keys in keys(), cursor in (0..6_u8, ordinal())) {
        let order = Order::build(keys.keys().copied(), by(&keys));
        let entries = sorted(&keys);
        let lies = |entry: Ordinal| (keys[&entry], entry).cmp(&cursor);
        let (before, after): (Vec<_>, Vec<_>) =
            entries.into_iter().filter(|entry| *entry != cursor).partition(|entry| *entry < cursor);
        let forward = order.page(lies, Direction::Forward);
        prop_assert_eq!(forward.len(), after.len());
        prop_assert_eq!(forward.collect::<Vec<_>>(), ordinals(&after));
        let mut backward: Vec<_> = order.page(lies, Direction::Backward).collect();
        backward.reverse();
        prop_assert_eq!(backward, ordinals(&before));
        prop_assert_eq!(order.position(lies), before.len());
    }

    #[test]
    fn pages_one_after_the_other_tell_every_entry_once(keys in keys(), size in 1..7_usize) {
        let order = Order::build(keys.keys().copied(), by(&keys));
        let mut told: Vec<Ordinal> = order.walk(Direction::Forward).take(size).collect();
        while let Some(last) = told.last().copied() {
            let cursor = (keys[&last], last);
            let page = order.page(|entry| (keys[&entry], entry).cmp(&cursor), Direction::Forward);
            if page.len() == 0 {
                break;
            }
            told.extend(page.take(size));
        }
        prop_assert_eq!(told, order.iter().collect::<Vec<_>>());
    }
}
