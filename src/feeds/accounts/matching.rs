//! Who is who: people of the feeds and Atlassian accounts, matched once by a verified e-mail address that is one person's and
//! one account's. Pure.
//!
//! Nothing is guessed: what could be two is a case for a person. Who was matched stays so, whatever addresses become.

use std::collections::BTreeMap;

use directory::AccountId;

use crate::nouns::feed_account::{LinkCase, LinkHow, Unclear};

/// A person of the feeds, as far as matching goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The number of the person.
    pub(super) number: i64,
    /// The key of their address; empty for none.
    pub(super) email_key: String,
    /// Their account.
    pub(super) linked: Option<AccountId>,
    /// How that was decided; nobody has when there is none.
    pub(super) how: Option<LinkHow>,
}

/// Accounts by the key of the address that they have verified.
pub(super) type Verified = BTreeMap<String, Vec<AccountId>>;

/// What matching comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Matched {
    /// Who gets which account, by number.
    pub(super) links: Vec<(i64, AccountId)>,
    /// Whose account is not clear, by number.
    pub(super) cases: Vec<LinkCase>,
}

/// Matches people of whom nobody has decided yet. `people` are all who have an address that an account has verified, and all
/// who have one of these accounts; in any order.
pub(super) fn matched(people: &[Person], verified: &Verified) -> Matched {
    let mut of_account: BTreeMap<&AccountId, i64> = BTreeMap::new();
    let mut of_address: BTreeMap<&str, Vec<&Person>> = BTreeMap::new();
    for person in people {
        if let Some(account) = &person.linked {
            of_account.insert(account, person.number);
        }
        // Of whom a person said that no account is theirs, their address claims none.
        if !person.email_key.is_empty() && person.how != Some(LinkHow::Apart) {
            of_address.entry(&person.email_key).or_default().push(person);
        }
    }
    let mut matched = Matched::default();
    for (address, people) in of_address {
        let accounts = verified.get(address).map_or(&[][..], Vec::as_slice);
        for person in people.iter().filter(|person| person.how.is_none() && person.linked.is_none()) {
            let unclear = match accounts {
                [] => continue,
                [account] => match of_account.get(account) {
                    Some(other) if *other != person.number => Unclear::Taken,
                    _ if people.len() > 1 => Unclear::TwoPeople,
                    _ => {
                        of_account.insert(account, person.number);
                        matched.links.push((person.number, account.clone()));
                        continue;
                    }
                },
                _ => Unclear::TwoAccounts,
            };
            matched.cases.push(LinkCase { person: person.number, unclear, accounts: accounts.to_vec() });
        }
    }
    matched.links.sort_unstable();
    matched.cases.sort_unstable();
    matched
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn account(id: u8) -> AccountId {
        AccountId::new(&format!("account-{id}")).unwrap()
    }

    fn person(number: i64, address: &str) -> Person {
        Person { number, email_key: address.to_owned(), linked: None, how: None }
    }

    fn verified(of: &[(&str, &[u8])]) -> Verified {
        of.iter().map(|(address, ids)| ((*address).to_owned(), ids.iter().map(|id| account(*id)).collect())).collect()
    }

    fn unclear(matched: &Matched) -> Vec<(i64, Unclear)> {
        matched.cases.iter().map(|case| (case.person, case.unclear)).collect()
    }

    #[test]
    fn one_person_and_one_account_of_an_address_are_linked_and_nobody_else_is() {
        let accounts = verified(&[("a@x", &[1]), ("b@x", &[2, 3]), ("c@x", &[4])]);
        let people = [person(1, "a@x"), person(2, "b@x"), person(3, "c@x"), person(4, "c@x"), person(5, "d@x")];
        let found = matched(&people, &accounts);
        assert_eq!(found.links, [(1, account(1))]);
        assert_eq!(unclear(&found), [(2, Unclear::TwoAccounts), (3, Unclear::TwoPeople), (4, Unclear::TwoPeople)]);
    }

    #[test]
    fn an_address_that_went_to_somebody_else_takes_no_account_with_it() {
        let accounts = verified(&[("a@x", &[1])]);
        let first = Person { linked: Some(account(1)), how: Some(LinkHow::Email), ..person(1, "married@x") };
        let found = matched(&[first.clone(), person(2, "a@x")], &accounts);
        assert_eq!((found.links.as_slice(), unclear(&found)), (&[][..], vec![(2, Unclear::Taken)]));
        // Nor does who was linked move to the account that has their address now.
        let moved = matched(&[Person { email_key: "a@x".to_owned(), linked: Some(account(9)), ..first }], &accounts);
        assert_eq!(moved, Matched::default());
    }

    #[test]
    fn whom_a_person_has_set_apart_is_not_matched_and_leaves_the_address_to_others() {
        let accounts = verified(&[("a@x", &[1])]);
        let apart = Person { how: Some(LinkHow::Apart), ..person(1, "a@x") };
        assert_eq!(matched(&[apart, person(2, "a@x")], &accounts).links, [(2, account(1))]);
    }

    fn anybody() -> impl Strategy<Value = Vec<Person>> {
        let one = (0..6_u8, prop::option::of(0..6_u8), 0..4_u8);
        prop::collection::vec(one, 0..10).prop_map(|people| {
            let mut taken = BTreeSet::new();
            (1..)
                .zip(people)
                .map(|(number, (address, linked, how))| {
                    let address = if address == 0 { String::new() } else { format!("{address}@x") };
                    let linked = linked.filter(|id| taken.insert(*id)).map(account);
                    let how = match (how, &linked) {
                        (0, Some(_)) => Some(LinkHow::Hand),
                        (_, Some(_)) => Some(LinkHow::Email),
                        (0, None) => Some(LinkHow::Apart),
                        (_, None) => None,
                    };
                    Person { number, email_key: address, linked, how }
                })
                .collect()
        })
    }

    /// Accounts, each with one address.
    fn accounts() -> impl Strategy<Value = Verified> {
        prop::collection::btree_map(0..6_u8, 1..6_u8, 0..6).prop_map(|of| {
            let mut accounts = Verified::new();
            for (id, address) in of {
                accounts.entry(format!("{address}@x")).or_default().push(account(id));
            }
            accounts
        })
    }

    proptest! {
        #[test]
        fn an_account_is_one_persons_and_what_was_decided_stays(people in anybody(), accounts in accounts()) {
            let found = matched(&people, &accounts);
            let mut of_account: BTreeSet<&AccountId> = people.iter().filter_map(|one| one.linked.as_ref()).collect();
            for (number, account) in &found.links {
                prop_assert!(of_account.insert(account), "{account} is two people's");
                let person = people.iter().find(|one| one.number == *number).unwrap();
                prop_assert_eq!((&person.linked, person.how), (&None, None));
                prop_assert_eq!(accounts[&person.email_key].as_slice(), std::slice::from_ref(account));
            }
            let told: BTreeSet<i64> =
                found.links.iter().map(|(one, _)| *one).chain(found.cases.iter().map(|case| case.person)).collect();
            prop_assert_eq!(told.len(), found.links.len() + found.cases.len(), "linked and unclear at once");
        }

        #[test]
        fn the_order_of_people_does_not_count(people in anybody(), accounts in accounts()) {
            let mut turned = people.clone();
            turned.reverse();
            prop_assert_eq!(matched(&people, &accounts), matched(&turned, &accounts));
        }

        #[test]
        fn matching_again_finds_nobody_new(people in anybody(), accounts in accounts()) {
            let found = matched(&people, &accounts);
            let mut after = people;
            for (number, account) in &found.links {
                let person = after.iter_mut().find(|one| one.number == *number).unwrap();
                (person.linked, person.how) = (Some(account.clone()), Some(LinkHow::Email));
            }
            let again = matched(&after, &accounts);
            prop_assert_eq!(again.links, Vec::new());
            prop_assert_eq!(again.cases, found.cases);
        }

        #[test]
        fn another_address_never_moves_a_link(people in anybody(), accounts in accounts(), to in 1..6_u8) {
            let mut changed = people;
            for person in changed.iter_mut().filter(|one| one.linked.is_some()) {
                person.email_key = format!("{to}@x");
            }
            let found = matched(&changed, &accounts);
            let linked: Vec<i64> = changed.iter().filter(|one| one.linked.is_some()).map(|one| one.number).collect();
            prop_assert!(found.links.iter().all(|(number, _)| !linked.contains(number)));
        }
    }
}
