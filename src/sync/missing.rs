//! Who and what was not listed: asked for by id, because absence is confirmed, never inferred. Above the hold share nobody
//! is asked and everybody stays.

use std::collections::BTreeSet;

use atlassian::call::Class;
use atlassian::groups;
use atlassian::user::{MembershipStatus, User};
use atlassian::users;
use directory::{Ordinal, Part, Rule, Withheld};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::sync::earn::unproven;
use crate::sync::ended::Ended;
use crate::sync::map;
use crate::sync::pass::Pass;
use crate::sync::walk::{WalkedPart, page_of_accounts, unread_unless_ended};

/// Asks by id for each person who is missing from a proven list. Returns why nobody was asked, when too many are.
pub(super) async fn confirm_people(pass: &Pass, part: &WalkedPart) -> Result<Option<String>, Ended> {
    let Some(number) = pass.base.directory(part.directory.as_str()) else { return Ok(None) };
    let chain = pass.chain(&part.users_chain()).await;
    let present = pass.base.present_in(number);
    if unproven(&chain).is_some() {
        pass.unanswered(&present, &RoaringBitmap::new());
        return Ok(None);
    }
    let missing = {
        let recorder = pass.recorder.lock().await;
        let walked = recorder.seen.parts.iter().find(|walked| walked.directory == part.directory);
        walked.map_or_else(|| present.clone(), |walked| (&present - &walked.listed) - &walked.gone)
    };
    let (asking, held) = hold_back(pass, (Rule::PeopleMissing, part), (missing, present.len()));
    let mut unanswered = RoaringBitmap::new();
    for asked in asking.iter().collect::<Vec<Ordinal>>().chunks(users::ACCOUNT_IDS_AT_ONCE) {
        for answer in ask_for(pass, part, asked).await? {
            let answer = match answer {
                Ok(answer) => answer,
                Err(account) => {
                    unanswered.insert(account);
                    continue;
                }
            };
            if chain.seen == 0
                && let Some(reason) = contradicted(pass, part, &answer.gone).await?
            {
                pass.unanswered(&present, &RoaringBitmap::new());
                return Ok(Some(reason));
            }
            let _busy = pass.clock.busy();
            unanswered |= answer.unread;
            let taken = page_of_accounts(pass, part, answer.found, answer.asked_at).await;
            let residues =
                vec![taken.residue, Residue::Gone { directory: part.directory.clone(), accounts: answer.gone }];
            pass.record(None, residues).await?;
        }
    }
    pass.unanswered(&unanswered, &RoaringBitmap::new());
    Ok(held.or(unasked(unanswered.len())))
}

/// Those of the missing that are asked for by id, and why the others are not: they are too many, and nobody has
/// approved them. They are withheld.
fn hold_back(
    pass: &Pass,
    (rule, part): (Rule, &WalkedPart),
    (missing, present): (RoaringBitmap, u64),
) -> (RoaringBitmap, Option<String>) {
    let whole = Part::Directory(part.directory.clone());
    let unapproved = pass.permitted.unapproved(rule, &whole, &missing);
    if !pass.thresholds.are_exceeded(unapproved.len(), present) {
        return (missing, None);
    }
    let what = if rule.rows_are_groups() { "groups" } else { "people" };
    let reason = format!(
        "{} of {present} {what} were missing, more than {} %. They were withheld: kept as they were until somebody \
         has looked.",
        unapproved.len(),
        pass.thresholds.share_percent
    );
    let asking = missing - &unapproved;
    pass.withhold(Withheld { rule, part: whole, present, thresholds: pass.thresholds, rows: unapproved });
    (asking, Some(reason))
}

/// An empty or unproven list is not believed on the word of the search alone, which may answer everything so: each person
/// missing from it is read on their own, at another endpoint. Returns why nobody is gone, when one of them is there.
async fn contradicted(pass: &Pass, part: &WalkedPart, gone: &RoaringBitmap) -> Result<Option<String>, Ended> {
    let mut unread = 0;
    for id in gone.iter().filter_map(|account| pass.base.account_id(account)) {
        match users::one(&pass.client, &part.scope, Class::Pass, id.as_str()).await {
            Ok(read) if is_outside(&read.value) == part.is_outside() => {
                return Ok(Some(format!(
                    "The search does not show {id}, who can be read. Everybody was kept: run the sync again."
                )));
            }
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => {
                let reason = unread_unless_ended(pass, error).await?;
                pass.note(NoteKind::Gap, id.as_str(), reason).await;
                unread += 1;
            }
        }
    }
    Ok(unasked(unread))
}

pub(super) fn is_outside(user: &User) -> bool {
    user.membership_status == Some(MembershipStatus::NoMembership)
}

/// Asks every part for the people who have left another one and were seen in none: who moved while the pages were read
/// may have left one part before its page came, and reached the other after its own had gone by. Returns why nobody may
/// be taken for gone, when somebody could not be asked for.
pub(super) async fn look_for_movers(pass: &Pass, parts: &[WalkedPart]) -> Result<Option<String>, Ended> {
    let mut unanswered = 0;
    for part in parts {
        let asking = {
            let recorder = pass.recorder.lock().await;
            let (mut gone, mut there) = (RoaringBitmap::new(), RoaringBitmap::new());
            for walked in &recorder.seen.parts {
                gone |= &walked.gone;
                there |= &walked.listed;
                if let Some(number) = pass.base.directory(walked.directory.as_str()) {
                    there |= pass.base.present_in(number) - &walked.gone;
                }
            }
            let walked = recorder.seen.parts.iter().find(|walked| walked.directory == part.directory);
            walked.map_or_else(|| &gone - &there, |walked| (&gone - &there) - &walked.gone)
        };
        let asking: Vec<Ordinal> = asking.iter().collect();
        // Where the search could not be read to a proven end, its word that somebody is not there is none either.
        let doubtful = unproven(&pass.chain(&part.users_chain()).await).is_some();
        for asked in asking.chunks(users::ACCOUNT_IDS_AT_ONCE) {
            for answer in ask_for(pass, part, asked).await? {
                let Ok(answer) = answer else {
                    unanswered += 1;
                    continue;
                };
                if doubtful && let Some(reason) = contradicted(pass, part, &answer.gone).await? {
                    return Ok(Some(reason));
                }
                let _busy = pass.clock.busy();
                let taken = page_of_accounts(pass, part, answer.found, answer.asked_at).await;
                pass.record(None, vec![taken.residue]).await?;
            }
        }
    }
    Ok(unasked(unanswered))
}

fn unasked(people: u64) -> Option<String> {
    (people > 0).then(|| format!("{people} missing people could not be asked for; nobody was taken for gone."))
}

/// What a part said about known people who were asked for by id.
pub(super) struct Answer {
    pub(super) found: Vec<User>,
    /// Those whom a readable answer did not hold.
    pub(super) gone: RoaringBitmap,
    /// Those whose record could not be read.
    pub(super) unread: RoaringBitmap,
    pub(super) asked_at: Timestamp,
}

/// Asks a part for people by id: all at once, or, when that cannot be answered, one by one; an error names each who
/// cannot be asked for even so.
pub(super) async fn ask_for(
    pass: &Pass,
    part: &WalkedPart,
    asked: &[Ordinal],
) -> Result<Vec<Result<Answer, Ordinal>>, Ended> {
    if let Some(answer) = ask_at_once(pass, part, asked).await? {
        return Ok(vec![Ok(answer)]);
    }
    let mut answers = Vec::new();
    if let [one] = asked {
        answers.push(Err(*one));
    }
    for one in asked.chunks(1).filter(|_| asked.len() > 1) {
        answers.push(ask_at_once(pass, part, one).await?.ok_or(one[0]));
    }
    Ok(answers)
}

async fn ask_at_once(pass: &Pass, part: &WalkedPart, asked: &[Ordinal]) -> Result<Option<Answer>, Ended> {
    let ids: Vec<String> =
        asked.iter().filter_map(|account| pass.base.account_id(*account)).map(|id| id.to_string()).collect();
    let mut page = match users::by_account_ids(&pass.client, &part.scope, Class::Pass, &ids).await {
        Ok(page) => page,
        Err(error) => {
            let reason = unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, ids.join(", "), reason).await;
            return Ok(None);
        }
    };
    page.records.retain(|user| is_outside(user) == part.is_outside());
    let found: BTreeSet<&str> = page.records.iter().map(|user| user.account_id.as_str()).collect();
    let quarantined: BTreeSet<&str> = page.quarantined.iter().filter_map(|bad| bad.subject.as_deref()).collect();
    let unnamed = page.quarantined.iter().any(|bad| bad.subject.is_none());
    let (mut gone, mut unread) = (RoaringBitmap::new(), RoaringBitmap::new());
    for account in asked {
        let Some(row) = pass.base.account_row(*account) else { continue };
        match (found.contains(row.id), unnamed || quarantined.contains(row.id)) {
            (true, _) => {}
            (false, true) => drop(unread.insert(*account)),
            (false, false) => drop(gone.insert(*account)),
        }
    }
    Ok(Some(Answer { found: page.records, gone, unread, asked_at: page.asked_at }))
}

/// Asks by id for each group that is missing from a proven list, likewise.
pub(super) async fn confirm_groups(pass: &Pass, part: &WalkedPart) -> Result<Option<String>, Ended> {
    let Some(number) = pass.base.directory(part.directory.as_str()) else { return Ok(None) };
    let there = |group: &Ordinal| {
        pass.base.group_row(*group).is_some_and(|row| row.directory == Some(number) && row.group.is_some())
    };
    // What was sealed beside this pass since it began is not its to miss.
    let present: RoaringBitmap = (0..pass.references.groups).filter(there).collect();
    if unproven(&pass.chain(&part.groups_chain()).await).is_some() {
        pass.unanswered(&RoaringBitmap::new(), &present);
        return Ok(None);
    }
    let missing = {
        let recorder = pass.recorder.lock().await;
        let walked = recorder.seen.parts.iter().find(|walked| walked.directory == part.directory);
        walked.map_or_else(|| present.clone(), |walked| (&present - &walked.listed_groups) - &walked.gone_groups)
    };
    let (asking, held) = hold_back(pass, (Rule::GroupsMissing, part), (missing, present.len()));
    let mut unanswered = RoaringBitmap::new();
    for asked in asking.iter().collect::<Vec<Ordinal>>().chunks(groups::GROUP_IDS_AT_ONCE) {
        let id = |group: &Ordinal| pass.base.group_row(*group).map(|row| row.id.to_string());
        let ids: Vec<String> = asked.iter().filter_map(id).collect();
        let page = match groups::by_ids(&pass.client, &part.scope, Class::Pass, &ids).await {
            Ok(page) => page,
            Err(error) => {
                let reason = unread_unless_ended(pass, error).await?;
                pass.note(NoteKind::Gap, ids.join(", "), reason).await;
                unanswered.extend(asked.iter().copied());
                continue;
            }
        };
        let _busy = pass.clock.busy();
        let mut gone = RoaringBitmap::new();
        let mut found = Vec::new();
        for group in asked {
            match page.records.iter().find(|wire| Some(&wire.id) == id(group).as_ref()) {
                Some(wire) => {
                    let (definition, counts) = map::group(wire);
                    found.push((*group, definition, counts));
                }
                None if page.quarantined.is_empty() => {
                    gone.insert(*group);
                }
                None => drop(unanswered.insert(*group)),
            }
        }
        let listed = found.iter().map(|(group, ..)| *group).collect();
        let directory = part.directory.clone();
        let residues = vec![
            Residue::Groups { directory: directory.clone(), listed, groups: found },
            Residue::GoneGroups { directory, groups: gone },
        ];
        pass.record(None, residues).await?;
    }
    pass.unanswered(&RoaringBitmap::new(), &unanswered);
    let unanswered = unanswered.len();
    Ok(held.or((unanswered > 0)
        .then(|| format!("{unanswered} missing groups could not be asked for; none was taken for gone."))))
}
