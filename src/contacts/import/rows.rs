//! Rows of a file as they are meant, and the records that they may mean. Where several could be meant, none is.

use std::collections::BTreeMap;

use contact::board::domain_key;
use contact::field::{Entity, Field, Values};
use directory::{email_key, fold_text};

use crate::contacts::import::meaning::{Meaning, Same, Target};
use crate::contacts::keep::{Edit, edited};
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::nouns::contact::Record;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_companies, contact_records};

/// The most columns that are looked at.
const MOST_COLUMNS: usize = 200;

/// What comes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A record is made.
    New,
    /// A record is changed.
    Changed(String),
    /// A record is as the row says, or is left alone.
    Same(String),
    /// The row is left out, and why.
    Refused(String),
}

/// A row as it is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) edit: Edit,
    pub(super) companies: Vec<String>,
    pub(super) role: String,
    pub(super) key: Option<String>,
}

impl Wanted {
    pub(super) fn of(cells: &[String], meaning: &Meaning) -> Wanted {
        let mut row = Wanted::default();
        let mut name: Vec<&str> = Vec::new();
        let list = |text: &str| text.split([',', ';']).map(str::to_owned).collect::<Vec<_>>();
        for (cell, target) in cells.iter().zip(&meaning.columns) {
            // An apostrophe that an export put before what looks like a formula is not of the value.
            let cell = match cell.strip_prefix('\'') {
                Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r']) => rest,
                _ => cell,
            };
            match target {
                Target::Nothing => {}
                Target::Id => row.id = Some(cell.trim().to_owned()),
                Target::Name if !cell.trim().is_empty() => name.push(cell.trim()),
                Target::Name => {}
                Target::Email => row.edit.email = Some(cell.to_owned()),
                Target::Domains => row.edit.domains = Some(list(cell)),
                Target::Tags => row.edit.tags = Some(list(cell)),
                Target::Companies => {
                    row.companies =
                        cell.split(';').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
                }
                Target::Role => cell.trim().clone_into(&mut row.role),
                Target::Field(number) => drop(row.edit.values.insert(*number, cell.to_owned())),
            }
        }
        row.name = Some(name.join(" ")).filter(|name| !name.is_empty());
        row.edit.name.clone_from(&row.name);
        row.key = match &meaning.same {
            Same::Never => None,
            Same::By(Target::Id) => row.id.clone(),
            Same::By(Target::Email) => row.edit.email.as_deref().map(email_key),
            Same::By(Target::Name) => row.name.as_deref().map(fold_text),
            Same::By(Target::Domains) => {
                row.edit.domains.as_ref().and_then(|all| all.first()).map(|one| domain_key(one))
            }
            Same::By(Target::Field(number)) => row.edit.values.get(number).map(|text| fold_text(text)),
            Same::By(_) => None,
        };
        row.key = row.key.filter(|key| !key.is_empty());
        row
    }
}

/// The records that rows may mean.
pub(super) struct Records {
    by_key: BTreeMap<String, Vec<Record>>,
    pub(super) new: BTreeMap<String, u32>,
    /// The companies of contacts, each by its folded name with the role there.
    joined: BTreeMap<u32, BTreeMap<String, String>>,
    /// How many records a look would have made; their numbers count down from the largest.
    made: u32,
}

impl Records {
    pub(super) fn read(tx: &mut Tx, meaning: &Meaning) -> Result<Records, StoreError> {
        let mut by_key: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        if meaning.same != Same::Never {
            contact_records::since(tx, 0, |record| {
                if record.entity == meaning.entity && record.is_live() {
                    for key in keys(&record, &meaning.same) {
                        by_key.entry(key).or_default().push(record.clone());
                    }
                }
                Ok(())
            })?;
        }
        Ok(Records { by_key, new: BTreeMap::new(), joined: BTreeMap::new(), made: 0 })
    }

    /// Which record a row means, if any.
    pub(super) fn meant(&self, row: &Wanted, meaning: &Meaning) -> Result<Option<&Record>, String> {
        let Some(key) = &row.key else {
            return match (&meaning.same, row.name.is_some()) {
                (_, true) => Ok(None),
                (_, false) => Err("it has no name, and tells no record".to_owned()),
            };
        };
        match self.by_key.get(key).map_or(&[][..], Vec::as_slice) {
            [] if meaning.same == Same::By(Target::Id) => Err("no record has this id".to_owned()),
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err("several records could be meant".to_owned()),
        }
    }

    /// Reads which companies contacts are in, which only a look has to know.
    pub(super) fn read_joined(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let mut names = BTreeMap::new();
        contact_records::since(tx, 0, |record| {
            if record.entity == Entity::Company && record.is_live() {
                names.insert(record.number, fold_text(&record.name));
            }
            Ok(())
        })?;
        for link in contact_companies::all(tx)? {
            if let Some(name) = names.get(&link.company) {
                self.joined.entry(link.contact).or_default().insert(name.clone(), link.role);
            }
        }
        Ok(())
    }

    /// What would come of a row. Later rows find the record as this one leaves it.
    pub(super) fn judge(&mut self, row: &Wanted, (meaning, fields): (&Meaning, &[Field]), doing: &Doing) -> Outcome {
        let meant = match self.meant(row, meaning) {
            Ok(meant) => meant.cloned(),
            Err(why) => return Outcome::Refused(why),
        };
        let edited = match &meant {
            Some(record) if !meaning.update => return Outcome::Same(record.name.clone()),
            Some(record) => edited(record, &followed(record, &row.edit), (fields, false)),
            None => edited(&blank(meaning.entity, doing), &row.edit, (fields, true)),
        };
        let mut after = match edited {
            Ok(after) => after,
            Err(why) => return Outcome::Refused(why.to_string()),
        };
        if meant.is_none() {
            after.number = u32::MAX - self.made;
            self.made += 1;
        }
        let joins = meaning.entity == Entity::Contact && self.join(after.number, row);
        let outcome = match meant {
            None => Outcome::New,
            Some(record) if after == record && !joins => Outcome::Same(record.name),
            Some(record) => Outcome::Changed(record.name),
        };
        if let Some(key) = &row.key {
            self.by_key.insert(key.clone(), vec![after]);
        }
        outcome
    }

    /// Whether a row puts a contact into a company, or gives it another role there.
    fn join(&mut self, contact: u32, row: &Wanted) -> bool {
        let known = self.joined.entry(contact).or_default();
        let mut changed = false;
        for name in row.companies.iter().map(|name| fold_text(name)) {
            if known.get(&name).is_none_or(|role| !row.role.is_empty() && *role != row.role) {
                known.insert(name, row.role.clone());
                changed = true;
            }
        }
        changed
    }
}

/// What a row changes of a record: of a synced contact neither name nor address.
pub(super) fn followed(record: &Record, edit: &Edit) -> Edit {
    match record.mark {
        Some(_) => Edit { name: None, email: None, ..edit.clone() },
        None => edit.clone(),
    }
}

/// A record of nothing, to be filled.
fn blank(entity: Entity, doing: &Doing) -> Record {
    let now = doing.context.now;
    Record {
        entity,
        number: 0,
        id: crate::id::RecordId::new(&doing.entropy, now),
        state: crate::nouns::contact::RecordState::Live,
        merged_into: None,
        name: String::new(),
        email: None,
        domains: Vec::new(),
        tags: Vec::new(),
        values: Values::new(),
        mark: None,
        created_at: now,
        created_by: String::new(),
        changed_at: now,
    }
}

fn keys(record: &Record, same: &Same) -> Vec<String> {
    match same {
        Same::Never => Vec::new(),
        Same::By(Target::Id) => vec![record.id.to_string()],
        Same::By(Target::Email) => record.email.as_deref().map(email_key).into_iter().collect(),
        Same::By(Target::Name) => vec![fold_text(&record.name)],
        Same::By(Target::Domains) => record.domains.clone(),
        Same::By(Target::Field(number)) => record.values.get(number).map(|text| fold_text(text)).into_iter().collect(),
        Same::By(_) => Vec::new(),
    }
}

/// A heading row and the rows below it, each with its line.
pub(super) type Sheet = (Vec<String>, Vec<(u64, Vec<String>)>);

/// Reads a file: its headings, and its rows with their lines. Comma, semicolon or tab is between the columns, whichever the
/// headings have most of.
pub(super) fn read(text: &str) -> Result<Sheet, NotDone> {
    let first = text.lines().next().unwrap_or_default();
    let between = [b',', b';', b'\t'].into_iter().max_by_key(|sign| first.bytes().filter(|byte| byte == sign).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(between.unwrap_or(b','))
        .flexible(true)
        .has_headers(true)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| NotDone::Invalid(format!("the file is no comma-separated text: {error}"));
    let headings: Vec<String> =
        reader.headers().map_err(unreadable)?.iter().take(MOST_COLUMNS).map(str::to_owned).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let line = row.position().map_or(0, csv::Position::line);
        if row.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push((line, row.iter().take(MOST_COLUMNS).map(str::to_owned).collect()));
        }
    }
    Ok((headings, rows))
}
