//! The compact form of residues and lists of changes inside a database: variable-length numbers and counted texts, compressed.
//!
//! Written and read only here; a value that cannot be read back is a fault of the database, never a guess.

pub(super) mod changes;
mod read;
mod write;

use std::io::Read as _;

use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::store::codec::read::Reader;
use crate::store::codec::write::Writer;

/// The first byte of what is written: raised when the form changes, so that an old residue is told from a new one.
const FORM: u8 = 1;
/// What one value may unpack to, a bound against a damaged length.
const LARGEST: u64 = 1 << 30;

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
        compressed(&writer.bytes)
    }
}

/// Unpacks what a [`Packing`] made.
///
/// # Errors
/// Damaged, or of another version.
pub(super) fn unpack(packed: &[u8]) -> Read<Vec<Residue>> {
    let bytes = decompressed(packed)?;
    let mut reader = Reader { bytes: &bytes };
    if reader.byte()? != FORM {
        return Err(Unreadable);
    }
    let residues = reader.list(Reader::residue)?;
    if reader.bytes.is_empty() { Ok(residues) } else { Err(Unreadable) }
}

fn compressed(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).expect("compressing in memory at a valid level needs nothing but memory")
}

/// What was compressed, bounded.
fn decompressed(packed: &[u8]) -> Read<Vec<u8>> {
    let mut bytes = Vec::new();
    let decoder = zstd::stream::Decoder::new(packed).map_err(|_| Unreadable)?;
    decoder.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|_| Unreadable)?;
    if bytes.len() as u64 > LARGEST { Err(Unreadable) } else { Ok(bytes) }
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

#[cfg(test)]
mod tests {
    use directory::{
        AccountId, AccountStatus, Activity, DirectRole, Directory, DirectoryId, Grant, Group, GroupCounts, GroupId,
        Observed, PackedProfile, PlatformRole, Presence, Profile, Reading, Resource, ResourceId, Role, RoleMethod,
        SeenAccount, Status,
    };
    use jiff::Timestamp;

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
            Residue::RestartedMembers { group: 6 },
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
