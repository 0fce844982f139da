//! How an operation's requests follow each other: intents first, nobody on old data, every kind of change at its own
//! limit; and its files, written while they are sent.

use std::sync::{Arc, Mutex};

use directory::act::Action;
use jiff::SignedDuration;
use rollcall::mirror::export::Form;
use rollcall::nouns::operation::OperationState;
use rollcall::nouns::operation_row::RowState;
use rollcall::operations::text::text;
use rollcall::store::operation_rows::{self, Filter};
use simulator::{Change as Outside, Limits, ScheduledChange};

use super::writes::{plain_group, plain_groups};
use super::{ordinary, states};
use crate::support::app::{ENGINES, TestApp};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_a_request_arrives_as_many_intents_are_kept() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 300, 51).await;
        let id = app.plan_of(&ordinary(&app, 90), vec![Action::Suspend]).await;
        let number = app.operation(&id).await.number;
        let seen: Arc<Mutex<Vec<(u64, usize)>>> = Arc::default();
        let look = |request: u32| {
            let (store, seen) = (app.mirror.store().clone(), seen.clone());
            let change = Outside::custom(move |_| {
                // From a thread without async code, as the store wants it.
                let store = store.clone();
                let counted = std::thread::spawn(move || {
                    store.read_blocking(move |tx| {
                        let mut intents = 0;
                        operation_rows::for_each(tx, number, |row| {
                            intents += usize::from(row.begun_at.is_some());
                            Ok(())
                        })?;
                        Ok(intents)
                    })
                });
                seen.lock().unwrap().push((request.into(), counted.join().unwrap().unwrap()));
            });
            ScheduledChange { path: "suspend".to_owned(), request, change }
        };
        app.simulator.set_changes((1..=90).map(look).collect());
        let operation = app.carry_out(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&app.rows(&id).await));
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len() as u64, operation.plan.rows);
        assert!(seen.iter().all(|(request, intents)| *intents as u64 >= *request), "{seen:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_acted_on_more_than_a_minute_after_they_were_read() {
    for engine in ENGINES {
        let limits = Limits::default().endpoint("suspend", 10);
        let app =
            TestApp::ready_with(engine, 300, 52, simulator::Options { limits, record: true, ..Default::default() })
                .await;
        let people = ordinary(&app, 45);
        let id = app.plan_of(&people, vec![Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        assert_eq!(operation.state, OperationState::Succeeded, "{:?}", states(&app.rows(&id).await));
        let ledger = app.simulator.ledger();
        for account in people {
            let account = app.now().account_id(account).unwrap().to_string();
            let acted = ledger.iter().find(|one| one.effect.is_some() && one.path.contains(&account)).unwrap();
            let names = |body: &Option<String>| body.as_ref().is_some_and(|body| body.contains(&account));
            let read = ledger
                .iter()
                .rfind(|one| one.template.ends_with("users/search") && one.at <= acted.at && names(&one.request_body));
            let age = acted.at.duration_since(read.unwrap().at);
            assert!(age <= SignedDuration::from_secs(60), "{account}: {age:?}");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_kinds_of_change_go_side_by_side_each_at_its_own_limit() {
    for engine in ENGINES {
        let limits = Limits::default().endpoint("suspend", 10).endpoint("memberships", 10);
        let options = simulator::Options { limits, ..Default::default() };
        let app = TestApp::ready_with(engine, 300, 53, options).await;
        let members = |group: &u32| app.now().memberships().members(*group).len();
        let group = plain_groups(&app).into_iter().min_by_key(members).unwrap();
        let outside = |account: &u32| !app.now().memberships().members(group).contains(*account);
        let people: Vec<u32> = ordinary(&app, 300).into_iter().filter(outside).take(40).collect();
        let id = app.plan_of(&people, vec![Action::AddToGroups(vec![group]), Action::Suspend]).await;
        let operation = app.carry_out(&id).await;
        let rows = app.rows(&id).await;
        assert_eq!((operation.state, rows.len()), (OperationState::Succeeded, 80), "{:?}", states(&rows));
        let of = |action: u16| rows.iter().filter(move |row| row.action == action).filter_map(|row| row.ended_at);
        let both = of(1).max().unwrap().duration_since(of(0).min().unwrap());
        // Four windows of ten of each; one kind after the other would take seven.
        assert!(both < SignedDuration::from_mins(5), "{both:?}");
        for person in people {
            let ended =
                |action| rows.iter().find(|row| row.action == action && row.change.account() == person).unwrap();
            assert!(ended(0).ended_at <= ended(1).begun_at, "a person's changes keep their order");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_any_length_has_every_row_once_in_order() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 1_500, 54).await;
        let actions = vec![Action::AddToGroups(vec![plain_group(&app)]), Action::Suspend];
        let id = app.plan("", actions).await;
        let (operation, rows) = (app.operation(&id).await, app.rows(&id).await);
        assert!(rows.len() > 2_000);
        let written = async |filter: Filter, form: Form| {
            let mut pieces = text(&app.mirror, &operation, (filter, form)).arriving();
            let mut whole = Vec::new();
            while let Some(piece) = pieces.recv().await {
                whole.extend(piece.unwrap());
            }
            String::from_utf8(whole).unwrap()
        };
        let json: serde_json::Value = serde_json::from_str(&written(Filter::default(), Form::Json).await).unwrap();
        assert_eq!(json["number"], operation.number);
        let places: Vec<u64> =
            json["items"].as_array().unwrap().iter().map(|item| item["row"].as_u64().unwrap()).collect();
        assert_eq!(places, rows.iter().map(|row| row.seq).collect::<Vec<_>>());
        let csv = written(Filter::default(), Form::Csv).await;
        assert_eq!(csv.lines().count(), rows.len() + 1);
        let refused = Filter { state: Some(RowState::Refused), ..Filter::default() };
        let lines = written(refused, Form::JsonLines).await;
        assert_eq!(lines.lines().count(), rows.iter().filter(|row| row.state == RowState::Refused).count());
        // Of an operation without such a row there is a whole file, too.
        let none = Filter { why: Some("no such reason".to_owned()), ..Filter::default() };
        let empty: serde_json::Value = serde_json::from_str(&written(none, Form::Json).await).unwrap();
        assert_eq!(empty["items"], serde_json::json!([]));
        app.stop().await;
    }
}
