//! Group Memberships: the members of chosen groups, each group read whole on its own and held against its own count
//! before and after. It proves who is not in these groups, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use atlassian::call::Class;
use atlassian::groups::{self, Group};
use atlassian::page::Page;
use atlassian::user::User;
use atlassian::users;
use directory::{AccountId, Claim, ClaimState, GroupId, Noun, Ordinal, Part};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::sync::earn::{unknown_members, unproven_but_for};
use crate::sync::ended::Ended;
use crate::sync::map;
use crate::sync::pass::Pass;
use crate::sync::walk::{self, Taken, WalkedPart, unread_unless_ended};

/// A group as a directory showed it when it was asked for by id.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Which of the parts lists it.
    pub(super) part: WalkedPart,
    /// Its definition and counts.
    pub(super) group: Group,
}

/// What asking for groups by id has told.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Those that are there.
    pub(super) found: BTreeMap<GroupId, Found>,
    /// Those for which some directory gave no usable answer.
    pub(super) unanswered: BTreeSet<GroupId>,
}

/// Reads the members of groups, and earns a claim for each.
pub(super) async fn read_members(pass: &Pass, parts: &[WalkedPart], groups: &[GroupId]) -> Result<(), Ended> {
    if groups.is_empty() {
        return Ok(());
    }
    let offsets: BTreeMap<Ordinal, i64> = pass.known_offsets().await?.into_iter().collect();
    pass.recorder.lock().await.progress.groups_expected = Some(groups.len() as u64);
    for asked in groups.chunks(groups::GROUP_IDS_AT_ONCE) {
        let before = ask_for_groups(pass, parts, asked).await?;
        let counted: u64 = before.found.values().filter_map(|found| found.group.users).map(pages_of).sum();
        pass.expect_named(2 + counted).await;
        for found in before.found.values() {
            read_group(pass, found).await?;
        }
        let after = ask_for_groups(pass, parts, asked).await?;
        for id in asked {
            earn(pass, id, &after, &offsets).await;
        }
    }
    Ok(())
}

fn pages_of(members: u64) -> u64 {
    members.div_ceil(100).max(1)
}

/// Asks every directory for groups by id, at most as many as one request takes.
pub(super) async fn ask_for_groups(pass: &Pass, parts: &[WalkedPart], asked: &[GroupId]) -> Result<Asked, Ended> {
    let ids: Vec<String> = asked.iter().map(GroupId::to_string).collect();
    let mut told = Asked::default();
    for part in parts.iter().filter(|part| !part.is_outside()) {
        match groups::by_ids(&pass.client, &part.scope, Class::Pass, &ids).await {
            Ok(page) => {
                if !page.quarantined.is_empty() {
                    told.unanswered.extend(asked.iter().cloned());
                }
                for group in page.records {
                    if let Ok(id) = GroupId::new(&group.id) {
                        told.found.insert(id, Found { part: part.clone(), group });
                    }
                }
            }
            Err(error) => {
                let reason = unread_unless_ended(pass, error).await?;
                pass.note(NoteKind::Gap, ids.join(", "), reason).await;
                told.unanswered.extend(asked.iter().cloned());
            }
        }
    }
    told.unanswered.retain(|id| !told.found.contains_key(id));
    Ok(told)
}

/// Records the definition of a group that was asked for by id, whole: the newest state may be another than where the run
/// began. Returns its reference; `None` when its id cannot be one.
pub(super) async fn record_definition(pass: &Pass, found: &Found) -> Result<Option<Ordinal>, Ended> {
    let Some(reference) = pass.names.lock().await.group(&found.group.id) else { return Ok(None) };
    let (definition, counts) = map::group(&found.group);
    let residue = Residue::Groups {
        directory: found.part.directory.clone(),
        listed: [reference].into_iter().filter(|group| *group < pass.references.groups).collect(),
        groups: vec![(reference, definition, counts)],
    };
    pass.record(None, vec![residue]).await?;
    Ok(Some(reference))
}

/// Walks the members of one group from where the chain stands to its end.
async fn read_group(pass: &Pass, found: &Found) -> Result<(), Ended> {
    let Some(group) = pass.names.lock().await.group(&found.group.id) else { return Ok(()) };
    let name = chain_of(&found.group.id);
    let mut chain = pass.chain(&name).await;
    if chain.expected_before.is_none() && chain.pages == 0 {
        chain.expected_before = found.group.users;
        pass.record(Some(chain), Vec::new()).await?;
    }
    let ids = [found.group.id.clone()];
    let filter = users::UserFilter { group_ids: ids.to_vec(), ..users::UserFilter::default() };
    let begin = || users::search(&pass.client, &found.part.scope, Class::Pass, &filter, &[]);
    let restarted = Residue::RestartedMembers { group };
    walk::walk(pass, &name, begin, restarted, |page| Box::pin(take_members(pass, group, page))).await
}

fn chain_of(group: &str) -> String {
    format!("members:{group}")
}

async fn take_members(pass: &Pass, group: Ordinal, page: Page<User>) -> Taken {
    let accounts: BTreeSet<AccountId> =
        page.records.iter().filter_map(|user| AccountId::new(&user.account_id).ok()).collect();
    let recorder = pass.recorder.lock().await;
    let shown = recorder.seen.members.get(&group);
    let fresh = accounts.iter().filter(|id| !shown.is_some_and(|shown| shown.contains(*id))).count() as u64;
    Taken { residue: Residue::Members { group, accounts: accounts.into_iter().collect() }, fresh }
}

/// The claim on one group's memberships.
async fn earn(pass: &Pass, id: &GroupId, after: &Asked, offsets: &BTreeMap<Ordinal, i64>) {
    let mut chain = pass.chain(&chain_of(id.as_str())).await;
    chain.expected_after = after.found.get(id).and_then(|found| found.group.users);
    let known = pass.base.group(id.as_str());
    let offset = known.and_then(|group| offsets.get(&group)).copied().unwrap_or(0);
    let mut recorder = pass.recorder.lock().await;
    let unknown = |accounts: &BTreeSet<AccountId>| {
        accounts.iter().filter(|account| pass.base.account(account.as_str()).is_none()).count()
    };
    let reference = pass.names.lock().await.group(id.as_str());
    let strangers = reference.and_then(|group| recorder.seen.members.get(&group)).map_or(0, unknown);
    let gap = if after.found.contains_key(id) {
        let strangers = (strangers > 0 && pass.scope.holds_place()).then(|| unknown_members(strangers));
        unproven_but_for(&chain, offset).or(strangers)
    } else if after.unanswered.contains(id) {
        Some("Atlassian did not answer for this group.".to_owned())
    } else {
        Some("Atlassian does not show this group any more: a sync of all groups will settle it.".to_owned())
    };
    let state = match (&gap, chain.pages) {
        (None, _) => ClaimState::Complete,
        (Some(_), 0) => ClaimState::Unread,
        (Some(_), _) => ClaimState::Partial,
    };
    if let Some(reason) = &gap {
        recorder.note(NoteKind::Gap, id.as_str(), reason.as_str());
        let unanswered: RoaringBitmap = known.into_iter().collect();
        pass.unanswered(&RoaringBitmap::new(), &unanswered);
    }
    recorder.progress.groups_seen += u64::from(state == ClaimState::Complete);
    recorder.seen.claims.0.push(Claim {
        noun: Noun::Memberships,
        part: Part::Group(id.clone()),
        state,
        asked_from: chain.asked_from.unwrap_or(Timestamp::UNIX_EPOCH),
        asked_to: chain.asked_to.unwrap_or(Timestamp::UNIX_EPOCH),
        expected: chain.expected_after,
        seen: chain.seen,
        reason: gap.map(Into::into),
    });
}
