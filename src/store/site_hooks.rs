//! Addresses for Jira's user webhooks, one per site, with their secrets sealed; what came through them; and whom to read
//! again. That a message came and whom it names is one transaction, so that it counts once however often it comes.

use jiff::{SignedDuration, Timestamp};

use crate::id::{Entropy, HookId, OrganizationId};
use crate::nouns::site_hook::SiteHook;
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::organization_keys::SealingKey;
use crate::store::tx::Tx;
use crate::store::value::Row;

const LIST: &str = "
    SELECT id, site, made_by, made_at, received, refused, received_at FROM site_hooks ORDER BY site LIMIT 1000";
const SECRET: &str = "SELECT site, key_fingerprint, sealed FROM site_hooks WHERE id = $1";
const INSERT: &str = "
    INSERT INTO site_hooks (id, site, key_fingerprint, sealed, made_by, made_at, received, refused)
    VALUES ($1, $2, $3, $4, $5, $6, 0, 0)";
const DROP: &str = "DELETE FROM site_hooks WHERE site = $1";
const DROP_TOUCHED: &str = "DELETE FROM site_touched WHERE site = $1";
const COUNT_IN: &str = "UPDATE site_hooks SET received = received + 1, received_at = $2 WHERE id = $1";
const COUNT_OUT: &str = "UPDATE site_hooks SET refused = refused + 1 WHERE id = $1";
const MESSAGE: &str = "
    INSERT INTO site_hook_messages (hook, message, at) VALUES ($1, $2, $3) ON CONFLICT (hook, message) DO NOTHING";
const FORGET: &str = "DELETE FROM site_hook_messages WHERE at < $1";
const WAITING: &str = "SELECT count(*) FROM site_touched";
const DUE: &str = "
    SELECT account_id, attempts FROM site_touched
    WHERE site = (SELECT t.site FROM site_touched t WHERE t.due_at <= $1 ORDER BY t.due_at, t.site LIMIT 1)
        AND due_at <= $1
    ORDER BY due_at, account_id LIMIT $2";
const DUE_SITE: &str = "SELECT site FROM site_touched WHERE due_at <= $1 ORDER BY due_at, site LIMIT 1";
const TAKE: &str = "DELETE FROM site_touched WHERE site = $1 AND account_id = $2 AND attempts = $3";
const DELAY: &str = "
    UPDATE site_touched SET due_at = $3, attempts = attempts + 1 WHERE site = $1 AND account_id = $2";

const TOUCHED: Bulk = Bulk {
    table: "site_touched",
    columns: &[
        Column::text("site"),
        Column::text("account_id"),
        Column::integer("due_at"),
        Column::integer("attempts"),
    ],
    key: &["site", "account_id"],
    update: Update::Columns(&["due_at"]),
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&TOUCHED];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("site_hooks.LIST", LIST),
    ("site_hooks.SECRET", SECRET),
    ("site_hooks.INSERT", INSERT),
    ("site_hooks.DROP", DROP),
    ("site_hooks.DROP_TOUCHED", DROP_TOUCHED),
    ("site_hooks.COUNT_IN", COUNT_IN),
    ("site_hooks.COUNT_OUT", COUNT_OUT),
    ("site_hooks.MESSAGE", MESSAGE),
    ("site_hooks.FORGET", FORGET),
    ("site_hooks.WAITING", WAITING),
    ("site_hooks.DUE", DUE),
    ("site_hooks.DUE_SITE", DUE_SITE),
    ("site_hooks.TAKE", TAKE),
    ("site_hooks.DELAY", DELAY),
];

/// The most accounts that wait to be read: Jira is asked to come again when there are more.
pub const MOST_WAITING: u64 = 20_000;
/// Accounts of one round.
const AT_ONCE: i64 = 200;
/// So long an identifier is known; Jira repeats a message for much less.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    New,
    /// It came before.
    Known,
    /// Too many wait already; nothing of it is kept.
    Full,
}

/// Accounts of one site that are due, each with how often that was tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The site's cloud id.
    pub site: String,
    /// The accounts.
    pub accounts: Vec<(String, i64)>,
}

/// Every address, by site.
pub fn list(tx: &mut Tx) -> Result<Vec<SiteHook>, StoreError> {
    tx.list(LIST, &[], hook)
}

/// The site and the secret of an address; `None` when there is no such address, or when the secret cannot be opened with
/// the key file at hand.
pub fn secret(
    tx: &mut Tx,
    organization: &OrganizationId,
    id: &HookId,
    sealing: &SealingKey,
) -> Result<Option<(String, String)>, StoreError> {
    let found = tx.optional(SECRET, &[id.as_str().into()], |row| {
        let secret = match row.text(1)? == sealing.fingerprint() {
            true => sealing.open(&place(organization, id), row.blob(2)?),
            false => None,
        };
        secret.map(|secret| Ok::<_, StoreError>((row.text(0)?.to_owned(), secret))).transpose()
    })?;
    Ok(found.flatten())
}

/// Keeps a new address of a site in place of the one it had.
pub fn replace(
    tx: &mut Tx,
    organization: &OrganizationId,
    hook: &SiteHook,
    secret: &str,
    (sealing, entropy): (&SealingKey, &Entropy),
) -> Result<(), StoreError> {
    tx.execute(DROP, &[(&hook.site).into()])?;
    let sealed = sealing.seal(&place(organization, &hook.id), secret, entropy);
    let arguments = [
        hook.id.as_str().into(),
        (&hook.site).into(),
        sealing.fingerprint().into(),
        (&sealed).into(),
        (&hook.made_by).into(),
        hook.made_at.as_microsecond().into(),
    ];
    tx.execute(INSERT, &arguments).map(drop)
}

/// Removes a site's address, and whom it has named. Whether there was one.
pub fn remove(tx: &mut Tx, site: &str) -> Result<bool, StoreError> {
    tx.execute(DROP_TOUCHED, &[site.into()])?;
    Ok(tx.execute(DROP, &[site.into()])? > 0)
}

/// Counts a message that was not signed, or wrongly.
pub fn refuse(tx: &mut Tx, id: &HookId) -> Result<(), StoreError> {
    tx.execute(COUNT_OUT, &[id.as_str().into()]).map(drop)
}

/// Keeps that a message came, and whom it names, unless it came before or too many wait.
pub fn keep(
    tx: &mut Tx,
    (id, site): (&HookId, &str),
    (message, account_id): (&str, Option<&str>),
    (now, due_at): (Timestamp, Timestamp),
) -> Result<Kept, StoreError> {
    if tx.one(WAITING, &[], |row| Ok(row.integer(0)?.unsigned_abs()))? >= MOST_WAITING {
        return Ok(Kept::Full);
    }
    let forgotten = now.saturating_sub(KNOWN_FOR).unwrap_or(now);
    tx.execute(FORGET, &[forgotten.as_microsecond().into()])?;
    let at = now.as_microsecond();
    if tx.execute(MESSAGE, &[id.as_str().into(), message.into(), at.into()])? == 0 {
        return Ok(Kept::Known);
    }
    tx.execute(COUNT_IN, &[id.as_str().into(), at.into()])?;
    if let Some(account_id) = account_id {
        tx.bulk(&TOUCHED, [[site.into(), account_id.into(), due_at.as_microsecond().into(), 0.into()]])?;
    }
    Ok(Kept::New)
}

/// The accounts of one site that are due to be read; of at most 200.
pub fn due(tx: &mut Tx, now: Timestamp) -> Result<Option<Due>, StoreError> {
    let at = now.as_microsecond();
    let Some(site) = tx.optional(DUE_SITE, &[at.into()], |row| Ok(row.text(0)?.to_owned()))? else { return Ok(None) };
    let accounts = tx.list(DUE, &[at.into(), AT_ONCE.into()], |row| Ok((row.text(0)?.to_owned(), row.integer(1)?)))?;
    Ok(Some(Due { site, accounts }))
}

/// Takes accounts off the list that were read.
pub fn take(tx: &mut Tx, due: &Due) -> Result<(), StoreError> {
    for (account, attempts) in &due.accounts {
        tx.execute(TAKE, &[(&due.site).into(), account.into(), (*attempts).into()])?;
    }
    Ok(())
}

/// Puts accounts off that could not be read.
pub fn delay(tx: &mut Tx, due: &Due, until: Timestamp) -> Result<(), StoreError> {
    for (account, _) in &due.accounts {
        tx.execute(DELAY, &[(&due.site).into(), account.into(), until.as_microsecond().into()])?;
    }
    Ok(())
}

fn place(organization: &OrganizationId, id: &HookId) -> String {
    format!("{organization}/site_hooks/sealed/{id}")
}

fn hook(row: &Row<'_>) -> Result<SiteHook, StoreError> {
    Ok(SiteHook {
        id: HookId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        site: row.text(1)?.to_owned(),
        made_by: row.text(2)?.to_owned(),
        made_at: moment(row, 3)?,
        received: row.integer(4)?.unsigned_abs(),
        refused: row.integer(5)?.unsigned_abs(),
        received_at: optional_moment(row, 6)?,
    })
}
