//! Faults on schedule: which request they strike, and what they do to its answer. A fault is a value; it counts the
//! requests that match it and fires on those whose number lies in its range, never by chance.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::endpoint::pattern_matches;
use crate::reply::Shape;

/// A fault and the requests it strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method; none for any.
    #[serde(default)]
    pub method: Option<String>,
    /// An endpoint's template, a part of one, or a pattern with `*`.
    pub path: String,
    /// An account or group id: named by the path or filter, or among the records of the page. For kinds that spoil one
    /// record, it says which.
    #[serde(default)]
    pub subject: Option<String>,
    /// The 0-based page of its chain; none for any.
    #[serde(default)]
    pub page: Option<u32>,
    /// Which of the matching requests are struck, from 1 on.
    #[serde(default = "once")]
    pub attempts: RangeInclusive<u32>,
    /// What happens.
    pub kind: FaultKind,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultKind {
    /// An error instead of the answer.
    Status {
        /// The status code.
        code: u16,
        /// The body's shape.
        #[serde(default)]
        shape: Shape,
        /// Further headers.
        #[serde(default)]
        headers: Vec<(String, String)>,
    },
    /// A 429 with the headers given as they are, garbage included.
    RateLimited {
        /// The text of `Retry-After`.
        #[serde(default)]
        retry_after: Option<String>,
        /// The text of `X-RateLimit-Reset`.
        #[serde(default)]
        reset: Option<String>,
    },
    /// The answer comes late. A virtual clock is moved on instead.
    Delay {
        /// How late.
        milliseconds: u64,
    },
    /// The connection is closed before anything is done.
    CloseBeforeEffect,
    /// The request is carried out, and the connection closed without an answer.
    CloseAfterEffect,
    /// The body ends early; its declared length agrees.
    Truncate {
        /// Bytes that are left.
        bytes: usize,
    },
    /// The body is sent in chunks and cut off.
    CutChunks {
        /// Bytes that are sent.
        bytes: usize,
    },
    /// The declared length is larger than the body.
    WrongContentLength,
    /// A page for people, with status 200.
    Html,
    /// No records and no further page.
    EmptyList,
    /// No records, but a further page that holds them.
    EmptyPageWithNext,
    /// The next page is this one again.
    RepeatPage,
    /// The next page is an earlier one: the first request sees nothing of it, later ones are led back.
    CycleCursor,
    /// The cursor is refused as expired; requests without one are left alone.
    ExpireCursor,
    /// `groups` of every user hold at most so many.
    CapGroups {
        /// How many.
        n: usize,
    },
    /// A field of one record is missing.
    DropField {
        /// The field; dots lead into objects.
        field: String,
    },
    /// A field of one record is null.
    NullField {
        /// The field; dots lead into objects.
        field: String,
    },
    /// Records and answer have fields that nobody knows.
    UnknownFields,
    /// A field of one record has this value.
    UnknownValue {
        /// The field; dots lead into objects.
        field: String,
        /// The value.
        value: serde_json::Value,
    },
    /// A redirect.
    Redirect {
        /// Where to.
        location: String,
    },
    /// The endpoint answers as switched off.
    Gone,
    /// Counts and totals are off by so many.
    CountOffBy {
        /// How many; may be negative.
        n: i64,
    },
    /// The `Date` header is off by so many seconds.
    Date {
        /// Seconds; may be negative.
        skew: i64,
    },
    /// Bytes that are no JSON, as JSON.
    Garbage,
}

fn once() -> RangeInclusive<u32> {
    1..=1
}

impl Fault {
    /// The fault on the first request to the path.
    pub fn on(path: &str, kind: FaultKind) -> Fault {
        Fault { method: None, path: path.to_owned(), subject: None, page: None, attempts: once(), kind }
    }

    /// Only for requests with this method.
    pub fn method(mut self, method: &str) -> Fault {
        self.method = Some(method.to_owned());
        self
    }

    /// Only on this page of a chain.
    pub fn page(mut self, page: u32) -> Fault {
        self.page = Some(page);
        self
    }

    /// Only for this account or group.
    pub fn subject(mut self, subject: &str) -> Fault {
        self.subject = Some(subject.to_owned());
        self
    }

    /// On these of the matching requests, from 1 on.
    pub fn attempts(mut self, attempts: RangeInclusive<u32>) -> Fault {
        self.attempts = attempts;
        self
    }

    /// On every matching request.
    pub fn always(self) -> Fault {
        self.attempts(1..=u32::MAX)
    }
}

impl FaultKind {
    /// A plain error with this status in the shape of the organization API.
    pub fn status(code: u16) -> FaultKind {
        FaultKind::Status { code, shape: Shape::Errors, headers: Vec::new() }
    }

    /// True when the answer is not needed to know what happens.
    pub(crate) fn replaces_answer(&self) -> bool {
        matches!(
            self,
            FaultKind::Status { .. }
                | FaultKind::RateLimited { .. }
                | FaultKind::CloseBeforeEffect
                | FaultKind::Html
                | FaultKind::Redirect { .. }
                | FaultKind::Gone
                | FaultKind::Garbage
                | FaultKind::ExpireCursor
        )
    }

    /// A short name for the ledger.
    pub(crate) fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split([' ', '{']).next().unwrap_or_default().to_owned()
    }
}

/// A request as faults see it.
#[derive(Debug)]
pub(crate) struct Struck<'a> {
    pub(crate) method: &'a str,
    pub(crate) template: &'a str,
    /// Ids in the path and in the filter.
    pub(crate) subjects: &'a [String],
    pub(crate) page: u32,
    pub(crate) has_cursor: bool,
}

/// The first of the faults that fires. Every fault that matches counts the request, so that each fault's attempts are
/// its own, whatever the others do.
pub(crate) fn first_striking(faults: &mut [Armed], mut strikes: impl FnMut(&mut Armed) -> bool) -> Option<usize> {
    let mut first = None;
    for (index, armed) in faults.iter_mut().enumerate() {
        if strikes(armed) && first.is_none() {
            first = Some(index);
        }
    }
    first
}

/// A fault with its count.
#[derive(Clone, Debug)]
pub(crate) struct Armed {
    pub(crate) fault: Fault,
    matched: u32,
    /// Cursors that matching requests carried, for leading back to.
    pub(crate) cursors: Vec<String>,
}

impl Armed {
    pub(crate) fn new(fault: Fault) -> Armed {
        Armed { fault, matched: 0, cursors: Vec::new() }
    }

    /// True when the request is the fault's, subject aside.
    fn concerns(&self, request: &Struck<'_>) -> bool {
        let fault = &self.fault;
        fault.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method))
            && pattern_matches(&fault.path, request.template)
            && fault.page.is_none_or(|page| page == request.page)
            && (fault.kind != FaultKind::ExpireCursor || request.has_cursor)
    }

    /// Before the answer is known: counts the request when it matches, and says whether the fault fires.
    pub(crate) fn strikes(&mut self, request: &Struck<'_>) -> bool {
        let named = self.fault.subject.as_ref().is_none_or(|subject| request.subjects.contains(subject));
        named && self.concerns(request) && self.count()
    }

    /// Once the answer is known: the same for faults whose subject is among the records.
    pub(crate) fn strikes_answer(&mut self, request: &Struck<'_>, body: &str) -> bool {
        let Some(subject) = &self.fault.subject else { return false };
        let among = !request.subjects.contains(subject) && body.contains(&format!("\"{subject}\""));
        among && self.concerns(request) && self.count()
    }

    fn count(&mut self) -> bool {
        self.matched = self.matched.saturating_add(1);
        self.fault.attempts.contains(&self.matched)
    }
}
