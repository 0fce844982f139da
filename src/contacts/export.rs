//! Contacts and companies as files: exactly those that a filter finds, in its order, read page by page while the file is
//! sent. An import understands what is written here.

use contact::board::system_tags;
use contact::field::{Entity, Field};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::{Receiver, channel};

use crate::contacts::answer::Answered;
use crate::contacts::listing::{Listed, listed};
use crate::mirror::Mirror;
use crate::mirror::export::{Form, harmless};
use crate::store::error::StoreError;

/// How many records are read at once.
const PAGE: usize = 500;
/// How many pieces wait to be sent.
const WAITING: usize = 2;

/// The headings that are always there.
pub fn headings(entity: Entity) -> &'static [&'static str] {
    match entity {
        Entity::Contact => &["id", "name", "email", "companies", "tags", "system tags", "status", "created", "changed"],
        Entity::Company => &["id", "name", "domains", "contacts", "tags", "created", "changed"],
    }
}

/// Begins to write what a filter found; the pieces come in order, and all together they are the file.
pub fn begin(mirror: &Mirror, answered: &Answered, form: Form) -> Receiver<Result<Vec<u8>, StoreError>> {
    let (pieces, receiver) = channel(WAITING);
    let (mirror, answered) = (mirror.clone(), answered.clone());
    tokio::spawn(async move {
        let entity = answered.entity;
        let fields: Vec<Field> = answered.tables.of(entity).fields().to_vec();
        let numbers = answered.all();
        let mut first = true;
        let open = match form {
            Form::Csv => line(
                headings(entity)
                    .iter()
                    .map(|name| (*name).to_owned())
                    .chain(fields.iter().map(|field| field.code.clone())),
            ),
            Form::Json => b"[".to_vec(),
            Form::JsonLines => Vec::new(),
        };
        if pieces.send(Ok(open)).await.is_err() {
            return;
        }
        for page in numbers.chunks(PAGE) {
            let rows = match listed(&mirror, entity, page).await {
                Ok(rows) => rows,
                Err(error) => return drop(pieces.send(Err(error)).await),
            };
            let mut piece = Vec::new();
            for row in &rows {
                let contacts = answered.tables.contacts_of(row.record.number);
                match form {
                    Form::Csv => piece.extend(line(cells(row, contacts, &fields).into_iter().map(harmless))),
                    Form::Json => {
                        piece.extend(if first { &b"\n"[..] } else { b",\n" });
                        piece.extend(object(row, contacts, &fields).to_string().into_bytes());
                    }
                    Form::JsonLines => piece.extend(format!("{}\n", object(row, contacts, &fields)).into_bytes()),
                }
                first = false;
            }
            if pieces.send(Ok(piece)).await.is_err() {
                return;
            }
        }
        if form == Form::Json {
            drop(pieces.send(Ok(b"\n]\n".to_vec())).await);
        }
    });
    receiver
}

fn line(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    writer.write_record(cells).expect("memory takes every write, and rows of any length are let through");
    writer.into_inner().unwrap_or_default()
}

fn cells(row: &Listed, contacts: u64, fields: &[Field]) -> Vec<String> {
    let record = &row.record;
    let mut cells = vec![record.id.to_string(), record.name.clone()];
    let status = record.mark.as_ref().map(|mark| mark.status.clone()).unwrap_or_default();
    match record.entity {
        Entity::Contact => cells.extend([
            record.email.clone().unwrap_or_default(),
            row.companies.iter().map(|(company, _)| company.name.clone()).collect::<Vec<_>>().join("; "),
            record.tags.join(", "),
            system_tags(record.mark.as_ref()).join(", "),
            status,
        ]),
        Entity::Company => {
            cells.extend([record.domains.join(", "), contacts.to_string(), record.tags.join(", ")]);
        }
    }
    cells.extend([record.created_at.to_string(), record.changed_at.to_string()]);
    cells.extend(fields.iter().map(|field| record.values.get(&field.number).cloned().unwrap_or_default()));
    cells
}

fn object(row: &Listed, contacts: u64, fields: &[Field]) -> Value {
    let record = &row.record;
    let values: Map<String, Value> = fields
        .iter()
        .filter_map(|field| Some((field.code.clone(), json!(record.values.get(&field.number)?))))
        .collect();
    let mut object = json!({
        "id": record.id.as_str(),
        "name": record.name,
        "tags": record.tags,
        "fields": values,
        "created_at": record.created_at.to_string(),
        "changed_at": record.changed_at.to_string(),
    });
    match record.entity {
        Entity::Contact => {
            let companies = row
                .companies
                .iter()
                .map(|(company, role)| json!({ "id": company.id.as_str(), "name": company.name, "role": role }));
            object["email"] = json!(record.email);
            object["companies"] = companies.collect();
            object["system_tags"] = json!(system_tags(record.mark.as_ref()));
            object["status"] = json!(record.mark.as_ref().map(|mark| &mark.status));
        }
        Entity::Company => {
            object["domains"] = json!(record.domains);
            object["contacts"] = json!(contacts);
        }
    }
    object
}
