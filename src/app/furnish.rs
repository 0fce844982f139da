//! What administrators would have left behind in the demo's months: filters that everybody finds, prices of seats, and reports.
//! It says nothing about people; whom the filters find comes from the syncs.

use jiff::civil::{Time, Weekday, time};

use crate::id::AdministratorId;
use crate::mirror::prices::{self, PricedApp};
use crate::mirror::{Mirror, filters};
use crate::nouns::context::{Actor, Context};
use crate::nouns::price::Price;
use crate::nouns::refusal::Refusal;
use crate::nouns::report::{About, ReportDraft, Rhythm};
use crate::nouns::saved_filter::{Audience, Name};
use crate::reports::keep;
use crate::sync::pass::Surroundings;

const FILTERS: &[(&str, &str, &str)] = &[
    (
        "Confluence seats to free",
        "Holds a Confluence seat that was not used for 90 days. Reviewed on the first Monday of each month.",
        "seat = confluence AND (inactiveFor(confluence) >= 90d OR neverActive(confluence) = yes)",
    ),
    (
        "Jira, never used",
        "Has a Jira seat since a month or longer and never opened Jira. Ask the team before taking it back.",
        "seat = jira AND neverActive(jira) = yes AND added < -30d",
    ),
    (
        "External people with seats",
        "Partners whose accounts we do not manage, and who take a seat of any app.",
        "claim = external AND seats > 0",
    ),
    (
        "Left, and still in groups",
        "Deactivated people with memberships: they take no seat, and would get all of it back when restored.",
        "status = deactivated AND groupCount > 0",
    ),
    (
        "Two-step verification missing",
        "Managed and active without two-step verification.",
        "status = active AND claim = managed AND mfa = no",
    ),
    ("Joined in the last 30 days", "For the welcome round.", "added >= -30d"),
];

/// Prices a month, in thousandths of a dollar; the second site has its own for Jira.
const PRICES: &[(&str, &str)] = &[
    ("jira-software", "7.91"),
    ("confluence", "5.42"),
    ("jira-servicedesk", "19.04"),
    ("bitbucket", "3.65"),
    ("compass", "7.25"),
    ("jira-product-discovery", "10"),
];

/// Who gets the reports.
const READERS: &str = "it-operations@demo.example";
/// When they go out.
const MORNING: Time = time(7, 0, 0, 0);

/// Saves the filters, enters the prices and schedules two reports.
pub(super) async fn furnish(mirror: &Mirror, surroundings: &Surroundings) -> Result<(), Refusal> {
    let (now, entropy) = (surroundings.clock.now(), &surroundings.entropy);
    let actor =
        Actor::Administrator { id: AdministratorId::new(entropy, now), username: "demo".to_owned(), source: None };
    let context = Context { actor, now };
    let snapshot = mirror.current();
    let mut reported = vec![("Seats, month by month", About::Dashboard, Rhythm::Monthly(1))];
    for (name, description, text) in FILTERS {
        let kept = filters::kept(&snapshot, (name, description), text, Audience::Everybody).map_err(unfurnished)?;
        let saved = filters::save(&context, mirror, kept, entropy).await.map_err(unfurnished)?;
        if reported.len() == 1 {
            reported.push((*name, About::Filter(saved.id), Rhythm::Weekly(Weekday::Monday)));
        }
    }
    for (name, about, rhythm) in reported {
        let draft = ReportDraft {
            name: Name::parse(name).map_err(unfurnished)?,
            about,
            recipients: vec![READERS.to_owned()],
            rhythm,
            time: MORNING,
            zone: mirror.organization().time_zone.clone(),
            active: true,
        };
        keep::create(&context, mirror, draft, entropy).await.map_err(unfurnished)?;
    }
    let has = |app: &str, site: Option<&str>| {
        snapshot.resources().iter().any(|one| one.id.owner() == app && site.is_none_or(|site| one.id.site() == site))
    };
    for (app, amount) in PRICES.iter().filter(|(app, _)| has(app, None)) {
        let price = Price::parse(amount, "USD").map_err(unfurnished)?;
        let priced = PricedApp { app: (*app).to_owned(), site: None };
        prices::enter(&context, mirror, (priced, price), entropy).await.map_err(unfurnished)?;
    }
    let jira = snapshot.resources().iter().filter(|resource| resource.id.owner() == "jira-software").nth(1);
    if let Some(second) = jira {
        let price = Price::parse("8.6", "USD").map_err(unfurnished)?;
        let priced = PricedApp { app: "jira-software".to_owned(), site: Some(second.id.site().to_owned()) };
        prices::enter(&context, mirror, (priced, price), entropy).await.map_err(unfurnished)?;
    }
    Ok(())
}

fn unfurnished(error: impl std::fmt::Display) -> Refusal {
    let next = "Start it again, or with `--past 0` for one without a past.";
    Refusal::new("The demo was not started.", format!("Its filters, prices and reports were not kept: {error}."), next)
}
