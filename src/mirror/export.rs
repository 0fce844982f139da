//! People as rows for spreadsheets and programs: exactly whom a filter finds, in its order, in pieces of bounded size.
//!
//! One row is made of one person in one place, for the pages and for the commands alike. What is not known is never
//! written as nothing: an activity that was not read is *unknown*, and not *never*.

pub mod events;
pub mod groups;

use std::sync::Arc;

use columns::{Direction, Order};
use directory::find::{Ranking, SortKey};
use directory::{Claimed, Ordinal, Snapshot, Status};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::mirror::answer::answer;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values by RFC 4180, with a row of headings.
    Csv,
    /// One array of objects.
    Json,
    /// One object per line.
    JsonLines,
}

/// The headings of a table of people.
pub const COLUMNS: [&str; 10] =
    ["name", "email", "account id", "status", "account status", "sites", "apps", "groups", "last active", "added"];

/// When somebody last used any app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastActive {
    /// At this moment.
    At(Timestamp),
    /// Activity was read, and there is none.
    Never,
    /// Activity was not read.
    Unknown,
}

/// People on their way out. Iterating gives pieces; all together they are the whole text.
///
/// It holds the snapshot it began with and four bytes per person; nothing else of it grows with their number.
#[derive(Debug)]
pub struct Export {
    snapshot: Arc<Snapshot>,
    rows: std::vec::IntoIter<Ordinal>,
    form: Form,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Unbegun,
    First,
    Further,
    Ended,
}

/// A piece ends after the row that makes it longer than this, in bytes.
const PIECE: usize = 64 << 10;

/// So few people are sorted on their own instead of looked for in the order of everybody.
const FEW: u64 = 2_000;

/// What separates several values in one cell.
const BETWEEN: &str = "; ";

/// People in an order. Those without a key stand where the order says.
pub fn in_order(people: &RoaringBitmap, ranking: &Ranking<'_>) -> Vec<Ordinal> {
    let direction = if ranking.descending() { Direction::Backward } else { Direction::Forward };
    let order = if people.len() <= FEW {
        std::borrow::Cow::Owned(Order::build(people.iter(), |a, b| ranking.key(a).cmp(&ranking.key(b))))
    } else {
        ranking.order()
    };
    let listed = order.walk(direction).filter(|account| people.contains(*account));
    if !ranking.missing_last() || ranking.descending() {
        return listed.collect();
    }
    let (mut keyed, without): (Vec<Ordinal>, Vec<Ordinal>) =
        listed.partition(|account| ranking.key(*account) != SortKey::Missing);
    keyed.extend(without);
    keyed
}

/// Whom a filter finds, in its order, on their way out as comma-separated values; `None` for a filter with errors.
pub fn csv_of(snapshot: &Arc<Snapshot>, filter: &str, moment: (Timestamp, &TimeZone)) -> Option<Export> {
    let answer = answer(snapshot, filter, moment);
    if answer.has_errors {
        return None;
    }
    let people = in_order(&answer.found.matching, &Ranking::of(snapshot, &answer.query.order));
    Some(Export::new(Arc::clone(snapshot), people, Form::Csv))
}

/// When somebody last used any app, as far as it is known.
pub fn last_active(snapshot: &Snapshot, account: Ordinal) -> LastActive {
    let last = snapshot.activity().last(account).and_then(|at| Timestamp::from_microsecond(at).ok());
    match last {
        Some(at) => LastActive::At(at),
        None if snapshot.activity().read().contains(account) => LastActive::Never,
        None => LastActive::Unknown,
    }
}

/// Somebody's status over all directories: Atlassian's word, *former*, or *unknown*.
pub fn status(snapshot: &Snapshot, account: Ordinal) -> &str {
    match snapshot.best_presence(account) {
        None => "former",
        Some(presence) => presence.status.as_ref().map_or("unknown", Status::as_str),
    }
}

/// Whether somebody's account is the organization's, in the words of the filter language.
pub fn claim(claimed: &Claimed) -> &str {
    match claimed {
        Claimed::Unmanaged => "external",
        other => other.as_str(),
    }
}

/// Names of somebody's groups, by name; the id of a group of which nothing else is known.
pub fn groups(snapshot: &Snapshot, account: Ordinal) -> Vec<&str> {
    let mut rows: Vec<_> =
        snapshot.memberships().of(account).iter().filter_map(|group| snapshot.group_row(*group)).collect();
    rows.sort_by(|a, b| a.folded_name.cmp(&b.folded_name));
    rows.into_iter().map(|row| row.group.as_ref().map_or(row.id.as_str(), |group| &*group.name)).collect()
}

/// Sites and apps that somebody has access to, each by name and once.
pub fn sites_and_apps(snapshot: &Snapshot, account: Ordinal) -> (Vec<&str>, Vec<&str>) {
    let granted = snapshot.memberships().of(account).iter().flat_map(|group| snapshot.grants(*group));
    let mut resources: Vec<Ordinal> = granted
        .map(|grant| grant.resource)
        .chain(snapshot.direct_roles(account).iter().map(|direct| direct.resource))
        .collect();
    resources.sort_unstable();
    resources.dedup();
    let resources = resources.into_iter().filter_map(|resource| snapshot.resources().get(resource as usize));
    let (mut sites, mut apps): (Vec<&str>, Vec<&str>) =
        resources.map(|resource| (resource.site_name(), resource.id.app_name())).unzip();
    for names in [&mut sites, &mut apps] {
        names.sort_unstable();
        names.dedup();
    }
    (sites, apps)
}

/// A person as the object that an export writes; `None` when there is no such person.
pub fn object_of(snapshot: &Snapshot, account: Ordinal) -> Option<serde_json::Map<String, serde_json::Value>> {
    let mut written = Vec::new();
    if !object(snapshot, account, &mut written) {
        return None;
    }
    serde_json::from_slice(&written).ok()
}

/// Writes a person as an object with everything that a list of people can tell; whether there is such a person.
fn object(snapshot: &Snapshot, account: Ordinal, into: &mut Vec<u8>) -> bool {
    let Some(row) = snapshot.account_row(account) else { return false };
    let (sites, apps) = sites_and_apps(snapshot, account);
    let last = match last_active(snapshot, account) {
        LastActive::At(at) => Some(at.to_string()),
        LastActive::Never | LastActive::Unknown => None,
    };
    let roles = snapshot.roles_of(account);
    let activity = snapshot.activity().of(account).iter().filter_map(|entry| {
        let resource = snapshot.resources().get(entry.resource as usize)?;
        Some((resource.id.as_str(), Timestamp::from_microsecond(entry.at).ok()?.to_string()))
    });
    into.extend(b"{\"account_id\":");
    text(into, row.id);
    field(into, "name", Some(row.name));
    field(into, "email", row.email);
    field(into, "status", Some(status(snapshot, account)));
    field(into, "account_status", row.account_status.map(|status| status.as_str()));
    field(into, "claim", row.claimed.map(claim));
    list(into, "platform_roles", roles.iter().map(|role| role.as_str()));
    list(into, "sites", sites);
    list(into, "apps", apps);
    list(into, "groups", groups(snapshot, account));
    field(into, "last_active", last.as_deref());
    into.extend(b",\"activity\":{");
    for (place, (resource, at)) in activity.enumerate() {
        into.extend(if place > 0 { &b","[..] } else { b"" });
        text(into, resource);
        into.push(b':');
        text(into, &at);
    }
    let read = snapshot.activity().read().contains(account);
    into.extend(if read { &b"},\"activity_read\":true"[..] } else { b"},\"activity_read\":false" });
    field(into, "added_at", row.added_at.map(|at| at.to_string()).as_deref());
    field(into, "job_title", row.job_title);
    field(into, "department", row.department);
    into.push(b'}');
    true
}

/// A further field of an object: a text, or `null`.
fn field(into: &mut Vec<u8>, name: &'static str, value: Option<&str>) {
    key(into, name);
    match value {
        Some(value) => text(into, value),
        None => into.extend(b"null"),
    }
}

/// A further field of an object: a list of texts.
fn list<'v>(into: &mut Vec<u8>, name: &'static str, values: impl IntoIterator<Item = &'v str>) {
    key(into, name);
    into.push(b'[');
    for (place, value) in values.into_iter().enumerate() {
        into.extend(if place > 0 { &b","[..] } else { b"" });
        text(into, value);
    }
    into.push(b']');
}

fn key(into: &mut Vec<u8>, name: &'static str) {
    into.extend(b",\"");
    into.extend(name.as_bytes());
    into.extend(b"\":");
}

fn text(into: &mut Vec<u8>, value: &str) {
    serde_json::to_writer(into, value).expect("memory takes every write, and every text can be written");
}

impl Export {
    /// These people, in the order given.
    pub fn new(snapshot: Arc<Snapshot>, people: Vec<Ordinal>, form: Form) -> Export {
        Export { snapshot, rows: people.into_iter(), form, stage: Stage::Unbegun }
    }

    /// Rows as comma-separated values, from the headings on when nothing was written yet.
    fn csv(&mut self) -> Vec<u8> {
        let mut writer =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::with_capacity(PIECE * 2));
        let mut written = 0;
        if self.stage == Stage::Unbegun {
            written += record(&mut writer, COLUMNS.map(str::to_owned));
        }
        self.stage = Stage::Ended;
        for account in self.rows.by_ref() {
            let Some(cells) = cells(&self.snapshot, account) else { continue };
            written += record(&mut writer, cells.map(harmless));
            if written > PIECE {
                self.stage = Stage::Further;
                break;
            }
        }
        writer.into_inner().unwrap_or_default()
    }

    /// Objects, each on its line; as an array, with what belongs around and between them.
    fn json(&mut self) -> Vec<u8> {
        let array = self.form == Form::Json;
        let mut piece = Vec::with_capacity(PIECE * 2);
        if self.stage == Stage::Unbegun {
            piece.extend(if array { &b"["[..] } else { b"" });
            self.stage = Stage::First;
        }
        for account in self.rows.by_ref() {
            let whole = piece.len();
            if array {
                piece.extend(if self.stage == Stage::First { &b"\n"[..] } else { b",\n" });
            }
            if !object(&self.snapshot, account, &mut piece) {
                piece.truncate(whole);
                continue;
            }
            piece.extend(if array { &b""[..] } else { b"\n" });
            self.stage = Stage::Further;
            if piece.len() > PIECE {
                return piece;
            }
        }
        self.stage = Stage::Ended;
        piece.extend(if array { &b"\n]\n"[..] } else { b"" });
        piece
    }
}

impl Iterator for Export {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let piece = match (self.stage, self.form) {
            (Stage::Ended, _) => return None,
            (_, Form::Csv) => self.csv(),
            (_, Form::Json | Form::JsonLines) => self.json(),
        };
        (!piece.is_empty()).then_some(piece)
    }
}

/// Writes one row, and tells about how long it is.
fn record(writer: &mut csv::Writer<Vec<u8>>, cells: [String; COLUMNS.len()]) -> usize {
    let length = cells.iter().map(String::len).sum::<usize>() + cells.len();
    writer.write_record(&cells).expect("memory takes every write, and all rows are arrays of one length");
    length
}

fn cells(snapshot: &Snapshot, account: Ordinal) -> Option<[String; COLUMNS.len()]> {
    let row = snapshot.account_row(account)?;
    let (sites, apps) = sites_and_apps(snapshot, account);
    // Atlassian tells days of activity, at midnight in UTC: in any other zone they would be other days.
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string();
    let last = match last_active(snapshot, account) {
        LastActive::At(at) => day(at),
        LastActive::Never => "never".to_owned(),
        LastActive::Unknown => "unknown".to_owned(),
    };
    Some([
        row.name.to_owned(),
        row.email.unwrap_or_default().to_owned(),
        row.id.to_owned(),
        status(snapshot, account).to_owned(),
        row.account_status.map_or("unknown", |status| status.as_str()).to_owned(),
        sites.join(BETWEEN),
        apps.join(BETWEEN),
        groups(snapshot, account).join(BETWEEN),
        last,
        row.added_at.map_or_else(|| "unknown".to_owned(), day),
    ])
}

/// A cell that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it
/// (OWASP, CSV Injection).
pub fn harmless(cell: String) -> String {
    match cell.as_bytes().first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => format!("'{cell}"),
        _ => cell,
    }
}

#[cfg(test)]
mod tests;
