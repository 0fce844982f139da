//! W12 as an administrator takes it: contacts by hand, a preview, syncing on, a synced contact, a conflict merged, off and on
//! again. Customers, organizations and changes over days have tests of their own; issue links belong to later work.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w12_contacts_are_synced_and_nothing_is_picked_silently() {
    let now = Clock::system().now();
    let organization = Organization::populate(&population(120, 21), now);
    let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
    let (server, driver, pictures) =
        (Server::start(Engine::Sqlite), Driver::start().await, Pictures::new(Engine::Sqlite));
    set_up(&driver, &server, &simulator).await;
    let origin = driver.script("return location.origin").await.as_str().unwrap().to_owned();
    driver.open(&format!("{origin}/settings/contacts/preview")).await;
    let address = async |row: u8| {
        let cell = format!("return document.querySelector('tbody tr:nth-child({row}) td').textContent");
        driver.script(&cell).await.as_str().unwrap().to_owned()
    };
    let (linked, twice) = (address(1).await, address(2).await);
    assert!(linked.contains('@') && twice.contains('@'), "{linked} {twice}");

    // By hand: the address of a user in capitals, and one address twice.
    for (name, email) in [("By Hand", linked.to_uppercase()), ("Twice A", twice.clone()), ("Twice B", twice.clone())] {
        driver.open(&format!("{origin}/contacts/new")).await;
        driver.fill("input[name=name]", name).await;
        driver.fill("input[name=email]", &email).await;
        driver.submit("main form.fields").await;
    }
    pictures.take(&driver, "contact").await;
    driver.open(&format!("{origin}/settings/contacts")).await;
    pictures.take(&driver, "contacts-settings-off").await;
    driver.submit("#switch form").await;
    let preview = driver.text().await;
    assert!(preview.contains("to create") && preview.contains("Several contacts have the e-mail address"), "{preview}");
    pictures.take(&driver, "contacts-preview").await;
    driver.click("button[value=on]").await;
    driver.wait_for("return document.querySelector('#switch')?.textContent.includes('Complete')").await;
    pictures.take(&driver, "contacts-settings-on").await;

    // Linked, read-only, tagged, and not to be deleted.
    driver.open(&format!("{origin}/contacts?q={}", linked.replace('@', "%40"))).await;
    pictures.take(&driver, "contacts").await;
    assert!(driver.text().await.contains("Jira User"), "{}", driver.text().await);
    driver.click("tbody th a").await;
    let page = driver.text().await;
    assert!(page.contains("cannot be deleted") && page.contains("This contact follows it."), "{page}");
    pictures.take(&driver, "contact-synced").await;

    // The conflict waits, is merged, and is over by itself.
    driver.open(&format!("{origin}/attention")).await;
    assert!(driver.text().await.contains("conflict of contacts waits"), "{}", driver.text().await);
    driver.open(&format!("{origin}/contacts/conflicts")).await;
    pictures.take(&driver, "conflicts").await;
    driver.click("a.button.primary").await;
    pictures.take(&driver, "merge").await;
    driver.submit("main form.row").await;
    for _ in 0..60 {
        driver.open(&format!("{origin}/contacts/conflicts")).await;
        if driver.text().await.contains("Nothing is in conflict.") {
            break;
        }
    }
    assert!(driver.text().await.contains("Nothing is in conflict."), "{}", driver.text().await);

    // Off: all regular, none lost. On again: as many as before.
    let count = async || {
        driver.open(&format!("{origin}/contacts")).await;
        driver.script("return document.querySelector('#matched').textContent").await.as_str().unwrap().to_owned()
    };
    let before = count().await;
    driver.open(&format!("{origin}/settings/contacts")).await;
    driver.click("button[value=off]").await;
    driver
        .wait_for("return document.querySelector('#switch')?.textContent.includes('Switch Jira User Syncing on')")
        .await;
    for _ in 0..60 {
        driver.open(&format!("{origin}/contacts?q=synced+%3D+yes")).await;
        if driver.text().await.contains("Nothing is found") {
            break;
        }
    }
    assert!(driver.text().await.contains("Nothing is found"), "{}", driver.text().await);
    assert_eq!(count().await, before, "none is lost");
    driver.open(&format!("{origin}/settings/contacts/preview")).await;
    driver.click("button[value=on]").await;
    driver.wait_for("return document.querySelector('#switch')?.textContent.includes('Complete')").await;
    assert_eq!(count().await, before, "no duplicate");
    pictures.take(&driver, "contacts-again").await;
    driver.stop().await;
    drop(server);
    simulator.stop().await;
}
