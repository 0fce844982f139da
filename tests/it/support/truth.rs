//! Compares a snapshot with the simulated organization: what the mirror believes against what is.

use std::collections::{BTreeMap, BTreeSet};

use directory::{OUTSIDE, Ordinal, Snapshot};
use jiff::Timestamp;
use simulator::Truth;

/// Every difference, as a line; empty when the mirror is right.
pub(crate) fn differences(snapshot: &Snapshot, truth: &Truth) -> Vec<String> {
    let mut lines = Vec::new();
    compare(&mut lines, "person", believed_people(snapshot), true_people(truth));
    compare(&mut lines, "group", believed_groups(snapshot), true_groups(truth));
    compare(&mut lines, "membership", believed_memberships(snapshot), truth.memberships.iter().cloned().collect());
    compare(&mut lines, "grant", believed_grants(snapshot), true_grants(truth));
    compare_direct_roles(&mut lines, snapshot, truth);
    lines
}

fn compare<T: Ord + std::fmt::Debug>(lines: &mut Vec<String>, what: &str, believed: BTreeSet<T>, is: BTreeSet<T>) {
    lines.extend(is.difference(&believed).map(|missing| format!("{what} not in the mirror: {missing:?}")));
    lines.extend(believed.difference(&is).map(|wrong| format!("{what} only in the mirror: {wrong:?}")));
}

type Person = (String, String, Vec<(&'static str, String)>, Vec<(String, String)>, Vec<(String, i64)>);

fn believed_people(snapshot: &Snapshot) -> BTreeSet<Person> {
    let resource = |resource: Ordinal| snapshot.resources()[resource as usize].id.to_string();
    (snapshot.present().iter())
        .map(|account| {
            let row = snapshot.account_row(account).unwrap();
            let mut facts = vec![
                ("email", row.email.unwrap_or("-").to_owned()),
                ("account", row.account_status.map_or("-", |status| status.as_str()).to_owned()),
                ("claimed", row.claimed.map_or("-", |claimed| claimed.as_str()).to_owned()),
                ("title", row.job_title.unwrap_or("-").to_owned()),
                ("department", row.department.unwrap_or("-").to_owned()),
                ("added", row.added_at.map(Timestamp::as_millisecond).unwrap_or(0).to_string()),
            ];
            facts.extend(snapshot.roles_of(account).iter().map(|role| ("role", role.as_str().to_owned())));
            let directories = (0..snapshot.directories().len() as Ordinal).filter_map(|directory| {
                let presence = snapshot.presence(directory, account)?;
                let id = snapshot.directories()[directory as usize].id.to_string();
                Some((id, presence.membership.as_ref().map_or("-", |status| status.as_str()).to_owned()))
            });
            let mut active: Vec<(String, i64)> = (snapshot.activity().of(account).iter())
                .map(|entry| (resource(entry.resource), entry.at / 1000))
                .collect();
            active.sort();
            let mut directories: Vec<_> = directories.collect();
            directories.sort();
            (row.id.to_owned(), row.name.to_owned(), facts, directories, active)
        })
        .collect()
}

fn true_people(truth: &Truth) -> BTreeSet<Person> {
    (truth.users.iter())
        .filter(|user| !user.directories.is_empty() || user.managed)
        .map(|user| {
            let mut facts = vec![
                ("email", user.email.clone().unwrap_or("-".to_owned())),
                ("account", user.account_status.to_owned()),
                ("claimed", if user.managed { "managed" } else { "unmanaged" }.to_owned()),
                ("title", user.job_title.clone().unwrap_or("-".to_owned())),
                ("department", user.department.clone().unwrap_or("-".to_owned())),
                ("added", user.added_to_org.as_millisecond().to_string()),
            ];
            let mut roles: Vec<_> = user.platform_roles.clone();
            roles.sort_by_key(|role| directory::PlatformRole::parse(role));
            facts.extend(roles.iter().map(|role| ("role", (*role).to_owned())));
            let mut directories: Vec<(String, String)> = (user.directories.iter())
                .map(|(id, suspended)| (id.clone(), if *suspended { "suspended" } else { "active" }.to_owned()))
                .collect();
            if directories.is_empty() {
                directories.push((OUTSIDE.to_owned(), "no_membership".to_owned()));
            }
            directories.sort();
            let mut active: Vec<_> =
                user.last_active.iter().map(|(resource, at)| (resource.clone(), at.as_millisecond())).collect();
            active.sort();
            (user.account_id.clone(), user.name.clone(), facts, directories, active)
        })
        .collect()
}

fn believed_groups(snapshot: &Snapshot) -> BTreeSet<(String, String, Option<u32>)> {
    (snapshot.groups_by_name().iter())
        .map(|group| {
            let row = snapshot.group_row(group).unwrap();
            (row.id.to_string(), row.group.as_ref().unwrap().name.to_string(), row.counts.users)
        })
        .collect()
}

fn true_groups(truth: &Truth) -> BTreeSet<(String, String, Option<u32>)> {
    truth.groups.iter().map(|group| (group.id.clone(), group.name.clone(), Some(group.members))).collect()
}

fn believed_memberships(snapshot: &Snapshot) -> BTreeSet<(String, String)> {
    (snapshot.memberships().pairs())
        .map(|(account, group)| {
            (snapshot.group_row(group).unwrap().id.to_string(), snapshot.account_id(account).unwrap().to_string())
        })
        .collect()
}

fn believed_grants(snapshot: &Snapshot) -> BTreeSet<(String, String, String, bool)> {
    (0..snapshot.groups_len() as Ordinal)
        .flat_map(|group| snapshot.grants(group).iter().map(move |grant| (group, grant)))
        .map(|(group, grant)| {
            let resource = snapshot.resources()[grant.resource as usize].id.to_string();
            let id = snapshot.group_row(group).unwrap().id.to_string();
            (id, resource, grant.role.as_str().to_owned(), grant.default)
        })
        .collect()
}

fn true_grants(truth: &Truth) -> BTreeSet<(String, String, String, bool)> {
    (truth.grants.iter())
        .map(|grant| (grant.group.clone(), grant.resource.clone(), grant.role.to_owned(), grant.default))
        .collect()
}

/// Direct roles are told only where no group explains the count of resources: what is believed must be true, and what
/// no group gives must be believed.
fn compare_direct_roles(lines: &mut Vec<String>, snapshot: &Snapshot, truth: &Truth) {
    let is: BTreeSet<(String, String, String)> = truth.direct_roles.iter().cloned().collect();
    let mut by_group: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for grant in &truth.grants {
        by_group.entry(&grant.group).or_default().insert(&grant.resource);
    }
    let mut through: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (group, account) in &truth.memberships {
        for resource in by_group.get(group.as_str()).into_iter().flatten() {
            through.insert((account, resource));
        }
    }
    let mut believed = BTreeSet::new();
    for account in &snapshot.present() {
        for role in snapshot.direct_roles(account) {
            let resource = snapshot.resources()[role.resource as usize].id.to_string();
            believed.insert((
                snapshot.account_id(account).unwrap().to_string(),
                resource,
                role.role.as_str().to_owned(),
            ));
        }
    }
    lines.extend(believed.difference(&is).map(|wrong| format!("direct role only in the mirror: {wrong:?}")));
    // Whoever is counted as reaching nothing, suspended under answers that hide it, shows no role either.
    let counted: BTreeSet<&str> =
        truth.users.iter().filter(|user| user.resources > 0).map(|user| user.account_id.as_str()).collect();
    let untold = (is.difference(&believed))
        .filter(|(account, resource, _)| counted.contains(account.as_str()) && !through.contains(&(account, resource)));
    lines.extend(untold.map(|missing| format!("direct role not in the mirror: {missing:?}")));
}

/// People and groups that were known, are there, and are no longer in the mirror.
pub(crate) fn wrongly_gone(before: &Snapshot, now: &Snapshot, truth: &Truth) -> Vec<String> {
    let present = now.present();
    let people = (truth.users.iter())
        .filter(|user| !user.directories.is_empty() || user.managed)
        .filter(|user| before.account(&user.account_id).is_some_and(|account| before.present().contains(account)))
        .filter(|user| now.account(&user.account_id).is_none_or(|account| !present.contains(account)))
        .map(|user| format!("person {} ({})", user.account_id, user.name));
    let is_there = |snapshot: &Snapshot, id: &str| {
        snapshot.group(id).and_then(|group| snapshot.group_row(group)).is_some_and(|row| row.group.is_some())
    };
    let groups = (truth.groups.iter())
        .filter(|group| is_there(before, &group.id) && !is_there(now, &group.id))
        .map(|group| format!("group {} ({})", group.id, group.name));
    people.chain(groups).collect()
}

/// Memberships that were known, are there, and are no longer in the mirror.
pub(crate) fn wrongly_left(before: &Snapshot, now: &Snapshot, truth: &Truth) -> Vec<(String, String)> {
    let (before, now) = (believed_memberships(before), believed_memberships(now));
    truth.memberships.iter().filter(|pair| before.contains(*pair) && !now.contains(*pair)).cloned().collect()
}

/// Every fact of a snapshot by id, sorted: two runs that saw the same organization give the same lines, in whatever
/// order their pages came.
pub(crate) fn facts(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = Vec::new();
    let resource = |resource: Ordinal| snapshot.resources()[resource as usize].id.as_str();
    lines.extend(snapshot.directories().iter().map(|directory| format!("{directory:?}")));
    lines.extend(snapshot.resources().iter().map(|resource| format!("{resource:?}")));
    for account in 0..snapshot.accounts_len() as Ordinal {
        let row = snapshot.account_row(account).unwrap();
        let id = row.id;
        let rest = (row.name, row.email, row.job_title, row.department, row.account_type, row.account_status);
        lines.push(format!("account {id} {rest:?}"));
        let rest = (row.claimed, row.management, row.email_verified, row.mfa_enabled, row.added_at, row.presence);
        lines.push(format!("account {id} {rest:?}"));
        let (digest, counted) = (snapshot.profile_digest(account), snapshot.counted_resources(account));
        lines.push(format!("account {id} digest {digest:?} counted {counted:?}"));
        lines.push(format!("account {id} roles {:?}", snapshot.roles_of(account)));
        for (place, directory) in snapshot.directories().iter().enumerate() {
            let presence = snapshot.presence(place as Ordinal, account);
            lines.push(format!("account {id} in {}: {presence:?}", directory.id));
        }
        let read = snapshot.activity().read().contains(account);
        lines.push(format!("account {id} activity read: {read}"));
        let activity = snapshot.activity().of(account).iter();
        lines.extend(activity.map(|entry| format!("account {id} opened {} at {}", resource(entry.resource), entry.at)));
        let direct = snapshot.direct_roles(account).iter();
        lines.extend(direct.map(|role| {
            format!("account {id} has {:?} on {} by {:?}", role.role, resource(role.resource), role.method)
        }));
    }
    for group in 0..snapshot.groups_len() as Ordinal {
        let row = snapshot.group_row(group).unwrap();
        let directory = row.directory.map(|directory| &snapshot.directories()[directory as usize].id);
        lines.push(format!("group {} {directory:?} {:?} {:?}", row.id, row.group, row.counts));
        let grants = snapshot.grants(group).iter();
        lines.extend(grants.map(|grant| {
            format!("group {} grants {} {:?} {}", row.id, resource(grant.resource), grant.role, grant.default)
        }));
    }
    lines.extend(believed_memberships(snapshot).into_iter().map(|(group, account)| format!("{account} in {group}")));
    lines.sort();
    lines
}

/// The lines that only one of two sorted lists has, each with a mark of which.
pub(crate) fn unlike(one: &[String], other: &[String]) -> Vec<String> {
    let only = |one: &[String], other: &[String], mark: &str| -> Vec<String> {
        one.iter().filter(|line| other.binary_search(line).is_err()).map(|line| format!("{mark} {line}")).collect()
    };
    [only(one, other, "+"), only(other, one, "-")].concat()
}

/// Everything of a snapshot, sorted: its facts, which ordinal is whose, its orders and ages.
pub(crate) fn everything(snapshot: &Snapshot) -> Vec<String> {
    let mut lines = facts(snapshot);
    let accounts = 0..snapshot.accounts_len() as Ordinal;
    lines.extend(accounts.map(|account| format!("account {account} is {:?}", snapshot.account_id(account))));
    let rest = (0..snapshot.accounts_len() as Ordinal)
        .map(|account| (account, snapshot.changed_at(account), snapshot.organization_of(account)));
    lines.extend(rest.map(|(account, changed, of)| format!("account {account} changed {changed:?}, of {of:?}")));
    let groups = 0..snapshot.groups_len() as Ordinal;
    lines.extend(groups.map(|group| format!("group {group} is {}", snapshot.group_row(group).unwrap().id)));
    lines.push(format!("generation {} sealed at {}", snapshot.generation(), snapshot.sealed_at()));
    lines.extend(snapshot.ages().iter().map(|age| format!("{age:?}")));
    let read = (0..snapshot.accounts_len() as Ordinal).map(|account| (account, snapshot.account_read_at(account)));
    lines.extend(read.map(|(account, at)| format!("account {account} was read at {at:?}")));
    let read = (0..snapshot.groups_len() as Ordinal).map(|group| (group, snapshot.group_read_at(group)));
    lines.extend(read.map(|(group, at)| format!("group {group} was read at {at:?}")));
    for (what, order) in [
        ("name", snapshot.by_name()),
        ("email", snapshot.by_email()),
        ("last active", snapshot.by_last_active()),
        ("added", snapshot.by_added()),
        ("group name", snapshot.groups_by_name()),
    ] {
        lines.push(format!("by {what}: {:?}", order.iter().collect::<Vec<_>>()));
    }
    lines.sort();
    lines
}
