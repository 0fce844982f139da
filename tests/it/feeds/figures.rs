//! What pages count of a feed's people: kept while nobody has changed, and right after everything that changes somebody.

use rollcall::feeds::accounts::link::{self, To};
use rollcall::feeds::{keep, people as hands};
use rollcall::nouns::feed_person::PersonState;
use rollcall::store::{feed_links, feed_people, feed_records};
use serde_json::json;

use super::accounts::Land;
use crate::support::app::ENGINES;

/// Holds the figures of a page against everybody.
async fn right(land: &Land, after: &str) {
    let mirror = &land.app().mirror;
    let feed = keep::find(mirror, "staff").await.unwrap().number;
    let counted = mirror.store().read(move |tx| {
        let states = feed_people::count_by_state(tx, feed)?;
        Ok((states, feed_records::count_failing(tx, feed)?, feed_links::count(tx, feed)?))
    });
    let figures = mirror.feed_figures(feed).await.unwrap();
    assert_eq!((figures.people, figures.failing, figures.linked), counted.await.unwrap(), "after {after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_of_a_feed_are_right_after_each_change_and_nobody_is_read_while_there_is_none() {
    for engine in ENGINES {
        let land = Land::start(engine, 121, 6).await;
        right(&land, "no run").await;
        let (mirror, entropy) = (&land.app().mirror, &land.app().surroundings.entropy);
        let context = || land.world.context();
        // Applied, and not matched with accounts yet: the figures of that moment must not stay.
        land.night(&land.records(1..=6)).await;
        right(&land, "a first run and a match").await;
        let feed = keep::find(mirror, "staff").await.unwrap().number;
        assert_eq!(mirror.feed_figures(feed).await.unwrap().linked.linked, 6);
        hands::hold(&context(), mirror, ("s01", "an inquiry"), entropy).await.unwrap();
        right(&land, "a hold").await;
        hands::release(&context(), mirror, "s01", entropy).await.unwrap();
        right(&land, "a release").await;
        link::by_hand(&context(), mirror, ("s02", To::Nobody), entropy).await.unwrap();
        right(&land, "an unlink").await;
        link::by_hand(&context(), mirror, ("s02", To::Anew), entropy).await.unwrap();
        right(&land, "a decision that is forgotten").await;
        land.look().await;
        right(&land, "a match").await;
        assert_eq!(mirror.feed_figures(feed).await.unwrap().linked.linked, 6);
        let mut second = land.records(1..=5);
        second[2]["mail"] = json!("no address");
        land.night(&second).await;
        right(&land, "a run with a leaver and a record that fails").await;
        let figures = mirror.feed_figures(feed).await.unwrap();
        assert_eq!(
            (figures.failing, figures.people.iter().find(|(state, _)| *state == PersonState::Blocked)),
            (1, Some(&(PersonState::Blocked, 1)))
        );
        hands::rename(&context(), mirror, ("s04", "q04"), entropy).await.unwrap();
        right(&land, "another username").await;

        // Whoever is changed behind the back of everything that changes people is not noticed: nobody was read.
        let unseen = "UPDATE feed_people SET state = 'held'";
        mirror.store().write(move |tx| tx.execute(unseen, &[])).await.unwrap();
        assert_eq!(mirror.feed_figures(feed).await.unwrap(), mirror.feed_figures(feed).await.unwrap());
        assert!(mirror.feed_figures(feed).await.unwrap().people.iter().all(|(state, _)| *state != PersonState::Held));
        mirror.store().write(rollcall::store::feeds::bump).await.unwrap();
        right(&land, "the next change").await;
        land.end().await;
    }
}
