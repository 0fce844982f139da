//! The canonical form: the one text for a question, which is read back as the same question. Addresses, saved filters
//! and the builder use it.

use std::fmt::Write as _;

use crate::catalogue::{Catalogue, key};
use crate::date::{DateExpression, Edge, Offset, Period};
use crate::query::{Condition, Direction, Expression, Query, Test, Value};

/// Writes a query in the canonical form.
///
/// For every query that [`crate::parse`] makes without an error, `parse(show(query))` is that query again, without any
/// diagnostic.
///
/// # Panics
/// When the query was read with another catalogue.
///
/// ```
/// # use filter::{Catalogue, Field, Kind, parse, show};
/// let fields = vec![Field::new("name", Kind::Text, "The person's name").alias("n"), Field::new("seats", Kind::Number, "")];
/// let catalogue = Catalogue::new(fields)?;
/// let parsed = parse("n ~ 'oka' and (Seats>1 or not ines) order by N desc", &catalogue);
/// assert_eq!(show(&parsed.query, &catalogue), "name ~ oka AND (seats > 1 OR NOT ines) ORDER BY name DESC");
/// # Ok::<(), filter::CatalogueError>(())
/// ```
pub fn show(query: &Query, catalogue: &Catalogue) -> String {
    let mut out = String::new();
    if let Some(expression) = &query.expression {
        write_expression(&mut out, expression, catalogue);
    }
    for (place, order) in query.order.iter().enumerate() {
        let lead = match (place, out.is_empty()) {
            (0, true) => "ORDER BY ",
            (0, false) => " ORDER BY ",
            _ => ", ",
        };
        out.push_str(lead);
        out.push_str(&catalogue.field(order.field).name);
        write_argument(&mut out, order.argument.as_deref());
        if order.direction == Direction::Descending {
            out.push_str(" DESC");
        }
    }
    out
}

/// A text as a value is written: as it is where that is read back, else in quotation marks.
///
/// ```
/// assert_eq!(filter::quote("jira-users"), "jira-users");
/// assert_eq!(filter::quote("jira users \"EU\""), r#""jira users \"EU\"""#);
/// ```
pub fn quote(text: &str) -> String {
    let mut out = String::new();
    write_text(&mut out, text);
    out
}

/// A text as a free word is written.
pub(crate) fn quote_word(text: &str, catalogue: &Catalogue) -> String {
    if catalogue.find(text).is_some() { in_marks(text) } else { quote(text) }
}

/// A text in quotation marks.
pub(crate) fn in_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_in_marks(&mut out, text);
    out
}

/// A value as it is written.
pub(crate) fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Text(text) => write_text(out, text),
        Value::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Duration(length) => {
            let _ = write!(out, "{}{}", length.amount, length.unit.sign());
        }
        Value::Date(date) => write_date(out, date),
        Value::Flag(flag) => out.push_str(if *flag { "yes" } else { "no" }),
    }
}

fn write_expression(out: &mut String, expression: &Expression, catalogue: &Catalogue) {
    match expression {
        Expression::And(parts) => {
            let mut after_word = false;
            for (place, part) in parts.iter().enumerate() {
                let is_word = matches!(part, Expression::Word(_));
                if place > 0 {
                    out.push_str(if after_word && is_word { " " } else { " AND " });
                }
                after_word = is_word;
                write_part(out, part, catalogue);
            }
        }
        Expression::Or(parts) => {
            for (place, part) in parts.iter().enumerate() {
                if place > 0 {
                    out.push_str(" OR ");
                }
                match part {
                    Expression::And(_) => write_expression(out, part, catalogue),
                    part => write_part(out, part, catalogue),
                }
            }
        }
        Expression::Not(inner) => {
            out.push_str("NOT ");
            write_part(out, inner, catalogue);
        }
        Expression::Word(word) => out.push_str(&quote_word(word, catalogue)),
        Expression::Test(test) => write_test(out, test, catalogue),
    }
}

/// A part that stands beside others, in parentheses where it would fall apart.
fn write_part(out: &mut String, part: &Expression, catalogue: &Catalogue) {
    let falls_apart = matches!(part, Expression::And(_) | Expression::Or(_));
    if falls_apart {
        out.push('(');
    }
    write_expression(out, part, catalogue);
    if falls_apart {
        out.push(')');
    }
}

fn write_test(out: &mut String, test: &Test, catalogue: &Catalogue) {
    out.push_str(&catalogue.field(test.field).name);
    write_argument(out, test.argument.as_deref());
    match &test.condition {
        Condition::Empty => out.push_str(" IS EMPTY"),
        Condition::NotEmpty => out.push_str(" IS NOT EMPTY"),
        Condition::Compare(comparison, value) => {
            let _ = write!(out, " {} ", comparison.sign());
            write_value(out, value);
        }
        Condition::In(values) => write_list(out, " IN (", values),
        Condition::NotIn(values) => write_list(out, " NOT IN (", values),
    }
}

fn write_list(out: &mut String, lead: &str, values: &[Value]) {
    out.push_str(lead);
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            out.push_str(", ");
        }
        write_value(out, value);
    }
    out.push(')');
}

fn write_argument(out: &mut String, argument: Option<&str>) {
    if let Some(argument) = argument {
        out.push('(');
        write_text(out, argument);
        out.push(')');
    }
}

fn write_date(out: &mut String, date: &DateExpression) {
    let _ = match date {
        DateExpression::Now => write!(out, "now()"),
        DateExpression::Relative(offset) => write_offset(out, *offset),
        DateExpression::Day(day) => write!(out, "{day}"),
        DateExpression::Month(first) => write!(out, "{:04}-{:02}", first.year(), first.month()),
        DateExpression::Local(moment) => write!(out, "{moment}"),
        DateExpression::Instant(instant) => write!(out, "{instant}"),
        DateExpression::Edge { edge, period, shift } => {
            let edge = match edge {
                Edge::Start => "startOf",
                Edge::End => "endOf",
            };
            let period = match period {
                Period::Day => "Day",
                Period::Week => "Week",
                Period::Month => "Month",
                Period::Year => "Year",
            };
            let _ = write!(out, "{edge}{period}(");
            if let Some(shift) = shift {
                let _ = write_offset(out, *shift);
            }
            write!(out, ")")
        }
    };
}

fn write_offset(out: &mut String, offset: Offset) -> std::fmt::Result {
    let sign = if offset.back { '-' } else { '+' };
    write!(out, "{sign}{}{}", offset.length.amount, offset.length.unit.sign())
}

fn write_text(out: &mut String, text: &str) {
    if is_plain(text) { out.push_str(text) } else { write_in_marks(out, text) }
}

fn write_in_marks(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// Whether a text is read back as one word that means nothing else.
fn is_plain(text: &str) -> bool {
    let keyword = ["and", "or", "not", "in", "is", "empty", "null", "order", "by", "asc", "desc"];
    text.starts_with(char::is_alphanumeric)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '+' | '/'))
        && !keyword.contains(&key(text).as_str())
}
