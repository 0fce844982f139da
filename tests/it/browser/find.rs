//! The user browser's filter box as somebody types into it: completion, results while typing, diagnostics with a mended
//! filter, counts that narrow, the builder; every state at its own address.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_is_completed_answered_while_typing_and_narrowed() {
    let now = Clock::system().now();
    let organization = Organization::populate(&population(300, 12), now);
    let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
    let (server, driver, pictures) =
        (Server::start(Engine::Sqlite), Driver::start().await, Pictures::new(Engine::Sqlite));
    set_up(&driver, &server, &simulator).await;
    let truth = simulator.read(Organization::truth);
    let suspended = truth.users.iter().filter(|user| user.status == "suspended").count();
    assert!(suspended > 0);
    driver.open(&format!("{}/people", driver.script("return location.origin").await.as_str().unwrap())).await;

    // The field is completed, then its value; the list follows without a click.
    driver.fill("input[name=q]", "stat").await;
    driver.wait_for("return document.querySelector('.suggest li')?.textContent.startsWith('status')").await;
    pictures.take(&driver, "find-completion").await;
    driver.fill("input[name=q]", "status = suspended").await;
    driver.wait_for("return location.search.includes('suspended')").await;
    driver.wait_for("return !document.querySelector('#found').textContent.includes('Deactivated')").await;
    let found = driver.script("return document.querySelector('#matched').textContent").await;
    assert!(found.as_str().unwrap().starts_with(&suspended.to_string()), "{suspended} are suspended: {found}");
    // The address is the view: somebody else opens the same.
    let address = driver.script("return location.href").await.as_str().unwrap().to_owned();
    driver.open(&address).await;
    assert!(driver.text().await.contains(&format!("{suspended} of ")), "{}", driver.text().await);

    // What is not understood is marked, and one click puts it right.
    driver.fill("input[name=q]", "statos = suspended").await;
    driver.submit("form[role=search]").await;
    let wrong = driver.text().await;
    assert!(wrong.contains("There is no field statos.") && wrong.contains("^^^^^^"), "{wrong}");
    pictures.take(&driver, "find-diagnostic").await;
    driver.click("#found .note a.button").await;
    assert!(driver.text().await.contains(&format!("{suspended} of ")), "{}", driver.text().await);

    // Counts narrow on click, and the builder writes the same language.
    driver.fill("input[name=q]", "inactiveFor >= 90d").await;
    driver.submit("form[role=search]").await;
    driver.script("document.querySelector('details.facets').open = true").await;
    pictures.take(&driver, "find-narrow").await;
    driver.click(".facets li a").await;
    let filter = driver.script("return document.querySelector('input[name=q]').value").await;
    assert!(filter.as_str().unwrap().starts_with("inactiveFor >= 90d AND app = "), "{filter}");
    driver.open_details().await;
    pictures.take(&driver, "find-builder").await;
    driver.script("document.querySelector('.build select[name=claim]').value = 'external'").await;
    driver.submit("form[action='/people/build']").await;
    let filter = driver.script("return document.querySelector('input[name=q]').value").await;
    assert!(filter.as_str().unwrap().ends_with("AND claim = external"), "{filter}");

    driver.stop().await;
    drop(server);
    simulator.stop().await;
}
