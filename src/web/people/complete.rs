//! What could be written at a place of the filter box, as JSON for its script.

use axum::extract::Query as Parameters;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use directory::find;
use filter::{Catalogue, ItemKind, Vocabulary};
use serde::Deserialize;
use serde_json::json;

use crate::web::visit::Visit;

/// A text and a place in it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct At {
    q: String,
    /// In UTF-16 units, as browsers count.
    at: usize,
}

/// GET /people/complete
pub(crate) async fn complete(visit: Visit, Parameters(at): Parameters<At>) -> Response {
    completion(&at, find::catalogue(), &find::Vocabulary::of(&visit.snapshot))
}

/// What could be written at a place, in these fields and names.
pub(crate) fn completion(at: &At, catalogue: &Catalogue, vocabulary: &dyn Vocabulary) -> Response {
    let cursor = bytes_before(&at.q, at.at);
    let completion = filter::complete(&at.q, cursor, catalogue, vocabulary);
    let units = |byte: usize| at.q.get(..byte).unwrap_or("").encode_utf16().count();
    let items = completion.items.iter().take(12).map(|item| {
        let kind = match item.kind {
            ItemKind::Field => "field",
            ItemKind::Operator => "operator",
            ItemKind::Value => "value",
            _ => "word",
        };
        json!({ "text": item.text, "label": item.label, "detail": item.detail, "kind": kind })
    });
    let body = json!({
        "start": units(completion.replace.start),
        "end": units(completion.replace.end),
        "items": items.collect::<Vec<_>>(),
    });
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], body.to_string())
        .into_response()
}

/// Bytes before a place that a browser counts in UTF-16 units.
fn bytes_before(text: &str, units: usize) -> usize {
    let mut seen = 0;
    for (place, letter) in text.char_indices() {
        if seen >= units {
            return place;
        }
        seen += letter.len_utf16();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_place_is_found_behind_letters_of_any_size() {
        assert_eq!(bytes_before("aé😀b", 0), 0);
        assert_eq!(bytes_before("aé😀b", 2), 3);
        assert_eq!(bytes_before("aé😀b", 4), 7);
        assert_eq!(bytes_before("aé😀b", 99), 8);
    }
}
