//! One step of a feed in a process of its own, so that its processor time and its peak of memory are its own: made,
//! delivered, worked on, applied. It prints what it took and how the run stands as a line of JSON.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::Subcommand;
use clock::Clock;
use rollcall::auth::feed_keys::{self, WantedKey};
use rollcall::feeds::bodies::{Announced, Receiving};
use rollcall::feeds::decide::{self, Approval};
use rollcall::feeds::{deliver, keep, listing, upkeep, worker};
use rollcall::id::{Entropy, OrganizationId};
use rollcall::mirror::Mirror;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::feed::Feed;
use rollcall::nouns::feed_run::FeedRun;
use rollcall::nouns::organization::Organization;
use rollcall::store::db::Options;
use rollcall::store::head;
use rollcall::sync::pass::Surroundings;
use serde_json::{Value, json};

use crate::meter::{Meter, peak_memory};
use crate::nights::Difference;

/// Where the databases are.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Place {
    /// The data folder.
    #[arg(long)]
    pub(crate) folder: PathBuf,
    /// A PostgreSQL database instead.
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// Before the names of its schemas.
    #[arg(long, default_value = "")]
    pub(crate) prefix: String,
}

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Step {
    /// An organization with a feed and a key.
    Make { feed: String },
    /// A file put into a run.
    Deliver { feed: String, name: String, file: PathBuf },
    /// What is due, carried out.
    Work { feed: String },
    /// The waiting run approved and applied.
    Apply { feed: String },
}

/// What a step took, and how the newest run stands after it.
#[derive(Clone, Debug)]
pub(crate) struct Stepped {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// Bytes written to storage.
    pub(crate) written: u64,
    /// The most memory of its process.
    pub(crate) peak: u64,
    /// What was made ready for the next one, behind it.
    pub(crate) kept: Duration,
    said: Value,
}

impl Stepped {
    /// How many people the newest run makes, takes out and changes.
    pub(crate) fn difference(&self) -> Difference {
        let count = |name: &str| self.said["counts"][name].as_u64().unwrap();
        Difference { new: count("new"), gone: count("gone"), changed: count("changed") }
    }

    /// The secret of the feed's key.
    pub(crate) fn key(&self) -> &str {
        self.said["key"].as_str().unwrap()
    }

    pub(crate) fn state(&self) -> &str {
        self.said["state"].as_str().unwrap()
    }
}

/// Takes a step in a new process.
pub(crate) fn step(place: &Place, step: &[&str]) -> Stepped {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("feed-step").arg("--folder").arg(&place.folder).arg("--prefix").arg(&place.prefix);
    if let Some(url) = &place.database {
        command.arg("--database").arg(url);
    }
    let output = command.args(step).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{step:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_str(text.trim()).unwrap();
    let seconds = |name: &str| Duration::from_secs_f64(said[name].as_f64().unwrap());
    Stepped {
        wall: seconds("wall"),
        cpu: seconds("cpu"),
        written: said["written"].as_u64().unwrap(),
        peak: said["peak"].as_u64().unwrap(),
        kept: seconds("kept"),
        said,
    }
}

/// Takes a step in this process.
pub(crate) async fn take(place: Place, step: Step) {
    let databases = match place.database {
        Some(url) => Databases::Postgres { url, prefix: place.prefix },
        None => Databases::Folder(place.folder),
    };
    let clock = Clock::system();
    let around = Surroundings { clock: clock.clone(), entropy: Entropy::machine() };
    let mirrors = Mirrors::open(databases, Options::new(clock)).await.unwrap();
    let key = match &step {
        Step::Make { feed } => Some(make(&mirrors, feed, &around).await),
        _ => None,
    };
    let mirror = mirrors.only().unwrap();
    mirror.store().write(head::raise_epoch).await.unwrap();
    let feed = match &step {
        Step::Make { feed } | Step::Deliver { feed, .. } | Step::Work { feed } | Step::Apply { feed } => {
            keep::find(&mirror, feed).await.unwrap()
        }
    };
    if matches!(step, Step::Apply { .. }) {
        let run = newest(&mirror, &feed).await.unwrap();
        let typed = run.counts.removes_everybody().then_some(run.counts.leaving);
        let approval = Approval { reason: "a benchmark".to_owned(), typed };
        decide::apply(&context(&around), &mirror, (&run.id, approval), &around.entropy).await.unwrap();
    }
    let meter = Meter::start();
    match &step {
        Step::Make { .. } => {}
        Step::Deliver { name, file, .. } => put(&mirror, (&feed, name, file), &around).await,
        Step::Work { .. } | Step::Apply { .. } => while worker::work_once(&mirror, &around).await.unwrap() {},
    }
    let took = meter.stop();
    // What the next comparison finds ready; nobody waits for it.
    let meter = Meter::start();
    while upkeep::once(&mirror, &around).await.unwrap() {}
    let kept = meter.stop();
    let run = newest(&mirror, &feed).await;
    let counts = run.as_ref().map(|run| run.counts).unwrap_or_default();
    let said = json!({
        "wall": took.wall.as_secs_f64(),
        "cpu": took.cpu.as_secs_f64(),
        "written": took.written,
        "peak": peak_memory(),
        "kept": kept.wall.as_secs_f64(),
        "key": key,
        "state": run.as_ref().map(|run| run.state.as_str()),
        "counts": { "new": counts.new, "gone": counts.leaving, "changed": counts.changed },
    });
    println!("{said}");
    mirrors.close().await;
}

fn context(around: &Surroundings) -> Context {
    Context { actor: Actor::CommandLine, now: around.clock.now() }
}

async fn newest(mirror: &Mirror, feed: &Feed) -> Option<FeedRun> {
    listing::runs(mirror, Some(feed.number), (i64::MAX, 1)).await.unwrap().pop()
}

/// A feed with a key, in an organization without anybody.
async fn make(mirrors: &Mirrors, code: &str, around: &Surroundings) -> String {
    let (context, entropy) = (context(around), &around.entropy);
    let mirror = match mirrors.only() {
        Some(mirror) => mirror,
        None => {
            let organization = Organization {
                id: OrganizationId::new(entropy, context.now),
                atlassian_id: "bench".to_owned(),
                name: "Bench".to_owned(),
                base_url: "http://127.0.0.1:9".to_owned(),
                time_zone: "UTC".to_owned(),
                created_at: context.now,
            };
            mirrors.create(organization).await.unwrap()
        }
    };
    let feed = keep::create(&context, &mirror, (code, code), entropy).await.unwrap();
    let wanted = WantedKey { label: "nightly".to_owned(), days: None };
    feed_keys::create(&context, &mirror, (&feed, wanted), entropy).await.unwrap().1.expose()
}

/// Puts a file into the feed's run as an upload does, a piece at a time.
async fn put(mirror: &Mirror, (feed, name, file): (&Feed, &str, &Path), around: &Surroundings) {
    let context = context(around);
    let file_name = file.file_name().unwrap().to_string_lossy().into_owned();
    let announced = Announced { feed: feed.number, name: name.to_owned(), file_name, gzip: false };
    let mut receiving = Receiving::begin(mirror.store(), announced, (context.now, &around.entropy)).await.unwrap();
    let (mut from, mut chunk) = (std::fs::File::open(file).unwrap(), vec![0; 64 << 10]);
    loop {
        let count = from.read(&mut chunk).unwrap();
        if count == 0 {
            break;
        }
        receiving.take(&chunk[..count]).await.unwrap();
    }
    let body = receiving.finish(None).await.unwrap();
    deliver::put(&context, mirror, (feed, name, body), &around.entropy).await.unwrap();
}
