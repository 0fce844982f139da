//! A secret that stands for a session or a set-up link. Only its hash is ever stored; the text goes to one reader.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::id::Entropy;

/// 256 bits of chance as 52 letters.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new secret.
    pub fn new(entropy: &Entropy) -> Token {
        Token(entropy.secret())
    }

    /// Reads a token from a cookie or an address; `None` when it cannot be one.
    pub fn parse(text: &str) -> Option<Token> {
        let shaped = text.len() == 52 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        shaped.then(|| Token(text.to_owned()))
    }

    /// The text, for the one who is to hold it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up. The token is too long to be guessed, so a plain hash is enough.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_is_never_printed() {
        let token = Token::new(&Entropy::seeded(7));
        assert_eq!(Token::parse(token.expose()), Some(token.clone()));
        assert!(!format!("{token:?}").contains(token.expose()));
        for text in ["", "short", &token.expose().to_uppercase(), &format!("{}x", token.expose())] {
            assert_eq!(Token::parse(text), None);
        }
    }
}
