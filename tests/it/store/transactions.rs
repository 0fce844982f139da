//! Begin to end: what is stored, what is not, who waits for whom, and what a misbehaving closure does.

use std::sync::mpsc;
use std::time::Duration;

use clock::Clock;
use rollcall::store::db::{Options, Store, Waits};
use rollcall::store::dialect::Engine;
use rollcall::store::error::{StoreError, Wait};
use rollcall::store::tx::Tx;

use super::{COUNT, INSERT, Place, count, insert, on_both};

const RAISE: &str = "UPDATE head SET generation = generation + 1 WHERE id = 1";

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Begins a write on another thread and holds it open until told to end; the writer's lock is held when this returns.
fn hold(store: &Store) -> (mpsc::Sender<()>, std::thread::JoinHandle<Result<(), StoreError>>) {
    let (begun, has_begun) = mpsc::channel();
    let (end, may_end) = mpsc::channel();
    let store = store.clone();
    let thread = std::thread::spawn(move || {
        store.write_blocking(move |tx| {
            tx.execute(RAISE, &[])?;
            begun.send(()).unwrap();
            may_end.recv().unwrap();
            Ok(())
        })
    });
    has_begun.recv().unwrap();
    (end, thread)
}

#[test]
fn a_write_is_stored_whole_or_not_at_all() {
    on_both(|place| {
        let store = place.migrated();
        let stored = store.write_blocking(|tx| {
            tx.execute(INSERT, &[1.into(), "Ada".into()])?;
            tx.execute(INSERT, &[2.into(), "Grace".into()])
        });
        assert!(matches!(stored, Ok(1)));
        let refused = store.write_blocking(|tx| {
            tx.execute(INSERT, &[3.into(), "Barbara".into()])?;
            Err::<(), _>(StoreError::Closed)
        });
        assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
        assert_eq!(count(&store), 2);
        store.close_blocking();
        assert_eq!(count(&place.open()), 2);
    });
}

#[test]
fn async_reads_and_writes_see_one_another() {
    on_both(|place| {
        let store = place.open();
        let runtime = runtime();
        let found = runtime.block_on(async {
            store.migrate(super::SCHEMA).await?;
            store.write(|tx| tx.execute(INSERT, &[1.into(), "Ada".into()])).await?;
            store.write_relaxed(|tx| tx.execute(INSERT, &[2.into(), "Grace".into()])).await?;
            store.write(|tx| tx.execute(INSERT, &[3.into(), "Barbara".into()])).await?;
            let found = store.read(|tx| tx.one(COUNT, &[], |row| row.integer(0))).await?;
            store.close().await;
            Ok::<_, StoreError>(found)
        });
        assert_eq!(found.unwrap(), 3);
    });
}

#[test]
fn a_failed_statement_dooms_its_transaction_on_both_engines_alike() {
    on_both(|place| {
        let store = place.migrated();
        insert(&store, 1, "Ada");
        let outcome = store.write_blocking(|tx| {
            tx.execute(INSERT, &[2.into(), "Grace".into()])?;
            let taken = tx.execute(INSERT, &[3.into(), "Ada".into()]);
            assert!(matches!(taken, Err(StoreError::Conflict { statement: INSERT, .. })), "{taken:?}");
            let after = tx.one(COUNT, &[], |row| row.integer(0));
            assert!(matches!(after, Err(StoreError::Abandoned { statement: INSERT })), "{after:?}");
            Ok(())
        });
        assert!(matches!(outcome, Err(StoreError::Abandoned { statement: INSERT })), "{outcome:?}");
        assert_eq!(count(&store), 1);
    });
}

#[test]
fn errors_of_the_engines_are_sorted_alike() {
    const BAD_FLAG: &str = "INSERT INTO things (id, good) VALUES (1, 2)";
    const NULL_FLAG: &str = "INSERT INTO things (id, good) VALUES (1, NULL)";
    const TAKEN_KEY: &str = "INSERT INTO head (id, generation) VALUES (1, 1)";
    const NO_TABLE: &str = "DELETE FROM nothing";
    on_both(|place| {
        let store = place.migrated();
        let run = |statement: &'static str| store.write_blocking(move |tx| tx.execute(statement, &[])).unwrap_err();
        assert!(matches!(run(BAD_FLAG), StoreError::Constraint { .. }));
        assert!(matches!(run(NULL_FLAG), StoreError::Constraint { .. }));
        assert!(matches!(run(TAKEN_KEY), StoreError::Conflict { .. }));
        assert!(matches!(run(NO_TABLE), StoreError::Statement { statement: NO_TABLE, .. }));
        let written = store.read_blocking(|tx| tx.execute(RAISE, &[])).unwrap_err();
        assert!(matches!(written, StoreError::ReadOnly { .. }), "{written:?}");
    });
}

#[test]
fn a_panic_is_rolled_back_and_the_thread_lives_on() {
    on_both(|place| {
        let store = place.migrated();
        let outcome = store.write_blocking(|tx| -> Result<(), StoreError> {
            tx.execute(INSERT, &[1.into(), "Ada".into()])?;
            panic!("the closure is wrong about {}", "something");
        });
        let Err(StoreError::Panicked { message }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(&*message, "the closure is wrong about something");
        insert(&store, 1, "Ada");
        assert_eq!(count(&store), 1);
    });
}

#[test]
fn a_panic_while_rows_are_read_leaves_the_connection_usable() {
    on_both(|place| {
        let store = place.migrated();
        insert(&store, 1, "Ada");
        insert(&store, 2, "Grace");
        for _ in 0..3 {
            let outcome =
                store.read_blocking(|tx| tx.for_each("SELECT id FROM things", &[], |_| panic!("in the middle")));
            assert!(matches!(outcome, Err(StoreError::Panicked { .. })), "{outcome:?}");
            assert_eq!(count(&store), 2);
        }
    });
}

#[test]
fn a_read_sees_one_state_whatever_is_written_meanwhile() {
    on_both(|place| {
        let store = place.migrated();
        let (first_read, was_read) = mpsc::channel();
        let (written, was_written) = mpsc::channel();
        let reader = store.clone();
        let reading = std::thread::spawn(move || {
            reader.read_blocking(move |tx| {
                let before = tx.one(COUNT, &[], |row| row.integer(0))?;
                first_read.send(()).unwrap();
                was_written.recv().unwrap();
                Ok((before, tx.one(COUNT, &[], |row| row.integer(0))?))
            })
        });
        was_read.recv().unwrap();
        insert(&store, 1, "Ada");
        written.send(()).unwrap();
        assert_eq!(reading.join().unwrap().unwrap(), (0, 0));
        assert_eq!(count(&store), 1);
    });
}

#[test]
fn readers_go_on_while_a_writer_holds_its_lock() {
    on_both(|place| {
        let store = place.migrated();
        let (end, held) = hold(&store);
        assert_eq!(count(&store), 0);
        assert_eq!(count(&store), 0);
        end.send(()).unwrap();
        held.join().unwrap().unwrap();
    });
}

#[test]
fn writers_follow_one_another_and_lose_nothing() {
    on_both(|place| {
        place.migrated().close_blocking();
        let mut options = place.options();
        options.waits.lock = Duration::from_secs(30);
        // Two stores stand for two nodes, or for the server and a command.
        let stores = [place.open_with(options.clone()), place.open_with(options)];
        let read_then_write = |tx: &mut Tx| {
            let generation = tx.one("SELECT generation FROM head WHERE id = 1", &[], |row| row.integer(0))?;
            tx.execute("UPDATE head SET generation = $1 WHERE id = 1", &[(generation + 1).into()])
        };
        std::thread::scope(|scope| {
            for store in stores.iter().cycle().take(4) {
                scope.spawn(move || {
                    for _ in 0..25 {
                        store.write_blocking(read_then_write).unwrap();
                    }
                });
            }
        });
        let generation =
            stores[0].read_blocking(|tx| tx.one("SELECT generation FROM head WHERE id = 1", &[], |row| row.integer(0)));
        assert_eq!(generation.unwrap(), 100);
    });
}

#[test]
fn waiting_for_a_lock_has_an_end() {
    on_both(|place| {
        let store = place.migrated();
        let other = place.open();
        let (end, held) = hold(&store);
        let waited = Duration::from_millis(300);
        let outcome = other.write_blocking(|tx| tx.execute(RAISE, &[]));
        assert!(matches!(outcome, Err(StoreError::Busy { what: Wait::Lock, waited: w }) if w == waited), "{outcome:?}");
        end.send(()).unwrap();
        held.join().unwrap().unwrap();
        other.write_blocking(|tx| tx.execute(RAISE, &[])).unwrap();
    });
}

#[test]
fn waiting_for_a_thread_has_an_end_and_the_work_is_not_done_later() {
    on_both(|place| {
        place.migrated().close_blocking();
        let waited = Duration::from_millis(50);
        let mut options = place.options();
        options.waits.queue = waited;
        let store = place.open_with(options);
        let (end, held) = hold(&store);
        let add = |tx: &mut Tx| tx.execute(INSERT, &[1.into(), "Ada".into()]);
        let from_thread = store.write_blocking(add);
        let from_async = runtime().block_on(store.write(add));
        end.send(()).unwrap();
        held.join().unwrap().unwrap();
        for outcome in [from_thread, from_async] {
            assert!(
                matches!(outcome, Err(StoreError::Busy { what: Wait::Queue, waited: w }) if w == waited),
                "{outcome:?}"
            );
        }
        store.write_blocking(|tx| tx.execute(RAISE, &[])).unwrap();
        assert_eq!(count(&store), 0);
    });
}

#[test]
fn work_that_nobody_waits_for_any_more_is_not_begun() {
    on_both(|place| {
        let store = place.migrated();
        let (end, held) = hold(&store);
        let runtime = runtime();
        let waiting = runtime.spawn({
            let store = store.clone();
            async move { store.write(|tx| tx.execute(INSERT, &[1.into(), "Ada".into()])).await }
        });
        runtime.block_on(async {
            tokio::task::yield_now().await;
            waiting.abort();
            assert!(waiting.await.unwrap_err().is_cancelled());
        });
        end.send(()).unwrap();
        held.join().unwrap().unwrap();
        insert(&store, 2, "Grace");
        assert_eq!(count(&store), 1);
    });
}

#[test]
fn entering_the_store_from_inside_a_transaction_is_noticed() {
    on_both(|place| {
        let store = place.migrated();
        let inner = store.clone();
        let outcome = store.write_blocking(move |_| Ok(count(&inner)));
        let Err(StoreError::Panicked { message }) = outcome else { panic!("{outcome:?}") };
        assert!(message.contains("from inside a transaction"), "{message}");
        assert_eq!(count(&store), 0);
    });
}

#[test]
fn virtual_time_stands_still_while_a_transaction_waits_or_runs() {
    let place = Place::sqlite();
    place.migrated().close_blocking();
    let clock = Clock::simulated(jiff::Timestamp::UNIX_EPOCH);
    let store = place.open_with(Options::new(clock.clone()));
    let (end, held) = hold(&store);
    let runtime = runtime();
    runtime.block_on(async {
        let waiting = tokio::spawn({
            let store = store.clone();
            async move { store.write(|tx| tx.execute(RAISE, &[])).await }
        });
        let sleeping = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3_600)).await }
        });
        pause(Duration::from_millis(30)).await;
        assert_eq!(clock.elapsed(), Duration::ZERO);
        end.send(()).unwrap();
        waiting.await.unwrap().unwrap();
        sleeping.await.unwrap();
    });
    held.join().unwrap().unwrap();
    assert_eq!(clock.elapsed(), Duration::from_secs(3_600));
}

#[expect(clippy::disallowed_methods, reason = "gives virtual time real time in which it could go wrong")]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

#[test]
fn a_closed_store_refuses_and_an_open_one_is_finished_first() {
    on_both(|place| {
        let store = place.migrated();
        let (end, held) = hold(&store);
        let closing = std::thread::spawn({
            let store = store.clone();
            move || store.close_blocking()
        });
        end.send(()).unwrap();
        closing.join().unwrap();
        held.join().unwrap().unwrap();
        let outcome = store.read_blocking(|tx| tx.one(COUNT, &[], |row| row.integer(0)));
        assert!(matches!(outcome, Err(StoreError::Closed)), "{outcome:?}");
    });
}

#[test]
fn relaxed_and_full_commits_set_what_the_engine_promises() {
    const SQLITE: &str = "SELECT synchronous FROM pragma_synchronous";
    const POSTGRES: &str = "SELECT current_setting('synchronous_commit')";
    fn setting(tx: &mut Tx) -> Result<String, StoreError> {
        match tx.engine() {
            Engine::Sqlite => tx.one(SQLITE, &[], |row| Ok(row.integer(0)?.to_string())),
            Engine::Postgres => tx.one(POSTGRES, &[], |row| Ok(row.text(0)?.to_owned())),
        }
    }
    on_both(|place| {
        let store = place.migrated();
        let runtime = runtime();
        let seen = runtime.block_on(async {
            let before = store.write(setting).await.unwrap();
            let relaxed = store.write_relaxed(setting).await.unwrap();
            (before, relaxed, store.write(setting).await.unwrap())
        });
        let (full, relaxed) = match place.engine {
            Engine::Sqlite => ("2", "1"),
            Engine::Postgres => ("on", "off"),
        };
        assert_eq!(seen, (full.to_owned(), relaxed.to_owned(), full.to_owned()));
    });
}

#[test]
fn a_statement_that_runs_too_long_is_ended() {
    let place = Place::postgres();
    place.migrated().close_blocking();
    let mut options = place.options();
    let statement = Duration::from_millis(200);
    options.waits = Waits { statement, ..options.waits };
    let store = place.open_with(options);
    let outcome = store.read_blocking(|tx| tx.one("SELECT CAST(pg_sleep(60) AS TEXT)", &[], |_| Ok(())));
    assert!(
        matches!(outcome, Err(StoreError::Busy { what: Wait::Statement, waited }) if waited == statement),
        "{outcome:?}"
    );
    assert_eq!(count(&store), 0);
}
