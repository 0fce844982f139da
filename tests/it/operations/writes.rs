//! What changes between plan and effect, and who may stop what: part B of the faults.

use directory::Status;
use directory::act::Action;
use rollcall::id::{AdministratorId, Entropy};
use rollcall::mirror::marks;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use rollcall::nouns::protection::{Protectee, Reason};
use rollcall::operations::approve::{self, Approving, NotApproved};
use rollcall::operations::guard::{self, Bounds};
use rollcall::operations::plan::{self, NotPlanned, Wanted};
use simulator::{Change as Outside, Limits, Role, ScheduledChange};

use super::{ordinary, states};
use crate::support::app::{ENGINES, TestApp, population};

/// Groups that grant nothing and that nobody but administrators keeps.
pub(super) fn plain_groups(app: &TestApp) -> Vec<u32> {
    let snapshot = app.now();
    let plain = |group: &u32| {
        let row = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        row.is_some_and(|row| !row.is_synced() && row.modifiable != Some(false)) && snapshot.grants(*group).is_empty()
    };
    (0..snapshot.groups_len() as u32).filter(plain).collect()
}

/// The first of them with members.
pub(super) fn plain_group(app: &TestApp) -> u32 {
    let has_members = |group: &u32| app.now().memberships().members(*group).len() > 3;
    plain_groups(app).into_iter().find(has_members).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b3_whoever_changed_since_the_plan_is_skipped_with_the_reason() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 21).await;
        let people = ordinary(&app, 30);
        let ids: Vec<String> =
            people.iter().map(|account| app.now().account_id(*account).unwrap().to_string()).collect();
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        // Between approval and execution one is suspended by others, and one becomes an organization admin.
        app.simulator.change(|organization| {
            organization.suspend(&ids[0]).unwrap();
            organization.set_platform_role(&ids[1], Role::OrgAdmin).unwrap();
        });
        let operation = app.act_through(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!(operation.state, OperationState::Partial, "{:?}", states(&rows));
        let of = |account| rows.iter().find(|row| row.change.account() == account).unwrap();
        for (account, why) in [(people[0], "already_so"), (people[1], "organization_admin")] {
            assert_eq!(of(account).state, RowState::Skipped);
            assert_eq!(of(account).why.as_ref().unwrap().detail, why);
        }
        assert_eq!(app.effects().len(), 28);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b3_b5_whoever_becomes_an_admin_while_it_runs_is_not_touched() {
    for engine in ENGINES {
        // So few requests a minute that what was read at the beginning is older than a minute for the last ones.
        let options = simulator::Options { limits: Limits::default().endpoint("suspend", 10), ..Default::default() };
        let app = TestApp::ready_with(engine, 300, 22, options).await;
        let people = ordinary(&app, 60);
        let last = app.now().account_id(people[59]).unwrap().to_string();
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        let becomes = last.clone();
        app.simulator.set_changes(vec![ScheduledChange {
            path: "suspend".to_owned(),
            request: 5,
            change: Outside::custom(move |organization| {
                organization.set_platform_role(&becomes, Role::OrgAdmin).unwrap();
            }),
        }]);
        app.act_through(&id).await;
        let rows = app.rows(&id).await;
        let row = rows.iter().find(|row| row.change.account() == people[59]).unwrap();
        assert_eq!(row.state, RowState::Skipped, "{:?}", states(&rows));
        assert!(app.effects().iter().all(|exchange| !exchange.path.contains(&last)));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b4_a_synced_group_is_refused_in_the_plan_and_never_asked_for() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 23).await;
        let snapshot = app.now();
        let synced = (0..snapshot.groups_len() as u32)
            .find(|group| {
                let row = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
                row.is_some_and(directory::Group::is_synced) && !snapshot.memberships().members(*group).is_empty()
            })
            .unwrap();
        let id = app.plan_of(&ordinary(&app, 40), vec![Action::AddToGroups(vec![synced])]).await;
        let rows = app.rows(&id).await;
        let refused: Vec<_> = rows.iter().filter(|row| row.state == RowState::Refused).collect();
        assert!(!refused.is_empty());
        assert!(refused.iter().all(|row| row.why.as_ref().unwrap().code == "synced_group"));
        assert!(matches!(app.approve(&id).await, Err(NotApproved::NothingToDo)));
        assert_eq!(app.effects(), []);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b5_who_is_protected_after_the_approval_is_not_touched() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 24).await;
        let people = ordinary(&app, 20);
        let protected = app.now().account_id(people[4]).unwrap();
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        let reason = Reason::parse("Break glass.").unwrap();
        let protect = (Protectee::Person(protected.clone()), reason);
        marks::protect(&app.context(), &app.mirror, protect, &app.surroundings.entropy).await.unwrap();
        app.act_through(&id).await;
        let rows = app.rows(&id).await;
        let row = rows.iter().find(|row| row.change.account() == people[4]).unwrap();
        assert_eq!((row.state, row.why.as_ref().unwrap().detail.as_str()), (RowState::Skipped, "protected_person"));
        assert!(app.effects().iter().all(|exchange| !exchange.path.contains(protected.as_str())));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b6_of_two_operations_on_the_same_people_the_second_rests_on_the_firsts_result() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 25).await;
        let people = ordinary(&app, 10);
        let first = app.plan_of(&people, vec![Action::Suspend]).await;
        let second = app.plan_of(&people[..9], vec![Action::Suspend]).await;
        app.approve(&first).await.unwrap();
        app.approve(&second).await.unwrap();
        assert_eq!(app.act_through(&first).await.state, OperationState::Succeeded);
        let second_now = app.act_through(&second).await;
        // Nothing of the second fits any more, so a person is asked, and nothing is sent twice.
        assert_eq!(second_now.state, OperationState::Waiting, "{second_now:?}");
        assert_eq!(second_now.plan.rows, 0);
        assert_eq!(app.effects().len(), 10);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_a_bound_that_is_passed_on_fresh_data_stops_before_the_first_effect() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 29).await;
        let active = app.now().with_status(&Status::Active).len();
        let bounds = Bounds { people: 1, percent: 20, typed_from: 1_000, four_eyes: false };
        guard::choose(&app.context(), &app.mirror, bounds, &app.surroundings.entropy).await.unwrap();
        // As many as a fifth of the active people: allowed, until there are fewer of those.
        let people = ordinary(&app, (active / 5) as usize);
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        let hash = app.operation(&id).await.plan.hash;
        let approving = Approving { hash, typed: None, reason: String::new() };
        approve::approve(&app.context(), &app.mirror, (&id, approving), &app.surroundings.entropy).await.unwrap();
        bounds_tightened(&app).await;
        let operation = app.act_through(&id).await;
        assert_eq!(operation.state, OperationState::Waiting, "{operation:?}");
        assert!(operation.failure.unwrap().contains("Look at the plan again"));
        assert_eq!(app.effects(), []);
        // Looked at again, with the number typed, it is carried out.
        assert_eq!(app.carry_out(&id).await.state, OperationState::Succeeded);
        app.stop().await;
    }
}

async fn bounds_tightened(app: &TestApp) {
    let bounds = Bounds { people: 1, percent: 5, typed_from: 1_000, four_eyes: false };
    guard::choose(&app.context(), &app.mirror, bounds, &app.surroundings.entropy).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_when_too_much_has_changed_nothing_is_sent_and_a_person_is_asked_again() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 30).await;
        let people = ordinary(&app, 20);
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        app.simulator.change(|organization| {
            for account in &people[..3] {
                let id = app.now().account_id(*account).unwrap();
                organization.suspend(id.as_str()).unwrap();
            }
        });
        let operation = app.act_through(&id).await;
        assert_eq!((operation.state, operation.plan.rows), (OperationState::Waiting, 17));
        assert_eq!(app.effects(), []);
        assert_eq!(app.carry_out(&id).await.state, OperationState::Succeeded);
        assert_eq!(app.effects().len(), 17);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b11_an_approval_of_somebody_who_is_no_administrator_any_more_is_void() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 31).await;
        let id = app.plan_of(&ordinary(&app, 5), vec![Action::Suspend]).await;
        let hash = app.operation(&id).await.plan.hash;
        let gone = AdministratorId::new(&Entropy::seeded(99), app.clock.now());
        let actor = Actor::Administrator { id: gone, username: "gone".to_owned(), source: None };
        let context = Context { actor, now: app.clock.now() };
        let approving = Approving { hash, typed: None, reason: String::new() };
        approve::approve(&context, &app.mirror, (&id, approving), &app.surroundings.entropy).await.unwrap();
        let operation = app.act_through(&id).await;
        assert_eq!(operation.state, OperationState::Waiting);
        assert_eq!(app.effects(), []);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w8_over_the_limit_a_second_person_approves_what_they_looked_at() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 32).await;
        let entropy = &app.surroundings.entropy;
        let bounds = Bounds { people: 5, percent: 0, typed_from: 50, four_eyes: true };
        guard::choose(&app.context(), &app.mirror, bounds, entropy).await.unwrap();
        let id = app.plan_of(&ordinary(&app, 8), vec![Action::Suspend]).await;
        assert!(matches!(app.approve(&id).await, Err(NotApproved::SecondPerson(5))));
        let hash = app.operation(&id).await.plan.hash;
        let second = Context { actor: Actor::System, now: app.clock.now() };
        let other = Approving { hash: [0; 32], typed: Some(8), reason: String::new() };
        let refused = approve::approve(&second, &app.mirror, (&id, other), entropy).await;
        assert!(matches!(refused, Err(NotApproved::Changed { .. })));
        let seen = Approving { hash, typed: Some(8), reason: "Agreed.".to_owned() };
        approve::approve(&second, &app.mirror, (&id, seen.clone()), entropy).await.unwrap();
        // The same click twice is one approval.
        approve::approve(&second, &app.mirror, (&id, seen), entropy).await.unwrap();
        assert_eq!(app.act_through(&id).await.state, OperationState::Succeeded);
        let another = app.plan_of(&ordinary(&app, 3), vec![Action::Suspend]).await;
        approve::reject(&second, &app.mirror, (&another, "Not today.".to_owned()), entropy).await.unwrap();
        assert_eq!(app.operation(&another).await.state, OperationState::Cancelled);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b12_a_removal_that_shows_late_is_read_back_when_it_does() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 33).await;
        app.simulator.set_answers(simulator::Answers { removal_delay: 300, ..Default::default() });
        let people = ordinary(&app, 4);
        let id = app.plan_of(&people, vec![Action::RemoveFromDirectory]).await;
        app.approve(&id).await.unwrap();
        app.act().await;
        let operation = app.operation(&id).await;
        assert_eq!((operation.state, operation.tally.of(RowState::Done)), (OperationState::Running, 4));
        let operation = app.act_through(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded);
        assert_eq!(operation.tally.of(RowState::Verified), 4, "{:?}", app.rows(&id).await);
        assert!(people.iter().all(|account| app.now().presence(0, *account).is_none()));
        // What cannot be taken back is named.
        let undo = app.undo(&id).await;
        let rows = app.rows(&undo).await;
        assert!(rows.iter().all(|row| row.why.as_ref().unwrap().code == "needs_invitation"), "{rows:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b12_what_never_shows_is_told_as_done_and_not_seen() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 34).await;
        app.simulator.set_answers(simulator::Answers { removal_delay: 100_000, ..Default::default() });
        let id = app.plan_of(&ordinary(&app, 2), vec![Action::RemoveFromDirectory]).await;
        let operation = app.carry_out(&id).await;
        assert_eq!(operation.tally.of(RowState::Done), 2);
        let rows = app.rows(&id).await;
        assert!(rows.iter().all(|row| row.why.as_ref().unwrap().code == "unverified"), "{rows:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b15_a_key_that_may_not_pauses_the_operation_until_another_one_is_stored() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 36).await;
        let id = app.plan_of(&ordinary(&app, 10), vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();
        app.simulator.demote_api_key();
        assert!(app.act().await);
        let waiting = app.operation(&id).await;
        assert!(!waiting.state.is_over());
        assert!(waiting.waiting.is_some(), "{waiting:?}");
        assert_eq!(app.effects(), []);
        app.simulator.rotate_api_key();
        app.replace_key().await;
        // The new key may be somebody else's.
        let owner = rollcall::operations::prepare::Owner::Elsewhere;
        let context = app.context();
        rollcall::operations::prepare::choose_key_owner(&context, &app.mirror, &owner, &app.surroundings.entropy)
            .await
            .unwrap();
        assert!(app.act().await);
        assert_eq!(app.act_through(&id).await.state, OperationState::Succeeded);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c21_the_same_request_twice_is_one_operation() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 37).await;
        let people = vec![app.now().account_id(ordinary(&app, 1)[0]).unwrap()];
        let ask = || {
            let selection = rollcall::nouns::operation::Selection::People(people.clone());
            Wanted { selection, actions: vec![Action::Suspend], own: None }
        };
        let (context, entropy) = (app.context(), &app.surroundings.entropy);
        let key = || Some("a click".to_owned());
        let first = plan::plan(&context, &app.mirror, ask(), (key(), entropy)).await.unwrap();
        let second = plan::plan(&context, &app.mirror, ask(), (key(), entropy)).await.unwrap();
        assert_eq!(first, second);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_planned_while_nobody_has_said_whose_the_key_is_and_nothing_approved_while_actions_are_off() {
    for engine in ENGINES {
        let app = TestApp::start(engine, &population(200, 38)).await;
        app.sync().await.unwrap();
        let wanted = Wanted {
            selection: rollcall::nouns::operation::Selection::Filter(String::new()),
            actions: vec![Action::Suspend],
            own: Some(app.now().account_id(ordinary(&app, 2)[1]).unwrap()),
        };
        let (context, entropy) = (app.context(), &app.surroundings.entropy);
        let refused = plan::plan(&context, &app.mirror, wanted.clone(), (None, entropy)).await;
        assert!(matches!(refused, Err(NotPlanned::KeyOwnerUnknown)));
        let people = app.now().account_id(ordinary(&app, 1)[0]).unwrap();
        let owner = rollcall::operations::prepare::Owner::Account(people);
        rollcall::operations::prepare::choose_key_owner(&context, &app.mirror, &owner, entropy).await.unwrap();
        let id = plan::plan(&context, &app.mirror, wanted, (None, entropy)).await.unwrap();
        let rows = app.rows(&id).await;
        let owners: Vec<_> = rows
            .iter()
            .filter(|row| row.why.as_ref().is_some_and(|why| why.code == "key_owner"))
            .map(|row| row.change.account())
            .collect();
        assert_eq!(owners, [ordinary(&app, 1)[0]]);
        let own = rows.iter().find(|row| row.change.account() == ordinary(&app, 2)[1]).unwrap();
        assert_eq!(own.why.as_ref().unwrap().code, "own_account");
        assert!(matches!(app.approve(&id).await, Err(NotApproved::LookOnly)));
        app.stop().await;
    }
}
