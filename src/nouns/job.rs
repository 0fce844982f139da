//! A job: work that outlives a request, and the lease under which one worker may commit for it.

use jiff::Timestamp;

use crate::id::{ContactRunId, FeedRunId, JobId, OperationId, RunId};

/// The kinds of work, each leased on its own: targeted reads do not wait for a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// A run that holds the organization's place.
    Sync,
    /// A targeted read, beside it.
    Targeted,
    /// An operation: changes at Atlassian.
    Operation,
    /// A sync run of a feed.
    Feed,
    /// A run over contacts.
    Contacts,
}

impl JobKind {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            JobKind::Sync => "sync",
            JobKind::Targeted => "targeted",
            JobKind::Operation => "operation",
            JobKind::Feed => "feed",
            JobKind::Contacts => "contacts",
        }
    }
}

/// What a worker holds while it works. Every commit of the job compares it with the head and the job's row; a lease
/// that was taken over commits nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which job.
    pub job: JobId,
    /// Which run the job carries out.
    pub run: RunId,
    /// The head's epoch when the lease was given: a restart raises it.
    pub epoch: i64,
    /// The lease's number, never given twice.
    pub number: i64,
}

/// What the worker of an operation holds; fenced like [`Lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationLease {
    /// Which operation the job carries out.
    pub operation: OperationId,
    /// The job and its numbers.
    pub fence: Fence,
}

/// What the worker of a feed's run holds; fenced like [`Lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLease {
    /// Which run the job carries out.
    pub run: FeedRunId,
    /// The job and its numbers.
    pub fence: Fence,
}

/// What the worker of a run over contacts holds; fenced like [`Lease`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactLease {
    /// Which run the job carries out.
    pub run: ContactRunId,
    /// The job and its numbers.
    pub fence: Fence,
}

/// What every commit of a job compares with the head and the job's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Which job.
    pub job: JobId,
    /// The head's epoch when the lease was given.
    pub epoch: i64,
    /// The lease's number, never given twice.
    pub number: i64,
}

/// How long a lease holds without a heartbeat.
pub const LEASE: std::time::Duration = std::time::Duration::from_secs(30);

/// When a failed job is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Not before this moment.
    At(Timestamp),
    /// Never: somebody has to look.
    Never,
}
