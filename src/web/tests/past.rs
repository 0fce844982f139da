//! Past days over real HTTP: the list, its file, saved filters, and days that cannot be shown.

use super::settings::connected;
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_past_day_is_listed_and_exported_as_it_was() {
    let (simulator, mut app) = connected().await;
    let somebody = simulator.read(|organization| organization.truth().users[0].account_id.clone());
    // Two days later much has changed.
    app.web.clock.advance(Duration::from_secs(2 * 86_400));
    let mut rng = fastrand::Rng::with_seed(5);
    simulator.change(|organization| (0..60).for_each(|_| organization.working_day(&mut rng)));
    app.enter_again().await;
    let started = app.post("/runs", &format!("request_key={}", "0".repeat(52))).await;
    assert_eq!(started.status, 303, "{}", started.body);
    work(&app).await;

    let present = app.get("/people").await;
    assert!(present.body.contains("As of a past day") && present.body.contains("max=\"2026-11-23\""));
    let past = app.get("/people?as_of=2026-11-21").await;
    assert_eq!(past.status, 200);
    assert!(past.body.contains("As of 21 Nov 2026.") && past.body.contains("Generation <span class=\"num\">1</span>"));
    assert!(!past.body.contains("Sync Users"), "{}", past.body);

    // The file is of that day, and says so in its name.
    let then = app.get(&format!("/people.json?q=accountId+%3D+{somebody}&as_of=2026-11-22")).await;
    assert!(then.header("content-disposition").is_some_and(|name| name.contains("people-2026-11-22.json")));
    assert!(then.body.contains(&somebody), "{}", then.body);
    // Nobody had been seen to change since the end of the first day.
    let changed = |body: &str| body.contains("account_id");
    let query = "/people.json?q=changed+%3E+2026-11-22";
    assert!(changed(&app.get(query).await.body));
    assert!(!changed(&app.get(&format!("{query}&as_of=2026-11-22")).await.body));

    // Today is the present, and no link carries it on.
    let today = app.get("/people?as_of=2026-11-23").await.body;
    let mut links = today.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    assert!(!today.contains("Back to today") && !links.any(|link| link.contains("as_of=")), "{today}");
    for (day, why) in [
        ("2026-11-20", "Choose 2026-11-21 or a later day."),
        ("2026-11-24", "is in the future"),
        ("soon%3Cb%3E", "“soon&lt;b&gt;” is not a day."),
    ] {
        let refused = app.get(&format!("/people?as_of={day}&q=a")).await;
        assert!(refused.status == 422 && refused.body.contains(why), "{day}: {}", refused.body);
        assert!(refused.body.contains("href=\"/people?q=a\">Back to today"));
        let file = app.get(&format!("/people.csv?as_of={day}")).await;
        assert!(file.status == 409 && file.body.contains(why), "{day}: {}", file.body);
    }

    let built = app.get("/people/build?q=&status=active&as_of=2026-11-21").await;
    assert_eq!(built.location(), "/people?q=status%20%3D%20active&as_of=2026-11-21");
    assert_eq!(app.post("/filters", "name=Active&filter=status+%3D+active").await.status, 303);
    let beside = app.get("/people?as_of=2026-11-21").await.body;
    let saved = plain(link_in(&beside, "/filters/flt_"));
    assert_eq!(app.get(&saved).await.location(), "/people?q=status%20%3D%20active&as_of=2026-11-21");
    app.end().await;
    simulator.stop().await;
}
