//! `rollcall person`: everything that is kept about one person as JSON, and its erasure.

use clap::{Args, Subcommand};
use clock::Clock;

use crate::cli::open::{self, Locked, Opened};
use crate::cli::{Exit, Place};
use crate::config::Config;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::personal::preview::{Preview, preview};
use crate::personal::who::{self, Known, NotFound};
use crate::personal::{erase, export};
use crate::store::error::StoreError;

/// `rollcall person`
#[derive(Args, Debug)]
pub struct Person {
    /// What about them.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print everything that is kept about a person, as one JSON document
    Export(Whom),
    /// Say what an erasure would take and leave; with --yes, erase
    Erase(Erase),
}

/// A person.
#[derive(Args, Debug)]
pub struct Whom {
    /// Account id, e-mail address, or username of a feed
    #[arg(value_name = "EMAIL-OR-ID")]
    pub who: String,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// `rollcall person erase`
#[derive(Args, Debug)]
pub struct Erase {
    /// Whom.
    #[command(flatten)]
    pub whom: Whom,
    /// Erase; without it nothing is changed
    #[arg(long)]
    pub yes: bool,
}

/// Runs the command.
pub async fn run(person: &Person) -> Result<Exit, Refusal> {
    let whom = match &person.verb {
        Verb::Export(whom) => whom,
        Verb::Erase(erase) => &erase.whom,
    };
    let config = Config::read(whom.place.flags())?;
    let opened = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            let why = "A server holds the data folder.";
            let next = "Use its page Personal data, which a person's page leads to, or stop it first.";
            return Err(Refusal::new("Nothing was done.", why, next));
        }
    };
    let came = carry_out(person, &whom.who, &opened).await;
    opened.mirrors.close().await;
    came
}

async fn carry_out(person: &Person, who: &str, opened: &Opened) -> Result<Exit, Refusal> {
    let Some(mirror) = opened.mirrors.only() else {
        return Err(Refusal::new("Nothing was done.", "No organization is connected.", "Start `rollcall serve`."));
    };
    let control = opened.mirrors.control();
    let known = who::find(&mirror, control, who).await.map_err(|error| match error {
        NotFound::Refused(refusal) => refusal,
        NotFound::Store(error) => failed(&error),
    })?;
    let context = Context { actor: Actor::CommandLine, now: opened.surroundings.clock.now() };
    let entropy = &opened.surroundings.entropy;
    match &person.verb {
        Verb::Export(_) => {
            let document = export::export(&context, (&mirror, control), &known, entropy).await;
            println!("{:#}", document.map_err(|error| failed(&error))?);
        }
        Verb::Erase(asked) if asked.yes => {
            let done = erase::erase(&context, (&mirror, control), &known, entropy).await;
            say(&done.map_err(|error| failed(&error))?, "Erased");
        }
        Verb::Erase(_) => {
            say(&look(&mirror, &known).await?, "Would go");
            eprintln!("Nothing was changed. Add --yes to erase.");
        }
    }
    Ok(Exit::Done)
}

async fn look(mirror: &Mirror, known: &Known) -> Result<Preview, Refusal> {
    preview(mirror, known).await.map_err(|error| failed(&error))
}

fn say(preview: &Preview, heading: &str) {
    println!("{heading}:");
    if preview.goes.is_empty() {
        println!("  nothing");
    }
    preview.goes.iter().for_each(|(what, count)| println!("  {count} × {what}"));
    if !preview.stays.is_empty() {
        println!("Stays:");
        preview.stays.iter().for_each(|why| println!("  {why}"));
    }
}

fn failed(error: &StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("Nothing was done.", format!("The database failed: {error}."), next)
}
