//! What targeted reads have sealed while a pass went on: the pass asks again for exactly that, so that an older page never
//! overwrites a newer observation, and a newer page is not lost either.

use std::collections::BTreeSet;

use atlassian::call::Class;
use atlassian::users;
use directory::{AccountId, GroupId, Noun, Ordinal, Snapshot};
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::store::observed::{self, Observed};
use crate::sync::chosen;
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
    let people: Vec<AccountId> = accounts.iter().filter_map(|account| newest.account_id(account)).collect();
    let named: Vec<GroupId> =
        groups.iter().filter_map(|group| newest.group_row(group).map(|row| row.id.clone())).collect();
    let parts = pass.parts().await;
    for part in parts.iter().filter(|part| pass.walks_users_of(part)) {
        for asked in people.chunks(users::ACCOUNT_IDS_AT_ONCE) {
            ask_again(pass, part, asked).await?;
        }
    }
    if pass.walks_groups() {
        for asked in named.chunks(10) {
            ask_for_groups_again(pass, &parts, asked).await?;
        }
    }
    let mut recorder = pass.recorder.lock().await;
    let seen = &mut recorder.seen;
    // Roles that were asked for before the other read are older than what it found.
    for id in people {
        seen.direct.remove(&id);
        seen.direct_unread.insert(id);
    }
    // So are the members of groups that were read on their own: nobody is put in or taken out on their word.
    let mut names = pass.names.lock().await;
    let touched: BTreeSet<Ordinal> = named.iter().filter_map(|id| names.group(id.as_str())).collect();
    seen.members.retain(|group, _| !touched.contains(group));
    seen.claims.0.retain(|claim| !matches!(&claim.part, directory::Part::Group(id) if named.contains(id)));
    Ok(())
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
    for (id, found) in &told.found {
        let Some(reference) = pass.names.lock().await.group(id.as_str()) else { continue };
        let (definition, counts) = map::group(&found.group);
        let residue = Residue::Groups {
            directory: found.part.directory.clone(),
            listed: [reference].into_iter().filter(|group| *group < pass.references.groups).collect(),
            groups: vec![(reference, definition, counts)],
        };
        pass.record(None, vec![residue]).await?;
        if pass.nouns.contains(Noun::Grants) {
            walk::read_grant(pass, &found.part, reference).await?;
        }
    }
    Ok(())
}
