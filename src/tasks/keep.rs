//! Keeping tasks: created, edited, switched, deleted and started by hand. Each edit is a version; runs stay whatever
//! becomes of their task. A filter that a task uses is one that everybody finds.

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::id::{Entropy, TaskId, TaskRunId};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::NewEvent;
use crate::nouns::refusal::Refusal;
use crate::nouns::saved_filter::Audience;
use crate::nouns::task::{Author, Cause, Definition, NewTaskRun, Task, TaskRunState};
use crate::nouns::task_schedule::Repeat;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, filters, head, mail_server, request_keys, task_runs, tasks};
use crate::sync::edition::{self, GraceOver};
use crate::tasks::rights;

/// Why a task was not kept, changed or started.
#[derive(Debug, Error)]
pub enum NotKept {
    /// There is no such task.
    #[error("there is no such task")]
    Unknown,
    /// There is one of this name already.
    #[error("there is a task of this name already")]
    NameTaken,
    /// There are as many as can be listed.
    #[error("there are {} tasks already", tasks::MOST)]
    TooMany,
    /// Its filter is not there, or is somebody else's own.
    #[error("the filter is not there, or belongs to somebody else alone")]
    NoFilter,
    /// Its filter cannot be shared: everybody finds another one of that name.
    #[error("the filter would be shared, and everybody finds another one of that name")]
    FilterName,
    /// It has no action.
    #[error("no action is chosen, or one without the groups it is about")]
    NoAction,
    /// Its stages are not in the order of their days.
    #[error("each stage comes later than the one before")]
    Stages,
    /// A stage both warns and acts.
    #[error("a stage that warns does nothing else")]
    WarnAlone,
    /// Nothing comes after a warning.
    #[error("a stage that warns is followed, days later, by one that acts")]
    WarnNext,
    /// There is no mail server to warn by.
    #[error("no mail server is set up to warn by; enter one in Settings, Notifications")]
    NoMail,
    /// The organization API key may not do it.
    #[error("the key may not do what it does. {0}")]
    Rights(String),
    /// No weekday is chosen.
    #[error("no weekday is chosen")]
    NoDay,
    /// Nothing is known of its time zone.
    #[error("there is no time zone of that name")]
    Zone,
    /// Guards that would be none.
    #[error("a guard is at least 1 person and at most 100 %")]
    Guards,
    /// The edition's grace period is over.
    #[error("the grace period is over")]
    GraceOver(GraceOver),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotKept {
    /// What a person is told.
    pub fn refusal(&self, what: &str) -> Refusal {
        match self {
            NotKept::GraceOver(over) => over.refusal(what),
            NotKept::Unknown => Refusal::new(what, "There is no such task.", "Look at the list of tasks."),
            NotKept::Store(error) => Refusal::new(what, format!("The database failed: {error}."), "Try again."),
            why => Refusal::new(what, format!("It was not taken: {why}."), "Correct it below."),
        }
    }
}

/// Keeps a task of whoever asks. Its schedule begins with this moment: nothing before it counts as missed.
pub async fn create(
    context: &Context,
    mirror: &Mirror,
    (definition, active): (Definition, bool),
    entropy: &Entropy,
) -> Result<TaskId, NotKept> {
    let task = Task {
        id: TaskId::new(entropy, context.now),
        version: 1,
        definition: sound(definition)?,
        active,
        author: author(context),
        changed_at: context.now,
        settled_at: context.now,
        hold_next: None,
    };
    let (context, salt, id) = (context.clone(), entropy.bytes(), task.id.clone());
    let kept = mirror.store().write(move |tx| {
        if tasks::count(tx)? >= tasks::MOST {
            return Ok(Err(NotKept::TooMany));
        }
        if let Err(why) = fits(tx, &context, &task)? {
            return Ok(Err(why));
        }
        tasks::insert(tx, &task)?;
        events::append(tx, &event(&context, "task.created", &task), &salt)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    kept.await??;
    Ok(id)
}

/// Writes a new version of a task. Starts that were due under the one before are not caught up under this one.
pub async fn edit(
    context: &Context,
    mirror: &Mirror,
    (id, definition, active): (&TaskId, Definition, bool),
    entropy: &Entropy,
) -> Result<(), NotKept> {
    let definition = sound(definition)?;
    let (context, salt, id) = (context.clone(), entropy.bytes(), id.clone());
    let edited = mirror.store().write(move |tx| {
        let Some(found) = tasks::find(tx, &id)? else { return Ok(Err(NotKept::Unknown)) };
        let task = Task {
            version: found.version + 1,
            definition,
            active,
            author: author(&context),
            changed_at: context.now,
            settled_at: found.settled_at.max(context.now),
            ..found
        };
        if let Err(why) = fits(tx, &context, &task)? {
            return Ok(Err(why));
        }
        tasks::update(tx, &task)?;
        events::append(tx, &event(&context, "task.edited", &task), &salt)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    edited.await?
}

/// Switches *Schedule Active* on; what was due meanwhile is not caught up.
pub async fn switch_on(context: &Context, mirror: &Mirror, id: &TaskId, entropy: &Entropy) -> Result<(), NotKept> {
    switch(context, mirror, (id, "task.switched_on"), entropy).await
}

/// Switches *Schedule Active* off.
pub async fn switch_off(context: &Context, mirror: &Mirror, id: &TaskId, entropy: &Entropy) -> Result<(), NotKept> {
    switch(context, mirror, (id, "task.switched_off"), entropy).await
}

async fn switch(
    context: &Context,
    mirror: &Mirror,
    (id, kind): (&TaskId, &'static str),
    entropy: &Entropy,
) -> Result<(), NotKept> {
    let (context, salt, id) = (context.clone(), entropy.bytes(), id.clone());
    let switched = mirror.store().write(move |tx| {
        let Some(found) = tasks::find(tx, &id)? else { return Ok(Err(NotKept::Unknown)) };
        let active = kind == "task.switched_on";
        if found.active == active {
            return Ok(Ok(()));
        }
        let settled_at = found.settled_at.max(context.now);
        let task = Task { active, settled_at, ..found };
        tasks::switch(tx, &task)?;
        events::append(tx, &event(&context, kind, &task), &salt)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    switched.await?
}

/// Deletes a task. Its runs stay, and one that is under way goes on.
pub async fn delete(context: &Context, mirror: &Mirror, id: &TaskId, entropy: &Entropy) -> Result<(), NotKept> {
    let (context, salt, id) = (context.clone(), entropy.bytes(), id.clone());
    let deleted = mirror.store().write(move |tx| {
        let Some(task) = tasks::find(tx, &id)? else { return Ok(Err(NotKept::Unknown)) };
        tasks::delete(tx, &id, context.now)?;
        events::append(tx, &event(&context, "task.deleted", &task), &salt)?;
        head::touch(tx)?;
        Ok(Ok(()))
    });
    deleted.await?
}

/// *Run now*, whatever the schedule, whose next start stays. The same request key within 24 hours gives the first run;
/// while a run of the task is not over, that one is given.
pub async fn run_now(
    context: &Context,
    mirror: &Mirror,
    (id, cause): (&TaskId, Cause),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<TaskRunId, NotKept> {
    let (context, salt, id) = (context.clone(), entropy.bytes(), id.clone());
    let run = TaskRunId::new(entropy, context.now);
    let begun = mirror.store().write(move |tx| {
        let first = match &request_key {
            Some(key) => request_keys::find(tx, key, context.now)?.and_then(|answer| TaskRunId::parse(&answer)),
            None => None,
        };
        if let Some(first) = first {
            return Ok(Ok(first));
        }
        let Some(task) = tasks::find(tx, &id)? else { return Ok(Err(NotKept::Unknown)) };
        if cause != Cause::DryRun
            && let Err(over) = edition::may_act(tx, context.now)?
        {
            return Ok(Err(NotKept::GraceOver(over)));
        }
        // One run of a task at a time: whoever asks again is led to the one that is not over.
        let open = if cause == Cause::DryRun { None } else { task_runs::open_of(tx, &id)? };
        if let Some(open) = open {
            return Ok(Ok(open.id));
        }
        let new = NewTaskRun {
            id: run.clone(),
            task: id,
            version: task.version,
            cause,
            due: None,
            state: TaskRunState::Asked,
            reason: None,
            asked_by: context.actor.as_text(),
            asked_at: context.now,
        };
        task_runs::insert(tx, &new)?;
        events::append(tx, &event(&context, "task.asked", &task), &salt)?;
        if let Some(key) = &request_key {
            request_keys::remember(tx, key, run.as_str(), context.now)?;
        }
        head::touch(tx)?;
        Ok(Ok(run))
    });
    begun.await?
}

/// What can be seen of a definition by itself.
fn sound(definition: Definition) -> Result<Definition, NotKept> {
    use crate::nouns::task::TaskAction::{AddToGroups, RemoveFromGroups};
    let empty = |action: &_| matches!(action, AddToGroups(groups) | RemoveFromGroups(groups) if groups.is_empty());
    let stages = &definition.stages;
    if stages.is_empty() || stages.iter().any(|stage| stage.actions.is_empty() || stage.actions.iter().any(empty)) {
        return Err(NotKept::NoAction);
    }
    if !stages.is_sorted_by(|one, next| one.after_days < next.after_days) {
        return Err(NotKept::Stages);
    }
    for (place, stage) in stages.iter().enumerate().filter(|(_, stage)| stage.warning().is_some()) {
        if stage.actions.len() > 1 {
            return Err(NotKept::WarnAlone);
        }
        if stages.get(place + 1).is_none_or(|next| next.warning().is_some()) {
            return Err(NotKept::WarnNext);
        }
    }
    if matches!(definition.schedule.repeat, Repeat::Weekdays(days) if days.is_empty()) {
        return Err(NotKept::NoDay);
    }
    if TimeZone::get(&definition.schedule.zone).is_err() {
        return Err(NotKept::Zone);
    }
    if definition.guards.people == 0 || definition.guards.percent > 100 {
        return Err(NotKept::Guards);
    }
    Ok(definition)
}

/// What only shows beside other tasks and the filters. A filter of one's own becomes one that everybody finds.
fn fits(tx: &mut Tx, context: &Context, task: &Task) -> Result<Result<(), NotKept>, StoreError> {
    let named = tasks::named(tx, &task.definition.name.key())?;
    if named.is_some_and(|other| other != task.id) {
        return Ok(Err(NotKept::NameTaken));
    }
    if task.definition.warns() && mail_server::find(tx)?.is_none() {
        return Ok(Err(NotKept::NoMail));
    }
    if let Some(why) = rights::lacking(tx)? {
        return Ok(Err(NotKept::Rights(why)));
    }
    let Some(mut filter) = filters::find(tx, &task.definition.filter)? else { return Ok(Err(NotKept::NoFilter)) };
    if filter.kept.audience.is_everybody() {
        return Ok(Ok(()));
    }
    if administrator(context).is_none_or(|asker| *asker != filter.owner) {
        return Ok(Err(NotKept::NoFilter));
    }
    filter.kept.audience = Audience::Everybody;
    let taken = filters::named(tx, &filter.kept.name, (&filter.owner, Audience::Everybody))?;
    if taken.is_some_and(|other| other != filter.id) {
        return Ok(Err(NotKept::FilterName));
    }
    filters::update(tx, &filter)?;
    Ok(Ok(()))
}

fn administrator(context: &Context) -> Option<&crate::id::AdministratorId> {
    match &context.actor {
        Actor::Administrator { id, .. } | Actor::AccessToken { administrator: id, .. } => Some(id),
        Actor::FeedKey { .. } | Actor::CommandLine | Actor::System => None,
    }
}

fn author(context: &Context) -> Author {
    let name = match &context.actor {
        Actor::Administrator { username, .. } | Actor::AccessToken { username, .. } => username.clone(),
        other => other.as_text(),
    };
    Author { name, administrator: administrator(context).cloned() }
}

/// A name may tell of people, so it stands in the part that can be erased.
fn event(context: &Context, kind: &'static str, task: &Task) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: task.id.to_string(),
        detail: serde_json::json!({ "version": task.version, "active": task.active }).to_string(),
        personal: serde_json::json!({ "name": task.definition.name.as_str() }).to_string(),
    }
}
