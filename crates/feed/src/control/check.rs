//! Checks a control file: the root, the mappings, the profile, and what has to be true of the whole. It goes on after
//! each finding, so that one upload tells everything.

use std::collections::BTreeSet;
use std::ops::Range;

use super::check_instructions::Nesting;
use super::diagnostic::{Diagnostic, Severity, place};
use super::file::{Attribute, ControlFile, FieldKey, Instruction, Mapping};
use super::model::{Destination, Format};
use crate::json::{Node, NodeKind, Value, parse_tree};
use crate::nearest::nearest;

/// The longest control file: far more than anybody writes, and read at once.
const LONGEST: usize = 4 << 20;

/// How many findings are told; behind as many, nobody reads on.
const MOST_FINDINGS: usize = 200;

/// What came of checking a control file.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The control file; none when it is refused.
    pub control: Option<ControlFile>,
    /// Everything there is to say about it, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// The codes of groups that it can produce, each with its first place in bytes.
    pub groups: Vec<(String, Range<usize>)>,
    /// The text that was checked, without a byte-order mark.
    text: String,
    /// The parser's message, when it is no JSON at all.
    malformed: Option<String>,
    /// Whether it names another model.
    other_model: bool,
}

impl Checked {
    /// The groups that it can produce and that are not among the declared ones, each with its place. A record with such a
    /// group would fail.
    pub fn undeclared(&self, declared: &BTreeSet<String>) -> Vec<Diagnostic> {
        let unknown = self.groups.iter().filter(|(code, _)| !declared.contains(code));
        unknown
            .map(|(code, span)| {
                let (line, column) = place(&self.text, span.start);
                Diagnostic {
                    code: "undeclared-group",
                    severity: Severity::Error,
                    line,
                    column,
                    span: span.clone(),
                    message: format!("The group {code:?} is not declared for this feed."),
                    hint: Some("Declare it for the feed, if it is meant.".to_owned()),
                    reference: None,
                }
            })
            .collect()
    }

    /// What the reference answers to an upload of this file, word for word where its words are known; none when it is
    /// taken.
    pub fn refusal(&self) -> Option<String> {
        if let Some(message) = &self.malformed {
            return Some(format!("Control file was not valid JSON: {message}"));
        }
        if self.other_model {
            return Some("model property in control file must be set to \"haplo:user-sync\"".to_owned());
        }
        let mut body = "File named _control is not a valid control file:".to_owned();
        let errors = self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let mut lines: Vec<String> = Vec::new();
        for error in errors {
            let line = match &error.reference {
                Some(message) => message.clone(),
                None => format!("{} (line {}, column {})", error.message, error.line, error.column),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        for line in &lines {
            body.push_str("\n  ");
            body.push_str(line);
        }
        (!lines.is_empty()).then_some(body)
    }
}

/// Checks the text of a control file.
pub fn check(text: &str) -> Checked {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut checker = Checker::new(bare);
    let mut checked = Checked {
        control: None,
        diagnostics: Vec::new(),
        groups: Vec::new(),
        text: bare.to_owned(),
        malformed: None,
        other_model: false,
    };
    if bare.len() > LONGEST {
        checker.error(0..0, "too-long", "The control file is longer than 4 MiB.".to_owned());
    } else {
        match parse_tree(bare) {
            Ok(root) => checked.control = checker.root(&root),
            Err(error) => {
                let at = error.offset;
                checked.malformed =
                    Some(format!("{} at line {}, column {}", error.problem, place(bare, at).0, place(bare, at).1));
                let problem = error.problem.to_string();
                checker.error(at..at + 1, "not-json", format!("This is not valid JSON: {problem}."));
                checker.hint("Control files are strict JSON: no comments, no comma after the last value, names in quotation marks.");
            }
        }
    }
    checked.other_model = checker.other_model;
    checked.groups = std::mem::take(&mut checker.groups);
    checker.diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    if checker.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        checked.control = None;
    }
    checked.diagnostics = checker.diagnostics;
    checked
}

/// The state of one check.
pub(super) struct Checker<'a> {
    text: &'a str,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) fields: Vec<FieldKey>,
    pub(super) mappings: Vec<Mapping>,
    pub(super) profile: Option<Vec<Attribute>>,
    pub(super) groups: Vec<(String, Range<usize>)>,
    other_model: bool,
}

const ROOT_KEYS: [&str; 8] = [
    "dataImportControlFileVersion",
    "model",
    "files",
    "instructions",
    "mapping",
    "recordProcessor",
    "profile",
    "expect",
];

impl<'a> Checker<'a> {
    fn new(text: &'a str) -> Checker<'a> {
        Checker {
            text,
            diagnostics: Vec::new(),
            fields: Vec::new(),
            mappings: Vec::new(),
            profile: None,
            groups: Vec::new(),
            other_model: false,
        }
    }

    fn say(&mut self, severity: Severity, span: Range<usize>, code: &'static str, message: String) {
        if self.diagnostics.len() >= MOST_FINDINGS {
            return;
        }
        let (line, column) = place(self.text, span.start);
        self.diagnostics.push(Diagnostic { code, severity, line, column, span, message, hint: None, reference: None });
    }

    /// Tells of something that refuses the file.
    pub(super) fn error(&mut self, span: Range<usize>, code: &'static str, message: String) {
        // The file must be refused even when there is no room to say why.
        if self.diagnostics.len() >= MOST_FINDINGS && !self.diagnostics.iter().any(|d| d.severity == Severity::Error) {
            self.diagnostics.pop();
        }
        self.say(Severity::Error, span, code, message);
    }

    /// Tells of something that does not.
    pub(super) fn warn(&mut self, span: Range<usize>, code: &'static str, message: String) {
        self.say(Severity::Warning, span, code, message);
    }

    /// Says what to do about what was told last.
    pub(super) fn hint(&mut self, hint: impl Into<String>) {
        if let Some(last) = self.diagnostics.last_mut() {
            last.hint.get_or_insert(hint.into());
        }
    }

    /// Says how the reference tells what was told last.
    pub(super) fn reference(&mut self, message: impl Into<String>) {
        if let Some(last) = self.diagnostics.last_mut() {
            last.reference.get_or_insert(message.into());
        }
    }

    /// Suggests the known word that is closest, or lists them all.
    pub(super) fn suggest<'b>(&mut self, word: &str, known: impl IntoIterator<Item = &'b str> + Clone) {
        match nearest(word, known.clone()) {
            Some(close) => self.hint(format!("Did you mean {close:?}?")),
            None => {
                let all: Vec<&str> = known.into_iter().collect();
                self.hint(format!("Known: {}.", all.join(", ")));
            }
        }
    }

    /// Warns of members that mean nothing.
    pub(super) fn unknown_keys(&mut self, node: &Node, known: &[&str]) {
        for (name, member) in node.members() {
            if !known.contains(&name.as_str()) {
                self.warn(
                    member.name.clone(),
                    "unknown-key",
                    format!("The key {name:?} means nothing here and is not used."),
                );
                self.suggest(name, known.iter().copied());
            }
        }
    }

    /// The text of a member. What is there but no text is an error.
    pub(super) fn text_of(&mut self, node: &Node, name: &str) -> Option<String> {
        let member = node.get(name)?;
        if member.as_text().is_none() {
            self.error(member.span.clone(), "not-a-text", format!("{name:?} has to be a text."));
        }
        member.as_text().map(str::to_owned)
    }

    /// Whether a member is true. What is there but no boolean is an error.
    pub(super) fn flag(&mut self, node: &Node, name: &str) -> bool {
        match node.get(name).map(|member| (&member.kind, member.span.clone())) {
            None => false,
            Some((NodeKind::Plain(Value::Boolean(value)), _)) => *value,
            Some((_, span)) => {
                self.error(span, "not-a-boolean", format!("{name:?} has to be true or false."));
                false
            }
        }
    }

    fn root(&mut self, root: &Node) -> Option<ControlFile> {
        if !root.is_object() {
            self.error(root.span.clone(), "not-an-object", "A control file is a JSON object.".to_owned());
            self.reference("Not a control file");
            return None;
        }
        let top = root.span.start..root.span.start + 1;
        self.unknown_keys(root, &ROOT_KEYS);
        self.version(root, &top);
        self.model(root, &top);
        if let Some(processor) = root.get("recordProcessor") {
            let name = processor.as_text().unwrap_or("").to_owned();
            self.error(
                processor.span.clone(),
                "record-processor",
                format!("The record processor {name:?} is code of a plugin, which Rollcall does not run."),
            );
            self.hint("Let the source deliver records in the shape that the instructions need, and take this key out.");
            self.reference(format!("Unknown record processor {name}"));
        }
        if let Some(profile) = root.get("profile") {
            self.profile = Some(self.attributes(profile));
        }
        if let Some(mapping) = root.get("mapping") {
            self.mappings(mapping);
        }
        let files = self.files(root, &top);
        let expect = root.get("expect").map(|expect| self.expectations(expect, &files)).unwrap_or_default();
        let Some(list) = root.get("instructions").and_then(Node::as_list) else {
            let span = root.get("instructions").map_or(top, |node| node.span.clone());
            self.error(span, "no-instructions", "The control file has no list of instructions.".to_owned());
            self.reference("no instructions");
            return None;
        };
        let instructions = self.instructions(list, Nesting::Straight);
        let username = self.username(&instructions, &list_span(root));
        self.required(&instructions, &list_span(root));
        self.tables(&files, list);
        Some(ControlFile {
            files,
            instructions,
            mappings: std::mem::take(&mut self.mappings),
            profile: self.profile.take(),
            expect,
            fields: std::mem::take(&mut self.fields),
            username: username?,
        })
    }

    fn version(&mut self, root: &Node, top: &Range<usize>) {
        let node = root.get("dataImportControlFileVersion");
        let zero = |node: &&Node| matches!(&node.kind, NodeKind::Plain(Value::Number(number)) if number.text() == "0");
        if node.filter(zero).is_some() {
            return;
        }
        let (span, code) = match node {
            Some(node) => (node.span.clone(), "bad-version"),
            None => (top.clone(), "no-version"),
        };
        self.error(span, code, "\"dataImportControlFileVersion\" has to be the number 0.".to_owned());
        self.reference("Bad version of control file, should be 0");
    }

    fn model(&mut self, root: &Node, top: &Range<usize>) {
        match root.get("model") {
            Some(node) if node.as_text() == Some("haplo:user-sync") => {}
            Some(node) => {
                let other = node.as_text().map(str::to_owned).unwrap_or_default();
                self.other_model = node.as_text().is_some();
                self.error(node.span.clone(), "other-model", "\"model\" has to be \"haplo:user-sync\".".to_owned());
                self.reference(format!("Model not implemented: {other}"));
            }
            None => {
                self.error(
                    top.clone(),
                    "no-model",
                    "\"model\" is missing; it has to be \"haplo:user-sync\".".to_owned(),
                );
                self.reference("no model");
            }
        }
    }

    /// Which top-level instruction gives the username.
    fn username(&mut self, instructions: &[Instruction], span: &Range<usize>) -> Option<usize> {
        let username = FieldKey::user("username");
        let found = instructions.iter().position(|instruction| {
            matches!(instruction, Instruction::Field { target, .. } if self.fields.get(target.slot) == Some(&username))
        });
        if found.is_none() {
            self.error(
                span.clone(),
                "no-username-rule",
                "No instruction at the top level takes the username from the record.".to_owned(),
            );
            self.hint(
                "Add { \"source\": ..., \"destination\": \"user\", \"name\": \"username\" } to the list itself, outside any \
                 condition: without it nobody can be told apart.",
            );
        }
        found
    }

    /// Whether each name that everybody needs is set somewhere.
    fn required(&mut self, instructions: &[Instruction], span: &Range<usize>) {
        for name in Destination::User.names().iter().filter(|name| name.required && name.word != "username") {
            let slot = self.fields.iter().position(|key| *key == FieldKey::user(name.word));
            if !slot.is_some_and(|slot| sets(instructions, slot)) {
                self.error(
                    span.clone(),
                    "required-never-set",
                    format!("No instruction sets {:?} of \"user\", which everybody needs.", name.word),
                );
                self.hint("As it stands every record would fail.");
            }
        }
    }

    /// Tables have no nested values; an instruction that looks for them does nothing there.
    fn tables(&mut self, files: &[super::FileSpec], list: &[Node]) {
        let nested = |format: Format| matches!(format, Format::Json | Format::NdJson);
        if files.is_empty() || files.iter().any(|file| nested(file.read)) {
            return;
        }
        for node in list {
            if let Some(action @ ("within" | "for-each")) = node.get("action").and_then(Node::as_text) {
                self.warn(
                    node.span.clone(),
                    "no-nested-values",
                    format!("{action:?} looks for nested values, and no file of this control file can have any."),
                );
            }
        }
    }
}

fn list_span(root: &Node) -> Range<usize> {
    root.get("instructions").map_or(0..1, |node| node.span.start..node.span.start + 1)
}

fn sets(instructions: &[Instruction], slot: usize) -> bool {
    instructions.iter().any(|instruction| match instruction {
        Instruction::Field { target, .. }
        | Instruction::Structured { target, .. }
        | Instruction::Set { target, .. } => target.slot == slot,
        Instruction::If { then, otherwise, .. } => sets(then, slot) || sets(otherwise, slot),
        Instruction::Within { instructions, .. } | Instruction::ForEach { instructions, .. } => {
            sets(instructions, slot)
        }
        Instruction::Remove { .. }
        | Instruction::Assert { .. }
        | Instruction::Abort { .. }
        | Instruction::Log { .. } => false,
    })
}
