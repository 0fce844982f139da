//! *Jira User Syncing*: the switch, its scope, what switching on would do, and how it stands. Switching is a decision that
//! is written at once; what follows from it is a run.

use std::sync::Arc;

use contact::sync::{Conflict, Plan, Skip};
use jiff::Timestamp;
use serde_json::json;

use crate::contacts::people::Sources;
use crate::contacts::scope::{self, Scope};
use crate::contacts::tell::Doing;
use crate::contacts::trouble::NotDone;
use crate::contacts::{follow, runs};
use crate::id::{ContactRunId, Entropy};
use crate::mirror::Mirror;
use crate::nouns::contact::Record;
use crate::nouns::contact_run::{ContactRun, ContactRunKind};
use crate::nouns::context::Context;
use crate::store::error::StoreError;
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;
use crate::store::{contact_identities, contact_records, contact_runs};
use crate::sync::setting;

/// The setting's name.
const NAME: &str = "jira_user_syncing";
/// How many of a kind a preview names.
const NAMED: usize = 200;

/// How the switch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Contacts are nobody's but ours.
    Off,
    /// Switched on; so many of so many steps are done.
    TurningOn(u64, u64),
    /// Contacts follow the accounts.
    On,
    /// Switched off; contacts become regular ones.
    TurningOff,
}

/// How syncing stands.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The switch.
    pub switch: Switch,
    /// Who threw it, and when.
    pub chosen: Option<(String, Timestamp)>,
    /// Whom it takes in.
    pub scope: scope::Chosen,
    /// The newest run that follows or releases.
    pub newest: Option<ContactRun>,
    /// How many contacts an account keeps.
    pub synced: u64,
    /// How many accounts keep one.
    pub accounts: u64,
}

/// What switching on, or running, would do.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// How many of each.
    pub counts: OutlookCounts,
    /// Accounts of which contacts would be made.
    pub creates: Vec<Named>,
    /// Accounts that would be linked, each to its contact.
    pub links: Vec<(Named, Record)>,
    /// What would be in conflict, with the contacts.
    pub conflicts: Vec<(Conflict, Vec<Record>)>,
    /// Accounts that would be left out, and why.
    pub skipped: Vec<(Named, Skip)>,
}

/// How many of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutlookCounts {
    /// Contacts to make.
    pub creates: u64,
    /// Accounts to link.
    pub links: u64,
    /// Accounts that keep their contact no more.
    pub unlinks: u64,
    /// Contacts that stand otherwise afterwards.
    pub changes: u64,
    /// Conflicts.
    pub conflicts: u64,
    /// Accounts left out, by reason.
    pub skipped: Vec<(Skip, u64)>,
    /// Linked accounts that stay as they are.
    pub unchanged: u64,
}

/// An account by id, name and address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub account: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub email: Option<String>,
    /// Whether it is a customer alone.
    pub customer: bool,
}

/// Whether syncing is on.
pub fn is_on(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(settings::find(tx, NAME)?.is_some_and(|setting| setting.value == "on"))
}

/// Who threw the switch, and when; `None` while nobody has.
pub fn chosen(tx: &mut Tx) -> Result<Option<(String, Timestamp)>, StoreError> {
    Ok(settings::find(tx, NAME)?.map(|setting| (setting.changed_by, setting.changed_at)))
}

/// How syncing stands.
pub async fn standing(mirror: &Mirror) -> Result<Standing, StoreError> {
    let read = mirror.store().read(|tx| {
        let setting = settings::find(tx, NAME)?;
        let of_switch = |run: &ContactRun| matches!(run.kind, ContactRunKind::Follow | ContactRunKind::Release);
        let newest = contact_runs::list(tx, i64::MAX, 200)?.into_iter().find(of_switch);
        let open = newest.as_ref().filter(|run| !run.is_over());
        let accounts = contact_identities::count(tx)?;
        let switch = match (setting.as_ref().is_some_and(|setting| setting.value == "on"), open) {
            (true, Some(run)) if accounts == 0 || run.task == FIRST => Switch::TurningOn(run.done, run.total),
            (true, _) => Switch::On,
            (false, Some(run)) if run.kind == ContactRunKind::Release => Switch::TurningOff,
            (false, _) => Switch::Off,
        };
        Ok(Standing {
            switch,
            chosen: setting.map(|setting| (setting.changed_by, setting.changed_at)),
            scope: scope::read(tx)?,
            newest,
            synced: contact_records::count_synced(tx)?,
            accounts,
        })
    });
    read.await
}

/// What a run that switches on is told by.
const FIRST: &str = "switch on";
/// What a run is told by that reads the sites before it follows.
pub const READ_FIRST: &str = "read the sites";

/// Switches syncing on. What follows is a run; doing it again does nothing.
pub async fn switch_on(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), NotDone> {
    if mirror.current().generation() == 0 {
        return Err(NotDone::NotRead);
    }
    turn(context, mirror, entropy, true).await
}

/// Switches syncing off: every synced contact becomes a regular one, and none is removed.
pub async fn switch_off(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<(), NotDone> {
    turn(context, mirror, entropy, false).await
}

async fn turn(context: &Context, mirror: &Mirror, entropy: &Entropy, on: bool) -> Result<(), NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let turned = mirror.store().write(move |tx| {
        if is_on(tx)? == on {
            return Ok(());
        }
        let (ended, begun, event) = match on {
            true => (ContactRunKind::Release, ContactRunKind::Follow, "contact_syncing.switched_on"),
            false => (ContactRunKind::Follow, ContactRunKind::Release, "contact_syncing.switched_off"),
        };
        // What was under way the other way must not come to its end after this.
        for run in contact_runs::open(tx)?.into_iter().filter(|run| run.kind == ended) {
            runs::cancel_within(tx, &doing, run)?;
        }
        let value = if on { "on" } else { "off" }.to_owned();
        let by = doing.context.actor.as_text();
        settings::put(tx, NAME, &Setting { value, changed_by: by, changed_at: doing.context.now })?;
        doing.record(tx, (event, NAME), (json!({}), None))?;
        runs::ask_within(tx, &doing, (begun, if on { FIRST } else { "" })).map(drop)
    });
    Ok(turned.await?)
}

/// Chooses whom syncing takes in. When it is on, a run follows.
pub async fn choose_scope(context: &Context, mirror: &Mirror, scope: Scope, entropy: &Entropy) -> Result<(), NotDone> {
    let lists =
        [&scope.sites_without, &scope.groups_only, &scope.groups_without, &scope.domains_only, &scope.domains_without];
    if lists.iter().any(|list| list.len() > scope::MOST) {
        return Err(NotDone::Invalid(format!("each list has at most {} entries", scope::MOST)));
    }
    let doing = Doing::by_hand(context, entropy);
    let chosen = mirror.store().write(move |tx| {
        if scope::read(tx)?.scope == scope {
            return Ok(());
        }
        setting::choose_within(tx, &doing.context, (scope::NAME, scope.text()), &doing.entropy.bytes())?;
        doing.record(tx, ("contact_syncing.scope_changed", NAME), (json!({}), None))?;
        if is_on(tx)? && !contact_runs::open(tx)?.iter().any(|run| run.kind == ContactRunKind::Follow) {
            runs::ask_within(tx, &doing, (ContactRunKind::Follow, ""))?;
        }
        Ok(())
    });
    Ok(chosen.await?)
}

/// Asks for a run now, which reads the sites that have a token before it follows. One like it that is not over is what it gives
/// instead.
pub async fn run_now(context: &Context, mirror: &Mirror, entropy: &Entropy) -> Result<ContactRunId, NotDone> {
    let doing = Doing::by_hand(context, entropy);
    let asked = mirror.store().write(move |tx| {
        if !is_on(tx)? {
            return Ok(Err(NotDone::Off));
        }
        let alike = |run: &ContactRun| run.kind == ContactRunKind::Follow && run.task == READ_FIRST;
        match contact_runs::open(tx)?.into_iter().find(alike) {
            Some(run) => Ok(Ok(run.id)),
            None => runs::ask_within(tx, &doing, (ContactRunKind::Follow, READ_FIRST)).map(Ok),
        }
    });
    asked.await?
}

/// What a run would do with this scope, or the one in force.
pub async fn outlook(mirror: &Mirror, other: Option<Scope>) -> Result<Outlook, NotDone> {
    if mirror.current().generation() == 0 {
        return Err(NotDone::NotRead);
    }
    let snapshot = mirror.shown();
    let read = mirror.store().read(move |tx| {
        let scope = match other {
            Some(scope) => scope,
            None => scope::read(tx)?.scope,
        };
        let (sources, known) = (Sources::read(tx, Arc::clone(&snapshot))?, follow::Known::read(tx)?);
        let people = sources.people(&scope);
        let plan = contact::sync::plan(&known.contacts, &known.identities, &people);
        told(tx, &plan, &people)
    });
    Ok(read.await?)
}

fn told(tx: &mut Tx, plan: &Plan, people: &[contact::sync::Person<'_>]) -> Result<Outlook, StoreError> {
    let named = |place: usize| {
        let person = &people[place];
        Named {
            account: person.account.to_owned(),
            name: person.name.to_owned(),
            email: person.email.map(str::to_owned),
            customer: person.customer && !person.user,
        }
    };
    let mut skipped: Vec<(Skip, u64)> = Skip::ALL.iter().map(|skip| (*skip, 0)).collect();
    for (_, why) in &plan.skipped {
        if let Some((_, count)) = skipped.iter_mut().find(|(skip, _)| skip == why) {
            *count += 1;
        }
    }
    skipped.retain(|(_, count)| *count > 0);
    let record = |tx: &mut Tx, number: u32| contact_records::of_number(tx, contact::field::Entity::Contact, number);
    let mut links = Vec::new();
    for link in plan.links.iter().take(NAMED) {
        links.extend(record(tx, link.contact)?.map(|record| (named(link.person), record)));
    }
    let mut conflicts = Vec::new();
    for conflict in plan.conflicts.iter().take(NAMED) {
        let mut records = Vec::new();
        for number in conflict.contacts.iter().take(20) {
            records.extend(record(tx, *number)?);
        }
        conflicts.push((conflict.clone(), records));
    }
    Ok(Outlook {
        counts: OutlookCounts {
            creates: plan.creates.len() as u64,
            links: plan.links.len() as u64,
            unlinks: plan.unlinks.len() as u64,
            changes: plan.changes.len() as u64,
            conflicts: plan.conflicts.len() as u64,
            skipped,
            unchanged: plan.unchanged,
        },
        creates: plan
            .creates
            .iter()
            .take(NAMED)
            .filter_map(|create| create.people.first())
            .map(|place| named(*place))
            .collect(),
        links,
        conflicts,
        skipped: plan.skipped.iter().take(NAMED).map(|(place, why)| (named(*place), *why)).collect(),
    })
}
