//! What questions are answered from beside the snapshot's own columns: bitmaps per word, value and count, made at the
//! first question that needs them and kept as long as their snapshot. It must tell nothing that the snapshot does not.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use columns::{CodeColumn, Distinct, NumberColumn, Order, Ordinal, Tally};
use jiff::Timestamp;
use roaring::{MultiOps, RoaringBitmap};

use crate::account::{AccountStatus, AccountType, Claimed, Management, Presence};
use crate::claim::{Noun, Part};
use crate::find::field::Asked;
use crate::find::reach::Reach;
use crate::find::values::Values;
use crate::fold::fold_text;
use crate::resource::OUTSIDE;
use crate::snapshot::Snapshot;
use crate::word_column::Words;

/// Who has which word of a vocabulary.
pub(crate) type ByWord<T> = Vec<(T, RoaringBitmap)>;

/// Everything derived for questions; a clone of a snapshot shares it, and the next generation starts without.
#[derive(Debug, Default)]
pub(crate) struct Index {
    standing: OnceLock<Standing>,
    reach: OnceLock<Reach>,
    types: OnceLock<ByWord<AccountType>>,
    account_statuses: OnceLock<ByWord<AccountStatus>>,
    claimed: OnceLock<ByWord<Claimed>>,
    management: OnceLock<ByWord<Management>>,
    mfa: OnceLock<Flag>,
    verified: OnceLock<Flag>,
    domains: OnceLock<Distinct>,
    job_titles: OnceLock<Distinct>,
    departments: OnceLock<Distinct>,
    organizations: OnceLock<Distinct>,
    group_counts: OnceLock<Tally>,
    member_counts: OnceLock<Tally>,
    synced: OnceLock<Vec<(Timestamp, RoaringBitmap)>>,
    values: OnceLock<Values>,
    reaching: OnceLock<RoaringBitmap>,
    users: OnceLock<Vec<RoaringBitmap>>,
    last: Mutex<Vec<LastUse>>,
    orders: Mutex<Vec<(Ordered, Arc<Order>)>>,
}

/// What an order is by: fields, each with the resources in its parentheses, and whether its greatest come first.
pub(crate) type Ordered = Vec<(Asked, Option<Vec<Ordinal>>, bool)>;

/// Who is in the organization, and how.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Everybody who was ever seen.
    pub(crate) everybody: RoaringBitmap,
    /// Everybody but former people.
    pub(crate) present: RoaringBitmap,
    /// Whoever is in a directory, and not only managed outside of all.
    pub(crate) inside: RoaringBitmap,
    /// Present people by their best presence.
    pub(crate) presences: ByWord<Presence>,
}

/// Yes or no, where it is known.
#[derive(Debug, Default)]
pub(crate) struct Flag {
    pub(crate) yes: RoaringBitmap,
    pub(crate) known: RoaringBitmap,
}

/// When everybody last used some resources.
#[derive(Clone, Debug)]
pub(crate) struct LastUse {
    resources: Option<Vec<Ordinal>>,
    /// In microseconds since 1970; no value where there is no entry.
    pub(crate) at: Arc<NumberColumn>,
    /// Who has an entry.
    pub(crate) used: Arc<RoaringBitmap>,
}

/// So many sets of resources are kept with their last uses; the one made first leaves first. Each is eight bytes for
/// every account, and few organizations have more apps than this.
const KEPT: usize = 12;

impl Index {
    /// Bytes on the heap of what was made so far, about.
    pub(crate) fn memory(&self) -> usize {
        let distinct = [&self.domains, &self.job_titles, &self.departments, &self.organizations]
            .map(|made| made.get().map(Distinct::memory));
        let last = held(&self.last).iter().map(|last| last.at.memory() + last.used.serialized_size()).sum::<usize>();
        let orders = held(&self.orders).iter().map(|(_, order)| order.memory()).sum::<usize>();
        distinct.into_iter().flatten().sum::<usize>()
            + self.group_counts.get().map_or(0, Tally::memory)
            + self.reach.get().map_or(0, Reach::memory)
            + self.users.get().map_or(0, |users| users.iter().map(RoaringBitmap::serialized_size).sum())
            + last
            + orders
    }

    pub(crate) fn standing(&self, snapshot: &Snapshot) -> &Standing {
        self.standing.get_or_init(|| Standing::of(snapshot))
    }

    pub(crate) fn reach(&self, snapshot: &Snapshot) -> &Reach {
        self.reach.get_or_init(|| Reach::of(snapshot, self.standing(snapshot), self.types(snapshot)))
    }

    pub(crate) fn types(&self, snapshot: &Snapshot) -> &ByWord<AccountType> {
        self.types.get_or_init(|| snapshot.people.types.split())
    }

    pub(crate) fn account_statuses(&self, snapshot: &Snapshot) -> &ByWord<AccountStatus> {
        self.account_statuses.get_or_init(|| snapshot.people.account_statuses.split())
    }

    pub(crate) fn claimed(&self, snapshot: &Snapshot) -> &ByWord<Claimed> {
        self.claimed.get_or_init(|| snapshot.people.claimed.split())
    }

    pub(crate) fn management(&self, snapshot: &Snapshot) -> &ByWord<Management> {
        self.management.get_or_init(|| snapshot.people.management.split())
    }

    pub(crate) fn mfa(&self, snapshot: &Snapshot) -> &Flag {
        self.mfa.get_or_init(|| Flag::of(&snapshot.people.mfa_enabled))
    }

    pub(crate) fn verified(&self, snapshot: &Snapshot) -> &Flag {
        self.verified.get_or_init(|| Flag::of(&snapshot.people.email_verified))
    }

    pub(crate) fn domains(&self, snapshot: &Snapshot) -> &Distinct {
        let domain = |key: &'_ str| key.rfind('@').map(|at| at + 1).filter(|start| *start < key.len());
        self.domains
            .get_or_init(|| Distinct::build(&snapshot.people.email_keys, |key| key.get(domain(key)?..), str::to_owned))
    }

    pub(crate) fn job_titles(&self, snapshot: &Snapshot) -> &Distinct {
        self.job_titles.get_or_init(|| Distinct::build(&snapshot.people.job_titles, |title| Some(title), fold_text))
    }

    pub(crate) fn departments(&self, snapshot: &Snapshot) -> &Distinct {
        self.departments.get_or_init(|| Distinct::build(&snapshot.people.departments, |name| Some(name), fold_text))
    }

    pub(crate) fn organizations(&self, snapshot: &Snapshot) -> &Distinct {
        self.organizations.get_or_init(|| Distinct::build(&snapshot.people.organizations, |name| Some(name), fold_text))
    }

    pub(crate) fn group_counts(&self, snapshot: &Snapshot) -> &Tally {
        let accounts = 0..snapshot.accounts_len() as Ordinal;
        self.group_counts
            .get_or_init(|| Tally::build(accounts.map(|account| snapshot.memberships.of(account).len() as u32)))
    }

    /// Groups by how many members they have.
    pub(crate) fn member_counts(&self, snapshot: &Snapshot) -> &Tally {
        let groups = 0..snapshot.groups_len() as Ordinal;
        self.member_counts
            .get_or_init(|| Tally::build(groups.map(|group| snapshot.memberships.members(group).len() as u32)))
    }

    /// People by the end of the newest complete read of the accounts of a directory that they are in.
    pub(crate) fn synced(&self, snapshot: &Snapshot) -> &[(Timestamp, RoaringBitmap)] {
        self.synced.get_or_init(|| {
            let mut reads: Vec<(Timestamp, RoaringBitmap)> = Vec::new();
            for age in snapshot.ages().iter().filter(|age| age.noun == Noun::Accounts) {
                let covered = match &age.part {
                    Part::Whole => self.standing(snapshot).present.clone(),
                    Part::Directory(id) => {
                        snapshot.directory(id.as_str()).map(|place| snapshot.present_in(place)).unwrap_or_default()
                    }
                    Part::Group(_) | Part::Named => continue,
                };
                reads.push((age.read_at, covered));
            }
            reads.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
            let mut later = RoaringBitmap::new();
            for (_, people) in &mut reads {
                *people -= &later;
                later |= &*people;
            }
            reads
        })
    }

    pub(crate) fn has_values(&self) -> bool {
        self.values.get().is_some()
    }

    pub(crate) fn values(&self, snapshot: &Snapshot) -> &Values {
        self.values.get_or_init(|| Values::of(snapshot, self))
    }

    /// Whoever has access to anything.
    pub(crate) fn reaching(&self, snapshot: &Snapshot) -> &RoaringBitmap {
        self.reaching.get_or_init(|| self.reach(snapshot).any.iter().union())
    }

    /// Who has ever used a resource, by its ordinal.
    pub(crate) fn users(&self, snapshot: &Snapshot) -> &[RoaringBitmap] {
        self.users.get_or_init(|| snapshot.people.activity.used_since(snapshot.resources.len(), i64::MIN))
    }

    /// An order that was made before, or is made.
    pub(crate) fn order(&self, by: Ordered, make: impl FnOnce() -> Arc<Order>) -> Arc<Order> {
        let find = |kept: &[(Ordered, Arc<Order>)]| kept.iter().find(|one| one.0 == by).map(|one| one.1.clone());
        if let Some(known) = find(&held(&self.orders)) {
            return known;
        }
        let made = make();
        let mut kept = held(&self.orders);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((by, made.clone()));
        made
    }

    /// When everybody last used any of these resources, or any at all.
    pub(crate) fn last_use(&self, snapshot: &Snapshot, resources: Option<&[Ordinal]>) -> LastUse {
        let find = |kept: &[LastUse]| kept.iter().find(|one| one.resources.as_deref() == resources).cloned();
        if let Some(known) = find(&held(&self.last)) {
            return known;
        }
        // Made without holding the lock: two askers may both make it, and nobody waits for another's.
        let at = snapshot.people.activity.last_of(resources);
        let made =
            LastUse { resources: resources.map(<[Ordinal]>::to_vec), used: Arc::new(at.present()), at: Arc::new(at) };
        let mut kept = held(&self.last);
        if find(&kept).is_none() {
            if kept.len() >= KEPT {
                kept.remove(0);
            }
            kept.push(made.clone());
        }
        made
    }
}

fn held<T>(lock: &Mutex<Vec<T>>) -> MutexGuard<'_, Vec<T>> {
    // Nothing done under these locks leaves a list half changed.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Standing {
    fn of(snapshot: &Snapshot) -> Standing {
        let columns = &snapshot.people.presence;
        let present = columns.iter().fold(RoaringBitmap::new(), |all, column| all | column.present());
        let outside = snapshot.directory(OUTSIDE);
        let inside = (0..columns.len() as Ordinal)
            .filter(|directory| Some(*directory) != outside)
            .fold(RoaringBitmap::new(), |all, directory| all | snapshot.present_in(directory));
        let mut everybody = RoaringBitmap::new();
        everybody.insert_range(0..snapshot.accounts_len() as Ordinal);
        // Whoever is in one directory alone stands as they do there; only the others have to be looked at one by one.
        let mut several = RoaringBitmap::new();
        let mut once = RoaringBitmap::new();
        for column in columns {
            let here = column.present();
            several |= &once & &here;
            once |= here;
        }
        let mut presences: ByWord<Presence> = Vec::new();
        let mut add = |presence: &Presence, people: RoaringBitmap| match presences
            .iter_mut()
            .find(|(known, _)| known == presence)
        {
            Some((_, all)) => *all |= people,
            None => presences.push((presence.clone(), people)),
        };
        for column in columns {
            for (presence, people) in column.split() {
                add(&presence, people - &several);
            }
        }
        for account in &several {
            if let Some(presence) = snapshot.best_presence(account) {
                add(presence, RoaringBitmap::from([account]));
            }
        }
        presences.retain(|(_, people)| !people.is_empty());
        Standing { everybody, present, inside, presences }
    }

    /// Present people by the rank of their status, those who can work first; nobody whose status is unknown.
    pub(crate) fn ranked(&self) -> Vec<(i64, RoaringBitmap)> {
        let mut ranks: BTreeMap<i64, RoaringBitmap> = BTreeMap::new();
        for (presence, people) in self.presences.iter().filter(|(presence, _)| presence.status.is_some()) {
            *ranks.entry(i64::from(presence.rank())).or_default() |= people;
        }
        ranks.into_iter().collect()
    }

    /// The rank of somebody's status.
    pub(crate) fn rank(&self, account: Ordinal) -> Option<i64> {
        let stands = |(_, people): &&(Presence, RoaringBitmap)| people.contains(account);
        let (presence, _) = self.presences.iter().find(stands)?;
        presence.status.as_ref().map(|_| i64::from(presence.rank()))
    }

    /// Present people whose best presence a test holds for.
    pub(crate) fn with(&self, test: impl Fn(&Presence) -> bool) -> RoaringBitmap {
        with(&self.presences, test)
    }
}

impl Flag {
    fn of(column: &CodeColumn) -> Flag {
        Flag { yes: column.with(1), known: column.present() }
    }
}

/// The people with a word that a test holds for.
pub(crate) fn with<T>(words: &[(T, RoaringBitmap)], test: impl Fn(&T) -> bool) -> RoaringBitmap {
    words.iter().filter(|(word, _)| test(word)).map(|(_, people)| people).union()
}

impl<T: Clone + PartialEq> Words<T> {
    /// Every word with its people.
    pub(crate) fn split(&self) -> ByWord<T> {
        self.with_each().filter(|(_, people)| !people.is_empty()).map(|(word, people)| (word.clone(), people)).collect()
    }
}
