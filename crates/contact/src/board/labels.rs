//! Words that rows carry, several each: tags, domains, roles. A word that nobody carries any more keeps its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use columns::{Ordinal, Relation};
use directory::fold_text;
use roaring::RoaringBitmap;

/// The words of rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    words: Arc<Vec<String>>,
    places: Arc<BTreeMap<String, Ordinal>>,
    carried: Relation,
}

impl Labels {
    /// The same with other words for these rows, which are sorted.
    pub(super) fn apply(&self, rows: impl Iterator<Item = (Ordinal, Vec<String>)>) -> Labels {
        let (mut words, mut places) = (Arc::clone(&self.words), Arc::clone(&self.places));
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for (row, carried) in rows {
            removed.extend(self.carried.of(row).iter().map(|word| (row, *word)));
            let mut now: Vec<Ordinal> = Vec::with_capacity(carried.len());
            for word in carried {
                let folded = fold_text(&word);
                if folded.is_empty() {
                    continue;
                }
                let place = match places.get(&folded) {
                    Some(place) => *place,
                    None => {
                        let place = words.len() as Ordinal;
                        Arc::make_mut(&mut words).push(word);
                        Arc::make_mut(&mut places).insert(folded, place);
                        place
                    }
                };
                now.push(place);
            }
            now.sort_unstable();
            now.dedup();
            added.extend(now.into_iter().map(|word| (row, word)));
        }
        Labels { carried: self.carried.apply(0, words.len(), &added, &removed), words, places }
    }

    /// Who carries any word.
    pub(super) fn any(&self) -> RoaringBitmap {
        (0..self.words.len() as Ordinal).fold(RoaringBitmap::new(), |all, word| all | self.carried.members(word))
    }

    /// Who carries this word, in any case.
    pub(super) fn whole(&self, word: &str) -> RoaringBitmap {
        self.places.get(&fold_text(word)).map(|place| self.carried.members(*place).clone()).unwrap_or_default()
    }

    /// Who carries a word with this in it.
    pub(super) fn part(&self, part: &str) -> RoaringBitmap {
        let part = fold_text(part);
        let fitting = self.places.iter().filter(|(folded, _)| folded.contains(&part));
        fitting.fold(RoaringBitmap::new(), |all, (_, place)| all | self.carried.members(*place))
    }

    /// Whether anybody carries this word.
    pub(super) fn knows(&self, word: &str) -> bool {
        !self.whole(word).is_empty()
    }

    /// The first word of a row.
    pub(super) fn first(&self, row: Ordinal) -> Option<&str> {
        let place = self.carried.of(row).first()?;
        self.words.get(*place as usize).map(String::as_str)
    }

    /// Every word that one of these rows carries, with how many of them do, by the word's folded form.
    pub(super) fn counted(&self, rows: &RoaringBitmap) -> Vec<(&str, u64)> {
        let count = |place: &Ordinal| self.carried.members(*place).intersection_len(rows);
        let words =
            self.places.values().filter_map(|place| Some((self.words.get(*place as usize)?.as_str(), count(place))));
        words.filter(|(_, count)| *count > 0).collect()
    }
}
