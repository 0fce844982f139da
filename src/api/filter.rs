//! The filter language for programs: whether a text is understood, what could be written next, and what can be asked.

use axum::Json;
use directory::find;
use filter::{Argument, ItemKind, Kind as FieldKind, MAX_CHARACTERS};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::diagnostic::{Diagnostic, Span};
use crate::api::parameters::{None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};

/// A filter to be looked at.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// In the filter language.
    #[schema(example = "group = keepers AND lastActive < -90d")]
    filter: String,
}

/// A filter and a place in it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct At {
    /// In the filter language.
    filter: String,
    /// Characters before the place; the end when it is left out.
    at: Option<usize>,
}

/// What a filter is understood as.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Checked {
    /// Whether all of it is understood.
    valid: bool,
    /// What was understood, in its canonical form.
    filter: String,
    /// Everything that has to be said about it, in the order of its text.
    diagnostics: Vec<Diagnostic>,
}

/// What could be written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Completed {
    /// The part of the text that an item takes the place of.
    replace: Span,
    /// The best first; at most 50.
    items: Vec<Item>,
}

/// Something that could be written.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Item {
    /// What is written, with its quotation marks if it needs any.
    text: String,
    /// What is shown.
    label: String,
    /// What it means; may be empty.
    detail: String,
    /// `field`, `operator`, `value`, `keyword` or `function`.
    kind: String,
}

/// Everything that can be asked about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Catalogue {
    /// The fields, in the order of docs/filter.md.
    fields: Vec<Field>,
}

/// Something that can be asked about.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Field {
    /// As it is written.
    name: String,
    /// Other names that are understood.
    aliases: Vec<String>,
    /// `text`, `word`, `name`, `instant`, `duration`, `number` or `flag`.
    kind: String,
    /// The words of a `word`.
    words: Vec<String>,
    /// What may stand in parentheses behind it: a value of the field of this name.
    argument: Option<String>,
    /// Whether it must.
    argument_required: bool,
    /// Whether a person can have several values.
    several: bool,
    /// Whether people can be ordered by it.
    sortable: bool,
    /// What it is.
    summary: String,
    /// What has to be known to read its answers right.
    details: String,
    /// Filters that use it.
    examples: Vec<String>,
}

/// Check a filter
///
/// What it is understood as, and what has to be said about it, with places in characters. It finds nobody.
#[utoipa::path(post, path = "/filter/check", tag = "filter", operation_id = "check_filter", request_body = Text,
    responses((status = 200, description = "What it is understood as", body = Checked)))]
pub(crate) async fn check(
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(text): Sent<Text>,
) -> Result<Json<Checked>, Problem> {
    bounded(&text.filter)?;
    let vocabulary = find::Vocabulary::of(&asked.snapshot);
    let parsed = filter::parse_with(&text.filter, find::catalogue(), &vocabulary);
    Ok(Json(Checked {
        valid: !parsed.has_errors(),
        filter: filter::show(&parsed.query, find::catalogue()),
        diagnostics: Diagnostic::of_all(&text.filter, &parsed.diagnostics),
    }))
}

/// Complete a filter
///
/// What could be written at a place: fields, operators and values, also names of groups, apps and sites.
#[utoipa::path(post, path = "/filter/complete", tag = "filter", operation_id = "complete_filter", request_body = At,
    responses((status = 200, description = "What could be written", body = Completed)))]
pub(crate) async fn complete(
    asked: Asked,
    Parameters(_): Parameters<NoParameters>,
    Sent(at): Sent<At>,
) -> Result<Json<Completed>, Problem> {
    bounded(&at.filter)?;
    let place = at.at.and_then(|at_character| at.filter.char_indices().nth(at_character));
    let cursor = place.map_or(at.filter.len(), |(byte, _)| byte);
    let vocabulary = find::Vocabulary::of(&asked.snapshot);
    let completion = filter::complete(&at.filter, cursor, find::catalogue(), &vocabulary);
    let item = |item: filter::Item| Item {
        kind: match item.kind {
            ItemKind::Field => "field",
            ItemKind::Operator => "operator",
            ItemKind::Value => "value",
            ItemKind::Keyword => "keyword",
            ItemKind::Function => "function",
        }
        .to_owned(),
        text: item.text,
        label: item.label,
        detail: item.detail,
    };
    Ok(Json(Completed {
        replace: Span::of(&at.filter, completion.replace),
        items: completion.items.into_iter().map(item).collect(),
    }))
}

/// List the fields of the filter language
///
/// Everything that can be asked about, with its operators' kind, words and examples.
#[utoipa::path(get, path = "/filter/catalogue", tag = "filter", operation_id = "filter_catalogue",
    responses((status = 200, description = "The fields", body = Catalogue)))]
pub(crate) async fn catalogue(_: Asked, Parameters(_): Parameters<NoParameters>) -> Json<Catalogue> {
    Json(Catalogue { fields: find::catalogue().fields().map(|(_, field)| Field::of(field)).collect() })
}

/// A text of more characters is no filter; what is beyond would not be looked at.
fn bounded(text: &str) -> Result<(), Problem> {
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        let detail = format!("A filter has at most {MAX_CHARACTERS} characters.");
        return Err(Problem::new(Kind::Invalid, detail, "Ask in several filters, or name a group instead of people."));
    }
    Ok(())
}

impl Field {
    fn of(field: &filter::Field) -> Field {
        let (kind, words) = match &field.kind {
            FieldKind::Text => ("text", Vec::new()),
            FieldKind::Closed(words) => ("word", words.iter().map(|word| word.word.to_string()).collect()),
            FieldKind::Open { .. } => ("name", Vec::new()),
            FieldKind::Instant => ("instant", Vec::new()),
            FieldKind::Duration => ("duration", Vec::new()),
            FieldKind::Number => ("number", Vec::new()),
            FieldKind::Flag => ("flag", Vec::new()),
        };
        Field {
            name: field.name.to_string(),
            aliases: field.aliases.iter().map(ToString::to_string).collect(),
            kind: kind.to_owned(),
            words,
            argument: field.argument.of().map(str::to_owned),
            argument_required: matches!(field.argument, Argument::Required(_)),
            several: field.several,
            sortable: field.sortable,
            summary: field.summary.to_string(),
            details: field.details.to_string(),
            examples: field.examples.iter().map(ToString::to_string).collect(),
        }
    }
}
