//! Reading upstream: which requests a pass needs, what their pages say, what may be concluded, and the seal.
//!
//! A pass can be cut anywhere and goes on at the page where it stood. It never takes "could not be read" for "gone".

pub mod app_access;
pub mod attention;
pub mod bundle;
mod chosen;
pub mod confirm;
pub mod connect;
pub mod customers;
mod direct;
mod earn;
pub mod edition;
pub mod ended;
pub mod expected;
pub mod explain;
pub mod guards;
pub mod inactivity;
pub mod left_out;
pub mod manual;
pub mod map;
mod missing;
pub mod names;
mod ours;
mod overtaken;
pub mod pass;
mod prepare;
pub mod quiet;
pub mod raw;
pub mod recorder;
pub mod request;
pub mod review;
pub mod schedule;
pub mod setting;
pub mod site_hooks;
pub mod sites;
pub mod stream;
mod taken;
mod targeted;
pub mod trouble;
pub mod walk;
pub mod why;
pub mod worker;
