//! Past days: on random organizations that change from day to day, every question about an earlier day is answered as
//! the plain evaluator answers it from what that day's organization was.

use directory::Snapshot;
use filter::Expression;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use roaring::RoaringBitmap;
use rollcall::mirror::load::{load, load_as_of};
use rollcall::store::error::StoreError;
use rollcall::store::tx::Tx;
use rollcall::store::{past, schema};

use super::facts::{DAY, seal};
use super::{Place, write};
use crate::questions::{agrees_at, berlin, expression};
use crate::world::{World, delta, founding, marks, now, world};

/// An organization over some generations, each sealed so long after the one before, and what is asked of its past.
#[derive(Clone, Debug)]
struct Story {
    generations: Vec<(World, SignedDuration)>,
    questions: Vec<Expression>,
}

fn story() -> impl Strategy<Value = Story> {
    // Several in a day, one in a day, and days without any.
    let hours = prop_oneof![1_i64..6, 20_i64..28, 40_i64..100];
    let generation = (world(), hours.prop_map(SignedDuration::from_hours));
    let generations = proptest::collection::vec(generation, 1..5);
    (generations, proptest::collection::vec(expression(), 1..4))
        .prop_map(|(generations, questions)| Story { generations, questions })
}

/// History keeps days of activity.
fn by_days(mut world: World) -> World {
    for at in world.people.iter_mut().flat_map(|soul| soul.activity.values_mut()) {
        *at = at.div_euclid(DAY) * DAY;
    }
    world
}

/// The first moment after a day.
fn end(day: Date) -> Timestamp {
    day.tomorrow().unwrap().to_zoned(berlin()).unwrap().timestamp()
}

fn live(tx: &mut Tx, story: &Story) -> Result<Vec<(World, Timestamp)>, StoreError> {
    let whole: SignedDuration = story.generations.iter().map(|(_, after)| *after).sum();
    let mut at = now() - whole;
    let mut snapshot = Snapshot::default();
    let mut worlds: Vec<(World, Timestamp)> = Vec::new();
    for (generation, (world, after)) in (1..).zip(&story.generations) {
        at += *after;
        let sealed_at = Timestamp::from_microsecond(at.as_microsecond()).unwrap();
        let mut world = by_days(world.clone());
        let delta = match worlds.last() {
            None => founding(&mut world, sealed_at),
            Some((before, _)) => delta(before, &mut world, (generation, sealed_at)),
        };
        snapshot = seal(tx, &snapshot, &delta)?;
        worlds.push((world, sealed_at));
    }
    Ok(worlds)
}

fn ask(tx: &mut Tx, story: &Story) -> Result<Result<(), TestCaseError>, StoreError> {
    let worlds = live(tx, story)?;
    let day = |at: Timestamp| at.to_zoned(berlin()).date();
    let (first, last) = (day(worlds[0].1).yesterday().unwrap(), day(worlds[worlds.len() - 1].1));
    for day in first.series(jiff::ToSpan::day(1)).take_while(|day| *day <= last) {
        let expected = worlds.iter().rposition(|(_, sealed_at)| *sealed_at < end(day));
        let found = past::last_before(tx, end(day))?;
        assert_eq!(found.map(|(generation, _)| generation as usize), expected.map(|place| place + 1), "{day}");
        let (Some((generation, _)), Some(place)) = (found, expected) else { continue };
        // What is left out and protected is not history: each world has its own, to be judged by.
        let snapshot = load_as_of(tx, generation)?.shown(&marks(&worlds[place].0));
        for question in &story.questions {
            let at = end(day) - SignedDuration::from_micros(1);
            if let Err(error) = agrees_at((&snapshot, &worlds[place].0), question, at) {
                return Ok(Err(error));
            }
        }
    }
    Ok(Ok(()))
}

#[test]
fn a_question_about_a_past_day_is_answered_as_the_definitions_say_of_that_day() {
    for place in Place::both() {
        let store = place.open(schema::ORGANIZATION);
        let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
        let outcome = TestRunner::new(config).run(&story(), |story| {
            let (tell, told) = std::sync::mpsc::channel();
            let outcome = store.write_blocking(move |tx| {
                tell.send(ask(tx, &story)?).unwrap();
                // The next organization begins with an empty database.
                Err::<(), _>(StoreError::Closed)
            });
            match outcome {
                Err(StoreError::Closed) => told.recv().unwrap(),
                other => Err(TestCaseError::fail(format!("{other:?}"))),
            }
        });
        assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    }
}

/// What a database of the third schema holds after two generations: one person, who has left a group by the second.
const BEFORE: [&str; 11] = [
    "INSERT INTO generations (generation, sealed_at, run_id, counts) VALUES (1, 864000000000, 'r', '{}')",
    "INSERT INTO generations (generation, sealed_at, run_id, counts) VALUES (2, 1728000000000, 'r', '{}')",
    "UPDATE head SET generation = 2",
    "INSERT INTO directories (ordinal, directory_id, name, since) VALUES (0, 'd0', 'Local', 1)",
    "INSERT INTO resources (ordinal, resource_id, name, since) VALUES (0, 'r0', 'Wiki', 1)",
    "INSERT INTO accounts (ordinal, account_id, since, activity_read) VALUES (0, 'p0', 1, 1)",
    "INSERT INTO profiles (account, since, until, account_type, name)
        VALUES (0, 1, 9223372036854775807, 'atlassian', 'Zoë')",
    "INSERT INTO presence (account, directory, since, until) VALUES (0, 0, 1, 9223372036854775807)",
    "INSERT INTO groups (ordinal, group_id, since) VALUES (0, 'g0', 1)",
    "INSERT INTO memberships (account, grp, since, until) VALUES (0, 0, 1, 2)",
    "INSERT INTO activity (account, resource, active_at) VALUES (0, 0, 1036800000007)",
];
const DAY_BEFORE: &str = "INSERT INTO activity_days (resource, day, accounts) VALUES (0, $1, $2)";

#[test]
fn a_database_from_before_tells_its_past_as_far_as_it_kept_it() {
    for place in Place::both() {
        let store = place.open(&schema::ORGANIZATION[..3]);
        let mut bitmap = Vec::new();
        RoaringBitmap::from([0]).serialize_into(&mut bitmap).unwrap();
        write(&store, move |tx| {
            for statement in BEFORE {
                tx.execute(statement, &[])?;
            }
            // Active on the ninth day, which the first generation saw, and on the twelfth, which the second did.
            for day in [9_i64, 12] {
                tx.execute(DAY_BEFORE, &[day.into(), (&bitmap).into()])?;
            }
            Ok(())
        });
        store.migrate_blocking(schema::ORGANIZATION).unwrap();
        let (first, second) = store.read_blocking(|tx| Ok((load_as_of(tx, 1)?, load(tx)?))).unwrap();
        let last = |snapshot: &Snapshot| snapshot.activity().of(0).iter().map(|entry| entry.at).collect::<Vec<_>>();
        assert_eq!((last(&first), last(&second)), (vec![9 * DAY], vec![12 * DAY + 7]));
        assert_eq!((first.changed_at(0), second.changed_at(0)), (Some(10 * DAY), Some(20 * DAY)));
        assert_eq!((first.memberships().of(0), second.memberships().of(0)), (&[0][..], &[][..]));
        for snapshot in [&first, &second] {
            assert!(snapshot.activity().read().contains(0));
            assert_eq!(&*snapshot.directories()[0].name, "Local");
            assert_eq!(snapshot.resources()[0].name.as_deref(), Some("Wiki"));
        }
    }
}
