//! What is asked once is done once: a request with an `Idempotency-Key` is carried out the first time, and for 24 hours
//! the same request gets the first one's answer. The key of one asker is nothing to another.
//!
//! The key is kept before the work begins, so that two at once are not both carried out; and the verbs that start work
//! remember it in the transaction of that work, so that a process that ends in between starts nothing twice.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api::asked::{Asked, RequestKey};
use crate::api::contacts::imports;
use crate::api::guard::too_large;
use crate::api::problem::{Kind, Problem};
use crate::api::{Api, LARGEST_BODY, ROOT};
use crate::contacts::import::LARGEST as LARGEST_FILE;
use crate::mirror::Mirror;
use crate::store::error::StoreError;
use crate::store::request_keys;
use crate::store::tx::Tx;

/// The header with the key.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const LONGEST_KEY: usize = 128;
/// An answer longer than this is not kept; no call that changes something gives one.
const LARGEST_ANSWER: usize = 256 << 10;
/// Work that has taken so long belongs to a process that has ended: its key may be taken over.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// What is remembered of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Remembered {
    /// The digest of the request.
    request: String,
    /// When the work began, in microseconds.
    begun: i64,
    /// The answer, once there is one.
    answer: Option<Answer>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    status: u16,
    body: String,
}

/// The body of an answer as it is kept, where that is not the one that was given: a secret is given once.
#[derive(Clone, Debug)]
pub(crate) struct Kept(String);

impl Kept {
    /// This answer, as JSON.
    pub(crate) fn of<T: Serialize>(answer: &T) -> Kept {
        Kept(serde_json::to_string(answer).unwrap_or_default())
    }
}

/// An answer that is not kept: it only tells what there is, at length, and asking again does no harm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotKept;

/// What a key means for a request.
enum Known {
    /// It is this request's, from now on.
    Begun,
    /// It was answered.
    Answered(Answer),
    /// Another request has it.
    Reused,
    /// The same request is under way.
    Busy,
}

/// Wraps a request that brings a key.
pub(crate) async fn once(State(api): State<Api>, request: Request, next: Next) -> Response {
    let Some(given) = request.headers().get(KEY).filter(|_| changes(request.method())).cloned() else {
        return next.run(request).await;
    };
    match carry_out(&api, request, next, &given).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

/// The largest body of a request, in bytes: files are longer than anything else.
fn largest(parts: &Parts) -> usize {
    let path = parts.extensions.get::<MatchedPath>().and_then(|path| path.as_str().strip_prefix(ROOT));
    if path == Some(imports::PATH) { LARGEST_FILE } else { LARGEST_BODY }
}

fn changes(method: &Method) -> bool {
    !method.is_safe()
}

async fn carry_out(api: &Api, request: Request, next: Next, given: &HeaderValue) -> Result<Response, Problem> {
    let is_key = |key: &&str| !key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(|b| b.is_ascii_graphic());
    let Some(given) = given.to_str().ok().filter(is_key) else {
        let detail = format!("An Idempotency-Key has 1 to {LONGEST_KEY} visible ASCII characters.");
        return Err(Problem::new(Kind::Unreadable, detail, "Send a random one, such as a UUID."));
    };
    let (mut parts, body) = request.into_parts();
    let Some(asked) = parts.extensions.get::<Asked>().cloned() else { return Err(too_large()) };
    let body = to_bytes(body, largest(&parts)).await.map_err(|_| too_large())?;
    let mut digest = Sha256::new();
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    for part in [parts.method.as_str().as_bytes(), target.as_bytes(), &body] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!("api:{}:{given}", asked.context.actor.as_subject());
    match begin(&asked.mirror, &key, &digest, asked.context.now).await? {
        Known::Answered(answer) => return Ok(again(&answer)),
        Known::Reused => {
            let hint = "Send a new key with every new request.";
            return Err(Problem::new(Kind::KeyReused, "Another request was sent with this Idempotency-Key.", hint));
        }
        Known::Busy => {
            let hint = "Wait a little and send the same request again.";
            return Err(Problem::new(Kind::KeyBusy, "The same request is being carried out.", hint).after(1));
        }
        Known::Begun => {}
    }
    parts.extensions.insert(RequestKey(Some(format!("api-run:{key}"))));
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    finish(api, &asked.mirror, (&key, digest), response).await
}

/// Takes a key, or tells what has become of it.
async fn begin(mirror: &Mirror, key: &str, request: &str, now: Timestamp) -> Result<Known, StoreError> {
    let (key, request) = (key.to_owned(), request.to_owned());
    mirror
        .store()
        .write(move |tx| {
            let kept =
                request_keys::find(tx, &key, now)?.and_then(|kept| serde_json::from_str::<Remembered>(&kept).ok());
            match kept {
                Some(kept) if kept.request != request => return Ok(Known::Reused),
                Some(Remembered { answer: Some(answer), .. }) => return Ok(Known::Answered(answer)),
                Some(kept) if now.as_microsecond() - kept.begun < GIVEN_UP_AFTER.as_micros() as i64 => {
                    return Ok(Known::Busy);
                }
                _ => {}
            }
            keep(tx, &key, &Remembered { request, begun: now.as_microsecond(), answer: None }, now)?;
            Ok(Known::Begun)
        })
        .await
}

/// Keeps the answer. One that says that nothing was done is not kept: the same request may succeed later. Neither is one
/// that is marked so.
async fn finish(
    api: &Api,
    mirror: &Mirror,
    (key, request): (&str, String),
    response: Response,
) -> Result<Response, Problem> {
    let (key, now) = (key.to_owned(), api.clock.now());
    let is_kept = response.status().is_success() && response.extensions().get::<NotKept>().is_none();
    if !is_kept {
        mirror.store().write(move |tx| request_keys::drop_one(tx, &key)).await?;
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST_ANSWER).await.map_err(|_| too_large())?;
    let text = parts.extensions.remove::<Kept>().map(|Kept(text)| text);
    let text = text.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    let answer = Answer { status: parts.status.as_u16(), body: text };
    let kept = Remembered { request, begun: now.as_microsecond(), answer: Some(answer) };
    mirror.store().write(move |tx| keep(tx, &key, &kept, now)).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn keep(tx: &mut Tx, key: &str, kept: &Remembered, now: Timestamp) -> Result<(), StoreError> {
    let text = serde_json::to_string(kept).unwrap_or_default();
    request_keys::remember(tx, key, &text, now)
}

fn again(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = (status, answer.body.clone()).into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if answer.body.is_empty() {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}
