//! The laws of tiles, on random organizations, against a count that looks at one seat at a time.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::access::{DirectRole, Grant, Role, RoleMethod};
use crate::account::{AccountType, Presence, Profile, Status};
use crate::activity::Activity;
use crate::build::Builder;
use crate::find::{Vocabulary, catalogue, evaluate};
use crate::group::{Group, GroupCounts};
use crate::id::{AccountId, DirectoryId, GroupId, ResourceId};
use crate::resource::Resource;

const NOW: &str = "2026-11-21T12:00:00Z";
/// Two apps on two sites, one app that is not known by name, one that sells no seats.
const APPS: [(&str, &str); 6] = [
    ("jira-software", "acme"),
    ("jira-software", "acme-emea"),
    ("confluence", "acme"),
    ("confluence", "acme-emea"),
    ("focus", "acme"),
    ("jira-admin", "acme"),
];

#[derive(Clone, Debug)]
struct Person {
    status: Status,
    kind: AccountType,
    is_service: bool,
    added_days_ago: Option<i64>,
    was_read: bool,
    used_days_ago: Vec<Option<i64>>,
    groups: BTreeSet<u32>,
    direct: Option<u32>,
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn days_ago(days: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_hours(24 * days)
}

fn person() -> impl Strategy<Value = Person> {
    let status = prop_oneof![4 => Just(Status::Active), 1 => Just(Status::Suspended), 1 => Just(Status::Deactivated)];
    let kind = prop_oneof![5 => Just(AccountType::Atlassian), 1 => Just(AccountType::App)];
    let day = prop_oneof![Just(0i64), Just(2), Just(3), Just(89), Just(90), Just(91), 0i64..400];
    let used = proptest::collection::vec(proptest::option::of(day.clone()), APPS.len());
    let groups = proptest::collection::btree_set(0..4u32, 0..4);
    let direct = proptest::option::of(0..APPS.len() as u32);
    (status, kind, prop::bool::weighted(0.2), proptest::option::of(day), any::<bool>(), used, groups, direct).prop_map(
        |(status, kind, is_service, added_days_ago, was_read, used_days_ago, groups, direct)| Person {
            status,
            kind,
            is_service,
            added_days_ago,
            was_read,
            used_days_ago,
            groups,
            direct,
        },
    )
}

fn grants() -> impl Strategy<Value = Vec<BTreeSet<(u32, Role)>>> {
    let role = prop_oneof![2 => Just(Role::User), 1 => Just(Role::Admin), 1 => Just(Role::Guest)];
    proptest::collection::vec(proptest::collection::btree_set((0..APPS.len() as u32, role), 0..4), 4)
}

fn snapshot(people: &[Person], grants: &[BTreeSet<(u32, Role)>]) -> Snapshot {
    let mut builder = Builder::new(1, now());
    builder.directory(DirectoryId::new("d-1").unwrap(), "Main");
    for (owner, site) in APPS {
        let id = ResourceId::new(&format!("ari:cloud:{owner}::site/{site}-cloud")).unwrap();
        let host_url = Some(format!("https://{site}.atlassian.net").into());
        builder.resource(Resource { host_url, capacity: Some(10), ..Resource::unnamed(id) });
    }
    let mut read = RoaringBitmap::new();
    for (account, person) in (0..).zip(people) {
        let domain = if person.is_service { "serviceaccount.atlassian.com" } else { "acme.example" };
        let profile = Profile {
            account_type: person.kind.clone(),
            email: Some(format!("p{account}@{domain}").into()),
            added_at: person.added_days_ago.map(days_ago),
            ..Profile::named("Somebody")
        };
        builder.account(AccountId::new(&format!("p{account}")).unwrap(), Some(&profile), None);
        builder.presence(0, account, Presence { membership: None, status: Some(person.status.clone()) });
        for (resource, days) in (0..).zip(&person.used_days_ago) {
            if let Some(days) = days {
                builder.activity(account, Activity { resource, at: days_ago(*days).as_microsecond() });
            }
        }
        if person.was_read {
            read.insert(account);
        }
        if let Some(resource) = person.direct {
            builder.direct_role(account, DirectRole { resource, role: Role::User, method: RoleMethod::Direct });
        }
    }
    builder.activity_read(read);
    for (group, granted) in (0..).zip(grants) {
        let id = GroupId::new(&format!("g{group}")).unwrap();
        builder.group(id, Some(0), Some(Group::named(&format!("g{group}"))), GroupCounts::default());
        for (resource, role) in granted {
            builder.grant(group, Grant { resource: *resource, role: role.clone(), default: false });
        }
    }
    for (account, person) in (0..).zip(people) {
        for group in &person.groups {
            builder.membership(account, *group);
        }
    }
    builder.finish()
}

/// In which share a seat is, from the definitions alone.
fn share(person: &Person, resource: usize, days: i64) -> Which {
    if person.is_service {
        return Which::ServiceAccounts;
    }
    match person.used_days_ago[resource] {
        Some(used) if used < days => Which::Active,
        Some(_) => Which::Inactive,
        None if person.was_read => Which::NeverActive,
        None => Which::Unknown,
    }
}

fn asked(threshold: Threshold) -> Asked<'static> {
    const UTC: &TimeZone = &TimeZone::UTC;
    Asked { threshold, now: now(), zone: UTC }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn shares_are_disjoint_add_up_and_are_what_their_filters_find(
        people in proptest::collection::vec(person(), 0..25),
        grants in grants(),
        days in prop_oneof![Just(3i64), Just(90), Just(180)],
        site in proptest::option::of(prop_oneof![Just("acme"), Just("acme-emea")]),
    ) {
        let snapshot = snapshot(&people, &grants);
        let threshold = Threshold::days(days as u32).unwrap();
        let tiles = tiles(&snapshot, site, asked(threshold));
        let mut every_seat = 0;
        let mut everybody = BTreeSet::new();
        for tile in &tiles.apps {
            let mut holders = BTreeSet::new();
            for which in Which::DISJOINT {
                let mut found = BTreeSet::new();
                for on_site in &tile.sites {
                    let seats: Vec<u32> = (0..people.len() as u32)
                        .filter(|account| snapshot.seat(*account, on_site.resource).is_some_and(|seat| seat.is_billable()))
                        .filter(|account| share(&people[*account as usize], on_site.resource as usize, days) == which)
                        .collect();
                    prop_assert_eq!(on_site.seats.of(which), seats.len() as u64, "{:?} of {:?}", which, on_site);
                    every_seat += seats.len() as u64;
                    found.extend(seats);
                }
                let filter = tile.filter(which, threshold).unwrap();
                let parsed = filter::parse_with(&filter, catalogue(), &Vocabulary::of(&snapshot));
                prop_assert!(parsed.diagnostics.is_empty(), "{}: {:?}", filter, parsed.diagnostics);
                prop_assert_eq!(&filter::show(&parsed.query, catalogue()), &filter);
                let answered = evaluate(&snapshot, &parsed.query, now(), &TimeZone::UTC).matching;
                prop_assert_eq!(answered.iter().collect::<BTreeSet<u32>>(), found.clone(), "{}", filter);
                holders.extend(found);
            }
            prop_assert_eq!(tile.seats.total(), tile.sites.iter().map(|site| site.seats.total()).sum::<u64>());
            prop_assert_eq!(tile.people, holders.len() as u64);
            everybody.extend(holders);
        }
        prop_assert_eq!(tiles.seats.total(), every_seat);
        prop_assert_eq!(tiles.people, everybody.len() as u64);
    }

    #[test]
    fn a_day_read_back_is_what_the_dashboard_showed_whatever_the_threshold(
        people in proptest::collection::vec(person(), 0..25),
        grants in grants(),
        days in prop_oneof![1u32..400, Just(Threshold::MOST_DAYS)],
        zone in prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("Pacific/Auckland")],
    ) {
        let snapshot = snapshot(&people, &grants);
        let zone = TimeZone::get(zone).unwrap();
        let bytes = days::SeatDay::of(&snapshot, now(), &zone).to_bytes();
        for threshold in Threshold::OFFERED.into_iter().chain([Threshold::days(days).unwrap()]) {
            let read = days::shares(&bytes, threshold).unwrap();
            let tiles = tiles(&snapshot, None, Asked { threshold, now: now(), zone: &zone });
            let mut shown: Vec<_> =
                tiles.apps.iter().flat_map(|tile| &tile.sites).map(|site| (site.resource, site.seats)).collect();
            shown.sort_by_key(|(resource, _)| *resource);
            prop_assert_eq!(&read.seats, &shown, "{}", threshold.words());
            let mut people: Vec<_> = tiles.apps.iter()
                .map(|tile| (tile.sites.iter().map(|site| site.resource).min().unwrap(), tile.people))
                .collect();
            people.sort();
            prop_assert_eq!(&read.apps, &people);
            prop_assert_eq!(read.people, tiles.people);
        }
    }

    #[test]
    fn what_is_not_active_and_all_are_found_by_their_filters(
        people in proptest::collection::vec(person(), 0..25),
        grants in grants(),
    ) {
        let snapshot = snapshot(&people, &grants);
        let threshold = Threshold::parse("3M").unwrap();
        for site in [Some("acme"), Some("acme-emea")] {
            for tile in tiles(&snapshot, site, asked(threshold)).apps {
                for which in [Which::All, Which::NotActive] {
                    let filter = tile.filter(which, threshold).unwrap();
                    let query = filter::parse(&filter, catalogue()).query;
                    let found = evaluate(&snapshot, &query, now(), &TimeZone::UTC).matching.len();
                    prop_assert_eq!(found, tile.seats.of(which), "{}", filter);
                }
            }
        }
    }
}

#[test]
fn a_seat_is_counted_on_each_site_and_its_holder_once() {
    let nobody_used = vec![None; APPS.len()];
    let somebody = Person {
        status: Status::Active,
        kind: AccountType::Atlassian,
        is_service: false,
        added_days_ago: Some(1),
        was_read: true,
        used_days_ago: nobody_used,
        groups: BTreeSet::from([0]),
        direct: None,
    };
    let both: BTreeSet<(u32, Role)> = [(0, Role::User), (1, Role::User), (5, Role::Admin)].into();
    let snapshot = snapshot(&[somebody], &[both]);
    let all = tiles(&snapshot, None, asked(Threshold::DEFAULT));
    let jira = &all.apps[0];
    assert_eq!((jira.app.as_str(), jira.seats.total(), jira.people), ("Jira", 2, 1));
    assert_eq!((jira.seats.never_active, jira.seats.not_active()), (2, 2));
    assert_eq!(jira.capacity(), Some(20));
    assert_eq!(jira.filter(Which::All, Threshold::DEFAULT).unwrap(), "seat = jira");
    let one = tiles(&snapshot, Some("acme"), asked(Threshold::DEFAULT));
    assert_eq!(
        one.apps[0].filter(Which::Inactive, Threshold::DEFAULT).unwrap(),
        "seat = jira@acme AND inactiveFor(jira@acme) >= 90d AND neverActive(jira@acme) = no"
    );
    assert_eq!(one.without_seats[0].app, "Jira administration");
    assert_eq!((one.without_seats[0].people, sites(&snapshot)), (1, vec!["acme", "acme-emea"]));
}
