//! The client against a server on loopback, fault by fault. A test is named after the fault's number.
#![expect(clippy::unwrap_used, reason = "the parts that tests share may fail like tests")]

mod bodies;
mod chains;
mod effects;
mod laws;
mod pacing;
mod refusals;
mod resources;
mod server;
mod sites;
mod stream;

use atlassian::call::Class;
use atlassian::chain::Chain;
use atlassian::client::Client;
use atlassian::config::Config;
use atlassian::scope::Scope;
use atlassian::secret::Secret;
use atlassian::user::User;
use atlassian::users;
use clock::Clock;
use server::Server;

/// A virtual clock at a fixed instant: every wait takes no time.
fn virtual_clock() -> Clock {
    Clock::simulated("2026-11-20T10:00:00Z".parse().unwrap())
}

fn config(server: &Server) -> Config {
    Config::new(&server.base, Secret::new("ATCTT3xFfGN0-first"), virtual_clock())
}

fn client(server: &Server) -> Client {
    Client::new(config(server)).unwrap()
}

fn everybody(client: &Client) -> Chain<User> {
    users::search(
        client,
        &Scope::directory("o-1", "d-1"),
        Class::Pass,
        &users::UserFilter::default(),
        &users::UserExpansion::ALL,
    )
}

/// A page of users with these ids, and the cursor of the next one.
fn page(ids: &[&str], next: Option<&str>) -> String {
    let data: Vec<_> = ids.iter().map(|id| serde_json::json!({"accountId": id, "groups": []})).collect();
    let links = next.map_or(serde_json::json!({"self": "s"}), |next| serde_json::json!({"self": "s", "next": next}));
    serde_json::json!({"data": data, "links": links}).to_string()
}

/// Walks a chain to its end and gives the ids it showed.
async fn ids(mut chain: Chain<User>) -> Result<Vec<String>, atlassian::error::Error> {
    let mut ids = Vec::new();
    while let Some(page) = chain.next().await {
        ids.extend(page?.records.into_iter().map(|user| user.account_id));
    }
    Ok(ids)
}
