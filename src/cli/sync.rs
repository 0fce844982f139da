//! `rollcall sync`: reads the organization now. With a running server the work is handed to it over the socket in the
//! data folder; without one this process does it.

use clap::{Args, ValueEnum};
use clock::Clock;
use directory::Snapshot;
use serde::{Deserialize, Serialize};

use crate::cli::follow::{Display, follow, look};
use crate::cli::open::{self, Locked};
use crate::cli::{Exit, Place, socket};
use crate::config::Config;
use crate::id::RunId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::nouns::scope::Ticks;
use crate::store::error::StoreError;
use crate::sync::manual;
use crate::sync::request::{self, Ask, Asked};
use crate::sync::worker::{Worked, work_once};

/// `rollcall sync`
#[derive(Args, Debug)]
pub struct Sync {
    /// What to read, instead of everything: users, last-active, groups; several with commas.
    #[arg(long, value_delimiter = ',', value_name = "WHAT")]
    pub scope: Vec<What>,
    /// Of all users, only those with a last active date.
    #[arg(long)]
    pub only_active: bool,
    /// A group whose members to read, by name or id. May be given several times.
    #[arg(long = "group", value_name = "NAME")]
    pub groups: Vec<String>,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// What a sync may be confined to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Name, e-mail, account status. Only this may find that people are gone.
    Users,
    /// Last active dates, all apps.
    LastActive,
    /// Definitions of groups, what they grant, memberships. Only this may find that groups are gone.
    Groups,
}

/// What was asked for, as it is handed to a running server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    scope: Vec<What>,
    only_active: bool,
    groups: Vec<String>,
}

impl Wanted {
    /// The run that is wanted: everything, when nothing narrower was named.
    ///
    /// # Errors
    /// A group that is not known, or nothing to read.
    pub(crate) fn ask(self, snapshot: &Snapshot) -> Result<Ask, Refusal> {
        if snapshot.generation() == 0 {
            return manual::ask(snapshot, None);
        }
        if self.scope.is_empty() && self.groups.is_empty() {
            return match self.only_active {
                false => manual::ask(snapshot, None),
                true => Err(Refusal::new(
                    "Nothing was synced.",
                    "--only-active is about all users, and they are not asked for.",
                    "Add --scope users.",
                )),
            };
        }
        let named = manual::groups_named(snapshot, &self.groups)?;
        let ticks = Ticks {
            all_users: self.scope.contains(&What::Users),
            only_with_activity: self.only_active,
            last_active: self.scope.contains(&What::LastActive),
            all_groups: self.scope.contains(&What::Groups),
            members_of: (!self.groups.is_empty()).then_some(named),
        };
        manual::ask(snapshot, Some(ticks))
    }
}

/// Runs the command.
pub async fn run(sync: &Sync) -> Result<Exit, Refusal> {
    let config = Config::read(sync.place.flags())?;
    let opened = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => return hand_over(sync, &config).await,
    };
    let Some(mirror) = opened.mirrors.only() else {
        return Err(Refusal::new(
            "Nothing was synced.",
            "No organization is connected.",
            "Start `rollcall serve` and enter its API key on the page it prints.",
        ));
    };
    let exit = match sync.wanted().ask(&mirror.current()) {
        Ok(ask) => carry_out(&opened, &mirror, ask).await.map_err(failed),
        Err(refusal) => Err(refusal),
    };
    opened.mirrors.close().await;
    exit
}

impl Sync {
    fn wanted(&self) -> Wanted {
        Wanted { scope: self.scope.clone(), only_active: self.only_active, groups: self.groups.clone() }
    }
}

async fn carry_out(opened: &open::Opened, mirror: &Mirror, ask: Ask) -> Result<Exit, StoreError> {
    let clock = &opened.surroundings.clock;
    let context = Context { actor: Actor::CommandLine, now: clock.now() };
    let run = match request::start(&context, mirror, ask, (None, &opened.surroundings.entropy)).await? {
        Asked::Queued(run) => run,
        Asked::Held(held) => {
            eprintln!("Run {} was not finished; it goes on where it stood. Nothing else was started.", held.number);
            held.id
        }
    };
    let mut display = Display::new();
    let working = async {
        loop {
            if let Worked::Idle = work_once(mirror, &opened.connector, &opened.surroundings).await? {
                clock.sleep(std::time::Duration::from_millis(200)).await;
            }
        }
    };
    tokio::select! {
        exit = follow(mirror, &run, clock, &mut display) => exit,
        failed = working => failed,
    }
}

async fn hand_over(sync: &Sync, config: &Config) -> Result<Exit, Refusal> {
    let wanted = serde_json::to_string(&sync.wanted()).unwrap_or_default();
    let answer = socket::ask(&config.data, &format!("sync {wanted}")).await?;
    let Some(run) = RunId::parse(&answer) else {
        return Err(Refusal::new("Nothing was synced.", answer, "Look at the run that holds the place."));
    };
    let mirrors = open::to_read(&sync.place).await?;
    let Some(mirror) = mirrors.only() else {
        return Err(Refusal::new(
            "Nothing was synced.",
            "No organization is connected.",
            "Enter its API key on the pages.",
        ));
    };
    let mut display = Display::new();
    let clock = Clock::system();
    loop {
        if let Some(exit) = look(&mirror, &run, &clock, &mut display).await.map_err(failed)? {
            return Ok(exit);
        }
        clock.sleep(std::time::Duration::from_millis(200)).await;
    }
}

fn failed(error: StoreError) -> Refusal {
    Refusal::new(
        "The sync broke off.",
        format!("The database failed: {error}."),
        "Run `rollcall doctor`, then sync again.",
    )
}
