//! Past days of an organization that lives: every day is shown again as it was when its last sync was sealed.

use std::sync::Arc;
use std::time::Duration;

use directory::Snapshot;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rollcall::mirror::past::{AsOf, NotAnswered};

use crate::support::app::{ENGINES, TestApp, population};
use crate::support::truth;

const DAYS: u64 = 6;

fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

async fn as_of(app: &TestApp, day: &str) -> Result<Option<AsOf>, NotAnswered> {
    app.mirror.as_of(day, (app.clock.now(), &TimeZone::UTC)).await
}

/// What history keeps of a snapshot: days of activity, and none of upstream's own counts.
fn kept(snapshot: &Snapshot) -> Vec<String> {
    let plain = |line: String| {
        if let Some((who, at)) = line.rsplit_once(" at ").filter(|_| line.contains(" opened ")) {
            return Some(format!("{who} on {}", day_of(Timestamp::from_microsecond(at.parse().unwrap()).unwrap())));
        }
        let line = line.split(" counted ").next()?.split(" GroupCounts {").next()?;
        (!line.starts_with("by last active")).then(|| line.to_owned())
    };
    let mut lines: Vec<String> = truth::everything(snapshot).into_iter().filter_map(plain).collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_day_is_shown_again_as_it_was_sealed() {
    for engine in ENGINES {
        let app = TestApp::start(engine, &population(120, 31)).await;
        let mut rng = fastrand::Rng::with_seed(31);
        let mut sealed: Vec<(Date, Arc<Snapshot>)> = Vec::new();
        let first = day_of(app.clock.now());
        app.work_through().await;
        sealed.push((day_of(app.clock.now()), app.now()));
        for day in 1..DAYS {
            app.clock.advance(Duration::from_secs(86_400));
            app.simulator.change(|organization| organization.working_day(&mut rng));
            // One day has no sync at all, and one has two.
            for _ in 0..[0, 1, 0, 2, 1, 1][day as usize] {
                app.ask().await;
                app.work_through().await;
                sealed.push((day_of(app.clock.now()), app.now()));
                app.simulator.change(|organization| organization.random_change(&mut rng));
            }
        }
        app.clock.advance(Duration::from_secs(86_400));
        let today = day_of(app.clock.now());

        for day in first.series(1.day()).take_while(|day| *day < today) {
            let then = &sealed.iter().rfind(|(sealed_on, _)| *sealed_on <= day).unwrap().1;
            let past = as_of(&app, &day.to_string()).await.unwrap().unwrap();
            assert_eq!(past.snapshot.generation(), then.generation(), "{day}");
            assert_eq!(truth::unlike(&kept(&past.snapshot), &kept(then)), Vec::<String>::new(), "{engine:?} {day}");
            assert_eq!((day_of(past.at), past.day), (day, day));
            assert_eq!(day_of(past.at + 1.microsecond()), day.tomorrow().unwrap());
        }

        assert!(as_of(&app, &today.to_string()).await.unwrap().is_none(), "of today the present is asked");
        let before = as_of(&app, &first.yesterday().unwrap().to_string()).await;
        assert!(matches!(&before, Err(NotAnswered::Before { first: Some(told), .. }) if *told == first), "{before:?}");
        let later = as_of(&app, &today.tomorrow().unwrap().to_string()).await;
        assert!(matches!(later, Err(NotAnswered::Future { .. })), "{later:?}");
        assert!(matches!(as_of(&app, "last week").await, Err(NotAnswered::NotADay(_))));
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_anything_was_read_no_day_is_known() {
    let app = TestApp::start(ENGINES[0], &population(20, 32)).await;
    let asked = as_of(&app, "2020-01-01").await;
    assert!(matches!(asked, Err(NotAnswered::Before { first: None, .. })), "{asked:?}");
    app.stop().await;
}
