//! What waits for a person in the feeds: runs that are held or wait for *Apply*, deliveries that are late, people whose
//! Atlassian account is not clear, plans that could not be made.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::nouns::feed::Feed;
use crate::nouns::feed_account::AccessMode;
use crate::nouns::feed_run::{FeedRun, FeedRunState, Stage};
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{feed_links, feed_mappings, feed_runs, feeds};

/// One thing that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum FeedWaiting {
    /// A run is held, with its reasons.
    Held(Box<(Feed, FeedRun)>),
    /// A run is ready, and nobody applies it by itself.
    Ready(Box<(Feed, FeedRun)>),
    /// The delivery of the day has not come: since when it is late.
    Late(Box<Feed>, Timestamp),
    /// The newest run was given up.
    Failed(Box<(Feed, FeedRun)>),
    /// People whose Atlassian account is not clear.
    Unclear(u64),
    /// No plan could be made of what a feed says, and why.
    NoPlan(Box<Feed>, String),
}

/// Everything that waits, by feed.
pub fn list(tx: &mut Tx, (now, zone): (Timestamp, &TimeZone)) -> Result<Vec<FeedWaiting>, StoreError> {
    let mut waiting = Vec::new();
    for feed in feeds::list(tx)? {
        let newest = feed_runs::newest_of(tx, feed.number)?;
        if let Some(since) = late_since(&feed, now, zone) {
            waiting.push(FeedWaiting::Late(Box::new(feed.clone()), since));
        }
        let access = feed_mappings::access(tx, feed.number)?;
        if let Some(why) = access.why.filter(|_| access.settings.mode != AccessMode::Off) {
            waiting.push(FeedWaiting::NoPlan(Box::new(feed.clone()), why));
        }
        let Some(run) = newest else { continue };
        match run.state {
            FeedRunState::Held => waiting.push(FeedWaiting::Held(Box::new((feed, run)))),
            FeedRunState::Ready if run.stage == Stage::Compared && !(run.started && feed.settings.auto_apply) => {
                waiting.push(FeedWaiting::Ready(Box::new((feed, run))));
            }
            FeedRunState::Failure => waiting.push(FeedWaiting::Failed(Box::new((feed, run)))),
            _ => {}
        }
    }
    let unclear = feed_links::count_cases(tx)?;
    if unclear > 0 {
        waiting.push(FeedWaiting::Unclear(unclear));
    }
    Ok(waiting)
}

/// How many things wait.
pub fn count(tx: &mut Tx, at: (Timestamp, &TimeZone)) -> Result<u64, StoreError> {
    Ok(list(tx, at)?.len() as u64)
}

/// Since when a feed's delivery of the day is late; none when it came, is not due, or is not expected.
pub fn late_since(feed: &Feed, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let expected = feed.settings.expected_by?;
    let today = now.to_zoned(zone.clone()).date();
    let due_on = |day: jiff::civil::Date| zone.to_ambiguous_zoned(day.to_datetime(expected)).compatible().ok();
    let due = [Some(today), today.yesterday().ok()]
        .into_iter()
        .flatten()
        .filter_map(due_on)
        .map(|moment| moment.timestamp())
        .find(|due| *due <= now)?;
    // What came within the day before it was due is that day's delivery. A feed that was made later owes nothing.
    let from = due.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    let came = feed.delivered_at.is_some_and(|at| at > from);
    (!came && feed.changed_at < due).then_some(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Entropy, FeedId};
    use crate::nouns::feed::{Code, FeedSettings};

    #[test]
    fn a_delivery_is_late_from_the_hour_it_was_expected_until_it_comes() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let expected_by = Some(jiff::civil::time(6, 0, 0, 0));
        let mut feed = Feed {
            number: 1,
            id: FeedId::new(&Entropy::seeded(1), at("2026-11-01T00:00:00Z")),
            code: Code::parse("staff").unwrap(),
            name: "Staff".to_owned(),
            settings: FeedSettings { expected_by, ..FeedSettings::default() },
            changed_by: String::new(),
            changed_at: at("2026-11-01T00:00:00Z"),
            version: 1,
            control: None,
            applied_run: None,
            delivered_at: Some(at("2026-11-09T04:00:00Z")),
            late_told_at: None,
        };
        assert_eq!(late_since(&feed, at("2026-11-10T04:59:59Z"), &zone), None, "05:59:59 in Berlin");
        assert_eq!(late_since(&feed, at("2026-11-10T05:00:00Z"), &zone), Some(at("2026-11-10T05:00:00Z")));
        feed.delivered_at = Some(at("2026-11-10T06:00:00Z"));
        assert_eq!(late_since(&feed, at("2026-11-10T07:00:00Z"), &zone), None, "late, but there");
        feed.settings.expected_by = None;
        assert_eq!(late_since(&feed, at("2027-11-10T07:00:00Z"), &zone), None);
    }
}
