//! Names of groups and resources as references: ordinals of the snapshot the pass started from, and above them the
//! names first seen in this pass, in order.

use std::collections::HashMap;

use directory::{GroupId, Ordinal, ResourceId, Seen, Snapshot};

use crate::nouns::residue::Residue;

/// The references of one pass.
#[derive(Debug)]
pub struct Names {
    groups: HashMap<Box<str>, Ordinal, foldhash::fast::FixedState>,
    resources: HashMap<Box<str>, Ordinal, foldhash::fast::FixedState>,
    group_ids: Vec<GroupId>,
    resource_ids: Vec<ResourceId>,
    pending_groups: Vec<GroupId>,
    pending_resources: Vec<ResourceId>,
}

impl Names {
    /// The names of the state a pass began from, which the snapshot still has under the same ordinals, and those that
    /// earlier pages of the same pass added.
    pub fn new(snapshot: &Snapshot, seen: &Seen) -> Names {
        let mut names = Names {
            groups: HashMap::default(),
            resources: HashMap::default(),
            group_ids: Vec::new(),
            resource_ids: Vec::new(),
            pending_groups: Vec::new(),
            pending_resources: Vec::new(),
        };
        for group in 0..seen.base_groups {
            if let Some(row) = snapshot.group_row(group) {
                names.add_group(row.id.clone());
            }
        }
        seen.new_groups.iter().for_each(|id| names.add_group(id.clone()));
        for resource in snapshot.resources().iter().take(seen.base_resources as usize) {
            names.add_resource(resource.id.clone());
        }
        seen.new_resources.iter().for_each(|id| names.add_resource(id.clone()));
        names
    }

    /// The reference of a group, given to it at first sight; `None` when the text cannot be an id.
    pub fn group(&mut self, id: &str) -> Option<Ordinal> {
        if let Some(reference) = self.groups.get(id) {
            return Some(*reference);
        }
        let id = GroupId::new(id).ok()?;
        self.pending_groups.push(id.clone());
        self.add_group(id);
        Some(self.group_ids.len() as Ordinal - 1)
    }

    /// The reference of a resource, likewise.
    pub fn resource(&mut self, id: &str) -> Option<Ordinal> {
        if let Some(reference) = self.resources.get(id) {
            return Some(*reference);
        }
        let id = ResourceId::new(id).ok()?;
        self.pending_resources.push(id.clone());
        self.add_resource(id);
        Some(self.resource_ids.len() as Ordinal - 1)
    }

    /// The id of a group by reference.
    pub fn group_id(&self, reference: Ordinal) -> Option<&GroupId> {
        self.group_ids.get(reference as usize)
    }

    /// Names that are new since the last call: they have to be kept before anything that refers to them.
    pub fn take_pending(&mut self) -> Option<Residue> {
        if self.pending_groups.is_empty() && self.pending_resources.is_empty() {
            return None;
        }
        Some(Residue::Names {
            groups: std::mem::take(&mut self.pending_groups),
            resources: std::mem::take(&mut self.pending_resources),
        })
    }

    fn add_group(&mut self, id: GroupId) {
        self.groups.insert(id.as_str().into(), self.group_ids.len() as Ordinal);
        self.group_ids.push(id);
    }

    fn add_resource(&mut self, id: ResourceId) {
        self.resources.insert(id.as_str().into(), self.resource_ids.len() as Ordinal);
        self.resource_ids.push(id);
    }
}
