//! What was done is on *Audit*, with who and from where: also who could not sign in, and who took data away.

use crate::store::events;
use crate::web::tests::settings::connected;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_appears_with_who_and_from_where_and_the_chain_is_verified_on_demand() {
    let (_simulator, mut app) = connected().await;
    let page = app.get("/audit").await.body;
    assert!(page.contains("sealed a sync") && page.contains("aria-current=\"page\">Audit"), "{page}");
    assert!(!page.contains("Verified up to"), "{page}");
    assert_eq!(app.post("/settings/dashboard", "threshold=days&days=45").await.status, 303);
    assert_eq!(app.get("/people.csv?q=status+%3D+active").await.status, 200);
    let page = app.get("/audit").await.body;
    assert!(page.contains("<bdi>mira</bdi> exported rows") && page.contains("127.0.0.1"), "{page}");
    assert!(page.contains("<bdi>mira</bdi> changed a setting"), "{page}");
    let filtered = app.get("/audit?kind=export.made").await.body;
    assert!(filtered.contains("exported rows") && !filtered.contains("changed a setting"), "{filtered}");

    let mirror = app.web.mirrors.only().unwrap();
    let newest = mirror.store().read(|tx| events::matching(tx, &events::Wanted::default(), 1)).await.unwrap();
    let one = app.get(&format!("/audit/{}", newest[0].event.seq)).await.body;
    assert!(one.contains("status = active") && one.contains("&quot;rows&quot;"), "{one}");
    assert_eq!(app.get("/audit/999999").await.status, 404);
    assert_eq!(app.get("/audit?from=yesterday").await.status, 422);

    let verified = app.post("/audit/verify", "chain=").await;
    assert!(verified.status == 200 && verified.body.contains("The chain holds."), "{}", verified.body);
    let csv = app.get("/audit.csv?kind=setting.changed").await;
    assert!(csv.body.contains("event,at,who,") && csv.body.contains(",mira,administrator adm_"), "{}", csv.body);
    let exported = mirror.store().read(|tx| events::newest(tx, i64::MAX, 1)).await.unwrap();
    assert_eq!((exported[0].kind.as_str(), exported[0].subject.as_str()), ("export.made", "audit"));

    mirror.store().write(|tx| tx.execute("UPDATE events SET detail = '[]' WHERE seq = 2", &[])).await.unwrap();
    let broken = app.post("/audit/verify", "").await;
    assert!(broken.status == 409 && broken.body.contains("Event 2 is not what was written."), "{}", broken.body);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_that_fail_are_told_without_what_was_typed() {
    let (_simulator, mut app) = connected().await;
    let wrong = app.post("/sign-in", "username=mira&password=not+hers").await;
    assert_eq!(wrong.status, 422);
    assert_eq!(app.post("/sign-in", "username=hunter2&password=x").await.status, 422);
    let page = app.get("/audit?chain=installation").await.body;
    assert!(page.contains("<bdi>somebody</bdi> was not signed in"), "{page}");
    assert_eq!(page.matches("was not signed in").count(), 2, "{page}");
    assert!(page.contains("became the administrator") && page.contains("127.0.0.1"), "{page}");
    let whole = app.get("/audit.json?chain=installation").await.body;
    assert!(whole.contains("session.refused") && !whole.contains("hunter2") && !whole.contains("not hers"), "{whole}");
    assert_eq!(app.post("/sign-out", "").await.status, 303);
    app.enter_again().await;
    let page = app.get("/audit?chain=installation&kind=session.ended").await.body;
    assert!(page.contains("<bdi>mira</bdi> signed out"), "{page}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_page_tells_what_was_done_about_them() {
    let (_simulator, mut app) = connected().await;
    let snapshot = app.web.mirrors.only().unwrap().shown();
    let id = snapshot.account_id(snapshot.present().min().unwrap()).unwrap();
    let page = app.get(&format!("/people/{id}")).await.body;
    assert!(page.contains("Nothing else was recorded of this person."), "{page}");
    let form = format!("subject=person&id={}&reason=on+leave", id.as_str().replace(':', "%3A"));
    assert_eq!(app.post("/settings/protected", &form).await.status, 303);
    let page = app.get(&format!("/people/{id}")).await.body;
    assert!(page.contains("<bdi>mira</bdi> protected a person or group"), "{page}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_setting_names_is_told_in_the_part_that_can_be_erased() {
    let (_simulator, mut app) = connected().await;
    let mirror = app.web.mirrors.only().unwrap();
    let account = mirror.shown().account_id(mirror.shown().present().min().unwrap()).unwrap();
    let owner = format!("whose=person&person={}", account.as_str().replace(':', "%3A"));
    assert_eq!(app.post("/settings/actions/key-owner", &owner).await.status, 303);
    let read = mirror.store().read(|tx| {
        let wanted = events::Wanted { kind: Some("setting.changed".to_owned()), ..events::Wanted::default() };
        events::matching(tx, &wanted, 1)
    });
    let event = read.await.unwrap().remove(0);
    assert_eq!((event.event.subject.as_str(), event.event.detail.as_str()), ("key_owner", "{}"));
    assert!(event.told().unwrap().contains(account.as_str()), "{event:?}");
    app.end().await;
}
