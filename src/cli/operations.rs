//! `rollcall operations`: what was planned and done, one of them with its figures and rows, and what is wanted of it.

use clap::{Args, ValueEnum};

use crate::cli::act::{identify, told};
use crate::cli::acting::{Question, failed};
use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::id::OperationId;
use crate::mirror::Mirror;
use crate::mirror::export::Form;
use crate::nouns::operation::{Operation, Selection};
use crate::nouns::operation_row::RowState;
use crate::nouns::refusal::Refusal;
use crate::operations::report::{self, Report};
use crate::operations::text::text;
use crate::store::error::StoreError;

/// `rollcall operations`
#[derive(Args, Debug)]
pub struct Operations {
    /// The id or number of the one to show
    pub operation: Option<String>,
    /// Its result as one JSON document
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Its rows as CSV
    #[arg(long)]
    pub csv: bool,
    /// What is wanted of it
    #[arg(long, requires = "operation")]
    pub want: Option<Want>,
    /// At most so many in the list
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// What may be wanted of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Want {
    /// Stop before the next change; it may go on
    Pause,
    /// Go on
    Resume,
    /// End before the next change
    Cancel,
}

/// Rows of a plan that are shown without being asked for.
const SHOWN: u32 = 20;

/// Runs the command.
pub async fn run(asked: &Operations) -> Result<Exit, Refusal> {
    let Some(named) = &asked.operation else { return list(asked).await };
    let id = identify(&asked.place, named).await?;
    if let Some(want) = asked.want {
        let question = match want {
            Want::Pause => Question::Pause { id },
            Want::Resume => Question::Resume { id },
            Want::Cancel => Question::Cancel { id },
        };
        return told(&asked.place, &question, ["It will be so before the next change.", "Nothing changed."]).await;
    }
    let mirrors = to_read(&asked.place).await?;
    let unknown =
        || Refusal::new("Nothing was shown.", "There is no such operation.", "`rollcall operations` lists them.");
    let mirror = mirrors.only().ok_or_else(unknown)?;
    let id = OperationId::parse(&id).ok_or_else(unknown)?;
    let found = report::report(&mirror, &id).await.map_err(failed)?.ok_or_else(unknown)?;
    let form = match (asked.json, asked.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => {
            show(&mirror, &found).await.map_err(failed)?;
            return Ok(Exit::Done);
        }
    };
    let mut rows = text(&mirror, &found.operation, (Default::default(), form));
    while let Some(piece) = rows.next().await.map_err(failed)? {
        print!("{piece}");
    }
    Ok(Exit::Done)
}

async fn list(asked: &Operations) -> Result<Exit, Refusal> {
    let mirrors = to_read(&asked.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new(
            "There are no operations.",
            "No organization is connected.",
            "Start `rollcall serve`.",
        ));
    };
    let listed = report::list(&mirror, Default::default(), (None, asked.limit)).await.map_err(failed)?;
    if asked.json {
        let snapshot = mirror.current();
        listed.iter().for_each(|operation| println!("{}", report::head(operation, &snapshot)));
    } else if listed.is_empty() {
        eprintln!("No operation yet. `rollcall act` plans one.");
    } else {
        let cells = |operation: &Operation| {
            let actions: Vec<&str> = operation.actions.iter().map(|action| action.kind()).collect();
            vec![
                operation.number.to_string(),
                operation.kind.as_str().to_owned(),
                actions.join(", "),
                operation.state.as_str().to_owned(),
                operation.plan.people.to_string(),
                operation.plan.rows.to_string(),
                operation.asked_by.clone(),
                operation.asked_at.strftime("%Y-%m-%d %H:%M").to_string(),
            ]
        };
        let rows: Vec<Vec<String>> = listed.iter().map(cells).collect();
        print!("{}", table(&["no", "kind", "actions", "state", "people", "rows", "asked by", "asked at"], &rows));
    }
    Ok(Exit::Done)
}

/// An operation's state as one line.
pub(crate) fn line(operation: &Operation) -> String {
    let counts: Vec<String> = RowState::ALL
        .iter()
        .filter(|state| operation.tally.of(**state) > 0)
        .map(|state| format!("{} {}", operation.tally.of(*state), state.as_str()))
        .collect();
    let mut line = format!("operation {}, {}: {}", operation.number, operation.state.as_str(), counts.join(", "));
    if let Some(waiting) = &operation.waiting {
        line.push_str(&format!(". {} Until {}.", waiting.reason, waiting.until));
    }
    line
}

/// Prints an operation: what it is, what frees which seats, why rows are refused, and its first rows.
pub(crate) async fn show(mirror: &Mirror, report: &Report) -> Result<(), StoreError> {
    let operation = &report.operation;
    let snapshot = mirror.current();
    println!("{}", line(operation));
    let about = match &operation.selection {
        Selection::Filter(text) if text.is_empty() => "everybody".to_owned(),
        Selection::Filter(text) => text.clone(),
        Selection::People(people) => format!("{} people by name", people.len()),
        Selection::Operation(_) => "the people of another operation".to_owned(),
    };
    println!("About: {about} ({} people), in generation {}", operation.plan.selected, operation.plan.generation);
    for action in &operation.actions {
        println!("Action: {} {}", action.kind(), report::parameters(action, &snapshot));
    }
    println!("To be done: {} rows for {} people", operation.plan.rows, operation.plan.people);
    for (resource, freed) in &operation.plan.seats {
        if let Some(resource) = snapshot.resources().get(*resource as usize) {
            let way = if *freed < 0 { "taken" } else { "freed" };
            println!("Seats {way} on {}, {}: {}", resource.id.app_name(), resource.site_name(), freed.abs());
        }
    }
    if operation.plan.left_without > 0 {
        println!("People who lose their last app: {}", operation.plan.left_without);
    }
    for total in report.totals.iter().filter(|total| total.why.is_some()) {
        println!("{} {}: {}", total.rows, total.state.as_str(), total.why.as_deref().unwrap_or_default());
    }
    if let Some(failure) = &operation.failure {
        println!("{failure}");
    }
    let rows = report::rows(mirror, operation, Default::default(), (0, SHOWN)).await?;
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let why = row.row.why.map_or_else(String::new, |why| why.code);
            vec![
                row.row.seq.to_string(),
                row.name,
                row.row.change.kind().to_owned(),
                row.target,
                row.row.state.as_str().to_owned(),
                why,
            ]
        })
        .collect();
    if !cells.is_empty() {
        print!("\n{}", table(&["row", "name", "change", "target", "state", "why"], &cells));
        if operation.tally.total() > u64::from(SHOWN) {
            println!("All {} rows: rollcall operations {} --csv", operation.tally.total(), operation.number);
        }
    }
    Ok(())
}
