//! The name somebody signs in with: kept as entered, compared by its folded key.

use directory::username_key;

/// A username as it was entered, trimmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// Why a text cannot be a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidUsername {
    /// Nothing was entered.
    Empty,
    /// Longer than 64 characters.
    TooLong,
    /// Holds a control character or one that changes the direction of writing.
    Unprintable,
}

const LONGEST: usize = 64;

impl Username {
    /// Takes a text as a username.
    ///
    /// # Errors
    /// Empty, longer than 64 characters, or with characters that cannot be seen.
    pub fn parse(text: &str) -> Result<Username, InvalidUsername> {
        let text = text.trim();
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        if text.is_empty() {
            Err(InvalidUsername::Empty)
        } else if text.chars().count() > LONGEST {
            Err(InvalidUsername::TooLong)
        } else if text.chars().any(hidden) {
            Err(InvalidUsername::Unprintable)
        } else {
            Ok(Username(text.to_owned()))
        }
    }

    /// The name as it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names are compared by.
    pub fn key(&self) -> String {
        username_key(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_compared_without_case_and_refused_when_hidden_characters_are_in_them() {
        assert_eq!(Username::parse(" Mira ").unwrap().as_str(), "Mira");
        assert_eq!(Username::parse("MIRA").unwrap().key(), Username::parse("mira").unwrap().key());
        assert_eq!(Username::parse("  "), Err(InvalidUsername::Empty));
        assert_eq!(Username::parse(&"x".repeat(65)), Err(InvalidUsername::TooLong));
        assert_eq!(Username::parse("mi\u{202e}ra"), Err(InvalidUsername::Unprintable));
    }
}
