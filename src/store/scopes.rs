//! The text in which a run keeps its scope: one JSON object, never queried into.

use directory::{AccountId, GroupId};
use serde_json::{Value, json};

use crate::nouns::scope::{Chosen, Scope, Targets, WhichGroups, WhichUsers};

/// A scope as a run keeps it.
pub(super) fn text(scope: &Scope) -> String {
    match scope {
        Scope::Everything => json!({ "reads": "everything" }),
        Scope::Chosen(chosen) => json!({
            "reads": "chosen",
            "users": chosen.users.map(|which| match which {
                WhichUsers::All => "all",
                WhichUsers::WithActivity => "with_activity",
            }),
            "last_active": chosen.last_active,
            "groups": match &chosen.groups {
                WhichGroups::None => Value::Null,
                WhichGroups::All => "all".into(),
                WhichGroups::Members(groups) => texts(groups.iter().map(GroupId::as_str)),
            },
        }),
        Scope::Targeted(targets) => json!({
            "reads": "targeted",
            "people": texts(targets.people.iter().map(AccountId::as_str)),
            "groups": texts(targets.groups.iter().map(GroupId::as_str)),
        }),
    }
    .to_string()
}

/// Reads what [`text`] wrote; `None` when it is none.
pub(super) fn read(text: &str) -> Option<Scope> {
    let value: Value = serde_json::from_str(text).ok()?;
    let groups = |value: &Value| ids(value, |id| GroupId::new(id).ok());
    match value["reads"].as_str()? {
        "everything" => Some(Scope::Everything),
        "chosen" => Some(Scope::Chosen(Chosen {
            users: match value["users"].as_str() {
                Some("all") => Some(WhichUsers::All),
                Some("with_activity") => Some(WhichUsers::WithActivity),
                Some(_) => return None,
                None => None,
            },
            last_active: value["last_active"].as_bool()?,
            groups: match &value["groups"] {
                Value::Null => WhichGroups::None,
                Value::String(all) if all == "all" => WhichGroups::All,
                chosen => WhichGroups::Members(groups(chosen)?),
            },
        })),
        "targeted" => Some(Scope::Targeted(Targets {
            people: ids(&value["people"], |id| AccountId::new(id).ok())?,
            groups: groups(&value["groups"])?,
        })),
        _ => None,
    }
}

fn texts<'a>(ids: impl Iterator<Item = &'a str>) -> Value {
    ids.map(Value::from).collect()
}

fn ids<T>(value: &Value, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.as_array()?.iter().map(|id| id.as_str().and_then(&read)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_read_as_it_was_written() {
        let group = |id: &str| GroupId::new(id).unwrap();
        let chosen = |users, last_active, groups| Scope::Chosen(Chosen { users, last_active, groups });
        for scope in [
            Scope::Everything,
            chosen(Some(WhichUsers::All), false, WhichGroups::None),
            chosen(Some(WhichUsers::WithActivity), true, WhichGroups::All),
            chosen(None, false, WhichGroups::Members(vec![group("g\"1"), group("g2")])),
            Scope::Targeted(Targets { people: vec![AccountId::new("qm:1").unwrap()], groups: vec![group("g")] }),
        ] {
            assert_eq!(read(&text(&scope)), Some(scope));
        }
        for bad in
            ["", "{}", r#"{"reads":"chosen","users":"some"}"#, r#"{"reads":"targeted","people":[7],"groups":[]}"#]
        {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
