//! Selections, columns, the site of all pages and pasted lists over real HTTP, as a browser without script uses them.

use super::settings::{connected, encoded};
use super::*;
use crate::id::{AdministratorId, SelectionId};
use crate::mirror::selections as verbs;
use crate::nouns::context::{Actor, Context};
use crate::nouns::selection::Selected;

/// The values of the boxes of a page, and those that are ticked.
fn rows(page: &str) -> (Vec<&str>, Vec<&str>) {
    let mut all = (Vec::new(), Vec::new());
    for part in page.split(r#"name="row" value=""#).skip(1) {
        let (row, rest) = part.split_once('"').unwrap();
        all.0.push(row);
        if rest.split_once('>').unwrap().0.contains(" checked") {
            all.1.push(row);
        }
    }
    all
}

/// A form of the user browser as its page has it, with these rows ticked and this button pressed.
fn form(page: &str, rows: &[&str], button: &str) -> String {
    let form = &page[page.find(r#"id="select""#).unwrap()..];
    let form = &form[..form.find("</form>").unwrap()];
    let mut sent = Vec::new();
    for part in form.split(r#"<input type="hidden" name=""#).skip(1) {
        let (name, rest) = part.split_once('"').unwrap();
        let value = rest.strip_prefix(r#" value=""#).unwrap().split_once('"').unwrap().0;
        sent.push(format!("{name}={}", encoded(&plain(value))));
    }
    sent.extend(rows.iter().map(|row| format!("row={row}")));
    sent.push(button.to_owned());
    sent.join("&")
}

fn selection_in(location: &str) -> &str {
    let start = location.find("sel_").unwrap_or_else(|| panic!("no selection in {location}"));
    &location[start..start + 30]
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_go_from_page_to_page_and_end_as_a_list_with_a_name() {
    let (simulator, mut app) = connected().await;
    let first = app.get("/people?limit=10").await.body;
    let (listed, ticked) = rows(&first);
    assert_eq!((listed.len(), ticked.len()), (10, 0));
    let cursor = first.split_once(r#"name="next" value=""#).unwrap().1.split_once('"').unwrap().0;
    let next = format!("next={}", encoded(&plain(cursor)));

    // The next page, and back: what was ticked is ticked.
    let turned = app.post("/people/select", &form(&first, &[listed[0], listed[3]], &next)).await;
    assert_eq!(turned.status, 303, "{}", turned.body);
    let second = app.get(turned.location()).await.body;
    assert!(second.contains(r#"data-elsewhere="2">2</b> of "#), "{second}");
    assert!(rows(&second).0.iter().all(|row| !listed.contains(row)));
    let third = rows(&second).0[1].to_owned();
    let taken = app.post("/people/select", &form(&second, &[&third], "do=tick")).await;
    let id = selection_in(taken.location()).to_owned();
    let back = app.get(&format!("/people?limit=10&selection={id}")).await.body;
    assert_eq!(rows(&back).1, [listed[0], listed[3]]);
    assert!(back.contains(">3</b> of "), "{back}");

    // Another filter keeps who was selected, and says who is not in its list.
    let nobody = app.get(&format!("/people?q=status+%3D+active+AND+status+%3D+suspended&selection={id}")).await.body;
    assert!(nobody.contains("Nobody is found") && nobody.contains("3 people are selected, and nobody"), "{nobody}");
    let unticked = app.post("/people/select", &form(&back, &[listed[0]], "do=tick")).await;
    assert_eq!(selection_in(unticked.location()), id, "one's own selection is changed in its place");
    let page = app.get(&format!("/selections/{id}")).await.body;
    assert!(page.contains("2 people") && page.contains("Picked by hand") || page.contains("Picked among"), "{page}");

    // Kept under a name it is listed, and its file has its people.
    assert_eq!(app.post(&format!("/selections/{id}/keep"), "name=+").await.status, 422);
    assert_eq!(app.post(&format!("/selections/{id}/keep"), "name=%3Cmine%3E").await.status, 303);
    assert!(app.get("/selections").await.body.contains("&lt;mine&gt;"));
    let csv = app.get(&format!("/selections/{id}/people.csv")).await;
    assert!(csv.header("content-disposition").unwrap().contains("people-2026-11-21.csv"));
    assert_eq!(csv.body.matches("712020:").count() + csv.body.matches("557058:").count(), 2, "{}", csv.body);
    let removed = app.post(&format!("/selections/{id}/remove"), &format!("row={third}")).await;
    assert_eq!(removed.status, 303);
    assert!(app.get(&format!("/selections/{id}")).await.body.contains("1 person"));
    // A kept list does not change under one's hands in the browser: ticking begins another.
    let list = app.get(&format!("/people?limit=10&selection={id}")).await.body;
    let other = app.post("/people/select", &form(&list, &[listed[5]], "do=tick")).await;
    assert_ne!(selection_in(other.location()), id);
    assert_eq!(app.post(&format!("/selections/{id}/delete"), "").await.location(), "/selections");
    assert_eq!(app.get(&format!("/selections/{id}")).await.status, 404);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_match_are_meant_by_their_filter_and_synced_at_once() {
    let (simulator, mut app) = connected().await;
    let page = app.get("/people?q=app+%3D+jira&status=active&limit=5").await.body;
    let all = app.post("/people/select", &form(&page, &[], "do=all")).await;
    let id = selection_in(all.location()).to_owned();
    let page = app.get(all.location()).await.body;
    assert_eq!(rows(&page).1.len(), 5, "everybody of the page is ticked");
    let shown = app.get(&format!("/selections/{id}")).await.body;
    assert!(shown.contains("app = jira AND status = active") && shown.contains("Save as a filter"), "{shown}");
    let stored = SelectionId::parse(&id).unwrap();
    let mirror = app.web.mirrors.only().unwrap();
    let now = app.web.clock.now();
    let stored =
        mirror.store().read(move |tx| crate::store::selections::find(tx, &stored, now)).await.unwrap().unwrap();
    assert_eq!(stored.selected, Selected::Matching("app = jira AND status = active".to_owned()));
    assert_eq!(stored.generation, mirror.current().generation());

    // One is taken out: it becomes a list, and the filter is only where it came from.
    let all_but_one = rows(&page).0[1..].to_vec();
    app.post("/people/select", &form(&page, &all_but_one, "do=tick")).await;
    let shown = app.get(&format!("/selections/{id}")).await.body;
    assert!(
        shown.contains("Picked among those whom") && shown.contains(&format!("{} people", stored.count - 1)),
        "{shown}"
    );

    let page = app.get(&format!("/people?q=app+%3D+jira&selection={id}")).await.body;
    let ticked = rows(&page).1;
    let started = app.post("/people/select", &form(&page, &ticked, "do=sync")).await;
    assert!(started.status == 303 && started.location().starts_with("/runs/run_"), "{}", started.body);
    let nobody = app.get("/people").await.body;
    let refused = app.post("/people/select", &form(&nobody, &[], "do=keep")).await;
    assert!(refused.status == 409 && refused.body.contains("Nobody is selected."), "{}", refused.body);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_selection_is_seen_and_never_changed() {
    let (simulator, mut app) = connected().await;
    let (mirror, now) = (app.web.mirrors.only().unwrap(), app.web.clock.now());
    let noor = Actor::Administrator {
        id: AdministratorId::new(&Entropy::seeded(77), now),
        username: "noor".to_owned(),
        source: None,
    };
    let theirs = Selected::Matching("app = jira".to_owned());
    let made =
        verbs::make(&Context { actor: noor, now }, &mirror, theirs.clone(), (1, 9), &app.web.entropy).await.unwrap();
    let page = app.get(&format!("/selections/{}", made.id)).await.body;
    assert!(page.contains("noor") && !page.contains("Remove the ticked") && !page.contains("Delete this"), "{page}");
    assert!(page.contains("The filter finds others than when it was selected."), "{page}");
    for act in ["remove", "keep", "delete"] {
        let refused = app.post(&format!("/selections/{}/{act}", made.id), "name=x&row=0").await;
        assert!(
            refused.status == 409 && refused.body.contains("It belongs to noor")
                || refused.body.contains("it belongs to noor"),
            "{act}: {}",
            refused.body
        );
    }
    let page = app.get(&format!("/people?limit=5&selection={}", made.id)).await.body;
    let mine = app.post("/people/select", &form(&page, &[], "do=tick")).await;
    assert_ne!(selection_in(mine.location()), made.id.as_str());
    // It ends by itself after a week.
    app.web.clock.advance(Duration::from_secs(7 * 24 * 60 * 60 + 1));
    app.enter_again().await;
    assert_eq!(app.get(&format!("/selections/{}", made.id)).await.status, 404);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_and_site_are_kept_for_whoever_chose_them() {
    let (simulator, mut app) = connected().await;
    let chosen = app.post("/people/columns", "q=jira&column=seats&column=mfa").await;
    assert_eq!(chosen.location(), "/people?q=jira&columns=mfa%2Cseats");
    assert!(app.get("/people?q=").await.body.contains("Two-step verification</th>"), "remembered");
    assert!(!app.get("/people?q=&columns=status").await.body.contains("Two-step verification</th>"), "an address wins");
    app.post("/people/columns", "usual=on").await;
    assert!(app.get("/people?q=").await.body.contains("Apps and roles</th>"));

    let sites = app.get("/dashboard").await.body;
    let site = sites.split(r#"name="site" value=""#).nth(2).unwrap().split_once('"').unwrap().0.to_owned();
    let went = app.post("/site", &format!("here=%2Fdashboard&site={site}")).await;
    assert_eq!(went.location(), format!("/dashboard?site={site}"));
    assert_eq!(app.get("/dashboard").await.location(), format!("/dashboard?site={site}"), "the navigation keeps it");
    let people = app.get("/people").await.location().to_owned();
    assert_eq!(people, format!("/people?q=site%20%3D%20{site}"));
    assert!(app.get("/groups").await.body.contains("<h1>Groups"));
    // An address that says itself what it shows is never changed, and the browser goes along with it.
    assert_eq!(app.get("/people?q=jira").await.status, 200);
    assert_eq!(app.get("/people").await.status, 200, "all sites were shown last");
    app.get(&people).await;
    assert_eq!(app.get("/people").await.location(), people);
    let all = app.post("/site", &format!("here={}&site=", encoded(&people))).await;
    assert_eq!(all.location(), "/people?q=");
    assert_eq!(app.get("/dashboard").await.status, 200);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_list_tells_who_is_found_who_is_not_and_who_twice() {
    let (simulator, mut app) = connected().await;
    let truth = simulator.read(Organization::truth);
    let mut known = truth.users.iter().filter(|user| user.email.is_some() && !user.directories.is_empty());
    let (one, two) = (known.next().unwrap(), known.next().unwrap());
    let list = format!(
        "\"Somebody, Else\" <{}>\n{}; {}\nnobody@x.example\n",
        one.email.as_deref().unwrap().to_uppercase(),
        two.account_id,
        one.account_id
    );
    let found = app.post("/selections/paste", &format!("list={}", encoded(&list))).await.body;
    assert!(found.contains("<b>2</b><span>found") && found.contains("<b>1</b><span>not found"), "{found}");
    assert!(found.contains("<b>1</b><span>named again") && found.contains("<bdi>nobody@x.example</bdi>"), "{found}");
    let page = app.get(link_in(&found, "/selections/sel_")).await.body;
    assert!(page.contains("A pasted list") && page.contains("2 people"), "{page}");
    // The same as a file, with the way to Bulk Operations beside it.
    let uploaded = app.upload("/selections/paste", ("file", &list)).await.body;
    assert!(uploaded.contains("<b>2</b><span>found") && uploaded.contains("<bdi>nobody@x.example</bdi>"), "{uploaded}");
    let form = app.get(link_in(&uploaded, "/operations/new?selection=sel_")).await.body;
    assert!(form.contains("Bulk Operations") && form.contains("2 people"), "{form}");
    let nobody = app.post("/selections/paste", "list=x").await.body;
    assert!(nobody.contains("Nobody of this list is in the organization."), "{nobody}");
    let long = app.post("/selections/paste", &format!("list={}", "x%0A".repeat(10_001))).await;
    assert!(long.status == 422 && long.body.contains("The list is too long."), "{}", long.status);
    app.end().await;
    simulator.stop().await;
}
