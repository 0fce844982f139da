//! A request of a signed-in administrator to the pages of an organization: one snapshot for the whole page, the reader's
//! time zone, and what has to be said about the data before anything else.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use directory::{Claim, ClaimState, Snapshot};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::mirror::Mirror;
use crate::nouns::organization_key::OrganizationKey;
use crate::nouns::run::{Run, RunState};
use crate::nouns::schedule::DailySlot;
use crate::store::{coverage, organization_keys, runs};
use crate::sync::{attention, schedule};
use crate::web::Served;
use crate::web::entry::Entered;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::ui::address::Address;
use crate::web::ui::frame::{Frame, Motion, Place};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::ui::{amount, words};
use crate::web::{settings_key, settings_left_out, settings_sync, site};

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
}

/// Older data is called stale (rulings, Everywhere).
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(26);

impl FromRequestParts<Served> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, served: &Served) -> Result<Visit, Response> {
        let entered = Entered::from_request_parts(parts, served).await?;
        let Some(mirror) = served.mirrors.only() else { return Err(see("/setup/organization")) };
        let reader = Reader::new(&mirror.organization().time_zone, entered.context.now);
        let now = reader.now;
        let waiting = mirror.store().read(move |tx| attention::count(tx, now)).await;
        let waiting = waiting.map_err(|error| Failure::from(error).into_response())?;
        let snapshot = mirror.shown();
        let site = site::kept(&parts.headers, &snapshot);
        let here = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Visit { entered, snapshot, mirror, reader, waiting, site, here })
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
            motion: Motion::Still,
            site: follows.then(|| site::selector(&self.snapshot, site, &self.here)),
        }
    }

    /// The newest run and the gaps of the generation that is shown.
    pub(crate) async fn state(&self) -> Result<State, Failure> {
        let generation = self.snapshot.generation();
        let (newest, claims, key, schedule) = self
            .mirror
            .store()
            .read(move |tx| {
                let newest = runs::list(tx, None, 1)?.pop();
                let claims = coverage::of_generation(tx, generation)?;
                Ok((newest, claims, organization_keys::shown(tx)?, schedule::read(tx)?))
            })
            .await?;
        let gaps = claims.into_iter().filter(|claim| claim.state != ClaimState::Complete).collect();
        Ok(State { newest, gaps, key, daily_off: schedule.slot == DailySlot::Off })
    }
}

/// When people were last read completely: the age of the page. The oldest directory counts.
pub(crate) fn read_at(snapshot: &Snapshot) -> Option<Timestamp> {
    snapshot.people_read_at().or_else(|| (snapshot.generation() > 0).then(|| snapshot.sealed_at()))
}

/// Whether people were last read too long ago.
fn is_stale(snapshot: &Snapshot, reader: &Reader) -> bool {
    read_at(snapshot).is_some_and(|at| reader.now.duration_since(at) > STALE_AFTER)
}

impl State {
    /// What has to be said about the data before it is shown; nothing when it is young and whole.
    pub(crate) fn notices(&self, snapshot: &Snapshot, reader: &Reader) -> Markup {
        let age = read_at(snapshot);
        let stale = is_stale(snapshot, reader);
        let failed = self.newest.as_ref().filter(|run| run.state == RunState::Failed);
        let waiting = self.newest.as_ref().filter(|run| run.state == RunState::Waiting);
        html! {
            @if let Some(key) = &self.key { (settings_key::validity_notice(key, reader, true)) }
            @if self.daily_off {
                (notice(Weight::Warning, "The daily sync is off.", html! {
                    p { "Nothing is read but what somebody starts. " a href=(settings_sync::HERE) { "Choose a slot" } }
                }))
            }
            @if let Some((run, waiting)) = waiting.and_then(|run| Some((run, run.waiting.as_ref()?))) {
                (notice(Weight::Warning, "The sync waits.", html! {
                    p { (waiting.reason) " It goes on by itself " (reader.relative(waiting.until)) "." }
                    p { a href=(run_address(run)) { "Sync run " (run.number) } " · " a href=(settings_key::HERE) { "Organization API Key" } }
                }))
            }
            @if let Some(run) = failed {
                (notice(Weight::Failure, "The last sync did not end well.", html! {
                    @if let Some(failure) = &run.failure { p { (failure) } }
                    p { "What is shown is the state before it. " a href=(run_address(run)) { "Sync run " (run.number) } }
                }))
            } @else if stale {
                (notice(Weight::Warning, "This data is more than 26 hours old.", html! {
                    p { @if let Some(at) = age { "People were last read " (reader.relative(at)) ". " }
                        "Start a sync under " a href="/runs" { "Sync Runs" } "." }
                }))
            }
            @if !self.gaps.is_empty() {
                (notice(Weight::Warning, "Not everything could be read in the last sync.", html! {
                    p { "Nothing was taken for gone because of it; what was read before is still shown." }
                    (gaps(&self.gaps, snapshot))
                }))
            }
            (settings_left_out::hint(snapshot))
        }
    }
}

/// The address of a run's page.
pub(crate) fn run_address(run: &Run) -> Address {
    Address::new("/runs").below(run.id.as_str())
}

/// The first gaps as a list.
pub(crate) fn gaps(gaps: &[Claim], snapshot: &Snapshot) -> Markup {
    const SHOWN: usize = 5;
    html! {
        ul {
            @for claim in gaps.iter().take(SHOWN) {
                li {
                    (words::noun(claim.noun)) ", " bdi { (words::part(&claim.part, snapshot)) } ": "
                    @match &claim.reason {
                        Some(reason) => { (reason) }
                        None => { (words::claim_state(claim.state).to_lowercase()) }
                    }
                }
            }
            @if gaps.len() > SHOWN {
                li { "and " (amount::counted((gaps.len() - SHOWN) as u64, "more", "more")) }
            }
        }
    }
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
