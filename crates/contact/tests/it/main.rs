//! The laws of syncing, held over random histories of accounts, contacts and people's hands.

mod laws;
mod model;
mod world;
