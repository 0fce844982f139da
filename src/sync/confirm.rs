//! What may be concluded from a walk: counts that bracket it, absences confirmed, memberships checked against the groups'
//! own counts, roles that no group explains.

use std::collections::BTreeMap;

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::groups::{self, GroupFilter};
use atlassian::users;
use directory::{
    AccountId, Claim, ClaimState, GroupId, Noun, Observed, Ordinal, Part, Reading, Seen, SeenPart, Snapshot,
};
use jiff::Timestamp;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::store::groups::known_offsets;
use crate::sync::direct;
use crate::sync::earn::{Doubts, earn};
use crate::sync::ended::Ended;
use crate::sync::missing;
use crate::sync::names::Names;
use crate::sync::pass::Pass;
use crate::sync::prepare::usable;
use crate::sync::walk::{RESTARTS, WalkedPart, page_of_accounts, unread_unless_ended};

/// Groups read on their own in one pass because their count does not agree.
const REREAD_GROUPS: usize = 50;

/// Confirms everything that was walked and earns the claims.
pub async fn confirm(pass: &Pass, parts: &[WalkedPart]) -> Result<(), Ended> {
    let mut doubts = Doubts::default();
    let about_presence = pass.nouns.contains(Noun::Presence) && !pass.scope.only_with_activity();
    for part in parts {
        count_again(pass, part).await?;
        if about_presence && let Some(reason) = missing::confirm_people(pass, part).await? {
            doubts.withheld.insert(part.users_chain(), reason);
        }
        if !part.is_outside()
            && pass.walks_groups()
            && let Some(reason) = missing::confirm_groups(pass, part).await?
        {
            doubts.withheld.insert(part.groups_chain(), reason);
        }
    }
    if about_presence && let Some(reason) = missing::look_for_movers(pass, parts).await? {
        for part in parts {
            doubts.withheld.entry(part.users_chain()).or_insert_with(|| reason.clone());
        }
    }
    for part in parts.iter().filter(|part| !part.is_outside() && pass.nouns.contains(Noun::Memberships)) {
        check_memberships(pass, part).await?;
    }
    if pass.nouns.contains(Noun::DirectAccess) {
        doubts.uncounted = direct::read_direct_roles(pass, parts).await?;
    }
    let mut recorder = pass.recorder.lock().await;
    let mut claims = Vec::new();
    for part in parts.iter().filter(|part| pass.walks_users_of(part)) {
        claims.extend(earn(pass, (&recorder.seen, &recorder.chains), part, &doubts));
    }
    if !pass.permitted.0.is_empty() {
        claims.extend(approved(pass.clock.now()));
    }
    for claim in claims.iter().filter(|claim| claim.state != ClaimState::Complete) {
        let why = claim.reason.as_deref().unwrap_or("not read").to_owned();
        recorder.note(NoteKind::Gap, format!("{} of {}", claim.noun.as_str(), claim.part.to_text()), why);
    }
    recorder.seen.claims.0.extend(claims);
    Ok(())
}

/// What a run may say of the rows that a person approved: each that was asked for by id was answered for.
fn approved(asked_to: Timestamp) -> impl Iterator<Item = Claim> {
    [Noun::Presence, Noun::Groups].into_iter().map(move |noun| Claim {
        noun,
        part: Part::Named,
        state: ClaimState::Complete,
        asked_from: asked_to,
        asked_to,
        expected: None,
        seen: 0,
        reason: None,
    })
}

async fn count_again(pass: &Pass, part: &WalkedPart) -> Result<(), Ended> {
    let mut chain = pass.chain(&part.users_chain()).await;
    if pass.walks_users_of(part) && chain.expected_after.is_none() {
        let counted = users::count(&pass.client, &part.scope, Class::Pass, &part.filter).await;
        chain.expected_after = usable(pass, counted.map(|counted| counted.value)).await?;
        pass.record(Some(chain), Vec::new()).await?;
    }
    if part.is_outside() || !pass.walks_groups() {
        return Ok(());
    }
    let mut chain = pass.chain(&part.groups_chain()).await;
    if chain.expected_after.is_none() {
        let counted = groups::count(&pass.client, &part.scope, Class::Pass, &GroupFilter::default()).await;
        chain.expected_after = usable(pass, counted.map(|counted| counted.value)).await?;
        pass.record(Some(chain), Vec::new()).await?;
    }
    Ok(())
}

/// Compares each group's own count with the members seen; reads a few of those that differ on their own.
async fn check_memberships(pass: &Pass, part: &WalkedPart) -> Result<(), Ended> {
    let offsets: BTreeMap<Ordinal, i64> = pass.known_offsets().await?;
    let differing = {
        let recorder = pass.recorder.lock().await;
        differing_groups(&pass.base, &recorder.seen, part, &offsets)
    };
    let mut requests = 0;
    let most_requests = {
        let floor = pass.recorder.lock().await.progress.requests_floor.unwrap_or(0);
        (floor / 20).max(REREAD_GROUPS as u64)
    };
    for (place, (group, counted)) in differing.into_iter().enumerate() {
        let id = pass.names.lock().await.group_id(group).cloned();
        let Some(id) = id else { continue };
        requests += u64::from(counted).div_ceil(100).max(1);
        if place >= REREAD_GROUPS || requests > most_requests {
            pass.note(
                NoteKind::Gap,
                id.as_str(),
                "This group's count does not agree with its members; they were kept.",
            )
            .await;
            pass.record(None, vec![Residue::Distrusted { group }]).await?;
            continue;
        }
        reread(pass, part, group, &id).await?;
    }
    Ok(())
}

async fn reread(pass: &Pass, part: &WalkedPart, group: Ordinal, id: &GroupId) -> Result<(), Ended> {
    let begin = || users::by_group_ids(&pass.client, &part.scope, Class::Pass, &[id.to_string()]);
    let (mut pages, mut members, mut restarts) = (begin()?, Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let busy = pass.clock.busy();
        match page {
            Ok(page) if page.quarantined.is_empty() => {
                members.extend(page.records.iter().filter_map(|user| AccountId::new(&user.account_id).ok()));
                let taken = page_of_accounts(pass, part, page.records, page.asked_at).await;
                pass.record(None, vec![taken.residue]).await?;
            }
            // What a broken list has shown is void.
            Err(Error::CursorExpired { .. }) if restarts < RESTARTS => {
                restarts += 1;
                members.clear();
                pages = begin()?;
            }
            // What could not be read whole proves nothing.
            Ok(_) => return pass.record(None, vec![Residue::Distrusted { group }]).await,
            Err(error) => {
                drop(busy);
                let reason = unread_unless_ended(pass, error).await?;
                pass.note(NoteKind::Gap, id.as_str(), reason).await;
                return pass.record(None, vec![Residue::Distrusted { group }]).await;
            }
        }
    }
    pass.record(None, vec![Residue::Members { group, accounts: members }]).await
}

/// Groups whose own count differs from the members seen by something that is not explained yet, with that count.
fn differing_groups(
    base: &Snapshot,
    seen: &Seen,
    part: &WalkedPart,
    offsets: &BTreeMap<Ordinal, i64>,
) -> Vec<(Ordinal, u32)> {
    let Some(walked) = seen.parts.iter().find(|walked| walked.directory == part.directory) else { return Vec::new() };
    let counted = |group: Ordinal| match seen.groups.get(&group) {
        Some(seen) => seen.counts.users,
        None => base.group_row(group).and_then(|row| row.counts.users),
    };
    let members = members_seen(base, seen, walked);
    let mut listed = walked.listed_groups.clone();
    listed.extend(seen.groups.iter().filter(|(_, group)| group.directory == part.directory).map(|(group, _)| *group));
    listed
        .iter()
        .filter(|group| !seen.members.contains_key(group) && !seen.distrusted.contains(*group))
        .filter_map(|group| {
            let counted = counted(group)?;
            let seen = members.get(group as usize).copied().unwrap_or(0);
            let offset = offsets.get(&group).copied().unwrap_or(0);
            (i64::from(counted) != seen + offset).then_some((group, counted))
        })
        .collect()
}

/// How many members of each group the pages of a part have shown, by reference.
fn members_seen(base: &Snapshot, seen: &Seen, walked: &SeenPart) -> Vec<i64> {
    let base_groups = seen.base_groups as usize;
    let mut members = vec![0i64; base_groups + seen.new_groups.len()];
    for (group, count) in members.iter_mut().enumerate().take(base_groups) {
        *count = (base.memberships().members(group as Ordinal).intersection_len(&walked.listed)) as i64;
    }
    for record in &walked.accounts {
        let id = &record.id;
        let Some(Observed { value: Reading::Now(groups), .. }) = &record.groups else { continue };
        if let Some(account) = base.account(id.as_str()).filter(|account| walked.listed.contains(*account)) {
            for group in base.memberships().of(account).iter().filter(|group| **group < seen.base_groups) {
                members[*group as usize] -= 1;
            }
        }
        for group in groups {
            if let Some(count) = members.get_mut(*group as usize) {
                *count += 1;
            }
        }
    }
    members
}

/// Differences that reading the group on its own has explained: by how much upstream counts more than it lists.
pub fn explained_offsets(base: &Snapshot, seen: &Seen, names: &Names) -> Vec<(GroupId, i64)> {
    seen.members
        .iter()
        .filter_map(|(group, members)| {
            let counted = match seen.groups.get(group) {
                Some(seen) => seen.counts.users,
                None => base.group_row(*group).and_then(|row| row.counts.users),
            }?;
            // Somebody in two directories is listed in both, and is one member: the group's own directory is asked alone.
            let shown = home_of(base, seen, *group)
                .map_or(0, |home| members_seen(base, seen, home).get(*group as usize).copied().unwrap_or(0));
            let listed = (members.len() as i64).max(shown);
            Some((names.group_id(*group)?.clone(), i64::from(counted) - listed))
        })
        .collect()
}

/// What was seen of the directory that a group belongs to.
fn home_of<'a>(base: &Snapshot, seen: &'a Seen, group: Ordinal) -> Option<&'a SeenPart> {
    let known = || base.directories().get(base.group_row(group)?.directory? as usize).map(|home| &home.id);
    let home = seen.groups.get(&group).map(|seen| &seen.directory).or_else(known)?;
    seen.parts.iter().find(|part| part.directory == *home)
}

impl Pass {
    pub(super) async fn known_offsets(&self) -> Result<BTreeMap<Ordinal, i64>, Ended> {
        Ok(self.store().read(known_offsets).await?.into_iter().collect())
    }
}
