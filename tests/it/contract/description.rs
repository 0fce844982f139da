//! The official descriptions as they lie beside the repository: which operation a request is, which parameters it takes,
//! which body it may have, and what may be answered. It must never hold a copy of what they say.

use std::path::{Path, PathBuf};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::schema::{Direction, resolve, translate};

/// Each description and where its paths begin.
const SOURCES: [(&str, &str); 3] =
    [("organizations.json", "/admin"), ("user-management.json", ""), ("jira-identity.json", "")];

/// One document.
pub(super) struct Description {
    base: &'static str,
    pub(super) document: Value,
}

/// One method on one path of a document.
#[derive(Clone, Copy)]
pub(super) struct Operation<'a> {
    pub(super) description: &'a Description,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    shared: &'a Value,
    own: &'a Value,
}

/// A query parameter by the name that stands in the query.
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) schema: &'a Value,
    pub(super) required: bool,
    /// True when a list is sent by repetition.
    pub(super) repeats: bool,
}

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/openapi")
}

/// The descriptions; none when their folder is not there.
pub(super) fn read() -> Option<Vec<Description>> {
    folder().is_dir().then(|| SOURCES.map(|(file, base)| Description::read(file, base)).into())
}

/// The operation of a request. Literal segments win over variable ones.
pub(super) fn find<'a>(descriptions: &'a [Description], method: &str, path: &str) -> Option<Operation<'a>> {
    let of_this = operations(descriptions).filter(|operation| operation.method.eq_ignore_ascii_case(method));
    let fitting = of_this.filter(|operation| operation.fits(path));
    fitting.min_by_key(|operation| operation.path.matches('{').count())
}

/// Every operation of every document.
pub(super) fn operations(descriptions: &[Description]) -> impl Iterator<Item = Operation<'_>> {
    descriptions.iter().flat_map(|description| {
        let paths = description.document["paths"].as_object().into_iter().flatten();
        paths.flat_map(move |(path, shared)| {
            let methods = shared.as_object().into_iter().flatten();
            let methods =
                methods.filter(|(method, _)| ["get", "post", "put", "patch", "delete"].contains(&method.as_str()));
            methods.map(move |(method, own)| Operation { description, method, path, shared, own })
        })
    })
}

/// A schema of draft 7, ready to be asked, formats included.
pub(super) fn compile(schema: &Value) -> Validator {
    let options = jsonschema::options().with_draft(Draft::Draft7).should_validate_formats(true).offline();
    options.build(schema).unwrap_or_else(|error| panic!("the description is no schema: {error}"))
}

impl Description {
    fn read(file: &str, base: &'static str) -> Description {
        let text = std::fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        Description { base, document }
    }

    /// A validator for a schema of this document.
    pub(super) fn validator(&self, schema: &Value, direction: Direction) -> Validator {
        let schemas = self.document["components"]["schemas"].as_object().into_iter().flatten();
        let schemas: Value = schemas.map(|(name, schema)| (name.clone(), translate(schema, direction))).collect();
        compile(&json!({ "allOf": [translate(schema, direction)], "components": { "schemas": schemas } }))
    }
}

impl<'a> Operation<'a> {
    /// Method and whole path, e.g. `GET /admin/v1/orgs/{orgId}`.
    pub(super) fn name(&self) -> String {
        format!("{} {}{}", self.method.to_uppercase(), self.description.base, self.path)
    }

    /// A path of this operation, every variable segment the same.
    pub(super) fn path_with(&self, segment: &str) -> String {
        let segments = self.path.split('/').map(|part| if part.starts_with('{') { segment } else { part });
        format!("{}{}", self.description.base, segments.collect::<Vec<_>>().join("/"))
    }

    pub(super) fn is_deprecated(&self) -> bool {
        self.own["deprecated"] == json!(true)
    }

    fn fits(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix(self.description.base) else { return false };
        let (wanted, given): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(wanted, given): (&&str, &&str)| wanted == given || (wanted.starts_with('{') && !given.is_empty());
        wanted.len() == given.len() && wanted.iter().zip(&given).all(fits)
    }

    /// The query parameters. A parameter that is an object stands in the query as its properties.
    pub(super) fn parameters(&self) -> Vec<Parameter<'a>> {
        let document = &self.description.document;
        let lists = [self.shared, self.own].map(|place| place["parameters"].as_array());
        let all = lists.into_iter().flatten().flatten().map(|parameter| resolve(document, parameter));
        all.filter(|parameter| parameter["in"] == "query")
            .flat_map(|parameter| {
                let schema = resolve(document, &parameter["schema"]);
                let required = parameter["required"] == json!(true);
                let repeats = parameter["explode"] != json!(false);
                match schema["properties"].as_object().filter(|_| repeats) {
                    Some(properties) => properties
                        .iter()
                        .map(|(name, schema)| Parameter { name, schema, required: false, repeats })
                        .collect(),
                    None => {
                        let name = parameter["name"].as_str().unwrap_or_default();
                        vec![Parameter { name, schema, required, repeats }]
                    }
                }
            })
            .collect()
    }

    /// The schema of the body, and whether there must be one.
    pub(super) fn body(&self) -> Option<(&'a Value, bool)> {
        let body = resolve(&self.description.document, self.own.get("requestBody")?);
        Some((body.get("content")?.get("application/json")?.get("schema")?, body["required"] == json!(true)))
    }

    /// What is said about answers with this status: nothing, that there is one, or its schema.
    pub(super) fn answer(&self, status: u16) -> Option<Option<&'a Value>> {
        let answers = &self.own["responses"];
        let answer = answers.get(status.to_string()).or_else(|| answers.get("default"))?;
        let answer = resolve(&self.description.document, answer);
        Some(answer.get("content").and_then(|content| content.get("application/json")?.get("schema")))
    }

    /// Every status that is described.
    pub(super) fn statuses(&self) -> Vec<u16> {
        let answers = self.own["responses"].as_object().into_iter().flatten();
        answers.filter_map(|(status, _)| status.parse().ok()).collect()
    }
}
