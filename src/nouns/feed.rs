//! A feed of people from one originating system: what it is called, how it is taken, and from when on it is looked at
//! by a person first.

use jiff::Timestamp;
use jiff::civil::Time;
use thiserror::Error;

use crate::id::{FeedId, FeedRunId};
use crate::nouns::operation::vocabulary;

/// The longest code, in characters.
pub const LONGEST_CODE: usize = 40;
/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;
/// The most addresses that receive reports.
pub const MOST_EMAILS: usize = 50;
/// The longest grace of somebody who is no longer in any feed, in days.
pub const LONGEST_GRACE: u16 = 366;
/// The longest time for which runs may be kept, in days.
pub const LONGEST_RETENTION: u32 = 36_500;

/// A feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The number by which rows name it.
    pub number: i64,
    /// Our id of it.
    pub id: FeedId,
    /// What scripts and commands call it.
    pub code: Code,
    /// What pages call it.
    pub name: String,
    /// How it is taken.
    pub settings: FeedSettings,
    /// Who changed its settings last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
    /// Raised by whatever changes what a run is compared with.
    pub version: u64,
    /// The version of the control file in force; none before the first.
    pub control: Option<u64>,
    /// The run that was applied last.
    pub applied_run: Option<FeedRunId>,
    /// When the last complete delivery came.
    pub delivered_at: Option<Timestamp>,
    /// When somebody was last told that it is late.
    pub late_told_at: Option<Timestamp>,
}

/// What scripts and commands call a feed: 1 to 40 small letters, digits and hyphens, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

/// Why a text is no code of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a code has 1 to {LONGEST_CODE} small letters, digits and hyphens, and begins with a letter")]
pub struct NotACode;

impl Code {
    /// Reads a code.
    ///
    /// # Errors
    /// It has another form.
    pub fn parse(text: &str) -> Result<Code, NotACode> {
        let text = text.trim();
        let fits = text.len() <= LONGEST_CODE
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits { Ok(Code(text.to_owned())) } else { Err(NotACode) }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

vocabulary! {
    /// *Force update of all records*
    Force {
        /// Unchanged records are skipped.
        Never = "never",
        /// No record of the next run is skipped.
        Once = "once",
        /// No record is skipped until this is switched off.
        Always = "always",
    }
}

/// From how many people on a run is held: more than the share, and at least the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// At least so many people.
    pub people: u64,
    /// More than this share of those whom the feed holds, in percent.
    pub percent: u64,
}

impl Default for Threshold {
    /// More than 5 % and at least 5 people.
    fn default() -> Threshold {
        Threshold { people: 5, percent: 5 }
    }
}

impl Threshold {
    /// Whether so many of so many are too many.
    pub fn is_exceeded(self, count: u64, of: u64) -> bool {
        count >= self.people.max(1) && u128::from(count) * 100 > u128::from(of) * u128::from(self.percent)
    }
}

/// From when on a person looks first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// People who are no longer in the feed.
    pub leavers: Threshold,
    /// People whose e-mail address changes.
    pub email_changes: Threshold,
    /// People of one managed group who are no longer in the feed.
    pub group_leavers: Threshold,
}

/// How a feed is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSettings {
    /// *Automatically apply uploaded sync files*
    pub auto_apply: bool,
    /// *Force update of all records*
    pub force: Force,
    /// *Emails to receive sync reports*
    pub emails: Vec<String>,
    /// Whether reports may say names, addresses and raw values.
    pub mail_personal: bool,
    /// From when on a person looks first.
    pub thresholds: Thresholds,
    /// By when a complete delivery is expected each day, in the organization's time zone.
    pub expected_by: Option<Time>,
    /// For how many days runs are kept; without limit when nobody says.
    pub retention_days: Option<u32>,
    /// Whether *a newer delivery replaces a waiting run*.
    pub replace_waiting: bool,
    /// How many days somebody stays who is no longer in any feed.
    pub grace_days: u16,
}

impl Default for FeedSettings {
    fn default() -> FeedSettings {
        FeedSettings {
            auto_apply: true,
            force: Force::Never,
            emails: Vec::new(),
            mail_personal: false,
            thresholds: Thresholds::default(),
            expected_by: None,
            retention_days: None,
            replace_waiting: false,
            grace_days: 0,
        }
    }
}

/// A group that a feed manages: only those it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedGroup {
    /// Its code in records and control files.
    pub code: String,
    /// What pages call it.
    pub name: String,
    /// When it was declared.
    pub declared_at: Timestamp,
    /// By whom.
    pub declared_by: String,
}

/// A version of a feed's control file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlVersion {
    /// Its number in the feed, from 1.
    pub version: u64,
    /// The digest of its content: SHA-256, in hexadecimal digits.
    pub digest: String,
    /// The digest of what it does.
    pub meaning: [u8; 16],
    /// When it came into force.
    pub at: Timestamp,
    /// Who sent it.
    pub author: String,
    /// How it came.
    pub origin: Origin,
    /// Why, as somebody said.
    pub reason: Option<String>,
}

vocabulary! {
    /// How a control file came.
    Origin {
        /// By the upload API.
        Upload = "upload",
        /// By a page or command.
        Page = "page",
        /// With a run that was applied again.
        Reapply = "reapply",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_needs_both_the_share_and_the_number() {
        let default = Threshold::default();
        assert!(!default.is_exceeded(4, 10), "40 %, but four people");
        assert!(!default.is_exceeded(5, 100), "five people, but 5 %");
        assert!(default.is_exceeded(6, 100));
        assert!(default.is_exceeded(5, 99));
        assert!(!default.is_exceeded(0, 0));
    }

    #[test]
    fn a_code_can_stand_in_an_address() {
        assert!(["staff", "student-2", "a"].iter().all(|text| Code::parse(text).is_ok()));
        assert!(["", "Staff", "2nd", "a b", "a/b", &"a".repeat(41)].iter().all(|text| Code::parse(text).is_err()));
    }
}
