//! The performance goals, runnable: `cargo bench --bench goals -- mirror --users 100000`.
//!
//! Prints each figure beside its goal. This process is Rollcall; the simulator is a process of its own, except for the
//! figure under rate limits, which runs on virtual time. The yardstick runs last, in the same process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a benchmark ends at what it cannot do")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use clock::Clock;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use rollcall::id::Entropy;
use rollcall::mirror::Mirror;
use rollcall::mirror::load::load;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{Run, RunKind};
use rollcall::store::db::Options;
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::runs;
use rollcall::sync::connect::{Connector, EnteredKey, Network};
use rollcall::sync::pass::Surroundings;
use rollcall::sync::request::{self, Ask};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Limits, Organization, Population};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    goal: Goal,
    /// Given by cargo.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Goal {
    /// First sync, no-change sync, working-day sync, snapshot, rate limits.
    Mirror {
        #[arg(long, default_value_t = 100_000)]
        users: u32,
        /// A PostgreSQL database instead of SQLite.
        #[arg(long)]
        database: Option<String>,
        /// Leave out the figure under rate limits.
        #[arg(long)]
        without_limits: bool,
    },
}

fn main() -> ExitCode {
    let Goal::Mirror { users, database, without_limits } = Arguments::parse().goal;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(mirror(users, database, without_limits));
    ExitCode::SUCCESS
}

/// What one piece of work took of this process.
struct Took {
    wall: Duration,
    cpu: Duration,
    written: u64,
}

struct Meter {
    began: Instant,
    cpu: Duration,
    written: u64,
}

impl Meter {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    fn start() -> Meter {
        Meter { began: Instant::now(), cpu: cpu(), written: written() }
    }

    fn stop(self) -> Took {
        Took { wall: self.began.elapsed(), cpu: cpu() - self.cpu, written: written() - self.written }
    }
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    Duration::from_micros((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as u64)
}

/// Bytes this process has caused to be written to storage.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).unwrap().parse().unwrap()
}

fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn seconds(took: Duration) -> String {
    format!("{:.2} s", took.as_secs_f64())
}

fn show(figure: &str, seen: impl std::fmt::Display, goal: impl std::fmt::Display, holds: bool) {
    println!("{figure:<44} {seen:>14}   goal {goal:<14} {}", if holds { "ok" } else { "MISSED" });
}

struct Simulated {
    child: Child,
    base_url: String,
    key: String,
    _scenario: tempfile::NamedTempFile,
}

impl Simulated {
    fn start(users: u32) -> Simulated {
        let mut scenario = tempfile::NamedTempFile::new().unwrap();
        // The third pass asks for its organization after a working day has gone by.
        let text = serde_json::json!({
            "population": { "users": users, "seed": 1 },
            "changes": [{ "path": "/admin/v1/orgs/{o}", "request": 3, "change": { "working-day": { "seed": 5 } } }],
        });
        scenario.write_all(text.to_string().as_bytes()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["simulate", "--port", "0", "--scenario"])
            .arg(scenario.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let (mut base_url, mut key) = (String::new(), String::new());
        for line in lines.by_ref() {
            match line.split_once(' ').map(|(name, value)| (name, value.trim())) {
                Some(("api", value)) if value.starts_with("key") => key = value[3..].trim().to_owned(),
                Some(("api", value)) => base_url = value.to_owned(),
                _ if line == "ready" => break,
                _ => {}
            }
        }
        Simulated { child, base_url, key, _scenario: scenario }
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Bench {
    mirror: Mirror,
    connector: Connector,
    surroundings: Surroundings,
}

impl Bench {
    async fn connect(databases: Databases, clock: Clock, base_url: String, secret: String) -> Bench {
        let mirrors = Mirrors::open(databases, Options::new(clock.clone())).await.unwrap();
        let entropy = Entropy::machine();
        let connector = Connector::new(
            mirrors,
            (clock.clone(), entropy.clone()),
            SealingKey::new([1; 32]),
            Network::default(),
            "UTC".to_owned(),
        );
        let context = Context { actor: Actor::CommandLine, now: clock.now() };
        let entered = EnteredKey { base_url, secret, label: "bench".to_owned(), expires_at: None };
        let mirror = connector.save(&context, entered).await.unwrap();
        Bench { mirror, connector, surroundings: Surroundings { clock, entropy } }
    }

    /// Carries out the queued run, or a new one.
    async fn sync(&self) -> (Took, Run) {
        let context = Context { actor: Actor::CommandLine, now: self.surroundings.clock.now() };
        request::start(&context, &self.mirror, Ask::everything(RunKind::Manual), (None, &self.surroundings.entropy))
            .await
            .unwrap();
        let meter = Meter::start();
        let worked = work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap();
        let took = meter.stop();
        let Worked::Carried { lease, ended } = worked else { panic!("nothing was due") };
        ended.unwrap();
        let run = self.mirror.store().read(move |tx| runs::find(tx, &lease.run)).await.unwrap().unwrap();
        (took, run)
    }
}

async fn mirror(users: u32, database: Option<String>, without_limits: bool) {
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
fn yardstick(users: u32) -> Took {
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
