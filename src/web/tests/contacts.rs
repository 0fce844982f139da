//! Contacts over real HTTP, as a browser without script uses them: made, changed, found, imported, changed at once, deleted;
//! and everything that must be refused.

use super::settings::connected;
use super::*;
use crate::contacts::worker as keeping;

/// Lets the worker of contacts work until nothing is due.
async fn settle(app: &App) {
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    while keeping::look(&mirror, &surroundings).await.unwrap()
        || keeping::work_once(&mirror, &app.web.connector, &surroundings).await.unwrap()
    {}
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_made_related_changed_at_once_and_deleted() {
    let (simulator, mut app) = connected().await;
    assert!(app.get("/contacts").await.body.contains("There is no contact yet."));
    let field = "entity=contact&kind=choice&label=Level&section=Contract&choices=Gold%0ASilver";
    assert_eq!(app.post("/settings/contacts/fields", field).await.status, 303);
    let twice = app.post("/settings/contacts/fields", field).await;
    assert!(twice.status == 422 && twice.body.contains("There is a field") || twice.body.contains("there is a field"));
    let company = app.post("/companies/new", "name=Acme+%3Cb%3E&domains=acme.example").await;
    assert_eq!(company.status, 303, "{}", company.body);
    let refused = app.post("/contacts/new", "name=&email=x&field1=Gold").await;
    assert!(refused.status == 422 && refused.body.contains("the name is missing"), "{}", refused.body);
    let made = app.post("/contacts/new", "name=Ines&email=ines%40acme.example&tags=vip&field1=Gold").await;
    assert_eq!(made.status, 303, "{}", made.body);
    let here = made.location().to_owned();
    let linked = app.post(&here, "do=link&company=acme+%3Cb%3E&role=Buyer").await;
    assert_eq!(linked.location(), here, "{}", linked.body);
    let nobody = app.post(&here, "do=link&company=Nobody&role=").await;
    assert!(nobody.status == 422 && nobody.body.contains("no company is called"), "{}", nobody.body);
    assert_eq!(app.post(&here, "do=note&text=Called+twice.").await.status, 303);
    let page = app.get(&here).await.body;
    for text in ["Acme &lt;b&gt;", "Buyer", "Called twice.", "Contract", "Gold", "vip", "Put into a company"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let list = app.get("/contacts?q=level+%3D+Gold&columns=level").await.body;
    assert!(list.contains("Ines") && list.contains("Gold") && list.contains("1</span> of"), "{list}");
    let wrong = app.get("/contacts?q=colour+%3D+red").await.body;
    assert!(wrong.contains("There is no field colour."), "{wrong}");
    let csv = app.get("/contacts/export.csv").await.body;
    assert!(csv.contains(",Ines,ines@acme.example,Acme <b>,vip,") && csv.contains(",Gold"), "{csv}");

    // A file: one row is the same record, one is new, one is left out.
    let text = "Full name,E-mail,Company,Level\nInes O.,INES@acme.example,Acme <b>,Silver\nBo,bo@x.example,New Co,\nCy,cy@x.example,,Tin\n";
    let taken = app.upload("/contacts/import", ("file", text)).await;
    assert_eq!(taken.status, 303, "{}", taken.body);
    let look = taken.location().to_owned();
    let preview = app.get(&look).await.body;
    assert!(preview.contains("Left out") && preview.contains("takes one of: Gold, Silver"), "{preview}");
    assert!(preview.contains("<b>1</b><span>to make") && preview.contains("<b>1</b><span>to change"), "{preview}");
    let started = app.post(&look, "do=start").await;
    settle(&app).await;
    let run = app.get(started.location()).await.body;
    assert!(run.contains("Complete") && run.contains("Line 4: left out"), "{run}");
    let all = app.get("/contacts").await.body;
    assert!(all.contains("Ines O.") && all.contains("Bo") && !all.contains(">Cy<"), "{all}");
    assert!(app.get("/companies").await.body.contains("New Co"));

    // All at once, and deleting many is a power of its own.
    let bulk = app.post("/contacts/bulk", "do=change&q=&count=2&add_tags=spring").await;
    assert_eq!(bulk.status, 303, "{}", bulk.body);
    settle(&app).await;
    assert!(app.get("/contacts?q=tag+%3D+spring").await.body.contains("2</span> of"));
    let moved = app.post("/contacts/bulk", "do=change&q=&count=3&add_tags=x").await;
    assert!(moved.status == 422 && moved.body.contains("in the meantime"), "{}", moved.body);
    let powerless = app.post("/contacts/bulk", "do=delete&q=tag+%3D+spring&count=2").await;
    assert!(powerless.status == 422 && powerless.body.contains("power of its own"), "{}", powerless.body);
    let settings = app.get("/settings/contacts").await.body;
    let id = settings.split("name=\"administrator\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(app.post("/settings/contacts/power", &format!("administrator={id}")).await.status, 303);
    assert_eq!(app.post("/contacts/bulk", "do=delete&q=name+~+bo&count=1").await.status, 303);
    settle(&app).await;
    assert!(!app.get("/contacts").await.body.contains("bo@x.example"));
    assert_eq!(app.post(&here, "do=delete").await.location(), "/contacts");
    assert_eq!(app.get(&here).await.status, 404);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn syncing_is_previewed_switched_and_refuses_what_follows_an_account() {
    let (simulator, mut app) = connected().await;
    let off = app.get("/settings/contacts").await.body;
    assert!(
        off.contains("Jira User Syncing") && off.contains("<b>off</b>") && off.contains("aria-checked=\"false\""),
        "{off}"
    );
    assert_eq!(app.post("/settings/contacts/syncing", "do=run").await.status, 422, "it is off");
    let preview = app.get("/settings/contacts/preview").await.body;
    for text in ["to create", "to link", "conflicts", "skipped", "It has no role in Jira on an included site."] {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    assert_eq!(app.post("/settings/contacts/syncing", "do=on").await.status, 303);
    assert!(app.get("/settings/contacts").await.body.contains("turning on (0 of 0)"));
    settle(&app).await;
    let on = app.get("/settings/contacts").await.body;
    assert!(on.contains("<b>on</b>") && on.contains("become regular ones"), "{on}");
    let list = app.get("/contacts?q=tag+%3D+%22Jira+User%22").await.body;
    let here =
        list.split("scope=\"row\"><a class=\"name\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let page = app.get(&here).await.body;
    assert!(page.contains("This contact follows it.") && page.contains("cannot be deleted"), "{page}");
    let refused = app.post(&here, "do=delete").await;
    assert!(refused.status == 422 && refused.body.contains("switch Jira User Syncing off"), "{}", refused.body);
    let form = app.get(&format!("{here}/edit")).await.body;
    assert!(form.contains("readonly") && form.contains("follow the Jira user or customer"), "{form}");
    let tagged = app.post(&format!("{here}/edit"), "name=Other&email=o%40x.example&tags=ours").await;
    assert_eq!(tagged.status, 303, "{}", tagged.body);
    let page = app.get(&here).await.body;
    assert!(page.contains("ours") && !page.contains("o@x.example"), "{page}");
    let wrong = app.post("/settings/contacts/scope", "groups_without=No+such+group").await;
    assert!(wrong.status == 422 && wrong.body.contains("no group is called"), "{}", wrong.body);
    assert_eq!(app.post("/settings/contacts/scope", "domains_without=acme.test").await.status, 303);
    assert_eq!(app.post("/settings/contacts/syncing", "do=off").await.status, 303);
    settle(&app).await;
    assert!(app.get("/contacts?q=synced+%3D+yes").await.body.contains("Nothing is found"));
    assert!(app.get("/contacts/runs").await.body.contains("User syncing switched off"));
    for path in
        ["/contacts/conflicts", "/contacts/duplicates", "/companies/sources", "/contacts/import", "/contacts/bulk"]
    {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
    simulator.stop().await;
}
