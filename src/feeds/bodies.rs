//! The bytes of uploaded files: taken in piece by piece, resumed where they broke off, given out as they came. Whatever
//! the size, one piece is held at a time.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::id::{Entropy, FeedBodyId};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::feed_bodies::{self, Body, PIECE_BYTES};

/// The longest file that is taken, as it is sent.
pub const LARGEST: u64 = 20 << 30;

/// Why bytes were not taken.
#[derive(Debug, Error)]
pub enum NotReceived {
    /// There is no such upload, or it is complete.
    #[error("there is no upload of this id that goes on")]
    Unknown,
    /// The bytes begin elsewhere than the upload stands.
    #[error("the upload stands at byte {0}")]
    Offset(u64),
    /// The file is too long.
    #[error("a file has at most {LARGEST} bytes")]
    TooLarge,
    /// The content is not what was announced.
    #[error("the content has the digest {found}, and {expected} was announced")]
    Digest {
        /// The digest of what came.
        found: String,
        /// What was announced.
        expected: String,
    },
    /// Somebody else sends to the same upload.
    #[error("somebody else sends bytes to this upload")]
    Raced,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is said about a file before it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The number of the feed.
    pub feed: i64,
    /// Its name in the control file.
    pub name: String,
    /// What it is called where it comes from.
    pub file_name: String,
    /// Whether it is compressed by gzip.
    pub gzip: bool,
}

/// A file being received.
#[derive(Debug)]
pub struct Receiving {
    store: Store,
    body: Body,
    buffer: Vec<u8>,
    /// The digest of what came, while this is the only sender from the first byte on.
    hasher: Option<Sha256>,
}

impl Receiving {
    /// Begins to receive a file.
    pub async fn begin(
        store: &Store,
        announced: Announced,
        (now, entropy): (Timestamp, &Entropy),
    ) -> Result<Receiving, NotReceived> {
        let body = Body {
            id: FeedBodyId::new(entropy, now),
            feed: announced.feed,
            name: announced.name,
            file_name: announced.file_name,
            gzip: announced.gzip,
            received: 0,
            pieces: 0,
            digest: None,
            begun_at: now,
        };
        let begun = body.clone();
        store.write_relaxed(move |tx| feed_bodies::insert(tx, &begun)).await?;
        Ok(Receiving { store: store.clone(), body, buffer: Vec::new(), hasher: Some(Sha256::new()) })
    }

    /// Goes on with a file of a feed where it broke off.
    pub async fn resume(store: &Store, feed: i64, id: &FeedBodyId, offset: u64) -> Result<Receiving, NotReceived> {
        let body = Receiving::at(store, feed, id).await?;
        if body.received != offset {
            return Err(NotReceived::Offset(body.received));
        }
        Ok(Receiving { store: store.clone(), body, buffer: Vec::new(), hasher: None })
    }

    /// How far the upload of a file is.
    pub async fn at(store: &Store, feed: i64, id: &FeedBodyId) -> Result<Body, NotReceived> {
        let id = id.clone();
        let body = store.read(move |tx| feed_bodies::find(tx, &id)).await?;
        body.filter(|body| body.feed == feed && body.digest.is_none()).ok_or(NotReceived::Unknown)
    }

    /// The upload's id.
    pub fn id(&self) -> &FeedBodyId {
        &self.body.id
    }

    /// How many bytes have come.
    pub fn received(&self) -> u64 {
        self.body.received + self.buffer.len() as u64
    }

    /// Takes bytes.
    pub async fn take(&mut self, mut bytes: &[u8]) -> Result<(), NotReceived> {
        if self.received() + bytes.len() as u64 > LARGEST {
            return Err(NotReceived::TooLarge);
        }
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = rest;
            if self.buffer.len() == PIECE_BYTES {
                self.keep().await?;
            }
        }
        Ok(())
    }

    /// Keeps what came so far, so that it can be gone on with.
    pub async fn keep(&mut self) -> Result<(), NotReceived> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.buffer);
        }
        let (packed, bytes) = (feed_bodies::pack(&self.buffer), self.buffer.len() as u64);
        self.buffer.clear();
        let (id, pieces) = (self.body.id.clone(), self.body.pieces);
        let kept =
            self.store.write_relaxed(move |tx| feed_bodies::add_piece(tx, &id, pieces, (&packed, bytes))).await?;
        if !kept {
            return Err(NotReceived::Raced);
        }
        self.body.received += bytes;
        self.body.pieces += 1;
        Ok(())
    }

    /// Ends the upload. The content is kept once, whatever it was called before.
    pub async fn finish(mut self, expected: Option<&str>) -> Result<Body, NotReceived> {
        self.keep().await?;
        let found = match self.hasher.take() {
            Some(hasher) => hex(&hasher.finalize()),
            None => digest_of(&self.store, &self.body).await?,
        };
        let id = self.body.id.clone();
        if let Some(expected) = expected.filter(|expected| !expected.eq_ignore_ascii_case(&found)) {
            self.store.write_relaxed(move |tx| feed_bodies::remove(tx, &id)).await?;
            return Err(NotReceived::Digest { found, expected: expected.to_owned() });
        }
        let finished = self.store.write(move |tx| feed_bodies::finish(tx, &id, &found)).await?;
        finished.ok_or(NotReceived::Unknown)
    }

    /// Gives the upload up: nothing of it is kept.
    pub async fn discard(self) -> Result<(), NotReceived> {
        let id = self.body.id;
        Ok(self.store.write_relaxed(move |tx| feed_bodies::remove(tx, &id)).await?)
    }
}

/// Drops a file that was received whole and is not wanted after all, unless a run or a control file has the same content.
pub async fn drop_unused(store: &Store, id: &FeedBodyId) -> Result<(), StoreError> {
    let id = id.clone();
    store.write_relaxed(move |tx| feed_bodies::remove_unused(tx, &id)).await
}

async fn digest_of(store: &Store, body: &Body) -> Result<String, StoreError> {
    let mut hasher = Sha256::new();
    for number in 0..body.pieces {
        if let Some(piece) = piece(store, &body.id, number).await? {
            hasher.update(&piece);
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// A piece of a file as it was sent, numbered from 0; none behind the last.
pub async fn piece(store: &Store, id: &FeedBodyId, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let id = id.clone();
    store.read(move |tx| feed_bodies::piece(tx, &id, number)).await
}

/// A file's bytes as they were sent, for code that is not async. The next pieces are unpacked while one is read.
pub(super) struct Content {
    pieces: Receiver<Result<Vec<u8>, StoreError>>,
    piece: Vec<u8>,
    at: usize,
}

/// How many pieces wait to be read.
const AHEAD: usize = 2;

impl Content {
    /// Reads a file from its beginning.
    ///
    /// # Errors
    /// The machine has no thread left.
    pub(super) fn of(store: &Store, id: &FeedBodyId) -> io::Result<Content> {
        let (store, id) = (store.clone(), id.clone());
        let (sender, pieces) = sync_channel(AHEAD);
        let fetch = move || {
            for number in 0.. {
                let id = id.clone();
                let piece = store.read_blocking(move |tx| feed_bodies::piece(tx, &id, number)).transpose();
                let Some(piece) = piece else { return };
                let broken = piece.is_err();
                // Nobody reads any more, or there is nothing more to read.
                if sender.send(piece).is_err() || broken {
                    return;
                }
            }
        };
        thread::Builder::new().name("feed-pieces".to_owned()).spawn(fetch)?;
        Ok(Content { pieces, piece: Vec::new(), at: 0 })
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            // The other side ends behind the last piece.
            let Ok(piece) = self.pieces.recv() else { return Ok(0) };
            (self.piece, self.at) = (piece.map_err(io::Error::other)?, 0);
        }
        let bytes = self.piece.get(self.at..).unwrap_or_default();
        let count = bytes.len().min(into.len());
        into.get_mut(..count).unwrap_or_default().copy_from_slice(bytes.get(..count).unwrap_or_default());
        self.at += count;
        Ok(count)
    }
}

/// All of a small file, such as a control file; none when it is longer.
pub async fn whole(store: &Store, id: &FeedBodyId, longest: usize) -> Result<Option<Vec<u8>>, StoreError> {
    let mut all = Vec::new();
    for number in 0.. {
        let Some(piece) = piece(store, id, number).await? else { break };
        all.extend(piece);
        if all.len() > longest {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

/// The digest by which contents are known, of bytes that come in pieces.
#[derive(Debug, Default)]
pub struct ContentDigest(Sha256);

impl ContentDigest {
    /// Takes the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all of them, in hexadecimal digits.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
