//! `rollcall webhooks`: the webhooks, a test for one, and the log of deliveries. They are made and changed on their page.

use clap::{Args, Subcommand};

use crate::cli::open::{failed, only, to_read};
use crate::cli::sending::{self, Sent};
use crate::cli::table::print;
use crate::cli::{Exit, Place};
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::notify::endpoints as verbs;
use crate::nouns::context::Context;
use crate::nouns::endpoint::{Delivery, Endpoint};
use crate::nouns::refusal::Refusal;
use crate::store::{endpoints, outbox};

/// `rollcall webhooks`
#[derive(Args, Debug)]
pub struct Webhooks {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the webhooks
    List(List),
    /// Send a test to a webhook
    Test {
        /// Its name or id
        webhook: String,
    },
    /// List what was sent to webhooks and by mail, the newest first
    Deliveries(List),
}

/// How a list is printed.
#[derive(Args, Debug)]
pub struct List {
    /// As JSON, one object per line
    #[arg(long)]
    pub json: bool,
}

/// The most deliveries that are listed.
const MOST: u32 = 1_000;

/// Runs the command.
pub async fn run(webhooks: &Webhooks) -> Result<Exit, Refusal> {
    match &webhooks.action {
        Action::List(list) => {
            let known = only(&to_read(&webhooks.place).await?)?.store().read(endpoints::list).await.map_err(failed)?;
            print(
                list.json,
                &known,
                ("There is no webhook.", &["name", "style", "state", "events", "id"]),
                (cells, object),
            );
        }
        Action::Deliveries(list) => {
            let mirror = only(&to_read(&webhooks.place).await?)?;
            let sent = mirror.store().read(|tx| outbox::newest(tx, i64::MAX, MOST)).await.map_err(failed)?;
            let heads = ["event", "to", "happened", "state", "tries", "last answer", "id"];
            print(list.json, &sent, ("Nothing was sent yet.", &heads), (sent_cells, sent_object));
        }
        Action::Test { webhook } => {
            sending::hand_over(&webhooks.place, Sent::Test(webhook.clone())).await?;
            eprintln!("The test is on its way. `rollcall webhooks deliveries` says what was answered.");
        }
    }
    Ok(Exit::Done)
}

/// Puts a test out for the webhook of this name or id.
pub(crate) async fn put_test(
    context: &Context,
    mirror: &Mirror,
    webhook: &str,
    entropy: &Entropy,
) -> Result<(), Refusal> {
    let known = mirror.store().read(endpoints::list).await.map_err(failed)?;
    let mut meant = known.iter().filter(|endpoint| endpoint.id.as_str() == webhook || endpoint.draft.name == webhook);
    let (Some(endpoint), None) = (meant.next(), meant.next()) else {
        let why = format!("There is no webhook, or more than one, called {webhook}.");
        return Err(Refusal::new("No test was sent.", why, "See `rollcall webhooks list`, and name it by its id."));
    };
    verbs::test(context, mirror, &endpoint.id, entropy).await.map(drop).map_err(|why| match why {
        verbs::NotDone::Refused(refusal) => refusal,
        verbs::NotDone::Store(error) => failed(error),
    })
}

fn state(endpoint: &Endpoint) -> &'static str {
    match (&endpoint.switched_off, endpoint.draft.active) {
        (Some(_), _) => "switched off",
        (None, true) => "active",
        (None, false) => "not active",
    }
}

fn words(endpoint: &Endpoint) -> Vec<&'static str> {
    endpoint.draft.events.iter().map(|event| event.as_str()).collect()
}

fn cells(endpoint: &Endpoint) -> Vec<String> {
    let draft = &endpoint.draft;
    let (style, state) = (draft.style.as_str().to_owned(), state(endpoint).to_owned());
    vec![draft.name.clone(), style, state, words(endpoint).join(" "), endpoint.id.to_string()]
}

fn object(endpoint: &Endpoint) -> serde_json::Value {
    let draft = &endpoint.draft;
    serde_json::json!({
        "id": endpoint.id.as_str(), "name": draft.name, "address": draft.address, "style": draft.style.as_str(),
        "state": state(endpoint), "events": words(endpoint), "key_days": draft.key_days, "version": endpoint.version,
        "changed_by": endpoint.changed_by, "changed_at": endpoint.changed_at.to_string(),
    })
}

fn receiver(delivery: &Delivery) -> String {
    delivery.endpoint.as_ref().map_or_else(|| delivery.recipient.clone(), ToString::to_string)
}

fn sent_cells(delivery: &Delivery) -> Vec<String> {
    vec![
        delivery.event.as_str().to_owned(),
        receiver(delivery),
        delivery.at.strftime("%Y-%m-%d %H:%M").to_string(),
        delivery.state.as_str().to_owned(),
        delivery.attempts.to_string(),
        delivery.last_answer.clone().unwrap_or_default(),
        delivery.id.to_string(),
    ]
}

fn sent_object(delivery: &Delivery) -> serde_json::Value {
    serde_json::json!({
        "id": delivery.id.as_str(), "message": delivery.notice.as_str(), "event": delivery.event.as_str(),
        "to": receiver(delivery), "happened_at": delivery.at.to_string(), "state": delivery.state.as_str(),
        "attempts": delivery.attempts, "last_answer": delivery.last_answer,
    })
}
