//! Which e-mail addresses would belong to several people. A claim is contested when somebody else claims the address too,
//! or has it and does not give it up. Whose claim is contested keeps the address they had, which can contest another.

use std::collections::{BTreeMap, BTreeSet};

use super::baseline::Baseline;
use super::sift::{Conflict, ConflictKind};
use crate::digest::Digest;

/// That somebody would have another e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    /// The address.
    pub(super) email: Digest,
    /// The record that says so.
    pub(super) record: u32,
    /// Who, by their place in the baseline; none for somebody new.
    pub(super) place: Option<u32>,
}

/// The conflicts, and the claims that hold.
pub(super) fn contested(mut claims: Vec<Claim>, baseline: &Baseline) -> (Vec<Conflict>, Vec<Claim>) {
    claims.sort_unstable_by_key(|claim| (claim.email, claim.record));
    let mut live = vec![true; claims.len()];
    // Who would give an address up.
    let moving: BTreeMap<u32, usize> =
        claims.iter().enumerate().filter_map(|(at, claim)| Some((claim.place?, at))).collect();
    let mut losing: Vec<usize> = Vec::new();
    let mut from = 0;
    while from < claims.len() {
        let email = claims[from].email;
        let to = from + claims[from..].iter().take_while(|claim| claim.email == email).count();
        for (at, claim) in claims.iter().enumerate().take(to).skip(from) {
            let kept = |holder: u32| Some(holder) != claim.place && !moving.contains_key(&holder);
            if to - from > 1 || baseline.holders(email).any(kept) {
                losing.push(at);
            }
        }
        from = to;
    }
    let mut addresses: BTreeSet<Digest> = BTreeSet::new();
    while let Some(at) = losing.pop() {
        if !std::mem::replace(&mut live[at], false) {
            continue;
        }
        addresses.insert(claims[at].email);
        let Some(place) = claims[at].place else { continue };
        // The address is kept after all, against whoever counted on it.
        let old = baseline.people()[place as usize].email;
        let begin = claims.partition_point(|claim| claim.email < old);
        losing.extend((begin..claims.len()).take_while(|other| claims[*other].email == old));
    }
    let conflicts = addresses.into_iter().map(|email| conflict(email, &claims, baseline)).collect();
    let kept = claims.into_iter().zip(live).filter_map(|(claim, live)| live.then_some(claim)).collect();
    (conflicts, kept)
}

fn conflict(email: Digest, claims: &[Claim], baseline: &Baseline) -> Conflict {
    let begin = claims.partition_point(|claim| claim.email < email);
    let claiming: Vec<&Claim> = claims[begin..].iter().take_while(|claim| claim.email == email).collect();
    let places: BTreeSet<u32> =
        claiming.iter().filter_map(|claim| claim.place).chain(baseline.holders(email)).collect();
    Conflict {
        kind: ConflictKind::EmailInUse,
        records: claiming.iter().map(|claim| u64::from(claim.record)).collect(),
        numbers: places.into_iter().map(|place| baseline.people()[place as usize].number).collect(),
    }
}
