//! Inviting people: addresses and the groups they join, as a form that leads to a stored plan and sends nothing.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{GroupId, Ordinal};
use maud::{Markup, html};

use crate::auth::token::Token;
use crate::mirror::pasted;
use crate::nouns::refusal::Refusal;
use crate::operations::invite::{self, Inviting, MOST, is_address};
use crate::operations::plan::NotPlanned;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::group_choice::{Naming, choice_named};
use crate::web::guard::see;
use crate::web::operations::{address, own};
use crate::web::people;
use crate::web::settings_actions;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{self, Weight};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/people/invite";

/// What is written in the form.
#[derive(Clone, Debug, Default)]
struct Entry {
    emails: String,
    groups: Vec<Ordinal>,
    find: String,
    request_key: String,
    verb: String,
}

impl Entry {
    fn of(pairs: &[(String, String)], visit: &Visit) -> Entry {
        let all = |name: &'static str| pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value);
        let one = |name: &'static str| all(name).next().cloned().unwrap_or_default();
        Entry {
            emails: one("emails"),
            groups: all("group").filter_map(|id| visit.snapshot.group(id)).collect(),
            find: one("find"),
            request_key: one("request_key"),
            verb: one("do"),
        }
    }
}

/// GET /people/invite
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Page, Failure> {
    let entry = Entry::of(&pairs, &visit);
    page(&served, &visit, &entry, html! {}).await
}

/// POST /people/invite: plans, or searches groups and shows the form again as it was filled.
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let entry = Entry::of(&pairs, &visit);
    if entry.verb != "plan" {
        return Ok(page(&served, &visit, &entry, html! {}).await?.into_response());
    }
    let refused = |why: String, next: &str| Refusal::new("Nothing was planned.", why, next);
    let problem = match pasted::entries(&entry.emails) {
        Err(why) => notice::refusal(&refused(format!("The list is too long: {why}."), "Invite in parts.")),
        Ok(listed) => {
            let wrong: Vec<&String> = listed.iter().filter(|one| !is_address(one)).collect();
            let groups: Vec<GroupId> = entry
                .groups
                .iter()
                .filter_map(|group| visit.snapshot.group_row(*group))
                .map(|row| row.id.clone())
                .collect();
            if !wrong.is_empty() {
                notice::notice(
                    Weight::Failure,
                    "Nothing was planned: not everything is an e-mail address.",
                    html! {
                        ul { @for one in wrong.iter().take(50) { li { code { bdi { (one) } } } } }
                        p { "Correct or remove these." }
                    },
                )
            } else if groups.is_empty() {
                notice::refusal(&refused(
                    "No group is chosen.".to_owned(),
                    "Choose at least one: it decides where they are invited.",
                ))
            } else {
                let key = Token::parse(&entry.request_key).map(|key| format!("form:{}", key.expose()));
                let wanted = (Inviting { emails: listed, groups }, own(&served, &visit).await?);
                match invite::plan(&visit.entered.context, &visit.mirror, wanted, (key, &served.entropy)).await {
                    Ok(id) => return Ok(see(address(&id).as_str())),
                    Err(NotPlanned::Store(error)) => return Err(error.into()),
                    Err(why) => notice::refusal(&why.refusal()),
                }
            }
        }
    };
    let page = page(&served, &visit, &entry, problem).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn page(served: &Served, visit: &Visit, entry: &Entry, problem: Markup) -> Result<Page, Failure> {
    let switch = visit.mirror.store().read(crate::operations::guard::switch).await?;
    let key = Token::parse(&entry.request_key).unwrap_or_else(|| Token::new(&served.entropy));
    let find = html! { button type="submit" name="do" value="find" { "Find groups" } };
    let naming = Naming { group: "group", find: "find", label: "Groups that they join" };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(people::HERE) { "User Browser" } }
        div.headline { h1 { "Invite people" } }
        p.lead { "Atlassian sends each of them a mail. They join the chosen groups and get what these grant. A preview comes first; nothing is sent before it is approved." }
        (problem)
        @if !switch.on { (settings_actions::look_only()) }
        form.fields.manual method="post" action=(HERE) {
            input type="hidden" name="request_key" value=(key.expose());
            // The first button of a form is the one that Enter presses.
            button.hidden type="submit" name="do" value="plan" tabindex="-1" aria-hidden="true" { "Preview" }
            label { "E-mail addresses"
                span.hint { "One per line, or with commas between; at most " (MOST) ". Whoever is there already is refused in the preview: Add to Groups is for them." }
                textarea name="emails" rows="8" spellcheck="false" autocomplete="off" { (entry.emails) }
            }
            fieldset {
                legend { "Groups that they join" }
                (choice_named(naming, (&entry.groups, &entry.find), find, &visit.snapshot))
            }
            div.row {
                button.primary type="submit" name="do" value="plan" { "Preview" }
                p.hint { "Sends nothing. Undo takes out of the directory whoever was invited." }
            }
        }
    };
    Ok(Page::framed(&visit.frame("Invite people", Place::UserBrowser), content))
}
