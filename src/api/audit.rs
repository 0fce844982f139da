//! The audit chains: events by page, the newest first.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::page;
use crate::api::parameters::Parameters;
use crate::api::problem::{Kind, Problem};
use crate::mirror::export::events::{hash, outcome, what, who};
use crate::nouns::event::Recorded;
use crate::store::events::{self, Wanted};

/// Which events.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listed {
    /// `organization`, which it is when it is left out, or `installation`: sign-ins, entry and access tokens.
    chain: Option<String>,
    /// Only of this kind, as in docs/audit.md: `sync.sealed`.
    kind: Option<String>,
    /// Only by this actor, as `actor` names it.
    actor: Option<String>,
    /// Only about this, as `subject` names it.
    subject: Option<String>,
    /// Not before this moment (RFC 3339).
    from: Option<String>,
    /// Before this moment (RFC 3339).
    to: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// A page of events, the newest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Events {
    /// The events.
    events: Vec<Event>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// An event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Event {
    /// Its place in its chain, from 1.
    event: i64,
    /// When it happened.
    at: String,
    /// Who did it: by name where there is one that was not erased, else by id.
    who: String,
    /// Who did it, by id.
    actor: String,
    /// What they did, to be read behind who.
    what: String,
    /// The same, as a word for programs.
    kind: String,
    /// What it happened to: an id.
    subject: String,
    /// `done`, `begun`, `refused` or `failed`.
    outcome: String,
    /// The network address that the request came from.
    from: Option<String>,
    /// What else is to be said, without personal data: one JSON object as text.
    detail: String,
    /// What it says of people: JSON as text; null when there is nothing, or when it was erased.
    personal: Option<String>,
    /// Whether a personal part was erased.
    erased: bool,
    /// The hash that covers it and all events before.
    hash: String,
}

/// List audit events
///
/// What was done, by whom and from where, the newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", operation_id = "list_audit_events", params(Listed),
    responses((status = 200, description = "A page of events", body = Events)))]
pub(crate) async fn list(
    State(api): State<Api>,
    asked: Asked,
    Parameters(listed): Parameters<Listed>,
) -> Result<Json<Events>, Problem> {
    let store = match listed.chain.as_deref() {
        None | Some("organization") => asked.mirror.store(),
        Some("installation") => &api.control,
        Some(_) => {
            let detail = "The parameter “chain” is `organization` or `installation`.";
            return Err(Problem::new(Kind::Parameter, detail, "Leave it out for the organization's."));
        }
    };
    let wanted = Wanted {
        before: i64::MAX,
        from: moment("from", listed.from.as_deref())?.unwrap_or(Timestamp::MIN),
        to: moment("to", listed.to.as_deref())?.unwrap_or(Timestamp::MAX),
        kind: listed.kind,
        actor: listed.actor,
        subject: listed.subject,
    };
    let question = format!("audit: {:?} {wanted:?}", listed.chain);
    let before = match &listed.cursor {
        Some(cursor) => page::read(&question, cursor)?.parse().unwrap_or(i64::MAX),
        None => i64::MAX,
    };
    let limit = page::limit(listed.limit)?;
    let (wanted, most) = (Wanted { before, ..wanted }, u32::try_from(limit).unwrap_or(u32::MAX));
    let found = store.read(move |tx| events::matching(tx, &wanted, most)).await?;
    let next = found.last().filter(|last| found.len() == limit && last.event.seq > 1);
    let next = next.map(|last| page::write(&question, &last.event.seq.to_string()));
    Ok(Json(Events { events: found.iter().map(Event::of).collect(), next }))
}

impl Event {
    fn of(recorded: &Recorded) -> Event {
        let event = &recorded.event;
        Event {
            event: event.seq,
            at: event.at.to_string(),
            who: who(recorded),
            actor: event.actor.clone(),
            what: what(&event.kind).to_owned(),
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            outcome: outcome(&event.kind).to_owned(),
            from: recorded.source().map(str::to_owned),
            detail: event.detail.clone(),
            personal: recorded.told().map(str::to_owned),
            erased: recorded.is_erased(),
            hash: hash(recorded),
        }
    }
}

/// A moment of a parameter.
fn moment(name: &str, given: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let wrong = |_| {
        let detail = format!("The parameter “{name}” is no moment.");
        Problem::new(Kind::Parameter, detail, "Write it like 2026-03-01T12:00:00Z.")
    };
    given.parse().map(Some).map_err(wrong)
}
