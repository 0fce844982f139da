//! Full passes over whole organizations, on both engines.

use rollcall::mirror::mirrors::Mirrors;
use rollcall::mirror::seal::Sealed;
use rollcall::store::db::Options;

use crate::support::app::{ENGINES, Engine, TestApp, population};
use crate::support::truth::differences;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_pass_shows_the_organization_as_it_is() {
    for engine in ENGINES {
        let app = TestApp::start(engine, &population(400, 1)).await;
        let sealed = app.work().await.unwrap();
        assert!(matches!(sealed, Sealed::Done { generation: 1, .. }), "{sealed:?}");
        let truth = app.simulator.read(|organization| organization.truth());
        assert_eq!(differences(&app.mirror.current(), &truth), Vec::<String>::new(), "{engine:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_node_shows_what_one_has_connected_and_sealed() {
    let app = TestApp::start(Engine::Postgres, &population(60, 2)).await;
    let other = Mirrors::open(app.databases.clone(), Options::new(app.clock.clone())).await.unwrap();
    let seen_there = other.only().unwrap();
    app.work().await.unwrap();
    assert_eq!(seen_there.current().generation(), 0, "it has not looked yet");
    other.catch_up().await.unwrap();
    assert_eq!(seen_there.current().generation(), 1);
    let truth = app.simulator.read(|organization| organization.truth());
    assert_eq!(differences(&seen_there.current(), &truth), Vec::<String>::new());
    other.close().await;
    app.stop().await;
}
