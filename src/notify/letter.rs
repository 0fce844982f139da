//! Letters: what a mail says, as plain text and as HTML, and its composition. Nothing that is put into a letter can add
//! a header or a recipient.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use maud::html;
use serde_json::Value;

use crate::nouns::notice::EventKind;

/// What a mail says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Its subject.
    pub subject: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
    /// Facts, by name.
    pub facts: Vec<(String, String)>,
    /// Where more is said.
    pub link: Option<String>,
    /// What stands beneath everything: who gets it and why.
    pub footer: Vec<String>,
    /// Files that come with it.
    pub enclosures: Vec<Enclosure>,
}

/// A file that comes with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enclosure {
    /// Its name.
    pub name: String,
    /// What it is: `text/csv`.
    pub kind: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// From whom a mail comes, to whom it goes, and what it is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The sender's address, with or without a name: `Rollcall <rollcall@example.com>`.
    pub sender: String,
    /// The recipient's address.
    pub recipient: String,
    /// The id of the message, without its domain; the same however often it is sent.
    pub id: String,
    /// When it is written.
    pub at: Timestamp,
}

/// Why a mail cannot be composed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Uncomposed {
    /// This is no mail address.
    #[error("This is no mail address: {0}")]
    Address(String),
    /// A file's type is none, or the message cannot be written.
    #[error("The message cannot be written.")]
    Message,
}

/// Reads an address, with or without a name. One with a line break is none.
pub fn mailbox(text: &str) -> Result<Mailbox, Uncomposed> {
    let wrong = || Uncomposed::Address(text.chars().filter(|letter| !letter.is_control()).take(100).collect());
    if text.chars().any(char::is_control) {
        return Err(wrong());
    }
    let text = text.trim();
    // A name may be written as people do, without quotes and in any script.
    match text.strip_suffix('>').and_then(|start| start.rsplit_once('<')) {
        Some((name, address)) => {
            let name = name.trim().trim_matches('"').trim();
            let address: Address = address.trim().parse().map_err(|_| wrong())?;
            Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
        }
        None => text.parse::<Address>().map(|address| Mailbox::new(None, address)).map_err(|_| wrong()),
    }
}

/// The letter that tells of an event.
pub fn of_event(event: EventKind, data: &Value, link: Option<String>) -> Letter {
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    // Written by whoever made the task, to people who have no entry here.
    if event == EventKind::AccessEnding {
        let paragraphs = text("message").split("\n\n").map(str::to_owned).collect();
        return Letter { subject: text("subject"), paragraphs, ..Letter::default() };
    }
    if event == EventKind::Report {
        return of_report(data, link);
    }
    if event == EventKind::FeedReport {
        return of_feed(data, link);
    }
    let said = match event {
        EventKind::KeyExpiring => format!(
            "The organization API key {} expires on {}. When it has expired, no sync can read anything. Make a new key at Atlassian and replace it in Rollcall.",
            text("name"),
            text("expiresAt"),
        ),
        EventKind::SyncHeld => "A sync found more changes at once than its guards let pass. These rows stay as they were until somebody has looked at them.".to_owned(),
        EventKind::SyncFailed => format!("A sync ended without a result. {}", text("reason")),
        EventKind::OperationFinished => format!("{} is over: {}.", text("name"), text("outcome")),
        EventKind::FeedFinished
        | EventKind::FeedHeld
        | EventKind::FeedFailed
        | EventKind::FeedBlocked
        | EventKind::FeedLate => format!("The feed {}: {}.", text("name"), text("outcome")),
        EventKind::ContactCreated
        | EventKind::ContactChanged
        | EventKind::ContactUnlinked
        | EventKind::ConflictOpened => format!("{}: {}.", event.in_words(), data["count"]),
        EventKind::LicenceLimitNeared if text("outcome") == "exceeded" => format!(
            "There are more managed people than Rollcall's edition allows. Everything works until {}; after that, operations and tasks are refused. Syncs and data stay.",
            text("graceUntil"),
        ),
        EventKind::LicenceLimitNeared => "The number of managed people comes near what Rollcall's edition allows.".to_owned(),
        EventKind::Test => "This is a test. Mail from Rollcall reaches you.".to_owned(),
        _ => format!("The task {} ran: {}.", text("name"), text("outcome")),
    };
    let mut facts = Vec::new();
    for name in ["days", "withheld", "generation", "managed", "capacity"] {
        if let Some(number) = data[name].as_u64() {
            facts.push((name.to_owned(), number.to_string()));
        }
    }
    if let Some(counts) = data["counts"].as_object() {
        facts.extend(counts.iter().map(|(name, count)| (name.clone(), count.to_string())));
    }
    for name in ["processId", "taskId", "runId", "apiKeyId"] {
        if let Some(id) = data[name].as_str() {
            facts.push((name.to_owned(), id.to_owned()));
        }
    }
    let named = text("name");
    let subject = match event {
        EventKind::KeyExpiring => format!("Rollcall: organization API key expires in {} days or less", data["days"]),
        _ if named.is_empty() || event == EventKind::Test => format!("Rollcall: {}", event.in_words()),
        _ => format!("Rollcall: {} ({named})", event.in_words()),
    };
    Letter { subject, paragraphs: vec![said], facts, link, ..Letter::default() }
}

/// The report of a feed: what came of its run, in numbers, and its log as far as the feed's settings let it be told.
fn of_feed(data: &Value, link: Option<String>) -> Letter {
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let (name, number, outcome) = (text("name"), data["number"].as_u64().unwrap_or_default(), text("outcome"));
    let said = match outcome.as_str() {
        "applied" => format!("Run {number} of the feed {name} was applied."),
        "held" => format!("Run {number} of the feed {name} waits for a person. Nothing of it was applied."),
        "failed" => format!("Run {number} of the feed {name} was given up. Nothing of it was applied."),
        "blocked" => format!("A delivery to the feed {name} was refused, because run {number} waits for a person."),
        _ => format!("The delivery of the feed {name} is late."),
    };
    let change = data["errorChange"].as_i64().unwrap_or_default();
    let mut paragraphs = vec![said];
    paragraphs.extend(data["reasons"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    if outcome != "late" {
        paragraphs.push(format!("Change in error count: {change}"));
    }
    if !text("lines").is_empty() {
        paragraphs.push(text("lines"));
    }
    let counts = data["counts"].as_object().filter(|_| outcome != "late");
    let facts = counts.into_iter().flatten().map(|(name, count)| (name.clone(), count.to_string())).collect();
    let enclosure = |log: &str| Enclosure {
        name: format!("run-{number}.log"),
        kind: "text/plain; charset=utf-8".to_owned(),
        content: log.as_bytes().to_vec(),
    };
    let enclosures = data["log"].as_str().map(enclosure).into_iter().collect();
    Letter {
        subject: format!("User feed report / {change:+} / {name} / {outcome}"),
        paragraphs,
        facts,
        link,
        enclosures,
        ..Letter::default()
    }
}

/// A scheduled report: what it counted, and a table of that. People are written into it by whoever has them.
fn of_report(data: &Value, link: Option<String>) -> Letter {
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let paragraphs = data["paragraphs"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fact = |fact: &Value| Some((fact[0].as_str()?.to_owned(), fact[1].as_str()?.to_owned()));
    let table = data["table"].as_str().map(|table| csv(text("fileName"), table.as_bytes().to_vec()));
    Letter {
        subject: text("subject"),
        paragraphs: paragraphs.map(str::to_owned).collect(),
        facts: data["facts"].as_array().into_iter().flatten().filter_map(fact).collect(),
        link,
        footer: vec![text("why")],
        enclosures: table.into_iter().collect(),
    }
}

/// Comma-separated values as a file.
pub fn csv(name: String, content: Vec<u8>) -> Enclosure {
    Enclosure { name, kind: "text/csv; charset=utf-8; header=present".to_owned(), content }
}

/// Composes a letter.
///
/// # Errors
/// An address or a file's type is none.
pub fn compose(letter: &Letter, envelope: &Envelope) -> Result<Message, Uncomposed> {
    let (from, to) = (mailbox(&envelope.sender)?, mailbox(&envelope.recipient)?);
    let id = format!("<{}@{}>", envelope.id, from.email.domain());
    let bodies = MultiPart::alternative_plain_html(plain(letter), page(letter));
    let mut whole = MultiPart::mixed().multipart(bodies);
    for enclosure in &letter.enclosures {
        let kind = ContentType::parse(&enclosure.kind).map_err(|_| Uncomposed::Message)?;
        let part: SinglePart = Attachment::new(one_line(&enclosure.name)).body(enclosure.content.clone(), kind);
        whole = whole.singlepart(part);
    }
    Message::builder()
        .from(from)
        .to(to)
        .date(SystemTime::from(envelope.at))
        .message_id(Some(id))
        .subject(one_line(&letter.subject))
        .multipart(whole)
        .map_err(|_| Uncomposed::Message)
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn plain(letter: &Letter) -> String {
    let mut text = letter.paragraphs.join("\n\n");
    text.push_str("\n\n");
    for (name, value) in &letter.facts {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(link) = &letter.link {
        text.push_str(&format!("\n{link}\n"));
    }
    for line in &letter.footer {
        text.push_str(&format!("\n{line}\n"));
    }
    text
}

fn page(letter: &Letter) -> String {
    let page = html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (one_line(&letter.subject)) } }
            body {
                @for paragraph in &letter.paragraphs { p { (paragraph) } }
                @if !letter.facts.is_empty() {
                    table { @for (name, value) in &letter.facts { tr { th align="left" scope="row" { (name) } td { (value) } } } }
                }
                @if let Some(link) = &letter.link { p { a href=(link) { "Look at it in Rollcall" } } }
                @for line in &letter.footer { p { small { (line) } } }
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            sender: "Rollcall <rollcall@example.com>".to_owned(),
            recipient: "ops@example.com".to_owned(),
            id: "dlv_1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    fn headers(message: &Message) -> Vec<String> {
        let text = String::from_utf8(message.formatted()).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().to_owned();
        head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(str::to_owned).collect()
    }

    #[test]
    fn nothing_that_is_put_into_a_letter_adds_a_header() {
        let letter = Letter {
            subject: "Task \"x\r\nBcc: all@example.com\r\n\r\nbody".to_owned(),
            enclosures: vec![Enclosure {
                name: "a\"\r\nX-Evil: 1.csv".to_owned(),
                kind: "text/csv".to_owned(),
                content: Vec::new(),
            }],
            ..Letter::default()
        };
        let message = compose(&letter, &envelope()).unwrap();
        let names: Vec<String> =
            headers(&message).iter().map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(sorted, ["content-type", "date", "from", "message-id", "mime-version", "subject", "to"]);
        let text = String::from_utf8(message.formatted()).unwrap();
        assert!(!text.contains("\r\nX-Evil") && !text.contains("\r\nBcc"), "{text}");
        assert_eq!(message.envelope().to().len(), 1);
    }

    #[test]
    fn an_address_with_a_line_break_or_a_second_address_is_none() {
        for text in ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "a", "<>", "a@b@c", ""] {
            assert!(mailbox(text).is_err(), "{text}");
        }
        let named = mailbox("Zoë Ångström <zoe@example.com>").unwrap();
        assert_eq!(
            (named.name.as_deref(), named.email.to_string().as_str()),
            (Some("Zoë Ångström"), "zoe@example.com")
        );
    }

    #[test]
    fn what_a_thing_is_called_is_text_in_the_letter() {
        let data = serde_json::json!({ "name": "<script>x</script>", "outcome": "failed" });
        let letter = of_event(EventKind::TaskFailed, &data, Some("https://r.example/x".to_owned()));
        assert!(page(&letter).contains("&lt;script&gt;") && !page(&letter).contains("<script>"));
        assert!(plain(&letter).contains("https://r.example/x"));
    }
}
