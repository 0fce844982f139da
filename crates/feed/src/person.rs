//! A person as a feed tells them: the canonical form of a record. Two records that mean the same give equal people, and
//! nothing of where the values came from is left.

mod glance;
mod kept;

use std::collections::{BTreeMap, BTreeSet};

use crate::control::FieldKey;
use crate::json::{Number, Value};

pub use glance::{Glance, glance};

/// A person of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The username as it was sent, without blanks around it.
    pub username: String,
    /// The key under which it is matched (`directory::username_key`).
    pub key: String,
    /// Values by field. Username and groups stand apart.
    pub fields: BTreeMap<FieldKey, Vec<Entry>>,
    /// The codes of the groups.
    pub groups: BTreeSet<String>,
    /// Fields that stay as they are: the record had a value for them that could not be stored.
    pub left: BTreeSet<FieldKey>,
}

/// A value with its qualifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value.
    pub item: Item,
    /// The code of its qualifier.
    pub qualifier: Option<String>,
}

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Text of any kind.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A day (`2026-03-01`) or a moment (`2026-03-01T09:30:00Z`).
    Moment(String),
    /// A reference by its code.
    Reference(String),
    /// A reference to the person who has this key as username.
    Username(String),
    /// A reference to the person who has this key as e-mail address.
    EmailAddress(String),
    /// A telephone number as it was written, and the country it is national to.
    Telephone(String, Option<String>),
    /// The parts of a name.
    PersonName(Parts),
    /// The parts of an address.
    PostalAddress(Parts),
    /// An object or a list.
    Json(Value),
}

/// Parts of a structured value by name, in the order in which they are written.
pub type Parts = Vec<(String, String)>;

impl Item {
    /// The text of a value that is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as people read it.
    pub fn shown(&self) -> String {
        match self {
            Item::Text(text) | Item::Moment(text) | Item::Reference(text) | Item::Telephone(text, None) => text.clone(),
            Item::Username(text) | Item::EmailAddress(text) => text.clone(),
            Item::Telephone(text, Some(country)) => format!("{text} ({country})"),
            Item::Boolean(value) => if *value { "true" } else { "false" }.to_owned(),
            Item::Number(number) => number.text().to_owned(),
            Item::PersonName(parts) => parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(" "),
            Item::PostalAddress(parts) => parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(", "),
            Item::Json(value) => crate::json::write(value),
        }
    }
}

impl Person {
    /// The first text of a field of the account; empty when there is none.
    pub fn user(&self, name: &str) -> &str {
        let entries = self.fields.get(&FieldKey::user(name));
        entries.and_then(|entries| entries.first()).and_then(|entry| entry.item.as_text()).unwrap_or_default()
    }

    /// The e-mail address.
    pub fn email(&self) -> &str {
        self.user("email")
    }

    /// The key under which the e-mail address is matched.
    pub fn email_key(&self) -> String {
        directory::email_key(self.email())
    }

    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.user("nameFirst"), self.user("nameLast")).trim().to_owned()
    }
}
