//! What a run is compared with: everybody as digests, and what the feed holds in numbers. Read in one transaction, so that
//! it is one state.

use std::collections::{BTreeMap, BTreeSet};

use feed::control::FieldKey;
use feed::difference::{Baseline, Known, Past, Standing, Totals, email_digest, username_digest};
use feed::digest::Digest;
use feed::person::Person;

use crate::feeds::person;
use crate::nouns::feed_person::PersonState;
use crate::store::error::StoreError;
use crate::store::feed_records::{self, Compared};
use crate::store::tx::Tx;
use crate::store::{feed_people, feed_runs, feeds};

/// What a run is compared with.
pub(super) struct Before {
    pub(super) baseline: Baseline,
    pub(super) totals: Totals,
    /// The codes of the groups that the feed manages.
    pub(super) groups: BTreeSet<String>,
    /// The version of the feed's people.
    pub(super) version: u64,
}

/// Reads what a run of a feed is compared with.
pub(super) fn load(tx: &mut Tx, feed: i64) -> Result<Before, StoreError> {
    let Some(of) = feeds::find(tx, feed)? else { return Err(StoreError::Missing { statement: "feeds.FIND" }) };
    let applied = match &of.applied_run {
        Some(run) => feed_runs::find(tx, run)?.and_then(|run| run.control),
        None => None,
    };
    let former = match applied {
        Some(version) => feeds::control_version(tx, feed, version)?.map(|control| Digest(control.meaning)),
        None => None,
    };
    let mut baseline = Baseline::new(former);
    baseline.reserve(usize::try_from(feed_people::last(tx)?).unwrap_or(0));
    feed_records::each(tx, feed, |row| baseline.add(known(&row)))?;
    let fields = feeds::field_counts(tx, feed)?;
    let fields: BTreeMap<FieldKey, u64> =
        fields.iter().filter_map(|(text, count)| Some((person::field(text)?, *count))).collect();
    let totals = Totals {
        people: feed_records::count_in_feed(tx, feed)?,
        groups: feed_records::group_sizes(tx, feed)?.into_iter().collect(),
        fields,
    };
    let groups = feeds::groups(tx, feed)?.into_iter().map(|group| group.code).collect();
    Ok(Before { baseline, totals, groups, version: of.version })
}

fn known(row: &Compared<'_>) -> Known {
    let standing = match (row.record, row.state) {
        (None, _) => Standing::Elsewhere,
        (Some(record), _) if record.in_feed => Standing::Present,
        (Some(_), PersonState::Active) => Standing::Leaving,
        (Some(_), _) => Standing::Blocked,
    };
    Known {
        // Numbers count up from 1 and stay far below this bound.
        number: u32::try_from(row.account).unwrap_or(u32::MAX),
        username: username_digest(row.username_key),
        email: email_digest(row.email_key),
        raw: row.record.map(|record| Digest(record.raw_digest)).unwrap_or_default(),
        canonical: row.record.map(|record| Digest(record.digest)).unwrap_or_default(),
        standing,
        in_error: row.record.is_some_and(|record| record.try_again),
    }
}

/// What is kept of people, in the order of their numbers as they are given.
pub(super) fn past(tx: &mut Tx, feed: i64, numbers: &[u32]) -> Result<Vec<Past>, StoreError> {
    let mut kept = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut past = Past::default();
        for record in feed_records::of_account(tx, i64::from(*number))? {
            let told = person::of_text(&record.person);
            if record.feed == feed {
                past.own = told;
            } else if record.in_feed {
                past.others = merged(past.others.take(), told);
            }
        }
        kept.push(past);
    }
    Ok(kept)
}

fn merged(one: Option<Person>, other: Option<Person>) -> Option<Person> {
    let Some(mut one) = one else { return other };
    for (field, entries) in other.map(|other| other.fields).unwrap_or_default() {
        one.fields.entry(field).or_insert(entries);
    }
    Some(one)
}
