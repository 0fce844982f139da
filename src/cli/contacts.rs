//! `rollcall contacts`: contacts and companies that a filter finds, what waits for a person, and Jira User Syncing. What
//! changes something is handed to a running server.

use clap::{Args, Subcommand};
use clock::Clock;
use contact::field::Entity;
use serde::{Deserialize, Serialize};

use crate::cli::open::{self, Locked, to_read};
use crate::cli::socket::Came;
use crate::cli::table::table;
use crate::cli::{Exit, Place, socket};
use crate::config::Config;
use crate::contacts::answer::answer as find;
use crate::contacts::syncing::Switch;
use crate::contacts::trouble::NotDone;
use crate::contacts::{conflicts, export, syncing, worker};
use crate::mirror::Mirror;
use crate::mirror::export::Form;
use crate::nouns::contact_run::ConflictState;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::sync::pass::Surroundings;

/// `rollcall contacts`
#[derive(Args, Debug)]
pub struct Contacts {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the contacts that a filter finds
    List {
        /// The filter; all of them when it is left out
        #[arg(default_value = "")]
        filter: String,
        /// Companies instead of contacts
        #[arg(long)]
        companies: bool,
        /// As comma-separated values
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        /// As JSON, one object per line
        #[arg(long)]
        json: bool,
    },
    /// Say how Jira User Syncing stands; preview it, switch it on or off, run it now
    Sync {
        /// What it would do, without doing it
        #[arg(long, group = "what")]
        preview: bool,
        /// Switch it on
        #[arg(long, group = "what")]
        on: bool,
        /// Switch it off: synced contacts become regular ones, none is removed
        #[arg(long, group = "what")]
        off: bool,
        /// Run it now
        #[arg(long, group = "what")]
        run: bool,
    },
    /// List the conflicts that wait for somebody
    Conflicts,
}

/// What is handed to a running server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Switch syncing on.
    On,
    /// Switch it off.
    Off,
    /// Run it now.
    Run,
}

/// Runs the command.
pub async fn run(contacts: &Contacts) -> Result<Exit, Refusal> {
    match &contacts.action {
        Action::List { filter, companies, csv, json } => {
            let entity = if *companies { Entity::Company } else { Entity::Contact };
            let form = match (csv, json) {
                (true, _) => Some(Form::Csv),
                (_, true) => Some(Form::JsonLines),
                _ => None,
            };
            list(&contacts.place, (entity, filter), form).await
        }
        Action::Conflicts => list_conflicts(&contacts.place).await,
        Action::Sync { on: true, .. } => act(&contacts.place, Asked::On).await,
        Action::Sync { off: true, .. } => act(&contacts.place, Asked::Off).await,
        Action::Sync { run: true, .. } => act(&contacts.place, Asked::Run).await,
        Action::Sync { preview: true, .. } => preview(&contacts.place).await,
        Action::Sync { .. } => standing(&contacts.place).await,
    }
}

async fn act(place: &Place, asked: Asked) -> Result<Exit, Refusal> {
    let config = Config::read(place.flags())?;
    let came: Came = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => {
            let mirror = only(opened.mirrors.only())?;
            let came = answer(&mirror, &opened.surroundings, asked).await;
            // Without a server nobody else goes on with the run.
            while worker::work_once(&mirror, &opened.connector, &opened.surroundings).await.map_err(failed)? {}
            opened.mirrors.close().await;
            came
        }
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => socket::came(&config.data, "contacts", &asked).await?,
    };
    socket::said(came)
}

/// Does what a command asks for, in whoever holds the data folder.
pub(crate) async fn answer(mirror: &Mirror, surroundings: &Surroundings, asked: Asked) -> Came {
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let entropy = &surroundings.entropy;
    let refused = |why: NotDone| {
        let refusal = why.refusal("Nothing was done.");
        [refusal.what, refusal.why, refusal.next]
    };
    match asked {
        Asked::On => {
            syncing::switch_on(&context, mirror, entropy).await.map_err(refused)?;
            Ok("Jira User Syncing is on; `rollcall contacts sync` says how far it is.".to_owned())
        }
        Asked::Off => {
            syncing::switch_off(&context, mirror, entropy).await.map_err(refused)?;
            Ok("Jira User Syncing is off: synced contacts become regular ones.".to_owned())
        }
        Asked::Run => {
            let run = syncing::run_now(&context, mirror, entropy).await.map_err(refused)?;
            Ok(format!("Run {run} is asked for."))
        }
    }
}

async fn list(place: &Place, (entity, filter): (Entity, &str), form: Option<Form>) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let tables = mirror.contacts().await.map_err(failed)?;
    let answered = find(&tables, (entity, filter), (Clock::system().now(), &mirror.zone()));
    for diagnostic in &answered.diagnostics {
        eprintln!("{}", diagnostic.draw(filter));
    }
    if answered.has_errors {
        let why = "The filter was not understood in whole.";
        return Err(Refusal::new("Nothing was listed.", why, "Correct what is marked."));
    }
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

/// A record of an export as the cells of a table.
fn row(line: &str) -> Option<Vec<String>> {
    let object: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
    let joined = |name: &str| {
        let list = object[name].as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let address = if object["email"].is_string() { text("email") } else { joined("domains") };
    let tags = [joined("system_tags"), joined("tags")].into_iter().filter(|tags| !tags.is_empty());
    Some(vec![text("name"), address, tags.collect::<Vec<_>>().join(", "), text("id")])
}

async fn standing(place: &Place) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let standing = syncing::standing(&mirror).await.map_err(failed)?;
    let state = match standing.switch {
        Switch::Off => "off".to_owned(),
        Switch::TurningOn(done, total) => format!("turning on ({done} of {total})"),
        Switch::On => "on".to_owned(),
        Switch::TurningOff => "turning off".to_owned(),
    };
    println!("Jira User Syncing is {state}. {} contacts of {} accounts.", standing.synced, standing.accounts);
    if let Some(run) = standing.newest {
        let counts: Vec<String> = run
            .counts
            .named()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        println!("Run {} is {}: {}.", run.number, run.state.as_str(), counts.join(", "));
    }
    Ok(Exit::Done)
}

async fn preview(place: &Place) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let outlook = syncing::outlook(&mirror, None).await;
    let outlook = outlook.map_err(|why| why.refusal("There is nothing to show."))?;
    let counts = &outlook.counts;
    println!("{} to create, {} to link, {} conflicts.", counts.creates, counts.links, counts.conflicts);
    if counts.unchanged + counts.unlinks > 0 {
        println!("{} stay as they are, {} are unlinked.", counts.unchanged, counts.unlinks);
    }
    for (why, count) in &counts.skipped {
        println!("{count} skipped: {}", why.sentence());
    }
    Ok(Exit::Done)
}

async fn list_conflicts(place: &Place) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let open = conflicts::list(&mirror, ConflictState::Open, (0, 1_000)).await.map_err(failed)?;
    let cells = |one: &conflicts::ShownConflict| {
        let names = one.records.iter().map(|record| record.name.clone()).collect::<Vec<_>>().join(", ");
        let conflict = &one.kept.conflict;
        vec![
            conflict.email_key.clone(),
            names,
            conflict.kind.sentence().to_owned(),
            conflict.kind.proposal().to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = open.iter().map(cells).collect();
    print!("{}", table(&["address", "contacts", "why", "proposed"], &rows));
    Ok(Exit::Done)
}

fn only(mirror: Option<Mirror>) -> Result<Mirror, Refusal> {
    mirror.ok_or_else(|| {
        Refusal::new("There is nothing to show.", "No organization is connected.", "Connect one on the set-up page.")
    })
}

fn failed(error: StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("Nothing was done.", format!("The database failed: {error}."), next)
}
