//! The audit chain, in an organization's database and in the control database alike: each event's hash covers the one
//! before, its public part, and a commitment to what it says of people, which is sealed with a key of each person's own.
//! Deleting a key erases that person's parts everywhere and breaks nothing.
//!
//! Events are appended by the transaction of the fact they tell, and never changed.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::nouns::event::{Event, NewEvent, Recorded};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::event_parts;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const CHAIN: &str = "SELECT event_seq, event_hash FROM head WHERE id = 1";
const ADVANCE: &str = "UPDATE head SET event_seq = $1, event_hash = $2 WHERE id = 1";
const INSERT: &str = "
    INSERT INTO events (seq, at, actor, kind, subject, detail, form, commitment, hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const NEWEST: &str = "
    SELECT seq, at, actor, kind, subject, detail FROM events WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
const MATCHING: &str = "
    SELECT seq, at, actor, kind, subject, detail, hash
    FROM events
    WHERE seq < $1 AND at >= $2 AND at < $3
        AND (CAST($4 AS TEXT) IS NULL OR kind = $4)
        AND (CAST($5 AS TEXT) IS NULL OR actor = $5)
        AND (CAST($6 AS TEXT) IS NULL OR subject = $6)
    ORDER BY seq DESC LIMIT $7";
const ACTORS: &str = "SELECT DISTINCT actor FROM events ORDER BY actor LIMIT 200";
const WHOLE: &str = "
    SELECT e.seq, e.at, e.actor, e.kind, e.subject, e.detail, e.form, e.commitment, e.hash,
        d.salt, d.personal, p.person, p.sealed
    FROM events e
        LEFT JOIN event_details d ON d.seq = e.seq
        LEFT JOIN event_parts p ON p.seq = e.seq
    ORDER BY e.seq, p.person";

const EVENTS: Bulk = Bulk {
    table: "events",
    columns: &[
        Column::integer("seq"),
        Column::integer("at"),
        Column::text("actor"),
        Column::text("kind"),
        Column::text("subject"),
        Column::text("detail"),
        Column::integer("form"),
        Column::blob("commitment"),
        Column::blob("hash"),
    ],
    key: &["seq"],
    update: Update::Nothing,
};

/// The bulk writes of this file; they belong to organizations' databases.
pub const BULKS: &[&Bulk] = &[&EVENTS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("events.CHAIN", CHAIN),
    ("events.ADVANCE", ADVANCE),
    ("events.INSERT", INSERT),
    ("events.NEWEST", NEWEST),
    ("events.MATCHING", MATCHING),
    ("events.ACTORS", ACTORS),
    ("events.WHOLE", WHOLE),
];

/// Events whose personal part is salted and lies in `event_details`.
const SALTED: i64 = 1;
/// Events whose personal parts are sealed per person.
const SEALED: i64 = 2;

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

/// Which events. Everything that is said has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Before this place in the chain.
    pub before: i64,
    /// Not before this moment.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// Of this kind.
    pub kind: Option<String>,
    /// By this actor, as the public part names it.
    pub actor: Option<String>,
    /// About this.
    pub subject: Option<String>,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { before: i64::MAX, from: Timestamp::MIN, to: Timestamp::MAX, kind: None, actor: None, subject: None }
    }
}

/// Appends an event. `salt` is 16 bytes of chance, used for nothing else.
pub fn append(tx: &mut Tx, event: &NewEvent, salt: &[u8; 16]) -> Result<i64, StoreError> {
    let (last, previous) = chain(tx)?;
    let seq = last + 1;
    let (commitment, parts) = event_parts::seal(tx, seq, event, salt)?;
    let hash = link(&previous, seq, event, &commitment);
    tx.execute(
        INSERT,
        &[
            seq.into(),
            event.at.as_microsecond().into(),
            (&event.actor.id).into(),
            event.kind.into(),
            (&event.subject).into(),
            (&event.detail).into(),
            SEALED.into(),
            (&commitment).into(),
            (&hash).into(),
        ],
    )?;
    event_parts::keep(tx, &parts)?;
    tx.execute(ADVANCE, &[seq.into(), (&hash).into()])?;
    Ok(seq)
}

/// Appends events in order, in one go: those of many changes at once. Each gets chance of its own.
pub fn append_all(tx: &mut Tx, new: &[NewEvent], chance: impl Fn() -> [u8; 16]) -> Result<(), StoreError> {
    let (mut seq, mut previous) = chain(tx)?;
    let mut rows: Vec<[Value<'_>; 9]> = Vec::with_capacity(new.len());
    let mut parts = Vec::new();
    for event in new {
        seq += 1;
        let (commitment, sealed) = event_parts::seal(tx, seq, event, &chance())?;
        let hash = link(&previous, seq, event, &commitment);
        rows.push([
            seq.into(),
            event.at.as_microsecond().into(),
            (&event.actor.id).into(),
            event.kind.into(),
            (&event.subject).into(),
            (&event.detail).into(),
            SEALED.into(),
            commitment.to_vec().into(),
            hash.to_vec().into(),
        ]);
        parts.extend(sealed);
        previous = hash.to_vec();
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.bulk(&EVENTS, rows)?;
    event_parts::keep_all(tx, &parts)?;
    tx.execute(ADVANCE, &[seq.into(), previous.into()]).map(drop)
}

/// The newest events before a place in the chain, newest first, without what they say of people; at most 1,000.
pub fn newest(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
    tx.list(NEWEST, &[before.into(), limit.into()], event)
}

/// Events with what they say of people, newest first; at most 1,000.
pub fn matching(tx: &mut Tx, wanted: &Wanted, limit: u32) -> Result<Vec<Recorded>, StoreError> {
    let arguments = [
        wanted.before.into(),
        wanted.from.as_microsecond().into(),
        wanted.to.as_microsecond().into(),
        wanted.kind.as_deref().into(),
        wanted.actor.as_deref().into(),
        wanted.subject.as_deref().into(),
        limit.into(),
    ];
    let found = tx.list(MATCHING, &arguments, |row| Ok((event(row)?, row.blob(6)?.to_vec())))?;
    let with_parts = found.into_iter().map(|(event, hash)| {
        let parts = event_parts::of(tx, event.seq)?;
        Ok(Recorded { event, hash, parts })
    });
    with_parts.collect()
}

/// One event by its place in the chain.
pub fn find(tx: &mut Tx, seq: i64) -> Result<Option<Recorded>, StoreError> {
    let Some(before) = seq.checked_add(1) else { return Ok(None) };
    let newest = matching(tx, &Wanted { before, ..Wanted::default() }, 1)?.pop();
    Ok(newest.filter(|found| found.event.seq == seq))
}

/// Who did anything, as the public parts name them, in order; at most 200.
pub fn actors(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    tx.list(ACTORS, &[], |row| Ok(row.text(0)?.to_owned()))
}

/// Walks the whole chain and compares every hash. Erased personal parts do not break it.
pub fn verify(tx: &mut Tx) -> Result<Result<i64, Broken>, StoreError> {
    let (last, head) = chain(tx)?;
    let mut walk = Walk { previous: Vec::new(), expected: 1, broken: None, open: None };
    tx.for_each(WHOLE, &[], |row| {
        if walk.broken.is_some() {
            return Ok(());
        }
        let seq = row.integer(0)?;
        if walk.open.as_ref().is_none_or(|open| open.seq != seq) {
            walk.close();
            walk.open = Some(walk.look(row)?);
        }
        if let (Some(open), Some(person), Some(sealed)) =
            (&mut walk.open, row.optional_text(11)?, row.optional_blob(12)?)
        {
            event_parts::commit(&mut open.parts, person, sealed);
        }
        Ok(())
    })?;
    walk.close();
    Ok(match walk.broken {
        Some(broken) => Err(broken),
        None if walk.expected - 1 != last || walk.previous != head => Err(Broken::End(walk.expected - 1)),
        None => Ok(last),
    })
}

/// A walk along the chain.
struct Walk {
    previous: Vec<u8>,
    expected: i64,
    broken: Option<Broken>,
    open: Option<Open>,
}

/// An event whose parts are still coming.
struct Open {
    seq: i64,
    form: i64,
    commitment: Vec<u8>,
    /// Whether the public part is what was written.
    holds: bool,
    /// Whether a salted part lies beside it, and fits.
    salted: Option<bool>,
    parts: Sha256,
    hash: Vec<u8>,
}

impl Walk {
    fn look(&self, row: &Row<'_>) -> Result<Open, StoreError> {
        let (seq, form) = (row.integer(0)?, row.integer(6)?);
        let public = [row.text(2)?, row.text(3)?, row.text(4)?, row.text(5)?];
        let commitment = row.blob(7)?;
        let salted = match (row.optional_blob(9)?, row.optional_text(10)?) {
            (Some(salt), Some(personal)) => Some(salted(salt, personal) == commitment),
            _ => None,
        };
        Ok(Open {
            seq,
            form,
            commitment: commitment.to_vec(),
            holds: hash(&self.previous, (seq, form, row.integer(1)?), public, commitment) == row.blob(8)?,
            salted,
            parts: event_parts::commitment(),
            hash: row.blob(8)?.to_vec(),
        })
    }

    /// Judges the event that is complete.
    fn close(&mut self) {
        let Some(open) = self.open.take().filter(|_| self.broken.is_none()) else { return };
        let untouched = event_parts::commitment().finalize();
        let parts = open.parts.finalize();
        let personal_holds = match open.form {
            SALTED => open.salted != Some(false) && parts == untouched,
            _ => open.salted.is_none() && parts.as_slice() == open.commitment,
        };
        if open.seq != self.expected {
            self.broken = Some(Broken::Sequence(self.expected));
        } else if !open.holds {
            self.broken = Some(Broken::Event(open.seq));
        } else if !personal_holds {
            self.broken = Some(Broken::Personal(open.seq));
        }
        self.previous = open.hash;
        self.expected += 1;
    }
}

fn chain(tx: &mut Tx) -> Result<(i64, Vec<u8>), StoreError> {
    tx.one(CHAIN, &[], |row| Ok((row.integer(0)?, row.optional_blob(1)?.unwrap_or_default().to_vec())))
}

fn event(row: &Row<'_>) -> Result<Event, StoreError> {
    Ok(Event {
        seq: row.integer(0)?,
        at: Timestamp::from_microsecond(row.integer(1)?).map_err(|_| row.corrupt(1))?,
        actor: row.text(2)?.to_owned(),
        kind: row.text(3)?.to_owned(),
        subject: row.text(4)?.to_owned(),
        detail: row.text(5)?.to_owned(),
    })
}

/// The commitment of a salted event.
fn salted(salt: &[u8], personal: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((salt.len() as u64).to_le_bytes());
    hasher.update(salt);
    hasher.update(personal.as_bytes());
    hasher.finalize().into()
}

/// The hash of an event that is appended now.
fn link(previous: &[u8], seq: i64, event: &NewEvent, commitment: &[u8]) -> [u8; 32] {
    let public = [event.actor.id.as_str(), event.kind, &event.subject, &event.detail];
    hash(previous, (seq, SEALED, event.at.as_microsecond()), public, commitment)
}

fn hash(previous: &[u8], (seq, form, at): (i64, i64, i64), public: [&str; 4], commitment: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    // Salted events were hashed without their form.
    if form != SALTED {
        hasher.update(b"rollcall event");
        hasher.update(form.to_le_bytes());
    }
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
