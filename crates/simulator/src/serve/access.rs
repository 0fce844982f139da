//! Access to a directory as a whole: suspended, restored, or ended. Whoever is suspended already stays so, and the
//! answer is the same.

use crate::call::Call;
use crate::effect::{Decision, Effect};
use crate::reply::Refusal;

pub(super) fn suspend(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (person, scope) = call.person()?;
    let changes = person.present & scope & !person.suspended != 0;
    let account = call.capture(2).to_owned();
    Ok(Decision::empty(204, changes.then_some(Effect::Suspend { account, directories: scope })))
}

pub(super) fn restore(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (person, scope) = call.person()?;
    let changes = person.suspended & scope != 0;
    let account = call.capture(2).to_owned();
    Ok(Decision::empty(204, changes.then_some(Effect::Restore { account, directories: scope })))
}

/// Accepted at once, and carried out when the queue comes to it.
pub(super) fn remove(call: &Call<'_>) -> Result<Decision, Refusal> {
    let (person, scope) = call.person()?;
    let effect = Effect::Remove { account: call.capture(2).to_owned(), directories: scope };
    let waits = call.organization.queue.iter().any(|(_, queued)| *queued == effect);
    let changes = person.present & scope != 0 && !waits;
    Ok(Decision::empty(204, changes.then_some(effect)).after(call.answers.removal_delay))
}
