//! Feeds: people from an originating system, as control files describe them. A control file is checked ([`control`]),
//! files are read record by record ([`read`]), each record becomes a person or a list of findings ([`transform`]), and
//! what a delivery would change is told, with the reasons to hold it ([`difference`]).
//!
//! Pure: it reads the bytes it is given, takes no time, keeps nothing and knows nobody but whom it is told of.

pub mod control;
mod date_format;
pub mod difference;
pub mod digest;
pub mod finding;
pub mod generate;
pub mod json;
mod nearest;
pub mod person;
pub mod read;
pub mod record;
pub mod transform;

pub use date_format::{DateFormat, DateFormatProblem};
