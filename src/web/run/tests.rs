//! A run's page in every state.

use directory::{DirectoryId, Noun, Part};

use super::*;
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

fn page(state: RunState, claims: Vec<Claim>, notes: Vec<RunNote>) -> String {
    content(&Told { run: run(state), claims, notes, withheld: Vec::new() }, &acme(), &reader()).0
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
