//! An organization that Rollcall mirrors.

use jiff::Timestamp;

use crate::id::OrganizationId;

/// An organization as the control database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Our id: names its database.
    pub id: OrganizationId,
    /// Atlassian's id of it.
    pub atlassian_id: String,
    /// Its name.
    pub name: String,
    /// Where its APIs are: `https://api.atlassian.com`, or a simulator.
    pub base_url: String,
    /// The time zone of its days and schedules, an IANA name.
    pub time_zone: String,
    /// When it was connected.
    pub created_at: Timestamp,
}
