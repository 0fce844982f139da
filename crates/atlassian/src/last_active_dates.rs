//! Last activity of one person per app and site. Limited to few requests a minute for the whole organization: for whole
//! directories the search of users brings the same.

use jiff::Timestamp;
use serde::Deserialize;

use crate::call::{Call, Class, Endpoint};
use crate::client::Client;
use crate::cursor::Cursor;
use crate::error::Error;
use crate::moment::Moment;
use crate::page::{self, Links};

/// Of one person.
pub const OF_USER: Endpoint = Endpoint::get("/admin/v1/orgs/{orgId}/directory/users/{accountId}/last-active-dates");

/// Last activity of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct LastActiveDates {
    /// Per app and site; one without an entry was not opened.
    pub product_access: Vec<LastActive>,
    /// When the person came into the organization.
    pub added_to_org: Option<Moment>,
    /// When the first request for it left.
    pub asked_at: Timestamp,
}

/// Last activity in one app on one site.
#[derive(Clone, Debug, PartialEq)]
pub struct LastActive {
    /// The resource's ARI.
    pub id: String,
    /// The app's key.
    pub key: Option<String>,
    /// When it was last used: to the second where upstream says so, else the day.
    pub last_active: Option<Moment>,
}

#[derive(Deserialize)]
struct Body {
    data: Data,
    #[serde(default)]
    links: Option<Links>,
}

#[derive(Deserialize)]
struct Data {
    product_access: Vec<Access>,
    #[serde(default)]
    added_to_org: Option<Moment>,
    #[serde(default)]
    added_to_org_timestamp: Option<Moment>,
}

#[derive(Deserialize)]
struct Access {
    id: String,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    last_active: Option<Moment>,
    #[serde(default)]
    last_active_timestamp: Option<Moment>,
}

/// No person has as many pages of apps.
const MOST_PAGES: u32 = 1000;

/// Last activity of one person, all pages.
///
/// # Errors
/// Those of [`Client::send`], and `CursorCycle`.
pub async fn of_user(
    client: &Client,
    class: Class,
    organization: &str,
    account_id: &str,
) -> Result<LastActiveDates, Error> {
    let first = Call::new(OF_USER, class, &[organization, account_id]);
    let mut call = first.clone();
    let mut found: Option<LastActiveDates> = None;
    let mut asked: Vec<Cursor> = Vec::new();
    loop {
        let (Body { data, links }, asked_at) =
            client.read(&call, |answer| Ok((page::read_object::<Body>(&answer)?, answer.asked_at))).await?;
        let added = data.added_to_org_timestamp.or(data.added_to_org);
        let dates = found.get_or_insert(LastActiveDates { product_access: Vec::new(), added_to_org: added, asked_at });
        dates.product_access.extend(data.product_access.into_iter().map(|access| LastActive {
            id: access.id,
            key: access.key,
            last_active: access.last_active_timestamp.or(access.last_active),
        }));
        let Some(next) = Links::next(links) else { break };
        let page = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        if asked.contains(&next) || page >= MOST_PAGES {
            return Err(Error::CursorCycle { endpoint: OF_USER, page });
        }
        call = if next.is_address() {
            Call { target: client.own_target(OF_USER, next.as_str())?, ..first.clone() }
        } else {
            first.clone().query("cursor", next.as_str())
        };
        asked.push(next);
    }
    // The loop ends only after an answer.
    found.ok_or(Error::Truncated { endpoint: OF_USER })
}
