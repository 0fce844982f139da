//! Jobs and their leases: one holder at a time, and whoever lost it is told so before it commits.

use rollcall::id::{Entropy, JobId, RunId};
use rollcall::nouns::job::{JobKind, LEASE, Lease, Retry};
use rollcall::store::db::Store;
use rollcall::store::{head, jobs};

use super::{at, on_both, write};

const LEASE_SECONDS: i64 = LEASE.as_secs() as i64;

fn job(number: u64) -> (JobId, RunId) {
    let entropy = Entropy::seeded(number);
    (JobId::new(&entropy, at(0)), RunId::new(&entropy, at(0)))
}

fn queue(store: &Store, number: u64, due: i64) {
    write(store, move |tx| {
        let (job, run) = job(number);
        jobs::insert(tx, &job, (JobKind::Sync, &run), at(due))
    });
}

fn lease(store: &Store, second: i64) -> Option<Lease> {
    write(store, move |tx| jobs::lease(tx, JobKind::Sync, at(second)))
}

fn holds(store: &Store, lease: &Lease) -> bool {
    let lease = lease.clone();
    store.read_blocking(move |tx| jobs::is_held(tx, &lease)).unwrap()
}

fn next_due(store: &Store) -> Option<i64> {
    let due = store.read_blocking(jobs::next_due).unwrap();
    due.map(|due| due.as_second() - at(0).as_second())
}

#[test]
fn a_job_is_leased_when_it_is_due_and_to_one_holder() {
    on_both(|store| {
        assert_eq!((lease(store, 0), next_due(store)), (None, None));
        queue(store, 1, 10);
        queue(store, 2, 5);
        assert_eq!(next_due(store), Some(5));
        assert_eq!(lease(store, 4), None, "nothing is due yet");
        let first = lease(store, 10).unwrap();
        assert_eq!((&first.job, &first.run), (&job(2).0, &job(2).1), "what was due first comes first");
        assert_eq!(next_due(store), Some(10), "a leased job is not queued");
        let second = lease(store, 10).unwrap();
        assert_eq!(second.job, job(1).0);
        assert_eq!(lease(store, 10), None, "both have their holder");
        assert_eq!((first.number, second.number), (1, 2));
        assert!(holds(store, &first) && holds(store, &second));
        let forged = Lease { number: second.number, ..first.clone() };
        assert!(!holds(store, &forged), "a lease's number is of one job");
    });
}

#[test]
fn a_lease_without_a_sign_of_life_goes_to_the_next_holder() {
    on_both(|store| {
        queue(store, 1, 0);
        let first = lease(store, 0).unwrap();
        assert_eq!(lease(store, LEASE_SECONDS), None, "the lease holds to its last moment");
        let extended = first.clone();
        write(store, move |tx| jobs::extend(tx, &extended, at(20)));
        assert_eq!(lease(store, LEASE_SECONDS + 1), None, "it gave a sign of life");
        let second = lease(store, 20 + LEASE_SECONDS + 1).unwrap();
        assert_eq!((second.job.clone(), second.epoch), (first.job.clone(), first.epoch));
        assert!(second.number > first.number);
        assert!(!holds(store, &first), "whoever lost it commits nothing any more");
        assert!(holds(store, &second));
    });
}

#[test]
fn raising_the_epoch_voids_every_lease_at_once() {
    on_both(|store| {
        queue(store, 1, 0);
        queue(store, 2, 0);
        let leases = [lease(store, 0).unwrap(), lease(store, 0).unwrap()];
        write(store, head::raise_epoch);
        assert!(leases.iter().all(|lease| !holds(store, lease)));
        let next = lease(store, 1).unwrap();
        assert_eq!(next.epoch, leases[0].epoch + 1);
        assert!(holds(store, &next));
        assert!(leases.iter().all(|lease| !holds(store, lease)));
    });
}

#[test]
fn a_finished_job_is_over_for_its_holder_and_for_everybody() {
    on_both(|store| {
        queue(store, 1, 0);
        let held = lease(store, 0).unwrap();
        let done = held.clone();
        write(store, move |tx| jobs::finish(tx, &done));
        assert!(!holds(store, &held), "a job is finished once");
        assert_eq!((lease(store, 1_000_000), next_due(store)), (None, None));
        write(store, head::raise_epoch);
        assert_eq!(lease(store, 1_000_000), None);
    });
}

#[test]
fn a_job_given_up_comes_back_at_its_time_or_never() {
    on_both(|store| {
        queue(store, 1, 0);
        let held = lease(store, 0).unwrap();
        let given_up = held.clone();
        write(store, move |tx| jobs::give_up(tx, &given_up, Retry::At(at(60)), "Atlassian antwortet nicht"));
        assert!(!holds(store, &held));
        assert_eq!((lease(store, 59), next_due(store)), (None, Some(60)));
        write(store, |tx| jobs::make_due(tx, at(30)));
        assert_eq!((lease(store, 29), next_due(store)), (None, Some(30)), "what it waited for has come");
        let again = lease(store, 60).unwrap();
        assert!(again.job == held.job && again.number > held.number);
        let buried = again.clone();
        write(store, move |tx| jobs::give_up(tx, &buried, Retry::Never, "the key was refused"));
        assert!(!holds(store, &again));
        assert_eq!((lease(store, 1_000_000), next_due(store)), (None, None));
        const ROW: &str = "SELECT state, attempts, failure FROM jobs";
        let row = |row: &rollcall::store::value::Row<'_>| {
            Ok((row.text(0)?.to_owned(), row.integer(1)?, row.text(2)?.to_owned()))
        };
        let kept = store.read_blocking(move |tx| tx.one(ROW, &[], row)).unwrap();
        assert_eq!(kept, ("dead".to_owned(), 2, "the key was refused".to_owned()));
    });
}
