//! Mail, against a server that speaks SMTP.

use rollcall::notify::address::Lookup;
use rollcall::notify::letter::{self, Enclosure, Envelope, Letter};
use rollcall::notify::mail::{self, Entered};
use rollcall::notify::outgoing::Answer;
use rollcall::notify::{Notifier, post};
use rollcall::nouns::endpoint::DeliveryState;
use rollcall::nouns::mail::{MailKind, Security};
use rollcall::nouns::notice::TaskOutcome;
use rollcall::store::mail_server;

use crate::support::app::{ENGINES, Engine, TestApp};
use crate::support::smtp::MailServer;

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

async fn set_up(app: &TestApp, notifier: &Notifier, server: &MailServer, recipients: &[&str]) {
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
