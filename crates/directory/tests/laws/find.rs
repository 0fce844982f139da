//! The evaluation of filters agrees with the oracle on random organizations and questions, before and after a step
//! forward; facets and orders agree with counting and sorting by hand.

use directory::find::{self, Breakdown, Ranking, SortKey, Vocabulary};
use directory::{Ordinal, Snapshot};
use filter::{
    Comparison, Condition, DateExpression, Direction, Edge, Expression, FieldId, Kind, Length, Offset, Order, Period,
    Query, Test, Unit, Value, Vocabulary as _,
};
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::oracle::{Oracle, text};
use crate::world::{World, built, delta, marks, now, shown, world};

fn names(field: &str) -> Vec<&'static str> {
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

fn expression() -> impl Strategy<Value = Expression> {
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

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::fixed(jiff::tz::offset(2)))
}

/// Compares the answers of snapshot and oracle to one question.
fn agrees(snapshot: &Snapshot, world: &World, expression: &Expression) -> Result<RoaringBitmap, TestCaseError> {
    let query = Query { expression: Some(expression.clone()), order: Vec::new() };
    let oracle = Oracle { world, catalogue: find::catalogue(), now: now(), zone: berlin() };
    let judged = oracle.judge(&query);
    let these = |wanted: Option<bool>| -> RoaringBitmap {
        (0..).zip(&judged).filter(|(_, truth)| **truth == Some(wanted)).map(|(account, _)| account).collect()
    };
    let found = find::evaluate(snapshot, &query, now(), &berlin());
    let shown = filter::show(&query, find::catalogue());
    prop_assert_eq!(&found.matching, &these(Some(true)), "{}", &shown);
    prop_assert_eq!(&found.unknown, &these(None), "unknown of {}", &shown);
    let asked: RoaringBitmap =
        (0..).zip(&judged).filter(|(_, one)| one.is_some()).map(|(account, _)| account).collect();
    prop_assert_eq!(&found.asked, &asked);
    Ok(found.matching)
}

fn counted(
    breakdown: &Breakdown,
    people: &RoaringBitmap,
    most: usize,
    (snapshot, world): (&Snapshot, &World),
) -> Result<(), TestCaseError> {
    let field = find::catalogue().find(breakdown.field).unwrap();
    prop_assert!(breakdown.values.len() <= most);
    prop_assert!(breakdown.values.is_sorted_by(|a, b| a.count >= b.count));
    // Everybody may be asked about, former people too.
    let everybody = Expression::Test(Test {
        field: find::catalogue().find("status").unwrap(),
        argument: None,
        condition: Condition::NotIn(vec![text("former")]),
    });
    let with = |condition| {
        let test = Expression::Test(Test { field, argument: None, condition });
        let parts =
            vec![Expression::any(vec![everybody.clone(), everybody.clone().negate(), test.clone()]).unwrap(), test];
        agrees(snapshot, world, &Expression::all(parts).unwrap()).map(|found| found & people)
    };
    for facet in &breakdown.values {
        let has = with(Condition::Compare(Comparison::Equal, text(&facet.value)))?;
        // Groups of one name are counted each for itself.
        prop_assert!(facet.count > 0);
        prop_assert!(has.len() == facet.count || breakdown.field == "group" && has.len() >= facet.count);
        prop_assert!(Vocabulary::of(snapshot).knows(field, None, &facet.value), "{} is a name", facet.value);
    }
    prop_assert_eq!(breakdown.without, with(Condition::Empty)?.len(), "without {}", breakdown.field);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_filter_finds_whom_the_definitions_name(world in world(), questions in proptest::collection::vec(expression(), 1..6)) {
        let snapshot = shown(&world);
        for question in &questions {
            agrees(&snapshot, &world, question)?;
        }
    }

    #[test]
    fn after_a_step_forward_nothing_is_answered_from_before(
        before in world(),
        mut after in world(),
        questions in proptest::collection::vec(expression(), 1..4),
    ) {
        let whole = built(&before);
        let first = whole.shown(&marks(&before));
        find::prepare(&first);
        for question in &questions {
            agrees(&first, &before, question)?;
        }
        let next = whole.apply(&delta(&before, &mut after)).shown(&marks(&after));
        for question in &questions {
            agrees(&next, &after, question)?;
            agrees(&first, &before, question)?;
        }
    }
}

proptest! {
    // Each case is thousands of people, so that whole chunks are searched and sets intersected.
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn many_people_are_answered_as_few(world in world(), questions in proptest::collection::vec(expression(), 20)) {
        let few = world.people.len() as Ordinal;
        let many = World { people: world.people.iter().cycle().take(world.people.len() * 450).cloned().collect(), ..world.clone() };
        let (snapshot, wide) = (shown(&world), shown(&many));
        let like = |account: Ordinal, set: &RoaringBitmap| set.contains(account % few);
        for question in &questions {
            let query = Query { expression: Some(question.clone()), order: Vec::new() };
            // Whoever is named by id is one person, however many are like them.
            if question.tests().iter().any(|test| find::catalogue().field(test.field).name == "accountId") {
                continue;
            }
            let one = find::evaluate(&snapshot, &query, now(), &berlin());
            let all = find::evaluate(&wide, &query, now(), &berlin());
            let expected = |set: &RoaringBitmap| (0..many.people.len() as Ordinal).filter(|row| like(*row, set)).collect::<RoaringBitmap>();
            let shown = filter::show(&query, find::catalogue());
            prop_assert_eq!(&all.matching, &expected(&one.matching), "{}", &shown);
            prop_assert_eq!(&all.unknown, &expected(&one.unknown), "unknown of {}", &shown);
            let (mut counts, times) = (find::facets(&snapshot, &one.matching, 100), find::facets(&wide, &all.matching, 100));
            let all = [&mut counts.apps, &mut counts.sites, &mut counts.groups, &mut counts.statuses, &mut counts.domains, &mut counts.roles, &mut counts.claims];
            for breakdown in all {
                breakdown.without *= 450;
                breakdown.values.iter_mut().for_each(|facet| facet.count *= 450);
            }
            prop_assert_eq!(counts, times);
        }
    }

    #[test]
    fn the_most_frequent_values_of_many_people_are_those_of_few(world in world(), most in 1_usize..6) {
        let many = World { people: world.people.iter().cycle().take(world.people.len() * 450).cloned().collect(), ..world.clone() };
        let (snapshot, wide) = (shown(&world), shown(&many));
        let counts = |snapshot: &Snapshot| {
            let facets = find::facets(snapshot, &snapshot.present(), most);
            let of = |breakdown: Breakdown| (breakdown.values.iter().map(|facet| facet.count).collect::<Vec<u64>>(), breakdown.more);
            (of(facets.groups), of(facets.domains))
        };
        let times = |(counts, more): (Vec<u64>, bool)| (counts.iter().map(|count| count * 450).collect::<Vec<u64>>(), more);
        let (groups, domains) = counts(&snapshot);
        prop_assert_eq!((times(groups), times(domains)), counts(&wide));
    }
}

proptest! {
    #[test]
    fn facets_count_what_a_filter_by_each_value_finds(world in world(), question in expression(), most in 1_usize..8) {
        let snapshot = shown(&world);
        let people = agrees(&snapshot, &world, &question)?;
        let facets = find::facets(&snapshot, &people, most);
        for breakdown in [&facets.apps, &facets.sites, &facets.roles, &facets.statuses, &facets.claims] {
            counted(breakdown, &people, usize::MAX, (&snapshot, &world))?;
        }
        for breakdown in [&facets.groups, &facets.domains] {
            counted(breakdown, &people, most, (&snapshot, &world))?;
        }
    }

    #[test]
    fn every_order_holds_everybody_once_by_key_and_then_by_ordinal(world in world(), app in proptest::option::of(Just("confluence"))) {
        let snapshot = shown(&world);
        for (field, known) in find::catalogue().fields().filter(|(_, field)| field.sortable) {
            let argument = app.filter(|_| known.argument.of().is_some()).map(str::to_owned);
            let ranking = Ranking::of(&snapshot, &[Order { field, argument, direction: Direction::Ascending }]);
            let order: Vec<(SortKey<'_>, Ordinal)> = ranking.order().iter().map(|row| (ranking.key(row), row)).collect();
            prop_assert!(order.is_sorted(), "{}: {:?}", known.name, order);
            prop_assert_eq!(order.len(), snapshot.accounts_len());
            prop_assert!(!ranking.descending());
            let empty = Expression::Test(Test { field, argument: None, condition: Condition::Empty });
            if app.is_none() && known.name != "status" {
                let missing: RoaringBitmap =
                    order.iter().filter(|(key, _)| *key == SortKey::Missing).map(|(_, row)| *row).collect();
                let present = snapshot.present();
                prop_assert_eq!(missing & &present, agrees(&snapshot, &world, &empty)?, "{} is missing", &known.name);
            }
        }
    }

    #[test]
    fn an_order_by_several_fields_takes_each_in_its_direction(
        world in world(),
        keys in proptest::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 2..4),
    ) {
        let snapshot = shown(&world);
        let sortable: Vec<FieldId> =
            find::catalogue().fields().filter(|(_, field)| field.sortable).map(|(id, _)| id).collect();
        let direction = |descending| if descending { Direction::Descending } else { Direction::Ascending };
        let orders: Vec<Order> = (keys.iter())
            .map(|(field, descending)| Order { field: *field.get(&sortable), argument: None, direction: direction(*descending) })
            .collect();
        let alone: Vec<Ranking<'_>> = orders.iter().map(|one| Ranking::of(&snapshot, std::slice::from_ref(one))).collect();
        let by_hand = |a: &Ordinal, b: &Ordinal| {
            let compare = |one: &Ranking<'_>| {
                let (a, b) = (one.key(*a), one.key(*b));
                let last = |key: &SortKey<'_>| *key == SortKey::Missing && one.missing_last();
                let order = if one.descending() { b.cmp(&a) } else { a.cmp(&b) };
                last(&a).cmp(&last(&b)).then(order)
            };
            alone.iter().map(compare).find(|order| order.is_ne()).unwrap_or(a.cmp(b))
        };
        let mut expected: Vec<Ordinal> = (0..snapshot.accounts_len() as Ordinal).collect();
        expected.sort_by(by_hand);
        let ranking = Ranking::of(&snapshot, &orders);
        prop_assert!(!ranking.descending() && !ranking.missing_last());
        prop_assert_eq!(ranking.order().iter().collect::<Vec<_>>(), expected.clone());
        let keys: Vec<(SortKey<'_>, Ordinal)> = expected.iter().map(|row| (ranking.key(*row), *row)).collect();
        prop_assert!(keys.is_sorted(), "{:?}", keys);
    }
}
