//! `rollcall contacts conflicts`, `duplicates`, `merge` and `link`: what waits for a person, and what ends it.

use clap::Args;
use contact::duplicates::Group;
use serde_json::json;

use crate::cli::contacts::{Doing, Done, Json};
use crate::cli::open::{failed, only, to_read};
use crate::cli::table::print;
use crate::cli::{Exit, Place};
use crate::contacts::conflicts::{self, ShownConflict};
use crate::contacts::merge as merging;
use crate::nouns::contact::Record;
use crate::nouns::contact_run::ConflictState;
use crate::nouns::refusal::Refusal;

/// The most conflicts that are listed.
const MOST: u32 = 1_000;

/// `rollcall contacts conflicts`
#[derive(Args, Debug)]
pub struct Conflicts {
    /// Those in this state: open, dismissed, over
    #[arg(long, default_value = "open", value_parser = state)]
    pub state: ConflictState,
    /// Let the conflict of this number be, with --reason
    #[arg(long, value_name = "NUMBER", requires = "reason", conflicts_with = "reopen")]
    pub dismiss: Option<i64>,
    /// Why it may stay as it is
    #[arg(long, requires = "dismiss")]
    pub reason: Option<String>,
    /// Open the conflict of this number again
    #[arg(long, value_name = "NUMBER")]
    pub reopen: Option<i64>,
    /// How the list is printed.
    #[command(flatten)]
    pub json: Json,
}

fn state(text: &str) -> Result<ConflictState, String> {
    ConflictState::parse(text).ok_or_else(|| "open, dismissed or over".to_owned())
}

impl Conflicts {
    /// The conflict that is decided about, and the reason to let it be.
    pub(super) fn wanted(&self) -> Option<(i64, Option<String>)> {
        match (self.dismiss, self.reopen) {
            (Some(number), _) => Some((number, Some(self.reason.clone().unwrap_or_default()))),
            (None, Some(number)) => Some((number, None)),
            (None, None) => None,
        }
    }
}

pub(super) async fn list(place: &Place, wanted: &Conflicts) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let shown = conflicts::list(&mirror, wanted.state, (0, MOST)).await.map_err(failed)?;
    let cells = |one: &ShownConflict| {
        let conflict = &one.kept.conflict;
        vec![
            one.kept.number.to_string(),
            conflict.email_key.clone(),
            names(&one.records),
            conflict.kind.sentence().to_owned(),
            conflict.kind.proposal().to_owned(),
        ]
    };
    let object = |one: &ShownConflict| {
        let conflict = &one.kept.conflict;
        json!({
            "number": one.kept.number, "email": conflict.email_key, "kind": conflict.kind.as_str(),
            "detail": conflict.kind.sentence(), "proposal": conflict.kind.proposal(),
            "contacts": one.records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(),
            "accounts": conflict.accounts, "opened_at": one.kept.opened_at.to_string(),
            "state": one.kept.state.as_str(), "reason": one.kept.decided.as_ref().map(|(_, reason)| reason),
        })
    };
    let heads = ["number", "address", "contacts", "why", "proposed"];
    print(wanted.json.json, &shown, ("No conflict is like this.", &heads), (cells, object));
    Ok(Exit::Done)
}

pub(super) async fn decide(doing: &Doing<'_>, (number, reason): (i64, Option<String>)) -> Done {
    match reason {
        Some(reason) => {
            conflicts::dismiss(doing.context, doing.mirror, (number, &reason), doing.entropy).await?;
            Ok("The conflict stays as it is until somebody else is in it.".to_owned())
        }
        None => {
            conflicts::reopen(doing.context, doing.mirror, number, doing.entropy).await?;
            Ok("The conflict is open again.".to_owned())
        }
    }
}

pub(super) async fn link(doing: &Doing<'_>, both: (&str, &str)) -> Done {
    conflicts::link_account(doing.context, doing.mirror, both, doing.entropy).await?;
    Ok("The account is linked: the contact follows it.".to_owned())
}

pub(super) async fn merge(doing: &Doing<'_>, both: (&str, &str)) -> Done {
    let record = merging::merge(doing.context, doing.mirror, both, doing.entropy).await?;
    Ok(format!("They are merged: {} stays.", record.id))
}

pub(super) async fn duplicates(place: &Place, json: &Json) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let mut found = merging::duplicates(&mirror).await.map_err(failed)?;
    found.retain(|(_, records)| records.len() > 1);
    let ids = |records: &[Record]| records.iter().map(|record| record.id.to_string()).collect::<Vec<_>>();
    let cells = |(group, records): &(Group, Vec<Record>)| {
        vec![group.reason.as_str().to_owned(), names(records), ids(records).join(" ")]
    };
    let object =
        |(group, records): &(Group, Vec<Record>)| json!({ "reason": group.reason.as_str(), "contacts": ids(records) });
    print(json.json, &found, ("No contacts look alike.", &["alike by", "names", "ids"]), (cells, object));
    Ok(Exit::Done)
}

fn names(records: &[Record]) -> String {
    records.iter().map(|record| record.name.clone()).collect::<Vec<_>>().join(", ")
}
