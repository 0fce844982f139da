//! Why something about contacts was not done, as data, and the sentence a person is told.

use contact::field::Unfit;
use thiserror::Error;

use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;

/// Why something was not done.
#[derive(Debug, Error)]
pub enum NotDone {
    /// There is no such contact or company.
    #[error("there is no such record")]
    NoRecord,
    /// There is no such field.
    #[error("there is no such field")]
    NoField,
    /// There is no such run.
    #[error("there is no such run")]
    NoRun,
    /// There is no such conflict.
    #[error("there is no such conflict")]
    NoConflict,
    /// There is no such file.
    #[error("the file is not kept any more")]
    NoFile,
    /// What was typed is wrong.
    #[error("{0}")]
    Invalid(String),
    /// A value does not fit its field.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// An account keeps the contact, so that its name and address are the account's.
    #[error("the contact is synced: its name and e-mail address follow the Jira user or customer")]
    Follows,
    /// An account keeps the contact, so that it cannot be deleted.
    #[error("the contact is synced with a Jira user or customer")]
    Kept,
    /// Somebody else has changed it in the meantime.
    #[error("somebody else has changed it in the meantime")]
    Stale,
    /// A run that is not over has to be waited for.
    #[error("run {0} is not over")]
    Open(i64),
    /// Syncing is off.
    #[error("Jira User Syncing is off")]
    Off,
    /// Nothing was read that could be followed.
    #[error("no sync has been sealed yet, so nobody is known who could become a contact")]
    NotRead,
    /// Somebody has to say why.
    #[error("the reason is missing")]
    NoReason,
    /// The number was not typed.
    #[error("it concerns {0} records, and this number was not typed")]
    Typed(u64),
    /// The filter finds other records than were looked at.
    #[error("the filter finds {found} of them, and {meant} were meant")]
    Found {
        /// How many it finds.
        found: u64,
        /// How many were looked at.
        meant: u64,
    },
    /// The power to do it was not given.
    #[error("deleting many at once is a power of its own, and it was not given to you")]
    NoPower,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotDone {
    /// What a person is told.
    pub fn refusal(&self, what: &str) -> Refusal {
        let next = match self {
            NotDone::NoRecord => "Look at the list of contacts or companies.",
            NotDone::NoField => "Look at the fields under Settings, Contacts.",
            NotDone::NoRun => "Look at the list of runs.",
            NotDone::NoConflict => "Look at the list of conflicts.",
            NotDone::NoFile => "Upload it again.",
            NotDone::Invalid(_) | NotDone::Unfit(_) => "Correct it.",
            NotDone::Follows => {
                "Change them where the account is, or switch Jira User Syncing off. Everything else can be edited here."
            }
            NotDone::Kept => {
                "Delete the Jira user or customer at Atlassian, or switch Jira User Syncing off: the contact becomes a \
                 regular one then, and can be deleted."
            }
            NotDone::Stale => "Look at what it is by now, and make the change again.",
            NotDone::Open(_) => "Wait until it is over, or cancel it.",
            NotDone::Off => "An administrator switches it on under Settings, Contacts.",
            NotDone::NotRead => "Wait for the first sync to end.",
            NotDone::NoReason => "Say why in a few words; it is kept.",
            NotDone::Typed(_) => "Type the number if that is what is meant.",
            NotDone::Found { .. } => "Look at what it finds, and ask again with that number.",
            NotDone::NoPower => "An administrator gives it under Settings, Contacts.",
            NotDone::Store(_) => "Try again.",
        };
        match self {
            NotDone::Store(error) => Refusal::new(what, format!("The database failed: {error}."), next),
            why => Refusal::new(what, format!("It was not done: {why}."), next),
        }
    }
}
