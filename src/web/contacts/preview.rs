//! What *Jira User Syncing* would do: contacts to make and to link, conflicts, and who is left out and why. Nothing is
//! written before somebody says so here.

use maud::{Markup, html};

use crate::contacts::syncing::{self, Named, Outlook, Switch};
use crate::contacts::trouble::NotDone;
use crate::web::contacts::settings::{HERE as SETTINGS, SYNCING};
use crate::web::contacts::{address, failed};
use crate::web::failure::Failure;
use crate::web::settings_key::sections;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::visit::{Visit, first_use};

/// The page's address.
pub(crate) const HERE: &str = "/settings/contacts/preview";

/// GET /settings/contacts/preview
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    let standing = syncing::standing(&visit.mirror).await?;
    let content = match syncing::outlook(&visit.mirror, None).await {
        Ok(outlook) => content(&outlook, standing.switch),
        Err(NotDone::NotRead) => first_use(visit.state().await?.newest.as_ref()),
        Err(why) => return Err(failed("The preview was not made.", why)),
    };
    let content = html! {
        (sections(SETTINGS))
        nav.trail aria-label="Breadcrumb" { a href=(SETTINGS) { "Contacts" } }
        div.headline { h1 { "What Jira User Syncing would do" } }
        (content)
    };
    Ok(Page::framed(&visit.frame("What Jira User Syncing would do", Place::Settings), content))
}

fn content(outlook: &Outlook, switch: Switch) -> Markup {
    let counts = &outlook.counts;
    let skipped: u64 = counts.skipped.iter().map(|(_, count)| count).sum();
    html! {
        div.sum {
            div { b { (number(counts.creates)) } span { "to create" } }
            div { b { (number(counts.links)) } span { "to link" } }
            div { b { (number(counts.conflicts)) } span { "conflicts" } }
            div { b { (number(skipped)) } span { "skipped" } }
            @if counts.unchanged > 0 { div { b { (number(counts.unchanged)) } span { "as they are" } } }
            @if counts.unlinks > 0 { div { b { (number(counts.unlinks)) } span { "to unlink" } } }
        }
        @if switch == Switch::Off {
            form.row method="post" action=(SYNCING) {
                button.primary type="submit" name="do" value="on" { "Switch Jira User Syncing on" }
                a.button.quiet href=(SETTINGS) { "Leave it off" }
            }
            p.hint { "It runs in the background; its page shows how far it is, and it can be switched off again at any time." }
        }
        section { h2 { "To create" } (creates(outlook)) }
        section { h2 { "To link" } (links(outlook)) }
        section { h2 { "Conflicts" } (conflicts(outlook)) }
        section { h2 { "Skipped" } (left_out(outlook)) }
    }
}

fn who(named: &Named) -> Markup {
    html! {
        th.breaks scope="row" { bdi { (named.name) } @if named.customer { " " span.tag { "Customer" } } }
        td.breaks { @match &named.email { Some(email) => { bdi { (email) } } None => { span.sub { "hidden" } } } }
    }
}

fn more(shown: usize, all: u64) -> Markup {
    html! { @if (shown as u64) < all { p.hint { "The first " (number(shown as u64)) " of " (number(all)) " are shown." } } }
}

fn creates(outlook: &Outlook) -> Markup {
    html! {
        @if outlook.creates.is_empty() { (empty("No contact is missing.", html! {})) } @else {
            div.scroll tabindex="0" role="region" aria-label="To create" { table {
                thead { tr { th scope="col" { "Name" } th scope="col" { "E-mail" } } }
                tbody { @for named in &outlook.creates { tr { (who(named)) } } }
            } }
            (more(outlook.creates.len(), outlook.counts.creates))
        }
    }
}

fn links(outlook: &Outlook) -> Markup {
    html! {
        @if outlook.links.is_empty() { (empty("No contact has the address of an account that is not linked.", html! {})) } @else {
            div.scroll tabindex="0" role="region" aria-label="To link" { table {
                thead { tr { th scope="col" { "Account" } th scope="col" { "E-mail" } th scope="col" { "Contact" } } }
                tbody { @for (named, record) in &outlook.links { tr { (who(named)) td.breaks { a href=(address(record)) { bdi { (record.name) } } } } } }
            } }
            (more(outlook.links.len(), outlook.counts.links))
        }
    }
}

fn conflicts(outlook: &Outlook) -> Markup {
    html! {
        @if outlook.conflicts.is_empty() { (empty("Nothing is in conflict.", html! {})) } @else {
            div.scroll tabindex="0" role="region" aria-label="Conflicts" { table {
                thead { tr { th scope="col" { "E-mail" } th scope="col" { "Contacts" } th scope="col" { "Why, and what is proposed" } } }
                tbody { @for (conflict, records) in &outlook.conflicts { tr {
                    th.breaks scope="row" { bdi { (conflict.email_key) } }
                    td.breaks { @for (place, record) in records.iter().enumerate() { @if place > 0 { ", " } a href=(address(record)) { bdi { (record.name) } } } }
                    td.long { (conflict.kind.sentence()) " " span.sub { (conflict.kind.proposal()) } }
                } } }
            } }
            (more(outlook.conflicts.len(), outlook.counts.conflicts))
        }
    }
}

fn left_out(outlook: &Outlook) -> Markup {
    let all: u64 = outlook.counts.skipped.iter().map(|(_, count)| count).sum();
    html! {
        @if outlook.skipped.is_empty() { (empty("Nobody is left out.", html! {})) } @else {
            ul { @for (why, count) in &outlook.counts.skipped { li { (number(*count)) ": " (why.sentence()) } } }
            div.scroll tabindex="0" role="region" aria-label="Skipped" { table {
                thead { tr { th scope="col" { "Account" } th scope="col" { "E-mail" } th scope="col" { "Why" } } }
                tbody { @for (named, why) in &outlook.skipped { tr { (who(named)) td.long { (why.sentence()) } } } }
            } }
            (more(outlook.skipped.len(), all))
        }
    }
}
