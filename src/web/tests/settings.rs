//! Settings over real HTTP: credentials of sites, near-real-time changes, and what is said to a key that opens nothing.

use simulator::{Answers, AuditAvailability, Fault, FaultKind};

use super::*;

const SITES: &str = "/settings/sites";
const SYNC: &str = "/settings/user-data-synchronization";

pub(super) fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// An organization whose sites are at the simulator, connected and read once.
pub(super) async fn connected() -> (Simulator, App) {
    let population = Population { users: 60, ..Population::default() };
    let clock = noon();
    let organization = Organization::populate(&population, clock.now());
    let options = simulator::Options { clock: clock.clone(), own_site_addresses: true, ..Default::default() };
    let simulator = simulator::start(organization, options).await.unwrap();
    let mut app = App::start(clock).await;
    app.enter().await;
    connect(&mut app, &simulator).await;
    work(&app).await;
    (simulator, app)
}

async fn connect(app: &mut App, simulator: &Simulator) {
    let entry = format!("key={}&base_url={}", simulator.api_key(), encoded(&simulator.base_url()));
    let checked = app.post("/setup/organization", &entry).await;
    let (_, token) = checked.location().split_once("checked=").unwrap();
    let saved = app.post("/setup/organization/key", &format!("checked={token}&label=First")).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
}

fn entry(site: &simulator::Site, token: &str) -> String {
    format!("site={}&email={}&token={token}&expires_on=2027-01-31", site.cloud_id, encoded(&site.user))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_site_is_checked_saved_replaced_and_removed() {
    let (simulator, mut app) = connected().await;
    let site = simulator.sites().remove(0);
    let empty = app.get(SITES).await.body;
    assert_eq!(empty.matches("customers not read").count(), simulator.sites().len(), "{empty}");
    assert!(empty.contains("Jira Service Management") && empty.contains(&site.name));

    let wrong = app.post(SITES, &entry(&site, "ATATT3xWRONG")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("one of both is wrong") && !wrong.body.contains("ATATT3xWRONG"), "{}", wrong.body);
    assert!(wrong.body.contains(&site.user), "what was typed stays");
    let foreign = app.post(SITES, "site=c-none&email=a%40b&token=x").await;
    assert!(foreign.status == 422 && foreign.body.contains("no site of the organization"), "{}", foreign.body);
    let long = app.post(SITES, &entry(&site, &"x".repeat(2000))).await;
    assert!(long.status == 422 && long.body.contains("too long"));

    let checked = app.post(SITES, &entry(&site, &site.token)).await;
    assert_eq!(checked.status, 303, "{}", checked.body);
    let found = app.get(checked.location()).await.body;
    assert!(
        found.contains("The token opens") && found.contains("Save token") && !found.contains(&site.token),
        "{found}"
    );
    assert!(app.get(SITES).await.body.contains("customers not read"), "nothing is stored by a check");
    let (_, token) = checked.location().split_once("checked=").unwrap();
    let saved = app.post("/settings/sites/token", &format!("checked={token}")).await;
    assert_eq!((saved.status, saved.location()), (303, SITES), "{}", saved.body);
    assert_eq!(app.post("/settings/sites/token", &format!("checked={token}")).await.status, 410, "once");
    let shown = app.get(SITES).await.body;
    assert!(shown.contains(&site.token[site.token.len() - 4..]) && !shown.contains(&site.token));
    for text in [site.user.as_str(), "administrator mira", "31 Jan 2027", "in 70 days", "may be read"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }

    // It is refused later; a look says so, another one takes it back.
    simulator.set_faults(vec![Fault::on("/rest/api/3/myself", FaultKind::status(401)).always()]);
    let again = format!("site={}", site.cloud_id);
    assert_eq!(app.post("/settings/sites/check", &again).await.location(), SITES);
    assert!(app.get(SITES).await.body.contains("The token was refused."));
    simulator.set_faults(Vec::new());
    app.post("/settings/sites/check", &again).await;
    assert!(!app.get(SITES).await.body.contains("The token was refused."));

    // Another token takes its place, once it is checked.
    let checked = app.post(SITES, &entry(&site, &site.scoped_token)).await;
    let found = app.get(checked.location()).await.body;
    assert!(found.contains(">Replace<") && found.contains("token with scopes"), "{found}");
    let (_, token) = checked.location().split_once("checked=").unwrap();
    app.post("/settings/sites/token", &format!("checked={token}")).await;
    let shown = app.get(SITES).await.body;
    assert!(shown.contains(&site.scoped_token[site.scoped_token.len() - 4..]) && shown.contains("token with scopes"));

    for headers in [&[][..], &[("Origin", "https://evil.example")]] {
        assert_eq!(app.send("POST", "/settings/sites/remove", headers, &again).await.status, 403);
    }
    assert_eq!(app.post("/settings/sites/remove", &again).await.location(), SITES);
    assert_eq!(app.get(SITES).await.body.matches("customers not read").count(), simulator.sites().len());
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn near_real_time_changes_are_off_until_somebody_switches_them_on() {
    let (simulator, mut app) = connected().await;
    let probed = simulator.requests_by_endpoint();
    assert!(probed.keys().any(|endpoint| endpoint.ends_with("/events-stream")), "asked for at set-up: {probed:?}");
    let shown = app.get(SYNC).await.body;
    assert!(shown.contains("available, not followed") && shown.contains("off by default"), "{shown}");
    let here = format!("{SYNC}/near-real-time");
    assert_eq!(app.post(&here, "use_stream=on").await.location(), SYNC);
    let shown = app.get(SYNC).await.body;
    assert!(
        shown.contains("followed") && shown.contains("Chosen by") && shown.contains("administrator mira"),
        "{shown}"
    );
    assert!(shown.contains("value=\"on\" checked"));

    simulator.set_answers(Answers { audit_log: AuditAvailability::Forbidden, ..Answers::default() });
    assert_eq!(app.post(&format!("{here}/probe"), "").await.location(), SYNC);
    assert!(app.get(SYNC).await.body.contains("Atlassian Guard"));
    simulator.set_faults(vec![Fault::on("events-stream", FaultKind::Garbage).always()]);
    let outage = app.post(&format!("{here}/probe"), "").await;
    assert!(outage.status == 422 && outage.body.contains("Atlassian could not be asked."), "{}", outage.body);
    assert!(app.get(SYNC).await.body.contains("Atlassian Guard"), "an outage says nothing about the plan");
    app.post(&here, "").await;
    assert!(!app.get(SYNC).await.body.contains("value=\"on\" checked"));
    app.end().await;
    simulator.stop().await;
}

/// What a page answers to a key, which it never repeats.
async fn said(app: &mut App, page: &str, base: &str, key: &str) -> String {
    let answer = app.post(page, &format!("key={}&base_url={}", encoded(key), encoded(base))).await;
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert!(!answer.body.contains(key), "the key is not repeated");
    answer.body
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_a_key_is_told_at_set_up_and_when_it_is_replaced() {
    let population = Population { users: 30, ..Population::default() };
    let clock = noon();
    let organization = Organization::populate(&population, clock.now());
    let options = simulator::Options { clock: clock.clone(), ..Default::default() };
    let simulator = simulator::start(organization, options).await.unwrap();
    let mut app = App::start(clock).await;
    app.enter().await;
    let base = simulator.base_url();
    for page in ["/setup/organization", "/settings/organization-api-key"] {
        if page != "/setup/organization" {
            connect(&mut app, &simulator).await;
        }
        let (token, scoped) = (simulator.sites().remove(0).token, simulator.scoped_api_key());
        for (key, why, next) in [
            ("ATCTT3xWRONG", "It was copied incompletely, has expired or was revoked.", "Copy the whole key again"),
            (token.as_str(), "This is an API token of a user", "Settings, Sites"),
            (scoped.as_str(), "The key was made with scopes", "Make a key without scopes"),
        ] {
            let body = said(&mut app, page, &base, key).await;
            assert!(body.contains(why) && body.contains(next), "{page}: {body}");
        }
        for (fault, why) in [
            (FaultKind::status(403), "whoever made it is not an organization admin"),
            (FaultKind::Html, "a page for people"),
            (FaultKind::RateLimited { retry_after: Some("900".to_owned()), reset: None }, "no more requests until"),
            (FaultKind::CloseBeforeEffect, "could not be reached"),
        ] {
            simulator.set_faults(vec![Fault::on("/admin/v1/orgs", fault).always()]);
            let body = said(&mut app, page, &base, &simulator.api_key()).await;
            assert!(body.contains(why), "{page}: {body}");
        }
        simulator.set_faults(Vec::new());
    }
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_threshold_changes_what_the_dashboard_counts_as_inactive_and_says_who_chose_it() {
    let (simulator, mut app) = connected().await;
    assert_eq!(app.get("/").await.location(), "/dashboard");
    let dashboard = app.get("/dashboard").await.body;
    assert!(dashboard.contains("not used for 90 days") && dashboard.contains("<section class=\"tile\""), "{dashboard}");
    let here = "/settings/dashboard";
    assert!(app.get(here).await.body.contains("Nobody has chosen a threshold yet"));
    let wrong = app.post(here, "threshold=days&days=4000").await;
    assert!(wrong.body.contains("the id of this answer: <code>err_"), "{}", wrong.body);
    assert!(
        wrong.status == 422 && wrong.body.contains("from 1 to 3650") && wrong.body.contains("4000"),
        "{}",
        wrong.body
    );
    assert_eq!(app.post(here, "threshold=days&days=3650").await.location(), here);
    assert!(app.get(here).await.body.contains("administrator mira"));
    let patient = app.get("/dashboard").await.body;
    assert!(patient.contains("not used for 3650 days") && !patient.contains("used before that</a>"), "{patient}");
    assert_eq!(app.post(here, "threshold=6M&days=").await.location(), here);
    assert!(app.get("/dashboard").await.body.contains("not used for 6 months"));
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_show_atlassians_own_counts_beside_ours() {
    let (simulator, mut app) = connected().await;
    assert!(!app.get("/settings/statistics").await.body.contains("Total users"));
    let shown = app.get("/settings/statistics?show=on").await.body;
    assert!(shown.contains("Total users") && !shown.contains("not told") && !shown.contains("differs"), "{shown}");
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_is_entered_shown_as_cost_and_removed() {
    let (simulator, mut app) = connected().await;
    let here = "/settings/seat-prices";
    let empty = app.get(here).await.body;
    assert!(empty.contains("No seat has a price yet.") && empty.contains(r#"<option value="confluence""#), "{empty}");
    let wrong = app.post(here, "of=confluence&amount=1,000.00&currency=usd").await;
    assert!(wrong.status == 422 && wrong.body.contains("as 7.65") && wrong.body.contains("1,000.00"), "{}", wrong.body);
    let unknown = app.post(here, "of=focus&amount=1&currency=usd").await;
    assert!(unknown.status == 422 && unknown.body.contains("no such app there"), "{}", unknown.body);
    assert_eq!(app.post(here, "of=confluence&amount=5.42&currency=usd").await.location(), here);
    let listed = app.get(here).await.body;
    assert!(listed.contains("5.42 USD") && listed.contains("administrator mira"), "{listed}");
    let dashboard = app.get("/dashboard").await.body;
    assert!(
        dashboard.contains("a month for all seats, estimate") && dashboard.contains("have no price"),
        "{dashboard}"
    );
    assert!(dashboard.contains("1 day so far"), "the first sync has left its day behind: {dashboard}");
    let remove = "/settings/seat-prices/remove";
    assert_eq!(app.post(remove, "of=confluence").await.location(), here);
    assert_eq!(app.post(remove, "of=confluence").await.status, 422);
    assert!(!app.get("/dashboard").await.body.contains("a month for all seats"));
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_shown_once_listed_and_revoked() {
    const TOKENS: &str = "/settings/access-tokens";
    let (simulator, mut app) = connected().await;
    assert!(app.get(TOKENS).await.body.contains("No access token opens the API."));
    let nameless = app.post(TOKENS, "name=+&days=90").await;
    assert!(nameless.status == 422 && nameless.body.contains("the name is missing"), "{}", nameless.body);
    for days in ["0", "4000", "soon"] {
        let refused = app.post(TOKENS, &format!("name=reports&days={days}")).await;
        assert!(refused.status == 422 && refused.body.contains("from 1 to 3650 days"), "{}", refused.body);
    }
    let made = app.post(TOKENS, "name=%3Cb%3Ereports&days=90").await;
    assert_eq!(made.status, 200);
    let (_, secret) = made.body.split_once("rct_").unwrap();
    let secret = format!("rct_{}", &secret[..52]);
    assert!(made.header("cache-control") == Some("no-store") && !made.body.contains("<b>reports"));
    let listed = app.get(TOKENS).await.body;
    assert!(listed.contains("&lt;b&gt;reports") && listed.contains("in 90 days") && !listed.contains(&secret));
    let again = app.post(TOKENS, "name=%3Cb%3Ereports&days=90").await;
    assert!(
        again.status == 422 && again.body.contains("of this name already"),
        "loading the page again makes no second"
    );
    let (_, id) = listed.split_once("value=\"tok_").unwrap();
    let revoke = format!("token=tok_{}", &id[..26]);
    assert_eq!(app.post("/settings/access-tokens/revoke", &revoke).await.location(), TOKENS);
    let over = app.get(TOKENS).await.body;
    assert!(over.contains("No access token opens the API.") && over.contains("revoked"), "{over}");
    assert_eq!(app.post("/settings/access-tokens/revoke", &revoke).await.status, 404);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_reads_moments_in_their_own_zone_and_form() {
    let (_simulator, mut app) = connected().await;
    let here = "/settings/yours";
    let sealed = app.web.mirrors.only().unwrap().shown().sealed_at();
    let in_tokyo = sealed.to_zoned(jiff::tz::TimeZone::get("Asia/Tokyo").unwrap());
    let shown = in_tokyo.strftime("%Y-%m-%d, %H:%M").to_string();
    assert!(!app.get("/runs").await.body.contains(&shown));
    for wrong in ["zone=Nowhere/At_All&dates=year-first", "zone=&dates=sideways"] {
        assert_eq!(app.post(here, wrong).await.status, 422, "{wrong}");
    }
    assert_eq!(app.post(here, "zone=Asia/Tokyo&dates=year-first").await.status, 303);
    let page = app.get(here).await.body;
    assert!(page.contains(r#"<option value="Asia/Tokyo" selected>"#), "{page}");
    let run = app.get("/runs").await.body;
    assert!(run.contains(&in_tokyo.strftime("%Y-%m-%d").to_string()) && run.contains("JST"), "{run}");
    assert_eq!(app.post(here, "zone=&dates=day-first").await.status, 303);
    assert!(!app.get("/runs").await.body.contains("JST"));
    app.end().await;
}
