//! What has to be said about the age and the wholeness of data before it is shown: the cause that was found, and its
//! remedy as a button. It decides nothing; `sync::trouble` finds the cause.

use directory::{Claim, Snapshot};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::mirror::answer::activity_read_at;
use crate::nouns::run::Run;
use crate::sync::explain::Cause;
use crate::sync::trouble::Trouble;
use crate::web::ui::amount::{self, counted};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice::{Weight, notice};
use crate::web::ui::words;
use crate::web::visit::{State, is_stale, read_at, run_address};
use crate::web::{manual_sync, settings_key, settings_left_out, settings_sync};

/// Older last active dates are offered to be read anew (rulings, Find).
const ACTIVITY_IS_OLD_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// So many gaps are named.
const GAPS_SHOWN: usize = 5;

impl State {
    /// What has to be said about the data before it is shown; nothing when it is young and whole.
    pub(crate) fn notices(&self, snapshot: &Snapshot, reader: &Reader) -> Markup {
        let stale = is_stale(snapshot, reader);
        html! {
            @if let Some(key) = &self.key { (settings_key::validity_notice(key, reader, true)) }
            @if self.daily_off {
                (notice(Weight::Warning, "The daily sync is off.", html! {
                    p { "Nothing is read but what somebody starts. " }
                    p { a.button href=(settings_sync::HERE) { "Choose a slot" } }
                }))
            }
            @if let Some(trouble) = &self.trouble { (of_trouble(trouble, stale, reader)) }
            @if stale { (old(self.trouble.as_ref(), snapshot, reader)) }
            @if !self.gaps.is_empty() {
                (notice(Weight::Warning, "Not everything could be read in the last sync.", html! {
                    p { "Nothing was taken for gone because of it; what was read before is still shown." }
                    (gaps(&self.gaps, snapshot))
                }))
            }
            (settings_left_out::hint(snapshot))
        }
    }
}

/// What is the matter, unless a notice above has said it already.
fn of_trouble(trouble: &Trouble, stale: bool, reader: &Reader) -> Markup {
    let run_link = |run: &Run| html! { a href=(run_address(run)) { "Sync run " (run.number) } };
    match trouble {
        Trouble::Key { expired_at: Some(_) } | Trouble::SlotOff => html! {},
        Trouble::Key { expired_at: None } => notice(
            Weight::Failure,
            "No organization API key is stored.",
            html! { p { "No sync can read anything. " } p { a.button href=(settings_key::HERE) { "Replace key" } } },
        ),
        Trouble::Waits { cause, since, run } => {
            let reason = run.waiting.as_ref().map_or("", |waiting| waiting.reason.as_str());
            let goes_on = html! {
                @if let Some(waiting) = &run.waiting { " It goes on by itself " (reader.relative(waiting.until)) "." }
            };
            let headline = match cause {
                Cause::KeyRefused => "Atlassian refuses the organization API key.".to_owned(),
                Cause::RightMissing => "The organization API key lacks a right.".to_owned(),
                Cause::Throttled => format!("Atlassian throttles requests since {}.", reader.clock(*since)),
                Cause::Unreachable => format!("Atlassian does not answer since {}.", reader.clock(*since)),
                Cause::Other => "The sync waits.".to_owned(),
            };
            let weight = if is_of_key(*cause) { Weight::Failure } else { Weight::Warning };
            notice(
                weight,
                &headline,
                html! {
                    p { (reason) (goes_on) " Nothing could be read since " (reader.relative(*since)) "." }
                    div.row {
                        @if is_of_key(*cause) { a.button href=(settings_key::HERE) { "Replace key" } }
                        form method="post" action=(run_address(run).below("again")) { button type="submit" { "Try again now" } }
                        (run_link(run))
                    }
                },
            )
        }
        Trouble::Failed { cause, run } => notice(
            Weight::Failure,
            "The last sync did not end well.",
            html! {
                @if let Some(failure) = &run.failure { p { (failure) } }
                p { "What is shown is the state before it. " (run_link(run)) }
                div.row {
                    @if is_of_key(*cause) { a.button href=(settings_key::HERE) { "Replace key" } }
                    (run_sync())
                }
            },
        ),
        Trouble::UnderWay(run) if stale => notice(
            Weight::Info,
            "A sync is under way.",
            html! { p { (words::run_kind(run.kind)) " began " (reader.relative(run.started_at.unwrap_or(run.asked_at))) ". " (run_link(run)) } },
        ),
        Trouble::UnderWay(_) => html! {},
        Trouble::Held { rows, run } => notice(
            Weight::Warning,
            "Rows of the last sync were withheld.",
            html! {
                p { (counted(*rows, "row", "rows")) " changed at once and stay as they were until somebody has looked. " (run_link(run)) }
                p { a.button href="/attention" { "Look at the rows" } }
            },
        ),
    }
}

fn is_of_key(cause: Cause) -> bool {
    matches!(cause, Cause::KeyRefused | Cause::RightMissing)
}

/// That data is old, with a remedy where no cause above has brought one.
fn old(trouble: Option<&Trouble>, snapshot: &Snapshot, reader: &Reader) -> Markup {
    notice(
        Weight::Warning,
        "This data is more than 26 hours old.",
        html! {
            p {
                @if let Some(at) = read_at(snapshot) { "People were last read " (reader.relative(at)) ". " }
                @match trouble {
                    Some(Trouble::Key { .. }) => "The key is the cause.",
                    Some(Trouble::Waits { .. } | Trouble::Failed { .. }) => "The cause stands above.",
                    Some(Trouble::UnderWay(_)) => "A sync is reading them now.",
                    Some(Trouble::SlotOff) => "The daily sync is off, and nobody has started one.",
                    Some(Trouble::Held { .. }) | None => "No sync was started since, or Rollcall was not running.",
                }
            }
            @if matches!(trouble, None | Some(Trouble::SlotOff | Trouble::Held { .. })) { (run_sync()) }
        },
    )
}

/// *Run Sync* as a button of a notice.
fn run_sync() -> Markup {
    html! { form method="post" action="/runs" { button type="submit" { "Run Sync" } } }
}

/// The first gaps as a list.
pub(crate) fn gaps(gaps: &[Claim], snapshot: &Snapshot) -> Markup {
    html! {
        ul {
            @for claim in gaps.iter().take(GAPS_SHOWN) {
                li {
                    (words::noun(claim.noun)) ", " bdi { (words::part(&claim.part, snapshot)) } ": "
                    @match &claim.reason {
                        Some(reason) => { (reason) }
                        None => { (words::claim_state(claim.state).to_lowercase()) }
                    }
                }
            }
            @if gaps.len() > GAPS_SHOWN {
                li { "and " (amount::counted((gaps.len() - GAPS_SHOWN) as u64, "more", "more")) }
            }
        }
    }
}

/// Where activity is used: when it was last read, and *User Last Active Dates* in one click when that is long ago.
pub(crate) fn activity_age(snapshot: &Snapshot, reader: &Reader) -> Markup {
    age_of_activity(activity_read_at(snapshot), reader)
}

fn age_of_activity(read_at: Option<Timestamp>, reader: &Reader) -> Markup {
    let again = |words: &str| {
        html! {
            form method="post" action=(manual_sync::HERE) {
                input type="hidden" name="last_active" value="on";
                button type="submit" { (words) }
            }
        }
    };
    html! {
        @match read_at {
            Some(at) if reader.now.duration_since(at) > ACTIVITY_IS_OLD_AFTER => {
                (notice(Weight::Info, "Last active dates are more than 24 hours old.", html! {
                    p { "They were last read " (reader.relative(at)) "." }
                    (again("Read User Last Active Dates again"))
                }))
            }
            Some(at) => { p.hint { "Last active dates were read " (reader.relative(at)) "." } }
            None => {
                (notice(Weight::Info, "Last active dates were not read completely yet.", html! {
                    p { "Whose use is not known is unknown, never inactive." }
                    (again("Read User Last Active Dates"))
                }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nouns::run::RunState;
    use crate::web::acme::{acme, now, reader};
    use crate::web::runs::tests::run;

    fn told(trouble: Trouble, hours: i64) -> String {
        let reader = Reader::new("UTC", now() + SignedDuration::from_hours(hours));
        State { trouble: Some(trouble), ..State::default() }.notices(&acme(), &reader).0
    }

    #[test]
    fn each_cause_is_named_with_its_remedy_as_a_button() {
        let since = now() - SignedDuration::from_mins(30);
        let waits = |cause| {
            let run = Box::new(run(RunState::Waiting));
            told(Trouble::Waits { cause, since, run }, 0)
        };
        assert!(waits(Cause::Throttled).contains("throttles requests since 11:30:00 UTC"));
        let unreachable = waits(Cause::Unreachable);
        assert!(unreachable.contains("does not answer since 11:30:00 UTC") && unreachable.contains("Try again now"));
        assert!(unreachable.contains("30 minutes ago") && !unreachable.contains("Replace key"), "{unreachable}");
        let lacks = waits(Cause::RightMissing);
        assert!(lacks.contains("lacks a right") && lacks.contains("Replace key") && lacks.contains("&lt;b&gt;"));
        let failed = told(Trouble::Failed { cause: Cause::Other, run: Box::new(run(RunState::Failed)) }, 0);
        assert!(failed.contains("did not end well") && failed.contains(">Run Sync<"), "{failed}");
        let held = told(Trouble::Held { rows: 12, run: Box::new(run(RunState::Sealed)) }, 0);
        assert!(held.contains("12 rows") && held.contains("Look at the rows"));
        assert!(told(Trouble::Key { expired_at: None }, 0).contains("No organization API key is stored."));
    }

    #[test]
    fn old_data_names_the_cause_and_offers_a_sync_only_where_one_would_help() {
        let off = told(Trouble::SlotOff, 27);
        assert!(
            off.contains("more than 26 hours old")
                && off.contains("The daily sync is off")
                && off.contains(">Run Sync<")
        );
        let under_way = told(Trouble::UnderWay(Box::new(run(RunState::Running))), 27);
        assert!(under_way.contains("A sync is under way") && !under_way.contains(">Run Sync<"), "{under_way}");
        assert_eq!(told(Trouble::UnderWay(Box::new(run(RunState::Running))), 0), "");
    }

    #[test]
    fn last_active_dates_are_offered_in_one_click_when_they_are_old() {
        let told = |hours: i64| age_of_activity(Some(now() - SignedDuration::from_hours(hours)), &reader()).0;
        assert!(told(3).contains("Last active dates were read") && !told(3).contains("button"));
        let old = told(25);
        assert!(old.contains("more than 24 hours old") && old.contains("User Last Active Dates"), "{old}");
        assert!(old.contains(r#"name="last_active" value="on""#));
        assert!(age_of_activity(None, &reader()).0.contains("never inactive"));
    }
}
