//! All SQL, and the only door to the databases: one text for SQLite and PostgreSQL.
//!
//! The engine room is `db` (a store and its transactions' lives), `tx` (what a closure may do), `bulk` (declared bulk
//! writes), `migrate` and `dialect` (every difference between the engines, by name). Everything else here is one file
//! per noun: plain functions on `Tx`. No other module of the product may contain SQL, and none of it is put together
//! at run time except by `dialect`.

pub mod accounts;
mod actions;
pub mod audit_stream;
pub mod bulk;
pub mod changes;
pub mod codec;
pub mod control;
pub mod coverage;
pub mod db;
pub mod dialect;
pub mod endpoints;
pub mod error;
pub mod event_parts;
pub mod events;
#[cfg(feature = "faults")]
pub mod faults;
pub mod feed_bodies;
pub mod feed_keys;
pub mod feed_log;
pub mod feed_people;
pub mod feed_records;
pub mod feed_rows;
pub mod feed_runs;
pub mod feed_text;
pub mod feeds;
pub mod filters;
pub mod group_timeline;
pub mod groups;
pub mod head;
pub mod history;
pub mod jobs;
pub mod key_notices;
pub mod mail_server;
pub mod migrate;
pub mod observed;
pub mod operation_differences;
pub mod operation_rows;
pub mod operation_terms;
pub mod operations;
pub mod organization_keys;
pub mod outbox;
pub mod passes;
pub mod past;
pub mod personal;
pub mod personal_actors;
pub mod personal_places;
pub mod personal_texts;
mod pool;
mod postgres;
pub mod protected;
pub mod quota;
pub mod request_keys;
pub mod runs;
pub mod schema;
mod scopes;
pub mod seat_days;
pub mod seat_prices;
pub mod selections;
pub mod settings;
pub mod site_accounts;
pub mod site_credentials;
pub mod site_hooks;
pub mod site_readings;
pub mod size;
mod sqlite;
pub mod task_runs;
mod task_text;
pub mod task_warnings;
pub mod tasks;
pub mod timeline;
pub mod tx;
pub mod value;
mod wire;
pub mod withheld;
