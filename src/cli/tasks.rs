//! `rollcall tasks`: the automated tasks, and why one has no next start or how its last run ended.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use clock::Clock;

use crate::cli::acting::{Answer, Answered, Question, WithTask, ask};
use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::mirror::Mirror;
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::store::task_runs;
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
    /// Run this task now, whatever its schedule
    #[arg(long, value_name = "NAME", group = "doing")]
    pub run: Option<String>,
    /// Try this task: it finds, reads and plans, and sends nothing
    #[arg(long, value_name = "NAME", group = "doing")]
    pub dry_run: Option<String>,
    /// Switch Schedule Active of this task on
    #[arg(long, value_name = "NAME", group = "doing")]
    pub switch_on: Option<String>,
    /// Switch Schedule Active of this task off
    #[arg(long, value_name = "NAME", group = "doing")]
    pub switch_off: Option<String>,
    /// List the runs of this task, the newest first
    #[arg(long, value_name = "NAME", group = "doing")]
    pub runs: Option<String>,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// Runs the command.
pub async fn run(asked: &Tasks) -> Result<Exit, Refusal> {
    if let Some((name, what)) = asked.doing() {
        return act(asked, (name, what)).await;
    }
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
    if let Some(name) = &asked.runs {
        let found = listed.iter().find(|found| is_named(found, name)).ok_or_else(|| unknown(name))?;
        return runs(&mirror, found, (&zone, asked.json)).await;
    }
    if let Some(name) = &asked.why {
        let found = listed.iter().find(|found| is_named(found, name));
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

/// Starts or switches a task, by the server that holds the installation where there is one.
async fn act(asked: &Tasks, (name, what): (&str, WithTask)) -> Result<Exit, Refusal> {
    let question = Question::Task { name: name.to_owned(), what };
    let (answer, here) = match ask(&asked.place, &question).await? {
        Answered::There(answer) => (answer, false),
        Answered::Here(answer, opened, _) => {
            opened.mirrors.close().await;
            (answer, true)
        }
    };
    match answer {
        Answer::Refused { what, why, next } => return Err(Refusal::new(what, why, next)),
        Answer::TaskRun { run, .. } if asked.json => println!("{}", serde_json::json!({ "id": run })),
        Answer::TaskRun { run, .. } => {
            println!("{run}");
            if here {
                eprintln!("It goes on when `rollcall serve` runs.");
            }
        }
        Answer::Operation(_) | Answer::Done { .. } => {}
    }
    Ok(Exit::Done)
}

async fn runs(mirror: &Mirror, of: &Outlook, (zone, json): (&TimeZone, bool)) -> Result<Exit, Refusal> {
    let id = of.task.id.clone();
    let listed = mirror.store().read(move |tx| task_runs::of_task(tx, &id, 100)).await.map_err(unlisted)?;
    if json {
        for run in &listed {
            let line = serde_json::json!({
                "id": run.id.as_str(), "number": run.number, "version": run.version, "cause": run.cause.as_str(),
                "state": run.state.as_str(), "reason": run.reason, "askedAt": run.asked_at.to_string(),
                "endedAt": run.ended_at.map(|at| at.to_string()), "found": run.first.len(),
                "foundAgain": run.confirmed,
            });
            println!("{line}");
        }
        return Ok(Exit::Done);
    }
    let rows: Vec<Vec<String>> = listed
        .iter()
        .map(|run| {
            vec![
                run.number.to_string(),
                told(run.asked_at, zone),
                run.cause.as_str().to_owned(),
                run.state.as_str().to_owned(),
                run.first.len().to_string(),
                run.confirmed.to_string(),
                run.reason.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print!("{}", table(&["run", "began", "why", "outcome", "found", "found again", "reason"], &rows));
    Ok(Exit::Done)
}

impl Tasks {
    fn doing(&self) -> Option<(&str, WithTask)> {
        let asked = [
            (&self.run, WithTask::Run),
            (&self.dry_run, WithTask::DryRun),
            (&self.switch_on, WithTask::On),
            (&self.switch_off, WithTask::Off),
        ];
        asked.into_iter().find_map(|(name, what)| Some((name.as_deref()?, what)))
    }
}

fn is_named(found: &Outlook, name: &str) -> bool {
    found.task.definition.name.key() == *directory::fold_text(name.trim())
}

fn unknown(name: &str) -> Refusal {
    let why = format!("There is no task “{}”.", name.trim());
    Refusal::new("Nothing was listed.", why, "`rollcall tasks` lists them.")
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
