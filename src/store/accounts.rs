//! Accounts with the versions of their profiles, their presence in directories, their administrative roles and their
//! last activity. Facts are keyed by ordinals and carry the generations between which they hold.

use std::collections::BTreeMap;

use directory::{
    AccountId, AccountStatus, AccountType, Activity, Builder, Claimed, Delta, Management, MembershipStatus, Ordinal,
    PlatformRole, Presence, Profile, Status,
};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::store::bulk::{Bulk, BulkUpdate, Column, Update};
use crate::store::codec;
use crate::store::coverage::optional_moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::{Row, Value};

/// `until` of a fact that holds.
pub const OPEN: i64 = i64::MAX;
/// The same as a condition.
pub(crate) const IS_OPEN: &str = "until = 9223372036854775807";

const ACCOUNTS: Bulk = Bulk {
    table: "accounts",
    columns: &[
        Column::integer("ordinal"),
        Column::text("account_id"),
        Column::integer("since"),
        Column::integer("activity_since"),
    ],
    key: &["ordinal"],
    update: Update::Nothing,
};
const COUNTED: BulkUpdate = BulkUpdate {
    table: "accounts",
    set: &[Column::integer("counted_resources")],
    matching: &[Column::integer("ordinal")],
    and: "",
};
const ACTIVITY_SINCE: BulkUpdate = BulkUpdate {
    table: "accounts",
    set: &[Column::integer("activity_since")],
    matching: &[Column::integer("ordinal")],
    and: "",
};
const PROFILES: Bulk = Bulk {
    table: "profiles",
    columns: &[
        Column::integer("account"),
        Column::integer("since"),
        Column::integer("until"),
        Column::text("account_type"),
        Column::text("account_status"),
        Column::text("claimed"),
        Column::text("management"),
        Column::text("name"),
        Column::text("nickname"),
        Column::text("email"),
        Column::integer("email_verified"),
        Column::integer("mfa_enabled"),
        Column::integer("added_at"),
        Column::integer("deactivated_at"),
        Column::text("job_title"),
        Column::text("department"),
        Column::text("organization"),
        Column::text("location"),
        Column::text("time_zone"),
        Column::text("picture"),
        Column::text("unknown"),
    ],
    key: &["account", "since"],
    update: Update::Nothing,
};
const END_PROFILES: BulkUpdate = BulkUpdate {
    table: "profiles",
    set: &[Column::integer("until")],
    matching: &[Column::integer("account")],
    and: IS_OPEN,
};
const PRESENCE: Bulk = Bulk {
    table: "presence",
    columns: &[
        Column::integer("account"),
        Column::integer("directory"),
        Column::integer("since"),
        Column::integer("until"),
        Column::text("membership"),
        Column::text("status"),
    ],
    key: &["account", "directory", "since"],
    update: Update::Nothing,
};
const END_PRESENCE: BulkUpdate = BulkUpdate {
    table: "presence",
    set: &[Column::integer("until")],
    matching: &[Column::integer("account"), Column::integer("directory")],
    and: IS_OPEN,
};
const ROLES: Bulk = Bulk {
    table: "platform_roles",
    columns: &[Column::integer("account"), Column::text("role"), Column::integer("since"), Column::integer("until")],
    key: &["account", "role", "since"],
    update: Update::Nothing,
};
const END_ROLES: BulkUpdate = BulkUpdate {
    table: "platform_roles",
    set: &[Column::integer("until")],
    matching: &[Column::integer("account"), Column::text("role")],
    and: IS_OPEN,
};
const ACTIVITY: Bulk = Bulk {
    table: "activity",
    columns: &[Column::integer("account"), Column::integer("resource"), Column::integer("active_at")],
    key: &["account", "resource"],
    update: Update::Columns(&["active_at"]),
};
const ACTIVITY_DAYS: Bulk = Bulk {
    table: "activity_days",
    columns: &[Column::integer("resource"), Column::integer("since"), Column::integer("day"), Column::blob("accounts")],
    key: &["resource", "since", "day"],
    update: Update::Nothing,
};
const LAST_CHANGES: Bulk = Bulk {
    table: "last_changes",
    columns: &[Column::integer("account"), Column::integer("generation")],
    key: &["account"],
    update: Update::Columns(&["generation"]),
};
/// A day in microseconds.
pub(super) const DAY: i64 = 86_400_000_000;
/// The day of whoever has no activity on a resource any more.
pub(super) const NO_DAY: i64 = i64::MIN;

const FORGET_ACTIVITY: &str = "DELETE FROM activity WHERE account = $1 AND resource = $2";

/// Upstream's own counts are kept as the newest generation has them, and as of an earlier one they are not known.
const ALL: &str = "
    SELECT a.account_id,
        CASE WHEN $1 = (SELECT generation FROM head) THEN a.counted_resources END,
        a.activity_since,
        p.account_type, p.account_status, p.claimed, p.management, p.name, p.nickname, p.email, p.email_verified,
        p.mfa_enabled, p.added_at, p.deactivated_at, p.job_title, p.department, p.organization, p.location,
        p.time_zone, p.picture, p.unknown
    FROM accounts a
    LEFT JOIN profiles p ON p.account = a.ordinal AND p.since <= $1 AND p.until > $1
    WHERE a.since <= $1
    ORDER BY a.ordinal";
const ALL_PRESENCE: &str = "
    SELECT account, directory, membership, status FROM presence
    WHERE since <= $1 AND until > $1 ORDER BY account, directory";
const ALL_ROLES: &str = "
    SELECT account, role FROM platform_roles WHERE since <= $1 AND until > $1 ORDER BY account, role";
const ALL_ACTIVITY: &str = "SELECT account, resource, active_at FROM activity ORDER BY account, resource";
const ALL_CHANGES: &str = "SELECT account, generation FROM last_changes ORDER BY account";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("accounts.FORGET_ACTIVITY", FORGET_ACTIVITY),
    ("accounts.ALL", ALL),
    ("accounts.ALL_PRESENCE", ALL_PRESENCE),
    ("accounts.ALL_ROLES", ALL_ROLES),
    ("accounts.ALL_ACTIVITY", ALL_ACTIVITY),
    ("accounts.ALL_CHANGES", ALL_CHANGES),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&ACCOUNTS, &PROFILES, &PRESENCE, &ROLES, &ACTIVITY, &ACTIVITY_DAYS, &LAST_CHANGES];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&COUNTED, &ACTIVITY_SINCE, &END_PROFILES, &END_PRESENCE, &END_ROLES];

/// Writes what a delta says about accounts. `activity_before` gives an account's activity before the delta.
pub fn write<'a>(
    tx: &mut Tx,
    delta: &Delta,
    activity_before: impl Fn(Ordinal) -> &'a [Activity],
) -> Result<(), StoreError> {
    let generation = Value::from(delta.generation as i64);
    let open = Value::from(OPEN);
    let known = delta.known_accounts;
    let read: RoaringBitmap = delta.activity_read.iter().copied().collect();
    tx.bulk(
        &ACCOUNTS,
        (known..).zip(&delta.new_accounts).map(|(ordinal, id)| {
            let read = read.contains(ordinal).then_some(delta.generation as i64);
            [ordinal.into(), id.as_str().into(), generation.clone(), read.into()]
        }),
    )?;
    let newly_read = delta.activity_read.iter().filter(|account| **account < known);
    tx.bulk_update(&ACTIVITY_SINCE, newly_read.map(|account| [generation.clone(), (*account).into()]))?;
    tx.bulk_update(&COUNTED, delta.counted.iter().map(|(account, counted)| [(*counted).into(), (*account).into()]))?;

    let changed = delta.profiles.iter().filter(|(account, _)| *account < known);
    tx.bulk_update(&END_PROFILES, changed.map(|(account, _)| [generation.clone(), (*account).into()]))?;
    tx.bulk(
        &PROFILES,
        delta.profiles.iter().map(|(account, profile)| profile_row(*account, &generation, profile.unpack())),
    )?;

    let ended = delta.presence.iter().filter(|change| change.before.is_some());
    tx.bulk_update(
        &END_PRESENCE,
        ended.map(|change| [generation.clone(), change.account.into(), change.directory.into()]),
    )?;
    tx.bulk(
        &PRESENCE,
        delta.presence.iter().filter_map(|change| {
            let now = change.now.as_ref()?;
            Some([
                change.account.into(),
                change.directory.into(),
                generation.clone(),
                open.clone(),
                now.membership.as_ref().map(MembershipStatus::as_str).into(),
                now.status.as_ref().map(Status::as_str).into(),
            ])
        }),
    )?;
    let roles = delta.roles_removed.iter();
    tx.bulk_update(
        &END_ROLES,
        roles.map(|(account, role)| [generation.clone(), (*account).into(), role.as_str().into()]),
    )?;
    let roles = delta.roles_added.iter();
    tx.bulk(
        &ROLES,
        roles.map(|(account, role)| [(*account).into(), role.as_str().into(), generation.clone(), open.clone()]),
    )?;
    tx.bulk(&LAST_CHANGES, delta.changed().iter().map(|account| [account.into(), generation.clone()]))?;
    write_activity(tx, delta, activity_before)
}

fn write_activity<'a>(
    tx: &mut Tx,
    delta: &Delta,
    before: impl Fn(Ordinal) -> &'a [Activity],
) -> Result<(), StoreError> {
    let mut days: BTreeMap<(Ordinal, i64), RoaringBitmap> = BTreeMap::new();
    let mut rows: Vec<(Ordinal, Activity)> = Vec::new();
    for (account, entries) in &delta.activity {
        let old = before(*account);
        for gone in old.iter().filter(|entry| !entries.iter().any(|now| now.resource == entry.resource)) {
            tx.execute(FORGET_ACTIVITY, &[(*account).into(), gone.resource.into()])?;
            days.entry((gone.resource, NO_DAY)).or_default().insert(*account);
        }
        for entry in entries.iter().filter(|entry| !old.contains(entry)) {
            rows.push((*account, *entry));
            days.entry((entry.resource, day(entry.at))).or_default().insert(*account);
        }
    }
    tx.bulk(
        &ACTIVITY,
        rows.iter().map(|(account, entry)| [(*account).into(), entry.resource.into(), entry.at.into()]),
    )?;
    let generation = Value::from(delta.generation as i64);
    let packed: Vec<_> = days.iter().map(|(of, accounts)| (of, codec::pack_bitmap(accounts))).collect();
    tx.bulk(
        &ACTIVITY_DAYS,
        packed.iter().map(|((resource, day), accounts)| {
            [(*resource).into(), generation.clone(), (*day).into(), accounts.into()]
        }),
    )?;
    Ok(())
}

/// The UTC day of an instant, in days since 1970.
pub(super) fn day(at: i64) -> i64 {
    at.div_euclid(DAY)
}

/// Streams everything about accounts but activity and the moments of last changes, as of a generation, into a builder.
pub fn read(tx: &mut Tx, generation: u64, builder: &mut Builder) -> Result<(), StoreError> {
    let arguments = [Value::from(generation as i64)];
    let mut activity_read = RoaringBitmap::new();
    let mut ordinal: Ordinal = 0;
    tx.for_each(ALL, &arguments, |row| {
        let id = AccountId::new(row.text(0)?).map_err(|_| row.corrupt(0))?;
        let counted = row.optional_integer(1)?.map(|counted| counted as u32);
        if row.optional_integer(2)?.is_some_and(|since| since.unsigned_abs() <= generation) {
            activity_read.insert(ordinal);
        }
        builder.account(id, profile(row)?.as_ref(), counted);
        ordinal += 1;
        Ok(())
    })?;
    builder.activity_read(activity_read);
    tx.for_each(ALL_PRESENCE, &arguments, |row| {
        let presence = Presence {
            membership: row.optional_text(2)?.map(MembershipStatus::parse),
            status: row.optional_text(3)?.map(Status::parse),
        };
        builder.presence(row.integer(1)? as Ordinal, row.integer(0)? as Ordinal, presence);
        Ok(())
    })?;
    tx.for_each(ALL_ROLES, &arguments, |row| {
        builder.role(row.integer(0)? as Ordinal, PlatformRole::parse(row.text(1)?));
        Ok(())
    })
}

/// Streams the last activity of every account on every resource, as the newest generation has it, by account and then
/// resource.
pub(super) fn for_each_activity(tx: &mut Tx, mut take: impl FnMut(Ordinal, Activity)) -> Result<(), StoreError> {
    tx.for_each(ALL_ACTIVITY, &[], |row| {
        take(row.integer(0)? as Ordinal, Activity { resource: row.integer(1)? as Ordinal, at: row.integer(2)? });
        Ok(())
    })
}

/// Streams what only the newest generation has as rows: activity, and when anything else of an account last changed.
/// `sealed` tells when a generation was sealed.
pub fn read_newest(tx: &mut Tx, sealed: &BTreeMap<u64, Timestamp>, builder: &mut Builder) -> Result<(), StoreError> {
    for_each_activity(tx, |account, activity| builder.activity(account, activity))?;
    tx.for_each(ALL_CHANGES, &[], |row| {
        if let Some(at) = sealed.get(&row.integer(1)?.unsigned_abs()) {
            builder.changed(row.integer(0)? as Ordinal, at.as_microsecond());
        }
        Ok(())
    })
}

fn profile_row(account: Ordinal, generation: &Value<'static>, profile: Profile) -> [Value<'static>; 21] {
    let word = |word: Option<&str>| Value::from(word.map(str::to_owned));
    let text = |text: Option<Box<str>>| Value::from(text.map(String::from));
    [
        account.into(),
        generation.clone(),
        OPEN.into(),
        word(Some(profile.account_type.as_str())),
        word(profile.account_status.as_ref().map(AccountStatus::as_str)),
        word(profile.claimed.as_ref().map(Claimed::as_str)),
        word(profile.management.as_ref().map(Management::as_str)),
        text(Some(profile.name)),
        text(profile.nickname),
        text(profile.email),
        profile.email_verified.into(),
        profile.mfa_enabled.into(),
        profile.added_at.map(Timestamp::as_microsecond).into(),
        profile.deactivated_at.map(Timestamp::as_microsecond).into(),
        text(profile.job_title),
        text(profile.department),
        text(profile.organization),
        text(profile.location),
        text(profile.time_zone),
        text(profile.picture),
        text(profile.unknown),
    ]
}

/// A profile whose first column is the fourth of a row; `None` when nothing is known of the account but its id.
pub(super) fn profile(row: &Row<'_>) -> Result<Option<Profile>, StoreError> {
    let Some(account_type) = row.optional_text(3)? else { return Ok(None) };
    let text = |column| Ok::<_, StoreError>(row.optional_text(column)?.map(Into::into));
    let flag = |column| Ok::<_, StoreError>(row.optional_integer(column)?.map(|flag| flag == 1));
    Ok(Some(Profile {
        account_type: AccountType::parse(account_type),
        account_status: row.optional_text(4)?.map(AccountStatus::parse),
        claimed: row.optional_text(5)?.map(Claimed::parse),
        management: row.optional_text(6)?.map(Management::parse),
        name: row.text(7)?.into(),
        nickname: text(8)?,
        email: text(9)?,
        email_verified: flag(10)?,
        mfa_enabled: flag(11)?,
        added_at: optional_moment(row, 12)?,
        deactivated_at: optional_moment(row, 13)?,
        job_title: text(14)?,
        department: text(15)?,
        organization: text(16)?,
        location: text(17)?,
        time_zone: text(18)?,
        picture: text(19)?,
        unknown: text(20)?,
    }))
}
