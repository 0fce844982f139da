//! Compares a run's files with what is kept, and writes its preview and its log while it reads. It holds digests of
//! everybody and the few who differ; whatever the files' size, a batch of rows is held at a time.

mod reading;
mod told;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clock::Clock;
use feed::control::{ControlFile, FieldKey};
use feed::difference::{self, Conflict, ConflictKind, Delivery, Force, Kind, Line, Preview, Stop, Totals};
use feed::finding::{Finding, Level};
use feed::person::Person;

use crate::feeds::baseline::{self, Before};
use crate::feeds::compare::reading::{open, past};
use crate::feeds::compare::writing::Writing;
use crate::feeds::worker::Halt;
use crate::feeds::{guard, person, stops};
use crate::nouns::feed::Feed;
use crate::nouns::feed_row::{FeedRow, FieldChange, RowKind};
use crate::nouns::feed_run::{FeedRun, LogLine, Reason, RunCounts, RunFile, Severity};
use crate::nouns::job::{FeedLease, LEASE};
use crate::store::db::Store;
use crate::store::{feed_log, feed_people, feed_rows, feed_runs};

/// How many rows or lines are held before they are written: of a large run more, because every commit writes most of an
/// index by username again.
const BATCH: usize = 4_000;
const LARGEST_BATCH: usize = 20_000;
/// The most lines of a log. Behind them only the counts go on.
const MOST_LINES: u64 = 1_000_000;
/// How often a sign of life is given while nothing is written.
const BEAT: Duration = Duration::from_secs(LEASE.as_secs() / 6);

/// What a comparison came to.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) counts: RunCounts,
    pub(super) reasons: Vec<Reason>,
    pub(super) errors: u64,
    pub(super) lines: u64,
    /// With which version of the feed's people it was compared.
    pub(super) version: u64,
}

/// What is compared.
pub(super) struct Task {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) lease: FeedLease,
    pub(super) feed: Feed,
    pub(super) run: FeedRun,
    pub(super) control: ControlFile,
    pub(super) files: Vec<RunFile>,
    /// What the files alone give reason to wait for.
    pub(super) reasons: Vec<Reason>,
}

/// Compares, on a thread that may block.
pub(super) fn compare(task: Task) -> Result<Compared, Halt> {
    // Virtual time stands still while this works.
    let busy = task.clock.busy();
    let (feed, run) = (task.feed.number, task.run.number);
    task.store.write_blocking(move |tx| {
        feed_rows::clear(tx, run)?;
        feed_log::clear(tx, run)
    })?;
    let Before { baseline, totals, groups, version, sizes } = baseline::load(&task.store, feed)?;
    let mut writer = Writer::new(&task, &totals);
    writer.say(Severity::Information, None, format!("START: {}", task.clock.now()));
    let force = if task.run.forced { Force::Everything } else { Force::Unforced };
    let delivery = Delivery {
        control: &task.control,
        groups: &groups,
        baseline: &baseline,
        totals: &totals,
        guards: guard::guards(&task.feed.settings.thresholds),
        force,
    };
    let previewed = difference::preview(
        &delivery,
        |spec| open(&task, spec),
        |numbers| past(&task, numbers),
        |line| writer.line(line),
        || Ok(sizes.counted()?),
    );
    let mut reasons = task.reasons.clone();
    let mut counts = RunCounts { before: totals.people, ..RunCounts::default() };
    match previewed {
        Ok(preview) => {
            writer.conclude(&preview)?;
            counts = counted(&preview, totals.people, writer.by_control.len() as u64);
            reasons.extend(preview.holds.iter().cloned().map(guard::reason));
        }
        Err(Stop::File(file, error)) => {
            let why = format!("{error}.");
            writer.say(Severity::Error, None, format!("The file {file} cannot be read: {why}"));
            reasons.push(Reason::Unreadable { file, why });
        }
        Err(Stop::Caller(halt)) => return Err(halt),
    }
    writer.finish()?;
    let compared = Compared { counts, reasons, errors: writer.errors, lines: writer.lines_written, version };
    drop(busy);
    Ok(compared)
}

fn counted(preview: &Preview, before: u64, by_control: u64) -> RunCounts {
    let of = &preview.counts;
    RunCounts {
        records: of.records,
        new: of.new,
        changed: of.changed,
        by_control,
        unchanged: of.unchanged,
        leaving: of.leaving,
        returning: of.returning,
        failing: of.failing,
        conflicts: of.conflicts,
        email_changes: of.email_changes,
        before,
    }
}

/// Writes the preview and the log.
struct Writer<'t> {
    task: &'t Task,
    rows: Vec<FeedRow>,
    lines: Vec<LogLine>,
    place: i64,
    lines_written: u64,
    errors: u64,
    by_control: Vec<u32>,
    /// Where each record's row is, by the record's number.
    told: Vec<(u32, u32)>,
    /// Who leaves.
    leaving: Vec<i64>,
    /// How many people have a value, by field, as far as it is known.
    fields: BTreeMap<FieldKey, u64>,
    beat: Duration,
    writing: Writing,
}

impl<'t> Writer<'t> {
    fn new(task: &'t Task, totals: &Totals) -> Writer<'t> {
        Writer {
            task,
            rows: Vec::with_capacity(BATCH),
            lines: Vec::new(),
            place: 0,
            lines_written: 0,
            errors: 0,
            by_control: Vec::new(),
            told: Vec::new(),
            leaving: Vec::new(),
            fields: totals.fields.clone(),
            beat: task.clock.elapsed(),
            writing: Writing::default(),
        }
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), Halt> {
        match line {
            Line::Alike { number, raw } => self.push(FeedRow {
                kind: RowKind::Refreshed,
                account: Some(i64::from(number)),
                raw_digest: Some(raw.0),
                ..blank()
            }),
            Line::Person { candidate, before, changes, clashes } => {
                let settled = difference::settle(before, candidate.person);
                let is_error = candidate.findings.iter().any(|finding| finding.level == Level::Error);
                let kind = match candidate.kind {
                    _ if !clashes.is_empty() => RowKind::Conflict,
                    Kind::New => RowKind::New,
                    Kind::Returning => RowKind::Returning,
                    Kind::Changed => RowKind::Changed,
                    Kind::Same => RowKind::Refreshed,
                };
                let by_control = candidate.cause == difference::Cause::ControlFile;
                if kind == RowKind::Changed && by_control {
                    self.by_control.push(self.place as u32 + 1);
                }
                if kind != RowKind::Conflict {
                    let counted = before.filter(|_| matches!(kind, RowKind::Changed | RowKind::Refreshed));
                    told::count(&mut self.fields, counted, Some(&settled));
                }
                let why = told::clash(&clashes).or_else(|| told::first_error(&candidate.findings));
                self.told.push((short(candidate.record), self.place as u32 + 1));
                self.findings(&candidate.findings);
                self.push(FeedRow {
                    kind,
                    username_key: settled.key.clone(),
                    username: settled.username.clone(),
                    account: candidate.number.map(i64::from),
                    record: Some(candidate.record),
                    file_line: Some(candidate.line),
                    is_error,
                    raw_digest: Some(candidate.raw.0),
                    digest: Some(candidate.canonical.0),
                    person: Some(person::to_text(&settled)),
                    raw: Some(candidate.received),
                    changes: changes.iter().map(|change| told::change(change, by_control)).collect(),
                    why,
                    ..blank()
                })
            }
            Line::Failing(failing) => {
                self.findings(&failing.findings);
                let Some(username) = failing.username else { return self.flush_when_full() };
                self.told.push((short(failing.record), self.place as u32 + 1));
                self.push(FeedRow {
                    kind: RowKind::Failing,
                    username_key: username.key,
                    username: username.text,
                    account: failing.number.map(i64::from),
                    record: Some(failing.record),
                    file_line: Some(failing.line),
                    is_error: true,
                    raw: Some(failing.received),
                    why: told::first_error(&failing.findings),
                    ..blank()
                })
            }
            Line::Unreadable(spec, bad) => {
                self.errors += 1;
                let text = format!("In the file {}: {bad}.", spec.name);
                self.log(LogLine {
                    record: Some(bad.number),
                    file_line: Some(bad.line),
                    told: Some(bad.excerpt.clone()),
                    ..told::line(Severity::Error, text)
                });
                self.flush_when_full()
            }
            Line::Leaving { number, before } => {
                told::count(&mut self.fields, before, None);
                self.leaving.push(i64::from(number));
                Ok(())
            }
            Line::Duplicate { first, record } => {
                self.errors += 1;
                self.log(LogLine {
                    record: Some(record),
                    ..told::line(Severity::Error, format!("Duplicate username (record {record}; first in {first})."))
                });
                self.flush_when_full()
            }
        }
    }

    fn findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.errors += u64::from(finding.level == Level::Error);
            self.log(told::finding(finding));
        }
    }

    fn say(&mut self, severity: Severity, record: Option<u64>, text: String) {
        self.errors += u64::from(severity == Severity::Error);
        self.log(LogLine { record, ..told::line(severity, text) });
    }

    fn log(&mut self, line: LogLine) {
        if self.lines_written < MOST_LINES {
            self.lines_written += 1;
            self.lines.push(LogLine { line: self.lines_written, at: self.task.clock.now(), ..line });
        }
    }

    fn push(&mut self, row: FeedRow) -> Result<(), Halt> {
        self.place += 1;
        self.rows.push(FeedRow { place: self.place, ..row });
        self.flush_when_full()
    }

    fn flush_when_full(&mut self) -> Result<(), Halt> {
        let full = (self.place as usize / 8).clamp(BATCH, LARGEST_BATCH);
        if self.rows.len() >= full || self.lines.len() >= full {
            return self.hand_over();
        }
        if self.task.clock.elapsed().saturating_sub(self.beat) >= BEAT {
            return self.hand_over();
        }
        Ok(())
    }

    /// Writes what is held, and waits until it is written.
    fn flush(&mut self) -> Result<(), Halt> {
        self.hand_over()?;
        self.writing.written()
    }

    /// Gives what is held to whoever writes it; reading goes on meanwhile.
    fn hand_over(&mut self) -> Result<(), Halt> {
        if stops::is_stopped(&self.task.run.id) {
            return Err(Halt::LeaseLost);
        }
        let held = (std::mem::take(&mut self.rows), std::mem::take(&mut self.lines));
        self.writing.begin(self.task, held)?;
        self.beat = self.task.clock.elapsed();
        Ok(())
    }

    /// Writes what only the end shows.
    fn conclude(&mut self, preview: &Preview) -> Result<(), Halt> {
        for (file, remark) in &preview.remarks {
            self.say(Severity::Warning, None, format!("In the file {file}: {remark}."));
        }
        for (record, _) in &preview.sifted.unknown_references {
            self.say(Severity::Warning, Some(*record), "A reference names a person whom nobody here knows.".to_owned());
        }
        self.flush()?;
        self.told.sort_unstable();
        for conflict in &preview.sifted.conflicts {
            self.conflict(conflict)?;
        }
        for accounts in std::mem::take(&mut self.leaving).chunks(BATCH) {
            self.leave(accounts.to_vec())?;
        }
        let (run, rows) = (self.task.run.number, preview.rows.clone());
        let fields = self.fields.iter().map(|(field, count)| (field.to_string(), *count)).collect();
        self.flush()?;
        self.task.store.write_blocking(move |tx| {
            for (file, records) in &rows {
                feed_runs::set_records(tx, run, (file, *records))?;
            }
            feed_runs::set_field_counts(tx, run, &fields)
        })?;
        Ok(())
    }

    /// Makes all records of a conflict rows that apply nothing.
    fn conflict(&mut self, conflict: &Conflict) -> Result<(), Halt> {
        let accounts: Vec<i64> = conflict.numbers.iter().map(|number| i64::from(*number)).collect();
        let run = self.task.run.number;
        let place_of = |record: u64| {
            let found = self.told.binary_search_by_key(&short(record), |(record, _)| *record);
            found.ok().and_then(|at| self.told.get(at)).map(|(_, place)| i64::from(*place))
        };
        let places: Vec<(u64, Option<i64>)> =
            conflict.records.iter().map(|record| (*record, place_of(*record))).collect();
        let known: Vec<i64> = places.iter().filter_map(|(_, place)| *place).collect();
        let (people, rows) = self.task.store.read_blocking(move |tx| {
            let mut people = Vec::new();
            for account in accounts {
                people.extend(feed_people::find(tx, account)?);
            }
            let mut rows = Vec::new();
            for place in known {
                rows.extend(feed_rows::page(tx, run, place - 1, 1)?.pop());
            }
            Ok((people, rows))
        })?;
        let usernames: BTreeSet<&str> = rows.iter().map(|row| row.username.as_str()).collect();
        let others: Vec<&str> = people.iter().map(|person| person.username.as_str()).collect();
        let records: Vec<String> = conflict.records.iter().map(u64::to_string).collect();
        let why = match conflict.kind {
            ConflictKind::DuplicateUsername => {
                format!("The username stands in several records: {}. None of them is applied.", records.join(", "))
            }
            ConflictKind::EmailInUse => {
                let names: BTreeSet<&str> = usernames.iter().copied().chain(others.iter().copied()).collect();
                let names: Vec<&str> = names.into_iter().take(10).collect();
                format!("The e-mail address would belong to several people: {}.", names.join(", "))
            }
        };
        // What the rows said of values does not hold.
        for row in rows.iter().filter(|row| !matches!(row.kind, RowKind::Failing | RowKind::Conflict)) {
            self.withdraw(row)?;
        }
        let first = people.first().map(|person| (person.username_key.clone(), person.username.clone(), person.account));
        let named = rows.first().map(|row| (row.username_key.clone(), row.username.clone(), row.account));
        let mut changed = Vec::new();
        for (record, place) in places {
            match (place, conflict.kind) {
                (Some(place), _) => changed.push(place),
                // The first record was unchanged, or this is a later one: it has no row yet.
                (None, ConflictKind::DuplicateUsername) => {
                    let (username_key, username, account) = match (&first, &named) {
                        (Some((key, username, account)), _) => (key.clone(), username.clone(), Some(*account)),
                        (None, Some((key, username, account))) => (key.clone(), username.clone(), *account),
                        (None, None) => continue,
                    };
                    let row = FeedRow { kind: RowKind::Conflict, username_key, username, account, ..blank() };
                    self.push(FeedRow { record: Some(record), is_error: true, why: Some(why.clone()), ..row })?;
                }
                (None, ConflictKind::EmailInUse) => {}
            }
        }
        let username = named.or(first.map(|(key, name, account)| (key, name, Some(account)))).map(|(_, name, _)| name);
        self.errors += 1;
        let text = match conflict.kind {
            ConflictKind::DuplicateUsername => format!("Duplicate username in records {}.", records.join(", ")),
            ConflictKind::EmailInUse => {
                format!("E-mail address in use by somebody else (record {}).", records.join(", "))
            }
        };
        self.log(LogLine { record: conflict.records.first().copied(), username, ..told::line(Severity::Error, text) });
        self.flush()?;
        for place in &changed {
            // Nothing of somebody in conflict changes.
            if let Some(at) = u32::try_from(*place).ok().and_then(|place| self.by_control.binary_search(&place).ok()) {
                self.by_control.remove(at);
            }
        }
        self.task.store.write_blocking(move |tx| {
            for place in changed {
                feed_rows::place_to_conflict(tx, run, (place, &why))?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Takes back what a row was counted for.
    fn withdraw(&mut self, row: &FeedRow) -> Result<(), Halt> {
        let after = row.person.as_deref().and_then(person::of_text);
        let mut before: Option<Person> = None;
        if let (Some(account), RowKind::Changed | RowKind::Refreshed) = (row.account, row.kind) {
            let number = u32::try_from(account).unwrap_or(u32::MAX);
            before = past(self.task, &[number])?.pop().and_then(|past| past.own);
        }
        told::count(&mut self.fields, after.as_ref(), before.as_ref());
        Ok(())
    }

    fn leave(&mut self, accounts: Vec<i64>) -> Result<(), Halt> {
        let leavers = self.task.store.read_blocking(move |tx| {
            let mut leavers = Vec::with_capacity(accounts.len());
            for account in accounts {
                leavers.extend(feed_people::named(tx, account)?.map(|named| (account, named)));
            }
            Ok(leavers)
        })?;
        for (account, (username_key, username)) in leavers {
            let kind = RowKind::Leaving;
            self.push(FeedRow { kind, username_key, username, account: Some(account), ..blank() })?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Halt> {
        self.flush()
    }
}

/// A row about nobody yet.
fn blank() -> FeedRow {
    FeedRow {
        place: 0,
        kind: RowKind::Refreshed,
        username_key: String::new(),
        username: String::new(),
        account: None,
        record: None,
        file_line: None,
        is_error: false,
        raw_digest: None,
        digest: None,
        person: None,
        raw: None,
        changes: Vec::<FieldChange>::new(),
        why: None,
    }
}

fn short(record: u64) -> u32 {
    u32::try_from(record).unwrap_or(u32::MAX)
}
