//! The form of *Bulk Operations* as it was sent: whom it is about and what is to be done, read into actions.

use directory::act::{Action, Apps};
use directory::{GroupId, Ordinal, Role, Snapshot};

/// What is written in the form.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// Whom it is about, by a selection, a person or a group.
    pub(super) selection: String,
    pub(super) person: String,
    pub(super) group: String,
    /// The kinds of actions that are ticked.
    pub(super) actions: Vec<String>,
    /// Whether Remove App Access is about every app.
    pub(super) all_apps: bool,
    /// The apps of Remove App Access.
    pub(super) apps: Vec<Ordinal>,
    /// Ways to grant apps: `app.group`, or `app.role`.
    pub(super) grants: Vec<String>,
    /// Groups of Add to Groups, and what is searched there.
    pub(super) add: (Vec<Ordinal>, String),
    /// Groups of Remove from Groups, and what is searched there.
    pub(super) remove: (Vec<Ordinal>, String),
    /// The last day of the access that is given, as it was typed.
    pub(super) until: String,
    /// Makes a form that is sent twice make one plan.
    pub(super) request_key: String,
    /// The button that was pressed.
    pub(super) verb: String,
}

impl Form {
    /// Reads what was sent. What the snapshot does not know is left out.
    pub(super) fn of(pairs: &[(String, String)], snapshot: &Snapshot) -> Form {
        let all =
            |name: &'static str| pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.clone());
        let one = |name: &'static str| all(name).next().unwrap_or_default();
        let groups = |name: &'static str| {
            let ids = all(name).filter_map(|id| GroupId::new(&id).ok());
            ids.filter_map(|id| snapshot.group(id.as_str())).collect::<Vec<_>>()
        };
        let known = |app: &Ordinal| (*app as usize) < snapshot.resources().len();
        Form {
            selection: one("selection"),
            person: one("person"),
            group: one("group"),
            actions: all("action").collect(),
            all_apps: one("apps") == "all",
            apps: all("app").filter_map(|app| app.parse().ok()).filter(known).collect(),
            grants: all("grant").filter(|grant| !grant.is_empty()).collect(),
            add: (groups("add"), one("find_add")),
            remove: (groups("remove"), one("find_remove")),
            until: one("until"),
            request_key: one("request_key"),
            verb: one("do"),
        }
    }

    /// Whether an action is ticked.
    pub(super) fn has(&self, kind: &str) -> bool {
        self.actions.iter().any(|ticked| ticked == kind)
    }

    /// The actions that it asks for, in the order in which they are done.
    ///
    /// # Errors
    /// Why they cannot be asked for, as a sentence.
    pub(super) fn actions(&self, snapshot: &Snapshot) -> Result<Vec<Action>, &'static str> {
        let both = |one, other| self.has(one) && self.has(other);
        if both("suspendUser", "restoreUser") || both("deactivateAccount", "activateAccount") {
            return Err("Two of the ticked actions are each other's opposite.");
        }
        let mut actions = Vec::new();
        if self.has("grantAppAccess") {
            let before = actions.len();
            actions.extend(self.grants.iter().filter_map(|grant| read_grant(grant, snapshot)));
            if actions.len() == before {
                return Err("Grant app access is ticked, and no app is chosen.");
            }
        }
        if self.has("addToGroups") {
            let groups = some(&self.add.0).ok_or("Add to Groups is ticked, and no group is chosen.")?;
            actions.push(Action::AddToGroups(groups));
        }
        if self.has("removeAppAccess") {
            let apps = match (self.all_apps, some(&self.apps)) {
                (true, _) => Apps::All,
                (false, Some(chosen)) => Apps::Chosen(chosen),
                (false, None) => return Err("Remove App Access is ticked, and no app is chosen."),
            };
            actions.push(Action::RemoveAppAccess { apps, also_lose: Vec::new() });
        }
        if self.has("removeFromGroups") {
            let groups = some(&self.remove.0).ok_or("Remove from Groups is ticked, and no group is chosen.")?;
            actions.push(Action::RemoveFromGroups(groups));
        }
        let plain = [
            ("activateAccount", Action::Activate),
            ("restoreUser", Action::Restore),
            ("suspendUser", Action::Suspend),
            ("deactivateAccount", Action::Deactivate),
            ("removeUser", Action::RemoveFromDirectory),
        ];
        actions.extend(plain.into_iter().filter(|(kind, _)| self.has(kind)).map(|(_, action)| action));
        if actions.is_empty() { Err("No action is ticked.") } else { Ok(actions) }
    }
}

fn some(list: &[Ordinal]) -> Option<Vec<Ordinal>> {
    let mut list = list.to_vec();
    list.sort_unstable();
    list.dedup();
    (!list.is_empty()).then_some(list)
}

/// A way to grant an app, as the form writes it.
fn read_grant(text: &str, snapshot: &Snapshot) -> Option<Action> {
    let (app, way) = text.split_once('.')?;
    let resource: Ordinal = app.parse().ok().filter(|app: &Ordinal| (*app as usize) < snapshot.resources().len())?;
    if way == "role" {
        return Some(Action::GrantAppAccessByRole { resource, role: Role::User });
    }
    let group: Ordinal = way.parse().ok()?;
    let grants =
        snapshot.group_row(group).is_some() && snapshot.grants(group).iter().any(|grant| grant.resource == resource);
    grants.then_some(Action::GrantAppAccessByGroup { resource, group })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::acme::acme;

    fn form(pairs: &[(&str, &str)]) -> Form {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Form::of(&pairs, &acme())
    }

    #[test]
    fn what_is_ticked_and_filled_becomes_actions_in_the_order_in_which_they_are_done() {
        let form = form(&[
            ("action", "suspendUser"),
            ("action", "removeAppAccess"),
            ("app", "1"),
            ("app", "77"),
            ("action", "addToGroups"),
            ("add", "g-jira"),
            ("add", "nonsense"),
            ("action", "grantAppAccess"),
            ("grant", ""),
            ("grant", "0.0"),
            ("grant", "1.role"),
        ]);
        let apps = Apps::Chosen(vec![1]);
        let wanted = vec![
            Action::GrantAppAccessByGroup { resource: 0, group: 0 },
            Action::GrantAppAccessByRole { resource: 1, role: Role::User },
            Action::AddToGroups(vec![0]),
            Action::RemoveAppAccess { apps, also_lose: Vec::new() },
            Action::Suspend,
        ];
        assert_eq!(form.actions(&acme()), Ok(wanted));
    }

    #[test]
    fn what_is_ticked_and_not_filled_or_contradicts_itself_is_refused() {
        for kind in ["grantAppAccess", "addToGroups", "removeAppAccess", "removeFromGroups"] {
            assert!(form(&[("action", kind), ("grant", "0.3")]).actions(&acme()).is_err(), "{kind}");
        }
        assert!(form(&[("app", "1")]).actions(&acme()).is_err(), "filled and not ticked");
        assert!(form(&[("action", "suspendUser"), ("action", "restoreUser")]).actions(&acme()).is_err());
    }
}
