//! Generations and their claims: they come back as they were sealed, and the ages follow from them as in the snapshot.

use directory::{Age, Claim, ClaimState, Claims, DirectoryId, GroupId, Noun, Part};
use rollcall::id::{Entropy, RunId};
use rollcall::store::coverage;
use rollcall::store::error::StoreError;

use super::{at, on_both, write};

fn parts() -> [Part; 4] {
    // A part's text is split at its first colon only.
    let (directory, group) = (DirectoryId::new("ari:cloud:dir/Zoë").unwrap(), GroupId::new("g:1").unwrap());
    // What was asked for by id makes nothing young.
    [Part::Whole, Part::Directory(directory), Part::Group(group), Part::Named]
}

/// Every noun of every part, in states that differ from generation to generation.
fn claims(generation: usize) -> Claims {
    let states = [ClaimState::Complete, ClaimState::Partial, ClaimState::Unread];
    let mut claims = Vec::new();
    for (noun_place, noun) in Noun::ALL.into_iter().enumerate() {
        for (place, part) in parts().into_iter().enumerate() {
            let turn = (noun_place + place) * generation;
            let state = states[turn % 3];
            claims.push(Claim {
                noun,
                part,
                state,
                asked_from: at(turn as i64),
                // Not always later than the generation before: the younger reading counts.
                asked_to: at(1000 + (turn * 7 % 50) as i64),
                expected: turn.is_multiple_of(2).then_some(turn as u64),
                seen: 1 << 40,
                reason: (state != ClaimState::Complete).then(|| "Seite 3 kam nicht: „429“".into()),
            });
        }
    }
    Claims(claims)
}

fn sorted(mut claims: Vec<Claim>) -> Vec<Claim> {
    claims.sort_by_key(|claim| (claim.noun, claim.part.clone()));
    claims
}

#[test]
fn claims_come_back_as_sealed_and_ages_follow_from_them() {
    on_both(|store| {
        let run = RunId::new(&Entropy::seeded(1), at(0));
        for generation in 1..=4_u64 {
            let run = run.clone();
            write(store, move |tx| {
                coverage::seal(tx, generation, at(generation as i64), &run, (&claims(generation as usize), "{}"))
            });
        }
        let mut ages: Vec<Age> = Vec::new();
        for generation in 1..=4_u64 {
            let (sealed_at, held, mut read) = store
                .read_blocking(move |tx| {
                    let sealed_at = coverage::sealed_at(tx, generation)?;
                    Ok((sealed_at, coverage::of_generation(tx, generation)?, coverage::ages(tx, generation)?))
                })
                .unwrap();
            assert_eq!(sealed_at, Some(at(generation as i64)));
            assert_eq!(sorted(held), sorted(claims(generation as usize).0));
            ages = Age::advance(&ages, &claims(generation as usize));
            read.sort();
            assert_eq!(read, ages, "as of generation {generation}");
        }
        let (unknown, nothing, before) = store
            .read_blocking(|tx| {
                Ok((coverage::sealed_at(tx, 9)?, coverage::of_generation(tx, 9)?, coverage::ages(tx, 0)?))
            })
            .unwrap();
        assert_eq!((unknown, nothing, before), (None, vec![], vec![]));
    });
}

#[test]
fn a_generation_is_sealed_once() {
    on_both(|store| {
        let seal = || {
            store.write_blocking(|tx| {
                let run = RunId::new(&Entropy::seeded(1), at(0));
                coverage::seal(tx, 1, at(1), &run, (&claims(1), "{}"))
            })
        };
        seal().unwrap();
        let again = seal();
        assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    });
}
