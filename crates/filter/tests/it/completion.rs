//! What is offered at the cursor, marked `|` in each text.

use filter::{Completion, ItemKind, complete, parse};

use crate::support::{Names, catalogue};

fn at(marked: &str) -> (Completion, String) {
    let cursor = marked.find('|').unwrap();
    let text = marked.replacen('|', "", 1);
    let names = Names(catalogue());
    (complete(&text, cursor, &names.0, &names), text)
}

/// The texts that are offered, in order.
fn offered(marked: &str) -> Vec<String> {
    at(marked).0.items.into_iter().map(|item| item.text).collect()
}

/// The text after the first item was taken.
fn taken(marked: &str) -> String {
    let (completion, mut text) = at(marked);
    text.replace_range(completion.replace.start..completion.replace.end, &completion.items[0].text);
    text
}

#[test]
fn an_empty_text_offers_every_field() {
    let offered = offered("|");
    let catalogue = catalogue();
    assert!(catalogue.fields().all(|(_, field)| offered.iter().any(|text| text.trim_end_matches('(') == field.name)));
    assert!(offered.contains(&"NOT".to_owned()));
    assert_eq!(self::offered("status = active AND (|"), offered);
}

#[test]
fn a_field_is_found_by_its_beginning_its_alias_and_its_middle() {
    assert_eq!(offered("last|"), ["lastActive"]);
    assert_eq!(offered("NOT mai|"), ["email", "domain"]);
    assert_eq!(offered("acti|"), ["lastActive", "inactiveFor", "neverActive"].map(str::to_owned));
    assert_eq!(offered("ro|"), ["role(", "group", "groupCount"]);
}

#[test]
fn behind_a_field_stand_its_operators() {
    assert_eq!(offered("inactiveFor |"), [">=", "<", "<=", ">", "IS EMPTY", "IS NOT EMPTY"]);
    assert_eq!(offered("inactiveFor(jira) |"), offered("inactiveFor |"));
    assert_eq!(offered("name cont|"), ["~"]);
    assert_eq!(offered("name !|"), ["!~", "!="]);
    assert_eq!(offered("group NOT |"), ["IN"]);
    assert_eq!(offered("group IS |"), ["EMPTY", "NOT EMPTY"]);
    assert_eq!(offered("group IS NOT |"), ["EMPTY"]);
    assert_eq!(offered("role |"), ["("]);
}

#[test]
fn behind_an_operator_stand_values() {
    assert_eq!(offered("status = |"), ["active", "suspended", "deactivated", "not_invited"]);
    assert_eq!(offered("status = INA|"), ["deactivated"]);
    assert_eq!(offered("mfa = |"), ["yes", "no"]);
    assert_eq!(offered("lastActive(|"), ["jira", "confluence", "bitbucket"]);
    assert_eq!(offered("lastActive(con|"), ["confluence"]);
    assert_eq!(offered("added >= startofm|"), ["startOfMonth()"]);
    assert_eq!(offered("added >= -9|"), ["-90d"]);
    assert_eq!(offered("inactiveFor >= 9|"), ["90d"]);
    assert_eq!(offered("name = |"), Vec::<String>::new());
    assert_eq!(offered("nmae = |"), Vec::<String>::new());
}

#[test]
fn lists_and_unfinished_quotations_are_completed_inside() {
    assert_eq!(offered("group IN |"), ["("]);
    assert_eq!(offered("group IN (jira-users, conf|"), ["confluence-users"]);
    assert_eq!(offered("group IN (jira-users |"), [",", ")"]);
    assert_eq!(taken("group = \"jira a|"), "group = \"jira admins\"");
    assert_eq!(taken("group = 'jira a|' AND mfa"), "group = \"jira admins\" AND mfa");
    assert_eq!(taken("group = \"jira a| AND mfa"), "group = \"jira admins\" AND mfa");
    assert_eq!(taken("group = jira| AND mfa"), "group = jira-users AND mfa");
    assert_eq!(taken("group = Bri|"), r#"group = "O\"Brien's""#);
}

#[test]
fn behind_a_term_stand_connectors() {
    assert_eq!(offered("status = active |"), ["AND", "OR", "ORDER BY"]);
    assert_eq!(offered("(status = active |"), ["AND", "OR", "ORDER BY", ")"]);
    assert_eq!(offered("ines |"), ["AND", "OR", "ORDER BY"]);
    assert_eq!(offered("mfa = yes or|")[..2], ["OR", "ORDER BY"]);
    assert_eq!(offered("mfa ORDER |"), ["BY"]);
    assert_eq!(offered("mfa ORDER BY na|")[0], "name");
    assert_eq!(offered("mfa ORDER BY name |"), ["ASC", "DESC", ","]);
    assert_eq!(offered("mfa ORDER BY name DESC |"), [","]);
    assert!(!offered("ORDER BY |").contains(&"group".to_owned()));
}

#[test]
fn whatever_is_taken_fits_where_it_stands() {
    let names = Names(catalogue());
    for marked in
        ["|", "status = |", "group IN (|", "lastActive |", "NOT |", "added >= |", "x AND gr|", "group = \"ji|"]
    {
        let (completion, text) = at(marked);
        for item in completion.items.iter().filter(|item| item.kind != ItemKind::Operator) {
            let mut taken = text.clone();
            taken.replace_range(completion.replace.start..completion.replace.end, &item.text);
            let allowed =
                ["field-as-word", "operand-missing-after", "unclosed-parenthesis", "missing-argument", "bad-argument"];
            for diagnostic in parse(&taken, &names.0).diagnostics {
                assert!(allowed.contains(&diagnostic.code), "{taken}: {diagnostic:?}");
            }
        }
    }
}
