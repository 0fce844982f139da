//! Control files of version 0 and model `haplo:user-sync`: checked whole, before any data is read. A control file with an
//! error is never used, and everything wrong with it is told at once, each thing with its place.

mod check;
mod check_files;
mod check_instructions;
mod check_values;
mod diagnostic;
mod file;
mod groups;
pub mod model;
mod schema;
mod show;

pub use check::{Checked, check};
pub use diagnostic::{Diagnostic, Severity, place};
pub use file::{
    Attribute, ControlFile, Conversion, Expectation, FieldKey, FileSpec, Instruction, Mapping, Target, Test, Using,
};
pub use schema::schema;
pub use show::show;

#[cfg(test)]
pub(crate) mod tests;
