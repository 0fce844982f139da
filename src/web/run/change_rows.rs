//! One row of a run's changes: whom and what it is about by name, and the values before and after from the history.
//!
//! Names are those of today: who was renamed since is found by the name that others know.

use columns::Ordinal;
use directory::{Group, ManagedBy, PlatformRole, Presence, Profile, Role, Snapshot};
use maud::{Markup, html};

use crate::mirror::export;
use crate::nouns::change_list::{ChangeKind, ChangeRow};
use crate::store::error::StoreError;
use crate::store::history::{self, Turned};
use crate::store::tx::Tx;
use crate::web::groups;
use crate::web::ui::address::Address;
use crate::web::ui::person;
use crate::web::ui::words;

/// Whom or what an ordinal of a change names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// An account.
    Person(Ordinal),
    /// A group.
    Group(Ordinal),
    /// A directory.
    Directory(Ordinal),
    /// An app on a site.
    Resource(Ordinal),
}

/// What was before a change and after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Around {
    /// The row says it all.
    Nothing,
    /// Of somebody's profile.
    Profile(Turned<Profile>),
    /// Of somebody's presence in a directory.
    Presence(Turned<Presence>),
    /// Of a group's definition.
    Group(Turned<Group>),
    /// Administrative roles.
    Administrative(Turned<PlatformRole>),
    /// Roles on a resource.
    Roles(Turned<Role>),
}

/// The heading of directories, which narrow pages leave out.
pub(super) const DIRECTORY: &str = "Directory";

/// Subject and object of a row.
pub(super) fn subjects(kind: ChangeKind, (subject, object): ChangeRow) -> (Subject, Option<Subject>) {
    match kind {
        ChangeKind::PeopleAdded
        | ChangeKind::ProfilesChanged
        | ChangeKind::ActivityChanged
        | ChangeKind::AdministrativeRolesBegun
        | ChangeKind::AdministrativeRolesEnded => (Subject::Person(subject), None),
        ChangeKind::PeopleGone | ChangeKind::StatusesChanged => {
            (Subject::Person(subject), Some(Subject::Directory(object)))
        }
        ChangeKind::GroupsAdded | ChangeKind::GroupsGone | ChangeKind::GroupsChanged => (Subject::Group(subject), None),
        ChangeKind::MembershipsBegun | ChangeKind::MembershipsEnded => {
            (Subject::Person(subject), Some(Subject::Group(object)))
        }
        ChangeKind::GrantsBegun | ChangeKind::GrantsEnded => (Subject::Group(subject), Some(Subject::Resource(object))),
        ChangeKind::DirectRolesBegun | ChangeKind::DirectRolesEnded => {
            (Subject::Person(subject), Some(Subject::Resource(object)))
        }
    }
}

/// Reads what was before and after.
pub(super) fn read(tx: &mut Tx, (kind, generation): (ChangeKind, u64), row: ChangeRow) -> Result<Around, StoreError> {
    let roles = |ended, begun| Around::Roles(Turned { ended, begun });
    Ok(match kind {
        ChangeKind::ProfilesChanged => Around::Profile(history::profile(tx, row.0, generation)?),
        ChangeKind::PeopleGone | ChangeKind::StatusesChanged => {
            Around::Presence(history::presence(tx, row, generation)?)
        }
        ChangeKind::GroupsAdded | ChangeKind::GroupsGone | ChangeKind::GroupsChanged => {
            Around::Group(history::group(tx, row.0, generation)?)
        }
        ChangeKind::AdministrativeRolesBegun | ChangeKind::AdministrativeRolesEnded => {
            Around::Administrative(history::administrative_roles(tx, row.0, generation)?)
        }
        ChangeKind::GrantsBegun | ChangeKind::GrantsEnded => {
            let turned = history::grants(tx, row, generation)?;
            roles(
                turned.ended.into_iter().map(|grant| grant.role).collect(),
                turned.begun.into_iter().map(|grant| grant.role).collect(),
            )
        }
        ChangeKind::DirectRolesBegun | ChangeKind::DirectRolesEnded => {
            let turned = history::direct_roles(tx, row, generation)?;
            roles(
                turned.ended.into_iter().map(|role| role.role).collect(),
                turned.begun.into_iter().map(|role| role.role).collect(),
            )
        }
        ChangeKind::PeopleAdded
        | ChangeKind::ActivityChanged
        | ChangeKind::MembershipsBegun
        | ChangeKind::MembershipsEnded => Around::Nothing,
    })
}

/// The headings of a kind's table.
pub(super) fn columns(kind: ChangeKind) -> &'static [&'static str] {
    match kind {
        ChangeKind::PeopleAdded | ChangeKind::ActivityChanged => &["Person", "Status now"],
        ChangeKind::PeopleGone => &["Person", DIRECTORY, "Status before", "Status now"],
        ChangeKind::ProfilesChanged => &["Person", "What changed"],
        ChangeKind::StatusesChanged => &["Person", DIRECTORY, "Status"],
        ChangeKind::AdministrativeRolesBegun | ChangeKind::AdministrativeRolesEnded => &["Person", "Roles"],
        ChangeKind::GroupsAdded => &["Group", "Managed by"],
        ChangeKind::GroupsGone => &["Group", "Description"],
        ChangeKind::GroupsChanged => &["Group", "What changed"],
        ChangeKind::MembershipsBegun | ChangeKind::MembershipsEnded => &["Person", "Group"],
        ChangeKind::GrantsBegun | ChangeKind::GrantsEnded => &["Group", "App", "Site", "Roles"],
        ChangeKind::DirectRolesBegun | ChangeKind::DirectRolesEnded => &["Person", "App", "Site", "Roles"],
    }
}

/// The cells of a row.
pub(super) fn row(kind: ChangeKind, place: ChangeRow, around: &Around, snapshot: &Snapshot) -> Markup {
    let (subject, object) = subjects(kind, place);
    html! {
        (named(subject, around, snapshot))
        @if let Some(object) = object { (named(object, around, snapshot)) }
        @match around {
            Around::Nothing => { @if object.is_none() { td { (status_now(subject, snapshot)) } } }
            Around::Profile(turned) => { (turns(&profile_turns(turned))) }
            Around::Presence(turned) if kind == ChangeKind::PeopleGone => {
                td { (status(turned.ended.first())) }
                td { (status_now(subject, snapshot)) }
            }
            Around::Presence(turned) => {
                td { (presence_turn(turned)) }
            }
            Around::Group(turned) => { (group_cells(kind, turned, subject, snapshot)) }
            Around::Administrative(turned) => {
                td { @for role in side(kind, turned) { span.tag.key { bdi { (words::platform_role(role)) } } } }
            }
            Around::Roles(turned) => {
                td { @for role in side(kind, turned) { span.tag { bdi { (words::role(role)) } } } }
            }
        }
    }
}

/// What began, or what ended, as the kind is about.
fn side<T>(kind: ChangeKind, turned: &Turned<T>) -> &[T] {
    let ended =
        matches!(kind, ChangeKind::AdministrativeRolesEnded | ChangeKind::GrantsEnded | ChangeKind::DirectRolesEnded);
    if ended { &turned.ended } else { &turned.begun }
}

/// Whom or what a change is about, in its cells.
fn named(subject: Subject, around: &Around, snapshot: &Snapshot) -> Markup {
    let unknown = || html! { span.sub { "not loaded here yet" } };
    html! {
        @match subject {
            Subject::Person(account) => {
                td { @match snapshot.account_row(account) { Some(row) => { (person::who(&row)) } None => { (unknown()) } } }
            }
            Subject::Group(group) => {
                td.long { @match snapshot.group_row(group) {
                    Some(row) => {
                        a href=(Address::group(row.id.as_str())) { bdi {
                            // A group that is gone has its name in the history alone.
                            @match around {
                                Around::Group(turned) if row.group.is_none() => {
                                    (turned.ended.first().map_or(row.id.as_str(), |group| &group.name))
                                }
                                _ => { (groups::name(row)) }
                            }
                        } }
                    }
                    None => { (unknown()) }
                } }
            }
            Subject::Directory(place) => {
                td.hide-s { @match snapshot.directories().get(place as usize) {
                    Some(named) if named.id.as_str() == directory::OUTSIDE => "Outside all directories",
                    Some(named) => { bdi { (named.name) } }
                    None => { (unknown()) }
                } }
            }
            Subject::Resource(place) => {
                @match snapshot.resources().get(place as usize) {
                    Some(named) => { td { bdi { (named.id.app_name()) } } td { bdi { (named.site_name()) } } }
                    None => { td { (unknown()) } td {} }
                }
            }
        }
    }
}

fn status_now(subject: Subject, snapshot: &Snapshot) -> Markup {
    let Subject::Person(account) = subject else { return html! {} };
    html! { @if let Some(row) = snapshot.account_row(account) { (person::status_tag(&row)) } }
}

fn status(presence: Option<&Presence>) -> Markup {
    html! { span.tag { bdi { (status_text(presence).unwrap_or_else(|| "unknown".to_owned())) } } }
}

/// Another status; where that is the same, another membership.
fn presence_turn(turned: &Turned<Presence>) -> Markup {
    let (before, after) = (turned.ended.first(), turned.begun.first());
    let (old, new) = (status_text(before), status_text(after));
    if old != new || old.is_none() {
        return turn(&old, &new);
    }
    let membership = |presence: Option<&Presence>| {
        presence.and_then(|presence| presence.membership.as_ref()).map(|membership| membership.as_str().to_owned())
    };
    html! { span.sub { "membership " } (turn(&membership(before), &membership(after))) }
}

fn status_text(presence: Option<&Presence>) -> Option<String> {
    let presence = presence?;
    Some(presence.status.as_ref().map_or("unknown", person::status_word).to_owned())
}

/// A value before and after.
fn turn(before: &Option<String>, after: &Option<String>) -> Markup {
    let none = || html! { span.sub { "none" } };
    html! {
        @match before { Some(before) => { del { bdi { (before) } } } None => { (none()) } }
        span.arrow aria-hidden="true" { " → " } span.hidden { " became " }
        @match after { Some(after) => { ins { bdi { (after) } } } None => { (none()) } }
    }
}

/// What changed about one field.
type FieldTurn = (&'static str, Option<String>, Option<String>);

fn turns(turns: &[FieldTurn]) -> Markup {
    html! {
        td.long.ways {
            @if turns.is_empty() { span.sub { "no longer in the history" } }
            @for (field, before, after) in turns {
                div { span.sub.field { (field) } " " (turn(before, after)) }
            }
        }
    }
}

/// The fields that differ.
fn differing(
    before: Vec<(&'static str, Option<String>)>,
    after: Vec<(&'static str, Option<String>)>,
) -> Vec<FieldTurn> {
    let pairs = before.into_iter().zip(after);
    pairs.filter(|(old, new)| old.1 != new.1).map(|((field, old), (_, new))| (field, old, new)).collect()
}

fn profile_turns(turned: &Turned<Profile>) -> Vec<FieldTurn> {
    match (turned.ended.first(), turned.begun.first()) {
        (Some(before), Some(after)) => differing(profile_fields(before), profile_fields(after)),
        // Before, only the id was known.
        (None, Some(after)) => {
            let known = profile_fields(after).into_iter().filter(|(_, value)| value.is_some());
            known.take(3).map(|(field, value)| (field, None, value)).collect()
        }
        _ => Vec::new(),
    }
}

fn profile_fields(profile: &Profile) -> Vec<(&'static str, Option<String>)> {
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    let flag = |flag: Option<bool>| flag.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    let day = |at: Option<jiff::Timestamp>| at.map(|at| at.strftime("%-d %b %Y").to_string());
    vec![
        ("Name", Some(profile.name.to_string())),
        ("Nickname", text(&profile.nickname)),
        ("E-mail", text(&profile.email)),
        ("E-mail verified", flag(profile.email_verified)),
        ("Two-step verification", flag(profile.mfa_enabled)),
        ("Account status", profile.account_status.as_ref().map(|status| status.as_str().to_owned())),
        ("Kind of account", Some(profile.account_type.as_str().to_owned())),
        ("Claimed", profile.claimed.as_ref().map(|claimed| export::claim(claimed).to_owned())),
        ("Management", profile.management.as_ref().map(|management| management.as_str().to_owned())),
        ("Added", day(profile.added_at)),
        ("Deactivated", day(profile.deactivated_at)),
        ("Job title", text(&profile.job_title)),
        ("Department", text(&profile.department)),
        ("Organization", text(&profile.organization)),
        ("Location", text(&profile.location)),
        ("Time zone", text(&profile.time_zone)),
        ("Picture", text(&profile.picture)),
        ("Other fields", text(&profile.unknown)),
    ]
}

fn group_cells(kind: ChangeKind, turned: &Turned<Group>, subject: Subject, snapshot: &Snapshot) -> Markup {
    let Subject::Group(group) = subject else { return html! {} };
    match kind {
        ChangeKind::GroupsAdded => html! {
            td { @if let Some(row) = snapshot.group_row(group) { (groups::managed_by(row)) } }
        },
        ChangeKind::GroupsGone => {
            let description = turned.ended.first().and_then(|group| group.description.as_deref());
            html! { td.long { @match description {
                Some(description) => { bdi { (description) } }
                None => { span.sub { "none" } }
            } } }
        }
        _ => match (turned.ended.first(), turned.begun.first()) {
            (Some(before), Some(after)) => turns(&differing(group_fields(before), group_fields(after))),
            (None, Some(_)) => html! { td.long { span.sub { "described for the first time" } } },
            _ => turns(&[]),
        },
    }
}

fn group_fields(group: &Group) -> Vec<(&'static str, Option<String>)> {
    let flag = |flag: Option<bool>| flag.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    vec![
        ("Name", Some(group.name.to_string())),
        ("Description", group.description.as_deref().map(str::to_owned)),
        ("Filled by an identity provider", flag(group.synced)),
        ("Managed by", group.managed_by.as_ref().map(|by| ManagedBy::as_str(by).to_owned())),
        ("Members can be changed", flag(group.modifiable)),
        ("Can be deleted", flag(group.deletable)),
        ("Other fields", group.unknown.as_deref().map(str::to_owned)),
    ]
}
