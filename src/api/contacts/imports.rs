//! Files of contacts or companies: sent, their columns taken for something, looked at, carried out as a run. Nothing is
//! written before the last step.

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use contact::field::Field;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::runs::ContactRunBody;
use crate::api::contacts::{entity_of, problem};
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::define;
use crate::contacts::import::meaning::{Meaning, Same, Target};
use crate::contacts::import::rows::Outcome;
use crate::contacts::import::{self, Held, LARGEST, Tried};

/// Where files are sent, for what is to be known about their bodies beforehand.
pub(crate) const PATH: &str = "/contact-imports";

/// What a file holds.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Holding {
    /// `contact` or `company`.
    entity: String,
    /// What the file is called; may be left out.
    #[serde(default)]
    file_name: String,
}

/// A file with what it is taken for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportBody {
    /// Its id.
    id: String,
    /// What its rows are: `contact` or `company`.
    entity: String,
    /// What it is called.
    file_name: String,
    /// How many rows it has.
    rows: u64,
    /// Its columns, in their order.
    columns: Vec<ImportColumn>,
    /// The word of the column that tells which record is meant; null where each row is new.
    same: Option<String>,
    /// Whether records that are there are changed; left alone otherwise.
    update: bool,
    /// Every word that a column can be taken for.
    targets: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportColumn {
    /// Its heading.
    heading: String,
    /// What it is taken for; empty for nothing.
    target: String,
}

/// What a file is taken for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedMeaning {
    /// What each column is taken for, in their order: `id`, `name`, `email`, `domains`, `tags`, `companies`, `role`, a field as
    /// `fields.level`, or empty for nothing. Several columns that are the name make one.
    #[schema(example = json!(["name", "email", "fields.level", ""]))]
    columns: Vec<String>,
    /// The word of the column that tells which record is meant; null or left out where each row is new.
    #[schema(example = "email")]
    same: Option<String>,
    /// Whether records that are there are changed; left alone otherwise.
    update: bool,
}

/// What a file would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportPreview {
    /// Records to make.
    new: u64,
    /// Records to change.
    changed: u64,
    /// Rows that change nothing.
    unchanged: u64,
    /// Rows that are left out.
    refused: u64,
    /// The first rows of each; those that are left out come first.
    rows: Vec<ImportRow>,
}

/// A row, and what comes of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportRow {
    /// Its line in the file.
    line: u64,
    /// Its name.
    name: String,
    /// `new`, `changed`, `unchanged` or `refused`.
    outcome: String,
    /// The name of the record, or why the row is left out; empty for a new one.
    detail: String,
}

/// Send a file to import
///
/// Comma-separated values with a row of headings, in UTF-8, at most 10 MiB; comma, semicolon or tab between the columns. Its
/// columns are taken for what their headings look like. Nothing is imported yet.
#[utoipa::path(post, path = "/contact-imports", tag = "contacts", operation_id = "send_contact_import", params(Holding),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 201, description = "The file, and what it is taken for", body = ImportBody)))]
pub(crate) async fn send(
    State(api): State<Api>,
    asked: Asked,
    Parameters(holding): Parameters<Holding>,
    request: Request,
) -> Result<(StatusCode, Json<ImportBody>), Problem> {
    let entity = entity_of((Kind::Parameter, &holding.entity))?;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("text/") {
        let detail = "A file to import is comma-separated values.";
        return Err(Problem::new(Kind::MediaType, detail, "Send Content-Type: text/csv."));
    }
    let bytes = to_bytes(request.into_body(), LARGEST).await.map_err(|_| {
        let detail = format!("A file to import has at most {} MiB.", LARGEST >> 20);
        Problem::new(Kind::TooLarge, detail, "Send it in parts, each with the row of headings.")
    })?;
    let file = (entity, holding.file_name.as_str(), &*bytes);
    let kept = import::keep_file(&asked.context, &asked.mirror, file, &api.entropy).await;
    let id = kept.map_err(|why| problem("The file was not taken.", why))?;
    Ok((StatusCode::CREATED, held(&asked, id.as_str()).await?))
}

/// Show a file to import
#[utoipa::path(get, path = "/contact-imports/{id}", tag = "contacts", operation_id = "show_contact_import",
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 200, description = "The file, and what it is taken for", body = ImportBody)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ImportBody>, Problem> {
    held(&asked, &id).await
}

/// Say what a file to import is taken for
///
/// What each column is, and which row is which record.
#[utoipa::path(put, path = "/contact-imports/{id}", tag = "contacts", operation_id = "map_contact_import",
    params(("id" = String, Path, description = "The file's id")), request_body = WantedMeaning,
    responses((status = 200, description = "The file, and what it is taken for", body = ImportBody)))]
pub(crate) async fn mean(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedMeaning>,
) -> Result<Json<ImportBody>, Problem> {
    let not = |why| problem("It was not taken for that.", why);
    let entity = import::held(&asked.mirror, &id).await.map_err(not)?.meaning.entity;
    let fields = define::list(&asked.mirror).await?;
    let target = |words: &String| Target::of_words(words, (entity, &fields)).map_err(not);
    let meaning = Meaning {
        entity,
        columns: wanted.columns.iter().map(target).collect::<Result<_, _>>()?,
        same: match wanted.same.as_ref().map(target).transpose()? {
            None | Some(Target::Nothing) => Same::Never,
            Some(target) => Same::By(target),
        },
        update: wanted.update,
    };
    import::mean(&asked.mirror, (&id, meaning)).await.map_err(not)?;
    held(&asked, &id).await
}

/// Preview an import
///
/// What each row would do. Nothing is written.
#[utoipa::path(get, path = "/contact-imports/{id}/preview", tag = "contacts", operation_id = "preview_contact_import",
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 200, description = "What the file would do", body = ImportPreview)))]
pub(crate) async fn preview(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<ImportPreview>, Problem> {
    let tried = import::try_out(&asked.context, &asked.mirror, &id, &api.entropy).await;
    Ok(Json(ImportPreview::of(tried.map_err(|why| problem("The preview was not made.", why))?)))
}

/// Import a file
///
/// As a run, which is answered; its log lists the rows that are left out.
#[utoipa::path(post, path = "/contact-imports/{id}/start", tag = "contacts", operation_id = "start_contact_import",
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 202, description = "The run", body = ContactRunBody)))]
pub(crate) async fn start(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<(StatusCode, Json<ContactRunBody>), Problem> {
    let run = import::start(&asked.context, &asked.mirror, &id, &api.entropy).await;
    ContactRunBody::begun(&asked, run.map_err(|why| problem("Nothing was imported.", why))?).await
}

async fn held(asked: &Asked, id: &str) -> Result<Json<ImportBody>, Problem> {
    let held = import::held(&asked.mirror, id).await.map_err(|why| problem("The file was not found.", why))?;
    Ok(Json(ImportBody::of(&held, &define::list(&asked.mirror).await?)))
}

impl ImportBody {
    fn of(held: &Held, fields: &[Field]) -> ImportBody {
        let meaning = &held.meaning;
        let columns = held.headings.iter().zip(&meaning.columns);
        ImportBody {
            id: held.id.to_string(),
            entity: meaning.entity.as_str().to_owned(),
            file_name: held.file_name.clone(),
            rows: held.rows,
            columns: columns
                .map(|(heading, target)| ImportColumn { heading: heading.clone(), target: target.in_words(fields) })
                .collect(),
            same: match &meaning.same {
                Same::Never => None,
                Same::By(target) => Some(target.in_words(fields)),
            },
            update: meaning.update,
            targets: Target::all(meaning.entity, fields).iter().map(|target| target.in_words(fields)).collect(),
        }
    }
}

impl ImportPreview {
    fn of(tried: Tried) -> ImportPreview {
        let row = |(line, name, outcome): (u64, String, Outcome)| {
            let (outcome, detail) = match outcome {
                Outcome::New => ("new", String::new()),
                Outcome::Changed(record) => ("changed", record),
                Outcome::Same(record) => ("unchanged", record),
                Outcome::Refused(why) => ("refused", why),
            };
            ImportRow { line, name, outcome: outcome.to_owned(), detail }
        };
        ImportPreview {
            new: tried.new,
            changed: tried.changed,
            unchanged: tried.same,
            refused: tried.refused,
            rows: tried.rows.into_iter().map(row).collect(),
        }
    }
}
