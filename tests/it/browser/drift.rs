//! W10, its first half, in the browser: people and groups change at Atlassian behind everybody's back. One group is read
//! on its own, a whole sync shows the difference, a shrink is withheld and approved, and who is gone keeps a history.

use std::collections::BTreeSet;

use simulator::{Fault, FaultKind};

use super::*;

/// Waits until a reader sees something, and tells all that is there then.
async fn wait_for(driver: &Driver, said: &str) -> String {
    driver.wait_for_text(said).await;
    driver.text().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w10_drift_is_read_where_it_is_looked_for_and_a_shrink_is_withheld() {
    for engine in ENGINES {
        let organization = Organization::populate(&population(300, 12), Clock::system().now());
        let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
        let (server, driver, pictures) = (Server::start(engine), Driver::start().await, Pictures::new(engine));
        set_up(&driver, &server, &simulator).await;

        let truth = simulator.read(Organization::truth);
        let members = |group: &str| -> Vec<String> {
            truth.memberships.iter().filter(|(g, _)| g == group).map(|(_, account)| account.clone()).collect()
        };
        let mut groups: Vec<_> = truth.groups.iter().filter(|group| (25..120).contains(&group.members)).collect();
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        let (chosen, other) = (groups[0], groups[1]);
        let leaver = members(&chosen.id)[0].clone();
        let of = |id: &str| truth.users.iter().find(|user| user.account_id == id).unwrap();
        let renamed = of(members(&other.id).iter().find(|id| **id != leaver).unwrap());
        simulator.change(|organization| {
            organization.remove_member(&chosen.id, &leaver).unwrap();
            organization.remove_member(&other.id, &members(&other.id)[1]).unwrap();
            organization.rename(&renamed.account_id, "Renamed Outside").unwrap();
        });

        // Nothing ticked is refused with a sentence; then one group is found by its name and read on its own.
        let settings = "main a[href='/settings/user-data-synchronization']";
        driver.click("nav a[href='/settings']").await;
        driver.click(settings).await;
        driver.click("#manual button.primary").await;
        assert!(driver.text().await.contains("Nothing is ticked"), "{}", driver.text().await);
        driver.choose("#manual input[name=memberships]").await;
        driver.fill("#manual input[name=find]", &chosen.name).await;
        driver.click("#manual button[formmethod=get]").await;
        driver.choose(&format!("#manual input[value='{}']", chosen.id)).await;
        pictures.take(&driver, "manual-sync").await;
        driver.click("#manual button.primary").await;
        let run = wait_for(&driver, "Sealed").await;
        assert!(run.contains(&chosen.name), "the run says which group it read: {run}");
        driver.open(&changes(&driver, "memberships-ended").await).await;
        let ended = driver.text().await;
        assert!(ended.contains(&of(&leaver).name) && ended.contains(&chosen.name), "{ended}");
        assert!(!ended.contains(&other.name), "another group was not touched: {ended}");
        pictures.take(&driver, "run-changes").await;
        driver.click("nav a[href='/people']").await;
        driver.fill("input[name=q]", "Renamed Outside").await;
        driver.submit("form[role=search]").await;
        assert!(driver.text().await.contains("Nobody is found"), "names were not asked for");
        pictures.take(&driver, "people-nobody").await;

        // A whole sync shows the rest of the difference, with what was before.
        driver.click("nav a[href='/people']").await;
        driver.click("form[action='/people/sync'] button[value=all]").await;
        wait_for(&driver, "Sealed").await;
        driver.open(&changes(&driver, "people-changed").await).await;
        let changed = driver.text().await;
        assert!(changed.contains("Renamed Outside") && changed.contains(&renamed.name), "before and after: {changed}");

        // An eighth of the people is gone at once: they are withheld, and everything else is taken.
        let people: Vec<&str> = truth.users.iter().map(|user| user.account_id.as_str()).collect();
        let gone: BTreeSet<&str> =
            people.iter().copied().filter(|id| *id != renamed.account_id).step_by(8).take(36).collect();
        simulator.change(|organization| {
            for id in &gone {
                organization.delete_account(id).unwrap();
            }
            organization.rename(&renamed.account_id, "Renamed Again").unwrap();
        });
        simulator.set_faults(vec![Fault::on("/users/search", FaultKind::Delay { milliseconds: 700 }).attempts(1..=6)]);
        driver.click("nav a[href='/people']").await;
        driver.click("form[action='/people/sync'] button[value=all]").await;
        pictures.take(&driver, "run-running").await;
        let withheld = wait_for(&driver, "Withheld").await;
        assert!(withheld.contains("are missing") && withheld.contains("more than 10 %"), "{withheld}");
        pictures.take(&driver, "run-withheld").await;
        driver.click("nav a[href='/attention']").await;
        let attention = driver.text().await;
        assert!(attention.contains("people of") && attention.contains("are missing"), "{attention}");
        pictures.take(&driver, "attention").await;
        driver.click("nav a[href='/people']").await;
        driver.fill("input[name=q]", "Renamed Again").await;
        driver.submit("form[role=search]").await;
        assert!(!driver.text().await.contains("Nobody is found"), "everything else was taken");

        // Looked at, and approved: they are read again, and exactly they are gone; their history is kept.
        driver.click("nav a[href='/attention']").await;
        while driver.text().await.contains("Look at the rows") {
            driver.click("main a[href^='/withheld/']").await;
            pictures.take(&driver, "withheld").await;
            driver.click("button[value=approve]").await;
            wait_for(&driver, "Sealed").await;
            driver.click("nav a[href='/attention']").await;
        }
        assert!(driver.text().await.contains("Nothing waits for you"), "{}", driver.text().await);
        pictures.take(&driver, "attention-nothing").await;
        let former = gone.iter().find(|id| of(id).email.is_some()).unwrap();
        driver.open(&address(&driver, &format!("/people/{former}")).await).await;
        let person = driver.text().await;
        assert!(person.contains("Former") || person.contains("former"), "{person}");
        assert!(person.contains(&of(former).name), "a former person keeps their name: {person}");
        let still_there = people.iter().filter(|id| !gone.contains(*id)).count();
        driver.click("nav a[href='/people']").await;
        assert!(driver.text().await.contains(&format!("of {still_there} people")), "{}", driver.text().await);

        // A sync that fails says why, and what is shown stays.
        simulator.set_faults(vec![Fault::on("/users/search", FaultKind::Gone).always()]);
        driver.click("form[action='/people/sync'] button[value=all]").await;
        wait_for(&driver, "Failed").await;
        pictures.take(&driver, "run-failed").await;
        driver.click("nav a[href='/runs']").await;
        pictures.take(&driver, "runs-listed").await;
        driver.click("nav a[href='/people']").await;
        let people = driver.text().await;
        assert!(
            people.contains("did not end well") && people.contains(&format!("of {still_there} people")),
            "{people}"
        );

        driver.stop().await;
        drop(server);
        simulator.stop().await;
    }
}

/// The address of a page of the same server.
async fn address(driver: &Driver, path: &str) -> String {
    let origin = driver.script("return location.origin").await;
    format!("{}{path}", origin.as_str().unwrap())
}

/// The list of one kind of change of the run that is shown.
async fn changes(driver: &Driver, kind: &str) -> String {
    let here = driver.script("return location.pathname").await;
    address(driver, &format!("{}/changes?kind={kind}", here.as_str().unwrap())).await
}
