//! Jira User Syncing: how it stands, what it would do, on, off, now.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::problem;
use crate::api::contacts::runs::ContactRunBody;
use crate::api::parameters::{None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::contacts::syncing::{self, Outlook, Standing, Switch};

/// How Jira User Syncing stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Syncing {
    /// `off`, `turning_on`, `on` or `turning_off`.
    state: String,
    /// How many contacts an account keeps.
    synced_contacts: u64,
    /// How many accounts keep one.
    accounts: u64,
    /// Who threw the switch last.
    changed_by: Option<String>,
    /// When.
    changed_at: Option<String>,
    /// The newest run of it.
    run: Option<ContactRunBody>,
}

/// What a run would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SyncingPreview {
    /// Contacts that would be made.
    create: u64,
    /// Accounts that would be linked to contacts that are there.
    link: u64,
    /// Accounts that would keep their contact no more.
    unlink: u64,
    /// Conflicts.
    conflicts: u64,
    /// Linked accounts that stay as they are.
    unchanged: u64,
    /// Accounts that would be left out, by reason.
    skipped: Vec<SkippedBody>,
    /// The first of the accounts of which contacts would be made.
    first: Vec<NamedAccount>,
}

/// Accounts that are left out for a reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SkippedBody {
    /// `no_email`, `app`, `former`, `no_jira`, `site`, `group` or `domain`.
    reason: String,
    /// The reason as a sentence.
    detail: String,
    /// How many.
    count: u64,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NamedAccount {
    /// Its id.
    account_id: String,
    /// Its name.
    name: String,
    /// Its address.
    email: Option<String>,
}

/// Show Jira User Syncing
///
/// Whether it is on, and what its newest run did.
#[utoipa::path(get, path = "/contact-syncing", tag = "contacts", operation_id = "show_contact_syncing",
    responses((status = 200, description = "How it stands", body = Syncing)))]
pub(crate) async fn show(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Syncing>, Problem> {
    Ok(Json(Syncing::of(&syncing::standing(&asked.mirror).await?)))
}

/// Preview Jira User Syncing
///
/// What switching on, or a run, would do. Nothing is written.
#[utoipa::path(get, path = "/contact-syncing/preview", tag = "contacts", operation_id = "preview_contact_syncing",
    responses((status = 200, description = "What it would do", body = SyncingPreview)))]
pub(crate) async fn preview(
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<SyncingPreview>, Problem> {
    let outlook = syncing::outlook(&asked.mirror, None).await;
    Ok(Json(SyncingPreview::of(&outlook.map_err(|why| problem("The preview was not made.", why))?)))
}

/// Switch Jira User Syncing on
///
/// What follows is a run, named in the answer.
#[utoipa::path(post, path = "/contact-syncing/on", tag = "contacts", operation_id = "switch_contact_syncing_on",
    responses((status = 200, description = "How it stands", body = Syncing)))]
pub(crate) async fn on(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Syncing>, Problem> {
    let done = syncing::switch_on(&asked.context, &asked.mirror, &api.entropy).await;
    done.map_err(|why| problem("It was not switched on.", why))?;
    Ok(Json(Syncing::of(&syncing::standing(&asked.mirror).await?)))
}

/// Switch Jira User Syncing off
///
/// Every synced contact becomes a regular one; none is removed.
#[utoipa::path(post, path = "/contact-syncing/off", tag = "contacts", operation_id = "switch_contact_syncing_off",
    responses((status = 200, description = "How it stands", body = Syncing)))]
pub(crate) async fn off(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Syncing>, Problem> {
    let done = syncing::switch_off(&asked.context, &asked.mirror, &api.entropy).await;
    done.map_err(|why| problem("It was not switched off.", why))?;
    Ok(Json(Syncing::of(&syncing::standing(&asked.mirror).await?)))
}

/// Run Jira User Syncing now
#[utoipa::path(post, path = "/contact-syncing/run", tag = "contacts", operation_id = "run_contact_syncing",
    responses((status = 200, description = "How it stands", body = Syncing)))]
pub(crate) async fn run(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<Syncing>, Problem> {
    let done = syncing::run_now(&asked.context, &asked.mirror, &api.entropy).await;
    done.map_err(|why| problem("It was not started.", why))?;
    Ok(Json(Syncing::of(&syncing::standing(&asked.mirror).await?)))
}

impl Syncing {
    fn of(standing: &Standing) -> Syncing {
        let state = match standing.switch {
            Switch::Off => "off",
            Switch::TurningOn(..) => "turning_on",
            Switch::On => "on",
            Switch::TurningOff => "turning_off",
        };
        let (changed_by, changed_at) = standing.chosen.clone().unzip();
        Syncing {
            state: state.to_owned(),
            synced_contacts: standing.synced,
            accounts: standing.accounts,
            changed_by,
            changed_at: changed_at.map(|at| at.to_string()),
            run: standing.newest.as_ref().map(ContactRunBody::of),
        }
    }
}

impl SyncingPreview {
    fn of(outlook: &Outlook) -> SyncingPreview {
        let counts = &outlook.counts;
        let skipped = counts.skipped.iter().map(|(why, count)| SkippedBody {
            reason: why.as_str().to_owned(),
            detail: why.sentence().to_owned(),
            count: *count,
        });
        let first = outlook.creates.iter().map(|named| NamedAccount {
            account_id: named.account.clone(),
            name: named.name.clone(),
            email: named.email.clone(),
        });
        SyncingPreview {
            create: counts.creates,
            link: counts.links,
            unlink: counts.unlinks,
            conflicts: counts.conflicts,
            unchanged: counts.unchanged,
            skipped: skipped.collect(),
            first: first.collect(),
        }
    }
}
