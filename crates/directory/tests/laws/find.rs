//! The evaluation of filters agrees with the oracle on random organizations and questions, before and after a step
//! forward; facets and orders agree with counting and sorting by hand.

use directory::find::{self, Breakdown, Ranking, SortKey, Verdict, Vocabulary};
use directory::{Ordinal, Snapshot};
use filter::{Comparison, Condition, Direction, Expression, FieldId, Order, Query, Test, Vocabulary as _};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::oracle::text;
use crate::questions::{agrees_at, berlin, expression};
use crate::world::{World, built, delta, founding, marks, now, shown, world};

/// Compares the answers of snapshot and oracle to one question.
fn agrees(snapshot: &Snapshot, world: &World, expression: &Expression) -> Result<RoaringBitmap, TestCaseError> {
    agrees_at((snapshot, world), expression, now())
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
        let next = whole.apply(&delta(&before, &mut after, (2, now()))).shown(&marks(&after));
        for question in &questions {
            agrees(&next, &after, question)?;
            agrees(&first, &before, question)?;
        }
    }
}

proptest! {
    #[test]
    fn the_first_generation_answers_like_any_other(mut world in world(), questions in proptest::collection::vec(expression(), 1..4)) {
        let snapshot = Snapshot::default().apply(&founding(&mut world, now())).shown(&marks(&world));
        for question in &questions {
            agrees(&snapshot, &world, question)?;
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

proptest! {
    #[test]
    fn the_terms_of_a_filter_say_together_what_it_says(world in world(), question in expression()) {
        let (snapshot, zone) = (shown(&world), berlin());
        let query = Query { expression: Some(question), order: Vec::new() };
        let found = find::evaluate(&snapshot, &query, now(), &zone);
        for account in snapshot.present() {
            let terms = find::terms(&snapshot, &query, account, (now(), &zone));
            let some = |verdict| terms.iter().any(|term| term.verdict == verdict);
            let together = match (some(Verdict::Fails), some(Verdict::Unknown)) {
                (true, _) => Verdict::Fails,
                (false, true) => Verdict::Unknown,
                (false, false) => Verdict::Holds,
            };
            let whole = match (found.matching.contains(account), found.unknown.contains(account)) {
                (true, _) => Verdict::Holds,
                (false, true) => Verdict::Unknown,
                (false, false) => Verdict::Fails,
            };
            prop_assert_eq!(together, whole, "{}: {:?}", filter::show(&query, find::catalogue()), terms);
        }
    }
}
