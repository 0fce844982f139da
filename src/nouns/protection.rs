//! That a person or a group is protected: nothing of Rollcall may touch them. Who protected them, when and why.

use directory::{AccountId, GroupId};
use jiff::Timestamp;
use thiserror::Error;

use crate::nouns::refusal::Refusal;

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// Who or what is protected.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protectee {
    /// A person: never suspended, removed, or given or taken a group or role.
    Person(AccountId),
    /// A group: it never gains or loses members or roles, and is never deleted. Its members are not protected by it.
    Group(GroupId),
}

/// Why somebody protects, or takes a protection away: 1 to 500 characters, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

/// Why a reason was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotAReason {
    /// There is none.
    #[error("the reason is missing")]
    Missing,
    /// It is too long.
    #[error("the reason has more than {LONGEST_REASON} characters")]
    Long,
}

/// A protection in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Of whom.
    pub of: Protectee,
    /// Why.
    pub reason: Reason,
    /// Who added it.
    pub added_by: String,
    /// When.
    pub added_at: Timestamp,
}

/// Every protection of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protections(pub Vec<Protection>);

impl Protectee {
    /// What it is, as it is stored: `person` or `group`.
    pub fn subject(&self) -> &'static str {
        match self {
            Protectee::Person(_) => "person",
            Protectee::Group(_) => "group",
        }
    }

    /// Atlassian's id.
    pub fn id(&self) -> &str {
        match self {
            Protectee::Person(id) => id.as_str(),
            Protectee::Group(id) => id.as_str(),
        }
    }

    /// Reads what [`Protectee::subject`] and [`Protectee::id`] wrote.
    pub fn parse(subject: &str, id: &str) -> Option<Protectee> {
        match subject {
            "person" => AccountId::new(id).ok().map(Protectee::Person),
            "group" => GroupId::new(id).ok().map(Protectee::Group),
            _ => None,
        }
    }
}

impl Reason {
    /// Reads a reason as it was typed.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn parse(text: &str) -> Result<Reason, NotAReason> {
        match text.trim() {
            "" => Err(NotAReason::Missing),
            text if text.chars().count() > LONGEST_REASON => Err(NotAReason::Long),
            text => Ok(Reason(text.to_owned())),
        }
    }

    /// The reason.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Protections {
    /// The protection of a person or group.
    pub fn of(&self, protectee: &Protectee) -> Option<&Protection> {
        self.0.iter().find(|protection| protection.of == *protectee)
    }

    /// Why an action on a person or group is refused; `None` where nothing protects them. Every action asks this before
    /// its first effect, and again before each.
    pub fn refuse(&self, protectee: &Protectee) -> Option<Refusal> {
        let protection = self.of(protectee)?;
        Some(Refusal::new(
            format!("This {} is protected and was not touched.", protectee.subject()),
            format!(
                "{} protected it on {}: {}",
                protection.added_by,
                protection.added_at.strftime("%-d %b %Y"),
                protection.reason.as_str()
            ),
            "Take the protection away under Settings, Guards and protected people, if it no longer holds.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_protected_is_refused_with_who_when_and_why_and_nothing_else_is() {
        let keeper = Protectee::parse("person", "acc-1").unwrap();
        let protections = Protections(vec![Protection {
            of: keeper.clone(),
            reason: Reason::parse(" break glass ").unwrap(),
            added_by: "administrator mira".to_owned(),
            added_at: "2026-11-20T12:00:00Z".parse().unwrap(),
        }]);
        let refusal = protections.refuse(&keeper).unwrap();
        assert_eq!(refusal.why, "administrator mira protected it on 20 Nov 2026: break glass");
        assert!(protections.refuse(&Protectee::parse("group", "acc-1").unwrap()).is_none());
        assert!(protections.refuse(&Protectee::parse("person", "acc-2").unwrap()).is_none());
        assert_eq!(Protectee::parse("site", "acc-1"), None);
    }

    #[test]
    fn a_reason_is_one_to_five_hundred_characters() {
        assert_eq!(Reason::parse("  "), Err(NotAReason::Missing));
        assert_eq!(Reason::parse(&"x".repeat(501)), Err(NotAReason::Long));
        assert!(Reason::parse(&"王".repeat(500)).is_ok());
    }
}
