//! How the people that a filter finds are spread over apps, sites, groups and the like: counts to narrow a filter by.

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::account::{Claimed, Status};
use crate::find::field::{FORMER, OTHER};
use crate::find::index::with;
use crate::find::values::Named;
use crate::snapshot::Snapshot;

/// A value and how many of the people have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// As it is written in a filter, unquoted.
    pub value: String,
    /// As it is shown.
    pub label: String,
    /// How many have it; never 0.
    pub count: u64,
}

/// The values of one field, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// The field's name in the catalogue.
    pub field: &'static str,
    /// The values shown.
    pub values: Vec<Facet>,
    /// Whether there are values beside these.
    pub more: bool,
    /// How many of the people have no value, or an unknown one.
    pub without: u64,
}

/// How people are spread. A person with several values is counted at each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// Access to apps.
    pub apps: Breakdown,
    /// Access to sites.
    pub sites: Breakdown,
    /// Groups, as many as asked for.
    pub groups: Breakdown,
    /// Status.
    pub statuses: Breakdown,
    /// Domains of addresses, as many as asked for.
    pub domains: Breakdown,
    /// Roles on apps.
    pub roles: Breakdown,
    /// Managed or external.
    pub claims: Breakdown,
}

/// Where at most one in so many is among the people, they are counted one by one: sets as thin as that are lists, and
/// lists take long to intersect. Otherwise the sets of every value are intersected with theirs.
const THIN: u64 = 8;

/// Counts the values that these people have; of groups and domains the `most` most frequent.
pub fn facets(snapshot: &Snapshot, people: &RoaringBitmap, most: usize) -> Facets {
    let index = &snapshot.index;
    let values = index.values(snapshot);
    let nowhere = people.len() - people.intersection_len(index.reaching(snapshot));
    let named = |field, all: &[Named], without| {
        let counts = all.iter().map(|named| (named.people.intersection_len(people), &named.word, &named.label));
        let facets = counts.map(|(count, word, label)| Facet { value: word.clone(), label: label.clone(), count });
        Breakdown::of(field, facets.collect(), without)
    };
    Facets {
        apps: named("app", &values.apps, nowhere),
        sites: named("site", &values.sites, nowhere),
        groups: groups(snapshot, people, most),
        statuses: statuses(snapshot, people),
        domains: domains(snapshot, people, most),
        roles: named("role", &values.roles, nowhere),
        claims: claims(snapshot, people),
    }
}

impl Breakdown {
    fn of(field: &'static str, mut values: Vec<Facet>, without: u64) -> Breakdown {
        values.retain(|facet| facet.count > 0);
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        Breakdown { field, values, more: false, without }
    }
}

fn statuses(snapshot: &Snapshot, people: &RoaringBitmap) -> Breakdown {
    let standing = snapshot.index.standing(snapshot);
    let facet = |word: &str, count| Facet { value: word.to_owned(), label: word.to_owned(), count };
    let mut values: Vec<Facet> = Status::KNOWN
        .iter()
        .map(|status| (status, standing.with(|presence| presence.status.as_ref() == Some(status))))
        .map(|(status, has)| facet(status.as_str(), has.intersection_len(people)))
        .collect();
    let other = standing.with(|presence| matches!(presence.status, Some(Status::Other(_))));
    values.push(facet(OTHER, other.intersection_len(people)));
    values.push(facet(FORMER, people.len() - people.intersection_len(&standing.present)));
    let with_any: u64 = values.iter().map(|facet| facet.count).sum();
    Breakdown::of("status", values, people.len() - with_any)
}

fn claims(snapshot: &Snapshot, people: &RoaringBitmap) -> Breakdown {
    let words = snapshot.index.claimed(snapshot);
    let count = |test: &dyn Fn(&Claimed) -> bool| with(words, test).intersection_len(people);
    let facet = |word: &str, count| Facet { value: word.to_owned(), label: word.to_owned(), count };
    let values = vec![
        facet("managed", count(&|claim| *claim == Claimed::Managed)),
        facet("external", count(&|claim| *claim == Claimed::Unmanaged)),
        facet(OTHER, count(&|claim| matches!(claim, Claimed::Other(_)))),
    ];
    let with_any: u64 = values.iter().map(|facet| facet.count).sum();
    Breakdown::of("claim", values, people.len() - with_any)
}

fn domains(snapshot: &Snapshot, people: &RoaringBitmap, most: usize) -> Breakdown {
    let domains = snapshot.index.domains(snapshot);
    let by_size = &snapshot.index.values(snapshot).domains;
    let sets: Vec<(&str, &RoaringBitmap)> = by_size.iter().filter_map(|place| domains.value(*place)).collect();
    let (top, more) = most_frequent(sets.iter().map(|(_, has)| *has), people, most);
    let facet = |(place, count): (usize, u64)| {
        let (domain, _) = sets[place];
        Facet { value: domain.to_owned(), label: domain.to_owned(), count }
    };
    let without = people.len() - people.intersection_len(domains.rows());
    Breakdown { more, ..Breakdown::of("domain", top.into_iter().map(facet).collect(), without) }
}

fn groups(snapshot: &Snapshot, people: &RoaringBitmap, most: usize) -> Breakdown {
    let by_size = &snapshot.index.values(snapshot).groups;
    let name = |group: Ordinal| {
        snapshot.group_row(group).and_then(|row| row.group.as_ref()).map(|group| &*group.name).unwrap_or_default()
    };
    let (top, more) = if people.len() * THIN <= snapshot.accounts_len() as u64 {
        let mut counts = vec![0_u64; snapshot.groups_len()];
        for account in people {
            for group in snapshot.memberships.of(account) {
                counts[*group as usize] += 1;
            }
        }
        let mut some: Vec<(Ordinal, u64)> =
            by_size.iter().map(|group| (*group, counts[*group as usize])).filter(|(_, count)| *count > 0).collect();
        some.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let more = some.len() > most;
        some.truncate(most);
        (some, more)
    } else {
        let members = by_size.iter().map(|group| snapshot.memberships.members(*group));
        let (top, more) = most_frequent(members, people, most);
        (top.into_iter().map(|(place, count)| (by_size[place], count)).collect(), more)
    };
    let facet =
        |(group, count): (Ordinal, u64)| Facet { value: name(group).to_owned(), label: name(group).to_owned(), count };
    let alone = snapshot.index.group_counts(snapshot).range(0, 0);
    let without = people.intersection_len(&alone);
    Breakdown { more, ..Breakdown::of("group", top.into_iter().map(facet).collect(), without) }
}

/// The places of the `most` sets that share most people, with how many, and whether any other set shares one. The sets
/// come by size, the largest first: a set that is smaller than what was found already need not be looked at.
fn most_frequent<'s>(
    sets: impl Iterator<Item = &'s RoaringBitmap>,
    people: &RoaringBitmap,
    most: usize,
) -> (Vec<(usize, u64)>, bool) {
    let mut best: Vec<(usize, u64)> = Vec::new();
    let mut more = false;
    for (place, set) in sets.enumerate() {
        let least = best.last().map_or(0, |(_, count)| *count);
        if best.len() >= most && set.len() <= least {
            // Only whether there is anything else is still of interest.
            if more {
                break;
            }
            more = !set.is_disjoint(people);
            continue;
        }
        let count = set.intersection_len(people);
        if count == 0 {
            continue;
        }
        let at = best.partition_point(|(_, better)| *better >= count);
        best.insert(at, (place, count));
        if best.len() > most {
            best.truncate(most);
            more = true;
        }
    }
    (best, more)
}
