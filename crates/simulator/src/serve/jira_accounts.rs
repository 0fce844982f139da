//! Users made and deleted through Jira: an older way to invite somebody to the site, and to take somebody out of it. The
//! account itself stays.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::effect::{Decision, Effect};
use crate::organization::Organization;
use crate::person::AccountType;
use crate::reply::{Refusal, Reply};
use crate::resource::{App, Resource, Role};
use crate::serve::invite::{is_address, new_account_id};
use crate::serve::jira_site::applications;
use crate::serve::jira_users::expanded;
use crate::site_view::Member;

/// What is no longer available (name, key, password, display name) may be sent and changes nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewUser {
    email_address: Option<String>,
    products: Option<Vec<String>>,
}

fn refusal(status: u16, detail: impl Into<String>) -> Refusal {
    Refusal::new(status, "", "", detail)
}

pub(super) fn create(call: &Call<'_>) -> Result<Decision, Refusal> {
    let given: NewUser = call.read_body()?;
    let email = given.email_address.filter(|email| is_address(email));
    let email = email.ok_or_else(|| refusal(400, "The email address is not valid."))?;
    // Left out, the products are those that everybody gets; an empty list is no access at all.
    let products = given.products.unwrap_or_else(|| vec![App::Jira.owner().to_owned()]);
    let resources = products.iter().map(|product| wanted(call, product)).collect::<Result<Vec<_>, _>>()?;
    let known = call
        .organization
        .find_email(&email)
        .into_iter()
        .filter_map(|ordinal| call.organization.person(ordinal))
        .find(|person| person.account_type == AccountType::Atlassian);
    if let Some(person) = known {
        let has_access = person.present & call.site_directory() != 0
            && applications(call).any(|(index, _)| call.organization.sits(person, index));
        return if has_access {
            let user = expanded(call, &Member::Person(person), &Query::read(""));
            Ok(Reply::value(&user).with_status(201).into())
        } else {
            Err(refusal(400, "The user exists and does not have access to Jira."))
        };
    }
    if let Some((_, full)) = resources.iter().find(|(index, resource)| is_full(call.organization, *index, resource)) {
        return Err(refusal(400, format!("The number of licensed users of {} is exceeded.", full.app.title())));
    }
    let account = new_account_id(call, &email);
    let reply = Reply::value(&new_user(call, &account, &email, &resources)).with_status(201);
    let invite = Effect::Invite { account: account.clone(), email, directories: call.site_directory() };
    let grant = |(_, resource): &(u8, &Resource)| Effect::GrantUser {
        account: account.clone(),
        resource: resource.ari.clone(),
        role: Role::User,
    };
    let effects = std::iter::once(invite).chain(resources.iter().map(grant)).collect();
    Ok(Decision { reply, effects, delay: 0 })
}

fn wanted<'a>(call: &Call<'a>, product: &str) -> Result<(u8, &'a Resource), Refusal> {
    let found = applications(call).find(|(_, resource)| resource.app.owner() == product);
    found.ok_or_else(|| refusal(400, format!("The site has no product {product}.")))
}

fn is_full(organization: &Organization, index: u8, resource: &Resource) -> bool {
    resource.capacity.is_some_and(|seats| organization.seats_taken(index) >= seats)
}

/// A user who is about to be there, as Jira will show them.
fn new_user(call: &Call<'_>, account: &str, email: &str, resources: &[(u8, &Resource)]) -> Value {
    let picture = |size: u32| format!("https://avatars.example/{account}.png?size={size}");
    json!({
        "self": format!("{}/rest/api/3/user?accountId={account}", call.site_url()),
        "accountId": account,
        "accountType": "atlassian",
        "emailAddress": email,
        "avatarUrls": { "16x16": picture(16), "24x24": picture(24), "32x32": picture(32), "48x48": picture(48) },
        "displayName": email.split('@').next().unwrap_or_default(),
        "active": true,
        "groups": { "size": 0, "items": [] },
        "applicationRoles": { "size": resources.len(), "items": [] },
        "expand": "groups,applicationRoles",
    })
}

/// Takes somebody out of the site's directory, as removing does elsewhere.
pub(super) fn delete(call: &Call<'_>) -> Result<Decision, Refusal> {
    let query = Query::read(call.query);
    let account = query.one("accountId").filter(|id| !id.is_empty());
    let account = account.ok_or_else(|| refusal(400, "accountId must be given."))?;
    match call.member(account) {
        Some(Member::Person(_)) => {
            let effect = Effect::Remove { account: account.to_owned(), directories: call.site_directory() };
            Ok(Decision::empty(204, Some(effect)).after(call.answers.removal_delay))
        }
        Some(Member::Customer(_)) => Err(refusal(400, "The user is a portal-only customer.")),
        None => Err(refusal(404, "Specified user does not exist or you do not have required permissions")),
    }
}
