//! Searching help: sections in which every word stands, those with the words in their heading first.

use directory::fold_text;

use super::render::{Document, Section};

/// A section that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit<'d> {
    pub(super) document: &'d Document,
    pub(super) section: &'d Section,
    /// Where in its text the first word stands, in characters.
    at: usize,
}

/// So many sections are listed.
const MOST: usize = 40;
/// So many characters of a section are shown, a quarter of them before the word.
const SHOWN: usize = 200;

pub(super) fn search<'d>(documents: &'d [Document], q: &str) -> Vec<Hit<'d>> {
    let folded = fold_text(q);
    let words: Vec<&str> = folded.split_whitespace().take(12).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(usize, Hit<'d>)> = Vec::new();
    for document in documents {
        for section in &document.sections {
            let (heading, text) = (fold_text(&section.heading), fold_text(&section.text));
            if !words.iter().all(|word| heading.contains(word) || text.contains(word)) {
                continue;
            }
            let in_heading = words.iter().filter(|word| heading.contains(**word)).count();
            let at = words.iter().filter_map(|word| text.find(word)).min().unwrap_or(0);
            let at = text.get(..at).map_or(0, |before| before.chars().count());
            found.push((in_heading, Hit { document, section, at }));
        }
    }
    found.sort_by_key(|(in_heading, _)| std::cmp::Reverse(*in_heading));
    found.into_iter().take(MOST).map(|(_, hit)| hit).collect()
}

impl Hit<'_> {
    /// The words around what was found.
    pub(super) fn words(&self) -> String {
        let from = self.at.saturating_sub(SHOWN / 4);
        let mut words: String = self.section.text.chars().skip(from).take(SHOWN).collect();
        if from > 0 {
            words.insert(0, '…');
        }
        if self.section.text.chars().count() > from + SHOWN {
            words.push('…');
        }
        words
    }
}
