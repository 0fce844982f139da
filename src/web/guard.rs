//! What surrounds every request: forms from other sites are refused, every answer carries the headers that keep a
//! browser strict, and every failure and refusal becomes a page with an id and one log line.

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::is_own;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::live;
use crate::web::ui::frame::Page;

/// No frame, nothing from elsewhere. Styles come from the one sheet and scripts from the one file of live pages; none are
/// written into markup.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The answer to every address that is not one of ours.
pub(crate) async fn nothing_here() -> Failure {
    Failure::NotFound("There is no page at this address.")
}

/// Wraps a request.
pub(crate) async fn guard(State(served): State<Served>, request: Request, next: Next) -> Response {
    // The matched path, never the path itself: a set-up link is a secret.
    let path = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let began = served.clock.elapsed();
    let mut response =
        if is_own(&method, request.headers()) { next.run(request).await } else { Failure::Foreign.into_response() };
    let id = || format!("err_{}", served.entropy.secret().chars().take(12).collect::<String>());
    if let Some(page) = response.extensions_mut().remove::<Page>() {
        let id = id();
        tracing::info!(id, %method, path, status = response.status().as_u16(), "a request was refused");
        let kept = std::mem::take(response.headers_mut());
        response = page.with_id(&id).send();
        response.headers_mut().extend(
            kept.into_iter().filter(|(name, _)| name.as_ref().is_some_and(|name| *name != header::CONTENT_LENGTH)),
        );
    } else if let Some(failure) = failure(&mut response) {
        let id = id();
        match &failure {
            Failure::Fault(error) => {
                tracing::error!(id, %method, path, %error, "a page could not be shown");
                served.watch().failed(served.clock.now(), &id, &path, error.to_string());
            }
            other => tracing::info!(id, %method, path, reason = %other, "a request was refused"),
        }
        response = failure.page().with_id(&id).send();
    }
    // A stream of hints ends when its page is left, which says nothing about us.
    if path != live::HERE {
        served.watch().took(method.as_str(), &path, served.clock.elapsed().saturating_sub(began));
    }
    harden(response.headers_mut());
    response
}

/// The failure that a response stands for: a handler's own, or one that the framework wrote as plain text.
fn failure(response: &mut Response) -> Option<Failure> {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return Some(failure);
    }
    let status = response.status();
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|content_type| content_type.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(if status.is_client_error() {
        Failure::Unreadable(status)
    } else {
        Failure::fault(std::io::Error::other(format!("the framework answered {status}")))
    })
}

fn harden(headers: &mut HeaderMap) {
    let kept = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Anything stricter makes browsers leave out the origin of our own forms.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in kept {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Whether a request came over HTTPS, by the word of the proxy before us.
pub(crate) fn is_secure(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .and_then(|value| value.to_str().ok())
        .and_then(|protocols| protocols.split(',').next())
        .is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("https"))
}

/// A redirect that a browser follows with GET.
pub(crate) fn see(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proxy_nearest_the_browser_says_whether_it_was_https() {
        let headers = |value| HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-proto"), value)]);
        assert!(is_secure(&headers(HeaderValue::from_static("https, http"))));
        assert!(!is_secure(&headers(HeaderValue::from_static("http"))));
        assert!(!is_secure(&HeaderMap::new()));
    }
}
