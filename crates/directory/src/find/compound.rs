//! Orders by several fields: the keys of one person written as one text that sorts like them, and everybody in that
//! order. Whoever has no value comes where the order by that field alone puts them.

use std::fmt::Write;

use columns::{Order, Ordinal};

use crate::find::ranking::{Ranked, SortKey};

/// The keys of one person as one text of hexadecimal digits; comparing two texts compares field after field, each in
/// its own direction.
pub(crate) fn key(fields: &[Ranked<'_>], account: Ordinal) -> String {
    joined(fields.iter().map(|field| Part {
        key: field.key(account),
        descending: field.descending,
        missing_last: comes_last(field),
    }))
}

/// One of several keys.
#[derive(Clone, Debug)]
pub struct Part<'s> {
    /// The key alone.
    pub key: SortKey<'s>,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Whether a missing key comes after all others.
    pub missing_last: bool,
}

/// Several keys as one text, likewise.
pub fn joined<'s>(parts: impl Iterator<Item = Part<'s>>) -> String {
    let mut written = String::new();
    for part in parts {
        let mut bytes = Vec::new();
        match part.key {
            SortKey::Missing => {
                written.push_str(if part.missing_last { "ff" } else { "00" });
                continue;
            }
            // With the sign turned over, the bytes of numbers sort like the numbers.
            SortKey::Number(number) => bytes.extend((number ^ i64::MIN).to_be_bytes()),
            SortKey::Text(text) => {
                for byte in text.bytes() {
                    bytes.push(byte);
                    if byte == 0 {
                        bytes.push(0xff);
                    }
                }
                // An end that sorts before everything that may follow, so that a text comes before its continuations.
                bytes.extend([0, 0]);
            }
        }
        written.push_str("01");
        for byte in bytes {
            let byte = if part.descending { !byte } else { byte };
            // Writing to a text cannot fail.
            let _ = write!(written, "{byte:02x}");
        }
    }
    written
}

/// Everybody in the order of [`key`], then of ordinals.
pub(crate) fn order(fields: &[Ranked<'_>]) -> Order {
    let mut sorted: Vec<(u64, Ordinal)> = Vec::new();
    for field in fields {
        let ranks = ranks(field);
        // Those who are equal so far share a rank, and the next field tells them apart.
        let mut so_far = vec![0_u32; ranks.len()];
        let mut rank = 0;
        for pair in sorted.windows(2) {
            rank += u32::from(pair[0].0 != pair[1].0);
            so_far[pair[1].1 as usize] = rank;
        }
        let both = (0..).zip(ranks.iter().zip(&so_far));
        sorted = both.map(|(row, (next, before))| (u64::from(*before) << 32 | u64::from(*next), row)).collect();
        sorted.sort_unstable();
    }
    Order::of_sorted(sorted.into_iter().map(|(_, row)| row))
}

/// The rank of everybody by one field in its direction; equals share one.
fn ranks(field: &Ranked<'_>) -> Vec<u32> {
    let order = field.order();
    let mut ranks = vec![0; order.len()];
    let (mut rank, mut before) = (0_u32, None);
    for row in order.iter() {
        let key = field.key(row);
        let missing = key == SortKey::Missing;
        if before.as_ref().is_some_and(|before| *before != key) {
            rank += 1;
        }
        before = Some(key);
        // There are fewer ranks than ordinals, and an ordinal is less than the greatest number.
        let directed = if field.descending { u32::MAX - 1 - rank } else { rank };
        ranks[row as usize] = if missing && comes_last(field) { u32::MAX } else { directed };
    }
    ranks
}

fn comes_last(field: &Ranked<'_>) -> bool {
    field.descending || field.missing_last
}
