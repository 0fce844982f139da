//! One person's text in the tables that know whose it is: the profiles of their account, what sites list of them, what feeds
//! have said of them, the files that may name them, the operations they are in, the events that are sealed for them.
//!
//! Rows that an open run or the last applied one needs are left as they are; ids of accounts stay everywhere.

use directory::Ordinal;

use crate::store::accounts::OPEN;
use crate::store::error::StoreError;
use crate::store::personal_texts::pattern;
use crate::store::tx::Tx;

const NAMES: &str = "SELECT DISTINCT name, nickname, email FROM profiles WHERE account = $1 ORDER BY name LIMIT 1000";
const COUNT_PROFILES: &str = "
    SELECT count(*) FROM profiles WHERE account = $1 AND until <= $2 AND (name <> '' OR email IS NOT NULL)";
const BLANK_PROFILES: &str = "
    UPDATE profiles SET name = '', nickname = NULL, email = NULL, job_title = NULL, department = NULL,
        organization = NULL, location = NULL, time_zone = NULL, picture = NULL, unknown = NULL
    WHERE account = $1 AND until <= $2";
const SITE_IDS: &str = "
    SELECT DISTINCT account_id FROM site_accounts WHERE lower(email) = $1 ORDER BY account_id LIMIT 1000";
const BLANK_SITE: &str = "
    UPDATE site_accounts SET name = '', email = NULL WHERE account_id = $1 AND gone_at IS NOT NULL";
const LINKED: &str = "SELECT account FROM feed_people WHERE linked = $1 ORDER BY account LIMIT 1000";
const DELIVERED: &str = "
    SELECT f.name FROM feed_records r JOIN feeds f ON f.number = r.feed
    WHERE r.account = $1 AND r.in_feed = 1 ORDER BY f.code LIMIT 1000";
const COUNT_ROWS: &str = "
    SELECT COALESCE(sum(CASE WHEN u.state IN ('complete', 'cancelled', 'failure')
            AND (f.applied_run IS NULL OR f.applied_run <> u.id) THEN 1 ELSE 0 END), 0), count(*)
    FROM feeds f CROSS JOIN feed_runs u CROSS JOIN feed_rows r
    WHERE u.feed = f.number AND r.run = u.number AND r.username_key = $1";
const BLANK_ROWS: &str = "
    UPDATE feed_rows SET username_key = '', username = '', person = NULL, raw = NULL, changes = NULL, why = NULL
    WHERE username_key = $1 AND run IN (
        SELECT u.number FROM feed_runs u JOIN feeds f ON f.number = u.feed
        WHERE u.state IN ('complete', 'cancelled', 'failure') AND (f.applied_run IS NULL OR f.applied_run <> u.id))";
const BLANK_LOG: &str = "
    UPDATE feed_log SET username = NULL, told = NULL
    WHERE username = $1 AND run IN (
        SELECT u.number FROM feed_runs u JOIN feeds f ON f.number = u.feed
        WHERE u.state IN ('complete', 'cancelled', 'failure') AND (f.applied_run IS NULL OR f.applied_run <> u.id))";
const LOG: &str = "
    SELECT run, line, text, told FROM feed_log WHERE username = $1 ORDER BY run, line LIMIT 1000";
const COUNT_FILES: &str = "
    SELECT COALESCE(sum(CASE WHEN u.state IN ('complete', 'cancelled', 'failure')
            AND (f.applied_run IS NULL OR f.applied_run <> u.id) THEN 1 ELSE 0 END), 0), count(*)
    FROM feed_files x JOIN feed_runs u ON u.number = x.run JOIN feeds f ON f.number = u.feed
    WHERE x.name <> '_control' AND f.number IN (SELECT r.feed FROM feed_records r WHERE r.account = $1)";
const DROP_FILES: &str = "
    DELETE FROM feed_files
    WHERE name <> '_control' AND run IN (
        SELECT u.number FROM feed_runs u JOIN feeds f ON f.number = u.feed
        WHERE u.state IN ('complete', 'cancelled', 'failure') AND (f.applied_run IS NULL OR f.applied_run <> u.id)
            AND f.number IN (SELECT r.feed FROM feed_records r WHERE r.account = $1))";
const DROP_NOTES: &str = "DELETE FROM feed_notes WHERE account = $1";
const DROP_MEMBERSHIPS: &str = "DELETE FROM feed_memberships WHERE account = $1";
const DROP_RECORDS: &str = "DELETE FROM feed_records WHERE account = $1";
const DROP_PERSON: &str = "DELETE FROM feed_people WHERE account = $1";
const DROP_ANSWERS: &str = "DELETE FROM request_keys WHERE lower(answer) LIKE $1";
const OPERATIONS: &str = "
    SELECT o.id, o.state, o.asked_at, r.kind, r.state, r.role, r.why, r.detail
    FROM operation_rows r JOIN operations o ON o.number = r.operation
    WHERE r.account = $1 ORDER BY r.operation, r.seq LIMIT 1000";
const EVENTS: &str = "
    SELECT e.seq FROM events e
    WHERE e.subject = $1 OR EXISTS (SELECT 1 FROM event_parts p WHERE p.seq = e.seq AND p.person = $1)
    ORDER BY e.seq DESC LIMIT 1000";
const OPEN_RUNS: &str = "
    SELECT count(*) FROM runs WHERE state IN ('queued', 'running', 'waiting')";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("personal.NAMES", NAMES),
    ("personal.COUNT_PROFILES", COUNT_PROFILES),
    ("personal.BLANK_PROFILES", BLANK_PROFILES),
    ("personal.SITE_IDS", SITE_IDS),
    ("personal.BLANK_SITE", BLANK_SITE),
    ("personal.LINKED", LINKED),
    ("personal.DELIVERED", DELIVERED),
    ("personal.COUNT_ROWS", COUNT_ROWS),
    ("personal.BLANK_ROWS", BLANK_ROWS),
    ("personal.BLANK_LOG", BLANK_LOG),
    ("personal.LOG", LOG),
    ("personal.COUNT_FILES", COUNT_FILES),
    ("personal.DROP_FILES", DROP_FILES),
    ("personal.DROP_NOTES", DROP_NOTES),
    ("personal.DROP_MEMBERSHIPS", DROP_MEMBERSHIPS),
    ("personal.DROP_RECORDS", DROP_RECORDS),
    ("personal.DROP_PERSON", DROP_PERSON),
    ("personal.DROP_ANSWERS", DROP_ANSWERS),
    ("personal.OPERATIONS", OPERATIONS),
    ("personal.EVENTS", EVENTS),
    ("personal.OPEN_RUNS", OPEN_RUNS),
];

/// Which versions of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// All of them.
    All,
    /// Those that are over: the one that holds would be read from Atlassian again.
    Over,
}

/// What there is, and how much of it can go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// What can go.
    pub goes: u64,
    /// What there is.
    pub all: u64,
}

/// A change of an operation that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InOperation {
    /// The operation's id.
    pub operation: String,
    /// How the operation stands.
    pub state: String,
    /// When it was asked for, in microseconds.
    pub asked_at: i64,
    /// The change.
    pub kind: String,
    /// How the change stands.
    pub row: String,
    /// Role, name or address that belongs to it.
    pub role: Option<String>,
    /// Why it stands like that, and Atlassian's words.
    pub told: [Option<String>; 2],
}

/// Every name, nickname and address that an account was ever seen with.
pub fn names(tx: &mut Tx, account: Ordinal) -> Result<Vec<[Option<String>; 3]>, StoreError> {
    tx.list(NAMES, &[account.into()], |row| {
        let text = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
        Ok([text(0)?, text(1)?, text(2)?])
    })
}

/// How many versions of a profile say anything.
pub fn count_profiles(tx: &mut Tx, account: Ordinal, versions: Versions) -> Result<u64, StoreError> {
    tx.one(COUNT_PROFILES, &[account.into(), bound(versions).into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// Empties versions of a profile.
pub fn blank_profiles(tx: &mut Tx, account: Ordinal, versions: Versions) -> Result<u64, StoreError> {
    tx.execute(BLANK_PROFILES, &[account.into(), bound(versions).into()])
}

/// The accounts that sites list with an address, which is given in small letters.
pub fn site_ids(tx: &mut Tx, email: &str) -> Result<Vec<String>, StoreError> {
    tx.list(SITE_IDS, &[email.into()], |row| Ok(row.text(0)?.to_owned()))
}

/// Empties what sites have listed of an account that is gone there.
pub fn blank_site(tx: &mut Tx, account_id: &str) -> Result<u64, StoreError> {
    tx.execute(BLANK_SITE, &[account_id.into()])
}

/// The people of the feeds that are linked to an account.
pub fn linked(tx: &mut Tx, account_id: &str) -> Result<Vec<i64>, StoreError> {
    tx.list(LINKED, &[account_id.into()], |row| row.integer(0))
}

/// The names of the feeds that deliver a person of the feeds.
pub fn delivered_by(tx: &mut Tx, account: i64) -> Result<Vec<String>, StoreError> {
    tx.list(DELIVERED, &[account.into()], |row| Ok(row.text(0)?.to_owned()))
}

/// Rows of runs about a username.
pub fn count_rows(tx: &mut Tx, username_key: &str) -> Result<Amount, StoreError> {
    amount(tx, COUNT_ROWS, &[username_key.into()])
}

/// Empties the rows and lines of runs that are over, but of those applied last.
pub fn blank_rows(tx: &mut Tx, (username_key, username): (&str, &str)) -> Result<u64, StoreError> {
    Ok(tx.execute(BLANK_ROWS, &[username_key.into()])? + tx.execute(BLANK_LOG, &[username.into()])?)
}

/// A line of a run: run, line, text, what was told.
pub type LogLine = (i64, i64, String, Option<String>);

/// Lines of runs about a username; at most 1,000.
pub fn log_lines(tx: &mut Tx, username: &str) -> Result<Vec<LogLine>, StoreError> {
    tx.list(LOG, &[username.into()], |row| {
        Ok((row.integer(0)?, row.integer(1)?, row.text(2)?.to_owned(), row.optional_text(3)?.map(str::to_owned)))
    })
}

/// Files of the feeds that have ever delivered a person of the feeds.
pub fn count_files(tx: &mut Tx, account: i64) -> Result<Amount, StoreError> {
    amount(tx, COUNT_FILES, &[account.into()])
}

/// Lets the files go of runs that are over, but of those applied last. The contents go once no run names them.
pub fn drop_files(tx: &mut Tx, account: i64) -> Result<u64, StoreError> {
    tx.execute(DROP_FILES, &[account.into()])
}

/// Deletes a person of the feeds with everything that feeds have said of them.
pub fn drop_feed_person(tx: &mut Tx, account: i64) -> Result<(), StoreError> {
    for statement in [DROP_NOTES, DROP_MEMBERSHIPS, DROP_RECORDS, DROP_PERSON] {
        tx.execute(statement, &[account.into()])?;
    }
    Ok(())
}

/// Drops answers of the API that are kept for a day, as far as a part occurs in them; it is given in small letters.
pub fn drop_answers(tx: &mut Tx, part: &str) -> Result<u64, StoreError> {
    tx.execute(DROP_ANSWERS, &[pattern(part).into()])
}

/// The changes of operations that an account is in; at most 1,000.
pub fn in_operations(tx: &mut Tx, account: Ordinal) -> Result<Vec<InOperation>, StoreError> {
    tx.list(OPERATIONS, &[account.into()], |row| {
        let text = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(str::to_owned));
        Ok(InOperation {
            operation: row.text(0)?.to_owned(),
            state: row.text(1)?.to_owned(),
            asked_at: row.integer(2)?,
            kind: row.text(3)?.to_owned(),
            row: row.text(4)?.to_owned(),
            role: text(5)?,
            told: [text(6)?, text(7)?],
        })
    })
}

/// The places of the newest events about somebody, by the name that the chain has for them; at most 1,000.
pub fn events_about(tx: &mut Tx, person: &str) -> Result<Vec<i64>, StoreError> {
    tx.list(EVENTS, &[person.into()], |row| row.integer(0))
}

/// How many sync runs are under way: what their pages left behind is read again at their end.
pub fn open_runs(tx: &mut Tx) -> Result<u64, StoreError> {
    tx.one(OPEN_RUNS, &[], |row| Ok(row.integer(0)?.unsigned_abs()))
}

fn bound(versions: Versions) -> i64 {
    match versions {
        Versions::All => OPEN,
        Versions::Over => OPEN - 1,
    }
}

fn amount(
    tx: &mut Tx,
    statement: &'static str,
    arguments: &[crate::store::value::Value<'_>],
) -> Result<Amount, StoreError> {
    tx.one(statement, arguments, |row| {
        Ok(Amount { goes: row.integer(0)?.unsigned_abs(), all: row.integer(1)?.unsigned_abs() })
    })
}
