//! AND, OR and NOT over three-valued answers: the one way in which tests of rows are put together, of people and of
//! groups alike. It knows no field.

use filter::{Expression, Test};
use roaring::RoaringBitmap;

use crate::find::truth::Truth;

/// Who answers single tests and words about rows of one sort.
pub trait Answering {
    /// Of which rows a word is true.
    fn word(&self, text: &str, within: &RoaringBitmap) -> Truth;
    /// Of which rows a test is true.
    fn test(&self, test: &Test, within: &RoaringBitmap) -> Truth;
    /// How long a test takes beside others.
    fn cost(&self, test: &Test) -> u8;
}

/// Of which rows among `within` an expression is true, and of which it is unknown.
pub fn combine(answering: &impl Answering, expression: &Expression, within: &RoaringBitmap) -> Truth {
    match expression {
        Expression::And(parts) => {
            let mut yes = within.clone();
            let mut possible = within.clone();
            for part in cheapest_first(answering, parts) {
                let truth = combine(answering, part, &possible);
                possible = truth.possible();
                yes &= truth.yes;
            }
            Truth { unknown: possible - &yes, yes }
        }
        Expression::Or(parts) => {
            let mut all = Truth::default();
            let mut rest = within.clone();
            for part in cheapest_first(answering, parts) {
                let truth = combine(answering, part, &rest);
                rest -= &truth.yes;
                all.yes |= truth.yes;
                all.unknown |= truth.unknown;
            }
            all.unknown -= &all.yes;
            all
        }
        Expression::Not(inner) => combine(answering, inner, within).not(within),
        Expression::Word(text) => answering.word(text, within),
        Expression::Test(test) => answering.test(test, within),
    }
}

/// What takes long comes last, when few rows are left to look at.
fn cheapest_first<'e>(answering: &impl Answering, parts: &'e [Expression]) -> Vec<&'e Expression> {
    let mut sorted: Vec<&Expression> = parts.iter().collect();
    sorted.sort_by_key(|part| cost(answering, part));
    sorted
}

/// A word is searched letter by letter, which takes longest.
fn cost(answering: &impl Answering, expression: &Expression) -> u8 {
    match expression {
        Expression::And(parts) | Expression::Or(parts) => {
            parts.iter().map(|part| cost(answering, part)).max().unwrap_or(0)
        }
        Expression::Not(inner) => cost(answering, inner),
        Expression::Word(_) => 2,
        Expression::Test(test) => answering.cost(test),
    }
}
