//! The laws of the guard: what is withheld stays as it was, everything else changes, and the numbers decide.

use std::collections::BTreeMap;

use directory::{
    AccountId, Awaited, ClaimState, Delta, DirectoryId, Group, GroupCounts, Ordinal, Part, Permitted, Presence, Rule,
    Snapshot, Status, Thresholds, Withheld, diff, guard,
};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::organization::{Facts, Person, at, organization, seen};

fn mirror(facts: &Facts) -> Snapshot {
    let first = Snapshot::default();
    first.apply(&diff(&first, seen(facts, &first, at(1)), at(1)))
}

fn thresholds() -> impl Strategy<Value = Thresholds> {
    (1u64..60, 1u64..5, 0u64..5).prop_map(|(share_percent, least, small_group)| Thresholds {
        share_percent,
        least,
        small_group,
    })
}

/// Most rows nobody has to approve.
fn never() -> Thresholds {
    Thresholds { share_percent: 99, least: 1_000_000, small_group: 0 }
}

fn guarded(snapshot: &Snapshot, delta: &Delta, thresholds: &Thresholds) -> (Delta, Vec<Withheld>) {
    guarded_with(snapshot, delta, thresholds, (&Permitted::default(), &Awaited::default()))
}

fn guarded_with(
    snapshot: &Snapshot,
    delta: &Delta,
    thresholds: &Thresholds,
    decided: (&Permitted, &Awaited),
) -> (Delta, Vec<Withheld>) {
    let mut delta = delta.clone();
    let withheld = guard(snapshot, &mut delta, thresholds, decided);
    (delta, withheld)
}

fn rows_of(withheld: &[Withheld], rule: Rule, part: &Part) -> RoaringBitmap {
    let of_it = withheld.iter().filter(|withheld| withheld.rule == rule && withheld.part == *part);
    of_it.fold(RoaringBitmap::new(), |rows, withheld| rows | &withheld.rows)
}

fn directory_part(snapshot: &Snapshot, directory: Ordinal) -> Part {
    Part::Directory(snapshot.directories()[directory as usize].id.clone())
}

/// The rows that each rule is about, found by comparing the two states rather than by looking at the delta.
fn concerned(before: &Snapshot, after: &Snapshot) -> BTreeMap<(Rule, Part), (RoaringBitmap, u64)> {
    let mut rows: BTreeMap<(Rule, Part), (RoaringBitmap, u64)> = BTreeMap::new();
    let mut add = |rule, part, present: u64, row: Ordinal| {
        let entry = rows.entry((rule, part)).or_insert((RoaringBitmap::new(), present));
        entry.0.insert(row);
    };
    let gone_group = |group: Ordinal| after.group_row(group).unwrap().group.is_none();
    for (account, group) in before.memberships().pairs() {
        let row = before.group_row(group).unwrap();
        let home = row.directory.unwrap();
        let leaves = after.presence(home, account).is_none();
        if !after.memberships().contains(account, group) && !gone_group(group) && !leaves {
            add(Rule::MembersMissing, Part::Group(row.id.clone()), before.memberships().members(group).len(), account);
        }
    }
    for account in &before.present() {
        for directory in 0..before.directories().len() as Ordinal {
            let (then, now) = (before.presence(directory, account), after.presence(directory, account));
            if then.is_some() && now.is_some() && then != now {
                let present = before.present_in(directory).len();
                add(Rule::StatusesChanged, directory_part(before, directory), present, account);
            }
        }
    }
    let leaves = |account: Ordinal| {
        (0..before.directories().len() as Ordinal).any(|directory| {
            before.presence(directory, account).is_some() && after.presence(directory, account).is_none()
        })
    };
    let accounts = || 0..before.accounts_len() as Ordinal;
    let holders = accounts().filter(|account| !before.roles_of(*account).is_empty()).count() as u64;
    let direct = accounts().filter(|account| !before.direct_roles(*account).is_empty()).count() as u64;
    for account in accounts() {
        if before.email_key(account).is_some() && before.email_key(account) != after.email_key(account) {
            add(Rule::EmailsChanged, Part::Whole, before.present().len(), account);
        }
        let now = after.direct_roles(account);
        if !leaves(account) && before.direct_roles(account).iter().any(|role| !now.contains(role)) {
            add(Rule::DirectRolesMissing, Part::Whole, direct, account);
        }
        let now = after.roles_of(account);
        if !leaves(account) && before.roles_of(account).iter().any(|role| !now.contains(role)) {
            add(Rule::PlatformRolesMissing, Part::Whole, holders, account);
        }
    }
    let groups = || 0..before.groups_len() as Ordinal;
    let granting = groups().filter(|group| !before.grants(*group).is_empty()).count() as u64;
    for group in groups().filter(|group| !gone_group(*group)) {
        if before.grants(group).iter().any(|grant| !after.grants(group).contains(grant)) {
            add(Rule::GrantsMissing, Part::Whole, granting, group);
        }
    }
    rows
}

fn exceeded(rule: Rule, thresholds: &Thresholds, rows: u64, present: u64) -> bool {
    if rule == Rule::MembersMissing && present < thresholds.small_group {
        return rows == present;
    }
    rows >= thresholds.least && rows * 100 > present * thresholds.share_percent
}

/// Checks that `next` is `whole` but for the rows kept, which are as in `before`.
fn assert_kept(before: &Snapshot, whole: &Snapshot, next: &Snapshot, kept: &[Withheld]) -> Result<(), TestCaseError> {
    let all_pairs = before.memberships().pairs().chain(whole.memberships().pairs());
    for (account, group) in all_pairs {
        let part = Part::Group(whole.group_row(group).unwrap().id.clone());
        let stays = rows_of(kept, Rule::MembersMissing, &part).contains(account);
        let is_member = next.memberships().contains(account, group);
        prop_assert_eq!(is_member, stays || whole.memberships().contains(account, group), "{} in {}", account, group);
    }
    for directory in 0..whole.directories().len() as Ordinal {
        let statuses = rows_of(kept, Rule::StatusesChanged, &directory_part(whole, directory));
        for account in 0..whole.accounts_len() as Ordinal {
            let from = if statuses.contains(account) { before } else { whole };
            prop_assert_eq!(next.presence(directory, account), from.presence(directory, account));
        }
    }
    let emails = rows_of(kept, Rule::EmailsChanged, &Part::Whole);
    let direct = rows_of(kept, Rule::DirectRolesMissing, &Part::Whole);
    let roles = rows_of(kept, Rule::PlatformRolesMissing, &Part::Whole);
    for account in 0..whole.accounts_len() as Ordinal {
        let from = if emails.contains(account) { before } else { whole };
        prop_assert_eq!(next.profile_digest(account), from.profile_digest(account));
        prop_assert_eq!(next.activity().of(account), whole.activity().of(account));
        for role in before.direct_roles(account).iter().chain(whole.direct_roles(account)) {
            let stays = direct.contains(account) && before.direct_roles(account).contains(role);
            prop_assert_eq!(
                next.direct_roles(account).contains(role),
                stays || whole.direct_roles(account).contains(role)
            );
        }
        for role in before.roles_of(account).iter().chain(&whole.roles_of(account)) {
            let stays = roles.contains(account) && before.roles_of(account).contains(role);
            prop_assert_eq!(next.roles_of(account).contains(role), stays || whole.roles_of(account).contains(role));
        }
    }
    let grants = rows_of(kept, Rule::GrantsMissing, &Part::Whole);
    for group in 0..whole.groups_len() as Ordinal {
        prop_assert_eq!(&next.group_row(group).unwrap().group, &whole.group_row(group).unwrap().group);
        for grant in before.grants(group).iter().chain(whole.grants(group)) {
            let stays = grants.contains(group) && before.grants(group).contains(grant);
            prop_assert_eq!(next.grants(group).contains(grant), stays || whole.grants(group).contains(grant));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_is_withheld_stays_as_it_was_and_all_else_changes(
        before in organization(), after in organization(), thresholds in thresholds(),
    ) {
        let first = mirror(&before);
        let delta = diff(&first, seen(&after, &first, at(2)), at(2));
        let (kept, withheld) = guarded(&first, &delta, &thresholds);
        assert_kept(&first, &first.apply(&delta), &first.apply(&kept), &withheld)?;
    }

    #[test]
    fn the_numbers_decide_and_who_or_what_leaves_does_not_count(
        before in organization(), after in organization(), thresholds in thresholds(),
    ) {
        let first = mirror(&before);
        let delta = diff(&first, seen(&after, &first, at(2)), at(2));
        let (_, withheld) = guarded(&first, &delta, &thresholds);
        let mut expected = concerned(&first, &first.apply(&delta));
        expected.retain(|(rule, _), (rows, present)| exceeded(*rule, &thresholds, rows.len(), *present));
        for withheld in &withheld {
            let rows = expected.remove(&(withheld.rule, withheld.part.clone()));
            prop_assert_eq!(rows, Some((withheld.rows.clone(), withheld.present)), "{:?}", withheld.rule);
            prop_assert_eq!(withheld.thresholds, thresholds);
        }
        prop_assert!(expected.is_empty(), "not withheld: {:?}", expected);
    }

    #[test]
    fn below_the_thresholds_nothing_is_withheld(before in organization(), after in organization()) {
        let first = mirror(&before);
        let delta = diff(&first, seen(&after, &first, at(2)), at(2));
        let (kept, withheld) = guarded(&first, &delta, &never());
        prop_assert_eq!((kept, withheld), (delta, vec![]));
    }

    #[test]
    fn the_first_generation_passes_whole(after in organization(), thresholds in thresholds()) {
        let nothing = Snapshot::default();
        let delta = diff(&nothing, seen(&after, &nothing, at(1)), at(1));
        let (kept, withheld) = guarded(&nothing, &delta, &thresholds);
        prop_assert_eq!((kept, withheld), (delta, vec![]));
    }

    #[test]
    fn claims_of_withheld_nouns_are_partial_and_no_others(
        before in organization(), after in organization(), thresholds in thresholds(),
    ) {
        let first = mirror(&before);
        let delta = diff(&first, seen(&after, &first, at(2)), at(2));
        let (kept, withheld) = guarded(&first, &delta, &thresholds);
        for (claim, whole) in kept.claims.0.iter().zip(&delta.claims.0) {
            let home = |part: &Part| match part {
                Part::Group(id) => {
                    let directory = first.group_row(first.group(id.as_str()).unwrap()).unwrap().directory.unwrap();
                    directory_part(&first, directory)
                }
                part => part.clone(),
            };
            let touches = |withheld: &&Withheld| {
                let part = home(&withheld.part);
                withheld.rule.noun() == claim.noun && (part == Part::Whole || part == claim.part)
            };
            let weak = withheld.iter().any(|withheld| touches(&withheld));
            prop_assert_eq!(claim.state, if weak { ClaimState::Partial } else { whole.state });
            prop_assert_eq!(claim.reason.is_some(), weak);
        }
    }

    #[test]
    fn approved_rows_change_and_only_the_others_are_counted(
        before in organization(), after in organization(), thresholds in thresholds(), odd in any::<bool>(),
    ) {
        let first = mirror(&before);
        let delta = diff(&first, seen(&after, &first, at(2)), at(2));
        let all = concerned(&first, &first.apply(&delta));
        let half = |rows: &RoaringBitmap| rows.iter().filter(|row| (row % 2 == 1) == odd).collect::<RoaringBitmap>();
        let permitted = Permitted(all.iter().map(|(of, (rows, _))| (of.clone(), half(rows))).collect());
        let decided = (&permitted, &Awaited::default());
        let (kept, withheld) = guarded_with(&first, &delta, &thresholds, decided);
        assert_kept(&first, &first.apply(&delta), &first.apply(&kept), &withheld)?;
        for ((rule, part), (rows, present)) in &all {
            let left = rows - half(rows);
            let stays = exceeded(*rule, &thresholds, left.len(), *present) && !left.is_empty();
            let expected = if stays { left } else { RoaringBitmap::new() };
            prop_assert_eq!(rows_of(&withheld, *rule, part), expected, "{:?}", rule);
        }
    }

    #[test]
    fn rows_that_wait_for_a_person_stay_and_are_not_named_again(
        before in organization(), after in organization(), thresholds in thresholds(), odd in any::<bool>(),
    ) {
        let first = mirror(&before);
        let delta = diff(&first, seen(&after, &first, at(2)), at(2));
        let all = concerned(&first, &first.apply(&delta));
        let half = |rows: &RoaringBitmap| rows.iter().filter(|row| (row % 2 == 1) == odd).collect::<RoaringBitmap>();
        let awaited = Awaited(all.iter().map(|(of, (rows, _))| (of.clone(), half(rows))).collect());
        let (kept, named) = guarded_with(&first, &delta, &thresholds, (&Permitted::default(), &awaited));
        let mut stay = named.clone();
        for ((rule, part), rows) in &awaited.0 {
            prop_assert!(rows_of(&named, *rule, part).is_disjoint(rows), "{:?}", rule);
            stay.push(Withheld { rule: *rule, part: part.clone(), present: 0, thresholds, rows: rows.clone() });
        }
        assert_kept(&first, &first.apply(&delta), &first.apply(&kept), &stay)?;
        // Leave is given over what waits.
        let permitted = Permitted(awaited.0.clone());
        let (_, named) = guarded_with(&first, &delta, &never(), (&permitted, &awaited));
        prop_assert_eq!(named, vec![]);
    }
}

/// An organization of one directory, one group, and so many members of it.
fn group_of(members: usize) -> Facts {
    let person = |groups: &[&str]| Person {
        profile: ("Ann".to_owned(), None),
        presence: [(0, Presence { membership: None, status: Some(Status::Active) })].into(),
        roles: Default::default(),
        activity: Default::default(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        direct: Default::default(),
    };
    let people = (0..members).map(|nth| (format!("p{nth}"), person(&["g0"]))).collect();
    let groups = [("g0".to_owned(), (0, Group::named("All"), GroupCounts { users: None, resources: None }))];
    Facts { people, groups: groups.into(), grants: BTreeMap::new() }
}

/// So many of a group's members leave it; how many of them are withheld.
fn withheld_of_group(members: usize, leave: usize) -> u64 {
    let (before, mut after) = (group_of(members), group_of(members));
    for nth in 0..leave {
        after.people.get_mut(&format!("p{nth}")).unwrap().groups.clear();
    }
    let first = mirror(&before);
    let delta = diff(&first, seen(&after, &first, at(2)), at(2));
    let (_, withheld) = guarded(&first, &delta, &Thresholds::default());
    withheld.iter().map(|withheld| withheld.rows.len()).sum()
}

#[test]
fn a_group_under_twenty_is_guarded_only_against_being_emptied() {
    assert_eq!(withheld_of_group(19, 18), 0);
    assert_eq!(withheld_of_group(19, 19), 19);
    assert_eq!(withheld_of_group(1, 1), 1);
    assert_eq!(withheld_of_group(20, 4), 0, "fewer than five");
    assert_eq!(withheld_of_group(20, 5), 5);
    assert_eq!(withheld_of_group(50, 5), 0, "a tenth is not more than a tenth");
    assert_eq!(withheld_of_group(50, 6), 6);
}

#[test]
fn members_who_leave_the_directory_are_no_loss_of_their_group() {
    let before = group_of(30);
    let mut after = before.clone();
    (0..29).for_each(|nth| drop(after.people.remove(&format!("p{nth}"))));
    let first = mirror(&before);
    let delta = diff(&first, seen(&after, &first, at(2)), at(2));
    assert_eq!(delta.memberships_removed.len(), 29);
    assert_eq!(guarded(&first, &delta, &Thresholds::default()).1, vec![]);
    // Nor are those of a group that is gone itself.
    let mut after = before.clone();
    after.groups.clear();
    after.people.values_mut().for_each(|person| person.groups.clear());
    let delta = diff(&first, seen(&after, &first, at(2)), at(2));
    assert_eq!(guarded(&first, &delta, &Thresholds::default()).1, vec![]);
    assert_eq!(first.account(AccountId::new("p0").unwrap().as_str()), Some(0));
    assert!(DirectoryId::new("directory-0").is_ok());
}
