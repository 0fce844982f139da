//! Strict JSON (RFC 8259) with bounds: values as records hold them, and trees that know where everything stands.
//!
//! A key that stands twice, a depth above [`MAX_DEPTH`] and a number without a finite value are refused. Integers keep
//! every digit; nothing is ever replaced or cut.

pub(crate) mod lexer;
mod number;
mod object;
mod parse;
mod tree;
mod value;
mod write;

pub use lexer::{JsonError, JsonProblem};
pub use number::Number;
pub use object::Object;
pub use parse::parse;
pub use tree::{Member, Node, NodeKind, parse_tree};
pub use value::Value;
pub use write::{excerpt, write};
pub(crate) use write::{put, put_text};

/// How deep lists and objects may lie in each other: deeper than any real export, and far from the end of the stack.
pub const MAX_DEPTH: usize = 64;

#[cfg(test)]
pub(crate) mod tests;
