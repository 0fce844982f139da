//! Approved rows: exactly these are taken out, and only those of whom it was learned that they are gone.

use directory::{ClaimState, Noun, Part, Rule};
use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::Actor;
use rollcall::nouns::scope::Scope;
use rollcall::nouns::withheld::{WithheldRows, WithheldState};
use rollcall::sync::request::{self, Asked};
use rollcall::sync::review::{Chosen, Decided};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Fault, FaultKind};

use crate::support::app::{ENGINES, Engine, population};

use super::{
    USERS, administrator, all_runs, approve, approve_and_read, approve_once, assert_withheld, dismiss, events_of, find,
    large_group, members, mirrored, open, open_by, ordinals, present, somebody,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_people_wait_until_somebody_approves_them_and_are_then_former_people() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 501)).await;
        let leaving = somebody(&app.truth(), 30);
        let staying = app.truth().users.iter().map(|user| &user.account_id).find(|id| !leaving.contains(id)).cloned();
        let staying = staying.unwrap();
        app.simulator.change(|organization| {
            leaving.iter().for_each(|id| organization.delete_account(id).unwrap());
            organization.rename(&staying, "Renamed Meanwhile").unwrap();
        });
        app.sync().await.unwrap();
        let now = app.now();
        assert_eq!(now.account_row(now.account(&staying).unwrap()).unwrap().name, "Renamed Meanwhile");
        assert_eq!(present(&app, &leaving), 30);
        let rows = ordinals(&app.now(), &leaving);
        let kept = assert_withheld(&app, (Rule::PeopleMissing, Noun::Presence), &rows).await;
        app.simulator.clear_ledger();
        app.simulator.set_record(true);

        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!(present(&app, &leaving), 0, "{engine:?}");
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        assert!(leaving.iter().all(|id| app.now().account(id).is_some()), "they keep their place, as former people");
        let whole = app.simulator.ledger().into_iter().filter(|exchange| exchange.template == USERS);
        let by_id = |body: &Option<String>| body.as_deref().is_some_and(|body| body.contains("accountIds"));
        assert!(whole.into_iter().all(|exchange| by_id(&exchange.request_body)), "nobody else was read");
        let kept = find(&app, &kept.id).await;
        assert_eq!((kept.state, kept.open.len()), (WithheldState::Settled, 0));
        assert_eq!(kept.closed.unwrap().by, Actor::CommandLine.as_text());
        assert_eq!(events_of(&app, "withheld.approved").await, 1);
        assert_eq!(approve(&app, &kept.id, Chosen::All).await, Decided::NotOpen);
        assert_eq!(dismiss(&app, &kept.id, Chosen::All, "late").await, Decided::NotOpen);
        app.stop().await;
    }
}

/// An empty list with a count that agrees: everybody is missing, everybody is withheld, and approving it takes nobody
/// out, because by then everybody answers again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_back_when_the_rows_are_approved_stays() {
    let app = mirrored(Engine::Sqlite, &population(90, 502)).await;
    app.simulator.set_faults(vec![
        Fault::on(USERS, FaultKind::EmptyList).always(),
        Fault::on("users/count", FaultKind::CountOffBy { n: -100_000 }).always(),
    ]);
    let before = app.now();
    app.sync().await.unwrap();
    assert_eq!(app.wrongly_gone(&before), Vec::<String>::new());
    let kept: Vec<WithheldRows> =
        open(&app).await.into_iter().filter(|kept| kept.withheld.rule == Rule::PeopleMissing).collect();
    assert!(!kept.is_empty());
    app.simulator.set_faults(Vec::new());
    for kept in &kept {
        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!(find(&app, &kept.id).await.state, WithheldState::Settled, "each row was learned to be there");
    }
    assert_eq!(app.wrongly_gone(&before), Vec::<String>::new());
    assert_eq!(app.differences(), Vec::<String>::new());
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approving_some_people_takes_out_exactly_these() {
    let app = mirrored(Engine::Sqlite, &population(200, 503)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    let (some, others) = leaving.split_at(28);
    approve_and_read(&app, &kept.id, Chosen::Rows(ordinals(&app.now(), some))).await;
    assert_eq!((present(&app, some), present(&app, others)), (0, 2));
    let kept = find(&app, &kept.id).await;
    assert_eq!((kept.state, &kept.open), (WithheldState::Open, &ordinals(&app.now(), others)), "the rest waits on");
    let decided = approve(&app, &kept.id, Chosen::Rows(ordinals(&app.now(), some))).await;
    assert_eq!(decided, Decided::NoRows, "they wait no more");
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!(app.differences(), Vec::<String>::new());
    assert_eq!(open(&app).await, vec![]);
    app.stop().await;
}

/// So few are left over that no share holds them back any more: they stay all the same, because nobody approved them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approving_some_members_of_a_group_takes_out_exactly_these() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 504)).await;
        let (group, leaving) = large_group(&app.truth(), 40, 15);
        app.simulator.change(|organization| {
            leaving.iter().for_each(|id| assert!(organization.remove_member(&group, id).unwrap()));
        });
        app.sync().await.unwrap();
        let rows = ordinals(&app.now(), &leaving);
        let kept = assert_withheld(&app, (Rule::MembersMissing, Noun::Memberships), &rows).await;
        assert_eq!(kept.withheld.part.to_text(), format!("group:{group}"));
        assert!(rows.is_subset(&members(&app, &group)));

        let (some, others) = leaving.split_at(13);
        let (approved, rest) = (ordinals(&app.now(), some), ordinals(&app.now(), others));
        approve_and_read(&app, &kept.id, Chosen::Rows(approved.clone())).await;
        assert!(members(&app, &group).is_disjoint(&approved), "{engine:?}");
        assert!(rest.is_subset(&members(&app, &group)), "{engine:?}: two were not approved");
        let waiting = open_by(&app, Rule::MembersMissing).await;
        assert_eq!((&waiting.id, &waiting.open), (&kept.id, &rest), "{engine:?}: and are not named twice");
        let of_group = |noun, part: &Part| noun == Noun::Memberships && *part == kept.withheld.part;
        let claim = app.claims().await.into_iter().find(|claim| of_group(claim.noun, &claim.part)).unwrap();
        assert_eq!(claim.state, ClaimState::Partial, "{engine:?}: two of its rows are old");
        approve_and_read(&app, &kept.id, Chosen::All).await;
        assert_eq!((app.differences(), open(&app).await), (vec![], vec![]), "{engine:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_a_thousand_approved_rows_take_a_new_pass() {
    let app = mirrored(Engine::Sqlite, &population(1_600, 531)).await;
    let leaving = somebody(&app.truth(), 1_100);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    assert_eq!(kept.open.len(), 1_100);
    let Asked::Queued(holder) = app.ask().await else { panic!("the place is free") };
    let decided = approve(&app, &kept.id, Chosen::All).await;
    assert!(matches!(&decided, Decided::Asked(Asked::Held(run)) if run.id == holder), "{decided:?}");
    assert!(request::cancel(&administrator(&app), &app.mirror, &holder, &app.surroundings.entropy).await.unwrap());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!(app.run().await.scope, Scope::Everything);
    assert_eq!(present(&app, &leaving), 0);
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    assert_eq!(find(&app, &kept.id).await.state, WithheldState::Settled);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_pass_that_could_not_read_the_list_settles_nothing() {
    let app = mirrored(Engine::Sqlite, &population(1_300, 532)).await;
    let leaving = somebody(&app.truth(), 1_010);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).page(1).always()]);
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!((present(&app, &leaving), find(&app, &kept.id).await), (1_010, kept.clone()));
    app.simulator.set_faults(Vec::new());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn approved_rows_of_which_nothing_could_be_learned_wait_on() {
    let app = mirrored(Engine::Sqlite, &population(200, 541)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    let unlucky = app.now().account_id(kept.open.select(17).unwrap()).unwrap().to_string();
    app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&unlucky).always()]);
    approve_and_read(&app, &kept.id, Chosen::All).await;
    let waiting = find(&app, &kept.id).await;
    assert_eq!(waiting.state, WithheldState::Open);
    assert!(waiting.open.contains(app.now().account(&unlucky).unwrap()));
    assert_eq!(waiting.open.len(), 10, "those who were asked for together");
    assert_eq!(present(&app, &leaving), 10, "nobody of whom nothing was learned is taken out");
    app.simulator.set_faults(Vec::new());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.stop().await;
}

/// Whole read by whole read: a group of which nothing could be learned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approved_group_that_could_not_be_read_waits_on() {
    let app = mirrored(Engine::Sqlite, &population(200, 542)).await;
    let (group, leaving) = large_group(&app.truth(), 40, 15);
    app.simulator.change(|organization| {
        leaving.iter().for_each(|id| assert!(organization.remove_member(&group, id).unwrap()));
    });
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::MembersMissing).await;
    app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::status(500)).subject(&group).always()]);
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!(find(&app, &kept.id).await, kept);
    assert!(kept.open.is_subset(&members(&app, &group)));
    app.simulator.set_faults(Vec::new());
    approve_and_read(&app, &kept.id, Chosen::All).await;
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_click_is_one_approval() {
    let app = mirrored(Engine::Sqlite, &population(200, 551)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    let runs = all_runs(&app).await;
    let first = approve_once(&app, &kept.id, Chosen::All, Some("click")).await;
    assert_eq!(approve_once(&app, &kept.id, Chosen::All, Some("click")).await, first);
    assert_eq!((all_runs(&app).await, events_of(&app, "withheld.approved").await), (runs + 1, 1));
    // Two approvals of the same rows are no harm either.
    approve(&app, &kept.id, Chosen::All).await;
    app.work().await.unwrap();
    app.work().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    assert_eq!(approve_once(&app, &kept.id, Chosen::All, Some("click")).await, first, "also when all is over");
    let idle = work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    assert!(matches!(idle, Worked::Idle), "{idle:?}");
    app.assert_sound().await;
    app.stop().await;
}

/// A run that seals beside open rows, and one approval after the other beside a pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_taken_out_beside_a_pass_that_saw_them_do_not_come_back() {
    let app = mirrored(Engine::Sqlite, &population(200, 571)).await;
    let leaving = somebody(&app.truth(), 30);
    app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::PeopleMissing).await;
    app.ask().await;
    let decided = approve(&app, &kept.id, Chosen::All).await;
    assert!(matches!(decided, Decided::Asked(Asked::Queued(_))), "it needs no place: {decided:?}");
    // The targeted read comes first, then the pass from its generation on.
    app.work().await.unwrap();
    let sealed = app.work().await.unwrap();
    assert!(matches!(sealed, Sealed::Done { .. }), "{sealed:?}");
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    app.assert_sound().await;
    app.stop().await;
}
