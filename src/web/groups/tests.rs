//! The list of groups: found by the language, sorted, and never said to be empty where that is not proven.

use super::*;
use crate::web::acme::{acme, names_of, reader};

fn text(ask: &Ask, snapshot: &Snapshot) -> String {
    content(ask, (snapshot, &reader()), html! {}).0
}

fn asking(q: &str) -> Ask {
    Ask { q: q.to_owned(), ..Ask::default() }
}

fn named(q: &str) -> Vec<String> {
    let snapshot = acme();
    names_of(&of(q, &snapshot, &reader()), &snapshot)
}

#[test]
fn groups_are_found_by_words_and_fields_and_sorted_by_members() {
    let snapshot = acme();
    let by_size = Ask { sort: "members".to_owned(), order: "desc".to_owned(), ..Ask::default() };
    let answer = answer_groups(&snapshot, "", (reader().now, &reader().zone));
    let rows = slice(&by_size, &snapshot, &answer).rows;
    let sizes: Vec<u64> = rows.iter().map(|group| snapshot.memberships().members(*group).len()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b) && sizes[0] > 0, "{sizes:?}");
    assert_eq!(named("JIRA"), ["jira-users"]);
    assert_eq!(named("from outside"), ["contractors"]);
    assert_eq!(named("default = jira"), ["jira-users"]);
    assert_eq!(named("synced = yes"), ["contractors"]);
    assert_eq!(named("members >= 2"), ["jira-users"]);
}

#[test]
fn that_a_group_grants_nothing_or_is_empty_is_said_only_where_it_is_proven() {
    assert!(named("grantsNothing = yes").is_empty() && named("isEmpty = yes").is_empty());
    let page = text(&asking("grantsNothing = yes"), &acme());
    assert!(page.contains("Of 2 groups it is not known whether the filter holds"), "{page}");
    assert!(text(&asking("contractors"), &acme()).contains("not known"));
}

#[test]
fn a_filter_with_an_error_says_where_and_offers_no_file() {
    let page = text(&asking("membrs > 1"), &acme());
    assert!(
        page.contains("Not all of the filter was understood.") && page.contains("/groups?q=members%20%3E%201"),
        "{page}"
    );
    assert!(!page.contains("/groups.csv"));
    assert!(text(&asking("members > 1"), &acme()).contains("/groups.csv?q=members%20%3E%201"));
}

#[test]
fn a_list_without_groups_says_why() {
    let snapshot = acme();
    let page = text(&asking("\"<b>nothing\""), &snapshot);
    assert!(
        page.contains("No group is found by “&quot;&lt;b&gt;nothing&quot;”.") && page.contains("Show all 3"),
        "{page}"
    );
    assert!(text(&Ask::default(), &Snapshot::default()).contains("no groups that this key may see"));
}

#[test]
fn hostile_names_are_shown_and_never_obeyed() {
    let page = text(&Ask::default(), &acme());
    assert!(page.contains("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
    assert!(page.contains("Atlassian counts 9"));
}

#[test]
fn an_order_in_the_filter_wins_and_a_heading_takes_its_place() {
    let page = text(&asking("name ~ r ORDER BY members DESC"), &acme());
    let first = page.find("jira-users").unwrap();
    assert!(first < page.find("contractors").unwrap(), "{page}");
    assert!(page.contains("/groups?q=name%20~%20r&amp;order=desc"), "{page}");
}
