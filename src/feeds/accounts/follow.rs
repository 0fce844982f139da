//! Sees to what becomes of plans of feeds: one within the thresholds is approved in the name of whoever chose *automatic*, any
//! other waits for a person and says why; and what came of each is kept with the people it was about.

use std::collections::BTreeSet;

use crate::feeds::accounts::difference;
use crate::id::AdministratorId;
use crate::mirror::Mirror;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::Feed;
use crate::nouns::feed_account::{Access, AccessMode, Agreements, FeedPlan, Step, Who};
use crate::nouns::operation::{Approval, OperationState};
use crate::nouns::operation_row::RowState;
use crate::operations::approve::{self, Approving, NotApproved};
use crate::operations::guard;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_agreed, feed_mappings, feed_plans, feed_records, head, operation_rows, operations};
use crate::sync::edition;
use crate::sync::pass::Surroundings;

/// The most rows of a plan.
const ROWS: u32 = 1_000_000;

/// Brings every open plan a step further; whether any moved.
pub(super) async fn once(mirror: &Mirror, all: &[Feed], surroundings: &Surroundings) -> Result<bool, StoreError> {
    let mut moved = false;
    for plan in mirror.store().read(feed_plans::open).await? {
        if plan.state.is_over() {
            settle(mirror, &plan, surroundings).await?;
            moved = true;
        } else if plan.by_itself && plan.state == OperationState::Planned {
            let feed = all.iter().find(|feed| feed.number == plan.feed);
            moved |= go(mirror, (&plan, feed), surroundings).await?;
        }
    }
    Ok(moved)
}

/// Keeps what came of a plan with the people.
async fn settle(mirror: &Mirror, plan: &FeedPlan, surroundings: &Surroundings) -> Result<(), StoreError> {
    let (now, number, feed) = (surroundings.clock.now(), plan.number, plan.feed);
    let settled = move |tx: &mut Tx| {
        // Another node was faster.
        if feed_plans::of_operation(tx, number)?.is_none_or(|plan| plan.settled) {
            return Ok(());
        }
        let decisions = operations::decisions(tx, number)?;
        let rejected = decisions.last().is_some_and(|last| last.verdict == Approval::Rejected);
        let approved = decisions.iter().any(|decision| decision.verdict == Approval::Approved);
        let mut agreements = Agreements::new();
        for (step, rows) in steps_with_rows(tx, number)? {
            // What the plan refused was never asked of anybody.
            if rejected && rows.contains(&RowState::Planned) {
                agreements.extend(difference::declined(&step));
            } else if approved {
                agreements.extend(difference::carried_out(&step, &rows));
            }
        }
        feed_agreed::keep(tx, feed, &agreements, now)?;
        feed_plans::settle(tx, number)?;
        feed_mappings::look_again(tx)?;
        head::touch(tx)
    };
    mirror.store().write(settled).await
}

/// The steps of a plan, each once, with the states of its rows.
fn steps_with_rows(tx: &mut Tx, number: u64) -> Result<Vec<(Step, Vec<RowState>)>, StoreError> {
    let mut steps = feed_plans::steps(tx, number, (0, ROWS))?;
    let mut found: Vec<(Step, Vec<RowState>)> = Vec::new();
    operation_rows::for_each(tx, number, |row| {
        let Some(step) = steps.remove(&row.seq) else { return Ok(()) };
        match found.last_mut().filter(|(known, _)| *known == step) {
            Some((_, states)) => states.push(row.state),
            None => found.push((step, vec![row.state])),
        }
        Ok(())
    })?;
    Ok(found)
}

/// Approves a plan that goes by itself; one that may not waits and says why. Whether it moved.
async fn go(
    mirror: &Mirror,
    (plan, feed): (&FeedPlan, Option<&Feed>),
    surroundings: &Surroundings,
) -> Result<bool, StoreError> {
    let (now, number, of) = (surroundings.clock.now(), plan.number, plan.feed);
    let id = plan.operation.clone();
    let read = mirror.store().read(move |tx| {
        let access = feed_mappings::access(tx, of)?;
        let operation = operations::find(tx, &id)?.map(|(operation, _)| operation);
        let held = if !guard::switch(tx)?.on {
            Some("Actions are off for this organization: Rollcall looks only.")
        } else if head::read(tx)?.stopped {
            Some("Everything is stopped.")
        } else if edition::may_act(tx, now)?.is_err() {
            Some("The edition's grace period is over.")
        } else {
            None
        };
        let sums = sums(tx, number)?;
        Ok((access, operation, held, sums, feed_records::count_in_feed(tx, of)?, guard::read(tx)?.bounds))
    });
    let (access, operation, held, sums, people, bounds) = read.await?;
    let Some(operation) = operation.filter(|operation| operation.state == OperationState::Planned) else {
        return Ok(false);
    };
    if let Some(why) = held {
        return waits(mirror, plan, why).await;
    }
    let limit = bounds.demands(&operation.plan, &mirror.current()).over_limit;
    let over = match limit {
        Some(limit) => {
            Some(format!("It concerns {} people, and one operation may concern {limit}.", operation.plan.people))
        }
        None => over(&access, sums, people),
    };
    if let Some(why) = over {
        return ask(mirror, plan, why).await;
    }
    let name = feed.map_or("", |feed| feed.name.as_str());
    let reason = format!("By the feed {name}, within its thresholds.");
    let approving = Approving { hash: operation.plan.hash, typed: Some(operation.plan.rows), reason };
    let context = Context { actor: chooser(&access), now };
    match approve::approve(&context, mirror, (&plan.operation, approving), &surroundings.entropy).await {
        Ok(()) => Ok(true),
        Err(NotApproved::Store(error)) => Err(error),
        // The plan was made again on newer data; the next look judges that one.
        Err(NotApproved::Changed { .. } | NotApproved::NotWaiting(_) | NotApproved::Unknown) => Ok(false),
        Err(why) => ask(mirror, plan, why.refusal().why).await,
    }
}

/// How many people a plan gives something, and of how many it takes something.
fn sums(tx: &mut Tx, number: u64) -> Result<(u64, u64), StoreError> {
    let (mut giving, mut taking): (BTreeSet<Who>, BTreeSet<Who>) = (BTreeSet::new(), BTreeSet::new());
    for (step, rows) in steps_with_rows(tx, number)? {
        if rows.contains(&RowState::Planned) {
            let people = if step.kind.gives() { &mut giving } else { &mut taking };
            people.insert(step.who);
        }
    }
    Ok((giving.len() as u64, taking.len() as u64))
}

/// Why a plan of so many may not go by itself.
fn over(access: &Access, (giving, taking): (u64, u64), people: u64) -> Option<String> {
    let settings = &access.settings;
    if settings.mode != AccessMode::Automatic {
        Some("Plans of this feed wait for a person.".to_owned())
    } else if settings.taking.is_exceeded(taking, people) {
        let most = settings.taking;
        Some(format!(
            "It takes access from {taking} of {people} people of the feed, more than its threshold of {} people and {} %.",
            most.people, most.percent
        ))
    } else if settings.giving.is_exceeded(giving, people) {
        let most = settings.giving;
        Some(format!(
            "It gives access to {giving} of {people} people of the feed, more than its threshold of {} people and {} %.",
            most.people, most.percent
        ))
    } else {
        None
    }
}

/// Notes what stands against a plan for the time being; it goes by itself once nothing does.
async fn waits(mirror: &Mirror, plan: &FeedPlan, why: &str) -> Result<bool, StoreError> {
    if plan.waits.as_deref() == Some(why) {
        return Ok(false);
    }
    let (number, why) = (plan.number, why.to_owned());
    let noted = move |tx: &mut Tx| {
        feed_plans::set_waits(tx, number, Some(&why))?;
        head::touch(tx)
    };
    mirror.store().write(noted).await?;
    Ok(false)
}

/// Leaves a plan to a person, and says why.
async fn ask(mirror: &Mirror, plan: &FeedPlan, why: String) -> Result<bool, StoreError> {
    let (id, number) = (plan.operation.clone(), plan.number);
    let asked = move |tx: &mut Tx| {
        if operations::standing(tx, &id)?.is_some_and(|(state, ..)| state == OperationState::Planned) {
            operations::set_state(tx, &id, OperationState::Waiting, Some(&why))?;
        }
        feed_plans::ask(tx, number)?;
        head::touch(tx)
    };
    mirror.store().write(asked).await?;
    Ok(true)
}

/// Whoever chose that plans go by themselves, as an actor.
fn chooser(access: &Access) -> Actor {
    let Some((by, subject, _)) = &access.chosen else { return Actor::CommandLine };
    match subject.strip_prefix("administrator ").and_then(AdministratorId::parse) {
        Some(id) => {
            let username = by.strip_prefix("administrator ").unwrap_or(by).to_owned();
            Actor::Administrator { id, username, source: None }
        }
        None => Actor::CommandLine,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nouns::feed::Threshold;
    use crate::nouns::feed_account::AccessSettings;

    #[test]
    fn a_plan_over_either_threshold_says_which() {
        let settings = AccessSettings {
            mode: AccessMode::Automatic,
            giving: Threshold { people: 3, percent: 10 },
            taking: Threshold { people: 2, percent: 5 },
        };
        let access = Access { settings, ..Access::default() };
        assert_eq!(over(&access, (2, 1), 20), None);
        assert!(over(&access, (0, 2), 20).unwrap().contains("takes access from 2 of 20 people"));
        assert!(over(&access, (3, 0), 20).unwrap().contains("gives access to 3 of 20 people"));
        assert_eq!(over(&access, (3, 2), 100), None, "neither is a tenth, nor a twentieth");
    }
}
