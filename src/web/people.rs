//! The user browser: everybody of the organization, found by a filter, narrowed by counts, sorted, paged, selected.

pub(crate) mod administrators;
pub(crate) mod builder;
pub(crate) mod columns;
pub(crate) mod compare;
pub(crate) mod complete;
mod filter_box;
pub(crate) mod invite;
mod narrow;
pub(crate) mod past;
pub(crate) mod question;
pub(crate) mod sort;
pub(crate) mod table;
pub(crate) mod ticks;

use axum::extract::{Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use directory::{Snapshot, Status, find};
use filter::Expression;
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::auth::token::Token;
use crate::mirror::answer::{self, Answer};
use crate::nouns::saved_filter::SavedFilter;
use crate::web::Served;
use crate::web::assets;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::listing::Slice;
use crate::web::notices::activity_age;
use crate::web::people::columns::Columns;
use crate::web::people::past::When;
use crate::web::people::sort::{Sort, ranked, slice_of};
use crate::web::people::table::Shown;
use crate::web::people::ticks::Chosen;
use crate::web::people_sync;
use crate::web::site;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::ui::person;
use crate::web::visit::{Visit, first_use};
use crate::web::{export, filters, manual_sync, why};

/// The page's address.
pub(crate) const HERE: &str = "/people";

/// What an address asks for. Everything may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    pub(crate) q: String,
    pub(crate) status: String,
    pub(crate) sort: String,
    pub(crate) order: String,
    pub(crate) after: String,
    pub(crate) before: String,
    pub(crate) limit: String,
    pub(crate) columns: String,
    /// The selection that ticks belong to.
    pub(crate) selection: String,
    /// A past day, as `2026-03-01`; empty for the present.
    pub(crate) as_of: String,
}

/// What stands around the list.
struct Around<'a> {
    /// Makes a form that is sent twice start one sync.
    request_key: &'a str,
    /// Saved filters.
    saved: &'a [SavedFilter],
    columns: &'a Columns,
    chosen: &'a Chosen,
    /// Of when the list is.
    when: &'a When,
    /// What has to be said before anything else.
    notices: Markup,
}

/// Who is on the page, out of whom.
struct Browsed {
    /// Everybody who is not a former person.
    present: u64,
    /// By status, those that the search finds: the word of the address, the word of the page, how many.
    statuses: Vec<(String, String, u64)>,
    /// Who matches search and status.
    matching: RoaringBitmap,
    /// Filter and status in one, in canonical form; `None` where the language cannot say it, or the filter has errors.
    canonical: Option<String>,
    answer: Answer,
}

const OTHER: &str = "other";
const FORMER: &str = "former";
const USUAL_LIMIT: usize = 50;
const GREATEST_LIMIT: usize = 500;

/// GET /people
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    // The bare address is where the navigation leads: it keeps the site. Every other address says itself what it shows.
    if let (true, Some(site)) = (query.is_none_or(|query| query.is_empty()), &visit.site) {
        return Ok(see(Address::new(HERE).with("q", &question::with_site("", Some(site))).as_str()));
    }
    let asked = filter::parse(ask.q.trim(), directory::find::catalogue());
    let response = page(&served, &visit, &ask, html! {}).await?.into_response();
    match asked.has_errors() {
        true => Ok(response),
        false => Ok(site::remembered(response, &visit, question::site(&asked.query), &headers)),
    }
}

/// The list, below what else has to be said.
pub(crate) async fn page(served: &Served, visit: &Visit, ask: &Ask, notices: Markup) -> Result<Page, Failure> {
    let state = visit.state().await?;
    let asked = filter::parse(ask.q.trim(), directory::find::catalogue()).query;
    let mut frame = visit.frame_of("User Browser", Place::UserBrowser, question::site(&asked));
    let content = if visit.snapshot.generation() == 0 {
        html! { div.headline { h1 { "User Browser" } } (first_use(state.newest.as_ref())) }
    } else {
        let when = match When::of(visit, ask).await {
            Ok(when) => when,
            Err(why) => return past::refused(visit, ask, why),
        };
        let ask = &when.ask(ask);
        let (snapshot, reader) = when.shown(visit);
        if when.is_past() {
            (frame.age, frame.stale) = (Some(reader.moment(snapshot.sealed_at())), false);
        }
        let request_key = Token::new(&served.entropy);
        let said = when.notice(ask, &reader).unwrap_or_else(|| state.notices(snapshot, &reader));
        let saved = filters::visible(visit).await?;
        let notices = html! { (notices) (said) };
        let columns = Columns::of(visit, ask).await?;
        let chosen = Chosen::of(visit, ask).await?;
        let around = Around {
            request_key: request_key.expose(),
            saved: &saved,
            columns: &columns,
            chosen: &chosen,
            when: &when,
            notices,
        };
        content(ask, snapshot, &reader, &around)
    };
    Ok(Page::framed(&frame, content))
}

impl Ask {
    pub(crate) fn sort(&self) -> Sort {
        Sort::parse(&self.sort).unwrap_or(Sort::Name)
    }

    pub(crate) fn is_descending(&self) -> bool {
        self.order == "desc"
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.parse().ok().filter(|limit| (1..=GREATEST_LIMIT).contains(limit)).unwrap_or(USUAL_LIMIT)
    }

    /// This list from its beginning, sorted as now.
    pub(crate) fn address(&self, path: &Address) -> Address {
        self.sorted_by(path, self.sort(), self.is_descending())
    }

    fn sorted_by(&self, path: &Address, sort: Sort, descending: bool) -> Address {
        path.clone()
            .with("q", self.q.trim())
            .with("status", &self.status)
            .with("sort", if sort == Sort::Name { "" } else { sort.as_str() })
            .with("order", if descending { "desc" } else { "" })
            .with("limit", if self.limit() == USUAL_LIMIT { "" } else { &self.limit })
            .with("columns", &self.columns)
            .with("selection", &self.selection)
            .with("as_of", &self.as_of)
    }

    /// What a form carries along so that it leads back to this list, but for the filter's text.
    fn hidden_beside_text(&self) -> Markup {
        let carried = [
            ("status", &self.status),
            ("sort", &self.sort),
            ("order", &self.order),
            ("limit", &self.limit),
            ("columns", &self.columns),
            ("selection", &self.selection),
            ("as_of", &self.as_of),
        ];
        html! {
            @for (name, value) in carried {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
        }
    }

    /// What a form carries along so that it leads back to this list.
    pub(crate) fn hidden(&self) -> Markup {
        html! { input type="hidden" name="q" value=(self.q); (self.hidden_beside_text()) }
    }

    fn with_status(&self, status: &str) -> Address {
        Ask { status: status.to_owned(), ..self.clone() }.address(&Address::new("/people"))
    }
}

/// Everybody whom filter and status match.
pub(crate) fn matching(ask: &Ask, snapshot: &Snapshot, reader: &Reader) -> RoaringBitmap {
    browse(ask, snapshot, reader).matching
}

/// Filter and status of a list in one canonical text, where the language can say it.
pub(crate) fn canonical_of(ask: &Ask, snapshot: &Snapshot, reader: &Reader) -> Option<String> {
    canonical(ask, &answer::answer(snapshot, ask.q.trim(), (reader.now, &reader.zone)))
}

fn browse(ask: &Ask, snapshot: &Snapshot, reader: &Reader) -> Browsed {
    let at = (reader.now, &reader.zone);
    let answer = answer::answer(snapshot, ask.q.trim(), at);
    let present = snapshot.present();
    let former = match answer.found.asked.is_empty() {
        true => RoaringBitmap::new(),
        false => answer::of_former(snapshot, &answer.query, at),
    };
    let found = &answer.found.matching & &present;
    let mut rest = found.clone();
    let mut statuses = Vec::new();
    let canonical = canonical(ask, &answer);
    let mut matching = None;
    let mut add = |word: &str, title: &str, hits: RoaringBitmap| {
        if !hits.is_empty() || word == ask.status || word.is_empty() {
            statuses.push((word.to_owned(), title.to_owned(), hits.len()));
        }
        if word == ask.status {
            matching = Some(hits);
        }
    };
    // Whoever names former people in the filter itself has them in the list of all.
    add("", "All", answer.found.matching.clone());
    for status in Status::KNOWN {
        let people = snapshot.with_status(status) & &found;
        rest -= &people;
        add(status.as_str(), person::status_word(status), people);
    }
    add(OTHER, "Other", rest);
    add(FORMER, "Former", former);
    let matching = matching.unwrap_or_else(|| {
        // A status that upstream has and we do not know by name, or nonsense, which nobody has.
        snapshot.with_status(&Status::parse(&ask.status)) & &found
    });
    Browsed { present: present.len(), statuses, matching, canonical, answer }
}

/// Filter and status in one text.
fn canonical(ask: &Ask, answer: &Answer) -> Option<String> {
    let known = Status::KNOWN.iter().any(|status| status.as_str() == ask.status) || ask.status == FORMER;
    if answer.has_errors || !(known || ask.status.is_empty()) {
        return None;
    }
    let status = question::test("status", &ask.status).filter(|_| !ask.status.is_empty());
    let parts = answer.query.expression.clone().into_iter().chain(status).collect();
    let query = filter::Query { expression: Expression::all(parts), order: answer.query.order.clone() };
    Some(filter::show(&query, directory::find::catalogue()))
}

fn content(ask: &Ask, snapshot: &Snapshot, reader: &Reader, around: &Around<'_>) -> Markup {
    let browsed = browse(ask, snapshot, reader);
    let matching = browsed.matching.len();
    html! {
        div.headline {
            h1 { "User Browser" }
            span.sub id="matched" {
                span.num { (number(matching)) } " of " span.num { (number(browsed.present)) }
                (if browsed.present == 1 { " person" } else { " people" })
            }
            span.grow {}
            @if !around.when.is_past() {
                (why::link(&ask.q, &ask.status))
                (people_sync::controls(ask, (matching, browsed.present), around.request_key))
            }
        }
        @if !around.when.is_past() { (manual_sync::about(&manual_sync::BROWSER)) }
        (around.notices)
        (filter_box::search(ask))
        (filters::bar(around.saved, &ask.q, &ask.as_of))
        (builder::form(ask, snapshot))
        (columns::choice(ask, around.columns))
        (around.when.picker(ask))
        div id="found" { (found(ask, &browsed, (snapshot, reader), around)) }
        script src=(assets::finder_address()) defer {}
        script src=(assets::selector_address()) defer {}
    }
}

/// What the filter finds, below the box.
fn found(ask: &Ask, browsed: &Browsed, (snapshot, reader): (&Snapshot, &Reader), around: &Around<'_>) -> Markup {
    let query = &browsed.answer.query;
    let app = question::app(query).and_then(|word| Some((word, directory::find::app_title(snapshot, word)?)));
    let slice = match query.order.is_empty() {
        true => slice_of(ask, snapshot, &browsed.matching, app.as_ref().map(|(word, _)| *word)),
        false => ranked(ask, snapshot, &browsed.matching, &query.order),
    };
    // A heading brings its own order, in place of one that the filter's text asks for.
    let headed = Ask { q: filter_box::unordered(&browsed.answer).unwrap_or_else(|| ask.q.clone()), ..ask.clone() };
    let shown = Shown { snapshot, reader, columns: around.columns, app, selected: &around.chosen.people };
    html! {
        (filter_box::diagnostics(ask, &browsed.answer))
        nav.chips aria-label="Status" {
            @for (word, title, count) in &browsed.statuses {
                a href=(ask.with_status(word)) aria-current=[(*word == ask.status).then_some("true")] {
                    (title) " " span.num { (number(*count)) }
                }
            }
        }
        @if !browsed.answer.found.unknown.is_empty() {
            p.hint { "Of " (counted(browsed.answer.found.unknown.len(), "person", "people")) " it is not known whether the filter holds; they are not in the list." }
        }
        @if find::uses_activity(&browsed.answer.query) { (activity_age(snapshot, reader)) }
        (narrow::facets(ask, &browsed.answer, snapshot, &browsed.matching))
        @if slice.rows.is_empty() {
            (ticks::elsewhere(around.chosen))
            (nobody(ask, browsed.present))
        } @else {
            @if around.when.is_past() {
                (table::table(&headed, &Address::new(HERE), &shown, (&slice.rows, None)))
                (turns(ask, &Address::new(HERE), &slice))
            } @else {
                form method="post" action=(ticks::HERE) id="select" {
                    (ask.hidden())
                    input type="hidden" name="request_key" value=(around.request_key);
                    (ticks::place(ask, &slice.rows))
                    (table::table(&headed, &Address::new(HERE), &shown, (&slice.rows, Some("Select"))))
                    (ticks::turns(ask, around.chosen, &slice))
                    (ticks::bar(around.chosen, &browsed.matching, &slice.rows, browsed.canonical.is_some()))
                }
            }
            @if let Some(canonical) = &browsed.canonical {
                p.hint { "Export all " (number(browsed.matching.len())) ": " (export::links(canonical, &ask.as_of)) }
            }
        }
    }
}

/// Why there are no rows, and what to do.
fn nobody(ask: &Ask, present: u64) -> Markup {
    let q = ask.q.trim();
    if q.is_empty() && ask.status.is_empty() {
        return empty(
            "The organization has no people that this key may see.",
            html! {
                p { "See what the last sync could read under " a href="/runs" { "Sync Runs" } "." }
                p { (why::link("", "")) }
            },
        );
    }
    let headline =
        if q.is_empty() { "Nobody has this status.".to_owned() } else { format!("Nobody is found by “{q}”.") };
    empty(
        &headline,
        html! {
            @if !q.is_empty() {
                p { "A plain word is looked for in names and e-mail addresses, in any case and with or without accents; addresses \
                     that Atlassian hides cannot be found. What is not known of somebody matches neither a test nor its opposite." }
            }
            p {
                @if !q.is_empty() && !ask.status.is_empty() {
                    a.button href=(ask.with_status("")) { "Search in every status" } " "
                }
                @let everybody = Address::new("/people?q=");
                a.button href=(if ask.as_of.is_empty() { everybody } else { Ask { as_of: ask.as_of.clone(), ..Ask::default() }.address(&Address::new(HERE)) }) { "Show all " (number(present)) }
                @if ask.status != FORMER { " " a.button href=(ask.with_status(FORMER)) { "Search former people" } }
            }
            @if ask.as_of.is_empty() { p { (why::link(&ask.q, &ask.status)) } }
        },
    )
}

/// The links to the rows before and after.
pub(crate) fn turns(ask: &Ask, here: &Address, slice: &Slice) -> Markup {
    let turn = |name, cursor: &Option<crate::web::listing::Cursor>| {
        cursor.as_ref().map(|cursor| ask.address(here).with(name, &cursor.to_text()))
    };
    paging("Pages", turn("before", &slice.previous), turn("after", &slice.next))
}

#[cfg(test)]
mod tests;
