//! *Notifications* over real HTTP: forms and what is wrong with them, a secret that is shown once, tests, the log by page,
//! and a webhook that Rollcall switched off.

use super::settings::{connected, encoded};
use super::*;
use crate::notify::worker::deliver_once;
use crate::nouns::endpoint::DeliveryState;
use crate::nouns::notice::{Notice, What};
use crate::store::outbox;

const HERE: &str = "/settings/notifications";
const NEW: &str = "/settings/notifications/new-webhook";
const SAVE: &str = "/settings/notifications/webhooks";
const LOG: &str = "/settings/notifications/deliveries";

/// Answers every message in the same way.
async fn receiver(status: &'static str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A message is short and comes at once; its end need not be waited for.
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (address, task)
}

async fn deliver(app: &App) -> usize {
    let mirror = app.web.mirrors.only().unwrap();
    let mut sent = 0;
    while deliver_once(&mirror, &app.web.notifier).await.unwrap() {
        sent += 1;
    }
    sent
}

/// The first address in a page that begins like this, of a link or a form.
fn first_address(page: &str, beginning: &str) -> String {
    let start = page.find(&format!("=\"{beginning}")).unwrap_or_else(|| panic!("no {beginning} in {page}")) + 2;
    plain(page[start..].split('"').next().unwrap())
}

fn form(name: &str, address: &str, rest: &str) -> String {
    format!("name={}&address={}&active=on&{rest}", encoded(name), encoded(address))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_refused_with_its_reason_and_what_was_typed_stays() {
    let (simulator, mut app) = connected().await;
    for (address, rest, why) in [
        ("https://169.254.169.254/latest", "style=generic&event=sync.failed", "lies in an internal network"),
        ("https://[::ffff:10.0.0.1]/", "style=generic&event=sync.failed", "lies in an internal network"),
        ("http://hooks.example.com/", "style=generic&event=sync.failed", "must begin with https://"),
        ("https://mira:x@hooks.example.com/", "style=generic&event=sync.failed", "username or a password"),
        ("ftp://hooks.example.com/", "style=generic&event=sync.failed", "no address of a web server"),
        ("https://hooks.example.com/", "style=generic", "No event is chosen"),
        ("https://hooks.example.com/", "style=automation&trigger=taskFailure&secret=x", "begins with"),
        (
            "https://api-private.atlassian.com/automation/webhooks/a",
            "style=automation&trigger=taskFailure",
            "secret is missing",
        ),
    ] {
        let refused = app.post(SAVE, &form("Pager <b>", address, rest)).await;
        assert!(refused.status == 422 && refused.body.contains(why), "{address} {}: {}", refused.status, refused.body);
        assert!(refused.body.contains("Pager &lt;b&gt;") && !refused.body.contains("Pager <b>"), "{address}");
    }
    assert!(app.get(HERE).await.body.contains("No webhook is told anything."), "nothing was saved");

    // The form for Automation has the reference's three triggers and how the rule is made beside it.
    let page = app.get(&format!("{NEW}?style=automation")).await.body;
    for words in [
        "Organization API key expiring in 7 days",
        "Automated task failures",
        "Automated task successes",
        "No work items from the webhook",
        "X-Automation-Webhook-Token",
        "Three rules to begin with",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!app.get(NEW).await.body.contains("Three rules to begin with"), "they are for rules alone");
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_rollcall_makes_is_shown_once_and_a_test_stands_in_the_log() {
    let (simulator, mut app) = connected().await;
    let (address, receiving) = receiver("204 No Content").await;
    let made = app.post(SAVE, &form("Pager", &address, "style=generic&event=sync.failed&key_days=30,+7")).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let secret = made.body.split_once("whsec_").unwrap().1.split('<').next().unwrap().to_owned();
    assert!(made.body.contains("It is shown this once") && secret.len() == 44, "{secret}");
    let list = app.get(HERE).await.body;
    let page = first_address(&list, &format!("{SAVE}/"));
    let shown = app.get(&page).await.body;
    assert!(shown.contains("value=\"7, 30\"") && shown.contains("administrator mira"), "{shown}");
    for body in [&list, &shown, &app.get(LOG).await.body] {
        assert!(!body.contains(&secret), "never again");
    }

    let sent = app.post(&format!("{page}/test"), "").await;
    assert_eq!((sent.status, sent.location()), (303, page.as_str()));
    assert!(app.get(LOG).await.body.contains("waiting"));
    assert_eq!(deliver(&app).await, 1);
    let log = app.get(LOG).await.body;
    assert!(log.contains("delivered") && log.contains("204 No Content") && log.contains("Pager"), "{log}");

    // What has ended is sent again, from the log.
    let again = first_address(&log, &format!("{LOG}/"));
    assert_eq!(app.post(&again, "").await.location(), LOG);
    assert_eq!(deliver(&app).await, 1);

    // Changed without a secret it keeps the stored one; removed it is gone, and its log stays.
    let changed = app.post(&page, &form("Pager two", &address, "style=generic&event=sync.held")).await;
    assert_eq!((changed.status, changed.location()), (303, page.as_str()), "{}", changed.body);
    let refused = app.post(&page, &form("", &address, "style=generic&event=sync.held")).await;
    assert!(refused.status == 422 && refused.body.contains("The name is missing"), "{}", refused.body);
    assert_eq!(app.post(&format!("{page}/remove"), "").await.location(), HERE);
    assert_eq!(app.get(&page).await.status, 404);
    assert_eq!(app.post(&format!("{page}/test"), "").await.status, 409);
    assert!(app.get(LOG).await.body.contains("delivered"));
    receiving.abort();
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_wants_nothing_any_more_is_switched_off_with_a_notice_and_on_by_saving_it() {
    let (simulator, mut app) = connected().await;
    let (address, receiving) = receiver("410 Gone").await;
    app.post(SAVE, &form("Pager", &address, "style=generic&event=sync.failed")).await;
    let page = first_address(&app.get(HERE).await.body, &format!("{SAVE}/"));
    app.post(&format!("{page}/test"), "").await;
    assert_eq!(deliver(&app).await, 1);
    assert!(app.get(HERE).await.body.contains("switched off by Rollcall"));
    let attention = app.get("/attention").await.body;
    assert!(attention.contains("Rollcall has switched off a webhook.") && attention.contains(&page), "{attention}");
    let shown = app.get(&page).await.body;
    assert!(shown.contains("410 Gone") && shown.contains("given up"), "{shown}");

    app.post(&page, &form("Pager", &address, "style=generic&event=sync.failed")).await;
    assert!(!app.get(HERE).await.body.contains("switched off by Rollcall"));
    assert!(!app.get("/attention").await.body.contains("switched off a webhook"));
    receiving.abort();
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_page_by_page_to_its_end() {
    let (simulator, mut app) = connected().await;
    let mirror = app.web.mirrors.only().unwrap();
    let (now, entropy) = (app.web.clock.now(), app.web.entropy.clone());
    let put = mirror.store().write(move |tx| {
        for number in 0..100 {
            let receiver = outbox::Receiver::Mail(format!("somebody-{number}@example.com"));
            outbox::put_for(tx, &Notice { at: now, what: What::Test }, &[receiver], &entropy)?;
        }
        Ok(())
    });
    put.await.unwrap();
    let (mut seen, mut here, mut pages) = (Vec::new(), LOG.to_owned(), 0);
    loop {
        let page = app.get(&here).await.body;
        pages += 1;
        let found = page.split("somebody-").skip(1).map(|rest| rest.split('@').next().unwrap().to_owned());
        seen.extend(found);
        let Some((before, _)) = page.split_once("\" rel=\"next\"") else { break };
        here = before.rsplit_once("href=\"").unwrap().1.replace("&amp;", "&");
    }
    assert_eq!((seen.len(), pages), (100, 2));
    assert_eq!(seen[0], "99");
    assert_eq!(app.get(&format!("{LOG}?before=nonsense")).await.status, 400);
    let log = mirror.store().read(|tx| outbox::newest(tx, i64::MAX, 1)).await.unwrap();
    assert_eq!(log[0].state, DeliveryState::Waiting);
    let waiting = format!("{LOG}/{}/again", log[0].id);
    let early = app.post(&waiting, "").await;
    assert!(early.status == 409 && early.body.contains("still on its way"), "{} {}", early.status, early.body);
    assert_eq!(app.post(&format!("{LOG}/nonsense/again"), "").await.status, 404);
    app.end().await;
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_refused_with_its_reason_and_its_password_is_in_no_page() {
    let (simulator, mut app) = connected().await;
    let mail = |host: &str, rest: &str| format!("host={}&port=587&security=starttls&{rest}", encoded(host));
    let save = "/settings/notifications/mail";
    let good = "username=rollcall&password=hunter-two&sender=rollcall%40example.com";
    for (entry, why) in [
        (mail("", good), "no mail server"),
        (mail("smtp.example.com/path", good), "no mail server"),
        (mail("smtp.example.com", "username=rollcall&sender=rollcall%40example.com"), "The password is missing"),
        (mail("smtp.example.com", "sender=nobody"), "no mail address"),
        (mail("smtp.example.com", &format!("{good}&task=a%40example.com%2C+b")), "no mail address"),
        (format!("{}&{good}", "host=smtp.example.com&port=25&security=plain"), "not encrypted"),
        (mail("smtp.example.com", good).replace("port=587", "port=0"), "no mail server"),
    ] {
        let refused = app.post(save, &entry).await;
        assert!(refused.status == 422 && refused.body.contains(why), "{entry} {}: {}", refused.status, refused.body);
        assert!(!refused.body.contains("hunter-two"), "{entry}");
    }
    let refused = app.post("/settings/notifications/mail/test", "address=ops%40example.com").await;
    assert!(refused.status == 422 && refused.body.contains("No mail server is stored"), "{}", refused.body);

    let saved = app.post(save, &mail("smtp.example.com", &format!("{good}&task=ops%40example.com"))).await;
    assert_eq!((saved.status, saved.location()), (303, HERE), "{}", saved.body);
    let page = app.get(HERE).await.body;
    assert!(page.contains("smtp.example.com") && page.contains("ops@example.com") && !page.contains("hunter-two"));
    assert_eq!(app.post("/settings/notifications/mail/test", "address=ops%40example.com").await.location(), LOG);
    let refused = app.post("/settings/notifications/public-address", "address=rollcall").await;
    assert!(refused.status == 422 && refused.body.contains("no address of a web page"), "{}", refused.body);
    app.post("/settings/notifications/public-address", "address=https%3A%2F%2Frollcall.example.com%2F").await;
    assert!(app.get(HERE).await.body.contains("value=\"https://rollcall.example.com\""));
    assert_eq!(app.post("/settings/notifications/mail/remove", "").await.location(), HERE);
    assert!(app.get(HERE).await.body.contains("No mail is sent"));
    app.end().await;
    simulator.stop().await;
}
