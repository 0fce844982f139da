//! Runs of feeds: listed, shown with preview and log, and what people do with them.

use axum::Json;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::feed_entry::FeedAsked;
use crate::api::feeds::problem;
use crate::api::feeds::shown::{FeedRunBody, FileBody};
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::feeds::decide::{self, Approval};
use crate::feeds::listing::{self, OneRun};
use crate::id::{Entropy, FeedRunId};
use crate::nouns::feed_row::{FeedRow, RowKind};
use crate::nouns::feed_run::{LogLine, RunAct, Severity};
use crate::store::feed_log::LinesWanted;
use crate::store::feed_rows::RowsWanted;

/// A page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paged {
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// Which rows of a preview.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PreviewWanted {
    /// Only `new`, `changed`, `returning`, `leaving`, `failing`, `conflict`, or `refreshed`, who are left out else.
    kind: Option<String>,
    /// Only the rows of this username.
    username: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// Which lines of a log.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogWanted {
    /// Only `information`, `warning` or `error`.
    severity: Option<String>,
    /// Only lines about the record of this username.
    username: Option<String>,
    /// Only lines about the record of this number.
    record: Option<u64>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of runs, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedRuns {
    /// The runs.
    runs: Vec<FeedRunBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A run with its files.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneFeedRun {
    /// The run.
    run: FeedRunBody,
    /// Its files.
    files: Vec<FileBody>,
}

/// A page of a preview.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PreviewRows {
    /// One row per person.
    rows: Vec<PreviewRow>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// What a run does with somebody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PreviewRow {
    /// `new`, `changed`, `refreshed`, `returning`, `leaving`, `failing` or `conflict`.
    kind: String,
    /// The username.
    username: String,
    /// The number of the record, from 0 over all files.
    record: Option<u64>,
    /// The line of the file at which the record begins, from 1.
    line: Option<u64>,
    /// The fields that change.
    changes: Vec<ChangedField>,
    /// Why it fails or contradicts.
    why: Option<String>,
}

/// A field that changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChangedField {
    /// The field.
    field: String,
    /// Its values before.
    before: Vec<String>,
    /// Its values after.
    after: Vec<String>,
    /// Whether only the control file has changed, and not the record.
    by_control: bool,
}

/// A page of a log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LogLines {
    /// The lines.
    lines: Vec<LogLineBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A line of a log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LogLineBody {
    /// Its number, from 1.
    number: u64,
    /// When it was written.
    at: String,
    /// `information`, `warning` or `error`.
    severity: String,
    /// The number of the record it is about.
    record: Option<u64>,
    /// The line of the file at which that record begins.
    line: Option<u64>,
    /// Whose record it is.
    username: Option<String>,
    /// What it says.
    text: String,
    /// The value that it is about.
    input: Option<String>,
}

/// What somebody says who applies a run.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedApproval {
    /// Why; a run that is held needs it.
    #[serde(default)]
    reason: String,
    /// The number of people it takes out, where that is everybody.
    #[serde(default)]
    leaving: Option<u64>,
}

/// Why something is done.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Because {
    /// Why.
    #[serde(default)]
    reason: String,
}

/// A request about the run that its address names, without parameters.
pub(crate) struct OnRun {
    asked: FeedAsked,
    run: FeedRunId,
    entropy: Entropy,
}

impl FromRequestParts<Api> for OnRun {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<OnRun, Problem> {
        let asked = FeedAsked::from_request_parts(parts, api).await?;
        let unreadable = |_| Problem::new(Kind::Unreadable, "The id is not text.", "Encode ids as UTF-8 in percent.");
        let Path((feed, run)) = Path::<(String, String)>::from_request_parts(parts, api).await.map_err(unreadable)?;
        let Parameters(NoParameters {}) = Parameters::from_request_parts(parts, api).await?;
        let run = find(&asked, &feed, &run).await?.run.id;
        Ok(OnRun { asked, run, entropy: api.entropy.clone() })
    }
}

impl OnRun {
    async fn act(&self, act: RunAct, approval: Approval) -> Result<Json<FeedRunBody>, Problem> {
        let (context, mirror) = (&self.asked.context, &self.asked.mirror);
        let because = (&self.run, approval.reason.as_str());
        let (done, run) = match act {
            RunAct::Cancel => ("cancelled", decide::cancel(context, mirror, because, &self.entropy).await),
            RunAct::UnsafeCancel => {
                ("marked as cancelled", decide::unsafe_cancel(context, mirror, because, &self.entropy).await)
            }
            RunAct::Reapply => ("applied again", decide::reapply(context, mirror, because, &self.entropy).await),
            RunAct::Apply => ("applied", decide::apply(context, mirror, (&self.run, approval), &self.entropy).await),
        };
        let run = run.map_err(|why| problem(&format!("The run was not {done}."), why))?;
        Ok(Json(FeedRunBody::at(&run, self.asked.context.now)))
    }
}

/// List a feed's runs
///
/// The newest first.
#[utoipa::path(get, path = "/feeds/{feed}/runs", tag = "feeds", operation_id = "list_feed_runs",
    params(("feed" = String, Path, description = "The feed's code or id"), Paged),
    responses((status = 200, description = "A page of runs", body = FeedRuns)))]
pub(crate) async fn list(
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(paged): Parameters<Paged>,
) -> Result<Json<FeedRuns>, Problem> {
    let feed = asked.feed(&feed).await?;
    let (question, limit) = (format!("runs of {}", feed.id), page::limit(paged.limit)?);
    let before = place(&question, paged.cursor.as_deref())?.unwrap_or(i64::MAX);
    let mut runs = listing::runs(&asked.mirror, Some(feed.number), (before, limit as u32)).await?;
    let next = (runs.len() == limit).then(|| runs.last()).flatten().map(|run| write(&question, run.number));
    let shown = runs.drain(..).map(|run| FeedRunBody::at(&run, asked.context.now)).collect();
    Ok(Json(FeedRuns { runs: shown, next }))
}

/// Show a run of a feed
///
/// With its files and what may be done with it.
#[utoipa::path(get, path = "/feeds/{feed}/runs/{run}", tag = "feeds", operation_id = "show_feed_run",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")),
    responses((status = 200, description = "The run", body = OneFeedRun)))]
pub(crate) async fn show(
    asked: FeedAsked,
    Path((feed, run)): Path<(String, String)>,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<OneFeedRun>, Problem> {
    let found = find(&asked, &feed, &run).await?;
    let files = found.files.iter().map(FileBody::of).collect();
    Ok(Json(OneFeedRun { run: FeedRunBody::at(&found.run, asked.context.now), files }))
}

/// Show the preview of a run
///
/// One row per person to whom something would happen; once the run is applied, what happened.
#[utoipa::path(get, path = "/feeds/{feed}/runs/{run}/preview", tag = "feeds", operation_id = "show_feed_preview",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id"), PreviewWanted),
    responses((status = 200, description = "A page of rows", body = PreviewRows)))]
pub(crate) async fn preview(
    asked: FeedAsked,
    Path((feed, run)): Path<(String, String)>,
    Parameters(wanted): Parameters<PreviewWanted>,
) -> Result<Json<PreviewRows>, Problem> {
    let found = find(&asked, &feed, &run).await?;
    let kind = match wanted.kind.as_deref() {
        Some(word) => Some(RowKind::parse(word).ok_or_else(|| unknown("kind", word))?),
        None => None,
    };
    let username_key = wanted.username.as_deref().map(directory::username_key);
    let (question, limit) =
        (format!("preview of {} {kind:?} {username_key:?}", found.run.id), page::limit(wanted.limit)?);
    let after = place(&question, wanted.cursor.as_deref())?.unwrap_or(0);
    let rows_wanted = RowsWanted { after, kind, username_key, ..RowsWanted::default() };
    let rows = listing::preview_rows(&asked.mirror, found.run.number, (rows_wanted, limit as u32)).await?;
    let next = (rows.len() == limit).then(|| rows.last()).flatten().map(|row| write(&question, row.place));
    Ok(Json(PreviewRows { rows: rows.into_iter().map(PreviewRow::of).collect(), next }))
}

/// Show the log of a run
///
/// Line by line, while the run is under way too.
#[utoipa::path(get, path = "/feeds/{feed}/runs/{run}/log", tag = "feeds", operation_id = "show_feed_log",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id"), LogWanted),
    responses((status = 200, description = "A page of lines", body = LogLines)))]
pub(crate) async fn log(
    asked: FeedAsked,
    Path((feed, run)): Path<(String, String)>,
    Parameters(wanted): Parameters<LogWanted>,
) -> Result<Json<LogLines>, Problem> {
    let found = find(&asked, &feed, &run).await?;
    let severity = match wanted.severity.as_deref() {
        Some(word) => Some(Severity::parse(word).ok_or_else(|| unknown("severity", word))?),
        None => None,
    };
    let question = format!("log of {} {severity:?} {:?} {:?}", found.run.id, wanted.username, wanted.record);
    let limit = page::limit(wanted.limit)?;
    let after = place(&question, wanted.cursor.as_deref())?.unwrap_or(0).unsigned_abs();
    let lines_wanted = LinesWanted { after, severity, username: wanted.username, record: wanted.record };
    let lines = listing::log(&asked.mirror, found.run.number, (lines_wanted, limit as u32)).await?;
    let next = (lines.len() == limit).then(|| lines.last()).flatten().map(|line| write(&question, line.line as i64));
    Ok(Json(LogLines { lines: lines.into_iter().map(LogLineBody::of).collect(), next }))
}

/// Apply a run
///
/// One that is ready or held. A held run needs a reason, and one that takes everybody out the number of people.
#[utoipa::path(post, path = "/feeds/{feed}/runs/{run}/apply", tag = "feeds", operation_id = "apply_feed_run",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")), request_body = WantedApproval,
    responses((status = 200, description = "The run", body = FeedRunBody)))]
pub(crate) async fn apply(on: OnRun, Sent(wanted): Sent<WantedApproval>) -> Result<Json<FeedRunBody>, Problem> {
    on.act(RunAct::Apply, Approval { reason: wanted.reason, typed: wanted.leaving }).await
}

/// Cancel a run
///
/// One that is not over. One that is being written stops at once, and nothing of it stays.
#[utoipa::path(post, path = "/feeds/{feed}/runs/{run}/cancel", tag = "feeds", operation_id = "cancel_feed_run",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")), request_body = Because,
    responses((status = 200, description = "The run", body = FeedRunBody)))]
pub(crate) async fn cancel(on: OnRun, Sent(because): Sent<Because>) -> Result<Json<FeedRunBody>, Problem> {
    on.act(RunAct::Cancel, because.into()).await
}

/// Mark a silent run as cancelled
///
/// One whose worker has given no sign of life for a minute. What it writes late is fenced off.
#[utoipa::path(post, path = "/feeds/{feed}/runs/{run}/unsafe-cancel", tag = "feeds",
    operation_id = "unsafe_cancel_feed_run",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")), request_body = Because,
    responses((status = 200, description = "The run", body = FeedRunBody)))]
pub(crate) async fn unsafe_cancel(on: OnRun, Sent(because): Sent<Because>) -> Result<Json<FeedRunBody>, Problem> {
    on.act(RunAct::UnsafeCancel, because.into()).await
}

/// Apply a run again
///
/// Makes a copy of a run that is over, with its control file. It is compared and waits for a person.
#[utoipa::path(post, path = "/feeds/{feed}/runs/{run}/reapply", tag = "feeds", operation_id = "reapply_feed_run",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("run" = String, Path, description = "The run's id")), request_body = Because,
    responses((status = 200, description = "The copy", body = FeedRunBody)))]
pub(crate) async fn reapply(on: OnRun, Sent(because): Sent<Because>) -> Result<Json<FeedRunBody>, Problem> {
    on.act(RunAct::Reapply, because.into()).await
}

pub(super) async fn find(asked: &FeedAsked, feed: &str, run: &str) -> Result<OneRun, Problem> {
    let feed = asked.feed(feed).await?;
    let missing = || Problem::not_found("run of this feed");
    let found = listing::run(&asked.mirror, &FeedRunId::parse(run).ok_or_else(missing)?).await;
    let found = found.map_err(|why| problem("There is nothing to show.", why))?;
    if found.feed.number == feed.number { Ok(found) } else { Err(missing()) }
}

pub(super) fn place(question: &str, cursor: Option<&str>) -> Result<Option<i64>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = page::read(question, cursor)?;
    let wrong = |_| Problem::new(Kind::Cursor, "The cursor cannot be read.", "Begin without a cursor.");
    place.parse().map(Some).map_err(wrong)
}

pub(super) fn write(question: &str, place: i64) -> String {
    page::write(question, &place.to_string())
}

fn unknown(name: &str, word: &str) -> Problem {
    let detail = format!("The parameter “{name}” is not “{word}”.");
    Problem::new(Kind::Parameter, detail, "See /api/v1/openapi.json for the words there are.")
}

impl From<Because> for Approval {
    fn from(because: Because) -> Approval {
        Approval { reason: because.reason, typed: None }
    }
}

impl PreviewRow {
    fn of(row: FeedRow) -> PreviewRow {
        let changed = |of: crate::nouns::feed_row::FieldChange| ChangedField {
            field: of.field,
            before: of.before,
            after: of.after,
            by_control: of.by_control,
        };
        PreviewRow {
            kind: row.kind.as_str().to_owned(),
            username: row.username,
            record: row.record,
            line: row.file_line,
            changes: row.changes.into_iter().map(changed).collect(),
            why: row.why,
        }
    }
}

impl LogLineBody {
    fn of(line: LogLine) -> LogLineBody {
        LogLineBody {
            number: line.line,
            at: line.at.to_string(),
            severity: line.severity.as_str().to_owned(),
            record: line.record,
            line: line.file_line,
            username: line.username,
            text: line.text,
            input: line.told,
        }
    }
}
