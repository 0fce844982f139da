//! A run over contacts: following the accounts, and whatever else is too long for one request. It has counts and a log like
//! any sync run.

use jiff::Timestamp;

use crate::id::ContactRunId;
use crate::nouns::operation::vocabulary;

vocabulary! {
    /// What a run does.
    ContactRunKind {
        /// Follows the accounts.
        Follow = "follow",
        /// Makes all synced contacts regular ones.
        Release = "release",
        /// Reads a file.
        Import = "import",
        /// Changes many records.
        Change = "change",
        /// Deletes many records.
        Delete = "delete",
    }
}

vocabulary! {
    /// Where a run stands.
    ContactRunState {
        /// It waits for the worker.
        Queued = "queued",
        /// It is under way.
        Running = "running",
        /// It came to its end.
        Complete = "complete",
        /// Somebody ended it.
        Cancelled = "cancelled",
        /// It was given up.
        Failed = "failed",
    }
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRun {
    /// Its number, from 1.
    pub number: i64,
    /// Our id of it.
    pub id: ContactRunId,
    /// What it does.
    pub kind: ContactRunKind,
    /// Where it stands.
    pub state: ContactRunState,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// When the worker last gave a sign of life.
    pub heartbeat_at: Option<Timestamp>,
    /// The generation of the mirror that it followed.
    pub generation: Option<u64>,
    /// How many things there are to do, as far as is known.
    pub total: u64,
    /// How many are done.
    pub done: u64,
    /// What came of it.
    pub counts: ContactCounts,
    /// What it was asked to do, as JSON; empty where its kind says all.
    pub task: String,
    /// Why it was given up.
    pub failure: Option<String>,
}

/// What came of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContactCounts {
    /// Contacts, or companies, that are new.
    pub created: u64,
    /// Accounts that were linked to a contact that was there.
    pub linked: u64,
    /// Contacts that follow a new name, address or state; records that were changed.
    pub changed: u64,
    /// Accounts that keep their contact no more.
    pub unlinked: u64,
    /// Contacts that became regular ones.
    pub released: u64,
    /// Records that were deleted.
    pub deleted: u64,
    /// Conflicts that are open at its end.
    pub conflicts: u64,
    /// Accounts or lines that were left out.
    pub skipped: u64,
    /// Accounts that stayed as they were.
    pub unchanged: u64,
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactLogLine {
    /// Its place, from 1.
    pub line: u64,
    /// When.
    pub at: Timestamp,
    /// What it tells of: `created`, `linked`, `changed`, `unlinked`, `conflict`, `skipped` and so on.
    pub kind: String,
    /// The number of the contact.
    pub contact: Option<u32>,
    /// The account.
    pub account: Option<String>,
    /// The line.
    pub text: String,
}

/// A conflict as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptConflict {
    /// Its number.
    pub number: i64,
    /// What it is about.
    pub conflict: contact::sync::Conflict,
    /// Whether it waits, was dismissed, or is over.
    pub state: ConflictState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Who dismissed it, and why.
    pub decided: Option<(String, String)>,
}

vocabulary! {
    /// Where a conflict stands.
    ConflictState {
        /// It waits for a person.
        Open = "open",
        /// A person has said that it may stay as it is.
        Dismissed = "dismissed",
        /// It is none any more.
        Over = "over",
    }
}

impl ContactRunKind {
    /// What it is, for a heading.
    pub fn in_words(self) -> &'static str {
        match self {
            ContactRunKind::Follow => "User syncing",
            ContactRunKind::Release => "User syncing switched off",
            ContactRunKind::Import => "Import",
            ContactRunKind::Change => "Bulk edit",
            ContactRunKind::Delete => "Bulk delete",
        }
    }
}

impl ContactRun {
    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        !matches!(self.state, ContactRunState::Queued | ContactRunState::Running)
    }
}

impl ContactCounts {
    /// Each count with its word, in the order in which they are told.
    pub fn named(&self) -> [(&'static str, u64); 9] {
        [
            ("created", self.created),
            ("linked", self.linked),
            ("changed", self.changed),
            ("unlinked", self.unlinked),
            ("released", self.released),
            ("deleted", self.deleted),
            ("conflicts", self.conflicts),
            ("skipped", self.skipped),
            ("unchanged", self.unchanged),
        ]
    }

    /// The counts of a word and number each; what is not known is left out.
    pub fn of_named<'w>(named: impl IntoIterator<Item = (&'w str, u64)>) -> ContactCounts {
        let mut counts = ContactCounts::default();
        for (word, count) in named {
            match word {
                "created" => counts.created = count,
                "linked" => counts.linked = count,
                "changed" => counts.changed = count,
                "unlinked" => counts.unlinked = count,
                "released" => counts.released = count,
                "deleted" => counts.deleted = count,
                "conflicts" => counts.conflicts = count,
                "skipped" => counts.skipped = count,
                "unchanged" => counts.unchanged = count,
                _ => {}
            }
        }
        counts
    }
}
