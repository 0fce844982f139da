//! Rollcall's own edition: judged at each full sync, a grace period, then no more operations, while syncs go on.

use std::time::Duration;

use directory::act::Action;
use rollcall::nouns::edition::{Edition, Standing, Usage};
use rollcall::operations::approve::NotApproved;
use rollcall::sync::edition;

use crate::support::app::{ENGINES, TestApp};

const DAY: Duration = Duration::from_secs(86_400);

async fn choose(app: &TestApp, chosen: Edition) {
    let (context, entropy) = (app.context(), &app.surroundings.entropy);
    edition::choose(&context, &app.mirror, (chosen, None), entropy).await.unwrap();
}

async fn held(app: &TestApp) -> edition::Held {
    app.mirror.store().read(edition::read).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn above_the_limit_everything_works_until_the_grace_period_is_over_and_then_only_syncs_do() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 60, 4).await;
        let usage = held(&app).await.usage.expect("the first full sync judges");
        assert_eq!(held(&app).await.edition, Edition::Unlimited);
        assert!(usage.managed > 1 && usage.home.is_some_and(|home| home > 0 && home <= usage.managed));
        assert_eq!(held(&app).await.standing(app.clock.now()), Standing::Within);

        choose(&app, Edition::Custom(1)).await;
        let over = held(&app).await;
        assert!(matches!(over.standing(app.clock.now()), Standing::Grace { .. }));
        let id = app.plan("status = active", vec![Action::Suspend]).await;
        app.approve(&id).await.unwrap();

        app.clock.advance(30 * DAY);
        app.ask().await;
        app.work().await.unwrap();
        assert_eq!(held(&app).await.over_since, over.over_since, "the time goes on");
        app.clock.advance(31 * DAY);
        assert!(matches!(held(&app).await.standing(app.clock.now()), Standing::Ended { .. }));
        let id = app.plan("status = active", vec![Action::Suspend]).await;
        assert!(matches!(app.approve(&id).await, Err(NotApproved::GraceOver(_))));
        app.ask().await;
        app.work().await.unwrap();

        choose(&app, Edition::Custom(10_000)).await;
        assert_eq!(held(&app).await.standing(app.clock.now()), Standing::Within);
        app.approve(&id).await.unwrap();
    }
}

#[test]
fn the_sum_is_shown_as_it_is_reckoned() {
    let usage = Usage { managed: 187, home: Some(100) };
    assert_eq!(edition::sum(Edition::Standard, usage), "100 billable x 2 = 200, managed 187");
    assert_eq!(edition::sum(Edition::Unlimited, usage), "no limit, managed 187");
}
