//! The laws of the snapshot: what was seen is what the next one holds, building and applying agree, and nothing leaves
//! without proof.

use std::collections::BTreeMap;

use directory::{
    AccountId, Builder, ClaimState, Claims, Delta, Noun, Ordinal, Profile, Resource, SeenAccount, Snapshot, diff,
};
use proptest::prelude::*;

use crate::organization::{Facts, at, facts, organization, seen};

/// Builds the generation anew from the rows a database would hold.
fn rebuilt(snapshot: &Snapshot, profiles: &BTreeMap<Ordinal, Profile>) -> Snapshot {
    let mut builder = Builder::new(snapshot.generation(), snapshot.sealed_at());
    for directory in snapshot.directories() {
        builder.directory(directory.id.clone(), &directory.name);
    }
    for resource in snapshot.resources() {
        builder.resource(Resource::clone(resource));
    }
    for account in 0..snapshot.accounts_len() as Ordinal {
        let counted = snapshot.counted_resources(account);
        builder.account(snapshot.account_id(account).unwrap(), profiles.get(&account), counted);
        if let Some(at) = snapshot.changed_at(account) {
            builder.changed(account, at);
        }
        for entry in snapshot.activity().of(account) {
            builder.activity(account, *entry);
        }
        for role in snapshot.roles_of(account) {
            builder.role(account, role);
        }
        for role in snapshot.direct_roles(account) {
            builder.direct_role(account, role.clone());
        }
        for directory in 0..snapshot.directories().len() as Ordinal {
            if let Some(presence) = snapshot.presence(directory, account) {
                builder.presence(directory, account, presence.clone());
            }
        }
    }
    builder.activity_read(snapshot.activity().read().clone());
    for group in 0..snapshot.groups_len() as Ordinal {
        let row = snapshot.group_row(group).unwrap();
        builder.group(row.id.clone(), row.directory, row.group.clone(), row.counts);
        for grant in snapshot.grants(group) {
            builder.grant(group, grant.clone());
        }
    }
    for (account, group) in snapshot.memberships().pairs() {
        builder.membership(account, group);
    }
    for age in snapshot.ages() {
        builder.age(age.clone());
    }
    builder.finish()
}

fn same_everywhere(one: &Snapshot, other: &Snapshot) {
    assert_eq!(facts(one), facts(other));
    assert_eq!(one.accounts_len(), other.accounts_len());
    assert_eq!(one.ages(), other.ages());
    assert_eq!(one.activity(), other.activity());
    for (order, twin) in [
        (one.by_name(), other.by_name()),
        (one.by_email(), other.by_email()),
        (one.by_last_active(), other.by_last_active()),
        (one.by_added(), other.by_added()),
        (one.groups_by_name(), other.groups_by_name()),
    ] {
        assert_eq!(order.iter().collect::<Vec<_>>(), twin.iter().collect::<Vec<_>>());
    }
    for account in 0..one.accounts_len() as Ordinal {
        assert_eq!(one.folded_name(account), other.folded_name(account));
        assert_eq!(one.email_key(account), other.email_key(account));
        assert_eq!(one.account(one.account_row(account).unwrap().id), Some(account));
        assert_eq!(one.profile_digest(account), other.profile_digest(account));
        assert_eq!(one.counted_resources(account), other.counted_resources(account));
    }
}

fn remember(profiles: &mut BTreeMap<Ordinal, Profile>, delta: &Delta) {
    profiles.extend(delta.profiles.iter().map(|(account, profile)| (*account, profile.unpack())));
}

proptest! {
    #[test]
    fn what_was_seen_is_what_the_next_snapshot_holds(passes in proptest::collection::vec(organization(), 1..4)) {
        let mut snapshot = Snapshot::default();
        let mut profiles = BTreeMap::new();
        for (pass, truth) in passes.iter().enumerate() {
            let asked_at = at(1000 + pass as i64);
            let delta = diff(&snapshot, seen(truth, &snapshot, asked_at), asked_at);
            remember(&mut profiles, &delta);
            snapshot = snapshot.apply(&delta);
            prop_assert_eq!(&facts(&snapshot), truth);
            same_everywhere(&snapshot, &rebuilt(&snapshot, &profiles));

            let again = diff(&snapshot, seen(truth, &snapshot, asked_at), asked_at);
            prop_assert!(again.is_empty(), "a second pass over the same organization finds nothing: {:?}", again);
        }
    }

    #[test]
    fn nothing_leaves_without_a_complete_claim(before in organization(), after in organization()) {
        let first = Snapshot::default();
        let first = first.apply(&diff(&first, seen(&before, &first, at(1)), at(1)));
        let mut partial = seen(&after, &first, at(2));
        for claim in &mut partial.claims.0 {
            claim.state = ClaimState::Partial;
        }
        let delta = diff(&first, partial, at(2));
        prop_assert!(delta.presence.iter().all(|change| change.now.is_some()));
        prop_assert!(delta.groups.iter().all(|(_, group)| group.is_some()));
        let next = first.apply(&delta);
        prop_assert!(first.present().is_subset(&next.present()));
    }

    #[test]
    fn nothing_leaves_that_was_not_asked_for_by_id(before in organization(), after in organization()) {
        let first = Snapshot::default();
        let first = first.apply(&diff(&first, seen(&before, &first, at(1)), at(1)));
        let mut unconfirmed = seen(&after, &first, at(2));
        for part in &mut unconfirmed.parts {
            part.gone.clear();
            part.gone_groups.clear();
        }
        let next = first.apply(&diff(&first, unconfirmed, at(2)));
        prop_assert!(first.present().is_subset(&next.present()));
    }

    #[test]
    fn fields_that_were_not_read_stay_as_they_were(before in organization()) {
        let first = Snapshot::default();
        let first = first.apply(&diff(&first, seen(&before, &first, at(1)), at(1)));
        let mut blind = seen(&Facts { grants: before.grants.clone(), ..before.clone() }, &first, at(2));
        for part in &mut blind.parts {
            for id in before.people.keys() {
                let id = AccountId::new(id).unwrap();
                part.accounts.merge(SeenAccount {
                    id, profile: None, presence: None, roles: None, activity: None, groups: None, counted_resources: None,
                });
            }
        }
        blind.claims = Claims(blind.claims.0.into_iter().filter(|claim| claim.noun != Noun::DirectAccess).collect());
        blind.direct.clear();
        prop_assert!(diff(&first, blind, at(2)).is_empty());
    }

    #[test]
    fn a_group_that_is_distrusted_loses_nobody(before in organization()) {
        let first = Snapshot::default();
        let first = first.apply(&diff(&first, seen(&before, &first, at(1)), at(1)));
        let mut emptied = before.clone();
        for person in emptied.people.values_mut() {
            person.groups.clear();
        }
        let mut capped = seen(&emptied, &first, at(2));
        capped.distrusted.insert_range(0..first.groups_len() as u32);
        let next = first.apply(&diff(&first, capped, at(2)));
        prop_assert_eq!(next.memberships().pairs().collect::<Vec<_>>(), first.memberships().pairs().collect::<Vec<_>>());
    }
}
