//! Carrying a plan out, in batches that each commit with how far the run is. A batch is written only on what its plan was
//! made of: when somebody has changed contacts since, the plan is made anew. So a run that was cut off goes on where it
//! stood, and nothing is done twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use contact::field::{Entity, Values};
use contact::sync::{Ended, Identity, LinkState, Person, Plan, plan};
use serde_json::json;

use crate::contacts::people::Sources;
use crate::contacts::scope;
use crate::contacts::settle;
use crate::contacts::tell::Doing;
use crate::contacts::worker::{Halt, Turn};
use crate::id::RecordId;
use crate::nouns::contact::{Happened, Record, RecordState};
use crate::nouns::contact_run::{ContactRun, ContactRunState};
use crate::nouns::notice::EventKind;
use crate::store::contact_runs::NewLine;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{
    contact_fields, contact_head, contact_identities, contact_notes, contact_records, contact_runs, head, site_readings,
};

/// How many contacts a commit writes.
const BATCH: usize = 2_000;
/// How often contacts may change under a run before it is given up.
const ATTEMPTS: u32 = 200;

/// What is known of contacts, of one version.
pub(super) struct Known {
    pub(super) version: i64,
    pub(super) contacts: Vec<contact::sync::Known>,
    pub(super) identities: Vec<Identity>,
}

impl Known {
    pub(super) fn read(tx: &mut Tx) -> Result<Known, StoreError> {
        Ok(Known {
            version: contact_head::read(tx)?.version,
            contacts: contact_records::synced(tx)?,
            identities: contact_identities::all(tx)?,
        })
    }
}

/// A plan with everything it speaks of.
struct Prepared {
    sources: Sources,
    scope: scope::Scope,
    known: Known,
    followed: String,
    generation: u64,
}

/// What changes with the accounts, so that the same is not followed twice.
pub(super) fn word(tx: &mut Tx, generation: u64) -> Result<String, StoreError> {
    let read: i64 = site_readings::latest(tx)?
        .iter()
        .filter_map(|reading| reading.ended_at)
        .map(|at| at.as_microsecond())
        .max()
        .unwrap_or(0);
    let scope = scope::read(tx)?.chosen.map_or(0, |(_, at)| at.as_microsecond());
    Ok(format!("{generation} {read} {scope} {}", contact_head::read(tx)?.version))
}

/// Follows the accounts until nothing is left to do.
pub(super) async fn follow(turn: &Turn<'_>) -> Result<(), Halt> {
    for _ in 0..ATTEMPTS {
        let prepared = prepare(turn).await?;
        let outcome = tokio::task::spawn_blocking({
            let (prepared, doing) = (Arc::clone(&prepared), turn.doing.clone());
            move || {
                let people = prepared.sources.people(&prepared.scope);
                let plan = plan(&prepared.known.contacts, &prepared.known.identities, &people);
                let steps = steps(&prepared.known, &plan, &people, &doing);
                (plan, steps)
            }
        });
        let (plan, steps) = outcome.await.map_err(|error| Halt::Failed(format!("The plan was not made: {error}.")))?;
        let (steps, total) = (steps, plan.steps());
        if steps.is_empty() {
            if settle(turn, &prepared, plan).await? {
                return Ok(());
            }
            continue;
        }
        let mut version = prepared.known.version;
        let mut first = true;
        for step in steps {
            match write(turn, step, (version, first.then_some(total), prepared.generation)).await? {
                Some(next) => version = next,
                None => break,
            }
            first = false;
        }
    }
    Err(Halt::Failed("Contacts were changed again and again while the accounts were followed.".to_owned()))
}

async fn prepare(turn: &Turn<'_>) -> Result<Arc<Prepared>, Halt> {
    let snapshot = turn.mirror.shown();
    let fence = turn.lease.fence.clone();
    let read = turn.mirror.store().read(move |tx| {
        if !crate::store::jobs::holds(tx, &fence)? {
            return Ok(None);
        }
        let generation = snapshot.generation();
        Ok(Some(Prepared {
            followed: word(tx, generation)?,
            sources: Sources::read(tx, snapshot)?,
            scope: scope::read(tx)?.scope,
            known: Known::read(tx)?,
            generation,
        }))
    });
    read.await?.map(Arc::new).ok_or(Halt::LeaseLost)
}

/// What one commit writes.
#[derive(Default)]
struct Step {
    identities: Vec<Identity>,
    ended: Vec<(String, LinkState)>,
    changes: Vec<contact::sync::Change>,
    creates: Vec<Record>,
    happened: Vec<Happened>,
    lines: Vec<NewLine>,
    created: u64,
    linked: u64,
    changed: u64,
    unlinked: u64,
    released: Vec<u32>,
    done: u64,
}

/// A plan as commits: what concerns one contact stands in one of them.
fn steps(known: &Known, plan: &Plan, people: &[Person<'_>], doing: &Doing) -> Vec<Step> {
    let mut of: BTreeMap<u32, Step> = BTreeMap::new();
    let before: BTreeMap<&str, &Identity> =
        known.identities.iter().map(|identity| (identity.account.as_str(), identity)).collect();
    let now = doing.context.now.as_microsecond();
    let event =
        |contact: u32, kind: &str, told: serde_json::Value| doing.event((Entity::Contact, contact), (kind, &told));
    for unlink in &plan.unlinks {
        let step = of.entry(unlink.contact).or_default();
        let (state, why) = match unlink.why {
            Ended::Gone => (LinkState::Gone, "the account is gone for good"),
            Ended::LeftOut => (LinkState::Former, "the scope leaves it out"),
        };
        step.ended.push((unlink.account.clone(), state));
        step.happened.push(event(unlink.contact, "unlinked", json!({ "account": unlink.account, "why": why })));
        step.lines.push(line(
            "unlinked",
            Some(unlink.contact),
            &unlink.account,
            &format!("Not linked any more: {why}."),
        ));
        step.unlinked += 1;
        step.done += 1;
    }
    for place in &plan.refreshed {
        let person = &people[*place];
        let Some(known) = before.get(person.account) else { continue };
        let step = of.entry(known.contact).or_default();
        step.identities.push(identity(person, known.contact, known.since));
        step.done += 1;
    }
    for link in &plan.links {
        let person = &people[link.person];
        let step = of.entry(link.contact).or_default();
        let since =
            before.get(person.account).filter(|known| known.contact == link.contact).map_or(now, |known| known.since);
        step.identities.push(identity(person, link.contact, since));
        let why = if link.again { "it kept this contact before" } else { "by its e-mail address" };
        step.happened.push(event(link.contact, "linked", json!({ "account": person.account, "why": why })));
        step.lines.push(line("linked", Some(link.contact), person.account, &format!("Linked: {why}.")));
        step.linked += 1;
        step.done += 1;
    }
    let contacts: BTreeMap<u32, &contact::sync::Known> =
        known.contacts.iter().map(|known| (known.number, known)).collect();
    for change in &plan.changes {
        let Some(was) = contacts.get(&change.contact) else { continue };
        let step = of.entry(change.contact).or_default();
        let mut told = serde_json::Map::new();
        if was.name != change.name {
            told.insert("name".to_owned(), json!([was.name, change.name]));
        }
        if was.email != change.email {
            told.insert("email".to_owned(), json!([was.email, change.email]));
        }
        let status = |mark: &Option<contact::sync::Mark>| mark.as_ref().map(|mark| mark.status.clone());
        if let (Some(old), Some(new)) = (status(&was.mark), status(&change.mark))
            && old != new
        {
            told.insert("status".to_owned(), json!([old, new]));
        }
        if !told.is_empty() {
            step.happened.push(event(change.contact, "followed", told.into()));
            step.lines.push(line("changed", Some(change.contact), "", "It follows its account."));
            step.changed += 1;
        }
        if was.mark.is_some() && change.mark.is_none() {
            step.happened.push(event(change.contact, "released", json!({})));
            step.lines.push(line("released", Some(change.contact), "", "It is a regular contact from now on."));
            step.released.push(change.contact);
        }
        step.changes.push(change.clone());
        step.done += 1;
    }
    let mut steps: Vec<Step> = Vec::new();
    for (place, step) in of.into_values().enumerate() {
        match steps.last_mut().filter(|_| !place.is_multiple_of(BATCH)) {
            Some(last) => last.take(step),
            None => steps.push(step),
        }
    }
    for creates in plan.creates.chunks(BATCH) {
        steps.push(made(creates, people, doing));
    }
    steps
}

/// Contacts that are made; their numbers come with the commit.
fn made(creates: &[contact::sync::Create], people: &[Person<'_>], doing: &Doing) -> Step {
    let mut step = Step::default();
    let now = doing.context.now;
    for (create, place) in creates.iter().zip(0..) {
        let Some(leader) = create.people.first().map(|place| &people[*place]) else { continue };
        let name = if leader.name.trim().is_empty() { leader.email.unwrap_or(leader.account) } else { leader.name };
        step.creates.push(Record {
            entity: Entity::Contact,
            number: place,
            id: RecordId::new(&doing.entropy, now),
            state: RecordState::Live,
            merged_into: None,
            name: name.to_owned(),
            email: leader.email.map(|email| email.trim().to_owned()),
            domains: Vec::new(),
            tags: Vec::new(),
            values: Values::new(),
            mark: Some(create.mark.clone()),
            created_at: now,
            created_by: doing.context.actor.as_text(),
            changed_at: now,
        });
        for person in &create.people {
            let person = &people[*person];
            step.identities.push(identity(person, place, now.as_microsecond()));
            step.lines.push(line("created", Some(place), person.account, "Made of an account."));
            let told = json!({ "account": person.account, "why": "it was made of it" });
            step.happened.push(doing.event((Entity::Contact, place), ("linked", &told)));
        }
        step.created += 1;
        step.done += 1;
    }
    step
}

impl Step {
    fn take(&mut self, other: Step) {
        self.identities.extend(other.identities);
        self.ended.extend(other.ended);
        self.changes.extend(other.changes);
        self.happened.extend(other.happened);
        self.lines.extend(other.lines);
        self.created += other.created;
        self.linked += other.linked;
        self.changed += other.changed;
        self.unlinked += other.unlinked;
        self.released.extend(other.released);
        self.done += other.done;
    }

    /// Gives new contacts the numbers behind the last one, and the defaults of the fields that are theirs.
    fn number(&mut self, last: u32, defaults: &Values) {
        let first = last + 1;
        let new = !self.creates.is_empty();
        for record in &mut self.creates {
            record.number += first;
            record.values.clone_from(defaults);
        }
        if new {
            self.identities.iter_mut().for_each(|identity| identity.contact += first);
            self.happened.iter_mut().for_each(|event| event.owner += first);
            self.lines.iter_mut().for_each(|line| line.contact = line.contact.map(|contact| contact + first));
        }
    }
}

/// Writes a step, if contacts are still those that its plan was made of: the version it made.
async fn write(
    turn: &Turn<'_>,
    mut step: Step,
    (version, total, generation): (i64, Option<u64>, u64),
) -> Result<Option<i64>, Halt> {
    let (lease, doing) = (turn.lease.clone(), turn.doing_now());
    let written = turn.mirror.store().write(move |tx| {
        let Some(mut run) = turn_of(tx, &lease)? else { return Ok(Err(())) };
        if contact_head::read(tx)?.version != version {
            return Ok(Ok(None));
        }
        let next = contact_head::next(tx)?;
        let now = doing.context.now;
        if !step.creates.is_empty() {
            let fields = contact_fields::list(tx)?;
            let of_contacts = fields.iter().filter(|field| field.entity == Entity::Contact);
            let defaults = of_contacts.filter_map(|field| Some((field.number, field.default.clone()?))).collect();
            step.number(contact_records::last(tx, Entity::Contact)?, &defaults);
            contact_records::put(tx, &step.creates, next)?;
        }
        let ended: Vec<(&str, LinkState)> =
            step.ended.iter().map(|(account, state)| (account.as_str(), *state)).collect();
        contact_identities::end(tx, &ended, now)?;
        contact_identities::put(tx, &step.identities, now)?;
        contact_records::follow(tx, &step.changes, (now, next))?;
        contact_notes::happened(tx, &step.happened)?;
        contact_runs::append(tx, run.number, &step.lines, now)?;
        tell(tx, &doing, &step, &run)?;
        run.counts.created += step.created;
        run.counts.linked += step.linked;
        run.counts.changed += step.changed;
        run.counts.unlinked += step.unlinked;
        run.counts.released += step.released.len() as u64;
        run.done += step.done;
        run.total = total.map_or(run.total, |total| run.done - step.done + total).max(run.done);
        run.generation = Some(generation);
        run.heartbeat_at = Some(now);
        contact_runs::update(tx, &run)?;
        crate::store::jobs::extend_operation(tx, &lease.fence, now)?;
        head::touch(tx)?;
        Ok(Ok(Some(next)))
    });
    written.await?.map_err(|()| Halt::LeaseLost)
}

/// Tells outside what a step did, in ids and counts.
fn tell(tx: &mut Tx, doing: &Doing, step: &Step, run: &ContactRun) -> Result<(), StoreError> {
    let run = Some(run.id.as_str());
    let created: Vec<String> = step.creates.iter().map(|record| record.id.to_string()).collect();
    doing.tell(tx, EventKind::ContactCreated, (&created, run))?;
    let is_released = |change: &&contact::sync::Change| step.released.contains(&change.contact);
    let (released, changed): (Vec<_>, Vec<_>) = step.changes.iter().partition(is_released);
    for (event, changes) in [(EventKind::ContactChanged, changed), (EventKind::ContactUnlinked, released)] {
        let numbers: Vec<u32> = changes.iter().map(|change| change.contact).collect();
        doing.tell_numbers(tx, event, (&numbers, run))?;
    }
    Ok(())
}

/// Ends a run whose plan has nothing left to do; false when contacts have changed since the plan.
async fn settle(turn: &Turn<'_>, prepared: &Arc<Prepared>, plan: Plan) -> Result<bool, Halt> {
    let (lease, doing, prepared) = (turn.lease.clone(), turn.doing_now(), Arc::clone(prepared));
    let settled = turn.mirror.store().write(move |tx| {
        let Some(mut run) = turn_of(tx, &lease)? else { return Ok(Err(())) };
        if contact_head::read(tx)?.version != prepared.known.version {
            return Ok(Ok(false));
        }
        let now = doing.context.now;
        settle::conflicts(tx, &doing, &plan.conflicts, Some(&run))?;
        // Whoever asked wants to know who was left out; the runs that follow by themselves would only say it again.
        if run.asked_by != crate::nouns::context::Actor::System.as_text() {
            let people = prepared.sources.people(&prepared.scope);
            let lines: Vec<NewLine> = plan
                .skipped
                .iter()
                .map(|(place, why)| line("skipped", None, people[*place].account, why.sentence()))
                .collect();
            for lines in lines.chunks(BATCH) {
                contact_runs::append(tx, run.number, lines, now)?;
            }
        }
        run.counts.conflicts = plan.conflicts.len() as u64;
        run.counts.skipped = plan.skipped.len() as u64;
        run.counts.unchanged = plan.unchanged;
        run.generation = Some(prepared.generation);
        run.state = ContactRunState::Complete;
        run.ended_at = Some(now);
        run.total = run.done;
        contact_runs::update(tx, &run)?;
        contact_head::set_followed(tx, &prepared.followed)?;
        crate::store::jobs::finish_operation(tx, &lease.fence)?;
        let detail = json!({ "kind": run.kind.as_str(), "counts": counts(&run) });
        doing.record(tx, ("contact_run.completed", run.id.as_str()), (detail, None))?;
        Ok(Ok(true))
    });
    settled.await?.map_err(|()| Halt::LeaseLost)
}

/// The counts of a run for an event.
pub(super) fn counts(run: &ContactRun) -> serde_json::Value {
    let named = run.counts.named().into_iter().filter(|(_, count)| *count > 0);
    named.map(|(word, count)| (word.to_owned(), json!(count))).collect::<serde_json::Map<_, _>>().into()
}

/// The run of a lease, while the lease holds and nobody has ended the run.
pub(super) fn turn_of(tx: &mut Tx, lease: &crate::nouns::job::ContactLease) -> Result<Option<ContactRun>, StoreError> {
    if !crate::store::jobs::holds(tx, &lease.fence)? {
        return Ok(None);
    }
    Ok(contact_runs::find(tx, &lease.run)?.filter(|run| !run.is_over()))
}

fn identity(person: &Person<'_>, contact: u32, since: i64) -> Identity {
    Identity {
        account: person.account.to_owned(),
        contact,
        state: LinkState::Linked,
        user: person.user,
        customer: person.customer,
        name: person.name.to_owned(),
        email: person.email.map(str::to_owned),
        status: person.status.to_owned(),
        since,
    }
}

fn line(kind: &'static str, contact: Option<u32>, account: &str, text: &str) -> NewLine {
    let account = Some(account.to_owned()).filter(|account| !account.is_empty());
    NewLine { kind, contact, account, text: text.to_owned() }
}
