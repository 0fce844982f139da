//! Last activity per account and app. An account whose activity was read and has no entry for an app it can open has
//! *never used* it; an account whose activity was not read is *unknown*, and unknown is never inactive.

use std::sync::Arc;

use columns::{CHUNK, NumberColumn, Ordinal};
use roaring::RoaringBitmap;

/// When an account last used an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Activity {
    /// Which resource.
    pub resource: Ordinal,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// The activities of every account, chunked like all columns, and who of them was read at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActivityColumn {
    chunks: Vec<Arc<Chunk>>,
    accounts: usize,
    read: Arc<RoaringBitmap>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Chunk {
    /// Where each account's entries end; they begin where the one before ends.
    ends: Vec<u32>,
    entries: Vec<Activity>,
}

impl ActivityColumn {
    /// Builds from entries in increasing (account, resource) order.
    pub fn build(
        accounts: usize,
        read: RoaringBitmap,
        entries: impl IntoIterator<Item = (Ordinal, Activity)>,
    ) -> ActivityColumn {
        let mut chunks: Vec<Chunk> = Vec::with_capacity(accounts.div_ceil(CHUNK));
        for start in (0..accounts).step_by(CHUNK) {
            chunks.push(Chunk { ends: vec![0; CHUNK.min(accounts - start)], entries: Vec::new() });
        }
        for (account, activity) in entries {
            let (place, offset) = split(account);
            if let Some(chunk) = chunks.get_mut(place).filter(|chunk| offset < chunk.ends.len()) {
                chunk.entries.push(activity);
                chunk.ends[offset] = chunk.entries.len() as u32;
            }
        }
        for chunk in &mut chunks {
            let mut end = 0;
            for place in &mut chunk.ends {
                end = end.max(*place);
                *place = end;
            }
            chunk.entries.shrink_to_fit();
        }
        ActivityColumn { chunks: chunks.into_iter().map(Arc::new).collect(), accounts, read: Arc::new(read) }
    }

    /// The entries of an account, sorted by resource.
    pub fn of(&self, account: Ordinal) -> &[Activity] {
        let (place, offset) = split(account);
        let Some(chunk) = self.chunks.get(place) else { return &[] };
        let Some(&end) = chunk.ends.get(offset) else { return &[] };
        let start = offset.checked_sub(1).map_or(0, |before| chunk.ends[before]);
        &chunk.entries[start as usize..end as usize]
    }

    /// The latest activity of an account in any app.
    pub fn last(&self, account: Ordinal) -> Option<i64> {
        self.of(account).iter().map(|activity| activity.at).max()
    }

    /// When every account last used any of these resources, or any at all; no value where there is no entry.
    pub fn last_of(&self, resources: Option<&[Ordinal]>) -> NumberColumn {
        let most = resources.and_then(|resources| resources.iter().max()).map_or(0, |most| *most as usize + 1);
        let mut asked = vec![resources.is_none(); most];
        for resource in resources.unwrap_or_default() {
            asked[*resource as usize] = true;
        }
        let counts = |resource: Ordinal| asked.get(resource as usize).copied().unwrap_or(resources.is_none());
        let mut column = NumberColumn::builder();
        for chunk in &self.chunks {
            let mut start = 0;
            for end in &chunk.ends {
                let entries = &chunk.entries[start..*end as usize];
                start = *end as usize;
                column.push(entries.iter().filter(|entry| counts(entry.resource)).map(|entry| entry.at).max());
            }
        }
        column.finish()
    }

    /// Who has used each of the first `resources` at this moment or later, in microseconds since 1970.
    pub fn used_since(&self, resources: usize, since: i64) -> Vec<RoaringBitmap> {
        let mut users = vec![Vec::new(); resources];
        let mut account: Ordinal = 0;
        for chunk in &self.chunks {
            let mut start = 0;
            for end in &chunk.ends {
                let entries = &chunk.entries[start..*end as usize];
                start = *end as usize;
                for entry in entries.iter().filter(|entry| entry.at >= since) {
                    if let Some(users) = users.get_mut(entry.resource as usize) {
                        users.push(account);
                    }
                }
                account += 1;
            }
        }
        users.into_iter().map(|users| users.into_iter().collect()).collect()
    }

    /// Visits every activity, in increasing order of account.
    pub fn for_each(&self, mut visit: impl FnMut(Ordinal, Activity)) {
        let mut account: Ordinal = 0;
        for chunk in &self.chunks {
            let mut start = 0;
            for end in &chunk.ends {
                chunk.entries[start..*end as usize].iter().for_each(|entry| visit(account, *entry));
                start = *end as usize;
                account += 1;
            }
        }
    }

    /// How many accounts have used anything at all.
    pub fn active(&self) -> u64 {
        let with_entries = |chunk: &Arc<Chunk>| {
            let mut before = 0;
            chunk.ends.iter().filter(|end| std::mem::replace(&mut before, **end) != **end).count() as u64
        };
        self.chunks.iter().map(with_entries).sum()
    }

    /// Accounts whose activity has been read at least once.
    pub fn read(&self) -> &RoaringBitmap {
        &self.read
    }

    /// The column after whole new lists for some accounts, in increasing order of account; only their chunks are copied.
    #[must_use]
    pub fn apply(&self, accounts: usize, changes: &[(Ordinal, Vec<Activity>)]) -> ActivityColumn {
        let mut next = self.clone();
        next.accounts = accounts;
        let mut changes = changes;
        for place in 0..accounts.div_ceil(CHUNK) {
            let start = place * CHUNK;
            let len = CHUNK.min(accounts - start);
            let here = changes.partition_point(|(account, _)| (*account as usize) < start + len);
            let (mine, rest) = changes.split_at(here);
            changes = rest;
            let before = next.chunks.get(place);
            if mine.is_empty() && before.is_some_and(|chunk| chunk.ends.len() == len) {
                continue;
            }
            let mut chunk = Chunk { ends: Vec::with_capacity(len), entries: Vec::new() };
            let mut mine = mine.iter().peekable();
            for account in (start..start + len).map(|account| account as Ordinal) {
                match mine.next_if(|(changed, _)| *changed == account) {
                    Some((_, entries)) => chunk.entries.extend_from_slice(entries),
                    None => chunk.entries.extend_from_slice(self.of(account)),
                }
                chunk.ends.push(chunk.entries.len() as u32);
            }
            match next.chunks.get_mut(place) {
                Some(old) => *old = Arc::new(chunk),
                None => next.chunks.push(Arc::new(chunk)),
            }
        }
        next
    }

    /// The column without entries of these resources, and who had any; chunks without such entries are shared.
    pub(crate) fn without(&self, resources: &RoaringBitmap) -> (ActivityColumn, RoaringBitmap) {
        let (mut next, mut used) = (self.clone(), Vec::new());
        for (place, shared) in next.chunks.iter_mut().enumerate() {
            if !shared.entries.iter().any(|entry| resources.contains(entry.resource)) {
                continue;
            }
            let mut chunk = Chunk { ends: Vec::with_capacity(shared.ends.len()), entries: Vec::new() };
            let mut start = 0;
            for (offset, end) in shared.ends.iter().enumerate() {
                let mine = &shared.entries[std::mem::replace(&mut start, *end as usize)..*end as usize];
                let kept = chunk.entries.len();
                chunk.entries.extend(mine.iter().filter(|entry| !resources.contains(entry.resource)));
                if chunk.entries.len() - kept < mine.len() {
                    used.push((place * CHUNK + offset) as Ordinal);
                }
                chunk.ends.push(chunk.entries.len() as u32);
            }
            *shared = Arc::new(chunk);
        }
        (next, used.into_iter().collect())
    }

    /// The column with another set of accounts that have been read.
    #[must_use]
    pub fn with_read(mut self, read: RoaringBitmap) -> ActivityColumn {
        self.read = Arc::new(read);
        self
    }

    /// Bytes on the heap, about.
    pub fn memory(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.ends.len() * 4 + chunk.entries.len() * 16).sum()
    }
}

fn split(account: Ordinal) -> (usize, usize) {
    (account as usize / CHUNK, account as usize % CHUNK)
}
