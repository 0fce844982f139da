//! The audit log: what was done to the organization, by whom, and to whom. Verbs write it; nothing edits it. The oldest
//! events leave when it is full.

use std::collections::VecDeque;

use crate::organization::Organization;

/// The most events that are kept.
const MOST: usize = 100_000;

/// Every action that the log can hold: id, name, name of its group. Ids marked so in the reference are upstream's; the
/// others are likely ones, since no description lists them.
pub(crate) const ACTIONS: [(&str, &str, &str); 26] = [
    ("user_created", "Created user", "Users"),
    ("user_removed_from_directory", "Removed user from directory", "Users"),
    ("user_deleted", "Deleted account", "Users"),
    ("user_suspended", "Suspended access", "Users"),
    ("user_restored", "Restored access", "Users"),
    ("user_deactivated", "Deactivated account", "Users"),
    ("user_reactivated", "Reactivated account", "Users"),
    ("user_profile_updated", "Updated profile", "Users"),
    ("user_email_changed", "Changed email address", "Users"),
    ("user_token_revoked", "Revoked API token", "Users"),
    ("user_granted_role", "Granted role", "Product access"),
    ("user_revoked_role", "Revoked role", "Product access"),
    ("added_org_admin", "Added organization admin", "Administration"),
    ("removed_org_admin", "Removed organization admin", "Administration"),
    ("user_added_to_group", "Added user to group", "Groups"),
    ("user_removed_from_group", "Removed user from group", "Groups"),
    ("group_created", "Created group", "Groups"),
    ("group_deleted", "Deleted group", "Groups"),
    ("group_renamed", "Renamed group", "Groups"),
    ("group_granted_role", "Granted group a role", "Product access"),
    ("group_granted_admin_access", "Granted group admin access", "Product access"),
    ("group_revoked_role", "Revoked role of group", "Product access"),
    ("customer_created", "Created customer", "Customers"),
    ("policy_created", "Created policy", "Policies"),
    ("policy_updated", "Updated policy", "Policies"),
    ("policy_deleted", "Deleted policy", "Policies"),
];

/// The credential that a change was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) label: String,
}

/// Somebody or something that an event is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    /// `users`, `groups`, `policies` or `resources`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// From 1 on, in the order of the changes.
    pub(crate) number: u32,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    pub(crate) action: &'static str,
    /// The account that did it.
    pub(crate) actor: String,
    pub(crate) token: Option<Token>,
    pub(crate) about: Vec<About>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct AuditLog {
    events: VecDeque<Event>,
    written: u32,
    /// The credential in whose name changes are made now.
    pub(crate) token: Option<Token>,
}

impl AuditLog {
    /// Every event that is kept, oldest first.
    pub(crate) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.events.iter()
    }
}

impl Organization {
    /// Writes an event about the accounts, groups and resources of the pairs of kind and id.
    pub(crate) fn note(&mut self, action: &'static str, about: &[(&'static str, &str)]) {
        let about =
            about.iter().map(|(kind, id)| About { kind, id: (*id).to_owned(), name: self.name_of(kind, id) }).collect();
        let administrator = self.keys.first().and_then(|key| self.person(key.created_by));
        let actor = administrator.map(|person| person.texts.account_id().to_owned()).unwrap_or_default();
        self.audit.written += 1;
        let event = Event {
            number: self.audit.written,
            at: self.now.as_millisecond(),
            action,
            actor,
            token: self.audit.token.clone(),
            about,
        };
        if self.audit.events.len() == MOST {
            self.audit.events.pop_front();
        }
        self.audit.events.push_back(event);
    }

    fn name_of(&self, kind: &str, id: &str) -> String {
        let name = match kind {
            "users" => self
                .find_account(id)
                .and_then(|ordinal| self.person(ordinal))
                .map(|person| person.texts.name().to_owned()),
            "groups" => self.find_group(id).and_then(|ordinal| self.group(ordinal)).map(|group| group.name.clone()),
            "policies" => self.policies.iter().find(|policy| policy.id == id).and_then(|policy| policy.name.clone()),
            _ => self
                .find_resource(id)
                .and_then(|index| self.resource(index))
                .map(|resource| resource.app.title().to_owned()),
        };
        name.unwrap_or_default()
    }
}
