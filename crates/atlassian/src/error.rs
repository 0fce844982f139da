//! What can go wrong with a call, as data. No sentence and no advice is made here, and nothing in it shows the key.

use jiff::Timestamp;
use thiserror::Error;

use crate::call::Endpoint;

/// Why a call gave no usable answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Upstream understood the request and said no (any 4xx that has no variant of its own).
    #[error("{endpoint} refused with {status} {}", code.as_deref().unwrap_or("without a code"))]
    Refused {
        /// What was called.
        endpoint: Endpoint,
        /// HTTP status.
        status: u16,
        /// The code in the body, such as `ADMIN-409-3` or `forbidden.action`.
        code: Option<String>,
        /// The short text in the body.
        title: Option<String>,
        /// The long text in the body.
        detail: Option<String>,
    },
    /// Quota is used up for longer than the call would wait.
    #[error("{endpoint} is throttled until {until}")]
    Throttled {
        /// What was called.
        endpoint: Endpoint,
        /// When to try again.
        until: Timestamp,
        /// What made it so.
        reason: ThrottleReason,
    },
    /// No answer came.
    #[error("{host} is unreachable ({kind:?}): {detail}")]
    Unreachable {
        /// Where the attempt failed.
        kind: Unreachable,
        /// The host that was tried.
        host: String,
        /// What the system said.
        detail: String,
    },
    /// The host failed many times in a row and is left alone; nothing was sent.
    #[error("{host} is left alone until {until} after {failures} failures in a row")]
    CircuitOpen {
        /// The host.
        host: String,
        /// When the next probe may go out.
        until: Timestamp,
        /// Failures in a row so far.
        failures: u32,
    },
    /// 5xx (or 408).
    #[error("{endpoint} failed with {status}")]
    ServerFault {
        /// What was called.
        endpoint: Endpoint,
        /// HTTP status.
        status: u16,
    },
    /// The answer is not JSON, or not of the documented shape as a whole.
    #[error("{endpoint} answered unreadably: {detail}")]
    Malformed {
        /// What was called.
        endpoint: Endpoint,
        /// What the reader said, with its position.
        detail: String,
        /// True if the text is not JSON at all; then another attempt may help.
        broken_text: bool,
    },
    /// A page made for people (HTML) came where JSON is due: a log-in, maintenance or proxy page.
    #[error("{endpoint} answered {status} with {content_type:?}")]
    UnexpectedContent {
        /// What was called.
        endpoint: Endpoint,
        /// HTTP status.
        status: u16,
        /// The content type it named, or `unknown`.
        content_type: String,
    },
    /// The answer ended before it was complete.
    #[error("{endpoint} answered with a truncated body")]
    Truncated {
        /// What was called.
        endpoint: Endpoint,
    },
    /// The answer is larger than the bound.
    #[error("{endpoint} answered with more than {bound} bytes")]
    TooLarge {
        /// What was called.
        endpoint: Endpoint,
        /// The bound in bytes.
        bound: usize,
    },
    /// A redirect, or a link to the next page, leads to another place. It was not followed.
    #[error("{endpoint} leads to {host}")]
    Redirected {
        /// What was called.
        endpoint: Endpoint,
        /// Where it leads; empty when the answer names no readable place.
        host: String,
    },
    /// Upstream has switched the endpoint off (410).
    #[error("{endpoint} has been switched off")]
    Retired {
        /// What was called.
        endpoint: Endpoint,
        /// The text in the body.
        detail: Option<String>,
    },
    /// A chain of pages leads back to a page it has already shown.
    #[error("{endpoint} repeats a cursor at page {page}")]
    CursorCycle {
        /// What was called.
        endpoint: Endpoint,
        /// The page, counted from 0, whose next cursor was seen before.
        page: u32,
    },
    /// Upstream no longer takes the cursor: the chain must be restarted, and what it has seen is void.
    #[error("{endpoint} no longer accepts the cursor of page {page}")]
    CursorExpired {
        /// What was called.
        endpoint: Endpoint,
        /// The page, counted from 0, that could not be asked.
        page: u32,
    },
    /// Whoever asked took the request back before it left.
    #[error("{endpoint} was taken back before it left")]
    TakenBack {
        /// What was to be called.
        endpoint: Endpoint,
    },
    /// The key cannot be sent: it is empty or holds characters that no header may hold.
    #[error("the key cannot stand in a header")]
    InvalidKey,
    /// More ids were given than the endpoint takes at once; nothing was sent.
    #[error("{endpoint} takes at most {at_most} at once, {given} were given")]
    TooMany {
        /// What was to be called.
        endpoint: Endpoint,
        /// How many were given.
        given: usize,
        /// How many it takes.
        at_most: usize,
    },
    /// An address (base, site, proxy) or certificate in the configuration cannot be used.
    #[error("{what} cannot be used: {detail}")]
    Configuration {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

/// Where an attempt to reach a host failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unreachable {
    /// The name was not resolved.
    Dns,
    /// No connection, or none in time.
    Connect,
    /// The connection could not be made safe.
    Tls,
    /// Connected, but no (further) answer in time.
    Timeout,
    /// The connection was closed before an answer.
    Closed,
}

/// What says that quota is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThrottleReason {
    /// `Retry-After` of a 429.
    RetryAfter,
    /// `X-RateLimit-Reset` of a 429, or of the last answer that left nothing.
    WindowReset,
    /// One call was answered 429 again and again.
    Storm,
    /// A 429 that names no readable time; the back-off is ours.
    Unstated,
}

impl Error {
    /// The key is wrong, revoked or expired.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Error::Refused { status: 401, .. })
    }

    /// 403. On single calls it usually means a key made with scopes, not a missing role.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Error::Refused { status: 403, .. })
    }

    /// A 403 that speaks of scopes, or comes from the gateway before the API itself was reached.
    pub fn is_forbidden_by_scope(&self) -> bool {
        match self {
            Error::Refused { status: 403, code, title, detail, .. } => {
                let speaks_of_scope = |text: &Option<String>| {
                    text.as_deref()
                        .is_some_and(|text| text.to_ascii_lowercase().contains("scope") || text.contains("manage:org"))
                };
                code.is_none() || speaks_of_scope(title) || speaks_of_scope(detail)
            }
            _ => false,
        }
    }

    /// 404.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::Refused { status: 404, .. })
    }

    /// Another attempt at the same call may succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Unreachable { .. }
            | Error::CircuitOpen { .. }
            | Error::ServerFault { .. }
            | Error::Truncated { .. }
            | Error::Throttled { .. } => true,
            Error::Malformed { broken_text, .. } => *broken_text,
            Error::UnexpectedContent { status, .. } => !(400..500).contains(status),
            _ => false,
        }
    }

    /// The request may have taken effect although no usable answer came: only reading can tell.
    pub fn leaves_effect_unknown(&self) -> bool {
        match self {
            Error::Unreachable { kind, .. } => matches!(kind, Unreachable::Timeout | Unreachable::Closed),
            Error::ServerFault { .. }
            | Error::Truncated { .. }
            | Error::TooLarge { .. }
            | Error::Malformed { .. }
            | Error::UnexpectedContent { .. } => true,
            _ => false,
        }
    }

    /// When to try again, for the errors that say so.
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self {
            Error::Throttled { until, .. } | Error::CircuitOpen { until, .. } => Some(*until),
            _ => None,
        }
    }
}
