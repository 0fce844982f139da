//! Reads a file on a thread of its own, some batches ahead of whoever compares: taking rows apart and making their digests
//! takes about as long as looking everybody up. A batch is used again once it was looked at, so that a file of any length
//! is read in the memory of a few.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::control::{ControlFile, FileSpec};
use crate::digest::Digest;
use crate::read::{BadRecord, FileError, FileProblem, Input, Reader, Remark};
use crate::record::Record;
use crate::transform::plain_username;

/// How many records are handed over at once, and how many batches there are.
const RECORDS: usize = 256;
const BATCHES: usize = 32;
/// About how many bytes a batch holds, beside one record.
const BYTES: usize = 256 << 10;

/// A record with its digests.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) record: Record,
    /// The digest of its username, when that is taken as it was sent.
    pub(super) username: Option<Digest>,
    /// The digest of the record under the control file.
    pub(super) raw: Digest,
    /// Why there is no record.
    bad: Option<BadRecord>,
}

/// Some records; behind the last one stands what was left by a batch before.
#[derive(Default)]
struct Batch {
    records: Vec<Scanned>,
    held: usize,
    bytes: usize,
}

/// What is known of a file once it was read.
pub(super) struct Over {
    /// How many records there were, those that could not be read among them.
    pub(super) records: u64,
    pub(super) remarks: Vec<Remark>,
}

/// What reading a file ended with.
pub(super) enum Ended<E> {
    File(FileError),
    Caller(E),
}

/// Reads a file whose records are numbered from `first` on. `seen` takes each of them, in their order.
pub(super) fn scan<E>(
    (control, spec): (&ControlFile, &FileSpec),
    input: Input<'_>,
    first: u64,
    mut seen: impl FnMut(Result<&Scanned, BadRecord>) -> Result<(), E>,
) -> Result<Over, Ended<E>> {
    thread::scope(|scope| {
        let (full, batches) = sync_channel(BATCHES);
        let (back, empty) = sync_channel(BATCHES);
        for _ in 0..BATCHES {
            // There is room for all of them.
            let _ = back.send(Batch::default());
        }
        let read = || read((control, spec), input, first, (full, empty));
        let reading = thread::Builder::new().name("feed-records".to_owned()).spawn_scoped(scope, read);
        let reading = reading
            .map_err(|error| Ended::File(FileError { line: 1, problem: FileProblem::Unreadable(error.to_string()) }))?;
        let mut told = Ok(());
        'batches: for mut batch in &batches {
            for scanned in batch.records.iter_mut().take(batch.held) {
                told = match scanned.bad.take() {
                    Some(bad) => seen(Err(bad)),
                    None => seen(Ok(scanned)),
                };
                if told.is_err() {
                    break 'batches;
                }
            }
            // Behind the last batch nobody takes it.
            let _ = back.send(batch);
        }
        // Whoever reads stops as well, whichever of the two it waits for.
        drop((batches, back));
        let over = reading.join().unwrap_or_else(|panic| resume_unwind(panic));
        told.map_err(Ended::Caller)?;
        over.map_err(Ended::File)
    })
}

/// Reads a file into the batches that come back. It ends early when nobody wants them any more.
fn read(
    (control, spec): (&ControlFile, &FileSpec),
    input: Input<'_>,
    first: u64,
    (full, empty): (SyncSender<Batch>, Receiver<Batch>),
) -> Result<Over, FileError> {
    let mut reader = Reader::open(control, spec, input, first)?;
    let (digest, mut scratch) = (control.digest(), Vec::new());
    while let Ok(used) = empty.recv() {
        // What was larger than usual is not kept for what comes.
        let records = if used.bytes < BYTES { used.records } else { Vec::new() };
        let mut batch = Batch { records, held: 0, bytes: 0 };
        let ended = loop {
            if batch.held == RECORDS || batch.bytes >= BYTES {
                break Ok(false);
            }
            if batch.records.len() == batch.held {
                batch.records.push(Scanned::default());
            }
            let Some(scanned) = batch.records.get_mut(batch.held) else { break Ok(false) };
            match reader.next_into(&mut scanned.record) {
                Ok(None) => break Ok(true),
                Ok(Some(Ok(()))) => {
                    scanned.username = plain_username(control, &scanned.record, &mut scratch);
                    scanned.raw = scanned.record.digest(digest, &mut scratch);
                    // What a digest is made of is about as long as the record.
                    batch.bytes += scratch.len();
                }
                Ok(Some(Err(bad))) => scanned.bad = Some(bad),
                // What stands before it is looked at all the same.
                Err(error) => break Err(error),
            }
            batch.held += 1;
        };
        let wanted = full.send(batch).is_ok();
        if ended? || !wanted {
            break;
        }
    }
    Ok(Over { records: reader.count(), remarks: reader.remarks().to_vec() })
}
