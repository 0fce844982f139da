//! The mail server and who gets which mail, as it may be shown: everything but the password.

use jiff::Timestamp;

use crate::nouns::notice::EventKind;

/// The receiver of a delivery that goes by mail, as it is kept.
pub const AS_RECEIVER: &str = "mail";

/// How the connection to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, usually on port 465.
    Tls,
    /// Plain at first, then STARTTLS or nothing, usually on port 587.
    StartTls,
    /// Not at all: for a relay on this machine or network.
    Plain,
}

/// A kind of mail that somebody can be put down for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The organization API key expires in 30, 14 or 7 days.
    KeyExpiring,
    /// A sync was held or failed.
    Sync,
    /// A task was partly done, failed, or is held.
    Task,
    /// An operation finished.
    Operation,
    /// The edition's limit is near.
    Limit,
}

/// The mail server and who gets which mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who signs in there; empty for nobody.
    pub username: String,
    /// The address that mails come from.
    pub sender: String,
    /// The addresses for each kind of mail.
    pub recipients: Vec<(MailKind, Vec<String>)>,
    /// Who changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
}

impl Security {
    /// All of them, the safest first.
    pub const ALL: [Security; 3] = [Security::Tls, Security::StartTls, Security::Plain];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Security::Tls => "tls",
            Security::StartTls => "starttls",
            Security::Plain => "plain",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Security> {
        Security::ALL.into_iter().find(|security| security.as_str() == text)
    }
}

impl MailKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [MailKind; 5] =
        [MailKind::KeyExpiring, MailKind::Sync, MailKind::Task, MailKind::Operation, MailKind::Limit];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            MailKind::KeyExpiring => "key",
            MailKind::Sync => "sync",
            MailKind::Task => "task",
            MailKind::Operation => "operation",
            MailKind::Limit => "limit",
        }
    }

    /// What it is, in a few words for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            MailKind::KeyExpiring => "Key expiring in 30, 14 or 7 days",
            MailKind::Sync => "Sync held or failed",
            MailKind::Task => "Task partial, failed or held",
            MailKind::Operation => "Operation finished",
            MailKind::Limit => "Limit neared",
        }
    }

    /// Under which kind of mail an event comes, if any.
    pub fn of(event: EventKind) -> Option<MailKind> {
        match event {
            EventKind::KeyExpiring => Some(MailKind::KeyExpiring),
            EventKind::SyncHeld | EventKind::SyncFailed => Some(MailKind::Sync),
            EventKind::TaskPartial | EventKind::TaskFailed | EventKind::TaskHeld => Some(MailKind::Task),
            EventKind::OperationFinished => Some(MailKind::Operation),
            EventKind::LicenceLimitNeared => Some(MailKind::Limit),
            // Reports go to those whom the feed or the report names.
            EventKind::FeedFinished
            | EventKind::FeedHeld
            | EventKind::FeedFailed
            | EventKind::FeedBlocked
            | EventKind::FeedLate
            | EventKind::FeedReport
            | EventKind::Report => None,
            EventKind::SyncFinished
            | EventKind::ContactCreated
            | EventKind::ContactChanged
            | EventKind::ContactUnlinked
            | EventKind::ConflictOpened
            | EventKind::TaskSucceeded
            | EventKind::TaskSkipped
            | EventKind::AccessEnding
            | EventKind::Test => None,
        }
    }
}

impl MailServer {
    /// Who gets mail of a kind.
    pub fn recipients_of(&self, kind: MailKind) -> &[String] {
        self.recipients.iter().find(|(of, _)| *of == kind).map_or(&[], |(_, addresses)| addresses.as_slice())
    }
}
