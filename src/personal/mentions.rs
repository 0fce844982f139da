//! Somebody in what feeds have said of other people: a manager's address, a reference to a username. Past rows, records of
//! people who left and records as they came are written anew; what a feed's source holds to be so is counted, and never
//! touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::personal::replace::Words;
use crate::personal::who::Known;
use crate::store::error::StoreError;
use crate::store::personal_mentions::{self, SaidRecord, SaidRow};
use crate::store::tx::Tx;

/// Where somebody is mentioned, about others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Records without the mention, as far as it can go.
    pub(super) records: Vec<SaidRecord>,
    /// Rows of runs that are over, without it.
    pub(super) rows: Vec<SaidRow>,
    /// Records of the delivery applied last that mean the mention, by the feed's name.
    pub(super) delivered: BTreeMap<String, u64>,
    /// Rows of runs that are open or were applied last.
    pub(super) needed: u64,
}

/// Looks for them.
pub(super) fn find(tx: &mut Tx, known: &Known) -> Result<Mentions, StoreError> {
    let words = Words::new(&known.emails, &known.names);
    let words = words.with_usernames(known.in_feeds.iter().map(|person| &person.username));
    let own: BTreeSet<i64> = known.in_feeds.iter().map(|person| person.account).collect();
    let own_keys: BTreeSet<&str> = known.in_feeds.iter().map(|person| person.username_key.as_str()).collect();
    let (mut records, mut rows) = (BTreeMap::new(), BTreeMap::new());
    for part in words.all_in_records() {
        for record in personal_mentions::records(tx, part)? {
            if !own.contains(&record.account) {
                records.insert((record.feed, record.account), record);
            }
        }
        for mut row in personal_mentions::rows(tx, part)? {
            if !own_keys.contains(row.username_key.as_str()) && without(&words, &mut row.texts) {
                rows.insert((row.run, row.place), row);
            }
        }
    }
    let mut mentions = Mentions::default();
    for mut record in records.into_values() {
        // What is applied is the source's word; the text as it came is compared by its digest alone.
        let [person, as_it_came @ ..] = &mut record.texts;
        let is_meant = without(&words, std::slice::from_mut(&mut person.clone()));
        let mut any = without(&words, as_it_came);
        match record.in_feed {
            true if is_meant => *mentions.delivered.entry(record.feed_name.clone()).or_default() += 1,
            true => {}
            false => any |= without(&words, std::slice::from_mut(person)),
        }
        if any {
            mentions.records.push(record);
        }
    }
    for row in rows.into_values() {
        match row.is_past {
            true => mentions.rows.push(row),
            false => mentions.needed += 1,
        }
    }
    Ok(mentions)
}

/// Takes out what can be taken out; whether a record was among it.
pub(super) fn erase(tx: &mut Tx, known: &Known) -> Result<bool, StoreError> {
    let mentions = find(tx, known)?;
    mentions.records.iter().try_for_each(|record| personal_mentions::put_record(tx, record).map(drop))?;
    mentions.rows.iter().try_for_each(|row| personal_mentions::put_row(tx, row).map(drop))?;
    Ok(!mentions.records.is_empty())
}

/// Replaces words in texts; whether any was there.
fn without(words: &Words, texts: &mut [Option<String>]) -> bool {
    let mut any = false;
    for text in texts.iter_mut() {
        if let Some(now) = text.as_deref().and_then(|text| words.replaced_in_record(text)) {
            *text = Some(now);
            any = true;
        }
    }
    any
}
