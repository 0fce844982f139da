//! The edition as a setting, its home site, and where the organization stands: judged at each sealed full sync. It refuses
//! operations and tasks after the grace period; syncs, pages and data never.

use directory::Snapshot;
use directory::tiles::{self, Asked, Threshold};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::edition::{Edition, Standing, Usage};
use crate::nouns::event::NewEvent;
use crate::nouns::notice::{Notice, What};
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;
use crate::store::{events, head, outbox};
use crate::sync::setting;

const EDITION: &str = "edition";
const HOME: &str = "home_site";
const JUDGED: &str = "edition_judged";

/// A site that may be the home site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomeSite {
    /// Its cloud id.
    pub id: String,
    /// Its short name.
    pub name: String,
    /// Distinct people with a billable seat there.
    pub people: u64,
}

/// The edition in force and where the organization stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The edition.
    pub edition: Edition,
    /// Who chose it, and when; nobody has when it is the default.
    pub chosen: Option<(String, Timestamp)>,
    /// The cloud id of the home site that was chosen; the proposed one while none was.
    pub home: Option<String>,
    /// What was counted last.
    pub usage: Option<Usage>,
    /// Since when it is over the limit.
    pub over_since: Option<Timestamp>,
}

impl Held {
    /// Where the organization stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        Standing::of(self.edition, self.over_since, now)
    }
}

/// The grace period is over: nothing may be changed at Atlassian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraceOver {
    /// When it ended.
    pub at: Timestamp,
    /// The edition that would suffice.
    pub sufficient: Edition,
}

impl GraceOver {
    /// What a person is told.
    pub fn refusal(&self, what: impl Into<String>) -> Refusal {
        Refusal::new(
            what,
            format!("The grace period of Rollcall's edition ended on {}.", self.at.strftime("%Y-%m-%d")),
            format!("Choose {} in Settings, Edition; it would suffice.", named(self.sufficient)),
        )
    }
}

/// An edition in a sentence.
pub fn named(edition: Edition) -> String {
    match edition {
        Edition::Custom(people) => format!("the Custom edition for {people} people"),
        other => format!("the {} edition", other.name()),
    }
}

/// The sum of an edition: `100 billable x 2 = 200, managed 187`.
pub fn sum(edition: Edition, usage: Usage) -> String {
    let managed = usage.managed;
    match (edition, usage.home) {
        (Edition::Unlimited, _) => format!("no limit, managed {managed}"),
        (Edition::Custom(most), _) => format!("{most} by agreement, managed {managed}"),
        (_, None) => format!("no home site, managed {managed}"),
        (edition, Some(home)) => {
            let times = edition.multiplier().unwrap_or(1);
            format!("{home} billable x {times} = {}, managed {managed}", home * times)
        }
    }
}

/// Reads the edition.
pub fn read(tx: &mut Tx) -> Result<Held, StoreError> {
    let chosen = settings::find(tx, EDITION)?;
    let home = settings::find(tx, HOME)?.map(|setting| setting.value);
    let judged = judged(tx)?;
    Ok(Held {
        edition: chosen.as_ref().and_then(|setting| Edition::parse(&setting.value)).unwrap_or_default(),
        chosen: chosen.map(|setting| (setting.changed_by, setting.changed_at)),
        home,
        usage: judged.map(|judged| judged.usage),
        over_since: judged.and_then(|judged| judged.over_since),
    })
}

/// What was judged last.
#[derive(Clone, Copy, Debug)]
struct Judged {
    usage: Usage,
    over_since: Option<Timestamp>,
    level: Level,
}

/// How much of the capacity is used, by what is told of it. Coming to a higher one is told, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Within,
    Near,
    Over,
}

/// Whether operations and tasks may act: the grace period is not over.
///
/// # Errors
/// The database failed.
pub fn may_act(tx: &mut Tx, now: Timestamp) -> Result<Result<(), GraceOver>, StoreError> {
    let held = read(tx)?;
    Ok(match held.standing(now) {
        Standing::Ended { at, .. } => {
            Err(GraceOver { at, sufficient: Edition::sufficient(held.usage.unwrap_or_default()) })
        }
        Standing::Within | Standing::Grace { .. } => Ok(()),
    })
}

/// The Jira sites, the one with most billable people first: that is the one proposed as home site.
pub fn homes(snapshot: &Snapshot) -> Vec<HomeSite> {
    let jira = |owner: &str| owner.starts_with("jira");
    let mut homes: Vec<HomeSite> = Vec::new();
    for resource in snapshot.resources().iter().filter(|resource| jira(resource.id.owner())) {
        let id = resource.id.site();
        if homes.iter().all(|home| home.id != id) {
            let people = people(snapshot, Some(id));
            homes.push(HomeSite { id: id.to_owned(), name: resource.site_name().to_owned(), people });
        }
    }
    homes.sort_by(|a, b| b.people.cmp(&a.people).then_with(|| a.name.cmp(&b.name)));
    homes
}

/// Chooses the edition and the home site, and judges anew.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    (edition, home): (Edition, Option<String>),
    entropy: &Entropy,
) -> Result<(), StoreError> {
    setting::choose(context, mirror, (EDITION, edition.to_text()), entropy).await?;
    if let Some(home) = home {
        setting::choose(context, mirror, (HOME, home), entropy).await?;
    }
    judge(mirror, context.now, entropy).await
}

/// Judges the organization by the snapshot in force. To be called when a full sync was sealed; going over the limit and
/// coming back below it is recorded once each, and coming near it and going over it is told outside once each.
pub async fn judge(mirror: &Mirror, now: Timestamp, entropy: &Entropy) -> Result<(), StoreError> {
    let (snapshot, entropy) = (mirror.current(), entropy.clone());
    if snapshot.generation() == 0 {
        return Ok(());
    }
    let home = mirror.store().read(read).await?.home;
    let home = home.or_else(|| homes(&snapshot).first().map(|home| home.id.clone()));
    let usage = Usage { managed: people(&snapshot, None), home: home.map(|home| people(&snapshot, Some(&home))) };
    mirror
        .store()
        .write(move |tx| {
            let held = read(tx)?;
            let since = usage.over_since(held.edition, held.over_since, now);
            let near = usage.is_near(held.edition);
            let level = if since.is_some() {
                Level::Over
            } else if near {
                Level::Near
            } else {
                Level::Within
            };
            let before = judged(tx)?.map_or(Level::Within, |judged| judged.level);
            let value = text(Judged { usage, over_since: since, level });
            settings::put(tx, JUDGED, &Setting { value, changed_by: Actor::System.as_text(), changed_at: now })?;
            if since.is_some() != held.over_since.is_some() {
                let kind = if since.is_some() { "edition.exceeded" } else { "edition.within" };
                let detail = serde_json::json!({
                    "edition": held.edition.to_text(),
                    "managed": usage.managed,
                    "home": usage.home,
                    "capacity": held.edition.capacity(usage.home),
                });
                let event = NewEvent {
                    at: now,
                    actor: Actor::System.as_subject(),
                    kind,
                    subject: EDITION.to_owned(),
                    detail: detail.to_string(),
                    personal: String::new(),
                };
                events::append(tx, &event, &entropy.bytes())?;
                head::touch(tx)?;
            }
            let capacity = held.edition.capacity(usage.home);
            if let Some(capacity) = capacity.filter(|_| level > before) {
                let grace_until = match Standing::of(held.edition, since, now) {
                    Standing::Within => None,
                    Standing::Grace { until, .. } | Standing::Ended { at: until, .. } => Some(until),
                };
                let what = What::LicenceLimitNeared { managed: usage.managed, capacity, grace_until };
                outbox::put(tx, &Notice { at: now, what }, &entropy)?;
            }
            Ok(())
        })
        .await
}

/// Distinct people with a billable seat, on one site or anywhere.
fn people(snapshot: &Snapshot, site: Option<&str>) -> u64 {
    let (threshold, zone) = (Threshold::DEFAULT, TimeZone::UTC);
    tiles::tiles(snapshot, site, Asked { threshold, now: snapshot.sealed_at(), zone: &zone }).people
}

fn judged(tx: &mut Tx) -> Result<Option<Judged>, StoreError> {
    Ok(settings::find(tx, JUDGED)?.and_then(|setting| parse(&setting.value)))
}

fn text(judged: Judged) -> String {
    let Judged { usage, over_since, level } = judged;
    let since = over_since.map(Timestamp::as_microsecond);
    let near = level >= Level::Near;
    serde_json::json!({ "managed": usage.managed, "home": usage.home, "over_since": since, "near": near }).to_string()
}

fn parse(text: &str) -> Option<Judged> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let over_since = value["over_since"].as_i64().map(Timestamp::from_microsecond).transpose().ok()?;
    let level = match (over_since, value["near"].as_bool()) {
        (Some(_), _) => Level::Over,
        (None, Some(true)) => Level::Near,
        (None, _) => Level::Within,
    };
    Some(Judged {
        usage: Usage { managed: value["managed"].as_u64()?, home: value["home"].as_u64() },
        over_since,
        level,
    })
}
