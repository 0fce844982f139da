//! One event with all that the chain holds of it; and the events about a person, for their page.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use directory::{Ordinal, Snapshot};
use maud::{Markup, html};

use crate::mirror::export::events::hash;
use crate::nouns::event::Recorded;
use crate::store::events::{self, Wanted};
use crate::web::Served;
use crate::web::audit::{Ask, HERE, INSTALLATION, outcome_tag, sentence, store};
use crate::web::failure::Failure;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::person;
use crate::web::visit::Visit;

/// So many events of one subject are shown.
const BESIDE: u32 = 20;

/// GET /audit/{seq}
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Path(seq): Path<String>,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    let missing = || Failure::NotFound("This chain has no event of this number.");
    let seq: i64 = seq.parse().map_err(|_| missing())?;
    let store = store(&served, &visit, &ask.chain);
    let read = store.read(move |tx| {
        let Some(found) = events::find(tx, seq)? else { return Ok(None) };
        let beside = Wanted { subject: Some(found.event.subject.clone()), ..Wanted::default() };
        let beside = events::matching(tx, &beside, BESIDE)?;
        Ok(Some((found, beside)))
    });
    let (found, beside) = read.await?.ok_or_else(missing)?;
    let title = format!("Event {}", found.event.seq);
    let content = content(&found, &beside, &ask.chain, &visit.reader);
    Ok(Page::framed(&visit.frame(&title, Place::Audit), content).into_response())
}

pub(super) fn content(found: &Recorded, beside: &[Recorded], chain: &str, reader: &Reader) -> Markup {
    let event = &found.event;
    let chain = if chain == INSTALLATION { INSTALLATION } else { "" };
    html! {
        nav.trail aria-label="Breadcrumb" { a href=(Address::new(HERE).with("chain", chain)) { "Audit" } }
        div.headline { h1 { "Event " span.num { (event.seq) } } (outcome_tag(&event.kind)) }
        p.lead { (sentence(found)) "." }
        dl.facts {
            div { dt { "When" } dd { (reader.moment(event.at)) } }
            div { dt { "Who" } dd { @match found.name() { Some(name) => { bdi { (name) } } None => { span.sub { "no name" } } } " " code { (event.actor) } } }
            div { dt { "From where" } dd { @match found.source() { Some(source) => { code { (source) } } None => { span.sub { "not over the network" } } } } }
            div { dt { "What" } dd { code { (event.kind) } } }
            div { dt { "About" } dd { (about(&event.subject)) } }
            div.whole { dt { "Details" } dd { pre { (event.detail) } } }
            @for part in found.parts.iter().filter(|part| part.is_erased || part.told.is_some()) {
                div.whole { dt { "Personal part of " bdi { (part.person) } } dd {
                    @match &part.told { Some(told) => { pre { (told) } } None => { "Erased. What was sealed is still covered by the hash, and cannot be opened any more." } }
                } }
            }
            div.whole { dt { "Hash" } dd { code { (hash(found)) } } }
        }
        @if beside.len() > 1 {
            section aria-labelledby="beside" {
                h2 id="beside" { "About the same" }
                (lines(beside, chain, reader))
            }
        }
    }
}

/// Events as short lines.
fn lines(found: &[Recorded], chain: &str, reader: &Reader) -> Markup {
    html! {
        ul { @for recorded in found { li {
            a href=(Address::new(HERE).below(&recorded.event.seq.to_string()).with("chain", chain)) { (reader.moment(recorded.event.at)) }
            " " (sentence(recorded))
        } } }
    }
}

/// What happened about a person, for their page: in the organization, and with their entry.
pub(crate) async fn of_person(served: &Served, visit: &Visit, account_id: &str) -> Result<Markup, Failure> {
    let subject = Some(format!("person {account_id}"));
    let wanted = Wanted { subject, ..Wanted::default() };
    let found = visit.mirror.store().read(move |tx| events::matching(tx, &wanted, BESIDE)).await?;
    let wanted = Wanted { subject: Some(account_id.to_owned()), ..Wanted::default() };
    let entry = served.control.read(move |tx| events::matching(tx, &wanted, BESIDE)).await?;
    Ok(html! {
        section aria-labelledby="audit" {
            h2 id="audit" { "Audit" }
            @if found.is_empty() && entry.is_empty() {
                p.sub { "Nothing else was recorded of this person. What operations changed stands under Operations." }
            }
            @if !found.is_empty() { (lines(&found, "", &visit.reader)) }
            @if !entry.is_empty() { (lines(&entry, INSTALLATION, &visit.reader)) }
        }
    })
}

/// Whom a change of an operation was about, and what it was to bring about.
pub(super) fn changed(recorded: &Recorded, snapshot: &Snapshot) -> Markup {
    let detail = || serde_json::from_str::<serde_json::Value>(&recorded.event.detail).ok();
    let detail = recorded.event.kind.starts_with("change.").then(detail).flatten();
    let number = |field: &str| detail.as_ref()?.get(field)?.as_u64()?.try_into().ok();
    let row = number("account").and_then(|account: Ordinal| snapshot.account_row(account));
    let change = detail.as_ref().and_then(|detail| detail.get("change")?.as_str());
    let group = number("target").and_then(|group: Ordinal| snapshot.group_row(group)?.group.as_ref());
    html! {
        @if let (Some(row), Some(change)) = (row, change) {
            div.sub {
                a href=(Address::person(row.id)) { bdi { (person::display_name(&row)) } }
                @match change {
                    "add_to_group" => " joins a group",
                    "remove_from_group" => " leaves a group",
                    "assign_role" => " gets a role on an app",
                    "revoke_role" => " loses a role on an app",
                    "suspend" => " is suspended",
                    "restore" => " is restored",
                    "remove_from_directory" => " leaves the directory",
                    "deactivate" => " is deactivated",
                    "activate" => " is activated",
                    other => { " " (other) }
                }
                @if let Some(group) = group.filter(|_| change.ends_with("group")) { ": " bdi { (group.name) } }
            }
        }
    }
}

/// What an event is about, with a link where it has a page.
pub(super) fn about(subject: &str) -> Markup {
    let address = match subject.split_once(' ') {
        Some(("person", id)) => Some(Address::new("/people").below(id)),
        Some(("group", id)) => Some(Address::new("/groups").below(id)),
        Some(_) => None,
        None => match subject.split_once('_') {
            Some(("op", _)) => Some(Address::new("/operations").below(subject)),
            Some(("task", _)) => Some(Address::new("/tasks").below(subject)),
            Some(("run", _)) => Some(Address::new("/runs").below(subject)),
            Some(("flt", _)) => Some(Address::new("/filters").below(subject)),
            Some(("sel", _)) => Some(Address::new("/selections").below(subject)),
            Some(("wh", _)) => Some(Address::new("/withheld").below(subject)),
            _ => None,
        },
    };
    html! {
        @match address {
            Some(address) => { a href=(address) { bdi { (subject) } } }
            None => { bdi { (subject) } }
        }
    }
}
