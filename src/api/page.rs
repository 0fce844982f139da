//! Pages of a list by key: how many rows, and the cursor to those after them.
//!
//! A cursor names a place by what the list is sorted by, not by a position, so it stays good on every later generation.
//! It belongs to one question: with another filter or order it is refused instead of leading somewhere else.

use sha2::{Digest, Sha256};

use crate::api::problem::{Kind, Problem};
use crate::mirror::listing::Cursor;

/// Rows of a page where nobody says how many.
pub(crate) const USUAL: usize = 100;
/// Rows of a page at the most.
pub(crate) const MOST: usize = 1_000;

/// How many rows are asked for.
pub(crate) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(_) => {
            let detail = format!("The parameter “limit” is a number from 1 to {MOST}.");
            Err(Problem::new(Kind::Parameter, detail, "Ask for less at once, and follow `next`."))
        }
    }
}

/// A place in a list as a program carries it.
pub(crate) fn write(question: &str, place: &str) -> String {
    let letters: String = place.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{}{letters}", digest(question))
}

/// The place that [`write`] wrote of the same question.
pub(crate) fn read(question: &str, cursor: &str) -> Result<String, Problem> {
    let digest = digest(question);
    let wrong = || {
        let detail = "The cursor was not given out for this list with this filter and order.";
        Problem::new(Kind::Cursor, detail, "Begin without a cursor, and take each next one from `next`.")
    };
    let letters = cursor.strip_prefix(&digest).ok_or_else(wrong)?;
    let pairs = letters.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    bytes.collect::<Option<Vec<u8>>>().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(wrong)
}

/// The same for a list that is sorted by keys.
pub(crate) fn read_keyed(question: &str, cursor: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = read(question, cursor)?;
    let wrong = || Problem::new(Kind::Cursor, "The cursor cannot be read.", "Begin without a cursor.");
    Cursor::parse(&place).map(Some).ok_or_else(wrong)
}

/// What ties a cursor to its question.
fn digest(question: &str) -> String {
    Sha256::digest(question.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_for_its_own_question_alone() {
        for place in ["", "12", "3tmüller", "7n-5"] {
            let cursor = write("people by name", place);
            assert!(cursor.bytes().all(|byte| byte.is_ascii_hexdigit()), "{cursor}");
            assert_eq!(read("people by name", &cursor).unwrap(), place);
            assert!(read("people by added", &cursor).is_err());
            assert!(read("people by name", &format!("{cursor}x")).is_err());
        }
        for nonsense in ["", "x", "zz", "+f"] {
            assert!(read("people by name", nonsense).is_err());
        }
    }
}
