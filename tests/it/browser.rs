//! One walk through the pages as an administrator takes it, in headless Chromium, on both databases: from the link that
//! the server prints at its first start to the list of people.
//!
//! With ROLLCALL_SCREENSHOTS=FOLDER it leaves a picture of each page, wide and narrow, light and dark.

mod accessibility;
mod contacts;
mod drift;
mod find;
mod house;
mod live;
mod operations;
mod seats;
mod sites;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use clock::Clock;
use serde_json::{Value, json};
use simulator::Organization;

use crate::support::app::{ENGINES, Engine, population};
use crate::support::driver::Driver;
use crate::support::postgres;

const PASSWORD: &str = "a long enough password";

/// `rollcall serve` in a process of its own.
struct Server {
    child: Child,
    /// What it printed: the set-up link at its first start.
    address: String,
    /// The database's address, on PostgreSQL.
    database: Option<String>,
    folder: tempfile::TempDir,
}

impl Server {
    fn start(engine: Engine) -> Server {
        let database = (engine == Engine::Postgres).then(|| postgres::server().database());
        Server::on(tempfile::tempdir().unwrap(), database)
    }

    /// Ends it without a word, as a power cut would, and starts it again on what it has left.
    fn restart(mut self) -> Server {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        Server::on(folder, self.database.clone())
    }

    fn on(folder: tempfile::TempDir, database: Option<String>) -> Server {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path());
        command.env("ROLLCALL_KEY_FILE", folder.path().join("sealing.key"));
        if let Some(database) = &database {
            command.arg("--database").arg(database);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines
            .filter_map(|line| line.find("http://").map(|start| line[start..].trim().to_owned()))
            .next()
            .expect("the server prints its address");
        Server { child, address, database, folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w1_from_the_set_up_link_to_the_list_of_people() {
    let now = Clock::system().now();
    for engine in ENGINES {
        let organization = Organization::populate(&population(300, 11), now);
        let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
        let server = Server::start(engine);
        let driver = Driver::start().await;
        let pictures = Pictures::new(engine);

        driver.open(&server.address).await;
        pictures.take(&driver, "set-up").await;
        driver.fill("input[name=username]", "mika").await;
        driver.fill("input[name=password]", PASSWORD).await;
        driver.fill("input[name=again]", PASSWORD).await;
        driver.submit("main form").await;
        assert!(driver.text().await.contains("API key"), "{}", driver.text().await);

        // A wrong key is answered with a sentence, and nothing is saved.
        driver.open_details().await;
        driver.fill("input[name=base_url]", &simulator.base_url()).await;
        driver.fill("input[name=key]", "ATCTT3xFfGN0-wrong").await;
        driver.submit("main form").await;
        assert!(driver.text().await.contains("Atlassian refused the organization API key"), "{}", driver.text().await);
        pictures.take(&driver, "wrong-key").await;

        driver.open_details().await;
        driver.fill("input[name=base_url]", &simulator.base_url()).await;
        driver.fill("input[name=key]", &simulator.api_key()).await;
        driver.submit("main form").await;
        let found = driver.text().await;
        assert!(
            found.contains(&simulator.organization_name()),
            "the organization is named before it is saved: {found}"
        );
        pictures.take(&driver, "found").await;
        driver.choose("input[name=listed]").await;
        driver.submit("main form").await;

        // The first sync starts by itself and leads to the last step, which offers mail; then to the dashboard, whose
        // tiles add up.
        driver.wait_for_address("/setup/finish").await;
        pictures.take(&driver, "finish").await;
        driver.click("button[value=dashboard]").await;
        driver.wait_for_address("/dashboard").await;
        dashboard_adds_up(&driver).await;
        pictures.take(&driver, "dashboard").await;
        driver.click("nav a[href='/people']").await;
        let truth = simulator.read(|organization| organization.truth());
        let people = driver.text().await;
        assert!(people.contains(&truth.users.len().to_string()), "{} people are counted: {people}", truth.users.len());
        pictures.take(&driver, "people").await;

        let somebody = truth.users.iter().find(|user| user.email.is_some() && !user.directories.is_empty()).unwrap();
        let email = somebody.email.as_deref().unwrap();
        driver.fill("input[name=q]", email).await;
        driver.submit("form[role=search]").await;
        assert!(driver.text().await.contains(email));
        driver.click("table tbody a").await;
        let person = driver.text().await;
        assert!(person.contains(&somebody.account_id) && person.contains(&somebody.name), "{person}");
        pictures.take(&driver, "person").await;

        driver.click("nav a[href='/groups']").await;
        pictures.take(&driver, "groups").await;
        driver.click("table tbody a").await;
        pictures.take(&driver, "group").await;
        driver.click("nav a[href='/runs']").await;
        assert!(driver.text().await.contains("1"), "the first run is listed");
        pictures.take(&driver, "runs").await;
        driver.click("table tbody a").await;
        let run = driver.text().await;
        assert!(run.contains("complete") || run.contains("Complete"), "the run's claims are shown: {run}");
        pictures.take(&driver, "run").await;
        driver.click("nav a[href='/settings']").await;
        let key = driver.text().await;
        assert!(key.contains("Organization API Key") && !key.contains(&simulator.api_key()), "{key}");
        pictures.take(&driver, "settings").await;
        driver.click("main a[href='/settings/user-data-synchronization']").await;
        pictures.take(&driver, "settings-sync").await;
        driver.click("main a[href='/settings/dashboard']").await;
        pictures.take(&driver, "settings-dashboard").await;
        driver.click("main a[href='/settings/statistics']").await;
        assert!(!driver.text().await.contains("Total users"), "closed at first");
        driver.click("main a[href='/settings/statistics?show=on']").await;
        let statistics = driver.text().await;
        assert!(statistics.contains("Total users") && statistics.contains("Total groups"), "{statistics}");
        driver.choose("input[name=group]").await;
        driver.submit("form#groups").await;
        assert!(driver.text().await.contains("Managed by"), "{}", driver.text().await);
        pictures.take(&driver, "settings-statistics").await;

        driver.stop().await;
        drop(server);
        simulator.stop().await;
    }
}

/// In each tile the shares that do not overlap sum to its seats, and `/` leads to them.
async fn dashboard_adds_up(driver: &Driver) {
    let tiles = driver
        .script(
            "const number = (tile, selector) => [...tile.querySelectorAll(selector)]
                .reduce((sum, one) => sum + Number(one.textContent.replaceAll(',', '')), 0);
            const shares = '.active .num:first-child, .part .num:first-child, .unknown .num:first-child, .service .num:first-child';
            return [...document.querySelectorAll('section.tile')].map(tile =>
                [tile.ariaLabel, number(tile, '.total b'), number(tile, shares)]);",
        )
        .await;
    let tiles = tiles.as_array().unwrap();
    assert!(tiles.iter().any(|tile| tile[1].as_f64().unwrap() > 0.0), "somebody takes a seat: {tiles:?}");
    for tile in tiles {
        assert_eq!(tile[1], tile[2], "{tile}");
    }
}

/// Sets up the administrator and the simulated organization, and waits for its people.
async fn set_up(driver: &Driver, server: &Server, simulator: &simulator::Simulator) {
    driver.open(&server.address).await;
    driver.fill("input[name=username]", "mika").await;
    driver.fill("input[name=password]", PASSWORD).await;
    driver.fill("input[name=again]", PASSWORD).await;
    driver.submit("main form").await;
    driver.open_details().await;
    driver.fill("input[name=base_url]", &simulator.base_url()).await;
    driver.fill("input[name=key]", &simulator.api_key()).await;
    driver.submit("main form").await;
    driver.choose("input[name=listed]").await;
    driver.submit("main form").await;
    driver.wait_for_address("/setup/finish").await;
    driver.click("button[value=dashboard]").await;
    driver.wait_for_address("/dashboard").await;
    driver.click("nav a[href='/people']").await;
}

/// Takes pictures where somebody asked for them.
struct Pictures(Option<(PathBuf, Engine)>);

impl Pictures {
    #[expect(clippy::disallowed_methods, reason = "how somebody asks a test for pictures")]
    fn new(engine: Engine) -> Pictures {
        Pictures(std::env::var_os("ROLLCALL_SCREENSHOTS").map(|folder| (folder.into(), engine)))
    }

    async fn take(&self, driver: &Driver, page: &str) {
        let Some((folder, Engine::Sqlite)) = &self.0 else { return };
        for scheme in ["light", "dark"] {
            for (width, height) in [(1280, 900), (390, 844)] {
                let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
                driver.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
                let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
                driver.devtools("Emulation.setEmulatedMedia", media).await;
                let picture = driver.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
                let Value::String(picture) = &picture["data"] else { panic!("no picture: {picture}") };
                let path = folder.join(format!("{page}-{scheme}-{width}.png"));
                std::fs::write(path, crate::support::driver::decode(picture)).unwrap();
            }
        }
        driver.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
        driver.devtools("Emulation.setEmulatedMedia", json!({})).await;
    }
}
