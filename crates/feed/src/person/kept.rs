//! The form in which a person is kept, JSON, and the digest of a person: one description, written to either without a tree
//! in between, because a first import writes a million of them. Fields stand in an order of their own, never the record's.

use std::collections::{BTreeMap, BTreeSet};

use super::glance::{elements, members, text_of};
use super::{Entry, Item, Parts, Person};
use crate::control::FieldKey;
use crate::control::model::Destination;
use crate::digest::{Digest, encode, encode_text};
use crate::json::lexer::{Lexer, Token};
use crate::json::{self, Value, put, put_text};

/// Where fields may stand, by the byte order of the words.
const PLACES: [Destination; 3] = [Destination::Profile, Destination::User, Destination::Tags];

impl Person {
    /// The digest of the person.
    pub fn digest(&self) -> Digest {
        let mut bytes = Bytes(Vec::with_capacity(1_024));
        self.describe(&mut bytes);
        Digest::fast(&bytes.0)
    }

    /// The person as JSON. `of_text` reads it back.
    pub fn to_text(&self) -> String {
        let mut text = Text(String::with_capacity(1_024));
        self.describe(&mut text);
        text.0.shrink_to_fit();
        text.0
    }

    /// The person whom `to_text` wrote; none when the text is damaged.
    pub fn of_text(text: &str) -> Option<Person> {
        plain(text).or_else(|| Person::of_value(json::parse(text.as_bytes()).ok()?))
    }

    /// Names stand in their byte order, so that the digest is that of any object that says the same.
    fn describe(&self, sink: &mut impl Sink) {
        sink.open(b'{');
        sink.name("groups");
        sink.open(b'[');
        self.groups.iter().for_each(|code| sink.text(code));
        sink.close(b']');
        if !self.left.is_empty() {
            sink.name("left");
            sink.open(b'[');
            for key in &self.left {
                sink.open(b'[');
                sink.text(key.destination.word());
                sink.text(&key.name);
                sink.close(b']');
            }
            sink.close(b']');
        }
        for place in PLACES {
            let mut fields = self.fields.iter().filter(|(key, _)| key.destination == place).peekable();
            if fields.peek().is_none() {
                continue;
            }
            sink.name(place.word());
            sink.open(b'{');
            for (key, entries) in fields {
                sink.name(&key.name);
                sink.open(b'[');
                for entry in entries {
                    match entry {
                        Entry { item: Item::Text(text), qualifier: None } => sink.text(text),
                        entry => sink.value(&entry_value(entry)),
                    }
                }
                sink.close(b']');
            }
            sink.close(b'}');
        }
        sink.name("username");
        sink.text(&self.username);
        sink.close(b'}');
    }

    fn of_value(value: Value) -> Option<Person> {
        let Value::Object(object) = value else { return None };
        let (mut username, mut groups) = (None, None);
        let (mut fields, mut left) = (BTreeMap::new(), BTreeSet::new());
        for (name, value) in object.into_members() {
            match (name.as_str(), value) {
                ("username", value) => username = Some(text(value)?),
                ("groups", value) => groups = Some(list(value)?.into_iter().map(text).collect::<Option<_>>()?),
                ("left", value) => {
                    for key in list(value)? {
                        let [destination, name]: [Value; 2] = list(key)?.try_into().ok()?;
                        left.insert(FieldKey { destination: Destination::of(&text(destination)?)?, name: text(name)? });
                    }
                }
                (place, Value::Object(of)) => {
                    let destination = Destination::of(place)?;
                    for (name, entries) in of.into_members() {
                        let entries = list(entries)?.into_iter().map(entry).collect::<Option<_>>()?;
                        fields.insert(FieldKey { destination, name }, entries);
                    }
                }
                _ => return None,
            }
        }
        let username: String = username?;
        let key = directory::username_key(&username);
        Some(Person { username, key, fields, groups: groups?, left })
    }
}

/// The usual person, all of whose values are texts, without a tree in between. None of every other.
fn plain(text: &str) -> Option<Person> {
    let mut lexer = Lexer::new(text.as_bytes());
    let (mut username, mut groups, mut fields) = (None, BTreeSet::new(), BTreeMap::new());
    members(&mut lexer, |lexer, name| match name {
        "username" => username.replace(text_of(lexer.next().ok()?)?).is_none().then_some(()),
        "groups" => elements(lexer, |code| {
            groups.insert(code);
        }),
        place => {
            let destination = PLACES.into_iter().find(|known| known.word() == place)?;
            members(lexer, |lexer, name| {
                let mut entries = Vec::with_capacity(1);
                elements(lexer, |text| entries.push(Entry { item: Item::Text(text), qualifier: None }))?;
                fields.insert(FieldKey { destination, name: name.to_owned() }, entries).is_none().then_some(())
            })
        }
    })?;
    let username: String = username.filter(|_| lexer.next().is_ok_and(|token| token == Token::End))?;
    let key = directory::username_key(&username);
    Some(Person { username, key, fields, groups, left: BTreeSet::new() })
}

/// What takes a description.
trait Sink {
    fn open(&mut self, bracket: u8);
    fn close(&mut self, bracket: u8);
    fn name(&mut self, name: &str);
    fn text(&mut self, text: &str);
    fn value(&mut self, value: &Value);
}

/// JSON on one line.
struct Text(String);

impl Text {
    /// What stands before a name or an element.
    fn part(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with(['{', '[', ':']) {
            self.0.push(',');
        }
    }
}

impl Sink for Text {
    fn open(&mut self, bracket: u8) {
        self.part();
        self.0.push(char::from(bracket));
    }

    fn close(&mut self, bracket: u8) {
        self.0.push(char::from(bracket));
    }

    fn name(&mut self, name: &str) {
        self.part();
        put_text(name, &mut self.0);
        self.0.push(':');
    }

    fn text(&mut self, text: &str) {
        self.part();
        put_text(text, &mut self.0);
    }

    fn value(&mut self, value: &Value) {
        self.part();
        put(value, &mut self.0);
    }
}

/// The bytes of a digest.
struct Bytes(Vec<u8>);

impl Sink for Bytes {
    fn open(&mut self, bracket: u8) {
        self.0.push(bracket);
    }

    fn close(&mut self, bracket: u8) {
        self.0.push(bracket);
    }

    fn name(&mut self, name: &str) {
        encode_text(b'k', name, &mut self.0);
    }

    fn text(&mut self, text: &str) {
        encode_text(b's', text, &mut self.0);
    }

    fn value(&mut self, value: &Value) {
        encode(value, &mut self.0);
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::List(values) => Some(values),
        _ => None,
    }
}

fn parts_value(parts: &Parts) -> Value {
    Value::Object(parts.iter().map(|(name, part)| (name.clone(), Value::text(part))).collect())
}

fn parts(value: Value) -> Option<Parts> {
    let Value::Object(object) = value else { return None };
    object.into_members().into_iter().map(|(name, part)| Some((name, text(part)?))).collect()
}

/// An entry that is more than a text.
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

fn entry(value: Value) -> Option<Entry> {
    let object = match value {
        Value::Text(text) => return Some(Entry { item: Item::Text(text), qualifier: None }),
        Value::Object(object) => object,
        _ => return None,
    };
    let mut members = object.into_members().into_iter();
    let (word, value) = members.next()?;
    let (mut country, mut qualifier) = (None, None);
    for (name, value) in members {
        match name.as_str() {
            "country" => country = Some(text(value)?),
            "qualifier" => qualifier = Some(text(value)?),
            _ => return None,
        }
    }
    let item = match (word.as_str(), value) {
        ("boolean", Value::Boolean(value)) => Item::Boolean(value),
        ("number", Value::Number(number)) => Item::Number(number),
        ("json", value) => Item::Json(value),
        ("person-name", value) => Item::PersonName(parts(value)?),
        ("postal-address", value) => Item::PostalAddress(parts(value)?),
        ("text", value) => Item::Text(text(value)?),
        ("datetime", value) => Item::Moment(text(value)?),
        ("ref", value) => Item::Reference(text(value)?),
        ("username", value) => Item::Username(text(value)?),
        ("email", value) => Item::EmailAddress(text(value)?),
        ("telephone", value) => Item::Telephone(text(value)?, country),
        _ => return None,
    };
    Some(Entry { item, qualifier })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Glance, glance};
    use super::*;
    use crate::json::tests::any_value;

    fn some_entry() -> impl Strategy<Value = Entry> {
        let item = prop_oneof![
            ".{0,12}".prop_map(Item::Text),
            any::<bool>().prop_map(Item::Boolean),
            "[a-z:]{1,8}".prop_map(Item::Reference),
            ("[0-9 +]{1,12}", proptest::option::of("[A-Z]{2}")).prop_map(|(text, of)| Item::Telephone(text, of)),
            any_value().prop_map(Item::Json),
        ];
        (item, proptest::option::of("[a-z]{1,4}")).prop_map(|(item, qualifier)| Entry { item, qualifier })
    }

    fn some_person() -> impl Strategy<Value = Person> {
        let key = (0..3_usize, "[a-z:\"\\\\]{1,8}").prop_map(|(at, name)| FieldKey { destination: PLACES[at], name });
        let usual = proptest::sample::select(vec!["nameFirst", "nameLast", "email"]).prop_map(FieldKey::user);
        let keys = prop_oneof![key.clone(), usual];
        let fields = proptest::collection::btree_map(keys, proptest::collection::vec(some_entry(), 0..3), 0..6);
        let groups = proptest::collection::btree_set(".{0,8}", 0..3);
        let left = proptest::collection::btree_set(key, 0..2);
        ("[a-zA-Z0-9.]{1,12}", fields, groups, left).prop_map(|(username, fields, groups, left)| {
            let key = directory::username_key(&username);
            Person { username, key, fields, groups, left }
        })
    }

    proptest! {
        #[test]
        fn a_person_is_read_back_as_written_and_has_the_digest_of_what_is_written(person in some_person()) {
            let text = person.to_text();
            prop_assert_eq!(Person::of_text(&text), Some(person.clone()));
            let mut bytes = Vec::new();
            encode(&json::parse(text.as_bytes()).unwrap(), &mut bytes);
            prop_assert_eq!(person.digest(), Digest::fast(&bytes));
            prop_assert_eq!(glance(&text), Some(Glance::of(&person)));
        }
    }

    #[test]
    fn a_text_is_kept_without_ado() {
        let text =
            r#"{"groups":["g"],"profile":{"std:title":["Dr"]},"user":{"email":["a@b.example"]},"username":"ab"}"#;
        assert_eq!(Person::of_text(text).unwrap().to_text(), text);
        assert_eq!(Person::of_text("{}"), None);
        assert_eq!(Person::of_text(r#"{"groups":[],"username":"a","elsewhere":{}}"#), None);
    }
}
