//! Answers that are one object instead of a page.

use serde::Deserialize;

use crate::call::{Answer, Call};
use crate::client::{Client, Read};
use crate::error::Error;
use crate::page;

/// Reads a whole body as one object.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(answer: Answer) -> Result<Read<T>, Error> {
    Ok(Read { value: page::read_object(&answer)?, asked_at: answer.asked_at })
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
