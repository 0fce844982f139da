//! What one generation changed, by kind: whom and what each change is about, in ordinals alone.
//!
//! It holds no text: names come from a snapshot, values before and after from the history. A list is bounded; how many
//! changes there were is always told.

use directory::{Delta, Ordinal};

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// People first seen: (account, 0).
    PeopleAdded,
    /// People who left a directory: (account, directory).
    PeopleGone,
    /// People whose profile changed: (account, 0).
    ProfilesChanged,
    /// People who came into a directory or whose status in it changed: (account, directory).
    StatusesChanged,
    /// People whose activity changed; counted alone.
    ActivityChanged,
    /// Administrative roles that began: (account, 0).
    AdministrativeRolesBegun,
    /// Administrative roles that ended: (account, 0).
    AdministrativeRolesEnded,
    /// Groups first seen: (group, 0).
    GroupsAdded,
    /// Groups that are gone: (group, 0).
    GroupsGone,
    /// Groups whose definition changed: (group, 0).
    GroupsChanged,
    /// Memberships that began: (account, group).
    MembershipsBegun,
    /// Memberships that ended: (account, group).
    MembershipsEnded,
    /// Roles that a group began to grant: (group, resource).
    GrantsBegun,
    /// Roles that a group ceased to grant: (group, resource).
    GrantsEnded,
    /// Direct roles that began: (account, resource).
    DirectRolesBegun,
    /// Direct roles that ended: (account, resource).
    DirectRolesEnded,
}

/// Whom and what a change is about: subject and object, as its kind says. Several roles of one pair are one row.
pub type ChangeRow = (Ordinal, Ordinal);

/// The changes of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// How many there were.
    pub count: u64,
    /// Whom and what they are about, sorted, without repetition; at most [`MOST_ROWS`].
    pub rows: Vec<ChangeRow>,
}

/// What one generation changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeList {
    /// The generation.
    pub generation: u64,
    /// By kind, in the order of [`ChangeKind::ALL`]; kinds without changes are not there.
    pub kinds: Vec<(ChangeKind, Changes)>,
}

/// More rows of one kind are not kept: a list of this length is read by nobody, and the history has them all.
pub const MOST_ROWS: usize = 10_000;

impl ChangeKind {
    /// Every kind, people first.
    pub const ALL: [ChangeKind; 16] = [
        ChangeKind::PeopleAdded,
        ChangeKind::PeopleGone,
        ChangeKind::ProfilesChanged,
        ChangeKind::StatusesChanged,
        ChangeKind::ActivityChanged,
        ChangeKind::AdministrativeRolesBegun,
        ChangeKind::AdministrativeRolesEnded,
        ChangeKind::GroupsAdded,
        ChangeKind::GroupsGone,
        ChangeKind::GroupsChanged,
        ChangeKind::MembershipsBegun,
        ChangeKind::MembershipsEnded,
        ChangeKind::GrantsBegun,
        ChangeKind::GrantsEnded,
        ChangeKind::DirectRolesBegun,
        ChangeKind::DirectRolesEnded,
    ];

    /// As addresses and JSON name it.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeKind::PeopleAdded => "people-added",
            ChangeKind::PeopleGone => "people-gone",
            ChangeKind::ProfilesChanged => "profiles-changed",
            ChangeKind::StatusesChanged => "statuses-changed",
            ChangeKind::ActivityChanged => "activity-changed",
            ChangeKind::AdministrativeRolesBegun => "administrative-roles-begun",
            ChangeKind::AdministrativeRolesEnded => "administrative-roles-ended",
            ChangeKind::GroupsAdded => "groups-added",
            ChangeKind::GroupsGone => "groups-gone",
            ChangeKind::GroupsChanged => "groups-changed",
            ChangeKind::MembershipsBegun => "memberships-begun",
            ChangeKind::MembershipsEnded => "memberships-ended",
            ChangeKind::GrantsBegun => "grants-begun",
            ChangeKind::GrantsEnded => "grants-ended",
            ChangeKind::DirectRolesBegun => "direct-roles-begun",
            ChangeKind::DirectRolesEnded => "direct-roles-ended",
        }
    }

    /// Reads what an address names.
    pub fn parse(text: &str) -> Option<ChangeKind> {
        ChangeKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether the rows are kept besides their number.
    pub fn has_rows(self) -> bool {
        self != ChangeKind::ActivityChanged
    }
}

impl Changes {
    /// Whether rows are missing because there were too many.
    pub fn is_cut(&self) -> bool {
        self.rows.len() == MOST_ROWS && self.count > MOST_ROWS as u64
    }

    fn of(rows: impl Iterator<Item = ChangeRow>) -> Changes {
        let mut rows: Vec<ChangeRow> = rows.collect();
        let count = rows.len() as u64;
        rows.sort_unstable();
        rows.dedup();
        rows.truncate(MOST_ROWS);
        Changes { count, rows }
    }
}

impl ChangeList {
    /// What a delta changes. The first generation changes nothing: everything is new there, and nothing was before.
    pub fn of(delta: &Delta) -> ChangeList {
        let kinds = if delta.generation <= 1 { Vec::new() } else { kinds(delta) };
        ChangeList { generation: delta.generation, kinds }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The changes of a kind, if any.
    pub fn get(&self, kind: ChangeKind) -> Option<&Changes> {
        self.kinds.iter().find(|(held, _)| *held == kind).map(|(_, changes)| changes)
    }

    /// How many changes of a kind there were.
    pub fn count(&self, kind: ChangeKind) -> u64 {
        self.get(kind).map_or(0, |changes| changes.count)
    }
}

fn kinds(delta: &Delta) -> Vec<(ChangeKind, Changes)> {
    let known = delta.known_accounts;
    let new_accounts = known..known + delta.new_accounts.len() as Ordinal;
    let new_groups = delta.known_groups..delta.known_groups + delta.new_groups.len() as Ordinal;
    let of = |kind| match kind {
        ChangeKind::PeopleAdded => Changes::of(new_accounts.clone().map(|account| (account, 0))),
        ChangeKind::PeopleGone => {
            let gone = delta.presence.iter().filter(|change| change.now.is_none());
            Changes::of(gone.map(|change| (change.account, change.directory)))
        }
        ChangeKind::ProfilesChanged => {
            Changes::of(delta.profiles.iter().filter(|(account, _)| *account < known).map(|(account, _)| (*account, 0)))
        }
        ChangeKind::StatusesChanged => {
            let is_new = |account, before: bool| !before && account >= known;
            let changed = delta
                .presence
                .iter()
                .filter(|change| change.now.is_some() && !is_new(change.account, change.before.is_some()));
            Changes::of(changed.map(|change| (change.account, change.directory)))
        }
        ChangeKind::ActivityChanged => Changes { count: delta.activity.len() as u64, rows: Vec::new() },
        ChangeKind::AdministrativeRolesBegun => Changes::of(delta.roles_added.iter().map(|(account, _)| (*account, 0))),
        ChangeKind::AdministrativeRolesEnded => {
            Changes::of(delta.roles_removed.iter().map(|(account, _)| (*account, 0)))
        }
        ChangeKind::GroupsAdded => Changes::of(new_groups.clone().map(|group| (group, 0))),
        ChangeKind::GroupsGone => {
            Changes::of(delta.groups.iter().filter(|(_, now)| now.is_none()).map(|(group, _)| (*group, 0)))
        }
        ChangeKind::GroupsChanged => {
            let changed = delta.groups.iter().filter(|(group, now)| now.is_some() && !new_groups.contains(group));
            Changes::of(changed.map(|(group, _)| (*group, 0)))
        }
        ChangeKind::MembershipsBegun => Changes::of(delta.memberships_added.iter().copied()),
        ChangeKind::MembershipsEnded => Changes::of(delta.memberships_removed.iter().copied()),
        ChangeKind::GrantsBegun => {
            Changes::of(delta.grants_added.iter().map(|(group, grant)| (*group, grant.resource)))
        }
        ChangeKind::GrantsEnded => {
            Changes::of(delta.grants_removed.iter().map(|(group, grant)| (*group, grant.resource)))
        }
        ChangeKind::DirectRolesBegun => {
            Changes::of(delta.direct_added.iter().map(|(account, role)| (*account, role.resource)))
        }
        ChangeKind::DirectRolesEnded => {
            Changes::of(delta.direct_removed.iter().map(|(account, role)| (*account, role.resource)))
        }
    };
    ChangeKind::ALL.into_iter().map(|kind| (kind, of(kind))).filter(|(_, changes)| changes.count > 0).collect()
}

#[cfg(test)]
mod tests {
    use directory::{AccountId, Grant, Group, GroupId, PackedProfile, Presence, PresenceChange, Profile, Role};

    use super::*;

    fn presence(directory: Ordinal, account: Ordinal, (before, now): (bool, bool)) -> PresenceChange {
        let there = |is: bool| is.then_some(Presence { membership: None, status: None });
        PresenceChange { directory, account, before: there(before), now: there(now) }
    }

    fn delta() -> Delta {
        let profile = PackedProfile::new(&Profile::named("N"));
        let grant = |role| Grant { resource: 2, role, default: false };
        Delta {
            generation: 2,
            known_accounts: 10,
            known_groups: 4,
            new_accounts: vec![AccountId::new("a").unwrap(), AccountId::new("b").unwrap()],
            new_groups: vec![(GroupId::new("g").unwrap(), None)],
            profiles: vec![(3, profile.clone()), (10, profile)],
            presence: vec![
                presence(0, 3, (true, true)),
                presence(0, 5, (true, false)),
                presence(0, 10, (false, true)),
                presence(1, 3, (false, true)),
            ],
            activity: vec![(3, Vec::new())],
            groups: vec![(1, None), (2, Some(Group::named("x"))), (4, Some(Group::named("g")))],
            memberships_removed: vec![(9, 1), (3, 1)],
            grants_added: vec![(2, grant(Role::User)), (2, grant(Role::Admin))],
            ..Delta::default()
        }
    }

    #[test]
    fn every_change_is_under_its_kind_and_counts_as_the_run_counts() {
        let delta = delta();
        let list = ChangeList::of(&delta);
        let rows = |kind| list.get(kind).map(|changes| changes.rows.clone()).unwrap_or_default();
        assert_eq!(rows(ChangeKind::PeopleAdded), [(10, 0), (11, 0)]);
        assert_eq!(rows(ChangeKind::PeopleGone), [(5, 0)]);
        assert_eq!(rows(ChangeKind::ProfilesChanged), [(3, 0)]);
        assert_eq!(rows(ChangeKind::StatusesChanged), [(3, 0), (3, 1)]);
        assert_eq!(rows(ChangeKind::GroupsAdded), [(4, 0)]);
        assert_eq!(rows(ChangeKind::GroupsGone), [(1, 0)]);
        assert_eq!(rows(ChangeKind::GroupsChanged), [(2, 0)]);
        assert_eq!(rows(ChangeKind::MembershipsEnded), [(3, 1), (9, 1)], "sorted");
        assert_eq!(rows(ChangeKind::GrantsBegun), [(2, 2)], "two roles of one pair are one row");
        let counts = delta.counts();
        for (kind, count) in [
            (ChangeKind::PeopleAdded, counts.people_added),
            (ChangeKind::PeopleGone, counts.people_gone),
            (ChangeKind::ProfilesChanged, counts.people_changed),
            (ChangeKind::StatusesChanged, counts.presence_changed),
            (ChangeKind::ActivityChanged, counts.activity_changed),
            (ChangeKind::GroupsAdded, counts.groups_added),
            (ChangeKind::GroupsGone, counts.groups_gone),
            (ChangeKind::GroupsChanged, counts.groups_changed),
            (ChangeKind::MembershipsEnded, counts.memberships_removed),
            (ChangeKind::GrantsBegun, counts.grants_changed),
        ] {
            assert_eq!(list.count(kind), count, "{kind:?}");
        }
        assert!(list.get(ChangeKind::GrantsEnded).is_none());
    }

    #[test]
    fn the_first_generation_and_an_empty_one_list_nothing() {
        assert!(ChangeList::of(&Delta { generation: 1, ..delta() }).is_empty());
        assert!(ChangeList::of(&Delta { generation: 7, known_accounts: 10, ..Delta::default() }).is_empty());
    }

    #[test]
    fn a_list_too_long_is_cut_and_says_how_long_it_was() {
        let ended = (0..MOST_ROWS as Ordinal + 5).rev().map(|account| (account, 0)).collect();
        let list = ChangeList::of(&Delta { generation: 2, memberships_removed: ended, ..Delta::default() });
        let changes = list.get(ChangeKind::MembershipsEnded).unwrap();
        assert_eq!((changes.count, changes.rows.len(), changes.is_cut()), (10_005, MOST_ROWS, true));
        assert_eq!(changes.rows.last(), Some(&(9_999, 0)), "those with the least ordinals are kept");
    }

    #[test]
    fn every_kind_reads_back_from_its_name() {
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(ChangeKind::parse("people"), None);
    }
}
