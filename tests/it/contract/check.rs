//! Recorded exchanges against the descriptions: what contradicts them, and what they do not cover. It judges only what
//! was really sent; it must never let an exchange pass without saying where it went.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::Value;
use simulator::Exchange;

use super::description::{Description, Operation, find};
use super::query;
use super::schema::{Direction, named, undescribed, used};

/// Who sent the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// The test itself, which also sends what must be refused.
    Walk,
    /// The product, which must send nothing else than what is described.
    Rollcall,
}

/// A contradiction, the same for every exchange that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Contradiction {
    pub(super) operation: String,
    /// `request`, or the answer's status.
    pub(super) part: String,
    /// Where in the value, numbers of places left out.
    pub(super) place: String,
    pub(super) says: String,
}

/// What was seen of one operation.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) statuses: BTreeSet<u16>,
    /// Parameters, properties and their values in requests that were answered with success.
    pub(super) asked: BTreeSet<String>,
    /// The same in the answers.
    pub(super) answered: BTreeSet<String>,
}

/// What came of all exchanges so far. Contradictions and gaps each with an example.
pub(super) struct Report<'a> {
    descriptions: &'a [Description],
    validators: BTreeMap<String, Validator>,
    pub(super) contradictions: BTreeMap<Contradiction, String>,
    /// Method and template of requests that no description knows, with their statuses.
    pub(super) unknown_endpoints: BTreeMap<String, BTreeSet<u16>>,
    /// Status and form of answers whose status is not described, with their operations.
    pub(super) undescribed_statuses: BTreeMap<String, BTreeSet<String>>,
    /// Status and form of refusals that have nothing of the described form, with their operations.
    pub(super) other_forms: BTreeMap<String, BTreeSet<String>>,
    pub(super) undescribed_fields: BTreeSet<String>,
    pub(super) seen: BTreeMap<String, Seen>,
}

impl<'a> Report<'a> {
    pub(super) fn new(descriptions: &'a [Description]) -> Report<'a> {
        Report {
            descriptions,
            validators: BTreeMap::new(),
            contradictions: BTreeMap::new(),
            unknown_endpoints: BTreeMap::new(),
            undescribed_statuses: BTreeMap::new(),
            other_forms: BTreeMap::new(),
            undescribed_fields: BTreeSet::new(),
            seen: BTreeMap::new(),
        }
    }

    pub(super) fn check_all(&mut self, exchanges: &[Exchange], asker: Asker) {
        exchanges.iter().for_each(|exchange| self.check(exchange, asker));
    }

    fn check(&mut self, exchange: &Exchange, asker: Asker) {
        let Some(operation) = find(self.descriptions, &exchange.method, on_site(&exchange.path)) else {
            let place = format!("{} {}", exchange.method, exchange.template);
            self.unknown_endpoints.entry(place).or_default().extend(exchange.status);
            return;
        };
        let name = operation.name();
        let status = exchange.status.unwrap_or_default();
        let wrong = self.check_request(operation, exchange);
        match asker {
            Asker::Rollcall => {
                let deprecated = operation.is_deprecated().then(|| "the operation is deprecated".to_owned());
                for says in wrong.into_iter().chain(deprecated) {
                    self.contradict((&name, "request", ""), &says, exchange);
                }
            }
            Asker::Walk if (200..300).contains(&status) => {
                for says in wrong {
                    self.contradict((&name, "request", ""), &format!("answered although {says}"), exchange);
                }
            }
            Asker::Walk if status == 400 && wrong.is_empty() => {
                let body = exchange.response_body.as_deref().unwrap_or_default();
                let body: Value = serde_json::from_str(body).unwrap_or_default();
                let told = body["errors"][0].get("detail").or_else(|| body.get("detail"));
                let told = told.or_else(|| body["errorMessages"].get(0));
                let says = format!("refused although described: {}", told.and_then(Value::as_str).unwrap_or_default());
                self.contradict((&name, "request", ""), &says, exchange);
            }
            Asker::Walk => {}
        }
        self.check_answer(operation, exchange);
    }

    /// What is wrong with a request.
    fn check_request(&mut self, operation: Operation<'_>, exchange: &Exchange) -> Vec<String> {
        let document = &operation.description.document;
        let parameters = operation.parameters();
        let (values, mut wrong) = query::read(document, &parameters, &exchange.query);
        for parameter in &parameters {
            if let Some(value) = values.get(parameter.name) {
                let key = format!("{} ?{}", operation.name(), parameter.name);
                let validator = self.validator(key, operation, (parameter.schema, Direction::Request));
                wrong.extend(validator.iter_errors(value).map(|error| {
                    format!("the query parameter {}{}: {}", parameter.name, error.instance_path(), error.masked())
                }));
            }
        }
        let text = exchange.request_body.as_deref().unwrap_or_default().trim();
        let mut body = Value::Null;
        match (operation.body(), text) {
            (None, "") | (Some((_, false)), "") => {}
            (None, _) => wrong.push("there is a body where none is described".to_owned()),
            (Some(_), "") => wrong.push("there is no body".to_owned()),
            (Some((schema, _)), text) => match serde_json::from_str::<Value>(text) {
                Err(_) => wrong.push("the body is no JSON".to_owned()),
                Ok(value) => {
                    let key = format!("{} body", operation.name());
                    let validator = self.validator(key, operation, (schema, Direction::Request));
                    wrong.extend(validator.iter_errors(&value).map(|error| {
                        format!("the body {}: {}", without_numbers(&error.instance_path().to_string()), error.masked())
                    }));
                    let mut unknown = BTreeSet::new();
                    undescribed(document, &[schema], &value, "", &mut unknown);
                    wrong.extend(unknown.iter().map(|place| format!("the property {place} is not described")));
                    body = value;
                }
            },
        }
        if exchange.status.is_some_and(|status| (200..300).contains(&status)) {
            let asked = &mut self.seen.entry(operation.name()).or_default().asked;
            used(&Value::Object(values), "?", asked);
            used(&body, "", asked);
        }
        wrong
    }

    fn check_answer(&mut self, operation: Operation<'_>, exchange: &Exchange) {
        let name = operation.name();
        let Some(status) = exchange.status else {
            return self.contradict((&name, "none", ""), "no answer was sent", exchange);
        };
        self.seen.entry(name.clone()).or_default().statuses.insert(status);
        let text = exchange.response_body.as_deref().unwrap_or_default();
        let part = status.to_string();
        let schema = match operation.answer(status) {
            None if (200..300).contains(&status) => {
                return self.contradict((&name, &part, ""), "no such success is described", exchange);
            }
            None => {
                let form = form_of(&serde_json::from_str(text).unwrap_or_default());
                self.undescribed_statuses.entry(format!("{status} {form}")).or_default().insert(name);
                return;
            }
            Some(None) if text.is_empty() => return,
            // Many refusals are described by their status and a sentence: their form is not covered.
            Some(None) if status >= 400 => {
                let form = form_of(&serde_json::from_str(text).unwrap_or_default());
                self.other_forms.entry(format!("{status} {form}, described without a form")).or_default().insert(name);
                return;
            }
            Some(None) => return self.contradict((&name, &part, ""), "there is a body, none is described", exchange),
            Some(Some(schema)) => schema,
        };
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(_) => return self.contradict((&name, &part, ""), "the body is no JSON", exchange),
        };
        let validator = self.validator(format!("{name} {status}"), operation, (schema, Direction::Answer));
        let wrong: Vec<(String, String)> = validator
            .iter_errors(&value)
            .map(|error| (without_numbers(&error.instance_path().to_string()), error.masked().to_string()))
            .collect();
        for (place, says) in wrong {
            self.contradict((&name, &part, &place), &says, exchange);
        }
        let mut unknown = BTreeSet::new();
        undescribed(&operation.description.document, &[schema], &value, "", &mut unknown);
        let is_other = value.as_object().is_some_and(|fields| fields.keys().all(|name| unknown.contains(name)));
        if status >= 400 && is_other {
            self.other_forms.entry(format!("{status} {}", form_of(&value))).or_default().insert(name);
            return;
        }
        self.undescribed_fields.extend(unknown.iter().map(|place| format!("{name}, {status}: {place}")));
        if (200..300).contains(&status) {
            used(&value, "", &mut self.seen.entry(name).or_default().answered);
        }
    }

    fn validator(
        &mut self,
        key: String,
        operation: Operation<'_>,
        (schema, direction): (&Value, Direction),
    ) -> &Validator {
        self.validators.entry(key).or_insert_with(|| operation.description.validator(schema, direction))
    }

    fn contradict(&mut self, (operation, part, place): (&str, &str, &str), says: &str, exchange: &Exchange) {
        let found = Contradiction {
            operation: operation.to_owned(),
            part: part.to_owned(),
            place: place.to_owned(),
            says: says.to_owned(),
        };
        self.contradictions.entry(found).or_insert_with(|| {
            let query = if exchange.query.is_empty() { String::new() } else { format!("?{}", exchange.query) };
            let short = |body: &Option<String>| body.iter().flat_map(|text| text.chars()).take(400).collect::<String>();
            let (request, answer) = (short(&exchange.request_body), short(&exchange.response_body));
            format!("{} {}{query} {request}\n      -> {:?} {answer}", exchange.method, exchange.path, exchange.status)
        });
    }

    /// What a request of this operation may hold, as [`Seen::asked`] would name it.
    pub(super) fn askable(operation: Operation<'_>) -> BTreeSet<String> {
        let document = &operation.description.document;
        let mut all = BTreeSet::new();
        for parameter in operation.parameters() {
            let place = format!("?.{}", parameter.name);
            all.insert(place.clone());
            named(document, parameter.schema, &place, &[], &mut all);
        }
        if let Some((schema, _)) = operation.body() {
            named(document, schema, "", &[], &mut all);
        }
        all
    }

    /// The properties that a successful answer may have, as [`Seen::answered`] would name them.
    pub(super) fn answerable(operation: Operation<'_>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for status in operation.statuses().into_iter().filter(|status| (200..300).contains(status)) {
            if let Some(Some(schema)) = operation.answer(status) {
                named(&operation.description.document, schema, "", &[], &mut all);
            }
        }
        all.retain(|place| !place.contains('='));
        all
    }
}

/// The path on a site, without the beginning that names it.
fn on_site(path: &str) -> &str {
    path.strip_prefix("/site/").and_then(|rest| Some(&rest[rest.find("/rest/")?..])).unwrap_or(path)
}

/// The names of an answer's fields.
fn form_of(answer: &Value) -> String {
    let names: Vec<&str> = answer.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    format!("{{{}}}", names.join(", "))
}

/// A pointer into a value, every number made a star.
fn without_numbers(pointer: &str) -> String {
    let parts = pointer.split('/').map(|part| if part.parse::<u32>().is_ok() { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
