//! In which order groups are listed: by one field or several, and always by name at last. A key stays good on every later
//! generation.

use std::fmt::Write as _;

use columns::{Order, Ordinal};
use filter::Direction;

use super::field::{Asked, asked, catalogue};
use crate::find::ranking::SortKey;
use crate::snapshot::Snapshot;

/// An order of groups.
#[derive(Debug)]
pub struct Ranking<'s> {
    snapshot: &'s Snapshot,
    fields: Vec<(Asked, bool)>,
}

impl<'s> Ranking<'s> {
    /// By what a query says; by name where it says nothing.
    pub fn of(snapshot: &'s Snapshot, order: &[filter::Order]) -> Ranking<'s> {
        let ranked = |order: &filter::Order| {
            let by = asked(order.field).filter(|_| catalogue().field(order.field).sortable)?;
            Some((by, order.direction == Direction::Descending))
        };
        let mut fields: Vec<(Asked, bool)> = order.iter().filter_map(ranked).collect();
        if fields.is_empty() {
            fields.push((Asked::Name, false));
        }
        Ranking { snapshot, fields }
    }

    /// Whether the order is to be walked from the greatest to the least. An order by several fields never is: each
    /// field's direction is in its keys.
    pub fn descending(&self) -> bool {
        matches!(&*self.fields, [(_, true)])
    }

    /// What a group is ordered by.
    pub fn key(&self, group: Ordinal) -> SortKey<'s> {
        match &*self.fields {
            [(by, _)] => self.single(*by, group),
            several => SortKey::Text(self.several(several, group).into()),
        }
    }

    /// All groups that exist, in increasing order of key, then ordinal.
    pub fn order(&self) -> Order {
        let mut keyed: Vec<(SortKey<'s>, Ordinal)> =
            self.snapshot.groups_by_name().iter().map(|group| (self.key(group), group)).collect();
        keyed.sort_unstable();
        Order::of_sorted(keyed.into_iter().map(|(_, group)| group))
    }

    fn single(&self, by: Asked, group: Ordinal) -> SortKey<'s> {
        let number = |number: Option<i64>| number.map_or(SortKey::Missing, SortKey::Number);
        match by {
            Asked::Members => number(i64::try_from(self.snapshot.memberships.members(group).len()).ok()),
            Asked::FirstSeen => number(self.snapshot.groups_first_seen.get(group as usize).copied().flatten()),
            _ => match self.snapshot.group_row(group) {
                Some(row) => SortKey::Text(std::borrow::Cow::Borrowed(&*row.folded_name)),
                None => SortKey::Missing,
            },
        }
    }

    /// The keys of a group as one text of hexadecimal digits that sorts like them, each in its own direction.
    fn several(&self, fields: &[(Asked, bool)], group: Ordinal) -> String {
        let mut written = String::new();
        for (by, descending) in fields {
            let mut bytes = Vec::new();
            match self.single(*by, group) {
                SortKey::Missing => {
                    written.push_str(if *descending { "ff" } else { "00" });
                    continue;
                }
                SortKey::Number(number) => bytes.extend((number ^ i64::MIN).to_be_bytes()),
                SortKey::Text(text) => {
                    for byte in text.bytes() {
                        bytes.push(byte);
                        if byte == 0 {
                            bytes.push(0xff);
                        }
                    }
                    bytes.extend([0, 0]);
                }
            }
            written.push_str("01");
            for byte in bytes {
                // Writing to a text cannot fail.
                let _ = write!(written, "{:02x}", if *descending { !byte } else { byte });
            }
        }
        written
    }
}
