//! The organization as sorted plain data, for comparing with what somebody else believes about it.
//! It shows the world as it is; [`Truth::as_answered`] leaves out what the given answers hide from every request.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::answers::{Answers, SuspendedGroups};
use crate::json::timestamp;
use crate::organization::Organization;
use crate::person::AccountType;

/// Everything that can be read through the API, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// By id.
    pub directories: Vec<TrueDirectory>,
    /// By account id; those in directories, and managed accounts outside every directory.
    pub users: Vec<TrueUser>,
    /// By id.
    pub groups: Vec<TrueGroup>,
    /// Group id, account id.
    pub memberships: Vec<(String, String)>,
    /// By group, resource, role.
    pub grants: Vec<TrueGrant>,
    /// Account id, resource ARI, role id: roles held without a group.
    pub direct_roles: Vec<(String, String, String)>,
    /// By ARI.
    pub workspaces: Vec<TrueWorkspace>,
}

/// A directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrueDirectory {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueUser {
    /// The account id.
    pub account_id: String,
    /// `atlassian` or `app`.
    pub account_type: &'static str,
    /// The full name.
    pub name: String,
    /// The nickname.
    pub nickname: String,
    /// The address; none for apps.
    pub email: Option<String>,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// The job title.
    pub job_title: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The organization given in the profile.
    pub organization: Option<String>,
    /// The place given in the profile.
    pub location: Option<String>,
    /// The time zone's name.
    pub time_zone: Option<String>,
    /// `active`, `inactive` or `closed`.
    pub account_status: &'static str,
    /// `active`, `suspended` or `no_membership`, over all directories.
    pub membership_status: &'static str,
    /// The composite of the two.
    pub status: &'static str,
    /// True when the organization manages the account.
    pub managed: bool,
    /// `invited` or `synced`, for managed accounts.
    pub management_source: Option<&'static str>,
    /// Two-step verification.
    pub mfa_enabled: bool,
    /// When the account was added.
    pub added_to_org: Timestamp,
    /// When it was deactivated.
    pub deactivated_on: Option<Timestamp>,
    /// Directory id, and whether the account is suspended in it.
    pub directories: Vec<(String, bool)>,
    /// Role ids.
    pub platform_roles: Vec<&'static str>,
    /// Resource ARI, instant.
    pub last_active: Vec<(String, Timestamp)>,
    /// Resources with any role, by groups or directly.
    pub resources: u32,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrueGroup {
    /// Its id, a bare UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// Its directory's id.
    pub directory_id: String,
    /// True when an identity provider keeps it.
    pub synced: bool,
    /// `external`, `admins` or `team-members`.
    pub managed_by: &'static str,
    /// Its members.
    pub members: u32,
}

/// A role that a group gives its members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrueGrant {
    /// The group's id.
    pub group: String,
    /// The resource's ARI.
    pub resource: String,
    /// The role's id.
    pub role: &'static str,
    /// True when new users of the app are put into this group for this role.
    pub default: bool,
}

/// An app on a site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrueWorkspace {
    /// The ARI.
    pub ari: String,
    /// The owner, e.g. `confluence`.
    pub owner: &'static str,
    /// The site's name.
    pub site: String,
    /// Seats, when known.
    pub capacity: Option<u32>,
}

impl Organization {
    /// The whole world as sorted plain data.
    pub fn truth(&self) -> Truth {
        let ari = |resource: u8| self.resource(resource).map(|resource| resource.ari.clone()).unwrap_or_default();
        let mut users = Vec::new();
        let mut memberships = Vec::new();
        let mut direct_roles = Vec::new();
        for person in self.people.iter().flatten() {
            let account_id = person.texts.account_id();
            for group in person.groups.iter().filter_map(|group| self.group(*group)) {
                memberships.push((group.id.clone(), account_id.to_owned()));
            }
            for (resource, roles) in &person.direct {
                direct_roles
                    .extend(roles.iter().map(|role| (account_id.to_owned(), ari(*resource), role.id().to_owned())));
            }
            let mut last_active: Vec<_> =
                person.activity.iter().map(|entry| (ari(entry.resource()), timestamp(entry.at()))).collect();
            last_active.sort();
            let word = |word| self.word(word).map(str::to_owned);
            users.push(TrueUser {
                account_id: account_id.to_owned(),
                account_type: account_type(person.account_type),
                name: person.texts.name().to_owned(),
                nickname: person.texts.nickname().to_owned(),
                email: Some(person.texts.email().to_owned()).filter(|email| !email.is_empty()),
                email_verified: person.email_verified,
                job_title: word(person.job_title),
                department: word(person.department),
                organization: word(person.organization),
                location: word(person.location),
                time_zone: word(person.time_zone),
                account_status: person.account_status.id(),
                membership_status: person.membership_status().id(),
                status: person.status(),
                managed: person.managed,
                management_source: person.source.map(|source| source.id()),
                mfa_enabled: person.mfa,
                added_to_org: timestamp(person.added),
                deactivated_on: Some(person.deactivated).filter(|at| *at != 0).map(timestamp),
                directories: self
                    .directories
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| person.present & (1 << index) != 0)
                    .map(|(index, directory)| (directory.id.clone(), person.suspended & (1 << index) != 0))
                    .collect(),
                platform_roles: person.platform_roles.iter().map(|role| role.id()).collect(),
                last_active,
                resources: self.reach(person).count_ones(),
            });
        }
        users.sort_by(|a, b| a.account_id.cmp(&b.account_id));
        memberships.sort();
        direct_roles.sort();
        let mut truth = Truth {
            directories: self
                .directories
                .iter()
                .map(|directory| TrueDirectory { id: directory.id.clone(), name: directory.name.clone() })
                .collect(),
            users,
            groups: Vec::new(),
            memberships,
            grants: Vec::new(),
            direct_roles,
            workspaces: self
                .resources
                .iter()
                .map(|resource| TrueWorkspace {
                    ari: resource.ari.clone(),
                    owner: resource.app.owner(),
                    site: self.sites.get(resource.site).map(|site| site.name.clone()).unwrap_or_default(),
                    capacity: resource.capacity,
                })
                .collect(),
        };
        for group in self.groups.iter().flatten() {
            truth.groups.push(TrueGroup {
                id: group.id.clone(),
                name: group.name.clone(),
                description: group.description.clone(),
                directory_id: self
                    .directories
                    .get(usize::from(group.directory))
                    .map(|directory| directory.id.clone())
                    .unwrap_or_default(),
                synced: group.synced,
                managed_by: group.managed_by(),
                members: group.members,
            });
            for grant in &group.grants {
                truth.grants.extend(grant.roles.iter().map(|role| TrueGrant {
                    group: group.id.clone(),
                    resource: ari(grant.resource),
                    role: role.id(),
                    default: grant.default_role == Some(role),
                }));
            }
        }
        truth.directories.sort();
        truth.groups.sort_by(|a, b| a.id.cmp(&b.id));
        truth.grants.sort();
        truth.workspaces.sort();
        truth
    }
}

impl Truth {
    /// What a perfect reader can know under these answers: memberships of suspended people leave it when no answer
    /// shows or counts them, and their resources are then counted as none.
    pub fn as_answered(mut self, answers: &Answers) -> Truth {
        if answers.suspended_groups != SuspendedGroups::HiddenAndUncounted {
            return self;
        }
        let suspended: BTreeSet<(&str, &str)> = self
            .users
            .iter()
            .flat_map(|user| {
                let account = user.account_id.as_str();
                user.directories.iter().filter(|(_, suspended)| *suspended).map(move |(id, _)| (account, id.as_str()))
            })
            .collect();
        let directory_of: HashMap<&str, &str> =
            self.groups.iter().map(|group| (group.id.as_str(), group.directory_id.as_str())).collect();
        let (kept, hidden): (Vec<_>, Vec<_>) = std::mem::take(&mut self.memberships).into_iter().partition(|pair| {
            directory_of
                .get(pair.0.as_str())
                .is_none_or(|directory| !suspended.contains(&(pair.1.as_str(), *directory)))
        });
        self.memberships = kept;
        let mut hidden_members: HashMap<String, u32> = HashMap::new();
        for (group, _) in hidden {
            *hidden_members.entry(group).or_default() += 1;
        }
        for group in &mut self.groups {
            group.members -= hidden_members.get(&group.id).copied().unwrap_or_default().min(group.members);
        }
        for user in self.users.iter_mut().filter(|user| user.membership_status == "suspended") {
            user.resources = 0;
        }
        self
    }
}

pub(crate) fn account_type(account_type: AccountType) -> &'static str {
    match account_type {
        AccountType::Atlassian => "atlassian",
        AccountType::App => "app",
    }
}
