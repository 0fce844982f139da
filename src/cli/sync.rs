//! `rollcall sync`: reads the organization now. With a running server the work is handed to it over the socket in the
//! data folder; without one this process does it.

use clap::Args;
use clock::Clock;

use crate::cli::follow::{Display, follow, look};
use crate::cli::open::{self, Locked};
use crate::cli::{Exit, Place, socket};
use crate::config::Config;
use crate::id::RunId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::nouns::run::RunKind;
use crate::store::error::StoreError;
use crate::sync::request::{self, Ask, Asked};
use crate::sync::worker::{Worked, work_once};

/// `rollcall sync`
#[derive(Args, Debug)]
pub struct Sync {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
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
    let exit = carry_out(&opened, &mirror).await.map_err(failed);
    opened.mirrors.close().await;
    exit
}

async fn carry_out(opened: &open::Opened, mirror: &Mirror) -> Result<Exit, StoreError> {
    let clock = &opened.surroundings.clock;
    let context = Context { actor: Actor::CommandLine, now: clock.now() };
    let kind = if mirror.current().generation() == 0 { RunKind::Initial } else { RunKind::Manual };
    let run =
        match request::start(&context, mirror, Ask::everything(kind), (None, &opened.surroundings.entropy)).await? {
            Asked::Queued(run) => run,
            Asked::Held(held) => {
                eprintln!("Run {} was not finished; it goes on where it stood.", held.number);
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
    let answer = socket::ask(&config.data, "sync").await?;
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
