//! Seals a generation: the delta, its history, its claims, what was withheld, the run's end and one event, in one
//! transaction; then the next snapshot is in force. Either all of it happens or none.

use std::sync::Arc;

use directory::{
    AccountId, Awaited, ClaimState, Claims, Counts, Delta, Noun, Part, Permitted, ReadAgain, Rule, Seen, Snapshot,
    Thresholds, Withheld, diff, guard,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

use crate::id::{Entropy, WithheldId};
use crate::mirror::{Mirror, trends};
use crate::nouns::change_list::ChangeList;
use crate::nouns::context::Actor;
use crate::nouns::event::NewEvent;
use crate::nouns::job::Lease;
use crate::nouns::notice::{Notice, SyncCounts, What};
use crate::nouns::run::Totals;
use crate::nouns::scope::Scope;
use crate::nouns::withheld::{Closed, WithheldRows, WithheldState};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{accounts, changes, coverage, events, groups, head, jobs, observed, outbox, runs, withheld};

/// What is sealed with what a run has seen.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The lease of the run's job.
    pub lease: Lease,
    /// The snapshot of the generation that this one follows.
    pub onto: Arc<Snapshot>,
    /// What the run was asked for.
    pub scope: Scope,
    /// Differences of groups' counts that a reading of the group has explained, by group id.
    pub offsets: Vec<(directory::GroupId, i64)>,
    /// What the reading itself has kept back, and what it could not learn.
    pub review: Review,
    /// From how many rows on a guard stops.
    pub thresholds: Thresholds,
    /// What a person has approved.
    pub permitted: Permitted,
    /// Chance, for the event and ids.
    pub entropy: Entropy,
    /// The moment.
    pub now: Timestamp,
}

/// What a reading hands on beside what it has seen.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// Rows that are missing and so many that nobody was asked for them.
    pub withheld: Vec<Withheld>,
    /// People of whom it was not learned whether they are there.
    pub unanswered_accounts: RoaringBitmap,
    /// Groups of which it was not learned what they are.
    pub unanswered_groups: RoaringBitmap,
    /// People read by id beside those the scope names: members that nobody knew.
    pub also_read: Vec<AccountId>,
}

/// How a seal ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Sealed {
    /// The generation is in force.
    Done {
        /// Its number.
        generation: u64,
        /// What changed.
        counts: Counts,
        /// Accounts that were asked for and of which nothing was learned: of them it says nothing new.
        unread: RoaringBitmap,
    },
    /// The lease was lost: nothing was written.
    LeaseLost,
    /// Another generation was sealed first: nothing was written, and what was seen comes back.
    Overtaken(Box<Seen>),
}

impl Mirror {
    /// Seals what a run has seen, as the next generation.
    pub async fn seal(&self, seen: Seen, sealing: Sealing) -> Result<Sealed, StoreError> {
        let _moving = self.0.moving.lock().await;
        let zone = self.zone();
        let (sealed, next) = self.store().write(move |tx| seal(tx, seen, (sealing, &zone))).await?;
        if let Some(next) = next {
            self.put(Arc::new(next), self.marks()).await;
        }
        Ok(sealed)
    }
}

fn seal(
    tx: &mut Tx,
    seen: Seen,
    (sealing, zone): (Sealing, &TimeZone),
) -> Result<(Sealed, Option<Snapshot>), StoreError> {
    if !jobs::is_held(tx, &sealing.lease)? {
        return Ok((Sealed::LeaseLost, None));
    }
    let newest = &*sealing.onto;
    if head::read(tx)?.generation != newest.generation() {
        return Ok((Sealed::Overtaken(Box::new(seen)), None));
    }
    let mut delta = diff(newest, seen, sealing.now);
    // What was read, before rows that are withheld weaken it: those of other rules and groups were looked at anew.
    let read = delta.claims.clone();
    let mut kept_back = sealing.review.withheld.clone();
    let awaited = awaited(tx, &sealing.scope)?;
    kept_back.extend(guard(newest, &mut delta, &sealing.thresholds, (&sealing.permitted, &awaited)));
    delta.read_again = read_again(&sealing, &delta);
    let (counts, gaps) = (delta.counts(), delta.claims.gaps().count());
    let (text, run) = (runs::counts_text(&counts), &sealing.lease.run);
    accounts::write(tx, &delta, |account| newest.activity().of(account))?;
    groups::write(tx, &delta, newest.directories().len(), newest.resources().len())?;
    changes::insert(tx, &ChangeList::of(&delta))?;
    coverage::seal(tx, delta.generation, sealing.now, run, (&delta.claims, &text))?;
    let next = newest.apply(&delta);
    trends::remember(tx, &next, zone)?;
    let withheld_rows: u64 = kept_back.iter().map(|withheld| withheld.rows.len()).sum();
    let outcome = runs::Outcome {
        generation: delta.generation,
        counts,
        totals: Totals { before: newest.amounts(), after: next.amounts() },
        withheld_rows,
    };
    runs::seal(tx, run, sealing.now, &outcome)?;
    settle_permits(tx, &sealing)?;
    replace_withheld(tx, &sealing, (&read, &kept_back))?;
    settle_gone_groups(tx, &sealing, &next)?;
    for withheld in &kept_back {
        withheld::insert(tx, (&WithheldId::new(&sealing.entropy, sealing.now), run), sealing.now, withheld)?;
    }
    if let Some(read) = &delta.read_again {
        observed::insert(tx, delta.generation, read)?;
    }
    let event = NewEvent {
        at: sealing.now,
        actor: Actor::System.as_subject(),
        kind: "sync.sealed",
        subject: run.to_string(),
        detail: format!(
            r#"{{"generation":{},"gaps":{gaps},"withheld":{withheld_rows},"changed":{text}}}"#,
            delta.generation
        ),
        personal: String::new(),
    };
    events::append(tx, &event, &sealing.entropy.bytes())?;
    if sealing.scope.holds_place() {
        let changed = SyncCounts {
            added: counts.people_added,
            removed: counts.people_gone,
            changed: counts.people_changed + counts.presence_changed,
        };
        let what = What::SyncSealed {
            run: run.clone(),
            generation: delta.generation,
            gaps: gaps as u64,
            withheld: withheld_rows,
            changed,
        };
        outbox::put(tx, &Notice { at: sealing.now, what }, &sealing.entropy)?;
    }
    jobs::finish(tx, &sealing.lease)?;
    head::advance(tx, delta.generation)?;
    let offsets: Vec<_> =
        sealing.offsets.iter().filter_map(|(id, offset)| Some((next.group(id.as_str())?, *offset))).collect();
    groups::write_known_offsets(tx, &offsets)?;
    let unread = sealing.review.unanswered_accounts.clone();
    Ok((Sealed::Done { generation: delta.generation, counts, unread }, Some(next)))
}

/// What waits for a person while a targeted read is sealed. A run over whole nouns judges everything anew.
fn awaited(tx: &mut Tx, scope: &Scope) -> Result<Awaited, StoreError> {
    let mut awaited = Awaited::default();
    if !scope.holds_place() {
        for kept in withheld::open(tx)? {
            *awaited.0.entry((kept.withheld.rule, kept.withheld.part)).or_default() |= kept.open;
        }
    }
    Ok(awaited)
}

/// Approved rows of which the run has learned how they are wait for nobody any more.
fn settle_permits(tx: &mut Tx, sealing: &Sealing) -> Result<(), StoreError> {
    let run = &sealing.lease.run;
    for permit in withheld::permits(tx, run)? {
        let Some(kept) = withheld::find(tx, &permit.withheld)?.filter(|kept| kept.state == WithheldState::Open) else {
            continue;
        };
        let settled = permit.rows - unanswered(&kept, sealing);
        let open = &kept.open - settled;
        withheld::set_open(tx, &kept.id, &open)?;
        if open.is_empty() {
            let by = runs::find(tx, run)?.map_or_else(|| Actor::System.as_text(), |run| run.asked_by);
            let closed = Closed { by, at: sealing.now, reason: String::new() };
            withheld::close(tx, &kept.id, WithheldState::Settled, &closed)?;
        }
    }
    Ok(())
}

fn unanswered(kept: &WithheldRows, sealing: &Sealing) -> RoaringBitmap {
    let review = &sealing.review;
    match (&kept.withheld.part, kept.withheld.rule) {
        (Part::Group(id), Rule::MembersMissing) => match sealing.onto.group(id.as_str()) {
            Some(group) if !review.unanswered_groups.contains(group) => RoaringBitmap::new(),
            _ => kept.withheld.rows.clone(),
        },
        (_, rule) if rule.rows_are_groups() => review.unanswered_groups.clone(),
        _ => review.unanswered_accounts.clone(),
    }
}

/// What an earlier run withheld gives way to what this one has found out about the same rule and part.
fn replace_withheld(
    tx: &mut Tx,
    sealing: &Sealing,
    (claims, kept_back): (&Claims, &[Withheld]),
) -> Result<(), StoreError> {
    if !sealing.scope.holds_place() {
        return Ok(());
    }
    for earlier in withheld::open(tx)? {
        let (rule, part) = (earlier.withheld.rule, &earlier.withheld.part);
        // Who is missing is told by a list that was read to its end, so its other rules were looked at as well.
        let told = |withheld: &Withheld| withheld.rule == rule || withheld.rule == Rule::PeopleMissing;
        let again = kept_back
            .iter()
            .any(|withheld| withheld.rule.noun() == rule.noun() && told(withheld) && withheld.part == *part);
        if again || was_read(claims, &sealing.onto, (rule.noun(), part)) {
            let closed = Closed { by: Actor::System.as_text(), at: sealing.now, reason: String::new() };
            withheld::close(tx, &earlier.id, WithheldState::Replaced, &closed)?;
        }
    }
    Ok(())
}

/// Members of a group that is gone wait for nobody: there is nothing left that they could be in.
fn settle_gone_groups(tx: &mut Tx, sealing: &Sealing, next: &Snapshot) -> Result<(), StoreError> {
    for earlier in withheld::open(tx)? {
        let Part::Group(id) = &earlier.withheld.part else { continue };
        let row = next.group(id.as_str()).and_then(|group| next.group_row(group));
        if row.is_some_and(|row| row.group.is_none()) {
            let closed = Closed { by: Actor::System.as_text(), at: sealing.now, reason: String::new() };
            withheld::close(tx, &earlier.id, WithheldState::Settled, &closed)?;
        }
    }
    Ok(())
}

/// Whether this generation claims a noun completely in the part.
fn was_read(claims: &Claims, snapshot: &Snapshot, (noun, part): (Noun, &Part)) -> bool {
    let complete = |part: &Part| claims.find(noun, part).is_some_and(|claim| claim.state == ClaimState::Complete);
    match part {
        Part::Group(id) => {
            let row = snapshot.group(id.as_str()).and_then(|group| snapshot.group_row(group));
            let home = row.and_then(|row| snapshot.directories().get(row.directory? as usize));
            complete(part) || home.is_some_and(|home| complete(&Part::Directory(home.id.clone())))
        }
        Part::Whole => {
            let mut of_noun = claims.0.iter().filter(|claim| claim.noun == noun).peekable();
            of_noun.peek().is_some() && of_noun.all(|claim| claim.state == ClaimState::Complete)
        }
        _ => complete(part),
    }
}

/// What a targeted read has observed, for ages, and so that a pass beside it looks at it again before its own seal.
fn read_again(sealing: &Sealing, delta: &Delta) -> Option<ReadAgain> {
    let Scope::Targeted(targets) = &sealing.scope else { return None };
    let named = delta.claims.0.iter().filter(|claim| claim.part == Part::Named);
    let people = targets.people.iter().chain(&sealing.review.also_read);
    // A pass that is taken up again compares with this generation, and would not see who joined or left by it.
    let moved = delta.memberships_added.iter().chain(&delta.memberships_removed);
    Some(ReadAgain {
        at: named.map(|claim| claim.asked_to).max().unwrap_or(sealing.now),
        accounts: people.filter_map(|id| delta.account(&sealing.onto, id)).collect(),
        groups: targets.groups.iter().filter_map(|id| delta.group(&sealing.onto, id)).collect(),
        moved: moved.map(|(account, _)| *account).collect(),
    })
}
