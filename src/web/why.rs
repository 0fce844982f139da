//! *Why don't I see someone?*: asks for an e-mail address or an account id and says where that person is, or why not here.
//! What it found out changes nothing; its one button reads that one person.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{AccountId, Ordinal, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::mirror::why::{List, Sought, Standing, without_all};
use crate::nouns::run::RunKind;
use crate::nouns::scope::{Scope, Targets};
use crate::store::timeline::Sealed;
use crate::sync::request::{self, Asked};
use crate::sync::schedule;
use crate::sync::why::{self, Answer};
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_left_out;
use crate::web::settings_sync;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, notice};
use crate::web::ui::person;
use crate::web::visit::{Visit, first_use};

/// The page's address.
pub(crate) const HERE: &str = "/people/why";
/// What the page answers, as links to it say.
pub(crate) const QUESTION: &str = "Why don't I see someone?";

/// What an address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    who: String,
    q: String,
    status: String,
}

/// The form of the one button.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    id: String,
    request_key: String,
}

/// What the answer is shown with.
struct Shown<'a> {
    sought: &'a Sought,
    snapshot: &'a Snapshot,
    reader: &'a Reader,
    request_key: &'a str,
    /// The list without any of the terms that hide the person.
    open: Option<List>,
}

/// The link to the page from a list of people.
pub(crate) fn link(filter: &str, status: &str) -> Markup {
    html! { a href=(Address::new(HERE).with("q", filter.trim()).with("status", status)) { (QUESTION) } }
}

/// GET /people/why
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    Ok(page(&served, &visit, &ask, html! {}).await?.into_response())
}

/// POST /people/why: reads one person, whom Atlassian has and the mirror not yet.
pub(crate) async fn sync(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let Ok(id) = AccountId::new(&entry.id) else {
        return Err(Failure::NotFound("This is no account id."));
    };
    let scope = Scope::Targeted(Targets { people: vec![id], groups: Vec::new() });
    let key = Token::parse(&entry.request_key).map(|key| format!("form:{}", key.expose()));
    let ask_for = request::Ask::scoped(RunKind::Browser, scope);
    match request::start(&visit.entered.context, &visit.mirror, ask_for, (key, &served.entropy)).await? {
        Asked::Queued(id) => Ok(see(Address::new("/runs").below(id.as_str()).as_str())),
        Asked::Held(run) => {
            let page = page(&served, &visit, &ask, settings_sync::held(&run)).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

async fn page(served: &Served, visit: &Visit, ask: &Ask, problem: Markup) -> Result<Page, Failure> {
    let frame = visit.frame(QUESTION, Place::UserBrowser);
    let head = html! {
        nav.trail aria-label="Breadcrumb" { a href=(back(&ask.q, &ask.status)) { "User Browser" } }
        div.headline { h1 { (QUESTION) } }
        (problem)
    };
    if visit.snapshot.generation() == 0 {
        let newest = visit.state().await?.newest;
        return Ok(Page::framed(&frame, html! { (head) (first_use(newest.as_ref())) }));
    }
    let who = ask.who.trim().chars().take(320).collect::<String>();
    let answer = if who.is_empty() {
        html! {}
    } else {
        let sought = Sought { who, filter: ask.q.clone(), status: ask.status.clone() };
        let zone = schedule::zone(&visit.mirror);
        let at = (visit.reader.now, &zone);
        let answer = why::why(&visit.mirror, Some(&served.connector), &sought, at).await?;
        let request_key = Token::new(&served.entropy);
        let open = match &answer {
            Answer::Known { account, standing: Standing::Hidden(_) } => {
                Some(without_all(&visit.snapshot, *account, (&sought, visit.reader.now, &zone)))
            }
            _ => None,
        };
        let shown = Shown {
            sought: &sought,
            snapshot: &visit.snapshot,
            reader: &visit.reader,
            request_key: request_key.expose(),
            open,
        };
        said(&answer, &shown)
    };
    Ok(Page::framed(&frame, html! { (head) (form(ask)) (answer) }))
}

fn form(ask: &Ask) -> Markup {
    let in_list = !ask.q.trim().is_empty() || !ask.status.is_empty();
    html! {
        form.fields method="get" action=(HERE) {
            label { "E-mail address or account id"
                span.hint id="who" { "Looks in the mirror, in its history, and, where they do not settle it, at Atlassian itself. It changes nothing." }
                input type="search" name="who" value=(ask.who) required maxlength="320" autocapitalize="none"
                    spellcheck="false" aria-describedby="who";
            }
            @if in_list {
                label { "In the list found by"
                    input type="text" name="q" value=(ask.q.trim()) spellcheck="false";
                }
                input type="hidden" name="status" value=(ask.status);
                @if !ask.status.is_empty() { p.hint { "Of the status " bdi { (ask.status) } "." } }
            }
            button.primary type="submit" { "Look" }
        }
    }
}

fn back(filter: &str, status: &str) -> Address {
    Address::new("/people").with("q", filter.trim()).with("status", status)
}

fn said(answer: &Answer, shown: &Shown<'_>) -> Markup {
    let sought = bdi(&shown.sought.who);
    match answer {
        Answer::Known { account, standing } => known(*account, standing, shown),
        Answer::Several(accounts) => notice(
            Weight::Info,
            "Several people are named so.",
            html! { p { "Look for one of them:" } ul { @for account in accounts { li { (again(*account, shown)) } } } },
        ),
        Answer::NotYetSynced { account_id, name, removed } => notice(
            Weight::Warning,
            "Not yet synced.",
            html! {
                p { "Atlassian has " @match name { Some(name) => (bdi(name)), None => (sought) } " in this organization; no sync has read them yet." }
                @if let Some(removed) = removed { p { "They were seen to be gone before, " (seen(removed, shown.reader)) "." } }
                form method="post" action=(Address::new(HERE).with("who", &shown.sought.who).with("q", shown.sought.filter.trim()).with("status", &shown.sought.status)) {
                    input type="hidden" name="request_key" value=(shown.request_key);
                    input type="hidden" name="id" value=(account_id);
                    button.primary type="submit" { "Sync this person" }
                }
            },
        ),
        Answer::PortalCustomer { site } => notice(
            Weight::Info,
            "A portal customer only.",
            html! { p { (sought) " is a customer of the help portal on " (bdi(site)) " and has no account in the organization's directories. Customers take no seat and are not in the list." } },
        ),
        Answer::Unreadable(directories) => notice(
            Weight::Warning,
            "Maybe in a directory the key may not read.",
            html! {
                p { (sought) " is in no directory that could be read. These could not be:" }
                ul { @for unread in directories { li { (bdi(&unread.directory)) ": " (unread.reason) } } }
                p { a.button href="/settings/organization-api-key" { "Organization API Key" } }
            },
        ),
        Answer::NotInOrganization => notice(
            Weight::Info,
            "Not in this organization.",
            html! {
                p { "Neither the mirror nor its history knows " (sought) ", and Atlassian, asked just now, has them in no directory of this organization." }
                p.hint { "Check the spelling. Atlassian finds an address only whole and as it is now; an account id always." }
            },
        ),
        Answer::NotAsked { reason } => notice(
            Weight::Warning,
            "Not in the mirror; Atlassian could not be asked.",
            html! { p { "Neither the mirror nor its history knows " (sought) "." } p { (reason) } },
        ),
    }
}

fn known(account: Ordinal, standing: &Standing, shown: &Shown<'_>) -> Markup {
    let row = shown.snapshot.account_row(account);
    let name = html! {
        @if let Some(row) = &row { a.name href=(Address::person(row.id)) { bdi { (person::display_name(row)) } } }
        @else { (bdi(&shown.sought.who)) }
    };
    match standing {
        Standing::Shown { row, of } => {
            let list = back(&shown.sought.filter, &shown.sought.status);
            notice(
                Weight::Info,
                "They are shown.",
                html! {
                    p { (name) " is in row " span.num { (number(*row)) } " of " span.num { (number(*of)) } " of "
                        a href=(list) { "the User Browser" } ", " (order_of(shown.sought)) "." }
                },
            )
        }
        Standing::Hidden(terms) => notice(
            Weight::Warning,
            if terms.len() == 1 {
                "Hidden by this term of the filter."
            } else {
                "Hidden by these terms of the filter."
            },
            html! {
                p { (name) " is in the mirror, and the filter leaves them out:" }
                ul { @for term in terms { li {
                    code { bdi { (term.term) } } ": "
                    (if term.is_unknown { "not known of them" } else { "does not hold" }) ". "
                    a href=(back(&term.without.filter, &term.without.status)) { "The list without it" }
                } } }
                @if let Some(open) = shown.open.as_ref().filter(|_| terms.len() > 1) {
                    p { a.button href=(back(&open.filter, &open.status)) { "The list without any of them" } }
                }
            },
        ),
        Standing::LeftOut { sites } => notice(
            Weight::Warning,
            "On a site that is left out.",
            html! {
                p { (name) " is in the mirror, and this filter finds them only by what they have on "
                    @for (place, site) in sites.iter().enumerate() { @if place > 0 { ", " } (bdi(site)) }
                    ". What is on a site that is left out is neither counted nor shown." }
                p { a.button href=(settings_left_out::HERE) { "Sites to leave out" } }
            },
        ),
        Standing::Removed { seen: removed } => notice(
            Weight::Info,
            "Removed.",
            html! {
                p { (name) " is in no directory any more"
                    @match removed {
                        Some(removed) => { ": removed " (seen(removed, shown.reader)) "." }
                        None => "."
                    }
                    " Atlassian does not have them in this organization now."
                }
                p { a.button href=(back("", "former")) { "Former people" } }
            },
        ),
        Standing::OnlyNamed => notice(
            Weight::Info,
            "Only their id is known.",
            html! { p { (name) " is named by a group, and no directory that could be read has them." } },
        ),
    }
}

fn order_of(sought: &Sought) -> &'static str {
    let ordered = sought.filter.to_lowercase().contains("order by");
    if ordered { "in the order of the filter" } else { "in the order of names" }
}

/// Somebody to look for in place of a name that several have.
fn again(account: Ordinal, shown: &Shown<'_>) -> Markup {
    let Some(row) = shown.snapshot.account_row(account) else { return html! {} };
    let address = Address::new(HERE)
        .with("who", row.id)
        .with("q", shown.sought.filter.trim())
        .with("status", &shown.sought.status);
    html! { a href=(address) { bdi { (person::display_name(&row)) } } " " span.sub { bdi { (row.email.unwrap_or(row.id)) } } }
}

fn seen(removed: &Sealed, reader: &Reader) -> Markup {
    html! {
        "on " (reader.moment(removed.at)) ", seen by "
        a href=(Address::new("/runs").below(removed.run.as_str())) { "sync run " (removed.number) }
    }
}

fn bdi(text: &str) -> Markup {
    html! { bdi { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::why::Hiding;
    use crate::sync::why::Unread;
    use crate::web::acme::{acme, reader};

    fn text(answer: &Answer) -> String {
        let (snapshot, reader) = (acme(), reader());
        let sought = Sought { who: "<b>x".to_owned(), filter: "a".to_owned(), status: String::new() };
        let open = Some(List { filter: "app = jira".to_owned(), status: String::new() });
        let shown = Shown { sought: &sought, snapshot: &snapshot, reader: &reader, request_key: "k", open };
        said(answer, &shown).0
    }

    #[test]
    fn each_answer_says_what_is_the_matter_and_leads_on() {
        let hiding = |term: &str, is_unknown| Hiding {
            term: term.to_owned(),
            is_unknown,
            without: List { filter: "rest".to_owned(), status: String::new() },
        };
        let account = acme().account("acc-ines").unwrap();
        let known = |standing| text(&Answer::Known { account, standing });
        assert!(
            known(Standing::Shown { row: 3, of: 40 })
                .contains(r#"<span class="num">3</span> of <span class="num">40</span>"#)
        );
        let one = known(Standing::Hidden(vec![hiding("mfa = true", false)]));
        assert!(one.contains("mfa = true") && one.contains("does not hold") && one.contains("/people?q=rest"), "{one}");
        assert!(!one.contains("without any of them"));
        let two = known(Standing::Hidden(vec![hiding("a", false), hiding("inactiveFor >= 90d", true)]));
        assert!(two.contains("not known of them") && two.contains("/people?q=app%20%3D%20jira"), "{two}");
        assert!(known(Standing::Removed { seen: None }).contains("status=former"));
        let left_out = known(Standing::LeftOut { sites: vec!["north".to_owned()] });
        assert!(
            left_out.contains("<bdi>north</bdi>") && left_out.contains("/settings/sites-to-leave-out"),
            "{left_out}"
        );
        let id = AccountId::new("acc-new").unwrap();
        let new = text(&Answer::NotYetSynced { account_id: id, name: Some("<i>New".to_owned()), removed: None });
        assert!(new.contains(r#"name="id" value="acc-new""#) && new.contains("Sync this person"), "{new}");
        assert!(new.contains("&lt;i&gt;New") && !new.contains("<i>"));
        let unread = vec![Unread { directory: "d-<2>".to_owned(), reason: "No.".to_owned() }];
        assert!(text(&Answer::Unreadable(unread)).contains("d-&lt;2&gt;"));
        for answer in [Answer::NotInOrganization, Answer::PortalCustomer { site: "north".to_owned() }] {
            assert!(text(&answer).contains("&lt;b&gt;x"), "{answer:?}");
        }
    }
}
