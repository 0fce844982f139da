//! What waits for a person, the most pressing first.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::asked::Asked;
use crate::api::feeds::shown::FeedRunBody;
use crate::api::organization::Key;
use crate::api::parameters::{None as NoParameters, Parameters};
use crate::api::problem::Problem;
use crate::api::runs::Run;
use crate::api::tasks::TaskRun;
use crate::api::withheld::Withheld;
use crate::contacts;
use crate::contacts::attention::ContactsWaiting;
use crate::feeds;
use crate::feeds::attention::FeedWaiting;
use crate::reports;
use crate::sync::attention::Waiting as OfMirror;
use crate::sync::edition;
use crate::tasks::attention::{self, Waiting};

/// What waits for a person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Attention {
    /// The most pressing first.
    items: Vec<AttentionItem>,
}

/// One thing that waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum AttentionItem {
    /// The organization API key expires within 30 days, or has expired.
    Key {
        /// Which.
        key: Key,
    },
    /// The last sync failed, and none has ended well since.
    FailedRun {
        /// Which.
        run: Box<Run>,
    },
    /// Rows were kept as they were because they were too many.
    Withheld {
        /// Which.
        withheld: Box<Withheld>,
    },
    /// A webhook refused one message after another and is sent nothing any more.
    WebhookSwitchedOff {
        /// Its id.
        webhook: String,
        /// What it is called.
        name: String,
        /// What it answered last.
        reason: String,
    },
    /// A run of an automated task is held, or the newest of its task did not end well.
    TaskRun {
        /// The task's name.
        name: String,
        /// Which.
        run: Box<TaskRun>,
    },
    /// An operation that a person has to approve.
    Operation {
        /// Its id.
        operation: String,
        /// Its number.
        number: u64,
        /// How many people it concerns.
        people: u64,
        /// Who asked for it.
        asked_by: String,
        /// Why it waits.
        reason: Option<String>,
    },
    /// More people are managed than the edition allows.
    EditionExceeded {
        /// The sum.
        sum: String,
        /// Since when.
        since: Option<String>,
    },
    /// A run of a feed that waits for a person, or was given up.
    FeedRun {
        /// The feed's code.
        feed: String,
        /// The run.
        run: Box<FeedRunBody>,
    },
    /// The delivery of a feed is late.
    FeedLate {
        /// The feed's code.
        feed: String,
        /// When it was expected.
        since: String,
    },
    /// Conflicts of contacts that wait for a person.
    ContactConflicts {
        /// How many.
        count: u64,
    },
    /// The newest run over contacts was given up.
    ContactRunFailed {
        /// Its id.
        run: String,
        /// Why.
        reason: String,
    },
    /// Scheduled reports are not sent, because no mail server is stored.
    ReportsUnsent {
        /// How many.
        count: u64,
    },
    /// People of the feeds whose Atlassian account is not clear: somebody links them by hand.
    FeedAccountsUnclear {
        /// How many.
        people: u64,
    },
    /// No plan could be made of what a feed says.
    FeedWithoutPlan {
        /// The feed's code.
        feed: String,
        /// Why.
        reason: String,
    },
    /// The machine's clock has jumped; tasks that go by inactivity are held until somebody confirms it.
    ClockJumped {
        /// By how many seconds.
        seconds: i64,
    },
}

/// List what needs attention
///
/// Withheld rows, a key that expires, a sync that failed, a webhook that was switched off, runs of tasks that are held or
/// failed, operations to approve, runs of feeds that wait, deliveries that are late, conflicts of contacts, scheduled reports
/// without a mail server, an edition that is exceeded, a clock that has jumped.
#[utoipa::path(get, path = "/attention", tag = "organization", operation_id = "list_attention",
    responses((status = 200, description = "What waits", body = Attention)))]
pub(crate) async fn list(asked: Asked, Parameters(_): Parameters<NoParameters>) -> Result<Json<Attention>, Problem> {
    let (now, snapshot) = (asked.context.now, asked.snapshot.clone());
    let zone = asked.mirror.zone();
    let waiting = asked.mirror.store().read(move |tx| {
        let of_feeds = feeds::attention::list(tx, (now, &zone))?;
        let of_contacts = contacts::attention::list(tx)?;
        Ok((attention::list(tx, &snapshot, now)?, of_feeds, of_contacts, reports::attention::unsent(tx)?))
    });
    let (waiting, of_feeds, of_contacts, unsent) = waiting.await?;
    let of_contact = |waiting: ContactsWaiting| match waiting {
        ContactsWaiting::Conflicts(count) => AttentionItem::ContactConflicts { count },
        ContactsWaiting::Failed(run) => {
            AttentionItem::ContactRunFailed { run: run.id.to_string(), reason: run.failure.unwrap_or_default() }
        }
    };
    let of_feed = |waiting: FeedWaiting| match waiting {
        FeedWaiting::Held(of) | FeedWaiting::Ready(of) | FeedWaiting::Failed(of) => {
            AttentionItem::FeedRun { feed: of.0.code.as_str().to_owned(), run: Box::new(FeedRunBody::at(&of.1, now)) }
        }
        FeedWaiting::Unclear(people) => AttentionItem::FeedAccountsUnclear { people },
        FeedWaiting::NoPlan(feed, reason) => {
            AttentionItem::FeedWithoutPlan { feed: feed.code.as_str().to_owned(), reason }
        }
        FeedWaiting::Late(feed, since) => {
            AttentionItem::FeedLate { feed: feed.code.as_str().to_owned(), since: since.to_string() }
        }
    };
    let of_mirror = |waiting: OfMirror| match waiting {
        OfMirror::Key(key) => AttentionItem::Key { key: Key::of(key) },
        OfMirror::Failed(run) => AttentionItem::FailedRun { run: Box::new(Run::of(&run)) },
        OfMirror::SwitchedOff(endpoint) => AttentionItem::WebhookSwitchedOff {
            webhook: endpoint.id.to_string(),
            name: endpoint.draft.name,
            reason: endpoint.switched_off.map(|(_, why)| why).unwrap_or_default(),
        },
        OfMirror::Withheld(rows) => AttentionItem::Withheld { withheld: Box::new(Withheld::of(&rows)) },
    };
    let item = |waiting: Waiting| match waiting {
        Waiting::Mirror(waiting) => of_mirror(waiting),
        Waiting::Run(run, name) => AttentionItem::TaskRun { name, run: Box::new(TaskRun::of(&run)) },
        Waiting::Operation(operation) => AttentionItem::Operation {
            operation: operation.id.to_string(),
            number: operation.number,
            people: operation.plan.people,
            asked_by: operation.asked_by,
            reason: operation.failure,
        },
        Waiting::Edition(held) => AttentionItem::EditionExceeded {
            sum: edition::sum(held.edition, held.usage.unwrap_or_default()),
            since: held.over_since.map(|at| at.to_string()),
        },
        Waiting::Clock(seconds) => AttentionItem::ClockJumped { seconds },
    };
    let of_feeds = of_feeds.into_iter().map(of_feed);
    let of_contacts = of_contacts.into_iter().map(of_contact);
    let of_reports = (unsent > 0).then_some(AttentionItem::ReportsUnsent { count: unsent });
    let items = waiting.into_iter().map(item).chain(of_feeds).chain(of_contacts).chain(of_reports);
    Ok(Json(Attention { items: items.collect() }))
}
