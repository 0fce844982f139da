//! A JSON number as text: integers digit by digit, everything else as the shortest text of its value. It never rounds an
//! integer: an id of twenty digits is compared and shown as it was sent.

/// A finite number in its canonical text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Box<str>);

/// As many digits as a number may have; longer ones are somebody's mistake.
const MAX_DIGITS: usize = 400;

impl Number {
    /// The number of a token of JSON. None when it has no finite value or is written with too many digits.
    pub(super) fn of_token(token: &str) -> Option<Number> {
        if token.len() > MAX_DIGITS {
            return None;
        }
        if token.contains(['.', 'e', 'E']) {
            return Number::of(token.parse().ok()?);
        }
        Some(Number(if token == "-0" { "0".into() } else { token.into() }))
    }

    /// The number of a value; none when it is not finite.
    pub fn of(value: f64) -> Option<Number> {
        let value = if value == 0.0 { 0.0 } else { value };
        value.is_finite().then(|| Number(value.to_string().into()))
    }

    /// Its canonical text, which is what it becomes where a text is wanted.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Its value, rounded to what a float can hold.
    pub fn value(&self) -> f64 {
        self.0.parse().unwrap_or_default()
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Number {
        Number(value.to_string().into())
    }
}
