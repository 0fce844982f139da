//! Groups: the search with its filters, exact look-ups, counts and statistics. The deprecated list is never called.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{self, Chain};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::filter;
use crate::object;
use crate::open::{Role, open_enum};
use crate::page::Page;
use crate::record::{Drift, Record, UnknownField};
use crate::scope::Scope;
use crate::user::BareId;

/// The search.
pub const SEARCH: Endpoint = Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search");
/// How many groups a filter matches.
pub const COUNT: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/count");
/// How many groups there are of each kind.
pub const STATS: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/stats");
/// One group.
pub const ONE: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}");

/// Group ids that one search takes.
pub const GROUP_IDS_AT_ONCE: usize = 10;
/// Group names that one search takes.
pub const GROUP_NAMES_AT_ONCE: usize = 100;

/// A group of a directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The bare id.
    pub id: String,
    /// Name, unique in its directory.
    pub name: Option<Box<str>>,
    /// Description.
    pub description: Option<Box<str>>,
    /// The directory it belongs to.
    pub directory_id: Option<Box<str>>,
    /// Pushed by an identity provider; its members cannot be changed here.
    pub external_synced: Option<bool>,
    /// Who manages it.
    pub managed_by: Option<ManagedBy>,
    /// What the key may do with it.
    pub management_access: Option<ManagementAccess>,
    /// `counts.users`: how many members it has.
    pub users: Option<u64>,
    /// `counts.resources`: on how many resources it grants a role.
    pub resources: Option<u64>,
    /// Fields that are not known here.
    pub unknown: Vec<UnknownField>,
}

/// What may be done with a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ManagementAccess {
    /// May be read.
    pub readable: Option<bool>,
    /// Its members may be changed.
    pub modifiable: Option<bool>,
    /// May be deleted.
    pub deletable: Option<bool>,
}

open_enum! {
    /// Who manages a group.
    ManagedBy {
        /// An identity provider.
        External = "external",
        /// The admins.
        Admins = "admins",
        /// The members of a team.
        TeamMembers = "team-members",
        /// Anybody.
        Open = "open",
    }
}

/// Which groups; the default is all. Upstream takes only one of names, ids and search term.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupFilter {
    /// Part of a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_term: Option<String>,
    /// At most 100, exact but for case. Only the search knows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_names: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub group_ids: Vec<String>,
    /// At most 10: groups with any of these members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub account_ids: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directory_ids: Vec<String>,
    /// At most 20 ARIs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_ids: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_owners: Vec<String>,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub role_ids: Vec<Role>,
}

/// Groups by kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GroupStats {
    /// All groups, and how many are managed here or synced.
    pub totals: GroupTotals,
    /// Groups of each type, such as `TEAM`, `GROUP`, `USERBASE_GROUP`.
    #[serde(default)]
    pub types: Vec<TypeCount>,
}

/// Groups in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupTotals {
    /// All.
    pub all: Option<u64>,
    /// Managed by admins.
    pub managed: Option<u64>,
    /// Synced from an identity provider.
    pub synced: Option<u64>,
}

/// Groups of one type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// All groups that `filter` matches, with their counts, 100 a page.
pub fn search(client: &Client, scope: &Scope, class: Class, filter: &GroupFilter) -> Chain<Group> {
    let mut body = filter::fields(filter);
    body.insert("expand".to_owned(), vec!["counts.users", "counts.resources"].into());
    chain::searched(client, SEARCH, class, &scope.segments(), body)
}

/// Groups by id, at most [`GROUP_IDS_AT_ONCE`]. Those not found are left out of the answer.
///
/// # Errors
/// `TooMany`, and those of [`Client::send`].
pub async fn by_ids(client: &Client, scope: &Scope, class: Class, group_ids: &[String]) -> Result<Page<Group>, Error> {
    filter::at_most(SEARCH, group_ids.len(), GROUP_IDS_AT_ONCE)?;
    let filter = GroupFilter { group_ids: group_ids.to_vec(), ..GroupFilter::default() };
    search(client, scope, class, &filter).all().await
}

/// Groups by name, at most [`GROUP_NAMES_AT_ONCE`]; upper and lower case are the same.
///
/// # Errors
/// `TooMany`, and those of [`Client::send`].
pub async fn by_names(client: &Client, scope: &Scope, class: Class, names: &[String]) -> Result<Page<Group>, Error> {
    filter::at_most(SEARCH, names.len(), GROUP_NAMES_AT_ONCE)?;
    let filter = GroupFilter { group_names: names.to_vec(), ..GroupFilter::default() };
    search(client, scope, class, &filter).all().await
}

/// How many groups `filter` matches.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn count(client: &Client, scope: &Scope, class: Class, filter: &GroupFilter) -> Result<Read<u64>, Error> {
    let call = filter::query(Call::new(COUNT, class, &scope.segments()), filter::fields(filter));
    object::counted(client, &call).await
}

/// Groups by kind: a cheap sign of change.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn stats(client: &Client, scope: &Scope, class: Class) -> Result<Read<GroupStats>, Error> {
    client.read(&Call::new(STATS, class, &scope.segments()), object::read).await
}

/// One group, with its counts.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn one(client: &Client, scope: &Scope, class: Class, group_id: &str) -> Result<Read<Group>, Error> {
    object::data(client, &Call::new(ONE, class, &scope.segments_and(group_id))).await
}

impl Record for Group {
    const NAME: &'static str = "group";
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn drift(&self, drift: &mut Drift) {
        drift.value(Self::NAME, "managedBy", self.managed_by.as_ref().and_then(ManagedBy::unknown));
        self.unknown.iter().for_each(|field| drift.field(Self::NAME, &field.name));
    }
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Group, D::Error> {
        deserializer.deserialize_map(GroupReading)
    }
}

struct GroupReading;

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    users: Option<u64>,
    #[serde(default)]
    resources: Option<u64>,
}

impl<'de> Visitor<'de> for GroupReading {
    type Value = Group;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a group")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Group, A::Error> {
        let mut group = Group::default();
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "id" => group.id = map.next_value::<BareId>()?.0.into(),
                "name" => group.name = map.next_value()?,
                "description" => group.description = map.next_value()?,
                "directoryId" => group.directory_id = map.next_value()?,
                "externalSynced" => group.external_synced = map.next_value()?,
                "managedBy" => group.managed_by = map.next_value()?,
                "managementAccess" => group.management_access = map.next_value()?,
                "counts" => {
                    let counts = map.next_value::<Option<Counts>>()?;
                    group.users = counts.as_ref().and_then(|counts| counts.users);
                    group.resources = counts.and_then(|counts| counts.resources);
                }
                "links" => drop(map.next_value::<serde::de::IgnoredAny>()?),
                other => {
                    let json = map.next_value::<Box<RawValue>>()?.into();
                    group.unknown.push(UnknownField { name: other.into(), json });
                }
            }
        }
        if group.id.is_empty() {
            return Err(A::Error::missing_field("id"));
        }
        Ok(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example_is_read_whole() {
        let group: Group = serde_json::from_str(
            r#"{"id":"9c9c9c9c-1111","name":"team-blue","description":null,"directoryId":"d1d1","externalSynced":true,
            "managedBy":"external","managementAccess":{"readable":true,"modifiable":false,"deletable":false},
            "counts":{"users":42,"resources":1},"links":{"self":"E"},"colour":"blue"}"#,
        )
        .unwrap();
        assert_eq!(group.id, "9c9c9c9c-1111");
        assert_eq!((group.users, group.resources), (Some(42), Some(1)));
        assert_eq!(group.managed_by, Some(ManagedBy::External));
        assert_eq!(group.management_access.unwrap().modifiable, Some(false));
        assert_eq!(group.unknown, [UnknownField { name: "colour".into(), json: "\"blue\"".into() }]);
    }

    #[test]
    fn an_ari_is_the_same_group_as_its_bare_id() {
        let group: Group = serde_json::from_str(r#"{"id":"ari:cloud:identity::group/9c9c"}"#).unwrap();
        assert_eq!(group.id, "9c9c");
        assert!(serde_json::from_str::<Group>(r#"{"name":"x"}"#).is_err());
    }
}
