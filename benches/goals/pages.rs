//! Pages of the user browser and exports over HTTP: the server is a process of its own on a mirror that was synced before,
//! and this process is its browsers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use directory::Snapshot;
use rollcall::mirror::mirrors::Databases;
use rollcall::store::head;
use tokio::runtime::Runtime;

use crate::load::{Connection, Pace, Seen, load};
use crate::meter::{Meter, show};
use crate::mirror::yardstick;
use crate::rivals::questions;
use crate::server::Server;
use crate::simulated::{Bench, Simulated};

pub(crate) const CONNECTIONS: usize = 50;
/// Pages that are asked before anything is measured, as somebody has who works with it.
pub(crate) const WARM: Duration = Duration::from_secs(2);

/// What a load has seen, and the processor time of both sides.
pub(crate) struct Loaded {
    seen: Seen,
    server: Duration,
    browsers: Duration,
}

impl std::ops::Deref for Loaded {
    type Target = Seen;

    fn deref(&self) -> &Seen {
        &self.seen
    }
}

pub(crate) fn measure(runtime: &Runtime, users: u32, seconds: u32) {
    runtime.block_on(all(users, Duration::from_secs(seconds.into())));
}

async fn all(users: u32, lasting: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let paths = mirrored(users, folder.path()).await;
    let server = Server::start(folder.path());
    let cookie = server.sign_up().await;
    let from = (server.address, &cookie);
    each(from, &paths).await;
    load(from, &paths, CONNECTIONS, (Pace::Flat, WARM)).await;

    let paced = loaded(&server, (from, &paths), (Pace::Each(200), lasting)).await;
    let most = paced.took[paced.took.len() * 99 / 100];
    println!("200 pages a second: p50 {:.1} ms, p99 {most:.1} ms", paced.took[paced.took.len() / 2]);
    show("200 pages a second over 50 connections, p99", format!("{most:.1} ms"), "25 ms", most <= 25.0);
    let flat = loaded(&server, (from, &paths), (Pace::Flat, lasting)).await;
    let rate = flat.took.len() as f64 / flat.wall.as_secs_f64();
    let processors = std::thread::available_parallelism().unwrap().get();
    let own = processors as f64 * flat.took.len() as f64 / (flat.server + flat.browsers).as_secs_f64();
    println!("flat out, were all {processors} processors its own and its browsers': {own:.0} pages a second");
    show("flat out over 50 connections", format!("{rate:.0} /s"), "800 /s", rate >= 800.0);
    let exported = export(&server, from, users).await;

    drop(server);
    let yardstick = yardstick(users).wall.as_secs_f64();
    println!(
        "yardstick {yardstick:.2} s: {:.0} pages flat out and {:.0} exported rows in its time",
        rate * yardstick,
        exported * yardstick
    );
}

/// Makes a mirror in a folder; addresses that people open.
async fn mirrored(users: u32, folder: &std::path::Path) -> Arc<[String]> {
    let simulated = Simulated::start(users);
    let databases = Databases::Folder(folder.to_owned());
    let bench = Bench::connect(databases, Clock::system(), simulated.base_url.clone(), simulated.key.clone()).await;
    bench.sync().await;
    let paths = addresses(&bench.mirror.current());
    bench.mirror.store().write(head::raise_epoch).await.unwrap();
    bench.mirrors.close().await;
    paths
}

/// Addresses that people open: first pages in every order, pages by their cursors, and the thirty filters.
pub(crate) fn addresses(snapshot: &Snapshot) -> Arc<[String]> {
    let order = snapshot.by_name();
    let place = |row: u32| format!("{row}t{}", encoded(snapshot.folded_name(row)));
    let at = |part: usize| place(order.nth(order.len() * part / 100).unwrap());
    let last = order.nth(order.len() - 51).unwrap();
    let mut paths: Vec<String> = vec![
        "/people".to_owned(),
        "/people?sort=last_active&order=desc".to_owned(),
        "/people?sort=email".to_owned(),
        "/people?sort=added&order=desc".to_owned(),
        format!("/people?after={}", place(last)),
        format!("/people?after={}", at(50)),
        format!("/people?before={}", at(70)),
        "/people?q=okafor".to_owned(),
        "/people?status=suspended".to_owned(),
        "/people?limit=100".to_owned(),
    ];
    // Every third page is one of a filter.
    paths.extend(questions().iter().map(|question| format!("/people?q={}", encoded(&question.filter))));
    let (plain, filters) = paths.split_at(10);
    let mixed = filters.iter().enumerate().flat_map(|(place, filter)| {
        [plain[2 * place % 10].clone(), plain[(2 * place + 1) % 10].clone(), filter.clone()]
    });
    mixed.collect()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// Shows how long each address takes when nobody else asks.
async fn each((address, cookie): (SocketAddr, &Arc<str>), paths: &[String]) {
    let mut connection = Connection::open(address, cookie.clone()).await;
    let mut seen: Vec<(Duration, usize, &String)> = Vec::new();
    for path in paths {
        if seen.iter().any(|(_, _, known)| *known == path) {
            continue;
        }
        connection.get(path).await;
        let mut rounds = Vec::new();
        let mut bytes = 0;
        for _ in 0..9 {
            let meter = Meter::start();
            bytes = connection.get(path).await.bytes;
            rounds.push(meter.stop().wall);
        }
        rounds.sort();
        seen.push((rounds[4], bytes, path));
    }
    seen.sort_by_key(|(took, ..)| std::cmp::Reverse(*took));
    for (took, bytes, path) in seen {
        println!("{:8.2} ms {:6.0} kB  {path}", took.as_secs_f64() * 1e3, bytes as f64 / 1e3);
    }
}

pub(crate) async fn loaded(
    server: &Server,
    (from, paths): ((SocketAddr, &Arc<str>), &Arc<[String]>),
    (pace, lasting): (Pace, Duration),
) -> Loaded {
    let (before, meter) = (server.usage(), Meter::start());
    let seen = load(from, paths, CONNECTIONS, (pace, lasting)).await;
    let (after, took) = (server.usage(), meter.stop());
    let seen = Loaded { server: after.cpu - before.cpu, browsers: took.cpu, seen };
    let pages = seen.took.len() as f64;
    println!(
        "{pace:?}: {pages} pages of {:.0} kB in {:.1} s; processor time {:.2} ms a page of the server, {:.2} ms of the browsers",
        seen.bytes as f64 / 1e3 / pages,
        seen.wall.as_secs_f64(),
        seen.server.as_secs_f64() * 1e3 / pages,
        seen.browsers.as_secs_f64() * 1e3 / pages,
    );
    seen
}

/// Exports everybody as CSV, and as JSON; rows of CSV in a second.
async fn export(server: &Server, (address, cookie): (SocketAddr, &Arc<str>), users: u32) -> f64 {
    let mut rate = 0.0;
    for (path, goal) in [("/people.json", None), ("/people.csv", Some(100_000.0))] {
        let mut connection = Connection::open(address, cookie.clone()).await;
        server.forget_peak();
        let before = server.usage();
        let meter = Meter::start();
        let answer = connection.get(path).await;
        let took = meter.stop();
        let after = server.usage();
        assert!(answer.status == 200 && answer.lines >= users as usize / 2, "{answer:?}");
        rate = answer.lines as f64 / took.wall.as_secs_f64();
        let more = after.peak.saturating_sub(before.now) as f64 / 1e6;
        println!(
            "{path}: {} lines, {:.1} MB in {:.2} s, processor time of the server {:.2} s, {more:.1} MB more memory",
            answer.lines,
            answer.bytes as f64 / 1e6,
            took.wall.as_secs_f64(),
            (after.cpu - before.cpu).as_secs_f64(),
        );
        if let Some(goal) = goal {
            show("export of everybody as CSV", format!("{rate:.0} rows/s"), format!("{goal:.0} rows/s"), rate >= goal);
            show("its memory beside the mirror", format!("{more:.1} MB"), "8 MB", more <= 8.0);
        }
    }
    rate
}
