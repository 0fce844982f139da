//! The address at which a site tells of its users, as it may be shown: everything but the secret.

use jiff::Timestamp;

use crate::id::HookId;

/// An address for Jira's user webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteHook {
    /// Its id, which stands in the address.
    pub id: HookId,
    /// The site's cloud id.
    pub site: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Timestamp,
    /// How many messages came that were signed.
    pub received: u64,
    /// How many came that were not, or wrongly.
    pub refused: u64,
    /// When the last signed one came.
    pub received_at: Option<Timestamp>,
}
