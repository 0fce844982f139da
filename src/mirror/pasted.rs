//! A pasted list of people: addresses and account ids as they come out of mails and spreadsheets, and whom they name.

use std::collections::HashMap;

use directory::{Ordinal, Snapshot, email_key};
use foldhash::fast::RandomState;
use roaring::RoaringBitmap;
use thiserror::Error;

/// The most lines of a list.
pub const MOST_LINES: usize = 10_000;
/// The longest list, in bytes.
pub const LONGEST: usize = 1 << 20;

/// Why a list was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TooMuch {
    /// It has too many entries.
    #[error("it has more than {MOST_LINES} lines")]
    Lines,
    /// It is too long.
    #[error("it is longer than {} MB", LONGEST >> 20)]
    Bytes,
}

/// Whom a list names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Named {
    /// How many entries it has.
    pub entries: usize,
    /// Everybody in the organization whom it names.
    pub found: RoaringBitmap,
    /// Entries that name nobody.
    pub nobody: Vec<String>,
    /// Entries that name people who have left.
    pub left: Vec<(String, Ordinal)>,
    /// Entries that name somebody whom an entry before names already.
    pub again: Vec<(String, Ordinal)>,
    /// Addresses that more than one account has, with all of them.
    pub several: Vec<(String, Vec<Ordinal>)>,
}

/// The text of a file: UTF-8, or UTF-16 with its mark as spreadsheets write it. What is neither is replaced, and names
/// nobody.
pub fn text(bytes: &[u8]) -> String {
    let wide = |order: fn([u8; 2]) -> u16, rest: &[u8]| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| order([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => wide(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        rest => String::from_utf8_lossy(rest).into_owned(),
    }
}

/// Reads the entries of a list: one per line, or between commas, semicolons and tabs; of `Name <a@b.example>` the address.
///
/// # Errors
/// The list is longer than can be read.
pub fn entries(text: &str) -> Result<Vec<String>, TooMuch> {
    if text.len() > LONGEST {
        return Err(TooMuch::Bytes);
    }
    let mut found = Vec::new();
    for line in text.lines() {
        of_line(line, &mut found);
        if found.len() > MOST_LINES {
            return Err(TooMuch::Lines);
        }
    }
    Ok(found)
}

fn of_line(line: &str, into: &mut Vec<String>) {
    let separate = |c: char| matches!(c, ',' | ';' | '\t');
    // A name in front of an address may hold commas, and is none of the entries.
    let mut rest = line;
    while let Some((before, address, after)) = bracketed(rest) {
        into.extend(before.split(separate).map(plain).filter(|entry| entry.contains('@')));
        into.push(plain(address));
        rest = after;
    }
    let bracketed_before = rest.len() < line.len();
    for part in rest.split(separate) {
        let words: Vec<String> = part.split_whitespace().map(plain).collect();
        if words.iter().filter(|word| word.contains('@')).count() > 1 {
            into.extend(words.into_iter().filter(|word| word.contains('@')));
        } else if let entry = plain(part)
            && !entry.is_empty()
            && (!bracketed_before || entry.contains('@'))
        {
            into.push(entry);
        }
    }
}

/// What stands before, in and behind the first `<…@…>`.
fn bracketed(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once('<')?;
    let (address, after) = rest.split_once('>')?;
    address.contains('@').then_some((before, address, after))
}

/// An entry without blanks, quotation marks and what mail programs put before an address.
fn plain(entry: &str) -> String {
    let entry = entry.trim().trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>' | '“' | '”')).trim();
    let scheme = entry.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:"));
    scheme.and_then(|scheme| entry.get(scheme.len()..)).unwrap_or(entry).to_owned()
}

/// Finds whom entries name. An address that several accounts have names all of them.
pub fn named(snapshot: &Snapshot, entries: &[String]) -> Named {
    let mut by_address: HashMap<String, Vec<Ordinal>, RandomState> = HashMap::default();
    for entry in entries.iter().filter(|entry| entry.contains('@')) {
        by_address.entry(email_key(entry)).or_default();
    }
    if !by_address.is_empty() {
        for account in 0..Ordinal::try_from(snapshot.accounts_len()).unwrap_or(Ordinal::MAX) {
            let holders = snapshot.email_key(account).and_then(|key| by_address.get_mut(key));
            if let Some(holders) = holders {
                holders.push(account);
            }
        }
    }
    let present = snapshot.present();
    let mut seen = RoaringBitmap::new();
    let mut named = Named { entries: entries.len(), ..Named::default() };
    for entry in entries {
        let accounts = match snapshot.account(entry) {
            Some(account) => vec![account],
            None => by_address.get(&email_key(entry)).cloned().unwrap_or_default(),
        };
        let (here, gone): (Vec<Ordinal>, Vec<Ordinal>) = accounts.into_iter().partition(|one| present.contains(*one));
        match (here.as_slice(), gone.first()) {
            ([], None) => named.nobody.push(entry.clone()),
            ([], Some(gone)) => named.left.push((entry.clone(), *gone)),
            ([first, ..], _) if here.iter().all(|one| seen.contains(*one)) => named.again.push((entry.clone(), *first)),
            ([_, _, ..], _) => named.several.push((entry.clone(), here.clone())),
            _ => {}
        }
        seen.extend(here);
    }
    named.found = seen;
    named
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<String> {
        entries(text).unwrap()
    }

    #[test]
    fn lists_come_in_many_shapes() {
        let three = ["a@x.example", "b@x.example", "5b10:c"];
        for text in [
            "a@x.example\nb@x.example\r\n5b10:c\n",
            "a@x.example, b@x.example;5b10:c",
            " \"a@x.example\"\t<b@x.example>\n\n,,5b10:c;",
            "mailto:a@x.example b@x.example\n5b10:c",
            "Okafor, Ines <a@x.example>; Noor <b@x.example>\n5b10:c",
        ] {
            assert_eq!(read(text), three, "{text}");
        }
        assert_eq!(read("Ines Okafor\n"), ["Ines Okafor"], "what names nobody is told, not dropped");
        assert_eq!(read(" \n;;\n"), Vec::<String>::new());
    }

    #[test]
    fn a_file_is_read_in_the_encodings_of_spreadsheets() {
        let list = "a@x.example\nzoë@x.example";
        let wide = |order: fn(u16) -> [u8; 2]| list.encode_utf16().flat_map(order).collect::<Vec<u8>>();
        let marked = |mark: &[u8], rest: Vec<u8>| [mark.to_vec(), rest].concat();
        for bytes in [
            list.as_bytes().to_vec(),
            marked(&[0xef, 0xbb, 0xbf], list.as_bytes().to_vec()),
            marked(&[0xff, 0xfe], wide(u16::to_le_bytes)),
            marked(&[0xfe, 0xff], wide(u16::to_be_bytes)),
        ] {
            assert_eq!(text(&bytes), list);
        }
        assert_eq!(read(&text(&[0xe9, b'@', 0xff])).len(), 1, "what cannot be read is told as an entry");
    }

    #[test]
    fn a_list_is_bounded() {
        assert_eq!(entries(&"x\n".repeat(MOST_LINES)).map(|entries| entries.len()), Ok(MOST_LINES));
        assert_eq!(entries(&"x\n".repeat(MOST_LINES + 1)), Err(TooMuch::Lines));
        assert_eq!(entries(&" ".repeat(LONGEST + 1)), Err(TooMuch::Bytes));
    }

    proptest! {
        #[test]
        fn addresses_are_found_whatever_stands_between_them(
            names in prop::collection::vec("[a-z]{1,8}", 1..20),
            separators in prop::collection::vec("[,;\t\n ]{0,3}[,;\n]", 20),
        ) {
            let addresses: Vec<String> = names.iter().map(|name| format!("{name}@x.example")).collect();
            let text: String = addresses.iter().zip(&separators).map(|(a, separator)| format!("{a}{separator}")).collect();
            prop_assert_eq!(read(&text), addresses);
        }

        #[test]
        fn no_text_breaks_it(text in any::<String>()) {
            prop_assert!(read(&text).iter().all(|entry| !entry.trim().is_empty()) || text.contains('<'));
        }
    }
}
