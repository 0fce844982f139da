//! Switching off, carried out: every synced contact becomes a regular one, in one transaction. None is removed; who kept
//! which contact stays known, for switching on again.

use contact::field::Entity;
use serde_json::json;

use crate::contacts::follow::{counts, turn_of};
use crate::contacts::settle;
use crate::contacts::worker::{Halt, Turn};
use crate::nouns::contact::Happened;
use crate::nouns::contact_run::ContactRunState;
use crate::nouns::notice::EventKind;
use crate::store::contact_runs::NewLine;
use crate::store::{contact_head, contact_identities, contact_notes, contact_records, contact_runs, jobs};

/// How many lines of history are written at once.
const AT_ONCE: usize = 5_000;

/// Releases every synced contact.
pub(super) async fn release(turn: &Turn<'_>) -> Result<(), Halt> {
    let (lease, doing) = (turn.lease.clone(), turn.doing_now());
    let released = turn.mirror.store().write(move |tx| {
        let Some(mut run) = turn_of(tx, &lease)? else { return Ok(Err(())) };
        let now = doing.context.now;
        let synced: Vec<u32> = contact_records::synced(tx)?
            .into_iter()
            .filter(|known| known.mark.is_some())
            .map(|known| known.number)
            .collect();
        let version = contact_head::next(tx)?;
        contact_identities::end_all(tx, now)?;
        contact_records::release_all(tx, (now, version))?;
        let told = json!({ "why": "Jira User Syncing was switched off" });
        for numbers in synced.chunks(AT_ONCE) {
            let events: Vec<Happened> =
                numbers.iter().map(|number| doing.event((Entity::Contact, *number), ("released", &told))).collect();
            contact_notes::happened(tx, &events)?;
        }
        doing.tell_numbers(tx, EventKind::ContactUnlinked, (&synced, Some(run.id.as_str())))?;
        settle::conflicts(tx, &doing, &[], Some(&run))?;
        let text = format!("{} contacts became regular ones. Last name and e-mail address stay.", synced.len());
        contact_runs::append(tx, run.number, &[NewLine { kind: "released", contact: None, account: None, text }], now)?;
        run.counts.released = synced.len() as u64;
        run.done = synced.len() as u64;
        run.total = run.done;
        run.state = ContactRunState::Complete;
        run.ended_at = Some(now);
        contact_runs::update(tx, &run)?;
        contact_head::set_followed(tx, "")?;
        jobs::finish_operation(tx, &lease.fence)?;
        let detail = json!({ "kind": run.kind.as_str(), "counts": counts(&run) });
        doing.record(tx, ("contact_run.completed", run.id.as_str()), (detail, None))?;
        Ok(Ok(()))
    });
    released.await?.map_err(|()| Halt::LeaseLost)
}
