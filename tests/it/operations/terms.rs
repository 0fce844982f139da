//! Terms of an operation: tried on its first rows before the rest may go on; access that ends by itself at a moment, also
//! when that moment passed while nothing ran; and what a plan that is made again has otherwise.

use std::num::NonZeroU64;
use std::time::Duration;

use directory::act::Action;
use directory::{Ordinal, Status};
use rollcall::id::OperationId;
use rollcall::nouns::operation::{OperationKind, OperationState, Selection};
use rollcall::nouns::operation_row::RowState;
use rollcall::nouns::operation_terms::{Terms, TrialStage};
use rollcall::operations::approve::{self, Approving, NotApproved};
use rollcall::operations::plan::{self, NotPlanned, Wanted};
use rollcall::operations::{control, guard, report};
use rollcall::store::operation_terms;

use super::{memberships, ordinary, states};
use crate::support::app::{ENGINES, TestApp};

const DAY: Duration = Duration::from_secs(24 * 3600);

impl TestApp {
    async fn terms(&self, id: &OperationId) -> Terms {
        let number = self.operation(id).await.number;
        self.mirror.store().read(move |tx| operation_terms::find(tx, number)).await.unwrap()
    }

    async fn approve_first(&self, id: &OperationId, first: u64) -> Result<(), NotApproved> {
        let plan = self.operation(id).await.plan;
        let approving = Approving { hash: plan.hash, typed: Some(plan.rows), reason: String::new() };
        let what = (id, approving, NonZeroU64::new(first).unwrap());
        approve::try_on(&self.context(), &self.mirror, what, &self.surroundings.entropy).await
    }

    async fn lend(&self, people: &[Ordinal], group: Ordinal, days: u64) -> Result<OperationId, NotPlanned> {
        let snapshot = self.now();
        let people = people.iter().map(|account| snapshot.account_id(*account).unwrap()).collect();
        let actions = vec![Action::AddToGroups(vec![group])];
        let wanted = Wanted { selection: Selection::People(people), actions, own: None };
        let until = self.clock.now().checked_add(DAY * u32::try_from(days).unwrap()).unwrap();
        let (context, chance) = (self.context(), &self.surroundings.entropy);
        plan::plan_lent(&context, &self.mirror, (wanted, Some(until)), (None, chance)).await
    }

    /// What takes back what an operation gave, once it has come to its end.
    async fn ended(&self, id: &OperationId) -> OperationId {
        for _ in 0..20 {
            self.act().await;
            if let Some(back) = self.terms(id).await.until.unwrap().taken_back {
                self.act_through(&back).await;
                return back;
            }
        }
        panic!("nothing takes it back");
    }
}

/// A group that may be changed and none of these people is in.
fn open_group(app: &TestApp, people: &[Ordinal]) -> Ordinal {
    let snapshot = app.now();
    let open = |group: &Ordinal| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        known.is_some_and(|known| known.synced != Some(true) && known.modifiable != Some(false))
            && people.iter().all(|person| !snapshot.memberships().contains(*person, *group))
    };
    snapshot.groups_by_name().iter().find(open).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_tried_on_its_first_rows_and_goes_on_or_stops_there_when_somebody_says_so() {
    for engine in ENGINES {
        for goes_on in [true, false] {
            let mut app = TestApp::ready(engine, 200, 31).await;
            let people = ordinary(&app, 12);
            let id = app.plan_of(&people, vec![Action::Suspend]).await;
            app.approve_first(&id, 3).await.unwrap();
            let tried = app.act_through(&id).await;
            assert_eq!(tried.state, OperationState::Paused, "{tried:?}");
            assert_eq!(app.effects().len(), 3);
            let rows = app.rows(&id).await;
            assert!(rows[..3].iter().all(|row| row.state == RowState::Verified), "{:?}", states(&rows));
            assert_eq!(tried.tally.of(RowState::Planned), 9);
            assert!(tried.failure.unwrap().contains("3 were made, 3 of them verified"));
            // It stands there, whatever passes and however often the process starts.
            app.restart().await;
            app.clock.advance(DAY);
            assert!(!app.act().await);
            assert_eq!(app.effects().len(), 3);
            let (context, chance) = (app.context(), app.surroundings.entropy.clone());
            if goes_on {
                control::resume(&context, &app.mirror, &id, &chance).await.unwrap();
                assert_eq!(app.act_through(&id).await.state, OperationState::Succeeded);
                assert_eq!(app.effects().len(), 12);
                assert_eq!(app.terms(&id).await.trial.unwrap().stage, TrialStage::Passed);
            } else {
                control::cancel(&context, &app.mirror, &id, &chance).await.unwrap();
                assert_eq!(app.operation(&id).await.state, OperationState::Cancelled);
                assert_eq!(app.effects().len(), 3);
            }
            // Whatever was done can be taken back.
            let undone = app.undo(&id).await;
            assert_eq!(app.carry_out(&undone).await.state, OperationState::Succeeded);
            assert!(people.iter().all(|one| app.now().with_status(&Status::Active).contains(*one)));
            app.assert_sound().await;
            app.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_until_a_day_is_taken_back_by_itself_once_also_when_nothing_ran_then() {
    for engine in ENGINES {
        let mut app = TestApp::ready(engine, 200, 32).await;
        let people = ordinary(&app, 4);
        let group = open_group(&app, &people);
        let before = memberships(&app);
        let id = app.lend(&people, group, 30).await.unwrap();
        assert_eq!(app.carry_out(&id).await.state, OperationState::Succeeded);
        let given = memberships(&app);
        assert_eq!(given.len(), before.len() + 4);
        let one = people[0];
        let lent = app.mirror.store().read(move |tx| operation_terms::lent(tx, one)).await.unwrap();
        assert_eq!(lent.len(), 1, "a person's page tells it");
        // Not before its time.
        app.clock.advance(29 * DAY);
        app.act().await;
        assert_eq!((memberships(&app), app.terms(&id).await.until.unwrap().taken_back), (given, None));
        // Somebody takes one of them out by hand; the process is down when the time is over.
        let (account, of) = {
            let snapshot = app.now();
            (snapshot.account_id(people[3]).unwrap(), snapshot.group_row(group).unwrap().id.clone())
        };
        app.simulator.change(|organization| organization.remove_member(of.as_str(), account.as_str())).unwrap();
        app.clock.advance(10 * DAY);
        app.restart().await;
        app.sync().await.unwrap();
        let back = app.ended(&id).await;
        let operation = app.operation(&back).await;
        assert_eq!((operation.kind, operation.state), (OperationKind::Undo, OperationState::Succeeded));
        assert_eq!(operation.plan.rows, 3);
        let rows = app.rows(&back).await;
        let left: Vec<_> = rows.iter().filter_map(|row| row.why.as_ref()).map(|why| why.code.as_str()).collect();
        assert_eq!(left, ["changed_since"], "{rows:?}");
        assert_eq!(memberships(&app), before);
        // It is over: no second time, however long it waits.
        app.clock.advance(DAY);
        app.restart().await;
        assert!(!app.act().await);
        assert_eq!(app.terms(&id).await.until.unwrap().taken_back, Some(back));
        app.assert_sound().await;
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lent_is_not_approved_after_its_time_and_waits_while_everything_is_stopped() {
    let app = TestApp::ready(ENGINES[0], 200, 33).await;
    let (people, others) = (ordinary(&app, 3), ordinary(&app, 6).split_off(3));
    let group = open_group(&app, &[people.clone(), others.clone()].concat());
    let (before, chance) = (memberships(&app), app.surroundings.entropy.clone());
    let late = app.lend(&others, group, 2).await.unwrap();
    let id = app.lend(&people, group, 3).await.unwrap();
    assert_eq!(app.carry_out(&id).await.state, OperationState::Succeeded);
    app.clock.advance(2 * DAY);
    assert!(matches!(app.approve(&late).await, Err(NotApproved::UntilOver(_))));
    assert!(matches!(app.lend(&people, group, 0).await, Err(NotPlanned::UntilOver)));
    // Stopped when its time is over: it is planned, and goes on by itself once that is released.
    control::stop(&app.context(), &app.mirror, "looking", &chance).await.unwrap();
    app.clock.advance(2 * DAY);
    app.act().await;
    app.act().await;
    let back = app.terms(&id).await.until.unwrap().taken_back.unwrap();
    assert_eq!(app.operation(&back).await.state, OperationState::Planned);
    assert_ne!(memberships(&app), before);
    control::release(&app.context(), &app.mirror, "looked", &chance).await.unwrap();
    app.ended(&id).await;
    assert_eq!(app.operation(&back).await.state, OperationState::Succeeded);
    assert_eq!(memberships(&app), before);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_older_than_the_data_is_made_again_and_says_which_rows_are_different() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 200, 34).await;
        let people = ordinary(&app, 5);
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        let one = app.now().account_id(people[1]).unwrap().to_string();
        app.simulator.change(|organization| organization.suspend(&one)).unwrap();
        app.sync().await.unwrap();
        assert!(matches!(app.approve(&id).await, Err(NotApproved::Changed { was: 5, now: 4 })));
        let found = report::report(&app.mirror, &id).await.unwrap().unwrap();
        let (listed, all) = found.differences;
        assert_eq!(all, 1, "{listed:?}");
        assert_eq!(listed[0].change.account(), people[1]);
        assert_eq!(listed[0].was, Some((RowState::Planned, None)));
        assert_eq!(listed[0].becomes, Some((RowState::Already, None)));
        // What was looked at again is approved as it stands then.
        assert_eq!(app.carry_out(&id).await.state, OperationState::Succeeded);
        assert!(app.mirror.store().read(guard::read).await.is_ok());
        app.stop().await;
    }
}
