//! Everything put together: the pages, the workers and the socket over one opened installation, until they are told to
//! end. The demo is the same with a simulator beside it.

mod acted;
mod fed;
mod furnish;
pub mod past;
pub mod receiver;
mod related;
mod subscribed;
mod tasked;

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clock::Clock;
use simulator::{Organization, Population};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tracing_subscriber::EnvFilter;

use crate::api::{self, Api};
use crate::app::past::Past;
use crate::app::receiver::Receiver;
use crate::auth::setup;
use crate::cli::ending::Ending;
use crate::cli::open::{self, Locked, Opened};
use crate::cli::{Command, Demo, Exit, Serve, socket};
use crate::config::{Config, Flags};
use crate::id::Entropy;
use crate::notify::address::Allowed;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::operations;
use crate::store::organization_keys::{self, CannotOpen};
use crate::sync::connect::EnteredKey;
use crate::sync::{site_hooks, stream, worker};
use crate::tasks::scheduler;
use crate::web::live::Live;
use crate::web::{self, Web};

/// How often the server looks for organizations that were connected since, and for what other nodes have sealed.
const LOOK: Duration = Duration::from_millis(500);
/// How long open pages may take to end.
const DRAIN: Duration = Duration::from_secs(10);

/// Starts the log: on standard error, quiet for commands that print something themselves.
pub fn log(command: &Command) {
    let level = if matches!(command, Command::Serve(_)) { "info" } else { "warn" };
    let filter = EnvFilter::try_from_env("ROLLCALL_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        subscriber.init();
    } else {
        subscriber.with_ansi(false).init();
    }
}

/// `rollcall serve`
pub async fn serve(serve: &Serve) -> Result<Exit, Refusal> {
    let config = Config::read(serve.place.flags())?;
    let opened = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            eprintln!("Another process holds the data folder {}. Stop it first.", config.data.display());
            return Ok(Exit::Held);
        }
    };
    run(&config, opened, serve.listen).await
}

/// `rollcall demo`
pub async fn demo(demo: &Demo) -> Result<Exit, Refusal> {
    let thrown_away = match &demo.data {
        Some(_) => None,
        None => Some(tempfile::tempdir().map_err(|error| {
            Refusal::new("The demo was not started.", format!("No temporary folder: {error}."), "Name one with --data.")
        })?),
    };
    let folder = demo.data.clone().or_else(|| thrown_away.as_ref().map(|folder| folder.path().to_owned()));
    let mut config = Config::read(Flags { data: folder, database: None })?;
    config.database = None;
    // What the demo stores is worth nothing; its key lies beside it, so that nothing is left behind elsewhere.
    config.key_file = config.data.join("demo-sealing.key");
    config.make_data_folder()?;
    let clock = Clock::system();
    let population = Population { users: demo.users, seed: demo.seed, ..Population::default() };
    eprintln!("Simulating an organization of {} people ...", demo.users);
    // Only the demo sends to this machine without being told to.
    config.notices_allowed = Allowed::parse("127.0.0.1").unwrap_or_default();
    let receiver = Receiver::start(clock.clone(), &Entropy::machine()).await?;
    let past = Past::of(demo.users, demo.past);
    let (organization, port) = match past::again(&config, &population, clock.now()) {
        Some(organization) => (organization, 0),
        None if past.days > 0 => {
            eprintln!("Living through its last {} days ...", past.days);
            let arrived = past::live(&config, &population, (past, &receiver), clock.now()).await?;
            (arrived.organization, arrived.port)
        }
        None => (Organization::populate(&population, clock.now()), 0),
    };
    let options = simulator::Options { clock: clock.clone(), port, own_site_addresses: true, ..Default::default() };
    let simulator = simulator::start(organization, options);
    let simulator = simulator.await.map_err(|error| {
        Refusal::new("The demo was not started.", format!("The simulator cannot listen: {error}."), "Try again.")
    })?;
    let opened = match open::to_act(&config, clock).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            eprintln!("Another process holds the data folder {}. Stop it first.", config.data.display());
            return Ok(Exit::Held);
        }
    };
    connect(&opened, &simulator).await?;
    receiver.follow(opened.surroundings.clock.clone());
    if let Some(mirror) = opened.mirrors.only() {
        subscribed::subscribe(&mirror, &opened, &receiver).await?;
        subscribed::say_where(&mirror, &opened, demo.port).await?;
        fed::say_how(&mirror, &opened, (&config.data, demo.port)).await?;
        eprintln!("What the demo's webhooks were sent is shown at {}", receiver.page());
    }
    if let Some(site) = simulator.sites().first() {
        eprintln!("A credential to try under Settings, Sites, on {}:", site.name);
        eprintln!("  {} with the token {}", site.user, site.token);
    }
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, demo.port));
    let ended = run(&config, opened, listen).await;
    simulator.stop().await;
    ended
}

/// Connects the simulated organization, whose first sync starts by itself.
async fn connect(opened: &Opened, simulator: &simulator::Simulator) -> Result<(), Refusal> {
    let context = Context { actor: Actor::System, now: opened.surroundings.clock.now() };
    let entered = EnteredKey {
        base_url: simulator.base_url(),
        secret: simulator.api_key(),
        label: "Simulated organization".to_owned(),
        expires_at: None,
    };
    let mirror = opened.connector.save(&context, entered).await?;
    // In the demo everything may be tried at once; elsewhere an administrator switches actions on.
    let entropy = &opened.surroundings.entropy;
    let ready = async {
        if mirror.store().read(operations::guard::switch).await?.chosen.is_none() {
            operations::guard::switch_on(&context, &mirror, entropy).await?;
        }
        // The key is another one at each start, and whose it is has to be said of each.
        operations::prepare::choose_key_owner(&context, &mirror, &operations::prepare::Owner::Elsewhere, entropy).await
    };
    ready.await.map_err(|error| {
        Refusal::new("The demo was not started.", format!("The database failed: {error}."), "Try again.")
    })
}

async fn run(config: &Config, opened: Opened, listen: SocketAddr) -> Result<Exit, Refusal> {
    refuse_wrong_key(config, &opened).await?;
    let mut ending = Ending::watch()?;
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Refusal::new(
            "Rollcall cannot start.",
            format!("The address {listen} cannot be used: {error}."),
            "Name another with --listen (serve) or --port (demo).",
        )
    })?;
    let address = listener.local_addr().unwrap_or(listen);
    // Before anybody is told that the server is there.
    let commands = match config.database.is_none().then(|| socket::listen(&config.data)) {
        Some(Err(error)) => {
            tracing::error!(%error, "socket.listen");
            None
        }
        Some(Ok(commands)) => Some(commands),
        None => None,
    };
    let clock = opened.surroundings.clock.clone();
    let control = opened.mirrors.control().clone();
    let link = setup::create_link(&control, &opened.surroundings.entropy, clock.now()).await.map_err(|error| {
        Refusal::new("Rollcall cannot start.", format!("The database failed: {error}."), "Run `rollcall doctor`.")
    })?;
    match link {
        Some(link) => {
            println!("Rollcall is ready. Create the administrator here (the link works once, for 24 hours):");
            println!("  http://{address}{link}");
        }
        None => println!("Rollcall is ready: http://{address}/"),
    }
    let live = Live::new(clock.clone());
    let api = Api {
        control: control.clone(),
        clock: clock.clone(),
        entropy: opened.surroundings.entropy.clone(),
        mirrors: opened.mirrors.clone(),
        notifier: opened.notifier.clone(),
        connector: opened.connector.clone(),
    };
    let web = Web {
        control,
        clock: clock.clone(),
        entropy: opened.surroundings.entropy.clone(),
        connector: opened.connector.clone(),
        mirrors: opened.mirrors.clone(),
        notifier: opened.notifier.clone(),
        live: live.clone(),
    };
    let mut tasks = JoinSet::new();
    let (connector, notifier) = (opened.connector.clone(), opened.notifier.clone());
    tasks.spawn(supervise(opened.mirrors.clone(), (connector, notifier), opened.surroundings.clone()));
    if let Some(commands) = commands {
        let answering = socket::answer(commands, opened.mirrors.clone(), opened.surroundings.clone());
        tasks.spawn(async move {
            if let Err(error) = answering.await {
                tracing::error!(%error, "socket.answer");
            }
        });
    }
    let router = web::router(web).merge(api::router(api)).into_make_service_with_connect_info::<SocketAddr>();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let pages = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = ended.await;
    });
    let pages = tokio::spawn(async move { pages.await });
    ending.told().await;
    eprintln!("Ending ...");
    let _ = end.send(());
    // Streams would keep their connections open for ever.
    live.end();
    tasks.shutdown().await;
    let abort = pages.abort_handle();
    tokio::select! {
        _ = pages => {}
        () = clock.sleep(DRAIN) => abort.abort(),
    }
    opened.mirrors.close().await;
    Ok(Exit::Done)
}

/// Runs a worker for each organization, also for those connected later.
async fn supervise(
    mirrors: crate::mirror::mirrors::Mirrors,
    (connector, notifier): (crate::sync::connect::Connector, crate::notify::Notifier),
    surroundings: crate::sync::pass::Surroundings,
) {
    let mut workers = JoinSet::new();
    let mut working = BTreeMap::new();
    let mut prepared = BTreeMap::new();
    loop {
        if let Err(error) = mirrors.catch_up().await {
            tracing::warn!(%error, "mirrors.catch_up");
        }
        for mirror in mirrors.all() {
            let id = mirror.organization().id.clone();
            let newest = mirror.shown();
            if prepared.insert(id.clone(), newest.generation()) != Some(newest.generation()) {
                // What questions need beside the snapshot is made before the first of them comes.
                tokio::task::spawn_blocking(move || directory::find::prepare(&newest));
            }
            let (connector, notifier, surroundings) = (connector.clone(), notifier.clone(), surroundings.clone());
            working.entry(id).or_insert_with(|| {
                let watching = stream::watch(mirror.clone(), connector.clone(), surroundings.clone());
                let telling = crate::notify::worker::work(mirror.clone(), notifier);
                let working = async move {
                    let acting = operations::worker::work(mirror.clone(), connector.clone(), surroundings.clone());
                    let tasks = scheduler::work(mirror.clone(), connector.control().clone(), surroundings.clone());
                    let feeding = crate::feeds::worker::work(mirror.clone(), surroundings.clone());
                    let keeping =
                        crate::contacts::worker::work(mirror.clone(), connector.clone(), surroundings.clone());
                    let reporting = crate::reports::send::work(mirror.clone(), surroundings.clone());
                    let told = site_hooks::watch(mirror.clone(), connector.clone(), surroundings.clone());
                    let syncing = worker::work(mirror, connector, surroundings);
                    tokio::join!(syncing, acting, tasks, feeding, keeping, reporting, watching, telling, told);
                };
                workers.spawn(working).id()
            });
        }
        tokio::select! {
            ended = workers.join_next_with_id(), if !workers.is_empty() => {
                if let Some(Err(fault)) = ended {
                    tracing::error!(%fault, "worker.ended");
                    working.retain(|_, worker| *worker != fault.id());
                }
            }
            () = surroundings.clock.sleep(LOOK) => {}
        }
    }
}

/// A key that was sealed with another sealing key would fail at the next sync; the server says so before it starts.
async fn refuse_wrong_key(config: &Config, opened: &Opened) -> Result<(), Refusal> {
    let sealing = config.sealing_key(&opened.surroundings.entropy)?;
    for mirror in opened.mirrors.all() {
        let (id, sealing) = (mirror.organization().id.clone(), sealing.clone());
        let key = mirror.store().read(move |tx| organization_keys::current(tx, &id, &sealing)).await;
        if let Ok(Some((_, Err(CannotOpen::OtherKey { sealed_with, at_hand })))) = key {
            return Err(Refusal::new(
                "Rollcall cannot start.",
                format!(
                    "The organization API key of {} was sealed with the key file {sealed_with}; {} is {at_hand}.",
                    mirror.organization().name,
                    config.key_file.display(),
                ),
                "Put the right key file there, or name it with ROLLCALL_KEY_FILE.",
            ));
        }
    }
    Ok(())
}
