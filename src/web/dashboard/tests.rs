//! The dashboard in every state.

use std::collections::BTreeMap;

use directory::Counts;
use directory::tiles::{Shares, Which};
use jiff::civil::date;
use proptest::prelude::*;

use super::tile::{left, percent, percents};
use super::*;
use crate::id::{Entropy, RunId};
use crate::mirror::trends::Sample;
use crate::nouns::price::{Cost, Price, SeatPrice};
use crate::store::runs::Changed;
use crate::web::acme::{acme, now, reader};

fn read(samples: Vec<Sample>, prices: Prices) -> Read {
    let trend = Trend { from: date(2026, 8, 21), to: date(2026, 11, 21), samples };
    Read { threshold: Threshold::DEFAULT, prices, trend, past: changed::Past::default() }
}

fn page_of(ask: &Ask, snapshot: &Snapshot, read: &Read) -> String {
    content(ask, snapshot, (read, &reader(), &TimeZone::UTC), html! {}).0
}

fn page(site: &str, snapshot: &Snapshot) -> String {
    let ask = Ask { site: site.to_owned(), ..Ask::default() };
    page_of(&ask, snapshot, &read(Vec::new(), Prices::default()))
}

fn price(app: &str, site: Option<&str>, (amount, currency): (&str, &str)) -> SeatPrice {
    let price = Price::parse(amount, currency).unwrap();
    let (app, site) = (app.to_owned(), site.map(str::to_owned));
    SeatPrice { app, site, price, changed_by: "mira".to_owned(), changed_at: now() }
}

fn sample(day: i8, active: u64, cost: &[(&str, &str)]) -> Sample {
    let seats = Shares { active, inactive: 10, never_active: 2, ..Shares::default() };
    let mut sum = Cost::default();
    cost.iter().for_each(|(amount, currency)| sum.add(Price::parse(amount, currency).unwrap(), seats.total()));
    Sample { day: date(2026, 11, day), seats, people: Some(active), cost: sum.clone(), idle: sum }
}

#[test]
fn each_app_has_a_tile_whose_shares_add_up_and_lead_to_their_people() {
    let page = page("", &acme());
    let jira = &page[page.find(r#"<section class="tile" aria-label="Jira""#).expect("a tile")..];
    let jira = &jira[..jira.find("</section>").unwrap()];
    // Ines used Jira 99 days ago, Noor never did; both are inactive, and told apart.
    assert!(jira.contains(r#"<b class="num">2</b> seats, 2 people"#), "{jira}");
    assert!(jira.contains(r#"aria-label="Jira: 1 inactive, 1 never active""#), "{jira}");
    let whole = "/people?q=seat%20%3D%20jira\"";
    let inactive = "/people?q=seat%20%3D%20jira%20AND%20%28inactiveFor%28jira%29%20%3E%3D%2090d%20OR%20neverActive%28jira%29%20%3D%20yes%29";
    assert!(jira.contains(whole) && jira.contains(inactive), "{jira}");
    assert!(jira.contains(r#"<span><span class="num">0</span> active</span>"#), "nobody is behind it: {jira}");
    assert!(!jira.contains("unknown") && !jira.contains("service accounts"), "{jira}");
}

#[test]
fn one_site_is_chosen_in_the_address_and_a_wrong_one_is_said() {
    let snapshot = acme();
    let emea = page("acme-emea", &snapshot);
    assert!(emea.contains(r#"aria-label="Confluence""#) && !emea.contains(r#"aria-label="Jira""#), "{emea}");
    assert!(emea.contains("/people?q=seat%20%3D%20confluence%20AND%20site%20%3D%20acme-emea"), "{emea}");
    let wrong = page("<script>", &snapshot);
    assert!(wrong.contains("There is no such site.") && !wrong.contains("<script>"), "{wrong}");
    assert!(wrong.contains(r#"aria-label="Jira""#));
}

#[test]
fn without_apps_the_page_says_why_and_what_to_do() {
    let page = page("", &Snapshot::default());
    assert!(page.contains("No app that sells seats was found.") && page.contains("href=\"/runs\""), "{page}");
}

#[test]
fn seats_that_are_left_and_shares_are_worded_truly() {
    assert_eq!(left(488, 500), "12 of 500 left");
    assert_eq!(left(1_503, 1_500), "3 more than the 1,500 that were bought");
    assert_eq!([percent(0, 7, 0), percent(1, 1_000, 0), percent(999, 1_000, 100)], ["0 %", "< 1 %", "> 99 %"]);
    assert_eq!(percent(7, 7, 100), "100 %");
}

proptest! {
    #[test]
    fn percentages_sum_to_a_hundred_and_none_is_a_whole_percent_off(counts in prop::array::uniform5(0u64..2_000_000)) {
        let [active, inactive, never_active, unknown, service_accounts] = counts;
        let seats = Shares { active, inactive, never_active, unknown, service_accounts };
        let rounded = percents(seats);
        prop_assert_eq!(rounded.total(), if seats.total() == 0 { 0 } else { 100 });
        for which in Which::DISJOINT {
            let exact = seats.of(which) as f64 * 100.0 / seats.total().max(1) as f64;
            prop_assert!((rounded.of(which) as f64 - exact).abs() < 1.0, "{:?}: {} of {}", which, rounded.of(which), exact);
        }
    }
}

fn counted<'a>(snapshot: &'a Snapshot, prices: &'a Prices) -> Counted<'a> {
    let threshold = Threshold::DEFAULT;
    let tiles = tiles::tiles(snapshot, None, Asked { threshold, now: now(), zone: &TimeZone::UTC });
    Counted { site: None, threshold, tiles, snapshot, prices }
}

#[test]
fn what_syncs_changed_is_summed_over_a_day_and_a_week_and_leads_to_the_sync_that_found_it() {
    let at = |hours: i64| now() - SignedDuration::from_hours(hours);
    let run = |hours: i64, people_added: u64| Changed {
        at: at(hours),
        counts: Counts { people_added, ..Counts::default() },
        run: RunId::new(&Entropy::seeded(hours as u64), at(hours)),
        number: hours as u64,
    };
    let (snapshot, prices) = (acme(), Prices::default());
    let counted = counted(&snapshot, &prices);
    let runs = vec![run(2, 3), run(30, 1_200), run(24 * 8, 50)];
    let link = format!("/runs/{}/changes", runs[0].run);
    let jira = BTreeMap::from([("Jira".to_owned(), Shares { active: 5, ..Shares::default() })]);
    let past = changed::Past { runs, yesterday: Some((date(2026, 11, 20), jira)), last_week: None };
    let told = changed::changed(&past, &counted, &reader()).0;
    assert!(told.contains(&format!(r#"<td class="num"><a class="figure" href="{link}">3</a></td>"#)), "{told}");
    assert!(told.contains(r#"<td class="num">1,203</td>"#), "two syncs found it: {told}");
    assert!(told.contains(r#"<span title="5 seats on 20 Nov 2026">−3</span>"#), "two are left of five: {told}");
    assert!(told.contains("No sync of that day is kept."), "{told}");
    let none = changed::changed(&changed::Past::default(), &counted, &reader()).0;
    assert!(none.contains("No sync has ended in the last 7 days but the first one."));
}

#[test]
fn cost_is_shown_per_currency_and_as_an_estimate() {
    let prices = Prices(vec![
        price("jira-software", None, ("7.5", "USD")),
        price("confluence", Some("acme-emea-cloud"), ("5.005", "EUR")),
    ]);
    let page = page_of(&Ask::default(), &acme(), &read(Vec::new(), prices.clone()));
    assert!(
        page.contains(r#"<span class="num">15 USD</span> a month, <b class="num">15 USD</b> of it for inactive"#),
        "{page}"
    );
    assert!(page.contains(" EUR + 15 USD</b>") && page.contains("(estimate)"), "each currency for itself: {page}");
    assert!(!page_of(&Ask::default(), &acme(), &read(Vec::new(), Prices::default())).contains("a month for all"));
}

#[test]
fn trends_are_designed_for_no_day_for_two_and_for_many() {
    let told = |samples: Vec<Sample>| page_of(&Ask::default(), &acme(), &read(samples, Prices::default()));
    assert!(told(Vec::new()).contains("the first point comes with the next sync"));
    let two = told(vec![sample(1, 30, &[]), sample(2, 31, &[])]);
    assert!(
        two.contains("2 days so far") && two.contains("<table>") && !two.contains("figure class=\"chart\""),
        "{two}"
    );
    let many = told((1..20).map(|day| sample(day, 30 + day as u64, &[])).collect());
    assert_eq!(many.matches("<figure").count(), 3, "{many}");
    assert!(many.contains("seats 61, people 49") || many.contains("at the end seats 61"), "{many}");
    assert!(many.contains("No price is entered."), "{many}");
    let both = told((1..20).map(|day| sample(day, 30, &[("1", "EUR"), ("2", "CHF")])).collect());
    assert!(both.contains("in CHF at") && both.contains("in EUR at"), "a chart for each currency: {both}");
}

#[test]
fn every_choice_of_the_page_stands_in_its_address() {
    let ask = Ask { site: "acme".to_owned(), app: "Jira".to_owned(), months: "6".to_owned() };
    assert_eq!(ask.over(12), "/dashboard?site=acme&app=Jira&months=12#trends");
    assert_eq!(ask.of_app(""), "/dashboard?site=acme&months=6#trends");
    assert_eq!(ask.on_site("").as_str(), "/dashboard?app=Jira&months=6");
    assert_eq!(Ask { months: "7".to_owned(), ..Ask::default() }.months(), 3, "not one of those offered");
}

#[test]
fn seats_that_run_out_are_told_before_they_do() {
    let (snapshot, prices) = (acme(), Prices::default());
    let mut counted = counted(&snapshot, &prices);
    assert!(!tile::nearly_full(&counted).0.contains("running out"));
    counted.tiles.apps[0].sites[0].capacity = Some(2);
    let told = tile::nearly_full(&counted).0;
    assert!(told.contains("Seats are running out.") && told.contains("of 2 left"), "{told}");
}
