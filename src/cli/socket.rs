//! The socket in the data folder: commands that change something hand their work to the server that holds the folder.
//! One line asks, one line answers; only the folder's owner can reach it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::cli::Exit;
use crate::cli::acting::{self, Question};
use crate::cli::sending::Sent;
use crate::cli::sync::Wanted;
use crate::cli::{contacts, feed, sending, token};
use crate::id::Entropy;
use crate::mirror::mirrors::Mirrors;
use crate::nouns::context::{Actor, Context};
use crate::nouns::refusal::Refusal;
use crate::nouns::scope::Scope;
use crate::sync::pass::Surroundings;
use crate::sync::request::{self, Asked};

/// The longest line either side reads: a question may bring a file of contacts, whose letters JSON writes as two.
const LONGEST: u64 = 24 << 20;

/// Where the socket of a data folder is.
fn path(data: &Path) -> PathBuf {
    data.join("rollcall.sock")
}

/// Asks the server of a data folder.
pub async fn ask(data: &Path, question: &str) -> Result<String, Refusal> {
    let refused = |error: std::io::Error| {
        Refusal::new(
            "Nothing was done.",
            format!("Another process holds the data folder and does not answer: {error}."),
            "Wait until it has ended, or stop it.",
        )
    };
    let mut stream = UnixStream::connect(path(data)).await.map_err(refused)?;
    stream.write_all(format!("{question}\n").as_bytes()).await.map_err(refused)?;
    let mut answer = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut answer).await.map_err(refused)?;
    Ok(answer.trim_end().to_owned())
}

/// What came of a command: a sentence, or what was not done, why, and what to do.
pub(crate) type Came = Result<String, [String; 3]>;

/// Asks the server of a data folder for what a command wants, by the first word of its line.
pub(crate) async fn came(data: &Path, word: &str, asked: &impl Serialize) -> Result<Came, Refusal> {
    let question = serde_json::to_string(asked).unwrap_or_default();
    let line = ask(data, &format!("{word} {question}")).await?;
    let unread = |_| Err(["Nothing was done.".to_owned(), line.clone(), "Look at the server's log.".to_owned()]);
    Ok(serde_json::from_str(&line).unwrap_or_else(unread))
}

/// Ends a command by what came of it.
pub(crate) fn said(came: Came) -> Result<Exit, Refusal> {
    match came {
        Ok(sentence) => {
            println!("{sentence}");
            Ok(Exit::Done)
        }
        Err([what, why, next]) => Err(Refusal::new(what, why, next)),
    }
}

/// Makes the socket of a data folder; from here on commands can ask.
pub fn listen(data: &Path) -> std::io::Result<UnixListener> {
    let path = path(data);
    match std::fs::remove_file(&path) {
        // What a server that was killed left behind; the folder's lock says that it is gone.
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    UnixListener::bind(&path)
}

/// Answers commands until the task is dropped.
pub async fn answer(listener: UnixListener, mirrors: Mirrors, surroundings: Surroundings) -> std::io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (mirrors, surroundings) = (mirrors.clone(), surroundings.clone());
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream.take(LONGEST));
            let mut question = String::new();
            if stream.read_line(&mut question).await.is_ok() {
                let answer = match question.trim() {
                    "sync" => start_sync(&mirrors, &surroundings, Wanted::default()).await,
                    line if line.starts_with("sync ") => match serde_json::from_str(&line["sync ".len()..]) {
                        Ok(wanted) => start_sync(&mirrors, &surroundings, wanted).await,
                        Err(_) => "This server does not know what was asked for; update it.".to_owned(),
                    },
                    line if line.starts_with("token ") => match serde_json::from_str(&line["token ".len()..]) {
                        Ok(wanted) => change_tokens(&mirrors, &surroundings, wanted).await,
                        Err(_) => "This server does not know what was asked for; update it.".to_owned(),
                    },
                    line if line.starts_with("act ") => match serde_json::from_str(&line["act ".len()..]) {
                        Ok(question) => act(&mirrors, &surroundings, question).await,
                        Err(_) => "This server does not know what was asked for; update it.".to_owned(),
                    },
                    line if line.starts_with("feed ") => match serde_json::from_str(&line["feed ".len()..]) {
                        Ok(asked) => of_feeds(&mirrors, &surroundings, asked).await,
                        Err(_) => "This server does not know what was asked for; update it.".to_owned(),
                    },
                    line if line.starts_with("contacts ") => match serde_json::from_str(&line["contacts ".len()..]) {
                        Ok(asked) => of_contacts(&mirrors, &surroundings, asked).await,
                        Err(_) => "This server does not know what was asked for; update it.".to_owned(),
                    },
                    line if line.starts_with("send ") => match serde_json::from_str(&line["send ".len()..]) {
                        Ok(sent) => send(&mirrors, &surroundings, sent).await,
                        Err(_) => "This server does not know what was asked for; update it.".to_owned(),
                    },
                    _ => "This server does not know the command; update it.".to_owned(),
                };
                let _ = stream.into_inner().into_inner().write_all(format!("{answer}\n").as_bytes()).await;
            }
        });
    }
}

async fn change_tokens(mirrors: &Mirrors, surroundings: &Surroundings, wanted: token::Wanted) -> String {
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let came = token::carry_out(&context, mirrors.control(), wanted, &surroundings.entropy).await;
    serde_json::to_string(&came).unwrap_or_default()
}

async fn act(mirrors: &Mirrors, surroundings: &Surroundings, question: Question) -> String {
    let Some(mirror) = mirrors.only() else { return "No organization is connected.".to_owned() };
    serde_json::to_string(&acting::answer(&mirror, surroundings, question).await).unwrap_or_default()
}

async fn of_feeds(mirrors: &Mirrors, surroundings: &Surroundings, asked: feed::Asked) -> String {
    let Some(mirror) = mirrors.only() else { return "No organization is connected.".to_owned() };
    serde_json::to_string(&feed::answer(&mirror, surroundings, asked).await).unwrap_or_default()
}

async fn of_contacts(mirrors: &Mirrors, surroundings: &Surroundings, asked: contacts::Asked) -> String {
    let Some(mirror) = mirrors.only() else { return "No organization is connected.".to_owned() };
    serde_json::to_string(&contacts::answer(&mirror, surroundings, asked).await).unwrap_or_default()
}

async fn send(mirrors: &Mirrors, surroundings: &Surroundings, sent: Sent) -> String {
    let Some(mirror) = mirrors.only() else { return "No organization is connected.".to_owned() };
    serde_json::to_string(&sending::answer(&mirror, surroundings, &sent).await).unwrap_or_default()
}

async fn start_sync(mirrors: &Mirrors, surroundings: &Surroundings, wanted: Wanted) -> String {
    let Some(mirror) = mirrors.only() else { return "No organization is connected.".to_owned() };
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let entropy: &Entropy = &surroundings.entropy;
    let ask = match wanted.ask(&mirror.current()) {
        Ok(ask) => ask,
        Err(refusal) => return refusal.to_string(),
    };
    let everything = ask.scope == Scope::Everything;
    match request::start(&context, &mirror, ask, (None, entropy)).await {
        Ok(Asked::Queued(run)) => run.to_string(),
        // A run under way that reads everything is followed instead of a second one like it.
        Ok(Asked::Held(run)) if everything && run.scope == Scope::Everything => run.id.to_string(),
        Ok(Asked::Held(run)) => {
            format!("Run {} is not over yet, and an organization is read by one sync at a time.", run.number)
        }
        Err(error) => {
            tracing::error!(%error, "socket.sync");
            "The database failed; the server's log says more.".to_owned()
        }
    }
}
