//! Pages of service desks: counted by offset, without a total, with a word on whether this is the last.

use serde::Deserialize;

use crate::call::Call;
use crate::client::Read;
use crate::error::Error;
use crate::object::{self, Records};
use crate::site::SiteClient;

/// The most records of a page that service desks give.
pub(crate) const FULL_PAGE: u32 = 50;

/// A page of a list that is counted by offset.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: for<'a> Deserialize<'a>"))]
pub struct OffsetPage<T> {
    /// The records.
    pub values: Records<T>,
    /// Whether no page follows; an answer that does not say so has another page.
    #[serde(default)]
    pub is_last_page: bool,
}

impl<T> OffsetPage<T> {
    /// Where the next page begins, if one follows this one, which began at `start`.
    pub fn next(&self, start: u32) -> Option<u32> {
        (!self.is_last_page).then(|| start.saturating_add(self.values.len()))
    }
}

/// Reads the page that begins at `start`.
pub(crate) async fn read<T>(site: &SiteClient, call: Call, start: u32) -> Result<Read<OffsetPage<T>>, Error>
where
    T: for<'de> Deserialize<'de>,
{
    let call = call.query("start", &start.to_string()).query("limit", &FULL_PAGE.to_string());
    site.client().read(&call, object::read).await
}
