//! The list of runs in every state.

use std::time::Duration;

use super::*;
use crate::id::{Entropy, RunId};
use crate::nouns::run::{Phase, Progress, Waiting};
use crate::nouns::scope::{Chosen, WhichGroups, WhichUsers};
use crate::sync::expected::Basis;
use crate::web::acme::{now, reader};

/// A run in this state, with everything such a run has.
pub(crate) fn run(state: RunState) -> Run {
    let minutes = |minutes: i64| now() - jiff::SignedDuration::from_mins(minutes);
    let begun = state != RunState::Queued;
    let over = state.is_over();
    Run {
        id: RunId::new(&Entropy::seeded(1), now()),
        number: 7,
        kind: RunKind::Manual,
        scope: Scope::Everything,
        state,
        asked_by: "administrator <i>mira".to_owned(),
        asked_at: minutes(10),
        started_at: begun.then(|| minutes(9)),
        ended_at: over.then(|| minutes(5)),
        generation: (state == RunState::Sealed).then_some(3),
        progress: Progress {
            phase: if over { Phase::Ended } else { Phase::Reading },
            people_seen: 1_204,
            people_expected: Some(18_430),
            people_left_out: 0,
            groups_seen: 12,
            groups_expected: None,
            requests: 40,
            requests_floor: Some(400),
            waited: Duration::from_secs(12),
        },
        waiting: (state == RunState::Waiting).then(|| Waiting {
            until: now() + jiff::SignedDuration::from_mins(2),
            reason: "Atlassian takes no more requests this minute <b>.".to_owned(),
        }),
        failure: (state == RunState::Failed).then(|| "The key was refused <b>. Replace it.".to_owned()),
        counts: (state == RunState::Sealed).then(|| Counts {
            people_added: 14,
            people_gone: 6,
            memberships_added: 3,
            activity_changed: 1_171,
            ..Counts::default()
        }),
        totals: None,
        withheld_rows: 0,
        waiting_since: (state == RunState::Waiting).then(|| minutes(3)),
    }
}

/// Every state a run can be in.
pub(crate) const STATES: [RunState; 6] =
    [RunState::Queued, RunState::Running, RunState::Waiting, RunState::Sealed, RunState::Failed, RunState::Cancelled];

fn page(runs: &[Run], turns: (bool, bool)) -> String {
    narrowed(runs, turns, Filter::default())
}

fn narrowed(runs: &[Run], (more, later): (bool, bool), filter: Filter) -> String {
    let open = runs.iter().find(|run| !run.state.is_over());
    let expected = Some(Expected { length: Duration::from_secs(250), basis: Basis::Median { runs: 5 } });
    content(&Listed { runs, more, later, filter, expected, open }, "key", &reader(), html! {}).0
}

#[test]
fn every_state_has_its_word_and_nothing_from_outside_is_obeyed() {
    let runs: Vec<Run> = STATES.into_iter().map(run).collect();
    let page = page(&runs, (false, false));
    for word in ["Queued", "Running", "Waiting", "Sealed", "Failed", "Cancelled"] {
        assert!(page.contains(&format!(">{word}</span>")), "{word}");
    }
    assert!(page.contains("administrator &lt;i&gt;mira") && !page.contains("<i>"));
    assert!(page.contains("14 people added, 6 people gone, 3 memberships begun"));
    assert!(page.contains("1,204 of 18,430") && page.contains("40 of at least 400"));
}

#[test]
fn a_sync_can_be_started_only_when_none_is_under_way() {
    assert!(page(&[run(RunState::Sealed)], (false, false)).contains("Run Sync</button>"));
    let busy = page(&[run(RunState::Running)], (false, false));
    assert!(!busy.contains("Run Sync</button>") && busy.contains("is under way"));
}

#[test]
fn older_runs_are_a_link_away_and_an_empty_list_says_what_to_do() {
    let page_of_many = page(&[run(RunState::Sealed)], (true, true));
    assert!(page_of_many.contains("href=\"/runs?before=7\"") && page_of_many.contains("href=\"/runs\" rel=\"prev\""));
    assert!(page(&[], (false, false)).contains("No sync has run yet."));
    assert!(page(&[], (false, true)).contains("There are no older runs."));
}

#[test]
fn a_filter_is_in_the_address_kept_while_paging_and_explained_when_nothing_is_left() {
    let filter = Filter { kind: Some(RunKind::Daily), state: Some(RunState::Failed) };
    let page = narrowed(&[run(RunState::Failed)], (true, true), filter);
    assert!(page.contains("href=\"/runs?kind=daily&amp;state=failed&amp;before=7\""), "{page}");
    assert!(page.contains("href=\"/runs?kind=daily&amp;state=failed\" rel=\"prev\""), "{page}");
    assert!(page.contains("<option value=\"daily\" selected>Daily sync") && page.contains("href=\"/runs\">Clear"));
    let none = narrowed(&[], (false, false), filter);
    assert!(none.contains("No run is “Daily sync” and “Failed”.") && none.contains("Show all runs"), "{none}");
    let ask = Ask { kind: "daily".to_owned(), state: "nonsense'".to_owned(), before: String::new() };
    assert_eq!(ask.filter(), Filter { kind: Some(RunKind::Daily), state: None });
}

#[test]
fn a_run_tells_what_it_reads_and_what_it_withheld() {
    let scope = Scope::Chosen(Chosen { users: Some(WhichUsers::All), last_active: true, groups: WhichGroups::None });
    let page = page(&[Run { scope, withheld_rows: 12, ..run(RunState::Sealed) }], (false, false));
    assert!(page.contains("all users, last active dates") && page.contains("12 rows withheld"), "{page}");
    assert!(page.contains("It takes about 4 min 10 s, the median of the last 5."));
}

#[test]
fn the_list_is_watched_even_while_nothing_runs() {
    let page = page(&[run(RunState::Sealed)], (false, false));
    assert!(page.contains("id=\"runs\" data-live=\"run\"") && page.contains("id=\"runs-start\" data-live=\"run\""));
}
