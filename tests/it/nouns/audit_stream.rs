//! The audit stream's row, and those whom it named.

use directory::{AccountId, GroupId};
use rollcall::nouns::audit_stream::{AuditStream, StreamState};
use rollcall::nouns::scope::Targets;
use rollcall::store::audit_stream::{self, advance, claim, find, put, take, waiting};
use rollcall::store::db::Store;

use super::{at, on_both, write};

fn named(people: &[&str], groups: &[&str]) -> Targets {
    Targets {
        people: people.iter().map(|id| AccountId::new(id).unwrap()).collect(),
        groups: groups.iter().map(|id| GroupId::new(id).unwrap()).collect(),
    }
}

fn stream(state: StreamState) -> AuditStream {
    AuditStream { state, probed_at: at(0), polled_at: None, next_cursor: None }
}

fn found(store: &Store) -> Option<AuditStream> {
    store.read_blocking(find).unwrap()
}

#[test]
fn what_is_known_about_the_stream_is_what_was_put_last() {
    on_both(|store| {
        assert_eq!(found(store), None);
        for known in [
            stream(StreamState::Available(String::new())),
            AuditStream { polled_at: Some(at(5)), ..stream(StreamState::Refused("No plan.".to_owned())) },
            AuditStream { next_cursor: Some("c".to_owned()), ..stream(StreamState::Available("A gap.".to_owned())) },
        ] {
            let kept = known.clone();
            write(store, move |tx| put(tx, &kept));
            assert_eq!(found(store), Some(known));
        }
    });
}

#[test]
fn one_reading_is_taken_by_one_process_and_none_of_a_refused_stream() {
    on_both(|store| {
        write(store, |tx| {
            assert!(!claim(tx, at(100), at(75))?, "it was not probed");
            put(tx, &stream(StreamState::Available(String::new())))?;
            assert!(claim(tx, at(100), at(75))?);
            assert!(!claim(tx, at(101), at(76))?, "somebody reads it already");
            assert!(claim(tx, at(125), at(100))?);
            put(tx, &stream(StreamState::Refused("No plan.".to_owned())))?;
            assert!(!claim(tx, at(500), at(475))?);
            Ok(())
        });
    });
}

#[test]
fn those_who_were_named_wait_once_and_until_they_are_quiet() {
    on_both(|store| {
        write(store, |tx| {
            put(tx, &stream(StreamState::Available(String::new())))?;
            advance(tx, Some("c1"), &named(&["ada", "bo"], &["g"]), at(10))?;
            advance(tx, Some("c2"), &named(&["bo"], &[]), at(12))?;
            assert_eq!(find(tx)?.and_then(|stream| stream.next_cursor).as_deref(), Some("c2"));
            assert_eq!(waiting(tx)?, 3);
            assert_eq!(take(tx, at(14))?, None, "all of them were named in the last five seconds");
            assert_eq!(take(tx, at(15))?, Some(named(&["ada"], &["g"])));
            assert_eq!(take(tx, at(15))?, None);
            assert_eq!(take(tx, at(17))?, Some(named(&["bo"], &[])));
            assert_eq!(waiting(tx)?, 0);
            advance(tx, None, &named(&["ada"], &[]), at(20))?;
            audit_stream::forget(tx)?;
            assert_eq!(waiting(tx)?, 0);
            Ok(())
        });
    });
}

#[test]
fn many_are_taken_in_parts_the_longest_waiting_first() {
    on_both(|store| {
        write(store, |tx| {
            let ids =
                |prefix: &str, number: usize| (0..number).map(|id| format!("{prefix}{id:05}")).collect::<Vec<_>>();
            let (people, groups) = (ids("a", 1500), ids("g", 60));
            let people: Vec<&str> = people.iter().map(String::as_str).collect();
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            advance(tx, None, &named(&people[500..], &groups), at(10))?;
            advance(tx, None, &named(&people[..500], &[]), at(11))?;
            let first = take(tx, at(60))?.unwrap();
            assert_eq!((first.people.len(), first.groups.len()), (1000, 50));
            assert_eq!(first, named(&people[500..], &groups[..50]));
            assert_eq!(take(tx, at(60))?, Some(named(&people[..500], &groups[50..])));
            assert_eq!(take(tx, at(60))?, None);
            Ok(())
        });
    });
}
