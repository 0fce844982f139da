//! The audit chain, in an organization's database and in the control database alike: each event's hash covers the one
//! before, its public part, and a commitment to its personal part, which can be erased without breaking the chain.
//!
//! Events are appended by the transaction of the fact they tell, and never changed.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::nouns::event::{Event, NewEvent};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Value;

const CHAIN: &str = "SELECT event_seq, event_hash FROM head WHERE id = 1";
const ADVANCE: &str = "UPDATE head SET event_seq = $1, event_hash = $2 WHERE id = 1";
const INSERT: &str = "
    INSERT INTO events (seq, at, actor, kind, subject, detail, commitment, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const INSERT_DETAIL: &str = "INSERT INTO event_details (seq, salt, personal) VALUES ($1, $2, $3)";
const NEWEST: &str = "
    SELECT seq, at, actor, kind, subject, detail FROM events WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
const WHOLE: &str = "
    SELECT e.seq, e.at, e.actor, e.kind, e.subject, e.detail, e.commitment, e.hash, d.salt, d.personal
    FROM events e LEFT JOIN event_details d ON d.seq = e.seq
    ORDER BY e.seq";

const EVENTS: Bulk = Bulk {
    table: "events",
    columns: &[
        Column::integer("seq"),
        Column::integer("at"),
        Column::text("actor"),
        Column::text("kind"),
        Column::text("subject"),
        Column::text("detail"),
        Column::blob("commitment"),
        Column::blob("hash"),
    ],
    key: &["seq"],
    update: Update::Nothing,
};
const DETAILS: Bulk = Bulk {
    table: "event_details",
    columns: &[Column::integer("seq"), Column::blob("salt"), Column::text("personal")],
    key: &["seq"],
    update: Update::Nothing,
};

/// The bulk writes of this file; they belong to organizations' databases.
pub const BULKS: &[&Bulk] = &[&EVENTS, &DETAILS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("events.CHAIN", CHAIN),
    ("events.ADVANCE", ADVANCE),
    ("events.INSERT", INSERT),
    ("events.INSERT_DETAIL", INSERT_DETAIL),
    ("events.NEWEST", NEWEST),
    ("events.WHOLE", WHOLE),
];

/// Where a chain was found to be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// An event is missing, or one too many, at this place.
    Sequence(i64),
    /// The event at this place is not what was written.
    Event(i64),
    /// The personal part at this place is not what was written.
    Personal(i64),
    /// The chain ends elsewhere than the head says: events were cut off.
    End(i64),
}

/// Appends an event. `salt` is 16 bytes of chance.
pub fn append(tx: &mut Tx, event: &NewEvent, salt: &[u8; 16]) -> Result<i64, StoreError> {
    let (last, previous) = chain(tx)?;
    let seq = last + 1;
    let commitment = commitment(salt, &event.personal);
    let public = [event.actor.as_str(), event.kind, &event.subject, &event.detail];
    let hash = hash(&previous, seq, event.at.as_microsecond(), public, &commitment);
    tx.execute(
        INSERT,
        &[
            seq.into(),
            event.at.as_microsecond().into(),
            (&event.actor).into(),
            event.kind.into(),
            (&event.subject).into(),
            (&event.detail).into(),
            (&commitment).into(),
            (&hash).into(),
        ],
    )?;
    if !event.personal.is_empty() {
        tx.execute(INSERT_DETAIL, &[seq.into(), salt.into(), (&event.personal).into()])?;
    }
    tx.execute(ADVANCE, &[seq.into(), (&hash).into()])?;
    Ok(seq)
}

/// Appends events in order, in one go: those of many changes at once.
pub fn append_all(tx: &mut Tx, new: &[NewEvent], entropy: impl Fn() -> [u8; 16]) -> Result<(), StoreError> {
    let (mut seq, mut previous) = chain(tx)?;
    let mut rows: Vec<[Value<'_>; 8]> = Vec::with_capacity(new.len());
    let mut details: Vec<[Value<'_>; 3]> = Vec::new();
    for event in new {
        seq += 1;
        let salt = entropy();
        let commitment = commitment(&salt, &event.personal);
        let public = [event.actor.as_str(), event.kind, &event.subject, &event.detail];
        let hash = hash(&previous, seq, event.at.as_microsecond(), public, &commitment);
        rows.push([
            seq.into(),
            event.at.as_microsecond().into(),
            (&event.actor).into(),
            event.kind.into(),
            (&event.subject).into(),
            (&event.detail).into(),
            commitment.to_vec().into(),
            hash.to_vec().into(),
        ]);
        if !event.personal.is_empty() {
            details.push([seq.into(), salt.to_vec().into(), (&event.personal).into()]);
        }
        previous = hash.to_vec();
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.bulk(&EVENTS, rows)?;
    tx.bulk(&DETAILS, details)?;
    tx.execute(ADVANCE, &[seq.into(), previous.into()]).map(drop)
}

/// The newest events before a place in the chain, newest first; at most 1,000.
pub fn newest(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
    tx.list(NEWEST, &[before.into(), limit.into()], |row| {
        Ok(Event {
            seq: row.integer(0)?,
            at: Timestamp::from_microsecond(row.integer(1)?).map_err(|_| row.corrupt(1))?,
            actor: row.text(2)?.to_owned(),
            kind: row.text(3)?.to_owned(),
            subject: row.text(4)?.to_owned(),
            detail: row.text(5)?.to_owned(),
        })
    })
}

/// Walks the whole chain and compares every hash. Erased personal parts do not break it.
pub fn verify(tx: &mut Tx) -> Result<Result<i64, Broken>, StoreError> {
    let (last, head) = chain(tx)?;
    let mut previous = Vec::new();
    let mut expected = 1;
    let mut broken = None;
    tx.for_each(WHOLE, &[], |row| {
        if broken.is_some() {
            return Ok(());
        }
        let seq = row.integer(0)?;
        let public = [row.text(2)?, row.text(3)?, row.text(4)?, row.text(5)?];
        let stored_commitment = row.blob(6)?;
        if seq != expected {
            broken = Some(Broken::Sequence(expected));
        } else if hash(&previous, seq, row.integer(1)?, public, stored_commitment) != row.blob(7)? {
            broken = Some(Broken::Event(seq));
        } else if let (Some(salt), Some(personal)) = (row.optional_blob(8)?, row.optional_text(9)?)
            && commitment(salt, personal) != stored_commitment
        {
            broken = Some(Broken::Personal(seq));
        }
        previous = row.blob(7)?.to_vec();
        expected += 1;
        Ok(())
    })?;
    Ok(match broken {
        Some(broken) => Err(broken),
        None if expected - 1 != last || previous != head => Err(Broken::End(expected - 1)),
        None => Ok(last),
    })
}

fn chain(tx: &mut Tx) -> Result<(i64, Vec<u8>), StoreError> {
    tx.one(CHAIN, &[], |row| Ok((row.integer(0)?, row.optional_blob(1)?.unwrap_or_default().to_vec())))
}

fn commitment(salt: &[u8], personal: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((salt.len() as u64).to_le_bytes());
    hasher.update(salt);
    hasher.update(personal.as_bytes());
    hasher.finalize().into()
}

fn hash(previous: &[u8], seq: i64, at: i64, public: [&str; 4], commitment: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((previous.len() as u64).to_le_bytes());
    hasher.update(previous);
    hasher.update(seq.to_le_bytes());
    hasher.update(at.to_le_bytes());
    for text in public {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(commitment);
    hasher.finalize().into()
}
