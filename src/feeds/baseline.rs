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
    let mut people = 0;
    feed_records::compared(tx, feed, |record| {
        people += u64::from(record.in_feed);
        baseline.add_nameless(said(&record));
    })?;
    feed_people::compared(tx, |person| {
        let (number, username) = (short(person.account), username_digest(person.username_key));
        let email = email_digest(person.email_key);
        match baseline.name(number, username, email) {
            // Whoever has left is within the grace, or blocked.
            Some(known) if known.standing == Standing::Leaving && person.state != PersonState::Active => {
                known.standing = Standing::Blocked;
            }
            Some(_) => {}
            None => baseline.add(elsewhere(number, username, email)),
        }
    })?;
    baseline.conclude();
    let fields = feeds::field_counts(tx, feed)?;
    let fields: BTreeMap<FieldKey, u64> =
        fields.iter().filter_map(|(text, count)| Some((person::field(text)?, *count))).collect();
    let totals = Totals { people, fields };
    let groups = feeds::groups(tx, feed)?.into_iter().map(|group| group.code).collect();
    Ok(Before { baseline, totals, groups, version: of.version })
}

/// Numbers count up from 1 and stay far below this bound.
fn short(account: i64) -> u32 {
    u32::try_from(account).unwrap_or(u32::MAX)
}

/// Somebody of whom the feed has said something, before they are named.
fn said(record: &Compared) -> Known {
    Known {
        number: short(record.account),
        raw: Digest(record.raw_digest),
        canonical: Digest(record.digest),
        standing: if record.in_feed { Standing::Present } else { Standing::Leaving },
        in_error: record.try_again,
        ..elsewhere(0, Digest::default(), Digest::default())
    }
}

/// Somebody of whom the feed has never said anything.
fn elsewhere(number: u32, username: Digest, email: Digest) -> Known {
    let none = Digest::default();
    Known { number, username, email, raw: none, canonical: none, standing: Standing::Elsewhere, in_error: false }
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
