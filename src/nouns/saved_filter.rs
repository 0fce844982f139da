//! A question about people that somebody keeps under a name, for themselves or for everybody who signs in.

use jiff::Timestamp;
use thiserror::Error;

use crate::id::{AdministratorId, FilterId};

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 100;
/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 1_000;

/// Who finds a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Its owner.
    Owner,
    /// Everybody who signs in.
    Everybody,
}

/// A kept filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFilter {
    /// Our id.
    pub id: FilterId,
    /// What is kept.
    pub kept: Kept,
    /// Who may change it.
    pub owner: AdministratorId,
    /// Their username when they last changed it.
    pub owner_name: String,
    /// When it was first saved.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// What somebody says about a filter that they keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name, one for each of an owner's own and one for each that everybody finds.
    pub name: Name,
    /// What it is for; may be empty.
    pub description: Description,
    /// The filter, in its canonical form.
    pub text: String,
    /// Who finds it.
    pub audience: Audience,
}

/// A filter's name: one line of 1 to 100 characters, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// A filter's description: up to 1,000 characters, trimmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description(String);

/// Why words about a filter were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotWords {
    /// The name is empty.
    #[error("the name is missing")]
    NoName,
    /// The name is too long.
    #[error("the name has more than {LONGEST_NAME} characters")]
    LongName,
    /// The description is too long.
    #[error("the description has more than {LONGEST_DESCRIPTION} characters")]
    LongDescription,
}

impl Name {
    /// Reads a name as it was typed. Control characters become blanks.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(text: &str) -> Result<Name, NotWords> {
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        match line.trim() {
            "" => Err(NotWords::NoName),
            name if name.chars().count() > LONGEST_NAME => Err(NotWords::LongName),
            name => Ok(Name(name.to_owned())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes two names the same: case and accents do not tell them apart.
    pub fn key(&self) -> String {
        directory::fold_text(&self.0)
    }
}

impl Description {
    /// Reads a description as it was typed.
    ///
    /// # Errors
    /// It is too long.
    pub fn parse(text: &str) -> Result<Description, NotWords> {
        match text.trim() {
            text if text.chars().count() > LONGEST_DESCRIPTION => Err(NotWords::LongDescription),
            text => Ok(Description(text.to_owned())),
        }
    }

    /// The description.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Audience {
    /// Whether everybody finds it.
    pub fn is_everybody(self) -> bool {
        self == Audience::Everybody
    }
}

impl SavedFilter {
    /// Whether somebody finds it.
    pub fn is_for(&self, administrator: &AdministratorId) -> bool {
        self.kept.audience.is_everybody() || self.owner == *administrator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_a_hundred_characters_at_most() {
        assert_eq!(Name::parse("  Idle\nin Jira ").unwrap().as_str(), "Idle in Jira");
        assert_eq!(Name::parse(" \t "), Err(NotWords::NoName));
        assert!(Name::parse(&"王".repeat(100)).is_ok());
        assert_eq!(Name::parse(&"王".repeat(101)), Err(NotWords::LongName));
        assert_eq!(Description::parse(&"x".repeat(1001)), Err(NotWords::LongDescription));
        assert_eq!(Description::parse("").unwrap().as_str(), "");
    }

    #[test]
    fn names_that_read_the_same_are_the_same() {
        let key = |text| Name::parse(text).unwrap().key();
        assert_eq!(key("IDLE Élan"), key("idle elan"));
        assert_ne!(key("idle"), key("idle 2"));
    }
}
