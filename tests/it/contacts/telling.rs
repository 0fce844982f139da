//! What becomes of contacts leaves the house: each of the four events reaches a webhook, in ids and counts, never by name.

use contact::field::Entity;
use rollcall::contacts::keep::{self, Edit};
use rollcall::nouns::endpoint::Style;
use rollcall::nouns::notice::EventKind;
use serde_json::Value;

use super::{app, context, eligible, found, make, of_account, settle, switch_off, switch_on};
use crate::notices::{deliver_all, draft, make as subscribe, notifier};
use crate::support::app::{ENGINES, TestApp};
use crate::support::receiver::Receiver;

/// The four events.
const EVENTS: [EventKind; 4] =
    [EventKind::ContactCreated, EventKind::ContactChanged, EventKind::ContactUnlinked, EventKind::ConflictOpened];

/// What was delivered since this was asked last: each event with its data.
async fn told(app: &TestApp, receiver: &Receiver, seen: &mut usize) -> Vec<(String, Value)> {
    deliver_all(app, &notifier(app)).await;
    let got = receiver.got();
    let new = got[*seen..].iter().map(|message| {
        assert!(!message.body.contains('@'), "an address left the house: {}", message.body);
        let body: Value = serde_json::from_str(&message.body).unwrap();
        (body["type"].as_str().unwrap().to_owned(), body["data"].clone())
    });
    let new = new.collect();
    *seen = got.len();
    new
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_contacts_reaches_a_webhook() {
    for engine in ENGINES {
        let app = app(engine, 20, 11).await;
        let (receiver, mut seen) = (Receiver::start().await, 0);
        subscribe(&app, &notifier(&app), draft(&receiver.address(), Style::Generic, &EVENTS), "whsec_AAAA").await;
        let (account, email) = eligible(&app).into_iter().next().unwrap();

        let first = make(&app, Entity::Contact, "First", &email).await;
        let second = make(&app, Entity::Contact, "Second", &email.to_uppercase()).await;
        make(&app, Entity::Company, "Acme", "").await;
        let news = told(&app, &receiver, &mut seen).await;
        let expected: Vec<(String, Value)> = [&first, &second]
            .map(|record| {
                let page = format!("/contacts/{}", record.id.as_str());
                let ids = [record.id.as_str()];
                let data = serde_json::json!({ "contacts": ids, "count": 1, "deepLink": page, "runId": null });
                ("contact.created".to_owned(), data)
            })
            .into();
        assert_eq!(news, expected, "{engine:?}: of a company nothing is told");

        let rename = Edit { name: Some("Second B.".to_owned()), ..Edit::default() };
        let by_hand = (&app.mirror, &app.surroundings.entropy);
        keep::change(&context(&app), by_hand.0, (second.id.as_str(), rename.clone()), by_hand.1).await.unwrap();
        keep::change(&context(&app), by_hand.0, (second.id.as_str(), rename), by_hand.1).await.unwrap();
        let news = told(&app, &receiver, &mut seen).await;
        assert_eq!(news.len(), 1, "what changes nothing is not told: {news:?}");
        assert_eq!((news[0].0.as_str(), &news[0].1["contacts"][0]), ("contact.changed", &second.id.as_str().into()));

        // A run tells in one message of many, with its own id; and the conflict that it found.
        switch_on(&app).await;
        let news = told(&app, &receiver, &mut seen).await;
        let synced = found(&app, Entity::Contact, "synced = yes").await.len() as u64;
        let of = |event: &str| news.iter().filter(|(kind, _)| kind == event).map(|(_, data)| data).collect::<Vec<_>>();
        let created: u64 = of("contact.created").iter().map(|data| data["count"].as_u64().unwrap()).sum();
        assert_eq!(created, synced, "{news:?}");
        assert!(of("contact.created").iter().all(|data| data["runId"].is_string()), "{news:?}");
        let opened = of("conflict.opened");
        assert_eq!((opened.len(), &opened[0]["count"]), (1, &1.into()), "{news:?}");
        settle(&app).await;
        assert_eq!(told(&app, &receiver, &mut seen).await, [], "an open conflict is told of once");

        // A user gets another name; another leaves for good.
        let renamed = eligible(&app).into_keys().find(|other| *other != account).unwrap();
        let contact = of_account(&app, &renamed).await.unwrap().record;
        app.simulator.change(|organization| organization.rename(&renamed, "Renamed").unwrap());
        app.sync().await.unwrap();
        settle(&app).await;
        let news = told(&app, &receiver, &mut seen).await;
        assert_eq!(news.len(), 1, "{news:?}");
        assert_eq!((news[0].0.as_str(), &news[0].1["contacts"][0]), ("contact.changed", &contact.id.as_str().into()));

        switch_off(&app).await;
        let news = told(&app, &receiver, &mut seen).await;
        assert!(news.iter().all(|(event, _)| event == "contact.unlinked"), "{news:?}");
        let unlinked: u64 = news.iter().map(|(_, data)| data["count"].as_u64().unwrap()).sum();
        assert_eq!(unlinked, synced);
        app.stop().await;
    }
}
