//! What people decide beside Atlassian's data goes into what is shown, outlasts syncs and processes, and never into what
//! a sync compares with.

use std::collections::BTreeSet;

use rollcall::mirror::marks::{self, Protected};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::protection::{Protectee, Reason};
use rollcall::store::{events, group_timeline, protected};
use rollcall::sync::left_out;

use crate::support::app::{ENGINES, TestApp, population};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_out_and_protected_stays_so_over_syncs_and_restarts_and_syncs_stay_whole() {
    for engine in ENGINES {
        let mut app = TestApp::start(engine, &population(120, 71)).await;
        app.work().await.unwrap();
        let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
        let entropy = app.surroundings.entropy.clone();
        let whole = app.mirror.current();
        let site = whole.resources()[0].id.site().to_owned();
        left_out::choose(&context, &app.mirror, &BTreeSet::from([site]), &entropy).await.unwrap();
        let group = whole.group_row(whole.groups_by_name().nth(0).unwrap()).unwrap().id.clone();
        let keep = || (Protectee::Group(group.clone()), Reason::parse("holds the integrations").unwrap());
        let protect = || marks::protect(&context, &app.mirror, keep(), &entropy);
        assert_eq!(protect().await.unwrap(), Protected::Added);
        assert_eq!(protect().await.unwrap(), Protected::Already, "its first reason stays");

        let mut rng = fastrand::Rng::with_seed(71);
        app.simulator.change(|organization| {
            for _ in 0..20 {
                organization.random_change(&mut rng);
            }
        });
        app.sync().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "a sync reads and compares the whole");
        app.assert_sound().await;
        app.restart().await;
        let (whole, shown) = (app.mirror.current(), app.mirror.shown());
        assert_eq!(shown.left_out_sites().len(), 1);
        assert!(whole.left_out_sites().is_empty());
        let place = shown.group(group.as_str()).unwrap();
        assert!(shown.is_protected_group(place) && !whole.is_protected_group(place));
        let granted = |snapshot: &directory::Snapshot| -> usize {
            (0..snapshot.groups_len() as u32).map(|group| snapshot.grants(group).len()).sum()
        };
        assert!(granted(&shown) < granted(&whole));

        let generation = whole.generation();
        for group in (0..whole.groups_len() as u32).step_by(7) {
            let read = app.mirror.store().read(move |tx| group_timeline::of(tx, group, generation));
            let moves = read.await.unwrap().moves;
            let (joined, left) = moves.values().fold((0, 0), |sum, one| (sum.0 + one.joined, sum.1 + one.left));
            assert_eq!(joined - left, whole.memberships().members(group).len(), "{engine:?}, group {group}");
        }
        assert!(marks::release(&context, &app.mirror, keep(), &entropy).await.unwrap());
        assert!(!app.mirror.shown().is_protected_group(place));
        assert!(app.mirror.store().read(protected::all).await.unwrap().0.is_empty());
        app.mirror.store().read(events::verify).await.unwrap().unwrap();
        app.stop().await;
    }
}
