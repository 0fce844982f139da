//! The laws of groups that are read on their own, and of references that end below the newest state.

use std::collections::{BTreeMap, BTreeSet};

use directory::{
    AccountId, Claim, ClaimState, GroupId, Noun, Ordinal, PackedProfile, Part, Profile, Reading, References, Seen,
    SeenAccount, Snapshot, compare_account, diff,
};
use proptest::prelude::*;

use crate::organization::{Facts, at, directory_id, facts, now, organization, references, seen};

/// How one group was read: who is in it, whether it is claimed whole, whether its count is distrusted.
#[derive(Clone, Debug)]
struct Read {
    members: BTreeSet<String>,
    whole: bool,
    distrusted: bool,
}

fn reads() -> impl Strategy<Value = BTreeMap<String, Read>> {
    let read = (proptest::collection::btree_set("p[0-9a-f]", 0..8), any::<bool>(), any::<bool>())
        .prop_map(|(members, whole, distrusted)| Read { members, whole, distrusted });
    proptest::collection::btree_map("g[0-9]", read, 0..5)
}

fn mirror(facts: &Facts) -> Snapshot {
    let first = Snapshot::default();
    first.apply(&diff(&first, seen(facts, &first, at(1)), at(1)))
}

/// What reading these groups on their own has seen.
fn seen_members(snapshot: &Snapshot, reads: &BTreeMap<String, Read>) -> Seen {
    let mut seen = Seen::new(snapshot.groups_len() as Ordinal, snapshot.resources().len() as Ordinal);
    for (group, read) in reads {
        let id = GroupId::new(group).unwrap();
        let reference = snapshot.group(group).unwrap_or_else(|| {
            seen.new_groups.push(id.clone());
            seen.base_groups + seen.new_groups.len() as Ordinal - 1
        });
        seen.members.insert(reference, read.members.iter().map(|id| AccountId::new(id).unwrap()).collect());
        if read.distrusted {
            seen.distrusted.insert(reference);
        }
        seen.claims.0.push(Claim {
            noun: Noun::Memberships,
            part: Part::Group(id),
            state: if read.whole { ClaimState::Complete } else { ClaimState::Partial },
            asked_from: at(2),
            asked_to: at(2),
            expected: None,
            seen: 0,
            reason: None,
        });
    }
    seen
}

fn members(snapshot: &Snapshot, group: &str) -> BTreeSet<String> {
    let Some(group) = snapshot.group(group) else { return BTreeSet::new() };
    let members = snapshot.memberships().members(group);
    members.iter().map(|account| snapshot.account_id(account).unwrap().to_string()).collect()
}

proptest! {
    #[test]
    fn groups_read_on_their_own_lose_only_what_a_whole_reading_does_not_show(before in organization(), reads in reads()) {
        let first = mirror(&before);
        let next = first.apply(&diff(&first, seen_members(&first, &reads), at(2)));
        for group in before.groups.keys().chain(reads.keys()) {
            let then = members(&first, group);
            let expected = match reads.get(group) {
                None => then,
                Some(read) => {
                    let known = |id: &&String| first.account(id).is_some();
                    let read_known: BTreeSet<String> = read.members.iter().filter(known).cloned().collect();
                    if read.whole && !read.distrusted { read_known } else { &then | &read_known }
                }
            };
            prop_assert_eq!(members(&next, group), expected, "{}", group);
        }
        // Nothing else changes, and nobody gets a place on the word of a membership alone.
        prop_assert_eq!(next.accounts_len(), first.accounts_len());
        let without_groups = |snapshot: &Snapshot| {
            let mut facts = facts(snapshot);
            facts.people.values_mut().for_each(|person| person.groups.clear());
            facts
        };
        prop_assert_eq!(without_groups(&next), without_groups(&first));
    }

    #[test]
    fn members_who_are_introduced_beside_the_group_get_their_place(
        before in organization(),
        reads in reads(),
        introduced in proptest::collection::btree_set("p[0-9a-f]", 0..8),
    ) {
        let first = mirror(&before);
        let mut seen = seen_members(&first, &reads);
        let id = directory_id(0);
        seen.directories.push(directory::Directory { id: id.clone(), name: "".into() });
        for account in &introduced {
            let profile = now(at(2), PackedProfile::new(&Profile::named(account)));
            let record = SeenAccount {
                id: AccountId::new(account).unwrap(),
                profile, presence: None, roles: None, activity: None, groups: None, counted_resources: None,
            };
            seen.part(&id).absorb(first.account(account), record);
        }
        let next = first.apply(&diff(&first, seen, at(2)));
        for (group, read) in &reads {
            for member in &read.members {
                let known = first.account(member).is_some() || introduced.contains(member);
                prop_assert_eq!(members(&next, group).contains(member), known, "{} in {}", member, group);
            }
        }
        let new = introduced.iter().filter(|id| first.account(id).is_none()).count();
        prop_assert_eq!(next.accounts_len(), first.accounts_len() + new);
    }

    #[test]
    fn what_lies_above_the_references_is_never_taken_for_the_same(before in organization(), below in 0u32..6) {
        let snapshot = mirror(&before);
        let whole = references(&snapshot);
        let short = References { groups: whole.groups.min(below), resources: whole.resources.min(below) };
        for account in 0..snapshot.accounts_len() as Ordinal {
            let id = snapshot.account_id(account).unwrap();
            for directory in 0..snapshot.directories().len() as Ordinal {
                let here = |group: &&Ordinal| snapshot.group_row(**group).unwrap().directory == Some(directory);
                let groups: Vec<Ordinal> = snapshot.memberships().of(account).iter().filter(here).copied().collect();
                let activity = snapshot.activity().of(account).to_vec();
                for (references, limit) in [(whole, None), (short, Some(short))] {
                    let mut record = SeenAccount {
                        id: id.clone(),
                        profile: None,
                        presence: None,
                        roles: None,
                        activity: now(at(2), activity.clone()),
                        groups: now(at(2), groups.clone()),
                        counted_resources: None,
                    };
                    compare_account(&snapshot, Some(directory), references, &mut record);
                    let is_same = |same: bool| same;
                    let groups_fit = limit.is_none_or(|limit| groups.iter().all(|group| *group < limit.groups));
                    let apps_fit = limit.is_none_or(|limit| activity.iter().all(|entry| entry.resource < limit.resources));
                    prop_assert_eq!(is_same(record.groups.unwrap().value == Reading::Same), groups_fit);
                    prop_assert_eq!(is_same(record.activity.unwrap().value == Reading::Same), apps_fit);
                }
            }
        }
    }
}
