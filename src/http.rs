//! What the skins that speak HTTP share: the session cookie, where a request came from, whether one of our own pages
//! sent it, and pieces of a text as a body. No page and no route is known here.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::http::Method;
use axum::http::header::{self, HeaderMap, HeaderName};
use futures_core::Stream;
use tokio::sync::mpsc::Receiver;

use crate::auth::token::Token;

/// The session cookie's name.
pub(crate) const COOKIE: &str = "rollcall_session";

/// Pieces of a text as a body takes them: sent while they are made.
pub(crate) struct Pieces<I>(pub(crate) I);

impl<I: Iterator<Item = Vec<u8>> + Unpin> Stream for Pieces<I> {
    type Item = Result<Vec<u8>, Infallible>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.get_mut().0.next().map(Ok))
    }
}

/// Pieces as they arrive from whoever makes them, who may fail.
pub(crate) struct Arriving<E>(pub(crate) Receiver<Result<Vec<u8>, E>>);

impl<E> Stream for Arriving<E> {
    type Item = Result<Vec<u8>, E>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().0.poll_recv(context)
    }
}

/// The session token of a request.
pub(crate) fn session(headers: &HeaderMap) -> Option<Token> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .find_map(|(_, value)| Token::parse(value))
}

/// Where a request came from: the peer's address; behind a proxy on this machine, what that proxy says. Nobody else's
/// word is taken.
pub(crate) fn source(peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
    match last.and_then(|address| address.trim().parse().ok()) {
        Some(address) if peer.to_canonical().is_loopback() => address,
        _ => peer,
    }
}

/// Whether a request may change something on the word of a cookie: one of our own pages has sent it. Browsers say so in
/// `Sec-Fetch-Site`, and where they do not (plain HTTP), every browser sends `Origin` with a form.
pub(crate) fn is_own(method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some((_, origin)) = text(&header::ORIGIN).and_then(|origin| origin.split_once("://")) else {
        return false;
    };
    // No page of another site can set a header of this name, so a proxy's word may be taken for it.
    let forwarded = HeaderName::from_static("x-forwarded-host");
    [text(&header::HOST), text(&forwarded)].into_iter().flatten().any(|host| host.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn own(method: Method, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        is_own(&method, &headers)
    }

    #[test]
    fn only_our_own_pages_may_send_forms() {
        let host = ("host", "roll.example:8443");
        assert!(own(Method::GET, &[host, ("sec-fetch-site", "cross-site")]));
        assert!(own(Method::POST, &[host, ("sec-fetch-site", "same-origin")]));
        assert!(own(Method::POST, &[host, ("origin", "https://roll.example:8443")]));
        assert!(own(
            Method::POST,
            &[("host", "10.0.0.1"), ("x-forwarded-host", "r.example"), ("origin", "https://r.example")]
        ));
        assert!(!own(Method::POST, &[host, ("sec-fetch-site", "same-site")]));
        assert!(!own(Method::POST, &[host, ("sec-fetch-site", "cross-site"), ("origin", "https://roll.example:8443")]));
        assert!(!own(Method::POST, &[host, ("origin", "https://evil.example")]));
        assert!(!own(Method::POST, &[host, ("origin", "https://roll.example:8443.evil.example")]));
        assert!(!own(Method::POST, &[host, ("origin", "null")]));
        assert!(!own(Method::POST, &[host]));
        assert!(!own(Method::DELETE, &[host]));
    }

    #[test]
    fn the_cookie_is_found_among_others_and_nonsense_is_none() {
        let text = "0".repeat(52);
        let headers = |cookie: &str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        let found = session(&headers(&format!("a=b; rollcall_session=old; rollcall_session={text}")));
        assert_eq!(found.unwrap().expose(), text);
        assert!(session(&headers("rollcall_session=../../x")).is_none());
        assert!(session(&headers(&format!("xrollcall_session={text}"))).is_none());
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
