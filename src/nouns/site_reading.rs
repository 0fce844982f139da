//! A reading of one site: Jira's users, the customers of its service desks, the organizations of customers. It says of
//! each part whether it was read to its end, because only then anybody may be missed there.

use jiff::Timestamp;

use crate::id::RunId;

/// A reading of one site, under way or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteReading {
    /// The site's cloud id.
    pub site: String,
    /// Its number among the readings of this site, from 1.
    pub number: u64,
    /// The sync run that it belongs to, if it belongs to one.
    pub run: Option<RunId>,
    /// Who asked for it.
    pub asked_by: String,
    /// How it stands.
    pub state: ReadingState,
    /// How each part of it stands.
    pub parts: Parts,
    /// How much there is on the site, once it ended.
    pub counts: ReadingCounts,
    /// Requests that it sent.
    pub requests: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it is not complete, as sentences.
    pub reason: Option<String>,
}

/// How a reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadingState {
    /// Under way, or cut off and not taken up again yet.
    Reading,
    /// Every part was read to its end.
    Complete,
    /// Some part was not: of that part nobody is missed.
    Partial,
    /// It was cut off and a later one took its place.
    Abandoned,
}

/// A part of what a site lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SitePart {
    /// Jira's users.
    Users,
    /// The customers of the service desks.
    ServiceDesks,
    /// The organizations of customers, and their members.
    CustomerOrganizations,
}

/// How far a part was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PartState {
    /// Nothing of it.
    #[default]
    Unread,
    /// Not to its end.
    Partial,
    /// To its end.
    Complete,
}

/// How each part of a reading stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Jira's users.
    pub users: PartState,
    /// The customers of the service desks.
    pub desks: PartState,
    /// The organizations of customers, and their members.
    pub organizations: PartState,
}

/// How much a reading found and missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadingCounts {
    /// People and apps whom Jira lists on the site, customers left out.
    pub users: u64,
    /// Customers of the site.
    pub customers: u64,
    /// Organizations of customers.
    pub organizations: u64,
    /// Accounts that were proven to be gone.
    pub gone: u64,
    /// Records that could not be read, and were left as they were.
    pub unreadable: u64,
}

/// Up to when each part of a site was last read to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteCoverage {
    /// The site's cloud id.
    pub site: String,
    /// Jira's users.
    pub users: Option<Timestamp>,
    /// The customers of the service desks.
    pub desks: Option<Timestamp>,
    /// The organizations of customers.
    pub organizations: Option<Timestamp>,
}

impl ReadingState {
    /// All of them.
    pub const ALL: [ReadingState; 4] =
        [ReadingState::Reading, ReadingState::Complete, ReadingState::Partial, ReadingState::Abandoned];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            ReadingState::Reading => "reading",
            ReadingState::Complete => "complete",
            ReadingState::Partial => "partial",
            ReadingState::Abandoned => "abandoned",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<ReadingState> {
        ReadingState::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl PartState {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            PartState::Unread => "unread",
            PartState::Partial => "partial",
            PartState::Complete => "complete",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<PartState> {
        [PartState::Unread, PartState::Partial, PartState::Complete].into_iter().find(|state| state.as_str() == text)
    }
}

impl Parts {
    /// Whether every part was read to its end.
    pub fn are_complete(&self) -> bool {
        [self.users, self.desks, self.organizations].into_iter().all(|part| part == PartState::Complete)
    }

    /// The state of one part.
    pub fn of(&mut self, part: SitePart) -> &mut PartState {
        match part {
            SitePart::Users => &mut self.users,
            SitePart::ServiceDesks => &mut self.desks,
            SitePart::CustomerOrganizations => &mut self.organizations,
        }
    }
}

impl SiteCoverage {
    /// Since when the customers of the site are known as a whole, from its service desks and their organizations both.
    pub fn customers(&self) -> Option<Timestamp> {
        self.desks.zip(self.organizations).map(|(desks, organizations)| desks.min(organizations))
    }
}
