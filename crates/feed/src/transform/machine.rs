//! Carries the instructions out for one record after the other. It keeps nothing of a record but its buffers, and stops a
//! record as soon as the control file gives it up.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{self, Username};
use super::context::Context;
use super::convert::{Converted, LONGEST, convert};
use super::countries::is_country;
use crate::control::model::{Destination, TITLE, Type};
use crate::control::{ControlFile, FieldKey, Instruction, Target, Test};
use crate::digest::Digest;
use crate::finding::{Dropped, Finding, Level, Problem};
use crate::json::{Value, excerpt, write};
use crate::person::{Entry, Item, Parts, Person};
use crate::record::{Record, RecordRemark};

/// How much of a refused value is told, in characters.
const SHOWN: usize = 200;

/// How many findings one record may have.
const MOST_FINDINGS: usize = 50;

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Transformed {
    /// Whose record it is; none when it has no username.
    pub username: Option<Username>,
    /// The person, or nothing when the record fails: then nothing of it is applied.
    pub person: Result<Person, Failure>,
    /// What there is to say; a failed record has at least one error.
    pub findings: Vec<Finding>,
}

/// That a record fails. Why stands among the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure;

impl Transformed {
    /// Whether the person is in error: some of the record could not be applied.
    pub fn in_error(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Error)
    }
}

/// The digest of the key of a record's username, when the username is taken as it was sent; none when it has to be made
/// first. `scratch` is a buffer to be used again; its content is lost.
pub(crate) fn plain_username(control: &ControlFile, record: &Record, scratch: &mut Vec<u8>) -> Option<Digest> {
    let (source, target) = control.username_rule();
    let conversion = &target?.conversion;
    let as_sent = conversion.map.is_none() && conversion.filters.is_empty();
    record.get_text(source).filter(|_| as_sent).and_then(|text| Username::plain_digest(text, scratch))
}

/// Makes people of records.
pub struct Transformer<'c> {
    control: &'c ControlFile,
    /// The groups that the feed manages.
    groups: &'c BTreeSet<String>,
    slots: Vec<Slot>,
    /// Which of the fields hold several values.
    several: Vec<bool>,
    /// What everybody needs beside a username.
    needed: Vec<FieldKey>,
    findings: Vec<Finding>,
    username: Option<Username>,
    record: u64,
    line: u64,
}

#[derive(Default)]
struct Slot {
    entries: Vec<Entry>,
    /// Whether a value was there that could not be stored.
    refused: bool,
}

/// That the rest of the instructions is not carried out.
struct GivenUp;

impl<'c> Transformer<'c> {
    /// A transformer for the records of one control file; `groups` are the declared codes.
    pub fn new(control: &'c ControlFile, groups: &'c BTreeSet<String>) -> Transformer<'c> {
        let slots = control.fields.iter().map(|_| Slot::default()).collect();
        let several = control.fields.iter().map(|key| control.holds_several(key)).collect();
        let needed = Destination::User.names().iter().filter(|name| name.required && name.word != "username");
        let needed = needed.map(|name| FieldKey::user(name.word)).collect();
        Transformer {
            control,
            groups,
            slots,
            several,
            needed,
            findings: Vec::new(),
            username: None,
            record: 0,
            line: 0,
        }
    }

    /// Whose record it is: the first top-level rule for the username, with its map and filters.
    pub fn username(&self, record: &Record) -> Option<Username> {
        let (source, target) = self.control.username_rule();
        let conversion = &target?.conversion;
        let as_sent = conversion.map.is_none() && conversion.filters.is_empty();
        if let Some(text) = record.get_text(source).filter(|_| as_sent) {
            return Username::of(text);
        }
        let value = record.get(source).filter(|value| !value.is_absent())?;
        match convert(&value, conversion, &self.control.mappings) {
            Converted::Item(item) => Username::of(&item.shown()),
            Converted::Nothing | Converted::Dropped(_) | Converted::Failed(_) => None,
        }
    }

    /// Makes a person of a record.
    pub fn transform(&mut self, record: &Record) -> Transformed {
        let username = self.username(record);
        self.transform_of(record, username)
    }

    /// Makes a person of a record whose username is known already.
    pub(crate) fn transform_of(&mut self, record: &Record, username: Option<Username>) -> Transformed {
        for slot in &mut self.slots {
            slot.entries.clear();
            slot.refused = false;
        }
        self.findings.clear();
        (self.record, self.line) = (record.number, record.line);
        self.username = username;
        let person = self.person(record);
        Transformed { username: self.username.take(), person, findings: std::mem::take(&mut self.findings) }
    }

    fn person(&mut self, record: &Record) -> Result<Person, Failure> {
        let Some(username) = self.username.clone() else {
            self.say(Level::Error, None, None, Problem::NoUsername);
            return Err(Failure);
        };
        match &record.remark {
            Some(RecordRemark::MoreValues) => self.say(Level::Warning, None, None, Problem::MoreValues),
            Some(RecordRemark::RepeatedElement(name)) => {
                self.say(Level::Warning, None, None, Problem::RepeatedElement(name.clone()));
            }
            None => {}
        }
        if let Some(problem) = username.problem() {
            let key = FieldKey::user("username");
            self.say(Level::Error, Some(key), None, problem);
            return Err(Failure);
        }
        if let Some(problem) = username.mixture() {
            self.say(Level::Warning, Some(FieldKey::user("username")), None, problem);
        }
        let control = self.control;
        self.run(&control.instructions, Context::Record(record)).map_err(|GivenUp| Failure)?;
        self.collect(username)
    }

    /// Says something about the record.
    fn say(&mut self, level: Level, field: Option<FieldKey>, from: Option<(&str, &Value)>, problem: Problem) {
        // Whatever else is left unsaid, an error is not.
        let room =
            self.findings.len() < MOST_FINDINGS || level == Level::Error && self.findings.len() < 2 * MOST_FINDINGS;
        if !room {
            return;
        }
        let problem =
            if self.findings.len() + 1 == MOST_FINDINGS && level != Level::Error { Problem::More } else { problem };
        let input = from.map(|(_, value)| match value {
            Value::Text(text) => match text.char_indices().nth(SHOWN) {
                Some((cut, _)) => format!("{}…", &text[..cut]),
                None => text.clone(),
            },
            other => excerpt(other, SHOWN),
        });
        self.findings.push(Finding {
            level,
            record: self.record,
            line: self.line,
            username: self.username.as_ref().map(|username| username.text.clone()),
            field,
            source: from.map(|(source, _)| source.to_owned()).filter(|source| !source.is_empty()),
            input,
            problem,
        });
    }

    fn run(&mut self, instructions: &'c [Instruction], context: Context<'_>) -> Result<(), GivenUp> {
        for instruction in instructions {
            match instruction {
                Instruction::Field { source, target } => {
                    if let Some(text) = context.text(source).filter(|_| target.conversion.is_plain()) {
                        self.put_text(text, source, target);
                        continue;
                    }
                    // False is a value where a boolean is wanted, and nothing anywhere else.
                    let wanted = target.conversion.kind == Type::Boolean;
                    let no = context.get(source).filter(|value| wanted && **value == Value::Boolean(false));
                    if let Some(value) = no.or_else(|| context.present(source)) {
                        self.store(&value, source, target);
                    }
                }
                Instruction::Set { value, target } => self.store(value, "", target),
                Instruction::Structured { parts, target } => self.structured(*parts, target),
                Instruction::Remove { slot } => {
                    self.slots[*slot].entries.clear();
                    self.slots[*slot].refused = false;
                }
                Instruction::If { test, then, otherwise } => {
                    let holds = match test {
                        Test::Exists(source) => context.present(source).is_some(),
                        Test::OneOf(source, values) => context.get(source).is_some_and(|value| values.contains(&value)),
                        Test::HasValue(slot) => !self.slots[*slot].entries.is_empty(),
                    };
                    self.run(if holds { then } else { otherwise }, context)?;
                }
                Instruction::Within { source, instructions } => {
                    if let Some(value) = context.present(source) {
                        match &*value {
                            Value::Object(_) => self.run(instructions, Context::Nested(&value))?,
                            other => self.shape(source, other, "an object"),
                        }
                    }
                }
                Instruction::ForEach { source, wrap, instructions } => {
                    if let Some(value) = context.present(source) {
                        match &*value {
                            Value::List(elements) => {
                                for element in elements {
                                    let inner =
                                        if *wrap { Context::Wrapped(element) } else { Context::Nested(element) };
                                    self.run(instructions, inner)?;
                                }
                            }
                            other => self.shape(source, other, "a list"),
                        }
                    }
                }
                Instruction::Assert { destination, exists } => self.assert(*destination, *exists)?,
                Instruction::Abort { message } => {
                    self.say(Level::Error, None, None, Problem::Aborted(message.clone()));
                    return Err(GivenUp);
                }
                Instruction::Log { message } => self.say(Level::Error, None, None, Problem::Logged(message.clone())),
            }
        }
        Ok(())
    }

    fn shape(&mut self, source: &str, value: &Value, expected: &'static str) {
        self.say(Level::Warning, None, Some((source, value)), Problem::WrongShape { expected, found: value.kind() });
    }

    fn assert(&mut self, destination: Destination, exists: bool) -> Result<(), GivenUp> {
        let there = match destination {
            Destination::User | Destination::Profile => true,
            Destination::Tags | Destination::PersonName | Destination::PostalAddress => {
                let of = self.control.fields.iter().zip(&self.slots).filter(|(key, _)| key.destination == destination);
                of.into_iter().any(|(_, slot)| !slot.entries.is_empty())
            }
        };
        if there == exists {
            return Ok(());
        }
        self.say(Level::Error, None, None, Problem::AssertionFailed(destination.word().to_owned()));
        Err(GivenUp)
    }

    fn store(&mut self, value: &Value, source: &str, target: &Target) {
        let key = &self.control.fields[target.slot];
        match convert(value, &target.conversion, &self.control.mappings) {
            Converted::Item(item) => self.put(item, target),
            Converted::Nothing => {}
            Converted::Dropped(dropped) => {
                self.slots[target.slot].refused = true;
                self.say(Level::Warning, Some(key.clone()), Some((source, value)), dropped.into());
            }
            Converted::Failed(problem) => {
                self.slots[target.slot].refused = true;
                self.say(Level::Error, Some(key.clone()), Some((source, value)), problem.into());
            }
        }
    }

    /// Stores a text that is taken as it is.
    fn put_text(&mut self, text: &str, source: &str, target: &Target) {
        if text.len() > LONGEST {
            return self.store(&Value::text(text), source, target);
        }
        self.put(Item::Text(text.to_owned()), target);
    }

    /// Stores a value: in the place of what is there, or behind it.
    fn put(&mut self, item: Item, target: &Target) {
        let key = &self.control.fields[target.slot];
        let several = self.several[target.slot];
        let qualifier = target.qualifier.clone().filter(|_| key.destination == Destination::Profile);
        let entries = &mut self.slots[target.slot].entries;
        if !(target.append && several) {
            match &qualifier {
                Some(qualifier) if several => entries.retain(|entry| entry.qualifier.as_ref() != Some(qualifier)),
                _ => entries.clear(),
            }
        }
        entries.push(Entry { item, qualifier });
    }

    /// Makes one value of the parts collected so far, and clears them.
    fn structured(&mut self, destination: Destination, target: &Target) {
        let key = self.control.fields[target.slot].clone();
        let mut parts = Parts::new();
        for name in destination.names() {
            let at = self.control.fields.iter().position(|key| key.destination == destination && key.name == name.word);
            if let Some(entry) = at.and_then(|at| std::mem::take(&mut self.slots[at].entries).pop()) {
                parts.push((name.word.to_owned(), entry.item.shown()));
            }
        }
        let part = |name: &str| parts.iter().find(|(known, _)| known == name).map(|(_, part)| part.as_str());
        let told = Value::Object(parts.iter().map(|(name, part)| (name.clone(), Value::text(part))).collect());
        let problem = match destination {
            Destination::PersonName if parts.is_empty() => return,
            Destination::PersonName => part("last").is_none().then_some(Problem::Dropped(Dropped::NoLastName)),
            _ => match part("country") {
                Some(country) if is_country(country) => None,
                Some(country) if country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase()) => {
                    Some(Problem::UnknownCountry)
                }
                _ => Some(Problem::NoCountry),
            },
        };
        match problem {
            None if destination == Destination::PersonName => self.put(Item::PersonName(parts), target),
            None => self.put(Item::PostalAddress(parts), target),
            Some(problem) => {
                self.slots[target.slot].refused = true;
                let level = if matches!(problem, Problem::Dropped(_)) { Level::Warning } else { Level::Error };
                self.say(level, Some(key), Some(("", &Value::Text(write(&told)))), problem);
            }
        }
    }

    /// Puts the person together, and holds the account against its rules.
    fn collect(&mut self, username: Username) -> Result<Person, Failure> {
        let mut fields = BTreeMap::new();
        let mut groups = BTreeSet::new();
        let mut left = BTreeSet::new();
        let mut failed = false;
        let control = self.control;
        for (at, key) in control.fields.iter().enumerate() {
            let refused = self.slots[at].refused;
            let mut entries = std::mem::take(&mut self.slots[at].entries);
            match (key.destination, key.name.as_str()) {
                (Destination::PersonName | Destination::PostalAddress, _) | (Destination::User, "username") => continue,
                (Destination::User, "groups") => {
                    // A group that cannot be read would be taken away if the rest were applied.
                    failed |= refused;
                    for entry in entries {
                        failed |= !self.group(entry.item.shown(), key, &mut groups);
                    }
                    continue;
                }
                (Destination::User, name) => {
                    for entry in &mut entries {
                        let text = match std::mem::replace(&mut entry.item, Item::Boolean(false)) {
                            Item::Text(text) => text,
                            other => other.shown(),
                        };
                        match self.account_text(name, text, key) {
                            Some(text) => entry.item = Item::Text(text),
                            None => failed = true,
                        }
                    }
                    entries.retain(|entry| entry.item.as_text() != Some(""));
                }
                (Destination::Profile, TITLE) if entries.iter().any(|entry| entry.qualifier.is_none()) => {
                    entries.retain(|entry| entry.qualifier.is_some());
                    self.say(Level::Information, Some(key.clone()), None, Problem::Dropped(Dropped::TitleOfAccount));
                }
                (Destination::Profile | Destination::Tags, _) => {}
            }
            if !entries.is_empty() {
                fields.insert(key.clone(), entries);
            } else if refused {
                left.insert(key.clone());
            }
        }
        failed |= !self.complete(&fields);
        if failed {
            Err(Failure)
        } else {
            Ok(Person { username: username.text, key: username.key, fields, groups, left })
        }
    }

    fn group(&mut self, code: String, key: &FieldKey, groups: &mut BTreeSet<String>) -> bool {
        let known = self.groups.contains(&code);
        if known {
            groups.insert(code);
        } else {
            self.say(Level::Error, Some(key.clone()), Some(("", &Value::Text(code))), Problem::UnknownGroup);
        }
        known
    }

    fn account_text(&mut self, name: &str, text: String, key: &FieldKey) -> Option<String> {
        let kept = if name == "email" { account::email(&text) } else { account::name(&text) };
        match kept {
            Ok(kept) => {
                let kept = kept.into_owned();
                if name == "email" && !kept.is_ascii() {
                    let told = Value::text(&kept);
                    self.say(Level::Warning, Some(key.clone()), Some(("", &told)), Problem::UnusualEmail);
                }
                Some(kept)
            }
            Err(problem) => {
                self.say(Level::Error, Some(key.clone()), Some(("", &Value::text(text))), problem);
                None
            }
        }
    }

    /// Whether everything is there that everybody needs.
    fn complete(&mut self, fields: &BTreeMap<FieldKey, Vec<Entry>>) -> bool {
        let missing = self.needed.iter().filter(|key| !fields.contains_key(key));
        let missing: Vec<String> = missing.map(|key| key.name.clone()).collect();
        let complete = missing.is_empty();
        // A value that was refused has been told already.
        let told = self.findings.iter().any(|finding| {
            finding.level == Level::Error && finding.field.as_ref().is_some_and(|key| missing.contains(&key.name))
        });
        if !complete && !told {
            self.say(Level::Error, None, None, Problem::MissingValues(missing));
        }
        complete
    }
}
