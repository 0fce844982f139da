//! Applies a run: all of its preview in one transaction, or nothing. It takes the preview page by page and looks between
//! the pages whether somebody has cancelled it; what was written until then is rolled back.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

#[cfg(feature = "faults")]
use crate::feeds::gate;
use crate::feeds::pages::{Pages, Prepared};
use crate::feeds::{person, stops, tell};
use crate::id::Entropy;
use crate::nouns::context::{Actor, Context};
use crate::nouns::feed::{Feed, Force};
use crate::nouns::feed_person::{FeedPerson, FeedRecord};
use crate::nouns::feed_row::RowKind;
use crate::nouns::feed_run::{FeedRun, FeedRunState, LogLine, Severity, Stage};
use crate::nouns::job::FeedLease;
use crate::store::error::StoreError;
use crate::store::feed_records::{Alike, Failed};
use crate::store::tx::Tx;
use crate::store::{feed_log, feed_people, feed_records, feed_runs, feeds, jobs};

/// How many people of a kind the log names; the preview has all.
const NAMED: u64 = 1_000;

/// How an apply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// It was written.
    Done,
    /// The people of the feed have changed since it was compared: it has to be compared again.
    Stale,
    /// Somebody else has the run, or has ended it.
    Lost,
}

/// Writes a run, whose rows come in pages. An error rolls everything back.
pub(super) fn apply(
    tx: &mut Tx,
    lease: &FeedLease,
    pages: &Pages,
    (now, entropy): (Timestamp, &Entropy),
) -> Result<Applied, StoreError> {
    if !jobs::holds(tx, &lease.fence)? {
        return Ok(Applied::Lost);
    }
    let Some(run) = feed_runs::find(tx, &lease.run)? else { return Ok(Applied::Lost) };
    let Some(feed) = feeds::find(tx, run.feed)? else { return Ok(Applied::Lost) };
    if run.state != FeedRunState::Running || stops::is_stopped(&run.id) {
        return Ok(Applied::Lost);
    }
    if run.feed_version != Some(feed.version) {
        return Ok(Applied::Stale);
    }
    let mut writer = Writer { next: feed_people::last(tx)? + 1, lines: Lines::of(&run, now), feed, run, now };
    loop {
        let page = pages.next()?;
        // Cancelled, behind the last page too: the rows are as they were, and whoever cancels goes on.
        if stops::is_stopped(&writer.run.id) {
            return Err(StoreError::Abandoned { statement: "feed_rows.PAGE" });
        }
        if page.is_empty() {
            break;
        }
        writer.page(tx, page)?;
        #[cfg(feature = "faults")]
        gate::pass(&writer.run.id);
    }
    writer.conclude(tx, lease, entropy)?;
    Ok(Applied::Done)
}

struct Writer {
    feed: Feed,
    run: FeedRun,
    now: Timestamp,
    /// The number of the next person who is new.
    next: i64,
    lines: Lines,
}

impl Writer {
    fn page(&mut self, tx: &mut Tx, mut page: Vec<Prepared>) -> Result<(), StoreError> {
        for Prepared { row, .. } in &page {
            match row.kind {
                RowKind::New => self.lines.name("create", &row.username),
                RowKind::Returning => self.lines.name("reactivate", &row.username),
                RowKind::Changed => self.lines.name("update", &row.username),
                RowKind::Leaving => self.lines.name("block", &row.username),
                RowKind::Refreshed | RowKind::Failing | RowKind::Conflict => {}
            }
        }
        // Neighbours in an index of usernames are written together.
        page.sort_by(|one, other| one.row.username_key.cmp(&other.row.username_key));
        let (mut people, mut records, mut members): (Vec<FeedPerson>, Vec<FeedRecord>, Vec<(i64, String)>) =
            (Vec::new(), Vec::new(), Vec::new());
        let (mut alike, mut active, mut leaving, mut failed, mut regrouped) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for Prepared { row, glance } in page {
            match row.kind {
                RowKind::New | RowKind::Changed | RowKind::Returning | RowKind::Refreshed => {}
                RowKind::Leaving => {
                    leaving.extend(row.account);
                    continue;
                }
                RowKind::Failing | RowKind::Conflict => {
                    let why = row.why.unwrap_or_else(|| "The record was not applied.".to_owned());
                    failed.extend(row.account.map(|account| Failed { account, received: row.raw, why }));
                    continue;
                }
            }
            let (Some(raw_digest), control) = (row.raw_digest, self.run.control.unwrap_or(0)) else { continue };
            let (Some(told), Some(glance), Some(digest)) = (row.person, glance, row.digest) else {
                alike.extend(row.account.map(|account| Alike { account, raw_digest, control }));
                continue;
            };
            let is_known = row.account.is_some();
            let account = row.account.unwrap_or_else(|| {
                self.next += 1;
                self.next - 1
            });
            if is_known && matches!(row.kind, RowKind::New | RowKind::Returning) {
                active.push(account);
            }
            if is_known {
                let groups = row.changes.iter().any(|change| change.field == "user: groups");
                if groups || row.kind != RowKind::Refreshed {
                    regrouped.push(account);
                }
            }
            if !is_known || regrouped.last() == Some(&account) {
                members.extend(glance.groups.iter().map(|code| (account, code.clone())));
            }
            people.push(person::listed(glance, row.username_key, (account, self.now)));
            records.push(FeedRecord {
                feed: self.feed.number,
                account,
                in_feed: true,
                raw_digest,
                control,
                digest,
                person: told,
                raw: row.raw.unwrap_or_default(),
                received: None,
                received_run: None,
                applied_run: self.run.number,
                left_run: None,
                try_again: row.is_error,
                failure: row.why.filter(|_| row.is_error),
            });
        }
        let feed = self.feed.number;
        feed_people::put(tx, &people)?;
        feed_people::activate(tx, &active)?;
        feed_records::put(tx, &records)?;
        feed_records::drop_codes(tx, feed, &regrouped)?;
        feed_records::add_codes(tx, feed, &members)?;
        feed_records::alike(tx, feed, &alike)?;
        feed_records::fail(tx, feed, &failed, self.run.number)?;
        feed_records::take_out(tx, feed, &leaving, self.run.number)?;
        let grace = SignedDuration::from_hours(24 * i64::from(self.feed.settings.grace_days));
        feed_people::block_at(tx, &leaving, self.now.saturating_add(grace).unwrap_or(Timestamp::MAX))
    }

    fn conclude(mut self, tx: &mut Tx, lease: &FeedLease, entropy: &Entropy) -> Result<(), StoreError> {
        let blocked = feed_people::block_due(tx, self.now)?;
        let counts = self.run.counts;
        self.lines.say(format!("{} user records had no changes", counts.unchanged));
        if blocked > 0 {
            self.lines.say(format!("Blocked {blocked} users"));
        }
        self.lines.conclude();
        feed_log::append(tx, self.run.number, &self.lines.lines)?;
        let fields = feed_runs::field_counts(tx, self.run.number)?;
        feeds::set_applied(tx, self.feed.number, (&self.run.id, &fields))?;
        if self.feed.settings.force == Force::Once && self.run.forced {
            self.feed.settings.force = Force::Never;
            feeds::keep_settings(tx, self.feed.number, &self.feed.settings)?;
        }
        feeds::bump(tx)?;
        self.run.state = FeedRunState::Complete;
        self.run.stage = Stage::Over;
        self.run.ended_at = Some(self.now);
        self.run.heartbeat_at = Some(self.now);
        self.run.lines = self.lines.last;
        feed_runs::update(tx, &self.run)?;
        jobs::finish_operation(tx, &lease.fence)?;
        let detail = json!({
            "feed": self.feed.id.as_str(),
            "new": counts.new,
            "changed": counts.changed,
            "returning": counts.returning,
            "leaving": counts.leaving,
            "failing": counts.failing,
            "conflicts": counts.conflicts,
            "blocked": blocked,
        });
        let context = Context { actor: Actor::System, now: self.now };
        tell::of_run(tx, &context, ("feed_run.completed", &self.run.id), detail, &entropy.bytes())?;
        tell::report(tx, (&self.feed, &self.run), self.now, entropy)
    }
}

/// The lines that an apply adds to the log.
struct Lines {
    lines: Vec<LogLine>,
    last: u64,
    now: Timestamp,
    named: Vec<(&'static str, u64)>,
}

impl Lines {
    fn of(run: &FeedRun, now: Timestamp) -> Lines {
        Lines { lines: Vec::new(), last: run.lines, now, named: Vec::new() }
    }

    fn push(&mut self, text: String, username: Option<String>) {
        self.last += 1;
        self.lines.push(LogLine {
            line: self.last,
            at: self.now,
            severity: Severity::Information,
            record: None,
            file_line: None,
            username,
            text,
            told: None,
        });
    }

    fn say(&mut self, text: String) {
        self.push(text, None);
    }

    /// Says what becomes of somebody, in the words of the reference (3.6).
    fn name(&mut self, verb: &'static str, username: &str) {
        let at = self.named.iter().position(|(known, _)| *known == verb).unwrap_or_else(|| {
            self.named.push((verb, 0));
            self.named.len() - 1
        });
        let Some((_, count)) = self.named.get_mut(at) else { return };
        *count += 1;
        if *count <= NAMED {
            self.push(verb.to_owned(), Some(username.to_owned()));
        }
    }

    fn conclude(&mut self) {
        for (verb, count) in std::mem::take(&mut self.named) {
            if count > NAMED {
                self.say(format!("{verb}: {} more people; the preview has them all", count - NAMED));
            }
        }
        self.say(format!("END: {}", self.now));
    }
}
