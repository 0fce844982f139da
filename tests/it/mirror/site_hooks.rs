//! Jira's user webhooks over real HTTP: who they name is read again at once, each message once, and only what is signed.

use rollcall::nouns::run::RunKind;
use rollcall::nouns::site_hook::SiteHook;
use rollcall::store::{events, site_accounts, site_hooks as kept};
use rollcall::sync::site_hooks;
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Fault, FaultKind, NewUser, UserEvent, UserHook};

use super::customers;
use crate::api::Served;
use crate::support::app::{ENGINES, Engine, TestApp};

/// A site with an address, and the webhook that it sends there.
async fn set_up(engine: Engine, seed: u64) -> (Served, UserHook) {
    let served = Served::of(customers::app(engine, seed).await).await;
    let app = &served.app;
    let made = site_hooks::make(&customers::context(app), &app.connector, &app.mirror, &customers::site(app)).await;
    let (hook, secret) = made.unwrap();
    let hook = UserHook { site: 0, to: served.address, path: format!("/hooks/jira/{}", hook.id), secret };
    (served, hook)
}

async fn hook(app: &TestApp) -> SiteHook {
    app.mirror.store().read(kept::list).await.unwrap().remove(0)
}

/// Lets who was named be read, and the organization's part of it.
async fn read(app: &TestApp) -> bool {
    app.clock.advance(std::time::Duration::from_secs(3));
    let any = site_hooks::read_due(&app.mirror, &app.connector, &app.surroundings).await.unwrap();
    while let Worked::Carried { ended, .. } = work_once(&app.mirror, &app.connector, &app.surroundings).await.unwrap() {
        ended.unwrap();
    }
    any
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_message_names_is_read_at_once_and_each_message_counts_once() {
    for engine in ENGINES {
        let (served, to) = set_up(engine, 151).await;
        let app = &served.app;
        let simulator = &app.simulator;
        let user = NewUser { name: "Nia Newcomer".to_owned(), email: "nia@mail.test".to_owned(), directory: None };
        let user = simulator.change(|organization| organization.add_user(&user)).unwrap();
        let customer =
            simulator.change(|organization| organization.add_customer(0, "Cus Tomer", "cus@mail.test")).unwrap();
        let send = async |event, id: &str, identifier| {
            simulator.send_user_message(&to, (event, id), identifier).await.unwrap()
        };
        assert!(app.now().account(&user).is_none());
        for (id, identifier) in [(&user, "m-1"), (&customer, "m-2"), (&user, "m-1"), (&user, "m-3")] {
            assert_eq!(send(UserEvent::Created, id, identifier).await, 204);
        }
        assert_eq!(hook(app).await.received, 3, "one of them came twice");
        assert!(read(app).await && !read(app).await);
        assert_eq!(app.run().await.kind, RunKind::Webhook, "the list of runs says why it was read");
        let account = app.now().account(&user).unwrap();
        assert_eq!(app.now().account_row(account).unwrap().name, "Nia Newcomer");
        let known = app.mirror.store().read(site_accounts::all).await.unwrap();
        let mut names: Vec<&str> = known.iter().map(|on| on.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["Cus Tomer", "Nia Newcomer"]);

        // A deletion is believed only from the site itself.
        assert_eq!(send(UserEvent::Deleted, &customer, "m-4").await, 204);
        read(app).await;
        let gone = async || {
            let known = app.mirror.store().read(site_accounts::all).await.unwrap();
            known.into_iter().filter(|on| on.gone_at.is_some()).map(|on| on.account_id).collect::<Vec<_>>()
        };
        assert_eq!(gone().await, [] as [&str; 0]);
        simulator.change(|organization| organization.delete_customer(&customer)).unwrap();
        assert_eq!(send(UserEvent::Deleted, &customer, "m-5").await, 204);
        read(app).await;
        assert_eq!(gone().await, [customer]);
        app.assert_sound().await;
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_signed_is_refused_and_what_cannot_be_read_is_tried_again() {
    let (served, to) = set_up(Engine::Sqlite, 152).await;
    let app = &served.app;
    let simulator = &app.simulator;
    let customer = simulator.change(|organization| organization.add_customer(0, "Cus Tomer", "cus@mail.test")).unwrap();
    let send = async |to: &UserHook, identifier| {
        simulator.send_user_message(to, (UserEvent::Created, &customer), identifier).await.unwrap()
    };
    let forged = UserHook { secret: "guessed".to_owned(), ..to.clone() };
    assert_eq!(send(&forged, "m-1").await, 401);
    let nowhere = UserHook { path: "/hooks/jira/hook_00000000000000000000000000".to_owned(), ..to.clone() };
    assert_eq!(send(&nowhere, "m-1").await, 404);
    let counted = hook(app).await;
    assert_eq!((counted.received, counted.refused, read(app).await), (0, 1, false));
    // A body that is longer than any user is not even read.
    let long = served.client.post(format!("http://{}{}", to.to, to.path)).body(vec![b'x'; 300 << 10]);
    assert_eq!(long.send().await.unwrap().status(), 413);

    simulator.set_faults(vec![Fault::on("/rest/api/3/user/bulk", FaultKind::status(500)).always()]);
    assert_eq!(send(&to, "m-1").await, 204);
    assert!(read(app).await && !read(app).await, "it waits for a while");
    simulator.set_faults(Vec::new());
    app.clock.advance(std::time::Duration::from_secs(90));
    assert!(read(app).await);
    assert_eq!(app.mirror.store().read(site_accounts::all).await.unwrap().len(), 1);

    // Another address takes the place of the first; removed, none is left.
    let context = customers::context(app);
    let (site, connector) = (customers::site(app), &app.connector);
    site_hooks::make(&context, connector, &app.mirror, &site).await.unwrap();
    assert_eq!(send(&to, "m-2").await, 404);
    assert!(site_hooks::remove(&context, connector, &app.mirror, &site).await.unwrap());
    assert!(!site_hooks::remove(&context, connector, &app.mirror, &site).await.unwrap());
    let told = app.mirror.store().read(|tx| events::newest(tx, i64::MAX, 3)).await.unwrap();
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["site_hook.removed", "site_hook.made", "site_hook.made"]);
    served.end().await;
}
