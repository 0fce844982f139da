//! Accounts with the versions of their profiles, their presence in directories, their administrative roles and their
//! last activity. Facts are keyed by ordinals and carry the generations between which they hold.

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
        Column::integer("activity_read"),
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
const ACTIVITY_READ: BulkUpdate = BulkUpdate {
    table: "accounts",
    set: &[Column::integer("activity_read")],
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
    columns: &[Column::integer("resource"), Column::integer("day"), Column::blob("accounts")],
    key: &["resource", "day"],
    update: Update::Columns(&["accounts"]),
};
const FORGET_ACTIVITY: &str = "DELETE FROM activity WHERE account = $1 AND resource = $2";
const ACTIVITY_OF_DAY: &str = "SELECT accounts FROM activity_days WHERE resource = $1 AND day = $2";

const ALL: &str = "
    SELECT a.account_id, a.counted_resources, a.activity_read,
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
/// Activity has no history here: as of an earlier generation it is what is known now, on the resources known then.
const ALL_ACTIVITY: &str = "
    SELECT account, resource, active_at FROM activity
    WHERE resource < (SELECT count(*) FROM resources WHERE since <= $1) ORDER BY account, resource";

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("accounts.FORGET_ACTIVITY", FORGET_ACTIVITY),
    ("accounts.ACTIVITY_OF_DAY", ACTIVITY_OF_DAY),
    ("accounts.ALL", ALL),
    ("accounts.ALL_PRESENCE", ALL_PRESENCE),
    ("accounts.ALL_ROLES", ALL_ROLES),
    ("accounts.ALL_ACTIVITY", ALL_ACTIVITY),
];
/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&ACCOUNTS, &PROFILES, &PRESENCE, &ROLES, &ACTIVITY, &ACTIVITY_DAYS];
/// The bulk updates of this file.
pub const BULK_UPDATES: &[&BulkUpdate] = &[&COUNTED, &ACTIVITY_READ, &END_PROFILES, &END_PRESENCE, &END_ROLES];

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
            [ordinal.into(), id.as_str().into(), generation.clone(), read.contains(ordinal).into()]
        }),
    )?;
    let newly_read = delta.activity_read.iter().filter(|account| **account < known);
    tx.bulk_update(&ACTIVITY_READ, newly_read.map(|account| [true.into(), (*account).into()]))?;
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
    write_activity(tx, delta, activity_before)
}

fn write_activity<'a>(
    tx: &mut Tx,
    delta: &Delta,
    before: impl Fn(Ordinal) -> &'a [Activity],
) -> Result<(), StoreError> {
    let mut days: std::collections::BTreeMap<(Ordinal, i64), RoaringBitmap> = Default::default();
    let mut rows: Vec<(Ordinal, Activity)> = Vec::new();
    for (account, entries) in &delta.activity {
        let old = before(*account);
        for gone in old.iter().filter(|entry| !entries.iter().any(|now| now.resource == entry.resource)) {
            tx.execute(FORGET_ACTIVITY, &[(*account).into(), gone.resource.into()])?;
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
    let mut packed = Vec::with_capacity(days.len());
    for ((resource, day), accounts) in days {
        let held = tx.optional(ACTIVITY_OF_DAY, &[resource.into(), day.into()], |row| {
            codec::unpack_bitmap(row.blob(0)?).map_err(|_| row.corrupt(0))
        })?;
        let accounts = held.unwrap_or_default() | accounts;
        packed.push((resource, day, codec::pack_bitmap(&accounts)));
    }
    tx.bulk(
        &ACTIVITY_DAYS,
        packed.iter().map(|(resource, day, accounts)| [(*resource).into(), (*day).into(), accounts.into()]),
    )?;
    Ok(())
}

/// The UTC day of an instant, in days since 1970.
fn day(at: i64) -> i64 {
    at.div_euclid(86_400_000_000)
}

/// Streams everything about accounts, as of a generation, into a builder.
pub fn read(tx: &mut Tx, generation: u64, builder: &mut Builder) -> Result<(), StoreError> {
    let generation = [Value::from(generation as i64)];
    let mut activity_read = RoaringBitmap::new();
    let mut ordinal: Ordinal = 0;
    tx.for_each(ALL, &generation, |row| {
        let id = AccountId::new(row.text(0)?).map_err(|_| row.corrupt(0))?;
        let counted = row.optional_integer(1)?.map(|counted| counted as u32);
        if row.flag(2)? {
            activity_read.insert(ordinal);
        }
        builder.account(id, profile(row)?.as_ref(), counted);
        ordinal += 1;
        Ok(())
    })?;
    builder.activity_read(activity_read);
    tx.for_each(ALL_PRESENCE, &generation, |row| {
        let presence = Presence {
            membership: row.optional_text(2)?.map(MembershipStatus::parse),
            status: row.optional_text(3)?.map(Status::parse),
        };
        builder.presence(row.integer(1)? as Ordinal, row.integer(0)? as Ordinal, presence);
        Ok(())
    })?;
    tx.for_each(ALL_ROLES, &generation, |row| {
        builder.role(row.integer(0)? as Ordinal, PlatformRole::parse(row.text(1)?));
        Ok(())
    })?;
    tx.for_each(ALL_ACTIVITY, &generation, |row| {
        let activity = Activity { resource: row.integer(1)? as Ordinal, at: row.integer(2)? };
        builder.activity(row.integer(0)? as Ordinal, activity);
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
