//! `rollcall simulate`: a simulated Atlassian organization on its own, and what is needed to point a client at it.

use std::path::PathBuf;

use clap::Args;
use clock::Clock;
use simulator::{Organization, Population, Scenario};

use crate::cli::Exit;
use crate::cli::ending::Ending;
use crate::nouns::refusal::Refusal;

/// `rollcall simulate`
#[derive(Args, Debug)]
pub struct Simulate {
    /// The port to listen on, on this machine only; 0 for any
    #[arg(long, default_value_t = 8687)]
    pub port: u16,
    /// People in the organization
    #[arg(long, default_value_t = 2_000, conflicts_with = "scenario", value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub users: u32,
    /// The seed it is made from: the same seed makes the same people
    #[arg(long, default_value_t = 1, conflicts_with = "scenario")]
    pub seed: u64,
    /// A scenario: population, limits, faults, changes (docs/simulator.md)
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
}

/// Runs the command until Ctrl-C.
pub async fn run(simulate: &Simulate) -> Result<Exit, Refusal> {
    let clock = Clock::system();
    let population = Population { users: simulate.users, seed: simulate.seed, ..Population::default() };
    let (population, options) = match &simulate.scenario {
        None => (population, simulator::Options::default()),
        Some(file) => {
            let refused = |why: String| {
                Refusal::new("The simulator was not started.", why, "docs/simulator.md describes scenario files.")
            };
            let text = std::fs::read_to_string(file)
                .map_err(|error| refused(format!("{} cannot be read: {error}.", file.display())))?;
            let scenario =
                Scenario::from_json(&text).map_err(|error| refused(format!("{}: {error}", file.display())))?;
            (scenario.population.clone(), scenario.options())
        }
    };
    let organization = Organization::populate(&population, clock.now());
    let options = simulator::Options { clock, port: simulate.port, own_site_addresses: true, ..options };
    let simulator = simulator::start(organization, options).await.map_err(|error| {
        Refusal::new(
            "The simulator was not started.",
            format!("Port {} cannot be used: {error}.", simulate.port),
            "Name another with --port.",
        )
    })?;
    let mut ending = Ending::watch()?;
    println!("organization  {} ({})", simulator.organization_id(), simulator.organization_name());
    println!("api           {}", simulator.base_url());
    println!("api key       {}", simulator.api_key());
    for site in simulator.sites() {
        println!("site          {} ({}), user {}, token {}", site.url, site.name, site.user, site.token);
        println!("              token with scopes {}", site.scoped_token);
    }
    for (directory, key) in simulator.read(Organization::scim_keys) {
        println!("directory     {directory}, SCIM key {key}");
    }
    println!("ready");
    ending.told().await;
    simulator.stop().await;
    Ok(Exit::Done)
}
