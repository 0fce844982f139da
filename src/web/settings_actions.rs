//! Settings, *Actions*: whether anything may be changed at Atlassian at all, whose the organization API key is, and the
//! bounds of one operation.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{Ordinal, Snapshot, fold_text};
use maud::{Markup, html};
use serde::Deserialize;

use crate::nouns::refusal::Refusal;
use crate::operations::guard::{self, Bounds, Guards, NotBounds, Switch};
use crate::operations::prepare::{self, KnownOwner, Owner};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::operations::stop;
use crate::web::settings::strip;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::chosen::chosen;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::ui::person::display_name;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/actions";
/// Where actions are switched on and off.
pub(crate) const SWITCH: &str = "/settings/actions/switch";
/// Where somebody says whose the key is.
pub(crate) const KEY_OWNER: &str = "/settings/actions/key-owner";

/// The form of the bounds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    people: String,
    percent: String,
    typed_from: String,
    four_eyes: String,
}

/// The form of the switch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Turned {
    to: String,
}

/// The form of the key's owner.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Owned {
    whose: String,
    person: String,
}

/// What is said where an action would begin while actions are off.
pub(crate) fn look_only() -> Markup {
    notice::notice(
        Weight::Warning,
        "Look-only mode: actions are off.",
        html! { p { "Plans can be made and looked at; nothing is changed at Atlassian until an administrator switches actions on in " a href=(HERE) { "Settings, Actions" } "." } },
    )
}

/// GET /settings/actions
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    section(&visit, None, html! {}).await
}

/// POST /settings/actions: the bounds.
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let number = |text: &str, otherwise: NotBounds| text.trim().parse::<u64>().map_err(|_| otherwise);
    let bounds = || {
        Bounds {
            people: number(&entry.people, NotBounds::People)?,
            percent: number(&entry.percent, NotBounds::Percent)?,
            typed_from: number(&entry.typed_from, NotBounds::Typed)?,
            four_eyes: entry.four_eyes == "on",
        }
        .checked()
    };
    match bounds() {
        Ok(bounds) => {
            guard::choose(&visit.entered.context, &visit.mirror, bounds, &served.entropy).await?;
            Ok(see(HERE))
        }
        Err(why) => {
            let why = format!("It was not taken: {why}.");
            let refusal = Refusal::new("The limits were not changed.", why, "Correct the number.");
            let page = section(&visit, Some(&entry), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /settings/actions/switch
pub(crate) async fn turn(
    State(served): State<Served>,
    visit: Visit,
    Form(turned): Form<Turned>,
) -> Result<Response, Failure> {
    match turned.to.as_str() {
        "on" => guard::switch_on(&visit.entered.context, &visit.mirror, &served.entropy).await?,
        "off" => guard::switch_off(&visit.entered.context, &visit.mirror, &served.entropy).await?,
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    }
    Ok(see(HERE))
}

/// POST /settings/actions/key-owner
pub(crate) async fn own(
    State(served): State<Served>,
    visit: Visit,
    Form(owned): Form<Owned>,
) -> Result<Response, Failure> {
    let owner = match (owned.whose.as_str(), find(&visit.snapshot, &owned.person)) {
        ("elsewhere", _) => Ok(Owner::Elsewhere),
        (_, found) => found.and_then(|account| {
            let id = visit.snapshot.account_id(account).ok_or("Nobody is known by that.")?;
            Ok(Owner::Account(id))
        }),
    };
    match owner {
        Ok(owner) => {
            prepare::choose_key_owner(&visit.entered.context, &visit.mirror, &owner, &served.entropy).await?;
            Ok(see(HERE))
        }
        Err(why) => {
            let next = "Write their e-mail address or account id, as it stands on their page.";
            let page = section(&visit, None, notice::refusal(&Refusal::new("The owner was not changed.", why, next)));
            Ok(page.await?.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// The one account with this address or id.
fn find(snapshot: &Snapshot, text: &str) -> Result<Ordinal, &'static str> {
    let text = text.trim();
    if let Some(account) = snapshot.account(text) {
        return Ok(account);
    }
    let wanted = fold_text(text);
    let has = |account: &Ordinal| {
        let row = snapshot.account_row(*account);
        row.and_then(|row| row.email).is_some_and(|email| fold_text(email) == wanted)
    };
    let found: Vec<Ordinal> = snapshot.search(text).iter().filter(has).take(2).collect();
    match found.as_slice() {
        _ if text.is_empty() => Err("Nobody was named."),
        [one] => Ok(*one),
        [] => Err("Nobody is known by that."),
        _ => Err("Several accounts have that address."),
    }
}

async fn section(visit: &Visit, entry: Option<&Entry>, problem: Markup) -> Result<Page, Failure> {
    let read = visit.mirror.store().read(|tx| Ok((guard::switch(tx)?, guard::read(tx)?, prepare::key_owner(tx)?)));
    let (switch, guards, owner) = read.await?;
    let content = html! {
        (strip(HERE))
        div.headline { h1 { "Actions" } }
        p.lead { "What Rollcall may change at Atlassian, and how much at once. Each part saves on its own." }
        (problem)
        (switched(&switch, visit))
        (key_owner(&owner, visit))
        (limits(&guards, entry, visit))
        h2 { "Stop everything" }
        p { "From one moment on nothing is sent, by nobody and by no operation, until it is released with a reason. "
            a.button href=(stop::HERE) { @if visit.stopped { "Release" } @else { "Stop everything" } } }
    };
    Ok(Page::framed(&visit.frame("Actions", Place::Settings), content))
}

fn switched(switch: &Switch, visit: &Visit) -> Markup {
    let (state, to, button, leads) = if switch.on {
        (
            "Actions are on",
            "off",
            "Switch actions off",
            "Then Rollcall looks only. A running operation stops before its next change.",
        )
    } else {
        (
            "Actions are off: look-only mode",
            "on",
            "Switch actions on",
            "Then approved plans are carried out at Atlassian. Nothing happens without an approved plan.",
        )
    };
    html! {
        h2 { "Look-only mode" }
        p { @if switch.on { span.tag.warn { (state) } } @else { span.tag.good { (state) } } " "
            span.hint { (chosen(switch.chosen.as_ref(), "Nobody has switched them on yet.", &visit.reader)) } }
        form.row method="post" action=(SWITCH) {
            input type="hidden" name="to" value=(to);
            button.danger[!switch.on] type="submit" { (button) }
            span.hint { (leads) }
        }
    }
}

fn key_owner(known: &KnownOwner, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let id = match &known.owner {
        Some(Owner::Account(id)) => id.as_str(),
        _ => "",
    };
    let row = snapshot.account(id).and_then(|account| snapshot.account_row(account));
    html! {
        h2 { "Owner of the organization API key" }
        p { "Whoever owns the key is never acted on: without them nothing could be taken back. No plan is made before it is known." }
        p {
            @match (&known.owner, &row) {
                (None, _) => { span.tag.warn { "Not known" } },
                (Some(Owner::Elsewhere), _) => { "Somebody who is not in this organization" },
                (Some(Owner::Account(_)), Some(row)) => { a.name href=(Address::person(id)) { bdi { (display_name(row)) } } },
                (Some(Owner::Account(_)), None) => { code { bdi { (id) } } },
            }
            " " span.hint { (chosen(known.chosen.as_ref(), "Nobody has said it yet.", &visit.reader)) }
        }
        form.fields method="post" action=(KEY_OWNER) {
            fieldset {
                legend { "Whose key it is" }
                label.choice { input type="radio" name="whose" value="person" checked[known.owner != Some(Owner::Elsewhere)]; span { "A person of this organization" } }
                div.under {
                    label { "E-mail address or account id"
                        input type="text" name="person" value=(row.as_ref().and_then(|row| row.email).unwrap_or(id)) autocomplete="off" maxlength="320"; }
                }
                label.choice { input type="radio" name="whose" value="elsewhere" checked[known.owner == Some(Owner::Elsewhere)]; span { "Somebody who is not in this organization" } }
            }
            button type="submit" { "Save owner" }
        }
    }
}

fn limits(guards: &Guards, entry: Option<&Entry>, visit: &Visit) -> Markup {
    let held = guards.bounds;
    let entry = entry.cloned().unwrap_or_else(|| Entry {
        people: held.people.to_string(),
        percent: held.percent.to_string(),
        typed_from: held.typed_from.to_string(),
        four_eyes: if held.four_eyes { "on".to_owned() } else { String::new() },
    });
    let limit = held.limit(&visit.mirror.current());
    html! {
        h2 { "Operation limits" }
        p { "One operation may concern the larger of the two; now that is " b.num { (number(limit)) } ". Over it the number of changes has to be typed, or a second person has to approve." }
        form.fields method="post" action=(HERE) {
            label { "So many people"
                input type="number" name="people" min="1" max="1000000" required value=(entry.people);
            }
            label { "Or this share of the active people, in percent"
                input type="number" name="percent" min="0" max="100" required value=(entry.percent);
            }
            label { "From so many changes on their number has to be typed"
                input type="number" name="typed_from" min="1" max="1000000" required value=(entry.typed_from);
            }
            label.choice {
                input type="checkbox" name="four_eyes" value="on" checked[entry.four_eyes == "on"];
                span { "Four eyes" span.sub { "Over the limit a second administrator has to approve; whoever asked cannot." } }
            }
            button.primary type="submit" { "Save" }
            p.hint {
                (chosen(guards.chosen.as_ref(), "Nobody has changed them yet; these are the defaults.", &visit.reader))
                " They hold for plans that are approved from now on."
            }
        }
    }
}
