//! Terms of operations over real HTTP, as a browser without script uses them: a trial on the first rows, and access with a
//! last day, on the operation's page and on the person's.

use super::operations::{allow, everybody, hidden, planned};
use super::settings::connected;
use super::*;
use crate::operations::worker as acting;

/// Works until a page says something, as the server's worker does.
async fn until_said(app: &mut App, at: &str, words: &str) -> String {
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    for _ in 0..100 {
        acting::work_once(&mirror, &app.web.connector, &surroundings).await.unwrap();
        let page = app.get(at).await.body;
        if page.contains(words) {
            return page;
        }
        app.web.clock.advance(Duration::from_secs(5));
    }
    panic!("{at} never says {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_tried_on_its_first_rows_from_its_page() {
    let (simulator, mut app) = connected().await;
    allow(&app).await;
    let selection = everybody(&mut app, "status = active").await;
    let at = planned(&mut app, &selection, "action=suspendUser").await;
    let preview = app.get(&at).await.body;
    assert!(preview.contains("Try on the first N") && preview.contains("State before, CSV"), "{preview}");
    let before = app.get(&format!("{at}/before.csv")).await;
    assert!(before.status == 200 && before.body.lines().count() > 10, "the state is there before the run");
    let (_, rest) = preview.split_once("Type ").unwrap_or(("", "0 "));
    let form = format!("hash={}&typed={}&do=try", hidden(&preview, "hash"), rest.split(' ').next().unwrap());
    for nonsense in ["", "0", "-3", "x"] {
        let refused = app.post(&format!("{at}/approve"), &format!("{form}&first={nonsense}")).await;
        assert!(refused.status == 409 && refused.body.contains("from 1"), "{nonsense}: {}", refused.body);
    }
    assert_eq!(app.post(&format!("{at}/approve"), &format!("{form}&first=2")).await.status, 303);
    let tried = until_said(&mut app, &at, ">Go on<").await;
    assert!(tried.contains(">Stop here<") && tried.contains("2 were made, 2 of them verified"), "{tried}");
    let suspended = simulator.read(Organization::truth);
    assert_eq!(app.post(&format!("{at}/cancel"), "").await.status, 303);
    let stopped = app.get(&at).await.body;
    assert!(stopped.contains("Cancelled after 2 changes.") && stopped.contains(">Undo<"), "{stopped}");
    assert_eq!(simulator.read(Organization::truth), suspended);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn access_with_a_last_day_is_told_on_both_pages_and_ends_by_itself() {
    let (simulator, mut app) = connected().await;
    allow(&app).await;
    let snapshot = app.web.mirrors.only().unwrap().current();
    let person = snapshot.with_status(&directory::Status::Active).iter().find(|one| {
        let row = snapshot.account_row(*one).unwrap();
        snapshot.roles_of(*one).is_empty() && row.account_type == Some(&directory::AccountType::Atlassian)
    });
    let person = person.unwrap();
    let group = snapshot.groups_by_name().iter().find(|group| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        known.is_some_and(|known| known.synced != Some(true) && known.modifiable != Some(false))
            && !snapshot.memberships().contains(person, *group)
    });
    let group = snapshot.group_row(group.unwrap()).unwrap().id.to_string();
    let id = snapshot.account_id(person).unwrap().to_string();
    let page = format!("/people/{}", id.replace(':', "%3A"));
    let form = app.get(&format!("/operations/new?person={id}")).await.body;
    let entry = |until: &str, key: &str| {
        format!("person={id}&request_key={key}&action=addToGroups&add={group}&until={until}&do=plan")
    };
    let key = hidden(&form, "request_key");
    for nonsense in ["yesterday", "2020-01-01"] {
        let refused = app.post("/operations/new", &entry(nonsense, &key)).await;
        assert!(refused.status == 422 && refused.body.contains("Nothing was planned."), "{}", refused.body);
    }
    let last = app.web.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(jiff::Span::new().days(9));
    let planned = app.post("/operations/new", &entry(&last.unwrap().to_string(), &key)).await;
    let at = planned.location().to_owned();
    let preview = app.get(&at).await.body;
    assert!(preview.contains("The access it gives ends by itself."), "{preview}");
    let form = format!("hash={}", hidden(&preview, "hash"));
    assert_eq!(app.post(&format!("{at}/approve"), &form).await.status, 303);
    let result = until_said(&mut app, &at, "Succeeded").await;
    assert!(result.contains("then taken back by itself"), "{result}");
    let told = app.get(&page).await.body;
    assert!(told.contains("Access that ends by itself.") && told.contains("Member of "), "{told}");
    app.web.clock.advance(Duration::from_secs(11 * 24 * 3600));
    app.enter_again().await;
    until_said(&mut app, &at, "taken back by an operation of its own").await;
    until_said(&mut app, "/operations", "at the end of the time that was agreed").await;
    for _ in 0..50 {
        if !app.get(&page).await.body.contains("Access that ends by itself.") {
            break;
        }
        until_said(&mut app, &at, "taken back").await;
    }
    let over = app.get(&page).await.body;
    assert!(!over.contains("Access that ends by itself."), "{over}");
    app.end().await;
    simulator.stop().await;
}
