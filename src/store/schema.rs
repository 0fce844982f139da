//! The migrations of both kinds of database, and the lists of everything the store says to them.

use crate::store::bulk::{Bulk, BulkUpdate};
use crate::store::migrate::Migration;
use crate::store::{
    accounts, audit_stream, changes, coverage, endpoints, event_parts, events, feed_bodies, feed_keys, feed_log,
    feed_people, feed_records, feed_rows, feed_runs, feeds, filters, group_timeline, groups, head, history, jobs,
    key_notices, mail_server, observed, operation_differences, operation_rows, operation_terms, operations,
    organization_keys, outbox, passes, past, personal, personal_actors, personal_texts, protected, quota, request_keys,
    runs, seat_days, seat_prices, selections, settings, site_accounts, site_credentials, site_hooks, site_readings,
    task_runs, task_warnings, tasks, timeline, withheld,
};

/// The schema of an organization's database.
pub const ORGANIZATION: &[Migration] = &[
    Migration { number: 1, name: "mirror", sql: include_str!("../../migrations/organization/0001_mirror.sql") },
    Migration { number: 2, name: "scopes", sql: include_str!("../../migrations/organization/0002_scopes.sql") },
    Migration { number: 3, name: "filters", sql: include_str!("../../migrations/organization/0003_filters.sql") },
    Migration { number: 4, name: "past", sql: include_str!("../../migrations/organization/0004_past.sql") },
    Migration { number: 5, name: "selections", sql: include_str!("../../migrations/organization/0005_selections.sql") },
    Migration { number: 6, name: "protected", sql: include_str!("../../migrations/organization/0006_protected.sql") },
    Migration { number: 8, name: "seats", sql: include_str!("../../migrations/organization/0008_seats.sql") },
    Migration { number: 9, name: "house", sql: include_str!("../../migrations/organization/0009_house.sql") },
    Migration {
        number: 11,
        name: "operations",
        sql: include_str!("../../migrations/organization/0011_operations.sql"),
    },
    Migration { number: 13, name: "audit", sql: include_str!("../../migrations/organization/0013_audit.sql") },
    Migration { number: 14, name: "notices", sql: include_str!("../../migrations/organization/0014_notices.sql") },
    Migration { number: 15, name: "tasks", sql: include_str!("../../migrations/organization/0015_tasks.sql") },
    Migration { number: 16, name: "terms", sql: include_str!("../../migrations/organization/0016_terms.sql") },
    Migration { number: 17, name: "warnings", sql: include_str!("../../migrations/organization/0017_warnings.sql") },
    Migration { number: 18, name: "rotation", sql: include_str!("../../migrations/organization/0018_rotation.sql") },
    Migration { number: 19, name: "feeds", sql: include_str!("../../migrations/organization/0019_feeds.sql") },
    Migration {
        number: 21,
        name: "site_accounts",
        sql: include_str!("../../migrations/organization/0021_site_accounts.sql"),
    },
    Migration {
        number: 24,
        name: "site_hooks",
        sql: include_str!("../../migrations/organization/0024_site_hooks.sql"),
    },
];

/// The schema of the control database.
pub const CONTROL: &[Migration] = &[
    Migration { number: 1, name: "control", sql: include_str!("../../migrations/control/0001_control.sql") },
    Migration { number: 2, name: "tokens", sql: include_str!("../../migrations/control/0002_tokens.sql") },
    Migration { number: 3, name: "house", sql: include_str!("../../migrations/control/0003_house.sql") },
    Migration { number: 4, name: "audit", sql: include_str!("../../migrations/control/0004_audit.sql") },
    Migration { number: 5, name: "reach", sql: include_str!("../../migrations/control/0005_reach.sql") },
];

/// Every statement on an organization's database, by file.
pub const ORGANIZATION_STATEMENTS: &[&[(&str, &str)]] = &[
    accounts::STATEMENTS,
    audit_stream::STATEMENTS,
    changes::STATEMENTS,
    coverage::STATEMENTS,
    endpoints::STATEMENTS,
    event_parts::STATEMENTS,
    events::STATEMENTS,
    feed_bodies::STATEMENTS,
    feed_keys::STATEMENTS,
    feed_log::STATEMENTS,
    feed_people::STATEMENTS,
    feed_records::STATEMENTS,
    feed_rows::STATEMENTS,
    feed_runs::STATEMENTS,
    feeds::STATEMENTS,
    filters::STATEMENTS,
    group_timeline::STATEMENTS,
    groups::STATEMENTS,
    head::STATEMENTS,
    history::STATEMENTS,
    jobs::STATEMENTS,
    key_notices::STATEMENTS,
    mail_server::STATEMENTS,
    observed::STATEMENTS,
    operation_differences::STATEMENTS,
    operation_rows::STATEMENTS,
    operation_terms::STATEMENTS,
    operations::STATEMENTS,
    organization_keys::STATEMENTS,
    outbox::STATEMENTS,
    passes::STATEMENTS,
    past::STATEMENTS,
    personal::STATEMENTS,
    personal_actors::STATEMENTS,
    personal_texts::STATEMENTS,
    protected::STATEMENTS,
    quota::STATEMENTS,
    request_keys::STATEMENTS,
    runs::STATEMENTS,
    seat_days::STATEMENTS,
    seat_prices::STATEMENTS,
    selections::STATEMENTS,
    settings::STATEMENTS,
    site_accounts::STATEMENTS,
    site_credentials::STATEMENTS,
    site_hooks::STATEMENTS,
    site_readings::STATEMENTS,
    task_runs::STATEMENTS,
    task_warnings::STATEMENTS,
    tasks::STATEMENTS,
    timeline::STATEMENTS,
    withheld::STATEMENTS,
];

/// Every bulk write on an organization's database, by file.
pub const ORGANIZATION_BULKS: &[&[&Bulk]] = &[
    accounts::BULKS,
    audit_stream::BULKS,
    coverage::BULKS,
    event_parts::BULKS,
    events::BULKS,
    feed_log::BULKS,
    feed_people::BULKS,
    feed_records::BULKS,
    feed_rows::BULKS,
    groups::BULKS,
    operation_differences::BULKS,
    operation_rows::BULKS,
    outbox::BULKS,
    passes::BULKS,
    quota::BULKS,
    runs::BULKS,
    site_accounts::BULKS,
    site_hooks::BULKS,
    task_runs::BULKS,
    task_warnings::BULKS,
];

/// Every bulk update on an organization's database, by file.
pub const ORGANIZATION_BULK_UPDATES: &[&[&BulkUpdate]] = &[
    accounts::BULK_UPDATES,
    feed_people::BULK_UPDATES,
    feed_records::BULK_UPDATES,
    groups::BULK_UPDATES,
    operation_rows::BULK_UPDATES,
    site_accounts::BULK_UPDATES,
];
