//! People of the feeds and Atlassian: how somebody is linked to an account, which managed group fills which groups, what
//! was agreed on of whom, and the plans that follow from what feeds say. Plain data; nothing here decides.

use std::collections::BTreeMap;

use directory::{AccountId, GroupId};
use jiff::Timestamp;

use crate::id::OperationId;
use crate::nouns::feed::Threshold;
use crate::nouns::operation::{OperationState, vocabulary};
use crate::nouns::operation_row::Tally;

vocabulary! {
    /// How it was decided which account is somebody's.
    LinkHow {
        /// By their verified e-mail address, once.
        Email = "email",
        /// By a person.
        Hand = "hand",
        /// A person has said that none is.
        Apart = "apart",
    }
}

/// Who decided which account is somebody's, how and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkNote {
    /// How.
    pub how: LinkHow,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

vocabulary! {
    /// Why it is not clear which account is somebody's.
    Unclear {
        /// Several accounts have their verified address.
        TwoAccounts = "two_accounts",
        /// Several people have this address.
        TwoPeople = "two_people",
        /// The account with this address is somebody else's.
        Taken = "taken",
    }
}

/// Somebody whose account is not clear: a person decides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkCase {
    /// The number of the person.
    pub person: i64,
    /// Why.
    pub unclear: Unclear,
    /// The accounts it may be.
    pub accounts: Vec<AccountId>,
}

/// A managed group that fills a group at Atlassian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The number of the feed; 0 for every feed that manages a group of this code.
    pub feed: i64,
    /// The code of the managed group.
    pub code: String,
    /// The group at Atlassian.
    pub group: GroupId,
    /// Whether whoever the feed does not put into the group is taken out of it.
    pub owned: bool,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// The number that stands for all feeds in mappings.
pub const EVERY_FEED: i64 = 0;

vocabulary! {
    /// Whether plans follow from what a feed says.
    AccessMode {
        /// None does.
        Off = "off",
        /// Plans are made and wait for a person.
        Propose = "propose",
        /// Plans within the thresholds are carried out by themselves; others wait.
        Automatic = "automatic",
    }
}

/// Whether and how plans follow from what a feed says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessSettings {
    /// Whether.
    pub mode: AccessMode,
    /// From how many people on who are invited, added or restored a plan waits.
    pub giving: Threshold,
    /// From how many people on who are taken out or suspended a plan waits.
    pub taking: Threshold,
}

impl Default for AccessSettings {
    /// Off; more than 20 % and at least 25 people who are given something, more than 5 % and at least 5 who lose it.
    fn default() -> AccessSettings {
        AccessSettings {
            mode: AccessMode::Off,
            giving: Threshold { people: 25, percent: 20 },
            taking: Threshold::default(),
        }
    }
}

/// The settings in force of a feed, who chose them, and what came of the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The settings.
    pub settings: AccessSettings,
    /// Who chose them: as pages show it, as decisions name them, and when. Nobody has when they are the defaults.
    pub chosen: Option<(String, String, Timestamp)>,
    /// What was looked at last: the version of the people and the generation.
    pub looked_at: Option<(u64, u64, Timestamp)>,
    /// Whom the last look left alone: how many, by reason.
    pub left_alone: Vec<(LeftAlone, u64)>,
    /// Why no plan could be made, as a sentence.
    pub why: Option<String>,
}

/// Whom something was agreed on of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A person of the feeds, by number.
    Person(i64),
    /// An account that is nobody of them.
    Account(AccountId),
}

impl Who {
    /// As it is stored.
    pub fn to_text(&self) -> String {
        match self {
            Who::Person(number) => format!("person {number}"),
            Who::Account(id) => format!("account {}", id.as_str()),
        }
    }

    /// Reads what was stored.
    pub fn parse(text: &str) -> Option<Who> {
        match text.split_once(' ')? {
            ("person", number) => number.parse().ok().map(Who::Person),
            ("account", id) => AccountId::new(id).ok().map(Who::Account),
            _ => None,
        }
    }
}

/// What was agreed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// That they are in this group.
    Group(GroupId),
    /// That they are suspended.
    Suspended,
}

impl Target {
    /// As it is stored.
    pub fn to_text(&self) -> String {
        match self {
            Target::Group(id) => format!("group {}", id.as_str()),
            Target::Suspended => "suspended".to_owned(),
        }
    }

    /// Reads what was stored.
    pub fn parse(text: &str) -> Option<Target> {
        match text.split_once(' ') {
            Some(("group", id)) => GroupId::new(id).ok().map(Target::Group),
            None if text == "suspended" => Some(Target::Suspended),
            _ => None,
        }
    }
}

vocabulary! {
    /// What was last agreed on between a feed and the organization about one fact.
    Agreed {
        /// The feed wants it, and a plan of the feed brought it about.
        Given = "given",
        /// The feed wants it, and it was so before.
        Found = "found",
        /// The feed wants it, and a plan of the feed tried in vain.
        Tried = "tried",
        /// The feed wants it, and a person said no.
        Declined = "declined",
        /// The feed does not want it, and a plan of the feed took it away.
        Taken = "taken",
        /// The feed does not want it, and a person said that it stays.
        Kept = "kept",
    }
}

/// What is to be kept of what was agreed on: the state, or nothing any more.
pub type Agreements = BTreeMap<(Who, Target), Option<Agreed>>;

vocabulary! {
    /// What a step does.
    StepKind {
        /// Invites somebody into groups.
        Invite = "invite",
        /// Adds somebody to a group.
        Add = "add",
        /// Takes somebody out of a group.
        Remove = "remove",
        /// Suspends somebody.
        Suspend = "suspend",
        /// Restores somebody.
        Restore = "restore",
    }
}

impl StepKind {
    /// Whether it gives something; otherwise it takes something away.
    pub fn gives(self) -> bool {
        matches!(self, StepKind::Invite | StepKind::Add | StepKind::Restore)
    }
}

vocabulary! {
    /// Why there is a step.
    StepWhy {
        /// They are in the feed and have no account yet.
        Joined = "joined",
        /// The feed has them in the managed group.
        MovedIn = "moved_in",
        /// The feed does not have them in the managed group any more.
        MovedOut = "moved_out",
        /// They are in no feed any more.
        Gone = "gone",
        /// They are in a feed again.
        Back = "back",
        /// The group belongs to the feed, which does not have them in it.
        Owned = "owned",
    }
}

vocabulary! {
    /// Why no step is made for somebody of whom one would be.
    LeftAlone {
        /// A person has put them on hold.
        OnHold = "on_hold",
        /// They are in no feed, and their days of grace are not over.
        InGrace = "in_grace",
        /// It is not clear which account is theirs.
        Unclear = "unclear",
        /// A person has said that no account is theirs.
        Apart = "apart",
        /// The account with their address has not verified it.
        Unverified = "unverified",
        /// They have no address, and no account is linked.
        NoAddress = "no_address",
        /// Somebody else has suspended their account, or its state is another one.
        NotActive = "not_active",
        /// The group is gone.
        GroupGone = "group_gone",
        /// A member of an owned group who may be somebody of the feeds.
        MayBeKnown = "may_be_known",
        /// More are invited than one plan holds; the next one has them.
        NextPlan = "next_plan",
    }
}

/// One thing that a plan is to do with somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// With whom.
    pub who: Who,
    /// What.
    pub kind: StepKind,
    /// The groups it is about; none when somebody is suspended or restored.
    pub groups: Vec<GroupId>,
    /// Why.
    pub why: StepWhy,
    /// The code of the managed group; empty when none is the reason.
    pub code: String,
    /// The number of the run that said so.
    pub run: Option<i64>,
}

impl Step {
    /// What it is about.
    pub fn targets(&self) -> Vec<Target> {
        match self.kind {
            StepKind::Suspend | StepKind::Restore => vec![Target::Suspended],
            StepKind::Invite | StepKind::Add | StepKind::Remove => {
                self.groups.iter().cloned().map(Target::Group).collect()
            }
        }
    }
}

/// A plan of a feed as it is about to be kept with its operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFeedPlan {
    /// The number of the feed.
    pub feed: i64,
    /// Its place among the plans of the feed, from 1.
    pub place: u64,
    /// The number of the run applied last.
    pub run: Option<i64>,
    /// The digest of what it is to do.
    pub digest: [u8; 32],
    /// Whether it is to be approved by itself.
    pub by_itself: bool,
}

/// A plan of a feed, with how its operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPlan {
    /// The number of the feed.
    pub feed: i64,
    /// Its place among the plans of the feed, from 1.
    pub place: u64,
    /// The number of the run applied last when it was made.
    pub run: Option<i64>,
    /// The digest of what it is to do.
    pub digest: [u8; 32],
    /// Whether it is to be approved by itself.
    pub by_itself: bool,
    /// Whether what came of it is kept with the people.
    pub settled: bool,
    /// What stands against approving it by itself for the time being, as a sentence.
    pub waits: Option<String>,
    /// The operation.
    pub operation: OperationId,
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub state: OperationState,
    /// Its rows by state.
    pub tally: Tally,
    /// People of whom at least one row will be done.
    pub people: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Why it waits for a person, or how it ended.
    pub failure: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_and_what_something_is_about_reads_back() {
        let account = AccountId::new("712020:5b10").unwrap();
        for who in [Who::Person(7), Who::Account(account)] {
            assert_eq!(Who::parse(&who.to_text()), Some(who));
        }
        let group = GroupId::new("2b4e").unwrap();
        for target in [Target::Group(group), Target::Suspended] {
            assert_eq!(Target::parse(&target.to_text()), Some(target));
        }
        assert_eq!((Who::parse("7"), Target::parse("group")), (None, None));
    }
}
