//! What a page leaves behind: the steps by which a pass's [`Seen`] grows. The running pass and one that is taken up
//! again after a kill absorb the same entries, so both see the same.

use directory::{
    AccountId, DirectRole, Directory, DirectoryId, Grant, Group, GroupCounts, GroupId, Ordinal, Resource, ResourceId,
    Seen, SeenAccount, SeenGroup, Snapshot,
};
use roaring::RoaringBitmap;

/// One step. Groups and resources are named by reference, as in [`Seen`].
#[derive(Clone, Debug, PartialEq)]
pub enum Residue {
    /// The directories listed.
    Directories(Vec<Directory>),
    /// The resources that the list of workspaces describes.
    Resources(Vec<Resource>),
    /// Groups and resources named for the first time in this pass, in order of reference.
    Names {
        /// Groups.
        groups: Vec<GroupId>,
        /// Resources.
        resources: Vec<ResourceId>,
    },
    /// A page of accounts.
    Accounts {
        /// Which part was walked.
        directory: DirectoryId,
        /// Known accounts on the page, changed or not.
        listed: RoaringBitmap,
        /// Records that are new, changed, or not wholly read.
        records: Vec<SeenAccount>,
    },
    /// A page of groups.
    Groups {
        /// Which directory was walked.
        directory: DirectoryId,
        /// Known groups on the page.
        listed: RoaringBitmap,
        /// Groups that are new or changed, by reference.
        groups: Vec<(Ordinal, Group, GroupCounts)>,
    },
    /// What one group grants.
    Grants {
        /// Which group, by reference.
        group: Ordinal,
        /// Everything it grants.
        grants: Vec<Grant>,
    },
    /// Direct roles of one account; `None` when they could not be read.
    Direct {
        /// Whose.
        account: AccountId,
        /// Everything that was found.
        roles: Option<Vec<DirectRole>>,
    },
    /// Known accounts that were missing, asked for by id, and are gone from this part.
    Gone {
        /// From which part.
        directory: DirectoryId,
        /// Who.
        accounts: RoaringBitmap,
    },
    /// Known groups that were missing, asked for by id, and are gone.
    GoneGroups {
        /// From which directory.
        directory: DirectoryId,
        /// Which.
        groups: RoaringBitmap,
    },
    /// Members found by reading a group on its own.
    Members {
        /// Which group, by reference.
        group: Ordinal,
        /// Who is in it.
        accounts: Vec<AccountId>,
    },
    /// The walk over a part's accounts began anew; what it has seen is void.
    RestartedAccounts {
        /// Which part.
        directory: DirectoryId,
    },
    /// The walk over a directory's groups began anew; what it has seen is void.
    RestartedGroups {
        /// Which directory.
        directory: DirectoryId,
    },
    /// Reading the members of one group began anew; what it has seen is void.
    RestartedMembers {
        /// Which group, by reference.
        group: Ordinal,
    },
    /// A group whose count does not agree and which was not read on its own.
    Distrusted {
        /// Which group, by reference.
        group: Ordinal,
    },
}

impl Residue {
    /// Takes the step. `snapshot` is the one the pass started from.
    pub fn absorb(self, seen: &mut Seen, snapshot: &Snapshot) {
        match self {
            Residue::Directories(directories) => seen.directories = directories,
            Residue::Resources(resources) => seen.resources = resources,
            Residue::Names { groups, resources } => {
                seen.new_groups.extend(groups);
                seen.new_resources.extend(resources);
            }
            Residue::Accounts { directory, listed, records } => {
                let part = seen.part(&directory);
                part.listed |= listed;
                for record in records {
                    part.absorb(snapshot.account(record.id.as_str()), record);
                }
            }
            Residue::Groups { directory, listed, groups } => {
                seen.part(&directory).listed_groups |= listed;
                for (reference, group, counts) in groups {
                    seen.groups.insert(reference, SeenGroup { directory: directory.clone(), group, counts });
                }
            }
            Residue::Grants { group, grants } => {
                seen.grants.insert(group, grants);
            }
            Residue::Direct { account, roles: Some(roles) } => {
                seen.direct.insert(account, roles);
            }
            Residue::Direct { account, roles: None } => {
                seen.direct_unread.insert(account);
            }
            Residue::RestartedAccounts { directory } => {
                let part = seen.part(&directory);
                part.listed.clear();
                part.accounts.clear();
            }
            Residue::RestartedGroups { directory } => {
                seen.part(&directory).listed_groups.clear();
                seen.groups.retain(|_, group| group.directory != directory);
            }
            Residue::Gone { directory, accounts } => seen.part(&directory).gone |= accounts,
            Residue::GoneGroups { directory, groups } => seen.part(&directory).gone_groups |= groups,
            Residue::Members { group, accounts } => seen.members.entry(group).or_default().extend(accounts),
            Residue::RestartedMembers { group } => {
                seen.members.remove(&group);
            }
            Residue::Distrusted { group } => {
                seen.distrusted.insert(group);
            }
        }
    }
}
