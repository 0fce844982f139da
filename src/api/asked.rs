//! A request that was let in: who asks, of which organization, and from which snapshot it is answered. The snapshot is
//! chosen here, once for the whole request, and nowhere else: what is shown now, or what was on the day `as_of`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::Method;
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use directory::Snapshot;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::api::problem::{Kind, Problem};
use crate::api::{Api, entry, reach};
use crate::id::AdministratorId;
use crate::mirror::Mirror;
use crate::mirror::past::{AsOf, NotAnswered};
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::sync::schedule;

/// The header that says of which generation an answer is.
pub(crate) const GENERATION: HeaderName = HeaderName::from_static("rollcall-generation");

/// A request that was let in.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Who asks and when.
    pub(crate) context: Context,
    /// The organization.
    pub(crate) mirror: Mirror,
    /// Everything is answered from this one generation, without sites that are left out.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The past day that is asked about; `None` for now.
    past: Option<AsOf>,
}

/// The parameter that asks of a past day.
const AS_OF: &str = "as_of";

/// Lets a request in, or refuses it.
pub(crate) async fn enter(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match asked(&api, &parts).await {
        Ok(asked) => {
            let generation = HeaderValue::from(asked.snapshot.generation());
            parts.extensions.insert(asked);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            response.headers_mut().insert(GENERATION, generation);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn asked(api: &Api, parts: &Parts) -> Result<Asked, Problem> {
    let (context, reach) = entry::enter(api, parts).await?;
    reach::holds(reach, parts)?;
    let Some(mirror) = api.mirrors.only() else {
        let hint = "Enter its API key on the pages first.";
        return Err(Problem::new(Kind::Refused, "No organization is connected.", hint));
    };
    let past = choose(&mirror, parts, context.now).await?;
    let snapshot = past.as_ref().map_or_else(|| mirror.shown(), |past| Arc::clone(&past.snapshot));
    Ok(Asked { context, mirror, snapshot, past })
}

/// The past day that an address asks about. Addresses without the parameter refuse it with all unknown ones.
async fn choose(mirror: &Mirror, parts: &Parts, now: Timestamp) -> Result<Option<AsOf>, Problem> {
    if parts.method != Method::GET {
        return Ok(None);
    }
    let Ok(Query(given)) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) else { return Ok(None) };
    let Some((_, day)) = given.into_iter().find(|(name, _)| name == AS_OF) else { return Ok(None) };
    match mirror.as_of(&day, (now, &schedule::zone(mirror))).await {
        Ok(past) => Ok(past),
        Err(NotAnswered::Store(error)) => Err(error.into()),
        Err(why) => {
            let refusal = Refusal::from(why);
            Err(Problem::new(Kind::Parameter, format!("{} {}", refusal.what, refusal.why), refusal.next))
        }
    }
}

impl Asked {
    /// The snapshot, once something was read. Before that an empty list would be an untrue one.
    pub(crate) fn sealed(&self) -> Result<&Snapshot, Problem> {
        if self.snapshot.generation() == 0 {
            let hint = "Wait for the first sync to end; /api/v1/runs tells how far it is.";
            return Err(Problem::new(Kind::NotReadYet, "No sync of this organization has been sealed.", hint));
        }
        Ok(&self.snapshot)
    }

    /// The moment that relative dates count from, and the zone of days. Of a past day it is its end.
    pub(crate) fn moment(&self) -> (Timestamp, TimeZone) {
        (self.past.as_ref().map_or(self.context.now, |past| past.at), schedule::zone(&self.mirror))
    }

    /// The past day that is asked about, as `2026-03-01`.
    pub(crate) fn as_of(&self) -> Option<String> {
        self.past.as_ref().map(|past| past.day.to_string())
    }

    /// A question with the day that it is asked of, for what a cursor is tied to.
    pub(crate) fn question(&self, question: &str) -> String {
        self.as_of().map_or_else(|| question.to_owned(), |day| format!("{question} as of {day}"))
    }

    /// The administrator who asks, or for whom a program does.
    pub(crate) fn administrator(&self) -> Option<&AdministratorId> {
        match &self.context.actor {
            Actor::Administrator { id, .. } => Some(id),
            Actor::AccessToken { administrator, .. } => Some(administrator),
            Actor::FeedKey { .. } | Actor::CommandLine | Actor::System => None,
        }
    }
}

/// Made by [`enter`] before any handler runs.
impl FromRequestParts<Api> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Asked, Problem> {
        parts
            .extensions
            .get::<Asked>()
            .cloned()
            .ok_or_else(|| Problem::fault(std::io::Error::other("nobody was let in")))
    }
}

/// The key of a request that must be carried out once.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestKey(pub(crate) Option<String>);

impl FromRequestParts<Api> for RequestKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<RequestKey, Infallible> {
        Ok(parts.extensions.get::<RequestKey>().cloned().unwrap_or_default())
    }
}
