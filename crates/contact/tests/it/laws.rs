//! What holds after any history: no contact is lost, none is made twice, accounts stay with their contact, and another sync
//! changes nothing. The plan is held against the model after every single sync.

use std::collections::BTreeMap;

use contact::sync::{LinkState, plan};
use directory::email_key;
use proptest::prelude::*;

use crate::model;
use crate::world::{Account, State, Step, apply, happen, people, step};

/// A contact as laws compare it: number, name, address, mark, and the accounts that it has or had.
type Shape = (u32, String, Option<String>, Option<contact::sync::Mark>, Vec<(String, LinkState)>);

/// Contacts with their accounts, without what only order decides.
fn shape(state: &State) -> Vec<Shape> {
    let mut of: BTreeMap<u32, Vec<(String, LinkState)>> = BTreeMap::new();
    for identity in &state.identities {
        of.entry(identity.contact).or_default().push((identity.account.clone(), identity.state));
    }
    let mut shape: Vec<_> = state
        .contacts
        .iter()
        .map(|known| {
            let mut accounts = of.remove(&known.number).unwrap_or_default();
            accounts.sort();
            (known.number, known.name.clone(), known.email.clone(), known.mark.clone(), accounts)
        })
        .collect();
    shape.sort_by_key(|(number, ..)| *number);
    shape
}

fn check(state: &mut State, accounts: &[Account]) -> Result<(), TestCaseError> {
    let people = people(accounts);
    let before = state.clone();
    let mut expected = state.clone();
    let conflicts = model::sync(&mut expected, &people);
    let made = plan(&state.contacts, &state.identities, &people);
    apply(state, &people, &made);
    prop_assert_eq!(shape(state), shape(&expected));

    // Nobody is lost.
    for contact in &before.contacts {
        prop_assert!(state.contacts.iter().any(|known| known.number == contact.number));
    }
    // Nothing is made for an address that a contact has, nor twice for one.
    let key = |email: &Option<String>| email.as_deref().map(email_key);
    for made in state.contacts.iter().filter(|known| known.number > before.last) {
        let same = |other: &&contact::sync::Known| key(&other.email) == key(&made.email);
        prop_assert_eq!(state.contacts.iter().filter(same).count(), 1, "{:?}", made.email);
    }
    // An account has one contact at most, and stays with it whatever its address.
    for identity in &before.identities {
        let now: Vec<_> = state.identities.iter().filter(|known| known.account == identity.account).collect();
        prop_assert_eq!(now.len(), 1);
        prop_assert!(identity.state != LinkState::Linked || now[0].contact == identity.contact);
    }
    // A contact that keeps no account is a regular one, and no other is.
    for contact in &state.contacts {
        let linked =
            state.identities.iter().any(|known| known.contact == contact.number && known.state == LinkState::Linked);
        prop_assert_eq!(linked, contact.mark.is_some());
    }
    // Every account that may become a contact is one, or waits for a person.
    let again = plan(&state.contacts, &state.identities, &people);
    let waits: Vec<&String> = again.conflicts.iter().flat_map(|conflict| &conflict.accounts).collect();
    for person in &people {
        let may = !person.gone && person.barred.is_none() && person.email.is_some();
        let is =
            state.identities.iter().any(|known| known.account == person.account && known.state == LinkState::Linked);
        prop_assert!(!may || is || waits.iter().any(|account| *account == person.account), "{}", person.account);
    }
    // It has come to its end.
    prop_assert!(again.is_empty(), "{:?}", again);
    let keys: Vec<String> = again.conflicts.iter().map(|conflict| conflict.email_key.clone()).collect();
    prop_assert_eq!(keys, conflicts);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn no_history_loses_a_contact_makes_one_twice_or_goes_on_for_ever(steps in prop::collection::vec(step(), 1..40)) {
        let (mut accounts, mut state) = (Vec::new(), State { on: true, ..State::default() });
        for step in &steps {
            happen(step, &mut accounts, &mut state);
            if matches!(step, Step::Sync) && state.on {
                check(&mut state, &accounts)?;
            }
        }
        state.on = true;
        check(&mut state, &accounts)?;
    }

    /// Off and on again brings back what was, whatever the addresses have become.
    #[test]
    fn switched_off_and_on_again_every_account_has_its_contact(steps in prop::collection::vec(step(), 1..30)) {
        let (mut accounts, mut state) = (Vec::new(), State::default());
        for step in steps.iter().filter(|step| !matches!(step, Step::Switch(_) | Step::Merge { .. })) {
            happen(step, &mut accounts, &mut state);
        }
        check(&mut state, &accounts)?;
        let before = shape(&state);
        happen(&Step::Switch(false), &mut accounts, &mut state);
        prop_assert!(state.contacts.iter().all(|known| known.mark.is_none()));
        prop_assert_eq!(state.contacts.len(), before.len());
        check(&mut state, &accounts)?;
        prop_assert_eq!(shape(&state), before);
    }
}
