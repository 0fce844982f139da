//! Conflicts as they are kept: opened when they come up, kept while they last, over when nothing is in conflict any more. One
//! that was dismissed stays so while it is about the same contacts and accounts.

use contact::sync::Conflict;

use crate::contacts::tell::Doing;
use crate::nouns::contact_run::{ConflictState, ContactRun};
use crate::nouns::notice::EventKind;
use crate::store::contact_conflicts;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Keeps the conflicts that there are, and no others.
pub(super) fn conflicts(
    tx: &mut Tx,
    doing: &Doing,
    there: &[Conflict],
    run: Option<&ContactRun>,
) -> Result<(), StoreError> {
    let now = doing.context.now;
    let kept = contact_conflicts::all(tx)?;
    let mut opened = Vec::new();
    for conflict in there {
        match kept.iter().find(|kept| kept.conflict.email_key == conflict.email_key) {
            Some(known) if known.state == ConflictState::Open => {
                if known.conflict != *conflict {
                    contact_conflicts::keep(tx, known.number, conflict, now)?;
                }
            }
            Some(known) if known.state == ConflictState::Dismissed && known.conflict == *conflict => {}
            _ => {
                contact_conflicts::open(tx, conflict, now)?;
                opened.push(conflict.email_key.clone());
            }
        }
    }
    for known in kept.iter().filter(|known| known.state != ConflictState::Over) {
        if !there.iter().any(|conflict| conflict.email_key == known.conflict.email_key) {
            contact_conflicts::decide(tx, known.number, (ConflictState::Over, None, None), now)?;
        }
    }
    if opened.is_empty() {
        return Ok(());
    }
    // A notice names no person: conflicts are told by their numbers.
    let numbers: Vec<String> = contact_conflicts::all(tx)?
        .into_iter()
        .filter(|kept| opened.contains(&kept.conflict.email_key))
        .map(|kept| kept.number.to_string())
        .collect();
    doing.tell(tx, EventKind::ConflictOpened, (&numbers, run.map(|run| run.id.as_str())))
}

/// Whether the conflicts that are kept are not those that there are.
pub(super) fn differ(tx: &mut Tx, there: &[Conflict]) -> Result<bool, StoreError> {
    let kept: Vec<Conflict> = contact_conflicts::all(tx)?
        .into_iter()
        .filter(|kept| kept.state != ConflictState::Over)
        .map(|kept| kept.conflict)
        .collect();
    Ok(kept.len() != there.len() || there.iter().any(|conflict| !kept.contains(conflict)))
}
