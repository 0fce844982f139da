//! Opaque page cursors. A cursor holds the place in the order of creation (or the last sort key), a digest of the
//! filter it was made for and the instant it was made, signed so that none can be made up. Walks by cursor are stable:
//! what is added later comes at the end, and what is removed shifts nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;

use crate::answers::{Answers, BodyWithCursor};
use crate::organization::hash_of;
use crate::reply::Refusal;

/// A place in a chain of pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The path whose chain it is, and the filter, as one digest.
    pub(crate) digest: u64,
    /// 0-based number of the page that the cursor asks for.
    pub(crate) page: u32,
    /// First ordinal to look at; with a sort key, the ordinal of the last record given.
    pub(crate) position: u32,
    /// Milliseconds since 1970.
    pub(crate) issued: i64,
    /// With a sort order: the key of the last record given.
    pub(crate) key: Option<String>,
    /// For GET lists, which discard all other parameters: the first request's query.
    pub(crate) query: String,
}

impl Cursor {
    /// The beginning of a chain.
    pub(crate) fn start(digest: u64, query: &str) -> Cursor {
        Cursor { digest, page: 0, position: 0, issued: 0, key: None, query: query.to_owned() }
    }

    /// The cursor of the page after this one.
    pub(crate) fn next(&self, position: u32, key: Option<String>) -> Cursor {
        Cursor { page: self.page + 1, position, key, ..self.clone() }
    }

    /// The token that stands for this cursor, made at `now`.
    pub(crate) fn token(&self, seal: u64, now: Timestamp) -> String {
        let mut bytes = Vec::with_capacity(48 + self.query.len());
        bytes.extend_from_slice(&self.digest.to_le_bytes());
        bytes.extend_from_slice(&self.page.to_le_bytes());
        bytes.extend_from_slice(&self.position.to_le_bytes());
        bytes.extend_from_slice(&now.as_millisecond().to_le_bytes());
        bytes.push(u8::from(self.key.is_some()));
        let key = self.key.as_deref().unwrap_or_default();
        bytes.extend_from_slice(&(key.len() as u32).to_le_bytes());
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(self.query.as_bytes());
        let signature = sign(&bytes, seal);
        bytes.splice(0..0, signature.to_le_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token; none when it is not one of ours.
    pub(crate) fn read(token: &str, seal: u64) -> Option<Cursor> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (signature, bytes) = bytes.split_at_checked(8)?;
        if sign(bytes, seal).to_le_bytes() != signature {
            return None;
        }
        let (digest, rest) = bytes.split_first_chunk::<8>()?;
        let (page, rest) = rest.split_first_chunk::<4>()?;
        let (position, rest) = rest.split_first_chunk::<4>()?;
        let (issued, rest) = rest.split_first_chunk::<8>()?;
        let (sorted, rest) = rest.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (key, query) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let key = String::from_utf8(key.to_vec()).ok()?;
        Some(Cursor {
            digest: u64::from_le_bytes(*digest),
            page: u32::from_le_bytes(*page),
            position: u32::from_le_bytes(*position),
            issued: i64::from_le_bytes(*issued),
            key: (*sorted == 1).then_some(key),
            query: String::from_utf8(query.to_vec()).ok()?,
        })
    }

    /// Refuses a cursor that is too old.
    pub(crate) fn check_age(&self, answers: &Answers, now: Timestamp) -> Result<(), Refusal> {
        let Some(life) = answers.cursor_life else { return Ok(()) };
        if now.as_millisecond() - self.issued <= i64::from(life) * 1_000 {
            return Ok(());
        }
        Err(expired(answers.expired_cursor_status))
    }

    /// Refuses a cursor that was made for another filter, where that is asked for.
    pub(crate) fn check_filter(&self, digest: u64, answers: &Answers) -> Result<(), Refusal> {
        if self.digest == digest || answers.body_with_cursor == BodyWithCursor::Free {
            return Ok(());
        }
        Err(Refusal::bad_cursor("The cursor was made for another filter."))
    }
}

/// The refusal of a cursor that has lived too long.
pub(crate) fn expired(status: u16) -> Refusal {
    Refusal { status, ..Refusal::bad_cursor("The page cursor has expired.") }
}

/// A digest of the text that two requests must share.
pub(crate) fn digest(text: &str) -> u64 {
    hash_of(text)
}

/// FNV-1a over the seal and the bytes: enough against made-up cursors, and fast.
fn sign(bytes: &[u8], seal: u64) -> u64 {
    let seal = seal.to_le_bytes();
    seal.iter()
        .chain(bytes)
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
