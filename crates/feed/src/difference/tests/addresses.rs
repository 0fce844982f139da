//! E-mail addresses that two people would have: examples, and the law against a slow reading of it.

use proptest::prelude::*;

use super::*;
use crate::control::tests::with;
use crate::difference::emails::{Claim, contested};

#[test]
fn an_address_in_use_is_a_conflict_and_applies_nothing_for_those() {
    let mut kept = Kept::default();
    kept.night(&with(""), &rows(&[row("ann", "a", ""), row("bob", "b", ""), row("cid", "c", "")]));
    let night = kept.night(&with(""), &rows(&[row("ann", "a", ""), row("bob", "A", ""), row("dan", "c", "")]));
    // Cid leaves and keeps the address that Dan would have.
    assert_eq!(fields(&night.counts), BTreeMap::from([("unchanged", 1), ("leaving", 1), ("conflicts", 2)]));
    assert_eq!((kept.people.len(), kept.people[1].1.email()), (3, "b@x.org"));
    let numbers: BTreeSet<Vec<u32>> = night.sifted.conflicts.iter().map(|conflict| conflict.numbers.clone()).collect();
    assert_eq!(numbers, BTreeSet::from([vec![0, 1], vec![2]]));
}

#[test]
fn two_people_may_swap_their_addresses() {
    let mut kept = Kept::default();
    kept.night(&with(""), &rows(&[row("ann", "a", ""), row("bob", "b", "")]));
    let night = kept.night(&with(""), &rows(&[row("ann", "b", ""), row("bob", "a", "")]));
    assert_eq!((fields(&night.counts), night.counts.email_changes), (BTreeMap::from([("changed", 2)]), 2));
    // Where one of the two fails to move, so does the other.
    let night = kept.night(&with(""), &rows(&[row("ann", "a", ""), row("bob", "c", ""), row("cid", "c", "")]));
    assert_eq!(fields(&night.counts), BTreeMap::from([("conflicts", 3)]));
}

fn email(letter: u8) -> Digest {
    email_digest(&format!("{letter}@x.org"))
}

/// The definition, read slowly: take claims back until nobody new shares an address.
fn slowly(had: &[u8], claims: &[(usize, u8)]) -> BTreeSet<usize> {
    let mut live: BTreeSet<usize> = (0..claims.len()).collect();
    loop {
        let owner = |person: usize| {
            let claim = live.iter().find(|at| claims[**at].0 == person);
            claim.map(|at| claims[*at].1).or_else(|| had.get(person).copied())
        };
        let people: BTreeSet<usize> = (0..had.len()).chain(live.iter().map(|at| claims[*at].0)).collect();
        let shared =
            |at: &usize| people.iter().any(|other| *other != claims[*at].0 && owner(*other) == Some(claims[*at].1));
        let lost: Vec<usize> = live.iter().copied().filter(shared).collect();
        if lost.is_empty() {
            return live;
        }
        live.retain(|at| !lost.contains(at));
    }
}

proptest! {
    #[test]
    fn claims_hold_as_the_definition_says(had in prop::collection::vec(0..6u8, 0..6), wanted in prop::collection::vec(prop::option::of(0..6u8), 0..9)) {
        let mut baseline = Baseline::new(None);
        for (number, letter) in had.iter().enumerate() {
            baseline.add(Known {
                number: number as u32, username: Digest::of(&[number as u8]), email: email(*letter), raw: Digest::default(),
                canonical: Digest::default(), standing: Standing::Present, in_error: false,
            });
        }
        let claims: Vec<(usize, u8)> = wanted.iter().enumerate()
            .filter_map(|(person, letter)| Some((person, (*letter)?)))
            .filter(|(person, letter)| had.get(*person) != Some(letter)).collect();
        let given = claims.iter().enumerate().map(|(at, (person, letter))| Claim {
            email: email(*letter), record: at as u32, place: (*person < had.len()).then_some(*person as u32),
        }).collect();
        let (conflicts, kept) = contested(given, &baseline);
        let kept: BTreeSet<usize> = kept.iter().map(|claim| claim.record as usize).collect();
        prop_assert_eq!(&kept, &slowly(&had, &claims));
        let told: BTreeSet<usize> = conflicts.iter().flat_map(|conflict| conflict.records.iter().map(|r| *r as usize)).collect();
        prop_assert_eq!(told, (0..claims.len()).filter(|at| !kept.contains(at)).collect::<BTreeSet<_>>());
    }
}
