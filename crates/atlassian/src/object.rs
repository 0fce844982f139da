//! Answers that are one object instead of a page, and the lists of sites, whose records are read one by one.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::call::{Answer, Call};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::page;

/// Reads a whole body as one object.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(answer: Answer) -> Result<Read<T>, Error> {
    Ok(Read { value: page::read_object(&answer)?, asked_at: answer.asked_at })
}

/// A list of a site, whose records are read one by one: one that cannot be read costs itself and not its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records<T> {
    /// Those that could be read.
    pub records: Vec<T>,
    /// How many could not.
    pub unreadable: u32,
}

impl<T> Records<T> {
    /// How many records the list had.
    pub fn len(&self) -> u32 {
        u32::try_from(self.records.len()).unwrap_or(u32::MAX).saturating_add(self.unreadable)
    }

    /// Whether the list had none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'de, T: for<'a> Deserialize<'a>> Deserialize<'de> for Records<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Records<T>, D::Error> {
        let raw: Vec<&RawValue> = Vec::deserialize(deserializer)?;
        let all = raw.len();
        let records: Vec<T> = raw.into_iter().filter_map(|json| serde_json::from_str(json.get()).ok()).collect();
        let unreadable = u32::try_from(all - records.len()).unwrap_or(u32::MAX);
        Ok(Records { records, unreadable })
    }
}

/// Reads `{"data":{...}}`.
pub(crate) async fn data<T>(client: &Client, call: &Call) -> Result<Read<T>, Error>
where
    T: for<'de> Deserialize<'de>,
{
    #[derive(Deserialize)]
    struct Data<T> {
        data: T,
    }
    let read: Read<Data<T>> = client.read(call, read).await?;
    Ok(Read { value: read.value.data, asked_at: read.asked_at })
}

/// Reads `{"count":n}`.
pub(crate) async fn counted(client: &Client, call: &Call) -> Result<Read<u64>, Error> {
    #[derive(Deserialize)]
    struct Counted {
        count: u64,
    }
    let read: Read<Counted> = client.read(call, read).await?;
    Ok(Read { value: read.value.count, asked_at: read.asked_at })
}
