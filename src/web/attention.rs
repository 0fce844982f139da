//! *Needs attention*: everything that waits for a person, each with its next step.

use maud::{Markup, html};

use crate::contacts;
use crate::contacts::attention::ContactsWaiting;
use crate::feeds;
use crate::feeds::attention::FeedWaiting;
use crate::nouns::operation::Operation;
use crate::nouns::task::{TaskRun, TaskRunState};
use crate::reports;
use crate::sync::attention::Waiting as OfMirror;
use crate::sync::edition::{self, Held};
use crate::tasks::attention::{self, Waiting};
use crate::web::failure::Failure;
use crate::web::feeds::links;
use crate::web::ui::amount::number;
use crate::web::ui::frame::{Page, Place};
use crate::web::ui::notice::{Weight, empty, notice};
use crate::web::visit::{Visit, run_address};
use crate::web::withheld;
use crate::web::{operations, settings_edition, settings_key, settings_notifications, tasks};

/// GET /attention
pub(crate) async fn show(visit: Visit) -> Result<Page, Failure> {
    let (now, snapshot) = (visit.reader.now, visit.snapshot.clone());
    let zone = visit.mirror.zone();
    let waiting = visit.mirror.store().read(move |tx| {
        let of_feeds = feeds::attention::list(tx, (now, &zone))?;
        let of_contacts = contacts::attention::list(tx)?;
        Ok((attention::list(tx, &snapshot, now)?, of_feeds, of_contacts, reports::attention::unsent(tx)?))
    });
    let (waiting, of_feeds, of_contacts, unsent) = waiting.await?;
    let count = waiting.len() + of_feeds.len() + of_contacts.len() + usize::from(unsent > 0);
    Ok(Page::framed(
        &visit.frame("Needs attention", Place::NeedsAttention),
        html! {
            div.headline {
                h1 { "Needs attention" }
                span.sub { (number(count as u64)) (if count == 1 { " thing waits" } else { " things wait" }) " for somebody" }
            }
            @if count == 0 {
                (empty("Nothing waits for you.", html! {
                    p { "Rows that a sync withheld, a key that expires, a sync or a task that failed, runs and operations that wait for an approval, runs of feeds that are held and deliveries that are late, conflicts of contacts, scheduled reports without a mail server, a limit and a webhook that was switched off appear here." }
                }))
            }
            @for item in &waiting { (one(item, &visit)) }
            @for item in &of_feeds { (of_feed(item, &visit)) }
            @for item in &of_contacts { (of_contacts_item(item)) }
            @if unsent > 0 { (unsent_reports(unsent)) }
        },
    ))
}

fn unsent_reports(reports: u64) -> Markup {
    let headline = match reports {
        1 => "A scheduled report is not sent: no mail server is stored.".to_owned(),
        reports => format!("{} scheduled reports are not sent: no mail server is stored.", number(reports)),
    };
    notice(
        Weight::Warning,
        &headline,
        html! {
            p { "What comes due waits, and is sent once, as soon as there is one." }
            p { a.button href=(settings_notifications::HERE) { "Enter a mail server" } " " a href=(settings_notifications::reports::HERE) { "Scheduled reports" } }
        },
    )
}

fn one(item: &Waiting, visit: &Visit) -> Markup {
    match item {
        Waiting::Mirror(item) => of_mirror(item, visit),
        Waiting::Run(run, name) => task_run(run, name, visit),
        Waiting::Operation(operation) => to_approve(operation, visit),
        Waiting::Edition(held) => exceeded(held, visit),
        Waiting::Clock(_) => tasks::clock(),
    }
}

fn of_feed(item: &FeedWaiting, visit: &Visit) -> Markup {
    let (headline, of) = match item {
        FeedWaiting::Late(feed, since) => {
            return notice(
                Weight::Warning,
                &format!("The delivery of the feed “{}” is late.", feed.name),
                html! {
                    p { "It was expected " (visit.reader.relative(*since)) ". Look at the script that uploads it, and at its key." }
                    p { a.button href={ "/feeds/" (feed.code.as_str()) } { "Look at the feed" } }
                },
            );
        }
        FeedWaiting::Unclear(people) => {
            let headline = match people {
                1 => "The Atlassian account of one person of the feeds is not clear.".to_owned(),
                people => format!("The Atlassian accounts of {} people of the feeds are not clear.", number(*people)),
            };
            return notice(
                Weight::Warning,
                &headline,
                html! {
                    p { "Nobody is guessed: until somebody links them by hand, nothing at Atlassian follows for them." }
                    p { a.button href=(links::HERE) { "Look at them" } }
                },
            );
        }
        FeedWaiting::NoPlan(feed, why) => {
            return notice(
                Weight::Warning,
                &format!("No plan could be made of what the feed “{}” says.", feed.name),
                html! {
                    p { (why) }
                    p { a.button href={ "/feeds/" (feed.code.as_str()) "/accounts" } { "Look at the feed’s accounts" } }
                },
            );
        }
        FeedWaiting::Held(of) => ("is held until somebody looks at it.", of),
        FeedWaiting::Ready(of) => ("is ready, and waits for somebody to apply it.", of),
        FeedWaiting::Failed(of) => ("was given up; nothing of it was applied.", of),
    };
    let (feed, run) = (&of.0, &of.1);
    notice(
        Weight::Warning,
        &format!("Run {} of the feed “{}” {headline}", run.number, feed.name),
        html! {
            @for reason in &run.reasons { p { (reason.sentence()) } }
            @if let Some(failure) = &run.failure { p { (failure) } }
            p { a.button href={ "/feeds/" (feed.code.as_str()) "/runs/" (run.id.as_str()) } { "Look at the run" } }
        },
    )
}

fn of_contacts_item(item: &ContactsWaiting) -> Markup {
    match item {
        ContactsWaiting::Conflicts(count) => notice(
            Weight::Warning,
            &match count {
                1 => "1 conflict of contacts waits for somebody.".to_owned(),
                count => format!("{} conflicts of contacts wait for somebody.", number(*count)),
            },
            html! {
                p { "More than one contact, or more than one account, has the same e-mail address. Nothing is picked until somebody has looked." }
                p { a.button href="/contacts/conflicts" { "Look at the conflicts" } }
            },
        ),
        ContactsWaiting::Failed(run) => notice(
            Weight::Failure,
            &format!("Run {} of contacts was given up.", run.number),
            html! {
                @if let Some(failure) = &run.failure { p { (failure) } }
                p { a.button href={ "/contacts/runs/" (run.id.as_str()) } { "Look at the run" } }
            },
        ),
    }
}

fn task_run(run: &TaskRun, name: &str, visit: &Visit) -> Markup {
    let (weight, headline, next) = match run.state {
        TaskRunState::Held => (Weight::Warning, "is held until somebody approves it.", "Look at what it would do"),
        TaskRunState::Partial => (Weight::Warning, "was done in part.", "Look at what was not done"),
        _ => (Weight::Failure, "came to nothing.", "Look at why"),
    };
    notice(
        weight,
        &format!("Run {} of the task “{name}” {headline}", run.number),
        html! {
            @if let Some(reason) = &run.reason { p { (reason) } }
            p.hint { "Begun " (visit.reader.relative(run.asked_at)) "." }
            p { a.button href=(tasks::run::to(run)) { (next) } " " a.button href=(tasks::address(&run.task)) { "The task" } }
        },
    )
}

fn to_approve(operation: &Operation, visit: &Visit) -> Markup {
    notice(
        Weight::Warning,
        &format!("Operation {} waits for an approval.", operation.number),
        html! {
            @match &operation.failure {
                Some(why) => p { (why) },
                None => p { "It concerns " (number(operation.plan.people)) " people, and somebody else than who asked has to approve it." },
            }
            p.hint { "Asked for by " bdi { (operation.asked_by) } " " (visit.reader.relative(operation.asked_at)) "." }
            p { a.button href=(operations::address(&operation.id)) { "Look at the plan" } }
        },
    )
}

fn exceeded(held: &Held, visit: &Visit) -> Markup {
    notice(
        Weight::Warning,
        "More people are managed than Rollcall's edition allows.",
        html! {
            @if let Some(usage) = held.usage { p { (edition::sum(held.edition, usage)) "." } }
            @if let Some(since) = held.over_since { p.hint { "Since " (visit.reader.day(since)) "." } }
            p { a.button href=(settings_edition::HERE) { "Look at the edition" } }
        },
    )
}

fn of_mirror(item: &OfMirror, visit: &Visit) -> Markup {
    match item {
        OfMirror::Key(key) => settings_key::validity_notice(key, &visit.reader, true),
        OfMirror::Failed(run) => notice(
            Weight::Failure,
            "The last sync did not end well.",
            html! {
                @if let Some(failure) = &run.failure { p { (failure) } }
                p { a.button href=(run_address(run)) { "Look at sync run " (run.number) } " " a.button href="/runs" { "Run Sync" } }
            },
        ),
        OfMirror::SwitchedOff(endpoint) => settings_notifications::switched_off(endpoint, &visit.reader),
        OfMirror::Withheld(rows) => notice(
            Weight::Warning,
            &withheld::headline(rows, &visit.snapshot),
            html! {
                p { (withheld::explanation(rows)) " Withheld " (visit.reader.relative(rows.at)) "." }
                p { a.button href=(withheld::address(&rows.id)) { "Look at the rows" } }
            },
        ),
    }
}
