//! Checks instructions one by one, and makes of each what the transformation carries out. It never guesses what was
//! meant: what it does not know is an error with a suggestion.

use super::check::Checker;
use super::file::{FieldKey, Instruction, Test};
use super::model::{Action, Destination};
use crate::json::Node;

/// Where an instruction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    /// It is carried out at most once for a record.
    Straight,
    /// It is carried out for each element of a list.
    Loop,
}

/// How many different fields a control file may set; real ones set some dozens.
const MOST_FIELDS: usize = 2_000;

/// The keys that a value may have beside where it goes.
pub(super) const VALUE_KEYS: [&str; 12] = [
    "destination",
    "name",
    "multivalue",
    "qualifier",
    "filters",
    "mapInputValue",
    "mapInputValueDefault",
    "refMapping",
    "dateFormat",
    "country",
    "trueValue",
    "falseValue",
];

impl Action {
    /// The keys that the reference insists on.
    const fn required(self) -> &'static [&'static str] {
        match self {
            Action::Field => &["source", "destination", "name"],
            Action::FieldStructured => &["structured", "destination", "name"],
            Action::SetValue => &["destination", "name", "value"],
            Action::RemoveValues | Action::IfHasValue => &["destination", "name"],
            Action::IfExists | Action::IfValueOneOf | Action::Within | Action::ForEach => &["source"],
            Action::AssertDestination => &["destination", "exists"],
            Action::AbortRecord | Action::LogError => &["message"],
            Action::New => &["destination"],
            Action::Load => &["destination", "using"],
        }
    }

    /// Further keys that mean something.
    const fn optional(self) -> &'static [&'static str] {
        match self {
            Action::Field | Action::FieldStructured | Action::SetValue => &VALUE_KEYS,
            Action::IfExists | Action::IfHasValue => &["then", "else"],
            Action::IfValueOneOf => &["values", "then", "else"],
            Action::Within => &["instructions"],
            Action::ForEach => &["wrapValues", "instructions"],
            Action::Load => &["otherwise"],
            Action::RemoveValues | Action::AssertDestination | Action::AbortRecord | Action::LogError | Action::New => {
                &[]
            }
        }
    }
}

impl Checker<'_> {
    pub(super) fn instructions(&mut self, list: &[Node], nesting: Nesting) -> Vec<Instruction> {
        list.iter().filter_map(|node| self.instruction(node, nesting)).collect()
    }

    fn instruction(&mut self, node: &Node, nesting: Nesting) -> Option<Instruction> {
        if !node.is_object() {
            self.error(node.span.clone(), "not-an-object", "An instruction is an object.".to_owned());
            return None;
        }
        let action = self.action(node)?;
        let missing: Vec<&str> = action.required().iter().copied().filter(|key| node.get(key).is_none()).collect();
        if !missing.is_empty() {
            let keys = missing.join(", ");
            self.error(node.span.clone(), "missing-key", format!("{:?} needs: {keys}.", action.word()));
            self.reference(format!("Expected property not found in {} instruction: {keys}", action.word()));
            return None;
        }
        let known: Vec<&str> = [&["action"], action.required(), action.optional()].concat();
        self.unknown_keys(node, &known);
        match action {
            Action::Field => {
                let source = self.text_of(node, "source");
                let target = self.target(node, nesting);
                Some(Instruction::Field { source: source?, target: target? })
            }
            Action::FieldStructured => {
                let parts = self.structured(node);
                let target = self.target(node, nesting);
                Some(Instruction::Structured { parts: parts?, target: target? })
            }
            Action::SetValue => {
                let target = self.target(node, nesting)?;
                let value = node.get("value")?;
                self.constant(value, &target);
                Some(Instruction::Set { value: value.to_value(), target })
            }
            Action::RemoveValues => self.slot(node).map(|slot| Instruction::Remove { slot }),
            Action::IfExists => {
                let source = self.text_of(node, "source");
                self.branches(node, nesting, source.map(Test::Exists))
            }
            Action::IfValueOneOf => {
                let source = self.text_of(node, "source");
                let values = node.get("values").and_then(Node::as_list);
                if values.is_none() {
                    self.error(
                        node.span.clone(),
                        "no-values",
                        "\"if-value-one-of\" needs a list of \"values\".".to_owned(),
                    );
                }
                let values = values.unwrap_or_default().iter().map(Node::to_value).collect();
                self.branches(node, nesting, source.map(|source| Test::OneOf(source, values)))
            }
            Action::IfHasValue => {
                let slot = self.slot(node);
                self.branches(node, nesting, slot.map(Test::HasValue))
            }
            Action::Within => {
                let source = self.text_of(node, "source");
                let instructions = self.list(node, "instructions", nesting);
                Some(Instruction::Within { source: source?, instructions })
            }
            Action::ForEach => {
                let source = self.text_of(node, "source");
                let wrap = self.flag(node, "wrapValues");
                let instructions = self.list(node, "instructions", Nesting::Loop);
                Some(Instruction::ForEach { source: source?, wrap, instructions })
            }
            Action::AssertDestination => {
                let destination = self.destination(node);
                let exists = self.flag(node, "exists");
                Some(Instruction::Assert { destination: destination?, exists })
            }
            Action::AbortRecord => self.text_of(node, "message").map(|message| Instruction::Abort { message }),
            Action::LogError => self.text_of(node, "message").map(|message| Instruction::Log { message }),
            Action::New | Action::Load => {
                let message = format!("{:?} must not be used in user sync.", action.word());
                self.error(node.span.clone(), "not-for-user-sync", message);
                self.hint("Account and profile are ready before the first instruction; take this one out.");
                None
            }
        }
    }

    fn action(&mut self, node: &Node) -> Option<Action> {
        let Some(given) = node.get("action") else { return Some(Action::Field) };
        let word = given.as_text().unwrap_or_default();
        let action = Action::of(word);
        if action.is_none() {
            self.error(given.span.clone(), "unknown-action", format!("There is no action {word:?}."));
            if word == "set-attribute-group" {
                self.hint("Groups of attributes are not part of a person here; set each attribute with \"field\".");
            } else {
                let usable = Action::ALL.iter().filter(|action| !matches!(action, Action::New | Action::Load));
                self.suggest(word, usable.map(|action| action.word()));
            }
            self.reference(format!("Unknown action in instruction: {word}"));
        }
        action
    }

    fn branches(&mut self, node: &Node, nesting: Nesting, test: Option<Test>) -> Option<Instruction> {
        if node.get("then").is_none() && node.get("else").is_none() {
            self.warn(
                node.span.clone(),
                "nothing-follows",
                "Neither \"then\" nor \"else\" follows; this does nothing.".to_owned(),
            );
        }
        let then = self.optional_list(node, "then", nesting);
        let otherwise = self.optional_list(node, "else", nesting);
        Some(Instruction::If { test: test?, then, otherwise })
    }

    fn optional_list(&mut self, node: &Node, name: &str, nesting: Nesting) -> Vec<Instruction> {
        if node.get(name).is_some() { self.list(node, name, nesting) } else { Vec::new() }
    }

    fn list(&mut self, node: &Node, name: &str, nesting: Nesting) -> Vec<Instruction> {
        match node.get(name).and_then(Node::as_list) {
            Some(list) => self.instructions(list, nesting),
            None => {
                let span = node.get(name).map_or_else(|| node.span.clone(), |node| node.span.clone());
                self.error(span, "no-list", format!("{name:?} has to be a list of instructions."));
                Vec::new()
            }
        }
    }

    fn structured(&mut self, node: &Node) -> Option<Destination> {
        let given = node.get("structured")?;
        let word = given.as_text().unwrap_or_default();
        let parts = Destination::of(word).filter(|destination| destination.is_structured());
        if parts.is_none() {
            self.error(given.span.clone(), "unknown-structured", format!("There is no structured value {word:?}."));
            if word.starts_with("value:") {
                self.hint("Structured values of plugins are not known here: value:person-name, value:postal-address.");
            } else {
                self.suggest(word, ["value:person-name", "value:postal-address"]);
            }
        }
        parts
    }

    pub(super) fn destination(&mut self, node: &Node) -> Option<Destination> {
        let given = node.get("destination")?;
        let word = given.as_text().unwrap_or_default();
        let found = Destination::of(word);
        if found.is_none() {
            self.error(given.span.clone(), "unknown-destination", format!("There is no destination {word:?}."));
            if word.starts_with("load:") {
                self.hint("\"load\" destinations must not be used in user sync.");
            } else {
                self.suggest(word, Destination::ALL.map(Destination::word));
            }
        }
        found
    }

    /// The field that an instruction names.
    pub(super) fn slot(&mut self, node: &Node) -> Option<usize> {
        let destination = self.destination(node)?;
        let name = self.text_of(node, "name")?;
        let span = node.get("name").map_or_else(|| node.span.clone(), |node| node.span.clone());
        let known = destination.names();
        if !known.is_empty() && !known.iter().any(|known| known.word == name) {
            self.error(span, "unknown-name", format!("{:?} has no name {name:?}.", destination.word()));
            self.suggest(&name, known.iter().map(|known| known.word));
            return None;
        }
        match destination {
            Destination::Profile => self.profile_name(&name, span)?,
            Destination::Tags if name == "username" || name.is_empty() => {
                self.error(span, "reserved-name", format!("{name:?} cannot be set on \"user:tags\"."));
                return None;
            }
            Destination::Tags | Destination::User | Destination::PersonName | Destination::PostalAddress => {}
        }
        let key = FieldKey { destination, name };
        if let Some(at) = self.fields.iter().position(|known| *known == key) {
            return Some(at);
        }
        if self.fields.len() >= MOST_FIELDS {
            self.error(node.span.clone(), "too-many-fields", format!("More than {MOST_FIELDS} fields are set."));
            return None;
        }
        self.fields.push(key);
        Some(self.fields.len() - 1)
    }
}
