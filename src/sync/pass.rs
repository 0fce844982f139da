//! One full pass, end to end: prepare, walk, confirm, seal. It can be cut anywhere; taken up again it goes on where it
//! stood and ends as if nothing had happened.

use std::sync::Arc;
use std::time::Duration;

use atlassian::call::Class;
use atlassian::client::Client;
use atlassian::error::Error;
use atlassian::{directories, groups, organizations, users, workspaces};
use clock::Clock;
use directory::{Directory, DirectoryId, Resource, ResourceId, Seen, Snapshot};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;

use crate::id::{Entropy, RunId};
use crate::mirror::Mirror;
use crate::mirror::seal::{Sealed, Sealing};
use crate::nouns::job::Lease;
use crate::nouns::residue::Residue;
use crate::nouns::run::{NoteKind, Phase};
use crate::store::db::Store;
use crate::store::error::StoreError;
use crate::store::passes::{self, Base, Chain, ChainState};
use crate::store::{jobs, quota, runs};
use crate::sync::confirm;
use crate::sync::ended::Ended;
use crate::sync::names::Names;
use crate::sync::recorder::Recorder;
use crate::sync::walk::{self, WalkedPart};

/// How often a pass gives a sign of life when no page does.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Residues dropped in one transaction after the seal.
const DROPPED_AT_ONCE: u32 = 200;

/// A pass under way.
#[derive(Debug)]
pub struct Pass {
    /// The client, made for this pass.
    pub client: Client,
    /// Time.
    pub clock: Clock,
    /// The snapshot it started from.
    pub base: Arc<Snapshot>,
    /// References.
    pub names: Mutex<Names>,
    /// What was seen, and its way into the database.
    pub recorder: Mutex<Recorder>,
    /// Atlassian's id of the organization.
    pub organization: String,
    mirror: Mirror,
    lease: Lease,
    earlier_requests: u64,
    earlier_waited: Duration,
    floor: std::sync::Mutex<Floor>,
}

/// How many requests the plan needs at the least (reference, section 9, plan B).
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    lists: u64,
    grants: u64,
    direct: u64,
}

/// What a pass needs from its surroundings.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Time.
    pub clock: Clock,
    /// Chance, for events.
    pub entropy: Entropy,
}

/// Carries a leased run out, from wherever it stands to its seal.
///
/// # Errors
/// Why it ended before.
pub async fn carry_out(
    mirror: &Mirror,
    lease: &Lease,
    client: Client,
    surroundings: &Surroundings,
) -> Result<Sealed, Ended> {
    let pass = Arc::new(Pass::take_up(mirror, lease, client, surroundings).await?);
    let (stop, stopped) = oneshot::channel();
    let heartbeat = tokio::spawn(beat(pass.clone(), stopped));
    let read = read(&pass).await;
    // It ends between two beats, never inside one: a batch that is half kept would spoil the recorder. It ends likewise
    // when this future is dropped, so that a pass that nobody carries out any more holds no lease.
    drop(stop);
    if let Err(fault) = heartbeat.await {
        return Err(Ended::Failed(format!("The signs of life broke off: {fault}.")));
    }
    // What was read is kept whatever ended the reading, so that the next attempt starts there.
    let kept = pass.keep_all().await;
    read?;
    kept?;
    let sealed = seal(pass, surroundings).await?;
    if matches!(sealed, Sealed::Done { .. }) {
        drop_residues(mirror, &lease.run).await?;
    }
    Ok(sealed)
}

/// Drops what the pages of an ended run left behind, in batches.
pub async fn drop_residues(mirror: &Mirror, run: &RunId) -> Result<(), StoreError> {
    loop {
        let run = run.clone();
        let done = mirror.store().write_relaxed(move |tx| passes::drop_residues(tx, &run, DROPPED_AT_ONCE)).await?;
        if done {
            return Ok(());
        }
    }
}

async fn read(pass: &Arc<Pass>) -> Result<(), Ended> {
    pass.enter(Phase::Preparing).await?;
    let parts = prepare(pass).await?;
    pass.enter(Phase::Reading).await?;
    let mut walks = JoinSet::new();
    for part in &parts {
        let (users, groups, part) = (pass.clone(), pass.clone(), part.clone());
        if !part.is_outside() {
            let part = part.clone();
            walks.spawn(async move { walk::walk_groups(&groups, &part).await });
        }
        walks.spawn(async move { walk::walk_users(&users, &part).await });
    }
    let mut ended = Ok(());
    while let Some(walked) = walks.join_next().await {
        let walked = walked.unwrap_or_else(|fault| Err(Ended::Failed(format!("A walk broke off: {fault}."))));
        if walked.is_err() && ended.is_ok() {
            ended = walked;
            // The others stop at their next page; what they have is kept.
            pass.recorder.lock().await.stop();
        }
    }
    ended?;
    pass.enter(Phase::Confirming).await?;
    confirm::confirm(pass, &parts).await
}

/// Asks for the organization, its directories and workspaces, and the counts that the chains are held against.
async fn prepare(pass: &Pass) -> Result<Vec<WalkedPart>, Ended> {
    let known = pass.recorder.lock().await.seen.directories.clone();
    let directories = if known.is_empty() { ask_for_directories(pass).await? } else { known };
    let ids = directories.iter().filter(|directory| directory.id.as_str() != directory::OUTSIDE);
    let mut parts: Vec<WalkedPart> =
        ids.map(|directory| WalkedPart::directory(&pass.organization, directory.id.clone())).collect();
    parts.extend(WalkedPart::outside(&pass.organization));
    let mut floor = 3;
    let (mut people, mut groups_expected) = (0, 0);
    for part in &parts {
        let mut chain = pass.chain(&part.users_chain()).await;
        if chain.expected_before.is_none() && chain.pages == 0 {
            let counted = users::count(&pass.client, &part.scope, Class::Pass, &part.filter).await;
            chain.expected_before = usable(pass, counted.map(|counted| counted.value)).await?;
            pass.record(Some(chain.clone()), Vec::new()).await?;
        }
        people += chain.expected_before.unwrap_or(0);
        floor += chain.expected_before.unwrap_or(0).div_ceil(100).max(1);
        if part.is_outside() {
            continue;
        }
        let mut chain = pass.chain(&part.groups_chain()).await;
        if chain.expected_before.is_none() && chain.pages == 0 {
            let counted = groups::count(&pass.client, &part.scope, Class::Pass, &groups::GroupFilter::default()).await;
            chain.expected_before = usable(pass, counted.map(|counted| counted.value)).await?;
            pass.record(Some(chain.clone()), Vec::new()).await?;
        }
        groups_expected += chain.expected_before.unwrap_or(0);
        floor += chain.expected_before.unwrap_or(0).div_ceil(100).max(1);
    }
    pass.floor(|held| held.lists = floor).await;
    let mut recorder = pass.recorder.lock().await;
    recorder.progress.people_expected = Some(people);
    recorder.progress.groups_expected = Some(groups_expected);
    Ok(parts)
}

/// A count is a check: when upstream does not give it, nothing is concluded, and the pass goes on.
pub async fn usable(pass: &Pass, counted: Result<u64, Error>) -> Result<Option<u64>, Ended> {
    match counted {
        Ok(count) => Ok(Some(count)),
        Err(error) => walk::unread_unless_ended(pass, error).await.map(|_| None),
    }
}

async fn ask_for_directories(pass: &Pass) -> Result<Vec<Directory>, Ended> {
    let organization = organizations::one(&pass.client, Class::Pass, &pass.organization).await?;
    if organization.value.id != pass.organization {
        return Err(Ended::Failed(
            "The key answers for another organization than the one that was connected. Replace the key.".to_owned(),
        ));
    }
    let listed = directories::list(&pass.client, Class::Pass, &pass.organization).all().await?;
    let found: Vec<Directory> = (listed.records.iter())
        .filter_map(|directory| {
            let id = DirectoryId::new(&directory.directory_id).ok()?;
            Some(Directory { id, name: directory.name.as_deref().unwrap_or("").into() })
        })
        .collect();
    if found.is_empty() {
        return Err(Ended::Failed(
            "Atlassian lists no directory that this key may read. Make the key as an organization admin.".to_owned(),
        ));
    }
    let listed = workspaces::list(&pass.client, Class::Pass, &pass.organization).all().await;
    let resources = match listed {
        Ok(listed) => listed.records,
        Err(error) => {
            let reason = walk::unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, "workspaces", reason).await;
            Vec::new()
        }
    };
    let resources = (resources.iter())
        .filter_map(|workspace| {
            let attributes = &workspace.attributes;
            Some(Resource {
                id: ResourceId::new(&workspace.id).ok()?,
                name: attributes.name.as_deref().map(Into::into),
                host_url: attributes.host_url.as_deref().map(Into::into),
                status: attributes.status.as_ref().map(|status| status.as_str().into()),
                capacity: attributes.capacity.and_then(|capacity| i64::try_from(capacity).ok()),
            })
        })
        .collect();
    let residues = vec![Residue::Directories(found.clone()), Residue::Resources(resources)];
    pass.record(None, residues).await?;
    Ok(found)
}

async fn seal(pass: Arc<Pass>, surroundings: &Surroundings) -> Result<Sealed, Ended> {
    pass.enter(Phase::Sealing).await?;
    pass.keep_all().await?;
    let _busy = pass.clock.busy();
    let mut recorder = pass.recorder.lock().await;
    let offsets = confirm::explained_offsets(&pass.base, &recorder.seen, &*pass.names.lock().await);
    let seen = std::mem::replace(&mut recorder.seen, Seen::new(0, 0));
    drop(recorder);
    let sealing =
        Sealing { lease: pass.lease.clone(), offsets, salt: surroundings.entropy.bytes(), now: pass.clock.now() };
    Ok(pass.mirror.seal(seen, sealing).await?)
}

async fn beat(pass: Arc<Pass>, mut stopped: oneshot::Receiver<()>) {
    loop {
        tokio::select! {
            _ = &mut stopped => return,
            () = pass.clock.sleep(HEARTBEAT) => {}
        }
        // A lost lease or a failing database shows itself to the walks; here it only ends the signs of life.
        if pass.keep_all().await.is_err() {
            return;
        }
    }
}

impl Pass {
    async fn take_up(
        mirror: &Mirror,
        lease: &Lease,
        client: Client,
        surroundings: &Surroundings,
    ) -> Result<Pass, Ended> {
        let newest = mirror.newest().await?;
        let now = surroundings.clock.now();
        let begun = Base {
            generation: newest.generation(),
            groups: newest.groups_len() as u32,
            resources: newest.resources().len() as u32,
        };
        let (held, base) = (lease.clone(), newest.clone());
        let taken = mirror
            .store()
            .write(move |tx| {
                if !jobs::is_held(tx, &held)? {
                    return Ok(None);
                }
                let Some(run) = runs::find(tx, &held.run)? else { return Ok(None) };
                let mut seen = Seen::new(begun.groups, begun.resources);
                let mut chains = Vec::new();
                match passes::base(tx, &held.run)? {
                    // Nothing else may have been sealed since: references of the residues count from that base.
                    Some(base) if base == begun => {
                        passes::for_each_residue(tx, &held.run, |residue| residue.absorb(&mut seen, &newest))?;
                        chains = passes::chains(tx, &held.run)?;
                        runs::go_on(tx, &held.run)?;
                    }
                    Some(_) => {
                        while !passes::drop_residues(tx, &held.run, DROPPED_AT_ONCE)? {}
                        passes::begin(tx, &held.run, now, begun)?;
                    }
                    None => passes::begin(tx, &held.run, now, begun)?,
                }
                Ok(Some((run, seen, chains)))
            })
            .await?;
        let Some((run, seen, chains)) = taken else { return Err(Ended::LeaseLost) };
        let names = Names::new(&base, &seen.new_groups, &seen.new_resources);
        let mut progress = run.progress;
        progress.people_seen = chains.iter().filter(|chain| chain.name.starts_with("users:")).map(|c| c.seen).sum();
        progress.groups_seen = chains.iter().filter(|chain| chain.name.starts_with("groups:")).map(|c| c.seen).sum();
        let recorder = Recorder::new(
            (mirror.clone(), lease.clone()),
            surroundings.clock.clone(),
            base.clone(),
            (seen, chains),
            progress,
        );
        Ok(Pass {
            client,
            clock: surroundings.clock.clone(),
            base,
            names: Mutex::new(names),
            recorder: Mutex::new(recorder),
            organization: mirror.organization().atlassian_id.clone(),
            mirror: mirror.clone(),
            lease: lease.clone(),
            earlier_requests: run.progress.requests,
            earlier_waited: run.progress.waited,
            floor: std::sync::Mutex::default(),
        })
    }

    /// The organization's database.
    pub fn store(&self) -> &Store {
        self.mirror.store()
    }

    /// A chain as it stands, or a new one.
    pub async fn chain(&self, name: &str) -> Chain {
        let recorder = self.recorder.lock().await;
        recorder.chains.get(name).cloned().unwrap_or_else(|| Chain {
            name: name.to_owned(),
            state: ChainState::Walking,
            next_cursor: None,
            pages: 0,
            seen: 0,
            expected_before: None,
            expected_after: None,
            asked_from: None,
            asked_to: None,
            reason: None,
        })
    }

    /// Takes what a page left behind, and where its chain stands, together; keeps them when a batch is due.
    pub async fn record(&self, chain: Option<Chain>, residues: Vec<Residue>) -> Result<(), Ended> {
        let names = self.names.lock().await.take_pending();
        let mut recorder = self.recorder.lock().await;
        for residue in names.into_iter().chain(residues) {
            recorder.absorb(residue);
        }
        if let Some(chain) = chain {
            recorder.set_chain(chain);
        }
        self.count_requests(&mut recorder);
        Ok(recorder.keep_when_due().await?)
    }

    /// Adds something the run has to say.
    pub async fn note(&self, kind: NoteKind, subject: impl Into<String>, detail: impl Into<String>) {
        self.recorder.lock().await.note(kind, subject, detail);
    }

    /// Adds to the plan what listed groups need.
    pub async fn expect_grants(&self, groups: u64) {
        let read = self.recorder.lock().await.seen.grants.len() as u64;
        self.floor(|floor| floor.grants = read + groups).await;
    }

    /// Adds to the plan what people with direct roles need.
    pub async fn expect_direct(&self, people: u64) {
        let seen = self.recorder.lock().await.seen.direct.len() as u64;
        self.floor(|floor| floor.direct = seen + people).await;
    }

    async fn floor(&self, change: impl FnOnce(&mut Floor)) {
        let total = {
            let mut floor = self.floor.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            change(&mut floor);
            floor.lists + floor.grants + floor.direct
        };
        self.recorder.lock().await.progress.requests_floor = Some(total);
    }

    async fn enter(&self, phase: Phase) -> Result<(), Ended> {
        self.recorder.lock().await.progress.phase = phase;
        self.keep_all().await
    }

    /// Keeps everything taken so far, with the learned limits.
    pub async fn keep_all(&self) -> Result<(), Ended> {
        let _busy = self.clock.busy();
        let mut recorder = self.recorder.lock().await;
        self.count_requests(&mut recorder);
        recorder.keep().await?;
        drop(recorder);
        let limits: Vec<quota::StoredLimit> = (self.client.quota().iter())
            .filter_map(|learned| {
                Some(quota::StoredLimit {
                    endpoint: learned.endpoint.clone(),
                    limit: learned.limit?,
                    window_microseconds: learned.window?.as_micros() as i64,
                    learned_at: learned.learned_at,
                })
            })
            .collect();
        Ok(self.mirror.store().write_relaxed(move |tx| quota::write(tx, &limits)).await?)
    }

    fn count_requests(&self, recorder: &mut Recorder) {
        let sent: u64 = self.client.requests().iter().map(|(_, requests)| requests.sent).sum();
        recorder.progress.requests = self.earlier_requests + sent;
        recorder.progress.waited = self.earlier_waited + self.client.waited();
        recorder.waiting = self.client.waiting().map(|waiting| crate::nouns::run::Waiting {
            until: waiting.until,
            reason: format!("Waiting for Atlassian's limit on {}.", waiting.endpoint),
        });
    }
}
