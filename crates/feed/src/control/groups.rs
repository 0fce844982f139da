//! Which groups a control file can produce: constants, mapped values and their defaults. A code that only a record holds
//! is not among them.

use std::ops::Range;

use super::check::Checker;
use super::file::{ControlFile, FieldKey, Instruction, Target};
use crate::json::{Node, Value};
use crate::transform::{Converted, convert};

/// How many groups a control file may name.
const MOST_GROUPS: usize = 5_000;

impl ControlFile {
    /// The codes of the groups it can produce, in the order in which they stand, each once.
    pub fn producible_groups(&self) -> Vec<String> {
        let mut codes = Vec::new();
        self.produce(&self.instructions, &mut codes);
        codes
    }

    /// Whether records can name groups that do not stand in the control file.
    pub fn groups_come_from_records(&self) -> bool {
        self.open(&self.instructions)
    }

    fn groups_slot(&self, target: &Target) -> bool {
        self.fields.get(target.slot) == Some(&FieldKey::user("groups"))
    }

    fn produce(&self, instructions: &[Instruction], codes: &mut Vec<String>) {
        for instruction in instructions {
            match instruction {
                Instruction::Set { value, target } if self.groups_slot(target) => {
                    add(code(value, target, &self.mappings), codes);
                }
                Instruction::Field { target, .. } if self.groups_slot(target) => {
                    for value in mapped(target) {
                        add(code_of_output(value, target, &self.mappings), codes);
                    }
                }
                Instruction::If { then, otherwise, .. } => {
                    self.produce(then, codes);
                    self.produce(otherwise, codes);
                }
                Instruction::Within { instructions, .. } | Instruction::ForEach { instructions, .. } => {
                    self.produce(instructions, codes);
                }
                _ => {}
            }
        }
    }

    fn open(&self, instructions: &[Instruction]) -> bool {
        instructions.iter().any(|instruction| match instruction {
            Instruction::Field { target, .. } => self.groups_slot(target) && target.conversion.default.is_none(),
            Instruction::If { then, otherwise, .. } => self.open(then) || self.open(otherwise),
            Instruction::Within { instructions, .. } | Instruction::ForEach { instructions, .. } => {
                self.open(instructions)
            }
            _ => false,
        })
    }
}

fn add(code: Option<String>, codes: &mut Vec<String>) {
    if let Some(code) = code.filter(|code| !codes.contains(code)) {
        codes.push(code);
    }
}

fn mapped(target: &Target) -> impl Iterator<Item = &Value> {
    let listed = target.conversion.map.iter().flatten().map(|(_, value)| value);
    listed.chain(target.conversion.default.as_ref())
}

fn code(value: &Value, target: &Target, mappings: &[super::Mapping]) -> Option<String> {
    match convert(value, &target.conversion, mappings) {
        Converted::Item(item) => item.as_text().map(str::to_owned),
        Converted::Nothing | Converted::Dropped(_) | Converted::Failed(_) => None,
    }
}

/// The code that a value becomes which has been mapped already.
fn code_of_output(value: &Value, target: &Target, mappings: &[super::Mapping]) -> Option<String> {
    let mut target = target.clone();
    target.conversion.map = None;
    target.conversion.default = None;
    code(value, &target, mappings)
}

impl Checker<'_> {
    /// Notes where the groups stand that an instruction can produce.
    pub(super) fn producible(&mut self, node: &Node, target: &Target) {
        let mut places: Vec<(Option<String>, Range<usize>)> = Vec::new();
        if let Some(value) = node.get("value") {
            places.push((code(&value.to_value(), target, &self.mappings), value.span.clone()));
        } else {
            let listed = node.get("mapInputValue").map(|map| map.members()).unwrap_or_default();
            let default = node.get("mapInputValueDefault");
            for node in listed.iter().map(|(_, member)| &member.node).chain(default) {
                places.push((code_of_output(&node.to_value(), target, &self.mappings), node.span.clone()));
            }
        }
        for (code, span) in places {
            let Some(code) = code.filter(|code| !self.groups.iter().any(|(known, _)| known == code)) else { continue };
            if self.groups.len() >= MOST_GROUPS {
                self.error(span, "too-many-groups", format!("More than {MOST_GROUPS} groups are named."));
                return;
            }
            self.groups.push((code, span));
        }
    }
}
