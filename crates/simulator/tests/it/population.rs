//! Populations: the same seed is the same organization, and every kind of person and group is there.

use std::collections::BTreeSet;

use simulator::{Organization, Population};

use crate::client::now;

fn populate(users: u32, seed: u64) -> Organization {
    Organization::populate(&Population { users, seed, ..Population::default() }, now())
}

#[test]
fn the_same_seed_is_the_same_organization_and_another_seed_is_not() {
    let (first, second, other) = (populate(300, 5), populate(300, 5), populate(300, 6));
    assert_eq!(first.truth(), second.truth());
    assert_eq!(first.api_key(), second.api_key());
    assert_eq!(first.id(), second.id());
    assert_ne!(first.id(), other.id());
    assert_ne!(first.truth().users, other.truth().users);
}

#[test]
fn the_smallest_organization_has_administrators_two_sites_and_an_empty_group() {
    let organization = populate(10, 1);
    let truth = organization.truth();
    assert_eq!(truth.users.len(), 10);
    assert!(truth.groups.len() >= 12);
    assert!(organization.sites().len() >= 2);
    assert!(!organization.holders_of(simulator::Role::OrgAdmin).is_empty());
    assert!(truth.groups.iter().any(|group| group.members == 0));
    assert!(!truth.grants.is_empty());
}

#[test]
fn a_large_population_has_every_kind_of_person() {
    let truth = populate(20_000, 3).truth();
    let count =
        |matches: &dyn Fn(&simulator::TrueUser) -> bool| truth.users.iter().filter(|user| matches(user)).count();
    let share = |matches: &dyn Fn(&simulator::TrueUser) -> bool| count(matches) as f64 / truth.users.len() as f64;
    for status in ["active", "suspended", "deactivated", "not_invited", "for_deletion"] {
        assert!(count(&|user| user.status == status) > 0, "nobody is {status}");
    }
    assert!((0.05..0.12).contains(&share(&|user| !user.managed)));
    assert!((0.002..0.009).contains(&share(&|user| user.directories.is_empty())));
    assert!((0.0003..0.003).contains(&(truth.direct_roles.len() as f64 / 20_000.0)));
    assert!(count(&|user| user.account_type == "app") > 0);
    let is_service = |user: &simulator::TrueUser| {
        let given = |email: &String| email.starts_with("svc-") && email.ends_with("@serviceaccount.atlassian.com");
        user.name == "Deploy Bot" && user.email.as_ref().is_some_and(given)
    };
    assert!(count(&is_service) > 0, "there are service accounts");
    let by_script = |user: &simulator::TrueUser| user.name == "no-reply" && user.account_type == "atlassian";
    assert!(count(&by_script) > 0, "and accounts of scripts that nothing tells from people");
    assert!(count(&|user| !user.email_verified && user.last_active.is_empty() && user.email.is_some()) > 100);
    for role in ["atlassian/org-admin", "atlassian/site-admin", "atlassian/user-access-admin"] {
        assert!(count(&|user| user.platform_roles.contains(&role)) > 0, "nobody is {role}");
    }
    for start in ["712020:", "557058:", "5b1"] {
        assert!(count(&|user| user.account_id.starts_with(start)) > 0, "no account id begins with {start}");
    }
    // Names in Cyrillic, Greek, Arabic, Hebrew, Devanagari, Chinese, Japanese, Korean and Thai, and long ones.
    for letter in ['а', 'ο', 'م', 'ל', 'र', '王', 'さ', '김', 'ส'] {
        assert!(count(&|user| user.name.contains(letter)) > 0, "no name has the letter {letter}");
    }
    assert!(count(&|user| user.name.len() > 150) > 0);
    let names: BTreeSet<&str> = truth.users.iter().map(|user| user.name.as_str()).collect();
    assert!(names.len() < truth.users.len(), "nobody shares a name");
    let emails: BTreeSet<&String> = truth.users.iter().filter_map(|user| user.email.as_ref()).collect();
    assert_eq!(emails.len(), count(&|user| user.email.is_some()), "addresses differ");
}

#[test]
fn few_groups_grant_and_the_others_are_of_very_different_sizes() {
    let truth = populate(20_000, 3).truth();
    let granting: BTreeSet<&str> = truth.grants.iter().map(|grant| grant.group.as_str()).collect();
    assert!((20..=60).contains(&granting.len()));
    let owners: BTreeSet<&str> = truth.workspaces.iter().map(|workspace| workspace.owner).collect();
    assert_eq!(owners.len(), 7);
    for role in ["atlassian/user", "atlassian/admin", "atlassian/guest", "atlassian/customer", "atlassian/contributor"]
    {
        assert!(truth.grants.iter().any(|grant| grant.role == role), "no group grants {role}");
    }
    assert!(truth.grants.iter().any(|grant| grant.default));
    let ordinary = || truth.groups.iter().filter(|group| !granting.contains(group.id.as_str()));
    let largest = ordinary().map(|group| group.members).max().unwrap();
    let mut sizes: Vec<u32> = ordinary().map(|group| group.members).collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap();
    assert!(largest > 8 * median, "largest {largest}, median {median}");
    assert!(truth.groups.iter().any(|group| group.synced) && truth.groups.iter().any(|group| !group.synced));
    let mean = truth.memberships.len() as f64 / truth.users.len() as f64;
    assert!((8.0..12.0).contains(&mean), "{mean} memberships a person");
}

#[test]
fn counters_of_groups_and_resources_agree_with_the_memberships() {
    let truth = populate(3_000, 9).truth();
    for group in &truth.groups {
        let members = truth.memberships.iter().filter(|(id, _)| *id == group.id).count();
        assert_eq!(members as u32, group.members, "{}", group.name);
    }
}
