//! Acting in headless Chromium: access removed as the preview said, followed to its end, and taken back.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_w4_access_is_removed_from_the_user_browser_and_given_back() {
    let organization = Organization::populate(&population(300, 21), Clock::system().now());
    let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
    let (server, driver, pictures) =
        (Server::start(Engine::Sqlite), Driver::start().await, Pictures::new(Engine::Sqlite));
    set_up(&driver, &server, &simulator).await;
    let origin = driver.script("return location.origin").await.as_str().unwrap().to_owned();
    let before = simulator.read(Organization::truth).memberships;

    // Look-only at first: whose the key is, and actions on, are a person's decision.
    driver.open(&format!("{origin}/settings/actions")).await;
    assert!(driver.text().await.contains("look-only mode"), "{}", driver.text().await);
    pictures.take(&driver, "settings-actions").await;
    driver.choose("input[name=whose][value=elsewhere]").await;
    driver.submit("form[action='/settings/actions/key-owner']").await;
    driver.submit("form[action='/settings/actions/switch']").await;
    assert!(driver.text().await.contains("Actions are on"), "{}", driver.text().await);

    driver.open(&format!("{origin}/people?q=status%20%3D%20active")).await;
    driver.click("#bar button[value=all]").await;
    driver.click("#bar button[value=act]").await;
    driver.choose("input[name=action][value=removeAppAccess]").await;
    driver.choose("input[name=apps][value=all]").await;
    pictures.take(&driver, "operation-form").await;
    driver.click("button.primary[value=plan]").await;
    let preview = driver.text().await;
    assert!(preview.contains("changes will be made") && preview.contains("organization admin"), "{preview}");
    pictures.take(&driver, "operation-preview").await;
    assert_eq!(simulator.read(Organization::truth).memberships, before);

    for word in ["Succeeded", "Undone"] {
        let number = "return [...document.querySelectorAll('label')].map((one) => one.textContent.match(/^Type (\\d+)/)?.[1]).find(Boolean)";
        let number = driver.script(number).await.as_str().unwrap().to_owned();
        driver.fill("input[name=typed]", &number).await;
        driver.click("button.danger").await;
        driver.wait_for_text("every change was made").await;
        pictures.take(&driver, &format!("operation-{word}")).await;
        if word == "Succeeded" {
            assert_ne!(simulator.read(Organization::truth).memberships, before);
            driver.submit("form[action$='/undo']").await;
        }
    }
    assert_eq!(simulator.read(Organization::truth).memberships, before);
    driver.open(&format!("{origin}/operations")).await;
    pictures.take(&driver, "operations").await;

    driver.stop().await;
    drop(server);
    simulator.stop().await;
}
