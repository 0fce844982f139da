//! Scheduled reports by mail: once for a start however many nodes look, with what came and went, how old the data is, and a
//! table that is written when it is sent.

use std::time::Duration;

use jiff::civil::Time;
use rollcall::id::{AdministratorId, FilterId, ReportId};
use rollcall::mirror::filters::{self, NotKept as FilterNotKept};
use rollcall::notify::Notifier;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::report::{About, ReportDraft, Rhythm};
use rollcall::nouns::saved_filter::{Audience, Name};
use rollcall::reports::attention;
use rollcall::reports::keep::{self, NotKept};
use rollcall::reports::send::{self, NotSent};
use rollcall::store::{events, outbox, reports};

use super::mail::set_up;
use super::{deliver_all, log, notifier};
use crate::support::app::{ENGINES, Engine, TestApp};
use crate::support::smtp::MailServer;

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn zoe(app: &TestApp) -> Context {
    let id = AdministratorId::new(&rollcall::id::Entropy::seeded(77), jiff::Timestamp::UNIX_EPOCH);
    Context { actor: Actor::Administrator { id, username: "zoe".to_owned(), source: None }, now: app.clock.now() }
}

fn draft(name: &str, about: About, recipients: &[&str]) -> ReportDraft {
    ReportDraft {
        name: Name::parse(name).unwrap(),
        about,
        recipients: recipients.iter().map(|address| (*address).to_owned()).collect(),
        rhythm: Rhythm::parse("weekly mon").unwrap(),
        time: Time::constant(7, 0, 0, 0),
        zone: "Europe/Berlin".to_owned(),
        active: true,
    }
}

async fn filter(app: &TestApp, text: &str) -> FilterId {
    let kept = filters::kept(&app.mirror.shown(), ("Active people", ""), text, Audience::Owner).unwrap();
    filters::save(&zoe(app), &app.mirror, kept, &app.surroundings.entropy).await.unwrap().id
}

async fn create(app: &TestApp, draft: ReportDraft) -> Result<ReportId, NotKept> {
    keep::create(&zoe(app), &app.mirror, draft, &app.surroundings.entropy).await
}

async fn due(app: &TestApp) -> usize {
    send::send_due(&app.mirror, &app.surroundings).await.unwrap()
}

async fn ready(engine: Engine) -> (TestApp, MailServer, Notifier) {
    let app = TestApp::ready(engine, 60, 11).await;
    let (server, notifier) = (MailServer::start().await, notifier(&app));
    set_up(&app, &notifier, &server, &[]).await;
    (app, server, notifier)
}

/// A mail's parts as text, however they were encoded.
fn decoded(message: &str) -> String {
    use base64::Engine as _;
    let mut text = String::new();
    for part in message.split("\r\n\r\n") {
        let joined: String = part.split_whitespace().take_while(|line| !line.starts_with("--")).collect();
        match base64::engine::general_purpose::STANDARD.decode(joined.as_bytes()) {
            Ok(bytes) if !joined.is_empty() => text.push_str(&String::from_utf8_lossy(&bytes)),
            _ => text.push_str(&part.replace("=\r\n", "").replace("=E2=80=9C", "“").replace("=E2=80=9D", "”")),
        }
        text.push_str("\n\n");
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_arrives_once_with_its_table_and_the_next_one_says_how_many_came_and_went() {
    for engine in ENGINES {
        let (app, server, notifier) = ready(engine).await;
        let about = filter(&app, "status = active").await;
        let id =
            create(&app, draft("Active", About::Filter(about.clone()), &["ops@example.com", "it@example.com"])).await;
        let id = id.unwrap();
        assert_eq!(due(&app).await, 0, "nothing before it was made counts as missed");

        app.clock.advance(DAY * 22);
        assert_eq!(due(&app).await, 1, "three starts were missed: one is caught up");
        assert_eq!(due(&app).await, 0);
        // Nobody is named in what waits.
        let somebody = app.mirror.shown().account_row(0).map(|row| row.id.to_owned()).unwrap();
        let now = app.clock.now();
        let leased = app.mirror.store().write(move |tx| outbox::take(tx, now)).await.unwrap().unwrap();
        assert!(!leased.data.to_string().contains(&somebody), "{}", leased.data);
        app.clock.advance(Duration::from_secs(600));

        assert_eq!(deliver_all(&app, &notifier).await, 2);
        let (first, found) = (decoded(&server.messages()[0]), app.mirror.shown().present().len());
        assert!(first.contains("finds ") && first.contains("This is the first report"), "{first}");
        assert!(first.contains("every Monday at 07:00 (Europe/Berlin)") && first.contains("zoe"), "{first}");
        assert!(first.contains("ops@example.com, it@example.com"), "who else gets it: {first}");
        assert!(first.contains(&format!("https://rollcall.example.com/filters/{about}")), "{first}");
        assert!(first.contains(&format!("/settings/notifications/reports/{id}")), "{first}");
        assert!(first.contains("These numbers are old: people were last read completely 22 days ago"), "{first}");
        assert!(first.contains("name,email,account id,status"), "{first}");
        let rows = first.lines().filter(|line| line.contains(",active,")).count() as u64;
        assert!(rows > 10 && rows <= found, "{rows} of {found}: {first}");
        assert!(first.contains(&format!("People: {rows}")), "{rows}: {first}");

        // The filter is edited so that it finds others.
        let kept = filters::kept(&app.mirror.shown(), ("Active people", ""), "status = suspended", Audience::Everybody);
        let entropy = &app.surroundings.entropy;
        filters::change(&zoe(&app), &app.mirror, (&about, kept.unwrap()), entropy).await.unwrap();
        app.clock.advance(DAY * 7);
        assert_eq!(due(&app).await, 1);
        deliver_all(&app, &notifier).await;
        let next = decoded(server.messages().last().unwrap());
        assert!(next.contains(&format!("came, {rows} went")), "{next}");
        assert!(next.contains("The filter was edited since the last report"), "{next}");

        let told = app.mirror.store().read(|tx| events::newest(tx, i64::MAX, 50)).await.unwrap();
        let told: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(told.iter().filter(|kind| **kind == "report.sent").count(), 2, "{told:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_nodes_that_look_at_once_one_sends() {
    let (app, _server, _notifier) = ready(Engine::Postgres).await;
    create(&app, draft("Seats", About::Dashboard, &["ops@example.com"])).await.unwrap();
    let other = app.another_node().await;
    app.clock.advance(DAY * 8);
    let (one, two) =
        tokio::join!(send::send_due(&app.mirror, &app.surroundings), send::send_due(&other.mirror, &app.surroundings));
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(log(&app).await.len(), 1);
    other.mirrors.close().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_comes_with_its_changes_and_a_table_of_apps() {
    for engine in ENGINES {
        let (app, server, notifier) = ready(engine).await;
        let id = create(&app, draft("Seats", About::Dashboard, &["ops@example.com"])).await.unwrap();
        for _ in 0..2 {
            send::send_now(&zoe(&app), &app.mirror, &id, &app.surroundings.entropy).await.unwrap();
            deliver_all(&app, &notifier).await;
        }
        let (first, second) = (decoded(&server.messages()[0]), decoded(&server.messages()[1]));
        assert!(first.contains("This is the first report"), "{first}");
        assert!(first.contains("app,site,seats,active,inactive,never active"), "{first}");
        assert!(first.contains("https://rollcall.example.com/dashboard"), "{first}");
        assert!(second.contains("(unchanged) seats, held by"), "{second}");
        assert!(second.contains("People in the organization"), "{second}");
        let next = app.mirror.store().read(move |tx| reports::find(tx, &id)).await.unwrap().unwrap();
        assert!(next.next().unwrap() > app.clock.now(), "the schedule stays");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_a_report_waits_and_says_so_and_leaves_once_there_is_one() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 30, 12).await;
        let id = create(&app, draft("Seats", About::Dashboard, &["ops@example.com"])).await.unwrap();
        app.clock.advance(DAY * 15);
        assert_eq!(due(&app).await, 0);
        assert_eq!(app.mirror.store().read(attention::unsent).await.unwrap(), 1);
        let refused = send::send_now(&zoe(&app), &app.mirror, &id, &app.surroundings.entropy).await;
        assert!(matches!(refused, Err(NotSent::NoMail)), "{refused:?}");

        let (server, notifier) = (MailServer::start().await, notifier(&app));
        set_up(&app, &notifier, &server, &[]).await;
        assert_eq!(app.mirror.store().read(attention::unsent).await.unwrap(), 0);
        assert_eq!((due(&app).await, due(&app).await), (1, 0));
        deliver_all(&app, &notifier).await;
        assert_eq!(server.messages().len(), 1);
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_a_filter_in_use_stays_shared() {
    for engine in ENGINES {
        let app = TestApp::ready(engine, 30, 13).await;
        let entropy = &app.surroundings.entropy;
        for (recipients, zone, why) in [
            (&[][..], "UTC", "goes to nobody"),
            (&["ops@example.com", "nobody"][..], "UTC", "“nobody” is no e-mail address"),
            (&["a@b.example\r\nBcc: c@d.example"][..], "UTC", "is no e-mail address"),
            (&["ops@example.com"; 21][..], "UTC", "more than 20"),
            (&["ops@example.com"][..], "Europe/Nowhere", "no time zone"),
        ] {
            let wanted = ReportDraft { zone: zone.to_owned(), ..draft("Seats", About::Dashboard, recipients) };
            let refused = create(&app, wanted).await.unwrap_err();
            assert!(refused.to_string().contains(why), "{refused}");
        }
        let about = filter(&app, "status = active").await;
        let wanted = draft("Active", About::Filter(about.clone()), &["ops@example.com"]);
        let id = create(&app, wanted.clone()).await.unwrap();
        assert!(matches!(create(&app, wanted).await, Err(NotKept::NameTaken)));
        let found = about.clone();
        let kept = app.mirror.store().read(move |tx| rollcall::store::filters::find(tx, &found)).await.unwrap();
        assert!(kept.unwrap().kept.audience.is_everybody(), "whoever gets a report can find its filter");
        let refused = filters::delete(&zoe(&app), &app.mirror, &about, entropy).await;
        assert!(matches!(&refused, Err(FilterNotKept::InUse(by)) if by == "Active"), "{refused:?}");
        keep::delete(&zoe(&app), &app.mirror, &id, entropy).await.unwrap();
        filters::delete(&zoe(&app), &app.mirror, &about, entropy).await.unwrap();
        assert!(matches!(keep::delete(&zoe(&app), &app.mirror, &id, entropy).await, Err(NotKept::Unknown)));
        app.stop().await;
    }
}
