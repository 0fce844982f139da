//! Sync runs: listed by page, one with what it has to say, and stopping one.

use axum::Json;
use axum::extract::State;
use directory::{Amounts, Counts};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::{Kind, Problem};
use crate::id::RunId;
use crate::nouns::run::{self, RunKind, RunNote, RunState};
use crate::nouns::scope_summary::summary;
use crate::store::runs::{self, Filter};
use crate::sync::request;

/// Which runs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// Only of this kind: `initial`, `daily`, `manual`, `browser`, `approval`, `stream`, `webhook` or `operation`.
    kind: Option<String>,
    /// Only in this state: `queued`, `running`, `waiting`, `sealed`, `failed` or `cancelled`.
    state: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of runs, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Runs {
    /// The runs.
    runs: Vec<Run>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A sync run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Run {
    /// Its id.
    id: String,
    /// Its number, from 1.
    number: u64,
    /// Why it was started.
    kind: String,
    /// What it reads, in words.
    scope: String,
    /// Where it stands.
    state: String,
    /// What it is doing.
    phase: String,
    /// Who asked for it.
    asked_by: String,
    /// When it was asked for.
    asked_at: String,
    /// When it began.
    started_at: Option<String>,
    /// When it ended.
    ended_at: Option<String>,
    /// The generation that it sealed.
    generation: Option<u64>,
    /// How far it is.
    progress: Progress,
    /// What it waits for, while it waits.
    waiting: Option<Waiting>,
    /// Why it ended without a generation.
    failure: Option<String>,
    /// What changed, once sealed.
    changed: Option<Changed>,
    /// How much there was before and after, once sealed.
    totals: Option<Totals>,
    /// Rows that were kept as they were because they were too many.
    withheld_rows: u64,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Progress {
    /// People read.
    people_read: u64,
    /// People by Atlassian's own count.
    people_expected: Option<u64>,
    /// Groups read.
    groups_read: u64,
    /// Groups by Atlassian's own count.
    groups_expected: Option<u64>,
    /// Requests sent.
    requests: u64,
    /// Requests that it needs at the least.
    requests_least: Option<u64>,
    /// Seconds spent waiting for Atlassian's limits.
    waited_seconds: u64,
}

/// A pause.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Waiting {
    /// When it goes on by itself.
    until: String,
    /// Why.
    reason: String,
}

/// What a run changed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Changed {
    /// People first seen.
    people_added: u64,
    /// People whose profile changed.
    people_changed: u64,
    /// Presences that ended.
    people_gone: u64,
    /// Presences that began for people already known, or changed their state.
    presence_changed: u64,
    /// People whose activity changed.
    activity_changed: u64,
    /// Administrative roles given or taken.
    roles_changed: u64,
    /// Groups first seen.
    groups_added: u64,
    /// Groups whose definition changed.
    groups_changed: u64,
    /// Groups gone.
    groups_gone: u64,
    /// Memberships that began.
    memberships_added: u64,
    /// Memberships that ended.
    memberships_removed: u64,
    /// Grants that began or ended.
    grants_changed: u64,
    /// Direct roles that began or ended.
    direct_roles_changed: u64,
}

/// How much there was.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Before the run.
    before: HowMuch,
    /// After it.
    after: HowMuch,
}

/// How much there is, by noun.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct HowMuch {
    /// People.
    people: u64,
    /// Groups.
    groups: u64,
    /// Memberships.
    memberships: u64,
}

/// A run with what it has to say.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneRun {
    /// The run.
    run: Run,
    /// What it has to say, in order; at most 1,000.
    notes: Vec<Note>,
}

/// Something that a run has to say.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Note {
    /// When it was noticed.
    at: String,
    /// `gap`, `quarantined`, `drift` or `warning`.
    kind: String,
    /// What it is about.
    subject: String,
    /// The sentence.
    detail: String,
}

/// List sync runs
///
/// The newest first.
#[utoipa::path(get, path = "/runs", tag = "runs", operation_id = "list_runs", params(Listed),
    responses((status = 200, description = "A page of runs", body = Runs)))]
pub(crate) async fn list(asked: Asked, Parameters(listed): Parameters<Listed>) -> Result<Json<Runs>, Problem> {
    let filter = Filter {
        kind: word("kind", listed.kind.as_deref(), RunKind::parse, RunKind::ALL.iter().map(|kind| kind.as_str()))?,
        state: word("state", listed.state.as_deref(), RunState::parse, RunState::ALL.iter().map(|it| it.as_str()))?,
    };
    let question = format!("runs: {filter:?}");
    let before = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse::<u64>().ok(),
        None => None,
    };
    let limit = page::limit(listed.limit)?;
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    let list = asked.mirror.store().read(move |tx| runs::matching(tx, filter, before, most)).await?;
    let next = list.last().filter(|last| list.len() == limit && last.number > 1);
    let next = next.map(|last| page::write(&question, &last.number.to_string()));
    Ok(Json(Runs { runs: list.iter().map(Run::of).collect(), next }))
}

/// Show a sync run
///
/// With what it has to say: what was not read, what was new to Rollcall.
#[utoipa::path(get, path = "/runs/{id}", tag = "runs", operation_id = "show_run",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run", body = OneRun)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<OneRun>, Problem> {
    let run = find(&asked, &id).await?;
    let id = run.id.clone();
    let notes = asked.mirror.store().read(move |tx| runs::notes(tx, &id, 1_000)).await?;
    Ok(Json(OneRun { run: Run::of(&run), notes: notes.iter().map(Note::of).collect() }))
}

/// Stop a sync run
///
/// What it has read is dropped, nothing of it is sealed, and another may start.
#[utoipa::path(post, path = "/runs/{id}/cancel", tag = "runs", operation_id = "cancel_run",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run as it ended", body = Run)))]
pub(crate) async fn cancel(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Run>, Problem> {
    let run = find(&asked, &id).await?;
    if !request::cancel(&asked.context, &asked.mirror, &run.id, &api.entropy).await? {
        let hint = "There is nothing to stop.";
        return Err(Problem::new(Kind::Refused, format!("Sync run {} is over.", run.number), hint));
    }
    Ok(Json(Run::of(&find(&asked, &id).await?)))
}

/// A run by the id in an address.
pub(crate) async fn find(asked: &Asked, id: &str) -> Result<run::Run, Problem> {
    let unknown = || Problem::not_found("sync run with this id");
    let id = RunId::parse(id).ok_or_else(unknown)?;
    asked.mirror.store().read(move |tx| runs::find(tx, &id)).await?.ok_or_else(unknown)
}

/// A word of a closed vocabulary.
pub(crate) fn word<T>(
    name: &str,
    given: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    known: impl Iterator<Item = &'static str>,
) -> Result<Option<T>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let wrong = || {
        let detail = format!("The parameter “{name}” is not “{given}”.");
        Problem::new(Kind::Parameter, detail, "The words there are stand in `names`.").with_names(known)
    };
    parse(given).map(Some).ok_or_else(wrong)
}

impl Run {
    /// A run as it is sent.
    pub(crate) fn of(run: &run::Run) -> Run {
        let progress = &run.progress;
        Run {
            id: run.id.to_string(),
            number: run.number,
            kind: run.kind.as_str().to_owned(),
            scope: summary(&run.scope),
            state: run.state.as_str().to_owned(),
            phase: progress.phase.as_str().to_owned(),
            asked_by: run.asked_by.clone(),
            asked_at: run.asked_at.to_string(),
            started_at: run.started_at.map(|at| at.to_string()),
            ended_at: run.ended_at.map(|at| at.to_string()),
            generation: run.generation,
            progress: Progress {
                people_read: progress.people_seen,
                people_expected: progress.people_expected,
                groups_read: progress.groups_seen,
                groups_expected: progress.groups_expected,
                requests: progress.requests,
                requests_least: progress.requests_floor,
                waited_seconds: progress.waited.as_secs(),
            },
            waiting: run.waiting.as_ref().map(Waiting::of),
            failure: run.failure.clone(),
            changed: run.counts.as_ref().map(Changed::of),
            totals: (run.totals.as_ref())
                .map(|totals| Totals { before: HowMuch::of(&totals.before), after: HowMuch::of(&totals.after) }),
            withheld_rows: run.withheld_rows,
        }
    }
}

impl Waiting {
    /// A pause as it is sent.
    pub(crate) fn of(waiting: &run::Waiting) -> Waiting {
        Waiting { until: waiting.until.to_string(), reason: waiting.reason.clone() }
    }
}

impl Changed {
    fn of(counts: &Counts) -> Changed {
        Changed {
            people_added: counts.people_added,
            people_changed: counts.people_changed,
            people_gone: counts.people_gone,
            presence_changed: counts.presence_changed,
            activity_changed: counts.activity_changed,
            roles_changed: counts.roles_changed,
            groups_added: counts.groups_added,
            groups_changed: counts.groups_changed,
            groups_gone: counts.groups_gone,
            memberships_added: counts.memberships_added,
            memberships_removed: counts.memberships_removed,
            grants_changed: counts.grants_changed,
            direct_roles_changed: counts.direct_changed,
        }
    }
}

impl HowMuch {
    fn of(amounts: &Amounts) -> HowMuch {
        HowMuch { people: amounts.people, groups: amounts.groups, memberships: amounts.memberships }
    }
}

impl Note {
    fn of(note: &RunNote) -> Note {
        Note {
            at: note.at.to_string(),
            kind: note.kind.as_str().to_owned(),
            subject: note.subject.clone(),
            detail: note.detail.clone(),
        }
    }
}
