//! A feed's control file: checked as a whole before anything of it is kept, in versions, never changed by one that is
//! refused.

use feed::control::{Checked, ControlFile, Diagnostic, check};
use serde_json::json;

use crate::feeds::bodies::{self, Announced, Receiving};
use crate::feeds::guard::LONGEST_CONTROL;
use crate::feeds::tell;
use crate::feeds::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::{ControlVersion, Feed, ManagedGroup, Origin};
use crate::nouns::feed_run::CONTROL;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::feed_bodies::{self, Body};
use crate::store::tx::Tx;
use crate::store::{feed_runs, feeds};

/// A control file that may be put in force.
#[derive(Clone, Debug)]
pub struct Sound {
    /// What it does.
    pub control: ControlFile,
    /// What there is to say about it all the same.
    pub warnings: Vec<Diagnostic>,
    /// The groups it can produce.
    pub groups: Vec<String>,
}

/// Why a control file is refused: everything that is wrong with it, and what the reference answers.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Everything there is to say, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// What the reference answers to an upload.
    pub answer: String,
}

/// Checks a control file for a feed. The first one declares the groups it can produce; a later one may name declared ones
/// only.
pub fn judge(text: &str, declared: Option<&[ManagedGroup]>) -> Result<Sound, Refused> {
    let checked: Checked = check(text);
    if let Some(answer) = checked.refusal() {
        return Err(Refused { answer, diagnostics: checked.diagnostics });
    }
    let undeclared = declared.map_or_else(Vec::new, |declared| {
        checked.undeclared(&declared.iter().map(|group| group.code.clone()).collect())
    });
    let line = |one: &Diagnostic| format!("{} (line {}, column {})", one.message, one.line, one.column);
    let lines: Vec<String> = undeclared.iter().map(line).collect();
    let mut diagnostics = checked.diagnostics;
    diagnostics.extend(undeclared);
    let refused = !lines.is_empty();
    let answer = format!("File named _control is not a valid control file:\n  {}", lines.join("\n  "));
    match checked.control {
        Some(control) if !refused => {
            let groups = checked.groups.into_iter().map(|(code, ..)| code).collect();
            Ok(Sound { control, warnings: diagnostics, groups })
        }
        _ => Err(Refused { diagnostics, answer }),
    }
}

/// Reads and checks an uploaded control file for a feed.
pub async fn read(store: &Store, feed: &Feed, body: &Body) -> Result<Result<Sound, Refused>, StoreError> {
    let Some(bytes) = bodies::whole(store, &body.id, LONGEST_CONTROL).await? else {
        return Ok(Err(unreadable("it is longer than 4 MiB")));
    };
    let Ok(text) = String::from_utf8(bytes) else { return Ok(Err(unreadable("it is not UTF-8"))) };
    let (number, first) = (feed.number, feed.control.is_none());
    let groups = store.read(move |tx| feeds::groups(tx, number)).await?;
    Ok(judge(&text, (!first).then_some(groups.as_slice())))
}

fn unreadable(why: &str) -> Refused {
    Refused { diagnostics: Vec::new(), answer: format!("Control file was not valid JSON: {why}") }
}

/// Puts a checked control file in force, inside a transaction. One with the same content changes nothing.
pub(super) fn put(
    tx: &mut Tx,
    context: &Context,
    (feed, sound, body): (&Feed, &Sound, &Body),
    (origin, reason): (Origin, Option<String>),
    salt: &[u8; 16],
) -> Result<u64, StoreError> {
    let digest = body.digest.clone().unwrap_or_default();
    if let Some(version) = feed.control
        && feeds::control_version(tx, feed.number, version)?.is_some_and(|known| known.digest == digest)
    {
        return Ok(version);
    }
    let by = context.actor.as_text();
    if feed.control.is_none() {
        for code in &sound.groups {
            let (code, name) = (code.clone(), code.clone());
            let group = ManagedGroup { code, name, declared_at: context.now, declared_by: by.clone() };
            feeds::put_group(tx, feed.number, &group)?;
        }
    }
    let control = ControlVersion {
        version: 0,
        digest: digest.clone(),
        meaning: sound.control.digest().0,
        at: context.now,
        author: by,
        origin,
        reason,
    };
    let version = feeds::put_control(tx, feed.number, &control)?;
    let detail = json!({ "version": version, "digest": digest, "origin": origin.as_str() });
    tell::record(tx, context, ("feed.control_changed", feed.id.as_str()), (detail, None), salt)?;
    Ok(version)
}

/// Puts a control file in force by a page or command, with a reason. An open run that waits for files takes it, unless one
/// was sent with that run.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (feed, text, reason): (&Feed, &str, &str),
    entropy: &Entropy,
) -> Result<Result<u64, Refused>, NotDone> {
    if reason.trim().is_empty() {
        return Err(NotDone::NoReason);
    }
    let announced =
        Announced { feed: feed.number, name: CONTROL.to_owned(), file_name: "control.json".to_owned(), gzip: false };
    let failed = |error: bodies::NotReceived| match error {
        bodies::NotReceived::Store(error) => NotDone::Store(error),
        other => NotDone::Invalid(other.to_string()),
    };
    let mut receiving = Receiving::begin(mirror.store(), announced, (context.now, entropy)).await.map_err(failed)?;
    receiving.take(text.as_bytes()).await.map_err(failed)?;
    let body = receiving.finish(None).await.map_err(failed)?;
    let sound = match read(mirror.store(), feed, &body).await? {
        Ok(sound) => sound,
        Err(refused) => {
            bodies::drop_unused(mirror.store(), &body.id).await?;
            return Ok(Err(refused));
        }
    };
    let (context, salt, reason, number) = (context.clone(), entropy.bytes(), reason.trim().to_owned(), feed.number);
    let put = mirror.store().write(move |tx| {
        let Some(feed) = feeds::find(tx, number)? else { return Ok(Err(NotDone::NoFeed)) };
        let version = put(tx, &context, (&feed, &sound, &body), (Origin::Page, Some(reason)), &salt)?;
        if let Some(mut run) = feed_runs::newest_of(tx, number)?
            && run.state == crate::nouns::feed_run::FeedRunState::Uploading
            && feed_runs::files(tx, run.number)?.iter().all(|file| file.name != CONTROL || file.given)
        {
            feed_runs::put_file(tx, run.number, &super::deliver::given(&body, &context))?;
            run.control = Some(version);
            feed_runs::update(tx, &run)?;
        }
        Ok(Ok(version))
    });
    Ok(Ok(put.await??))
}

/// The text of a version of a feed's control file.
pub async fn text_of(mirror: &Mirror, feed: i64, version: u64) -> Result<Option<String>, StoreError> {
    let found = mirror.store().read(move |tx| match feeds::control_version(tx, feed, version)? {
        Some(control) => feed_bodies::by_digest(tx, &control.digest),
        None => Ok(None),
    });
    let Some(body) = found.await? else { return Ok(None) };
    let bytes = bodies::whole(mirror.store(), &body.id, LONGEST_CONTROL).await?.unwrap_or_default();
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The versions of a feed's control file, the newest first.
pub async fn history(mirror: &Mirror, feed: i64) -> Result<Vec<ControlVersion>, StoreError> {
    mirror.store().read(move |tx| feeds::controls(tx, feed)).await
}
