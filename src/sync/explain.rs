//! Sentences for what upstream did: what happened, and what can be done.

use atlassian::error::{Error, Unreachable};
use jiff::SignedDuration;

/// From here on two clocks differ by more than networks and whole seconds explain.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// A sentence when Atlassian's clock is `ahead` of ours by so much that dates would mislead; waits for its limits go by
/// its own clock.
pub fn clocks(ahead: SignedDuration) -> Option<String> {
    if ahead.abs() < CLOCKS_DIFFER {
        return None;
    }
    let which = if ahead.is_positive() { "ahead of" } else { "behind" };
    let minutes = ahead.abs().as_mins();
    Some(format!(
        "Atlassian's clock is {minutes} minutes {which} this machine's. Waits go by Atlassian's clock; set this \
         machine's, or dates and the daily slot are off by that."
    ))
}

/// One or two sentences for a person: what happened, and the next step where there is one.
pub fn sentence(error: &Error) -> String {
    match error {
        error if error.is_unauthorized() => {
            "Atlassian refused the organization API key: it is wrong, expired or revoked. Replace the key.".to_owned()
        }
        error if error.is_forbidden_by_scope() => {
            "The organization API key was made with scopes, which Atlassian does not let read users. \
             Make a key without scopes and replace this one."
                .to_owned()
        }
        Error::Refused { status: 403, endpoint, .. } => {
            format!("Atlassian does not let this key read {endpoint}. Its maker may have lost a right; check the key.")
        }
        Error::Refused { endpoint, status, title, detail, .. } => {
            let said = title.as_deref().or(detail.as_deref()).unwrap_or("no reason given");
            format!("Atlassian refused {endpoint} with {status}: {said}")
        }
        Error::Throttled { endpoint, until, .. } => {
            format!("Atlassian limits requests to {endpoint} until {until}. Rollcall goes on by itself then.")
        }
        Error::Unreachable { kind, host, .. } => {
            let why = match kind {
                Unreachable::Dns => "its name could not be resolved",
                Unreachable::Connect => "no connection could be opened",
                Unreachable::Tls => "no trusted connection could be opened",
                Unreachable::Timeout => "it did not answer in time",
                Unreachable::Closed => "it closed the connection",
            };
            format!("{host} could not be reached: {why}. Rollcall tries again by itself; check the network and proxy.")
        }
        Error::CircuitOpen { host, until, failures } => {
            format!("{host} failed {failures} times in a row and is left alone until {until}.")
        }
        Error::ServerFault { endpoint, status } => {
            format!("Atlassian failed to answer {endpoint} ({status}), also when asked again.")
        }
        Error::Malformed { endpoint, .. } => format!("Atlassian's answer to {endpoint} could not be read."),
        Error::UnexpectedContent { endpoint, .. } => {
            format!(
                "{endpoint} answered with a page for people: maintenance, a sign-in page or a proxy. Nothing was believed."
            )
        }
        Error::Truncated { endpoint } => format!("Atlassian's answer to {endpoint} broke off, also when asked again."),
        Error::TooLarge { endpoint, bound } => format!("The answer to {endpoint} is larger than {bound} bytes."),
        Error::Redirected { endpoint, host } => {
            format!("{endpoint} leads to {host}. Rollcall does not send the key there; check the API address.")
        }
        Error::Retired { endpoint, .. } => {
            format!("Atlassian has switched {endpoint} off. Nothing was removed; update Rollcall.")
        }
        Error::CursorCycle { endpoint, page } => {
            format!("Atlassian's list {endpoint} leads in a circle at page {page}. Nothing of this run was believed.")
        }
        Error::CursorExpired { endpoint, page } => {
            format!("Atlassian no longer accepted the cursor of page {page} of {endpoint}.")
        }
        Error::InvalidKey => "The key holds characters that no key has. Copy it again.".to_owned(),
        other => format!("The request could not be made: {other}."),
    }
}
