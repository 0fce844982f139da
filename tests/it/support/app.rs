//! Rollcall without its process: real client, sync, mirror and store on either engine, against a simulated organization.

use clock::Clock;
use jiff::Timestamp;
use rollcall::id::Entropy;
use rollcall::mirror::Mirror;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::RunKind;
use rollcall::store::db::{Location, Options};
use rollcall::store::organization_keys::SealingKey;
use rollcall::sync::connect::{Connector, EnteredKey, Network};
use rollcall::sync::pass::{Ended, Surroundings};
use rollcall::sync::request::{self, Asked};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Organization, Population, Simulator};
use tempfile::TempDir;

use super::postgres;

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
    _folder: TempDir,
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
        let mirrors = Mirrors::open(databases(engine, &folder), Options::new(clock.clone())).await.unwrap();
        let entropy = Entropy::seeded(population.seed);
        let connector = Connector::new(
            mirrors.clone(),
            (clock.clone(), entropy.clone()),
            SealingKey::new([7; 32]),
            Network::default(),
            "Europe/Berlin".to_owned(),
        );
        let entered = EnteredKey {
            base_url: simulator.base_url(),
            secret: simulator.api_key(),
            label: "test".to_owned(),
            expires_at: None,
        };
        let context = Context { actor: Actor::System, now: clock.now() };
        let mirror = connector.save(&context, entered).await.unwrap();
        let surroundings = Surroundings { clock: clock.clone(), entropy };
        TestApp { simulator, mirrors, mirror, connector, surroundings, clock, _folder: folder }
    }

    /// Carries out the queued run, or a new one.
    pub(crate) async fn sync(&self) -> Result<Sealed, Ended> {
        self.ask().await;
        self.work().await
    }

    /// Asks for a run, unless one is under way.
    pub(crate) async fn ask(&self) -> Asked {
        let context = Context { actor: Actor::System, now: self.clock.now() };
        let asked = request::start(&context, &self.mirror, RunKind::Manual, (None, &self.surroundings.entropy));
        asked.await.unwrap()
    }

    /// Carries out what is due.
    pub(crate) async fn work(&self) -> Result<Sealed, Ended> {
        match work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap() {
            Worked::Carried { ended, .. } => ended,
            Worked::Idle => panic!("nothing was due"),
        }
    }

    pub(crate) async fn stop(self) {
        self.mirrors.close().await;
        self.simulator.stop().await;
    }
}
