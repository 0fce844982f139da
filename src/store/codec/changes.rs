//! Lists of changes in their compact form: sorted pairs of ordinals as small steps, compressed. It holds no text.

use directory::Ordinal;

use crate::nouns::change_list::{ChangeKind, ChangeRow, Changes};
use crate::store::codec::read::Reader;
use crate::store::codec::write::Writer;
use crate::store::codec::{Read, Unreadable, compressed, decompressed};

/// The first byte: raised when the form changes.
const FORM: u8 = 1;

/// The number under which a kind is stored; never given to another.
fn code(kind: ChangeKind) -> u8 {
    match kind {
        ChangeKind::PeopleAdded => 1,
        ChangeKind::PeopleGone => 2,
        ChangeKind::ProfilesChanged => 3,
        ChangeKind::StatusesChanged => 4,
        ChangeKind::ActivityChanged => 5,
        ChangeKind::AdministrativeRolesBegun => 6,
        ChangeKind::AdministrativeRolesEnded => 7,
        ChangeKind::GroupsAdded => 8,
        ChangeKind::GroupsGone => 9,
        ChangeKind::GroupsChanged => 10,
        ChangeKind::MembershipsBegun => 11,
        ChangeKind::MembershipsEnded => 12,
        ChangeKind::GrantsBegun => 13,
        ChangeKind::GrantsEnded => 14,
        ChangeKind::DirectRolesBegun => 15,
        ChangeKind::DirectRolesEnded => 16,
    }
}

/// Packs changes by kind.
pub(in crate::store) fn pack(kinds: &[(ChangeKind, Changes)]) -> Vec<u8> {
    let mut writer = Writer { bytes: vec![FORM] };
    writer.number(kinds.len() as u64);
    for (kind, changes) in kinds {
        writer.bytes.push(code(*kind));
        writer.number(changes.count);
        writer.number(changes.rows.len() as u64);
        let mut before: Ordinal = 0;
        for (subject, object) in &changes.rows {
            // Sorted subjects become small steps; an unsorted one wraps and is read back all the same.
            writer.number(u64::from(subject.wrapping_sub(before)));
            writer.number(u64::from(*object));
            before = *subject;
        }
    }
    compressed(&writer.bytes)
}

/// Reads what [`pack`] made.
///
/// # Errors
/// Damaged, or of another version.
pub(in crate::store) fn unpack(packed: &[u8]) -> Read<Vec<(ChangeKind, Changes)>> {
    let bytes = decompressed(packed)?;
    let mut reader = Reader { bytes: &bytes };
    if reader.byte()? != FORM {
        return Err(Unreadable);
    }
    let kinds = reader.list(|reader| {
        let stored = reader.byte()?;
        let kind = ChangeKind::ALL.into_iter().find(|kind| code(*kind) == stored).ok_or(Unreadable)?;
        let count = reader.number()?;
        let mut before: Ordinal = 0;
        let rows = reader.list(|reader| {
            before = before.wrapping_add(reader.ordinal()?);
            Ok::<ChangeRow, Unreadable>((before, reader.ordinal()?))
        })?;
        Ok((kind, Changes { count, rows }))
    })?;
    if reader.bytes.is_empty() { Ok(kinds) } else { Err(Unreadable) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changes() -> impl Strategy<Value = Changes> {
        (any::<u64>(), prop::collection::vec(any::<ChangeRow>(), 0..50))
            .prop_map(|(count, rows)| Changes { count, rows })
    }

    proptest! {
        #[test]
        fn every_list_reads_back_as_it_was(lists in prop::collection::vec(changes(), 16)) {
            let kinds: Vec<_> = ChangeKind::ALL.into_iter().zip(lists).collect();
            prop_assert_eq!(unpack(&pack(&kinds)), Ok(kinds));
        }
    }

    #[test]
    fn what_is_damaged_is_refused_and_never_guessed() {
        let kinds = [(ChangeKind::MembershipsEnded, Changes { count: 3, rows: vec![(1, 70_000), (900, 2)] })];
        let plain = decompressed(&pack(&kinds)).unwrap();
        for cut in 0..plain.len() {
            assert_eq!(unpack(&compressed(&plain[..cut])), Err(Unreadable), "cut at {cut}");
        }
        let mut unknown = plain.clone();
        unknown[2] = 99;
        assert_eq!(unpack(&compressed(&unknown)), Err(Unreadable));
        assert_eq!(unpack(b"not zstd"), Err(Unreadable));
    }

    #[test]
    fn ten_thousand_neighbours_take_little() {
        let rows = (0..10_000).map(|account| (account * 3, 7)).collect();
        let packed = pack(&[(ChangeKind::MembershipsEnded, Changes { count: 10_000, rows })]);
        assert!(packed.len() < 2_000, "{} bytes", packed.len());
    }
}
