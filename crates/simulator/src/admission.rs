//! Who may come in: the credential, what it may do, the organization it belongs to, and the form of the request. It
//! decides before any handler sees the request, and changes nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::answers::OtherOrganization;
use crate::call::Call;
use crate::endpoint::{Action, Door, Endpoint, Need, is_behind_gateway};
use crate::gate::{Incoming, bearer};
use crate::organization::Organization;
use crate::person::Person;
use crate::reply::{Refusal, Shape};
use crate::resource::{Role, Roles};

/// The key: there, known, not revoked, not expired.
pub(crate) fn admit(
    request: &Incoming,
    endpoint: &Endpoint,
    (organization, site): (&Organization, usize),
    now: Timestamp,
) -> Result<(), Refusal> {
    match endpoint.door() {
        Door::Organization | Door::UserManagement => {}
        Door::Jira | Door::ServiceDesk => {
            return site_user(request, organization, site)
                .map(drop)
                .ok_or_else(|| Refusal::new(401, "", "", "Client must be authenticated to access this resource."));
        }
        Door::Scim => {
            let known = |secret: &str| organization.directories.iter().any(|directory| directory.scim_key == secret);
            let refusal = || Refusal::new(401, "", "", "Unauthorized");
            return bearer(request).filter(|secret| known(secret)).map(drop).ok_or_else(refusal);
        }
    }
    let key = bearer(request).and_then(|secret| organization.keys.iter().find(|key| key.secret == secret));
    match key {
        Some(key) if !key.revoked && now < key.expires => Ok(()),
        _ => Err(Refusal::gateway(401, "Unauthorized")),
    }
}

/// The person whose token of the site the request carries; only somebody who can sign in has one that works.
pub(crate) fn site_user<'a>(request: &Incoming, organization: &'a Organization, site: usize) -> Option<&'a Person> {
    let header = request.authorization.as_deref()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(header.trim()).ok()?).ok()?;
    let (user, token) = pair.split_once(':')?;
    let site = organization.sites.get(site)?;
    let known = if is_behind_gateway(&request.path) { &site.scoped_token } else { &site.token };
    if !site.user.eq_ignore_ascii_case(user) || known != token {
        return None;
    }
    organization
        .find_email(user)
        .into_iter()
        .filter_map(|ordinal| organization.person(ordinal))
        .find(|person| person.status() == "active")
}

fn administers(person: &Person) -> bool {
    person.platform_roles.meets(Roles::of(&[Role::OrgAdmin, Role::SiteAdmin]))
}

/// What the key may, the organization it belongs to, and the form of the request.
pub(crate) fn permit(request: &Incoming, endpoint: &Endpoint, call: &Call<'_>) -> Result<(), Refusal> {
    if endpoint.need == Need::Nothing {
        return Ok(());
    }
    // Workspaces answer with one error, everything else with a list of them.
    let shape = if endpoint.action == Action::Workspaces { Shape::SingleError } else { Shape::Errors };
    let shaped = |refusal: Refusal| Refusal { shape, ..refusal };
    let organization = call.organization;
    let secret = bearer(request);
    let key = organization.keys.iter().find(|key| Some(key.secret.as_str()) == secret);
    if key.is_some_and(|key| key.powerless) && endpoint.action != Action::Organizations {
        let detail = "You are not allowed to manage the organization.";
        return Err(shaped(Refusal::new(403, "ADMIN-403-3", "Forbidden", detail)));
    }
    let scopes = key.map(|key| &key.scopes);
    if let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) {
        let allowed = match endpoint.need {
            Need::Scope(scope) => scopes.contains(&scope),
            Need::Undocumented => call.answers.scoped_key_reaches_searches,
            Need::Unscoped => false,
            Need::AnyKey | Need::Nothing | Need::SiteUser | Need::SiteAdministrator | Need::ScimKey => true,
        };
        if !allowed {
            return Err(Refusal::new_gateway(
                403,
                "The API key lacks the scope manage:org that this request requires.",
            ));
        }
    }
    if endpoint.need == Need::SiteAdministrator && !site_user(request, organization, call.site).is_some_and(administers)
    {
        return Err(Refusal::new(403, "", "", "You do not have the permission to see or change this."));
    }
    let is_bare = request.body.iter().all(u8::is_ascii_whitespace);
    if endpoint.door() != Door::Organization {
        let typed = is_bare || has_json(request);
        return if typed { Ok(()) } else { Err(Refusal::new(415, "", "", "Unsupported Media Type")) };
    }
    if endpoint.action != Action::Organizations && call.capture(0) != organization.id {
        let refusal = match call.answers.other_organization {
            OtherOrganization::NotFound => {
                Refusal::new(404, "ADMIN-404-2", "Organization not found", "The organization was not found.")
            }
            OtherOrganization::Forbidden => {
                Refusal::new(403, "ADMIN-403-3", "Forbidden", "You are not allowed to manage the organization.")
            }
        };
        return Err(shaped(refusal));
    }
    if ["POST", "PUT"].contains(&endpoint.method) && endpoint.action != Action::Retired {
        // What changes something wants a body, and be it `{}`.
        if (endpoint.action.writes() && is_bare) || !has_json(request) {
            return Err(shaped(Refusal::new(
                415,
                "ADMIN-UAM-415-1",
                "Unsupported Media Type",
                "The content type must be application/json.",
            )));
        }
    }
    Ok(())
}

fn has_json(request: &Incoming) -> bool {
    let kind = request.content_type.as_deref().unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}
