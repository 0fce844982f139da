//! Planning: a selection and its actions against the newest snapshot, kept with every row and a hash over what would be
//! sent. Nothing is sent by a plan.

use std::sync::Arc;

use directory::act::{self, Action, Change, Circumstances, KeyOwner, Verdict};
use directory::{AccountId, Ordinal, Snapshot};
use jiff::Timestamp;
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};

use crate::id::{Entropy, OperationId};
use crate::mirror::Mirror;
use crate::mirror::answer::answer;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::operation::{OperationKind, PlanFigures, Selection};
use crate::nouns::operation_row::{OperationRow, RowState, Tally, Why};
use crate::nouns::refusal::Refusal;
use crate::operations::prepare;
use crate::store::error::StoreError;
use crate::store::operations::NewOperation;
use crate::store::tx::Tx;
use crate::store::{events, head, operation_rows, operation_terms, operations, request_keys};
use crate::sync::schedule;

/// The most people whom one operation names one by one.
pub const NAMED: usize = 100_000;

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whom it is about.
    pub selection: Selection,
    /// What is to be done with them, in this order.
    pub actions: Vec<Action>,
    /// The account of whoever asks, where they are tied to one: nothing is done to it.
    pub own: Option<AccountId>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum NotPlanned {
    /// The filter's text has an error.
    #[error("the filter has an error: {0}")]
    Filter(String),
    /// Nobody is selected.
    #[error("nobody is selected")]
    Nobody,
    /// No action is chosen, or one without what it is about.
    #[error("no action is chosen")]
    NoAction,
    /// Two of the actions are about the same thing of the same person.
    #[error("two of the actions contradict each other")]
    Contradiction,
    /// More people are named than one operation takes.
    #[error("more than {NAMED} people are named")]
    TooMany,
    /// No sync has been sealed yet.
    #[error("nothing has been read yet")]
    NothingRead,
    /// Nobody has said whose the organization API key is.
    #[error("the owner of the organization API key is not known")]
    KeyOwnerUnknown,
    /// The moment until which access is to be given is over.
    #[error("the moment until which access is to be given is over")]
    UntilOver,
    /// Access is to be given until a moment, and none of the actions gives any.
    #[error("nothing is given until that moment")]
    NothingLent,
    /// There is no such operation.
    #[error("there is no such operation")]
    Unknown,
    /// The operation that is to be taken back or tried again is not over.
    #[error("the operation is not over")]
    NotOver,
    /// There is nothing to take back or to try again.
    #[error("there is nothing to do")]
    Nothing,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotPlanned {
    /// What a person is told.
    pub fn refusal(&self) -> Refusal {
        let what = "Nothing was planned.";
        match self {
            NotPlanned::Filter(said) => Refusal::new(what, said.clone(), "Correct the filter."),
            NotPlanned::Nobody => Refusal::new(what, "The selection names nobody.", "Select at least one person."),
            NotPlanned::NoAction => Refusal::new(what, "No action is chosen.", "Choose what is to be done."),
            NotPlanned::Contradiction => Refusal::new(
                what,
                "Two of the actions are about the same group, role or state of the same people.",
                "Leave one of them out, or make two operations.",
            ),
            NotPlanned::TooMany => {
                Refusal::new(what, format!("More than {NAMED} people are named."), "Select them by a filter.")
            }
            NotPlanned::NothingRead => {
                Refusal::new(what, "The organization has not been read yet.", "Wait for the first sync.")
            }
            NotPlanned::KeyOwnerUnknown => Refusal::new(
                what,
                "Nobody has said whose the organization API key is, and its owner must never be acted on.",
                "Name the key's owner in Settings, Actions.",
            ),
            NotPlanned::UntilOver => {
                Refusal::new(what, "The last day of the access is over already.", "Choose a later day.")
            }
            NotPlanned::NothingLent => Refusal::new(
                what,
                "A last day is given, and none of the actions gives access that could be taken back then.",
                "Leave the last day empty, or choose Grant app access or Add to Groups.",
            ),
            NotPlanned::Unknown => Refusal::new(what, "There is no such operation.", "Look at the list of operations."),
            NotPlanned::NotOver => {
                Refusal::new(what, "The operation is not over.", "Wait for its end, or cancel it first.")
            }
            NotPlanned::Nothing => {
                Refusal::new(what, "No row of the operation can be acted on.", "Look at its rows and their reasons.")
            }
            NotPlanned::Store(error) => {
                Refusal::new(what, format!("The database failed: {error}."), "Look into the log, then try again.")
            }
        }
    }
}

/// A plan with what is kept of it.
#[derive(Clone, Debug)]
pub(super) struct Laid {
    /// In figures.
    pub figures: PlanFigures,
    /// By state.
    pub tally: Tally,
    /// Whom it selected.
    pub selected: RoaringBitmap,
    /// Every row.
    pub rows: Vec<OperationRow>,
    /// Whether two rows that will be done are about the same fact.
    pub contradicts: bool,
}

/// What is planned: actions on people, or changes that are known already.
#[derive(Clone, Debug)]
pub(super) enum Steps {
    /// Actions on these people.
    Actions(RoaringBitmap, Vec<Action>),
    /// These changes, and those of which it is said beforehand why they are left alone.
    Changes(Vec<(u16, Change)>, Vec<(u16, Change, Why)>),
}

/// Plans an operation and keeps the plan. The same request key within 24 hours gives the first one's answer.
///
/// # Errors
/// Why there is no plan.
pub async fn plan(
    context: &Context,
    mirror: &Mirror,
    wanted: Wanted,
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    plan_lent(context, mirror, (wanted, None), (request_key, entropy)).await
}

/// Plans an operation likewise; the access that it gives is taken back by itself from a moment on, if there is one.
///
/// # Errors
/// Why there is no plan.
pub async fn plan_lent(
    context: &Context,
    mirror: &Mirror,
    (wanted, until): (Wanted, Option<Timestamp>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let Wanted { selection, actions, own } = wanted;
    if until.is_some_and(|until| until <= context.now) {
        return Err(NotPlanned::UntilOver);
    }
    if until.is_some() && !actions.iter().any(gives) {
        return Err(NotPlanned::NothingLent);
    }
    if actions.is_empty() || actions.iter().any(is_empty) {
        return Err(NotPlanned::NoAction);
    }
    if matches!(&selection, Selection::People(people) if people.len() > NAMED) {
        return Err(NotPlanned::TooMany);
    }
    let snapshot = mirror.newest().await?;
    let (selection, selected) = select(mirror, &snapshot, selection, context.now).await?;
    if selected.is_empty() {
        return Err(NotPlanned::Nobody);
    }
    let steps = Steps::Actions(selected, actions.clone());
    let new =
        NewOperation { own, until, ..new(context, (OperationKind::Operation, selection, None), actions, entropy) };
    keep(context, mirror, (new, steps, &snapshot), (request_key, entropy)).await
}

/// Plans what an automated task does with people it has found, likewise.
///
/// # Errors
/// Why there is no plan.
pub async fn plan_task(
    context: &Context,
    mirror: &Mirror,
    (people, actions): (Vec<AccountId>, Vec<Action>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let snapshot = mirror.newest().await?;
    let (selection, selected) = select(mirror, &snapshot, Selection::People(people), context.now).await?;
    if selected.is_empty() {
        return Err(NotPlanned::Nobody);
    }
    let steps = Steps::Actions(selected, actions.clone());
    let new = new(context, (OperationKind::Task, selection, None), actions, entropy);
    keep(context, mirror, (new, steps, &snapshot), (request_key, entropy)).await
}

/// An operation as it is about to be kept.
pub(super) fn new(
    context: &Context,
    (kind, selection, of): (OperationKind, Selection, Option<OperationId>),
    actions: Vec<Action>,
    entropy: &Entropy,
) -> NewOperation {
    NewOperation {
        id: OperationId::new(entropy, context.now),
        kind,
        asked: (context.actor.as_text(), context.actor.as_person()),
        own: None,
        asked_at: context.now,
        selection,
        actions,
        of,
        until: None,
        ends: None,
    }
}

/// Lays a plan and keeps it.
pub(super) async fn keep(
    context: &Context,
    mirror: &Mirror,
    (new, steps, snapshot): (NewOperation, Steps, &Arc<Snapshot>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let around = around(mirror, snapshot, new.own.as_ref()).await?;
    let laid = lay(mirror, &new.id, (steps, around), snapshot).await;
    if laid.contradicts {
        return Err(NotPlanned::Contradiction);
    }
    let (context, salt) = (context.clone(), entropy.bytes());
    let kept = mirror.store().write(move |tx| {
        if let Some(key) = &request_key
            && let Some(first) = request_keys::find(tx, key, context.now)?
            && let Some(first) = OperationId::parse(&first)
        {
            return Ok(first);
        }
        write(tx, &context, (&new, &laid), &salt)?;
        if let Some(key) = &request_key {
            request_keys::remember(tx, key, new.id.as_str(), context.now)?;
        }
        Ok(new.id)
    });
    Ok(kept.await?)
}

/// Writes an operation with its plan; its number.
pub(super) fn write(
    tx: &mut Tx,
    context: &Context,
    (new, laid): (&NewOperation, &Laid),
    salt: &[u8; 16],
) -> Result<u64, StoreError> {
    let number = operations::insert(tx, new, (&laid.figures, &laid.tally), &laid.selected)?;
    operation_rows::insert(tx, number, &laid.rows)?;
    if let Some(until) = new.until {
        operation_terms::set_until(tx, number, until)?;
    }
    if let Some(ended) = new.ends {
        operation_terms::taken_back(tx, ended, &new.id)?;
    }
    let detail = serde_json::json!({
        "number": number,
        "kind": new.kind.as_str(),
        "actions": new.actions.iter().map(Action::kind).collect::<Vec<_>>(),
        "selected": laid.figures.selected,
        "people": laid.figures.people,
        "rows": laid.figures.rows,
        "plan": hexadecimal(&laid.figures.hash),
    });
    events::append(tx, &event(context, "operation.planned", &new.id, detail.to_string()), salt)?;
    head::touch(tx)?;
    Ok(number)
}

/// An event about an operation.
pub(super) fn event(context: &Context, kind: &'static str, of: &OperationId, detail: String) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: of.to_string(),
        detail,
        personal: String::new(),
    }
}

/// Who must not be touched; an owner of the key who is not known stops every plan.
pub(super) async fn around(
    mirror: &Mirror,
    snapshot: &Arc<Snapshot>,
    own: Option<&AccountId>,
) -> Result<Circumstances, NotPlanned> {
    let (known, own) = (snapshot.clone(), own.cloned());
    let around = mirror.store().read(move |tx| prepare::circumstances(tx, &known, own.as_ref())).await?;
    if around.key_owner == KeyOwner::Unknown {
        return Err(NotPlanned::KeyOwnerUnknown);
    }
    Ok(around)
}

/// Makes a plan, away from whoever else waits on this thread.
pub(super) async fn lay(
    mirror: &Mirror,
    id: &OperationId,
    (steps, around): (Steps, Circumstances),
    snapshot: &Arc<Snapshot>,
) -> Laid {
    let (organization, id, snapshot) = (mirror.organization().id.to_string(), id.clone(), snapshot.clone());
    let again = (organization.clone(), id.clone(), steps.clone(), around.clone(), snapshot.clone());
    let laid = tokio::task::spawn_blocking(move || laid(&organization, &id, (&steps, &around), &snapshot)).await;
    match laid {
        Ok(laid) => laid,
        Err(_) => {
            // Only at the end of the process are such tasks not carried out.
            let (organization, id, steps, around, snapshot) = again;
            self::laid(&organization, &id, (&steps, &around), &snapshot)
        }
    }
}

fn laid(organization: &str, id: &OperationId, (steps, around): (&Steps, &Circumstances), snapshot: &Snapshot) -> Laid {
    let (plan, beforehand) = match steps {
        Steps::Actions(selected, actions) => (act::plan(snapshot, selected, actions, around), &[][..]),
        Steps::Changes(changes, left_alone) => (act::plan_changes(snapshot, changes, around), left_alone.as_slice()),
    };
    let to_do = plan.to_do().count() as u64;
    let mut selected = plan.selected;
    selected.extend(beforehand.iter().map(|(_, change, _)| change.account()));
    let planned = plan.rows.into_iter().zip(1..);
    let mut rows: Vec<OperationRow> =
        planned.map(|(row, seq)| OperationRow::planned(seq, row.action, row.change, &row.verdict)).collect();
    for (action, change, why) in beforehand {
        let row = OperationRow::planned(rows.len() as u64 + 1, *action, change.clone(), &Verdict::WillDo);
        rows.push(OperationRow { state: RowState::Refused, why: Some(why.clone()), ..row });
    }
    let mut tally = Tally::default();
    rows.iter().for_each(|row| tally.add(row.state));
    let figures = PlanFigures {
        generation: plan.generation,
        hash: hash(organization, id, &rows),
        selected: selected.len(),
        people: plan.concerned.len(),
        rows: to_do,
        seats: plan.seats.into_iter().collect(),
        left_without: plan.left_without.len(),
    };
    let contradicts = contradicts(&rows);
    Laid { figures, tally, selected, rows, contradicts }
}

fn contradicts(rows: &[OperationRow]) -> bool {
    let planned = rows.iter().filter(|row| row.state == RowState::Planned);
    // Rows come person by person, so that this is nearly in order already.
    let mut facts: Vec<_> = planned.map(|row| (row.change.account(), row.change.fact())).collect();
    facts.sort_unstable();
    facts.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

/// The hash of what would be sent: organization, operation, and every row that will be done, in order. Rows that were
/// begun since count as before.
pub(super) fn hash(organization: &str, id: &OperationId, rows: &[OperationRow]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for text in [organization, id.as_str()] {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    let mut bytes = Vec::new();
    for row in rows.iter().filter(|row| was_to_be_done(row)) {
        bytes.clear();
        bytes.extend_from_slice(&row.seq.to_be_bytes());
        row.change.encode(&mut bytes);
        hasher.update(&bytes);
    }
    hasher.finalize().into()
}

/// Whether the plan said that a row will be done, whatever became of it since.
pub(super) fn was_to_be_done(row: &OperationRow) -> bool {
    match row.state {
        RowState::Refused => false,
        // What was so already when it was planned was never begun and has no end.
        RowState::Already => row.ended_at.is_some(),
        _ => true,
    }
}

/// The people of a selection; a filter in its canonical form.
async fn select(
    mirror: &Mirror,
    snapshot: &Snapshot,
    selection: Selection,
    now: Timestamp,
) -> Result<(Selection, RoaringBitmap), NotPlanned> {
    if snapshot.generation() == 0 {
        return Err(NotPlanned::NothingRead);
    }
    match selection {
        Selection::Filter(text) => {
            let shown = mirror.shown();
            let answer = answer(&shown, &text, (now, &schedule::zone(mirror)));
            if answer.has_errors {
                let said = answer.diagnostics.first().map_or(String::new(), |diagnostic| diagnostic.message.clone());
                return Err(NotPlanned::Filter(said));
            }
            Ok((Selection::Filter(answer.canonical()), answer.found.matching))
        }
        Selection::People(people) => {
            let known = |id: &AccountId| snapshot.account(id.as_str());
            let selected = people.iter().filter_map(known).collect();
            Ok((Selection::People(people), selected))
        }
        Selection::Operation(of) => {
            let id = of.clone();
            let found = mirror.store().read(move |tx: &mut Tx| operations::find(tx, &id)).await?;
            let (_, selected) = found.ok_or(NotPlanned::Unknown)?;
            Ok((Selection::Operation(of), selected))
        }
    }
}

/// Whether an action gives access that can be taken back at a moment.
fn gives(action: &Action) -> bool {
    matches!(
        action,
        Action::GrantAppAccessByGroup { .. } | Action::GrantAppAccessByRole { .. } | Action::AddToGroups(_)
    )
}

fn is_empty(action: &Action) -> bool {
    let none = |list: &Vec<Ordinal>| list.is_empty();
    match action {
        Action::AddToGroups(groups) | Action::RemoveFromGroups(groups) => none(groups),
        Action::RemoveAppAccess { apps: act::Apps::Chosen(chosen), .. } => none(chosen),
        _ => false,
    }
}

/// Bytes as text.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash of a plan, as [`hexadecimal`] writes it.
pub fn read_hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_as_it_is_written_and_nothing_else_is_one() {
        let text = hexadecimal(&[0xa7; 32]);
        assert_eq!(read_hash(&text), Some([0xa7; 32]));
        for nonsense in
            ["", "a7", &text[1..], &format!("{text}00"), &"zz".repeat(32), &"é".repeat(32), &"+1".repeat(32)]
        {
            assert_eq!(read_hash(nonsense), None, "{nonsense}");
        }
    }
}
