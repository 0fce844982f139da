//! One writer per organization: two processes' stores on one database write after one another, and whoever has lost its
//! lease writes nothing, on both engines.

use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;

use rollcall::id::{Entropy, JobId, RunId};
use rollcall::nouns::event::NewEvent;
use rollcall::nouns::job::{JobKind, LEASE, Lease};
use rollcall::nouns::run::{NewRun, RunKind};
use rollcall::nouns::scope::Scope;
use rollcall::store::db::Store;
use rollcall::store::error::StoreError;
use rollcall::store::tx::Tx;
use rollcall::store::{events, head, jobs, runs, schema};

use super::{Place, at, write};

const WRITES: u64 = 15;

fn two_processes(place: &Place) -> [Store; 2] {
    [place.open(schema::ORGANIZATION), place.open(schema::ORGANIZATION)]
}

fn run(number: u64) -> RunId {
    RunId::new(&Entropy::seeded(number), at(0))
}

fn job(number: u64) -> JobId {
    JobId::new(&Entropy::seeded(number), at(0))
}

fn event(subject: String) -> NewEvent {
    NewEvent {
        at: at(0),
        actor: "Rollcall".into(),
        kind: "sync.sealed",
        subject,
        detail: "{}".to_owned(),
        personal: String::new(),
    }
}

/// Writes many times from two threads of each of two processes.
fn write_at_once(stores: &[Store; 2], work: impl Fn(u64, &mut Tx) -> Result<(), StoreError> + Copy + Send + 'static) {
    thread::scope(|scope| {
        for (writer, store) in (0..4).zip(stores.iter().cycle()) {
            scope.spawn(move || {
                for turn in 0..WRITES {
                    let number = writer * WRITES + turn;
                    store.write_blocking(move |tx| work(number, tx)).unwrap();
                }
            });
        }
    });
}

#[test]
fn events_and_runs_of_two_processes_make_one_unbroken_order() {
    for place in Place::both() {
        let stores = two_processes(&place);
        write_at_once(&stores, |number, tx| {
            let new = NewRun {
                id: run(number),
                kind: RunKind::Manual,
                scope: Scope::Everything,
                asked_by: "command line".to_owned(),
                asked_at: at(0),
            };
            runs::insert(tx, &new)?;
            head::touch(tx)?;
            events::append(tx, &event(run(number).to_string()), &[0; 16]).map(drop)
        });
        let all = 4 * WRITES;
        assert_eq!(stores[0].read_blocking(events::verify).unwrap(), Ok(all as i64));
        let (listed, written, head) = stores[1]
            .read_blocking(|tx| Ok((runs::list(tx, None, 1000)?, events::newest(tx, i64::MAX, 1000)?, head::read(tx)?)))
            .unwrap();
        let numbers: Vec<u64> = listed.iter().map(|run| run.number).collect();
        assert_eq!(numbers, (1..=all).rev().collect::<Vec<_>>());
        assert_eq!(head.progress_seq, all as i64);
        // Within one transaction both got their place, so both orders are the same.
        let subjects: Vec<&str> = written.iter().map(|event| event.subject.as_str()).collect();
        assert_eq!(subjects, listed.iter().map(|run| run.id.as_str()).collect::<Vec<_>>());
    }
}

#[test]
fn every_job_goes_to_one_worker_of_all_processes() {
    for place in Place::both() {
        let stores = two_processes(&place);
        let count = 12;
        write(&stores[0], move |tx| {
            (0..count).try_for_each(|number| jobs::insert(tx, &job(number), (JobKind::Sync, &run(number)), at(0)))
        });
        let (leased, leases) = mpsc::channel();
        thread::scope(|scope| {
            for store in stores.iter().cycle().take(4) {
                let leased = leased.clone();
                scope.spawn(move || {
                    while let Some(lease) = write(store, |tx| jobs::lease(tx, JobKind::Sync, at(1))) {
                        leased.send(lease).unwrap();
                    }
                });
            }
        });
        drop(leased);
        let leases: Vec<Lease> = leases.iter().collect();
        let jobs: BTreeSet<&str> = leases.iter().map(|lease| lease.job.as_str()).collect();
        let numbers: BTreeSet<i64> = leases.iter().map(|lease| lease.number).collect();
        assert_eq!((leases.len() as u64, jobs.len() as u64), (count, count), "no job twice");
        assert_eq!(numbers, (1..=count as i64).collect());
    }
}

/// What every commit of a job does: nothing, unless the lease still holds.
fn commit(store: &Store, lease: &Lease) -> bool {
    let lease = lease.clone();
    write(store, move |tx| {
        let held = jobs::is_held(tx, &lease)?;
        if held {
            events::append(tx, &event(lease.number.to_string()), &[0; 16])?;
        }
        Ok(held)
    })
}

fn committed(store: &Store) -> Vec<String> {
    let events = store.read_blocking(|tx| events::newest(tx, i64::MAX, 1000)).unwrap();
    events.into_iter().rev().map(|event| event.subject).collect()
}

#[test]
fn a_worker_that_was_taken_for_dead_commits_nothing_more() {
    for place in Place::both() {
        let [slow, quick] = two_processes(&place);
        write(&slow, |tx| jobs::insert(tx, &job(1), (JobKind::Sync, &run(1)), at(0)));
        let first = write(&slow, |tx| jobs::lease(tx, JobKind::Sync, at(0))).unwrap();
        assert!(commit(&slow, &first));
        let later = at(LEASE.as_secs() as i64 + 1);
        // Its time is over, but nobody has taken its place: what it commits now is still in order.
        assert!(commit(&slow, &first));
        let second = write(&quick, move |tx| jobs::lease(tx, JobKind::Sync, later)).unwrap();
        assert_eq!(second.job, first.job);
        assert!(!commit(&slow, &first));
        assert!(commit(&quick, &second));
        assert!(!commit(&quick, &first), "the lease is void, not the process");
        write(&slow, head::raise_epoch);
        assert!(!commit(&quick, &second));
        assert_eq!(committed(&slow), ["1", "1", "2"]);
    }
}

#[test]
fn a_lease_is_checked_and_used_in_one_step() {
    for place in Place::both() {
        let [slow, quick] = two_processes(&place);
        write(&slow, |tx| jobs::insert(tx, &job(1), (JobKind::Sync, &run(1)), at(0)));
        let first = write(&slow, |tx| jobs::lease(tx, JobKind::Sync, at(0))).unwrap();
        let later = at(LEASE.as_secs() as i64 + 1);
        let (checked, was_checked) = mpsc::channel();
        thread::scope(|scope| {
            let lease = first.clone();
            let committing = scope.spawn({
                let slow = &slow;
                move || {
                    write(slow, move |tx| {
                        let held = jobs::is_held(tx, &lease)?;
                        checked.send(()).unwrap();
                        events::append(tx, &event("first".to_owned()), &[0; 16])?;
                        jobs::finish(tx, &lease)?;
                        Ok(held)
                    })
                }
            });
            was_checked.recv().unwrap();
            // Whoever asks between the check and the commit waits for it, and finds the job done.
            assert_eq!(write(&quick, move |tx| jobs::lease(tx, JobKind::Sync, later)), None);
            assert!(committing.join().unwrap());
        });
        assert_eq!(committed(&quick), ["first"]);
    }
}
