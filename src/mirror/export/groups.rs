//! Groups as rows for spreadsheets and programs: exactly those that a filter finds, in its order, in pieces.
//!
//! One row is made of one group in one place, for the pages and for the commands alike. A count that Atlassian did not
//! tell is *unknown*, and not 0.

use std::sync::Arc;

use directory::{GroupRow, Ordinal, Snapshot};
use jiff::tz::TimeZone;

use super::{BETWEEN, Form, PIECE, field, harmless, key, list, text};

/// The headings of a table of groups.
pub const COLUMNS: [&str; 12] = [
    "name",
    "group id",
    "description",
    "members",
    "atlassian counts",
    "grants",
    "default for",
    "synced",
    "managed by",
    "directory",
    "first seen",
    "protected",
];

/// Groups on their way out. Iterating gives pieces; all together they are the whole text.
#[derive(Debug)]
pub struct GroupExport {
    snapshot: Arc<Snapshot>,
    rows: std::vec::IntoIter<Ordinal>,
    form: Form,
    begun: bool,
    first: bool,
    ended: bool,
}

impl GroupExport {
    /// These groups, in the order given.
    pub fn new(snapshot: Arc<Snapshot>, groups: Vec<Ordinal>, form: Form) -> GroupExport {
        GroupExport { snapshot, rows: groups.into_iter(), form, begun: false, first: true, ended: false }
    }
}

impl Iterator for GroupExport {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.ended {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE * 2);
        if !std::mem::replace(&mut self.begun, true) {
            match self.form {
                Form::Csv => record(&mut piece, COLUMNS.map(str::to_owned)),
                Form::Json => piece.push(b'['),
                Form::JsonLines => {}
            }
        }
        for group in self.rows.by_ref() {
            let Some(row) = self.snapshot.group_row(group) else { continue };
            match self.form {
                Form::Csv => record(&mut piece, cells(&self.snapshot, (group, row)).map(harmless)),
                Form::Json => {
                    piece.extend(if std::mem::take(&mut self.first) { &b"\n"[..] } else { b",\n" });
                    object(&self.snapshot, (group, row), &mut piece);
                }
                Form::JsonLines => {
                    object(&self.snapshot, (group, row), &mut piece);
                    piece.push(b'\n');
                }
            }
            if piece.len() > PIECE {
                return Some(piece);
            }
        }
        self.ended = true;
        if self.form == Form::Json {
            piece.extend(b"\n]\n");
        }
        (!piece.is_empty()).then_some(piece)
    }
}

fn record(into: &mut Vec<u8>, cells: [String; COLUMNS.len()]) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(into);
    writer.write_record(&cells).expect("memory takes every write, and all rows are arrays of one length");
}

/// A group's name, or its id when only a membership has named it.
pub fn name(row: &GroupRow) -> &str {
    row.group.as_ref().map(|known| &*known.name).filter(|name| !name.trim().is_empty()).unwrap_or(row.id.as_str())
}

/// What a group grants, each as `Confluence · acme · user`.
pub fn grants(snapshot: &Snapshot, group: Ordinal) -> Vec<String> {
    let named = snapshot.grants(group).iter().filter_map(|grant| {
        let resource = snapshot.resources().get(grant.resource as usize)?;
        let role = grant.role.as_str();
        let role = role.strip_prefix("atlassian/").unwrap_or(role);
        Some(format!("{} · {} · {role}", resource.id.app_name(), resource.site_name()))
    });
    named.collect()
}

/// For which apps it is the default group, each as `Confluence · acme`.
pub fn default_for(snapshot: &Snapshot, group: Ordinal) -> Vec<String> {
    let default = snapshot.grants(group).iter().filter(|grant| grant.default).filter_map(|grant| {
        let resource = snapshot.resources().get(grant.resource as usize)?;
        Some(format!("{} · {}", resource.id.app_name(), resource.site_name()))
    });
    let mut default: Vec<String> = default.collect();
    default.sort_unstable();
    default.dedup();
    default
}

/// Whether an identity provider fills it: *yes*, *no* or *unknown*.
pub fn synced(row: &GroupRow) -> &'static str {
    match &row.group {
        Some(group) if group.is_synced() => "yes",
        Some(group) if group.synced.is_some() || group.managed_by.is_some() => "no",
        _ => "unknown",
    }
}

/// The name of the directory that lists it.
pub fn directory<'s>(snapshot: &'s Snapshot, row: &GroupRow) -> Option<&'s str> {
    let home = snapshot.directories().get(row.directory? as usize)?;
    Some(if home.name.is_empty() { home.id.as_str() } else { &*home.name })
}

fn cells(snapshot: &Snapshot, (group, row): (Ordinal, &GroupRow)) -> [String; COLUMNS.len()] {
    let known = row.group.as_ref();
    let unknown = || "unknown".to_owned();
    let day = |at: jiff::Timestamp| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string();
    [
        name(row).to_owned(),
        row.id.as_str().to_owned(),
        known.and_then(|known| known.description.as_deref()).unwrap_or_default().to_owned(),
        snapshot.memberships().members(group).len().to_string(),
        row.counts.users.map_or_else(unknown, |users| users.to_string()),
        grants(snapshot, group).join(BETWEEN),
        default_for(snapshot, group).join(BETWEEN),
        synced(row).to_owned(),
        known.and_then(|known| known.managed_by.as_ref()).map_or_else(unknown, |by| by.as_str().to_owned()),
        directory(snapshot, row).map_or_else(unknown, str::to_owned),
        snapshot.group_first_seen(group).map_or_else(unknown, day),
        if snapshot.is_protected_group(group) { "yes" } else { "no" }.to_owned(),
    ]
}

fn object(snapshot: &Snapshot, (group, row): (Ordinal, &GroupRow), into: &mut Vec<u8>) {
    let known = row.group.as_ref();
    let flag = |flag: Option<bool>| match flag {
        Some(true) => &b"true"[..],
        Some(false) => b"false",
        None => b"null",
    };
    let number = |number: Option<u64>| number.map_or_else(|| "null".to_owned(), |number| number.to_string());
    into.extend(b"{\"group_id\":");
    text(into, row.id.as_str());
    field(into, "name", Some(name(row)));
    field(into, "description", known.and_then(|known| known.description.as_deref()));
    key(into, "members");
    into.extend(number(Some(snapshot.memberships().members(group).len())).bytes());
    key(into, "atlassian_counts");
    into.extend(number(row.counts.users.map(u64::from)).bytes());
    key(into, "grants");
    into.push(b'[');
    for (place, grant) in snapshot.grants(group).iter().enumerate() {
        let Some(resource) = snapshot.resources().get(grant.resource as usize) else { continue };
        into.extend(if place > 0 { &b",{\"app\":"[..] } else { b"{\"app\":" });
        text(into, resource.id.app_name());
        field(into, "site", Some(resource.site_name()));
        field(into, "role", Some(grant.role.as_str()));
        field(into, "resource", Some(resource.id.as_str()));
        key(into, "default");
        into.extend(flag(Some(grant.default)));
        into.push(b'}');
    }
    into.push(b']');
    let default = default_for(snapshot, group);
    list(into, "default_for", default.iter().map(String::as_str));
    key(into, "synced");
    into.extend(flag(match synced(row) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }));
    field(into, "managed_by", known.and_then(|known| known.managed_by.as_ref()).map(|by| by.as_str()));
    field(into, "directory", directory(snapshot, row));
    field(into, "first_seen", snapshot.group_first_seen(group).map(|at| at.to_string()).as_deref());
    key(into, "protected");
    into.extend(flag(Some(snapshot.is_protected_group(group))));
    into.push(b'}');
}

#[cfg(test)]
mod tests {
    use directory::{Builder, Grant, Group, GroupCounts, GroupId, Resource, ResourceId, Role};

    use super::*;

    fn snapshot() -> Arc<Snapshot> {
        let mut builder = Builder::new(1, jiff::Timestamp::UNIX_EPOCH);
        let confluence = ResourceId::new("ari:cloud:confluence::site/1").unwrap();
        let host_url = Some("https://acme.atlassian.net".into());
        builder.resource(Resource { host_url, ..Resource::unnamed(confluence) });
        let described = Group { description: Some("a, \"b\"".into()), ..Group::named("=cmd|' /C calc'!A0") };
        let counts = GroupCounts { users: Some(4), resources: None };
        builder.group(GroupId::new("g-1").unwrap(), None, Some(described), counts);
        builder.group_first_seen("2026-11-01T23:30:00Z".parse().unwrap());
        builder.grant(0, Grant { resource: 0, role: Role::User, default: true });
        Arc::new(builder.finish())
    }

    fn written(form: Form) -> String {
        let pieces = GroupExport::new(snapshot(), vec![0], form);
        String::from_utf8(pieces.flatten().collect()).unwrap()
    }

    #[test]
    fn no_spreadsheet_takes_a_groups_name_for_a_formula() {
        let csv = written(Form::Csv);
        let row = csv.lines().nth(1).unwrap();
        assert!(row.starts_with("'=cmd|' /C calc'!A0,g-1,\"a, \"\"b\"\"\",0,4,Confluence · acme · user,"), "{csv}");
        assert!(row.ends_with(",Confluence · acme,unknown,unknown,unknown,2026-11-01,no"), "{csv}");
    }

    #[test]
    fn what_is_not_known_of_a_group_is_null() {
        let json: serde_json::Value = serde_json::from_str(&written(Form::Json)).unwrap();
        assert_eq!((&json[0]["synced"], &json[0]["atlassian_counts"]), (&serde_json::Value::Null, &4.into()));
        assert_eq!(json[0]["grants"][0]["default"], true);
        let line: serde_json::Value = serde_json::from_str(written(Form::JsonLines).trim()).unwrap();
        assert_eq!(line, json[0]);
        assert_eq!(GroupExport::new(snapshot(), Vec::new(), Form::Json).flatten().collect::<Vec<u8>>(), b"[\n]\n");
    }
}
