//! How far the audit log's stream was read, and whom it named since they were last read themselves. What a page of it
//! named and the cursor behind that page are written by one transaction.

use directory::{AccountId, GroupId};
use jiff::{SignedDuration, Timestamp};

use crate::nouns::audit_stream::{AuditStream, StreamState};
use crate::nouns::scope::Targets;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

const FIND: &str = "SELECT state, detail, probed_at, polled_at, next_cursor FROM stream WHERE id = 1";
const PUT: &str = "
    INSERT INTO stream (id, state, detail, probed_at, polled_at, next_cursor) VALUES (1, $1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE
    SET state = excluded.state, detail = excluded.detail, probed_at = excluded.probed_at,
        polled_at = excluded.polled_at, next_cursor = excluded.next_cursor";
const CLAIM: &str = "
    UPDATE stream SET polled_at = $1
    WHERE id = 1 AND state = 'available' AND (polled_at IS NULL OR polled_at <= $2)";
const ADVANCE: &str = "UPDATE stream SET next_cursor = $1 WHERE id = 1";
const TOUCHED: Bulk = Bulk {
    table: "touched",
    columns: &[Column::text("subject"), Column::text("id"), Column::integer("at")],
    key: &["subject", "id"],
    update: Update::Columns(&["at"]),
};
const QUIET: &str = "SELECT id FROM touched WHERE subject = $1 AND at <= $2 ORDER BY at, id LIMIT $3";
const TAKE: &str = "DELETE FROM touched WHERE subject = $1 AND id = $2";
const COUNT: &str = "SELECT count(*) FROM touched";
const FORGET: &str = "DELETE FROM touched";
const OPEN_READS: &str = "
    SELECT count(*) FROM runs WHERE kind = 'stream' AND state IN ('queued', 'running', 'waiting')";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("audit_stream.FIND", FIND),
    ("audit_stream.PUT", PUT),
    ("audit_stream.CLAIM", CLAIM),
    ("audit_stream.ADVANCE", ADVANCE),
    ("audit_stream.QUIET", QUIET),
    ("audit_stream.TAKE", TAKE),
    ("audit_stream.COUNT", COUNT),
    ("audit_stream.FORGET", FORGET),
    ("audit_stream.OPEN_READS", OPEN_READS),
];

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&TOUCHED];

/// The most people of one targeted read.
const MOST_PEOPLE: i64 = 1_000;
/// The most groups of one: a group is read with all its members.
const MOST_GROUPS: i64 = 50;
/// So long nobody may have been named again: what is still changing is read once, afterwards.
const QUIET_FOR: SignedDuration = SignedDuration::from_secs(5);

/// What is known about the stream; `None` before it was probed.
pub fn find(tx: &mut Tx) -> Result<Option<AuditStream>, StoreError> {
    tx.optional(FIND, &[], |row| {
        let detail = row.text(1)?.to_owned();
        Ok(AuditStream {
            state: match row.text(0)? {
                "available" => StreamState::Available(detail),
                "refused" => StreamState::Refused(detail),
                _ => return Err(row.corrupt(0)),
            },
            probed_at: moment(row, 2)?,
            polled_at: optional_moment(row, 3)?,
            next_cursor: row.optional_text(4)?.map(str::to_owned),
        })
    })
}

/// Records what is known about the stream.
pub fn put(tx: &mut Tx, stream: &AuditStream) -> Result<(), StoreError> {
    let (state, detail) = match &stream.state {
        StreamState::Available(detail) => ("available", detail),
        StreamState::Refused(detail) => ("refused", detail),
    };
    let arguments = [
        state.into(),
        detail.into(),
        stream.probed_at.as_microsecond().into(),
        stream.polled_at.map(Timestamp::as_microsecond).into(),
        stream.next_cursor.as_deref().into(),
    ];
    tx.execute(PUT, &arguments).map(drop)
}

/// Takes the next reading of an available stream for this process, unless somebody has taken one since `before`.
pub fn claim(tx: &mut Tx, now: Timestamp, before: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.execute(CLAIM, &[now.as_microsecond().into(), before.as_microsecond().into()])? > 0)
}

/// Keeps whom a page named, and where it is read on.
pub fn advance(tx: &mut Tx, next_cursor: Option<&str>, named: &Targets, now: Timestamp) -> Result<(), StoreError> {
    let at = now.as_microsecond();
    let people = named.people.iter().map(|id| ["accounts".into(), id.as_str().into(), at.into()]);
    let groups = named.groups.iter().map(|id| ["groups".into(), id.as_str().into(), at.into()]);
    tx.bulk(&TOUCHED, people.chain(groups))?;
    tx.execute(ADVANCE, &[next_cursor.into()]).map(drop)
}

/// How many people and groups wait to be read.
pub fn waiting(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Whether a read of people and groups that the stream named is still under way.
pub fn is_reading(tx: &mut Tx) -> Result<bool, StoreError> {
    tx.one(OPEN_READS, &[], |row| Ok(row.integer(0)? > 0))
}

/// Takes those who were named, and not again for five seconds: at most 1,000 people and 50 groups, the longest waiting
/// first. `None` when there is nobody. They are to be read by the transaction that takes them, or are lost.
pub fn take(tx: &mut Tx, now: Timestamp) -> Result<Option<Targets>, StoreError> {
    let quiet = now.checked_sub(QUIET_FOR).unwrap_or(now).as_microsecond();
    let mut taken = |subject: &'static str, most: i64| -> Result<Vec<String>, StoreError> {
        let ids = tx.list(QUIET, &[subject.into(), quiet.into(), most.into()], |row| Ok(row.text(0)?.to_owned()))?;
        for id in &ids {
            tx.execute(TAKE, &[subject.into(), id.into()])?;
        }
        Ok(ids)
    };
    let people = taken("accounts", MOST_PEOPLE)?.iter().filter_map(|id| AccountId::new(id).ok()).collect();
    let groups = taken("groups", MOST_GROUPS)?.iter().filter_map(|id| GroupId::new(id).ok()).collect();
    let targets = Targets { people, groups };
    Ok((targets != Targets::default()).then_some(targets))
}

/// Forgets whom the stream named.
pub fn forget(tx: &mut Tx) -> Result<(), StoreError> {
    tx.execute(FORGET, &[]).map(drop)
}
