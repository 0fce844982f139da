//! One account, as small as a million of them require: texts in one allocation, words by number, sets as masks.
//! It knows no other account and no group; who may see what is decided by whoever asks.

use crate::resource::Roles;

/// The number of an interned word; 0 is none.
pub(crate) type Word = u16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountType {
    Atlassian,
    App,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AccountStatus {
    Active,
    Inactive,
    Closed,
}

impl AccountStatus {
    pub(crate) const ALL: [AccountStatus; 3] = [AccountStatus::Active, AccountStatus::Inactive, AccountStatus::Closed];

    pub(crate) fn id(self) -> &'static str {
        match self {
            AccountStatus::Active => "active",
            AccountStatus::Inactive => "inactive",
            AccountStatus::Closed => "closed",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MembershipStatus {
    Active,
    Suspended,
    NoMembership,
}

impl MembershipStatus {
    pub(crate) fn id(self) -> &'static str {
        match self {
            MembershipStatus::Active => "active",
            MembershipStatus::Suspended => "suspended",
            MembershipStatus::NoMembership => "no_membership",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Invited,
    Synced,
}

impl Source {
    pub(crate) fn id(self) -> &'static str {
        match self {
            Source::Invited => "invited",
            Source::Synced => "synced",
        }
    }
}

/// Account id, name, nickname and e-mail in one allocation.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    all: Box<str>,
    ends: [u16; 3],
}

impl Texts {
    /// The parts are cut to 8,192 bytes each, on a character boundary, so that their ends fit.
    pub(crate) fn new(account_id: &str, name: &str, nickname: &str, email: &str) -> Texts {
        let mut all = String::with_capacity(account_id.len() + name.len() + nickname.len() + email.len());
        let mut ends = [0u16; 3];
        for (index, part) in [account_id, name, nickname, email].into_iter().enumerate() {
            let bound = part.char_indices().map(|(start, _)| start).find(|start| *start >= 8_188).unwrap_or(part.len());
            all.push_str(&part[..bound]);
            if let Some(end) = ends.get_mut(index) {
                *end = all.len() as u16;
            }
        }
        Texts { all: all.into_boxed_str(), ends }
    }

    pub(crate) fn account_id(&self) -> &str {
        &self.all[..self.ends[0] as usize]
    }

    pub(crate) fn name(&self) -> &str {
        &self.all[self.ends[0] as usize..self.ends[1] as usize]
    }

    pub(crate) fn nickname(&self) -> &str {
        &self.all[self.ends[1] as usize..self.ends[2] as usize]
    }

    /// Empty for accounts without an address.
    pub(crate) fn email(&self) -> &str {
        &self.all[self.ends[2] as usize..]
    }
}

/// When a resource was last opened: 56 bits of milliseconds since 1970, 8 bits of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Activity(u64);

impl Activity {
    pub(crate) fn new(resource: u8, at: i64) -> Activity {
        Activity((at.clamp(0, (1 << 55) - 1) as u64) << 8 | u64::from(resource))
    }

    pub(crate) fn resource(self) -> u8 {
        self.0 as u8
    }

    /// Milliseconds since 1970.
    pub(crate) fn at(self) -> i64 {
        (self.0 >> 8) as i64
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) texts: Texts,
    pub(crate) job_title: Word,
    pub(crate) department: Word,
    pub(crate) organization: Word,
    pub(crate) location: Word,
    pub(crate) time_zone: Word,
    pub(crate) account_type: AccountType,
    pub(crate) account_status: AccountStatus,
    pub(crate) managed: bool,
    pub(crate) source: Option<Source>,
    pub(crate) email_verified: bool,
    pub(crate) mfa: bool,
    pub(crate) for_deletion: bool,
    /// Directories the account is in, suspended or not, by bit.
    pub(crate) present: u8,
    /// Directories the account is suspended in; a part of `present`.
    pub(crate) suspended: u8,
    pub(crate) platform_roles: Roles,
    /// Milliseconds since 1970.
    pub(crate) added: i64,
    /// Milliseconds since 1970; 0 when never deactivated.
    pub(crate) deactivated: i64,
    /// Ordinals of groups, ascending.
    pub(crate) groups: Vec<u32>,
    /// At most one entry a resource, ascending by resource.
    pub(crate) activity: Vec<Activity>,
    /// Roles held without a group, ascending by resource.
    pub(crate) direct: Vec<(u8, Roles)>,
}

impl Person {
    pub(crate) fn membership_status(&self) -> MembershipStatus {
        if self.present == 0 {
            MembershipStatus::NoMembership
        } else if self.present & !self.suspended == 0 {
            MembershipStatus::Suspended
        } else {
            MembershipStatus::Active
        }
    }

    /// The composite of account and membership status.
    pub(crate) fn status(&self) -> &'static str {
        if self.for_deletion {
            return "for_deletion";
        }
        match (self.account_status, self.membership_status()) {
            (AccountStatus::Inactive | AccountStatus::Closed, _) => "deactivated",
            (AccountStatus::Active, MembershipStatus::Active) => "active",
            (AccountStatus::Active, MembershipStatus::Suspended) => "suspended",
            (AccountStatus::Active, MembershipStatus::NoMembership) => "not_invited",
        }
    }

    pub(crate) fn is_in_group(&self, group: u32) -> bool {
        self.groups.binary_search(&group).is_ok()
    }

    pub(crate) fn last_active(&self) -> Option<i64> {
        self.activity.iter().map(|entry| entry.at()).max()
    }

    pub(crate) fn set_activity(&mut self, resource: u8, at: i64) {
        let entry = Activity::new(resource, at);
        match self.activity.binary_search_by_key(&resource, |entry| entry.resource()) {
            Ok(place) => {
                if let Some(old) = self.activity.get_mut(place) {
                    *old = entry;
                }
            }
            Err(place) => self.activity.insert(place, entry),
        }
    }
}

/// The domain of an address, empty when there is none.
pub(crate) fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or("", |(_, domain)| domain)
}
