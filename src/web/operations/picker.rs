//! *Bulk Operations*: the form in which several actions are ticked and filled, for a selection, a person or the members of
//! a group. It leads to a stored plan, and sends nothing.

use axum::Form as Sent;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::{AccountId, Ordinal};
use jiff::Timestamp;
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::auth::token::Token;
use crate::id::SelectionId;
use crate::nouns::operation::Selection;
use crate::nouns::refusal::Refusal;
use crate::nouns::selection::Selected;
use crate::operations::plan::{self, NAMED, NotPlanned, Wanted};
use crate::operations::until::end_of;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::group_choice::{Naming, choice_named};
use crate::web::groups;
use crate::web::guard::see;
use crate::web::operations::form::Form;
use crate::web::operations::words::{self, ACTIONS};
use crate::web::operations::{address, own};
use crate::web::people::ticks::{find, people_of};
use crate::web::settings_actions;
use crate::web::ui::address::Address;
use crate::web::ui::amount::counted;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::ui::person::display_name;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/operations/new";

/// Ways to an app that are shown to choose from.
const WAYS: usize = 30;

/// Whom the form is about.
struct Whom {
    selection: Selection,
    people: RoaringBitmap,
    /// Where they are shown.
    shown: Address,
    name: String,
}

/// GET /operations/new
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Page, Failure> {
    let mut form = Form::of(&pairs, &visit.snapshot);
    form.all_apps = false;
    page(&served, &visit, &form, html! {}).await
}

/// POST /operations/new: plans, or searches groups and shows the form again as it was filled.
pub(crate) async fn submit(
    State(served): State<Served>,
    visit: Visit,
    Sent(pairs): Sent<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let form = Form::of(&pairs, &visit.snapshot);
    if form.verb != "plan" {
        return Ok(page(&served, &visit, &form, html! {}).await?.into_response());
    }
    let whom = whom(&visit, &form).await?;
    let refusal = match form.actions(&visit.snapshot) {
        Err(why) => Refusal::new("Nothing was planned.", why, "Tick and fill what is to be done."),
        Ok(actions) => {
            let key = Token::parse(&form.request_key).map(|key| format!("form:{}", key.expose()));
            let wanted = Wanted { selection: whom.selection, actions, own: own(&served, &visit).await? };
            match until(&form, &visit) {
                Err(refusal) => refusal,
                Ok(until) => {
                    let (context, wanted) = (&visit.entered.context, (wanted, until));
                    match plan::plan_lent(context, &visit.mirror, wanted, (key, &served.entropy)).await {
                        Ok(id) => return Ok(see(address(&id).as_str())),
                        Err(NotPlanned::Store(error)) => return Err(error.into()),
                        Err(why) => why.refusal(),
                    }
                }
            }
        }
    };
    let page = page(&served, &visit, &form, notice::refusal(&refusal)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// The moment from which what is given is taken back, if a last day was typed.
fn until(form: &Form, visit: &Visit) -> Result<Option<Timestamp>, Refusal> {
    let typed = form.until.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let end = typed.parse().ok().and_then(|last| end_of(last, &visit.mirror.zone()));
    end.map(Some).ok_or_else(|| {
        let why = "The last day of the access is no date.";
        Refusal::new("Nothing was planned.", why, "Write it as YYYY-MM-DD, or leave it empty.")
    })
}

/// Whom a form is about; nobody is a failure with the way to select somebody.
async fn whom(visit: &Visit, form: &Form) -> Result<Whom, Failure> {
    let snapshot = &visit.snapshot;
    if let Some(account) = snapshot.account(&form.person) {
        let ids = snapshot.account_id(account).into_iter().collect();
        let name = snapshot.account_row(account).map(|row| display_name(&row).to_owned()).unwrap_or_default();
        return Ok(Whom {
            selection: Selection::People(ids),
            people: RoaringBitmap::from_iter([account]),
            shown: Address::person(&form.person),
            name,
        });
    }
    if let Some(group) = snapshot.group(&form.group) {
        let people = snapshot.memberships().members(group).clone();
        return Ok(Whom {
            selection: Selection::People(named(visit, &people)?),
            people,
            shown: Address::group(&form.group),
            name: format!("Members of {}", words::group(group, snapshot)),
        });
    }
    let selection = match SelectionId::parse(&form.selection) {
        Some(id) => find(visit, id).await?,
        None => None,
    };
    let Some(selection) = selection else {
        return Err(Refusal::new(
            "Nobody is selected.",
            "The address names no selection, person or group; a selection that nobody keeps ends after a week.",
            "Select people in the User Browser, then choose Bulk Operations.",
        )
        .into());
    };
    let people = people_of(visit, &selection.selected);
    let of = match &selection.selected {
        Selected::Matching(filter) => Selection::Filter(filter.clone()),
        Selected::Listed { .. } => Selection::People(named(visit, &people)?),
    };
    let name = selection.name.as_ref().map_or("Selected people", |name| name.as_str()).to_owned();
    Ok(Whom { selection: of, people, shown: crate::web::selections::address(&selection.id), name })
}

fn named(visit: &Visit, people: &RoaringBitmap) -> Result<Vec<AccountId>, Failure> {
    if people.len() > NAMED as u64 {
        return Err(NotPlanned::TooMany.refusal().into());
    }
    Ok(people.iter().filter_map(|account| visit.snapshot.account_id(account)).collect())
}

async fn page(served: &Served, visit: &Visit, form: &Form, problem: Markup) -> Result<Page, Failure> {
    let whom = whom(visit, form).await?;
    let switch = visit.mirror.store().read(crate::operations::guard::switch).await?;
    let key = match Token::parse(&form.request_key) {
        // The same form with something found in it is still the same form.
        Some(key) => key,
        None => Token::new(&served.entropy),
    };
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(whom.shown) { bdi { (whom.name) } } }
        div.headline {
            h1 { "Bulk Operations" }
            span.sub { "on " a href=(whom.shown) { (counted(whom.people.len(), "person", "people")) } }
        }
        p.lead { "Tick what is to be done. First comes a preview of every single change; nothing is sent before somebody approves it." }
        (problem)
        @if !switch.on { (settings_actions::look_only()) }
        form.fields.manual method="post" action=(HERE) {
            input type="hidden" name="selection" value=(form.selection);
            input type="hidden" name="person" value=(form.person);
            input type="hidden" name="group" value=(form.group);
            input type="hidden" name="request_key" value=(key.expose());
            // The first button of a form is the one that Enter presses.
            button.hidden type="submit" name="do" value="plan" tabindex="-1" aria-hidden="true" { "Preview" }
            @for (kind, name, leaves) in ACTIONS {
                fieldset {
                    legend.hidden { (name) }
                    label.choice {
                        input type="checkbox" name="action" value=(kind) checked[form.has(kind)] aria-describedby=(format!("about-{kind}"));
                        span { (name) span.sub id=(format!("about-{kind}")) { (leaves) } }
                    }
                    (filled(kind, form, visit))
                }
            }
            label { "Until"
                span.hint id="until-hint" {
                    "The last day of what Grant app access and Add to Groups give, or empty: from the end of that day it is taken back by itself. What somebody has changed since is left alone."
                }
                input type="date" name="until" value=(form.until) aria-describedby="until-hint";
            }
            div.row {
                button.primary type="submit" name="do" value="plan" { "Preview" }
                p.hint { "Sends nothing." }
            }
        }
    };
    Ok(Page::framed(&visit.frame("Bulk Operations", Place::Operations), content))
}

/// What an action has to be filled with.
fn filled(kind: &str, form: &Form, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let find = |verb| html! { button type="submit" name="do" value=(verb) { "Find groups" } };
    match kind {
        "grantAppAccess" => html! {
            details.under open[form.has(kind)] {
                summary { "Choose apps, and by which way" }
                @for (app, _) in apps(visit) { (ways(app, form, visit)) }
            }
        },
        "removeAppAccess" => html! {
            div.under {
                label.choice {
                    input type="radio" name="apps" value="all" checked[form.all_apps];
                    span { "Every app on every site" }
                }
                label.choice {
                    input type="radio" name="apps" value="chosen" checked[!form.all_apps];
                    span { "These apps" }
                }
                div.options role="group" aria-label="Apps to remove access to" {
                    @for (app, name) in apps(visit) {
                        label.choice {
                            input type="checkbox" name="app" value=(app) checked[form.apps.contains(&app)];
                            span { bdi { (name) } }
                        }
                    }
                }
            }
        },
        "addToGroups" => html! { details.under open[form.has(kind) || form.add != Default::default()] {
            summary { "Choose groups" }
            (choice_named(Naming { group: "add", find: "find_add", label: "Groups to add to" }, (&form.add.0, &form.add.1), find("find-add"), snapshot))
        } },
        "removeFromGroups" => html! { details.under open[form.has(kind) || form.remove != Default::default()] {
            summary { "Choose groups" }
            (choice_named(Naming { group: "remove", find: "find_remove", label: "Groups to remove from" }, (&form.remove.0, &form.remove.1), find("find-remove"), snapshot))
        } },
        _ => html! {},
    }
}

/// Apps that are not left out, by name.
fn apps(visit: &Visit) -> Vec<(Ordinal, String)> {
    let snapshot = &visit.snapshot;
    let shown = (0..).zip(snapshot.resources()).filter(|(app, _)| !snapshot.is_left_out(*app));
    let mut apps: Vec<(Ordinal, String)> = shown.map(|(app, _)| (app, words::app(app, snapshot))).collect();
    apps.sort_by(|one, other| one.1.cmp(&other.1));
    apps
}

/// By which group, or by a role of their own, an app is granted. Groups that an identity provider keeps are not offered.
fn ways(app: Ordinal, form: &Form, visit: &Visit) -> Markup {
    let snapshot = &visit.snapshot;
    let grants = |group: &Ordinal| snapshot.grants(*group).iter().any(|grant| grant.resource == app);
    let open = |group: &Ordinal| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        known.is_some_and(|known| known.synced != Some(true) && known.modifiable != Some(false))
    };
    let by_name = snapshot.groups_by_name().iter();
    let mut found: Vec<Ordinal> = by_name.filter(|group| grants(group) && open(group)).take(WAYS).collect();
    let is_default = |group: Ordinal| snapshot.grants(group).iter().any(|grant| grant.resource == app && grant.default);
    found.sort_by_key(|group| !is_default(*group));
    html! {
        label { bdi { (words::app(app, snapshot)) }
            select name="grant" {
                option value="" { "Leave as it is" }
                @for group in found {
                    @let value = format!("{app}.{group}");
                    option value=(value) selected[form.grants.contains(&value)] {
                        "By the group " (snapshot.group_row(group).map_or("", groups::name))
                        @if is_default(group) { " (default)" }
                    }
                }
                @let value = format!("{app}.role");
                option value=(value) selected[form.grants.contains(&value)] { "By a role of their own" }
            }
        }
    }
}
