//! A person of the feeds: one per username over all of them, and what each feed has said of them. It is no sign-in to
//! Rollcall.

use jiff::Timestamp;

use crate::nouns::feed_account::LinkNote;
use crate::nouns::operation::vocabulary;

vocabulary! {
    /// How a person of the feeds stands.
    PersonState {
        /// In a feed, or within the days of grace.
        Active = "active",
        /// In no feed.
        Blocked = "blocked",
        /// Put on hold by a person; no feed changes that.
        Held = "held",
    }
}

/// A person of the feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPerson {
    /// The number by which rows name them.
    pub account: i64,
    /// The key under which the username is matched.
    pub username_key: String,
    /// The username as it was sent.
    pub username: String,
    /// First and last name.
    pub name: String,
    /// The e-mail address; empty when there is none.
    pub email: String,
    /// The key under which it is matched.
    pub email_key: String,
    /// How they stand.
    pub state: PersonState,
    /// When they are blocked, being in no feed any more.
    pub block_at: Option<Timestamp>,
    /// Who put them on hold, when and why.
    pub held: Option<(String, Timestamp, String)>,
    /// The Atlassian account they are linked to.
    pub linked: Option<String>,
    /// Who decided that, how and when; nobody has yet when there is none.
    pub link: Option<LinkNote>,
    /// Since when they are known.
    pub since: Timestamp,
}

/// What one feed has said of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedRecord {
    /// The number of the feed.
    pub feed: i64,
    /// The number of the person.
    pub account: i64,
    /// Whether they are in the delivery applied last.
    pub in_feed: bool,
    /// The digest of the record as it came.
    pub raw_digest: [u8; 16],
    /// The version of the control file it was read with.
    pub control: u64,
    /// The digest of what it means.
    pub digest: [u8; 16],
    /// The person as they are kept, as JSON.
    pub person: String,
    /// The record applied last, as JSON.
    pub raw: String,
    /// The record received last, when it is another one.
    pub received: Option<String>,
    /// The number of the run that brought it.
    pub received_run: Option<i64>,
    /// The number of the run that wrote this last.
    pub applied_run: i64,
    /// The number of the run in which they were missing.
    pub left_run: Option<i64>,
    /// Whether the next run does not skip them.
    pub try_again: bool,
    /// What is wrong with the record received last.
    pub failure: Option<String>,
}

/// What somebody did with a person by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonNote {
    /// When.
    pub at: Timestamp,
    /// What: `held`, `released`, `try_again`, `renamed`, `merged`, `linked`, `unlinked`.
    pub kind: String,
    /// Who.
    pub author: String,
    /// What they said.
    pub text: Option<String>,
}
