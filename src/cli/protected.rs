//! `rollcall protected`: the people and groups that nothing of Rollcall may touch, each with who protected them and why.

use clap::Args;
use directory::Snapshot;

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::mirror::export::groups;
use crate::nouns::protection::{Protectee, Protection};
use crate::nouns::refusal::Refusal;
use crate::store::protected;

/// `rollcall protected`
#[derive(Args, Debug)]
pub struct Protected {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(asked: &Protected) -> Result<Exit, Refusal> {
    let mirrors = to_read(&asked.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new("Nothing is protected.", "No organization is connected.", "Start `rollcall serve`."));
    };
    let listed = mirror.store().read(protected::all).await.map_err(|error| {
        let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
        Refusal::new("Nothing was listed.", format!("The database failed: {error}."), next)
    })?;
    let snapshot = mirror.shown();
    if asked.json {
        listed.0.iter().for_each(|protection| println!("{}", json(&snapshot, protection)));
    } else if listed.0.is_empty() {
        eprintln!("Nobody is protected. Settings, Guards and protected people, protects people and groups.");
    } else {
        let rows: Vec<Vec<String>> = listed.0.iter().map(|protection| cells(&snapshot, protection)).collect();
        print!("{}", table(&["what", "name", "reason", "added by", "added", "id"], &rows));
    }
    Ok(Exit::Done)
}

/// The name of who or what is protected, as far as it was ever seen.
fn name(snapshot: &Snapshot, protectee: &Protectee) -> Option<String> {
    match protectee {
        Protectee::Person(id) => {
            let row = snapshot.account(id.as_str()).and_then(|account| snapshot.account_row(account))?;
            Some(row.name.to_owned()).filter(|name| !name.trim().is_empty())
        }
        Protectee::Group(id) => snapshot
            .group(id.as_str())
            .and_then(|group| snapshot.group_row(group))
            .map(|row| groups::name(row).to_owned()),
    }
}

fn cells(snapshot: &Snapshot, protection: &Protection) -> Vec<String> {
    vec![
        protection.of.subject().to_owned(),
        name(snapshot, &protection.of).unwrap_or_default(),
        protection.reason.as_str().to_owned(),
        protection.added_by.clone(),
        protection.added_at.strftime("%Y-%m-%d %H:%M").to_string(),
        protection.of.id().to_owned(),
    ]
}

fn json(snapshot: &Snapshot, protection: &Protection) -> serde_json::Value {
    serde_json::json!({
        "what": protection.of.subject(),
        "id": protection.of.id(),
        "name": name(snapshot, &protection.of),
        "reason": protection.reason.as_str(),
        "added_by": protection.added_by,
        "added_at": protection.added_at.to_string(),
    })
}
