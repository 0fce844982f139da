//! What people have decided about an organization beside Atlassian's data: sites that are left out, and who is protected.
//! It goes into the view that everything is answered from, and never into what a sync compares with.

use std::collections::BTreeSet;

use directory::Marks;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::nouns::protection::{Protectee, Protection, Reason};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{events, protected, settings};

/// The setting of the sites that are left out: their cloud ids as a JSON list.
pub const LEFT_OUT: &str = "left_out_sites";

/// Reads the marks.
pub fn read(tx: &mut Tx) -> Result<Marks, StoreError> {
    let left_out = settings::find(tx, LEFT_OUT)?.map_or_else(BTreeSet::new, |setting| parse(&setting.value));
    let mut marks = Marks { left_out, ..Marks::default() };
    for protection in protected::all(tx)?.0 {
        match protection.of {
            Protectee::Person(id) => drop(marks.protected_people.insert(id)),
            Protectee::Group(id) => drop(marks.protected_groups.insert(id)),
        }
    }
    Ok(marks)
}

/// The cloud ids in the setting's text.
pub fn parse(text: &str) -> BTreeSet<Box<str>> {
    serde_json::from_str::<Vec<String>>(text).unwrap_or_default().into_iter().map(String::into_boxed_str).collect()
}

/// How adding a protection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protected {
    /// It is in force.
    Added,
    /// There was one already, which stays with its reason.
    Already,
    /// There are as many as can be.
    TooMany,
}

/// Protects a person or group from now on.
pub async fn protect(
    context: &Context,
    mirror: &Mirror,
    (protectee, reason): (Protectee, Reason),
    entropy: &Entropy,
) -> Result<Protected, StoreError> {
    let event = event(context, "protection.added", &protectee, &reason);
    let protection = Protection { of: protectee, reason, added_by: context.actor.as_text(), added_at: context.now };
    let salt = entropy.bytes();
    let ended = mirror.store().write(move |tx| {
        if protected::count(tx)? >= protected::MOST {
            return Ok(Protected::TooMany);
        }
        if !protected::insert(tx, &protection)? {
            return Ok(Protected::Already);
        }
        events::append(tx, &event, &salt)?;
        Ok(Protected::Added)
    });
    let ended = ended.await?;
    mirror.remark().await?;
    Ok(ended)
}

/// Takes a protection away, with the reason; whether there was one.
pub async fn release(
    context: &Context,
    mirror: &Mirror,
    (protectee, reason): (Protectee, Reason),
    entropy: &Entropy,
) -> Result<bool, StoreError> {
    let event = event(context, "protection.removed", &protectee, &reason);
    let salt = entropy.bytes();
    let was_there = mirror.store().write(move |tx| {
        let was_there = protected::delete(tx, &protectee)?;
        if was_there {
            events::append(tx, &event, &salt)?;
        }
        Ok(was_there)
    });
    let was_there = was_there.await?;
    mirror.remark().await?;
    Ok(was_there)
}

/// A reason may tell of a person, so it stands in the part that can be erased.
fn event(context: &Context, kind: &'static str, protectee: &Protectee, reason: &Reason) -> NewEvent {
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject: format!("{} {}", protectee.subject(), protectee.id()),
        detail: "{}".to_owned(),
        personal: serde_json::json!({ "reason": reason.as_str() }).to_string(),
    }
}
