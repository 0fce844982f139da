//! A simulated organization, and Rollcall before it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use clock::Clock;
use rollcall::id::Entropy;
use rollcall::mirror::Mirror;
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

use crate::meter::{Meter, Took};

/// What every benchmark's secrets are sealed with.
pub(crate) const SEALING: [u8; 32] = [1; 32];

/// An organization behind HTTP, in a process of its own.
pub(crate) struct Simulated {
    child: Child,
    pub(crate) base_url: String,
    pub(crate) key: String,
    _scenario: tempfile::NamedTempFile,
}

impl Simulated {
    pub(crate) fn start(users: u32) -> Simulated {
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

/// Rollcall in this process, connected to an organization.
pub(crate) struct Bench {
    pub(crate) mirror: Mirror,
    pub(crate) mirrors: Mirrors,
    connector: Connector,
    surroundings: Surroundings,
}

impl Bench {
    pub(crate) async fn connect(databases: Databases, clock: Clock, base_url: String, secret: String) -> Bench {
        let mirrors = Mirrors::open(databases, Options::new(clock.clone())).await.unwrap();
        let entropy = Entropy::machine();
        let connector = Connector::new(
            mirrors.clone(),
            (clock.clone(), entropy.clone()),
            SealingKey::new(SEALING),
            Network::default(),
            "UTC".to_owned(),
        );
        let context = Context { actor: Actor::CommandLine, now: clock.now() };
        let entered = EnteredKey { base_url, secret, label: "bench".to_owned(), expires_at: None };
        let mirror = connector.save(&context, entered).await.unwrap();
        Bench { mirror, mirrors, connector, surroundings: Surroundings { clock, entropy } }
    }

    /// Carries out the queued run, or a new one.
    pub(crate) async fn sync(&self) -> (Took, Run) {
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
