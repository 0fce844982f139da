//! One full pass, end to end: prepare, walk, confirm, seal. It can be cut anywhere; taken up again it goes on where it
//! stood and ends as if nothing had happened.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use atlassian::client::Client;
use clock::Clock;
use directory::{AccountId, Noun, NounSet, Permitted, References, Seen, Snapshot, Thresholds, Withheld};
use roaring::RoaringBitmap;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinSet;

use crate::id::{Entropy, RunId};
use crate::mirror::Mirror;
use crate::mirror::seal::{Review, Sealed, Sealing};
use crate::nouns::job::Lease;
use crate::nouns::residue::Residue;
use crate::nouns::run::{NoteKind, Phase, RunKind};
use crate::nouns::scope::Scope;
use crate::store::db::Store;
use crate::store::passes::{Chain, ChainState};
use crate::store::quota;
use crate::sync::connect::Connector;
use crate::sync::ended::Ended;
use crate::sync::names::Names;
use crate::sync::prepare::prepare;
use crate::sync::recorder::Recorder;
use crate::sync::taken::{Taken, drop_residues};
use crate::sync::walk::{self, WalkedPart};
use crate::sync::{chosen, confirm, customers, explain, ours, overtaken, targeted};

/// How often a seal looks again because a targeted read was sealed meanwhile.
const OVERTAKEN: usize = 5;
/// How often a pass gives a sign of life when no page does.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A pass under way.
#[derive(Debug)]
pub struct Pass {
    /// The client, made for this pass.
    pub client: Client,
    /// Time.
    pub clock: Clock,
    /// The snapshot it started from.
    pub base: Arc<Snapshot>,
    /// Up to where references are ordinals of `base`, which may be newer than where the pass began.
    pub references: References,
    /// References.
    pub names: Mutex<Names>,
    /// What was seen, and its way into the database.
    pub recorder: Mutex<Recorder>,
    /// Atlassian's id of the organization.
    pub organization: String,
    /// Why it was started.
    pub kind: RunKind,
    /// What the run was asked for.
    pub scope: Scope,
    /// What its walks are about.
    pub nouns: NounSet,
    /// From how many rows on a guard stops.
    pub thresholds: Thresholds,
    /// What a person has approved.
    pub permitted: Permitted,
    /// The generation it began from: what was sealed since then was not seen by its first pages.
    base_generation: u64,
    review: std::sync::Mutex<Review>,
    mirror: Mirror,
    lease: Lease,
    earlier_requests: u64,
    earlier_waited: Duration,
    floor: std::sync::Mutex<Floor>,
    /// The limits that this pass has kept already: endpoint, requests, length of the window in microseconds.
    limits_kept: Mutex<Vec<(String, u32, i64)>>,
}

/// How many requests the plan needs at the least (reference, section 9, plan B).
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    lists: u64,
    grants: u64,
    direct: u64,
    named: u64,
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
    carry_out_beside(mirror, lease, (client, None), surroundings).await
}

/// The same, and reads the sites beside the organization, in runs to which that belongs.
///
/// # Errors
/// Likewise; a site that cannot be read ends nothing.
pub async fn carry_out_with_sites(
    mirror: &Mirror,
    lease: &Lease,
    (client, connector): (Client, &Connector),
    surroundings: &Surroundings,
) -> Result<Sealed, Ended> {
    carry_out_beside(mirror, lease, (client, Some(connector)), surroundings).await
}

async fn carry_out_beside(
    mirror: &Mirror,
    lease: &Lease,
    (client, sites): (Client, Option<&Connector>),
    surroundings: &Surroundings,
) -> Result<Sealed, Ended> {
    let pass = Arc::new(Pass::take_up(mirror, lease, client, surroundings).await?);
    let sites = sites.filter(|_| customers::belong_to(pass.kind, &pass.scope));
    let (stop, stopped) = oneshot::channel();
    let heartbeat = tokio::spawn(beat(pass.clone(), stopped));
    // On the heap: nested futures of this size would fill a thread's stack.
    let read = Box::pin(read_with_sites(&pass, sites)).await;
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
    let sealed = Box::pin(seal(pass, surroundings)).await?;
    if matches!(sealed, Sealed::Done { .. }) {
        drop_residues(mirror, &lease.run).await?;
    }
    Ok(sealed)
}

/// Reads the organization, and the sites beside it. When the organization cannot be read on, the sites wait too: their
/// readings go on where they stood.
async fn read_with_sites(pass: &Arc<Pass>, sites: Option<&Connector>) -> Result<(), Ended> {
    let Some(connector) = sites else { return Box::pin(read(pass)).await };
    let beside = customers::read_beside(pass, connector);
    let read = read(pass);
    tokio::pin!(beside, read);
    tokio::select! {
        ended = &mut read => {
            ended?;
            beside.await;
            Ok(())
        }
        () = &mut beside => read.await,
    }
}

async fn read(pass: &Arc<Pass>) -> Result<(), Ended> {
    pass.enter(Phase::Preparing).await?;
    let parts = prepare(pass).await?;
    pass.enter(Phase::Reading).await?;
    walk_lists(pass, &parts).await?;
    match &pass.scope {
        Scope::Targeted(targets) => targeted::read(pass, &parts, targets).await,
        scope => {
            chosen::read_members(pass, &parts, scope.chosen_groups()).await?;
            pass.enter(Phase::Confirming).await?;
            confirm::confirm(pass, &parts).await
        }
    }
}

/// Walks the users and groups of every part side by side, as far as the run is about them.
async fn walk_lists(pass: &Arc<Pass>, parts: &[WalkedPart]) -> Result<(), Ended> {
    let mut walks = JoinSet::new();
    for part in parts {
        let (users, groups, part) = (pass.clone(), pass.clone(), part.clone());
        if !part.is_outside() && pass.walks_groups() {
            let part = part.clone();
            walks.spawn(async move { walk::walk_groups(&groups, &part).await });
        }
        if pass.walks_users_of(&part) {
            walks.spawn(async move { walk::walk_users(&users, &part).await });
        }
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
    ended
}

/// Seals what was seen. What targeted reads have sealed beside a pass is looked at again first, and again when one more
/// was faster; a targeted read that was overtaken is done anew.
async fn seal(pass: Arc<Pass>, surroundings: &Surroundings) -> Result<Sealed, Ended> {
    pass.enter(Phase::Sealing).await?;
    let mut known = pass.base_generation;
    for _ in 0..OVERTAKEN {
        let newest = pass.mirror.newest().await?;
        if newest.generation() != known {
            if !pass.scope.holds_place() {
                break;
            }
            overtaken::look_again(&pass, &newest).await?;
            known = newest.generation();
        }
        pass.keep_all().await?;
        let _busy = pass.clock.busy();
        let mut recorder = pass.recorder.lock().await;
        let offsets = confirm::explained_offsets(&pass.base, &recorder.seen, &*pass.names.lock().await);
        let seen = std::mem::replace(&mut recorder.seen, Seen::new(0, 0));
        drop(recorder);
        let (known_now, mut permitted) = (newest.clone(), pass.permitted.clone());
        let now = pass.clock.now();
        // Operations may have begun since the run did.
        let permitted = pass.mirror.store().read(move |tx| {
            ours::permit(tx, &known_now, now, &mut permitted)?;
            Ok(permitted)
        });
        let permitted = permitted.await?;
        let sealing = Sealing {
            lease: pass.lease.clone(),
            onto: newest,
            scope: pass.scope.clone(),
            offsets,
            review: pass.review.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            thresholds: pass.thresholds,
            permitted,
            entropy: surroundings.entropy.clone(),
            now: pass.clock.now(),
        };
        match pass.mirror.seal(seen, sealing).await? {
            Sealed::Overtaken(seen) => pass.recorder.lock().await.seen = *seen,
            sealed => return Ok(sealed),
        }
    }
    Err(Ended::PausedFor {
        wait: Duration::from_secs(1),
        reason: "Another read was sealed at the same moment; this one looks again.".to_owned(),
    })
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
        let (held, base) = (lease.clone(), newest.clone());
        let taken = mirror.store().write(move |tx| Taken::up(tx, &held, &newest, now)).await?;
        let Some(Taken { run, begun, seen, chains, thresholds, permitted }) = taken else {
            return Err(Ended::LeaseLost);
        };
        let names = Names::new(&base, &seen);
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
            base_generation: begun.generation,
            references: References { groups: begun.groups, resources: begun.resources },
            names: Mutex::new(names),
            recorder: Mutex::new(recorder),
            organization: mirror.organization().atlassian_id.clone(),
            nouns: run.scope.nouns(),
            kind: run.kind,
            scope: run.scope,
            thresholds,
            permitted,
            review: std::sync::Mutex::default(),
            mirror: mirror.clone(),
            lease: lease.clone(),
            earlier_requests: run.progress.requests,
            earlier_waited: run.progress.waited,
            floor: std::sync::Mutex::default(),
            limits_kept: Mutex::default(),
        })
    }

    /// Whether the lists of groups are walked.
    pub fn walks_groups(&self) -> bool {
        self.scope.holds_place() && self.nouns.contains(Noun::Groups)
    }

    /// Whether the list of a part's users is walked.
    pub fn walks_users_of(&self, part: &WalkedPart) -> bool {
        let about_people = [Noun::Accounts, Noun::Presence, Noun::Activity, Noun::PlatformRoles];
        let about_people = about_people.into_iter().any(|noun| self.nouns.contains(noun));
        self.scope.holds_place() && (about_people || self.nouns.contains(Noun::Memberships) && !part.is_outside())
    }

    /// The organization's mirror.
    pub fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    /// The run that it carries out.
    pub fn run(&self) -> &RunId {
        &self.lease.run
    }

    /// The generation it began from.
    pub fn base_generation(&self) -> u64 {
        self.base_generation
    }

    /// The parts of the organization, once its directories are known.
    pub async fn parts(&self) -> Vec<WalkedPart> {
        let directories = self.recorder.lock().await.seen.directories.clone();
        let inside = directories.into_iter().filter(|directory| directory.id.as_str() != directory::OUTSIDE);
        inside
            .map(|directory| WalkedPart::directory(&self.organization, directory.id))
            .chain(WalkedPart::outside(&self.organization))
            .collect()
    }

    /// Notes who was read by id beside those whom the scope names.
    pub fn also_read(&self, people: Vec<AccountId>) {
        self.review.lock().unwrap_or_else(PoisonError::into_inner).also_read.extend(people);
    }

    /// Keeps rows back that are too many.
    pub fn withhold(&self, withheld: Withheld) {
        self.review.lock().unwrap_or_else(PoisonError::into_inner).withheld.push(withheld);
    }

    /// Notes of whom and of what it was not learned whether they are there.
    pub fn unanswered(&self, accounts: &RoaringBitmap, groups: &RoaringBitmap) {
        let mut review = self.review.lock().unwrap_or_else(PoisonError::into_inner);
        review.unanswered_accounts |= accounts;
        review.unanswered_groups |= groups;
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
        let mut recorder = self.recorder.lock().await;
        // Taken under the recorder's lock: names have to be kept in their order, and before whatever refers to them.
        let names = self.names.lock().await.take_pending();
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

    /// Sets what the lists need.
    pub async fn expect_lists(&self, requests: u64) {
        self.floor(|floor| floor.lists = requests).await;
    }

    /// Adds to the plan what is read group by group or person by person.
    pub async fn expect_named(&self, requests: u64) {
        self.floor(|floor| floor.named += requests).await;
    }

    async fn floor(&self, change: impl FnOnce(&mut Floor)) {
        let total = {
            let mut floor = self.floor.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            change(&mut floor);
            floor.lists + floor.grants + floor.direct + floor.named
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
        self.client.clock_skew().and_then(explain::clocks).into_iter().for_each(|differ| {
            recorder.note(NoteKind::Warning, "clock", differ);
        });
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
        // When they were learned is no reason to keep them again.
        let told = |limit: &quota::StoredLimit| (limit.endpoint.clone(), limit.limit, limit.window_microseconds);
        let telling: Vec<_> = limits.iter().map(told).collect();
        let mut kept = self.limits_kept.lock().await;
        if *kept != telling {
            self.mirror.store().write_relaxed(move |tx| quota::write(tx, &limits)).await?;
            *kept = telling;
        }
        Ok(())
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
