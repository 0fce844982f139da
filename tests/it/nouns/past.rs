//! Past days: on random organizations that change from day to day, every question about an earlier day is answered as
//! the plain evaluator answers it from what that day's organization was.

use directory::Snapshot;
use filter::Expression;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rollcall::mirror::load::load_as_of;
use rollcall::store::error::StoreError;
use rollcall::store::tx::Tx;
use rollcall::store::{past, schema};

use super::Place;
use super::facts::{DAY, seal};
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
