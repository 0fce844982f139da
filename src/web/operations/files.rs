//! Files of an operation: its result, its rows through a filter, the hand-off list of synced groups, and the state of
//! everybody concerned before it.

use std::sync::Arc;

use axum::extract::{Path, Query};
use axum::response::Response;

use crate::mirror::export::events::Exported;
use crate::mirror::export::{Export, Form, in_order};
use crate::nouns::operation::Operation;
use crate::nouns::operation_row::RowState;
use crate::operations::text::text;
use crate::store::operation_rows::Filter;
use crate::store::operations;
use crate::web::export::{download, download_arriving};
use crate::web::failure::Failure;
use crate::web::operations::address;
use crate::web::operations::page::existing;
use crate::web::operations::rows::{Ask, with_reason};
use crate::web::ui::address::Address;
use crate::web::visit::Visit;

/// GET /operations/{id}/{file}
pub(crate) async fn file(
    visit: Visit,
    Path((id, file)): Path<(String, String)>,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    let operation = existing(&visit, &id).await?.operation;
    let name = |what: &str| format!("operation-{}-{what}", operation.number);
    match file.as_str() {
        "rows.csv" => {
            let here = ask.on(address(&operation.id));
            rows(&visit, &operation, (&name("rows"), ask.filter(&visit)), &here).await
        }
        "hand-off.csv" => {
            let why = Some("synced_group".to_owned());
            let filter = Filter { state: Some(RowState::Refused), why, ..Filter::default() };
            let here = with_reason(&operation, RowState::Refused, "synced_group");
            rows(&visit, &operation, (&name("hand-off"), filter), &here).await
        }
        "result.json" => {
            let all = address(&operation.id).to_string();
            let exported =
                Exported { what: &name("result"), rows: Some(operation.plan.rows), form: Form::Json, filter: &all };
            let text = text(&visit.mirror, &operation, (Filter::default(), Form::Json));
            download_arriving(&visit, exported, text.arriving()).await
        }
        "before.csv" => before(&visit, &operation, (&name("before"), Form::Csv)).await,
        "before.json" => before(&visit, &operation, (&name("before"), Form::Json)).await,
        _ => Err(Failure::NotFound("There is no such file.")),
    }
}

/// Rows that a filter finds; the chain keeps the address where they stand.
async fn rows(
    visit: &Visit,
    operation: &Operation,
    (what, filter): (&str, Filter),
    here: &Address,
) -> Result<Response, Failure> {
    let exported = Exported { what, rows: None, form: Form::Csv, filter: &here.to_string() };
    let text = text(&visit.mirror, operation, (filter, Form::Csv));
    download_arriving(visit, exported, text.arriving()).await
}

/// Whom it selects, as they were in the generation of its plan.
async fn before(visit: &Visit, operation: &Operation, (what, form): (&str, Form)) -> Result<Response, Failure> {
    let id = operation.id.clone();
    let found = visit.mirror.store().read(move |tx| operations::find(tx, &id)).await?;
    let (_, selected) = found.ok_or(Failure::NotFound("There is no operation with this id."))?;
    let snapshot = visit.mirror.of_generation(operation.plan.generation).await?;
    let order = directory::find::Ranking::of(&snapshot, &[]);
    let people = in_order(&selected, &order);
    let here = address(&operation.id).to_string();
    let exported = Exported { what, rows: Some(people.len() as u64), form, filter: &here };
    download(visit, exported, Export::new(Arc::clone(&snapshot), people, form)).await
}
