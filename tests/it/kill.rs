//! The process is ended, at every commit of a pass, an operation or user syncing and at any moment of a large pass: taken up again, it
//! ends in the same state as if nothing had happened.

mod contacts;
mod feeds;

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use clock::Clock;
use rollcall::id::Entropy;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::notify::address::{Allowed, Lookup};
use rollcall::notify::worker::deliver_once;
use rollcall::notify::{Notifier, endpoints};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::endpoint::{DeliveryState, Draft, Style};
use rollcall::nouns::notice::{EventKind, ItemCounts, Notice, Process, TaskOutcome, What};
use rollcall::nouns::operation::{Operation, OperationState};
use rollcall::operations::prepare::{self, Owner};
use rollcall::operations::{guard, report, worker};
use rollcall::store::db::Options;
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::{events, head, outbox, runs};
use rollcall::sync::connect::{Connector, EnteredKey, Network};
use rollcall::sync::pass::Surroundings;
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Organization, Simulator};
use tempfile::TempDir;

use crate::support::app::{ENGINES, Engine, population};
use crate::support::postgres;
use crate::support::receiver::Receiver;
use crate::support::truth::differences;

const KEY: [u8; 32] = [9; 32];

/// An installation that the program can be started on, and copied.
struct Installation {
    folder: TempDir,
    /// The database's address, on PostgreSQL.
    database: Option<String>,
}

impl Installation {
    fn new(engine: Engine) -> Installation {
        Installation::made(engine, None)
    }

    fn copy(&self) -> Installation {
        let engine = if self.database.is_some() { Engine::Postgres } else { Engine::Sqlite };
        let copy = Installation::made(engine, self.database.as_deref());
        for file in std::fs::read_dir(self.folder.path()).unwrap() {
            let file = file.unwrap();
            if file.path().extension().is_some_and(|extension| extension != "sock") {
                std::fs::copy(file.path(), copy.folder.path().join(file.file_name())).unwrap();
            }
        }
        copy
    }

    fn made(engine: Engine, template: Option<&str>) -> Installation {
        let folder = tempfile::tempdir().unwrap();
        let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(folder.path().join("sealing.key"), key).unwrap();
        let database = (engine == Engine::Postgres).then(|| match template {
            Some(template) => postgres::server().database_from(template),
            None => postgres::server().database(),
        });
        Installation { folder, database }
    }

    async fn open(&self) -> Mirrors {
        let databases = match self.database.clone() {
            Some(url) => Databases::Postgres { url, prefix: String::new() },
            None => Databases::Folder(self.folder.path().to_owned()),
        };
        Mirrors::open(databases, Options::new(Clock::system())).await.unwrap()
    }

    /// Connects the simulated organization; its first run is queued.
    async fn connect(&self, simulator: &Simulator) {
        let mirrors = self.open().await;
        let connector = connector(&mirrors);
        let context = Context { actor: Actor::System, now: Clock::system().now() };
        let entered = EnteredKey {
            base_url: simulator.base_url(),
            secret: simulator.api_key(),
            label: "test".to_owned(),
            expires_at: None,
        };
        connector.save(&context, entered).await.unwrap();
        mirrors.close().await;
    }

    /// Carries out the queued run in this process.
    async fn sync_here(&self) {
        let mirrors = self.open().await;
        let surroundings = Surroundings { clock: Clock::system(), entropy: Entropy::machine() };
        let mirror = mirrors.only().unwrap();
        let worked = work_once(&mirror, &connector(&mirrors), &surroundings).await.unwrap();
        assert!(matches!(worked, Worked::Carried { ended: Ok(_), .. }), "{worked:?}");
        mirrors.close().await;
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        let folder: &Path = self.folder.path();
        command.arg("sync").arg("--data").arg(folder).env("ROLLCALL_KEY_FILE", folder.join("sealing.key"));
        if let Some(url) = self.database.clone() {
            command.arg("--database").arg(url);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end, or to the commit at which it ends itself.
    async fn run(&self, arguments: &[&str], cut: &str) -> (ExitStatus, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        let folder = self.folder.path();
        let (name, rest) = arguments.split_first().unwrap();
        command.arg(name).arg("--data").arg(folder).env("ROLLCALL_KEY_FILE", folder.join("sealing.key"));
        if let Some(url) = self.database.clone() {
            command.arg("--database").arg(url);
        }
        command.args(rest);
        command.env("ROLLCALL_FAULT_COMMIT", cut).env("ROLLCALL_NOTICES_ALLOW", "127.0.0.1");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        (output.status, String::from_utf8_lossy(&said).into_owned())
    }

    /// Lets an administrator switch actions on.
    async fn allow_actions(&self) {
        let mirrors = self.open().await;
        let (mirror, entropy) = (mirrors.only().unwrap(), Entropy::machine());
        let context = Context { actor: Actor::System, now: Clock::system().now() };
        guard::switch_on(&context, &mirror, &entropy).await.unwrap();
        prepare::choose_key_owner(&context, &mirror, &Owner::Elsewhere, &entropy).await.unwrap();
        mirrors.close().await;
    }

    /// Carries out what is left of operations in this process, and gives the newest one.
    async fn act_here(&self) -> Option<Operation> {
        let mirrors = self.open().await;
        let surroundings = Surroundings { clock: Clock::system(), entropy: Entropy::machine() };
        let mirror = mirrors.only().unwrap();
        mirror.store().write(head::raise_epoch).await.unwrap();
        while worker::work_once(&mirror, &connector(&mirrors), &surroundings).await.unwrap() {}
        let newest = report::list(&mirror, Default::default(), (None, 1)).await.unwrap().pop();
        assert!(mirror.store().read(events::verify).await.unwrap().is_ok(), "the audit chain holds");
        mirrors.close().await;
        newest
    }

    /// Runs `rollcall sync` to its end, or to the commit at which it ends itself.
    async fn sync(&self, cut: Option<&str>) -> (ExitStatus, String) {
        let mut command = self.command();
        if let Some(cut) = cut {
            command.env("ROLLCALL_FAULT_COMMIT", cut);
        }
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let said = [output.stdout.as_slice(), &output.stderr].concat();
        (output.status, String::from_utf8_lossy(&said).into_owned())
    }

    /// Voids the leases of a process that is gone. On a data folder the next process does it; a node on PostgreSQL
    /// would wait until the lease is over.
    async fn void_leases(&self) {
        if self.database.is_some() {
            let mirrors = self.open().await;
            mirrors.only().unwrap().store().write(head::raise_epoch).await.unwrap();
            mirrors.close().await;
        }
    }

    /// Everything that must hold at the end, whatever happened on the way.
    async fn assert_like_undisturbed(&self, simulator: &Simulator, generation: u64, what: &str) {
        let mirrors = self.open().await;
        let mirror = mirrors.only().unwrap();
        let snapshot = mirror.current();
        assert_eq!(snapshot.generation(), generation, "{what}");
        let truth = simulator.read(|organization| organization.truth());
        assert_eq!(differences(&snapshot, &truth), Vec::<String>::new(), "{what}");
        assert!(mirror.store().read(events::verify).await.unwrap().is_ok(), "{what}: the audit chain holds");
        assert_eq!(mirror.store().read(runs::open).await.unwrap(), None, "{what}: no run is left open");
        mirrors.close().await;
    }
}

fn connector(mirrors: &Mirrors) -> Connector {
    let (clock, entropy) = (Clock::system(), Entropy::machine());
    let sealing = SealingKey::new(KEY);
    Connector::new(mirrors.clone(), (clock, entropy), sealing, Network::default(), "UTC".to_owned())
}

async fn simulate(users: u32, seed: u64) -> Simulator {
    let organization = Organization::populate(&population(users, seed), Clock::system().now());
    simulator::start(organization, simulator::Options::default()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_pass_cut_at_every_commit_ends_like_an_undisturbed_one() {
    for engine in ENGINES {
        let simulator = simulate(80, 3).await;
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        prepared.sync_here().await;
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..12 {
            simulator.change(|organization| organization.random_change(&mut rng));
        }
        for after in ["", ":after"] {
            let mut commit = 1;
            loop {
                let cut = format!("{commit}{after}");
                let what = format!("{engine:?}, cut at commit {cut}");
                let installation = prepared.copy();
                let (ended, said) = installation.sync(Some(&cut)).await;
                if ended.success() {
                    // There was no such commit: every one of the pass has been cut.
                    assert!(commit > 8, "{what}: a pass has more commits than that\n{said}");
                    break;
                }
                installation.void_leases().await;
                let (ended, said) = installation.sync(None).await;
                assert!(ended.success(), "{what}: taken up again it failed\n{said}");
                // A cut after the seal leaves nothing to take up: the next sync is another one.
                let mirrors = installation.open().await;
                let generation = mirrors.only().unwrap().current().generation();
                mirrors.close().await;
                assert!((2..=3).contains(&generation), "{what}: generation {generation}");
                installation.assert_like_undisturbed(&simulator, generation, &what).await;
                commit += 1;
            }
        }
        simulator.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::disallowed_methods, reason = "a process is watched in real time")]
async fn c1_a_large_pass_killed_again_and_again_ends_like_an_undisturbed_one() {
    for engine in ENGINES {
        let simulator = simulate(20_000, 4).await;
        let installation = Installation::new(engine);
        installation.connect(&simulator).await;
        simulator.clear_ledger();
        // Killed when the simulator has been asked so often: in the middle of the lists, and behind them.
        let mut killed = 0;
        for requests in [10, 40, 80, 130, 190, 250] {
            let mut child = installation.command().spawn().unwrap();
            let asked = || simulator.requests_by_endpoint().values().sum::<u64>();
            while asked() < requests && child.try_wait().unwrap().is_none() {
                std::thread::sleep(Duration::from_millis(2));
            }
            killed += u32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
            installation.void_leases().await;
        }
        assert!(killed >= 5, "only {killed} of the processes were still at work when they were killed");
        let (ended, said) = installation.sync(None).await;
        assert!(ended.success(), "{engine:?}: {said}");
        let mirrors = installation.open().await;
        let generation = mirrors.only().unwrap().current().generation();
        mirrors.close().await;
        installation.assert_like_undisturbed(&simulator, generation, &format!("{engine:?}")).await;
        simulator.stop().await;
    }
}

/// Just behind a commit on one engine and just before it on the other: either way each place between two commits is met.
fn cut(engine: Engine, commit: u64) -> String {
    format!("{commit}{}", if engine == Engine::Sqlite { ":after" } else { "" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_an_operation_cut_at_any_commit_sends_nothing_twice_and_loses_nothing() {
    for engine in ENGINES {
        let simulator = simulate(60, 6).await;
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        prepared.sync_here().await;
        prepared.allow_actions().await;
        let people: Vec<String> = {
            let truth = simulator.read(Organization::truth);
            let ordinary = truth.users.iter().filter(|user| {
                user.status == "active" && user.account_type == "atlassian" && user.platform_roles.is_empty()
            });
            let administers = |account: &str| {
                truth.direct_roles.iter().any(|(holder, _, role)| holder == account && role.ends_with("admin"))
            };
            ordinary.map(|user| user.account_id.clone()).filter(|account| !administers(account)).take(3).collect()
        };
        let named: Vec<String> = people.iter().map(|account| format!("accountId = \"{account}\"")).collect();
        let filter = named.join(" OR ");
        // Every other commit on each engine: behind it on one and before it on the other, which is the next place.
        let mut commit = 1;
        loop {
            let cut = cut(engine, commit);
            let what = format!("{engine:?}, cut at commit {cut}");
            let installation = prepared.copy();
            simulator.clear_ledger();
            let (ended, said) = installation.run(&["act", &filter, "--suspend", "--yes", "3"], &cut).await;
            let operation = installation.act_here().await;
            let effects = simulator.ledger().into_iter().filter(|exchange| exchange.effect.is_some()).count();
            match operation {
                // Cut before it was planned or approved: nothing was sent.
                None => assert_eq!(effects, 0, "{what}"),
                Some(operation) if operation.state == OperationState::Planned => assert_eq!(effects, 0, "{what}"),
                Some(operation) => {
                    assert_eq!(operation.state, OperationState::Succeeded, "{what}: {operation:?}\n{said}");
                    assert_eq!(effects, 3, "{what}");
                }
            }
            simulator.change(|organization| {
                for account in &people {
                    // Whoever was not suspended cannot be restored.
                    let _ = organization.restore(account);
                }
            });
            if ended.success() {
                assert!(commit > 20, "{what}: an operation has more commits than that\n{said}");
                break;
            }
            commit += 2;
        }
        simulator.stop().await;
    }
}

/// Runs of one task, the first, the second and so on.
async fn put_runs(mirrors: &Mirrors, entropy: &Entropy) {
    let now = Clock::system().now();
    for process in RUNS {
        let process = Process {
            id: process.to_owned(),
            name: "Leavers".to_owned(),
            action_types: vec!["suspendUser".to_owned()],
            counts: ItemCounts { total: 3, succeeded: 2, failed: 1, skipped: 0 },
            page: format!("/tasks/task_1/runs/{process}"),
        };
        let what = What::TaskRun { task: "task_1".to_owned(), process, outcome: TaskOutcome::Partial };
        let (notice, entropy) = (Notice { at: now, what }, entropy.clone());
        mirrors.only().unwrap().store().write(move |tx| outbox::put(tx, &notice, &entropy)).await.unwrap();
    }
}

const RUNS: [&str; 3] = ["p1", "p2", "p3"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_cut_at_any_commit_is_sent_again_with_its_id_and_body_and_in_its_order() {
    for engine in ENGINES {
        let simulator = simulate(10, 6).await;
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        let receiver = Receiver::start().await;
        let (clock, entropy) = (Clock::system(), Entropy::machine());
        let places = (Allowed::parse("127.0.0.1").unwrap(), Lookup::Machine);
        let notifier =
            Notifier::new((clock.clone(), entropy.clone()), SealingKey::new(KEY), places, (None, &[])).unwrap();
        let draft = Draft {
            name: "Receiver".to_owned(),
            address: receiver.address(),
            style: Style::Generic,
            events: vec![EventKind::TaskPartial],
            key_days: vec![7],
            notes: String::new(),
            active: true,
        };
        let context = Context { actor: Actor::CommandLine, now: clock.now() };
        let mirrors = prepared.open().await;
        endpoints::save(&context, &mirrors.only().unwrap(), &notifier, (None, draft), "secret").await.unwrap();
        put_runs(&mirrors, &entropy).await;
        mirrors.close().await;
        let (mut commit, mut sent_twice) = (2, 0);
        loop {
            // Before and after each commit.
            let cut = format!("{}{}", commit / 2, if commit % 2 == 1 { ":after" } else { "" });
            let what = format!("{engine:?}, cut at commit {cut}");
            let installation = prepared.copy();
            let before = receiver.got().len();
            let (ended, said) = installation.run(&["webhooks", "test", "Receiver"], &cut).await;
            let mirrors = installation.open().await;
            let mirror = mirrors.only().unwrap();
            mirror.store().write(head::raise_epoch).await.unwrap();
            while deliver_once(&mirror, &notifier).await.unwrap() {}
            let log = mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 100)).await.unwrap();
            assert!(log.iter().all(|delivery| delivery.state == DeliveryState::Delivered), "{what}: {log:?}");
            mirrors.close().await;
            let got = receiver.got().split_off(before);
            let of = |process: &str| {
                let mut of = got.iter().filter(|got| got.body.contains(&format!("\"processId\":\"{process}\"")));
                let first = of.next().unwrap_or_else(|| unreachable!("{what}: {process} was lost\n{said}"));
                for again in of.clone() {
                    assert_eq!(again.header("webhook-id"), first.header("webhook-id"), "{what}");
                    assert_eq!(again.body, first.body, "{what}");
                }
                1 + of.count()
            };
            let counts = RUNS.map(of);
            assert!(counts.iter().sum::<usize>() <= RUNS.len() + 1, "{what}: only what was cut is repeated");
            sent_twice += counts.iter().filter(|count| **count > 1).count();
            // Nothing of a later run comes before an earlier one has arrived for the last time.
            let order: Vec<usize> = got
                .iter()
                .filter_map(|got| RUNS.iter().position(|process| got.body.contains(&format!("runs/{process}"))))
                .collect();
            assert!(order.is_sorted(), "{what}: {order:?}");
            if ended.success() {
                assert!(commit > 16, "{what}: there are more commits than that\n{said}");
                break;
            }
            assert!(commit < 80, "{what}: it does not come to its end\n{said}");
            commit += 1;
        }
        assert!(sent_twice > 0, "{engine:?}: it was never cut between sending and keeping the answer");
        simulator.stop().await;
    }
}
