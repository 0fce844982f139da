//! From the wire's records to seen records. What cannot be understood is noted and never guessed; a list that is
//! missing stays unread.

use std::collections::BTreeMap;

use atlassian::groups::Group as WireGroup;
use atlassian::moment::{Moment, Oddity};
use atlassian::record::UnknownField;
use atlassian::role_assignments::{GroupRoleAssignment, UserRoleAssignment};
use atlassian::user::{ProductAccess, User};
use directory::{
    AccountId, AccountStatus, AccountType, Activity, Claimed, DirectRole, Grant, Group, GroupCounts, InvalidId,
    ManagedBy, Management, MembershipStatus, Observed, PackedProfile, PlatformRole, Presence, Profile, Reading, Role,
    RoleMethod, SeenAccount, Status,
};
use jiff::Timestamp;

use crate::sync::names::Names;

/// The seen record of a user, as a page asked for at `asked_at` showed it. `odd` collects what was strange about dates.
///
/// # Errors
/// The account id is not one: the record is put aside.
pub fn account(
    user: User,
    asked_at: Timestamp,
    names: &mut Names,
    odd: &mut Vec<String>,
) -> Result<SeenAccount, InvalidId> {
    let id = AccountId::new(&user.account_id)?;
    let now = |value| Some(Observed { asked_at, value: Reading::Now(value) });
    let presence = Presence {
        membership: user.membership_status.as_ref().map(|status| MembershipStatus::parse(status.as_str())),
        status: user.status.as_ref().map(|status| Status::parse(status.as_str())),
    };
    let roles = user
        .platform_roles
        .as_ref()
        .map(|roles| sorted(roles.iter().map(|role| PlatformRole::parse(role.as_str())).collect()));
    let activity = user.product_access.as_ref().and_then(|entries| activity(entries, asked_at, names, odd));
    let groups = user
        .groups
        .as_ref()
        .and_then(|groups| groups.iter().map(|group| names.group(&group.id)).collect::<Option<Vec<_>>>().map(sorted));
    let counted = user.resources.and_then(|counted| u32::try_from(counted).ok());
    Ok(SeenAccount {
        id,
        profile: Some(Observed { asked_at, value: Reading::Now(PackedProfile::new(&profile(user))) }),
        presence: Some(Observed { asked_at, value: Reading::Now(presence) }),
        roles: roles.map(|roles| Observed { asked_at, value: Reading::Now(roles) }),
        activity: activity.map(|activity| Observed { asked_at, value: Reading::Now(activity) }),
        groups: groups.map(|groups| Observed { asked_at, value: Reading::Now(groups) }),
        counted_resources: counted.and_then(now),
    })
}

fn profile(user: User) -> Profile {
    let clean = |text: Option<Box<str>>| text.map(without_nul);
    Profile {
        account_type: user
            .account_type
            .as_ref()
            .map_or(AccountType::Atlassian, |kind| AccountType::parse(kind.as_str())),
        account_status: user.account_status.as_ref().map(|status| AccountStatus::parse(status.as_str())),
        claimed: user.claim_status.as_ref().map(|claim| Claimed::parse(claim.as_str())),
        management: user.management_source.as_ref().map(|source| Management::parse(source.as_str())),
        name: clean(user.name).unwrap_or_default(),
        nickname: clean(user.nickname),
        email: clean(user.email),
        email_verified: user.email_verified,
        mfa_enabled: user.mfa_enabled,
        added_at: user.added_to_org.as_ref().and_then(Moment::instant),
        deactivated_at: user.deactivated_on.as_ref().and_then(Moment::instant),
        job_title: clean(user.job_title),
        department: clean(user.department),
        organization: clean(user.organization),
        location: clean(user.location),
        time_zone: clean(user.time_zone),
        picture: clean(user.picture),
        unknown: unknown(&user.unknown),
    }
}

/// Two dates for one resource that differ by more, in microseconds, are worth a note.
const A_DAY: u64 = 86_400_000_000;

/// Last activity per resource, the newest where it is told twice; `None`, which is unread, when an entry has a date that is none: a person who used an app
/// at an unknown time must not look like one who never did.
fn activity(
    entries: &[ProductAccess],
    asked_at: Timestamp,
    names: &mut Names,
    odd: &mut Vec<String>,
) -> Option<Vec<Activity>> {
    let mut newest: BTreeMap<u32, i64> = BTreeMap::new();
    for entry in entries {
        let Some(moment) = &entry.last_active else { continue };
        let at = match moment.judge(asked_at) {
            Ok(at) => at,
            Err(Oddity::Future(at)) => {
                odd.push(format!("last active in the future: {at}"));
                start_of_day(asked_at)
            }
            Err(Oddity::Ancient(at)) => {
                odd.push(format!("last active before there was Atlassian Cloud: {at}"));
                return None;
            }
            Err(Oddity::Unreadable(text)) => {
                odd.push(format!("last active at what is no date: {text}"));
                return None;
            }
        };
        let named = entry.id.as_deref().or(entry.key.as_deref())?;
        let resource = names.resource(named)?;
        let at = at.as_microsecond();
        if let Some(other) = newest.get(&resource).filter(|other| other.abs_diff(at) > A_DAY) {
            let text = |at: i64| Timestamp::from_microsecond(at).map_or_else(|_| at.to_string(), |at| at.to_string());
            odd.push(format!("last active in {named} at {} and at {}; the later holds", text(*other), text(at)));
        }
        newest.entry(resource).and_modify(|held| *held = at.max(*held)).or_insert(at);
    }
    Some(newest.into_iter().map(|(resource, at)| Activity { resource, at }).collect())
}

/// The UTC midnight before an instant: where dates from the future are put, so that they do not move with every pass.
fn start_of_day(at: Timestamp) -> Timestamp {
    let day = 86_400_000_000;
    Timestamp::from_microsecond(at.as_microsecond().div_euclid(day) * day).unwrap_or(at)
}

/// The definition and counts of a group.
pub fn group(group: &WireGroup) -> (Group, GroupCounts) {
    let access = group.management_access.as_ref();
    let number = |count: Option<u64>| count.and_then(|count| u32::try_from(count).ok());
    let definition = Group {
        name: group.name.clone().map(without_nul).unwrap_or_default(),
        description: group.description.clone().map(without_nul),
        synced: group.external_synced,
        managed_by: group.managed_by.as_ref().map(|by| ManagedBy::parse(by.as_str())),
        modifiable: access.and_then(|access| access.modifiable),
        deletable: access.and_then(|access| access.deletable),
        unknown: unknown(&group.unknown),
    };
    (definition, GroupCounts { users: number(group.users), resources: number(group.resources) })
}

/// What a group grants on one resource; `None` when the resource cannot be named.
pub fn grants(assignment: &GroupRoleAssignment, names: &mut Names) -> Option<Vec<Grant>> {
    let resource = names.resource(&assignment.resource_id)?;
    let default = assignment.default_role.as_ref().map(|role| role.as_str());
    let roles = assignment.roles.iter().flatten();
    Some(
        roles
            .map(|role| Grant { resource, role: Role::parse(role.as_str()), default: default == Some(role.as_str()) })
            .collect(),
    )
}

/// What owns the roles on the whole organization among a person's assignments.
const PLATFORM: &str = "platform";

/// The roles on one resource that a person has otherwise than through a group; `None` when it cannot be named. Roles on
/// the whole organization are none of them: everybody's are read as administrative roles.
pub fn direct_roles(assignment: &UserRoleAssignment, names: &mut Names) -> Option<Vec<DirectRole>> {
    if assignment.resource_owner.as_deref() == Some(PLATFORM) {
        return Some(Vec::new());
    }
    let resource = names.resource(&assignment.resource_id)?;
    let origins = assignment.origins();
    let ways = origins.iter().flat_map(|(role, methods)| methods.iter().map(move |method| (role, method)));
    Some(
        ways.map(|(role, method)| (Role::parse(role.as_str()), RoleMethod::parse(method.as_str())))
            .filter(|(_, method)| *method != RoleMethod::Group)
            .map(|(role, method)| DirectRole { resource, role, method })
            .collect(),
    )
}

fn unknown(fields: &[UnknownField]) -> Option<Box<str>> {
    if fields.is_empty() {
        return None;
    }
    let mut fields: Vec<&UnknownField> = fields.iter().collect();
    fields.sort_by(|a, b| a.name.cmp(&b.name));
    let pairs: Vec<String> =
        fields.iter().map(|field| format!("{}:{}", serde_json::Value::from(&*field.name), field.json)).collect();
    Some(without_nul(format!("{{{}}}", pairs.join(",")).into()))
}

/// No text of a database may hold a NUL.
fn without_nul(text: Box<str>) -> Box<str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text }
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use directory::{Seen, Snapshot};

    use super::*;

    fn read(user: &str) -> (SeenAccount, Vec<String>) {
        let user: User = serde_json::from_str(user).unwrap();
        let mut names = Names::new(&Snapshot::default(), &Seen::new(0, 0));
        let mut odd = Vec::new();
        let asked_at = "2026-11-20T10:00:00Z".parse().unwrap();
        (account(user, asked_at, &mut names, &mut odd).unwrap(), odd)
    }

    fn activity_of(entries: &str) -> Option<Vec<Activity>> {
        let (seen, _) = read(&format!(r#"{{"accountId":"a","productAccess":{entries}}}"#));
        seen.activity.map(|observed| match observed.value {
            Reading::Now(now) => now,
            Reading::Same => Vec::new(),
        })
    }

    #[test]
    fn a23_missing_activity_is_unknown_and_an_empty_list_is_never_used() {
        assert_eq!(read(r#"{"accountId":"a"}"#).0.activity, None);
        assert_eq!(activity_of("null"), None);
        assert_eq!(activity_of("[]"), Some(vec![]));
        assert_eq!(activity_of(r#"[{"id":"r","key":"jira"}]"#), Some(vec![]), "listed without a date is never opened");
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let used = activity_of(r#"[{"id":"r","lastActiveTimestamp":"2026-11-01"}]"#).unwrap();
        assert_eq!(used, [Activity { resource: 0, at: at("2026-11-01T00:00:00Z") }]);
        let future = activity_of(r#"[{"id":"r","lastActiveTimestamp":"2031-01-01T00:00:00Z"}]"#).unwrap();
        assert_eq!(future, [Activity { resource: 0, at: at("2026-11-20T00:00:00Z") }], "a future date is clamped");
        assert_eq!(activity_of(r#"[{"id":"r","lastActiveTimestamp":"1970-01-01T00:00:00Z"}]"#), None);
        assert_eq!(activity_of(r#"[{"id":"r","lastActiveTimestamp":"yesterday"}]"#), None);
    }

    #[test]
    fn a21_unknown_fields_and_words_are_kept_as_they_came() {
        let (seen, _) = read(r#"{"accountId":"a","status":"dormant","zodiac":{"sign":"leo"},"beta":[1, 2]}"#);
        let Some(Observed { value: Reading::Now(profile), .. }) = seen.profile else { panic!("no profile") };
        assert_eq!(profile.unpack().unknown.as_deref(), Some(r#"{"beta":[1, 2],"zodiac":{"sign":"leo"}}"#));
        let Some(Observed { value: Reading::Now(presence), .. }) = seen.presence else { panic!("no presence") };
        assert_eq!(presence.status.unwrap().as_str(), "dormant");
    }

    #[test]
    fn groups_are_a_sorted_set_of_references_and_missing_ones_are_unread() {
        let (seen, _) =
            read(r#"{"accountId":"a","groups":[{"id":"ari:cloud:identity::group/g2"},{"id":"g1"},{"id":"g2"}]}"#);
        let Some(Observed { value: Reading::Now(groups), .. }) = seen.groups else { panic!("no groups") };
        assert_eq!(groups, [0, 1]);
        assert_eq!(read(r#"{"accountId":"a","groups":null}"#).0.groups, None);
    }

    #[test]
    fn a_nul_never_reaches_a_database() {
        let (seen, _) = read("{\"accountId\":\"a\",\"name\":\"x\\u0000y\"}");
        let Some(Observed { value: Reading::Now(profile), .. }) = seen.profile else { panic!("no profile") };
        assert_eq!(&*profile.unpack().name, "x\u{fffd}y");
    }
}
