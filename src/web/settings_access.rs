//! Settings, *App Access Control*: who may enter, whom the two switches would admit, and inviting a mirrored person by a
//! one-time link, which is shown once.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap};
use axum::response::{IntoResponse, Response};
use directory::{Ordinal, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::invitations::{self, NotInvited};
use crate::mirror::app_access::{self, AppAccess, By, Switches};
use crate::mirror::why;
use crate::nouns::refusal::Refusal;
use crate::store::control::administrators::{self, Administrator};
use crate::store::control::admissions::{self, Admission};
use crate::sync::app_access as entries;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::{is_secure, see};
use crate::web::settings;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight};
use crate::web::ui::person;
use crate::web::visit::Visit;

/// The section's address.
pub(crate) const HERE: &str = "/settings/app-access-control";
/// Where somebody is invited.
pub(crate) const INVITE: &str = "/settings/app-access-control/invite";
/// Where an entry is taken.
pub(crate) const REMOVE: &str = "/settings/app-access-control/remove";

/// What stands beside the switches, word by word.
const WARNING: &str =
    "Whoever is admitted has full access to all sites, actions and user data. Grant only to trusted administrators.";
/// So many people of a switch are named.
const NAMED: usize = 20;

/// The form of the switches.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    product_admins: String,
    user_access_admins: String,
}

/// The form of an invitation or of a removal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Whom {
    who: String,
}

/// Everything the section shows.
struct Shown<'a> {
    access: AppAccess,
    at_set_up: Vec<Administrator>,
    admitted: Vec<Admission>,
    snapshot: &'a Snapshot,
    reader: &'a Reader,
}

/// GET /settings/app-access-control
pub(crate) async fn show(State(served): State<Served>, visit: Visit) -> Result<Page, Failure> {
    section(&served, &visit, html! {}).await
}

/// POST /settings/app-access-control: the switches
pub(crate) async fn choose(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let switches = Switches {
        product_admins: !entry.product_admins.is_empty(),
        user_access_admins: !entry.user_access_admins.is_empty(),
    };
    entries::choose(&visit.entered.context, &visit.mirror, switches, &served.entropy).await?;
    Ok(see(HERE))
}

/// POST /settings/app-access-control/invite: makes a link and shows it once
pub(crate) async fn invite(
    State(served): State<Served>,
    visit: Visit,
    headers: HeaderMap,
    Form(whom): Form<Whom>,
) -> Result<Response, Failure> {
    let refused = |why: &str, next: &str| Refusal::new("Nobody was invited.", why, next);
    let found = why::named(&visit.snapshot, &whom.who);
    let problem = match found.as_slice() {
        [account] => {
            let id = visit.snapshot.account_id(*account).map(|id| id.to_string()).unwrap_or_default();
            let context = &visit.entered.context;
            match invitations::invite(&served.control, context, (&visit.mirror, &id), &served.entropy).await? {
                Ok(path) => {
                    let link = link(&headers, &path);
                    let page = section(&served, &visit, invited(*account, &visit.snapshot, &link)).await?;
                    return Ok(page.into_response());
                }
                Err(NotInvited::RolesNotRead) => refused(
                    "Whether they have a role that admits them was not read yet, and what is not known admits nobody.",
                    "Let a sync read administrative roles, then invite them.",
                ),
                Err(_) => refused(
                    "No role of theirs admits them, or they are not active.",
                    "Give them the role organization admin at Atlassian and sync, or switch a kind of admins on below.",
                ),
            }
        }
        [] => refused(
            "The mirror knows nobody of this address or id.",
            "Check the spelling, or look for them in the User Browser.",
        ),
        _ => refused("Several people are named so.", "Give the e-mail address or the account id."),
    };
    let page = section(&served, &visit, notice::refusal(&problem)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// POST /settings/app-access-control/remove
pub(crate) async fn remove(
    State(served): State<Served>,
    visit: Visit,
    Form(whom): Form<Whom>,
) -> Result<Response, Failure> {
    let of = (&visit.mirror, whom.who.as_str());
    entries::remove(&served.control, &visit.entered.context, of, &served.entropy).await?;
    Ok(see(HERE))
}

/// The link with the address that the browser has asked at.
fn link(headers: &HeaderMap, path: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if is_secure(headers) { "https" } else { "http" };
    format!("{scheme}://{host}{path}")
}

fn invited(account: Ordinal, snapshot: &Snapshot, link: &str) -> Markup {
    let row = snapshot.account_row(account);
    notice::notice(
        Weight::Info,
        "The invitation is made.",
        html! {
            p { "Give this link to " @if let Some(row) = &row { bdi { (person::display_name(row)) } } ". It works once, for 72 hours, and is shown only now." }
            p { code { (link) } }
            p.hint { "Whoever opens it first chooses the username and password. Links made for them before are worth nothing." }
        },
    )
}

async fn section(served: &Served, visit: &Visit, problem: Markup) -> Result<Page, Failure> {
    let access = visit.mirror.store().read(app_access::read).await?;
    let id = visit.mirror.organization().id.clone();
    let read = served.control.read(move |tx| Ok((administrators::made_at_set_up(tx)?, admissions::list(tx, &id)?)));
    let (at_set_up, admitted) = read.await?;
    let shown = Shown { access, at_set_up, admitted, snapshot: &visit.snapshot, reader: &visit.reader };
    Ok(Page::framed(
        &visit.frame("App Access Control", Place::Settings),
        html! {
            (settings::strip(HERE))
            div.headline { h1 { "App Access Control" } }
            p.lead { "Who may enter Rollcall. " }
            (problem)
            (content(&shown))
        },
    ))
}

fn content(shown: &Shown<'_>) -> Markup {
    html! {
        h2 { "Who may enter" }
        (entered(shown))
        h2 { "Invite" }
        p { "Organization admins can be invited, and whom the switches below admit. Who loses the role loses the entry at the next sync." }
        form.fields method="post" action=(INVITE) {
            label { "E-mail address or account id"
                input type="text" name="who" required maxlength="320" autocapitalize="none" spellcheck="false";
            }
            button.primary type="submit" { "Invite" }
        }
        (people(By::OrganizationAdmin, shown))
        h2 { "Who can be invited besides" }
        p { strong { (WARNING) } }
        form.fields method="post" action=(HERE) {
            label.choice {
                input type="checkbox" name="product_admins" value="on" checked[shown.access.switches.product_admins];
                span { "Product Admins" span.sub { "Who administers an app on any site." } }
            }
            (people(By::ProductAdmin, shown))
            label.choice {
                input type="checkbox" name="user_access_admins" value="on" checked[shown.access.switches.user_access_admins];
                span { "User Access Admins" span.sub { "They need access to a product." } }
            }
            (people(By::UserAccessAdmin, shown))
            button.primary type="submit" { "Save" }
            p.hint {
                @match &shown.access.chosen {
                    Some((who, at)) => { "Chosen by " bdi { (who) } ", " (shown.reader.relative(*at)) "." }
                    None => "Nobody has switched anything on yet; both are off."
                }
                " Who came in by a switch that goes off stays until the next sync."
            }
        }
    }
}

/// Whom a kind of role admits, or would.
fn people(by: By, shown: &Shown<'_>) -> Markup {
    let accounts = app_access::admitted_by(shown.snapshot, by);
    let summary = match by {
        By::OrganizationAdmin => counted(accounts.len() as u64, "organization admin", "organization admins"),
        By::ProductAdmin | By::UserAccessAdmin => {
            format!("It admits {}", counted(accounts.len() as u64, "more person", "more people"))
        }
    };
    html! {
        details {
            summary { (summary) }
            ul {
                @for row in accounts.iter().take(NAMED).filter_map(|account| shown.snapshot.account_row(*account)) {
                    li { a.name href=(Address::person(row.id)) { bdi { (person::display_name(&row)) } } " " span.sub { bdi { (row.email.unwrap_or(row.id)) } } }
                }
                @if accounts.len() > NAMED { li { "and " (number((accounts.len() - NAMED) as u64)) " more" } }
            }
        }
    }
}

fn entered(shown: &Shown<'_>) -> Markup {
    let last = |at: Option<jiff::Timestamp>| {
        html! {
            @match at { Some(at) => { (shown.reader.relative(at)) } None => { span.sub { "never" } } }
        }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Who may enter" {
            table {
                thead { tr {
                    th scope="col" { "Username" } th scope="col" { "Person" } th scope="col" { "Entry" }
                    th scope="col" { "Last sign-in" } th scope="col" { "" }
                } }
                tbody {
                    @for administrator in &shown.at_set_up { tr {
                        th scope="row" { bdi { (administrator.username) } }
                        td { span.sub { "tied to nobody" } }
                        td { span.tag { "Break-glass" } " " span.sub { "made at set-up, always enters" } }
                        td { (last(administrator.last_sign_in_at)) }
                        td {}
                    } }
                    @for admission in &shown.admitted { tr {
                        @let row = shown.snapshot.account(&admission.account_id).and_then(|account| shown.snapshot.account_row(account));
                        th scope="row" { bdi { (admission.username) } }
                        td { @match &row {
                            Some(row) => a.name href=(Address::person(row.id)) { bdi { (person::display_name(row)) } },
                            None => code { (admission.account_id) },
                        } }
                        td { @match &admission.ended {
                            None => { "Invited, since " (shown.reader.relative(admission.admitted_at)) }
                            Some((at, why)) => { span.tag.warn { "Ended" } " " (shown.reader.relative(*at)) ": " (why) }
                        } }
                        td { (last(admission.last_sign_in_at)) }
                        td { @if admission.ended.is_none() {
                            form method="post" action=(REMOVE) {
                                input type="hidden" name="who" value=(admission.account_id);
                                button.quiet type="submit" aria-label=(format!("Take the entry of {}", admission.username)) { "Take entry" }
                            }
                        } }
                    } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{AdministratorId, Entropy};
    use crate::web::acme::{acme, now, reader};

    #[test]
    fn the_section_says_what_an_entry_means_and_shows_who_has_one() {
        let (snapshot, reader) = (acme(), reader());
        let id = AdministratorId::new(&Entropy::seeded(1), now());
        let set_up = Administrator {
            id: id.clone(),
            username: "mira <b>".to_owned(),
            password_hash: "SECRET".to_owned(),
            last_sign_in_at: None,
        };
        let admission = |account: &str, ended| Admission {
            administrator: id.clone(),
            username: "ines".to_owned(),
            account_id: account.to_owned(),
            admitted_at: now(),
            last_sign_in_at: Some(now()),
            ended,
        };
        let ended = Some((now(), "The last sync found no role that admits them.".to_owned()));
        let shown = Shown {
            access: AppAccess::default(),
            at_set_up: vec![set_up],
            admitted: vec![admission("acc-ines", None), admission("acc-unknown", ended)],
            snapshot: &snapshot,
            reader: &reader,
        };
        let page = content(&shown).0;
        assert!(page.contains(WARNING) && page.contains("Break-glass") && page.contains("mira &lt;b&gt;"), "{page}");
        assert!(page.contains("Product Admins") && page.contains("User Access Admins") && !page.contains(" checked"));
        assert!(page.contains("1 organization admin") && page.contains("It admits 0 more people"), "{page}");
        assert_eq!(page.matches("Take entry").count(), 1, "an ended entry cannot be taken");
        assert!(page.contains(">Ended<") && !page.contains("SECRET"));
    }
}
