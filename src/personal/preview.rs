//! What an erasure would take, place by place, and what would stay, each with its reason and the way. It changes nothing.

use crate::contacts::erase as contacts;
use crate::mirror::Mirror;
use crate::personal::mentions;
use crate::personal::replace::Words;
use crate::personal::who::Known;
use crate::store::error::StoreError;
use crate::store::personal::{self, Amount, Versions};
use crate::store::personal_actors::ACTORS;
use crate::store::personal_texts::{SETTINGS, TEXTS};
use crate::store::tx::Tx;

/// What an erasure would take and leave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// What goes, and how much of it.
    pub goes: Vec<(String, u64)>,
    /// What stays: why, and what to do, as sentences.
    pub stays: Vec<String>,
}

impl Preview {
    fn goes(&mut self, what: impl Into<String>, count: u64) {
        if count > 0 {
            self.goes.push((what.into(), count));
        }
    }
}

/// Looks what an erasure of somebody would take and leave.
///
/// # Errors
/// The database failed.
pub async fn preview(mirror: &Mirror, known: &Known) -> Result<Preview, StoreError> {
    let known = known.clone();
    mirror.store().read(move |tx| looked(tx, &known)).await
}

/// The words by which a person is found in texts.
pub(super) fn words(known: &Known) -> Words {
    Words::new(&known.emails, &known.names)
}

/// By which names somebody did something in Rollcall.
pub(super) fn actor_names(known: &Known) -> Vec<String> {
    let names = known.admissions.iter().map(|admission| &admission.username);
    names.flat_map(|name| [name.clone(), format!("administrator {name}")]).collect()
}

/// How the audit chain names somebody.
pub(super) fn chain_names(known: &Known) -> Vec<String> {
    let accounts = known.account_ids.iter().flat_map(|id| [id.clone(), format!("person {id}")]);
    let accounts = accounts.chain(known.contacts.iter().map(|contact| contact.id.as_str().to_owned()));
    accounts.chain(known.admissions.iter().map(|admission| admission.administrator.to_string())).collect()
}

fn looked(tx: &mut Tx, known: &Known) -> Result<Preview, StoreError> {
    let mut preview = Preview::default();
    for ordinal in &known.ordinals {
        let is_present = known.present.contains(ordinal);
        let versions = if is_present { Versions::Over } else { Versions::All };
        preview.goes("Versions of the profile", personal::count_profiles(tx, *ordinal, versions)?);
        if is_present {
            preview.stays.push(
                "The profile that holds now: Atlassian lists this account, and the next sync would read it again. Remove \
                 or delete it there, sync, then erase once more."
                    .to_owned(),
            );
        }
    }
    sites(&mut preview, known);
    feeds(tx, &mut preview, known)?;
    of_others(tx, &mut preview, known)?;
    for contact in &known.contacts {
        if !contacts::is_kept(contact) {
            preview.goes("Contact, with its notes and history", 1);
            continue;
        }
        preview.goes("What was written about a contact: fields, tags, notes and history", 1);
        preview.stays.push(
            "Name and address of a contact that follows an account: delete the Jira user or customer, or switch Jira User \
             Syncing off, then erase once more."
                .to_owned(),
        );
    }
    let words = words(known);
    let mut places = Vec::new();
    for place in TEXTS {
        let found = texts(&words, |part| place.holding(tx, part))?;
        if found > 0 {
            places.push((place.name, found));
        }
    }
    for (place, count) in places {
        preview.goes(format!("Texts of {place}"), count);
    }
    for place in SETTINGS {
        if texts(&words, |part| place.holding(tx, part))? > 0 {
            preview.stays.push(format!("A setting names this person ({}): change it in Settings.", place.name));
        }
    }
    let mut did = 0;
    for place in ACTORS {
        for name in actor_names(known) {
            did += place.count(tx, &name)?;
        }
    }
    preview.goes("Places that name them as whoever did something", did);
    let mut events = 0;
    for name in chain_names(known) {
        events += personal::events_about(tx, &name)?.len() as u64;
    }
    preview.goes("Events of the audit chain, of which the personal part goes and the rest stays", events);
    for admission in known.admissions.iter().filter(|admission| admission.ended.is_none()) {
        preview.stays.push(format!(
            "Their entry to Rollcall as {}: end it in Settings, App Access Control, then erase once more.",
            admission.username
        ));
    }
    if personal::open_runs(tx)? > 0 {
        preview.stays.push(
            "What a sync that is under way has read: it goes when that ends. What Atlassian lists comes back with it."
                .to_owned(),
        );
    }
    Ok(preview)
}

fn sites(preview: &mut Preview, known: &Known) {
    let gone = known.on_sites.iter().filter(|on| on.gone_at.is_some() && !(on.name.is_empty() && on.email.is_none()));
    preview.goes("What sites have listed", gone.count() as u64);
    for on in known.on_sites.iter().filter(|on| on.gone_at.is_none()) {
        let what = if on.is_customer() { "customer" } else { "user" };
        preview.stays.push(format!(
            "What the site {} lists: the {what} is there, and the next reading would find it again. Delete it there, then \
             erase once more.",
            on.site
        ));
    }
}

fn feeds(tx: &mut Tx, preview: &mut Preview, known: &Known) -> Result<(), StoreError> {
    for person in &known.in_feeds {
        let delivered = personal::delivered_by(tx, person.account)?;
        if delivered.is_empty() {
            preview.goes("Person of the feeds, with every record", 1);
        } else {
            preview.stays.push(format!(
                "The person {} of the feeds: {} delivers them. Leave them out there, apply the next delivery, then erase \
                 once more.",
                person.username,
                delivered.join(", ")
            ));
        }
        let Amount { goes, all } = personal::count_rows(tx, &person.username_key)?;
        preview.goes("Rows of feeds' runs", goes);
        if all > goes {
            preview.stays.push(format!(
                "{} of a run that is open or was applied last: these go once a later run is applied.",
                counted(all - goes, "row", "rows")
            ));
        }
        let Amount { goes, all } = personal::count_files(tx, person.account)?;
        preview.goes("Files of feeds' runs, as a whole", goes);
        // The delivery applied last does not have somebody who left.
        if all > goes && !delivered.is_empty() {
            preview.stays.push(format!(
                "{} of a run that is open or was applied last: the next delivery is compared with it.",
                counted(all - goes, "file", "files")
            ));
        }
    }
    Ok(())
}

fn of_others(tx: &mut Tx, preview: &mut Preview, known: &Known) -> Result<(), StoreError> {
    let mentions = mentions::find(tx, known)?;
    let (present, left): (Vec<_>, Vec<_>) = mentions.records.iter().partition(|record| record.in_feed);
    preview.goes("Mentions in records of other people who left a feed", left.len() as u64);
    preview.goes(
        "Mentions in records of other people as a feed has sent them; its source may send them again",
        present.len() as u64,
    );
    preview.goes("Mentions in past rows of feeds' runs about other people", mentions.rows.len() as u64);
    for (feed, count) in &mentions.delivered {
        preview.stays.push(format!(
            "{} of other people in {feed} that mention them, as a manager's address does: these come from the feed's source, \
             and the next delivery would bring it again. Have it changed there, apply the next delivery, then erase once \
             more.",
            counted(*count, "record", "records")
        ));
    }
    if mentions.needed > 0 {
        preview.stays.push(format!(
            "{} about other people that mention them, of a run that is open or was applied last: once a later run is \
             applied, erase once more.",
            counted(mentions.needed, "row", "rows")
        ));
    }
    Ok(())
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// In how many texts of a place words occur.
pub(super) fn texts(
    words: &Words,
    mut holding: impl FnMut(&str) -> Result<Vec<String>, StoreError>,
) -> Result<u64, StoreError> {
    let mut found = std::collections::BTreeSet::new();
    for part in words.all() {
        found.extend(holding(part)?.into_iter().filter(|text| words.replaced(text).is_some()));
    }
    Ok(found.len() as u64)
}
