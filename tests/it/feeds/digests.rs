//! Digests that are kept packed between two deliveries: they are what the next comparison finds, never older than what
//! somebody did by hand meanwhile, and gone with a person who is erased.

use std::time::Duration;

use rollcall::feeds::{keep, upkeep};
use rollcall::nouns::feed_row::RowKind;
use rollcall::nouns::feed_run::FeedRunState;
use rollcall::store::feed_digests::{self, Packed};
use rollcall::{feeds, personal};

use super::{World, bytes, json_control, people, record};
use crate::support::app::ENGINES;

impl World {
    /// Does what comes due beside runs, as a worker does between two of them.
    async fn kept(&self) {
        let app = &self.served.app;
        while upkeep::once(&app.mirror, &app.surroundings).await.unwrap() {}
    }

    async fn packed(&self, code: &str) -> Option<Packed> {
        let mirror = &self.served.app.mirror;
        let feed = keep::find(mirror, code).await.unwrap();
        let packed = mirror.store().read(move |tx| feed_digests::find(tx, feed.number)).await.unwrap();
        packed.filter(|packed| packed.version == feed.version)
    }

    /// A delivery, applied.
    async fn night(&self, code: &str, key: &str, records: &[serde_json::Value]) {
        self.uploaded(key, "users", &bytes(records)).await;
        self.started(key).await;
        let run = self.settled(code).await;
        if run.state == FeedRunState::Held {
            self.apply(&run, "it is right", Some(run.counts.leaving)).await.unwrap();
        }
        assert_eq!(self.settled(code).await.state, FeedRunState::Complete);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comparison_finds_digests_packed_and_sees_what_was_done_by_hand_since() {
    for engine in ENGINES {
        let world = World::start(engine, 71).await;
        let (_, key) = world.feed("staff").await;
        assert_eq!(world.packed("staff").await, None, "nothing was applied yet");
        world.uploaded(&key, "_control", &json_control()).await;
        world.night("staff", &key, &people(20)).await;
        world.kept().await;
        let packed = world.packed("staff").await.unwrap();
        assert_eq!(packed.group_sizes.get("group:teaching"), Some(&20), "{engine:?}");

        // Found packed: one is changed, one is new, one has left.
        let mut next = people(20);
        next[1] = record("s02", "Moved", "s02@uni.example", "office");
        next[2] = record("s30", "Number30", "s30@uni.example", "office");
        world.night("staff", &key, &next).await;
        let run = world.run("staff").await;
        let rows = world.rows(&run).await;
        let expected = [(RowKind::New, "s30"), (RowKind::Changed, "s02"), (RowKind::Leaving, "s03")];
        let mut expected = expected.map(|(kind, name)| (kind, name.to_owned()));
        expected.sort();
        assert_eq!(rows, expected, "{engine:?}");
        world.kept().await;
        assert_eq!(world.packed("staff").await.unwrap().group_sizes.get("group:teaching"), Some(&18));

        // What is done by hand makes the pack old at once; it is not read any more.
        let (app, context) = (&world.served.app, world.context());
        let entropy = &app.surroundings.entropy;
        feeds::people::rename(&context, &app.mirror, ("s04", "s40"), entropy).await.unwrap();
        assert_eq!(world.packed("staff").await, None, "{engine:?}");
        next[3] = record("s40", "Number04", "s04@uni.example", "teaching");
        world.uploaded(&key, "users", &bytes(&next)).await;
        let run = world.settled("staff").await;
        let counts = (run.counts.records, run.counts.new, run.counts.leaving);
        assert_eq!((run.state, counts), (FeedRunState::Ready, (20, 0, 0)), "{engine:?}: s04 is known as s40");

        // When there is time, it is made anew.
        let second = app.clock.now().as_second().rem_euclid(60).unsigned_abs();
        app.clock.advance(Duration::from_secs(60 - second));
        world.kept().await;
        assert!(world.packed("staff").await.is_some(), "{engine:?}");

        // The digest of an address is about a person.
        let known = personal::who::find(&app.mirror, app.mirrors.control(), "s05@uni.example").await.unwrap();
        let stores = (&app.mirror, app.mirrors.control());
        personal::erase::erase(&context, stores, &known, entropy).await.unwrap();
        let feed = keep::find(&app.mirror, "staff").await.unwrap().number;
        let left = app.mirror.store().read(move |tx| {
            let mut bytes = 0;
            feed_digests::parts(tx, feed, (0, i64::MAX), |part| {
                bytes += part.len();
                Some(())
            })?;
            Ok((feed_digests::find(tx, feed)?, bytes))
        });
        assert_eq!(left.await.unwrap(), (None, 0), "{engine:?}");
        world.end().await;
    }
}
