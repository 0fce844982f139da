//! Settings, *User Data Synchronization*, *Near-real-time changes*: the switch of the audit log's stream, and what is
//! known about it.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::audit_stream::{AuditStream, StreamState, StreamSwitch};
use crate::nouns::refusal::Refusal;
use crate::sync::explain;
use crate::sync::stream::{self, NotPolled};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::manual_sync::Filled;
use crate::web::settings_sync;
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// Where the switch is set.
pub(crate) const HERE: &str = "/settings/user-data-synchronization/near-real-time";
/// Where Atlassian is asked again.
pub(crate) const PROBE: &str = "/settings/user-data-synchronization/near-real-time/probe";

/// The form of the switch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SwitchEntry {
    use_stream: String,
}

/// POST …/near-real-time: *Save*
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<SwitchEntry>,
) -> Result<Response, Failure> {
    stream::choose(&visit.entered.context, &visit.mirror, entry.use_stream == "on", &served.entropy).await?;
    Ok(see(settings_sync::HERE))
}

/// POST …/near-real-time/probe: *Ask Atlassian again*
pub(crate) async fn probe(State(served): State<Served>, visit: Visit) -> Result<Response, Failure> {
    let refusal = match served.connector.client_of(&visit.mirror).await {
        Ok(client) => match stream::probe(&visit.mirror, &client, visit.reader.now).await {
            Ok(_) => return Ok(see(settings_sync::HERE)),
            Err(NotPolled::Store(error)) => return Err(error.into()),
            Err(NotPolled::Upstream(error)) => {
                Refusal::new("Atlassian could not be asked.", explain::sentence(&error), "Nothing was changed.")
            }
        },
        Err(refusal) => refusal,
    };
    let page = settings_sync::section(&served, &visit, &Filled::default(), notice::refusal(&refusal)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// The part of the page.
pub(crate) fn part(reader: &Reader, switch: &StreamSwitch, stream: Option<&AuditStream>) -> Markup {
    let state = stream.map(|stream| &stream.state);
    html! {
        h2 id="near-real-time" { "Near-real-time changes" }
        p {
            "Where the organization has an audit log, Rollcall can follow it: whoever it names is read again within a "
            "minute. It is never the only source: what the log does not tell is read by the daily sync, and nobody is "
            "taken for gone because of it."
        }
        @match state {
            Some(StreamState::Refused(reason)) => (notice::notice(Weight::Warning, "The audit log cannot be followed.", html! {
                p { (reason) }
                p { "The daily sync is not affected." @if switch.on { " Atlassian is asked again once a day." } }
            })),
            Some(StreamState::Available(gap)) if !gap.is_empty() => (notice::notice(Weight::Info, "There was a gap.", html! { p { (gap) } })),
            _ => {}
        }
        dl.facts {
            div { dt { "State" } dd {
                @match (state, switch.on) {
                    (None, _) => "not known yet",
                    (Some(StreamState::Refused(_)), _) => "refused by Atlassian",
                    (Some(StreamState::Available(_)), true) => "followed",
                    (Some(StreamState::Available(_)), false) => "available, not followed",
                }
            } }
            @if let Some(stream) = stream {
                div { dt { "Asked" } dd { (reader.relative(stream.probed_at)) } }
                div { dt { "Last read" } dd {
                    @match stream.polled_at {
                        Some(at) => (reader.relative(at.min(reader.now))),
                        None => span.sub { "never" },
                    }
                } }
            }
        }
        form.fields method="post" action=(HERE) {
            label.choice {
                input type="checkbox" name="use_stream" value="on" checked[switch.on];
                span { "Follow the audit log" span.sub { "One request every half minute, and one for every ten people it names." } }
            }
            button.primary type="submit" { "Save" }
            p.hint {
                @match &switch.chosen {
                    Some((who, at)) => { "Chosen by " bdi { (who) } ", " (reader.relative(*at)) "." }
                    None => "Nobody has chosen yet; it is off by default."
                }
            }
        }
        form.fields method="post" action=(PROBE) {
            button type="submit" { "Ask Atlassian again" }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;
    use crate::web::acme::{now, reader};

    fn shown(on: bool, state: Option<StreamState>) -> String {
        let switch = StreamSwitch { on, chosen: on.then(|| ("administrator <b>".to_owned(), now() - 2.hours())) };
        let stream = state.map(|state| AuditStream {
            state,
            probed_at: now() - 3.hours(),
            polled_at: on.then(|| now() + 1.hours()),
            next_cursor: None,
        });
        part(&reader(), &switch, stream.as_ref()).0
    }

    #[test]
    fn every_state_says_what_is_and_what_follows() {
        let new = shown(false, None);
        assert!(new.contains("not known yet") && new.contains("off by default") && !new.contains(" checked"));
        let off = shown(false, Some(StreamState::Available(String::new())));
        assert!(off.contains("available, not followed") && off.contains("never"));
        let on = shown(true, Some(StreamState::Available(String::new())));
        assert!(
            on.contains("followed")
                && on.contains(" checked")
                && on.contains("&lt;b&gt;")
                && on.contains("2 hours ago")
        );
        assert!(
            on.contains("just now") && !on.contains("in 1 hour"),
            "a poll that is held back was not in the future: {on}"
        );
        let gap = shown(true, Some(StreamState::Available("Lost between <i>.".to_owned())));
        assert!(gap.contains("There was a gap.") && gap.contains("Lost between &lt;i&gt;."));
        let refused = shown(true, Some(StreamState::Refused("No plan.".to_owned())));
        assert!(
            refused.contains("cannot be followed") && refused.contains("No plan.") && refused.contains("once a day")
        );
        assert!(!shown(false, Some(StreamState::Refused("No plan.".to_owned()))).contains("once a day"));
    }
}
