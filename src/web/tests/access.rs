//! App Access Control over real HTTP: an organization admin comes in by a one-time link, and is out after the sync that
//! sees the role go.

use simulator::Role;

use super::settings::{connected, encoded};
use super::*;

const HERE: &str = "/settings/app-access-control";

fn link_of(page: &str) -> String {
    let start = page.find("/invitation/").unwrap_or_else(|| panic!("no link in {page}"));
    page[start..].split('<').next().unwrap().to_owned()
}

async fn sync(app: &mut App) {
    let started = app.post("/runs", "").await;
    assert_eq!(started.status, 303, "{}", started.body);
    work(app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_admin_is_invited_enters_and_is_out_when_the_role_goes() {
    let (simulator, mut app) = connected().await;
    let admin = simulator.read(|organization| organization.holders_of(Role::OrgAdmin)[0].clone());
    let plain = {
        let snapshot = app.web.mirrors.only().unwrap().current();
        let switches = crate::mirror::app_access::Switches { product_admins: true, user_access_admins: true };
        let admitted = |account: u32| crate::mirror::app_access::admits(&snapshot, switches, account);
        let nobody =
            snapshot.by_name().iter().find(|account| admitted(*account) == crate::mirror::app_access::Admits::No);
        snapshot.account_id(nobody.unwrap()).unwrap().to_string()
    };
    let shown = app.get(HERE).await.body;
    assert!(shown.contains("Break-glass") && shown.contains("mira"), "{shown}");
    let refused = app.post("/settings/app-access-control/invite", &format!("who={}", encoded(&plain))).await;
    assert!(refused.status == 422 && refused.body.contains("No role of theirs admits them"), "{}", refused.body);
    assert_eq!(app.post("/settings/app-access-control/invite", "who=nobody%40x").await.status, 422);

    let who = format!("who={}", encoded(&admin));
    let first = link_of(&app.post("/settings/app-access-control/invite", &who).await.body);
    let second = link_of(&app.post("/settings/app-access-control/invite", &who).await.body);
    let mira = app.cookie.take();
    assert_eq!(app.get(&first).await.status, 410, "a newer one has taken its place");
    assert!(app.get(&second).await.body.contains("You are invited to Rollcall"));
    let entry = "password=a+long+password&again=a+long+password";
    let taken = app.post(&second, &format!("username=MIRA&{entry}")).await;
    assert!(taken.status == 422 && taken.body.contains("Another administrator has this username."), "{}", taken.body);
    let entered = app.post(&second, &format!("username=ines&{entry}")).await;
    assert_eq!((entered.status, entered.location()), (303, "/"), "{}", entered.body);
    assert_eq!(app.post(&second, &format!("username=other&{entry}")).await.status, 410, "once");
    assert_eq!(app.get("/people").await.status, 200);
    let ines = app.cookie.take();

    // Nothing happens to her while the role is there; when a sync sees it go, session and sign-in are over.
    app.cookie = mira.clone();
    sync(&mut app).await;
    app.cookie = ines.clone();
    assert_eq!(app.get("/people").await.status, 200);
    simulator.change(|organization| organization.clear_platform_role(&admin, Role::OrgAdmin)).unwrap();
    assert_eq!(app.get("/people").await.status, 200, "not before a sync has seen it");
    app.cookie = mira.clone();
    sync(&mut app).await;
    assert!(app.get(HERE).await.body.contains("The last sync found no role that admits them."));
    app.cookie = ines;
    assert_eq!(app.get("/people").await.status, 303);
    app.cookie = None;
    assert_ne!(app.post("/sign-in", "username=ines&password=a+long+password").await.status, 303);
    app.cookie = mira;
    assert_eq!(app.get("/people").await.status, 200, "who was made at set-up always enters");

    // The role comes back, and a new invitation lets the same person in again.
    simulator.change(|organization| organization.set_platform_role(&admin, Role::OrgAdmin)).unwrap();
    sync(&mut app).await;
    let third = link_of(&app.post("/settings/app-access-control/invite", &who).await.body);
    assert_eq!(app.post(&third, &format!("username=ines&{entry}")).await.status, 303);
    assert_eq!(app.get("/people").await.status, 200);
    app.end().await;
    simulator.stop().await;
}
