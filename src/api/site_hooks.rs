//! Where Jira's user webhooks come in: `/hooks/jira/{id}`. Nobody signs in here: a message is believed by its signature alone,
//! and its answer tells nothing but whether it should come again.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::api::Api;
use crate::id::HookId;
use crate::sync::site_hooks::{self, LARGEST, Message, Received};

/// Jira repeats what was refused because too many wait; not before so many seconds.
const LATER: &str = "60";

/// The routes.
pub(crate) fn router(api: Api) -> Router {
    Router::new().route("/hooks/jira/{id}", post(receive)).layer(DefaultBodyLimit::max(LARGEST)).with_state(api)
}

/// POST /hooks/jira/{id}
async fn receive(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(id) = HookId::parse(&id) else { return StatusCode::NOT_FOUND.into_response() };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let message =
        Message { signature: text("x-hub-signature"), identifier: text("x-atlassian-webhook-identifier"), body: &body };
    for mirror in api.mirrors.all() {
        match site_hooks::receive(&api.connector, &mirror, &id, message).await {
            Ok(Received::NoSuchAddress) => {}
            Ok(Received::Kept | Received::Known | Received::Ignored) => return StatusCode::NO_CONTENT.into_response(),
            Ok(Received::Unsigned) => return StatusCode::UNAUTHORIZED.into_response(),
            Ok(Received::Full) => {
                return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, LATER)]).into_response();
            }
            Err(error) => {
                tracing::error!(%error, organization = %mirror.organization().id, "site_hooks.receive");
                return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, LATER)]).into_response();
            }
        }
    }
    StatusCode::NOT_FOUND.into_response()
}
