//! The stream of hints to live pages: what has moved, never what it is. A page that hears a hint fetches itself again.
//!
//! One look-out per organization that somebody listens to reads its head every second and tells everybody in this
//! process. Streams are few, per session and in all, and end with the session and with the server.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use clock::Clock;
use futures_core::Stream;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::AbortHandle;

use crate::auth::sessions;
use crate::auth::token::Token;
use crate::http;
use crate::id::OrganizationId;
use crate::mirror::Mirror;
use crate::nouns::run::Run;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::head::{self, Head};
use crate::store::runs;
use crate::store::tx::Tx;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::visit::Visit;

/// Where hints are listened to.
pub(crate) const HERE: &str = "/live";
/// How often an organization's head is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a silent stream says that it is there, and whether its session still is.
const BEAT: Duration = Duration::from_secs(15);
/// Streams of one session: browsers open at most six connections to a server, and pages need some of them.
const MOST_PER_SESSION: usize = 4;
/// Streams of this process.
const MOST: usize = 500;
/// Hints that wait for a slow reader; a reader that is slower is told that anything may have moved.
const WAITING: usize = 16;
/// Runs that are looked at: those under way are among the newest.
const RUNS: u32 = 20;

/// Everybody who listens in this process. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Live(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    over: watch::Sender<bool>,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    total: usize,
    sessions: BTreeMap<[u8; 32], usize>,
    organizations: BTreeMap<OrganizationId, LookOut>,
}

#[derive(Debug)]
struct LookOut {
    hints: broadcast::Sender<Hint>,
    listeners: usize,
    looking: AbortHandle,
}

/// What has moved.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hint {
    noun: Noun,
    /// Which one; none when it may be any.
    id: Option<String>,
    generation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noun {
    /// A run.
    Run,
    /// An operation: which one is not told, since what has moved is known by the head alone.
    Operation,
    /// The data: another generation is in force.
    Generation,
}

/// A place among the listeners, given back when it is dropped.
#[derive(Debug)]
struct Listener {
    live: Live,
    session: [u8; 32],
    organization: OrganizationId,
    hints: broadcast::Receiver<Hint>,
    /// The generation in force when it joined a look-out that had looked before: anything may have moved since its page
    /// was made, and no first look will tell.
    joined: Option<u64>,
}

/// There are too many streams already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TooMany;

/// GET /live
pub(crate) async fn listen(
    State(served): State<Served>,
    visit: Visit,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    // Whoever visits has presented a session.
    let Some(token) = http::session(&headers) else { return Err(Failure::Unreadable(StatusCode::BAD_REQUEST)) };
    let Ok(listener) = served.live.take_place(&visit.mirror, token.hash()) else {
        return Err(Failure::Unreadable(StatusCode::TOO_MANY_REQUESTS));
    };
    let (events, stream) = mpsc::channel(WAITING);
    tokio::spawn(tell(listener, (served.control.clone(), token), events));
    // Proxies that collect an answer before they pass it on are asked not to.
    Ok(([("x-accel-buffering", "no")], Sse::new(Events(stream))).into_response())
}

impl Live {
    /// Nobody listens yet.
    pub fn new(clock: Clock) -> Live {
        Live(Arc::new(Inner { clock, over: watch::Sender::new(false), held: Mutex::default() }))
    }

    /// Ends every stream, and lets none begin: the server ends.
    pub fn end(&self) {
        self.0.over.send_replace(true);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place; the first one of an organization starts its look-out.
    fn take_place(&self, mirror: &Mirror, session: [u8; 32]) -> Result<Listener, TooMany> {
        let organization = mirror.organization().id.clone();
        let mut held = self.held();
        let of_session = held.sessions.get(&session).copied().unwrap_or(0);
        if held.total >= MOST || of_session >= MOST_PER_SESSION || *self.0.over.borrow() {
            return Err(TooMany);
        }
        held.total += 1;
        held.sessions.insert(session, of_session + 1);
        // Subscribed before the look-out takes its first look, or that look would be told to nobody.
        let (hints, joined) = match held.organizations.get_mut(&organization) {
            Some(look_out) => {
                look_out.listeners += 1;
                (look_out.hints.subscribe(), Some(mirror.current().generation()))
            }
            None => {
                let (sender, hints) = broadcast::channel(WAITING);
                let looking = tokio::spawn(look_out(mirror.clone(), self.0.clock.clone(), sender.clone()));
                let look_out = LookOut { hints: sender, listeners: 1, looking: looking.abort_handle() };
                held.organizations.insert(organization.clone(), look_out);
                (hints, None)
            }
        };
        Ok(Listener { live: self.clone(), session, organization, hints, joined })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut held = self.live.held();
        held.total -= 1;
        if let Some(streams) = held.sessions.get_mut(&self.session) {
            *streams -= 1;
            if *streams == 0 {
                held.sessions.remove(&self.session);
            }
        }
        if let Some(look_out) = held.organizations.get_mut(&self.organization) {
            look_out.listeners -= 1;
            if look_out.listeners == 0 {
                look_out.looking.abort();
                held.organizations.remove(&self.organization);
            }
        }
    }
}

/// Looks at an organization for as long as somebody listens.
async fn look_out(mirror: Mirror, clock: Clock, hints: broadcast::Sender<Hint>) {
    let mut last: Option<(Head, Vec<Run>)> = None;
    loop {
        let before = last.as_ref().map(|(head, _)| head.clone());
        match mirror.store().read(move |tx| look(tx, before.as_ref())).await {
            Ok(Some((head, runs))) => {
                // Who fetches the page after this hint must find the new generation in force.
                if last.as_ref().is_none_or(|(before, _)| before.generation != head.generation)
                    && let Err(error) = mirror.newest().await
                {
                    tracing::warn!(%error, "live.load");
                }
                for hint in moved(last.as_ref(), (&head, &runs)) {
                    // Nobody listens: the look-out is about to be ended.
                    let _ = hints.send(hint);
                }
                last = Some((head, runs));
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "live.look"),
        }
        clock.sleep(LOOK).await;
    }
}

/// The head and the newest runs, unless nothing has moved since.
fn look(tx: &mut Tx, before: Option<&Head>) -> Result<Option<(Head, Vec<Run>)>, StoreError> {
    let head = head::read(tx)?;
    if before == Some(&head) {
        return Ok(None);
    }
    Ok(Some((head, runs::list(tx, None, RUNS)?)))
}

/// What has moved between two looks. At the first look anything may have moved since the listener's page was made.
fn moved(before: Option<&(Head, Vec<Run>)>, (head, runs): (&Head, &[Run])) -> Vec<Hint> {
    let generation = head.generation;
    let Some((old, known)) = before else { return anything(generation).into() };
    let changed = runs.iter().filter(|run| !known.contains(run));
    let mut hints: Vec<Hint> =
        changed.map(|run| Hint { noun: Noun::Run, id: Some(run.id.to_string()), generation }).collect();
    if (old.progress_seq, old.stopped) != (head.progress_seq, head.stopped) {
        hints.push(Hint { noun: Noun::Operation, id: None, generation });
    }
    if old.generation != generation {
        hints.push(Hint { noun: Noun::Generation, id: None, generation });
    }
    hints
}

/// That anything may have moved.
fn anything(generation: u64) -> [Hint; 3] {
    [Noun::Run, Noun::Operation, Noun::Generation].map(|noun| Hint { noun, id: None, generation })
}

/// Passes hints on until the reader goes, the session is over or the server ends.
async fn tell(mut listener: Listener, (control, token): (Store, Token), events: mpsc::Sender<Event>) {
    let clock = listener.live.0.clock.clone();
    let mut over = listener.live.0.over.subscribe();
    let mut beat_at = clock.elapsed() + BEAT;
    for hint in listener.joined.take().map(anything).into_iter().flatten() {
        if events.try_send(hint.event()).is_err() {
            return;
        }
    }
    loop {
        let hint = tokio::select! {
            hint = listener.hints.recv() => match hint {
                Ok(hint) => Some(hint),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Hint { noun: Noun::Run, id: None, generation: 0 }),
                Err(broadcast::error::RecvError::Closed) => return,
            },
            () = clock.sleep(beat_at.saturating_sub(clock.elapsed())) => None,
            _ = over.wait_for(|over| *over) => return,
            () = events.closed() => return,
        };
        let event = match hint {
            Some(hint) => hint.event(),
            None => {
                beat_at = clock.elapsed() + BEAT;
                match sessions::holds(&control, &token, clock.now()).await {
                    Ok(true) => Event::default().comment("here"),
                    Ok(false) | Err(_) => return,
                }
            }
        };
        // A reader that takes nothing has no use for more: it fetches its page when it comes again.
        if events.try_send(event).is_err() {
            return;
        }
    }
}

impl Hint {
    fn event(&self) -> Event {
        let noun = match self.noun {
            Noun::Run => "run",
            Noun::Operation => "operation",
            Noun::Generation => "generation",
        };
        let hint = serde_json::json!({ "noun": noun, "id": self.id, "generation": self.generation });
        Event::default().data(hint.to_string())
    }
}

/// The events of one stream.
struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

#[cfg(test)]
mod tests;
