//! The pages over real HTTP: the whole way from the set-up link to a person, and everything that must be refused.

mod access;
mod audit;
mod contacts;
mod feed_accounts;
mod feeds;
mod filters;
mod groups;
mod notifications;
mod operations;
mod past;
mod reports;
mod selections;
mod settings;
mod sign_in;
mod tasks;
mod terms;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use clock::Clock;
use jiff::Timestamp;
use simulator::{Organization, Population, Simulator};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::*;
use crate::auth::setup as links;
use crate::mirror::mirrors::Databases;
use crate::store::db::Options;
use crate::store::organization_keys::SealingKey;
use crate::sync::connect::Network;
use crate::sync::pass::Surroundings;
use crate::sync::worker::{self, Worked};

/// A served installation and a browser without script before it.
pub(super) struct App {
    _folder: TempDir,
    pub(super) web: Web,
    pub(super) address: SocketAddr,
    serving: JoinHandle<()>,
    pub(super) cookie: Option<String>,
    /// The site that the browser keeps.
    site: Option<String>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    headers: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find_map(|(known, value)| known.eq_ignore_ascii_case(name).then_some(value))
    }

    pub(super) fn location(&self) -> &str {
        self.header("location").unwrap_or("no location")
    }
}

impl App {
    pub(super) async fn start(clock: Clock) -> App {
        let folder = tempfile::tempdir().unwrap();
        let entropy = Entropy::seeded(9);
        let databases = Databases::Folder(folder.path().to_owned());
        let mirrors = Mirrors::open(databases, Options::new(clock.clone())).await.unwrap();
        let connector = Connector::new(
            mirrors.clone(),
            (clock.clone(), entropy.clone()),
            SealingKey::new([7; 32]),
            Network::default(),
            "UTC".to_owned(),
        );
        let notifier = crate::web::settings_notifications::tests::notifier(&clock, &entropy);
        let live = Live::new(clock.clone());
        let web = Web { control: mirrors.control().clone(), clock, entropy, connector, mirrors, notifier, live };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = router(web.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        App { _folder: folder, web, address, serving, cookie: None, site: None }
    }

    async fn link(&self) -> String {
        links::create_link(&self.web.control, &self.web.entropy, self.web.clock.now()).await.unwrap().unwrap()
    }

    /// Creates the administrator `mira` and keeps her session.
    pub(super) async fn enter(&mut self) {
        let link = self.link().await;
        let entry = "username=mira&password=a+long+password&again=a+long+password";
        assert_eq!(self.post(&link, entry).await.status, 303);
    }

    /// Signs `mira` in, whose session is over.
    async fn enter_again(&mut self) {
        let signed_in = self.post("/sign-in", "username=mira&password=a+long+password").await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.body);
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(super) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let origin = format!("http://{}", self.address);
        self.send("POST", path, &[("Origin", &origin)], form).await
    }

    /// Uploads a file as the field of a form, as browsers do.
    pub(super) async fn upload(&mut self, path: &str, (field, text): (&str, &str)) -> Answer {
        let origin = format!("http://{}", self.address);
        let body = format!(
            "--b0undary\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"list.csv\"\r\nContent-Type: \
             text/csv\r\n\r\n{text}\r\n--b0undary--\r\n"
        );
        let headers = [("Origin", origin.as_str()), ("Content-Type", "multipart/form-data; boundary=b0undary")];
        self.send("POST", path, &headers, &body).await
    }

    async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        for cookie in [&self.cookie, &self.site].into_iter().flatten() {
            request += &format!("Cookie: {cookie}\r\n");
        }
        if method == "POST" {
            if !headers.iter().any(|(name, _)| *name == "Content-Type") {
                request += "Content-Type: application/x-www-form-urlencoded\r\n";
            }
            request += &format!("Content-Length: {}\r\n", form.len());
        }
        request += &format!("\r\n{form}");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (status, headers) = head.split_once("\r\n").unwrap();
        let answer = Answer {
            status: status.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: headers.replace("\r\n", "\n"),
            body: body.to_owned(),
        };
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap();
            let kept = if pair.starts_with("rollcall_site=") { &mut self.site } else { &mut self.cookie };
            *kept = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answer
    }

    pub(super) async fn end(self) {
        self.serving.abort();
        self.web.mirrors.close().await;
    }
}

pub(super) fn noon() -> Clock {
    Clock::simulated("2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap())
}

async fn simulated() -> Simulator {
    let population = Population { users: 120, ..Population::default() };
    let organization = Organization::populate(&population, Clock::system().now());
    simulator::start(organization, simulator::Options::default()).await.unwrap()
}

/// An organization that a key of [`simulated`] does not open.
async fn other_organization() -> Simulator {
    let population = Population { users: 20, seed: 77, ..Population::default() };
    let organization = Organization::populate(&population, Clock::system().now());
    simulator::start(organization, simulator::Options::default()).await.unwrap()
}

/// Carries out the run that waits, however it ends.
async fn once(app: &App) -> Worked {
    let mirror = app.web.mirrors.only().unwrap();
    let surroundings = Surroundings { clock: app.web.clock.clone(), entropy: app.web.entropy.clone() };
    worker::work_once(&mirror, &app.web.connector, &surroundings).await.unwrap()
}

/// Carries out the run that waits, as the server's worker does.
async fn work(app: &App) {
    let worked = once(app).await;
    assert!(matches!(&worked, Worked::Carried { ended: Ok(_), .. }), "{worked:?}");
}

/// The first address in a page that begins like this.
fn link_in<'p>(page: &'p str, beginning: &str) -> &'p str {
    let start = page.find(&format!("href=\"{beginning}")).unwrap_or_else(|| panic!("no {beginning} in {page}")) + 6;
    page[start..].split('"').next().unwrap()
}

fn plain(address: &str) -> String {
    address.replace("&amp;", "&")
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_link_over_the_key_and_the_first_sync_to_a_person() {
    let simulator = simulated().await;
    let mut app = App::start(Clock::system()).await;

    let asked = app.get("/sign-in").await;
    assert!(asked.body.contains("prints a one-time link"), "{}", asked.body);
    let link = app.link().await;
    assert!(app.get(&link).await.body.contains("Create the administrator"));
    let different = app.post(&link, "username=mira&password=a+long+password&again=another+password").await;
    assert_eq!(different.status, 422);
    assert!(different.body.contains("The two entries of the password differ."));
    let created = app.post(&link, "username=mira&password=a+long+password&again=a+long+password").await;
    assert_eq!((created.status, created.location()), (303, "/setup/organization"));
    let again = app.post(&link, "username=noor&password=a+long+password&again=a+long+password").await;
    assert_eq!(again.status, 410);
    assert!(again.body.contains("This link was used"));

    assert_eq!(app.get("/people").await.location(), "/setup/organization");
    assert!(app.get("/setup/organization").await.body.contains("without scopes"));
    let base_url = simulator.base_url().replace(':', "%3A").replace('/', "%2F");
    let wrong = app.post("/setup/organization", &format!("key=WRONGKEY&base_url={base_url}")).await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.body.contains("WRONGKEY") && wrong.body.contains("role=\"alert\""), "{}", wrong.body);
    assert!(app.web.mirrors.only().is_none());
    let key = simulator.api_key();
    let checked = app.post("/setup/organization", &format!("key={key}&base_url={base_url}")).await;
    assert_eq!(checked.status, 303, "{}", checked.body);
    let named = app.get(checked.location()).await;
    assert!(named.body.contains("The key opens") && !named.body.contains(&key), "{}", named.body);
    let (_, token) = checked.location().split_once("checked=").unwrap();
    let unlabelled = app.post("/setup/organization/key", &format!("checked={token}")).await;
    assert_eq!(unlabelled.status, 422);
    let saved = app.post("/setup/organization/key", &format!("checked={token}&label=Rollcall")).await;
    assert_eq!((saved.status, saved.location()), (303, "/setup/progress"), "{}", saved.body);

    assert!(app.get("/setup/progress").await.body.contains("http-equiv=\"refresh\""));
    assert!(app.get("/people").await.body.contains("The first sync is still running."));
    work(&app).await;
    // The last step proposes the home site and offers mail; it is asked once.
    assert_eq!(app.get("/setup/progress").await.location(), "/setup/finish");
    let last = app.get("/setup/finish").await.body;
    assert!(last.contains("Step 4 of 4") && last.contains("Save and set up mail"), "{last}");
    let homes = crate::sync::edition::homes(&app.web.mirrors.only().unwrap().current());
    let proposed = format!("value=\"{}\" selected", homes[0].id);
    assert!(last.contains(&proposed) && homes[0].people > 0, "the site with most billable people: {last}");
    let chosen = app.post("/setup/finish", &format!("home={}&next=mail", homes.last().unwrap().id)).await;
    assert_eq!((chosen.status, chosen.location()), (303, "/settings/notifications"));
    let edition = app.get("/settings/edition").await.body;
    assert!(edition.contains(&format!("value=\"{}\" selected", homes.last().unwrap().id)), "{edition}");
    assert_eq!(app.get("/setup/progress").await.location(), "/dashboard");

    let first = app.get("/people").await;
    assert_eq!(first.body.matches("<tr>").count(), 51, "a heading and fifty people");
    let next = plain(link_in(&first.body, "/people?after="));
    let second = app.get(&next).await;
    let back = plain(link_in(&second.body, "/people?before="));
    let rows = |body: &str| body.split("<tbody>").nth(1).unwrap_or_default().to_owned();
    let person = link_in(&rows(&first.body), "/people/").to_owned();
    assert_eq!(link_in(&rows(&app.get(&back).await.body), "/people/"), person);
    let shown = app.get(&person).await;
    assert!(shown.status == 200 && shown.body.contains("Open in Atlassian admin"));
    let groups = app.get("/groups?sort=members&order=desc").await;
    let group = link_in(&rows(&groups.body), "/groups/").to_owned();
    assert!(app.get(&group).await.body.contains("members by Atlassian's count"));
    let runs = app.get("/runs").await;
    let run = link_in(&runs.body, "/runs/").to_owned();
    let run = app.get(&run).await;
    assert!(run.body.contains("Group memberships") && run.body.contains(">Complete<"), "{}", run.body);

    let request_key = "0".repeat(52);
    let started = app.post("/runs", &format!("request_key={request_key}")).await;
    let twice = app.post("/runs", &format!("request_key={request_key}")).await;
    assert_eq!((started.status, started.location()), (303, twice.location()));
    let other = app.post("/runs", &format!("request_key={}", "1".repeat(52))).await;
    assert_eq!(other.status, 409);
    assert!(other.body.contains("No second sync was started."));
    let run = started.location().to_owned();
    assert!(app.get(&run).await.body.contains(">Cancel</button>"));
    assert_eq!(app.post(&format!("{run}/cancel"), "").await.location(), run);
    let cancelled = app.get(&run).await.body;
    assert!(cancelled.contains("Cancelled by administrator mira.") && !cancelled.contains(">Cancel</button>"));
    assert!(matches!(once(&app).await, Worked::Idle), "nothing is left to carry out");
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_by_one_of_the_same_organization_and_the_waiting_sync_goes_on() {
    let (simulator, elsewhere) = (simulated().await, other_organization().await);
    let mut app = App::start(noon()).await;
    app.enter().await;
    let base_url = simulator.base_url().replace(':', "%3A").replace('/', "%2F");
    let checked = app.post("/setup/organization", &format!("key={}&base_url={base_url}", simulator.api_key())).await;
    let (_, token) = checked.location().split_once("checked=").unwrap();
    let saved =
        app.post("/setup/organization/key", &format!("checked={token}&label=First&expires_on=2026-12-01")).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    work(&app).await;

    // Every page says that the key will expire, and leads to its replacement.
    let people = app.get("/people").await.body;
    assert!(people.contains("expires soon") && people.contains("in 9 days"), "{people}");
    let overview = app.get("/settings").await.body;
    let at = |text: &str| overview.find(text).unwrap_or_else(|| panic!("no {text} in {overview}"));
    let order =
        ["Organization API Key", ">Dashboard</a></th>", ">User Data Synchronization</a></th>", ">Statistics</a>"];
    assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{overview}");
    assert!(overview.contains("by <bdi>administrator mira") && overview.contains("by nobody yet"), "{overview}");
    let here = "/settings/organization-api-key";
    let old = simulator.api_key();
    let shown = app.get(here).await.body;
    assert!(shown.contains("First") && shown.contains(&old[old.len() - 4..]) && shown.contains("administrator mira"));
    assert!(!shown.contains(&old), "the key is never shown");

    // The old key is revoked: a sync pauses, everything stays readable.
    let new = simulator.rotate_api_key();
    app.post("/runs", &format!("request_key={}", "2".repeat(52))).await;
    assert!(matches!(once(&app).await, Worked::Carried { ended: Err(_), .. }));
    let people = app.get("/people").await;
    assert!(
        people.status == 200
            && people.body.contains("refuses the organization API key.")
            && people.body.contains("Replace the key")
    );

    // Neither nothing, nor a wrong key, nor one of another organization takes its place.
    assert_eq!(app.post(here, "key=").await.status, 422);
    let wrong = app.post(here, "key=WRONGKEY").await;
    assert!(wrong.status == 422 && !wrong.body.contains("WRONGKEY"), "{}", wrong.body);
    let foreign = app.post(here, &format!("key={}", elsewhere.api_key())).await;
    assert_eq!(foreign.status, 422);
    assert!(app.get(here).await.body.contains("First"));

    let checked = app.post(here, &format!("key={new}")).await;
    assert_eq!(checked.status, 303, "{}", checked.body);
    let named = app.get(checked.location()).await.body;
    assert!(named.contains("Replace key") && !named.contains(&new), "{named}");
    let (_, token) = checked.location().split_once("checked=").unwrap();
    let unlabelled = app.post(&format!("{here}/key"), &format!("checked={token}")).await;
    assert_eq!(unlabelled.status, 422, "{}", unlabelled.body);
    let replaced =
        app.post(&format!("{here}/key"), &format!("checked={token}&label=Second&expires_on=2027-06-01")).await;
    assert_eq!((replaced.status, replaced.location()), (303, here), "{}", replaced.body);
    let gone = app.post(&format!("{here}/key"), &format!("checked={token}&label=Third")).await;
    assert_eq!(gone.status, 410, "a checked key is used once");
    let shown = app.get(here).await.body;
    assert!(shown.contains("Second") && !shown.contains("First") && !shown.contains("expires soon"), "{shown}");

    // The sync that waited goes on at once.
    work(&app).await;
    let people = app.get("/people").await.body;
    assert!(!people.contains("The sync waits.") && !people.contains("expires soon"), "{people}");
    app.web.clock.advance(Duration::from_secs(365 * 86_400));
    app.enter_again().await;
    assert!(app.get("/groups").await.body.contains("has expired"));
    app.end().await;
    simulator.stop().await;
    elsewhere.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_slot_is_chosen_and_switching_it_off_is_told_on_every_page() {
    let simulator = simulated().await;
    let mut app = App::start(noon()).await;
    app.enter().await;
    let base_url = simulator.base_url().replace(':', "%3A").replace('/', "%2F");
    let checked = app.post("/setup/organization", &format!("key={}&base_url={base_url}", simulator.api_key())).await;
    let (_, token) = checked.location().split_once("checked=").unwrap();
    app.post("/setup/organization/key", &format!("checked={token}&label=First")).await;
    work(&app).await;
    let here = "/settings/user-data-synchronization";
    let shown = app.get(here).await.body;
    assert!(shown.contains("<option value=\"3\" selected>03:00 - 03:59</option>"), "{shown}");
    assert!(shown.contains("Nobody has chosen a slot yet"), "{shown}");
    assert_eq!(app.post(here, "slot=24").await.status, 422);
    assert_eq!(app.post(here, "slot=5").await.location(), here);
    let shown = app.get(here).await.body;
    assert!(shown.contains("<option value=\"5\" selected>") && shown.contains("administrator mira"), "{shown}");
    assert!(!app.get("/people").await.body.contains("The daily sync is off."));
    app.post(here, "slot=off").await;
    assert!(app.get("/people").await.body.contains("The daily sync is off."));
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_and_other_sites_get_nothing() {
    let mut app = App::start(noon()).await;
    for path in [
        "/dashboard?site=acme",
        "/people?q=a%26b",
        "/people/x",
        "/groups",
        "/groups/x",
        "/runs",
        "/runs/x",
        "/setup/organization",
        "/setup/progress",
        "/settings/dashboard",
        "/settings/statistics",
        "/settings/sites",
        "/settings/user-data-synchronization",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.location().starts_with("/sign-in?next=%2F"), "{path}");
    }
    app.enter().await;
    for headers in [&[][..], &[("Origin", "https://evil.example")], &[("Sec-Fetch-Site", "cross-site")]] {
        let answer = app.send("POST", "/sign-out", headers, "").await;
        assert_eq!(answer.status, 403);
        assert!(answer.body.contains("did not come from a page of this server"));
    }
    assert_eq!(app.get("/people").await.location(), "/setup/organization", "still signed in");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_told_to_be_strict_and_to_keep_nothing_but_the_assets() {
    let mut app = App::start(noon()).await;
    let page = app.get("/sign-in").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("script-src 'self'; connect-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe-inline") && !page.body.contains(" style=") && !page.body.contains("<script"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let style = app.get(link_in(&page.body, "/assets/app-")).await;
    assert_eq!(style.status, 200);
    assert!(style.header("cache-control").unwrap().contains("immutable"));
    assert_eq!(app.get("/assets/app-0.css").await.status, 404);
    let nothing = app.get("/nothing").await;
    assert!(nothing.status == 404 && nothing.body.contains("There is no page at this address."));
    let method = app.post("/groups", "").await;
    assert!(method.status == 405 && method.body.contains("<h1>Not understood</h1>"));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_an_id_on_the_page_and_nothing_of_the_inside() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    let missing = app.get("/nowhere").await;
    assert!(missing.status == 404 && missing.body.contains("<code>err_"), "{}", missing.body);
    app.web.control.close().await;
    let fault = app.get("/people").await;
    assert_eq!(fault.status, 500);
    assert!(fault.body.contains("<code>err_") && !fault.body.contains("store is closed"), "{}", fault.body);
    app.end().await;
}
