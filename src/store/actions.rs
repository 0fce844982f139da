//! The texts in which an operation keeps whom it is about, what is to be done, and its figures: JSON, never queried into.

use directory::act::{Action, Apps};
use directory::{AccountId, Ordinal, Role};
use serde_json::{Value, json};

use crate::id::OperationId;
use crate::nouns::operation::Selection;
use crate::nouns::operation_row::{RowState, Tally};

/// Whom an operation is about, with the account of whoever asks, where they are tied to one.
pub(super) fn selection_text(selection: &Selection, own: Option<&AccountId>) -> String {
    let mut value = match selection {
        Selection::Filter(text) => json!({ "filter": text }),
        Selection::People(people) => json!({ "people": people.iter().map(AccountId::as_str).collect::<Vec<_>>() }),
        Selection::Operation(of) => json!({ "operation": of.as_str() }),
    };
    if let Some(own) = own {
        value["own"] = own.as_str().into();
    }
    value.to_string()
}

pub(super) fn read_selection(text: &str) -> Option<(Selection, Option<AccountId>)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let own = match value["own"].as_str() {
        Some(own) => Some(AccountId::new(own).ok()?),
        None => None,
    };
    Some((selection(&value)?, own))
}

fn selection(value: &Value) -> Option<Selection> {
    if let Some(text) = value["filter"].as_str() {
        return Some(Selection::Filter(text.to_owned()));
    }
    if let Some(of) = value["operation"].as_str() {
        return OperationId::parse(of).map(Selection::Operation);
    }
    let people = value["people"].as_array()?.iter();
    people.map(|id| AccountId::new(id.as_str()?).ok()).collect::<Option<_>>().map(Selection::People)
}

pub(super) fn actions_text(actions: &[Action]) -> String {
    let one = |action: &Action| {
        let mut value = match action {
            Action::RemoveAppAccess { apps, also_lose } => json!({
                "apps": match apps {
                    Apps::All => Value::from("all"),
                    Apps::Chosen(resources) => json!(resources),
                },
                "alsoLose": also_lose,
            }),
            Action::GrantAppAccessByGroup { resource, group } => json!({ "resource": resource, "group": group }),
            Action::GrantAppAccessByRole { resource, role } => json!({ "resource": resource, "role": role.as_str() }),
            Action::AddToGroups(groups) | Action::RemoveFromGroups(groups) => json!({ "groups": groups }),
            Action::Suspend | Action::Restore | Action::RemoveFromDirectory | Action::Deactivate | Action::Activate => {
                json!({})
            }
        };
        value["type"] = action.kind().into();
        value
    };
    Value::from(actions.iter().map(one).collect::<Vec<_>>()).to_string()
}

pub(super) fn read_actions(text: &str) -> Option<Vec<Action>> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.as_array()?.iter().map(read_action).collect()
}

fn read_action(value: &Value) -> Option<Action> {
    let groups = || ordinals(&value["groups"]);
    let resource = || ordinal(&value["resource"]);
    Some(match value["type"].as_str()? {
        "removeAppAccess" => Action::RemoveAppAccess {
            apps: match value["apps"].as_str() {
                Some("all") => Apps::All,
                Some(_) => return None,
                None => Apps::Chosen(ordinals(&value["apps"])?),
            },
            also_lose: ordinals(&value["alsoLose"])?,
        },
        "grantAppAccess" => match value["role"].as_str() {
            Some(role) => Action::GrantAppAccessByRole { resource: resource()?, role: Role::parse(role) },
            None => Action::GrantAppAccessByGroup { resource: resource()?, group: ordinal(&value["group"])? },
        },
        "suspendUser" => Action::Suspend,
        "restoreUser" => Action::Restore,
        "addToGroups" => Action::AddToGroups(groups()?),
        "removeFromGroups" => Action::RemoveFromGroups(groups()?),
        "removeUser" => Action::RemoveFromDirectory,
        "deactivateAccount" => Action::Deactivate,
        "activateAccount" => Action::Activate,
        _ => return None,
    })
}

pub(super) fn seats_text(seats: &[(Ordinal, i64)]) -> String {
    json!(seats).to_string()
}

pub(super) fn read_seats(text: &str) -> Option<Vec<(Ordinal, i64)>> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.as_array()?.iter().map(|pair| Some((ordinal(&pair[0])?, pair[1].as_i64()?))).collect()
}

pub(super) fn tally_text(tally: &Tally) -> String {
    RowState::ALL.iter().map(|state| tally.of(*state).to_string()).collect::<Vec<_>>().join(",")
}

pub(super) fn read_tally(text: &str) -> Option<Tally> {
    let counts: Vec<u64> = text.split(',').map(|count| count.parse().ok()).collect::<Option<_>>()?;
    Tally::from_counts(&counts)
}

fn ordinal(value: &Value) -> Option<Ordinal> {
    value.as_u64().and_then(|ordinal| Ordinal::try_from(ordinal).ok())
}

fn ordinals(value: &Value) -> Option<Vec<Ordinal>> {
    value.as_array()?.iter().map(ordinal).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_kept_is_read_as_it_was_written() {
        let actions = vec![
            Action::RemoveAppAccess { apps: Apps::All, also_lose: Vec::new() },
            Action::RemoveAppAccess { apps: Apps::Chosen(vec![3, 4]), also_lose: vec![5] },
            Action::GrantAppAccessByGroup { resource: 1, group: 2 },
            Action::GrantAppAccessByRole { resource: 1, role: Role::User },
            Action::Suspend,
            Action::Restore,
            Action::AddToGroups(vec![7]),
            Action::RemoveFromGroups(vec![8, 9]),
            Action::RemoveFromDirectory,
            Action::Deactivate,
            Action::Activate,
        ];
        assert_eq!(read_actions(&actions_text(&actions)), Some(actions));
        for selection in [
            Selection::Filter("status = \"suspended\"".to_owned()),
            Selection::People(vec![AccountId::new("qm:1").unwrap()]),
        ] {
            let own = Some(AccountId::new("qm:2").unwrap());
            assert_eq!(read_selection(&selection_text(&selection, own.as_ref())), Some((selection.clone(), own)));
            assert_eq!(read_selection(&selection_text(&selection, None)), Some((selection, None)));
        }
        assert_eq!(read_seats(&seats_text(&[(3, 12), (4, -1)])), Some(vec![(3, 12), (4, -1)]));
        let mut tally = Tally::default();
        tally.add(RowState::Verified);
        assert_eq!(read_tally(&tally_text(&tally)), Some(tally));
        for bad in ["", "{}", r#"[{"type":"dance"}]"#, r#"[{"type":"addToGroups","groups":["x"]}]"#] {
            assert_eq!(read_actions(bad), None, "{bad}");
        }
        assert_eq!(read_tally("1,2"), None);
    }
}
