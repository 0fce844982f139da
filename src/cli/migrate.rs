//! `rollcall migrate`: brings control and every organization to this version's schema, each in one transaction.

use clap::Args;
use clock::Clock;

use crate::cli::open::{self, Locked};
use crate::cli::{Exit, Place};
use crate::config::Config;
use crate::nouns::refusal::Refusal;

/// `rollcall migrate`
#[derive(Args, Debug)]
pub struct Migrate {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// Runs the command.
pub async fn run(migrate: &Migrate) -> Result<Exit, Refusal> {
    let config = Config::read(migrate.place.flags())?;
    let opened = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            eprintln!("Another process holds the data folder. Stop it, then migrate.");
            return Ok(Exit::Held);
        }
    };
    println!("control: schema {}", schema_of(opened.mirrors.control()).await?);
    for mirror in opened.mirrors.all() {
        println!("{}: schema {}", mirror.organization().name, schema_of(mirror.store()).await?);
    }
    opened.mirrors.close().await;
    Ok(Exit::Done)
}

async fn schema_of(store: &crate::store::db::Store) -> Result<i64, Refusal> {
    store.schema_number().await.map_err(|error| {
        Refusal::new("The schema is not known.", format!("The database failed: {error}."), "Run `rollcall doctor`.")
    })
}
