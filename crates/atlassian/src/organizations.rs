//! The organizations that a key may manage.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{Chain, Paging};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::object;
use crate::record::{Drift, Record, UnknownFields};

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/admin/v1/orgs");
/// One.
pub const ONE: Endpoint = Endpoint::get("/admin/v1/orgs/{orgId}");

/// An organization.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// What is told about it.
    #[serde(default)]
    pub attributes: OrganizationAttributes,
}

/// What is told about an organization.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OrganizationAttributes {
    /// Its name.
    pub name: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// All organizations that the key may manage; usually one.
pub fn list(client: &Client, class: Class) -> Chain<Organization> {
    Chain::new(client, Call::new(LIST, class, &[]), Paging::QueryWithoutLimit)
}

/// One organization.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn one(client: &Client, class: Class, organization: &str) -> Result<Read<Organization>, Error> {
    object::data(client, &Call::new(ONE, class, &[organization])).await
}

impl Record for Organization {
    const NAME: &'static str = "organization";
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn drift(&self, drift: &mut Drift) {
        self.attributes.unknown.keys().for_each(|field| drift.field(Self::NAME, field));
    }
}
