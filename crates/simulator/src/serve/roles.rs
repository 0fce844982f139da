//! Role assignments: what a group grants, and what a person may open and by which way.

use serde_json::{Value, json};

use crate::call::{Call, check_list, directory_mask, page_size, resources, roles};
use crate::cursor::Cursor;
use crate::group_filter::owned_by;
use crate::order::{Listing, Order, page};
use crate::organization::Organization;
use crate::person::Person;
use crate::reply::{Refusal, Reply};
use crate::resource::{Role, Roles};
use crate::serve::groups;

const QUERY_NAMES: [&str; 4] = ["directoryIds", "resourceOwners", "resourceIds", "roleIds"];

/// The filters that both lists have.
struct AssignmentFilter {
    directories: Option<u8>,
    owned: Option<u128>,
    resources: Option<u128>,
    roles: Option<Roles>,
}

impl AssignmentFilter {
    fn admits(&self, organization: &Organization, resource: u8, held: Roles) -> bool {
        let bit = 1u128 << resource;
        let directory = 1 << directory_of(organization, resource);
        self.directories.is_none_or(|directories| directories & directory != 0)
            && self.owned.is_none_or(|owned| owned & bit != 0)
            && self.resources.is_none_or(|resources| resources & bit != 0)
            && self.roles.is_none_or(|roles| roles.meets(held))
    }
}

pub(super) fn of_group(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (cursor, limit, filter) = read(call)?;
    let group = groups::wanted(call)?;
    let assignments = group
        .grants
        .iter()
        .filter(|grant| filter.admits(call.organization, grant.resource, grant.roles))
        .filter_map(|grant| {
            let resource = call.organization.resource(grant.resource)?;
            Some(json!({
                "resourceId": resource.ari,
                "resourceOwner": resource.app.owner(),
                "roles": grant.roles.iter().map(Role::id).collect::<Vec<_>>(),
                "defaultRole": grant.default_role.map(Role::id),
            }))
        })
        .collect();
    write_page(call, assignments, cursor, limit)
}

pub(super) fn of_user(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (cursor, limit, filter) = read(call)?;
    let organization = call.organization;
    let (scope, everywhere) = call.directories(1)?;
    let account_id = call.capture(2);
    let person = organization
        .find_account(account_id)
        .and_then(|ordinal| organization.person(ordinal))
        .filter(|person| everywhere || person.present & scope != 0)
        .ok_or_else(|| Refusal::no_user(account_id))?;
    let mut assignments = Vec::new();
    let mut reach = organization.reach(person);
    while reach != 0 {
        let index = reach.trailing_zeros() as u8;
        reach &= reach - 1;
        let by_group = organization.group_roles(person, index);
        let direct = person.direct.iter().find(|entry| entry.0 == index).map_or(Roles::default(), |entry| entry.1);
        let held = by_group.union(direct);
        if let Some(resource) = organization.resource(index).filter(|_| filter.admits(organization, index, held)) {
            let directory = directory_of(organization, index);
            assignments.push(json!({
                "resourceId": resource.ari,
                "resourceOwner": resource.app.owner(),
                "directoryId": organization.directories.get(usize::from(directory)).map(|directory| &directory.id),
                "userDirectoryStatus": directory_status(person, directory),
                "roles": held.iter().map(Role::id).collect::<Vec<_>>(),
                "roleAssignments": held.iter().map(|role| assignment(role, by_group, direct)).collect::<Vec<_>>(),
            }));
        }
    }
    // Roles on the whole organization have no directory, and are left out as soon as a directory, owner or resource is
    // asked for that they do not have.
    let platform = person.platform_roles;
    let unfiltered = filter.directories.is_none() && filter.owned.is_none() && filter.resources.is_none();
    if !platform.is_empty() && unfiltered && filter.roles.is_none_or(|roles| roles.meets(platform)) {
        assignments.push(json!({
            "resourceId": format!("ari:cloud:platform::org/{}", organization.id),
            "resourceOwner": "platform",
            "directoryId": null,
            "userDirectoryStatus": person.membership_status().id(),
            "roles": platform.iter().map(Role::id).collect::<Vec<_>>(),
            "roleAssignments": platform
                .iter()
                .map(|role| json!({ "role": role.id(), "roleAssignmentMethods": ["direct"] }))
                .collect::<Vec<_>>(),
        }));
    }
    write_page(call, assignments, cursor, limit)
}

fn read(call: &Call<'_>) -> Result<(Cursor, usize, AssignmentFilter), Refusal> {
    let (cursor, query) = call.list()?;
    query.only(&QUERY_NAMES)?;
    let limit = page_size(query.limit()?, 20, 100)?;
    let directory_ids = query.many("directoryIds");
    let owners = query.many("resourceOwners");
    let resource_ids = query.many("resourceIds");
    let role_ids = query.many("roleIds");
    check_list("directoryIds", directory_ids.as_ref(), 10)?;
    check_list("resourceOwners", owners.as_ref(), 10)?;
    check_list("resourceIds", resource_ids.as_ref(), 20)?;
    check_list("roleIds", role_ids.as_ref(), 10)?;
    let filter = AssignmentFilter {
        directories: directory_mask(call.organization, directory_ids.as_ref()),
        owned: owners.as_ref().map(|owners| owned_by(call.organization, owners)),
        resources: resources(call.organization, resource_ids.as_ref()),
        roles: roles(role_ids.as_ref())?,
    };
    Ok((cursor, limit, filter))
}

fn assignment(role: Role, by_group: Roles, direct: Roles) -> Value {
    let mut methods = Vec::new();
    if direct.contains(role) {
        methods.push("direct");
    }
    if by_group.contains(role) {
        methods.push("group_direct");
    }
    json!({ "role": role.id(), "roleAssignmentMethods": methods })
}

/// The directory that a resource's people come from: sites are spread over the directories.
pub(super) fn directory_of(organization: &Organization, resource: u8) -> u8 {
    let site = organization.resource(resource).map_or(0, |resource| resource.site);
    (site % organization.directories.len().max(1)) as u8
}

fn directory_status(person: &Person, directory: u8) -> &'static str {
    let bit = 1 << directory;
    match (person.present & bit != 0, person.suspended & bit != 0) {
        (false, _) => "no_membership",
        (true, true) => "suspended",
        (true, false) => "active",
    }
}

fn write_page(call: &Call<'_>, assignments: Vec<Value>, cursor: Cursor, limit: usize) -> Result<Reply, Refusal> {
    let listing =
        Listing { candidates: 0..assignments.len() as u32, matches: |_: u32| true, key: |_: u32| String::new() };
    let (places, next) = page(listing, Order::Creation, &cursor, limit)?;
    let data: Vec<&Value> = places.iter().filter_map(|place| assignments.get(*place as usize)).collect();
    let mut links = json!({ "self": call.seal(&cursor) });
    if let Some(next) = next {
        links["next"] = json!(call.seal(&next));
    }
    Ok(Reply::page(json!({ "data": data, "links": links }).to_string().into_bytes(), cursor))
}
