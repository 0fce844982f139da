//! The words of closed vocabularies as pages show them: sentence case, the field's own terms.

use directory::{ClaimState, Noun, Part, PlatformRole, Role, RoleMethod, Seat, SeatReason, Snapshot};
use maud::{Markup, html};

use crate::nouns::change_list::ChangeKind;
use crate::nouns::run::{NoteKind, Phase, RunKind, RunState};
use crate::nouns::scope::{Scope, WhichGroups, WhichUsers};
use crate::sync::expected::{Basis, Expected};
use crate::web::ui::address::Address;
use crate::web::ui::amount::{about, counted, number};

/// Why a run was started.
pub(crate) fn run_kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Initial => "Initial sync",
        RunKind::Daily => "Daily sync",
        RunKind::Manual => "Manual sync",
        RunKind::Browser => "Sync Users",
        RunKind::Approval => "Approved rows",
        RunKind::Stream => "Audit stream",
        RunKind::Webhook => "Jira's user webhook",
        RunKind::Operation => "Before an operation",
    }
}

/// What a run reads, with the first few people and groups by name.
pub(crate) fn scope(scope: &Scope, snapshot: &Snapshot) -> Markup {
    let groups = |ids: &[directory::GroupId]| {
        let named = ids.iter().map(|id| {
            let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
            let name = row.map_or(id.as_str(), crate::web::groups::name);
            (Address::group(id.as_str()), name.to_owned())
        });
        first_few(named)
    };
    html! {
        @match scope {
            Scope::Everything => "Everything: users with memberships, activity and roles, and all groups"
            Scope::Chosen(chosen) => {
                @match chosen.users {
                    Some(WhichUsers::All) => { "All Users: name, e-mail, account status. " }
                    Some(WhichUsers::WithActivity) => { "All Users with a last active date: name, e-mail, account status. " }
                    None => {}
                }
                @if chosen.last_active { "User Last Active Dates: all apps. " }
                @match &chosen.groups {
                    WhichGroups::None => {}
                    WhichGroups::All => { "All Groups: definitions, what they grant, memberships." }
                    WhichGroups::Members(ids) => { "Group Memberships of " (groups(ids)) "." }
                }
            }
            Scope::Targeted(targets) => {
                @if !targets.people.is_empty() {
                    (counted(targets.people.len() as u64, "person", "people")) ": "
                    (first_few(targets.people.iter().map(|id| {
                        let row = snapshot.account(id.as_str()).and_then(|account| snapshot.account_row(account));
                        let name = row.as_ref().map_or(id.as_str(), crate::web::ui::person::display_name);
                        (Address::person(id.as_str()), name.to_owned())
                    })))
                    ". "
                }
                @if !targets.groups.is_empty() {
                    (counted(targets.groups.len() as u64, "group", "groups")) ": " (groups(&targets.groups)) "."
                }
            }
        }
    }
}

/// The first few names as links, and how many more there are.
fn first_few(named: impl ExactSizeIterator<Item = (Address, String)>) -> Markup {
    const SHOWN: usize = 5;
    let more = named.len().saturating_sub(SHOWN);
    html! {
        @for (place, (address, name)) in named.take(SHOWN).enumerate() {
            @if place > 0 { ", " }
            a.name href=(address) { bdi { (name) } }
        }
        @if more > 0 { " and " (number(more as u64)) " more" }
    }
}

/// How long a sync will take, and why that is expected.
pub(crate) fn expected(expected: &Expected) -> String {
    let length = about(expected.length);
    match expected.basis {
        Basis::Median { runs: 1 } => format!("It takes about {length}, as the last one did."),
        Basis::Median { runs } => format!("It takes about {length}, the median of the last {runs}."),
        Basis::Pace { requests, pace } => {
            format!("It takes at least about {length}: {} requests at {pace:.1} a second.", number(requests))
        }
    }
}

/// Where a run stands.
pub(crate) fn run_state(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "Queued",
        RunState::Running => "Running",
        RunState::Waiting => "Waiting",
        RunState::Sealed => "Sealed",
        RunState::Failed => "Failed",
        RunState::Cancelled => "Cancelled",
    }
}

/// What a run is doing.
pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Queued => "Waiting for its turn",
        Phase::Preparing => "Preparing",
        Phase::Reading => "Reading people and groups",
        Phase::Confirming => "Confirming what is missing",
        Phase::Sealing => "Sealing",
        Phase::Ended => "Ended",
    }
}

/// A sort of note.
pub(crate) fn note_kind(kind: NoteKind) -> &'static str {
    match kind {
        NoteKind::Gap => "Not read",
        NoteKind::Quarantined => "Left as it was",
        NoteKind::Drift => "New to Rollcall",
        NoteKind::Warning => "Worth a look",
    }
}

/// A kind of change.
pub(crate) fn change_kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::PeopleAdded => "People added",
        ChangeKind::PeopleGone => "People gone",
        ChangeKind::ProfilesChanged => "Profiles changed",
        ChangeKind::StatusesChanged => "Statuses changed",
        ChangeKind::ActivityChanged => "Last active dates changed",
        ChangeKind::AdministrativeRolesBegun => "Administrative roles given",
        ChangeKind::AdministrativeRolesEnded => "Administrative roles taken",
        ChangeKind::GroupsAdded => "Groups added",
        ChangeKind::GroupsGone => "Groups gone",
        ChangeKind::GroupsChanged => "Groups changed",
        ChangeKind::MembershipsBegun => "Memberships begun",
        ChangeKind::MembershipsEnded => "Memberships ended",
        ChangeKind::GrantsBegun => "Grants begun",
        ChangeKind::GrantsEnded => "Grants ended",
        ChangeKind::DirectRolesBegun => "Direct roles begun",
        ChangeKind::DirectRolesEnded => "Direct roles ended",
    }
}

/// A kind of fact.
pub(crate) fn noun(noun: Noun) -> &'static str {
    match noun {
        Noun::Accounts => "Profiles",
        Noun::Presence => "People in directories",
        Noun::Activity => "Last active dates",
        Noun::PlatformRoles => "Administrative roles",
        Noun::Groups => "Groups",
        Noun::Memberships => "Group memberships",
        Noun::Grants => "What groups grant",
        Noun::DirectAccess => "Roles without a group",
    }
}

/// A part of the organization, by name where the snapshot knows one.
pub(crate) fn part(part: &Part, snapshot: &Snapshot) -> String {
    match part {
        Part::Whole => "Whole organization".to_owned(),
        Part::Named => "Those asked for by id".to_owned(),
        Part::Directory(id) => {
            let place = snapshot.directory(id.as_str());
            match place.and_then(|place| snapshot.directories().get(place as usize)) {
                _ if id.as_str() == directory::OUTSIDE => "Outside all directories".to_owned(),
                Some(directory) if !directory.name.is_empty() => format!("Directory {}", directory.name),
                _ => format!("Directory {id}"),
            }
        }
        Part::Group(id) => {
            let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
            match row.and_then(|row| row.group.as_ref()) {
                Some(group) => format!("Group {}", group.name),
                None => format!("Group {id}"),
            }
        }
    }
}

/// How far a claim was earned.
pub(crate) fn claim_state(state: ClaimState) -> &'static str {
    match state {
        ClaimState::Complete => "Complete",
        ClaimState::Partial => "Partial",
        ClaimState::Unread => "Not read",
    }
}

/// A role on an app.
pub(crate) fn role(role: &Role) -> &str {
    match role {
        Role::User => "User",
        Role::Admin => "App admin",
        Role::Guest => "Guest",
        Role::Customer => "Customer",
        Role::Contributor => "Contributor",
        Role::Basic => "Basic",
        Role::Stakeholder => "Stakeholder",
        Role::Viewer => "Viewer",
        Role::UserAccessAdmin => "User access admin",
        Role::SiteAdmin => "Site admin",
        Role::OrganizationAdmin => "Organization admin",
        Role::ArtificialIntelligenceAccess => "AI access",
        Role::Other(word) => word,
    }
}

/// An administrative role.
pub(crate) fn platform_role(role: &PlatformRole) -> &str {
    match role {
        PlatformRole::OrganizationAdmin => "Organization admin",
        PlatformRole::SiteAdmin => "Site admin",
        PlatformRole::UserAccessAdmin => "User access admin",
        PlatformRole::ArtificialIntelligenceAccess => "AI access",
        PlatformRole::Other(word) => word,
    }
}

/// By which way somebody has a role without a group.
pub(crate) fn method(method: &RoleMethod) -> &str {
    match method {
        RoleMethod::Direct => "Directly",
        RoleMethod::Group => "By a group",
        RoleMethod::Inferred => "Inferred by Atlassian",
        RoleMethod::Other(word) => word,
    }
}

/// Whether a seat is taken, and why, as one sentence.
pub(crate) fn seat(seat: Seat) -> &'static str {
    match seat.reason() {
        SeatReason::UserRole => "The user role takes a seat.",
        SeatReason::AdminRole => "The admin role takes a seat.",
        SeatReason::RoleWithoutSeat => "None of the roles held here takes a seat.",
        SeatReason::AppWithoutSeats => "This app sells no seats.",
        SeatReason::NotActive => "Only active people take a seat.",
        SeatReason::NotAPerson => "App and customer accounts take no seat.",
    }
}
