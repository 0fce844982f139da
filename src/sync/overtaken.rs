//! What targeted reads have sealed while a pass went on: the pass asks again for exactly that, so that an older page never
//! overwrites a newer observation, and a newer page is not lost either.

use std::collections::{BTreeMap, BTreeSet};

use atlassian::call::Class;
use atlassian::{groups, users};
use directory::{AccountId, GroupId, Noun, Ordinal, Reading, Seen, Snapshot};
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::store::observed::{self, Observed};
use crate::sync::chosen;
use crate::sync::direct;
use crate::sync::ended::Ended;
use crate::sync::map;
use crate::sync::missing::is_outside;
use crate::sync::pass::Pass;
use crate::sync::walk::{self, WalkedPart, unread_unless_ended};

/// Looks again at what generations after the pass's base have observed, of which `newest` is the last.
pub(super) async fn look_again(pass: &Pass, newest: &Snapshot) -> Result<(), Ended> {
    let since = pass.base_generation();
    let Observed { mut accounts, groups } = pass.store().read(move |tx| observed::since(tx, since)).await?;
    for group in &groups {
        accounts |= pass.base.memberships().members(group) ^ newest.memberships().members(group);
    }
    let named: Vec<GroupId> =
        groups.iter().filter_map(|group| newest.group_row(group).map(|row| row.id.clone())).collect();
    let touched: BTreeMap<Ordinal, Option<Ordinal>> = {
        let mut names = pass.names.lock().await;
        named.iter().filter_map(|id| Some((names.group(id.as_str())?, newest.group(id.as_str())))).collect()
    };
    let mut people: BTreeSet<AccountId> = accounts.iter().filter_map(|account| newest.account_id(account)).collect();
    {
        let recorder = pass.recorder.lock().await;
        people.extend(disagreeing(newest, &recorder.seen, &touched));
    }
    let people: Vec<AccountId> = people.into_iter().collect();
    let parts = pass.parts().await;
    for part in parts.iter().filter(|part| pass.walks_users_of(part)) {
        for asked in people.chunks(users::ACCOUNT_IDS_AT_ONCE) {
            ask_again(pass, part, asked).await?;
        }
    }
    if pass.walks_groups() {
        {
            let mut recorder = pass.recorder.lock().await;
            let seen = &mut recorder.seen;
            seen.groups.retain(|group, _| !touched.contains_key(group));
            seen.grants.retain(|group, _| !touched.contains_key(group));
        }
        for asked in named.chunks(groups::GROUP_IDS_AT_ONCE) {
            ask_for_groups_again(pass, &parts, asked).await?;
        }
    }
    let about_direct = pass.nouns.contains(Noun::DirectAccess);
    {
        let mut recorder = pass.recorder.lock().await;
        let seen = &mut recorder.seen;
        // Roles that were asked for before the other read are older than what it found.
        for id in &people {
            seen.direct.remove(id);
            if about_direct {
                seen.direct_unread.remove(id);
            }
        }
        // So are the members of groups that were read on their own: nobody is put in or taken out on their word.
        seen.members.retain(|group, _| !touched.contains_key(group));
        seen.claims.0.retain(|claim| !matches!(&claim.part, directory::Part::Group(id) if named.contains(id)));
    }
    if about_direct {
        direct::read_direct_roles(pass, &parts).await?;
    }
    Ok(())
}

/// People whose page tells another membership of a touched group than the newest state has: one of the two is older, and
/// asking once more tells which. `touched` are references with the groups' ordinals in the newest state.
fn disagreeing<'a>(
    newest: &'a Snapshot,
    seen: &'a Seen,
    touched: &'a BTreeMap<Ordinal, Option<Ordinal>>,
) -> impl Iterator<Item = AccountId> + 'a {
    seen.parts.iter().flat_map(move |part| {
        let directory = newest.directory(part.directory.as_str());
        let here = move |group: &Option<Ordinal>| {
            let row = group.and_then(|group| newest.group_row(group));
            row.is_none_or(|row| row.directory.is_none() || row.directory == directory)
        };
        part.accounts.iter().filter_map(move |record| {
            let Some(Reading::Now(groups)) = record.groups.as_ref().map(|observed| &observed.value) else {
                return None;
            };
            let account = newest.account(record.id.as_str());
            let is_member = |group: &Option<Ordinal>| {
                account.zip(*group).is_some_and(|(account, group)| newest.memberships().contains(account, group))
            };
            let mut told = touched.iter().filter(|(_, group)| here(group));
            told.any(|(reference, group)| groups.contains(reference) != is_member(group)).then(|| record.id.clone())
        })
    })
}

async fn ask_again(pass: &Pass, part: &WalkedPart, asked: &[AccountId]) -> Result<(), Ended> {
    let ids: Vec<String> = asked.iter().map(AccountId::to_string).collect();
    let mut page = match users::by_account_ids(&pass.client, &part.scope, Class::Pass, &ids).await {
        Ok(page) => page,
        Err(error) => {
            // Nothing older may be written over what the other read has found.
            unread_unless_ended(pass, error).await?;
            return Err(Ended::PausedFor {
                wait: std::time::Duration::from_secs(60),
                reason: "What was read beside this run could not be looked at again. It is tried again.".to_owned(),
            });
        }
    };
    page.records.retain(|user| is_outside(user) == part.is_outside());
    // What an older page told of somebody who does not answer any more is void.
    let silent: BTreeSet<&str> = asked
        .iter()
        .map(AccountId::as_str)
        .filter(|id| page.records.iter().all(|user| user.account_id != *id))
        .collect();
    pass.recorder.lock().await.seen.part(&part.directory).accounts.forget(|id| silent.contains(id));
    let mut names = pass.names.lock().await;
    let mut listed = RoaringBitmap::new();
    let mut records = Vec::new();
    for user in page.records {
        // Every field as it is now, not as it differs from where the pass began: the newest state may be another.
        if let Ok(mut record) = map::account(user, page.asked_at, &mut names, &mut Vec::new()) {
            record.keep_only(pass.nouns);
            listed.extend(pass.base.account(record.id.as_str()));
            records.push(record);
        }
    }
    drop(names);
    pass.record(None, vec![Residue::Accounts { directory: part.directory.clone(), listed, records }]).await
}

async fn ask_for_groups_again(pass: &Pass, parts: &[WalkedPart], asked: &[GroupId]) -> Result<(), Ended> {
    let told = chosen::ask_for_groups(pass, parts, asked).await?;
    for found in told.found.values() {
        let Some(reference) = chosen::record_definition(pass, found).await? else { continue };
        if pass.nouns.contains(Noun::Grants) {
            walk::read_grant(pass, &found.part, reference).await?;
        }
    }
    Ok(())
}
