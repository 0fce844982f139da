//! What happens is told by whatever makes it happen: operations when they are over, the edition's limit when it is near.

use directory::act::Action;
use rollcall::nouns::edition::Edition;
use rollcall::nouns::endpoint::Style;
use rollcall::nouns::notice::EventKind;
use rollcall::nouns::operation::OperationState;
use rollcall::operations::approve;
use rollcall::operations::control::{self, Wished};
use rollcall::sync::edition;
use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use crate::operations::ordinary;
use crate::support::app::{ENGINES, TestApp};
use crate::support::receiver::Receiver;

use super::{deliver_all, draft, make, notifier};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What the receiver was told: the data of each message.
fn told(receiver: &Receiver) -> Vec<Value> {
    receiver.got().iter().map(|got| serde_json::from_str::<Value>(&got.body).unwrap()["data"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_is_told_once_it_is_over_with_its_counts_and_its_page() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 60, 4).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        let wanted = draft(&receiver.address(), Style::Generic, &[EventKind::OperationFinished]);
        make(&app, &notifier, wanted, SECRET).await;
        let people = ordinary(&app, 6);

        let first = app.plan_of(&people[..3], vec![Action::Suspend]).await;
        assert_eq!(deliver_all(&app, &notifier).await, 0, "a preview is told nobody");
        assert_eq!(app.carry_out(&first).await.state, OperationState::Succeeded);
        deliver_all(&app, &notifier).await;
        let expected = json!({
            "processId": first.as_str(), "name": "Operation 1", "actionTypes": ["suspendUser"], "outcome": "succeeded",
            "counts": { "total": 3, "succeeded": 3, "failed": 0, "skipped": 0 },
            "deepLink": format!("/operations/{first}"),
        });
        assert_eq!(told(&receiver), [expected]);

        let undo = app.undo(&first).await;
        app.carry_out(&undo).await;
        deliver_all(&app, &notifier).await;
        let last = told(&receiver).pop().unwrap();
        assert_eq!((&last["name"], &last["outcome"]), (&json!("Undo 2"), &json!("succeeded")));
        assert_eq!(last["actionTypes"], json!(["restoreUser"]));

        // One of them is refused by Atlassian: not a success, and the counts say so.
        let third = app.plan_of(&people[3..6], vec![Action::Suspend]).await;
        let unlucky = app.now().account_id(people[4]).unwrap();
        let refuse = Fault::on("suspend", FaultKind::status(400)).subject(unlucky.as_str()).always();
        app.simulator.set_faults(vec![refuse]);
        assert_eq!(app.carry_out(&third).await.state, OperationState::Partial);
        deliver_all(&app, &notifier).await;
        let last = told(&receiver).pop().unwrap();
        assert_eq!(last["outcome"], "partial");
        assert_eq!(last["counts"], json!({ "total": 3, "succeeded": 2, "failed": 1, "skipped": 0 }));

        // Cancelled before it was approved, it never was an operation; after that, it is told.
        let (context, entropy) = (app.context(), &app.surroundings.entropy);
        let fourth = app.plan_of(&people[..2], vec![Action::Suspend]).await;
        assert_eq!(control::cancel(&context, &app.mirror, &fourth, entropy).await.unwrap(), Wished::Taken);
        let fifth = app.plan_of(&people[..2], vec![Action::Suspend]).await;
        approve::reject(&context, &app.mirror, (&fifth, String::new()), entropy).await.unwrap();
        assert_eq!(deliver_all(&app, &notifier).await, 0);
        let sixth = app.plan_of(&people[..2], vec![Action::Suspend]).await;
        app.approve(&sixth).await.unwrap();
        assert_eq!(control::cancel(&context, &app.mirror, &sixth, entropy).await.unwrap(), Wished::Taken);
        assert_eq!(deliver_all(&app, &notifier).await, 1);
        let last = told(&receiver).pop().unwrap();
        assert_eq!((&last["outcome"], &last["counts"]["skipped"]), (&json!("cancelled"), &json!(2)));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_editions_limit_is_told_once_when_it_is_near_and_once_when_it_is_passed() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 60, 4).await;
        let (receiver, notifier) = (Receiver::start().await, notifier(&app));
        let wanted = draft(&receiver.address(), Style::Generic, &[EventKind::LicenceLimitNeared]);
        make(&app, &notifier, wanted, SECRET).await;
        let managed = app.mirror.store().read(edition::read).await.unwrap().usage.unwrap().managed;
        let choose = async |people: u64| {
            let (context, entropy) = (app.context(), &app.surroundings.entropy);
            edition::choose(&context, &app.mirror, (Edition::Custom(people), None), entropy).await.unwrap();
            app.ask().await;
            app.work().await.unwrap();
            deliver_all(&app, &notifier).await
        };
        assert_eq!(choose(managed * 2).await, 0);
        assert_eq!(choose(managed).await, 1, "at its limit it is near");
        assert_eq!(choose(managed + 1).await, 0, "and was told already");
        assert_eq!(choose(managed - 1).await, 1, "passing it is told on its own");
        assert_eq!(choose(managed).await, 0, "coming back is not");
        assert_eq!(choose(managed * 2).await, 0);
        assert_eq!(choose(managed).await, 1, "coming near again is");
        let told = told(&receiver);
        let outcomes: Vec<&Value> = told.iter().map(|data| &data["outcome"]).collect();
        assert_eq!(outcomes, ["neared", "exceeded", "neared"]);
        assert_eq!((&told[0]["managed"], &told[0]["capacity"]), (&json!(managed), &json!(managed)));
        assert!(told[0]["graceUntil"].is_null() && told[1]["graceUntil"].is_string(), "{told:?}");
        assert_eq!(told[1]["deepLink"], "/settings/edition");
        app.stop().await;
    }
}
