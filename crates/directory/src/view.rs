//! What is shown of a snapshot: without the sites that somebody has left out, and with what is protected.
//!
//! Access, direct roles and activity on a site that is left out are not in the view, so that everything answered from it
//! agrees. A view is for answering alone: it must never be what a sync compares with or moves forward.

use std::collections::BTreeSet;
use std::sync::Arc;

use columns::{Order, Ordinal};
use roaring::RoaringBitmap;

use crate::id::{AccountId, GroupId};
use crate::snapshot::Snapshot;

/// What people have decided about an organization that Atlassian does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Sites that are left out, by cloud id.
    pub left_out: BTreeSet<Box<str>>,
    /// People whom nothing of Rollcall may touch.
    pub protected_people: BTreeSet<AccountId>,
    /// Groups that nothing of Rollcall may touch.
    pub protected_groups: BTreeSet<GroupId>,
}

/// The marks of a view as its ordinals, and what the view does not show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marked {
    pub(crate) people: RoaringBitmap,
    pub(crate) groups: RoaringBitmap,
    resources: RoaringBitmap,
    /// Groups that grant something on a site that is left out.
    pub(crate) granting: RoaringBitmap,
    /// Who has used something on such a site.
    pub(crate) used: RoaringBitmap,
}

impl Snapshot {
    /// The view of this snapshot with these marks.
    #[must_use]
    pub fn shown(&self, marks: &Marks) -> Snapshot {
        if *marks == Marks::default() {
            return self.clone();
        }
        let left_out = |resource: &Ordinal| {
            self.resources.get(*resource as usize).is_some_and(|named| marks.left_out.contains(named.id.site()))
        };
        let resources: RoaringBitmap = (0..self.resources.len() as Ordinal).filter(left_out).collect();
        let mut view = Snapshot { index: Arc::default(), ..self.clone() };
        let mut marked = Marked {
            people: marks.protected_people.iter().filter_map(|id| self.account(id.as_str())).collect(),
            groups: marks.protected_groups.iter().filter_map(|id| self.group(id.as_str())).collect(),
            ..Marked::default()
        };
        if !resources.is_empty() {
            let there = |resource: Ordinal| resources.contains(resource);
            let granting = |(_, grants): &(&Ordinal, &Vec<_>)| {
                grants.iter().any(|grant: &crate::access::Grant| there(grant.resource))
            };
            marked.granting = self.grants.iter().filter(granting).map(|(group, _)| *group).collect();
            view.grants = Arc::new(without(&self.grants, |grant| there(grant.resource)));
            view.direct = Arc::new(without(&self.direct, |role| there(role.resource)));
            let (activity, used) = self.people.activity.without(&resources);
            marked.used = used;
            view.people.activity = activity;
            let last = |account| view.people.activity.last(account);
            view.people.by_last_active =
                Order::build(0..self.people.ids.len() as Ordinal, |a, b| last(a).cmp(&last(b)));
        }
        marked.resources = resources;
        view.marked = Arc::new(marked);
        view
    }

    /// Whether a resource is on a site that is left out.
    pub fn is_left_out(&self, resource: Ordinal) -> bool {
        self.marked.resources.contains(resource)
    }

    /// The short names of sites that are left out, in alphabetical order.
    pub fn left_out_sites(&self) -> Vec<&str> {
        let named = self.marked.resources.iter().filter_map(|resource| self.resources.get(resource as usize));
        let mut sites: Vec<&str> = named.map(|resource| resource.site_name()).collect();
        sites.sort_unstable();
        sites.dedup();
        sites
    }

    /// Whether a group grants something on a site that is left out, which [`Snapshot::grants`] does not tell.
    pub fn grants_elsewhere(&self, group: Ordinal) -> bool {
        self.marked.granting.contains(group)
    }

    /// Whether somebody is protected.
    pub fn is_protected(&self, account: Ordinal) -> bool {
        self.marked.people.contains(account)
    }

    /// Whether a group is protected.
    pub fn is_protected_group(&self, group: Ordinal) -> bool {
        self.marked.groups.contains(group)
    }
}

fn without<T: Clone>(
    lists: &std::collections::BTreeMap<Ordinal, Vec<T>>,
    drop: impl Fn(&T) -> bool,
) -> std::collections::BTreeMap<Ordinal, Vec<T>> {
    let rest = |(owner, list): (&Ordinal, &Vec<T>)| {
        let kept: Vec<T> = list.iter().filter(|item| !drop(item)).cloned().collect();
        (!kept.is_empty()).then_some((*owner, kept))
    };
    lists.iter().filter_map(rest).collect()
}
