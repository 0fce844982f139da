//! Checks the files, what is expected of them, the mappings and the profile of a control file.

use std::ops::Range;

use super::check::Checker;
use super::file::{Attribute, Expectation, FileSpec, Mapping, Using};
use super::model::{Format, RESERVED_PROFILE_NAMES, Type, is_code};
use crate::json::{Node, NodeKind, Value};
use crate::read::charset_name;

const FILE_KEYS: [&str; 6] = ["read", "singleRecord", "charset", "separator", "quote", "sheet"];
const MAPPING_KEYS: [&str; 3] = ["types", "using", "values"];
const ATTRIBUTE_KEYS: [&str; 5] = ["name", "type", "label", "multivalue", "qualifiers"];
const EXPECT_KEYS: [&str; 3] = ["rows", "sha256", "generatedAt"];

/// Whether a name can be uploaded: the reference's rule for the parameter `name`.
pub(super) fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl Checker<'_> {
    pub(super) fn files(&mut self, root: &Node, top: &Range<usize>) -> Vec<FileSpec> {
        let Some(files) = root.get("files").filter(|files| !files.members().is_empty()) else {
            let span = root.get("files").map_or_else(|| top.clone(), |files| files.span.clone());
            self.error(span, "no-files", "The control file names no files.".to_owned());
            self.hint("For instance \"files\": { \"users\": { \"read\": \"json\" } }.");
            self.reference("no files");
            return Vec::new();
        };
        let mut specs = Vec::new();
        for (name, member) in files.members() {
            if name == "DEFAULT" || name == "_control" || !is_file_name(name) {
                self.error(member.name.clone(), "bad-file-name", format!("A file cannot be called {name:?}."));
                self.hint(match name.as_str() {
                    "DEFAULT" => {
                        "User sync names every file; \"DEFAULT\" would be a file of that name, which nobody uploads."
                    }
                    "_control" => "The control file itself is uploaded under that name.",
                    _ => "Names have letters, digits, hyphens and underscores.",
                });
            }
            specs.extend(self.file(name, &member.node));
        }
        specs
    }

    fn file(&mut self, name: &str, node: &Node) -> Option<FileSpec> {
        self.unknown_keys(node, &FILE_KEYS);
        let Some(reader) = node.get("read") else {
            self.error(node.span.clone(), "no-reader", format!("It is not said how the file {name:?} is read."));
            self.suggest("", Format::ALL.iter().map(|format| format.word()));
            self.reference(format!("Reader not specified for file {name}"));
            return None;
        };
        let word = reader.as_text().unwrap_or_default();
        let Some(read) = Format::of(word) else {
            self.error(reader.span.clone(), "unknown-reader", format!("There is no reader {word:?}."));
            self.suggest(word, Format::ALL.iter().map(|format| format.word()));
            self.reference(format!("Unknown reader for file {name}: {word}"));
            return None;
        };
        let mut spec = FileSpec {
            name: name.to_owned(),
            read,
            single_record: self.flag(node, "singleRecord"),
            charset: None,
            separator: self.text_of(node, "separator"),
            quote: None,
            sheet: self.text_of(node, "sheet"),
        };
        if let Some(charset) = self.text_of(node, "charset") {
            spec.charset = charset_name(&charset);
            if spec.charset.is_none() {
                let span = node.get("charset").map_or_else(|| node.span.clone(), |node| node.span.clone());
                self.error(span, "unknown-charset", format!("There is no charset {charset:?}."));
                self.hint("Usual ones: utf-8, windows-1252, iso-8859-1, iso-8859-15, utf-16.");
            }
        }
        if let Some(quote) = self.text_of(node, "quote") {
            spec.quote = Some(quote.chars().next().filter(char::is_ascii).unwrap_or('"'));
            let span = node.get("quote").map_or_else(|| node.span.clone(), |node| node.span.clone());
            if quote.len() != 1 || quote.contains(['\r', '\n']) || Some(quote.as_str()) == spec.separator.as_deref() {
                self.error(
                    span,
                    "bad-quote",
                    "\"quote\" has to be one character that is not the separator.".to_owned(),
                );
            }
        }
        self.options(node, &spec);
        Some(spec)
    }

    /// Options that the reader does not have, or cannot work with.
    fn options(&mut self, node: &Node, spec: &FileSpec) {
        let span = |name: &str| node.get(name).map_or_else(|| node.span.clone(), |node| node.span.clone());
        let table = matches!(spec.read, Format::Tsv | Format::Csv);
        for (name, meant) in [
            ("separator", table),
            ("charset", table || spec.read == Format::NdJson),
            ("quote", spec.read == Format::Csv),
            ("sheet", spec.read == Format::Xlsx),
            ("singleRecord", matches!(spec.read, Format::Json | Format::XmlText | Format::XmlAttributes)),
        ] {
            if node.get(name).is_some() && !meant {
                let message = format!("The reader {:?} has no option {name:?}; it is not used.", spec.read.word());
                self.warn(span(name), "unused-option", message);
            }
        }
        if let Some(separator) = &spec.separator {
            let single = separator.len() == 1 && !separator.contains('"');
            let fits = if spec.read == Format::Csv { single } else { separator.len() <= 16 };
            if separator.is_empty() || separator.contains(['\r', '\n']) || !fits {
                let message = "This cannot separate values.".to_owned();
                self.error(span("separator"), "bad-separator", message);
                self.hint("One character for csv, such as \",\" or \";\"; a short text without line breaks for tsv.");
            }
        }
    }

    pub(super) fn expectations(&mut self, node: &Node, files: &[FileSpec]) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for (name, member) in node.members() {
            if !files.iter().any(|file| file.name == *name) {
                self.error(member.name.clone(), "unknown-file", format!("\"files\" has no file {name:?}."));
                self.suggest(name, files.iter().map(|file| file.name.as_str()));
            }
            self.unknown_keys(&member.node, &EXPECT_KEYS);
            let mut expectation = Expectation { file: name.clone(), ..Expectation::default() };
            if let Some(rows) = member.node.get("rows") {
                expectation.rows = match &rows.kind {
                    NodeKind::Plain(Value::Number(number)) => number.text().parse().ok(),
                    _ => None,
                };
                if expectation.rows.is_none() {
                    self.error(rows.span.clone(), "bad-rows", "\"rows\" has to be a whole number.".to_owned());
                }
            }
            if let Some(sha256) = self.text_of(&member.node, "sha256") {
                let sha256 = sha256.to_ascii_lowercase();
                if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                    let span = member.node.get("sha256").map_or_else(|| node.span.clone(), |node| node.span.clone());
                    self.error(span, "bad-sha256", "\"sha256\" has to be 64 hexadecimal digits.".to_owned());
                }
                expectation.sha256 = Some(sha256);
            }
            if let Some(moment) = self.text_of(&member.node, "generatedAt") {
                expectation.generated_at = moment.parse().ok();
                if expectation.generated_at.is_none() {
                    let span =
                        member.node.get("generatedAt").map_or_else(|| node.span.clone(), |node| node.span.clone());
                    self.error(span, "bad-moment", format!("{moment:?} is no moment."));
                    self.hint("For instance 2026-03-01T04:00:00Z.");
                }
            }
            expectations.push(expectation);
        }
        expectations
    }

    pub(super) fn mappings(&mut self, node: &Node) {
        for (name, member) in node.members() {
            let node = &member.node;
            self.unknown_keys(node, &MAPPING_KEYS);
            let types: Vec<String> = node
                .get("types")
                .and_then(Node::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(|node| node.as_text().map(str::to_owned))
                .collect();
            let using = match self.text_of(node, "using").as_deref() {
                Some("behaviour") => Using::Behaviour,
                Some("title") => Using::Title,
                other => {
                    let span = node.get("using").map_or_else(|| node.span.clone(), |node| node.span.clone());
                    let message = format!("The mapping {name:?} has to say \"using\": \"behaviour\" or \"title\".");
                    self.error(
                        span,
                        "bad-mapping",
                        if other.is_some() { message } else { format!("{message} It is missing.") },
                    );
                    Using::Behaviour
                }
            };
            if using == Using::Title && types.is_empty() {
                let message = format!("The mapping {name:?} goes by titles and has to name the types of the objects.");
                self.error(node.span.clone(), "no-types", message);
                self.hint("Add \"types\": [...].");
            }
            let Some(values) = node.get("values").filter(|values| values.is_object()) else {
                self.error(node.span.clone(), "no-values", format!("The mapping {name:?} has no \"values\"."));
                continue;
            };
            let mut pairs = Vec::new();
            for (input, member) in values.members() {
                let Some(to) = member.node.as_text() else {
                    self.error(member.node.span.clone(), "not-a-text", "A mapping leads to texts.".to_owned());
                    continue;
                };
                if using == Using::Behaviour && !is_code(to) {
                    self.error(member.node.span.clone(), "bad-code", format!("{to:?} is not written as a code is."));
                    self.hint("Codes are parts of small letters, digits and hyphens with colons between.");
                }
                pairs.push((input.clone(), to.to_owned()));
            }
            pairs.sort();
            self.mappings.push(Mapping { name: name.clone(), using, types, values: pairs });
        }
    }

    pub(super) fn attributes(&mut self, node: &Node) -> Vec<Attribute> {
        if !node.is_object() {
            self.error(
                node.span.clone(),
                "bad-profile",
                "\"profile\" has to be an object, by attribute code.".to_owned(),
            );
        }
        let mut attributes = Vec::new();
        for (code, member) in node.members() {
            let node = &member.node;
            if RESERVED_PROFILE_NAMES.contains(&code.as_str()) {
                self.error(member.name.clone(), "reserved-name", format!("{code:?} is set by the sync itself."));
            } else if !is_code(code) {
                self.error(member.name.clone(), "bad-code", format!("{code:?} is not written as a code is."));
                self.hint("Codes are parts of small letters, digits and hyphens with colons between.");
            }
            self.unknown_keys(node, &ATTRIBUTE_KEYS);
            let word = self.text_of(node, "type").unwrap_or_else(|| Type::Text.word().to_owned());
            let kind = Type::of(&word).unwrap_or_else(|| {
                let span = node.get("type").map_or_else(|| node.span.clone(), |node| node.span.clone());
                self.error(span, "unknown-type", format!("There is no type {word:?}."));
                self.suggest(&word, Type::ALL.iter().map(|kind| kind.word()));
                Type::Text
            });
            let qualifiers = node
                .get("qualifiers")
                .and_then(Node::as_list)
                .map(|list| list.iter().filter_map(|node| node.as_text().map(str::to_owned)).collect());
            attributes.push(Attribute {
                code: code.clone(),
                name: self.text_of(node, "name"),
                kind,
                label: self.text_of(node, "label"),
                multiple: node.get("multivalue").is_none() || self.flag(node, "multivalue"),
                qualifiers,
            });
        }
        attributes
    }
}
