//! Who and what is met first by a targeted read, several of them, and those that a seal overtakes.

use std::sync::{Arc, Mutex};

use clock::Busy;
use directory::{DirectoryId, Part, Rule, Thresholds, Withheld};
use roaring::RoaringBitmap;
use rollcall::id::{Entropy, WithheldId};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::run::{RunKind, RunState};
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::nouns::withheld::Permit;
use rollcall::store::{runs, withheld};
use rollcall::sync::ended::Ended;
use rollcall::sync::request::{self, Ask};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Change, Fault, FaultKind, NewUser, Population, Role, ScheduledChange};

use crate::support::app::{Engine, TestApp, population};

use super::{AFTER_PAGES, BEFORE_PAGES, ask_for, cast, groups, held, leave, people, read, rejoin, until_held};

/// What a targeted read meets first gets its place in the mirror, and the pass beside it, whose own names run in another
/// order, mixes nothing up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_targeted_read_meets_first_is_not_mixed_up_by_the_pass() {
    for (request, killed) in [(BEFORE_PAGES, false), (AFTER_PAGES, false), (BEFORE_PAGES, true), (AFTER_PAGES, true)] {
        let place = format!("held at {request}, killed: {killed}");
        let mut app = TestApp::start(Engine::Sqlite, &population(60, 431)).await;
        app.work().await.unwrap();
        let cast = cast(&app);
        let guest = |name: &str| {
            let email = format!("{}@guest.example", name.to_lowercase().replace(' ', "."));
            NewUser { name: name.to_owned(), email, directory: None }
        };
        // The pass alone has heard of these.
        let early = app.simulator.change(|organization| {
            let early = organization.create_group("Early");
            let erin = organization.add_user(&guest("Erin Early")).unwrap();
            organization.add_member(&early, &erin).unwrap();
            organization.grant(&early, &cast.app, Role::User).unwrap();
            early
        });
        let pass = held(&app, request).await;
        let (late, lena) = app.simulator.change(|organization| {
            let latest = organization.create_group("Latest");
            let late = organization.create_group("Late");
            let lena = organization.add_user(&guest("Lena Late")).unwrap();
            for group in [&latest, &late] {
                organization.add_member(group, &lena).unwrap();
                organization.add_member(group, &cast.person).unwrap();
            }
            organization.grant(&late, &cast.app, Role::Admin).unwrap();
            (late, lena)
        });
        read(&app, groups(&[&late])).await;
        assert!(app.now().account(&lena).is_some(), "{place}: an unknown member is read with the group");
        assert!(app.now().group(&early).is_none(), "{place}");
        let pass = if request == BEFORE_PAGES { pass.on_to(&app, AFTER_PAGES).await } else { pass };
        match killed {
            true => pass.killed(&mut app).await,
            false => drop(pass.finished().await.unwrap()),
        }
        for (id, name) in [(&early, "Early"), (&late, "Late")] {
            let now = app.now();
            let row = now.group_row(now.group(id).unwrap()).unwrap();
            assert_eq!(&*row.group.as_ref().unwrap().name, name, "{place}");
        }
        app.assert_sound().await;
        app.simulator.set_faults(Vec::new());
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "{place}");
        app.assert_sound().await;
        app.stop().await;
    }
}

/// A pass that knows no new group is taken up beside one that a targeted read has brought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_a_killed_pass_never_heard_of_disturbs_it_not() {
    let mut app = TestApp::start(Engine::Sqlite, &population(60, 440)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    app.simulator.change(|organization| leave(organization, &cast));
    let pass = held(&app, AFTER_PAGES).await;
    let late = app.simulator.change(|organization| {
        let late = organization.create_group("Late");
        organization.add_member(&late, &cast.person).unwrap();
        organization.grant(&late, &cast.app, Role::User).unwrap();
        late
    });
    read(&app, groups(&[&late])).await;
    pass.killed(&mut app).await;
    assert_eq!(app.differences(), Vec::<String>::new());
    app.assert_sound().await;
    app.simulator.set_faults(Vec::new());
    app.sync().await.unwrap();
    assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_targeted_reads_beside_a_pass_are_both_believed() {
    let app = TestApp::start(Engine::Sqlite, &population(60, 432)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    app.simulator.change(|organization| leave(organization, &cast));
    let pass = held(&app, AFTER_PAGES).await;
    app.simulator.change(|organization| {
        rejoin(organization, &cast);
        organization.set_job_title(&cast.person, "First").unwrap();
    });
    read(&app, groups(&[&cast.group])).await;
    app.simulator.change(|organization| organization.set_job_title(&cast.person, "Second").unwrap());
    read(&app, people(&[&cast.person])).await;
    assert_eq!(app.now().generation(), 3);
    pass.finished().await.unwrap();
    assert_eq!(app.differences(), Vec::<String>::new());
    app.assert_sound().await;
    app.stop().await;
}

/// Somebody who was seen by the pass, left upstream, and was taken out with a person's leave: the page does not bring
/// them back. (A targeted read without that leave keeps them.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_left_behind_the_page_is_kept_until_the_next_pass_confirms_it() {
    let app = TestApp::start(Engine::Sqlite, &population(60, 433)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    app.simulator.change(|organization| organization.set_job_title(&cast.person, "Leaving").unwrap());
    let pass = held(&app, AFTER_PAGES).await;
    app.simulator.change(|organization| organization.delete_account(&cast.person).unwrap());
    read(&app, people(&[&cast.person])).await;
    let here = |app: &TestApp| app.now().present().contains(app.now().account(&cast.person).unwrap());
    assert!(here(&app), "a targeted read takes nobody out by itself");
    assert!(app.notes().await.iter().any(|note| note.subject == cast.person), "it says so");
    pass.finished().await.unwrap();
    assert!(here(&app), "the pass had seen them");
    app.assert_sound().await;
    app.sync().await.unwrap();
    assert!(!here(&app));
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}

/// A targeted read that a pass's seal overtakes reads again, and its second reading is what counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_targeted_read_that_a_seal_overtakes_is_done_again() {
    let app = TestApp::start(Engine::Sqlite, &population(60, 434)).await;
    app.work().await.unwrap();
    let cast = cast(&app);
    // The pass waits where its own pages are all read; then the targeted read is held behind its own page.
    let pass = held(&app, AFTER_PAGES).await;
    app.simulator.change(|organization| organization.set_job_title(&cast.person, "Second").unwrap());
    ask_for(&app, people(&[&cast.person])).await;
    let slot: Arc<Mutex<Option<Busy>>> = Arc::default();
    let (clock, taken) = (app.clock.clone(), slot.clone());
    let directories = "/admin/v2/orgs/{o}/directories";
    // It is refused for two minutes; the pass for one.
    let later = FaultKind::RateLimited { retry_after: Some("120".to_owned()), reset: None };
    app.simulator.set_faults(vec![Fault::on(directories, later)]);
    let change = Change::custom(move |_| *taken.lock().unwrap() = Some(clock.busy()));
    app.simulator.set_changes(vec![ScheduledChange { path: directories.to_owned(), request: 1, change }]);
    let (mirror, connector, surroundings) = (app.mirror.clone(), app.connector.clone(), app.surroundings.clone());
    let targeted = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
    drop(until_held(&slot, &targeted).await);
    pass.finished().await.unwrap();
    assert_eq!(app.now().generation(), 2, "the pass was faster");
    let Worked::Carried { ended, .. } = targeted.await.unwrap().unwrap() else { panic!("there was work") };
    assert!(matches!(ended, Err(Ended::PausedFor { .. })), "{ended:?}");
    let run = app.mirror.store().read(|tx| runs::list(tx, None, 10)).await.unwrap();
    assert!(run.iter().any(|run| run.state == RunState::Waiting));
    app.wait_out().await;
    app.work().await.unwrap();
    assert_eq!(app.now().generation(), 3);
    assert_eq!(app.differences(), Vec::<String>::new());
    app.assert_sound().await;
    app.stop().await;
}

/// The same in an organization of several directories, where a person's groups are told by part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_pass_over_several_directories_nothing_is_lost() {
    for seed in 435..439 {
        let app = TestApp::start(Engine::Sqlite, &Population { directories: 3, ..population(120, seed) }).await;
        app.work().await.unwrap();
        let mut rng = fastrand::Rng::with_seed(seed);
        for request in [BEFORE_PAGES, 5] {
            let mut random = |times: usize| {
                app.simulator
                    .change(|organization| (0..times).for_each(|_| drop(organization.random_change(&mut rng))));
            };
            random(6);
            let pass = held(&app, request).await;
            random(6);
            let truth = app.truth();
            let everybody: Vec<&str> = truth.users.iter().step_by(3).map(|user| user.account_id.as_str()).collect();
            let some: Vec<&str> = truth.groups.iter().step_by(4).map(|group| group.id.as_str()).collect();
            let before = app.now();
            read(&app, Targets { groups: groups(&some).groups, ..people(&everybody) }).await;
            random(6);
            pass.finished().await.unwrap();
            assert_eq!(app.wrongly_gone(&before), Vec::<String>::new(), "seed {seed}, held at {request}");
            app.assert_sound().await;
            app.simulator.set_faults(Vec::new());
            app.sync().await.unwrap();
            assert_eq!(app.differences(), Vec::<String>::new(), "seed {seed}, held at {request}");
        }
        app.stop().await;
    }
}

/// Who and what was taken out with a person's leave behind the pages that still show them does not come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_out_behind_the_page_does_not_come_back() {
    for killed in [false, true] {
        let mut app = TestApp::start(Engine::Sqlite, &population(60, 441)).await;
        app.work().await.unwrap();
        let cast = cast(&app);
        app.simulator.change(|organization| {
            assert!(organization.add_member(&cast.other, &cast.person).unwrap());
            organization.rename_group(&cast.group, "Renamed").unwrap();
        });
        let pass = held(&app, AFTER_PAGES).await;
        app.simulator.change(|organization| {
            organization.delete_account(&cast.person).unwrap();
            organization.delete_group(&cast.group).unwrap();
        });
        let now = app.now();
        let (person, group) = (now.account(&cast.person).unwrap(), now.group(&cast.group).unwrap());
        let part = Part::Directory(DirectoryId::new(&app.directory()).unwrap());
        let mut permits = Vec::new();
        for (number, rule, row) in [(1, Rule::PeopleMissing, person), (2, Rule::GroupsMissing, group)] {
            let id = WithheldId::new(&Entropy::seeded(number), app.clock.now());
            let rows: RoaringBitmap = [row].into_iter().collect();
            permits.push(Permit { withheld: id.clone(), rows: rows.clone() });
            let kept = Withheld { rule, part: part.clone(), present: 1, thresholds: Thresholds::default(), rows };
            let (run, now) = (app.run().await.id, app.clock.now());
            app.mirror.store().write(move |tx| withheld::insert(tx, (&id, &run), now, &kept)).await.unwrap();
        }
        let targets = Targets { groups: groups(&[&cast.group]).groups, ..people(&[&cast.person]) };
        let ask = Ask { kind: RunKind::Approval, scope: Scope::Targeted(targets), permits };
        let context = Context { actor: Actor::System, now: app.clock.now() };
        request::start(&context, &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
        app.work().await.unwrap();
        let gone = |app: &TestApp| {
            let now = app.now();
            (now.present().contains(person), now.group_row(group).unwrap().group.is_some())
        };
        assert_eq!(gone(&app), (false, false), "killed: {killed}");
        match killed {
            true => pass.killed(&mut app).await,
            false => drop(pass.finished().await.unwrap()),
        }
        assert_eq!(gone(&app), (false, false), "killed: {killed}");
        let mut differences = app.differences();
        // Of the group they had joined, only its count is as old as its page.
        differences.retain(|line| !line.starts_with("group ") || line.contains(&cast.group));
        assert_eq!(differences, Vec::<String>::new(), "killed: {killed}");
        app.assert_sound().await;
        app.simulator.set_faults(Vec::new());
        app.sync().await.unwrap();
        assert_eq!((app.differences(), app.gaps().await), (vec![], vec![]), "killed: {killed}");
        app.stop().await;
    }
}
