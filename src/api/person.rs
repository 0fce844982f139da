//! One person: everything that is known, and by which way each access came about.

use std::collections::BTreeSet;

use axum::Json;
use directory::{AccountRow, Ordinal, Snapshot};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::groups::{GroupNamed, named};
use crate::api::parameters::{Id, None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::mirror::export;

/// A person with everything that is known.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Person {
    /// The generation that was asked.
    generation: u64,
    /// Atlassian's id of the account.
    account_id: String,
    /// Display name; null when only the id is known.
    name: Option<String>,
    /// E-mail address; null when Atlassian hides it.
    email: Option<String>,
    /// Atlassian's word over all directories, `former`, or `unknown`.
    status: String,
    /// State of the account itself.
    account_status: Option<String>,
    /// Kind of account.
    account_type: Option<String>,
    /// Whether the organization has claimed the account's domain: `managed`, or `external`.
    claim: Option<String>,
    /// Whether it was invited or synced.
    management: Option<String>,
    /// Whether the address was verified.
    email_verified: Option<bool>,
    /// Whether two-step verification is on.
    mfa_enabled: Option<bool>,
    /// Job title.
    job_title: Option<String>,
    /// Department.
    department: Option<String>,
    /// When they were added to the organization.
    added_at: Option<String>,
    /// Last use of any app; null when there was none, or when activity was not read.
    last_active: Option<String>,
    /// Whether activity was read: if not, a missing date means nothing.
    activity_read: bool,
    /// When they were last read.
    read_at: Option<String>,
    /// Administrative roles.
    platform_roles: Vec<String>,
    /// In which directories they are; none for a former person.
    presences: Vec<InDirectory>,
    /// Groups, by name.
    groups: Vec<GroupNamed>,
    /// Apps on sites, by app and site.
    apps: Vec<AppOnSite>,
}

/// Membership in a directory.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct InDirectory {
    /// Atlassian's id of the directory; `outside` for managed accounts outside all.
    directory_id: String,
    /// Its name.
    directory: String,
    /// Status in the directory.
    status: Option<String>,
    /// Status of the membership.
    membership_status: Option<String>,
}

/// An app on a site that somebody may use, or has used.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AppOnSite {
    /// Atlassian's id of the resource.
    resource: String,
    /// The app's name.
    app: String,
    /// The site's name.
    site: String,
    /// By which ways they may use it; empty when they may not any more.
    access: Vec<Way>,
    /// Whether it takes a seat.
    billable: bool,
    /// When they last used it; null when there was none, or when activity was not read.
    last_active: Option<String>,
}

/// A way by which somebody has a role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Way {
    /// The role.
    role: String,
    /// `group`, `direct`, `inferred`, or Atlassian's word.
    method: String,
    /// The group that grants it.
    group: Option<GroupNamed>,
}

/// Show a person
///
/// Everything that is known: profile, statuses, directories, groups, apps with the way each access came about.
#[utoipa::path(get, path = "/people/{id}", tag = "people", operation_id = "show_person",
    params(("id" = String, Path, description = "Atlassian's id of the account")),
    responses((status = 200, description = "The person", body = Person)))]
pub(crate) async fn show(
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Person>, Problem> {
    let snapshot = asked.sealed()?;
    let Some(row) = snapshot.account(&id).and_then(|account| snapshot.account_row(account)) else {
        return Err(Problem::not_found("person with this account id"));
    };
    Ok(Json(person(&row, snapshot)))
}

fn person(row: &AccountRow<'_>, snapshot: &Snapshot) -> Person {
    let account = row.ordinal;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let activity = snapshot.activity();
    Person {
        generation: snapshot.generation(),
        account_id: row.id.to_owned(),
        name: (!row.name.is_empty()).then(|| row.name.to_owned()),
        email: owned(row.email),
        status: export::status(snapshot, account).to_owned(),
        account_status: owned(row.account_status.map(|status| status.as_str())),
        account_type: owned(row.account_type.map(|kind| kind.as_str())),
        claim: owned(row.claimed.map(export::claim)),
        management: owned(row.management.map(|management| management.as_str())),
        email_verified: row.email_verified,
        mfa_enabled: row.mfa_enabled,
        job_title: owned(row.job_title),
        department: owned(row.department),
        added_at: row.added_at.map(|at| at.to_string()),
        last_active: activity.last(account).and_then(moment),
        activity_read: activity.read().contains(account),
        read_at: snapshot.account_read_at(account).map(|at| at.to_string()),
        platform_roles: snapshot.roles_of(account).iter().map(|role| role.as_str().to_owned()).collect(),
        presences: presences(account, snapshot),
        groups: groups(account, snapshot),
        apps: apps(account, snapshot),
    }
}

fn presences(account: Ordinal, snapshot: &Snapshot) -> Vec<InDirectory> {
    let directories = (0..).zip(snapshot.directories());
    let there = directories.filter_map(|(place, directory)| Some((directory, snapshot.presence(place, account)?)));
    there
        .map(|(directory, presence)| InDirectory {
            directory_id: directory.id.to_string(),
            directory: directory.name.to_string(),
            status: presence.status.as_ref().map(|status| status.as_str().to_owned()),
            membership_status: presence.membership.as_ref().map(|membership| membership.as_str().to_owned()),
        })
        .collect()
}

fn groups(account: Ordinal, snapshot: &Snapshot) -> Vec<GroupNamed> {
    let members = snapshot.memberships().of(account);
    let mut rows: Vec<_> = members.iter().filter_map(|group| snapshot.group_row(*group)).collect();
    rows.sort_by(|a, b| a.folded_name.cmp(&b.folded_name));
    rows.into_iter().map(named).collect()
}

fn apps(account: Ordinal, snapshot: &Snapshot) -> Vec<AppOnSite> {
    let ways = snapshot.access(account);
    // Activity tells of apps that were used, also of some to which there is no way any more.
    let used = snapshot.activity().of(account);
    let resources: BTreeSet<Ordinal> =
        ways.iter().map(|way| way.resource).chain(used.iter().map(|activity| activity.resource)).collect();
    let known =
        resources.into_iter().filter_map(|ordinal| Some((ordinal, snapshot.resources().get(ordinal as usize)?)));
    let mut apps: Vec<AppOnSite> = known
        .map(|(ordinal, resource)| AppOnSite {
            resource: resource.id.to_string(),
            app: resource.id.app_name().to_owned(),
            site: resource.site_name().to_owned(),
            access: (ways.iter().filter(|way| way.resource == ordinal))
                .map(|way| Way {
                    role: way.role.as_str().to_owned(),
                    method: way.method.as_str().to_owned(),
                    group: way.group.and_then(|group| snapshot.group_row(group)).map(named),
                })
                .collect(),
            billable: snapshot.seat(account, ordinal).is_some_and(directory::Seat::is_billable),
            last_active: used.iter().find(|activity| activity.resource == ordinal).and_then(|entry| moment(entry.at)),
        })
        .collect();
    apps.sort_by(|a, b| (&a.app, &a.site).cmp(&(&b.app, &b.site)));
    apps
}

fn moment(microsecond: i64) -> Option<String> {
    Timestamp::from_microsecond(microsecond).ok().map(|at| at.to_string())
}
