//! *App Access Control*: choosing its switches, and the end of an entry whose role the mirror has seen to go. What was not
//! read throws nobody out.

use jiff::Timestamp;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::mirror::app_access::{self, Admits, Switches, admits};
use crate::nouns::context::{Actor, Context};
use crate::nouns::event::{By, NewEvent};
use crate::store::control::{admissions, invitations, sessions};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::events;
use crate::store::tx::Tx;
use crate::sync::setting;

/// Chooses the switches. Who is in by one that goes off stays until the next sync.
pub async fn choose(
    context: &Context,
    mirror: &Mirror,
    switches: Switches,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    setting::choose(context, mirror, (app_access::NAME, switches.to_text()), entropy).await
}

/// Ends the entry of everybody whom the mirror has seen to have no admitting role any more, with their sessions and
/// invitations. To be called when a generation is in force. It does nothing twice, so it may be called again.
pub async fn enforce(control: &Store, mirror: &Mirror, now: Timestamp, entropy: &Entropy) -> Result<u64, StoreError> {
    let switches = mirror.store().read(app_access::read).await?.switches;
    let snapshot = mirror.current();
    let id = mirror.organization().id.clone();
    let admitted = control.read(move |tx| admissions::list(tx, &id)).await?;
    let mut ended = 0;
    for admission in admitted.into_iter().filter(|admission| admission.ended.is_none()) {
        let verdict = match snapshot.account(&admission.account_id) {
            Some(account) => admits(&snapshot, switches, account),
            None => Admits::Unknown,
        };
        if verdict == Admits::No {
            let (id, salt) = (mirror.organization().id.clone(), entropy.bytes());
            let why = "The last sync found no role that admits them.";
            ended += u64::from(
                control
                    .write(move |tx| end_within(tx, (&id, &admission), (Actor::System.as_subject(), why), now, &salt))
                    .await?,
            );
        }
    }
    Ok(ended)
}

/// Ends an entry with its sessions and invitations; false when it had ended.
fn end_within(
    tx: &mut Tx,
    (organization, admission): (&crate::id::OrganizationId, &admissions::Admission),
    (actor, why): (By, &str),
    now: Timestamp,
    salt: &[u8; 16],
) -> Result<bool, StoreError> {
    if !admissions::end(tx, &admission.administrator, now, why)? {
        return Ok(false);
    }
    sessions::delete_of(tx, &admission.administrator)?;
    invitations::expire(tx, (organization, &admission.account_id), now)?;
    let event = NewEvent {
        at: now,
        actor,
        kind: "entry.ended",
        subject: admission.administrator.to_string(),
        detail: serde_json::json!({ "account_id": admission.account_id, "why": why }).to_string(),
        personal: serde_json::json!({ "username": admission.username }).to_string(),
    };
    events::append(tx, &event, salt)?;
    Ok(true)
}

/// Takes somebody's entry by hand; false when they have none.
pub async fn remove(
    control: &Store,
    context: &Context,
    (mirror, account_id): (&Mirror, &str),
    entropy: &Entropy,
) -> Result<bool, StoreError> {
    let (id, account_id, salt) = (mirror.organization().id.clone(), account_id.to_owned(), entropy.bytes());
    let (now, actor) = (context.now, context.actor.as_subject());
    control
        .write(move |tx| match admissions::find(tx, &id, &account_id)? {
            Some(admission) => end_within(tx, (&id, &admission), (actor, "An administrator has taken it."), now, &salt),
            None => Ok(false),
        })
        .await
}
