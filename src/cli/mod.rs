//! The command line: what can be said, one file per command, and how each ends. Commands parse, call a verb and show;
//! they decide nothing about the domain.

pub mod act;
mod acting;
pub mod audit;
pub mod contacts;
pub mod doctor;
pub mod ending;
pub mod feed;
pub mod feed_accounts;
pub mod filters;
pub mod follow;
pub mod groups;
pub mod migrate;
pub mod open;
pub mod operations;
pub mod person;
pub mod protected;
pub mod reports;
pub mod runs;
mod sending;
pub mod simulate;
pub mod socket;
pub mod stats;
pub mod sync;
pub mod table;
pub mod tasks;
pub mod token;
pub mod upload;
pub mod users;
pub mod webhooks;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;
use crate::nouns::refusal::Refusal;

/// How a command ended; documented in docs/operate.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It failed: the log says more.
    Failed = 1,
    /// Refused, with a next step.
    Refused = 3,
    /// Done, but not everything could be read.
    Gaps = 4,
    /// Another run or process holds the place.
    Held = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Rollcall keeps an organization's people in step.
#[derive(Debug, Parser)]
#[command(
    name = "rollcall",
    version,
    about,
    long_about = "Rollcall keeps an organization's people in step.\n\n\
    Try it with a simulated organization: rollcall demo\n\
    Run it for your own: rollcall serve, then open the address it prints."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start with a simulated organization: simulator, first sync and pages in one process
    #[command(
        after_help = "Example: rollcall demo --users 20000\nEnds cleanly on Ctrl-C. Without --data everything is \
        thrown away at the end."
    )]
    Demo(Demo),
    /// Serve the pages and keep the organization in step
    #[command(after_help = "At first start it prints a one-time link to create the administrator.")]
    Serve(Serve),
    /// Serve a simulated Atlassian organization on this machine, for rehearsals and tests
    #[command(after_help = "Any Atlassian client can be pointed at it. docs/simulator.md describes scenario files.")]
    Simulate(simulate::Simulate),
    /// Read the organization now and follow the run
    #[command(after_help = "With a running server the work is handed to it. Exit codes: 0 done, 4 done with gaps, \
        5 another run holds the place, 3 refused.")]
    Sync(sync::Sync),
    /// List or count the people whom a filter finds, as the newest sync shows them
    #[command(after_help = "Examples:\n  rollcall users okafor\n  rollcall users --status suspended --json\n  \
        rollcall users 'inactiveFor(confluence) >= 90d AND NOT group = keepers' --count\n  \
        rollcall users 'domain = acme.example order by added desc' --csv > people.csv\n  \
        rollcall users 'app = jira' --why ines@acme.example\n\
        A filter with errors is refused (3), with a mark below each.")]
    Users(users::Users),
    /// List or count the groups that a filter finds, as the newest sync shows them
    #[command(
        after_help = "Examples:\n  rollcall groups jira\n  rollcall groups 'isEmpty = yes AND synced = no' --csv\n  \
        rollcall groups 'role(confluence) = admin order by members desc'\n\
        A filter with errors is refused (3), with a mark below each."
    )]
    Groups(groups::Groups),
    /// List the people and groups that nothing of Rollcall may touch
    Protected(protected::Protected),
    /// List the saved filters
    Filters(filters::Filters),
    /// List the automated tasks, or say why one does not start
    #[command(after_help = "Example:\n  rollcall tasks --why 'Suspend idle people'")]
    Tasks(tasks::Tasks),
    /// Make, list or revoke access tokens of the API
    #[command(after_help = "Example:\n  rollcall token create --name reports --expires 90\n\
        docs/api.md says what can be asked with it.")]
    Token(token::Token),
    /// List feeds and their runs, decide about runs, look people up, try a control file
    #[command(after_help = "Examples:\n  rollcall feed show staff\n  rollcall feed check control.json users.csv\n\
        Exit codes: 0 done, 3 refused, 4 records of the samples fail.")]
    Feed(feed::Feed),
    /// List and change contacts and companies, import them, and say or change how Jira User Syncing stands
    #[command(
        after_help = "Examples:\n  rollcall contacts list 'company ~ acme' --csv\n  rollcall contacts import people.csv\n  \
        rollcall contacts change 'tag = old' --add-tag vip --yes 12\n  rollcall contacts sync --preview\n\
        What concerns many is shown first; --yes does it. A filter with errors is refused (3), with a mark below each."
    )]
    Contacts(contacts::Contacts),
    /// Send files to a feed, start its run and wait for it
    #[command(
        after_help = "Example: rollcall upload --feed staff _control=control.json users=users.csv --start --wait\n\
        Exit codes: 0 done, 1 not applied, 3 refused, 4 applied with errors in records, 5 held until a person looks."
    )]
    Upload(upload::Upload),
    /// List webhooks and what was sent to them, or send a test
    Webhooks(webhooks::Webhooks),
    /// List scheduled reports, or send one at once
    #[command(after_help = "Example: rollcall reports send \"Idle in Jira\"")]
    Reports(reports::Reports),
    /// Count seats by app and site: used, inactive, what they cost
    #[command(after_help = "Example: rollcall stats --threshold 30d --json")]
    Stats(stats::Stats),
    /// List sync runs, or show one
    Runs(runs::Runs),
    /// Plan actions on whom a filter finds, and carry them out
    #[command(after_help = "Examples:\n  rollcall act 'inactiveFor(confluence) >= 90d' --remove-app-access \
        confluence@acme\n  rollcall act 'domain = contractors.example' --suspend --yes 12\n\
        Without --yes nothing is sent: the plan is shown. Exit codes: 0 done, 4 done in part, 1 failed, 3 refused.")]
    Act(act::Act),
    /// List operations, show one, pause, resume or cancel it
    Operations(operations::Operations),
    /// Plan the way back from an operation, or try again what failed, and carry it out
    Undo(act::Undo),
    /// Stop everything: nothing more is changed at Atlassian until it is released
    Stop(act::Switch),
    /// Release what was stopped
    Release(act::Switch),
    /// Verify or list the audit chains
    #[command(after_help = "Examples:\n  rollcall audit verify\n  \
        rollcall audit list --kind setting.changed --from 2026-03-01\n  \
        rollcall audit list --chain installation --csv > sign-ins.csv\n\
        docs/audit.md lists the kinds.")]
    Audit(audit::Audit),
    /// Export everything that is kept about a person, or erase it
    #[command(after_help = "Examples:\n  rollcall person export ines@acme.example > ines.json\n  \
        rollcall person erase ines@acme.example\n  rollcall person erase ines@acme.example --yes\n\
        docs/security.md says what goes and what stays.")]
    Person(person::Person),
    /// Bring every database to this version's schema
    Migrate(migrate::Migrate),
    /// Check the installation: folders, key file, databases, audit chain, Atlassian
    Doctor(doctor::Doctor),
}

/// Where the installation is.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The data folder [default: ~/.local/share/rollcall, or ROLLCALL_DATA]
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database instead of files: postgres://... [or ROLLCALL_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
}

/// `rollcall demo`
#[derive(Args, Debug)]
pub struct Demo {
    /// People in the simulated organization
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub users: u32,
    /// The seed it is made from: the same seed makes the same people
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Days of past to live through first, by daily syncs in virtual time [default: 182, or fewer syncs the more people]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(0..=730))]
    pub past: Option<u32>,
    /// The port of the pages
    #[arg(long, default_value_t = 8686)]
    pub port: u16,
    /// Keep the data in this folder
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
}

/// `rollcall serve`
#[derive(Args, Debug)]
pub struct Serve {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1:8686")]
    pub listen: std::net::SocketAddr,
}

impl Place {
    /// The place as flags of the configuration.
    pub fn flags(&self) -> Flags {
        Flags { data: self.data.clone(), database: self.database.clone() }
    }
}

/// Says a refusal on standard error, with its next step.
pub fn say(refusal: &Refusal) {
    eprintln!("{} {}\n{}", refusal.what, refusal.why, refusal.next);
}
