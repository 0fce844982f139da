//! An automated task: whom it is about, what is done with them and when, under which guards; and its runs. Each edit is a
//! version, and a run names the one it used.

use directory::{GroupId, ResourceId};
use jiff::Timestamp;
use jiff::civil::Date;
use roaring::RoaringBitmap;

use crate::id::{AdministratorId, FilterId, OperationId, RunId, TaskId, TaskRunId};
use crate::nouns::operation::vocabulary;
use crate::nouns::saved_filter::Name;
use crate::nouns::task_schedule::{Start, TaskSchedule};
use crate::nouns::warning::Warning;

/// What a task does with those whom it finds. Named by Atlassian's ids, which stay when a sync moves everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskAction {
    /// *Remove App Access* of these apps; of all when there is none.
    RemoveAppAccess(Vec<ResourceId>),
    /// *Suspend User*.
    Suspend,
    /// *Add to groups*.
    AddToGroups(Vec<GroupId>),
    /// *Remove from groups*.
    RemoveFromGroups(Vec<GroupId>),
    /// *Warn by e-mail*: nothing is changed; what comes next is told. Stands alone in its stage.
    Warn(Warning),
}

/// What is done so many days after somebody first matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Days since the first run that found them; 0 for that run.
    pub after_days: u16,
    /// What is done.
    pub actions: Vec<TaskAction>,
}

impl TaskAction {
    /// What it is, in the words of results and messages.
    pub fn kind(&self) -> &'static str {
        match self {
            TaskAction::RemoveAppAccess(_) => "removeAppAccess",
            TaskAction::Suspend => "suspendUser",
            TaskAction::AddToGroups(_) => "addToGroups",
            TaskAction::RemoveFromGroups(_) => "removeFromGroups",
            TaskAction::Warn(_) => "warnByMail",
        }
    }
}

impl Stage {
    /// What it writes to people, when that is what it does.
    pub fn warning(&self) -> Option<&Warning> {
        self.actions.iter().find_map(|action| match action {
            TaskAction::Warn(warning) => Some(warning),
            _ => None,
        })
    }
}

impl Definition {
    /// Whether any of its stages writes to people.
    pub fn warns(&self) -> bool {
        self.stages.iter().any(|stage| stage.warning().is_some())
    }

    /// Whether everybody has the same one stage at once, so that nobody's days are counted.
    pub fn is_simple(&self) -> bool {
        matches!(self.stages.as_slice(), [only] if only.after_days == 0)
    }
}

vocabulary! {
    /// What becomes of a start that was missed.
    Missed {
        /// It is caught up once.
        CatchUp = "catch_up",
        /// It is left out.
        Skip = "skip",
    }
}

vocabulary! {
    /// What a run does that is under way when its window ends.
    AtEnd {
        /// It goes on.
        GoOn = "go_on",
        /// It stops before its next change.
        Stop = "stop",
    }
}

/// How many people a run may concern before it waits for an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskGuards {
    /// So many may always be.
    pub people: u64,
    /// Or this share of the active people, where that is more.
    pub percent: u64,
}

impl Default for TaskGuards {
    /// The larger of 10 and 5 %.
    fn default() -> TaskGuards {
        TaskGuards { people: 10, percent: 5 }
    }
}

impl TaskGuards {
    /// The most people, of so many active ones.
    pub fn limit(self, active: u64) -> u64 {
        self.people.max(active * self.percent / 100)
    }
}

/// What a version of a task says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name, one for each task.
    pub name: Name,
    /// The saved filter whose people it is about.
    pub filter: FilterId,
    /// Its stages, by days; at least one.
    pub stages: Vec<Stage>,
    /// When it starts.
    pub schedule: TaskSchedule,
    /// What becomes of a start that was missed.
    pub missed: Missed,
    /// What a run does at the end of its window.
    pub at_end: AtEnd,
    /// How many people a run may concern.
    pub guards: TaskGuards,
}

/// Who last changed a task; its runs act in their name while they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who, as pages show it.
    pub name: String,
    /// Their id; `None` for the command line.
    pub administrator: Option<AdministratorId>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The version in force, from 1.
    pub version: u64,
    /// What that version says.
    pub definition: Definition,
    /// *Schedule Active*.
    pub active: bool,
    /// Who wrote that version.
    pub author: Author,
    /// When.
    pub changed_at: Timestamp,
    /// Starts up to this moment are settled: they ran, were skipped, or came before the schedule was in force.
    pub settled_at: Timestamp,
    /// Why its next run is held for an approval, if it is.
    pub hold_next: Option<String>,
}

vocabulary! {
    /// Why a task runs.
    Cause {
        /// It was due.
        Schedule = "schedule",
        /// It was due while nothing ran.
        CaughtUp = "caught_up",
        /// *Run now*.
        Person = "person",
        /// A preview, of which nothing is carried out.
        DryRun = "dry_run",
    }
}

vocabulary! {
    /// Where a task's run stands.
    TaskRunState {
        /// About to look whom the filter finds.
        Asked = "asked",
        /// Reading exactly those people.
        Reading = "reading",
        /// Its operation is carried out.
        Acting = "acting",
        /// Waits for an approval.
        Held = "held",
        /// Over: everything was done, or there was nothing to do.
        Succeeded = "succeeded",
        /// Over: some was done, some was not.
        Partial = "partial",
        /// Over: nothing was done.
        Failed = "failed",
        /// Over before it began.
        Skipped = "skipped",
    }
}

impl TaskRunState {
    /// Whether the run is over.
    pub fn is_over(self) -> bool {
        use TaskRunState::{Failed, Partial, Skipped, Succeeded};
        matches!(self, Succeeded | Partial | Failed | Skipped)
    }
}

/// A run of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRun {
    /// Its id.
    pub id: TaskRunId,
    /// Of which task.
    pub task: TaskId,
    /// Its number within the organization, from 1.
    pub number: u64,
    /// The version that it uses.
    pub version: u64,
    /// Why it runs.
    pub cause: Cause,
    /// The day of the schedule that it belongs to, and the end of its window.
    pub due: Option<(Date, Timestamp)>,
    /// Where it stands.
    pub state: TaskRunState,
    /// Why it stands there, as a sentence.
    pub reason: Option<String>,
    /// Who asked for it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whom the filter found first.
    pub first: RoaringBitmap,
    /// How many it found again after they were read.
    pub confirmed: u64,
    /// The sync run that reads them.
    pub sync: Option<RunId>,
    /// Its operations, one for each stage that had somebody.
    pub operations: Vec<OperationId>,
    /// Whether its operations are stopped for the daily sync, and go on after it.
    pub resting: bool,
}

/// A run as it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTaskRun {
    /// Its id.
    pub id: TaskRunId,
    /// Of which task.
    pub task: TaskId,
    /// The version that it uses.
    pub version: u64,
    /// Why it runs.
    pub cause: Cause,
    /// The start that it belongs to.
    pub due: Option<Start>,
    /// Where it begins: asked for, or skipped with the reason.
    pub state: TaskRunState,
    /// Why.
    pub reason: Option<String>,
    /// Who asks for it.
    pub asked_by: String,
    /// When.
    pub asked_at: Timestamp,
}
