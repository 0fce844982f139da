//! The fields that people define for contacts and companies: their labels, sections and order. What a field is of and what
//! its values are never changes, so that no value has to be read anew.

use contact::field::{Entity, Field, FieldKind, code_of, one_line};
use serde_json::json;

use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::store::error::StoreError;
use crate::store::{contact_fields, contact_head};

/// The most fields of contacts, and of companies.
const MOST: usize = 100;
/// The longest label or section, in characters.
pub const LONGEST_LABEL: usize = 60;
/// The most words of a choice.
const MOST_CHOICES: usize = 100;

/// A field as somebody wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WantedField {
    /// What pages call it.
    pub label: String,
    /// What filters and files call it; made from the label when empty.
    pub code: String,
    /// The words of a choice.
    pub choices: Vec<String>,
    /// Whether nothing can be saved without it.
    pub required: bool,
    /// What a new record has; empty for none.
    pub default: String,
    /// The section in which it is shown.
    pub section: String,
}

/// Every field.
pub async fn list(mirror: &Mirror) -> Result<Vec<Field>, StoreError> {
    mirror.store().read(contact_fields::list).await
}

/// Defines a field, behind all others.
pub async fn define(
    context: &Context,
    mirror: &Mirror,
    (entity, kind, wanted): (Entity, FieldKind, WantedField),
    entropy: &Entropy,
) -> Result<Field, NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let defined = mirror.store().write(move |tx| {
        let fields = contact_fields::list(tx)?;
        let own: Vec<&Field> = fields.iter().filter(|field| field.entity == entity).collect();
        if own.len() >= MOST {
            return Ok(Err(NotDone::Invalid(format!("there are {MOST} fields already"))));
        }
        let number = contact_fields::next_number(tx)?;
        let place = own.iter().map(|field| field.place).max().unwrap_or(0) + 1;
        let blank = Field {
            number,
            entity,
            code: String::new(),
            label: String::new(),
            kind,
            choices: Vec::new(),
            required: false,
            default: None,
            section: String::new(),
            place,
        };
        let field = match sound(blank, &wanted, &own) {
            Ok(field) => field,
            Err(why) => return Ok(Err(why)),
        };
        contact_fields::put(tx, &field)?;
        contact_head::fields_changed(tx)?;
        let detail = json!({ "entity": entity.as_str(), "label": field.label, "kind": kind.as_str() });
        doing.record(tx, ("contact_field.defined", &number.to_string()), (detail, None))?;
        Ok(Ok(field))
    });
    defined.await?
}

/// Changes a field's label, words, section and whether it is required.
pub async fn change(
    context: &Context,
    mirror: &Mirror,
    (number, wanted): (u32, WantedField),
    entropy: &Entropy,
) -> Result<Field, NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let changed = mirror.store().write(move |tx| {
        let fields = contact_fields::list(tx)?;
        let Some(before) = fields.iter().find(|field| field.number == number).cloned() else {
            return Ok(Err(NotDone::NoField));
        };
        let others: Vec<&Field> =
            fields.iter().filter(|field| field.entity == before.entity && field.number != number).collect();
        let field = match sound(before, &wanted, &others) {
            Ok(field) => field,
            Err(why) => return Ok(Err(why)),
        };
        contact_fields::put(tx, &field)?;
        contact_head::fields_changed(tx)?;
        let detail = json!({ "label": field.label });
        doing.record(tx, ("contact_field.changed", &number.to_string()), (detail, None))?;
        Ok(Ok(field))
    });
    changed.await?
}

/// Puts a field one place earlier, or later.
pub async fn shift(
    context: &Context,
    mirror: &Mirror,
    (number, earlier): (u32, bool),
    entropy: &Entropy,
) -> Result<(), NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let shifted = mirror.store().write(move |tx| {
        let fields = contact_fields::list(tx)?;
        let Some(entity) = fields.iter().find(|field| field.number == number).map(|field| field.entity) else {
            return Ok(Err(NotDone::NoField));
        };
        let mut own: Vec<Field> = fields.into_iter().filter(|field| field.entity == entity).collect();
        let place = own.iter().position(|field| field.number == number).unwrap_or(0);
        let other = if earlier { place.checked_sub(1) } else { Some(place + 1).filter(|other| *other < own.len()) };
        let Some(other) = other else { return Ok(Ok(())) };
        own.swap(place, other);
        for (field, place) in own.iter_mut().zip(1..) {
            field.place = place;
            contact_fields::put(tx, field)?;
        }
        contact_head::fields_changed(tx)?;
        let detail = json!({ "place": other + 1 });
        doing.record(tx, ("contact_field.changed", &number.to_string()), (detail, None))?;
        Ok(Ok(()))
    });
    shifted.await?
}

/// Removes a field. Its values are not shown any more.
pub async fn remove(context: &Context, mirror: &Mirror, number: u32, entropy: &Entropy) -> Result<(), NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let removed = mirror.store().write(move |tx| {
        if !contact_fields::remove(tx, number)? {
            return Ok(Err(NotDone::NoField));
        }
        contact_head::fields_changed(tx)?;
        doing.record(tx, ("contact_field.removed", &number.to_string()), (json!({}), None))?;
        Ok(Ok(()))
    });
    removed.await?
}

fn sound(field: Field, wanted: &WantedField, others: &[&Field]) -> Result<Field, NotDone> {
    let label = short(&wanted.label, "the label")?;
    if label.is_empty() {
        return Err(NotDone::Invalid("the label is missing".to_owned()));
    }
    let section = short(&wanted.section, "the section")?;
    let code = match wanted.code.trim() {
        "" if field.code.is_empty() => code_of(&label, field.number),
        "" => field.code.clone(),
        code => code.to_owned(),
    };
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !code.starts_with(|c: char| c.is_ascii_alphabetic()) || !code.chars().all(name) || code.len() > LONGEST_LABEL {
        return Err(NotDone::Invalid("the name for filters has letters and digits, a letter first".to_owned()));
    }
    let folded = |text: &str| directory::fold_text(text);
    if others.iter().any(|other| folded(&other.label) == folded(&label) || folded(&other.code) == folded(&code)) {
        return Err(NotDone::Invalid(format!("there is a field “{label}” already, or one that filters call “{code}”")));
    }
    let mut choices: Vec<String> = Vec::new();
    for choice in wanted.choices.iter().filter(|_| field.kind == FieldKind::Choice) {
        let choice = short(choice, "a word of the choice")?;
        if !choice.is_empty() && !choices.iter().any(|known| folded(known) == folded(&choice)) {
            choices.push(choice);
        }
    }
    if field.kind == FieldKind::Choice && !(1..=MOST_CHOICES).contains(&choices.len()) {
        return Err(NotDone::Invalid(format!("a choice has 1 to {MOST_CHOICES} words")));
    }
    let field = Field { label, code, choices, section, required: wanted.required, default: None, ..field };
    let default = field.value(&wanted.default)?;
    Ok(Field { default, ..field })
}

fn short(text: &str, what: &str) -> Result<String, NotDone> {
    let text = one_line(text);
    match text.chars().count() > LONGEST_LABEL {
        true => Err(NotDone::Invalid(format!("{what} has more than {LONGEST_LABEL} characters"))),
        false => Ok(text),
    }
}
