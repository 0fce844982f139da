//! Reads what a feed's difference is made of: whom feeds have in mapped groups, how people and their accounts stand, and what
//! was agreed on. One person is held at a time, so that memory follows the difference and not the feed.

use std::collections::{BTreeMap, BTreeSet};

use directory::{AccountStatus, AccountType, GroupId, OUTSIDE, Ordinal, Snapshot, Status};

use crate::feeds::accounts::difference::{Concerned, Difference, Filled, Standing, Theirs};
use crate::nouns::feed_account::{EVERY_FEED, LeftAlone, LinkHow, Mapping, Target, Who};
use crate::nouns::feed_person::PersonState;
use crate::store::error::StoreError;
use crate::store::feed_agreed::{self, Word};
use crate::store::tx::Tx;
use crate::store::{feed_mappings, feed_plans};

/// What one look at a feed needs to know besides the people.
struct Look<'a> {
    feed: i64,
    snapshot: &'a Snapshot,
    filled: Filled,
    /// Groups by feed and code.
    mapped: BTreeMap<(i64, String), Vec<GroupId>>,
    /// Memberships in mapped groups: person, feed, code by its place. In order.
    members: Vec<(i64, i64, u32)>,
    codes: Vec<String>,
    /// Accounts by the key of their address: whether it is verified does not count here.
    addresses: BTreeSet<String>,
    /// Whose accounts are somebody's, and addresses of people of the feeds; only while there are owned groups.
    linked: BTreeSet<Ordinal>,
    claimed: BTreeSet<String>,
}

/// What is to be done for a feed, with the run applied last and the newest plan's place and digest.
pub(super) fn difference(tx: &mut Tx, feed: i64, snapshot: &Snapshot) -> Result<Difference, StoreError> {
    let mappings = feed_mappings::all(tx)?;
    let mut look = Look::new(feed, &mappings, snapshot);
    let mut members = Vec::new();
    let mut codes: BTreeMap<String, u32> = BTreeMap::new();
    feed_agreed::each_mapped(tx, |person, of, code| {
        let place = match codes.get(code) {
            Some(place) => *place,
            None => {
                let place = u32::try_from(codes.len()).unwrap_or(u32::MAX);
                codes.insert(code.to_owned(), place);
                place
            }
        };
        members.push((person, of, place));
    })?;
    let mut by_place: Vec<(u32, String)> = codes.into_iter().map(|(code, place)| (place, code)).collect();
    by_place.sort_unstable();
    look.codes = by_place.into_iter().map(|(_, code)| code).collect();
    look.members = members;
    let agreed = feed_agreed::of_feed(tx, feed)?;
    let mut difference = Difference::default();
    let gone = mappings.iter().filter(|mapping| mapping.feed == feed || mapping.feed == EVERY_FEED);
    for _ in gone.filter(|mapping| !exists(snapshot, &mapping.group)) {
        difference.leave(LeftAlone::GroupGone);
    }
    let nothing = BTreeMap::new();
    let mut person: Option<Somebody> = None;
    let end = |look: &mut Look<'_>, somebody: Somebody, difference: &mut Difference| {
        let of_them = agreed.get(&Who::Person(somebody.number)).unwrap_or(&nothing);
        look.note(&somebody);
        if let Some(concerned) = look.concerned(&somebody, !of_them.is_empty()) {
            let before = difference.steps.len();
            difference.add_person(&concerned, of_them, &look.filled);
            if difference.steps.len() > before {
                let account = somebody.linked.as_deref().and_then(|id| look.snapshot.account(id));
                difference.reached.insert(somebody.number, (account, somebody.email_key));
            }
        }
    };
    feed_agreed::each(tx, |word| {
        if person.as_ref().is_some_and(|person| person.number != word.person)
            && let Some(known) = person.take()
        {
            end(&mut look, known, &mut difference);
        }
        person.get_or_insert_with(|| Somebody::of(&word)).hear(&word, look.feed);
    })?;
    if let Some(known) = person.take() {
        end(&mut look, known, &mut difference);
    }
    for group in look.filled.owned.clone() {
        look.strangers(&group, &agreed, &mut difference);
    }
    Ok(difference)
}

/// The place of a feed's newest plan, and its digest; 0 when there is none.
pub(super) fn newest(tx: &mut Tx, feed: i64) -> Result<(u64, Option<[u8; 32]>), StoreError> {
    Ok(feed_plans::newest(tx, feed)?.map_or((0, None), |plan| (plan.place, Some(plan.digest))))
}

/// Whether a group is there.
pub(super) fn exists(snapshot: &Snapshot, group: &GroupId) -> bool {
    let row = snapshot.group(group.as_str()).and_then(|group| snapshot.group_row(group));
    row.is_some_and(|row| row.group.is_some())
}

/// A person as the feeds tell them, word by word.
struct Somebody {
    number: i64,
    state: PersonState,
    email_key: String,
    linked: Option<String>,
    how: Option<LinkHow>,
    is_unclear: bool,
    in_any: bool,
    /// The feed that had them last, with the run in which they were missing.
    left_last: Option<(i64, i64)>,
    run: Option<i64>,
    told: bool,
}

impl Somebody {
    fn of(word: &Word<'_>) -> Somebody {
        Somebody {
            number: word.person,
            state: word.state,
            email_key: word.email_key.to_owned(),
            linked: word.linked.map(str::to_owned),
            how: word.how,
            is_unclear: word.is_unclear,
            in_any: false,
            left_last: None,
            run: None,
            told: false,
        }
    }

    fn hear(&mut self, word: &Word<'_>, feed: i64) {
        self.in_any |= word.in_feed;
        if let Some(run) = word.left_run.filter(|_| !word.in_feed)
            && self.left_last.is_none_or(|(_, last)| last < run)
        {
            self.left_last = Some((word.feed, run));
        }
        if word.feed == feed {
            self.told = true;
            self.run = if word.in_feed { Some(word.applied_run) } else { word.left_run };
        }
    }
}

impl<'a> Look<'a> {
    fn new(feed: i64, mappings: &[Mapping], snapshot: &'a Snapshot) -> Look<'a> {
        let mut filled = Filled::default();
        let mut mapped: BTreeMap<(i64, String), Vec<GroupId>> = BTreeMap::new();
        for mapping in mappings.iter().filter(|mapping| exists(snapshot, &mapping.group)) {
            mapped.entry((mapping.feed, mapping.code.clone())).or_default().push(mapping.group.clone());
            if mapping.feed == feed || mapping.feed == EVERY_FEED {
                filled.groups.entry(mapping.group.clone()).or_insert_with(|| mapping.code.clone());
                if mapping.owned {
                    filled.owned.insert(mapping.group.clone());
                }
            }
        }
        let addresses = snapshot.present();
        let addresses = addresses.iter().filter_map(|account| snapshot.email_key(account)).map(str::to_owned).collect();
        Look {
            feed,
            snapshot,
            filled,
            mapped,
            members: Vec::new(),
            codes: Vec::new(),
            addresses,
            linked: BTreeSet::new(),
            claimed: BTreeSet::new(),
        }
    }

    /// Remembers whose account and address are somebody's, for the members of owned groups.
    fn note(&mut self, somebody: &Somebody) {
        if self.filled.owned.is_empty() {
            return;
        }
        self.linked.extend(somebody.linked.as_deref().and_then(|id| self.snapshot.account(id)));
        if !somebody.email_key.is_empty() && somebody.linked.is_none() {
            self.claimed.insert(somebody.email_key.clone());
        }
    }

    /// The person as far as this feed is concerned; none when nothing can come of them.
    fn concerned(&self, somebody: &Somebody, is_agreed: bool) -> Option<Concerned> {
        let (mut wants, mut elsewhere) = (BTreeMap::new(), BTreeSet::new());
        let from = self.members.partition_point(|(person, ..)| *person < somebody.number);
        let theirs = self.members.get(from..).unwrap_or_default();
        for (_, feed, code) in theirs.iter().take_while(|(person, ..)| *person == somebody.number) {
            let Some(code) = self.codes.get(*code as usize) else { continue };
            for of in [*feed, EVERY_FEED] {
                for group in self.mapped.get(&(of, code.clone())).into_iter().flatten() {
                    if *feed == self.feed {
                        wants.insert(group.clone(), code.clone());
                    } else {
                        elsewhere.insert(group.clone());
                    }
                }
            }
        }
        let had_last = somebody.left_last.is_some_and(|(feed, _)| feed == self.feed);
        let owned = !self.filled.owned.is_empty() && somebody.linked.is_some();
        if !somebody.told && !is_agreed && !owned {
            return None;
        }
        Some(Concerned {
            number: somebody.number,
            state: somebody.state,
            in_any: somebody.in_any,
            had_last,
            run: somebody.run,
            theirs: self.theirs(somebody),
            wants,
            elsewhere,
        })
    }

    fn theirs(&self, somebody: &Somebody) -> Theirs {
        let linked = somebody.linked.as_deref();
        if let Some(account) = linked.and_then(|id| self.snapshot.account(id)) {
            let groups = self.filled.groups.keys().filter(|group| self.is_in(account, group)).cloned().collect();
            return Theirs::Linked(standing(self.snapshot, account), groups);
        }
        match somebody.how {
            _ if linked.is_some() => Theirs::Linked(Standing::Other, BTreeSet::new()),
            Some(LinkHow::Apart) => Theirs::Apart,
            _ if somebody.is_unclear => Theirs::Unclear,
            _ if somebody.email_key.is_empty() => Theirs::NoAddress,
            _ if self.addresses.contains(&somebody.email_key) => Theirs::Unverified,
            _ => Theirs::Unknown,
        }
    }

    fn is_in(&self, account: Ordinal, group: &GroupId) -> bool {
        let group = self.snapshot.group(group.as_str());
        group.is_some_and(|group| self.snapshot.memberships().contains(account, group))
    }

    /// Members of an owned group whom nobody of the feeds is linked to.
    fn strangers(
        &self,
        group: &GroupId,
        agreed: &BTreeMap<Who, BTreeMap<Target, crate::nouns::feed_account::Agreed>>,
        difference: &mut Difference,
    ) {
        let Some(ordinal) = self.snapshot.group(group.as_str()) else { return };
        for account in self.snapshot.memberships().members(ordinal) {
            let row = self.snapshot.account_row(account);
            let person = row.is_some_and(|row| row.account_type == Some(&AccountType::Atlassian));
            let active = standing(self.snapshot, account) == Standing::Active;
            let Some(id) = self.snapshot.account_id(account).filter(|_| person && active) else { continue };
            if self.linked.contains(&account) {
                continue;
            }
            let known = self.snapshot.email_key(account).is_none_or(|address| self.claimed.contains(address));
            let of_them = agreed.get(&Who::Account(id.clone()));
            let settled = of_them.and_then(|of| of.get(&Target::Group(group.clone()))).copied();
            difference.add_stranger((&id, group), (settled, known), &self.filled);
        }
    }
}

/// How an account stands.
pub(super) fn standing(snapshot: &Snapshot, account: Ordinal) -> Standing {
    let inside = (0..).zip(snapshot.directories()).filter(|(_, directory)| directory.id.as_str() != OUTSIDE);
    let presences: Vec<_> = inside.filter_map(|(directory, _)| snapshot.presence(directory, account)).collect();
    let any = |status: Status| presences.iter().any(|presence| presence.status == Some(status.clone()));
    let closed = snapshot.account_row(account).and_then(|row| row.account_status.cloned());
    if presences.is_empty() {
        // A managed account outside all directories is known by its address, and is not invited by it.
        if snapshot.best_presence(account).is_some() { Standing::Other } else { Standing::Outside }
    } else if matches!(closed, Some(AccountStatus::Inactive | AccountStatus::Closed)) {
        Standing::Other
    } else if any(Status::Active) {
        Standing::Active
    } else if any(Status::Suspended) {
        Standing::Suspended
    } else {
        Standing::Other
    }
}
