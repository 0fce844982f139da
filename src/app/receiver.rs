//! Who gets the demo's webhooks: a receiver on this machine that takes what is sent to it over HTTP as a rule of Automation
//! for Jira and as a program would, believes it only with the right token or signature, and shows what it got.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use clock::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::id::Entropy;
use crate::notify::message::{self, Proof};
use crate::nouns::refusal::Refusal;

/// Where the rule listens.
const RULE: &str = "/automation/webhooks/demo";
/// Where the program listens.
const PROGRAM: &str = "/program";
/// So many messages are kept, the newest first.
const KEPT: usize = 100;

/// The demo's receiver; it ends when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// The rule's token, and the program's secret.
    token: String,
    secret: String,
    /// Time goes by as it does for whoever sends.
    clock: Mutex<Clock>,
    got: Mutex<VecDeque<Value>>,
}

impl Receiver {
    /// Listens on a port of this machine.
    ///
    /// # Errors
    /// It cannot listen.
    pub async fn start(clock: Clock, entropy: &Entropy) -> Result<Receiver, Refusal> {
        let refused = |error: std::io::Error| {
            Refusal::new("The demo was not started.", format!("Its receiver cannot listen: {error}."), "Try again.")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let shared = Arc::new(Shared {
            token: entropy.secret().to_string(),
            secret: message::new_secret(entropy),
            clock: Mutex::new(clock),
            got: Mutex::default(),
        });
        let router = Router::new()
            .route("/", get(show))
            .route(RULE, post(rule))
            .route(PROGRAM, post(program))
            .with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::warn!(%error, "demo.receiver");
            }
        });
        Ok(Receiver { address, shared, serving })
    }

    /// From here on time goes by as on this clock.
    pub fn follow(&self, clock: Clock) {
        *self.shared.clock.lock().unwrap_or_else(PoisonError::into_inner) = clock;
    }

    /// Where it shows what it got.
    pub fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The rule's address and token.
    pub fn rule(&self) -> (String, &str) {
        (format!("http://{}{RULE}", self.address), &self.shared.token)
    }

    /// The program's address and secret.
    pub fn program(&self) -> (String, &str) {
        (format!("http://{}{PROGRAM}", self.address), &self.shared.secret)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn keep(&self, to: &str, body: &str) {
        let at = self.clock.lock().unwrap_or_else(PoisonError::into_inner).now();
        let got = json!({
            "at": at.to_string(), "to": to, "message": serde_json::from_str::<Value>(body).unwrap_or_default(),
        });
        let mut kept = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front(got);
        kept.truncate(KEPT);
    }
}

async fn show(State(shared): State<Arc<Shared>>) -> Json<Vec<Value>> {
    Json(shared.got.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect())
}

async fn rule(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> (StatusCode, &'static str) {
    if header(&headers, "x-automation-webhook-token") != shared.token {
        return (StatusCode::UNAUTHORIZED, "The token is not that of the rule.");
    }
    shared.keep("the rule in Jira", &body);
    (StatusCode::OK, "The rule has run.")
}

async fn program(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let proof = Proof {
        id: header(&headers, "webhook-id"),
        timestamp: header(&headers, "webhook-timestamp"),
        signature: header(&headers, "webhook-signature"),
    };
    let now = shared.clock.lock().unwrap_or_else(PoisonError::into_inner).now();
    if let Err(why) = message::prove(&shared.secret, proof, &body, now) {
        return (StatusCode::UNAUTHORIZED, format!("Refused: {why}."));
    }
    shared.keep("the program", &body);
    (StatusCode::OK, "The signature is good.".to_owned())
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
