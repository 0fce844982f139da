//! Hints over real HTTP: who hears what, how many may listen, and when a stream ends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::id::{Entropy, RunId};
use crate::nouns::context::{Actor, Context as Asker};
use crate::nouns::organization::Organization;
use crate::nouns::run::{Progress, RunKind};
use crate::sync::request::{self, Ask, Asked};
use crate::web::tests::{App, noon};

/// An organization of which nothing was read yet.
async fn organization(app: &App, number: u64) -> Mirror {
    let id = OrganizationId::new(&Entropy::seeded(number), app.web.clock.now());
    let organization = Organization {
        id,
        atlassian_id: format!("org-{number}"),
        name: "Acme".to_owned(),
        base_url: "http://127.0.0.1:1".to_owned(),
        time_zone: "UTC".to_owned(),
        created_at: app.web.clock.now(),
    };
    app.web.mirrors.create(organization).await.unwrap()
}

async fn ask(app: &App, mirror: &Mirror) -> RunId {
    let context = Asker { actor: Actor::System, now: app.web.clock.now() };
    match request::start(&context, mirror, Ask::everything(RunKind::Manual), (None, &app.web.entropy)).await.unwrap() {
        Asked::Queued(id) => id,
        Asked::Held(run) => panic!("{run:?} holds the place"),
    }
}

/// What comes over one connection.
struct Heard {
    stream: TcpStream,
    text: String,
}

impl Heard {
    async fn listen(app: &App) -> Heard {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        let cookie = app.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let request = format!("GET /live HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n", app.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut heard = Heard { stream, text: String::new() };
        heard.until("\r\n\r\n").await;
        heard
    }

    /// Reads until this has come; what came before it is forgotten.
    async fn until(&mut self, part: &str) {
        loop {
            if let Some(place) = self.text.find(part) {
                self.text.drain(..place + part.len());
                return;
            }
            assert!(self.more().await, "the stream ended before {part}: {}", self.text);
        }
    }

    async fn until_its_end(&mut self) {
        while self.more().await {}
    }

    async fn more(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let read = self.stream.read(&mut bytes).await.unwrap_or(0);
        self.text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        // The last chunk of an answer without a length.
        read > 0 && !self.text.ends_with("\r\n0\r\n\r\n")
    }

    fn is_a_stream(&self) -> bool {
        self.text.is_empty() || !self.text.contains("<html")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_hears_which_run_moves() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    let mirror = organization(&app, 1).await;
    let mut heard = Heard::listen(&app).await;
    heard.until(r#"{"generation":0,"id":null,"noun":"run"}"#).await;
    let run = ask(&app, &mirror).await;
    heard.until(&format!(r#"{{"generation":0,"id":"{run}","noun":"run"}}"#)).await;
    let (id, progress) = (run.clone(), Progress { people_seen: 7, ..Progress::NONE });
    let moved = mirror.store().write(move |tx| {
        runs::set_progress(tx, &id, &progress, None)?;
        head::touch(tx)
    });
    moved.await.unwrap();
    heard.until(&format!(r#""id":"{run}""#)).await;
    mirror.store().write(|tx| head::advance(tx, 1)).await.unwrap();
    heard.until(r#"{"generation":1,"id":null,"noun":"generation"}"#).await;
    assert!(heard.is_a_stream());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_hear_nothing() {
    let mut app = App::start(noon()).await;
    let answer = app.get("/live").await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("/sign-in"));
    app.enter().await;
    assert_eq!(app.get("/live").await.location(), "/setup/organization", "there is nothing to listen to yet");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_moves_elsewhere_is_not_told_here() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    let (here, elsewhere) = (organization(&app, 1).await, organization(&app, 2).await);
    let mut ours = app.web.live.take_place(&here, [1; 32]).unwrap();
    let mut theirs = app.web.live.take_place(&elsewhere, [1; 32]).unwrap();
    let first = |noun| Hint { noun, id: None, generation: 0 };
    for noun in [Noun::Run, Noun::Operation, Noun::Generation] {
        assert_eq!(ours.hints.recv().await.unwrap(), first(noun));
        assert_eq!(theirs.hints.recv().await.unwrap(), first(noun));
    }
    let run = ask(&app, &elsewhere).await;
    assert_eq!(theirs.hints.recv().await.unwrap().id, Some(run.to_string()));
    let mine = ask(&app, &here).await;
    assert_eq!(ours.hints.recv().await.unwrap().id, Some(mine.to_string()), "and nothing of the other before");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_few_streams_and_gives_their_places_back() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    let mirror = organization(&app, 1).await;
    let mut streams = Vec::new();
    for _ in 0..MOST_PER_SESSION {
        streams.push(Heard::listen(&app).await);
    }
    assert_eq!(app.get("/live").await.status, 429);
    assert!(app.web.live.take_place(&mirror, [9; 32]).is_ok(), "another session has its own");
    drop(streams);
    // The server notices that the readers went when it next has something to say.
    while app.web.live.held().total > 0 {
        ask_and_stop(&app, &mirror).await;
    }
    assert!(app.web.live.held().organizations.is_empty(), "nobody listens, so nobody looks out");
    assert!(app.web.live.held().sessions.is_empty());
    let mut again = Heard::listen(&app).await;
    again.until("data:").await;
    app.end().await;
}

async fn ask_and_stop(app: &App, mirror: &Mirror) {
    let run = ask(app, mirror).await;
    let context = Asker { actor: Actor::System, now: app.web.clock.now() };
    request::cancel(&context, mirror, &run, &app.web.entropy).await.unwrap();
    app.web.clock.sleep(LOOK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_so_many_streams_in_all_and_no_more() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    let mirror = organization(&app, 1).await;
    let place = |number: usize| app.web.live.take_place(&mirror, [(number % 250) as u8; 32]);
    let places: Vec<Listener> = (0..MOST).map(|number| place(number).unwrap()).collect();
    assert_eq!(app.web.live.take_place(&mirror, [251; 32]).map(drop), Err(TooMany));
    drop(places);
    assert!(app.web.live.take_place(&mirror, [251; 32]).is_ok());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_session() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    organization(&app, 1).await;
    let mut heard = Heard::listen(&app).await;
    heard.until("data:").await;
    heard.until(": here").await;
    app.post("/sign-out", "").await;
    heard.until_its_end().await;
    while app.web.live.held().total > 0 {
        app.web.clock.sleep(LOOK).await;
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stream_ends_with_the_server_and_none_begins() {
    let mut app = App::start(noon()).await;
    app.enter().await;
    organization(&app, 1).await;
    let mut heard = Heard::listen(&app).await;
    heard.until("data:").await;
    app.web.live.end();
    heard.until_its_end().await;
    assert_eq!(app.get("/live").await.status, 429);
    app.end().await;
}

#[test]
fn only_what_differs_is_told() {
    let head = |generation, progress_seq| Head {
        generation,
        epoch: 0,
        lease_number: 0,
        progress_seq,
        event_seq: 0,
        stopped: false,
    };
    let run = crate::web::runs::tests::run;
    let running = run(crate::nouns::run::RunState::Running);
    let mut further = running.clone();
    further.progress.people_seen += 1;
    let before = (head(3, 1), vec![running.clone()]);
    assert_eq!(moved(Some(&before), (&head(3, 1), std::slice::from_ref(&running))), []);
    // What is no run and no generation may be an operation.
    let operation = |generation| Hint { noun: Noun::Operation, id: None, generation };
    assert_eq!(moved(Some(&before), (&head(3, 2), std::slice::from_ref(&running))), [operation(3)]);
    let hint = Hint { noun: Noun::Run, id: Some(running.id.to_string()), generation: 4 };
    let generation = Hint { noun: Noun::Generation, id: None, generation: 4 };
    assert_eq!(moved(Some(&before), (&head(4, 2), &[further])), [hint, operation(4), generation]);
}
