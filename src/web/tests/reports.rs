//! *Scheduled reports* over real HTTP, as a browser without script uses them: made from a saved filter, refused with what was
//! typed, changed, sent, deleted; and what waits while there is no mail server.

use super::settings::{connected, encoded};
use super::*;
use crate::store::outbox;

const HERE: &str = "/settings/notifications/reports";
const NEW: &str = "/settings/notifications/reports/new";

fn form(name: &str, about: &str, recipients: &str) -> String {
    format!(
        "name={}&about={about}&recipients={}&rhythm=monthly+31&time=07%3A30&zone=Europe%2FBerlin&active=on",
        encoded(name),
        encoded(recipients)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_made_of_a_saved_filter_waits_for_a_mail_server_and_is_sent_and_deleted() {
    let (simulator, mut app) = connected().await;
    assert!(app.get(HERE).await.body.contains("There is no report yet."));
    app.post("/filters", "name=Idle+%3Cb%3Epeople&filter=status+%3D+active").await;
    let filters = app.get("/filters").await.body;
    let filter = plain(link_in(&filters, "/filters/flt_")).rsplit('/').next().unwrap().to_owned();
    let to_form = plain(link_in(&filters, &format!("{NEW}?about=flt_")));
    let page = app.get(&to_form).await.body;
    assert!(page.contains("value=\"Idle &lt;b&gt;people\"") && page.contains("No report is sent"), "{page}");
    assert!(app.get("/dashboard").await.body.contains(&format!("{NEW}?about=dashboard")));

    for (entry, why) in [
        (form("Idle", &filter, "ops@example.com, nobody"), "“nobody” is no e-mail address"),
        (form("Idle", &filter, ""), "goes to nobody"),
        (form("", &filter, "ops@example.com"), "name is missing"),
        (form("Idle", "", "ops@example.com"), "not chosen what it is about"),
        (form("Idle", &filter, "ops@example.com").replace("07%3A30", "soon"), "like 07:00"),
        (form("Idle", &filter, "ops@example.com").replace("monthly+31", "monthly+32"), "not chosen how often"),
        (form("Idle", &filter, "ops@example.com").replace("Berlin", "Nowhere"), "no time zone"),
    ] {
        let refused = app.post(NEW, &entry).await;
        assert!(refused.status == 422 && refused.body.contains(why), "{entry} {}: {}", refused.status, refused.body);
    }
    let refused = app.post(NEW, &form("Idle <i>", &filter, "nobody")).await;
    assert!(refused.body.contains("Idle &lt;i&gt;") && !refused.body.contains("Idle <i>"), "what was typed stays");

    let made = app.post(NEW, &form("Idle <b>", &filter, "ops@example.com; OPS@example.com")).await;
    assert_eq!(made.status, 303, "{}", made.body);
    let report = made.location().to_owned();
    let shown = app.get(&report).await.body;
    assert!(shown.contains("on day 31 of every month (or its last) at 07:30 (Europe/Berlin)"), "{shown}");
    assert!(shown.contains(">ops@example.com</textarea>") && shown.contains("administrator mira"), "{shown}");
    let list = app.get(HERE).await.body;
    assert!(list.contains("Idle &lt;b&gt;") && !list.contains("Idle <b>"), "{list}");

    let attention = app.get("/attention").await.body;
    assert!(attention.contains("A scheduled report is not sent: no mail server is stored."), "{attention}");
    let unsent = app.post(&format!("{report}/send"), "").await;
    assert!(unsent.status == 409 && unsent.body.contains("No mail server is stored"), "{}", unsent.body);
    let mail = "host=127.0.0.1&port=25&security=plain&sender=rollcall%40example.com";
    assert_eq!(app.post("/settings/notifications/mail", mail).await.status, 303);
    assert!(!app.get("/attention").await.body.contains("scheduled report is not sent"));
    let sent = app.post(&format!("{report}/send"), "").await;
    assert_eq!((sent.status, sent.location()), (303, "/settings/notifications/deliveries"), "{}", sent.body);
    let mirror = app.web.mirrors.only().unwrap();
    let log = mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 10)).await.unwrap();
    assert_eq!(log.iter().map(|one| one.recipient.as_str()).collect::<Vec<_>>(), ["ops@example.com"]);
    assert!(!app.get(&report).await.body.contains(">never<"), "it says when it was sent");

    // A filter in use stays; the page where it is edited says why.
    let kept = app.post(&format!("/filters/{filter}/delete"), "").await;
    assert!(kept.status == 409 && kept.body.contains("reports another filter first"), "{}", kept.body);
    let edited = app.get(&format!("/filters/{filter}/edit")).await.body;
    assert!(edited.contains("1 scheduled report uses this filter."), "{edited}");

    let off = form("Idle", "dashboard", "ops@example.com").replace("&active=on", "");
    assert_eq!(app.post(&report, &off).await.location(), report);
    let shown = app.get(&report).await.body;
    assert!(shown.contains("not active") && shown.contains("href=\"/dashboard\""), "{shown}");
    assert_eq!(app.post(&format!("{report}/delete"), "").await.location(), HERE);
    for gone in [report.as_str(), &format!("{HERE}/nonsense")] {
        assert_eq!(app.get(gone).await.status, 404);
    }
    assert_eq!(app.post(&format!("{report}/send"), "").await.status, 404);
    assert_eq!(app.post(&format!("{report}/delete"), "").await.status, 404);
    app.end().await;
    simulator.stop().await;
}
