//! Every main page before axe-core, in light and in dark, with everything opened that a page keeps closed: nothing that it
//! calls serious or critical may be there.
//!
//! axe-core comes from the npm registry when the test runs, is checked against its digest, and stays in the target
//! folder. Where it cannot be had, the test says that it was left out.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha512};

use super::*;
use crate::support::driver::decode;

const VERSION: &str = "4.14.1";
/// SHA-512 of the package, as the registry tells it.
const INTEGRITY: &str = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==";

/// The source of axe-core; a sentence where it cannot be had.
fn axe() -> Result<String, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let package = folder.join(format!("axe-core-{VERSION}.tgz"));
    if !is_whole(&package) {
        let packed = Command::new("npm")
            .args(["pack", "--silent", &format!("axe-core@{VERSION}"), "--pack-destination"])
            .arg(folder)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("npm cannot be started: {error}"))?;
        if !packed.status.success() {
            return Err(format!("npm has no axe-core {VERSION}: {}", String::from_utf8_lossy(&packed.stderr).trim()));
        }
        assert!(is_whole(&package), "what npm brought is not axe-core {VERSION}");
    }
    let script = Command::new("tar").arg("-xzOf").arg(&package).arg("package/axe.min.js").output();
    let script = script.map_err(|error| format!("tar cannot be started: {error}"))?;
    Ok(String::from_utf8(script.stdout).unwrap())
}

fn is_whole(package: &PathBuf) -> bool {
    let read = std::fs::read(package);
    read.is_ok_and(|bytes| Sha512::digest(&bytes).as_slice() == decode(INTEGRITY).as_slice())
}

/// A browser whose pages are looked through.
struct Looked<'a> {
    driver: &'a Driver,
    axe: String,
    /// What was found: the page and what is the matter there.
    found: Vec<String>,
    pages: usize,
}

impl Looked<'_> {
    /// Looks through the page that is open.
    async fn through(&mut self, name: &str) {
        self.driver.open_details().await;
        for scheme in ["light", "dark"] {
            let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            self.driver.devtools("Emulation.setEmulatedMedia", media).await;
            let script = format!(
                "{};
                for (const motion of document.getAnimations()) motion.finish();
                return axe.run(document, {{ resultTypes: ['violations'] }}).then((seen) => ({{
                    rules: seen.passes.length,
                    violations: seen.violations
                        .filter((one) => ['serious', 'critical'].includes(one.impact))
                        .map((one) => one.id + ': ' + one.help + '\\n' + one.nodes.slice(0, 3)
                            .map((node) => '    ' + node.html.slice(0, 300) + ' ' + (node.failureSummary ?? '')).join('\\n')),
                }}));",
                self.axe
            );
            let seen = self.driver.script(&script).await;
            assert!(seen["rules"].as_u64().is_some_and(|rules| rules > 5), "axe looked at {name}: {seen}");
            let violations = seen["violations"].as_array().unwrap().iter().filter_map(Value::as_str);
            self.found.extend(violations.map(|violation| format!("{name}, {scheme}: {violation}")));
        }
        self.driver.devtools("Emulation.setEmulatedMedia", json!({})).await;
        self.pages += 1;
    }

    async fn at(&mut self, origin: &str, path: &str) {
        self.driver.open(&format!("{origin}{path}")).await;
        self.through(path).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_core_finds_nothing_serious_on_any_page() {
    let axe = match axe() {
        Ok(axe) => axe,
        Err(why) => {
            // Past the test harness, which shows nothing of a test that ends well.
            let text = format!("accessibility check left out: it needs axe-core from the npm registry; {why}\n");
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
            return;
        }
    };
    let organization = Organization::populate(&population(300, 15), Clock::system().now());
    let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
    let (server, driver) = (Server::start(Engine::Sqlite), Driver::start().await);
    let mut looked = Looked { driver: &driver, axe, found: Vec::new(), pages: 0 };

    driver.open(&server.address).await;
    looked.through("set-up").await;
    driver.fill("input[name=username]", "mika").await;
    driver.fill("input[name=password]", PASSWORD).await;
    driver.fill("input[name=again]", PASSWORD).await;
    driver.submit("main form").await;
    looked.through("key").await;
    driver.fill("input[name=base_url]", &simulator.base_url()).await;
    driver.fill("input[name=key]", &simulator.api_key()).await;
    driver.submit("main form").await;
    looked.through("key found").await;
    driver.choose("input[name=listed]").await;
    driver.submit("main form").await;
    driver.wait_for_address("/setup/finish").await;
    looked.through("the last step").await;
    driver.click("button[value=dashboard]").await;
    driver.wait_for_address("/dashboard").await;
    let origin = driver.script("return location.origin").await.as_str().unwrap().to_owned();

    let truth = simulator.read(Organization::truth);
    let (person, group) = (&truth.users[0].account_id, &truth.groups[0].id);
    for path in [
        "/dashboard",
        "/people",
        "/people?q=inactiveFor(jira)%20%3E%3D%2090d&columns=sites,groups,apps,job_title,claim,mfa,seats,added,last_active",
        "/people?q=statos%20%3D%20active",
        "/people?q=nobody-is-called-so",
        &format!("/people/{person}"),
        "/groups",
        &format!("/groups/{group}"),
        "/runs",
        "/attention",
        "/filters?q=status%20%3D%20active",
        "/selections",
        "/selections/paste",
        "/settings/organization-api-key",
        "/settings/sites",
        "/settings/dashboard",
        "/settings/user-data-synchronization",
        "/settings/guards",
        "/settings/actions",
        "/operations",
        "/operations/stop",
        &format!("/operations/new?person={person}"),
        "/settings/statistics?show=on",
        "/settings/edition",
        "/settings/access-tokens",
        "/settings/notifications",
        "/settings/notifications/new-webhook",
        "/settings/notifications/new-webhook?style=automation",
        "/settings/notifications/deliveries",
        "/settings/notifications/reports",
        "/settings/notifications/reports/new?about=dashboard",
        "/nothing-is-here",
    ] {
        looked.at(&origin, path).await;
    }

    driver.open(&format!("{origin}/settings/notifications/new-webhook")).await;
    driver.fill("input[name=name]", "Pager").await;
    driver.fill("input[name=address]", "https://hooks.example.com/").await;
    driver.submit("main form.fields").await;
    looked.through("a webhook refused: no event").await;
    driver.choose("input[name=event]").await;
    driver.submit("main form.fields").await;
    looked.through("a webhook with its secret").await;

    driver.open(&format!("{origin}/runs")).await;
    driver.click("table tbody a").await;
    looked.through("a run").await;
    driver.open(&format!("{origin}/people")).await;
    driver.click("#bar button[value=all]").await;
    looked.through("people, all selected").await;
    driver.click("#bar a").await;
    looked.through("a selection").await;
    driver.open(&format!("{origin}/selections/paste")).await;
    driver
        .script(&format!("document.querySelector('textarea').value = '{person}\\n{person}\\nnobody@x.example'"))
        .await;
    driver.submit("form[action='/selections/paste']").await;
    looked.through("a pasted list").await;
    feeds(&mut looked, &origin).await;
    driver.submit("form[action='/sign-out']").await;
    looked.through("sign-in").await;

    let (found, pages) = (looked.found, looked.pages);
    driver.stop().await;
    drop(server);
    simulator.stop().await;
    assert!(pages > 25, "{pages} pages were looked through");
    assert!(found.is_empty(), "{} serious issues:\n{}", found.len(), found.join("\n"));
}

/// Makes a feed, uploads to it, and looks through its pages.
async fn feeds(looked: &mut Looked<'_>, origin: &str) {
    let driver = looked.driver;
    looked.at(origin, "/feeds").await;
    driver.fill("input[name=name]", "Staff").await;
    driver.fill("input[name=code]", "staff").await;
    driver.submit("main form.fields").await;
    looked.through("a feed").await;
    let field = |source: &str, name: &str| serde_json::json!({ "source": source, "destination": "user", "name": name });
    let control = serde_json::json!({
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": { "users": { "read": "json" } },
        "instructions": [field("id", "username"), field("first", "nameFirst"), field("last", "nameLast"), field("mail", "email")],
    });
    let users = serde_json::json!([
        { "id": "a1", "first": "Ada", "last": "Byron", "mail": "ada@uni.example" },
        { "id": "a2", "first": "Bo", "last": "Ek", "mail": "none" },
    ]);
    for text in [control.to_string(), users.to_string()] {
        driver.open(&format!("{origin}/feeds/staff/upload")).await;
        looked.through("an upload").await;
        let file = serde_json::to_string(&text).unwrap();
        let chosen = "document.querySelector('input[type=file]').files = held.files";
        let script = format!("const held = new DataTransfer(); held.items.add(new File([{file}], 'a.json')); {chosen}");
        driver.script(&script).await;
        driver.submit("main form.fields").await;
    }
    looked.through("a run of a feed").await;
    for path in [
        "/feeds",
        "/feeds/staff",
        "/feeds/staff/configuration",
        "/feeds/staff/keys",
        "/feeds/staff/control",
        "/feeds/staff/accounts",
        "/feeds/staff/accounts/map",
        "/feed-links",
        "/feeds/staff/people",
        "/feeds/staff/errors",
        "/feed-people?q=nobody",
        "/feed-control",
        "/feed-control/generate",
        "/feed-control/try",
    ] {
        looked.at(origin, path).await;
    }
}
