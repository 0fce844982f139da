//! The page of a contact or a company: fields, companies or contacts, accounts with how they stand, notes, history; and what
//! can be done with it.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use contact::field::{Entity, LONGEST_NAME};
use contact::sync::LinkState;
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::look::{self, SHOWN_CONTACTS, Whole};
use crate::contacts::{keep, notes, relate};
use crate::nouns::contact::{Happened, Record, RecordState, ShownIdentity};
use crate::web::Served;
use crate::web::contacts::form::sections;
use crate::web::contacts::{COMPANIES, Of, address, failed, home, merge, told, words};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight, notice};
use crate::web::ui::person;
use crate::web::visit::Visit;

/// What is done by hand.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    text: String,
    number: String,
    company: String,
    role: String,
}

/// GET /contacts/{id}, GET /companies/{id}
pub(crate) async fn show(Of(entity): Of, visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    page(&visit, (entity, &id), html! {}).await
}

/// POST /contacts/{id}, POST /companies/{id}
pub(crate) async fn submit(
    Of(entity): Of,
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let (mut what, mut next) = ("Nothing was done.", home(entity).below(&id));
    let done = match entry.verb.as_str() {
        "note" => {
            what = "The note was not kept.";
            notes::add(context, mirror, (&id, &entry.text), entropy).await
        }
        "drop_note" => notes::remove(context, mirror, (&id, entry.number.parse().unwrap_or(0)), entropy).await,
        "link" => {
            what = "The contact was not put into the company.";
            match company(&visit, &entry.company).await? {
                Some(company) => relate::link(context, mirror, (&id, &company, &entry.role), entropy).await,
                None => {
                    let why =
                        format!("no company is called “{}”, or several are: choose one by its page", entry.company);
                    Err(crate::contacts::trouble::NotDone::Invalid(why))
                }
            }
        }
        "unlink" => relate::unlink(context, mirror, (&id, &entry.company), entropy).await,
        "delete" => {
            what = "It was not deleted.";
            next = home(entity);
            keep::delete(context, mirror, &id, entropy).await.map(drop)
        }
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    };
    match done {
        Ok(()) => Ok(see(next.as_str())),
        Err(why) => {
            let refusal = told(what, why)?;
            let page = page(&visit, (entity, &id), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// The id of the one company that somebody means: by id, or by its name.
async fn company(visit: &Visit, text: &str) -> Result<Option<String>, Failure> {
    if crate::id::RecordId::parse(text.trim()).is_some() {
        return Ok(Some(text.trim().to_owned()));
    }
    let tables = visit.mirror.contacts().await?;
    let named = tables.companies.named(text);
    let Some(number) = named.iter().next().filter(|_| named.len() == 1) else { return Ok(None) };
    let records = crate::contacts::answer::records(&visit.mirror, Entity::Company, &[number]).await?;
    Ok(records.first().map(|record| record.id.to_string()))
}

async fn page(visit: &Visit, (entity, id): (Entity, &str), said: Markup) -> Result<Page, Failure> {
    let whole = look::whole(&visit.mirror, (entity, id)).await;
    let whole = whole.map_err(|why| failed("It was not found.", why))?;
    let record = &whole.record;
    if !record.is_live() {
        return gone(visit, &whole);
    }
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(home(entity)) { (if entity == Entity::Contact { "Contacts" } else { "Companies" }) } }
        div.headline.person {
            span.av.large aria-hidden="true" { (person::initials(&record.name)) }
            h1 { bdi { (record.name) } }
            (words::system(record.mark.as_ref()))
            @for tag in &record.tags { " " a.tag href=(home(entity).with("q", &format!("tag = {}", filter::quote(tag)))) { bdi { (tag) } } }
            @if let Some(mark) = &record.mark { " " (words::status(&mark.status)) }
            span.grow {}
            a.button href=(address(record).below("edit")) { "Edit" }
        }
        (said)
        (alike(&whole))
        section aria-labelledby="details" { h2 id="details" { "Details" } (details(&whole, visit)) }
        section aria-labelledby="related" {
            h2 id="related" { (if entity == Entity::Contact { "Companies" } else { "Contacts" }) }
            (related(&whole))
        }
        @if entity == Entity::Contact {
            section aria-labelledby="accounts" { h2 id="accounts" { "Accounts" } (accounts(&whole, visit)) }
        }
        section aria-labelledby="notes" { h2 id="notes" { "Notes" } (written(&whole, visit)) }
        section aria-labelledby="history" { h2 id="history" { "History" } (history(&whole.history, visit)) }
        section aria-labelledby="delete" { h2 id="delete" { "Delete" } (deletion(record)) }
    };
    Ok(Page::framed(&visit.frame(&record.name, Place::Contacts), content))
}

/// What an address of a record leads to that is gone.
fn gone(visit: &Visit, whole: &Whole) -> Result<Page, Failure> {
    let survivor = whole.survivor.as_ref().filter(|_| whole.record.state == RecordState::Merged);
    let Some(survivor) = survivor else {
        return Err(Failure::NotFound("There is no contact or company at this address any more."));
    };
    let content = html! {
        div.headline { h1 { "Merged" } }
        (notice(Weight::Info, "This record was merged into another one.", html! {
            p { "Everything that was here is there, with its history." }
            p { a.button href=(address(survivor)) { bdi { (survivor.name) } } }
        }))
    };
    Ok(Page::framed(&visit.frame("Merged", Place::Contacts), content))
}

fn alike(whole: &Whole) -> Markup {
    html! {
        @if !whole.alike.is_empty() {
            (notice(Weight::Warning, "Other contacts have the same e-mail address.", html! {
                p { @for (place, other) in whole.alike.iter().enumerate() { @if place > 0 { ", " } a href=(address(other)) { bdi { (other.name) } } } ". If they are the same person, " a href=(merge::DUPLICATES) { "merge them" } "." }
            }))
        }
    }
}

fn details(whole: &Whole, visit: &Visit) -> Markup {
    let record = &whole.record;
    html! {
        dl.facts {
            @if record.entity == Entity::Contact {
                div { dt { "E-mail" } dd { @match &record.email { Some(email) => { a href=(format!("mailto:{email}")) { bdi { (email) } } } None => { span.sub { "none" } } } } }
            } @else {
                div { dt { "Domains" } dd { @if record.domains.is_empty() { span.sub { "none" } } @else { bdi { (record.domains.join(", ")) } } } }
            }
            div { dt { "Made" } dd { (visit.reader.moment(record.created_at)) " by " bdi { (record.created_by) } } }
            div { dt { "Changed" } dd { (visit.reader.moment(record.changed_at)) } }
        }
        @for (section, fields) in sections(&whole.fields) {
            @if !section.is_empty() { h3 { bdi { (section) } } }
            dl.facts { @for field in fields {
                div { dt { bdi { (field.label) } } dd { @match record.values.get(&field.number) {
                    Some(text) => (words::value(field, text, &visit.snapshot)),
                    None => { span.sub { "none" } }
                } } }
            } }
        }
    }
}

fn related(whole: &Whole) -> Markup {
    let record = &whole.record;
    let contacts = record.entity == Entity::Contact;
    html! {
        @if whole.related.is_empty() {
            p.hint { (if contacts { "It belongs to no company." } else { "It has no contact." }) }
        } @else {
            div.scroll tabindex="0" role="region" aria-label=(if contacts { "Companies" } else { "Contacts" }) {
                table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Role" } @if contacts { th scope="col" { span.hidden { "What can be done" } } } @else { th.hide-s scope="col" { "E-mail" } } } }
                    tbody { @for (other, role) in &whole.related { tr {
                        th scope="row" { a.name href=(address(other)) { bdi { (other.name) } } (words::system(other.mark.as_ref())) }
                        td { bdi { (role) } }
                        @if contacts {
                            td { form method="post" action=(address(record)) {
                                input type="hidden" name="company" value=(other.id.as_str());
                                button.quiet type="submit" name="do" value="unlink" { "Take out" span.hidden { " of " (other.name) } }
                            } }
                        } @else {
                            td.hide-s { @if let Some(email) = &other.email { bdi { (email) } } }
                        }
                    } } }
                }
            }
        }
        @if contacts {
            details open[whole.related.is_empty()] {
                summary { "Put into a company" }
                form.fields method="post" action=(address(record)) {
                    label { "Company"
                        span.hint id="company-hint" { "Its name, as the list of " a href=(COMPANIES) { "companies" } " has it." }
                        input type="text" name="company" required maxlength=(LONGEST_NAME) autocomplete="off" aria-describedby="company-hint";
                    }
                    label { "Role" input type="text" name="role" maxlength=(LONGEST_NAME) autocomplete="off"; }
                    button type="submit" name="do" value="link" { "Put in" }
                }
            }
        } @else if whole.related.len() as u32 >= SHOWN_CONTACTS {
            p { a href=(home(Entity::Contact).with("q", &format!("company = {}", filter::quote(&record.name)))) { "All contacts of this company" } }
        }
    }
}

fn accounts(whole: &Whole, visit: &Visit) -> Markup {
    html! {
        @if whole.identities.is_empty() {
            p.hint { "No account keeps this contact: it is a regular one, and everything about it is edited here." }
        }
        @for identity in &whole.identities { (account(identity, visit)) }
    }
}

/// An account with what the mirror knows of it.
fn account(identity: &ShownIdentity, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let known = snapshot.account(&identity.account).and_then(|ordinal| Some((ordinal, snapshot.account_row(ordinal)?)));
    let state = match identity.state {
        LinkState::Linked => "This contact follows it.",
        LinkState::Former => "It kept this contact until syncing was switched off or left it out; it will again.",
        LinkState::Gone => "It kept this contact until it was gone for good.",
    };
    html! {
        div.site {
            h3 {
                @match &known {
                    Some((_, row)) => { a href=(Address::person(row.id)) { bdi { (identity.name) } } }
                    None => { bdi { (identity.name) } }
                }
                " " span.tag { (if identity.user { "Jira user" } else { "Customer" }) }
                @if identity.user && identity.customer { " " span.tag { "Customer" } }
                " " (words::status(&identity.status))
            }
            dl.facts {
                div { dt { "State" } dd { (state) } }
                div { dt { "E-mail" } dd { @match &identity.email { Some(email) => { bdi { (email) } } None => { span.sub { "hidden" } } } } }
                div { dt { "Account id" } dd { code { (identity.account) } } }
                div { dt { "Since" } dd { (visit.reader.moment(identity.since)) } }
                @if let Some((ordinal, _)) = &known {
                    @let (sites, _) = crate::mirror::export::sites_and_apps(snapshot, *ordinal);
                    div { dt { "Sites" } dd { @if sites.is_empty() { span.sub { "none" } } @else { bdi { (sites.join(", ")) } } } }
                    div { dt { "Last active" } dd { (person::last_active(snapshot, *ordinal, &visit.reader)) } }
                    div.whole { dt { "History" } dd { a href=(format!("{}#history", Address::person(&identity.account))) { "What syncs saw change" } } }
                }
            }
        }
    }
}

fn written(whole: &Whole, visit: &Visit) -> Markup {
    let here = address(&whole.record);
    html! {
        @for note in &whole.notes {
            div.note {
                @for line in note.text.lines() { p { bdi { (line) } } }
                form.row method="post" action=(here) {
                    span.sub { bdi { (note.author) } ", " (visit.reader.relative(note.at)) }
                    input type="hidden" name="number" value=(note.number);
                    button.quiet type="submit" name="do" value="drop_note" { "Remove note" }
                }
            }
        }
        form.fields method="post" action=(here) {
            label { "New note" textarea name="text" rows="3" required maxlength=(notes::LONGEST) {} }
            button type="submit" name="do" value="note" { "Add note" }
        }
    }
}

fn history(events: &[Happened], visit: &Visit) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="History" {
            table {
                thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Who" } } }
                tbody { @for event in events { tr {
                    td.breaks { (visit.reader.moment(event.at)) }
                    td.long { (happened(event)) }
                    td.breaks { bdi { (event.author) } }
                } } }
            }
        }
    }
}

/// What happened, in words, with what was and what is.
fn happened(event: &Happened) -> Markup {
    let told: serde_json::Value = serde_json::from_str(&event.told).unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let words = match event.kind.as_str() {
        "created" => "Made",
        "changed" => "Changed",
        "followed" => "Followed its account",
        "joined_company" => "Put into a company",
        "left_company" => "Taken out of a company",
        "note_added" => "Note added",
        "note_removed" => "Note removed",
        "linked" => "Linked to an account",
        "unlinked" => "No longer linked to an account",
        "released" => "Became a regular contact",
        "merged" => "Merged with another record",
        other => other,
    };
    html! {
        (words)
        @match event.kind.as_str() {
            "joined_company" | "left_company" => {
                ": " bdi { (text("company")) } @if !text("role").is_empty() { " (" bdi { (text("role")) } ")" }
            }
            "linked" | "unlinked" => { " " code { (text("account")) } @if !text("why").is_empty() { ": " (text("why")) } }
            "merged" => { ": " bdi { (text("name")) } }
            _ => {
                @if let Some(fields) = told.as_object() {
                    @for (name, both) in fields.iter().filter(|(_, both)| both.is_array()) {
                        div.sub { bdi { (titled(name)) } ": "
                            @if let Some(old) = both[0].as_str() { del { bdi { (old) } } " " }
                            @if let Some(new) = both[1].as_str() { ins { bdi { (new) } } } @else { "none" }
                        }
                    }
                }
            }
        }
    }
}

/// What the history calls a thing that every record has; the fields that people define are called by their labels.
fn titled(name: &str) -> &str {
    match name {
        "name" => "Name",
        "email" => "E-mail",
        "domains" => "Domains",
        "tags" => "Tags",
        "status" => "Status",
        label => label,
    }
}

fn deletion(record: &Record) -> Markup {
    html! {
        @if record.mark.is_some() {
            p { "This contact is synced with a Jira user or customer and cannot be deleted. Delete the Jira user or customer at Atlassian, or switch Jira User Syncing off: the contact becomes a regular one then." }
        } @else {
            form method="post" action=(address(record)) {
                p.hint { "Its fields, notes and history are gone then, and cannot be brought back." }
                button.danger type="submit" name="do" value="delete" { "Delete " bdi { (record.name) } }
            }
        }
    }
}
