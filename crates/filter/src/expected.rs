//! What could stand at the end of a text, as the parser found it missing there; completion makes items of it.

use crate::catalogue::FieldId;

/// What could stand at the end of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A term: a field, NOT, a parenthesis, a word.
    Operand,
    /// AND, OR, ORDER BY, or another term; a closing parenthesis where one is open.
    Connector { closable: bool },
    /// What may follow a field.
    Operator { field: FieldId },
    /// What is in a field's parentheses.
    Argument { field: FieldId },
    /// The parenthesis that closes a field's argument, a function's or a list.
    Closing,
    /// The parenthesis that opens an argument.
    ArgumentOpening,
    /// Anything, of which nothing is known.
    Anything,
    /// IN, after NOT.
    In,
    /// BY, after ORDER.
    By,
    /// A value.
    Value { field: FieldId, argument: Option<String> },
    /// The parenthesis that opens a list.
    ListOpening,
    /// A comma or the parenthesis that closes a list.
    ListNext,
    /// EMPTY, or NOT EMPTY.
    Emptiness { negated: bool },
    /// A field that can be ordered by.
    OrderField,
    /// ASC, DESC, or a comma.
    Direction,
    /// A comma.
    OrderNext,
    /// How far a function's date is moved.
    Shift,
}
