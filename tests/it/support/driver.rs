//! A headless Chromium, driven through chromedriver's WebDriver protocol (W3C), which is plain HTTP and JSON.

#![expect(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "without a browser no test can go on; it works in real time"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

const MISSING: &str = "the browser test needs chromedriver in PATH: install the packages chromium and chromium-driver \
                       (Debian), chromium-browser and chromium-chromedriver (Ubuntu)";
/// The name under which WebDriver gives elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// How long a page may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one window.
pub(crate) struct Driver {
    child: Child,
    client: reqwest::Client,
    session: String,
    profile: tempfile::TempDir,
}

/// Starts a driver, and reads on which port it listens. It takes a free one of IPv4 and the same one of IPv6, which
/// somebody else may have: then it ends at once.
fn listening() -> Option<(Child, u16)> {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
    let lines = BufReader::new(child.stdout.take().expect("it was piped")).lines().map_while(Result::ok);
    let port = lines
        .filter_map(|line| line.rsplit_once("on port ").map(|(_, port)| port.trim_end_matches('.').to_owned()))
        .find_map(|port| port.parse::<u16>().ok().filter(|port| *port > 0));
    match port {
        Some(port) => Some((child, port)),
        None => {
            let _ = child.kill();
            let _ = child.wait();
            None
        }
    }
}

impl Driver {
    pub(crate) async fn start() -> Driver {
        let (child, port) = (0..5).find_map(|_| listening()).expect("chromedriver prints its port");
        let profile = tempfile::tempdir().unwrap();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        // The library wants one even for plain HTTP; another test may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let asked = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": arguments } } } });
        let base = format!("http://127.0.0.1:{port}/session");
        let answer = client.post(&base).json(&asked).send().await.unwrap().json::<Value>().await.unwrap();
        let id = answer["value"]["sessionId"].as_str().unwrap_or_else(|| panic!("no browser: {answer}"));
        Driver { child, client, session: format!("{base}/{id}"), profile }
    }

    pub(crate) async fn open(&self, address: &str) {
        self.post("/url", json!({ "url": address })).await;
    }

    /// Types into a field, in place of what is in it.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.post(&format!("/element/{element}/clear"), json!({})).await;
        self.post(&format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    /// Presses a form's own button, and waits until the next page is there.
    pub(crate) async fn submit(&self, form: &str) {
        self.click(&format!("{form} button[type=submit]")).await;
    }

    /// Picks one of several choices; the page stays.
    pub(crate) async fn choose(&self, selector: &str) {
        let element = self.find(selector).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    /// Clicks, and waits until the page that follows is there.
    pub(crate) async fn click(&self, selector: &str) {
        let before = self.find("html").await;
        loop {
            let element = self.find(selector).await;
            let clicked = self.post(&format!("/element/{element}/click"), json!({})).await;
            // A live page may have put another element in its place just now.
            if clicked["error"] != "stale element reference" {
                break;
            }
        }
        for _ in 0..PATIENCE.as_millis() / 50 {
            let now = self.post("/element", json!({ "using": "css selector", "value": "html" })).await;
            if now[ELEMENT].as_str().is_some_and(|now| now != before) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("nothing followed the click on {selector}: {}", self.text().await);
    }

    /// Opens what a page keeps closed at first.
    pub(crate) async fn open_details(&self) {
        self.script("document.querySelectorAll('details').forEach(details => { details.open = true })").await;
    }

    /// What a reader sees.
    pub(crate) async fn text(&self) -> String {
        let text = self.script("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page leads to an address by itself.
    pub(crate) async fn wait_for_address(&self, path: &str) {
        for _ in 0..PATIENCE.as_millis() / 100 {
            let here = self.script("return location.pathname").await;
            if here.as_str() == Some(path) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the page never led to {path}: {}", self.text().await);
    }

    /// Waits until a reader sees this.
    pub(crate) async fn wait_for_text(&self, text: &str) {
        for _ in 0..PATIENCE.as_millis() / 100 {
            if self.text().await.contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the page never said {text}: {}", self.text().await);
    }

    /// Waits until a script answers with true.
    pub(crate) async fn wait_for(&self, script: &str) {
        for _ in 0..PATIENCE.as_millis() / 100 {
            if self.script(script).await.as_bool() == Some(true) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("it never came to {script}: {}", self.text().await);
    }

    /// A command of the developer tools, which Chromium's driver passes on.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    pub(crate) async fn stop(self) {
        let _ = self.client.delete(&self.session).send().await;
    }

    async fn find(&self, selector: &str) -> String {
        let found = self.post("/element", json!({ "using": "css selector", "value": selector })).await;
        match found[ELEMENT].as_str() {
            Some(element) => element.to_owned(),
            None => panic!("nothing on the page is {selector}: {}", self.text().await),
        }
    }

    /// Runs a script on the page, and waits for what it promises.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let sent = self.client.post(format!("{}{path}", self.session)).json(&body).send().await.unwrap();
        sent.json::<Value>().await.unwrap()["value"].take()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A driver that is killed leaves its browser behind: every process that was told this test's profile is ended.
        let profile = self.profile.path().display().to_string();
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let told = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let number = process.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(number) = number.filter(|_| String::from_utf8_lossy(&told).contains(&profile)) {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(number), nix::sys::signal::Signal::SIGKILL);
            }
        }
    }
}

/// Reads base 64 (RFC 4648), as pictures come.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        held = held << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}
