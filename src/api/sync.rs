//! Starting a sync: of everything, of what was chosen, or of the people whom a filter finds. It answers with the run, and
//! never waits for it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::Snapshot;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::{Asked, RequestKey};
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::people::matching;
use crate::api::problem::{Kind, Problem};
use crate::api::runs::{Run, find};
use crate::nouns::refusal::Refusal;
use crate::nouns::run::RunKind;
use crate::nouns::scope::Ticks;
use crate::sync::manual;
use crate::sync::request::{self, Ask, Asked as Came};

/// What to read; everything, when nothing is named. What is not read stays as it is, with its age.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Wanted {
    /// All users: name, e-mail, account status. Only this may find that people are gone.
    users: Option<Users>,
    /// Last active dates, all apps.
    last_active: bool,
    /// All groups: definitions, what they grant, memberships. Only this may find that groups are gone.
    groups: bool,
    /// The members of these groups alone, by name or id.
    members_of: Vec<String>,
}

/// Which users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Users {
    /// All of them.
    All,
    /// Only those with a last active date; the others are read and left as they are.
    WithActivity,
}

/// Whom to read.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedPeople {
    /// In the filter language; it finds from 1 to 1,000 people.
    filter: String,
}

/// Start a sync
///
/// Reads everything, or what is named, once; the daily schedule is not touched. One such run holds the organization's
/// place at a time: while it does, this is refused, and the problem names it.
#[utoipa::path(post, path = "/sync", tag = "runs", operation_id = "start_sync", request_body = Wanted,
    responses((status = 202, description = "The run, which a worker takes at once", body = Run)))]
pub(crate) async fn start(
    State(api): State<Api>,
    asked: Asked,
    key: RequestKey,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<Wanted>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let ask = manual::ask(&asked.snapshot, wanted.ticks(&asked.snapshot).map_err(invalid)?).map_err(invalid)?;
    begin(&api, &asked, key, ask).await
}

/// Read people again
///
/// Reads exactly the people whom a filter finds, beside any other run.
#[utoipa::path(post, path = "/people/sync", tag = "runs", operation_id = "sync_people", request_body = WantedPeople,
    responses((status = 202, description = "The run, which a worker takes at once", body = Run)))]
pub(crate) async fn people(
    State(api): State<Api>,
    asked: Asked,
    key: RequestKey,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedPeople>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let people = matching(&asked, Some(&wanted.filter))?;
    let scope = manual::only_these(&asked.snapshot, &people).map_err(invalid)?;
    begin(&api, &asked, key, Ask::scoped(RunKind::Browser, scope)).await
}

async fn begin(
    api: &Api,
    asked: &Asked,
    RequestKey(key): RequestKey,
    ask: Ask,
) -> Result<(StatusCode, Json<Run>), Problem> {
    match request::start(&asked.context, &asked.mirror, ask, (key, &api.entropy)).await? {
        Came::Queued(id) => Ok((StatusCode::ACCEPTED, Json(Run::of(&find(asked, id.as_str()).await?)))),
        Came::Held(run) => Err(held(&run.number, run.id.as_str())),
    }
}

/// Another run holds the organization's place.
pub(crate) fn held(number: &u64, id: &str) -> Problem {
    let detail = format!("Sync run {number} is not over yet, and an organization is read by one sync at a time.");
    Problem::new(Kind::Refused, detail, format!("Follow it at /api/v1/runs/{id}, and start yours when it has ended."))
}

fn invalid(refusal: Refusal) -> Problem {
    Problem::new(Kind::Invalid, format!("{} {}", refusal.what, refusal.why), refusal.next)
}

impl Wanted {
    /// The boxes of the manual sync; `None` for everything.
    fn ticks(&self, snapshot: &Snapshot) -> Result<Option<Ticks>, Refusal> {
        if self.users.is_none() && !self.last_active && !self.groups && self.members_of.is_empty() {
            return Ok(None);
        }
        let named = manual::groups_named(snapshot, &self.members_of)?;
        Ok(Some(Ticks {
            all_users: self.users.is_some(),
            only_with_activity: self.users == Some(Users::WithActivity),
            last_active: self.last_active,
            all_groups: self.groups,
            members_of: (!self.members_of.is_empty()).then_some(named),
        }))
    }
}
