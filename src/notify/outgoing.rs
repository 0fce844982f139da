//! The client for outgoing notices, the one place that makes it: it follows no redirect, asks no environment for a
//! proxy, waits and reads within bounds, and connects to no address that [`address`] does not admit.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Proxy, Response, Url, redirect};

use crate::notify::address::{self, Allowed, Lookup, Unusable};

/// How long a receiver may take to take the connection, and for the whole exchange.
const CONNECT: Duration = Duration::from_secs(5);
const EXCHANGE: Duration = Duration::from_secs(15);
/// So much of an answer is read, and so much of that is kept.
const LARGEST_ANSWER: usize = 16 << 10;
const KEPT_OF_ANSWER: usize = 200;
/// A receiver that asks for more patience than this gets this.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);

/// Sends notices to webhooks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outgoing(reqwest::Client);

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The receiver has it.
    Accepted(String),
    /// Not this time; the receiver may have said how long to wait.
    Again {
        /// What the receiver asked for.
        after: Option<Duration>,
        /// What came, as a sentence.
        said: String,
    },
    /// The receiver does not want it, and will not.
    Refused(String),
    /// The receiver wants nothing any more.
    Gone(String),
}

struct Guarded {
    allowed: Allowed,
    lookup: Lookup,
}

impl Outgoing {
    pub(super) fn new(
        (allowed, lookup): (&Allowed, &Lookup),
        (proxy, certificates): (Option<&str>, &[u8]),
    ) -> Result<Outgoing, String> {
        // Fails only when the process has chosen a provider already, which is then used.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut allowed = allowed.clone();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .timeout(EXCHANGE)
            .pool_max_idle_per_host(0)
            .no_proxy();
        if let Some(address) = proxy {
            // The address may hold a password: it is not repeated.
            let no_address = |_| "The proxy is no address.".to_owned();
            let url = Url::parse(address).map_err(|error| no_address(error.to_string()))?;
            builder = builder.proxy(Proxy::all(address).map_err(|error| no_address(error.to_string()))?);
            allowed = allowed.and_host(url.host_str().unwrap_or_default());
        }
        let trusted = Certificate::from_pem_bundle(certificates).map_err(|error| error.to_string())?;
        let guarded = Guarded { allowed, lookup: lookup.clone() };
        let built = builder.tls_certs_merge(trusted).dns_resolver(guarded).build();
        built.map(Outgoing).map_err(|error| error.to_string())
    }

    /// Sends a notice once.
    pub async fn send(&self, url: Url, headers: &[(&'static str, String)], body: String, now: Timestamp) -> Answer {
        let mut request = self.0.post(url).header(CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            let (Ok(name), Ok(mut value)) = (HeaderName::try_from(*name), HeaderValue::try_from(value)) else {
                return Answer::Refused("The secret holds characters that cannot be sent.".to_owned());
            };
            value.set_sensitive(true);
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(response) => read(response, now).await,
            // A name server that is down says no more than one that knows the name of an internal network: both are asked
            // again, and neither is told from the other.
            Err(error) if is_internal(&error) => Answer::Again { after: None, said: Unusable::Internal.to_string() },
            Err(error) => {
                let said = if error.is_timeout() {
                    "No answer came in time."
                } else if error.is_connect() {
                    "The connection could not be made."
                } else {
                    "The connection broke."
                };
                Answer::Again { after: None, said: said.to_owned() }
            }
        }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (allowed, lookup) = (self.allowed.clone(), self.lookup.clone());
        Box::pin(async move {
            let found = address::admitted(name.as_str(), &allowed, &lookup).await?;
            let addresses: Addrs = Box::new(found.into_iter().collect::<Vec<SocketAddr>>().into_iter());
            Ok(addresses)
        })
    }
}

async fn read(mut response: Response, now: Timestamp) -> Answer {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| patience(value.to_str().ok()?, now));
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= LARGEST_ANSWER {
            break;
        }
    }
    body.truncate(LARGEST_ANSWER);
    let said = format!("{status} {}", excerpt(&String::from_utf8_lossy(&body))).trim_end().to_owned();
    match status.as_u16() {
        200..=299 => Answer::Accepted(said),
        408 | 429 | 500.. => Answer::Again { after, said },
        410 => Answer::Gone(said),
        _ => Answer::Refused(said),
    }
}

/// The beginning of a text, on one line.
pub(super) fn excerpt(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(KEPT_OF_ANSWER).collect()
}

/// `Retry-After`: seconds or a date (RFC 9110, section 10.2.3).
fn patience(text: &str, now: Timestamp) -> Option<Duration> {
    let asked = match text.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
            Duration::try_from(until.duration_since(now)).ok()?
        }
    };
    Some(asked.min(LONGEST_PAUSE))
}

fn is_internal(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<Unusable>() {
            return true;
        }
        source = inner.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_asked_for_in_seconds_or_by_a_date_and_bounded() {
        let now: Timestamp = "2026-11-20T09:00:00Z".parse().unwrap();
        assert_eq!(patience("120", now), Some(Duration::from_secs(120)));
        assert_eq!(patience("Fri, 20 Nov 2026 09:05:00 GMT", now), Some(Duration::from_secs(300)));
        assert_eq!(patience("Fri, 20 Nov 2026 08:00:00 GMT", now), None);
        assert_eq!(patience("99999999", now), Some(LONGEST_PAUSE));
        assert_eq!(patience("soon", now), None);
    }

    #[test]
    fn an_answer_is_kept_on_one_line() {
        assert_eq!(excerpt("<b>no\r\n\tX: y\u{0}</b>"), "<b>no X: y </b>");
        assert_eq!(excerpt(&"x".repeat(5_000)).len(), KEPT_OF_ANSWER);
    }
}
