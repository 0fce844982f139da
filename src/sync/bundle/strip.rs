//! Strips a text of whoever it names: addresses, account ids, and every name that a mirror knows. It takes out too much
//! rather than too little.

use std::collections::HashSet;
use std::sync::Arc;

use directory::{Ordinal, fold_text};

use crate::mirror::Mirror;

/// The names of one mirror, and how to take them out of texts.
#[derive(Clone, Debug, Default)]
pub struct Strip {
    /// Folded, with single spaces.
    names: Arc<HashSet<String>>,
    /// Words of the longest of them.
    longest: usize,
}

/// More words are no name.
const LONGEST: usize = 8;
/// Shorter names would take common words out.
const SHORTEST: usize = 3;

impl Strip {
    /// With every name that a mirror knows: of people, groups, directories, sites and the organization.
    pub fn of(mirror: &Mirror) -> Strip {
        let snapshot = mirror.current();
        let mut strip = Names::default();
        strip.add(&mirror.organization().name);
        strip.add(&mirror.organization().atlassian_id);
        for account in 0..snapshot.accounts_len() as Ordinal {
            if let Some(row) = snapshot.account_row(account) {
                [Some(row.name), row.email, Some(row.id), row.job_title, row.department]
                    .into_iter()
                    .flatten()
                    .for_each(|text| strip.add(text));
            }
        }
        for group in snapshot.groups_by_name().iter().filter_map(|group| snapshot.group_row(group)) {
            strip.add(group.id.as_str());
            if let Some(group) = &group.group {
                strip.add(&group.name);
            }
        }
        for directory in snapshot.directories() {
            strip.add(&directory.name);
            strip.add(directory.id.as_str());
        }
        for resource in snapshot.resources() {
            strip.add(resource.site_name());
            strip.add(resource.id.site());
        }
        Strip { names: Arc::new(strip.names), longest: strip.longest }
    }

    /// The text without anybody's name, address or id.
    pub fn clean(&self, text: &str) -> String {
        let words: Vec<&str> = text.split_inclusive(char::is_whitespace).collect();
        let mut clean = String::with_capacity(text.len());
        let mut at = 0;
        while at < words.len() {
            let most = self.longest.min(words.len() - at);
            let named = (1..=most).rev().find(|length| self.is_name(&words[at..at + length]));
            match named {
                Some(length) => {
                    clean.push_str("[name] ");
                    at += length;
                }
                None => {
                    clean.push_str(&without_ids(words[at]));
                    at += 1;
                }
            }
        }
        clean
    }

    fn is_name(&self, words: &[&str]) -> bool {
        let joined: Vec<&str> = words.iter().map(|word| bare(word)).collect();
        let joined = joined.join(" ");
        joined.chars().count() >= SHORTEST && self.names.contains(&fold_text(&joined))
    }
}

#[derive(Default)]
struct Names {
    names: HashSet<String>,
    longest: usize,
}

impl Names {
    fn add(&mut self, name: &str) {
        let words: Vec<&str> = name.split_whitespace().map(bare).collect();
        let folded = fold_text(&words.join(" "));
        if folded.chars().count() >= SHORTEST && words.len() <= LONGEST {
            self.longest = self.longest.max(words.len());
            self.names.insert(folded);
        }
    }
}

/// A word without what stands around it.
fn bare(word: &str) -> &str {
    word.trim().trim_matches(|c: char| !c.is_alphanumeric())
}

/// A word, or what stands for it where it is an address, an id, or nothing that a sentence has: long without a vowel's
/// chance, such as a key or a cursor.
fn without_ids(word: &str) -> String {
    let (core, space) = word.split_at(word.trim_end().len());
    let looks_like_id = |part: &str| {
        let long = part.len() >= 20 && !part.contains('/');
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        long && digits >= 4
    };
    let stands_for = if core.contains('@') {
        "[address]"
    } else if core.split(['"', '\'', '(', ')', ',', ';', '“', '”', '/', '=']).any(looks_like_id) {
        "[id]"
    } else {
        return word.to_owned();
    };
    format!("{stands_for}{space}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(names: &[&str]) -> Strip {
        let mut known = Names::default();
        names.iter().for_each(|name| known.add(name));
        Strip { names: Arc::new(known.names), longest: known.longest }
    }

    #[test]
    fn names_addresses_and_ids_are_taken_out_and_the_sentence_stays() {
        let strip = strip(&["Ines Okafor", "José (Pepe) Ruiz", "jira-users", "Al"]);
        for (text, clean) in [
            ("Kept Ines Okafor, as before.", "Kept [name] as before."),
            ("Asked by “INES OKAFOR”.", "Asked by [name] "),
            ("jose (pepe) ruiz left jira-users", "[name] left [name] "),
            ("To ines@acme.example: no", "To [address] no"),
            ("id 557058:f6e8cc7f-0000-4c3b-9d1e-2a6b in the list", "id [id] in the list"),
            ("ari:cloud:jira-software::site/0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0 is gone", "[id] is gone"),
            ("Al is here", "Al is here"),
            (
                "Atlassian failed to answer POST /admin/v2/orgs/{orgId}/users/search (503)",
                "Atlassian failed to answer POST /admin/v2/orgs/{orgId}/users/search (503)",
            ),
        ] {
            assert_eq!(strip.clean(text), clean);
        }
    }
}
