//! What may be concluded from a walk: counts that bracket it, absences confirmed, memberships checked against the groups'
//! own counts, roles that no group explains. Here claims are earned.

use std::collections::BTreeMap;

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::groups::{self, GroupFilter};
use atlassian::role_assignments;
use atlassian::users;
use directory::{
    AccountId, Claim, ClaimState, Grant, GroupId, Noun, Observed, Ordinal, Part, Reading, Seen, SeenAccount, SeenPart,
    Snapshot,
};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::store::groups::known_offsets;
use crate::store::passes::{Chain, ChainState};
use crate::sync::ended::Ended;
use crate::sync::map;
use crate::sync::missing;
use crate::sync::names::Names;
use crate::sync::pass::{Pass, usable};
use crate::sync::walk::{RESTARTS, WalkedPart, page_of_accounts, unread_grants, unread_unless_ended};

/// Groups read on their own in one pass because their count does not agree.
const REREAD_GROUPS: usize = 50;
/// People asked for their direct roles in one pass: so many, or a twentieth of all if that is more.
const ASK_DIRECT: usize = 2_000;

/// Confirms everything and earns the claims.
pub async fn confirm(pass: &Pass, parts: &[WalkedPart]) -> Result<(), Ended> {
    let mut withheld = BTreeMap::new();
    for part in parts {
        count_again(pass, part).await?;
        if let Some(reason) = missing::confirm_people(pass, part).await? {
            withheld.insert(part.users_chain(), reason);
        }
        if !part.is_outside()
            && let Some(reason) = missing::confirm_groups(pass, part).await?
        {
            withheld.insert(part.groups_chain(), reason);
        }
    }
    if let Some(reason) = missing::look_for_movers(pass, parts).await? {
        for part in parts {
            withheld.entry(part.users_chain()).or_insert_with(|| reason.clone());
        }
    }
    for part in parts.iter().filter(|part| !part.is_outside()) {
        check_memberships(pass, part).await?;
    }
    let unexplained = read_direct_roles(pass, parts).await?;
    let mut recorder = pass.recorder.lock().await;
    let mut claims = Vec::new();
    for part in parts {
        claims.extend(earn((&pass.base, &recorder.seen), part, &recorder.chains, (&withheld, unexplained)));
    }
    let gaps: Vec<(String, String)> = claims
        .iter()
        .filter(|claim| claim.state != ClaimState::Complete)
        .map(|claim| {
            let why = claim.reason.as_deref().unwrap_or("not read");
            (format!("{} of {}", claim.noun.as_str(), claim.part.to_text()), why.to_owned())
        })
        .collect();
    for (subject, why) in gaps {
        recorder.note(NoteKind::Gap, subject, why);
    }
    recorder.seen.claims.0 = claims;
    Ok(())
}

async fn count_again(pass: &Pass, part: &WalkedPart) -> Result<(), Ended> {
    let mut chain = pass.chain(&part.users_chain()).await;
    if chain.expected_after.is_none() {
        let counted = users::count(&pass.client, &part.scope, Class::Pass, &part.filter).await;
        chain.expected_after = usable(pass, counted.map(|counted| counted.value)).await?;
        pass.record(Some(chain), Vec::new()).await?;
    }
    if part.is_outside() {
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

/// Why a chain's end proves nothing about who is missing; `None` when it does.
pub(super) fn unproven(chain: &Chain) -> Option<String> {
    if chain.state != ChainState::Complete {
        return Some(chain.reason.clone().unwrap_or_else(|| "The list was not read to its end.".to_owned()));
    }
    if let Some(reason) = &chain.reason {
        return Some(reason.clone());
    }
    let (Some(before), Some(after)) = (chain.expected_before, chain.expected_after) else {
        return Some("Atlassian gave no count to hold the list against.".to_owned());
    };
    let (least, most) = (before.min(after), before.max(after));
    if (least..=most).contains(&chain.seen) {
        return None;
    }
    Some(format!("The list showed {}, while Atlassian counted {before} before and {after} after.", chain.seen))
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
                let (residue, _) = page_of_accounts(pass, part, page.records, page.asked_at).await;
                pass.record(None, vec![residue]).await?;
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
            for group in base.memberships().of(account) {
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
            let shown = seen
                .parts
                .iter()
                .map(|part| members_seen(base, seen, part))
                .fold(0, |shown, members| shown + members.get(*group as usize).copied().unwrap_or(0));
            let listed = (members.len() as i64).max(shown);
            Some((names.group_id(*group)?.clone(), i64::from(counted) - listed))
        })
        .collect()
}

/// Asks everybody whose count of resources no group explains for the roles they have otherwise. Returns how many could
/// not be judged because upstream gave no count.
async fn read_direct_roles(pass: &Pass, parts: &[WalkedPart]) -> Result<u64, Ended> {
    let mut unjudged = 0;
    for part in parts.iter().filter(|part| !part.is_outside()) {
        let (asking, uncounted) = {
            let recorder = pass.recorder.lock().await;
            unexplained(&pass.base, &recorder.seen, part)
        };
        unjudged += uncounted;
        let most = ASK_DIRECT.max(pass.base.accounts_len() / 20);
        let (asked, left) = asking.split_at(asking.len().min(most));
        pass.expect_direct(asked.len() as u64).await;
        for account in left {
            pass.record(None, vec![Residue::Direct { account: account.clone(), roles: None }]).await?;
        }
        let queue = tokio::sync::Mutex::new(asked.iter());
        let work = async || {
            loop {
                let Some(account) = queue.lock().await.next() else { return Ok::<(), Ended>(()) };
                read_direct_role(pass, part, account).await?;
            }
        };
        let (a, b, c, d) = tokio::join!(work(), work(), work(), work());
        a.and(b).and(c).and(d)?;
    }
    Ok(unjudged)
}

async fn read_direct_role(pass: &Pass, part: &WalkedPart, account: &AccountId) -> Result<(), Ended> {
    let assignments = role_assignments::of_user(&pass.client, &part.scope, Class::Pass, account.as_str()).all().await;
    let busy = pass.clock.busy();
    let roles = match assignments {
        Ok(page) if page.quarantined.is_empty() => {
            let mut names = pass.names.lock().await;
            let roles: Option<Vec<_>> =
                page.records.iter().map(|record| map::direct_roles(record, &mut names)).collect();
            roles.map(|roles| roles.concat())
        }
        Ok(_) => None,
        Err(error) => {
            drop(busy);
            let reason = unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, account.as_str(), reason).await;
            None
        }
    };
    pass.record(None, vec![Residue::Direct { account: account.clone(), roles }]).await
}

/// People of a part whose count of resources differs from what their groups give them, and how many had no count.
fn unexplained(base: &Snapshot, seen: &Seen, part: &WalkedPart) -> (Vec<AccountId>, u64) {
    let Some(walked) = seen.parts.iter().find(|walked| walked.directory == part.directory) else {
        return (Vec::new(), 0);
    };
    let grants =
        |group: Ordinal| -> &[Grant] { seen.grants.get(&group).map_or_else(|| base.grants(group), Vec::as_slice) };
    let groups = seen.base_groups + seen.new_groups.len() as Ordinal;
    let granted: Vec<&[Grant]> = (0..groups).map(grants).collect();
    let mut extra: BTreeMap<&AccountId, Vec<Ordinal>> = BTreeMap::new();
    for (group, members) in &seen.members {
        for member in members {
            extra.entry(member).or_default().push(*group);
        }
    }
    let mut resources = Vec::new();
    let mut explained = |groups: &mut dyn Iterator<Item = Ordinal>, counted: u32| {
        resources.clear();
        for group in groups {
            let grants = granted.get(group as usize).copied().unwrap_or(&[]);
            resources.extend(grants.iter().map(|grant| grant.resource));
        }
        resources.sort_unstable();
        resources.dedup();
        resources.len() as u32 == counted
    };
    let (mut asking, mut uncounted) = (Vec::new(), 0);
    let mut judge = |id: Option<&AccountId>, account: Option<Ordinal>, record: Option<&SeenAccount>| {
        let known = || account.map_or(&[][..], |account| base.memberships().of(account));
        let counted = match record.map(|record| &record.counted_resources) {
            Some(Some(Observed { value: Reading::Now(counted), .. })) => Some(*counted),
            Some(None) => None,
            _ => account.and_then(|account| base.counted_resources(account)),
        };
        let Some(counted) = counted else {
            uncounted += 1;
            return;
        };
        let groups: &[Ordinal] = match record.map(|record| &record.groups) {
            Some(Some(Observed { value: Reading::Now(groups), .. })) => groups,
            _ => known(),
        };
        let found = id.and_then(|id| extra.get(id)).map_or(&[][..], Vec::as_slice);
        if !explained(&mut groups.iter().chain(found).copied(), counted) {
            let id = id.cloned().or_else(|| account.and_then(|account| base.account_id(account)));
            asking.extend(id.filter(|id| !seen.direct.contains_key(id) && !seen.direct_unread.contains(id)));
        }
    };
    let mut changed = RoaringBitmap::new();
    for record in &walked.accounts {
        let id = &record.id;
        let account = base.account(id.as_str());
        changed.extend(account);
        judge(Some(id), account, Some(record));
    }
    for account in &(&walked.listed - &changed) {
        if extra.is_empty() {
            judge(None, Some(account), None);
        } else {
            let id = base.account_id(account);
            judge(id.as_ref(), Some(account), None);
        }
    }
    (asking, uncounted)
}

/// The claims of a part.
fn earn(
    (base, seen): (&Snapshot, &Seen),
    part: &WalkedPart,
    chains: &BTreeMap<String, Chain>,
    (withheld, uncounted): (&BTreeMap<String, String>, u64),
) -> Vec<Claim> {
    let empty = SeenPart::new(part.directory.clone());
    let walked = seen.parts.iter().find(|walked| walked.directory == part.directory).unwrap_or(&empty);
    let claim = |noun, chain: Option<&Chain>, gap: Option<String>| {
        let never = chain.is_none_or(|chain| chain.pages == 0);
        Claim {
            noun,
            part: Part::Directory(part.directory.clone()),
            state: match (never, &gap) {
                (true, _) => ClaimState::Unread,
                (false, Some(_)) => ClaimState::Partial,
                (false, None) => ClaimState::Complete,
            },
            asked_from: chain.and_then(|chain| chain.asked_from).unwrap_or(Timestamp::UNIX_EPOCH),
            asked_to: chain.and_then(|chain| chain.asked_to).unwrap_or(Timestamp::UNIX_EPOCH),
            expected: chain.and_then(|chain| chain.expected_after),
            seen: chain.map_or(0, |chain| chain.seen),
            reason: gap.map(Into::into),
        }
    };
    let users = chains.get(&part.users_chain());
    let users_gap = users.and_then(unproven);
    let held = withheld.get(&part.users_chain()).cloned();
    let missing = |is_missing: &dyn Fn(&SeenAccount) -> bool, what: &str| {
        let missing = walked.accounts.iter().filter(|record| is_missing(record)).count();
        (missing > 0).then(|| format!("{what} of {missing} people could not be read."))
    };
    let mut claims = vec![
        claim(Noun::Accounts, users, users_gap.clone()),
        claim(Noun::Presence, users, users_gap.clone().or(held)),
        claim(
            Noun::Activity,
            users,
            users_gap.clone().or(missing(&|record| record.activity.is_none(), "The activity")),
        ),
        claim(
            Noun::PlatformRoles,
            users,
            users_gap.clone().or(missing(&|record| record.roles.is_none(), "The administrative roles")),
        ),
    ];
    if part.is_outside() {
        return claims;
    }
    let groups = chains.get(&part.groups_chain());
    let groups_gap = groups.and_then(unproven);
    let distrusted = seen.distrusted.len();
    let memberships_gap = users_gap
        .clone()
        .or(missing(&|record| record.groups.is_none(), "The groups"))
        .or((distrusted > 0).then(|| format!("The counts of {distrusted} groups do not agree with their members.")));
    let ungranted = unread_grants(base, seen, &part.directory).len();
    let grants_gap =
        groups_gap.clone().or((ungranted > 0).then(|| format!("What {ungranted} groups grant could not be read.")));
    let unread = seen.direct_unread.len();
    let direct_gap = users_gap
        .or((unread > 0).then(|| format!("The direct roles of {unread} people could not be read.")))
        .or((uncounted > 0).then(|| format!("Atlassian gave no count of apps for {uncounted} people.")));
    let held = withheld.get(&part.groups_chain()).cloned();
    claims.extend([
        claim(Noun::Groups, groups, groups_gap.or(held)),
        claim(Noun::Memberships, users, memberships_gap),
        claim(Noun::Grants, groups, grants_gap),
        claim(Noun::DirectAccess, users, direct_gap),
    ]);
    claims
}

impl Pass {
    async fn known_offsets(&self) -> Result<BTreeMap<Ordinal, i64>, Ended> {
        Ok(self.store().read(known_offsets).await?.into_iter().collect())
    }
}
