//! Files of a run to take away: its data files and control file as they came, its preview and log as CSV and JSON. That
//! they were taken is on the audit chain before anything of them is sent.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

use crate::feeds::files::{self, Subject};
use crate::feeds::{bodies, listing};
use crate::http::Arriving;
use crate::id::FeedBodyId;
use crate::mirror::export::Form;
use crate::mirror::export::events::{Exported, record};
use crate::nouns::feed_run::RunFile;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::web::export::{download, download_arriving};
use crate::web::failure::Failure;
use crate::web::feeds::existing;
use crate::web::feeds::run::existing as existing_run;
use crate::web::feeds::run_address;
use crate::web::visit::Visit;

/// Pieces that wait for a slow reader.
const WAITING: usize = 2;

/// GET /feeds/{code}/runs/{run}/{file}
pub(crate) async fn of_run(
    visit: Visit,
    Path((code, run, file)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let one = existing_run(&visit, &code, &run).await?;
    let number = one.run.number;
    let here = run_address(&one.feed, &one.run).to_string();
    let (what, subject, form) = match file.as_str() {
        "preview.csv" => ("preview", Subject::Preview(number), Form::Csv),
        "preview.json" => ("preview", Subject::Preview(number), Form::Json),
        "log.csv" => ("log", Subject::Log(number), Form::Csv),
        "log.json" => ("log", Subject::Log(number), Form::Json),
        "run.json" => {
            let what = format!("feed-{code}-run-{number}-run");
            let exported = Exported { what: &what, rows: None, form: Form::Json, filter: &here };
            return download(&visit, exported, std::iter::once(files::run_json(&one).into_bytes())).await;
        }
        _ => return Err(Failure::NotFound("There is no such file.")),
    };
    let what = format!("feed-{code}-run-{number}-{what}");
    let exported = Exported { what: &what, rows: None, form, filter: &here };
    download_arriving(&visit, exported, files::file(&visit.mirror, subject, form).arriving()).await
}

/// GET /feeds/{code}/errors.csv
pub(crate) async fn errors(visit: Visit, Path(code): Path<String>) -> Result<Response, Failure> {
    let feed = existing(&visit, &code).await?;
    let what = format!("feed-{code}-errors");
    let exported = Exported { what: &what, rows: None, form: Form::Csv, filter: "" };
    let file = files::file(&visit.mirror, Subject::Errors(feed.number), Form::Csv);
    download_arriving(&visit, exported, file.arriving()).await
}

/// GET /feeds/{code}/runs/{run}/files/{name}
pub(crate) async fn data(
    visit: Visit,
    Path((code, run, name)): Path<(String, String, String)>,
) -> Result<Response, Failure> {
    let one = existing_run(&visit, &code, &run).await?;
    let Some(file) = one.files.iter().find(|file| file.name == name) else {
        return Err(Failure::NotFound("The run has no such file."));
    };
    let what = format!("feed-{code}-run-{}-{name}", one.run.number);
    let exported = Exported { what: &what, rows: file.records, form: Form::Csv, filter: &file.digest };
    record(&visit.entered.context, visit.mirror.store(), exported, &visit.entropy).await?;
    let (sender, pieces) = mpsc::channel(WAITING);
    tokio::spawn(send(visit.mirror.store().clone(), file.body.clone(), sender));
    // What came compressed is given as it came, so that its digest is the one that is shown.
    let ending = ending(file);
    let packed = ending != ".gz" && listing::is_gzip(&visit.mirror, &file.body).await?;
    let disposition = format!("attachment; filename=\"{what}{ending}{}\"", if packed { ".gz" } else { "" });
    let kind = "application/octet-stream".to_owned();
    let body = Body::from_stream(Arriving(pieces));
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], body).into_response())
}

async fn send(store: Store, body: FeedBodyId, pieces: mpsc::Sender<Result<Vec<u8>, StoreError>>) {
    for number in 0.. {
        let piece = match bodies::piece(&store, &body, number).await {
            Ok(Some(piece)) => Ok(piece),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let over = piece.is_err();
        if pieces.send(piece).await.is_err() || over {
            return;
        }
    }
}

/// The ending of the name under which it came, when that is a plain one.
fn ending(file: &RunFile) -> String {
    match file.file_name.rsplit_once('.') {
        Some((_, ending)) if (1..=5).contains(&ending.len()) && ending.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            format!(".{ending}")
        }
        _ => String::new(),
    }
}
