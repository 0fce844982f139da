//! Rows that wait, are dismissed, or have become void.

use std::collections::BTreeSet;

use directory::Rule;
use rollcall::nouns::context::Actor;
use rollcall::nouns::run::RunKind;
use rollcall::nouns::scope::{Scope, Targets};
use rollcall::nouns::withheld::WithheldState;
use rollcall::sync::request::{self, Ask};
use rollcall::sync::review::{Chosen, Decided};

use crate::support::app::{ENGINES, Engine, population};

use super::{
    administrator, dismiss, events_of, find, large_group, members, mirrored, open, open_by, ordinals, present, somebody,
};

/// A targeted read without leave neither takes them out nor names them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_targeted_read_leaves_what_waits_for_a_person() {
    let app = mirrored(Engine::Sqlite, &population(200, 505)).await;
    let (group, leaving) = large_group(&app.truth(), 40, 15);
    app.simulator.change(|organization| {
        leaving.iter().for_each(|id| assert!(organization.remove_member(&group, id).unwrap()));
    });
    app.sync().await.unwrap();
    let kept = open_by(&app, Rule::MembersMissing).await;
    app.simulator.change(|organization| {
        leaving[1..].iter().for_each(|id| assert!(organization.add_member(&group, id).unwrap()));
    });
    let targets = Targets { people: Vec::new(), groups: vec![directory::GroupId::new(&group).unwrap()] };
    let ask = Ask::scoped(RunKind::Operation, Scope::Targeted(targets));
    request::start(&administrator(&app), &app.mirror, ask, (None, &app.surroundings.entropy)).await.unwrap();
    app.work().await.unwrap();
    assert!(ordinals(&app.now(), &leaving).is_subset(&members(&app, &group)));
    assert_eq!(open_by(&app, Rule::MembersMissing).await, kept);
    // The next pass judges anew: one member is not too many.
    app.sync().await.unwrap();
    assert_eq!((app.differences(), open(&app).await), (vec![], vec![]));
    let kept = find(&app, &kept.id).await;
    assert_eq!((kept.state, kept.closed.unwrap().by), (WithheldState::Replaced, Actor::System.as_text()));
    app.assert_sound().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dismissed_rows_stay_with_their_reason_until_the_next_pass_withholds_them_anew() {
    for engine in ENGINES {
        let app = mirrored(engine, &population(200, 521)).await;
        let leaving = somebody(&app.truth(), 30);
        app.simulator.change(|organization| leaving.iter().for_each(|id| organization.delete_account(id).unwrap()));
        app.sync().await.unwrap();
        let kept = open_by(&app, Rule::PeopleMissing).await;
        let (some, others) = leaving.split_at(10);
        let decided = dismiss(&app, &kept.id, Chosen::Rows(ordinals(&app.now(), some)), "On leave.").await;
        assert_eq!(decided, Decided::Dismissed);
        let kept = find(&app, &kept.id).await;
        assert_eq!((kept.state, &kept.open), (WithheldState::Open, &ordinals(&app.now(), others)));
        assert_eq!(dismiss(&app, &kept.id, Chosen::All, "A test organization.").await, Decided::Dismissed);
        let kept = find(&app, &kept.id).await;
        let closed = kept.closed.unwrap();
        assert_eq!((kept.state, kept.open.len()), (WithheldState::Dismissed, 0));
        assert_eq!((closed.reason.as_str(), closed.by), ("A test organization.", Actor::CommandLine.as_text()));
        assert_eq!((open(&app).await, present(&app, &leaving)), (vec![], 30), "{engine:?}");
        assert_eq!(events_of(&app, "withheld.dismissed").await, 2);

        app.sync().await.unwrap();
        let anew = open_by(&app, Rule::PeopleMissing).await;
        assert_eq!((anew.open.len(), find(&app, &kept.id).await.state), (30, WithheldState::Dismissed));
        app.sync().await.unwrap();
        let latest = open_by(&app, Rule::PeopleMissing).await;
        assert_eq!(
            find(&app, &anew.id).await.state,
            WithheldState::Replaced,
            "the next pass replaces what is withheld"
        );
        assert_ne!(latest.id, anew.id);
        app.assert_sound().await;
        app.stop().await;
    }
}

/// One group goes on shrinking, the other has recovered: the pass has looked at both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_recovered_waits_no_longer_though_other_rows_are_withheld_again() {
    let app = mirrored(Engine::Sqlite, &population(300, 533)).await;
    let truth = app.truth();
    let groups: Vec<&str> =
        truth.groups.iter().filter(|group| group.members >= 30).map(|group| group.id.as_str()).take(2).collect();
    let some = |group: &str| -> Vec<String> {
        let of_group = truth.memberships.iter().filter(|(id, _)| id == group);
        let count = of_group.clone().count();
        of_group.map(|(_, account)| account.clone()).take(count / 2).collect()
    };
    for group in &groups {
        app.simulator.change(|organization| {
            some(group).iter().for_each(|id| assert!(organization.remove_member(group, id).unwrap()));
        });
    }
    app.sync().await.unwrap();
    assert_eq!(open(&app).await.len(), 2);
    app.simulator.change(|organization| {
        some(groups[1]).iter().for_each(|id| assert!(organization.add_member(groups[1], id).unwrap()));
    });
    app.sync().await.unwrap();
    let waiting = open_by(&app, Rule::MembersMissing).await;
    assert_eq!(waiting.withheld.part.to_text(), format!("group:{}", groups[0]));
    // The same of two rules about one noun: the states are as they were, but people are missing.
    let ids = somebody(&truth, 130);
    let active: Vec<&String> = ids
        .iter()
        .filter(|id| truth.users.iter().any(|user| user.account_id == **id && user.status == "active"))
        .collect();
    let (suspended, deleted) = active.split_at(50);
    app.simulator.change(|organization| suspended.iter().for_each(|id| organization.suspend(id).unwrap()));
    app.sync().await.unwrap();
    open_by(&app, Rule::StatusesChanged).await;
    app.simulator.change(|organization| {
        suspended.iter().for_each(|id| organization.restore(id).unwrap());
        deleted.iter().for_each(|id| organization.delete_account(id).unwrap());
    });
    app.sync().await.unwrap();
    let rules: BTreeSet<Rule> = open(&app).await.iter().map(|kept| kept.withheld.rule).collect();
    assert!(rules.contains(&Rule::PeopleMissing) && !rules.contains(&Rule::StatusesChanged), "{rules:?}");
    app.assert_sound().await;
    app.stop().await;
}
