//! Roles given and taken: by a group, directly on one app, and on the whole organization. Codes are those of the two
//! families of errors that upstream has for them.

use serde::Deserialize;

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::person::{AccountStatus, Person};
use crate::reply::Refusal;
use crate::resource::{Role, Roles};
use crate::seats::billable;
use crate::serve::group_writes::no_seat;
use crate::serve::groups::wanted;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupRole {
    resource_id: Option<String>,
    role_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserRole {
    resource: Option<String>,
    role: Option<String>,
}

/// A role on a resource, both known and fitting each other.
pub(super) struct Access {
    pub(super) resource: String,
    pub(super) index: u8,
    pub(super) role: Role,
}

impl Access {
    /// Roles on the organization, and those that the app does not have, are refused.
    pub(super) fn read(call: &Call<'_>, resource: Option<String>, role: Option<&str>) -> Result<Access, Refusal> {
        let resource = resource.ok_or_else(|| Refusal::bad_body("The resource must be given."))?;
        let role = role.ok_or_else(|| Refusal::bad_body("The role must be given."))?;
        let index = call.organization.find_resource(&resource).ok_or_else(|| {
            Refusal::new(404, "ADMIN-UAM-404-3", "Resource not found", format!("No resource {resource} was found."))
        })?;
        let app = call.organization.resource(index).map(|resource| resource.app);
        match Role::from_id(role).filter(|role| app.is_some_and(|app| app.admits(*role))) {
            Some(role) => Ok(Access { resource, index, role }),
            None => {
                let detail = format!("The role {role} is not valid for the resource.");
                Err(Refusal::new(400, "ADMIN-UAM-400-3", "Invalid role", detail))
            }
        }
    }

    pub(super) fn is_billed(&self) -> bool {
        billable().contains(self.role)
    }
}

pub(super) fn assign_to_group(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = wanted(call)?;
    let given: GroupRole = call.read_body()?;
    let access = Access::read(call, given.resource_id, given.role_id.as_deref())?;
    if access.is_billed() && !fits_all(call, &group.id, access.index) {
        return Err(no_seat(call, access.index));
    }
    let new = !group.roles_on(access.index).contains(access.role);
    let effect = Effect::GrantGroup { group: group.id.clone(), resource: access.resource, role: access.role };
    Ok(Decision::empty(200, new.then_some(effect)))
}

/// True when the licence has a seat for every member of the group who has none yet.
fn fits_all(call: &Call<'_>, group: &str, resource: u8) -> bool {
    let organization = call.organization;
    let Some(capacity) = organization.resource(resource).and_then(|resource| resource.capacity) else { return true };
    let ordinal = organization.find_group(group);
    let is_new = |person: &&Person| {
        ordinal.is_some_and(|ordinal| person.is_in_group(ordinal))
            && person.status() == "active"
            && !organization.sits(person, resource)
    };
    let new = organization.people.iter().flatten().filter(is_new).count() as u32;
    new == 0 || organization.seats_taken(resource) + new <= capacity
}

pub(super) fn revoke_from_group(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = wanted(call)?;
    let given: GroupRole = call.read_body()?;
    let access = Access::read(call, given.resource_id, given.role_id.as_deref())?;
    let held = group.roles_on(access.index).contains(access.role);
    let effect = Effect::RevokeGroup { group: group.id.clone(), resource: access.resource, role: access.role };
    Ok(Decision::empty(204, held.then_some(effect)))
}

pub(super) fn assign(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (account, access) = direct(call)?;
    let person = person(call)?;
    if person.account_status != AccountStatus::Active {
        return Err(Refusal::new(400, "ADMIN-UAM-400-2", "Inactive user", "The user is not active."));
    }
    if access.is_billed()
        && let Some(full) = call.organization.without_seat(person, [access.index])
    {
        let refusal = no_seat(call, full);
        let code = if refusal.code == "ADMIN-409-3" { "ADMIN-UAM-409-3" } else { "ADMIN-UAM-409-1" };
        return Err(Refusal { code, ..refusal });
    }
    let new = !direct_roles(person, access.index).contains(access.role);
    let effect = Effect::GrantUser { account, resource: access.resource, role: access.role };
    Ok(Decision::empty(204, new.then_some(effect)))
}

/// Only what was given directly can be taken directly; otherwise nothing changes and the answer is the same.
pub(super) fn revoke(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (account, access) = direct(call)?;
    let held = direct_roles(person(call)?, access.index).contains(access.role);
    let effect = Effect::RevokeUser { account, resource: access.resource, role: access.role };
    Ok(Decision::empty(204, held.then_some(effect)))
}

fn direct(call: &Call<'_>) -> Result<(String, Access), Refusal> {
    person(call)?;
    let given: UserRole = call.read_body()?;
    let access = Access::read(call, given.resource, given.role.as_deref())?;
    if access.role == Role::Viewer {
        let detail = "The role atlassian/viewer can only be given by invitation or by a group.";
        return Err(Refusal::new(400, "ADMIN-UAM-400-3", "Invalid role", detail));
    }
    Ok((call.capture(1).to_owned(), access))
}

fn person<'a>(call: &'a Call<'_>) -> Result<&'a Person, Refusal> {
    let account_id = call.capture(1);
    call.organization
        .find_account(account_id)
        .and_then(|ordinal| call.organization.person(ordinal))
        .filter(|person| person.present != 0)
        .ok_or_else(|| Refusal::no_user(account_id))
}

pub(super) fn direct_roles(person: &Person, resource: u8) -> Roles {
    person.direct.iter().find(|entry| entry.0 == resource).map_or(Roles::default(), |entry| entry.1)
}

pub(super) fn assign_on_organization(call: &Call<'_>) -> Result<Decision, Refusal> {
    on_organization(call, true)
}

pub(super) fn revoke_on_organization(call: &Call<'_>) -> Result<Decision, Refusal> {
    on_organization(call, false)
}

/// Shows some seconds later. The last administrator of the organization stays one.
fn on_organization(call: &Call<'_>, gives: bool) -> Result<Decision, Refusal> {
    let person = person(call)?;
    let given: UserRole = call.read_body()?;
    let role = given.role.as_deref().and_then(Role::from_id);
    if role != Some(Role::OrgAdmin) || given.resource.is_some() {
        return Err(Refusal::new(400, "ADMIN-UAM-400-3", "Invalid role", "role must be atlassian/org-admin."));
    }
    let account = call.capture(1).to_owned();
    let holds = person.platform_roles.contains(Role::OrgAdmin);
    if !gives && holds && call.organization.holders_of(Role::OrgAdmin).len() == 1 {
        let detail = "The last administrator of the organization cannot be removed.";
        return Err(Refusal::forbidden("ADMIN-UAM-403-1", detail));
    }
    let effect = if gives {
        Effect::GrantPlatform { account, role: Role::OrgAdmin }
    } else {
        Effect::RevokePlatform { account, role: Role::OrgAdmin }
    };
    let waits = call.organization.queue.iter().any(|(_, queued)| *queued == effect);
    let changes = gives != holds && !waits;
    Ok(Decision::empty(204, changes.then_some(effect)).after(call.answers.organization_role_delay))
}
