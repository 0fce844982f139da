//! The demo's past: months of a simulated organization, lived through in virtual time before the pages open. Every day
//! that is shown was read by a sync of that day over HTTP, sealed like any other; nothing is written beside the syncs.

use std::time::Duration;

use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use simulator::{Organization, Population, Season};

use crate::app::receiver::Receiver;
use crate::app::{acted, connect, fed, furnish, related, subscribed, tasked};
use crate::cli::open::{self, Locked, Opened};
use crate::config::Config;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::nouns::run::RunKind;
use crate::nouns::schedule::DailySlot;
use crate::store::error::StoreError;
use crate::sync::request::{self, Ask};
use crate::sync::schedule;
use crate::sync::worker::{Worked, work_once};

/// People times syncs that make up a past which is lived through in a few seconds.
const AFFORDABLE: u64 = 400_000;
/// The longest past that is lived through where nobody says otherwise.
const USUAL_DAYS: u32 = 182;
/// Between the last sync of the past and the present: the past must have ended before the present begins.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);
/// How often a run is taken up again before the demo gives up.
const MOST_STEPS: u32 = 200;

/// A past to live through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// So many days before the present it begins.
    pub days: u32,
    /// From one sync to the next, in days.
    pub every: u32,
}

/// Where a kept demo remembers when its organization began, so that the next start makes the same one.
const BEGAN: &str = "demo-began";

/// An organization that has arrived in the present.
#[derive(Debug)]
pub struct Arrived {
    /// The organization as it is now.
    pub organization: Organization,
    /// The port under which its mirror knows it.
    pub port: u16,
}

impl Past {
    /// The past of an organization of so many people. The larger it is, the fewer syncs fit into the same time: beyond
    /// a size there is none.
    pub fn of(users: u32, days: Option<u32>) -> Past {
        let days = days.unwrap_or(USUAL_DAYS);
        let syncs = (AFFORDABLE / u64::from(users.max(1))).max(1);
        let every = u64::from(days).div_ceil(syncs).max(1);
        match u32::try_from(every) {
            // With less than three syncs there is nothing to look back on.
            Ok(every) if every * 3 <= days => Past { days, every },
            _ => Past { days: 0, every: 1 },
        }
    }
}

/// Lives through a past that ends now, in the installation that the demo opens afterwards.
///
/// # Errors
/// The simulator or the installation cannot be opened, or a sync of the past does not end.
pub async fn live(
    config: &Config,
    population: &Population,
    (past, receiver): (Past, &Receiver),
    now: Timestamp,
) -> Result<Arrived, Refusal> {
    let ends = now.saturating_sub(MARGIN).unwrap_or(now);
    let begins = ends.saturating_sub(SignedDuration::from_hours(24 * i64::from(past.days))).unwrap_or(ends);
    std::fs::write(config.data.join(BEGAN), format!("{begins} {}", past.days))
        .map_err(|error| failed(format!("The data folder {} cannot be written: {error}.", config.data.display())))?;
    let clock = Clock::simulated(begins);
    let (organization, mut season) = Season::begin(population, begins, past.days);
    let options = simulator::Options { clock: clock.clone(), own_site_addresses: true, ..Default::default() };
    let simulator = simulator::start(organization, options)
        .await
        .map_err(|error| failed(format!("The simulator cannot listen: {error}.")))?;
    let opened = open::to_act(config, clock.clone()).await.map_err(|locked| match locked {
        Locked::Refused(refusal) => refusal,
        Locked::Elsewhere => failed(format!("Another process holds the data folder {}.", config.data.display())),
    })?;
    connect(&opened, &simulator).await?;
    let mirror = opened.mirrors.only().ok_or_else(|| failed("No organization was connected.".to_owned()))?;
    work_through(&mirror, &opened).await?;
    let mornings = mornings(&mirror, (begins, ends), past.every);
    let tasks_from = mornings.len().saturating_sub(tasked::MORNINGS);
    let nights_from = mornings.len().saturating_sub(fed::NIGHTS);
    for (day, morning) in mornings.into_iter().enumerate() {
        simulator.change(|organization| season.live_until(organization, morning));
        advance_to(&clock, morning);
        let (now, entropy) = (clock.now(), &opened.surroundings.entropy);
        schedule::start_when_due(&mirror, now, entropy).await.map_err(database)?;
        work_through(&mirror, &opened).await?;
        if let Some(night) = day.checked_sub(nights_from) {
            fed::night(&mirror, &opened, night).await?;
        }
        if day == tasks_from {
            // Before anything happens that they would be told of.
            receiver.follow(clock.clone());
            subscribed::subscribe(&mirror, &opened, receiver).await?;
        }
        // Tasks act on data of the day; a past with fewer syncs has none.
        if past.every > 1 || day < tasks_from {
            continue;
        }
        if day == tasks_from {
            tasked::make(&mirror, &opened).await?;
        }
        if ends.duration_since(clock.now()) > tasked::DAY {
            // What tasks change is taken back outside afterwards: a kept demo makes its organization again without them.
            let evening = simulator.read(Clone::clone);
            tasked::live(&mirror, &opened).await?;
            simulator.change(|organization| *organization = evening);
            subscribed::deliver(&mirror, &opened).await?;
        }
    }
    subscribed::deliver(&mirror, &opened).await?;
    acted::act(&mirror, &opened.connector, &opened.surroundings).await?;
    simulator.change(|organization| season.live_until(organization, ends));
    advance_to(&clock, ends);
    let context = Context { actor: Actor::System, now: clock.now() };
    let asked =
        request::start(&context, &mirror, Ask::everything(RunKind::Manual), (None, &opened.surroundings.entropy));
    asked.await.map_err(database)?;
    work_through(&mirror, &opened).await?;
    furnish::furnish(&mirror, &opened.surroundings).await?;
    fed::follow(&mirror, &opened).await?;
    related::relate(&mirror, &opened).await?;
    subscribed::deliver(&mirror, &opened).await?;
    opened.mirrors.close().await;
    let arrived = Arrived { organization: simulator.read(Clone::clone), port: simulator.address().port() };
    simulator.stop().await;
    Ok(arrived)
}

/// The organization of a demo that was kept, as it is by now: the same people, who have lived on.
pub fn again(config: &Config, population: &Population, now: Timestamp) -> Option<Organization> {
    let text = std::fs::read_to_string(config.data.join(BEGAN)).ok()?;
    let (begins, days) = text.trim().split_once(' ')?;
    let (mut organization, mut season) = Season::begin(population, begins.parse().ok()?, days.parse().ok()?);
    season.live_until(&mut organization, now);
    Some(organization)
}

/// A moment within the daily slot of each day that has a sync.
fn mornings(mirror: &Mirror, (begins, ends): (Timestamp, Timestamp), every: u32) -> Vec<Timestamp> {
    let zone = mirror.zone();
    let next = |after: &Timestamp| DailySlot::DEFAULT.next(&zone, *after);
    let slots = std::iter::successors(next(&begins), next).take_while(|slot| *slot < ends);
    slots.step_by(every as usize).collect()
}

fn advance_to(clock: &Clock, moment: Timestamp) {
    let ahead = moment.duration_since(clock.now());
    clock.advance(Duration::try_from(ahead).unwrap_or_default());
}

/// Works until nothing is due, waiting out what a run waits for.
async fn work_through(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    for _ in 0..MOST_STEPS {
        let worked = work_once(mirror, &opened.connector, &opened.surroundings).await.map_err(database)?;
        let Worked::Carried { ended, .. } = worked else { return Ok(()) };
        if ended.is_err() {
            opened.surroundings.clock.advance(Duration::from_secs(60));
        }
    }
    Err(failed("A sync of the past does not end.".to_owned()))
}

fn database(error: StoreError) -> Refusal {
    failed(format!("The database failed: {error}."))
}

fn failed(why: String) -> Refusal {
    Refusal::new("The demo was not started.", why, "Start it again, or with `--past 0` for one without a past.")
}
