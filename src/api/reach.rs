//! What an access token may do: asking takes `read`, changing something of Rollcall's takes `manage`, and what changes
//! something at Atlassian or says where notices go takes `act`. Sessions may do all of it.
//!
//! What is not named here and changes something takes `manage` at the least: a new route cannot be open by mistake.

use axum::extract::MatchedPath;
use axum::http::request::Parts;

use crate::api::ROOT;
use crate::api::problem::{Kind, Problem};
use crate::nouns::access_token::Reach;

/// Sent by POST because they bring a body; they change nothing.
const ASKED_BY_POST: [&str; 2] = ["/filter/check", "/filter/complete"];
/// Where what changes something takes `act`.
const ACTS: [&str; 5] = ["/operations", "/tasks", "/webhooks", "/reports", "/feeds/{feed}/accounts"];

/// Refuses what a token may not do.
pub(crate) fn holds(reach: Reach, parts: &Parts) -> Result<(), Problem> {
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let needed = needed(parts.method.is_safe(), path.strip_prefix(ROOT).unwrap_or(path));
    if reach >= needed {
        return Ok(());
    }
    let detail = format!("This takes an access token that may {}; this one may {}.", needed.as_str(), reach.as_str());
    let hint = format!("Make one with `rollcall token create --may {}`.", needed.as_str());
    Err(Problem::new(Kind::Reach, detail, hint))
}

fn needed(is_safe: bool, path: &str) -> Reach {
    let below = |start: &&str| path.strip_prefix(*start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if is_safe || ASKED_BY_POST.contains(&path) {
        Reach::Read
    } else if ACTS.iter().any(below) {
        Reach::Act
    } else {
        Reach::Manage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_reads_changing_manages_and_operations_act() {
        assert_eq!(needed(true, "/operations/{id}"), Reach::Read);
        assert_eq!(needed(false, "/filter/check"), Reach::Read);
        assert_eq!(needed(false, "/sync"), Reach::Manage);
        assert_eq!(needed(false, "/operations"), Reach::Act);
        assert_eq!(needed(false, "/operations/{id}/approve"), Reach::Act);
        assert_eq!(needed(false, "/webhooks/{id}/test"), Reach::Act);
        assert_eq!(needed(false, "/tasks/{id}/run"), Reach::Act);
        assert_eq!(needed(false, "/feeds/{feed}/accounts/mappings"), Reach::Act);
        assert_eq!(needed(false, "/feeds/{feed}/start"), Reach::Manage);
        assert_eq!(needed(false, "/operations-of-old"), Reach::Manage);
    }
}
