//! A feed key as it may be shown: everything but the secret. It uploads to one feed and reads that feed's status.

use jiff::Timestamp;

use crate::id::FeedKeyId;
use crate::nouns::access_token::Standing;

/// A kept feed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedKey {
    /// Our id of it.
    pub id: FeedKeyId,
    /// The number of its feed.
    pub feed: i64,
    /// What it is for.
    pub label: String,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself; never, when nobody chose it.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When somebody revoked it.
    pub revoked_at: Option<Timestamp>,
}

impl FeedKey {
    /// Whether it opens anything at a moment.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.revoked_at, self.expires_at) {
            (Some(revoked_at), _) if revoked_at <= now => Standing::Revoked,
            (_, Some(expires_at)) if expires_at <= now => Standing::Expired,
            _ => Standing::Good,
        }
    }
}
