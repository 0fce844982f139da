//! What Jira says of the site itself: its server, its applications with their seats, its licence count.

use serde_json::{Value, json};

use crate::call::Call;
use crate::group::Group;
use crate::json::in_milliseconds;
use crate::reply::{Refusal, Reply};
use crate::resource::{App, Resource, Role};

/// The apps that Jira has application roles for.
const APPLICATIONS: [App; 3] = [App::Jira, App::ServiceManagement, App::ProductDiscovery];

pub(super) fn applications<'a>(call: &Call<'a>) -> impl Iterator<Item = (u8, &'a Resource)> {
    let site = call.site;
    let resources = call.organization.resources.iter().enumerate();
    resources
        .filter(move |(_, resource)| resource.site == site && APPLICATIONS.contains(&resource.app))
        .map(|(index, resource)| (index as u8, resource))
}

fn record(call: &Call<'_>, index: u8, resource: &Resource) -> Value {
    let granting: Vec<&Group> = call.site_groups().filter(|group| group.roles_on(index).contains(Role::User)).collect();
    let default: Vec<&Group> = granting
        .iter()
        .copied()
        .filter(|group| {
            group.grants.iter().any(|grant| grant.resource == index && grant.default_role == Some(Role::User))
        })
        .collect();
    let names = |groups: &[&Group]| groups.iter().map(|group| json!(group.name)).collect::<Vec<Value>>();
    let details = |groups: &[&Group]| groups.iter().map(|group| call.group_name(group)).collect::<Vec<Value>>();
    let taken = call.organization.seats_taken(index);
    let remaining = resource.capacity.map(|seats| i64::from(seats) - i64::from(taken));
    json!({
        "key": resource.app.owner(),
        "name": resource.app.title(),
        "groups": names(&granting),
        "groupDetails": details(&granting),
        "defaultGroups": names(&default),
        "defaultGroupsDetails": details(&default),
        "defined": true,
        "platform": false,
        "selectedByDefault": resource.app == App::Jira,
        "hasUnlimitedSeats": resource.capacity.is_none(),
        "numberOfSeats": resource.capacity.map_or(-1, i64::from),
        "remainingSeats": remaining.unwrap_or(-1),
        "userCount": taken,
        "userCountDescription": format!("{taken} users"),
    })
}

pub(super) fn application_roles(call: &Call<'_>) -> Result<Reply, Refusal> {
    let roles: Vec<Value> = applications(call).map(|(index, resource)| record(call, index, resource)).collect();
    Ok(Reply::value(&json!(roles)))
}

pub(super) fn application_role(call: &Call<'_>) -> Result<Reply, Refusal> {
    let key = call.capture(0);
    match applications(call).find(|(_, resource)| resource.app.owner() == key) {
        Some((index, resource)) => Ok(Reply::value(&record(call, index, resource))),
        None => Err(Refusal::new(404, "", "", format!("The application role {key} was not found."))),
    }
}

pub(super) fn license_count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let count: u32 = applications(call).map(|(index, _)| call.organization.seats_taken(index)).sum();
    Ok(Reply::value(&json!({ "key": "license.totalApproximateUserCount", "value": count.to_string() })))
}

pub(super) fn product_license_count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let key = call.capture(0);
    match applications(call).find(|(_, resource)| resource.app.owner() == key) {
        Some((index, _)) => {
            let count = call.organization.seats_taken(index).to_string();
            Ok(Reply::value(&json!({ "key": format!("license.approximateUserCount.{key}"), "value": count })))
        }
        None => Err(Refusal::new(404, "", "", format!("The application {key} was not found."))),
    }
}

/// Everything is paid for, or nothing is.
pub(super) fn license(call: &Call<'_>) -> Result<Reply, Refusal> {
    let plan = if call.organization.paid { "PAID" } else { "FREE" };
    let applications: Vec<Value> =
        applications(call).map(|(_, resource)| json!({ "id": resource.app.owner(), "plan": plan })).collect();
    Ok(Reply::value(&json!({ "applications": applications })))
}

/// Everybody may ask this, with a credential or without one.
pub(super) fn server(call: &Call<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::value(&json!({
        "baseUrl": call.site_url(),
        "displayUrl": call.site_url(),
        "displayUrlServicedeskHelpCenter": call.site_url(),
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100_287,
        "buildDate": "2026-11-10T08:23:11.000+0000",
        "serverTime": in_milliseconds(call.now).replace('Z', "+0000"),
        "scmInfo": "1f51473f5c7b75c1a69a0090f4832cdc5053702a",
        "serverTitle": "Jira",
        "defaultLocale": { "locale": "en_US" },
        "serverTimeZone": "Etc/UTC",
    })))
}
