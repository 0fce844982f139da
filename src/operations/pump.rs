//! Keeps an operation's requests on their way: takes rows from the board, reads again whoever was not read within the last
//! minute, keeps intents, lets requests leave side by side, and keeps what came of them. Outcomes of one round are kept in
//! one commit with the intents of the next, while further requests are under way.
//!
//! No request leaves here before its intent is kept.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use atlassian::call::{Class, Departure, Endpoint};
use atlassian::effects::{self, Outcome};
use atlassian::error::Error;
use atlassian::page::Page;
use atlassian::scope::Scope;
use atlassian::user::User;
use atlassian::users;
use directory::act::{Change, NOBODY};
use jiff::{SignedDuration, Timestamp};
use tokio::task::{Id, JoinSet};

use crate::nouns::operation_row::{OperationRow, RowState, Why};
use crate::operations::apply::{Halt, Work};
use crate::operations::board::{Lane, Next};
use crate::operations::journal::{self, Subject, Turn};
use crate::operations::send::{self, Fit, Judged, Sending};
use crate::sync::ended::Ended;

/// Rows of one lane that are under way, begun or about to be, at the most.
const WINDOW: usize = 64;
/// And while nothing is known of its endpoint.
const FIRST: usize = 8;
/// Outcomes and intents that are kept in one commit rather than wait for more.
const GATHERED: usize = WINDOW;
/// How long the first of them waits at the most.
const GATHERING: Duration = Duration::from_secs(1);
/// The time that each change takes at the least: 800 a second are more than any limit of Atlassian's allows, and leave the
/// processors to those who look at pages.
const EACH: Duration = Duration::from_micros(1_250);
/// How long the worker looks away at the most while it waits for its next row.
const LOOK: Duration = Duration::from_millis(500);
/// The same while requests are under way: what comes of one of them wakes it.
const LOOK_BETWEEN: Duration = Duration::from_secs(2);
/// A wait that is longer than this gives the operation's job back.
const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// What a task brings back.
enum Came {
    /// A request that has left, or did not.
    Sent(OperationRow, Outcome),
    /// What upstream says of the people of these rows.
    Read(Vec<OperationRow>, Result<(Page<User>, Timestamp), Error>),
}

/// Rows under way.
struct Pump<'a> {
    work: &'a Work,
    tasks: JoinSet<Came>,
    /// Which lane each task's rows are of, how many they are, and whether they are being sent.
    running: HashMap<Id, (Lane, usize, bool)>,
    /// Where the requests of each lane go, as far as any has left.
    endpoints: HashMap<Lane, Endpoint>,
    /// Rows whose intents are to be kept next.
    fit: Vec<(OperationRow, Subject)>,
    /// Outcomes that are to be kept next.
    turns: Vec<Turn>,
    /// When rows among them are tried again, or read back, by their places.
    again: BTreeMap<u64, Timestamp>,
    /// When the first of both came.
    waiting_since: Option<Duration>,
    /// Nothing is kept, and so nothing begun, before.
    rests_until: Duration,
}

/// Sends whatever is to be sent until nothing is left, or something stands against it. Nothing is under way then.
pub(super) async fn send_all(work: &Work) {
    let mut pump = Pump {
        work,
        tasks: JoinSet::new(),
        running: HashMap::new(),
        endpoints: HashMap::new(),
        fit: Vec::new(),
        turns: Vec::new(),
        again: BTreeMap::new(),
        waiting_since: None,
        rests_until: Duration::ZERO,
    };
    loop {
        if work.is_halted() {
            pump.give_up()
        } else {
            pump.fill()
        }
        if pump.is_due() {
            pump.keep().await;
        } else if !pump.next().await {
            break;
        }
    }
    work.sending_is_over();
}

impl Pump<'_> {
    /// Takes rows whose turn it is, as far as there is room in their lanes.
    fn fill(&mut self) {
        let now = self.work.clock.now();
        let mut under_way: HashMap<Lane, usize> = HashMap::new();
        for (lane, rows, _) in self.running.values() {
            *under_way.entry(*lane).or_default() += rows;
        }
        for (row, _) in &self.fit {
            *under_way.entry(row.change.kind()).or_default() += 1;
        }
        let room = |lane: Lane| {
            let most = self.most(lane);
            let room = most.saturating_sub(under_way.get(lane).copied().unwrap_or(0));
            // Not one by one: people are read by tens, and intents are kept together.
            if room >= most.div_ceil(2) { room } else { 0 }
        };
        let taken = self.work.board().next(now, room);
        self.look_at(taken, now);
    }

    /// How many rows of a lane may be under way. When its endpoint's quota is used up one waits for the next window: whoever
    /// waits long was read long ago.
    fn most(&self, lane: Lane) -> usize {
        let Some(endpoint) = self.endpoints.get(lane) else { return FIRST };
        (self.work.client.allowance(*endpoint, Class::Effect) as usize).clamp(1, WINDOW)
    }

    /// Rows of people who were read lately fit; the others are read again first.
    fn look_at(&mut self, rows: Vec<OperationRow>, now: Timestamp) {
        let (stale, fresh): (Vec<_>, Vec<_>) = {
            let board = self.work.board();
            let asks = |row: &OperationRow| matches!(row.change, Change::Invite { .. });
            rows.into_iter().partition(|row| asks(row) || board.is_stale(row.change.account(), now))
        };
        fresh.into_iter().for_each(|row| self.take(row, Fit::Yes));
        let snapshot = self.work.snapshot();
        let mut asked: BTreeMap<(Lane, String), Vec<(OperationRow, String)>> = BTreeMap::new();
        for row in stale {
            if let Change::Invite { invitation, .. } = &row.change {
                let email = invitation.email.to_string();
                self.read_address(row, email);
                continue;
            }
            if row.change.account() == NOBODY {
                // A group as such: it was read with the plan, and nobody stands behind it.
                self.work.board().was_read([NOBODY], now);
                self.take(row, Fit::Yes);
                continue;
            }
            match snapshot.account_id(row.change.account()) {
                Some(id) => {
                    let directory = send::directory_of(&row.change, &snapshot).unwrap_or("-").to_owned();
                    asked.entry((row.change.kind(), directory)).or_default().push((row, id.to_string()));
                }
                None => self.take(row, Fit::No("gone")),
            }
        }
        for ((lane, directory), rows) in asked {
            for some in rows.chunks(users::ACCOUNT_IDS_AT_ONCE) {
                self.read((lane, &directory), some.to_vec());
            }
        }
    }

    /// Asks again about people, at most as many as one request takes.
    fn read(&mut self, (lane, directory): (Lane, &str), asked: Vec<(OperationRow, String)>) {
        let (client, clock) = (self.work.client.clone(), self.work.clock.clone());
        let scope = Scope::directory(self.work.mirror.organization().atlassian_id.clone(), directory);
        let rows = asked.len();
        let task = self.tasks.spawn(async move {
            let (rows, ids): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            let at = clock.now();
            let read = users::by_account_ids(&client, &scope, Class::PreOperation, &ids).await;
            Came::Read(rows, read.map(|page| (page, at)))
        });
        self.running.insert(task.id(), (lane, rows, false));
    }

    /// Asks whether somebody has the address of an invitation already.
    fn read_address(&mut self, row: OperationRow, email: String) {
        let (client, clock, lane) = (self.work.client.clone(), self.work.clock.clone(), row.change.kind());
        let scope = Scope::directory(self.work.mirror.organization().atlassian_id.clone(), "-");
        let task = self.tasks.spawn(async move {
            let at = clock.now();
            let read = users::by_emails(&client, &scope, Class::PreOperation, &[email]).await;
            Came::Read(vec![row], read.map(|page| (page, at)))
        });
        self.running.insert(task.id(), (lane, 1, false));
    }

    /// What is to be kept of a row next: its intent, or that nothing is sent.
    fn take(&mut self, row: OperationRow, fit: Fit) {
        let now = self.work.clock.now();
        let settled = |state, why| OperationRow { state, why, ended_at: Some(now), ..row.clone() };
        let skipped = |code| settled(RowState::Skipped, Some(Why::new("changed", code)));
        match (fit, send::subject(&row, &self.work.snapshot())) {
            (Fit::Yes, Some(subject)) => self.fit.push((row, subject)),
            (Fit::Yes, None) => self.turns.push((row.state, skipped("gone"))),
            (Fit::Already, _) if send::may_be_ours(&row) => {
                self.turns.push((row.state, settled(RowState::Verified, None)))
            }
            (Fit::Already, _) => self.turns.push((row.state, settled(RowState::Already, None))),
            (Fit::No(code), _) => self.turns.push((row.state, skipped(code))),
        }
        self.waiting_since.get_or_insert(self.work.clock.elapsed());
    }

    /// Whether what has gathered is to be kept: it is enough, has waited long enough, or waiting would leave a lane empty.
    fn is_due(&self) -> bool {
        let Some(since) = self.waiting_since.filter(|_| self.rest().is_zero()) else { return false };
        let sends = |lane: Lane| self.running.values().any(|(of, _, sending)| *sending && *of == lane);
        self.turns.len() + self.fit.len() >= GATHERED
            || self.tasks.is_empty()
            || self.work.clock.elapsed().saturating_sub(since) >= GATHERING
            || self.fit.iter().any(|(row, _)| !sends(row.change.kind()))
    }

    /// How long nothing is to be kept yet.
    fn rest(&self) -> Duration {
        self.rests_until.saturating_sub(self.work.clock.elapsed())
    }

    /// Keeps outcomes and intents, in one commit, and lets the requests leave whose intents are kept.
    async fn keep(&mut self) {
        let now = self.work.clock.now();
        let turns = std::mem::take(&mut self.turns);
        let again = std::mem::take(&mut self.again);
        self.waiting_since = None;
        let fit = std::mem::take(&mut self.fit);
        let (late, fit): (Vec<_>, Vec<_>) = {
            let board = self.work.board();
            fit.into_iter().partition(|(row, _)| board.is_stale(row.change.account(), now))
        };
        self.look_at(late.into_iter().map(|(row, _)| row).collect(), now);
        if turns.is_empty() && fit.is_empty() {
            return;
        }
        let people: Vec<_> = fit.iter().map(|(row, _)| row.change.account()).collect();
        self.rests_until = self.work.clock.elapsed() + EACH * u32::try_from(people.len()).unwrap_or(u32::MAX);
        let rows: Vec<OperationRow> = turns.iter().map(|(_, row)| row.clone()).collect();
        let kept = match journal::step(self.work, (turns, fit), now).await {
            Ok(kept) => kept,
            Err(halt) => {
                people.into_iter().for_each(|account| self.work.board().put_back(account, None));
                return self.work.halt(halt);
            }
        };
        for row in rows {
            let at = again.get(&row.seq).copied();
            self.work.board().take(row, at);
        }
        match kept {
            Ok(begun) => {
                for row in begun {
                    self.work.board().take(row.clone(), None);
                    if row.state == RowState::Begun {
                        self.leave(row);
                    }
                }
            }
            Err(halt) => {
                people.into_iter().for_each(|account| self.work.board().put_back(account, None));
                self.work.halt(halt);
            }
        }
    }

    /// Lets the request of a begun row leave. One that is still waiting for its turn when something stands against it, or when
    /// what was read of its person is too old, never leaves.
    fn leave(&mut self, row: OperationRow) {
        // Its subject was named just before, in a snapshot that is older or the same; names are never taken away.
        let Some(sending) = Sending::of(&row.change, &self.work.snapshot()) else { return };
        let (client, organization) = (self.work.client.clone(), self.work.mirror.organization().atlassian_id.clone());
        let (mut halted, clock) = (self.work.halted(), self.work.clock.clone());
        let fresh = self.work.board().fresh_for(row.change.account(), clock.now());
        let lane = row.change.kind();
        self.endpoints.insert(lane, sending.effect().endpoint());
        let task = self.tasks.spawn(async move {
            let departure = Departure::default();
            let effect = sending.effect();
            let mut sent = std::pin::pin!(effects::send_unless(&client, &organization, &effect, &departure));
            let sent = tokio::select! {
                biased;
                sent = &mut sent => sent,
                () = async {
                    tokio::select! {
                        _ = halted.wait_for(|halted| *halted) => {}
                        () = clock.sleep(fresh) => {}
                    }
                } => {
                    if departure.take_back() {
                        let endpoint = effect.endpoint();
                        return Came::Sent(row, Outcome::NotSent(Error::TakenBack { endpoint }));
                    }
                    sent.await
                }
            };
            Came::Sent(row, sent.outcome)
        });
        self.running.insert(task.id(), (lane, 1, true));
    }

    /// Waits for what comes next; false when nothing will.
    async fn next(&mut self) -> bool {
        let rest = self.rest();
        if self.tasks.is_empty() {
            if self.waiting_since.is_none() {
                return self.idle().await;
            }
            self.work.clock.sleep(rest.max(Duration::from_millis(1))).await;
            return true;
        }
        let waited = self.waiting_since.map(|since| self.work.clock.elapsed().saturating_sub(since));
        let ahead = waited.map_or(LOOK_BETWEEN, |waited| match rest.is_zero() {
            true => GATHERING.saturating_sub(waited),
            false => rest,
        });
        let came = tokio::select! {
            biased;
            came = self.tasks.join_next_with_id() => came,
            () = self.work.clock.sleep(ahead.max(Duration::from_millis(1))) => None,
        };
        match came {
            Some(Ok((id, came))) => {
                self.running.remove(&id);
                self.came(came);
            }
            // A task that broke off leaves its row begun: it is read back when the operation is taken up again.
            Some(Err(broken)) => drop(self.running.remove(&broken.id())),
            None => {}
        }
        true
    }

    /// Nothing is under way: waits until a row's turn comes.
    async fn idle(&self) -> bool {
        let work = self.work;
        if work.is_halted() {
            return false;
        }
        let now = work.clock.now();
        let next = work.board().next_send();
        match next {
            Next::Nothing => return false,
            Next::Now => {}
            Next::At(at) if at.duration_since(now) > PATIENCE => {
                let reason = format!("Waiting for Atlassian until {at}.");
                work.halt(Halt::Wait { until: at, reason });
            }
            Next::At(at) => {
                let ahead = Duration::try_from(at.duration_since(now)).unwrap_or_default();
                work.clock.sleep(ahead.min(LOOK).max(Duration::from_millis(1))).await;
            }
            Next::Held => work.clock.sleep(LOOK).await,
        }
        true
    }

    fn came(&mut self, came: Came) {
        match came {
            Came::Sent(row, outcome) => {
                let hidden = row.change.may_be_hidden(&self.work.snapshot());
                let Judged { turn, again, halt } = send::judge(&row, outcome, (hidden, self.work.clock.now()));
                self.again.extend(again.map(|at| (row.seq, at)));
                self.turns.push(turn);
                self.waiting_since.get_or_insert(self.work.clock.elapsed());
                if let Some(halt) = halt {
                    self.work.halt(halt);
                }
            }
            Came::Read(rows, Ok((page, at))) => {
                let unreadable = !page.quarantined.is_empty();
                for row in rows {
                    let account = row.change.account();
                    let id = self.work.snapshot().account_id(account);
                    let named = |user: &&User| id.as_ref().is_some_and(|id| user.account_id == id.as_str());
                    let user = match row.change {
                        Change::Invite { .. } => page.records.first(),
                        _ => page.records.iter().find(named),
                    };
                    if user.is_none() && unreadable {
                        // Somebody whose record cannot be read may be anybody.
                        self.take(row, Fit::No("roles_unread"));
                        continue;
                    }
                    self.work.board().was_read([account], at);
                    let fit = send::fits(&row.change, user);
                    self.take(row, fit);
                }
            }
            Came::Read(rows, Err(error)) => {
                rows.iter().for_each(|row| self.work.board().put_back(row.change.account(), None));
                self.work.halt(Halt::from(Ended::from(error)));
            }
        }
    }

    /// Nothing more is begun.
    fn give_up(&mut self) {
        for (row, _) in self.fit.drain(..) {
            self.work.board().put_back(row.change.account(), None);
        }
        if self.turns.is_empty() {
            self.waiting_since = None;
        }
    }
}
