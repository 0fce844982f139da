//! Contacts: the first linking of everybody, a run after 1 % of them changed, and searches. The organization is read before,
//! unmeasured; the yardstick of the searches is the same table without them.

use std::time::Duration;

use clock::Clock;
use contact::field::Entity;
use rollcall::contacts::{answer, syncing, worker};
use rollcall::mirror::mirrors::Databases;
use rollcall::nouns::contact_run::{ContactRun, ContactRunState};
use simulator::{Options, Organization, Population};

use crate::meter::{Meter, peak_memory, seconds, show, spent};
use crate::simulated::Bench;

/// What is searched: words, addresses, tags, domains, dates, and several at once.
const SEARCHES: [&str; 12] = [
    "okafor",
    "e",
    "ada@acme.test",
    "tag = \"Jira User\"",
    "status = suspended",
    "synced = yes AND NOT domain = acme.test",
    "email ~ son",
    "name ~ müller AND synced = yes",
    "company IS EMPTY",
    "changed >= -1d ORDER BY changed DESC",
    "created < -1d OR status != active",
    "isCustomer = no ORDER BY email",
];
/// How often each is asked.
const ASKED: usize = 200;
/// Rows of a page.
const PAGE: usize = 50;

pub(crate) async fn measure(users: u32, database: Option<String>) {
    let scale = f64::from(users) / 100_000.0;
    let folder = tempfile::tempdir().unwrap();
    let databases = match database {
        Some(url) => Databases::Postgres { url, prefix: format!("bench{}_", std::process::id()) },
        None => Databases::Folder(folder.path().to_owned()),
    };
    let clock = Clock::system();
    let population = Population { users, seed: 1, ..Population::default() };
    let organization = Organization::populate(&population, clock.now());
    let simulator = simulator::start(organization, Options::default()).await.unwrap();
    simulator.set_record(false);
    let bench = Bench::connect(databases, clock.clone(), simulator.base_url(), simulator.api_key()).await;
    bench.sync().await;

    let (mirror, surroundings) = (&bench.mirror, bench.surroundings());
    syncing::switch_on(&bench.context(), mirror, &surroundings.entropy).await.unwrap();
    let meter = Meter::start();
    worker::work_once(mirror, bench.connector(), surroundings).await.unwrap();
    let first = meter.stop();
    let run = newest(&bench).await;
    assert_eq!(run.state, ContactRunState::Complete, "{run:?}");
    let linked = run.counts.created;
    println!(
        "{users} people asked for: {linked} contacts, {} skipped, peak {:.0} MB",
        run.counts.skipped,
        peak_memory() as f64 / 1e6
    );
    let goal = 30.0 * scale.max(1.0);
    show("first linking, wall", seconds(first.wall), format!("{goal:.0} s"), first.wall.as_secs_f64() <= goal);
    show("first linking, cpu", seconds(first.cpu), "-", true);

    let changed = (linked / 100).max(1);
    let accounts: Vec<String> = {
        let snapshot = mirror.current();
        let synced = snapshot.by_email().iter().filter_map(|row| snapshot.account_id(row)).map(|id| id.to_string());
        synced.step_by(97).take(changed as usize).collect()
    };
    simulator.change(|organization| {
        for (number, account) in accounts.iter().enumerate() {
            organization.rename(account, &format!("Renamed {number}")).unwrap();
        }
    });
    bench.sync().await;
    let meter = Meter::start();
    assert!(worker::look(mirror, surroundings).await.unwrap());
    worker::work_once(mirror, bench.connector(), surroundings).await.unwrap();
    let again = meter.stop();
    let run = newest(&bench).await;
    println!("{} contacts changed", run.counts.changed);
    let goal = 3.0 * scale.max(1.0);
    show("run with 1 % changed, wall", seconds(again.wall), format!("{goal:.0} s"), again.wall.as_secs_f64() <= goal);

    let (tables, loading) = {
        let meter = Meter::start();
        (mirror.contacts().await.unwrap(), meter.stop())
    };
    show("contacts read into memory, wall", seconds(loading.wall), "-", true);
    let zone = mirror.zone();
    let mut all: Vec<Duration> = Vec::new();
    for search in SEARCHES {
        let mut taken: Vec<f64> = Vec::new();
        for _ in 0..ASKED {
            let (found, took) = spent(|| {
                let answered = answer::answer(&tables, (Entity::Contact, search), (clock.now(), &zone));
                let page = answered.first(PAGE);
                (answered.found.matching.len(), page.len())
            });
            assert!(found.1 <= PAGE);
            taken.push(took.wall);
        }
        taken.sort_by(f64::total_cmp);
        all.extend(taken.iter().map(|taken| Duration::from_secs_f64(taken / 1e3)));
        println!("  {search:<48} median {:.2} ms, p99 {:.2} ms", taken[ASKED / 2], taken[ASKED * 99 / 100]);
    }
    all.sort_unstable();
    let p99 = all[all.len() * 99 / 100].as_secs_f64() * 1e3;
    show(
        "contact search, p99",
        format!("{p99:.2} ms"),
        format!("{:.0} ms", 3.0 * scale.max(1.0)),
        p99 <= 3.0 * scale.max(1.0),
    );
    simulator.stop().await;
}

async fn newest(bench: &Bench) -> ContactRun {
    rollcall::contacts::runs::list(&bench.mirror, i64::MAX, 1).await.unwrap().remove(0)
}
