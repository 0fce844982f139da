//! What a feed's word on people comes to at Atlassian: each fact is acted on once for what the feed says, and what somebody
//! has decided since is left alone. Pure.
//!
//! Nobody is taken out of a group into which no plan of the feed has put them, unless the group belongs to the feed.

use std::collections::{BTreeMap, BTreeSet};

use directory::{AccountId, GroupId, Ordinal};

use crate::nouns::feed_account::{Agreed, Agreements, LeftAlone, Step, StepKind, StepWhy, Target, Who};
use crate::nouns::feed_person::PersonState;
use crate::nouns::operation_row::RowState;

/// How somebody's account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Active in a directory.
    Active,
    /// Suspended wherever it is.
    Suspended,
    /// Gone from the organization.
    Outside,
    /// Something else, such as deactivated, or managed and in no directory.
    Other,
}

/// What is known of somebody's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Theirs {
    /// This one, with the mapped groups that it is in.
    Linked(Standing, BTreeSet<GroupId>),
    /// It is not clear.
    Unclear,
    /// A person has said that none is.
    Apart,
    /// None is known, and no account has their address.
    Unknown,
    /// None is known, and an account has their address but has not verified it.
    Unverified,
    /// None is known, and they have no address.
    NoAddress,
}

/// A person, as far as one feed is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Concerned {
    /// Their number.
    pub(super) number: i64,
    /// How they stand.
    pub(super) state: PersonState,
    /// Whether any feed has them.
    pub(super) in_any: bool,
    /// Whether this feed is the one that had them last.
    pub(super) had_last: bool,
    /// The run of this feed that says so.
    pub(super) run: Option<i64>,
    /// Their account.
    pub(super) theirs: Theirs,
    /// The groups in which this feed wants them, each with the code of the managed group.
    pub(super) wants: BTreeMap<GroupId, String>,
    /// The groups in which other feeds want them.
    pub(super) elsewhere: BTreeSet<GroupId>,
}

/// The groups that a feed fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// Each group with the code of a managed group that fills it.
    pub(super) groups: BTreeMap<GroupId, String>,
    /// Those that belong to the feed.
    pub(super) owned: BTreeSet<GroupId>,
}

/// What is to be done, and what is so already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// What is to be done.
    pub(super) steps: Vec<Step>,
    /// What is agreed on without anything being done.
    pub(super) agreements: Agreements,
    /// Who is left alone, by reason.
    pub(super) left_alone: BTreeMap<LeftAlone, u64>,
    /// The accounts and the addresses of whom something is to be done with.
    pub(super) reached: BTreeMap<i64, (Option<Ordinal>, String)>,
}

/// What was agreed on of one person.
pub(super) type OfOne = BTreeMap<Target, Agreed>;

impl Difference {
    /// Leaves somebody alone.
    pub(super) fn leave(&mut self, why: LeftAlone) {
        *self.left_alone.entry(why).or_default() += 1;
    }

    fn agree(&mut self, who: &Who, target: Target, agreed: Option<Agreed>) {
        self.agreements.insert((who.clone(), target), agreed);
    }

    /// Adds what one person's state comes to.
    pub(super) fn add_person(&mut self, person: &Concerned, agreed: &OfOne, filled: &Filled) {
        let concerned = !person.wants.is_empty() || !agreed.is_empty();
        match person.state {
            PersonState::Held if concerned => self.leave(LeftAlone::OnHold),
            PersonState::Held => {}
            PersonState::Blocked => self.gone(person, agreed),
            PersonState::Active if !person.in_any => {
                if concerned || person.had_last {
                    self.leave(LeftAlone::InGrace);
                }
            }
            PersonState::Active => self.here(person, agreed, filled),
        }
    }

    /// Adds what comes of a member of an owned group whom no person of the feeds is linked to. `may_be_known` when the
    /// account may be somebody's all the same.
    pub(super) fn add_stranger(
        &mut self,
        (account, group): (&AccountId, &GroupId),
        (agreed, may_be_known): (Option<Agreed>, bool),
        filled: &Filled,
    ) {
        // Taken out before, and put back by somebody since.
        if agreed.is_some() {
            return;
        }
        if may_be_known {
            return self.leave(LeftAlone::MayBeKnown);
        }
        let code = filled.groups.get(group).cloned().unwrap_or_default();
        let (who, groups) = (Who::Account(account.clone()), vec![group.clone()]);
        self.steps.push(Step { who, kind: StepKind::Remove, groups, why: StepWhy::Owned, code, run: None });
    }

    /// Somebody in no feed: suspended, once, by the feed that had them last. Their groups stay, so that they have them
    /// again when they come back.
    fn gone(&mut self, person: &Concerned, agreed: &OfOne) {
        if !person.had_last {
            return;
        }
        let who = Who::Person(person.number);
        match (&person.theirs, agreed.get(&Target::Suspended)) {
            (Theirs::Linked(Standing::Active, _), None | Some(Agreed::Tried)) => {
                self.step(person, (StepKind::Suspend, Vec::new()), (StepWhy::Gone, String::new()));
            }
            (Theirs::Linked(Standing::Suspended, _), None) => self.agree(&who, Target::Suspended, Some(Agreed::Found)),
            (Theirs::Linked(Standing::Suspended, _), Some(Agreed::Tried)) => {
                self.agree(&who, Target::Suspended, Some(Agreed::Given));
            }
            (Theirs::Unclear, None) => self.leave(LeftAlone::Unclear),
            _ => {}
        }
    }

    /// Somebody whom a feed has.
    fn here(&mut self, person: &Concerned, agreed: &OfOne, filled: &Filled) {
        let who = Who::Person(person.number);
        let suspended = agreed.get(&Target::Suspended);
        let restored = match (&person.theirs, suspended) {
            (Theirs::Linked(Standing::Suspended, _), Some(Agreed::Given)) => {
                self.step(person, (StepKind::Restore, Vec::new()), (StepWhy::Back, String::new()));
                true
            }
            (Theirs::Linked(Standing::Active, _), Some(_)) | (_, Some(Agreed::Found | Agreed::Declined)) => {
                self.agree(&who, Target::Suspended, None);
                false
            }
            _ => false,
        };
        let open = |group: &GroupId| !is_settled(agreed.get(&Target::Group(group.clone())));
        let any_open = person.wants.keys().any(open);
        match &person.theirs {
            Theirs::Linked(Standing::Active, groups) => self.groups(person, (groups, agreed), filled),
            Theirs::Linked(Standing::Suspended, _) if restored => {
                // What suspended people are in is not shown: only what was never agreed on is added.
                for (group, code) in person.wants.iter().filter(|(group, _)| open(group)) {
                    self.step(person, (StepKind::Add, vec![group.clone()]), (StepWhy::MovedIn, code.clone()));
                }
            }
            Theirs::Linked(Standing::Outside, _) | Theirs::Unknown if any_open => {
                let into: Vec<GroupId> = person.wants.keys().filter(|group| open(group)).cloned().collect();
                let code = into.first().and_then(|group| person.wants.get(group)).cloned().unwrap_or_default();
                self.step(person, (StepKind::Invite, into), (StepWhy::Joined, code));
            }
            Theirs::Linked(Standing::Suspended | Standing::Other, _) if any_open => self.leave(LeftAlone::NotActive),
            Theirs::Unclear if any_open => self.leave(LeftAlone::Unclear),
            Theirs::Apart if any_open => self.leave(LeftAlone::Apart),
            Theirs::Unverified if any_open => self.leave(LeftAlone::Unverified),
            Theirs::NoAddress if any_open => self.leave(LeftAlone::NoAddress),
            _ => {}
        }
    }

    /// The groups of somebody whose account is active.
    fn groups(&mut self, person: &Concerned, (groups, agreed): (&BTreeSet<GroupId>, &OfOne), filled: &Filled) {
        let who = Who::Person(person.number);
        for (group, code) in &person.wants {
            let target = Target::Group(group.clone());
            match (agreed.get(&target), groups.contains(group)) {
                (Some(Agreed::Given | Agreed::Found | Agreed::Declined), _) => {}
                (Some(Agreed::Tried), true) => self.agree(&who, target, Some(Agreed::Given)),
                (_, true) => self.agree(&who, target, Some(Agreed::Found)),
                (_, false) => self.step(person, (StepKind::Add, vec![group.clone()]), (StepWhy::MovedIn, code.clone())),
            }
        }
        let unwanted = |group: &GroupId| !person.wants.contains_key(group) && !person.elsewhere.contains(group);
        for (target, state) in agreed {
            let Target::Group(group) = target else { continue };
            if !unwanted(group) {
                continue;
            }
            let (code, owned) = (filled.groups.get(group), filled.owned.contains(group));
            match (state, code) {
                (_, None) => self.agree(&who, target.clone(), None),
                (Agreed::Given | Agreed::Tried, Some(code)) if groups.contains(group) => {
                    self.step(person, (StepKind::Remove, vec![group.clone()]), (StepWhy::MovedOut, code.clone()));
                }
                (Agreed::Found | Agreed::Declined, Some(code)) if owned && groups.contains(group) => {
                    self.step(person, (StepKind::Remove, vec![group.clone()]), (StepWhy::Owned, code.clone()));
                }
                (Agreed::Taken, Some(_)) if owned => {}
                (Agreed::Kept, Some(_)) if owned || groups.contains(group) => {}
                _ => self.agree(&who, target.clone(), None),
            }
        }
        let strange = |group: &&GroupId| unwanted(group) && !agreed.contains_key(&Target::Group((*group).clone()));
        for group in filled.owned.intersection(groups).filter(strange) {
            let code = filled.groups.get(group).cloned().unwrap_or_default();
            self.step(person, (StepKind::Remove, vec![group.clone()]), (StepWhy::Owned, code));
        }
    }

    fn step(&mut self, person: &Concerned, (kind, groups): (StepKind, Vec<GroupId>), (why, code): (StepWhy, String)) {
        self.steps.push(Step { who: Who::Person(person.number), kind, groups, why, code, run: person.run });
    }
}

/// Whether what a feed wants was agreed on, one way or the other.
fn is_settled(agreed: Option<&Agreed>) -> bool {
    matches!(agreed, Some(Agreed::Given | Agreed::Found | Agreed::Declined))
}

/// What is agreed on after a plan was carried out, of a step whose rows stand so. Nothing when it was not attempted.
pub(super) fn carried_out(step: &Step, rows: &[RowState]) -> Agreements {
    let any = |states: &[RowState]| rows.iter().any(|row| states.contains(row));
    let agreed = if any(&[RowState::Done, RowState::Verified]) {
        match step.kind {
            StepKind::Invite | StepKind::Add | StepKind::Suspend => Some(Agreed::Given),
            StepKind::Remove => Some(Agreed::Taken),
            StepKind::Restore => None,
        }
    } else if any(&[RowState::Failed, RowState::Unknown, RowState::Begun, RowState::Reverted]) {
        match step.kind {
            StepKind::Invite | StepKind::Add | StepKind::Suspend => Some(Agreed::Tried),
            StepKind::Remove | StepKind::Restore => return Agreements::new(),
        }
    } else if any(&[RowState::Already]) {
        match step.kind {
            StepKind::Invite | StepKind::Add | StepKind::Suspend => Some(Agreed::Found),
            StepKind::Remove | StepKind::Restore => None,
        }
    } else {
        return Agreements::new();
    };
    step.targets().into_iter().map(|target| ((step.who.clone(), target), agreed)).collect()
}

/// What is agreed on after a person has said no to a plan.
pub(super) fn declined(step: &Step) -> Agreements {
    let agreed = match step.kind {
        StepKind::Invite | StepKind::Add | StepKind::Suspend => Some(Agreed::Declined),
        StepKind::Remove => Some(Agreed::Kept),
        // They stay suspended by that person's will.
        StepKind::Restore => None,
    };
    step.targets().into_iter().map(|target| ((step.who.clone(), target), agreed)).collect()
}

#[cfg(test)]
mod tests;
