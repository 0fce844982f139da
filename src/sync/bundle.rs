//! The support bundle: versions, settings without secrets, recent errors and run logs, packed for somebody who helps.
//!
//! Nobody is named in it. Only fields that are listed here go in, and every text among them is stripped of addresses,
//! account ids, and names that the mirror knows; who asked for or changed something is left out altogether.

mod strip;

use std::io::{Cursor, Write as _};

use jiff::Timestamp;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

pub use self::strip::Strip;

use crate::mirror::Mirror;
use crate::mirror::mirrors::Mirrors;
use crate::nouns::run::{Run, RunNote};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{coverage, organization_keys, quota, runs, settings, size};

/// A fault of Rollcall's own, as it is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// When.
    pub at: Timestamp,
    /// The id that the page has shown.
    pub id: String,
    /// The route's template.
    pub route: String,
    /// What went wrong.
    pub error: String,
}

/// What the process that makes the bundle knows beside the databases.
#[derive(Clone, Debug, Default)]
pub struct Surrounding {
    /// The last faults of its pages.
    pub faults: Vec<Fault>,
    /// What was configured, by name, without secrets.
    pub configured: Vec<(&'static str, String)>,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum NotPacked {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive could not be written.
    #[error("the archive could not be written: {0}")]
    Archive(#[from] zip::result::ZipError),
    /// A file of it could not be written.
    #[error("a file of the archive could not be written: {0}")]
    File(#[from] std::io::Error),
}

/// So many runs go in.
const RUNS: u32 = 50;
/// So many notes of each.
const NOTES: u32 = 200;

/// Packs the bundle as a zip archive.
pub async fn pack(mirrors: &Mirrors, surrounding: &Surrounding, now: Timestamp) -> Result<Vec<u8>, NotPacked> {
    let mut files: Vec<(String, Value)> = vec![("versions.json".to_owned(), versions(now))];
    let mut strips = Vec::new();
    for (place, mirror) in mirrors.all().into_iter().enumerate() {
        let strip = Strip::of(&mirror);
        for (name, value) in of_organization(&mirror, &strip).await? {
            files.push((format!("organization-{}/{name}", place + 1), value));
        }
        strips.push(strip);
    }
    let clean = |text: &str| strips.iter().fold(Strip::default().clean(text), |text, strip| strip.clean(&text));
    let faults = surrounding.faults.iter().map(|fault| {
        json!({ "at": fault.at.to_string(), "id": fault.id, "route": fault.route, "error": clean(&fault.error) })
    });
    files.push(("errors.json".to_owned(), faults.collect()));
    let configured = surrounding.configured.iter().map(|(name, value)| ((*name).to_owned(), clean(value).into()));
    files.push(("configuration.json".to_owned(), Value::Object(configured.collect())));
    archive(&files)
}

fn archive(files: &[(String, Value)]) -> Result<Vec<u8>, NotPacked> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, value) in files {
        zip.start_file(name.as_str(), options)?;
        zip.write_all(format!("{value:#}\n").as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn versions(now: Timestamp) -> Value {
    json!({
        "rollcall": env!("CARGO_PKG_VERSION"),
        "system": std::env::consts::OS,
        "machine": std::env::consts::ARCH,
        "made_at": now.to_string(),
    })
}

async fn of_organization(mirror: &Mirror, strip: &Strip) -> Result<Vec<(&'static str, Value)>, StoreError> {
    let snapshot = mirror.current();
    let strip = strip.clone();
    let mirrored = json!({
        "generation": snapshot.generation(),
        "sealed_at": snapshot.sealed_at().to_string(),
        "people": snapshot.present().len(),
        "accounts": snapshot.accounts_len(),
        "groups": snapshot.groups_len(),
        "directories": snapshot.directories().len(),
        "resources": snapshot.resources().len(),
        "snapshot_bytes": snapshot.memory(),
        "time_zone": mirror.organization().time_zone,
    });
    let generation = snapshot.generation();
    let read = mirror.store().read(move |tx| {
        let key = organization_keys::shown(tx)?;
        let key = key.map(|key| json!({ "expires_at": key.expires_at.map(|at| at.to_string()) }));
        let claims: Vec<Value> = coverage::of_generation(tx, generation)?
            .iter()
            .filter(|claim| claim.state != directory::ClaimState::Complete)
            .map(|claim| {
                json!({
                    "noun": claim.noun.as_str(),
                    "state": claim.state.as_str(),
                    "expected": claim.expected,
                    "seen": claim.seen,
                    "reason": claim.reason.as_deref().map(|reason| strip.clean(reason)),
                })
            })
            .collect();
        let limits: Vec<Value> = quota::all(tx)?
            .iter()
            .map(|limit| {
                json!({
                    "endpoint": limit.endpoint,
                    "limit": limit.limit,
                    "window_seconds": limit.window_microseconds / 1_000_000,
                    "learned_at": limit.learned_at.to_string(),
                })
            })
            .collect();
        let about = json!({ "mirror": mirrored, "key": key, "database_bytes": size::bytes(tx)?, "engine": format!("{:?}", tx.engine()) });
        Ok(vec![
            ("mirror.json", about),
            ("settings.json", settings_of(tx, &strip)?),
            ("runs.json", runs_of(tx, &strip)?),
            ("gaps.json", claims.into()),
            ("limits.json", limits.into()),
        ])
    });
    read.await
}

fn settings_of(tx: &mut Tx, strip: &Strip) -> Result<Value, StoreError> {
    let all = settings::list(tx)?.into_iter().map(|(name, setting)| {
        let value = json!({ "value": strip.clean(&setting.value), "changed_at": setting.changed_at.to_string() });
        (name, value)
    });
    Ok(Value::Object(all.collect()))
}

fn runs_of(tx: &mut Tx, strip: &Strip) -> Result<Value, StoreError> {
    let mut told = Vec::new();
    for run in runs::list(tx, None, RUNS)? {
        let notes = runs::notes(tx, &run.id, NOTES)?;
        told.push(run_of(&run, &notes, strip));
    }
    Ok(told.into())
}

fn run_of(run: &Run, notes: &[RunNote], strip: &Strip) -> Value {
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string());
    // Whom a note is about is left out; what it says is stripped.
    let notes: Vec<Value> = notes
        .iter()
        .map(|note| json!({ "at": note.at.to_string(), "kind": note.kind.as_str(), "detail": strip.clean(&note.detail) }))
        .collect();
    json!({
        "id": run.id.as_str(),
        "number": run.number,
        "kind": run.kind.as_str(),
        "state": run.state.as_str(),
        "asked_at": run.asked_at.to_string(),
        "started_at": moment(run.started_at),
        "ended_at": moment(run.ended_at),
        "generation": run.generation,
        "phase": run.progress.phase.as_str(),
        "people_seen": run.progress.people_seen,
        "people_expected": run.progress.people_expected,
        "groups_seen": run.progress.groups_seen,
        "groups_expected": run.progress.groups_expected,
        "requests": run.progress.requests,
        "requests_floor": run.progress.requests_floor,
        "waited_seconds": run.progress.waited.as_secs_f64(),
        "withheld_rows": run.withheld_rows,
        "waiting_until": moment(run.waiting.as_ref().map(|waiting| waiting.until)),
        "waiting_for": run.waiting.as_ref().map(|waiting| strip.clean(&waiting.reason)),
        "failure": run.failure.as_deref().map(|failure| strip.clean(failure)),
        "counts": run.counts.as_ref().map(runs::counts_text),
        "notes": notes,
    })
}
