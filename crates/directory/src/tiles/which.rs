//! The shares of a tile by name, and the filter that finds the people of each. A filter and its share must agree; a
//! property test holds that.

use filter::{Comparison, Condition, Expression, Query, Test, Value, show};

use crate::find::catalogue;
use crate::tiles::Threshold;

/// Which of the seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Used since the threshold.
    Active,
    /// Not used since the threshold: inactive or never active.
    NotActive,
    /// Used, but not since the threshold.
    Inactive,
    /// Never used.
    NeverActive,
    /// Activity was not read.
    Unknown,
    /// Held by service accounts.
    ServiceAccounts,
}

impl Which {
    /// The shares that do not overlap, in the order in which they are shown.
    pub const DISJOINT: [Which; 5] =
        [Which::Active, Which::Inactive, Which::NeverActive, Which::Unknown, Which::ServiceAccounts];
}

/// Who holds such a seat on at least one of these apps, as canonical text.
pub(crate) fn filter(apps: &[&str], which: Which, threshold: Threshold) -> String {
    text(Expression::any(apps.iter().filter_map(|app| on_one(app, which, threshold)).collect()))
}

/// Who has any role on an app, as canonical text.
pub(crate) fn with_access(app: &str) -> String {
    text(test("app", None, equal(Value::Text(app.to_owned()))))
}

fn on_one(app: &str, which: Which, threshold: Threshold) -> Option<Expression> {
    let seat = test("seat", None, equal(Value::Text(app.to_owned())));
    let inactive_for = |comparison| {
        let length = Value::Duration(threshold.length());
        test("inactiveFor", Some(app), Condition::Compare(comparison, length))
    };
    let never = |condition| test("neverActive", Some(app), condition);
    let flag = |value| equal(Value::Flag(value));
    let service = |value| test("serviceAccount", None, flag(value));
    let parts = match which {
        Which::All => vec![seat],
        Which::Active => vec![seat, inactive_for(Comparison::Less), never(flag(false))],
        Which::NotActive => {
            let either = [inactive_for(Comparison::AtLeast), never(flag(true))];
            vec![seat, Expression::any(either.into_iter().flatten().collect())]
        }
        Which::Inactive => vec![seat, inactive_for(Comparison::AtLeast), never(flag(false))],
        Which::NeverActive => vec![seat, never(flag(true))],
        Which::Unknown => vec![seat, never(Condition::Empty), service(false)],
        Which::ServiceAccounts => vec![seat, service(true)],
    };
    Expression::all(parts.into_iter().flatten().collect())
}

fn test(field: &str, argument: Option<&str>, condition: Condition) -> Option<Expression> {
    let field = catalogue().find(field)?;
    Some(Expression::Test(Test { field, argument: argument.map(str::to_owned), condition }))
}

fn equal(value: Value) -> Condition {
    Condition::Compare(Comparison::Equal, value)
}

fn text(expression: Option<Expression>) -> String {
    show(&Query { expression, order: Vec::new() }, catalogue())
}
