//! Settings, *Sites* and *Near-real-time changes*, as an administrator walks through them.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_of_a_site_is_entered_checked_and_saved_in_the_browser() {
    let organization = Organization::populate(&population(120, 12), Clock::system().now());
    let options = simulator::Options { own_site_addresses: true, ..simulator::Options::default() };
    let simulator = simulator::start(organization, options).await.unwrap();
    let server = Server::start(Engine::Sqlite);
    let driver = Driver::start().await;
    let pictures = Pictures::new(Engine::Sqlite);
    set_up(&driver, &server, &simulator).await;

    driver.click("nav a[href='/settings']").await;
    driver.click("main a[href='/settings/sites']").await;
    let page = driver.text().await;
    assert!(page.contains("customers not read"), "{page}");
    pictures.take(&driver, "sites-without").await;

    let site = simulator.sites().into_iter().min_by(|a, b| a.name.cmp(&b.name)).unwrap();
    let form = format!("form:has(input[value='{}']):has(input[name=token])", site.cloud_id);
    let enter = async |token: &str| {
        driver.open_details().await;
        driver.fill(&format!("{form} input[name=email]"), &site.user).await;
        driver.fill(&format!("{form} input[name=token]"), token).await;
        driver.submit(&form).await;
    };
    enter("ATATT3xFfGF0-wrong").await;
    let refused = driver.text().await;
    assert!(refused.contains("The token was not accepted.") && refused.contains("one of both is wrong"), "{refused}");
    pictures.take(&driver, "sites-refused").await;
    enter(&site.token).await;
    let found = driver.text().await;
    assert!(found.contains("The token opens") && found.contains("may be read"), "{found}");
    pictures.take(&driver, "sites-checked").await;
    driver.submit("main form.fields").await;
    let saved = driver.text().await;
    assert!(saved.contains(&site.user) && saved.contains("Check now") && !saved.contains(&site.token), "{saved}");
    pictures.take(&driver, "sites-saved").await;

    // The site refuses it later.
    let fault = simulator::Fault::on("/rest/api/3/myself", simulator::FaultKind::status(401)).always();
    simulator.set_faults(vec![fault]);
    driver.submit("form[action='/settings/sites/check']").await;
    assert!(driver.text().await.contains("The token was refused."));
    pictures.take(&driver, "sites-refused-later").await;
    simulator.set_faults(Vec::new());

    driver.click("main a[href='/settings/user-data-synchronization']").await;
    driver.choose("input[name=use_stream]").await;
    driver.submit("form:has(input[name=use_stream])").await;
    let followed = driver.text().await;
    assert!(followed.contains("followed") && !followed.contains("not followed"), "{followed}");
    pictures.take(&driver, "near-real-time").await;

    driver.stop().await;
    drop(server);
    simulator.stop().await;
}
