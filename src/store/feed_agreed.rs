//! What plans of a feed have agreed on of whom, and everything that is compared with it: whom feeds have in mapped groups, and
//! how each person of the feeds stands.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::nouns::feed_account::{Agreed, Agreements, LinkHow, Target, Who};
use crate::nouns::feed_person::PersonState;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Value;

const OF_FEED: &str = "SELECT who, target, state FROM feed_agreed WHERE feed = $1 ORDER BY who, target";
const DELETE: &str = "DELETE FROM feed_agreed WHERE feed = $1 AND who = $2 AND target = $3";
const DROP_TARGET: &str = "DELETE FROM feed_agreed WHERE feed = $1 AND target = $2";
const FORGET_DECLINED: &str = "DELETE FROM feed_agreed WHERE feed = $1 AND state = 'declined'";
const FORGET_KEPT: &str = "UPDATE feed_agreed SET state = 'given' WHERE feed = $1 AND state = 'kept'";
const COUNT_DECLINED: &str = "SELECT count(*) FROM feed_agreed WHERE feed = $1 AND state IN ('declined', 'kept')";
const MOVE: &str = "
    UPDATE feed_agreed SET who = $2
    WHERE who = $1
        AND NOT EXISTS (
            SELECT 1 FROM feed_agreed o
            WHERE o.feed = feed_agreed.feed AND o.who = $2 AND o.target = feed_agreed.target)";
const DELETE_WHO: &str = "DELETE FROM feed_agreed WHERE who = $1";
const MAPPED: &str = "
    SELECT DISTINCT m.account, m.feed, m.code
    FROM feed_mappings g JOIN feed_memberships m ON m.code = g.code AND (g.feed = 0 OR g.feed = m.feed)
        JOIN feed_records r ON r.feed = m.feed AND r.account = m.account AND r.in_feed = 1
    ORDER BY m.account, m.feed, m.code";
const EACH: &str = "
    SELECT p.account, p.state, p.email_key, p.linked, p.link_how, r.feed, r.in_feed, r.applied_run, r.left_run,
        c.person
    FROM feed_people p JOIN feed_records r ON r.account = p.account LEFT JOIN feed_link_cases c ON c.person = p.account
    ORDER BY p.account, r.feed";

const ROWS: Bulk = Bulk {
    table: "feed_agreed",
    columns: &[
        Column::integer("feed"),
        Column::text("who"),
        Column::text("target"),
        Column::text("state"),
        Column::integer("at"),
    ],
    key: &["feed", "who", "target"],
    update: Update::Columns(&["state", "at"]),
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&ROWS];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("feed_agreed.OF_FEED", OF_FEED),
    ("feed_agreed.DELETE", DELETE),
    ("feed_agreed.DROP_TARGET", DROP_TARGET),
    ("feed_agreed.FORGET_DECLINED", FORGET_DECLINED),
    ("feed_agreed.FORGET_KEPT", FORGET_KEPT),
    ("feed_agreed.COUNT_DECLINED", COUNT_DECLINED),
    ("feed_agreed.MOVE", MOVE),
    ("feed_agreed.DELETE_WHO", DELETE_WHO),
    ("feed_agreed.MAPPED", MAPPED),
    ("feed_agreed.EACH", EACH),
];

/// One feed's word on one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'r> {
    /// The number of the person.
    pub person: i64,
    /// How they stand.
    pub state: PersonState,
    /// The key of their e-mail address.
    pub email_key: &'r str,
    /// The account they are linked to.
    pub linked: Option<&'r str>,
    /// How that was decided.
    pub how: Option<LinkHow>,
    /// The number of the feed.
    pub feed: i64,
    /// Whether they are in its latest delivery.
    pub in_feed: bool,
    /// The number of the run that wrote this last.
    pub applied_run: i64,
    /// The number of the run in which they were missing.
    pub left_run: Option<i64>,
    /// Whether it is not clear which account is theirs.
    pub is_unclear: bool,
}

/// Everything that was agreed on with a feed, by whom it is about.
pub fn of_feed(tx: &mut Tx, feed: i64) -> Result<BTreeMap<Who, BTreeMap<Target, Agreed>>, StoreError> {
    let mut found: BTreeMap<Who, BTreeMap<Target, Agreed>> = BTreeMap::new();
    tx.for_each(OF_FEED, &[feed.into()], |row| {
        let who = Who::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        let target = Target::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?;
        let agreed = Agreed::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?;
        found.entry(who).or_default().insert(target, agreed);
        Ok(())
    })?;
    Ok(found)
}

/// Keeps what was agreed on.
pub fn keep(tx: &mut Tx, feed: i64, agreements: &Agreements, at: Timestamp) -> Result<(), StoreError> {
    let text = |(who, target): &(Who, Target)| (who.to_text(), target.to_text());
    let mut kept: Vec<((String, String), Agreed)> = Vec::new();
    for (about, agreed) in agreements {
        let (who, target) = text(about);
        match agreed {
            Some(agreed) => kept.push(((who, target), *agreed)),
            None => tx.execute(DELETE, &[feed.into(), who.into(), target.into()]).map(drop)?,
        }
    }
    let rows = kept.iter().map(|((who, target), agreed)| -> [Value<'_>; 5] {
        [feed.into(), who.into(), target.into(), agreed.as_str().into(), at.as_microsecond().into()]
    });
    tx.bulk(&ROWS, rows).map(drop)
}

/// Forgets what was agreed on of a group.
pub fn drop_target(tx: &mut Tx, feed: i64, target: &Target) -> Result<(), StoreError> {
    tx.execute(DROP_TARGET, &[feed.into(), target.to_text().into()]).map(drop)
}

/// Forgets to what a person said no, so that it is proposed again; how much it was.
pub fn forget_declined(tx: &mut Tx, feed: i64) -> Result<u64, StoreError> {
    Ok(tx.execute(FORGET_DECLINED, &[feed.into()])? + tx.execute(FORGET_KEPT, &[feed.into()])?)
}

/// To how much a person said no.
pub fn count_declined(tx: &mut Tx, feed: i64) -> Result<u64, StoreError> {
    tx.one(COUNT_DECLINED, &[feed.into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// What was agreed on of one person holds for another, who is the same.
pub fn merge_into(tx: &mut Tx, person: i64, into: i64) -> Result<(), StoreError> {
    let (gone, into) = (Who::Person(person).to_text(), Who::Person(into).to_text());
    tx.execute(MOVE, &[(&gone).into(), into.into()])?;
    tx.execute(DELETE_WHO, &[gone.into()]).map(drop)
}

/// Forgets what was agreed on of a person.
pub fn forget(tx: &mut Tx, person: i64) -> Result<(), StoreError> {
    tx.execute(DELETE_WHO, &[Who::Person(person).to_text().into()]).map(drop)
}

/// Shows every membership in a managed group that is mapped, of people in the latest deliveries: person, feed, code. In order.
pub fn each_mapped(tx: &mut Tx, mut show: impl FnMut(i64, i64, &str)) -> Result<(), StoreError> {
    tx.for_each(MAPPED, &[], |row| {
        show(row.integer(0)?, row.integer(1)?, row.text(2)?);
        Ok(())
    })
}

/// Shows what every feed says of everybody, person by person.
pub fn each(tx: &mut Tx, mut show: impl FnMut(Word<'_>)) -> Result<(), StoreError> {
    tx.for_each(EACH, &[], |row| {
        let how = row.optional_text(4)?.map(|how| LinkHow::parse(how).ok_or_else(|| row.corrupt(4))).transpose()?;
        show(Word {
            person: row.integer(0)?,
            state: PersonState::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
            email_key: row.text(2)?,
            linked: row.optional_text(3)?,
            how,
            feed: row.integer(5)?,
            in_feed: row.flag(6)?,
            applied_run: row.integer(7)?,
            left_run: row.optional_integer(8)?,
            is_unclear: row.optional_integer(9)?.is_some(),
        });
        Ok(())
    })
}
