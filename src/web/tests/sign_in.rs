//! Signing in over real HTTP: what wrong tries are told, how long a session holds, and for how long a link is good.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tries_say_the_same_and_back_off_until_time_has_passed() {
    let clock = noon();
    let mut app = App::start(clock.clone()).await;
    app.enter().await;
    let first = app.cookie.clone();
    assert_eq!(app.post("/sign-out", "").await.location(), "/sign-in");
    assert!(app.cookie.is_none());
    app.cookie = first.clone();
    assert!(app.get("/people").await.location().starts_with("/sign-in"), "an ended session stays ended");
    app.cookie = None;

    let wrong = app.post("/sign-in", "username=mira&password=wrong").await;
    let unknown = app.post("/sign-in", "username=nobody&password=wrong").await;
    assert_eq!((wrong.status, unknown.status), (422, 422));
    let told = |answer: &Answer, username: &str| {
        let (before, id) = answer.body.split_once("err_").unwrap();
        format!("{before}{}", &id[12..]).replace(username, "NAME")
    };
    assert_eq!(told(&wrong, "mira"), told(&unknown, "nobody"));
    let mut last = wrong;
    for _ in 0..5 {
        last = app.post("/sign-in", "username=MIRA&password=wrong").await;
    }
    assert!(last.body.contains("Too many tries."), "{}", last.body);
    let right = "username=mira&password=a+long+password&next=%2Fpeople%3Fq%3Dx";
    assert_eq!(app.post("/sign-in", right).await.status, 422, "not even the right password while blocked");
    clock.advance(Duration::from_secs(2));
    let entered = app.post("/sign-in", right).await;
    assert_eq!((entered.status, entered.location()), (303, "/people?q=x"));
    let cookie = entered.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"));
    assert_ne!(app.cookie, first);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_without_use_and_at_the_latest_after_a_week() {
    let clock = noon();
    let mut app = App::start(clock.clone()).await;
    app.enter().await;
    let inside = |answer: &Answer| answer.location() == "/setup/organization";
    let hour = Duration::from_secs(3_600);
    for _ in 0..15 {
        clock.advance(hour * 11);
        assert!(inside(&app.get("/people").await));
    }
    clock.advance(hour * 4);
    assert!(!inside(&app.get("/people").await), "a week is over, in use or not");
    let right = "username=mira&password=a+long+password";
    assert_eq!(app.post("/sign-in", right).await.status, 303);
    clock.advance(hour * 12);
    assert!(!inside(&app.get("/people").await), "half a day without use");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_for_a_day_and_behind_https_the_cookie_is_secure() {
    let clock = noon();
    let mut app = App::start(clock.clone()).await;
    let old = app.link().await;
    clock.advance(Duration::from_secs(24 * 3_600));
    let entry = "username=mira&password=a+long+password&again=a+long+password";
    assert!(app.post(&old, entry).await.body.contains("This link has expired"));
    assert!(app.get("/setup/unknown").await.body.contains("This link is not known"));
    let (link, other) = (app.link().await, app.link().await);
    let headers = [("Sec-Fetch-Site", "same-origin"), ("X-Forwarded-Proto", "https")];
    let created = app.send("POST", &link, &headers, entry).await;
    assert!(created.header("set-cookie").unwrap().ends_with("; Secure"));
    assert!(app.post(&other, entry).await.body.contains("This link was used"), "one administrator, whatever the links");
    let none = links::create_link(&app.web.control, &app.web.entropy, clock.now()).await.unwrap();
    assert_eq!(none, None);
    app.end().await;
}
