//! Who is at the door: the session cookie, and the extractor that lets only signed-in administrators through.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::auth::sessions::{self, SignedIn};
use crate::auth::token::Token;
use crate::nouns::context::Context;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::{is_secure, see};
use crate::web::ui::address::Address;

const COOKIE: &str = "rollcall_session";

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
        let found = match token(&parts.headers) {
            Some(token) => sessions::find(&served.control, &token, now).await,
            None => Ok(None),
        };
        match found.map_err(|error| Failure::from(error).into_response())? {
            Some(who) => Ok(Entered { context: who.context(now), who }),
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

/// The peer's address; behind a proxy on this machine, what that proxy says. Nobody else's word is taken.
fn source(peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
    match last.and_then(|address| address.trim().parse().ok()) {
        Some(address) if peer.to_canonical().is_loopback() => address,
        _ => peer,
    }
}

/// The session token of a request.
pub(crate) fn token(headers: &HeaderMap) -> Option<Token> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .find_map(|(_, value)| Token::parse(value))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others_and_nonsense_is_none() {
        let text = "0".repeat(52);
        let headers = |cookie: &str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        let found = token(&headers(&format!("a=b; rollcall_session=old; rollcall_session={text}")));
        assert_eq!(found.unwrap().expose(), text);
        assert!(token(&headers("rollcall_session=../../x")).is_none());
        assert!(token(&headers(&format!("xrollcall_session={text}"))).is_none());
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", HeaderValue::from_static("203.0.113.9, 198.51.100.7"));
        let peer = |text: &str| Some(text.parse().unwrap());
        assert_eq!(source(peer("192.0.2.1"), &headers).to_string(), "192.0.2.1");
        assert_eq!(source(peer("127.0.0.1"), &headers).to_string(), "198.51.100.7");
        assert_eq!(source(peer("127.0.0.1"), &HeaderMap::new()).to_string(), "127.0.0.1");
    }
}
