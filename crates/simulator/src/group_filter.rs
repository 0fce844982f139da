//! The filters of the group endpoints: read strictly, then made into something that can be asked of a group quickly.

use serde::Deserialize;

use crate::answers::{Combination, SuspendedGroups};
use crate::call::{Call, Query, check_list, check_unique, directory_mask, resources, roles};
use crate::group::Group;
use crate::order::SortField;
use crate::organization::Organization;
use crate::reply::Refusal;
use crate::resource::Roles;
use crate::user_filter::is_suspended_in;

/// The body of a group search, or the query of a list or count.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct GroupSearch {
    pub(crate) cursor: Option<String>,
    pub(crate) limit: Option<i64>,
    pub(crate) search_term: Option<String>,
    pub(crate) group_names: Option<Vec<String>>,
    pub(crate) group_ids: Option<Vec<String>>,
    pub(crate) account_ids: Option<Vec<String>>,
    pub(crate) directory_ids: Option<Vec<String>>,
    pub(crate) resource_ids: Option<Vec<String>>,
    pub(crate) resource_owners: Option<Vec<String>>,
    pub(crate) role_ids: Option<Vec<String>>,
    pub(crate) expand: Option<Vec<String>>,
    pub(crate) sort_by: Option<Vec<SortField>>,
}

const QUERY_NAMES: [&str; 9] = [
    "directoryIds",
    "accountIds",
    "groupIds",
    "resourceOwners",
    "resourceIds",
    "searchTerm",
    "roleIds",
    "includeUsers",
    "includeResources",
];

impl GroupSearch {
    /// Reads the filters from a query string, which knows fewer of them.
    pub(crate) fn from_query(query: &Query) -> Result<GroupSearch, Refusal> {
        query.only(&QUERY_NAMES)?;
        let mut expand = Vec::new();
        if query.flag("includeUsers")? == Some(true) {
            expand.push("counts.users".to_owned());
        }
        if query.flag("includeResources")? == Some(true) {
            expand.push("counts.resources".to_owned());
        }
        Ok(GroupSearch {
            limit: query.limit()?,
            search_term: query.one("searchTerm").map(str::to_owned),
            group_ids: query.many("groupIds"),
            account_ids: query.many("accountIds"),
            directory_ids: query.many("directoryIds"),
            resource_ids: query.many("resourceIds"),
            resource_owners: query.many("resourceOwners"),
            role_ids: query.many("roleIds"),
            expand: (!expand.is_empty()).then_some(expand),
            ..GroupSearch::default()
        })
    }

    /// What must stay the same along a chain.
    pub(crate) fn fingerprint(&self, path: &str) -> String {
        let filter = GroupSearch { cursor: None, limit: None, expand: None, ..self.clone() };
        format!("{path} {filter:?}")
    }

    fn check(&self) -> Result<(), Refusal> {
        let lists = [
            ("groupNames", &self.group_names, 100),
            ("groupIds", &self.group_ids, 10),
            ("accountIds", &self.account_ids, 10),
            ("directoryIds", &self.directory_ids, 10),
            ("resourceIds", &self.resource_ids, 20),
            ("resourceOwners", &self.resource_owners, 10),
            ("roleIds", &self.role_ids, 10),
        ];
        for (name, list, most) in lists {
            check_list(name, list.as_ref(), most)?;
            check_unique(name, list.as_ref())?;
        }
        if self.group_names.is_some() && self.search_term.is_some() {
            return Err(Refusal::bad_body("groupNames and searchTerm are mutually exclusive."));
        }
        if self.group_names.is_some() && self.group_ids.is_some() {
            return Err(Refusal::bad_body("groupNames and groupIds are mutually exclusive."));
        }
        Ok(())
    }
}

/// A filter ready to be asked.
pub(crate) struct GroupFilter {
    scope: u8,
    directories: Option<u8>,
    term: Option<String>,
    names: Option<Vec<String>>,
    /// The only ordinals that can match, when group or account ids were given.
    pub(crate) candidates: Option<Vec<u32>>,
    resources: Option<u128>,
    roles: Option<Roles>,
    combination: Combination,
}

impl GroupFilter {
    /// Makes the filter for the directory segment of the call; ids that name nothing match nothing.
    pub(crate) fn new(call: &Call<'_>, search: &GroupSearch) -> Result<GroupFilter, Refusal> {
        search.check()?;
        let organization = call.organization;
        let (scope, _) = call.directories(1)?;
        let mut candidates: Option<Vec<u32>> =
            search.group_ids.as_ref().map(|ids| ids.iter().filter_map(|id| organization.find_group(id)).collect());
        if let Some(accounts) = &search.account_ids {
            let hides = call.answers.suspended_groups == SuspendedGroups::HiddenAndUncounted;
            let joined: Vec<u32> = accounts
                .iter()
                .filter_map(|id| organization.person(organization.find_account(id)?))
                .flat_map(|person| {
                    let hidden = move |group: u32| hides && is_suspended_in(organization, person, group);
                    person.groups.iter().copied().filter(move |group| !hidden(*group))
                })
                .collect();
            candidates = Some(match candidates {
                Some(ids) => ids.into_iter().filter(|id| joined.contains(id)).collect(),
                None => joined,
            });
        }
        if let Some(candidates) = &mut candidates {
            candidates.sort_unstable();
            candidates.dedup();
        }
        let owned = search.resource_owners.as_ref().map(|owners| owned_by(organization, owners));
        let named = resources(organization, search.resource_ids.as_ref());
        Ok(GroupFilter {
            scope,
            directories: directory_mask(organization, search.directory_ids.as_ref()),
            term: search.search_term.as_ref().map(|term| term.to_lowercase()),
            names: search.group_names.as_ref().map(|names| names.iter().map(|name| name.to_lowercase()).collect()),
            candidates,
            resources: match (owned, named) {
                (Some(owned), Some(named)) => Some(owned & named),
                (owned, named) => owned.or(named),
            },
            roles: roles(search.role_ids.as_ref())?,
            combination: call.answers.resources_and_roles,
        })
    }

    pub(crate) fn matches(&self, group: &Group) -> bool {
        let directory = 1 << group.directory;
        self.scope & directory != 0
            && self.directories.is_none_or(|directories| directories & directory != 0)
            && self.names.as_ref().is_none_or(|names| names.contains(&group.name.to_lowercase()))
            && self.term.as_ref().is_none_or(|term| group.name.to_lowercase().contains(term))
            && self.matches_access(group)
    }

    fn matches_access(&self, group: &Group) -> bool {
        let on_resources = self.resources.is_none_or(|resources| group.granted & resources != 0);
        let Some(roles) = self.roles else { return on_resources };
        let joined = self.combination == Combination::Joined;
        on_resources
            && group.grants.iter().any(|grant| {
                grant.roles.meets(roles)
                    && (!joined || self.resources.is_none_or(|resources| resources & (1 << grant.resource) != 0))
            })
    }
}

/// The resources of these owners as a mask.
pub(crate) fn owned_by(organization: &Organization, owners: &[String]) -> u128 {
    organization
        .resources
        .iter()
        .enumerate()
        .filter(|(_, resource)| owners.iter().any(|owner| owner == resource.app.owner()))
        .fold(0, |mask, (index, _)| mask | 1 << index)
}
