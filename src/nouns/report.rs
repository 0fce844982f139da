//! A report that is mailed on a schedule: what it counts, who gets it and when; and one mail of it.
//!
//! A report holds whom it found the last time by ordinals alone, so that the next one can say how many came and went.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use roaring::RoaringBitmap;

use crate::id::{FilterId, ReportId};
use crate::nouns::saved_filter::Name;
use crate::nouns::task_schedule::{Repeat, TaskSchedule, Unit, Weekdays, Window};

/// The most addresses of one report: more are a mailing list, kept by the mail server.
pub const MOST_RECIPIENTS: usize = 20;

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Whom a saved filter finds.
    Filter(FilterId),
    /// What the dashboard shows.
    Dashboard,
}

/// How often a report is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// On this day of every week.
    Weekly(Weekday),
    /// On this day of every month, from 1 to 31; on the last one of a month that is shorter.
    Monthly(i8),
}

/// A report as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportDraft {
    /// Its name, one for each report.
    pub name: Name,
    /// What it is about.
    pub about: About,
    /// Who gets it.
    pub recipients: Vec<String>,
    /// How often.
    pub rhythm: Rhythm,
    /// At what time of the day.
    pub time: Time,
    /// The name of the time zone of day and time.
    pub zone: String,
    /// Whether it is sent.
    pub active: bool,
}

/// A report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// What it is.
    pub draft: ReportDraft,
    /// Who made or changed it last.
    pub changed_by: String,
    /// When.
    pub changed_at: Timestamp,
    /// What was due up to this moment is settled.
    pub settled_at: Timestamp,
    /// The one sent last.
    pub last: Option<LastReport>,
}

/// What the report before says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastReport {
    /// When it was sent.
    pub at: Timestamp,
    /// Whom its filter found.
    pub found: Option<RoaringBitmap>,
    /// What it counted on the dashboard, by name.
    pub figures: BTreeMap<String, u64>,
}

/// One mail of a report, before it has a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportMail {
    /// Which report.
    pub report: ReportId,
    /// Its name.
    pub name: String,
    /// The page that shows the same, from the first slash on.
    pub page: String,
    /// The subject.
    pub subject: String,
    /// The sentences.
    pub paragraphs: Vec<String>,
    /// Numbers by name.
    pub facts: Vec<(String, String)>,
    /// Who gets it, and why.
    pub why: String,
    /// What comes with it.
    pub file: ReportFile,
    /// What that file is called.
    pub file_name: String,
}

/// What comes with a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportFile {
    /// Nothing.
    Nothing,
    /// A table that names nobody, as comma-separated values.
    Table(String),
    /// The people whom a filter finds in a generation. They are written when the mail is sent, and stored nowhere.
    People {
        /// The filter.
        filter: String,
        /// The generation.
        generation: u64,
    },
}

/// A Saturday, and the first day of a month of 31 days: every weekday and every day of a month is counted from there.
const EPOCH: Date = Date::constant(2000, 1, 1);

const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "mon"),
    (Weekday::Tuesday, "tue"),
    (Weekday::Wednesday, "wed"),
    (Weekday::Thursday, "thu"),
    (Weekday::Friday, "fri"),
    (Weekday::Saturday, "sat"),
    (Weekday::Sunday, "sun"),
];

impl Rhythm {
    /// Reads what [`Rhythm::to_text`] wrote.
    pub fn parse(text: &str) -> Option<Rhythm> {
        match text.split_once(' ')? {
            ("weekly", day) => WEEK.iter().find(|(_, word)| *word == day).map(|(day, _)| Rhythm::Weekly(*day)),
            ("monthly", day) => day.parse().ok().filter(|day| (1..=31).contains(day)).map(Rhythm::Monthly),
            _ => None,
        }
    }

    /// As it is stored and sent by forms: `weekly mon`, `monthly 31`.
    pub fn to_text(self) -> String {
        match self {
            Rhythm::Weekly(day) => {
                let word = WEEK.iter().find(|(of, _)| *of == day).map_or("mon", |(_, word)| word);
                format!("weekly {word}")
            }
            Rhythm::Monthly(day) => format!("monthly {day}"),
        }
    }

    /// As it is told: `every Monday`, `on day 31 of every month (or its last)`.
    pub fn in_words(self) -> String {
        match self {
            Rhythm::Weekly(day) => format!("every {day:?}"),
            Rhythm::Monthly(day @ ..=28) => format!("on day {day} of every month"),
            Rhythm::Monthly(day) => format!("on day {day} of every month (or its last)"),
        }
    }
}

impl ReportDraft {
    /// The schedule by the rules of automated tasks: a time that does not exist is the first instant after the gap, one
    /// that comes twice is the first.
    pub fn schedule(&self) -> TaskSchedule {
        let (repeat, starts) = match self.rhythm {
            Rhythm::Weekly(day) => (Repeat::Weekdays(Weekdays::of(&[day])), EPOCH),
            Rhythm::Monthly(day) => (Repeat::Every(1, Unit::Months), EPOCH.with().day(day).build().unwrap_or(EPOCH)),
        };
        TaskSchedule { repeat, starts, window: Window { from: self.time, until: self.time }, zone: self.zone.clone() }
    }

    /// When it is sent, in words.
    pub fn when(&self) -> String {
        format!("{} at {} ({})", self.rhythm.in_words(), self.time.strftime("%H:%M"), self.zone)
    }
}

impl Report {
    /// When it is due next: in the past when it was due and is not settled. `None` when it is not active or nothing is
    /// known of its time zone.
    pub fn next(&self) -> Option<Timestamp> {
        if !self.draft.active {
            return None;
        }
        let schedule = self.draft.schedule();
        let rules = schedule.rules()?;
        schedule.next(&rules, self.settled_at).map(|start| start.at)
    }

    /// The last moment at which it was due, unless that is settled: one of many that were missed.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let schedule = self.draft.schedule();
        let rules = schedule.rules().filter(|_| self.draft.active)?;
        schedule.latest(&rules, now).map(|start| start.at).filter(|at| *at > self.settled_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Entropy;

    fn report(rhythm: &str, settled_at: &str) -> Report {
        Report {
            id: ReportId::new(&Entropy::seeded(1), Timestamp::UNIX_EPOCH),
            draft: ReportDraft {
                name: Name::parse("Idle").unwrap(),
                about: About::Dashboard,
                recipients: Vec::new(),
                rhythm: Rhythm::parse(rhythm).unwrap(),
                time: Time::constant(2, 30, 0, 0),
                zone: "Europe/Berlin".to_owned(),
                active: true,
            },
            changed_by: String::new(),
            changed_at: Timestamp::UNIX_EPOCH,
            settled_at: settled_at.parse().unwrap(),
            last: None,
        }
    }

    fn next(report: &mut Report, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        for _ in 0..count {
            let at = report.next().unwrap();
            told.push(at.to_string());
            report.settled_at = at;
        }
        told
    }

    #[test]
    fn the_31st_is_the_last_day_of_shorter_months_and_a_time_that_does_not_exist_comes_after_the_gap() {
        let mut monthly = report("monthly 31", "2027-01-01T00:00:00Z");
        assert_eq!(
            next(&mut monthly, 4),
            ["2027-01-31T01:30:00Z", "2027-02-28T01:30:00Z", "2027-03-31T00:30:00Z", "2027-04-30T00:30:00Z"]
        );
        let mut weekly = report("weekly sun", "2027-03-20T00:00:00Z");
        assert_eq!(
            next(&mut weekly, 3),
            ["2027-03-21T01:30:00Z", "2027-03-28T01:00:00Z", "2027-04-04T00:30:00Z"],
            "at 02:30 the clocks have gone forward"
        );
        let mut autumn = report("weekly sun", "2027-10-30T00:00:00Z");
        assert_eq!(next(&mut autumn, 2), ["2027-10-31T00:30:00Z", "2027-11-07T01:30:00Z"], "the first of two");
    }

    #[test]
    fn what_was_missed_is_due_once_and_what_is_not_active_is_never_due() {
        let mut weekly = report("weekly mon", "2027-01-01T00:00:00Z");
        let now = "2027-03-03T12:00:00Z".parse().unwrap();
        let due = weekly.due(now).unwrap();
        assert_eq!(due.to_string(), "2027-03-01T01:30:00Z");
        weekly.settled_at = due;
        assert_eq!(weekly.due(now), None);
        let off = Report { draft: ReportDraft { active: false, ..weekly.draft }, ..weekly };
        assert_eq!((off.due("2028-01-01T00:00:00Z".parse().unwrap()), off.next()), (None, None));
    }

    #[test]
    fn a_rhythm_is_read_as_it_was_written() {
        for text in ["weekly mon", "weekly sun", "monthly 1", "monthly 31"] {
            assert_eq!(Rhythm::parse(text).unwrap().to_text(), text);
        }
        for text in ["", "weekly", "weekly day", "monthly 0", "monthly 32", "daily 1"] {
            assert_eq!(Rhythm::parse(text), None, "{text}");
        }
    }
}
