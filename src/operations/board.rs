//! The rows of an operation under way, in memory: whose turn it is, what has to be read back when. One row of a person is
//! on its way at a time, in the order of the plan. Nothing here sends or stores.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use directory::Ordinal;
use directory::act::Change;
use jiff::{SignedDuration, Timestamp};

use crate::nouns::operation_row::{OperationRow, RowState};

/// Rows of one kind of change: they share an endpoint, and so a pace.
pub(super) type Lane = &'static str;

/// How long what was read about somebody is good for sending.
pub(super) const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// When a row is read back after it was done, before its settling time.
const CHECKS: [i64; 3] = [2, 10, 40];

/// Rows under way.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// Rows of which more will come, and those that wait to be read back.
    rows: BTreeMap<u64, OperationRow>,
    /// What is still to be sent of each person, in order.
    queues: HashMap<Ordinal, VecDeque<u64>>,
    /// People whose turn it is, by the lane of their next row.
    ready: BTreeMap<Lane, VecDeque<Ordinal>>,
    /// People whose next row waits until a moment.
    later: BTreeSet<(Timestamp, Ordinal)>,
    /// When which row is read back next.
    checks: BTreeSet<(Timestamp, u64)>,
    check_of: HashMap<u64, Timestamp>,
    /// Rows of which it is not known what came of them.
    unknown: usize,
    /// When each person was last read.
    read_at: HashMap<Ordinal, Timestamp>,
}

/// When something more is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Now.
    Now,
    /// At a moment.
    At(Timestamp),
    /// When a row that was read back gives a person free.
    Held,
    /// Never.
    Nothing,
}

impl Board {
    /// The rows of an operation as its journal has them. Rows whose outcome is not known are read back at once.
    pub(super) fn new(rows: &[OperationRow], now: Timestamp) -> Board {
        let mut board = Board::default();
        let mut held: BTreeSet<Ordinal> = BTreeSet::new();
        for row in rows {
            let account = row.change.account();
            match row.state {
                RowState::Planned => board.queues.entry(account).or_default().push_back(row.seq),
                RowState::Begun | RowState::Unknown => {
                    board.check(row.seq, Some(now));
                    board.unknown += 1;
                    held.insert(account);
                }
                RowState::Done if row.why.is_none() => {
                    board.check(row.seq, Some(next_check(row, now).unwrap_or(now)));
                }
                _ => continue,
            }
            board.rows.insert(row.seq, row.clone());
        }
        let mut met = BTreeSet::new();
        let planned = rows.iter().filter(|row| row.state == RowState::Planned).map(|row| row.change.account());
        let ready: Vec<Ordinal> = planned.filter(|account| !held.contains(account) && met.insert(*account)).collect();
        ready.into_iter().for_each(|account| board.line_up(account, VecDeque::push_back));
        board
    }

    /// Notes that people were read.
    pub(super) fn was_read(&mut self, people: impl IntoIterator<Item = Ordinal>, at: Timestamp) {
        self.read_at.extend(people.into_iter().map(|account| (account, at)));
    }

    /// Whether what was read about somebody is too old for sending.
    pub(super) fn is_stale(&self, account: Ordinal, now: Timestamp) -> bool {
        self.read_at.get(&account).is_none_or(|at| now.duration_since(*at) > FRESH)
    }

    /// How long what was read about somebody is good yet for sending.
    pub(super) fn fresh_for(&self, account: Ordinal, now: Timestamp) -> Duration {
        let left = self.read_at.get(&account).map(|at| FRESH - now.duration_since(*at));
        left.and_then(|left| Duration::try_from(left).ok()).unwrap_or_default()
    }

    /// The next rows to send, at most one of each person, and of each lane as many as there is room for.
    pub(super) fn next(&mut self, now: Timestamp, room: impl Fn(Lane) -> usize) -> Vec<OperationRow> {
        while let Some((at, account)) = self.later.first().copied().filter(|(at, _)| *at <= now) {
            self.later.remove(&(at, account));
            self.line_up(account, VecDeque::push_front);
        }
        let mut taken = Vec::new();
        for (lane, ready) in &mut self.ready {
            let people = ready.drain(..ready.len().min(room(lane)));
            let first = people.filter_map(|account| self.queues.get(&account)?.front());
            taken.extend(first.filter_map(|seq| self.rows.get(seq)).cloned());
        }
        self.ready.retain(|_, ready| !ready.is_empty());
        taken
    }

    /// Gives a person their turn in the lane of their next row.
    fn line_up(&mut self, account: Ordinal, put: impl FnOnce(&mut VecDeque<Ordinal>, Ordinal)) {
        let seq = self.queues.get(&account).and_then(|queue| queue.front());
        if let Some(row) = seq.and_then(|seq| self.rows.get(seq)) {
            put(self.ready.entry(row.change.kind()).or_default(), account);
        }
    }

    /// When the next row can be sent.
    pub(super) fn next_send(&self) -> Next {
        match self.later.first() {
            _ if !self.ready.is_empty() => Next::Now,
            Some((at, _)) => Next::At(*at),
            None if self.queues.is_empty() && !self.has_unknown() => Next::Nothing,
            None => Next::Held,
        }
    }

    /// When the next row is to be read back.
    pub(super) fn next_check(&self) -> Option<Timestamp> {
        self.checks.first().map(|(at, _)| *at)
    }

    /// Rows to be read back, those that are due a little later with them; at most so many.
    pub(super) fn due(&self, now: Timestamp, at_most: usize) -> Vec<OperationRow> {
        let soon = now.checked_add(SignedDuration::from_secs(2)).unwrap_or(now);
        if self.checks.first().is_none_or(|(at, _)| *at > now) {
            return Vec::new();
        }
        let due = self.checks.iter().take_while(|(at, _)| *at <= soon).take(at_most);
        due.filter_map(|(_, seq)| self.rows.get(seq)).cloned().collect()
    }

    /// Whether there is a row of which it is not known what came of it.
    pub(super) fn has_unknown(&self) -> bool {
        self.unknown > 0
    }

    /// Whether somebody is being taken out of a directory.
    pub(super) fn is_leaving(&self, account: Ordinal) -> bool {
        self.rows.values().any(|row| {
            row.change.account() == account
                && matches!(row.change, Change::RemoveFromDirectory { .. })
                && row.state != RowState::Planned
        })
    }

    /// A person whose row was not begun after all gets their turn again, at once or at a moment.
    pub(super) fn put_back(&mut self, account: Ordinal, at: Option<Timestamp>) {
        match at {
            Some(at) => drop(self.later.insert((at, account))),
            None => self.line_up(account, VecDeque::push_front),
        }
    }

    /// Takes what became of a row. `again` is when it is tried again, or read back again.
    pub(super) fn take(&mut self, row: OperationRow, again: Option<Timestamp>) {
        let (seq, account, state) = (row.seq, row.change.account(), row.state);
        let before = self.rows.get(&seq).map(|before| before.state);
        let is_unknown = |state: RowState| matches!(state, RowState::Begun | RowState::Unknown);
        self.unknown = self.unknown + usize::from(is_unknown(state)) - usize::from(before.is_some_and(is_unknown));
        self.check(seq, again.filter(|_| is_unknown(state) || state == RowState::Done));
        let keep = !state.is_settled() || again.is_some();
        if keep {
            self.rows.insert(seq, row);
        } else {
            self.rows.remove(&seq);
        }
        let was_open = before.is_some_and(|before| !before.is_settled());
        match state {
            RowState::Planned => {
                let queue = self.queues.entry(account).or_default();
                if queue.front() != Some(&seq) {
                    queue.push_front(seq);
                }
                self.put_back(account, again);
            }
            RowState::Begun | RowState::Unknown => {}
            // The person's next row has its turn.
            _ if was_open => {
                if let Some(queue) = self.queues.get_mut(&account) {
                    queue.retain(|queued| *queued != seq);
                    if queue.is_empty() {
                        self.queues.remove(&account);
                    } else {
                        self.line_up(account, VecDeque::push_back);
                    }
                }
            }
            _ => {}
        }
    }

    fn check(&mut self, seq: u64, at: Option<Timestamp>) {
        if let Some(before) = self.check_of.remove(&seq) {
            self.checks.remove(&(before, seq));
        }
        if let Some(at) = at {
            self.checks.insert((at, seq));
            self.check_of.insert(seq, at);
        }
    }
}

/// When a row that was done, or may have been, is read back next; `None` once its settling time is over.
pub(super) fn next_check(row: &OperationRow, now: Timestamp) -> Option<Timestamp> {
    let done = row.ended_at.unwrap_or(now);
    let settled = i64::try_from(settling(&row.change).as_secs()).unwrap_or(i64::MAX);
    let mut moments = CHECKS.into_iter().chain([settled]);
    let later = |seconds: i64| done.checked_add(SignedDuration::from_secs(seconds)).ok();
    moments.find_map(|seconds| later(seconds).filter(|at| *at > now))
}

/// How long upstream may take to show what was done (reference, section 8): removals are queued.
pub(super) fn settling(change: &Change) -> Duration {
    match change {
        Change::RemoveFromDirectory { .. } | Change::Deactivate { .. } | Change::DeleteGroup { .. } => {
            Duration::from_secs(15 * 60)
        }
        _ => Duration::from_secs(60),
    }
}

#[cfg(test)]
mod tests {
    use directory::act::Verdict;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn row(seq: u64, account: Ordinal) -> OperationRow {
        let change = Change::RemoveFromGroup { account, group: seq as Ordinal };
        OperationRow::planned(seq, 0, change, &Verdict::WillDo)
    }

    fn seqs(rows: &[OperationRow]) -> Vec<u64> {
        rows.iter().map(|row| row.seq).collect()
    }

    #[test]
    fn a_persons_rows_are_sent_one_after_the_other_and_a_doubtful_one_holds_the_rest() {
        let mut board = Board::new(&[row(1, 7), row(2, 7), row(3, 8)], at(0));
        let all = |_| usize::MAX;
        let batch = board.next(at(0), all);
        assert_eq!(seqs(&batch), [1, 3]);
        assert_eq!(board.next(at(0), all), []);
        let become_ = |row: &OperationRow, state| OperationRow { state, ended_at: Some(at(1)), ..row.clone() };
        board.take(become_(&batch[0], RowState::Unknown), Some(at(3)));
        board.take(become_(&batch[1], RowState::Done), Some(at(3)));
        assert_eq!(board.next_send(), Next::Held);
        assert_eq!(seqs(&board.due(at(3), 10)), [1, 3]);
        // It was not done: it is tried again, before the person's next one.
        board.take(OperationRow { state: RowState::Planned, ..batch[0].clone() }, Some(at(9)));
        assert_eq!(board.next_send(), Next::At(at(9)));
        assert_eq!(seqs(&board.next(at(9), all)), [1]);
        board.take(become_(&batch[0], RowState::Verified), None);
        assert_eq!(seqs(&board.next(at(9), all)), [2]);
        board.take(become_(&row(2, 7), RowState::Failed), None);
        board.take(become_(&row(3, 8), RowState::Verified), None);
        assert_eq!((board.next_send(), board.next_check()), (Next::Nothing, None));
    }

    #[test]
    fn a_lane_without_room_keeps_no_other_one_waiting_and_nobodys_order_changes() {
        let suspend =
            |seq, account| OperationRow { change: Change::Suspend { account, directory: 0 }, ..row(seq, account) };
        let mut board = Board::new(&[row(1, 7), suspend(2, 7), row(3, 8), suspend(4, 8), suspend(5, 9)], at(0));
        let leaves = |lane| usize::from(lane == row(1, 7).change.kind());
        let suspends = |lane| usize::MAX * usize::from(lane == suspend(1, 7).change.kind());
        assert_eq!(seqs(&board.next(at(0), leaves)), [1]);
        assert_eq!(seqs(&board.next(at(0), suspends)), [5]);
        board.take(OperationRow { state: RowState::Done, ended_at: Some(at(1)), ..row(1, 7) }, Some(at(3)));
        assert_eq!(seqs(&board.next(at(1), suspends)), [2]);
        assert_eq!((board.next(at(1), suspends), board.next_send()), (vec![], Next::Now));
        assert_eq!(seqs(&board.next(at(1), leaves)), [3]);
    }

    #[test]
    fn what_was_done_is_read_back_after_2_10_40_seconds_and_when_it_has_settled() {
        let done = OperationRow { state: RowState::Done, ended_at: Some(at(0)), ..row(1, 7) };
        let mut moments = Vec::new();
        let mut now = at(0);
        while let Some(next) = next_check(&done, now) {
            moments.push(next.duration_since(at(0)).as_secs());
            now = next;
        }
        assert_eq!(moments, [2, 10, 40, 60]);
        let removed = OperationRow { change: Change::RemoveFromDirectory { account: 7, directory: 0 }, ..done };
        assert_eq!(next_check(&removed, at(40)), Some(at(900)));
    }
}
