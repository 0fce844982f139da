//! A scope in a few plain words, for lists and commands. It counts groups and people and never names them.

use crate::nouns::scope::{Scope, WhichGroups, WhichUsers};

/// What a run reads: `everything`, `all users, last active dates`, `memberships of 3 groups`, `2 people`.
pub fn summary(scope: &Scope) -> String {
    let parts = match scope {
        Scope::Everything => return "everything".to_owned(),
        Scope::Chosen(chosen) => {
            let users = chosen.users.map(|which| match which {
                WhichUsers::All => "all users".to_owned(),
                WhichUsers::WithActivity => "users with a last active date".to_owned(),
            });
            let dates = chosen.last_active.then(|| "last active dates".to_owned());
            let groups = match &chosen.groups {
                WhichGroups::None => None,
                WhichGroups::All => Some("all groups".to_owned()),
                WhichGroups::Members(groups) => {
                    Some(format!("memberships of {}", count(groups.len(), "group", "groups")))
                }
            };
            [users, dates, groups]
        }
        Scope::Targeted(targets) => {
            let people = (!targets.people.is_empty()).then(|| count(targets.people.len(), "person", "people"));
            let groups = (!targets.groups.is_empty()).then(|| count(targets.groups.len(), "group", "groups"));
            [people, groups, None]
        }
    };
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use directory::{AccountId, GroupId};

    use super::*;
    use crate::nouns::scope::{Chosen, Targets};

    #[test]
    fn every_scope_reads_as_what_was_asked_for() {
        let groups = |ids: &[&str]| ids.iter().map(|id| GroupId::new(id).unwrap()).collect::<Vec<_>>();
        let of = |users, last_active, groups| summary(&Scope::Chosen(Chosen { users, last_active, groups }));
        assert_eq!(summary(&Scope::Everything), "everything");
        assert_eq!(of(Some(WhichUsers::All), true, WhichGroups::All), "all users, last active dates, all groups");
        assert_eq!(of(Some(WhichUsers::WithActivity), false, WhichGroups::None), "users with a last active date");
        assert_eq!(of(None, false, WhichGroups::Members(groups(&["a"]))), "memberships of 1 group");
        assert_eq!(of(None, false, WhichGroups::None), "nothing");
        let people = vec![AccountId::new("a").unwrap(), AccountId::new("b").unwrap()];
        assert_eq!(summary(&Scope::Targeted(Targets { people, groups: groups(&["g"]) })), "2 people, 1 group");
    }
}
