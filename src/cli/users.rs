//! `rollcall users`: the people whom a filter finds in the newest generation, or as of a past day, as a table, a number,
//! CSV or JSON.

use std::io::{ErrorKind, Write as _};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use clock::Clock;
use directory::find::{self, Ranking};
use directory::{Ordinal, Snapshot, Status};
use filter::{Direction, Order};
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place, why};
use crate::mirror::answer::{Answer, answer};
use crate::mirror::export::{self, Export, Form, LastActive, in_order};
use crate::nouns::refusal::Refusal;
use crate::sync::schedule;

/// `rollcall users`
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("form").args(["count", "csv", "json"]))]
pub struct Users {
    /// Only people whom this filter finds; plain words are looked for in names and e-mail addresses
    pub filter: Option<String>,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// As of the end of this day, as 2026-03-01, in the organization's time zone [default: now]
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<String>,
    /// Only people of this status: active, suspended, deactivated, ...
    #[arg(long)]
    pub status: Option<String>,
    /// In this order, where the filter says none [default: name]
    #[arg(long, value_enum)]
    pub sort: Option<Sort>,
    /// The other way round
    #[arg(long)]
    pub descending: bool,
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
    /// Why don't I see someone? Says where this person is, or why the filter does not find them
    #[arg(long, value_name = "EMAIL-OR-ID", conflicts_with_all = ["form", "limit", "sort", "descending"])]
    pub why: Option<String>,
}

/// The orders there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Sort {
    /// By name
    Name,
    /// By e-mail address
    Email,
    /// By last activity in any app
    LastActive,
    /// By the day they were added
    Added,
}

/// Rows of a table, where nobody says how many.
const USUAL_ROWS: usize = 100;

/// Runs the command.
pub async fn run(users: &Users) -> Result<Exit, Refusal> {
    let mirrors = to_read(&users.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new(
            "There are no people to show.",
            "No organization is connected.",
            "Start `rollcall serve` and enter its API key on the page it prints.",
        ));
    };
    let mut snapshot = mirror.shown();
    let (mut now, zone) = (Clock::system().now(), schedule::zone(&mirror));
    if snapshot.generation() == 0 {
        return Err(Refusal::new(
            "There are no people to show.",
            "The organization was not read yet.",
            "Run `rollcall sync`.",
        ));
    }
    if let Some(who) = &users.why {
        return why::say(&users.place, (&mirrors, &mirror), who, (users.filter.as_deref(), users.status.as_deref()))
            .await;
    }
    let text = users.filter.as_deref().unwrap_or_default();
    if let Some(day) = &users.as_of
        && let Some(past) = mirror.as_of(day, (now, &zone)).await?
    {
        let sealed = past.snapshot.sealed_at().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z");
        eprintln!("As of {}: generation {}, sealed {sealed}.", past.day, past.snapshot.generation());
        for gap in &past.gaps {
            let why = gap.reason.as_deref().unwrap_or("It was not read.");
            eprintln!("Not complete then: {} of {}. {why}", gap.noun.as_str(), gap.part.to_text());
        }
        (snapshot, now) = (past.snapshot, past.at);
    }
    let answer = answer(&snapshot, text, (now, &zone));
    for diagnostic in &answer.diagnostics {
        eprint!("{}", diagnostic.draw(text));
    }
    if answer.has_errors {
        return Ok(Exit::Refused);
    }
    let ranking = ranking(users, &answer, &snapshot)?;
    let chosen = choose(&snapshot, users, &answer)?;
    if users.count {
        return print([format!("{}\n", chosen.len()).into_bytes()]);
    }
    let mut listed = in_order(&chosen, &ranking);
    let form = match (users.csv, users.json) {
        (true, _) => Some(Form::Csv),
        (_, true) => Some(Form::JsonLines),
        _ => None,
    };
    listed.truncate(users.limit.unwrap_or(if form.is_some() { usize::MAX } else { USUAL_ROWS }));
    match form {
        Some(form) => print(Export::new(Arc::clone(&snapshot), listed, form)),
        None => show(&snapshot, &listed, (&chosen, &answer)),
    }
}

/// The order that filter or options ask for.
fn ranking<'s>(users: &Users, answer: &Answer, snapshot: &'s Snapshot) -> Result<Ranking<'s>, Refusal> {
    let asked = &answer.query.order;
    if !asked.is_empty() && (users.sort.is_some() || users.descending) {
        return Err(Refusal::new(
            "Nobody was listed.",
            "The filter says an order, and --sort or --descending says another.",
            "Leave one of them out.",
        ));
    }
    let direction = if users.descending { Direction::Descending } else { Direction::Ascending };
    let field = match users.sort.unwrap_or(Sort::Name) {
        Sort::Name => "name",
        Sort::Email => "email",
        Sort::LastActive => "lastActive",
        Sort::Added => "added",
    };
    let by_options: Vec<Order> =
        find::catalogue().find(field).map(|field| Order { field, argument: None, direction }).into_iter().collect();
    Ok(Ranking::of(snapshot, if asked.is_empty() { &by_options } else { asked }))
}

fn choose(snapshot: &Snapshot, users: &Users, answer: &Answer) -> Result<RoaringBitmap, Refusal> {
    let mut chosen = answer.found.matching.clone();
    if let Some(text) = &users.status {
        let status = Status::parse(&text.to_lowercase());
        if let Status::Other(unknown) = &status {
            let known: Vec<&str> = Status::KNOWN.iter().map(Status::as_str).collect();
            return Err(Refusal::new(
                "Nobody was listed.",
                format!("There is no status {unknown}."),
                format!("Name one of {}.", known.join(", ")),
            ));
        }
        chosen &= snapshot.with_status(&status);
    }
    Ok(chosen)
}

/// Writes pieces as they come. Whoever reads may stop reading.
pub(super) fn print(pieces: impl IntoIterator<Item = Vec<u8>>) -> Result<Exit, Refusal> {
    let mut out = std::io::stdout().lock();
    let written = pieces.into_iter().try_for_each(|piece| out.write_all(&piece)).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Refusal::new(
            "The list is not whole.",
            format!("It could not be written: {error}."),
            "Write it elsewhere.",
        )),
        _ => Ok(Exit::Done),
    }
}

fn show(snapshot: &Snapshot, listed: &[Ordinal], (chosen, answer): (&RoaringBitmap, &Answer)) -> Result<Exit, Refusal> {
    if listed.is_empty() {
        eprintln!("Nobody matches. {} people are in the mirror.", snapshot.present().len());
    } else {
        let rows: Vec<Vec<String>> = listed.iter().filter_map(|account| cells(snapshot, *account)).collect();
        let headings = ["name", "email", "status", "groups", "last active", "account id"];
        print([table(&headings, &rows).into_bytes()])?;
        eprintln!("{} of {} people, as of {}", rows.len(), chosen.len(), snapshot.sealed_at());
    }
    match answer.found.unknown.len() {
        0 => {}
        1 => eprintln!("Of 1 more person it cannot be told, because something about them is not known."),
        unknown => eprintln!("Of {unknown} more people it cannot be told, because something about them is not known."),
    }
    Ok(Exit::Done)
}

fn cells(snapshot: &Snapshot, account: Ordinal) -> Option<Vec<String>> {
    let row = snapshot.account_row(account)?;
    let last = match export::last_active(snapshot, account) {
        LastActive::At(at) => at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string(),
        LastActive::Never => "never".to_owned(),
        LastActive::Unknown => "unknown".to_owned(),
    };
    Some(vec![
        row.name.to_owned(),
        row.email.unwrap_or("hidden").to_owned(),
        export::status(snapshot, account).to_owned(),
        snapshot.memberships().of(account).len().to_string(),
        last,
        row.id.to_owned(),
    ])
}
