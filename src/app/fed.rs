//! The feeds of the demo: nights of a staff feed and of a student feed in the last days of its past, uploaded, compared and
//! applied by the same verbs as any other, so that their runs are there to look at. The last night of the staff feed is
//! cut short and held, and a plan that follows from the staff feed waits. Whom the staff feed has comes from the syncs;
//! nobody of the organization is changed by it.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::auth::feed_keys::{self, FeedSecret, WantedKey};
use crate::cli::open::Opened;
use crate::feeds::accounts::mapping::{self, Scope, Wanted};
use crate::feeds::accounts::{self, setting};
use crate::feeds::bodies::{Announced, Receiving};
use crate::feeds::decide::{self, Approval};
use crate::feeds::start::{self, Started};
use crate::feeds::{deliver, keep, listing, worker};
use crate::mirror::Mirror;
use crate::nouns::access_token::Standing;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::{Feed, FeedSettings};
use crate::nouns::feed_account::{AccessMode, AccessSettings};
use crate::nouns::feed_key::FeedKey;
use crate::nouns::feed_run::FeedRunState;
use crate::nouns::refusal::Refusal;

/// So many nights before the end of the past the feeds begin.
pub(super) const NIGHTS: usize = 5;
/// How many people the staff feed has at the most.
const STAFF: usize = 160;
/// Why the first run of a feed is applied.
const COMPARED: &str = "Compared with the list of the registry.";
/// What the key of the script is called.
const SCRIPT: &str = "Nightly script";
/// For how many days the key of a start of the demo holds.
const LIFE: u32 = 7;
/// The folder of the next night's file, below the data folder.
const NEXT: &str = "feeds";

/// Lives through one night: 0 is the first.
pub(super) async fn night(mirror: &Mirror, opened: &Opened, number: usize) -> Result<(), Refusal> {
    let (clock, entropy) = (&opened.surroundings.clock, &opened.surroundings.entropy);
    let context = Context { actor: Actor::CommandLine, now: clock.now() };
    if number == 0 {
        for (code, name) in [("staff", "Staff"), ("students", "Students")] {
            let feed = keep::create(&context, mirror, (code, name), entropy).await.map_err(unfed)?;
            let wanted = WantedKey { label: SCRIPT.to_owned(), days: None };
            feed_keys::create(&context, mirror, (&feed, wanted), entropy).await.map_err(unfed)?;
            let expected_by = Some(jiff::civil::time(23, 0, 0, 0));
            let settings = FeedSettings { expected_by, ..FeedSettings::default() };
            keep::configure(&context, mirror, (&feed, name, settings), entropy).await.map_err(unfed)?;
        }
    }
    let staff = staff(mirror, number);
    let text = match number {
        // The export broke off: half of the people are missing.
        4 => Value::from(staff.iter().take(staff.len() / 2).cloned().collect::<Vec<_>>()),
        _ => Value::from(staff),
    };
    let mut files = Vec::new();
    if number == 0 || number == 3 {
        files.push(("_control", staff_control(number == 3).to_string().into_bytes()));
    }
    files.push(("employees", text.to_string().into_bytes()));
    let agreed = match number {
        0 => Some(COMPARED),
        // The control file has grown, which alone lets a run wait.
        3 => Some("The telephone numbers were agreed on with the personnel office."),
        // A small organization's list differs by a large share when one line does.
        1 | 2 => Some("Looked at: so short a list changes by much from night to night."),
        _ => None,
    };
    delivered(mirror, opened, ("staff", &files, agreed)).await?;
    let mut files = Vec::new();
    if number == 0 {
        files.push(("_control", student_control().to_string().into_bytes()));
    }
    files.push(("students", students(number)));
    delivered(mirror, opened, ("students", &files, (number == 0).then_some(COMPARED))).await
}

/// Lets plans follow from the staff feed: its visitors fill a group, and the first plan waits for whoever looks.
pub(super) async fn follow(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    let (clock, entropy) = (&opened.surroundings.clock, &opened.surroundings.entropy);
    let context = Context { actor: Actor::CommandLine, now: clock.now() };
    let snapshot = mirror.current();
    let free = |group: &directory::Ordinal| {
        let known = snapshot.group_row(*group).and_then(|row| row.group.as_ref());
        let open = known.is_some_and(|known| !known.is_synced() && known.modifiable != Some(false));
        open && snapshot.grants(*group).is_empty()
    };
    let emptiest = |group: &directory::Ordinal| snapshot.memberships().members(*group).len();
    let found = snapshot.groups_by_name().iter().filter(free).min_by_key(emptiest);
    let found = found.and_then(|group| snapshot.group_row(group));
    let Some(group) = found.map(|row| row.id.clone()) else { return Ok(()) };
    let Ok(feed) = keep::find(mirror, "staff").await else { return Ok(()) };
    let wanted = Wanted { code: "group:visitors".to_owned(), group, scope: Scope::ThisFeed, owned: false };
    mapping::map(&context, mirror, (&feed, wanted), entropy).await.map_err(unfed)?;
    let settings = AccessSettings { mode: AccessMode::Propose, ..AccessSettings::default() };
    setting::choose(&context, mirror, (&feed, settings), entropy).await.map_err(unfed)?;
    while accounts::once(mirror, &opened.surroundings).await.map_err(unfed)? {}
    Ok(())
}

/// Says how the next night of the staff feed is uploaded, with a key of this start and the file it takes.
pub(super) async fn say_how(mirror: &Mirror, opened: &Opened, (data, port): (&Path, u16)) -> Result<(), Refusal> {
    let Ok(feed) = keep::find(mirror, "staff").await else { return Ok(()) };
    let (now, entropy) = (opened.surroundings.clock.now(), &opened.surroundings.entropy);
    let context = Context { actor: Actor::CommandLine, now };
    let label = "Shown by the demo".to_owned();
    for old in feed_keys::list(mirror, feed.number).await.map_err(unfed)? {
        if old.label == label && old.standing(now) == Standing::Good {
            feed_keys::revoke(&context, mirror, (&feed, &old.id, SignedDuration::ZERO), entropy)
                .await
                .map_err(unfed)?;
        }
    }
    let wanted = WantedKey { label, days: Some(LIFE) };
    let (_, secret) = feed_keys::create(&context, mirror, (&feed, wanted), entropy).await.map_err(unfed)?;
    let folder = data.join(NEXT);
    let file = folder.join("employees.json");
    std::fs::create_dir_all(&folder).map_err(unfed)?;
    std::fs::write(&file, Value::from(staff(mirror, NIGHTS)).to_string()).map_err(unfed)?;
    tell(&file, port, &secret);
    Ok(())
}

fn tell(file: &Path, port: u16, secret: &FeedSecret) {
    let (server, key) = (format!("http://127.0.0.1:{port}/api/haplo-user-sync"), secret.expose());
    eprintln!(
        "A run of the staff feed is held: look at it under Feeds, and apply or cancel it. Then upload the next night:"
    );
    eprintln!("  curl --user haplo:{key} -F name=employees -F file=@{} {server}/upload-file", file.display());
    eprintln!("  curl --user haplo:{key} -X POST {server}/start-sync");
}

/// Files of a delivery: each by its name.
type Files<'a> = [(&'a str, Vec<u8>)];

/// Uploads files as the script does and starts the run; one that is held is applied where somebody has agreed to it.
async fn delivered(
    mirror: &Mirror,
    opened: &Opened,
    (code, files, agreed): (&str, &Files<'_>, Option<&str>),
) -> Result<(), Refusal> {
    let (clock, entropy) = (&opened.surroundings.clock, &opened.surroundings.entropy);
    let mut feed = keep::find(mirror, code).await.map_err(unfed)?;
    let Some(key) = feed_keys::list(mirror, feed.number).await.map_err(unfed)?.into_iter().next() else {
        return Ok(());
    };
    let script = script(&key, opened);
    for (name, bytes) in files {
        let file_name = match (code, *name) {
            (_, "_control") => "control.json",
            ("staff", _) => "employees.json",
            _ => "students.tsv",
        };
        let announced =
            Announced { feed: feed.number, name: (*name).to_owned(), file_name: file_name.to_owned(), gzip: false };
        let begun = Receiving::begin(mirror.store(), announced, (clock.now(), entropy)).await;
        let mut receiving = begun.map_err(unfed)?;
        receiving.take(bytes).await.map_err(unfed)?;
        let body = receiving.finish(None).await.map_err(unfed)?;
        deliver::put(&script, mirror, (&feed, name, body), entropy).await.map_err(unfed)?;
        // The control file may be in force now.
        feed = keep::find(mirror, code).await.map_err(unfed)?;
    }
    worked(mirror, opened).await?;
    let started = start::start(&script, mirror, &feed, (clock, entropy)).await.map_err(unfed)?;
    worked(mirror, opened).await?;
    match (started, agreed) {
        (Started::Held(run), Some(why)) => {
            let approval = Approval { reason: why.to_owned(), typed: None };
            let context = Context { actor: Actor::CommandLine, now: clock.now() };
            decide::apply(&context, mirror, (&run.id, approval), entropy).await.map_err(unfed)?;
            worked(mirror, opened).await
        }
        _ => note(mirror, opened, &feed).await,
    }
}

/// A comment on the run that waits, as a colleague would leave it.
async fn note(mirror: &Mirror, opened: &Opened, feed: &Feed) -> Result<(), Refusal> {
    let newest = listing::runs(mirror, Some(feed.number), (i64::MAX, 1)).await.map_err(unfed)?.pop();
    match newest.filter(|run| run.state == FeedRunState::Held) {
        Some(run) => {
            let text = "The export stopped in the middle: asked the registry to send it again.";
            let context = Context { actor: Actor::CommandLine, now: opened.surroundings.clock.now() };
            decide::comment(&context, mirror, (&run.id, text), &opened.surroundings.entropy).await.map_err(unfed)
        }
        None => Ok(()),
    }
}

fn script(key: &FeedKey, opened: &Opened) -> Context {
    feed_keys::context(key, opened.surroundings.clock.now(), IpAddr::V4(Ipv4Addr::LOCALHOST))
}

async fn worked(mirror: &Mirror, opened: &Opened) -> Result<(), Refusal> {
    while worker::work_once(mirror, &opened.surroundings).await.map_err(unfed)? {}
    Ok(())
}

/// The staff as the personnel system tells them on a night: people of the organization, with what has changed since.
fn staff(mirror: &Mirror, night: usize) -> Vec<Value> {
    let snapshot = mirror.current();
    let rows = (0..).take(snapshot.accounts_len()).filter_map(|account| snapshot.account_row(account));
    let named = rows.filter(|row| row.name.contains(' ') && row.email.is_some());
    let mut told: Vec<Value> =
        named.take(STAFF).enumerate().map(|(place, row)| person(place, (row.name, row.email))).collect();
    let set = |told: &mut Vec<Value>, place: usize, field: &str, value: &str| {
        if let Some(person) = told.get_mut(place) {
            person[field] = json!(value);
        }
    };
    if night >= 1 {
        // Somebody marries, two move, one record breaks.
        set(&mut told, 3, "surname", "Lindqvist-Moreau");
        set(&mut told, 7, "unit", "Library");
        set(&mut told, 11, "class", "visitor");
        set(&mut told, 20, "mail", "not known yet");
    }
    if night >= 2 {
        set(&mut told, 20, "mail", "new.starter@people.example");
        set(&mut told, 31, "unit", "Finance");
    }
    // Joiners are at the end and come night by night; leavers go from the middle, and one comes back.
    let joined = told.len().saturating_sub(6) + night.min(6);
    told.truncate(joined);
    let gone: &[usize] = match night {
        0 | 1 => &[],
        2 => &[40, 41],
        _ => &[41, 60],
    };
    for place in gone.iter().rev().filter(|place| **place < joined) {
        told.remove(*place);
    }
    if night == 3 {
        told.extend(told.get(5).cloned());
    }
    told
}

fn person(place: usize, (name, email): (&str, Option<&str>)) -> Value {
    let (first, last) = name.split_once(' ').unwrap_or((name, name));
    let units = ["Registry", "Computing", "Library", "Estates", "Physics", "History", "Finance"];
    json!({
        "personId": format!("E{:05}", 10_000 + place * 7),
        "forename": first,
        "surname": last,
        "mail": email.unwrap_or_default(),
        "unit": units.get(place % units.len()).copied().unwrap_or_default(),
        "class": if place % 9 == 8 { "visitor" } else { "staff" },
        "phone": format!("+44 20 7946 0{:03}", place % 1_000),
    })
}

/// The students as lines of the student system, in Windows-1252.
fn students(night: usize) -> Vec<u8> {
    let first =
        ["Zoë", "José", "Anaïs", "Jürgen", "Søren", "Inês", "Chloé", "Mikel", "Aoife", "Bjørn", "Nuria", "Oskar"];
    let last = ["Ångström", "Muñoz", "Lefèvre", "Köhler", "Nørgaard", "Gonçalves", "O'Neill", "Etxeberria", "Walsh"];
    let mut text = "student\tfirst\tlast\tmail\tyear\n".to_owned();
    for place in 0..120 + night * 2 {
        if night >= 2 && place == 17 {
            continue;
        }
        let (first, last) = (first[place % first.len()], last[place * 5 % last.len()]);
        let year = 1 + place % 4 + usize::from(night >= 3 && place % 40 == 9);
        text += &format!("s{:04}\t{first}\t{last}\ts{:04}@students.example\t{year}\n", 1_000 + place, 1_000 + place);
    }
    // Every letter is one byte of Windows-1252, at its own number.
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect()
}

fn field(source: &str, name: &str) -> Value {
    json!({ "source": source, "destination": "user", "name": name })
}

fn staff_control(with_phone: bool) -> Value {
    let mut instructions = vec![
        field("personId", "username"),
        field("forename", "nameFirst"),
        field("surname", "nameLast"),
        json!({ "source": "mail", "destination": "user", "name": "email", "filters": ["haplo:to-lower-case"] }),
        json!({ "source": "class", "destination": "user", "name": "groups",
            "mapInputValue": { "staff": "group:staff", "visitor": "group:visitors" } }),
        json!({ "source": "unit", "destination": "profile", "name": "people:attribute:unit" }),
    ];
    let mut profile = json!({ "people:attribute:unit": { "type": "text", "label": "Unit" } });
    if with_phone {
        instructions.push(json!({ "source": "phone", "destination": "profile", "name": "people:attribute:phone" }));
        profile["people:attribute:phone"] = json!({ "type": "text", "label": "Telephone" });
    }
    json!({
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": { "employees": { "read": "json" } },
        "profile": profile,
        "instructions": instructions,
    })
}

fn student_control() -> Value {
    json!({
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": { "students": { "read": "tsv-with-name-row", "charset": "windows-1252" } },
        "instructions": [
            field("student", "username"),
            field("first", "nameFirst"),
            field("last", "nameLast"),
            field("mail", "email"),
            json!({ "source": "year", "destination": "user", "name": "groups",
                "mapInputValue": { "1": "group:first-year" }, "mapInputValueDefault": "group:later-years" }),
        ],
    })
}

fn unfed(error: impl std::fmt::Display) -> Refusal {
    let next = "Start it again, or with `--past 0` for one without a past.";
    Refusal::new("The demo was not started.", format!("Its feeds were not made: {error}."), next)
}
