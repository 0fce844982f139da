//! What a file is taken for: what its columns are, and which row is which record. Said by a person, begun from its headings.

use contact::field::{Entity, Field};
use directory::fold_text;
use serde_json::{Value, json};

use crate::contacts::trouble::NotDone;

/// What programs and commands write before the name of a field of your own.
const OWN: &str = "fields.";

/// What a column is taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nothing: it is not read.
    Nothing,
    /// Our id of the record.
    Id,
    /// Name; several columns make one name, in their order.
    Name,
    /// E-mail address of a contact.
    Email,
    /// Domains of a company.
    Domains,
    /// Tags, with commas.
    Tags,
    /// Names of companies of a contact, with semicolons; those that are missing are made.
    Companies,
    /// The role of a contact in the companies of its row.
    Role,
    /// A field that people defined, by its number.
    Field(u32),
}

/// Which row is which record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Same {
    /// None: each row is new.
    Never,
    /// By this column's value.
    By(Target),
}

/// What a file means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What its rows are.
    pub entity: Entity,
    /// What its columns are.
    pub columns: Vec<Target>,
    /// Which row is which record.
    pub same: Same,
    /// Whether records that are there are changed; left alone otherwise.
    pub update: bool,
}

impl Target {
    /// As a form and the store write it.
    pub fn word(&self) -> String {
        match self {
            Target::Nothing => String::new(),
            Target::Id => "id".to_owned(),
            Target::Name => "name".to_owned(),
            Target::Email => "email".to_owned(),
            Target::Domains => "domains".to_owned(),
            Target::Tags => "tags".to_owned(),
            Target::Companies => "companies".to_owned(),
            Target::Role => "role".to_owned(),
            Target::Field(number) => format!("field{number}"),
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Target {
        match word {
            "id" => Target::Id,
            "name" => Target::Name,
            "email" => Target::Email,
            "domains" => Target::Domains,
            "tags" => Target::Tags,
            "companies" => Target::Companies,
            "role" => Target::Role,
            word => {
                word.strip_prefix("field").and_then(|number| number.parse().ok()).map_or(Target::Nothing, Target::Field)
            }
        }
    }

    /// As programs and commands write it: the word, and a field of your own as `fields.level`; empty for nothing.
    pub fn in_words(&self, fields: &[Field]) -> String {
        match self {
            Target::Field(number) => fields
                .iter()
                .find(|field| field.number == *number)
                .map(|field| format!("{OWN}{}", field.code))
                .unwrap_or_default(),
            target => target.word(),
        }
    }

    /// Reads what [`Target::in_words`] writes, for a file of contacts or of companies.
    ///
    /// # Errors
    /// It is none of the words, or it is not of these records.
    pub fn of_words(words: &str, (entity, fields): (Entity, &[Field])) -> Result<Target, NotDone> {
        let words = words.trim();
        if words.is_empty() {
            return Ok(Target::Nothing);
        }
        let known = Target::all(entity, fields);
        let found = known.iter().find(|target| target.in_words(fields).eq_ignore_ascii_case(words));
        found.cloned().ok_or_else(|| {
            let names: Vec<String> = known.iter().map(|target| target.in_words(fields)).collect();
            NotDone::Invalid(format!("a column is not taken for “{words}”, but for one of: {}", names.join(", ")))
        })
    }

    /// Everything that a column can be taken for.
    pub fn all(entity: Entity, fields: &[Field]) -> Vec<Target> {
        let own = fields.iter().filter(|field| field.entity == entity).map(|field| Target::Field(field.number));
        let of_entity = match entity {
            Entity::Contact => vec![Target::Email, Target::Companies, Target::Role],
            Entity::Company => vec![Target::Domains],
        };
        [Target::Id, Target::Name].into_iter().chain(of_entity).chain([Target::Tags]).chain(own).collect()
    }

    /// What a heading looks like.
    pub(super) fn guess(heading: &str, (entity, fields): (Entity, &[Field])) -> Target {
        let key = |text: &str| fold_text(text).replace(['-', '_', ' '], "");
        let wanted = key(heading);
        let known = fields.iter().find(|field| key(&field.code) == wanted || key(&field.label) == wanted);
        match (wanted.as_str(), entity) {
            ("id", _) => Target::Id,
            ("name" | "fullname" | "firstname" | "lastname" | "first" | "last" | "surname", _) => Target::Name,
            ("email" | "mail" | "emailaddress", Entity::Contact) => Target::Email,
            ("domain" | "domains" | "website", Entity::Company) => Target::Domains,
            ("tag" | "tags", _) => Target::Tags,
            ("company" | "companies" | "organization", Entity::Contact) => Target::Companies,
            ("role", Entity::Contact) => Target::Role,
            _ => known.map_or(Target::Nothing, |field| Target::Field(field.number)),
        }
    }
}

impl Meaning {
    pub(super) fn text(&self) -> String {
        let same = match &self.same {
            Same::Never => String::new(),
            Same::By(target) => target.word(),
        };
        let columns: Vec<String> = self.columns.iter().map(Target::word).collect();
        json!({ "entity": self.entity.as_str(), "columns": columns, "same": same, "update": self.update }).to_string()
    }

    pub(super) fn parse(text: &str) -> Option<Meaning> {
        let value: Value = serde_json::from_str(text).ok()?;
        let columns = value["columns"].as_array()?.iter().filter_map(Value::as_str).map(Target::parse).collect();
        let same = match value["same"].as_str()? {
            "" => Same::Never,
            word => Same::By(Target::parse(word)),
        };
        let entity = Entity::parse(value["entity"].as_str()?)?;
        Some(Meaning { entity, columns, same, update: value["update"].as_bool()? })
    }
}
