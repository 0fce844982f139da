//! The directories of an organization.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{self, Chain};
use crate::client::Client;
use crate::record::{Drift, Record, UnknownFields};

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories");

/// A directory.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Directory {
    /// Its id.
    pub directory_id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Address of its icon.
    #[serde(default)]
    pub icon: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// All directories of an organization; usually one.
pub fn list(client: &Client, class: Class, organization: &str) -> Chain<Directory> {
    chain::listed(client, Call::new(LIST, class, &[organization]))
}

impl Record for Directory {
    const NAME: &'static str = "directory";
    const ID: &'static str = "directoryId";

    fn id(&self) -> &str {
        &self.directory_id
    }

    fn drift(&self, drift: &mut Drift) {
        self.unknown.keys().for_each(|field| drift.field(Self::NAME, field));
    }
}
