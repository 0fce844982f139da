//! A column of words: a code per account and a dictionary. It holds any word that upstream has, and knows none.

use std::sync::Arc;

use columns::{CodeColumn, Ordinal};
use roaring::RoaringBitmap;

/// A word per account. The 255th different word and all after it read as missing,
/// which bounds what a hostile upstream can do to it.
#[derive(Clone, Debug)]
pub(crate) struct Words<T> {
    codes: CodeColumn,
    words: Arc<Vec<T>>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Words { codes: CodeColumn::default(), words: Arc::default() }
    }
}

impl<T: Clone + PartialEq> Words<T> {
    /// A column from a value per account.
    pub(crate) fn build<'a>(values: impl IntoIterator<Item = Option<&'a T>>) -> Words<T>
    where
        T: 'a,
    {
        let mut words = Vec::new();
        let mut codes = CodeColumn::builder();
        for value in values {
            codes.push(value.and_then(|value| code(&mut words, value)));
        }
        Words { codes: codes.finish(), words: Arc::new(words) }
    }

    pub(crate) fn get(&self, account: Ordinal) -> Option<&T> {
        self.codes.get(account).and_then(|code| self.words.get(code as usize))
    }

    /// Accounts with any word.
    pub(crate) fn present(&self) -> RoaringBitmap {
        (0..self.words.len()).fold(RoaringBitmap::new(), |all, code| all | self.codes.with(code as u8))
    }

    /// Every word with its accounts.
    pub(crate) fn with_each(&self) -> impl Iterator<Item = (&T, RoaringBitmap)> {
        self.words.iter().enumerate().map(|(code, word)| (word, self.codes.with(code as u8)))
    }

    /// The column after changes in increasing order of account.
    pub(crate) fn apply<'a>(&self, changes: impl IntoIterator<Item = (Ordinal, Option<&'a T>)>) -> Words<T>
    where
        T: 'a,
    {
        let mut words = (*self.words).clone();
        let changes: Vec<(Ordinal, Option<u8>)> = changes
            .into_iter()
            .map(|(account, value)| (account, value.and_then(|value| code(&mut words, value))))
            .collect();
        Words { codes: self.codes.apply(&changes), words: Arc::new(words) }
    }
}

fn code<T: Clone + PartialEq>(words: &mut Vec<T>, value: &T) -> Option<u8> {
    if let Some(place) = words.iter().position(|word| word == value) {
        return u8::try_from(place).ok();
    }
    if words.len() >= usize::from(u8::MAX) {
        return None;
    }
    words.push(value.clone());
    u8::try_from(words.len() - 1).ok()
}
