//! What waits for a person, the most pressing first.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::organization::Key;
use crate::api::parameters::{None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::api::runs::Run;
use crate::api::withheld::Withheld;
use crate::sync::attention::{self, Waiting};

/// What waits for a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Attention {
    /// The most pressing first.
    items: Vec<AttentionItem>,
}

/// One thing that waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum AttentionItem {
    /// The organization API key expires within 30 days, or has expired.
    Key {
        /// Which.
        key: Key,
    },
    /// The last sync failed, and none has ended well since.
    FailedRun {
        /// Which.
        run: Box<Run>,
    },
    /// Rows were kept as they were because they were too many.
    Withheld {
        /// Which.
        withheld: Box<Withheld>,
    },
    /// A webhook refused one message after another and is sent nothing any more.
    WebhookSwitchedOff {
        /// Its id.
        webhook: String,
        /// What it is called.
        name: String,
        /// What it answered last.
        reason: String,
    },
}

/// List what needs attention
///
/// Withheld rows, a key that expires, a sync that failed, a webhook that was switched off.
#[utoipa::path(get, path = "/attention", tag = "organization", operation_id = "list_attention",
    responses((status = 200, description = "What waits", body = Attention)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Attention>, Problem> {
    let now = asked.context.now;
    let waiting = asked.mirror.store().read(move |tx| attention::list(tx, now)).await?;
    let item = |waiting: Waiting| match waiting {
        Waiting::Key(key) => AttentionItem::Key { key: Key::of(key) },
        Waiting::Failed(run) => AttentionItem::FailedRun { run: Box::new(Run::of(&run)) },
        Waiting::SwitchedOff(endpoint) => AttentionItem::WebhookSwitchedOff {
            webhook: endpoint.id.to_string(),
            name: endpoint.draft.name,
            reason: endpoint.switched_off.map(|(_, why)| why).unwrap_or_default(),
        },
        Waiting::Withheld(rows) => AttentionItem::Withheld { withheld: Box::new(Withheld::of(&rows)) },
    };
    Ok(Json(Attention { items: waiting.into_iter().map(item).collect() }))
}
