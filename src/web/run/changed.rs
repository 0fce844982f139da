//! What a run changed, noun by noun: how much there was before and after, what came, went and changed, each number a
//! way to its rows where they are kept.

use maud::{Markup, html};

use crate::nouns::change_list::{ChangeKind, ChangeList};
use crate::nouns::run::Run;
use crate::web::run::changes;
use crate::web::ui::amount::number;
use crate::web::ui::notice::empty;

/// A number that may be unknown, and the kind of change whose rows are behind it.
type Figure = (Option<u64>, Option<ChangeKind>);

/// One noun's line.
struct Line {
    name: &'static str,
    before: Option<u64>,
    after: Option<u64>,
    came: Figure,
    went: Figure,
    changed: Figure,
}

/// The table of a sealed run.
pub(super) fn table(run: &Run, list: Option<&ChangeList>) -> Markup {
    let lines = lines(run, list);
    let is_still = |line: &Line| {
        let none = |figure: Figure| figure.0.is_none_or(|count| count == 0);
        none(line.came) && none(line.went) && none(line.changed)
    };
    if lines.is_empty() || (run.totals.is_none() && lines.iter().all(is_still)) {
        return empty("Nothing changed.", html! { p { "The organization is as the sync before had read it." } });
    }
    html! {
        @if lines.iter().all(is_still) { p { "Nothing changed: the organization is as the sync before had read it." } }
        div.scroll tabindex="0" role="region" aria-label="What changed" {
            table {
                thead { tr {
                    th scope="col" { "What" } th.num scope="col" { "Before" } th.num scope="col" { "After" }
                    th.num scope="col" { "Added" } th.num scope="col" { "Gone" } th.num scope="col" { "Changed" }
                } }
                tbody { @for line in &lines { tr {
                    th scope="row" { (line.name) }
                    td.num { (amount(line.before)) } td.num { (amount(line.after)) }
                    @for figure in [line.came, line.went, line.changed] { td.num { (linked(figure, run, list)) } }
                } } }
            }
        }
    }
}

fn amount(amount: Option<u64>) -> Markup {
    html! { @match amount { Some(amount) => { (number(amount)) } None => { span.sub { "–" } } } }
}

fn linked((count, kind): Figure, run: &Run, list: Option<&ChangeList>) -> Markup {
    let has_rows =
        |kind: ChangeKind| list.and_then(|list| list.get(kind)).is_some_and(|changes| !changes.rows.is_empty());
    html! {
        @match (count, kind.filter(|kind| has_rows(*kind))) {
            (Some(count), Some(kind)) => { a.figure href=(changes::address(run, kind)) { (number(count)) } }
            (Some(0), None) => { span.sub { "0" } }
            (count, None) | (count @ None, _) => { (amount(count)) }
        }
    }
}

fn lines(run: &Run, list: Option<&ChangeList>) -> Vec<Line> {
    let Some(counts) = &run.counts else { return Vec::new() };
    let (before, after) = run.totals.map_or((None, None), |totals| (Some(totals.before), Some(totals.after)));
    let none: Figure = (None, None);
    let at = |count: u64, kind: ChangeKind| (Some(count), Some(kind));
    // Roles that began and ended are counted as one number; the list tells them apart. In the first generation all began.
    let turned = |both: u64, began: ChangeKind, over: ChangeKind| match list {
        Some(list) => (at(list.count(began), began), at(list.count(over), over), none),
        None if both == 0 => (at(0, began), at(0, over), none),
        None if run.generation == Some(1) => (at(both, began), at(0, over), none),
        None => (none, none, (Some(both), None)),
    };
    let of = |name, (before, after), (came, went, changed)| Line { name, before, after, came, went, changed };
    vec![
        of(
            "People",
            (before.map(|all| all.people), after.map(|all| all.people)),
            (
                at(counts.people_added, ChangeKind::PeopleAdded),
                at(counts.people_gone, ChangeKind::PeopleGone),
                at(counts.people_changed, ChangeKind::ProfilesChanged),
            ),
        ),
        of("Statuses", (None, None), (none, none, at(counts.presence_changed, ChangeKind::StatusesChanged))),
        of(
            "Last active dates",
            (before.map(|all| all.active_people), after.map(|all| all.active_people)),
            (none, none, (Some(counts.activity_changed), None)),
        ),
        of(
            "Groups",
            (before.map(|all| all.groups), after.map(|all| all.groups)),
            (
                at(counts.groups_added, ChangeKind::GroupsAdded),
                at(counts.groups_gone, ChangeKind::GroupsGone),
                at(counts.groups_changed, ChangeKind::GroupsChanged),
            ),
        ),
        of(
            "Group memberships",
            (before.map(|all| all.memberships), after.map(|all| all.memberships)),
            (
                at(counts.memberships_added, ChangeKind::MembershipsBegun),
                at(counts.memberships_removed, ChangeKind::MembershipsEnded),
                none,
            ),
        ),
        of(
            "What groups grant",
            (before.map(|all| all.grants), after.map(|all| all.grants)),
            turned(counts.grants_changed, ChangeKind::GrantsBegun, ChangeKind::GrantsEnded),
        ),
        of(
            "Roles without a group",
            (before.map(|all| all.direct_roles), after.map(|all| all.direct_roles)),
            turned(counts.direct_changed, ChangeKind::DirectRolesBegun, ChangeKind::DirectRolesEnded),
        ),
        of(
            "Administrative roles",
            (before.map(|all| all.platform_roles), after.map(|all| all.platform_roles)),
            turned(counts.roles_changed, ChangeKind::AdministrativeRolesBegun, ChangeKind::AdministrativeRolesEnded),
        ),
    ]
}
