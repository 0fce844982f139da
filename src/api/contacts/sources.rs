//! Companies from what is known: organizations of service desks' customers, and domains of addresses.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::asked::Asked;
use crate::api::contacts::bulk::NamedRecord;
use crate::api::contacts::problem;
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::contacts::sources::{self, Decision, ShownSource};
use crate::nouns::contact::Record;

/// The organizations of customers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Sources {
    /// The organizations, by name.
    organizations: Vec<SourceBody>,
}

/// An organization of a service desk's customers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SourceBody {
    /// The site's cloud id.
    site: String,
    /// Its id on that site.
    id: String,
    /// Its name.
    name: String,
    /// Whether no complete list of the site names it any more.
    gone: bool,
    /// How many of its customers are contacts.
    contacts: u64,
    /// How many of these do not belong to the company yet.
    missing: u64,
    /// `company`, `ignored` or `undecided`.
    decision: String,
    /// The company that it is; while nothing is decided, one of the same name, as a proposal.
    company: Option<NamedRecord>,
    /// Who decided.
    decided_by: Option<String>,
    /// When.
    decided_at: Option<String>,
}

/// What an organization of customers is.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedDecision {
    /// The site's cloud id.
    site: String,
    /// The organization's id on that site.
    id: String,
    /// `create` makes a company of it, `link` says which it is, `ignore` that it is none, `undecide` takes that back.
    #[schema(example = "link")]
    decision: String,
    /// The id or the name of the company to link.
    company: Option<String>,
}

/// Contacts without a company whose address is of the domain of exactly one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ByDomain {
    /// At most 1,000.
    contacts: Vec<Proposed>,
}

/// A contact, and the company of its domain.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Proposed {
    /// The contact.
    contact: NamedRecord,
    /// The company.
    company: NamedRecord,
}

/// How many contacts were put into companies.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PutIn {
    /// How many.
    contacts: u64,
}

/// List the organizations of service desks' customers
///
/// With the company that each is, or is proposed to be, and whom it would put in.
#[utoipa::path(get, path = "/companies/sources", tag = "contacts", operation_id = "list_company_sources",
    responses((status = 200, description = "The organizations", body = Sources)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Sources>, Problem> {
    let shown = sources::list(&asked.mirror).await?;
    Ok(Json(Sources { organizations: shown.iter().map(SourceBody::of).collect() }))
}

/// Say what an organization of customers is
///
/// Its contacts are put into the company, now and after each run of Jira User Syncing; none is taken out.
#[utoipa::path(put, path = "/companies/sources", tag = "contacts", operation_id = "decide_company_source",
    request_body = WantedDecision, responses((status = 200, description = "The organization", body = SourceBody)))]
pub(crate) async fn decide(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedDecision>,
) -> Result<Json<SourceBody>, Problem> {
    let decision = match (wanted.decision.as_str(), wanted.company) {
        ("create", None) => Decision::Create,
        ("link", Some(company)) => Decision::Link(company),
        ("ignore", None) => Decision::Ignore,
        ("undecide", None) => Decision::Undecided,
        (other, _) => {
            let detail =
                format!("“{other}” is no decision, or it has a company too many or too few; only `link` has one.");
            let names = ["create", "link", "ignore", "undecide"];
            return Err(Problem::new(Kind::Invalid, detail, "See `names`.").with_names(names));
        }
    };
    let which = (wanted.site.as_str(), wanted.id.as_str());
    let shown = async || -> Result<Option<ShownSource>, Problem> {
        let all = sources::list(&asked.mirror).await?;
        Ok(all.into_iter().find(|one| (one.organization.site.as_str(), one.organization.id.as_str()) == which))
    };
    let missing = || Problem::not_found("organization of customers with this id on this site");
    shown().await?.ok_or_else(missing)?;
    let decided = sources::decide(&asked.context, &asked.mirror, (which.0, which.1, decision), &api.entropy).await;
    decided.map_err(|why| problem("Nothing was decided.", why))?;
    Ok(Json(SourceBody::of(&shown().await?.ok_or_else(missing)?)))
}

/// List contacts by the domain of their address
///
/// Those without a company whose address is of the domain of exactly one, as they would be put in.
#[utoipa::path(get, path = "/companies/sources/domains", tag = "contacts", operation_id = "list_contacts_by_domain",
    responses((status = 200, description = "The contacts, each with its company", body = ByDomain)))]
pub(crate) async fn domains(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<ByDomain>, Problem> {
    let found = sources::by_domain(&asked.mirror).await?;
    let proposed = |(contact, company): &(Record, Record)| Proposed {
        contact: NamedRecord::of(contact),
        company: NamedRecord::of(company),
    };
    Ok(Json(ByDomain { contacts: found.iter().map(proposed).collect() }))
}

/// Put contacts into the company of their domain
///
/// As they are listed; at most 1,000 at once.
#[utoipa::path(post, path = "/companies/sources/domains", tag = "contacts", operation_id = "put_contacts_by_domain",
    responses((status = 200, description = "How many were put in", body = PutIn)))]
pub(crate) async fn put_in(
    State(api): State<Api>,
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<PutIn>, Problem> {
    let put = sources::put_by_domain(&asked.context, &asked.mirror, &api.entropy).await;
    Ok(Json(PutIn { contacts: put.map_err(|why| problem("Nobody was put in.", why))? }))
}

impl SourceBody {
    fn of(shown: &ShownSource) -> SourceBody {
        let decision = match &shown.decided {
            None => "undecided",
            Some(decided) if decided.company.is_some() => "company",
            Some(_) => "ignored",
        };
        let company = shown.company.as_ref().filter(|_| decision != "ignored");
        SourceBody {
            site: shown.organization.site.clone(),
            id: shown.organization.id.clone(),
            name: shown.organization.name.clone(),
            gone: shown.organization.gone_at.is_some(),
            contacts: shown.contacts,
            missing: shown.missing,
            decision: decision.to_owned(),
            company: company.map(NamedRecord::of),
            decided_by: shown.decided.as_ref().map(|decided| decided.decided_by.clone()),
            decided_at: shown.decided.as_ref().map(|decided| decided.decided_at.to_string()),
        }
    }
}
