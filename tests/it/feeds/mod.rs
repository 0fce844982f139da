//! Feeds over real HTTP, before a worker: what an upload script sees, what becomes of people, what a fault leaves.

#![expect(clippy::unwrap_used, reason = "a test's own functions fail as the test does")]

mod accounts;
mod again;
mod digests;
mod faults;
mod figures;
mod files;
mod nights;
mod reference;
mod told;

use reqwest::Method;
use rollcall::auth::feed_keys::{self, WantedKey};
use rollcall::feeds::decide::{self, Approval};
use rollcall::feeds::trouble::NotDone;
use rollcall::feeds::{keep, listing, look_up, worker};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::feed::{Feed, FeedSettings};
use rollcall::nouns::feed_person::PersonState;
use rollcall::nouns::feed_row::{FeedRow, RowKind};
use rollcall::nouns::feed_run::{FeedRun, FeedRunState, LogLine, Severity};
use rollcall::store::feed_log::LinesWanted;
use rollcall::store::feed_rows::RowsWanted;
use serde_json::{Value, json};

use crate::api::Served;
use crate::support::app::{Engine, TestApp, population};

/// Feeds of an organization, their keys, and a worker.
pub(crate) struct World {
    pub(crate) served: Served,
    working: Option<tokio::task::JoinHandle<()>>,
}

/// What the upload API answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn start(engine: Engine, seed: u64) -> World {
        let app = TestApp::start(engine, &population(20, seed)).await;
        World { served: Served::of(app).await, working: None }
    }

    /// Lets a worker work.
    pub(crate) fn work(&mut self) {
        let app = &self.served.app;
        self.working = Some(tokio::spawn(worker::work(app.mirror.clone(), app.surroundings.clone())));
    }

    /// Carries out what is due, once.
    pub(crate) async fn work_once(&self) -> bool {
        let app = &self.served.app;
        worker::work_once(&app.mirror, &app.surroundings).await.unwrap()
    }

    pub(crate) fn context(&self) -> Context {
        Context { actor: Actor::CommandLine, now: self.served.app.clock.now() }
    }

    /// A feed with a key.
    pub(crate) async fn feed(&self, code: &str) -> (Feed, String) {
        let app = &self.served.app;
        let (mirror, entropy) = (&app.mirror, &app.surroundings.entropy);
        let feed = keep::create(&self.context(), mirror, (code, code), entropy).await.unwrap();
        let wanted = WantedKey { label: "nightly".to_owned(), days: None };
        let (_, secret) = feed_keys::create(&self.context(), mirror, (&feed, wanted), entropy).await.unwrap();
        (feed, secret.expose())
    }

    pub(crate) async fn configure(&self, code: &str, change: impl FnOnce(&mut FeedSettings)) {
        let app = &self.served.app;
        let feed = keep::find(&app.mirror, code).await.unwrap();
        let mut settings = feed.settings.clone();
        change(&mut settings);
        let (name, entropy) = (feed.name.clone(), &app.surroundings.entropy);
        keep::configure(&self.context(), &app.mirror, (&feed, &name, settings), entropy).await.unwrap();
    }

    /// POST /api/haplo-user-sync/... with a key.
    pub(crate) async fn post(&self, path: &str, key: Option<&str>, body: Option<(String, Vec<u8>)>) -> Said {
        let url = format!("http://{}/api/haplo-user-sync/{path}", self.served.address);
        let mut request = self.served.client.request(Method::POST, url);
        if let Some(key) = key {
            request = request.basic_auth("haplo", Some(key));
        }
        if let Some((kind, bytes)) = body {
            request = request.header("content-type", kind).body(bytes);
        }
        let answer = request.send().await.unwrap();
        Said { status: answer.status().as_u16(), text: answer.text().await.unwrap() }
    }

    /// Uploads a file as `curl -F name=... -F file=@...` does.
    pub(crate) async fn upload(&self, key: &str, name: &str, content: &[u8]) -> Said {
        self.post("upload-file", Some(key), Some(form(&[("name", name)], Some(content)))).await
    }

    /// Uploads a file that has to be taken.
    pub(crate) async fn uploaded(&self, key: &str, name: &str, content: &[u8]) {
        let said = self.upload(key, name, content).await;
        assert_eq!(said.status, 200, "{}", said.text);
    }

    /// `start-sync`, as text.
    pub(crate) async fn started(&self, key: &str) -> String {
        self.post("start-sync", Some(key), None).await.text
    }

    /// The newest run of a feed.
    pub(crate) async fn run(&self, code: &str) -> FeedRun {
        let feed = keep::find(&self.served.app.mirror, code).await.unwrap();
        listing::runs(&self.served.app.mirror, Some(feed.number), (i64::MAX, 1)).await.unwrap().remove(0)
    }

    /// The newest run of a feed once it is over, or waits for a person.
    pub(crate) async fn settled(&self, code: &str) -> FeedRun {
        for _ in 0..2_000 {
            let run = self.run(code).await;
            let waits = run.state == FeedRunState::Held
                || (run.state == FeedRunState::Ready && run.stage == rollcall::nouns::feed_run::Stage::Compared);
            if run.is_over() || (waits && !run.started) || run.state == FeedRunState::Held {
                return run;
            }
            if self.working.is_none() {
                self.work_once().await;
            } else {
                tokio::task::yield_now().await;
                self.served.app.clock.sleep(std::time::Duration::from_millis(100)).await;
            }
        }
        panic!("the run of {code} comes to no end: {:?}", self.run(code).await);
    }

    pub(crate) async fn apply(&self, run: &FeedRun, reason: &str, typed: Option<u64>) -> Result<FeedRun, NotDone> {
        let app = &self.served.app;
        let approval = Approval { reason: reason.to_owned(), typed };
        decide::apply(&self.context(), &app.mirror, (&run.id, approval), &app.surroundings.entropy).await
    }

    pub(crate) async fn cancel(&self, run: &FeedRun) -> Result<FeedRun, NotDone> {
        let app = &self.served.app;
        decide::cancel(&self.context(), &app.mirror, (&run.id, "not this one"), &app.surroundings.entropy).await
    }

    pub(crate) async fn reapply(&self, run: &FeedRun) -> Result<FeedRun, NotDone> {
        let app = &self.served.app;
        decide::reapply(&self.context(), &app.mirror, (&run.id, "back to that day"), &app.surroundings.entropy).await
    }

    /// The rows of a run's preview, as kind and username.
    pub(crate) async fn rows(&self, run: &FeedRun) -> Vec<(RowKind, String)> {
        let mut rows: Vec<_> =
            self.preview(run).await.into_iter().map(|row| (row.kind, row.username.to_lowercase())).collect();
        rows.sort();
        rows
    }

    pub(crate) async fn preview(&self, run: &FeedRun) -> Vec<FeedRow> {
        let mirror = &self.served.app.mirror;
        listing::preview_rows(mirror, run.number, (RowsWanted::default(), 1_000)).await.unwrap()
    }

    pub(crate) async fn errors(&self, run: &FeedRun) -> Vec<LogLine> {
        let wanted = LinesWanted { severity: Some(Severity::Error), ..LinesWanted::default() };
        listing::log(&self.served.app.mirror, run.number, (wanted, 1_000)).await.unwrap()
    }

    /// State, name and e-mail address of somebody; none when nobody knows them.
    pub(crate) async fn person(&self, username: &str) -> Option<(PersonState, String, String)> {
        let app = &self.served.app;
        let looked = look_up::look_up(&app.mirror, username, app.clock.now()).await.ok()?;
        Some((looked.person.state, looked.person.name, looked.person.email))
    }

    pub(crate) async fn state(&self, username: &str) -> Option<PersonState> {
        self.person(username).await.map(|(state, ..)| state)
    }

    pub(crate) async fn groups(&self, username: &str) -> Vec<String> {
        let app = &self.served.app;
        let looked = look_up::look_up(&app.mirror, username, app.clock.now()).await.unwrap();
        looked.groups.into_iter().map(|(code, _)| code).collect()
    }

    pub(crate) async fn end(mut self) {
        if let Some(working) = self.working.take() {
            working.abort();
            let _ = working.await;
        }
        self.served.end().await;
    }
}

/// A form as browsers and curl send it: its content type and its bytes.
pub(crate) fn form(fields: &[(&str, &str)], file: Option<&[u8]>) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some(file) = file {
        body.extend(b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"people.dat\"\r\n");
        body.extend(b"Content-Type: application/octet-stream\r\n\r\n");
        body.extend(file);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    ("multipart/form-data; boundary=edge".to_owned(), body)
}

/// A control file for people with an id, a name, an address and a role.
pub(crate) fn control(file: Value) -> Value {
    let field =
        |source: &str, name: &str| json!({ "action": "field", "source": source, "destination": "user", "name": name });
    let group = json!({
        "action": "field", "source": "role", "destination": "user", "name": "groups",
        "mapInputValue": { "teaching": "group:teaching", "office": "group:office" }
    });
    json!({
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": { "users": file },
        "instructions": [
            field("id", "username"), field("first", "nameFirst"), field("last", "nameLast"), field("mail", "email"),
            group,
        ]
    })
}

pub(crate) fn json_control() -> Vec<u8> {
    control(json!({ "read": "json" })).to_string().into_bytes()
}

/// A person as a record.
pub(crate) fn record(id: &str, last: &str, mail: &str, role: &str) -> Value {
    json!({ "id": id, "first": "Pat", "last": last, "mail": mail, "role": role })
}

/// So many people, `s01` to `sNN`.
pub(crate) fn people(count: usize) -> Vec<Value> {
    (1..=count)
        .map(|n| record(&format!("s{n:02}"), &format!("Number{n:02}"), &format!("s{n:02}@uni.example"), "teaching"))
        .collect()
}

pub(crate) fn bytes(records: &[Value]) -> Vec<u8> {
    serde_json::to_vec(records).unwrap()
}
