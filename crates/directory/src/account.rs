//! A person's account: its profile, and its presence in a directory.

use jiff::Timestamp;

use crate::packed_profile::PackedProfile;
use crate::word::words;

words! {
    /// `accountType` of the Organizations API.
    AccountType { Atlassian = "atlassian", App = "app", Customer = "customer" }
}
words! {
    /// `accountStatus`: the Atlassian account itself, whatever the directory says.
    AccountStatus { Active = "active", Inactive = "inactive", Closed = "closed" }
}
words! {
    /// `membershipStatus`: how the account stands in one directory.
    MembershipStatus { Active = "active", Suspended = "suspended", NoMembership = "no_membership" }
}
words! {
    /// `status`: Atlassian's composite of account and membership, shown as a person's status.
    Status {
        Active = "active", Suspended = "suspended", Deactivated = "deactivated",
        NotInvited = "not_invited", ForDeletion = "for_deletion", Closed = "closed",
    }
}
words! {
    /// `claimStatus`: whether the organization owns the account through a verified domain.
    Claimed { Managed = "managed", Unmanaged = "unmanaged" }
}
words! {
    /// `managementSource`: how a managed account came about.
    Management { Invited = "invited", Synced = "synced" }
}
words! {
    /// `platformRoles`: administrative roles over the organization.
    PlatformRole {
        OrganizationAdmin = "atlassian/org-admin", SiteAdmin = "atlassian/site-admin",
        UserAccessAdmin = "atlassian/user-access-admin", ArtificialIntelligenceAccess = "atlassian/ai-access",
    }
}

/// What upstream says about an account that does not depend on a directory. One version is kept per change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile {
    /// Kind of account.
    pub account_type: AccountType,
    /// State of the account itself; `None` when upstream left it out.
    pub account_status: Option<AccountStatus>,
    /// Managed or external; `None` when upstream left it out.
    pub claimed: Option<Claimed>,
    /// Invited or synced; only managed accounts have one.
    pub management: Option<Management>,
    /// Display name, as it came.
    pub name: Box<str>,
    /// Nickname (public name).
    pub nickname: Option<Box<str>>,
    /// E-mail address; hidden ones are `None`.
    pub email: Option<Box<str>>,
    /// Whether the address was verified; false with no activity reads as "not yet signed in".
    pub email_verified: Option<bool>,
    /// Whether two-step verification is on; only known of managed accounts.
    pub mfa_enabled: Option<bool>,
    /// When the account was added to the organization.
    pub added_at: Option<Timestamp>,
    /// When a managed account was deactivated.
    pub deactivated_at: Option<Timestamp>,
    /// Job title.
    pub job_title: Option<Box<str>>,
    /// Department.
    pub department: Option<Box<str>>,
    /// Organization, as the profile names it.
    pub organization: Option<Box<str>>,
    /// Location.
    pub location: Option<Box<str>>,
    /// Time zone name.
    pub time_zone: Option<Box<str>>,
    /// Address of the picture.
    pub picture: Option<Box<str>>,
    /// One JSON object of the fields that Rollcall does not know yet.
    pub unknown: Option<Box<str>>,
}

/// How an account stands in one directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Presence {
    /// `membershipStatus`; `None` when upstream left it out.
    pub membership: Option<MembershipStatus>,
    /// The composite `status`; `None` when upstream left it out.
    pub status: Option<Status>,
}

impl Profile {
    /// A profile of which only the name is known.
    pub fn named(name: &str) -> Profile {
        Profile {
            account_type: AccountType::Atlassian,
            account_status: None,
            claimed: None,
            management: None,
            name: name.into(),
            nickname: None,
            email: None,
            email_verified: None,
            mfa_enabled: None,
            added_at: None,
            deactivated_at: None,
            job_title: None,
            department: None,
            organization: None,
            location: None,
            time_zone: None,
            picture: None,
            unknown: None,
        }
    }

    /// The digest of [`crate::PackedProfile::digest`].
    pub fn digest(&self) -> i64 {
        PackedProfile::new(self).digest()
    }
}

impl Presence {
    /// Whether this is a membership at all: an account outside has none.
    pub fn is_active(&self) -> bool {
        self.status == Some(Status::Active)
    }

    /// The more telling of two presences of one person: the one closer to being able to work.
    pub fn best<'a>(&'a self, other: &'a Presence) -> &'a Presence {
        if self.rank() <= other.rank() { self } else { other }
    }

    /// Lower is closer to being able to work.
    pub(crate) fn rank(&self) -> u8 {
        match &self.status {
            Some(Status::Active) => 0,
            Some(Status::Suspended) => 1,
            Some(Status::NotInvited) => 3,
            Some(Status::Deactivated) => 4,
            Some(Status::ForDeletion) => 5,
            Some(Status::Closed) => 6,
            Some(Status::Other(_)) => 2,
            None => 7,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_changes_with_every_field_and_tells_missing_from_empty() {
        let plain = Profile::named("Ines");
        let changed = [
            Profile { nickname: Some("".into()), ..plain.clone() },
            Profile { email: Some("".into()), ..plain.clone() },
            Profile { email_verified: Some(false), ..plain.clone() },
            Profile { mfa_enabled: Some(false), ..plain.clone() },
            Profile { added_at: Some(Timestamp::UNIX_EPOCH), ..plain.clone() },
            Profile { deactivated_at: Some(Timestamp::UNIX_EPOCH), ..plain.clone() },
            Profile { claimed: Some(Claimed::Managed), ..plain.clone() },
            Profile { unknown: Some("{}".into()), ..plain.clone() },
            Profile::named("Ine"),
        ];
        let mut digests: Vec<i64> = changed.iter().map(Profile::digest).chain([plain.digest()]).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), changed.len() + 1);
    }

    #[test]
    fn words_that_are_not_known_are_kept() {
        assert_eq!(Status::parse("dormant").as_str(), "dormant");
        assert_eq!(Status::parse("suspended"), Status::Suspended);
    }
}
