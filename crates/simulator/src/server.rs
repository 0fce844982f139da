//! The organization behind real HTTP on 127.0.0.1, and the handle on it. It works below any router, because faults
//! must be able to break a connection; it must never listen on another address.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use clock::Clock;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::answers::Answers;
use crate::distort::{Delivery, Outcome};
use crate::fault::Fault;
use crate::gate::{Control, Incoming, World, http_date};
use crate::ledger::{Exchange, Ledger};
use crate::limits::{Limits, Windows};
use crate::organization::Organization;
use crate::reply::Refusal;
use crate::resource::Site;
use crate::schedule::{Pending, ScheduledChange};
use crate::truth::Truth;

/// The largest body that a request may have.
const MOST_BYTES: usize = 1 << 20;

/// How the organization is served.
#[derive(Clone, Debug)]
pub struct Options {
    /// The time that windows, expiry and cursors go by; share it with the client in tests on virtual time.
    pub clock: Clock,
    /// The port on 127.0.0.1; 0 for any free one.
    pub port: u16,
    /// Rate limits.
    pub limits: Limits,
    /// Answers where upstream's descriptions are silent.
    pub answers: Answers,
    /// Faults on schedule; of several that match, the first strikes.
    pub faults: Vec<Fault>,
    /// Changes on schedule.
    pub changes: Vec<ScheduledChange>,
    /// Whether the ledger keeps bodies.
    pub record: bool,
    /// Whether workspaces name the addresses at which this server stands for the sites, so that whoever follows them
    /// comes back here. Otherwise they name the sites' addresses upstream, where nobody is.
    pub own_site_addresses: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            clock: Clock::system(),
            port: 0,
            limits: Limits::default(),
            answers: Answers::default(),
            faults: Vec::new(),
            changes: Vec::new(),
            record: false,
            own_site_addresses: false,
        }
    }
}

/// A running server. Dropping it stops it too; [`Simulator::stop`] waits until it has.
#[derive(Debug)]
pub struct Simulator {
    world: Arc<World>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

/// Serves the organization until the handle is stopped or dropped. Fails when the port is taken.
pub async fn start(mut organization: Organization, options: Options) -> io::Result<Simulator> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    if options.own_site_addresses {
        for site in &mut organization.sites {
            site.url = format!("http://{address}/site/{}", site.name);
        }
    }
    let control = Control {
        answers: Arc::new(options.answers),
        limits: options.limits,
        windows: Windows::default(),
        faults: Vec::new(),
        changes: options.changes.into_iter().map(Pending::new).collect(),
        ledger: Ledger::default(),
        record: options.record,
        number: 0,
    };
    let world = Arc::new(World::new(organization, control, options.clock, format!("http://{address}")));
    world.set_faults(options.faults);
    let accepting = tokio::spawn(accept(listener, world.clone()));
    Ok(Simulator { world, address, accepting })
}

impl Simulator {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that stands for `https://api.atlassian.com`, without a final slash.
    pub fn base_url(&self) -> String {
        self.world.base_url.clone()
    }

    /// The organization's id.
    pub fn organization_id(&self) -> String {
        self.read(|organization| organization.id().to_owned())
    }

    /// The organization's name.
    pub fn organization_name(&self) -> String {
        self.read(|organization| organization.name().to_owned())
    }

    /// The key in use, without scopes.
    pub fn api_key(&self) -> String {
        self.read(Organization::api_key)
    }

    /// A key that has scopes.
    pub fn scoped_api_key(&self) -> String {
        self.read(Organization::scoped_api_key)
    }

    /// Revokes the key in use and returns the one that takes its place.
    pub fn rotate_api_key(&self) -> String {
        self.change(Organization::rotate_api_key)
    }

    /// Lets the key in use expire now.
    pub fn expire_api_key(&self) {
        self.change(Organization::expire_api_key);
    }

    /// Takes from the key in use what its maker was allowed.
    pub fn demote_api_key(&self) {
        self.change(Organization::demote_api_key);
    }

    /// The sites, with the addresses at which this server stands for them; the first is at the root as well.
    pub fn sites(&self) -> Vec<Site> {
        let base = &self.world.base_url;
        let sites = self.read(|organization| organization.sites().to_vec());
        sites.into_iter().map(|site| Site { url: format!("{base}/site/{}", site.name), ..site }).collect()
    }

    /// Changes the organization between two requests.
    pub fn change<R>(&self, change: impl FnOnce(&mut Organization) -> R) -> R {
        change(&mut self.world.organization_mut())
    }

    /// Reads the organization between two requests.
    pub fn read<R>(&self, read: impl FnOnce(&Organization) -> R) -> R {
        read(&self.world.organization())
    }

    /// What a perfect reader can know now, under the answers in force.
    pub fn known_truth(&self) -> Truth {
        let answers = self.world.control().answers.clone();
        self.read(Organization::truth).as_answered(&answers)
    }

    /// Every request so far, in the order of its end.
    pub fn ledger(&self) -> Vec<Exchange> {
        self.world.control().ledger.exchanges()
    }

    /// Forgets the requests so far.
    pub fn clear_ledger(&self) {
        self.world.control().ledger.clear();
    }

    /// Requests since the ledger was cleared, by method and template.
    pub fn requests_by_endpoint(&self) -> BTreeMap<String, u64> {
        self.world.control().ledger.counts()
    }

    /// Replaces the faults; their counts begin anew.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.world.set_faults(faults);
    }

    /// Replaces the scheduled changes; their counts begin anew.
    pub fn set_changes(&self, changes: Vec<ScheduledChange>) {
        self.world.control().changes = changes.into_iter().map(Pending::new).collect();
    }

    /// Replaces the answers.
    pub fn set_answers(&self, answers: Answers) {
        self.world.control().answers = Arc::new(answers);
    }

    /// Replaces the limits; windows under way begin anew.
    pub fn set_limits(&self, limits: Limits) {
        let mut control = self.world.control();
        control.limits = limits;
        control.windows = Windows::default();
    }

    /// Starts or stops keeping bodies in the ledger.
    pub fn set_record(&self, record: bool) {
        self.world.control().record = record;
    }

    /// Closes the port and every connection, and waits until that is done.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // The task was aborted: the only result is that it was.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Takes connections; aborting this task ends all of them.
async fn accept(listener: TcpListener, world: Arc<World>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(converse(stream, world.clone()));
                }
                // Out of descriptors: others end soon.
                Err(_) => world.clock.sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(stream: TcpStream, world: Arc<World>) {
    // Pages are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| exchange(request, world.clone()));
    // A connection that ends in an error was broken by a fault or by the client: both are meant.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A fault closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
struct Closed;

async fn exchange(request: Request<hyper::body::Incoming>, world: Arc<World>) -> Result<Response<Content>, Closed> {
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut incoming = Incoming {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE),
        experimental: head.headers.get("x-experimentalapi").is_some_and(|value| value.as_bytes() == b"opt-in"),
        body: Vec::new(),
    };
    let outcome = match Limited::new(body, MOST_BYTES).collect().await {
        Ok(body) => {
            incoming.body = body.to_bytes().to_vec();
            world.handle(&incoming)
        }
        Err(_) => {
            let refusal = Refusal::new(413, "ADMIN-400-24", "Payload Too Large", "The request body is too large.");
            Outcome::plain(refusal.reply(&incoming.path, world.clock.now(), 0))
        }
    };
    if !outcome.delay.is_zero() && !world.clock.advance(outcome.delay) {
        world.clock.sleep(outcome.delay).await;
    }
    respond(outcome, &world)
}

fn respond(outcome: Outcome, world: &World) -> Result<Response<Content>, Closed> {
    let reply = outcome.reply.ok_or(Closed)?;
    let now = world.clock.now();
    let date = now.checked_add(SignedDuration::from_secs(outcome.skew)).unwrap_or(now);
    let mut response = Response::builder().status(reply.status).header(header::DATE, http_date(date));
    if let Some(kind) = reply.content_type {
        response = response.header(header::CONTENT_TYPE, kind);
    }
    if outcome.delivery == Delivery::Overstated {
        response = response.header(header::CONTENT_LENGTH, reply.body.len() + 4_096);
    }
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let content = Content { data: Some(Bytes::from(reply.body)), delivery: outcome.delivery };
    // Only headers of a scenario can be refused here, when they hold what no header may.
    response.body(content).map_err(|_| Closed)
}

/// A body, whole or broken on purpose.
struct Content {
    data: Option<Bytes>,
    delivery: Delivery,
}

impl Body for Content {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.data.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None if self.delivery == Delivery::Cut => Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.delivery == Delivery::Whole && self.data.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.data, self.delivery) {
            (Some(data), Delivery::Whole) => SizeHint::with_exact(data.len() as u64),
            (None, Delivery::Whole) => SizeHint::with_exact(0),
            _ => SizeHint::default(),
        }
    }
}
