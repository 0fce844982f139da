//! Reads residues back from their compact form: the twin of `write`. What does not fit is unreadable, never guessed.

use directory::{
    AccountId, Activity, DirectRole, Directory, DirectoryId, Field, Grant, Group, GroupCounts, GroupId, ManagedBy,
    MembershipStatus, Observed, Ordinal, PackedProfile, PlatformRole, Presence, Reading, Resource, ResourceId, Role,
    RoleMethod, SeenAccount, Status,
};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::store::codec::{Read, Unreadable, unpack_bitmap};

/// Takes values from the front of a buffer.
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Read<u8> {
        let (first, rest) = self.bytes.split_first().ok_or(Unreadable)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Read<u64> {
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

    pub(super) fn ordinal(&mut self) -> Read<Ordinal> {
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

    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
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

    pub(super) fn residue(&mut self) -> Read<Residue> {
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
            13 => Residue::RestartedMembers { group: self.ordinal()? },
            _ => return Err(Unreadable),
        })
    }
}
