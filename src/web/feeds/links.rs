//! Whose Atlassian account is not clear, over all feeds; and on a person's page which account is theirs, how that was decided,
//! and the forms that decide it by hand.

use axum::extract::Query;
use maud::{Markup, html};
use serde::Deserialize;

use crate::feeds::accounts::link;
use crate::feeds::look_up::{Looked, unclear_words};
use crate::nouns::feed_account::{LinkCase, LinkHow};
use crate::nouns::feed_person::FeedPerson;
use crate::web::failure::Failure;
use crate::web::feeds::{self, lookup};
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::paging::paging;
use crate::web::ui::person::{display_name, status_word};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/feed-links";
/// People of one page.
const LIMIT: u32 = 100;

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// Behind this username.
    after: String,
}

/// GET /feed-links
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let mut found = link::cases(&visit.mirror, &ask.after, LIMIT + 1).await?;
    let more = found.len() > LIMIT as usize;
    found.truncate(LIMIT as usize);
    let next = found.last().filter(|_| more).map(|(last, _)| Address::new(HERE).with("after", &last.username_key));
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(feeds::HERE) { "Feeds" } }
        div.headline { h1 { "Accounts that are not clear" } }
        p.lead { "Nobody is guessed: where an address is several people’s or several accounts’, somebody links the person by hand. Until then nothing at Atlassian follows for them." }
        @if found.is_empty() {
            (empty("Everybody’s account is clear.", html! { p { "People whose address no account has verified are not listed here: there is nothing to choose from yet." } }))
        } @else { (table(&found, &visit)) }
        (paging("Pages of people", (!ask.after.is_empty()).then(|| Address::new(HERE)), next))
    };
    Ok(Page::framed(&visit.frame("Accounts that are not clear", Place::Feeds), content))
}

fn table(found: &[(FeedPerson, LinkCase)], visit: &Visit) -> Markup {
    html! {
        div.scroll.roomy tabindex="0" role="region" aria-label="People" {
            table {
                thead { tr { th scope="col" { "Username" } th scope="col" { "Name" } th.hide-s scope="col" { "E-mail" } th scope="col" { "Why" } th scope="col" { "Accounts" } } }
                tbody { @for (person, case) in found { tr {
                    th scope="row" { a.name href={ (lookup::address(person.account)) "#account" } { bdi { (person.username) } } }
                    td.long { bdi { (person.name) } }
                    td.long.hide-s { bdi { (person.email) } }
                    td.long { (unclear_words(case.unclear)) }
                    td.long { @for account in &case.accounts { div { (named(account.as_str(), visit)) } } }
                } } }
            }
        }
    }
}

/// An account by its name, with the way to it.
fn named(id: &str, visit: &Visit) -> Markup {
    let row = visit.snapshot.account(id).and_then(|account| visit.snapshot.account_row(account));
    html! { a.name href=(Address::person(id)) { bdi { (row.as_ref().map_or(id, display_name)) } } }
}

/// Which account is somebody's, for their page.
pub(super) fn section(looked: &Looked, visit: &Visit) -> Markup {
    let person = &looked.person;
    html! {
        @if let Some(case) = &looked.case {
            (notice(Weight::Warning, "Which account is theirs is not clear.", html! {
                p { "Nobody is guessed: " (unclear_words(case.unclear)) ". Choose one here, or say that none is theirs." }
                @for account in &case.accounts {
                    form.row method="post" action=(lookup::address(person.account)) {
                        input type="hidden" name="account" value=(account);
                        span { (named(account.as_str(), visit)) }
                        button type="submit" name="do" value="link" aria-label={ "Link to " (account) } { "Link" }
                    }
                }
            }))
        }
        dl.facts {
            div { dt { "Account" } dd {
                @match &looked.account {
                    Some(account) => {
                        a.name href=(Address::person(&account.id)) { bdi { (if account.name.is_empty() { &account.id } else { &account.name }) } }
                        @if let Some(email) = &account.email { " " span.sub { bdi { (email) } } }
                    }
                    None => { span.sub { "none linked" } }
                }
            } }
            @if let Some(account) = &looked.account { div { dt { "State at Atlassian" } dd { @match &account.status { Some(status) => (standing(status)), None => { span.sub { "not in the organization" } } } } } }
            @if let Some(note) = &person.link {
                div { dt { "Decided" } dd {
                    @match note.how { LinkHow::Email => "by the verified e-mail address", LinkHow::Hand => { "by " bdi { (note.by) } } LinkHow::Apart => { bdi { (note.by) } " said that none is theirs" } }
                    ", " (visit.reader.relative(note.at))
                } }
            }
        }
        @if let Some(account) = looked.account.as_ref().filter(|account| account.email.as_deref().is_some_and(|email| directory::email_key(email) != person.email_key)) {
            p.hint { "The account’s address is another one than the feeds say (" bdi { (account.email.as_deref().unwrap_or_default()) } "). A link stays with its account, whatever addresses become." }
        }
        (forms(looked))
    }
}

/// How an account stands, in our words.
fn standing(status: &str) -> String {
    status_word(&directory::Status::parse(status)).to_owned()
}

fn forms(looked: &Looked) -> Markup {
    let person = &looked.person;
    let here = || lookup::address(person.account);
    let decided = person.link.as_ref().map(|note| note.how);
    html! {
        details {
            summary { (if person.linked.is_some() { "Link to another account" } else { "Link to an account" }) }
            form.fields method="post" action=(here()) {
                label { "Account" span.hint id="account-hint" { "Its id, or its e-mail address. An account is one person’s." }
                    input type="text" name="account" required maxlength="512" autocomplete="off" spellcheck="false" aria-describedby="account-hint"; }
                button type="submit" name="do" value="link" { "Link" }
            }
        }
        div.row {
            @if decided != Some(LinkHow::Apart) {
                form.row method="post" action=(here()) {
                    button type="submit" name="do" value="unlink" { (if person.linked.is_some() { "Unlink" } else { "No account is theirs" }) }
                    span.hint { "They are not matched by their address any more, and no plan is about them." }
                }
            }
            @if matches!(decided, Some(LinkHow::Apart | LinkHow::Hand)) {
                form.row method="post" action=(here()) {
                    button type="submit" name="do" value="match" { "Match by address again" }
                    span.hint { "What was decided by hand is forgotten." }
                }
            }
        }
    }
}
