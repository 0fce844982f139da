//! What surrounds contacts, over the API: fields, files, many at once, conflicts, scope, and companies from what is known.

use std::collections::BTreeSet;

use reqwest::Method;
use rollcall::contacts::bulk;
use rollcall::id::AdministratorId;
use rollcall::nouns::context::{Actor, Context};
use rollcall::store::control::administrators;
use rollcall::sync::customers::read_customers;
use serde_json::{Value, json};
use simulator::Options;

use super::{Answer, Served, with_query};
use crate::contacts::{enter_token, settle};
use crate::support::app::{ENGINES, TestApp, population};

impl Served {
    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).bearer_auth(&self.token).json(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PATCH, path).bearer_auth(&self.token).json(body)).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).bearer_auth(&self.token)).await
    }

    /// Sends a file of contacts or companies.
    async fn import(&self, entity: &str, text: &str) -> Answer {
        let path = with_query("/contact-imports", &[("entity", entity), ("file_name", "people.csv")]);
        let request = self.request(Method::POST, &path).bearer_auth(&self.token).header("Content-Type", "text/csv");
        self.send(request.header("Idempotency-Key", text.len().to_string()).body(text.to_owned())).await
    }

    /// Lets a run come to its end, and gives what came of it.
    async fn carried_out(&self, asked: &Answer) -> Value {
        assert_eq!(asked.status, 202, "{}", asked.text);
        settle(&self.app).await;
        let run = self.get(&format!("/contact-runs/{}", asked.body["id"].as_str().unwrap()), &[]).await;
        assert_eq!(run.body["state"], "complete", "{}", run.text);
        run.body
    }
}

fn id(answer: &Answer) -> String {
    answer.body["id"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_are_defined_changed_put_in_order_and_removed() {
    for engine in ENGINES {
        let served = Served::start(engine, 20, 201).await;
        let level = json!({ "entity": "contact", "kind": "choice", "label": "Level", "choices": ["Gold", "Tin"] });
        let made = served.post("/contact-fields", &level).await;
        assert_eq!((made.status, &made.body["name"]), (201, &json!("level")), "{}", made.text);
        let until = json!({ "entity": "contact", "kind": "date", "label": "Contract end", "section": "Contract" });
        let until = served.post("/contact-fields", &until).await;
        assert_eq!(until.body["name"], "contractEnd", "{}", until.text);
        let number = |answer: &Answer| answer.body["id"].as_u64().unwrap();
        let (level, until) = (number(&made), number(&until));

        // What is left out of a change stays.
        let changed = served.patch(&format!("/contact-fields/{level}"), &json!({ "default": "tin" })).await;
        assert_eq!(
            (&changed.body["default"], &changed.body["choices"], &changed.body["label"]),
            (&json!("Tin"), &json!(["Gold", "Tin"]), &json!("Level")),
            "{}",
            changed.text
        );
        let moved = served.post(&format!("/contact-fields/{until}/move"), &json!({ "to": "earlier" })).await;
        assert_eq!((&moved.body["fields"][0]["id"], &moved.body["fields"][1]["id"]), (&json!(until), &json!(level)));
        let contact =
            served.post("/contacts", &json!({ "name": "Bo", "fields": { "contractEnd": "2027-01-31" } })).await;
        assert_eq!(contact.body["fields"], json!({ "contractEnd": "2027-01-31", "level": "Tin" }), "{}", contact.text);
        assert_eq!(served.get("/contacts", &[("filter", "level = Tin")]).await.body["total"], 1);

        for (body, problem) in [
            (json!({ "entity": "contact", "kind": "choice", "label": "Empty" }), "invalid"),
            (json!({ "entity": "contact", "kind": "colour", "label": "Colour" }), "invalid"),
            (json!({ "entity": "robot", "kind": "text", "label": "Kind" }), "invalid"),
            (json!({ "entity": "contact", "kind": "text", "label": "LEVEL" }), "invalid"),
        ] {
            let refused = served.post("/contact-fields", &body).await;
            assert_eq!((refused.status, refused.problem()), (422, problem), "{}", refused.text);
        }
        assert_eq!(served.post(&format!("/contact-fields/{until}/move"), &json!({ "to": "up" })).await.status, 422);
        assert_eq!(served.patch("/contact-fields/99", &json!({})).await.status, 404);
        assert_eq!(served.delete(&format!("/contact-fields/{level}")).await.status, 204);
        assert_eq!(served.delete(&format!("/contact-fields/{level}")).await.status, 404);
        assert_eq!(served.get("/contacts", &[("filter", "level = Tin")]).await.problem(), "filter");
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_mapped_looked_at_and_imported_and_its_export_is_understood() {
    for engine in ENGINES {
        let served = Served::start(engine, 20, 202).await;
        let size =
            served.post("/contact-fields", &json!({ "entity": "contact", "kind": "number", "label": "Size" })).await;
        assert_eq!(size.status, 201, "{}", size.text);
        served.post("/contacts", &json!({ "name": "Ada", "email": "ADA@acme.example" })).await;
        // Longer than any other body: files have a limit of their own, with a key too.
        let mut text = "Full Name;Mail;Heads;Firm;Remark\r\n".to_owned();
        text.push_str(
            "Ada Lovelace;ada@acme.example;12;Acme;-\r\nNobody;no address;1;;-\r\nBo;bo@acme.example;many;;-\r\n",
        );
        for number in 0..2_000 {
            text.push_str(&format!("Person {number};p{number}@many.example;{number};Acme; Number {number}\r\n"));
        }
        assert!(text.len() > 64 << 10);
        let sent = served.import("contact", &text).await;
        assert_eq!((sent.status, &sent.body["rows"]), (201, &json!(2_003)), "{}", sent.text);
        let path = format!("/contact-imports/{}", id(&sent));
        let guessed: Vec<&str> =
            sent.body["columns"].as_array().unwrap().iter().map(|one| one["target"].as_str().unwrap()).collect();
        assert_eq!((guessed, &sent.body["same"]), (vec!["name", "email", "", "", ""], &json!("email")));
        assert!(sent.body["targets"].as_array().unwrap().contains(&json!("fields.size")), "{}", sent.text);

        let columns = json!(["name", "email", "fields.size", "companies", ""]);
        let meaning = |columns: &Value| json!({ "columns": columns, "same": "email", "update": true });
        for wrong in
            [json!(["name", "email"]), json!(["name", "email", "size", "", ""]), json!(["", "email", "", "", ""])]
        {
            let refused = served.put(&path, &meaning(&wrong)).await;
            assert_eq!((refused.status, refused.problem()), (422, "invalid"), "{wrong}: {}", refused.text);
        }
        let meant = served.put(&path, &meaning(&columns)).await;
        assert_eq!((meant.status, &meant.body["columns"][2]["target"]), (200, &json!("fields.size")), "{}", meant.text);
        let preview = served.get(&format!("{path}/preview"), &[]).await.body;
        assert_eq!(
            (&preview["new"], &preview["changed"], &preview["refused"], &preview["rows"][0]["outcome"]),
            (&json!(2_000), &json!(1), &json!(2), &json!("refused")),
            "{preview}"
        );
        assert_eq!(served.get("/contacts", &[]).await.body["total"], 1, "nothing is written yet");
        let run = served.carried_out(&served.post(&format!("{path}/start"), &json!({})).await).await;
        assert_eq!(
            (&run["kind"], &run["counts"]["created"], &run["counts"]["skipped"]),
            (&json!("import"), &json!(2_000), &json!(2))
        );
        let log =
            served.get(&format!("/contact-runs/{}/log", run["id"].as_str().unwrap()), &[("kind", "refused")]).await;
        assert_eq!(log.body["lines"].as_array().unwrap().len(), 2, "{}", log.text);
        let ada = &served.get("/contacts", &[("filter", "ada")]).await.body["contacts"][0];
        assert_eq!((&ada["name"], &ada["fields"]["size"]), (&json!("Ada Lovelace"), &json!("12")), "{ada}");
        assert_eq!(served.get(&path, &[]).await.status, 404, "an imported file is not kept");

        // What is exported is what the filter finds, and is read again as what it is.
        let filter = [("filter", "company = Acme AND size < 10 ORDER BY size")];
        let csv = served.get("/contacts.csv", &filter).await;
        assert_eq!((csv.status, csv.text.lines().count()), (200, 11), "{}", csv.text);
        let listed = served.get("/contacts.json", &filter).await;
        assert_eq!(listed.body.as_array().unwrap().len(), 10);
        assert_eq!(served.get("/companies.json", &[]).await.body[0]["contacts"], 2_001);
        assert_eq!(served.get("/companies.csv", &[]).await.text.lines().count(), 2);
        assert_eq!(served.get("/contacts.csv", &[("filter", "colour = red")]).await.problem(), "filter");
        let again = served.import("contact", &csv.text).await;
        assert_eq!(again.body["same"], "id", "{}", again.text);
        let preview = served.get(&format!("/contact-imports/{}/preview", id(&again)), &[]).await.body;
        assert_eq!((&preview["unchanged"], &preview["refused"]), (&json!(10), &json!(0)), "{preview}");
        let exported = served.get("/audit", &[("kind", "export.made")]).await.text;
        assert!(exported.contains("contacts") && exported.contains("companies"), "{exported}");

        assert_eq!(served.import("robot", "a,b\n1,2\n").await.problem(), "parameter");
        let none = served.request(Method::POST, "/contact-imports?entity=contact").bearer_auth(&served.token);
        assert_eq!(served.send(none.json(&json!({}))).await.status, 415);
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_are_changed_and_deleted_as_they_were_looked_at_and_deleting_takes_a_power() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 203).await;
        let (app, entropy) = (&served.app, &served.app.surroundings.entropy);
        served.post("/companies", &json!({ "name": "Acme" })).await;
        for number in 0..4 {
            served.post("/contacts", &json!({ "name": format!("By hand {number}"), "tags": ["old"] })).await;
        }
        served.post("/contact-syncing/on", &json!({})).await;
        settle(app).await;
        let all = served.get("/contact-bulk", &[("entity", "contact")]).await;
        let (count, synced) = (all.body["count"].as_u64().unwrap(), all.body["synced"].as_u64().unwrap());
        assert!(synced > 5 && count == synced + 4, "{}", all.text);
        let found = served.get("/contact-bulk", &[("entity", "contact"), ("filter", "tag=old")]).await;
        assert_eq!(
            (&found.body["count"], &found.body["synced"], &found.body["filter"], &found.body["may_delete"]),
            (&json!(4), &json!(0), &json!("tag = old"), &json!(false)),
            "{}",
            found.text
        );
        assert_eq!(found.body["first"].as_array().unwrap().len(), 4);

        let change = |count: u64| {
            json!({ "entity": "contact", "filter": "tag = old", "count": count, "add_tags": ["vip"],
                    "remove_tags": ["old"], "company": { "company": "acme", "role": "Buyer" } })
        };
        let stale = served.post("/contact-bulk/change", &change(3)).await;
        assert_eq!((stale.status, stale.problem()), (409, "refused"), "{}", stale.text);
        assert!(stale.body["detail"].as_str().unwrap().contains("finds 4 of them, and 3 were meant"), "{}", stale.text);
        let run = served.carried_out(&served.post("/contact-bulk/change", &change(4)).await).await;
        assert_eq!((&run["kind"], &run["counts"]["changed"]), (&json!("change"), &json!(4)));
        let filter = [("filter", "tag = vip AND company = acme AND role = Buyer AND NOT tag = old")];
        assert_eq!(served.get("/contacts", &filter).await.body["total"], 4);
        let nothing = json!({ "entity": "contact", "filter": "", "count": count });
        assert_eq!(served.post("/contact-bulk/change", &nothing).await.problem(), "invalid");

        // Deleting many takes the power, which a program cannot give itself; synced contacts are kept and listed.
        let refused = served.post("/contact-bulk/delete", &nothing).await;
        assert_eq!((refused.status, refused.problem()), (403, "power"), "{}", refused.text);
        let everybody = app.mirrors.control().read(administrators::list).await.unwrap();
        let to: BTreeSet<AdministratorId> = everybody.into_iter().map(|one| one.id).collect();
        let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
        bulk::give_power(&context, &app.mirror, &to, entropy).await.unwrap();
        let one_more = json!({ "entity": "contact", "filter": "", "count": count + 1 });
        assert_eq!(served.post("/contact-bulk/delete", &one_more).await.status, 409);
        let run = served.carried_out(&served.post("/contact-bulk/delete", &nothing).await).await;
        assert_eq!((&run["counts"]["deleted"], &run["counts"]["skipped"]), (&json!(4), &json!(synced)), "{run}");
        assert_eq!(served.get("/contacts", &[]).await.body["total"], synced);
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflicts_are_dismissed_opened_again_and_ended_by_a_link_or_a_merge() {
    for engine in ENGINES {
        let served = Served::start(engine, 30, 204).await;
        let app = &served.app;
        let preview = served.get("/contact-syncing/preview", &[]).await.body;
        let first = preview["first"][0].clone();
        let (account, email) = (first["account_id"].as_str().unwrap(), first["email"].as_str().unwrap());
        let one = id(&served.post("/contacts", &json!({ "name": "One", "email": email })).await);
        let two = id(&served.post("/contacts", &json!({ "name": "Two", "email": email })).await);
        let twins = served.get("/contacts/duplicates", &[]).await;
        assert_eq!(twins.body["groups"][0]["reason"], "email", "{}", twins.text);
        assert_eq!(twins.body["groups"][0]["contacts"].as_array().unwrap().len(), 2);
        served.post("/contact-syncing/on", &json!({})).await;
        settle(app).await;
        let open = served.get("/contact-conflicts", &[]).await;
        let conflict = &open.body["conflicts"][0];
        assert_eq!((&conflict["kind"], &conflict["accounts"]), (&json!("several_contacts"), &json!([account])));
        let path = format!("/contact-conflicts/{}", conflict["number"]);
        assert_eq!(served.post(&format!("{path}/dismiss"), &json!({ "reason": " " })).await.problem(), "invalid");
        assert_eq!(served.post(&format!("{path}/dismiss"), &json!({ "reason": "twins" })).await.status, 204);
        assert_eq!(served.get("/contact-conflicts", &[]).await.body["conflicts"], json!([]));
        let dismissed = served.get("/contact-conflicts", &[("state", "dismissed")]).await;
        assert_eq!(dismissed.body["conflicts"][0]["reason"], "twins", "{}", dismissed.text);
        assert_eq!(served.get("/contact-conflicts", &[("state", "odd")]).await.problem(), "parameter");
        assert_eq!(served.post(&format!("{path}/reopen"), &json!({})).await.status, 204);
        assert_eq!(served.post(&format!("{path}/reopen"), &json!({})).await.problem(), "invalid", "it is open");
        assert_eq!(served.post("/contact-conflicts/x/reopen", &json!({})).await.status, 404);

        let body = json!({ "account_id": account });
        let linked = served.post(&format!("/contacts/{two}/accounts"), &body).await;
        assert_eq!((linked.status, &linked.body["synced"]), (200, &json!(true)), "{}", linked.text);
        assert_eq!(served.post(&format!("/contacts/{one}/accounts"), &body).await.problem(), "invalid", "it keeps one");
        let merged = served.post("/contacts/merge", &json!({ "keep": two, "other": one })).await;
        assert_eq!(merged.status, 200, "{}", merged.text);
        served.post("/contact-syncing/run", &json!({})).await;
        settle(app).await;
        assert_eq!(served.get("/contact-conflicts", &[]).await.body["conflicts"], json!([]));

        // Notes stand with what happened, of a contact and of a company alike.
        let company = id(&served.post("/companies", &json!({ "name": "Acme" })).await);
        for of in [format!("/contacts/{two}/notes"), format!("/companies/{company}/notes")] {
            assert_eq!(served.post(&of, &json!({ "text": "Called.\nAgain." })).await.status, 204);
            assert_eq!(served.post(&of, &json!({ "text": " " })).await.problem(), "invalid");
            let told = served.get(&of, &[]).await.body;
            assert_eq!(
                (&told["notes"][0]["text"], &told["history"][0]["kind"]),
                (&json!("Called.\nAgain."), &json!("note_added"))
            );
            let number = told["notes"][0]["number"].to_string();
            assert_eq!(served.delete(&with_query(&of, &[("number", &number)])).await.status, 204);
            assert_eq!(served.get(&of, &[]).await.body["notes"], json!([]));
        }
        assert_eq!(served.get(&format!("/contacts/{company}/notes"), &[]).await.status, 404, "it is no contact");
        served.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_scope_is_chosen_and_companies_come_from_what_is_known() {
    for engine in ENGINES {
        let options = Options { own_site_addresses: true, ..Options::default() };
        let app = TestApp::start_with(engine, &population(30, 205), options).await;
        app.work().await.unwrap();
        let customer = app.simulator.change(|organization| {
            let customer = organization.add_customer(0, "Cora Customer", "cora@portal.test").unwrap();
            let number = organization.add_customer_organization(0, "Umbrella");
            organization.join_customer_organization(number, &customer);
            customer
        });
        let site = enter_token(&app, 0).await;
        let served = Served::of(app).await;
        let app = &served.app;
        let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
        read_customers(&context, &app.connector, &app.mirror, &site).await.unwrap();

        // Alone the portal's domain is taken in: of all people there are, one contact comes.
        let shown = served.get("/contact-syncing/scope", &[]).await;
        assert_eq!((&shown.body["domains_only"], &shown.body["changed_by"]), (&json!([]), &Value::Null));
        let group = app
            .now()
            .groups_by_name()
            .iter()
            .find_map(|group| app.now().group_row(group).map(|row| row.id.to_string()));
        let chosen = json!({ "domains_only": ["@Portal.test"], "groups_without": [group] });
        let put = served.put("/contact-syncing/scope", &chosen).await;
        assert_eq!(
            (&put.body["domains_only"], &put.body["groups_without"], &put.body["changed_by"]),
            (&json!(["portal.test"]), &json!([group]), &json!("access token tests of mira")),
            "{}",
            put.text
        );
        for wrong in [json!({ "groups_only": ["no such group"] }), json!({ "sites_without": ["nowhere"] })] {
            assert_eq!(served.put("/contact-syncing/scope", &wrong).await.problem(), "invalid", "{wrong}");
        }
        served.post("/contact-syncing/on", &json!({})).await;
        settle(app).await;
        assert_eq!(served.get("/contacts", &[]).await.body["contacts"][0]["email"], "cora@portal.test");
        assert_eq!(served.get("/contacts", &[]).await.body["total"], 1);

        let of_umbrella = async || {
            let all = served.get("/companies/sources", &[]).await.body["organizations"].clone();
            all.as_array().unwrap().iter().find(|one| one["name"] == "Umbrella").unwrap().clone()
        };
        let known = of_umbrella().await;
        assert_eq!(
            (&known["decision"], &known["contacts"], &known["company"]),
            (&json!("undecided"), &json!(1), &Value::Null)
        );
        let decide = async |decision: &str, company: Option<&str>| {
            let mut body = json!({ "site": known["site"], "id": known["id"], "decision": decision });
            if let Some(company) = company {
                body["company"] = json!(company);
            }
            served.put("/companies/sources", &body).await
        };
        assert_eq!(decide("ignore", None).await.body["decision"], "ignored");
        assert_eq!(decide("undecide", None).await.body["decision"], "undecided");
        for (decision, company) in [("marry", None), ("link", None), ("link", Some("Nobody"))] {
            assert_eq!(decide(decision, company).await.problem(), "invalid", "{decision}");
        }
        let created = decide("create", None).await;
        assert_eq!(
            (&created.body["decision"], &created.body["company"]["name"], &created.body["missing"]),
            (&json!("company"), &json!("Umbrella"), &json!(0)),
            "{}",
            created.text
        );
        assert_eq!(served.get("/contacts", &[("filter", "company = Umbrella")]).await.body["total"], 1);
        let nowhere = json!({ "site": site, "id": "none", "decision": "ignore" });
        assert_eq!(served.put("/companies/sources", &nowhere).await.status, 404);

        // Whoever belongs to none is proposed by the domain of their address, and put in when somebody says so.
        served.post("/companies", &json!({ "name": "Acme", "domains": ["acme.example"] })).await;
        served.post("/contacts", &json!({ "name": "Ada", "email": "ada@ACME.example" })).await;
        let proposed = served.get("/companies/sources/domains", &[]).await;
        assert_eq!(proposed.body["contacts"][0]["company"]["name"], "Acme", "{}", proposed.text);
        assert_eq!(served.get("/contacts", &[("filter", "company = acme")]).await.body["total"], 0);
        assert_eq!(served.post("/companies/sources/domains", &json!({})).await.body["contacts"], 1);
        assert_eq!(served.get("/contacts", &[("filter", "company = acme")]).await.body["total"], 1);
        assert!(!customer.is_empty());
        served.end().await;
    }
}
