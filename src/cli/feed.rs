//! `rollcall feed`: the feeds, their runs and their people; a control file tried on a sample without keeping anything.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use clock::Clock;
use feed::control::{ControlFile, Severity, check};
use feed::finding::Level;
use feed::read::{Input, Reader};
use feed::transform::Transformer;
use serde::{Deserialize, Serialize};

use crate::auth::feed_keys::{self, KeyNotMade, WantedKey};
use crate::cli::open::{self, Locked, to_read};
use crate::cli::socket::Came;
use crate::cli::table::table;
use crate::cli::{Exit, Place, feed_accounts, socket};
use crate::config::Config;
use crate::feeds::decide::{self, Approval};
use crate::feeds::trouble::NotDone;
use crate::feeds::{accounts, keep, listing, look_up, worker};
use crate::id::FeedRunId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed_run::FeedRun;
use crate::nouns::refusal::Refusal;
use crate::store::error::StoreError;
use crate::sync::pass::Surroundings;

/// `rollcall feed`
#[derive(Args, Debug)]
pub struct Feed {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the feeds
    List {
        /// As JSON, one object per line
        #[arg(long)]
        json: bool,
    },
    /// List the runs of a feed, the newest first
    Show {
        /// The feed, by its code
        feed: String,
    },
    /// Make a feed
    Create {
        /// Its code: small letters, digits and hyphens
        code: String,
        /// What pages call it
        name: String,
    },
    /// Make a feed key, and print its secret once
    Key {
        /// The feed, by its code
        feed: String,
        /// What it is for
        label: String,
        /// How many days it holds; without an end when it is left out
        #[arg(long)]
        days: Option<u32>,
    },
    /// Declare a group that a feed manages
    Declare {
        /// The feed, by its code
        feed: String,
        /// The group's code
        code: String,
        /// What pages call it
        #[arg(default_value = "")]
        name: String,
    },
    /// Apply a run that is ready or held
    Apply {
        /// The run's id
        run: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
        /// The number of people it takes out, where that is everybody
        #[arg(long, value_name = "PEOPLE")]
        yes: Option<u64>,
    },
    /// Cancel a run that is not over
    Cancel {
        /// The run's id
        run: String,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Say how somebody stands: by username, e-mail address or part of a name
    Lookup {
        /// The text
        text: String,
    },
    /// What follows from feeds at Atlassian.
    #[command(flatten)]
    Accounts(feed_accounts::Action),
    /// Try a control file on sample files, without keeping anything
    Check {
        /// The control file
        control: PathBuf,
        /// The sample of each file, as NAME=PATH; one PATH is enough where the control file lists one file
        samples: Vec<String>,
    },
}

/// What is handed to a running server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Make a feed.
    Create { code: String, name: String },
    /// Make a key.
    Key { feed: String, label: String, days: Option<u32> },
    /// Declare a group.
    Declare { feed: String, code: String, name: String },
    /// Apply a run.
    Apply { run: String, reason: String, typed: Option<u64> },
    /// Cancel a run.
    Cancel { run: String, reason: String },
    /// What follows at Atlassian.
    Accounts(feed_accounts::Asked),
}

/// Runs the command.
pub async fn run(feed: &Feed) -> Result<Exit, Refusal> {
    let asked = match &feed.action {
        Action::List { json } => return list(&feed.place, *json).await,
        Action::Show { feed: code } => return show(&feed.place, code).await,
        Action::Lookup { text } => return lookup(&feed.place, text).await,
        Action::Check { control, samples } => return dry_run(control, samples),
        Action::Accounts(action) => match action.asked() {
            Some(asked) => Asked::Accounts(asked),
            None => {
                let mirror = only(to_read(&feed.place).await?.only())?;
                let shown = feed_accounts::show(&mirror, action).await;
                return shown.map(|()| Exit::Done).map_err(|why| why.refusal("There is nothing to show."));
            }
        },
        Action::Create { code, name } => Asked::Create { code: code.clone(), name: name.clone() },
        Action::Key { feed, label, days } => Asked::Key { feed: feed.clone(), label: label.clone(), days: *days },
        Action::Declare { feed, code, name } => {
            Asked::Declare { feed: feed.clone(), code: code.clone(), name: name.clone() }
        }
        Action::Apply { run, reason, yes } => Asked::Apply { run: run.clone(), reason: reason.clone(), typed: *yes },
        Action::Cancel { run, reason } => Asked::Cancel { run: run.clone(), reason: reason.clone() },
    };
    act(&feed.place, asked).await
}

async fn act(place: &Place, asked: Asked) -> Result<Exit, Refusal> {
    let config = Config::read(place.flags())?;
    let came: Came = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => {
            let mirror = only(opened.mirrors.only())?;
            let came = answer(&mirror, &opened.surroundings, asked).await;
            // Without a server nobody else goes on with the run.
            while worker::work_once(&mirror, &opened.surroundings).await.map_err(failed)? {}
            while accounts::once(&mirror, &opened.surroundings).await.map_err(failed)? {}
            opened.mirrors.close().await;
            came
        }
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => socket::came(&config.data, "feed", &asked).await?,
    };
    socket::said(came)
}

/// Does what a command asks for, in whoever holds the data folder.
pub(crate) async fn answer(mirror: &Mirror, surroundings: &Surroundings, asked: Asked) -> Came {
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let entropy = &surroundings.entropy;
    let refused = |why: NotDone| {
        let refusal = why.refusal("Nothing was done.");
        [refusal.what, refusal.why, refusal.next]
    };
    let id = |text: &str| FeedRunId::parse(text).ok_or_else(|| refused(NotDone::NoRun));
    match asked {
        Asked::Create { code, name } => {
            let made = keep::create(&context, mirror, (&code, &name), entropy).await.map_err(refused)?;
            let code = made.code.as_str();
            Ok(format!("Feed {code} is there. Make its key on its page, or with `rollcall feed key {code} LABEL`."))
        }
        Asked::Key { feed, label, days } => {
            let feed = keep::find(mirror, &feed).await.map_err(refused)?;
            let made = feed_keys::create(&context, mirror, (&feed, WantedKey { label, days }), entropy).await;
            match made {
                Ok((_, secret)) => Ok(secret.expose()),
                Err(KeyNotMade::Store(error)) => Err(refused(NotDone::Store(error))),
                Err(why) => Err(refused(NotDone::Invalid(why.to_string()))),
            }
        }
        Asked::Declare { feed, code, name } => {
            let feed = keep::find(mirror, &feed).await.map_err(refused)?;
            keep::declare_group(&context, mirror, (&feed, &code, &name), entropy).await.map_err(refused)?;
            Ok(format!("Group {code} is declared."))
        }
        Asked::Accounts(asked) => feed_accounts::answer(&context, mirror, asked, entropy).await.map_err(refused),
        Asked::Apply { run, reason, typed } => {
            let approval = Approval { reason, typed };
            let run = decide::apply(&context, mirror, (&id(&run)?, approval), entropy).await.map_err(refused)?;
            Ok(format!("Run {} is applied.", run.number))
        }
        Asked::Cancel { run, reason } => {
            let run = decide::cancel(&context, mirror, (&id(&run)?, &reason), entropy).await.map_err(refused)?;
            Ok(format!("Run {} is cancelled.", run.number))
        }
    }
}

async fn list(place: &Place, json: bool) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let listed = listing::list(&mirror).await.map_err(failed)?;
    if listed.is_empty() {
        eprintln!("There is no feed. `rollcall feed create` makes one.");
        return Ok(Exit::Done);
    }
    let people = |of: &listing::Listed| of.people.iter().map(|(_, count)| count).sum::<u64>();
    let newest =
        |of: &listing::Listed| of.newest.as_ref().map(|run| (run.number, run.state.as_str(), run.id.to_string()));
    if json {
        for of in &listed {
            let newest = newest(of);
            let run = newest
                .as_ref()
                .map(|(number, state, id)| serde_json::json!({ "id": id, "number": number, "state": state }));
            let line = serde_json::json!({
                "code": of.feed.code.as_str(), "name": of.feed.name, "people": people(of), "in_error": of.failing,
                "delivered_at": of.feed.delivered_at.map(|at| at.to_string()), "run": run,
            });
            println!("{line}");
        }
        return Ok(Exit::Done);
    }
    let cells = |of: &listing::Listed| {
        let delivered = of.feed.delivered_at.map_or_else(|| "never".to_owned(), minute);
        let run = newest(of).map_or_else(String::new, |(number, state, _)| format!("{number} {state}"));
        vec![of.feed.code.as_str().to_owned(), of.feed.name.clone(), people(of).to_string(), delivered, run]
    };
    let rows: Vec<Vec<String>> = listed.iter().map(cells).collect();
    print!("{}", table(&["code", "name", "people", "delivered", "newest run"], &rows));
    Ok(Exit::Done)
}

async fn show(place: &Place, code: &str) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let feed = keep::find(&mirror, code).await.map_err(|why| why.refusal("There is nothing to show."))?;
    let runs = listing::runs(&mirror, Some(feed.number), (i64::MAX, 50)).await.map_err(failed)?;
    let cells = |run: &FeedRun| {
        let counts = &run.counts;
        vec![
            run.number.to_string(),
            run.state.as_str().to_owned(),
            minute(run.created_at),
            format!("+{} ~{} -{} !{}", counts.new + counts.returning, counts.changed, counts.leaving, run.errors),
            run.id.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = runs.iter().map(cells).collect();
    print!("{}", table(&["run", "state", "created", "people", "id"], &rows));
    for reason in runs.first().map(|run| run.reasons.as_slice()).unwrap_or_default() {
        println!("{}", reason.sentence());
    }
    Ok(Exit::Done)
}

async fn lookup(place: &Place, text: &str) -> Result<Exit, Refusal> {
    let mirror = only(to_read(place).await?.only())?;
    let found = look_up::search(&mirror, text, "").await.map_err(failed)?;
    match found.as_slice() {
        [] => {
            eprintln!("No user found for “{text}”.");
            return Ok(Exit::Done);
        }
        [one] => {
            let looked = look_up::look_up(&mirror, &one.username, Clock::system().now()).await;
            let looked = looked.map_err(|why| why.refusal("There is nothing to show."))?;
            println!("{} ({}, {})", looked.person.username, looked.person.name, looked.person.email);
            println!("{}", looked.sentence);
            for told in &looked.told {
                let here = if told.record.in_feed { "in the latest delivery" } else { "not in the latest delivery" };
                println!("{}: {here}", told.feed.name);
                if let Some(failure) = &told.record.failure {
                    println!("  {failure}");
                }
            }
            for (code, feed) in &looked.groups {
                println!("group {code} (feed {feed})");
            }
        }
        many => {
            let rows: Vec<Vec<String>> = many
                .iter()
                .map(|of| vec![of.username.clone(), of.name.clone(), of.email.clone(), of.state.as_str().to_owned()])
                .collect();
            print!("{}", table(&["username", "name", "e-mail", "state"], &rows));
        }
    }
    Ok(Exit::Done)
}

/// Tries a control file. Exit 3 when it is refused, 4 when records of the samples fail.
fn dry_run(path: &PathBuf, samples: &[String]) -> Result<Exit, Refusal> {
    let unreadable = |path: &str, error: std::io::Error| {
        Refusal::new("Nothing was checked.", format!("{path} cannot be read: {error}."), "Name another file.")
    };
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&shown, error))?;
    let checked = check(&text);
    for of in &checked.diagnostics {
        let hint = of.hint.as_deref().map(|hint| format!(" {hint}")).unwrap_or_default();
        println!("{shown}:{}:{}: {}: {}{hint}", of.line, of.column, of.severity.word(), of.message);
    }
    let errors = checked.diagnostics.iter().filter(|of| of.severity == Severity::Error).count();
    let Some(control) = checked.control else {
        let why = format!("The control file has {errors} errors.");
        return Err(Refusal::new("It would be refused.", why, "Correct what stands above."));
    };
    let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
    let (mut records, mut failing) = (0, 0);
    for (name, path) in named(&control, samples)? {
        let spec = control.file(&name).ok_or_else(|| {
            let listed: Vec<&str> = control.files.iter().map(|file| file.name.as_str()).collect();
            let why = format!("The control file lists no file {name}; it lists {}.", listed.join(", "));
            Refusal::new("Nothing was checked.", why, "Name each sample as NAME=PATH.")
        })?;
        let file = std::fs::File::open(&path).map_err(|error| unreadable(&path, error))?;
        let broken = |error: feed::read::FileError| {
            Refusal::new("The file would be refused.", format!("{path}: {error}."), "Correct it at its source.")
        };
        let mut reader = Reader::open(&control, spec, Input::file(file), records).map_err(broken)?;
        let mut transformer = Transformer::new(&control, &groups);
        while let Some(record) = reader.next().map_err(broken)? {
            records += 1;
            match record {
                Ok(record) => {
                    let transformed = transformer.transform(record);
                    for finding in transformed.findings.iter().filter(|finding| finding.level != Level::Information) {
                        println!("{path}:{}: {}: {}", finding.line, finding.level.word(), finding.sentence());
                    }
                    failing += u64::from(transformed.person.is_err());
                }
                Err(bad) => {
                    failing += 1;
                    println!("{path}:{}: error: {bad}", bad.line);
                }
            }
        }
        for remark in reader.remarks() {
            println!("{path}: warning: {remark}");
        }
    }
    println!("{records} records, {failing} of them fail.");
    Ok(if failing == 0 { Exit::Done } else { Exit::Gaps })
}

fn named(control: &ControlFile, samples: &[String]) -> Result<Vec<(String, String)>, Refusal> {
    let only = match control.files.as_slice() {
        [only] => Some(only.name.clone()),
        _ => None,
    };
    let pair = |sample: &String| match (sample.split_once('='), &only) {
        (Some((name, path)), _) => Ok((name.to_owned(), path.to_owned())),
        (None, Some(name)) => Ok((name.clone(), sample.clone())),
        (None, None) => Err(Refusal::new(
            "Nothing was checked.",
            format!("The control file lists several files, and “{sample}” does not say which one it is."),
            "Name each sample as NAME=PATH.",
        )),
    };
    samples.iter().map(pair).collect()
}

fn minute(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

fn only(mirror: Option<Mirror>) -> Result<Mirror, Refusal> {
    mirror.ok_or_else(|| {
        Refusal::new("There is nothing to show.", "No organization is connected.", "Connect one on the set-up page.")
    })
}

fn failed(error: StoreError) -> Refusal {
    let next = "Run `rollcall migrate` after an update, or `rollcall doctor` for more.";
    Refusal::new("Nothing was done.", format!("The database failed: {error}."), next)
}
