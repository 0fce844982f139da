//! The command line as somebody types it: what each command prints, and how it ends.

mod contacts;
mod reports;
mod token;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use clock::Clock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rollcall::id::{AdministratorId, Entropy};
use rollcall::mirror::Mirror;
use rollcall::mirror::filters;
use rollcall::mirror::mirrors::{Databases, Mirrors};
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::saved_filter::Audience;
use rollcall::store::db::Options;
use serde_json::Value;

/// A program that goes on until it is told to end.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(arguments: &[&str], folder: &Path) -> Running {
        let mut child = command(arguments, folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    /// The next line that contains a text.
    fn line_with(&mut self, text: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        lines.find(|line| line.contains(text)).unwrap_or_else(|| panic!("it never printed {text:?}"))
    }

    /// Ends it as Ctrl-C does, and gives its exit code.
    fn interrupt(mut self) -> Option<i32> {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.args(arguments).env("HOME", folder).env("ROLLCALL_DATA", folder.join("data"));
    command.env("ROLLCALL_KEY_FILE", folder.join("data/demo-sealing.key"));
    command
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    command(arguments, folder).output().unwrap()
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn a_demo_is_read_beside_synced_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data");
    let demo = ["demo", "--users", "60", "--past", "0", "--port", "0", "--data", data.to_str().unwrap()];
    let mut demo = Running::start(&demo, folder);
    assert!(demo.line_with("http://").contains("/setup/"), "the first start prints a link to create the administrator");

    // Another process cannot act on the folder: the work is handed to the server, and followed.
    let synced = run(&["sync"], folder);
    assert_eq!(synced.status.code(), Some(0), "{}", said(&synced));
    assert!(said(&synced).contains("sealed generation"), "{}", said(&synced));
    assert_eq!(run(&["migrate"], folder).status.code(), Some(5), "the place is held");
    assert_eq!(run(&["serve"], folder).status.code(), Some(5), "the place is held");

    let listed = run(&["users", "--json", "--limit", "1000"], folder);
    let people: Vec<Value> =
        String::from_utf8(listed.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(people.len(), 60);
    assert!(people.iter().all(|person| person["account_id"].is_string() && person["groups"].is_array()));
    let name = people[7]["name"].as_str().unwrap();
    let found = run(&["users", name], folder);
    assert!(said(&found).contains(name), "{}", said(&found));
    let sorted = run(&["users", "--sort", "name", "--json"], folder);
    assert_eq!(String::from_utf8(sorted.stdout).unwrap().lines().count(), 60);
    let nobody = run(&["users", "nobody-is-called-this"], folder);
    assert!(said(&nobody).contains("Nobody matches. 60 people"), "{}", said(&nobody));
    let odd = run(&["users", "--status", "sleepy"], folder);
    assert_eq!(odd.status.code(), Some(3));
    assert!(said(&odd).contains("There is no status sleepy") && said(&odd).contains("suspended"), "{}", said(&odd));

    filters_are_answered(folder, &people);
    days_that_are_not_known_are_refused(folder);
    seats_are_counted(folder);
    people_are_acted_on(folder, &people);

    let runs = run(&["runs"], folder);
    assert!(said(&runs).contains("initial") && said(&runs).contains("sealed"), "{}", said(&runs));
    assert!(said(&runs).contains("everything"), "what it read is told: {}", said(&runs));
    assert!(said(&run(&["runs", "--kind", "initial", "--state", "sealed"], folder)).contains("initial"));
    let none = run(&["runs", "--kind", "daily"], folder);
    assert!(none.status.success() && !said(&none).contains("initial"), "{}", said(&none));
    let wrong = run(&["runs", "--state", "nowhere"], folder);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("queued, running, waiting, sealed"), "{}", said(&wrong));
    let shown = run(&["runs", "1"], folder);
    assert!(said(&shown).contains("memberships") && said(&shown).contains("complete"), "{}", said(&shown));
    assert_eq!(run(&["runs", "99"], folder).status.code(), Some(3));

    let verified = run(&["audit", "verify"], folder);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    assert_eq!(said(&verified).matches("the chain holds").count(), 2, "{}", said(&verified));
    let sealed = run(&["audit", "list", "--kind", "sync.sealed"], folder);
    assert!(
        said(&sealed).contains("Rollcall sealed a sync") && !said(&sealed).contains("sync.asked"),
        "{}",
        said(&sealed)
    );
    let lines = run(&["audit", "list", "--json"], folder);
    assert!(said(&lines).contains("\"kind\":\"sync.asked\""), "{}", said(&lines));
    assert!(said(&run(&["audit", "list", "--csv"], folder)).starts_with("event,at,who,"));
    assert_eq!(run(&["audit", "list", "--from", "yesterday"], folder).status.code(), Some(2));
    assert_eq!(run(&["audit", "erase", "nobody"], folder).status.code(), Some(3));

    let doctor = run(&["doctor"], folder);
    assert_eq!(doctor.status.code(), Some(0), "{}", said(&doctor));
    assert!(
        said(&doctor).contains("the chain holds") && said(&doctor).contains("Atlassian answers"),
        "{}",
        said(&doctor)
    );

    assert_eq!(demo.interrupt(), Some(0), "Ctrl-C ends it cleanly");
    // Without the server the folder can be read and acted on again.
    assert_eq!(run(&["users", "--limit", "1"], folder).status.code(), Some(0));
    assert_eq!(run(&["migrate"], folder).status.code(), Some(0));
    keep_a_filter(&data);
    let filters = printed(&["filters"], folder);
    let row = filters.lines().nth(1).unwrap_or_default();
    assert!(row.starts_with("Gone quiet  inactiveFor(jira) >= 90d  mira   everybody  "), "{filters}");
    let kept: Value = serde_json::from_str(&printed(&["filters", "--json"], folder)).unwrap();
    assert_eq!((&kept["filter"], &kept["shared"]), (&"inactiveFor(jira) >= 90d".into(), &true.into()));
    // The simulated organization is gone: the run waits, and the exit code says that it was refused.
    let unreachable = run(&["sync"], folder);
    assert_eq!(unreachable.status.code(), Some(3), "{}", said(&unreachable));
    assert!(said(&unreachable).contains("could not be reached"), "{}", said(&unreachable));
    assert_eq!(run(&["users", "--limit", "1"], folder).status.code(), Some(0), "everything stays readable");
}

fn printed(arguments: &[&str], folder: &Path) -> String {
    let output = run(arguments, folder);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The demo was read today for the first time: no day before it is known, and today is the present.
fn days_that_are_not_known_are_refused(folder: &Path) {
    let today = Clock::system().now().to_zoned(jiff::tz::TimeZone::system()).date();
    for (day, why) in [
        ("2020-02-01".to_owned(), "the first sync was sealed on"),
        ("2020-02-31".to_owned(), "is not a day"),
        (today.saturating_add(jiff::Span::new().days(3)).to_string(), "is in the future"),
    ] {
        let refused = run(&["users", "--count", "--as-of", &day], folder);
        assert_eq!(refused.status.code(), Some(3), "{day}: {}", said(&refused));
        assert!(refused.stdout.is_empty() && said(&refused).contains(why), "{day}: {}", said(&refused));
    }
}

/// Counts, lists and refuses by filter, as the lines of `--json` of everybody are.
fn filters_are_answered(folder: &Path, people: &[Value]) {
    let suspended: Vec<&str> = (people.iter().filter(|person| person["status"] == "suspended"))
        .map(|person| person["account_id"].as_str().unwrap())
        .collect();
    let count = printed(&["users", "status = suspended", "--count"], folder);
    assert_eq!(count, format!("{}\n", suspended.len()));
    let lines = printed(&["users", "status = suspended", "--csv"], folder);
    let mut reader = csv::Reader::from_reader(lines.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().take(4).collect::<Vec<_>>(), ["name", "email", "account id", "status"]);
    let ids: Vec<String> = reader.records().map(|record| record.unwrap()[2].to_owned()).collect();
    assert_eq!(ids, suspended, "the same people in the same order");

    let all = printed(&["users", "--csv"], folder);
    assert_eq!(csv::Reader::from_reader(all.as_bytes()).records().count(), 60);
    let names = |order: &str| -> Vec<String> {
        let lines = printed(&["users", order, "--json"], folder);
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].to_string()).collect()
    };
    let mut backward = names("order by name desc");
    backward.reverse();
    assert_eq!(backward, names("order by name"));
    assert_eq!(printed(&["users", "order by name", "--csv", "--limit", "2"], folder).lines().count(), 3);

    let wrong = run(&["users", "staus = suspended OR name ~ a", "--csv"], folder);
    assert_eq!(wrong.status.code(), Some(3));
    assert_eq!(String::from_utf8(wrong.stdout).unwrap(), "", "nobody is listed by a filter with errors");
    let drawn = String::from_utf8(wrong.stderr).unwrap();
    let expected =
        "error: There is no field staus.\n  staus = suspended OR name ~ a\n  ^^^^^\n  Did you mean status?\n";
    assert_eq!(drawn, expected);
    let twice = run(&["users", "order by name", "--sort", "email"], folder);
    assert_eq!(twice.status.code(), Some(3), "{}", said(&twice));
    assert_eq!(run(&["users", "--csv", "--json"], folder).status.code(), Some(2));
    assert!(said(&run(&["filters"], folder)).contains("No filter is saved yet."));
}

/// Keeps a filter as the page does.
/// The table and the object tell the same, and the shares of each add up.
fn seats_are_counted(folder: &Path) {
    let told: Value = serde_json::from_str(&printed(&["stats", "--json", "--threshold", "30d"], folder)).unwrap();
    let number = |of: &Value, name: &str| of[name].as_u64().unwrap_or_else(|| panic!("{name} of {of}"));
    let shares = |of: &Value| {
        ["active", "inactive", "unknown", "service_accounts"].iter().map(|name| number(of, name)).sum::<u64>()
    };
    assert_eq!((number(&told, "people"), &told["threshold"]), (60, &"30d".into()));
    assert!(number(&told, "seats") > 0 && number(&told, "groups") > 0, "{told}");
    assert_eq!(shares(&told), number(&told, "seats"));
    let apps = told["apps"].as_array().unwrap();
    assert_eq!(apps.iter().map(|app| number(app, "seats")).sum::<u64>(), number(&told, "seats"));
    assert!(apps.iter().all(|app| shares(app) == number(app, "seats")), "{told}");
    assert_eq!(told["cost_a_month"], serde_json::json!({}), "nobody has entered a price");
    let table = printed(&["stats", "--threshold", "30d"], folder);
    let last: Vec<&str> = table.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!(last[..3], ["all", &*told["seats"].to_string(), &*told["active"].to_string()], "{table}");
    let site = apps[0]["sites"][0]["site"].as_str().unwrap();
    let one: Value = serde_json::from_str(&printed(&["stats", "--json", "--site", site], folder)).unwrap();
    assert!(number(&one, "seats") < number(&told, "seats"), "one of several sites: {one}");
    let wrong = run(&["stats", "--site", "nowhere"], folder);
    assert!(wrong.status.code() == Some(3) && said(&wrong).contains(site), "{}", said(&wrong));
    assert_eq!(run(&["stats", "--threshold", "soon"], folder).status.code(), Some(2));
}

fn keep_a_filter(data: &Path) {
    inside(data, async |mirror, context, entropy| {
        let kept =
            filters::kept(&mirror.current(), ("Gone quiet", ""), "inactivefor( jira )>=90d", Audience::Everybody);
        filters::save(context, mirror, kept.unwrap(), entropy).await.unwrap();
    });
}

/// Does something in a data folder that no server holds, as an administrator does on the pages.
fn inside(data: &Path, work: impl AsyncFnOnce(&Mirror, &Context, &Entropy)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clock = Clock::system();
        let mirrors = Mirrors::open(Databases::Folder(data.to_owned()), Options::new(clock.clone())).await.unwrap();
        let entropy = Entropy::seeded(1);
        let actor = Actor::Administrator {
            id: AdministratorId::new(&entropy, clock.now()),
            username: "mira".to_owned(),
            source: None,
        };
        work(&mirrors.only().unwrap(), &Context { actor, now: clock.now() }, &entropy).await;
        mirrors.close().await;
    });
}

#[test]
fn a_simulated_organization_prints_what_a_client_needs() {
    let folder = tempfile::tempdir().unwrap();
    let mut simulated = Running::start(&["simulate", "--port", "0", "--users", "20"], folder.path());
    assert!(simulated.line_with("organization").len() > 40);
    assert!(simulated.line_with("api  ").contains("http://127.0.0.1:"));
    assert!(simulated.line_with("api key").contains("ATCTT"));
    assert!(simulated.line_with("site").contains("/site/"));
    simulated.line_with("ready");
    assert_eq!(simulated.interrupt(), Some(0));
}

/// A plan is shown before anything is sent; with the number of its rows it is carried out, and taken back.
fn people_are_acted_on(folder: &Path, people: &[Value]) {
    let ordinary = |person: &&Value| {
        person["status"] == "active" && person["platform_roles"].as_array().is_some_and(Vec::is_empty)
    };
    let ids: Vec<&str> = people.iter().filter(ordinary).filter_map(|person| person["account_id"].as_str()).collect();
    let suspend = |id: &str, yes: Option<&str>| {
        let filter = format!("accountId = \"{id}\"");
        let mut arguments = vec!["act", filter.as_str(), "--suspend"];
        arguments.extend(yes.into_iter().flat_map(|yes| ["--yes", yes]));
        run(&arguments, folder)
    };
    // Whoever is the last administrator of something is refused; the first who is not is taken.
    let plan = |id: &&&str| said(&suspend(id, None)).contains("To be done: 1 rows for 1 people");
    let id = ids.iter().find(plan).expect("somebody may be suspended");
    assert!(said(&suspend(id, None)).contains("Nothing was sent. Carry it out with --yes 1."));
    let other = suspend(id, Some("7"));
    assert_eq!(other.status.code(), Some(3), "{}", said(&other));
    let done = suspend(id, Some("1"));
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(said(&done).contains("1 verified"), "{}", said(&done));
    let number =
        said(&done).lines().find_map(|line| line.strip_prefix("Take it back with: rollcall undo ").map(str::to_owned));
    let number = number.unwrap();
    let suspended = said(&run(&["users", "--status", "suspended", "--json"], folder));
    assert!(suspended.contains(id), "{suspended}");
    let shown = run(&["operations", &number, "--json"], folder);
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["items"][0]["status"], "succeeded", "{shown}");
    assert_eq!((&shown["items"][0]["before"], &shown["items"][0]["after"]), (&"active".into(), &"suspended".into()));
    assert!(said(&run(&["operations", &number, "--csv"], folder)).starts_with("row,account id,name"));
    let undone = run(&["undo", &number, "--yes", "1"], folder);
    assert_eq!(undone.status.code(), Some(0), "{}", said(&undone));
    assert!(said(&run(&["operations"], folder)).contains("undo"));
    assert_eq!(run(&["stop", "--reason", "A rehearsal."], folder).status.code(), Some(0));
    let stopped = suspend(id, Some("1"));
    assert!(stopped.status.code() == Some(3) && said(&stopped).contains("Everything is stopped"), "{}", said(&stopped));
    assert_eq!(run(&["release", "--reason", "It is over."], folder).status.code(), Some(0));
    let nowhere = run(&["act", "status = active", "--remove-app-access", "abacus@nowhere"], folder);
    assert!(nowhere.status.code() == Some(3) && said(&nowhere).contains("Name one of"), "{}", said(&nowhere));
}

#[test]
fn wrong_use_is_told_from_refusal_and_names_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(run(&["frobnicate"], folder).status.code(), Some(2));
    assert_eq!(run(&["demo", "--users", "3"], folder).status.code(), Some(2));
    let nothing = run(&["users"], folder);
    assert_eq!(nothing.status.code(), Some(3));
    assert!(
        said(&nothing).contains("rollcall serve") && said(&nothing).contains("rollcall demo"),
        "{}",
        said(&nothing)
    );
    assert!(!folder.join("data").exists(), "reading makes nothing");
    let nothing = run(&["sync"], folder);
    assert_eq!(nothing.status.code(), Some(3), "{}", said(&nothing));
    assert!(said(&nothing).contains("No organization is connected"), "{}", said(&nothing));
    let scenario = folder.join("scenario.json");
    std::fs::write(&scenario, r#"{ "population": { "people": 5 } }"#).unwrap();
    let refused = run(&["simulate", "--scenario", scenario.to_str().unwrap()], folder);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("line 1") && said(&refused).contains("people"), "{}", said(&refused));
    let commands = "demo serve simulate sync users filters stats act operations undo stop release runs migrate doctor";
    for command in commands.split(' ') {
        let help = run(&[command, "--help"], folder);
        assert_eq!(help.status.code(), Some(0));
        assert!(said(&help).contains("Usage: rollcall"), "{}", said(&help));
    }
}
