//! Pages that are cut, empty, repeated or in a circle, and counts that do not fit them: a list is believed when it is
//! whole, and never half.

use directory::{ClaimState, Noun};
use rollcall::nouns::run::RunState;
use rollcall::sync::ended::Ended;
use simulator::{Change, Fault, FaultKind, ScheduledChange};

use super::{GROUPS, USERS, USERS_COUNT, disturbed, disturbed_in, unmanaged};
use crate::support::app::population;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_a_page_that_is_cut_is_rejected_whole_and_asked_again() {
    for kind in [
        FaultKind::Truncate { bytes: 30_000 },
        FaultKind::CutChunks { bytes: 30_000 },
        FaultKind::WrongContentLength,
        FaultKind::CloseAfterEffect,
        FaultKind::Garbage,
    ] {
        let it = disturbed(114, vec![Fault::on(USERS, kind.clone()).page(1), Fault::on(GROUPS, kind)]).await;
        it.app.sync().await.unwrap();
        assert_eq!(it.user_pages().iter().filter(|(page, _)| *page == 1).count(), 2, "it is asked once more");
        it.assert_overcome().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_an_empty_list_is_not_believed() {
    // The lists are empty, the counts are not.
    for path in [USERS, GROUPS] {
        let it = disturbed(117, vec![Fault::on(path, FaultKind::EmptyList).always()]).await;
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        assert!(it.app.now().present().len() > 300);
        let noun = if path == USERS { Noun::Presence } else { Noun::Groups };
        let (state, reason) = it.claim(noun).await;
        assert_eq!(state, ClaimState::Partial);
        assert!(reason.contains("showed 0"), "{reason}");
        it.assert_heals().await;
    }
    // The counts agree that there is nobody.
    let it = disturbed(
        118,
        vec![
            Fault::on(USERS, FaultKind::EmptyList).always(),
            Fault::on(USERS_COUNT, FaultKind::CountOffBy { n: -100_000 }).always(),
            Fault::on(GROUPS, FaultKind::EmptyList).always(),
            Fault::on("groups/count", FaultKind::CountOffBy { n: -100_000 }).always(),
        ],
    )
    .await;
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&it.leaver));
    for noun in [Noun::Presence, Noun::Groups] {
        let (state, reason) = it.claim(noun).await;
        assert_eq!(state, ClaimState::Partial);
        assert!(reason.contains("more than 10 %"), "{noun:?}: {reason}");
    }
    it.assert_heals().await;
}

/// Who moves out of their directory is asked for among the accounts outside: by a search that has just shown an empty
/// list, whose word that nobody is there is none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_an_empty_list_is_not_believed_of_who_has_moved_into_it_either() {
    let it = disturbed(147, vec![]).await;
    let truth = it.app.truth();
    let moving =
        truth.users.iter().find(|user| user.managed && !user.directories.is_empty() && user.status == "active");
    let moving = moving.unwrap().account_id.clone();
    it.app.simulator.change(|organization| organization.remove_user(&moving).unwrap());
    it.app.simulator.set_faults(vec![Fault::on(USERS, FaultKind::EmptyList).subject(&moving).always()]);
    it.app.sync().await.unwrap();
    it.assert_nothing_lost();
    assert!(it.is_present(&moving), "they are still somewhere");
    let reasons = it.app.gaps().await;
    assert!(reasons.iter().any(|reason| reason.contains(&moving)), "{reasons:?}");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a13_an_empty_page_with_a_next_one_is_no_end() {
    let it = disturbed(119, vec![Fault::on(USERS, FaultKind::EmptyPageWithNext).page(1).attempts(1..=2)]).await;
    it.app.sync().await.unwrap();
    it.assert_overcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a14_a_page_served_twice_counts_once() {
    for path in [USERS, GROUPS] {
        let it = disturbed(120, vec![Fault::on(path, FaultKind::RepeatPage)]).await;
        it.app.sync().await.unwrap();
        let run = it.app.run().await;
        assert!(run.progress.people_seen <= 320, "{} people seen", run.progress.people_seen);
        it.assert_overcome().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a15_a_list_that_leads_in_a_circle_fails_the_run_and_changes_nothing() {
    let it = disturbed_in(&population(520, 121), vec![Fault::on(USERS, FaultKind::CycleCursor).always()]).await;
    let ended = it.app.sync().await;
    assert!(matches!(ended, Err(Ended::Failed(_))), "{ended:?}");
    let run = it.app.run().await;
    assert_eq!((run.state, run.generation), (RunState::Failed, None));
    assert!(run.failure.as_deref().is_some_and(|why| why.contains("circle")), "{run:?}");
    assert_eq!(it.app.now().generation(), 1, "the previous generation stays");
    assert!(it.app.requests() < 100, "it is noticed soon");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_an_expired_cursor_starts_its_list_anew() {
    let it = disturbed(122, vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2)]).await;
    it.app.sync().await.unwrap();
    let pages: Vec<u32> = it.user_pages().iter().map(|(page, _)| *page).collect();
    assert_eq!(pages.iter().filter(|page| **page == 1).count(), 2, "{pages:?}");
    it.assert_overcome().await;

    // It expires again and again: that list is left with a gap, and nobody is gone.
    let it = disturbed(123, vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2).always()]).await;
    it.app.sync().await.unwrap();
    let (state, reason) = it.claim(Noun::Presence).await;
    assert_eq!(state, ClaimState::Partial);
    assert!(reason.contains("cursor"), "{reason}");
    assert!(it.is_present(&it.leaver));
    it.assert_heals().await;
}

/// Who was seen only before the cursor expired was not seen: a broken walk's marks are void.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a16_what_a_broken_walk_has_seen_proves_no_presence() {
    let it = disturbed(124, vec![Fault::on(USERS, FaultKind::ExpireCursor).page(2)]).await;
    let seen_first = unmanaged(&it.app.truth(), &it.app.directory()).remove(0);
    let leaving = seen_first.clone();
    it.app.simulator.set_changes(vec![ScheduledChange {
        path: USERS.to_owned(),
        request: 4,
        change: Change::custom(move |organization| organization.remove_user(&leaving).unwrap()),
    }]);
    it.app.sync().await.unwrap();
    assert!(!it.is_present(&seen_first), "the walk that counts did not list this person");
    it.assert_heals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a24_a_count_that_is_off_proves_no_absence() {
    for off in [5, -7] {
        let it = disturbed(127, vec![Fault::on(USERS_COUNT, FaultKind::CountOffBy { n: off }).always()]).await;
        it.app.sync().await.unwrap();
        it.assert_nothing_lost();
        assert!(it.is_present(&it.leaver), "{off}: nobody is taken for gone");
        let (state, reason) = it.claim(Noun::Presence).await;
        assert_eq!(state, ClaimState::Partial, "{off}");
        assert!(reason.contains("showed") && reason.contains("counted"), "{off}: {reason}");
        it.assert_heals().await;
    }
}
