//! Sites and apps of an organization.

use serde::Deserialize;
use serde_json::Map;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{Chain, Paging};
use crate::client::Client;
use crate::moment::Moment;
use crate::open::open_enum;
use crate::record::{Drift, Record, UnknownFields};

/// All of them.
pub const LIST: Endpoint = Endpoint::post("/admin/v2/orgs/{orgId}/workspaces");

/// Workspaces on one page; the endpoint takes more than the others.
pub const FULL_PAGE: u16 = 1000;

/// An app on a site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Workspace {
    /// The resource's ARI.
    pub id: String,
    /// What is told about it.
    #[serde(default)]
    pub attributes: WorkspaceAttributes,
}

/// What is told about a workspace.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkspaceAttributes {
    /// Name of the site or workspace.
    pub name: Option<String>,
    /// The app's key.
    pub type_key: Option<String>,
    /// The app's name.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Who owns it.
    pub owner: Option<String>,
    /// In service or not.
    pub status: Option<WorkspaceStatus>,
    /// Why, in upstream's words.
    pub status_details: Option<Vec<String>>,
    /// Address of the site.
    pub host_url: Option<String>,
    /// Where its data may lie.
    pub realm: Option<String>,
    /// Where its data lies.
    pub regions: Option<Vec<String>>,
    /// Whether it is a sandbox.
    pub sandbox: Option<Sandbox>,
    /// Seats, where they are known.
    pub capacity: Option<u64>,
    /// Seats in use, where they are known.
    pub usage: Option<u64>,
    /// When it was made.
    pub created_at: Option<Moment>,
    /// When it was last changed.
    pub updated_at: Option<Moment>,
    /// Everything else.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// Whether a workspace is a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Sandbox {
    /// `CHILD` for a sandbox, `NONE` else.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

open_enum! {
    /// Whether a workspace is in service.
    WorkspaceStatus {
        /// In service.
        Online = "online",
        /// Out of service.
        Offline = "offline",
        /// To be removed.
        Deprecated = "deprecated",
    }
}

/// All workspaces of an organization, [`FULL_PAGE`] a page.
pub fn list(client: &Client, class: Class, organization: &str) -> Chain<Workspace> {
    let body = Map::from_iter([("limit".to_owned(), FULL_PAGE.into())]);
    Chain::new(client, Call::new(LIST, class, &[organization]), Paging::CursorAlone(body))
}

impl Record for Workspace {
    const NAME: &'static str = "workspace";
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn drift(&self, drift: &mut Drift) {
        const KNOWN: [&str; 4] = ["avatars", "icons", "labels", "createdBy"];
        let attributes = &self.attributes;
        drift.value(Self::NAME, "status", attributes.status.as_ref().and_then(WorkspaceStatus::unknown));
        let unknown = attributes.unknown.keys().filter(|field| !KNOWN.contains(&field.as_str()));
        unknown.for_each(|field| drift.field(Self::NAME, field));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_is_read_with_its_seats_and_oddities() {
        let workspace: Workspace = serde_json::from_str(
            r#"{"id":"ari:cloud:jira-software::site/5a5a","type":"workspace","attributes":{"name":"north","typeKey":"jira-software",
            "type":"Jira","owner":null,"status":"asleep","hostUrl":"https://north.example.test","capacity":250,"usage":null,
            "sandbox":{"type":"NONE"},"createdAt":"2024-01-01T00:00:00Z","labels":[],"avatars":{},"moon":1},
            "links":{"self":"x"},"relationships":{}}"#,
        )
        .unwrap();
        assert_eq!(workspace.attributes.capacity, Some(250));
        assert_eq!(workspace.attributes.sandbox.as_ref().unwrap().kind.as_deref(), Some("NONE"));
        let mut drift = Drift::default();
        workspace.drift(&mut drift);
        assert_eq!(drift.into_notes(), ["workspace.moon", "workspace.status=asleep"]);
    }
}
