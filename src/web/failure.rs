//! What a handler answers when it cannot show its page. The page of it is made in one place, by the router, which also
//! gives a fault its id and writes the one log line. What went wrong inside never reaches the page.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::html;

use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::web::ui::frame::Page;
use crate::web::ui::notice;

/// Why there is no page.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// There is nothing at this address; the sentence says what is missing.
    NotFound(&'static str),
    /// The request came from a page of somebody else.
    Foreign,
    /// The request cannot be understood.
    Unreadable(StatusCode),
    /// Something that a person can act on.
    Refused(Refusal),
    /// A fault: logged, and shown as an id.
    Fault(Arc<dyn Error + Send + Sync>),
}

impl Failure {
    /// A fault from any error.
    pub(crate) fn fault(error: impl Error + Send + Sync + 'static) -> Failure {
        Failure::Fault(Arc::new(error))
    }

    fn status(&self) -> StatusCode {
        match self {
            Failure::NotFound(_) => StatusCode::NOT_FOUND,
            Failure::Foreign => StatusCode::FORBIDDEN,
            Failure::Unreadable(status) => *status,
            Failure::Refused(_) => StatusCode::CONFLICT,
            Failure::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page that says so.
    pub(crate) fn page(&self) -> Page {
        let way_out = html! { p { a.button href="/people" { "User Browser" } } };
        let (title, content) = match self {
            Failure::NotFound(what) => (
                "Not found",
                html! { h1 { "Not found" } p { (what) " It may have been removed, or the address is not complete." } (way_out) },
            ),
            Failure::Foreign => (
                "Refused",
                html! {
                    h1 { "Refused" }
                    p { "This request did not come from a page of this server, so nothing was done." }
                    p { "Open the page here and send the form again. Behind a proxy, let it pass on the Host header unchanged." }
                    (way_out)
                },
            ),
            Failure::Unreadable(status) => (
                "Not understood",
                html! {
                    h1 { "Not understood" }
                    p { "The server could not read this request (" (status.as_u16()) "), so nothing was done." }
                    p { "Open the page again and repeat what you did." }
                    (way_out)
                },
            ),
            Failure::Refused(refusal) => ("Refused", html! { h1 { "Refused" } (notice::refusal(refusal)) (way_out) }),
            Failure::Fault(_) => (
                "Something went wrong",
                html! {
                    h1 { "Something went wrong" }
                    p { "Rollcall could not answer because of a fault of its own. What was stored before is still there." }
                    p { "Try again. If it stays like this, look for the id below in the server's log." }
                    (way_out)
                },
            ),
        };
        Page::sheet(title, content).with_status(self.status())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotFound(what) => f.write_str(what),
            Failure::Foreign => f.write_str("a request from another site"),
            Failure::Unreadable(status) => write!(f, "an unreadable request: {status}"),
            Failure::Refused(refusal) => refusal.fmt(f),
            Failure::Fault(error) => error.fmt(f),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::fault(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused(refusal)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
