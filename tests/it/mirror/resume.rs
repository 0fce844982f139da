//! Passes that are cut in the middle: taken up again they go on at the page where they stood and end as if nothing had
//! happened; whoever lost the lease commits nothing any more.

use rollcall::mirror::seal::Sealed;
use rollcall::nouns::context::{Actor, Context};
use rollcall::nouns::job::JobKind;
use rollcall::nouns::run::RunState;
use rollcall::store::{head, jobs, passes};
use rollcall::sync::ended::Ended;
use rollcall::sync::pass;
use rollcall::sync::request::{self, Asked};
use rollcall::sync::worker::{Worked, work_once};
use simulator::{Fault, FaultKind, Options, Population};

use crate::support::app::{ENGINES, Engine, TestApp, population};
use crate::support::truth::{differences, facts, unlike};

/// Answers take so long that a batch is kept every few of them.
fn slow() -> Options {
    let slow = Fault::on("*", FaultKind::Delay { milliseconds: 200 }).always();
    Options { faults: vec![slow], ..Options::default() }
}

/// Requests that one cut may cost: those answered since the last batch, and those in flight.
const LOST_AT_MOST: u64 = 12;

/// Works until so many requests were answered, then drops the pass where it stands.
async fn work_until(app: &TestApp, requests: u64) {
    let (mirror, connector) = (app.mirror.clone(), app.connector.clone());
    let surroundings = app.surroundings.clone();
    let working = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
    while app.requests() < requests && !working.is_finished() {
        tokio::task::yield_now().await;
    }
    working.abort();
    // It was dropped, or was faster: both are meant.
    drop(working.await);
}

/// The first pass, then a pass over what has changed, each cut at these shares of its requests; compared with a twin that nobody
/// disturbed.
async fn cut_and_compare(engine: Engine, population: &Population, percents: &[u64]) {
    let twin = TestApp::start_with(engine, population, slow()).await;
    let mut app = TestApp::start_with(engine, population, slow()).await;
    for pass in 1..=2 {
        let place = format!("{engine:?}, pass {pass}, cuts at {percents:?} %");
        let now = twin.clock.now().max(app.clock.now());
        for app in [&twin, &app] {
            // What changes in both changes at the same instant.
            app.clock.advance(now.duration_since(app.clock.now()).unsigned_abs());
            if pass > 1 {
                let mut rng = fastrand::Rng::with_seed(population.seed);
                app.simulator.change(|organization| (0..25).for_each(|_| drop(organization.random_change(&mut rng))));
            }
            app.simulator.clear_ledger();
            app.ask().await;
        }
        twin.work().await.unwrap();
        let undisturbed = twin.requests();
        for percent in percents {
            work_until(&app, undisturbed * percent / 100).await;
            app.restart().await;
        }
        // A cut behind the seal's commit leaves nothing to do.
        let cut_behind_seal = app.run().await.state.is_over();
        if !cut_behind_seal {
            app.work().await.unwrap();
        }
        assert_eq!(unlike(&facts(&app.now()), &facts(&twin.now())), Vec::<String>::new(), "{place}");
        assert_eq!(app.differences(), Vec::<String>::new(), "{place}");
        assert_eq!(app.gaps().await, Vec::<String>::new(), "{place}");
        let (ours, theirs) = (app.run().await, twin.run().await);
        assert_eq!((ours.state, ours.generation), (RunState::Sealed, Some(pass)), "{place}");
        assert_eq!((ours.number, ours.counts), (theirs.number, theirs.counts), "{place}");
        let most = undisturbed + percents.len() as u64 * LOST_AT_MOST;
        assert!(app.requests() <= most, "{place}: {} requests, undisturbed {undisturbed}", app.requests());
        app.assert_sound().await;
        let run = ours.id;
        let stale = app.mirror.store().read(passes::with_stale_residues).await.unwrap();
        assert!(cut_behind_seal || !stale.contains(&run), "{place}: what its pages left behind is dropped");
    }
    app.stop().await;
    twin.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_pass_that_is_cut_ends_as_if_nothing_had_happened_on_both_engines() {
    for engine in ENGINES {
        cut_and_compare(engine, &population(450, 71), &[60]).await;
        cut_and_compare(engine, &population(450, 72), &[5, 30, 55, 85]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c1_a_pass_that_is_cut_ends_as_if_nothing_had_happened_wherever_it_is_cut() {
    for percent in (0..95).step_by(8) {
        cut_and_compare(Engine::Sqlite, &population(220, 73), &[percent]).await;
    }
    cut_and_compare(Engine::Sqlite, &Population { directories: 3, ..population(420, 74) }, &[20, 40, 60, 80]).await;
}

/// The worker whose lease is gone goes on reading, but nothing it reads reaches the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_a_worker_that_lost_its_lease_commits_nothing() {
    for engine in ENGINES {
        let app = TestApp::start_with(engine, &population(420, 81), slow()).await;
        let (mirror, connector) = (app.mirror.clone(), app.connector.clone());
        let surroundings = app.surroundings.clone();
        let first = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
        while app.requests() < 9 {
            tokio::task::yield_now().await;
        }
        app.mirror.store().write(head::raise_epoch).await.unwrap();
        let second = app.another_node().await;
        let worked = second.work().await;
        assert!(matches!(&worked, Worked::Carried { ended: Ok(Sealed::Done { generation: 1, .. }), .. }), "{worked:?}");
        let lost = first.await.unwrap().unwrap();
        let Worked::Carried { ended: lost, .. } = lost else { panic!("the first worker had work") };
        assert!(matches!(lost, Err(Ended::LeaseLost) | Ok(Sealed::LeaseLost)), "{lost:?}");

        let run = app.run().await;
        assert_eq!((run.state, run.generation, run.number), (RunState::Sealed, Some(1), 1), "{engine:?}");
        assert_eq!(app.mirror.newest().await.unwrap().generation(), 1);
        assert_eq!(unlike(&facts(&app.now()), &facts(&second.mirror.current())), Vec::<String>::new());
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        app.assert_sound().await;
        assert!(matches!(second.work().await, Worked::Idle), "the job is done once");
        second.mirrors.close().await;
        app.stop().await;
    }
}

/// What a worker reads behind the loss of its lease never reaches the database, and the next one goes on without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_what_was_read_without_a_lease_is_not_kept() {
    for engine in ENGINES {
        let app = TestApp::start_with(engine, &population(420, 83), slow()).await;
        let (mirror, connector) = (app.mirror.clone(), app.connector.clone());
        let surroundings = app.surroundings.clone();
        let first = tokio::spawn(async move { work_once(&mirror, &connector, &surroundings).await });
        while app.requests() < 9 {
            tokio::task::yield_now().await;
        }
        app.mirror.store().write(head::raise_epoch).await.unwrap();
        let before = kept(&app).await;
        let Worked::Carried { ended, .. } = first.await.unwrap().unwrap() else { panic!("there was work") };
        assert!(matches!(ended, Err(Ended::LeaseLost)), "{engine:?}: {ended:?}");
        assert_eq!(kept(&app).await, before, "{engine:?}");
        let next = app.another_node().await;
        let worked = next.work().await;
        assert!(matches!(&worked, Worked::Carried { ended: Ok(Sealed::Done { generation: 1, .. }), .. }), "{worked:?}");
        app.mirror.newest().await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        next.mirrors.close().await;
        app.stop().await;
    }
}

/// Everything that the newest run has kept: its row, its chains, and what its pages left behind.
async fn kept(app: &TestApp) -> String {
    let run = app.run().await;
    let id = run.id.clone();
    let kept = app.mirror.store().read(move |tx| {
        let chains = passes::chains(tx, &id)?;
        let mut residues = 0;
        passes::for_each_residue(tx, &id, |_| residues += 1)?;
        Ok(format!("{chains:#?} {residues}"))
    });
    format!("{run:#?} {}", kept.await.unwrap())
}

/// A lease from before the answer was delayed: at the first commit, and at the seal, it is worth nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_a_lease_that_ran_out_while_an_answer_was_awaited_is_worth_nothing() {
    for engine in ENGINES {
        let app = TestApp::start(engine, &population(120, 82)).await;
        let now = app.clock.now();
        let stale = app.mirror.store().write(move |tx| jobs::lease(tx, JobKind::Sync, now)).await.unwrap().unwrap();
        assert!(app.clock.advance(std::time::Duration::from_secs(31)));
        let later = app.clock.now();
        let fresh = app.mirror.store().write(move |tx| jobs::lease(tx, JobKind::Sync, later)).await.unwrap().unwrap();
        assert_eq!((&fresh.job, &fresh.run), (&stale.job, &stale.run), "the same work, by somebody else");
        let client = app.connector.client_of(&app.mirror).await.unwrap();
        let ended = pass::carry_out(&app.mirror, &stale, client, &app.surroundings).await;
        assert!(matches!(ended, Err(Ended::LeaseLost)), "{engine:?}: {ended:?}");
        assert_eq!(app.mirror.newest().await.unwrap().generation(), 0);
        assert_eq!(app.run().await.state, RunState::Queued, "it did not even begin");
        let client = app.connector.client_of(&app.mirror).await.unwrap();
        pass::carry_out(&app.mirror, &fresh, client, &app.surroundings).await.unwrap();
        assert_eq!(app.differences(), Vec::<String>::new(), "{engine:?}");
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_seals_nothing_and_leaves_the_place_free() {
    for engine in ENGINES {
        let app = TestApp::start(engine, &population(600, 31)).await;
        app.work().await.unwrap();
        app.simulator.set_faults(slow().faults);
        app.simulator.clear_ledger();
        let Asked::Queued(run) = app.ask().await else { panic!("the place is free") };
        let cancelling = async {
            // In the middle of the list.
            while app.requests() < 8 {
                tokio::task::yield_now().await;
            }
            let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
            request::cancel(&context, &app.mirror, &run, &app.surroundings.entropy).await.unwrap()
        };
        let (ended, cancelled) = tokio::join!(app.work(), cancelling);
        assert!(cancelled, "{engine:?}: it was still reading");
        assert!(matches!(ended, Err(Ended::LeaseLost) | Ok(Sealed::LeaseLost)), "{engine:?}: {ended:?}");
        assert_eq!(app.run().await.state, RunState::Cancelled, "{engine:?}");
        assert_eq!(app.mirror.current().generation(), 1, "{engine:?}");
        app.simulator.set_faults(Vec::new());
        let Asked::Queued(next) = app.ask().await else { panic!("{engine:?}: the place is free again") };
        assert_ne!(next, run);
        app.work().await.unwrap();
        let truth = app.simulator.read(|organization| organization.truth());
        assert_eq!(differences(&app.mirror.current(), &truth), Vec::<String>::new());
        let context = Context { actor: Actor::CommandLine, now: app.clock.now() };
        let again = request::cancel(&context, &app.mirror, &next, &app.surroundings.entropy).await.unwrap();
        assert!(!again, "what is over cannot be cancelled");
        assert!(app.mirror.store().read(rollcall::store::events::verify).await.unwrap().is_ok());
        app.stop().await;
    }
}
