//! What a delivery would change: every person and field, and what of it a human should look at first. Whoever is
//! unchanged is told by a digest and costs no more than reading. Nothing here knows where people are kept: the caller
//! gives digests of everybody and, for the few who differ, the persons themselves.

mod baseline;
mod change;
mod emails;
mod guard;
mod pack;
mod preview;
mod scan;
mod sift;

pub use baseline::{Baseline, Known, Standing, email_digest, username_digest};
pub use change::{Cause, Change, causes, clashes, compare, settle};
pub use guard::{Delivered, Guards, Hold, Threshold, Totals, delivery_holds};
pub use pack::{pack, unpack};
pub use preview::{Counts, Delivery, Line, Past, Preview, Stop, preview};
pub use sift::{Candidate, Conflict, ConflictKind, Failing, Force, Kind, Sifted};

#[cfg(test)]
mod tests;
