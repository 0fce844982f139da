//! `rollcall audit`: the chains of the installation and of its organization, verified and listed; and what they say of a
//! person, erased.

use clap::{Args, Subcommand, ValueEnum};
use clock::Clock;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::open::{self, Locked, to_read};
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::config::Config;
use crate::mirror::export::Form;
use crate::mirror::export::events::{day, outcome, pieces, what, who};
use crate::mirror::mirrors::Mirrors;
use crate::nouns::context::Actor;
use crate::nouns::event::NewEvent;
use crate::nouns::refusal::Refusal;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::event_parts;
use crate::store::events::{self, Broken, Wanted};

/// `rollcall audit`
#[derive(Args, Debug)]
pub struct Audit {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What can be asked of the chains.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Walk both chains and compare every hash; exit code 1 and the first broken event when one does not hold
    Verify(Verify),
    /// List events, newest first
    List(List),
    /// Erase what both chains say of a person; ids and the chains stay. The server has to be stopped
    Erase(Erase),
}

/// `rollcall audit erase`
#[derive(Args, Debug)]
pub struct Erase {
    /// Whom, as `rollcall audit list` shows it: adm_..., or "person ACCOUNT-ID"
    pub person: String,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// `rollcall audit verify`
#[derive(Args, Debug)]
pub struct Verify {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// `rollcall audit list`
#[derive(Args, Debug)]
pub struct List {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// Which chain: the organization's, or that of sign-ins, entry and access tokens
    #[arg(long, value_enum, default_value_t = Chain::Organization)]
    pub chain: Chain,
    /// Not before this day (UTC) or moment: 2026-03-01, 2026-03-01T12:00:00Z
    #[arg(long, value_parser = from)]
    pub from: Option<Timestamp>,
    /// Up to and including this day (UTC), or before this moment
    #[arg(long, value_parser = to)]
    pub to: Option<Timestamp>,
    /// Only of this kind: sync.sealed, session.started
    #[arg(long)]
    pub kind: Option<String>,
    /// Only by this actor, as the chain names it: "administrator adm_...", "command line", "Rollcall"
    #[arg(long)]
    pub actor: Option<String>,
    /// Only about this: an id
    #[arg(long)]
    pub subject: Option<String>,
    /// As CSV, all of them
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// As JSON, one object per line, all of them
    #[arg(long)]
    pub json: bool,
    /// At most so many in the table
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub limit: u32,
}

/// One of the two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Chain {
    /// What happened in the organization.
    Organization,
    /// Sign-ins, entry, access tokens.
    Installation,
}

/// Runs the command.
pub async fn run(audit: &Audit) -> Result<Exit, Refusal> {
    match &audit.verb {
        Verb::Verify(asked) => verify(&to_read(&asked.place).await?).await,
        Verb::Erase(asked) => erase(asked).await,
        Verb::List(asked) => list(&to_read(&asked.place).await?, asked).await,
    }
}

async fn verify(mirrors: &Mirrors) -> Result<Exit, Refusal> {
    let mut chains = vec![("sign-ins and server".to_owned(), mirrors.control().clone())];
    chains.extend(mirrors.all().iter().map(|mirror| (mirror.organization().name.clone(), mirror.store().clone())));
    let mut exit = Exit::Done;
    for (name, store) in chains {
        match store.read(events::verify).await.map_err(unread)? {
            Ok(events) => println!("{name}: {events} events, the chain holds"),
            Err(broken) => {
                println!("{name}: the chain is broken: {}", told(broken));
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

/// Where a chain is broken, as a sentence's end.
fn told(broken: Broken) -> String {
    match broken {
        Broken::Sequence(seq) => format!("event {seq} is missing"),
        Broken::Event(seq) => format!("event {seq} is not what was written"),
        Broken::Personal(seq) => format!("the personal part of event {seq} is not what was written"),
        Broken::End(seq) => format!("the events after {seq} were cut off, or the head was changed"),
    }
}

async fn list(mirrors: &Mirrors, asked: &List) -> Result<Exit, Refusal> {
    let store: Store = match (asked.chain, mirrors.only()) {
        (Chain::Installation, _) => mirrors.control().clone(),
        (Chain::Organization, Some(mirror)) => mirror.store().clone(),
        (Chain::Organization, None) => {
            let next = "Start `rollcall serve`, or ask for --chain installation.";
            return Err(Refusal::new("There are no events.", "No organization is connected.", next));
        }
    };
    let wanted = Wanted {
        before: i64::MAX,
        from: asked.from.unwrap_or(Timestamp::MIN),
        to: asked.to.unwrap_or(Timestamp::MAX),
        kind: asked.kind.clone(),
        actor: asked.actor.clone(),
        subject: asked.subject.clone(),
    };
    if asked.csv || asked.json {
        let form = if asked.csv { Form::Csv } else { Form::JsonLines };
        let mut text = pieces(store, wanted, form);
        while let Some(piece) = text.recv().await {
            print!("{}", String::from_utf8_lossy(&piece.map_err(unread)?));
        }
        return Ok(Exit::Done);
    }
    let limit = asked.limit;
    let found = store.read(move |tx| events::matching(tx, &wanted, limit)).await.map_err(unread)?;
    let rows = found.iter().map(|recorded| {
        let event = &recorded.event;
        vec![
            event.seq.to_string(),
            event.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            format!("{} {}", who(recorded), what(&event.kind)),
            event.subject.clone(),
            outcome(&event.kind).to_owned(),
            recorded.source().unwrap_or_default().to_owned(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        eprintln!("No event is like that.");
    } else {
        print!("{}", table(&["event", "at (UTC)", "what", "subject", "outcome", "from where"], &rows));
    }
    Ok(Exit::Done)
}

/// Erases a person in every database, each with the event that tells it.
async fn erase(asked: &Erase) -> Result<Exit, Refusal> {
    let config = Config::read(asked.place.flags())?;
    let opened = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            let why = "A server holds the data folder.";
            return Err(Refusal::new("Nothing was erased.", why, "Stop it, erase, and start it again."));
        }
    };
    let (entropy, now) = (&opened.surroundings.entropy, opened.surroundings.clock.now());
    let mut stores = vec![opened.mirrors.control().clone()];
    stores.extend(opened.mirrors.all().iter().map(|mirror| mirror.store().clone()));
    let mut any = false;
    for store in stores {
        let event = NewEvent {
            at: now,
            actor: Actor::CommandLine.as_subject(),
            kind: "audit.erased",
            subject: asked.person.clone(),
            detail: "{}".to_owned(),
            personal: String::new(),
        };
        let salt = entropy.bytes();
        let erased = store.write(move |tx| {
            let erased = event_parts::erase(tx, &event.subject)?;
            if erased {
                events::append(tx, &event, &salt)?;
            }
            Ok(erased)
        });
        any |= erased.await.map_err(unread)?;
    }
    opened.mirrors.close().await;
    if !any {
        let why = "The chains say nothing of them that could be erased.";
        let next = "Look the id up with `rollcall audit list`.";
        return Err(Refusal::new("Nothing was erased.", why, next));
    }
    eprintln!("Erased. Ids stay, and the chains hold.");
    Ok(Exit::Done)
}

fn unread(error: StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("The audit chain cannot be read.", format!("The database failed: {error}."), next)
}

fn from(text: &str) -> Result<Timestamp, String> {
    moment(text).map(|(from, _)| from)
}

fn to(text: &str) -> Result<Timestamp, String> {
    moment(text).map(|(_, to)| to)
}

fn moment(text: &str) -> Result<(Timestamp, Timestamp), String> {
    let exact = || text.parse().ok().map(|at: Timestamp| (at, at));
    let found = day(text, &TimeZone::UTC).filter(|_| text.len() == "2026-03-01".len()).or_else(exact);
    found.ok_or_else(|| "write a day as 2026-03-01 or a moment as 2026-03-01T12:00:00Z".to_owned())
}
