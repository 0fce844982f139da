//! Every problem that a text can have, as data, and the sentences for each: what is wrong, and what to do. Nothing else
//! in the crate writes a message.

use crate::diagnostic::{Diagnostic, Severity};
use crate::parser::{MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS};
use crate::span::Span;

/// What is wrong with a part of a text. `suggestion` is what would be right, if something is near.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    TooLong { characters: usize },
    TooDeep,
    TooManyTerms,
    UnknownField { name: String, suggestion: Option<String> },
    FieldAsWord { field: String, example: String },
    MissingOperator { field: String, example: String },
    UnknownOperator { sign: String, field: String, operators: String },
    MeantOperator { sign: String, operator: String },
    OperatorNotForKind { field: String, kind: &'static str, sign: String, operators: String },
    StrayOperator { sign: String },
    Colon { field: String, written: String },
    MissingValue { before: String, example: String },
    EmptyText,
    NotANumber { value: String },
    NotALength { value: String },
    LengthWithoutUnit { value: String },
    MinutesOrMonths { value: String },
    TooFar { value: String },
    NotADate { value: String },
    DateWithoutSign { value: String },
    NoSuchDate { value: String },
    UnknownFunction { name: String, suggestion: Option<String> },
    BadShift { value: String },
    NotYesOrNo { field: String, value: String },
    UnknownWord { field: String, value: String, suggestion: Option<String>, words: String },
    UnknownName { noun: String, value: String, suggestion: Option<String> },
    Unquoted { found: String },
    UnquotedRest { value: String, word: String },
    UnclosedQuote,
    UnclosedParenthesis,
    StrayParenthesis,
    StrayComma,
    EmptyParentheses,
    OperandMissingBefore { keyword: &'static str },
    OperandMissingAfter { keyword: &'static str },
    KeywordAsWord { word: String },
    LeadingMinus { word: String },
    NoArgument { field: String },
    MissingArgument { field: String, noun: String },
    BadArgument { field: String, noun: String },
    NotEmptiness { field: String },
    IsValue { meant: String },
    NotAfterField { field: String },
    ListWithoutParentheses { list: &'static str },
    ListWithoutComma { value: String },
    EmptyList { list: &'static str },
    OrderWithoutField,
    NotSortable { field: String },
    OrderNotLast,
}

/// The parts of a diagnostic that the problem decides.
struct Told {
    code: &'static str,
    severity: Severity,
    message: String,
    hint: Option<String>,
    replacement: Option<String>,
}

fn error(code: &'static str, message: impl Into<String>) -> Told {
    Told { code, severity: Severity::Error, message: message.into(), hint: None, replacement: None }
}

fn warning(code: &'static str, message: impl Into<String>) -> Told {
    Told { severity: Severity::Warning, ..error(code, message) }
}

impl Told {
    fn hint(self, hint: impl Into<String>) -> Told {
        Told { hint: Some(hint.into()), ..self }
    }

    /// Proposes what is meant, or else says this.
    fn meant(self, suggestion: Option<String>, otherwise: impl Into<String>) -> Told {
        match suggestion {
            Some(meant) => self.hint(format!("Did you mean {meant}?")).replace(meant),
            None => self.hint(otherwise),
        }
    }

    fn replace(self, replacement: impl Into<String>) -> Told {
        Told { replacement: Some(replacement.into()), ..self }
    }
}

impl Problem {
    /// The problem as told to a person.
    pub(crate) fn at(self, span: Span) -> Diagnostic {
        let Told { code, severity, message, hint, replacement } = self.told();
        Diagnostic { code, severity, span, message, hint, replacement }
    }

    fn told(self) -> Told {
        match self {
            Problem::TooLong { characters } => error(
                "too-long",
                format!(
                    "The filter has {characters} characters, written in full; only the first {MAX_CHARACTERS} are read."
                ),
            )
            .hint("Use IN (...) for several values of one field, or save parts of it as filters of their own."),
            Problem::TooDeep => error(
                "too-deep",
                format!("More than {MAX_DEPTH} parentheses and NOTs inside one another are not read."),
            )
            .hint("Take out parentheses that change nothing."),
            Problem::TooManyTerms => error("too-many-terms", format!("Only the first {MAX_TERMS} terms are read."))
                .hint("Use IN (...) for several values of one field."),
            Problem::UnknownField { name, suggestion } => error("unknown-field", format!("There is no field {name}."))
                .meant(suggestion, "Put quotation marks around it to search for it in name and e-mail address."),
            Problem::FieldAsWord { field, example } => warning(
                "field-as-word",
                format!("{field} is a field; without an operator it is searched for as a word."),
            )
            .hint(format!("Write for example {example}, or \"{field}\" to search for the word.")),
            Problem::MissingOperator { field, example } => {
                error("missing-operator", format!("{field} has no operator."))
                    .hint(format!("Write for example {example}."))
            }
            Problem::UnknownOperator { sign, field, operators } => {
                error("unknown-operator", format!("{sign} is no operator.")).hint(format!("{field} takes {operators}."))
            }
            Problem::MeantOperator { sign, operator } => {
                warning("meant-operator", format!("{sign} is read as {operator}."))
                    .hint(format!("Write {operator}."))
                    .replace(operator)
            }
            Problem::OperatorNotForKind { field, kind, sign, operators } => {
                error("operator-not-for-kind", format!("{field} is a {kind} and cannot be asked with {sign}."))
                    .hint(format!("{field} takes {operators}."))
            }
            Problem::StrayOperator { sign } => error("stray-operator", format!("There is no field before {sign}."))
                .hint("Write the field first, as in name ~ ines, or put quotation marks around the text."),
            Problem::Colon { field, written } => {
                warning("colon", format!("{field}: is read as {written}.")).hint(format!("Write {written}."))
            }
            Problem::NoArgument { field } => error("no-argument", format!("{field} takes nothing in parentheses."))
                .hint(format!("Write {field} alone.")),
            Problem::MissingArgument { field, noun } => {
                error("missing-argument", format!("{field} needs its {noun} in parentheses."))
                    .hint(format!("Write {field}(...) with the {noun} between the parentheses."))
            }
            Problem::BadArgument { field, noun } => {
                error("bad-argument", format!("The parentheses behind {field} hold one {noun}."))
                    .hint("Put quotation marks around a name of several words, and write a test for each of several.")
            }
            Problem::NotEmptiness { field } => {
                error("not-emptiness", "IS asks only whether there is a value.".to_owned())
                    .hint(format!("Write {field} IS EMPTY or {field} IS NOT EMPTY."))
            }
            Problem::IsValue { meant } => {
                warning("is-value", format!("IS asks only whether there is a value; read as {meant}."))
                    .hint("Write = for a value, IS EMPTY for none.")
            }
            Problem::NotAfterField { field } => {
                error("not-after-field", format!("NOT behind {field} goes only with IN."))
                    .hint(format!("Write {field} NOT IN (...), {field} != ..., or NOT before {field}."))
            }
            Problem::MissingValue { before, example } => {
                error("missing-value", format!("{before} has no value.")).hint(format!("Write for example {example}."))
            }
            Problem::EmptyText => error("empty-text", "An empty text finds nothing.".to_owned())
                .hint("Write IS EMPTY to find what has no value."),
            Problem::NotANumber { value } => {
                error("not-a-number", format!("{value} is no whole number.")).hint("Write digits alone, as in 12.")
            }
            Problem::NotALength { value } => error("not-a-length", format!("{value} is no length of time."))
                .hint("Write a number and a unit: 12h, 90d, 3w, 6M or 1y."),
            Problem::LengthWithoutUnit { value } => {
                warning("length-without-unit", format!("{value} has no unit and is read as days."))
                    .hint(format!("Write {value}d."))
                    .replace(format!("{value}d"))
            }
            Problem::MinutesOrMonths { value } => {
                let months = value.replace('m', "M");
                warning("minutes-or-months", format!("{value} is read as months; minutes are not counted."))
                    .hint(format!("Write {months}."))
                    .replace(months)
            }
            Problem::TooFar { value } => error("too-far", format!("{value} is more than a hundred years."))
                .hint("Write a shorter time, or IS NOT EMPTY for any date."),
            Problem::NotADate { value } => {
                let days = [("today", ""), ("yesterday", "-1d"), ("tomorrow", "+1d")];
                let meant = days.iter().find(|(day, _)| value.eq_ignore_ascii_case(day));
                error("not-a-date", format!("{value} is no date.")).meant(
                    meant.map(|(_, shift)| format!("startOfDay({shift})")),
                    "Write 2026-03-01, 2026-03, 2026-03-01T10:30, -90d for 90 days ago, now() or startOfMonth().",
                )
            }
            Problem::DateWithoutSign { value } => {
                error("date-without-sign", format!("{value} is a length of time, not a date."))
                    .hint(format!("Write -{value} for so long ago, or +{value} for so long from now."))
                    .replace(format!("-{value}"))
            }
            Problem::NoSuchDate { value } => error("no-such-date", format!("There is no {value} in the calendar."))
                .hint("Write year, month and day, as in 2026-03-01."),
            Problem::UnknownFunction { name, suggestion } => {
                error("unknown-function", format!("There is no function {name}().")).meant(
                    suggestion,
                    "There are now(), and startOf...() and endOf...() of Day, Week, Month and Year. Put quotation \
                     marks around a text with parentheses.",
                )
            }
            Problem::BadShift { value } => error("bad-shift", format!("{value} does not say how far.")).hint(
                "In the parentheses may stand one way forward or back, as in startOfMonth(-1M); nothing in now().",
            ),
            Problem::NotYesOrNo { field, value } => {
                error("not-yes-or-no", format!("{field} is yes or no, not {value}."))
                    .hint(format!("Write {field} = yes or {field} = no."))
            }
            Problem::UnknownWord { field, value, suggestion, words } => {
                error("unknown-word", format!("{field} is never {value}."))
                    .meant(suggestion, format!("It can be {words}."))
            }
            Problem::UnknownName { noun, value, suggestion } => {
                warning("unknown-name", format!("There is no {noun} {value} here."))
                    .meant(suggestion, format!("Look the {noun} up, or write ~ to find names that contain the text."))
            }
            Problem::Unquoted { found } => error("unquoted", format!("{found} cannot stand here as it is."))
                .hint("Put quotation marks around a value that holds signs or parentheses."),
            Problem::UnquotedRest { value, word } => {
                warning("unquoted-rest", format!("{word} is searched for as a word of its own."))
                    .hint(format!("Write \"{value} {word}\" if both are one value, or AND before {word}."))
            }
            Problem::UnclosedQuote => {
                warning("unclosed-quote", "This quotation is not closed and is read to the end.".to_owned())
                    .hint("Put a closing quotation mark behind it.")
            }
            Problem::UnclosedParenthesis => {
                warning("unclosed-parenthesis", "This parenthesis is not closed and is read to the end.".to_owned())
                    .hint("Put a closing parenthesis where it ends.")
            }
            Problem::StrayParenthesis => error("stray-parenthesis", "This parenthesis closes nothing.".to_owned())
                .hint("Take it out, or open one before it."),
            Problem::StrayComma => error("stray-comma", "A comma stands only inside IN (...).".to_owned())
                .hint("Write AND or OR, or put quotation marks around a text with a comma."),
            Problem::EmptyParentheses => {
                error("empty-parentheses", "There is nothing in these parentheses.".to_owned())
                    .hint("Take them out, or write a term into them.")
            }
            Problem::OperandMissingBefore { keyword } => {
                error("operand-missing-before", format!("There is nothing before {keyword}."))
                    .hint(format!("Write a term on both sides, or \"{keyword}\" to search for the word."))
            }
            Problem::OperandMissingAfter { keyword } => {
                error("operand-missing-after", format!("There is nothing after {keyword}."))
                    .hint(format!("Write a term after it, or \"{keyword}\" to search for the word."))
            }
            Problem::KeywordAsWord { word } => {
                warning("keyword-as-word", format!("{word} is a keyword; here it is searched for as a word."))
                    .hint(format!("Write \"{word}\" to search for it, or a field before it."))
                    .replace(format!("\"{word}\""))
            }
            Problem::LeadingMinus { word } => {
                let rest = word.trim_start_matches('-').to_owned();
                warning("leading-minus", format!("{word} is searched for with its minus sign."))
                    .hint(format!("Write NOT {rest} to leave out what contains {rest}."))
                    .replace(format!("NOT {rest}"))
            }
            Problem::ListWithoutParentheses { list } => {
                warning("list-without-parentheses", format!("{list} is read with this value alone."))
                    .hint(format!("Write {list} (a, b)."))
            }
            Problem::ListWithoutComma { value } => {
                warning("list-without-comma", format!("{value} is read as a value of its own."))
                    .hint("Put a comma between values, or quotation marks around a value of several words.")
            }
            Problem::EmptyList { list } => {
                error("empty-list", format!("{list} has no values.")).hint(format!("Write {list} (a, b)."))
            }
            Problem::OrderWithoutField => error("order-without-field", "ORDER BY names no field.".to_owned())
                .hint("Write for example ORDER BY name DESC."),
            Problem::NotSortable { field } => {
                error("not-sortable", format!("Nothing can be ordered by {field}.")).hint("Choose another field.")
            }
            Problem::OrderNotLast => {
                error("order-not-last", "ORDER BY comes last; what follows is not read.".to_owned())
                    .hint("Put terms before ORDER BY and a comma between its fields.")
            }
        }
    }
}
