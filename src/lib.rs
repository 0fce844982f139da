//! Rollcall keeps an organization's people in step: it mirrors an Atlassian Cloud organization into its own database
//! and shows it, explained. ARCHITECTURE.md is the map; `tests/it/layering.rs` holds who may import whom.

pub mod api;
pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod contacts;
pub mod feeds;
mod http;
pub mod id;
pub mod mirror;
pub mod notify;
pub mod nouns;
pub mod operations;
pub mod personal;
pub mod reports;
pub mod store;
pub mod sync;
pub mod tasks;
pub mod web;
