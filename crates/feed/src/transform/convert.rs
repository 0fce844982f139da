//! One value: `mapInputValue` first, then the filters from left to right, then the type's own conversion.

use std::borrow::Cow;

use crate::control::model::{Filter, Type, is_code};
use crate::control::{Conversion, Mapping, Using};
use crate::finding::{ConversionProblem, Dropped};
use crate::json::{Number, Value};
use crate::person::Item;

/// The longest text that a value becomes, in bytes.
pub(super) const LONGEST: usize = 64 << 10;

/// What became of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Converted {
    /// A stored value.
    Item(Item),
    /// Nothing was there.
    Nothing,
    /// Something was there that gives no value.
    Dropped(Dropped),
    /// Something was there that cannot be stored.
    Failed(ConversionProblem),
}

/// A value between filters.
enum Passing<'a> {
    Value(Cow<'a, Value>),
    Item(Item),
    NoReference,
}

impl Conversion {
    /// Whether a text is taken as it is, however it reads.
    pub(super) fn is_plain(&self) -> bool {
        self.kind == Type::Text && self.map.is_none() && self.filters.is_empty()
    }
}

/// Converts a value.
pub(crate) fn convert(value: &Value, conversion: &Conversion, mappings: &[Mapping]) -> Converted {
    let mut passing = Passing::Value(Cow::Borrowed(mapped(value, conversion)));
    for filter in &conversion.filters {
        passing = filtered(passing, *filter);
    }
    let value = match passing {
        Passing::NoReference => return Converted::Dropped(Dropped::NotAReference),
        Passing::Item(item) => {
            return match conversion.kind {
                Type::Reference | Type::Text => Converted::Item(item),
                kind => wrong("a reference", kind),
            };
        }
        Passing::Value(value) => value,
    };
    if matches!(&*value, Value::Null) || matches!(&*value, Value::Text(text) if text.is_empty()) {
        return Converted::Nothing;
    }
    if matches!(&*value, Value::Text(text) if text.len() > LONGEST) {
        return Converted::Failed(ConversionProblem::TooLong);
    }
    typed(&value, conversion, mappings)
}

fn mapped<'a>(value: &'a Value, conversion: &'a Conversion) -> &'a Value {
    let Some(map) = &conversion.map else { return value };
    let input = match value {
        Value::Text(text) => text.as_str(),
        Value::Number(number) => number.text(),
        Value::Boolean(true) => "true",
        Value::Boolean(false) => "false",
        Value::Null | Value::List(_) | Value::Object(_) => return conversion.default.as_ref().unwrap_or(value),
    };
    let found = map.binary_search_by(|(known, _)| known.as_str().cmp(input)).ok().map(|at| &map[at].1);
    found.or(conversion.default.as_ref()).unwrap_or(value)
}

fn filtered(passing: Passing<'_>, filter: Filter) -> Passing<'_> {
    let Passing::Value(value) = passing else { return passing };
    let text = match &*value {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let reference = |item: Option<Item>| item.map_or(Passing::NoReference, Passing::Item);
    let text_again = |text: String| Passing::Value(Cow::Owned(Value::Text(text)));
    match (filter, text) {
        (Filter::StringToRef, _) => {
            reference(text.filter(|text| is_reference(text)).map(|text| Item::Reference(text.into())))
        }
        (Filter::CodeToRef, _) => reference(text.filter(|text| is_code(text)).map(|text| Item::Reference(text.into()))),
        (Filter::UsernameToRef, _) => {
            reference(plain(&value).map(|text| Item::Username(directory::username_key(&text))))
        }
        (Filter::EmailToRef, _) => {
            let address = text.filter(|text| is_email(text));
            reference(address.map(|text| Item::EmailAddress(directory::email_key(text))))
        }
        (Filter::FixUpUrl, Some(text)) if lacks_scheme(text) => text_again(format!("https://{text}")),
        (Filter::ToLowerCase, Some(text)) => text_again(text.to_lowercase()),
        (Filter::ToUpperCase, Some(text)) => text_again(text.to_uppercase()),
        (Filter::ToString, None) => match plain(&value) {
            Some(text) => text_again(text),
            None => Passing::Value(value),
        },
        (Filter::FixUpUrl | Filter::ToLowerCase | Filter::ToUpperCase | Filter::ToString, _) => Passing::Value(value),
    }
}

/// Text, numbers and booleans as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Number(number) => Some(number.text().to_owned()),
        Value::Boolean(value) => Some(if *value { "true" } else { "false" }.to_owned()),
        Value::Null | Value::List(_) | Value::Object(_) => None,
    }
}

/// The text form of the reference's references: hexadecimal with other letters for a to f.
fn is_reference(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit() || b"qvwxyz".contains(&b))
}

/// A host or path without a scheme, as the reference's filter knows them: it has to begin with a letter.
fn lacks_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphabetic() || b".+-/".contains(&b))
}

/// As the type `email-address` of the reference has it: an at sign that is not the first character.
fn is_email(text: &str) -> bool {
    text.find('@').is_some_and(|at| at > 0)
}

fn is_url(text: &str) -> bool {
    let scheme = text.split(':').next().filter(|scheme| scheme.len() < text.len());
    scheme.is_some_and(|scheme| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+.-".contains(&b))
    })
}

fn wrong(found: &'static str, kind: Type) -> Converted {
    Converted::Dropped(Dropped::WrongKind { found, wanted: kind.word() })
}

fn typed(value: &Value, conversion: &Conversion, mappings: &[Mapping]) -> Converted {
    let kind = conversion.kind;
    let text = plain(value);
    let item = |item: Item| Converted::Item(item);
    let checked = |text: Option<String>, good: fn(&str) -> bool, problem: ConversionProblem| match text {
        Some(text) if good(&text) => item(Item::Text(text)),
        Some(_) => Converted::Failed(problem),
        None => wrong(value.kind(), kind),
    };
    match kind {
        Type::Boolean => boolean(value, conversion),
        Type::Moment => match (&conversion.date_format, text) {
            (Some(format), Some(text)) => match format.read(&text) {
                Some(moment) => item(Item::Moment(moment)),
                None => Converted::Failed(ConversionProblem::NotAMoment(format.text().to_owned())),
            },
            _ => wrong(value.kind(), kind),
        },
        Type::Reference => reference(text, value, conversion, mappings),
        Type::Email => checked(text, is_email, ConversionProblem::NotAnEmail),
        Type::Url => checked(text, is_url, ConversionProblem::NotAUrl),
        Type::Telephone => match text {
            Some(text) => {
                let number = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let national = !number.starts_with('+');
                let country = national.then(|| conversion.country.clone().unwrap_or_else(|| "GB".to_owned()));
                item(Item::Telephone(number, country))
            }
            None => wrong(value.kind(), kind),
        },
        Type::Integer => match text.as_deref().and_then(integer) {
            Some(number) => item(Item::Number(number)),
            None => Converted::Failed(ConversionProblem::NotAnInteger),
        },
        Type::Number => match text.and_then(|text| text.trim().parse().ok()).and_then(Number::of) {
            Some(number) => item(Item::Number(number)),
            None => Converted::Failed(ConversionProblem::NotANumber),
        },
        Type::Json => match value {
            Value::List(_) | Value::Object(_) if crate::json::write(value).len() > LONGEST => {
                Converted::Failed(ConversionProblem::TooLong)
            }
            Value::List(_) | Value::Object(_) => item(Item::Json(value.clone())),
            _ => wrong(value.kind(), kind),
        },
        Type::PersonName | Type::PostalAddress => wrong(value.kind(), kind),
        _ => match text {
            Some(text) => item(Item::Text(text)),
            None => wrong(value.kind(), kind),
        },
    }
}

fn integer(text: &str) -> Option<Number> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then(|| Number::from(number))
}

fn boolean(value: &Value, conversion: &Conversion) -> Converted {
    let yes = conversion.true_value.as_deref().unwrap_or("true");
    let no = conversion.false_value.as_deref().unwrap_or("false");
    match value {
        Value::Boolean(value) => Converted::Item(Item::Boolean(*value)),
        Value::Text(text) if text == yes => Converted::Item(Item::Boolean(true)),
        Value::Text(text) if text == no => Converted::Item(Item::Boolean(false)),
        _ => Converted::Failed(ConversionProblem::NotBoolean),
    }
}

fn reference(text: Option<String>, value: &Value, conversion: &Conversion, mappings: &[Mapping]) -> Converted {
    let Some(text) = text else { return wrong(value.kind(), Type::Reference) };
    let Some(mapping) = conversion.mapping.and_then(|at| mappings.get(at)) else {
        return match is_code(&text) || is_reference(&text) {
            true => Converted::Item(Item::Reference(text)),
            false => Converted::Dropped(Dropped::NotAReference),
        };
    };
    let found = mapping.values.binary_search_by(|(input, _)| input.cmp(&text)).ok();
    let found = found.map(|at| mapping.values[at].1.clone());
    match (found, mapping.using) {
        (Some(code), Using::Behaviour) => Converted::Item(Item::Reference(code)),
        (Some(title), Using::Title) => Converted::Item(Item::Text(title)),
        (None, Using::Behaviour) => Converted::Failed(ConversionProblem::NotMapped(mapping.name.clone())),
        (None, Using::Title) => Converted::Dropped(Dropped::UnmappedTitle(mapping.name.clone())),
    }
}
