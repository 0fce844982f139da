//! Upstream's open questions: whichever way it answers them, the mirror comes to what can be known.

use simulator::{Answers, Fault, FaultKind, Options, Population, SuspendedGroups};

use crate::support::app::{Engine, TestApp, population};
use crate::support::truth::differences;

async fn follow(population: &Population, answers: Answers) {
    let slow = Fault::on("*", FaultKind::Delay { milliseconds: 20 }).always();
    let options = Options { answers: answers.clone(), faults: vec![slow], ..Options::default() };
    let app = TestApp::start_with(Engine::Sqlite, population, options).await;
    app.work().await.unwrap();
    let mut rng = fastrand::Rng::with_seed(population.seed);
    for round in 0..6 {
        let place = format!("seed {}, round {round}, {answers:?}", population.seed);
        let before = app.now();
        if round > 0 {
            app.simulator.change(|organization| {
                for _ in 0..10 {
                    organization.random_change(&mut rng);
                }
            });
            app.ask().await;
            app.work_through().await;
        }
        assert_eq!(differences(&app.now(), &app.simulator.known_truth()), Vec::<String>::new(), "{place}");
        assert_eq!(app.wrongly_gone(&before), Vec::<String>::new(), "{place}");
        app.assert_sound().await;
    }
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_the_opposite_answers_the_mirror_knows_what_can_be_known() {
    for (seed, directories) in [(301, 1), (302, 1), (303, 2)] {
        follow(&Population { directories, ..population(180, seed) }, Answers::opposite()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_suspended_people_hide_their_groups_reading_the_groups_tells_them() {
    let answers = Answers { suspended_groups: SuspendedGroups::Hidden, ..Answers::default() };
    for seed in [304, 305] {
        follow(&population(180, seed), answers.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_groups_that_are_capped_cost_requests_and_nothing_else() {
    let answers = Answers { groups_capped_at: Some(4), retry_after: true, ..Answers::default() };
    follow(&population(250, 306), answers).await;
}
