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

use crate::nouns::refusal::Refusal;

const NOT_ACCEPTED: &str = "The key was not accepted.";
/// How users' API tokens begin; the keys of organizations begin otherwise.
const USER_TOKEN: &str = "ATATT3";

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
            let why = unreachable(*kind);
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

/// The same of a request to a site, which goes with the site's own token.
pub fn site_sentence(error: &Error) -> String {
    match error {
        error if error.is_unauthorized() => {
            "The site does not take the token: it has expired, was revoked or lacks a scope. Replace it under Settings, \
             Sites."
                .to_owned()
        }
        error if error.is_forbidden() => {
            "The owner of the token lacks a right on the site. Use the token of somebody who administers it.".to_owned()
        }
        error => sentence(error),
    }
}

/// Why a list of a site could not be read to its end.
pub fn site_list(error: &Error, list: &str) -> String {
    match error {
        error if error.is_forbidden() => format!(
            "The owner of the token may not read {list}. Use the token of somebody who administers the site and is an \
             agent of its service desks."
        ),
        error => site_sentence(error),
    }
}

/// Why a key that somebody has entered is not taken, and what they can do: each reason has its own sentences. Nothing of
/// the key is repeated.
pub fn key(error: &Error, secret: &str) -> Refusal {
    let refused = |why: &str, next: &str| Refusal::new(NOT_ACCEPTED, why, next);
    match error {
        error if error.is_unauthorized() && secret.starts_with(USER_TOKEN) => refused(
            "This is an API token of a user, which opens a site; an organization API key is asked for.",
            "Make a key at admin.atlassian.com under Settings, API keys. The token belongs under Settings, Sites.",
        ),
        error if error.is_unauthorized() => refused(
            "Atlassian refused the organization API key: it is not known there. It was copied incompletely, has expired \
             or was revoked.",
            "Copy the whole key again, or make a new one. Nothing was saved.",
        ),
        error if error.is_forbidden_by_scope() => refused(
            "The key was made with scopes (Atlassian asks for manage:org), and no key with scopes may read users.",
            "Make a key without scopes: choose none when you create it. Nothing was saved.",
        ),
        error if error.is_forbidden() => refused(
            "The key lacks a right: whoever made it is not an organization admin, or not any more.",
            "Let an organization admin make a key, or give its maker the role organization admin. Nothing was saved.",
        ),
        error if names_other_organization(error) => refused(
            "The key belongs to another organization.",
            "Make a key in the settings of this organization. Nothing was saved.",
        ),
        Error::InvalidKey => {
            refused("It holds characters that no key has, such as a space.", "Copy it again. Nothing was saved.")
        }
        error => unchecked("The key could not be checked.", error),
    }
}

/// What is said when no answer came that tells anything about a key or token.
pub fn unchecked(what: &str, error: &Error) -> Refusal {
    const AGAIN: &str = "Nothing was saved. Check it again when that has passed.";
    match error {
        Error::Throttled { until, .. } => {
            let until = until.strftime("%H:%M:%S UTC");
            Refusal::new(what, format!("Atlassian takes no more requests until {until}."), AGAIN)
        }
        Error::CircuitOpen { .. } | Error::ServerFault { .. } => Refusal::new(what, sentence(error), AGAIN),
        Error::Unreachable { kind, host, .. } => Refusal::new(
            what,
            format!("{host} could not be reached: {}.", unreachable(*kind)),
            "Nothing was saved. Check the network, the proxy and the address, then check it again.",
        ),
        error => Refusal::new(what, sentence(error), "Nothing was saved."),
    }
}

/// Why a run that could not even begin, or not go on, waits for another key; `None` when it is not the key.
pub fn refused_key(error: &Error) -> Option<String> {
    Some(match error {
        error if error.is_unauthorized() || error.is_forbidden_by_scope() => sentence(error),
        error if lacks_right(error) => {
            "The organization API key lacks a right: whoever made it is not an organization admin any more. Give that \
             role back, or replace the key with one that an organization admin has made."
                .to_owned()
        }
        error if names_other_organization(error) => {
            "The organization API key does not open this organization: it belongs to another one, or this one was \
             deleted. Replace the key with one made in its settings."
                .to_owned()
        }
        _ => return None,
    })
}

/// What a reason is about, as far as it is told by the sentences of this file, which is where reasons are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The key is wrong, expired, revoked, or made with scopes; or there is none that can be opened.
    KeyRefused,
    /// The key's maker lacks a right.
    RightMissing,
    /// Atlassian takes no more requests for a while.
    Throttled,
    /// Atlassian, or the way to it, does not answer.
    Unreachable,
    /// Anything else.
    Other,
}

/// What a sentence of this file, kept as the reason of a wait or failure, is about.
pub fn cause(reason: &str) -> Cause {
    const CAUSES: [(&str, Cause); 13] = [
        ("lacks a right", Cause::RightMissing),
        ("does not let this key read", Cause::RightMissing),
        ("refused the organization API key", Cause::KeyRefused),
        ("was made with scopes", Cause::KeyRefused),
        ("does not open this organization", Cause::KeyRefused),
        ("API key cannot be opened", Cause::KeyRefused),
        ("Nothing can be read from Atlassian", Cause::KeyRefused),
        ("answers for another organization", Cause::KeyRefused),
        ("limits requests to", Cause::Throttled),
        ("could not be reached", Cause::Unreachable),
        ("is left alone until", Cause::Unreachable),
        ("failed to answer", Cause::Unreachable),
        ("with a page for people", Cause::Unreachable),
    ];
    CAUSES.into_iter().find(|(words, _)| reason.contains(words)).map_or(Cause::Other, |(_, cause)| cause)
}

/// Atlassian's code for somebody who does not administer the organization.
fn lacks_right(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 403, code: Some(code), .. } if code == "ADMIN-403-3")
}

/// Atlassian's code for an organization that the key does not see.
fn names_other_organization(error: &Error) -> bool {
    matches!(error, Error::Refused { status: 404, code: Some(code), .. } if code == "ADMIN-404-2")
}

fn unreachable(kind: Unreachable) -> &'static str {
    match kind {
        Unreachable::Dns => "its name could not be resolved",
        Unreachable::Connect => "no connection could be opened",
        Unreachable::Tls => "no trusted connection could be opened",
        Unreachable::Timeout => "it did not answer in time",
        Unreachable::Closed => "it closed the connection",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_from_the_sentences_made_here() {
        use atlassian::users::SEARCH as endpoint;
        let refused = |status, code: &str| Error::Refused {
            endpoint,
            status,
            code: Some(code.to_owned()),
            title: None,
            detail: None,
        };
        let until = jiff::Timestamp::UNIX_EPOCH;
        let host = || "api.example".to_owned();
        for (error, expected) in [
            (refused(401, "401"), Cause::KeyRefused),
            (refused(403, "ADMIN-403-3"), Cause::RightMissing),
            (refused(403, "forbidden.action"), Cause::RightMissing),
            (refused(404, "ADMIN-404-2"), Cause::KeyRefused),
            (refused(400, "x"), Cause::Other),
            (Error::Unreachable { kind: Unreachable::Dns, host: host(), detail: String::new() }, Cause::Unreachable),
            (Error::CircuitOpen { host: host(), until, failures: 3 }, Cause::Unreachable),
            (Error::ServerFault { endpoint, status: 503 }, Cause::Unreachable),
            (
                Error::UnexpectedContent { endpoint, status: 200, content_type: "text/html".to_owned() },
                Cause::Unreachable,
            ),
            (Error::Throttled { endpoint, until, reason: atlassian::error::ThrottleReason::Storm }, Cause::Throttled),
        ] {
            let reason = refused_key(&error).unwrap_or_else(|| sentence(&error));
            assert_eq!(cause(&reason), expected, "{reason}");
        }
    }
}
