//! What a plan has to know besides the snapshot: who must not be touched, and who is asking.

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::claim::{Noun, Part};
use crate::snapshot::Snapshot;

/// Whose account the organization API key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// This account.
    Account(Ordinal),
    /// Somebody who is not in the mirror: nobody in it owns the key.
    Elsewhere,
    /// Nobody has said; then anybody might be the owner, and nobody may be acted on.
    Unknown,
}

/// Around a plan.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// People whom an administrator has protected.
    pub protected_people: RoaringBitmap,
    /// Groups whose members an administrator has protected from changes.
    pub protected_groups: RoaringBitmap,
    /// The account of whoever asks, where it is tied to one.
    pub own: Option<Ordinal>,
    /// Whose key it is.
    pub key_owner: KeyOwner,
}

/// By directory, whether its administrative roles have ever been read completely. Without that nobody in it can be told
/// from an organization admin.
pub(super) fn roles_read(snapshot: &Snapshot) -> Vec<bool> {
    let read = |id: &crate::id::DirectoryId| {
        snapshot.ages().iter().any(|age| {
            age.noun == Noun::PlatformRoles
                && match &age.part {
                    Part::Whole => true,
                    Part::Directory(directory) => directory == id,
                    Part::Group(_) | Part::Named => false,
                }
        })
    };
    snapshot.directories().iter().map(|directory| read(&directory.id)).collect()
}
