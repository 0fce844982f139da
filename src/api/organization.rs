//! The organization: what it is called, how old its data is, what could not be read, and when its key expires.

use axum::Json;
use directory::{Claim, ClaimState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::parameters::{None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::contacts;
use crate::feeds;
use crate::nouns::organization_key::OrganizationKey;
use crate::reports;
use crate::store::{coverage, organization_keys};
use crate::tasks::attention;

/// The organization, and the state of its data.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Organization {
    /// Rollcall's id of it.
    id: String,
    /// Atlassian's id of it.
    atlassian_id: String,
    /// Its name.
    name: String,
    /// The zone of its days.
    time_zone: String,
    /// The generation in force; 0 before the first sync has ended.
    generation: u64,
    /// When it was sealed.
    sealed_at: Option<String>,
    /// When people were last read completely; the oldest directory counts.
    people_read_at: Option<String>,
    /// When groups were last read completely; the oldest directory counts.
    groups_read_at: Option<String>,
    /// People in the organization.
    people: u64,
    /// Groups.
    groups: u64,
    /// What this generation did not read completely. Nothing was taken for gone because of it.
    gaps: Vec<Gap>,
    /// The organization API key, but for the key itself.
    key: Option<Key>,
    /// How many things wait for a person.
    needs_attention: u64,
}

/// Something that was not read completely.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Gap {
    /// Which facts.
    noun: String,
    /// Where: `whole`, or a directory or group by id.
    part: String,
    /// `partial` or `unread`.
    state: String,
    /// Records read.
    read: u64,
    /// Records by Atlassian's own count.
    expected: Option<u64>,
    /// Why.
    reason: Option<String>,
}

/// An organization API key as it may be shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    /// The label it has at Atlassian.
    label: String,
    /// Its last four characters.
    last_four: String,
    /// When it expires, as far as known.
    expires_at: Option<String>,
}

/// Show the organization
///
/// Its name, the age of its data, what could not be read, and when its key expires.
#[utoipa::path(get, path = "/organization", tag = "organization", operation_id = "show_organization",
    responses((status = 200, description = "The organization", body = Organization)))]
pub(crate) async fn show(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Organization>, Problem> {
    let (snapshot, now) = (&asked.snapshot, asked.context.now);
    let (generation, counted, zone) = (snapshot.generation(), snapshot.clone(), asked.mirror.zone());
    let read = asked.mirror.store().read(move |tx| {
        let claims = coverage::of_generation(tx, generation)?;
        let waiting = attention::count(tx, &counted, now)? + feeds::attention::count(tx, (now, &zone))?;
        let waiting = waiting + contacts::attention::count(tx)? + reports::attention::count(tx)?;
        Ok((claims, organization_keys::shown(tx)?, waiting))
    });
    let (claims, key, needs_attention) = read.await?;
    let organization = asked.mirror.organization();
    Ok(Json(Organization {
        id: organization.id.to_string(),
        atlassian_id: organization.atlassian_id.clone(),
        name: organization.name.clone(),
        time_zone: organization.time_zone.clone(),
        generation,
        sealed_at: (generation > 0).then(|| snapshot.sealed_at().to_string()),
        people_read_at: snapshot.people_read_at().map(|at| at.to_string()),
        groups_read_at: snapshot.groups_read_at().map(|at| at.to_string()),
        people: snapshot.present().len(),
        groups: snapshot.groups_by_name().len() as u64,
        gaps: claims.iter().filter(|claim| claim.state != ClaimState::Complete).map(gap).collect(),
        key: key.map(Key::of),
        needs_attention,
    }))
}

impl Key {
    /// A key as it is sent.
    pub(crate) fn of(key: OrganizationKey) -> Key {
        let expires_at = key.expires_at.map(|at| at.to_string());
        Key { label: key.label, last_four: key.last_four, expires_at }
    }
}

fn gap(claim: &Claim) -> Gap {
    Gap {
        noun: claim.noun.as_str().to_owned(),
        part: claim.part.to_text(),
        state: claim.state.as_str().to_owned(),
        read: claim.seen,
        expected: claim.expected,
        reason: claim.reason.as_deref().map(str::to_owned),
    }
}
