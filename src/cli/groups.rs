//! `rollcall groups`: the groups of the newest generation that a filter finds, as a table, a number, CSV or JSON.

use std::sync::Arc;

use clap::Args;
use clock::Clock;
use directory::find::groups::Ranking;
use directory::{Ordinal, Snapshot};

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::users::print;
use crate::cli::{Exit, Place};
use crate::mirror::answer::{Answer, answer_groups};
use crate::mirror::export::Form;
use crate::mirror::export::groups::{self, GroupExport};
use crate::nouns::refusal::Refusal;
use crate::sync::schedule;

/// `rollcall groups`
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("form").args(["count", "csv", "json"]))]
pub struct Groups {
    /// Only groups that this filter finds; plain words are looked for in names and descriptions
    pub filter: Option<String>,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// At most so many [default: 100 in a table, otherwise all]
    #[arg(long, conflicts_with = "count")]
    pub limit: Option<usize>,
    /// Only how many there are
    #[arg(long)]
    pub count: bool,
    /// As comma-separated values, with a row of headings
    #[arg(long)]
    pub csv: bool,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// Rows of a table, where nobody says how many.
const USUAL_ROWS: usize = 100;

/// Runs the command.
pub async fn run(asked: &Groups) -> Result<Exit, Refusal> {
    let mirrors = to_read(&asked.place).await?;
    let refused = |why: &str, next: &str| Refusal::new("There are no groups to show.", why, next);
    let Some(mirror) = mirrors.only() else {
        let next = "Start `rollcall serve` and enter its API key on the page it prints.";
        return Err(refused("No organization is connected.", next));
    };
    let snapshot = mirror.shown();
    if snapshot.generation() == 0 {
        return Err(refused("The organization was not read yet.", "Run `rollcall sync`."));
    }
    let text = asked.filter.as_deref().unwrap_or_default();
    let answer = answer_groups(&snapshot, text, (Clock::system().now(), &schedule::zone(&mirror)));
    for diagnostic in &answer.diagnostics {
        eprint!("{}", diagnostic.draw(text));
    }
    if answer.has_errors {
        return Ok(Exit::Refused);
    }
    if asked.count {
        return print([format!("{}\n", answer.found.matching.len()).into_bytes()]);
    }
    let ranking = Ranking::of(&snapshot, &answer.query.order);
    let mut listed: Vec<Ordinal> =
        ranking.order().iter().filter(|group| answer.found.matching.contains(*group)).collect();
    if ranking.descending() {
        listed.reverse();
    }
    let form = match (asked.csv, asked.json) {
        (true, _) => Some(Form::Csv),
        (_, true) => Some(Form::JsonLines),
        _ => None,
    };
    listed.truncate(asked.limit.unwrap_or(if form.is_some() { usize::MAX } else { USUAL_ROWS }));
    match form {
        Some(form) => print(GroupExport::new(Arc::clone(&snapshot), listed, form)),
        None => show(&snapshot, &listed, &answer),
    }
}

fn show(snapshot: &Snapshot, listed: &[Ordinal], answer: &Answer) -> Result<Exit, Refusal> {
    if listed.is_empty() {
        eprintln!("No group matches. {} groups are in the mirror.", answer.found.asked.len());
    } else {
        let rows: Vec<Vec<String>> = listed.iter().filter_map(|group| cells(snapshot, *group)).collect();
        let headings = ["name", "members", "grants", "default for", "synced", "group id"];
        print([table(&headings, &rows).into_bytes()])?;
        eprintln!("{} of {} groups, as of {}", rows.len(), answer.found.matching.len(), snapshot.sealed_at());
    }
    match answer.found.unknown.len() {
        0 => {}
        1 => eprintln!("Of 1 more group it cannot be told, because something about it is not known."),
        unknown => eprintln!("Of {unknown} more groups it cannot be told, because something about them is not known."),
    }
    Ok(Exit::Done)
}

fn cells(snapshot: &Snapshot, group: Ordinal) -> Option<Vec<String>> {
    let row = snapshot.group_row(group)?;
    Some(vec![
        groups::name(row).to_owned(),
        snapshot.memberships().members(group).len().to_string(),
        groups::grants(snapshot, group).join(", "),
        groups::default_for(snapshot, group).join(", "),
        groups::synced(row).to_owned(),
        row.id.as_str().to_owned(),
    ])
}
