//! Reading upstream: which requests a pass needs, what their pages say, what may be concluded, and the seal.
//!
//! A pass can be cut anywhere and goes on at the page where it stood. It never takes "could not be read" for "gone".

pub mod confirm;
pub mod connect;
pub mod ended;
pub mod explain;
pub mod map;
mod missing;
pub mod names;
pub mod pass;
pub mod recorder;
pub mod request;
pub mod schedule;
pub mod sites;
pub mod stream;
pub mod walk;
pub mod worker;
