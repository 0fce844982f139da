//! Scheduled reports: a saved filter or the dashboard as a summary by mail, weekly or monthly, with a table.
//!
//! A report goes out once for each start of its schedule, whatever node looks; a start that was missed is caught up once. What
//! it says is counted on one snapshot, and its age is always said. Nobody is named in what waits to be sent.

pub mod attention;
mod compose;
mod count;
pub mod keep;
pub mod send;
