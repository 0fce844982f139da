//! What contacts and companies have alike here: found, looked at, made, changed, deleted, merged by the same verbs, whatever
//! their bodies say.

use axum::Json;
use axum::http::StatusCode;
use contact::board::Tables;
use contact::field::{Entity, Field};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::problem;
use crate::api::diagnostic::Diagnostic;
use crate::api::page;
use crate::api::problem::{Kind, Problem};
use crate::contacts::answer::{Answered, answer};
use crate::contacts::keep::{self, Edit};
use crate::contacts::listing::{self, Listed};
use crate::contacts::merge;

/// Which contacts or companies.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListedBy {
    /// Which: in the filter language over their fields; plain words are looked for in names and addresses. All of them when it
    /// is left out.
    #[param(example = "company ~ acme AND tag = \"Jira User\"")]
    filter: Option<String>,
    /// In which order, as behind ORDER BY; by name when it is left out.
    #[param(example = "changed desc")]
    order: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A contact or a company as it is answered.
pub(crate) trait Shown: Sized {
    /// Which of both.
    const ENTITY: Entity;

    /// The body of a record.
    fn of(row: &Listed, tables: &Tables) -> Self;
}

/// A contact or a company as it is sent.
pub(crate) trait Wanted {
    /// What is to be changed, by the fields of its kind.
    fn edit(self, fields: &[Field]) -> Result<Edit, Problem>;
}

/// What a filter found, as a page.
pub(super) struct Found<B> {
    pub(super) filter: String,
    pub(super) total: u64,
    pub(super) warnings: Vec<Diagnostic>,
    pub(super) rows: Vec<B>,
    pub(super) next: Option<String>,
}

/// Answers a filter; one with errors is refused with what is to be said about it.
pub(super) async fn answered(asked: &Asked, (entity, text): (Entity, &str)) -> Result<Answered, Problem> {
    let tables = asked.mirror.contacts().await?;
    let (now, zone) = asked.moment();
    let answered = answer(&tables, (entity, text.trim()), (now, &zone));
    if answered.has_errors {
        let problem = Problem::new(Kind::Filter, "The filter was not understood in whole.", "See `diagnostics`.");
        return Err(problem.with_diagnostics(Diagnostic::of_all(text, &answered.diagnostics)));
    }
    Ok(answered)
}

/// A page of what a filter finds.
pub(super) async fn list<B: Shown>(asked: &Asked, by: ListedBy) -> Result<Found<B>, Problem> {
    let text = by.filter.unwrap_or_default();
    let answered = answered(asked, (B::ENTITY, &text)).await?;
    let catalogue = answered.tables.of(B::ENTITY).catalogue();
    let mut order = answered.query.order.clone();
    if let Some(wanted) = &by.order {
        let parsed = filter::parse_order(wanted, catalogue);
        if parsed.has_errors() {
            let problem = Problem::new(Kind::Filter, "The order was not understood.", "See `diagnostics`.");
            return Err(problem.with_diagnostics(Diagnostic::of_all(wanted, &parsed.diagnostics)));
        }
        order = parsed.query.order;
    }
    let asks = filter::Query { expression: answered.query.expression.clone(), order };
    let question = format!("{}: {}", B::ENTITY.as_str(), filter::show(&asks, catalogue));
    let place = page::read_keyed(&question, by.cursor.as_deref())?;
    let (numbers, next) = answered.after(&asks.order, place.as_ref(), page::limit(by.limit)?);
    let rows = listing::listed(&asked.mirror, B::ENTITY, &numbers).await?;
    Ok(Found {
        filter: answered.canonical(),
        total: answered.found.matching.len(),
        warnings: Diagnostic::of_all(&text, &answered.diagnostics),
        rows: rows.iter().map(|row| B::of(row, &answered.tables)).collect(),
        next: next.map(|next| page::write(&question, &next.to_text())),
    })
}

/// One record as it stands.
pub(super) async fn one<B: Shown>(asked: &Asked, id: &str) -> Result<Json<B>, Problem> {
    let number = is(asked, (B::ENTITY, id)).await?;
    let row = listing::listed(&asked.mirror, B::ENTITY, &[number]).await?.pop();
    let row = row.ok_or_else(|| missing(B::ENTITY))?;
    Ok(Json(B::of(&row, &*asked.mirror.contacts().await?)))
}

/// Makes a record.
pub(super) async fn create<B: Shown>(
    (api, asked): (&Api, &Asked),
    wanted: impl Wanted,
) -> Result<(StatusCode, Json<B>), Problem> {
    let tables = asked.mirror.contacts().await?;
    let edit = wanted.edit(tables.of(B::ENTITY).fields())?;
    let made = keep::create(&asked.context, &asked.mirror, (B::ENTITY, edit), &api.entropy).await;
    let record = made.map_err(|why| problem(&not(B::ENTITY, "made"), why))?;
    Ok((StatusCode::CREATED, one(asked, record.id.as_str()).await?))
}

/// Changes a record.
pub(super) async fn change<B: Shown>(
    (api, asked): (&Api, &Asked),
    id: &str,
    wanted: impl Wanted,
) -> Result<Json<B>, Problem> {
    is(asked, (B::ENTITY, id)).await?;
    let tables = asked.mirror.contacts().await?;
    let edit = wanted.edit(tables.of(B::ENTITY).fields())?;
    let changed = keep::change(&asked.context, &asked.mirror, (id, edit), &api.entropy).await;
    changed.map_err(|why| problem(&not(B::ENTITY, "changed"), why))?;
    one(asked, id).await
}

/// Deletes a record.
pub(super) async fn delete((api, asked): (&Api, &Asked), (entity, id): (Entity, &str)) -> Result<StatusCode, Problem> {
    is(asked, (entity, id)).await?;
    let deleted = keep::delete(&asked.context, &asked.mirror, id, &api.entropy).await;
    deleted.map_err(|why| problem(&not(entity, "deleted"), why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Merges the second record into the first.
pub(super) async fn merge<B: Shown>(
    (api, asked): (&Api, &Asked),
    (kept, other): (&str, &str),
) -> Result<Json<B>, Problem> {
    is(asked, (B::ENTITY, kept)).await?;
    let merged = merge::merge(&asked.context, &asked.mirror, (kept, other), &api.entropy).await;
    merged.map_err(|why| problem("They were not merged.", why))?;
    one(asked, kept).await
}

/// The number of a record that is there.
pub(super) async fn is(asked: &Asked, (entity, id): (Entity, &str)) -> Result<u32, Problem> {
    let record = keep::find(&asked.mirror, id).await.map_err(|why| problem("It was not found.", why))?;
    match record.is_live() && record.entity == entity {
        true => Ok(record.number),
        false => Err(missing(entity)),
    }
}

fn missing(entity: Entity) -> Problem {
    Problem::not_found(&format!("{} with this id", entity.as_str()))
}

fn not(entity: Entity, done: &str) -> String {
    format!("The {} was not {done}.", entity.as_str())
}
