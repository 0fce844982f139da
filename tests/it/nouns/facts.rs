//! The facts of an organization: what a seal writes is what is read, as of its own generation and of every later one.

use std::collections::BTreeMap;

use directory::find;
use directory::{Activity, Delta, GroupCounts, Ordinal, Snapshot, diff};
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use roaring::RoaringBitmap;
use rollcall::id::{Entropy, RunId};
use rollcall::mirror::load::{load, load_as_of};
use rollcall::store::error::StoreError;
use rollcall::store::tx::Tx;
use rollcall::store::{accounts, coverage, groups, head, schema};

use super::organization::{Facts, Person, organization};
use super::{Place, at, on_both, rehearse, write};
use crate::support::truth;

pub(super) const DAY: i64 = 86_400_000_000;

/// Writes what a seal of this delta writes, except for the run and the event.
pub(super) fn seal(tx: &mut Tx, before: &Snapshot, delta: &Delta) -> Result<Snapshot, StoreError> {
    let run = RunId::new(&Entropy::seeded(delta.generation), delta.sealed_at);
    accounts::write(tx, delta, |account| before.activity().of(account))?;
    groups::write(tx, delta, before.directories().len(), before.resources().len())?;
    coverage::seal(tx, delta.generation, delta.sealed_at, &run, (&delta.claims, "{}"))?;
    head::advance(tx, delta.generation)?;
    Ok(before.apply(delta))
}

/// Seals what a pass over the organization sees.
fn seal_seen(tx: &mut Tx, before: &Snapshot, facts: &Facts) -> Result<Snapshot, StoreError> {
    let moment = at(before.generation() as i64);
    let delta = diff(before, facts.seen(before, moment), moment);
    seal(tx, before, &delta)
}

/// Seals one organization after the other; after each, the newest generation is read, and every earlier one as of its
/// seal.
fn seal_and_read(tx: &mut Tx, passes: &[Facts]) -> Result<(), StoreError> {
    let mut snapshot = Snapshot::default();
    let mut in_force: Vec<Snapshot> = Vec::new();
    for facts in passes {
        snapshot = seal_seen(tx, &snapshot, facts)?;
        in_force.push(snapshot.clone());
        same("newest", &load(tx)?, &snapshot);
        for then in &in_force {
            let read = load_as_of(tx, then.generation())?;
            same(&format!("{} as of {}", snapshot.generation(), then.generation()), &read, then);
            for query in questions() {
                let ask = |snapshot| find::evaluate(snapshot, &query, at(500_000), &TimeZone::UTC);
                assert_eq!(ask(&read), ask(then), "{}", filter::show(&query, find::catalogue()));
            }
        }
    }
    Ok(())
}

fn same(what: &str, stored: &Snapshot, sealed: &Snapshot) {
    let (stored, sealed) = (truth::everything(stored), truth::everything(sealed));
    assert_eq!(truth::unlike(&stored, &sealed), Vec::<String>::new(), "{what}: + read, - sealed");
}

/// Every example of every field, and questions about names that change.
fn questions() -> Vec<filter::Query> {
    let examples = find::catalogue().fields().flat_map(|(_, field)| field.examples.iter().map(|one| one.to_string()));
    let own = [
        "a",
        "site = a",
        "directory ~ b",
        "app = r1",
        "organization ~ a",
        "lastActive >= 1970-01-01",
        "changed < 2100",
    ];
    let texts = examples.chain(own.map(str::to_owned));
    texts.map(|text| filter::parse(&text, find::catalogue()).query).collect()
}

/// The same organization, told as history keeps it: days of activity, and none of upstream's own counts.
fn as_history_keeps_it(mut facts: Facts) -> Facts {
    for person in facts.people.values_mut() {
        person.counted = None;
        for at in person.activity.iter_mut().flat_map(|activity| activity.values_mut()) {
            *at = at.div_euclid(DAY) * DAY;
        }
    }
    facts.groups.values_mut().for_each(|group| group.counts = GroupCounts::default());
    facts
}

/// Runs a test with random organizations, each beginning with an empty database.
fn with_random_passes(
    cases: u32,
    test: impl Fn(&mut Tx, Vec<Facts>) -> Result<(), StoreError> + Copy + Send + 'static,
) {
    for place in Place::both() {
        let store = place.open(schema::ORGANIZATION);
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        let passes = proptest::collection::vec(organization(), 1..5);
        let outcome = TestRunner::new(config).run(&passes, |passes| {
            let outcome = store.write_blocking(move |tx| {
                test(tx, passes)?;
                // The next organization begins with an empty database.
                Err::<(), _>(StoreError::Closed)
            });
            match outcome {
                Err(StoreError::Closed) => Ok(()),
                other => Err(TestCaseError::fail(format!("{other:?}"))),
            }
        });
        assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

#[test]
fn what_is_sealed_is_what_is_read() {
    with_random_passes(30, |tx, passes| {
        let mut snapshot = Snapshot::default();
        for facts in &passes {
            snapshot = seal_seen(tx, &snapshot, facts)?;
            same("newest", &load(tx)?, &snapshot);
        }
        Ok(())
    });
}

#[test]
fn a_snapshot_built_as_of_a_generation_is_the_one_that_was_in_force() {
    with_random_passes(30, |tx, passes| {
        let passes: Vec<Facts> = passes.into_iter().map(as_history_keeps_it).collect();
        seal_and_read(tx, &passes)
    });
}

#[test]
fn as_of_an_earlier_generation_the_time_of_day_is_known_only_of_who_was_not_active_since() {
    on_both(|store| {
        rehearse(store, |tx| {
            let noon = DAY / 2;
            let first = people(&[("p0", &[("r0", 5 * DAY + noon)]), ("p1", &[("r0", 5 * DAY + noon)])]);
            let snapshot = seal_seen(tx, &Snapshot::default(), &first)?;
            let second = people(&[("p0", &[("r0", 5 * DAY + noon)]), ("p1", &[("r0", 6 * DAY)])]);
            let snapshot = seal_seen(tx, &snapshot, &second)?;
            seal_seen(tx, &snapshot, &people(&[("p0", &[]), ("p1", &[("r0", 6 * DAY)])]))?;
            let of = |tx: &mut Tx, generation| -> Result<_, StoreError> {
                let read = load_as_of(tx, generation)?;
                Ok([0, 1].map(|account| load_activity(&read, account)))
            };
            assert_eq!(of(tx, 2)?, [vec![(0, 5 * DAY)], vec![(0, 6 * DAY)]], "the first is forgotten since");
            assert_eq!(of(tx, 1)?, [vec![(0, 5 * DAY)], vec![(0, 5 * DAY)]]);
            assert_eq!(of(tx, 3)?, [vec![], vec![(0, 6 * DAY)]]);
            Ok(())
        });
    });
}

#[test]
fn the_counts_that_upstream_gave_on_a_past_day_are_not_known() {
    on_both(|store| {
        rehearse(store, |tx| {
            let mut facts = people(&[("p0", &[])]);
            facts.people.get_mut("p0").unwrap().counted = Some(3);
            let snapshot = seal_seen(tx, &Snapshot::default(), &facts)?;
            assert_eq!(load_as_of(tx, 1)?.counted_resources(0), Some(3), "the newest generation has them");
            seal_seen(tx, &snapshot, &facts)?;
            assert_eq!(load_as_of(tx, 1)?.counted_resources(0), None);
            Ok(())
        });
    });
}

/// One person, active on an app at these moments.
fn active(moments: &[(&str, i64)]) -> Person {
    Person {
        profile: directory::Profile::named("Zoë"),
        presence: BTreeMap::from([(0, directory::Presence { membership: None, status: None })]),
        roles: Default::default(),
        activity: Some(moments.iter().map(|(resource, at)| ((*resource).to_owned(), *at)).collect()),
        groups: Default::default(),
        direct: Default::default(),
        counted: None,
    }
}

fn people(people: &[(&str, &[(&str, i64)])]) -> Facts {
    Facts {
        directory_name: "".into(),
        resources: BTreeMap::new(),
        people: people.iter().map(|(id, moments)| ((*id).to_owned(), active(moments))).collect(),
        groups: BTreeMap::new(),
    }
}

/// A resource, the generation that saw it first, the day, and whose it is.
type ActiveDay = (i64, i64, i64, Vec<u32>);

/// Who moved to which day on which resource by which generation, by ordinals.
fn active_days(tx: &mut Tx) -> Result<Vec<ActiveDay>, StoreError> {
    const DAYS: &str = "SELECT resource, since, day, accounts FROM activity_days ORDER BY resource, since, day";
    tx.list(DAYS, &[], |row| {
        let accounts = RoaringBitmap::deserialize_from(row.blob(3)?).map_err(|_| row.corrupt(3))?;
        Ok((row.integer(0)?, row.integer(1)?, row.integer(2)?, accounts.iter().collect()))
    })
}

#[test]
fn past_days_of_activity_are_kept_and_the_present_moves() {
    on_both(|store| {
        rehearse(store, |tx| {
            // The last microsecond before 1970 is a day of its own.
            let first = people(&[("p0", &[("r0", 5 * DAY)]), ("p1", &[("r0", 5 * DAY + 7)]), ("p2", &[("r0", -1)])]);
            let snapshot = seal_seen(tx, &Snapshot::default(), &first)?;
            assert_eq!(active_days(tx)?, [(0, 1, -1, vec![2]), (0, 1, 5, vec![0, 1])]);
            // The second is active later, the first on another app only, a new one on the day that is there already.
            let second = people(&[
                ("p0", &[("r1", 6 * DAY)]),
                ("p1", &[("r0", 6 * DAY)]),
                ("p2", &[("r0", -1)]),
                ("p3", &[("r0", 6 * DAY - 1)]),
            ]);
            let snapshot = seal_seen(tx, &snapshot, &second)?;
            let days = [
                (0, 1, -1, vec![2]),
                (0, 1, 5, vec![0, 1]),
                (0, 2, i64::MIN, vec![0]),
                (0, 2, 5, vec![3]),
                (0, 2, 6, vec![1]),
                (1, 2, 6, vec![0]),
            ];
            assert_eq!(active_days(tx)?, days);
            let present = |account| load_activity(&snapshot, account);
            assert_eq!([present(0), present(1)], [vec![(1, 6 * DAY)], vec![(0, 6 * DAY)]]);
            let read = load(tx)?;
            assert_eq!(load_activity(&read, 0), [(1, 6 * DAY)], "what is no longer told is forgotten in the present");
            assert_eq!(read.activity(), snapshot.activity());
            Ok(())
        });
    });
}

fn load_activity(snapshot: &Snapshot, account: Ordinal) -> Vec<(Ordinal, i64)> {
    snapshot.activity().of(account).iter().map(|Activity { resource, at }| (*resource, *at)).collect()
}

#[test]
fn a_fact_is_written_once_and_ended_never_overwritten() {
    const VERSIONS: &str = "SELECT since, until, name FROM profiles ORDER BY since";
    const STAYS: &str = "SELECT since, until FROM presence ORDER BY since";
    on_both(|store| {
        rehearse(store, |tx| {
            let mut renamed = people(&[("p0", &[])]);
            renamed.people.get_mut("p0").unwrap().profile.name = "Zoë O'Brien".into();
            let mut snapshot = Snapshot::default();
            for facts in [people(&[("p0", &[])]), people(&[("p0", &[])]), renamed.clone(), people(&[]), renamed] {
                snapshot = seal_seen(tx, &snapshot, &facts)?;
            }
            let versions =
                tx.list(VERSIONS, &[], |row| Ok((row.integer(0)?, row.integer(1)?, row.text(2)?.to_owned())))?;
            assert_eq!(versions, [(1, 3, "Zoë".to_owned()), (3, i64::MAX, "Zoë O'Brien".to_owned())]);
            let stays = tx.list(STAYS, &[], |row| Ok((row.integer(0)?, row.integer(1)?)))?;
            assert_eq!(stays, [(1, 4), (5, i64::MAX)], "gone in the fourth generation, back in the fifth");
            Ok(())
        });
    });
}

#[test]
fn a_generation_that_was_written_already_is_refused_whole() {
    on_both(|store| {
        let facts = people(&[("p0", &[("r0", DAY)])]);
        let first = facts.clone();
        let snapshot = write(store, move |tx| seal_seen(tx, &Snapshot::default(), &first));
        let again = store.write_blocking(move |tx| seal_seen(tx, &Snapshot::default(), &facts));
        assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
        let read = store.read_blocking(load).unwrap();
        assert_eq!(truth::everything(&read), truth::everything(&snapshot));
    });
}

#[test]
fn explained_differences_of_counts_are_kept_per_group() {
    on_both(|store| {
        rehearse(store, |tx| {
            let named = |name: &str| super::organization::TrueGroup {
                group: directory::Group::named(name),
                counts: Default::default(),
                grants: Default::default(),
                strangers: Default::default(),
            };
            let mut facts = people(&[]);
            facts.groups = ["g0", "g1", "g2"].map(|id| (id.to_owned(), named(id))).into();
            seal_seen(tx, &Snapshot::default(), &facts)?;
            assert_eq!(groups::known_offsets(tx)?, []);
            groups::write_known_offsets(tx, &[(2, -3), (0, 5)])?;
            assert_eq!(groups::known_offsets(tx)?, [(0, 5), (2, -3)]);
            groups::write_known_offsets(tx, &[(0, 0), (1, 1)])?;
            assert_eq!(groups::known_offsets(tx)?, [(0, 0), (1, 1), (2, -3)]);
            Ok(())
        });
    });
}
