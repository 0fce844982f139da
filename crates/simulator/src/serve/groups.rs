//! Groups: search, the deprecated list, count, statistics, and one by id. Ids are bare here and ARIs inside users.

use serde_json::json;

use crate::answers::SuspendedGroups;
use crate::call::{Call, check_list, check_unique, check_values, page_size};
use crate::cursor::{Cursor, digest};
use crate::group::{Group, GroupKind};
use crate::group_filter::{GroupFilter, GroupSearch};
use crate::json::Json;
use crate::order::{Listing, Order, order, page};
use crate::reply::{Refusal, Reply};
use crate::serve::users::deprecation;

/// Which counts are written.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    users: bool,
    resources: bool,
}

pub(super) fn search(call: &Call<'_>) -> Result<Reply, Refusal> {
    let search: GroupSearch = call.read_body()?;
    let limit = page_size(search.limit, 20, 100)?;
    check_list("expand", search.expand.as_ref(), 2)?;
    check_unique("expand", search.expand.as_ref())?;
    check_values("expand", search.expand.as_ref(), &["counts.users", "counts.resources"])?;
    let order = order(search.sort_by.as_ref(), "name")?;
    let filter = GroupFilter::new(call, &search)?;
    let cursor = call.cursor(search.cursor.as_deref(), digest(&search.fingerprint(call.path)))?;
    write_page(call, &filter, Page { order, cursor, limit, counts: counts(&search) })
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (cursor, query) = call.list()?;
    let search = GroupSearch::from_query(&query)?;
    let limit = page_size(search.limit, 20, 100)?;
    let filter = GroupFilter::new(call, &search)?;
    let counts = counts(&search);
    let mut reply = write_page(call, &filter, Page { order: Order::Creation, cursor, limit, counts })?;
    reply.headers.extend(deprecation());
    Ok(reply)
}

pub(super) fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, query) = call.list()?;
    let filter = GroupFilter::new(call, &GroupSearch::from_query(&query)?)?;
    let matches = |ordinal: u32| call.organization.group(ordinal).is_some_and(|group| filter.matches(group));
    let count = match &filter.candidates {
        Some(candidates) => candidates.iter().filter(|ordinal| matches(**ordinal)).count(),
        None => (0..call.organization.groups.len() as u32).filter(|ordinal| matches(*ordinal)).count(),
    };
    Ok(Reply::value(&json!({ "count": count })))
}

pub(super) fn statistics(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (scope, _) = call.directories(1)?;
    let groups = || call.organization.groups.iter().flatten().filter(move |group| scope & (1 << group.directory) != 0);
    let types: Vec<_> = [GroupKind::Team, GroupKind::Group, GroupKind::UserbaseGroup]
        .into_iter()
        .map(|kind| json!({ "type": kind.id(), "count": groups().filter(|group| group.kind == kind).count() }))
        .collect();
    Ok(Reply::value(&json!({
        "totals": {
            "all": groups().count(),
            "managed": groups().filter(|group| group.managed_by() == "external").count(),
            "synced": groups().filter(|group| group.synced).count(),
        },
        "types": types,
    })))
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let group = wanted(call)?;
    let mut json = Json::with_capacity(512);
    json.raw("{\"data\":");
    write_group(&mut json, call, group, Counts { users: true, resources: true });
    json.raw("}");
    Ok(Reply::json(json.into_bytes()))
}

/// The group of the path, when it is in the directory of the path.
pub(super) fn wanted<'a>(call: &'a Call<'_>) -> Result<&'a Group, Refusal> {
    let (scope, _) = call.directories(1)?;
    let id = call.capture(2);
    call.organization
        .find_group(id)
        .and_then(|ordinal| call.organization.group(ordinal))
        .filter(|group| scope & (1 << group.directory) != 0)
        .ok_or_else(|| Refusal::no_group(id))
}

/// Which page is asked for.
struct Page {
    order: Order,
    cursor: Cursor,
    limit: usize,
    counts: Counts,
}

fn counts(search: &GroupSearch) -> Counts {
    let expands = |name: &str| search.expand.iter().flatten().any(|item| item == name);
    Counts { users: expands("counts.users"), resources: expands("counts.resources") }
}

fn write_page(call: &Call<'_>, filter: &GroupFilter, asked: Page) -> Result<Reply, Refusal> {
    let organization = call.organization;
    let matches = |ordinal: u32| organization.group(ordinal).is_some_and(|group| filter.matches(group));
    let key = |ordinal: u32| organization.group(ordinal).map(|group| group.name.to_lowercase()).unwrap_or_default();
    let (ordinals, next) = match &filter.candidates {
        Some(candidates) => {
            let listing = Listing { candidates: candidates.iter().copied(), matches, key };
            page(listing, asked.order, &asked.cursor, asked.limit)?
        }
        None => {
            let listing = Listing { candidates: 0..organization.groups.len() as u32, matches, key };
            page(listing, asked.order, &asked.cursor, asked.limit)?
        }
    };
    let mut json = Json::with_capacity(512 + ordinals.len() * 512);
    json.raw("{\"data\":[");
    for (index, ordinal) in ordinals.iter().enumerate() {
        if let Some(group) = organization.group(*ordinal) {
            if index > 0 {
                json.raw(",");
            }
            write_group(&mut json, call, group, asked.counts);
        }
    }
    json.raw("],\"links\":{\"self\":").string(&call.seal(&asked.cursor));
    if let Some(next) = &next {
        json.raw(",\"next\":").string(&call.seal(next));
    }
    json.raw("}}");
    Ok(Reply::page(json.into_bytes(), asked.cursor))
}

fn write_group(json: &mut Json, call: &Call<'_>, group: &Group, counts: Counts) {
    let directory = call.organization.directories.get(usize::from(group.directory));
    json.raw("{\"id\":\"").raw(&group.id);
    json.raw("\",\"name\":").string(&group.name);
    if let Some(description) = &group.description {
        json.raw(",\"description\":").string(description);
    }
    json.raw(",\"directoryId\":").optional(directory.map(|directory| directory.id.as_str()));
    json.raw(",\"externalSynced\":").flag(group.synced);
    json.raw(",\"managedBy\":\"").raw(group.managed_by());
    json.raw("\",\"managementAccess\":{\"readable\":true,\"modifiable\":").flag(!group.synced);
    json.raw(",\"deletable\":").flag(!group.synced && group.kind != GroupKind::UserbaseGroup).raw("}");
    if counts.users || counts.resources {
        json.raw(",\"counts\":{");
        if counts.users {
            let hidden = match call.answers.suspended_groups {
                SuspendedGroups::HiddenAndUncounted => group.suspended_members,
                SuspendedGroups::Shown | SuspendedGroups::Hidden => 0,
            };
            json.raw("\"users\":").number(u64::from(group.members.saturating_sub(hidden)));
        }
        if counts.resources {
            json.raw(if counts.users { ",\"resources\":" } else { "\"resources\":" });
            json.number(u64::from(group.granted.count_ones()));
        }
        json.raw("}");
    }
    json.raw(",\"links\":{\"self\":\"ECg").raw(group.id.get(..8).unwrap_or_default()).raw("\"}}");
}
