//! A person's history: every fact with the sync that first saw it, and the one that no longer did.

use axum::Json;
use directory::Snapshot;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::groups::{GroupNamed, named};
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::store::timeline::{self, Span, Timeline};

/// What happened to a person. A change is dated by the sync that saw it: it happened at some time since the one before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// The generation up to which it goes.
    generation: u64,
    /// Atlassian's id of the account.
    account_id: String,
    /// In which directory, with which status.
    presences: Vec<PresenceSpan>,
    /// In which groups.
    memberships: Vec<MembershipSpan>,
    /// With which administrative roles.
    platform_roles: Vec<RoleSpan>,
    /// With which profile.
    profiles: Vec<ProfileSpan>,
}

/// The sync that saw a change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SeenBy {
    /// Its generation.
    generation: u64,
    /// When it was sealed.
    at: Option<String>,
    /// Its run.
    run: Option<String>,
}

/// From when to when.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct When {
    /// What first saw it.
    since: SeenBy,
    /// What no longer did; null while it holds.
    until: Option<SeenBy>,
}

/// A status in a directory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PresenceSpan {
    /// The directory's name.
    directory: String,
    /// Status in the directory.
    status: Option<String>,
    /// Status of the membership.
    membership_status: Option<String>,
    /// When.
    when: When,
}

/// A membership.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MembershipSpan {
    /// In which group.
    group: Option<GroupNamed>,
    /// When.
    when: When,
}

/// An administrative role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RoleSpan {
    /// Which.
    role: String,
    /// When.
    when: When,
}

/// A profile.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProfileSpan {
    /// Display name.
    name: String,
    /// E-mail address; null when Atlassian hid it.
    email: Option<String>,
    /// State of the account itself.
    account_status: Option<String>,
    /// Job title.
    job_title: Option<String>,
    /// Department.
    department: Option<String>,
    /// When.
    when: When,
}

/// Show a person's history
///
/// Who joined or left what, when, and which run saw it. Of each sort of fact at most 1,000, the oldest first.
#[utoipa::path(get, path = "/people/{id}/history", tag = "people", operation_id = "show_history",
    params(("id" = String, Path, description = "Atlassian's id of the account")),
    responses((status = 200, description = "The history", body = History)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<History>, Problem> {
    let snapshot = asked.sealed()?;
    let Some(account) = snapshot.account(&id) else {
        return Err(Problem::not_found("person with this account id"));
    };
    let generation = snapshot.generation();
    let timeline = asked.mirror.store().read(move |tx| timeline::of(tx, account, generation)).await?;
    Ok(Json(history(id, &timeline, snapshot)))
}

fn history(account_id: String, timeline: &Timeline, snapshot: &Snapshot) -> History {
    let seen = |generation: u64| {
        let sealed = timeline.generations.get(&generation);
        SeenBy {
            generation,
            at: sealed.map(|sealed| sealed.at.to_string()),
            run: sealed.map(|sealed| sealed.run.to_string()),
        }
    };
    fn when<T>(span: &Span<T>, seen: &impl Fn(u64) -> SeenBy) -> When {
        When { since: seen(span.since), until: span.until.map(seen) }
    }
    let word = |text: &str| text.to_owned();
    History {
        generation: snapshot.generation(),
        account_id,
        presences: (timeline.presence.iter())
            .map(|span| PresenceSpan {
                directory: (snapshot.directories().get(span.value.0 as usize))
                    .map(|directory| directory.name.to_string())
                    .unwrap_or_default(),
                status: span.value.1.status.as_ref().map(|status| word(status.as_str())),
                membership_status: span.value.1.membership.as_ref().map(|membership| word(membership.as_str())),
                when: when(span, &seen),
            })
            .collect(),
        memberships: (timeline.memberships.iter())
            .map(|span| MembershipSpan { group: snapshot.group_row(span.value).map(named), when: when(span, &seen) })
            .collect(),
        platform_roles: (timeline.roles.iter())
            .map(|span| RoleSpan { role: word(span.value.as_str()), when: when(span, &seen) })
            .collect(),
        profiles: (timeline.profiles.iter())
            .map(|span| ProfileSpan {
                name: span.value.name.to_string(),
                email: span.value.email.as_deref().map(word),
                account_status: span.value.account_status.as_ref().map(|status| word(status.as_str())),
                job_title: span.value.job_title.as_deref().map(word),
                department: span.value.department.as_deref().map(word),
                when: when(span, &seen),
            })
            .collect(),
    }
}
