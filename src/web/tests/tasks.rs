//! Automated tasks over real HTTP, as a browser without script uses them: made, tried, held, approved; their results and
//! files; and what editing their filter says.

use super::settings::{connected, encoded};
use super::*;
use crate::nouns::context::{Actor, Context};
use crate::operations::prepare::{self, Owner};
use crate::operations::{guard, worker as acting};
use crate::tasks::scheduler;

/// Says whose the key is, and switches actions on.
async fn allow(app: &App) {
    let mirror = app.web.mirrors.only().unwrap();
    let context = Context { actor: Actor::System, now: app.web.clock.now() };
    prepare::choose_key_owner(&context, &mirror, &Owner::Elsewhere, &app.web.entropy).await.unwrap();
    guard::switch_on(&context, &mirror, &app.web.entropy).await.unwrap();
}

/// Lets tasks, reads and operations work as the server's workers do.
async fn settle(app: &App) {
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    for _ in 0..40 {
        let moved = scheduler::work_once((&mirror, &app.web.control), &surroundings).await.unwrap();
        let read = once(app).await;
        let acted = acting::work_once(&mirror, &app.web.connector, &surroundings).await.unwrap();
        if !moved && !acted && matches!(read, Worked::Idle) {
            app.web.clock.advance(Duration::from_secs(40));
        }
    }
}

/// The form of a task as it is sent, by name and filter.
fn entry(name: &str, filter: &str, more: &str) -> String {
    format!(
        "name={}&filter={filter}&action=suspendUser&repeat=manual&count=1&unit=weeks&starts=2026-11-01&from=06%3A00\
         &until=07%3A00&zone=Europe%2FBerlin&missed=catch_up&people=1&percent=0&active=on{more}",
        encoded(name)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_made_tried_held_by_its_guard_and_approved() {
    let (simulator, mut app) = connected().await;
    allow(&app).await;
    let saved = app.post("/filters", "name=Active&filter=status+%3D+active+AND+seats+%3D+0&shared=on").await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    let page = app.get("/tasks/new").await.body;
    for text in
        ["Warn by e-mail", "{apps} stands for", "Stop at end of window", "Schedule Active", "At most so many people"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    let filters = app.get("/filters").await.body;
    let filter = link_in(&filters, "/filters/flt_").to_owned();
    let id = filter.rsplit('/').next().unwrap().to_owned();

    // A warning needs somebody to carry it, and something that comes after it.
    let alone = app.post("/tasks/new", &entry("Warn", &id, "&action=warnByMail")).await;
    assert!(alone.status == 422 && alone.body.contains("does nothing else"), "{}", alone.body);
    let warns = entry("Warn", &id, "&days2=14&action2=suspendUser").replace("action=suspendUser", "action=warnByMail");
    let unsent = app.post("/tasks/new", &warns).await;
    assert!(unsent.status == 422 && unsent.body.contains("no mail server is set up"), "{}", unsent.body);

    let made = app.post("/tasks/new", &entry("Idle <b>people", &id, "")).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let task = made.location().to_owned();
    let list = app.get("/tasks").await.body;
    assert!(list.contains("Idle &lt;b&gt;people") && list.contains("It is started by hand only."), "{list}");
    let tried = app.post(&task, "what=dry").await;
    let tried = tried.location().to_owned();
    settle(&app).await;
    let dry = app.get(&tried).await.body;
    assert!(dry.contains("Dry run:") && dry.contains("Nothing was sent."), "{dry}");

    let run = app.post(&task, "what=run").await.location().to_owned();
    assert!(run.starts_with(&format!("{task}/runs/trun_")), "{run}");
    assert_eq!(app.post(&task, "what=run").await.location(), run, "one run at a time");
    settle(&app).await;
    let held = app.get(&run).await.body;
    assert!(held.contains("held until somebody approves it") && held.contains("Stopped by its guard"), "{held}");
    assert!(app.get(&task).await.body.contains("Stopped by its guard"));
    let waiting = app.get("/attention").await.body;
    assert!(waiting.contains("of the task “Idle &lt;b&gt;people” is held"), "{waiting}");
    let operation = link_in(&held, "/operations/op_").to_owned();
    let rejected = app.post(&format!("{operation}/reject"), "reason=Not+them").await;
    assert_eq!(rejected.status, 303, "{}", rejected.body);
    settle(&app).await;
    let over = app.get(&run).await.body;
    assert!(over.contains("Nothing was done.") && over.contains("The plan was rejected."), "{over}");

    // Its files are whole, and another task's run is not found below this one.
    for (file, text) in [
        ("result.csv", "operation,row,account id"),
        ("result.json", "\"operations\":["),
        ("log.csv", "at,kind,by,what,subject,detail"),
        ("log.json", "\"kind\":\"task.held\""),
    ] {
        let got = app.get(&format!("{run}/{file}")).await;
        assert!(got.status == 200 && got.body.contains(text), "{file}: {}", got.body);
    }
    for wrong in [format!("{run}/nothing.csv"), run.replace("/tasks/task_0", "/tasks/task_1"), format!("{task}/runs/x")]
    {
        assert_eq!(app.get(&wrong).await.status, 404, "{wrong}");
    }
    assert_eq!(app.post(&run, "what=send").await.status, 409, "no warnings wait");

    // Editing the filter says what that means, once; it is in use and stays.
    let edit = format!("/filters/{id}/edit");
    assert!(app.get(&edit).await.body.contains("1 automated task uses this filter."));
    let wider = "name=Active&filter=status+%3D+active&shared=on";
    let asked = app.post(&filter, wider).await;
    assert!(asked.status == 422 && asked.body.contains("would find"), "{}", asked.body);
    let kept = app.post(&filter, &format!("{wider}&anyway=status+%3D+active")).await;
    assert_eq!(kept.status, 303, "{}", kept.body);
    assert!(app.get("/tasks").await.body.contains("Its filter was edited since its last run."));
    assert_eq!(app.post(&format!("{filter}/delete"), "").await.status, 409);

    // The slot's form lists whose starts fall into it.
    let slot = "/settings/user-data-synchronization";
    assert!(!app.get(slot).await.body.contains("These tasks have a start in the slot"));
    let daily = entry("Every night", &id, "&anyway=03%3A00-04%3A00")
        .replace("repeat=manual", "repeat=every&count=1&unit=days")
        .replace("Europe%2FBerlin", "UTC")
        .replace("06%3A00", "03%3A00")
        .replace("07%3A00", "04%3A00");
    let daily = daily.replacen("&count=1&unit=weeks", "", 1);
    let made = app.post("/tasks/new", &daily).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let page = app.get(slot).await.body;
    assert!(page.contains("These tasks have a start in the slot") && page.contains("Every night"), "{page}");
    app.end().await;
    simulator.stop().await;
}
