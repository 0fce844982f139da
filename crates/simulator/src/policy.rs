//! Policies of the organization: what they say, which resources they are applied to, and since when. A change is accepted
//! first and applied later, so a resource tells how far it is; nothing here waits.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::key::uuid;
use crate::organization::{Organization, hash_of};

/// What is applied to the resources of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    IpAllowlist,
    DataResidency,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    #[default]
    Enabled,
    Disabled,
}

/// What only the ones in the list may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    #[serde(rename = "in")]
    pub(crate) within: Vec<String>,
}

/// Kept as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Meta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scheduled_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    migration_start_date_time: Option<String>,
    // The misspelling is upstream's.
    #[serde(rename = "migrationEndDataTime", skip_serializing_if = "Option::is_none")]
    migration_end_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    atlassian_account_id: Option<String>,
}

/// Kept as it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Links {
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
}

/// The way of a policy to a resource, or from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// There since the beginning.
    There,
    /// Accepted at this instant.
    Coming(Timestamp),
    /// Given up at this instant.
    Leaving(Timestamp),
}

/// A resource of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    /// The ARI.
    pub(crate) id: String,
    pub(crate) links: Option<Links>,
    pub(crate) meta: Option<Meta>,
    pub(crate) way: Way,
}

impl Covered {
    /// The status as upstream names it; none once it has left.
    pub(crate) fn status(&self, now: Timestamp, delay: u32) -> Option<&'static str> {
        let is_done = |since: Timestamp| now.as_second() - since.as_second() >= i64::from(delay);
        let date = self.meta.as_ref().and_then(|meta| meta.scheduled_date.as_deref());
        let is_ahead = date.and_then(|date| date.parse::<Timestamp>().ok()).is_some_and(|date| date > now);
        match self.way {
            Way::Leaving(since) if is_done(since) => None,
            Way::Leaving(_) => Some("removing"),
            Way::Coming(_) if is_ahead => Some("scheduled"),
            Way::Coming(since) if !is_done(since) => Some("applying"),
            Way::There | Way::Coming(_) => Some("applied"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) name: Option<String>,
    pub(crate) status: Status,
    pub(crate) rule: Option<Rule>,
    pub(crate) resources: Vec<Covered>,
}

/// One change of the policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A new policy, or another content for one that is there.
    Put(Policy),
    Delete {
        policy: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Put(policy) => write!(formatter, "put policy {}", policy.id),
            Change::Delete { policy } => write!(formatter, "delete policy {policy}"),
        }
    }
}

/// An id made of a name, so that it stays the same.
pub(crate) fn id_of(seal: u64, name: &str) -> String {
    uuid(&mut fastrand::Rng::with_seed(seal ^ hash_of(name)))
}

/// The policies that an organization begins with: one of addresses, and one of residency for each site.
pub(crate) fn made_for(organization: &Organization) -> Vec<Policy> {
    let policy = |kind, name: String, within: &str, site: usize| {
        let on_site = organization.resources.iter().filter(|resource| resource.site == site);
        let covered = |id: &String| Covered { id: id.clone(), links: None, meta: None, way: Way::There };
        Policy {
            id: id_of(organization.seal, &name),
            kind,
            name: Some(name),
            status: Status::Enabled,
            rule: Some(Rule { within: vec![within.to_owned()] }),
            resources: on_site.map(|resource| covered(&resource.ari)).collect(),
        }
    };
    let residency = organization
        .sites
        .iter()
        .enumerate()
        .map(|(index, site)| policy(Kind::DataResidency, format!("{} stays in the EU", site.name), "EU", index));
    std::iter::once(policy(Kind::IpAllowlist, "Office and VPN".to_owned(), "192.0.2.0/24", 0))
        .chain(residency)
        .collect()
}

impl Organization {
    pub(crate) fn change_policies(&mut self, change: &Change) {
        match change {
            Change::Put(policy) => match self.policies.iter_mut().find(|known| known.id == policy.id) {
                Some(known) => {
                    *known = policy.clone();
                    self.note("policy_updated", &[("policies", &policy.id)]);
                }
                None => {
                    self.policies.push(policy.clone());
                    self.note("policy_created", &[("policies", &policy.id)]);
                }
            },
            Change::Delete { policy } => {
                // The event names what is still there.
                if self.policies.iter().any(|known| known.id == *policy) {
                    self.note("policy_deleted", &[("policies", policy)]);
                    self.policies.retain(|known| known.id != *policy);
                }
            }
        }
    }
}
