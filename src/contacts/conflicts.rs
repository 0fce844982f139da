//! What people decide about conflicts: dismiss one with a reason, open it again, link an account to a contact by hand.
//! Merging is a verb of its own. A conflict that nothing is in any more ends by itself.

use std::sync::Arc;

use contact::field::Entity;
use contact::sync::{Identity, LinkState, led};
use serde_json::json;

use crate::contacts::people::Sources;
use crate::contacts::scope;
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::id::{Entropy, RecordId};
use crate::mirror::Mirror;
use crate::nouns::contact::Record;
use crate::nouns::contact_run::{ConflictState, KeptConflict};
use crate::nouns::context::Context;
use crate::nouns::notice::EventKind;
use crate::store::error::StoreError;
use crate::store::{contact_conflicts, contact_head, contact_identities, contact_records};

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;

/// A conflict with the contacts it is about.
#[derive(Clone, Debug)]
pub struct ShownConflict {
    /// The conflict.
    pub kept: KeptConflict,
    /// The contacts, as far as they are there.
    pub records: Vec<Record>,
}

/// Conflicts in a state, after a number, the oldest first.
pub async fn list(
    mirror: &Mirror,
    state: ConflictState,
    (after, limit): (i64, u32),
) -> Result<Vec<ShownConflict>, StoreError> {
    let read = mirror.store().read(move |tx| {
        let mut shown = Vec::new();
        for kept in contact_conflicts::list(tx, state, (after, limit))? {
            let mut records = Vec::new();
            for number in kept.conflict.contacts.iter().take(20) {
                records.extend(contact_records::of_number(tx, Entity::Contact, *number)?.filter(Record::is_live));
            }
            shown.push(ShownConflict { kept, records });
        }
        Ok(shown)
    });
    read.await
}

/// Says that a conflict may stay as it is. It is opened again once somebody else is in it.
pub async fn dismiss(
    context: &Context,
    mirror: &Mirror,
    (number, reason): (i64, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let reason = contact::field::one_line(reason);
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(NotDone::NoReason);
    }
    decide(context, mirror, (number, ConflictState::Dismissed, Some(reason)), entropy).await
}

/// Opens a conflict again that was dismissed.
pub async fn reopen(context: &Context, mirror: &Mirror, number: i64, entropy: &Entropy) -> Result<(), NotDone> {
    decide(context, mirror, (number, ConflictState::Open, None), entropy).await
}

async fn decide(
    context: &Context,
    mirror: &Mirror,
    (number, state, reason): (i64, ConflictState, Option<String>),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let decided = mirror.store().write(move |tx| {
        let from = if state == ConflictState::Open { ConflictState::Dismissed } else { ConflictState::Open };
        let Some(kept) = contact_conflicts::find(tx, number)? else { return Ok(Err(NotDone::NoConflict)) };
        if kept.state != from {
            return Ok(Err(NotDone::Invalid(format!("the conflict is {}", kept.state.as_str()))));
        }
        let by = reason.as_ref().map(|_| doing.context.actor.as_text());
        contact_conflicts::decide(tx, number, (state, by.as_deref(), reason.as_deref()), doing.context.now)?;
        let event =
            if state == ConflictState::Open { "contact_conflict.reopened" } else { "contact_conflict.dismissed" };
        let personal = reason.map(|reason| json!({ "reason": reason }));
        doing.record(tx, (event, &number.to_string()), (json!({}), personal))?;
        Ok(Ok(()))
    });
    decided.await?
}

/// Links an account that no contact has to a contact, which follows it from then on.
pub async fn link_account(
    context: &Context,
    mirror: &Mirror,
    (contact, account): (&str, &str),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let id = RecordId::parse(contact).ok_or(NotDone::NoRecord)?;
    let (account, snapshot) = (account.to_owned(), mirror.shown());
    let doing = Doing::by_hand(context, entropy);
    let linked = mirror.store().write(move |tx| {
        if !crate::contacts::syncing::is_on(tx)? {
            return Ok(Err(NotDone::Off));
        }
        let Some(record) = contact_records::find(tx, &id)?.filter(|of| of.is_live() && of.entity == Entity::Contact)
        else {
            return Ok(Err(NotDone::NoRecord));
        };
        if contact_identities::of_account(tx, &account)?.is_some_and(|(_, state)| state == LinkState::Linked) {
            return Ok(Err(NotDone::Invalid("the account keeps a contact already".to_owned())));
        }
        let (sources, scope) = (Sources::read(tx, Arc::clone(&snapshot))?, scope::read(tx)?.scope);
        let people = sources.people(&scope);
        let person = people.iter().find(|person| person.account == account);
        let Some(person) = person.filter(|person| !person.gone && person.barred.is_none()) else {
            return Ok(Err(NotDone::Invalid("the account is not known, or is left out".to_owned())));
        };
        let now = doing.context.now;
        let identity = Identity {
            account: account.clone(),
            contact: record.number,
            state: LinkState::Linked,
            user: person.user,
            customer: person.customer,
            name: person.name.to_owned(),
            email: person.email.map(str::to_owned),
            status: person.status.to_owned(),
            since: now.as_microsecond(),
        };
        contact_identities::put(tx, &[identity], now)?;
        let version = contact_head::next(tx)?;
        let mut after = Record { changed_at: now, ..record.clone() };
        if let Some((name, email, mark)) = led(&contact_identities::keeping(tx, record.number)?) {
            after.name = name;
            after.email = email.or(after.email);
            after.mark = Some(mark);
        }
        contact_records::put(tx, &[after], version)?;
        let told = json!({ "account": account, "why": "by hand" });
        doing.happened(tx, (Entity::Contact, record.number), ("linked", &told))?;
        doing.record(tx, ("contact.linked", record.id.as_str()), (json!({ "account": account }), None))?;
        doing.tell(tx, EventKind::ContactChanged, (&[record.id.to_string()], None))?;
        Ok(Ok(()))
    });
    linked.await?
}
