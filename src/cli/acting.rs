//! What the commands that act hand to a running server, or do themselves when there is none: one question, one answer.

use std::num::NonZeroU64;

use directory::AccountId;
use serde::{Deserialize, Serialize};

use crate::cli::Place;
use crate::cli::open::{self, Locked, Opened};
use crate::cli::socket;
use crate::config::Config;
use crate::id::{Entropy, OperationId, TaskRunId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::operation::Selection;
use crate::nouns::refusal::Refusal;
use crate::nouns::task::Cause;
use crate::operations::approve::{self, Approving};
use crate::operations::control::{self, Wished};
use crate::operations::named::{self, Named};
use crate::operations::plan::{self, Wanted};
use crate::operations::until::end_of;
use crate::operations::{guard, undo, worker};
use crate::store::error::StoreError;
use crate::store::tasks;
use crate::sync::pass::Surroundings;
use crate::tasks::keep;

use clock::Clock;

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Plan actions on whom a filter finds, or on people by their ids; access that they give may have a last day.
    Plan {
        filter: String,
        #[serde(default)]
        people: Option<Vec<String>>,
        actions: Vec<Step>,
        #[serde(default)]
        until: Option<String>,
    },
    /// Approve a plan that was looked at, by its hash, with the number of its rows; to be tried on the first of them.
    Approve {
        id: String,
        hash: Vec<u8>,
        rows: u64,
        #[serde(default)]
        first: Option<NonZeroU64>,
    },
    /// Plan the way back.
    Undo { id: String },
    /// Plan again what failed.
    Retry { id: String },
    /// Stop before the next change.
    Pause { id: String },
    /// Go on.
    Resume { id: String },
    /// End before the next change.
    Cancel { id: String },
    /// Stop everything.
    Stop { reason: String },
    /// Release it.
    Release { reason: String },
    /// Switch actions on or off.
    Actions { on: bool },
    /// Start an automated task, by its name, or switch its schedule.
    Task { name: String, what: WithTask },
}

/// What is done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum WithTask {
    /// Run it now.
    Run,
    /// Try it: nothing is sent.
    DryRun,
    /// *Schedule Active* on.
    On,
    /// *Schedule Active* off.
    Off,
}

/// An action by names.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Step {
    RemoveAppAccess { apps: Vec<String>, also_lose: Vec<String> },
    GrantAppAccess { app: String, group: String },
    AddToGroups(Vec<String>),
    RemoveFromGroups(Vec<String>),
    Suspend,
    Restore,
    RemoveFromDirectory,
    Deactivate,
    Activate,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The operation's id.
    Operation(String),
    /// It was done, or was so already.
    Done { changed: bool },
    /// A run of a task, and the task.
    TaskRun { task: String, run: String },
    /// It was not.
    Refused { what: String, why: String, next: String },
}

impl From<Refusal> for Answer {
    fn from(Refusal { what, why, next }: Refusal) -> Answer {
        Answer::Refused { what, why, next }
    }
}

/// Where a question was answered.
pub(crate) enum Answered {
    /// By a running server, which goes on with it.
    There(Answer),
    /// Here: this process goes on with it.
    Here(Answer, Box<Opened>, Mirror),
}

/// Asks the server that holds the installation, or answers here.
pub(crate) async fn ask(place: &Place, question: &Question) -> Result<Answered, Refusal> {
    let config = Config::read(place.flags())?;
    let opened = match open::to_act(&config, Clock::system()).await {
        Ok(opened) => opened,
        Err(Locked::Refused(refusal)) => return Err(refusal),
        Err(Locked::Elsewhere) => {
            let question = serde_json::to_string(question).unwrap_or_default();
            let said = socket::ask(&config.data, &format!("act {question}")).await?;
            let answer = serde_json::from_str(&said)
                .map_err(|_| Refusal::new("Nothing was done.", said, "Update the server, or look into its log."))?;
            return Ok(Answered::There(answer));
        }
    };
    let Some(mirror) = opened.mirrors.only() else {
        return Err(Refusal::new(
            "Nothing was done.",
            "No organization is connected.",
            "Start `rollcall serve` and enter its API key on the page it prints.",
        ));
    };
    let answer = answer(&mirror, &opened.surroundings, question.clone()).await;
    Ok(Answered::Here(answer, Box::new(opened), mirror))
}

/// Answers a question.
pub(crate) async fn answer(mirror: &Mirror, surroundings: &Surroundings, question: Question) -> Answer {
    match try_answer(mirror, surroundings, question).await {
        Ok(answer) => answer,
        Err(refusal) => refusal.into(),
    }
}

async fn try_answer(mirror: &Mirror, surroundings: &Surroundings, question: Question) -> Result<Answer, Refusal> {
    let context = Context { actor: Actor::CommandLine, now: surroundings.clock.now() };
    let entropy = &surroundings.entropy;
    let planned = |id: OperationId| Answer::Operation(id.to_string());
    let done = |changed| Answer::Done { changed };
    Ok(match question {
        Question::Plan { filter, people, actions, until } => {
            let snapshot = mirror.newest().await.map_err(failed)?;
            let actions = actions.into_iter().map(|step| named::action(&snapshot, &step.named()));
            let actions = actions.collect::<Result<_, _>>()?;
            let selection = match people {
                Some(people) => Selection::People(people.iter().filter_map(|id| AccountId::new(id).ok()).collect()),
                None => Selection::Filter(filter),
            };
            let wanted = Wanted { selection, actions, own: None };
            let until = until.and_then(|last| end_of(last.parse().ok()?, &mirror.zone()));
            let id = plan::plan_lent(&context, mirror, (wanted, until), (None, entropy)).await;
            planned(id.map_err(|error| error.refusal())?)
        }
        Question::Approve { id, hash, rows, first } => {
            let id = operation(&id)?;
            let hash = hash.try_into().map_err(|_| unknown())?;
            let approving = Approving { hash, typed: Some(rows), reason: String::new() };
            let approved = match first {
                Some(first) => approve::try_on(&context, mirror, (&id, approving, first), entropy).await,
                None => approve::approve(&context, mirror, (&id, approving), entropy).await,
            };
            approved.map_err(|error| error.refusal())?;
            planned(id)
        }
        Question::Undo { id } => {
            let undone = undo::undo(&context, mirror, (&operation(&id)?, None), (None, entropy)).await;
            planned(undone.map_err(|error| error.refusal())?)
        }
        Question::Retry { id } => {
            let again = undo::retry(&context, mirror, (&operation(&id)?, None), (None, entropy)).await;
            planned(again.map_err(|error| error.refusal())?)
        }
        Question::Pause { id } => wished(control::pause(&context, mirror, &operation(&id)?, entropy).await)?,
        Question::Resume { id } => wished(control::resume(&context, mirror, &operation(&id)?, entropy).await)?,
        Question::Cancel { id } => wished(control::cancel(&context, mirror, &operation(&id)?, entropy).await)?,
        Question::Stop { reason } => done(control::stop(&context, mirror, &reason, entropy).await.map_err(failed)?),
        Question::Release { reason } => {
            done(control::release(&context, mirror, &reason, entropy).await.map_err(failed)?)
        }
        Question::Actions { on: true } => {
            guard::switch_on(&context, mirror, entropy).await.map_err(failed)?;
            done(true)
        }
        Question::Task { name, what } => with_task(&context, mirror, (&name, what), entropy).await?,
        Question::Actions { on: false } => {
            guard::switch_off(&context, mirror, entropy).await.map_err(failed)?;
            done(true)
        }
    })
}

async fn with_task(
    context: &Context,
    mirror: &Mirror,
    (name, what): (&str, WithTask),
    entropy: &Entropy,
) -> Result<Answer, Refusal> {
    let wanted = directory::fold_text(name.trim()).to_string();
    let found = mirror.store().read(move |tx| tasks::named(tx, &wanted)).await.map_err(failed)?;
    let Some(id) = found else {
        let why = format!("There is no task “{}”.", name.trim());
        return Err(Refusal::new("Nothing was done.", why, "`rollcall tasks` lists them."));
    };
    let run = |run: TaskRunId| Answer::TaskRun { task: id.to_string(), run: run.to_string() };
    let done = match what {
        WithTask::Run => keep::run_now(context, mirror, (&id, Cause::Person), (None, entropy)).await.map(run),
        WithTask::DryRun => keep::run_now(context, mirror, (&id, Cause::DryRun), (None, entropy)).await.map(run),
        WithTask::On => keep::switch_on(context, mirror, &id, entropy).await.map(|()| Answer::Done { changed: true }),
        WithTask::Off => keep::switch_off(context, mirror, &id, entropy).await.map(|()| Answer::Done { changed: true }),
    };
    done.map_err(|why| why.refusal("Nothing was done."))
}

impl Step {
    fn named(self) -> Named {
        match self {
            Step::RemoveAppAccess { apps, also_lose } => Named::RemoveAppAccess { apps, also_lose },
            Step::GrantAppAccess { app, group } => Named::GrantAppAccess { app, group },
            Step::AddToGroups(groups) => Named::AddToGroups(groups),
            Step::RemoveFromGroups(groups) => Named::RemoveFromGroups(groups),
            Step::Suspend => Named::Suspend,
            Step::Restore => Named::Restore,
            Step::RemoveFromDirectory => Named::RemoveFromDirectory,
            Step::Deactivate => Named::Deactivate,
            Step::Activate => Named::Activate,
        }
    }
}

fn operation(id: &str) -> Result<OperationId, Refusal> {
    OperationId::parse(id).ok_or_else(unknown)
}

fn unknown() -> Refusal {
    Refusal::new("Nothing was done.", "There is no such operation.", "`rollcall operations` lists them.")
}

fn wished(wished: Result<Wished, StoreError>) -> Result<Answer, Refusal> {
    match wished.map_err(failed)? {
        Wished::Taken => Ok(Answer::Done { changed: true }),
        Wished::Unknown => Err(unknown()),
        Wished::Not(state) => Err(Refusal::new(
            "Nothing was done.",
            format!("The operation is {}.", state.as_str()),
            "`rollcall operations` lists them.",
        )),
    }
}

pub(crate) fn failed(error: StoreError) -> Refusal {
    Refusal::new("Nothing was done.", format!("The database failed: {error}."), "Run `rollcall doctor`.")
}

/// Works on operations while this process is the one that acts.
pub(crate) async fn work(opened: &Opened, mirror: &Mirror) -> Result<(), StoreError> {
    worker::work_once(mirror, &opened.connector, &opened.surroundings).await.map(drop)
}
