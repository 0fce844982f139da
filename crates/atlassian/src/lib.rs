//! The client for Atlassian Cloud's identity APIs: one way to send a request, chains of pages as streams, and typed
//! records for each resource.
//!
//! It knows nothing of what the records are used for, keeps nothing between processes except what its caller persists
//! (learned limits, cursors), and never calls an endpoint that is deprecated.

pub mod config;
pub mod secret;

pub mod error;

pub mod call;
pub mod client;
pub mod site;

mod breaker;
mod gate;
pub mod pace;
mod rate_headers;
mod refusal;
mod retry;
mod transport;
pub mod waits;

pub mod chain;
pub mod cursor;
pub mod object;
pub mod page;
pub mod record;

pub mod moment;
pub mod open;

pub mod api_keys;
pub mod directories;
pub mod effects;
pub mod event_actions;
pub mod events_stream;
mod filter;
pub mod groups;
pub mod last_active_dates;
pub mod managed_accounts;
pub mod organizations;
pub mod role_assignments;
pub mod scope;
pub mod tenant_info;
pub mod user;
pub mod users;
pub mod workspaces;

pub mod customer_organizations;
pub mod myself;
pub mod offset_page;
pub mod service_desks;
pub mod site_users;
