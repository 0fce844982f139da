//! What a run is compared with: everybody as digests, and what the feed holds in numbers, all of one state.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::thread::{self, JoinHandle};

use feed::control::FieldKey;
use feed::difference::{Baseline, Known, Past, Standing, Totals, email_digest, username_digest};
use feed::digest::Digest;
use feed::person::Person;

use crate::feeds::{digests, person};
use crate::nouns::feed_person::PersonState;
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::feed_records::{self, Compared};
use crate::store::tx::Tx;
use crate::store::{feed_people, feed_runs, feeds};

/// How often the people may change while they are read side by side; then they are read in one transaction.
const ATTEMPTS: u32 = 2;

/// What a run is compared with.
pub(super) struct Before {
    pub(super) baseline: Baseline,
    pub(super) totals: Totals,
    /// The codes of the groups that the feed manages.
    pub(super) groups: BTreeSet<String>,
    /// The version of the feed's people.
    pub(super) version: u64,
    /// How many members each group has.
    pub(super) sizes: Sizes,
}

/// What is known of a feed beside its people.
struct Head {
    control: Option<Digest>,
    fields: BTreeMap<FieldKey, u64>,
    groups: BTreeSet<String>,
    version: u64,
}

/// Everybody at one version of the feed's people, in parts that are taken one after the other.
pub(super) struct Everybody {
    pub(super) version: u64,
    pub(super) parts: Vec<Vec<Known>>,
    /// How many members each group has, when that was kept beside them.
    pub(super) group_sizes: Option<BTreeMap<String, u64>>,
}

/// Reads what a run of a feed is compared with, on a thread that may block.
pub(super) fn load(store: &Store, feed: i64) -> Result<Before, StoreError> {
    for _ in 0..ATTEMPTS {
        let head = store.read_blocking(move |tx| head(tx, feed))?;
        let everybody = match digests::unpacked(store, feed, head.version)? {
            Some(packed) => {
                #[cfg(debug_assertions)]
                digests::prove(&packed, &read(store, feed)?);
                packed
            }
            None => read(store, feed)?,
        };
        if everybody.version == head.version {
            return Ok(together(head, everybody, (store, feed)));
        }
    }
    let (head, everybody) = store.read_blocking(move |tx| Ok((head(tx, feed)?, all(tx, feed)?)))?;
    Ok(together(head, everybody, (store, feed)))
}

/// Reads everybody from records and people: two halves side by side, which are one state when nobody has changed the
/// people meanwhile.
pub(super) fn read(store: &Store, feed: i64) -> Result<Everybody, StoreError> {
    for _ in 0..ATTEMPTS {
        let last = store.read_blocking(feed_people::last)?;
        let (middle, room) = (last / 2, usize::try_from(last).unwrap_or(0));
        let read = |range, room| store.read_blocking(move |tx| part(tx, feed, range, room));
        // The second half will be put behind the first one.
        let (one, other) = side_by_side(|| read((0, middle), room), || read((middle, i64::MAX), room - room / 2));
        let ((one, version), (other, later)) = (one?, other?);
        if version == later {
            return Ok(Everybody { version, parts: vec![one, other], group_sizes: None });
        }
    }
    store.read_blocking(move |tx| all(tx, feed))
}

/// Does two things at once; one after the other when there is no thread left.
pub(super) fn side_by_side<T: Send>(one: impl Fn() -> T + Sync, other: impl FnOnce() -> T) -> (T, T) {
    thread::scope(|scope| {
        let begun = thread::Builder::new().spawn_scoped(scope, &one);
        let other = other();
        let one = match begun {
            Ok(begun) => begun.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => one(),
        };
        (one, other)
    })
}

/// How many members each group of a feed has: known, or counted while something else is done.
pub(super) enum Sizes {
    Known(BTreeMap<String, u64>),
    Counting { store: Store, feed: i64, counting: Option<JoinHandle<Result<BTreeMap<String, u64>, StoreError>>> },
}

impl Sizes {
    /// Begins to count.
    fn count(store: &Store, feed: i64) -> Sizes {
        let reader = store.clone();
        let count = move || reader.read_blocking(move |tx| feed_records::group_sizes(tx, feed));
        let counting = thread::Builder::new().name("feed-groups".to_owned()).spawn(count).ok();
        Sizes::Counting { store: store.clone(), feed, counting }
    }

    /// What was counted.
    pub(super) fn counted(self) -> Result<BTreeMap<String, u64>, StoreError> {
        match self {
            Sizes::Known(sizes) => Ok(sizes),
            Sizes::Counting { store, feed, counting } => match counting.map(JoinHandle::join) {
                Some(Ok(counted)) => counted,
                // Nobody has counted: it is done here.
                Some(Err(_)) | None => store.read_blocking(move |tx| feed_records::group_sizes(tx, feed)),
            },
        }
    }
}

fn together(head: Head, everybody: Everybody, (store, feed): (&Store, i64)) -> Before {
    let sizes = everybody.group_sizes.map_or_else(|| Sizes::count(store, feed), Sizes::Known);
    let baseline = Baseline::of(head.control, everybody.parts);
    let totals = Totals { people: baseline.present(), fields: head.fields };
    Before { baseline, totals, groups: head.groups, version: head.version, sizes }
}

fn head(tx: &mut Tx, feed: i64) -> Result<Head, StoreError> {
    let Some(of) = feeds::find(tx, feed)? else { return Err(StoreError::Missing { statement: "feeds.FIND" }) };
    let applied = match &of.applied_run {
        Some(run) => feed_runs::find(tx, run)?.and_then(|run| run.control),
        None => None,
    };
    let control = match applied {
        Some(version) => feeds::control_version(tx, feed, version)?.map(|control| Digest(control.meaning)),
        None => None,
    };
    let fields = feeds::field_counts(tx, feed)?;
    let fields = fields.iter().filter_map(|(text, count)| Some((person::field(text)?, *count))).collect();
    let groups = feeds::groups(tx, feed)?.into_iter().map(|group| group.code).collect();
    Ok(Head { control, fields, groups, version: of.version })
}

fn all(tx: &mut Tx, feed: i64) -> Result<Everybody, StoreError> {
    let room = usize::try_from(feed_people::last(tx)?).unwrap_or(0);
    let (known, version) = part(tx, feed, (0, i64::MAX), room)?;
    Ok(Everybody { version, parts: vec![known], group_sizes: None })
}

/// People after one number up to another, in room for so many, and the version of the feed's people. Records and people
/// are both read in order of the numbers.
fn part(tx: &mut Tx, feed: i64, range: (i64, i64), room: usize) -> Result<(Vec<Known>, u64), StoreError> {
    let version = feeds::find(tx, feed)?.map_or(0, |feed| feed.version);
    let mut known = Vec::with_capacity(room);
    feed_records::compared(tx, feed, range, |record| known.push(said(&record)))?;
    let (said, mut next) = (known.len(), 0);
    feed_people::compared(tx, range, |person| {
        let (number, username) = (short(person.account), username_digest(person.username_key));
        let email = email_digest(person.email_key);
        while next < said && known.get(next).is_some_and(|known| known.number < number) {
            next += 1;
        }
        match known.get_mut(next).filter(|known| next < said && known.number == number) {
            Some(known) => {
                (known.username, known.email) = (username, email);
                // Whoever has left is within the grace, or blocked.
                if known.standing == Standing::Leaving && person.state != PersonState::Active {
                    known.standing = Standing::Blocked;
                }
            }
            None => known.push(elsewhere(number, username, email)),
        }
    })?;
    // Nobody is missed who is nobody.
    known.retain(|known| known.username != Digest::default());
    Ok((known, version))
}

/// Numbers count up from 1 and stay far below this bound.
fn short(account: i64) -> u32 {
    u32::try_from(account).unwrap_or(u32::MAX)
}

/// Somebody of whom the feed has said something, before they are named.
fn said(record: &Compared) -> Known {
    Known {
        raw: Digest(record.raw_digest),
        canonical: Digest(record.digest),
        standing: if record.in_feed { Standing::Present } else { Standing::Leaving },
        in_error: record.try_again,
        ..elsewhere(short(record.account), Digest::default(), Digest::default())
    }
}

/// Somebody of whom the feed has never said anything.
fn elsewhere(number: u32, username: Digest, email: Digest) -> Known {
    let none = Digest::default();
    Known { number, username, email, raw: none, canonical: none, standing: Standing::Elsewhere, in_error: false }
}

/// What is kept of people, in the order of their numbers as they are given.
pub(super) fn past(tx: &mut Tx, feed: i64, numbers: &[u32]) -> Result<Vec<Past>, StoreError> {
    let mut kept = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut past = Past::default();
        feed_records::told(tx, i64::from(*number), |by, in_feed, person| {
            if by == feed {
                past.own = person::of_text(person);
            } else if in_feed {
                past.others = merged(past.others.take(), person::of_text(person));
            }
        })?;
        kept.push(past);
    }
    Ok(kept)
}

fn merged(one: Option<Person>, other: Option<Person>) -> Option<Person> {
    let Some(mut one) = one else { return other };
    for (field, entries) in other.map(|other| other.fields).unwrap_or_default() {
        one.fields.entry(field).or_insert(entries);
    }
    Some(one)
}
