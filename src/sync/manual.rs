//! The manual sync: what somebody ticked, turned into a run. The daily schedule is not touched by it.

use directory::{GroupId, Snapshot, fold_text};
use roaring::RoaringBitmap;

use crate::nouns::refusal::Refusal;
use crate::nouns::run::RunKind;
use crate::nouns::scope::{CHOSEN_GROUPS, NotTicked, Scope, Targets, Ticks};
use crate::sync::request::Ask;

/// People whom one run reads one by one; of more, everything is read instead.
pub const ONLY_THESE: u64 = 1_000;

/// What somebody asks for: everything, or what is ticked. The first sync of an organization reads everything.
///
/// # Errors
/// The ticks ask for nothing, or for too much.
pub fn ask(snapshot: &Snapshot, ticks: Option<Ticks>) -> Result<Ask, Refusal> {
    match ticks {
        _ if snapshot.generation() == 0 => Ok(Ask::everything(RunKind::Initial)),
        None => Ok(Ask::everything(RunKind::Manual)),
        Some(ticks) => Ok(Ask::scoped(RunKind::Manual, scope(ticks)?)),
    }
}

/// A read of exactly these people.
///
/// # Errors
/// There are none, or more than one run reads one by one.
pub fn only_these(snapshot: &Snapshot, people: &RoaringBitmap) -> Result<Scope, Refusal> {
    if people.is_empty() || people.len() > ONLY_THESE {
        return Err(Refusal::new(
            "No sync was started.",
            format!("It would read {} people; from 1 to {ONLY_THESE} are read one by one.", people.len()),
            "Choose fewer people, or read everybody instead.",
        ));
    }
    let people = people.iter().filter_map(|account| snapshot.account_id(account)).collect();
    Ok(Scope::Targeted(Targets { people, groups: Vec::new() }))
}

/// What the ticks ask for.
///
/// # Errors
/// They ask for nothing, or for too much.
pub fn scope(ticks: Ticks) -> Result<Scope, Refusal> {
    ticks.scope().map_err(|why| match why {
        NotTicked::Nothing => Refusal::new(
            "No sync was started.",
            "Nothing is ticked, so there is nothing to read.",
            "Tick one or more of All Users, User Last Active Dates, All Groups and Group Memberships.",
        ),
        NotTicked::NoGroup => Refusal::new(
            "No sync was started.",
            "Group Memberships is ticked, and no group is chosen.",
            "Choose one or more groups, or tick All Groups.",
        ),
        NotTicked::TooManyGroups => Refusal::new(
            "No sync was started.",
            format!("More than {CHOSEN_GROUPS} groups are chosen."),
            "Tick All Groups: it reads all of them with fewer requests.",
        ),
    })
}

/// Groups by the names that somebody typed: in any case, and each the name of exactly one group.
///
/// # Errors
/// A name that no group has, or several.
pub fn groups_named(snapshot: &Snapshot, names: &[String]) -> Result<Vec<GroupId>, Refusal> {
    let mut groups = Vec::new();
    for name in names {
        let wanted = fold_text(name.trim());
        let rows = snapshot.groups_by_name().iter().filter_map(|group| snapshot.group_row(group));
        let found: Vec<_> = rows.filter(|row| *row.folded_name == *wanted || row.id.as_str() == name.trim()).collect();
        let exact = found.iter().find(|row| row.group.as_ref().is_some_and(|group| *group.name == *name.trim()));
        match (found.as_slice(), exact) {
            ([one], _) => groups.push(one.id.clone()),
            ([], _) => {
                return Err(Refusal::new(
                    "No sync was started.",
                    format!("There is no group “{}” in the last sync.", name.trim()),
                    "Look under Groups, or sync all groups first.",
                ));
            }
            (_, Some(one)) => groups.push(one.id.clone()),
            (several, None) => {
                return Err(Refusal::new(
                    "No sync was started.",
                    format!("{} groups are named “{}”.", several.len(), name.trim()),
                    "Give the group's id instead of its name.",
                ));
            }
        }
    }
    groups.sort();
    groups.dedup();
    Ok(groups)
}
