//! What is derived from columns for questions: searches among some rows, rows by distinct text, rows by count, orders
//! of runs.

use columns::{Distinct, NumberColumn, Order, Ordinal, Tally, TextColumn};
use proptest::prelude::*;
use roaring::RoaringBitmap;

use crate::{length, ordinal};

/// Some rows: few of them, or a dense run in which whole chunks are searched.
fn rows() -> impl Strategy<Value = RoaringBitmap> {
    let few = prop::collection::vec(ordinal(), 0..20).prop_map(RoaringBitmap::from_iter);
    prop_oneof![few, Just((100..columns::CHUNK as Ordinal + 40).collect::<RoaringBitmap>())]
}

fn texts() -> impl Strategy<Value = Vec<Option<String>>> {
    (length(), prop::collection::vec(prop::option::of("[aAbé@]{0,4}"), 1..9))
        .prop_map(|(len, values)| values.into_iter().cycle().take(len).collect())
}

fn column(texts: &[Option<String>]) -> TextColumn {
    let mut builder = TextColumn::builder();
    for text in texts {
        builder.push(text.as_deref());
    }
    builder.finish()
}

fn where_it_holds(texts: &[Option<String>], test: impl Fn(&str) -> bool) -> RoaringBitmap {
    let hits = (0..).zip(texts).filter(|(_, text)| text.as_deref().is_some_and(&test));
    hits.map(|(row, _)| row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_search_among_some_rows_finds_those_of_all_that_are_among_them(
        texts in texts(),
        numbers in (length(), prop::collection::vec(prop::option::of(-4..4_i64), 1..9)),
        (needle, min, max) in ("[aé]{0,2}", prop::option::of(-5..5_i64), prop::option::of(-5..5_i64)),
        rows in rows(),
    ) {
        let column = column(&texts);
        prop_assert_eq!(column.contains_among(&needle, &rows), column.contains(&needle) & &rows);
        prop_assert_eq!(column.present() | column.nulls(), (0..texts.len() as Ordinal).collect::<RoaringBitmap>());
        prop_assert_eq!(column.present(), where_it_holds(&texts, |_| true));
        let mut builder = NumberColumn::builder();
        for number in numbers.1.iter().cycle().take(numbers.0) {
            builder.push(*number);
        }
        let column = builder.finish();
        prop_assert_eq!(column.range_among(min, max, &rows), column.range(min, max) & &rows);
        let by_hand = Order::build(0..column.len() as Ordinal, |a, b| column.get(a).cmp(&column.get(b)));
        prop_assert_eq!(column.order(), by_hand);
    }

    #[test]
    fn rows_by_distinct_text_are_the_rows_with_that_text(texts in texts(), needle in "[abé]{0,2}") {
        let behind = |text: &'_ str| text.find('@').map(|at| at + 1);
        let distinct = Distinct::build(&column(&texts), |text| text.get(behind(text)?..), str::to_lowercase);
        let folded = |text: &str| behind(text).map(|from| text[from..].to_lowercase());
        let mut all = RoaringBitmap::new();
        for (place, (value, rows)) in distinct.values().enumerate() {
            prop_assert_eq!(rows, &where_it_holds(&texts, |text| folded(text).as_deref() == Some(value)));
            prop_assert!(!rows.is_empty() && rows.is_disjoint(&all));
            prop_assert_eq!(distinct.of(value), Some(rows));
            prop_assert_eq!(distinct.value(place), Some((value, rows)));
            all |= rows;
        }
        prop_assert_eq!(&all, distinct.rows());
        prop_assert_eq!(all, where_it_holds(&texts, |text| folded(text).is_some()));
        prop_assert!(distinct.values().map(|(value, _)| value).is_sorted());
        let has = |text: &str| folded(text).is_some_and(|text| text.contains(&needle));
        prop_assert_eq!(distinct.contains(&needle), where_it_holds(&texts, has));
        prop_assert_eq!(distinct.of("nowhere"), None);
    }

    #[test]
    fn rows_by_count_are_the_rows_with_that_count(counts in prop::collection::vec(0..6_u32, 0..40), min in -1..8_i64, max in -1..8_i64) {
        let tally = Tally::build(counts.iter().copied());
        let between = (0..).zip(&counts).filter(|(_, count)| (min..=max).contains(&i64::from(**count)));
        prop_assert_eq!(tally.range(min, max), between.map(|(row, _)| row).collect::<RoaringBitmap>());
        for (row, count) in (0..).zip(&counts) {
            prop_assert_eq!(tally.get(row), Some(*count));
        }
        let by_hand = Order::build(0..counts.len() as Ordinal, |a, b| counts[a as usize].cmp(&counts[b as usize]));
        prop_assert_eq!(Order::of_runs(tally.runs()), by_hand);
    }
}
