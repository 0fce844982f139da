//! Groups made and deleted, and people put into them and taken out. Groups that an identity provider keeps are refused,
//! as are deletions that would take away somebody's way in.

use serde::Deserialize;

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::group::{Group, GroupKind};
use crate::key::uuid;
use crate::organization::{Organization, hash_of};
use crate::reply::Refusal;
use crate::resource::{Role, Roles};
use crate::seats::billable;
use crate::serve::groups::wanted;

/// The most characters of a group's name.
const LONGEST_NAME: usize = 255;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    name: Option<String>,
    description: Option<String>,
}

pub(super) fn create(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (scope, _) = call.directories(1)?;
    if scope.count_ones() != 1 {
        return Err(Refusal::bad_parameter("The directory must be named: there are several."));
    }
    let given: NewGroup = call.read_body()?;
    let name = given.name.unwrap_or_default();
    if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Refusal::bad_body(format!("name must have between 1 and {LONGEST_NAME} characters.")));
    }
    let directory = scope.trailing_zeros() as u8;
    if find_by_name(call.organization, &name, directory).is_some() {
        return Err(Refusal::conflict("A group with this name already exists."));
    }
    let id = new_id(call.organization, &name);
    Ok(Decision::empty(201, Some(Effect::CreateGroup { id, name, description: given.description, directory })))
}

/// The group with that name in the directory, whatever its case.
pub(super) fn find_by_name<'a>(organization: &'a Organization, name: &str, directory: u8) -> Option<&'a Group> {
    let name = name.to_lowercase();
    let mut groups = organization.groups.iter().flatten();
    groups.find(|group| group.directory == directory && group.name.to_lowercase() == name)
}

/// An id for a group that is about to be made: another one for each place in the order of creation.
pub(super) fn new_id(organization: &Organization, name: &str) -> String {
    let place = organization.groups.len() as u64;
    uuid(&mut fastrand::Rng::with_seed(organization.seal ^ hash_of(name).wrapping_add(place)))
}

pub(super) fn delete(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = wanted(call)?;
    deletable(group)?;
    Ok(Decision::empty(204, Some(Effect::DeleteGroup { group: group.id.clone() })))
}

/// Refuses to delete a default group, one that grants administration, or one that is not ours to change.
pub(super) fn deletable(group: &Group) -> Result<(), Refusal> {
    let administering = Roles::of(&[Role::Admin, Role::UserAccessAdmin, Role::SiteAdmin, Role::OrgAdmin]);
    if group.grants.iter().any(|grant| grant.default_role.is_some()) {
        return Err(Refusal::forbidden("ADMIN-403-6", "Not allowed to delete group with default-role attribute."));
    }
    if group.grants.iter().any(|grant| grant.roles.meets(administering)) {
        let detail = "Not allowed to delete group which grants admin access to a product or org.";
        return Err(Refusal::forbidden("ADMIN-403-7", detail));
    }
    if group.synced || group.kind == GroupKind::UserbaseGroup {
        return Err(Refusal::forbidden("ADMIN-403-5", "Not allowed to manage the group."));
    }
    Ok(())
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewMember {
    account_id: Option<String>,
}

pub(super) fn add_member(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = wanted(call)?;
    let given: NewMember = call.read_body()?;
    let account = given.account_id.ok_or_else(|| Refusal::bad_body("accountId must be given."))?;
    let effect = joining(call, group, account)?;
    Ok(Decision::empty(204, Some(effect)))
}

/// Checks what stands against a membership: who keeps the group, the directory, the membership itself, the seats.
pub(super) fn joining(call: &Call<'_>, group: &Group, account: String) -> Result<Effect, Refusal> {
    let organization = call.organization;
    modifiable(group)?;
    let person = organization
        .find_account(&account)
        .and_then(|ordinal| organization.person(ordinal))
        .filter(|person| person.present & (1 << group.directory) != 0)
        .ok_or_else(|| Refusal::no_user(&account))?;
    if organization.find_group(&group.id).is_some_and(|ordinal| person.is_in_group(ordinal)) {
        return Err(Refusal::conflict("The user is already a member of the group."));
    }
    let billed = group.grants.iter().filter(|grant| grant.roles.meets(billable())).map(|grant| grant.resource);
    if let Some(full) = organization.without_seat(person, billed) {
        return Err(no_seat(call, full));
    }
    Ok(Effect::AddMember { group: group.id.clone(), account })
}

pub(super) fn no_seat(call: &Call<'_>, resource: u8) -> Refusal {
    let ari = call.organization.resource(resource).map_or("", |resource| resource.ari.as_str());
    Refusal::no_seat(call.answers.conflict_texts, ari)
}

pub(super) fn modifiable(group: &Group) -> Result<(), Refusal> {
    if group.synced {
        let detail = "Not allowed to manage the group: it is synced from an identity provider.";
        return Err(Refusal::forbidden("ADMIN-403-5", detail));
    }
    Ok(())
}

pub(super) fn remove_member(call: &Call<'_>) -> Result<Decision, Refusal> {
    let group = wanted(call)?;
    Ok(Decision::empty(204, Some(leaving(call, group, call.capture(3))?)))
}

pub(super) fn leaving(call: &Call<'_>, group: &Group, account: &str) -> Result<Effect, Refusal> {
    let organization = call.organization;
    modifiable(group)?;
    let ordinal = organization.find_group(&group.id);
    organization
        .find_account(account)
        .and_then(|person| organization.person(person))
        .filter(|person| ordinal.is_some_and(|ordinal| person.is_in_group(ordinal)))
        .map(|_| Effect::RemoveMember { group: group.id.clone(), account: account.to_owned() })
        .ok_or_else(|| Refusal::no_user(account))
}
