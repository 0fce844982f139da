//! Users: search, the deprecated list, count, statistics, and one by id. A page is written straight from the people
//! into bytes; the groups inside them are ready-made.

use serde_json::json;

use crate::answers::SuspendedGroups;
use crate::call::{Call, check_unique, check_values, page_size};
use crate::cursor::{Cursor, digest};
use crate::json::Json;
use crate::order::{Listing, Order, order, page};
use crate::person::{AccountStatus, AccountType, MembershipStatus, Person};
use crate::reply::{Refusal, Reply};
use crate::resource::Role;
use crate::truth::account_type;
use crate::user_filter::{UserFilter, UserSearch, counting, searching};

/// What is written of each user besides the profile.
#[derive(Clone, Copy, Debug, Default)]
struct Expansion {
    groups: bool,
    product_access: bool,
    platform_roles: bool,
    resources: bool,
    /// As a single record: with the instant of deactivation, and without a link to itself.
    single: bool,
    /// Directories whose groups are shown.
    directories: u8,
}

pub(super) fn search(call: &Call<'_>) -> Result<Reply, Refusal> {
    let search: UserSearch = call.read_body()?;
    let limit = page_size(search.limit, 50, 100)?;
    check_unique("expand", search.expand.as_ref())?;
    check_values("expand", search.expand.as_ref(), &["groups", "productAccess", "platformRoles", "counts.resources"])?;
    let order = order(search.sort_by.as_ref(), "nick_name")?;
    let filter = UserFilter::new(call, &search, searching(call.answers))?;
    let cursor = call.cursor(search.cursor.as_deref(), digest(&search.fingerprint(call.path)))?;
    let expands = |name: &str| search.expand.iter().flatten().any(|item| item == name);
    let expansion = Expansion {
        groups: expands("groups"),
        product_access: expands("productAccess"),
        platform_roles: expands("platformRoles"),
        resources: expands("counts.resources"),
        single: false,
        directories: call.directories(1)?.0,
    };
    write_page(call, &filter, Page { order, cursor, limit }, expansion)
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (cursor, query) = call.list()?;
    let search = UserSearch::from_query(&query)?;
    let limit = page_size(search.limit, 20, 100)?;
    let filter = UserFilter::new(call, &search, searching(call.answers))?;
    let mut reply = write_page(call, &filter, Page { order: Order::Creation, cursor, limit }, Expansion::default())?;
    reply.headers.extend(deprecation());
    Ok(reply)
}

pub(super) fn count(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (_, query) = call.list()?;
    let search = UserSearch::from_query(&query)?;
    let filter = UserFilter::new(call, &search, counting(call.answers))?;
    let organization = call.organization;
    let matches =
        |ordinal: u32| organization.person(ordinal).is_some_and(|person| filter.matches(organization, person));
    let count = match &filter.candidates {
        Some(candidates) => candidates.iter().filter(|ordinal| matches(**ordinal)).count(),
        None => (0..organization.people.len() as u32).filter(|ordinal| matches(*ordinal)).count(),
    };
    Ok(Reply::value(&json!({ "count": count })))
}

pub(super) fn statistics(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (scope, everywhere) = call.directories(1)?;
    let organization = call.organization;
    let mut statuses = [0u32; 3];
    let mut roles = [0u32; Role::ALL.len()];
    let includes_outside = everywhere && call.answers.count_includes_outside;
    for person in organization.people.iter().flatten() {
        if person.present & scope == 0 && !(person.present == 0 && includes_outside) {
            continue;
        }
        if let Some(count) = statuses.get_mut(person.account_status as usize) {
            *count += 1;
        }
        for role in organization.all_roles(person).iter() {
            if let Some(count) = roles.get_mut(role as usize) {
                *count += 1;
            }
        }
    }
    let statuses: Vec<_> = AccountStatus::ALL
        .into_iter()
        .zip(statuses)
        .map(|(status, count)| json!({ "status": status.id(), "count": count }))
        .collect();
    let roles: Vec<_> = Role::ALL
        .into_iter()
        .zip(roles)
        .filter(|(_, count)| *count > 0)
        .map(|(role, count)| json!({ "roleId": role.id(), "count": count }))
        .collect();
    Ok(Reply::value(&json!({ "accountStatus": statuses, "roles": roles })))
}

pub(super) fn one(call: &Call<'_>) -> Result<Reply, Refusal> {
    let (scope, everywhere) = call.directories(1)?;
    let account_id = call.capture(2);
    let person = call
        .organization
        .find_account(account_id)
        .and_then(|ordinal| call.organization.person(ordinal).map(|person| (ordinal, person)))
        .filter(|(_, person)| everywhere || person.present & scope != 0);
    let Some((ordinal, person)) = person else { return Err(Refusal::no_user(account_id)) };
    let expansion =
        Expansion { platform_roles: true, resources: true, single: true, directories: scope, ..Expansion::default() };
    let mut json = Json::with_capacity(1_024);
    json.raw("{\"data\":");
    write_user(&mut json, call, (ordinal, person), expansion);
    json.raw("}");
    Ok(Reply::json(json.into_bytes()))
}

/// Which page is asked for.
struct Page {
    order: Order,
    cursor: Cursor,
    limit: usize,
}

fn write_page(call: &Call<'_>, filter: &UserFilter, asked: Page, expansion: Expansion) -> Result<Reply, Refusal> {
    let organization = call.organization;
    let matches =
        |ordinal: u32| organization.person(ordinal).is_some_and(|person| filter.matches(organization, person));
    let key = |ordinal: u32| {
        organization.person(ordinal).map(|person| person.texts.nickname().to_lowercase()).unwrap_or_default()
    };
    let (order, limit) = (asked.order, asked.limit);
    let (ordinals, next) = match &filter.candidates {
        Some(candidates) => {
            page(Listing { candidates: candidates.iter().copied(), matches, key }, order, &asked.cursor, limit)?
        }
        None if order == Order::Creation => {
            let candidates = asked.cursor.position..organization.people.len() as u32;
            page(Listing { candidates, matches, key }, order, &asked.cursor, limit)?
        }
        None => {
            let candidates = 0..organization.people.len() as u32;
            page(Listing { candidates, matches, key }, order, &asked.cursor, limit)?
        }
    };
    let mut json = Json::with_capacity(512 + ordinals.len() * if expansion.groups { 3_072 } else { 1_024 });
    json.raw("{\"data\":[");
    for (index, ordinal) in ordinals.iter().enumerate() {
        if let Some(person) = organization.person(*ordinal) {
            if index > 0 {
                json.raw(",");
            }
            write_user(&mut json, call, (*ordinal, person), expansion);
        }
    }
    json.raw("],\"links\":{\"self\":").string(&call.seal(&asked.cursor));
    if let Some(next) = &next {
        json.raw(",\"next\":").string(&call.seal(next));
    }
    json.raw("}}");
    Ok(Reply::page(json.into_bytes(), asked.cursor))
}

fn write_user(json: &mut Json, call: &Call<'_>, (ordinal, person): (u32, &Person), expansion: Expansion) {
    let organization = call.organization;
    let texts = &person.texts;
    json.raw("{\"accountId\":").string(texts.account_id());
    json.raw(",\"accountType\":\"").raw(account_type(person.account_type));
    json.raw("\",\"accountStatus\":\"").raw(person.account_status.id());
    json.raw("\",\"membershipStatus\":\"").raw(person.membership_status().id());
    json.raw("\",\"status\":\"").raw(person.status());
    json.raw("\",\"claimStatus\":\"").raw(if person.managed { "managed" } else { "unmanaged" });
    json.raw("\",\"managementSource\":").optional(person.source.map(|source| source.id()));
    json.raw(",\"name\":").string(texts.name());
    json.raw(",\"nickname\":").string(texts.nickname());
    let empty_is_null = call.answers.empty_fields_are_null;
    let field = |json: &mut Json, key: &str, value: Option<&str>| {
        if value.is_some() || empty_is_null {
            json.raw(",\"").raw(key).raw("\":").optional(value);
        }
    };
    field(json, "email", Some(texts.email()).filter(|email| !email.is_empty()));
    json.raw(",\"emailVerified\":").flag(person.email_verified);
    if person.managed {
        json.raw(",\"mfaEnabled\":").flag(person.mfa);
    }
    json.raw(",\"addedToOrg\":").instant(person.added);
    if person.for_deletion {
        json.raw(",\"forDeletion\":true");
    }
    if expansion.single && person.deactivated != 0 {
        json.raw(",\"deactivatedOn\":").instant(person.deactivated);
    }
    json.raw(",\"picture\":\"https://avatars.example/").number(u64::from(ordinal)).raw(".png\"");
    json.raw(",\"avatar\":\"https://avatars.example/").number(u64::from(ordinal)).raw(".png\"");
    field(json, "jobTitle", organization.word(person.job_title));
    field(json, "department", organization.word(person.department));
    field(json, "organization", organization.word(person.organization));
    field(json, "location", organization.word(person.location));
    field(json, "timeZone", organization.word(person.time_zone));
    if expansion.platform_roles {
        json.raw(",\"platformRoles\":[");
        for (index, role) in person.platform_roles.iter().enumerate() {
            json.raw(if index > 0 { ",\"" } else { "\"" }).raw(role.id()).raw("\"");
        }
        json.raw("]");
    }
    if expansion.resources {
        json.raw(",\"counts\":{\"resources\":").number(u64::from(resources_shown(call, person))).raw("}");
    }
    if expansion.product_access {
        write_product_access(json, call, person);
    }
    if expansion.groups {
        write_groups(json, call, person, expansion.directories);
    }
    if !expansion.single {
        json.raw(",\"links\":{\"self\":\"");
        write_self(json, ordinal);
        json.raw("\"}");
    }
    json.raw("}");
}

/// The number of resources the person has a role on, as far as the answers show it.
fn resources_shown(call: &Call<'_>, person: &Person) -> u32 {
    let hidden = call.answers.suspended_groups == SuspendedGroups::HiddenAndUncounted;
    if hidden && person.membership_status() == MembershipStatus::Suspended {
        return 0;
    }
    call.organization.reach(person).count_ones()
}

fn write_product_access(json: &mut Json, call: &Call<'_>, person: &Person) {
    let organization = call.organization;
    let most = call.answers.product_access_capped_at.unwrap_or(u32::MAX) as usize;
    json.raw(",\"productAccess\":[");
    let mut written = 0;
    let mut opened = 0u128;
    for entry in &person.activity {
        opened |= 1 << entry.resource();
        if let Some(resource) = organization.resource(entry.resource()).filter(|_| written < most) {
            json.raw(if written > 0 { ",{\"key\":\"" } else { "{\"key\":\"" }).raw(resource.app.activity_key());
            json.raw("\",\"id\":\"").raw(&resource.ari).raw("\",\"lastActiveTimestamp\":").instant(entry.at()).raw("}");
            written += 1;
        }
    }
    if call.answers.product_access_of_never_opened && person.account_type == AccountType::Atlassian {
        let mut never = organization.reach(person) & !opened;
        while never != 0 {
            let index = never.trailing_zeros() as u8;
            never &= never - 1;
            if let Some(resource) = organization.resource(index).filter(|_| written < most) {
                json.raw(if written > 0 { ",{\"key\":\"" } else { "{\"key\":\"" }).raw(resource.app.activity_key());
                json.raw("\",\"id\":\"").raw(&resource.ari).raw("\"}");
                written += 1;
            }
        }
    }
    json.raw("]");
}

fn write_groups(json: &mut Json, call: &Call<'_>, person: &Person, directories: u8) {
    let mut shown = directories;
    if !call.answers.groups_span_directories && directories.count_ones() > 1 {
        shown = lowest_bit(person.present);
    }
    if call.answers.suspended_groups != SuspendedGroups::Shown {
        shown &= !person.suspended;
    }
    let most = call.answers.groups_capped_at.unwrap_or(u32::MAX) as usize;
    json.raw(",\"groups\":[");
    let groups = person.groups.iter().filter_map(|group| call.organization.group(*group));
    let mut first = true;
    for group in groups.filter(|group| shown & (1 << group.directory) != 0).take(most) {
        if !first {
            json.raw(",");
        }
        first = false;
        json.bytes(&group.fragment);
    }
    json.raw("]");
}

fn lowest_bit(mask: u8) -> u8 {
    mask & mask.wrapping_neg()
}

/// The cursor of a single record: upstream gives one; nobody can do anything with it.
fn write_self(json: &mut Json, ordinal: u32) {
    json.raw("ECg").number(u64::from(ordinal) * 7_919 + 1_000_003);
}

/// The headers of an endpoint that will be switched off.
pub(super) fn deprecation() -> [(String, String); 2] {
    [("Deprecation".to_owned(), "true".to_owned()), ("Sunset".to_owned(), "Wed, 30 Jun 2027 23:59:59 GMT".to_owned())]
}
