//! Personal data of one person: what an erasure would take and leave, everything as one document, and the erasure, by the same
//! verbs as the page.

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::once::NotKept;
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::personal::preview::{Preview, preview};
use crate::personal::who::{self, Known, NotFound};
use crate::personal::{erase as erasing, export as exporting};

/// Whom is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whom {
    /// Account id, e-mail address, or username of a feed. An address means every account that has it now.
    who: String,
}

/// Whose data is exported.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exported {
    /// Account id, e-mail address, or username of a feed.
    who: String,
}

/// Whose data is erased.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Erased {
    /// Account id, e-mail address, or username of a feed.
    who: String,
    /// The same once more, to confirm.
    typed: String,
}

/// What an erasure takes and leaves.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Erasure {
    /// Ids of the accounts that are meant.
    account_ids: Vec<String>,
    /// Every address that was seen of them.
    emails: Vec<String>,
    /// Usernames of feeds.
    usernames: Vec<String>,
    /// What goes.
    goes: Vec<Going>,
    /// What stays: why, and what to do.
    stays: Vec<String>,
}

/// What an erasure took and left. It repeats no address and no name of theirs, because the answer may be kept for a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WasErased {
    /// Ids of the accounts that were meant. These stay: without Atlassian they say nothing.
    account_ids: Vec<String>,
    /// What went.
    went: Vec<Going>,
    /// What stayed: why, and what to do.
    stays: Vec<String>,
}

/// Something that goes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Going {
    /// What.
    what: String,
    /// How much of it.
    count: u64,
}

/// Say what an erasure would take
///
/// Who is meant, what goes and what stays, each with its reason. Nothing is changed.
#[utoipa::path(get, path = "/personal-data", tag = "people", operation_id = "preview_erasure", params(Whom),
    responses((status = 200, description = "What goes and what stays", body = Erasure)))]
pub(crate) async fn show(
    State(api): State<Api>,
    asked: Asked,
    Parameters(whom): Parameters<Whom>,
) -> Result<Json<Erasure>, Problem> {
    let known = find(&api, &asked, &whom.who).await?;
    let Preview { goes, stays } = preview(&asked.mirror, &known).await?;
    Ok(Json(Erasure {
        account_ids: known.account_ids.into_iter().collect(),
        emails: known.emails.into_iter().collect(),
        usernames: known.in_feeds.into_iter().map(|person| person.username).collect(),
        goes: going(goes),
        stays,
    }))
}

/// Export everything about a person
///
/// Profile and history, sites, feeds with the records as they came, operations, events with their personal part, texts that
/// name them. It is recorded. An `Idempotency-Key` does not keep the answer: asked again, it is gathered again.
#[utoipa::path(post, path = "/personal-data/export", tag = "people", operation_id = "export_person",
    request_body = Exported,
    responses((status = 200, description = "Everything that is kept about them", body = Object)))]
pub(crate) async fn export(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Exported>,
) -> Result<(Extension<NotKept>, Json<Value>), Problem> {
    let known = find(&api, &asked, &given.who).await?;
    let stores = (&asked.mirror, &api.control);
    let document = exporting::export(&asked.context, stores, &known, &api.entropy).await?;
    Ok((Extension(NotKept), Json(document)))
}

/// Erase a person
///
/// Everything that can go goes and does not come back; the audit chain still verifies. It is refused unless `typed` repeats
/// `who`.
#[utoipa::path(post, path = "/personal-data/erase", tag = "people", operation_id = "erase_person",
    request_body = Erased,
    responses((status = 200, description = "What went and what stayed", body = WasErased)))]
pub(crate) async fn erase(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<Erased>,
) -> Result<Json<WasErased>, Problem> {
    let known = find(&api, &asked, &given.who).await?;
    if given.typed.trim() != given.who.trim() {
        let detail = "`typed` does not repeat `who`, so nothing was erased.";
        return Err(Problem::new(Kind::Invalid, detail, "Look at `GET /personal-data` first, then send both alike."));
    }
    let stores = (&asked.mirror, &api.control);
    let Preview { goes, stays } = erasing::erase(&asked.context, stores, &known, &api.entropy).await?;
    Ok(Json(WasErased { account_ids: known.account_ids.into_iter().collect(), went: going(goes), stays }))
}

fn going(goes: Vec<(String, u64)>) -> Vec<Going> {
    goes.into_iter().map(|(what, count)| Going { what, count }).collect()
}

async fn find(api: &Api, asked: &Asked, who: &str) -> Result<Known, Problem> {
    who::find(&asked.mirror, &api.control, who).await.map_err(|error| match error {
        NotFound::Refused(refusal) => Problem::new(Kind::NotFound, refusal.why, refusal.next),
        NotFound::Store(error) => error.into(),
    })
}
