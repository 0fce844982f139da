//! A simulated organization, and Rollcall before it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use clock::Clock;
use directory::act::Action;
use rollcall::id::{Entropy, OperationId};
use rollcall::mirror::Mirror;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::operation::{Operation, Selection};
use rollcall::nouns::operation_row::OperationRow;
use rollcall::nouns::run::{Run, RunKind};
use rollcall::operations::approve::{self, Approving};
use rollcall::operations::plan::{self, Wanted};
use rollcall::operations::prepare::{self, Owner};
use rollcall::operations::{guard, worker as operations_worker};
use rollcall::store::db::Options;
use rollcall::store::organization_keys::SealingKey;
use rollcall::store::{operation_rows, operations, runs};
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
    /// One in which a working day goes by before the third pass asks for its organization.
    pub(crate) fn start(users: u32) -> Simulated {
        let day = serde_json::json!({ "working-day": { "seed": 5 } });
        Simulated::with(users, serde_json::json!([{ "path": "/admin/v1/orgs/{o}", "request": 3, "change": day }]))
    }

    /// One in which nothing changes by itself.
    pub(crate) fn quiet(users: u32) -> Simulated {
        Simulated::with(users, serde_json::json!([]))
    }

    fn with(users: u32, changes: serde_json::Value) -> Simulated {
        let mut scenario = tempfile::NamedTempFile::new().unwrap();
        let text = serde_json::json!({ "population": { "users": users, "seed": 1 }, "changes": changes });
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

    /// What makes clients.
    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// The clock and the other surroundings, as the worker has them.
    pub(crate) fn surroundings(&self) -> &Surroundings {
        &self.surroundings
    }

    /// Makes acting possible: somebody has said whose the key is, and actions are on.
    pub(crate) async fn ready(&self) {
        let (context, entropy) = (self.context(), &self.surroundings.entropy);
        prepare::choose_key_owner(&context, &self.mirror, &Owner::Elsewhere, entropy).await.unwrap();
        guard::switch_on(&context, &self.mirror, entropy).await.unwrap();
    }

    pub(crate) async fn plan(&self, selection: Selection, actions: Vec<Action>) -> OperationId {
        let wanted = Wanted { selection, actions, own: None };
        plan::plan(&self.context(), &self.mirror, wanted, (None, &self.surroundings.entropy)).await.unwrap()
    }

    pub(crate) async fn operation(&self, id: &OperationId) -> Operation {
        let id = id.clone();
        self.mirror.store().read(move |tx| operations::find(tx, &id)).await.unwrap().unwrap().0
    }

    pub(crate) async fn approve(&self, id: &OperationId) {
        let plan = self.operation(id).await.plan;
        let approving = Approving { hash: plan.hash, typed: Some(plan.rows), reason: String::new() };
        approve::approve(&self.context(), &self.mirror, (id, approving), &self.surroundings.entropy).await.unwrap();
    }

    /// Carries an approved operation out to its end.
    pub(crate) async fn carry_out(&self, id: &OperationId) -> Operation {
        loop {
            operations_worker::work_once(&self.mirror, &self.connector, &self.surroundings).await.unwrap();
            let operation = self.operation(id).await;
            if operation.state.is_over() {
                return operation;
            }
            let waiting = operation.waiting.unwrap_or_else(|| panic!("it stands still: {:?}", operation.state));
            let left = waiting.until.duration_since(self.surroundings.clock.now());
            self.surroundings.clock.sleep(left.try_into().unwrap_or_default()).await;
        }
    }

    pub(crate) async fn rows(&self, number: u64) -> Vec<OperationRow> {
        let read = self.mirror.store().read(move |tx| {
            let mut rows = Vec::new();
            operation_rows::for_each(tx, number, |row| {
                rows.push(row);
                Ok(())
            })?;
            Ok(rows)
        });
        read.await.unwrap()
    }

    pub(crate) fn context(&self) -> Context {
        Context { actor: Actor::CommandLine, now: self.surroundings.clock.now() }
    }
}
