//! What the sites themselves list: users of Jira, customers of service desks, organizations of customers. Only the end of
//! a reading takes anybody off a list, and only off lists that it read to their end.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::nouns::site_account::{CustomerOrganization, Listed, SiteAccount, SiteAccountKind};
use crate::nouns::site_reading::{PartState, Parts};
use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::coverage::{moment, optional_moment};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

const ALL: &str = "
    SELECT site, account_id, kind, name, email, active, in_users, in_desks, in_organizations, first_seen_at, gone_at
    FROM site_accounts ORDER BY site, account_id";
const OF_ACCOUNT: &str = "
    SELECT site, account_id, kind, name, email, active, in_users, in_desks, in_organizations, first_seen_at, gone_at
    FROM site_accounts WHERE account_id = $1 ORDER BY site";
const ALL_MEMBERSHIPS: &str = "
    SELECT site, account_id, organization FROM customer_memberships ORDER BY site, account_id, organization";
const MEMBERSHIPS_OF_ACCOUNT: &str = "
    SELECT site, account_id, organization FROM customer_memberships
    WHERE account_id = $1 ORDER BY site, organization LIMIT 1000";
const ALL_ORGANIZATIONS: &str = "
    SELECT site, id, name, first_seen_at, gone_at FROM customer_organizations ORDER BY site, id";
const OF_SITE: &str = "
    SELECT id FROM customer_organizations WHERE site = $1 AND seen = $2 AND id > $3 ORDER BY id LIMIT 1000";
const MISSING: &str = "
    SELECT account_id FROM site_accounts
    WHERE site = $1 AND gone_at IS NULL AND in_users < $2 AND in_desks < $3 AND in_organizations < $4
        AND account_id > $5
    ORDER BY account_id LIMIT $6";
const LEAVE_USERS: &str = "UPDATE site_accounts SET in_users = 0 WHERE site = $1 AND in_users BETWEEN 1 AND $2";
const LEAVE_DESKS: &str = "UPDATE site_accounts SET in_desks = 0 WHERE site = $1 AND in_desks BETWEEN 1 AND $2";
const LEAVE_ORGANIZATIONS: &str = "
    UPDATE site_accounts SET in_organizations = 0 WHERE site = $1 AND in_organizations BETWEEN 1 AND $2";
const GO: &str = "
    UPDATE site_accounts SET gone_at = $2
    WHERE site = $1 AND gone_at IS NULL AND in_users = 0 AND in_desks = 0 AND in_organizations = 0";
const LEAVE_ORGANIZATION: &str = "
    DELETE FROM customer_memberships WHERE site = $1 AND organization = $2 AND seen < $3";
const END_ORGANIZATIONS: &str = "
    UPDATE customer_organizations SET gone_at = $3 WHERE site = $1 AND seen < $2 AND gone_at IS NULL";
const END_MEMBERSHIPS: &str = "
    DELETE FROM customer_memberships WHERE site = $1
        AND organization IN (SELECT id FROM customer_organizations WHERE site = $1 AND gone_at IS NOT NULL)";
const OF_CUSTOMER: &str = "
    SELECT site FROM site_accounts
    WHERE kind = 'customer' AND gone_at IS NULL AND (account_id = $1 OR email = $1 OR lower(email) = $2) ORDER BY site LIMIT 1";
const COUNT: &str = "
    SELECT COALESCE(sum(CASE WHEN in_users > 0 AND kind <> 'customer' THEN 1 ELSE 0 END), 0),
        COALESCE(sum(CASE WHEN kind = 'customer' OR in_desks > 0 OR in_organizations > 0 THEN 1 ELSE 0 END), 0)
    FROM site_accounts WHERE site = $1 AND gone_at IS NULL";
const COUNT_ORGANIZATIONS: &str = "
    SELECT count(*) FROM customer_organizations WHERE site = $1 AND gone_at IS NULL";

const GONE_SINCE: &str = "
    SELECT count(*) FROM site_accounts WHERE site = $1 AND gone_at >= $2 AND first_seen_at < gone_at";

const USERS: Bulk = Bulk {
    table: "site_accounts",
    columns: &ACCOUNT,
    key: &["site", "account_id"],
    update: Update::Columns(&["kind", "name", "email", "active", "in_users", "gone_at"]),
};
const DESKS: Bulk = Bulk {
    table: "site_accounts",
    columns: &ACCOUNT,
    key: &["site", "account_id"],
    update: Update::Columns(&["in_desks", "gone_at"]),
};
const MEMBERS: Bulk = Bulk {
    table: "site_accounts",
    columns: &ACCOUNT,
    key: &["site", "account_id"],
    update: Update::Columns(&["in_organizations", "gone_at"]),
};
const NEW: Bulk =
    Bulk { table: "site_accounts", columns: &ACCOUNT, key: &["site", "account_id"], update: Update::Ignore };
const ACCOUNT: [Column; 11] = [
    Column::text("site"),
    Column::text("account_id"),
    Column::text("kind"),
    Column::text("name"),
    Column::text("email"),
    Column::integer("active"),
    Column::integer("in_users"),
    Column::integer("in_desks"),
    Column::integer("in_organizations"),
    Column::integer("first_seen_at"),
    Column::integer("gone_at"),
];
const MEMBERSHIPS: Bulk = Bulk {
    table: "customer_memberships",
    columns: &[Column::text("site"), Column::text("account_id"), Column::text("organization"), Column::integer("seen")],
    key: &["site", "account_id", "organization"],
    update: Update::Columns(&["seen"]),
};
const ORGANIZATIONS: Bulk = Bulk {
    table: "customer_organizations",
    columns: &[
        Column::text("site"),
        Column::text("id"),
        Column::text("name"),
        Column::integer("seen"),
        Column::integer("first_seen_at"),
        Column::integer("gone_at"),
    ],
    key: &["site", "id"],
    update: Update::Columns(&["name", "seen", "gone_at"]),
};

/// What a list of customers says of people whom Jira's own list did not name in this reading.
const DESCRIBE: BulkUpdate = BulkUpdate {
    table: "site_accounts",
    set: &[Column::text("name"), Column::text("email"), Column::integer("active")],
    matching: &[Column::text("site"), Column::text("account_id")],
    and: "in_users < in_desks OR in_users < in_organizations",
};
/// A list of customers may show an address that Jira's own list hides.
const ADDRESS: BulkUpdate = BulkUpdate {
    table: "site_accounts",
    set: &[Column::text("email")],
    matching: &[Column::text("site"), Column::text("account_id")],
    and: "email IS NULL",
};
const FORMER: BulkUpdate = BulkUpdate {
    table: "site_accounts",
    set: &[
        Column::integer("gone_at"),
        Column::integer("active"),
        Column::integer("in_users"),
        Column::integer("in_desks"),
        Column::integer("in_organizations"),
    ],
    matching: &[Column::text("site"), Column::text("account_id")],
    and: "gone_at IS NULL",
};

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&NEW, &USERS, &DESKS, &MEMBERS, &MEMBERSHIPS, &ORGANIZATIONS];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&DESCRIBE, &ADDRESS, &FORMER];

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("site_accounts.ALL", ALL),
    ("site_accounts.OF_ACCOUNT", OF_ACCOUNT),
    ("site_accounts.ALL_MEMBERSHIPS", ALL_MEMBERSHIPS),
    ("site_accounts.MEMBERSHIPS_OF_ACCOUNT", MEMBERSHIPS_OF_ACCOUNT),
    ("site_accounts.ALL_ORGANIZATIONS", ALL_ORGANIZATIONS),
    ("site_accounts.OF_SITE", OF_SITE),
    ("site_accounts.MISSING", MISSING),
    ("site_accounts.LEAVE_USERS", LEAVE_USERS),
    ("site_accounts.LEAVE_DESKS", LEAVE_DESKS),
    ("site_accounts.LEAVE_ORGANIZATIONS", LEAVE_ORGANIZATIONS),
    ("site_accounts.GO", GO),
    ("site_accounts.LEAVE_ORGANIZATION", LEAVE_ORGANIZATION),
    ("site_accounts.END_ORGANIZATIONS", END_ORGANIZATIONS),
    ("site_accounts.END_MEMBERSHIPS", END_MEMBERSHIPS),
    ("site_accounts.OF_CUSTOMER", OF_CUSTOMER),
    ("site_accounts.COUNT", COUNT),
    ("site_accounts.COUNT_ORGANIZATIONS", COUNT_ORGANIZATIONS),
    ("site_accounts.GONE_SINCE", GONE_SINCE),
];

/// Which reading of which site, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfReading {
    /// The site's cloud id.
    pub site: String,
    /// The reading's number.
    pub number: u64,
    /// The moment.
    pub at: Timestamp,
}

/// An account as a page of a site shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAccount {
    /// Account id.
    pub account_id: String,
    /// What kind of account.
    pub kind: SiteAccountKind,
    /// Its name.
    pub name: String,
    /// Its address, where it is shown.
    pub email: Option<String>,
    /// Whether it may sign in.
    pub active: bool,
}

/// Which list of customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomersOf {
    /// A service desk's.
    ServiceDesk,
    /// An organization's, by its id.
    Organization(String),
}

/// Every account of every site, gone ones too, by site and account id.
pub fn all(tx: &mut Tx) -> Result<Vec<SiteAccount>, StoreError> {
    let mut accounts = Vec::new();
    tx.for_each(ALL, &[], |row| {
        accounts.push(account(row)?);
        Ok(())
    })?;
    // Both come in the same order, so that one walk joins them.
    let mut next = 0;
    tx.for_each(ALL_MEMBERSHIPS, &[], |row| {
        let place = (row.text(0)?, row.text(1)?);
        while let Some(account) = accounts.get_mut(next) {
            match (account.site.as_str(), account.account_id.as_str()).cmp(&place) {
                std::cmp::Ordering::Less => next += 1,
                std::cmp::Ordering::Equal => {
                    account.organizations.push(row.text(2)?.to_owned());
                    break;
                }
                std::cmp::Ordering::Greater => break,
            }
        }
        Ok(())
    })?;
    Ok(accounts)
}

/// An account on every site that lists it or has listed it.
pub fn of_account(tx: &mut Tx, account_id: &str) -> Result<Vec<SiteAccount>, StoreError> {
    let mut found = tx.list(OF_ACCOUNT, &[account_id.into()], account)?;
    let memberships = tx.list(MEMBERSHIPS_OF_ACCOUNT, &[account_id.into()], |row| {
        Ok((row.text(0)?.to_owned(), row.text(2)?.to_owned()))
    })?;
    for (site, organization) in memberships {
        found.iter_mut().filter(|on| on.site == site).for_each(|on| on.organizations.push(organization.clone()));
    }
    Ok(found)
}

/// The site on which somebody is a portal-only customer, by account id or e-mail address.
pub fn site_of_customer(tx: &mut Tx, who: &str) -> Result<Option<String>, StoreError> {
    tx.optional(OF_CUSTOMER, &[who.into(), who.to_ascii_lowercase().into()], |row| Ok(row.text(0)?.to_owned()))
}

/// Every organization of customers, gone ones too, by site and id.
pub fn organizations(tx: &mut Tx) -> Result<Vec<CustomerOrganization>, StoreError> {
    let mut organizations = Vec::new();
    tx.for_each(ALL_ORGANIZATIONS, &[], |row| {
        organizations.push(CustomerOrganization {
            site: row.text(0)?.to_owned(),
            id: row.text(1)?.to_owned(),
            name: row.text(2)?.to_owned(),
            first_seen_at: moment(row, 3)?,
            gone_at: optional_moment(row, 4)?,
        });
        Ok(())
    })?;
    Ok(organizations)
}

/// The ids of the organizations that a reading has found, after an id; at most 1,000.
pub fn organizations_found(tx: &mut Tx, of: &OfReading, after: &str) -> Result<Vec<String>, StoreError> {
    tx.list(OF_SITE, &[(&of.site).into(), number(of).into(), after.into()], |row| Ok(row.text(0)?.to_owned()))
}

/// Keeps a page of Jira's users. Whoever was gone is there again.
pub fn put_users(tx: &mut Tx, of: &OfReading, users: &[SeenAccount]) -> Result<(), StoreError> {
    let users = distinct(users);
    tx.bulk(&USERS, users.values().map(|user| new(of, user, (number(of), 0, 0), None))).map(drop)
}

/// Keeps a page of customers. What Jira's own list has said of somebody in the same reading stays, but for an address that
/// it hides.
pub fn put_customers(
    tx: &mut Tx,
    of: &OfReading,
    list: &CustomersOf,
    customers: &[SeenAccount],
) -> Result<(), StoreError> {
    let customers = distinct(customers);
    match list {
        CustomersOf::ServiceDesk => {
            tx.bulk(&DESKS, customers.values().map(|customer| new(of, customer, (0, number(of), 0), None)))?;
        }
        CustomersOf::Organization(organization) => {
            tx.bulk(&MEMBERS, customers.values().map(|customer| new(of, customer, (0, 0, number(of)), None)))?;
            let rows = customers.keys().map(|id| -> [Value<'_>; 4] {
                [(&of.site).into(), (*id).into(), organization.into(), number(of).into()]
            });
            tx.bulk(&MEMBERSHIPS, rows)?;
        }
    }
    let described = customers.values().map(|customer| -> [Value<'_>; 5] {
        [
            (&customer.name).into(),
            customer.email.as_deref().into(),
            customer.active.into(),
            (&of.site).into(),
            (&customer.account_id).into(),
        ]
    });
    tx.bulk_update(&DESCRIBE, described)?;
    let shown = customers.values().filter_map(|customer| Some((customer, customer.email.as_deref()?)));
    let rows = shown.map(|(customer, email)| -> [Value<'_>; 3] {
        [email.into(), (&of.site).into(), (&customer.account_id).into()]
    });
    tx.bulk_update(&ADDRESS, rows).map(drop)
}

/// Keeps accounts that the site shows as former users: they are gone, and what was known of them stays.
pub fn put_former(tx: &mut Tx, of: &OfReading, former: &[SeenAccount]) -> Result<u64, StoreError> {
    let former = distinct(former);
    let ended = former.keys().map(|id| gone(of, id));
    let ended = tx.bulk_update(&FORMER, ended)?;
    tx.bulk(&NEW, former.values().map(|user| new(of, user, (0, 0, 0), Some(of.at))))?;
    Ok(ended)
}

/// Keeps a page of the site's organizations of customers, each with its id and its name.
pub fn put_organizations(tx: &mut Tx, of: &OfReading, found: &[(String, String)]) -> Result<(), StoreError> {
    let found: BTreeMap<&str, &str> = found.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
    let rows = found.iter().map(|(id, name)| -> [Value<'_>; 6] {
        [(&of.site).into(), (*id).into(), (*name).into(), number(of).into(), of.at.as_microsecond().into(), Value::Null]
    });
    tx.bulk(&ORGANIZATIONS, rows).map(drop)
}

/// The members of an organization were read to their end: who was not found there belongs to it no more.
pub fn end_members(tx: &mut Tx, of: &OfReading, organization: &str) -> Result<(), StoreError> {
    tx.execute(LEAVE_ORGANIZATION, &[(&of.site).into(), organization.into(), number(of).into()]).map(drop)
}

/// The account ids after one that would stand on no list any more if the reading ended with these parts.
pub fn missing(
    tx: &mut Tx,
    of: &OfReading,
    parts: &Parts,
    (after, limit): (&str, u32),
) -> Result<Vec<String>, StoreError> {
    // On a part that was not read to its end whoever stood there stands there still.
    let bound = |part: PartState| if part == PartState::Complete { number(of) } else { 1 };
    let arguments = [
        (&of.site).into(),
        bound(parts.users).into(),
        bound(parts.desks).into(),
        bound(parts.organizations).into(),
        after.into(),
        limit.min(1000).into(),
    ];
    tx.list(MISSING, &arguments, |row| Ok(row.text(0)?.to_owned()))
}

/// Keeps that the site does not know an account by id.
pub fn put_gone(tx: &mut Tx, of: &OfReading, account_id: &str) -> Result<u64, StoreError> {
    tx.bulk_update(&FORMER, [gone(of, account_id)])
}

/// Ends a reading: takes off the lists that were read to their end whoever was not found there. Whoever stands on none
/// any more is gone; how many these are.
pub fn end(tx: &mut Tx, of: &OfReading, parts: &Parts) -> Result<u64, StoreError> {
    let before = number(of) - 1;
    let parted = [(parts.users, LEAVE_USERS), (parts.desks, LEAVE_DESKS), (parts.organizations, LEAVE_ORGANIZATIONS)];
    for (_, leave) in parted.into_iter().filter(|(state, _)| *state == PartState::Complete) {
        tx.execute(leave, &[(&of.site).into(), before.into()])?;
    }
    if parts.organizations == PartState::Complete {
        tx.execute(END_ORGANIZATIONS, &[(&of.site).into(), number(of).into(), of.at.as_microsecond().into()])?;
        tx.execute(END_MEMBERSHIPS, &[(&of.site).into()])?;
    }
    tx.execute(GO, &[(&of.site).into(), of.at.as_microsecond().into()])
}

/// Users, customers and organizations of customers of a site.
pub fn count(tx: &mut Tx, site: &str) -> Result<(u64, u64, u64), StoreError> {
    let count = |row: &Row<'_>, column| Ok::<_, StoreError>(row.integer(column)?.unsigned_abs());
    let (users, customers) = tx.one(COUNT, &[site.into()], |row| Ok((count(row, 0)?, count(row, 1)?)))?;
    let organizations = tx.one(COUNT_ORGANIZATIONS, &[site.into()], |row| count(row, 0))?;
    Ok((users, customers, organizations))
}

/// How many accounts that were known before are gone since a moment.
pub fn gone_since(tx: &mut Tx, site: &str, since: Timestamp) -> Result<u64, StoreError> {
    tx.one(GONE_SINCE, &[site.into(), since.as_microsecond().into()], |row| Ok(row.integer(0)?.unsigned_abs()))
}

/// A page may name somebody twice when people move while it is read; the last word counts.
fn distinct(seen: &[SeenAccount]) -> BTreeMap<&str, &SeenAccount> {
    seen.iter().map(|seen| (seen.account_id.as_str(), seen)).collect()
}

fn number(of: &OfReading) -> i64 {
    of.number as i64
}

fn gone<'a>(of: &'a OfReading, account_id: &'a str) -> [Value<'a>; 7] {
    let at = of.at.as_microsecond();
    [at.into(), false.into(), 0.into(), 0.into(), 0.into(), (&of.site).into(), account_id.into()]
}

fn new<'a>(
    of: &'a OfReading,
    seen: &'a SeenAccount,
    (users, desks, organizations): (i64, i64, i64),
    gone_at: Option<Timestamp>,
) -> [Value<'a>; 11] {
    [
        (&of.site).into(),
        (&seen.account_id).into(),
        seen.kind.as_str().into(),
        (&seen.name).into(),
        seen.email.as_deref().into(),
        seen.active.into(),
        users.into(),
        desks.into(),
        organizations.into(),
        of.at.as_microsecond().into(),
        gone_at.map(Timestamp::as_microsecond).into(),
    ]
}

fn account(row: &Row<'_>) -> Result<SiteAccount, StoreError> {
    Ok(SiteAccount {
        site: row.text(0)?.to_owned(),
        account_id: row.text(1)?.to_owned(),
        kind: SiteAccountKind::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        name: row.text(3)?.to_owned(),
        email: row.optional_text(4)?.map(str::to_owned),
        active: row.flag(5)?,
        listed: Listed { users: row.integer(6)? > 0, desks: row.integer(7)? > 0, organizations: row.integer(8)? > 0 },
        organizations: Vec::new(),
        first_seen_at: moment(row, 9)?,
        gone_at: optional_moment(row, 10)?,
    })
}
