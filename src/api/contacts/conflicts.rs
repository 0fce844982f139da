//! Conflicts of contacts, and what people decide about them. Merging two contacts ends one too.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use contact::field::Entity;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::bodies::ContactBody;
use crate::api::contacts::runs::place;
use crate::api::contacts::{problem, records};
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::conflicts::{self, ShownConflict};
use crate::nouns::contact_run::ConflictState;

/// A page of conflicts, the oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ContactConflicts {
    /// The conflicts.
    conflicts: Vec<ConflictBody>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// A conflict about an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConflictBody {
    /// Its number.
    number: i64,
    /// The address in its normal form.
    email: String,
    /// `several_contacts`, `address_taken` or `shared_address`.
    kind: String,
    /// What is the matter.
    detail: String,
    /// What is proposed.
    proposal: String,
    /// The ids of the contacts with this address.
    contacts: Vec<String>,
    /// The accounts that wait to be linked.
    accounts: Vec<String>,
    /// Since when.
    opened_at: String,
    /// `open`, `dismissed` or `over`.
    state: String,
    /// Why somebody let it be.
    reason: Option<String>,
}

/// Which conflicts.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ByState {
    /// `open`, `dismissed` or `over`; open ones when it is left out.
    state: Option<String>,
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// An account that is linked to a contact by hand.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedAccount {
    /// The account's id.
    account_id: String,
}

/// Why a conflict may stay as it is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedDismissal {
    /// The reason.
    reason: String,
}

impl ConflictBody {
    fn of(shown: &ShownConflict) -> ConflictBody {
        let conflict = &shown.kept.conflict;
        ConflictBody {
            number: shown.kept.number,
            email: conflict.email_key.clone(),
            kind: conflict.kind.as_str().to_owned(),
            detail: conflict.kind.sentence().to_owned(),
            proposal: conflict.kind.proposal().to_owned(),
            contacts: shown.records.iter().map(|record| record.id.to_string()).collect(),
            accounts: conflict.accounts.clone(),
            opened_at: shown.kept.opened_at.to_string(),
            state: shown.kept.state.as_str().to_owned(),
            reason: shown.kept.decided.as_ref().map(|(_, reason)| reason.clone()),
        }
    }
}

/// List conflicts of contacts
///
/// Those that wait for a person, or that were dismissed, or are over.
#[utoipa::path(get, path = "/contact-conflicts", tag = "contacts", operation_id = "list_contact_conflicts",
    params(ByState), responses((status = 200, description = "A page of conflicts", body = ContactConflicts)))]
pub(crate) async fn list(asked: Asked, Parameters(by): Parameters<ByState>) -> Result<Json<ContactConflicts>, Problem> {
    let wanted = by.state.as_deref().unwrap_or(ConflictState::Open.as_str());
    let state = ConflictState::parse(wanted).ok_or_else(|| {
        let detail = format!("There is no state “{wanted}” of conflicts.");
        let names = ConflictState::ALL.iter().map(|state| state.as_str());
        Problem::new(Kind::Parameter, detail, "See `names`.").with_names(names)
    })?;
    let (question, limit) = (format!("contact conflicts, {}", state.as_str()), page::limit(by.limit)?);
    let after = place(&question, by.cursor.as_deref(), 0)?;
    let found = conflicts::list(&asked.mirror, state, (after, limit as u32)).await?;
    let next = (found.len() == limit).then(|| found.last()).flatten();
    let next = next.map(|shown| page::write(&question, &shown.kept.number.to_string()));
    Ok(Json(ContactConflicts { conflicts: found.iter().map(ConflictBody::of).collect(), next }))
}

/// Dismiss a conflict of contacts
///
/// It stays as it is until somebody else is in it. Merging the contacts ends it too.
#[utoipa::path(post, path = "/contact-conflicts/{id}/dismiss", tag = "contacts",
    operation_id = "dismiss_contact_conflict",
    params(("id" = String, Path, description = "The conflict's number")), request_body = WantedDismissal,
    responses((status = 204, description = "It is dismissed")))]
pub(crate) async fn dismiss(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedDismissal>,
) -> Result<StatusCode, Problem> {
    let wanted = (number(&id)?, wanted.reason.as_str());
    let done = conflicts::dismiss(&asked.context, &asked.mirror, wanted, &api.entropy).await;
    done.map_err(|why| problem("The conflict was not dismissed.", why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open a conflict of contacts again
///
/// One that was dismissed.
#[utoipa::path(post, path = "/contact-conflicts/{id}/reopen", tag = "contacts",
    operation_id = "reopen_contact_conflict", params(("id" = String, Path, description = "The conflict's number")),
    responses((status = 204, description = "It is open again")))]
pub(crate) async fn reopen(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<StatusCode, Problem> {
    let done = conflicts::reopen(&asked.context, &asked.mirror, number(&id)?, &api.entropy).await;
    done.map_err(|why| problem("The conflict was not opened again.", why))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Link an account to a contact
///
/// An account that keeps no contact yet, such as one of a conflict. The contact follows it from then on.
#[utoipa::path(post, path = "/contacts/{id}/accounts", tag = "contacts", operation_id = "link_contact_account",
    params(("id" = String, Path, description = "The contact's id")), request_body = WantedAccount,
    responses((status = 200, description = "The contact", body = ContactBody)))]
pub(crate) async fn link(
    State(api): State<Api>,
    asked: Asked,
    Id(id): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedAccount>,
) -> Result<Json<ContactBody>, Problem> {
    records::is(&asked, (Entity::Contact, &id)).await?;
    let both = (id.as_str(), wanted.account_id.as_str());
    let linked = conflicts::link_account(&asked.context, &asked.mirror, both, &api.entropy).await;
    linked.map_err(|why| problem("The account was not linked.", why))?;
    records::one(&asked, &id).await
}

fn number(id: &str) -> Result<i64, Problem> {
    id.parse().map_err(|_| Problem::not_found("conflict with this number"))
}
