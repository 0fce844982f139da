//! One person in the preview of a run: what would happen to them, and which of their fields change. Once the run is
//! applied, it is what happened.

use crate::nouns::operation::vocabulary;

vocabulary! {
    /// What a run does with somebody.
    RowKind {
        /// They are new.
        New = "new",
        /// Something of them changes.
        Changed = "changed",
        /// They were sent otherwise than before, and nothing of them changes.
        Refreshed = "refreshed",
        /// They come back.
        Returning = "returning",
        /// They are no longer in the feed.
        Leaving = "leaving",
        /// Their record fails; they stay as they are.
        Failing = "failing",
        /// Their record contradicts another, or somebody else's; they stay as they are.
        Conflict = "conflict",
    }
}

/// What a run does with somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRow {
    /// Its place in the run, from 1.
    pub place: i64,
    /// What happens.
    pub kind: RowKind,
    /// The key of the username.
    pub username_key: String,
    /// The username as it was sent.
    pub username: String,
    /// Whom it is about, when the feed knows them.
    pub account: Option<i64>,
    /// The number of the record, from 0 over all files.
    pub record: Option<u64>,
    /// The line of the file at which the record begins, from 1.
    pub file_line: Option<u64>,
    /// Whether some of the record could not be applied.
    pub is_error: bool,
    /// The digest of the record as it came.
    pub raw_digest: Option<[u8; 16]>,
    /// The digest of what it means.
    pub digest: Option<[u8; 16]>,
    /// The person as they will be kept, as JSON.
    pub person: Option<String>,
    /// The record as it came, as JSON.
    pub raw: Option<String>,
    /// The fields that change.
    pub changes: Vec<FieldChange>,
    /// Why it fails or contradicts.
    pub why: Option<String>,
}

/// A field that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field: `user: email`.
    pub field: String,
    /// Its values before, as they are shown.
    pub before: Vec<String>,
    /// Its values after.
    pub after: Vec<String>,
    /// Whether only the control file has changed, and not the record.
    pub by_control: bool,
}
