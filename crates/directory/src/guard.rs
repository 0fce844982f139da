//! Guards: changes that are too many to be believed on sight. Their rows are taken out of a delta and kept as they were,
//! with the rule and the numbers, until a person has looked. Everything else of the delta stands.

use std::collections::BTreeMap;

use columns::Ordinal;
use roaring::RoaringBitmap;

use crate::claim::{ClaimState, Claims, Noun, Part};
use crate::delta::Delta;
use crate::fold::email_key;
use crate::id::{DirectoryId, GroupId};
use crate::snapshot::Snapshot;

/// From how many rows on a guard stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// More than this share of what was there, in percent.
    pub share_percent: u64,
    /// And at least so many rows.
    pub least: u64,
    /// Groups with fewer members are guarded only against being emptied.
    pub small_group: u64,
}

/// The rules, each about one kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// People of a directory, or of the accounts outside all, who are missing. Rows are people.
    PeopleMissing,
    /// Groups of a directory that are missing. Rows are groups.
    GroupsMissing,
    /// Members a group loses. Rows are people.
    MembersMissing,
    /// People of a directory whose state there changes. Rows are people.
    StatusesChanged,
    /// People whose e-mail address changes or goes. Rows are people.
    EmailsChanged,
    /// Groups that grant less. Rows are groups.
    GrantsMissing,
    /// People who lose a direct role. Rows are people.
    DirectRolesMissing,
    /// People who lose an administrative role. Rows are people.
    PlatformRolesMissing,
}

/// Rows that one rule has kept as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct Withheld {
    /// Which rule.
    pub rule: Rule,
    /// Where: a directory, a group, or the whole.
    pub part: Part,
    /// How many there were before, of which the rows are too large a share.
    pub present: u64,
    /// The thresholds in force.
    pub thresholds: Thresholds,
    /// Ordinals of people or groups, as the rule says.
    pub rows: RoaringBitmap,
}

/// Rows that may change whatever their number, because a person approved them, by rule and part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Permitted(pub BTreeMap<(Rule, Part), RoaringBitmap>);

/// Rows that an earlier run has withheld and that still wait for a person, by rule and part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Awaited(pub BTreeMap<(Rule, Part), RoaringBitmap>);

impl Default for Thresholds {
    /// More than a tenth and at least five; groups under twenty only when emptied.
    fn default() -> Thresholds {
        Thresholds { share_percent: 10, least: 5, small_group: 20 }
    }
}

impl Thresholds {
    /// Whether so many rows of so many are too many.
    pub fn are_exceeded(&self, rows: u64, present: u64) -> bool {
        rows >= self.least && rows * 100 > present * self.share_percent
    }

    /// Whether a group of so many members loses too many.
    pub fn group_exceeded(&self, lost: u64, members: u64) -> bool {
        if members < self.small_group { members > 0 && lost == members } else { self.are_exceeded(lost, members) }
    }
}

impl Withheld {
    /// Whether so many rows of this rule and part are too many, by its numbers.
    pub fn would_be_exceeded_by(&self, rows: u64) -> bool {
        match self.rule {
            Rule::MembersMissing => self.thresholds.group_exceeded(rows, self.present),
            _ => self.thresholds.are_exceeded(rows, self.present),
        }
    }
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 8] = [
        Rule::PeopleMissing,
        Rule::GroupsMissing,
        Rule::MembersMissing,
        Rule::StatusesChanged,
        Rule::EmailsChanged,
        Rule::GrantsMissing,
        Rule::DirectRolesMissing,
        Rule::PlatformRolesMissing,
    ];

    /// The rule as it is stored and shown in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::PeopleMissing => "people_missing",
            Rule::GroupsMissing => "groups_missing",
            Rule::MembersMissing => "members_missing",
            Rule::StatusesChanged => "statuses_changed",
            Rule::EmailsChanged => "emails_changed",
            Rule::GrantsMissing => "grants_missing",
            Rule::DirectRolesMissing => "direct_roles_missing",
            Rule::PlatformRolesMissing => "platform_roles_missing",
        }
    }

    /// Reads a stored rule.
    pub fn parse(text: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.as_str() == text)
    }

    /// Whether its rows are groups; else they are people.
    pub fn rows_are_groups(self) -> bool {
        matches!(self, Rule::GroupsMissing | Rule::GrantsMissing)
    }

    /// The noun whose claim is not whole while rows are withheld.
    pub fn noun(self) -> Noun {
        match self {
            Rule::PeopleMissing | Rule::StatusesChanged => Noun::Presence,
            Rule::GroupsMissing => Noun::Groups,
            Rule::MembersMissing => Noun::Memberships,
            Rule::EmailsChanged => Noun::Accounts,
            Rule::GrantsMissing => Noun::Grants,
            Rule::DirectRolesMissing => Noun::DirectAccess,
            Rule::PlatformRolesMissing => Noun::PlatformRoles,
        }
    }
}

impl Permitted {
    /// The rows of a set that nobody has approved.
    pub fn unapproved(&self, rule: Rule, part: &Part, rows: &RoaringBitmap) -> RoaringBitmap {
        match self.0.get(&(rule, part.clone())) {
            Some(approved) => rows - approved,
            None => rows.clone(),
        }
    }
}

/// Takes the rows out of a delta that are too many, and says which; claims they belong to become partial. The first
/// generation has nothing to lose and passes whole. Rows that are `awaited` and not permitted stay as well, however few
/// they are, and are not named a second time: what a person has not approved, nobody takes out beside what they have.
pub fn guard(
    snapshot: &Snapshot,
    delta: &mut Delta,
    thresholds: &Thresholds,
    (permitted, awaited): (&Permitted, &Awaited),
) -> Vec<Withheld> {
    let mut guard = Guard { snapshot, thresholds, permitted, awaited, withheld: Vec::new(), kept: Vec::new() };
    guard.members(delta);
    guard.statuses(delta);
    guard.emails(delta);
    guard.grants(delta);
    guard.roles(delta);
    for kept in &guard.kept {
        weaken(&mut delta.claims, snapshot, kept);
    }
    guard.withheld
}

struct Guard<'a> {
    snapshot: &'a Snapshot,
    thresholds: &'a Thresholds,
    permitted: &'a Permitted,
    awaited: &'a Awaited,
    /// What is named by this guard.
    withheld: Vec<Withheld>,
    /// Everything that stays, with how many rows.
    kept: Vec<(Rule, Part, u64)>,
}

impl Guard<'_> {
    /// The rows that have to stay, if they are too many; kept as withheld.
    fn keep(&mut self, (rule, part): (Rule, Part), rows: &RoaringBitmap, present: u64) -> Option<RoaringBitmap> {
        let rows = self.permitted.unapproved(rule, &part, rows);
        let exceeded = match rule {
            Rule::MembersMissing => self.thresholds.group_exceeded(rows.len(), present),
            _ => self.thresholds.are_exceeded(rows.len(), present),
        };
        let awaited =
            self.awaited.0.get(&(rule, part.clone())).map_or_else(RoaringBitmap::new, |awaited| awaited & &rows);
        let kept = if exceeded { rows } else { awaited.clone() };
        if kept.is_empty() {
            return None;
        }
        self.kept.push((rule, part.clone(), kept.len()));
        let rows = &kept - awaited;
        if !rows.is_empty() {
            self.withheld.push(Withheld { rule, part, present, thresholds: *self.thresholds, rows });
        }
        Some(kept)
    }

    /// Members lost by a group that stays, other than people who leave its directory.
    fn members(&mut self, delta: &mut Delta) {
        let gone_groups: RoaringBitmap =
            delta.groups.iter().filter(|(_, group)| group.is_none()).map(|(group, _)| *group).collect();
        let mut leaving: BTreeMap<Ordinal, RoaringBitmap> = BTreeMap::new();
        for change in delta.presence.iter().filter(|change| change.now.is_none()) {
            leaving.entry(change.directory).or_default().insert(change.account);
        }
        let mut lost: BTreeMap<Ordinal, RoaringBitmap> = BTreeMap::new();
        for (account, group) in &delta.memberships_removed {
            let directory = self.snapshot.group_row(*group).and_then(|row| row.directory);
            let leaves = match directory {
                Some(directory) => leaving.get(&directory).is_some_and(|people| people.contains(*account)),
                None => leaving.values().any(|people| people.contains(*account)),
            };
            if !gone_groups.contains(*group) && !leaves {
                lost.entry(*group).or_default().insert(*account);
            }
        }
        let mut kept: BTreeMap<Ordinal, RoaringBitmap> = BTreeMap::new();
        for (group, accounts) in lost {
            let Some(row) = self.snapshot.group_row(group) else { continue };
            let members = self.snapshot.memberships().members(group).len();
            if let Some(rows) = self.keep((Rule::MembersMissing, Part::Group(row.id.clone())), &accounts, members) {
                kept.insert(group, rows);
            }
        }
        if !kept.is_empty() {
            let stays =
                |account: &Ordinal, group: &Ordinal| kept.get(group).is_some_and(|rows| rows.contains(*account));
            delta.memberships_removed.retain(|(account, group)| !stays(account, group));
        }
    }

    fn statuses(&mut self, delta: &mut Delta) {
        let mut changed: BTreeMap<Ordinal, RoaringBitmap> = BTreeMap::new();
        for change in delta.presence.iter().filter(|change| change.before.is_some() && change.now.is_some()) {
            changed.entry(change.directory).or_default().insert(change.account);
        }
        for (directory, accounts) in changed {
            let Some(part) = self.part_of(directory) else { continue };
            let present = self.snapshot.present_in(directory).len();
            if let Some(rows) = self.keep((Rule::StatusesChanged, part), &accounts, present) {
                delta.presence.retain(|change| {
                    change.directory != directory || change.now.is_none() || !rows.contains(change.account)
                });
            }
        }
    }

    /// E-mail addresses that change or go. An address that is told for the first time is no change.
    fn emails(&mut self, delta: &mut Delta) {
        let known = delta.known_accounts;
        let changed: RoaringBitmap = (delta.profiles.iter())
            .filter(|(account, _)| *account < known)
            .filter(|(account, profile)| match self.snapshot.email_key(*account) {
                None => false,
                Some(before) => profile.unpack().email.as_deref().map(email_key).as_deref() != Some(before),
            })
            .map(|(account, _)| *account)
            .collect();
        let present = self.snapshot.present().len();
        if let Some(rows) = self.keep((Rule::EmailsChanged, Part::Whole), &changed, present) {
            delta.profiles.retain(|(account, _)| !rows.contains(*account));
        }
    }

    fn grants(&mut self, delta: &mut Delta) {
        let gone: RoaringBitmap =
            delta.groups.iter().filter(|(_, group)| group.is_none()).map(|(group, _)| *group).collect();
        let lessened: RoaringBitmap = delta.grants_removed.iter().map(|(group, _)| *group).collect();
        let granting = self.snapshot.grants.len() as u64;
        if let Some(rows) = self.keep((Rule::GrantsMissing, Part::Whole), &(lessened - gone), granting) {
            delta.grants_removed.retain(|(group, _)| !rows.contains(*group));
        }
    }

    /// Direct and administrative roles that people lose who stay.
    fn roles(&mut self, delta: &mut Delta) {
        let leaving: RoaringBitmap =
            delta.presence.iter().filter(|change| change.now.is_none()).map(|change| change.account).collect();
        let lost: RoaringBitmap = delta.direct_removed.iter().map(|(account, _)| *account).collect();
        if !lost.is_empty() {
            let holders = self.snapshot.direct.len() as u64;
            if let Some(rows) = self.keep((Rule::DirectRolesMissing, Part::Whole), &(lost - &leaving), holders) {
                delta.direct_removed.retain(|(account, _)| !rows.contains(*account));
            }
        }
        let lost: RoaringBitmap = delta.roles_removed.iter().map(|(account, _)| *account).collect();
        if !lost.is_empty() {
            let holders: RoaringBitmap =
                self.snapshot.people.roles.values().flat_map(|holders| holders.iter()).collect();
            let holders = holders.len();
            if let Some(rows) = self.keep((Rule::PlatformRolesMissing, Part::Whole), &(lost - leaving), holders) {
                delta.roles_removed.retain(|(account, _)| !rows.contains(*account));
            }
        }
    }

    fn part_of(&self, directory: Ordinal) -> Option<Part> {
        let directory = self.snapshot.directories().get(directory as usize)?;
        Some(Part::Directory(directory.id.clone()))
    }
}

/// A claim with withheld rows is not whole.
fn weaken(claims: &mut Claims, snapshot: &Snapshot, (rule, part, rows): &(Rule, Part, u64)) {
    let home = match part {
        Part::Group(id) => directory_of(snapshot, id).map(Part::Directory),
        _ => None,
    };
    let reason = format!("{rows} rows were withheld; somebody has to look at them.");
    for claim in claims.0.iter_mut().filter(|claim| claim.noun == rule.noun()) {
        let places = [Some(part), home.as_ref(), Some(&Part::Named)];
        let concerned = *part == Part::Whole || places.contains(&Some(&claim.part));
        if concerned && claim.state == ClaimState::Complete {
            claim.state = ClaimState::Partial;
            claim.reason = Some(reason.as_str().into());
        }
    }
}

fn directory_of(snapshot: &Snapshot, group: &GroupId) -> Option<DirectoryId> {
    let row = snapshot.group_row(snapshot.group(group.as_str())?)?;
    Some(snapshot.directories().get(row.directory? as usize)?.id.clone())
}
