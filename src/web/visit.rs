//! A request of a signed-in administrator to the pages of an organization: one snapshot for the whole page, the reader's
//! time zone, and what has to be said about the data before anything else.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use directory::{Claim, ClaimState, Snapshot};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::contacts;
use crate::feeds;
use crate::id::Entropy;
use crate::mirror::{Mirror, preferences};
use crate::nouns::organization_key::OrganizationKey;
use crate::nouns::run::Run;
use crate::nouns::schedule::DailySlot;
use crate::operations::control::{self, StoppedBy};
use crate::reports;
use crate::store::{coverage, head, organization_keys, runs};
use crate::sync::schedule;
use crate::sync::trouble::{self, Trouble};
use crate::tasks::attention;
use crate::web::Served;
use crate::web::entry::Entered;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Frame, Motion, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::empty;
use crate::web::{operations, site};

/// A signed-in administrator before an organization.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Who, and for verbs.
    pub(crate) entered: Entered,
    /// The organization.
    pub(crate) mirror: Mirror,
    /// Everything on the page is of this one generation.
    pub(crate) snapshot: Arc<Snapshot>,
    /// From where and when it is read.
    pub(crate) reader: Reader,
    /// How many things wait for a person.
    pub(crate) waiting: u64,
    /// The site that was chosen last; `None` for all of them.
    pub(crate) site: Option<String>,
    /// The address that is visited.
    pub(crate) here: String,
    /// Whether somebody has stopped everything, and who.
    pub(crate) stopped: bool,
    pub(crate) stopped_by: Option<StoppedBy>,
    /// Chance, for verbs.
    pub(crate) entropy: Entropy,
}

/// What is known about the state of the data besides the snapshot.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The newest run.
    pub(crate) newest: Option<Run>,
    /// What the snapshot's generation did not read completely.
    pub(crate) gaps: Vec<Claim>,
    /// The key in use.
    pub(crate) key: Option<OrganizationKey>,
    /// Whether somebody has switched the daily sync off.
    pub(crate) daily_off: bool,
    /// What explains best why data is old or a sync did not end well.
    pub(crate) trouble: Option<Trouble>,
}

/// Older data is called stale (rulings, Everywhere).
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(26);

impl FromRequestParts<Served> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, served: &Served) -> Result<Visit, Response> {
        let entered = Entered::from_request_parts(parts, served).await?;
        let Some(mirror) = served.mirrors.only() else { return Err(see("/setup/organization")) };
        let (now, who) = (entered.context.now, entered.who.administrator.clone());
        let (snapshot, shown, zone) = (mirror.shown(), mirror.shown(), mirror.zone());
        let read = mirror.store().read(move |tx| {
            let stopped = (head::read(tx)?.stopped, control::stopped_by(tx)?);
            let waiting = attention::count(tx, &shown, now)? + feeds::attention::count(tx, (now, &zone))?;
            let waiting = waiting + contacts::attention::count(tx)? + reports::attention::count(tx)?;
            Ok((waiting, preferences::moments(tx, &who)?, stopped))
        });
        let (waiting, likes, (stopped, stopped_by)) =
            read.await.map_err(|error| Failure::from(error).into_response())?;
        let reader = Reader::new(&mirror.organization().time_zone, now).who_likes(&likes);
        let site = site::kept(&parts.headers, &snapshot);
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let entropy = served.entropy.clone();
        Ok(Visit { entered, snapshot, mirror, reader, waiting, site, here, stopped, stopped_by, entropy })
    }
}

impl Visit {
    /// The frame of a page.
    pub(crate) fn frame<'a>(&'a self, title: &'a str, place: Place) -> Frame<'a> {
        self.frame_of(title, place, self.site.as_deref())
    }

    /// The frame of a page that shows one site, or all of them.
    pub(crate) fn frame_of<'a>(&'a self, title: &'a str, place: Place, site: Option<&str>) -> Frame<'a> {
        // No other page is narrowed to a site, so none says that it were.
        let follows = matches!(place, Place::Dashboard | Place::UserBrowser);
        let shown = (0..).zip(self.snapshot.resources()).filter(|(place, _)| !self.snapshot.is_left_out(*place));
        let mut sites: Vec<&str> = shown.map(|(_, resource)| resource.id.site()).collect();
        sites.sort_unstable();
        sites.dedup();
        Frame {
            title,
            place,
            organization: &self.mirror.organization().name,
            sites: sites.len(),
            username: &self.entered.who.username,
            age: read_at(&self.snapshot).map(|at| self.reader.relative(at)),
            stale: is_stale(&self.snapshot, &self.reader),
            waiting: self.waiting,
            stopped: self.stopped.then(|| operations::stop::told(self.stopped_by.as_ref(), &self.reader)),
            motion: Motion::Still,
            site: follows.then(|| site::selector(&self.snapshot, site, &self.here)),
        }
    }

    /// The newest run and the gaps of the generation that is shown.
    pub(crate) async fn state(&self) -> Result<State, Failure> {
        let generation = self.snapshot.generation();
        let now = self.reader.now;
        let (newest, claims, key, schedule, trouble) = self
            .mirror
            .store()
            .read(move |tx| {
                let newest = runs::list(tx, None, 1)?.pop();
                let claims = coverage::of_generation(tx, generation)?;
                Ok((newest, claims, organization_keys::shown(tx)?, schedule::read(tx)?, trouble::cause(tx, now)?))
            })
            .await?;
        let gaps = claims.into_iter().filter(|claim| claim.state != ClaimState::Complete).collect();
        Ok(State { newest, gaps, key, daily_off: schedule.slot == DailySlot::Off, trouble })
    }
}

/// When people were last read completely: the age of the page. The oldest directory counts.
pub(crate) fn read_at(snapshot: &Snapshot) -> Option<Timestamp> {
    snapshot.people_read_at().or_else(|| (snapshot.generation() > 0).then(|| snapshot.sealed_at()))
}

/// Whether people were last read too long ago.
pub(crate) fn is_stale(snapshot: &Snapshot, reader: &Reader) -> bool {
    read_at(snapshot).is_some_and(|at| reader.now.duration_since(at) > STALE_AFTER)
}

/// The address of a run's page.
pub(crate) fn run_address(run: &Run) -> Address {
    Address::new("/runs").below(run.id.as_str())
}

/// What stands in place of a list before the first generation is sealed.
pub(crate) fn first_use(newest: Option<&Run>) -> Markup {
    match newest {
        Some(run) if !run.state.is_over() => empty(
            "The first sync is still running.",
            html! {
                p { "People and groups appear here as soon as it is sealed; half a sync is never shown." }
                p { a.button href="/setup/progress" { "See its progress" } }
            },
        ),
        _ => empty(
            "Nothing has been read yet.",
            html! {
                p { "The first sync has not ended well, or has not been started." }
                p { a.button href="/setup/progress" { "Go to the first sync" } }
            },
        ),
    }
}
