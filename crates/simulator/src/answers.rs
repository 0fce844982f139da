//! One switch for each question about upstream that no description answers. [`Answers::default`] is the likeliest
//! reading, [`Answers::opposite`] the other one; a client must come to the same end under both.

use serde::{Deserialize, Serialize};

/// How upstream behaves where its descriptions are silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    /// Whether people suspended in a directory show their groups there.
    pub suspended_groups: SuspendedGroups,
    /// `groups` of a user holds at most so many entries, silently.
    pub groups_capped_at: Option<u32>,
    /// `productAccess` of a user holds at most so many entries, silently.
    pub product_access_capped_at: Option<u32>,
    /// With directory `-`: true when `groups` cover every directory, false when only the person's first one.
    pub groups_span_directories: bool,
    /// `productAccess` has entries without an instant for apps that were never opened.
    pub product_access_of_never_opened: bool,
    /// `resourceIds` and `roleIds` together: one role on one resource, or each for itself.
    pub resources_and_roles: Combination,
    /// A 429 carries `Retry-After`.
    pub retry_after: bool,
    /// Seconds after which a cursor is refused; none for never.
    pub cursor_life: Option<u32>,
    /// How an expired cursor is refused: 400 or 410.
    pub expired_cursor_status: u16,
    /// What must stay the same when a search is asked with a cursor.
    pub body_with_cursor: BodyWithCursor,
    /// The count without filters includes managed accounts outside every directory.
    pub count_includes_outside: bool,
    /// The user search without filters includes managed accounts outside every directory.
    pub search_includes_outside: bool,
    /// A key with scopes reaches the searches, counts and statistics that have no documented scope.
    pub scoped_key_reaches_searches: bool,
    /// An id of an organization that is not the key's own.
    pub other_organization: OtherOrganization,
    /// Profile fields without a value are null; false leaves them out.
    pub empty_fields_are_null: bool,
    /// Seconds until an accepted removal from a directory shows.
    pub removal_delay: u32,
    /// Seconds until a role on the whole organization shows, given or taken.
    pub organization_role_delay: u32,
    /// Seconds until an accepted change of a policy is applied.
    pub policy_delay: u32,
    /// How a 409 for somebody who is a member already differs from one for a licence that is used up.
    pub conflict_texts: ConflictTexts,
    /// Whether the organization's plan has an audit log.
    pub audit_log: AuditAvailability,
    /// Seconds until an event shows in the audit log.
    pub audit_lag: u32,
    /// Whether the plan has user provisioning, so that SCIM can be read; otherwise 403.
    pub provisioning: bool,
}

/// What becomes of the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditAvailability {
    /// It is filled.
    Kept,
    /// It can be read and never has anything in it.
    Empty,
    /// It cannot be read: 403.
    Forbidden,
}

/// How the two meanings of a 409 are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictTexts {
    /// By code, title and detail.
    Codes,
    /// By detail alone: both have the code and title of a conflict.
    DetailOnly,
}

/// Whether suspended people's memberships can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuspendedGroups {
    /// As everybody's.
    Shown,
    /// Left out of the person's answer, but found by a group filter and counted.
    Hidden,
    /// Left out of the person's answer, of group filters and of every count.
    HiddenAndUncounted,
}

/// How two filters combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combination {
    /// Some role of the list on some resource of the list.
    Joined,
    /// Some role of the list anywhere, and any role on some resource of the list.
    Independent,
}

/// What a search with a cursor may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BodyWithCursor {
    /// Limit and expansions, but not filters and order.
    SameFilter,
    /// Anything: the filter given counts from the cursor's position on.
    Free,
}

/// The refusal of an organization that the key does not belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OtherOrganization {
    /// 404, ADMIN-404-2.
    NotFound,
    /// 403, ADMIN-403-3.
    Forbidden,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            suspended_groups: SuspendedGroups::Shown,
            groups_capped_at: None,
            product_access_capped_at: None,
            groups_span_directories: true,
            product_access_of_never_opened: false,
            resources_and_roles: Combination::Joined,
            retry_after: false,
            cursor_life: None,
            expired_cursor_status: 400,
            body_with_cursor: BodyWithCursor::SameFilter,
            count_includes_outside: true,
            search_includes_outside: false,
            scoped_key_reaches_searches: false,
            other_organization: OtherOrganization::NotFound,
            empty_fields_are_null: true,
            removal_delay: 20,
            organization_role_delay: 30,
            policy_delay: 20,
            conflict_texts: ConflictTexts::Codes,
            audit_log: AuditAvailability::Kept,
            audit_lag: 0,
            provisioning: true,
        }
    }
}

impl Answers {
    /// The other answer to each question. Activity is not capped: nothing could tell what was left out.
    pub fn opposite() -> Answers {
        Answers {
            suspended_groups: SuspendedGroups::HiddenAndUncounted,
            groups_capped_at: Some(50),
            product_access_capped_at: None,
            groups_span_directories: false,
            product_access_of_never_opened: true,
            resources_and_roles: Combination::Independent,
            retry_after: true,
            cursor_life: Some(600),
            expired_cursor_status: 410,
            body_with_cursor: BodyWithCursor::Free,
            count_includes_outside: false,
            search_includes_outside: true,
            scoped_key_reaches_searches: true,
            other_organization: OtherOrganization::Forbidden,
            empty_fields_are_null: false,
            removal_delay: 0,
            organization_role_delay: 0,
            policy_delay: 0,
            conflict_texts: ConflictTexts::DetailOnly,
            audit_log: AuditAvailability::Empty,
            audit_lag: 30,
            provisioning: false,
        }
    }
}
