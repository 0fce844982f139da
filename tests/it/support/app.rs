//! Rollcall without its process: real client, sync, mirror and store on either engine, against a simulated organization.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use directory::{Claim, ClaimState, Noun, Part, Snapshot};
use jiff::Timestamp;
use rollcall::id::Entropy;
use rollcall::mirror::Mirror;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::job::LEASE;
use rollcall::nouns::run::{Run, RunKind, RunNote};
use rollcall::store::db::{Location, Options};
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::{coverage, events, head, runs};
use rollcall::sync::connect::{Connector, EnteredKey, Network};
use rollcall::sync::ended::Ended;
use rollcall::sync::pass::Surroundings;
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Organization, Population, Simulator, Truth};
use tempfile::TempDir;

use super::postgres;
use super::truth;

/// The engines that every such test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

pub(crate) struct TestApp {
    pub(crate) simulator: Simulator,
    pub(crate) mirrors: Mirrors,
    pub(crate) mirror: Mirror,
    pub(crate) connector: Connector,
    pub(crate) surroundings: Surroundings,
    pub(crate) clock: Clock,
    engine: Engine,
    pub(crate) databases: Databases,
    folder: TempDir,
}

/// Another process on the same databases.
pub(crate) struct Node {
    pub(crate) mirrors: Mirrors,
    pub(crate) mirror: Mirror,
    pub(crate) connector: Connector,
    pub(crate) surroundings: Surroundings,
}

/// When every test's organization is looked at.
pub(crate) fn test_day() -> Timestamp {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

/// A fresh place for an installation's databases.
pub(crate) fn databases(engine: Engine, folder: &TempDir) -> Databases {
    match engine {
        Engine::Sqlite => Databases::Folder(folder.path().to_owned()),
        Engine::Postgres => match postgres::server().schema() {
            Location::Postgres { url, schema } => Databases::Postgres { url, prefix: format!("{schema}_") },
            Location::Sqlite { .. } => unreachable!("a PostgreSQL gives schemas"),
        },
    }
}

pub(crate) fn population(users: u32, seed: u64) -> Population {
    Population { users, seed, ..Population::default() }
}

fn entered(simulator: &Simulator) -> EnteredKey {
    EnteredKey {
        base_url: simulator.base_url(),
        secret: simulator.api_key(),
        label: "test".to_owned(),
        expires_at: None,
    }
}

fn connector(mirrors: &Mirrors, surroundings: &Surroundings) -> Connector {
    Connector::new(
        mirrors.clone(),
        (surroundings.clock.clone(), surroundings.entropy.clone()),
        SealingKey::new([7; 32]),
        Network::default(),
        "Europe/Berlin".to_owned(),
    )
}

impl Node {
    /// Carries out what is due.
    pub(crate) async fn work(&self) -> Worked {
        work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap()
    }
}

impl TestApp {
    /// An organization connected, its first sync queued, on virtual time.
    pub(crate) async fn start(engine: Engine, population: &Population) -> TestApp {
        TestApp::start_with(engine, population, simulator::Options::default()).await
    }

    pub(crate) async fn start_with(engine: Engine, population: &Population, options: simulator::Options) -> TestApp {
        let clock = Clock::simulated(test_day());
        let organization = Organization::populate(population, clock.now());
        let options = simulator::Options { clock: clock.clone(), ..options };
        let simulator = simulator::start(organization, options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let databases = databases(engine, &folder);
        let mirrors = Mirrors::open(databases.clone(), Options::new(clock.clone())).await.unwrap();
        let entropy = Entropy::seeded(population.seed);
        let surroundings = Surroundings { clock: clock.clone(), entropy };
        let connector = connector(&mirrors, &surroundings);
        let context = Context { actor: Actor::System, now: clock.now() };
        let mirror = connector.save(&context, entered(&simulator)).await.unwrap();
        TestApp { simulator, mirrors, mirror, connector, surroundings, clock, engine, databases, folder }
    }

    /// Another process that opens the same databases.
    pub(crate) async fn another_node(&self) -> Node {
        let mirrors = Mirrors::open(self.databases.clone(), Options::new(self.clock.clone())).await.unwrap();
        let mirror = mirrors.only().unwrap();
        let surroundings = self.surroundings.clone();
        let connector = connector(&mirrors, &surroundings);
        Node { mirrors, mirror, connector, surroundings }
    }

    /// Ends this process and starts the next one, which may work at once: on SQLite because a server on its own folder
    /// voids the leases of those before it, on PostgreSQL because the dead one's lease has run out.
    pub(crate) async fn restart(&mut self) {
        self.mirrors.close().await;
        let Node { mirrors, mirror, connector, surroundings } = self.another_node().await;
        match self.engine {
            Engine::Sqlite => mirror.store().write(head::raise_epoch).await.map(drop).unwrap(),
            Engine::Postgres => assert!(self.clock.advance(LEASE + Duration::from_secs(1))),
        }
        (self.mirrors, self.mirror, self.connector, self.surroundings) = (mirrors, mirror, connector, surroundings);
    }

    /// Stores the organization's key that is valid now, as an administrator does who replaces one.
    pub(crate) async fn replace_key(&self) {
        let context = Context { actor: Actor::System, now: self.clock.now() };
        self.connector.save(&context, entered(&self.simulator)).await.unwrap();
    }

    /// Carries out the queued run, or a new one.
    pub(crate) async fn sync(&self) -> Result<Sealed, Ended> {
        self.ask().await;
        self.work().await
    }

    /// Asks for a run, unless one is under way.
    pub(crate) async fn ask(&self) -> Asked {
        let context = Context { actor: Actor::System, now: self.clock.now() };
        let asked = request::start(
            &context,
            &self.mirror,
            Ask::everything(RunKind::Manual),
            (None, &self.surroundings.entropy),
        );
        asked.await.unwrap()
    }

    /// Carries out what is due.
    pub(crate) async fn work(&self) -> Result<Sealed, Ended> {
        match work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap() {
            Worked::Carried { ended, .. } => ended,
            Worked::Idle => panic!("nothing was due"),
        }
    }

    /// Works, and waits out every pause, until a generation is sealed.
    pub(crate) async fn work_through(&self) -> Sealed {
        for _ in 0..20 {
            match self.work().await {
                Ok(sealed) => return sealed,
                Err(ended) => assert!(self.wait_out().await, "the run ended for good: {ended}"),
            }
        }
        panic!("the run pauses again and again");
    }

    /// Moves the clock to where the newest run goes on by itself; false when it waits for nothing.
    pub(crate) async fn wait_out(&self) -> bool {
        let Some(waiting) = self.run().await.waiting else { return false };
        let ahead = waiting.until.duration_since(self.clock.now());
        self.clock.advance(Duration::try_from(ahead).unwrap_or_default() + Duration::from_millis(1))
    }

    /// The newest run.
    pub(crate) async fn run(&self) -> Run {
        self.mirror.store().read(|tx| runs::list(tx, None, 1)).await.unwrap().remove(0)
    }

    /// What the newest run has to say.
    pub(crate) async fn notes(&self) -> Vec<RunNote> {
        let run = self.run().await.id;
        self.mirror.store().read(move |tx| runs::notes(tx, &run, 1000)).await.unwrap()
    }

    /// The claims of the newest generation.
    pub(crate) async fn claims(&self) -> Vec<Claim> {
        let generation = self.mirror.current().generation();
        self.mirror.store().read(move |tx| coverage::of_generation(tx, generation)).await.unwrap()
    }

    /// The newest generation's claim on a noun in a directory.
    pub(crate) async fn claim(&self, noun: Noun, directory: &str) -> Claim {
        let is_it = |claim: &Claim| {
            claim.noun == noun && matches!(&claim.part, Part::Directory(id) if id.as_str() == directory)
        };
        self.claims().await.into_iter().find(is_it).unwrap()
    }

    /// The claims of the newest generation that are not complete, each with its reason.
    pub(crate) async fn gaps(&self) -> Vec<String> {
        let line = |claim: Claim| {
            format!("{} of {}: {}", claim.noun.as_str(), claim.part.to_text(), claim.reason.as_deref().unwrap_or("-"))
        };
        let claims = self.claims().await.into_iter();
        claims.filter(|claim| claim.state != ClaimState::Complete).map(line).collect()
    }

    /// The first directory's id.
    pub(crate) fn directory(&self) -> String {
        self.simulator.read(|organization| organization.directory_ids()[0].clone())
    }

    pub(crate) fn truth(&self) -> Truth {
        self.simulator.read(Organization::truth)
    }

    /// Where the mirror differs from the organization as it is now.
    pub(crate) fn differences(&self) -> Vec<String> {
        truth::differences(&self.mirror.current(), &self.truth())
    }

    /// People and groups that are there and that the mirror takes for gone.
    pub(crate) fn wrongly_gone(&self, before: &Snapshot) -> Vec<String> {
        truth::wrongly_gone(before, &self.mirror.current(), &self.truth())
    }

    /// What holds after every seal, whatever happened: the database alone gives the snapshot in force, and the chain of
    /// events is whole.
    pub(crate) async fn assert_sound(&self) {
        let (organization, store) = (self.mirror.organization().clone(), self.mirror.store().clone());
        let rebuilt = Mirror::open(organization, store).await.unwrap().current();
        let (built, applied) = (truth::everything(&rebuilt), truth::everything(&self.mirror.current()));
        assert_eq!(truth::unlike(&built, &applied), Vec::<String>::new(), "+ built from the database, - applied");
        self.mirror.store().read(events::verify).await.unwrap().unwrap();
    }

    /// The snapshot in force.
    pub(crate) fn now(&self) -> Arc<Snapshot> {
        self.mirror.current()
    }

    /// Requests that the simulator has answered since its ledger was cleared.
    pub(crate) fn requests(&self) -> u64 {
        self.simulator.requests_by_endpoint().values().sum()
    }

    /// What the organization's database takes on disk, on SQLite. Ask after a restart: a process that has ended has moved
    /// its log into the file.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        let name = format!("{}.sqlite", self.mirror.organization().id);
        std::fs::metadata(self.folder.path().join(name)).unwrap().len()
    }

    pub(crate) async fn stop(self) {
        self.mirrors.close().await;
        self.simulator.stop().await;
    }
}
