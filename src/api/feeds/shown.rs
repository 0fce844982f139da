//! Runs of feeds as programs see them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::nouns::feed_run::{FeedRun, Reason, RunAct, RunCounts, RunFile};
use crate::store::feed_text;

/// A run as a feed key may see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RunSummary {
    /// Its id.
    pub(crate) id: String,
    /// Its number.
    pub(crate) number: u64,
    /// `uploading`, `ready`, `held`, `running`, `complete`, `cancelled` or `failure`.
    pub(crate) state: String,
    /// How far the work is: `waiting`, `comparing`, `compared`, `applying` or `over`.
    pub(crate) stage: String,
    /// When it began.
    pub(crate) created_at: String,
    /// When it ended.
    pub(crate) ended_at: Option<String>,
    /// What it would do, or did.
    pub(crate) counts: CountsBody,
    /// How many errors its log has.
    pub(crate) errors: u64,
    /// Why it waits for a person, as words that stay.
    pub(crate) reasons: Vec<String>,
}

/// A run of a feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedRunBody {
    /// Its id.
    id: String,
    /// Its number.
    number: u64,
    /// `uploading`, `ready`, `held`, `running`, `complete`, `cancelled` or `failure`.
    state: String,
    /// How far the work is: `waiting`, `comparing`, `compared`, `applying` or `over`.
    stage: String,
    /// The version of the control file it is read with.
    control: Option<u64>,
    /// When it began.
    created_at: String,
    /// Who began it.
    created_by: String,
    /// When it ended.
    ended_at: Option<String>,
    /// The last sign of life of its worker.
    heartbeat_at: Option<String>,
    /// What it would do, or did.
    counts: CountsBody,
    /// Why it waits for a person.
    reasons: Vec<ReasonBody>,
    /// How many errors its log has.
    errors: u64,
    /// Why it was given up.
    failure: Option<String>,
    /// The run that it is a copy of.
    copy_of: Option<String>,
    /// The run that it has replaced.
    superseded: Option<String>,
    /// Who decided about it.
    decided_by: Option<String>,
    /// What they said.
    decision: Option<String>,
    /// A comment on it.
    comment: Option<String>,
    /// What may be done with it: `apply`, `reapply`, `cancel`, `unsafe_cancel`.
    acts: Vec<String>,
}

/// What a run does, in numbers.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct CountsBody {
    /// Records read.
    records: u64,
    /// People who are new.
    new: u64,
    /// People who change.
    changed: u64,
    /// Of these, people who change by the control file alone.
    changed_by_control: u64,
    /// People who stay as they are.
    unchanged: u64,
    /// People who are no longer in the feed.
    leaving: u64,
    /// People who come back.
    returning: u64,
    /// Records that fail; their people stay as they are.
    failing: u64,
    /// Records that contradict each other or somebody else's.
    conflicts: u64,
    /// People in the feed before it.
    before: u64,
}

/// Why a run waits for a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReasonBody {
    /// A word that stays.
    reason: String,
    /// Why, as a sentence.
    sentence: String,
}

/// A file of a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FileBody {
    /// Its name in the control file.
    pub(crate) name: String,
    /// SHA-256 of its content, in hexadecimal digits.
    pub(crate) sha256: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// What it was called when it was sent.
    pub(crate) file_name: String,
    /// When it came.
    pub(crate) uploaded_at: String,
    /// How many records it has, once it was read.
    pub(crate) records: Option<u64>,
}

/// The word by which a reason is known.
pub(crate) fn reason_word(reason: &Reason) -> String {
    feed_text::reason_word(reason)
}

impl CountsBody {
    pub(crate) fn of(counts: &RunCounts) -> CountsBody {
        CountsBody {
            records: counts.records,
            new: counts.new,
            changed: counts.changed,
            changed_by_control: counts.by_control,
            unchanged: counts.unchanged,
            leaving: counts.leaving,
            returning: counts.returning,
            failing: counts.failing,
            conflicts: counts.conflicts,
            before: counts.before,
        }
    }
}

impl FeedRunBody {
    pub(crate) fn of(run: &FeedRun) -> FeedRunBody {
        let now = run.ended_at.or(run.heartbeat_at).unwrap_or(run.created_at);
        FeedRunBody::at(run, now)
    }

    /// A run with what may be done with it at a moment.
    pub(crate) fn at(run: &FeedRun, now: jiff::Timestamp) -> FeedRunBody {
        let reason = |reason: &Reason| ReasonBody { reason: reason_word(reason), sentence: reason.sentence() };
        FeedRunBody {
            id: run.id.to_string(),
            number: run.number.unsigned_abs(),
            state: run.state.as_str().to_owned(),
            stage: run.stage.as_str().to_owned(),
            control: run.control,
            created_at: run.created_at.to_string(),
            created_by: run.created_by.clone(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            heartbeat_at: run.heartbeat_at.map(|at| at.to_string()),
            counts: CountsBody::of(&run.counts),
            reasons: run.reasons.iter().map(reason).collect(),
            errors: run.errors,
            failure: run.failure.clone(),
            copy_of: run.copy_of.as_ref().map(ToString::to_string),
            superseded: run.superseded.as_ref().map(ToString::to_string),
            decided_by: run.decided.as_ref().map(|(by, _)| by.clone()),
            decision: run.decision.clone(),
            comment: run.comment.clone(),
            acts: run.acts(now).into_iter().map(RunAct::as_str).map(str::to_owned).collect(),
        }
    }
}

impl FileBody {
    pub(crate) fn of(file: &RunFile) -> FileBody {
        FileBody {
            name: file.name.clone(),
            sha256: file.digest.clone(),
            size: file.size,
            file_name: file.file_name.clone(),
            uploaded_at: file.uploaded_at.to_string(),
            records: file.records,
        }
    }
}
