//! Feeds over real HTTP, as a browser without script uses them: made, given a key, uploaded to, looked at, applied; whom
//! they hold; and everything that must be refused.

use serde_json::{Value, json};

use super::settings::{connected, encoded};
use super::*;
use crate::feeds::{listing, worker as comparing};

/// A control file for records of this kind.
pub(super) fn control() -> Value {
    let field = |source: &str, name: &str| json!({ "source": source, "destination": "user", "name": name });
    json!({
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": { "users": { "read": "json" } },
        "instructions": [
            field("id", "username"),
            field("first", "nameFirst"),
            field("last", "nameLast"),
            field("mail", "email"),
            json!({ "action": "set-value", "value": "group:staff", "destination": "user", "name": "groups" }),
        ],
    })
}

fn person(number: usize, last: &str) -> Value {
    json!({ "id": format!("S{number:02}"), "first": "Pat", "last": last, "mail": format!("s{number:02}@uni.example") })
}

fn people(count: usize) -> Vec<Value> {
    (1..=count).map(|number| person(number, &format!("Number{number:02}"))).collect()
}

/// Uploads a file by the form of the page.
pub(super) async fn put(app: &mut App, feed: &str, name: &str, text: &str) -> Answer {
    sent(app, &format!("/feeds/{feed}/upload"), &[("name", None, name), ("file", Some("C:\\out\\data.json"), text)])
        .await
}

async fn sent(app: &mut App, path: &str, parts: &[(&str, Option<&str>, &str)]) -> Answer {
    let mut body = String::new();
    for (name, file, text) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        body += &format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{text}\r\n");
    }
    let body = body + "--b0undary--\r\n";
    let origin = format!("http://{}", app.address);
    let headers = [("Origin", origin.as_str()), ("Content-Type", "multipart/form-data; boundary=b0undary")];
    app.send("POST", path, &headers, &body).await
}

/// Lets the worker of feeds work until nothing is due.
pub(super) async fn settle(app: &App) {
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    while comparing::work_once(&mirror, &surroundings).await.unwrap() {}
}

/// A feed with its control file in force and its first delivery applied.
async fn applied(app: &mut App) -> String {
    assert_eq!(app.post("/feeds", "code=staff&name=Staff+%3Cb%3E").await.status, 303);
    let first = put(app, "staff", "_control", &control().to_string()).await;
    assert_eq!((first.status, first.location()), (303, "/feeds/staff/upload"), "{}", first.body);
    let run = deliver(app, &people(20)).await;
    assert_eq!(app.post(&run, "do=apply&reason=The+list+of+the+registry").await.status, 303);
    settle(app).await;
    run
}

/// Uploads people and lets them be compared: where the run is.
async fn deliver(app: &mut App, people: &[Value]) -> String {
    let taken = put(app, "staff", "users", &Value::from(people.to_vec()).to_string()).await;
    assert_eq!(taken.status, 303, "{}", taken.body);
    settle(app).await;
    taken.location().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_made_uploaded_to_looked_at_and_applied() {
    let (simulator, mut app) = connected().await;
    assert!(app.get("/feeds").await.body.contains("There is no feed yet."));
    let wrong = app.post("/feeds", "code=Staff&name=Staff").await;
    assert!(wrong.status == 422 && wrong.body.contains("small letters"), "{}", wrong.body);
    assert_eq!(app.post("/feeds", "code=staff&name=Staff+%3Cb%3E").await.location(), "/feeds/staff");
    assert_eq!(app.post("/feeds", "code=staff&name=Again").await.status, 422, "the code is taken");
    assert_eq!(app.get("/feeds/other").await.status, 404);
    let page = app.get("/feeds/staff").await.body;
    assert!(page.contains("Staff &lt;b&gt;") && page.contains("There is no run yet."), "{page}");
    for label in
        ["Automatically apply uploaded sync files", "Force update of all records", "Emails to receive sync reports"]
    {
        assert!(page.contains(label), "{label}: {page}");
    }

    // A data file before any control file, a control file that is none, then one that is.
    let early = put(&mut app, "staff", "users", "[]").await;
    assert!(early.status == 422 && early.body.contains("no control file"), "{}", early.body);
    let broken = put(&mut app, "staff", "_control", &control().to_string().replace("nameFirst", "nameFrist")).await;
    assert!(broken.status == 422 && broken.body.contains("line 1, column"), "{}", broken.body);
    assert_eq!(put(&mut app, "staff", "_control", &control().to_string()).await.status, 303);
    let asks = app.get("/feeds/staff/upload").await.body;
    assert!(asks.contains("waits for users.") && asks.contains("_control (4"), "{asks}");
    let unlisted = put(&mut app, "staff", "cards", "[]").await;
    assert!(unlisted.status == 422 && unlisted.body.contains("it lists users"), "{}", unlisted.body);
    let nameless = put(&mut app, "staff", "no name", "[]").await;
    assert!(nameless.status == 422 && nameless.body.contains("letters, digits"), "{}", nameless.body);

    // The first run waits for a person, who sees everybody and says why.
    let run = deliver(&mut app, &people(20)).await;
    let held = app.get(&run).await.body;
    for text in [
        "first run of this feed",
        "<b>20</b> <span>new</span>",
        "S07",
        "Pat",
        "s07@uni.example",
        "Number07",
        "data.json",
    ] {
        assert!(held.contains(text) || held.contains(&text.replace("</b> ", "</b>")), "{text}: {held}");
    }
    assert!(
        held.contains("user: nameLast") && held.contains("<ins><bdi>Number07"),
        "every field of somebody new: {held}"
    );
    assert!(held.contains("20 new, written as a whole or not at all."), "{held}");
    let waiting = app.get("/attention").await.body;
    assert!(waiting.contains("is held until somebody looks at it.") && waiting.contains(&run), "{waiting}");
    let refused = put(&mut app, "staff", "users", "[]").await;
    assert!(refused.status == 422 && refused.body.contains("the run is held"), "{}", refused.body);
    let silent = app.post(&run, "do=apply&reason=").await;
    assert!(silent.status == 422 && silent.body.contains("the reason is missing"), "{}", silent.body);
    assert_eq!(app.post(&run, "do=unsafe_cancel").await.status, 422, "its status does not allow it");
    assert_eq!(app.post(&run, "do=something").await.status, 400);
    assert_eq!(app.post(&run, "do=apply&reason=The+list+of+the+registry").await.location(), run);
    settle(&app).await;
    let over = app.get(&run).await.body;
    assert!(
        over.contains("Complete: it was applied as a whole.") && over.contains("The list of the registry"),
        "{over}"
    );
    let errors = app.get(&format!("{run}?severity=error")).await.body;
    assert!(errors.contains("No line is like this."), "{errors}");
    assert!(over.contains("href=\"/feed-people?q=S07\"") && !held.contains("/feed-people?q=S07"), "{over}");
    let found = app.get("/feed-people?q=S07").await;
    assert!(found.status == 303 && found.location().starts_with("/feed-people/"), "{}", found.body);
    let one = app.get(&format!("{run}?person=s07&who=S07")).await.body;
    assert!(one.contains("s07@uni.example") && !one.contains("s08@uni.example"), "{one}");

    // Everything of it can be taken away.
    for (file, text) in [
        ("preview.csv", "new,S01,0,"),
        ("preview.json", "\"kind\":\"new\""),
        ("log.csv", "line,at,severity"),
        ("log.json", "\"severity\":\"information\""),
        ("run.json", "\"status\":\"complete\""),
        ("files/users", "\"id\":\"S20\""),
        ("files/_control", "haplo:user-sync"),
    ] {
        let got = app.get(&format!("{run}/{file}")).await;
        assert!(got.status == 200 && got.body.contains(text), "{file}: {}", got.body);
    }
    assert_eq!(app.get(&format!("{run}/files/cards")).await.status, 404);
    assert_eq!(app.get(&run.replace("/staff/", "/students/")).await.status, 404, "it is of another feed");
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_upload_by_page_whose_connection_breaks_nothing_is_kept() {
    let (simulator, mut app) = connected().await;
    assert_eq!(app.post("/feeds", "code=staff&name=Staff").await.status, 303);
    assert_eq!(put(&mut app, "staff", "_control", &control().to_string()).await.status, 303);
    let mirror = app.web.mirrors.only().unwrap();
    let before = listing::kept_bytes(&mirror).await.unwrap();
    let clock = app.web.clock.clone();
    let kept = async |is: &dyn Fn(u64) -> bool| {
        for _ in 0..2_000 {
            if is(listing::kept_bytes(&mirror).await.unwrap()) {
                return true;
            }
            clock.sleep(Duration::from_millis(10)).await;
        }
        false
    };
    // More than a piece, so that some of it has been kept when it breaks.
    let part = |field: &str| format!("--b0undary\r\nContent-Disposition: form-data; name=\"{field}\"");
    let body = format!("{}\r\n\r\nusers\r\n{}; filename=\"u.json\"\r\n\r\n", part("name"), part("file"));
    let body = body + &" ".repeat(3 << 20);
    let head = format!(
        "POST /feeds/staff/upload HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {1}\r\nContent-Type: \
         multipart/form-data; boundary=b0undary\r\nContent-Length: {2}\r\n\r\n",
        app.address,
        app.cookie.as_deref().unwrap(),
        body.len() + 1_000
    );
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    assert!(kept(&|bytes| bytes > before).await, "nothing came");
    drop(stream);
    assert!(kept(&|bytes| bytes == before).await, "some of it is kept");
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_run_tells_what_it_changes_and_an_earlier_one_is_applied_again() {
    let (simulator, mut app) = connected().await;
    let first = applied(&mut app).await;
    let mut second = people(20);
    second[1] = person(2, "Married");
    second[2]["mail"] = json!("no address");
    second.remove(19);
    let run = deliver(&mut app, &second).await;
    let ready = app.get(&run).await.body;
    for text in [
        "It is compared and ready.",
        "Number02",
        "Married",
        "1 changed, 1 leaving, 1 failing",
        "Leavers are blocked, not deleted.",
    ] {
        assert!(ready.contains(text), "{text}: {ready}");
    }
    assert!(app.get(&format!("{run}?kind=leaving")).await.body.contains("S20"));
    assert_eq!(app.post(&run, "do=apply").await.location(), run, "nothing holds it, so it needs no reason");
    settle(&app).await;
    let list = app.get("/feeds/staff/errors").await.body;
    assert!(list.contains("S03"), "{list}");
    assert!(app.get("/feeds/staff/errors.csv").await.body.contains("no address"));
    assert!(app.get("/feeds/staff/people?state=blocked").await.body.contains("S20"));

    // The earlier state: a copy that waits, with what was changed since on its third side.
    assert_eq!(app.post(&first, "do=reapply&reason=").await.status, 422);
    let again = app.post(&first, "do=reapply&reason=The+source+was+wrong").await.location().to_owned();
    assert_ne!(again, first);
    settle(&app).await;
    let held = app.get(&again).await.body;
    for text in [
        "It would put back what an earlier run has said.",
        "Since then: 1 run has changed them",
        "The source was wrong",
    ] {
        assert!(held.contains(text), "{text}: {held}");
    }
    assert_eq!(app.post(&again, "do=cancel&reason=Not+yet").await.location(), again);
    let cancelled = app.get(&again).await.body;
    assert!(
        cancelled.contains("Cancelled: nothing of it was applied.") && cancelled.contains("Not yet"),
        "{cancelled}"
    );
    assert!(cancelled.contains("a cancelled run stays cancelled"), "{cancelled}");
    assert_eq!(app.post(&again, "do=comment&comment=See+the+ticket").await.status, 303);
    assert!(app.get(&again).await.body.contains("See the ticket"));

    // A kept file goes into a new upload.
    let new = app.post(&first, "do=use&file=users").await.location().to_owned();
    assert_ne!(new, first);
    settle(&app).await;
    assert!(app.get(&new).await.body.contains("returning"));

    // A valid but empty delivery removes everybody: the number has to be typed.
    assert_eq!(app.post(&new, "do=cancel").await.status, 303);
    let empty = deliver(&mut app, &[]).await;
    let asks = app.get(&empty).await.body;
    assert!(asks.contains("Type 19 to confirm") && asks.contains("removes 100 %"), "{asks}");
    let untyped = app.post(&empty, "do=apply&reason=Closed&typed=18").await;
    assert!(untyped.status == 422 && untyped.body.contains("it takes 19 people out"), "{}", untyped.body);
    assert_eq!(app.post(&empty, "do=apply&reason=Closed&typed=19").await.status, 303);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_is_looked_up_held_released_renamed_and_merged() {
    let (simulator, mut app) = connected().await;
    applied(&mut app).await;
    let found = app.get("/feed-people?q=number0").await.body;
    assert!(found.contains("S01") && found.contains("S09") && !found.contains("S10"), "{found}");
    assert!(app.get("/feed-people?q=nobody").await.body.contains("No user found for “nobody”."));
    let by_mail = app.get(&format!("/feed-people?q={}", encoded("S07@UNI.example"))).await;
    assert_eq!(by_mail.status, 303, "{}", by_mail.body);
    let here = by_mail.location().to_owned();
    let page = app.get(&here).await.body;
    for text in [
        "Active: in the latest delivery of Staff &lt;b&gt;.",
        "No Atlassian account is linked: none in the organization has verified this address.",
        "group:staff",
        "In most recent feed?",
        "\"last\": \"Number07\"",
    ] {
        assert!(page.contains(text) || page.contains(&text.replace('"', "&quot;")), "{text}: {page}");
    }
    assert_eq!(app.post(&here, "do=hold&reason=").await.status, 422);
    assert_eq!(app.post(&here, "do=hold&reason=On+leave").await.location(), here);
    let held = app.get(&here).await.body;
    assert!(held.contains("On hold by") && held.contains("On leave") && held.contains("Release"), "{held}");
    assert_eq!(app.post(&here, "do=release").await.status, 303);
    assert_eq!(app.post(&here, "do=try_again").await.status, 303);
    assert!(app.get(&here).await.body.contains("The next run looks at them"));
    let taken = app.post(&here, "do=rename&username=S08").await;
    assert!(taken.status == 422 && taken.body.contains("merge the two"), "{}", taken.body);
    assert_eq!(app.post(&here, "do=rename&username=Q07").await.status, 303);
    assert!(app.get(&here).await.body.contains("S07 is Q07"));
    assert_eq!(app.post(&here, "do=merge&username=nobody").await.status, 422);
    assert_eq!(app.post(&here, "do=merge&username=S08").await.status, 303);
    assert!(app.get("/feed-people?q=S08").await.body.contains("No user found"));
    assert_eq!(app.get("/feed-people/x").await.status, 404);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_once_and_settings_and_control_files_are_kept_with_their_history() {
    let (simulator, mut app) = connected().await;
    applied(&mut app).await;
    let made = app.post("/feeds/staff/keys", "do=create&label=Night+script&days=90").await.body;
    let at = made.find("rcf_").unwrap();
    let secret: String = made[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
    for text in [
        format!("--user haplo:{secret} -F name=users -F file=@users.json"),
        "Invoke-RestMethod".to_owned(),
        "start-sync".to_owned(),
    ] {
        assert!(made.contains(&text), "{text}: {made}");
    }
    let listed = app.get("/feeds/staff/keys").await.body;
    assert!(listed.contains("Night script") && !listed.contains(&secret), "{listed}");
    let id = listed.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let replaced = app.post("/feeds/staff/keys", &format!("do=replace&key={id}")).await.body;
    assert!(replaced.contains("rcf_") && !replaced.contains(&secret) && replaced.contains("replaced"), "{replaced}");
    assert_eq!(app.post("/feeds/staff/keys", &format!("do=revoke&key={id}")).await.status, 303);
    assert_eq!(app.post("/feeds/staff/keys", &format!("do=revoke&key={id}")).await.status, 422, "once");
    assert_eq!(app.post("/feeds/staff/keys", "do=create&label=&days=90").await.status, 422);

    let form = |emails: &str, percent: &str| {
        format!(
            "name=Staff&auto_apply=no&force=once&emails={emails}&mail_personal=no&leavers_people=3&leavers_percent={percent}\
         &email_people=5&email_percent=5&group_people=5&group_percent=5&expected_by=06%3A30&retention_days=400\
         &replace_waiting=yes&grace_days=14"
        )
    };
    let wrong = app.post("/feeds/staff/configuration", &form("registry", "10")).await;
    assert!(wrong.status == 422 && wrong.body.contains("“registry” is no e-mail address"), "{}", wrong.body);
    assert_eq!(app.post("/feeds/staff/configuration", &form("", "101")).await.status, 422);
    assert_eq!(app.post("/feeds/staff/configuration", &form("a%40uni.example", "10")).await.status, 303);
    let page = app.get("/feeds/staff").await.body;
    for text in [
        "Yes, for the next run only",
        "a@uni.example",
        "3 people and 10 %",
        "06:30 each day",
        "after 14 days",
        "400 days",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }

    // A control file by the page needs a reason, is checked as a whole, and its differences can be read.
    let here = "/feeds/staff/control";
    let wider = serde_json::to_string_pretty(&control()).unwrap().replace("group:staff", "group:office");
    let unsaid = sent(&mut app, here, &[("file", Some("control.json"), &wider), ("reason", None, "")]).await;
    assert!(unsaid.status == 422 && unsaid.body.contains("the reason is missing"), "{}", unsaid.body);
    let undeclared = sent(&mut app, here, &[("file", Some("control.json"), &wider), ("reason", None, "Office")]).await;
    assert!(
        undeclared.status == 422 && undeclared.body.contains("is not declared for this feed"),
        "{}",
        undeclared.body
    );
    assert_eq!(app.post("/feeds/staff/groups", "do=declare&code=group%3Aoffice&name=Office").await.status, 303);
    let taken = sent(&mut app, here, &[("file", Some("control.json"), &wider), ("reason", None, "Office")]).await;
    assert_eq!(taken.status, 303, "{}", taken.body);
    let shown = app.get(here).await.body;
    assert!(shown.contains("Version 2") && shown.contains("in force") && shown.contains("Office"), "{shown}");
    let differs = app.get("/feeds/staff/control?version=2&from=1").await.body;
    assert!(differs.contains("<ins>+") && differs.contains("group:office") && differs.contains("<del>-"), "{differs}");
    assert_eq!(app.get("/feeds/staff/control?version=9").await.status, 404);
    let model = app.get("/feed-control").await.body;
    for text in
        ["user: groups", "nameFirst", "xml-text-of-children", "haplo:to-lower-case", "set-value", "group:office"]
    {
        assert!(model.contains(text), "{text}: {model}");
    }
    assert!(app.get("/feed-control/schema.json").await.body.contains("dataImportControlFileVersion"));
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_control_file_changes_is_told_apart_and_a_control_file_can_be_tried_first() {
    let (simulator, mut app) = connected().await;
    applied(&mut app).await;
    let mut wider = control();
    let title = json!({ "source": "first", "destination": "user", "name": "title" });
    wider["instructions"].as_array_mut().unwrap().push(title);
    assert_eq!(put(&mut app, "staff", "_control", &wider.to_string()).await.status, 303);
    let mut again = people(20);
    again.push(person(5, "Twice"));
    let run = deliver(&mut app, &again).await;
    let held = app.get(&run).await.body;
    for text in [
        "changed, 19 of them by the control file alone",
        "<span class=\"tag\">control file</span>",
        "None of them is applied.",
    ] {
        assert!(held.contains(text), "{text}: {held}");
    }
    let by_control = app.get(&format!("{run}?kind=by_control")).await.body;
    assert!(by_control.contains("S01") && !by_control.contains("Twice"), "{by_control}");
    let twice = app.get(&format!("{run}?kind=conflict")).await.body;
    assert!(!twice.contains("<ins>"), "nothing of somebody in conflict changes: {twice}");

    // A control file made of a sample, and one tried on a sample: nothing of either is stored.
    let sample = "id,first name,surname,email\n1,Ada,Byron,ada@uni.example\n2,Bo,,bo@uni.example\n";
    let parts = [("name", None, "users"), ("read", None, "csv"), ("sample", Some("s.csv"), sample)];
    let made = sent(&mut app, "/feed-control/generate", &parts).await;
    assert!(made.status == 200 && made.body.contains("nameFirst"), "{}", made.body);
    let broken = sent(&mut app, "/feed-control/generate", &[("name", None, "users"), ("sample", Some("s"), "")]).await;
    assert!(broken.status == 422 && broken.body.contains("empty"), "{}", broken.body);
    let text = control().to_string();
    let records = Value::from(vec![person(1, "Good"), json!({ "id": "S02" })]).to_string();
    let tried =
        sent(&mut app, "/feed-control/try", &[("control", None, &text), ("sample", Some("s.json"), &records)]).await;
    assert!(
        tried.body.contains("2 records, 1 of them fail.") && tried.body.contains("s01@uni.example"),
        "{}",
        tried.body
    );
    let wrong = text.replace("nameFirst", "nameFrist");
    let refused =
        sent(&mut app, "/feed-control/try", &[("control", None, &wrong), ("sample", Some("s.json"), &records)]).await;
    assert!(
        refused.body.contains("The control file would be refused.") && refused.body.contains("Did you mean"),
        "{}",
        refused.body
    );
    assert_eq!(
        app.get("/feeds/staff/control").await.body.matches("Differences of version").count(),
        1,
        "versions 1 and 2"
    );
    app.end().await;
    simulator.stop().await;
}
