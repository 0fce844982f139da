//! A person's addresses and names within texts that others have written: found as whole words, whatever their case, and
//! replaced. Pure. An address inside another one, or a name inside a longer word, is somebody else's.

use std::collections::BTreeSet;

/// What stands for an address that was erased; it is one, so that a filter still reads.
pub(super) const NO_ADDRESS: &str = "erased@erased.invalid";
/// What stands for a name that was erased.
pub(super) const NO_NAME: &str = "(erased)";
/// What stands for a username in a record, as JSON.
const ERASED_VALUE: &str = "\"(erased)\"";
/// A shorter username is too often another value.
const SHORTEST_USERNAME: usize = 3;
/// A shorter name is too often a word.
const SHORTEST_NAME: usize = 5;

/// What is looked for, in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    addresses: BTreeSet<String>,
    names: BTreeSet<String>,
    /// Usernames of feeds as JSON has them: a username is a person only where it is a whole value of a record.
    values: BTreeSet<String>,
}

impl Words {
    /// Of some addresses and names; names of one word or of few letters are left out.
    pub(super) fn new<'a>(
        addresses: impl IntoIterator<Item = &'a String>,
        names: impl IntoIterator<Item = &'a String>,
    ) -> Words {
        let small = |text: &String| text.trim().to_lowercase();
        let is_telling = |name: &String| name.chars().count() >= SHORTEST_NAME && name.contains(char::is_whitespace);
        Words {
            addresses: addresses.into_iter().map(small).filter(|address| address.contains('@')).collect(),
            names: names.into_iter().map(small).filter(is_telling).collect(),
            values: BTreeSet::new(),
        }
    }

    /// With usernames of feeds, for records; those of few letters or of digits alone are left out.
    pub(super) fn with_usernames<'a>(self, usernames: impl IntoIterator<Item = &'a String>) -> Words {
        let is_telling = |name: &String| {
            name.chars().count() >= SHORTEST_USERNAME && !name.chars().all(|letter| letter.is_ascii_digit())
        };
        let names = usernames.into_iter().map(|name| name.trim().to_lowercase()).filter(is_telling);
        Words { values: names.map(|name| serde_json::Value::from(name).to_string()).collect(), ..self }
    }

    /// Everything that is looked for.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().chain(&self.names).map(String::as_str)
    }

    /// Everything that is looked for in records of feeds.
    pub(super) fn all_in_records(&self) -> impl Iterator<Item = &str> {
        self.all().chain(self.values.iter().map(String::as_str))
    }

    /// A record of a feed, as JSON, without them; `None` when none of them is in it.
    pub(super) fn replaced_in_record(&self, record: &str) -> Option<String> {
        let mut now = self.replaced(record);
        for value in &self.values {
            let next = replace(now.as_deref().unwrap_or(record), (value, ERASED_VALUE), |_| false);
            now = next.or(now);
        }
        now
    }

    /// The text without them; `None` when none of them is in it.
    pub(super) fn replaced(&self, text: &str) -> Option<String> {
        let mut now = None;
        for address in &self.addresses {
            let next = replace(now.as_deref().unwrap_or(text), (address, NO_ADDRESS), continues_address);
            now = next.or(now);
        }
        for name in &self.names {
            let next = replace(now.as_deref().unwrap_or(text), (name, NO_NAME), |neighbours| {
                neighbours.into_iter().flatten().any(char::is_alphanumeric)
            });
            now = next.or(now);
        }
        now
    }
}

/// Whether what stands before and behind makes it a part of another address.
fn continues_address([before, behind]: [Option<char>; 2]) -> bool {
    let of_local = |letter: char| letter.is_alphanumeric() || "._%+-".contains(letter);
    before.is_some_and(of_local) || behind.is_some_and(|letter| letter.is_alphanumeric() || letter == '-')
}

fn replace(
    text: &str,
    (word, with): (&str, &str),
    belongs_to_another: impl Fn([Option<char>; 2]) -> bool,
) -> Option<String> {
    let (mut made, mut from, mut before) = (String::new(), 0, None);
    let mut at = 0;
    while let Some(letter) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let end = end_of(text, at, word);
        let is_whole = |end: &usize| {
            let behind = text.get(*end..).map(|rest| rest.chars());
            let first = behind.clone().and_then(|mut rest| rest.next());
            // A full stop ends a sentence, unless the address goes on behind it.
            let second = behind.and_then(|mut rest| rest.nth(1));
            let behind = if first == Some('.') { second } else { first };
            !belongs_to_another([before, behind])
        };
        if let Some(end) = end.filter(is_whole) {
            made.push_str(text.get(from..at).unwrap_or_default());
            made.push_str(with);
            before = text.get(at..end).and_then(|taken| taken.chars().next_back());
            (from, at) = (end, end);
        } else {
            before = Some(letter);
            at += letter.len_utf8();
        }
    }
    (from > 0).then(|| made + text.get(from..).unwrap_or_default())
}

/// Where a word ends that begins here, whatever its case.
fn end_of(text: &str, at: usize, word: &str) -> Option<usize> {
    let mut wanted = word.chars();
    for (place, letter) in text.get(at..)?.char_indices() {
        if wanted.as_str().is_empty() {
            return Some(at + place);
        }
        for small in letter.to_lowercase() {
            if wanted.next() != Some(small) {
                return None;
            }
        }
    }
    wanted.as_str().is_empty().then_some(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words() -> Words {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Words::new(&owned(&["Ann@x.test", "ann.lee@bücher.test"]), &owned(&["Ann Lee", "Bob", "Ünal Öz", "ann"]))
    }

    #[test]
    fn addresses_and_full_names_go_and_what_only_looks_like_them_stays() {
        let now = |text: &str| words().replaced(text);
        for (text, expected) in [
            ("email = \"ANN@x.test\"", "email = \"erased@erased.invalid\""),
            ("Ann Lee asked, ann@x.test.", "(erased) asked, erased@erased.invalid."),
            ("{\"who\":\"ann.lee@BÜCHER.test\"}", "{\"who\":\"erased@erased.invalid\"}"),
            ("ünal ÖZ", "(erased)"),
            ("ann@x.test,ann@x.test", "erased@erased.invalid,erased@erased.invalid"),
        ] {
            assert_eq!(now(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "joann@x.test",
            "j.ann@x.test",
            "ann@x.testing",
            "ann@x.test-2",
            "ann@x.test.example",
            "Joann Lee",
            "Ann Leeds",
            "Bob",
            "ann",
            "",
        ] {
            assert_eq!(now(text), None, "{text}");
        }
    }

    #[test]
    fn in_records_usernames_go_where_they_are_a_whole_value() {
        let usernames = ["AnnL".to_owned(), "7".to_owned(), "2024".to_owned()];
        let words = words().with_usernames(&usernames);
        let now = |record: &str| words.replaced_in_record(record);
        assert_eq!(
            now(r#"{"boss":"annl","mail":"Ann@x.test","note":"Ann Lee"}"#).as_deref(),
            Some(r#"{"boss":"(erased)","mail":"erased@erased.invalid","note":"(erased)"}"#)
        );
        for record in [r#"{"boss":"annlee"}"#, r#"{"note":"annl is here"}"#, r#"{"year":"2024","level":"7"}"#] {
            assert_eq!(now(record), None, "{record}");
        }
        assert_eq!(words.replaced("\"annl\""), None, "in texts a username is a word");
    }

    proptest! {
        #[test]
        fn what_was_replaced_is_found_no_more_and_what_stands_around_it_stays(
            before in "[a-zé .,\"{}:]{0,12}", behind in "[a-zß .,\"{}:]{0,12}", again in 0..3_usize,
        ) {
            let middle = "ann@x.test; ".repeat(again);
            let text = format!("{before} ann@x.test; {middle}{behind}");
            let now = words().replaced(&text).unwrap();
            prop_assert_eq!(words().replaced(&now), None);
            let start = format!("{before} erased@erased.invalid");
            let end = format!("; {behind}");
            prop_assert!(now.starts_with(&start) && now.ends_with(&end));
        }
    }
}
