//! Connections come, go, break and are replaced; no answer is guessed.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use clock::Clock;
use rollcall::store::db::{Location, Options, Store, Waits};
use rollcall::store::dialect::Engine;
use rollcall::store::error::StoreError;

use super::{INSERT, Place, count, insert, on_both};
use crate::support::postgres;

const OWN_BACKEND: &str = "SELECT pg_backend_pid()";
const BACKENDS: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
const TERMINATE: &str = "SELECT pg_terminate_backend(CAST($1 AS BIGINT)::integer, 5000)";

#[test]
fn an_idle_connection_that_the_server_dropped_is_replaced() {
    let place = Place::postgres();
    let (store, other) = (place.migrated(), place.open());
    let backend = |store: &Store| store.write_blocking(|tx| tx.one(OWN_BACKEND, &[], |row| row.integer(0))).unwrap();
    let first = backend(&store);
    assert_eq!(backend(&store), first);
    other.read_blocking(move |tx| tx.one(TERMINATE, &[first.into()], |row| row.flag(0))).unwrap();
    assert_ne!(backend(&store), first);
}

#[test]
fn a_connection_lost_inside_a_transaction_stores_nothing() {
    let place = Place::postgres();
    let (store, other) = (place.migrated(), place.open());
    let outcome = store.write_blocking(move |tx| {
        tx.execute(INSERT, &[1.into(), "Ada".into()])?;
        let backend = tx.one(OWN_BACKEND, &[], |row| row.integer(0))?;
        let terminated = std::thread::spawn(move || {
            other.read_blocking(move |tx| tx.one(TERMINATE, &[backend.into()], |row| row.flag(0)))
        });
        terminated.join().unwrap()?;
        tx.execute(INSERT, &[2.into(), "Grace".into()])
    });
    assert!(matches!(outcome, Err(StoreError::ConnectionLost { .. })), "{outcome:?}");
    assert_eq!(count(&store), 0);
    insert(&store, 1, "Ada");
}

/// What stands between the store and the server does with the next COMMIT.
const PASS: u8 = 0;
/// The server gets it, the answer is lost, and the next connections work.
const LOSE_ANSWER: u8 = 1;
/// The server never gets it.
const LOSE_COMMIT: u8 = 2;
/// The server gets it, the answer is lost, and so is everything after.
const LOSE_EVERYTHING: u8 = 3;
const DEAD: u8 = 4;

/// A network between the store and the server, and how to make it fail.
struct Network {
    port: u16,
    behaviour: Arc<AtomicU8>,
}

impl Network {
    fn before(server: u16) -> Network {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let behaviour = Arc::new(AtomicU8::new(PASS));
        let shared = behaviour.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.load(Ordering::SeqCst) != DEAD {
                    let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                    carry(client, server, &shared);
                }
            }
        });
        Network { port, behaviour }
    }
}

/// Carries bytes both ways until either side closes or a COMMIT meets its fate.
fn carry(client: TcpStream, server: TcpStream, behaviour: &Arc<AtomicU8>) {
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let behaviour = behaviour.clone();
    std::thread::spawn(move || {
        let (mut client, mut server) = (client, server);
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = client.read(&mut buffer) {
            let bytes = &buffer[..length];
            let fate = behaviour.load(Ordering::SeqCst);
            if fate == PASS || !bytes.windows(7).any(|window| window == b"COMMIT\0") {
                if server.write_all(bytes).is_err() {
                    break;
                }
                continue;
            }
            behaviour.store(if fate == LOSE_EVERYTHING { DEAD } else { PASS }, Ordering::SeqCst);
            let _ = client.shutdown(Shutdown::Both);
            if fate != LOSE_COMMIT {
                let _ = server.write_all(bytes);
            }
            break;
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Write);
    });
}

/// A store behind a network that will fail as told, with its tables made.
fn behind_a_network() -> (Place, Network, Store) {
    let place = Place::postgres();
    let server = postgres::server();
    let network = Network::before(server.port());
    let Location::Postgres { schema, .. } = &place.location else { panic!("a schema") };
    let location = Location::Postgres { url: server.url_through(network.port), schema: schema.clone() };
    let mut options = Options::new(Clock::system());
    options.waits = Waits { lock: Duration::from_secs(10), ..Waits::default() };
    let store = Store::open(&location, options).unwrap();
    store.migrate_blocking(super::SCHEMA).unwrap();
    (place, network, store)
}

#[test]
fn a_commit_whose_answer_was_lost_is_looked_up_and_found() {
    let (place, network, store) = behind_a_network();
    network.behaviour.store(LOSE_ANSWER, Ordering::SeqCst);
    insert(&store, 1, "Ada");
    assert_eq!(count(&place.open()), 1);
    insert(&store, 2, "Grace");
}

#[test]
fn a_commit_that_never_arrived_is_looked_up_and_not_found() {
    let (place, network, store) = behind_a_network();
    network.behaviour.store(LOSE_COMMIT, Ordering::SeqCst);
    let outcome = store.write_blocking(|tx| tx.execute(INSERT, &[1.into(), "Ada".into()]));
    assert!(matches!(outcome, Err(StoreError::ConnectionLost { .. })), "{outcome:?}");
    assert_eq!(count(&place.open()), 0);
    insert(&store, 1, "Ada");
}

#[test]
fn a_commit_that_cannot_be_looked_up_is_unknown() {
    let (place, network, store) = behind_a_network();
    network.behaviour.store(LOSE_EVERYTHING, Ordering::SeqCst);
    let outcome = store.write_blocking(|tx| tx.execute(INSERT, &[1.into(), "Ada".into()]));
    let Err(StoreError::Unknown { write }) = outcome else { panic!("{outcome:?}") };
    // The commit is on its way; the server may take a moment to carry it out.
    let beside = place.open();
    let noted = || {
        let write = write.clone();
        let noted = beside.read_blocking(move |tx| {
            tx.one("SELECT count(*) FROM writes WHERE id = $1", &[(&*write).into()], |row| row.integer(0))
        });
        noted.unwrap()
    };
    assert!((0..10_000).any(|_| noted() == 1), "the commit arrived");
    assert_eq!(count(&beside), 1);
    network.behaviour.store(PASS, Ordering::SeqCst);
    insert(&store, 2, "Grace");
}

#[test]
fn connections_are_made_when_needed_bounded_and_closed_when_idle() {
    let place = Place::postgres();
    place.migrated().close_blocking();
    let Location::Postgres { url, schema } = &place.location else { panic!("a schema") };
    let named = Location::Postgres { url: format!("{url}?application_name={schema}"), schema: schema.clone() };
    let mut options = place.options();
    (options.readers, options.idle) = (2, Duration::from_millis(200));
    let store = Store::open(&named, options).unwrap();
    let other = place.open();
    let name = schema.clone();
    let connections = || {
        let name = name.clone();
        other.read_blocking(move |tx| tx.one(BACKENDS, &[name.into()], |row| row.integer(0))).unwrap()
    };
    assert_eq!(connections(), 0);
    std::thread::scope(|scope| {
        let together: Vec<_> = (0..6).map(|_| scope.spawn(|| count(&store))).collect();
        together.into_iter().for_each(|reader| assert_eq!(reader.join().unwrap(), 0));
    });
    assert!((1..=2).contains(&connections()));
    while connections() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(count(&store), 0);
}

#[test]
fn a_closed_sqlite_store_is_one_file_that_only_its_owner_reads() {
    let place = Place::sqlite();
    let store = place.migrated();
    insert(&store, 1, "Ada");
    assert_eq!(count(&store), 1);
    store.close_blocking();
    let Location::Sqlite { path } = &place.location else { panic!("a file") };
    let files: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files, std::slice::from_ref(path));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_destroyed_database_is_gone_and_destroying_is_repeatable() {
    on_both(|place| {
        let store = place.migrated();
        insert(&store, 1, "Ada");
        store.close_blocking();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..2 {
            runtime.block_on(Store::destroy(&place.location, Waits::default())).unwrap();
        }
        if let Location::Sqlite { path } = &place.location {
            assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        }
        assert_eq!(count(&place.migrated()), 0);
    });
}

#[test]
fn a_store_opened_for_reading_reads_beside_and_after_the_server() {
    on_both(|place| {
        let store = place.migrated();
        insert(&store, 1, "Ada");
        let visitor = Store::open_read_only(&place.location, place.options()).unwrap();
        assert_eq!(count(&visitor), 1);
        insert(&store, 2, "Grace");
        assert_eq!(count(&visitor), 2);
        let outcome = visitor.write_blocking(|tx| tx.execute(INSERT, &[3.into(), "Barbara".into()]));
        assert!(matches!(outcome, Err(StoreError::ReadOnly { .. })), "{outcome:?}");
        visitor.close_blocking();
        store.close_blocking();
        let later = Store::open_read_only(&place.location, place.options()).unwrap();
        assert_eq!(count(&later), 2);
    });
}

#[test]
fn what_cannot_be_opened_says_so_and_shows_no_password() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Location::Sqlite { path: folder.path().join("missing").join("store.db") };
    let options = || Options::new(Clock::system());
    assert!(matches!(Store::open(&missing, options()), Err(StoreError::Unreachable { .. })));

    let file = folder.path().join("text.db");
    std::fs::write(&file, "This is no database, and long enough to be sure of it. ".repeat(40)).unwrap();
    let outcome = Store::open(&Location::Sqlite { path: file }, options());
    assert!(matches!(outcome, Err(StoreError::Damaged { .. })), "{outcome:?}");

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://rollcall:secret@127.0.0.1:{closed}/postgres");
    let nobody = Location::Postgres { url, schema: "control".to_owned() };
    assert!(!format!("{nobody:?}").contains("secret"));
    let store = Store::open(&nobody, options()).unwrap();
    let outcome = store.read_blocking(|tx| tx.execute("SELECT 1", &[]));
    assert!(matches!(outcome, Err(StoreError::Unreachable { .. })), "{outcome:?}");
    assert!(!format!("{outcome:?}").contains("secret"));

    let unreadable = Location::Postgres { url: "postgres://a:secret@[/".to_owned(), schema: "control".to_owned() };
    let outcome = Store::open(&unreadable, options());
    assert!(matches!(&outcome, Err(StoreError::Unreachable { message }) if !message.contains("secret")), "{outcome:?}");
}

#[test]
fn schema_names_are_checked_before_they_are_used() {
    let url = "postgres://rollcall@127.0.0.1/postgres".to_owned();
    let longest = "x".repeat(63);
    for name in ["a", "org_2", &longest] {
        let location = Location::Postgres { url: url.clone(), schema: name.to_owned() };
        assert!(Store::open(&location, Options::new(Clock::system())).is_ok(), "{name}");
    }
    for name in ["", "2org", "Org", "org-2", "o\"; DROP", "_org", "örg", &"x".repeat(64)] {
        let location = Location::Postgres { url: url.clone(), schema: name.to_owned() };
        let outcome = Store::open(&location, Options::new(Clock::system()));
        assert!(matches!(outcome, Err(StoreError::SchemaName { .. })), "{name}");
    }
}

#[test]
fn schemas_are_databases_of_their_own() {
    let (left, right) = (Place::postgres(), Place::postgres());
    let (left, right) = (left.migrated(), right.migrated());
    insert(&left, 1, "Ada");
    assert_eq!((count(&left), count(&right)), (1, 0));
    assert_eq!(left.engine(), Engine::Postgres);
}
