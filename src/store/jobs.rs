//! Jobs: work that outlives a request. A worker leases one; the lease is checked by every commit of the job, under the
//! head's lock, so that at most one holder ever commits.

use jiff::Timestamp;

use crate::id::{ContactRunId, FeedRunId, JobId, OperationId, RunId};
use crate::nouns::job::{ContactLease, FeedLease, Fence, JobKind, LEASE, Lease, OperationLease, Retry};
use crate::store::error::StoreError;
use crate::store::head;
use crate::store::tx::Tx;

const INSERT: &str = "
    INSERT INTO jobs (id, kind, subject, state, due_at, attempts) VALUES ($1, $2, $3, 'queued', $4, 0)";
const DUE: &str = "
    SELECT id, subject FROM jobs
    WHERE kind = $3
        AND ((state = 'queued' AND due_at <= $1) OR (state = 'leased' AND (lease_until < $1 OR epoch <> $2)))
    ORDER BY due_at, id LIMIT 1";
const OF_RUN: &str = "SELECT id FROM jobs WHERE subject = $1 AND state = 'queued'";
const TAKE: &str = "
    UPDATE jobs SET state = 'leased', attempts = attempts + 1, epoch = $2, lease_number = $3, lease_until = $4
    WHERE id = $1";
const HELD: &str = "
    SELECT j.lease_until FROM jobs j, head h
    WHERE h.id = 1 AND j.id = $1 AND j.state = 'leased' AND j.epoch = $2 AND j.lease_number = $3 AND h.epoch = $2";
const EXTEND: &str = "UPDATE jobs SET lease_until = $2 WHERE id = $1";
const FINISH: &str = "UPDATE jobs SET state = 'done', lease_until = NULL WHERE id = $1";
const RETRY: &str = "UPDATE jobs SET state = 'queued', due_at = $2, lease_until = NULL, failure = $3 WHERE id = $1";
const BURY: &str = "UPDATE jobs SET state = 'dead', lease_until = NULL, failure = $2 WHERE id = $1";
const CANCEL: &str = "
    UPDATE jobs SET state = 'done', lease_until = NULL WHERE subject = $1 AND state IN ('queued', 'leased')";
const MAKE_DUE: &str = "UPDATE jobs SET due_at = $1 WHERE state = 'queued' AND due_at > $1";
const WAKE: &str = "UPDATE jobs SET due_at = $2 WHERE subject = $1 AND state = 'queued' AND due_at > $2";
const NEXT_DUE: &str = "SELECT min(due_at) FROM jobs WHERE state = 'queued'";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("jobs.INSERT", INSERT),
    ("jobs.DUE", DUE),
    ("jobs.OF_RUN", OF_RUN),
    ("jobs.TAKE", TAKE),
    ("jobs.HELD", HELD),
    ("jobs.EXTEND", EXTEND),
    ("jobs.FINISH", FINISH),
    ("jobs.RETRY", RETRY),
    ("jobs.BURY", BURY),
    ("jobs.CANCEL", CANCEL),
    ("jobs.MAKE_DUE", MAKE_DUE),
    ("jobs.WAKE", WAKE),
    ("jobs.NEXT_DUE", NEXT_DUE),
];

/// Queues the job that carries out a sync run.
pub fn insert(tx: &mut Tx, id: &JobId, (kind, run): (JobKind, &RunId), due_at: Timestamp) -> Result<(), StoreError> {
    let arguments = [id.as_str().into(), kind.as_str().into(), run.as_str().into(), due_at.as_microsecond().into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Leases the job of a kind that is due, if any: a queued one, or one whose holder gave no sign of life or belongs to an epoch
/// that is over.
pub fn lease(tx: &mut Tx, kind: JobKind, now: Timestamp) -> Result<Option<Lease>, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let due = tx.optional(DUE, &[now.as_microsecond().into(), epoch.into(), kind.as_str().into()], |row| {
        let job = JobId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((job, RunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?))
    })?;
    let Some((job, run)) = due else { return Ok(None) };
    let number = take(tx, &job, epoch, now)?;
    Ok(Some(Lease { job, run, epoch, number }))
}

/// Queues the job that carries out an operation.
pub fn insert_operation(tx: &mut Tx, id: &JobId, operation: &OperationId, due_at: Timestamp) -> Result<(), StoreError> {
    let kind = JobKind::Operation.as_str();
    let arguments = [id.as_str().into(), kind.into(), operation.as_str().into(), due_at.as_microsecond().into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Leases the job of an operation that is due, if any.
pub fn lease_operation(tx: &mut Tx, now: Timestamp) -> Result<Option<OperationLease>, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let kind = JobKind::Operation.as_str();
    let due = tx.optional(DUE, &[now.as_microsecond().into(), epoch.into(), kind.into()], |row| {
        let job = JobId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((job, OperationId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?))
    })?;
    let Some((job, operation)) = due else { return Ok(None) };
    let number = take(tx, &job, epoch, now)?;
    Ok(Some(OperationLease { operation, fence: Fence { job, epoch, number } }))
}

/// Queues the job that carries out a run of a feed.
pub fn insert_feed(tx: &mut Tx, id: &JobId, run: &FeedRunId, due_at: Timestamp) -> Result<(), StoreError> {
    let kind = JobKind::Feed.as_str();
    let arguments = [id.as_str().into(), kind.into(), run.as_str().into(), due_at.as_microsecond().into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Leases the job of a feed's run that is due, if any.
pub fn lease_feed(tx: &mut Tx, now: Timestamp) -> Result<Option<FeedLease>, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let kind = JobKind::Feed.as_str();
    let due = tx.optional(DUE, &[now.as_microsecond().into(), epoch.into(), kind.into()], |row| {
        let job = JobId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((job, FeedRunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?))
    })?;
    let Some((job, run)) = due else { return Ok(None) };
    let number = take(tx, &job, epoch, now)?;
    Ok(Some(FeedLease { run, fence: Fence { job, epoch, number } }))
}

/// Whether the job of a feed's run is due.
pub fn feed_is_due(tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let arguments = [now.as_microsecond().into(), epoch.into(), JobKind::Feed.as_str().into()];
    Ok(tx.optional(DUE, &arguments, |_| Ok(()))?.is_some())
}

/// Ends the jobs of a feed's run that nobody wants any more. Whoever holds their lease commits nothing from then on.
pub fn cancel_feed(tx: &mut Tx, run: &FeedRunId) -> Result<(), StoreError> {
    tx.execute(CANCEL, &[run.as_str().into()]).map(drop)
}

/// Queues the job that carries out a run over contacts.
pub fn insert_contacts(tx: &mut Tx, id: &JobId, run: &ContactRunId, due_at: Timestamp) -> Result<(), StoreError> {
    let kind = JobKind::Contacts.as_str();
    let arguments = [id.as_str().into(), kind.into(), run.as_str().into(), due_at.as_microsecond().into()];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Leases the job of a run over contacts that is due, if any.
pub fn lease_contacts(tx: &mut Tx, now: Timestamp) -> Result<Option<ContactLease>, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let kind = JobKind::Contacts.as_str();
    let due = tx.optional(DUE, &[now.as_microsecond().into(), epoch.into(), kind.into()], |row| {
        let job = JobId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((job, ContactRunId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?))
    })?;
    let Some((job, run)) = due else { return Ok(None) };
    let number = take(tx, &job, epoch, now)?;
    Ok(Some(ContactLease { run, fence: Fence { job, epoch, number } }))
}

/// Whether the job of a run over contacts is due.
pub fn contacts_are_due(tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let arguments = [now.as_microsecond().into(), epoch.into(), JobKind::Contacts.as_str().into()];
    Ok(tx.optional(DUE, &arguments, |_| Ok(()))?.is_some())
}

/// Ends the jobs of a run over contacts that nobody wants any more. Whoever holds their lease commits nothing from then on.
pub fn cancel_contacts(tx: &mut Tx, run: &ContactRunId) -> Result<(), StoreError> {
    tx.execute(CANCEL, &[run.as_str().into()]).map(drop)
}

/// Leases the queued job of one run, for whoever asked for it and carries it out at once; `None` when another worker was
/// faster.
pub fn lease_run(tx: &mut Tx, run: &RunId, now: Timestamp) -> Result<Option<Lease>, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let job =
        tx.optional(OF_RUN, &[run.as_str().into()], |row| JobId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0)))?;
    let Some(job) = job else { return Ok(None) };
    let number = take(tx, &job, epoch, now)?;
    Ok(Some(Lease { job, run: run.clone(), epoch, number }))
}

fn take(tx: &mut Tx, job: &JobId, epoch: i64, now: Timestamp) -> Result<i64, StoreError> {
    let number = head::next_lease(tx)?;
    tx.execute(TAKE, &[job.as_str().into(), epoch.into(), number.into(), until(now).into()])?;
    Ok(number)
}

/// Whether the lease of an operation still holds.
pub fn holds(tx: &mut Tx, fence: &Fence) -> Result<bool, StoreError> {
    let arguments = [fence.job.as_str().into(), fence.epoch.into(), fence.number.into()];
    Ok(tx.optional(HELD, &arguments, |row| row.optional_integer(0))?.is_some())
}

/// A sign of life of an operation.
pub fn extend_operation(tx: &mut Tx, fence: &Fence, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(EXTEND, &[fence.job.as_str().into(), until(now).into()]).map(drop)
}

/// Ends the job of an operation that needs no worker any more, or not before somebody has decided.
pub fn finish_operation(tx: &mut Tx, fence: &Fence) -> Result<(), StoreError> {
    tx.execute(FINISH, &[fence.job.as_str().into()]).map(drop)
}

/// Puts the job of an operation back, until a moment.
pub fn put_back(tx: &mut Tx, fence: &Fence, until: Timestamp, why: &str) -> Result<(), StoreError> {
    let arguments = [fence.job.as_str().into(), until.as_microsecond().into(), why.into()];
    tx.execute(RETRY, &arguments).map(drop)
}

/// Ends the job of an operation that nobody wants any more.
pub fn cancel_operation(tx: &mut Tx, operation: &OperationId) -> Result<(), StoreError> {
    tx.execute(CANCEL, &[operation.as_str().into()]).map(drop)
}

/// Makes the queued job of an operation due at once.
pub fn wake_operation(tx: &mut Tx, operation: &OperationId, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(WAKE, &[operation.as_str().into(), now.as_microsecond().into()]).map(drop)
}

/// Whether a lease still holds. Every commit of a job asks this first and writes nothing when the answer is no.
pub fn is_held(tx: &mut Tx, lease: &Lease) -> Result<bool, StoreError> {
    let arguments = [lease.job.as_str().into(), lease.epoch.into(), lease.number.into()];
    Ok(tx.optional(HELD, &arguments, |row| row.optional_integer(0))?.is_some())
}

/// A sign of life.
pub fn extend(tx: &mut Tx, lease: &Lease, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(EXTEND, &[lease.job.as_str().into(), until(now).into()]).map(drop)
}

/// Ends a job that is done.
pub fn finish(tx: &mut Tx, lease: &Lease) -> Result<(), StoreError> {
    tx.execute(FINISH, &[lease.job.as_str().into()]).map(drop)
}

/// Puts a job back, or aside.
pub fn give_up(tx: &mut Tx, lease: &Lease, retry: Retry, why: &str) -> Result<(), StoreError> {
    let job = lease.job.as_str();
    match retry {
        Retry::At(at) => tx.execute(RETRY, &[job.into(), at.as_microsecond().into(), why.into()]),
        Retry::Never => tx.execute(BURY, &[job.into(), why.into()]),
    }
    .map(drop)
}

/// Ends the job of a run that nobody wants any more. Whoever holds its lease commits nothing from now on.
pub fn cancel(tx: &mut Tx, run: &RunId) -> Result<(), StoreError> {
    tx.execute(CANCEL, &[run.as_str().into()]).map(drop)
}

/// Makes everything that waits due: what it waited for has come.
pub fn make_due(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(MAKE_DUE, &[now.as_microsecond().into()]).map(drop)
}

/// When the next queued job is due.
pub fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>, StoreError> {
    tx.one(NEXT_DUE, &[], |row| crate::store::coverage::optional_moment(row, 0))
}

fn until(now: Timestamp) -> i64 {
    now.as_microsecond().saturating_add(LEASE.as_micros() as i64)
}
