//! The lists of a site, and what they are called: in the database, where a reading stands, and to people.

use crate::store::site_readings::{ListState, SiteList};

/// A list of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum List {
    /// Jira's users.
    Users,
    /// The service desks.
    Desks,
    /// The organizations of customers.
    Organizations,
    /// The customers of a service desk, by its id.
    Desk(String),
    /// The members of an organization of customers, by its id.
    Organization(String),
}

impl List {
    /// As it is kept.
    pub(super) fn name(&self) -> String {
        match self {
            List::Users => "users".to_owned(),
            List::Desks => "desks".to_owned(),
            List::Organizations => "organizations".to_owned(),
            List::Desk(id) => format!("desk:{id}"),
            List::Organization(id) => format!("organization:{id}"),
        }
    }

    /// Reads what was kept.
    pub(super) fn parse(name: &str) -> Option<List> {
        Some(match name.split_once(':') {
            None if name == "users" => List::Users,
            None if name == "desks" => List::Desks,
            None if name == "organizations" => List::Organizations,
            Some(("desk", id)) => List::Desk(id.to_owned()),
            Some(("organization", id)) => List::Organization(id.to_owned()),
            _ => return None,
        })
    }

    /// What it is a list of, within a sentence.
    pub(super) fn title(&self) -> &'static str {
        match self {
            List::Users => "Jira's users",
            List::Desks => "the service desks",
            List::Organizations => "the organizations of customers",
            List::Desk(_) => "the customers of a service desk",
            List::Organization(_) => "the members of an organization of customers",
        }
    }

    /// Before its first page.
    pub(super) fn begun(&self) -> SiteList {
        SiteList { name: self.name(), state: ListState::Walking, next_start: 0, found: 0, reason: None }
    }
}
