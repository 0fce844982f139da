//! What was uploaded to feeds: each content once, by its digest, in pieces of bounded size that every node sees. Nothing
//! here holds more than a piece.

use jiff::Timestamp;

use crate::id::FeedBodyId;
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

const INSERT: &str = "
    INSERT INTO feed_bodies (id, feed, name, file_name, encoding, received, pieces, begun_at)
    VALUES ($1, $2, $3, $4, $5, 0, 0, $6)";
const FIND: &str = "
    SELECT id, feed, name, file_name, encoding, received, pieces, digest, begun_at FROM feed_bodies WHERE id = $1";
const BY_DIGEST: &str = "
    SELECT id, feed, name, file_name, encoding, received, pieces, digest, begun_at FROM feed_bodies WHERE digest = $1";
const ADD_PIECE: &str = "INSERT INTO feed_pieces (body, piece, packed) VALUES ($1, $2, $3)";
const RECEIVE: &str = "
    UPDATE feed_bodies SET received = received + $3, pieces = pieces + 1
    WHERE id = $1 AND pieces = $2 AND digest IS NULL";
const PIECE: &str = "SELECT packed FROM feed_pieces WHERE body = $1 AND piece = $2";
const FINISH: &str = "UPDATE feed_bodies SET digest = $2 WHERE id = $1 AND digest IS NULL";
const DROP_PIECES: &str = "DELETE FROM feed_pieces WHERE body = $1";
const DROP: &str = "DELETE FROM feed_bodies WHERE id = $1";
const ABANDONED: &str = "SELECT id FROM feed_bodies WHERE digest IS NULL AND begun_at < $1 ORDER BY id LIMIT 100";
const UNUSED: &str = "
    SELECT b.id FROM feed_bodies b
    WHERE b.digest IS NOT NULL AND b.begun_at < $1
        AND NOT EXISTS (SELECT 1 FROM feed_files f WHERE f.body = b.id)
        AND NOT EXISTS (SELECT 1 FROM feed_controls c WHERE c.digest = b.digest)
    ORDER BY b.id LIMIT 100";
const IS_USED: &str = "
    SELECT count(*) FROM feed_bodies b
    WHERE b.id = $1
        AND (EXISTS (SELECT 1 FROM feed_files f WHERE f.body = b.id)
            OR EXISTS (SELECT 1 FROM feed_controls c WHERE c.digest = b.digest))";
const KEPT_BYTES: &str = "SELECT CAST(COALESCE(sum(received), 0) AS BIGINT) FROM feed_bodies";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_bodies.INSERT", INSERT),
    ("feed_bodies.FIND", FIND),
    ("feed_bodies.BY_DIGEST", BY_DIGEST),
    ("feed_bodies.ADD_PIECE", ADD_PIECE),
    ("feed_bodies.RECEIVE", RECEIVE),
    ("feed_bodies.PIECE", PIECE),
    ("feed_bodies.FINISH", FINISH),
    ("feed_bodies.DROP_PIECES", DROP_PIECES),
    ("feed_bodies.DROP", DROP),
    ("feed_bodies.ABANDONED", ABANDONED),
    ("feed_bodies.UNUSED", UNUSED),
    ("feed_bodies.IS_USED", IS_USED),
    ("feed_bodies.KEPT_BYTES", KEPT_BYTES),
];

/// The size of a piece before it is packed, in bytes.
pub const PIECE_BYTES: usize = 1 << 20;
/// Fast rather than small: files come once and are read a few times.
const LEVEL: i32 = 1;

/// What was uploaded, or is being uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Our id of it.
    pub id: FeedBodyId,
    /// The number of the feed it was sent to first.
    pub feed: i64,
    /// The name under which it was sent.
    pub name: String,
    /// What the file was called when this content came first.
    pub file_name: String,
    /// Whether it came compressed by gzip and is kept like that.
    pub gzip: bool,
    /// How many bytes came.
    pub received: u64,
    /// In how many pieces.
    pub pieces: i64,
    /// Its digest, once all of it is there: SHA-256 in hexadecimal digits.
    pub digest: Option<String>,
    /// When it began to come.
    pub begun_at: Timestamp,
}

/// Begins a body.
pub fn insert(tx: &mut Tx, body: &Body) -> Result<(), StoreError> {
    let encoding = if body.gzip { "gzip" } else { "identity" };
    let arguments = [
        body.id.as_str().into(),
        body.feed.into(),
        (&body.name).into(),
        (&body.file_name).into(),
        encoding.into(),
        body.begun_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// A body.
pub fn find(tx: &mut Tx, id: &FeedBodyId) -> Result<Option<Body>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], body)
}

/// The body of this content.
pub fn by_digest(tx: &mut Tx, digest: &str) -> Result<Option<Body>, StoreError> {
    tx.optional(BY_DIGEST, &[digest.into()], body)
}

/// Packs a piece for [`add_piece`], away from the transaction.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, LEVEL).unwrap_or_default()
}

/// Appends a packed piece of so many bytes as the next after `pieces`. False, and nothing is added, when somebody else
/// has added one meanwhile.
pub fn add_piece(tx: &mut Tx, id: &FeedBodyId, pieces: i64, (packed, bytes): (&[u8], u64)) -> Result<bool, StoreError> {
    if tx.execute(RECEIVE, &[id.as_str().into(), pieces.into(), (bytes as i64).into()])? == 0 {
        return Ok(false);
    }
    tx.execute(ADD_PIECE, &[id.as_str().into(), pieces.into(), packed.into()])?;
    Ok(true)
}

/// A piece as it was sent, numbered from 0; none behind the last.
pub fn piece(tx: &mut Tx, id: &FeedBodyId, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    tx.optional(PIECE, &[id.as_str().into(), number.into()], |row| {
        zstd::bulk::decompress(row.blob(0)?, PIECE_BYTES).map_err(|_| row.corrupt(0))
    })
}

/// Says that all of a body is there; answers the body that holds this content, which is an older one where there is one.
pub fn finish(tx: &mut Tx, id: &FeedBodyId, digest: &str) -> Result<Option<Body>, StoreError> {
    if let Some(known) = by_digest(tx, digest)? {
        if known.id != *id {
            remove(tx, id)?;
        }
        return Ok(Some(known));
    }
    tx.execute(FINISH, &[id.as_str().into(), digest.into()])?;
    find(tx, id)
}

/// Removes a body.
pub fn remove(tx: &mut Tx, id: &FeedBodyId) -> Result<(), StoreError> {
    tx.execute(DROP_PIECES, &[id.as_str().into()])?;
    tx.execute(DROP, &[id.as_str().into()]).map(drop)
}

/// Removes a body that nothing names.
pub fn remove_unused(tx: &mut Tx, id: &FeedBodyId) -> Result<(), StoreError> {
    let used = tx.one(IS_USED, &[id.as_str().into()], |row| row.integer(0))?;
    if used == 0 { remove(tx, id) } else { Ok(()) }
}

/// Whole contents that came before a moment and that nothing names any more; at most 100.
pub fn unused(tx: &mut Tx, before: Timestamp) -> Result<Vec<FeedBodyId>, StoreError> {
    tx.list(UNUSED, &[before.as_microsecond().into()], |row| {
        FeedBodyId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))
    })
}

/// Bodies that nobody has finished, or that nothing names any more, begun before a moment; at most 200.
pub fn removable(tx: &mut Tx, before: Timestamp) -> Result<Vec<FeedBodyId>, StoreError> {
    let read = |row: &Row<'_>| FeedBodyId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0));
    let mut found = tx.list(ABANDONED, &[before.as_microsecond().into()], read)?;
    found.extend(tx.list(UNUSED, &[before.as_microsecond().into()], read)?);
    Ok(found)
}

/// How many bytes all feeds' files have.
pub fn kept_bytes(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(KEPT_BYTES, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

fn body(row: &Row<'_>) -> Result<Body, StoreError> {
    Ok(Body {
        id: FeedBodyId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        feed: row.integer(1)?,
        name: row.text(2)?.to_owned(),
        file_name: row.text(3)?.to_owned(),
        gzip: row.text(4)? == "gzip",
        received: row.integer(5)?.unsigned_abs(),
        pieces: row.integer(6)?,
        digest: row.optional_text(7)?.map(str::to_owned),
        begun_at: moment(row, 8)?,
    })
}
