//! Writes residues in their compact form: the twin of `read`, field by field.

use directory::{
    Field, Group, GroupCounts, ManagedBy, MembershipStatus, Observed, Ordinal, Reading, SeenAccount, Status,
};
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::store::codec::pack_bitmap;

/// Appends values to a buffer.
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn signed(&mut self, number: i64) {
        self.number((number << 1 ^ number >> 63) as u64);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Missing as 0, a text as its length and one.
    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.number(0),
            Some(text) => {
                self.number(text.len() as u64 + 1);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    fn flag(&mut self, flag: Option<bool>) {
        self.bytes.push(flag.map_or(2, u8::from));
    }

    fn bitmap(&mut self, bitmap: &RoaringBitmap) {
        let bytes = pack_bitmap(bitmap);
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(&bytes);
    }

    fn ordinals(&mut self, ordinals: &[Ordinal]) {
        self.number(ordinals.len() as u64);
        let mut before = 0;
        for ordinal in ordinals {
            // Sorted lists become small steps; an unsorted one wraps and is read back all the same.
            self.number(u64::from(ordinal.wrapping_sub(before)));
            before = *ordinal;
        }
    }

    fn field<T>(&mut self, field: &Field<T>, value: impl FnOnce(&mut Writer, &T)) {
        match field {
            None => self.bytes.push(0),
            Some(Observed { asked_at, value: reading }) => {
                self.bytes.push(if matches!(reading, Reading::Same) { 1 } else { 2 });
                self.signed(asked_at.as_microsecond());
                if let Reading::Now(now) = reading {
                    value(self, now);
                }
            }
        }
    }

    fn account(&mut self, account: &SeenAccount) {
        self.text(account.id.as_str());
        self.field(&account.profile, |writer, profile| {
            writer.number(profile.as_bytes().len() as u64);
            writer.bytes.extend_from_slice(profile.as_bytes());
        });
        self.field(&account.presence, |writer, presence| {
            writer.optional(presence.membership.as_ref().map(MembershipStatus::as_str));
            writer.optional(presence.status.as_ref().map(Status::as_str));
        });
        self.field(&account.roles, |writer, roles| {
            writer.number(roles.len() as u64);
            roles.iter().for_each(|role| writer.text(role.as_str()));
        });
        self.field(&account.activity, |writer, activity| {
            writer.number(activity.len() as u64);
            for entry in activity {
                writer.number(u64::from(entry.resource));
                writer.signed(entry.at);
            }
        });
        self.field(&account.groups, |writer, groups| writer.ordinals(groups));
        self.field(&account.counted_resources, |writer, counted| writer.number(u64::from(*counted)));
    }

    fn group(&mut self, reference: Ordinal, group: &Group, counts: &GroupCounts) {
        self.number(u64::from(reference));
        self.text(&group.name);
        self.optional(group.description.as_deref());
        self.flag(group.synced);
        self.optional(group.managed_by.as_ref().map(ManagedBy::as_str));
        self.flag(group.modifiable);
        self.flag(group.deletable);
        self.optional(group.unknown.as_deref());
        for count in [counts.users, counts.resources] {
            self.number(count.map_or(0, |count| u64::from(count) + 1));
        }
    }

    pub(super) fn residue(&mut self, residue: &Residue) {
        match residue {
            Residue::Directories(directories) => {
                self.bytes.push(0);
                self.number(directories.len() as u64);
                for directory in directories {
                    self.text(directory.id.as_str());
                    self.text(&directory.name);
                }
            }
            Residue::Resources(resources) => {
                self.bytes.push(1);
                self.number(resources.len() as u64);
                for resource in resources {
                    self.text(resource.id.as_str());
                    self.optional(resource.name.as_deref());
                    self.optional(resource.host_url.as_deref());
                    self.optional(resource.status.as_deref());
                    self.bytes.push(u8::from(resource.capacity.is_some()));
                    self.signed(resource.capacity.unwrap_or(0));
                }
            }
            Residue::Names { groups, resources } => {
                self.bytes.push(2);
                self.number(groups.len() as u64);
                groups.iter().for_each(|id| self.text(id.as_str()));
                self.number(resources.len() as u64);
                resources.iter().for_each(|id| self.text(id.as_str()));
            }
            Residue::Accounts { directory, listed, records } => {
                self.bytes.push(3);
                self.text(directory.as_str());
                self.bitmap(listed);
                self.number(records.len() as u64);
                records.iter().for_each(|record| self.account(record));
            }
            Residue::Groups { directory, listed, groups } => {
                self.bytes.push(4);
                self.text(directory.as_str());
                self.bitmap(listed);
                self.number(groups.len() as u64);
                groups.iter().for_each(|(reference, group, counts)| self.group(*reference, group, counts));
            }
            Residue::Grants { group, grants } => {
                self.bytes.push(5);
                self.number(u64::from(*group));
                self.number(grants.len() as u64);
                for grant in grants {
                    self.number(u64::from(grant.resource));
                    self.text(grant.role.as_str());
                    self.bytes.push(u8::from(grant.default));
                }
            }
            Residue::Direct { account, roles } => {
                self.bytes.push(6);
                self.text(account.as_str());
                self.bytes.push(u8::from(roles.is_some()));
                let roles = roles.as_deref().unwrap_or(&[]);
                self.number(roles.len() as u64);
                for role in roles {
                    self.number(u64::from(role.resource));
                    self.text(role.role.as_str());
                    self.text(role.method.as_str());
                }
            }
            Residue::Gone { directory, accounts } => {
                self.bytes.push(7);
                self.text(directory.as_str());
                self.bitmap(accounts);
            }
            Residue::GoneGroups { directory, groups } => {
                self.bytes.push(8);
                self.text(directory.as_str());
                self.bitmap(groups);
            }
            Residue::Members { group, accounts } => {
                self.bytes.push(9);
                self.number(u64::from(*group));
                self.number(accounts.len() as u64);
                accounts.iter().for_each(|id| self.text(id.as_str()));
            }
            Residue::Distrusted { group } => {
                self.bytes.push(10);
                self.number(u64::from(*group));
            }
            Residue::RestartedAccounts { directory } => {
                self.bytes.push(11);
                self.text(directory.as_str());
            }
            Residue::RestartedGroups { directory } => {
                self.bytes.push(12);
                self.text(directory.as_str());
            }
            Residue::RestartedMembers { group } => {
                self.bytes.push(13);
                self.number(u64::from(*group));
            }
        }
    }
}
