//! Feeds: the first import of a large table, a night that changes two people in a hundred beside the same two files
//! joined by DuckDB, a change applied, JSON, and an upload that must not grow with its file.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll};
use std::time::Duration;

use serde_json::Value;

use crate::feed_step::{Place, Stepped, step};
use crate::meter::{Meter, seconds, show};
use crate::mirror::yardstick;
use crate::nights::{Difference, Nights, control};
use crate::server::Server;

/// The table and the list of the goals have this many records.
const MILLION: u32 = 1_000_000;
const LISTED: u32 = 100_000;

/// What is measured, how large, and with what it is compared.
pub(crate) struct Sizes {
    pub(crate) people: u32,
    /// Megabytes of the file that is uploaded.
    pub(crate) upload: u64,
}

pub(crate) async fn measure(sizes: Sizes, database: Option<String>, python: &str) {
    let files = tempfile::tempdir().unwrap();
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let sqlite = database.is_none();
    let [large, small] = [0, 1].map(|at| Place {
        folder: folders[at].path().to_owned(),
        database: database.clone(),
        prefix: format!("bench{}_{at}_", std::process::id()),
    });
    let written = |read: &str| {
        let path = files.path().join(format!("control-{read}.json"));
        std::fs::write(&path, control(read)).unwrap();
        path
    };
    step(&large, &["make", "staff"]);
    nights(&large, &sizes, (files.path(), &written("csv")), python);
    step(&small, &["make", "staff"]);
    lists(&small, &sizes, (files.path(), &written("json")));
    if sqlite {
        let key = step(&large, &["make", "uploads"]).key().to_owned();
        // Its run waits for a file that never comes, so that nothing is done beside the uploads.
        let three = control("csv").replace(r#""users":{"read":"csv"}"#, r#""small":{},"large":{},"never":{}"#);
        let waiting = files.path().join("control-three.json");
        std::fs::write(&waiting, three.replace("{}", r#"{"read":"csv"}"#)).unwrap();
        step(&large, &["deliver", "uploads", "_control", text(&waiting)]);
        uploads(&large, &key, sizes.upload).await;
    }
    let yardstick = yardstick(100_000);
    println!("yardstick: {} wall, {} cpu", seconds(yardstick.wall), seconds(yardstick.cpu));
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

fn tell(what: &str, took: &Stepped) {
    println!(
        "{what}: {} wall, {} of processor time, peak memory {}, {} written",
        seconds(took.wall),
        seconds(took.cpu),
        megabytes(took.peak),
        megabytes(took.written)
    );
}

/// Delivers a night and compares it.
fn preview(place: &Place, (what, file): (&str, &Path), expected: Difference) -> Stepped {
    let delivered = step(place, &["deliver", "staff", "users", text(file)]);
    tell(&format!("{what}, uploaded"), &delivered);
    let previewed = step(place, &["work", "staff"]);
    tell(&format!("{what}, previewed"), &previewed);
    assert_eq!(previewed.difference(), expected, "{what}");
    previewed
}

fn apply(place: &Place, what: &str) -> Stepped {
    let applied = step(place, &["apply", "staff"]);
    tell(&format!("{what}, applied"), &applied);
    println!("{what}, digests packed for the next comparison: {}", seconds(applied.kept));
    assert_eq!(applied.state(), "complete", "{what}");
    applied
}

/// Three nights of a table of twenty columns.
fn nights(place: &Place, sizes: &Sizes, (files, control): (&Path, &Path), python: &str) {
    let (nights, scale) = (Nights { people: sizes.people }, f64::from(sizes.people) / f64::from(MILLION));
    let file = |night: u32| files.join(format!("night-{night}.csv"));
    for night in 0..3 {
        let bytes = nights.table(night, &file(night));
        println!("night {night}: {} of twenty columns, {}", sizes.people, megabytes(bytes));
    }
    step(place, &["deliver", "staff", "_control", text(control)]);
    let first = preview(place, ("first import", &file(0)), nights.difference(0));
    let imported = apply(place, "first import");
    let whole = first.wall + imported.wall;
    let goal = 40.0 * scale;
    show("first import", seconds(whole), format!("{goal:.1} s"), whole.as_secs_f64() <= goal);

    let second = preview(place, ("second night", &file(1)), nights.difference(1));
    apply(place, "second night");
    let goal = 200e6 * scale.max(0.25);
    show("preview, peak memory", megabytes(second.peak), megabytes(goal as u64), second.peak as f64 <= goal);
    let rivals = [0, 1].map(|threads| joined(python, (&file(0), &file(1)), threads));
    match &rivals {
        [Ok(rival), Ok(alone)] => {
            assert_eq!(rival.difference, nights.difference(1), "DuckDB found something else");
            println!(
                "DuckDB {} joins the same two files in {} with all processors and in {} with one; peak memory {} and {}",
                rival.version,
                seconds(rival.took),
                seconds(alone.took),
                megabytes(rival.peak),
                megabytes(alone.peak)
            );
            let ratio = second.wall.as_secs_f64() / rival.took.as_secs_f64();
            show("preview against DuckDB", format!("{ratio:.2} x"), "1.2 x", ratio <= 1.2);
            let ratio = second.wall.as_secs_f64() / alone.took.as_secs_f64();
            println!("preview against DuckDB with one processor: {ratio:.2} x");
        }
        [Err(why), _] | [_, Err(why)] => {
            println!("DuckDB IS NOT THERE, so the preview is compared with nothing: {python} says: {why}");
            println!("install it (`{python} -m pip install duckdb`), or name another Python with --python");
        }
    }

    preview(place, ("third night", &file(2)), nights.difference(2));
    let changed = apply(place, "third night");
    let people = nights.difference(2).changed;
    let goal = 2.0 * people as f64 / 10_000.0;
    let what = format!("change of {people} people applied");
    show(&what, seconds(changed.wall), format!("{goal:.2} s"), changed.wall.as_secs_f64() <= goal);
}

/// What DuckDB did.
struct Joined {
    version: String,
    took: Duration,
    peak: u64,
    difference: Difference,
}

/// Joins two files in DuckDB, with so many threads, or as many as it likes; or why it cannot.
fn joined(python: &str, (before, after): (&Path, &Path), threads: u32) -> Result<Joined, String> {
    let mut command = Command::new(python);
    command.args(["-c", include_str!("join.py"), text(before), text(after), &threads.to_string()]);
    let output = command.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(said.lines().last().unwrap_or_default().to_owned());
    }
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let count = |name: &str| said[name].as_u64().unwrap();
    Ok(Joined {
        version: said["version"].as_str().unwrap().to_owned(),
        took: Duration::from_secs_f64(said["seconds"].as_f64().unwrap()),
        peak: count("peak"),
        difference: Difference { new: count("new"), gone: count("gone"), changed: count("changed") },
    })
}

/// Two nights of a list of objects.
fn lists(place: &Place, sizes: &Sizes, (files, control): (&Path, &Path)) {
    let people = LISTED.min(sizes.people);
    let nights = Nights { people };
    let file = |night: u32| -> PathBuf { files.join(format!("night-{night}.json")) };
    for night in 0..2 {
        let bytes = nights.list(night, &file(night));
        println!("night {night}: {people} objects of twenty members, {}", megabytes(bytes));
    }
    step(place, &["deliver", "staff", "_control", text(control)]);
    preview(place, ("first list", &file(0)), nights.difference(0));
    apply(place, "first list");
    let second = preview(place, ("second list", &file(1)), nights.difference(1));
    let goal = f64::from(people) / f64::from(LISTED);
    let what = format!("preview of {people} JSON records");
    show(&what, seconds(second.wall), format!("{goal:.1} s"), second.wall.as_secs_f64() <= goal);
}

/// An upload to a server, small and large.
async fn uploads(place: &Place, key: &str, large: u64) {
    let server = Server::start(&place.folder);
    let mut more = Vec::new();
    for (name, size) in [("small", large / 10), ("large", large)] {
        server.forget_peak();
        let before = server.usage().now;
        let meter = Meter::start();
        send(&server, (key, name), size << 20).await;
        let took = meter.stop().wall;
        let peak = server.usage().peak;
        println!(
            "upload of {size} MiB: {}, {:.0} MB a second, peak memory {}, before it {}",
            seconds(took),
            (size << 20) as f64 / 1e6 / took.as_secs_f64(),
            megabytes(peak),
            megabytes(before)
        );
        more.push(peak.saturating_sub(before));
    }
    let grown = more[1].saturating_sub(more[0]);
    show("memory that ten times the file takes", megabytes(grown), "16 MB", grown <= 16 << 20);
}

/// Sends so many bytes of a file in one request.
async fn send(server: &Server, (key, name): (&str, &str), bytes: u64) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().build().unwrap();
    let to = format!("http://{}/api/v1/feeds/uploads/files/{name}", server.address);
    let body = reqwest::Body::wrap_stream(Lines { left: bytes, next: 0 });
    let sent = client.put(to).basic_auth("haplo", Some(key)).body(body).send().await.unwrap();
    assert_eq!(sent.status(), 200, "{}", sent.text().await.unwrap());
    let said: Value = serde_json::from_str(&sent.text().await.unwrap()).unwrap();
    assert_eq!(said["size"].as_u64(), Some(bytes));
}

/// Lines of a table that nobody holds.
struct Lines {
    left: u64,
    next: u64,
}

impl futures_core::Stream for Lines {
    type Item = Result<Vec<u8>, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut lines = Vec::with_capacity(66 << 10);
        while lines.len() < 64 << 10 {
            let line = format!("u{:08},First,Last,{:x}@example.org,office\n", self.next, self.next * 0x9e37_79b9);
            lines.extend(line.bytes());
            self.next += 1;
        }
        lines.truncate(lines.len().min(self.left.try_into().unwrap_or(usize::MAX)));
        self.left -= lines.len() as u64;
        Poll::Ready(Some(Ok(lines)))
    }
}
