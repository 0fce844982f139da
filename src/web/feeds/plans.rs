//! Plans that follow from what a feed says, in words: why a row is there, who is left alone, where a plan stands. What the
//! pages of feeds and of operations share of them.

use maud::{Markup, html};

use crate::feeds::accounts::shown::OfOperation;
use crate::nouns::feed_account::{AccessMode, FeedPlan, LeftAlone, Step, StepWhy};
use crate::nouns::operation::OperationState;
use crate::nouns::operation_row::RowState;
use crate::web::feeds::{address, run_address};
use crate::web::operations;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// What a choice is called, and what it does.
pub(super) fn mode(mode: AccessMode) -> (&'static str, &'static str) {
    match mode {
        AccessMode::Off => ("Off", "Nothing at Atlassian follows from this feed."),
        AccessMode::Propose => ("Propose only", "A plan is made after each run, and waits for a person."),
        AccessMode::Automatic => {
            ("Automatic within thresholds", "A plan is carried out by itself; one over a threshold waits and says why.")
        }
    }
}

/// Why somebody is left alone, with what can be done.
pub(super) fn left_alone(why: LeftAlone) -> &'static str {
    match why {
        LeftAlone::OnHold => "on hold: nothing is changed until somebody releases them",
        LeftAlone::InGrace => "in no feed, within their days of grace",
        LeftAlone::Unclear => "whose account is not clear: link them by hand",
        LeftAlone::Apart => "of whom somebody has said that no account is theirs",
        LeftAlone::Unverified => {
            "whose address an account has but has not verified: they have not accepted their invitation, or are linked by hand"
        }
        LeftAlone::NoAddress => "without an e-mail address: no account can be found, and nobody invited",
        LeftAlone::NotActive => "whose account somebody else has suspended, or that is deactivated or in no directory",
        LeftAlone::GroupGone => "mapped groups that are gone: take the mapping back, or map another group",
        LeftAlone::MayBeKnown => {
            "members of a group that belongs to the feed who may be people of the feeds: link them by hand"
        }
        LeftAlone::NextPlan => "more to be invited: the next plan has them",
    }
}

/// Why a row is there.
fn why(step: &Step) -> Markup {
    let code = || html! { code { bdi { (step.code) } } };
    html! {
        @match step.why {
            StepWhy::Joined => { "new, in " (code()) }
            StepWhy::MovedIn => { "in " (code()) }
            StepWhy::MovedOut => { "no longer in " (code()) }
            StepWhy::Gone => "in no feed any more",
            StepWhy::Back => "in a feed again",
            StepWhy::Owned => { "the group belongs to " (code()) ", which does not have them" }
        }
        @if let Some(run) = step.run { " " span.sub { "run " (run) } }
    }
}

/// Why the row at a place is there, for the page of the operation.
pub(crate) fn reason(of: Option<&OfOperation>, seq: u64) -> Markup {
    html! { @if let Some(step) = of.and_then(|of| of.steps.get(&seq)) { (why(step)) } }
}

/// Whose plan an operation is, for its page.
pub(crate) fn whose(of: &OfOperation, visit: &Visit) -> Markup {
    let run = html! {
        @match &of.run {
            Some(run) => { a.name href=(run_address(&of.feed, run)) { "run " (run.number) } @if let Some(at) = run.ended_at { ", applied " (visit.reader.relative(at)) } }
            None => "what its people are",
        }
    };
    let waits = of.plan.state.awaits_approval();
    notice(
        if waits { Weight::Warning } else { Weight::Info },
        &format!("It follows from what the feed “{}” says.", of.feed.name),
        html! {
            p { "It was drawn up after " (run) ". Each row says why it is there. "
                a.name href=(address(&of.feed).below(super::access::PART)) { "Atlassian accounts of this feed" } }
            @if let Some(why) = of.plan.failure.as_ref().filter(|_| waits) { p { bdi { (why) } } }
            @if let Some(why) = &of.plan.waits { p { "It goes by itself once nothing stands against it: " bdi { (why) } } }
            @if waits { p { "Rejected, the same is not proposed again until the feed says something else. A newer plan of the feed takes its place." } }
        },
    )
}

/// Plans of a feed as a table, the newest first.
pub(super) fn table(plans: &[(&FeedPlan, Option<u64>)], visit: &Visit) -> Markup {
    html! {
        div.scroll.roomy tabindex="0" role="region" aria-label="Plans" {
            table {
                thead { tr {
                    th scope="col" { "Plan" } th scope="col" { "State" } th.num scope="col" { "People" } th scope="col" { "Changes" }
                    th.hide-s scope="col" { "After" } th scope="col" { "Made" }
                } }
                tbody { @for (plan, run) in plans { tr {
                    th scope="row" { a.name href=(operations::address(&plan.operation)) { "Operation " (number(plan.number)) } }
                    td.wide { (operations::words::state_tag(plan.state)) @if plan.by_itself && !plan.state.is_over() { " " span.sub { "by itself" } } }
                    td.num { (number(plan.people)) }
                    td.long { (changes(plan)) @if let Some(why) = &plan.failure { " " span.sub { bdi { (why) } } } }
                    td.hide-s { @if let Some(run) = run { "run " (run) } }
                    td { (visit.reader.relative(plan.at)) }
                } } }
            }
        }
    }
}

fn changes(plan: &FeedPlan) -> String {
    let of = |state: RowState| plan.tally.of(state);
    let done = of(RowState::Done) + of(RowState::Verified);
    let parts = [
        (of(RowState::Planned), if plan.state == OperationState::Cancelled { "not made" } else { "to be made" }),
        (done, "made"),
        (of(RowState::Failed) + of(RowState::Unknown) + of(RowState::Reverted), "failed"),
        (of(RowState::Skipped), "left out"),
        (of(RowState::Refused), "refused"),
    ];
    let told: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", number(*count)))
        .collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

/// The notice of a plan that waits; nothing when none does.
pub(super) fn waiting(plan: Option<&FeedPlan>) -> Markup {
    let Some(plan) = plan.filter(|plan| plan.state.awaits_approval()) else { return html! {} };
    let headline = format!("Operation {} waits for a person.", plan.number);
    let body = html! {
        p { "It concerns " (counted(plan.people, "person", "people")) ". "
            @if let Some(why) = plan.failure.as_ref().or(plan.waits.as_ref()) { bdi { (why) } } }
        p { a.button href=(operations::address(&plan.operation)) { "Look at the plan" } }
    };
    if plan.by_itself {
        return notice(Weight::Info, &format!("Operation {} is about to go by itself.", plan.number), body);
    }
    notice(Weight::Warning, &headline, body)
}
