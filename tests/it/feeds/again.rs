//! The same once more: a file that was applied already, and a run that is applied again after others.

use rollcall::feeds::{keep, listing};
use rollcall::nouns::feed::Force;
use rollcall::nouns::feed_person::PersonState::{Active, Blocked};
use rollcall::nouns::feed_run::{FeedRunState, Reason};
use serde_json::json;

use super::faults::begun;
use super::{bytes, people, record};
use crate::support::app::ENGINES;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_a_file_that_was_applied_already_is_known_by_its_content_and_changes_nothing() {
    for engine in ENGINES {
        let (world, key) = begun(engine, 111, 20).await;
        let mirror = &world.served.app.mirror;
        let kept = listing::kept_bytes(mirror).await.unwrap();
        world.uploaded(&key, "users", &bytes(&people(20))).await;
        assert_eq!(world.started(&key).await, "OK. Sync queued.");
        let run = world.settled("staff").await;
        assert_eq!((run.state, run.counts.unchanged, run.counts.is_no_change()), (FeedRunState::Complete, 20, true));
        assert_eq!(world.rows(&run).await, []);
        assert_eq!(listing::kept_bytes(mirror).await.unwrap(), kept, "one content is kept once");
        // Forced, everybody is looked at again, and still nobody changes.
        world.configure("staff", |settings| settings.force = Force::Once).await;
        world.uploaded(&key, "users", &bytes(&people(20))).await;
        world.started(&key).await;
        let run = world.settled("staff").await;
        assert!(run.forced && run.counts.is_no_change() && run.counts.unchanged == 20, "{run:?}");
        assert_eq!(keep::find(mirror, "staff").await.unwrap().settings.force, Force::Never, "once");
        world.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d21_a_run_applied_again_shows_what_was_changed_since_and_meets_the_guards_of_any_run() {
    for engine in ENGINES {
        let (world, key) = begun(engine, 112, 20).await;
        let first = world.run("staff").await;
        let mut second = people(20);
        second[1]["last"] = json!("Married");
        second.remove(4);
        second.extend((21..=30).map(|n| record(&format!("s{n}"), "Joiner", &format!("s{n}@uni.example"), "office")));
        world.uploaded(&key, "users", &bytes(&second)).await;
        let run = world.settled("staff").await;
        world.apply(&run, "A larger intake.", None).await.unwrap();
        let second = world.settled("staff").await;
        assert_eq!((second.state, world.state("s05").await), (FeedRunState::Complete, Some(Blocked)));

        let copy = world.reapply(&first).await.unwrap();
        assert_ne!(copy.id, first.id);
        let copy = world.settled("staff").await;
        assert_eq!((copy.state, copy.copy_of.as_ref()), (FeedRunState::Held, Some(&first.id)));
        assert!(copy.reasons.contains(&Reason::Again), "{:?}", copy.reasons);
        assert!(copy.reasons.contains(&Reason::Leavers { people: 10, of: 29 }), "{:?}", copy.reasons);
        assert_eq!((copy.counts.changed, copy.counts.leaving, copy.counts.returning), (1, 10, 1));
        // Three sides: what holds, what the run would make of it, and what made it so since.
        let rows = world.preview(&copy).await;
        let row = rows.iter().find(|row| row.username == "s02").unwrap();
        let [change] = row.changes.as_slice() else { panic!("{:?}", row.changes) };
        assert!(change.field == "user: nameLast", "{change:?}");
        assert_eq!(
            (change.before.as_slice(), change.after.as_slice()),
            (&["Married".to_owned()][..], &["Number02".to_owned()][..])
        );
        let mirror = &world.served.app.mirror;
        let since = listing::since(mirror, &copy, "s02").await.unwrap();
        let [since] = since.as_slice() else { panic!("{since:?}") };
        assert_eq!(since.run, second.number);
        assert_eq!(
            (since.changes[0].before.as_slice(), since.changes[0].after.as_slice()),
            (change.after.as_slice(), change.before.as_slice())
        );
        assert_eq!(listing::since(mirror, &copy, "s03").await.unwrap(), []);
        // Nothing of it holds before a person says so.
        assert_eq!(
            (world.person("s02").await.unwrap().1.as_str(), world.state("s21").await),
            ("Pat Married", Some(Active))
        );
        world.apply(&copy, "The intake was a mistake.", None).await.unwrap();
        assert_eq!(world.settled("staff").await.state, FeedRunState::Complete);
        assert_eq!(
            (world.person("s02").await.unwrap().1.as_str(), world.state("s21").await),
            ("Pat Number02", Some(Blocked))
        );
        assert_eq!(world.state("s05").await, Some(Active));
        world.end().await;
    }
}
