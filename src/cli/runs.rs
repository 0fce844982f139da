//! `rollcall runs`: sync runs, or one of them with what it may say and what it noticed.

use clap::Args;
use clock::Clock;
use directory::Claim;

use crate::cli::follow::line;
use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::mirror::Mirror;
use crate::nouns::refusal::Refusal;
use crate::nouns::run::{Run, RunKind, RunNote, RunState};
use crate::nouns::scope_summary::summary;
use crate::store::error::StoreError;
use crate::store::runs::Filter;
use crate::store::{coverage, runs};

/// `rollcall runs`
#[derive(Args, Debug)]
pub struct Runs {
    /// The number of the run to show
    pub number: Option<u64>,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// Only runs of this kind
    #[arg(long, value_parser = kind)]
    pub kind: Option<RunKind>,
    /// Only runs in this state
    #[arg(long, value_parser = state)]
    pub state: Option<RunState>,
    /// At most so many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(asked: &Runs) -> Result<Exit, Refusal> {
    let mirrors = to_read(&asked.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new("There are no runs.", "No organization is connected.", "Start `rollcall serve`."));
    };
    let failed = |error: StoreError| {
        Refusal::new("Nothing was listed.", format!("The database failed: {error}."), "Run `rollcall doctor`.")
    };
    match asked.number {
        Some(number) => show(&mirror, number, asked.json).await.map_err(failed),
        None => {
            let (limit, filter) = (asked.limit, Filter { kind: asked.kind, state: asked.state });
            let listed =
                mirror.store().read(move |tx| runs::matching(tx, filter, None, limit)).await.map_err(failed)?;
            if asked.json {
                listed.iter().for_each(|run| println!("{}", json(run)));
            } else if listed.is_empty() && filter != Filter::default() {
                eprintln!("No run is of this kind and in this state. Leave out --kind or --state.");
            } else if listed.is_empty() {
                eprintln!("No run yet. `rollcall sync` starts one.");
            } else {
                print!(
                    "{}",
                    table(
                        &["run", "kind", "reads", "state", "asked by", "started", "length", "requests", "changed"],
                        &listed.iter().map(cells).collect::<Vec<_>>()
                    )
                );
            }
            Ok(Exit::Done)
        }
    }
}

async fn show(mirror: &Mirror, number: u64, as_json: bool) -> Result<Exit, StoreError> {
    let found: Option<(Run, Vec<RunNote>, Vec<Claim>)> = mirror
        .store()
        .read(move |tx| {
            let newest = runs::list(tx, Some(number + 1), 1)?;
            let Some(run) = newest.into_iter().find(|run| run.number == number) else { return Ok(None) };
            let notes = runs::notes(tx, &run.id, 1000)?;
            let claims = match run.generation {
                Some(generation) => coverage::of_generation(tx, generation)?,
                None => Vec::new(),
            };
            Ok(Some((run, notes, claims)))
        })
        .await?;
    let Some((run, notes, claims)) = found else {
        eprintln!("There is no run {number}. `rollcall runs` lists them.");
        return Ok(Exit::Refused);
    };
    if as_json {
        println!("{}", json(&run));
        return Ok(Exit::Done);
    }
    println!(
        "Run {} ({}), {}, asked for by {} at {}",
        run.number,
        run.kind.as_str(),
        run.state.as_str(),
        run.asked_by,
        run.asked_at
    );
    println!("Reads {}", summary(&run.scope));
    println!("{}", line(&run, Clock::system().now()));
    if run.withheld_rows > 0 {
        println!("{} withheld: they stayed as they were", rows(run.withheld_rows));
    }
    if let Some(failure) = &run.failure {
        println!("{failure}");
    }
    if !claims.is_empty() {
        let rows: Vec<Vec<String>> = claims
            .iter()
            .map(|claim| {
                let expected = claim.expected.map_or("-".to_owned(), |expected| expected.to_string());
                let reason = claim.reason.as_deref().unwrap_or("").to_owned();
                vec![
                    claim.noun.as_str().to_owned(),
                    claim.part.to_text(),
                    claim.state.as_str().to_owned(),
                    claim.seen.to_string(),
                    expected,
                    reason,
                ]
            })
            .collect();
        print!("\n{}", table(&["noun", "part", "state", "seen", "counted", "why"], &rows));
    }
    for note in &notes {
        println!("{}: {}: {}", note.kind.as_str(), note.subject, note.detail);
    }
    Ok(Exit::Done)
}

/// A number of rows.
fn rows(count: u64) -> String {
    format!("{count} {}", if count == 1 { "row" } else { "rows" })
}

fn kind(text: &str) -> Result<RunKind, String> {
    RunKind::parse(text).ok_or_else(|| format!("one of {}", words(RunKind::ALL.iter().map(|kind| kind.as_str()))))
}

fn state(text: &str) -> Result<RunState, String> {
    RunState::parse(text).ok_or_else(|| format!("one of {}", words(RunState::ALL.iter().map(|state| state.as_str()))))
}

fn words(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

fn cells(run: &Run) -> Vec<String> {
    let length = run.ended_at.and_then(|ended| run.length(ended));
    let changed = run.counts.map_or("-".to_owned(), |counts| {
        format!("+{} ~{} -{} people", counts.people_added, counts.people_changed, counts.people_gone)
    });
    vec![
        run.number.to_string(),
        run.kind.as_str().to_owned(),
        summary(&run.scope),
        match run.withheld_rows {
            0 => run.state.as_str().to_owned(),
            withheld => format!("{}, {} withheld", run.state.as_str(), rows(withheld)),
        },
        run.asked_by.clone(),
        run.started_at.map_or("-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        length.map_or("-".to_owned(), |length| format!("{:.1} s", length.as_secs_f64())),
        run.progress.requests.to_string(),
        changed,
    ]
}

fn json(run: &Run) -> serde_json::Value {
    let counts = run
        .counts
        .map(|counts| serde_json::from_str::<serde_json::Value>(&runs::counts_text(&counts)).unwrap_or_default());
    serde_json::json!({
        "id": run.id.as_str(),
        "number": run.number,
        "kind": run.kind.as_str(),
        "scope": summary(&run.scope),
        "state": run.state.as_str(),
        "asked_by": run.asked_by,
        "asked_at": run.asked_at.to_string(),
        "started_at": run.started_at.map(|at| at.to_string()),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "generation": run.generation,
        "phase": run.progress.phase.as_str(),
        "people_seen": run.progress.people_seen,
        "people_expected": run.progress.people_expected,
        "people_left_out": run.progress.people_left_out,
        "groups_seen": run.progress.groups_seen,
        "groups_expected": run.progress.groups_expected,
        "requests": run.progress.requests,
        "requests_floor": run.progress.requests_floor,
        "waited_seconds": run.progress.waited.as_secs_f64(),
        "failure": run.failure,
        "changed": counts,
        "withheld_rows": run.withheld_rows,
    })
}
