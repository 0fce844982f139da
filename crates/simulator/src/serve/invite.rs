//! Invitations: up to 25 addresses, each with roles and groups. An address that is known keeps its account. Where a
//! part of it cannot be done, the answer says so line by line, with status 206.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, check_list, check_unique};
use crate::effect::{Decision, Effect};
use crate::key::uuid;
use crate::organization::hash_of;
use crate::person::{AccountStatus, AccountType, Person};
use crate::reply::{Refusal, Reply};
use crate::seats::billable;
use crate::serve::group_writes::{modifiable, no_seat};
use crate::serve::role_writes::{Access, direct_roles};
use crate::serve::roles::directory_of;

const MOST_ADDRESSES: usize = 25;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Invitation {
    emails: Option<Vec<String>>,
    permission_rules: Option<Vec<Rule>>,
    additional_groups: Option<Vec<String>>,
    #[serde(rename = "sendNotification")]
    _send_notification: Option<bool>,
    #[serde(rename = "notificationText")]
    _notification_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    resource: String,
    role: String,
}

pub(super) fn invite(call: &Call<'_>) -> Result<Decision, Refusal> {
    let organization = call.organization;
    let given: Invitation = call.read_body()?;
    let emails = given.emails.ok_or_else(|| Refusal::bad_body("emails must be given."))?;
    check_list("emails", Some(&emails), MOST_ADDRESSES)?;
    check_unique("emails", Some(&emails))?;
    if let Some(wrong) = emails.iter().find(|email| !is_address(email)) {
        return Err(Refusal::bad_body(format!("{wrong} is not an address.")));
    }
    if !organization.paid {
        let detail = "You don't have a paid subscription to be eligible to perform this request.";
        return Err(Refusal::new(402, "ADMIN-UAM-402-1", "Payment Required", detail));
    }
    let accesses = given
        .permission_rules
        .unwrap_or_default()
        .into_iter()
        .map(|rule| Access::read(call, Some(rule.resource), Some(&rule.role)))
        .collect::<Result<Vec<Access>, Refusal>>()?;
    let groups = given.additional_groups.unwrap_or_default();
    if let Some(unknown) = groups.iter().find(|group| organization.find_group(group).is_none()) {
        return Err(Refusal::no_group(unknown));
    }
    // What is left of each licence; none where there is no limit.
    let mut room: BTreeMap<u8, u32> = BTreeMap::new();
    for access in accesses.iter().filter(|access| access.is_billed()) {
        if let Some(capacity) = organization.resource(access.index).and_then(|resource| resource.capacity) {
            let left = capacity.saturating_sub(organization.seats_taken(access.index));
            if left == 0 {
                return Err(no_seat(call, access.index));
            }
            room.insert(access.index, left);
        }
    }
    let mut inviting = Inviting {
        call,
        accesses: &accesses,
        groups: &groups,
        room,
        seated: Vec::new(),
        effects: Vec::new(),
        failed: false,
    };
    let data: Vec<Value> = emails.iter().map(|email| inviting.one(email)).collect();
    let status = if inviting.failed { 206 } else { 200 };
    let reply = Reply::value(&json!({ "data": data })).with_status(status);
    Ok(Decision { reply, effects: inviting.effects, delay: 0 })
}

pub(super) fn is_address(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@') && !email.contains(char::is_whitespace)
    })
}

/// An invitation under way, address after address.
struct Inviting<'a> {
    call: &'a Call<'a>,
    accesses: &'a [Access],
    groups: &'a [String],
    room: BTreeMap<u8, u32>,
    /// Resources on which the present address has been given a seat.
    seated: Vec<u8>,
    effects: Vec<Effect>,
    failed: bool,
}

impl Inviting<'_> {
    fn one(&mut self, email: &str) -> Value {
        let organization = self.call.organization;
        self.seated.clear();
        let known = organization
            .find_email(email)
            .into_iter()
            .filter_map(|ordinal| organization.person(ordinal))
            .find(|person| person.account_type == AccountType::Atlassian);
        let account = match known {
            Some(person) => person.texts.account_id().to_owned(),
            None => new_account_id(self.call, email),
        };
        if known.is_some_and(|person| person.account_status != AccountStatus::Active) {
            return self.refused(&account, email);
        }
        let mut directories =
            self.accesses.iter().fold(0, |mask, access| mask | 1 << directory_of(organization, access.index));
        for group in self.groups.iter().filter_map(|group| organization.group(organization.find_group(group)?)) {
            directories |= 1 << group.directory;
        }
        if directories == 0 {
            directories = 1;
        }
        match known {
            None => {
                let email = email.to_owned();
                self.effects.push(Effect::Invite { account: account.clone(), email, directories });
            }
            Some(person) if person.present & directories != directories => {
                self.effects.push(Effect::Join { account: account.clone(), directories });
            }
            Some(_) => {}
        }
        let roles: Vec<Value> = self.accesses.iter().map(|access| self.role(known, &account, access)).collect();
        let groups: Vec<Value> = self.groups.iter().map(|group| self.group(known, &account, group)).collect();
        json!({
            "id": account, "email": email,
            "results": [{ "roleAssignmentResult": roles, "groupAssignmentResult": groups }],
        })
    }

    /// Takes a seat on each of the resources, unless the person has one; nothing is taken when one has none left.
    fn take_seats(&mut self, known: Option<&Person>, resources: &[u8]) -> bool {
        let organization = self.call.organization;
        let mut wanted = Vec::new();
        for index in resources {
            let capacity = organization.resource(*index).and_then(|resource| resource.capacity);
            let sits = known.is_some_and(|person| organization.sits(person, *index)) || self.seated.contains(index);
            if let Some(capacity) = capacity.filter(|_| !sits) {
                let left = self
                    .room
                    .entry(*index)
                    .or_insert_with(|| capacity.saturating_sub(organization.seats_taken(*index)));
                if *left == 0 {
                    return false;
                }
                wanted.push(*index);
            }
        }
        for index in wanted {
            self.seated.push(index);
            if let Some(left) = self.room.get_mut(&index) {
                *left -= 1;
            }
        }
        true
    }

    fn role(&mut self, known: Option<&Person>, account: &str, access: &Access) -> Value {
        let fits = !access.is_billed() || self.take_seats(known, &[access.index]);
        let reason = (!fits).then_some("User limit exceeded");
        let held = known.is_some_and(|person| direct_roles(person, access.index).contains(access.role));
        if reason.is_none() && !held {
            self.effects.push(Effect::GrantUser {
                account: account.to_owned(),
                resource: access.resource.clone(),
                role: access.role,
            });
        }
        let mut line = self.line(reason);
        line["resource"] = json!(access.resource);
        line["role"] = json!(access.role.id());
        line
    }

    fn group(&mut self, known: Option<&Person>, account: &str, group: &str) -> Value {
        let organization = self.call.organization;
        let ordinal = organization.find_group(group);
        let record = ordinal.and_then(|ordinal| organization.group(ordinal));
        let billed: Vec<u8> = record
            .into_iter()
            .flat_map(|group| group.grants.iter().filter(|grant| grant.roles.meets(billable())))
            .map(|grant| grant.resource)
            .collect();
        let reason = match record.map(modifiable) {
            Some(Ok(())) if self.take_seats(known, &billed) => None,
            Some(Ok(())) => Some("User limit exceeded"),
            Some(Err(_)) | None => Some("Not allowed to manage the group"),
        };
        let member = known.zip(ordinal).is_some_and(|(person, ordinal)| person.is_in_group(ordinal));
        if reason.is_none() && !member {
            self.effects.push(Effect::AddMember { group: group.to_owned(), account: account.to_owned() });
        }
        let mut line = self.line(reason);
        line["group"] = json!(group);
        line
    }

    /// Every line of an account that cannot be invited.
    fn refused(&mut self, account: &str, email: &str) -> Value {
        let reason = Some("The account is not active");
        let roles: Vec<Value> = self
            .accesses
            .iter()
            .map(|access| {
                let mut line = json!({ "status": "ERROR", "statusReason": reason });
                line["resource"] = json!(access.resource);
                line["role"] = json!(access.role.id());
                line
            })
            .collect();
        let groups: Vec<Value> = self
            .groups
            .iter()
            .map(|group| json!({ "group": group, "status": "ERROR", "statusReason": reason }))
            .collect();
        self.failed = true;
        json!({
            "id": account, "email": email,
            "results": [{ "roleAssignmentResult": roles, "groupAssignmentResult": groups }],
        })
    }

    fn line(&mut self, reason: Option<&str>) -> Value {
        self.failed |= reason.is_some();
        json!({ "status": if reason.is_some() { "ERROR" } else { "INVITED" }, "statusReason": reason })
    }
}

/// An id for an account that is about to be made: another one for each place in the order of creation.
pub(super) fn new_account_id(call: &Call<'_>, email: &str) -> String {
    let place = call.organization.people.len() as u64;
    let seed = call.organization.seal ^ hash_of(email).wrapping_add(place);
    format!("712020:{}", uuid(&mut fastrand::Rng::with_seed(seed)))
}
