//! The facts of an organization: what a seal writes is what is read, as of its own generation and of every later one.

use std::collections::BTreeMap;

use directory::{Activity, Builder, Delta, Ordinal, Snapshot, diff};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use roaring::RoaringBitmap;
use rollcall::id::{Entropy, RunId};
use rollcall::mirror::load::load;
use rollcall::store::error::StoreError;
use rollcall::store::tx::Tx;
use rollcall::store::{accounts, coverage, groups, head, schema};

use super::organization::{Facts, Person, organization};
use super::{Place, at, on_both, rehearse, write};
use crate::support::truth;

const DAY: i64 = 86_400_000_000;

/// Writes what a seal of this delta writes, except for the run and the event.
fn seal(tx: &mut Tx, before: &Snapshot, delta: &Delta) -> Result<Snapshot, StoreError> {
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

/// What the database says about a generation, the newest or an earlier one.
fn read(tx: &mut Tx, generation: u64) -> Result<Snapshot, StoreError> {
    let sealed_at = coverage::sealed_at(tx, generation)?.unwrap();
    let mut builder = Builder::new(generation, sealed_at);
    groups::read(tx, generation, &mut builder)?;
    accounts::read(tx, generation, &mut builder)?;
    for age in coverage::ages(tx, generation)? {
        builder.age(age);
    }
    Ok(builder.finish())
}

/// Everything of a snapshot that is kept with its history, as lines. Activity, upstream's counts, and the descriptions
/// of directories and resources are kept as they are now.
fn lasting(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = vec![format!("generation {} of {}", snapshot.generation(), snapshot.sealed_at())];
    lines.extend(snapshot.directories().iter().map(|directory| directory.id.to_string()));
    lines.extend(snapshot.resources().iter().map(|resource| resource.id.to_string()));
    for account in 0..snapshot.accounts_len() as Ordinal {
        let row = snapshot.account_row(account).unwrap();
        lines.push(format!("account {account} {} {:?} {:?}", row.id, row.name, row.email));
        lines.push(format!("account {account} digest {:?}", snapshot.profile_digest(account)));
        lines.push(format!("account {account} roles {:?}", snapshot.roles_of(account)));
        lines.push(format!("account {account} direct {:?}", snapshot.direct_roles(account)));
        lines.push(format!("account {account} groups {:?}", snapshot.memberships().of(account)));
        let directories = 0..snapshot.directories().len() as Ordinal;
        let presence: Vec<_> = directories.map(|directory| snapshot.presence(directory, account)).collect();
        lines.push(format!("account {account} presence {presence:?}"));
    }
    for group in 0..snapshot.groups_len() as Ordinal {
        let row = snapshot.group_row(group).unwrap();
        lines.push(format!("group {group} {} {:?} {:?}", row.id, row.directory, row.group));
        lines.push(format!("group {group} grants {:?}", snapshot.grants(group)));
        lines.push(format!("group {group} members {:?}", snapshot.memberships().members(group)));
    }
    for order in [snapshot.by_name(), snapshot.by_email(), snapshot.by_added(), snapshot.groups_by_name()] {
        lines.push(format!("order {:?}", order.iter().collect::<Vec<_>>()));
    }
    lines.extend(snapshot.ages().iter().map(|age| format!("{age:?}")));
    lines
}

/// Seals one organization after the other and reads every generation after each.
fn seal_and_read(tx: &mut Tx, passes: &[Facts]) -> Result<(), StoreError> {
    let mut snapshot = Snapshot::default();
    let mut earlier: Vec<Vec<String>> = Vec::new();
    for facts in passes {
        snapshot = seal_seen(tx, &snapshot, facts)?;
        earlier.push(lasting(&snapshot));
        let newest = load(tx)?;
        let (stored, applied) = (truth::everything(&newest), truth::everything(&snapshot));
        assert_eq!(truth::unlike(&stored, &applied), Vec::<String>::new(), "+ read, - sealed");
        for (generation, then) in (1..).zip(&earlier) {
            let read = read(tx, generation)?;
            assert_eq!(&lasting(&read), then, "generation {generation} of {}", snapshot.generation());
            let activity = (0..read.accounts_len() as Ordinal).flat_map(|account| read.activity().of(account));
            let known = read.resources().len() as Ordinal;
            assert!(activity.into_iter().all(|entry| entry.resource < known), "activity on what was not known then");
        }
    }
    Ok(())
}

#[test]
fn what_is_sealed_is_read_as_of_its_own_generation_and_of_every_later_one() {
    for place in Place::both() {
        let store = place.open(schema::ORGANIZATION);
        let config = ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() };
        let passes = proptest::collection::vec(organization(), 1..5);
        let outcome = TestRunner::new(config).run(&passes, |passes| {
            let outcome = store.write_blocking(move |tx| {
                seal_and_read(tx, &passes)?;
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

/// Who was active on which day on which resource, by ordinals.
fn active_days(tx: &mut Tx) -> Result<Vec<(i64, i64, Vec<u32>)>, StoreError> {
    tx.list("SELECT resource, day, accounts FROM activity_days ORDER BY resource, day", &[], |row| {
        let accounts = RoaringBitmap::deserialize_from(row.blob(2)?).map_err(|_| row.corrupt(2))?;
        Ok((row.integer(0)?, row.integer(1)?, accounts.iter().collect()))
    })
}

#[test]
fn past_days_of_activity_are_kept_and_the_present_moves() {
    on_both(|store| {
        rehearse(store, |tx| {
            // The last microsecond before 1970 is a day of its own.
            let first = people(&[("p0", &[("r0", 5 * DAY)]), ("p1", &[("r0", 5 * DAY + 7)]), ("p2", &[("r0", -1)])]);
            let snapshot = seal_seen(tx, &Snapshot::default(), &first)?;
            assert_eq!(active_days(tx)?, [(0, -1, vec![2]), (0, 5, vec![0, 1])]);
            // The second is active later, the first on another app only, a new one on the day that is there already.
            let second = people(&[
                ("p0", &[("r1", 6 * DAY)]),
                ("p1", &[("r0", 6 * DAY)]),
                ("p2", &[("r0", -1)]),
                ("p3", &[("r0", 6 * DAY - 1)]),
            ]);
            let snapshot = seal_seen(tx, &snapshot, &second)?;
            let days = [(0, -1, vec![2]), (0, 5, vec![0, 1, 3]), (0, 6, vec![1]), (1, 6, vec![0])];
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
