//! Contacts and companies: records that people keep beside the mirror. A record that is gone stays as its number, so that
//! an old address leads somewhere.

use contact::field::{Entity, Values};
use contact::sync::{LinkState, Mark};
use jiff::Timestamp;

use crate::id::RecordId;
use crate::nouns::operation::vocabulary;

vocabulary! {
    /// Whether a record is there.
    RecordState {
        /// It is.
        Live = "live",
        /// Another one has taken it in.
        Merged = "merged",
        /// Somebody has deleted it.
        Deleted = "deleted",
    }
}

/// A contact or a company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub entity: Entity,
    /// Its number among its like.
    pub number: u32,
    /// Our id of it.
    pub id: RecordId,
    /// Whether it is there.
    pub state: RecordState,
    /// The number of the record that has taken it in.
    pub merged_into: Option<u32>,
    /// Its name.
    pub name: String,
    /// The e-mail address of a contact.
    pub email: Option<String>,
    /// The domains of a company.
    pub domains: Vec<String>,
    /// Tags that people gave.
    pub tags: Vec<String>,
    /// Values of the fields that people defined.
    pub values: Values,
    /// What the accounts that keep a contact make of it; `None` for a regular one.
    pub mark: Option<Mark>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// That a contact belongs to a company.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompanyLink {
    /// The contact's number.
    pub contact: u32,
    /// The company's number.
    pub company: u32,
    /// What the contact is there; may be empty.
    pub role: String,
}

/// An account of a contact, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownIdentity {
    /// The account's id.
    pub account: String,
    /// How it belongs to the contact.
    pub state: LinkState,
    /// Whether it is a user.
    pub user: bool,
    /// Whether it is a customer.
    pub customer: bool,
    /// Its name.
    pub name: String,
    /// Its address, where it is not hidden.
    pub email: Option<String>,
    /// How it stands, in Atlassian's word.
    pub status: String,
    /// When it was first linked.
    pub since: Timestamp,
    /// When its state last changed.
    pub changed_at: Timestamp,
}

/// A note that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its number.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub author: String,
    /// What, in lines.
    pub text: String,
}

/// Something that happened to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// What it happened to.
    pub entity: Entity,
    /// The record's number.
    pub owner: u32,
    /// When.
    pub at: Timestamp,
    /// What: `created`, `changed`, `linked`, `unlinked`, `merged` and so on.
    pub kind: String,
    /// Who did it.
    pub author: String,
    /// The number of the run that did.
    pub run: Option<i64>,
    /// What was and what is, each by its name: JSON.
    pub told: String,
}

impl Record {
    /// Whether it is there.
    pub fn is_live(&self) -> bool {
        self.state == RecordState::Live
    }

    /// The address of a contact, or the domains of a company.
    pub fn addresses(&self) -> Vec<String> {
        match self.entity {
            Entity::Contact => self.email.iter().cloned().collect(),
            Entity::Company => self.domains.clone(),
        }
    }
}
