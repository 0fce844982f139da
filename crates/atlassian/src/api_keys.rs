//! The organization's API keys: who made them and when they expire. Nothing marks the one in use.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{Chain, Paging};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::moment::Moment;
use crate::object;
use crate::record::{Drift, Record, UnknownFields};

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/admin/api-access/v1/orgs/{orgId}/api-keys");
/// How many there are.
pub const COUNT: Endpoint = Endpoint::get("/admin/api-access/v1/orgs/{orgId}/api-keys/count");

/// An API key of the organization, without the key itself.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// Its id.
    pub id: String,
    /// What its maker called it.
    #[serde(default)]
    pub label: Option<String>,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Moment>,
    /// When it ends.
    #[serde(default)]
    pub expires_at: Option<Moment>,
    /// When it was last used.
    #[serde(default)]
    pub last_active_at: Option<Moment>,
    /// The account that acts when it is used.
    #[serde(default)]
    pub system_account_id: Option<String>,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<KeyMaker>,
    /// What it is limited to; empty for a key without scopes.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Who made a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct KeyMaker {
    /// Account id.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// All API keys of an organization. Often refused (403): the key in use needs a right of its own for it.
pub fn list(client: &Client, class: Class, organization: &str) -> Chain<ApiKey> {
    Chain::new(client, Call::new(LIST, class, &[organization]), Paging::QueryWithoutLimit)
}

/// How many API keys there are.
///
/// # Errors
/// Those of [`Client::send`].
pub async fn count(client: &Client, class: Class, organization: &str) -> Result<Read<u64>, Error> {
    object::counted(client, &Call::new(COUNT, class, &[organization])).await
}

impl Record for ApiKey {
    const NAME: &'static str = "api_key";
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn drift(&self, drift: &mut Drift) {
        const KNOWN: [&str; 2] = ["resource", "orgId"];
        let unknown = self.unknown.keys().filter(|field| !KNOWN.contains(&field.as_str()));
        unknown.for_each(|field| drift.field(Self::NAME, field));
    }
}
