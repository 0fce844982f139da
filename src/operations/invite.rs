//! Inviting people by their addresses into groups: rows of nobody, because nobody is there yet. Whoever has the address
//! already is not invited: they are acted on as people are, with everything that protects them.

use std::collections::BTreeSet;

use directory::act::{Change, Invitation};
use directory::{AccountId, GroupId, Ordinal, email_key};

use crate::id::{Entropy, OperationId};
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::operation::{OperationKind, Selection};
use crate::operations::plan::{self, NotPlanned, Steps};
use crate::store::operations::NewOperation;

/// The most addresses of one operation.
pub const MOST: usize = 200;

/// Who is invited into what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inviting {
    /// Addresses; each is invited once.
    pub emails: Vec<String>,
    /// Groups that they join, all of one directory.
    pub groups: Vec<GroupId>,
}

/// Whether a text can be an address: something on both sides of one `@`, no blank, and a dot behind it.
pub fn is_address(text: &str) -> bool {
    let fits = |(local, domain): (&str, &str)| {
        !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
    };
    let plain = !text.contains(char::is_whitespace) && !text.contains(char::is_control) && text.len() <= 254;
    plain && text.matches('@').count() == 1 && text.split_once('@').is_some_and(fits)
}

/// Plans invitations, and keeps the plan. Nothing is sent.
///
/// # Errors
/// Why there is no plan.
pub async fn plan(
    context: &Context,
    mirror: &Mirror,
    (inviting, own): (Inviting, Option<AccountId>),
    (request_key, entropy): (Option<String>, &Entropy),
) -> Result<OperationId, NotPlanned> {
    let snapshot = mirror.newest().await?;
    if snapshot.generation() == 0 {
        return Err(NotPlanned::NothingRead);
    }
    let emails: BTreeSet<String> =
        inviting.emails.iter().filter(|email| is_address(email)).map(|email| email_key(email)).collect();
    if emails.len() > MOST {
        return Err(NotPlanned::TooMany);
    }
    let groups: Vec<Ordinal> = inviting.groups.iter().filter_map(|id| snapshot.group(id.as_str())).collect();
    let home = groups.first().and_then(|group| snapshot.group_row(*group)).and_then(|row| row.directory);
    let Some(directory) = home else { return Err(NotPlanned::NoAction) };
    if emails.is_empty() {
        return Err(NotPlanned::Nobody);
    }
    let invite = |email: &String| Change::Invite { directory, invitation: Invitation::new(email, groups.clone()) };
    let changes = emails.iter().map(|email| (0, invite(email))).collect();
    let of = (OperationKind::Operation, Selection::People(Vec::new()), None);
    let new = NewOperation { own, ..plan::new(context, of, Vec::new(), entropy) };
    let steps = Steps::Changes(changes, Vec::new());
    plan::keep(context, mirror, (new, steps, &snapshot), (request_key, entropy)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_address_is_none() {
        for good in ["a@x.example", "a.b+c@mail.x.example", "zoë@x.example"] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@x.example", "a".repeat(250));
        for bad in ["", "a", "@x.example", "a@", "a@x", "a@@x.example", "a b@x.example", "a@.example", "a@x.", &long] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
