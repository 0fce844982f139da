//! First sync, no-change sync, working-day sync, snapshot, rate limits. The yardstick runs last, in the same process.

use std::time::Duration;

use clock::Clock;
use rollcall::mirror::load::load;
use rollcall::mirror::mirrors::Databases;
use simulator::{Limits, Organization, Population};

use crate::meter::{Meter, Took, peak_memory, seconds, show};
use crate::simulated::{Bench, Simulated};

pub(crate) async fn measure(users: u32, database: Option<String>, without_limits: bool) {
    let scale = f64::from(users) / 100_000.0;
    let million = users >= 1_000_000;
    let simulated = Simulated::start(users);
    let folder = tempfile::tempdir().unwrap();
    let sqlite = database.is_none();
    let databases = match database {
        Some(url) => Databases::Postgres { url, prefix: format!("bench{}_", std::process::id()) },
        None => Databases::Folder(folder.path().to_owned()),
    };
    let clock = Clock::system();
    let bench = Bench::connect(databases, clock, simulated.base_url.clone(), simulated.key.clone()).await;

    let (first, run) = bench.sync().await;
    let snapshot = bench.mirror.current();
    println!(
        "{users} people asked for: {} present, {} groups, {} memberships, snapshot {:.0} MB",
        snapshot.present().len(),
        snapshot.groups_by_name().len(),
        snapshot.memberships().len(),
        snapshot.memory() as f64 / 1e6,
    );
    let (requests, floor) = (run.progress.requests, run.progress.requests_floor.unwrap());
    show(
        "requests of the first sync",
        format!("{requests} / {floor}"),
        "1.05 x floor",
        requests as f64 <= 1.05 * floor as f64,
    );
    let (wall, memory) = if million { (120.0, 2e9) } else { (10.0 * scale.max(1.0), 200e6 * scale.max(1.0)) };
    show("first sync, wall", seconds(first.wall), format!("{wall} s"), first.wall.as_secs_f64() <= wall);
    show(
        "first sync, cpu",
        seconds(first.cpu),
        format!("{:.0} s", 8.0 * scale),
        first.cpu.as_secs_f64() <= 8.0 * scale,
    );
    let after_first = peak_memory();

    let (same, run) = bench.sync().await;
    assert_eq!(run.counts.unwrap(), directory::Counts::default(), "nothing had changed");
    show(
        "no-change sync, wall",
        seconds(same.wall),
        format!("{:.0} s", 4.0 * scale),
        same.wall.as_secs_f64() <= 4.0 * scale,
    );
    show(
        "no-change sync, cpu",
        seconds(same.cpu),
        format!("{:.0} s", 3.0 * scale),
        same.cpu.as_secs_f64() <= 3.0 * scale,
    );
    if sqlite {
        let bytes = format!("{:.2} MB", same.written as f64 / 1e6);
        show("no-change sync, written", bytes, format!("{:.0} MB", 2.0 * scale), same.written as f64 <= 2e6 * scale);
    }

    let (day, run) = bench.sync().await;
    let changed = run.counts.unwrap();
    println!(
        "working day: {} activities, {} people, {} memberships changed",
        changed.activity_changed,
        changed.people_changed,
        changed.memberships_added + changed.memberships_removed
    );
    show(
        "working-day sync, wall",
        seconds(day.wall),
        format!("{:.0} s", 6.0 * scale),
        day.wall.as_secs_f64() <= 6.0 * scale,
    );
    let peak = peak_memory();
    println!("peak memory after the first sync {:.0} MB", after_first as f64 / 1e6);
    show(
        "peak memory",
        format!("{:.0} MB", peak as f64 / 1e6),
        format!("{:.0} MB", memory / 1e6),
        peak as f64 <= memory,
    );

    drop(snapshot);
    let meter = Meter::start();
    let built = bench.mirror.store().read(load).await.unwrap();
    let took = meter.stop();
    let goal = 0.6 * scale;
    show("snapshot built", seconds(took.wall), format!("{goal:.1} s"), took.wall.as_secs_f64() <= goal);
    assert_eq!(built.present().len(), bench.mirror.current().present().len());
    drop((built, bench, simulated));

    let yardstick = yardstick(users);
    println!("yardstick: {} wall, {} cpu", seconds(yardstick.wall), seconds(yardstick.cpu));
    let ratio = first.wall.as_secs_f64() / yardstick.wall.as_secs_f64();
    show("first sync against the yardstick", format!("{ratio:.2} x"), "4 x", ratio <= 4.0);
    if !without_limits {
        under_limits(users).await;
    }
}

/// Inserts as many users of nine columns with a unique text id, and ten times as many integer pairs in both orders,
/// into SQLite in one transaction. Fixed: every figure of a first sync is compared with it.
pub(crate) fn yardstick(users: u32) -> Took {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = rusqlite::Connection::open(folder.path().join("yardstick.sqlite")).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE users (ordinal INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT, email TEXT, status TEXT,
                 title TEXT, department TEXT, added INTEGER, active INTEGER);
             CREATE TABLE pairs (a INTEGER, b INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
             CREATE INDEX pairs_other ON pairs (b, a);",
        )
        .unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    let meter = Meter::start();
    let transaction = connection.transaction().unwrap();
    {
        let mut insert = transaction.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)").unwrap();
        for user in 0..users {
            let id = format!("712020:{:032x}", random.u128(..));
            let name = format!("Person Number {user}");
            let email = format!("person.{user}@example.test");
            let row = (user, id, name, email, "active", "Analyst", "Sales", i64::from(user), i64::from(user));
            insert.execute(row).unwrap();
        }
        let mut insert = transaction.prepare("INSERT OR IGNORE INTO pairs VALUES (?, ?)").unwrap();
        for user in 0..users {
            for _ in 0..10 {
                insert.execute((user, random.u32(..users / 50 + 1))).unwrap();
            }
        }
    }
    transaction.commit().unwrap();
    meter.stop()
}

/// A first sync with 200 requests a minute per endpoint, on virtual time.
async fn under_limits(users: u32) {
    let clock = Clock::simulated("2026-11-20T09:00:00Z".parse().unwrap());
    let organization = Organization::populate(&Population { users, seed: 1, ..Population::default() }, clock.now());
    let options = simulator::Options { clock: clock.clone(), limits: Limits::all(200), ..Default::default() };
    let simulator = simulator::start(organization, options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::Folder(folder.path().to_owned());
    let bench = Bench::connect(databases, clock.clone(), simulator.base_url(), simulator.api_key()).await;
    simulator.clear_ledger();
    let began = clock.elapsed();
    bench.sync().await;
    let took = clock.elapsed() - began;
    let most = simulator.requests_by_endpoint().values().copied().max().unwrap();
    // The first window's requests need not wait.
    let floor = Duration::from_secs_f64(most as f64 * 60.0 / 200.0);
    let ratio = took.as_secs_f64() / floor.as_secs_f64();
    let throttled = simulator.ledger().iter().filter(|exchange| exchange.status == Some(429)).count();
    println!("200 requests a minute: {most} requests to the busiest endpoint, {throttled} answered 429");
    show("under rate limits, virtual time", format!("{ratio:.3} x floor"), "1.1 x floor", ratio <= 1.1);
    simulator.stop().await;
}
