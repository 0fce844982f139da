//! Tests of words and names: which people have a value, out of the people of every value. It never looks at one person.

use filter::{Comparison, Condition, Value};
use roaring::RoaringBitmap;

use crate::find::truth::Truth;

/// How a value is compared with what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is the same.
    Whole,
    /// It has it in it.
    Part,
}

/// Whether having no value is knowing nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Without {
    /// Whoever has no value has none: no test of equality holds, and the opposite of each does.
    None,
    /// Whoever has no value may have any.
    Unknown,
}

/// Answers a condition: `any` are the people with a value, `find` finds those with a value that matches.
pub fn choose(
    condition: &Condition,
    (any, without): (&RoaringBitmap, Without),
    within: &RoaringBitmap,
    find: impl Fn(&str, Match) -> RoaringBitmap,
) -> Truth {
    let among = |values: &[Value], how| {
        let texts = values.iter().filter_map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        });
        let yes = texts.fold(RoaringBitmap::new(), |all, text| all | find(text, how)) & within;
        match without {
            Without::None => Truth::known(yes),
            Without::Unknown => Truth::of(yes, any, within),
        }
    };
    let one = |value: &Value, how| among(std::slice::from_ref(value), how);
    match condition {
        Condition::Empty => Truth::known(within - any),
        Condition::NotEmpty => Truth::known(within & any),
        Condition::In(values) => among(values, Match::Whole),
        Condition::NotIn(values) => among(values, Match::Whole).not(within),
        Condition::Compare(Comparison::Equal, value) => one(value, Match::Whole),
        Condition::Compare(Comparison::NotEqual, value) => one(value, Match::Whole).not(within),
        Condition::Compare(Comparison::Contains, value) => one(value, Match::Part),
        Condition::Compare(Comparison::ContainsNot, value) => one(value, Match::Part).not(within),
        // Words have no order; the language does not offer it.
        Condition::Compare(_, _) => Truth::unknown(within),
    }
}

/// Answers a condition on yes or no, known of `known`.
pub fn flag(condition: &Condition, yes: &RoaringBitmap, known: &RoaringBitmap, within: &RoaringBitmap) -> Truth {
    let is = |wanted: bool| {
        let truth = Truth::of(yes & within, known, within);
        if wanted { truth } else { truth.not(within) }
    };
    match condition {
        Condition::Empty => Truth::known(within - known),
        Condition::NotEmpty => Truth::known(within & known),
        Condition::Compare(Comparison::Equal, Value::Flag(wanted)) => is(*wanted),
        Condition::Compare(Comparison::NotEqual, Value::Flag(wanted)) => is(!*wanted),
        Condition::Compare(..) | Condition::In(_) | Condition::NotIn(_) => Truth::unknown(within),
    }
}

/// Answers a condition on a number that everybody has.
pub fn number(condition: &Condition, range: impl Fn(i64, i64) -> RoaringBitmap, within: &RoaringBitmap) -> Truth {
    let any = |values: &[Value]| {
        let numbers = values.iter().filter_map(|value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        });
        Truth::known(numbers.fold(RoaringBitmap::new(), |all, number| all | range(number, number)) & within)
    };
    match condition {
        Condition::Empty => Truth::default(),
        Condition::NotEmpty => Truth::known(within.clone()),
        Condition::In(values) => any(values),
        Condition::NotIn(values) => any(values).not(within),
        Condition::Compare(comparison, Value::Number(number)) => {
            let (from, to) = match comparison {
                Comparison::Equal | Comparison::NotEqual => (*number, *number),
                // A limit one past the end of all numbers leaves nobody, which is what it should.
                Comparison::Less => (i64::MIN, number.saturating_sub(1)),
                Comparison::AtMost => (i64::MIN, *number),
                Comparison::Greater => (number.saturating_add(1), i64::MAX),
                Comparison::AtLeast => (*number, i64::MAX),
                Comparison::Contains | Comparison::ContainsNot => return Truth::unknown(within),
            };
            let truth = Truth::known(range(from, to) & within);
            if *comparison == Comparison::NotEqual { truth.not(within) } else { truth }
        }
        Condition::Compare(..) => Truth::unknown(within),
    }
}
