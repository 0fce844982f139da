//! An operation's rows as text, for files and commands: read from the database page by page while it is written, so that an
//! operation of any length needs little memory.

use std::sync::Arc;

use directory::Snapshot;
use tokio::sync::mpsc;

use crate::mirror::Mirror;
use crate::mirror::export::{Form, harmless};
use crate::nouns::operation::Operation;
use crate::operations::report::{COLUMNS, NamedRow, action_of, head, item, named, status};
use crate::store::error::StoreError;
use crate::store::operation_rows::{self, Filter};

/// Rows that are read from the store, and written, at once.
const PAGE: u32 = 1_000;

/// A text on its way out, in pieces; all together they are the whole.
#[derive(Debug)]
pub struct Text {
    mirror: Mirror,
    operation: Operation,
    snapshot: Arc<Snapshot>,
    filter: Filter,
    form: Form,
    stage: Stage,
}

/// How far it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unbegun,
    /// Up to the row at this place; whether there was any.
    After(u64, bool),
    Ended,
}

/// The rows of an operation that a filter lets through, with the names of the newest generation. As JSON they are an object
/// with the operation itself and its rows in `items`; as lines, an object for each.
pub fn text(mirror: &Mirror, operation: &Operation, (filter, form): (Filter, Form)) -> Text {
    let (mirror, operation) = (mirror.clone(), operation.clone());
    Text { snapshot: mirror.current(), mirror, operation, filter, form, stage: Stage::Unbegun }
}

impl Text {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next(&mut self) -> Result<Option<String>, StoreError> {
        match self.stage {
            Stage::Unbegun => {
                self.stage = Stage::After(0, false);
                Ok(Some(self.beginning()))
            }
            Stage::After(after, any) => {
                let (number, filter) = (self.operation.number, self.filter.clone());
                let read = self.mirror.store().read(move |tx| operation_rows::page(tx, number, &filter, (after, PAGE)));
                let page = read.await?;
                let Some(last) = page.last() else {
                    self.stage = Stage::Ended;
                    return Ok(Some(self.end().to_owned()));
                };
                self.stage = Stage::After(last.seq, true);
                let rows: Vec<NamedRow> = page.into_iter().map(|row| named(row, &self.snapshot)).collect();
                Ok(Some(self.written(&rows, any)))
            }
            Stage::Ended => Ok(None),
        }
    }

    /// The pieces as they are made, for whoever sends them on. One waits while the one before is sent.
    pub fn arriving(mut self) -> mpsc::Receiver<Result<Vec<u8>, StoreError>> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(piece) = self.next().await.transpose() {
                let broken = piece.is_err();
                // Nobody takes it any more, or there is nothing more to give.
                if sender.send(piece.map(String::into_bytes)).await.is_err() || broken {
                    return;
                }
            }
        });
        receiver
    }

    fn beginning(&self) -> String {
        match self.form {
            Form::Csv => lines([COLUMNS.map(str::to_owned)]),
            // The rows stand last in the object, so that they need not be held together.
            Form::Json => {
                let head = head(&self.operation, &self.snapshot).to_string();
                format!("{},\"items\":[", head.strip_suffix('}').unwrap_or(&head))
            }
            Form::JsonLines => String::new(),
        }
    }

    fn written(&self, rows: &[NamedRow], any: bool) -> String {
        let item = |row| item(&self.operation, row).to_string();
        match self.form {
            Form::Csv => lines(rows.iter().map(|row| cells(&self.operation, row).map(harmless))),
            Form::Json => {
                let items: Vec<String> = rows.iter().map(item).collect();
                format!("{}\n{}", if any { "," } else { "" }, items.join(",\n"))
            }
            Form::JsonLines => rows.iter().map(|row| item(row) + "\n").collect(),
        }
    }

    fn end(&self) -> &'static str {
        if self.form == Form::Json { "\n]}\n" } else { "" }
    }
}

/// A row under [`COLUMNS`]; no cell is made harmless yet.
pub fn cells(operation: &Operation, row: &NamedRow) -> [String; COLUMNS.len()] {
    [
        row.row.seq.to_string(),
        row.account_id.clone(),
        row.name.clone(),
        row.email.clone().unwrap_or_default(),
        action_of(operation, row).to_owned(),
        row.row.change.kind().to_owned(),
        row.target.clone(),
        row.target_id.clone(),
        row.before.to_owned(),
        row.after.to_owned(),
        status(&row.row).to_owned(),
        row.row.why.as_ref().map_or_else(String::new, |why| why.code.clone()),
        row.row.attempts.to_string(),
        row.row.ended_at.map_or_else(String::new, |at| at.to_string()),
    ]
}

fn lines(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> String {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).expect("memory takes every write, and all rows are arrays of one length");
    }
    String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
}
