//! The people of a snapshot as tables of a relational database, with what every filter asks for in a column or an index of
//! its own. More than a mirror would store: who can open what, seats and last uses per app are worked out beforehand.

use std::borrow::Cow;
use std::fmt::Write as _;

use directory::{Ordinal, Snapshot, fold_text};

/// A value of a row.
pub(crate) enum Cell<'a> {
    Null,
    Number(i64),
    Text(Cow<'a, str>),
}

/// Gives every row of a table to whoever takes them.
type Rows = fn(&Snapshot, &mut dyn FnMut(&[Cell<'_>]));

/// A table: its name, its columns as both engines take them, and its rows.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static str,
    pub(crate) rows: Rows,
}

/// SQLite keeps the rows of these in the order of their keys.
pub(crate) const CLUSTERED: [&str; 5] = ["memberships", "access", "seats", "activity", "last_used"];

pub(crate) const TABLES: [Table; 8] = [
    Table {
        name: "people",
        columns: "ordinal BIGINT PRIMARY KEY, folded_name TEXT, email_key TEXT, domain TEXT, status TEXT, \
                  account_status TEXT, claim TEXT, job_title TEXT, department TEXT, mfa BIGINT, verified BIGINT, \
                  added_at BIGINT, last_active BIGINT, activity_read BIGINT, seats BIGINT, team_count BIGINT",
        rows: people,
    },
    Table { name: "teams", columns: "ordinal BIGINT PRIMARY KEY, folded_name TEXT", rows: teams },
    Table {
        name: "memberships",
        columns: "account BIGINT, team BIGINT, PRIMARY KEY (account, team)",
        rows: memberships,
    },
    Table {
        name: "access",
        columns: "account BIGINT, app TEXT, site TEXT, role TEXT, way TEXT, \
                  PRIMARY KEY (account, app, site, role, way)",
        rows: access,
    },
    Table {
        name: "seats",
        columns: "account BIGINT, app TEXT, site TEXT, PRIMARY KEY (account, app, site)",
        rows: seats,
    },
    Table {
        name: "activity",
        columns: "account BIGINT, app TEXT, site TEXT, at BIGINT, PRIMARY KEY (account, app, site)",
        rows: activity,
    },
    Table {
        name: "last_used",
        columns: "app TEXT, account BIGINT, at BIGINT, PRIMARY KEY (app, account)",
        rows: last_used,
    },
    Table { name: "platform_roles", columns: "account BIGINT, role TEXT", rows: platform_roles },
];

pub(crate) const INDEXES: &str = "
    CREATE INDEX people_by_name ON people (folded_name, ordinal);
    CREATE INDEX people_by_status ON people (status);
    CREATE INDEX people_by_domain ON people (domain);
    CREATE INDEX people_by_department ON people (department);
    CREATE INDEX people_by_account_status ON people (account_status);
    CREATE INDEX people_by_claim ON people (claim);
    CREATE INDEX people_by_added ON people (added_at);
    CREATE INDEX people_by_last_active ON people (last_active);
    CREATE INDEX people_by_reading ON people (activity_read);
    CREATE INDEX people_by_seats ON people (seats);
    CREATE INDEX people_by_teams ON people (team_count);
    CREATE INDEX teams_by_name ON teams (folded_name);
    CREATE INDEX members ON memberships (team, account);
    CREATE INDEX access_by_app ON access (app, site, account);
    CREATE INDEX access_by_role ON access (app, role, account);
    CREATE INDEX access_by_way ON access (app, way, account);
    CREATE INDEX seats_by_app ON seats (app, site, account);
    CREATE INDEX activity_by_app ON activity (app, site, account);
    CREATE INDEX last_used_at ON last_used (app, at, account);
    CREATE INDEX roles_by_account ON platform_roles (account);
";

/// A row as `COPY` takes it. No value has a tabulator, a line's end or a backslash.
pub(crate) fn line(cells: &[Cell<'_>], into: &mut String) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            into.push('\t');
        }
        match cell {
            Cell::Null => into.push_str("\\N"),
            Cell::Number(number) => write!(into, "{number}").unwrap(),
            Cell::Text(text) => into.push_str(text),
        }
    }
    into.push('\n');
}

fn accounts(snapshot: &Snapshot) -> std::ops::Range<Ordinal> {
    0..snapshot.accounts_len() as Ordinal
}

fn number<'a>(number: impl Into<Option<i64>>) -> Cell<'a> {
    number.into().map_or(Cell::Null, Cell::Number)
}

fn text<'a>(text: impl Into<Option<&'a str>>) -> Cell<'a> {
    text.into().map_or(Cell::Null, |text| Cell::Text(text.into()))
}

fn people(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    let folded = |text: Option<&str>| text.map_or(Cell::Null, |text| Cell::Text(fold_text(text).into()));
    for account in accounts(snapshot) {
        let row = snapshot.account_row(account).unwrap();
        let email = snapshot.email_key(account);
        let status = row.presence.and_then(|presence| presence.status.as_ref());
        emit(&[
            number(i64::from(account)),
            text(snapshot.folded_name(account)),
            text(email),
            text(email.and_then(|key| key.rsplit_once('@')).map(|(_, domain)| domain)),
            text(status.map(|status| status.as_str())),
            text(row.account_status.map(|status| status.as_str())),
            text(row.claimed.map(|claim| claim.as_str())),
            folded(row.job_title),
            folded(row.department),
            number(row.mfa_enabled.map(i64::from)),
            number(row.email_verified.map(i64::from)),
            number(row.added_at.map(|at| at.as_microsecond())),
            number(snapshot.activity().last(account)),
            number(i64::from(snapshot.activity().read().contains(account))),
            number(seats_of(snapshot, account).len() as i64),
            number(snapshot.memberships().of(account).len() as i64),
        ]);
    }
}

fn teams(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for group in 0..snapshot.groups_len() as Ordinal {
        emit(&[number(i64::from(group)), text(&*snapshot.group_row(group).unwrap().folded_name)]);
    }
}

fn memberships(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for account in accounts(snapshot) {
        for group in snapshot.memberships().of(account) {
            emit(&[number(i64::from(account)), number(i64::from(*group))]);
        }
    }
}

/// App and site of a resource.
fn place(snapshot: &Snapshot, resource: Ordinal) -> (&str, &str) {
    let resource = &snapshot.resources()[resource as usize];
    (resource.id.owner(), resource.site_name())
}

fn access(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for account in accounts(snapshot) {
        let mut ways: Vec<_> = (snapshot.access(account).into_iter())
            .map(|access| (access.resource, access.role.as_str().to_owned(), access.method.as_str().to_owned()))
            .collect();
        ways.sort();
        ways.dedup();
        for (resource, role, way) in &ways {
            let (app, site) = place(snapshot, *resource);
            emit(&[number(i64::from(account)), text(app), text(site), text(&**role), text(&**way)]);
        }
    }
}

fn seats_of(snapshot: &Snapshot, account: Ordinal) -> Vec<Ordinal> {
    let mut resources: Vec<Ordinal> = snapshot.access(account).iter().map(|access| access.resource).collect();
    resources.dedup();
    resources.retain(|resource| snapshot.seat(account, *resource).is_some_and(|seat| seat.is_billable()));
    resources
}

fn seats(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for account in accounts(snapshot) {
        for resource in seats_of(snapshot, account) {
            let (app, site) = place(snapshot, resource);
            emit(&[number(i64::from(account)), text(app), text(site)]);
        }
    }
}

fn activity(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for account in accounts(snapshot) {
        for entry in snapshot.activity().of(account) {
            let (app, site) = place(snapshot, entry.resource);
            emit(&[number(i64::from(account)), text(app), text(site), number(entry.at)]);
        }
    }
}

fn last_used(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for account in accounts(snapshot) {
        let mut last = std::collections::BTreeMap::new();
        for entry in snapshot.activity().of(account) {
            let at = last.entry(place(snapshot, entry.resource).0).or_insert(entry.at);
            *at = entry.at.max(*at);
        }
        for (app, at) in last {
            emit(&[text(app), number(i64::from(account)), number(at)]);
        }
    }
}

fn platform_roles(snapshot: &Snapshot, emit: &mut dyn FnMut(&[Cell<'_>])) {
    for account in accounts(snapshot) {
        for role in snapshot.roles_of(account) {
            emit(&[number(i64::from(account)), text(role.as_str())]);
        }
    }
}
