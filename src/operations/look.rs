//! Reading what an operation is about: exactly its people and groups, as targeted reads that seal their own generations,
//! carried out at once by whoever carries the operation out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use atlassian::client::Client;
use clock::Clock;
use directory::{AccountId, GroupId, Ordinal, Snapshot};
use roaring::RoaringBitmap;

use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::mirror::seal::Sealed;
use crate::nouns::context::{Actor, Context};
use crate::nouns::job::Retry;
use crate::nouns::operation_row::OperationRow;
use crate::nouns::run::{RunKind, RunState};
use crate::nouns::scope::{Scope, Targets};
use crate::store::{head, jobs, runs};
use crate::sync::ended::Ended;
use crate::sync::pass::{self, Surroundings};
use crate::sync::request::{Ask, Asked, start_within};

/// People that one read names: a run's scope stands in every list of runs.
const PEOPLE: usize = 1_000;
/// Groups that one read names.
const GROUPS: usize = 100;
/// How often a read that others overtook is done anew.
const ATTEMPTS: usize = 5;

/// Before whoever Atlassian did not answer for is asked for again.
const AGAIN: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// What a read has found.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    /// The newest generation.
    pub snapshot: Arc<Snapshot>,
    /// Accounts of which nothing was learned: what the snapshot has of them may be old.
    pub unread: RoaringBitmap,
}

/// What a read needs.
#[derive(Clone, Debug)]
pub(super) struct Looking {
    /// The organization.
    pub mirror: Mirror,
    /// The client that effects are sent with, so that all keep one pace.
    pub client: Client,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
}

/// Whom and what rows are about.
pub(super) fn targets<'a>(rows: impl IntoIterator<Item = &'a OperationRow>, snapshot: &Snapshot) -> Targets {
    let (mut people, mut groups): (BTreeSet<Ordinal>, BTreeSet<Ordinal>) = Default::default();
    for row in rows {
        people.insert(row.change.account());
        groups.extend(group(row));
    }
    Targets {
        people: people.into_iter().filter_map(|account| snapshot.account_id(account)).collect(),
        groups: groups.into_iter().filter_map(|group| snapshot.group_row(group).map(|row| row.id.clone())).collect(),
    }
}

/// The group whose members a row changes, or that it deletes.
pub(super) fn group(row: &OperationRow) -> Option<Ordinal> {
    use directory::act::Change::{AddToGroup, DeleteGroup, RemoveFromGroup};
    match &row.change {
        AddToGroup { group, .. } | RemoveFromGroup { group, .. } | DeleteGroup { group, .. } => Some(*group),
        _ => None,
    }
}

impl Looking {
    /// Reads people and groups, and gives the snapshot that has them. Whoever Atlassian did not answer for is asked for
    /// again a few times.
    ///
    /// # Errors
    /// Why they could not be read.
    pub(super) async fn read(&self, targets: Targets) -> Result<Looked, Ended> {
        let mut looked = self.read_all(targets).await?;
        for pause in AGAIN {
            if looked.unread.is_empty() {
                break;
            }
            self.clock.sleep(pause).await;
            let people = looked.unread.iter().filter_map(|account| looked.snapshot.account_id(account)).collect();
            looked = self.read_all(Targets { people, groups: Vec::new() }).await?;
        }
        Ok(looked)
    }

    async fn read_all(&self, targets: Targets) -> Result<Looked, Ended> {
        let mut unread = RoaringBitmap::new();
        let mut people = targets.people.chunks(PEOPLE);
        let mut groups = targets.groups.chunks(GROUPS);
        loop {
            let (people, groups) = (people.next(), groups.next());
            if people.is_none() && groups.is_none() {
                return Ok(Looked { snapshot: self.mirror.newest().await?, unread });
            }
            let people: Vec<AccountId> = people.unwrap_or_default().to_vec();
            let groups: Vec<GroupId> = groups.unwrap_or_default().to_vec();
            unread |= self.read_some(Targets { people, groups }).await?;
        }
    }

    /// Returns of whom nothing was learned.
    async fn read_some(&self, targets: Targets) -> Result<RoaringBitmap, Ended> {
        let surroundings = Surroundings { clock: self.clock.clone(), entropy: self.entropy.clone() };
        let mut last = Ended::LeaseLost;
        for _ in 0..ATTEMPTS {
            let context = Context { actor: Actor::System, now: self.clock.now() };
            let ask = Ask::scoped(RunKind::Operation, Scope::Targeted(targets.clone()));
            let entropy = self.entropy.clone();
            let lease = self.mirror.store().write(move |tx| {
                let Asked::Queued(run) = start_within(tx, &context, ask, (None, &entropy))? else { return Ok(None) };
                jobs::lease_run(tx, &run, context.now)
            });
            let Some(lease) = lease.await? else { continue };
            match Box::pin(pass::carry_out(&self.mirror, &lease, self.client.clone(), &surroundings)).await {
                Ok(Sealed::Done { unread, .. }) => return Ok(unread),
                Ok(_) => {}
                Err(ended) => {
                    let (now, reason) = (self.clock.now(), ended.reason());
                    // Whoever asked is told, and asks anew: nobody else takes this read up.
                    self.mirror
                        .store()
                        .write(move |tx| {
                            if jobs::is_held(tx, &lease)? {
                                runs::end(tx, &lease.run, RunState::Failed, now, &reason)?;
                                jobs::give_up(tx, &lease, Retry::Never, &reason)?;
                                head::touch(tx)?;
                            }
                            Ok(())
                        })
                        .await?;
                    let overtaken = matches!(&ended, Ended::PausedFor { wait, .. } if wait.as_secs() <= 1);
                    if !overtaken {
                        return Err(ended);
                    }
                    last = ended;
                }
            }
        }
        Err(last)
    }
}
