//! `rollcall act`, `undo`, `stop` and `release`: a plan is shown first; only with the number of its rows is it carried out.

use std::io::Read;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use clap::Args;
use clock::Clock;
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::cli::acting::{self, Answer, Answered, Question, Step, ask, failed};
use crate::cli::open::{Opened, to_read};
use crate::cli::operations::{line, show};
use crate::cli::{Exit, Place};
use crate::id::OperationId;
use crate::mirror::{Mirror, pasted};
use crate::nouns::operation::OperationState;
use crate::nouns::refusal::Refusal;
use crate::operations::report::{self, Report};

/// How often an operation under way is looked at.
const LOOK: std::time::Duration = std::time::Duration::from_millis(200);
/// An operation that waits longer than this is not followed to its end.
const PATIENCE: SignedDuration = SignedDuration::from_secs(120);

/// `rollcall act`
#[derive(Args, Debug)]
pub struct Act {
    /// Whom: a filter, as on the page of people
    #[arg(required_unless_present = "list", conflicts_with = "list")]
    pub filter: Option<String>,
    /// Whom: the e-mail addresses and account ids in a file, or - for standard input
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// End access to an app, as app@site, or to `all` (several allowed)
    #[arg(long, value_name = "APP@SITE")]
    pub remove_app_access: Vec<String>,
    /// With --remove-app-access: an app that may be lost with it, because a group grants both
    #[arg(long, value_name = "APP@SITE", requires = "remove_app_access")]
    pub also_lose: Vec<String>,
    /// Give access to an app by a group, as app@site=GROUP (several allowed)
    #[arg(long, value_name = "APP@SITE=GROUP")]
    pub grant_app_access: Vec<String>,
    /// Put people into a group (several allowed)
    #[arg(long, value_name = "NAME")]
    pub add_to_group: Vec<String>,
    /// Take people out of a group (several allowed)
    #[arg(long, value_name = "NAME")]
    pub remove_from_group: Vec<String>,
    /// Take all access away until restored
    #[arg(long)]
    pub suspend: bool,
    /// Give suspended people their access back
    #[arg(long)]
    pub restore: bool,
    /// Take people out of every directory
    #[arg(long)]
    pub remove_from_directory: bool,
    /// Deactivate managed accounts
    #[arg(long)]
    pub deactivate: bool,
    /// Activate deactivated managed accounts
    #[arg(long)]
    pub activate: bool,
    /// The last day of the access that is given: after it, it is taken back by itself
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<Date>,
    /// How it goes on.
    #[command(flatten)]
    pub going: Going,
}

/// What is done with a plan.
#[derive(Args, Debug)]
pub struct Going {
    /// Show the plan and send nothing [the default]
    #[arg(long, conflicts_with = "yes")]
    pub plan: bool,
    /// Carry the plan out when it has exactly so many rows to be done
    #[arg(long, value_name = "ROWS")]
    pub yes: Option<u64>,
    /// With --yes: carry out so many rows first, and wait until somebody says `operations --want resume`
    #[arg(long = "try", value_name = "ROWS", requires = "yes")]
    pub first: Option<NonZeroU64>,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// `rollcall undo`
#[derive(Args, Debug)]
pub struct Undo {
    /// The operation's id or number
    pub operation: String,
    /// Try again what failed, instead of taking back what was done
    #[arg(long)]
    pub retry: bool,
    /// How it goes on.
    #[command(flatten)]
    pub going: Going,
}

/// `rollcall stop` and `rollcall release`
#[derive(Args, Debug)]
pub struct Switch {
    /// Why, for the audit
    #[arg(long)]
    pub reason: String,
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
}

/// Runs `rollcall act`.
pub async fn run(act: &Act) -> Result<Exit, Refusal> {
    let actions = act.steps()?;
    let people = match &act.list {
        Some(file) => Some(listed(&act.going.place, file).await?),
        None => None,
    };
    let filter = act.filter.clone().unwrap_or_default();
    go(&Question::Plan { filter, people, actions, until: act.until.map(|last| last.to_string()) }, &act.going).await
}

/// The account ids of everybody whom a file names. Entries that name nobody are said, and nothing is guessed.
async fn listed(place: &Place, file: &Path) -> Result<Vec<String>, Refusal> {
    let refused = |why: String, next: &str| Refusal::new("Nothing was planned.", why, next);
    let unread = |error: std::io::Error| refused(format!("The list cannot be read: {error}."), "Name another file.");
    let mut bytes = Vec::new();
    let most = pasted::LONGEST as u64 + 1;
    if file.as_os_str() == "-" {
        std::io::stdin().take(most).read_to_end(&mut bytes).map_err(unread)?;
    } else {
        std::fs::File::open(file).and_then(|open| open.take(most).read_to_end(&mut bytes)).map_err(unread)?;
    }
    let entries = pasted::entries(&pasted::text(&bytes))
        .map_err(|why| refused(format!("The list is too long: {why}."), "Split it."))?;
    let mirrors = to_read(place).await?;
    let mirror =
        mirrors.only().ok_or_else(|| refused("No organization is connected.".to_owned(), "Start `rollcall serve`."))?;
    let snapshot = mirror.shown();
    let named = pasted::named(&snapshot, &entries);
    for entry in &named.nobody {
        eprintln!("not found: {entry}");
    }
    for (entry, _) in &named.left {
        eprintln!("not in the organization any more: {entry}");
    }
    let known = entries.len() - named.nobody.len() - named.left.len();
    eprintln!("{known} of {} entries name {} people.", entries.len(), named.found.len());
    let ids = named.found.iter().filter_map(|account| snapshot.account_id(account)).map(|id| id.to_string()).collect();
    mirrors.close().await;
    Ok(ids)
}

/// Runs `rollcall undo`.
pub async fn undo(undo: &Undo) -> Result<Exit, Refusal> {
    let id = identify(&undo.going.place, &undo.operation).await?;
    let question = if undo.retry { Question::Retry { id } } else { Question::Undo { id } };
    go(&question, &undo.going).await
}

/// Runs `rollcall stop`.
pub async fn stop(switch: &Switch) -> Result<Exit, Refusal> {
    let question = Question::Stop { reason: switch.reason.clone() };
    told(&switch.place, &question, ["Everything is stopped. Nothing more is sent.", "It was stopped already."]).await
}

/// Runs `rollcall release`.
pub async fn release(switch: &Switch) -> Result<Exit, Refusal> {
    let question = Question::Release { reason: switch.reason.clone() };
    told(&switch.place, &question, ["Released: what was under way goes on.", "Nothing was stopped."]).await
}

/// Asks for something that is done at once, and says which way it went.
pub(crate) async fn told(place: &Place, question: &Question, said: [&str; 2]) -> Result<Exit, Refusal> {
    let answer = match ask(place, question).await? {
        Answered::There(answer) => answer,
        Answered::Here(answer, opened, _) => {
            opened.mirrors.close().await;
            answer
        }
    };
    match answer {
        Answer::Refused { what, why, next } => Err(Refusal { what, why, next }),
        Answer::Done { changed: false } => {
            println!("{}", said[1]);
            Ok(Exit::Done)
        }
        _ => {
            println!("{}", said[0]);
            Ok(Exit::Done)
        }
    }
}

impl Act {
    /// The actions, in this order whatever the order of the flags.
    fn steps(&self) -> Result<Vec<Step>, Refusal> {
        let mut steps = Vec::new();
        for grant in &self.grant_app_access {
            let Some((app, group)) = grant.split_once('=') else {
                return Err(Refusal::new(
                    "Nothing was planned.",
                    format!("“{grant}” does not say by which group."),
                    "Write --grant-app-access APP@SITE=GROUP.",
                ));
            };
            steps.push(Step::GrantAppAccess { app: app.to_owned(), group: group.to_owned() });
        }
        if !self.add_to_group.is_empty() {
            steps.push(Step::AddToGroups(self.add_to_group.clone()));
        }
        if !self.remove_app_access.is_empty() {
            let (apps, also_lose) = (self.remove_app_access.clone(), self.also_lose.clone());
            steps.push(Step::RemoveAppAccess { apps, also_lose });
        }
        if !self.remove_from_group.is_empty() {
            steps.push(Step::RemoveFromGroups(self.remove_from_group.clone()));
        }
        let flags = [
            (self.activate, Step::Activate),
            (self.restore, Step::Restore),
            (self.suspend, Step::Suspend),
            (self.deactivate, Step::Deactivate),
            (self.remove_from_directory, Step::RemoveFromDirectory),
        ];
        steps.extend(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, step)| step));
        Ok(steps)
    }
}

/// An operation's id, by id or number.
pub(crate) async fn identify(place: &Place, named: &str) -> Result<String, Refusal> {
    if OperationId::parse(named).is_some() {
        return Ok(named.to_owned());
    }
    let unknown =
        || Refusal::new("Nothing was done.", "There is no such operation.", "`rollcall operations` lists them.");
    let number: u64 = named.parse().map_err(|_| unknown())?;
    let mirrors = to_read(place).await?;
    let Some(mirror) = mirrors.only() else { return Err(unknown()) };
    let listed = report::list(&mirror, Default::default(), (Some(number + 1), 1)).await.map_err(failed)?;
    mirrors.close().await;
    listed.first().filter(|found| found.number == number).map(|found| found.id.to_string()).ok_or_else(unknown)
}

/// Plans, shows the plan, and carries it out when the number of its rows was given.
async fn go(question: &Question, going: &Going) -> Result<Exit, Refusal> {
    let (answer, here) = split(ask(&going.place, question).await?);
    let id = planned(answer)?;
    let reader = match &here {
        Some((_, mirror)) => mirror.clone(),
        None => {
            let mirrors = to_read(&going.place).await?;
            mirrors.only().ok_or_else(|| failed(crate::store::error::StoreError::Closed))?
        }
    };
    let planned = of(&reader, &id).await?;
    show(&reader, &planned).await.map_err(failed)?;
    let rows = planned.operation.plan.rows;
    let ended = match going.yes {
        None => {
            println!("\nNothing was sent. Carry it out with --yes {rows}.");
            Ok(Exit::Done)
        }
        Some(typed) if typed != rows => Err(Refusal::new(
            "Nothing was sent.",
            format!("The plan has {rows} rows to be done, not {typed}."),
            format!("Look at it again, then say --yes {rows}."),
        )),
        Some(_) => {
            let hash = planned.operation.plan.hash.to_vec();
            let approve = Question::Approve { id: id.to_string(), hash, rows, first: going.first };
            let answer = match &here {
                Some((opened, mirror)) => acting::answer(mirror, &opened.surroundings, approve).await,
                None => split(ask(&going.place, &approve).await?).0,
            };
            match answer {
                Answer::Refused { what, why, next } => Err(Refusal { what, why, next }),
                _ => follow(&reader, &id, here.as_ref()).await,
            }
        }
    };
    if let Some((opened, _)) = here {
        opened.mirrors.close().await;
    }
    ended
}

fn split(answered: Answered) -> (Answer, Option<(Box<Opened>, Mirror)>) {
    match answered {
        Answered::There(answer) => (answer, None),
        Answered::Here(answer, opened, mirror) => (answer, Some((opened, mirror))),
    }
}

fn planned(answer: Answer) -> Result<OperationId, Refusal> {
    let unreadable = || Refusal::new("Nothing was done.", "The server's answer cannot be read.", "Update the server.");
    match answer {
        Answer::Operation(id) => OperationId::parse(&id).ok_or_else(unreadable),
        Answer::Refused { what, why, next } => Err(Refusal { what, why, next }),
        Answer::Done { .. } | Answer::TaskRun { .. } => Err(unreadable()),
    }
}

async fn of(mirror: &Mirror, id: &OperationId) -> Result<Report, Refusal> {
    let found = report::report(mirror, id).await.map_err(failed)?;
    found.ok_or_else(|| Refusal::new("Nothing was done.", "There is no such operation.", "Plan it again."))
}

/// Follows an operation to its end; works on it, when this process is the one that acts.
async fn follow(mirror: &Mirror, id: &OperationId, here: Option<&(Box<Opened>, Mirror)>) -> Result<Exit, Refusal> {
    let clock = Clock::system();
    let working = async {
        loop {
            if let Some((opened, mirror)) = here {
                acting::work(opened, mirror).await?;
            }
            clock.sleep(LOOK).await;
        }
    };
    let watching = async {
        let mut said = String::new();
        loop {
            let now = of(mirror, id).await?.operation;
            let line = line(&now);
            if line != said {
                eprintln!("{line}");
                said = line;
            }
            let waits =
                now.waiting.as_ref().is_some_and(|waiting| waiting.until.duration_since(clock.now()) > PATIENCE);
            let goes_on = matches!(now.state, OperationState::Approved | OperationState::Running);
            if !goes_on || waits {
                return Ok::<_, Refusal>(now);
            }
            clock.sleep(LOOK).await;
        }
    };
    let ended = tokio::select! {
        ended = watching => ended?,
        failure = working => {
            let failure: Result<(), crate::store::error::StoreError> = failure;
            return Err(failed(failure.err().unwrap_or(crate::store::error::StoreError::Closed)));
        }
    };
    if let Some(failure) = &ended.failure {
        println!("{failure}");
    }
    if ended.state.is_over() {
        println!("Take it back with: rollcall undo {}", ended.number);
    } else if ended.state == OperationState::Paused {
        println!("Let it go on with: rollcall operations {} --want resume", ended.number);
    } else {
        println!("It goes on by itself while `rollcall serve` runs.");
    }
    Ok(match ended.state {
        OperationState::Succeeded => Exit::Done,
        OperationState::Partial => Exit::Gaps,
        OperationState::Failed => Exit::Failed,
        _ => Exit::Refused,
    })
}
