//! What a handler answers when it cannot answer: a problem by RFC 9457, with what can be done next. What went wrong inside
//! never leaves the server; it is logged under the id that the problem carries.

use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::diagnostic::Diagnostic;
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;

/// Media type of problems.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unauthorized,
    Foreign,
    Reach,
    Forbidden,
    Power,
    Blocked,
    NotFound,
    Method,
    NotAcceptable,
    TooLarge,
    MediaType,
    Unreadable,
    Parameter,
    Filter,
    Cursor,
    Invalid,
    Refused,
    NotReadYet,
    KeyReused,
    KeyBusy,
    Fault,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: String,
    hint: String,
    more: Box<More>,
}

/// What only some problems have.
#[derive(Clone, Debug, Default)]
struct More {
    diagnostics: Option<Vec<Diagnostic>>,
    names: Option<Vec<String>>,
    retry_after: Option<u64>,
    fault: Option<Arc<dyn Error + Send + Sync>>,
}

/// A problem as it is sent (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Shown {
    /// Which kind of problem: `urn:rollcall:problem:` and a word that stays.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What is wrong with this request.
    detail: String,
    /// What can be done next.
    hint: String,
    /// The id of this request, as the server's log has it.
    instance: String,
    /// Of a filter: everything that has to be said about it, in the order of its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostics: Option<Vec<Diagnostic>>,
    /// The names that are known, where one was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<Vec<String>>,
}

impl Kind {
    fn parts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Kind::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED, "Nobody is known by this request"),
            Kind::Foreign => ("foreign", StatusCode::FORBIDDEN, "The request did not come from a page of this server"),
            Kind::Reach => ("reach", StatusCode::FORBIDDEN, "The access token may not do this"),
            Kind::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "This key does not open that"),
            Kind::Power => ("power", StatusCode::FORBIDDEN, "This takes a power of its own"),
            Kind::Blocked => ("too-many-tries", StatusCode::TOO_MANY_REQUESTS, "Too many wrong access tokens"),
            Kind::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Kind::Method => ("method", StatusCode::METHOD_NOT_ALLOWED, "This cannot be done here"),
            Kind::NotAcceptable => {
                ("not-acceptable", StatusCode::NOT_ACCEPTABLE, "There is no answer of the type asked for")
            }
            Kind::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Kind::MediaType => ("media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is not JSON"),
            Kind::Unreadable => ("unreadable", StatusCode::BAD_REQUEST, "The request cannot be read"),
            Kind::Parameter => ("parameter", StatusCode::BAD_REQUEST, "A parameter is wrong"),
            Kind::Filter => ("filter", StatusCode::BAD_REQUEST, "The filter has errors"),
            Kind::Cursor => ("cursor", StatusCode::BAD_REQUEST, "The cursor does not belong to this list"),
            Kind::Invalid => ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "The body asks for what cannot be"),
            Kind::Refused => ("refused", StatusCode::CONFLICT, "It was refused as things stand"),
            Kind::NotReadYet => ("not-read-yet", StatusCode::CONFLICT, "The organization was not read yet"),
            Kind::KeyReused => {
                ("key-reused", StatusCode::UNPROCESSABLE_ENTITY, "The idempotency key belongs to another request")
            }
            Kind::KeyBusy => ("key-busy", StatusCode::CONFLICT, "A request with this idempotency key is under way"),
            Kind::Fault => ("fault", StatusCode::INTERNAL_SERVER_ERROR, "Rollcall failed"),
        }
    }
}

impl Problem {
    /// A problem of a kind: what is wrong, and what to do.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>, hint: impl Into<String>) -> Problem {
        Problem { kind, detail: detail.into(), hint: hint.into(), more: Box::default() }
    }

    /// Something that is not there.
    pub(crate) fn not_found(what: &str) -> Problem {
        Problem::new(
            Kind::NotFound,
            format!("There is no {what}."),
            "Ask for the list of them; ids are taken as they are.",
        )
    }

    /// A fault from any error.
    pub(crate) fn fault(error: impl Error + Send + Sync + 'static) -> Problem {
        let detail = "Rollcall could not answer because of a fault of its own. What was stored before is still there.";
        let hint = "Try again. If it stays like this, look for the instance of this problem in the server's log.";
        let mut problem = Problem::new(Kind::Fault, detail, hint);
        problem.more.fault = Some(Arc::new(error));
        problem
    }

    /// With what has to be said about a filter.
    pub(crate) fn with_diagnostics(mut self, diagnostics: Vec<Diagnostic>) -> Problem {
        self.more.diagnostics = Some(diagnostics);
        self
    }

    /// With the names that are known.
    pub(crate) fn with_names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Problem {
        self.more.names = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// To be asked again after so many seconds.
    pub(crate) fn after(mut self, seconds: u64) -> Problem {
        self.more.retry_after = Some(seconds);
        self
    }

    /// What only a maintainer can act on.
    pub(crate) fn as_fault(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.more.fault.as_deref()
    }

    /// The kind's word.
    pub(crate) fn word(&self) -> &'static str {
        self.kind.parts().0
    }

    /// The answer, under the id of its request.
    pub(crate) fn show(self, instance: &str) -> Response {
        let (word, status, title) = self.kind.parts();
        let shown = Shown {
            kind: format!("urn:rollcall:problem:{word}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail,
            hint: self.hint,
            instance: instance.to_owned(),
            diagnostics: self.more.diagnostics,
            names: self.more.names,
        };
        let body = serde_json::to_string(&shown).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response();
        if let Some(seconds) = self.more.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"Rollcall\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        Problem::fault(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        Problem::new(Kind::Refused, format!("{} {}", refusal.what, refusal.why), refusal.next)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.parts().1.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
