//! Reads the bodies of refusals. Every shape that Atlassian's gateways and services use is known here and nowhere else;
//! a body in none of them gives a refusal without texts, never an error of its own.

use serde::Deserialize;
use serde_json::Value;

/// What a refusal's body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) detail: Option<String>,
}

/// The union of all shapes; which one it is shows in which fields are there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    /// Organizations API: `{"errors":[{"id","status","code","title","detail"}]}`. Jira: `"errors":{"field":"text"}`.
    errors: Value,
    /// Jira: `{"errorMessages":["..."]}`.
    #[serde(rename = "errorMessages")]
    error_messages: Vec<String>,
    /// Gateway: a number. Workspaces' single error: a text.
    code: Value,
    message: Value,
    title: Value,
    detail: Value,
    /// Newer gateway: `{"timestamp","path","status":403,"error":"Forbidden","message","requestId"}`.
    error: Value,
    /// User management: `{"key":"forbidden.action","context":{...}}`.
    key: Value,
    context: Value,
}

/// Reads the body of an answer with an error status.
pub(crate) fn read(body: &[u8]) -> Refusal {
    let Ok(body) = serde_json::from_slice::<Body>(body) else { return Refusal::default() };
    if let Some(first) = body.errors.as_array().and_then(|errors| errors.first()) {
        return Refusal {
            code: text(&first["code"]),
            title: text(&first["title"]).or_else(|| text(&first["message"])),
            detail: text(&first["detail"]),
        };
    }
    if let Some(key) = text(&body.key) {
        let codes = body.context["errorCodes"].as_array();
        let first = codes.and_then(|codes| codes.first());
        return Refusal {
            title: first.and_then(|first| text(&first["message"])),
            code: first.and_then(|first| text(&first["code"])).map(|code| format!("{key}/{code}")).or(Some(key)),
            detail: (!body.context.is_null()).then(|| shorten(&body.context.to_string())),
        };
    }
    let fields = body.errors.as_object().filter(|fields| !fields.is_empty());
    if !body.error_messages.is_empty() || fields.is_some() {
        return Refusal {
            code: None,
            title: body.error_messages.first().map(|message| shorten(message)),
            detail: fields.map(|_| shorten(&body.errors.to_string())),
        };
    }
    Refusal {
        // The gateway's numeric code only repeats the status.
        code: body.code.as_str().map(shorten),
        title: text(&body.title).or_else(|| text(&body.error)).or_else(|| text(&body.message)),
        detail: text(&body.detail).or_else(|| text(&body.message)),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(shorten(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Outside text is bounded: it may end in a log line or on a page.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 500;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> (Option<String>, Option<String>, Option<String>) {
        let refusal = read(body.as_bytes());
        (refusal.code, refusal.title, refusal.detail)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn all_shapes_are_read() {
        assert_eq!(
            said(
                r#"{"errors":[{"id":"1","status":"409","code":"ADMIN-409-3","title":"Conflict","detail":"licence"}]}"#
            ),
            (some("ADMIN-409-3"), some("Conflict"), some("licence"))
        );
        assert_eq!(
            said(r#"{"code":401,"message":"Unauthorized"}"#),
            (None, some("Unauthorized"), some("Unauthorized"))
        );
        assert_eq!(
            said(
                r#"{"timestamp":"t","path":"/p","status":403,"error":"Forbidden","message":"scope does not match","requestId":"r"}"#
            ),
            (None, some("Forbidden"), some("scope does not match"))
        );
        assert_eq!(
            said(r#"{"id":"1","status":"400","code":"ADMIN-400-24","title":"Bad","detail":"body"}"#),
            (some("ADMIN-400-24"), some("Bad"), some("body"))
        );
        assert_eq!(said(r#"{"key":"forbidden.action"}"#), (some("forbidden.action"), None, None));
        assert_eq!(
            said(
                r#"{"key":"conflict.lifecycleErrors","context":{"errorCodes":[{"code":"x","message":"m","link":"l"}]}}"#
            )
            .0,
            some("conflict.lifecycleErrors/x")
        );
        assert_eq!(said(r#"{"errorMessages":["You cannot"],"errors":{}}"#), (None, some("You cannot"), None));
        assert_eq!(said(r#"{"errorMessages":[],"errors":{"name":"taken"}}"#).2, some(r#"{"name":"taken"}"#));
    }

    #[test]
    fn anything_else_is_a_refusal_without_texts() {
        for body in ["", "null", "[]", "<html>", "{\"errors\":[]}", "{\"errorMessages\":7}", "\u{0}"] {
            assert_eq!(read(body.as_bytes()), Refusal::default(), "{body:?}");
        }
    }
}
