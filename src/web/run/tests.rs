//! A run's page in every state.

use directory::{AccountId, Amounts, DirectoryId, GroupId, Noun, Part};

use super::*;
use crate::nouns::change_list::{ChangeKind, Changes};
use crate::nouns::run::Totals;
use crate::nouns::scope::{Chosen, Scope, Targets, WhichGroups, WhichUsers};
use crate::sync::expected::Basis;
use crate::web::acme::{acme, now, reader};
use crate::web::runs::tests::{STATES, run};

fn claim(noun: Noun, state: ClaimState) -> Claim {
    Claim {
        noun,
        part: Part::Directory(DirectoryId::new("d-1").unwrap()),
        state,
        asked_from: now(),
        asked_to: now(),
        expected: (state != ClaimState::Unread).then_some(6),
        seen: 5,
        reason: (state != ClaimState::Complete).then(|| "A page <b> could not be read.".into()),
    }
}

fn told(run: Run) -> Told {
    Told {
        run,
        claims: Vec::new(),
        notes: Vec::new(),
        withheld: Vec::new(),
        changes: None,
        sites: Vec::new(),
        expected: None,
    }
}

fn page(state: RunState, claims: Vec<Claim>, notes: Vec<RunNote>) -> String {
    shown(&Told { claims, notes, ..told(run(state)) })
}

fn shown(told: &Told) -> String {
    content(told, &acme(), &reader()).0
}

#[test]
fn every_state_tells_what_happens_or_how_it_ended() {
    let said = [
        (RunState::Queued, "Waiting for its turn"),
        (RunState::Running, "Running for 9 min 0 s, 2 people and 0.1 requests a second, about 1 h 21 min left"),
        (RunState::Waiting, "It goes on by itself at 12:02:00 UTC, in 2 minutes."),
        (RunState::Sealed, "What changed"),
        (RunState::Failed, "The key was refused &lt;b&gt;. Replace it."),
        (RunState::Cancelled, "stopped by a person"),
    ];
    assert_eq!(said.map(|(state, _)| state), STATES);
    for (state, text) in said {
        let page = page(state, Vec::new(), Vec::new());
        assert!(page.contains(text), "{state:?}: {page}");
        assert!(!page.contains("<b>. R"));
        assert_eq!(page.contains("<progress"), !state.is_over(), "{state:?}");
    }
}

#[test]
fn coverage_names_the_part_the_counts_and_the_reason() {
    let claims = vec![
        claim(Noun::Accounts, ClaimState::Complete),
        claim(Noun::Groups, ClaimState::Partial),
        claim(Noun::Activity, ClaimState::Unread),
    ];
    let page = page(RunState::Sealed, claims, Vec::new());
    for text in [
        "Profiles",
        "Directory Main",
        ">Complete<",
        ">Partial<",
        ">Not read<",
        "A page &lt;b&gt; could not",
        "not told",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("None: nothing was left out"));
}

#[test]
fn notes_are_escaped_and_cut_with_a_word_about_it() {
    let note = RunNote {
        at: now(),
        kind: NoteKind::Quarantined,
        subject: "<script>".to_owned(),
        detail: "A record without an id was left as it was.".to_owned(),
    };
    let page = page(RunState::Sealed, Vec::new(), vec![note; NOTES_SHOWN as usize + 1]);
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script"));
    assert!(page.contains("Only the first 200 notes are shown.") && page.contains("Left as it was"));
}

#[test]
fn what_a_run_reads_is_told_in_words_with_the_first_names() {
    let reads = |scope| shown(&told(Run { scope, ..run(RunState::Sealed) }));
    assert!(reads(Scope::Everything).contains("Everything: users with memberships"));
    let chosen = Chosen { users: Some(WhichUsers::WithActivity), last_active: true, groups: WhichGroups::None };
    let page = reads(Scope::Chosen(chosen));
    assert!(page.contains("All Users with a last active date") && page.contains("User Last Active Dates: all apps."));
    let ids = ["g-jira", "g-hostile", "g-unknown<", "a", "b", "c", "d"];
    let groups = ids.map(|id| GroupId::new(id).unwrap()).to_vec();
    let page = reads(Scope::Chosen(Chosen { users: None, last_active: false, groups: WhichGroups::Members(groups) }));
    assert!(page.contains("<bdi>jira-users</bdi>") && page.contains("&lt;script&gt;") && page.contains("and 2 more"));
    assert!(page.contains("g-unknown&lt;") && !page.contains("<script"), "{page}");
    let people = vec![AccountId::new("acc-ines").unwrap()];
    let page = reads(Scope::Targeted(Targets { people, groups: Vec::new() }));
    assert!(page.contains("1 person: ") && page.contains("<bdi>Ines Okafor</bdi>"), "{page}");
}

#[test]
fn every_noun_has_before_and_after_and_its_rows_a_link() {
    let amounts = |people| Amounts { people, groups: 40, ..Amounts::default() };
    let totals = Some(Totals { before: amounts(1_200), after: amounts(1_208) });
    let changes = |count: u64| Changes { count, rows: vec![(0, 0)] };
    let kinds = vec![(ChangeKind::PeopleGone, changes(6)), (ChangeKind::GrantsEnded, changes(2))];
    let list = ChangeList { generation: 3, kinds };
    let run = Run { totals, ..run(RunState::Sealed) };
    let page = shown(&Told { changes: Some(list), ..told(run.clone()) });
    assert!(page.contains(">1,200<") && page.contains(">1,208<"), "{page}");
    assert!(page.contains("changes?kind=people-gone\">6</a>") && page.contains("changes?kind=grants-ended\">2</a>"));
    assert!(!page.contains("kind=people-added") && page.contains(">14<"), "a number without rows is no link: {page}");
    let old = shown(&told(run));
    assert!(!old.contains("changes?kind=") && old.contains(">6<"), "runs sealed before rows were kept still tell");
    let nothing = Run { counts: Some(Default::default()), ..told(super::tests::run(RunState::Sealed)).run };
    assert!(shown(&told(nothing)).contains("Nothing changed."));
}

#[test]
fn requests_waiting_and_the_end_are_told_in_figures_and_words() {
    let mut sealed = Run { withheld_rows: 12, ..run(RunState::Sealed) };
    sealed.progress.requests = 410;
    sealed.progress.people_left_out = 31;
    let page = shown(&told(sealed));
    for text in [
        "410, floor 400",
        "1.02 times the floor",
        "12 s for Atlassian's limits",
        "31 people without a last active date",
        "Sealed as generation 3, 12 rows withheld",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let waiting = page_of(RunState::Waiting);
    assert!(waiting.contains("12 s, now: Atlassian takes no more requests this minute &lt;b&gt;."), "{waiting}");
    assert!(page_of(RunState::Failed).contains("Failed: <bdi>The key was refused &lt;b&gt;. Replace it.</bdi>"));
}

fn page_of(state: RunState) -> String {
    page(state, Vec::new(), Vec::new())
}

#[test]
fn the_expected_length_is_told_while_it_runs() {
    let basis = Basis::Pace { requests: 400, pace: 2.0 };
    let expected = Some(Expected { length: std::time::Duration::from_secs(200), basis });
    let page = shown(&Told { expected, ..told(run(RunState::Queued)) });
    assert!(page.contains("It takes at least about 3 min 20 s: 400 requests at 2.0 a second."), "{page}");
}

#[test]
fn parts_are_watched_while_the_run_moves_and_no_longer() {
    for state in STATES {
        let live = page_of(state).matches("data-live=\"run:run_").count();
        assert_eq!(live, if state.is_over() { 0 } else { 4 }, "{state:?}");
    }
}
