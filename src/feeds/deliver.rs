//! Puts uploaded files into a run of their feed, in the reference's order of work but for one thing: a control file that
//! is refused changes nothing. When the set is exact, the run is ready and its comparison is due.

use serde_json::json;
use thiserror::Error;

use crate::feeds::control::{self, Refused, Sound};
use crate::feeds::{bodies, tell};
use crate::id::{Entropy, FeedRunId, JobId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::{Feed, Origin};
use crate::nouns::feed_run::{CONTROL, Expected, FeedRun, FeedRunState, Reason, RunCounts, RunFile, Stage};
use crate::store::error::StoreError;
use crate::store::feed_bodies::Body;
use crate::store::tx::Tx;
use crate::store::{feed_bodies, feed_runs, feeds, jobs};

/// Why a file was not taken into a run.
#[derive(Debug, Error)]
pub enum NotTaken {
    /// The name is none.
    #[error("a file's name has letters, digits, hyphens and underscores alone")]
    Name,
    /// The control file is refused.
    #[error("the control file is refused")]
    Control(Box<Refused>),
    /// The feed has no control file, so nobody knows which files there are.
    #[error("the feed has no control file yet: upload it first, as {CONTROL}")]
    NoControl,
    /// The control file lists no such file.
    #[error("the control file lists no file {name}; it lists {}", .listed.join(", "))]
    NotListed {
        /// The name.
        name: String,
        /// Those it lists.
        listed: Vec<String>,
    },
    /// The run of the feed is not waiting for files.
    #[error("the run is {}", .0.as_str())]
    State(FeedRunState),
    /// The run has a file of that name.
    #[error("file {0} has already been uploaded for this sync run")]
    Already(String),
    /// The content is not kept any more: the same was sent a second time, and refused, meanwhile.
    #[error("its content was removed meanwhile")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a file that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The run it is in.
    pub run: FeedRun,
    /// SHA-256 of the content, in hexadecimal digits.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it was called when this content came first.
    pub file_name: String,
    /// What the run still waits for.
    pub missing: Vec<String>,
}

/// Whether a text can be the name of a file (reference, 1.2).
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Puts a received file into the feed's run under a name.
pub async fn put(
    context: &Context,
    mirror: &Mirror,
    file: (&Feed, &str, Body),
    entropy: &Entropy,
) -> Result<Taken, NotTaken> {
    put_expecting(context, mirror, file, Expected::default(), entropy).await
}

/// The same of a file of which the sender has said something: what does not hold holds the run. Nothing is kept of a file
/// that is refused.
pub async fn put_expecting(
    context: &Context,
    mirror: &Mirror,
    (feed, name, body): (&Feed, &str, Body),
    expected: Expected,
    entropy: &Entropy,
) -> Result<Taken, NotTaken> {
    let id = body.id.clone();
    let taken = put_checked(context, mirror, (feed, name, body), expected, entropy).await;
    if !matches!(taken, Ok(_) | Err(NotTaken::Store(_))) {
        bodies::drop_unused(mirror.store(), &id).await?;
    }
    taken
}

async fn put_checked(
    context: &Context,
    mirror: &Mirror,
    (feed, name, body): (&Feed, &str, Body),
    expected: Expected,
    entropy: &Entropy,
) -> Result<Taken, NotTaken> {
    if !is_name(name) {
        return Err(NotTaken::Name);
    }
    let sound = match name == CONTROL {
        true => match control::read(mirror.store(), feed, &body).await? {
            Ok(sound) => Some(sound),
            Err(refused) => return Err(NotTaken::Control(Box::new(refused))),
        },
        false => None,
    };
    let listed = match (&sound, feed.control) {
        (Some(sound), _) => listed(sound),
        (None, Some(version)) => match control::text_of(mirror, feed.number, version).await? {
            Some(text) => match feed::control::check(&text).control {
                Some(control) => control.files.iter().map(|file| file.name.clone()).collect(),
                None => return Err(NotTaken::NoControl),
            },
            None => return Err(NotTaken::NoControl),
        },
        (None, None) => return Err(NotTaken::NoControl),
    };
    let delivery = Delivery {
        context: context.clone(),
        feed: feed.number,
        name: name.to_owned(),
        body,
        expected,
        sound,
        listed,
        salts: [entropy.bytes(), entropy.bytes(), entropy.bytes()],
        run: FeedRunId::new(entropy, context.now),
        job: JobId::new(entropy, context.now),
    };
    let taken = mirror.store().write(move |tx| take(tx, &delivery)).await?;
    if let Err(NotTaken::State(_)) = &taken {
        blocked(context, mirror, feed, entropy).await?;
    }
    taken
}

fn listed(sound: &Sound) -> Vec<String> {
    sound.control.files.iter().map(|file| file.name.clone()).collect()
}

struct Delivery {
    context: Context,
    feed: i64,
    name: String,
    body: Body,
    expected: Expected,
    sound: Option<Sound>,
    listed: Vec<String>,
    salts: [[u8; 16]; 3],
    run: FeedRunId,
    job: JobId,
}

fn take(tx: &mut Tx, delivery: &Delivery) -> Result<Result<Taken, NotTaken>, StoreError> {
    let Delivery { context, name, body, sound, listed, salts, .. } = delivery;
    let Some(feed) = feeds::find(tx, delivery.feed)? else { return Ok(Err(NotTaken::NoControl)) };
    if feed_bodies::find(tx, &body.id)?.is_none() {
        return Ok(Err(NotTaken::Gone));
    }
    let mut run = match open_run(tx, (delivery, &feed))? {
        Ok(run) => run,
        Err(why) => return Ok(Err(why)),
    };
    let files = feed_runs::files(tx, run.number)?;
    if files.iter().any(|file| file.name == *name && !file.given) {
        return Ok(Err(NotTaken::Already(name.clone())));
    }
    if name != CONTROL && !listed.contains(name) {
        return Ok(Err(NotTaken::NotListed { name: name.clone(), listed: listed.clone() }));
    }
    // A control file that came late must know the files that came before it.
    if let Some(file) = files.iter().find(|file| file.name != CONTROL && !listed.contains(&file.name)) {
        return Ok(Err(NotTaken::NotListed { name: file.name.clone(), listed: listed.clone() }));
    }
    if let Some(sound) = sound {
        let version = control::put(tx, context, (&feed, sound, body), (Origin::Upload, None), &salts[0])?;
        run.control = Some(version);
    }
    let digest = body.digest.clone().unwrap_or_default();
    let file = RunFile {
        name: name.clone(),
        body: body.id.clone(),
        digest: digest.clone(),
        size: body.received,
        file_name: body.file_name.clone(),
        given: false,
        uploaded_at: context.now,
        uploaded_by: context.actor.as_text(),
        records: None,
        expected: delivery.expected,
    };
    feed_runs::put_file(tx, run.number, &file)?;
    let there = feed_runs::files(tx, run.number)?;
    let missing: Vec<String> =
        listed.iter().filter(|name| there.iter().all(|file| file.name != **name)).cloned().collect();
    if missing.is_empty() {
        run.state = FeedRunState::Ready;
        run.stage = Stage::Waiting;
        jobs::insert_feed(tx, &delivery.job, &run.id, context.now)?;
        feeds::set_delivered(tx, feed.number, context.now)?;
    }
    feed_runs::update(tx, &run)?;
    let detail = json!({ "run": run.id.as_str(), "name": name, "digest": digest, "size": body.received });
    tell::record(tx, context, ("feed.uploaded", feed.id.as_str()), (detail, None), &salts[1])?;
    Ok(Ok(Taken { run, digest, size: body.received, file_name: body.file_name.clone(), missing }))
}

/// The run that takes files: the newest while it is uploading, a new one once that is over.
fn open_run(tx: &mut Tx, (delivery, feed): (&Delivery, &Feed)) -> Result<Result<FeedRun, NotTaken>, StoreError> {
    let context = &delivery.context;
    let mut superseded = None;
    if let Some(mut newest) = feed_runs::newest_of(tx, feed.number)? {
        match newest.state {
            FeedRunState::Uploading => return Ok(Ok(newest)),
            FeedRunState::Ready | FeedRunState::Held if feed.settings.replace_waiting => {
                superseded = Some(newest.id.clone());
                newest.state = FeedRunState::Cancelled;
                newest.stage = Stage::Over;
                newest.ended_at = Some(context.now);
                newest.decided = Some((context.actor.as_text(), context.now));
                newest.decision = Some("A newer delivery has replaced it.".to_owned());
                feed_runs::update(tx, &newest)?;
                jobs::cancel_feed(tx, &newest.id)?;
                let detail = json!({ "feed": feed.id.as_str(), "superseded_by": delivery.run.as_str() });
                tell::of_run(tx, context, ("feed_run.cancelled", &newest.id), detail, &delivery.salts[2])?;
            }
            state if !state.is_over() => return Ok(Err(NotTaken::State(state))),
            _ => {}
        }
    }
    let mut run = new_run((delivery.run.clone(), feed), context);
    run.superseded = superseded;
    run.number = feed_runs::insert(tx, &run)?;
    if let Some(version) = feed.control
        && let Some(control) = feeds::control_version(tx, feed.number, version)?
        && let Some(body) = feed_bodies::by_digest(tx, &control.digest)?
    {
        feed_runs::put_file(tx, run.number, &given(&body, context))?;
    }
    Ok(Ok(run))
}

/// A run without files.
pub(super) fn new_run((id, feed): (FeedRunId, &Feed), context: &Context) -> FeedRun {
    FeedRun {
        number: 0,
        id,
        feed: feed.number,
        state: FeedRunState::Uploading,
        stage: Stage::Waiting,
        control: feed.control,
        started: false,
        forced: false,
        created_at: context.now,
        created_by: context.actor.as_text(),
        ended_at: None,
        heartbeat_at: None,
        feed_version: None,
        counts: RunCounts::default(),
        reasons: Vec::<Reason>::new(),
        errors: 0,
        lines: 0,
        failure: None,
        copy_of: None,
        superseded: None,
        decided: None,
        decision: None,
        comment: None,
    }
}

/// The control file in force as a file of a new run, which may be replaced.
pub(super) fn given(body: &Body, context: &Context) -> RunFile {
    RunFile {
        name: CONTROL.to_owned(),
        body: body.id.clone(),
        digest: body.digest.clone().unwrap_or_default(),
        size: body.received,
        file_name: body.file_name.clone(),
        given: true,
        uploaded_at: context.now,
        uploaded_by: context.actor.as_text(),
        records: None,
        expected: Expected::default(),
    }
}

/// Says that a delivery was refused because a run waits, so that nobody finds out too late.
async fn blocked(context: &Context, mirror: &Mirror, feed: &Feed, entropy: &Entropy) -> Result<(), StoreError> {
    let (context, entropy, feed) = (context.clone(), entropy.clone(), feed.clone());
    let told = move |tx: &mut Tx| {
        let Some(run) = feed_runs::newest_of(tx, feed.number)? else { return Ok(()) };
        let detail = json!({ "run": run.id.as_str(), "state": run.state.as_str() });
        tell::record(tx, &context, ("feed.blocked", feed.id.as_str()), (detail, None), &entropy.bytes())?;
        tell::blocked(tx, (&feed, &run), context.now, &entropy)
    };
    mirror.store().write(told).await
}

/// Puts a file of an earlier run into a new upload, as *Use this file* does.
pub async fn use_again(
    context: &Context,
    mirror: &Mirror,
    (feed, from, file): (&Feed, &FeedRunId, &RunFile),
    entropy: &Entropy,
) -> Result<Taken, NotTaken> {
    let id = file.body.clone();
    let body = mirror.store().read(move |tx| feed_bodies::find(tx, &id)).await?.ok_or(NotTaken::Name)?;
    let taken = put_expecting(context, mirror, (feed, &file.name, body), file.expected, entropy).await?;
    let (context, salt, run) = (context.clone(), entropy.bytes(), taken.run.id.clone());
    let detail = serde_json::json!({ "from": from.as_str(), "file": file.name });
    let told = move |tx: &mut Tx| tell::of_run(tx, &context, ("feed_run.used_again", &run), detail, &salt);
    mirror.store().write(told).await?;
    Ok(taken)
}
