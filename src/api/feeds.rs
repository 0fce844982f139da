//! Feeds: uploads that can be gone on with, starting, and the status of a feed, for its key; everything else about feeds
//! and runs for a person or their program.

pub(crate) mod accounts;
pub(crate) mod downloads;
pub(crate) mod people;
pub(crate) mod runs;
pub(crate) mod shown;
pub(crate) mod uploads;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::diagnostic::Diagnostic;
use crate::api::feed_entry::FeedAsked;
use crate::api::feeds::shown::{FeedRunBody, RunSummary, reason_word};
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::feeds::listing::{self, Listed};
use crate::feeds::start::{self, Started};
use crate::feeds::trouble::NotDone;
use crate::feeds::{control, keep};
use crate::nouns::feed_run::CONTROL;
use crate::store::feed_runs;

/// Every feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Feeds {
    /// The feeds, by code.
    feeds: Vec<FeedBody>,
}

/// A feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedBody {
    /// Our id of it.
    id: String,
    /// What scripts and commands call it.
    code: String,
    /// What pages call it.
    name: String,
    /// Whether uploaded files are applied by themselves.
    auto_apply: bool,
    /// Whether every record is looked at: `never`, `once` or `always`.
    force: String,
    /// When the last complete delivery came.
    delivered_at: Option<String>,
    /// The newest run.
    newest: Option<FeedRunBody>,
    /// The run that was applied last.
    applied: Option<FeedRunBody>,
    /// How many people are active.
    active: u64,
    /// How many people are blocked.
    blocked: u64,
    /// How many people are on hold.
    held: u64,
    /// How many people's last record was not applied in whole.
    in_error: u64,
}

/// A feed to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedFeed {
    /// What scripts and commands call it: small letters, digits and hyphens.
    #[schema(example = "staff")]
    code: String,
    /// What pages call it.
    name: String,
}

/// How a feed stands, as its key may know it: nobody is named.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedStatus {
    /// The feed's code.
    feed: String,
    /// The newest run; null before the first upload.
    run: Option<RunSummary>,
    /// The files that the newest run still waits for.
    missing: Vec<String>,
    /// The names of the files that the control file lists.
    files: Vec<String>,
}

/// What came of starting a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct StartedBody {
    /// `queued`, `held` or `disabled`.
    status: String,
    /// The run.
    run: RunSummary,
}

/// A control file to put in force.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedControl {
    /// Its text.
    text: String,
    /// Why it changes.
    reason: String,
}

/// A control file that was taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ControlAnswer {
    /// Its version.
    version: u64,
}

/// List feeds
///
/// Each with its newest run and how many people it holds.
#[utoipa::path(get, path = "/feeds", tag = "feeds", operation_id = "list_feeds",
    responses((status = 200, description = "The feeds", body = Feeds)))]
pub(crate) async fn list(asked: FeedAsked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Feeds>, Problem> {
    let listed = listing::list(&asked.mirror).await?;
    Ok(Json(Feeds { feeds: listed.iter().map(FeedBody::of).collect() }))
}

/// Make a feed
///
/// With the usual settings: applied by itself, but never the first run.
#[utoipa::path(post, path = "/feeds", tag = "feeds", operation_id = "make_feed", request_body = WantedFeed,
    responses((status = 201, description = "The feed", body = FeedBody)))]
pub(crate) async fn create(
    State(api): State<Api>,
    asked: FeedAsked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedFeed>,
) -> Result<(StatusCode, Json<FeedBody>), Problem> {
    let made = keep::create(&asked.context, &asked.mirror, (&wanted.code, &wanted.name), &api.entropy).await;
    let feed = made.map_err(|why| problem("The feed was not made.", why))?;
    let listed = Listed { feed, newest: None, applied: None, people: Vec::new(), failing: 0 };
    Ok((StatusCode::CREATED, Json(FeedBody::of(&listed))))
}

/// Show a feed's status
///
/// A feed key may ask this of its own feed: how its newest run stands, in numbers; nobody is named.
#[utoipa::path(get, path = "/feeds/{feed}/status", tag = "feeds", operation_id = "show_feed_status",
    params(("feed" = String, Path, description = "The feed's code or id")),
    responses((status = 200, description = "The status", body = FeedStatus)))]
pub(crate) async fn status(
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<FeedStatus>, Problem> {
    let feed = asked.feed(&feed).await?;
    let number = feed.number;
    let found = asked.mirror.store().read(move |tx| match feed_runs::newest_of(tx, number)? {
        Some(run) => feed_runs::files(tx, run.number).map(|files| Some((run, files))),
        None => Ok(None),
    });
    let found = found.await?;
    let files = match feed.control {
        Some(version) => control::text_of(&asked.mirror, number, version).await?,
        None => None,
    };
    let files: Vec<String> = files
        .and_then(|text| feed::control::check(&text).control)
        .map(|control| control.files.iter().map(|file| file.name.clone()).collect())
        .unwrap_or_default();
    let there: Vec<&str> = match &found {
        Some((run, files)) if !run.is_over() => files.iter().map(|file| file.name.as_str()).collect(),
        _ => Vec::new(),
    };
    let missing = files.iter().filter(|name| name.as_str() != CONTROL && !there.contains(&name.as_str()));
    Ok(Json(FeedStatus {
        feed: feed.code.as_str().to_owned(),
        missing: missing.cloned().collect(),
        run: found.map(|(run, _)| RunSummary::of(&run)),
        files,
    }))
}

/// Start a feed's run
///
/// The newest run, once all its files are there. It waits up to 20 seconds for their comparison; a run that a guard holds
/// waits for a person. 409 when files are missing.
#[utoipa::path(post, path = "/feeds/{feed}/start", tag = "feeds", operation_id = "start_feed_run",
    params(("feed" = String, Path, description = "The feed's code or id")),
    responses((status = 200, description = "What came of it", body = StartedBody)))]
pub(crate) async fn start(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<StartedBody>, Problem> {
    let feed = asked.feed(&feed).await?;
    let started = start::start(&asked.context, &asked.mirror, &feed, (&api.clock, &api.entropy)).await?;
    let (status, run) = match started {
        Started::NotReady => {
            let hint = "Upload every file that the control file lists; the feed's status names those that are missing.";
            return Err(Problem::new(Kind::Refused, "The newest run of this feed is not ready.", hint));
        }
        Started::Disabled(run) => ("disabled", run),
        Started::Held(run) => ("held", run),
        Started::Queued(run) => ("queued", run),
    };
    Ok(Json(StartedBody { status: status.to_owned(), run: RunSummary::of(&run) }))
}

/// Change a feed's control file
///
/// It is checked as a whole; one that is refused changes nothing, and everything that is wrong with it is told.
#[utoipa::path(put, path = "/feeds/{feed}/control", tag = "feeds", operation_id = "change_feed_control",
    params(("feed" = String, Path, description = "The feed's code or id")), request_body = WantedControl,
    responses((status = 200, description = "Its version", body = ControlAnswer)))]
pub(crate) async fn change_control(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedControl>,
) -> Result<Json<ControlAnswer>, Problem> {
    let feed = asked.feed(&feed).await?;
    let changed =
        control::change(&asked.context, &asked.mirror, (&feed, &wanted.text, &wanted.reason), &api.entropy).await;
    match changed.map_err(|why| problem("The control file was not changed.", why))? {
        Ok(version) => Ok(Json(ControlAnswer { version })),
        Err(refused) => {
            let hint = "Nothing was changed. Mend what `diagnostics` names, and send the whole file again.";
            let told = Problem::new(Kind::Invalid, "The control file is refused.", hint);
            Err(told.with_diagnostics(Diagnostic::of_control(&wanted.text, &refused.diagnostics)))
        }
    }
}

/// Show a feed's control file
///
/// The one in force, as it was sent.
#[utoipa::path(get, path = "/feeds/{feed}/control", tag = "feeds", operation_id = "show_feed_control",
    params(("feed" = String, Path, description = "The feed's code or id")),
    responses((status = 200, description = "The control file", content_type = "application/json")))]
pub(crate) async fn show_control(
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Response, Problem> {
    let feed = asked.feed(&feed).await?;
    let text = match feed.control {
        Some(version) => control::text_of(&asked.mirror, feed.number, version).await?,
        None => None,
    };
    let text = text.ok_or_else(|| Problem::not_found("control file of this feed"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}

/// Show the schema of control files
///
/// A JSON Schema, for editors.
#[utoipa::path(get, path = "/feeds/control-schema", tag = "feeds", operation_id = "show_control_schema",
    responses((status = 200, description = "The schema", content_type = "application/json")))]
pub(crate) async fn schema(Parameters(_): Parameters<NoParameters>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], feed::control::schema()).into_response()
}

/// What a program is told of something that was not done.
pub(crate) fn problem(what: &str, why: NotDone) -> Problem {
    match why {
        NotDone::Store(error) => error.into(),
        NotDone::NoFeed => Problem::not_found("feed of this code"),
        NotDone::NoRun => Problem::not_found("run of this feed"),
        NotDone::NoPerson => Problem::not_found("person of this username"),
        NotDone::Invalid(_) | NotDone::NoReason | NotDone::Typed(_) => {
            let refusal = why.refusal(what);
            Problem::new(Kind::Invalid, format!("{} {}", refusal.what, refusal.why), refusal.next)
        }
        why => why.refusal(what).into(),
    }
}

impl FeedBody {
    fn of(listed: &Listed) -> FeedBody {
        use crate::nouns::feed_person::PersonState;
        let feed = &listed.feed;
        let count = |state: PersonState| {
            listed.people.iter().find(|(of, _)| *of == state).map(|(_, count)| *count).unwrap_or_default()
        };
        FeedBody {
            id: feed.id.to_string(),
            code: feed.code.as_str().to_owned(),
            name: feed.name.clone(),
            auto_apply: feed.settings.auto_apply,
            force: feed.settings.force.as_str().to_owned(),
            delivered_at: feed.delivered_at.map(|at| at.to_string()),
            newest: listed.newest.as_ref().map(FeedRunBody::of),
            applied: listed.applied.as_ref().map(FeedRunBody::of),
            active: count(PersonState::Active),
            blocked: count(PersonState::Blocked),
            held: count(PersonState::Held),
            in_error: listed.failing,
        }
    }
}

impl RunSummary {
    /// A run without anybody's name.
    pub(crate) fn of(run: &crate::nouns::feed_run::FeedRun) -> RunSummary {
        RunSummary {
            id: run.id.to_string(),
            number: run.number.unsigned_abs(),
            state: run.state.as_str().to_owned(),
            stage: run.stage.as_str().to_owned(),
            created_at: run.created_at.to_string(),
            ended_at: run.ended_at.map(|at| at.to_string()),
            counts: shown::CountsBody::of(&run.counts),
            errors: run.errors,
            reasons: run.reasons.iter().map(reason_word).collect(),
        }
    }
}
