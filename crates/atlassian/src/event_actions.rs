//! The catalogue of actions that the audit log may name. Ids that are not in it come all the same.

use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::chain::{Chain, Paging};
use crate::client::Client;
use crate::record::{Drift, Record, UnknownFields};

/// All of them.
pub const LIST: Endpoint = Endpoint::get("/admin/v1/orgs/{orgId}/event-actions");

/// An action.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct EventAction {
    /// Its id, as events name it.
    pub id: String,
    /// What is told about it.
    #[serde(default)]
    pub attributes: EventActionAttributes,
}

/// What is told about an action.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventActionAttributes {
    /// Its name.
    pub display_name: Option<String>,
    /// The name of the group that it belongs to.
    pub group_display_name: Option<String>,
    /// Fields that are not known here.
    #[serde(flatten)]
    pub unknown: UnknownFields,
}

/// All actions.
pub fn list(client: &Client, class: Class, organization: &str) -> Chain<EventAction> {
    Chain::new(client, Call::new(LIST, class, &[organization]), Paging::QueryWithoutLimit)
}

impl Record for EventAction {
    const NAME: &'static str = "event_action";
    const ID: &'static str = "id";

    fn id(&self) -> &str {
        &self.id
    }

    fn drift(&self, drift: &mut Drift) {
        self.attributes.unknown.keys().for_each(|field| drift.field(Self::NAME, field));
    }
}
