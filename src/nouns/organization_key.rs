//! An organization API key as it may be shown: everything but the key.

use jiff::Timestamp;

use crate::id::KeyId;

/// A stored organization API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationKey {
    /// Our id of it.
    pub id: KeyId,
    /// The label it has at Atlassian.
    pub label: String,
    /// Its last four characters.
    pub last_four: String,
    /// Who entered it.
    pub entered_by: String,
    /// When.
    pub entered_at: Timestamp,
    /// When it expires, as far as known.
    pub expires_at: Option<Timestamp>,
}
