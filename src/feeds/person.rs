//! A person as a feed tells them, into what is kept and back.

use feed::control::FieldKey;
use feed::control::model::Destination;
use feed::person::{Entry, Glance, Person};
use jiff::Timestamp;

use crate::nouns::feed_person::{FeedPerson, PersonState};

/// The text in which a person is kept.
pub(super) fn to_text(person: &Person) -> String {
    person.to_text()
}

/// The person of a kept text; none when it is damaged.
pub(super) fn of_text(text: &str) -> Option<Person> {
    Person::of_text(text)
}

/// The person of a kept text as everybody's list has them, under a number.
pub(super) fn listed(glance: Glance, username_key: String, (account, now): (i64, Timestamp)) -> FeedPerson {
    FeedPerson {
        account,
        username_key,
        email_key: directory::email_key(&glance.email),
        username: glance.username,
        name: glance.name,
        email: glance.email,
        state: PersonState::Active,
        block_at: None,
        held: None,
        linked: None,
        link: None,
        since: now,
    }
}

/// Values as people read them.
pub(super) fn shown(entries: &[Entry]) -> Vec<String> {
    let shown = |entry: &Entry| match &entry.qualifier {
        Some(qualifier) => format!("{} ({qualifier})", entry.item.shown()),
        None => entry.item.shown(),
    };
    entries.iter().map(shown).collect()
}

/// The field of a text that `FieldKey` shows; none when it is another text.
pub(super) fn field(text: &str) -> Option<FieldKey> {
    let (destination, name) = text.split_once(": ")?;
    Some(FieldKey { destination: Destination::of(destination)?, name: name.to_owned() })
}
