//! Two people side by side: groups, roles and apps that only one of them has, and *Same access as …*: what the second one
//! has and the first one lacks, as actions for *Bulk Operations*. It decides nothing and sends nothing.

use axum::extract::{Query, State};
use directory::{AccountRow, Ordinal, Role, RoleMethod, Snapshot};
use maud::{Markup, html};
use serde::Deserialize;

use crate::auth::token::Token;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::groups;
use crate::web::operations::{picker, words};
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::empty;
use crate::web::ui::person::{display_name, status_tag};
use crate::web::ui::words as names;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/people/compare";

/// People who are offered to compare with.
const OFFERED: usize = 20;

/// Who is compared with whom.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    /// An account id.
    a: String,
    /// The other one.
    b: String,
    /// Who is looked for as the other one.
    find: String,
}

/// The way from a person to this page.
pub(crate) fn with(id: &str) -> Markup {
    html! { a.button href=(Address::new(HERE).with("a", id)) { "Same access as …" } }
}

/// GET /people/compare
pub(crate) async fn show(State(served): State<Served>, visit: Visit, Query(ask): Query<Ask>) -> Result<Page, Failure> {
    let snapshot = &visit.snapshot;
    let known = |id: &str| snapshot.account(id).and_then(|account| snapshot.account_row(account));
    let Some(one) = known(&ask.a) else {
        return Err(Failure::NotFound("Rollcall has not seen a person with this account id."));
    };
    let other = known(&ask.b).filter(|other| other.ordinal != one.ordinal);
    let title = "Compare two people";
    let content = html! {
        nav.trail aria-label="Breadcrumb" { a href=(Address::person(one.id)) { bdi { (display_name(&one)) } } }
        div.headline { h1 { (title) } }
        p.lead { "What two people have, and how to give the first the same access as the second." }
        (choose(&one, &ask, snapshot))
        @if let Some(other) = &other {
            @let key = Token::new(&served.entropy);
            (compared((&one, other), snapshot))
            (same((&one, other), key.expose(), snapshot))
        }
    };
    Ok(Page::framed(&visit.frame(title, Place::UserBrowser), content))
}

/// Looks for the second person.
fn choose(one: &AccountRow<'_>, ask: &Ask, snapshot: &Snapshot) -> Markup {
    let wanted = ask.find.trim();
    let mut found = if wanted.is_empty() { None } else { Some(snapshot.search(wanted) & snapshot.present()) };
    if let (Some(found), Some(named)) = (&mut found, snapshot.account(wanted)) {
        found.insert(named);
    }
    html! {
        form.filter method="get" action=(HERE) role="search" {
            input type="hidden" name="a" value=(one.id);
            input type="search" name="find" value=(ask.find) placeholder="Name, e-mail or account id" aria-label="Compare with" maxlength="200" autocomplete="off";
            button type="submit" { "Find" }
        }
        @if let Some(found) = found {
            @let others: Vec<AccountRow<'_>> = found.iter().filter(|other| *other != one.ordinal).take(OFFERED)
                .filter_map(|other| snapshot.account_row(other)).collect();
            @if others.is_empty() {
                (empty("Nobody else is found.", html! { p { "Search for a part of a name or of an e-mail address." } }))
            } @else {
                ul.reasons aria-label="Compare with" { @for other in &others { li {
                    a.name href=(Address::new(HERE).with("a", one.id).with("b", other.id)) { bdi { (display_name(other)) } }
                    " " span.sub { bdi { (other.email.unwrap_or(other.id)) } }
                } } }
                @if found.len() as usize > OFFERED { p.hint { "More are found: say more of the name." } }
            }
        }
    }
}

/// What both or one of them have.
fn compared((one, other): (&AccountRow<'_>, &AccountRow<'_>), snapshot: &Snapshot) -> Markup {
    let groups = sides(&groups_of(one, snapshot), &groups_of(other, snapshot));
    let apps = sides(&apps_of(one.ordinal, snapshot), &apps_of(other.ordinal, snapshot));
    let group = |group: &Ordinal| html! { @if let Some(row) = snapshot.group_row(*group) { a href=(Address::group(row.id.as_str())) { bdi { (groups::name(row)) } } } };
    let app = |(app, role): &(Ordinal, Role)| html! { bdi { (words::app(*app, snapshot)) } " " span.sub { bdi { (names::role(role)) } } };
    html! {
        section aria-labelledby="apps" { h2 id="apps" { "Apps and roles" } (side_by_side((one, other), &apps, app)) }
        section aria-labelledby="groups" { h2 id="groups" { "Groups" } (side_by_side((one, other), &groups, group)) }
    }
}

fn side_by_side<T>(
    (one, other): (&AccountRow<'_>, &AccountRow<'_>),
    (only_one, both, only_other): &(Vec<T>, Vec<T>, Vec<T>),
    line: impl Fn(&T) -> Markup,
) -> Markup {
    let head = |row: &AccountRow<'_>| html! { "Only " a href=(Address::person(row.id)) { bdi { (display_name(row)) } } " " (status_tag(row)) };
    let list = |of: &[T]| html! { @if of.is_empty() { span.sub { "nothing" } } @else { ul.reasons { @for one in of { li { (line(one)) } } } } };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Side by side" {
            table {
                thead { tr { th scope="col" { (head(one)) } th scope="col" { "Both" } th scope="col" { (head(other)) } } }
                tbody { tr { td.long { (list(only_one)) } td.long { (list(both)) } td.long { (list(only_other)) } } }
            }
        }
    }
}

/// *Same access as …*, as a form of Bulk Operations.
fn same((one, other): (&AccountRow<'_>, &AccountRow<'_>), key: &str, snapshot: &Snapshot) -> Markup {
    let (more, _, missing) = sides(&groups_of(one, snapshot), &groups_of(other, snapshot));
    let (_, _, roles) = sides(&direct_of(one.ordinal, snapshot), &direct_of(other.ordinal, snapshot));
    let (held, open): (Vec<Ordinal>, Vec<Ordinal>) = missing.iter().partition(|group| !may_change(**group, snapshot));
    let (plain, special): (Vec<_>, Vec<_>) = roles.into_iter().partition(|(_, role)| *role == Role::User);
    let leaves: Vec<Ordinal> = more.into_iter().filter(|group| may_change(*group, snapshot)).collect();
    let name = |group: Ordinal| html! { bdi { (words::group(group, snapshot)) } (administers(group, snapshot)) };
    html! {
        section aria-labelledby="same" {
            h2 id="same" { "Same access as " bdi { (display_name(other)) } }
            @if open.is_empty() && plain.is_empty() && leaves.is_empty() {
                p { bdi { (display_name(one)) } " has everything that could be given." }
            } @else {
                form.fields.manual method="post" action=(picker::HERE) {
                    input type="hidden" name="person" value=(one.id);
                    input type="hidden" name="request_key" value=(key);
                    p.hint { "What " bdi { (display_name(other)) } " has and " bdi { (display_name(one)) } " lacks. A preview of every change comes first; nothing is sent before it is approved." }
                    @if !open.is_empty() {
                        fieldset {
                            legend { "Groups" }
                            label.choice { input type="checkbox" name="action" value="addToGroups" checked; span { "Add to Groups" span.sub { "those ticked below" } } }
                            @for group in &open { @if let Some(row) = snapshot.group_row(*group) {
                                label.choice { input type="checkbox" name="add" value=(row.id) checked[!is_administrative(*group, snapshot)]; span { (name(*group)) } }
                            } }
                        }
                    }
                    @if !plain.is_empty() {
                        fieldset {
                            legend { "Roles of their own" }
                            label.choice { input type="checkbox" name="action" value="grantAppAccess" checked; span { "Grant app access" span.sub { "those ticked below" } } }
                            @for (app, _) in &plain {
                                label.choice { input type="checkbox" name="grant" value=(format!("{app}.role")) checked; span { bdi { (words::app(*app, snapshot)) } } }
                            }
                        }
                    }
                    @if !leaves.is_empty() {
                        fieldset {
                            legend { "What only " bdi { (display_name(one)) } " has" }
                            label.choice { input type="checkbox" name="action" value="removeFromGroups"; span { "Remove from Groups" span.sub { "those ticked below; tick it to end up with the same groups" } } }
                            @for group in &leaves { @if let Some(row) = snapshot.group_row(*group) {
                                label.choice { input type="checkbox" name="remove" value=(row.id) checked; span { (name(*group)) } }
                            } }
                        }
                    }
                    label { "Until" span.hint id="until-hint" { "The last day of what is given, or empty: from the end of that day it is taken back by itself." }
                        input type="date" name="until" aria-describedby="until-hint"; }
                    div.row {
                        button.primary type="submit" name="do" value="plan" { "Preview" }
                        button type="submit" name="do" value="show" { "Change in Bulk Operations" }
                    }
                }
            }
            @if !held.is_empty() || !special.is_empty() {
                p { "Not offered:" }
                ul.reasons {
                    @for group in &held { li { (name(*group)) " " span.sub { "an identity provider or Atlassian keeps its members" } } }
                    @for (app, role) in &special { li { bdi { (words::app(*app, snapshot)) } " " span.sub { "a role that is more than use: " bdi { (names::role(role)) } } } }
                }
            }
        }
    }
}

/// What only the first has, both have, only the second has.
fn sides<T: Clone + PartialEq>(one: &[T], other: &[T]) -> (Vec<T>, Vec<T>, Vec<T>) {
    let (both, only_one): (Vec<T>, Vec<T>) = one.iter().cloned().partition(|this| other.contains(this));
    let only_other = other.iter().filter(|this| !one.contains(this)).cloned().collect();
    (only_one, both, only_other)
}

/// The groups of a person, by name.
fn groups_of(row: &AccountRow<'_>, snapshot: &Snapshot) -> Vec<Ordinal> {
    let mut groups = snapshot.memberships().of(row.ordinal).to_vec();
    groups.sort_by_cached_key(|group| snapshot.group_row(*group).map(|row| row.folded_name.to_string()));
    groups
}

fn apps_of(account: Ordinal, snapshot: &Snapshot) -> Vec<(Ordinal, Role)> {
    let mut apps: Vec<(Ordinal, Role)> =
        snapshot.access(account).into_iter().map(|access| (access.resource, access.role)).collect();
    apps.sort_by_cached_key(|(app, role)| (words::app(*app, snapshot), role.as_str().to_owned()));
    apps.dedup();
    apps
}

fn direct_of(account: Ordinal, snapshot: &Snapshot) -> Vec<(Ordinal, Role)> {
    let direct = snapshot.direct_roles(account).iter().filter(|direct| direct.method == RoleMethod::Direct);
    direct.map(|direct| (direct.resource, direct.role.clone())).collect()
}

fn may_change(group: Ordinal, snapshot: &Snapshot) -> bool {
    let known = snapshot.group_row(group).and_then(|row| row.group.as_ref());
    known.is_some_and(|known| !known.is_synced() && known.modifiable != Some(false))
}

fn is_administrative(group: Ordinal, snapshot: &Snapshot) -> bool {
    snapshot.grants(group).iter().any(|grant| !matches!(grant.role, Role::User | Role::Customer))
}

fn administers(group: Ordinal, snapshot: &Snapshot) -> Markup {
    html! { @if is_administrative(group, snapshot) { " " span.tag.warn { "more than use" } } }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_three_columns_are_disjoint_and_have_everything_once(
            one in prop::collection::btree_set(0u32..20, 0..12),
            other in prop::collection::btree_set(0u32..20, 0..12),
        ) {
            let (left, right): (Vec<u32>, Vec<u32>) = (one.iter().copied().collect(), other.iter().copied().collect());
            let (only_one, both, only_other) = sides(&left, &right);
            let mut all: Vec<u32> = [only_one.clone(), both.clone(), only_other].concat();
            all.sort_unstable();
            prop_assert_eq!(all, one.union(&other).copied().collect::<Vec<_>>());
            prop_assert_eq!(both, one.intersection(&other).copied().collect::<Vec<_>>());
            prop_assert_eq!(only_one, one.difference(&other).copied().collect::<Vec<_>>());
        }
    }
}
