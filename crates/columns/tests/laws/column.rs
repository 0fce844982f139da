//! Text, number and code columns against a vector of optional values.

use std::collections::BTreeMap;
use std::fmt::Debug;

use columns::{Chunk, CodeColumn, Column, NumberColumn, Ordinal, TextColumn};
use proptest::prelude::*;

use crate::{length, ordinal};

type Step<O> = BTreeMap<Ordinal, Option<O>>;

fn build<C: Chunk, O>(model: &[Option<O>], lend: for<'v> fn(&'v O) -> C::Value<'v>) -> Column<C> {
    let mut builder = Column::builder();
    for value in model {
        builder.push(value.as_ref().map(lend));
    }
    builder.finish()
}

/// What a test starts from: a length, one value that is everywhere, and exceptions.
fn model<O: Clone + Debug>(value: impl Strategy<Value = O> + Clone) -> impl Strategy<Value = Vec<Option<O>>> {
    let exceptions = step(value.clone());
    (length(), prop::option::of(value), exceptions).prop_map(|(len, everywhere, exceptions)| {
        let mut model = vec![everywhere; len];
        for (ordinal, value) in exceptions {
            if let Some(slot) = model.get_mut(ordinal as usize) {
                *slot = value;
            }
        }
        model
    })
}

fn step<O: Clone + Debug>(value: impl Strategy<Value = O>) -> impl Strategy<Value = Step<O>> {
    prop::collection::btree_map(ordinal(), prop::option::of(value), 0..12)
}

fn indexes<O>(model: &[Option<O>], test: impl Fn(&Option<O>) -> bool) -> Vec<Ordinal> {
    let hits = model.iter().enumerate().filter(|(_, value)| test(value));
    hits.map(|(index, _)| index as Ordinal).collect()
}

/// Building tells every value; every step of `apply` equals building anew.
fn tells_the_same_however_made<C: Chunk, O: Clone>(
    mut model: Vec<Option<O>>,
    steps: Vec<Step<O>>,
    lend: for<'v> fn(&'v O) -> C::Value<'v>,
) -> Result<(), TestCaseError>
where
    for<'v> C::Value<'v>: PartialEq + Debug,
{
    let mut column = build::<C, O>(&model, lend);
    for (index, value) in model.iter().enumerate() {
        prop_assert_eq!(column.get(index as Ordinal), value.as_ref().map(lend), "at {}", index);
    }
    for step in steps {
        let changes: Vec<_> = step.iter().map(|(ordinal, value)| (*ordinal, value.as_ref().map(lend))).collect();
        column = column.apply(&changes);
        for (ordinal, value) in &step {
            let place = *ordinal as usize;
            model.resize(model.len().max(place + 1), None);
            model[place] = value.clone();
        }
        prop_assert!(column == build(&model, lend), "apply equals building anew");
        prop_assert_eq!(column.len(), model.len());
        for (ordinal, value) in &step {
            prop_assert_eq!(column.get(*ordinal), value.as_ref().map(lend));
        }
        prop_assert_eq!(column.get(model.len() as Ordinal), None);
        prop_assert_eq!(column.nulls().iter().collect::<Vec<_>>(), indexes(&model, Option::is_none));
    }
    Ok(())
}

fn text() -> impl Strategy<Value = String> + Clone {
    "[abé]{0,5}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn texts_tell_the_same_however_made(model in model(text()), steps in prop::collection::vec(step(text()), 1..3)) {
        tells_the_same_however_made::<columns::TextChunk, String>(model, steps, |text| text.as_str())?;
    }

    #[test]
    fn numbers_tell_the_same_however_made(model in model(-3..3_i64), steps in prop::collection::vec(step(-3..3_i64), 1..3)) {
        tells_the_same_however_made::<columns::NumberChunk, _>(model, steps, |number| *number)?;
    }

    #[test]
    fn codes_tell_the_same_however_made(model in model(any::<u8>()), steps in prop::collection::vec(step(any::<u8>()), 1..3)) {
        tells_the_same_however_made::<columns::CodeChunk, _>(model, steps, |code| *code)?;
    }

    #[test]
    fn a_search_finds_the_texts_with_the_needle_in_them(model in model(text()), needle in "[abé]{0,3}") {
        let column = build::<columns::TextChunk, String>(&model, |text| text.as_str());
        let naive = indexes(&model, |text| text.as_ref().is_some_and(|text| text.contains(&needle)));
        prop_assert_eq!(column.contains(&needle).iter().collect::<Vec<_>>(), naive);
    }

    #[test]
    fn a_range_holds_the_numbers_between_its_limits(
        model in model(-4..4_i64),
        min in prop::option::of(-5..5_i64),
        max in prop::option::of(-5..5_i64),
    ) {
        let column: NumberColumn = build(&model, |number| *number);
        let lies = |number: &i64| min.is_none_or(|min| min <= *number) && max.is_none_or(|max| *number <= max);
        let naive = indexes(&model, |number| number.as_ref().is_some_and(lies));
        prop_assert_eq!(column.range(min, max).iter().collect::<Vec<_>>(), naive);
    }

    #[test]
    fn counts_are_the_sizes_of_the_sets_of_codes(model in model(0..4_u8)) {
        let column: CodeColumn = build(&model, |code| *code);
        let counts = column.counts();
        for code in 0..6 {
            let naive = indexes(&model, |each| *each == Some(code));
            prop_assert_eq!(counts[usize::from(code)], naive.len());
            prop_assert_eq!(column.with(code).iter().collect::<Vec<_>>(), naive);
        }
    }
}

#[test]
fn a_needle_never_matches_across_two_values() {
    let column = TextColumn::builder().push(Some("ab")).push(None).push(Some("")).push(Some("ba")).finish();
    assert!(column.contains("bb").is_empty());
    assert!(column.contains("abb").is_empty());
    assert_eq!(column.contains("ba").iter().collect::<Vec<_>>(), [3]);
    assert_eq!(column.contains("").iter().collect::<Vec<_>>(), [0, 2, 3]);
}

#[test]
fn an_empty_text_is_not_the_same_as_none() {
    let column = TextColumn::builder().push(Some("")).push(None).finish();
    assert_eq!((column.get(0), column.get(1), column.get(2)), (Some(""), None, None));
    assert_ne!(column, TextColumn::builder().push(None).push(Some("")).finish());
}

#[test]
fn an_unlimited_range_holds_every_number() {
    let column = NumberColumn::builder().push(Some(i64::MIN)).push(None).push(Some(i64::MAX)).finish();
    assert_eq!(column.range(None, None).iter().collect::<Vec<_>>(), [0, 2]);
    assert!(column.range(Some(1), Some(0)).is_empty());
}

#[test]
fn an_empty_column_answers_nothing() {
    let column = TextColumn::default();
    assert!(column.is_empty() && column.contains("").is_empty() && column.nulls().is_empty());
    assert_eq!(column, TextColumn::builder().finish());
    assert_eq!(column.memory(), 0);
}

#[test]
fn memory_counts_the_buffers() {
    let mut builder = TextColumn::builder();
    for _ in 0..1_000 {
        builder.push(Some("0123456789"));
    }
    let memory = builder.finish().memory();
    assert!((14_000..16_000).contains(&memory), "10 bytes of text and 4 of offset each, not {memory}");
}
