//! What operations change, as the simulated organization itself has it: one fact for each membership, role, presence and
//! account. Rollcall's own view of it plays no part here, but for turning ordinals into ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use directory::Snapshot;
use directory::act::Change;
use simulator::{Organization, ScheduledChange, Truth};

/// A fact's name, whose first word is the account, and how it stands; one that is missing does not hold.
pub(super) type Facts = BTreeMap<String, &'static str>;

pub(super) fn facts(truth: &Truth) -> Facts {
    let held = "held";
    let memberships = truth.memberships.iter().map(|(group, account)| (format!("{account} in {group}"), held));
    let roles = truth.direct_roles.iter().map(|(account, on, role)| (format!("{account} {role} on {on}"), held));
    let presences = truth.users.iter().flat_map(|user| {
        user.directories.iter().map(|(directory, suspended)| {
            (format!("{} at {directory}", user.account_id), if *suspended { "suspended" } else { "active" })
        })
    });
    let accounts = truth.users.iter().map(|user| (format!("{} account", user.account_id), user.account_status));
    memberships.chain(roles).chain(presences).chain(accounts).collect()
}

/// The facts that stand differently.
pub(super) fn unlike(one: &Facts, other: &Facts) -> BTreeSet<String> {
    one.keys().chain(other.keys()).filter(|fact| one.get(*fact) != other.get(*fact)).cloned().collect()
}

/// The fact that a change is about, and how it stands once the change is made.
pub(super) fn wanted(change: &Change, snapshot: &Snapshot) -> (String, Option<&'static str>) {
    let account = snapshot.account_id(change.account()).unwrap();
    let group = |group: &u32| snapshot.group_row(*group).unwrap().id.to_string();
    let resource = |resource: &u32| snapshot.resources()[*resource as usize].id.to_string();
    let at = |directory: &u32| format!("{account} at {}", snapshot.directories()[*directory as usize].id);
    match change {
        Change::AddToGroup { group: into, .. } => (format!("{account} in {}", group(into)), Some("held")),
        Change::RemoveFromGroup { group: from, .. } => (format!("{account} in {}", group(from)), None),
        Change::AssignRole { resource: on, role, .. } => {
            (format!("{account} {} on {}", role.as_str(), resource(on)), Some("held"))
        }
        Change::RevokeRole { resource: on, role, .. } => {
            (format!("{account} {} on {}", role.as_str(), resource(on)), None)
        }
        Change::Suspend { directory, .. } => (at(directory), Some("suspended")),
        Change::Restore { directory, .. } => (at(directory), Some("active")),
        Change::RemoveFromDirectory { directory, .. } => (at(directory), None),
        Change::Deactivate { .. } => (format!("{account} account"), Some("inactive")),
        Change::Activate { .. } => (format!("{account} account"), Some("active")),
        Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => unreachable!("of nobody"),
    }
}

/// A change as the simulator's ledger writes it.
pub(super) fn as_effect(change: &Change, snapshot: &Snapshot) -> String {
    let account = snapshot.account_id(change.account()).unwrap();
    let group = |group: &u32| snapshot.group_row(*group).unwrap().id.to_string();
    let resource = |resource: &u32| snapshot.resources()[*resource as usize].id.to_string();
    match change {
        Change::AddToGroup { group: to, .. } => format!("add {account} to {}", group(to)),
        Change::RemoveFromGroup { group: from, .. } => format!("take {account} out of {}", group(from)),
        Change::AssignRole { resource: on, role, .. } => {
            format!("grant {account} {} on {}", role.as_str(), resource(on))
        }
        Change::RevokeRole { resource: on, role, .. } => {
            format!("revoke {account} {} on {}", role.as_str(), resource(on))
        }
        Change::Suspend { .. } => format!("suspend {account}"),
        Change::Restore { .. } => format!("restore {account}"),
        Change::RemoveFromDirectory { .. } => format!("remove {account}"),
        Change::Deactivate { .. } => format!("disable {account}"),
        Change::Activate { .. } => format!("enable {account}"),
        Change::CreateGroup { .. } | Change::DeleteGroup { .. } | Change::Invite { .. } => unreachable!("of nobody"),
    }
}

/// Facts, and whole accounts, of which something else is allowed than the law says, because that is named.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    facts: BTreeSet<String>,
    accounts: BTreeSet<String>,
}

impl Named {
    pub(super) fn fact(&mut self, fact: String) {
        self.facts.insert(fact);
    }

    /// Everything about the account that a fact is about.
    pub(super) fn account_of(&mut self, fact: &str) {
        self.accounts.extend(fact.split(' ').next().map(str::to_owned));
    }

    pub(super) fn add(&mut self, other: Named) {
        self.facts.extend(other.facts);
        self.accounts.extend(other.accounts);
    }

    pub(super) fn covers(&self, fact: &str) -> bool {
        self.facts.contains(fact) || fact.split(' ').next().is_some_and(|account| self.accounts.contains(account))
    }
}

/// What others change meanwhile, written down as it happens.
#[derive(Clone, Default)]
pub(super) struct Others(Arc<Mutex<Named>>);

impl Others {
    /// Lets somebody else change something at random.
    pub(super) fn change(&self, organization: &mut Organization, seed: u64) {
        let before = facts(&organization.truth());
        organization.random_change(&mut fastrand::Rng::with_seed(seed));
        let mut named = self.0.lock().unwrap();
        for fact in unlike(&before, &facts(&organization.truth())) {
            // Whoever comes, goes or is suspended takes their access along.
            if fact.contains(" at ") || fact.ends_with(" account") {
                named.account_of(&fact);
            }
            named.fact(fact);
        }
    }

    /// The same, when the n-th request to a path arrives.
    pub(super) fn scheduled(&self, path: &str, request: u32, seed: u64) -> ScheduledChange {
        let others = self.clone();
        let change = simulator::Change::custom(move |organization| others.change(organization, seed));
        ScheduledChange { path: path.to_owned(), request, change }
    }

    pub(super) fn so_far(&self) -> Named {
        self.0.lock().unwrap().clone()
    }
}
