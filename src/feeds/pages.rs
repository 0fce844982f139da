//! The rows of a preview on their way to whoever applies them: read page by page on a thread of its own, which also reads
//! who each row is about, while the page before is written. Rows of a run do not change as long as its lease holds, so it
//! does not matter that they are read outside the transaction that writes.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use feed::person::{Glance, glance};

use crate::nouns::feed_row::FeedRow;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::feed_rows;

/// How many rows are held at a time.
const PAGE: u32 = 10_000;
/// How many pages wait to be written.
const AHEAD: usize = 1;

/// A row, and what lists show of its person; nothing where the row has none.
pub(super) struct Prepared {
    pub(super) row: FeedRow,
    pub(super) glance: Option<Glance>,
}

/// The pages of a run, in order.
pub(super) struct Pages(Receiver<Result<Vec<Prepared>, StoreError>>);

impl Pages {
    /// Begins to read a run's rows.
    ///
    /// # Errors
    /// The machine has no thread left.
    pub(super) fn of(store: &Store, run: i64) -> Result<Pages, StoreError> {
        let store = store.clone();
        let (sender, pages) = sync_channel(AHEAD);
        let read = move || read(&store, run, &sender);
        let begun = thread::Builder::new().name("feed-pages".to_owned()).spawn(read);
        begun.map_err(|error| StoreError::Unreachable { message: error.to_string().into() })?;
        Ok(Pages(pages))
    }

    /// The next page; an empty one at the end.
    ///
    /// # Errors
    /// The database failed, or a row is damaged.
    pub(super) fn next(&self) -> Result<Vec<Prepared>, StoreError> {
        self.0.recv().unwrap_or(Err(StoreError::Closed))
    }
}

fn read(store: &Store, run: i64, sender: &SyncSender<Result<Vec<Prepared>, StoreError>>) {
    let mut after = 0;
    loop {
        let rows = store.read_blocking(move |tx| feed_rows::page(tx, run, after, PAGE));
        let page: Result<Vec<Prepared>, StoreError> = rows.and_then(|rows| rows.into_iter().map(prepared).collect());
        let last = page.as_ref().ok().and_then(|page| page.last()).map(|last| last.row.place);
        // Nobody writes any more, or there is nothing more to write.
        if sender.send(page).is_err() || last.is_none() {
            return;
        }
        after = last.unwrap_or(after);
    }
}

fn prepared(row: FeedRow) -> Result<Prepared, StoreError> {
    let glance = match &row.person {
        Some(text) => Some(glance(text).ok_or(StoreError::Corrupt { statement: "feed_rows.PAGE", column: 10 })?),
        None => None,
    };
    Ok(Prepared { row, glance })
}
