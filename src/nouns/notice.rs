//! What Rollcall tells webhooks and people by mail: which events there are, and one notice with all it says.
//!
//! A notice holds ids, counts and names that administrators gave to things; it never names a person.

use jiff::Timestamp;

use crate::id::{KeyId, RunId};
use crate::nouns::feed_told::FeedTold;
use crate::nouns::operation_row::{RowState, Tally};
use crate::nouns::report::ReportMail;
use crate::nouns::warning::Letter;

/// Something that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// The organization API key expires.
    KeyExpiring,
    /// A sync was sealed, and nothing was withheld.
    SyncFinished,
    /// A sync was sealed, and rows of it wait for a person.
    SyncHeld,
    /// A sync ended for good without a result.
    SyncFailed,
    /// An operation came to its end.
    OperationFinished,
    /// Every item of a task's run was done.
    TaskSucceeded,
    /// Some items of a task's run were not done.
    TaskPartial,
    /// A task's run came to nothing.
    TaskFailed,
    /// A task's run waits for a person.
    TaskHeld,
    /// A task's run was left out.
    TaskSkipped,
    /// Managed people come near what the edition allows.
    LicenceLimitNeared,
    /// A run of a feed was applied.
    FeedFinished,
    /// A run of a feed waits for a person.
    FeedHeld,
    /// A run of a feed was given up.
    FeedFailed,
    /// A delivery was refused, because a run of the feed waits.
    FeedBlocked,
    /// A feed's delivery of the day has not come.
    FeedLate,
    /// Contacts are new.
    ContactCreated,
    /// Contacts changed.
    ContactChanged,
    /// Contacts became regular ones.
    ContactUnlinked,
    /// A conflict about an address waits for a person.
    ConflictOpened,
    /// The report of a feed's run; told to those whom the feed names.
    FeedReport,
    /// A report that is mailed on a schedule; told to those whom the report names.
    Report,
    /// A task warns somebody by mail; told to that person alone.
    AccessEnding,
    /// Somebody asked for a test.
    Test,
}

/// What Automation for Jira tells messages apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// *Organization API key expiring in 7 days*
    OrgKeyExpiry,
    /// *Automated task failures*
    TaskFailure,
    /// *Automated task successes*
    TaskSuccess,
}

/// What happened, when.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened, with all that is told of it.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// The organization API key expires.
    KeyExpiring {
        /// Our id of the key.
        key: KeyId,
        /// Its label.
        name: String,
        /// When it expires.
        expires_at: Timestamp,
        /// The mark it has passed: this many days ahead.
        days: u16,
    },
    /// A sync was sealed.
    SyncSealed {
        /// The run.
        run: RunId,
        /// The generation it sealed.
        generation: u64,
        /// Parts that were not read completely.
        gaps: u64,
        /// Rows that wait for a person.
        withheld: u64,
        /// Who and what changed.
        changed: SyncCounts,
    },
    /// A sync ended for good without a result.
    SyncFailed {
        /// The run.
        run: RunId,
        /// Why, as a sentence.
        reason: String,
    },
    /// An operation came to its end.
    OperationFinished {
        /// What it was and how it ended.
        process: Process,
        /// How it ended: `succeeded`, `partial`, `failed`, `cancelled`.
        outcome: String,
    },
    /// A task's run ended, or waits.
    TaskRun {
        /// The task's id.
        task: String,
        /// What it was.
        process: Process,
        /// How it stands.
        outcome: TaskOutcome,
    },
    /// Managed people come near what the edition allows, or are more.
    LicenceLimitNeared {
        /// People that Rollcall manages.
        managed: u64,
        /// People that its edition allows.
        capacity: u64,
        /// When they are more: until when everything works.
        grace_until: Option<Timestamp>,
    },
    /// Something about a feed.
    Feed(FeedTold),
    /// The same with a run's log, for those whom the feed names.
    FeedReport {
        /// What happened.
        told: FeedTold,
        /// The first lines of the log.
        lines: String,
        /// More of the log than stands there, as a file.
        log: Option<String>,
    },
    /// Something about contacts.
    Contacts(ContactsTold),
    /// A report that is mailed on a schedule.
    Report(Box<ReportMail>),
    /// A task warns somebody by mail.
    AccessEnding {
        /// The task's id.
        task: String,
        /// Our number of whom it is for: warnings to one person keep their order.
        person: u32,
        /// What is written.
        letter: Letter,
    },
    /// Somebody asked for a test.
    Test,
}

/// Something about contacts: ids and counts alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactsTold {
    /// What happened: one of the four events of contacts.
    pub event: EventKind,
    /// The ids of the first of them; of a conflict its number.
    pub ids: Vec<String>,
    /// How many there are.
    pub count: u64,
    /// The run that did it, where one did.
    pub run: Option<String>,
}

/// An operation, or one run of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Its id, by which the audit and its report find it.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// What it does: `removeAppAccess`, `suspendUser`, and so on.
    pub action_types: Vec<String>,
    /// Its items, by how they ended.
    pub counts: ItemCounts,
    /// Its page, from the first slash on.
    pub page: String,
}

/// Items of a process, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemCounts {
    /// All of them.
    pub total: u64,
    /// Done.
    pub succeeded: u64,
    /// Tried, and not done.
    pub failed: u64,
    /// Not tried, because they had changed or were refused.
    pub skipped: u64,
}

/// How a task's run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskOutcome {
    /// Every item was done.
    Succeeded,
    /// Some were not.
    Partial,
    /// It came to nothing.
    Failed,
    /// It waits for a person.
    Held,
    /// It was left out.
    Skipped,
}

/// What a sync changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncCounts {
    /// People who are new.
    pub added: u64,
    /// People who are gone.
    pub removed: u64,
    /// People who changed.
    pub changed: u64,
}

impl EventKind {
    /// All that can be subscribed to, in the order in which they are shown.
    pub const ALL: [EventKind; 20] = [
        EventKind::KeyExpiring,
        EventKind::SyncFinished,
        EventKind::SyncHeld,
        EventKind::SyncFailed,
        EventKind::OperationFinished,
        EventKind::TaskSucceeded,
        EventKind::TaskPartial,
        EventKind::TaskFailed,
        EventKind::TaskHeld,
        EventKind::TaskSkipped,
        EventKind::LicenceLimitNeared,
        EventKind::FeedFinished,
        EventKind::FeedHeld,
        EventKind::FeedFailed,
        EventKind::FeedBlocked,
        EventKind::FeedLate,
        EventKind::ContactCreated,
        EventKind::ContactChanged,
        EventKind::ContactUnlinked,
        EventKind::ConflictOpened,
    ];

    /// The word that is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::KeyExpiring => "key.expiring",
            EventKind::SyncFinished => "sync.finished",
            EventKind::SyncHeld => "sync.held",
            EventKind::SyncFailed => "sync.failed",
            EventKind::OperationFinished => "operation.finished",
            EventKind::TaskSucceeded => "task.succeeded",
            EventKind::TaskPartial => "task.partial",
            EventKind::TaskFailed => "task.failed",
            EventKind::TaskHeld => "task.held",
            EventKind::TaskSkipped => "task.skipped",
            EventKind::LicenceLimitNeared => "licence.limit_neared",
            EventKind::FeedFinished => "feed.finished",
            EventKind::FeedHeld => "feed.held",
            EventKind::FeedFailed => "feed.failed",
            EventKind::FeedBlocked => "feed.blocked",
            EventKind::FeedLate => "feed.late",
            EventKind::ContactCreated => "contact.created",
            EventKind::ContactChanged => "contact.changed",
            EventKind::ContactUnlinked => "contact.unlinked",
            EventKind::ConflictOpened => "conflict.opened",
            EventKind::FeedReport => "feed.report",
            EventKind::Report => "report",
            EventKind::AccessEnding => "access.ending",
            EventKind::Test => "test",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<EventKind> {
        EventKind::ALL
            .into_iter()
            .chain([EventKind::FeedReport, EventKind::Report, EventKind::AccessEnding, EventKind::Test])
            .find(|kind| kind.as_str() == text)
    }

    /// What it is, in a few words for a person.
    pub fn in_words(self) -> &'static str {
        match self {
            EventKind::KeyExpiring => "Organization API key expiring",
            EventKind::SyncFinished => "Sync finished",
            EventKind::SyncHeld => "Sync held: rows wait for somebody",
            EventKind::SyncFailed => "Sync failed",
            EventKind::OperationFinished => "Operation finished",
            EventKind::TaskSucceeded => "Task succeeded",
            EventKind::TaskPartial => "Task partly done",
            EventKind::TaskFailed => "Task failed",
            EventKind::TaskHeld => "Task held: it waits for somebody",
            EventKind::TaskSkipped => "Task skipped",
            EventKind::LicenceLimitNeared => "Limit of the edition neared",
            EventKind::FeedFinished => "Feed applied",
            EventKind::FeedHeld => "Feed held: its run waits for somebody",
            EventKind::FeedFailed => "Feed failed",
            EventKind::FeedBlocked => "Feed blocked: a delivery was refused",
            EventKind::FeedLate => "Feed late",
            EventKind::ContactCreated => "Contacts created",
            EventKind::ContactChanged => "Contacts changed",
            EventKind::ContactUnlinked => "Contacts became regular ones",
            EventKind::ConflictOpened => "Conflict of contacts: it waits for somebody",
            EventKind::FeedReport => "Report of a feed",
            EventKind::Report => "Scheduled report",
            EventKind::AccessEnding => "Warning to a person",
            EventKind::Test => "Test",
        }
    }

    /// What Automation for Jira is told it by, where it can be told at all. A test is told as a success.
    pub fn trigger(self) -> Option<Trigger> {
        match self {
            EventKind::KeyExpiring => Some(Trigger::OrgKeyExpiry),
            EventKind::TaskSucceeded | EventKind::Test => Some(Trigger::TaskSuccess),
            EventKind::TaskPartial | EventKind::TaskFailed | EventKind::TaskHeld | EventKind::TaskSkipped => {
                Some(Trigger::TaskFailure)
            }
            _ => None,
        }
    }
}

impl Trigger {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Trigger; 3] = [Trigger::OrgKeyExpiry, Trigger::TaskFailure, Trigger::TaskSuccess];

    /// The word that is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::OrgKeyExpiry => "orgKeyExpiry",
            Trigger::TaskFailure => "taskFailure",
            Trigger::TaskSuccess => "taskSuccess",
        }
    }

    /// What it is called (rulings, Act).
    pub fn in_words(self) -> &'static str {
        match self {
            Trigger::OrgKeyExpiry => "Organization API key expiring in 7 days",
            Trigger::TaskFailure => "Automated task failures",
            Trigger::TaskSuccess => "Automated task successes",
        }
    }

    /// The events that come under it.
    pub fn events(self) -> Vec<EventKind> {
        EventKind::ALL.into_iter().filter(|kind| kind.trigger() == Some(self)).collect()
    }
}

impl ItemCounts {
    /// The rows of an operation, each in one count. What was wanted and is so counts as done, whoever did it; of what
    /// nobody knows the end, as not done.
    pub fn of(tally: &Tally) -> ItemCounts {
        let of = |states: &[RowState]| states.iter().map(|state| tally.of(*state)).sum();
        ItemCounts {
            total: tally.total(),
            succeeded: of(&[RowState::Done, RowState::Verified, RowState::Already]),
            failed: of(&[RowState::Failed, RowState::Reverted, RowState::Begun, RowState::Unknown]),
            skipped: of(&[RowState::Skipped, RowState::Refused, RowState::Planned]),
        }
    }
}

impl TaskOutcome {
    /// The word that is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskOutcome::Succeeded => "succeeded",
            TaskOutcome::Partial => "partial",
            TaskOutcome::Failed => "failed",
            TaskOutcome::Held => "held",
            TaskOutcome::Skipped => "skipped",
        }
    }
}

impl Notice {
    /// Which event it is.
    pub fn kind(&self) -> EventKind {
        match &self.what {
            What::KeyExpiring { .. } => EventKind::KeyExpiring,
            What::SyncSealed { withheld: 0, .. } => EventKind::SyncFinished,
            What::SyncSealed { .. } => EventKind::SyncHeld,
            What::SyncFailed { .. } => EventKind::SyncFailed,
            What::OperationFinished { .. } => EventKind::OperationFinished,
            What::TaskRun { outcome: TaskOutcome::Succeeded, .. } => EventKind::TaskSucceeded,
            What::TaskRun { outcome: TaskOutcome::Partial, .. } => EventKind::TaskPartial,
            What::TaskRun { outcome: TaskOutcome::Failed, .. } => EventKind::TaskFailed,
            What::TaskRun { outcome: TaskOutcome::Held, .. } => EventKind::TaskHeld,
            What::TaskRun { outcome: TaskOutcome::Skipped, .. } => EventKind::TaskSkipped,
            What::LicenceLimitNeared { .. } => EventKind::LicenceLimitNeared,
            What::Feed(told) => told.outcome.event(),
            What::FeedReport { .. } => EventKind::FeedReport,
            What::Contacts(told) => told.event,
            What::Report(_) => EventKind::Report,
            What::AccessEnding { .. } => EventKind::AccessEnding,
            What::Test => EventKind::Test,
        }
    }

    /// What it is about: notices about the same reach a receiver in their order.
    pub fn subject(&self) -> String {
        match &self.what {
            What::KeyExpiring { key, .. } => key.to_string(),
            What::SyncSealed { .. } | What::SyncFailed { .. } => "sync".to_owned(),
            What::OperationFinished { process, .. } => process.id.clone(),
            What::TaskRun { task, .. } => task.clone(),
            What::LicenceLimitNeared { .. } => "licence".to_owned(),
            What::Feed(told) | What::FeedReport { told, .. } => told.feed.clone(),
            What::Contacts(told) => match (&told.run, &told.ids[..]) {
                (None, [id]) => id.clone(),
                _ => "contacts".to_owned(),
            },
            What::Report(mail) => mail.report.to_string(),
            What::AccessEnding { task, person, .. } => format!("{task} {person}"),
            What::Test => "test".to_owned(),
        }
    }

    /// The page that says more, from the first slash on.
    pub fn page(&self) -> String {
        match &self.what {
            What::KeyExpiring { .. } => "/settings/organization-api-key".to_owned(),
            What::SyncSealed { withheld: 1.., .. } => "/attention".to_owned(),
            What::SyncSealed { run, .. } | What::SyncFailed { run, .. } => format!("/runs/{run}"),
            What::OperationFinished { process, .. } | What::TaskRun { process, .. } => process.page.clone(),
            What::LicenceLimitNeared { .. } => "/settings/edition".to_owned(),
            What::Feed(told) | What::FeedReport { told, .. } => match &told.run {
                Some(run) => format!("/feeds/{}/runs/{run}", told.code),
                None => format!("/feeds/{}", told.code),
            },
            What::Contacts(told) => match (&told.run, &told.ids[..]) {
                _ if told.event == EventKind::ConflictOpened => "/contacts/conflicts".to_owned(),
                (Some(run), _) => format!("/contacts/runs/{run}"),
                (None, [id]) => format!("/contacts/{id}"),
                (None, _) => "/contacts".to_owned(),
            },
            What::Report(mail) => mail.page.clone(),
            What::AccessEnding { task, .. } => format!("/tasks/{task}"),
            What::Test => "/settings/notifications".to_owned(),
        }
    }
}
