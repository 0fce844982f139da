//! The groups of the organization: searched by name and description, sorted, paged.

use axum::extract::Query;
use axum::response::{IntoResponse, Response};
use columns::Order;
use directory::{GroupRow, ManagedBy, Ordinal, Snapshot};
use maud::{Markup, html};
use roaring::RoaringBitmap;
use serde::Deserialize;

use crate::mirror::group_search::search;
use crate::web::failure::Failure;
use crate::web::listing::{Cursor, Key, Slice, Turn, Walk};
use crate::web::person::grants;
use crate::web::ui::address::Address;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::paging::paging;
use crate::web::visit::{Visit, first_use};

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

const LIMIT: usize = 50;

/// GET /groups
pub(crate) async fn show(visit: Visit, Query(ask): Query<Ask>) -> Result<Response, Failure> {
    let state = visit.state().await?;
    let snapshot = &visit.snapshot;
    let content = if snapshot.generation() == 0 {
        html! { div.headline { h1 { "Groups" } } (first_use(state.newest.as_ref())) }
    } else {
        content(&ask, snapshot, state.notices(snapshot, &visit.reader))
    };
    Ok(Page::framed(&visit.frame("Groups", Place::Groups), content).into_response())
}

impl Ask {
    fn by_members(&self) -> bool {
        self.sort == "members"
    }

    fn is_descending(&self) -> bool {
        self.order == "desc"
    }

    fn address(&self, by_members: bool, descending: bool) -> Address {
        Address::new("/groups")
            .with("q", self.q.trim())
            .with("sort", if by_members { "members" } else { "" })
            .with("order", if descending { "desc" } else { "" })
    }
}

fn slice(ask: &Ask, snapshot: &Snapshot, matching: &RoaringBitmap) -> Slice {
    let turn = Turn::parse(&ask.after, &ask.before);
    let descending = ask.is_descending();
    if ask.by_members() {
        let members = |group: Ordinal| snapshot.memberships().members(group).len();
        let order = Order::build(snapshot.groups_by_name().iter(), |a, b| members(a).cmp(&members(b)));
        let key = |group: Ordinal| Key::Number(i64::try_from(members(group)).unwrap_or(i64::MAX));
        Walk { order: &order, key: &key, descending, missing_last: false }.slice(matching, &turn, LIMIT)
    } else {
        let name = |group: Ordinal| snapshot.group_row(group).map_or("", |row| &row.folded_name);
        let key = |group: Ordinal| Key::Text(name(group).to_owned());
        let order = snapshot.groups_by_name();
        Walk { order, key: &key, descending, missing_last: false }.slice(matching, &turn, LIMIT)
    }
}

fn content(ask: &Ask, snapshot: &Snapshot, notices: Markup) -> Markup {
    let all = snapshot.groups_by_name().len() as u64;
    let matching = search(snapshot, &ask.q);
    let slice = slice(ask, snapshot, &matching);
    html! {
        div.headline {
            h1 { "Groups" }
            span.sub {
                span.num { (number(matching.len())) } " of " span.num { (number(all)) }
                (if all == 1 { " group" } else { " groups" })
            }
        }
        (notices)
        form.filter method="get" action="/groups" role="search" {
            input type="search" name="q" value=(ask.q) placeholder="Name or description" aria-label="Name or description"
                maxlength="256" autocomplete="off" spellcheck="false";
            @for (name, value) in [("sort", &ask.sort), ("order", &ask.order)] {
                @if !value.is_empty() { input type="hidden" name=(name) value=(value); }
            }
            button.primary type="submit" { "Search" }
            @if !ask.q.trim().is_empty() { a.button.quiet href="/groups" { "Clear" } }
        }
        @if slice.rows.is_empty() { (none(ask, all)) } @else { (table(ask, snapshot, &slice)) }
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
            p { "Names and descriptions are searched, in any case and with or without accents." }
            p { a.button href="/groups" { "Show all " (number(all)) } }
        },
    )
}

fn table(ask: &Ask, snapshot: &Snapshot, slice: &Slice) -> Markup {
    let turn = |name, cursor: &Option<Cursor>| {
        let address = ask.address(ask.by_members(), ask.is_descending());
        cursor.as_ref().map(|cursor| address.with(name, &cursor.to_text()))
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Groups" {
            table {
                thead { tr {
                    (heading(ask, false, "Name", ""))
                    th.hide-s scope="col" { "Grants" }
                    th.hide-m scope="col" { "Managed by" }
                    (heading(ask, true, "Members", "num"))
                } }
                tbody { @for (group, row) in slice.rows.iter().filter_map(|group| Some((*group, snapshot.group_row(*group)?))) {
                    tr {
                        td.long {
                            a href=(Address::group(row.id.as_str())) { bdi { (name(row)) } }
                            @if let Some(description) = row.group.as_ref().and_then(|known| known.description.as_deref()) {
                                @if !description.trim().is_empty() { span.sub { bdi { (description) } } }
                            }
                        }
                        td.hide-s { (grants(group, snapshot)) }
                        td.hide-m { (managed_by(row)) }
                        td.num { (members(group, row, snapshot)) }
                    }
                } }
            }
        }
        (paging("Pages", turn("before", &slice.previous), turn("after", &slice.next)))
    }
}

fn heading(ask: &Ask, members: bool, title: &str, class: &str) -> Markup {
    let current = ask.by_members() == members;
    let down = ask.is_descending();
    let descending = if current { !down } else { members };
    let sorted = current.then_some(if down { "descending" } else { "ascending" });
    html! {
        th scope="col" class=(class) aria-sort=[sorted] {
            a href=(ask.address(members, descending)) {
                (title)
                @if current { span aria-hidden="true" { (if down { " ↓" } else { " ↑" }) } }
            }
        }
    }
}

/// A group's name, or its id when only a membership has named it.
pub(crate) fn name(row: &GroupRow) -> &str {
    row.group.as_ref().map(|known| &*known.name).filter(|name| !name.trim().is_empty()).unwrap_or(row.id.as_str())
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
mod tests {
    use super::*;
    use crate::web::acme::{acme, names_of};

    fn text(ask: &Ask, snapshot: &Snapshot) -> String {
        content(ask, snapshot, html! {}).0
    }

    #[test]
    fn groups_are_found_by_name_and_description_and_sorted_by_members() {
        let snapshot = acme();
        let by_size = Ask { sort: "members".to_owned(), order: "desc".to_owned(), ..Ask::default() };
        let rows = slice(&by_size, &snapshot, &search(&snapshot, "")).rows;
        let sizes: Vec<u64> = rows.iter().map(|group| snapshot.memberships().members(*group).len()).collect();
        assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] > 0, "{sizes:?}");
        assert_eq!(names_of(&search(&snapshot, "JIRA"), &snapshot), ["jira-users"]);
        assert_eq!(names_of(&search(&snapshot, "from outside"), &snapshot), ["contractors"]);
    }

    #[test]
    fn a_list_without_groups_says_why() {
        let snapshot = acme();
        let nothing = Ask { q: "<b>nothing".to_owned(), ..Ask::default() };
        let page = text(&nothing, &snapshot);
        assert!(page.contains("No group is found by “&lt;b&gt;nothing”.") && page.contains("Show all 3"));
        assert!(text(&Ask::default(), &Snapshot::default()).contains("no groups that this key may see"));
    }

    #[test]
    fn hostile_names_are_shown_and_never_obeyed() {
        let page = text(&Ask::default(), &acme());
        assert!(page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
        assert!(page.contains("Atlassian counts 9"));
    }
}
