//! `rollcall upload`: sends files to a feed of a running Rollcall, starts the run and waits for it. What is sent goes on
//! where the connection broke; how it ended is the exit code, so that a scheduled job sees it.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clock::Clock;
use reqwest::{Certificate, Client, Method, Proxy, RequestBuilder};
use serde_json::{Value, json};

use crate::cli::open::to_read;
use crate::cli::{Exit, Place};
use crate::config::{self, Config};
use crate::feeds::bodies::{self, ContentDigest};
use crate::feeds::listing;
use crate::id::{FeedBodyId, FeedRunId};
use crate::mirror::Mirror;
use crate::nouns::feed_run::Expected;
use crate::nouns::refusal::Refusal;

/// How much is sent at once.
const PIECE: usize = 4 << 20;
/// How often a piece is sent again before the command gives up.
const ATTEMPTS: u32 = 8;
/// How often the state of a run is asked for.
const LOOK: Duration = Duration::from_secs(2);
/// The longest answer that is waited for: starting waits for the comparison.
const PATIENCE: Duration = Duration::from_secs(120);

/// `rollcall upload`
#[derive(Args, Debug)]
pub struct Upload {
    /// Where the installation is whose run is sent on (--from-run)
    #[command(flatten)]
    pub place: Place,
    /// The feed, by its code
    #[arg(long)]
    pub feed: String,
    /// The address of the server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub server: String,
    /// A file that holds the feed key [or ROLLCALL_FEED_KEY]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Send the files of a run that is kept here, by its id
    #[arg(long, value_name = "RUN")]
    pub from_run: Option<String>,
    /// How many records a file has, as NAME=NUMBER; another number holds the run
    #[arg(long, value_name = "NAME=NUMBER")]
    pub rows: Vec<String>,
    /// When the source made a file, as NAME=MOMENT (like users=2026-11-20T02:00:00Z); one that is older than the file
    /// applied last holds the run
    #[arg(long, value_name = "NAME=MOMENT")]
    pub generated_at: Vec<String>,
    /// Start the run once everything is sent
    #[arg(long)]
    pub start: bool,
    /// Wait until the run is applied, held or over
    #[arg(long, requires = "start")]
    pub wait: bool,
    /// The files, each as NAME=PATH; the control file is _control=PATH and comes first
    #[arg(value_name = "NAME=PATH")]
    pub files: Vec<String>,
}

/// A file to send.
struct Sending {
    name: String,
    file_name: String,
    gzip: bool,
    expected: Expected,
    source: Source,
}

enum Source {
    File(File),
    Kept(Box<Mirror>, FeedBodyId, i64),
}

/// Runs the command.
pub async fn run(upload: &Upload) -> Result<Exit, Refusal> {
    let config = Config::read(upload.place.flags())?;
    let server = Server {
        client: client(&config)?,
        base: format!("{}/api/v1/feeds/{}", upload.server.trim_end_matches('/'), upload.feed),
        key: key(upload)?,
        clock: Clock::system(),
    };
    let mut files = match &upload.from_run {
        Some(run) => kept(upload, run).await?,
        None => Vec::new(),
    };
    for named in &upload.files {
        files.push(named_file(named)?);
    }
    if files.is_empty() && !upload.start {
        return Err(Refusal::new("Nothing was sent.", "No file is named.", "Name each as NAME=PATH."));
    }
    expect(&mut files, upload)?;
    // The set may be complete with the last data file, and a control file is too late then.
    files.sort_by_key(|file| file.name != crate::nouns::feed_run::CONTROL);
    for file in files {
        let name = file.name.clone();
        let taken = server.send(file).await?;
        eprintln!("{name}: {} bytes, SHA-256 {}", taken["size"], taken["sha256"].as_str().unwrap_or_default());
    }
    if !upload.start {
        return Ok(Exit::Done);
    }
    let started = server.json(Method::POST, "/start", None).await?;
    let status = started["status"].as_str().unwrap_or_default();
    println!("Run {}: {status}.", started["run"]["number"]);
    match status {
        "queued" if upload.wait => server.wait().await,
        "queued" => Ok(Exit::Done),
        _ => {
            eprintln!("It waits for a person: {}.", reasons(&started["run"]));
            Ok(Exit::Held)
        }
    }
}

fn reasons(run: &Value) -> String {
    let words: Vec<&str> = run["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if words.is_empty() { "files are not applied by themselves".to_owned() } else { words.join(", ") }
}

fn key(upload: &Upload) -> Result<String, Refusal> {
    let read = match &upload.key_file {
        Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
            Refusal::new("Nothing was sent.", format!("{} cannot be read: {error}.", file.display()), "Name another.")
        })?),
        None => config::feed_key(),
    };
    read.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()).ok_or_else(|| {
        Refusal::new(
            "Nothing was sent.",
            "There is no feed key.",
            "Set ROLLCALL_FEED_KEY, or name a file by --key-file.",
        )
    })
}

fn client(config: &Config) -> Result<Client, Refusal> {
    let refused = |error: &dyn std::fmt::Display| {
        Refusal::new(
            "Nothing was sent.",
            format!("No connection can be made: {error}."),
            "Look at proxy and ROLLCALL_CA_FILE.",
        )
    };
    crate::notify::tls();
    let mut builder = Client::builder()
        .user_agent(concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .no_proxy();
    if let Some(proxy) = &config.network.proxy {
        builder = builder.proxy(Proxy::all(proxy.as_str()).map_err(|error| refused(&error))?);
    }
    let trusted = Certificate::from_pem_bundle(&config.network.certificate_authority.clone().unwrap_or_default());
    let trusted = trusted.map_err(|error| refused(&error))?;
    builder.tls_certs_merge(trusted).build().map_err(|error| refused(&error))
}

fn named_file(named: &str) -> Result<Sending, Refusal> {
    let wrong = |why: String| Refusal::new("Nothing was sent.", why, "Name each file as NAME=PATH.");
    let (name, path) = named.split_once('=').ok_or_else(|| wrong(format!("“{named}” names no file.")))?;
    let file = File::open(path).map_err(|error| wrong(format!("{path} cannot be read: {error}.")))?;
    let file_name = path.rsplit('/').next().unwrap_or(path).to_owned();
    let (gzip, expected) = (false, Expected::default());
    Ok(Sending { name: name.to_owned(), file_name, gzip, expected, source: Source::File(file) })
}

/// Notes what the command says of the files.
fn expect(files: &mut [Sending], upload: &Upload) -> Result<(), Refusal> {
    for said in &upload.rows {
        let (file, number) = said_of(files, "--rows", said)?;
        let wrong = |_| wrong("--rows", format!("“{number}” is no number of records."));
        file.expected.rows = Some(number.parse().map_err(wrong)?);
    }
    for said in &upload.generated_at {
        let (file, moment) = said_of(files, "--generated-at", said)?;
        let wrong = |_| wrong("--generated-at", format!("“{moment}” is no moment."));
        file.expected.generated_at = Some(moment.parse().map_err(wrong)?);
    }
    Ok(())
}

/// Of which of the files something is said, and what.
fn said_of<'a, 's>(
    files: &'a mut [Sending],
    option: &str,
    said: &'s str,
) -> Result<(&'a mut Sending, &'s str), Refusal> {
    let (name, what) = said.split_once('=').ok_or_else(|| wrong(option, format!("“{said}” names no file.")))?;
    let found = files.iter_mut().find(|file| file.name == name);
    found.map(|file| (file, what)).ok_or_else(|| wrong(option, format!("No file {name} is sent.")))
}

fn wrong(option: &str, why: String) -> Refusal {
    let example = if option == "--rows" { "users=1200" } else { "users=2026-11-20T02:00:00Z" };
    Refusal::new("Nothing was sent.", why, format!("Write it like {option} {example}."))
}

/// The files of a run that is kept here.
async fn kept(upload: &Upload, run: &str) -> Result<Vec<Sending>, Refusal> {
    let refused = |why: &str| Refusal::new("Nothing was sent.", why, "`rollcall feed show` lists runs.");
    let mirrors = to_read(&upload.place).await?;
    let mirror = mirrors.only().ok_or_else(|| refused("No organization is connected."))?;
    let id = FeedRunId::parse(run).ok_or_else(|| refused("There is no run of this id."))?;
    let found = listing::run(&mirror, &id).await.map_err(|why| why.refusal("Nothing was sent."))?;
    let mut files = Vec::new();
    for file in found.files {
        files.push(Sending {
            name: file.name,
            file_name: file.file_name,
            gzip: listing::is_gzip(&mirror, &file.body).await.map_err(|_| refused("The database failed."))?,
            expected: file.expected,
            source: Source::Kept(Box::new(mirror.clone()), file.body, 0),
        });
    }
    Ok(files)
}

impl Source {
    /// The next bytes; none at the end.
    async fn next(&mut self) -> Result<Vec<u8>, Refusal> {
        let refused = |why: String| Refusal::new("Not everything was sent.", why, "Try again.");
        match self {
            Source::File(file) => {
                let mut piece = Vec::with_capacity(PIECE);
                let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
                read.map_err(|error| refused(format!("The file cannot be read: {error}.")))?;
                Ok(piece)
            }
            Source::Kept(mirror, id, number) => {
                let piece = bodies::piece(mirror.store(), id, *number).await;
                *number += 1;
                Ok(piece.map_err(|error| refused(format!("The database failed: {error}.")))?.unwrap_or_default())
            }
        }
    }
}

/// The feed at its server.
struct Server {
    client: Client,
    base: String,
    key: String,
    clock: Clock,
}

impl Server {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).basic_auth("haplo", Some(&self.key))
    }

    /// Sends a request once. The outer error is one of the connection.
    async fn once(&self, request: RequestBuilder) -> Result<Result<Value, Refusal>, reqwest::Error> {
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        if status.is_success() {
            return Ok(Ok(value));
        }
        let said = |name: &str| value[name].as_str().map(str::to_owned);
        let why = said("detail").unwrap_or_else(|| format!("The server answered {status}."));
        Ok(Err(Refusal::new("The server refused it.", why, said("hint").unwrap_or_else(|| "Try again.".to_owned()))))
    }

    /// Sends a request that may be sent again.
    async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Refusal> {
        let mut attempt = 0;
        loop {
            let mut request = self.request(method.clone(), path);
            if let Some(body) = body {
                request = request.json(body);
            }
            match self.once(request).await {
                Ok(answer) => return answer,
                Err(error) => self.wait_after(&mut attempt, &error).await?,
            }
        }
    }

    async fn send(&self, file: Sending) -> Result<Value, Refusal> {
        let begun = json!({ "name": file.name, "file_name": file.file_name, "gzip": file.gzip });
        let begun = self.json(Method::POST, "/uploads", Some(&begun)).await?;
        let path = format!("/uploads/{}", begun["upload"].as_str().unwrap_or_default());
        let (mut source, mut offset, mut digest) = (file.source, 0, ContentDigest::default());
        loop {
            let piece = source.next().await?;
            if piece.is_empty() {
                break;
            }
            digest.add(&piece);
            self.piece(&path, offset, &piece).await?;
            offset += piece.len() as u64;
        }
        // What came has to be what was read here.
        let complete = json!({
            "sha256": digest.finish(),
            "rows": file.expected.rows,
            "generated_at": file.expected.generated_at.map(|at| at.to_string()),
        });
        self.json(Method::POST, &format!("{path}/complete"), Some(&complete)).await
    }

    /// Sends one piece, and after a broken connection what is missing of it.
    async fn piece(&self, path: &str, offset: u64, piece: &[u8]) -> Result<(), Refusal> {
        let (mut attempt, mut sent) = (0, 0);
        while sent < piece.len() {
            let at = offset + sent as u64;
            let rest = piece.get(sent..).unwrap_or_default().to_vec();
            let request = self.request(Method::PUT, &format!("{path}?offset={at}")).body(rest);
            let error = match self.once(request).await {
                Ok(answer) => return answer.map(drop),
                Err(error) => error,
            };
            self.wait_after(&mut attempt, &error).await?;
            let state = self.json(Method::GET, path, None).await?;
            let kept = state["received"].as_u64().unwrap_or(offset).saturating_sub(offset);
            sent = usize::try_from(kept).unwrap_or(sent);
        }
        Ok(())
    }

    async fn wait_after(&self, attempt: &mut u32, error: &reqwest::Error) -> Result<(), Refusal> {
        *attempt += 1;
        if *attempt >= ATTEMPTS {
            let why = if error.is_connect() {
                "The server cannot be reached."
            } else {
                "The connection broke again and again."
            };
            return Err(Refusal::new("Not everything was sent.", why, "Look at the server, then send it again."));
        }
        self.clock.sleep(Duration::from_secs(1 << (*attempt).min(5))).await;
        Ok(())
    }

    async fn wait(&self) -> Result<Exit, Refusal> {
        loop {
            let status = self.json(Method::GET, "/status", None).await?;
            let run = &status["run"];
            let (number, counts) = (&run["number"], &run["counts"]);
            match run["state"].as_str().unwrap_or_default() {
                "complete" => {
                    let errors = run["errors"].as_u64().unwrap_or_default();
                    println!(
                        "Run {number}: applied. New {}, changed {}, leaving {}, returning {}, errors {errors}.",
                        counts["new"], counts["changed"], counts["leaving"], counts["returning"],
                    );
                    return Ok(if errors == 0 { Exit::Done } else { Exit::Gaps });
                }
                "held" => {
                    eprintln!("Run {number} waits for a person: {}.", reasons(run));
                    return Ok(Exit::Held);
                }
                "failure" | "cancelled" => {
                    eprintln!("Run {number} was not applied.");
                    return Ok(Exit::Failed);
                }
                _ => self.clock.sleep(LOOK).await,
            }
        }
    }
}
