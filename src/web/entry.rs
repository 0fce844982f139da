//! Who is at the door: the session cookie, and the extractor that lets only signed-in administrators through.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::auth::sessions::{self, SignedIn};
use crate::auth::token::Token;
use crate::http::{COOKIE, session, source};
use crate::nouns::context::Context;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::{is_secure, see};
use crate::web::ui::address::Address;

/// A signed-in administrator and their request.
#[derive(Clone, Debug)]
pub(crate) struct Entered {
    /// Who.
    pub(crate) who: SignedIn,
    /// Who asks and when, for verbs.
    pub(crate) context: Context,
}

/// Where a request came from, for counting tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source(pub(crate) IpAddr);

impl FromRequestParts<Served> for Entered {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, served: &Served) -> Result<Entered, Response> {
        let now = served.clock.now();
        let found = match session(&parts.headers) {
            Some(token) => sessions::find(&served.control, &token, now).await,
            None => Ok(None),
        };
        match found.map_err(|error| Failure::from(error).into_response())? {
            Some(who) => {
                let Ok(Source(source)) = Source::from_request_parts(parts, served).await;
                Ok(Entered { context: who.context(now, source), who })
            }
            None => {
                let wanted = parts.uri.path_and_query().map_or("/", |path| path.as_str());
                // A form cannot be sent again after signing in; its page can be opened again.
                let next = if parts.method.is_safe() { wanted } else { parts.uri.path() };
                Err(see(Address::new("/sign-in").with("next", next).as_str()))
            }
        }
    }
}

impl FromRequestParts<Served> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Served) -> Result<Source, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Source(source(peer, &parts.headers)))
    }
}

/// Adds the session to an answer.
pub(crate) fn with_session(mut response: Response, token: &Token, request: &HeaderMap) -> Response {
    let secure = if is_secure(request) { "; Secure" } else { "" };
    let age = sessions::LONGEST.as_secs();
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", token.expose());
    put(&mut response, &cookie);
    response
}

/// Takes the session out of the browser.
pub(crate) fn without_session(mut response: Response) -> Response {
    put(&mut response, &format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"));
    response
}

fn put(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
