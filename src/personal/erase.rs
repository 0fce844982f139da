//! Erasing a person: everything that can go goes in one transaction per database, which also records that it was done. The
//! mirror's snapshot is made anew afterwards, so that no page shows what is gone.

use directory::email_key;
use jiff::Timestamp;
use serde_json::json;

use crate::contacts::erase as contacts;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::event::NewEvent;
use crate::personal::mentions;
use crate::personal::preview::{Preview, actor_names, chain_names, preview, words};
use crate::personal::replace::NO_NAME;
use crate::personal::who::Known;
use crate::store::control::{access_tokens, administrators};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::personal::{self, Versions};
use crate::store::personal_actors::ACTORS;
use crate::store::personal_texts::TEXTS;
use crate::store::tx::Tx;
use crate::store::{contact_personal, event_parts, events, feed_bodies, feed_digests, feeds};

/// Erases a person as far as can be. What went and what stayed is what [`preview`] said right before.
///
/// # Errors
/// The database failed; each of both databases is then as it was before, or erased as a whole.
pub async fn erase(
    context: &Context,
    (mirror, control): (&Mirror, &Store),
    known: &Known,
    entropy: &Entropy,
) -> Result<Preview, StoreError> {
    let preview = preview(mirror, known).await?;
    let (person, salt) = (known.clone(), [entropy.bytes(), entropy.bytes()]);
    let event = event(context, known, "person.erased", &preview);
    let told = event.clone();
    mirror
        .store()
        .write(move |tx| {
            erase_in(tx, &person, told.at)?;
            events::append(tx, &told, &salt[0]).map(drop)
        })
        .await?;
    let person = known.clone();
    control
        .write(move |tx| {
            if erase_in_control(tx, &person)? {
                events::append(tx, &event, &salt[1])?;
            }
            Ok(())
        })
        .await?;
    // Contents of files go once no run names them.
    loop {
        let now = context.now;
        let unused = mirror.store().read(move |tx| feed_bodies::unused(tx, now)).await?;
        if unused.is_empty() {
            break;
        }
        mirror.store().write(move |tx| unused.iter().try_for_each(|body| feed_bodies::remove_unused(tx, body))).await?;
    }
    mirror.reload().await?;
    Ok(preview)
}

/// What the chain tells of an erasure or an export. It names the account, and nobody who has none.
pub(super) fn event(context: &Context, known: &Known, kind: &'static str, preview: &Preview) -> NewEvent {
    let subject = match known.account_ids.iter().next() {
        Some(id) => format!("person {id}"),
        None => "person without an account".to_owned(),
    };
    NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind,
        subject,
        detail: json!({
            "accounts": known.account_ids.len(),
            "went": preview.goes.iter().map(|(_, count)| count).sum::<u64>(),
            "stays": preview.stays.len(),
        })
        .to_string(),
        personal: String::new(),
    }
}

fn erase_in(tx: &mut Tx, known: &Known, now: Timestamp) -> Result<(), StoreError> {
    for ordinal in &known.ordinals {
        let versions = if known.present.contains(ordinal) { Versions::Over } else { Versions::All };
        personal::blank_profiles(tx, *ordinal, versions)?;
    }
    for id in &known.account_ids {
        personal::blank_site(tx, id)?;
    }
    for person in &known.in_feeds {
        personal::drop_files(tx, person.account)?;
        personal::blank_rows(tx, (&person.username_key, &person.username))?;
        if personal::delivered_by(tx, person.account)?.is_empty() {
            personal::drop_feed_person(tx, person.account)?;
        }
    }
    if mentions::erase(tx, known)? || !known.in_feeds.is_empty() {
        // A preview that was made before is not applied any more, and the digest of an address is about a person.
        feeds::bump(tx)?;
        feed_digests::clear(tx)?;
    }
    for contact in &known.contacts {
        contacts::erase_within(tx, contact, now)?;
    }
    for email in &known.emails {
        contact_personal::drop_conflicts(tx, &email_key(email))?;
    }
    let words = words(known);
    for part in words.all() {
        for place in TEXTS {
            for text in place.holding(tx, part)? {
                if let Some(now) = words.replaced(&text) {
                    place.replace(tx, &text, &now)?;
                }
            }
        }
        personal::drop_answers(tx, part)?;
    }
    for name in actor_names(known) {
        for place in ACTORS {
            place.replace(tx, &name, NO_NAME)?;
        }
    }
    chain_names(known).iter().try_for_each(|name| event_parts::erase(tx, name).map(drop))
}

/// Whether there was anything.
fn erase_in_control(tx: &mut Tx, known: &Known) -> Result<bool, StoreError> {
    let mut any = false;
    for name in chain_names(known) {
        any |= event_parts::erase(tx, &name)?;
    }
    for admission in known.admissions.iter().filter(|admission| admission.ended.is_some()) {
        let all = administrators::list(tx)?.into_iter();
        for mut administrator in all.filter(|administrator| administrator.id == admission.administrator) {
            administrator.username = NO_NAME.to_owned();
            // Usernames are unique, and nobody can type this one.
            let key = format!("{NO_NAME} {}", administrator.id);
            administrators::replace(tx, &administrator, &key)?;
            any = true;
        }
        for name in [admission.username.clone(), format!("administrator {}", admission.username)] {
            any |= access_tokens::rename_maker(tx, &name, NO_NAME)? > 0;
        }
    }
    Ok(any)
}
