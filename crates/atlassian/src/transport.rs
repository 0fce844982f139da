//! One attempt at one request: sends it, reads a bounded body, and says what came of it. The only place that knows the
//! HTTP library. It follows no redirect, asks no environment for a proxy, and repeats nothing.

use std::error::Error as _;
use std::io;

use clock::Clock;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Certificate, Proxy, Response, Url, redirect};

use crate::call::{Call, Endpoint, Method, Place};
use crate::config::{Config, Limits};
use crate::error::{Error, Unreachable};
use crate::rate_headers::RateHeaders;
use crate::refusal;
use crate::secret::Secret;

/// What asks a site for the APIs that it calls experimental.
const EXPERIMENTAL: &str = "X-ExperimentalApi";

pub(crate) struct Transport {
    http: reqwest::Client,
    base: Url,
    body: usize,
}

/// What came of an attempt.
pub(crate) struct Attempt {
    /// Empty when no answer came.
    pub(crate) headers: RateHeaders,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    /// 2xx with its whole body.
    Answered {
        status: u16,
        body: Vec<u8>,
    },
    /// 429.
    Throttled,
    Failed(Error),
}

/// How a request says who asks. Shows nothing of the credential.
#[derive(Clone)]
pub(crate) enum Authorization {
    /// The organization's key.
    Bearer(HeaderValue),
    /// A user of a site and their API token.
    Basic { user: String, token: Secret },
}

/// What a request is sent with besides the call itself.
pub(crate) struct Sending<'a> {
    pub(crate) url: &'a Url,
    pub(crate) key: Authorization,
    /// For headers that name instants.
    pub(crate) clock: &'a Clock,
}

impl Transport {
    pub(crate) fn new(config: &Config) -> Result<Transport, Error> {
        // Fails only when the process has chosen a provider already, which is then used.
        drop(rustls::crypto::ring::default_provider().install_default());
        let base = address("base", &config.base)?;
        if !matches!(base.path(), "" | "/") || base.query().is_some() {
            return Err(unusable("base", "it must have no path"));
        }
        let Limits { connect, read, exchange, body, .. } = config.limits;
        let mut builder = reqwest::Client::builder()
            .user_agent(config.agent.as_str())
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(connect)
            .read_timeout(read)
            .timeout(exchange)
            .no_proxy();
        if let Some(proxy) = &config.proxy {
            // The address may hold a password: it is not repeated.
            let proxy = Proxy::all(proxy.as_str()).map_err(|_| unusable("proxy", "it is no address"))?;
            builder = builder.proxy(proxy);
        }
        let pem = config.certificate_authority_pem.as_deref().unwrap_or_default();
        let certificates =
            Certificate::from_pem_bundle(pem).map_err(|error| unusable("certificate authority", &chain_of(&error)))?;
        if certificates.is_empty() && !pem.is_empty() {
            return Err(unusable("certificate authority", "there is no PEM certificate in it"));
        }
        builder = if base.scheme() == "http" {
            builder.tls_certs_only(certificates)
        } else {
            builder.tls_certs_merge(certificates)
        };
        let http = builder.build().map_err(|error| unusable("certificates", &chain_of(&error)))?;
        Ok(Transport { http, base, body })
    }

    /// The address of a call. A segment that would change the path (`..`, or nothing) is refused.
    pub(crate) fn url(&self, call: &Call) -> Result<Url, Error> {
        let site;
        let base = match &call.place {
            Place::Organization => &self.base,
            Place::Site(text) | Place::SiteApi(text) => {
                site = address("site", text)?;
                &site
            }
        };
        let text = format!("{}{}", base.as_str().trim_end_matches('/'), call.target);
        let url = address("path", &text)?;
        let path = call.target.split('?').next().unwrap_or_default();
        if !url.path().ends_with(path) || path.contains("//") || path.ends_with('/') {
            return Err(unusable("path", "an id in it is empty or made of dots"));
        }
        Ok(url)
    }

    /// The path and query of a link to a next page, if it stays on the configured base.
    pub(crate) fn own_target(&self, endpoint: Endpoint, link: &str) -> Result<String, Error> {
        let redirected = |host: &str| Error::Redirected { endpoint, host: refusal::shorten(host) };
        let url = self.base.join(link).map_err(|_| redirected(link))?;
        if url.origin() != self.base.origin() {
            return Err(redirected(&host_of(&url)));
        }
        Ok(match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
    }

    pub(crate) async fn attempt(&self, call: &Call, sending: Sending<'_>) -> Attempt {
        let method = match call.endpoint.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.http.request(method, sending.url.clone()).header(ACCEPT, "application/json");
        if !matches!(call.place, Place::Site(_)) {
            request = match sending.key {
                Authorization::Bearer(key) => request.header(AUTHORIZATION, key),
                Authorization::Basic { user, token } => request.basic_auth(user, Some(token.expose())),
            };
        }
        if call.experimental {
            request = request.header(EXPERIMENTAL, "opt-in");
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        match request.send().await {
            Err(error) => {
                Attempt { headers: RateHeaders::default(), outcome: Outcome::Failed(unreachable(error, sending.url)) }
            }
            Ok(response) => {
                let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
                let headers = RateHeaders::read(header, sending.clock.now());
                let outcome = self.read(call.endpoint, response).await.unwrap_or_else(Outcome::Failed);
                Attempt { headers, outcome }
            }
        }
    }

    async fn read(&self, endpoint: Endpoint, response: Response) -> Result<Outcome, Error> {
        let status = response.status().as_u16();
        match status {
            429 => return Ok(Outcome::Throttled),
            408 | 500.. => return Err(Error::ServerFault { endpoint, status }),
            300..=399 => return Err(Error::Redirected { endpoint, host: location(&response) }),
            _ => {}
        }
        let content_type = content_type(&response);
        let body = self.body(endpoint, response).await?;
        let for_people = content_type.starts_with("text/html")
            || content_type.starts_with("application/xhtml")
            || body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        match status {
            // A refused key is one, whoever writes the page.
            401 => Err(refused(endpoint, status, &body)),
            _ if for_people => Err(Error::UnexpectedContent { endpoint, status, content_type }),
            200..=299 => Ok(Outcome::Answered { status, body }),
            410 => {
                let said = refusal::read(&body);
                Err(Error::Retired { endpoint, detail: said.detail.or(said.title) })
            }
            _ => Err(refused(endpoint, status, &body)),
        }
    }

    async fn body(&self, endpoint: Endpoint, mut response: Response) -> Result<Vec<u8>, Error> {
        let too_large = Error::TooLarge { endpoint, bound: self.body };
        let announced = response.content_length().unwrap_or(0);
        if announced > self.body as u64 {
            return Err(too_large);
        }
        let url = response.url().clone();
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > self.body => return Err(too_large),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) if error.is_timeout() => return Err(unreachable(error, &url)),
                Err(_) => return Err(Error::Truncated { endpoint }),
            }
        }
    }
}

/// The one header that holds the key. A user's name ends at the first colon of what is sent, so it may hold none.
pub(crate) fn authorization(key: &Secret, user: Option<&str>) -> Result<Authorization, Error> {
    let text = key.expose();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::InvalidKey);
    }
    if let Some(user) = user {
        if user.is_empty() || user.chars().any(|letter| letter == ':' || letter.is_control()) {
            return Err(unusable("user", "it is empty, or holds a colon or a control character"));
        }
        return Ok(Authorization::Basic { user: user.to_owned(), token: key.clone() });
    }
    let mut header = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| Error::InvalidKey)?;
    header.set_sensitive(true);
    Ok(Authorization::Bearer(header))
}

/// Host and port of an address: what a breaker or an error names.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn refused(endpoint: Endpoint, status: u16, body: &[u8]) -> Error {
    let refusal::Refusal { code, title, detail } = refusal::read(body);
    Error::Refused { endpoint, status, code, title, detail }
}

fn content_type(response: &Response) -> String {
    let header = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    refusal::shorten(header.unwrap_or("unknown")).to_ascii_lowercase()
}

fn location(response: &Response) -> String {
    let header = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    header.and_then(|text| response.url().join(text).ok()).map_or_else(String::new, |url| host_of(&url))
}

fn unreachable(error: reqwest::Error, url: &Url) -> Error {
    let kind = if error.is_dns() {
        Unreachable::Dns
    } else if is_tls(&error) {
        Unreachable::Tls
    } else if error.is_connect() {
        Unreachable::Connect
    } else if error.is_timeout() {
        Unreachable::Timeout
    } else {
        Unreachable::Closed
    };
    Error::Unreachable { kind, host: host_of(url), detail: chain_of(&error.without_url()) }
}

fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // An I/O error that wraps another one gives that one's source as its own: what it wraps is looked at separately.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|wrapped| is_tls(wrapped)) || error.source().is_some_and(is_tls)
}

/// The innermost cause says most; the outer ones say where.
fn chain_of(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    refusal::shorten(&text)
}

/// Reads an address of ours: HTTP or HTTPS, with a host.
pub(crate) fn address(what: &'static str, text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| unusable(what, &error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(unusable(what, "it must begin with http:// or https:// and name a host"));
    }
    Ok(url)
}

fn unusable(what: &'static str, detail: &str) -> Error {
    Error::Configuration { what, detail: detail.to_owned() }
}
