//! The audit chain: what was written is found again, any change of it is found out, and erasing a personal part is none.

use std::sync::mpsc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rollcall::nouns::event::{By, Event, NewEvent, Person};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::events::{self, Broken};
use rollcall::store::{event_parts, schema};
use sha2::{Digest, Sha256};

use super::{Place, at, on_both, rehearse, write};

fn event(number: i64, personal: &str) -> NewEvent {
    NewEvent {
        at: at(number),
        actor: "Rollcall".into(),
        kind: "sync.sealed",
        subject: format!("run_{number}"),
        detail: format!(r#"{{"generation":{number},"name":"Zoë's \"group\""}}"#),
        personal: personal.to_owned(),
    }
}

/// Three events, of which the second has a personal part.
fn three(store: &Store) {
    write(store, |tx| {
        for (number, personal) in [(1, ""), (2, r#"{"email":"zoë@example.com"}"#), (3, "")] {
            assert_eq!(events::append(tx, &event(number, personal), &[number as u8; 16])?, number);
        }
        Ok(())
    });
}

/// What is found out after somebody with access to the database has changed it so.
fn found_after(store: &Store, tampering: &'static str) -> Result<i64, Broken> {
    let (answer, answered) = mpsc::channel();
    rehearse(store, move |tx| {
        assert!(tx.execute(tampering, &[])? > 0, "{tampering}");
        answer.send(events::verify(tx)?).unwrap();
        Ok(())
    });
    answered.recv().unwrap()
}

#[test]
fn events_are_read_newest_first_and_without_their_personal_part() {
    on_both(|store| {
        assert_eq!(write(store, events::verify), Ok(0));
        three(store);
        let (all, one, none) = store
            .read_blocking(|tx| {
                Ok((events::newest(tx, i64::MAX, 1000)?, events::newest(tx, 3, 1)?, events::newest(tx, 1, 10)?))
            })
            .unwrap();
        let expected = |seq| {
            let NewEvent { at, actor, kind, subject, detail, .. } = event(seq, "");
            Event { seq, at, actor: actor.id, kind: kind.to_owned(), subject, detail }
        };
        assert_eq!(all, [expected(3), expected(2), expected(1)]);
        assert_eq!(one, [expected(2)]);
        assert_eq!(none, []);
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(3));
    });
}

#[test]
fn every_change_of_a_chain_is_found_where_it_was_made() {
    let changes = [
        ("UPDATE events SET at = at + 1 WHERE seq = 2", Broken::Event(2)),
        ("UPDATE events SET actor = 'administrator adm_1' WHERE seq = 2", Broken::Event(2)),
        ("UPDATE events SET kind = 'sync.failed' WHERE seq = 1", Broken::Event(1)),
        ("UPDATE events SET subject = 'run_9' WHERE seq = 3", Broken::Event(3)),
        ("UPDATE events SET detail = '{}' WHERE seq = 2", Broken::Event(2)),
        // All texts together are as before; only where one ends and the next begins has moved.
        ("UPDATE events SET actor = 'Rollcal', kind = 'lsync.sealed' WHERE seq = 2", Broken::Event(2)),
        (
            "UPDATE events SET commitment = (SELECT commitment FROM events WHERE seq = 1) WHERE seq = 2",
            Broken::Event(2),
        ),
        ("UPDATE events SET hash = (SELECT hash FROM events WHERE seq = 1) WHERE seq = 2", Broken::Event(2)),
        ("DELETE FROM events WHERE seq = 1", Broken::Sequence(1)),
        ("DELETE FROM events WHERE seq = 2", Broken::Sequence(2)),
        ("DELETE FROM events WHERE seq = 3", Broken::End(2)),
        ("DELETE FROM events", Broken::End(0)),
        ("UPDATE events SET seq = 4 WHERE seq = 3", Broken::Sequence(3)),
        (
            "INSERT INTO events (seq, at, actor, kind, subject, detail, commitment, hash)
             SELECT 4, at, actor, kind, subject, detail, commitment, hash FROM events WHERE seq = 3",
            Broken::Event(4),
        ),
        ("UPDATE head SET event_seq = 2 WHERE id = 1", Broken::End(3)),
        ("UPDATE head SET event_hash = NULL WHERE id = 1", Broken::End(3)),
        ("UPDATE events SET form = 1 WHERE seq = 2", Broken::Event(2)),
        ("UPDATE event_parts SET sealed = (SELECT hash FROM events WHERE seq = 1) WHERE seq = 2", Broken::Personal(2)),
        ("UPDATE event_parts SET person = 'somebody else' WHERE seq = 2", Broken::Personal(2)),
        ("UPDATE event_parts SET seq = 3 WHERE seq = 2", Broken::Personal(2)),
        ("DELETE FROM event_parts WHERE seq = 2", Broken::Personal(2)),
        (
            "INSERT INTO event_parts (seq, person, sealed) SELECT 1, person, sealed FROM event_parts",
            Broken::Personal(1),
        ),
        (
            "INSERT INTO event_details (seq, salt, personal) SELECT 1, hash, 'made up' FROM events WHERE seq = 2",
            Broken::Personal(1),
        ),
    ];
    on_both(|store| {
        three(store);
        for (tampering, broken) in changes {
            assert_eq!(found_after(store, tampering), Err(broken), "{tampering}");
        }
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(3), "nothing of it was kept");
    });
}

#[test]
fn erasing_a_persons_part_keeps_the_chain_whole_and_it_goes_on() {
    on_both(|store| {
        three(store);
        let told = |store: &Store, seq| store.read_blocking(move |tx| events::find(tx, seq)).unwrap().unwrap();
        assert_eq!(told(store, 2).told(), Some(r#"{"email":"zoë@example.com"}"#));
        assert!(write(store, |tx| event_parts::erase(tx, "run_2")));
        assert!(!write(store, |tx| event_parts::erase(tx, "run_2")), "there is nothing left to erase");
        assert_eq!((told(store, 2).told(), told(store, 2).is_erased()), (None, true));
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(3));
        let again = NewEvent { subject: "run_2".to_owned(), ..event(4, r#""back again""#) };
        write(store, move |tx| events::append(tx, &again, &[4; 16]));
        assert_eq!(told(store, 4).told(), Some(r#""back again""#));
        assert!(told(store, 2).is_erased(), "a new key opens nothing of before");
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(4));
    });
}

#[test]
fn name_and_address_of_whoever_acts_are_theirs_and_the_rest_is_whose_it_is_about() {
    on_both(|store| {
        let mira = Person { id: "adm_1".to_owned(), name: "mira".to_owned(), source: Some([192, 0, 2, 9].into()) };
        let acted = NewEvent {
            actor: By { id: "administrator adm_1".to_owned(), person: Some(mira) },
            kind: "protection.added",
            subject: "person 557058:a".to_owned(),
            ..event(1, r#"{"reason":"on leave"}"#)
        };
        write(store, move |tx| events::append(tx, &acted, &[1; 16]));
        let found = |store: &Store| store.read_blocking(|tx| events::find(tx, 1)).unwrap().unwrap();
        assert_eq!((found(store).name(), found(store).source()), (Some("mira"), Some("192.0.2.9")));
        assert_eq!(found(store).told(), Some(r#"{"reason":"on leave"}"#));
        assert!(write(store, |tx| event_parts::erase(tx, "adm_1")));
        assert_eq!((found(store).name(), found(store).source()), (None, None));
        assert_eq!(found(store).told(), Some(r#"{"reason":"on leave"}"#), "another person's part stays");
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(1));
    });
}

#[test]
fn no_byte_of_any_event_can_be_changed_unnoticed() {
    let texts = [
        ("SELECT actor FROM events WHERE seq = $1", "UPDATE events SET actor = $2 WHERE seq = $1"),
        ("SELECT kind FROM events WHERE seq = $1", "UPDATE events SET kind = $2 WHERE seq = $1"),
        ("SELECT subject FROM events WHERE seq = $1", "UPDATE events SET subject = $2 WHERE seq = $1"),
        ("SELECT detail FROM events WHERE seq = $1", "UPDATE events SET detail = $2 WHERE seq = $1"),
        ("SELECT person FROM event_parts WHERE seq = $1", "UPDATE event_parts SET person = $2 WHERE seq = $1"),
    ];
    let blobs = [
        ("SELECT commitment FROM events WHERE seq = $1", "UPDATE events SET commitment = $2 WHERE seq = $1"),
        ("SELECT hash FROM events WHERE seq = $1", "UPDATE events SET hash = $2 WHERE seq = $1"),
        ("SELECT sealed FROM event_parts WHERE seq = $1", "UPDATE event_parts SET sealed = $2 WHERE seq = $1"),
        ("SELECT event_hash FROM head WHERE id = 1 AND event_seq = $1", "UPDATE head SET event_hash = $2 WHERE $1 > 0"),
    ];
    on_both(|store| {
        three(store);
        for seq in 1..=3_i64 {
            for (read, write) in texts {
                let known =
                    store.read_blocking(move |tx| tx.optional(read, &[seq.into()], |row| Ok(row.text(0)?.to_owned())));
                let known: Vec<char> = known.unwrap().unwrap_or_default().chars().collect();
                for place in 0..known.len() {
                    let mut changed = known.clone();
                    changed[place] = if known[place] == 'x' { 'y' } else { 'x' };
                    let changed: String = changed.into_iter().collect();
                    rehearse(store, move |tx| {
                        assert_eq!(tx.execute(write, &[seq.into(), changed.as_str().into()])?, 1);
                        assert!(events::verify(tx)?.is_err(), "{write}, {seq}, {place}");
                        Ok(())
                    });
                }
            }
            for (read, write) in blobs {
                let known =
                    store.read_blocking(move |tx| tx.optional(read, &[seq.into()], |row| Ok(row.blob(0)?.to_vec())));
                let known = known.unwrap().unwrap_or_default();
                for place in 0..known.len() {
                    let mut changed = known.clone();
                    changed[place] ^= 1 << (place % 8);
                    rehearse(store, move |tx| {
                        assert_eq!(tx.execute(write, &[seq.into(), (&changed).into()])?, 1);
                        assert!(events::verify(tx)?.is_err(), "{write}, {seq}, {place}");
                        Ok(())
                    });
                }
            }
        }
    });
}

/// What may happen to a chain.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody does something about somebody.
    Happens(u8, u8),
    /// Somebody is erased.
    Erased(u8),
}

fn histories() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_u8, 0..4_u8).prop_map(|(by, about)| Step::Happens(by, about)),
        1 => (0..4_u8).prop_map(Step::Erased),
    ];
    proptest::collection::vec(step, 0..24)
}

#[test]
fn a_chain_holds_through_any_history_and_tells_exactly_what_was_not_erased() {
    let (mut runner, databases) =
        (TestRunner::deterministic(), Place::both().map(|place| (place.open(schema::CONTROL), place)));
    for _ in 0..12 {
        let steps = histories().new_tree(&mut runner).unwrap().current();
        for (store, _) in &databases {
            let steps = steps.clone();
            rehearse(store, move |tx| {
                // Who is told of at each place, with whether they were erased since.
                let mut told: Vec<Vec<(u8, bool)>> = Vec::new();
                for (number, step) in (1..).zip(steps) {
                    match step {
                        Step::Happens(by, about) => {
                            let person = Person { id: format!("p{by}"), name: format!("name {by}"), source: None };
                            let happened = NewEvent {
                                actor: By { id: format!("administrator p{by}"), person: Some(person) },
                                kind: "protection.added",
                                subject: format!("p{about}"),
                                ..event(number, r#"{"reason":"why"}"#)
                            };
                            events::append(tx, &happened, &[number as u8; 16])?;
                            told.push(if by == about { vec![(by, false)] } else { vec![(by, false), (about, false)] });
                        }
                        Step::Erased(who) => {
                            let any = told.iter().flatten().any(|(person, erased)| *person == who && !erased);
                            assert_eq!(event_parts::erase(tx, &format!("p{who}"))?, any);
                            told.iter_mut()
                                .flatten()
                                .filter(|(person, _)| *person == who)
                                .for_each(|part| part.1 = true);
                        }
                    }
                    assert_eq!(events::verify(tx)?, Ok(told.len() as i64));
                }
                for (seq, people) in (1..).zip(&told) {
                    let found = events::find(tx, seq)?.unwrap();
                    for (person, erased) in people {
                        let part = found.parts.iter().find(|part| part.person == format!("p{person}")).unwrap();
                        assert_eq!(part.is_erased, *erased, "event {seq}, person {person}");
                    }
                }
                Ok(())
            });
        }
    }
}

#[test]
fn events_from_before_parts_were_sealed_still_verify_and_are_erased_with_their_person() {
    on_both(|store| {
        write(store, |tx| {
            let digest = |texts: &[&[u8]]| -> Vec<u8> {
                let mut hasher = Sha256::new();
                texts.iter().for_each(|text| hasher.update(text));
                hasher.finalize().to_vec()
            };
            let (salt, personal) = ([9_u8; 16], r#"{"username":"mira"}"#);
            let commitment = digest(&[&16_u64.to_le_bytes(), &salt, personal.as_bytes()]);
            let public = ["administrator adm_1", "session.started", "adm_1", "{}"];
            let lengths: Vec<[u8; 8]> = public.iter().map(|text| (text.len() as u64).to_le_bytes()).collect();
            let (nothing, one, when) = (0_u64.to_le_bytes(), 1_i64.to_le_bytes(), 5_i64.to_le_bytes());
            let mut covered: Vec<&[u8]> = vec![&nothing, &one, &when];
            for (length, text) in lengths.iter().zip(public) {
                covered.extend([length.as_slice(), text.as_bytes()]);
            }
            covered.push(&commitment);
            let hash = digest(&covered);
            let [actor, kind, subject, detail] = public;
            tx.execute(
                "INSERT INTO events (seq, at, actor, kind, subject, detail, commitment, hash)
                 VALUES (1, 5, $1, $2, $3, $4, $5, $6)",
                &[actor.into(), kind.into(), subject.into(), detail.into(), (&commitment).into(), (&hash).into()],
            )?;
            let of = "INSERT INTO event_details (seq, salt, personal) VALUES (1, $1, $2)";
            tx.execute(of, &[(&salt).into(), personal.into()])?;
            tx.execute("UPDATE head SET event_seq = 1, event_hash = $1 WHERE id = 1", &[(&hash).into()])?;
            events::append(tx, &event(2, ""), &[2; 16])
        });
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(2));
        let found =
            |store: &Store| store.read_blocking(|tx| events::find(tx, 1)).unwrap().unwrap().told().map(str::to_owned);
        assert_eq!(found(store).as_deref(), Some(r#"{"username":"mira"}"#));
        assert_eq!(
            found_after(store, "UPDATE event_details SET personal = 'x' WHERE seq = 1"),
            Err(Broken::Personal(1))
        );
        assert!(write(store, |tx| event_parts::erase(tx, "adm_1")));
        assert_eq!((found(store), store.read_blocking(events::verify).unwrap()), (None, Ok(2)));
    });
}

#[test]
fn an_event_is_as_durable_as_the_fact_it_tells() {
    on_both(|store| {
        three(store);
        let undone = store.write_blocking(|tx| {
            events::append(tx, &event(4, "somebody"), &[4; 16])?;
            Err::<(), _>(StoreError::Closed)
        });
        assert!(undone.is_err());
        assert_eq!(write(store, |tx| events::append(tx, &event(5, ""), &[5; 16])), 4, "the place is free again");
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(4));
    });
}

#[test]
fn the_installation_has_a_chain_of_its_own() {
    for place in Place::both() {
        let store = place.open(schema::CONTROL);
        three(&store);
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(3));
        assert_eq!(found_after(&store, "DELETE FROM events WHERE seq = 3"), Err(Broken::End(2)));
        let personal = "UPDATE event_parts SET person = 'somebody else' WHERE seq = 2";
        assert_eq!(found_after(&store, personal), Err(Broken::Personal(2)));
    }
}
