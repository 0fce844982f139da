//! Full passes over whole organizations, on both engines.

use rollcall::mirror::seal::Sealed;

use crate::support::app::{ENGINES, TestApp, population};
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
