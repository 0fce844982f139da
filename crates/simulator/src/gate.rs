//! Every request's way: scheduled changes, faults, key, limit, rights, handler, ledger. The organization is locked for
//! one request at most, and nothing waits while it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use clock::Clock;
use jiff::Timestamp;
use serde_json::Value;

use crate::admission::{admit, permit};
use crate::answers::Answers;
use crate::audit::Token;
use crate::call::Call;
use crate::cursor::Cursor;
use crate::distort::{Circumstances, Outcome, distort, replacement};
use crate::effect::Decision;
use crate::endpoint::{Door, Found, Need, find, on_site};
use crate::fault::{Armed, Fault, Struck, first_striking};
use crate::json::in_seconds;
use crate::ledger::{Exchange, Ledger};
use crate::limits::{Limits, Windows};
use crate::organization::Organization;
use crate::reply::{Refusal, Reply};
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
    /// The header `X-ExperimentalApi: opt-in`.
    pub(crate) experimental: bool,
    pub(crate) body: Vec<u8>,
}

/// What can be seen of a request before it is answered.
struct Sight {
    number: u64,
    now: Timestamp,
    /// The number of the site that the path is on.
    site: usize,
    template: String,
    subject: Option<String>,
    subjects: Vec<String>,
    cursor: Option<String>,
    page: u32,
    seal: u64,
    answers: Arc<Answers>,
    changes: Vec<String>,
}

/// What became of a request besides its answer.
struct Finding {
    /// The number of the fault that fired.
    fault: Option<usize>,
    is_paged: bool,
    effect: Option<String>,
}

/// The secret of the `Authorization` header, when it is one of the organization's kind.
pub(crate) fn bearer(request: &Incoming) -> Option<&str> {
    request.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer ")).map(str::trim)
}

impl World {
    pub(crate) fn new(organization: Organization, control: Control, clock: Clock, base_url: String) -> World {
        World { organization: RwLock::new(organization), control: Mutex::new(control), clock, base_url }
    }

    /// The organization for reading, with everything in it that has come due.
    pub(crate) fn organization(&self) -> RwLockReadGuard<'_, Organization> {
        let organization = self.organization.read().unwrap_or_else(PoisonError::into_inner);
        if !organization.is_due(self.clock.now()) {
            return organization;
        }
        drop(organization);
        drop(self.organization_mut());
        self.organization.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The organization for changing; what has come due is done, and its present instant is set.
    pub(crate) fn organization_mut(&self) -> RwLockWriteGuard<'_, Organization> {
        let mut organization = self.organization.write().unwrap_or_else(PoisonError::into_inner);
        organization.settle(self.clock.now());
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
        let mut effect = None;
        let outcome = match early {
            Some(outcome) => outcome,
            None => {
                let (reply, changed) = self.answer(request, &found, &sight);
                effect = changed;
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
        self.write_down(request, &sight, &outcome, Finding { fault: chosen, is_paged, effect });
        outcome
    }

    /// Finds the endpoint, applies the changes whose time has come, and reads off what faults and ledger need.
    fn look(&self, request: &Incoming) -> (Found, Sight) {
        let now = self.clock.now();
        let (site_name, path) = on_site(&request.path);
        let site = {
            let organization = self.organization();
            match site_name {
                None => Some(0),
                Some(name) => organization.sites.iter().position(|site| site.name == name || site.cloud_id == name),
            }
        };
        let found = if site.is_some() { find(&request.method, &path) } else { Found::Nothing };
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
        subjects.extend(captures.iter().cloned());
        subjects.extend(site_name.map(str::to_owned));
        subjects.extend(body.get("accountId").and_then(Value::as_str).map(str::to_owned));
        subjects.extend(
            form_urlencoded::parse(request.query.as_bytes())
                .filter(|(key, _)| matches!(&**key, "accountIds" | "groupIds" | "accountId" | "groupId"))
                .map(|(_, value)| value.into_owned()),
        );
        let seal = self.organization().seal;
        let cursor = body.get("cursor").and_then(Value::as_str).map(str::to_owned).or_else(|| {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            pairs.find(|(key, _)| key == "cursor").map(|(_, value)| value.into_owned())
        });
        let page = cursor
            .as_deref()
            .and_then(|token| Cursor::read(token, seal))
            .map_or_else(|| offset_page(&request.query), |cursor| cursor.page);
        let template = template.to_owned();
        (
            found,
            Sight {
                number,
                now,
                site: site.unwrap_or_default(),
                template,
                subject,
                subjects,
                cursor,
                page,
                seal,
                answers,
                changes,
            },
        )
    }

    /// The answer, and what was changed. Changes are decided and made under one lock.
    fn answer(&self, request: &Incoming, found: &Found, sight: &Sight) -> (Reply, Option<String>) {
        let writes = matches!(found, Found::Endpoint(endpoint, _) if endpoint.action.writes());
        if !writes {
            return (self.decide(request, found, sight, &self.organization()).reply, None);
        }
        let mut organization = self.organization_mut();
        let decision = self.decide(request, found, sight, &organization);
        organization.audit.token = bearer(request)
            .and_then(|secret| organization.keys.iter().find(|key| key.secret == secret))
            .map(|key| Token { id: key.id.clone(), label: key.label.clone() });
        let effect = organization.carry_out(&decision);
        organization.audit.token = None;
        (decision.reply, effect)
    }

    fn decide(&self, request: &Incoming, found: &Found, sight: &Sight, organization: &Organization) -> Decision {
        let refuse = |refusal: Refusal| Decision::from(refusal.reply(&request.path, sight.now, sight.number));
        let (endpoint, captures) = match found {
            Found::Endpoint(endpoint, captures) => (*endpoint, captures),
            Found::OtherMethod => {
                let refusal = Refusal::new(405, "ADMIN-405-1", "Method not supported", "Method not supported.");
                return refuse(Door::of(&on_site(&request.path).1).shape(refusal));
            }
            Found::Nothing => {
                let refusal = Refusal::no_resource(format!("{} does not exist.", request.path));
                return refuse(Door::of(&on_site(&request.path).1).shape(refusal));
            }
        };
        let refuse = |refusal: Refusal| refuse(endpoint.door().shape(refusal));
        if endpoint.need != Need::Nothing
            && let Err(refusal) = admit(request, endpoint, (organization, sight.site), sight.now)
        {
            return refuse(refusal);
        }
        let standing = (endpoint.need != Need::Nothing).then(|| {
            let mut control = self.control();
            let Control { limits, windows, .. } = &mut *control;
            windows.count(limits, (endpoint.method, endpoint.template), sight.now)
        });
        if let Some(standing) = standing.as_ref().filter(|standing| standing.over) {
            let mut decision = refuse(Refusal::gateway(429, "Rate limit exceeded"));
            decision.reply.headers.extend(standing.headers());
            if endpoint.door().is_on_site() {
                decision.reply.headers.extend(standing.of_site(sight.now));
            } else if sight.answers.retry_after {
                decision.reply.headers.push(("Retry-After".to_owned(), standing.seconds_left(sight.now)));
            }
            return decision;
        }
        let call = Call {
            organization,
            answers: &sight.answers,
            captures,
            path: &request.path,
            query: &request.query,
            body: &request.body,
            now: sight.now,
            base_url: &self.base_url,
            site: sight.site,
            experimental: request.experimental,
            bearer: bearer(request),
        };
        let decided = permit(request, endpoint, &call).and_then(|()| serve::answer(endpoint.action, &call));
        let mut decision = decided.unwrap_or_else(refuse);
        decision.reply.headers.extend(standing.iter().flat_map(|standing| standing.headers()));
        if endpoint.door().is_on_site() {
            decision.reply.headers.extend(standing.iter().flat_map(|standing| standing.of_site(sight.now)));
        }
        decision
    }

    fn write_down(&self, request: &Incoming, sight: &Sight, outcome: &Outcome, finding: Finding) {
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
            page: finding.is_paged.then_some(sight.page),
            status: outcome.reply.as_ref().map(|reply| reply.status),
            fault: finding.fault.and_then(|index| control.faults.get(index)).map(|armed| armed.fault.kind.name()),
            effect: finding.effect,
            changes: sight.changes.clone(),
            request_body: text(&request.body),
            response_body: outcome.reply.as_ref().and_then(|reply| text(&reply.body)),
        };
        control.ledger.write(exchange);
    }
}

/// The number of a page that is asked for by its offset.
fn offset_page(query: &str) -> u32 {
    let number = |names: &[&str]| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(key, _)| names.contains(&&**key)).and_then(|(_, value)| value.parse::<u32>().ok())
    };
    let size = number(&["maxResults", "limit"]).unwrap_or(50).max(1);
    number(&["startAt", "start", "offset"]).unwrap_or(0) / size
}

/// The account, group or site that the path names.
fn subject(template: &str, captures: &[String]) -> Option<String> {
    let names = template.split('/').filter(|part| part.starts_with('{'));
    names.zip(captures).find(|(name, _)| matches!(*name, "{id}" | "{g}" | "{s}")).map(|(_, value)| value.clone())
}

/// The `Date` header's text.
pub(crate) fn http_date(at: Timestamp) -> String {
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    printer.timestamp_to_rfc9110_string(&at).unwrap_or_else(|_| in_seconds(at))
}
