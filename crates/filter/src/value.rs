//! One written value, read as what its field holds. Pure text in, typed value or problem out; no tokens, no places.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use crate::catalogue::{Kind, Word, key};
use crate::date::{DateExpression, Edge, Length, Offset, Period, Unit};
use crate::nearest::nearest;
use crate::problem::Problem;
use crate::query::Value;
use crate::show::quote;

/// The functions that make dates, as they are written.
pub(crate) const FUNCTIONS: [&str; 9] = [
    "now",
    "startOfDay",
    "startOfWeek",
    "startOfMonth",
    "startOfYear",
    "endOfDay",
    "endOfWeek",
    "endOfMonth",
    "endOfYear",
];

/// A value, and what is to be said about it although it was understood.
pub(crate) type Read = Result<(Value, Option<Problem>), Problem>;

/// Reads a text as a value of a field's kind.
pub(crate) fn read(kind: &Kind, field: &str, text: &str) -> Read {
    if text.trim().is_empty() {
        return Err(Problem::EmptyText);
    }
    match kind {
        Kind::Text | Kind::Open { .. } => Ok((Value::Text(text.to_owned()), None)),
        Kind::Closed(words) => word(words, field, text).map(|word| (Value::Text(word), None)),
        Kind::Flag => match key(text).as_str() {
            "yes" | "true" | "on" => Ok((Value::Flag(true), None)),
            "no" | "false" | "off" => Ok((Value::Flag(false), None)),
            _ => Err(Problem::NotYesOrNo { field: field.to_owned(), value: text.to_owned() }),
        },
        Kind::Number => {
            let number = text.trim().parse().map_err(|_| Problem::NotANumber { value: text.to_owned() })?;
            Ok((Value::Number(number), None))
        }
        Kind::Duration => duration(text),
        Kind::Instant => date(text.trim()).map(|(date, said)| (Value::Date(date), said)),
    }
}

/// The word of a closed vocabulary that a text names.
pub(crate) fn word(words: &[Word], field: &str, text: &str) -> Result<String, Problem> {
    let wanted = key(text);
    let names = |word: &Word| key(&word.word) == wanted || word.aliases.iter().any(|alias| key(alias) == wanted);
    if let Some(word) = words.iter().find(|word| names(word)) {
        return Ok(word.word.to_string());
    }
    let all = words.iter().flat_map(|word| std::iter::once(&word.word).chain(&word.aliases));
    let suggestion = nearest(text, all.map(AsRef::as_ref)).map(quote);
    let listed: Vec<&str> = words.iter().map(|word| word.word.as_ref()).collect();
    let words = listed.join(", ");
    Err(Problem::UnknownWord { field: field.to_owned(), value: text.to_owned(), suggestion, words })
}

fn duration(text: &str) -> Read {
    let text = text.trim();
    if let Some((length, said)) = length(text)? {
        return Ok((Value::Duration(length), said));
    }
    match text.parse() {
        Ok(amount) if amount <= Unit::Day.most() => {
            let said = Problem::LengthWithoutUnit { value: text.to_owned() };
            Ok((Value::Duration(Length { amount, unit: Unit::Day }), Some(said)))
        }
        Ok(_) => Err(Problem::TooFar { value: text.to_owned() }),
        Err(_) => Err(Problem::NotALength { value: text.to_owned() }),
    }
}

/// A number and a unit, as `90d`; nothing when the text is no such thing.
fn length(text: &str) -> Result<Option<(Length, Option<Problem>)>, Problem> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (amount, sign) = text.split_at(digits);
    let unit = match sign {
        "h" | "H" => Unit::Hour,
        "d" | "D" => Unit::Day,
        "w" | "W" => Unit::Week,
        "M" | "mo" | "MO" | "m" => Unit::Month,
        "y" | "Y" => Unit::Year,
        _ => return Ok(None),
    };
    if digits == 0 {
        return Ok(None);
    }
    let amount = amount.parse().ok().filter(|amount| *amount <= unit.most());
    let amount = amount.ok_or_else(|| Problem::TooFar { value: text.to_owned() })?;
    let said = (sign == "m").then(|| Problem::MinutesOrMonths { value: text.to_owned() });
    Ok(Some((Length { amount, unit }, said)))
}

/// A signed length, as `-90d`; nothing when the text is no such thing.
fn offset(text: &str) -> Result<Option<(Offset, Option<Problem>)>, Problem> {
    let (back, rest) = match (text.strip_prefix('-').or_else(|| text.strip_prefix('−')), text.strip_prefix('+')) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Ok(None),
    };
    let Some((length, said)) = length(rest)? else { return Ok(None) };
    // The sign is said too, so that what replaces the text is whole.
    let said = said.map(|_| Problem::MinutesOrMonths { value: text.to_owned() });
    Ok(Some((Offset { back: back && length.amount > 0, length }, said)))
}

fn date(text: &str) -> Result<(DateExpression, Option<Problem>), Problem> {
    if let Some((offset, said)) = offset(text)? {
        return Ok((DateExpression::Relative(offset), said));
    }
    if length(text)?.is_some() {
        return Err(Problem::DateWithoutSign { value: text.to_owned() });
    }
    if key(text) == "now" {
        return Ok((DateExpression::Now, None));
    }
    let shape = shape(text);
    let date = if shape == "0000-00" {
        format!("{text}-01").parse().ok().map(DateExpression::Month)
    } else if shape == "0000-00-00" {
        text.parse().ok().map(DateExpression::Day)
    } else if shape.starts_with("0000-00-00") && text.as_bytes().get(10).is_some_and(|c| b"Tt ".contains(c)) {
        moment(text)
    } else {
        return Err(Problem::NotADate { value: text.to_owned() });
    };
    let date = date.filter(in_calendar).ok_or_else(|| Problem::NoSuchDate { value: text.to_owned() })?;
    Ok((date, None))
}

fn moment(text: &str) -> Option<DateExpression> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(DateExpression::Instant(instant));
    }
    text.parse::<DateTime>().ok().map(DateExpression::Local)
}

/// The years of four digits, but for the first and the last, which some zones push over the edge of the calendar.
fn in_calendar(date: &DateExpression) -> bool {
    let date: Date = match date {
        DateExpression::Day(date) | DateExpression::Month(date) => *date,
        DateExpression::Local(moment) => moment.date(),
        DateExpression::Instant(instant) => instant.to_zoned(jiff::tz::TimeZone::UTC).date(),
        _ => return true,
    };
    (1..9999).contains(&date.year())
}

/// The text with every digit as `0`, which shows how it is built.
fn shape(text: &str) -> String {
    text.chars().take(24).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// Reads a function call, as `startOfMonth(-1M)`; `inside` is what stands between its parentheses.
pub(crate) fn call(name: &str, inside: Option<&str>) -> Result<(DateExpression, Option<Problem>), Problem> {
    let Some(place) = FUNCTIONS.iter().position(|function| key(function) == key(name)) else {
        let suggestion = nearest(name, FUNCTIONS).map(|function| format!("{function}()"));
        return Err(Problem::UnknownFunction { name: name.to_owned(), suggestion });
    };
    let bad = |value: &str| Problem::BadShift { value: value.to_owned() };
    let Some(before) = place.checked_sub(1) else {
        return match inside {
            None => Ok((DateExpression::Now, None)),
            Some(inside) => Err(bad(inside)),
        };
    };
    let edge = if before < 4 { Edge::Start } else { Edge::End };
    let period = [Period::Day, Period::Week, Period::Month, Period::Year][before % 4];
    let (mut shift, mut said) = (None, None);
    if let Some(inside) = inside {
        // A number alone counts in the function's own period: startOfMonth(-1) is the month before.
        let own = format!("{inside}{}", period.unit().sign());
        let found = match offset(inside)? {
            Some(found) => Some(found),
            None => offset(&own)?,
        };
        let (found, told) = found.ok_or_else(|| bad(inside))?;
        (shift, said) = (Some(found), told);
    }
    Ok((DateExpression::Edge { edge, period, shift }, said))
}
