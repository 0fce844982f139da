//! Events of the audit chain as sentences, rows and objects: one row is made in one place, for pages, API and commands.
//!
//! Read from the database page by page while it is sent, so that a chain of any length needs little memory.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::id::Entropy;
use crate::mirror::export::{Form, harmless};
use crate::nouns::context::Context;
use crate::nouns::event::{NewEvent, Recorded};
use crate::nouns::event_kind::{self, Outcome};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::events::{self, Wanted};

/// The headings of a table of events.
pub const COLUMNS: [&str; 12] =
    ["event", "at", "who", "actor", "what", "kind", "subject", "outcome", "from where", "detail", "personal", "hash"];

/// Events are read so many at a time.
const AT_ONCE: u32 = 500;

/// What is exported, for the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported<'a> {
    /// Which rows: people, groups, audit, those of an operation.
    pub what: &'a str,
    /// How many, where that is known before they are sent.
    pub rows: Option<u64>,
    /// As what.
    pub form: Form,
    /// The filter that finds them; it may tell of people, so it can be erased.
    pub filter: &'a str,
}

/// Records in a chain that somebody exports rows. Nothing is exported without it.
pub async fn record(
    context: &Context,
    store: &Store,
    exported: Exported<'_>,
    entropy: &Entropy,
) -> Result<(), StoreError> {
    let form = match exported.form {
        Form::Csv => "csv",
        Form::Json => "json",
        Form::JsonLines => "ndjson",
    };
    let event = NewEvent {
        at: context.now,
        actor: context.actor.as_subject(),
        kind: "export.made",
        subject: exported.what.to_owned(),
        detail: json!({ "rows": exported.rows, "form": form }).to_string(),
        personal: json!({ "filter": exported.filter }).to_string(),
    };
    let salt = entropy.bytes();
    store.write(move |tx| events::append(tx, &event, &salt).map(drop)).await
}

/// What happened, as a sentence's end: `signed in`. A kind that this version does not know is shown by its name.
pub fn what(kind: &str) -> &str {
    event_kind::find(kind).map_or(kind, |kind| kind.sentence)
}

/// How it came out.
pub fn outcome(kind: &str) -> &'static str {
    event_kind::find(kind).map_or(Outcome::Done, |kind| kind.outcome).as_str()
}

/// Who did it: by name where there is one, else by id.
pub fn who(recorded: &Recorded) -> String {
    recorded.name().unwrap_or(&recorded.event.actor).to_owned()
}

/// An event as an object.
pub fn object(recorded: &Recorded) -> Value {
    let event = &recorded.event;
    json!({
        "event": event.seq,
        "at": event.at.to_string(),
        "who": who(recorded),
        "actor": event.actor,
        "what": what(&event.kind),
        "kind": event.kind,
        "subject": event.subject,
        "outcome": outcome(&event.kind),
        "from": recorded.source(),
        "detail": serde_json::from_str::<Value>(&event.detail).unwrap_or(Value::Null),
        "personal": recorded.told().and_then(|told| serde_json::from_str::<Value>(told).ok()),
        "erased": recorded.is_erased(),
        "hash": hash(recorded),
    })
}

/// An event's hash in letters.
pub fn hash(recorded: &Recorded) -> String {
    recorded.hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Events as a text, piece by piece. What happens after this call is not among them.
pub fn pieces(store: Store, wanted: Wanted, form: Form) -> mpsc::Receiver<Result<Vec<u8>, StoreError>> {
    // One piece waits while the one before is sent.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut next = Some(wanted);
        let mut first = true;
        while let Some(wanted) = next.take() {
            let asked = wanted.clone();
            let (piece, rest) = match store.read(move |tx| events::matching(tx, &asked, AT_ONCE)).await {
                Ok(found) => {
                    let full = found.len() == AT_ONCE as usize;
                    let rest = found.last().filter(|_| full).map(|last| last.event.seq);
                    (Ok(written(&found, form, (first, rest.is_none()))), rest)
                }
                Err(error) => (Err(error), None),
            };
            first = false;
            next = rest.map(|before| Wanted { before, ..wanted });
            // Whoever asked is gone.
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    });
    receiver
}

/// Events as one piece of a text.
pub fn written(found: &[Recorded], form: Form, (first, last): (bool, bool)) -> Vec<u8> {
    let mut text = Vec::new();
    match form {
        Form::Csv => {
            let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(&mut text);
            let headings = first.then(|| COLUMNS.map(str::to_owned));
            for row in headings.into_iter().chain(found.iter().map(|recorded| cells(recorded).map(harmless))) {
                writer.write_record(&row).expect("memory takes every write, and all rows are arrays of one length");
            }
            drop(writer);
        }
        Form::Json => {
            text.extend(if first { &b"["[..] } else { b"" });
            for (place, recorded) in found.iter().enumerate() {
                text.extend(if first && place == 0 { &b"\n"[..] } else { b",\n" });
                text.extend(object(recorded).to_string().bytes());
            }
            text.extend(if last { &b"\n]\n"[..] } else { b"" });
        }
        Form::JsonLines => {
            found.iter().for_each(|recorded| text.extend(format!("{}\n", object(recorded)).bytes()));
        }
    }
    text
}

fn cells(recorded: &Recorded) -> [String; COLUMNS.len()] {
    let event = &recorded.event;
    let erased = || if recorded.is_erased() { "erased" } else { "" }.to_owned();
    [
        event.seq.to_string(),
        event.at.to_string(),
        who(recorded),
        event.actor.clone(),
        what(&event.kind).to_owned(),
        event.kind.clone(),
        event.subject.clone(),
        outcome(&event.kind).to_owned(),
        recorded.source().unwrap_or_default().to_owned(),
        event.detail.clone(),
        recorded.told().map_or_else(erased, str::to_owned),
        hash(recorded),
    ]
}

/// The moment at which a day begins in a zone, and the one at which it ends.
pub fn day(text: &str, zone: &jiff::tz::TimeZone) -> Option<(Timestamp, Timestamp)> {
    let day: jiff::civil::Date = text.trim().parse().ok()?;
    let begins = |day: jiff::civil::Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
    Some((begins(day)?, begins(day.tomorrow().ok()?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nouns::event::{Event, Part};

    fn recorded() -> Recorded {
        let event = Event {
            seq: 7,
            at: Timestamp::UNIX_EPOCH,
            actor: "administrator adm_1".to_owned(),
            kind: "session.started".to_owned(),
            subject: "adm_1".to_owned(),
            detail: "{}".to_owned(),
        };
        let part = Part {
            person: "adm_1".to_owned(),
            name: Some("=cmd|' /C calc'!A0".to_owned()),
            source: Some("192.0.2.1".to_owned()),
            ..Part::default()
        };
        Recorded { event, hash: vec![1, 255], parts: vec![part] }
    }

    #[test]
    fn no_spreadsheet_takes_a_name_for_a_formula() {
        let csv = String::from_utf8(written(&[recorded()], Form::Csv, (true, true))).unwrap();
        let row = csv.lines().nth(1).unwrap();
        assert!(row.starts_with("7,1970-01-01T00:00:00Z,'=cmd|' /C calc'!A0,administrator adm_1,signed in,"), "{csv}");
        assert!(row.ends_with(",done,192.0.2.1,{},,01ff"), "{csv}");
    }

    #[test]
    fn pieces_of_json_are_one_array_however_many_there_are() {
        let one = [recorded()];
        let pieces = [written(&one, Form::Json, (true, false)), written(&one, Form::Json, (false, true))].concat();
        let read: Vec<Value> = serde_json::from_slice(&pieces).unwrap();
        assert_eq!((read.len(), &read[1]["from"], &read[1]["event"]), (2, &json!("192.0.2.1"), &json!(7)));
        assert_eq!(written(&[], Form::Json, (true, true)), b"[\n]\n");
    }

    #[test]
    fn a_day_is_as_long_as_its_zone_makes_it() {
        let berlin = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let (from, to) = day("2026-10-25", &berlin).unwrap();
        assert_eq!(to.duration_since(from).as_hours(), 25);
        assert_eq!(day("2026-13-01", &berlin), None);
    }
}
