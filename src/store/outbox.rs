//! The outbox: notices, written by the transaction of the fact they tell, and their deliveries, one for each receiver.
//!
//! A delivery is sent by whoever leases it, and settled only while that lease holds; what is about the same subject
//! reaches a receiver in its order, because a later one is not due before the earlier one has ended.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::id::{DeliveryId, EndpointId, Entropy, NoticeId};
use crate::nouns::endpoint::{Delivery, DeliveryState, Style};
use crate::nouns::feed_run::RunCounts;
use crate::nouns::feed_told::FeedTold;
use crate::nouns::job::LEASE;
use crate::nouns::mail::AS_RECEIVER;
use crate::nouns::mail::MailKind;
use crate::nouns::notice::{EventKind, ItemCounts, Notice, Process, What};
use crate::nouns::report::{ReportFile, ReportMail};
use crate::store::bulk::{Bulk, Column, Update};
use crate::store::coverage::moment;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::value::Row;
use crate::store::{endpoints, head, mail_server};

const INSERT: &str = "INSERT INTO notices (id, at, event, subject, page, data) VALUES ($1, $2, $3, $4, $5, $6)";
const LAST_PLACE: &str = "SELECT max(place) FROM deliveries";
const INSERT_DELIVERY: &str = "
    INSERT INTO deliveries (place, id, notice, receiver, recipient, subject, state, due_at, attempts)
    VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, 0)";
const DUE: &str = "
    SELECT d.id, d.notice, d.receiver, d.recipient, d.attempts, n.at, n.event, n.page, n.data
    FROM deliveries d JOIN notices n ON n.id = d.notice
    WHERE ((d.state = 'waiting' AND d.due_at <= $1)
            OR (d.state = 'sending' AND (d.lease_until < $1 OR d.epoch <> $2)))
        AND NOT EXISTS (
            SELECT 1 FROM deliveries e
            WHERE e.receiver = d.receiver AND e.recipient = d.recipient AND e.place <> d.place
                AND ((e.state IN ('waiting', 'sending') AND e.subject = d.subject AND e.place < d.place)
                    OR (e.state = 'sending' AND e.lease_until >= $1 AND e.epoch = $2)))
    ORDER BY d.due_at, d.place LIMIT 1";
const TAKE: &str = "
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1, epoch = $2, lease_number = $3, lease_until = $4
    WHERE id = $1";
const SETTLE: &str = "
    UPDATE deliveries SET state = $4, due_at = $5, lease_until = NULL, ended_at = $6
    WHERE id = $1 AND state = 'sending' AND epoch = $2 AND lease_number = $3";
const INSERT_ATTEMPT: &str = "
    INSERT INTO delivery_attempts (delivery, number, at, outcome, answer) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING";
const NOTICE_OF: &str = "
    SELECT notice, receiver, recipient, subject FROM deliveries WHERE id = $1 AND state IN ('delivered', 'dead')";
const NEWEST: &str = "
    SELECT d.id, d.place, d.notice, n.event, n.at, d.receiver, d.recipient, d.state, d.due_at, d.attempts,
        (SELECT a.answer FROM delivery_attempts a WHERE a.delivery = d.id ORDER BY a.number DESC LIMIT 1)
    FROM deliveries d JOIN notices n ON n.id = d.notice
    WHERE d.place < $1 ORDER BY d.place DESC LIMIT $2";
const NEWEST_OF: &str = "
    SELECT d.id, d.place, d.notice, n.event, n.at, d.receiver, d.recipient, d.state, d.due_at, d.attempts,
        (SELECT a.answer FROM delivery_attempts a WHERE a.delivery = d.id ORDER BY a.number DESC LIMIT 1)
    FROM deliveries d JOIN notices n ON n.id = d.notice
    WHERE d.receiver = $3 AND d.place < $1 ORDER BY d.place DESC LIMIT $2";
const FIND: &str = "
    SELECT d.id, d.place, d.notice, n.event, n.at, d.receiver, d.recipient, d.state, d.due_at, d.attempts,
        (SELECT a.answer FROM delivery_attempts a WHERE a.delivery = d.id ORDER BY a.number DESC LIMIT 1)
    FROM deliveries d JOIN notices n ON n.id = d.notice
    WHERE d.id = $1";
const DROP_ATTEMPTS: &str = "
    DELETE FROM delivery_attempts WHERE delivery IN (SELECT id FROM deliveries WHERE ended_at < $1)";
const DROP_DELIVERIES: &str = "DELETE FROM deliveries WHERE ended_at < $1";
const DROP_NOTICES: &str = "
    DELETE FROM notices WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.notice = notices.id)";

const NOTICES: Bulk = Bulk {
    table: "notices",
    columns: &[
        Column::text("id"),
        Column::integer("at"),
        Column::text("event"),
        Column::text("subject"),
        Column::text("page"),
        Column::text("data"),
    ],
    key: &["id"],
    update: Update::Nothing,
};
const DELIVERIES: Bulk = Bulk {
    table: "deliveries",
    columns: &[
        Column::integer("place"),
        Column::text("id"),
        Column::text("notice"),
        Column::text("receiver"),
        Column::text("recipient"),
        Column::text("subject"),
        Column::text("state"),
        Column::integer("due_at"),
        Column::integer("attempts"),
    ],
    key: &["place"],
    update: Update::Nothing,
};

/// The statements of this file, by name, for the test that prepares all of them on both engines.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("outbox.INSERT", INSERT),
    ("outbox.LAST_PLACE", LAST_PLACE),
    ("outbox.INSERT_DELIVERY", INSERT_DELIVERY),
    ("outbox.DUE", DUE),
    ("outbox.TAKE", TAKE),
    ("outbox.SETTLE", SETTLE),
    ("outbox.INSERT_ATTEMPT", INSERT_ATTEMPT),
    ("outbox.NOTICE_OF", NOTICE_OF),
    ("outbox.NEWEST", NEWEST),
    ("outbox.NEWEST_OF", NEWEST_OF),
    ("outbox.FIND", FIND),
    ("outbox.DROP_ATTEMPTS", DROP_ATTEMPTS),
    ("outbox.DROP_DELIVERIES", DROP_DELIVERIES),
    ("outbox.DROP_NOTICES", DROP_NOTICES),
];

/// The bulk writes of this file.
pub const BULKS: &[&Bulk] = &[&NOTICES, &DELIVERIES];

/// Who a notice is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// A webhook.
    Endpoint(EndpointId),
    /// A mail address.
    Mail(String),
}

/// A delivery that was leased, with all that is sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Leased {
    /// The delivery.
    pub id: DeliveryId,
    /// What the receiver knows the message by.
    pub notice: NoticeId,
    /// For whom it is.
    pub receiver: Receiver,
    /// Which attempt this is, from 1.
    pub attempt: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Which event.
    pub event: EventKind,
    /// The page that says more, from the first slash on.
    pub page: String,
    /// What is told.
    pub data: Value,
    epoch: i64,
    number: i64,
}

/// How a delivery goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was accepted.
    Delivered,
    /// It is tried again.
    Again(Timestamp),
    /// It is given up.
    Dead,
}

/// Puts a notice out for every receiver that wants it, in the transaction of what it tells. Any verb may call this.
pub fn put(tx: &mut Tx, notice: &Notice, entropy: &Entropy) -> Result<(), StoreError> {
    let receivers = wanting(tx, notice.kind())?;
    put_for(tx, notice, &receivers, entropy).map(drop)
}

/// Puts a notice out for these receivers alone; a delivery for each.
pub fn put_for(
    tx: &mut Tx,
    notice: &Notice,
    receivers: &[Receiver],
    entropy: &Entropy,
) -> Result<Vec<DeliveryId>, StoreError> {
    if receivers.is_empty() {
        return Ok(Vec::new());
    }
    let id = NoticeId::new(entropy, notice.at);
    let subject = notice.subject();
    let arguments = [
        id.as_str().into(),
        notice.at.as_microsecond().into(),
        notice.kind().as_str().into(),
        (&subject).into(),
        notice.page().into(),
        data(&notice.what).to_string().into(),
    ];
    tx.execute(INSERT, &arguments)?;
    let mut deliveries = Vec::with_capacity(receivers.len());
    for receiver in receivers {
        deliveries.push(deliver(tx, &id, (receiver, &subject), notice.at, entropy)?);
    }
    Ok(deliveries)
}

/// Puts notices out that are for one mail address each, however many they are; their ids, in order.
pub fn put_mails(tx: &mut Tx, mails: &[(Notice, String)], entropy: &Entropy) -> Result<Vec<NoticeId>, StoreError> {
    let ids: Vec<NoticeId> = mails.iter().map(|(notice, _)| NoticeId::new(entropy, notice.at)).collect();
    let notices = mails.iter().zip(&ids).map(|((notice, _), id)| {
        [
            id.as_str().into(),
            notice.at.as_microsecond().into(),
            notice.kind().as_str().into(),
            notice.subject().into(),
            notice.page().into(),
            data(&notice.what).to_string().into(),
        ]
    });
    tx.bulk(&NOTICES, notices)?;
    let place = tx.one(LAST_PLACE, &[], |row| row.optional_integer(0))?.unwrap_or(0) + 1;
    let deliveries = (place..).zip(mails.iter().zip(&ids)).map(|(place, ((notice, address), id))| {
        [
            place.into(),
            DeliveryId::new(entropy, notice.at).as_str().to_owned().into(),
            id.as_str().into(),
            AS_RECEIVER.into(),
            address.into(),
            notice.subject().into(),
            "waiting".into(),
            notice.at.as_microsecond().into(),
            0.into(),
        ]
    });
    tx.bulk(&DELIVERIES, deliveries)?;
    Ok(ids)
}

/// Who wants to be told of an event.
pub fn wanting(tx: &mut Tx, event: EventKind) -> Result<Vec<Receiver>, StoreError> {
    let wants = |style: Style| style == Style::Generic || event.trigger().is_some();
    let mut receivers = Vec::new();
    for endpoint in endpoints::list(tx)? {
        let draft = &endpoint.draft;
        if draft.active && draft.events.contains(&event) && wants(draft.style) {
            receivers.push(Receiver::Endpoint(endpoint.id));
        }
    }
    if let (Some(kind), Some(server)) = (MailKind::of(event), mail_server::find(tx)?) {
        receivers.extend(server.recipients_of(kind).iter().cloned().map(Receiver::Mail));
    }
    Ok(receivers)
}

/// Leases the delivery that is due, if any: of each receiver one at a time, of each subject the earliest.
pub fn take(tx: &mut Tx, now: Timestamp) -> Result<Option<Leased>, StoreError> {
    let epoch = head::read(tx)?.epoch;
    let due = tx.optional(DUE, &[now.as_microsecond().into(), epoch.into()], |row| leased(row, epoch))?;
    let Some(mut leased) = due else { return Ok(None) };
    leased.number = head::next_lease(tx)?;
    let until = now.as_microsecond().saturating_add(LEASE.as_micros() as i64);
    tx.execute(TAKE, &[leased.id.as_str().into(), epoch.into(), leased.number.into(), until.into()])?;
    Ok(Some(leased))
}

/// Whether anything can be leased.
pub fn is_due(tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
    let epoch = head::read(tx)?.epoch;
    Ok(tx.optional(DUE, &[now.as_microsecond().into(), epoch.into()], |row| row.integer(4))?.is_some())
}

/// Records what came of an attempt. False, and nothing is recorded, when somebody else has taken the delivery over.
pub fn settle(
    tx: &mut Tx,
    leased: &Leased,
    (settled, answer): (&Settled, &str),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (state, due, ended, outcome) = match settled {
        Settled::Delivered => (DeliveryState::Delivered, now, Some(now), "accepted"),
        Settled::Again(at) => (DeliveryState::Waiting, *at, None, "refused"),
        Settled::Dead => (DeliveryState::Dead, now, Some(now), "given up"),
    };
    let arguments = [
        leased.id.as_str().into(),
        leased.epoch.into(),
        leased.number.into(),
        state.as_str().into(),
        due.as_microsecond().into(),
        ended.map(Timestamp::as_microsecond).into(),
    ];
    if tx.execute(SETTLE, &arguments)? == 0 {
        return Ok(false);
    }
    let id = leased.id.as_str();
    let attempt = [id.into(), leased.attempt.into(), now.as_microsecond().into(), outcome.into(), answer.into()];
    tx.execute(INSERT_ATTEMPT, &attempt)?;
    Ok(true)
}

/// Sends an ended delivery again, as a delivery of its own: the receiver knows it by the same id. `None` when there
/// is none, or it has not ended.
pub fn send_again(
    tx: &mut Tx,
    id: &DeliveryId,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Option<DeliveryId>, StoreError> {
    let ended = tx.optional(NOTICE_OF, &[id.as_str().into()], |row| {
        let notice = NoticeId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?;
        Ok((notice, receiver(row, (1, 2))?, row.text(3)?.to_owned()))
    })?;
    let Some((notice, receiver, subject)) = ended else { return Ok(None) };
    deliver(tx, &notice, (&receiver, &subject), now, entropy).map(Some)
}

/// The newest deliveries before a place, newest first.
pub fn newest(tx: &mut Tx, before: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
    tx.list(NEWEST, &[before.into(), limit.into()], delivery)
}

/// A delivery.
pub fn find(tx: &mut Tx, id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
    tx.optional(FIND, &[id.as_str().into()], delivery)
}

/// The newest deliveries to one receiver before a place, newest first.
pub fn newest_of(tx: &mut Tx, receiver: &str, before: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
    tx.list(NEWEST_OF, &[before.into(), limit.into(), receiver.into()], delivery)
}

/// Drops what ended before a moment.
pub fn drop_before(tx: &mut Tx, moment: Timestamp) -> Result<(), StoreError> {
    let moment = [moment.as_microsecond().into()];
    tx.execute(DROP_ATTEMPTS, &moment)?;
    tx.execute(DROP_DELIVERIES, &moment)?;
    tx.execute(DROP_NOTICES, &moment).map(drop)
}

fn deliver(
    tx: &mut Tx,
    notice: &NoticeId,
    (receiver, subject): (&Receiver, &str),
    now: Timestamp,
    entropy: &Entropy,
) -> Result<DeliveryId, StoreError> {
    let place = tx.one(LAST_PLACE, &[], |row| row.optional_integer(0))?.unwrap_or(0) + 1;
    let id = DeliveryId::new(entropy, now);
    let (to, recipient) = match receiver {
        Receiver::Endpoint(id) => (id.as_str(), ""),
        Receiver::Mail(address) => (AS_RECEIVER, address.as_str()),
    };
    let arguments = [
        place.into(),
        id.as_str().into(),
        notice.as_str().into(),
        to.into(),
        recipient.into(),
        subject.into(),
        now.as_microsecond().into(),
    ];
    tx.execute(INSERT_DELIVERY, &arguments)?;
    Ok(id)
}

/// What is told, in the names of Automation for Jira's payloads where there are any. Ids, counts and names of things;
/// nothing about a person.
fn data(what: &What) -> Value {
    match what {
        What::KeyExpiring { key, name, expires_at, days } => {
            json!({ "apiKeyId": key.as_str(), "name": name, "expiresAt": expires_at.to_string(), "days": days })
        }
        What::SyncSealed { run, generation, gaps, withheld, changed } => json!({
            "runId": run.as_str(),
            "outcome": if *withheld > 0 { "held" } else { "finished" },
            "generation": generation,
            "gaps": gaps,
            "withheld": withheld,
            "counts": { "added": changed.added, "removed": changed.removed, "changed": changed.changed },
        }),
        What::SyncFailed { run, reason } => json!({ "runId": run.as_str(), "outcome": "failed", "reason": reason }),
        What::OperationFinished { process, outcome } => process_data(process, outcome),
        What::TaskRun { task, process, outcome } => {
            let mut data = process_data(process, outcome.as_str());
            data["taskId"] = json!(task);
            data
        }
        What::Feed(told) => feed_data(told),
        What::FeedReport { told, lines, log } => {
            let mut data = feed_data(told);
            data["lines"] = json!(lines);
            data["log"] = json!(log);
            data
        }
        What::Contacts(told) => {
            let named = if told.event == EventKind::ConflictOpened { "conflicts" } else { "contacts" };
            json!({ named: told.ids, "count": told.count, "runId": told.run })
        }
        What::Report(mail) => report_data(mail),
        What::AccessEnding { task, letter, .. } => {
            json!({ "taskId": task, "subject": letter.subject, "message": letter.message })
        }
        What::LicenceLimitNeared { managed, capacity, grace_until } => json!({
            "outcome": if grace_until.is_some() { "exceeded" } else { "neared" },
            "managed": managed,
            "capacity": capacity,
            "graceUntil": grace_until.map(|until| until.to_string()),
        }),
        What::Test => json!({ "name": "Test of Rollcall", "outcome": "succeeded" }),
    }
}

fn feed_data(told: &FeedTold) -> Value {
    let RunCounts { new, changed, unchanged, leaving, returning, failing, conflicts, .. } = told.counts;
    json!({
        "feedId": told.feed,
        "code": told.code,
        "name": told.name,
        "runId": told.run,
        "number": told.number,
        "outcome": told.outcome.as_str(),
        "counts": {
            "new": new, "changed": changed, "unchanged": unchanged, "leaving": leaving, "returning": returning,
            "failing": failing, "conflicts": conflicts,
        },
        "errors": told.errors,
        "errorChange": told.error_change,
        "reasons": told.reasons,
    })
}

fn report_data(mail: &ReportMail) -> Value {
    let (table, people) = match &mail.file {
        ReportFile::Nothing => (None, None),
        ReportFile::Table(table) => (Some(table), None),
        ReportFile::People { filter, generation } => {
            (None, Some(json!({ "filter": filter, "generation": generation })))
        }
    };
    json!({
        "reportId": mail.report.as_str(),
        "name": mail.name,
        "subject": mail.subject,
        "paragraphs": mail.paragraphs,
        "facts": mail.facts,
        "why": mail.why,
        "fileName": mail.file_name,
        "table": table,
        "people": people,
    })
}

fn process_data(process: &Process, outcome: &str) -> Value {
    let ItemCounts { total, succeeded, failed, skipped } = process.counts;
    json!({
        "processId": process.id,
        "name": process.name,
        "actionTypes": process.action_types,
        "outcome": outcome,
        "counts": { "total": total, "succeeded": succeeded, "failed": failed, "skipped": skipped },
    })
}

fn leased(row: &Row<'_>, epoch: i64) -> Result<Leased, StoreError> {
    Ok(Leased {
        id: DeliveryId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        notice: NoticeId::parse(row.text(1)?).ok_or_else(|| row.corrupt(1))?,
        receiver: receiver(row, (2, 3))?,
        attempt: row.integer(4)? + 1,
        at: moment(row, 5)?,
        event: EventKind::parse(row.text(6)?).ok_or_else(|| row.corrupt(6))?,
        page: row.text(7)?.to_owned(),
        data: serde_json::from_str(row.text(8)?).map_err(|_| row.corrupt(8))?,
        epoch,
        number: 0,
    })
}

fn receiver(row: &Row<'_>, (receiver, recipient): (usize, usize)) -> Result<Receiver, StoreError> {
    if row.text(receiver)? == AS_RECEIVER {
        return Ok(Receiver::Mail(row.text(recipient)?.to_owned()));
    }
    EndpointId::parse(row.text(receiver)?).map(Receiver::Endpoint).ok_or_else(|| row.corrupt(receiver))
}

fn delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: DeliveryId::parse(row.text(0)?).ok_or_else(|| row.corrupt(0))?,
        place: row.integer(1)?,
        notice: NoticeId::parse(row.text(2)?).ok_or_else(|| row.corrupt(2))?,
        event: EventKind::parse(row.text(3)?).ok_or_else(|| row.corrupt(3))?,
        at: moment(row, 4)?,
        endpoint: EndpointId::parse(row.text(5)?),
        recipient: row.text(6)?.to_owned(),
        state: DeliveryState::parse(row.text(7)?).ok_or_else(|| row.corrupt(7))?,
        due_at: moment(row, 8)?,
        attempts: row.integer(9)?,
        last_answer: row.optional_text(10)?.map(str::to_owned),
    })
}
