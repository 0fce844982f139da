//! Organizations that change between passes and during them: after each pass the mirror is the organization, and nobody
//! who is there is ever taken for gone.

use rollcall::mirror::seal::Sealed;
use rollcall::nouns::change_list::ChangeKind;
use rollcall::store::{changes, history};
use simulator::{Change, Fault, FaultKind, NewUser, Options, Population, Role, ScheduledChange};

use crate::support::app::{ENGINES, Engine, TestApp, population};

const USERS: &str = "/admin/v2/orgs/{o}/directories/{d}/users/search";
const GROUPS: &str = "/admin/v2/orgs/{o}/directories/{d}/groups/search";

/// Every answer takes a little while, so that no two requests leave at the same instant.
fn taking_time() -> Options {
    let slow = Fault::on("*", FaultKind::Delay { milliseconds: 20 }).always();
    Options { faults: vec![slow], ..Options::default() }
}

fn generation(sealed: &Sealed) -> u64 {
    match sealed {
        Sealed::Done { generation, .. } => *generation,
        other => panic!("nobody else works here: {other:?}"),
    }
}

/// Changes the organization at random, syncs, compares; `rounds` times. Says what was done when something differs.
async fn change_and_compare(engine: Engine, population: &Population, rounds: u64) {
    let app = TestApp::start_with(engine, population, taking_time()).await;
    app.work().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}, seed {}, first pass", population.seed);
    let mut rng = fastrand::Rng::with_seed(population.seed);
    for round in 1..=rounds {
        let changes: Vec<String> = app
            .simulator
            .change(|organization| (0..rng.usize(4..=12)).map(|_| organization.random_change(&mut rng)).collect());
        let before = app.now();
        let sealed = app.sync().await.unwrap();
        let place = format!("{engine:?}, seed {}, round {round}, after {changes:#?}", population.seed);
        assert_eq!(generation(&sealed), round + 1, "{place}");
        assert_eq!(app.differences(), Vec::<String>::new(), "{place}");
        assert_eq!(app.wrongly_gone(&before), Vec::<String>::new(), "{place}");
        assert_eq!(app.gaps().await, Vec::<String>::new(), "{place}");
        app.assert_sound().await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_pass_the_mirror_is_the_organization_on_both_engines() {
    for engine in ENGINES {
        change_and_compare(engine, &population(150, 11), 6).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_pass_the_mirror_is_the_organization_whatever_it_is() {
    for seed in 21..=26 {
        let users = 60 + (seed as u32 % 4) * 70;
        change_and_compare(Engine::Sqlite, &population(users, seed), 8).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_every_pass_the_mirror_is_the_organization_with_several_directories() {
    for seed in 31..=33 {
        change_and_compare(Engine::Sqlite, &Population { directories: 3, ..population(180, seed) }, 8).await;
    }
}

/// People come, go and move while page after page is read. That pass may be a little behind, never wrong about who is
/// gone; the next one is exact.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a17_changes_while_pages_are_read_converge_with_the_next_pass() {
    for (seed, directories) in [(41, 1), (42, 1), (43, 2), (44, 3)] {
        let population = Population { directories, ..population(320, seed) };
        let app = TestApp::start_with(Engine::Sqlite, &population, taking_time()).await;
        let during = |round: u64| -> Vec<ScheduledChange> {
            (1..=5)
                .flat_map(|request| [(USERS, request), (GROUPS, request), ("role-assignments", 3 * request)])
                .enumerate()
                .map(|(place, (path, request))| {
                    let seed = seed * 1000 + round * 100 + place as u64;
                    ScheduledChange { path: path.to_owned(), request, change: Change::Random { times: 3, seed } }
                })
                .collect()
        };
        for round in 0..3 {
            app.simulator.set_changes(during(round));
            let before = app.now();
            app.sync().await.unwrap();
            assert_eq!(app.wrongly_gone(&before), Vec::<String>::new(), "seed {seed}, round {round}, during");
            app.assert_sound().await;
            app.simulator.set_changes(Vec::new());
            let before = app.now();
            app.sync().await.unwrap();
            assert_eq!(app.differences(), Vec::<String>::new(), "seed {seed}, round {round}, the pass after");
            assert_eq!(app.wrongly_gone(&before), Vec::<String>::new(), "seed {seed}, round {round}, the pass after");
            assert_eq!(app.gaps().await, Vec::<String>::new(), "seed {seed}, round {round}, the pass after");
            app.assert_sound().await;
        }
        app.stop().await;
    }
}

/// The accounts outside every directory are listed on one page, early; who leaves the directory after that page was read
/// and before their own page comes is on neither, and is there all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a17_people_who_leave_a_directory_behind_the_reader_are_not_taken_for_gone() {
    let app = TestApp::start_with(Engine::Sqlite, &population(320, 45), taking_time()).await;
    app.work().await.unwrap();
    let listed_last: Vec<String> = (app.simulator.read(|organization| {
        (0..320).rev().filter_map(|nth| organization.account_id(nth).map(str::to_owned)).collect::<Vec<_>>()
    }))
    .into_iter()
    .filter(|id| {
        let found = app.truth().users.into_iter().find(|user| user.account_id == *id);
        found.is_some_and(|user| user.managed && !user.directories.is_empty())
    })
    .take(2)
    .collect();
    let leaving = listed_last.clone();
    app.simulator.set_changes(vec![ScheduledChange {
        path: USERS.to_owned(),
        request: 4,
        change: Change::custom(move |organization| {
            leaving.iter().for_each(|id| organization.remove_user(id).unwrap());
        }),
    }]);
    let before = app.now();
    app.sync().await.unwrap();
    assert_eq!(app.wrongly_gone(&before), Vec::<String>::new());
    let outside = app.now().directory(directory::OUTSIDE).unwrap();
    for id in &listed_last {
        let account = app.now().account(id).unwrap();
        assert!(app.now().present_in(outside).contains(account), "{id} is found where it went");
    }
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}

/// A group is made after the groups were listed, and named by members who are in two directories: the one that does not
/// have the group must not take them out of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a17_a_group_first_named_by_its_members_belongs_to_their_directory() {
    let population = Population { directories: 2, ..population(420, 46) };
    let app = TestApp::start_with(Engine::Sqlite, &population, taking_time()).await;
    app.work().await.unwrap();
    let truth = app.truth();
    let mut both: Vec<String> = app.simulator.read(|organization| {
        (0..420).rev().filter_map(|nth| organization.account_id(nth).map(str::to_owned)).collect()
    });
    both.retain(|id| truth.users.iter().any(|user| user.account_id == *id && user.directories.len() == 2));
    assert!(!both.is_empty());
    let members = both.clone();
    app.simulator.set_changes(vec![ScheduledChange {
        path: USERS.to_owned(),
        request: 4,
        change: Change::custom(move |organization| {
            let group = organization.create_group("late-comers");
            members.iter().for_each(|id| assert!(organization.add_member(&group, id).unwrap()));
        }),
    }]);
    app.sync().await.unwrap();
    for _ in 0..2 {
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new());
        app.assert_sound().await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_grants_nothing_any_more_is_seen_to_grant_nothing() {
    let app = TestApp::start_with(Engine::Sqlite, &population(120, 62), taking_time()).await;
    app.work().await.unwrap();
    let truth = app.truth();
    let group = &truth.grants[0].group;
    let grants: Vec<_> = truth.grants.iter().filter(|grant| grant.group == *group).collect();
    app.simulator.change(|organization| {
        for (grant, role) in grants.iter().flat_map(|grant| Role::ALL.map(|role| (grant, role))) {
            organization.revoke(group, &grant.resource, role).unwrap();
        }
    });
    assert!(app.truth().grants.iter().all(|grant| grant.group != *group));
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(app.gaps().await, Vec::<String>::new());
    app.stop().await;
}

/// Who leaves the directories lives on outside them, who was outside comes back: the same person, the same ordinal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_who_move_in_and_out_of_the_directories_stay_the_same_people() {
    let app = TestApp::start_with(Engine::Sqlite, &population(120, 51), taking_time()).await;
    app.work().await.unwrap();
    let truth = app.truth();
    let staying: Vec<&str> = (truth.users.iter())
        .filter(|user| user.managed && !user.directories.is_empty() && user.account_type == "atlassian")
        .map(|user| user.account_id.as_str())
        .take(3)
        .collect();
    let leaving: Vec<&str> = (truth.users.iter())
        .filter(|user| !user.managed && !user.directories.is_empty() && user.account_type == "atlassian")
        .map(|user| user.account_id.as_str())
        .take(2)
        .collect();
    let ordinals: Vec<_> = staying.iter().map(|id| app.now().account(id).unwrap()).collect();
    app.simulator.change(|organization| {
        staying.iter().chain(&leaving).for_each(|id| organization.remove_user(id).unwrap());
    });
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    let now = app.now();
    let outside = now.directory(directory::OUTSIDE).unwrap();
    for (id, ordinal) in staying.iter().zip(&ordinals) {
        assert_eq!(now.account(id), Some(*ordinal));
        assert!(now.present_in(outside).contains(*ordinal), "{id} is managed, so the account goes on");
        assert!(now.memberships().of(*ordinal).is_empty(), "{id} left its groups with the directory");
    }
    for id in &leaving {
        let ordinal = now.account(id).expect("former people keep their ordinal");
        assert!(!now.present().contains(ordinal), "{id} is gone");
    }
    app.assert_sound().await;

    let email = |id: &str| truth.users.iter().find(|user| user.account_id == id).unwrap().email.clone().unwrap();
    let newcomer = NewUser { name: "Same Address".to_owned(), email: email(leaving[0]), directory: None };
    let added = app.simulator.change(|organization| organization.add_user(&newcomer).unwrap());
    app.sync().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    let now = app.now();
    assert_ne!(now.account(&added), now.account(leaving[0]), "an address is not a person");
    assert_eq!(now.search(&email(leaving[0])).iter().filter(|found| now.present().contains(*found)).count(), 1);
    app.stop().await;
}

/// A name says nothing about a group: the deleted one is gone with its members, the new one is another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a18_a_group_deleted_and_made_again_with_the_same_name_is_another_group() {
    for engine in ENGINES {
        let app = TestApp::start_with(engine, &population(120, 61), taking_time()).await;
        app.work().await.unwrap();
        let truth = app.truth();
        let old = truth.groups.iter().filter(|group| group.members > 2).min_by_key(|group| group.members).unwrap();
        let member = &truth.memberships.iter().find(|(group, _)| *group == old.id).unwrap().1;
        let ordinal = app.now().group(&old.id).unwrap();
        let new = app.simulator.change(|organization| {
            organization.delete_group(&old.id).unwrap();
            let new = organization.create_group(&old.name);
            organization.add_member(&new, member).unwrap();
            new
        });
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        let now = app.now();
        assert_eq!(now.group(&old.id), Some(ordinal), "its history stays its own");
        assert!(now.group_row(ordinal).unwrap().group.is_none(), "the old one is gone");
        assert!(now.memberships().members(ordinal).is_empty());
        let (new, member) = (now.group(&new).unwrap(), now.account(member).unwrap());
        assert_ne!(new, ordinal);
        assert_eq!(now.memberships().members(new).iter().collect::<Vec<_>>(), [member]);

        app.simulator.change(|organization| organization.rename_group(&truth.groups[0].id, "Renamed").unwrap());
        app.sync().await.unwrap();
        let found = app.now().group(&truth.groups[0].id).unwrap();
        assert_eq!(&*app.now().group_row(found).unwrap().group.as_ref().unwrap().name, "Renamed");
        app.assert_sound().await;
        app.stop().await;
    }
}

/// What a pass changed is kept with its generation, row by row, with what was before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pass_keeps_whom_and_what_it_changed() {
    for engine in ENGINES {
        let app = TestApp::start_with(engine, &population(80, 51), Options::default()).await;
        app.work().await.unwrap();
        let kept = |generation: u64| {
            let store = app.mirror.store().clone();
            async move { store.read(move |tx| changes::of_generation(tx, generation)).await.unwrap() }
        };
        assert_eq!(kept(1).await, None, "everything is new in the first");

        let before = app.now();
        let member = before.present().iter().find(|account| !before.memberships().of(*account).is_empty()).unwrap();
        let group = before.memberships().of(member)[0];
        let id = before.account_id(member).unwrap().to_string();
        let group_id = before.group_row(group).unwrap().id.to_string();
        app.simulator.change(|organization| {
            organization.rename(&id, "Somebody Else").unwrap();
            organization.remove_member(&group_id, &id).unwrap();
        });
        app.sync().await.unwrap();
        let list = kept(2).await.unwrap();
        let rows = |kind| list.get(kind).map(|changes| changes.rows.clone()).unwrap_or_default();
        assert_eq!(rows(ChangeKind::ProfilesChanged), [(member, 0)]);
        assert_eq!(rows(ChangeKind::MembershipsEnded), [(member, group)]);
        let was = app.mirror.store().read(move |tx| history::profile(tx, member, 2)).await.unwrap();
        assert_eq!(&*was.ended[0].name, before.account_row(member).unwrap().name);
        assert_eq!(&*was.begun[0].name, "Somebody Else");
        let run = app.run().await;
        let (counts, totals) = (run.counts.unwrap(), run.totals.unwrap());
        assert_eq!((counts.people_changed, counts.memberships_removed), (1, 1));
        assert_eq!(totals.before.memberships, totals.after.memberships + 1);

        app.sync().await.unwrap();
        assert_eq!(kept(3).await, None, "a pass without news leaves no list");
        app.stop().await;
    }
}
