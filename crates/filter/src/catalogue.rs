//! The fields a caller offers, and what may be asked of them. This crate knows no field by name: everything it can say
//! about one stands here, declared once, for the parser, completion and the reference page alike.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::query::Comparison;

/// A text that is mostly known when the program is compiled, and sometimes made at run time.
pub type Label = Cow<'static, str>;

/// The place of a field in its [`Catalogue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u16);

/// Something that can be asked about.
#[derive(Debug, Clone)]
pub struct Field {
    /// As it is written: letters, digits, `_`, `-` and `.`, a letter first. Case, `-` and `_` do not matter when read.
    pub name: Label,
    /// Other names that are understood; the canonical form uses `name`.
    pub aliases: Vec<Label>,
    /// What its values are, from which its operators follow.
    pub kind: Kind,
    /// What may stand in parentheses behind it.
    pub argument: Argument,
    /// Whether one row can have several values, as a person has several groups.
    pub several: bool,
    /// Whether rows can be ordered by it.
    pub sortable: bool,
    /// One line: what it is.
    pub summary: Label,
    /// What has to be known to read its answers right; may be empty.
    pub details: Label,
    /// Filters that use it.
    pub examples: Vec<Label>,
}

/// What the values of a field are.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Free text: contains (folded) or is exactly.
    Text,
    /// One of the words listed here.
    Closed(Vec<Word>),
    /// One of many names that only the caller knows; `noun` says what they name, e.g. "group".
    Open {
        /// What a value names, in the singular.
        noun: Label,
    },
    /// A moment.
    Instant,
    /// A length of time.
    Duration,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
}

/// A word of a closed vocabulary.
#[derive(Debug, Clone)]
pub struct Word {
    /// As it is written.
    pub word: Label,
    /// Other words that are understood for it.
    pub aliases: Vec<Label>,
    /// One line: what it means.
    pub summary: Label,
}

impl Word {
    /// A word and what it means.
    pub fn new(word: impl Into<Label>, summary: impl Into<Label>) -> Word {
        Word { word: word.into(), aliases: Vec::new(), summary: summary.into() }
    }

    /// The same, understood under another word too.
    pub fn alias(mut self, alias: impl Into<Label>) -> Word {
        self.aliases.push(alias.into());
        self
    }
}

/// What may stand in parentheses behind a field's name, as in `lastActive(confluence)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A value of the field named here, or nothing.
    Optional(Label),
    /// A value of the field named here.
    Required(Label),
}

impl Argument {
    /// The field whose values may stand there.
    pub fn of(&self) -> Option<&str> {
        match self {
            Argument::None => None,
            Argument::Optional(of) | Argument::Required(of) => Some(of),
        }
    }
}

impl Field {
    /// A field of a kind: no other names, no argument, one value a row, sortable unless its vocabulary is open.
    pub fn new(name: impl Into<Label>, kind: Kind, summary: impl Into<Label>) -> Field {
        Field {
            name: name.into(),
            aliases: Vec::new(),
            sortable: !matches!(kind, Kind::Open { .. }),
            kind,
            argument: Argument::None,
            several: false,
            summary: summary.into(),
            details: Label::Borrowed(""),
            examples: Vec::new(),
        }
    }

    /// The same, understood under another name too.
    pub fn alias(mut self, alias: impl Into<Label>) -> Field {
        self.aliases.push(alias.into());
        self
    }

    /// The same with what may stand in parentheses.
    pub fn argument(mut self, argument: Argument) -> Field {
        self.argument = argument;
        self
    }

    /// The same where one row can have several values; it cannot be ordered by.
    pub fn several(mut self) -> Field {
        self.several = true;
        self.sortable = false;
        self
    }

    /// The same, to be ordered by.
    pub fn sortable(mut self) -> Field {
        self.sortable = true;
        self
    }

    /// The same, not to be ordered by.
    pub fn unsortable(mut self) -> Field {
        self.sortable = false;
        self
    }

    /// The same with what has to be known to read its answers right.
    pub fn details(mut self, details: impl Into<Label>) -> Field {
        self.details = details.into();
        self
    }

    /// The same with one more filter that uses it.
    pub fn example(mut self, example: impl Into<Label>) -> Field {
        self.examples.push(example.into());
        self
    }
}

impl Kind {
    /// The comparisons that make sense, in the order in which they are offered. `IN` goes with [`Kind::lists`].
    pub fn comparisons(&self) -> &'static [Comparison] {
        use Comparison::{AtLeast, AtMost, Contains, ContainsNot, Equal, Greater, Less, NotEqual};
        match self {
            Kind::Text => &[Contains, ContainsNot, Equal, NotEqual],
            Kind::Open { .. } => &[Equal, NotEqual, Contains, ContainsNot],
            Kind::Closed(_) | Kind::Flag => &[Equal, NotEqual],
            Kind::Instant => &[AtLeast, Less, AtMost, Greater, Equal, NotEqual],
            // "Exactly 90 days" holds for one instant only, so equality is not offered.
            Kind::Duration => &[AtLeast, Less, AtMost, Greater],
            Kind::Number => &[Equal, NotEqual, AtLeast, Less, AtMost, Greater],
        }
    }

    /// Whether `IN (...)` makes sense.
    pub fn lists(&self) -> bool {
        matches!(self, Kind::Text | Kind::Open { .. } | Kind::Closed(_) | Kind::Number)
    }

    /// What it is called.
    pub fn noun(&self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Closed(_) | Kind::Open { .. } => "choice",
            Kind::Instant => "date",
            Kind::Duration => "length of time",
            Kind::Number => "number",
            Kind::Flag => "yes-or-no field",
        }
    }
}

/// Why fields make no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Two fields, or two words of one field, answer to the same name.
    #[error("{0:?} names two things")]
    Twice(String),
    /// A name that the language could not read back.
    #[error("{0:?} is no name: letters, digits, '_', '-' and '.', a letter first, and no keyword")]
    Name(String),
    /// The argument of a field is said to be a value of a field that is not there.
    #[error("the argument of {field:?} is said to be a value of {of:?}, which is no choice among the fields")]
    Argument {
        /// The field with the argument.
        field: String,
        /// The field that is missing.
        of: String,
    },
    /// More fields than a [`FieldId`] can tell apart.
    #[error("there are more than 65,535 fields")]
    TooMany,
}

/// All fields that can be asked about, found by name.
#[derive(Debug, Clone)]
pub struct Catalogue {
    fields: Vec<Field>,
    names: HashMap<String, FieldId>,
    longest: usize,
}

impl Catalogue {
    /// Puts fields together; their place in `fields` is their [`FieldId`].
    pub fn new(fields: Vec<Field>) -> Result<Catalogue, CatalogueError> {
        let mut names = HashMap::new();
        for (place, field) in fields.iter().enumerate() {
            let id = FieldId(u16::try_from(place).map_err(|_| CatalogueError::TooMany)?);
            for name in std::iter::once(&field.name).chain(&field.aliases) {
                if !is_name(name) {
                    return Err(CatalogueError::Name(name.to_string()));
                }
                if names.insert(key(name), id).is_some_and(|other| other != id) {
                    return Err(CatalogueError::Twice(name.to_string()));
                }
            }
            if let Kind::Closed(words) = &field.kind {
                let mut known = HashMap::new();
                for (place, word) in words.iter().enumerate() {
                    for name in std::iter::once(&word.word).chain(&word.aliases) {
                        if name.trim().is_empty() {
                            return Err(CatalogueError::Name(name.to_string()));
                        }
                        if known.insert(key(name), place).is_some_and(|other| other != place) {
                            return Err(CatalogueError::Twice(name.to_string()));
                        }
                    }
                }
            }
        }
        let longest = fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        let catalogue = Catalogue { fields, names, longest };
        for field in &catalogue.fields {
            let Some(of) = field.argument.of() else { continue };
            let named = catalogue.find(of).map(|id| &catalogue.field(id).kind);
            if !matches!(named, Some(Kind::Open { .. } | Kind::Closed(_))) {
                return Err(CatalogueError::Argument { field: field.name.to_string(), of: of.to_owned() });
            }
        }
        Ok(catalogue)
    }

    /// All fields, in their order.
    pub fn fields(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        (0..).map(FieldId).zip(&self.fields)
    }

    /// A field of this catalogue.
    ///
    /// # Panics
    /// When the id is another catalogue's.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[usize::from(id.0)]
    }

    /// The field with this name or alias; case, `-` and `_` do not matter.
    pub fn find(&self, name: &str) -> Option<FieldId> {
        self.names.get(&key(name)).copied()
    }

    /// The field whose values the argument of a field is.
    pub fn argument_field(&self, id: FieldId) -> Option<FieldId> {
        self.find(self.field(id).argument.of()?)
    }

    /// The length of the longest name, in bytes.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }
}

/// The form in which names and words are compared: lower case, without `-`, `_` and blanks.
pub(crate) fn key(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

fn is_name(name: &str) -> bool {
    let keyword = ["and", "or", "not", "in", "is", "empty", "order"].contains(&key(name).as_str());
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
        && !keyword
}
