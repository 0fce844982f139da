//! W2 in the browser: from a tile of the dashboard to the seats that can be reclaimed. The same people are counted by the
//! tile, the list, the saved filter, the selection and the file.

use super::*;

/// How many people the browser says that it found.
async fn found(driver: &Driver) -> u64 {
    let told = driver.script("return document.querySelector('#matched .num').textContent.replaceAll(',', '')").await;
    told.as_str().unwrap().parse().unwrap()
}

async fn filter_of(driver: &Driver) -> String {
    driver.script("return document.querySelector('input[name=q]').value").await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn w2_reclaimable_seats_are_found_saved_selected_and_exported() {
    let organization = Organization::populate(&population(1_000, 21), Clock::system().now());
    let simulator = simulator::start(organization, simulator::Options::default()).await.unwrap();
    let (server, driver, pictures) =
        (Server::start(Engine::Sqlite), Driver::start().await, Pictures::new(Engine::Sqlite));
    set_up(&driver, &server, &simulator).await;
    let origin = driver.script("return location.origin").await.as_str().unwrap().to_owned();

    // One site for all pages: the dashboard is narrowed to it, and the browser that a tile opens stays with it.
    driver.open(&format!("{origin}/dashboard")).await;
    let site = driver.script("return document.querySelectorAll('#site button')[1].value").await;
    let site = site.as_str().unwrap().to_owned();
    driver.open_details().await;
    driver.click(&format!("#site button[value='{site}']")).await;
    assert!(driver.script("return location.search").await.as_str().unwrap().contains(&site));
    pictures.take(&driver, "w2-dashboard").await;
    let tile = "section.tile[aria-label=Confluence] .inactive a";
    let seats = driver.script(&format!("return document.querySelector('{tile} .num').textContent")).await;
    let seats: u64 = seats.as_str().unwrap().replace(',', "").parse().unwrap();
    assert!(seats > 0);
    driver.click(tile).await;
    assert_eq!(found(&driver).await, seats, "the tile's number is the list's: {}", filter_of(&driver).await);
    let selected = driver.script("return document.querySelector('#site summary').textContent").await;
    assert_eq!(selected.as_str().unwrap(), format!("Site: {site}"));
    let text = driver.text().await;
    assert!(text.contains("LAST ACTIVE IN CONFLUENCE") || text.contains("Last active in Confluence"), "{text}");

    // Not in a group, external, 90 days: the builder adds them, and the rest stays.
    driver.open_details().await;
    driver.fill(".build input[name=no_group]", "keepers").await;
    driver.script("document.querySelector('.build select[name=claim]').value = 'external'").await;
    driver.submit("form[action='/people/build']").await;
    let narrowed = filter_of(&driver).await;
    assert!(
        narrowed.contains(&format!("site = {site}")) && narrowed.ends_with("NOT group = keepers AND claim = external"),
        "{narrowed}"
    );
    let n = found(&driver).await;
    assert!(n > 0 && n < seats, "{n} of {seats} are external");
    // Who never used it is told apart, and all sites of everybody are shown.
    let rows = driver.text().await;
    assert!(rows.contains("never") && rows.contains("since"), "{rows}");
    let wide = driver
        .script(&format!(
            "return [...document.querySelectorAll('tbody td:nth-child(3)')].some((cell) => cell.textContent.includes('{site}') && cell.textContent.includes(','))"
        ))
        .await;
    assert_eq!(wide, Value::Bool(true), "somebody's other sites are shown under the filter of {site}");
    pictures.take(&driver, "w2-people").await;

    // Saved, and opened again by its address.
    driver.click("nav[aria-label='Saved filters'] a[href^='/filters?q=']").await;
    driver.fill("form.fields input[name=name]", "Reclaimable").await;
    driver.submit("main form.fields").await;
    let saved = driver.script("return document.querySelector('tbody td a').getAttribute('href')").await;
    driver.open(&format!("{origin}{}", saved.as_str().unwrap())).await;
    assert_eq!((found(&driver).await, filter_of(&driver).await), (n, narrowed.clone()));

    // The file has exactly these rows.
    let rows = driver
        .script("return fetch(document.querySelector('#found .export a').href).then((a) => a.text()).then((t) => t.trim().split('\\r\\n').length - 1)")
        .await;
    assert_eq!(rows.as_u64(), Some(n));

    // Rows are ticked, all that match are selected, and the selection has an address of its own.
    driver.choose("tbody tr:nth-child(1) input[name=row]").await;
    driver.wait_for("return location.search.includes('selection=sel_')").await;
    driver.choose("tbody tr:nth-child(2) input[name=row]").await;
    driver
        .wait_for("return document.querySelector('#selected').textContent === '2' && document.querySelector('#bar a') !== null")
        .await;
    pictures.take(&driver, "w2-ticked").await;
    let address = driver.script("return location.href").await.as_str().unwrap().to_owned();
    driver.open(&address).await;
    assert_eq!(driver.script("return document.querySelectorAll('input[name=row]:checked').length").await, json!(2));
    driver.choose("#page").await;
    let on_page = driver.script("return document.querySelectorAll('input[name=row]').length").await.as_u64().unwrap();
    driver.wait_for(&format!("return document.querySelector('#bar [data-all]')?.textContent === '{on_page}'")).await;
    if n > on_page {
        driver.click("#bar button[value=all]").await;
    }
    assert!(driver.text().await.contains(&format!("{n} of {n} selected")), "{}", driver.text().await);
    driver.click("#bar p a").await;
    assert!(driver.text().await.contains(&format!("{n} ")), "{}", driver.text().await);
    pictures.take(&driver, "w2-selection").await;

    // The navigation keeps the site, and all sites are one click away.
    driver.click("nav a[href='/people']").await;
    assert_eq!(filter_of(&driver).await, format!("site = {site}"));
    driver.open_details().await;
    driver.click("#site button[value='']").await;
    driver.click("nav a[href='/dashboard']").await;
    assert_eq!(driver.script("return location.search").await, json!(""));

    driver.stop().await;
    drop(server);
    simulator.stop().await;
}
