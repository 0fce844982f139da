//! People of the feeds: one row per username over all of them, and what somebody did with them by hand.

use jiff::Timestamp;

use crate::nouns::feed_account::{LinkHow, LinkNote};
use crate::nouns::feed_person::{FeedPerson, PersonNote, PersonState};
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const FIND: &str = "
    SELECT account, username_key, username, name, email, email_key, state, block_at, held_by, held_at,
        held_why, linked, since, link_how, link_by, link_at
    FROM feed_people WHERE account = $1";
const BY_KEY: &str = "
    SELECT account, username_key, username, name, email, email_key, state, block_at, held_by, held_at,
        held_why, linked, since, link_how, link_by, link_at
    FROM feed_people WHERE username_key = $1";
const NAMED: &str = "SELECT username_key, username FROM feed_people WHERE account = $1";
const BY_EMAIL: &str = "
    SELECT account, username_key, username, name, email, email_key, state, block_at, held_by, held_at,
        held_why, linked, since, link_how, link_by, link_at
    FROM feed_people WHERE email_key = $1 ORDER BY username_key LIMIT 100";
const CONTAINING: &str = "
    SELECT account, username_key, username, name, email, email_key, state, block_at, held_by, held_at,
        held_why, linked, since, link_how, link_by, link_at
    FROM feed_people WHERE search_key LIKE $1 AND username_key > $2 ORDER BY username_key LIMIT $3";
const OF_FEED: &str = "
    SELECT p.account, p.username_key, p.username, p.name, p.email, p.email_key, p.state, p.block_at,
        p.held_by, p.held_at, p.held_why, p.linked, p.since, p.link_how, p.link_by, p.link_at
    FROM feed_people p
    WHERE p.username_key > $2 AND (CAST($3 AS TEXT) IS NULL OR p.state = $3)
        AND EXISTS (
            SELECT 1 FROM feed_records r
            WHERE r.feed = $1 AND r.account = p.account AND (CAST($5 AS TEXT) IS NULL OR r.in_feed = 1))
        AND (CAST($5 AS TEXT) IS NULL OR ($5 = 'linked') = (p.linked IS NOT NULL))
    ORDER BY p.username_key LIMIT $4";
const COMPARED: &str = "
    SELECT account, username_key, email_key, state FROM feed_people
    WHERE account > $1 AND account <= $2 ORDER BY account";
const LAST: &str = "SELECT max(account) FROM feed_people";
const COUNT_BY_STATE: &str = "
    SELECT p.state, count(*) FROM feed_people p
    WHERE EXISTS (SELECT 1 FROM feed_records r WHERE r.feed = $1 AND r.account = p.account)
    GROUP BY p.state ORDER BY p.state";
const KEEP_IN_OTHERS: &str = "
    UPDATE feed_people SET block_at = NULL
    WHERE block_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM feed_records r WHERE r.account = feed_people.account AND r.in_feed = 1)";
const BLOCK_DUE: &str = "
    UPDATE feed_people SET state = 'blocked', block_at = NULL WHERE block_at <= $1 AND state = 'active'";
const DUE: &str = "
    SELECT count(*) FROM feed_people WHERE block_at <= $1 AND state = 'active'";
const HOLD: &str = "
    UPDATE feed_people SET state = 'held', held_by = $2, held_at = $3, held_why = $4 WHERE account = $1";
const RELEASE: &str = "
    UPDATE feed_people SET state = $2, held_by = NULL, held_at = NULL, held_why = NULL WHERE account = $1";
const RENAME: &str = "UPDATE feed_people SET username_key = $2, username = $3, search_key = $4 WHERE account = $1";
const DELETE: &str = "DELETE FROM feed_people WHERE account = $1";
const INSERT_NOTE: &str = "
    INSERT INTO feed_notes (account, at, kind, author, text) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account, at) DO UPDATE SET kind = excluded.kind, author = excluded.author, text = excluded.text";
const NOTES: &str = "
    SELECT at, kind, author, text FROM feed_notes WHERE account = $1 ORDER BY at DESC LIMIT 1000";
const MOVE_NOTES: &str = "
    UPDATE feed_notes SET account = $2 WHERE account = $1
        AND NOT EXISTS (SELECT 1 FROM feed_notes o WHERE o.account = $2 AND o.at = feed_notes.at)";

const PEOPLE: Bulk = Bulk {
    table: "feed_people",
    columns: &[
        Column::integer("account"),
        Column::text("username_key"),
        Column::text("username"),
        Column::text("name"),
        Column::text("search_key"),
        Column::text("email"),
        Column::text("email_key"),
        Column::text("state"),
        Column::integer("since"),
    ],
    key: &["account"],
    update: Update::Columns(&["username", "name", "search_key", "email", "email_key"]),
};

const ACTIVATE: BulkUpdate = BulkUpdate {
    table: "feed_people",
    set: &[Column::text("state"), Column::integer("block_at")],
    matching: &[Column::integer("account")],
    and: "state <> 'held'",
};

const BLOCK_AT: BulkUpdate = BulkUpdate {
    table: "feed_people",
    set: &[Column::integer("block_at")],
    matching: &[Column::integer("account")],
    and: "state <> 'blocked'",
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&PEOPLE];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&ACTIVATE, &BLOCK_AT];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_people.FIND", FIND),
    ("feed_people.BY_KEY", BY_KEY),
    ("feed_people.NAMED", NAMED),
    ("feed_people.BY_EMAIL", BY_EMAIL),
    ("feed_people.CONTAINING", CONTAINING),
    ("feed_people.OF_FEED", OF_FEED),
    ("feed_people.COMPARED", COMPARED),
    ("feed_people.LAST", LAST),
    ("feed_people.COUNT_BY_STATE", COUNT_BY_STATE),
    ("feed_people.KEEP_IN_OTHERS", KEEP_IN_OTHERS),
    ("feed_people.BLOCK_DUE", BLOCK_DUE),
    ("feed_people.DUE", DUE),
    ("feed_people.HOLD", HOLD),
    ("feed_people.RELEASE", RELEASE),
    ("feed_people.RENAME", RENAME),
    ("feed_people.DELETE", DELETE),
    ("feed_people.INSERT_NOTE", INSERT_NOTE),
    ("feed_people.NOTES", NOTES),
    ("feed_people.MOVE_NOTES", MOVE_NOTES),
];

/// Which people of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleWanted {
    /// After this username, by its key.
    pub after: String,
    /// Who stand like this.
    pub state: Option<PersonState>,
    /// Of those in the latest delivery, who are linked to an account, or not.
    pub linked: Option<bool>,
}

/// A person by number.
pub fn find(tx: &mut Tx, account: i64) -> Result<Option<FeedPerson>, StoreError> {
    tx.optional(FIND, &[account.into()], person)
}

/// The key of a person's username, and the username as it was sent.
pub fn named(tx: &mut Tx, account: i64) -> Result<Option<(String, String)>, StoreError> {
    tx.optional(NAMED, &[account.into()], |row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
}

/// The person of a username, by its key.
pub fn by_key(tx: &mut Tx, key: &str) -> Result<Option<FeedPerson>, StoreError> {
    tx.optional(BY_KEY, &[key.into()], person)
}

/// The people of an e-mail address, by its key; at most 100.
pub fn by_email(tx: &mut Tx, key: &str) -> Result<Vec<FeedPerson>, StoreError> {
    tx.list(BY_EMAIL, &[key.into()], person)
}

/// People in whose username, name or e-mail address a folded text occurs, after a username.
pub fn containing(tx: &mut Tx, part: &str, after: &str, limit: u32) -> Result<Vec<FeedPerson>, StoreError> {
    // A letter of the pattern language that stands in the text is any letter: it finds more, never less.
    let pattern = format!("%{}%", part.replace(['%', '\\'], "_"));
    tx.list(CONTAINING, &[pattern.into(), after.into(), limit.into()], person)
}

/// The people of a feed by username.
pub fn of_feed(tx: &mut Tx, feed: i64, wanted: &PeopleWanted, limit: u32) -> Result<Vec<FeedPerson>, StoreError> {
    let state = wanted.state.map(PersonState::as_str);
    let linked = wanted.linked.map(|linked| if linked { "linked" } else { "none" });
    tx.list(OF_FEED, &[feed.into(), (&wanted.after).into(), state.into(), limit.into(), linked.into()], person)
}

/// How many people of a feed stand how.
pub fn count_by_state(tx: &mut Tx, feed: i64) -> Result<Vec<(PersonState, u64)>, StoreError> {
    tx.list(COUNT_BY_STATE, &[feed.into()], |row| {
        let state = PersonState::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((state, row.integer(1)?.unsigned_abs()))
    })
}

/// What a run is compared with, of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compared<'r> {
    /// The number of the person.
    pub account: i64,
    /// The key of the username.
    pub username_key: &'r str,
    /// The key of the e-mail address; empty for none.
    pub email_key: &'r str,
    /// How they stand.
    pub state: PersonState,
}

/// Shows everybody after one number up to another, in order of their numbers.
pub fn compared(tx: &mut Tx, (after, to): (i64, i64), mut show: impl FnMut(Compared<'_>)) -> Result<(), StoreError> {
    tx.for_each(COMPARED, &[after.into(), to.into()], |row| {
        show(Compared {
            account: row.integer(0)?,
            username_key: row.text(1)?,
            email_key: row.text(2)?,
            state: PersonState::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        });
        Ok(())
    })
}

/// The highest number of anybody; 0 when there is nobody.
pub fn last(tx: &mut Tx) -> Result<i64, StoreError> {
    Ok(tx.one(LAST, &[], |row| row.optional_integer(0))?.unwrap_or(0))
}

/// Adds people, or writes their names and addresses anew; how those stand who are there stays.
pub fn put(tx: &mut Tx, people: &[FeedPerson]) -> Result<u64, StoreError> {
    let keys: Vec<String> = people.iter().map(|of| search_key(&of.username_key, &of.name, &of.email_key)).collect();
    let rows = people.iter().zip(&keys).map(|(of, search)| -> [Value<'_>; 9] {
        [
            of.account.into(),
            (&of.username_key).into(),
            (&of.username).into(),
            (&of.name).into(),
            search.into(),
            (&of.email).into(),
            (&of.email_key).into(),
            of.state.as_str().into(),
            of.since.as_microsecond().into(),
        ]
    });
    tx.bulk(&PEOPLE, rows)
}

/// Makes people active who are not on hold.
pub fn activate(tx: &mut Tx, accounts: &[i64]) -> Result<(), StoreError> {
    let rows = accounts.iter().map(|account| -> [Value<'_>; 3] { ["active".into(), Value::Null, (*account).into()] });
    tx.bulk_update(&ACTIVATE, rows).map(drop)
}

/// Says when people are blocked unless they are in a feed by then.
pub fn block_at(tx: &mut Tx, accounts: &[i64], at: Timestamp) -> Result<(), StoreError> {
    let rows = accounts.iter().map(|account| -> [Value<'_>; 2] { [at.as_microsecond().into(), (*account).into()] });
    tx.bulk_update(&BLOCK_AT, rows).map(drop)
}

/// Blocks whose time has come and who are in no feed; how many they were.
pub fn block_due(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.execute(KEEP_IN_OTHERS, &[])?;
    tx.execute(BLOCK_DUE, &[now.as_microsecond().into()])
}

/// How many people's time has come.
pub fn due(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    tx.one(DUE, &[now.as_microsecond().into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Puts somebody on hold.
pub fn hold(tx: &mut Tx, account: i64, (by, at, why): (&str, Timestamp, &str)) -> Result<(), StoreError> {
    tx.execute(HOLD, &[account.into(), by.into(), at.as_microsecond().into(), why.into()]).map(drop)
}

/// Ends a hold.
pub fn release(tx: &mut Tx, account: i64, state: PersonState) -> Result<(), StoreError> {
    tx.execute(RELEASE, &[account.into(), state.as_str().into()]).map(drop)
}

/// Gives somebody another username.
pub fn rename(tx: &mut Tx, person: &FeedPerson) -> Result<(), StoreError> {
    let search = search_key(&person.username_key, &person.name, &person.email_key);
    let arguments = [person.account.into(), (&person.username_key).into(), (&person.username).into(), search.into()];
    tx.execute(RENAME, &arguments).map(drop)
}

/// Removes somebody whose records are somebody else's now; what was done with them by hand goes there too.
pub fn merge_into(tx: &mut Tx, account: i64, into: i64) -> Result<(), StoreError> {
    tx.execute(MOVE_NOTES, &[account.into(), into.into()])?;
    tx.execute(DELETE, &[account.into()]).map(drop)
}

/// Notes what somebody did with a person by hand.
pub fn note(tx: &mut Tx, account: i64, note: &PersonNote) -> Result<(), StoreError> {
    let arguments = [
        account.into(),
        note.at.as_microsecond().into(),
        (&note.kind).into(),
        (&note.author).into(),
        note.text.as_deref().into(),
    ];
    tx.execute(INSERT_NOTE, &arguments).map(drop)
}

/// What was done with a person by hand, the newest first; at most 1,000.
pub fn notes(tx: &mut Tx, account: i64) -> Result<Vec<PersonNote>, StoreError> {
    tx.list(NOTES, &[account.into()], |row| {
        Ok(PersonNote {
            at: moment(row, 0)?,
            kind: row.text(1)?.to_owned(),
            author: row.text(2)?.to_owned(),
            text: row.optional_text(3)?.map(str::to_owned),
        })
    })
}

fn search_key(username_key: &str, name: &str, email_key: &str) -> String {
    format!("{username_key}\n{}\n{email_key}", directory::fold_text(name))
}

pub(super) fn person(row: &Row<'_>) -> Result<FeedPerson, StoreError> {
    let held = match (row.optional_text(8)?, optional_moment(row, 9)?, row.optional_text(10)?) {
        (Some(by), Some(at), Some(why)) => Some((by.to_owned(), at, why.to_owned())),
        _ => None,
    };
    let link = match (row.optional_text(13)?, row.optional_text(14)?, optional_moment(row, 15)?) {
        (Some(how), Some(by), Some(at)) => {
            let how = LinkHow::parse(how).ok_or_else(|| row.corrupt(13))?;
            Some(LinkNote { how, by: by.to_owned(), at })
        }
        _ => None,
    };
    Ok(FeedPerson {
        account: row.integer(0)?,
        username_key: row.text(1)?.to_owned(),
        username: row.text(2)?.to_owned(),
        name: row.text(3)?.to_owned(),
        email: row.text(4)?.to_owned(),
        email_key: row.text(5)?.to_owned(),
        state: PersonState::parse(row.text(6)?).ok_or_else(|| row.corrupt(6))?,
        block_at: optional_moment(row, 7)?,
        held,
        linked: row.optional_text(11)?.map(str::to_owned),
        link,
        since: moment(row, 12)?,
    })
}
