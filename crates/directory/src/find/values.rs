//! What apps, sites, roles and domains there are in a snapshot, as they are written in a filter, each with its people.
//! Made once for a snapshot; completion and facets read it.

use std::collections::BTreeMap;

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::find::index::Index;
use crate::find::name::{app_word, role_word};
use crate::find::test::way_word;
use crate::snapshot::Snapshot;

/// A value that people have.
#[derive(Debug)]
pub(crate) struct Named {
    /// As it is written in a filter, unquoted.
    pub(crate) word: String,
    /// As it is shown.
    pub(crate) label: String,
    /// Who has it, former people included.
    pub(crate) people: RoaringBitmap,
}

/// All values of fields that have few.
#[derive(Debug, Default)]
pub(crate) struct Values {
    /// Apps on any site.
    pub(crate) apps: Vec<Named>,
    /// Apps on one site.
    pub(crate) apps_on_sites: Vec<Named>,
    pub(crate) sites: Vec<Named>,
    pub(crate) roles: Vec<Named>,
    pub(crate) ways: Vec<Named>,
    pub(crate) platform_roles: Vec<Named>,
    /// Groups that exist, those with most members first.
    pub(crate) groups: Vec<Ordinal>,
    /// Names of groups, each by a group of that name and with the members of all of them; the most members first.
    pub(crate) names: Vec<(Ordinal, u64)>,
    /// Places of the domains among [`Index::domains`], those with most people first.
    pub(crate) domains: Vec<usize>,
}

impl Values {
    pub(crate) fn of(snapshot: &Snapshot, index: &Index) -> Values {
        let reach = index.reach(snapshot);
        let (mut apps, mut both, mut sites) = (Gathered::default(), Gathered::default(), Gathered::default());
        for (place, (resource, people)) in (0..).zip(snapshot.resources().iter().zip(&reach.any)) {
            if snapshot.is_left_out(place) {
                continue;
            }
            let (app, site) = (resource.id.app_name(), resource.site_name());
            apps.add(app_word(app), app, people);
            both.add(format!("{}@{site}", app_word(app)), &format!("{app} on {site}"), people);
            sites.add(site.to_owned(), site, people);
        }
        let (mut roles, mut ways, mut platform_roles) = (Gathered::default(), Gathered::default(), Gathered::default());
        for ((_, role), people) in &reach.roles {
            roles.add(role_word(role.as_str()).to_owned(), role_word(role.as_str()), people);
        }
        for ((_, way), people) in &reach.ways {
            ways.add(way_word(way.as_str()).to_owned(), way_word(way.as_str()), people);
        }
        for (role, people) in &snapshot.people.roles {
            platform_roles.add(role_word(role.as_str()).to_owned(), role_word(role.as_str()), people);
        }
        let members = |group: &Ordinal| snapshot.memberships.members(*group).len();
        let mut groups: Vec<Ordinal> = snapshot.groups_by_name().iter().collect();
        groups.sort_by_cached_key(|group| std::cmp::Reverse(members(group)));
        let domain_sizes: Vec<u64> = index.domains(snapshot).values().map(|(_, people)| people.len()).collect();
        let mut domains: Vec<usize> = (0..domain_sizes.len()).collect();
        domains.sort_by_key(|place| std::cmp::Reverse(domain_sizes[*place]));
        Values {
            apps: apps.finish(),
            apps_on_sites: both.finish(),
            sites: sites.finish(),
            roles: roles.finish(),
            ways: ways.finish(),
            platform_roles: platform_roles.finish(),
            names: names(snapshot),
            groups,
            domains,
        }
    }
}

fn names(snapshot: &Snapshot) -> Vec<(Ordinal, u64)> {
    let name = |group: Ordinal| Some(&*snapshot.group_row(group)?.group.as_ref()?.name);
    let mut names: Vec<(Ordinal, u64)> = Vec::new();
    for group in snapshot.groups_by_name().iter().filter(|group| name(*group).is_some()) {
        let members = snapshot.memberships().members(group).len();
        // Groups of one name stand side by side.
        match names.last_mut().filter(|(last, _)| name(*last) == name(group)) {
            Some((_, all)) => *all += members,
            None => names.push((group, members)),
        }
    }
    names.sort_by_key(|(group, members)| (std::cmp::Reverse(*members), name(*group)));
    names
}

/// Values by word; people of one word that is met several times are put together.
#[derive(Default)]
struct Gathered(BTreeMap<String, (String, RoaringBitmap)>);

impl Gathered {
    fn add(&mut self, word: String, label: &str, people: &RoaringBitmap) {
        let (_, all) = self.0.entry(word).or_insert_with(|| (label.to_owned(), RoaringBitmap::new()));
        *all |= people;
    }

    fn finish(self) -> Vec<Named> {
        self.0.into_iter().map(|(word, (label, people))| Named { word, label, people }).collect()
    }
}
