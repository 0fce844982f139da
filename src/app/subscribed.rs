//! The demo's webhooks: a rule of Automation for Jira, and a program, both played by its receiver. Their messages go the way
//! of any other, through the outbox and over HTTP, so that the log is there to look at.

use crate::app::receiver::Receiver;
use crate::cli::open::Opened;
use crate::id::EndpointId;
use crate::mirror::Mirror;
use crate::notify::endpoints as verbs;
use crate::notify::mail;
use crate::notify::worker::deliver_once;
use crate::nouns::context::{Actor, Context};
use crate::nouns::endpoint::{Draft, Endpoint, Style};
use crate::nouns::notice::{EventKind, Trigger};
use crate::nouns::refusal::Refusal;
use crate::store::endpoints;

const RULE: &str = "Rule in Jira: work item when a task fails";
const PROGRAM: &str = "Operations room";
/// Deliveries that a past leaves at the most.
const MOST_DELIVERIES: u32 = 1_000;

/// Makes the webhooks of an organization that has none, with a test of the rule; of a demo that was kept, tells those there
/// are where the receiver listens now.
pub(super) async fn subscribe(mirror: &Mirror, opened: &Opened, receiver: &Receiver) -> Result<(), Refusal> {
    let known = mirror.store().read(endpoints::list).await.map_err(failed)?;
    let is_fresh = known.is_empty();
    let notes = format!("Plays the other side of this webhook, and shows what it got: {}", receiver.page());
    let rule = Draft {
        name: RULE.to_owned(),
        address: receiver.rule().0,
        style: Style::Automation,
        events: Trigger::ALL.into_iter().flat_map(Trigger::events).collect(),
        key_days: vec![7],
        notes: notes.clone(),
        active: true,
    };
    let program = Draft {
        name: PROGRAM.to_owned(),
        address: receiver.program().0,
        style: Style::Generic,
        events: vec![
            EventKind::OperationFinished,
            EventKind::SyncHeld,
            EventKind::SyncFailed,
            EventKind::TaskPartial,
            EventKind::LicenceLimitNeared,
        ],
        notes,
        ..rule.clone()
    };
    let context = Context { actor: Actor::CommandLine, now: opened.surroundings.clock.now() };
    for (draft, secret) in [(rule, receiver.rule().1), (program, receiver.program().1)] {
        let stored = known.iter().find(|endpoint| endpoint.draft.name == draft.name);
        let is_rule = draft.style == Style::Automation;
        let wanted = match stored {
            Some(Endpoint { id, draft: stored, .. }) => {
                (Some(id.clone()), Draft { address: draft.address, notes: draft.notes, ..stored.clone() })
            }
            None if is_fresh => (None, draft),
            None => continue,
        };
        let (id, _) = verbs::save(&context, mirror, &opened.notifier, wanted, secret).await.map_err(failed)?;
        if is_fresh && is_rule {
            try_out(&context, mirror, (&id, opened)).await?;
        }
    }
    Ok(())
}

async fn try_out(context: &Context, mirror: &Mirror, (id, opened): (&EndpointId, &Opened)) -> Result<(), Refusal> {
    verbs::test(context, mirror, id, &opened.surroundings.entropy).await.map(drop).map_err(failed)
}

/// Says at which address the demo is reached, where nobody has: the links of messages lead there.
pub(super) async fn say_where(mirror: &Mirror, opened: &Opened, port: u16) -> Result<(), Refusal> {
    if mirror.store().read(mail::public_address).await.map_err(failed)?.is_some() {
        return Ok(());
    }
    let context = Context { actor: Actor::CommandLine, now: opened.surroundings.clock.now() };
    let address = format!("http://127.0.0.1:{port}");
    mail::set_public_address(&context, mirror, &opened.notifier, &address).await.map_err(failed)
}

/// Sends what the past has put out.
pub(super) async fn deliver(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    for _ in 0..MOST_DELIVERIES {
        if !deliver_once(mirror, &opened.notifier).await.map_err(failed)? {
            break;
        }
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> Refusal {
    let next = "Start it again, or with `--past 0` for one without a past.";
    Refusal::new("The demo was not started.", format!("Its webhooks were not kept: {error}."), next)
}
