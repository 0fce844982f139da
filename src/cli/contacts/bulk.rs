//! `rollcall contacts change` and `delete`: all that a filter finds, looked at first, done with their number.

use clap::Args;
use contact::field::Values;
use serde::{Deserialize, Serialize};

use crate::cli::contacts::{Doing, Done, counted, entity};
use crate::cli::table::table;
use crate::contacts::answer::{answer as find, records};
use crate::contacts::bulk::{self, BulkEdit};
use crate::contacts::relate;
use crate::contacts::trouble::NotDone;
use crate::nouns::refusal::Refusal;

/// How many records are named before anything is done.
const NAMED: usize = 20;

/// `rollcall contacts change`
#[derive(Args, Debug)]
pub struct Change {
    /// The filter
    pub filter: String,
    /// Companies instead of contacts
    #[arg(long)]
    pub companies: bool,
    /// Give this tag
    #[arg(long, value_name = "TAG")]
    pub add_tag: Vec<String>,
    /// Take this tag away
    #[arg(long, value_name = "TAG")]
    pub remove_tag: Vec<String>,
    /// Give a field this value; nothing after the equals sign takes it away
    #[arg(long, value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// Put contacts into this company, by id or name
    #[arg(long)]
    pub company: Option<String>,
    /// Their role there
    #[arg(long, requires = "company", default_value = "")]
    pub role: String,
    /// Do it: so many are meant; without it nothing is changed
    #[arg(long, value_name = "NUMBER")]
    pub yes: Option<u64>,
}

/// `rollcall contacts delete`
#[derive(Args, Debug)]
pub struct Delete {
    /// The filter
    pub filter: String,
    /// Companies instead of contacts
    #[arg(long)]
    pub companies: bool,
    /// Do it: so many are meant; without it nothing is deleted
    #[arg(long, value_name = "NUMBER")]
    pub yes: Option<u64>,
}

/// What is done to many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    companies: bool,
    filter: String,
    yes: Option<u64>,
    /// What is changed; `None` where they are deleted.
    change: Option<Changes>,
}

/// What is changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Changes {
    add_tags: Vec<String>,
    remove_tags: Vec<String>,
    values: Vec<(String, String)>,
    company: Option<(String, String)>,
}

impl Change {
    pub(super) fn wanted(&self) -> Result<Wanted, Refusal> {
        let value = |text: &String| {
            let parts = text.split_once('=').map(|(field, value)| (field.trim().to_owned(), value.to_owned()));
            let why = format!("--set {text} has no equals sign.");
            parts.ok_or_else(|| Refusal::new("Nothing was done.", why, "Write --set FIELD=VALUE."))
        };
        let change = Changes {
            add_tags: self.add_tag.clone(),
            remove_tags: self.remove_tag.clone(),
            values: self.set.iter().map(value).collect::<Result<_, _>>()?,
            company: self.company.clone().map(|company| (company, self.role.clone())),
        };
        let (companies, filter) = (self.companies, self.filter.clone());
        Ok(Wanted { companies, filter, yes: self.yes, change: Some(change) })
    }
}

impl Delete {
    pub(super) fn wanted(&self) -> Wanted {
        Wanted { companies: self.companies, filter: self.filter.clone(), yes: self.yes, change: None }
    }
}

/// Says whom it concerns, or asks for the run that does it.
pub(super) async fn answer(doing: &Doing<'_>, wanted: Wanted) -> Done {
    let (mirror, entity) = (doing.mirror, entity(wanted.companies));
    let tables = mirror.contacts().await?;
    let answered = find(&tables, (entity, &wanted.filter), (doing.context.now, &mirror.zone()));
    if answered.has_errors {
        let drawn: Vec<String> =
            answered.diagnostics.iter().map(|one| one.draw(&wanted.filter).trim_end().to_owned()).collect();
        return Err(NotDone::Invalid(format!("the filter was not understood in whole\n{}", drawn.join("\n"))));
    }
    let Some(meant) = wanted.yes else {
        let count = answered.found.matching.len();
        let first = records(mirror, entity, &answered.first(NAMED)).await?;
        let cells = |one: &crate::nouns::contact::Record| {
            vec![one.name.clone(), one.email.clone().unwrap_or_else(|| one.domains.join(", ")), one.id.to_string()]
        };
        let mut told = table(&["name", "address", "id"], &first.iter().map(cells).collect::<Vec<_>>());
        told.push_str(&format!("{} found, {} synced.", counted(entity, count), answered.synced()));
        told.push_str(&format!(" Nothing was done. Add --yes {count} if that is what is meant."));
        return Ok(told);
    };
    let edit = match &wanted.change {
        Some(changes) => Some(changes.edit(doing, tables.of(entity).fields()).await?),
        None => None,
    };
    let numbers = bulk::agreed(answered.all(), meant)?;
    let run = match edit {
        Some(edit) => bulk::change(doing.context, mirror, (entity, numbers, edit), doing.entropy).await?,
        None => bulk::delete(doing.context, mirror, (entity, numbers, Some(meant)), doing.entropy).await?,
    };
    Ok(format!("Run {run} over {} is asked for.", counted(entity, meant)))
}

impl Changes {
    async fn edit(&self, doing: &Doing<'_>, fields: &[contact::field::Field]) -> Result<BulkEdit, NotDone> {
        let mut values = Values::new();
        for (name, value) in &self.values {
            let field = fields.iter().find(|field| field.code.eq_ignore_ascii_case(name));
            let field = field.ok_or_else(|| NotDone::Invalid(format!("there is no field “{name}”")))?;
            values.insert(field.number, value.clone());
        }
        let company = match &self.company {
            Some((text, role)) => Some((relate::company(doing.mirror, text).await?.id.to_string(), role.clone())),
            None => None,
        };
        let (add_tags, remove_tags) = (self.add_tags.clone(), self.remove_tags.clone());
        Ok(BulkEdit { add_tags, remove_tags, values, company })
    }
}
