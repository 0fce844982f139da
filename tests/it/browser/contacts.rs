//! W12 as an administrator takes it, over five days of virtual time and on both databases: contacts by hand, customers of a
//! site, a preview, syncing on, companies of organizations, changes outside, conflicts, off and on again. Issue links belong to
//! later work.

use super::house::House;
use super::*;

/// Customers of service desks by their organization.
const CUSTOMERS: [(&str, &[(&str, &str)]); 2] = [
    ("Acme Rail", &[("Cora Customer", "cora@rail.test"), ("Cedric Customer", "cedric@rail.test")]),
    ("Borealis", &[("Bea Borealis", "bea@borealis.test")]),
];

fn with_customers(organization: &mut Organization) {
    for (firm, customers) in CUSTOMERS {
        let firm = organization.add_customer_organization(0, firm);
        for (name, email) in customers {
            let account = organization.add_customer(0, name, email).unwrap();
            organization.join_customer_organization(firm, &account);
        }
    }
    organization.add_customer(0, "Solveig Solo", "solo@home.test").unwrap();
    let hidden = organization.add_customer(0, "Hedda Hidden", "hedda@home.test").unwrap();
    organization.hide_customer_email(&hidden).unwrap();
}

/// The account of a customer.
fn customer(organization: &Organization, name: &str) -> String {
    let mut customers = organization.customers().iter();
    customers.find(|customer| customer.name == name).map(|customer| customer.account_id.clone()).unwrap()
}

/// A Jira user: account id and address.
type User = (String, String);

/// The users whom something happens to: all of them active.
fn users(house: &House) -> [User; 7] {
    let snapshot = house.app.now();
    let active = |(account, _): &User| {
        let row = snapshot.account(account).and_then(|ordinal| snapshot.account_row(ordinal)).unwrap();
        row.presence.is_some_and(|presence| presence.status == Some(directory::Status::Active))
    };
    let users: Vec<User> = crate::contacts::eligible(&house.app).into_iter().filter(active).take(7).collect();
    users.try_into().unwrap()
}

/// Percent-encodes a filter for an address.
fn asked(filter: &str) -> String {
    filter.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The names on the list that a filter finds.
async fn names(house: &House, filter: &str) -> Vec<String> {
    house.go(&format!("/contacts?q={}", asked(filter))).await;
    let rows = "return [...document.querySelectorAll('#found tbody th a.name')].map((name) => name.textContent)";
    let names = house.driver.script(rows).await;
    names.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// How many a filter finds.
async fn count(house: &House, filter: &str) -> u64 {
    house.go(&format!("/contacts?q={}", asked(filter))).await;
    figure(house, "#matched .num").await
}

/// A number on the page.
async fn figure(house: &House, selector: &str) -> u64 {
    let text = house.driver.script(&format!("return document.querySelector({selector:?}).textContent")).await;
    text.as_str().unwrap().replace([',', ' '], "").parse().unwrap()
}

/// What a reader sees on the page of the only contact that a filter finds.
async fn contact(house: &House, filter: &str) -> String {
    assert_eq!(names(house, filter).await.len(), 1, "{filter}");
    house.driver.click("#found tbody th a.name").await;
    house.driver.text().await
}

/// Marks the row of a table that has a text as `#row`.
async fn row(house: &House, text: &str) {
    let mark = format!(
        "document.querySelector('#row')?.removeAttribute('id'); \
         [...document.querySelectorAll('tbody tr')].find((row) => row.textContent.includes({text:?})).id = 'row'"
    );
    house.driver.script(&mark).await;
}

async fn make(house: &House, path: &str, fields: &[(&str, &str)]) {
    house.go(path).await;
    for (name, text) in fields {
        house.driver.fill(&format!("main form.fields [name={name}]"), text).await;
    }
    house.driver.submit("main form.fields").await;
}

async fn merge_the_conflict(house: &mut House, pictures: &Pictures) {
    house.go("/contacts/conflicts").await;
    pictures.take(&house.driver, "conflicts").await;
    house.driver.click("a.button.primary").await;
    pictures.take(&house.driver, "merge").await;
    house.driver.submit("main form.row").await;
    house.a_moment().await;
    let page = house.read("/contacts/conflicts").await;
    assert!(page.contains("Nothing is in conflict."), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w12_contacts_follow_users_and_customers_day_after_day() {
    for engine in ENGINES {
        let mut house = House::open(engine, (120, 21), with_customers).await;
        let pictures = Pictures::new(engine);
        let users = users(&house);
        by_hand(&house, &users, &pictures).await;
        house.the_next_day().await;
        switched_on(&mut house, &users, &pictures).await;
        companies_of_organizations(&mut house, &pictures).await;
        changes_outside(&mut house, &users).await;
        house.the_next_day().await;
        what_followed(&mut house, &users, &pictures).await;
        who_became_somebody_else(&mut house, &users).await;
        who_is_read_now(&mut house).await;
        off_and_on_again(&mut house, &pictures).await;
        house.close().await;
    }
}

/// The first day: contacts and a company by hand, and the token of a site.
async fn by_hand(house: &House, [linked, twice, ..]: &[User; 7], pictures: &Pictures) {
    for (name, email) in [
        ("By Hand", linked.1.to_uppercase()),
        ("Cora by hand", "CORA@Rail.test".to_owned()),
        ("Twice A", twice.1.clone()),
        ("Twice B", twice.1.clone()),
        ("Held by hand", "held@elsewhere.test".to_owned()),
    ] {
        make(house, "/contacts/new", &[("name", name), ("email", &email)]).await;
    }
    house.driver.fill("textarea[name=text]", "Called on Monday.").await;
    house.driver.click("button[value=note]").await;
    pictures.take(&house.driver, "contact").await;
    make(house, "/companies/new", &[("name", "Borealis GmbH")]).await;

    let settings = house.read("/settings/contacts").await;
    assert!(settings.contains("customers not read"), "{settings}");
    pictures.take(&house.driver, "contacts-settings-off").await;
    let site = house.app.simulator.sites().remove(0);
    let form = format!("form:has(input[value='{}']):has(input[name=token])", site.cloud_id);
    house.go("/settings/sites").await;
    house.driver.open_details().await;
    house.driver.fill(&format!("{form} input[name=email]"), &site.user).await;
    house.driver.fill(&format!("{form} input[name=token]"), &site.token).await;
    house.driver.submit(&form).await;
    house.driver.submit("main form.fields").await;
    let settings = house.read("/settings/contacts").await;
    assert!(settings.contains("the next daily sync reads them"), "{settings}");
}

/// The second day: the preview, and what it said comes true.
async fn switched_on(house: &mut House, [linked, ..]: &[User; 7], pictures: &Pictures) {
    house.go("/settings/contacts").await;
    house.driver.submit("#switch form").await;
    let preview = house.driver.text().await;
    for text in ["Several contacts have the e-mail address", "hidden or missing", "Cora Customer", "Cedric Customer"] {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    let rows =
        house.driver.script("return document.querySelectorAll('[aria-label=\"To link\"] tbody tr').length").await;
    assert_eq!(rows.as_u64(), Some(2), "a user and a customer have contacts by hand: {preview}");
    let made = figure(house, ".sum div:nth-child(1) b").await;
    pictures.take(&house.driver, "contacts-preview").await;
    house.driver.click("button[value=on]").await;
    assert!(house.driver.text().await.contains("turning on"), "{}", house.driver.text().await);
    house.a_moment().await;
    let settings = house.read("/settings/contacts").await;
    assert!(settings.contains("Complete") && settings.contains("customers not read"), "the other site: {settings}");
    pictures.take(&house.driver, "contacts-settings-on").await;
    assert_eq!(count(house, "synced = yes").await, made + 2, "as the preview said");
    assert_eq!(count(house, "").await, made + 5);

    // Linked, read-only, tagged, and not to be deleted.
    let page = contact(house, &linked.1).await;
    for text in ["Jira User", "cannot be deleted", "This contact follows it.", "Linked to an account"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("Jira UserCustomer"), "{page}");
    pictures.take(&house.driver, "contact-synced").await;
    let refused = "return fetch(location.href, { method: 'POST', body: new URLSearchParams({ do: 'delete' }) }) \
                   .then(async (answer) => [answer.status, await answer.text()])";
    let refused = house.driver.script(refused).await;
    assert_eq!(refused[0].as_u64(), Some(422), "{refused}");
    assert!(refused[1].as_str().unwrap().contains("switch Jira User Syncing off"), "{refused}");
    assert_eq!(names(house, "cora@rail.test").await, ["Cora Customer"]);
    assert_eq!(count(house, "tag = Customer AND tag = \"Jira User\" AND domain = rail.test").await, 2);

    // The conflict waits, is merged, and is over by itself.
    let attention = house.read("/attention").await;
    assert!(attention.contains("conflict of contacts waits"), "{attention}");
    merge_the_conflict(house, pictures).await;
}

/// Organizations of customers become companies: one made, one that is there, the others none.
async fn companies_of_organizations(house: &mut House, pictures: &Pictures) {
    house.go("/companies/sources").await;
    pictures.take(&house.driver, "companies-sources").await;
    row(house, "Acme Rail").await;
    house.driver.click("#row button[value=create]").await;
    row(house, "Borealis").await;
    house.driver.fill("#row input[type=text]", "Borealis GmbH").await;
    house.driver.click("#row button[value=link]").await;
    row(house, "Contoso").await;
    house.driver.click("#row button[value=ignore]").await;
    let text = house.driver.text().await;
    assert!(text.contains("Ignored") && text.contains("Borealis GmbH"), "{text}");
    assert_eq!(names(house, "company = \"Acme Rail\"").await, ["Cedric Customer", "Cora Customer"]);
    assert_eq!(names(house, "company = \"Borealis GmbH\"").await, ["Bea Borealis"]);
    assert!(contact(house, "cora@rail.test").await.contains("Acme Rail"));
}

/// What happens on the second evening, at Atlassian.
async fn changes_outside(house: &mut House, users: &[User; 7]) {
    let [_, _, renamed, suspended, leaves, collides, _] = users;
    house.app.simulator.change(|organization| {
        organization.rename(&renamed.0, "Renata Renamed").unwrap();
        organization.change_email(&renamed.0, "renata@renamed.test").unwrap();
        organization.suspend(&suspended.0).unwrap();
        organization.delete_account(&leaves.0).unwrap();
        organization.change_email(&collides.0, "held@elsewhere.test").unwrap();
        let user = |name: &str, email: &str| simulator::NewUser {
            name: name.to_owned(),
            email: email.to_owned(),
            directory: None,
        };
        organization.add_user(&user("Nils New", "nils@new.test")).unwrap();
        let [cedric, bea, solo] =
            ["Cedric Customer", "Bea Borealis", "Solveig Solo"].map(|name| customer(organization, name));
        organization.rename_customer(&cedric, "Cedric Renamed").unwrap();
        organization.change_customer_email(&cedric, "cedric@renamed.test").unwrap();
        organization.deactivate_customer(&bea).unwrap();
        organization.delete_customer(&solo).unwrap();
        join(organization, "Acme Rail", ("Nora Next", "nora@rail.test"));
    });
}

/// A customer comes, in an organization.
fn join(organization: &mut Organization, firm: &str, (name, email): (&str, &str)) {
    let firms = organization.customer_organizations();
    let number = firms.into_iter().find(|(_, site, name)| *site == 0 && name == firm).unwrap().0;
    let account = organization.add_customer(0, name, email).unwrap();
    organization.join_customer_organization(number, &account);
}

/// The third day: contacts have followed, and nothing was picked or lost.
async fn what_followed(house: &mut House, users: &[User; 7], pictures: &Pictures) {
    let [_, _, renamed, suspended, leaves, ..] = users;
    let page = contact(house, "renata@renamed.test").await;
    for text in ["Renata Renamed", "Followed its account", &renamed.1, "This contact follows it."] {
        assert!(page.contains(text), "{text}: {page}");
    }
    pictures.take(&house.driver, "contact-followed").await;
    assert_eq!(names(house, &renamed.1).await, [""; 0]);
    let page = contact(house, &suspended.1).await;
    assert!(page.contains("Suspended") && page.contains("This contact follows it."), "{page}");
    for gone in [&leaves.1, "solo@home.test"] {
        let page = contact(house, gone).await;
        assert!(page.contains("until it was gone for good") && page.contains("Became a regular contact"), "{page}");
        assert!(!page.contains("cannot be deleted"), "{page}");
        assert_eq!(names(house, &format!("synced = yes AND {gone}")).await, [""; 0]);
    }
    pictures.take(&house.driver, "contact-regular-again").await;
    assert_eq!(names(house, "nils@new.test AND tag = \"Jira User\"").await, ["Nils New"]);
    assert_eq!(names(house, "company = \"Acme Rail\"").await, ["Cedric Renamed", "Cora Customer", "Nora Next"]);
    assert_eq!(names(house, "cedric@renamed.test").await, ["Cedric Renamed"]);
    assert!(contact(house, "bea@borealis.test").await.contains("This contact follows it."));

    // The new address of a user is that of a contact by hand: both are there until somebody merges them.
    assert_eq!(count(house, "held@elsewhere.test").await, 2);
    merge_the_conflict(house, pictures).await;
    let page = contact(house, "held@elsewhere.test").await;
    assert!(page.contains("Called on Monday.") && page.contains("Merged with another record"), "{page}");
}

/// The fourth day: a customer is a user too, and an address has gone to another user.
async fn who_became_somebody_else(house: &mut House, users: &[User; 7]) {
    let [_, _, renamed, _, _, _, takes] = users;
    house.app.simulator.change(|organization| {
        let user = simulator::NewUser {
            name: "Cora Colleague".to_owned(),
            email: "Cora@RAIL.test".to_owned(),
            directory: None,
        };
        organization.add_user(&user).unwrap();
        organization.change_email(&takes.0, &renamed.1).unwrap();
    });
    house.the_next_day().await;
    let page = contact(house, "cora@rail.test").await;
    assert_eq!(page.matches("This contact follows it.").count(), 2, "two accounts, one contact: {page}");
    assert!(page.contains("Cora Colleague") && page.contains("Acme Rail"), "{page}");
    assert!(contact(house, "renata@renamed.test").await.contains("Renata Renamed"));
    let page = contact(house, &renamed.1).await;
    assert!(page.contains(&takes.0) && !page.contains(&renamed.0), "the link is by account id: {page}");
    let page = house.read("/contacts/conflicts").await;
    assert!(page.contains("Nothing is in conflict."), "{page}");
}

/// Somebody who has just written to a service desk is there as soon as somebody asks.
async fn who_is_read_now(house: &mut House) {
    house.app.simulator.change(|organization| join(organization, "Acme Rail", ("Ravi Rightnow", "ravi@rail.test")));
    house.go("/settings/contacts").await;
    house.driver.click("button[value=run]").await;
    house.a_moment().await;
    assert_eq!(names(house, "company = \"Acme Rail\" AND ravi").await, ["Ravi Rightnow"]);
    house.go("/contacts/runs").await;
    house.driver.click("tbody th a.name").await;
    let run = house.driver.text().await;
    assert!(run.contains("customers.") && run.contains("User syncing"), "{run}");
}

/// Off, a day on which nothing follows, and on again.
async fn off_and_on_again(house: &mut House, pictures: &Pictures) {
    let (all, synced) = (count(house, "").await, count(house, "synced = yes").await);
    let hint = house.read("/settings/contacts").await;
    assert!(hint.contains(&format!("{synced} contacts become regular ones")), "{hint}");
    house.driver.click("button[value=off]").await;
    house.a_moment().await;
    assert_eq!((count(house, "synced = yes").await, count(house, "").await), (0, all), "none is lost");
    contact(house, "renata@renamed.test").await;
    house.driver.click("a.button[href$='/edit']").await;
    house.driver.fill("input[name=name]", "Renata by hand").await;
    house.driver.submit("main form.fields").await;
    let page = contact(house, "renata@renamed.test").await;
    assert!(page.contains("Renata by hand") && page.contains("it will again"), "{page}");
    house.app.simulator.change(|organization| join(organization, "Borealis", ("Late Lund", "late@borealis.test")));
    house.the_next_day().await;
    assert_eq!(count(house, "").await, all, "off is off");

    house.go("/settings/contacts/preview").await;
    assert_eq!(figure(house, ".sum div:nth-child(1) b").await, 1, "who came meanwhile: {}", house.driver.text().await);
    house.driver.click("button[value=on]").await;
    house.a_moment().await;
    assert_eq!((count(house, "synced = yes").await, count(house, "").await), (synced + 1, all + 1), "no duplicate");
    assert_eq!(names(house, "renata@renamed.test").await, ["Renata Renamed"]);
    assert_eq!(names(house, "company = \"Borealis GmbH\"").await, ["Bea Borealis", "Late Lund"]);
    house.go("/contacts").await;
    pictures.take(&house.driver, "contacts-again").await;
}
