//! Laws: what is shown is read back as it was, whatever was written; and nothing that can be written breaks the parser.

use filter::{
    Catalogue, Comparison, Condition, DateExpression, Diagnostic, Direction, Edge, Expression, FieldId, Kind, Length,
    MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS, Offset, Order, Parsed, Period, Query, Test, Unit, Value, parse, show,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::catalogue;

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9._@-]{1,12}",
        "[ \"'\\\\(),=!~<>:a-z]{1,10}",
        "\\PC{1,8}",
        select(vec!["and", "NOT", "Empty", "null", "order", "by", "status", "-90d", "now()", "mfa", "a\nb", "“x”"])
            .prop_map(str::to_owned),
    ]
    .prop_filter("a blank text is no value", |text| !text.trim().is_empty())
}

fn lengths() -> impl Strategy<Value = Length> {
    (select(Unit::ALL.to_vec()), any::<u32>())
        .prop_map(|(unit, amount)| Length { amount: amount % (unit.most() + 1), unit })
}

fn offsets() -> impl Strategy<Value = Offset> {
    (any::<bool>(), lengths()).prop_map(|(back, length)| Offset { back: back && length.amount > 0, length })
}

fn days() -> impl Strategy<Value = Date> {
    (1_i16..9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
}

fn dates() -> impl Strategy<Value = DateExpression> {
    prop_oneof![
        Just(DateExpression::Now),
        offsets().prop_map(DateExpression::Relative),
        days().prop_map(DateExpression::Day),
        days().prop_map(|day| DateExpression::Month(day.first_of_month())),
        (days(), 0_i8..24, 0_i8..60, 0_i32..1_000_000_000)
            .prop_map(|(day, hour, minute, nano)| DateExpression::Local(day.at(hour, minute, 7, nano))),
        (-60_000_000_000_i64..250_000_000_000, 0_i32..1_000_000_000)
            .prop_map(|(second, nano)| DateExpression::Instant(Timestamp::new(second, nano).unwrap())),
        (
            select(vec![Edge::Start, Edge::End]),
            select(vec![Period::Day, Period::Week, Period::Month, Period::Year]),
            proptest::option::of(offsets()),
        )
            .prop_map(|(edge, period, shift)| DateExpression::Edge { edge, period, shift }),
    ]
}

fn values(kind: &Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text | Kind::Open { .. } => texts().prop_map(Value::Text).boxed(),
        Kind::Closed(words) => {
            let words: Vec<String> = words.iter().map(|word| word.word.to_string()).collect();
            select(words).prop_map(Value::Text).boxed()
        }
        Kind::Instant => dates().prop_map(Value::Date).boxed(),
        Kind::Duration => lengths().prop_map(Value::Duration).boxed(),
        Kind::Number => any::<i64>().prop_map(Value::Number).boxed(),
        Kind::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
    }
}

fn arguments(catalogue: &Catalogue, id: FieldId) -> BoxedStrategy<Option<String>> {
    match catalogue.field(id).argument {
        filter::Argument::None => Just(None).boxed(),
        filter::Argument::Optional(_) => proptest::option::of(texts()).boxed(),
        filter::Argument::Required(_) => texts().prop_map(Some).boxed(),
    }
}

fn tests() -> impl Strategy<Value = Expression> {
    let catalogue = catalogue();
    let ids: Vec<FieldId> = catalogue.fields().map(|(id, _)| id).collect();
    select(ids).prop_flat_map(move |field| {
        let kind = &catalogue.field(field).kind;
        let comparisons: Vec<Comparison> = kind.comparisons().to_vec();
        let compare = (select(comparisons), values(kind)).prop_map(|(sign, value)| Condition::Compare(sign, value));
        let mut conditions = vec![Just(Condition::Empty).boxed(), Just(Condition::NotEmpty).boxed(), compare.boxed()];
        if kind.lists() {
            conditions.push(vec(values(kind), 1..4).prop_map(Condition::In).boxed());
            conditions.push(vec(values(kind), 1..4).prop_map(Condition::NotIn).boxed());
        }
        (arguments(&catalogue, field), proptest::strategy::Union::new(conditions))
            .prop_map(move |(argument, condition)| Expression::Test(Test { field, argument, condition }))
    })
}

fn expressions() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![tests(), texts().prop_map(Expression::Word)];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..4).prop_map(|parts| Expression::all(parts).unwrap()),
            vec(inner.clone(), 1..4).prop_map(|parts| Expression::any(parts).unwrap()),
            inner.prop_map(Expression::negate),
        ]
    })
}

fn queries() -> impl Strategy<Value = Query> {
    let catalogue = catalogue();
    let ids: Vec<FieldId> = catalogue.fields().filter(|(_, field)| field.sortable).map(|(id, _)| id).collect();
    let direction = select(vec![Direction::Ascending, Direction::Descending]);
    let order = (select(ids), direction).prop_flat_map(move |(field, direction)| {
        arguments(&catalogue, field).prop_map(move |argument| Order { field, argument, direction })
    });
    (proptest::option::of(expressions()), vec(order, 0..3)).prop_map(|(expression, order)| Query { expression, order })
}

/// Pieces of the language in any order, and noise.
fn babble() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => select(vec![
            "status", "name", "lastActive", "lastActive(jira)", "role(", "inactiveFor", "mfa", "groupCount", "group", "nmae",
            "AND", "or", "NOT", "!", "IN", "IS", "EMPTY", "ORDER BY", "order", "desc", "(", ")", ",", "=", "!=", "~", ">=", "<",
            "==", "=>", "active", "-90d", "6m", "2026-03-01", "2026-02-31", "startOfMonth(-1)", "now(", "\"", "'", "\\", "x:y",
            "status:active", "\"jira users\"", "-", "last active", "like", "()", "\n",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,4}",
        1 => texts(),
    ];
    let glue = select(vec![" ", " ", " ", ""]);
    vec((piece, glue), 0..40)
        .prop_map(|parts| parts.into_iter().flat_map(|(piece, glue)| [piece, glue.to_owned()]).collect())
}

fn depth(expression: &Expression) -> usize {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => parts.iter().map(depth).max().unwrap_or(0) + 1,
        Expression::Not(inner) => depth(inner) + 1,
        _ => 0,
    }
}

fn check_places(text: &str, diagnostics: &[Diagnostic]) {
    for diagnostic in diagnostics {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?} lies outside {text:?}");
        assert!(diagnostic.draw(text).contains('^'));
    }
}

/// Reads, shows and reads again.
pub(crate) fn round(text: &str, catalogue: &Catalogue) -> Parsed {
    let parsed = parse(text, catalogue);
    check_places(text, &parsed.diagnostics);
    let shown = show(&parsed.query, catalogue);
    let again = parse(&shown, catalogue);
    let start = |text: &str| text.chars().take(300).collect::<String>();
    assert!(again.query == parsed.query, "{:?} is shown as {:?}", start(text), start(&shown));
    assert_eq!(again.diagnostics, [], "{:?} is shown as {:?}", start(text), start(&shown));
    assert!(show(&again.query, catalogue) == shown, "{:?} changes when shown again", start(&shown));
    parsed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_query_that_is_shown_is_read_back(query in queries()) {
        let catalogue = catalogue();
        let shown = show(&query, &catalogue);
        prop_assume!(shown.chars().count() <= MAX_CHARACTERS);
        let parsed = parse(&shown, &catalogue);
        prop_assert_eq!(&parsed.query, &query, "{}", shown);
        prop_assert_eq!(parsed.diagnostics, [], "{}", shown);
    }

    #[test]
    fn any_text_is_read_and_its_canonical_form_read_back(text in babble()) {
        round(&text, &catalogue());
    }

    #[test]
    fn any_noise_is_read_and_its_canonical_form_read_back(text in "[\\PC\\s]{0,80}") {
        round(&text, &catalogue());
    }
}

#[test]
fn bounds_are_kept_and_said() {
    let catalogue = catalogue();
    let code = |text: &str| {
        let parsed = round(text, &catalogue);
        assert!(parsed.query.expression.as_ref().is_none_or(|expression| depth(expression) <= 2 * MAX_DEPTH + 2));
        parsed.diagnostics.into_iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>()
    };
    let nested = |depth: usize| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
    assert!(code(&nested(MAX_DEPTH)).is_empty());
    assert_eq!(code(&nested(MAX_DEPTH + 1)), ["too-deep"]);
    assert!(code(&format!("{}x", "!".repeat(MAX_DEPTH))).is_empty());
    assert_eq!(code(&format!("{}x", "!".repeat(MAX_DEPTH + 1))), ["too-deep"]);
    assert!(code(&"x ".repeat(MAX_TERMS)).is_empty());
    assert_eq!(code(&"x ".repeat(MAX_TERMS + 1)), ["too-many-terms"]);
    assert!(code(&"x".repeat(MAX_CHARACTERS)).is_empty());
    assert_eq!(code(&"x".repeat(MAX_CHARACTERS + 1)), ["too-long"]);
    // Short as written, long in the canonical form, which is what is kept.
    assert_eq!(code(&"neveractive ".repeat(330)), ["too-long"]);
    // As many diagnostics as a person reads, and an error is among them whenever there is one.
    let parsed = parse(&format!("{}nmae = x", "-a ".repeat(100)), &catalogue);
    assert_eq!((parsed.diagnostics.len(), parsed.has_errors()), (51, true));
    assert_eq!(parse(&"nmae=x ".repeat(200), &catalogue).diagnostics.len(), 50);
    for text in ["(", ")", "!(", "a AND (", "NOT NOT (", "x IN (", "(!", "\"\\"] {
        code(&text.repeat(MAX_CHARACTERS));
        code(&text.repeat(600));
    }
}
