//! That different ways of writing the same are understood as the same, by their canonical form.

use filter::{Expression, parse, parse_with, quote, show};

use crate::support::{Names, catalogue};

fn canonical(text: &str) -> String {
    let catalogue = catalogue();
    let parsed = parse(text, &catalogue);
    assert_eq!(parsed.diagnostics, [], "{text}");
    show(&parsed.query, &catalogue)
}

#[test]
fn not_binds_before_and_and_before_or() {
    assert_eq!(canonical("mfa or not ines and okafor"), "mfa = yes OR NOT ines AND okafor");
    assert_eq!(canonical("mfa OR ((NOT ines) AND okafor)"), "mfa = yes OR NOT ines AND okafor");
    assert_eq!(canonical("(mfa OR NOT ines) AND okafor"), "(mfa = yes OR NOT ines) AND okafor");
    assert_eq!(canonical("NOT (ines okafor)"), "NOT (ines okafor)");
    assert_eq!(canonical("!(mfa || ines) && okafor"), "NOT (mfa = yes OR ines) AND okafor");
}

#[test]
fn what_stands_side_by_side_must_all_hold() {
    assert_eq!(canonical("ines okafor"), "ines okafor");
    assert_eq!(canonical("ines status=active (a OR b)"), "ines AND status = active AND (a OR b)");
    assert_eq!(canonical("a (b (c d))"), "a b c d");
}

#[test]
fn names_and_keywords_are_understood_however_they_are_written() {
    for text in [
        "LASTACTIVE(jira)<-90d",
        "last-active(jira) < -90d",
        "last_active (jira) < '-90d'",
        "lastactive(\"jira\") < \"-90D\"",
    ] {
        assert_eq!(canonical(text), "lastActive(jira) < -90d");
    }
    assert_eq!(canonical("last active < -90d"), "lastActive < -90d");
    assert_eq!(canonical("mfa Inactive For(jira) >= 90d"), "mfa = yes AND inactiveFor(jira) >= 90d");
    assert_eq!(canonical("Status In (ACTIVE, 'Not Invited')"), "status IN (active, not_invited)");
    assert_eq!(canonical("status = inactive"), "status = deactivated");
    assert_eq!(canonical("\"name\" ~ x"), "name ~ x");
    assert_eq!(canonical("lastActive() < -1d"), "lastActive < -1d");
}

#[test]
fn emptiness_has_many_spellings() {
    for text in ["jobTitle is empty", "jobTitle IS NULL", "jobTitle = EMPTY", "jobTitle = \"\"", "jobTitle IS unknown"]
    {
        assert_eq!(canonical(text), "jobTitle IS EMPTY");
    }
    for text in ["jobTitle is not empty", "jobTitle != null", "jobTitle != ''"] {
        assert_eq!(canonical(text), "jobTitle IS NOT EMPTY");
    }
}

#[test]
fn a_flag_may_stand_alone_and_be_denied() {
    assert_eq!(canonical("NOT mfa"), "NOT mfa = yes");
    assert_eq!(canonical("neverActive(jira) ines"), "neverActive(jira) = yes AND ines");
    assert_eq!(canonical("mfa = FALSE"), "mfa = no");
    assert_eq!(canonical("\"mfa\""), "\"mfa\"");
}

#[test]
fn a_stray_parenthesis_is_read_as_if_it_were_not_there() {
    let catalogue = catalogue();
    assert_eq!(
        show(&parse("mfa OR ines) okafor)) OR )x", &catalogue).query, &catalogue),
        "mfa = yes OR ines okafor OR x"
    );
}

#[test]
fn texts_keep_every_letter() {
    for text in
        ["O'Brien", "a b", "\"", "\\", "a\\\"b", "and", "-90d", "712020:aa-bb", "王秀英", "x=y", "a,b", "(", "  x  "]
    {
        let parsed = parse(&format!("name = {}", quote(text)), &catalogue());
        assert_eq!(parsed.diagnostics, [], "{text}");
        let Some(Expression::Test(test)) = parsed.query.expression else { panic!("{text}") };
        assert_eq!(
            test.condition,
            filter::Condition::Compare(filter::Comparison::Equal, filter::Value::Text(text.to_owned()))
        );
    }
}

#[test]
fn known_names_are_not_warned_of_and_unknown_ones_stay_in_the_query() {
    let names = Names(catalogue());
    let parsed = parse_with("group IN (jira-users, \"jira admins\") AND lastActive(jira) < -1d", &names.0, &names);
    assert_eq!(parsed.diagnostics, []);
    let parsed = parse_with("group != gone AND group ~ gone", &names.0, &names);
    assert_eq!(parsed.diagnostics.len(), 1);
    assert!(!parsed.has_errors());
    assert_eq!(parsed.query.expression.unwrap().tests().len(), 2);
}

#[test]
fn an_empty_text_asks_for_everybody() {
    assert_eq!(parse(" \n ", &catalogue()).query, filter::Query::default());
    assert_eq!(canonical(""), "");
}
