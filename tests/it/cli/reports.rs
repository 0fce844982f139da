//! `rollcall reports`: listed, and sent at once with and without a server.

use std::net::TcpListener;

use jiff::civil;
use rollcall::nouns::mail::{MailServer, Security};
use rollcall::nouns::report::{About, ReportDraft, Rhythm};
use rollcall::nouns::saved_filter::Name;
use rollcall::reports::keep;
use rollcall::store::mail_server;
use rollcall::store::organization_keys::SealingKey;
use serde_json::Value;

use super::{Running, inside, printed, run, said};

/// The key that the demo has made in its folder.
fn sealing(data: &std::path::Path) -> SealingKey {
    let text = std::fs::read_to_string(data.join("demo-sealing.key")).unwrap();
    let byte = |place: usize| u8::from_str_radix(&text[place * 2..place * 2 + 2], 16).unwrap();
    SealingKey::new(std::array::from_fn(byte))
}

#[test]
fn reports_are_listed_and_sent_with_and_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let data = folder.join("data");
    let demo = ["demo", "--users", "20", "--past", "0", "--port", "0", "--data", data.to_str().unwrap()];
    let mut demo = Running::start(&demo, folder);
    demo.line_with("http://");
    let synced = run(&["sync"], folder);
    assert_eq!(synced.status.code(), Some(0), "{}", said(&synced));
    assert_eq!(demo.interrupt(), Some(0));
    assert!(said(&run(&["reports", "list"], folder)).contains("There is no report."));

    inside(&data, async |mirror, context, entropy| {
        let draft = ReportDraft {
            name: Name::parse("Seats and costs").unwrap(),
            about: About::Dashboard,
            recipients: vec!["ops@example.com".to_owned()],
            rhythm: Rhythm::Monthly(31),
            time: civil::time(7, 30, 0, 0),
            zone: "Europe/Berlin".to_owned(),
            active: true,
        };
        keep::create(context, mirror, draft, entropy).await.unwrap();
    });
    let listed = printed(&["reports", "list"], folder);
    assert!(listed.contains("Seats and costs  dashboard  ops@example.com"), "{listed}");
    let told: Value = serde_json::from_str(&printed(&["reports", "list", "--json"], folder)).unwrap();
    assert_eq!((&told["rhythm"], &told["sent_at"]), (&"monthly 31".into(), &Value::Null), "{told}");

    let unknown = run(&["reports", "send", "Nothing"], folder);
    assert_eq!(unknown.status.code(), Some(3), "{}", said(&unknown));
    assert!(said(&unknown).contains("There is no report called Nothing."), "{}", said(&unknown));
    let unsent = run(&["reports", "send", "Seats and costs"], folder);
    assert_eq!(unsent.status.code(), Some(3), "{}", said(&unsent));
    assert!(said(&unsent).contains("No mail server is stored."), "{}", said(&unsent));

    // A mail server that nobody has started: the report is put out, and tried again later.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    inside(&data, async |mirror, context, entropy| {
        let server = MailServer {
            host: "127.0.0.1".to_owned(),
            port,
            security: Security::Plain,
            username: String::new(),
            sender: "rollcall@example.com".to_owned(),
            recipients: Vec::new(),
            changed_by: "mira".to_owned(),
            changed_at: context.now,
        };
        let (organization, key, entropy) = (mirror.organization().id.clone(), sealing(&data), entropy.clone());
        let stored = mirror.store().write(move |tx| mail_server::put(tx, &organization, &server, "", (&key, &entropy)));
        stored.await.unwrap();
    });
    let sent = |times: usize| {
        let told = run(&["reports", "send", "Seats and costs"], folder);
        assert_eq!(told.status.code(), Some(0), "{}", said(&told));
        assert!(said(&told).contains("The report is on its way."), "{}", said(&told));
        let lines = printed(&["webhooks", "deliveries", "--json"], folder);
        let of_report = |line: &&str| line.contains("\"event\":\"report\"") && line.contains("ops@example.com");
        assert_eq!(lines.lines().filter(of_report).count(), times, "{lines}");
    };
    sent(1);
    let mut serve = Running::start(&["serve", "--listen", "127.0.0.1:0"], folder);
    serve.line_with("http://");
    sent(2);
    let unknown = run(&["reports", "send", "Nothing"], folder);
    assert_eq!(unknown.status.code(), Some(3), "{}", said(&unknown));
    assert!(said(&unknown).contains("There is no report called Nothing."), "{}", said(&unknown));
    assert_eq!(run(&["webhooks", "test", "Nothing"], folder).status.code(), Some(3));
    assert_eq!(serve.interrupt(), Some(0));
    let told: Value = serde_json::from_str(&printed(&["reports", "list", "--json"], folder)).unwrap();
    assert!(told["sent_at"].is_string(), "{told}");
}
