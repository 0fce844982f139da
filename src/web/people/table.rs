//! The table of people: the columns that were chosen, a row for each person. Sites are always all of a person's sites,
//! whatever the filter asks for.

use directory::find::{Ranking, SortKey};
use directory::{Access, AccountRow, Claimed, Ordinal, Snapshot};
use jiff::Timestamp;
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::web::people::columns::{Column, Columns};
use crate::web::people::sort::{by_last_use, heading, name_and_email, titled};
use crate::web::people::{Ask, Sort};
use crate::web::settings_protected;
use crate::web::ui::address::Address;
use crate::web::ui::moment::Reader;
use crate::web::ui::{person, words};

/// What a table shows of people, and how.
pub(crate) struct Shown<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) reader: &'a Reader,
    pub(crate) columns: &'a Columns,
    /// The app in question, as the filter writes it, and its name.
    pub(crate) app: Option<(&'a str, String)>,
    /// Who is selected.
    pub(crate) selected: &'a RoaringBitmap,
}

/// So many groups are listed of one person; the person's own page has all.
const MOST_GROUPS: usize = 40;

/// The headings and the rows. Without a `tick`, no row can be ticked.
pub(crate) fn table(ask: &Ask, here: &Address, shown: &Shown<'_>, (rows, tick): (&[Ordinal], Option<&str>)) -> Markup {
    let order: Vec<_> = by_last_use(shown.app.as_ref().map(|(word, _)| *word)).into_iter().collect();
    let ranking = Ranking::of(shown.snapshot, &order);
    let last_use = |account: Ordinal| match ranking.key(account) {
        SortKey::Number(at) => Timestamp::from_microsecond(at).ok(),
        _ => None,
    };
    let rows = rows.iter().filter_map(|account| shown.snapshot.account_row(*account));
    html! {
        div.scroll tabindex="0" role="region" aria-label="People" {
            table {
                thead { tr {
                    @if tick.is_some() { th.tick scope="col" id="tick-page" { span.hidden { "Select" } } }
                    (name_and_email(ask, here))
                    @for column in shown.columns.iter() { (head(ask, here, shown, column)) }
                } }
                tbody { @for row in rows {
                    tr {
                        @if let Some(verb) = tick { (box_of(&row, verb, shown.selected)) }
                        td { (person::who(&row)) }
                        @for column in shown.columns.iter() {
                            td class=[class(column, shown.columns)] { (cell(column, &row, shown, last_use(row.ordinal))) }
                        }
                    }
                } }
            }
        }
    }
}

fn class(column: Column, columns: &Columns) -> Option<&'static str> {
    Some(column.class(columns)).filter(|class| !class.is_empty())
}

fn head(ask: &Ask, here: &Address, shown: &Shown<'_>, column: Column) -> Markup {
    let class_name = column.class(shown.columns);
    match (column, &shown.app, column.sort()) {
        (Column::LastActive, Some((_, app)), _) => {
            titled(ask, (Sort::LastActive, &format!("Last active in {app}")), here, class_name)
        }
        (_, _, Some(sort)) => heading(ask, sort, here, class_name),
        _ => html! { th scope="col" class=[class(column, shown.columns)] { (column.title()) } },
    }
}

fn box_of(row: &AccountRow<'_>, verb: &str, selected: &RoaringBitmap) -> Markup {
    html! {
        td.tick {
            input type="checkbox" name="row" value=(row.ordinal) id={ "row-" (row.ordinal) } autocomplete="off"
                checked[selected.contains(row.ordinal)] aria-label={ (verb) " " (person::display_name(row)) };
        }
    }
}

fn cell(column: Column, row: &AccountRow<'_>, shown: &Shown<'_>, last_use: Option<Timestamp>) -> Markup {
    let unknown = || html! { span.sub { "unknown" } };
    let (snapshot, reader) = (shown.snapshot, shown.reader);
    match column {
        Column::Sites => sites(&snapshot.access(row.ordinal), snapshot),
        Column::Groups => groups(row, snapshot),
        Column::Apps => apps(&snapshot.access(row.ordinal), snapshot),
        Column::LastActive => person::last_use(snapshot, (row.ordinal, last_use), reader),
        Column::Status => html! {
            (person::status_tag(row)) @if snapshot.is_protected(row.ordinal) { " " (settings_protected::mark()) }
        },
        Column::Added => html! { @match row.added_at { Some(at) => { (reader.day(at)) } None => { (unknown()) } } },
        Column::JobTitle => text(row.job_title),
        Column::Department => text(row.department),
        Column::Claim => match row.claimed {
            Some(Claimed::Managed) => html! { "Managed" },
            Some(Claimed::Unmanaged) => html! { "External" },
            Some(other) => html! { bdi { (other.as_str()) } },
            None => unknown(),
        },
        Column::Mfa => match row.mfa_enabled {
            Some(true) => html! { "On" },
            Some(false) => html! { "Off" },
            None => unknown(),
        },
        Column::Seats => match Ranking::of(snapshot, &order_by_seats()).key(row.ordinal) {
            SortKey::Number(seats) => html! { (seats) },
            _ => html! { "0" },
        },
    }
}

fn order_by_seats() -> Vec<filter::Order> {
    let field = directory::find::catalogue().find("seats");
    field
        .into_iter()
        .map(|field| filter::Order { field, argument: None, direction: filter::Direction::Ascending })
        .collect()
}

fn text(text: Option<&str>) -> Markup {
    html! { @match text { Some(text) => { bdi { (text) } } None => { span.sub { "none" } } } }
}

fn sites(access: &[Access], snapshot: &Snapshot) -> Markup {
    let sites = access.iter().filter_map(|access| snapshot.resources().get(access.resource as usize));
    let mut sites: Vec<&str> = sites.map(|resource| resource.site_name()).collect();
    sites.sort_unstable();
    sites.dedup();
    html! {
        @if sites.is_empty() { span.sub { "none" } }
        @if sites.len() <= 3 { (listed(&sites)) } @else {
            details.more { summary { (listed(&sites[..2])) " " span.sub { "+" (sites.len() - 2) } } (listed(&sites[2..])) }
        }
    }
}

fn listed(names: &[&str]) -> Markup {
    html! { @for (place, name) in names.iter().enumerate() { @if place > 0 { ", " } bdi { (name) } } }
}

/// Groups by name, those that grant access to an app first and marked.
fn groups(row: &AccountRow<'_>, snapshot: &Snapshot) -> Markup {
    let rows =
        snapshot.memberships().of(row.ordinal).iter().filter_map(|group| Some((*group, snapshot.group_row(*group)?)));
    let mut rows: Vec<_> = rows.map(|(group, row)| (snapshot.grants(group).is_empty(), row)).collect();
    rows.sort_by(|(a_plain, a), (b_plain, b)| (a_plain, &a.folded_name).cmp(&(b_plain, &b.folded_name)));
    let tag = |(plain, group): &(bool, &directory::GroupRow)| {
        let name = crate::web::groups::name(group);
        html! {
            @if *plain { span.tag title=(name) { bdi { (name) } } } @else {
                span.tag.key title={ (name) " grants access to an app" } { span aria-hidden="true" { "#" } bdi { (name) } span.hidden { " (grants access to an app)" } }
            }
        }
    };
    html! {
        @match rows.as_slice() {
            [] => span.sub { "none" },
            [one] => (tag(one)),
            [first, rest @ ..] => {
                details.more {
                    summary { (tag(first)) span.sub { "+" (rest.len()) } }
                    ul {
                        @for group in rest.iter().take(MOST_GROUPS) { li { (tag(group)) } }
                        @if rest.len() > MOST_GROUPS { li { a href=(Address::person(row.id)) { "and " (rest.len() - MOST_GROUPS) " more" } } }
                    }
                }
            }
        }
    }
}

/// Apps by name, each with the roles that somebody has on it on any site.
fn apps(access: &[Access], snapshot: &Snapshot) -> Markup {
    let mut apps: Vec<(&str, &str)> = Vec::new();
    for access in access {
        if let Some(resource) = snapshot.resources().get(access.resource as usize) {
            apps.push((resource.id.app_name(), words::role(&access.role)));
        }
    }
    apps.sort_unstable();
    apps.dedup();
    let apps: Vec<&[(&str, &str)]> = apps.chunk_by(|a, b| a.0 == b.0).collect();
    let tag = |roles: &[(&str, &str)]| {
        html! {
            span.tag { bdi { (roles.first().map_or("", |(app, _)| app)) } }
            span.sub { @for (place, (_, role)) in roles.iter().enumerate() { @if place > 0 { ", " } bdi { (role) } } }
        }
    };
    html! {
        @match apps.as_slice() {
            [] => span.sub { "none" },
            [one] => (tag(one)),
            [first, rest @ ..] => {
                details.more { summary { (tag(first)) " " span.sub { "+" (rest.len()) } } ul { @for roles in rest { li { (tag(roles)) } } } }
            }
        }
    }
}
