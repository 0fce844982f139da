//! The process is ended at every commit of applying a feed's run: all of the run is there, or nothing.

use clock::Clock;
use directory::GroupId;
use rollcall::feeds::accounts::{self, mapping, setting, shown};
use rollcall::feeds::bodies::{Announced, Receiving};
use rollcall::feeds::{deliver, keep, listing, worker};
use rollcall::id::Entropy;
use rollcall::mirror::Mirror;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::feed_account::{AccessMode, AccessSettings};
use rollcall::nouns::feed_person::PersonState;
use rollcall::nouns::feed_run::{FeedRun, FeedRunState};
use rollcall::nouns::operation::OperationState;
use rollcall::operations::report;
use rollcall::store::{events, head};
use rollcall::sync::pass::Surroundings;

use super::{Installation, cut, simulate};
use crate::feeds::{bytes, json_control, people, record};
use crate::support::app::ENGINES;

/// How many people the run has.
const PEOPLE: usize = 6;

async fn deliver(mirror: &Mirror, surroundings: &Surroundings) -> FeedRun {
    deliver_these(mirror, surroundings, &people(PEOPLE)).await
}

async fn deliver_these(mirror: &Mirror, surroundings: &Surroundings, people: &[serde_json::Value]) -> FeedRun {
    let context = Context { actor: Actor::System, now: surroundings.clock.now() };
    let entropy = &surroundings.entropy;
    keep::create(&context, mirror, ("staff", "Staff"), entropy).await.unwrap();
    for (name, content) in [("_control", json_control()), ("users", bytes(people))] {
        let feed = keep::find(mirror, "staff").await.unwrap();
        let file_name = format!("{name}.json");
        let announced = Announced { feed: feed.number, name: name.to_owned(), file_name, gzip: false };
        let mut receiving = Receiving::begin(mirror.store(), announced, (context.now, entropy)).await.unwrap();
        receiving.take(&content).await.unwrap();
        let body = receiving.finish(None).await.unwrap();
        deliver::put(&context, mirror, (&feed, name, body), entropy).await.unwrap();
    }
    while worker::work_once(mirror, surroundings).await.unwrap() {}
    newest(mirror).await
}

async fn newest(mirror: &Mirror) -> FeedRun {
    listing::runs(mirror, None, (i64::MAX, 1)).await.unwrap().remove(0)
}

async fn active(mirror: &Mirror) -> u64 {
    let listed = listing::list(mirror).await.unwrap();
    let of = |(state, count): &(PersonState, u64)| (*state == PersonState::Active).then_some(*count);
    listed.iter().flat_map(|listed| listed.people.iter().filter_map(of)).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d20_a_run_cut_at_any_commit_is_there_as_a_whole_or_not_at_all() {
    for engine in ENGINES {
        let simulator = simulate(20, 7).await;
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        let surroundings = Surroundings { clock: Clock::system(), entropy: Entropy::machine() };
        let mirrors = prepared.open().await;
        let run = deliver(&mirrors.only().unwrap(), &surroundings).await;
        assert_eq!(run.state, FeedRunState::Held, "{run:?}");
        mirrors.close().await;
        let mut commit = 1;
        loop {
            let cut = cut(engine, commit);
            let what = format!("{engine:?}, cut at commit {cut}");
            let installation = prepared.copy();
            let apply = ["feed", "apply", run.id.as_str(), "--reason", "the first"];
            let (ended, said) = installation.run(&apply, &cut).await;
            let mirrors = installation.open().await;
            let mirror = mirrors.only().unwrap();
            let (cut_off, there) = (newest(&mirror).await, active(&mirror).await);
            let whole = cut_off.state == FeedRunState::Complete;
            assert_eq!(there, if whole { PEOPLE as u64 } else { 0 }, "{what}: {cut_off:?}\n{said}");
            mirrors.close().await;
            let mirrors = installation.open().await;
            let mirror = mirrors.only().unwrap();
            // The process that held the lease is gone.
            mirror.store().write(head::raise_epoch).await.unwrap();
            while worker::work_once(&mirror, &surroundings).await.unwrap() {}
            let (run, there) = (newest(&mirror).await, active(&mirror).await);
            match run.state {
                // Cut before it was approved.
                FeedRunState::Held => assert_eq!(there, 0, "{what}"),
                FeedRunState::Complete => assert_eq!(there, PEOPLE as u64, "{what}"),
                state => unreachable!("{what}: {state:?}\n{said}"),
            }
            mirror.store().read(events::verify).await.unwrap().unwrap();
            mirrors.close().await;
            if ended.success() {
                assert!(commit > 3, "{what}: applying has more commits than that\n{said}");
                break;
            }
            commit += 1;
        }
        simulator.stop().await;
    }
}

/// The staff of the organization as records, and a group that a plan may fill.
fn staff(mirror: &Mirror) -> (Vec<serde_json::Value>, GroupId) {
    let snapshot = mirror.current();
    let verified = (0..).take(snapshot.accounts_len()).filter_map(|account| snapshot.account_row(account));
    let addresses = verified.filter(|row| row.email_verified == Some(true)).filter_map(|row| row.email);
    let staff = addresses.take(PEOPLE).enumerate();
    let staff = staff.map(|(place, mail)| record(&format!("s{place}"), "Number", mail, "teaching")).collect();
    let group = snapshot.groups_by_name().iter().find_map(|group| {
        let row = snapshot.group_row(group)?;
        let free = row.group.as_ref().is_some_and(|of| !of.is_synced() && of.modifiable != Some(false));
        (free && snapshot.memberships().members(group).is_empty()).then(|| row.id.clone())
    });
    (staff, group.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_between_a_run_and_what_follows_there_is_one_plan() {
    for engine in ENGINES {
        let simulator = simulate(60, 9).await;
        let prepared = Installation::new(engine);
        prepared.connect(&simulator).await;
        prepared.sync_here().await;
        prepared.allow_actions().await;
        let surroundings = Surroundings { clock: Clock::system(), entropy: Entropy::machine() };
        let mirrors = prepared.open().await;
        let mirror = mirrors.only().unwrap();
        let (staff, group) = staff(&mirror);
        let run = deliver_these(&mirror, &surroundings, &staff).await;
        assert_eq!(run.state, FeedRunState::Held, "{run:?}");
        let feed = keep::find(&mirror, "staff").await.unwrap();
        let (context, entropy) =
            (Context { actor: Actor::CommandLine, now: surroundings.clock.now() }, &surroundings.entropy);
        let code = "group:teaching".to_owned();
        let wanted = mapping::Wanted { code, group, scope: mapping::Scope::ThisFeed, owned: false };
        mapping::map(&context, &mirror, (&feed, wanted), entropy).await.unwrap();
        let settings = AccessSettings { mode: AccessMode::Propose, ..AccessSettings::default() };
        setting::choose(&context, &mirror, (&feed, settings), entropy).await.unwrap();
        mirrors.close().await;
        let mut commit = 1;
        let mut planned = 0;
        loop {
            let cut = cut(engine, commit);
            let what = format!("{engine:?}, cut at commit {cut}");
            let installation = prepared.copy();
            let apply = ["feed", "apply", run.id.as_str(), "--reason", "the first"];
            let (ended, said) = installation.run(&apply, &cut).await;
            let mirrors = installation.open().await;
            let mirror = mirrors.only().unwrap();
            mirror.store().write(head::raise_epoch).await.unwrap();
            while worker::work_once(&mirror, &surroundings).await.unwrap() {}
            while accounts::once(&mirror, &surroundings).await.unwrap() {}
            let plans = shown::of_feed(&mirror, feed.number).await.unwrap().plans;
            let applied = newest(&mirror).await.state == FeedRunState::Complete;
            assert_eq!(plans.len(), usize::from(applied), "{what}\n{said}");
            let operations = report::list(&mirror, Default::default(), (None, 10)).await.unwrap();
            assert_eq!(operations.len(), usize::from(applied), "{what}: an operation that is nobody's");
            if let Some((plan, _)) = plans.first() {
                assert_eq!(plan.state, OperationState::Waiting, "{what}");
                // Whoever administers the organization is in no plan.
                assert!(plan.people as usize > PEOPLE / 2, "{what}: {plan:?}");
                planned += 1;
            }
            mirror.store().read(events::verify).await.unwrap().unwrap();
            mirrors.close().await;
            if ended.success() {
                assert!(planned > 4, "{what}: a run and its plan have more commits than that\n{said}");
                break;
            }
            commit += 1;
        }
        simulator.stop().await;
    }
}
