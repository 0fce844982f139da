//! A person as a feed tells them: the canonical form of a record. Two records that mean the same give equal people, and
//! nothing of where the values came from is left.

use std::collections::{BTreeMap, BTreeSet};

use crate::control::FieldKey;
use crate::control::model::Destination;
use crate::digest::Digest;
use crate::json::{Number, Value};

/// A person of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The username as it was sent, without blanks around it.
    pub username: String,
    /// The key under which it is matched (`directory::username_key`).
    pub key: String,
    /// Values by field. Username and groups stand apart.
    pub fields: BTreeMap<FieldKey, Vec<Entry>>,
    /// The codes of the groups.
    pub groups: BTreeSet<String>,
    /// Fields that stay as they are: the record had a value for them that could not be stored.
    pub left: BTreeSet<FieldKey>,
}

/// A value with its qualifier.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The value.
    pub item: Item,
    /// The code of its qualifier.
    pub qualifier: Option<String>,
}

/// A stored value.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Text of any kind.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A day (`2026-03-01`) or a moment (`2026-03-01T09:30:00Z`).
    Moment(String),
    /// A reference by its code.
    Reference(String),
    /// A reference to the person who has this key as username.
    Username(String),
    /// A reference to the person who has this key as e-mail address.
    EmailAddress(String),
    /// A telephone number as it was written, and the country it is national to.
    Telephone(String, Option<String>),
    /// The parts of a name.
    PersonName(Parts),
    /// The parts of an address.
    PostalAddress(Parts),
    /// An object or a list.
    Json(Value),
}

/// Parts of a structured value by name, in the order in which they are written.
pub type Parts = Vec<(String, String)>;

impl Item {
    /// The text of a value that is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as people read it.
    pub fn shown(&self) -> String {
        match self {
            Item::Text(text) | Item::Moment(text) | Item::Reference(text) | Item::Telephone(text, None) => text.clone(),
            Item::Username(text) | Item::EmailAddress(text) => text.clone(),
            Item::Telephone(text, Some(country)) => format!("{text} ({country})"),
            Item::Boolean(value) => if *value { "true" } else { "false" }.to_owned(),
            Item::Number(number) => number.text().to_owned(),
            Item::PersonName(parts) => parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(" "),
            Item::PostalAddress(parts) => parts.iter().map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(", "),
            Item::Json(value) => crate::json::write(value),
        }
    }
}

impl Person {
    /// The first text of a field of the account; empty when there is none.
    pub fn user(&self, name: &str) -> &str {
        let entries = self.fields.get(&FieldKey::user(name));
        entries.and_then(|entries| entries.first()).and_then(|entry| entry.item.as_text()).unwrap_or_default()
    }

    /// The e-mail address.
    pub fn email(&self) -> &str {
        self.user("email")
    }

    /// The key under which the e-mail address is matched.
    pub fn email_key(&self) -> String {
        directory::email_key(self.email())
    }

    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.user("nameFirst"), self.user("nameLast")).trim().to_owned()
    }

    /// The digest of the person.
    pub fn digest(&self) -> Digest {
        Digest::of_value(&self.to_value())
    }

    /// The person as JSON: the form in which a store keeps them. `from_value` reads it back.
    pub fn to_value(&self) -> Value {
        let texts = |texts: &BTreeSet<String>| Value::List(texts.iter().map(Value::text).collect());
        let mut members =
            vec![("username".to_owned(), Value::text(&self.username)), ("groups".to_owned(), texts(&self.groups))];
        for destination in [Destination::User, Destination::Profile, Destination::Tags] {
            let of = self.fields.iter().filter(|(key, _)| key.destination == destination);
            let fields: Vec<_> = of
                .map(|(key, entries)| (key.name.clone(), Value::List(entries.iter().map(entry_value).collect())))
                .collect();
            if !fields.is_empty() {
                members.push((destination.word().to_owned(), Value::Object(fields.into_iter().collect())));
            }
        }
        if !self.left.is_empty() {
            let left = self
                .left
                .iter()
                .map(|key| Value::List(vec![Value::text(key.destination.word()), Value::text(&key.name)]));
            members.push(("left".to_owned(), Value::List(left.collect())));
        }
        Value::Object(members.into_iter().collect())
    }

    /// The person whom `to_value` wrote; none when it is written otherwise.
    pub fn from_value(value: &Value) -> Option<Person> {
        let Value::Object(object) = value else { return None };
        let username = text(object.get("username")?)?.to_owned();
        let groups =
            list(object.get("groups")?)?.iter().map(|code| Some(text(code)?.to_owned())).collect::<Option<_>>()?;
        let mut fields = BTreeMap::new();
        for destination in [Destination::User, Destination::Profile, Destination::Tags] {
            let Some(Value::Object(of)) = object.get(destination.word()) else { continue };
            for (name, entries) in of.members() {
                let entries = list(entries)?.iter().map(entry).collect::<Option<_>>()?;
                fields.insert(FieldKey { destination, name: name.to_owned() }, entries);
            }
        }
        let mut left = BTreeSet::new();
        for key in object.get("left").and_then(list).unwrap_or_default() {
            let [destination, name] = list(key)? else { return None };
            left.insert(FieldKey { destination: Destination::of(text(destination)?)?, name: text(name)?.to_owned() });
        }
        let key = directory::username_key(&username);
        Some(Person { username, key, fields, groups, left })
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(values) => Some(values),
        _ => None,
    }
}

fn parts_value(parts: &Parts) -> Value {
    Value::Object(parts.iter().map(|(name, part)| (name.clone(), Value::text(part))).collect())
}

fn parts(value: &Value) -> Option<Parts> {
    let Value::Object(object) = value else { return None };
    object.members().map(|(name, part)| Some((name.to_owned(), text(part)?.to_owned()))).collect()
}

fn entry_value(entry: &Entry) -> Value {
    let (word, value) = match &entry.item {
        Item::Text(text) => ("text", Value::text(text)),
        Item::Boolean(value) => ("boolean", Value::Boolean(*value)),
        Item::Number(number) => ("number", Value::Number(number.clone())),
        Item::Moment(moment) => ("datetime", Value::text(moment)),
        Item::Reference(code) => ("ref", Value::text(code)),
        Item::Username(key) => ("username", Value::text(key)),
        Item::EmailAddress(key) => ("email", Value::text(key)),
        Item::Telephone(number, _) => ("telephone", Value::text(number)),
        Item::PersonName(parts) => ("person-name", parts_value(parts)),
        Item::PostalAddress(parts) => ("postal-address", parts_value(parts)),
        Item::Json(value) => ("json", value.clone()),
    };
    let mut members = vec![(word.to_owned(), value)];
    if let Item::Telephone(_, Some(country)) = &entry.item {
        members.push(("country".to_owned(), Value::text(country)));
    }
    if let Some(qualifier) = &entry.qualifier {
        members.push(("qualifier".to_owned(), Value::text(qualifier)));
    }
    Value::Object(members.into_iter().collect())
}

fn entry(value: &Value) -> Option<Entry> {
    let Value::Object(object) = value else { return None };
    let (word, value) = object.members().next()?;
    let item = match (word, value) {
        ("boolean", Value::Boolean(value)) => Item::Boolean(*value),
        ("number", Value::Number(number)) => Item::Number(number.clone()),
        ("json", value) => Item::Json(value.clone()),
        ("person-name", value) => Item::PersonName(parts(value)?),
        ("postal-address", value) => Item::PostalAddress(parts(value)?),
        ("text", value) => Item::Text(text(value)?.to_owned()),
        ("datetime", value) => Item::Moment(text(value)?.to_owned()),
        ("ref", value) => Item::Reference(text(value)?.to_owned()),
        ("username", value) => Item::Username(text(value)?.to_owned()),
        ("email", value) => Item::EmailAddress(text(value)?.to_owned()),
        ("telephone", value) => {
            let country = object.get("country").and_then(text).map(str::to_owned);
            Item::Telephone(text(value)?.to_owned(), country)
        }
        _ => return None,
    };
    Some(Entry { item, qualifier: object.get("qualifier").and_then(text).map(str::to_owned) })
}
