//! A key that expires is told of exactly once per key, however often Rollcall is started in between (W11).

use rollcall::notify::mail::{self, Entered};
use rollcall::notify::worker::look_at_keys;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::endpoint::Style;
use rollcall::nouns::mail::{MailKind, Security};
use rollcall::nouns::notice::EventKind;
use rollcall::sync::connect::EnteredKey;
use serde_json::Value;

use crate::support::app::{ENGINES, TestApp};
use crate::support::receiver::Receiver;
use crate::support::smtp::MailServer;

use super::{advance, context, deliver_all, draft, log, make, notifier, start};

const DAY: u64 = 24 * 3600;

async fn enter_key(app: &TestApp, days: i64) {
    let context = Context { actor: Actor::System, now: app.clock.now() };
    let entered = EnteredKey {
        base_url: app.simulator.base_url(),
        secret: app.simulator.api_key(),
        label: "main".to_owned(),
        expires_at: Some(app.clock.now() + jiff::SignedDuration::from_hours(24 * days)),
    };
    app.connector.save(&context, entered).await.unwrap();
}

#[tokio::test]
async fn w11_a_key_is_told_of_once_seven_days_ahead_over_restarts_and_its_successor_again() {
    for engine in ENGINES {
        let mut app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        enter_key(&app, 40).await;
        make(&app, &notifier, draft(&receiver.address(), Style::Automation, &[EventKind::KeyExpiring]), "token").await;
        for day in 0..45 {
            for _ in 0..3 {
                look_at_keys(&app.mirror, &notifier).await.unwrap();
                deliver_all(&app, &notifier).await;
            }
            if day % 4 == 0 {
                app.restart().await;
            }
            assert_eq!(receiver.got().len(), usize::from(day >= 33), "day {day}");
            advance(&app, DAY);
        }
        let body: Value = serde_json::from_str(&receiver.got()[0].body).unwrap();
        assert_eq!(
            (&body["trigger"], &body["name"], &body["days"]),
            (&"orgKeyExpiry".into(), &"main".into(), &7.into())
        );
        assert_eq!(body["settingsUrl"], "/settings/organization-api-key");
        enter_key(&app, 5).await;
        look_at_keys(&app.mirror, &notifier).await.unwrap();
        deliver_all(&app, &notifier).await;
        assert_eq!(receiver.got().len(), 2, "another key is told of on its own");
        app.stop().await;
    }
}

#[tokio::test]
async fn mail_tells_of_it_thirty_fourteen_and_seven_days_ahead() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (server, notifier) = (MailServer::start().await, notifier(&app));
        enter_key(&app, 40).await;
        let entered = Entered {
            host: "127.0.0.1".to_owned(),
            port: server.port,
            security: Security::Plain,
            username: String::new(),
            password: String::new(),
            sender: "rollcall@example.com".to_owned(),
            recipients: vec![(MailKind::KeyExpiring, vec!["ops@example.com".to_owned()])],
        };
        mail::save(&context(&app), &app.mirror, &notifier, entered).await.unwrap();
        let mut told = Vec::new();
        for day in 0..45 {
            look_at_keys(&app.mirror, &notifier).await.unwrap();
            if deliver_all(&app, &notifier).await > 0 {
                told.push(40 - day);
            }
            advance(&app, DAY);
        }
        assert_eq!(told, [30, 14, 7]);
        assert_eq!((server.messages().len(), log(&app).await.len()), (3, 3));
        app.stop().await;
    }
}
