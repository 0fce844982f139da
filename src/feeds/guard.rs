//! Why a run waits for a person: what the pure comparison found, in the words that runs keep, and what the files alone
//! say against those of the run applied last.

use std::collections::BTreeMap;

use feed::control::{ControlFile, check};
use feed::difference::{Delivered, Guards, Hold, Threshold, delivery_holds};
use jiff::Timestamp;

use crate::feeds::bodies;
use crate::nouns::feed::{Feed, Thresholds};
use crate::nouns::feed_run::{CONTROL, Expected, Reason, RunFile};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::feed_runs;

/// The longest control file that is read; the checker refuses longer ones.
pub(super) const LONGEST_CONTROL: usize = 5 << 20;

/// The thresholds of a feed.
pub(super) fn guards(thresholds: &Thresholds) -> Guards {
    let of = |threshold: crate::nouns::feed::Threshold| Threshold {
        per_mille: threshold.percent * 10,
        at_least: threshold.people.max(1),
    };
    Guards {
        leaving: of(thresholds.leavers),
        emails: of(thresholds.email_changes),
        group: of(thresholds.group_leavers),
        ..Guards::default()
    }
}

/// What the files of a run alone give reason to wait for.
pub(super) async fn of_files(
    store: &Store,
    feed: &Feed,
    control: &ControlFile,
    files: &[RunFile],
) -> Result<Vec<Reason>, StoreError> {
    let before = match feed.applied_run.clone() {
        Some(run) => {
            let read = move |tx: &mut crate::store::tx::Tx| match feed_runs::find(tx, &run)? {
                Some(run) => feed_runs::files(tx, run.number).map(Some),
                None => Ok(None),
            };
            store.read(read).await?
        }
        None => None,
    };
    let mut made = BTreeMap::new();
    if let Some(file) = before.iter().flatten().find(|file| file.name == CONTROL) {
        let text = bodies::whole(store, &file.body, LONGEST_CONTROL).await?.unwrap_or_default();
        made = made_at(&String::from_utf8_lossy(&text));
    }
    // What was said with the upload counts for more than what the control file says.
    made.extend(before.iter().flatten().filter_map(|file| Some((file.name.clone(), file.expected.generated_at?))));
    let delivered =
        |file: &RunFile| Delivered { name: file.name.clone(), bytes: file.size, sha256: file.digest.clone() };
    let before: Option<Vec<Delivered>> = before.map(|files| files.iter().map(delivered).collect());
    let files: Vec<Delivered> = files.iter().map(delivered).collect();
    Ok(delivery_holds(control, &files, before.as_deref(), &made).into_iter().map(reason).collect())
}

/// The control file with what was said of the files when they were sent, which counts for more than what it says itself.
pub(super) fn expecting(mut control: ControlFile, files: &[RunFile]) -> ControlFile {
    for RunFile { name, expected, .. } in files {
        if *expected == Expected::default() {
            continue;
        }
        let at = control.expect.iter().position(|known| known.file == *name);
        let mut said = at.map(|at| control.expect.swap_remove(at)).unwrap_or_default();
        said.file.clone_from(name);
        said.rows = expected.rows.or(said.rows);
        said.generated_at = expected.generated_at.or(said.generated_at);
        control.expect.push(said);
    }
    control
}

fn made_at(text: &str) -> BTreeMap<String, Timestamp> {
    let expectations = check(text).control.map(|control| control.expect).unwrap_or_default();
    expectations.into_iter().filter_map(|of| Some((of.file, of.generated_at?))).collect()
}

/// A reason as runs keep it.
pub(super) fn reason(hold: Hold) -> Reason {
    let why = hold.sentence();
    match hold {
        Hold::First => Reason::First,
        Hold::NewFile(file) => Reason::NewFile { file },
        Hold::Size { name, before, after } => Reason::Size { file: name, before, after },
        Hold::Older { name, .. } => Reason::Older { file: name },
        Hold::Checksum { name, .. } | Hold::Rows { name, .. } => Reason::Unexpected { file: name, why },
        Hold::NoRecords => Reason::Empty,
        Hold::Leaving { count, of } => Reason::Leavers { people: count, of },
        Hold::LeavingUncertain { leaving, nameless } => Reason::Uncertain { people: leaving, records: nameless },
        Hold::Emails { count, of } => Reason::EmailChanges { people: count, of },
        Hold::Group { code, count, of } => Reason::GroupLeavers { group: code, people: count, of },
        Hold::Emptied { field, had } => Reason::Emptied { field: field.to_string(), people: had },
        Hold::Failing { count, of } => Reason::Failing { records: count, of },
    }
}
