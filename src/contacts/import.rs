//! Reading a file of contacts or companies: kept, its columns taken for something, looked at, then carried out as a run. A
//! rule says which row is which record; where several could be meant, none is.

pub mod meaning;
pub mod rows;

use contact::field::{Entity, Field};
use jiff::SignedDuration;
use serde_json::json;

use crate::contacts::follow::{counts, turn_of};
use crate::contacts::import::meaning::{Meaning, Same, Target};
use crate::contacts::import::rows::{Outcome, Records, Wanted, followed, read};
use crate::contacts::keep::{Edit, change_within, create_within};
use crate::contacts::relate::link_within;
use crate::contacts::runs;
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::contacts::worker::{Halt, Turn};
use crate::id::{ContactRunId, Entropy, ImportId};
use crate::mirror::Mirror;
use crate::nouns::contact::Record;
use crate::nouns::contact_run::{ContactRunKind, ContactRunState};
use crate::nouns::context::Context;
use crate::store::contact_imports::ImportFile;
use crate::store::contact_runs::NewLine;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{contact_companies, contact_fields, contact_imports, contact_records, contact_runs, jobs};

/// The largest file, in bytes.
pub const LARGEST: usize = 10 << 20;
/// How long a file is kept that nobody imports.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many rows a commit writes.
const BATCH: usize = 2_000;
/// How many rows a preview names.
const NAMED: usize = 50;

/// A file that is kept, with what it is taken for.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its id.
    pub id: ImportId,
    /// What it is called.
    pub file_name: String,
    /// Its headings.
    pub headings: Vec<String>,
    /// What it is taken for: as somebody has said, or as its headings look.
    pub meaning: Meaning,
    /// How many rows it has.
    pub rows: u64,
}

/// What a file would do.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// Records to make.
    pub new: u64,
    /// Records to change.
    pub changed: u64,
    /// Rows that change nothing.
    pub same: u64,
    /// Rows that are left out.
    pub refused: u64,
    /// The first rows, each by its line with its name and what comes of it; rows that are left out come first.
    pub rows: Vec<(u64, String, Outcome)>,
}

/// Keeps a file to be looked at.
pub async fn keep_file(
    context: &Context,
    mirror: &Mirror,
    (entity, file_name, bytes): (Entity, &str, &[u8]),
    entropy: &Entropy,
) -> Result<ImportId, NotDone> {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).replace('\0', "");
    if text.trim().is_empty() || bytes.len() > LARGEST {
        return Err(NotDone::Invalid(format!("the file is empty, or larger than {} MiB", LARGEST >> 20)));
    }
    let id = ImportId::new(entropy, context.now);
    let file = ImportFile {
        at: context.now,
        author: context.actor.as_text(),
        file_name: contact::field::one_line(file_name),
        meaning: String::new(),
        text,
    };
    let (kept, held) = (id.clone(), id.clone());
    let made = mirror.store().write(move |tx| {
        let fields = contact_fields::list(tx)?;
        let (headings, _) = match read(&file.text) {
            Ok(read) => read,
            Err(why) => return Ok(Err(why)),
        };
        let own: Vec<Field> = fields.into_iter().filter(|field| field.entity == entity).collect();
        let columns: Vec<Target> = headings.iter().map(|heading| Target::guess(heading, (entity, &own))).collect();
        let has = |target: &Target| columns.contains(target);
        let same = match entity {
            _ if has(&Target::Id) => Same::By(Target::Id),
            Entity::Contact if has(&Target::Email) => Same::By(Target::Email),
            _ if has(&Target::Name) => Same::By(Target::Name),
            _ => Same::Never,
        };
        let meaning = Meaning { entity, columns, same, update: true };
        contact_imports::remove_before(tx, file.at - KEPT)?;
        contact_imports::insert(tx, &kept, &ImportFile { meaning: meaning.text(), ..file })?;
        Ok(Ok(()))
    });
    made.await??;
    Ok(held)
}

/// A file that is kept.
pub async fn held(mirror: &Mirror, id: &str) -> Result<Held, NotDone> {
    let id = ImportId::parse(id).ok_or(NotDone::NoFile)?;
    let read_id = id.clone();
    let file = mirror.store().read(move |tx| contact_imports::find(tx, &read_id)).await?.ok_or(NotDone::NoFile)?;
    let (headings, rows) = read(&file.text)?;
    let meaning = Meaning::parse(&file.meaning).ok_or(NotDone::NoFile)?;
    Ok(Held { id, file_name: file.file_name, headings, meaning, rows: rows.len() as u64 })
}

/// Says what a file is taken for.
pub async fn mean(mirror: &Mirror, (id, meaning): (&str, Meaning)) -> Result<(), NotDone> {
    let Held { id, headings, .. } = held(mirror, id).await?;
    let (there, named) = (headings.len(), meaning.columns.len());
    if there != named {
        return Err(NotDone::Invalid(format!("the file has {there} columns, and {named} were named")));
    }
    if !meaning.columns.contains(&Target::Name) && !meaning.columns.contains(&Target::Id) {
        return Err(NotDone::Invalid("no column is the name".to_owned()));
    }
    if let Same::By(target) = &meaning.same
        && !meaning.columns.contains(target)
    {
        return Err(NotDone::Invalid("the column that tells which record is meant is not read".to_owned()));
    }
    Ok(mirror.store().write(move |tx| contact_imports::set_meaning(tx, &id, &meaning.text())).await?)
}

/// Lets a file go that nobody will import.
pub async fn drop_file(mirror: &Mirror, id: &str) -> Result<(), NotDone> {
    let id = ImportId::parse(id).ok_or(NotDone::NoFile)?;
    Ok(mirror.store().write(move |tx| contact_imports::remove(tx, &id)).await.map(drop)?)
}

/// What a file would do. Nothing is written.
pub async fn try_out(context: &Context, mirror: &Mirror, id: &str, entropy: &Entropy) -> Result<Tried, NotDone> {
    let id = ImportId::parse(id).ok_or(NotDone::NoFile)?;
    let doing = Doing::by_hand(context, entropy);
    let tried = mirror.store().read(move |tx| {
        let Some(file) = contact_imports::find(tx, &id)? else { return Ok(Err(NotDone::NoFile)) };
        let Some(meaning) = Meaning::parse(&file.meaning) else { return Ok(Err(NotDone::NoFile)) };
        let rows = match read(&file.text) {
            Ok((_, rows)) => rows,
            Err(why) => return Ok(Err(why)),
        };
        let fields = contact_fields::list(tx)?;
        let mut known = Records::read(tx, &meaning)?;
        if meaning.entity == Entity::Contact {
            known.read_joined(tx)?;
        }
        let (mut tried, mut refused) = (Tried::default(), Vec::new());
        for (line, cells) in rows {
            let row = Wanted::of(&cells, &meaning);
            let outcome = known.judge(&row, (&meaning, &fields), &doing);
            match &outcome {
                Outcome::New => tried.new += 1,
                Outcome::Changed(_) => tried.changed += 1,
                Outcome::Same(_) => tried.same += 1,
                Outcome::Refused(_) => tried.refused += 1,
            }
            let shown = (line, row.name.clone().unwrap_or_default(), outcome);
            match shown.2 {
                Outcome::Refused(_) if refused.len() < NAMED => refused.push(shown),
                _ if tried.rows.len() < NAMED => tried.rows.push(shown),
                _ => {}
            }
        }
        refused.append(&mut tried.rows);
        tried.rows = refused;
        Ok(Ok(tried))
    });
    tried.await?
}

/// Asks for the run that carries a file out.
pub async fn start(context: &Context, mirror: &Mirror, id: &str, entropy: &Entropy) -> Result<ContactRunId, NotDone> {
    let id = ImportId::parse(id).ok_or(NotDone::NoFile)?;
    let doing = Doing::by_hand(context, entropy);
    let asked = mirror.store().write(move |tx| {
        if contact_imports::find(tx, &id)?.is_none() {
            return Ok(Err(NotDone::NoFile));
        }
        runs::ask_within(tx, &doing, (ContactRunKind::Import, id.as_str())).map(Ok)
    });
    asked.await?
}

/// Carries a file out, from the row where it stands.
pub(super) async fn carry_out(turn: &Turn<'_>) -> Result<(), Halt> {
    let failed = |why: &str| Halt::Failed(why.to_owned());
    let id = ImportId::parse(&turn.run.task).ok_or_else(|| failed("The file is not kept any more."))?;
    let read_id = id.clone();
    let file = turn.mirror.store().read(move |tx| contact_imports::find(tx, &read_id)).await?;
    let file = file.ok_or_else(|| failed("The file is not kept any more."))?;
    let meaning = Meaning::parse(&file.meaning).ok_or_else(|| failed("Nobody has said what its columns are."))?;
    let (_, rows) = read(&file.text).map_err(|why| Halt::Failed(format!("The file cannot be read: {why}.")))?;
    let total = rows.len() as u64;
    let mut at = turn.run.done.min(total) as usize;
    loop {
        let batch: Vec<(u64, Vec<String>)> = rows[at..rows.len().min(at + BATCH)].to_vec();
        let last = batch.is_empty();
        let (lease, doing, meaning, id) = (turn.lease.clone(), turn.doing_now(), meaning.clone(), id.clone());
        let written = turn.mirror.store().write(move |tx| {
            let Some(mut run) = turn_of(tx, &lease)? else { return Ok(Err(())) };
            let doing = Doing { run: Some(run.number), ..doing };
            let now = doing.context.now;
            if last {
                run.state = ContactRunState::Complete;
                run.ended_at = Some(now);
                contact_runs::update(tx, &run)?;
                contact_imports::remove(tx, &id)?;
                jobs::finish_operation(tx, &lease.fence)?;
                let detail = json!({ "kind": run.kind.as_str(), "counts": counts(&run) });
                doing.record(tx, ("contact_run.completed", run.id.as_str()), (detail, None))?;
                return Ok(Ok(()));
            }
            let mut known = Records::read(tx, &meaning)?;
            let fields = contact_fields::list(tx)?;
            let mut lines = Vec::new();
            for (line, cells) in &batch {
                let row = Wanted::of(cells, &meaning);
                let (kind, number, text) = match put(tx, &doing, (&row, &mut known), (&meaning, &fields))? {
                    Ok((Outcome::New, number)) => ("created", number, format!("Line {line}: made.")),
                    Ok((Outcome::Changed(_), number)) => ("changed", number, format!("Line {line}: changed.")),
                    Ok((_, number)) => ("unchanged", number, String::new()),
                    Err(why) => ("refused", None, format!("Line {line}: left out: {why}.")),
                };
                match kind {
                    "created" => run.counts.created += 1,
                    "changed" => run.counts.changed += 1,
                    "refused" => run.counts.skipped += 1,
                    _ => run.counts.unchanged += 1,
                }
                if !text.is_empty() {
                    let contact = number.filter(|_| meaning.entity == Entity::Contact);
                    lines.push(NewLine { kind, contact, account: None, text });
                }
            }
            contact_runs::append(tx, run.number, &lines, now)?;
            run.done += batch.len() as u64;
            run.total = total;
            run.heartbeat_at = Some(now);
            contact_runs::update(tx, &run)?;
            jobs::extend_operation(tx, &lease.fence, now)?;
            Ok(Ok(()))
        });
        written.await?.map_err(|()| Halt::LeaseLost)?;
        if last {
            return Ok(());
        }
        at = rows.len().min(at + BATCH);
    }
}

fn put(
    tx: &mut Tx,
    doing: &Doing,
    (row, known): (&Wanted, &mut Records),
    (meaning, fields): (&Meaning, &[Field]),
) -> Result<Result<(Outcome, Option<u32>), String>, StoreError> {
    let meant = match known.meant(row, meaning) {
        Ok(meant) => meant.map(|record| record.number),
        Err(why) => return Ok(Err(why)),
    };
    let earlier = row.key.as_ref().and_then(|key| known.new.get(key)).copied();
    let record = match meant.or(earlier) {
        Some(number) => contact_records::of_number(tx, meaning.entity, number)?.filter(Record::is_live),
        None => None,
    };
    let (outcome, record) = match record {
        Some(record) if !meaning.update => (Outcome::Same(String::new()), record),
        Some(record) => {
            let edit = followed(&record, &row.edit);
            match change_within(tx, doing, (record.clone(), &edit))? {
                Ok(after) if after == record => (Outcome::Same(String::new()), record),
                Ok(after) => (Outcome::Changed(String::new()), after),
                Err(why) => return Ok(Err(why.to_string())),
            }
        }
        None => match create_within(tx, doing, (meaning.entity, &row.edit))? {
            Ok(record) => {
                if let Some(key) = &row.key {
                    known.new.insert(key.clone(), record.number);
                }
                (Outcome::New, record)
            }
            Err(why) => return Ok(Err(why.to_string())),
        },
    };
    let number = record.number;
    if meaning.entity == Entity::Contact && (meaning.update || outcome == Outcome::New) && !row.companies.is_empty() {
        let changed = join(tx, doing, (&record, row), fields)?;
        if changed && matches!(outcome, Outcome::Same(_)) {
            return Ok(Ok((Outcome::Changed(String::new()), Some(number))));
        }
    }
    Ok(Ok((outcome, Some(number))))
}

/// Puts a contact into the companies of its row; those that are missing are made. Whether that changed anything.
fn join(tx: &mut Tx, doing: &Doing, (contact, row): (&Record, &Wanted), _: &[Field]) -> Result<bool, StoreError> {
    let mut changed = false;
    let links = contact_companies::of_contact(tx, contact.number)?;
    for name in &row.companies {
        let company = match contact_records::company_named(tx, name)? {
            Some(company) => company,
            None => {
                let edit = Edit { name: Some(name.clone()), ..Edit::default() };
                match create_within(tx, doing, (Entity::Company, &edit))? {
                    Ok(company) => company,
                    Err(_) => continue,
                }
            }
        };
        let known = links.iter().find(|link| link.company == company.number);
        if known.is_none_or(|link| !row.role.is_empty() && link.role != row.role) {
            link_within(tx, doing, (contact, &company), &row.role)?;
            changed = true;
        }
    }
    Ok(changed)
}
