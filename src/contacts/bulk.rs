//! What is done to many records at once, as a run: tags, a value, a company; and deleting them, which is a power of its own.
//! Whoever is meant is fixed when it is asked for. Synced contacts are not deleted; they are left out and listed.

use std::collections::BTreeSet;

use contact::field::{Entity, Values};
use serde_json::{Value, json};

use crate::contacts::follow::{counts, turn_of};
use crate::contacts::keep::{Edit, change_within, delete_within, sound_tags};
use crate::contacts::relate::link_within;
use crate::contacts::runs;
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::contacts::worker::{Halt, Turn};
use crate::id::{AdministratorId, ContactRunId, Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::Record;
use crate::nouns::contact_run::{ContactRun, ContactRunKind, ContactRunState};
use crate::nouns::context::{Actor, Context};
use crate::store::contact_runs::NewLine;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_records, contact_runs, jobs, settings};
use crate::sync::setting;

/// From so many records on, their number is typed.
pub const TYPED_FROM: u64 = 50;
/// How many records a commit writes.
const BATCH: usize = 500;
/// The setting of who may delete many at once: ids of administrators as a JSON list.
const POWER: &str = "contacts_bulk_delete";

/// What is done to each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BulkEdit {
    /// Tags to give.
    pub add_tags: Vec<String>,
    /// Tags to take away.
    pub remove_tags: Vec<String>,
    /// Values by field; an empty one takes the value away.
    pub values: Values,
    /// The id of a company to put contacts into, with the role there.
    pub company: Option<(String, String)>,
}

/// Refuses what a filter finds unless they are as many as somebody has looked at.
pub fn agreed(numbers: Vec<u32>, meant: u64) -> Result<Vec<u32>, NotDone> {
    let found = numbers.len() as u64;
    if found == meant { Ok(numbers) } else { Err(NotDone::Found { found, meant }) }
}

/// Asks for a run that changes records.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (entity, numbers, edit): (Entity, Vec<u32>, BulkEdit),
    entropy: &Entropy,
) -> Result<ContactRunId, NotDone> {
    sound_tags(&edit.add_tags)?;
    if edit == BulkEdit::default() {
        return Err(NotDone::Invalid("nothing is to be changed".to_owned()));
    }
    ask(context, mirror, (ContactRunKind::Change, task(entity, &numbers, &edit)), entropy).await
}

/// Asks for a run that deletes records. From [`TYPED_FROM`] on their number is typed.
pub async fn delete(
    context: &Context,
    mirror: &Mirror,
    (entity, numbers, typed): (Entity, Vec<u32>, Option<u64>),
    entropy: &Entropy,
) -> Result<ContactRunId, NotDone> {
    let actor = context.actor.clone();
    if !mirror.store().read(move |tx| may_delete(tx, &actor)).await? {
        return Err(NotDone::NoPower);
    }
    let count = numbers.len() as u64;
    if count >= TYPED_FROM && typed != Some(count) {
        return Err(NotDone::Typed(count));
    }
    ask(context, mirror, (ContactRunKind::Delete, task(entity, &numbers, &BulkEdit::default())), entropy).await
}

async fn ask(
    context: &Context,
    mirror: &Mirror,
    (kind, task): (ContactRunKind, String),
    entropy: &Entropy,
) -> Result<ContactRunId, NotDone> {
    let doing = Doing::by_hand(context, entropy);
    Ok(mirror.store().write(move |tx| runs::ask_within(tx, &doing, (kind, &task))).await?)
}

/// Who may delete many at once, by id.
pub fn power(tx: &mut Tx) -> Result<BTreeSet<String>, StoreError> {
    let setting = settings::find(tx, POWER)?;
    Ok(setting.and_then(|setting| serde_json::from_str(&setting.value).ok()).unwrap_or_default())
}

/// Whether somebody may delete many at once. Whoever holds the machine may.
pub fn may_delete(tx: &mut Tx, actor: &Actor) -> Result<bool, StoreError> {
    let administrator = match actor {
        Actor::Administrator { id, .. } => id,
        Actor::AccessToken { administrator, .. } => administrator,
        Actor::CommandLine => return Ok(true),
        Actor::FeedKey { .. } | Actor::System => return Ok(false),
    };
    Ok(power(tx)?.contains(administrator.as_str()))
}

/// Gives the power to these administrators, and to no others.
pub async fn give_power(
    context: &Context,
    mirror: &Mirror,
    to: &BTreeSet<AdministratorId>,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let ids: Vec<&str> = to.iter().map(AdministratorId::as_str).collect();
    setting::choose(context, mirror, (POWER, json!(ids).to_string()), entropy).await
}

fn task(entity: Entity, numbers: &[u32], edit: &BulkEdit) -> String {
    let values: serde_json::Map<String, Value> =
        edit.values.iter().map(|(field, value)| (field.to_string(), json!(value))).collect();
    json!({
        "entity": entity.as_str(),
        "numbers": numbers,
        "add_tags": edit.add_tags,
        "remove_tags": edit.remove_tags,
        "values": values,
        "company": edit.company,
    })
    .to_string()
}

fn parse(task: &str) -> Option<(Entity, Vec<u32>, BulkEdit)> {
    let value: Value = serde_json::from_str(task).ok()?;
    let list = |name: &str| serde_json::from_value(value[name].clone()).ok();
    let values = value["values"].as_object()?.iter();
    let values = values.filter_map(|(field, text)| Some((field.parse().ok()?, text.as_str()?.to_owned()))).collect();
    let edit = BulkEdit {
        add_tags: list("add_tags")?,
        remove_tags: list("remove_tags")?,
        values,
        company: serde_json::from_value(value["company"].clone()).ok()?,
    };
    Some((Entity::parse(value["entity"].as_str()?)?, serde_json::from_value(value["numbers"].clone()).ok()?, edit))
}

/// Carries a bulk change or deletion out, from the record where it stands.
pub(super) async fn carry_out(turn: &Turn<'_>) -> Result<(), Halt> {
    let read =
        parse(&turn.run.task).ok_or_else(|| Halt::Failed("What it was asked to do cannot be read.".to_owned()))?;
    let (entity, numbers, edit) = read;
    let (total, deletes) = (numbers.len() as u64, turn.run.kind == ContactRunKind::Delete);
    let mut at = turn.run.done.min(total) as usize;
    loop {
        let batch: Vec<u32> = numbers[at..numbers.len().min(at + BATCH)].to_vec();
        let last = batch.is_empty();
        let (lease, doing, edit) = (turn.lease.clone(), turn.doing_now(), edit.clone());
        let written = turn.mirror.store().write(move |tx| {
            let Some(mut run) = turn_of(tx, &lease)? else { return Ok(Err(())) };
            let doing = Doing { run: Some(run.number), ..doing };
            run.heartbeat_at = Some(doing.context.now);
            if last {
                end(tx, &doing, run)?;
                jobs::finish_operation(tx, &lease.fence)?;
                return Ok(Ok(()));
            }
            let mut lines = Vec::new();
            for number in &batch {
                let Some(record) = contact_records::of_number(tx, entity, *number)?.filter(Record::is_live) else {
                    continue;
                };
                let (kind, text) = match deletes {
                    true => delete_one(tx, &doing, &record)?,
                    false => change_one(tx, &doing, (&record, &edit))?,
                };
                match kind {
                    "deleted" => run.counts.deleted += 1,
                    "changed" => run.counts.changed += 1,
                    "refused" => run.counts.skipped += 1,
                    _ => run.counts.unchanged += 1,
                }
                if kind != "unchanged" {
                    let contact = Some(*number).filter(|_| entity == Entity::Contact);
                    lines.push(NewLine { kind, contact, account: None, text });
                }
            }
            contact_runs::append(tx, run.number, &lines, doing.context.now)?;
            run.done += batch.len() as u64;
            run.total = total;
            contact_runs::update(tx, &run)?;
            jobs::extend_operation(tx, &lease.fence, doing.context.now)?;
            Ok(Ok(()))
        });
        written.await?.map_err(|()| Halt::LeaseLost)?;
        if last {
            return Ok(());
        }
        at = numbers.len().min(at + BATCH);
    }
}

fn end(tx: &mut Tx, doing: &Doing, mut run: ContactRun) -> Result<(), StoreError> {
    run.state = ContactRunState::Complete;
    run.ended_at = Some(doing.context.now);
    contact_runs::update(tx, &run)?;
    let detail = json!({ "kind": run.kind.as_str(), "counts": counts(&run) });
    doing.record(tx, ("contact_run.completed", run.id.as_str()), (detail, None))
}

fn delete_one(tx: &mut Tx, doing: &Doing, record: &Record) -> Result<(&'static str, String), StoreError> {
    if record.mark.is_some() {
        let why = NotDone::Kept.refusal("It was not deleted.");
        return Ok(("refused", format!("Left out: {} {}", why.why, why.next)));
    }
    delete_within(tx, doing, record)?;
    Ok(("deleted", "Deleted.".to_owned()))
}

fn change_one(
    tx: &mut Tx,
    doing: &Doing,
    (record, edit): (&Record, &BulkEdit),
) -> Result<(&'static str, String), StoreError> {
    let removed: Vec<String> = edit.remove_tags.iter().map(|tag| directory::fold_text(tag)).collect();
    let kept = record.tags.iter().filter(|tag| !removed.contains(&directory::fold_text(tag)));
    let tags: Vec<String> = kept.chain(&edit.add_tags).cloned().collect();
    let wanted = Edit { tags: Some(tags), values: edit.values.clone(), ..Edit::default() };
    let mut changed = match change_within(tx, doing, (record.clone(), &wanted))? {
        Ok(after) => after != *record,
        Err(why) => return Ok(("refused", format!("Left out: {why}."))),
    };
    if let Some((company, role)) = edit.company.as_ref().filter(|_| record.entity == Entity::Contact) {
        let id = RecordId::parse(company);
        let company = match id {
            Some(id) => contact_records::find(tx, &id)?.filter(|of| of.is_live() && of.entity == Entity::Company),
            None => None,
        };
        let Some(company) = company else { return Ok(("refused", "Left out: the company is gone.".to_owned())) };
        let known = crate::store::contact_companies::of_contact(tx, record.number)?;
        if !known.iter().any(|link| link.company == company.number && link.role == *role) {
            link_within(tx, doing, (record, &company), role)?;
            changed = true;
        }
    }
    Ok(if changed { ("changed", "Changed.".to_owned()) } else { ("unchanged", String::new()) })
}
