//! Who is at the door: an access token as `Authorization: Bearer rct_...`, or the session of somebody who is signed in
//! on the pages, which changes something only from a page of this server.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::request::Parts;

use crate::api::Api;
use crate::api::problem::{Kind, Problem};
use crate::auth::access_tokens::{self, Found, Secret};
use crate::auth::sessions;
use crate::http;
use crate::nouns::access_token::{Reach, Standing};
use crate::nouns::context::Context;

/// Who asks, and what they may do; or why nobody may.
pub(crate) async fn enter(api: &Api, parts: &Parts) -> Result<(Context, Reach), Problem> {
    match parts.headers.get(header::AUTHORIZATION) {
        Some(value) => by_token(api, parts, value.to_str().unwrap_or_default()).await,
        None => Ok((by_session(api, parts).await?, Reach::Act)),
    }
}

async fn by_token(api: &Api, parts: &Parts, authorization: &str) -> Result<(Context, Reach), Problem> {
    let now = api.clock.now();
    let secret = authorization
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, secret)| Secret::parse(secret.trim()));
    let source = source(parts);
    let next = "Make one with `rollcall token create`.";
    match access_tokens::find((&api.control, &api.entropy), secret.as_ref(), source, now).await? {
        Found::Token(token) => Ok((access_tokens::context(&token, now, source), token.reach)),
        Found::Over(Standing::Revoked, _) => {
            Err(Problem::new(Kind::Unauthorized, "This access token was revoked.", next))
        }
        Found::Over(..) => Err(Problem::new(Kind::Unauthorized, "This access token has expired.", next)),
        Found::Unknown => {
            let detail = "The header Authorization holds no access token that is known here.";
            let hint = "Send Authorization: Bearer rct_..., as `rollcall token create` prints it.";
            Err(Problem::new(Kind::Unauthorized, detail, hint))
        }
        Found::Blocked(until) => {
            let seconds = until.duration_since(now).as_secs().max(0).unsigned_abs() + 1;
            let detail =
                format!("Many wrong access tokens came from this address; the next one counts in {seconds} s.");
            Err(Problem::new(Kind::Blocked, detail, "Mend the token, then wait.").after(seconds))
        }
    }
}

async fn by_session(api: &Api, parts: &Parts) -> Result<Context, Problem> {
    let now = api.clock.now();
    let who = match http::session(&parts.headers) {
        Some(token) => sessions::find(&api.control, &token, now).await?,
        None => None,
    };
    let Some(who) = who else {
        let hint = "Send Authorization: Bearer rct_..., with a token that `rollcall token create` has printed.";
        return Err(Problem::new(Kind::Unauthorized, "The request brings no access token and no session.", hint));
    };
    if !http::is_own(&parts.method, &parts.headers) {
        let detail =
            "A session changes something only from a page of this server, and this request came from elsewhere.";
        return Err(Problem::new(Kind::Foreign, detail, "Programs use an access token instead of a session."));
    }
    Ok(who.context(now, source(parts)))
}

fn source(parts: &Parts) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    http::source(peer, &parts.headers)
}
