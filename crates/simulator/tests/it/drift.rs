//! Changes: single verbs, random ones, and working days, and what must hold after each of them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use simulator::{Change, ChangeError, NewUser, Organization, Population, Role, Season, Truth};

use crate::client::now;

fn organization(users: u32, seed: u64, directories: u8) -> Organization {
    Organization::populate(&Population { users, seed, directories, ..Population::default() }, now())
}

/// What holds of every organization, seen from outside.
fn check(truth: &Truth) {
    let accounts: BTreeMap<&str, BTreeSet<&str>> = truth
        .users
        .iter()
        .map(|user| (user.account_id.as_str(), user.directories.iter().map(|(id, _)| id.as_str()).collect()))
        .collect();
    assert_eq!(accounts.len(), truth.users.len(), "account ids differ");
    let mut members: BTreeMap<&str, u32> = BTreeMap::new();
    let groups: BTreeMap<&str, &str> =
        truth.groups.iter().map(|group| (group.id.as_str(), group.directory_id.as_str())).collect();
    for (group, account) in &truth.memberships {
        let directory = groups[group.as_str()];
        assert!(accounts[account.as_str()].contains(directory), "{account} is in {group} of another directory");
        *members.entry(group.as_str()).or_default() += 1;
    }
    for group in &truth.groups {
        assert_eq!(members.get(group.id.as_str()).copied().unwrap_or_default(), group.members, "{}", group.name);
    }
    let mut reach: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut granted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for grant in &truth.grants {
        granted.entry(grant.group.as_str()).or_default().push(grant.resource.as_str());
    }
    for (group, account) in &truth.memberships {
        reach.entry(account).or_default().extend(granted.get(group.as_str()).into_iter().flatten());
    }
    for (account, resource, _) in &truth.direct_roles {
        reach.entry(account).or_default().insert(resource);
    }
    for user in &truth.users {
        let resources = reach.get(user.account_id.as_str()).map_or(0, BTreeSet::len);
        assert_eq!(user.resources as usize, resources, "{}", user.account_id);
        if user.directories.is_empty() {
            assert!(user.managed, "{} is nowhere and nobody's", user.account_id);
            assert!(user.platform_roles.is_empty() && user.last_active.is_empty());
        }
    }
    assert!(truth.users.iter().any(|user| user.platform_roles.contains(&"atlassian/org-admin")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn random_changes_keep_what_holds(seed in 0u64..1_000, directories in 1u8..4) {
        let mut organization = organization(150, seed, directories);
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut kinds = BTreeSet::new();
        for _ in 0..150 {
            kinds.insert(organization.random_change(&mut rng).split(' ').next().unwrap().to_owned());
        }
        prop_assert!(kinds.len() > 5);
        check(&organization.truth());
    }
}

#[test]
fn random_changes_are_the_same_for_the_same_seed() {
    let run = || {
        let mut organization = organization(200, 4, 1);
        let mut rng = fastrand::Rng::with_seed(77);
        let descriptions: Vec<String> = (0..100).map(|_| organization.random_change(&mut rng)).collect();
        (descriptions, organization.truth())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_working_day_changes_the_activity_of_most_and_little_else() {
    let mut organization = organization(3_000, 4, 1);
    let before = organization.truth();
    organization.set_now(now().saturating_add(jiff::SignedDuration::from_hours(24)).unwrap());
    organization.working_day(&mut fastrand::Rng::with_seed(1));
    let after = organization.truth();
    check(&after);
    let changed = before
        .users
        .iter()
        .filter(|user| {
            after.users.iter().any(|now| now.account_id == user.account_id && now.last_active != user.last_active)
        })
        .count();
    let share = changed as f64 / before.users.len() as f64;
    assert!((0.45..0.62).contains(&share), "{share}");
    let renamed = before
        .users
        .iter()
        .filter(|user| after.users.iter().any(|now| now.account_id == user.account_id && now.name != user.name))
        .count();
    assert!(renamed < 30, "{renamed}");
    assert_ne!(before.memberships, after.memberships);
}

#[test]
fn each_verb_does_what_it_says() {
    let mut organization = organization(100, 8, 1);
    let user = NewUser { name: "Ada \"Countess\" Example".into(), email: "ada@meridian.test".into(), directory: None };
    let outsider = NewUser { email: "eve@mail.test".into(), ..user.clone() };
    let ada = organization.add_user(&user).unwrap();
    let eve = organization.add_user(&outsider).unwrap();
    let group = organization.create_group("chess");
    let resource = organization.truth().workspaces[0].ari.clone();
    assert_eq!(organization.add_member(&group, &ada), Ok(true));
    assert_eq!(organization.add_member(&group, &ada), Ok(false));
    assert_eq!(organization.add_member("none", &ada), Err(ChangeError::UnknownGroup("none".into())));
    assert_eq!(organization.grant(&group, &resource, Role::User), Ok(true));
    organization.set_direct_role(&eve, &resource, Role::Admin).unwrap();
    organization.set_last_active(&ada, &resource, now()).unwrap();
    organization.suspend(&ada).unwrap();
    organization.change_email(&eve, "Eve.New@mail.test").unwrap();
    organization.rename_group(&group, "chess & go").unwrap();
    assert!(organization.set_platform_role(&ada, Role::User).is_err());
    let find = |truth: &Truth, id: &str| truth.users.iter().find(|user| user.account_id == id).cloned();
    let truth = organization.truth();
    let known = find(&truth, &ada).unwrap();
    assert_eq!((known.status, known.resources, known.last_active.len()), ("suspended", 1, 1));
    assert_eq!(find(&truth, &eve).unwrap().email.as_deref(), Some("Eve.New@mail.test"));
    assert!(truth.groups.iter().any(|known| known.id == group && known.name == "chess & go" && known.members == 1));
    organization.restore(&ada).unwrap();
    organization.deactivate(&ada).unwrap();
    organization.revoke(&group, &resource, Role::User).unwrap();
    assert_eq!(find(&organization.truth(), &ada).unwrap().status, "deactivated");
    organization.reactivate(&ada).unwrap();
    organization.remove_user(&ada).unwrap();
    organization.remove_user(&eve).unwrap();
    let truth = organization.truth();
    assert_eq!(find(&truth, &eve), None, "nobody manages Eve: removed is gone");
    let managed = organization.truth().users.iter().any(|user| user.account_id == ada && user.status == "not_invited");
    assert_eq!(find(&truth, &ada).is_some(), managed);
    organization.delete_group(&group).unwrap();
    assert!(organization.truth().groups.iter().all(|known| known.id != group));
    assert_eq!(
        Change::Suspend { user: 9_999 }.apply(&mut organization),
        Err(ChangeError::UnknownAccount("#9999".into()))
    );
    check(&organization.truth());
}

#[test]
fn a_season_follows_from_its_seed_and_ends_with_the_people_asked_for() {
    let population = Population { users: 400, seed: 3, ..Population::default() };
    let (days, day) = (120, jiff::SignedDuration::from_hours(24));
    let begins = now() - day * days;
    let live = |steps: i32| {
        let (mut organization, mut season) = Season::begin(&population, begins, days as u32);
        let first = organization.truth();
        for step in 1..=steps {
            season.live_until(&mut organization, begins + day * days / steps * step);
        }
        (first, organization.truth())
    };
    let (first, last) = live(120);
    check(&last);
    assert_eq!(live(1).1, last, "what happens does not depend on who looks when");
    assert!(first.users.len() < 350 && last.users.len() >= 395, "{} to {}", first.users.len(), last.users.len());
    let newest = |truth: &Truth| truth.users.iter().flat_map(|user| user.last_active.iter().map(|(_, at)| *at)).max();
    assert!(newest(&first) < newest(&last), "people went on working");
    let names = |truth: &Truth| truth.users.iter().map(|user| user.name.clone()).collect::<BTreeSet<_>>();
    assert!(names(&last).difference(&names(&first)).count() > 20, "people joined");
    let deactivated = |truth: &Truth| truth.users.iter().filter(|user| user.status == "deactivated").count();
    assert!(deactivated(&last) > deactivated(&first), "people left");
}
