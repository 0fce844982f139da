//! What frees a seat frees it, and no less does; for whom a group is the only path is told one person at a time.

use std::collections::BTreeSet;

use directory::{Ordinal, Role, RoleMethod, Snapshot};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::world::{RESOURCES, World, built, world};

/// The organization after somebody has left groups and lost roles given directly.
fn after(
    world: &World,
    account: usize,
    groups: &BTreeSet<usize>,
    keeps: impl Fn(&directory::DirectRole) -> bool,
) -> World {
    let mut world = world.clone();
    let soul = &mut world.people[account];
    soul.groups.retain(|group| !groups.contains(group));
    soul.direct.retain(keeps);
    world
}

fn takes_seat(snapshot: &Snapshot, account: Ordinal, resource: Ordinal) -> bool {
    snapshot.seat(account, resource).is_some_and(directory::Seat::is_billable)
}

fn roles(snapshot: &Snapshot, account: Ordinal) -> BTreeSet<(Ordinal, Role)> {
    snapshot.access(account).into_iter().map(|way| (way.resource, way.role)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_frees_a_seat_is_enough_all_of_it_is_needed_and_what_is_lost_beside_is_named(world in world()) {
        let snapshot = built(&world);
        for account in 0..world.people.len() {
            let ordinal = account as Ordinal;
            for resource in 0..RESOURCES.len() as Ordinal {
                let freeing = snapshot.freeing(ordinal, resource);
                prop_assert_eq!(freeing.is_some(), takes_seat(&snapshot, ordinal, resource));
                let Some(freeing) = freeing else { continue };
                let groups: BTreeSet<usize> = freeing.groups.iter().map(|group| *group as usize).collect();
                let going: Vec<_> = freeing.direct.iter().chain(&freeing.inferred).collect();
                let freed = built(&after(&world, account, &groups, |role| !going.contains(&role)));
                prop_assert!(!takes_seat(&freed, ordinal, resource));
                let before = roles(&snapshot, ordinal);
                let lost: BTreeSet<_> = before.difference(&roles(&freed, ordinal)).cloned().collect();
                let seat = |(at, role): &(Ordinal, Role)| *at == resource && matches!(role, Role::User | Role::Admin);
                let beside: Vec<_> = lost.into_iter().filter(|one| !seat(one)).collect();
                prop_assert_eq!(&freeing.lost, &beside);
                for kept in &groups {
                    let fewer: BTreeSet<usize> = groups.iter().filter(|group| *group != kept).copied().collect();
                    let still = built(&after(&world, account, &fewer, |role| !going.contains(&role)));
                    prop_assert!(takes_seat(&still, ordinal, resource));
                }
                for kept in &going {
                    let still = built(&after(&world, account, &groups, |role| role == *kept || !going.contains(&role)));
                    prop_assert!(takes_seat(&still, ordinal, resource));
                }
                prop_assert!(freeing.direct.iter().all(|role| role.method == RoleMethod::Direct));
            }
        }
    }

    #[test]
    fn a_group_is_the_only_path_of_whom_it_alone_admits(world in world()) {
        let snapshot = built(&world);
        for group in 0..world.groups.len() {
            for (resource, alone) in snapshot.only_path(group as Ordinal) {
                let left = (0..).zip(&world.people).filter(|(_, soul)| soul.groups.contains(&group));
                let expected: RoaringBitmap = left
                    .filter(|(_, soul)| {
                        let by_group = |other: &usize| {
                            *other != group && world.groups[*other].1.iter().any(|grant| grant.resource == resource)
                        };
                        !soul.groups.iter().any(by_group) && !soul.direct.iter().any(|role| role.resource == resource)
                    })
                    .map(|(account, _)| account)
                    .collect();
                prop_assert_eq!(alone, expected);
            }
        }
    }
}
