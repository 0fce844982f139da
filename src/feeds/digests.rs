//! Keeps everybody's digests packed between two deliveries, so that a comparison does not go through a million records
//! and names first. A pack is never trusted beyond the version of the feed's people that it says: of another version
//! records and people are read, and the pack is made anew when there is time.

use feed::difference::{Known, pack, unpack};

use crate::feeds::baseline::{self, Everybody, side_by_side};
use crate::id::FeedRunId;
use crate::nouns::feed::Feed;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::feed_digests::{self, Packed};
use crate::store::{feed_records, feeds};

/// How many people are in a part: of about a megabyte.
const PART: usize = 15_000;

/// What is packed of a feed, when it says that version of its people.
pub(super) fn unpacked(store: &Store, feed: i64, version: u64) -> Result<Option<Everybody>, StoreError> {
    let current = move |packed: &Packed| packed.version == version;
    let Some(packed) = store.read_blocking(move |tx| feed_digests::find(tx, feed))?.filter(current) else {
        return Ok(None);
    };
    let read = |range: (i64, i64), parts: i64| {
        store.read_blocking(move |tx| {
            let mut known: Vec<Known> = Vec::with_capacity(usize::try_from(parts).unwrap_or(0) * PART);
            if !feed_digests::find(tx, feed)?.is_some_and(|packed| current(&packed)) {
                return Ok(None);
            }
            feed_digests::parts(tx, feed, range, |bytes| unpack(bytes, &mut known))?;
            Ok(Some(known))
        })
    };
    let (middle, parts) = (packed.parts / 2, packed.parts);
    // The second half will be put behind the first one.
    let (one, other) = side_by_side(|| read((0, middle), parts), || read((middle, parts), parts - middle));
    let (Some(one), Some(other)) = (one?, other?) else { return Ok(None) };
    Ok(Some(Everybody { version, parts: vec![one, other], group_sizes: Some(packed.group_sizes) }))
}

/// Whether a feed's pack is to be made, by what is packed: at once behind an applied run, and of other changes when there
/// is time.
pub(super) fn is_due(feed: &Feed, packed: Option<&(u64, FeedRunId)>, has_time: bool) -> bool {
    let Some(applied) = &feed.applied_run else { return false };
    packed.is_none_or(|(version, run)| run != applied || (has_time && *version != feed.version))
}

/// Packs everybody as records and people say them now, on a thread that may block; false when they changed meanwhile.
pub(super) fn keep(store: &Store, feed: i64) -> Result<bool, StoreError> {
    let everybody = baseline::read(store, feed)?;
    let version = everybody.version;
    let counted = store.read_blocking(move |tx| {
        let same = feeds::find(tx, feed)?.is_some_and(|feed| feed.version == version);
        if same { feed_records::group_sizes(tx, feed).map(Some) } else { Ok(None) }
    })?;
    let Some(group_sizes) = counted else { return Ok(false) };
    store.write_relaxed_blocking(move |tx| {
        let Some(of) = feeds::find(tx, feed)?.filter(|of| of.version == version) else { return Ok(false) };
        let Some(applied_run) = of.applied_run else { return Ok(false) };
        let mut parts = 0;
        for people in everybody.parts.iter().flat_map(|part| part.chunks(PART)) {
            feed_digests::put_part(tx, feed, (parts, &pack(people)))?;
            parts += 1;
        }
        feed_digests::keep(tx, feed, &Packed { version, applied_run, parts, group_sizes })?;
        Ok(true)
    })
}

/// Panics when two readings of everybody at one version differ: a change to people or records that nobody told of.
#[cfg(debug_assertions)]
pub(super) fn prove(packed: &Everybody, read: &Everybody) {
    let all = |everybody: &Everybody| {
        let mut all: Vec<Known> = everybody.parts.iter().flatten().copied().collect();
        all.sort_unstable_by_key(|known| known.number);
        all
    };
    assert!(
        packed.version != read.version || all(packed) == all(read),
        "the packed digests of version {} are not those of the records",
        packed.version
    );
}
