//! The words of closed vocabularies as pages show them: sentence case, the field's own terms.

use directory::{ClaimState, Noun, Part, Role, RoleMethod, Seat, SeatReason, Snapshot};

use crate::nouns::run::{NoteKind, Phase, RunKind, RunState};

/// Why a run was started.
pub(crate) fn run_kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Initial => "Initial sync",
        RunKind::Daily => "Daily sync",
        RunKind::Manual => "Manual sync",
        RunKind::Browser => "Sync Users",
        RunKind::Approval => "Approved rows",
        RunKind::Stream => "Audit stream",
        RunKind::Operation => "Before an operation",
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
