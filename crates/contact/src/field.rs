//! Fields that people define for contacts and companies, and the one written form of each value. A value that does not fit
//! its field is never kept.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a field is of.
    Entity {
        /// A person.
        Contact = "contact",
        /// A company.
        Company = "company",
    }
}

vocabulary! {
    /// What the values of a field are.
    FieldKind {
        /// Any text of one line.
        Text = "text",
        /// A whole number.
        Number = "number",
        /// A day.
        Date = "date",
        /// One of some words.
        Choice = "choice",
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Telephone = "telephone",
        /// A postal address, of several lines.
        Address = "address",
        /// An Atlassian account, by its id.
        User = "user",
    }
}

/// The values of a contact or company, by the number of their field.
pub type Values = BTreeMap<u32, String>;

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Our number of it.
    pub number: u32,
    /// What it is of.
    pub entity: Entity,
    /// What filters and files call it.
    pub code: String,
    /// What pages call it.
    pub label: String,
    /// What its values are.
    pub kind: FieldKind,
    /// The words of a choice; empty for every other kind.
    pub choices: Vec<String>,
    /// Whether nothing can be saved without it.
    pub required: bool,
    /// What a new contact or company has where nobody says otherwise.
    pub default: Option<String>,
    /// The section in which it is shown.
    pub section: String,
    /// Where it is shown: fields are in this order, and sections in the order of their first field.
    pub place: u32,
}

/// Why a value does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is too long.
    #[error("“{0}” is longer than {1} characters")]
    Long(String, usize),
    /// It is no whole number.
    #[error("“{0}” takes a whole number, such as 12")]
    Number(String),
    /// It is no day.
    #[error("“{0}” takes a day, such as 2026-11-20")]
    Date(String),
    /// It is none of the words.
    #[error("“{0}” takes one of: {1}")]
    Choice(String, String),
    /// It is no address.
    #[error("“{0}” takes an e-mail address")]
    Email(String),
    /// It is no telephone number.
    #[error("“{0}” takes a telephone number: digits, blanks and + - / ( )")]
    Telephone(String),
    /// There is none, and there has to be.
    #[error("“{0}” is missing")]
    Missing(String),
}

/// The longest value, in characters; of an address, in all its lines.
pub const LONGEST_VALUE: usize = 2_000;
/// The longest name of a contact or company, tag or role, in characters.
pub const LONGEST_NAME: usize = 200;
/// The longest e-mail address, in bytes (RFC 5321, 4.5.3.1).
pub const LONGEST_EMAIL: usize = 254;

impl FieldKind {
    /// What it is, in a few words for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            FieldKind::Text => "Text",
            FieldKind::Number => "Number",
            FieldKind::Date => "Date",
            FieldKind::Choice => "Choice",
            FieldKind::Email => "E-mail",
            FieldKind::Telephone => "Telephone",
            FieldKind::Address => "Address",
            FieldKind::User => "Link to a user",
        }
    }
}

impl Field {
    /// A value as it is kept: trimmed, in one form; `None` for none.
    ///
    /// # Errors
    /// Why it does not fit.
    pub fn value(&self, text: &str) -> Result<Option<String>, Unfit> {
        let text = match self.kind {
            FieldKind::Address => lines(text),
            _ => one_line(text),
        };
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() > LONGEST_VALUE {
            return Err(Unfit::Long(self.label.clone(), LONGEST_VALUE));
        }
        match self.kind {
            FieldKind::Text | FieldKind::Address | FieldKind::User => Ok(Some(text)),
            FieldKind::Number => {
                let number: i64 = text.parse().map_err(|_| Unfit::Number(self.label.clone()))?;
                Ok(Some(number.to_string()))
            }
            FieldKind::Date => {
                let date: Date = text.parse().map_err(|_| Unfit::Date(self.label.clone()))?;
                Ok(Some(date.to_string()))
            }
            FieldKind::Choice => {
                let wanted = directory::fold_text(&text);
                let known = self.choices.iter().find(|choice| directory::fold_text(choice) == wanted);
                known.cloned().map(Some).ok_or_else(|| Unfit::Choice(self.label.clone(), self.choices.join(", ")))
            }
            FieldKind::Email => match is_email(&text) {
                true => Ok(Some(text)),
                false => Err(Unfit::Email(self.label.clone())),
            },
            FieldKind::Telephone => {
                let digits = text.chars().filter(char::is_ascii_digit).count();
                let plain = text.chars().all(|c| c.is_ascii_digit() || " +-/().".contains(c));
                match plain && (3..=20).contains(&digits) {
                    true => Ok(Some(text)),
                    false => Err(Unfit::Telephone(self.label.clone())),
                }
            }
        }
    }
}

/// The values as they are kept: those that are given, and where `new` the defaults of the others. What is given for no
/// field is left out.
///
/// # Errors
/// The first that does not fit or is missing, in the order of the fields.
pub fn values(fields: &[Field], given: &Values, new: bool) -> Result<Values, Unfit> {
    let mut kept = Values::new();
    for field in fields {
        let value = match given.get(&field.number) {
            Some(text) => field.value(text)?,
            None => None,
        };
        let value = value.or_else(|| field.default.clone().filter(|_| new && !given.contains_key(&field.number)));
        match value {
            Some(value) => drop(kept.insert(field.number, value)),
            None if field.required => return Err(Unfit::Missing(field.label.clone())),
            None => {}
        }
    }
    Ok(kept)
}

/// Whether a text is an e-mail address as far as anybody can tell without writing to it.
pub fn is_email(address: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else { return false };
    let foreign = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]@".contains(c);
    let plain = |part: &str| !part.is_empty() && !part.contains(foreign);
    plain(local) && plain(host) && host.contains('.') && !host.starts_with('.') && address.len() <= LONGEST_EMAIL
}

/// A text of one line, without blanks around it.
pub fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    lines.join("\n").trim().to_owned()
}

/// What filters and files call a field of this label: its letters and digits in ASCII, or `field` and its number.
pub fn code_of(label: &str, number: u32) -> String {
    let folded = directory::fold_text(label);
    let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut code = String::new();
    for word in words {
        match code.is_empty() {
            true => code.push_str(word),
            false => {
                let (first, rest) = word.split_at(1);
                code.push_str(&first.to_ascii_uppercase());
                code.push_str(rest);
            }
        }
    }
    let fits = code.starts_with(|c: char| c.is_ascii_alphabetic()) && code.len() <= 40;
    if fits { code } else { format!("field{number}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(kind: FieldKind) -> Field {
        Field {
            number: 1,
            entity: Entity::Contact,
            code: "x".to_owned(),
            label: "X".to_owned(),
            kind,
            choices: vec!["Gold".to_owned(), "Silver plate".to_owned()],
            required: false,
            default: None,
            section: String::new(),
            place: 1,
        }
    }

    #[test]
    fn every_kind_has_one_form_and_refuses_what_it_is_not() {
        let kept = |kind, text: &str| field(kind).value(text).unwrap().unwrap();
        assert_eq!(kept(FieldKind::Text, " a\tb\n"), "a b");
        assert_eq!(kept(FieldKind::Number, " 012 "), "12");
        assert_eq!(kept(FieldKind::Date, "2026-02-28"), "2026-02-28");
        assert_eq!(kept(FieldKind::Choice, "SILVER Plate"), "Silver plate");
        assert_eq!(kept(FieldKind::Email, "a@b.example"), "a@b.example");
        assert_eq!(kept(FieldKind::Telephone, "+49 (30) 123-45"), "+49 (30) 123-45");
        assert_eq!(kept(FieldKind::Address, " Main St 1 \n\tTown \n"), "Main St 1\nTown");
        for (kind, text) in [
            (FieldKind::Number, "1.5"),
            (FieldKind::Date, "2026-02-30"),
            (FieldKind::Choice, "Bronze"),
            (FieldKind::Email, "a@b"),
            (FieldKind::Email, "a b@c.example"),
            (FieldKind::Telephone, "call me"),
            (FieldKind::Telephone, "1"),
        ] {
            assert!(field(kind).value(text).is_err(), "{kind:?} {text}");
        }
        assert_eq!(field(FieldKind::Number).value("  "), Ok(None));
    }

    #[test]
    fn defaults_are_for_what_is_new_and_nobody_has_said() {
        let with = |required, default: Option<&str>| Field {
            required,
            default: default.map(str::to_owned),
            ..field(FieldKind::Text)
        };
        let given = |text: &str| Values::from([(1, text.to_owned())]);
        assert_eq!(values(&[with(false, Some("d"))], &Values::new(), true), Ok(given("d")));
        assert_eq!(values(&[with(false, Some("d"))], &Values::new(), false), Ok(Values::new()));
        assert_eq!(values(&[with(false, Some("d"))], &given(""), true), Ok(Values::new()), "taken away on purpose");
        assert_eq!(values(&[with(true, None)], &given(" "), true), Err(Unfit::Missing("X".to_owned())));
        assert_eq!(values(&[], &given("x"), true), Ok(Values::new()));
    }

    #[test]
    fn a_code_can_stand_in_a_filter() {
        assert_eq!(code_of("Contract end", 3), "contractEnd");
        assert_eq!(code_of("Größe", 3), "grosse");
        assert_eq!(code_of("王", 3), "field3");
        assert_eq!(code_of("1st", 4), "field4");
    }
}
