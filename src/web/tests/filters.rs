//! Saved filters and exports over real HTTP.

use directory::find::Ranking;
use jiff::tz::TimeZone;

use super::settings::{connected, encoded};
use super::*;
use crate::id::AdministratorId;
use crate::mirror::answer::answer;
use crate::mirror::export::in_order;
use crate::mirror::filters as verbs;
use crate::nouns::context::{Actor, Context};
use crate::nouns::saved_filter::{Audience, SavedFilter};

const WRONG: &str = "staus = active";

fn entry(name: &str, filter: &str, more: &str) -> String {
    format!("name={}&filter={}{more}", encoded(name), encoded(filter))
}

/// Keeps a filter of another administrator.
async fn of_noor(app: &App, name: &str, audience: Audience) -> SavedFilter {
    let mirror = app.web.mirrors.only().unwrap();
    let (entropy, now) = (&app.web.entropy, app.web.clock.now());
    let noor = Actor::Administrator {
        id: AdministratorId::new(&Entropy::seeded(77), now),
        username: "noor".to_owned(),
        source: None,
    };
    let kept = verbs::kept(&mirror.current(), (name, "What Noor asks"), "status = suspended", audience).unwrap();
    verbs::save(&Context { actor: noor, now }, &mirror, kept, entropy).await.unwrap()
}

/// A body that came in chunks of the transfer, put together.
fn whole(answer: &Answer) -> String {
    assert!(answer.headers.to_lowercase().contains("transfer-encoding: chunked"), "{}", answer.headers);
    let (mut rest, mut text) = (answer.body.as_bytes(), Vec::new());
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return String::from_utf8(text).unwrap();
        }
        text.extend(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 4 + length..];
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_is_saved_opened_changed_and_deleted() {
    let (simulator, mut app) = connected().await;
    let none = app.get("/filters?q=status+%3D+active").await;
    assert!(none.body.contains("No filter is saved yet.") && none.body.contains("value=\"status = active\""));

    let saved = app.post("/filters", &entry("<Idle> in Jira", "inactivefor(jira)>=90d  order by name desc", "")).await;
    assert_eq!((saved.status, saved.location()), (303, "/filters"), "{}", saved.body);
    let page = app.get("/filters").await.body;
    assert!(page.contains("&lt;Idle&gt; in Jira") && page.contains("Your filters"), "{page}");
    assert!(page.contains("inactiveFor(jira) &gt;= 90d ORDER BY name DESC"), "in its canonical form: {page}");
    let address = link_in(&page, "/filters/flt_").to_owned();
    let opened = app.get(&address).await;
    assert_eq!(opened.status, 303);
    assert!(opened.location().starts_with("/people?q=inactiveFor%28jira%29%20%3E%3D%2090d"), "{}", opened.location());

    let again = app.post("/filters", &entry("<IDLE> in jira", "", "")).await;
    assert!(again.status == 422 && again.body.contains("of this name already"), "{}", again.body);
    let wrong = app.post("/filters", &entry("Second", WRONG, "&shared=on")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("There is no field staus") && wrong.body.contains("^^^^^"), "{}", wrong.body);
    assert!(wrong.body.contains("value=\"Second\"") && wrong.body.contains(" checked"), "what was filled in stays");
    let unnamed = app.post("/filters", &entry("  ", "", "")).await;
    assert!(unnamed.status == 422 && unnamed.body.contains("the name is missing"), "{}", unnamed.body);

    let form = app.get(&format!("{address}/edit")).await.body;
    assert!(form.contains("Delete this filter") && form.contains("value=\"&lt;Idle&gt; in Jira\""), "{form}");
    let refused = app.post(&address, &entry("Idle", WRONG, "")).await;
    assert!(refused.status == 422 && refused.body.contains("The filter was not changed."), "{}", refused.body);
    assert_eq!(app.post(&address, &entry("Suspended", "status = suspended", "&shared=on")).await.status, 303);
    let page = app.get("/filters").await.body;
    assert!(page.contains("Suspended") && page.contains("status = suspended") && !page.contains("Idle"), "{page}");
    assert_eq!(app.get(&address).await.location(), "/people?q=status%20%3D%20suspended");

    assert_eq!(app.post(&format!("{address}/delete"), "").await.location(), "/filters");
    assert_eq!(app.get(&address).await.status, 404);
    assert!(app.get("/filters").await.body.contains("No filter is saved yet."));
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_keep_for_themselves_is_not_there_and_what_they_share_is_read_only() {
    let (simulator, mut app) = connected().await;
    let private = of_noor(&app, "Noor's own", Audience::Owner).await;
    let shared = of_noor(&app, "For all", Audience::Everybody).await;
    let page = app.get("/filters").await.body;
    assert!(page.contains("For all") && page.contains("Shared by others") && page.contains("noor"), "{page}");
    assert!(!page.contains("Noor&#39;s own") && !page.contains("Noor's own") && !page.contains("/edit"), "{page}");

    for address in [format!("/filters/{}", private.id), "/filters/flt_none".to_owned()] {
        assert_eq!(app.get(&address).await.status, 404);
        assert_eq!(app.get(&format!("{address}/edit")).await.status, 404);
        assert_eq!(app.post(&address, &entry("Mine", "", "")).await.status, 404);
        assert_eq!(app.post(&format!("{address}/delete"), "").await.status, 404);
    }
    let address = format!("/filters/{}", shared.id);
    assert_eq!(app.get(&address).await.location(), "/people?q=status%20%3D%20suspended");
    for refused in [
        app.get(&format!("{address}/edit")).await,
        app.post(&address, &entry("Mine", "", "")).await,
        app.post(&format!("{address}/delete"), "").await,
    ] {
        assert!(refused.status == 409 && refused.body.contains("belongs to noor"), "{}", refused.body);
    }
    // A name is taken in one place only: among those for everybody, or among somebody's own.
    let taken = app.post("/filters", &entry("for ALL", "", "&shared=on")).await;
    assert!(taken.status == 422 && taken.body.contains("of this name already"), "{}", taken.body);
    assert_eq!(app.post("/filters", &entry("for ALL", "", "")).await.status, 303);
    assert_eq!(app.post("/filters", &entry("Noor's own", "", "")).await.status, 303);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_exactly_whom_the_filter_finds() {
    let (simulator, mut app) = connected().await;
    let snapshot = app.web.mirrors.only().unwrap().current();
    for q in ["", "status = active order by email desc", "neverActive = true", "name = nobody"] {
        let found = answer(&snapshot, q, (app.web.clock.now(), &TimeZone::UTC));
        let people = in_order(&found.found.matching, &Ranking::of(&snapshot, &found.query.order));
        let expected: Vec<&str> = people.iter().map(|account| snapshot.account_row(*account).unwrap().id).collect();

        let answer = app.get(&format!("/people.csv?q={}", encoded(q))).await;
        assert_eq!(
            (answer.status, answer.header("content-type").unwrap()),
            (200, "text/csv; charset=utf-8; header=present")
        );
        assert!(
            answer.header("content-disposition").unwrap().contains("-people-2026-11-21.csv\""),
            "{}",
            answer.headers
        );
        let text = whole(&answer);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let ids: Vec<String> = reader.records().map(|record| record.unwrap()[2].to_owned()).collect();
        assert_eq!(ids, expected, "{q}");

        let answer = app.get(&format!("/people.json?q={}", encoded(q))).await;
        assert_eq!((answer.status, answer.header("content-type").unwrap()), (200, "application/json"));
        let objects: Vec<serde_json::Value> = serde_json::from_str(&whole(&answer)).unwrap();
        let ids: Vec<&str> = objects.iter().map(|object| object["account_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected, "{q}");
    }
    for path in ["/people.csv", "/people.json"] {
        let refused = app.get(&format!("{path}?q={}", encoded(WRONG))).await;
        assert!(refused.status == 422 && refused.body.contains("There is no field staus"), "{}", refused.body);
        assert!(refused.body.contains("Saved filters") && !refused.body.contains("@"), "nobody is told");
    }
    app.cookie = None;
    assert!(app.get("/people.csv").await.location().starts_with("/sign-in"), "only who signed in is given people");
    app.end().await;
    simulator.stop().await;
}
