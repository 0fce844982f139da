//! `rollcall contacts fields`: the fields of contacts and companies, listed, defined, changed, moved, removed.

use clap::{Args, Subcommand, ValueEnum};
use contact::field::{Field, FieldKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::contacts::{Doing, Done, Json, entity};
use crate::cli::open::{failed, only, to_read};
use crate::cli::table::print;
use crate::cli::{Exit, Place};
use crate::contacts::define::{self, WantedField};
use crate::contacts::trouble::NotDone;
use crate::nouns::refusal::Refusal;

/// `rollcall contacts fields`
#[derive(Args, Debug)]
pub struct Fields {
    /// How the list is printed.
    #[command(flatten)]
    pub json: Json,
    /// What to do with one; they are listed when it is left out.
    #[command(subcommand)]
    pub action: Option<Action>,
}

/// What can be done with a field.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Define a field, behind all others
    Define {
        /// What pages call it
        label: String,
        /// What its values are: text, number, date, choice, email, telephone, address, user
        #[arg(long)]
        kind: String,
        /// Of companies instead of contacts
        #[arg(long)]
        companies: bool,
        /// How it is.
        #[command(flatten)]
        options: Options,
    },
    /// Change a field; what is not named stays
    Change {
        /// What filters call it
        field: String,
        /// Of companies instead of contacts
        #[arg(long)]
        companies: bool,
        /// What pages call it
        #[arg(long)]
        label: Option<String>,
        /// How it is.
        #[command(flatten)]
        options: Options,
    },
    /// Put a field one place earlier or later
    Move {
        /// What filters call it
        field: String,
        /// Of companies instead of contacts
        #[arg(long)]
        companies: bool,
        /// Where to
        #[arg(long, value_enum)]
        to: Way,
    },
    /// Remove a field: its values are not shown any more
    Remove {
        /// What filters call it
        field: String,
        /// Of companies instead of contacts
        #[arg(long)]
        companies: bool,
    },
}

/// How a field is.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Options {
    /// What filters and files call it
    #[arg(long)]
    pub name: Option<String>,
    /// A word of a choice, once for each
    #[arg(long, value_name = "WORD")]
    pub choice: Vec<String>,
    /// Nothing can be saved by hand without it
    #[arg(long, conflicts_with = "optional")]
    pub required: bool,
    /// It can be left out
    #[arg(long)]
    pub optional: bool,
    /// What a new record has; empty for nothing
    #[arg(long)]
    pub default: Option<String>,
    /// The section in which it is shown
    #[arg(long)]
    pub section: Option<String>,
}

/// Where a field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub enum Way {
    /// One place earlier
    Earlier,
    /// One place later
    Later,
}

/// What is done with a field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    companies: bool,
    verb: Verb,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Verb {
    Define { label: String, kind: String, options: Options },
    Change { field: String, label: Option<String>, options: Options },
    Move { field: String, to: Way },
    Remove { field: String },
}

impl Fields {
    pub(super) fn wanted(&self) -> Result<Option<Wanted>, Refusal> {
        let Some(action) = &self.action else { return Ok(None) };
        let (companies, verb) = match action {
            Action::Define { label, kind, companies, options } => {
                if FieldKind::parse(kind).is_none() {
                    let names: Vec<&str> = FieldKind::ALL.iter().map(|kind| kind.as_str()).collect();
                    let why = format!("There is no kind {kind}.");
                    return Err(Refusal::new("Nothing was done.", why, format!("Take one of: {}.", names.join(", "))));
                }
                let (label, kind, options) = (label.clone(), kind.clone(), options.clone());
                (*companies, Verb::Define { label, kind, options })
            }
            Action::Change { field, companies, label, options } => {
                let (field, label, options) = (field.clone(), label.clone(), options.clone());
                (*companies, Verb::Change { field, label, options })
            }
            Action::Move { field, companies, to } => (*companies, Verb::Move { field: field.clone(), to: *to }),
            Action::Remove { field, companies } => (*companies, Verb::Remove { field: field.clone() }),
        };
        Ok(Some(Wanted { companies, verb }))
    }
}

impl Options {
    /// A field as it is wanted, from one that is there or from nothing.
    fn over(self, label: Option<String>, before: Option<&Field>) -> WantedField {
        let text = |of: fn(&Field) -> &String| before.map(of).cloned().unwrap_or_default();
        let choices =
            if self.choice.is_empty() { before.map(|field| field.choices.clone()) } else { Some(self.choice) };
        WantedField {
            label: label.unwrap_or_else(|| text(|field| &field.label)),
            code: self.name.unwrap_or_else(|| text(|field| &field.code)),
            choices: choices.unwrap_or_default(),
            required: self.required || !self.optional && before.is_some_and(|field| field.required),
            default: self.default.or_else(|| before?.default.clone()).unwrap_or_default(),
            section: self.section.unwrap_or_else(|| text(|field| &field.section)),
        }
    }
}

pub(super) async fn list(place: &Place, wanted: &Fields) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let fields = define::list(&mirror).await.map_err(failed)?;
    let cells = |field: &Field| {
        vec![
            field.entity.as_str().to_owned(),
            field.code.clone(),
            field.label.clone(),
            field.kind.as_str().to_owned(),
            if field.required { "required" } else { "" }.to_owned(),
            field.default.clone().unwrap_or_default(),
            field.section.clone(),
        ]
    };
    let object = |field: &Field| {
        json!({
            "id": field.number, "entity": field.entity.as_str(), "name": field.code, "label": field.label,
            "kind": field.kind.as_str(), "choices": field.choices, "required": field.required,
            "default": field.default, "section": field.section,
        })
    };
    let heads = ["of", "name", "label", "kind", "", "default", "section"];
    print(wanted.json.json, &fields, ("No field is defined.", &heads), (cells, object));
    Ok(Exit::Done)
}

pub(super) async fn answer(doing: &Doing<'_>, wanted: Wanted) -> Done {
    let (mirror, entity) = (doing.mirror, entity(wanted.companies));
    let known = define::list(mirror).await?;
    let find = |name: &str| {
        let mut own = known.iter().filter(|field| field.entity == entity);
        own.find(|field| field.code.eq_ignore_ascii_case(name)).ok_or(NotDone::NoField)
    };
    match wanted.verb {
        Verb::Define { label, kind, options } => {
            let kind = FieldKind::parse(&kind).ok_or(NotDone::NoField)?;
            let wanted = (entity, kind, options.over(Some(label), None));
            let field = define::define(doing.context, mirror, wanted, doing.entropy).await?;
            Ok(format!("Filters call it {}.", field.code))
        }
        Verb::Change { field, label, options } => {
            let before = find(&field)?;
            let wanted = (before.number, options.over(label, Some(before)));
            define::change(doing.context, mirror, wanted, doing.entropy).await?;
            Ok("The field is changed.".to_owned())
        }
        Verb::Move { field, to } => {
            let earlier = to == Way::Earlier;
            define::shift(doing.context, mirror, (find(&field)?.number, earlier), doing.entropy).await?;
            Ok("The field is moved.".to_owned())
        }
        Verb::Remove { field } => {
            define::remove(doing.context, mirror, find(&field)?.number, doing.entropy).await?;
            Ok("The field is removed: its values are not shown any more.".to_owned())
        }
    }
}
