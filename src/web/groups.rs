//! The groups of the organization: found by a filter, sorted, paged, exported.

pub(crate) mod compare;
pub(crate) mod files;
pub(crate) mod make;

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use directory::find::groups::{self, Ranking};
use directory::{GroupRow, ManagedBy, Ordinal, Snapshot};
use filter::Direction;
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::mirror::answer::{Answer, answer_groups};
use crate::mirror::export::groups as rows;
use crate::web::assets;
use crate::web::failure::Failure;
use crate::web::listing::{Cursor, Key, Slice, Turn, Walk};
use crate::web::people::complete::{At, completion};
use crate::web::ui::address::Address;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::diagnosed::diagnosed;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::ui::{person, words};
use crate::web::visit::{Visit, first_use};

/// The list's address.
pub(crate) const HERE: &str = "/groups";
/// What could be written at a place of its filter.
pub(crate) const COMPLETE: &str = "/groups/complete";

/// What an address asks for. Everything may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    q: String,
    sort: String,
    order: String,
    after: String,
    before: String,
}

/// The columns that groups are sorted by: the word of the address, the field, the title.
const SORTS: [(&str, &str, &str); 3] =
    [("name", "name", "Name"), ("members", "members", "Members"), ("first_seen", "firstSeen", "First seen")];

/// Questions that are asked often, as one click.
const USUAL: [(&str, &str); 6] = [
    ("Empty", "isEmpty = yes"),
    ("Grant nothing", "grantsNothing = yes"),
    ("Default for an app", "default IS NOT EMPTY"),
    ("Synced", "synced = yes"),
    ("Not synced", "synced = no"),
    ("Protected", "protected = yes"),
];

const LIMIT: usize = 50;

/// GET /groups
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    let state = visit.state().await?;
    let snapshot = &visit.snapshot;
    let content = if snapshot.generation() == 0 {
        html! { div.headline { h1 { "Groups" } } (first_use(state.newest.as_ref())) }
    } else {
        content(&ask, (snapshot, &visit.reader), state.notices(snapshot, &visit.reader))
    };
    Ok(Page::framed(&visit.frame("Groups", Place::Groups), content).into_response())
}

/// GET /groups/complete
pub(crate) async fn complete(visit: Visit, Query(at): Query<At>) -> Response {
    completion(&at, groups::catalogue(), &groups::Vocabulary::of(&visit.snapshot))
}

impl Ask {
    /// The column that the address asks for.
    fn sort(&self) -> &'static str {
        SORTS.iter().find(|(word, _, _)| *word == self.sort).map_or("name", |(word, _, _)| word)
    }

    fn is_descending(&self) -> bool {
        self.order == "desc"
    }

    fn address(&self, sort: &str, descending: bool) -> Address {
        Address::new(HERE)
            .with("q", self.q.trim())
            .with("sort", if sort == "name" { "" } else { sort })
            .with("order", if descending { "desc" } else { "" })
    }

    /// The order of the address, for a filter that says none of its own.
    fn ordered(&self) -> Vec<filter::Order> {
        let field = SORTS.iter().find(|(word, _, _)| *word == self.sort()).map_or("name", |(_, field, _)| field);
        let direction = if self.is_descending() { Direction::Descending } else { Direction::Ascending };
        let field = groups::catalogue().find(field);
        field.map(|field| filter::Order { field, argument: None, direction }).into_iter().collect()
    }
}

fn slice(ask: &Ask, snapshot: &Snapshot, answer: &Answer) -> Slice {
    let of_address = ask.ordered();
    let order = if answer.query.order.is_empty() { &of_address } else { &answer.query.order };
    let ranking = Ranking::of(snapshot, order);
    let key = |group: Ordinal| Key::from(ranking.key(group));
    let order = ranking.order();
    let walk = Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: false };
    walk.slice(&answer.found.matching, &Turn::parse(&ask.after, &ask.before), LIMIT)
}

fn content(ask: &Ask, (snapshot, reader): (&Snapshot, &Reader), notices: Markup) -> Markup {
    let answer = answer_groups(snapshot, ask.q.trim(), (reader.now, &reader.zone));
    let all = snapshot.groups_by_name().len() as u64;
    html! {
        div.headline {
            h1 { "Groups" }
            span.sub id="matched" {
                span.num { (number(answer.found.matching.len())) } " of " span.num { (number(all)) }
                (if all == 1 { " group" } else { " groups" })
            }
            span.grow {}
            a.button href=(make::HERE) { "Create group" }
        }
        (notices)
        form.filter.find method="get" action=(HERE) role="search" {
            input type="search" name="q" value=(ask.q) placeholder="Name, description, or a filter: members > 100 AND app = jira"
                aria-label="Filter" maxlength=(filter::MAX_CHARACTERS) autocomplete="off" spellcheck="false" data-complete=(COMPLETE);
            @for (name, value) in [("sort", &ask.sort), ("order", &ask.order)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            button.primary type="submit" { "Search" }
            @if !ask.q.trim().is_empty() { a.button.quiet href=(HERE) { "Clear" } }
        }
        nav.chips aria-label="Usual questions" {
            @for (title, q) in USUAL {
                a href=(Ask { q: q.to_owned(), ..ask.clone() }.address(ask.sort(), ask.is_descending()))
                    aria-current=[(ask.q.trim() == q).then_some("true")] {
                    (title) " " span.num { (number(of(q, snapshot, reader).len())) }
                }
            }
        }
        div id="found" { (found(ask, &answer, all, (snapshot, reader))) }
        script src=(assets::finder_address()) defer {}
    }
}

/// The groups that a question finds.
fn of(q: &str, snapshot: &Snapshot, reader: &Reader) -> RoaringBitmap {
    answer_groups(snapshot, q, (reader.now, &reader.zone)).found.matching
}

fn found(ask: &Ask, answer: &Answer, all: u64, (snapshot, reader): (&Snapshot, &Reader)) -> Markup {
    let slice = slice(ask, snapshot, answer);
    // A heading brings its own order, in place of one that the filter's text asks for.
    let headed = match answer.query.order.is_empty() {
        true => ask.clone(),
        false => {
            let unordered = filter::Query { expression: answer.query.expression.clone(), order: Vec::new() };
            Ask { q: filter::show(&unordered, groups::catalogue()), ..ask.clone() }
        }
    };
    html! {
        (diagnosed(&ask.q, answer, |better| {
            Ask { q: better.to_owned(), ..ask.clone() }.address(ask.sort(), ask.is_descending())
        }))
        @if !answer.found.unknown.is_empty() {
            p.hint { "Of " (counted(answer.found.unknown.len(), "group", "groups")) " it is not known whether the filter holds; they are not in the list." }
        }
        @if slice.rows.is_empty() {
            (none(ask, all))
        } @else {
            (table((ask, &headed), (snapshot, reader), &slice))
            @if !answer.has_errors {
                p.hint { "Export all " (number(answer.found.matching.len())) ": " (files::links(&ask.q)) }
                (make::clean_up(&ask.q, answer.found.matching.len()))
            }
        }
    }
}

fn none(ask: &Ask, all: u64) -> Markup {
    if ask.q.trim().is_empty() {
        return empty(
            "The organization has no groups that this key may see.",
            html! { p { "See what the last sync could read under " a href="/runs" { "Sync Runs" } "." } },
        );
    }
    empty(
        &format!("No group is found by “{}”.", ask.q.trim()),
        html! {
            p { "A plain word is looked for in names and descriptions, in any case and with or without accents. What is not known of a group \
                 matches neither a test nor its opposite." }
            p { a.button href=(HERE) { "Show all " (number(all)) } }
        },
    )
}

fn table((ask, headed): (&Ask, &Ask), (snapshot, reader): (&Snapshot, &Reader), slice: &Slice) -> Markup {
    let turn = |name, cursor: &Option<Cursor>| {
        let address = ask.address(ask.sort(), ask.is_descending());
        cursor.as_ref().map(|cursor| address.with(name, &cursor.to_text()))
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Groups" {
            table {
                thead { tr {
                    (heading(headed, SORTS[0], ""))
                    (heading(headed, SORTS[1], "num"))
                    th.hide-s scope="col" { "Grants" }
                    th.hide-s scope="col" { "Default for" }
                    th.hide-m scope="col" { "Synced by" }
                    th.hide-m scope="col" { "Directory" }
                    (heading(headed, SORTS[2], "num hide-m"))
                } }
                tbody { @for (group, row) in slice.rows.iter().filter_map(|group| Some((*group, snapshot.group_row(*group)?))) {
                    tr {
                        td.long {
                            a href=(Address::group(row.id.as_str())) { bdi { (name(row)) } }
                            @if snapshot.is_protected_group(group) { " " span.tag.key { "Protected" } }
                            @if let Some(description) = row.group.as_ref().and_then(|known| known.description.as_deref()) {
                                @if !description.trim().is_empty() { span.sub { bdi { (description) } } }
                            }
                        }
                        td.num { (members(group, row, snapshot)) }
                        td.hide-s.wide { (granted(group, snapshot)) }
                        td.hide-s.wide { (few(&rows::default_for(snapshot, group), 1)) }
                        td.hide-m { (managed_by(row)) }
                        td.hide-m { @match rows::directory(snapshot, row) {
                            Some(home) => { bdi { (home) } }
                            None => { span.sub { "not told" } }
                        } }
                        td.num.hide-m { @match snapshot.group_first_seen(group) {
                            Some(at) => { (reader.day(at)) }
                            None => { span.sub { "not kept" } }
                        } }
                    }
                } }
            }
        }
        (paging("Pages", turn("before", &slice.previous), turn("after", &slice.next)))
    }
}

/// What a group grants in few words: app, site and role. It is never said that a group grants nothing where it grants
/// something on a site that is left out, or Atlassian says that it does.
pub(crate) fn granted(group: Ordinal, snapshot: &Snapshot) -> Markup {
    let named = snapshot.grants(group).iter().filter_map(|grant| {
        let resource = snapshot.resources().get(grant.resource as usize)?;
        Some(format!("{} · {} · {}", resource.id.app_name(), resource.site_name(), words::role(&grant.role)))
    });
    let named: Vec<String> = named.collect();
    let told = snapshot.group_row(group).and_then(|row| row.counts.resources);
    html! {
        @if !named.is_empty() { (few(&named, 2)) }
        @if snapshot.grants_elsewhere(group) { span.sub { "on sites that are left out" } }
        @else if named.is_empty() {
            @if told == Some(0) { span.sub { "nothing" } } @else { span.sub { "not known" } }
        }
    }
}

fn few(names: &[String], most: usize) -> Markup {
    person::few(&names.iter().map(String::as_str).collect::<Vec<_>>(), most)
}

fn heading(ask: &Ask, (sort, _, title): (&str, &str, &str), class: &str) -> Markup {
    let current = ask.sort() == sort;
    let down = ask.is_descending();
    // Whoever looks at numbers and days mostly wants the greatest first.
    let descending = if current { !down } else { sort != "name" };
    let sorted = current.then_some(if down { "descending" } else { "ascending" });
    html! {
        th scope="col" class=(class) aria-sort=[sorted] {
            a href=(ask.address(sort, descending)) {
                (title)
                @if current { span aria-hidden="true" { (if down { " ↓" } else { " ↑" }) } }
            }
        }
    }
}

/// A group's name, or its id when only a membership has named it.
pub(crate) fn name(row: &GroupRow) -> &str {
    rows::name(row)
}

/// Who decides over a group's members.
pub(crate) fn managed_by(row: &GroupRow) -> Markup {
    let Some(group) = &row.group else { return html! { span.sub { "not told" } } };
    html! {
        @match &group.managed_by {
            _ if group.is_synced() => { span.tag { "Synced" } " " span.sub { "identity provider" } }
            Some(ManagedBy::Admins) => "Admins",
            Some(ManagedBy::TeamMembers) => "Team members",
            Some(ManagedBy::Open) => "Anybody",
            Some(ManagedBy::External) => "Identity provider",
            Some(ManagedBy::Other(word)) => { bdi { (word) } }
            None => { span.sub { "not told" } }
        }
    }
}

/// Our count of members, with Atlassian's beside it where it differs.
fn members(group: Ordinal, row: &GroupRow, snapshot: &Snapshot) -> Markup {
    let seen = snapshot.memberships().members(group).len();
    html! {
        (number(seen))
        @if let Some(counted) = row.counts.users.filter(|counted| u64::from(*counted) != seen) {
            " " span.sub { "Atlassian counts " (number(counted.into())) }
        }
    }
}

#[cfg(test)]
mod tests;
