//! Organization API keys, sealed: XChaCha20-Poly1305 with the place of the value as associated data, so that a value
//! moved to another row or organization does not open.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::id::{Entropy, KeyId, OrganizationId};
use crate::nouns::organization_key::OrganizationKey;
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;

/// The key that seals stored secrets. It lives in the configuration folder, never beside the data.
#[derive(Clone)]
pub struct SealingKey([u8; 32]);

/// A stored key as it may be shown, and the secret itself or why it cannot be opened.
pub type StoredKey = (OrganizationKey, Result<String, CannotOpen>);

/// A stored key cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CannotOpen {
    /// It was sealed with another sealing key; the fingerprints of both.
    OtherKey {
        /// Of the key that sealed it.
        sealed_with: String,
        /// Of the key at hand.
        at_hand: String,
    },
    /// It was changed, or moved from its place.
    Damaged,
}

const INSERT: &str = "
    INSERT INTO organization_keys (id, label, last_four, key_fingerprint, sealed, entered_by, entered_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const REPLACE: &str = "UPDATE organization_keys SET replaced_at = $1 WHERE replaced_at IS NULL";
const SHOWN: &str = "
    SELECT id, label, last_four, entered_by, entered_at, expires_at
    FROM organization_keys WHERE replaced_at IS NULL ORDER BY entered_at DESC LIMIT 1";
const CURRENT: &str = "
    SELECT id, label, last_four, entered_by, entered_at, expires_at, key_fingerprint, sealed
    FROM organization_keys WHERE replaced_at IS NULL ORDER BY entered_at DESC LIMIT 1";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("organization_keys.INSERT", INSERT),
    ("organization_keys.REPLACE", REPLACE),
    ("organization_keys.SHOWN", SHOWN),
    ("organization_keys.CURRENT", CURRENT),
];

impl SealingKey {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> SealingKey {
        SealingKey(bytes)
    }

    /// Eight letters that name the key without telling it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::new().chain_update(b"rollcall sealing key").chain_update(self.0).finalize();
        digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn seal(&self, place: &str, secret: &str, entropy: &Entropy) -> Vec<u8> {
        let nonce = entropy.bytes::<24>();
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload);
        // Sealing fails only for messages of 256 GB.
        [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
    }

    pub(super) fn open(&self, place: &str, sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>()?;
        let payload = Payload { msg: sealed, aad: place.as_bytes() };
        String::from_utf8(self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()?).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.0))
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealingKey({})", self.fingerprint())
    }
}

/// Stores a key in place of the one before.
pub fn replace(
    tx: &mut Tx,
    organization: &OrganizationId,
    key: &OrganizationKey,
    secret: &str,
    (sealing, entropy): (&SealingKey, &Entropy),
) -> Result<(), StoreError> {
    tx.execute(REPLACE, &[key.entered_at.as_microsecond().into()])?;
    let sealed = sealing.seal(&place(organization, &key.id), secret, entropy);
    let arguments = [
        key.id.as_str().into(),
        (&key.label).into(),
        (&key.last_four).into(),
        sealing.fingerprint().into(),
        (&sealed).into(),
        (&key.entered_by).into(),
        key.entered_at.as_microsecond().into(),
        key.expires_at.map(Timestamp::as_microsecond).into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// The key in use, as it may be shown.
pub fn shown(tx: &mut Tx) -> Result<Option<OrganizationKey>, StoreError> {
    tx.optional(SHOWN, &[], key)
}

/// The key in use, as it may be shown, and the secret itself or why it cannot be opened.
pub fn current(
    tx: &mut Tx,
    organization: &OrganizationId,
    sealing: &SealingKey,
) -> Result<Option<StoredKey>, StoreError> {
    tx.optional(CURRENT, &[], |row| {
        let key = key(row)?;
        let (sealed_with, at_hand) = (row.text(6)?.to_owned(), sealing.fingerprint());
        let secret = if sealed_with != at_hand {
            Err(CannotOpen::OtherKey { sealed_with, at_hand })
        } else {
            sealing.open(&place(organization, &key.id), row.blob(7)?).ok_or(CannotOpen::Damaged)
        };
        Ok((key, secret))
    })
}

fn key(row: &Row<'_>) -> Result<OrganizationKey, StoreError> {
    Ok(OrganizationKey {
        id: KeyId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        label: row.text(1)?.to_owned(),
        last_four: row.text(2)?.to_owned(),
        entered_by: row.text(3)?.to_owned(),
        entered_at: moment(row, 4)?,
        expires_at: optional_moment(row, 5)?,
    })
}

fn place(organization: &OrganizationId, key: &KeyId) -> String {
    format!("{organization}/organization_keys/sealed/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_with_its_key_and_in_its_place() {
        let entropy = Entropy::seeded(7);
        let key = SealingKey::new([1; 32]);
        let sealed = key.seal("here", "ATCTT3xFfGN0secret", &entropy);
        assert_eq!(key.open("here", &sealed).as_deref(), Some("ATCTT3xFfGN0secret"));
        assert_eq!(key.open("there", &sealed), None);
        assert_eq!(SealingKey::new([2; 32]).open("here", &sealed), None);
        let mut damaged = sealed.clone();
        damaged[30] ^= 1;
        assert_eq!(key.open("here", &damaged), None);
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_ne!(sealed, key.seal("here", "ATCTT3xFfGN0secret", &entropy), "a nonce is used once");
    }
}
