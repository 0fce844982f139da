//! Makes the plan that follows from what a feed says, whenever people, accounts, groups or what was agreed on have changed.
//! It looks at what is stored alone, so that a moment at which nothing ran is caught up with, and makes no plan twice.

use std::collections::BTreeSet;

use directory::act::{Change, Invitation};
use directory::{OUTSIDE, Ordinal, Snapshot, Status};
use jiff::SignedDuration;

use crate::feeds::accounts::difference::Difference;
use crate::feeds::accounts::{gather, link};
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::Feed;
use crate::nouns::feed_account::{AccessMode, LeftAlone, NewFeedPlan, Step, StepKind, Who};
use crate::operations::fed::{self, Asked, Planned};
use crate::operations::plan::NotPlanned;
use crate::store::error::StoreError;
use crate::store::{feed_agreed, feed_mappings, feed_plans, feed_runs, feeds};
use crate::sync::pass::Surroundings;

/// On older data nobody is acted on (rulings, Everywhere).
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(26);
/// So many are invited by one plan: each is looked for among all accounts.
const MOST_INVITED: usize = 500;
/// In this order steps of one person are taken.
const ORDER: [StepKind; 4] = [StepKind::Restore, StepKind::Remove, StepKind::Add, StepKind::Suspend];

/// Looks at one feed when it is due; whether there is a plan more.
pub(super) async fn once(mirror: &Mirror, feed: &Feed, surroundings: &Surroundings) -> Result<bool, StoreError> {
    let (number, now) = (feed.number, surroundings.clock.now());
    let read = mirror.store().read(move |tx| {
        let access = feed_mappings::access(tx, number)?;
        if access.settings.mode == AccessMode::Off {
            return Ok(None);
        }
        let open = feed_plans::newest(tx, number)?.filter(|plan| !plan.settled);
        let feed = feeds::find(tx, number)?;
        Ok(feed.map(|feed| (access, feed, open)))
    });
    let Some((access, feed, open)) = read.await? else { return Ok(false) };
    // While one is carried out, what it will have done is not known.
    if open.is_some_and(|plan| !plan.state.awaits_approval()) {
        return Ok(false);
    }
    let generation = mirror.current().generation();
    // What stood against a plan may be gone without anything having been read since.
    let again = access.why.is_some() && access.looked_at.is_some_and(|(.., at)| now.duration_since(at) >= link::PAUSE);
    if generation == 0 || !(again || link::is_due(access.looked_at, (feed.version, generation), now)) {
        return Ok(false);
    }
    let snapshot = mirror.newest().await?;
    let age = snapshot.people_read_at().map(|at| now.duration_since(at));
    if age.is_none_or(|age| age > STALE_AFTER) {
        let why = "The last sync of people is older than 26 hours. Run Sync first.";
        return looked(mirror, &feed, (&snapshot, Vec::new(), Some(why.to_owned())), surroundings).await;
    }
    let known = snapshot.clone();
    let read = mirror.store().read(move |tx| {
        let difference = gather::difference(tx, number, &known)?;
        let newest = gather::newest(tx, number)?;
        let run = match &feed.applied_run {
            Some(run) => feed_runs::find(tx, run)?.map(|run| run.number),
            None => None,
        };
        Ok((difference, newest, run, feed))
    });
    let (mut difference, (place, last), run, feed) = read.await?;
    let agreements = std::mem::take(&mut difference.agreements);
    if !agreements.is_empty() {
        mirror.store().write(move |tx| feed_agreed::keep(tx, number, &agreements, now)).await?;
    }
    let changes = changes(&mut difference, &snapshot);
    let left: Vec<(LeftAlone, u64)> = difference.left_alone.into_iter().collect();
    let asked = Asked {
        by: format!("feed {}", feed.name),
        plan: NewFeedPlan {
            feed: number,
            place: place + 1,
            run,
            digest: last.unwrap_or_default(),
            by_itself: access.settings.mode == AccessMode::Automatic,
        },
        changes,
        waits: "Plans of this feed wait for a person.".to_owned(),
    };
    let context = Context { actor: Actor::System, now };
    let (planned, why) = match fed::plan(&context, mirror, (asked, &snapshot), &surroundings.entropy).await {
        Ok(planned) => (planned, None),
        Err(NotPlanned::Store(error)) => return Err(error),
        Err(why) => {
            let refusal = why.refusal();
            (Planned::Nothing, Some(format!("{} {}", refusal.why, refusal.next)))
        }
    };
    if planned == Planned::Overtaken {
        return Ok(false);
    }
    looked(mirror, &feed, (&snapshot, left, why), surroundings).await?;
    Ok(matches!(planned, Planned::Kept(_)))
}

async fn looked(
    mirror: &Mirror,
    feed: &Feed,
    (snapshot, left, why): (&Snapshot, Vec<(LeftAlone, u64)>, Option<String>),
    surroundings: &Surroundings,
) -> Result<bool, StoreError> {
    let (number, seen) = (feed.number, (feed.version, snapshot.generation(), surroundings.clock.now()));
    mirror.store().write(move |tx| feed_mappings::set_looked(tx, number, seen, (&left, why.as_deref()))).await?;
    Ok(false)
}

/// What steps send: those of one person together, in the order in which they are to be done; invitations last.
fn changes(difference: &mut Difference, snapshot: &Snapshot) -> Vec<(Change, Step)> {
    let mut of_people: Vec<(Ordinal, u8, Change, Step)> = Vec::new();
    let mut of_nobody: Vec<(Change, Step)> = Vec::new();
    let mut invited: BTreeSet<String> = BTreeSet::new();
    for step in std::mem::take(&mut difference.steps) {
        let (account, address) = match &step.who {
            Who::Account(id) => (snapshot.account(id.as_str()), String::new()),
            Who::Person(person) => difference.reached.get(person).cloned().unwrap_or_default(),
        };
        if step.kind == StepKind::Invite {
            if invited.contains(&address) {
                difference.leave(LeftAlone::Unclear);
            } else if invited.len() == MOST_INVITED {
                difference.leave(LeftAlone::NextPlan);
            } else {
                let changes = invitations(&step, &address, snapshot);
                of_nobody.extend(changes.into_iter().map(|change| (change, step.clone())));
                invited.insert(address);
            }
            continue;
        }
        let Some(account) = account else { continue };
        let changes = of_account(&step, account, snapshot);
        let order = ORDER.iter().position(|kind| *kind == step.kind).unwrap_or_default() as u8;
        of_people.extend(changes.into_iter().map(|change| (account, order, change, step.clone())));
    }
    of_people.sort();
    let of_people = of_people.into_iter().map(|(_, _, change, step)| (change, step));
    of_people.chain(of_nobody).collect()
}

/// What one step changes of an account.
fn of_account(step: &Step, account: Ordinal, snapshot: &Snapshot) -> Vec<Change> {
    let groups = || step.groups.iter().filter_map(|group| snapshot.group(group.as_str()));
    let in_status = |wanted: Status| {
        let inside = (0..).zip(snapshot.directories()).filter(|(_, directory)| directory.id.as_str() != OUTSIDE);
        let stands = |directory: &Ordinal| {
            let presence = snapshot.presence(*directory, account);
            presence.and_then(|presence| presence.status.as_ref()) == Some(&wanted)
        };
        inside.map(|(directory, _)| directory).filter(stands).collect::<Vec<Ordinal>>().into_iter()
    };
    match step.kind {
        StepKind::Restore => {
            in_status(Status::Suspended).map(|directory| Change::Restore { account, directory }).collect()
        }
        StepKind::Remove => groups().map(|group| Change::RemoveFromGroup { account, group }).collect(),
        StepKind::Add => groups().map(|group| Change::AddToGroup { account, group }).collect(),
        StepKind::Suspend => {
            in_status(Status::Active).map(|directory| Change::Suspend { account, directory }).collect()
        }
        StepKind::Invite => Vec::new(),
    }
}

/// One invitation for each directory of the groups.
fn invitations(step: &Step, address: &str, snapshot: &Snapshot) -> Vec<Change> {
    let groups: Vec<(Ordinal, Ordinal)> = step
        .groups
        .iter()
        .filter_map(|group| {
            let group = snapshot.group(group.as_str())?;
            Some((snapshot.group_row(group)?.directory?, group))
        })
        .collect();
    let directories: BTreeSet<Ordinal> = groups.iter().map(|(directory, _)| *directory).collect();
    let of = |directory: Ordinal| {
        let inside = groups.iter().filter(|(of, _)| *of == directory).map(|(_, group)| *group).collect();
        Change::Invite { directory, invitation: Invitation::new(address, inside) }
    };
    directories.into_iter().map(of).collect()
}
