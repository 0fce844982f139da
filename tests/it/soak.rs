//! A year of days, on virtual time and from a seed: an organization that changes, an upstream that fails, a process that
//! is killed, administrators who ask, approve and dismiss. On every day nobody who is there is said to be gone, nothing
//! is stuck, every withheld row explains itself; and after a quiet pass with everything approved, the mirror is the
//! organization.

mod administrators;
mod troubles;
mod upstream;

use std::fmt::Write as _;
use std::time::Duration;

use directory::{Noun, Ordinal, Rule, Snapshot};
use fastrand::Rng;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::job::LEASE;
use rollcall::nouns::run::{Run, RunKind, RunState};
use rollcall::nouns::withheld::WithheldRows;
use rollcall::store::{runs, withheld};
use rollcall::sync::ended::Ended;
use rollcall::sync::request::{self, Ask, Asked};
use rollcall::sync::review::Chosen;
use rollcall::sync::schedule;
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Answers, Fault, FaultKind, Options, Population, Truth};

use crate::support::app::{Engine, TestApp, population};
use crate::support::truth::{differences, wrongly_left};
use upstream::Upstream;

/// A run that pauses more often on one day is stuck.
const MOST_STEPS: usize = 80;
/// After so many pauses on one day upstream's trouble is over.
const PAUSES: u32 = 12;
/// No pause is longer: a reset a year ahead is looked at again within the hour, and a little.
const LONGEST_PAUSE: jiff::SignedDuration = jiff::SignedDuration::from_mins(75);

/// What a year has seen.
#[derive(Debug, Default)]
struct Tally {
    days: u32,
    runs: u32,
    failed: u32,
    kills: u32,
    pauses: u32,
    days_of_trouble: u32,
    /// Requests that a fault struck.
    struck: usize,
    beside: u32,
    cancelled: u32,
    keys: u32,
    withheld: u64,
    approved: u32,
    dismissed: u32,
    quiet_days_without_a_difference: u32,
}

struct Year {
    app: TestApp,
    seed: u64,
    upstream: Upstream,
    /// Chance for what happens on this side; begun anew each day, so that no day depends on how the one before went.
    rng: Rng,
    day: u32,
    /// What happened today, for whoever has to find out.
    diary: String,
    faults: Vec<Fault>,
    /// Whether the organization changes today while pages are read.
    changing: bool,
    tally: Tally,
}

impl Year {
    async fn begin(engine: Engine, population: &Population, answers: Answers) -> Year {
        let app = TestApp::start_with(engine, population, Options { answers, ..taking_time() }).await;
        app.work().await.unwrap();
        assert_eq!(differences(&app.now(), &app.simulator.known_truth()), Vec::<String>::new());
        let upstream = Upstream::new(population.seed, &app.truth());
        let rng = Rng::with_seed(population.seed);
        let (diary, tally) = (String::new(), Tally::default());
        Year { app, seed: population.seed, upstream, rng, day: 0, diary, faults: Vec::new(), changing: false, tally }
    }

    /// Where the mirror differs from what can be known of the organization.
    fn differences(&self) -> Vec<String> {
        differences(&self.app.now(), &self.app.simulator.known_truth())
    }

    /// Where we are, and how we came here.
    fn place(&self) -> String {
        format!("seed {}, day {}, faults {:?}\n{}", self.seed, self.day, self.faults, self.diary)
    }

    fn note(&mut self, line: impl AsRef<str>) {
        let at = self.app.clock.now();
        // A text takes everything that is written to it.
        let _ = writeln!(self.diary, "{at} {}", line.as_ref());
    }

    /// One day, from nine to nine.
    async fn live_a_day(&mut self) {
        self.day += 1;
        self.tally.days += 1;
        self.diary.clear();
        self.rng = Rng::with_seed(self.seed.wrapping_mul(0x9e37_79b9) ^ u64::from(self.day));
        let nine = crate::support::app::test_day() + jiff::SignedDuration::from_hours(24 * i64::from(self.day));
        let ahead = nine.duration_since(self.app.clock.now());
        assert!(!ahead.is_negative(), "the day before took longer than a day: {}", self.place());
        self.app.clock.advance(ahead.unsigned_abs());
        let morning = self.app.simulator.change(|organization| {
            organization.set_now(nine);
            self.upstream.morning(organization)
        });
        morning.iter().for_each(|line| self.note(line));
        self.changing = self.rng.u8(0..5) == 0;
        let changes = if self.changing { self.upstream.while_reading() } else { Vec::new() };
        self.app.simulator.set_changes(changes);
        let troubled = self.rng.u8(0..5) < 2;
        self.faults = if troubled { troubles::draw(&mut self.rng) } else { Vec::new() };
        self.tally.days_of_trouble += u32::from(troubled);
        let slow = taking_time().faults;
        self.app.simulator.set_faults([self.faults.clone(), slow].concat());
        if self.day.is_multiple_of(90) {
            self.app.simulator.expire_api_key();
        }

        let quiet = !self.changing && !troubled;
        self.daily(quiet).await;
        if self.rng.u8(0..3) == 0 {
            self.ask_for_a_part().await;
        }
        if self.rng.u8(0..3) == 0 {
            self.ask_for_some().await;
            self.work_to_the_end().await;
        }
        self.look_at_withheld_rows().await;
        self.work_to_the_end().await;
        self.app.simulator.change(|organization| self.upstream.evening(organization));
        self.tally.struck += self.struck_today();
        self.app.simulator.set_faults(taking_time().faults);
        self.faults.clear();
        if self.day.is_multiple_of(7) {
            self.rest().await;
        }
        self.app.assert_sound().await;
    }

    /// Requests that one of the day's faults struck.
    fn struck_today(&self) -> usize {
        let ledger = self.app.simulator.ledger();
        self.app.simulator.clear_ledger();
        ledger.iter().filter(|exchange| exchange.fault.as_deref().is_some_and(|name| name != "Delay")).count()
    }

    /// The slot has begun: one run, whatever happens to it.
    async fn daily(&mut self, quiet: bool) {
        let asked = schedule::start_when_due(&self.app.mirror, self.app.clock.now(), &self.app.surroundings.entropy);
        let asked = asked.await.unwrap();
        let Some(Asked::Queued(run)) = asked else {
            panic!("the daily sync did not start: {asked:?}\n{}", self.place())
        };
        self.note(format!("daily run {run}"));
        match self.rng.u8(0..8) {
            0..2 => {
                for _ in 0..self.rng.u8(1..4) {
                    self.work_and_be_killed().await;
                }
            }
            2 => self.work_with_a_read_beside().await,
            3 if self.rng.bool() => {
                let context = self.context();
                let entropy = &self.app.surroundings.entropy;
                assert!(request::cancel(&context, &self.app.mirror, &run, entropy).await.unwrap());
                self.tally.cancelled += 1;
            }
            _ => {}
        }
        self.work_to_the_end().await;
        let ended = self.app.mirror.store().read(move |tx| runs::find(tx, &run)).await.unwrap().unwrap();
        if quiet && ended.state == RunState::Sealed && ended.withheld_rows == 0 {
            assert_eq!(self.differences(), Vec::<String>::new(), "{}", self.place());
            assert_eq!(self.app.gaps().await, Vec::<String>::new(), "{}", self.place());
            self.tally.quiet_days_without_a_difference += 1;
        }
    }

    async fn ask(&self, ask: Ask) {
        let (context, entropy) = (self.context(), &self.app.surroundings.entropy);
        let asked = request::start(&context, &self.app.mirror, ask, (None, entropy)).await.unwrap();
        assert!(
            matches!(asked, Asked::Queued(_)),
            "a run of an earlier day holds the place: {asked:?}\n{}",
            self.place()
        );
    }

    fn context(&self) -> Context {
        Context { actor: Actor::CommandLine, now: self.app.clock.now() }
    }

    /// The process is gone after so many requests, and another one begins.
    async fn work_and_be_killed(&mut self) {
        let (before, already) = (self.app.now(), self.app.requests());
        let until = already + self.rng.u64(1..40);
        let (mirror, connector) = (self.app.mirror.clone(), self.app.connector.clone());
        let surroundings = self.app.surroundings.clone();
        let working = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
        while self.app.requests() < until && !working.is_finished() {
            tokio::task::yield_now().await;
        }
        working.abort();
        self.tally.kills += u32::from(working.await.is_err());
        self.app.restart().await;
        self.note(format!("killed after {} requests", self.app.requests() - already));
        self.check(&before).await;
    }

    /// People and groups are read by id while the pass goes on.
    async fn work_with_a_read_beside(&mut self) {
        let (before, until) = (self.app.now(), self.app.requests() + self.rng.u64(1..40));
        let (mirror, connector) = (self.app.mirror.clone(), self.app.connector.clone());
        let surroundings = self.app.surroundings.clone();
        let working = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
        while self.app.requests() < until && !working.is_finished() {
            tokio::task::yield_now().await;
        }
        self.ask_for_some().await;
        let beside = self.step().await;
        let worked = working.await.unwrap().unwrap();
        self.note(format!("beside: {beside:?}; the pass: {worked:?}"));
        self.check(&before).await;
    }

    async fn step(&self) -> Worked {
        work_once(&self.app.mirror, &self.app.connector, &self.app.surroundings).await.unwrap()
    }

    async fn runs_under_way(&self) -> Vec<Run> {
        let listed = self.app.mirror.store().read(|tx| runs::list(tx, None, 40)).await.unwrap();
        listed.into_iter().filter(|run| !run.state.is_over()).collect()
    }

    /// Works until no run is under way; whoever stops says why, and goes on by itself.
    async fn work_to_the_end(&mut self) {
        let mut pauses = 0;
        for _ in 0..MOST_STEPS {
            let under_way = self.runs_under_way().await;
            if under_way.is_empty() {
                return;
            }
            let before = self.app.now();
            match self.step().await {
                Worked::Carried { lease, ended } => {
                    self.note(format!("run {}: {ended:?}", lease.run));
                    self.check(&before).await;
                    self.explain(&lease.run, &ended).await;
                    self.tally.runs += u32::from(ended.is_ok());
                    pauses += u32::from(matches!(ended, Err(Ended::Paused { .. } | Ended::PausedFor { .. })));
                }
                Worked::Idle => self.wait_out(&under_way),
            }
            if pauses > PAUSES {
                self.app.simulator.set_faults(taking_time().faults);
            }
        }
        panic!("a run is stuck: {:?}\n{}", self.runs_under_way().await, self.place());
    }

    fn wait_out(&self, under_way: &[Run]) {
        let now = self.app.clock.now();
        let until = under_way.iter().filter_map(|run| run.waiting.as_ref()).map(|waiting| waiting.until).min();
        let ahead = until.map_or(Duration::ZERO, |until| until.duration_since(now).try_into().unwrap_or_default());
        // A run that nobody carries out and that waits for nothing lost its worker: its lease runs out.
        let ahead = if ahead.is_zero() { LEASE + Duration::from_secs(1) } else { ahead + Duration::from_millis(1) };
        self.app.clock.advance(ahead);
    }

    /// A run that did not seal says why: it waits for an hour at most, or has failed for good under a fault that may do
    /// that.
    async fn explain(&mut self, run: &rollcall::id::RunId, ended: &Result<rollcall::mirror::seal::Sealed, Ended>) {
        let id = run.clone();
        let run = self.app.mirror.store().read(move |tx| runs::find(tx, &id)).await.unwrap().unwrap();
        match ended {
            Err(Ended::Paused { .. } | Ended::PausedFor { .. }) => {
                self.tally.pauses += 1;
                let waiting = run.waiting.as_ref().unwrap_or_else(|| panic!("{run:?}\n{}", self.place()));
                let length = waiting.until.duration_since(self.app.clock.now());
                assert!(length <= LONGEST_PAUSE, "{waiting:?}\n{}", self.place());
                assert!(waiting.reason.ends_with('.'), "{waiting:?}\n{}", self.place());
                if waiting.reason.contains("Replace the key") {
                    self.app.simulator.rotate_api_key();
                    self.app.replace_key().await;
                    self.tally.keys += 1;
                }
            }
            Err(Ended::Failed(why)) => {
                self.tally.failed += 1;
                assert_eq!((run.state, run.failure.as_ref()), (RunState::Failed, Some(why)), "{}", self.place());
                assert!(troubles::may_fail(&self.faults), "failed for good: {why}\n{}", self.place());
                assert!(why.len() > 20, "{why:?}");
            }
            Err(Ended::Store(error)) => panic!("the database failed: {error}\n{}", self.place()),
            Err(Ended::LeaseLost) | Ok(_) => {}
        }
    }

    /// What holds after whatever happened.
    async fn check(&mut self, before: &Snapshot) {
        assert_eq!(self.app.wrongly_gone(before), Vec::<String>::new(), "{}", self.place());
        // Two faults may tell the same lie twice, and who moves while pages are read may be in and out.
        if self.faults.len() < 2 && !self.changing {
            let left = wrongly_left(before, &self.app.now(), &self.app.simulator.known_truth());
            assert_eq!(left, Vec::<(String, String)>::new(), "{}", self.place());
        }
        let all = self.app.mirror.store().read(withheld::open).await.unwrap();
        all.iter().for_each(|kept| self.assert_explained(kept, &all));
    }

    /// It has its rule and numbers; rows that waited already count, and are not named twice.
    fn assert_explained(&self, kept: &WithheldRows, all: &[WithheldRows]) {
        let withheld = &kept.withheld;
        let (rows, present) = (withheld.rows.len(), withheld.present);
        assert!(!kept.open.is_empty() && kept.open.is_subset(&withheld.rows), "{kept:?}\n{}", self.place());
        assert_eq!(Rule::parse(withheld.rule.as_str()), Some(withheld.rule));
        let same = |other: &&WithheldRows| other.withheld.rule == withheld.rule && other.withheld.part == withheld.part;
        let with_earlier: u64 = all.iter().filter(same).map(|other| other.withheld.rows.len()).sum();
        assert!(
            withheld.would_be_exceeded_by(with_earlier) && rows <= present,
            "{rows} of {present}: {kept:?}\n{}",
            self.place()
        );
        let now = self.app.now();
        let known = |row: Ordinal| match withheld.rule.rows_are_groups() {
            true => now.group_row(row).is_some(),
            false => now.account_row(row).is_some(),
        };
        assert!(withheld.rows.iter().all(known), "{kept:?}\n{}", self.place());
    }

    /// A quiet evening: a full pass, and everything withheld is approved. Then the mirror is the organization.
    async fn rest(&mut self) {
        self.note("quiet evening");
        self.ask(Ask::everything(RunKind::Browser)).await;
        self.work_to_the_end().await;
        for round in 0.. {
            let open = self.app.mirror.store().read(withheld::open).await.unwrap();
            if open.is_empty() {
                break;
            }
            assert!(round < 4, "approved again and again, and still withheld: {open:?}\n{}", self.place());
            for kept in &open {
                self.approve(kept, Chosen::All).await;
                self.work_to_the_end().await;
            }
        }
        assert_eq!(self.differences(), Vec::<String>::new(), "{}", self.place());
        self.ask(Ask::everything(RunKind::Browser)).await;
        self.work_to_the_end().await;
        assert_eq!(self.differences(), Vec::<String>::new(), "{}", self.place());
        assert_eq!(self.app.gaps().await, Vec::<String>::new(), "{}", self.place());
        assert!(self.app.mirror.store().read(withheld::open).await.unwrap().is_empty(), "{}", self.place());
        for noun in Noun::ALL {
            assert!(self.app.claims().await.iter().any(|claim| claim.noun == noun));
        }
    }

    /// The year's last evening. Returns what the organization is then, and what was seen on the way.
    async fn end(mut self) -> (Vec<String>, Tally) {
        self.rest().await;
        let state = state(&self.app.truth());
        self.app.stop().await;
        (state, self.tally)
    }
}

/// Every answer takes a little while.
fn taking_time() -> Options {
    let slow = Fault::on("*", FaultKind::Delay { milliseconds: 20 }).always();
    Options { faults: vec![slow], ..Options::default() }
}

/// The organization without its instants, which follow from how long requests took.
fn state(truth: &Truth) -> Vec<String> {
    let mut lines: Vec<String> = (truth.users.iter())
        .map(|user| {
            format!("{} {} {:?} {} {:?}", user.account_id, user.name, user.email, user.status, user.directories)
        })
        .collect();
    lines.extend(truth.groups.iter().map(|group| format!("{} {} {}", group.id, group.name, group.members)));
    lines.extend(truth.memberships.iter().map(|(group, account)| format!("{account} in {group}")));
    lines.extend(truth.direct_roles.iter().map(|role| format!("{role:?}")));
    lines
}

async fn live(engine: Engine, population: &Population, days: u32) -> (Vec<String>, Tally) {
    live_under(engine, population, (Answers::default(), days)).await
}

async fn live_under(engine: Engine, population: &Population, (answers, days): (Answers, u32)) -> (Vec<String>, Tally) {
    let mut year = Year::begin(engine, population, answers).await;
    for _ in 0..days {
        year.live_a_day().await;
    }
    year.end().await
}

/// Enough for several pages of people, in two directories.
fn several_pages(seed: u64) -> Population {
    Population { directories: 2, ..population(260, seed) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_days_of_changes_faults_and_kills_the_mirror_is_the_organization() {
    let (_, tally) = live(Engine::Sqlite, &several_pages(401), 84).await;
    assert!(tally.kills > 10 && tally.pauses > 2 && tally.struck > 100 && tally.withheld > 100, "{tally:?}");
    assert!(tally.quiet_days_without_a_difference > 20, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_days_under_the_opposite_answers_the_mirror_knows_what_can_be_known() {
    let (_, tally) = live_under(Engine::Sqlite, &several_pages(405), (Answers::opposite(), 28)).await;
    assert!(tally.kills > 3 && tally.struck > 30, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_days() {
    let (once, _) = live(Engine::Sqlite, &several_pages(403), 10).await;
    let (again, _) = live(Engine::Sqlite, &several_pages(403), 10).await;
    assert_eq!(once, again);
    let (other, _) = live(Engine::Sqlite, &several_pages(404), 10).await;
    assert_ne!(once, other);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_month_on_a_server_of_databases_the_mirror_is_the_organization() {
    let (_, tally) = live(Engine::Postgres, &several_pages(402), 30).await;
    assert!(tally.kills > 3 && tally.struck > 30, "{tally:?}");
}

/// Whole years: one seed after the other, from `SOAK_SEED` on, until so many minutes are over (`SOAK_MINUTES`, 10).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes as long as it is told; run it by hand"]
#[expect(clippy::disallowed_methods, reason = "the person who runs it says how long")]
async fn whole_years() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (minutes, first) = (number("SOAK_MINUTES", 10), number("SOAK_SEED", 1_000));
    let clock = clock::Clock::system();
    for seed in first.. {
        let population = match seed % 3 {
            0 => population(90, seed),
            1 => several_pages(seed),
            _ => Population { directories: 3, ..population(420, seed) },
        };
        let answers = if seed % 2 == 0 { Answers::default() } else { Answers::opposite() };
        let (_, tally) = live_under(Engine::Sqlite, &population, (answers, 365)).await;
        println!("seed {seed}: {tally:?}");
        if clock.elapsed().as_secs() >= minutes * 60 {
            return;
        }
    }
}
