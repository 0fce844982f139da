//! Every request's way: scheduled changes, faults, key, limit, rights, handler, ledger. The organization is locked for
//! one request at most, and nothing waits while it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use clock::Clock;
use jiff::Timestamp;
use serde_json::Value;

use crate::answers::{Answers, OtherOrganization};
use crate::call::Call;
use crate::cursor::Cursor;
use crate::distort::{Circumstances, Outcome, distort, replacement};
use crate::endpoint::{Action, Endpoint, Found, Need, find};
use crate::fault::{Armed, Fault, Struck, first_striking};
use crate::json::in_seconds;
use crate::ledger::{Exchange, Ledger};
use crate::limits::{Limits, Windows};
use crate::organization::Organization;
use crate::reply::{Refusal, Reply, Shape};
use crate::schedule::{Change, Pending};
use crate::serve;

/// The organization together with everything that decides how it answers.
#[derive(Debug)]
pub(crate) struct World {
    organization: RwLock<Organization>,
    pub(crate) control: Mutex<Control>,
    pub(crate) clock: Clock,
    pub(crate) base_url: String,
}

#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) answers: Arc<Answers>,
    pub(crate) limits: Limits,
    pub(crate) windows: Windows,
    pub(crate) faults: Vec<Armed>,
    pub(crate) changes: Vec<Pending>,
    pub(crate) ledger: Ledger,
    pub(crate) record: bool,
    /// Requests so far; seeds the ids of errors.
    pub(crate) number: u64,
}

/// A request as it came in.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What can be seen of a request before it is answered.
struct Sight {
    number: u64,
    now: Timestamp,
    template: String,
    subject: Option<String>,
    subjects: Vec<String>,
    cursor: Option<String>,
    page: u32,
    seal: u64,
    answers: Arc<Answers>,
    changes: Vec<String>,
}

impl World {
    pub(crate) fn new(organization: Organization, control: Control, clock: Clock, base_url: String) -> World {
        World { organization: RwLock::new(organization), control: Mutex::new(control), clock, base_url }
    }

    pub(crate) fn organization(&self) -> RwLockReadGuard<'_, Organization> {
        self.organization.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The organization for changing; its present instant is set.
    pub(crate) fn organization_mut(&self) -> RwLockWriteGuard<'_, Organization> {
        let mut organization = self.organization.write().unwrap_or_else(PoisonError::into_inner);
        organization.set_now(self.clock.now());
        organization
    }

    pub(crate) fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_faults(&self, faults: Vec<Fault>) {
        self.control().faults = faults.into_iter().map(Armed::new).collect();
    }

    /// Answers one request and writes it down.
    pub(crate) fn handle(&self, request: &Incoming) -> Outcome {
        let (found, sight) = self.look(request);
        let struck = Struck {
            method: &request.method,
            template: &sight.template,
            subjects: &sight.subjects,
            page: sight.page,
            has_cursor: sight.cursor.is_some(),
        };
        let at = Circumstances {
            path: &request.path,
            now: sight.now,
            seal: sight.seal,
            cursor: sight.cursor.as_deref(),
            number: sight.number,
            expired_status: sight.answers.expired_cursor_status,
        };
        let mut chosen = first_striking(&mut self.control().faults, |armed| armed.strikes(&struck));
        let early = chosen.and_then(|index| {
            let control = self.control();
            let armed = control.faults.get(index)?;
            replacement(&armed.fault.kind, &at).filter(|_| armed.fault.kind.replaces_answer())
        });
        let outcome = match early {
            Some(outcome) => outcome,
            None => {
                let reply = self.answer(request, &found, &sight);
                let mut control = self.control();
                if chosen.is_none()
                    && reply.status == 200
                    && control.faults.iter().any(|armed| armed.fault.subject.is_some())
                {
                    let text = String::from_utf8_lossy(&reply.body);
                    chosen = first_striking(&mut control.faults, |armed| armed.strikes_answer(&struck, &text));
                }
                match chosen.and_then(|index| control.faults.get_mut(index)) {
                    Some(armed) => distort(armed, reply, &at),
                    None => Outcome::plain(reply),
                }
            }
        };
        let is_paged = matches!(&found, Found::Endpoint(endpoint, _) if endpoint.action.is_paged());
        self.write_down(request, &sight, &outcome, (chosen, is_paged));
        outcome
    }

    /// Finds the endpoint, applies the changes whose time has come, and reads off what faults and ledger need.
    fn look(&self, request: &Incoming) -> (Found, Sight) {
        let now = self.clock.now();
        let found = find(&request.method, &request.path);
        let (template, captures) = match &found {
            Found::Endpoint(endpoint, captures) => (endpoint.template, captures.as_slice()),
            Found::OtherMethod | Found::Nothing => (request.path.as_str(), [].as_slice()),
        };
        let (due, number, answers) = {
            let mut control = self.control();
            control.number += 1;
            let due: Vec<Change> = control.changes.iter_mut().filter_map(|pending| pending.due(template)).collect();
            (due, control.number, control.answers.clone())
        };
        let mut changes = Vec::new();
        if !due.is_empty() {
            let mut organization = self.organization_mut();
            for change in due {
                match change.apply(&mut organization) {
                    Ok(()) => changes.push(format!("{change:?}")),
                    Err(error) => changes.push(format!("{change:?}: {error}")),
                }
            }
        }
        let subject = subject(template, captures);
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let mut subjects: Vec<String> = ["accountIds", "groupIds", "emails", "groupNames"]
            .iter()
            .filter_map(|name| body.get(name)?.as_array())
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect();
        subjects.extend(subject.clone());
        subjects.extend(
            form_urlencoded::parse(request.query.as_bytes())
                .filter(|(key, _)| key == "accountIds" || key == "groupIds")
                .map(|(_, value)| value.into_owned()),
        );
        let seal = self.organization().seal;
        let cursor = body.get("cursor").and_then(Value::as_str).map(str::to_owned).or_else(|| {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            pairs.find(|(key, _)| key == "cursor").map(|(_, value)| value.into_owned())
        });
        let page = cursor.as_deref().and_then(|token| Cursor::read(token, seal)).map_or(0, |cursor| cursor.page);
        let template = template.to_owned();
        (found, Sight { number, now, template, subject, subjects, cursor, page, seal, answers, changes })
    }

    fn answer(&self, request: &Incoming, found: &Found, sight: &Sight) -> Reply {
        let refuse = |refusal: Refusal| refusal.reply(&request.path, sight.now, sight.number);
        let (endpoint, captures) = match found {
            Found::Endpoint(endpoint, captures) => (*endpoint, captures),
            Found::OtherMethod => {
                let refusal = Refusal::new(405, "ADMIN-405-1", "Method not supported", "Method not supported.");
                return refuse(refusal);
            }
            Found::Nothing => return refuse(Refusal::no_resource(format!("{} does not exist.", request.path))),
        };
        let organization = self.organization();
        if endpoint.need != Need::Nothing
            && let Err(refusal) = admit(request, &organization, sight.now)
        {
            return refuse(refusal);
        }
        let standing = (endpoint.need != Need::Nothing).then(|| {
            let mut control = self.control();
            let Control { limits, windows, .. } = &mut *control;
            windows.count(limits, (endpoint.method, endpoint.template), sight.now)
        });
        if let Some(standing) = standing.as_ref().filter(|standing| standing.over) {
            let mut reply = refuse(Refusal::gateway(429, "Rate limit exceeded"));
            reply.headers.extend(standing.headers());
            if sight.answers.retry_after {
                let seconds = standing.reset.as_second() - sight.now.as_second();
                reply.headers.push(("Retry-After".to_owned(), seconds.max(1).to_string()));
            }
            return reply;
        }
        let call = Call {
            organization: &organization,
            answers: &sight.answers,
            captures,
            path: &request.path,
            query: &request.query,
            body: &request.body,
            now: sight.now,
            base_url: &self.base_url,
        };
        let mut reply = match permit(request, endpoint, &call).and_then(|()| serve::answer(endpoint.action, &call)) {
            Ok(reply) => reply,
            Err(refusal) => refuse(refusal),
        };
        reply.headers.extend(standing.iter().flat_map(|standing| standing.headers()));
        reply
    }

    fn write_down(
        &self,
        request: &Incoming,
        sight: &Sight,
        outcome: &Outcome,
        (fault, is_paged): (Option<usize>, bool),
    ) {
        let mut control = self.control();
        let record = control.record;
        let text = |bytes: &[u8]| record.then(|| String::from_utf8_lossy(bytes).into_owned());
        let exchange = Exchange {
            at: sight.now,
            method: request.method.clone(),
            template: sight.template.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            subject: sight.subject.clone(),
            page: is_paged.then_some(sight.page),
            status: outcome.reply.as_ref().map(|reply| reply.status),
            fault: fault.and_then(|index| control.faults.get(index)).map(|armed| armed.fault.kind.name()),
            changes: sight.changes.clone(),
            request_body: text(&request.body),
            response_body: outcome.reply.as_ref().and_then(|reply| text(&reply.body)),
        };
        control.ledger.write(exchange);
    }
}

/// The account, group or site that the path names.
fn subject(template: &str, captures: &[String]) -> Option<String> {
    let names = template.split('/').filter(|part| part.starts_with('{'));
    names.zip(captures).find(|(name, _)| matches!(*name, "{id}" | "{g}" | "{s}")).map(|(_, value)| value.clone())
}

/// The key: there, known, not revoked, not expired.
fn admit(request: &Incoming, organization: &Organization, now: Timestamp) -> Result<(), Refusal> {
    let secret = request.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer "));
    let key = secret.and_then(|secret| organization.keys.iter().find(|key| key.secret == secret.trim()));
    match key {
        Some(key) if !key.revoked && now < key.expires => Ok(()),
        _ => Err(Refusal::gateway(401, "Unauthorized")),
    }
}

/// What the key may, the organization it belongs to, and the form of the request.
fn permit(request: &Incoming, endpoint: &Endpoint, call: &Call<'_>) -> Result<(), Refusal> {
    if endpoint.need == Need::Nothing {
        return Ok(());
    }
    // Workspaces answer with one error, everything else with a list of them.
    let shape = if endpoint.action == Action::Workspaces { Shape::SingleError } else { Shape::Errors };
    let shaped = |refusal: Refusal| Refusal { shape, ..refusal };
    let organization = call.organization;
    let secret = request.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer ")).map(str::trim);
    let scopes = organization.keys.iter().find(|key| Some(key.secret.as_str()) == secret).map(|key| &key.scopes);
    if let Some(scopes) = scopes.filter(|scopes| !scopes.is_empty()) {
        let allowed = match endpoint.need {
            Need::Scope(scope) => scopes.contains(&scope),
            Need::Undocumented => call.answers.scoped_key_reaches_searches,
            Need::AnyKey | Need::Nothing => true,
        };
        if !allowed {
            return Err(Refusal::new_gateway(
                403,
                "The API key lacks the scope manage:org that this request requires.",
            ));
        }
    }
    if endpoint.action != Action::Organizations && call.capture(0) != organization.id {
        let refusal = match call.answers.other_organization {
            OtherOrganization::NotFound => {
                Refusal::new(404, "ADMIN-404-2", "Organization not found", "The organization was not found.")
            }
            OtherOrganization::Forbidden => {
                Refusal::new(403, "ADMIN-403-3", "Forbidden", "You are not allowed to manage the organization.")
            }
        };
        return Err(shaped(refusal));
    }
    if endpoint.method == "POST" && endpoint.action != Action::Retired {
        let kind = request.content_type.as_deref().unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(shaped(Refusal::new(
                415,
                "ADMIN-UAM-415-1",
                "Unsupported Media Type",
                "The content type must be application/json.",
            )));
        }
    }
    Ok(())
}

/// The `Date` header's text.
pub(crate) fn http_date(at: Timestamp) -> String {
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    printer.timestamp_to_rfc9110_string(&at).unwrap_or_else(|_| in_seconds(at))
}
