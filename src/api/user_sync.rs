//! The upload API of the reference, `/api/haplo-user-sync`: same addresses, parameters, statuses and bodies, so that upload
//! scripts written for it work unchanged (docs/feeds.md). Its answers are never problems, and a challenge is never sent.

use std::net::IpAddr;

use axum::Router;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use serde_json::json;

use crate::api::Api;
use crate::api::feed_entry::{Brought, brought, open, source};
use crate::auth::feed_keys::{self, FoundKey};
use crate::feeds::bodies::{self, Announced, NotReceived, Receiving};
use crate::feeds::deliver::{self, NotTaken, Taken};
use crate::feeds::start::{self, Started};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::Feed;
use crate::store::error::StoreError;
use crate::store::feed_bodies::Body;

/// The longest text part (reference, 1.2).
const LONGEST_TEXT: usize = 128 << 10;

/// The routes.
pub(crate) fn router(api: Api) -> Router {
    let routes = Router::new()
        .route("/upload-file", post(upload))
        .route("/start-sync", post(start_text))
        .route("/start-sync/{form}", post(start_form))
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .layer(DefaultBodyLimit::disable())
        .with_state(api);
    Router::new().nest("/api/haplo-user-sync", routes)
}

async fn nothing_here() -> Response {
    plain(StatusCode::NOT_FOUND, "Not found")
}

/// An answer instead of the one that was asked for.
struct Refused(Response);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Refused {
        tracing::error!(%error, "user_sync.failed");
        Refused(plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal error"))
    }
}

fn plain(status: StatusCode, text: impl Into<String>) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text.into()).into_response()
}

fn bad_request() -> Refused {
    Refused(plain(StatusCode::BAD_REQUEST, "Bad request (failed validation)"))
}

fn anonymous() -> Refused {
    Refused(plain(StatusCode::FORBIDDEN, "Unauthorised"))
}

fn kind(kind: &str, message: &str) -> Refused {
    let body = json!({ "success": false, "kind": kind, "error": { "message": message } }).to_string();
    Refused((StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Who uploads, to which feed.
struct Uploader {
    context: Context,
    mirror: Mirror,
    feed: Feed,
}

async fn opened(api: &Api, key: &str, source: IpAddr) -> Result<Uploader, Refused> {
    let Some(mirror) = api.mirrors.only() else { return Err(kind("INVALID-API-KEY", "Invalid API Key")) };
    match open(api, &mirror, key, source).await? {
        FoundKey::Key(found) => {
            let (key, feed) = *found;
            Ok(Uploader { context: feed_keys::context(&key, api.clock.now(), source), mirror, feed })
        }
        FoundKey::Unknown => Err(kind("INVALID-API-KEY", "Invalid API Key")),
        FoundKey::Throttled(_) => Err(kind("THROTTLE", "Too many failed attempts, try again later")),
    }
}

/// POST /api/haplo-user-sync/upload-file
async fn upload(State(api): State<Api>, request: Request) -> Response {
    match uploaded(&api, request).await {
        Ok(answer) | Err(Refused(answer)) => answer,
    }
}

/// What the parts of an upload said.
#[derive(Default)]
struct Sent {
    name: Option<String>,
    redirect: Option<String>,
    body: Option<Body>,
}

async fn uploaded(api: &Api, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let source = source(&parts);
    let mut uploader = match brought(&parts.headers, parts.uri.query()) {
        Brought::Key(key) => Some(opened(api, &key, source).await?),
        Brought::Nothing => None,
    };
    let named = parts.headers.contains_key(header::AUTHORIZATION);
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let mut sent = Sent { name: parameter(&query, "name"), redirect: parameter(&query, "rdr"), body: None };
    let parts_of = Multipart::from_request(Request::from_parts(parts, body), &()).await;
    let multipart = parts_of.map_err(|_| if uploader.is_some() { bad_request() } else { anonymous() })?;
    let refused = read(api, (multipart, (!named).then_some(source)), (&mut uploader, &mut sent)).await.err();
    let (name, body) = match (refused, sent.name.filter(|name| deliver::is_name(name)), sent.body) {
        (None, Some(name), Some(body)) => (name, body),
        (refused, _, body) => {
            // A file may have come whole before what is wrong.
            if let (Some(body), Some(uploader)) = (body, &uploader) {
                bodies::drop_unused(uploader.mirror.store(), &body.id).await?;
            }
            return Err(refused.unwrap_or_else(|| if uploader.is_some() { bad_request() } else { anonymous() }));
        }
    };
    let uploader = uploader.ok_or_else(anonymous)?;
    let Uploader { context, mirror, feed } = &uploader;
    let taken = deliver::put(context, mirror, (feed, &name, body), &api.entropy).await.map_err(not_taken)?;
    match sent.redirect {
        Some(to) if to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']) => {
            Ok(Redirect::to(&to).into_response())
        }
        _ => Ok(answer(&taken)),
    }
}

/// Reads the parts of an upload. A key among them counts where it may stand there: from the source that is given.
async fn read(
    api: &Api,
    (mut multipart, keyed): (Multipart, Option<IpAddr>),
    (uploader, sent): (&mut Option<Uploader>, &mut Sent),
) -> Result<(), Refused> {
    loop {
        let Ok(field) = multipart.next_field().await else { return Err(bad_request()) };
        let Some(field) = field else { return Ok(()) };
        match (field.name().unwrap_or_default(), keyed) {
            ("_ak", Some(source)) if uploader.is_none() => {
                let key = text(field).await?;
                *uploader = Some(opened(api, &key, source).await?);
            }
            ("name", _) => sent.name = Some(text(field).await?),
            ("rdr", _) => sent.redirect = Some(text(field).await?),
            ("file", _) if sent.body.is_some() => return Err(bad_request()),
            ("file", _) => {
                let uploader = uploader.as_ref().ok_or_else(anonymous)?;
                sent.body = Some(receive(api, uploader, field).await?);
            }
            _ => drop(text(field).await?),
        }
    }
}

fn answer(taken: &Taken) -> Response {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let (digest, file) = (text(&taken.digest), text(&taken.file_name));
    let body =
        format!("{{\n    \"digest\": {digest},\n    \"fileSize\": {},\n    \"filename\": {file}\n}}", taken.size);
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// The value of a parameter of an address; names and keys need no decoding, and what does is refused as a name later.
fn parameter(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(|value| value.replace("%2F", "/"))
}

async fn text(mut field: Field<'_>) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|_| bad_request())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_TEXT {
            return Err(bad_request());
        }
    }
    String::from_utf8(bytes).map_err(|_| bad_request())
}

async fn receive(api: &Api, uploader: &Uploader, mut field: Field<'_>) -> Result<Body, Refused> {
    let file_name: String = field.file_name().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let announced =
        Announced { feed: uploader.feed.number, name: String::new(), file_name: file_name_of(&file_name), gzip: false };
    let now = api.clock.now();
    let begun = Receiving::begin(uploader.mirror.store(), announced, (now, &api.entropy)).await;
    let mut receiving = begun.map_err(not_received)?;
    loop {
        let refused = match field.chunk().await {
            Ok(Some(chunk)) => receiving.take(&chunk).await.err().map(not_received),
            Ok(None) => return receiving.finish(None).await.map_err(not_received),
            // The connection was cut.
            Err(_) => Some(bad_request()),
        };
        if let Some(refused) = refused {
            // Nothing of it is kept.
            receiving.discard().await.map_err(not_received)?;
            return Err(refused);
        }
    }
}

/// The last part of what a program calls its file, without folders.
pub(crate) fn file_name_of(text: &str) -> String {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn not_received(why: NotReceived) -> Refused {
    match why {
        NotReceived::Store(error) => error.into(),
        NotReceived::TooLarge => Refused(plain(StatusCode::PAYLOAD_TOO_LARGE, why.to_string())),
        _ => bad_request(),
    }
}

fn not_taken(why: NotTaken) -> Refused {
    let text = match why {
        NotTaken::Name => return bad_request(),
        NotTaken::Store(error) => return error.into(),
        NotTaken::Control(refused) => refused.answer,
        NotTaken::NoControl => "No control file has been uploaded yet: upload it first, named _control.".to_owned(),
        NotTaken::NotListed { name, listed } => {
            format!("File {name} is not listed in the control file. It lists: {}.", listed.join(", "))
        }
        NotTaken::State(_) => "Sync in unexpected state -- use admin interface to resolve.".to_owned(),
        NotTaken::Already(name) => format!("File {name} has already been uploaded for this sync run."),
        NotTaken::Gone => format!("The file was not taken: {why}. Upload it again."),
    };
    Refused(plain(StatusCode::BAD_REQUEST, text))
}

/// The forms of an answer to *start-sync*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Json,
    Xml,
}

/// POST /api/haplo-user-sync/start-sync
async fn start_text(State(api): State<Api>, request: Request) -> Response {
    starting(&api, Form::Text, request).await
}

/// POST /api/haplo-user-sync/start-sync/{form}; any other word gives the text.
async fn start_form(
    State(api): State<Api>,
    axum::extract::Path(form): axum::extract::Path<String>,
    request: Request,
) -> Response {
    let form = match form.as_str() {
        "json" => Form::Json,
        "xml" => Form::Xml,
        _ => Form::Text,
    };
    starting(&api, form, request).await
}

async fn starting(api: &Api, form: Form, request: Request) -> Response {
    match started(api, form, request).await {
        Ok(answer) | Err(Refused(answer)) => answer,
    }
}

async fn started(api: &Api, form: Form, request: Request) -> Result<Response, Refused> {
    let (parts, _) = request.into_parts();
    let Brought::Key(key) = brought(&parts.headers, parts.uri.query()) else {
        return Err(Refused(plain(StatusCode::FORBIDDEN, "Not permitted")));
    };
    let uploader = opened(api, &key, source(&parts)).await?;
    let started = start::start(&uploader.context, &uploader.mirror, &uploader.feed, (&api.clock, &api.entropy));
    let (status, is_error, message) = match started.await? {
        Started::NotReady => ("missing-files", true, "Last sync is not ready. Upload all the required files."),
        Started::Disabled(_) => ("admin-intervention-required", false, "OK: Auto apply disabled; must apply manually."),
        Started::Held(_) => (
            "admin-intervention-required",
            false,
            "OK: Files uploaded are too different to previous sync; must apply manually.",
        ),
        Started::Queued(_) => ("queued-for-apply", false, "OK. Sync queued."),
    };
    Ok(match form {
        Form::Text if is_error => plain(StatusCode::BAD_REQUEST, message),
        Form::Text => plain(StatusCode::OK, message),
        Form::Json => {
            let body = json!({ "status": status, "error": is_error, "message": message }).to_string();
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Form::Xml => {
            // All values are constants without a letter that XML would escape.
            let tag = |inside: &str| ["<", inside, ">"].concat();
            let error = if is_error { "true" } else { "false" };
            let body = [
                tag("?xml version=\"1.0\" encoding=\"UTF-8\"?"),
                tag("response"),
                tag(&format!("sync status=\"{status}\" error=\"{error}\"")),
                message.to_owned(),
                tag("/sync"),
                tag("/response"),
            ];
            ([(header::CONTENT_TYPE, "application/xml")], body.concat()).into_response()
        }
    })
}
