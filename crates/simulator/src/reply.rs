//! Answers before they are sent, and refusals in each of upstream's shapes. A refusal is data; its JSON is made here
//! and nowhere else.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answers::ConflictTexts;
use crate::cursor::Cursor;
use crate::json::in_milliseconds;
use crate::key::uuid;

/// An answer to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// For pages: where this one begins and where the next one does.
    pub(crate) paging: Option<Paging>,
}

/// The place of a page in its chain.
#[derive(Clone, Debug)]
pub(crate) struct Paging {
    pub(crate) here: Cursor,
    pub(crate) style: LinkStyle,
}

/// How the way to the next page is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkStyle {
    /// v2: a bare token.
    Token,
    /// v1: a whole address, of which this is the part before the token.
    Address(String),
}

impl Reply {
    pub(crate) fn json(body: Vec<u8>) -> Reply {
        Reply { status: 200, content_type: Some("application/json"), headers: Vec::new(), body, paging: None }
    }

    pub(crate) fn value(value: &serde_json::Value) -> Reply {
        Reply::json(value.to_string().into_bytes())
    }

    pub(crate) fn empty(status: u16) -> Reply {
        Reply { status, content_type: None, headers: Vec::new(), body: Vec::new(), paging: None }
    }

    pub(crate) fn page(body: Vec<u8>, here: Cursor) -> Reply {
        Reply { paging: Some(Paging { here, style: LinkStyle::Token }), ..Reply::json(body) }
    }

    pub(crate) fn with_status(mut self, status: u16) -> Reply {
        self.status = status;
        self
    }
}

/// The shapes of upstream's error bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// `{"errors":[{id,status,code,title,detail}]}`.
    #[default]
    Errors,
    /// One such error without the list, as workspaces answer.
    SingleError,
    /// `{"code":429,"message":"..."}`.
    Gateway,
    /// `{"timestamp","path","status","error","message","requestId"}`.
    NewGateway,
    /// `{"key":"...","context":{...}}`, as user management answers.
    Key,
    /// `{"errorMessages":["..."],"errors":{}}`, as Jira answers.
    Jira,
    /// `{"errorMessage":"...","i18nErrorMessage":{...}}`, as service desks answer.
    ServiceDesk,
    /// `{"schemas":["..."],"status":"404","detail":"..."}`.
    Scim,
}

/// Why a request is refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) title: String,
    pub(crate) detail: String,
    /// Further data, for the shape that has room for it.
    pub(crate) context: Value,
    pub(crate) shape: Shape,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, title: &str, detail: impl Into<String>) -> Refusal {
        let (title, detail) = (title.to_owned(), detail.into());
        Refusal { status, code, title, detail, context: Value::Null, shape: Shape::Errors }
    }

    pub(crate) fn bad_body(detail: impl Into<String>) -> Refusal {
        Refusal::new(400, "ADMIN-400-24", "Invalid request body", detail)
    }

    pub(crate) fn bad_parameter(detail: impl Into<String>) -> Refusal {
        Refusal::new(400, "ADMIN-400-4", "Invalid resource", detail)
    }

    pub(crate) fn bad_cursor(detail: impl Into<String>) -> Refusal {
        Refusal::new(400, "ADMIN-400-1", "Invalid page cursor", detail)
    }

    pub(crate) fn no_user(id: &str) -> Refusal {
        Refusal::new(404, "ADMIN-404-8", "User not found", format!("No user {id} was found."))
    }

    pub(crate) fn no_group(id: &str) -> Refusal {
        Refusal::new(404, "ADMIN-404-10", "Group not found", format!("No group {id} was found."))
    }

    /// Somebody is a member already, or something exists already.
    pub(crate) fn conflict(detail: impl Into<String>) -> Refusal {
        Refusal::new(409, "ADMIN-409-28", "Conflict", detail)
    }

    /// A licence has no seat left; the code of that may be hidden behind the one of any conflict.
    pub(crate) fn no_seat(texts: ConflictTexts, resource: &str) -> Refusal {
        let detail = format!("You have exceeded the user limit of {resource}. Increase it, or suspend another user.");
        match texts {
            ConflictTexts::Codes => Refusal::new(409, "ADMIN-409-3", "License limit exceeded", detail),
            ConflictTexts::DetailOnly => Refusal::conflict(detail),
        }
    }

    pub(crate) fn forbidden(code: &'static str, detail: impl Into<String>) -> Refusal {
        Refusal::new(403, code, "Forbidden", detail)
    }

    pub(crate) fn no_resource(detail: impl Into<String>) -> Refusal {
        Refusal::new(404, "ADMIN-404-1", "Unknown resource", detail)
    }

    /// A refusal of user management: the key, and what it is about.
    pub(crate) fn key(status: u16, key: &'static str, context: Value) -> Refusal {
        Refusal { context, shape: Shape::Key, ..Refusal::new(status, key, "", "") }
    }

    pub(crate) fn gateway(status: u16, message: &str) -> Refusal {
        Refusal { shape: Shape::Gateway, ..Refusal::new(status, "", "", message) }
    }

    pub(crate) fn new_gateway(status: u16, message: impl Into<String>) -> Refusal {
        Refusal { shape: Shape::NewGateway, ..Refusal::new(status, "", "", message) }
    }

    /// Codes of the other family of errors stand for the key of their status.
    fn code_as_key(&self) -> &'static str {
        match self.status {
            _ if !self.code.is_empty() && !self.code.starts_with("ADMIN") => self.code,
            400 | 413 | 415 => "bodyParseFailure",
            401 => "unauthorized",
            403 => "forbidden",
            404 => "notFound",
            _ => "error",
        }
    }

    /// The JSON of the refusal; `id` seeds the id of the occurrence.
    pub(crate) fn reply(&self, path: &str, now: Timestamp, id: u64) -> Reply {
        let id = uuid(&mut fastrand::Rng::with_seed(id));
        let error = json!({
            "id": id, "status": self.status.to_string(), "code": self.code, "title": self.title, "detail": self.detail,
        });
        let body = match self.shape {
            Shape::Errors => json!({ "errors": [error] }),
            Shape::SingleError => error,
            Shape::Gateway => json!({ "code": self.status, "message": self.detail }),
            Shape::NewGateway => json!({
                "timestamp": in_milliseconds(now), "path": path, "status": self.status,
                "error": reason(self.status), "message": self.detail, "requestId": id,
            }),
            Shape::Key if self.context.is_null() => json!({ "key": self.code_as_key() }),
            Shape::Key => json!({ "key": self.code_as_key(), "context": self.context }),
            Shape::Jira => json!({ "errorMessages": [self.detail], "errors": {} }),
            Shape::ServiceDesk => json!({
                "errorMessage": self.detail,
                "i18nErrorMessage": { "i18nKey": "sd.agent.error", "parameters": [] },
            }),
            Shape::Scim => json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "status": self.status.to_string(), "detail": self.detail,
            }),
        };
        Reply::value(&body).with_status(self.status)
    }
}

/// The standard phrase of a status code.
pub(crate) fn reason(status: u16) -> &'static str {
    hyper::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}
