//! What a comparison reads beside digests: the bytes of its files, and what is kept of the few people who differ.

use feed::control::FileSpec;
use feed::difference::Past;
use feed::read::{Gunzip, Input, Limits};

use crate::feeds::baseline;
use crate::feeds::bodies::Content;
use crate::feeds::compare::Task;
use crate::feeds::worker::Halt;
use crate::store::feed_bodies;

/// From so many on, people are read by two readers.
const MANY: usize = 1_000;

/// The bytes of a file that the control file names.
pub(super) fn open<'i>(task: &Task, spec: &FileSpec) -> Result<Input<'i>, Halt> {
    let Some(file) = task.files.iter().find(|file| file.name == spec.name) else {
        return Err(Halt::Failed(format!("The file {} is missing.", spec.name)));
    };
    let id = file.body.clone();
    let body = task.store.read_blocking(move |tx| feed_bodies::find(tx, &id))?;
    let content = Content::of(&task.store, &file.body).map_err(|error| Halt::Failed(error.to_string()))?;
    Ok(match body {
        Some(body) if body.gzip => Input::stream(Gunzip::new(content, Limits::default().file_bytes)),
        _ => Input::stream(content),
    })
}

/// What is kept of people, in the order of their numbers as they are given.
pub(super) fn past(task: &Task, numbers: &[u32]) -> Result<Vec<Past>, Halt> {
    let feed = task.feed.number;
    let read = |numbers: &[u32]| {
        let numbers = numbers.to_vec();
        task.store.read_blocking(move |tx| baseline::past(tx, feed, &numbers))
    };
    if numbers.len() < MANY {
        return Ok(read(numbers)?);
    }
    let (one, other) = numbers.split_at(numbers.len() / 2);
    let (one, other) = baseline::side_by_side(|| read(one), || read(other));
    let mut all = one?;
    all.extend(other?);
    Ok(all)
}
