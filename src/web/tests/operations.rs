//! Operations over real HTTP, as a browser without script uses them: from a selection over plan, preview, typed number and
//! result to the undo; and everything that must not be possible.

use super::settings::connected;
use super::*;
use crate::nouns::context::{Actor, Context};
use crate::operations::guard::{self, Bounds};
use crate::operations::prepare::{self, Owner};
use crate::operations::worker as acting;

pub(super) fn context(app: &App) -> Context {
    Context { actor: Actor::System, now: app.web.clock.now() }
}

/// Says whose the key is, and switches actions on.
pub(super) async fn allow(app: &App) {
    let mirror = app.web.mirrors.only().unwrap();
    prepare::choose_key_owner(&context(app), &mirror, &Owner::Elsewhere, &app.web.entropy).await.unwrap();
    guard::switch_on(&context(app), &mirror, &app.web.entropy).await.unwrap();
}

/// Works until an operation is over, as the server's worker does.
pub(super) async fn carry_out(app: &mut App, at: &str) -> String {
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    let clock = app.web.clock.clone();
    for _ in 0..100 {
        acting::work_once(&mirror, &app.web.connector, &surroundings).await.unwrap();
        let page = app.get(at).await.body;
        if ["Succeeded", "Partial", "Failed:", "Cancelled"].iter().any(|word| page.contains(word)) {
            return page;
        }
        clock.advance(Duration::from_secs(5));
    }
    panic!("{at} does not come to its end");
}

/// The value of a hidden field of a page.
pub(super) fn hidden(page: &str, name: &str) -> String {
    let field = format!(r#"name="{name}" value=""#);
    let (_, rest) = page.split_once(&field).unwrap_or_else(|| panic!("no {name} in {page}"));
    plain(rest.split_once('"').unwrap().0)
}

/// A selection of everybody whom a filter finds, as the bar makes it.
pub(super) async fn everybody(app: &mut App, filter: &str) -> String {
    let page = app.get(&format!("/people?q={}", super::settings::encoded(filter))).await.body;
    assert!(page.contains("Bulk Operations"), "{page}");
    let form = format!("q={}&do=all", super::settings::encoded(filter));
    let selected = app.post("/people/select", &form).await;
    let at = selected.location().to_owned();
    let (_, id) = at.split_once("selection=").unwrap();
    id.split('&').next().unwrap().to_owned()
}

pub(super) async fn planned(app: &mut App, selection: &str, actions: &str) -> String {
    let form = app.get(&format!("/operations/new?selection={selection}")).await.body;
    let entry = format!("selection={selection}&request_key={}&{actions}&do=plan", hidden(&form, "request_key"));
    let planned = app.post("/operations/new", &entry).await;
    assert_eq!(planned.status, 303, "{}", planned.body);
    let again = app.post("/operations/new", &entry).await;
    assert_eq!(again.location(), planned.location(), "the same click twice is one plan");
    planned.location().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_selection_over_the_preview_to_the_result_and_back() {
    let (simulator, mut app) = connected().await;
    allow(&app).await;
    let members = |simulator: &Simulator| simulator.read(|organization| organization.truth().memberships);
    let before = members(&simulator);
    let mirror = app.web.mirrors.only().unwrap();
    let bounds = Bounds { typed_from: 2, ..Bounds::default() };
    guard::choose(&context(&app), &mirror, bounds, &app.web.entropy).await.unwrap();

    let selection = everybody(&mut app, "status = active").await;
    let at = planned(&mut app, &selection, "action=removeAppAccess&apps=all").await;
    let preview = app.get(&at).await.body;
    for text in ["changes will be made", "refused, with reasons", "organization admin", "would lose their last access"]
    {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    assert_eq!(members(&simulator), before, "a preview sends nothing");

    // The number has to be typed; a wrong one leaves everything as it is.
    let hash = hidden(&preview, "hash");
    for typed in ["", "1"] {
        let refused = app.post(&format!("{at}/approve"), &format!("hash={hash}&typed={typed}")).await;
        assert!(refused.status == 409 && refused.body.contains("Type that number"), "{}", refused.body);
    }
    let (_, rest) = preview.split_once("Type ").unwrap();
    let typed = rest.split(' ').next().unwrap().to_owned();
    let other = "0".repeat(64);
    let refused = app.post(&format!("{at}/approve"), &format!("hash={other}&typed={typed}")).await;
    assert!(refused.status == 409 && refused.body.contains("has changed since"), "{}", refused.body);
    for _ in 0..2 {
        let approved = app.post(&format!("{at}/approve"), &format!("hash={hash}&typed={typed}&reason=%3Cb%3E")).await;
        assert_eq!((approved.status, approved.location()), (303, at.as_str()), "{}", approved.body);
    }
    let waits = app.get(&at).await.body;
    assert!(waits.contains("Approved") && waits.contains("&lt;b&gt;") && waits.contains(">Pause<"), "{waits}");

    let result = carry_out(&mut app, &at).await;
    assert!(result.contains("Succeeded"), "{result}");
    assert_ne!(members(&simulator), before);
    assert!(app.get("/operations").await.body.contains("Remove App Access"));
    // Files: every row, one filter's rows, the whole, and everybody as they were.
    let csv = app.get(&format!("{at}/rows.csv")).await;
    let refused = app.get(&format!("{at}/rows.csv?state=refused")).await;
    assert!(csv.body.lines().count() > refused.body.lines().count() && refused.body.lines().count() > 1);
    assert!(app.get(&format!("{at}/result.json")).await.body.contains("\"processId\""));
    assert!(app.get(&format!("{at}/before.csv")).await.body.lines().count() > 10);
    assert_eq!(app.get(&format!("{at}/nothing.csv")).await.status, 404);
    let filtered = app.get(&format!("{at}?state=refused&why=organization_admin")).await.body;
    assert!(filtered.contains("organization admin") && !filtered.contains(">Done, verified</span>"), "{filtered}");

    // A person's page has their part, and undo goes through the same preview.
    let link = link_in(&result, "/people/").to_owned();
    assert!(app.get(&link).await.body.contains("Act on this person"));
    let undone = app.post(&format!("{at}/undo"), &format!("request_key={}", hidden(&result, "request_key"))).await;
    assert_eq!(undone.status, 303, "{}", undone.body);
    let back = undone.location().to_owned();
    let preview = app.get(&back).await.body;
    let hash = hidden(&preview, "hash");
    assert_eq!(app.post(&format!("{back}/approve"), &format!("hash={hash}&typed={typed}")).await.status, 303);
    assert!(carry_out(&mut app, &back).await.contains("Succeeded"));
    assert_eq!(members(&simulator), before);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_possible_in_look_only_mode_from_elsewhere_or_without_a_session() {
    let (simulator, mut app) = connected().await;
    let selection = everybody(&mut app, "status = active").await;
    let mirror = app.web.mirrors.only().unwrap();
    prepare::choose_key_owner(&context(&app), &mirror, &Owner::Elsewhere, &app.web.entropy).await.unwrap();
    let form = app.get(&format!("/operations/new?selection={selection}")).await.body;
    assert!(form.contains("Look-only mode") && form.contains("/settings/actions"), "{form}");
    let at = planned(&mut app, &selection, "action=suspendUser").await;
    let preview = app.get(&at).await.body;
    assert!(preview.contains("Look-only mode") && !preview.contains("/approve\""), "{preview}");

    // Sent all the same, it is refused.
    let id = crate::id::OperationId::parse(at.rsplit('/').next().unwrap()).unwrap();
    let report = crate::operations::report::report(&mirror, &id).await.unwrap().unwrap();
    let hash = crate::operations::plan::hexadecimal(&report.operation.plan.hash);
    let entry = format!("hash={hash}&typed={}", report.operation.plan.rows);
    let refused = app.post(&format!("{at}/approve"), &entry).await;
    assert!(refused.status == 409 && refused.body.contains("Actions are off"), "{}", refused.body);
    let elsewhere = [("Origin", "https://evil.example")];
    for path in
        [format!("{at}/approve"), format!("{at}/cancel"), "/settings/actions/switch".into(), "/operations/stop".into()]
    {
        for headers in [&[][..], &elsewhere] {
            assert_eq!(app.send("POST", &path, headers, &entry).await.status, 403, "{path}");
        }
    }

    // Switched on by a person it says who; switched off again it holds.
    app.post("/settings/actions/switch", "to=on").await;
    let settings = app.get("/settings/actions").await.body;
    assert!(settings.contains("Actions are on") && settings.contains("administrator mira"), "{settings}");
    assert!(app.get(&at).await.body.contains("/approve\""));
    app.post("/settings/actions/switch", "to=off").await;
    assert_eq!(app.post(&format!("{at}/approve"), &entry).await.status, 409);

    let kept = app.cookie.take();
    for path in [&at, "/operations", "/operations/new", "/settings/actions", "/operations/stop"] {
        assert!(app.get(path).await.location().starts_with("/sign-in"), "{path}");
    }
    assert!(app.post(&format!("{at}/approve"), &entry).await.location().starts_with("/sign-in"));
    app.cookie = kept;
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_filled_is_refused_and_keeps_what_was_ticked() {
    let (simulator, mut app) = connected().await;
    let selection = everybody(&mut app, "status = active").await;
    let send = |entry: &str| format!("selection={selection}&do=plan&{entry}");
    let unknown = app.post("/operations/new", &send("action=suspendUser")).await;
    assert!(unknown.status == 422 && unknown.body.contains("whose the organization API key is"), "{}", unknown.body);
    allow(&app).await;
    for (entry, why) in [
        ("", "No action is ticked."),
        ("action=addToGroups", "no group is chosen"),
        ("action=suspendUser&action=restoreUser", "opposite"),
        ("action=removeAppAccess&apps=chosen", "no app is chosen"),
    ] {
        let refused = app.post("/operations/new", &send(entry)).await;
        assert!(refused.status == 422 && refused.body.contains(why), "{why}: {}", refused.body);
    }
    let kept = app.post("/operations/new", &send("action=addToGroups")).await.body;
    assert!(kept.contains(r#"value="addToGroups" checked"#), "{kept}");
    let nobody = app.get("/operations/new").await;
    assert!(nobody.status == 409 && nobody.body.contains("Nobody is selected."), "{}", nobody.body);

    // Groups are searched without leaving the form, and nothing is planned by that.
    let found = app
        .post("/operations/new", &format!("selection={selection}&action=addToGroups&find_add=jira&do=find-add"))
        .await;
    assert!(found.status == 200 && found.body.contains(r#"name="find_add" value="jira""#), "{}", found.body);
    assert!(app.get("/operations").await.body.contains("No operation was planned yet."));
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_the_key_owner_and_stop_everything_hold_on_the_pages() {
    let (simulator, mut app) = connected().await;
    let refused = app.post("/settings/actions", "people=0&percent=0&typed_from=50").await;
    assert_eq!(refused.status, 422);
    assert_eq!(app.post("/settings/actions", "people=1&percent=0&typed_from=50&four_eyes=on").await.status, 303);
    let wrong = app.post("/settings/actions/key-owner", "whose=person&person=nobody%40none.example").await;
    assert!(wrong.status == 422 && wrong.body.contains("Nobody is known by that."), "{}", wrong.body);
    let owner = simulator.read(|organization| organization.truth());
    let owner = owner.users.iter().find(|user| user.email.is_some() && !user.directories.is_empty()).unwrap();
    let entry = format!("whose=person&person={}", super::settings::encoded(owner.email.as_deref().unwrap()));
    assert_eq!(app.post("/settings/actions/key-owner", &entry).await.status, 303);
    assert!(app.get("/settings/actions").await.body.contains(&owner.account_id.replace(':', "%3A")));
    app.post("/settings/actions/switch", "to=on").await;

    let selection = everybody(&mut app, "status = active").await;
    let at = planned(&mut app, &selection, "action=suspendUser").await;
    let preview = app.get(&at).await.body;
    assert!(preview.contains("A second administrator has to approve") && !preview.contains("/approve\""), "{preview}");

    // Stopped: every page says so, with a reason only, and releasing takes one too.
    assert_eq!(app.post("/operations/stop", "reason=+").await.status, 422);
    assert_eq!(app.post("/operations/stop", "reason=look").await.status, 303);
    for page in ["/dashboard", "/people", "/settings", &at] {
        let body = app.get(page).await.body;
        assert!(body.contains("Everything is stopped.") && body.contains("<bdi>look</bdi>"), "{page}: {body}");
    }
    assert_eq!(app.post("/operations/release", "reason=").await.status, 422);
    assert_eq!(app.post("/operations/release", "reason=looked").await.status, 303);
    assert!(!app.get("/people").await.body.contains("Everything is stopped."));

    // Rejected, it is over and says by whom.
    assert_eq!(app.post(&format!("{at}/reject"), "reason=too+many").await.status, 303);
    let rejected = app.get(&at).await.body;
    assert!(
        rejected.contains("Cancelled") && rejected.contains("too many") && !rejected.contains(">Undo<"),
        "{rejected}"
    );
    assert_eq!(app.post(&format!("{at}/pause"), "").await.status, 409);
    app.end().await;
    simulator.stop().await;
}
