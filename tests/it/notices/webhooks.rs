//! Webhooks: what is sent, what proves it, and how it goes on after every answer.

use rollcall::notify::endpoints::{self, NotDone};
use rollcall::notify::message::{self, NotProven, Proof};
use rollcall::notify::worker::deliver_once;
use rollcall::nouns::endpoint::{DeliveryState, Style};
use rollcall::nouns::notice::{EventKind, TaskOutcome};
use rollcall::store::outbox;
use rollcall::sync::attention;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::app::ENGINES;
use crate::support::receiver::{Got, Receiver};

use super::{advance, context, deliver_all, draft, log, make, notifier, notifier_with, put, start, task_run};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// The secret's bytes.
const KEY: [u8; 24] = [
    0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a, 0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c, 0xf6, 0x48, 0xa3,
    0x62, 0xda, 0x2d, 0xa4, 0xb0,
];

/// HMAC by its definition (RFC 2104), in base 64 (RFC 4648).
fn signed(text: &str) -> String {
    let pad = |byte: u8| -> Vec<u8> {
        let mut block = [byte; 64];
        block.iter_mut().zip(KEY).for_each(|(cell, key)| *cell ^= key);
        block.to_vec()
    };
    let inner = Sha256::digest([pad(0x36), text.as_bytes().to_vec()].concat());
    let digest = Sha256::digest([pad(0x5c), inner.to_vec()].concat());
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in digest.chunks(3) {
        let bits = chunk.iter().chain(&[0, 0]).take(3).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let letter = letters[(bits >> (18 - 6 * place) & 63) as usize] as char;
            out.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    out
}

#[tokio::test]
async fn a_message_is_signed_and_keeps_its_id_over_retries() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        receiver.answers(&["503 Busy", "429 Slow\r\nretry-after: 600", "200 OK"]);
        make(&app, &notifier, draft(&receiver.address(), Style::Generic, &[EventKind::TaskPartial]), SECRET).await;
        put(&app, task_run("task_1", "p1", TaskOutcome::Partial)).await;
        assert_eq!(deliver_all(&app, &notifier).await, 1, "not before it is due");
        advance(&app, 6);
        assert_eq!(deliver_all(&app, &notifier).await, 1);
        advance(&app, 599);
        assert_eq!(deliver_all(&app, &notifier).await, 0, "the receiver asked for ten minutes");
        advance(&app, 2);
        assert_eq!(deliver_all(&app, &notifier).await, 1);
        let got = receiver.got();
        assert_eq!(got.len(), 3);
        assert_eq!(got[0].path, "/hook");
        for message in &got {
            assert_eq!(message.header("webhook-id"), got[0].header("webhook-id"));
            assert_eq!(message.body, got[0].body);
            let text =
                format!("{}.{}.{}", message.header("webhook-id"), message.header("webhook-timestamp"), message.body);
            assert_eq!(message.header("webhook-signature"), format!("v1,{}", signed(&text)));
        }
        assert_ne!(got[2].header("webhook-timestamp"), got[0].header("webhook-timestamp"));
        let body: Value = serde_json::from_str(&got[0].body).unwrap();
        assert_eq!((&body["type"], &body["data"]["counts"]["failed"]), (&"task.partial".into(), &12.into()));
        let log = log(&app).await;
        assert_eq!((log[0].state, log[0].attempts), (DeliveryState::Delivered, 3));
        app.stop().await;
    }
}

#[tokio::test]
async fn w11_a_message_verifies_once_and_for_five_minutes_and_the_log_sends_it_again() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        make(&app, &notifier, draft(&receiver.address(), Style::Generic, &[EventKind::TaskFailed]), SECRET).await;
        put(&app, task_run("task_1", "p1", TaskOutcome::Failed)).await;
        deliver_all(&app, &notifier).await;
        let first = receiver.got().remove(0);
        let believed = |got: &Got, body: &str| {
            let proof = Proof {
                id: got.header("webhook-id"),
                timestamp: got.header("webhook-timestamp"),
                signature: got.header("webhook-signature"),
            };
            message::prove(SECRET, proof, body, app.clock.now())
        };
        assert_eq!(believed(&first, &first.body), Ok(()));
        assert_eq!(believed(&first, &first.body.replace("failed", "done")), Err(NotProven::Signature));
        advance(&app, 301);
        assert_eq!(believed(&first, &first.body), Err(NotProven::Timestamp), "somebody sends it again");

        // Sent again from the log it is the same message, signed anew.
        let sent = log(&app).await.remove(0);
        assert_eq!((sent.state, sent.last_answer.as_deref()), (DeliveryState::Delivered, Some("204 No Content")));
        endpoints::send_again(&context(&app), &app.mirror, &notifier, &sent.id).await.unwrap();
        deliver_all(&app, &notifier).await;
        let again = receiver.got().remove(1);
        assert_eq!((again.header("webhook-id"), &again.body), (first.header("webhook-id"), &first.body));
        assert_eq!(believed(&again, &again.body), Ok(()));
        let log = log(&app).await;
        assert_eq!((log.len(), log[0].notice.as_str()), (2, first.header("webhook-id")));
        app.stop().await;
    }
}

#[tokio::test]
async fn f11_for_a_day_after_a_secret_was_changed_both_sign() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        let wanted = draft(&receiver.address(), Style::Generic, &[EventKind::TaskFailed]);
        let id = make(&app, &notifier, wanted.clone(), SECRET).await;
        let send = async |process: &str| {
            put(&app, task_run("task_1", process, TaskOutcome::Failed)).await;
            deliver_all(&app, &notifier).await;
            let got = receiver.got().pop().unwrap();
            let signature = got.header("webhook-signature").to_owned();
            let by = ["whsec_AAAA", SECRET].map(|secret| {
                let proof = Proof {
                    id: got.header("webhook-id"),
                    timestamp: got.header("webhook-timestamp"),
                    signature: &signature,
                };
                message::prove(secret, proof, &got.body, app.clock.now()).is_ok()
            });
            (signature.split(' ').count(), by)
        };
        assert_eq!(send("p1").await, (1, [false, true]));
        endpoints::save(&context(&app), &app.mirror, &notifier, (Some(id.clone()), wanted), "whsec_AAAA")
            .await
            .unwrap();
        assert_eq!(send("p2").await, (2, [true, true]));
        advance(&app, 24 * 3600);
        assert_eq!(send("p3").await, (1, [true, false]));
        app.stop().await;
    }
}

#[tokio::test]
async fn automation_gets_its_token_and_a_partial_run_is_a_failure_with_counts() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        let events = [EventKind::TaskSucceeded, EventKind::TaskPartial, EventKind::TaskHeld, EventKind::SyncFinished];
        make(&app, &notifier, draft(&receiver.address(), Style::Automation, &events), "token-of-the-rule").await;
        for (process, outcome) in
            [("p1", TaskOutcome::Succeeded), ("p2", TaskOutcome::Partial), ("p3", TaskOutcome::Held)]
        {
            put(&app, task_run("task_1", process, outcome)).await;
        }
        assert_eq!(deliver_all(&app, &notifier).await, 3);
        let told: Vec<(Value, Value)> = receiver
            .got()
            .iter()
            .map(|got| {
                assert_eq!(got.header("x-automation-webhook-token"), "token-of-the-rule");
                assert_eq!(got.header("webhook-signature"), "");
                let body: Value = serde_json::from_str(&got.body).unwrap();
                assert_eq!(body["actionTypes"][0], "suspendUser");
                (body["trigger"].clone(), body["outcome"].clone())
            })
            .collect();
        let expected = [("taskSuccess", "succeeded"), ("taskFailure", "partial"), ("taskFailure", "held")];
        assert_eq!(told, expected.map(|(trigger, outcome)| (trigger.into(), outcome.into())));
        app.stop().await;
    }
}

#[tokio::test]
async fn what_is_about_one_task_comes_in_its_order_and_others_do_not_wait() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        let events = [EventKind::TaskSucceeded, EventKind::TaskFailed];
        make(&app, &notifier, draft(&receiver.address(), Style::Generic, &events), SECRET).await;
        receiver.answers(&["500 Broken"]);
        put(&app, task_run("task_1", "p1", TaskOutcome::Failed)).await;
        put(&app, task_run("task_1", "p2", TaskOutcome::Succeeded)).await;
        put(&app, task_run("task_2", "p3", TaskOutcome::Succeeded)).await;
        let processes = || -> Vec<String> {
            let of = |body: &str| {
                serde_json::from_str::<Value>(body).unwrap()["data"]["processId"].as_str().unwrap().to_owned()
            };
            receiver.got().iter().map(|got| of(&got.body)).collect()
        };
        deliver_all(&app, &notifier).await;
        assert_eq!(processes(), ["p1", "p3"], "the second of the first task waits for the first");
        advance(&app, 10);
        deliver_all(&app, &notifier).await;
        assert_eq!(processes(), ["p1", "p3", "p1", "p2"]);
        app.stop().await;
    }
}

#[tokio::test]
async fn killed_between_sending_and_recording_it_sends_again_under_the_same_id() {
    for engine in ENGINES {
        let mut app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        make(&app, &notifier, draft(&receiver.address(), Style::Generic, &[EventKind::TaskFailed]), SECRET).await;
        put(&app, task_run("task_1", "p1", TaskOutcome::Failed)).await;
        // What a process does that is ended after its request: it leases, sends, and never settles.
        let now = app.clock.now();
        let leased = app.mirror.store().write(move |tx| outbox::take(tx, now)).await.unwrap().unwrap();
        assert!(!deliver_once(&app.mirror, &notifier).await.unwrap(), "somebody is sending it");
        app.restart().await;
        assert_eq!(deliver_all(&app, &notifier).await, 1);
        assert_eq!(receiver.got()[0].header("webhook-id"), leased.notice.as_str());
        let now = app.clock.now();
        let late =
            app.mirror.store().write(move |tx| outbox::settle(tx, &leased, (&outbox::Settled::Dead, "late"), now));
        assert!(!late.await.unwrap(), "whoever lost the lease records nothing");
        let log = log(&app).await;
        assert_eq!((log.len(), log[0].state, log[0].attempts), (1, DeliveryState::Delivered, 2));
        app.stop().await;
    }
}

#[tokio::test]
async fn what_a_receiver_refuses_for_good_is_not_tried_again_and_it_is_switched_off_with_a_notice() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        let id =
            make(&app, &notifier, draft(&receiver.address(), Style::Generic, &[EventKind::TaskFailed]), SECRET).await;
        receiver.answers(&[
            "400 Bad",
            "302 Elsewhere\r\nlocation: http://127.0.0.1:1/",
            "404 No",
            "400 Bad",
            "400 Bad",
        ]);
        for process in ["p1", "p2", "p3", "p4", "p5", "p6"] {
            put(&app, task_run("task_1", process, TaskOutcome::Failed)).await;
        }
        deliver_all(&app, &notifier).await;
        assert_eq!(receiver.got().len(), 5, "after five in a row nothing more is sent");
        let states: Vec<DeliveryState> = log(&app).await.iter().map(|delivery| delivery.state).collect();
        assert_eq!(states, [DeliveryState::Dead; 6]);
        let now = app.clock.now();
        let waiting = app.mirror.store().read(move |tx| attention::list(tx, now)).await.unwrap();
        assert!(
            waiting.iter().any(|item| matches!(item, attention::Waiting::SwitchedOff(endpoint) if endpoint.id == id))
        );
        // Corrected and saved, it is sent what was missed, by hand and under the same id.
        let again = draft(&receiver.address(), Style::Generic, &[EventKind::TaskFailed]);
        endpoints::save(&context(&app), &app.mirror, &notifier, (Some(id), again), "").await.unwrap();
        let missed = log(&app).await.remove(0);
        endpoints::send_again(&context(&app), &app.mirror, &notifier, &missed.id).await.unwrap();
        deliver_all(&app, &notifier).await;
        let got = receiver.got();
        assert_eq!(got.last().unwrap().header("webhook-id"), missed.notice.as_str());
        let text = format!("{}.{}.{}", missed.notice, got[5].header("webhook-timestamp"), got[5].body);
        assert_eq!(got[5].header("webhook-signature"), format!("v1,{}", signed(&text)), "the stored secret stayed");
        app.stop().await;
    }
}

#[tokio::test]
async fn no_internal_address_is_connected_to_also_not_by_a_name_that_changes_its_meaning() {
    for engine in ENGINES {
        let app = start(engine).await;
        let receiver = Receiver::start().await;
        let careful =
            notifier_with(&app, "", &[("rebound.example", "127.0.0.1"), ("cloud.example", "169.254.169.254")]);
        for (address, style) in [
            ("https://127.0.0.1/hook", Style::Generic),
            ("http://hooks.example/hook", Style::Generic),
            ("https://hooks.example/hook", Style::Automation),
        ] {
            let wanted = draft(address, style, &[EventKind::TaskFailed]);
            let saved = endpoints::save(&context(&app), &app.mirror, &careful, (None, wanted), SECRET).await;
            assert!(matches!(saved, Err(NotDone::Refused(_))), "{address}");
        }
        for name in ["rebound.example", "cloud.example", "nobody.example"] {
            let address = format!("https://{name}:{}/hook", receiver.port);
            make(&app, &careful, draft(&address, Style::Generic, &[EventKind::TaskFailed]), SECRET).await;
        }
        put(&app, task_run("task_1", "p1", TaskOutcome::Failed)).await;
        assert_eq!(deliver_all(&app, &careful).await, 3);
        let log = log(&app).await;
        let said = "The address lies in an internal network, or nobody knows its name.";
        assert!(log.iter().all(|delivery| delivery.last_answer.as_deref() == Some(said)), "{log:?}");
        assert!(
            log.iter().all(|delivery| delivery.state == DeliveryState::Waiting),
            "a name server may have been down"
        );
        assert!(receiver.got().is_empty());
        // The same name is reached where the configuration allows it by name.
        let allowed = notifier_with(&app, "rebound.example", &[("rebound.example", "127.0.0.1")]);
        let address = format!("http://rebound.example:{}/hook", receiver.port);
        let id = make(&app, &allowed, draft(&address, Style::Generic, &[EventKind::TaskFailed]), SECRET).await;
        endpoints::test(&context(&app), &app.mirror, &id, &app.surroundings.entropy).await.unwrap();
        assert_eq!(deliver_all(&app, &allowed).await, 1);
        assert_eq!(receiver.got().len(), 1);
        app.stop().await;
    }
}

#[tokio::test]
async fn a_sync_is_told_when_it_is_sealed() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        make(&app, &notifier, draft(&receiver.address(), Style::Generic, &[EventKind::SyncFinished]), SECRET).await;
        app.work_through().await;
        assert_eq!(deliver_all(&app, &notifier).await, 1);
        let body: Value = serde_json::from_str(&receiver.got()[0].body).unwrap();
        assert_eq!(body["data"]["runId"], app.run().await.id.as_str());
        assert!(body["data"]["counts"]["added"].as_u64().unwrap() >= 10);
        app.stop().await;
    }
}
