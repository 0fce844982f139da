//! Coverage: what a generation may say about which part, and how old each cell is.
//!
//! Absence is derived only inside a complete claim. A claim is earned by a whole chain, never assumed.

use jiff::Timestamp;

use crate::id::{DirectoryId, GroupId};

/// A kind of fact that a pass reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Noun {
    /// Profiles of accounts.
    Accounts,
    /// Who is in a directory.
    Presence,
    /// Last-active dates.
    Activity,
    /// Administrative roles.
    PlatformRoles,
    /// Definitions of groups.
    Groups,
    /// Who is in a group.
    Memberships,
    /// What groups grant.
    Grants,
    /// Roles without a group.
    DirectAccess,
}

/// A set of kinds of facts: what a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NounSet(u8);

/// The part of the organization a claim speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Everything there is.
    Whole,
    /// One directory (or the accounts outside all of them).
    Directory(DirectoryId),
    /// One group.
    Group(GroupId),
    /// The people and groups that the run asked for by id: a targeted read, or rows that a person approved.
    Named,
}

/// How far a claim was earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimState {
    /// Read from first to last page, with counts that agree.
    Complete,
    /// Read, but not all of it can be trusted.
    Partial,
    /// Not read.
    Unread,
}

/// What one generation may say about one noun in one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Kind of fact.
    pub noun: Noun,
    /// Part of the organization.
    pub part: Part,
    /// How far it was earned.
    pub state: ClaimState,
    /// When the first request left.
    pub asked_from: Timestamp,
    /// When the last request left.
    pub asked_to: Timestamp,
    /// Upstream's own count, where it tells one.
    pub expected: Option<u64>,
    /// Records seen.
    pub seen: u64,
    /// Why the claim is not complete, as a sentence for a person.
    pub reason: Option<Box<str>>,
}

/// The claims of one generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims(pub Vec<Claim>);

/// When a noun in a part was last read completely.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age {
    /// Kind of fact.
    pub noun: Noun,
    /// Part of the organization.
    pub part: Part,
    /// When the last request of the newest complete claim left.
    pub read_at: Timestamp,
}

impl Noun {
    /// Every noun, in the order of the design.
    pub const ALL: [Noun; 8] = [
        Noun::Accounts,
        Noun::Presence,
        Noun::Activity,
        Noun::PlatformRoles,
        Noun::Groups,
        Noun::Memberships,
        Noun::Grants,
        Noun::DirectAccess,
    ];

    /// The noun as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Noun::Accounts => "accounts",
            Noun::Presence => "presence",
            Noun::Activity => "activity",
            Noun::PlatformRoles => "platform_roles",
            Noun::Groups => "groups",
            Noun::Memberships => "memberships",
            Noun::Grants => "grants",
            Noun::DirectAccess => "direct_access",
        }
    }

    /// Reads a stored noun.
    pub fn parse(text: &str) -> Option<Noun> {
        Noun::ALL.into_iter().find(|noun| noun.as_str() == text)
    }
}

impl NounSet {
    /// Nothing.
    pub const NONE: NounSet = NounSet(0);
    /// Every noun.
    pub const ALL: NounSet = NounSet(u8::MAX);

    /// This set and one more noun.
    #[must_use]
    pub fn with(self, noun: Noun) -> NounSet {
        NounSet(self.0 | 1 << noun as u8)
    }

    /// Whether a noun is in it.
    pub fn contains(self, noun: Noun) -> bool {
        self.0 & (1 << noun as u8) != 0
    }
}

impl ClaimState {
    /// The state as it is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            ClaimState::Complete => "complete",
            ClaimState::Partial => "partial",
            ClaimState::Unread => "unread",
        }
    }

    /// Reads a stored state.
    pub fn parse(text: &str) -> Option<ClaimState> {
        [ClaimState::Complete, ClaimState::Partial, ClaimState::Unread].into_iter().find(|state| state.as_str() == text)
    }
}

impl Part {
    /// The part as one text: `whole`, `named`, `directory:ID` or `group:ID`.
    pub fn to_text(&self) -> String {
        match self {
            Part::Whole => "whole".to_owned(),
            Part::Named => "named".to_owned(),
            Part::Directory(id) => format!("directory:{id}"),
            Part::Group(id) => format!("group:{id}"),
        }
    }

    /// Reads what [`Part::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Part> {
        match text.split_once(':') {
            None if text == "whole" => Some(Part::Whole),
            None if text == "named" => Some(Part::Named),
            Some(("directory", id)) => DirectoryId::new(id).ok().map(Part::Directory),
            Some(("group", id)) => GroupId::new(id).ok().map(Part::Group),
            _ => None,
        }
    }
}

impl Claims {
    /// The claim on a noun in exactly this part.
    pub fn find(&self, noun: Noun, part: &Part) -> Option<&Claim> {
        self.0.iter().find(|claim| claim.noun == noun && claim.part == *part)
    }

    /// Whether absence may be derived for this noun in this directory, of those who were asked for by id at least.
    pub fn is_complete(&self, noun: Noun, directory: &DirectoryId) -> bool {
        [Part::Directory(directory.clone()), Part::Whole, Part::Named]
            .iter()
            .any(|part| self.find(noun, part).is_some_and(|claim| claim.state == ClaimState::Complete))
    }

    /// The groups whose members were read whole, one group at a time.
    pub fn whole_groups(&self) -> impl Iterator<Item = &GroupId> {
        self.0.iter().filter_map(|claim| match (&claim.part, claim.noun, claim.state) {
            (Part::Group(group), Noun::Memberships, ClaimState::Complete) => Some(group),
            _ => None,
        })
    }

    /// The claims that were planned and not earned whole: the gaps of a generation.
    pub fn gaps(&self) -> impl Iterator<Item = &Claim> {
        self.0.iter().filter(|claim| claim.state != ClaimState::Complete)
    }
}

impl Age {
    /// The ages after a generation with these claims: a complete claim makes its part young, any other changes nothing.
    pub fn advance(ages: &[Age], claims: &Claims) -> Vec<Age> {
        let mut next = ages.to_vec();
        let whole = |claim: &&Claim| claim.state == ClaimState::Complete && claim.part != Part::Named;
        for claim in claims.0.iter().filter(whole) {
            match next.iter_mut().find(|age| age.noun == claim.noun && age.part == claim.part) {
                Some(age) => age.read_at = age.read_at.max(claim.asked_to),
                None => next.push(Age { noun: claim.noun, part: claim.part.clone(), read_at: claim.asked_to }),
            }
        }
        next.sort();
        next
    }
}
