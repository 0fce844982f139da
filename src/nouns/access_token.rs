//! An access token of Rollcall's API as it may be shown: everything but the secret.

use jiff::Timestamp;
use thiserror::Error;

use crate::id::{AccessTokenId, AdministratorId};

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;
/// The longest life that somebody may choose, in days.
pub const LONGEST_LIFE: u32 = 3_650;

/// A kept access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Our id of it.
    pub id: AccessTokenId,
    /// What it is for.
    pub name: TokenName,
    /// What it may do.
    pub reach: Reach,
    /// For whom it acts.
    pub administrator: AdministratorId,
    /// Their username.
    pub username: String,
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

/// What a token is called: one line of 1 to 100 characters, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenName(String);

/// What a token may do; each may do what those before it may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Ask.
    Read,
    /// Also start syncs, keep filters, and decide about withheld rows.
    #[default]
    Manage,
    /// Also approve operations, which changes something at Atlassian, and say where notices go.
    Act,
}

/// Whether a token opens anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Good,
    /// Its time is over.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// Why a text is no name of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAName {
    /// Nothing is left of it.
    #[error("the name is missing")]
    Missing,
    /// It is too long.
    #[error("the name has more than {LONGEST_NAME} characters")]
    TooLong,
}

impl TokenName {
    /// Reads a name as it was typed. Control characters become blanks.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(text: &str) -> Result<TokenName, NotAName> {
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match line.trim() {
            "" => Err(NotAName::Missing),
            name if name.chars().count() > LONGEST_NAME => Err(NotAName::TooLong),
            name => Ok(TokenName(name.to_owned())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AccessToken {
    /// Whether it opens anything at a moment.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => Standing::Revoked,
            (None, Some(expires_at)) if expires_at <= now => Standing::Expired,
            _ => Standing::Good,
        }
    }
}

impl Reach {
    /// All of them, the least first.
    pub const ALL: [Reach; 3] = [Reach::Read, Reach::Manage, Reach::Act];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Reach::Read => "read",
            Reach::Manage => "manage",
            Reach::Act => "act",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Reach> {
        Reach::ALL.into_iter().find(|reach| reach.as_str() == text)
    }

    /// What it may do, for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            Reach::Read => "Read: ask for people, groups, seats, runs, operations and the audit",
            Reach::Manage => "Manage: also start syncs, keep filters, decide about withheld rows",
            Reach::Act => "Act: also approve and undo operations at Atlassian, and change webhooks",
        }
    }
}

impl Standing {
    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Good => "good",
            Standing::Expired => "expired",
            Standing::Revoked => "revoked",
        }
    }
}
