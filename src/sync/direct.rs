//! Roles that no group explains: whoever's count of resources differs from what the groups give is asked for them.

use std::collections::BTreeMap;

use atlassian::call::Class;
use atlassian::role_assignments;
use directory::{AccountId, Grant, Observed, Ordinal, Reading, Seen, SeenAccount, Snapshot};
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::sync::ended::Ended;
use crate::sync::map;
use crate::sync::pass::Pass;
use crate::sync::walk::{WalkedPart, unread_unless_ended};

/// People asked for their direct roles in one pass: so many, or a twentieth of all if that is more.
const ASK_DIRECT: usize = 2_000;

/// Asks everybody whose count of resources no group explains for the roles they have otherwise. Returns how many could
/// not be judged because upstream gave no count.
pub(super) async fn read_direct_roles(pass: &Pass, parts: &[WalkedPart]) -> Result<u64, Ended> {
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
    let grants = |group: Ordinal| -> &[Grant] {
        let known = || if group < seen.base_groups { base.grants(group) } else { &[] };
        seen.grants.get(&group).map_or_else(known, Vec::as_slice)
    };
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
