//! Operations: planning in memory, planning kept and shown, carrying out against an organization that takes what comes and
//! against one with limits, and what a running operation costs those who look at pages.

use std::path::Path;
use std::time::Duration;

use clock::Clock;
use directory::act::{self, Action, Apps, Circumstances, KeyOwner};
use directory::{AccountType, Ordinal, Role, Snapshot, Status};
use roaring::RoaringBitmap;
use rollcall::id::OperationId;
use rollcall::mirror::mirrors::Databases;
use rollcall::nouns::operation::{Operation, Selection};
use rollcall::nouns::operation_row::{OperationRow, RowState};
use rollcall::operations::plan::hexadecimal;
use rollcall::store::head;
use simulator::{Limits, Organization, Population};

use crate::commits::Commits;
use crate::load::{Connection, Pace, load};
use crate::meter::{Meter, Spent, peak_memory, seconds, show, spent};
use crate::mirror::yardstick;
use crate::pages::{CONNECTIONS, Loaded, WARM, addresses, loaded};
use crate::server::Server;
use crate::simulated::{Bench, Simulated};

/// What is measured, and how large.
pub(crate) struct Sizes {
    pub(crate) users: u32,
    /// People whom an operation that is carried out is about.
    pub(crate) people: usize,
    pub(crate) seconds: u32,
}

pub(crate) async fn measure(sizes: Sizes, database: Option<String>) {
    let commits = Commits::count();
    let simulated = Simulated::quiet(sizes.users);
    let folder = tempfile::tempdir().unwrap();
    let sqlite = database.is_none();
    let databases = match database {
        Some(url) => Databases::Postgres { url, prefix: format!("bench{}_", std::process::id()) },
        None => Databases::Folder(folder.path().to_owned()),
    };
    let bench = Bench::connect(databases, Clock::system(), simulated.base_url.clone(), simulated.key.clone()).await;
    bench.sync().await;
    bench.ready().await;
    let planned = planning(&bench).await;
    let rate = executing(&bench, sizes.people, &commits).await;
    if sqlite {
        beside(bench, (folder.path(), &planned), &sizes).await;
    }
    drop(simulated);
    let yardstick = yardstick(sizes.users);
    println!(
        "yardstick: {} wall, {} cpu; in its time {:.0} changes",
        seconds(yardstick.wall),
        seconds(yardstick.cpu),
        rate * yardstick.wall.as_secs_f64()
    );
    limited().await;
}

/// A plan that was kept, and how long that took.
struct Planned {
    id: OperationId,
    kept: Duration,
}

/// Two actions on everybody who is there.
async fn planning(bench: &Bench) -> Planned {
    let snapshot = bench.mirror.newest().await.unwrap();
    let everybody: RoaringBitmap = snapshot.present().clone();
    let group = plain_group(&snapshot);
    let around = Circumstances {
        protected_people: RoaringBitmap::new(),
        protected_groups: RoaringBitmap::new(),
        own: None,
        key_owner: KeyOwner::Elsewhere,
    };
    let everything = Action::RemoveAppAccess { apps: Apps::All, also_lose: Vec::new() };
    let pairs = [
        ("add to a group, suspend", vec![Action::AddToGroups(vec![group]), Action::Suspend]),
        ("remove all app access, suspend", vec![everything, Action::Suspend]),
    ];
    let mut slowest = Duration::ZERO;
    for (named, actions) in &pairs {
        // The first question makes what the snapshot keeps for all others.
        let mut took: Vec<Spent> = Vec::new();
        let mut rows = 0;
        for _ in 0..6 {
            let (plan, one) = spent(|| act::plan(&snapshot, &everybody, actions, &around));
            took.push(one);
            rows = plan.rows.len();
        }
        let first = took.remove(0);
        took.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
        println!(
            "{named}: {} people, {rows} rows in {:.0} ms of processor time, {:.0} ms on the wall; at first {:.0} ms",
            everybody.len(),
            took[2].cpu,
            took[2].wall,
            first.cpu
        );
        slowest = slowest.max(Duration::from_secs_f64(took[2].cpu / 1e3));
    }
    let goal = 0.3 * everybody.len() as f64 / 100_000.0;
    show("planned in memory, processor time", seconds(slowest), format!("{goal:.2} s"), slowest.as_secs_f64() <= goal);
    let mut planned = None;
    for (named, actions) in pairs {
        let meter = Meter::start();
        let id = bench.plan(Selection::Filter(String::new()), actions).await;
        let kept = meter.stop();
        let operation = bench.operation(&id).await;
        println!(
            "{named}: kept {} rows of {} people in {}, processor time {}",
            operation.tally.total(),
            operation.plan.selected,
            seconds(kept.wall),
            seconds(kept.cpu)
        );
        // The goal speaks of two changes of each; an action may well make more.
        planned.get_or_insert(Planned { id, kept: kept.wall });
    }
    println!("peak memory after planning {:.0} MB", peak_memory() as f64 / 1e6);
    planned.unwrap()
}

/// Two changes of each of many people, from the approval until all of them were read back; how many in a second.
async fn executing(bench: &Bench, people: usize, commits: &Commits) -> f64 {
    let snapshot = bench.mirror.newest().await.unwrap();
    let chosen = ordinary(&snapshot, people);
    let actions = vec![Action::AddToGroups(vec![plain_group(&snapshot)]), Action::Suspend];
    let ids = chosen.iter().map(|account| snapshot.account_id(*account).unwrap()).collect();
    drop(snapshot);
    let id = bench.plan(Selection::People(ids), actions).await;
    bench.approve(&id).await;
    let ((durable, relaxed), before) = (commits.so_far(), peak_memory());
    let meter = Meter::start();
    let operation = bench.carry_out(&id).await;
    let took = meter.stop();
    let after = commits.so_far();
    let rows = bench.rows(operation.number).await;
    let changed = rows.iter().filter(|row| row.state == RowState::Verified).count();
    assert!(changed as u64 == operation.plan.rows, "{:?}", operation);
    let sent = sending(&operation, &rows);
    println!(
        "{changed} changes of {} people: {} in all, of which {} before the first and {} until the last was answered; \
         processor time {}; {:.0} MB written",
        chosen.len(),
        seconds(took.wall),
        seconds(sent.before),
        seconds(sent.sending),
        seconds(took.cpu),
        took.written as f64 / 1e6
    );
    let rate = |over: Duration| changed as f64 / over.as_secs_f64();
    println!("changes a second while sending: {:.0}", rate(sent.sending));
    let whole = rate(took.wall);
    show("changes, with reading before and after", format!("{whole:.0} /s"), "500 /s", whole >= 500.0);
    let (durable, relaxed) = (after.0 - durable, after.1 - relaxed);
    let each = (durable + relaxed) as f64 / changed as f64;
    println!("commits: {durable} durable, {relaxed} that a power cut may undo");
    show("commits for a change", format!("{each:.3}"), "0.1", each <= 0.1);
    println!("peak memory {:.0} MB, before it {:.0} MB", peak_memory() as f64 / 1e6, before as f64 / 1e6);
    whole
}

/// How long it took until the first change, and from there to the last one.
struct Sending {
    before: Duration,
    sending: Duration,
}

fn sending(operation: &Operation, rows: &[OperationRow]) -> Sending {
    let (first, last) =
        (rows.iter().filter_map(|row| row.begun_at).min().unwrap(), rows.iter().filter_map(|row| row.ended_at).max());
    let approved = operation.asked_at;
    Sending {
        before: first.duration_since(approved).try_into().unwrap(),
        sending: last.unwrap().duration_since(first).try_into().unwrap(),
    }
}

/// Pages as the benchmark of pages asks for them, from a server alone and from one that carries an operation out.
async fn beside(bench: Bench, (folder, planned): (&Path, &Planned), sizes: &Sizes) {
    let snapshot = bench.mirror.newest().await.unwrap();
    let paths = addresses(&snapshot);
    // So many that the operation lasts longer than the load.
    let chosen = ordinary(&snapshot, usize::MAX);
    let action = Action::AddToGroups(vec![other_group(&snapshot)]);
    let ids = chosen.iter().map(|account| snapshot.account_id(*account).unwrap()).collect();
    drop(snapshot);
    let running = bench.plan(Selection::People(ids), vec![action]).await;
    let operation = bench.operation(&running).await;
    bench.mirror.store().write(head::raise_epoch).await.unwrap();
    bench.mirrors.close().await;

    let server = Server::start(folder);
    let cookie = server.sign_up().await;
    let from = (server.address, &cookie);
    let mut connection = Connection::open(server.address, cookie.clone()).await;
    let address = format!("/operations/{}", planned.id);
    let meter = Meter::start();
    let page = connection.get(&address).await;
    let shown = meter.stop().wall;
    assert_eq!(page.status, 200);
    println!("preview: {} bytes in {}", page.bytes, seconds(shown));
    show(
        "planned, kept and shown",
        seconds(planned.kept + shown),
        "2 s",
        (planned.kept + shown).as_secs_f64() <= 2.0 * f64::from(sizes.users) / 100_000.0,
    );

    load(from, &paths, CONNECTIONS, (Pace::Flat, WARM)).await;
    let lasting = Duration::from_secs(sizes.seconds.into());
    let alone = loaded(&server, (from, &paths), (Pace::Each(200), lasting)).await;
    let entered = format!("hash={}&typed={}", hexadecimal(&operation.plan.hash), operation.plan.rows);
    server.post(&cookie, (&format!("/operations/{running}/approve"), entered)).await;
    while done(&mut connection, &running).await == 0 {
        Clock::system().sleep(Duration::from_millis(50)).await;
    }
    let begun = done(&mut connection, &running).await;
    let beside = loaded(&server, (from, &paths), (Pace::Each(200), lasting)).await;
    let ended = done(&mut connection, &running).await;
    let p99 = |loaded: &Loaded| loaded.took[loaded.took.len() * 99 / 100];
    let (before, with) = (p99(&alone), p99(&beside));
    println!(
        "p50 {:.1} ms alone, {:.1} ms beside an operation that did {:.0} changes a second meanwhile; peak memory {:.0} MB",
        alone.took[alone.took.len() / 2],
        beside.took[beside.took.len() / 2],
        (ended - begun) as f64 / lasting.as_secs_f64(),
        server.usage().peak as f64 / 1e6,
    );
    println!("p99 {before:.1} ms alone, {with:.1} ms beside the operation");
    let ratio = with / before;
    show("p99 of pages beside an operation", format!("{ratio:.2} x"), "2 x", ratio <= 2.0);
}

/// How many changes a running operation has done, as its page says.
async fn done(connection: &mut Connection, id: &OperationId) -> u64 {
    let text = connection.text(&format!("/operations/{id}")).await;
    let (_, bar) = text.split_once("<progress ").unwrap_or_else(|| panic!("it is over already: {text}"));
    let (_, value) = bar.split_once("value=\"").unwrap();
    value.split('"').next().unwrap().parse().unwrap()
}

/// Two endpoints with 200 requests a minute each, on virtual time.
async fn limited() {
    let clock = Clock::simulated("2026-11-20T09:00:00Z".parse().unwrap());
    let organization =
        Organization::populate(&Population { users: 5_000, seed: 1, ..Population::default() }, clock.now());
    let options = simulator::Options { clock: clock.clone(), limits: Limits::all(200), ..Default::default() };
    let simulator = simulator::start(organization, options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let databases = Databases::Folder(folder.path().to_owned());
    let bench = Bench::connect(databases, clock.clone(), simulator.base_url(), simulator.api_key()).await;
    bench.sync().await;
    bench.ready().await;
    let snapshot = bench.mirror.newest().await.unwrap();
    for (named, actions) in [
        ("one kind of change", vec![Action::Suspend]),
        ("two kinds of change", vec![Action::Restore, Action::AddToGroups(vec![plain_group(&snapshot)])]),
    ] {
        let chosen = ordinary(&snapshot, 2_000);
        let ids = chosen.iter().map(|account| snapshot.account_id(*account).unwrap()).collect();
        let kinds = actions.len();
        let id = bench.plan(Selection::People(ids), actions).await;
        bench.approve(&id).await;
        simulator.clear_ledger();
        let began = clock.elapsed();
        let operation = bench.carry_out(&id).await;
        let all = clock.elapsed() - began;
        let rows = bench.rows(operation.number).await;
        let sent = sending(&operation, &rows);
        let changed = rows.iter().filter(|row| row.state == RowState::Verified).count();
        let throttled = simulator.ledger().iter().filter(|exchange| exchange.status == Some(429)).count();
        // The first window's requests need not wait.
        let allowed = Duration::from_secs_f64((changed / kinds) as f64 * 60.0 / 200.0);
        println!(
            "{named}, 200 requests a minute per endpoint: {changed} changes in {}, of which {} before the first and {} \
             until the last was answered; {throttled} answered 429",
            seconds(all),
            seconds(sent.before),
            seconds(sent.sending)
        );
        let ratio = allowed.as_secs_f64() / sent.sending.as_secs_f64();
        show(&format!("{named}: of the allowed rate"), format!("{:.1} %", ratio * 100.0), "97 %", ratio >= 0.97);
    }
    simulator.stop().await;
}

/// A group that anybody may be put into, and that gives nothing.
fn plain_group(snapshot: &Snapshot) -> Ordinal {
    plain_groups(snapshot).next().unwrap()
}

fn other_group(snapshot: &Snapshot) -> Ordinal {
    plain_groups(snapshot).nth(1).unwrap()
}

fn plain_groups(snapshot: &Snapshot) -> impl Iterator<Item = Ordinal> {
    (0..snapshot.groups_len() as Ordinal).filter(|group| {
        let row = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        row.is_some_and(|row| !row.is_synced() && row.modifiable != Some(false))
            && snapshot.grants(*group).is_empty()
            && snapshot.memberships().members(*group).len() < 200
    })
}

/// Active people whom nothing protects.
fn ordinary(snapshot: &Snapshot, most: usize) -> Vec<Ordinal> {
    let administers = |account: &Ordinal| {
        !snapshot.roles_of(*account).is_empty()
            || snapshot.access(*account).iter().any(|access| access.role == Role::Admin)
    };
    let person = |account: &Ordinal| {
        snapshot.account_row(*account).is_some_and(|row| row.account_type == Some(&AccountType::Atlassian))
    };
    let active = snapshot.with_status(&Status::Active);
    active.iter().filter(|account| person(account) && !administers(account)).take(most).collect()
}
