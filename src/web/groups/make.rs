//! Making, cloning and deleting groups: forms that lead to a stored plan with its preview, and send nothing.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::act::NewGroup;
use directory::{GroupId, Ordinal};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::id::OperationId;
use crate::mirror::answer::answer_groups;
use crate::nouns::refusal::Refusal;
use crate::operations::groups::{self, GroupsWanted, LONGEST_NAME, MOST};
use crate::operations::plan::NotPlanned;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::operations::{address, own};
use crate::web::settings_actions;
use crate::web::ui::address::Address;
use crate::web::ui::amount::counted;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// Where a group is made.
pub(crate) const HERE: &str = "/groups/new";
/// Where deleting groups is planned.
pub(crate) const DELETE: &str = "/groups/delete";

/// The form of a group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    name: String,
    description: String,
    /// A directory's id.
    directory: String,
    /// The group it is made after, by id.
    like: String,
    request_key: String,
}

/// The way to clone a group, and the one to delete it.
pub(crate) fn ways(id: &str) -> Markup {
    html! {
        a.button href=(Address::new(HERE).with("like", id)) { "Clone" }
        form.row method="post" action=(DELETE) {
            input type="hidden" name="group" value=(id);
            button type="submit" title="A preview comes first" { "Delete" }
        }
    }
}

/// The way to delete all groups that a filter finds, below their list.
pub(crate) fn clean_up(filter: &str, found: u64) -> Markup {
    html! {
        @if !filter.trim().is_empty() && found > 0 && found <= MOST as u64 {
            form.row method="post" action=(DELETE) {
                input type="hidden" name="q" value=(filter);
                button type="submit" { "Delete these " (counted(found, "group", "groups")) }
                span.hint { "A preview comes first, with what stands against each. Nothing is sent before it is approved." }
            }
        }
    }
}

/// GET /groups/new
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Entry>,
) -> Result<Page, Failure> {
    let snapshot = &visit.snapshot;
    let like = snapshot.group(&ask.like).and_then(|like| snapshot.group_row(like));
    let mut entry = Entry { request_key: Token::new(&served.entropy).expose().to_owned(), ..ask };
    if let Some(row) = like {
        let known = row.group.as_ref();
        let known_name = known.map_or("", |known| &*known.name);
        entry.name = format!("{known_name} (copy)").chars().take(LONGEST_NAME).collect();
        entry.description = known.and_then(|known| known.description.as_deref()).unwrap_or_default().to_owned();
        let home = row.directory.and_then(|home| snapshot.directories().get(home as usize));
        entry.directory = home.map_or_else(String::new, |home| home.id.to_string());
    }
    page(&visit, &entry, html! {}).await
}

/// POST /groups/new
pub(crate) async fn create(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let snapshot = &visit.snapshot;
    let like = snapshot.group(&entry.like);
    let group = NewGroup::new(&entry.name, &entry.description, like);
    let refused = |why: String, next: &str| Refusal::new("Nothing was planned.", why, next);
    let refusal = match directories(&visit).iter().find(|(_, id, _)| *id == entry.directory) {
        None => refused("No directory is chosen.".to_owned(), "Choose where the group is made."),
        Some(_) if group.name.is_empty() || group.name.chars().count() > LONGEST_NAME => {
            refused(format!("A group has a name of 1 to {LONGEST_NAME} characters."), "Write one.")
        }
        Some((directory, _, _)) => {
            let wanted = GroupsWanted::Create { directory: *directory, group };
            match planned(&served, &visit, wanted, &entry.request_key).await? {
                Ok(id) => return Ok(see(address(&id).as_str())),
                Err(refusal) => refusal,
            }
        }
    };
    let page = page(&visit, &entry, notice::refusal(&refusal)).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// POST /groups/delete: groups by id, or all that a filter finds.
pub(crate) async fn delete(
    State(served): State<Served>,
    visit: Visit,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let all = |name: &'static str| pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value);
    let mut groups: Vec<GroupId> = all("group").filter_map(|id| GroupId::new(id).ok()).collect();
    if let Some(filter) = all("q").next().filter(|filter| !filter.trim().is_empty()) {
        let snapshot = &visit.snapshot;
        let answer = answer_groups(snapshot, filter.trim(), (visit.reader.now, &visit.reader.zone));
        if !answer.has_errors {
            let found = answer.found.matching.iter().take(MOST + 1).filter_map(|group| snapshot.group_row(group));
            groups.extend(found.map(|row| row.id.clone()));
        }
    }
    match planned(&served, &visit, GroupsWanted::Delete(groups), "").await? {
        Ok(id) => Ok(see(address(&id).as_str())),
        Err(refusal) => Err(refusal.into()),
    }
}

/// POST /operations/{id}/members: a group that was made gets the members of the one it was made after, by a plan of its own.
pub(crate) async fn members(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = OperationId::parse(&id).ok_or(Failure::NotFound("There is no operation with this id."))?;
    let (key, own) = (Some(format!("members:{id}:{}", visit.snapshot.generation())), own(&served, &visit).await?);
    let planned = groups::follow(&visit.entered.context, &visit.mirror, (&id, own), (key, &served.entropy)).await;
    match planned {
        Ok(next) => Ok(see(address(&next).as_str())),
        Err(NotPlanned::Store(error)) => Err(error.into()),
        Err(why) => Err(why.refusal().into()),
    }
}

async fn planned(
    served: &Served,
    visit: &Visit,
    wanted: GroupsWanted,
    request_key: &str,
) -> Result<Result<OperationId, Refusal>, Failure> {
    let key = Token::parse(request_key).map(|key| format!("form:{}", key.expose()));
    let own = own(served, visit).await?;
    match groups::plan(&visit.entered.context, &visit.mirror, (wanted, own), (key, &served.entropy)).await {
        Ok(id) => Ok(Ok(id)),
        Err(NotPlanned::Store(error)) => Err(error.into()),
        Err(why) => Ok(Err(why.refusal())),
    }
}

/// Directories in which a group can be made: ordinal, id, name.
fn directories(visit: &Visit) -> Vec<(Ordinal, String, String)> {
    let known = (0..).zip(visit.snapshot.directories());
    let known = known.filter(|(_, directory)| directory.id.as_str() != directory::OUTSIDE);
    known.map(|(ordinal, directory)| (ordinal, directory.id.to_string(), directory.name.to_string())).collect()
}

async fn page(visit: &Visit, entry: &Entry, problem: Markup) -> Result<Page, Failure> {
    let switch = visit.mirror.store().read(crate::operations::guard::switch).await?;
    let directories = directories(visit);
    let like = visit.snapshot.group(&entry.like).and_then(|like| visit.snapshot.group_row(like));
    let title = if like.is_some() { "Clone a group" } else { "Create a group" };
    let content = html! {
        nav.trail aria-label="Breadcrumb" {
            @match like {
                Some(row) => a href=(Address::group(row.id.as_str())) { bdi { (super::name(row)) } },
                None => a href=(super::HERE) { "Groups" },
            }
        }
        div.headline { h1 { (title) } }
        p.lead {
            @if like.is_some() { "The group is made first. Its result then offers to add the members, by an operation with a preview of its own. What the group grants is not copied." }
            @else { "An empty group, which grants nothing yet. A preview comes first; nothing is sent before it is approved." }
        }
        (problem)
        @if !switch.on { (settings_actions::look_only()) }
        form.fields method="post" action=(HERE) {
            input type="hidden" name="like" value=(entry.like);
            input type="hidden" name="request_key" value=(entry.request_key);
            label { "Name" input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off"; }
            label { "Description" span.hint { "May be left empty." } input type="text" name="description" value=(entry.description) maxlength="500" autocomplete="off"; }
            @match directories.as_slice() {
                [(_, id, _)] => { input type="hidden" name="directory" value=(id); }
                several => { label { "Directory" select name="directory" {
                    @for (_, id, name) in several { option value=(id) selected[*id == entry.directory] { (name) } }
                } } }
            }
            div.row { button.primary type="submit" { "Preview" } p.hint { "Sends nothing." } }
        }
    };
    Ok(Page::framed(&visit.frame(title, Place::Groups), content))
}
