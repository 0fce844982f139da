//! Contacts and companies: what their fields hold ([`field`]), how contacts are kept in step with the accounts of an
//! organization ([`sync`]), which of them may be one ([`duplicates`]), and the table on which they are found ([`board`]).
//!
//! Pure: no clock, no network, no database. A contact is never dropped here, and an account never moves from one contact
//! to another by its e-mail address.

pub mod board;
pub mod duplicates;
pub mod field;
pub mod sync;
mod vocabulary;
