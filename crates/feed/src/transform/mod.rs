//! Makes a person of a record, as a control file says. A record is all that a person is made of: what was there before
//! does not count, so that the same record always gives the same person. Nothing is dropped without a finding.

mod account;
mod context;
mod convert;
mod countries;
mod machine;

pub use account::{MAX_ACCOUNT_TEXT, Username};
pub(crate) use convert::{Converted, convert};
pub(crate) use machine::plain_username;
pub use machine::{Failure, Transformed, Transformer};

#[cfg(test)]
mod tests;
