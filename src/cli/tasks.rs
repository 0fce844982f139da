//! `rollcall tasks`: the automated tasks, and why one has no next start or how its last run ended.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use clock::Clock;

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::tasks::outlook::{self, Outlook};
use crate::tasks::{explain, owners};

/// `rollcall tasks`
#[derive(Args, Debug)]
pub struct Tasks {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// Say when this task starts next, or why it does not, and how its last run ended
    #[arg(long, value_name = "NAME")]
    pub why: Option<String>,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(asked: &Tasks) -> Result<Exit, Refusal> {
    let mirrors = to_read(&asked.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new("There are no tasks.", "No organization is connected.", "Start `rollcall serve`."));
    };
    let (zone, now) = (mirror.zone(), Clock::system().now());
    let for_read = zone.clone();
    let former = owners::former(&mirror, mirrors.control()).await.map_err(unlisted)?;
    let read = mirror.store().read(move |tx| outlook::list(tx, (&for_read, now), &former));
    let listed = read.await.map_err(unlisted)?;
    let snapshot = mirror.shown();
    if let Some(name) = &asked.why {
        let wanted = directory::fold_text(name.trim());
        let found = listed.iter().find(|found| found.task.definition.name.key() == *wanted);
        let Some(found) = found else {
            return Err(Refusal::new(
                "Nothing was explained.",
                format!("There is no task “{}”.", name.trim()),
                "`rollcall tasks` lists them.",
            ));
        };
        println!("{}", next(found, &zone));
        if let Some(why) = &found.task.hold_next {
            println!("The next run is held: {why}");
        }
        println!("Last run: {}", last(found));
        return Ok(Exit::Done);
    }
    if asked.json {
        listed.iter().for_each(|found| println!("{}", json(found, &zone)));
    } else if listed.is_empty() {
        eprintln!("There is no task yet. The page Automated Tasks adds them.");
    } else {
        let rows: Vec<Vec<String>> = listed
            .iter()
            .map(|found| {
                let definition = &found.task.definition;
                vec![
                    definition.name.as_str().to_owned(),
                    found.task.author.name.clone(),
                    explain::stages(&definition.stages, &snapshot),
                    explain::schedule(&definition.schedule),
                    if found.task.active { "on" } else { "off" }.to_owned(),
                    last(found),
                    next(found, &zone),
                ]
            })
            .collect();
        let headings = ["job name", "updated by", "actions", "schedule", "schedule active", "last run", "next run"];
        print!("{}", table(&headings, &rows));
    }
    Ok(Exit::Done)
}

fn unlisted(error: StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("Nothing was listed.", format!("The database failed: {error}."), next)
}

fn next(found: &Outlook, zone: &TimeZone) -> String {
    match &found.next {
        Ok(start) => told(start.at, zone),
        Err(why) => explain::why(why, zone),
    }
}

fn last(found: &Outlook) -> String {
    match &found.last {
        None => "never".to_owned(),
        Some(run) => match &run.reason {
            Some(reason) => format!("{}: {reason}", run.state.as_str()),
            None => run.state.as_str().to_owned(),
        },
    }
}

fn told(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

fn json(found: &Outlook, zone: &TimeZone) -> serde_json::Value {
    let definition = &found.task.definition;
    serde_json::json!({
        "id": found.task.id.as_str(),
        "name": definition.name.as_str(),
        "version": found.task.version,
        "updatedBy": found.task.author.name,
        "scheduleActive": found.task.active,
        "schedule": explain::schedule(&definition.schedule),
        "lastRun": found.last.as_ref().map(|run| run.state.as_str()),
        "nextRun": found.next.as_ref().ok().map(|start| start.at.to_string()),
        "why": found.next.as_ref().err().map(|why| explain::why(why, zone)),
    })
}
