//! `rollcall filters`: the filters that administrators keep, everybody's and each one's own.

use clap::Args;

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::nouns::refusal::Refusal;
use crate::nouns::saved_filter::SavedFilter;
use crate::store::error::StoreError;
use crate::store::filters;

/// `rollcall filters`
#[derive(Args, Debug)]
pub struct Filters {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(asked: &Filters) -> Result<Exit, Refusal> {
    let mirrors = to_read(&asked.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new("There are no filters.", "No organization is connected.", "Start `rollcall serve`."));
    };
    let listed = mirror.store().read(filters::all).await.map_err(unlisted)?;
    if asked.json {
        listed.iter().for_each(|filter| println!("{}", json(filter)));
    } else if listed.is_empty() {
        eprintln!("No filter is saved yet. The page of filters saves them.");
    } else {
        let rows: Vec<Vec<String>> = listed.iter().map(cells).collect();
        print!("{}", table(&["name", "filter", "owner", "for", "changed", "id"], &rows));
    }
    Ok(Exit::Done)
}

fn unlisted(error: StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("Nothing was listed.", format!("The database failed: {error}."), next)
}

fn cells(filter: &SavedFilter) -> Vec<String> {
    let kept = &filter.kept;
    vec![
        kept.name.as_str().to_owned(),
        kept.text.clone(),
        filter.owner_name.clone(),
        if kept.audience.is_everybody() { "everybody" } else { "owner" }.to_owned(),
        filter.changed_at.strftime("%Y-%m-%d %H:%M").to_string(),
        filter.id.to_string(),
    ]
}

fn json(filter: &SavedFilter) -> serde_json::Value {
    let kept = &filter.kept;
    serde_json::json!({
        "id": filter.id.as_str(),
        "name": kept.name.as_str(),
        "description": kept.description.as_str(),
        "filter": kept.text,
        "owner": filter.owner_name,
        "shared": kept.audience.is_everybody(),
        "created_at": filter.created_at.to_string(),
        "changed_at": filter.changed_at.to_string(),
    })
}
