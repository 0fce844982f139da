//! `rollcall contacts sources` and `domains`: companies from what is known.

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::contacts::{Doing, Done, Json, counted};
use crate::cli::open::{failed, only, to_read};
use crate::cli::table::print;
use crate::cli::{Exit, Place};
use crate::contacts::sources::{self, Decision, ShownSource};
use crate::contacts::trouble::NotDone;
use crate::nouns::contact::Record;
use crate::nouns::refusal::Refusal;

/// `rollcall contacts sources`
#[derive(Args, Debug)]
pub struct Sources {
    /// The organization of customers to decide about, by name or id; they are listed when it is left out
    #[arg(requires = "decision")]
    pub organization: Option<String>,
    /// Its site's cloud id, where several sites have one of this name
    #[arg(long)]
    pub site: Option<String>,
    /// Make a company of it
    #[arg(long, group = "decision", requires = "organization")]
    pub create: bool,
    /// It is this company, by name or id
    #[arg(long, group = "decision", requires = "organization", value_name = "COMPANY")]
    pub link: Option<String>,
    /// It is no company, on purpose
    #[arg(long, group = "decision", requires = "organization")]
    pub ignore: bool,
    /// Take back what was decided
    #[arg(long, group = "decision", requires = "organization")]
    pub undecide: bool,
    /// How the list is printed.
    #[command(flatten)]
    pub json: Json,
}

/// `rollcall contacts domains`
#[derive(Args, Debug)]
pub struct Domains {
    /// Put them in
    #[arg(long)]
    pub yes: bool,
    /// How the list is printed.
    #[command(flatten)]
    pub json: Json,
}

/// What an organization of customers is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    organization: String,
    site: Option<String>,
    decision: Decided,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Decided {
    Create,
    Link(String),
    Ignore,
    Undecided,
}

impl Sources {
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let organization = self.organization.clone()?;
        let decision = match self {
            Sources { create: true, .. } => Decided::Create,
            Sources { ignore: true, .. } => Decided::Ignore,
            Sources { link: Some(company), .. } => Decided::Link(company.clone()),
            Sources { .. } => Decided::Undecided,
        };
        Some(Wanted { organization, site: self.site.clone(), decision })
    }
}

pub(super) async fn list(place: &Place, wanted: &Sources) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let shown = sources::list(&mirror).await.map_err(failed)?;
    let company = |one: &ShownSource| one.company.as_ref().map(|company| company.name.clone()).unwrap_or_default();
    let cells = |one: &ShownSource| {
        let standing = match decision(one) {
            "company" => company(one),
            "undecided" if one.company.is_some() => format!("proposed: {}", company(one)),
            word => word.to_owned(),
        };
        let (contacts, missing) = (one.contacts.to_string(), one.missing.to_string());
        vec![one.organization.name.clone(), contacts, missing, standing, one.organization.site.clone()]
    };
    let object = |one: &ShownSource| {
        json!({
            "site": one.organization.site, "id": one.organization.id, "name": one.organization.name,
            "gone": one.organization.gone_at.is_some(), "contacts": one.contacts, "missing": one.missing,
            "decision": decision(one), "company": one.company.as_ref().map(|company| company.id.as_str()),
        })
    };
    let heads = ["organization", "contacts", "to put in", "company", "site"];
    print(wanted.json.json, &shown, ("No organization of customers is known.", &heads), (cells, object));
    Ok(Exit::Done)
}

fn decision(one: &ShownSource) -> &'static str {
    match &one.decided {
        None => "undecided",
        Some(decided) if decided.company.is_some() => "company",
        Some(_) => "ignored",
    }
}

pub(super) async fn decide(doing: &Doing<'_>, wanted: Wanted) -> Done {
    let known = sources::list(doing.mirror).await?;
    let text = &wanted.organization;
    let is_meant = |one: &&ShownSource| {
        let of = &one.organization;
        (of.id == *text || directory::fold_text(&of.name) == directory::fold_text(text))
            && wanted.site.as_ref().is_none_or(|site| of.site == *site)
    };
    let mut meant = known.iter().filter(is_meant);
    let (Some(one), None) = (meant.next(), meant.next()) else {
        let why = format!("no organization of customers is called “{text}”, or several are: name its --site");
        return Err(NotDone::Invalid(why));
    };
    let decision = match wanted.decision {
        Decided::Create => Decision::Create,
        Decided::Link(company) => Decision::Link(company),
        Decided::Ignore => Decision::Ignore,
        Decided::Undecided => Decision::Undecided,
    };
    let (site, id) = (one.organization.site.as_str(), one.organization.id.as_str());
    sources::decide(doing.context, doing.mirror, (site, id, decision), doing.entropy).await?;
    Ok("It is decided; `rollcall contacts sources` says how they stand.".to_owned())
}

pub(super) async fn domains(place: &Place, wanted: &Domains) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let found = sources::by_domain(&mirror).await.map_err(failed)?;
    let cells = |(contact, company): &(Record, Record)| {
        vec![contact.name.clone(), contact.email.clone().unwrap_or_default(), company.name.clone()]
    };
    let object = |(contact, company): &(Record, Record)| {
        json!({
            "contact": contact.id.as_str(), "name": contact.name, "email": contact.email,
            "company": company.id.as_str(), "company_name": company.name,
        })
    };
    print(wanted.json.json, &found, ("Nobody is to be put in.", &["contact", "address", "company"]), (cells, object));
    if !found.is_empty() {
        eprintln!("Nothing was changed. Add --yes to put them in.");
    }
    Ok(Exit::Done)
}

pub(super) async fn put_in(doing: &Doing<'_>) -> Done {
    let put = sources::put_by_domain(doing.context, doing.mirror, doing.entropy).await?;
    Ok(format!("{} put into the company of their domain.", counted(contact::field::Entity::Contact, put)))
}
