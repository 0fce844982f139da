//! The audit chain: what was written is found again, any change of it is found out, and erasing a personal part is none.

use std::sync::mpsc;

use rollcall::nouns::event::{Event, NewEvent};
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::events::{self, Broken};
use rollcall::store::schema;

use super::{Place, at, on_both, rehearse, write};

fn event(number: i64, personal: &str) -> NewEvent {
    NewEvent {
        at: at(number),
        actor: "Rollcall".to_owned(),
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
            Event { seq, at, actor, kind: kind.to_owned(), subject, detail }
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
        ("UPDATE event_details SET personal = 'somebody else' WHERE seq = 2", Broken::Personal(2)),
        ("UPDATE event_details SET salt = (SELECT hash FROM events WHERE seq = 1) WHERE seq = 2", Broken::Personal(2)),
        ("UPDATE event_details SET seq = 3 WHERE seq = 2", Broken::Personal(3)),
        (
            "INSERT INTO event_details (seq, salt, personal) SELECT 1, salt, 'made up' FROM event_details",
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
fn erasing_a_personal_part_keeps_the_chain_whole_and_it_goes_on() {
    on_both(|store| {
        three(store);
        assert_eq!(found_after(store, "DELETE FROM event_details WHERE seq = 2"), Ok(3));
        write(store, |tx| {
            tx.execute("DELETE FROM event_details WHERE seq = 2", &[])?;
            events::append(tx, &event(4, "somebody"), &[4; 16])
        });
        assert_eq!(store.read_blocking(events::verify).unwrap(), Ok(4));
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
        let personal = "UPDATE event_details SET personal = 'somebody else' WHERE seq = 2";
        assert_eq!(found_after(&store, personal), Err(Broken::Personal(2)));
    }
}
