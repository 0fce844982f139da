//! One person is exported as a whole and erased everywhere, the audit chain still verifies, and what must stay is named.

use contact::field::Entity;
use reqwest::Method;
use rollcall::contacts::keep::{self, Edit};
use rollcall::contacts::notes;
use rollcall::mirror::marks;
use rollcall::nouns::access_token::Reach;
use rollcall::nouns::feed_run::FeedRunState;
use rollcall::nouns::protection::{Protectee, Reason};
use rollcall::personal::preview::preview;
use rollcall::personal::who::{self, Known};
use rollcall::personal::{erase, export};
use rollcall::store::db::Store;
use rollcall::store::dialect;
use rollcall::store::{events, feed_people, feed_records, feed_runs};
use serde_json::{Value, json};
use simulator::NewUser;

use crate::api::with_query;
use crate::feeds::{World, bytes, json_control, people, record};
use crate::support::app::ENGINES;

const NAME: &str = "Pat Quillfeather";
const EMAIL: &str = "Pat.Quillfeather@leaving.example";

const SQLITE: &str = "
    SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY t.name, c.name";
const POSTGRES: &str = "
    SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT)
    FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1, 2";

/// Every column of text in which a part occurs, as the engine's own catalogue lists them.
async fn mentions(store: &Store, part: &str) -> Vec<String> {
    let pattern = format!("%{}%", part.to_lowercase());
    let found = store.read(move |tx| {
        let catalogue = match tx.engine() {
            dialect::Engine::Sqlite => SQLITE,
            dialect::Engine::Postgres => POSTGRES,
        };
        let columns = tx.list(catalogue, &[], |row| {
            Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), row.text(2)?.to_lowercase()))
        })?;
        let mut found = Vec::new();
        for (table, column, _) in columns.iter().filter(|(.., kind)| kind.starts_with("text")) {
            // Statements are constants: this one lives as long as the test.
            let question: &'static str = format!("SELECT count(*) FROM {table} WHERE lower({column}) LIKE $1").leak();
            if tx.one(question, &[pattern.as_str().into()], |row| row.integer(0))? > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
        Ok(found)
    });
    found.await.unwrap()
}

async fn known(world: &World, asked: &str) -> Known {
    let app = &world.served.app;
    who::find(&app.mirror, app.mirrors.control(), asked).await.unwrap()
}

/// A delivery that is applied.
async fn deliver(world: &World, key: &str, records: &[serde_json::Value]) {
    world.uploaded(key, "users", &bytes(records)).await;
    world.started(key).await;
    let run = world.settled("staff").await;
    if run.state == FeedRunState::Held {
        world.apply(&run, "As agreed.", None).await.unwrap();
    }
    assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e7_somebody_who_left_is_exported_and_then_erased_everywhere() {
    for engine in ENGINES {
        let mut world = World::start(engine, 171).await;
        let app = &world.served.app;
        let new = NewUser { name: NAME.to_owned(), email: EMAIL.to_owned(), directory: None };
        let id = app.simulator.change(|organization| organization.add_user(&new)).unwrap();
        app.sync().await.unwrap();
        world.work();
        let (feed, key) = world.feed("staff").await;
        let mut control: Value = serde_json::from_slice(&json_control()).unwrap();
        let title = json!({ "action": "field", "source": "title", "destination": "user", "name": "title" });
        control["instructions"].as_array_mut().unwrap().push(title);
        world.uploaded(&key, "_control", control.to_string().as_bytes()).await;
        // Three others name them: one leaves before anything else happens, one for a while as manager, one by a title.
        let mut leaver = record("aa1", "Leaver", "aa1@uni.example", "office");
        leaver["manager"] = json!("ZZ9");
        leaver["remark"] = json!("Reports to Pat Quillfeather.");
        deliver(&world, &key, &[people(12), vec![leaver]].concat()).await;
        let mut with_them = people(12);
        with_them[3]["role"] = json!("office");
        let without_them = with_them.clone();
        with_them[3]["manager"] = json!(EMAIL);
        with_them.push(record("zz9", "Quillfeather", EMAIL, "office"));
        with_them.push(record("bb1", "Aide", "bb1@uni.example", "office"));
        with_them[13]["title"] = json!("Assistant of Pat Quillfeather");
        deliver(&world, &key, &with_them).await;
        let app = &world.served.app;
        let (context, entropy) = (world.context(), &app.surroundings.entropy);
        let reason = Reason::parse(&format!("{NAME} ({EMAIL}) is on leave")).unwrap();
        let protectee = Protectee::parse("person", &id).unwrap();
        marks::protect(&context, &app.mirror, (protectee, reason), entropy).await.unwrap();
        let stores = (&app.mirror, app.mirrors.control());
        // A contact of theirs, a note about them, and one that names them with somebody else.
        for (name, email) in [(NAME, EMAIL), ("Number Seven", "seven@uni.example")] {
            let edit = Edit { name: Some(name.to_owned()), email: Some(email.to_owned()), ..Edit::default() };
            let contact = keep::create(&context, &app.mirror, (Entity::Contact, edit), entropy).await.unwrap();
            let note = (contact.id.as_str(), "Works with Pat Quillfeather.");
            notes::add(&context, &app.mirror, note, entropy).await.unwrap();
        }

        // While they are there, what would come back stays, and says so.
        let before = preview(&app.mirror, &known(&world, EMAIL).await).await.unwrap();
        let stays = before.stays.join("\n");
        for says in [
            "Atlassian lists this account",
            "staff delivers them",
            "1 row of a run",
            "1 file of a run",
            "about other people that mention them, of a run that is open or was applied last",
            "1 record of other people in staff that mention them",
        ] {
            assert!(stays.contains(says), "{says}: {stays}");
        }
        assert!(stays.contains("these come from the feed's source"), "{stays}");
        let mentioned = |what: &str| before.goes.iter().find(|(told, _)| told.contains(what)).map(|(_, count)| *count);
        assert_eq!(mentioned("records of other people who left"), Some(1), "{:?}", before.goes);
        assert_eq!(mentioned("as a feed has sent them"), Some(2), "{:?}", before.goes);
        assert_eq!(mentioned("past rows of feeds' runs about other people"), Some(1), "{:?}", before.goes);

        app.simulator.change(|organization| organization.delete_account(&id)).unwrap();
        app.sync().await.unwrap();
        // The source does not name them as manager any more, which means the same: the record is kept as it came before.
        deliver(&world, &key, &without_them).await;
        let mut third = without_them.clone();
        third.push(record("new", "Newcomer", "new@uni.example", "office"));
        deliver(&world, &key, &third).await;

        let person = known(&world, EMAIL).await;
        assert_eq!(person.account_ids.iter().collect::<Vec<_>>(), [&id]);
        let document = export::export(&context, stores, &person, entropy).await.unwrap();
        assert_eq!(document["history"][0]["profiles"][0]["value"]["name"], json!(NAME));
        assert_eq!(document["feeds"][0]["records"][0]["raw"]["mail"], json!(EMAIL));
        assert_eq!(document["feeds"][0]["rows"].as_array().unwrap().len(), 2, "new, then leaving");
        assert_eq!(document["contacts"][0]["name"], json!(NAME));
        assert_eq!(document["contacts"][0]["notes"][0]["text"], json!("Works with Pat Quillfeather."));
        assert!(document["texts"].to_string().contains("protected.reason"), "{}", document["texts"]);
        let kinds = document["events"].to_string();
        assert!(kinds.contains("protection.added") && kinds.contains("is on leave"), "{kinds}");

        let there = mentions(app.mirror.store(), "quillfeather").await;
        assert!(there.len() > 6, "{there:?}");
        let done = erase::erase(&context, stores, &person, entropy).await.unwrap();
        assert_eq!(done.stays, [] as [&str; 0]);
        assert_eq!(mentions(app.mirror.store(), "quillfeather").await, [] as [&str; 0]);
        assert_eq!(mentions(app.mirrors.control(), "quillfeather").await, [] as [&str; 0]);
        assert!(!mentions(app.mirror.store(), "works with").await.is_empty(), "the other contact's note stays");
        assert!(!mentions(app.mirror.store(), "number seven").await.is_empty());
        // What the chain said of them cannot be read any more.
        let after = export::export(&context, stores, &known(&world, &id).await, entropy).await.unwrap();
        let told = after["events"].to_string();
        assert!(told.contains("protection.added") && !told.contains("is on leave"), "{told}");
        // Of others only what named them is gone: who left is read anew when they come again.
        let (number_of, erased) = (feed.number, mentions(app.mirror.store(), "erased@erased.invalid").await);
        assert!(erased.contains(&"feed_rows.raw".to_owned()), "{erased:?}");
        let leaver = app.mirror.store().read(move |tx| {
            let person = feed_people::by_key(tx, "aa1")?.unwrap();
            feed_records::find(tx, number_of, person.account)
        });
        let leaver = leaver.await.unwrap().unwrap();
        assert!(leaver.raw.contains("\"manager\":\"(erased)\"") && leaver.try_again, "{leaver:?}");
        assert!(leaver.raw.contains("Reports to (erased).") && leaver.raw.contains("aa1@uni.example"), "{leaver:?}");
        // Nobody else lost anything, the file of the last delivery is there, and the chains hold.
        assert!(!mentions(app.mirror.store(), "number07").await.is_empty());
        let number = feed.number;
        let files = app.mirror.store().read(move |tx| {
            let runs = feed_runs::of_feed(tx, number, i64::MAX, 10)?;
            runs.iter().map(|run| Ok(feed_runs::files(tx, run.number)?.len())).collect::<Result<Vec<_>, _>>()
        });
        let files = files.await.unwrap();
        assert_eq!(files, [2, 1, 1, 1], "the newest first, with its control file");
        for store in [app.mirror.store(), app.mirrors.control()] {
            store.read(events::verify).await.unwrap().unwrap();
        }
        let snapshot = app.now();
        let row = snapshot.account(&id).and_then(|account| snapshot.account_row(account)).unwrap();
        assert_eq!((row.name, row.email), ("", None));
        app.assert_sound().await;

        // What is erased stays so, and there is nothing left to go.
        app.sync().await.unwrap();
        let left = preview(&app.mirror, &known(&world, &id).await).await.unwrap();
        let told: Vec<&str> = left.goes.iter().map(|(what, _)| what.as_str()).collect();
        assert!(told.iter().all(|what| what.starts_with("Events")), "{told:?}");
        assert_eq!(mentions(app.mirror.store(), "quillfeather").await, [] as [&str; 0]);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_looks_exports_and_erases_by_the_same_verbs() {
    for engine in ENGINES {
        let world = World::start(engine, 172).await;
        let served = &world.served;
        let app = &served.app;
        let new = NewUser { name: NAME.to_owned(), email: EMAIL.to_owned(), directory: None };
        let id = app.simulator.change(|organization| organization.add_user(&new)).unwrap();
        app.sync().await.unwrap();
        app.simulator.change(|organization| organization.delete_account(&id)).unwrap();
        app.sync().await.unwrap();
        let who = json!({ "who": EMAIL });
        let looked = served.get("/personal-data", &[("who", EMAIL)]).await;
        assert_eq!((looked.status, &looked.body["account_ids"]), (200, &json!([id])), "{}", looked.text);
        assert!(!looked.body["goes"].as_array().unwrap().is_empty(), "{}", looked.text);
        assert_eq!(served.get("/personal-data", &[("who", "nobody-at-all")]).await.status, 404);

        // A token that may only read looks and does no more; one of another organization finds nobody here.
        let reads = served.make_token_that_may("reads", None, Reach::Read).await;
        let other = World::start(engine, 173).await;
        let typed = json!({ "who": EMAIL, "typed": EMAIL });
        for (token, looks, acts) in [(&reads, 200, 403), (&other.served.token, 401, 401)] {
            let path = with_query("/personal-data", &[("who", EMAIL)]);
            let answer = served.send(served.request(Method::GET, &path).bearer_auth(token)).await;
            assert_eq!((answer.status, answer.text.contains("Quillfeather")), (looks, looks == 200), "{}", answer.text);
            for (path, body) in [("/personal-data/export", &who), ("/personal-data/erase", &typed)] {
                let answer = served.send(served.request(Method::POST, path).bearer_auth(token).json(body)).await;
                assert_eq!(answer.status, acts, "{path}: {}", answer.text);
            }
        }
        let elsewhere = other.served.get("/personal-data", &[("who", &id)]).await;
        assert_eq!(elsewhere.status, 404, "{}", elsewhere.text);
        other.end().await;

        // What is told at length is not kept with its key, so that it is not there after the erasure.
        let exported = served.post_once("/personal-data/export", &who, "export").await;
        assert_eq!((exported.status, &exported.body["person"]["emails"]), (200, &json!([EMAIL])), "{}", exported.text);
        let again = served.post_once("/personal-data/export", &who, "export").await;
        assert_eq!((again.status, again.header("idempotency-replayed")), (200, ""));
        for wrong in [json!({ "who": EMAIL, "typed": "somebody" }), json!({ "who": EMAIL })] {
            let refused = served.post("/personal-data/erase", &wrong).await;
            let left = mentions(app.mirror.store(), NAME).await;
            assert_eq!(
                (refused.status, refused.problem(), left.is_empty()),
                (422, "invalid", false),
                "{}",
                refused.text
            );
        }
        let erased = served.post_once("/personal-data/erase", &typed, "erase").await;
        assert_eq!((erased.status, &erased.body["stays"]), (200, &json!([])), "{}", erased.text);
        let again = served.post_once("/personal-data/erase", &typed, "erase").await;
        assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &erased.body));
        assert_eq!(mentions(app.mirror.store(), "quillfeather").await, [] as [&str; 0]);
        assert_eq!(mentions(app.mirrors.control(), "quillfeather").await, [] as [&str; 0]);
        app.mirror.store().read(events::verify).await.unwrap().unwrap();
        world.end().await;
    }
}
