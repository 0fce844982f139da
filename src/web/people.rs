//! The user browser: everybody of the organization, found by a filter, narrowed by counts, sorted, paged.

pub(crate) mod builder;
pub(crate) mod complete;
mod filter_box;
mod narrow;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use directory::find::{Ranking, SortKey};
use directory::{AccountRow, Ordinal, Snapshot, Status};
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::auth::token::Token;
use crate::mirror::answer::{self, Answer};
use crate::nouns::saved_filter::SavedFilter;
use crate::web::Served;
use crate::web::assets;
use crate::web::failure::Failure;
use crate::web::listing::{Key, Slice, Turn, Walk};
use crate::web::people_sync;
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::ui::person;
use crate::web::visit::{Visit, first_use};
use crate::web::{export, filters, why};

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
}

/// The columns that people are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Name,
    Email,
    LastActive,
    Added,
}

/// What stands around the list.
struct Around<'a> {
    /// Makes a form that is sent twice start one sync.
    request_key: &'a str,
    /// Saved filters.
    saved: &'a [SavedFilter],
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
    answer: Answer,
}

const FORMER: &str = "former";
const USUAL_LIMIT: usize = 50;
const GREATEST_LIMIT: usize = 500;

/// GET /people
pub(crate) async fn show(
    State(served): State<Served>,
    visit: Visit,
    Query(ask): Query<Ask>,
) -> Result<Response, Failure> {
    Ok(page(&served, &visit, &ask, html! {}).await?.into_response())
}

/// The list, below what else has to be said.
pub(crate) async fn page(served: &Served, visit: &Visit, ask: &Ask, notices: Markup) -> Result<Page, Failure> {
    let state = visit.state().await?;
    let frame = visit.frame("User Browser", Place::UserBrowser);
    let content = if visit.snapshot.generation() == 0 {
        html! { div.headline { h1 { "User Browser" } } (first_use(state.newest.as_ref())) }
    } else {
        let request_key = Token::new(&served.entropy);
        let notices = html! { (notices) (state.notices(&visit.snapshot, &visit.reader)) };
        let saved = filters::visible(visit).await?;
        let around = Around { request_key: request_key.expose(), saved: &saved, notices };
        content(ask, &visit.snapshot, &visit.reader, &around)
    };
    Ok(Page::framed(&frame, content))
}

impl Sort {
    const ALL: [Sort; 4] = [Sort::Name, Sort::Email, Sort::LastActive, Sort::Added];

    pub(crate) fn parse(text: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Email => "email",
            Sort::LastActive => "last_active",
            Sort::Added => "added",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Sort::Name => "Name",
            Sort::Email => "E-mail",
            Sort::LastActive => "Last active",
            Sort::Added => "Added",
        }
    }
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
    }

    fn with_status(&self, status: &str) -> Address {
        Ask { status: status.to_owned(), ..self.clone() }.address(&Address::new("/people"))
    }
}

/// The rows of one page in the order that the filter's text asks for.
fn ranked(ask: &Ask, snapshot: &Snapshot, browsed: &Browsed) -> Slice {
    let ranking = Ranking::of(snapshot, &browsed.answer.query.order);
    let key = |account: Ordinal| match ranking.key(account) {
        SortKey::Missing => Key::Missing,
        SortKey::Number(number) => Key::Number(number),
        SortKey::Text(text) => Key::Text(text.into_owned()),
    };
    let order = ranking.order();
    let walk =
        Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: ranking.missing_last() };
    walk.slice(&browsed.matching, &Turn::parse(&ask.after, &ask.before), ask.limit())
}

/// The rows of one page out of these people.
pub(crate) fn slice(ask: &Ask, snapshot: &Snapshot, matching: &RoaringBitmap) -> Slice {
    let sort = ask.sort();
    let text = |text: Option<&str>| text.map_or(Key::Missing, |text| Key::Text(text.to_owned()));
    let number = |number: Option<i64>| number.map_or(Key::Missing, Key::Number);
    let key = |account: Ordinal| match sort {
        // Somebody of whom only the id is known has no name, which is not the same as an empty one.
        Sort::Name => text(snapshot.profile_digest(account).map(|_| snapshot.folded_name(account))),
        Sort::Email => text(snapshot.email_key(account)),
        Sort::LastActive => number(snapshot.activity().last(account)),
        Sort::Added => number(snapshot.account_row(account).and_then(|row| row.added_at).map(|at| at.as_microsecond())),
    };
    let order = match sort {
        Sort::Name => snapshot.by_name(),
        Sort::Email => snapshot.by_email(),
        Sort::LastActive => snapshot.by_last_active(),
        Sort::Added => snapshot.by_added(),
    };
    let walk = Walk { order, key: &key, descending: ask.is_descending(), missing_last: sort == Sort::Email };
    walk.slice(matching, &Turn::parse(&ask.after, &ask.before), ask.limit())
}

/// Everybody whom filter and status match.
pub(crate) fn matching(ask: &Ask, snapshot: &Snapshot, reader: &Reader) -> RoaringBitmap {
    browse(ask, snapshot, reader).matching
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
    add("other", "Other", rest);
    add(FORMER, "Former", former);
    let matching = matching.unwrap_or_else(|| {
        // A status that upstream has and we do not know by name, or nonsense, which nobody has.
        snapshot.with_status(&Status::parse(&ask.status)) & &found
    });
    Browsed { present: present.len(), statuses, matching, answer }
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
            (why::link(&ask.q, &ask.status))
            (people_sync::controls(ask, (matching, browsed.present), around.request_key))
        }
        (around.notices)
        (filter_box::search(ask))
        (filters::bar(around.saved, &ask.q))
        (builder::form(ask, snapshot))
        div id="found" { (found(ask, &browsed, snapshot, reader)) }
        script src=(assets::finder_address()) defer {}
    }
}

/// What the filter finds, below the box.
fn found(ask: &Ask, browsed: &Browsed, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let slice = match browsed.answer.query.order.is_empty() {
        true => slice(ask, snapshot, &browsed.matching),
        false => ranked(ask, snapshot, browsed),
    };
    // A heading brings its own order, in place of one that the filter's text asks for.
    let headed = Ask { q: filter_box::unordered(&browsed.answer).unwrap_or_else(|| ask.q.clone()), ..ask.clone() };
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
        (narrow::facets(ask, &browsed.answer, snapshot, &browsed.matching))
        @if slice.rows.is_empty() {
            (nobody(ask, browsed.present))
        } @else {
            (table((ask, &headed), snapshot, reader, &slice))
            @if !browsed.answer.has_errors && ask.status.is_empty() {
                p.hint { "Export all " (number(browsed.matching.len())) ": " (export::links(&ask.q)) }
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
                a.button href="/people" { "Show all " (number(present)) }
                @if ask.status != FORMER { " " a.button href=(ask.with_status(FORMER)) { "Search former people" } }
            }
            p { (why::link(&ask.q, &ask.status)) }
        },
    )
}

fn table((ask, headed): (&Ask, &Ask), snapshot: &Snapshot, reader: &Reader, slice: &Slice) -> Markup {
    let here = Address::new("/people");
    html! {
        div.scroll tabindex="0" role="region" aria-label="People" {
            table {
                thead { tr {
                    (name_and_email(headed, &here))
                    th.hide-m scope="col" { "Sites" }
                    th.hide-s scope="col" { "Groups" }
                    th.hide-s scope="col" { "Apps" }
                    (heading(headed, Sort::Added, &here, "num hide-m"))
                    (heading(headed, Sort::LastActive, &here, "num"))
                    th scope="col" { "Status" }
                } }
                tbody { @for row in slice.rows.iter().filter_map(|account| snapshot.account_row(*account)) {
                    (person_row(&row, snapshot, reader))
                } }
            }
        }
        (turns(ask, &here, slice))
    }
}

fn person_row(row: &AccountRow<'_>, snapshot: &Snapshot, reader: &Reader) -> Markup {
    let access = snapshot.access(row.ordinal);
    let resources = access.iter().filter_map(|access| snapshot.resources().get(access.resource as usize));
    let mut sites: Vec<&str> = resources.clone().map(|resource| resource.site_name()).collect();
    let mut apps: Vec<&str> = resources.map(|resource| resource.id.app_name()).collect();
    for names in [&mut sites, &mut apps] {
        names.sort_unstable();
        names.dedup();
    }
    html! {
        tr {
            td { (person::who(row)) }
            td.hide-m { (sites_of(&sites)) }
            td.hide-s { (person::few(&group_names(row.ordinal, snapshot), 2)) }
            td.hide-s { (person::few(&apps, 2)) }
            td.num.hide-m { @match row.added_at { Some(at) => { (reader.day(at)) } None => { span.sub { "unknown" } } } }
            td.num { (person::last_active(snapshot, row.ordinal, reader)) }
            td { (person::status_tag(row)) }
        }
    }
}

fn sites_of(sites: &[&str]) -> Markup {
    html! {
        @if sites.is_empty() { span.sub { "none" } }
        @for (place, site) in sites.iter().take(3).enumerate() { @if place > 0 { ", " } bdi { (site) } }
        @if sites.len() > 3 { " " span.sub { "+" (sites.len() - 3) } }
    }
}

/// Names of somebody's groups, by name.
pub(crate) fn group_names(account: Ordinal, snapshot: &Snapshot) -> Vec<&str> {
    let rows = snapshot.memberships().of(account).iter().filter_map(|group| snapshot.group_row(*group));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|a, b| a.folded_name.cmp(&b.folded_name));
    rows.into_iter().map(|row| row.group.as_ref().map_or(row.id.as_str(), |group| &*group.name)).collect()
}

/// A heading that sorts by its column; again, the other way round.
pub(crate) fn heading(ask: &Ask, sort: Sort, here: &Address, class: &str) -> Markup {
    html! { th scope="col" class=(class) aria-sort=[sorted(ask, sort)] { (sorter(ask, sort, here)) } }
}

/// One column holds name and e-mail, and sorts by either.
pub(crate) fn name_and_email(ask: &Ask, here: &Address) -> Markup {
    let sorted = sorted(ask, Sort::Name).or(sorted(ask, Sort::Email));
    html! {
        th scope="col" aria-sort=[sorted] {
            (sorter(ask, Sort::Name, here)) span.sep { "·" } (sorter(ask, Sort::Email, here))
        }
    }
}

fn sorted(ask: &Ask, sort: Sort) -> Option<&'static str> {
    (ask.sort() == sort).then_some(if ask.is_descending() { "descending" } else { "ascending" })
}

fn sorter(ask: &Ask, sort: Sort, here: &Address) -> Markup {
    let (current, down) = (ask.sort() == sort, ask.is_descending());
    // Whoever looks at days mostly wants the latest first.
    let descending = if current { !down } else { matches!(sort, Sort::LastActive | Sort::Added) };
    html! {
        a href=(ask.sorted_by(here, sort, descending)) {
            (sort.title())
            @if current { span aria-hidden="true" { (if down { " ↓" } else { " ↑" }) } }
        }
    }
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
