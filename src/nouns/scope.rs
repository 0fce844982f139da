//! What a run reads, and so what it may write: everything, what a manual sync was asked for, or the people and groups
//! that were named. It never says what is there; only what is looked at.

use std::collections::BTreeSet;

use directory::{AccountId, GroupId, Noun, NounSet};

/// What a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything there is: initial, daily and browser syncs.
    Everything,
    /// What was ticked in the form *Manual Sync (One-Time Action)*.
    Chosen(Chosen),
    /// People and groups by id, beside any pass.
    Targeted(Targets),
}

/// The boxes of the manual sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// *All Users*: name, e-mail, account status.
    pub users: Option<WhichUsers>,
    /// *User Last Active Dates*: all apps.
    pub last_active: bool,
    /// *All Groups* or *Group Memberships*.
    pub groups: WhichGroups,
}

/// Which people *All Users* is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichUsers {
    /// All users.
    All,
    /// Only users with a last active date; the others are read and left as they are.
    WithActivity,
}

/// Which groups a manual sync is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichGroups {
    /// None.
    None,
    /// *All Groups*: definitions, what they grant, memberships.
    All,
    /// *Group Memberships* of these.
    Members(Vec<GroupId>),
}

/// Who and what a targeted read asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// People: their whole record.
    pub people: Vec<AccountId>,
    /// Groups: definition, what they grant, members.
    pub groups: Vec<GroupId>,
}

/// The form of a manual sync as somebody filled it in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// *All Users*
    pub all_users: bool,
    /// Of them, only users with a last active date.
    pub only_with_activity: bool,
    /// *User Last Active Dates*
    pub last_active: bool,
    /// *All Groups*
    pub all_groups: bool,
    /// *Group Memberships*, of these.
    pub members_of: Option<Vec<GroupId>>,
}

/// Why a filled-in form asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTicked {
    /// No box is ticked.
    Nothing,
    /// *Group Memberships* is ticked and no group is chosen.
    NoGroup,
    /// More groups are chosen than one run reads on their own.
    TooManyGroups,
}

/// Groups that one run reads on their own.
pub const CHOSEN_GROUPS: usize = 1_000;

impl Ticks {
    /// What the form asks for. *All Groups* includes the memberships of every group.
    ///
    /// # Errors
    /// It asks for nothing, or for too much.
    pub fn scope(self) -> Result<Scope, NotTicked> {
        let groups = match self.members_of {
            _ if self.all_groups => WhichGroups::All,
            None => WhichGroups::None,
            Some(groups) if groups.is_empty() => return Err(NotTicked::NoGroup),
            Some(groups) if groups.len() > CHOSEN_GROUPS => return Err(NotTicked::TooManyGroups),
            Some(groups) => WhichGroups::Members(groups),
        };
        let which = if self.only_with_activity { WhichUsers::WithActivity } else { WhichUsers::All };
        let chosen = Chosen { users: self.all_users.then_some(which), last_active: self.last_active, groups };
        if chosen.users.is_none() && !chosen.last_active && chosen.groups == WhichGroups::None {
            return Err(NotTicked::Nothing);
        }
        Ok(Scope::Chosen(chosen))
    }
}

impl Scope {
    /// The same scope with everybody and everything named once: each is read, and claimed, once.
    #[must_use]
    pub fn distinct(mut self) -> Scope {
        fn once<T: Ord + Clone>(list: &mut Vec<T>) {
            let mut met = BTreeSet::new();
            list.retain(|named| met.insert(named.clone()));
        }
        match &mut self {
            Scope::Chosen(Chosen { groups: WhichGroups::Members(groups), .. }) => once(groups),
            Scope::Targeted(targets) => {
                once(&mut targets.people);
                once(&mut targets.groups);
            }
            Scope::Everything | Scope::Chosen(_) => {}
        }
        self
    }

    /// Whether the run needs the organization's one place. Targeted reads run beside.
    pub fn holds_place(&self) -> bool {
        !matches!(self, Scope::Targeted(_))
    }

    /// The nouns that the walk over all users and groups is about; what else its pages hold is left alone.
    pub fn nouns(&self) -> NounSet {
        match self {
            Scope::Everything | Scope::Targeted(_) => NounSet::ALL,
            Scope::Chosen(chosen) => {
                let mut nouns = NounSet::NONE;
                if chosen.users.is_some() {
                    nouns = nouns.with(Noun::Accounts).with(Noun::Presence);
                }
                if chosen.last_active {
                    nouns = nouns.with(Noun::Activity);
                }
                if chosen.groups == WhichGroups::All {
                    nouns = nouns.with(Noun::Groups).with(Noun::Memberships).with(Noun::Grants);
                }
                nouns
            }
        }
    }

    /// The groups whose members are read one group at a time.
    pub fn chosen_groups(&self) -> &[GroupId] {
        match self {
            Scope::Chosen(Chosen { groups: WhichGroups::Members(groups), .. }) => groups,
            Scope::Targeted(targets) => &targets.groups,
            _ => &[],
        }
    }

    /// Whether people without a last active date are left as they are.
    pub fn only_with_activity(&self) -> bool {
        matches!(self, Scope::Chosen(Chosen { users: Some(WhichUsers::WithActivity), .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_sync_is_about_what_was_ticked_and_nothing_else() {
        let of = |users, last_active, groups| Scope::Chosen(Chosen { users, last_active, groups }).nouns();
        let users = of(Some(WhichUsers::All), false, WhichGroups::None);
        assert_eq!(users, NounSet::NONE.with(Noun::Accounts).with(Noun::Presence));
        assert_eq!(of(None, true, WhichGroups::None), NounSet::NONE.with(Noun::Activity));
        let groups = of(None, false, WhichGroups::All);
        assert_eq!(groups, NounSet::NONE.with(Noun::Groups).with(Noun::Memberships).with(Noun::Grants));
        assert_eq!(of(None, false, WhichGroups::Members(vec![GroupId::new("g").unwrap()])), NounSet::NONE);
        assert_eq!(Scope::Everything.nouns(), NounSet::ALL);
    }

    #[test]
    fn who_is_named_twice_is_read_once() {
        let groups = |ids: &[&str]| ids.iter().map(|id| GroupId::new(id).unwrap()).collect::<Vec<_>>();
        let members =
            |ids: &[&str]| Ticks { members_of: Some(groups(ids)), ..Ticks::default() }.scope().unwrap().distinct();
        assert_eq!(members(&["b", "a", "b"]), members(&["b", "a"]));
        let people = |ids: &[&str]| ids.iter().map(|id| AccountId::new(id).unwrap()).collect::<Vec<_>>();
        let targets = Targets { people: people(&["p", "p"]), groups: groups(&["g", "g"]) };
        let once = Targets { people: people(&["p"]), groups: groups(&["g"]) };
        assert_eq!(Scope::Targeted(targets).distinct(), Scope::Targeted(once));
    }

    #[test]
    fn a_form_without_a_box_asks_for_nothing_and_all_groups_include_every_membership() {
        let group = || GroupId::new("g").unwrap();
        assert_eq!(Ticks::default().scope(), Err(NotTicked::Nothing));
        assert_eq!(Ticks { only_with_activity: true, ..Ticks::default() }.scope(), Err(NotTicked::Nothing));
        assert_eq!(Ticks { members_of: Some(vec![]), ..Ticks::default() }.scope(), Err(NotTicked::NoGroup));
        let many = Some(vec![group(); CHOSEN_GROUPS + 1]);
        assert_eq!(Ticks { members_of: many.clone(), ..Ticks::default() }.scope(), Err(NotTicked::TooManyGroups));
        let all = Ticks { all_groups: true, members_of: many, ..Ticks::default() }.scope();
        let groups = WhichGroups::All;
        assert_eq!(all, Ok(Scope::Chosen(Chosen { users: None, last_active: false, groups })));
    }
}
