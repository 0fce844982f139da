//! `rollcall contacts list` and what is written about one record.

use clap::Args;
use clock::Clock;
use contact::field::Entity;
use serde_json::{Value, json};

use crate::cli::contacts::{Doing, Done, Json, entity};
use crate::cli::open::{failed, only, to_read};
use crate::cli::table::{print, table};
use crate::cli::{Exit, Place};
use crate::contacts::answer::{Answered, answer};
use crate::contacts::look::{self, Whole};
use crate::contacts::{export, keep, notes};
use crate::mirror::Mirror;
use crate::mirror::export::Form;
use crate::nouns::contact::Note;
use crate::nouns::refusal::Refusal;

/// `rollcall contacts list`
#[derive(Args, Debug)]
pub struct List {
    /// The filter; all of them when it is left out
    #[arg(default_value = "")]
    pub filter: String,
    /// Companies instead of contacts
    #[arg(long)]
    pub companies: bool,
    /// As comma-separated values, which an import understands
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

pub(super) async fn run(place: &Place, wanted: &List) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let answered = answered(&mirror, (entity(wanted.companies), &wanted.filter)).await?;
    let form = match (wanted.csv, wanted.json) {
        (true, _) => Some(Form::Csv),
        (_, true) => Some(Form::JsonLines),
        _ => None,
    };
    let mut pieces = export::begin(&mirror, &answered, form.unwrap_or(Form::JsonLines));
    let mut rows = Vec::new();
    while let Some(piece) = pieces.recv().await {
        let text = String::from_utf8_lossy(&piece.map_err(failed)?).into_owned();
        match form {
            Some(_) => print!("{text}"),
            None => rows.extend(text.lines().filter_map(row)),
        }
    }
    if form.is_none() {
        print!("{}", table(&["name", "address", "tags", "id"], &rows));
        eprintln!("{} found.", answered.found.matching.len());
    }
    Ok(Exit::Done)
}

/// What a filter finds; one with errors is drawn and refused.
async fn answered(mirror: &Mirror, (entity, filter): (Entity, &str)) -> Result<Answered, Refusal> {
    let tables = mirror.contacts().await.map_err(failed)?;
    let answered = answer(&tables, (entity, filter), (Clock::system().now(), &mirror.zone()));
    for diagnostic in &answered.diagnostics {
        eprintln!("{}", diagnostic.draw(filter));
    }
    if answered.has_errors {
        let why = "The filter was not understood in whole.";
        return Err(Refusal::new("Nothing was listed.", why, "Correct what is marked."));
    }
    Ok(answered)
}

/// A record of an export as the cells of a table.
fn row(line: &str) -> Option<Vec<String>> {
    let object: Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let joined = |name: &str| {
        let list = object[name].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let address = if object["email"].is_string() { text("email") } else { joined("domains") };
    let tags = [joined("system_tags"), joined("tags")].into_iter().filter(|tags| !tags.is_empty());
    Some(vec![text("name"), address, tags.collect::<Vec<_>>().join(", "), text("id")])
}

pub(super) async fn notes(place: &Place, id: &str, json: &Json) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let unlisted = |why: crate::contacts::trouble::NotDone| why.refusal("There is nothing to show.");
    let record = keep::find(&mirror, id).await.map_err(unlisted)?;
    let Whole { notes, .. } = look::whole(&mirror, (record.entity, id)).await.map_err(unlisted)?;
    let cells = |note: &Note| {
        vec![note.at.strftime("%Y-%m-%d %H:%M").to_string(), note.author.clone(), note.text.replace('\n', " / ")]
    };
    let object = |note: &Note| json!({ "number": note.number, "at": note.at.to_string(), "author": note.author, "text": note.text });
    print(json.json, &notes, ("Nobody has written anything.", &["when", "who", "what"]), (cells, object));
    Ok(Exit::Done)
}

pub(super) async fn note(doing: &Doing<'_>, (id, text): (&str, &str)) -> Done {
    notes::add(doing.context, doing.mirror, (id, text), doing.entropy).await?;
    Ok("The note is kept.".to_owned())
}
