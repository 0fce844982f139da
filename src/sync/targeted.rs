//! Targeted reads: people and groups by id, beside any pass. Whoever is not found stays as they are, unless a person has
//! approved that they may be taken out and a second question confirms it.

use std::collections::{BTreeMap, BTreeSet};

use atlassian::call::Class;
use atlassian::{groups, users};
use directory::{AccountId, Claim, ClaimState, GroupId, Noun, Observed, Ordinal, Part, Reading, Rule, Seen, Snapshot};
use jiff::Timestamp;
use roaring::RoaringBitmap;
use tokio::sync::Mutex;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::nouns::scope::Targets;
use crate::sync::chosen::{self, Asked};
use crate::sync::direct;
use crate::sync::ended::Ended;
use crate::sync::missing::is_outside;
use crate::sync::pass::Pass;
use crate::sync::walk::{self, WalkedPart, page_of_accounts, unread_unless_ended};

/// Reads whom and what the run names.
pub(super) async fn read(pass: &Pass, parts: &[WalkedPart], targets: &Targets) -> Result<(), Ended> {
    let asked_from = pass.clock.now();
    pass.recorder.lock().await.progress.people_expected = Some(targets.people.len() as u64);
    let mut unanswered = read_people(pass, parts, &targets.people).await?;
    for asked in targets.groups.chunks(groups::GROUP_IDS_AT_ONCE) {
        let told = chosen::ask_for_groups(pass, parts, asked).await?;
        pass.expect_named(1).await;
        read_groups(pass, asked, &told).await?;
        let there: Vec<GroupId> = told.found.keys().cloned().collect();
        chosen::read_members(pass, parts, &there).await?;
    }
    let strangers: Vec<AccountId> = unknown_members(pass).await;
    unanswered += read_people(pass, parts, &strangers).await?;
    pass.also_read(strangers);
    doubt_departures(pass, parts).await?;
    let uncounted = direct::read_direct_roles(pass, parts).await?;
    let mut recorder = pass.recorder.lock().await;
    let distrusted = recorder.seen.distrusted.len();
    let gap = |noun| match noun {
        Noun::Memberships if distrusted > 0 => {
            Some(format!("The counts of {distrusted} groups do not agree with their members."))
        }
        Noun::DirectAccess if uncounted > 0 => Some(format!("Atlassian gave no count of apps for {uncounted} people.")),
        _ if unanswered > 0 => Some(format!("Atlassian did not answer for {unanswered} people.")),
        _ => None,
    };
    let (asked, asked_to) = ((targets.people.len() + targets.groups.len()) as u64, pass.clock.now());
    let claims: Vec<Claim> =
        Noun::ALL.into_iter().map(|noun| claim(noun, (asked_from, asked_to), asked, gap(noun))).collect();
    recorder.seen.claims.0.extend(claims);
    Ok(())
}

fn claim(noun: Noun, (asked_from, asked_to): (Timestamp, Timestamp), asked: u64, gap: Option<String>) -> Claim {
    // Whoever could not be asked is not among those named; absence is derived of the others alone.
    let state = match noun {
        Noun::Presence | Noun::Groups => ClaimState::Complete,
        _ if gap.is_none() => ClaimState::Complete,
        _ => ClaimState::Partial,
    };
    let reason = gap.filter(|_| state == ClaimState::Partial).map(Into::into);
    Claim { noun, part: Part::Named, state, asked_from, asked_to, expected: Some(asked), seen: asked, reason }
}

/// Asks every part for people by id, a few requests side by side. Returns of how many it was not learned whether they are
/// there.
async fn read_people(pass: &Pass, parts: &[WalkedPart], people: &[AccountId]) -> Result<usize, Ended> {
    let silent = Mutex::new(BTreeSet::new());
    let queue = Mutex::new(people.chunks(users::ACCOUNT_IDS_AT_ONCE));
    let work = async || {
        loop {
            let Some(asked) = queue.lock().await.next() else { return Ok::<(), Ended>(()) };
            read_some(pass, parts, (asked, &silent)).await?;
        }
    };
    let (a, b, c, d) = tokio::join!(work(), work(), work(), work());
    a.and(b).and(c).and(d)?;
    let silent = silent.into_inner();
    let known: RoaringBitmap = silent.iter().filter_map(|id: &AccountId| pass.base.account(id.as_str())).collect();
    pass.unanswered(&known, &RoaringBitmap::new());
    Ok(silent.len())
}

/// Asks every part for people by id, as many as one request takes. Of whom nothing was learned is noted as silent.
async fn read_some(
    pass: &Pass,
    parts: &[WalkedPart],
    (asked, silent): (&[AccountId], &Mutex<BTreeSet<AccountId>>),
) -> Result<(), Ended> {
    pass.expect_named(parts.len() as u64).await;
    for part in parts {
        let ids: Vec<String> = asked.iter().map(AccountId::to_string).collect();
        let mut page = match users::by_account_ids(&pass.client, &part.scope, Class::Pass, &ids).await {
            Ok(page) => page,
            Err(error) => {
                let reason = unread_unless_ended(pass, error).await?;
                pass.note(NoteKind::Gap, ids.join(", "), reason).await;
                silent.lock().await.extend(asked.iter().cloned());
                continue;
            }
        };
        page.records.retain(|user| is_outside(user) == part.is_outside());
        let found: BTreeSet<String> = page.records.iter().map(|user| user.account_id.clone()).collect();
        let missing: Vec<&AccountId> = asked.iter().filter(|id| !found.contains(id.as_str())).collect();
        if page.quarantined.is_empty() {
            for id in missing {
                not_found(pass, part, id).await?;
            }
        } else {
            silent.lock().await.extend(missing.into_iter().cloned());
        }
        let _busy = pass.clock.busy();
        let taken = page_of_accounts(pass, part, page.records, page.asked_at).await;
        pass.record(None, vec![taken.residue]).await?;
    }
    pass.recorder.lock().await.progress.people_seen += asked.len() as u64;
    Ok(())
}

/// Somebody whom a part does not show, asked for by id. They are gone from it when a person has approved that and the
/// person's own address says so too; else they stay, and the next pass settles it.
async fn not_found(pass: &Pass, part: &WalkedPart, id: &AccountId) -> Result<(), Ended> {
    let Some(account) = pass.base.account(id.as_str()) else { return Ok(()) };
    let number = pass.base.directory(part.directory.as_str());
    if number.is_none_or(|number| pass.base.presence(number, account).is_none()) {
        return Ok(());
    }
    let one: RoaringBitmap = [account].into_iter().collect();
    let whole = Part::Directory(part.directory.clone());
    if !pass.permitted.unapproved(Rule::PeopleMissing, &whole, &one).is_empty() {
        let detail = "Not found where they were; kept until a sync of all users has confirmed it.";
        pass.note(NoteKind::Warning, id.as_str(), detail).await;
        return Ok(());
    }
    match users::one(&pass.client, &part.scope, Class::Pass, id.as_str()).await {
        Ok(read) if is_outside(&read.value) == part.is_outside() => {
            pass.note(NoteKind::Warning, id.as_str(), "The search does not show them, yet they can be read. Kept.")
                .await;
            Ok(())
        }
        Err(error) if !error.is_not_found() => {
            let reason = unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, id.as_str(), reason).await;
            pass.unanswered(&one, &RoaringBitmap::new());
            Ok(())
        }
        _ => pass.record(None, vec![Residue::Gone { directory: part.directory.clone(), accounts: one }]).await,
    }
}

/// Definitions and grants of groups that were asked for by id.
async fn read_groups(pass: &Pass, asked: &[GroupId], told: &Asked) -> Result<(), Ended> {
    for found in told.found.values() {
        let Some(reference) = chosen::record_definition(pass, found).await? else { continue };
        if found.group.resources != Some(0) || !pass.base.grants(reference).is_empty() {
            walk::read_grant(pass, &found.part, reference).await?;
        }
    }
    let silent: RoaringBitmap = told.unanswered.iter().filter_map(|id| pass.base.group(id.as_str())).collect();
    pass.unanswered(&RoaringBitmap::new(), &silent);
    for id in asked.iter().filter(|id| !told.found.contains_key(*id) && !told.unanswered.contains(*id)) {
        group_not_found(pass, id).await?;
    }
    Ok(())
}

/// A group that no directory shows, likewise.
async fn group_not_found(pass: &Pass, id: &GroupId) -> Result<(), Ended> {
    let Some((group, row)) = pass.base.group(id.as_str()).and_then(|group| Some((group, pass.base.group_row(group)?)))
    else {
        return Ok(());
    };
    let home = row.directory.and_then(|directory| pass.base.directories().get(directory as usize));
    let Some(home) = home.filter(|_| row.group.is_some()) else { return Ok(()) };
    let one: RoaringBitmap = [group].into_iter().collect();
    if !pass.permitted.unapproved(Rule::GroupsMissing, &Part::Directory(home.id.clone()), &one).is_empty() {
        let detail = "Not found where it was; kept until a sync of all groups has confirmed it.";
        pass.note(NoteKind::Warning, id.as_str(), detail).await;
        return Ok(());
    }
    let scope = WalkedPart::directory(&pass.organization, home.id.clone()).scope;
    match groups::one(&pass.client, &scope, Class::Pass, id.as_str()).await {
        Ok(_) => {
            pass.note(NoteKind::Warning, id.as_str(), "The search does not show it, yet it can be read. Kept.").await;
            Ok(())
        }
        Err(error) if error.is_not_found() => {
            pass.record(None, vec![Residue::GoneGroups { directory: home.id.clone(), groups: one }]).await
        }
        Err(error) => {
            let reason = unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, id.as_str(), reason).await;
            pass.unanswered(&RoaringBitmap::new(), &one);
            Ok(())
        }
    }
}

/// Members that groups were read with and that nobody knows yet.
async fn unknown_members(pass: &Pass) -> Vec<AccountId> {
    let recorder = pass.recorder.lock().await;
    let seen = &recorder.seen;
    let met = |id: &AccountId| seen.parts.iter().any(|part| part.accounts.get(id.as_str()).is_some());
    let unknown = seen.members.values().flatten().filter(|id| pass.base.account(id.as_str()).is_none() && !met(id));
    unknown.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

/// A membership that is missing from somebody's record is believed when the group's own count agrees; else the group's
/// members stay as they are.
async fn doubt_departures(pass: &Pass, parts: &[WalkedPart]) -> Result<(), Ended> {
    let changed = {
        let recorder = pass.recorder.lock().await;
        changed_memberships(&pass.base, &recorder.seen)
    };
    // What an approved operation has taken out needs no second witness, and others of its rows may be on their way.
    let by_others = |change: &Change| {
        let row = pass.base.group_row(change.group);
        let part = row.map(|row| Part::Group(row.id.clone()));
        part.is_none_or(|part| !pass.permitted.unapproved(Rule::MembersMissing, &part, &change.left).is_empty())
    };
    let changed: Vec<Change> = changed.into_iter().filter(by_others).collect();
    let offsets = pass.known_offsets().await?;
    let doubted: Vec<GroupId> =
        changed.iter().filter_map(|change| pass.base.group_row(change.group).map(|row| row.id.clone())).collect();
    for (asked, changes) in doubted.chunks(groups::GROUP_IDS_AT_ONCE).zip(changed.chunks(groups::GROUP_IDS_AT_ONCE)) {
        let told = chosen::ask_for_groups(pass, parts, asked).await?;
        for (id, change) in asked.iter().zip(changes) {
            let counted = told.found.get(id).and_then(|found| found.group.users);
            let offset = offsets.get(&change.group).copied().unwrap_or(0);
            if counted.map(|counted| counted as i64) != Some(change.members + offset) {
                let detail = "This group's count does not agree with what its people show; its members were kept.";
                pass.note(NoteKind::Gap, id.as_str(), detail).await;
                pass.record(None, vec![Residue::Distrusted { group: change.group }]).await?;
            }
        }
    }
    Ok(())
}

/// A group that somebody seems to have left, and how many members it then has.
struct Change {
    group: Ordinal,
    members: i64,
    left: RoaringBitmap,
}

fn changed_memberships(base: &Snapshot, seen: &Seen) -> Vec<Change> {
    let mut left: BTreeMap<Ordinal, RoaringBitmap> = BTreeMap::new();
    let mut joined: BTreeMap<Ordinal, i64> = BTreeMap::new();
    for part in &seen.parts {
        let directory = base.directory(part.directory.as_str());
        for record in &part.accounts {
            let Some(Observed { value: Reading::Now(groups), .. }) = &record.groups else { continue };
            let account = base.account(record.id.as_str());
            let known = account.map_or(&[][..], |account| base.memberships().of(account));
            let here = |group: &&Ordinal| base.group_row(**group).is_some_and(|row| row.directory == directory);
            for group in known.iter().filter(here).filter(|group| !groups.contains(group)) {
                left.entry(*group).or_default().extend(account);
            }
            for group in groups.iter().filter(|group| !known.contains(group)) {
                *joined.entry(*group).or_default() += 1;
            }
        }
    }
    left.into_iter()
        .filter(|(group, _)| !seen.members.contains_key(group))
        .map(|(group, left)| {
            let before = base.memberships().members(group).len() as i64;
            let members = before - left.len() as i64 + joined.get(&group).copied().unwrap_or(0);
            Change { group, members, left }
        })
        .collect()
}
