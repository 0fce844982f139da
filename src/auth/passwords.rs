//! Passwords: their rule, their hashing with argon2id, and their check. A password's text lives only as long as the
//! request that brought it, and a check takes as long for a name that does not exist as for one that does.

use std::fmt;
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::id::Entropy;

/// A password that is to be set; it keeps the rule.
#[derive(Clone)]
pub struct NewPassword(String);

/// Why a text cannot be set as a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidPassword {
    /// Fewer than [`SHORTEST`] characters.
    TooShort,
    /// More than 1,024 bytes.
    TooLong,
    /// The two entries differ.
    Different,
}

/// A hash could not be made, which no input can cause.
#[derive(Debug, Error)]
#[error("hashing a password failed: {0}")]
pub struct HashFailed(String);

/// Hashes and checks. Cheap to clone; all clones share the bound on how many run at once.
#[derive(Clone, Debug)]
pub struct Passwords {
    entropy: Entropy,
    /// One check takes 19 MiB: more than a few at a time would let strangers fill the memory.
    permits: Arc<Semaphore>,
}

/// The fewest characters of a password.
pub const SHORTEST: usize = 12;
/// Bounds the work that a stranger can cause with one request.
const LONGEST: usize = 1_024;
const AT_ONCE: usize = 4;

/// The hash of no password, of the same cost as all others: what a try with an unknown name is checked against.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Tm9ib2R5IHNpZ25zIGlu$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

impl NewPassword {
    /// Takes what was entered twice as a password.
    ///
    /// # Errors
    /// The entries differ, are too short or too long.
    pub fn parse(text: &str, again: &str) -> Result<NewPassword, InvalidPassword> {
        if text.chars().count() < SHORTEST {
            Err(InvalidPassword::TooShort)
        } else if text.len() > LONGEST {
            Err(InvalidPassword::TooLong)
        } else if text != again {
            Err(InvalidPassword::Different)
        } else {
            Ok(NewPassword(text.to_owned()))
        }
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(..)")
    }
}

impl Passwords {
    /// Takes salts from `entropy`.
    pub fn new(entropy: Entropy) -> Passwords {
        Passwords { entropy, permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The hash of a new password, as a PHC string.
    pub async fn hash(&self, password: NewPassword) -> Result<String, HashFailed> {
        let salt = self.entropy.bytes::<16>();
        self.work(move || {
            let hash = Argon2::default().hash_password_with_salt(password.0.as_bytes(), &salt);
            hash.map(|hash| hash.to_string()).map_err(|error| HashFailed(error.to_string()))
        })
        .await
        .unwrap_or_else(|| Err(HashFailed("the work was given up".to_owned())))
    }

    /// Whether a password is the one of this hash. Without a hash the answer is no, after the same work.
    pub async fn verify(&self, password: String, hash: Option<String>) -> bool {
        self.work(move || {
            let known = hash.is_some() && password.len() <= LONGEST;
            let text = hash.as_deref().unwrap_or(NOBODY);
            let password = password.get(..LONGEST).unwrap_or(&password);
            let same = PasswordHash::new(text)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            known && same
        })
        .await
        .unwrap_or(false)
    }

    /// Runs work on a thread where it may take its time.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let permit = self.permits.clone().acquire_owned().await.ok()?;
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        })
        .await
        .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_twelve_characters_and_is_entered_twice_alike() {
        assert_eq!(NewPassword::parse("elevenchars", "elevenchars").unwrap_err(), InvalidPassword::TooShort);
        assert_eq!(NewPassword::parse("twelve chars", "twelve chats").unwrap_err(), InvalidPassword::Different);
        let long = "x".repeat(1_025);
        assert_eq!(NewPassword::parse(&long, &long).unwrap_err(), InvalidPassword::TooLong);
        // Characters count, not bytes.
        assert!(NewPassword::parse("пароль из 12", "пароль из 12").is_ok());
    }

    #[tokio::test]
    async fn only_the_password_itself_fits_its_hash_and_nothing_fits_no_hash() {
        let passwords = Passwords::new(Entropy::seeded(1));
        let hash = passwords.hash(NewPassword::parse("correct horse", "correct horse").unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.verify("correct horsf".to_owned(), Some(hash.clone())).await);
        assert!(!passwords.verify("correct horse".to_owned(), Some("damaged".to_owned())).await);
        assert!(!passwords.verify("correct horse".to_owned(), None).await);
        // The stand-in is a hash like any other, so that checking against it costs as much.
        assert!(PasswordHash::new(NOBODY).is_ok());
        let again = passwords.hash(NewPassword::parse("correct horse", "correct horse").unwrap()).await.unwrap();
        assert_ne!(hash, again);
    }
}
