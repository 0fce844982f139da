//! What tests stand on: a PostgreSQL of their own, an organization behind HTTP, and Rollcall on either engine.

pub(crate) mod app;
pub(crate) mod driver;
pub(crate) mod postgres;
pub(crate) mod receiver;
pub(crate) mod smtp;
pub(crate) mod truth;
