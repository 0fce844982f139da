//! Who of the feeds is linked to which Atlassian account, whose account is not clear, and what was looked at when people and
//! accounts were matched last.

use directory::AccountId;
use jiff::Timestamp;

use crate::nouns::feed_account::{LinkCase, LinkHow, LinkNote, Unclear};
use crate::nouns::feed_person::FeedPerson;
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::error::StoreError;
use crate::store::feed_people::person;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const ANY_UNMATCHED: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM feed_people WHERE linked IS NULL AND link_how IS NULL AND email_key <> '' LIMIT 1) found";
const EACH: &str = "
    SELECT account, email_key, linked, link_how FROM feed_people WHERE email_key <> '' OR linked IS NOT NULL
    ORDER BY account";
const OF_ACCOUNT: &str = "
    SELECT account, username_key, username, name, email, email_key, state, block_at, held_by, held_at,
        held_why, linked, since, link_how, link_by, link_at
    FROM feed_people WHERE linked = $1";
const LINK: &str = "
    UPDATE feed_people SET linked = $2, link_how = $3, link_by = $4, link_at = $5 WHERE account = $1";
const FORGET: &str = "
    UPDATE feed_people SET linked = NULL, link_how = NULL, link_by = NULL, link_at = NULL WHERE account = $1";
const COUNT: &str = "
    SELECT CAST(COALESCE(sum(CASE WHEN p.linked IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT), count(*),
        CAST(COALESCE(sum(CASE WHEN c.person IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT)
    FROM feed_people p JOIN feed_records r ON r.feed = $1 AND r.account = p.account AND r.in_feed = 1
        LEFT JOIN feed_link_cases c ON c.person = p.account";
const CASES: &str = "
    SELECT p.account, p.username_key, p.username, p.name, p.email, p.email_key, p.state, p.block_at, p.held_by,
        p.held_at, p.held_why, p.linked, p.since, p.link_how, p.link_by, p.link_at, c.kind, c.accounts
    FROM feed_link_cases c JOIN feed_people p ON p.account = c.person
    WHERE p.username_key > $1 ORDER BY p.username_key LIMIT $2";
const CASE: &str = "SELECT kind, accounts FROM feed_link_cases WHERE person = $1";
const COUNT_CASES: &str = "SELECT count(*) FROM feed_link_cases";
const CLEAR_CASES: &str = "DELETE FROM feed_link_cases";
const DROP_CASE: &str = "DELETE FROM feed_link_cases WHERE person = $1";
const LOOKED: &str = "SELECT people, generation, at FROM feed_linking WHERE one = 1";
const SET_LOOKED: &str = "
    INSERT INTO feed_linking (one, people, generation, at) VALUES (1, $1, $2, $3)
    ON CONFLICT (one) DO UPDATE SET people = excluded.people, generation = excluded.generation, at = excluded.at";

const FIRST: BulkUpdate = BulkUpdate {
    table: "feed_people",
    set: &[Column::text("linked"), Column::text("link_how"), Column::text("link_by"), Column::integer("link_at")],
    matching: &[Column::integer("account")],
    and: "linked IS NULL AND link_how IS NULL",
};

const CASE_ROWS: Bulk = Bulk {
    table: "feed_link_cases",
    columns: &[Column::integer("person"), Column::text("kind"), Column::text("accounts")],
    key: &["person"],
    update: Update::Nothing,
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&CASE_ROWS];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&FIRST];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_links.ANY_UNMATCHED", ANY_UNMATCHED),
    ("feed_links.EACH", EACH),
    ("feed_links.OF_ACCOUNT", OF_ACCOUNT),
    ("feed_links.LINK", LINK),
    ("feed_links.FORGET", FORGET),
    ("feed_links.COUNT", COUNT),
    ("feed_links.CASES", CASES),
    ("feed_links.CASE", CASE),
    ("feed_links.COUNT_CASES", COUNT_CASES),
    ("feed_links.CLEAR_CASES", CLEAR_CASES),
    ("feed_links.DROP_CASE", DROP_CASE),
    ("feed_links.LOOKED", LOOKED),
    ("feed_links.SET_LOOKED", SET_LOOKED),
];

/// How many of those whom a feed has are linked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linked {
    /// Linked to an account.
    pub linked: u64,
    /// In the feed.
    pub people: u64,
    /// Whose account is not clear.
    pub unclear: u64,
}

/// Whether there is somebody with an address of whom nobody has decided yet which account is theirs.
pub fn any_unmatched(tx: &mut Tx) -> Result<bool, StoreError> {
    tx.one(ANY_UNMATCHED, &[], |row| Ok(row.integer(0)? > 0))
}

/// Shows everybody who has an address or an account: number, key of the address, account, and how that was decided.
pub fn each(tx: &mut Tx, mut show: impl FnMut(i64, &str, Option<&str>, Option<LinkHow>)) -> Result<(), StoreError> {
    tx.for_each(EACH, &[], |row| {
        let how = row.optional_text(3)?.map(|how| LinkHow::parse(how).ok_or_else(|| row.corrupt(3))).transpose()?;
        show(row.integer(0)?, row.text(1)?, row.optional_text(2)?, how);
        Ok(())
    })
}

/// The person whose account it is.
pub fn of_account(tx: &mut Tx, account: &str) -> Result<Option<FeedPerson>, StoreError> {
    tx.optional(OF_ACCOUNT, &[account.into()], person)
}

/// Links people to accounts for the first time; how many. Of whom it was decided before is left as they are.
pub fn first(tx: &mut Tx, links: &[(i64, AccountId)], note: &LinkNote) -> Result<u64, StoreError> {
    let rows = links.iter().map(|(person, account)| -> [Value<'_>; 5] {
        [
            account.as_str().into(),
            note.how.as_str().into(),
            (&note.by).into(),
            note.at.as_microsecond().into(),
            (*person).into(),
        ]
    });
    tx.bulk_update(&FIRST, rows)
}

/// Decides which account is somebody's, or that none is.
pub fn link(tx: &mut Tx, person: i64, (account, note): (Option<&str>, &LinkNote)) -> Result<(), StoreError> {
    let at = note.at.as_microsecond();
    tx.execute(LINK, &[person.into(), account.into(), note.how.as_str().into(), (&note.by).into(), at.into()])?;
    drop_case(tx, person)
}

/// Forgets what was decided of somebody.
pub fn forget(tx: &mut Tx, person: i64) -> Result<(), StoreError> {
    tx.execute(FORGET, &[person.into()]).map(drop)
}

/// How many of those whom a feed has are linked.
pub fn count(tx: &mut Tx, feed: i64) -> Result<Linked, StoreError> {
    let number = |row: &Row<'_>, column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    tx.one(COUNT, &[feed.into()], |row| {
        Ok(Linked { linked: number(row, 0)?, people: number(row, 1)?, unclear: number(row, 2)? })
    })
}

/// Whose account is not clear, by username, after one; at most 1,000.
pub fn cases(tx: &mut Tx, after: &str, limit: u32) -> Result<Vec<(FeedPerson, LinkCase)>, StoreError> {
    tx.list(CASES, &[after.into(), limit.into()], |row| {
        let person = person(row)?;
        let case = case_of(row, 16, person.account)?;
        Ok((person, case))
    })
}

/// Why somebody's account is not clear, if it is not.
pub fn case(tx: &mut Tx, person: i64) -> Result<Option<LinkCase>, StoreError> {
    tx.optional(CASE, &[person.into()], |row| case_of(row, 0, person))
}

/// How many people's account is not clear.
pub fn count_cases(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(COUNT_CASES, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Puts these cases in the place of those before.
pub fn replace_cases(tx: &mut Tx, cases: &[LinkCase]) -> Result<(), StoreError> {
    tx.execute(CLEAR_CASES, &[])?;
    let accounts: Vec<String> = cases.iter().map(|case| accounts_text(&case.accounts)).collect();
    let rows = cases.iter().zip(&accounts).map(|(case, accounts)| -> [Value<'_>; 3] {
        [case.person.into(), case.unclear.as_str().into(), accounts.into()]
    });
    tx.bulk(&CASE_ROWS, rows).map(drop)
}

/// Somebody's account is clear.
pub fn drop_case(tx: &mut Tx, person: i64) -> Result<(), StoreError> {
    tx.execute(DROP_CASE, &[person.into()]).map(drop)
}

/// What was looked at last: the version of the people, the generation, and when.
pub fn looked(tx: &mut Tx) -> Result<Option<(u64, u64, Timestamp)>, StoreError> {
    tx.optional(LOOKED, &[], |row| {
        let number = |column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
        Ok((number(0)?, number(1)?, crate::store::coverage::moment(row, 2)?))
    })
}

/// Notes what was looked at.
pub fn set_looked(tx: &mut Tx, (people, generation): (u64, u64), at: Timestamp) -> Result<(), StoreError> {
    let arguments = [(people as i64).into(), (generation as i64).into(), at.as_microsecond().into()];
    tx.execute(SET_LOOKED, &arguments).map(drop)
}

fn accounts_text(accounts: &[AccountId]) -> String {
    accounts.iter().map(AccountId::as_str).collect::<Vec<_>>().join("\n")
}

fn case_of(row: &Row<'_>, at: usize, person: i64) -> Result<LinkCase, StoreError> {
    let accounts = row.text(at + 1)?.lines().map(|id| AccountId::new(id).map_err(|_| row.corrupt(at + 1)));
    Ok(LinkCase {
        person,
        unclear: Unclear::parse(row.text(at)?).ok_or_else(|| row.corrupt(at))?,
        accounts: accounts.collect::<Result<_, _>>()?,
    })
}
