//! Ids as Atlassian gives them: opaque text, round-tripped exactly, never parsed for meaning.

use std::fmt;

/// Why a text cannot be an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidId {
    /// Nothing was left to identify anything by.
    Empty,
    /// Longer than 512 bytes.
    TooLong,
    /// Holds a NUL, which no database text can carry, or another control character.
    ControlCharacter,
}

/// The longest id Rollcall keeps, in bytes; the longest ever documented is 128 characters.
const LONGEST: usize = 512;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a text as an id, exactly as it is.
            ///
            /// # Errors
            /// Empty, longer than 512 bytes, or with a control character.
            pub fn new(text: &str) -> Result<$name, InvalidId> {
                if text.is_empty() {
                    Err(InvalidId::Empty)
                } else if text.len() > LONGEST {
                    Err(InvalidId::TooLong)
                } else if text.chars().any(char::is_control) {
                    Err(InvalidId::ControlCharacter)
                } else {
                    Ok($name(text.into()))
                }
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id! {
    /// An Atlassian account: `712020:6f1d…`, `557058:…`, `5b10…`, `qm:…`.
    AccountId
}
id! {
    /// A group: the part of its ARI after the last `/`.
    GroupId
}
id! {
    /// A directory of an organization.
    DirectoryId
}
id! {
    /// An app on a site, as its ARI: `ari:cloud:confluence::site/5a5a…`.
    ResourceId
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidId::Empty => "an id is empty",
            InvalidId::TooLong => "an id is longer than 512 bytes",
            InvalidId::ControlCharacter => "an id holds a control character",
        })
    }
}

impl std::error::Error for InvalidId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a22_odd_ids_round_trip_exactly() {
        for text in [
            "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
            "qm:a1:b2",
            "5b10ac8d82e05b22cc7d4ef5",
            "Ünïcode id",
            &"x".repeat(200),
        ] {
            assert_eq!(AccountId::new(text).unwrap().as_str(), text);
        }
        assert_eq!(AccountId::new(""), Err(InvalidId::Empty));
        assert_eq!(AccountId::new("a\0b"), Err(InvalidId::ControlCharacter));
        assert_eq!(AccountId::new(&"x".repeat(513)), Err(InvalidId::TooLong));
    }
}
