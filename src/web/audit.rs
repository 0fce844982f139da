//! *Audit*: what happened, by whom, from where, newest first; its files; and the chain verified when somebody asks.
//!
//! Two chains: the organization's, and that of sign-ins and the server. A page never claims of a chain what was not
//! looked at for this very page.

pub(crate) mod event;

use axum::Form as Sent;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use directory::Snapshot;
use jiff::Timestamp;
use maud::{Markup, html};
use serde::Deserialize;

use crate::http::Arriving;
use crate::mirror::export::Form;
use crate::mirror::export::events::{self as rows, Exported, day, outcome, what};
use crate::nouns::event::Recorded;
use crate::nouns::event_kind::KINDS;
use crate::store::db::Store;
use crate::store::events::{self, Broken, Wanted};
use crate::web::Served;
use crate::web::audit::event::{about, changed};
use crate::web::failure::Failure;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/audit";
/// Where a chain is verified.
pub(crate) const VERIFY: &str = "/audit/verify";
/// Where the events are as comma-separated values.
pub(crate) const CSV: &str = "/audit.csv";
/// Where the events are as JSON.
pub(crate) const JSON: &str = "/audit.json";

const LIMIT: u32 = 50;

/// The word in addresses for the chain of sign-ins and the server.
const INSTALLATION: &str = "installation";

/// What an address asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// `installation`, or anything else for the organization's.
    chain: String,
    kind: String,
    actor: String,
    subject: String,
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// Events with a smaller number.
    before: String,
}

impl Ask {
    /// What an address says, as a question; a day that is none is said.
    fn wanted(&self, reader: &Reader) -> Result<Wanted, &'static str> {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let bound = |text: &str| match said(text) {
            None => Ok(None),
            Some(text) => day(&text, &reader.zone).map(Some).ok_or("A day is written like 2026-03-01."),
        };
        Ok(Wanted {
            before: self.before.parse().unwrap_or(i64::MAX),
            from: bound(&self.from)?.map_or(Timestamp::MIN, |(from, _)| from),
            to: bound(&self.to)?.map_or(Timestamp::MAX, |(_, to)| to),
            kind: said(&self.kind),
            actor: said(&self.actor),
            subject: said(&self.subject),
        })
    }

    fn is_installation(&self) -> bool {
        self.chain == INSTALLATION
    }

    /// This question at an address, from the newest on.
    fn at(&self, path: &str) -> Address {
        let chain = if self.is_installation() { INSTALLATION } else { "" };
        Address::new(path)
            .with("chain", chain)
            .with("kind", self.kind.trim())
            .with("actor", self.actor.trim())
            .with("subject", self.subject.trim())
            .with("from", self.from.trim())
            .with("to", self.to.trim())
    }
}

/// The database of a chain.
pub(super) fn store(served: &Served, visit: &Visit, chain: &str) -> Store {
    if chain == INSTALLATION { served.control.clone() } else { visit.mirror.store().clone() }
}

/// GET /audit
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    Ok(page(&served, &visit, &ask, html! {}).await?.into_response())
}

/// POST /audit/verify
pub(crate) async fn verify(
    State(served): State<Served>,
    visit: Visit,
    Sent(ask): Sent<Ask>,
) -> Result<Response, Failure> {
    let verified = store(&served, &visit, &ask.chain).read(events::verify).await?;
    let told = match verified {
        Ok(last) => notice(
            Weight::Info,
            "The chain holds.",
            html! {
                p { "Verified up to event " span.num { (number(last.unsigned_abs())) } " at " (visit.reader.moment(visit.reader.now)) ": every event is what was written, and none is missing." }
            },
        ),
        Err(broken) => notice(
            Weight::Failure,
            "The chain is broken.",
            html! {
                p { (told(broken)) " Somebody has changed the database beside Rollcall. Events before that one hold." }
                p { "Keep a copy of the database as it is, and compare it with a backup." }
            },
        ),
    };
    let status = if verified.is_ok() { StatusCode::OK } else { StatusCode::CONFLICT };
    Ok(page(&served, &visit, &ask, told).await?.with_status(status).into_response())
}

/// GET /audit.csv
pub(crate) async fn csv(served: State<Served>, visit: Visit, ask: Query<Ask>) -> Result<Response, Failure> {
    file(served.0, visit, ask.0, (Form::Csv, "text/csv; charset=utf-8; header=present", "csv")).await
}

/// GET /audit.json
pub(crate) async fn json(served: State<Served>, visit: Visit, ask: Query<Ask>) -> Result<Response, Failure> {
    file(served.0, visit, ask.0, (Form::Json, "application/json", "json")).await
}

async fn file(
    served: Served,
    visit: Visit,
    ask: Ask,
    (form, kind, ending): (Form, &str, &str),
) -> Result<Response, Failure> {
    let wanted = match ask.wanted(&visit.reader) {
        Ok(wanted) => wanted,
        Err(_) => return Ok(page(&served, &visit, &ask, html! {}).await?.into_response()),
    };
    let asked = ask.at(HERE);
    let exported = Exported { what: "audit", rows: None, form, filter: asked.as_str() };
    rows::record(&visit.entered.context, visit.mirror.store(), exported, &served.entropy).await?;
    let body = Body::from_stream(Arriving(rows::pieces(store(&served, &visit, &ask.chain), wanted, form)));
    let day = visit.reader.now.to_zoned(visit.reader.zone.clone()).strftime("%Y-%m-%d");
    let name = format!("attachment; filename=\"audit-{day}.{ending}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], body).into_response())
}

/// Where a chain is broken, as a sentence.
fn told(broken: Broken) -> String {
    match broken {
        Broken::Sequence(seq) => format!("Event {seq} is missing."),
        Broken::Event(seq) => format!("Event {seq} is not what was written."),
        Broken::Personal(seq) => format!("The personal part of event {seq} is not what was written."),
        Broken::End(seq) => format!("The events after {seq} were cut off, or the newest hash was changed."),
    }
}

async fn page(served: &Served, visit: &Visit, ask: &Ask, notices: Markup) -> Result<Page, Failure> {
    let wanted = match ask.wanted(&visit.reader) {
        Ok(wanted) => wanted,
        Err(why) => {
            let refused = notice(Weight::Failure, why, html! { p { a href=(HERE) { "Show all events" } } });
            let content = html! { div.headline { h1 { "Audit" } } (refused) };
            let page = Page::framed(&visit.frame("Audit", Place::Audit), content);
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY));
        }
    };
    let later = wanted.before != i64::MAX;
    let (mut found, actors) = store(served, visit, &ask.chain)
        .read(move |tx| Ok((events::matching(tx, &wanted, LIMIT + 1)?, events::actors(tx)?)))
        .await?;
    let more = found.len() > LIMIT as usize;
    found.truncate(LIMIT as usize);
    let content = content((&found, more, later), ask, &actors, (&visit.reader, &visit.snapshot, notices));
    Ok(Page::framed(&visit.frame("Audit", Place::Audit), content))
}

fn content(
    (found, more, later): (&[Recorded], bool, bool),
    ask: &Ask,
    actors: &[String],
    (reader, snapshot, notices): (&Reader, &Snapshot, Markup),
) -> Markup {
    let last = found.last().filter(|_| more).map(|last| last.event.seq.to_string());
    html! {
        div.headline {
            h1 { "Audit" }
            span.grow {}
            form method="post" action=(VERIFY) {
                input type="hidden" name="chain" value=(ask.chain);
                button type="submit" { "Verify the chain" }
            }
        }
        p.lead { "What was done, by whom and from where. Each event is bound to the one before it; nothing is changed afterwards." }
        (notices)
        nav.chips aria-label="Chains" {
            a href=(HERE) aria-current=[(!ask.is_installation()).then_some("page")] { "This organization" }
            a href=(Address::new(HERE).with("chain", INSTALLATION)) aria-current=[ask.is_installation().then_some("page")] { "Sign-ins and server" }
        }
        (narrowing(ask, actors))
        @if found.is_empty() {
            (none(ask, later))
        } @else {
            (table(found, ask, (reader, snapshot)))
            (paging("Pages", later.then(|| ask.at(HERE)), last.map(|seq| ask.at(HERE).with("before", &seq))))
            p { span.export {
                a href=(ask.at(CSV)) download { "CSV" } " · " a href=(ask.at(JSON)) download { "JSON" }
            } " " span.hint { "All that the filter finds. The export is an event itself." } }
        }
    }
}

fn narrowing(ask: &Ask, actors: &[String]) -> Markup {
    html! {
        form.filter method="get" action=(HERE) aria-label="Which events" {
            @if ask.is_installation() { input type="hidden" name="chain" value=(INSTALLATION); }
            select name="kind" aria-label="Kind" {
                option value="" { "All kinds" }
                @for kind in KINDS { option value=(kind.name) selected[ask.kind == kind.name] { (kind.name) } }
            }
            select name="actor" aria-label="Who" {
                option value="" { "Everybody" }
                @for actor in actors { option value=(actor) selected[&ask.actor == actor] { (actor) } }
            }
            label { "From " input type="date" name="from" value=(ask.from); }
            label { "to " input type="date" name="to" value=(ask.to); }
            label { "About " input type="text" name="subject" value=(ask.subject) placeholder="an id" autocomplete="off" spellcheck="false"; }
            button type="submit" { "Filter" }
            @if *ask != (Ask { chain: ask.chain.clone(), ..Ask::default() }) {
                a.button.quiet href=(Ask { chain: ask.chain.clone(), ..Ask::default() }.at(HERE)) { "Clear" }
            }
        }
    }
}

/// Why no event is shown.
fn none(ask: &Ask, later: bool) -> Markup {
    let all = Ask { chain: ask.chain.clone(), ..Ask::default() };
    if later {
        return empty("There are no older events.", html! { p { a.button href=(ask.at(HERE)) { "Newest events" } } });
    }
    if ask.at(HERE).as_str() == all.at(HERE).as_str() {
        return empty(
            "Nothing has happened yet.",
            html! { p { "What is done here, by people and by Rollcall, appears here." } },
        );
    }
    empty(
        "No event is like that.",
        html! { p { "The filter leaves nothing over. " "Sign-ins and access tokens stand in the other chain." } p { a.button href=(all.at(HERE)) { "Show all events" } } },
    )
}

fn table(found: &[Recorded], ask: &Ask, (reader, snapshot): (&Reader, &Snapshot)) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Events" {
            table {
                thead { tr {
                    th scope="col" { "Event" } th scope="col" { "When" } th scope="col" { "What happened" }
                    th scope="col" { "About" } th.hide-s scope="col" { "From where" } th scope="col" { "Outcome" }
                } }
                tbody { @for recorded in found { tr {
                    td { a href=(Address::new(HERE).below(&recorded.event.seq.to_string()).with("chain", if ask.is_installation() { INSTALLATION } else { "" })) { span.num { (recorded.event.seq) } } }
                    td { (reader.moment(recorded.event.at)) }
                    td.long { (sentence(recorded)) }
                    td.long { (about(&recorded.event.subject)) (changed(recorded, snapshot)) }
                    td.hide-s { @match recorded.source() { Some(source) => { (source) } None => { span.sub { "–" } } } }
                    td { (outcome_tag(&recorded.event.kind)) }
                } } }
            }
        }
    }
}

/// Who did what.
pub(super) fn sentence(recorded: &Recorded) -> Markup {
    html! {
        bdi { (rows::who(recorded)) } " " (what(&recorded.event.kind))
        @if recorded.is_erased() { " " span.tag { "erased in part" } }
    }
}

pub(super) fn outcome_tag(kind: &str) -> Markup {
    let word = outcome(kind);
    let class = match word {
        "done" => "tag good",
        "failed" => "tag bad",
        "refused" => "tag warn",
        _ => "tag key",
    };
    html! { span class=(class) { (word) } }
}

#[cfg(test)]
mod tests;
