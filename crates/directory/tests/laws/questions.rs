//! Random questions, and the comparison of what a snapshot answers with what the oracle does.

use directory::Snapshot;
use directory::find;
use filter::{
    Comparison, Condition, DateExpression, Edge, Expression, FieldId, Kind, Length, Offset, Period, Query, Test, Unit,
    Value,
};
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::oracle::Oracle;
use crate::world::{World, now};

pub(crate) fn names(field: &str) -> Vec<&'static str> {
    match field {
        "name" => vec!["Ines Okafor", "ines", "oka", "åsa lund", "svc"],
        "email" => vec!["ines@example.com", "BO@example.org", "example", "@sub", "odd"],
        "domain" => vec!["example.com", "Example.org", "sub.example.com", "example", "nowhere.test"],
        "accountId" => vec!["712020:03", "712020", "X"],
        "jobTitle" => vec!["engineer", "design", "Head of Design"],
        "department" => vec!["finance", "it", "i"],
        "organization" => vec!["acme ltd", "partner", "ÀCME", "nobody"],
        "platformRole" => vec!["org-admin", "atlassian/org-admin", "focus/owner", "admin"],
        "directory" => vec!["local", "elan idp", "outside", "dir-2", "l"],
        "site" => vec!["acme", "BETA", "cloud-acme", "a", "acme.atlassian.net"],
        "app" | "seat" => {
            vec![
                "confluence",
                "Confluence@acme",
                "jsm",
                "jira",
                "Jira Service Management@acme",
                "con@be",
                "focus",
                "jira-admin",
            ]
        }
        "accessVia" => vec!["group", "direct", "inferred", "in"],
        "role" => vec!["user", "admin", "Guest", "focus/fan", "us"],
        "group" => vec!["jira-users", "equipe sud", "keepers", "group-id-2", "e"],
        other => panic!("no names for {other}"),
    }
}

fn length() -> impl Strategy<Value = Length> {
    let length = |amount, unit| Length { amount, unit };
    proptest::sample::select(vec![
        length(0, Unit::Day),
        length(1, Unit::Day),
        length(90, Unit::Day),
        length(6, Unit::Month),
        length(30, Unit::Day),
        length(3, Unit::Year),
    ])
}

fn when() -> impl Strategy<Value = DateExpression> {
    prop_oneof![
        Just(DateExpression::Now),
        length().prop_map(|length| DateExpression::Relative(Offset { back: length.amount > 0, length })),
        Just(DateExpression::Day(date(2026, 6, 15))),
        Just(DateExpression::Day(date(2026, 5, 16))),
        Just(DateExpression::Month(date(2026, 6, 1))),
        Just(DateExpression::Instant(now())),
        Just(DateExpression::Edge { edge: Edge::Start, period: Period::Month, shift: None }),
        Just(DateExpression::Edge { edge: Edge::End, period: Period::Day, shift: None }),
    ]
}

fn value(field: &str, kind: &Kind) -> BoxedStrategy<Value> {
    let select = |words: Vec<String>| proptest::sample::select(words).prop_map(Value::Text).boxed();
    match kind {
        Kind::Text | Kind::Open { .. } => select(names(field).into_iter().map(str::to_owned).collect()),
        Kind::Closed(words) => select(words.iter().map(|word| word.word.to_string()).collect()),
        Kind::Instant => when().prop_map(Value::Date).boxed(),
        Kind::Duration => length().prop_map(Value::Duration).boxed(),
        Kind::Number => (-1_i64..5).prop_map(Value::Number).boxed(),
        Kind::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
    }
}

fn one_test() -> impl Strategy<Value = Test> {
    (0..find::catalogue().fields().count() as u16).prop_flat_map(|place| {
        let id = FieldId(place);
        let field = find::catalogue().field(id);
        let values = value(&field.name, &field.kind);
        let comparisons: Vec<Comparison> = field.kind.comparisons().to_vec();
        let compare = (proptest::sample::select(comparisons), values.clone())
            .prop_map(|(comparison, value)| Condition::Compare(comparison, value));
        let list = proptest::collection::vec(values, 1..3);
        let in_list = if field.kind.lists() {
            prop_oneof![list.clone().prop_map(Condition::In), list.prop_map(Condition::NotIn)].boxed()
        } else {
            compare.clone().boxed()
        };
        let condition = prop_oneof![
            6 => compare,
            2 => in_list,
            1 => Just(Condition::Empty),
            1 => Just(Condition::NotEmpty),
        ];
        let argument = if field.argument.of().is_some() {
            proptest::option::of(proptest::sample::select(names("app")).prop_map(str::to_owned)).boxed()
        } else {
            Just(None).boxed()
        };
        (argument, condition).prop_map(move |(argument, condition)| Test { field: id, argument, condition })
    })
}

pub(crate) fn expression() -> impl Strategy<Value = Expression> {
    let words = proptest::sample::select(vec!["oka", "EXAMPLE", "s", "nobody"]);
    let leaf = prop_oneof![
        9 => one_test().prop_map(Expression::Test),
        1 => words.prop_map(|word| Expression::Word(word.to_owned())),
    ];
    leaf.prop_recursive(3, 10, 3, |inner| {
        let parts = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts.clone().prop_map(|parts| Expression::all(parts).unwrap()),
            parts.prop_map(|parts| Expression::any(parts).unwrap()),
            inner.prop_map(Expression::negate),
        ]
    })
}

pub(crate) fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::fixed(jiff::tz::offset(2)))
}

/// Compares the answers of snapshot and oracle to one question that is asked at a moment.
pub(crate) fn agrees_at(
    (snapshot, world): (&Snapshot, &World),
    expression: &Expression,
    now: Timestamp,
) -> Result<RoaringBitmap, TestCaseError> {
    let query = Query { expression: Some(expression.clone()), order: Vec::new() };
    let oracle = Oracle { world, catalogue: find::catalogue(), now, zone: berlin() };
    let judged = oracle.judge(&query);
    let these = |wanted: Option<bool>| -> RoaringBitmap {
        (0..).zip(&judged).filter(|(_, truth)| **truth == Some(wanted)).map(|(account, _)| account).collect()
    };
    let found = find::evaluate(snapshot, &query, now, &berlin());
    let shown = filter::show(&query, find::catalogue());
    prop_assert_eq!(&found.matching, &these(Some(true)), "{}", &shown);
    prop_assert_eq!(&found.unknown, &these(None), "unknown of {}", &shown);
    let asked: RoaringBitmap =
        (0..).zip(&judged).filter(|(_, one)| one.is_some()).map(|(account, _)| account).collect();
    prop_assert_eq!(&found.asked, &asked);
    Ok(found.matching)
}
