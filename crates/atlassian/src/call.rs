//! One request and its answer, before anything is known about what they mean.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use jiff::Timestamp;

/// An endpoint: method and path template. Limits, counts and errors are per endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// HTTP method.
    pub method: Method,
    /// Path with `{name}` for each variable segment, such as `/admin/v2/orgs/{orgId}/directories`.
    pub template: &'static str,
}

/// HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// What a call is for. Waiting calls are served in this order; passes keep a fifth of the turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Changes something upstream. Never repeated after an unclear outcome.
    Effect,
    /// Reads what an operation is about to change.
    PreOperation,
    /// Reads back what was changed.
    ReadBack,
    /// Part of a walk over everything.
    Pass,
}

/// A request to send. Made with [`Call::new`] and the methods that add to it.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) endpoint: Endpoint,
    pub(crate) class: Class,
    pub(crate) place: Place,
    /// Path and query, percent-encoded.
    pub(crate) target: String,
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) patience: Option<Duration>,
    /// Whether it asks for an API that the site calls experimental.
    pub(crate) experimental: bool,
    /// Whether it has left, for whoever may take it back before.
    pub(crate) departure: Option<Departure>,
}

/// Whether a request has left. Until then it can be taken back, and then never leaves; afterwards it cannot. All clones
/// are one.
#[derive(Clone, Debug, Default)]
pub struct Departure(Arc<AtomicU8>);

const WAITING: u8 = 0;
const LEFT: u8 = 1;
const TAKEN_BACK: u8 = 2;

impl Departure {
    /// Takes the request back; false when it has left.
    pub fn take_back(&self) -> bool {
        let changed = self.0.compare_exchange(WAITING, TAKEN_BACK, Ordering::SeqCst, Ordering::SeqCst);
        matches!(changed, Ok(_) | Err(TAKEN_BACK))
    }

    /// The request leaves now; false when it was taken back.
    pub(crate) fn leave(&self) -> bool {
        let changed = self.0.compare_exchange(WAITING, LEFT, Ordering::SeqCst, Ordering::SeqCst);
        matches!(changed, Ok(_) | Err(LEFT))
    }
}

/// Which server a call goes to, and whether the key goes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The configured base, with the key.
    Organization,
    /// A site's own address, without the key.
    Site(String),
    /// The APIs of a site, at its own address or behind the gateway, with the key.
    SiteApi(String),
}

/// A successful answer (2xx).
#[derive(Debug)]
pub struct Answer {
    /// What was called.
    pub endpoint: Endpoint,
    /// HTTP status, 200 to 299.
    pub status: u16,
    /// The body; for statuses that have one it is whole.
    pub body: Vec<u8>,
    /// When the request that was answered left.
    pub asked_at: Timestamp,
    /// Attempts it took, the last included.
    pub attempts: u32,
}

impl Endpoint {
    /// A GET endpoint.
    pub const fn get(template: &'static str) -> Endpoint {
        Endpoint { method: Method::Get, template }
    }

    /// A POST endpoint.
    pub const fn post(template: &'static str) -> Endpoint {
        Endpoint { method: Method::Post, template }
    }

    /// A DELETE endpoint.
    pub const fn delete(template: &'static str) -> Endpoint {
        Endpoint { method: Method::Delete, template }
    }

    /// The template with its variable segments replaced in order, each percent-encoded.
    /// Segments left over on either side stay as they are: the callers' tests would show them.
    pub fn fill(&self, segments: &[&str]) -> String {
        let mut path = String::with_capacity(self.template.len() + 80);
        let mut rest = self.template;
        for segment in segments {
            let Some((before, after)) = rest.split_once('{') else { break };
            path.push_str(before);
            encode(segment, b"-._~:@", &mut path);
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        path.push_str(rest);
        path
    }
}

impl Method {
    /// The method's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.name(), self.template)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Call {
    /// A call of `endpoint` with its variable segments, to the organization's API, with the key.
    pub fn new(endpoint: Endpoint, class: Class, segments: &[&str]) -> Call {
        let target = endpoint.fill(segments);
        let place = Place::Organization;
        Call { endpoint, class, place, target, body: None, patience: None, experimental: false, departure: None }
    }

    /// A call to a site's own address (scheme, host, port, perhaps a path), without the key.
    pub fn to_site(endpoint: Endpoint, class: Class, site: &str) -> Call {
        Call { place: Place::Site(site.trim_end_matches('/').to_owned()), ..Call::new(endpoint, class, &[]) }
    }

    /// A call to the APIs of a site, with the key of the client, which is a user's API token.
    pub(crate) fn to_site_api(endpoint: Endpoint, class: Class, segments: &[&str], address: &str) -> Call {
        Call { place: Place::SiteApi(address.to_owned()), ..Call::new(endpoint, class, segments) }
    }

    /// Asks for an API that the site calls experimental.
    pub(crate) fn experimental(self) -> Call {
        Call { experimental: true, ..self }
    }

    /// Adds `name=value` to the query, percent-encoded.
    pub fn query(mut self, name: &str, value: &str) -> Call {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        encode(name, b"-._~", &mut self.target);
        self.target.push('=');
        encode(value, b"-._~:@/", &mut self.target);
        self
    }

    /// Adds one `name=value` for each value.
    pub fn query_each<'a>(self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Call {
        values.into_iter().fold(self, |call, value| call.query(name, value))
    }

    /// Sets `name` in the query to `value`, in place of what it was.
    pub(crate) fn set_query(mut self, name: &str, value: &str) -> Call {
        if let Some((path, query)) = self.target.split_once('?') {
            let others = query.split('&').filter(|pair| pair.split('=').next() != Some(name));
            let others = others.collect::<Vec<_>>().join("&");
            self.target = if others.is_empty() { path.to_owned() } else { format!("{path}?{others}") };
        }
        self.query(name, value)
    }

    /// Sets the JSON body.
    pub fn json(mut self, body: Vec<u8>) -> Call {
        self.body = Some(body);
        self
    }

    /// Lets somebody take it back until it has left.
    pub fn departing(mut self, departure: &Departure) -> Call {
        self.departure = Some(departure.clone());
        self
    }

    /// Waits at most this long at a time for quota, instead of the client's `max_wait`.
    pub fn patience(mut self, longest_wait: Duration) -> Call {
        self.patience = Some(longest_wait);
        self
    }
}

/// Percent-encodes every byte but ASCII letters, digits and `also_plain`.
fn encode(text: &str, also_plain: &[u8], into: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || also_plain.contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(HEX[usize::from(byte >> 4)]));
            into.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Endpoint = Endpoint::get("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{userId}");

    #[test]
    fn a22_odd_ids_survive_in_paths_and_queries() {
        let id = "qm:4f1a-22/..?#%é";
        let call = Call::new(ONE, Class::Pass, &["o", "-", id]).query("q", "a b&c=d+e").query_each("r", ["x", "y"]);
        assert_eq!(
            call.target,
            "/admin/v2/orgs/o/directories/-/users/qm:4f1a-22%2F..%3F%23%25%C3%A9?q=a%20b%26c%3Dd%2Be&r=x&r=y"
        );
    }

    #[test]
    fn a_query_is_replaced_by_name() {
        let call = Call::new(ONE, Class::Pass, &["o", "d", "u"]).query("limit", "100").query("x", "1");
        assert!(call.set_query("limit", "10").target.ends_with("/u?x=1&limit=10"));
    }

    #[test]
    fn a_call_to_a_site_keeps_the_sites_path() {
        let call = Call::to_site(Endpoint::get("/_edge/tenant_info"), Class::PreOperation, "http://h:1/site/a/");
        assert_eq!(call.place, Place::Site("http://h:1/site/a".to_owned()));
        assert_eq!(call.target, "/_edge/tenant_info");
    }
}
