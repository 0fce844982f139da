//! Saved filters: everybody's and one's own, opened, saved, changed and deleted. What somebody else keeps for themselves
//! is not there.

pub(crate) mod in_use;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use filter::{Diagnostic, MAX_CHARACTERS};
use maud::{Markup, html};
use serde::Deserialize;

use crate::id::FilterId;
use crate::mirror::filters::{self, NotKept};
use crate::nouns::refusal::Refusal;
use crate::nouns::saved_filter::{Audience, Kept, LONGEST_DESCRIPTION, LONGEST_NAME, SavedFilter};
use crate::store::filters as stored;
use crate::web::Served;
use crate::web::export;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::selections;
use crate::web::settings_notifications::reports;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{self, Weight, empty};
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/filters";

/// So many filters stand beside a list of people; the page has all.
const BESIDE: usize = 12;

/// What the address of the page may bring into its form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
    /// A past day that the filter is opened on.
    as_of: String,
}

/// The form of a filter, as it was filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    name: String,
    description: String,
    filter: String,
    shared: String,
    /// The text that was shown with what it means for tasks, and is to be kept.
    anyway: String,
}

/// GET /filters
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    page(&visit, &Entry { filter: ask.q, ..Entry::default() }, html! {}).await
}

/// POST /filters
pub(crate) async fn save(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let saved = match entry.kept(&visit) {
        Ok(kept) => filters::save(&visit.entered.context, &visit.mirror, kept, &served.entropy).await,
        Err(why) => Err(why),
    };
    match saved {
        Ok(_) => Ok(see(HERE)),
        Err(why) => {
            let problem = problem("The filter was not saved.", &entry, why)?;
            let page = page(&visit, &entry, problem).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// GET /filters/{id}: the people whom it finds.
pub(crate) async fn open(visit: Visit, Path(id): Path<String>, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    let filter = find(&visit, &id).await?;
    Ok(see(Address::new("/people").with("q", &filter.kept.text).with("as_of", &ask.as_of).as_str()))
}

/// GET /filters/{id}/edit
pub(crate) async fn edit(visit: Visit, Path(id): Path<String>) -> Result<Page, Failure> {
    let filter = own(&visit, &id).await?;
    let told = in_use::told(&visit, &filter).await?;
    Ok(edited(&visit, &filter, &Entry::of(&filter.kept), told))
}

/// POST /filters/{id}
pub(crate) async fn change(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let filter = own(&visit, &id).await?;
    let changed = match entry.kept(&visit) {
        Ok(kept) if entry.anyway != kept.text && in_use::matters(&visit, &filter, &kept).await? => {
            let told = in_use::asked(&visit, &filter, &kept).await?;
            let again = Entry { anyway: kept.text, ..entry.clone() };
            let page = edited(&visit, &filter, &again, told);
            return Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
        }
        Ok(kept) => filters::change(&visit.entered.context, &visit.mirror, (&filter.id, kept), &served.entropy).await,
        Err(why) => Err(why),
    };
    match changed {
        Ok(()) => Ok(see(HERE)),
        Err(why) => {
            let problem = problem("The filter was not changed.", &entry, why)?;
            let page = edited(&visit, &filter, &entry, problem);
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

/// POST /filters/{id}/delete
pub(crate) async fn delete(
    State(served): State<Served>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let filter = own(&visit, &id).await?;
    match filters::delete(&visit.entered.context, &visit.mirror, &filter.id, &served.entropy).await {
        Ok(()) => Ok(see(HERE)),
        Err(why) => Err(failed(why)),
    }
}

/// The filters that whoever visits finds, by name.
pub(crate) async fn visible(visit: &Visit) -> Result<Vec<SavedFilter>, Failure> {
    let who = visit.entered.who.administrator.clone();
    Ok(visit.mirror.store().read(move |tx| stored::visible(tx, &who)).await?)
}

/// Saved filters beside a list of people, of the same day as it, and the way to save the one in force.
pub(crate) fn bar(filters: &[SavedFilter], q: &str, as_of: &str) -> Markup {
    let q = q.trim();
    html! {
        nav.chips aria-label="Saved filters" {
            @for filter in filters.iter().take(BESIDE) {
                a href=(Address::new(HERE).below(filter.id.as_str()).with("as_of", as_of)) title=(filter.kept.description.as_str())
                    aria-current=[(filter.kept.text == q).then_some("true")] { bdi { (filter.kept.name.as_str()) } }
            }
            a href=(HERE) { @if filters.len() > BESIDE { "All " (filters.len()) " saved filters" } @else { "Saved filters" } }
            @if !q.is_empty() && filters.iter().all(|filter| filter.kept.text != q) {
                a href=(Address::new(HERE).with("q", q)) { "Save this filter" }
            }
            a href=(selections::HERE) { "Lists of people" }
            a href=(selections::paste::HERE) { "Paste a list" }
        }
    }
}

/// What has to be said about a filter, each with the place it is about.
pub(crate) fn problems(text: &str, diagnostics: &[Diagnostic]) -> Markup {
    html! {
        @for diagnostic in diagnostics {
            div.scroll tabindex="0" role="group" aria-label=(diagnostic.severity.word()) { pre { (diagnostic.draw(text)) } }
        }
    }
}

/// Whose filters a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Own,
    Others,
}

impl Whose {
    fn title(self) -> &'static str {
        match self {
            Whose::Own => "Your filters",
            Whose::Others => "Shared by others",
        }
    }
}

impl Entry {
    fn of(kept: &Kept) -> Entry {
        Entry {
            name: kept.name.as_str().to_owned(),
            description: kept.description.as_str().to_owned(),
            filter: kept.text.clone(),
            shared: if kept.audience.is_everybody() { "on" } else { "" }.to_owned(),
            anyway: String::new(),
        }
    }

    fn kept(&self, visit: &Visit) -> Result<Kept, NotKept> {
        let audience = if self.shared.is_empty() { Audience::Owner } else { Audience::Everybody };
        filters::kept(&visit.snapshot, (&self.name, &self.description), &self.filter, audience)
    }
}

async fn find(visit: &Visit, id: &str) -> Result<SavedFilter, Failure> {
    let unknown = Failure::NotFound("There is no such filter.");
    let Some(id) = FilterId::parse(id) else { return Err(unknown) };
    let who = visit.entered.who.administrator.clone();
    visit.mirror.store().read(move |tx| filters::find(tx, &id, &who)).await?.ok_or(unknown)
}

/// A filter that whoever visits may change.
async fn own(visit: &Visit, id: &str) -> Result<SavedFilter, Failure> {
    let filter = find(visit, id).await?;
    if filter.owner == visit.entered.who.administrator {
        Ok(filter)
    } else {
        Err(failed(NotKept::NotYours(filter.owner_name)))
    }
}

fn failed(why: NotKept) -> Failure {
    match why {
        NotKept::Store(error) => error.into(),
        NotKept::Unknown => Failure::NotFound("There is no such filter."),
        why @ NotKept::InUse(_) => Refusal::new(
            "The filter was not deleted.",
            format!("It was refused: {why}."),
            "Give those automated tasks and reports another filter first.",
        )
        .into(),
        why => Refusal::new(
            "The filter was not changed.",
            format!("It was refused: {why}."),
            "Open it, and save what you see as a filter of your own.",
        )
        .into(),
    }
}

/// What is said above a form that was not taken.
fn problem(headline: &str, entry: &Entry, why: NotKept) -> Result<Markup, Failure> {
    let body = match why {
        NotKept::Store(_) | NotKept::Unknown | NotKept::NotYours(_) | NotKept::NoOwner => return Err(failed(why)),
        NotKept::Wrong(diagnostics) => problems(&entry.filter, &diagnostics),
        NotKept::TooMany => {
            html! { p { "Every organization keeps at most " (stored::MOST) "." } p { "Delete one first." } }
        }
        why @ NotKept::InUse(_) => {
            html! { p { "It was refused: " (why.to_string()) "." } p { "Give those automated tasks and reports another filter first, or keep it shared." } }
        }
        why @ (NotKept::Words(_) | NotKept::NameTaken) => {
            html! { p { "It was not taken: " (why.to_string()) "." } p { "Correct it below." } }
        }
    };
    Ok(notice::notice(Weight::Failure, headline, body))
}

async fn page(visit: &Visit, entry: &Entry, problem: Markup) -> Result<Page, Failure> {
    let filters = visible(visit).await?;
    let me = &visit.entered.who.administrator;
    let (own, others): (Vec<&SavedFilter>, Vec<&SavedFilter>) = filters.iter().partition(|filter| filter.owner == *me);
    Ok(Page::framed(
        &visit.frame("Saved filters", Place::UserBrowser),
        html! {
            div.headline { h1 { "Saved filters" } }
            p.lead { "Questions about people that are asked again. Each has an address of its own that can be sent to a colleague." }
            (problem)
            @if filters.is_empty() {
                (empty("No filter is saved yet.", html! {
                    p { "Save one below, or look for people in the " a href="/people" { "User Browser" } " first." }
                }))
            }
            @if !own.is_empty() { h2 { (Whose::Own.title()) } (list(&own, &visit.reader, Whose::Own)) }
            @if !others.is_empty() { h2 { (Whose::Others.title()) } (list(&others, &visit.reader, Whose::Others)) }
            h2 { "Save a filter" }
            (form(HERE, entry))
        },
    ))
}

fn list(filters: &[&SavedFilter], reader: &Reader, whose: Whose) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(whose.title()) {
            table {
                thead { tr {
                    th scope="col" { "Name" }
                    th.hide-s scope="col" { "Filter" }
                    th scope="col" { (if whose == Whose::Own { "For" } else { "Owner" }) }
                    th.num.hide-m scope="col" { "Changed" }
                    th scope="col" { "Export" }
                    @if whose == Whose::Own { th scope="col" { "Edit" } }
                } }
                tbody { @for filter in filters { (row(filter, reader, whose)) } }
            }
        }
    }
}

fn row(filter: &SavedFilter, reader: &Reader, whose: Whose) -> Markup {
    let (kept, address) = (&filter.kept, Address::new(HERE).below(filter.id.as_str()));
    html! {
        tr {
            td {
                a href=(address) { bdi { (kept.name.as_str()) } }
                @if !kept.description.as_str().is_empty() { " " span.sub { bdi { (kept.description.as_str()) } } }
            }
            td.hide-s { @if kept.text.is_empty() { span.sub { "everybody" } } @else { code { (kept.text) } } }
            td { @if whose == Whose::Others { bdi { (filter.owner_name) } } @else if kept.audience.is_everybody() { "everybody" } @else { "you" } }
            td.num.hide-m { (reader.relative(filter.changed_at)) }
            td { (export::links(&kept.text, "")) " · " (reports::of_filter(filter)) }
            @if whose == Whose::Own { td { a href=(address.below("edit")) aria-label={ "Edit " (kept.name.as_str()) } { "Edit" } } }
        }
    }
}

fn edited(visit: &Visit, filter: &SavedFilter, entry: &Entry, problem: Markup) -> Page {
    let here = Address::new(HERE).below(filter.id.as_str());
    Page::framed(
        &visit.frame("Edit a filter", Place::UserBrowser),
        html! {
            p { a href=(HERE) { "Saved filters" } }
            div.headline { h1 { bdi { (filter.kept.name.as_str()) } } (reports::of_filter(filter)) }
            (problem)
            (form(here.as_str(), entry))
            form.fields method="post" action=(here.below("delete")) {
                details {
                    summary { "Delete this filter" }
                    p.hint { "Its address will lead nowhere" @if filter.kept.audience.is_everybody() { ", for everybody" } "." }
                    button type="submit" { "Delete" }
                }
            }
        },
    )
}

fn form(action: &str, entry: &Entry) -> Markup {
    html! {
        form.fields method="post" action=(action) {
            input type="hidden" name="anyway" value=(entry.anyway);
            label { "Name"
                input type="text" name="name" value=(entry.name) required maxlength=(LONGEST_NAME) autocomplete="off";
            }
            label { "Description"
                span.hint { "May be empty." }
                input type="text" name="description" value=(entry.description) maxlength=(LONGEST_DESCRIPTION) autocomplete="off";
            }
            label { "Filter"
                span.hint { "In the filter language, e.g. inactiveFor(jira) >= 90d AND domain = acme.example." }
                input type="text" name="filter" value=(entry.filter) maxlength=(MAX_CHARACTERS) autocomplete="off" spellcheck="false";
            }
            label.choice {
                input type="checkbox" name="shared" value="on" checked[!entry.shared.is_empty()];
                span { "Shared" span.hint { " Everybody who signs in finds it; only you change it." } }
            }
            button.primary type="submit" { "Save" }
        }
    }
}
