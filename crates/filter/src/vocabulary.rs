//! Names that only the caller knows: groups, apps, sites, domains as they are there at the moment.

use crate::catalogue::FieldId;

/// A name that could be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The name, unquoted.
    pub value: String,
    /// What tells it from others, e.g. how many people it has; may be empty.
    pub detail: String,
}

/// The values that open choices have at the moment.
///
/// For what stands in a field's parentheses, `field` is the field whose values these are and `argument` is `None`.
pub trait Vocabulary {
    /// At most `limit` names that begin with or contain `prefix`, however it is written, the best first.
    fn suggest(&self, field: FieldId, argument: Option<&str>, prefix: &str, limit: usize) -> Vec<Suggestion>;

    /// Whether there is this name.
    fn knows(&self, field: FieldId, argument: Option<&str>, value: &str) -> bool;
}

/// Suggests nothing and takes every name for known: for texts that are read without an organization at hand.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyName;

impl Vocabulary for AnyName {
    fn suggest(&self, _: FieldId, _: Option<&str>, _: &str, _: usize) -> Vec<Suggestion> {
        Vec::new()
    }

    fn knows(&self, _: FieldId, _: Option<&str>, _: &str) -> bool {
        true
    }
}
