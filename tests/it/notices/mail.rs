//! Mail, against a server that speaks SMTP.

use std::sync::Arc;

use rollcall::notify::address::{Allowed, Lookup};
use rollcall::notify::letter::{self, Enclosure, Envelope, Letter};
use rollcall::notify::mail::{self, Entered};
use rollcall::notify::outgoing::Answer;
use rollcall::notify::{Notifier, post};
use rollcall::nouns::endpoint::DeliveryState;
use rollcall::nouns::mail::{MailKind, Security};
use rollcall::nouns::notice::TaskOutcome;
use rollcall::store::mail_server;
use rollcall::store::organization_keys::SealingKey;

use crate::support::app::{ENGINES, Engine, TestApp};
use crate::support::smtp::{Issuer, MailServer, Speaks};

use super::{advance, context, deliver_all, log, notifier, put, start, task_run};

fn entered(port: u16, recipients: &[&str]) -> Entered {
    Entered {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::Plain,
        username: String::new(),
        password: String::new(),
        sender: "Zoë von Rollcall <rollcall@example.com>".to_owned(),
        recipients: vec![(MailKind::Task, recipients.iter().map(|address| (*address).to_owned()).collect())],
    }
}

pub(super) async fn set_up(app: &TestApp, notifier: &Notifier, server: &MailServer, recipients: &[&str]) {
    mail::save(&context(app), &app.mirror, notifier, entered(server.port, recipients)).await.unwrap();
    mail::set_public_address(&context(app), &app.mirror, notifier, "https://rollcall.example.com/").await.unwrap();
}

#[tokio::test]
async fn a_failed_task_is_mailed_to_each_who_asked_for_it() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (server, notifier) = (MailServer::start().await, notifier(&app));
        set_up(&app, &notifier, &server, &["ops@example.com", "it@example.com"]).await;
        put(&app, task_run("task_1", "p1", TaskOutcome::Succeeded)).await;
        assert_eq!(deliver_all(&app, &notifier).await, 0, "nobody is mailed of a success");
        put(&app, task_run("task_1", "p2", TaskOutcome::Partial)).await;
        assert_eq!(deliver_all(&app, &notifier).await, 2);
        let dialogue = server.dialogue();
        assert!(dialogue[0].starts_with("EHLO "), "{dialogue:?}");
        assert!(dialogue.iter().any(|line| line.starts_with("MAIL FROM:<rollcall@example.com>")));
        let to: Vec<&String> = dialogue.iter().filter(|line| line.starts_with("RCPT")).collect();
        assert_eq!(to, ["RCPT TO:<ops@example.com>", "RCPT TO:<it@example.com>"]);
        let message = server.messages().remove(0);
        assert!(message.contains("Subject: Rollcall: Task partly done (Leavers)"), "{message}");
        assert!(
            message.contains("From: =?utf-8?b?") && message.contains("text/html") && message.contains("text/plain")
        );
        assert!(message.contains("https://rollcall.example.com/tasks/task_1/runs/p2"), "{message}");
        app.stop().await;
    }
}

#[tokio::test]
async fn greylisted_mail_is_tried_again_under_the_same_id_and_refused_mail_is_given_up() {
    for engine in ENGINES {
        let app = start(engine).await;
        let (server, notifier) = (MailServer::start().await, notifier(&app));
        set_up(&app, &notifier, &server, &["ops@example.com", "gone@example.com"]).await;
        server.answer_recipients(&["450 4.2.0 greylisted", "550 5.1.1 no such user"]);
        put(&app, task_run("task_1", "p1", TaskOutcome::Failed)).await;
        deliver_all(&app, &notifier).await;
        assert!(server.messages().is_empty());
        advance(&app, 10);
        deliver_all(&app, &notifier).await;
        assert_eq!(server.messages().len(), 1);
        let log = log(&app).await;
        let of = |recipient: &str| log.iter().find(|delivery| delivery.recipient == recipient).unwrap();
        assert_eq!((of("ops@example.com").state, of("ops@example.com").attempts), (DeliveryState::Delivered, 2));
        assert_eq!((of("gone@example.com").state, of("gone@example.com").attempts), (DeliveryState::Dead, 1));
        assert!(of("gone@example.com").last_answer.as_deref().unwrap().contains("no such user"), "{log:?}");
        assert!(server.messages()[0].contains(&format!("Message-ID: <{}@example.com>", of("ops@example.com").id)));
        app.stop().await;
    }
}

#[tokio::test]
async fn files_and_names_in_any_script_arrive_as_they_were() {
    let app = start(Engine::Sqlite).await;
    let (server, notifier) = (MailServer::start().await, notifier(&app));
    set_up(&app, &notifier, &server, &[]).await;
    let stored = app.mirror.store().read(mail_server::find).await.unwrap().unwrap();
    let letter = Letter {
        subject: "Отчёт".to_owned(),
        paragraphs: vec![".\r\nQUIT".to_owned()],
        enclosures: vec![Enclosure {
            name: "報告.csv".to_owned(),
            kind: "text/csv".to_owned(),
            content: "name\r\nJosé\r\n".as_bytes().to_vec(),
        }],
        ..Letter::default()
    };
    let envelope = Envelope {
        sender: stored.sender.clone(),
        recipient: "ops@example.com".to_owned(),
        id: "dlv_1".to_owned(),
        at: app.clock.now(),
    };
    let message = letter::compose(&letter, &envelope).unwrap();
    let answer = post::send(message, (&stored, ""), &Lookup::Machine, &[]).await;
    assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
    let message = server.messages().remove(0);
    assert!(
        message.contains("Content-Disposition: attachment") && message.contains("filename*0*=utf-8''%E5%A0%B1"),
        "{message}"
    );
    assert!(message.contains("multipart/mixed") && message.contains("Subject: =?utf-8?b?"));
    assert!(!server.dialogue().contains(&"Отчёт".to_owned()));
    app.stop().await;
}

#[tokio::test]
async fn a_stored_password_goes_to_its_server_alone_and_a_sender_cannot_add_a_header() {
    for engine in ENGINES {
        let app = start(engine).await;
        let notifier = notifier(&app);
        let with = |host: &str, password: &str, sender: &str| Entered {
            host: host.to_owned(),
            security: Security::Tls,
            username: "rollcall".to_owned(),
            password: password.to_owned(),
            sender: sender.to_owned(),
            ..entered(465, &[])
        };
        let save = |entered| async { mail::save(&context(&app), &app.mirror, &notifier, entered).await };
        assert!(save(with("smtp.example.com", "", "r@example.com")).await.is_err(), "no password yet");
        save(with("smtp.example.com", "secret", "r@example.com")).await.unwrap();
        save(with("smtp.example.com", "", "other@example.com")).await.unwrap();
        assert!(save(with("smtp.elsewhere.example", "", "r@example.com")).await.is_err());
        assert!(save(with("smtp.example.com", "", "r@example.com\r\nBcc: all@example.com")).await.is_err());
        let plain = Entered { security: Security::Plain, ..with("smtp.example.com", "x", "r@example.com") };
        assert!(save(plain).await.is_err(), "no password without encryption");
        app.stop().await;
    }
}

/// A mail server of a name, spoken to with a password by whoever trusts an issuer; what came of one mail.
async fn mailed(
    app: &TestApp,
    server: &MailServer,
    (host, security): (&str, Security),
    trusted: &[u8],
) -> rollcall::nouns::endpoint::Delivery {
    let names = [("mail.example".to_owned(), vec!["127.0.0.1".parse().unwrap()])];
    let places = (Allowed::default(), Lookup::Given(Arc::new(names.into_iter().collect())));
    let chance = (app.clock.clone(), app.surroundings.entropy.clone());
    let notifier = Notifier::new(chance, SealingKey::new([7; 32]), places, (None, trusted)).unwrap();
    let secure = Entered {
        host: host.to_owned(),
        security,
        username: "rollcall".to_owned(),
        password: "the password".to_owned(),
        ..entered(server.port, &["ops@example.com"])
    };
    mail::save(&context(app), &app.mirror, &notifier, secure).await.unwrap();
    mail::test(&context(app), &app.mirror, &notifier, "ops@example.com").await.unwrap();
    assert_eq!(deliver_all(app, &notifier).await, 1);
    log(app).await.remove(0)
}

/// `\0rollcall\0the password`, as PLAIN sends it (RFC 4616).
const PLAIN: &str = "AUTH PLAIN AHJvbGxjYWxsAHRoZSBwYXNzd29yZA==";

#[tokio::test]
async fn mail_goes_over_starttls_and_over_tls_and_the_password_behind_it() {
    let issuer = Issuer::new();
    for security in [Security::StartTls, Security::Tls] {
        let app = start(Engine::Sqlite).await;
        let acceptor = issuer.acceptor("mail.example");
        let speaks = if security == Security::Tls { Speaks::Tls(acceptor) } else { Speaks::StartTls(acceptor) };
        let server = MailServer::speaking(speaks).await;
        let delivery = mailed(&app, &server, ("mail.example", security), &issuer.certificate()).await;
        assert_eq!(delivery.state, DeliveryState::Delivered, "{delivery:?}");
        assert_eq!(server.messages().len(), 1);
        let dialogue = server.dialogue();
        let encrypted = dialogue.iter().position(|line| line == "TLS").unwrap();
        assert_eq!(encrypted, if security == Security::Tls { 0 } else { 2 }, "{dialogue:?}");
        let signed_in = dialogue.iter().position(|line| line == PLAIN).unwrap();
        assert!(signed_in > encrypted, "{dialogue:?}");
        app.stop().await;
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_gets_neither_password_nor_mail_and_is_told_as_a_sentence() {
    let (issuer, stranger) = (Issuer::new(), Issuer::new());
    for (name, trusted, why) in [
        ("mail.example", &stranger, "nobody whom this machine trusts has issued it"),
        ("other.example", &issuer, "it is for another name than the server's"),
    ] {
        for security in [Security::StartTls, Security::Tls] {
            let app = start(Engine::Sqlite).await;
            let acceptor = issuer.acceptor(name);
            let speaks = if security == Security::Tls { Speaks::Tls(acceptor) } else { Speaks::StartTls(acceptor) };
            let server = MailServer::speaking(speaks).await;
            let delivery = mailed(&app, &server, ("mail.example", security), &trusted.certificate()).await;
            assert_eq!(delivery.state, DeliveryState::Waiting, "it is tried again: a certificate can be replaced");
            let said = delivery.last_answer.unwrap();
            assert!(said.starts_with("The mail server's certificate is not trusted: ") && said.contains(why), "{said}");
            assert!(server.messages().is_empty());
            assert!(!server.dialogue().iter().any(|line| line.starts_with("AUTH")), "{:?}", server.dialogue());
            app.stop().await;
        }
    }
}

#[tokio::test]
async fn a_server_without_starttls_is_not_spoken_to_plainly_instead() {
    let app = start(Engine::Sqlite).await;
    let server = MailServer::start().await;
    let delivery = mailed(&app, &server, ("mail.example", Security::StartTls), &[]).await;
    assert_eq!(delivery.state, DeliveryState::Waiting);
    assert!(delivery.last_answer.as_deref().unwrap().contains("STARTTLS"), "{delivery:?}");
    let dialogue = server.dialogue();
    assert!(!dialogue.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{dialogue:?}");
    app.stop().await;
}
