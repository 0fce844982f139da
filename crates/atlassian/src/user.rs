//! A user as upstream shows one. Read by hand, because users are most of what there is to read: known fields go straight
//! to their places, names and descriptions of groups are skipped without being copied, unknown fields are kept aside.
//!
//! `None` for a list means that it was missing or null, which is not the same as an empty one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::moment::Moment;
use crate::open::open_enum;
use crate::record::{Drift, Record, UnknownField};

/// A user of a directory, or a managed account outside every directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    /// The account id, opaque.
    pub account_id: String,
    /// Person, app or portal customer.
    pub account_type: Option<AccountType>,
    /// State of the Atlassian account itself.
    pub account_status: Option<AccountStatus>,
    /// State of the membership in the directory.
    pub membership_status: Option<MembershipStatus>,
    /// Both in one word.
    pub status: Option<UserStatus>,
    /// Whether the address is on a domain that the organization has verified.
    pub claim_status: Option<ClaimStatus>,
    /// How a managed account came: invited or synced.
    pub management_source: Option<ManagementSource>,
    /// Full name.
    pub name: Option<Box<str>>,
    /// Public name.
    pub nickname: Option<Box<str>>,
    /// E-mail address.
    pub email: Option<Box<str>>,
    /// Whether the address was confirmed.
    pub email_verified: Option<bool>,
    /// Whether a second factor is set; managed accounts only.
    pub mfa_enabled: Option<bool>,
    /// When the user came into the organization.
    pub added_to_org: Option<Moment>,
    /// When the account was deactivated.
    pub deactivated_on: Option<Moment>,
    /// Address of the picture.
    pub picture: Option<Box<str>>,
    /// Address of the avatar.
    pub avatar: Option<Box<str>>,
    /// Job title.
    pub job_title: Option<Box<str>>,
    /// Department.
    pub department: Option<Box<str>>,
    /// Organization (company) in the profile.
    pub organization: Option<Box<str>>,
    /// Location.
    pub location: Option<Box<str>>,
    /// Time zone, IANA name.
    pub time_zone: Option<Box<str>>,
    /// Roles on the organization as a whole.
    pub platform_roles: Option<Vec<PlatformRole>>,
    /// `counts.resources`: on how many resources the user has a role.
    pub resources: Option<u64>,
    /// Last activity per app and site; an app without an entry was not opened.
    pub product_access: Option<Vec<ProductAccess>>,
    /// Groups the user is a member of.
    pub groups: Option<Vec<GroupReference>>,
    /// Fields that are not known here.
    pub unknown: Vec<UnknownField>,
}

/// Last activity in one app on one site. It says nothing about who may open the app.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProductAccess {
    /// The app's key, such as `confluence`.
    pub key: Option<Box<str>>,
    /// The resource's ARI.
    pub id: Option<Box<str>>,
    /// When it was last used.
    pub last_active: Option<Moment>,
}

/// A group that a user is a member of: the bare id, the part of the ARI after its last `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupReference {
    /// The group's id.
    pub id: Box<str>,
}

open_enum! {
    /// What an account stands for.
    AccountType {
        /// A person.
        Atlassian = "atlassian",
        /// An app.
        App = "app",
        /// A customer of a service desk portal.
        Customer = "customer",
    }
}

open_enum! {
    /// State of an Atlassian account.
    AccountStatus {
        /// In use.
        Active = "active",
        /// Deactivated.
        Inactive = "inactive",
        /// Closed for good.
        Closed = "closed",
    }
}

open_enum! {
    /// State of a membership in a directory.
    MembershipStatus {
        /// Has access.
        Active = "active",
        /// All access is suspended.
        Suspended = "suspended",
        /// Is in no directory.
        NoMembership = "no_membership",
    }
}

open_enum! {
    /// State of account and membership in one word.
    UserStatus {
        /// Has access.
        Active = "active",
        /// All access is suspended.
        Suspended = "suspended",
        /// Managed, but in no directory.
        NotInvited = "not_invited",
        /// The account is deactivated.
        Deactivated = "deactivated",
        /// The account will be deleted.
        ForDeletion = "for_deletion",
    }
}

open_enum! {
    /// Whether the organization manages the account.
    ClaimStatus {
        /// The address is on a verified domain.
        Managed = "managed",
        /// It is not.
        Unmanaged = "unmanaged",
    }
}

open_enum! {
    /// How a managed account came.
    ManagementSource {
        /// By invitation.
        Invited = "invited",
        /// From an identity provider.
        Synced = "synced",
    }
}

open_enum! {
    /// A role on the organization as a whole.
    PlatformRole {
        /// Administers the organization.
        OrganizationAdmin = "atlassian/org-admin",
        /// Administers a site.
        SiteAdmin = "atlassian/site-admin",
        /// Manages who has access.
        UserAccessAdmin = "atlassian/user-access-admin",
        /// May use artificial intelligence features.
        ArtificialIntelligenceAccess = "atlassian/ai-access",
    }
}

impl Record for User {
    const NAME: &'static str = "user";
    const ID: &'static str = "accountId";

    fn id(&self) -> &str {
        &self.account_id
    }

    fn drift(&self, drift: &mut Drift) {
        let mut value = |field, value: Option<&str>| drift.value(Self::NAME, field, value);
        value("accountType", self.account_type.as_ref().and_then(AccountType::unknown));
        value("accountStatus", self.account_status.as_ref().and_then(AccountStatus::unknown));
        value("membershipStatus", self.membership_status.as_ref().and_then(MembershipStatus::unknown));
        value("status", self.status.as_ref().and_then(UserStatus::unknown));
        value("claimStatus", self.claim_status.as_ref().and_then(ClaimStatus::unknown));
        value("managementSource", self.management_source.as_ref().and_then(ManagementSource::unknown));
        for role in self.platform_roles.iter().flatten() {
            value("platformRoles", role.unknown());
        }
        self.unknown.iter().for_each(|field| drift.field(Self::NAME, &field.name));
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<User, D::Error> {
        deserializer.deserialize_map(UserReading)
    }
}

struct UserReading;

impl<'de> Visitor<'de> for UserReading {
    type Value = User;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a user")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<User, A::Error> {
        let mut user = User::default();
        while let Some(field) = map.next_key::<Field>()? {
            match field {
                Field::AccountId => user.account_id = map.next_value::<Option<String>>()?.unwrap_or_default(),
                Field::AccountType => user.account_type = map.next_value()?,
                Field::AccountStatus => user.account_status = map.next_value()?,
                Field::MembershipStatus => user.membership_status = map.next_value()?,
                Field::Status => user.status = map.next_value()?,
                Field::ClaimStatus => user.claim_status = map.next_value()?,
                Field::ManagementSource => user.management_source = map.next_value()?,
                Field::Name => user.name = map.next_value()?,
                Field::Nickname => user.nickname = map.next_value()?,
                Field::Email => user.email = map.next_value()?,
                Field::EmailVerified => user.email_verified = map.next_value()?,
                Field::MfaEnabled => user.mfa_enabled = map.next_value()?,
                Field::AddedToOrg => user.added_to_org = map.next_value()?,
                Field::DeactivatedOn => user.deactivated_on = map.next_value()?,
                Field::Picture => user.picture = map.next_value()?,
                Field::Avatar => user.avatar = map.next_value()?,
                Field::JobTitle => user.job_title = map.next_value()?,
                Field::Department => user.department = map.next_value()?,
                Field::Organization => user.organization = map.next_value()?,
                Field::Location => user.location = map.next_value()?,
                Field::TimeZone => user.time_zone = map.next_value()?,
                Field::PlatformRoles => user.platform_roles = map.next_value()?,
                Field::Counts => {
                    user.resources = map.next_value::<Option<Counts>>()?.and_then(|counts| counts.resources)
                }
                Field::ProductAccess => user.product_access = map.next_value()?,
                Field::Groups => user.groups = map.next_value()?,
                // Seen on the wire, undocumented, and said by `status` too.
                Field::Links | Field::ForDeletion => drop(map.next_value::<IgnoredAny>()?),
                Field::Unknown(name) => {
                    let json = map.next_value::<Box<RawValue>>()?.into();
                    user.unknown.push(UnknownField { name, json });
                }
            }
        }
        if user.account_id.is_empty() {
            return Err(A::Error::missing_field("accountId"));
        }
        Ok(user)
    }
}

#[derive(serde::Deserialize)]
struct Counts {
    #[serde(default)]
    resources: Option<u64>,
}

enum Field {
    AccountId,
    AccountType,
    AccountStatus,
    MembershipStatus,
    Status,
    ClaimStatus,
    ManagementSource,
    Name,
    Nickname,
    Email,
    EmailVerified,
    MfaEnabled,
    AddedToOrg,
    DeactivatedOn,
    Picture,
    Avatar,
    JobTitle,
    Department,
    Organization,
    Location,
    TimeZone,
    PlatformRoles,
    Counts,
    ProductAccess,
    Groups,
    Links,
    ForDeletion,
    Unknown(Box<str>),
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Field, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = Field;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a field's name")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
                Ok(match name {
                    "accountId" => Field::AccountId,
                    "accountType" => Field::AccountType,
                    "accountStatus" => Field::AccountStatus,
                    "membershipStatus" => Field::MembershipStatus,
                    "status" => Field::Status,
                    "claimStatus" => Field::ClaimStatus,
                    "managementSource" => Field::ManagementSource,
                    "name" => Field::Name,
                    "nickname" => Field::Nickname,
                    "email" => Field::Email,
                    "emailVerified" => Field::EmailVerified,
                    "mfaEnabled" => Field::MfaEnabled,
                    "addedToOrg" => Field::AddedToOrg,
                    "deactivatedOn" => Field::DeactivatedOn,
                    "picture" => Field::Picture,
                    "avatar" => Field::Avatar,
                    "jobTitle" => Field::JobTitle,
                    "department" => Field::Department,
                    "organization" => Field::Organization,
                    "location" => Field::Location,
                    "timeZone" => Field::TimeZone,
                    "platformRoles" => Field::PlatformRoles,
                    "counts" => Field::Counts,
                    "productAccess" => Field::ProductAccess,
                    "groups" => Field::Groups,
                    "links" => Field::Links,
                    "forDeletion" => Field::ForDeletion,
                    other => Field::Unknown(other.into()),
                })
            }
        }
        deserializer.deserialize_identifier(Reading)
    }
}

impl<'de> Deserialize<'de> for ProductAccess {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ProductAccess, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Wire {
            #[serde(default)]
            key: Option<Box<str>>,
            #[serde(default)]
            id: Option<Box<str>>,
            #[serde(default)]
            last_active_timestamp: Option<Moment>,
        }
        let Wire { key, id, last_active_timestamp } = Wire::deserialize(deserializer)?;
        Ok(ProductAccess { key, id, last_active: last_active_timestamp })
    }
}

impl<'de> Deserialize<'de> for GroupReference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<GroupReference, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = GroupReference;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a group with an id")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GroupReference, A::Error> {
                let mut id = None;
                while let Some(IsId(is_id)) = map.next_key()? {
                    if is_id {
                        id = Some(map.next_value::<BareId>()?.0);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                id.map(|id| GroupReference { id }).ok_or_else(|| A::Error::missing_field("groups[].id"))
            }
        }
        deserializer.deserialize_map(Reading)
    }
}

struct IsId(bool);

impl<'de> Deserialize<'de> for IsId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IsId, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = IsId;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a field's name")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<IsId, E> {
                Ok(IsId(name == "id"))
            }
        }
        deserializer.deserialize_identifier(Reading)
    }
}

/// An id that may be wrapped in an ARI.
pub(crate) struct BareId(pub(crate) Box<str>);

impl<'de> Deserialize<'de> for BareId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BareId, D::Error> {
        struct Reading;
        impl Visitor<'_> for Reading {
            type Value = BareId;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an id or ARI")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<BareId, E> {
                match text.rsplit('/').next() {
                    Some(id) if !id.is_empty() => Ok(BareId(id.into())),
                    _ => Err(E::custom("an id is empty")),
                }
            }
        }
        deserializer.deserialize_str(Reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> serde_json::Result<User> {
        serde_json::from_str(json)
    }

    #[test]
    fn the_documented_example_is_read_whole() {
        let user = read(
            r#"{"accountId":"712020:6f1d0c1e","accountType":"atlassian","accountStatus":"active",
            "membershipStatus":"active","status":"active","claimStatus":"managed","managementSource":"synced",
            "name":"Ines Example","nickname":"ines","email":"ines@example.test","emailVerified":true,"mfaEnabled":true,
            "addedToOrg":"2024-03-05T08:00:00.000Z","picture":"https://p","avatar":"https://a","jobTitle":"Analyst",
            "department":null,"organization":null,"location":null,"timeZone":"Europe/Berlin",
            "platformRoles":["atlassian/org-admin"],"counts":{"resources":3},
            "productAccess":[{"key":"confluence","id":"ari:cloud:confluence::site/5a5a","lastActiveTimestamp":"2026-11-19T10:11:12.123Z"}],
            "groups":[{"id":"ari:cloud:identity::group/9c9c","name":"team-blue","description":"d"}],"links":{"self":"E"}}"#,
        )
        .unwrap();
        assert_eq!(user.account_id, "712020:6f1d0c1e");
        assert_eq!(user.email.as_deref(), Some("ines@example.test"));
        assert_eq!(user.department, None);
        assert_eq!(user.platform_roles, Some(vec![PlatformRole::OrganizationAdmin]));
        assert_eq!(user.resources, Some(3));
        assert_eq!(user.groups, Some(vec![GroupReference { id: "9c9c".into() }]));
        let access = &user.product_access.unwrap()[0];
        assert_eq!(access.last_active, Some(Moment::At("2026-11-19T10:11:12.123Z".parse().unwrap())));
        assert_eq!(user.unknown, []);
    }

    #[test]
    fn a_missing_or_null_list_is_not_an_empty_one() {
        let missing = read(r#"{"accountId":"a"}"#).unwrap();
        let null = read(r#"{"accountId":"a","groups":null,"productAccess":null,"platformRoles":null}"#).unwrap();
        let empty = read(r#"{"accountId":"a","groups":[],"productAccess":[],"platformRoles":[]}"#).unwrap();
        assert_eq!((&missing.groups, &missing.product_access, &missing.platform_roles), (&None, &None, &None));
        assert_eq!(missing, null);
        assert_eq!(empty.groups, Some(Vec::new()));
        assert_eq!(empty.product_access, Some(Vec::new()));
        assert_eq!(empty.platform_roles, Some(Vec::new()));
    }

    #[test]
    fn a21_unknown_fields_and_values_are_kept_and_noted() {
        let user =
            read(r#"{"accountId":"a","badges":[{"x":1}],"status":"on_leave","platformRoles":["atlassian/wizard"]}"#);
        let user = user.unwrap();
        assert_eq!(user.unknown, [UnknownField { name: "badges".into(), json: r#"[{"x":1}]"#.into() }]);
        let mut drift = Drift::default();
        user.drift(&mut drift);
        assert_eq!(drift.into_notes(), ["user.badges", "user.platformRoles=atlassian/wizard", "user.status=on_leave"]);
    }

    #[test]
    fn a21_an_account_or_group_without_id_is_no_record() {
        for json in [
            r#"{"name":"x"}"#,
            r#"{"accountId":null}"#,
            r#"{"accountId":""}"#,
            r#"{"accountId":7}"#,
            r#"{"accountId":"a","groups":[{"name":"g"}]}"#,
            r#"{"accountId":"a","groups":[{"id":"ari:cloud:identity::group/"}]}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
