//! The filters of the user endpoints: read strictly, then made into something that can be asked of a person quickly.

use serde::Deserialize;

use crate::answers::{Answers, Combination, SuspendedGroups};
use crate::call::{Call, Query, check_list, check_unique, check_values, directory_mask, resources, roles};
use crate::order::SortField;
use crate::organization::Organization;
use crate::person::{Person, domain_of};
use crate::reply::Refusal;
use crate::resource::Roles;

/// The body of a user search, or the query of a list or count.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UserSearch {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<i64>,
    pub(crate) account_ids: Option<Vec<String>>,
    pub(crate) emails: Option<Vec<String>>,
    pub(crate) email_domains: Option<Vec<String>>,
    pub(crate) group_ids: Option<Vec<String>>,
    pub(crate) resource_ids: Option<Vec<String>>,
    pub(crate) role_ids: Option<Vec<String>>,
    pub(crate) directory_ids: Option<Vec<String>>,
    pub(crate) claim_status: Option<String>,
    pub(crate) status: Option<Vec<String>>,
    pub(crate) account_status: Option<Vec<String>>,
    pub(crate) membership_status: Option<Vec<String>>,
    pub(crate) mfa_enabled: Option<bool>,
    pub(crate) search_term: Option<String>,
    pub(crate) expand: Option<Vec<String>>,
    pub(crate) sort_by: Option<Vec<SortField>>,
}

const QUERY_NAMES: [&str; 12] = [
    "accountIds",
    "directoryIds",
    "resourceIds",
    "groupIds",
    "mfaEnabled",
    "claimStatus",
    "status",
    "accountStatus",
    "membershipStatus",
    "roleIds",
    "searchTerm",
    "emailDomains",
];

impl UserSearch {
    /// Reads the filters from a query string, which knows fewer of them.
    pub(crate) fn from_query(query: &Query) -> Result<UserSearch, Refusal> {
        query.only(&QUERY_NAMES)?;
        Ok(UserSearch {
            limit: query.limit()?,
            account_ids: query.many("accountIds"),
            email_domains: query.many("emailDomains"),
            group_ids: query.many("groupIds"),
            resource_ids: query.many("resourceIds"),
            role_ids: query.many("roleIds"),
            directory_ids: query.many("directoryIds"),
            claim_status: query.one("claimStatus").map(str::to_owned),
            status: query.many("status"),
            account_status: query.many("accountStatus"),
            membership_status: query.many("membershipStatus"),
            mfa_enabled: query.flag("mfaEnabled")?,
            search_term: query.one("searchTerm").map(str::to_owned),
            ..UserSearch::default()
        })
    }

    /// What must stay the same along a chain.
    pub(crate) fn fingerprint(&self, path: &str) -> String {
        let filter = UserSearch { cursor: None, limit: None, expand: None, ..self.clone() };
        format!("{path} {filter:?}")
    }

    fn check(&self) -> Result<(), Refusal> {
        check_list("accountIds", self.account_ids.as_ref(), 10)?;
        check_list("emails", self.emails.as_ref(), 100)?;
        check_unique("emails", self.emails.as_ref())?;
        check_list("emailDomains", self.email_domains.as_ref(), 10)?;
        check_list("groupIds", self.group_ids.as_ref(), 10)?;
        check_list("resourceIds", self.resource_ids.as_ref(), 20)?;
        check_list("roleIds", self.role_ids.as_ref(), 10)?;
        check_list("directoryIds", self.directory_ids.as_ref(), 10)?;
        check_list("status", self.status.as_ref(), 4)?;
        check_values(
            "status",
            self.status.as_ref(),
            &["active", "suspended", "not_invited", "deactivated", "for_deletion"],
        )?;
        check_list("accountStatus", self.account_status.as_ref(), 3)?;
        check_values("accountStatus", self.account_status.as_ref(), &["active", "inactive", "closed"])?;
        check_list("membershipStatus", self.membership_status.as_ref(), 3)?;
        check_values("membershipStatus", self.membership_status.as_ref(), &["active", "suspended", "no_membership"])?;
        if self.claim_status.as_deref().is_some_and(|claim| claim != "managed" && claim != "unmanaged") {
            return Err(Refusal::bad_body("claimStatus must be managed or unmanaged."));
        }
        if self.emails.is_some() && self.search_term.is_some() {
            return Err(Refusal::bad_body("emails and searchTerm are mutually exclusive."));
        }
        Ok(())
    }

    /// True when any filter is given.
    fn filters(&self) -> bool {
        self.account_ids.is_some()
            || self.emails.is_some()
            || self.email_domains.is_some()
            || self.group_ids.is_some()
            || self.resource_ids.is_some()
            || self.role_ids.is_some()
            || self.directory_ids.is_some()
            || self.claim_status.is_some()
            || self.status.is_some()
            || self.account_status.is_some()
            || self.membership_status.is_some()
            || self.mfa_enabled.is_some()
            || self.search_term.is_some()
    }
}

/// Whether the answer without filters has managed accounts outside every directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outside {
    Included,
    LeftOut,
}

/// A filter ready to be asked.
pub(crate) struct UserFilter {
    /// Directories of the path.
    scope: u8,
    outside: bool,
    /// The only ordinals that can match, when ids or addresses were given.
    pub(crate) candidates: Option<Vec<u32>>,
    domains: Option<Vec<String>>,
    groups: Option<Vec<u32>>,
    resources: Option<u128>,
    roles: Option<Roles>,
    directories: Option<u8>,
    managed: Option<bool>,
    status: Option<Vec<String>>,
    account_status: Option<Vec<String>>,
    membership_status: Option<Vec<String>>,
    mfa: Option<bool>,
    term: Option<String>,
    combination: Combination,
    suspended_groups: SuspendedGroups,
}

impl UserFilter {
    /// Makes the filter for the directory segment of the call; ids that name nothing match nothing.
    pub(crate) fn new(call: &Call<'_>, search: &UserSearch, unfiltered: Outside) -> Result<UserFilter, Refusal> {
        search.check()?;
        let organization = call.organization;
        let (scope, everywhere) = call.directories(1)?;
        let asks_for = |list: &Option<Vec<String>>, value: &str| list.iter().flatten().any(|item| item == value);
        // Nobody outside every directory is in a given one; elsewhere they come when asked for by status, claim or id.
        let outside = everywhere
            && search.directory_ids.is_none()
            && (asks_for(&search.membership_status, "no_membership")
                || asks_for(&search.status, "not_invited")
                || search.claim_status.as_deref() == Some("managed")
                || search.account_ids.is_some()
                || search.emails.is_some()
                || (unfiltered == Outside::Included && !search.filters()));
        let mut candidates: Option<Vec<u32>> =
            search.account_ids.as_ref().map(|ids| ids.iter().filter_map(|id| organization.find_account(id)).collect());
        if let Some(emails) = &search.emails {
            let found: Vec<u32> = emails.iter().flat_map(|email| organization.find_email(email)).collect();
            candidates = Some(match candidates {
                Some(ids) => ids.into_iter().filter(|id| found.contains(id)).collect(),
                None => found,
            });
        }
        if let Some(candidates) = &mut candidates {
            candidates.sort_unstable();
            candidates.dedup();
        }
        Ok(UserFilter {
            scope,
            outside,
            candidates,
            domains: search
                .email_domains
                .as_ref()
                .map(|domains| domains.iter().map(|domain| domain.trim_start_matches('@').to_lowercase()).collect()),
            groups: search
                .group_ids
                .as_ref()
                .map(|ids| ids.iter().filter_map(|id| organization.find_group(id)).collect()),
            resources: resources(organization, search.resource_ids.as_ref()),
            roles: roles(search.role_ids.as_ref())?,
            directories: directory_mask(organization, search.directory_ids.as_ref()),
            managed: search.claim_status.as_deref().map(|claim| claim == "managed"),
            status: search.status.clone(),
            account_status: search.account_status.clone(),
            membership_status: search.membership_status.clone(),
            mfa: search.mfa_enabled,
            term: search.search_term.as_ref().map(|term| term.to_lowercase()),
            combination: call.answers.resources_and_roles,
            suspended_groups: call.answers.suspended_groups,
        })
    }

    pub(crate) fn matches(&self, organization: &Organization, person: &Person) -> bool {
        let in_scope = person.present & self.scope != 0 || (person.present == 0 && self.outside);
        in_scope
            && self.managed.is_none_or(|managed| person.managed == managed)
            && self.directories.is_none_or(|directories| person.present & directories != 0)
            && among(&self.status, person.status())
            && among(&self.account_status, person.account_status.id())
            && among(&self.membership_status, person.membership_status().id())
            && self.mfa.is_none_or(|mfa| person.managed && person.mfa == mfa)
            && self.domains.as_ref().is_none_or(|domains| {
                let domain = domain_of(person.texts.email()).to_lowercase();
                domains.contains(&domain)
            })
            && self.groups.as_ref().is_none_or(|groups| {
                groups.iter().any(|group| {
                    person.is_in_group(*group)
                        && (self.suspended_groups != SuspendedGroups::HiddenAndUncounted
                            || !is_suspended_in(organization, person, *group))
                })
            })
            && self.matches_access(organization, person)
            && self.term.as_ref().is_none_or(|term| {
                let texts = &person.texts;
                [texts.name(), texts.nickname(), texts.email()].iter().any(|text| text.to_lowercase().contains(term))
            })
    }

    fn matches_access(&self, organization: &Organization, person: &Person) -> bool {
        match (self.resources, self.roles) {
            (None, None) => true,
            (Some(resources), None) => organization.reach(person) & resources != 0,
            (None, Some(roles)) => organization.all_roles(person).meets(roles),
            (Some(resources), Some(roles)) if self.combination == Combination::Independent => {
                organization.reach(person) & resources != 0 && organization.all_roles(person).meets(roles)
            }
            (Some(resources), Some(roles)) => {
                let direct = person.direct.iter().any(|(on, held)| resources & (1 << on) != 0 && held.meets(roles));
                direct
                    || person.groups.iter().filter_map(|group| organization.group(*group)).any(|group| {
                        group
                            .grants
                            .iter()
                            .any(|grant| resources & (1 << grant.resource) != 0 && grant.roles.meets(roles))
                    })
            }
        }
    }
}

/// True when the person is suspended in the group's directory.
pub(crate) fn is_suspended_in(organization: &Organization, person: &Person, group: u32) -> bool {
    person.suspended != 0
        && organization.group(group).is_some_and(|group| person.suspended & (1 << group.directory) != 0)
}

/// The setting for searches, by the answers.
pub(crate) fn searching(answers: &Answers) -> Outside {
    if answers.search_includes_outside { Outside::Included } else { Outside::LeftOut }
}

/// The setting for counts, by the answers.
pub(crate) fn counting(answers: &Answers) -> Outside {
    if answers.count_includes_outside { Outside::Included } else { Outside::LeftOut }
}

fn among(wanted: &Option<Vec<String>>, value: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|item| item == value))
}
