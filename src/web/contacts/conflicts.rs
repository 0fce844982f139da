//! The inbox of conflicts: each with what is the matter, whom it is about, and what is proposed. Nothing is picked here
//! before a person says so.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::contacts::conflicts::{self, LONGEST_REASON, ShownConflict};
use crate::nouns::contact_run::ConflictState;
use crate::web::Served;
use crate::web::contacts::{HERE as CONTACTS, address, merge, strip, told, words};
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Frame, Motion, Page, Place};
use crate::web::ui::notice::{self, empty};
use crate::web::ui::paging::paging;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/contacts/conflicts";
/// How many a page shows.
const SHOWN: u32 = 50;

/// Which conflicts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    state: String,
    after: String,
}

/// What is decided.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    #[serde(rename = "do")]
    verb: String,
    number: String,
    reason: String,
    contact: String,
    account: String,
}

/// GET /contacts/conflicts
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    page(&visit, &ask, html! {}).await
}

/// POST /contacts/conflicts
pub(crate) async fn decide(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let (context, mirror, entropy) = (&visit.entered.context, &visit.mirror, &served.entropy);
    let number = entry.number.parse().unwrap_or(0);
    let (done, next) = match entry.verb.as_str() {
        "dismiss" => (conflicts::dismiss(context, mirror, (number, &entry.reason), entropy).await, HERE.to_owned()),
        "reopen" => (conflicts::reopen(context, mirror, number, entropy).await, HERE.to_owned()),
        "link" => {
            let next = Address::new(CONTACTS).below(&entry.contact).as_str().to_owned();
            (conflicts::link_account(context, mirror, (&entry.contact, &entry.account), entropy).await, next)
        }
        _ => return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)),
    };
    match done {
        Ok(()) => Ok(see(&next)),
        Err(why) => {
            let refusal = told("Nothing was decided.", why)?;
            let page = page(&visit, &Ask::default(), notice::refusal(&refusal)).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

async fn page(visit: &Visit, ask: &Ask, said: Markup) -> Result<Page, Failure> {
    let state = ConflictState::parse(&ask.state).unwrap_or(ConflictState::Open);
    let after = ask.after.parse().unwrap_or(0);
    let shown = conflicts::list(&visit.mirror, state, (after, SHOWN)).await?;
    let next = (shown.len() as u32 == SHOWN).then(|| shown.last()).flatten();
    let next = next.map(|one| Address::new(HERE).with("state", &ask.state).with("after", &one.kept.number.to_string()));
    let content = html! {
        div.headline { h1 { "Conflicts" } }
        (strip(HERE))
        (said)
        nav.chips aria-label="States" {
            @for (word, title) in [(ConflictState::Open, "Open"), (ConflictState::Dismissed, "Dismissed"), (ConflictState::Over, "Over")] {
                a href=(Address::new(HERE).with("state", if word == ConflictState::Open { "" } else { word.as_str() })) aria-current=[(word == state).then_some("true")] { (title) }
            }
        }
        div id="conflicts" data-live="operation" {
            @if shown.is_empty() {
                @if state == ConflictState::Open {
                    (empty("Nothing is in conflict.", html! { p { "When several contacts, or several accounts, have one e-mail address, nothing is picked: it appears here." } }))
                } @else { (empty("No conflict is like this.", html! {})) }
            }
            @for one in &shown { (conflict(one, visit)) }
        }
        (paging("Pages", None, next))
    };
    let motion = if state == ConflictState::Open { Motion::Watched } else { Motion::Still };
    Ok(Page::framed(&Frame { motion, ..visit.frame("Conflicts", Place::Contacts) }, content))
}

fn conflict(one: &ShownConflict, visit: &Visit) -> Markup {
    let kept = &one.kept;
    let title = format!("conflict-{}", kept.number);
    html! {
        section.site aria-labelledby=(title) {
            h2 id=(title) { bdi { (kept.conflict.email_key) } }
            p { (kept.conflict.kind.sentence()) " " span.sub { "Since " (visit.reader.relative(kept.opened_at)) "." } }
            @if !one.records.is_empty() {
                div.scroll tabindex="0" role="region" aria-label="Contacts" { table {
                    thead { tr { th scope="col" { "Contact" } th scope="col" { "E-mail" } th.hide-s scope="col" { "Made" } th.hide-s scope="col" { "Changed" } } }
                    tbody { @for record in &one.records { tr {
                        th.breaks scope="row" { a.name href=(address(record)) { bdi { (record.name) } } (words::system(record.mark.as_ref())) }
                        td.breaks { @if let Some(email) = &record.email { bdi { (email) } } }
                        td.hide-s { (visit.reader.relative(record.created_at)) }
                        td.hide-s { (visit.reader.relative(record.changed_at)) }
                    } } }
                } }
            }
            @for account in &kept.conflict.accounts { p { "Waits to be linked: " (account_words(account, visit)) } }
            @if let Some((by, reason)) = &kept.decided { p.hint { "Dismissed by " bdi { (by) } ": " bdi { (reason) } } }
            @if kept.state == ConflictState::Open { (resolutions(one)) }
            @if kept.state == ConflictState::Dismissed {
                form method="post" action=(HERE) { input type="hidden" name="number" value=(kept.number); button type="submit" name="do" value="reopen" { "Open again" } }
            }
        }
    }
}

/// An account by its name, where the mirror knows it, and by its id otherwise.
pub(super) fn account_words(account: &str, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let row = snapshot.account(account).and_then(|ordinal| snapshot.account_row(ordinal));
    html! { @match row { Some(row) => { a href=(Address::person(row.id)) { bdi { (row.name) } } } None => { code { (account) } } } }
}

/// What is proposed, and what else can be done.
fn resolutions(one: &ShownConflict) -> Markup {
    let kept = &one.kept;
    html! {
        p { b { "Proposed: " } (kept.conflict.kind.proposal()) }
        div.row {
            @if let [first, second, ..] = &*one.records {
                // The one that an account keeps stays; of two regular ones the older.
                @let (stays, goes) = if second.mark.is_some() && first.mark.is_none() { (second, first) } else { (first, second) };
                a.button.primary href=(Address::new(CONTACTS).below("merge").with("keep", stays.id.as_str()).with("other", goes.id.as_str())) { "Merge..." }
            }
            @for record in &one.records {
                @for account in &kept.conflict.accounts {
                    form method="post" action=(HERE) {
                        input type="hidden" name="contact" value=(record.id.as_str());
                        input type="hidden" name="account" value=(account);
                        button type="submit" name="do" value="link" { "Link to " bdi { (record.name) } }
                    }
                }
            }
            a.button.quiet href=(merge::DUPLICATES) { "Duplicates" }
        }
        details {
            summary { "Leave it as it is" }
            form.fields method="post" action=(HERE) {
                input type="hidden" name="number" value=(kept.number);
                label { "Why" input type="text" name="reason" required maxlength=(LONGEST_REASON) autocomplete="off"; }
                button type="submit" name="do" value="dismiss" { "Dismiss" }
            }
        }
    }
}
