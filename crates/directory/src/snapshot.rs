//! One sealed generation in memory, immutable: what every page, filter and count is answered from.
//!
//! Accounts, groups, resources and directories are ordinals; a bitmap of them means the same in every generation.

use std::collections::BTreeMap;
use std::sync::Arc;

use columns::{CodeColumn, NumberColumn, Order, Ordinal, Relation, TextColumn};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::access::{Access, DirectRole, Grant, Role, RoleMethod, Seat, seat};
use crate::account::{AccountStatus, AccountType, Claimed, Management, PlatformRole, Presence, Status};
use crate::activity::ActivityColumn;
use crate::claim::Age;
use crate::find::index::Index;
use crate::group::{Group, GroupCounts};
use crate::id::{AccountId, GroupId, ResourceId};
use crate::read_again::Exceptions;
use crate::resource::{Directory, Resource};
use crate::view::Marked;
use crate::word_column::Words;

/// A sealed generation. Cheap to clone; `Snapshot::default()` is an organization of which nothing was read.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub(crate) generation: u64,
    pub(crate) sealed_at: Timestamp,
    pub(crate) directories: Arc<Vec<Directory>>,
    pub(crate) resources: Arc<Vec<Resource>>,
    pub(crate) people: People,
    pub(crate) groups: Arc<Vec<GroupRow>>,
    pub(crate) groups_by_id: Arc<BTreeMap<GroupId, Ordinal>>,
    pub(crate) groups_by_name: Order,
    pub(crate) memberships: Relation,
    pub(crate) grants: Arc<BTreeMap<Ordinal, Vec<Grant>>>,
    pub(crate) direct: Arc<BTreeMap<Ordinal, Vec<DirectRole>>>,
    pub(crate) ages: Arc<Vec<Age>>,
    pub(crate) exceptions: Arc<Exceptions>,
    /// When each group was first seen, in microseconds since 1970, where it is known.
    pub(crate) groups_first_seen: Arc<Vec<Option<i64>>>,
    /// What a view knows beside the generation; nothing in a snapshot that is no view.
    pub(crate) marked: Arc<Marked>,
    /// What questions have derived from the rest so far; never from another generation.
    pub(crate) index: Arc<Index>,
}

/// The columns of accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    pub(crate) ids: TextColumn,
    pub(crate) by_id: Arc<IdIndex>,
    pub(crate) digests: NumberColumn,
    pub(crate) names: TextColumn,
    pub(crate) folded_names: TextColumn,
    pub(crate) emails: TextColumn,
    pub(crate) email_keys: TextColumn,
    pub(crate) job_titles: TextColumn,
    pub(crate) departments: TextColumn,
    pub(crate) organizations: TextColumn,
    pub(crate) added: NumberColumn,
    /// When a generation last changed anything of the person but activity, in microseconds since 1970.
    pub(crate) changed: NumberColumn,
    pub(crate) counted: NumberColumn,
    pub(crate) types: Words<AccountType>,
    pub(crate) account_statuses: Words<AccountStatus>,
    pub(crate) claimed: Words<Claimed>,
    pub(crate) management: Words<Management>,
    pub(crate) email_verified: CodeColumn,
    pub(crate) mfa_enabled: CodeColumn,
    /// One column per directory, in the order of `directories`.
    pub(crate) presence: Vec<Words<Presence>>,
    pub(crate) roles: BTreeMap<PlatformRole, Arc<RoaringBitmap>>,
    pub(crate) activity: ActivityColumn,
    pub(crate) by_name: Order,
    pub(crate) by_email: Order,
    pub(crate) by_last_active: Order,
    pub(crate) by_added: Order,
}

/// A group as the snapshot holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRow {
    /// Its id.
    pub id: GroupId,
    /// The directory that lists it, when one does.
    pub directory: Option<Ordinal>,
    /// Its name, folded for search and sort; empty when only a membership has named it.
    pub folded_name: Box<str>,
    /// Its definition; `None` when it is gone, or only a membership has named it so far.
    pub group: Option<Group>,
    /// Upstream's own counts.
    pub counts: GroupCounts,
}

/// An account as the snapshot holds it.
#[derive(Clone, Debug)]
pub struct AccountRow<'a> {
    /// Its ordinal.
    pub ordinal: Ordinal,
    /// Its id.
    pub id: &'a str,
    /// Display name; empty when only its id is known.
    pub name: &'a str,
    /// E-mail address.
    pub email: Option<&'a str>,
    /// Job title.
    pub job_title: Option<&'a str>,
    /// Department.
    pub department: Option<&'a str>,
    /// Kind of account.
    pub account_type: Option<&'a AccountType>,
    /// State of the account itself.
    pub account_status: Option<&'a AccountStatus>,
    /// Managed or external.
    pub claimed: Option<&'a Claimed>,
    /// Invited or synced.
    pub management: Option<&'a Management>,
    /// Whether the address was verified.
    pub email_verified: Option<bool>,
    /// Whether two-step verification is on.
    pub mfa_enabled: Option<bool>,
    /// When it was added to the organization.
    pub added_at: Option<Timestamp>,
    /// The best presence over all directories; `None` for former people.
    pub presence: Option<&'a Presence>,
}

impl Snapshot {
    /// The generation this is.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When it was sealed.
    pub fn sealed_at(&self) -> Timestamp {
        self.sealed_at
    }

    /// The directories, by ordinal; the one called [`crate::OUTSIDE`] holds managed accounts that are in none.
    pub fn directories(&self) -> &[Directory] {
        &self.directories
    }

    /// The ordinal of a directory.
    pub fn directory(&self, id: &str) -> Option<Ordinal> {
        self.directories.iter().position(|directory| directory.id.as_str() == id).map(|place| place as Ordinal)
    }

    /// The resources, by ordinal.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The ordinal of a resource.
    pub fn resource(&self, id: &ResourceId) -> Option<Ordinal> {
        self.resources.iter().position(|resource| resource.id == *id).map(|place| place as Ordinal)
    }

    /// How many accounts were ever seen; their ordinals are below this.
    pub fn accounts_len(&self) -> usize {
        self.people.ids.len()
    }

    /// How many groups were ever seen; their ordinals are below this.
    pub fn groups_len(&self) -> usize {
        self.groups.len()
    }

    /// The ordinal of an account.
    pub fn account(&self, id: &str) -> Option<Ordinal> {
        self.people.by_id.find(id, &self.people.ids)
    }

    /// The ordinal of a group.
    pub fn group(&self, id: &str) -> Option<Ordinal> {
        self.groups_by_id.get(id).copied()
    }

    /// A group by ordinal.
    pub fn group_row(&self, group: Ordinal) -> Option<&GroupRow> {
        self.groups.get(group as usize)
    }

    /// Groups that exist, in the order of their folded names.
    pub fn groups_by_name(&self) -> &Order {
        &self.groups_by_name
    }

    /// An account by ordinal.
    pub fn account_row(&self, ordinal: Ordinal) -> Option<AccountRow<'_>> {
        let people = &self.people;
        let flag = |column: &CodeColumn| column.get(ordinal).map(|code| code == 1);
        Some(AccountRow {
            ordinal,
            id: people.ids.get(ordinal)?,
            name: people.names.get(ordinal).unwrap_or(""),
            email: people.emails.get(ordinal),
            job_title: people.job_titles.get(ordinal),
            department: people.departments.get(ordinal),
            account_type: people.types.get(ordinal),
            account_status: people.account_statuses.get(ordinal),
            claimed: people.claimed.get(ordinal),
            management: people.management.get(ordinal),
            email_verified: flag(&people.email_verified),
            mfa_enabled: flag(&people.mfa_enabled),
            added_at: people.added.get(ordinal).and_then(|at| Timestamp::from_microsecond(at).ok()),
            presence: self.best_presence(ordinal),
        })
    }

    /// An account's id by ordinal.
    pub fn account_id(&self, ordinal: Ordinal) -> Option<AccountId> {
        self.people.ids.get(ordinal).and_then(|id| AccountId::new(id).ok())
    }

    /// The digest of an account's profile, as [`crate::Profile::digest`] makes it.
    pub fn profile_digest(&self, ordinal: Ordinal) -> Option<i64> {
        self.people.digests.get(ordinal)
    }

    /// When a generation last changed anything of an account but its activity: when that generation was sealed, in
    /// microseconds since 1970.
    pub fn changed_at(&self, ordinal: Ordinal) -> Option<i64> {
        self.people.changed.get(ordinal)
    }

    /// The organization that an account's profile names.
    pub fn organization_of(&self, ordinal: Ordinal) -> Option<&str> {
        self.people.organizations.get(ordinal)
    }

    /// On how many resources an account has any role, by upstream's own count.
    pub fn counted_resources(&self, ordinal: Ordinal) -> Option<u32> {
        self.people.counted.get(ordinal).and_then(|counted| u32::try_from(counted).ok())
    }

    /// How an account stands in a directory.
    pub fn presence(&self, directory: Ordinal, account: Ordinal) -> Option<&Presence> {
        self.people.presence.get(directory as usize)?.get(account)
    }

    /// The most telling presence of an account over all directories.
    pub fn best_presence(&self, account: Ordinal) -> Option<&Presence> {
        self.people.presence.iter().filter_map(|column| column.get(account)).reduce(Presence::best)
    }

    /// Accounts that are in a directory.
    pub fn present_in(&self, directory: Ordinal) -> RoaringBitmap {
        self.people.presence.get(directory as usize).map(Words::present).unwrap_or_default()
    }

    /// Accounts that are in any directory, or managed outside all of them: everybody but former people.
    pub fn present(&self) -> RoaringBitmap {
        self.index.standing(self).present.clone()
    }

    /// Present accounts whose best status is this one.
    pub fn with_status(&self, status: &Status) -> RoaringBitmap {
        self.index.standing(self).with(|presence| presence.status.as_ref() == Some(status))
    }

    /// The administrative roles of an account.
    pub fn roles_of(&self, account: Ordinal) -> Vec<PlatformRole> {
        self.people
            .roles
            .iter()
            .filter(|(_, holders)| holders.contains(account))
            .map(|(role, _)| role.clone())
            .collect()
    }

    /// Every administrative role that somebody holds or has held.
    pub fn platform_roles(&self) -> impl Iterator<Item = &PlatformRole> {
        self.people.roles.keys()
    }

    /// Who holds an administrative role.
    pub fn with_role(&self, role: &PlatformRole) -> RoaringBitmap {
        self.people.roles.get(role).map(|holders| (**holders).clone()).unwrap_or_default()
    }

    /// Last activity of every account.
    pub fn activity(&self) -> &ActivityColumn {
        &self.people.activity
    }

    /// Who is in which group: accounts on the left, groups on the right.
    pub fn memberships(&self) -> &Relation {
        &self.memberships
    }

    /// What a group grants.
    pub fn grants(&self, group: Ordinal) -> &[Grant] {
        self.grants.get(&group).map_or(&[], Vec::as_slice)
    }

    /// Direct and inferred roles of an account.
    pub fn direct_roles(&self, account: Ordinal) -> &[DirectRole] {
        self.direct.get(&account).map_or(&[], Vec::as_slice)
    }

    /// Every way by which an account has a role on a resource, by resource.
    pub fn access(&self, account: Ordinal) -> Vec<Access> {
        let by_group = self.memberships.of(account).iter().flat_map(|&group| {
            self.grants(group).iter().map(move |grant| Access {
                resource: grant.resource,
                role: grant.role.clone(),
                group: Some(group),
                method: RoleMethod::Group,
            })
        });
        let directly = self.direct_roles(account).iter().map(|direct| Access {
            resource: direct.resource,
            role: direct.role.clone(),
            group: None,
            method: direct.method.clone(),
        });
        let mut access: Vec<Access> = by_group.chain(directly).collect();
        access.sort_by(|a, b| (a.resource, &a.role, a.group).cmp(&(b.resource, &b.role, b.group)));
        access
    }

    /// Whether an account takes a seat on a resource, and why.
    pub fn seat(&self, account: Ordinal, resource: Ordinal) -> Option<Seat> {
        let named = self.resources.get(resource as usize)?;
        let access = self.access(account);
        let roles: Vec<&Role> =
            access.iter().filter(|access| access.resource == resource).map(|access| &access.role).collect();
        if roles.is_empty() {
            return None;
        }
        let account_type = self.people.types.get(account).unwrap_or(&AccountType::Atlassian);
        Some(seat(&named.id, roles, self.best_presence(account), account_type))
    }

    /// Accounts whose name or e-mail address contains a text, in any case and with or without marks.
    pub fn search(&self, text: &str) -> RoaringBitmap {
        let by_name = self.people.folded_names.contains(&crate::fold::fold_text(text));
        by_name | self.people.email_keys.contains(&crate::fold::email_key(text))
    }

    /// Accounts with an address, in the order of its key.
    pub fn by_email(&self) -> &Order {
        &self.people.by_email
    }

    /// Accounts in the order of their folded names.
    pub fn by_name(&self) -> &Order {
        &self.people.by_name
    }

    /// Accounts in the order of their last activity in any app; those without one first.
    pub fn by_last_active(&self) -> &Order {
        &self.people.by_last_active
    }

    /// Accounts in the order of the day they were added; unknown days first.
    pub fn by_added(&self) -> &Order {
        &self.people.by_added
    }

    /// What orders an account by name.
    pub fn folded_name(&self, account: Ordinal) -> &str {
        self.people.folded_names.get(account).unwrap_or("")
    }

    /// What orders an account by e-mail address.
    pub fn email_key(&self, account: Ordinal) -> Option<&str> {
        self.people.email_keys.get(account)
    }

    /// When each noun of each part was last read completely.
    pub fn ages(&self) -> &[Age] {
        &self.ages
    }

    /// Bytes on the heap, about.
    pub fn memory(&self) -> usize {
        let people = &self.people;
        let texts = [
            &people.ids,
            &people.names,
            &people.folded_names,
            &people.emails,
            &people.email_keys,
            &people.job_titles,
            &people.departments,
            &people.organizations,
        ];
        texts.iter().map(|column| column.memory()).sum::<usize>()
            + people.digests.memory()
            + people.added.memory()
            + people.changed.memory()
            + people.counted.memory()
            + people.activity.memory()
            + self.memberships.memory()
            + self.groups.len() * (size_of::<GroupRow>() + 96)
            + [&people.by_name, &people.by_email, &people.by_last_active, &people.by_added]
                .iter()
                .map(|order| order.memory())
                .sum::<usize>()
            + people.by_id.memory()
            + people.ids.len() * (6 + people.presence.len())
            + self.index.memory()
    }
}

/// Finds an account's ordinal by its id; holds ordinals only, the texts stay in their column.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdIndex {
    table: hashbrown::HashTable<Ordinal>,
}

impl IdIndex {
    pub(crate) fn find(&self, id: &str, ids: &TextColumn) -> Option<Ordinal> {
        self.table.find(hash(id), |ordinal| ids.get(*ordinal) == Some(id)).copied()
    }

    /// Adds the ordinals from `from` on.
    pub(crate) fn extend(&mut self, from: Ordinal, ids: &TextColumn) {
        let rehash = |ordinal: &Ordinal| hash(ids.get(*ordinal).unwrap_or(""));
        self.table.reserve(ids.len() - from as usize, rehash);
        for ordinal in from..ids.len() as Ordinal {
            self.table.insert_unique(rehash(&ordinal), ordinal, rehash);
        }
    }

    fn memory(&self) -> usize {
        self.table.allocation_size()
    }
}

fn hash(id: &str) -> u64 {
    use std::hash::BuildHasher;
    foldhash::fast::FixedState::default().hash_one(id)
}
