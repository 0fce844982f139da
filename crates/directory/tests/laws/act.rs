//! The laws of plans, on random organizations and actions: what a plan says is what comes of it, nobody protected is in
//! it, nothing is left without an administrator, and a plan carried out leaves nothing to do.

use std::collections::{BTreeMap, BTreeSet};

use directory::act::{Action, Apps, Change, Circumstances, KeyOwner, Plan, Reason, Verdict, plan, plan_changes};
use directory::{
    AccountId, Builder, DirectoryId, Grant, Group, GroupCounts, GroupId, ManagedBy, Ordinal, PlatformRole, Presence,
    Profile, Resource, ResourceId, Role, Snapshot, Status, diff,
};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::organization::{DIRECTORIES, Facts, at, directory_id, organization, seen};

#[derive(Clone, Debug)]
struct Case {
    facts: Facts,
    protected_people: u16,
    protected_groups: u16,
    synced_groups: u16,
    own: Option<usize>,
    key_owner: usize,
    actions: Vec<Action>,
}

fn action() -> impl Strategy<Value = Action> {
    let resource = 0u32..4;
    let some = || proptest::collection::vec(0u32..8, 1..3);
    prop_oneof![
        3 => (proptest::collection::vec(resource.clone(), 1..3), proptest::collection::vec(resource.clone(), 0..2))
            .prop_map(|(chosen, also_lose)| Action::RemoveAppAccess { apps: Apps::Chosen(chosen), also_lose }),
        1 => Just(Action::RemoveAppAccess { apps: Apps::All, also_lose: Vec::new() }),
        1 => (resource.clone(), 0u32..8)
            .prop_map(|(resource, group)| Action::GrantAppAccessByGroup { resource, group }),
        1 => resource.prop_map(|resource| Action::GrantAppAccessByRole { resource, role: Role::User }),
        1 => Just(Action::Suspend),
        1 => Just(Action::Restore),
        2 => some().prop_map(Action::AddToGroups),
        2 => some().prop_map(Action::RemoveFromGroups),
        1 => Just(Action::RemoveFromDirectory),
    ]
}

fn case(actions: impl Strategy<Value = Vec<Action>>) -> impl Strategy<Value = Case> {
    (organization(), any::<(u16, u16)>(), any::<u16>(), proptest::option::of(0usize..14), 0usize..20, actions).prop_map(
        |(mut facts, (protected_people, protected_groups), synced, own, key_owner, actions)| {
            let synced_groups = synced & synced.rotate_left(5);
            for (place, (_, group, _)) in facts.groups.values_mut().enumerate() {
                if synced_groups & (1 << place) != 0 {
                    group.managed_by = Some(ManagedBy::External);
                }
            }
            // Few are protected, else nothing is left to do.
            let protected_people = protected_people & protected_people.rotate_left(3) & protected_people.rotate_left(7);
            let protected_groups = protected_groups & protected_groups.rotate_left(3);
            Case { facts, protected_people, protected_groups, synced_groups, own, key_owner, actions }
        },
    )
}

fn snapshot_of(facts: &Facts, before: &Snapshot, second: i64) -> Snapshot {
    before.apply(&diff(before, seen(facts, before, at(second)), at(second)))
}

fn bits(mask: u16) -> RoaringBitmap {
    (0..16).filter(|place| mask & (1 << place) != 0).collect()
}

impl Case {
    fn around(&self, snapshot: &Snapshot) -> Circumstances {
        let ordinals: Vec<Ordinal> = snapshot.present().iter().collect();
        Circumstances {
            protected_people: bits(self.protected_people),
            protected_groups: bits(self.protected_groups),
            own: self.own.and_then(|place| ordinals.get(place).copied()),
            key_owner: match ordinals.get(self.key_owner) {
                Some(owner) => KeyOwner::Account(*owner),
                None => KeyOwner::Elsewhere,
            },
        }
    }
}

/// What Atlassian's state is after a change, by the plainest reading of its name.
fn carry_out(facts: &mut Facts, snapshot: &Snapshot, change: &Change) {
    let id = snapshot.account_row(change.account()).unwrap().id.to_owned();
    let group = |group: &Ordinal| snapshot.group_row(*group).unwrap().id.to_string();
    let resource = |resource: &Ordinal| snapshot.resources()[*resource as usize].id.to_string();
    let number = |directory: &Ordinal| -> u8 {
        let id = snapshot.directories()[*directory as usize].id.as_str().to_owned();
        (0..DIRECTORIES).find(|number| directory_id(*number).as_str() == id).unwrap()
    };
    let directory_of: BTreeMap<String, u8> =
        facts.groups.iter().map(|(id, (directory, ..))| (id.clone(), *directory)).collect();
    let person = facts.people.get_mut(&id).unwrap();
    let mut become_ = |directory: &Ordinal, status: Status| {
        person.presence.insert(number(directory), Presence { membership: None, status: Some(status) });
    };
    match change {
        Change::AddToGroup { group: joined, .. } => assert!(person.groups.insert(group(joined))),
        Change::RemoveFromGroup { group: left, .. } => assert!(person.groups.remove(&group(left))),
        Change::AssignRole { resource: on, role, .. } => {
            assert!(person.direct.insert((resource(on), role.clone())));
        }
        Change::RevokeRole { resource: on, role, .. } => {
            assert!(person.direct.remove(&(resource(on), role.clone())));
        }
        Change::Suspend { directory, .. } => become_(directory, Status::Suspended),
        Change::Restore { directory, .. } => become_(directory, Status::Active),
        Change::RemoveFromDirectory { directory, .. } => {
            let number = number(directory);
            assert!(person.presence.remove(&number).is_some());
            person.groups.retain(|group| directory_of[group] != number);
            if person.presence.is_empty() {
                facts.people.remove(&id);
            }
        }
        Change::Deactivate { .. }
        | Change::Activate { .. }
        | Change::CreateGroup { .. }
        | Change::DeleteGroup { .. }
        | Change::Invite { .. } => unreachable!("not among the actions"),
    }
}

/// Who takes which seats, one by one.
fn seats(snapshot: &Snapshot) -> BTreeMap<Ordinal, i64> {
    let mut seats = BTreeMap::new();
    for account in &snapshot.present() {
        for resource in 0..snapshot.resources().len() as Ordinal {
            if snapshot.seat(account, resource).is_some_and(|seat| seat.is_billable()) {
                *seats.entry(resource).or_default() += 1;
            }
        }
    }
    seats
}

/// The resources that somebody opens.
fn opened(snapshot: &Snapshot, account: Ordinal) -> BTreeSet<Ordinal> {
    if snapshot.best_presence(account).is_none_or(|presence| presence.status != Some(Status::Active)) {
        return BTreeSet::new();
    }
    snapshot.access(account).into_iter().map(|access| access.resource).collect()
}

fn administrators(snapshot: &Snapshot) -> BTreeSet<Ordinal> {
    let mut resources = BTreeSet::new();
    for account in &snapshot.with_status(&Status::Active) {
        let access = snapshot.access(account);
        resources.extend(access.iter().filter(|access| access.role == Role::Admin).map(|access| access.resource));
    }
    resources
}

fn done(plan: &Plan, facts: &Facts, snapshot: &Snapshot) -> (Facts, Snapshot) {
    let mut after = facts.clone();
    for row in plan.to_do() {
        carry_out(&mut after, snapshot, &row.change);
    }
    let snapshot = snapshot_of(&after, snapshot, 2);
    (after, snapshot)
}

proptest! {
    #[test]
    fn what_a_plan_says_is_what_comes_of_it(case in case(proptest::collection::vec(action(), 1..4))) {
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let made = plan(&before, &before.present(), &case.actions, &case.around(&before));
        let (_, after) = done(&made, &case.facts, &before);
        let (had, has) = (seats(&before), seats(&after));
        for resource in 0..before.resources().len() as Ordinal {
            let freed = had.get(&resource).unwrap_or(&0) - has.get(&resource).unwrap_or(&0);
            prop_assert_eq!(made.seats.get(&resource).copied().unwrap_or(0), freed, "seats on {}", resource);
        }
        let left_without: RoaringBitmap = (0..before.accounts_len() as Ordinal)
            .filter(|account| !opened(&before, *account).is_empty() && opened(&after, *account).is_empty())
            .collect();
        prop_assert_eq!(&made.left_without, &left_without);
        let concerned: RoaringBitmap = made.to_do().map(|row| row.change.account()).collect();
        prop_assert_eq!(&made.concerned, &concerned);
    }

    #[test]
    fn i9_b5_nobody_protected_is_touched(case in case(proptest::collection::vec(action(), 1..4))) {
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let around = case.around(&before);
        let made = plan(&before, &before.present(), &case.actions, &around);
        let (after, _) = done(&made, &case.facts, &before);
        for account in &before.present() {
            let id = before.account_row(account).unwrap().id;
            let untouchable = around.protected_people.contains(account)
                || around.own == Some(account)
                || around.key_owner == KeyOwner::Account(account)
                || case.facts.people[id].roles.contains(&PlatformRole::OrganizationAdmin);
            if untouchable {
                prop_assert_eq!(after.people.get(id), case.facts.people.get(id));
            }
        }
    }

    #[test]
    fn b4_groups_that_are_synced_or_protected_keep_their_members(
        case in case(proptest::collection::vec(action().prop_filter("leaves the directory", |action| *action != Action::RemoveFromDirectory), 1..4))
    ) {
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let made = plan(&before, &before.present(), &case.actions, &case.around(&before));
        let (after, _) = done(&made, &case.facts, &before);
        let members = |facts: &Facts, group: &String| -> BTreeSet<String> {
            facts.people.iter().filter(|(_, person)| person.groups.contains(group)).map(|(id, _)| id.clone()).collect()
        };
        for (place, id) in case.facts.groups.keys().enumerate() {
            let ordinal = before.group(id).unwrap();
            if case.synced_groups & (1 << place) != 0 || case.protected_groups & (1 << ordinal) != 0 {
                prop_assert_eq!(members(&after, id), members(&case.facts, id));
            }
        }
    }

    #[test]
    fn b5_every_resource_that_has_an_administrator_keeps_one(case in case(proptest::collection::vec(action(), 1..4))) {
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let made = plan(&before, &before.present(), &case.actions, &case.around(&before));
        let (_, after) = done(&made, &case.facts, &before);
        prop_assert!(administrators(&before).is_subset(&administrators(&after)));
    }

    #[test]
    fn removing_access_takes_what_was_chosen_and_nothing_else(
        case in case((proptest::collection::vec(0u32..4, 1..3), proptest::collection::vec(0u32..4, 0..2)).prop_map(
            |(chosen, also_lose)| vec![Action::RemoveAppAccess { apps: Apps::Chosen(chosen), also_lose }]
        ))
    ) {
        let Action::RemoveAppAccess { apps: Apps::Chosen(chosen), also_lose } = &case.actions[0] else { unreachable!() };
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let made = plan(&before, &before.present(), &case.actions, &case.around(&before));
        let (_, after) = done(&made, &case.facts, &before);
        let refused: RoaringBitmap = (made.rows.iter())
            .filter(|row| matches!(row.verdict, Verdict::Refused(_)))
            .map(|row| row.change.account())
            .collect();
        let asked: BTreeSet<Ordinal> = chosen.iter().copied().collect();
        let allowed: BTreeSet<Ordinal> = asked.iter().chain(also_lose).copied().collect();
        for account in &before.present() {
            let (had, has) = (opened(&before, account), opened(&after, account));
            let lost: BTreeSet<Ordinal> = had.difference(&has).copied().collect();
            prop_assert!(lost.is_subset(&allowed), "{account} lost {lost:?}");
            if !refused.contains(account) {
                prop_assert!(has.is_disjoint(&asked), "{account} keeps {has:?}");
            }
        }
    }

    #[test]
    fn b14_a_plan_carried_out_leaves_nothing_to_do(case in case(proptest::collection::vec(action(), 1))) {
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let around = case.around(&before);
        let made = plan(&before, &before.present(), &case.actions, &around);
        let (_, after) = done(&made, &case.facts, &before);
        let again = plan(&after, &before.present(), &case.actions, &around);
        let left: Vec<_> = again.to_do().collect();
        prop_assert!(left.is_empty(), "{left:?}");
    }

    #[test]
    fn the_inverses_of_a_plan_lead_back(
        case in case(proptest::collection::vec(action().prop_filter("cannot be undone", |action| *action != Action::RemoveFromDirectory), 1..4))
    ) {
        let before = snapshot_of(&case.facts, &Snapshot::default(), 1);
        let made = plan(&before, &before.present(), &case.actions, &case.around(&before));
        let (mut state, after) = done(&made, &case.facts, &before);
        let changes: Vec<Change> = made.to_do().map(|row| row.change.clone()).collect();
        let mut inverses: Vec<(u16, Change)> =
            changes.iter().rev().map(|change| (0, change.inverse().unwrap())).collect();
        inverses.sort_by_key(|(_, change)| change.account());
        let back = plan_changes(&after, &inverses, &case.around(&after));
        // Whoever was not protected when it was done is not refused when it is taken back, but for want of a seat, or
        // because it would leave something without an administrator, or gives a role to somebody who is not active.
        let refused = back.rows.iter().filter(|row| row.verdict != Verdict::WillDo);
        for row in refused {
            prop_assert!(matches!(
                row.verdict,
                Verdict::Refused(
                    Reason::NoSeatLeft(_)
                        | Reason::LastAdministrator(_)
                        | Reason::LastPlatformRole
                        | Reason::InState(_)
                )
            ), "{:?}", row);
        }
        for (_, change) in inverses {
            carry_out(&mut state, &after, &change);
        }
        let mut expected = case.facts.clone();
        // Suspending writes a status where there was another word for the same.
        for (id, person) in &mut expected.people {
            for (directory, presence) in &mut person.presence {
                if state.people[id].presence[directory].status == presence.status {
                    presence.membership = state.people[id].presence[directory].membership.clone();
                }
            }
        }
        prop_assert_eq!(state, expected);
    }
}

fn circumstances() -> Circumstances {
    Circumstances {
        protected_people: RoaringBitmap::new(),
        protected_groups: RoaringBitmap::new(),
        own: None,
        key_owner: KeyOwner::Elsewhere,
    }
}

/// Three active people in one directory, of whom roles were read or not; the first two are in a group that grants Jira,
/// which has this many seats.
fn small(roles_are_read: bool, capacity: Option<i64>) -> Snapshot {
    let mut builder = Builder::new(1, at(1));
    let directory = DirectoryId::new("d").unwrap();
    builder.directory(directory.clone(), "Local");
    let jira = ResourceId::new("ari:cloud:jira-software::site/1").unwrap();
    builder.resource(Resource { capacity, ..Resource::unnamed(jira) });
    for place in 0..3 {
        builder.account(AccountId::new(&format!("a{place}")).unwrap(), Some(&Profile::named("A")), None);
        builder.presence(0, place, Presence { membership: None, status: Some(Status::Active) });
    }
    builder.group(GroupId::new("g").unwrap(), Some(0), Some(Group::named("g")), GroupCounts::default());
    builder.grant(0, Grant { resource: 0, role: Role::User, default: false });
    builder.membership(0, 0);
    builder.membership(1, 0);
    if roles_are_read {
        let part = directory::Part::Directory(directory);
        builder.age(directory::Age { noun: directory::Noun::PlatformRoles, part, read_at: at(1) });
    }
    builder.finish()
}

fn verdicts(snapshot: &Snapshot, action: Action, around: &Circumstances) -> Vec<(Ordinal, Verdict)> {
    let rows = plan(snapshot, &snapshot.present(), &[action], around).rows;
    rows.into_iter().map(|row| (row.change.account(), row.verdict)).collect()
}

#[test]
fn without_a_read_of_roles_nobody_is_acted_on() {
    let all = |reason: Reason| (0..3).map(|account| (account, Verdict::Refused(reason.clone()))).collect::<Vec<_>>();
    assert_eq!(verdicts(&small(false, None), Action::Suspend, &circumstances()), all(Reason::RolesUnread));
    let nobody_said = Circumstances { key_owner: KeyOwner::Unknown, ..circumstances() };
    assert_eq!(verdicts(&small(true, None), Action::Suspend, &nobody_said), all(Reason::KeyOwnerUnknown));
    let done = (0..3).map(|account| (account, Verdict::WillDo)).collect::<Vec<_>>();
    assert_eq!(verdicts(&small(true, None), Action::Suspend, &circumstances()), done);
}

#[test]
fn a_seat_that_is_not_there_is_refused_before_it_is_asked_for() {
    let add = || Action::AddToGroups(vec![0]);
    let full = verdicts(&small(true, Some(2)), add(), &circumstances());
    assert_eq!(full, [(0, Verdict::AlreadySo), (1, Verdict::AlreadySo), (2, Verdict::Refused(Reason::NoSeatLeft(0))),]);
    assert_eq!(verdicts(&small(true, Some(3)), add(), &circumstances())[2], (2, Verdict::WillDo));
    assert_eq!(verdicts(&small(true, None), add(), &circumstances())[2], (2, Verdict::WillDo));
}

#[test]
fn a_seat_freed_by_one_can_be_taken_by_another() {
    let snapshot = small(true, Some(2));
    let made = plan(
        &snapshot,
        &snapshot.present(),
        &[Action::RemoveFromGroups(vec![0]), Action::AddToGroups(vec![0])],
        &circumstances(),
    );
    // Whoever leaves and joins again in one operation keeps the seat; the third finds none.
    assert_eq!(made.seats, BTreeMap::new());
    assert_eq!(made.refusals(), [(&Reason::NoSeatLeft(0), 1)]);
}
