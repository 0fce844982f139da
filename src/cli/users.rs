//! `rollcall users`: the people of the newest generation, as a table or JSON.

use clap::{Args, ValueEnum};
use columns::Direction;
use directory::{AccountRow, Ordinal, Snapshot, Status};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::cli::open::to_read;
use crate::cli::table::table;
use crate::cli::{Exit, Place};
use crate::nouns::refusal::Refusal;

/// `rollcall users`
#[derive(Args, Debug)]
pub struct Users {
    /// Only people whose name or e-mail address contains this
    pub search: Option<String>,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// Only people of this status: active, suspended, deactivated, ...
    #[arg(long)]
    pub status: Option<String>,
    /// In this order
    #[arg(long, value_enum, default_value_t = Sort::Name)]
    pub sort: Sort,
    /// The other way round
    #[arg(long)]
    pub descending: bool,
    /// At most so many
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
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
    let snapshot = mirror.current();
    if snapshot.generation() == 0 {
        return Err(Refusal::new(
            "There are no people to show.",
            "The organization was not read yet.",
            "Run `rollcall sync`.",
        ));
    }
    let chosen = choose(&snapshot, users)?;
    let order = match users.sort {
        Sort::Name => snapshot.by_name(),
        Sort::Email => snapshot.by_email(),
        Sort::LastActive => snapshot.by_last_active(),
        Sort::Added => snapshot.by_added(),
    };
    let direction = if users.descending { Direction::Backward } else { Direction::Forward };
    let listed = order.walk(direction).filter(|account| chosen.contains(*account)).take(users.limit);
    let rows: Vec<AccountRow<'_>> = listed.filter_map(|account| snapshot.account_row(account)).collect();
    if users.json {
        for row in &rows {
            println!("{}", json(&snapshot, row));
        }
    } else if rows.is_empty() {
        eprintln!("Nobody matches. {} people are in the mirror.", snapshot.present().len());
    } else {
        let cells: Vec<Vec<String>> = rows.iter().map(|row| cells(&snapshot, row)).collect();
        print!("{}", table(&["name", "email", "status", "groups", "last active", "account id"], &cells));
        eprintln!("{} of {} people, as of {}", rows.len(), chosen.len(), snapshot.sealed_at());
    }
    Ok(Exit::Done)
}

fn choose(snapshot: &Snapshot, users: &Users) -> Result<RoaringBitmap, Refusal> {
    let mut chosen = snapshot.present();
    if let Some(text) = &users.search {
        chosen &= snapshot.search(text);
    }
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

fn status<'a>(row: &AccountRow<'a>) -> &'a str {
    row.presence.and_then(|presence| presence.status.as_ref()).map_or("unknown", Status::as_str)
}

/// When somebody was last active: a day, *never*, or *unknown* when activity was not read.
fn last_active(snapshot: &Snapshot, account: Ordinal) -> String {
    match snapshot.activity().last(account).and_then(|at| Timestamp::from_microsecond(at).ok()) {
        Some(at) => at.strftime("%Y-%m-%d").to_string(),
        None if snapshot.activity().read().contains(account) => "never".to_owned(),
        None => "unknown".to_owned(),
    }
}

fn cells(snapshot: &Snapshot, row: &AccountRow<'_>) -> Vec<String> {
    vec![
        row.name.to_owned(),
        row.email.unwrap_or("hidden").to_owned(),
        status(row).to_owned(),
        snapshot.memberships().of(row.ordinal).len().to_string(),
        last_active(snapshot, row.ordinal),
        row.id.to_owned(),
    ]
}

fn json(snapshot: &Snapshot, row: &AccountRow<'_>) -> serde_json::Value {
    let groups: Vec<&str> = (snapshot.memberships().of(row.ordinal).iter())
        .filter_map(|group| snapshot.group_row(*group)?.group.as_ref().map(|group| &*group.name))
        .collect();
    let resource = |resource: Ordinal| snapshot.resources().get(resource as usize).map(|resource| resource.id.as_str());
    let activity: serde_json::Map<String, serde_json::Value> = (snapshot.activity().of(row.ordinal).iter())
        .filter_map(|entry| {
            let at = Timestamp::from_microsecond(entry.at).ok()?;
            Some((resource(entry.resource)?.to_owned(), at.to_string().into()))
        })
        .collect();
    serde_json::json!({
        "account_id": row.id,
        "name": row.name,
        "email": row.email,
        "status": row.presence.and_then(|presence| presence.status.as_ref()).map(Status::as_str),
        "account_status": row.account_status.map(|status| status.as_str()),
        "claim": row.claimed.map(|claimed| claimed.as_str()),
        "platform_roles": snapshot.roles_of(row.ordinal).iter().map(|role| role.as_str().to_owned()).collect::<Vec<_>>(),
        "groups": groups,
        "last_active": activity,
        "activity_read": snapshot.activity().read().contains(row.ordinal),
        "added_at": row.added_at.map(|at| at.to_string()),
        "job_title": row.job_title,
        "department": row.department,
    })
}
