//! Selections: each at its own address, with who is in it and how it came about; people are taken out, exported, read
//! again, and the whole kept under a name. The lists that are kept stand on one page.

pub(crate) mod paste;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use directory::Ordinal;
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::auth::token::Token;
use crate::id::SelectionId;
use crate::mirror::export::Form as FileForm;
use crate::mirror::selections::{self, NotSelected};
use crate::nouns::saved_filter::{LONGEST_NAME, Name};
use crate::nouns::selection::{Picked, Selected, Selection};
use crate::store::selections as stored;
use crate::sync::manual::ONLY_THESE;
use crate::web::Served;
use crate::web::export;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::operations::picker;
use crate::web::people::columns::Columns;
use crate::web::people::sort::slice;
use crate::web::people::table::{Shown, table};
use crate::web::people::ticks::{find, people_of, refused};
use crate::web::people::{self, Ask};
use crate::web::people_sync;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::Visit;

/// The page of the lists that are kept.
pub(crate) const HERE: &str = "/selections";

/// The form of a name, or of a button that must start one thing only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    name: String,
    request_key: String,
}

/// GET /selections
pub(crate) async fn list(visit: Visit) -> Result<Page, Failure> {
    let kept = visit.mirror.store().read(stored::kept).await?;
    let content = html! {
        div.headline { h1 { "Lists of people" } span.grow {} a.button href=(paste::HERE) { "Paste a list" } }
        p.lead { "Selections that somebody keeps under a name. Each has an address of its own that can be sent to a colleague." }
        @if kept.is_empty() {
            (empty("No list is kept yet.", html! {
                p { "Select people in the " a href=(people::HERE) { "User Browser" } " and choose Keep as a list, or paste addresses." }
            }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Lists of people" {
                table {
                    thead { tr { th scope="col" { "Name" } th.num scope="col" { "People" } th scope="col" { "Owner" } th.num scope="col" { "Changed" } } }
                    tbody { @for one in &kept {
                        tr {
                            td { a.name href=(address(&one.id)) { bdi { (one.name.as_ref().map_or("", Name::as_str)) } } }
                            td.num { (number(one.count)) }
                            td { bdi { (one.owner_name) } }
                            td.num { (visit.reader.relative(one.changed_at)) }
                        }
                    } }
                }
            }
        }
    };
    Ok(Page::framed(&visit.frame("Lists of people", Place::UserBrowser), content))
}

/// GET /selections/{id}
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Query(ask): Query<Ask>,
) -> Result<Page, Failure> {
    let selection = existing(&visit, &id).await?;
    page(&served, &visit, (&selection, &ask), html! {}).await
}

/// POST /selections/{id}/remove: takes the ticked people out.
pub(crate) async fn remove(
    visit: Visit,
    Path(id): Path<String>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let selection = existing(&visit, &id).await?;
    let rows = pairs.iter().filter(|(name, _)| name == "row").filter_map(|(_, row)| row.parse::<Ordinal>().ok());
    let ticked: RoaringBitmap = rows.collect();
    let people = &people_of(&visit, &selection.selected) - &ticked;
    let from = match &selection.selected {
        Selected::Matching(filter) => Picked::Rows(filter.clone()),
        Selected::Listed { from, .. } => from.clone(),
    };
    let seen = (visit.snapshot.generation(), people.len());
    let selected = Selected::Listed { people, from };
    selections::change(&visit.entered.context, &visit.mirror, (&selection.id, selected), seen)
        .await
        .map_err(refused)?;
    Ok(see(address(&selection.id).as_str()))
}

/// POST /selections/{id}/keep
pub(crate) async fn keep(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let selection = existing(&visit, &id).await?;
    let people = people_of(&visit, &selection.selected);
    let with = (visit.snapshot.generation(), &served.entropy);
    let what = (&selection.id, entry.name.as_str(), people);
    match selections::keep(&visit.entered.context, &visit.mirror, what, with).await {
        Ok(_) => Ok(see(address(&selection.id).as_str())),
        Err(NotSelected::Words(why)) => {
            let problem = notice(
                Weight::Failure,
                "The list was not kept.",
                html! { p { "It was not taken: " (why.to_string()) "." } },
            );
            let page = page(&served, &visit, (&selection, &Ask::default()), problem).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Err(why) => Err(refused(why)),
    }
}

/// POST /selections/{id}/delete
pub(crate) async fn delete(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let selection = existing(&visit, &id).await?;
    selections::delete(&visit.entered.context, &visit.mirror, &selection.id, &served.entropy).await.map_err(refused)?;
    Ok(see(HERE))
}

/// POST /selections/{id}/sync
pub(crate) async fn sync(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let selection = existing(&visit, &id).await?;
    let people = people_of(&visit, &selection.selected);
    match people_sync::these(&served, &visit, &people, &entry.request_key).await? {
        Ok(started) => Ok(started),
        Err(held) => {
            let page = page(&served, &visit, (&selection, &Ask::default()), held).await?;
            Ok(page.with_status(StatusCode::CONFLICT).into_response())
        }
    }
}

/// GET /selections/{id}/people.csv and people.json
pub(crate) async fn file(visit: Visit, Path((id, file)): Path<(String, String)>) -> Result<Response, Failure> {
    let form = match file.as_str() {
        "people.csv" => FileForm::Csv,
        "people.json" => FileForm::Json,
        _ => return Err(Failure::NotFound("There is no such file.")),
    };
    let selection = existing(&visit, &id).await?;
    let people = people_of(&visit, &selection.selected);
    let order = directory::find::Ranking::of(&visit.snapshot, &[]);
    export::people(&visit, crate::mirror::export::in_order(&people, &order), form, selection.id.as_str()).await
}

/// Where a selection is.
pub(crate) fn address(id: &SelectionId) -> Address {
    Address::new(HERE).below(id.as_str())
}

async fn existing(visit: &Visit, id: &str) -> Result<Selection, Failure> {
    let found = match SelectionId::parse(id) {
        Some(id) => find(visit, id).await?,
        None => None,
    };
    found.ok_or_else(|| refused(NotSelected::Unknown))
}

async fn page(
    served: &Served,
    visit: &Visit,
    (selection, ask): (&Selection, &Ask),
    problem: Markup,
) -> Result<Page, Failure> {
    let people = people_of(visit, &selection.selected);
    let columns = Columns::of(visit, ask).await?;
    let ask = Ask { q: String::new(), status: String::new(), selection: String::new(), ..ask.clone() };
    let here = address(&selection.id);
    let slice = slice(&ask, &visit.snapshot, &people);
    let nobody = RoaringBitmap::new();
    let shown =
        Shown { snapshot: &visit.snapshot, reader: &visit.reader, columns: &columns, app: None, selected: &nobody };
    let own = selection.owner == visit.entered.who.administrator;
    let title = selection.name.as_ref().map_or("Selection", Name::as_str);
    let request_key = Token::new(&served.entropy);
    let gone = people.len() - (&people & &visit.snapshot.present()).len();
    let content = html! {
        p.trail { a href=(HERE) { "Lists of people" } }
        div.headline {
            h1 { bdi { (title) } }
            span.sub { (counted(people.len(), "person", "people")) }
            span.grow {}
            @if !people.is_empty() {
                a.button href=(Address::new(picker::HERE).with("selection", selection.id.as_str())) { "Bulk Operations" }
            }
            @if (1..=ONLY_THESE).contains(&people.len()) {
                form method="post" action=(here.clone().below("sync")) {
                    input type="hidden" name="request_key" value=(request_key.expose());
                    button type="submit" { "Sync these " (number(people.len())) }
                }
            }
            span.export { "Export: "
                a href=(here.clone().below("people.csv")) download { "CSV" } " · "
                a href=(here.clone().below("people.json")) download { "JSON" }
            }
        }
        (problem)
        (came_about(selection, &people, visit))
        @if gone > 0 { p.hint { (counted(gone, "of them is", "of them are")) " not in the organization any more." } }
        @if slice.rows.is_empty() {
            (empty("Nobody is in this selection.", html! { p { a.button href=(people::HERE) { "Select people in the User Browser" } } }))
        } @else {
            form method="post" action=(here.clone().below("remove")) {
                (table(&ask, &here, &shown, (&slice.rows, own.then_some("Remove"))))
                @if own { div.row.below { button type="submit" { "Remove the ticked" } span.hint { "They are taken out of this selection; nothing else is changed." } } }
            }
            (people::turns(&ask, &here, &slice))
        }
        @if own { (own_forms(selection, &here)) }
    };
    Ok(Page::framed(&visit.frame(title, Place::UserBrowser), content))
}

/// How it came about, and what has happened since.
fn came_about(selection: &Selection, people: &RoaringBitmap, visit: &Visit) -> Markup {
    let browser = |filter: &str| Address::new(people::HERE).with("q", filter).with("selection", selection.id.as_str());
    html! {
        dl.facts {
            div.whole { dt { "How it came about" } dd {
                @match &selection.selected {
                    Selected::Matching(filter) if filter.is_empty() => { "Everybody" },
                    Selected::Matching(filter) => { "Everybody whom " code { (filter) } " finds" },
                    Selected::Listed { from: Picked::Pasted, .. } => { "A pasted list" },
                    Selected::Listed { from: Picked::Rows(filter), .. } if filter.is_empty() => { "Picked by hand" },
                    Selected::Listed { from: Picked::Rows(filter), .. } => { "Picked among those whom " code { (filter) } " finds" },
                }
            } }
            div { dt { "Seen when selected" } dd { (counted(selection.count, "person", "people")) ", in generation " (selection.generation) } }
            div { dt { "By" } dd { bdi { (selection.owner_name) } ", " (visit.reader.relative(selection.changed_at)) } }
            div { dt { "Ends" } dd {
                @match selection.ends_at { Some(at) => { (visit.reader.day(at)) ", unless it is kept or changed" } None => { "never: it is kept" } }
            } }
        }
        @if let Selected::Matching(filter) = &selection.selected {
            @if people.len() != selection.count {
                (notice(Weight::Warning, "The filter finds others than when it was selected.", html! {
                    p { "It found " (number(selection.count)) " then, and finds " (number(people.len())) " now." }
                }))
            }
            div.row {
                @if !filter.is_empty() { a.button href=(Address::new("/filters").with("q", filter)) { "Save as a filter" } }
                a.button.quiet href=(browser(filter)) { "Add or take out in the User Browser" }
            }
        } @else {
            div.row { a.button.quiet href=(browser("")) { "Add or take out in the User Browser" } }
        }
    }
}

fn own_forms(selection: &Selection, here: &Address) -> Markup {
    html! {
        form.fields id="keep" method="post" action=(here.clone().below("keep")) {
            label { "Name"
                span.hint {
                    @if selection.filter().is_some() { "Kept, it is the list of these people, and no longer follows the filter." }
                    @else { "Kept, it stays until it is deleted." }
                }
                input type="text" name="name" value=(selection.name.as_ref().map_or("", Name::as_str)) required maxlength=(LONGEST_NAME) autocomplete="off";
            }
            button.primary type="submit" { "Keep as a list" }
        }
        form.fields method="post" action=(here.clone().below("delete")) {
            details {
                summary { "Delete this selection" }
                p.hint { "The people stay as they are; its address will lead nowhere." }
                button type="submit" { "Delete" }
            }
        }
    }
}
