//! What each feed has said of each person, and the memberships of managed groups that follow from it.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use crate::nouns::feed_person::FeedRecord;
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const FIND: &str = "
    SELECT feed, account, in_feed, raw_digest, control, digest, person, raw, received, received_run, applied_run,
        left_run, try_again, failure
    FROM feed_records WHERE feed = $1 AND account = $2";
const OF_ACCOUNT: &str = "
    SELECT feed, account, in_feed, raw_digest, control, digest, person, raw, received, received_run, applied_run,
        left_run, try_again, failure
    FROM feed_records WHERE account = $1 ORDER BY feed";
const COMPARED: &str = "
    SELECT account, in_feed, try_again, raw_digest, digest FROM feed_records
    WHERE feed = $1 AND account > $2 AND account <= $3 ORDER BY account";
const TOLD: &str = "SELECT feed, in_feed, person FROM feed_records WHERE account = $1 ORDER BY feed";
const COUNT_FAILING: &str = "SELECT count(*) FROM feed_records WHERE feed = $1 AND failure IS NOT NULL";
const FAILING: &str = "
    SELECT feed, account, in_feed, raw_digest, control, digest, person, raw, received, received_run, applied_run,
        left_run, try_again, failure
    FROM feed_records WHERE feed = $1 AND account > $2 AND failure IS NOT NULL ORDER BY account LIMIT $3";
const SET_TRY_AGAIN: &str = "UPDATE feed_records SET try_again = 1 WHERE account = $1";
const MOVE: &str = "
    UPDATE feed_records SET account = $2, try_again = 1
    WHERE account = $1
        AND NOT EXISTS (SELECT 1 FROM feed_records o WHERE o.feed = feed_records.feed AND o.account = $2)";
const DELETE: &str = "DELETE FROM feed_records WHERE account = $1";
const MOVE_MEMBERSHIPS: &str = "
    UPDATE feed_memberships SET account = $2
    WHERE account = $1
        AND NOT EXISTS (
            SELECT 1 FROM feed_memberships o
            WHERE o.feed = feed_memberships.feed AND o.account = $2 AND o.code = feed_memberships.code)";
const DELETE_MEMBERSHIPS: &str = "DELETE FROM feed_memberships WHERE account = $1";
const COUNT_IN_FEED: &str = "SELECT count(*) FROM feed_records WHERE feed = $1 AND in_feed = 1";
const IN_FEED: &str = "SELECT account FROM feed_records WHERE feed = $1 AND in_feed = 1 ORDER BY account";
const MEMBERS: &str = "SELECT account, code FROM feed_memberships WHERE feed = $1 ORDER BY account, code";
const MEMBERSHIPS: &str = "SELECT feed, code FROM feed_memberships WHERE account = $1 ORDER BY code, feed";
const CODES: &str = "SELECT code FROM feed_memberships WHERE feed = $1 AND account = $2 ORDER BY code";
const DROP_CODES: &str = "DELETE FROM feed_memberships WHERE feed = $1 AND account = $2";

const RECORDS: Bulk = Bulk {
    table: "feed_records",
    columns: &[
        Column::integer("feed"),
        Column::integer("account"),
        Column::integer("in_feed"),
        Column::blob("raw_digest"),
        Column::integer("control"),
        Column::blob("digest"),
        Column::text("person"),
        Column::text("raw"),
        Column::text("received"),
        Column::integer("received_run"),
        Column::integer("applied_run"),
        Column::integer("left_run"),
        Column::integer("try_again"),
        Column::text("failure"),
    ],
    key: &["feed", "account"],
    update: Update::Columns(&[
        "in_feed",
        "raw_digest",
        "control",
        "digest",
        "person",
        "raw",
        "received",
        "received_run",
        "applied_run",
        "left_run",
        "try_again",
        "failure",
    ]),
};

const ALIKE: BulkUpdate = BulkUpdate {
    table: "feed_records",
    set: &[Column::blob("raw_digest"), Column::integer("control")],
    matching: &[Column::integer("feed"), Column::integer("account")],
    and: "",
};

const TAKE_OUT: BulkUpdate = BulkUpdate {
    table: "feed_records",
    set: &[Column::integer("in_feed"), Column::integer("left_run")],
    matching: &[Column::integer("feed"), Column::integer("account")],
    and: "",
};

const FAIL: BulkUpdate = BulkUpdate {
    table: "feed_records",
    set: &[Column::text("received"), Column::integer("received_run"), Column::text("failure")],
    matching: &[Column::integer("feed"), Column::integer("account")],
    and: "",
};

const CODES_OF: Bulk = Bulk {
    table: "feed_memberships",
    columns: &[Column::integer("feed"), Column::integer("account"), Column::text("code")],
    key: &["feed", "account", "code"],
    update: Update::Ignore,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&RECORDS, &CODES_OF];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&ALIKE, &TAKE_OUT, &FAIL];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_records.FIND", FIND),
    ("feed_records.OF_ACCOUNT", OF_ACCOUNT),
    ("feed_records.COMPARED", COMPARED),
    ("feed_records.TOLD", TOLD),
    ("feed_records.COUNT_IN_FEED", COUNT_IN_FEED),
    ("feed_records.COUNT_FAILING", COUNT_FAILING),
    ("feed_records.FAILING", FAILING),
    ("feed_records.SET_TRY_AGAIN", SET_TRY_AGAIN),
    ("feed_records.MOVE", MOVE),
    ("feed_records.DELETE", DELETE),
    ("feed_records.MOVE_MEMBERSHIPS", MOVE_MEMBERSHIPS),
    ("feed_records.DELETE_MEMBERSHIPS", DELETE_MEMBERSHIPS),
    ("feed_records.IN_FEED", IN_FEED),
    ("feed_records.MEMBERS", MEMBERS),
    ("feed_records.MEMBERSHIPS", MEMBERSHIPS),
    ("feed_records.CODES", CODES),
    ("feed_records.DROP_CODES", DROP_CODES),
];

/// What a feed has said of somebody, as digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The number of the person.
    pub account: i64,
    /// Whether they are in the delivery applied last.
    pub in_feed: bool,
    /// Whether the next run does not skip them.
    pub try_again: bool,
    /// The digest of the record as it came.
    pub raw_digest: [u8; 16],
    /// The digest of what it means.
    pub digest: [u8; 16],
}

/// What a feed has said of a person.
pub fn find(tx: &mut Tx, feed: i64, account: i64) -> Result<Option<FeedRecord>, StoreError> {
    tx.optional(FIND, &[feed.into(), account.into()], record)
}

/// What all feeds have said of a person.
pub fn of_account(tx: &mut Tx, account: i64) -> Result<Vec<FeedRecord>, StoreError> {
    tx.list(OF_ACCOUNT, &[account.into()], record)
}

/// Shows which person each feed has told somebody to be, in order of the feeds: the feed's number, whether they are in its
/// latest delivery, and the person's text.
pub fn told(tx: &mut Tx, account: i64, mut show: impl FnMut(i64, bool, &str)) -> Result<(), StoreError> {
    tx.for_each(TOLD, &[account.into()], |row| {
        show(row.integer(0)?, row.flag(1)?, row.text(2)?);
        Ok(())
    })
}

/// People of a feed whose last record was not applied in whole, after a number.
pub fn failing(tx: &mut Tx, feed: i64, after: i64, limit: u32) -> Result<Vec<FeedRecord>, StoreError> {
    tx.list(FAILING, &[feed.into(), after.into(), limit.into()], record)
}

/// Shows what a run of a feed is compared with, in order of the people's numbers: of those after one number, up to another.
/// It is read without the records' texts.
pub fn compared(
    tx: &mut Tx,
    feed: i64,
    (after, to): (i64, i64),
    mut show: impl FnMut(Compared),
) -> Result<(), StoreError> {
    tx.for_each(COMPARED, &[feed.into(), after.into(), to.into()], |row| {
        show(Compared {
            account: row.integer(0)?,
            in_feed: row.flag(1)?,
            try_again: row.flag(2)?,
            raw_digest: digest(row, 3)?,
            digest: digest(row, 4)?,
        });
        Ok(())
    })
}

/// How many people are in the delivery of a feed that was applied last.
pub fn count_in_feed(tx: &mut Tx, feed: i64) -> Result<u64, StoreError> {
    tx.one(COUNT_IN_FEED, &[feed.into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// How many people's last record was not applied in whole.
pub fn count_failing(tx: &mut Tx, feed: i64) -> Result<u64, StoreError> {
    tx.one(COUNT_FAILING, &[feed.into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Writes what a feed says of people.
pub fn put(tx: &mut Tx, records: &[FeedRecord]) -> Result<(), StoreError> {
    let rows = records.iter().map(|of| -> [Value<'_>; 14] {
        [
            of.feed.into(),
            of.account.into(),
            of.in_feed.into(),
            (&of.raw_digest).into(),
            (of.control as i64).into(),
            (&of.digest).into(),
            (&of.person).into(),
            (&of.raw).into(),
            of.received.as_deref().into(),
            of.received_run.into(),
            of.applied_run.into(),
            of.left_run.into(),
            of.try_again.into(),
            of.failure.as_deref().into(),
        ]
    });
    tx.bulk(&RECORDS, rows).map(drop)
}

/// A record that says the same otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The number of the person.
    pub account: i64,
    /// The digest of the record as it came.
    pub raw_digest: [u8; 16],
    /// The version of the control file it was read with.
    pub control: u64,
}

/// A record that was not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The number of the person.
    pub account: i64,
    /// The record as it came, as JSON.
    pub received: Option<String>,
    /// What is wrong with it.
    pub why: String,
}

/// Writes under which digest people were sent who stay as they are.
pub fn alike(tx: &mut Tx, feed: i64, alike: &[Alike]) -> Result<(), StoreError> {
    let rows = alike.iter().map(|of| -> [Value<'_>; 4] {
        [(&of.raw_digest).into(), (of.control as i64).into(), feed.into(), of.account.into()]
    });
    tx.bulk_update(&ALIKE, rows).map(drop)
}

/// Takes people out of the latest delivery.
pub fn take_out(tx: &mut Tx, feed: i64, accounts: &[i64], run: i64) -> Result<(), StoreError> {
    let rows =
        accounts.iter().map(|account| -> [Value<'_>; 4] { [false.into(), run.into(), feed.into(), (*account).into()] });
    tx.bulk_update(&TAKE_OUT, rows).map(drop)
}

/// Notes records that were not applied; the people stay as they are.
pub fn fail(tx: &mut Tx, feed: i64, failed: &[Failed], run: i64) -> Result<(), StoreError> {
    // Several records may be one person's; the last one is kept.
    let mut of: BTreeMap<i64, &Failed> = BTreeMap::new();
    of.extend(failed.iter().map(|failed| (failed.account, failed)));
    let rows = of.into_values().map(|failed| -> [Value<'_>; 5] {
        let received = failed.received.as_deref();
        [received.into(), run.into(), (&failed.why).into(), feed.into(), failed.account.into()]
    });
    tx.bulk_update(&FAIL, rows).map(drop)
}

/// Lets the next run look at somebody again.
pub fn set_try_again(tx: &mut Tx, account: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_TRY_AGAIN, &[account.into()])? > 0)
}

/// Gives one person's records and memberships to another, where that one has none of the same feed; the rest goes.
pub fn merge_into(tx: &mut Tx, account: i64, into: i64) -> Result<(), StoreError> {
    for (statement, rest) in [(MOVE, DELETE), (MOVE_MEMBERSHIPS, DELETE_MEMBERSHIPS)] {
        tx.execute(statement, &[account.into(), into.into()])?;
        tx.execute(rest, &[account.into()])?;
    }
    Ok(())
}

/// How many people of a feed's latest delivery are in which managed group. Both lists are read in order of the people's
/// numbers, so that nothing is sorted.
pub fn group_sizes(tx: &mut Tx, feed: i64) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut here = RoaringBitmap::new();
    tx.for_each(IN_FEED, &[feed.into()], |row| {
        // Numbers count up from 1 and stay far below this bound.
        here.insert(u32::try_from(row.integer(0)?).unwrap_or(u32::MAX));
        Ok(())
    })?;
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    tx.for_each(MEMBERS, &[feed.into()], |row| {
        if !here.contains(u32::try_from(row.integer(0)?).unwrap_or(u32::MAX)) {
            return Ok(());
        }
        let code = row.text(1)?;
        match sizes.get_mut(code) {
            Some(size) => *size += 1,
            None => drop(sizes.insert(code.to_owned(), 1)),
        }
        Ok(())
    })?;
    Ok(sizes)
}

/// The managed groups of a person, each with the feed that says so.
pub fn memberships(tx: &mut Tx, account: i64) -> Result<Vec<(i64, String)>, StoreError> {
    tx.list(MEMBERSHIPS, &[account.into()], |row| Ok((row.integer(0)?, row.text(1)?.to_owned())))
}

/// The managed groups of a person by one feed.
pub fn codes(tx: &mut Tx, feed: i64, account: i64) -> Result<Vec<String>, StoreError> {
    tx.list(CODES, &[feed.into(), account.into()], |row| Ok(row.text(0)?.to_owned()))
}

/// Takes people out of all groups of a feed, before they are put into those they are in.
pub fn drop_codes(tx: &mut Tx, feed: i64, accounts: &[i64]) -> Result<(), StoreError> {
    for account in accounts {
        tx.execute(DROP_CODES, &[feed.into(), (*account).into()])?;
    }
    Ok(())
}

/// Puts people into groups.
pub fn add_codes(tx: &mut Tx, feed: i64, members: &[(i64, String)]) -> Result<(), StoreError> {
    let rows =
        members.iter().map(|(account, code)| -> [Value<'_>; 3] { [feed.into(), (*account).into(), code.into()] });
    tx.bulk(&CODES_OF, rows).map(drop)
}

fn digest(row: &Row<'_>, column: usize) -> Result<[u8; 16], StoreError> {
    row.blob(column)?.try_into().map_err(|_| row.corrupt(column))
}

fn record(row: &Row<'_>) -> Result<FeedRecord, StoreError> {
    Ok(FeedRecord {
        feed: row.integer(0)?,
        account: row.integer(1)?,
        in_feed: row.flag(2)?,
        raw_digest: digest(row, 3)?,
        control: row.integer(4)?.unsigned_abs(),
        digest: digest(row, 5)?,
        person: row.text(6)?.to_owned(),
        raw: row.text(7)?.to_owned(),
        received: row.optional_text(8)?.map(str::to_owned),
        received_run: row.optional_integer(9)?,
        applied_run: row.integer(10)?,
        left_run: row.optional_integer(11)?,
        try_again: row.flag(12)?,
        failure: row.optional_text(13)?.map(str::to_owned),
    })
}
