//! Whom Jira User Syncing takes in.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::problem;
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::Problem;
use crate::contacts::scope::{Chosen, WantedScope};
use crate::contacts::syncing;

/// Whom Jira User Syncing takes in; nothing chosen is everybody.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SyncingScope {
    /// Sites that are left out, by cloud id.
    sites_without: Vec<String>,
    /// Groups of whose members users have to be, by id; empty for no such wish.
    groups_only: Vec<String>,
    /// Groups whose members are left out, by id.
    groups_without: Vec<String>,
    /// Domains of which addresses have to be; empty for no such wish.
    domains_only: Vec<String>,
    /// Domains whose addresses are left out.
    domains_without: Vec<String>,
    /// Who chose it last.
    changed_by: Option<String>,
    /// When.
    changed_at: Option<String>,
}

/// Whom Jira User Syncing is to take in. It takes the place of what was chosen before: what is left out is chosen no more.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChosenScope {
    /// Sites to leave out, by cloud id or name.
    sites_without: Vec<String>,
    /// Groups of whose members users have to be, by id or name.
    groups_only: Vec<String>,
    /// Groups whose members are left out, by id or name.
    groups_without: Vec<String>,
    /// Domains of which addresses have to be.
    #[schema(example = json!(["acme.example"]))]
    domains_only: Vec<String>,
    /// Domains whose addresses are left out.
    domains_without: Vec<String>,
}

/// Show whom Jira User Syncing takes in
#[utoipa::path(get, path = "/contact-syncing/scope", tag = "contacts", operation_id = "show_contact_syncing_scope",
    responses((status = 200, description = "The scope", body = SyncingScope)))]
pub(crate) async fn show(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<SyncingScope>, Problem> {
    Ok(Json(SyncingScope::of(syncing::standing(&asked.mirror).await?.scope)))
}

/// Choose whom Jira User Syncing takes in
///
/// While it is on, a run follows: whoever is left out becomes a regular contact.
#[utoipa::path(put, path = "/contact-syncing/scope", tag = "contacts", operation_id = "choose_contact_syncing_scope",
    request_body = ChosenScope, responses((status = 200, description = "The scope", body = SyncingScope)))]
pub(crate) async fn choose(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(given): Sent<ChosenScope>,
) -> Result<Json<SyncingScope>, Problem> {
    let not = |why| problem("The scope was not saved.", why);
    let wanted = WantedScope {
        sites_without: given.sites_without,
        groups_only: given.groups_only,
        groups_without: given.groups_without,
        domains_only: given.domains_only,
        domains_without: given.domains_without,
    };
    let scope = wanted.scope(asked.sealed()?).map_err(not)?;
    syncing::choose_scope(&asked.context, &asked.mirror, scope, &api.entropy).await.map_err(not)?;
    Ok(Json(SyncingScope::of(syncing::standing(&asked.mirror).await?.scope)))
}

impl SyncingScope {
    fn of(chosen: Chosen) -> SyncingScope {
        let Chosen { scope, chosen } = chosen;
        let (changed_by, changed_at) = chosen.unzip();
        SyncingScope {
            sites_without: scope.sites_without.into_iter().collect(),
            groups_only: scope.groups_only.into_iter().collect(),
            groups_without: scope.groups_without.into_iter().collect(),
            domains_only: scope.domains_only.into_iter().collect(),
            domains_without: scope.domains_without.into_iter().collect(),
            changed_by,
            changed_at: changed_at.map(|at| at.to_string()),
        }
    }
}
