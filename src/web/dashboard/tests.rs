//! The dashboard in every state.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::web::acme::{acme, now, reader};

fn asked() -> Asked<'static> {
    const UTC: &TimeZone = &TimeZone::UTC;
    Asked { threshold: Threshold::DEFAULT, now: now(), zone: UTC }
}

fn page(site: &str, snapshot: &Snapshot) -> String {
    content(&Ask { site: site.to_owned() }, snapshot, (asked(), &reader()), html! {}).0
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
fn the_age_of_activity_is_told_and_old_activity_is_offered_to_be_read_again() {
    let told = |hours: i64| activity_age(Some(now() - SignedDuration::from_hours(hours)), &reader()).0;
    assert!(told(3).contains("Last active dates were read") && !told(3).contains("again"));
    assert!(told(25).contains("more than 24 hours old") && told(25).contains("?last_active=on"));
    assert!(activity_age(None, &reader()).0.contains("never as inactive"));
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

#[test]
fn what_syncs_changed_is_summed_over_a_day_and_a_week() {
    let at = |hours: i64| now() - SignedDuration::from_hours(hours);
    let joined = |people_added| Counts { people_added, ..Counts::default() };
    let told = changed(&[(at(2), joined(3)), (at(30), joined(1_200)), (at(24 * 8), joined(50))], now()).0;
    assert!(told.contains(r#"People added</th><td class="num">3</td><td class="num">1,203</td>"#), "{told}");
    assert!(changed(&[], now()).0.contains("No sync has ended in the last 7 days but the first one."));
}
