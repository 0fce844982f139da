//! A request that was let in: who asks, of which organization, and from which snapshot it is answered. The snapshot is
//! chosen here, once for the whole request, and nowhere else.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use directory::Snapshot;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::api::problem::{Kind, Problem};
use crate::api::{Api, entry};
use crate::id::AdministratorId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
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
    /// Everything is answered from this one generation.
    pub(crate) snapshot: Arc<Snapshot>,
}

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
    let context = entry::enter(api, parts).await?;
    let Some(mirror) = api.mirrors.only() else {
        let hint = "Enter its API key on the pages first.";
        return Err(Problem::new(Kind::Refused, "No organization is connected.", hint));
    };
    let snapshot = choose(&mirror);
    Ok(Asked { context, mirror, snapshot })
}

/// The snapshot that a request is answered from.
fn choose(mirror: &Mirror) -> Arc<Snapshot> {
    mirror.current()
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

    /// The moment that relative dates count from, and the zone of days.
    pub(crate) fn moment(&self) -> (Timestamp, TimeZone) {
        (self.context.now, schedule::zone(&self.mirror))
    }

    /// The administrator who asks, or for whom a program does.
    pub(crate) fn administrator(&self) -> Option<&AdministratorId> {
        match &self.context.actor {
            Actor::Administrator { id, .. } => Some(id),
            Actor::AccessToken { administrator, .. } => Some(administrator),
            Actor::CommandLine | Actor::System => None,
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
