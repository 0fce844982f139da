//! Contacts that may be the same person: those with one address, and those of one name who share a telephone number, a
//! company or a domain of their own. It proposes; only a person merges.

use std::collections::BTreeMap;

use directory::{email_key, fold_text};

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why contacts may be the same.
    Reason {
        /// They have one e-mail address.
        Email = "email",
        /// They have one name and one telephone number.
        Telephone = "telephone",
        /// They have one name and a company in common.
        Company = "company",
        /// They have one name, and addresses of one domain.
        Domain = "domain",
    }
}

/// A contact as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its telephone numbers.
    pub telephones: Vec<String>,
    /// Its companies, by number.
    pub companies: Vec<u32>,
}

/// Contacts that may be the same, with the strongest reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Why.
    pub reason: Reason,
    /// Their numbers, ascending; at least two.
    pub contacts: Vec<u32>,
}

/// Groups of contacts that may be the same, the strongest reasons first. A set of contacts is told once, and no more than
/// `most` of them are.
pub fn groups(contacts: &[Compared], most: usize) -> Vec<Group> {
    let mut found: BTreeMap<Vec<u32>, Reason> = BTreeMap::new();
    for reason in Reason::ALL {
        let mut alike: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for contact in contacts {
            for key in keys(contact, *reason) {
                alike.entry(key).or_default().push(contact.number);
            }
        }
        for mut numbers in alike.into_values() {
            numbers.sort_unstable();
            numbers.dedup();
            if numbers.len() > 1 {
                found.entry(numbers).or_insert(*reason);
            }
        }
    }
    let mut groups: Vec<Group> = found.into_iter().map(|(contacts, reason)| Group { reason, contacts }).collect();
    groups.sort_by(|a, b| (a.reason, &a.contacts).cmp(&(b.reason, &b.contacts)));
    groups.truncate(most);
    groups
}

/// What contacts have to share to be alike for a reason.
fn keys(contact: &Compared, reason: Reason) -> Vec<String> {
    let email = contact.email.as_deref().map(email_key).filter(|key| !key.is_empty());
    let name = fold_text(&contact.name);
    let with_name = |rest: String| format!("{name}\n{rest}");
    match reason {
        Reason::Email => email.into_iter().collect(),
        _ if name.is_empty() => Vec::new(),
        Reason::Telephone => {
            let digits = |text: &String| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let numbers = contact.telephones.iter().map(digits).filter(|digits| digits.len() > 4);
            // The last digits: with or without the country in front.
            numbers.map(|digits| with_name(digits.split_at(digits.len().saturating_sub(8)).1.to_owned())).collect()
        }
        Reason::Company => contact.companies.iter().map(|company| with_name(company.to_string())).collect(),
        Reason::Domain => {
            let domain = email.as_deref().and_then(|key| key.rsplit_once('@')).map(|(_, domain)| domain.to_owned());
            domain.filter(|domain| !is_public(domain)).map(with_name).into_iter().collect()
        }
    }
}

/// Whether a domain gives addresses to anybody, so that it tells nothing about whom somebody works for.
pub fn is_public(domain: &str) -> bool {
    const PUBLIC: [&str; 16] = [
        "aol.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "web.de",
        "yahoo.com",
    ];
    PUBLIC.contains(&domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(number: u32, name: &str, email: &str) -> Compared {
        Compared { number, name: name.to_owned(), email: Some(email.to_owned()), ..Compared::default() }
    }

    #[test]
    fn alike_are_those_who_share_enough_and_the_strongest_reason_is_told() {
        let telephone = |number, name: &str, text: &str| Compared {
            number,
            name: name.to_owned(),
            telephones: vec![text.to_owned()],
            companies: vec![7],
            ..Compared::default()
        };
        let contacts = [
            contact(1, "Ada", "ada@acme.test"),
            contact(2, "A. Lovelace", "ADA@acme.test"),
            contact(3, "Bo", "bo@gmail.com"),
            contact(4, "bo", "bo2@gmail.com"),
            contact(5, "Cy", "c@acme.test"),
            contact(6, "CY", "cy@acme.test"),
            telephone(8, "Di", "+49 30 1234567"),
            telephone(9, "di", "030/123 45 67"),
            telephone(10, "Ed", "030/123 45 67"),
        ];
        let told: Vec<(Reason, Vec<u32>)> =
            groups(&contacts, 10).into_iter().map(|group| (group.reason, group.contacts)).collect();
        assert_eq!(
            told,
            [(Reason::Email, vec![1, 2]), (Reason::Telephone, vec![8, 9]), (Reason::Domain, vec![5, 6])],
            "a domain of everybody's tells nothing"
        );
        assert_eq!(groups(&contacts, 1).len(), 1);
    }
}
