//! The API over real HTTP: an organization that was read, a client as any program would have it, and every answer held
//! against the document.

mod answers;
mod contact_upkeep;
mod contacts;
mod entry;
mod listing;
mod once;
mod operations;
mod problems;
mod reach;
mod reports;
mod tasks;
mod webhooks;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use jsonschema::Draft;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use rollcall::api::{self, Api, ROOT};
use rollcall::auth::access_tokens::{self, Wanted};
use rollcall::auth::passwords::{NewPassword, Passwords};
use rollcall::auth::setup;
use rollcall::auth::token::Token;
use rollcall::auth::username::Username;
use rollcall::nouns::access_token::Reach;
use rollcall::nouns::context::{Actor, Context};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::notices::notifier;
use crate::support::app::{Engine, TestApp, population};

/// A served API before an organization.
pub(crate) struct Served {
    pub(crate) app: TestApp,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
    /// The secret of an access token.
    pub(crate) token: String,
    /// A session of the administrator.
    pub(crate) session: Token,
    serving: JoinHandle<()>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body, where it is JSON.
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The word for the kind of problem; empty when it is none.
    pub(crate) fn problem(&self) -> &str {
        self.body["type"].as_str().and_then(|kind| kind.strip_prefix("urn:rollcall:problem:")).unwrap_or("")
    }
}

impl Served {
    /// An organization of so many people that was read once.
    pub(crate) async fn start(engine: Engine, users: u32, seed: u64) -> Served {
        let app = TestApp::start(engine, &population(users, seed)).await;
        app.work().await.unwrap();
        Served::of(app).await
    }

    /// Serves what there is, to an administrator `mira` and a program of hers.
    pub(crate) async fn of(app: TestApp) -> Served {
        let (control, entropy) = (app.mirrors.control(), &app.surroundings.entropy);
        let link = setup::create_link(control, entropy, app.clock.now()).await.unwrap().unwrap();
        let link = Token::parse(link.strip_prefix("/setup/").unwrap()).unwrap();
        let passwords = Passwords::new(entropy.clone());
        let entered =
            (Username::parse("mira").unwrap(), NewPassword::parse("a long password", "a long password").unwrap());
        let session =
            setup::use_link(control, (&passwords, entropy), &link, entered, (app.clock.now(), [127, 0, 0, 1].into()))
                .await
                .unwrap();
        let api = Api {
            control: control.clone(),
            clock: app.clock.clone(),
            entropy: entropy.clone(),
            mirrors: app.mirrors.clone(),
            notifier: notifier(&app),
            connector: app.connector.clone(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = api::router(api).into_make_service_with_connect_info::<SocketAddr>();
        let serving = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut served = Served { app, address, client, token: String::new(), session, serving };
        served.token = served.make_token("tests", None).await;
        served
    }

    /// Makes another token and gives its secret.
    pub(crate) async fn make_token(&self, name: &str, days: Option<u32>) -> String {
        self.make_token_that_may(name, days, Reach::Act).await
    }

    /// The same of a token that may do so much.
    pub(crate) async fn make_token_that_may(&self, name: &str, days: Option<u32>, reach: Reach) -> String {
        let context = Context { actor: Actor::CommandLine, now: self.app.clock.now() };
        let wanted = Wanted { name: name.to_owned(), days, username: None, reach };
        let (control, entropy) = (self.app.mirrors.control(), &self.app.surroundings.entropy);
        access_tokens::create(&context, control, wanted, entropy).await.unwrap().1.expose()
    }

    /// A request with nothing but its address.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{ROOT}{path}", self.address))
    }

    /// Sends a request, and holds its answer against the document.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let answer = self.client.execute(request).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        let answer = Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text };
        if let Some(fault) = against_document(&method, &path, &answer) {
            let told: String = answer.text.chars().take(500).collect();
            panic!("{method} {path} answered {status}: {fault}\n{told}");
        }
        answer
    }

    /// Asks with the token.
    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::GET, &with_query(path, query)).bearer_auth(&self.token)).await
    }

    /// Sends JSON with the token.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).bearer_auth(&self.token).json(body)).await
    }

    /// Sends JSON with the token and a key.
    pub(crate) async fn post_once(&self, path: &str, body: &Value, key: &str) -> Answer {
        let request = self.request(Method::POST, path).bearer_auth(&self.token).json(body);
        self.send(request.header("Idempotency-Key", key)).await
    }

    pub(crate) async fn end(self) {
        self.serving.abort();
        let _ = self.serving.await;
        self.app.stop().await;
    }
}

/// An address with parameters.
pub(crate) fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric();
        text.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect::<String>()
    };
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// The document of the API.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(&api::document()).unwrap())
}

/// Every operation of the document: method, path, and what is said about it.
pub(crate) fn operations() -> Vec<(Method, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap().iter();
    let of = |path: &'static str, item: &'static Value| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, said)| (method.to_uppercase().parse().unwrap(), path, said))
    };
    paths.flat_map(|(path, item)| of(path, item)).collect()
}

/// What an answer has that the document does not say, if anything.
fn against_document(method: &Method, path: &str, answer: &Answer) -> Option<String> {
    let is_there = |template: &str| {
        let (wanted, given): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
        wanted.len() == given.len() && wanted.iter().zip(&given).all(|(w, g)| w.starts_with('{') || w == g)
    };
    let mut matching = operations().into_iter().filter(|(m, template, _)| m == method && is_there(template));
    let first = matching.next();
    let said = match (first, matching.next()) {
        // A path without placeholders is meant before one with them.
        (Some(one), Some(other)) => Some(if one.1.contains('{') { other } else { one }.2),
        (one, _) => one.map(|(_, _, said)| said),
    };
    let default =
        json!({ "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    let responses = said.map(|said| &said["responses"]);
    let told = match responses.and_then(|responses| responses.get(answer.status.to_string())) {
        Some(told) => told,
        None if answer.status < 400 => return Some("this status is not in the document".to_owned()),
        None => responses.map_or(&default, |responses| &responses["default"]),
    };
    let Some(content) = told.get("content").and_then(Value::as_object) else {
        return (!answer.text.is_empty()).then(|| "the document says that there is no body".to_owned());
    };
    let (media_type, described) = content.iter().next()?;
    if !answer.header("content-type").starts_with(media_type.as_str()) {
        return Some(format!("it is no {media_type}"));
    }
    let schema = described.get("schema")?;
    if !media_type.ends_with("/json") && !media_type.ends_with("+json") {
        return None;
    }
    let whole = json!({ "allOf": [schema], "components": document()["components"] });
    let validator = jsonschema::options().with_draft(Draft::Draft202012).offline().build(&whole).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(&answer.body).map(|error| format!("{error} at {}", error.instance_path())).collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}
