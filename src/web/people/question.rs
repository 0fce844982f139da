//! What a filter is about: the app in question and the site it asks for. Read off the filter as it was understood; what
//! stands below a NOT or an OR is not asked of everybody, and so says neither.

use directory::find;
use filter::{Comparison, Condition, Expression, Query, Test, Value};

/// The fields whose argument names the app that is asked about, before those that name it as their value.
const OF_USE: [&str; 3] = ["inactiveFor", "lastActive", "neverActive"];
const OF_ACCESS: [&str; 2] = ["app", "seat"];

/// The app that a filter asks about, as it is written there; `None` when it names none, or several.
pub(crate) fn app(query: &Query) -> Option<&str> {
    let tests = query.expression.as_ref().map(Expression::tests).unwrap_or_default();
    let of_use =
        tests.iter().filter(|test| OF_USE.iter().any(|name| is(test, name))).map(|test| test.argument.as_deref());
    let of_use: Vec<Option<&str>> = of_use.collect();
    if !of_use.is_empty() {
        return only(of_use.into_iter());
    }
    let required = required(query);
    let of_access = required.into_iter().filter(|test| OF_ACCESS.iter().any(|name| is(test, name)));
    only(of_access.filter_map(equals).map(Some))
}

/// The site that everybody whom a filter finds must have; `None` when it asks for none.
pub(crate) fn site(query: &Query) -> Option<&str> {
    required(query).into_iter().filter(|test| is(test, "site")).find_map(equals)
}

/// A filter that asks for a site in place of the one it asks for, or for none. A text that is not understood stays.
pub(crate) fn with_site(text: &str, site: Option<&str>) -> String {
    let parsed = filter::parse(text, find::catalogue());
    if parsed.has_errors() {
        return text.to_owned();
    }
    let parts = match parsed.query.expression {
        Some(Expression::And(parts)) => parts,
        one => one.into_iter().collect(),
    };
    let asks = |part: &Expression| matches!(part, Expression::Test(test) if is(test, "site") && equals(test).is_some());
    let mut parts: Vec<Expression> = parts.into_iter().filter(|part| !asks(part)).collect();
    parts.extend(site.and_then(|site| test("site", site)));
    let query = Query { expression: Expression::all(parts), order: parsed.query.order };
    filter::show(&query, find::catalogue())
}

/// That a field equals a word.
pub(crate) fn test(field: &str, value: &str) -> Option<Expression> {
    let field = find::catalogue().find(field)?;
    let condition = Condition::Compare(Comparison::Equal, Value::Text(value.to_owned()));
    Some(Expression::Test(Test { field, argument: None, condition }))
}

/// The tests that hold of everybody whom a query finds.
fn required(query: &Query) -> Vec<&Test> {
    let parts = match &query.expression {
        Some(Expression::And(parts)) => parts.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let tests = parts.iter().filter_map(|part| match part {
        Expression::Test(test) => Some(test),
        _ => None,
    });
    tests.collect()
}

fn is(test: &Test, name: &str) -> bool {
    find::catalogue().find(name) == Some(test.field)
}

/// The one word that a test allows.
fn equals(test: &Test) -> Option<&str> {
    match &test.condition {
        Condition::Compare(Comparison::Equal, Value::Text(word)) => Some(word),
        Condition::In(words) => match &**words {
            [Value::Text(word)] => Some(word),
            _ => None,
        },
        _ => None,
    }
}

/// The one that all of them are.
fn only<'a>(mut all: impl Iterator<Item = Option<&'a str>>) -> Option<&'a str> {
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        filter::parse(text, find::catalogue()).query
    }

    #[test]
    fn the_app_in_question_is_the_one_that_is_asked_about() {
        let app = |text| app(&query(text)).map(str::to_owned);
        assert_eq!(app("app = jira AND status = active").as_deref(), Some("jira"));
        assert_eq!(app("app = jira AND inactiveFor(confluence) >= 90d").as_deref(), Some("confluence"));
        assert_eq!(
            app("seat = jira AND (inactiveFor(jira) >= 90d OR neverActive(jira) = yes)").as_deref(),
            Some("jira")
        );
        assert_eq!(app("lastActive(confluence@acme) < -3M").as_deref(), Some("confluence@acme"));
        for none in [
            "",
            "NOT app = jira",
            "app != jira",
            "app = jira AND app = confluence",
            "inactiveFor >= 90d AND app = jira",
            "app = jira OR app = confluence",
        ] {
            assert_eq!(app(none), None, "{none}");
        }
    }

    #[test]
    fn a_site_is_asked_for_by_everybody_or_not_at_all() {
        assert_eq!(site(&query("site = acme AND app = jira")), Some("acme"));
        assert_eq!(site(&query("site = acme OR app = jira")), None);
        assert_eq!(site(&query("NOT site = acme")), None);
    }

    #[test]
    fn a_site_is_put_in_changed_and_taken_out_and_the_rest_stays() {
        assert_eq!(with_site("", Some("acme emea")), "site = \"acme emea\"");
        assert_eq!(
            with_site("okafor OR noor ORDER BY email", Some("acme")),
            "(okafor OR noor) AND site = acme ORDER BY email"
        );
        assert_eq!(with_site("site = acme AND app = jira", Some("emea")), "app = jira AND site = emea");
        assert_eq!(with_site("site = acme AND app = jira", None), "app = jira");
        assert_eq!(with_site("staus = acme", Some("emea")), "staus = acme", "what is not understood stays as it is");
    }
}
