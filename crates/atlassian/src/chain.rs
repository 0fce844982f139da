//! A chain of pages as a stream. It goes from cursor to cursor, notices when it is led in a circle, and can be resumed
//! from any cursor. It never decides that something is gone: it only says what it was shown.

use std::collections::HashSet;
use std::marker::PhantomData;

use serde_json::{Map, Value};

use crate::call::{Call, Class, Endpoint};
use crate::client::Client;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::page::{self, Content, Page};
use crate::record::Record;

/// The pages of a list, one after the other.
#[derive(Debug)]
pub struct Chain<T> {
    client: Client,
    first: First,
    /// Where the next page is asked.
    position: Position,
    number: u32,
    seen: HashSet<u64>,
    limit: Option<u16>,
    records: PhantomData<fn() -> T>,
}

/// How the first page is asked, and thereby the others.
#[derive(Clone, Debug)]
pub(crate) struct First {
    pub(crate) call: Call,
    pub(crate) paging: Paging,
}

/// How a cursor is sent back.
#[derive(Clone, Debug)]
pub(crate) enum Paging {
    /// GET: a token goes into the query beside everything else; an address is followed as it is.
    Query,
    /// GET of a list that knows no `limit`.
    QueryWithoutLimit,
    /// POST: into the body, which is otherwise unchanged.
    Body(Map<String, Value>),
    /// POST: the cursor alone is the body.
    CursorAlone(Map<String, Value>),
}

#[derive(Clone, Debug, PartialEq)]
enum Position {
    At(Option<Cursor>),
    Done,
}

/// No organization has as many pages, even one record each.
const MOST_PAGES: u32 = 4_000_000;

impl<T: Record> Chain<T> {
    pub(crate) fn new(client: &Client, call: Call, paging: Paging) -> Chain<T> {
        Chain {
            client: client.clone(),
            first: First { call, paging },
            position: Position::At(None),
            number: 0,
            seen: HashSet::new(),
            limit: None,
            records: PhantomData,
        }
    }

    /// Continues at the page that `cursor` asks for, as the `number`-th of its chain (from 0).
    pub fn resume(mut self, cursor: Cursor, number: u32) -> Chain<T> {
        self.position = Position::At(Some(cursor));
        self.number = number;
        self.seen.clear();
        self
    }

    /// Asks for pages of at most `limit` records from now on, also for the page that has just failed.
    /// Lists whose pages upstream sizes itself, and workspaces after their first page, are not changed by it.
    pub fn set_limit(&mut self, limit: u16) {
        self.limit = Some(limit);
    }

    /// The endpoint that is walked.
    pub fn endpoint(&self) -> Endpoint {
        self.first.call.endpoint
    }

    /// The number of the page that comes next, from 0.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The next page, or `None` after the last one. After an error the chain stands where it stood: calling again asks
    /// for the same page again.
    ///
    /// # Errors
    /// Those of [`Client::send`], `CursorCycle`, `CursorExpired`, and `Redirected` for a next page on another host.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        let Position::At(cursor) = self.position.clone() else { return None };
        let page = self.page(cursor).await;
        if let Ok(page) = &page {
            self.position = page.next.clone().map_or(Position::Done, |next| Position::At(Some(next)));
            self.number = page.number + 1;
        }
        Some(page)
    }

    /// All pages as one. For lists that are known to be short.
    ///
    /// # Errors
    /// Those of [`Chain::next`]; what was read before it is dropped.
    pub async fn all(mut self) -> Result<Page<T>, Error> {
        let mut whole: Option<Page<T>> = None;
        while let Some(page) = self.next().await {
            let page = page?;
            match &mut whole {
                None => whole = Some(page),
                Some(whole) => {
                    whole.records.extend(page.records);
                    whole.quarantined.extend(page.quarantined);
                    whole.drift.extend(page.drift);
                    whole.next = page.next;
                }
            }
        }
        // A new or resumed chain has at least one page; one that was walked to its end has no more.
        let mut whole = whole.unwrap_or_else(|| self.nothing());
        whole.drift.sort();
        whole.drift.dedup();
        Ok(whole)
    }

    async fn page(&mut self, cursor: Option<Cursor>) -> Result<Page<T>, Error> {
        let endpoint = self.endpoint();
        let call = self.first.call_at(cursor.as_ref(), self.limit, &self.client)?;
        let content = self.client.read(&call, page::read::<T>).await;
        let content = content.map_err(|error| match cursor {
            Some(_) if says_cursor_is_bad(&error) => Error::CursorExpired { endpoint, page: self.number },
            _ => error,
        })?;
        let Content { records, quarantined, next, total, drift, asked_at } = content;
        if let Some(next) = &next {
            let here = cursor.as_ref().map(Cursor::digest);
            let digest = next.digest();
            if here == Some(digest) || self.seen.contains(&digest) || self.number >= MOST_PAGES {
                return Err(Error::CursorCycle { endpoint, page: self.number });
            }
            if next.is_address() {
                // Refused before anything of this page is believed, not only when it would be followed.
                self.client.own_target(endpoint, next.as_str())?;
            }
            self.seen.extend(here);
        }
        Ok(Page { records, quarantined, cursor, next, asked_at, number: self.number, total, drift })
    }

    fn nothing(&self) -> Page<T> {
        Page {
            records: Vec::new(),
            quarantined: Vec::new(),
            cursor: None,
            next: None,
            asked_at: self.client.clock().now(),
            number: self.number,
            total: None,
            drift: Vec::new(),
        }
    }
}

impl First {
    fn call_at(&self, cursor: Option<&Cursor>, limit: Option<u16>, client: &Client) -> Result<Call, Error> {
        let call = self.call.clone();
        let with = |body: &Map<String, Value>, cursor: Option<&Cursor>| {
            let mut body = body.clone();
            if let Some(limit) = limit {
                body.insert("limit".to_owned(), limit.into());
            }
            if let Some(cursor) = cursor {
                body.insert("cursor".to_owned(), cursor.as_str().into());
            }
            Value::Object(body).to_string().into_bytes()
        };
        Ok(match (&self.paging, cursor) {
            (Paging::Body(body), cursor) => call.json(with(body, cursor)),
            (Paging::CursorAlone(body), None) => call.json(with(body, None)),
            (Paging::CursorAlone(_), Some(cursor)) => {
                let body = Map::from_iter([("cursor".to_owned(), Value::from(cursor.as_str()))]);
                call.json(Value::Object(body).to_string().into_bytes())
            }
            (Paging::Query | Paging::QueryWithoutLimit, Some(cursor)) if cursor.is_address() => {
                let target = client.own_target(call.endpoint, cursor.as_str())?;
                Call { target, ..call }
            }
            (paging, cursor) => {
                let call = match (paging, limit) {
                    (Paging::Query, Some(limit)) => call.set_query("limit", &limit.to_string()),
                    _ => call,
                };
                match cursor {
                    Some(cursor) => call.query("cursor", cursor.as_str()),
                    None => call,
                }
            }
        })
    }
}

/// 400 with the code for bad cursors, or 410 while a cursor was sent. An endpoint that has been switched off in the
/// middle of a chain says so when the chain is restarted.
pub(crate) fn says_cursor_is_bad(error: &Error) -> bool {
    match error {
        Error::Retired { .. } => true,
        Error::Refused { status: 400, code, title, detail, .. } => {
            let speaks = |text: &Option<String>| {
                text.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains("cursor"))
            };
            code.as_deref() == Some("ADMIN-400-1") || speaks(title) || speaks(detail)
        }
        _ => false,
    }
}

/// The most records of a page that the endpoints with a `limit` give.
pub(crate) const FULL_PAGE: u16 = 100;

/// A chain over a v2 list asked by GET, full pages.
pub(crate) fn listed<T: Record>(client: &Client, call: Call) -> Chain<T> {
    Chain::new(client, call.query("limit", &FULL_PAGE.to_string()), Paging::Query)
}

/// A chain over a search asked by POST, full pages.
pub(crate) fn searched<T: Record>(
    client: &Client,
    endpoint: Endpoint,
    class: Class,
    segments: &[&str],
    mut body: Map<String, Value>,
) -> Chain<T> {
    body.entry("limit").or_insert_with(|| FULL_PAGE.into());
    Chain::new(client, Call::new(endpoint, class, segments), Paging::Body(body))
}
