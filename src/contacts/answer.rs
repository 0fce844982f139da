//! A filter's text about contacts or companies, answered from their tables: what was understood, what has to be said about
//! it, and which records it finds.

use std::sync::Arc;

use contact::board::{Ranking, Tables, Vocabulary, evaluate};
use contact::field::Entity;
use directory::find::Found;
use filter::{Diagnostic, Query};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::mirror::Mirror;
use crate::mirror::listing::{Cursor, Key, Slice, Turn, Walk};
use crate::nouns::contact::Record;
use crate::store::contact_records;
use crate::store::error::StoreError;

/// What came of a filter.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The tables that were asked.
    pub tables: Arc<Tables>,
    /// What was asked about.
    pub entity: Entity,
    /// What was understood.
    pub query: Query,
    /// What has to be said, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether a part of the text is not in the query: it then asks something else than was written.
    pub has_errors: bool,
    /// What it finds.
    pub found: Found,
}

/// Answers a filter. Relative dates count from `now`.
pub fn answer(tables: &Arc<Tables>, (entity, text): (Entity, &str), (now, zone): (Timestamp, &TimeZone)) -> Answered {
    let catalogue = tables.of(entity).catalogue();
    let parsed = filter::parse_with(text, catalogue, &Vocabulary::of(tables, entity));
    let has_errors = parsed.has_errors();
    // Of a text of which nothing is left to ask, nothing is the answer, not everything.
    let found = match has_errors && parsed.query.expression.is_none() {
        true => Found::default(),
        false => evaluate(tables, entity, &parsed.query, (now, zone)),
    };
    let tables = Arc::clone(tables);
    Answered { tables, entity, has_errors, query: parsed.query, diagnostics: parsed.diagnostics, found }
}

impl Answered {
    /// The canonical form of what was understood.
    pub fn canonical(&self) -> String {
        filter::show(&self.query, self.tables.of(self.entity).catalogue())
    }

    /// How many of what it finds an account keeps.
    pub fn synced(&self) -> u64 {
        match self.entity {
            Entity::Contact => self.found.matching.intersection_len(self.tables.contacts.synced()),
            Entity::Company => 0,
        }
    }

    /// One page of what it finds, in an order.
    pub(crate) fn slice(&self, order: &[filter::Order], turn: &Turn, limit: usize) -> Slice {
        let ranking = Ranking::of(&self.tables, self.entity, order);
        let key = |row: u32| Key::from(ranking.key(row));
        let order = ranking.order();
        let walk =
            Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: ranking.missing_last() };
        walk.slice(&self.found.matching, turn, limit)
    }

    /// At most `limit` of what it finds after a place in an order, and where the rows after them begin.
    pub(crate) fn after(
        &self,
        order: &[filter::Order],
        place: Option<&Cursor>,
        limit: usize,
    ) -> (Vec<u32>, Option<Cursor>) {
        let ranking = Ranking::of(&self.tables, self.entity, order);
        let key = |row: u32| Key::from(ranking.key(row));
        let order = ranking.order();
        let walk =
            Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: ranking.missing_last() };
        walk.after(&self.found.matching, place, limit)
    }

    /// The first rows of what it finds, in its own order.
    pub fn first(&self, limit: usize) -> Vec<u32> {
        self.slice(&self.query.order, &Turn::First, limit).rows
    }

    /// All that it finds, in its own order.
    pub fn all(&self) -> Vec<u32> {
        let ranking = Ranking::of(&self.tables, self.entity, &self.query.order);
        let order = ranking.order();
        let in_order = order.iter().filter(|row| self.found.matching.contains(*row));
        if ranking.descending() { in_order.rev().collect() } else { in_order.collect() }
    }
}

/// Records by their numbers, in that order; those that are gone by now are left out.
pub async fn records(mirror: &Mirror, entity: Entity, numbers: &[u32]) -> Result<Vec<Record>, StoreError> {
    let numbers = numbers.to_vec();
    let read = mirror.store().read(move |tx| {
        let mut records = Vec::with_capacity(numbers.len());
        for number in numbers {
            records.extend(contact_records::of_number(tx, entity, number)?.filter(Record::is_live));
        }
        Ok(records)
    });
    read.await
}
