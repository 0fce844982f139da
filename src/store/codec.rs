//! The compact form of residues and deltas inside a database: variable-length numbers and counted texts, compressed.
//!
//! Written and read only here; a value that cannot be read back is a fault of the database, never a guess.

use directory::{
    AccountId, Activity, DirectRole, Directory, DirectoryId, Field, Grant, Group, GroupCounts, GroupId, ManagedBy,
    MembershipStatus, Observed, Ordinal, PackedProfile, PlatformRole, Presence, Reading, Resource, ResourceId, Role,
    RoleMethod, SeenAccount, Status,
};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;

/// The first byte of what is written: raised when the form changes, so that an old residue is told from a new one.
const FORM: u8 = 1;
/// What one value may unpack to, a bound against a damaged length.
const LARGEST: usize = 1 << 30;

/// A stored value cannot be read back: damaged, or of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

type Read<T> = Result<T, Unreadable>;

/// Residues on their way into one row, in their compact form.
#[derive(Clone, Debug, Default)]
pub struct Packing {
    bytes: Vec<u8>,
    residues: u64,
}

impl Packing {
    /// Adds a residue.
    pub fn push(&mut self, residue: &Residue) {
        let mut writer = Writer { bytes: std::mem::take(&mut self.bytes) };
        writer.residue(residue);
        self.bytes = writer.bytes;
        self.residues += 1;
    }

    /// Bytes so far, before compression.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.residues == 0
    }

    pub(super) fn packed(&self) -> Vec<u8> {
        let mut writer = Writer { bytes: Vec::with_capacity(self.bytes.len() + 11) };
        writer.bytes.push(FORM);
        writer.number(self.residues);
        writer.bytes.extend_from_slice(&self.bytes);
        // In-memory compression at a valid level fails only without memory, which ends the process anyway.
        zstd::bulk::compress(&writer.bytes, 1).unwrap_or_default()
    }
}

/// Unpacks what a [`Packing`] made.
///
/// # Errors
/// Damaged, or of another version.
pub(super) fn unpack(packed: &[u8]) -> Read<Vec<Residue>> {
    let bytes = zstd::stream::decode_all(packed).map_err(|_| Unreadable)?;
    if bytes.len() > LARGEST {
        return Err(Unreadable);
    }
    let mut reader = Reader { bytes: &bytes };
    if reader.byte()? != FORM {
        return Err(Unreadable);
    }
    let residues = reader.list(Reader::residue)?;
    if reader.bytes.is_empty() { Ok(residues) } else { Err(Unreadable) }
}

/// A bitmap in roaring's portable form.
pub(super) fn pack_bitmap(bitmap: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    // Writing into memory cannot fail.
    let _ = bitmap.serialize_into(&mut bytes);
    bytes
}

/// Reads what [`pack_bitmap`] made.
///
/// # Errors
/// Damaged.
pub(super) fn unpack_bitmap(bytes: &[u8]) -> Read<RoaringBitmap> {
    RoaringBitmap::deserialize_from(bytes).map_err(|_| Unreadable)
}

struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn number(&mut self, mut number: u64) {
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

    fn residue(&mut self, residue: &Residue) {
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
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.bytes.split_first().ok_or(Unreadable)?;
        self.bytes = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Read<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Unreadable)
    }

    fn signed(&mut self) -> Read<i64> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn ordinal(&mut self) -> Read<Ordinal> {
        Ordinal::try_from(self.number()?).map_err(|_| Unreadable)
    }

    fn take(&mut self, len: u64) -> Read<&'a [u8]> {
        let len = usize::try_from(len).map_err(|_| Unreadable)?;
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or(Unreadable)?;
        self.bytes = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Read<&'a str> {
        let len = self.number()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Unreadable)
    }

    fn optional(&mut self) -> Read<Option<&'a str>> {
        match self.number()? {
            0 => Ok(None),
            len => std::str::from_utf8(self.take(len - 1)?).map(Some).map_err(|_| Unreadable),
        }
    }

    fn boxed(&mut self) -> Read<Option<Box<str>>> {
        Ok(self.optional()?.map(Into::into))
    }

    fn flag(&mut self) -> Read<Option<bool>> {
        match self.byte()? {
            0 => Ok(Some(false)),
            1 => Ok(Some(true)),
            2 => Ok(None),
            _ => Err(Unreadable),
        }
    }

    fn yes(&mut self) -> Read<bool> {
        self.flag()?.ok_or(Unreadable)
    }

    fn moment(&mut self) -> Read<Timestamp> {
        Timestamp::from_microsecond(self.signed()?).map_err(|_| Unreadable)
    }

    fn bitmap(&mut self) -> Read<RoaringBitmap> {
        let len = self.number()?;
        unpack_bitmap(self.take(len)?)
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let len = self.number()?;
        let mut list = Vec::with_capacity(usize::try_from(len).map_err(|_| Unreadable)?.min(self.bytes.len()));
        for _ in 0..len {
            list.push(item(self)?);
        }
        Ok(list)
    }

    fn ordinals(&mut self) -> Read<Vec<Ordinal>> {
        let mut before: Ordinal = 0;
        self.list(|reader| {
            before = before.wrapping_add(reader.ordinal()?);
            Ok(before)
        })
    }

    fn field<T>(&mut self, value: impl FnOnce(&mut Self) -> Read<T>) -> Read<Field<T>> {
        let kind = self.byte()?;
        if kind == 0 {
            return Ok(None);
        }
        let asked_at = self.moment()?;
        let value = match kind {
            1 => Reading::Same,
            2 => Reading::Now(value(self)?),
            _ => return Err(Unreadable),
        };
        Ok(Some(Observed { asked_at, value }))
    }

    fn account_id(&mut self) -> Read<AccountId> {
        AccountId::new(self.text()?).map_err(|_| Unreadable)
    }

    fn group_id(&mut self) -> Read<GroupId> {
        GroupId::new(self.text()?).map_err(|_| Unreadable)
    }

    fn directory_id(&mut self) -> Read<DirectoryId> {
        DirectoryId::new(self.text()?).map_err(|_| Unreadable)
    }

    fn resource_id(&mut self) -> Read<ResourceId> {
        ResourceId::new(self.text()?).map_err(|_| Unreadable)
    }

    fn account(&mut self) -> Read<SeenAccount> {
        Ok(SeenAccount {
            id: self.account_id()?,
            profile: self.field(Reader::profile)?,
            presence: self.field(|reader| {
                Ok(Presence {
                    membership: reader.optional()?.map(MembershipStatus::parse),
                    status: reader.optional()?.map(Status::parse),
                })
            })?,
            roles: self.field(|reader| reader.list(|reader| Ok(PlatformRole::parse(reader.text()?))))?,
            activity: self.field(|reader| {
                reader.list(|reader| Ok(Activity { resource: reader.ordinal()?, at: reader.signed()? }))
            })?,
            groups: self.field(Reader::ordinals)?,
            counted_resources: self.field(Reader::ordinal)?,
        })
    }

    fn profile(&mut self) -> Read<PackedProfile> {
        let len = self.number()?;
        PackedProfile::from_bytes(self.take(len)?).ok_or(Unreadable)
    }

    fn group(&mut self) -> Read<(Ordinal, Group, GroupCounts)> {
        let reference = self.ordinal()?;
        let group = Group {
            name: self.text()?.into(),
            description: self.boxed()?,
            synced: self.flag()?,
            managed_by: self.optional()?.map(ManagedBy::parse),
            modifiable: self.flag()?,
            deletable: self.flag()?,
            unknown: self.boxed()?,
        };
        let counts = GroupCounts { users: self.count()?, resources: self.count()? };
        Ok((reference, group, counts))
    }

    fn count(&mut self) -> Read<Option<u32>> {
        match self.number()? {
            0 => Ok(None),
            count => u32::try_from(count - 1).map(Some).map_err(|_| Unreadable),
        }
    }

    fn residue(&mut self) -> Read<Residue> {
        Ok(match self.byte()? {
            0 => Residue::Directories(
                self.list(|reader| Ok(Directory { id: reader.directory_id()?, name: reader.text()?.into() }))?,
            ),
            1 => Residue::Resources(self.list(|reader| {
                let (id, name, host_url, status) =
                    (reader.resource_id()?, reader.boxed()?, reader.boxed()?, reader.boxed()?);
                let (known, capacity) = (reader.yes()?, reader.signed()?);
                Ok(Resource { id, name, host_url, status, capacity: known.then_some(capacity) })
            })?),
            2 => Residue::Names { groups: self.list(Reader::group_id)?, resources: self.list(Reader::resource_id)? },
            3 => Residue::Accounts {
                directory: self.directory_id()?,
                listed: self.bitmap()?,
                records: self.list(Reader::account)?,
            },
            4 => Residue::Groups {
                directory: self.directory_id()?,
                listed: self.bitmap()?,
                groups: self.list(Reader::group)?,
            },
            5 => Residue::Grants {
                group: self.ordinal()?,
                grants: self.list(|reader| {
                    let (resource, role) = (reader.ordinal()?, Role::parse(reader.text()?));
                    Ok(Grant { resource, role, default: reader.yes()? })
                })?,
            },
            6 => {
                let (account, read) = (self.account_id()?, self.yes()?);
                let roles = self.list(|reader| {
                    let (resource, role) = (reader.ordinal()?, Role::parse(reader.text()?));
                    Ok(DirectRole { resource, role, method: RoleMethod::parse(reader.text()?) })
                })?;
                Residue::Direct { account, roles: read.then_some(roles) }
            }
            7 => Residue::Gone { directory: self.directory_id()?, accounts: self.bitmap()? },
            8 => Residue::GoneGroups { directory: self.directory_id()?, groups: self.bitmap()? },
            9 => Residue::Members { group: self.ordinal()?, accounts: self.list(Reader::account_id)? },
            10 => Residue::Distrusted { group: self.ordinal()? },
            11 => Residue::RestartedAccounts { directory: self.directory_id()? },
            12 => Residue::RestartedGroups { directory: self.directory_id()? },
            _ => return Err(Unreadable),
        })
    }
}

#[cfg(test)]
mod tests {
    use directory::{AccountStatus, Profile};

    use super::*;

    fn pack(residues: &[Residue]) -> Vec<u8> {
        let mut packing = Packing::default();
        residues.iter().for_each(|residue| packing.push(residue));
        packing.packed()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn every_kind() -> Vec<Residue> {
        let directory = DirectoryId::new("d-1").unwrap();
        let account = AccountId::new("557058:ä").unwrap();
        let observed = |second| Some(Observed { asked_at: at(second), value: Reading::Same });
        let profile = Profile {
            account_status: Some(AccountStatus::Other("odd".into())),
            email: Some("".into()),
            email_verified: Some(false),
            added_at: Some(at(-5)),
            unknown: Some("{\"x\":1}".into()),
            ..Profile::named("王 \u{202e}")
        };
        let changed = SeenAccount {
            id: account.clone(),
            profile: Some(Observed { asked_at: at(7), value: Reading::Now(PackedProfile::new(&profile)) }),
            presence: Some(Observed {
                asked_at: at(7),
                value: Reading::Now(Presence { membership: None, status: Some(Status::Suspended) }),
            }),
            roles: Some(Observed { asked_at: at(7), value: Reading::Now(vec![PlatformRole::SiteAdmin]) }),
            activity: Some(Observed { asked_at: at(7), value: Reading::Now(vec![Activity { resource: 9, at: -1 }]) }),
            groups: Some(Observed { asked_at: at(7), value: Reading::Now(vec![1, 70_000, 3_000_000_000]) }),
            counted_resources: Some(Observed { asked_at: at(7), value: Reading::Now(3) }),
        };
        let unread = SeenAccount {
            id: account.clone(),
            profile: observed(1),
            presence: None,
            roles: None,
            activity: None,
            groups: None,
            counted_resources: None,
        };
        let grant = Grant { resource: 1, role: Role::Other("x".into()), default: true };
        let direct = DirectRole { resource: 2, role: Role::Admin, method: RoleMethod::Direct };
        let counts = GroupCounts { users: Some(0), resources: None };
        vec![
            Residue::Directories(vec![Directory { id: directory.clone(), name: "D".into() }]),
            Residue::Resources(vec![Resource {
                capacity: Some(-3),
                ..Resource::unnamed(ResourceId::new("r").unwrap())
            }]),
            Residue::Names { groups: vec![GroupId::new("g").unwrap()], resources: vec![ResourceId::new("r").unwrap()] },
            Residue::Accounts {
                directory: directory.clone(),
                listed: (0..100_000).collect(),
                records: vec![changed, unread],
            },
            Residue::Groups {
                directory: directory.clone(),
                listed: RoaringBitmap::new(),
                groups: vec![(4, Group::named("g"), counts)],
            },
            Residue::Grants { group: 4, grants: vec![grant] },
            Residue::Direct { account: account.clone(), roles: Some(vec![direct]) },
            Residue::Direct { account: account.clone(), roles: None },
            Residue::Gone { directory: directory.clone(), accounts: [5].into_iter().collect() },
            Residue::GoneGroups { directory: directory.clone(), groups: [6].into_iter().collect() },
            Residue::RestartedAccounts { directory: directory.clone() },
            Residue::RestartedGroups { directory },
            Residue::Members { group: 4, accounts: vec![account] },
            Residue::Distrusted { group: 8 },
        ]
    }

    #[test]
    fn every_residue_reads_back_as_it_was() {
        assert_eq!(unpack(&pack(&every_kind())), Ok(every_kind()));
    }

    #[test]
    fn a_damaged_residue_is_refused_and_never_guessed() {
        let mut plain = Writer { bytes: vec![FORM] };
        plain.number(every_kind().len() as u64);
        every_kind().iter().for_each(|residue| plain.residue(residue));
        for cut in (0..plain.bytes.len()).step_by(7) {
            let packed = zstd::bulk::compress(&plain.bytes[..cut], 1).unwrap();
            assert_eq!(unpack(&packed), Err(Unreadable), "cut at {cut}");
        }
        assert_eq!(unpack(b"not zstd"), Err(Unreadable));
        plain.bytes[0] = FORM + 1;
        assert_eq!(unpack(&zstd::bulk::compress(&plain.bytes, 1).unwrap()), Err(Unreadable));
    }

    #[test]
    fn a_page_without_news_takes_few_bytes() {
        let listed: RoaringBitmap = (5_000..5_100).collect();
        let directory = DirectoryId::new("6f1d0c1e-2222-4333-8444-555566667777").unwrap();
        let mut listed = listed;
        listed.optimize();
        let packed = pack(&[Residue::Accounts { directory, listed, records: Vec::new() }]);
        assert!(packed.len() < 300, "{} bytes", packed.len());
    }
}
