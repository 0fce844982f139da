//! Which past snapshots are kept, and how often one is built.

use std::sync::atomic::{AtomicUsize, Ordering};

use directory::{AccountId, Builder};

use super::*;

/// Past snapshots that count how many were built.
#[derive(Default)]
struct Counted {
    past: Past,
    built: AtomicUsize,
}

/// An organization of one person.
fn organization(generation: u64) -> Snapshot {
    let mut builder = Builder::new(generation, Timestamp::UNIX_EPOCH);
    builder.account(AccountId::new("p0").unwrap(), None, None);
    builder.finish()
}

impl Counted {
    async fn of(&self, generation: u64) -> u64 {
        self.marked(generation, Marks::default()).await.generation()
    }

    async fn marked(&self, generation: u64, marks: Marks) -> Arc<Snapshot> {
        let build = || async move {
            // Whoever asks meanwhile comes before this one is done.
            tokio::task::yield_now().await;
            self.built.fetch_add(1, Ordering::Relaxed);
            Ok(organization(generation))
        };
        self.past.of(generation, Arc::new(marks), build).await.unwrap()
    }

    fn built(&self) -> usize {
        self.built.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn two_past_days_are_kept_and_the_one_asked_for_longest_ago_leaves() {
    let counted = Counted::default();
    for generation in [1, 2, 1, 2] {
        assert_eq!(counted.of(generation).await, generation);
    }
    assert_eq!(counted.built(), 2);
    counted.of(1).await;
    counted.of(3).await;
    assert_eq!(counted.past.held().len(), KEPT);
    counted.of(1).await;
    assert_eq!(counted.built(), 3, "the first was asked for last, so the second has left");
    counted.of(2).await;
    assert_eq!(counted.built(), 4);
}

#[tokio::test]
async fn however_many_ask_at_once_it_is_built_once() {
    let counted = Counted::default();
    let (one, two, three) = tokio::join!(counted.of(7), counted.of(7), counted.of(7));
    assert_eq!((one, two, three), (7, 7, 7));
    assert_eq!(counted.built(), 1);
}

#[tokio::test]
async fn what_is_protected_today_is_marked_in_the_past_without_building_it_again() {
    let counted = Counted::default();
    let protected = Marks { protected_people: [AccountId::new("p0").unwrap()].into(), ..Marks::default() };
    assert!(!counted.marked(1, Marks::default()).await.is_protected(0));
    assert!(counted.marked(1, protected).await.is_protected(0));
    assert!(!counted.marked(1, Marks::default()).await.is_protected(0));
    assert_eq!((counted.built(), counted.past.held().len()), (1, 1));
}

#[tokio::test]
async fn a_failure_is_told_and_not_kept() {
    let past = Past::default();
    let failed = past.of(1, Arc::default(), || async { Err(StoreError::Closed) }).await;
    assert!(matches!(failed, Err(StoreError::Closed)));
    let build = || async { Ok(organization(1)) };
    assert_eq!(past.of(1, Arc::default(), build).await.unwrap().generation(), 1);
}

#[test]
fn a_day_is_year_month_and_day_and_nothing_else() {
    assert_eq!(parse_day(" 2026-03-01 "), Some(jiff::civil::date(2026, 3, 1)));
    for text in ["", "2026-3-1", "20260301", "2026-02-30", "2026-03-01T10:00", "01.03.2026", "-90d", "yesterday"] {
        assert_eq!(parse_day(text), None, "{text}");
    }
}
