//! What Atlassian itself says of one person at this moment, as it came: for whoever doubts what is shown. Nothing of it is
//! kept, and nothing is concluded from it.

use atlassian::call::{Call, Class, Endpoint};
use atlassian::client::Client;
use atlassian::last_active_dates;
use atlassian::users;
use directory::{OUTSIDE, Snapshot};
use jiff::Timestamp;

use crate::mirror::Mirror;
use crate::nouns::refusal::Refusal;
use crate::sync::connect::Connector;
use crate::sync::explain;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAnswer {
    /// What was asked, as `GET /path`.
    pub asked: String,
    /// When it was asked.
    pub at: Timestamp,
    /// What came.
    pub said: Said,
}

/// What came of one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The answer's JSON, indented.
    Body {
        /// Its text, at most [`LONGEST`] characters.
        text: String,
        /// How many characters are beyond.
        beyond: usize,
    },
    /// Why there is none.
    Nothing(String),
}

/// Characters shown of one answer; a person's are a few thousand.
pub const LONGEST: usize = 100_000;
/// Directories that a person is asked for in; more are left out.
const DIRECTORIES: usize = 8;

/// Reads a person from Atlassian: in each directory as the search and the look-up tell them, and their activity.
///
/// # Errors
/// There is no key that could be used. What Atlassian refuses or does not answer is told answer by answer.
pub async fn person(connector: &Connector, mirror: &Mirror, account: &str) -> Result<Vec<RawAnswer>, Refusal> {
    let client = connector.client_for_look_up(mirror).await?;
    let organization = mirror.organization().atlassian_id.as_str();
    let mut answers = Vec::new();
    for directory in directories(&mirror.current(), account) {
        let body = serde_json::json!({
            "accountIds": [account],
            "expand": ["groups", "productAccess", "platformRoles", "counts.resources"],
            "limit": 1,
        });
        let here = [organization, &*directory];
        answers.push(ask(&client, (users::SEARCH, &here), Some(body.to_string())).await);
        answers.push(ask(&client, (users::ONE, &[organization, &directory, account]), None).await);
    }
    answers.push(ask(&client, (last_active_dates::OF_USER, &[organization, account]), None).await);
    Ok(answers)
}

/// The directories that somebody is in; all of them where that is not known.
fn directories(snapshot: &Snapshot, account: &str) -> Vec<String> {
    let ordinal = snapshot.account(account);
    let real = (0..).zip(snapshot.directories()).filter(|(_, directory)| directory.id.as_str() != OUTSIDE);
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        real.partition(|(place, _)| ordinal.is_some_and(|account| snapshot.presence(*place, account).is_some()));
    let asked = if here.is_empty() { elsewhere } else { here };
    asked.into_iter().take(DIRECTORIES).map(|(_, directory)| directory.id.as_str().to_owned()).collect()
}

async fn ask(client: &Client, (endpoint, segments): (Endpoint, &[&str]), body: Option<String>) -> RawAnswer {
    let call = Call::new(endpoint, Class::PreOperation, segments);
    let asked = format!("{} {}", endpoint.method.name(), endpoint.fill(segments));
    let at = client.clock().now();
    let call = match body {
        Some(body) => call.json(body.into_bytes()),
        None => call,
    };
    match client.send(call).await {
        Ok(answer) => RawAnswer { asked, at: answer.asked_at, said: pretty(&answer.body) },
        Err(error) => RawAnswer { asked, at, said: Said::Nothing(explain::sentence(&error)) },
    }
}

fn pretty(body: &[u8]) -> Said {
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(value) => format!("{value:#}"),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let length = text.chars().count();
    Said::Body { text: text.chars().take(LONGEST).collect(), beyond: length.saturating_sub(LONGEST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_answer_is_cut_and_says_by_how_much() {
        let long = format!(r#"{{"a":"{}"}}"#, "王".repeat(LONGEST));
        let Said::Body { text, beyond } = pretty(long.as_bytes()) else { panic!("it is a body") };
        assert_eq!((text.chars().count(), beyond), (LONGEST, 13));
        assert_eq!(pretty(b"{\"a\":1}"), Said::Body { text: "{\n  \"a\": 1\n}".to_owned(), beyond: 0 });
    }
}
