//! Who is at the door of a feed: a feed key, as HTTP Basic with the user name `haplo`, as `Authorization: Bearer rcf_...`,
//! as parameter `_ak` or in the header `X-ONEIS-Key`; or whoever may ask the rest of the API.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{self, HeaderMap};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::api::problem::{Kind, Problem};
use crate::api::{Api, entry, reach};
use crate::auth::feed_keys::{self, FeedSecret, FoundKey};
use crate::feeds::keep;
use crate::feeds::trouble::NotDone;
use crate::http;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed::Feed;
use crate::store::error::StoreError;

/// The user name that goes with a feed key (reference, 1.1).
const USER: &str = "haplo:";

/// A request about feeds that was let in.
#[derive(Clone, Debug)]
pub(crate) struct FeedAsked {
    /// Who asks and when.
    pub(crate) context: Context,
    /// The organization.
    pub(crate) mirror: Mirror,
    /// The one feed that a key opens; none for a person or their program, who may ask about all.
    only: Option<i64>,
}

/// The key that a request brings in its headers or its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    /// A text that is taken for a key.
    Key(String),
    /// Nothing that is meant for a feed.
    Nothing,
}

/// Reads the key of a request, as the reference does: the header counts only with its user name, and the other places only
/// without the header.
pub(crate) fn brought(headers: &HeaderMap, query: Option<&str>) -> Brought {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let Some((scheme, rest)) = text.split_once(' ') else { return Brought::Nothing };
        if scheme.eq_ignore_ascii_case("bearer") && rest.trim().starts_with(feed_keys::PREFIX) {
            return Brought::Key(rest.trim().to_owned());
        }
        let decoded = match scheme.eq_ignore_ascii_case("basic") {
            true => STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()),
            false => None,
        };
        let key = decoded.and_then(|decoded| decoded.strip_prefix(USER).map(str::to_owned));
        return key.map_or(Brought::Nothing, Brought::Key);
    }
    if let Some(key) = headers.get("x-oneis-key").and_then(|value| value.to_str().ok()) {
        return Brought::Key(key.to_owned());
    }
    let parameter = query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("_ak="));
    parameter.map_or(Brought::Nothing, |key| Brought::Key(key.to_owned()))
}

/// Where a request came from.
pub(crate) fn source(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    http::source(peer, &parts.headers)
}

/// What a key opens.
pub(crate) async fn open(api: &Api, mirror: &Mirror, key: &str, source: IpAddr) -> Result<FoundKey, StoreError> {
    let (secret, now) = (FeedSecret::parse(key), api.clock.now());
    feed_keys::find((&api.control, mirror, &api.entropy), secret.as_ref(), source, now).await
}

/// Lets a request in that a feed key may make too.
pub(crate) async fn enter(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match asked(&api, &parts).await {
        Ok(asked) => {
            parts.extensions.insert(asked);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Lets a request in that only a person or their program may make.
pub(crate) async fn enter_person(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let asked = match asked(&api, &parts).await {
        Ok(asked) if asked.only.is_some() => {
            let detail = "A feed key uploads and reads the status of its own feed; it sees nobody and decides nothing.";
            Err(Problem::new(Kind::Forbidden, detail, "Use an access token of Rollcall's API for this."))
        }
        asked => asked,
    };
    match asked {
        Ok(asked) => {
            parts.extensions.insert(asked);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn asked(api: &Api, parts: &Parts) -> Result<FeedAsked, Problem> {
    let Some(mirror) = api.mirrors.only() else {
        let hint = "Enter its API key on the pages first.";
        return Err(Problem::new(Kind::Refused, "No organization is connected.", hint));
    };
    let Brought::Key(key) = brought(&parts.headers, parts.uri.query()) else {
        let (context, reach) = entry::enter(api, parts).await?;
        reach::holds(reach, parts)?;
        return Ok(FeedAsked { context, mirror, only: None });
    };
    let source = source(parts);
    match open(api, &mirror, &key, source).await? {
        FoundKey::Key(found) => {
            let context = feed_keys::context(&found.0, api.clock.now(), source);
            Ok(FeedAsked { context, mirror, only: Some(found.1.number) })
        }
        FoundKey::Unknown => {
            let detail = "The feed key is not known, was revoked, or has expired.";
            Err(Problem::new(Kind::Unauthorized, detail, "Make one on the feed's page."))
        }
        FoundKey::Throttled(until) => {
            let seconds = until.duration_since(api.clock.now()).as_secs().max(0).unsigned_abs() + 1;
            let detail = format!("Many wrong feed keys came from this address; the next one counts in {seconds} s.");
            Err(Problem::new(Kind::Blocked, detail, "Mend the key, then wait.").after(seconds))
        }
    }
}

impl FeedAsked {
    /// The feed that is named, if it may be asked about.
    pub(crate) async fn feed(&self, code: &str) -> Result<Feed, Problem> {
        let feed = match keep::find(&self.mirror, code).await {
            Ok(feed) => feed,
            Err(NotDone::Store(error)) => return Err(error.into()),
            // A key tells nothing of other feeds, not even whether they are there.
            Err(_) if self.only.is_some() => return Err(foreign()),
            Err(_) => return Err(Problem::not_found("feed of this code")),
        };
        match self.only {
            Some(only) if only != feed.number => Err(foreign()),
            _ => Ok(feed),
        }
    }
}

fn foreign() -> Problem {
    Problem::new(Kind::Forbidden, "This feed key belongs to another feed.", "Use a key of this feed.")
}

/// Made by [`enter`] before any handler runs.
impl FromRequestParts<Api> for FeedAsked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<FeedAsked, Problem> {
        parts
            .extensions
            .get::<FeedAsked>()
            .cloned()
            .ok_or_else(|| Problem::fault(std::io::Error::other("nobody was let in")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, String)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_header_counts_only_with_its_user_name_and_the_other_places_only_without_the_header() {
        let basic = |text: &str| ("authorization", format!("Basic {}", STANDARD.encode(text)));
        let key = |text: &str| Brought::Key(text.to_owned());
        assert_eq!(brought(&headers(&[basic("haplo:abc")]), None), key("abc"));
        assert_eq!(brought(&headers(&[basic("mira:abc")]), Some("_ak=x")), Brought::Nothing);
        assert_eq!(brought(&headers(&[("x-oneis-key", "abc".to_owned())]), None), key("abc"));
        assert_eq!(brought(&headers(&[]), Some("name=users&_ak=abc")), key("abc"));
        assert_eq!(brought(&headers(&[("authorization", "Bearer rct_x".to_owned())]), None), Brought::Nothing);
        assert_eq!(brought(&headers(&[("authorization", "Bearer rcf_x".to_owned())]), None), key("rcf_x"));
        assert_eq!(brought(&headers(&[]), None), Brought::Nothing);
    }
}
