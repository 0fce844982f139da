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
