//! Checks where a value goes and how it is converted: names of profiles, qualifiers, filters, mappings, formats, and
//! constants, which are converted here once so that a wrong one is told before any record.

use std::ops::Range;

use super::check::Checker;
use super::check_instructions::Nesting;
use super::file::{Conversion, FieldKey, Target};
use super::model::{Destination, Filter, RESERVED_PROFILE_NAMES, TITLE, Type, is_code};
use crate::date_format::{DateFormat, DateFormatProblem};
use crate::json::{Node, Value, excerpt};
use crate::transform::{Converted, convert};

impl Checker<'_> {
    /// A name of the profile: declared where there is a profile section, else any code but those the sync sets.
    pub(super) fn profile_name(&mut self, name: &str, span: Range<usize>) -> Option<()> {
        if RESERVED_PROFILE_NAMES.contains(&name) {
            self.error(span, "reserved-name", format!("{name:?} is set by the sync itself."));
            return None;
        }
        match &self.profile {
            Some(attributes) if !attributes.iter().any(|attribute| attribute.code == name) => {
                let known: Vec<String> = attributes.iter().map(|attribute| attribute.code.clone()).collect();
                self.error(span, "unknown-name", format!("The section \"profile\" declares no {name:?}."));
                self.suggest(name, known.iter().map(String::as_str));
                None
            }
            None if !is_code(name) => {
                self.error(span, "unknown-name", format!("{name:?} is not written as the code of an attribute is."));
                self.hint("Codes are parts of small letters, digits and hyphens with colons between.");
                None
            }
            Some(_) | None => Some(()),
        }
    }

    /// Where the value of an instruction goes, and how it is converted.
    pub(super) fn target(&mut self, node: &Node, nesting: Nesting) -> Option<Target> {
        let slot = self.slot(node);
        let append = self.flag(node, "multivalue");
        let qualifier = self.text_of(node, "qualifier");
        let conversion = self.conversion(node, slot);
        let slot = slot?;
        let key = self.fields[slot].clone();
        if nesting == Nesting::Loop && !append && !key.destination.is_structured() {
            self.error(
                node.span.clone(),
                "single-value-in-loop",
                format!("Inside \"for-each\" each element replaces the one before: {key} needs \"multivalue\": true."),
            );
        }
        let target = Target { slot, append, qualifier, conversion: conversion? };
        self.qualifier(node, &key, &target);
        if append && !self.holds_several(&key) {
            let message = format!("{key} holds one value; with \"multivalue\" the last one stays.");
            self.warn(node.span.clone(), "single-value", message);
        }
        if key == FieldKey::user("groups") {
            self.producible(node, &target);
        }
        Some(target)
    }

    fn holds_several(&self, key: &FieldKey) -> bool {
        match key.destination {
            Destination::Profile => {
                let declared = self.profile.iter().flatten().find(|attribute| attribute.code == key.name);
                declared.is_none_or(|attribute| attribute.multiple)
            }
            Destination::Tags => false,
            Destination::User | Destination::PersonName | Destination::PostalAddress => {
                key.destination.names().iter().any(|name| name.word == key.name && name.multiple)
            }
        }
    }

    fn qualifier(&mut self, node: &Node, key: &FieldKey, target: &Target) {
        let span = node.get("qualifier").map_or_else(|| node.span.clone(), |node| node.span.clone());
        let Some(qualifier) = &target.qualifier else {
            if key.destination == Destination::Profile && key.name == TITLE {
                self.warn(
                    span,
                    "title-without-qualifier",
                    format!("{TITLE:?} without a qualifier is the name of the account."),
                );
                self.hint("Give additional names a qualifier; without one this instruction has no effect.");
            }
            return;
        };
        if key.destination != Destination::Profile {
            self.warn(
                span,
                "unused-qualifier",
                format!("{:?} has no qualifiers; it is not used.", key.destination.word()),
            );
            return;
        }
        let declared = self.profile.iter().flatten().find(|attribute| attribute.code == key.name);
        let allowed = declared.and_then(|attribute| attribute.qualifiers.clone());
        match allowed {
            Some(allowed) if !allowed.contains(qualifier) => {
                self.error(span, "unknown-qualifier", format!("{:?} has no qualifier {qualifier:?}.", key.name));
                self.suggest(qualifier, allowed.iter().map(String::as_str));
            }
            None if !is_code(qualifier) => {
                self.error(
                    span,
                    "unknown-qualifier",
                    format!("{qualifier:?} is not written as the code of a qualifier is."),
                );
                self.hint("For instance dc:qualifier:alternative.");
            }
            Some(_) | None => {}
        }
    }

    fn conversion(&mut self, node: &Node, slot: Option<usize>) -> Option<Conversion> {
        let span = |name: &str| node.get(name).map_or_else(|| node.span.clone(), |node| node.span.clone());
        let mapping = self.text_of(node, "refMapping").and_then(|name| {
            let found = self.mappings.iter().position(|mapping| mapping.name == name);
            if found.is_none() {
                let known: Vec<String> = self.mappings.iter().map(|mapping| mapping.name.clone()).collect();
                self.error(span("refMapping"), "unknown-mapping", format!("\"mapping\" has no {name:?}."));
                self.suggest(&name, known.iter().map(String::as_str));
            }
            found
        });
        let date_format = self.date_format(node);
        let map = node.get("mapInputValue").and_then(|node| {
            if !node.is_object() {
                self.error(node.span.clone(), "not-an-object", "\"mapInputValue\" has to be an object.".to_owned());
                return None;
            }
            let pairs = node.members().iter().map(|(input, member)| (input.clone(), member.node.to_value()));
            let mut pairs: Vec<(String, Value)> = pairs.collect();
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
            Some(pairs)
        });
        let conversion = Conversion {
            kind: Type::Text,
            map,
            default: node.get("mapInputValueDefault").map(Node::to_value),
            filters: self.filters(node),
            mapping,
            date_format,
            country: self.text_of(node, "country"),
            true_value: self.text_of(node, "trueValue"),
            false_value: self.text_of(node, "falseValue"),
        };
        let kind = self.kind(node, &self.fields.get(slot?)?.clone(), &conversion);
        if kind == Type::Moment && conversion.date_format.is_none() && node.get("dateFormat").is_none() {
            self.error(
                node.span.clone(),
                "no-date-format",
                "A day needs \"dateFormat\", for instance \"yyyy-MM-dd\".".to_owned(),
            );
        }
        Some(Conversion { kind, ..conversion })
    }

    /// What the value becomes: what the profile declares, else what only one type has a key for, else text.
    fn kind(&mut self, node: &Node, key: &FieldKey, conversion: &Conversion) -> Type {
        let parts = node.get("structured").and_then(Node::as_text).and_then(Destination::of);
        let structured = match parts {
            Some(Destination::PersonName) => Some(Type::PersonName),
            Some(Destination::PostalAddress) => Some(Type::PostalAddress),
            _ => None,
        };
        let open = matches!(key.destination, Destination::Profile) && self.profile.is_none();
        let declared = match key.destination {
            Destination::Profile => self
                .profile
                .iter()
                .flatten()
                .find(|attribute| attribute.code == key.name)
                .map(|attribute| attribute.kind),
            _ => Some(Type::Text),
        };
        let kind = match declared {
            Some(kind) => kind,
            None if structured.is_some() => structured.unwrap_or(Type::Text),
            None if conversion.mapping.is_some() => Type::Reference,
            None if conversion.date_format.is_some() => Type::Moment,
            None => Type::Text,
        };
        let made = matches!(kind, Type::PersonName | Type::PostalAddress);
        if structured.map_or(made, |structured| structured != kind) {
            let message = match structured {
                Some(structured) => format!("{key} holds {:?} and not {:?}.", kind.word(), structured.word()),
                None => format!("{key} holds {:?}, which \"field-structured\" makes of its parts.", kind.word()),
            };
            self.error(node.span.clone(), "wrong-type", message);
        }
        for (name, meant) in [
            ("refMapping", kind == Type::Reference || open),
            ("dateFormat", kind == Type::Moment || open),
            ("country", kind == Type::Telephone || open),
            ("trueValue", kind == Type::Boolean || open),
            ("falseValue", kind == Type::Boolean || open),
        ] {
            if let Some(given) = node.get(name).filter(|_| !meant) {
                let message = format!("{key} holds {:?}, for which {name:?} means nothing.", kind.word());
                self.warn(given.span.clone(), "unused-key", message);
            }
        }
        kind
    }

    fn date_format(&mut self, node: &Node) -> Option<DateFormat> {
        let text = self.text_of(node, "dateFormat")?;
        let span = node.get("dateFormat")?.span.clone();
        match DateFormat::parse(&text) {
            Ok(format) => Some(format),
            Err(problem) => {
                self.error(span, "bad-date-format", format!("{text:?} is no date format: {problem}."));
                self.hint(match problem {
                    DateFormatProblem::UnknownLetter('Y' | 'D') => "Years are yyyy, days dd: small letters.",
                    _ => "For instance \"yyyy-MM-dd\" or \"dd/MM/yyyy\"; other words stand in single quotation marks.",
                });
                None
            }
        }
    }

    fn filters(&mut self, node: &Node) -> Vec<Filter> {
        let Some(given) = node.get("filters") else { return Vec::new() };
        let Some(list) = given.as_list() else {
            self.error(given.span.clone(), "filters-not-a-list", "\"filters\" has to be a list of names.".to_owned());
            self.reference("'filters' property is not an array");
            return Vec::new();
        };
        let mut filters = Vec::new();
        for node in list {
            let word = node.as_text().unwrap_or_default();
            match Filter::of(word) {
                Some(filter) => filters.push(filter),
                None => {
                    self.error(node.span.clone(), "unknown-filter", format!("There is no filter {word:?}."));
                    self.suggest(word, Filter::ALL.iter().map(|filter| filter.word()));
                    self.reference(format!("Filter {word} is not available."));
                }
            }
        }
        filters
    }

    /// Converts a constant, so that a wrong one is told now.
    pub(super) fn constant(&mut self, node: &Node, target: &Target) {
        let value = node.to_value();
        let shown = excerpt(&value, 60);
        if matches!(value, Value::Null) || value == Value::text("") {
            self.warn(node.span.clone(), "empty-constant", "This sets nothing.".to_owned());
            return;
        }
        match convert(&value, &target.conversion, &self.mappings) {
            Converted::Item(_) => {}
            Converted::Nothing | Converted::Dropped(_) => {
                self.warn(node.span.clone(), "constant-dropped", format!("{shown} gives no value here."));
            }
            Converted::Failed(problem) => {
                self.error(node.span.clone(), "bad-constant", format!("{shown} cannot be stored here: {problem}."));
            }
        }
    }
}
