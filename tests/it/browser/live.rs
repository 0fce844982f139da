//! Live pages in headless Chromium, on both databases: what moves is shown without loading the page again, and nothing is
//! taken from under somebody's hands.

use clock::Clock;
use simulator::{Fault, FaultKind, Organization};

use super::{Pictures, Server, set_up};
use crate::support::app::{ENGINES, population};
use crate::support::driver::Driver;

/// Slow enough that a run is seen on its way.
fn slowly() -> Vec<Fault> {
    vec![Fault::on("*", FaultKind::Delay { milliseconds: 1_500 }).always()]
}

/// Marks the page, so that a page that was loaded again is told from one that was not.
async fn mark(driver: &Driver) {
    driver.script("window.kept = 'yes'").await;
}

async fn is_kept(driver: &Driver) -> bool {
    driver.script("return window.kept").await.as_str() == Some("yes")
}

/// Starts a sync as another window of the same administrator does.
async fn start_elsewhere(driver: &Driver, letter: char) {
    let key = letter.to_string().repeat(52);
    let started = format!(
        "return fetch('/runs', {{ method: 'POST', body: new URLSearchParams({{ request_key: '{key}' }}) }}) \
         .then((answer) => answer.status)"
    );
    assert_eq!(driver.script(&started).await.as_u64(), Some(200), "the run's page follows");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moves_is_shown_without_loading_the_page_again() {
    for engine in ENGINES {
        let organization = Organization::populate(&population(300, 12), Clock::system().now());
        let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
        let server = Server::start(engine);
        let driver = Driver::start().await;
        let pictures = Pictures::new(engine);
        set_up(&driver, &server, &simulator).await;
        simulator.change(|organization| {
            let mut rng = fastrand::Rng::with_seed(5);
            (0..120).for_each(|_| drop(organization.random_change(&mut rng)));
        });
        simulator.set_faults(slowly());

        // A list that is only watched shows the run that somebody starts elsewhere.
        driver.click("nav a[href='/runs']").await;
        mark(&driver).await;
        start_elsewhere(&driver, '1').await;
        driver.wait_for_text("is under way").await;
        assert!(is_kept(&driver).await, "the list was not loaded again");
        pictures.take(&driver, "runs-running").await;

        // The run's page shows its progress; what somebody has in hand stays.
        driver.click("table tbody a").await;
        mark(&driver).await;
        driver.wait_for_text("Reading people and groups").await;
        driver.script("document.querySelector('#run-cancel button').focus()").await;
        driver.wait_for_text("of at least").await;
        pictures.take(&driver, "run-running").await;
        simulator.set_faults(Vec::new());
        driver.wait_for_text("Sealed as generation 2").await;
        assert!(is_kept(&driver).await, "the run's page was not loaded again");
        let has_cancel = "return Boolean(document.querySelector('#run-cancel button'))";
        assert_eq!(driver.script(has_cancel).await.as_bool(), Some(true), "it has the focus");
        driver.script("document.activeElement.blur()").await;
        driver.wait_for("return !document.querySelector('#run-cancel button')").await;
        driver.wait_for("return !document.querySelector('[data-live]')").await;
        pictures.take(&driver, "run-sealed").await;

        // Behind the figures are the rows.
        driver.click("a.figure").await;
        pictures.take(&driver, "changes").await;
        driver.fill("input[name=q]", "nobody is called that").await;
        driver.submit("form[role=search]").await;
        assert!(driver.text().await.contains("Nothing is found by"), "{}", driver.text().await);
        pictures.take(&driver, "changes-none").await;
        let here = driver.script("return location.origin + location.pathname").await;
        for kind in ["profiles-changed", "statuses-changed", "memberships-ended", "groups-changed", "grants-begun"] {
            driver.open(&format!("{}?kind={kind}", here.as_str().unwrap_or_default())).await;
            pictures.take(&driver, &format!("changes-{kind}")).await;
        }

        // A filter that leaves nothing over says so.
        driver.click("nav a[href='/runs']").await;
        pictures.take(&driver, "runs-sealed").await;
        driver.script("document.querySelector('select[name=state]').value = 'failed'").await;
        driver.submit("form.filter").await;
        assert!(driver.text().await.contains("No run is “Failed”."), "{}", driver.text().await);
        pictures.take(&driver, "runs-filtered").await;

        // A run that waits, and that is stopped.
        simulator.set_faults(vec![Fault::on("*", FaultKind::status(401)).always()]);
        start_elsewhere(&driver, '2').await;
        driver.click("nav a[href='/runs']").await;
        driver.wait_for_text("Waiting").await;
        driver.click("table tbody a").await;
        driver.wait_for_text("The run is waiting.").await;
        pictures.take(&driver, "run-waiting").await;
        driver.submit("#run-cancel form").await;
        driver.wait_for_text("Stopped").await;
        pictures.take(&driver, "run-cancelled").await;

        // One that fails says why.
        simulator.set_faults(vec![Fault::on("*", FaultKind::status(404)).always()]);
        start_elsewhere(&driver, '3').await;
        driver.click("nav a[href='/runs']").await;
        driver.wait_for("return document.querySelector('tbody .tag').textContent === 'Failed'").await;
        pictures.take(&driver, "runs-failed").await;
        driver.click("table tbody a").await;
        assert!(driver.text().await.contains("This run failed."), "{}", driver.text().await);
        pictures.take(&driver, "run-failed").await;

        driver.stop().await;
        drop(server);
        simulator.stop().await;
    }
}
