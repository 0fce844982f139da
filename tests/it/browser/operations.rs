//! Acting in headless Chromium: access removed as the preview said, followed to its end, and taken back.

use super::*;

/// An organization that was read and may be acted on, looked at by whoever set it up.
struct Scene {
    simulator: simulator::Simulator,
    server: Server,
    driver: Driver,
    origin: String,
    pictures: Pictures,
}

impl Scene {
    async fn begin(engine: Engine, seed: u64) -> Scene {
        let organization = Organization::populate(&population(300, seed), Clock::system().now());
        let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
        let (server, driver, pictures) = (Server::start(engine), Driver::start().await, Pictures::new(engine));
        set_up(&driver, &server, &simulator).await;
        let origin = driver.script("return location.origin").await.as_str().unwrap().to_owned();
        // Look-only at first: whose the key is, and actions on, are a person's decision.
        driver.open(&format!("{origin}/settings/actions")).await;
        assert!(driver.text().await.contains("look-only mode"), "{}", driver.text().await);
        pictures.take(&driver, "settings-actions").await;
        driver.choose("input[name=whose][value=elsewhere]").await;
        driver.submit("form[action='/settings/actions/key-owner']").await;
        driver.submit("form[action='/settings/actions/switch']").await;
        assert!(driver.text().await.contains("Actions are on"), "{}", driver.text().await);
        Scene { simulator, server, driver, origin, pictures }
    }

    /// Opens the form of actions on everybody whom a filter finds.
    async fn act_on(&self, filter: &str) {
        let mut address = reqwest::Url::parse(&format!("{}/people", self.origin)).unwrap();
        address.query_pairs_mut().append_pair("q", filter);
        self.driver.open(address.as_str()).await;
        // More than a page of people are taken together; fewer are ticked.
        let tick = "const all = document.querySelector('#bar button[value=all]');
            if (!all) document.querySelectorAll('main table tbody input[type=checkbox]').forEach((one) => one.click());
            return Boolean(all)";
        if self.driver.script(tick).await == true {
            self.driver.click("#bar button[value=all]").await;
        }
        self.driver.click("#bar button[value=act]").await;
    }

    /// Ticks an action and asks for the preview; its text.
    async fn preview(&self, action: &str) -> String {
        self.driver.choose(&format!("input[name=action][value={action}]")).await;
        self.driver.click("button.primary[value=plan]").await;
        self.driver.text().await
    }

    async fn stop(self) {
        self.driver.stop().await;
        drop(self.server);
        self.simulator.stop().await;
    }
}

/// Approves the plan that is open, typing its number where that is asked for.
async fn approve(driver: &Driver) {
    let number = "return [...document.querySelectorAll('label')]
        .map((one) => one.textContent.match(/^Type (\\d+)/)?.[1]).find(Boolean) ?? ''";
    let number = driver.script(number).await.as_str().unwrap().to_owned();
    if !number.is_empty() {
        driver.fill("input[name=typed]", &number).await;
    }
    driver.click("form[action$='/approve'] button.danger").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w3_w4_access_is_removed_from_the_user_browser_and_given_back() {
    for engine in ENGINES {
        let scene = Scene::begin(engine, 21).await;
        let Scene { simulator, driver, pictures, .. } = &scene;
        let before = simulator.read(Organization::truth).memberships;
        scene.act_on("status = active").await;
        driver.choose("input[name=apps][value=all]").await;
        pictures.take(driver, "operation-form").await;
        let preview = scene.preview("removeAppAccess").await;
        assert!(preview.contains("changes will be made") && preview.contains("organization admin"), "{preview}");
        pictures.take(driver, "operation-preview").await;
        assert_eq!(simulator.read(Organization::truth).memberships, before);

        for word in ["Succeeded", "Undone"] {
            approve(driver).await;
            driver.wait_for_text("every change was made").await;
            pictures.take(driver, &format!("operation-{word}")).await;
            if word == "Succeeded" {
                assert_ne!(simulator.read(Organization::truth).memberships, before);
                driver.submit("form[action$='/undo']").await;
            }
        }
        assert_eq!(simulator.read(Organization::truth).memberships, before);
        driver.open(&format!("{}/operations", scene.origin)).await;
        pictures.take(driver, "operations").await;
        scene.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w5_contractors_of_one_domain_are_suspended_and_one_is_restored_from_their_page() {
    for engine in ENGINES {
        let scene = Scene::begin(engine, 22).await;
        let Scene { simulator, driver, .. } = &scene;
        let truth = simulator.read(Organization::truth);
        let domain = |user: &simulator::TrueUser| user.email.as_ref()?.split('@').nth(1).map(str::to_owned);
        let admin = truth
            .users
            .iter()
            .find(|user| user.status == "active" && !user.platform_roles.is_empty() && user.email.is_some());
        let domain = domain(admin.unwrap()).unwrap();
        scene.act_on(&format!("domain = {domain} AND app = jira AND NOT app = confluence")).await;
        let preview = scene.preview("suspendUser").await;
        assert!(preview.contains("changes will be made"), "{preview}");
        approve(driver).await;
        driver.wait_for_text("every change was made").await;
        let after = simulator.read(Organization::truth);
        let was_suspended = |user: &&simulator::TrueUser| {
            user.status == "suspended"
                && truth.users.iter().any(|before| before.account_id == user.account_id && before.status == "active")
        };
        let suspended: Vec<_> = after.users.iter().filter(was_suspended).collect();
        assert!(!suspended.is_empty());
        for user in &suspended {
            assert!(user.email.as_ref().unwrap().ends_with(&domain), "{user:?}");
            assert!(!user.platform_roles.contains(&"atlassian/org-admin"), "{user:?}");
        }
        // Their page says so, and leads to the way back.
        driver.open(&format!("{}/people/{}", scene.origin, suspended[0].account_id)).await;
        assert!(driver.text().await.contains("Suspended"), "{}", driver.text().await);
        driver.click("a.button[href^='/operations/new?person=']").await;
        scene.preview("restoreUser").await;
        approve(driver).await;
        driver.wait_for_text("every change was made").await;
        driver.open(&format!("{}/people/{}", scene.origin, suspended[0].account_id)).await;
        assert!(driver.text().await.contains("Active"), "{}", driver.text().await);
        let end = simulator.read(Organization::truth);
        assert_eq!(end.memberships, truth.memberships);
        let still = end.users.iter().filter(was_suspended).count();
        assert_eq!(still, suspended.len() - 1);
        scene.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w7_a_killed_server_goes_on_where_it_stood_and_only_what_failed_is_tried_again() {
    for engine in ENGINES {
        let mut scene = Scene::begin(engine, 23).await;
        let truth = scene.simulator.read(Organization::truth);
        let person = |user: &&simulator::TrueUser| {
            user.status == "active" && user.account_type == "atlassian" && user.platform_roles.is_empty()
        };
        let domain = |user: &simulator::TrueUser| user.email.as_ref()?.split('@').nth(1).map(str::to_owned);
        // So few that Atlassian's limit on suspending lets them pass within the minute.
        let mut domains: std::collections::BTreeMap<String, Vec<&simulator::TrueUser>> = Default::default();
        for user in truth.users.iter().filter(person) {
            domains.entry(domain(user).unwrap_or_default()).or_default().push(user);
        }
        let (domain, people) =
            domains.iter().find(|(domain, people)| !domain.is_empty() && (8..50).contains(&people.len())).unwrap();
        let unlucky = people[0].account_id.clone();
        scene.act_on(&format!("status = active AND domain = {domain}")).await;
        let preview = scene.preview("suspendUser").await;
        assert!(preview.contains("changes will be made"), "{preview}");
        let slow = |kind, attempts| simulator::Fault::on("suspend", kind).attempts(attempts);
        let limited = simulator::FaultKind::RateLimited { retry_after: Some("1".to_owned()), reset: None };
        scene.simulator.set_faults(vec![
            simulator::Fault::on("suspend", simulator::FaultKind::status(400)).subject(&unlucky).always(),
            slow(limited, 4..=5),
            slow(simulator::FaultKind::status(500), 6..=6),
            slow(simulator::FaultKind::CloseAfterEffect, 7..=7),
        ]);
        scene.simulator.clear_ledger();
        approve(&scene.driver).await;
        let path = scene.driver.script("return location.pathname").await.as_str().unwrap().to_owned();
        let effects = |scene: &Scene| {
            let ledger = scene.simulator.ledger();
            ledger.into_iter().filter_map(|exchange| exchange.effect).collect::<Vec<String>>()
        };
        // In the middle of it the power goes.
        while effects(&scene).len() < 2 {
            tokio::task::yield_now().await;
        }
        scene.server = scene.server.restart();
        scene.origin = scene.server.address.trim_end_matches('/').to_owned();
        scene.driver.open(&format!("{}{path}", scene.origin)).await;
        // On PostgreSQL the lease of the one that was killed has to run out first.
        let partial = "return document.body.innerText.includes('Partial: ')";
        for _ in 0..3 * 60 {
            if scene.driver.script(partial).await == true {
                break;
            }
            clock::Clock::system().sleep(std::time::Duration::from_secs(1)).await;
        }
        assert!(scene.driver.text().await.contains("Partial: "), "{}", scene.driver.text().await);
        scene.pictures.take(&scene.driver, "operation-partial").await;
        let done = effects(&scene);
        let distinct: std::collections::BTreeSet<&String> = done.iter().collect();
        assert_eq!(distinct.len(), done.len(), "{done:?}");
        assert!(!done.iter().any(|effect| effect.contains(&unlucky)));
        // What failed, and nothing else, is planned again.
        scene.simulator.set_faults(Vec::new());
        scene.driver.submit("form[action$='/retry']").await;
        let again = scene.driver.text().await;
        assert!(again.contains("1\nchanges will be made"), "{again}");
        approve(&scene.driver).await;
        scene.driver.wait_for_text("every change was made").await;
        let ended = effects(&scene);
        assert_eq!(ended[done.len()..], [format!("suspend {unlucky}")]);
        scene.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w8_over_the_limit_somebody_else_looks_sees_what_changed_and_approves_or_rejects() {
    for engine in ENGINES {
        let scene = Scene::begin(engine, 24).await;
        let Scene { simulator, driver, origin, pictures, .. } = &scene;
        let truth = simulator.read(Organization::truth);
        driver.open(&format!("{origin}/settings/actions")).await;
        driver.fill("input[name=people]", "5").await;
        driver.fill("input[name=percent]", "0").await;
        driver.choose("input[name=four_eyes]").await;
        driver.submit("form[action='/settings/actions']").await;
        // A colleague is invited, and enters in a browser of their own.
        let is_admin = |user: &&simulator::TrueUser| user.platform_roles.contains(&"atlassian/org-admin");
        let colleague = truth.users.iter().filter(is_admin).find(|user| user.status == "active").unwrap();
        driver.open(&format!("{origin}/settings/app-access-control")).await;
        driver.fill("form[action$='/invite'] input[name=who]", &colleague.account_id).await;
        driver.submit("form[action$='/invite']").await;
        let link = driver.script("return document.querySelector('main code').textContent").await;
        let second = Driver::start().await;
        second.open(link.as_str().unwrap()).await;
        second.fill("input[name=username]", "noor").await;
        second.fill("input[name=password]", PASSWORD).await;
        second.fill("input[name=again]", PASSWORD).await;
        second.submit("main form").await;

        scene.act_on("status = active AND app = confluence").await;
        scene.preview("suspendUser").await;
        let preview = driver.text().await;
        assert!(preview.contains("A second administrator has to approve this plan"), "{preview}");
        assert!(preview.contains("You asked for it, so somebody else has to approve it"), "{preview}");
        let own = "return document.querySelectorAll(\"form[action$='/approve']\").length";
        assert_eq!(driver.script(own).await, 0, "nobody approves their own");
        pictures.take(driver, "operation-four-eyes").await;
        let path = driver.script("return location.pathname").await.as_str().unwrap().to_owned();
        // Somebody is suspended by others before the colleague has looked to the end.
        second.open(&format!("{origin}{path}")).await;
        let planned = "const person = [...document.querySelectorAll('main table a')]
            .map((one) => one.getAttribute('href')).find((one) => one.startsWith('/people/'));
            return decodeURIComponent(person.slice('/people/'.length))";
        second.open(&format!("{origin}{path}?state=planned")).await;
        let outside = second.script(planned).await.as_str().unwrap().to_owned();
        second.open(&format!("{origin}{path}")).await;
        simulator.change(|organization| organization.suspend(&outside).unwrap());
        driver.open(&format!("{origin}/settings/user-data-synchronization")).await;
        driver.choose("form#manual input[name=users]").await;
        driver.click("form#manual button.primary").await;
        driver.wait_for_text("Sealed").await;
        approve(&second).await;
        let refused = second.text().await;
        assert!(refused.contains("The plan has changed since it was looked at"), "{refused}");
        pictures.take(&second, "operation-changed").await;
        // Looked at again, exactly that is done.
        simulator.clear_ledger();
        approve(&second).await;
        second.wait_for_text("every change was made").await;
        let effects: Vec<String> = simulator.ledger().into_iter().filter_map(|exchange| exchange.effect).collect();
        assert!(!effects.is_empty() && !effects.contains(&format!("suspend {outside}")), "{effects:?}");

        // Another plan is rejected, and the reason stays with it.
        scene.act_on("status = suspended").await;
        scene.preview("restoreUser").await;
        let path = driver.script("return location.pathname").await.as_str().unwrap().to_owned();
        second.open(&format!("{origin}{path}")).await;
        second.open_details().await;
        second.fill("form[action$='/reject'] input[name=reason]", "Not before the audit.").await;
        second.submit("form[action$='/reject']").await;
        driver.open(&format!("{origin}{path}")).await;
        let rejected = driver.text().await;
        assert!(rejected.contains("Not before the audit.") && rejected.contains("noor"), "{rejected}");
        second.stop().await;
        scene.stop().await;
    }
}
