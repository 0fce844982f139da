//! `rollcall contacts`: contacts and companies, files and many at once, what waits for a person, and Jira User Syncing. What
//! changes something is handed to a running server.

mod bulk;
mod conflicts;
mod fields;
mod import;
mod list;
mod sources;
mod syncing;

use clap::{Args, Subcommand};
use clock::Clock;
use contact::field::Entity;
use serde::{Deserialize, Serialize};

use crate::cli::open::{self, Locked, failed, only};
use crate::cli::socket::Came;
use crate::cli::{Exit, Place, socket};
use crate::config::Config;
use crate::contacts::trouble::NotDone;
use crate::contacts::worker;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
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
    List(list::List),
    /// Say what a file would do; with --yes, import it
    #[command(after_help = "Examples:\n  rollcall contacts import people.csv\n  rollcall contacts import people.csv \
        --column Firm=companies --column Level=fields.level --same email --yes")]
    Import(import::Import),
    /// Change all contacts that a filter finds
    Change(bulk::Change),
    /// Delete all contacts that a filter finds; synced ones are left out
    Delete(bulk::Delete),
    /// Merge two contacts, or two companies
    Merge {
        /// The id of the one that stays
        keep: String,
        /// The id of the one that is merged into it
        other: String,
    },
    /// List contacts that may be the same person
    Duplicates(Json),
    /// List the notes of a contact or a company
    Notes {
        /// Its id
        id: String,
        /// How it is printed.
        #[command(flatten)]
        json: Json,
    },
    /// Add a note to a contact or a company
    Note {
        /// Its id
        id: String,
        /// What it says
        text: String,
    },
    /// List the fields of contacts and companies, define, change, move or remove one
    Fields(fields::Fields),
    /// Say how Jira User Syncing stands; preview it, switch it on or off, run it now
    Sync(syncing::Sync),
    /// Say whom Jira User Syncing takes in, or choose it
    #[command(after_help = "Example: rollcall contacts scope --without-domain staff.example --without-group bots\n\
        What is named takes the place of all that was chosen before.")]
    Scope(syncing::Scope),
    /// List the organizations of service desks' customers, or say which company one is
    Sources(sources::Sources),
    /// List contacts without a company by the domain of their address; with --yes, put them in
    Domains(sources::Domains),
    /// List the conflicts that wait for somebody, dismiss one or open it again
    Conflicts(conflicts::Conflicts),
    /// Link an account to a contact, which follows it from then on
    Link {
        /// The contact's id
        contact: String,
        /// The account's id
        account: String,
    },
}

/// How a list is printed.
#[derive(Args, Debug)]
pub struct Json {
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// What is handed to a running server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Throw the switch of Jira User Syncing, or run it.
    Switch(syncing::Switched),
    /// Choose whom it takes in.
    Scope(syncing::WantedScope),
    /// Look at a file, or import it.
    Import(import::Wanted),
    /// Look at whom a change of many concerns, or make it.
    Bulk(bulk::Wanted),
    /// Merge the second into the first.
    Merge(String, String),
    /// Add a note.
    Note(String, String),
    /// Define, change, move or remove a field.
    Field(fields::Wanted),
    /// Say what an organization of customers is.
    Source(sources::Wanted),
    /// Put contacts into the companies of their domains.
    Domains,
    /// Dismiss a conflict with a reason, or open it again.
    Conflict(i64, Option<String>),
    /// Link an account to a contact.
    Link(String, String),
}

/// Runs the command.
pub async fn run(contacts: &Contacts) -> Result<Exit, Refusal> {
    let place = &contacts.place;
    let asked = match &contacts.action {
        Action::List(wanted) => return list::run(place, wanted).await,
        Action::Duplicates(json) => return conflicts::duplicates(place, json).await,
        Action::Notes { id, json } => return list::notes(place, id, json).await,
        Action::Import(wanted) => Asked::Import(wanted.read()?),
        Action::Change(wanted) => Asked::Bulk(wanted.wanted()?),
        Action::Delete(wanted) => Asked::Bulk(wanted.wanted()),
        Action::Merge { keep, other } => Asked::Merge(keep.clone(), other.clone()),
        Action::Note { id, text } => Asked::Note(id.clone(), text.clone()),
        Action::Link { contact, account } => Asked::Link(contact.clone(), account.clone()),
        Action::Fields(wanted) => match wanted.wanted()? {
            Some(wanted) => Asked::Field(wanted),
            None => return fields::list(place, wanted).await,
        },
        Action::Sync(wanted) => match wanted.switched() {
            Some(switched) => Asked::Switch(switched),
            None if wanted.preview => return syncing::preview(place).await,
            None => return syncing::standing(place).await,
        },
        Action::Scope(wanted) => match wanted.wanted() {
            Some(scope) => Asked::Scope(scope),
            None => return syncing::scope(place, wanted).await,
        },
        Action::Sources(wanted) => match wanted.wanted() {
            Some(wanted) => Asked::Source(wanted),
            None => return sources::list(place, wanted).await,
        },
        Action::Domains(wanted) if wanted.yes => Asked::Domains,
        Action::Domains(wanted) => return sources::domains(place, wanted).await,
        Action::Conflicts(wanted) => match wanted.wanted() {
            Some((number, reason)) => Asked::Conflict(number, reason),
            None => return conflicts::list(place, wanted).await,
        },
    };
    act(place, asked).await
}

async fn act(place: &Place, asked: Asked) -> Result<Exit, Refusal> {
    let config = Config::read(place.flags())?;
    let came: Came = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => {
            let mirror = only(&opened.mirrors)?;
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
    let doing = Doing { context: &context, mirror, entropy: &surroundings.entropy };
    let done = match asked {
        Asked::Switch(switched) => syncing::switch(&doing, switched).await,
        Asked::Scope(wanted) => syncing::choose(&doing, wanted).await,
        Asked::Import(wanted) => import::answer(&doing, wanted).await,
        Asked::Bulk(wanted) => bulk::answer(&doing, wanted).await,
        Asked::Merge(keep, other) => conflicts::merge(&doing, (&keep, &other)).await,
        Asked::Note(id, text) => list::note(&doing, (&id, &text)).await,
        Asked::Field(wanted) => fields::answer(&doing, wanted).await,
        Asked::Source(wanted) => sources::decide(&doing, wanted).await,
        Asked::Domains => sources::put_in(&doing).await,
        Asked::Conflict(number, reason) => conflicts::decide(&doing, (number, reason)).await,
        Asked::Link(contact, account) => conflicts::link(&doing, (&contact, &account)).await,
    };
    done.map_err(|why| {
        let refusal = why.refusal("Nothing was done.");
        [refusal.what, refusal.why, refusal.next]
    })
}

/// Who does something, and where.
#[derive(Clone, Copy, Debug)]
struct Doing<'a> {
    context: &'a Context,
    mirror: &'a Mirror,
    entropy: &'a crate::id::Entropy,
}

/// What came of a command: a sentence or a table, or why nothing was done.
type Done = Result<String, NotDone>;

/// Contacts, or companies where an option says so.
fn entity(companies: bool) -> Entity {
    if companies { Entity::Company } else { Entity::Contact }
}

/// So many contacts, or companies.
fn counted(entity: Entity, count: u64) -> String {
    match (entity, count) {
        (Entity::Contact, 1) => "1 contact".to_owned(),
        (Entity::Contact, count) => format!("{count} contacts"),
        (Entity::Company, 1) => "1 company".to_owned(),
        (Entity::Company, count) => format!("{count} companies"),
    }
}
