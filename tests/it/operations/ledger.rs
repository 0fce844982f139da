//! The property of the ledger: whatever is planned, killed, lost, throttled or changed by others, nothing is sent that was
//! not approved, nothing on anybody protected, nothing twice, nothing is lost, and the way back leads back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use directory::PlatformRole;
use directory::act::Change;
use rollcall::id::OperationId;
use rollcall::mirror::marks;
use rollcall::nouns::event::Event;
use rollcall::nouns::operation::{Operation, OperationState};
use rollcall::nouns::operation_row::{OperationRow, RowState};
use rollcall::nouns::protection::{Protectee, Reason};
use rollcall::operations::approve::NotApproved;
use rollcall::operations::guard;
use rollcall::operations::plan::NotPlanned;
use rollcall::operations::prepare::{self, Owner};
use rollcall::store::events;
use rollcall::sync::worker::{Worked, work_once};

use super::chance;
use super::facts::{Facts, Named, Others, as_effect, facts, unlike, wanted};
use crate::support::app::{ENGINES, Engine, TestApp, population};

/// How many operations one seed plans.
const OPERATIONS: usize = 3;

struct Case {
    app: TestApp,
    rng: fastrand::Rng,
    /// Engine and seed, for messages.
    what: String,
    protected: BTreeSet<String>,
    carried: usize,
}

/// An operation that was carried out.
struct Carried {
    rows: Vec<OperationRow>,
    /// What stands differently than the plain law says, because it is named so, or others have changed it.
    named: Named,
}

impl Case {
    async fn start(engine: Engine, seed: u64) -> Case {
        let mut rng = fastrand::Rng::with_seed(seed);
        let app = TestApp::start(engine, &population(120, seed)).await;
        app.simulator.set_answers(chance::answers(&mut rng));
        app.sync().await.unwrap();
        let (context, entropy) = (app.context(), app.surroundings.entropy.clone());
        let snapshot = app.now();
        let mut somebody = || snapshot.account_id(rng.u32(..snapshot.accounts_len() as u32)).unwrap();
        let (owner, protected) = (somebody(), [somebody(), somebody()]);
        prepare::choose_key_owner(&context, &app.mirror, &Owner::Account(owner.clone()), &entropy).await.unwrap();
        for person in &protected {
            let protect = (Protectee::Person(person.clone()), Reason::parse("Break glass.").unwrap());
            marks::protect(&context, &app.mirror, protect, &entropy).await.unwrap();
        }
        guard::switch_on(&context, &app.mirror, &entropy).await.unwrap();
        let protected = protected.iter().chain([&owner]).map(ToString::to_string).collect();
        Case { app, rng, what: format!("{engine:?}, seed {seed}"), protected, carried: 0 }
    }

    /// Whom and what no effect may be about.
    fn untouchable(&self) -> BTreeSet<String> {
        let snapshot = self.app.now();
        let admins = snapshot.with_role(&PlatformRole::OrganizationAdmin);
        let admins = admins.iter().map(|account| snapshot.account_id(account).unwrap().to_string());
        let truth = self.app.truth();
        let synced = truth.groups.into_iter().filter(|group| group.synced).map(|group| group.id);
        let apps = truth.users.into_iter().filter(|user| user.account_type == "app").map(|user| user.account_id);
        admins.chain(synced).chain(apps).chain(self.protected.iter().cloned()).collect()
    }

    async fn operation(&mut self) {
        let people = chance::people(&self.app, &mut self.rng);
        let actions = chance::actions(&self.app, &mut self.rng);
        let id = match self.app.try_plan_of(&people, actions).await {
            Ok(id) => id,
            Err(NotPlanned::Contradiction) => return,
            Err(error) => panic!("{}: {error}", self.what),
        };
        let others = (self.rng.u32(..3) == 0).then(Others::default);
        let before = facts(&self.app.truth());
        let Some(done) = self.carry_out(&id, others.as_ref()).await else { return };
        let after = facts(&self.app.truth());
        let mut named = done.named;
        // The way back leads to where it began, and the way back from there to where it had come.
        let (mut from, mut earlier, mut latest) = (id, before, after);
        for way in ["undo", "undo of undo"] {
            let Some(undo) = self.undo(&from).await else { return };
            let Some(back) = self.carry_out(&undo, None).await else { return };
            let now = facts(&self.app.truth());
            named.add(back.named);
            let left: Vec<_> = unlike(&earlier, &now).into_iter().filter(|fact| !named.covers(fact)).collect();
            assert!(
                left.is_empty(),
                "{}, {way} of {:?}: {left:?} stand differently, {:?}",
                self.what,
                done.rows,
                back.rows
            );
            (from, earlier, latest) = (undo, latest, now);
        }
        drop(latest);
    }

    async fn undo(&self, id: &OperationId) -> Option<OperationId> {
        let rows = self.app.rows(id).await;
        if !rows.iter().any(|row| row.state.is_ours()) {
            return None;
        }
        Some(self.app.undo(id).await)
    }

    /// Approves an operation and carries it out under faults and interruptions, then holds its journal against the ledger.
    /// Nothing when it was not carried out, because there was nothing to do or somebody has to look again.
    async fn carry_out(&mut self, id: &OperationId, others: Option<&Others>) -> Option<Carried> {
        let untouchable = self.untouchable();
        let before = facts(&self.app.truth());
        self.app.simulator.clear_ledger();
        match self.app.approve(id).await {
            Ok(()) => {}
            Err(NotApproved::NothingToDo) => return None,
            // What was planned stands differently by what was read since: it is looked at once more.
            Err(NotApproved::Changed { .. }) => match self.app.approve(id).await {
                Ok(()) => {}
                Err(NotApproved::NothingToDo) => return None,
                Err(error) => panic!("{}: {error:?}", self.what),
            },
            Err(error) => panic!("{}: {error:?}", self.what),
        }
        let planned = self.app.rows(id).await;
        self.app.simulator.set_faults(chance::faults(&mut self.rng));
        if let Some(others) = others {
            let seed = self.rng.u64(..);
            if self.rng.bool() {
                self.app.simulator.change(|organization| others.change(organization, seed));
            }
            let scheduled = (0..self.rng.usize(..4)).map(|_| {
                let (path, request) = (chance::effect_path(&mut self.rng), self.rng.u32(1..12));
                others.scheduled(path, request, self.rng.u64(..))
            });
            self.app.simulator.set_changes(scheduled.collect());
        }
        let operation = chance::act_with_interruptions(&mut self.app, &mut self.rng, id).await;
        self.app.simulator.set_faults(Vec::new());
        self.app.simulator.set_changes(Vec::new());
        self.carried += 1;
        let rows = self.app.rows(id).await;
        let named = others.map(Others::so_far).unwrap_or_default();
        if operation.state == OperationState::Waiting {
            // Too much had changed: a person is asked, and nothing was sent.
            assert_eq!(self.app.effects(), [], "{}", self.what);
            return None;
        }
        self.journal_agrees(&operation, (&planned, &rows), (&before, &untouchable), &named).await;
        self.app.assert_sound().await;
        Some(Carried { named: self.named(&rows, named), rows })
    }

    /// What the operation itself names as not done, or not to be taken back.
    fn named(&self, rows: &[OperationRow], mut named: Named) -> Named {
        let snapshot = self.app.now();
        for row in rows {
            let (fact, _) = wanted(&row.change, &snapshot);
            if row.why.as_ref().is_some_and(|why| why.code == "perhaps_before") {
                named.fact(fact);
            } else if row.state.is_ours() && row.change.inverse().is_err() {
                // Who leaves a directory loses what they had there.
                named.account_of(&fact);
            } else if !row.state.is_ours() && row.state != RowState::Already {
                named.fact(fact);
            }
        }
        named
    }

    async fn journal_agrees(
        &self,
        operation: &Operation,
        (planned, rows): (&[OperationRow], &[OperationRow]),
        (before, untouchable): (&Facts, &BTreeSet<String>),
        others: &Named,
    ) {
        let what = &self.what;
        assert!(operation.state.is_over(), "{what}: {operation:?} {rows:?}");
        assert_eq!(operation.tally.total(), rows.len() as u64, "{what}");
        let snapshot = self.app.now();
        // No effect outside the approved plan, none on anybody protected, none more often than approved.
        let mut approved: BTreeMap<String, usize> = BTreeMap::new();
        for row in planned.iter().filter(|row| row.state == RowState::Planned) {
            *approved.entry(as_effect(&row.change, &snapshot)).or_default() += 1;
        }
        let mut sent: BTreeMap<String, usize> = BTreeMap::new();
        for exchange in self.app.effects() {
            let effect = exchange.effect.unwrap();
            assert!(approved.contains_key(&effect), "{what}: {effect} was not approved");
            assert!(!untouchable.iter().any(|id| effect.contains(id.as_str())), "{what}: {effect}");
            *sent.entry(effect).or_default() += 1;
        }
        let mut last: BTreeMap<String, &OperationRow> = BTreeMap::new();
        for row in rows {
            let (fact, _) = wanted(&row.change, &snapshot);
            let effect = as_effect(&row.change, &snapshot);
            let times = sent.get(&effect).copied().unwrap_or_default();
            if others.covers(&fact) {
                continue;
            }
            let told = || format!("{what}: {times} times {effect}: {row:?} of {:#?}", of_account(rows, row));
            assert!(times <= approved.get(&effect).copied().unwrap_or_default(), "{}", told());
            match row.state {
                // Its answer was lost and the state is not shown: it is named as perhaps so before.
                RowState::Done if row.why.as_ref().is_some_and(|why| why.code == "perhaps_before") => {}
                RowState::Done | RowState::Verified => assert!(times > 0, "not sent: {}", told()),
                // It ended before anybody could tell.
                RowState::Unknown if operation.state == OperationState::Cancelled => {}
                RowState::Begun | RowState::Unknown => panic!("left open: {}", told()),
                RowState::Reverted => panic!("nobody has taken it back: {}", told()),
                // A plan may name one change twice: the second is so once the first is made.
                _ if rows
                    .iter()
                    .any(|other| other.seq != row.seq && other.change == row.change && other.state.is_ours()) => {}
                // Of several directories one may have been left.
                _ if approved.get(&effect).is_some_and(|rows| *rows > 1) => {}
                _ => assert_eq!(times, 0, "{}", told()),
            }
            last.insert(fact, row);
        }
        // None lost: what was done stands, and what was not stands as before.
        let now = facts(&self.app.truth());
        for (fact, row) in last {
            let (_, to_be) = wanted(&row.change, &snapshot);
            match row.state {
                // What was so before may be so because nothing else is shown: of suspended people, and beside a group.
                RowState::Already if now.get(&fact) != before.get(&fact) && !self.is_touched_by_another(row, rows) => {
                    panic!("{what}: {fact}, {:#?}", of_account(rows, row));
                }
                RowState::Already => {}
                RowState::Verified if !self.is_taken_away_by_another(row, rows) => {
                    assert_eq!(now.get(&fact).copied(), to_be, "{what}: {fact}, {:#?}", of_account(rows, row));
                }
                RowState::Failed | RowState::Planned if !self.is_touched_by_another(row, rows) => {
                    assert_eq!(now.get(&fact), before.get(&fact), "{what}: {fact}, {row:?}");
                }
                _ => {}
            }
        }
        self.audit_agrees(operation, rows, sent.values().sum()).await;
    }

    /// Whether another row of the same person may have moved what this one is about.
    fn is_touched_by_another(&self, row: &OperationRow, rows: &[OperationRow]) -> bool {
        rows.iter().any(|other| {
            other.seq != row.seq && other.change.account() == row.change.account() && other.state.is_ours()
        })
    }

    /// Whether another row of the operation takes the person out of a directory, with all that they have there.
    fn is_taken_away_by_another(&self, row: &OperationRow, rows: &[OperationRow]) -> bool {
        let of_account = of_account(rows, row);
        let leaves = |other: &&OperationRow| matches!(other.change, Change::RemoveFromDirectory { .. });
        of_account.into_iter().any(|other| leaves(&other) && other.seq != row.seq && other.state.is_ours())
    }

    /// An intent before each effect, and an outcome after it, in the chain.
    async fn audit_agrees(&self, operation: &Operation, rows: &[OperationRow], sent: usize) {
        let mut events = Vec::new();
        let mut before = i64::MAX;
        while before > 1 {
            let some = self.app.mirror.store().read(move |tx| events::newest(tx, before, 1_000)).await.unwrap();
            before = some.last().map_or(1, |event| event.seq);
            let is_ours = |event: &Event| event.subject == operation.id.as_str() && event.kind.starts_with("change.");
            events.extend(some.into_iter().filter(is_ours));
        }
        let begun = events.iter().filter(|event| event.kind == "change.begun").count();
        assert!(begun >= sent, "{}: {begun} begun, {sent} sent", self.what);
        let mut last: BTreeMap<u64, &str> = BTreeMap::new();
        for event in &events {
            let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap();
            last.entry(detail["row"].as_u64().unwrap()).or_insert(&event.kind);
        }
        for row in rows.iter().filter(|row| row.attempts > 0) {
            let told = last.get(&row.seq).copied().unwrap_or_default();
            let expected = format!("change.{}", row.state.as_str());
            assert!(told == expected || row.state == RowState::Planned, "{}: {told} for {row:?}", self.what);
        }
    }
}

/// All rows of the person of one.
fn of_account<'a>(rows: &'a [OperationRow], row: &OperationRow) -> Vec<&'a OperationRow> {
    rows.iter().filter(|one| one.change.account() == row.change.account()).collect()
}

async fn one_case(engine: Engine, seed: u64) -> usize {
    let mut case = Case::start(engine, seed).await;
    for _ in 0..OPERATIONS {
        case.operation().await;
        // What waits in a queue of Atlassian's is over before the next one.
        case.app.clock.advance(Duration::from_secs(1_800));
    }
    // Whatever happened, a reading without faults finds what is there.
    case.app.clock.advance(Duration::from_secs(3_600));
    let app = &case.app;
    app.simulator.set_answers(simulator::Answers::default());
    while matches!(work_once(&app.mirror, &app.connector, &app.surroundings).await, Ok(Worked::Carried { .. })) {}
    case.app.sync().await.unwrap();
    assert_eq!(case.app.differences(), Vec::<String>::new(), "{}", case.what);
    case.app.stop().await;
    case.carried
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c2_i6_i7_random_operations_send_what_was_approved_once_and_lead_back() {
    // Behind them those that have found something once.
    for seed in (100..110).chain([50_009, 50_231, 60_166, 70_187, 70_329, 90_017]) {
        one_case(ENGINES[seed as usize % 2], seed).await;
    }
}

/// Thousands of them, by hand, side by side:
/// `OPERATION_SEEDS=2000 OPERATION_FIRST=1 OPERATION_ENGINE=sqlite cargo test --test it -- many_random --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long; run by hand"]
#[expect(clippy::disallowed_methods, reason = "how many is said by whoever runs it")]
async fn many_random_operations() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let (first, seeds) = (number("OPERATION_FIRST").unwrap_or(1_000), number("OPERATION_SEEDS").unwrap_or(200));
    let beside = number("OPERATION_BESIDE").unwrap_or(4);
    let engine = std::env::var("OPERATION_ENGINE").unwrap_or_default();
    let engine = move |seed: u64| match engine.as_str() {
        "sqlite" => Engine::Sqlite,
        "postgres" => Engine::Postgres,
        _ => ENGINES[seed as usize % 2],
    };
    let (mut running, mut carried, mut failed) = (tokio::task::JoinSet::new(), 0, Vec::new());
    let mut of_task = BTreeMap::new();
    for seed in first..first + seeds + beside {
        if seed < first + seeds {
            of_task.insert(running.spawn(one_case(engine(seed), seed)).id(), seed);
        }
        if (running.len() as u64) < beside && seed < first + seeds {
            continue;
        }
        match running.join_next_with_id().await {
            Some(Ok((_, operations))) => carried += operations,
            Some(Err(error)) => failed.push(of_task[&error.id()]),
            None => break,
        }
    }
    println!("{seeds} seeds from {first}: {carried} operations carried out, failed: {failed:?}");
    assert!(failed.is_empty());
}
