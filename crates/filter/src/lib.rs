//! The filter language: texts such as `status = active AND lastActive(jira) < -90d` as typed queries, and back.
//!
//! [`parse`] reads a text and never fails, [`show`] writes the canonical form. The caller declares its fields in a
//! [`Catalogue`] and evaluates the [`Query`]; this crate knows no field by name, finds nobody, does no I/O and takes
//! no time.

mod catalogue;
mod complete;
mod condition;
mod date;
mod diagnostic;
mod expected;
mod lexer;
mod nearest;
mod parser;
mod problem;
mod query;
mod reference;
mod show;
mod span;
mod term;
mod value;
mod vocabulary;

pub use crate::catalogue::{Argument, Catalogue, CatalogueError, Field, FieldId, Kind, Label, Word};
pub use crate::complete::{Completion, Item, ItemKind, complete};
pub use crate::date::{DateExpression, Edge, Length, Offset, Period, Stretch, Unit};
pub use crate::diagnostic::{Diagnostic, Severity};
pub use crate::parser::{MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, Parsed, parse, parse_order, parse_with};
pub use crate::query::{Comparison, Condition, Direction, Expression, Order, Query, Test, Value};
pub use crate::reference::{Further, reference, reference_with};
pub use crate::show::{quote, show};
pub use crate::span::Span;
pub use crate::vocabulary::{AnyName, Suggestion, Vocabulary};
