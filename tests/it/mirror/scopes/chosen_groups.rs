//! Group Memberships of chosen groups: proven group by group, and read on where it was killed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use directory::{ClaimState, Noun, Part};
use rollcall::nouns::run::NoteKind;
use rollcall::nouns::scope::Scope;
use rollcall::store::withheld;
use rollcall::sync::worker::work_once;
use simulator::{Answers, Change, Fault, FaultKind, NewUser, Options, ScheduledChange};

use crate::support::app::{ENGINES, Engine, TestApp, population};

use super::{GROUPS, USERS, ask, by_noun, cast, changed, members_of, mirrored, set, sync};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_group_whose_count_disagrees_loses_nobody() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(90, 604)).await;
        let cast = cast(&app.truth());
        app.simulator.change(|organization| {
            assert!(organization.remove_member(&cast.group, &cast.other).unwrap());
        });
        let wrong = FaultKind::UnknownValue { field: "counts.users".to_owned(), value: 1_000.into() };
        app.simulator.set_faults(vec![Fault::on(GROUPS, wrong).subject(&cast.group).always()]);
        sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
        let is_in = |app: &TestApp| {
            let now = app.now();
            now.memberships().contains(now.account(&cast.other).unwrap(), now.group(&cast.group).unwrap())
        };
        assert!(is_in(&app), "{engine:?}");
        let claim = app.claims().await.remove(0);
        assert_eq!((claim.noun, claim.state), (Noun::Memberships, ClaimState::Partial), "{engine:?}");
        assert!(claim.reason.unwrap().contains("Atlassian counted 1000"), "{engine:?}");
        let noted = app.notes().await;
        assert!(noted.iter().any(|note| note.kind == NoteKind::Gap && note.subject == cast.group), "{noted:?}");
        // A full pass that reads the group on its own explains the difference for good.
        app.sync().await.unwrap();
        assert!(!is_in(&app) || !app.gaps().await.is_empty());
        app.simulator.change(|organization| assert!(organization.add_member(&cast.group, &cast.other).unwrap()));
        app.sync().await.unwrap();
        app.simulator.set_faults(Vec::new());
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        app.stop().await;
    }
}

/// A difference that a full pass has explained is no reason for doubt; once it has changed it is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_offset_of_a_chosen_group_is_respected() {
    let app = mirrored(Engine::Sqlite, &population(90, 605)).await;
    let (cast, truth) = (cast(&app.truth()), app.truth());
    let counted = truth.groups.iter().find(|group| group.id == cast.group).unwrap().members;
    let says = |count: u32| {
        let field = "counts.users".to_owned();
        let fault = Fault::on(GROUPS, FaultKind::UnknownValue { field, value: count.into() });
        app.simulator.set_faults(vec![fault.subject(&cast.group).always()]);
    };
    says(counted + 3);
    app.sync().await.unwrap();
    let state = async || {
        let claims = app.claims().await;
        claims.iter().find(|claim| matches!(claim.part, Part::Group(_))).unwrap().state
    };
    app.simulator.change(|organization| assert!(organization.remove_member(&cast.group, &cast.other).unwrap()));
    says(counted + 2);
    sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
    assert_eq!(state().await, ClaimState::Complete);
    let now = app.now();
    assert!(!now.memberships().contains(now.account(&cast.other).unwrap(), now.group(&cast.group).unwrap()));
    says(counted + 7);
    sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
    assert_eq!(state().await, ClaimState::Partial);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_nobody_knows_are_named_and_come_with_the_next_full_sync() {
    let app = mirrored(Engine::Sqlite, &population(90, 606)).await;
    let cast = cast(&app.truth());
    let stranger = app.simulator.change(|organization| {
        let user = NewUser { name: "Stella Strange".to_owned(), email: "stella@x.example".to_owned(), directory: None };
        let stranger = organization.add_user(&user).unwrap();
        organization.add_member(&cast.group, &stranger).unwrap();
        organization.add_member(&cast.group, &cast.idle).unwrap();
        stranger
    });
    sync(&app, Scope::Chosen(members_of(&[&cast.group]))).await;
    assert!(app.now().account(&stranger).is_none(), "of whom nothing but a membership is known gets no place");
    let now = app.now();
    assert!(now.memberships().contains(now.account(&cast.idle).unwrap(), now.group(&cast.group).unwrap()));
    let gaps = app.gaps().await;
    assert!(gaps.len() == 1 && gaps[0].contains("1 members are not known yet"), "{gaps:?}");
    app.sync().await.unwrap();
    assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]));
    app.stop().await;
}

/// Killed between two pages of a chosen group's members: the next process goes on at the page where it stood.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_group_is_read_on_where_the_reading_was_killed() {
    for (engine, answers) in [
        (Engine::Sqlite, Answers::default()),
        (Engine::Sqlite, Answers::opposite()),
        (Engine::Postgres, Answers::default()),
    ] {
        let options = Options { answers: answers.clone(), ..Options::default() };
        let mut app = TestApp::start_with(engine, &population(700, 608), options).await;
        app.work().await.unwrap();
        let truth = app.simulator.known_truth();
        let group = truth.groups.iter().max_by_key(|group| group.members).unwrap().clone();
        assert!(group.members > 200, "three pages");
        let mut members =
            truth.memberships.iter().filter(|(id, _)| *id == group.id).map(|(_, account)| account.clone());
        let (leaver, kept) = (members.next().unwrap(), members.count());
        app.simulator.change(|organization| assert!(organization.remove_member(&group.id, &leaver).unwrap()));
        app.clock.advance(Duration::from_secs(60));
        app.simulator.clear_ledger();

        let late = FaultKind::RateLimited { retry_after: Some("60".to_owned()), reset: None };
        app.simulator.set_faults(vec![
            Fault::on(USERS, late).attempts(3..=3),
            Fault::on(USERS, FaultKind::Delay { milliseconds: 600 }).always(),
        ]);
        let reached = Arc::new(Mutex::new(None));
        let (clock, slot) = (app.clock.clone(), reached.clone());
        let change = Change::custom(move |_| *slot.lock().unwrap() = Some(clock.busy()));
        app.simulator.set_changes(vec![ScheduledChange { path: USERS.to_owned(), request: 3, change }]);
        ask(&app, Scope::Chosen(members_of(&[&group.id])), None).await;
        let (mirror, connector, surroundings) = (app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
        let reading = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
        while reached.lock().unwrap().is_none() {
            assert!(!reading.is_finished(), "{engine:?}: it was to be held at its third page");
            tokio::task::yield_now().await;
        }
        reading.abort();
        drop(reading.await);
        let pages = |app: &TestApp| -> Vec<u32> {
            let read = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
            read.filter(|exchange| exchange.status == Some(200)).filter_map(|exchange| exchange.page).collect()
        };
        // Time stands still yet: what waits for its limit cannot have gone on.
        let before = pages(&app);
        assert_eq!(before, [0, 1], "{engine:?}");
        drop(reached.lock().unwrap().take());
        app.simulator.set_faults(Vec::new());
        app.restart().await;
        app.work_through().await;
        let after: Vec<u32> = pages(&app)[before.len()..].to_vec();
        assert!(after.first().is_some_and(|page| *page >= 1), "{engine:?}: it went on at {after:?}");
        assert_eq!(app.gaps().await, Vec::<String>::new(), "{engine:?}");
        let now = app.now();
        let ordinal = now.group(&group.id).unwrap();
        assert_eq!(now.memberships().members(ordinal).len(), kept as u64, "{engine:?}, {answers:?}");
        assert!(!now.memberships().contains(now.account(&leaver).unwrap(), ordinal));
        app.assert_sound().await;
        app.stop().await;
    }
}

/// W10, its first half: one group is refreshed; what happened elsewhere shows with the next full sync; a shrink waits for
/// a person; who was deleted is a former member with their history.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w10_one_group_is_refreshed_and_the_rest_follows_with_the_next_full_sync() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 609)).await;
        let truth = app.truth();
        let group = truth.groups.iter().filter(|group| group.members >= 40).min_by_key(|group| group.members).unwrap();
        let in_group = |group: &str| -> Vec<String> {
            truth.memberships.iter().filter(|(id, _)| id == group).map(|(_, account)| account.clone()).collect()
        };
        let inside = in_group(&group.id);
        let outsider = truth.users.iter().find(|user| {
            !inside.contains(&user.account_id) && !user.directories.is_empty() && user.account_type == "atlassian"
        });
        let outsider = outsider.unwrap().account_id.clone();
        let elsewhere = truth.groups.iter().find(|other| other.id != group.id).unwrap();
        app.simulator.change(|organization| {
            assert!(organization.remove_member(&group.id, &inside[0]).unwrap());
            assert!(organization.add_member(&group.id, &outsider).unwrap());
            organization.rename_group(&elsewhere.id, "Renamed Elsewhere").unwrap();
            organization.rename(&inside[1], "Renamed Member").unwrap();
        });
        let before = by_noun(&app);
        sync(&app, Scope::Chosen(members_of(&[&group.id]))).await;
        assert_eq!(changed(&before, &app), set(&["memberships"]), "{engine:?}");
        let counts = app.run().await.counts.unwrap();
        assert_eq!(
            (counts.memberships_added, counts.memberships_removed),
            (1, 1),
            "{engine:?}: the difference is shown"
        );
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}: the rest follows");

        app.simulator.change(|organization| {
            inside[2..12].iter().for_each(|id| assert!(organization.remove_member(&group.id, id).unwrap()));
        });
        let members = app.now().memberships().members(app.now().group(&group.id).unwrap()).clone();
        sync(&app, Scope::Chosen(members_of(&[&group.id]))).await;
        let now = app.now();
        let ordinal = now.group(&group.id).unwrap();
        assert_eq!(*now.memberships().members(ordinal), members, "{engine:?}: a shrink of ten is withheld");
        assert_eq!(app.run().await.withheld_rows, 10);
        assert_eq!(app.mirror.store().read(withheld::count_open).await.unwrap(), 1);
        let claim = app.claims().await.remove(0);
        assert_eq!(claim.state, ClaimState::Partial, "{engine:?}");

        app.simulator.change(|organization| {
            inside[2..12].iter().for_each(|id| assert!(organization.add_member(&group.id, id).unwrap()));
            organization.delete_account(&inside[3]).unwrap();
        });
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        assert_eq!(
            app.mirror.store().read(withheld::count_open).await.unwrap(),
            0,
            "{engine:?}: it was looked at anew"
        );
        let now = app.now();
        let former = now.account(&inside[3]).unwrap();
        assert!(!now.present().contains(former) && now.account_row(former).is_some(), "{engine:?}: known as former");
        app.assert_sound().await;
        app.stop().await;
    }
}
