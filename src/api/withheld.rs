//! Withheld rows: which rule kept them, by what numbers, every row; and what a person decides about them. Approving seals
//! nothing by itself: it starts a read that may take out exactly the approved rows.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::{Ordinal, Snapshot};
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::{Asked, RequestKey};
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::api::runs::{Run, find as find_run};
use crate::api::sync::held;
use crate::id::WithheldId;
use crate::nouns::withheld::WithheldRows;
use crate::store::withheld;
use crate::sync::request::Asked as Came;
use crate::sync::review::{self, Chosen, Decided, LONGEST_REASON};

/// Which rows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowsListed {
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// Rows that a person approves.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Approved {
    /// The people or groups by id; all that still wait when it is left out.
    rows: Option<Vec<String>>,
}

/// Rows that a person dismisses.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dismissed {
    /// Why they may stay as they are, in at most 1,000 characters.
    reason: String,
    /// The people or groups by id; all that still wait when it is left out.
    #[serde(default)]
    rows: Option<Vec<String>>,
}

/// Rows that wait for a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AllWithheld {
    /// The newest last.
    withheld: Vec<Withheld>,
}

/// Rows that one rule has kept as they were.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Withheld {
    /// Their id.
    id: String,
    /// The run that would have changed them.
    run: String,
    /// When it was sealed without them.
    at: String,
    /// Which rule.
    rule: String,
    /// Where: `whole`, or a directory or group by id.
    part: String,
    /// How many rows there are.
    rows: u64,
    /// How many of them still wait.
    open: u64,
    /// How many there were before, of which the rows are too large a share.
    present: u64,
    /// The greatest share that is believed, in percent.
    share_percent: u64,
    /// From how many rows on.
    least: u64,
    /// `people` or `groups`.
    of: String,
    /// `open`, `settled`, `dismissed` or `replaced`.
    state: String,
    /// Who or what closed them, and why.
    closed: Option<Closed>,
}

/// How withheld rows were closed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Closed {
    /// By whom.
    by: String,
    /// When.
    at: String,
    /// Why; may be empty.
    reason: String,
}

/// Withheld rows, with a page of them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OneWithheld {
    /// What they are.
    withheld: Withheld,
    /// The rows.
    rows: Vec<WithheldRow>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A person or group that was kept as it was.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WithheldRow {
    /// Atlassian's id.
    id: String,
    /// Its name.
    name: String,
    /// Whether it still waits.
    open: bool,
}

/// List withheld rows
///
/// Those that still wait for a person.
#[utoipa::path(get, path = "/withheld", tag = "withheld rows", operation_id = "list_withheld",
    responses((status = 200, description = "What waits", body = AllWithheld)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<AllWithheld>, Problem> {
    let open = asked.mirror.store().read(withheld::open).await?;
    Ok(Json(AllWithheld { withheld: open.iter().map(Withheld::of).collect() }))
}

/// Show withheld rows
///
/// The rule, its numbers, and the rows, by page.
#[utoipa::path(get, path = "/withheld/{id}", tag = "withheld rows", operation_id = "show_withheld",
    params(("id" = String, Path, description = "Their id"), RowsListed),
    responses((status = 200, description = "The rows", body = OneWithheld)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(listed): Parameters<RowsListed>,
) -> Result<Json<OneWithheld>, Problem> {
    let kept = find(&asked, &id).await?;
    let question = format!("withheld {id}");
    let from = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse::<Ordinal>().unwrap_or(0),
        None => 0,
    };
    let limit = page::limit(listed.limit)?;
    let mut rows: Vec<Ordinal> =
        kept.withheld.rows.iter().filter(|row| *row >= from).take(limit.saturating_add(1)).collect();
    let next = (rows.len() > limit).then(|| page::write(&question, &rows[limit].to_string()));
    rows.truncate(limit);
    let named = rows.into_iter().filter_map(|row| {
        let (id, name) = named(&kept, row, &asked.snapshot)?;
        Some(WithheldRow { id, name, open: kept.open.contains(row) })
    });
    Ok(Json(OneWithheld { rows: named.collect(), withheld: Withheld::of(&kept), next }))
}

/// Approve withheld rows
///
/// Nothing is taken out on old evidence: a run reads them again, and exactly these may go.
#[utoipa::path(post, path = "/withheld/{id}/approve", tag = "withheld rows", operation_id = "approve_withheld",
    params(("id" = String, Path, description = "Their id")), request_body = Approved,
    responses((status = 202, description = "The run that reads them again", body = Run)))]
pub(crate) async fn approve(
    State(api): State<Api>,
    asked: Asked,
    key: RequestKey,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(approved): Sent<Approved>,
) -> Result<(StatusCode, Json<Run>), Problem> {
    let kept = find(&asked, &id).await?;
    let chosen = chosen(&kept, approved.rows, &asked.snapshot)?;
    match review::approve(&asked.context, &asked.mirror, (&kept.id, chosen), (key.0, &api.entropy)).await? {
        Decided::Asked(Came::Queued(run)) => {
            Ok((StatusCode::ACCEPTED, Json(Run::of(&find_run(&asked, run.as_str()).await?))))
        }
        Decided::Asked(Came::Held(run)) => Err(held(&run.number, run.id.as_str())),
        Decided::Dismissed | Decided::NotOpen | Decided::NoRows => Err(not_open()),
    }
}

/// Dismiss withheld rows
///
/// They stay as they are until a later run withholds them anew.
#[utoipa::path(post, path = "/withheld/{id}/dismiss", tag = "withheld rows", operation_id = "dismiss_withheld",
    params(("id" = String, Path, description = "Their id")), request_body = Dismissed,
    responses((status = 200, description = "What became of them", body = Withheld)))]
pub(crate) async fn dismiss(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(dismissed): Sent<Dismissed>,
) -> Result<Json<Withheld>, Problem> {
    let kept = find(&asked, &id).await?;
    let reason = dismissed.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        let detail = format!("A reason has from 1 to {LONGEST_REASON} characters.");
        return Err(Problem::new(Kind::Invalid, detail, "Say why these rows may stay as they are."));
    }
    let chosen = chosen(&kept, dismissed.rows, &asked.snapshot)?;
    match review::dismiss(&asked.context, &asked.mirror, (&kept.id, chosen), (reason, &api.entropy)).await? {
        Decided::Dismissed => Ok(Json(Withheld::of(&find(&asked, &id).await?))),
        Decided::Asked(_) | Decided::NotOpen | Decided::NoRows => Err(not_open()),
    }
}

async fn find(asked: &Asked, id: &str) -> Result<WithheldRows, Problem> {
    let unknown = || Problem::not_found("withheld rows with this id");
    let id = WithheldId::parse(id).ok_or_else(unknown)?;
    asked.mirror.store().read(move |tx| withheld::find(tx, &id)).await?.ok_or_else(unknown)
}

fn not_open() -> Problem {
    let detail = "None of these rows waits any more: somebody decided, or a later sync has looked again.";
    Problem::new(Kind::Refused, detail, "Look at them again to see what became of them.")
}

/// The rows that ids name.
fn chosen(kept: &WithheldRows, ids: Option<Vec<String>>, snapshot: &Snapshot) -> Result<Chosen, Problem> {
    let Some(ids) = ids else { return Ok(Chosen::All) };
    let groups = kept.withheld.rule.rows_are_groups();
    let mut rows = RoaringBitmap::new();
    for id in ids {
        let row = if groups { snapshot.group(&id) } else { snapshot.account(&id) };
        let Some(row) = row.filter(|row| kept.withheld.rows.contains(*row)) else {
            let detail = format!("“{id}” is none of these rows.");
            return Err(Problem::new(Kind::Invalid, detail, "Name rows by the ids that they are listed with."));
        };
        rows.insert(row);
    }
    Ok(Chosen::Rows(rows))
}

fn named(kept: &WithheldRows, row: Ordinal, snapshot: &Snapshot) -> Option<(String, String)> {
    if kept.withheld.rule.rows_are_groups() {
        let row = snapshot.group_row(row)?;
        let name = row.group.as_ref().map_or(row.id.as_str(), |group| &group.name);
        return Some((row.id.to_string(), name.to_owned()));
    }
    snapshot.account_row(row).map(|row| (row.id.to_owned(), row.name.to_owned()))
}

impl Withheld {
    /// Withheld rows as they are sent.
    pub(crate) fn of(kept: &WithheldRows) -> Withheld {
        let rule = &kept.withheld;
        Withheld {
            id: kept.id.to_string(),
            run: kept.run.to_string(),
            at: kept.at.to_string(),
            rule: rule.rule.as_str().to_owned(),
            part: rule.part.to_text(),
            rows: rule.rows.len(),
            open: kept.open.len(),
            present: rule.present,
            share_percent: rule.thresholds.share_percent,
            least: rule.thresholds.least,
            of: if rule.rule.rows_are_groups() { "groups" } else { "people" }.to_owned(),
            state: kept.state.as_str().to_owned(),
            closed: kept.closed.as_ref().map(|closed| Closed {
                by: closed.by.clone(),
                at: closed.at.to_string(),
                reason: closed.reason.clone(),
            }),
        }
    }
}
