//! Who has which text: the rows of every distinct value of a text column, for columns that repeat themselves. It must
//! tell of every row with a value exactly once.

use std::collections::HashMap;

use roaring::{MultiOps, RoaringBitmap};

use crate::{Ordinal, text::TextColumn};

/// The distinct values of a text column, sorted, each with its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    values: Vec<(Box<str>, RoaringBitmap)>,
    rows: RoaringBitmap,
}

impl Distinct {
    /// Reads a column: `part` cuts out of a text what counts (nothing leaves the row out), `fold` brings that into the
    /// form in which values are the same. `fold` is asked once for each distinct part.
    pub fn build(column: &TextColumn, part: impl Fn(&str) -> Option<&str>, fold: impl Fn(&str) -> String) -> Distinct {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut raw: Vec<(&str, Vec<Ordinal>)> = Vec::new();
        for ordinal in 0..column.len() as Ordinal {
            let Some(text) = column.get(ordinal).and_then(&part) else { continue };
            let place = *places.entry(text).or_insert_with(|| {
                raw.push((text, Vec::new()));
                raw.len() - 1
            });
            raw[place].1.push(ordinal);
        }
        let mut folded: HashMap<String, RoaringBitmap> = HashMap::new();
        let mut rows = RoaringBitmap::new();
        for (text, ordinals) in raw {
            let has = RoaringBitmap::from_sorted_iter(ordinals)
                .expect("the loop above goes through the ordinals upwards and notes each once");
            rows |= &has;
            *folded.entry(fold(text)).or_default() |= has;
        }
        let mut values: Vec<(Box<str>, RoaringBitmap)> =
            folded.into_iter().map(|(text, rows)| (text.into_boxed_str(), rows)).collect();
        values.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Distinct { values, rows }
    }

    /// All values, sorted, each with its rows.
    pub fn values(&self) -> impl ExactSizeIterator<Item = (&str, &RoaringBitmap)> + Clone {
        self.values.iter().map(|(text, rows)| (&**text, rows))
    }

    /// The value at a place among [`Distinct::values`], with its rows.
    pub fn value(&self, place: usize) -> Option<(&str, &RoaringBitmap)> {
        self.values.get(place).map(|(text, rows)| (&**text, rows))
    }

    /// The rows that have any value.
    pub fn rows(&self) -> &RoaringBitmap {
        &self.rows
    }

    /// The rows with exactly this value.
    pub fn of(&self, value: &str) -> Option<&RoaringBitmap> {
        let place = self.values.binary_search_by(|(text, _)| (**text).cmp(value)).ok()?;
        self.values.get(place).map(|(_, rows)| rows)
    }

    /// The rows whose value has `needle` in it.
    pub fn contains(&self, needle: &str) -> RoaringBitmap {
        let finder = memchr::memmem::Finder::new(needle);
        self.values.iter().filter(|(text, _)| finder.find(text.as_bytes()).is_some()).map(|(_, rows)| rows).union()
    }

    /// Approximate heap bytes.
    pub fn memory(&self) -> usize {
        let value = |(text, rows): &(Box<str>, RoaringBitmap)| text.len() + rows.serialized_size();
        self.values.iter().map(value).sum::<usize>()
            + self.values.len() * size_of::<(Box<str>, RoaringBitmap)>()
            + self.rows.serialized_size()
    }
}
