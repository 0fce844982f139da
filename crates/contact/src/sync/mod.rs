//! Keeping contacts in step with accounts: what is known, what was read, and the plan that follows from both. One way:
//! from accounts to contacts.
//!
//! A plan creates, links, follows and unlinks; it never deletes a contact. Where more than one contact or account could be
//! meant it picks none, and says so as a conflict. What was not read is no reason for anything.

mod conflict;
mod plan;

pub use conflict::{Conflict, ConflictKind};
pub use plan::{led, plan};

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why an account does not become a contact.
    Skip {
        /// Its address is hidden, or there is none; without one nobody can be matched.
        NoEmail = "no_email",
        /// It is an app's.
        App = "app",
        /// It is a service account, which is nobody to write to.
        Service = "service",
        /// It is nobody's any more.
        Former = "former",
        /// It has no role in Jira on a site that is included.
        NoJira = "no_jira",
        /// It is on sites that are left out alone.
        Site = "site",
        /// It is in a group that is left out, or in none that is asked for.
        Group = "group",
        /// Its address is of a domain that is left out, or of none that is asked for.
        Domain = "domain",
    }
}

vocabulary! {
    /// How an account belongs to its contact.
    LinkState {
        /// The contact follows it.
        Linked = "linked",
        /// It did, until syncing was switched off or left the account out; it does again once that ends.
        Former = "former",
        /// It did, until the account was gone for good.
        Gone = "gone",
    }
}

vocabulary! {
    /// Why an account does not keep a contact any more.
    Ended {
        /// It is gone for good.
        Gone = "gone",
        /// The scope leaves it out.
        LeftOut = "left_out",
    }
}

/// An account as it was read: a user of the organization, a customer of a service desk, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    /// Its id.
    pub account: &'a str,
    /// Whether it is a user of the organization.
    pub user: bool,
    /// Whether it is a customer of a service desk.
    pub customer: bool,
    /// Display name.
    pub name: &'a str,
    /// E-mail address, where it is not hidden.
    pub email: Option<&'a str>,
    /// How it stands, in the word that a contact shows.
    pub status: &'a str,
    /// Whether it is gone for good: proven, by complete reads.
    pub gone: bool,
    /// Why it is not to become a contact; a contact that has it keeps it, unless the scope is the reason.
    pub barred: Option<Skip>,
}

/// A contact as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: Option<String>,
    /// What its accounts make of it; `None` for a regular contact.
    pub mark: Option<Mark>,
}

/// What the accounts of a contact make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whether one of them is a user.
    pub user: bool,
    /// Whether one of them is a customer.
    pub customer: bool,
    /// How the one that leads stands.
    pub status: String,
}

/// An account that keeps a contact, or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub account: String,
    /// The number of the contact.
    pub contact: u32,
    /// How it belongs to it.
    pub state: LinkState,
    /// Whether it was a user when it was last read.
    pub user: bool,
    /// Whether it was a customer.
    pub customer: bool,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// How it stood.
    pub status: String,
    /// When it was first linked, in microseconds since 1970.
    pub since: i64,
}

/// What is to be done, and what is not. Accounts are told by their place in the slice of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Contacts to make.
    pub creates: Vec<Create>,
    /// Accounts to link to contacts that are there.
    pub links: Vec<Link>,
    /// Accounts that keep their contact no more.
    pub unlinks: Vec<Unlink>,
    /// Linked accounts of which something else is read than is known.
    pub refreshed: Vec<usize>,
    /// Contacts that stand otherwise afterwards.
    pub changes: Vec<Change>,
    /// What nobody may decide but a person.
    pub conflicts: Vec<Conflict>,
    /// Accounts that become no contact, and why.
    pub skipped: Vec<(usize, Skip)>,
    /// How many linked accounts stay as they are.
    pub unchanged: u64,
}

/// A contact to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// Its accounts; the first one leads.
    pub people: Vec<usize>,
    /// What they make of it.
    pub mark: Mark,
}

/// An account to link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The account.
    pub person: usize,
    /// The number of the contact.
    pub contact: u32,
    /// Whether it kept this contact before.
    pub again: bool,
}

/// An account that keeps its contact no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unlink {
    /// Its id.
    pub account: String,
    /// The number of the contact.
    pub contact: u32,
    /// Why.
    pub why: Ended,
}

/// How a contact stands afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub contact: u32,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: Option<String>,
    /// What its accounts make of it; `None` when it becomes a regular one.
    pub mark: Option<Mark>,
}

impl Skip {
    /// Whether an account that keeps a contact loses it for this: the scope leaves it out, or it is found to be a service's.
    pub fn unlinks(self) -> bool {
        matches!(self, Skip::Service | Skip::Site | Skip::Group | Skip::Domain)
    }

    /// The reason as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Skip::NoEmail => "The e-mail address is hidden or missing, so nobody can be matched by it.",
            Skip::App => "It is the account of an app.",
            Skip::Service => "It is a service account.",
            Skip::Former => "It is a former user: the account is gone.",
            Skip::NoJira => "It has no role in Jira on an included site.",
            Skip::Site => "It is on sites that are left out alone.",
            Skip::Group => "The scope leaves its groups out.",
            Skip::Domain => "The scope leaves the domain of its address out.",
        }
    }
}

impl Plan {
    /// Whether nothing would be written but conflicts.
    pub fn is_empty(&self) -> bool {
        self.creates.is_empty()
            && self.links.is_empty()
            && self.unlinks.is_empty()
            && self.refreshed.is_empty()
            && self.changes.is_empty()
    }

    /// How many things would be written.
    pub fn steps(&self) -> u64 {
        let steps =
            [self.creates.len(), self.links.len(), self.unlinks.len(), self.refreshed.len(), self.changes.len()];
        steps.iter().sum::<usize>() as u64
    }
}
