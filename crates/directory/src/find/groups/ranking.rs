//! In which order groups are listed: by one field or several, and always by name at last. A key stays good on every later
//! generation.

use columns::{Order, Ordinal};
use filter::Direction;

use super::field::{Asked, asked, catalogue};
use crate::find::compound::{Part, joined};
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
            several => {
                let parts = several.iter().map(|(by, descending)| Part {
                    key: self.single(*by, group),
                    descending: *descending,
                    missing_last: *descending,
                });
                SortKey::Text(joined(parts).into())
            }
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
}
