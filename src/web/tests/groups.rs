//! Groups, protection, sites that are left out and raw data over real HTTP.

use std::sync::Arc;

use directory::tiles::{self, Threshold};
use directory::{Ordinal, Snapshot};
use jiff::tz::TimeZone;

use super::settings::{connected, encoded};
use super::*;
use crate::mirror::answer::answer;
use crate::mirror::trends;
use crate::nouns::price::Prices;
use crate::store::{group_timeline, protected};

/// The shown snapshot.
fn shown(app: &App) -> Arc<Snapshot> {
    app.web.mirrors.only().unwrap().shown()
}

/// A group that grants something and has members.
fn granting(snapshot: &Snapshot) -> Ordinal {
    let grants =
        |group: &Ordinal| !snapshot.grants(*group).is_empty() && !snapshot.memberships().members(*group).is_empty();
    snapshot.groups_by_name().iter().find(grants).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_filtered_completed_and_exported() {
    let (_simulator, mut app) = connected().await;
    let page = app.get("/groups?q=members+%3E+0+ORDER+BY+members+DESC").await;
    assert!(page.status == 200 && page.body.contains("data-complete=\"/groups/complete\""), "{}", page.body);
    let completed = app.get("/groups/complete?q=grantsN&at=7").await.body;
    assert!(completed.contains("grantsNothing"), "{completed}");
    let csv = app.get("/groups.csv?q=members+%3E+0").await;
    assert_eq!(csv.status, 200);
    assert!(csv.header("content-disposition").unwrap().contains("groups-2026-11-21.csv"), "{}", csv.headers);
    let wrong = app.get("/groups.json?q=membrs+%3E+0").await;
    assert!(wrong.status == 422 && wrong.body.contains("There is no field membrs"), "{}", wrong.body);

    let snapshot = shown(&app);
    let group = granting(&snapshot);
    let id = snapshot.group_row(group).unwrap().id.clone();
    let page = app.get(&format!("/groups/{id}")).await.body;
    assert!(page.contains("First seen as") && page.contains("oldest kept") && page.contains("Only path for"), "{page}");
    let mirror = app.web.mirrors.only().unwrap();
    let timeline = mirror.store().read(move |tx| group_timeline::of(tx, group, 1)).await.unwrap();
    let members = snapshot.memberships().members(group).len();
    assert_eq!(timeline.moves.values().map(|moves| moves.joined - moves.left).sum::<u64>(), members);
    assert_eq!(timeline.grants.len(), snapshot.grants(group).len());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_protected_is_marked_found_by_the_filter_and_let_go_with_a_reason() {
    let (_simulator, mut app) = connected().await;
    let snapshot = shown(&app);
    let id = snapshot.account_id(snapshot.present().min().unwrap()).unwrap();
    let about = format!("subject=person&id={}", encoded(id.as_str()));
    let unsaid = app.post("/settings/protected", &format!("{about}&reason=+")).await;
    assert!(unsaid.status == 422 && unsaid.body.contains("the reason is missing"), "{}", unsaid.body);
    let nobody = app.post("/settings/protected", "subject=person&id=nobody&reason=x").await;
    assert!(nobody.status == 422 && nobody.body.contains("has not seen"), "{}", nobody.body);
    let added = app.post("/settings/protected", &format!("{about}&reason=break+%3Cglass%3E")).await;
    assert_eq!(added.status, 303, "{}", added.body);

    let page = app.get("/settings/protected").await.body;
    assert!(page.contains("break &lt;glass&gt;") && page.contains("administrator mira"), "{page}");
    let person = app.get(&format!("/people/{id}")).await.body;
    assert!(person.contains("Protected: nothing that Rollcall does may touch this."), "{person}");
    let found = app.get("/people?q=protected+%3D+yes").await.body;
    assert!(found.contains("<span class=\"num\">1</span> of") && found.contains(">Protected</a>"), "{found}");

    let silent = app.post("/settings/protected/release", &format!("{about}&reason=")).await;
    assert!(silent.status == 422 && silent.body.contains("The protection stays."), "{}", silent.body);
    assert_eq!(app.post("/settings/protected/release", &format!("{about}&reason=left")).await.status, 303);
    assert!(!shown(&app).is_protected(snapshot.account(id.as_str()).unwrap()));
    let mirror = app.web.mirrors.only().unwrap();
    let kinds = mirror.store().read(|tx| crate::store::events::newest(tx, i64::MAX, 2)).await.unwrap();
    let kinds: Vec<&str> = kinds.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["protection.removed", "protection.added"]);
    assert!(mirror.store().read(protected::all).await.unwrap().0.is_empty());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_is_left_out_is_counted_nowhere_until_it_is_taken_in_again() {
    let (_simulator, mut app) = connected().await;
    let whole = shown(&app);
    let resource = whole.resources()[0].clone();
    let (site, name) = (resource.id.site().to_owned(), resource.site_name().to_owned());
    let before = app.get("/dashboard").await.body;
    assert!(before.contains(&name), "{before}");
    assert_eq!(app.post("/settings/sites-to-leave-out", &format!("site={site}&site=nowhere")).await.status, 303);

    let dashboard = app.get("/dashboard").await.body;
    assert!(dashboard.contains("1 site is left out"), "{dashboard}");
    let filtered = app.get(&format!("/people?q=site+%3D+{name}")).await.body;
    assert!(filtered.contains("<span class=\"num\">0</span> of"), "{filtered}");
    let view = shown(&app);
    assert_eq!(view.present(), whole.present(), "people stay people");
    for account in view.present().iter().take(20) {
        assert!(view.access(account).iter().all(|way| !view.is_left_out(way.resource)));
    }
    // Days that were kept before count without the site too, and nobody guesses how many people that were.
    let seats = |of: Arc<Snapshot>| {
        let mirror = app.web.mirrors.only().unwrap();
        async move {
            let read = mirror.store().read(move |tx| {
                let asked = trends::Asked { app: None, site: None, threshold: Threshold::DEFAULT };
                let today = trends::day_of(of.sealed_at(), &TimeZone::UTC);
                trends::read(tx, (&of, &Prices::default()), asked, (today, 1))
            });
            let last = read.await.unwrap().samples.pop().unwrap();
            (last.seats.total(), last.people)
        }
    };
    let (all, people) = seats(whole.clone()).await;
    let (rest, unknown) = seats(view.clone()).await;
    let now = (view.sealed_at(), &TimeZone::UTC);
    let asked = tiles::Asked { threshold: Threshold::DEFAULT, now: now.0, zone: now.1 };
    assert!(rest < all && people.is_some() && unknown.is_none(), "{rest} of {all}");
    assert_eq!(rest, tiles::tiles(&view, None, asked).seats.total());

    // Who is found only by what they have there is not seen, and is told why.
    let answer = |snapshot: &Snapshot| answer(snapshot, &format!("site = {name}"), now).found.matching;
    let somebody = whole.account_id(answer(&whole).min().unwrap()).unwrap();
    let why = app.get(&format!("/people/why?who={somebody}&q=site+%3D+{name}")).await.body;
    assert!(why.contains("On a site that is left out.") && why.contains(&format!("<bdi>{name}</bdi>")), "{why}");
    let why = app.get(&format!("/people/why?who={somebody}&q=name+%3D+nobody")).await.body;
    assert!(why.contains("Hidden by this term"), "{why}");
    let page = app.get("/settings/sites-to-leave-out").await.body;
    assert!(page.contains(&format!("value=\"{site}\" checked")) && page.contains("administrator mira"), "{page}");

    assert_eq!(app.post("/settings/sites-to-leave-out", "").await.status, 303);
    assert_eq!(app.get(&format!("/people?q=site+%3D+{name}")).await.body.matches("is left out").count(), 0);
    assert_eq!(shown(&app).left_out_sites(), Vec::<&str>::new());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_data_is_read_when_asked_for_and_a_refusal_says_why() {
    let (simulator, mut app) = connected().await;
    let snapshot = shown(&app);
    let id = snapshot.account_id(snapshot.present().min().unwrap()).unwrap();
    let address = format!("/people/{id}/raw");
    assert_eq!(app.get(&address).await.status, 405, "a link asks Atlassian nothing");
    let page = app.post(&address, "").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("users/search") && page.body.contains("last-active-dates"), "{}", page.body);
    assert!(page.body.contains(&format!("&quot;accountId&quot;: &quot;{id}&quot;")), "{}", page.body);
    assert_eq!(page.header("cache-control"), Some("no-store"));

    simulator.expire_api_key();
    let refused = app.post(&address, "").await;
    assert!(refused.body.contains("Atlassian refused the organization API key"), "{}", refused.body);
    app.end().await;
}
