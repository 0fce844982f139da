//! In which order contacts and companies are listed: by one field or several, and by number at last. A key stays good on
//! every later version.

use std::borrow::Cow;
use std::sync::Arc;

use columns::{Order, Ordinal};
use directory::find::SortKey;
use directory::find::compound::{Part, joined};
use filter::Direction;

use super::fields::Asked;
use super::{Board, Custom, Tables};
use crate::field::Entity;

/// An order of contacts or companies.
#[derive(Debug)]
pub struct Ranking<'t> {
    tables: &'t Tables,
    board: &'t Board,
    fields: Vec<(Asked, bool)>,
}

impl<'t> Ranking<'t> {
    /// By what a query says; by name where it says nothing.
    pub fn of(tables: &'t Tables, entity: Entity, order: &[filter::Order]) -> Ranking<'t> {
        let board = tables.of(entity);
        let ranked = |order: &filter::Order| {
            let by = board.asked(order.field).filter(|_| board.catalogue.field(order.field).sortable)?;
            Some((by, order.direction == Direction::Descending))
        };
        let mut fields: Vec<(Asked, bool)> = order.iter().filter_map(ranked).collect();
        if fields.is_empty() {
            fields.push((Asked::Name, false));
        }
        Ranking { tables, board, fields }
    }

    /// Whether the order is to be walked from the greatest to the least. An order by several fields never is: each
    /// field's direction is in its keys.
    pub fn descending(&self) -> bool {
        matches!(&*self.fields, [(_, true)])
    }

    /// Whether rows without a key come last whichever way it goes.
    pub fn missing_last(&self) -> bool {
        matches!(&*self.fields, [(by, _)] if !matches!(by, Asked::Name | Asked::Contacts))
    }

    /// What a row is ordered by.
    pub fn key(&self, row: Ordinal) -> SortKey<'t> {
        match &*self.fields {
            [(by, _)] => self.single(*by, row),
            several => {
                let parts = several.iter().map(|(by, descending)| Part {
                    key: self.single(*by, row),
                    descending: *descending,
                    missing_last: true,
                });
                SortKey::Text(joined(parts).into())
            }
        }
    }

    /// Everything that is there, in increasing order of key, then number.
    pub fn order(&self) -> Arc<Order> {
        let board = self.board;
        let build = || {
            let mut keyed: Vec<(SortKey<'t>, Ordinal)> = board.live.iter().map(|row| (self.key(row), row)).collect();
            keyed.sort_unstable();
            Order::of_sorted(keyed.into_iter().map(|(_, row)| row))
        };
        match &*self.fields {
            [(Asked::Name, _)] => Arc::new(board.by_name.clone()),
            // How many contacts a company has changes with the contacts.
            [(Asked::Contacts, _)] => Arc::new(build()),
            [(by, _)] => board.remembered(*by, build),
            _ => Arc::new(build()),
        }
    }

    fn single(&self, by: Asked, row: Ordinal) -> SortKey<'t> {
        let board = self.board;
        let text = |text: Option<&'t str>| text.map_or(SortKey::Missing, |text| SortKey::Text(Cow::Borrowed(text)));
        let number = |number: Option<i64>| number.map_or(SortKey::Missing, SortKey::Number);
        match by {
            Asked::Address => text(board.addresses.get(row)),
            Asked::Created => number(board.created.get(row)),
            Asked::Changed => number(board.changed.get(row)),
            Asked::Contacts => number(i64::try_from(self.tables.contacts_of(row)).ok()),
            Asked::Status => text(board.statuses.first(row)),
            Asked::Custom(place) => match board.custom.get(place) {
                Some(Custom::Text(column)) => text(column.get(row)),
                Some(Custom::Number(column)) => number(column.get(row)),
                None => SortKey::Missing,
            },
            _ => text(board.names.get(row)),
        }
    }
}
