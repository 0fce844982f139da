//! Who may come in: the credential, what it may do, the organization it belongs to, and the form of the request. It
//! decides before any handler sees the request, and changes nothing.

use jiff::Timestamp;

use crate::answers::OtherOrganization;
use crate::call::Call;
use crate::endpoint::{Action, Door, Endpoint, Need};
use crate::gate::{Incoming, bearer};
use crate::organization::Organization;
use crate::reply::{Refusal, Shape};

/// The key: there, known, not revoked, not expired.
pub(crate) fn admit(request: &Incoming, organization: &Organization, now: Timestamp) -> Result<(), Refusal> {
    let key = bearer(request).and_then(|secret| organization.keys.iter().find(|key| key.secret == secret));
    match key {
        Some(key) if !key.revoked && now < key.expires => Ok(()),
        _ => Err(Refusal::gateway(401, "Unauthorized")),
    }
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
    let scopes = organization.keys.iter().find(|key| Some(key.secret.as_str()) == secret).map(|key| &key.scopes);
    if let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) {
        let allowed = match endpoint.need {
            Need::Scope(scope) => scopes.contains(&scope),
            Need::Undocumented => call.answers.scoped_key_reaches_searches,
            Need::Unscoped => false,
            Need::AnyKey | Need::Nothing => true,
        };
        if !allowed {
            return Err(Refusal::new_gateway(
                403,
                "The API key lacks the scope manage:org that this request requires.",
            ));
        }
    }
    if endpoint.door() != Door::Organization {
        return Ok(());
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
    if endpoint.method == "POST" && endpoint.action != Action::Retired {
        let kind = request.content_type.as_deref().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        // What changes something wants a body, and be it `{}`.
        let bare = endpoint.action.writes() && request.body.iter().all(u8::is_ascii_whitespace);
        if bare || !kind.eq_ignore_ascii_case("application/json") {
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
