//! *Sync Users* in the user browser: reads everything now, or, of a short list, only the people in front of you. It has
//! no parameters and changes no setting.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::auth::token::Token;
use crate::nouns::run::RunKind;
use crate::nouns::scope::Scope;
use crate::sync::manual::{self, ONLY_THESE};
use crate::sync::request::{self, Asked};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::people::{self, Ask};
use crate::web::settings_sync;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::visit::Visit;

/// The form of the two buttons.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    request_key: String,
    /// `these` for the list in front of one, else everything.
    read: String,
}

/// POST /people/sync
pub(crate) async fn start(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let started = match entry.read.as_str() {
        "these" => {
            let people = people::matching(&ask, &visit.snapshot, &visit.reader);
            these(&served, &visit, &people, &entry.request_key).await?
        }
        _ => asked(&served, &visit, Scope::Everything, ("form", &entry.request_key)).await?,
    };
    match started {
        Ok(started) => Ok(started),
        Err(held) => {
            let page = people::page(&served, &visit, &ask, held).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

/// Reads these people again; what has to be said when another run holds the place.
pub(crate) async fn these(
    served: &Served,
    visit: &Visit,
    people: &RoaringBitmap,
    request_key: &str,
) -> Result<Result<Response, Markup>, Failure> {
    let scope = manual::only_these(&visit.snapshot, people)?;
    asked(served, visit, scope, ("these", request_key)).await
}

/// Asks for a run; a form that is sent twice starts one.
async fn asked(
    served: &Served,
    visit: &Visit,
    scope: Scope,
    (form, request_key): (&str, &str),
) -> Result<Result<Response, Markup>, Failure> {
    let kind = if visit.snapshot.generation() == 0 { RunKind::Initial } else { RunKind::Browser };
    let key = Token::parse(request_key).map(|key| format!("{form}:{}", key.expose()));
    let ask = request::Ask::scoped(kind, scope);
    match request::start(&visit.entered.context, &visit.mirror, ask, (key, &served.entropy)).await? {
        Asked::Queued(id) => Ok(Ok(see(Address::new("/runs").below(id.as_str()).as_str()))),
        Asked::Held(run) => Ok(Err(settings_sync::held(&run))),
    }
}

/// The buttons beside the list's headline.
pub(crate) fn controls(ask: &Ask, (matching, present): (u64, u64), request_key: &str) -> Markup {
    html! {
        form.row method="post" action=(ask.address(&Address::new("/people/sync"))) {
            input type="hidden" name="request_key" value=(request_key);
            @if matching > 0 && matching <= ONLY_THESE && matching < present {
                button.quiet type="submit" name="read" value="these" { "Only these " (number(matching)) }
            }
            button type="submit" name="read" value="all" title="Reads all users with memberships, activity and roles, and all groups. Changes no setting." { "Sync Users" }
        }
    }
}
