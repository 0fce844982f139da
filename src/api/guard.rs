//! What surrounds every request to the API: an id, the types that can be answered, headers that hold for every answer,
//! and every failure, also the framework's own, as a problem with one log line.

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Extensions, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::api::problem::{Kind, MEDIA_TYPE, Problem};

/// The header that names a request.
const REQUEST: HeaderName = HeaderName::from_static("rollcall-request");

/// The answer to every address that is not one of ours.
pub(crate) async fn nothing_here() -> Problem {
    let hint = "See /api/v1/openapi.json for what there is.";
    Problem::new(Kind::NotFound, "There is nothing at this address.", hint)
}

/// The answer to a method that an address does not take; `Allow` names those it does.
pub(crate) async fn no_such_method() -> Problem {
    let hint = "The header Allow names the methods of this address.";
    Problem::new(Kind::Method, "This address does not take this method.", hint)
}

/// Wraps a request.
pub(crate) async fn guard(State(api): State<Api>, request: Request, next: Next) -> Response {
    let id = format!("req_{}", api.entropy.secret().chars().take(16).collect::<String>());
    let path = matched(request.extensions());
    let method = request.method().clone();
    let mut response = match accepts(request.uri().path(), request.headers()) {
        true => next.run(request).await,
        false => {
            let detail = "The header Accept leaves out what this address answers: JSON, or the type its name ends in.";
            Problem::new(Kind::NotAcceptable, detail, "Send Accept: application/json, or leave it out.").into_response()
        }
    };
    if let Some(problem) = problem(&mut response) {
        match problem.as_fault() {
            Some(error) => tracing::error!(id, %method, path, %error, "api.failed"),
            None => tracing::debug!(id, %method, path, kind = problem.word(), "api.refused"),
        }
        let allow = response.headers_mut().remove(header::ALLOW);
        let generation = response.headers_mut().remove(super::asked::GENERATION);
        response = problem.show(&id);
        let kept = [(header::ALLOW, allow), (super::asked::GENERATION, generation)];
        response.headers_mut().extend(kept.into_iter().filter_map(|(name, value)| Some((name, value?))));
    }
    harden(response.headers_mut(), &id);
    response
}

/// The matched path, never the path itself: it may name a person.
fn matched(extensions: &Extensions) -> String {
    extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned()
}

/// The problem that a response stands for: a handler's own, or one that the framework wrote as plain text.
fn problem(response: &mut Response) -> Option<Problem> {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return Some(problem);
    }
    let status = response.status();
    let ours = |value: &HeaderValue| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes());
    let is_shown = response.headers().get(header::CONTENT_TYPE).is_some_and(ours);
    if is_shown || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    let hint = "See /api/v1/openapi.json for what this address takes.";
    Some(match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            let hint = "The header Allow names the methods of this address.";
            Problem::new(Kind::Method, "This address does not take this method.", hint)
        }
        StatusCode::NOT_FOUND => Problem::new(Kind::NotFound, "There is nothing at this address.", hint),
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => not_json(),
        status if status.is_client_error() => {
            Problem::new(Kind::Unreadable, format!("The server could not read this request ({status})."), hint)
        }
        status => Problem::fault(std::io::Error::other(format!("the framework answered {status}"))),
    })
}

/// A body that is too large.
pub(crate) fn too_large() -> Problem {
    let detail = format!("A body has at most {} bytes.", super::LARGEST_BODY);
    Problem::new(Kind::TooLarge, detail, "Ask for less at once.")
}

/// A body of another type.
pub(crate) fn not_json() -> Problem {
    Problem::new(Kind::MediaType, "Bodies are JSON.", "Send Content-Type: application/json.")
}

/// Whether somebody who asks for these types takes what an address answers.
fn accepts(path: &str, headers: &HeaderMap) -> bool {
    let mut asked = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if asked.peek().is_none() {
        return true;
    }
    let answered: &[&str] = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => &["text/csv", "text/*"],
        Some("ndjson") => &["application/x-ndjson", "application/*"],
        _ => &["application/json", "application/problem+json", "application/*"],
    };
    let types = asked.flat_map(|list| list.split(','));
    let mut types = types.map(|range| range.split(';').next().unwrap_or("").trim().to_ascii_lowercase());
    types.any(|range| range == "*/*" || answered.contains(&range.as_str()))
}

fn harden(headers: &mut HeaderMap, id: &str) {
    let kept = [
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in kept {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST, id);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
