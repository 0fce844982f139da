//! Uploads: in one request, or in several that go on where the one before broke off. Whatever the size, a piece is held
//! at a time.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use futures_core::Stream;
use serde::{Deserialize, Serialize};
use std::future::poll_fn;
use std::pin::Pin;
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::feed_entry::FeedAsked;
use crate::api::feeds::shown::RunSummary;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::api::user_sync::file_name_of;
use crate::feeds::bodies::{Announced, NotReceived, Receiving};
use crate::feeds::deliver::{self, NotTaken, Taken};
use crate::id::FeedBodyId;
use crate::nouns::feed_run::Expected;

/// What a sender says of a file.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Announcement {
    /// SHA-256 of the content, in hexadecimal digits; another content is refused.
    sha256: Option<String>,
    /// How many records the file has; another number holds the run.
    rows: Option<u64>,
    /// When the source made the file (RFC 3339); one that is older than the file applied last holds the run.
    generated_at: Option<String>,
    /// What the file is called where it comes from.
    file_name: Option<String>,
}

/// An upload to begin.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedUpload {
    /// The file's name in the control file; `_control` for the control file itself.
    name: String,
    /// What the file is called where it comes from.
    #[serde(default)]
    file_name: String,
    /// Whether the bytes are compressed by gzip.
    #[serde(default)]
    gzip: bool,
}

/// How far an upload is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UploadState {
    /// Its id.
    upload: String,
    /// The file's name.
    name: String,
    /// How many bytes are kept: the next request begins there.
    received: u64,
}

/// Where the bytes of a request begin.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct At {
    /// How many bytes came before; `received` of the upload.
    offset: u64,
}

/// The end of an upload.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Complete {
    /// SHA-256 of the whole content, in hexadecimal digits; another content is refused.
    #[serde(default)]
    sha256: Option<String>,
    /// How many records the file has; another number holds the run.
    #[serde(default)]
    rows: Option<u64>,
    /// When the source made the file (RFC 3339); one that is older than the file applied last holds the run.
    #[serde(default)]
    generated_at: Option<String>,
}

/// A file that was taken into a run.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TakenFile {
    /// Its name.
    name: String,
    /// SHA-256 of its content, in hexadecimal digits.
    sha256: String,
    /// Its size in bytes.
    size: u64,
    /// The files that the run still waits for.
    missing: Vec<String>,
    /// The run.
    run: RunSummary,
}

/// Upload a file
///
/// The body is the file as it is, or compressed with `Content-Encoding: gzip`. It goes into the newest run of the feed while
/// that waits for files, else into a new one.
#[utoipa::path(put, path = "/feeds/{feed}/files/{name}", tag = "feeds", operation_id = "upload_feed_file",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("name" = String, Path, description = "The file's name in the control file; `_control` for that itself"),
        Announcement),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The file in its run", body = TakenFile)))]
pub(crate) async fn put(
    State(api): State<Api>,
    asked: FeedAsked,
    Path((feed, name)): Path<(String, String)>,
    Parameters(announcement): Parameters<Announcement>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<TakenFile>, Problem> {
    let feed = asked.feed(&feed).await?;
    let expected = expected(announcement.rows, announcement.generated_at.as_deref())?;
    let announced = Announced {
        feed: feed.number,
        name: checked(&name)?,
        file_name: file_name_of(&announcement.file_name.unwrap_or_default()),
        gzip: is_gzip(&headers)?,
    };
    let store = asked.mirror.store();
    let mut receiving =
        Receiving::begin(store, announced, (asked.context.now, &api.entropy)).await.map_err(not_received)?;
    if let Err(problem) = receive(&mut receiving, body).await {
        receiving.discard().await.map_err(not_received)?;
        return Err(problem);
    }
    let body = receiving.finish(announcement.sha256.as_deref()).await.map_err(not_received)?;
    let file = (&feed, name.as_str(), body);
    let taken = deliver::put_expecting(&asked.context, &asked.mirror, file, expected, &api.entropy).await;
    Ok(Json(TakenFile::of(name, taken.map_err(not_taken)?)))
}

/// Begin an upload
///
/// For large files and bad connections: the bytes come in as many requests as it takes.
#[utoipa::path(post, path = "/feeds/{feed}/uploads", tag = "feeds", operation_id = "begin_feed_upload",
    params(("feed" = String, Path, description = "The feed's code or id")), request_body = WantedUpload,
    responses((status = 201, description = "The upload", body = UploadState)))]
pub(crate) async fn begin(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedUpload>,
) -> Result<(StatusCode, Json<UploadState>), Problem> {
    let feed = asked.feed(&feed).await?;
    let name = checked(&wanted.name)?;
    let announced = Announced {
        feed: feed.number,
        name: name.clone(),
        file_name: file_name_of(&wanted.file_name),
        gzip: wanted.gzip,
    };
    let begun = Receiving::begin(asked.mirror.store(), announced, (asked.context.now, &api.entropy)).await;
    let upload = begun.map_err(not_received)?.id().to_string();
    Ok((StatusCode::CREATED, Json(UploadState { upload, name, received: 0 })))
}

/// Show an upload
///
/// How many bytes are kept: where to go on.
#[utoipa::path(get, path = "/feeds/{feed}/uploads/{upload}", tag = "feeds", operation_id = "show_feed_upload",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("upload" = String, Path, description = "The upload's id")),
    responses((status = 200, description = "The upload", body = UploadState)))]
pub(crate) async fn show(
    asked: FeedAsked,
    Path((feed, upload)): Path<(String, String)>,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<UploadState>, Problem> {
    let (feed, id) = (asked.feed(&feed).await?, id(&upload)?);
    let body = Receiving::at(asked.mirror.store(), feed.number, &id).await.map_err(not_received)?;
    Ok(Json(UploadState { upload, name: body.name, received: body.received }))
}

/// Send bytes of an upload
///
/// What came before a connection broke is kept. 409 when the bytes begin elsewhere than the upload stands.
#[utoipa::path(put, path = "/feeds/{feed}/uploads/{upload}", tag = "feeds", operation_id = "send_feed_upload",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("upload" = String, Path, description = "The upload's id"), At),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The upload", body = UploadState)))]
pub(crate) async fn send(
    asked: FeedAsked,
    Path((feed, upload)): Path<(String, String)>,
    Parameters(at): Parameters<At>,
    body: Body,
) -> Result<Json<UploadState>, Problem> {
    let (feed, id) = (asked.feed(&feed).await?, id(&upload)?);
    let store = asked.mirror.store();
    let name = Receiving::at(store, feed.number, &id).await.map_err(not_received)?.name;
    let mut receiving = Receiving::resume(store, feed.number, &id, at.offset).await.map_err(not_received)?;
    let received = receive(&mut receiving, body).await;
    receiving.keep().await.map_err(not_received)?;
    received?;
    Ok(Json(UploadState { upload, name, received: receiving.received() }))
}

/// End an upload
///
/// The file is put into its run under the name with which the upload began.
#[utoipa::path(post, path = "/feeds/{feed}/uploads/{upload}/complete", tag = "feeds",
    operation_id = "complete_feed_upload",
    params(("feed" = String, Path, description = "The feed's code or id"),
        ("upload" = String, Path, description = "The upload's id")), request_body = Complete,
    responses((status = 200, description = "The file in its run", body = TakenFile)))]
pub(crate) async fn complete(
    State(api): State<Api>,
    asked: FeedAsked,
    Path((feed, upload)): Path<(String, String)>,
    Parameters(_): Parameters<NoParameters>,
    Sent(complete): Sent<Complete>,
) -> Result<Json<TakenFile>, Problem> {
    let (feed, id) = (asked.feed(&feed).await?, id(&upload)?);
    let expected = expected(complete.rows, complete.generated_at.as_deref())?;
    let store = asked.mirror.store();
    let begun = Receiving::at(store, feed.number, &id).await.map_err(not_received)?;
    let receiving = Receiving::resume(store, feed.number, &id, begun.received).await.map_err(not_received)?;
    let body = receiving.finish(complete.sha256.as_deref()).await.map_err(not_received)?;
    let file = (&feed, begun.name.as_str(), body);
    let taken = deliver::put_expecting(&asked.context, &asked.mirror, file, expected, &api.entropy).await;
    Ok(Json(TakenFile::of(begun.name, taken.map_err(not_taken)?)))
}

async fn receive(receiving: &mut Receiving, body: Body) -> Result<(), Problem> {
    let mut stream = body.into_data_stream();
    while let Some(chunk) = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await {
        let cut = |_| {
            let hint = "Go on with the upload where it stands, or send the file again.";
            Problem::new(Kind::Unreadable, "The connection broke before the end of the body.", hint)
        };
        receiving.take(&chunk.map_err(cut)?).await.map_err(not_received)?;
    }
    Ok(())
}

fn checked(name: &str) -> Result<String, Problem> {
    if deliver::is_name(name) { Ok(name.to_owned()) } else { Err(not_taken(NotTaken::Name)) }
}

fn expected(rows: Option<u64>, generated_at: Option<&str>) -> Result<Expected, Problem> {
    let wrong = |_| {
        let hint = "Write it like 2026-11-20T02:00:00Z.";
        Problem::new(Kind::Parameter, "“generated_at” is no moment.", hint)
    };
    Ok(Expected { rows, generated_at: generated_at.map(str::parse).transpose().map_err(wrong)? })
}

fn id(text: &str) -> Result<FeedBodyId, Problem> {
    FeedBodyId::parse(text).ok_or_else(|| Problem::not_found("upload of this id"))
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    match headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or_default()) {
        None | Some("identity") => Ok(false),
        Some("gzip") => Ok(true),
        Some(_) => {
            let detail = "A file comes as it is, or with Content-Encoding: gzip.";
            Err(Problem::new(Kind::MediaType, detail, "Leave the header out, or compress by gzip."))
        }
    }
}

fn not_received(why: NotReceived) -> Problem {
    let detail = format!("Nothing was taken: {why}.");
    match why {
        NotReceived::Store(error) => error.into(),
        NotReceived::Unknown => Problem::not_found("upload of this id that goes on"),
        NotReceived::TooLarge => Problem::new(Kind::TooLarge, detail, "Split the file."),
        NotReceived::Digest { .. } => Problem::new(Kind::Invalid, detail, "Send the file again."),
        NotReceived::Offset(_) | NotReceived::Raced => {
            Problem::new(Kind::Refused, detail, "Ask how far the upload is, and go on there.")
        }
    }
}

fn not_taken(why: NotTaken) -> Problem {
    let detail = format!("The file was not taken: {why}.");
    match why {
        NotTaken::Store(error) => error.into(),
        NotTaken::Control(refused) => Problem::new(Kind::Invalid, refused.answer, "Correct it, and upload it again."),
        NotTaken::Name | NotTaken::NoControl => Problem::new(Kind::Invalid, detail, "See docs/feeds.md."),
        NotTaken::NotListed { listed, .. } => {
            Problem::new(Kind::Invalid, detail, "Use one of `names`.").with_names(listed)
        }
        NotTaken::State(_) => Problem::new(Kind::Refused, detail, "Apply or cancel that run first."),
        NotTaken::Already(_) => Problem::new(Kind::Refused, detail, "Cancel the run to begin anew."),
        NotTaken::Gone => Problem::new(Kind::Refused, detail, "Send the file again."),
    }
}

impl TakenFile {
    fn of(name: String, taken: Taken) -> TakenFile {
        let run = RunSummary::of(&taken.run);
        TakenFile { name, sha256: taken.digest, size: taken.size, missing: taken.missing, run }
    }
}
