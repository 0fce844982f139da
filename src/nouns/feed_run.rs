//! A sync run of a feed: its files, how it stands, why it waits for a person, and what may be done with it.

use jiff::{SignedDuration, Timestamp};

use crate::id::{FeedBodyId, FeedRunId};
use crate::nouns::operation::vocabulary;

/// The name under which a control file is uploaded.
pub const CONTROL: &str = "_control";
/// After how long without a sign of life a worker may be taken for dead.
pub const SILENT: SignedDuration = SignedDuration::from_secs(60);

vocabulary! {
    /// How a run stands. The words are the reference's, and *held* beside them.
    FeedRunState {
        /// Files are missing.
        Uploading = "uploading",
        /// All files are there.
        Ready = "ready",
        /// It waits for a person, for a reason.
        Held = "held",
        /// It is being applied.
        Running = "running",
        /// It was applied, whatever number of records failed.
        Complete = "complete",
        /// It was cancelled.
        Cancelled = "cancelled",
        /// It was given up, and nothing of it was applied.
        Failure = "failure",
    }
}

vocabulary! {
    /// How far the work on a run is.
    Stage {
        /// Nothing is done yet.
        Waiting = "waiting",
        /// Its files are read and compared.
        Comparing = "comparing",
        /// Its preview is there.
        Compared = "compared",
        /// It is being written.
        Applying = "applying",
        /// There is nothing more to do.
        Over = "over",
    }
}

vocabulary! {
    /// What a person may do with a run.
    RunAct {
        /// *Apply*
        Apply = "apply",
        /// *Re-apply*
        Reapply = "reapply",
        /// *Cancel*
        Cancel = "cancel",
        /// *Unsafe mark cancelled*
        UnsafeCancel = "unsafe_cancel",
    }
}

vocabulary! {
    /// How much a line of the log matters.
    Severity {
        /// Something worth knowing.
        Information = "information",
        /// Something was left out or read otherwise.
        Warning = "warning",
        /// A value or a record was not applied.
        Error = "error",
    }
}

/// A sync run.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedRun {
    /// Its number, from 1 over all feeds.
    pub number: i64,
    /// Our id of it.
    pub id: FeedRunId,
    /// The number of its feed.
    pub feed: i64,
    /// How it stands.
    pub state: FeedRunState,
    /// How far the work is.
    pub stage: Stage,
    /// The version of the control file it is read with, once it has one.
    pub control: Option<u64>,
    /// Whether somebody has started it: it is applied when nothing holds it.
    pub started: bool,
    /// Whether no record of it is skipped.
    pub forced: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// Who began it.
    pub created_by: String,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The last sign of life of its worker.
    pub heartbeat_at: Option<Timestamp>,
    /// With which version of the feed it was compared.
    pub feed_version: Option<u64>,
    /// What it would do, or did.
    pub counts: RunCounts,
    /// Why it waits.
    pub reasons: Vec<Reason>,
    /// How many errors its log has.
    pub errors: u64,
    /// How many lines its log has.
    pub lines: u64,
    /// Why it was given up.
    pub failure: Option<String>,
    /// The run that it is a copy of.
    pub copy_of: Option<FeedRunId>,
    /// The run that waited and that this one has replaced.
    pub superseded: Option<FeedRunId>,
    /// Who decided about it, and when.
    pub decided: Option<(String, Timestamp)>,
    /// What they said.
    pub decision: Option<String>,
    /// A comment on it.
    pub comment: Option<String>,
}

/// A file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFile {
    /// Its name in the control file.
    pub name: String,
    /// Where its bytes are.
    pub body: FeedBodyId,
    /// SHA-256 of its content, in hexadecimal digits.
    pub digest: String,
    /// Its size in bytes, as it was sent.
    pub size: u64,
    /// What it was called when it was sent.
    pub file_name: String,
    /// Whether it stands for the control file in force, and may be replaced.
    pub given: bool,
    /// When it came.
    pub uploaded_at: Timestamp,
    /// Who sent it.
    pub uploaded_by: String,
    /// How many records it has, once it was read.
    pub records: Option<u64>,
    /// What the sender has said of it, beside what the control file says.
    pub expected: Expected,
}

/// What a sender says of a file beside the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// How many records it has.
    pub rows: Option<u64>,
    /// When the source made it.
    pub generated_at: Option<Timestamp>,
}

/// What a run does, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Records read.
    pub records: u64,
    /// People who are new.
    pub new: u64,
    /// People who change.
    pub changed: u64,
    /// Of these, people who change by the control file alone.
    pub by_control: u64,
    /// People who stay as they are.
    pub unchanged: u64,
    /// People who are no longer in the feed.
    pub leaving: u64,
    /// People who come back.
    pub returning: u64,
    /// Records that fail; their people stay as they are.
    pub failing: u64,
    /// Records that contradict each other or somebody else's.
    pub conflicts: u64,
    /// People whose e-mail address changes.
    pub email_changes: u64,
    /// People in the feed before it.
    pub before: u64,
}

impl RunCounts {
    /// Whether it changes nobody.
    pub fn is_no_change(&self) -> bool {
        self.new + self.changed + self.leaving + self.returning == 0
    }

    /// Whether it takes everybody out.
    pub fn removes_everybody(&self) -> bool {
        self.before > 0 && self.leaving == self.before
    }
}

/// Why a run waits for a person.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It is the first of its feed.
    First,
    /// A file was not in the run applied last.
    NewFile {
        /// Its name.
        file: String,
    },
    /// A file is much larger or smaller than in the run applied last.
    Size {
        /// Its name.
        file: String,
        /// Its size then, in bytes.
        before: u64,
        /// Its size, in bytes.
        after: u64,
    },
    /// There is no record in it.
    Empty,
    /// Too many people are no longer in it.
    Leavers {
        /// How many.
        people: u64,
        /// Of how many.
        of: u64,
    },
    /// Too many e-mail addresses change.
    EmailChanges {
        /// How many.
        people: u64,
        /// Of how many.
        of: u64,
    },
    /// Too many people of one group are no longer in it.
    GroupLeavers {
        /// Its code.
        group: String,
        /// How many.
        people: u64,
        /// Of how many.
        of: u64,
    },
    /// A field would be empty for everybody.
    Emptied {
        /// The field.
        field: String,
        /// How many people have a value.
        people: u64,
    },
    /// People seem to be gone, and there are records of which nobody knows whose they are.
    Uncertain {
        /// How many people seem to be gone.
        people: u64,
        /// How many records are nobody's.
        records: u64,
    },
    /// Too many records cannot be applied.
    Failing {
        /// How many.
        records: u64,
        /// Of how many.
        of: u64,
    },
    /// It was made before the run applied last.
    Older {
        /// The file that says so.
        file: String,
    },
    /// A file cannot be read.
    Unreadable {
        /// Its name.
        file: String,
        /// What is wrong, with its place.
        why: String,
    },
    /// A file is not the one that was promised.
    Unexpected {
        /// Its name.
        file: String,
        /// What was promised and what came, with both numbers.
        why: String,
    },
    /// Somebody approved other numbers; since then the people of the feed have changed.
    Changed,
    /// Somebody asked for the preview of a run that was applied before.
    Again,
}

impl Reason {
    /// Whether no person may apply the run all the same.
    pub fn is_final(&self) -> bool {
        matches!(self, Reason::Unreadable { .. } | Reason::Unexpected { .. })
    }

    /// Why, as a sentence.
    pub fn sentence(&self) -> String {
        match self {
            Reason::First => "It is the first run of this feed: a person looks at it first.".to_owned(),
            Reason::NewFile { file } => format!("The file {file} was not in the run applied last."),
            Reason::Size { file, before, after } => format!(
                "The file {file} has {after} bytes; in the run applied last it had {before}, and more than a tenth of \
                 difference is looked at first."
            ),
            Reason::Empty => "It has no record: it removes 100 % of the people of this feed.".to_owned(),
            Reason::Leavers { people, of } => {
                format!("{people} of {of} people are no longer in it, more than the threshold of leavers.")
            }
            Reason::EmailChanges { people, of } => {
                format!("It changes the e-mail addresses of {people} of {of} people, more than the threshold.")
            }
            Reason::GroupLeavers { group, people, of } => {
                format!("{people} of {of} people of the group {group} are no longer in it, more than the threshold.")
            }
            Reason::Emptied { field, people } => {
                format!("The field {field} would be empty for everybody; {people} people have a value.")
            }
            Reason::Uncertain { people, records } => format!(
                "{people} people seem to be gone, and there are {records} records of which nobody knows whose they are: \
                 they may be theirs."
            ),
            Reason::Failing { records, of } => format!("{records} of {of} records cannot be applied."),
            Reason::Older { file } => format!("The file {file} was made before that of the run applied last."),
            Reason::Unreadable { file, why } => format!("The file {file} cannot be read: {why}"),
            Reason::Unexpected { file, why } => format!("The file {file} is not the one that was promised: {why}"),
            Reason::Changed => {
                "The people of this feed have changed since it was approved: look at its preview again.".to_owned()
            }
            Reason::Again => "It would put back what an earlier run has said.".to_owned(),
        }
    }
}

/// A line of a run's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Its number in the run, from 1.
    pub line: u64,
    /// When it was written.
    pub at: Timestamp,
    /// How much it matters.
    pub severity: Severity,
    /// The number of the record it is about, from 0 over all files.
    pub record: Option<u64>,
    /// The line of the file at which that record begins, from 1.
    pub file_line: Option<u64>,
    /// Whose record it is, as far as that is known.
    pub username: Option<String>,
    /// What it says; nothing of names, addresses and values.
    pub text: String,
    /// The value that it is about.
    pub told: Option<String>,
}

impl FeedRun {
    /// What may be done with it at a moment, in the order in which it is offered.
    pub fn acts(&self, now: Timestamp) -> Vec<RunAct> {
        match self.state {
            FeedRunState::Uploading => vec![RunAct::Cancel],
            FeedRunState::Ready => vec![RunAct::Apply, RunAct::Cancel],
            FeedRunState::Held if self.reasons.iter().any(Reason::is_final) => vec![RunAct::Cancel],
            FeedRunState::Held => vec![RunAct::Apply, RunAct::Cancel],
            FeedRunState::Running if self.is_silent(now) => vec![RunAct::Cancel, RunAct::UnsafeCancel],
            FeedRunState::Running => vec![RunAct::Cancel],
            FeedRunState::Complete | FeedRunState::Failure => vec![RunAct::Reapply],
            FeedRunState::Cancelled => Vec::new(),
        }
    }

    /// Whether its worker has given no sign of life for a minute.
    pub fn is_silent(&self, now: Timestamp) -> bool {
        let heard = self.heartbeat_at.or(self.decided.as_ref().map(|(_, at)| *at)).unwrap_or(self.created_at);
        now.duration_since(heard) >= SILENT
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.state.is_over()
    }
}

impl FeedRunState {
    /// Whether a run in this state is over.
    pub fn is_over(self) -> bool {
        matches!(self, FeedRunState::Complete | FeedRunState::Cancelled | FeedRunState::Failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_but_the_end_is_a_trap() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let mut run = FeedRun {
            number: 1,
            id: FeedRunId::new(&crate::id::Entropy::seeded(1), now),
            feed: 1,
            state: FeedRunState::Uploading,
            stage: Stage::Waiting,
            control: None,
            started: false,
            forced: false,
            created_at: now,
            created_by: String::new(),
            ended_at: None,
            heartbeat_at: Some(now),
            feed_version: None,
            counts: RunCounts::default(),
            reasons: Vec::new(),
            errors: 0,
            lines: 0,
            failure: None,
            copy_of: None,
            superseded: None,
            decided: None,
            decision: None,
            comment: None,
        };
        for state in FeedRunState::ALL {
            run.state = *state;
            let trapped = run.acts(now).is_empty();
            assert_eq!(trapped, *state == FeedRunState::Cancelled, "d20 {state:?}");
        }
        run.state = FeedRunState::Running;
        let later = |seconds| now.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        assert_eq!(run.acts(later(59)), [RunAct::Cancel]);
        assert_eq!(run.acts(later(60)), [RunAct::Cancel, RunAct::UnsafeCancel]);
        run.state = FeedRunState::Held;
        run.reasons = vec![Reason::Unreadable { file: "users".to_owned(), why: "It is empty.".to_owned() }];
        assert_eq!(run.acts(now), [RunAct::Cancel]);
    }
}
