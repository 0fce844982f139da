//! The reference's upload API: its documented script with another server and key, and every error case of its section 1.

use std::process::Command;

use jiff::SignedDuration;
use reqwest::Method;
use rollcall::auth::feed_keys;
use rollcall::feeds::{keep, listing};
use rollcall::mirror::mirrors::Databases;
use rollcall::nouns::feed_run::Reason;
use serde_json::{Value, json};

use super::{Said, World, bytes, form, json_control, people};
use crate::support::app::{ENGINES, Engine};

fn said(status: u16, text: &str) -> Said {
    Said { status, text: text.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_error_of_the_reference_has_its_status_and_words() {
    for engine in ENGINES {
        let world = World::start(engine, 62).await;
        let (_, key) = world.feed("staff").await;
        let refused = said(400, "Bad request (failed validation)");
        assert_eq!(world.upload(&key, "a b", b"[]").await, refused);
        assert_eq!(world.post("upload-file", Some(&key), Some(form(&[], Some(b"[]")))).await, refused);
        assert_eq!(world.post("upload-file", Some(&key), Some(form(&[("name", "users")], None))).await, refused);
        assert!(world.upload(&key, "_control", b"{").await.text.starts_with("Control file was not valid JSON: "));
        let model =
            br#"{"dataImportControlFileVersion":0,"model":"x","files":{"users":{"read":"json"}},"instructions":[]}"#;
        let text = "model property in control file must be set to \"haplo:user-sync\"";
        assert_eq!(world.upload(&key, "_control", model).await, said(400, text));
        let wrong = world.upload(&key, "_control", br#"{"model":"haplo:user-sync"}"#).await;
        assert!(wrong.text.starts_with("File named _control is not a valid control file:\n"), "{wrong:?}");
        assert_eq!(keep::find(&world.served.app.mirror, "staff").await.unwrap().control, None, "nothing has changed");
        assert_eq!(
            world.post("start-sync", Some(&key), None).await,
            said(400, "Last sync is not ready. Upload all the required files.")
        );

        let taken = world.upload(&key, "_control", &json_control()).await;
        let answer: Value = serde_json::from_str(&taken.text).unwrap();
        assert_eq!((taken.status, answer["fileSize"].as_u64()), (200, Some(json_control().len() as u64)));
        assert_eq!(answer["filename"], "people.dat");
        assert_eq!(answer["digest"].as_str().unwrap().len(), 64);
        assert_eq!(
            world.upload(&key, "_control", &json_control()).await,
            said(400, "File _control has already been uploaded for this sync run.")
        );
        // An unlisted name could never become ready (the reference takes it): it is named, with those there are.
        let unlisted = world.upload(&key, "extra", b"[]").await;
        assert_eq!(unlisted, said(400, "File extra is not listed in the control file. It lists: users."));
        world.uploaded(&key, "users", &bytes(&people(3))).await;
        let unexpected = said(400, "Sync in unexpected state -- use admin interface to resolve.");
        assert_eq!(world.upload(&key, "users", &bytes(&people(3))).await, unexpected);
        assert_eq!(world.upload(&key, "_control", &json_control()).await, unexpected);

        let invalid = r#"{"error":{"message":"Invalid API Key"},"kind":"INVALID-API-KEY","success":false}"#;
        let same = |said: &Said, wanted: &str| {
            serde_json::from_str::<Value>(&said.text).unwrap() == serde_json::from_str::<Value>(wanted).unwrap()
        };
        let unknown = world.upload("rcf_nothing", "users", b"[]").await;
        assert!(unknown.status == 403 && same(&unknown, invalid), "{unknown:?}");
        assert_eq!(
            world.post("upload-file", None, Some(form(&[("name", "users")], Some(b"[]")))).await,
            said(403, "Unauthorised")
        );
        assert_eq!(world.post("start-sync", None, None).await, said(403, "Not permitted"));
        let get = world.served.client.get(format!("http://{}/api/haplo-user-sync/upload-file", world.served.address));
        assert_eq!(get.send().await.unwrap().status().as_u16(), 404);
        for _ in 0..50 {
            world.post("start-sync", Some("wrong"), None).await;
        }
        let throttled = world.post("start-sync", Some(&key), None).await;
        assert!(throttled.status == 403 && throttled.text.contains("\"THROTTLE\""), "{throttled:?}");
        world.served.app.clock.advance(std::time::Duration::from_secs(301));
        assert_ne!(world.post("start-sync/json", Some(&key), None).await.status, 403);
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_forms_of_start_sync_and_where_the_key_may_stand() {
    let mut world = World::start(Engine::Sqlite, 63).await;
    let (_, key) = world.feed("staff").await;
    let missing = world.post("start-sync/json", Some(&key), None).await;
    let wanted = json!({
        "status": "missing-files", "error": true,
        "message": "Last sync is not ready. Upload all the required files."
    });
    assert_eq!((missing.status, serde_json::from_str::<Value>(&missing.text).unwrap()), (200, wanted));
    let xml = world.post("start-sync/xml", Some(&key), None).await;
    assert!(xml.text.ends_with(
        "<response><sync status=\"missing-files\" error=\"true\">Last sync is not ready. Upload all the required \
         files.</sync></response>"
    ));
    assert_eq!(world.post("start-sync/else", Some(&key), None).await.status, 400);
    // The Windows tool sends the name in the address; the key may stand there too, or among the parts before the file.
    let path = format!("upload-file?name=_control&_ak={key}");
    assert_eq!(world.post(&path, None, Some(form(&[], Some(&json_control())))).await.status, 200);
    let parts = [("_ak", key.as_str()), ("name", "users")];
    assert_eq!(world.post("upload-file", None, Some(form(&parts, Some(&bytes(&people(3)))))).await.status, 200);
    world.work();
    world.settled("staff").await;
    world.configure("staff", |settings| settings.auto_apply = false).await;
    assert_eq!(world.started(&key).await, "OK: Auto apply disabled; must apply manually.");
    let answer = async |form: &str| {
        let said = world.post(&format!("start-sync/{form}"), Some(&key), None).await;
        assert_eq!(said.status, 200, "{said:?}");
        said.text
    };
    let json = async || serde_json::from_str::<Value>(&answer("json").await).unwrap();
    let waits = |message: &str| json!({ "status": "admin-intervention-required", "error": false, "message": message });
    assert_eq!(json().await, waits("OK: Auto apply disabled; must apply manually."));
    world.configure("staff", |settings| settings.auto_apply = true).await;
    assert_eq!(json().await, waits("OK: Files uploaded are too different to previous sync; must apply manually."));
    let xml = answer("xml").await;
    assert!(
        xml.contains("<sync status=\"admin-intervention-required\" error=\"false\">OK: Files uploaded are"),
        "{xml}"
    );
    let run = world.settled("staff").await;
    world.apply(&run, "the first", None).await.unwrap();
    world.settled("staff").await;
    world.uploaded(&key, "users", &bytes(&people(3))).await;
    let queued = json!({ "status": "queued-for-apply", "error": false, "message": "OK. Sync queued." });
    assert_eq!(json().await, queued);
    world.settled("staff").await;

    // The older header counts too, while there is no other; with another user name the header is as good as none.
    let ask = || {
        let address = format!("http://{}/api/haplo-user-sync/start-sync/json", world.served.address);
        world.served.client.post(address)
    };
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(ask().header("x-oneis-key", &key)).await, 200);
    assert_eq!(status(ask().basic_auth("someone", Some(&key))).await, 403);
    assert_eq!(status(ask().basic_auth("someone", Some(&key)).header("x-oneis-key", &key)).await, 403);
    // A key that was revoked opens nothing more.
    let app = &world.served.app;
    let feed = keep::find(&app.mirror, "staff").await.unwrap();
    let known = feed_keys::list(&app.mirror, feed.number).await.unwrap();
    let revoked = (&feed, &known[0].id, SignedDuration::ZERO);
    feed_keys::revoke(&world.context(), &app.mirror, revoked, &app.surroundings.entropy).await.unwrap();
    let revoked = world.upload(&key, "users", b"[]").await;
    assert!(revoked.status == 403 && revoked.text.contains("INVALID-API-KEY"), "{revoked:?}");
    world.end().await;
}

/// The documented script, with only server and key replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_script_of_curl_works_unchanged() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("there is no curl here: the script is not tried");
        return;
    }
    let mut world = World::start(Engine::Sqlite, 64).await;
    world.work();
    let (_, key) = world.feed("staff").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("control.json"), json_control()).unwrap();
    std::fs::write(folder.path().join("users.json"), bytes(&people(5))).unwrap();
    let script = "
        set -e
        curl -sS -F name=_control -F file=@control.json --user haplo:$KEY http://$SERVER/api/haplo-user-sync/upload-file
        curl -sS -F name=users -F file=@users.json --user haplo:$KEY http://$SERVER/api/haplo-user-sync/upload-file
        curl -sS -X POST --user haplo:$KEY http://$SERVER/api/haplo-user-sync/start-sync";
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).current_dir(folder.path());
    command.env("KEY", &key).env("SERVER", world.served.address.to_string()).env("NO_PROXY", "*").env("no_proxy", "*");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("\"filename\": \"users.json\""), "{text}");
    assert!(text.ends_with("OK: Files uploaded are too different to previous sync; must apply manually."), "{text}");
    world.end().await;
}

/// The whole of a scheduled job: files, start, wait, and an exit code that says how it ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rollcall_upload_sends_starts_waits_and_says_by_its_exit_code_how_it_ended() {
    let mut world = World::start(Engine::Sqlite, 65).await;
    world.work();
    let (_, key) = world.feed("staff").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("control.json"), json_control()).unwrap();
    std::fs::write(folder.path().join("users.json"), bytes(&people(5))).unwrap();
    let (home, server) = (folder.path().to_owned(), format!("http://{}", world.served.address));
    let upload = |key: &str, words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(["upload", "--feed", "staff", "--server", &server]).args(words).current_dir(&home);
        command.env("HOME", &home).env("ROLLCALL_FEED_KEY", key);
        tokio::task::spawn_blocking(move || command.output().unwrap().status.code())
    };
    let both = ["_control=control.json", "users=users.json", "--start", "--wait"];
    assert_eq!(upload("rcf_wrong", &both).await.unwrap(), Some(3), "refused");
    assert_eq!(upload(&key, &both).await.unwrap(), Some(5), "the first run waits for a person");
    let run = world.settled("staff").await;
    assert_eq!(run.counts.new, 5);
    world.apply(&run, "the first", None).await.unwrap();
    world.settled("staff").await;
    let next = ["users=users.json", "--start", "--wait"];
    assert_eq!(upload(&key, &next).await.unwrap(), Some(0), "applied");
    assert_eq!(world.run("staff").await.number, run.number + 1);
    world.end().await;
}

/// What a command says of its files counts, and a kept run is sent on as it came: compressed, and with what was said of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_d13_rollcall_upload_says_what_is_expected_of_a_file_and_sends_a_kept_run_on() {
    let mut world = World::start(Engine::Sqlite, 66).await;
    world.work();
    let (_, key) = world.feed("staff").await;
    let mut other = World::start(Engine::Sqlite, 67).await;
    other.work();
    let (_, live) = other.feed("staff").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("control.json"), json_control()).unwrap();
    std::fs::write(folder.path().join("users.json"), bytes(&people(5))).unwrap();
    let Databases::Folder(data) = world.served.app.databases.clone() else { panic!("this engine has a folder") };
    let home = folder.path().to_owned();
    let upload = async |(to, key): (&World, &str), words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        let server = format!("http://{}", to.served.address);
        command.args(["upload", "--feed", "staff", "--server", &server]).args(words).current_dir(&home);
        command.env("HOME", &home).env("ROLLCALL_DATA", &data).env("ROLLCALL_FEED_KEY", key);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let staff = (&world, key.as_str());
    for (words, why) in [
        (["users=users.json", "--rows", "cards=5"], "No file cards is sent."),
        (["users=users.json", "--rows", "users=many"], "“many” is no number of records."),
        (["users=users.json", "--rows", "5"], "“5” names no file."),
        (["users=users.json", "--generated-at", "users=yesterday"], "“yesterday” is no moment."),
    ] {
        let (code, said) = upload(staff, &words).await;
        assert!(code == Some(3) && said.contains(why), "{code:?} {said}");
    }
    // Five records came, and six were announced.
    let both = ["_control=control.json", "users=users.json", "--start", "--wait", "--rows", "users=6"];
    assert_eq!(upload(staff, &both).await.0, Some(5));
    let short = world.settled("staff").await;
    assert!(short.reasons.iter().any(|why| matches!(why, Reason::Unexpected { file, .. } if file == "users")));
    world.cancel(&short).await.unwrap();
    let dated = |at: &str| format!("users=2026-11-{at}T02:00:00Z");
    let (nineteenth, eighteenth) = (dated("19"), dated("18"));
    let sent = ["users=users.json", "--rows", "users=5", "--generated-at", &nineteenth];
    assert_eq!(upload(staff, &sent).await.0, Some(0), "sent");
    let first = world.settled("staff").await;
    world.apply(&first, "the first", None).await.unwrap();
    world.settled("staff").await;
    let older = ["users=users.json", "--generated-at", &eighteenth, "--start", "--wait"];
    assert_eq!(upload(staff, &older).await.0, Some(5));
    let older = world.settled("staff").await;
    assert_eq!(older.reasons, [Reason::Older { file: "users".to_owned() }]);
    world.cancel(&older).await.unwrap();

    // A file that came compressed, with its number of records.
    let put = world.served.request(Method::PUT, "/feeds/staff/files/users?rows=5").basic_auth("haplo", Some(&key));
    let put = put.header("content-encoding", "gzip").body(gzipped(&bytes(&people(5))));
    assert_eq!(world.served.send(put).await.status, 200);
    let tested = world.settled("staff").await;
    assert_eq!(tested.counts.records, 5, "{tested:?}");
    let from = ["--from-run", tested.id.as_str(), "--start", "--wait"];
    let (code, said) = upload((&other, &live), &from).await;
    assert_eq!(code, Some(5), "the first run waits for a person: {said}");
    let sent = other.settled("staff").await;
    assert_eq!((sent.counts.records, sent.reasons.as_slice()), (5, &[Reason::First][..]));
    let files = listing::run(&other.served.app.mirror, &sent.id).await.unwrap().files;
    let users = files.iter().find(|file| file.name == "users").unwrap();
    assert_eq!(users.expected.rows, Some(5));
    other.end().await;
    world.end().await;
}

/// Bytes as gzip holds what it cannot make smaller (RFC 1952, one stored block).
fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let crc = !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let mut packed = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(bytes);
    packed.extend(crc.to_le_bytes());
    packed.extend(u32::from(length).to_le_bytes());
    packed
}
