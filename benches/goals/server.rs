//! Rollcall as a process of its own, on a folder that was filled before.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::simulated::SEALING;

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    link: String,
}

/// What a process took so far: processor time, and the most memory it has had since this was last forgotten.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) peak: u64,
    pub(crate) now: u64,
}

impl Server {
    pub(crate) fn start(folder: &std::path::Path) -> Server {
        let key = folder.join("sealing.key");
        std::fs::write(&key, SEALING.map(|byte| format!("{byte:02x}")).concat()).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .env("ROLLCALL_KEY_FILE", &key)
            .env("ROLLCALL_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("http://")).unwrap();
        let (_, place) = line.split_once("http://").unwrap();
        let (address, link) = place.split_once('/').unwrap();
        Server { child, address: address.parse().unwrap(), link: format!("/{link}") }
    }

    /// Creates the administrator; the cookie of their session.
    pub(crate) async fn sign_up(&self) -> Arc<str> {
        let password = "long enough for a benchmark";
        let entered = format!("username=bench&password={password}&again={password}").replace(' ', "+");
        let answer = self.send("", (&self.link, entered)).await;
        let cookie = answer.headers().get("set-cookie").unwrap_or_else(|| panic!("{}", answer.status()));
        cookie.to_str().unwrap().split(';').next().unwrap().into()
    }

    /// Sends a form as the administrator, who is sent on from it.
    pub(crate) async fn post(&self, cookie: &str, form: (&str, String)) {
        let answer = self.send(cookie, form).await;
        assert_eq!(answer.status(), 303, "{}", answer.text().await.unwrap());
    }

    async fn send(&self, cookie: &str, (path, entered): (&str, String)) -> reqwest::Response {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let asked = client
            .post(format!("http://{}{path}", self.address))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", format!("http://{}", self.address))
            .header("cookie", cookie);
        asked.body(entered).send().await.unwrap()
    }

    pub(crate) fn usage(&self) -> Usage {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap();
        let status = read("status");
        let memory = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
        };
        let stat = read("stat");
        let times: Vec<u64> =
            stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11).take(2).map(|n| n.parse().unwrap()).collect();
        // Linux counts hundredths of a second here, whatever its own clock.
        let cpu = Duration::from_millis((times[0] + times[1]) * 10);
        Usage { cpu, peak: memory("VmHWM:"), now: memory("VmRSS:") }
    }

    /// Lets the peak begin anew.
    pub(crate) fn forget_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
