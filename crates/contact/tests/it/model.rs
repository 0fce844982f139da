//! The rules of syncing, written so that nobody can doubt them: one account after the other, looking through lists. It knows
//! nothing of plans.

use std::collections::BTreeMap;

use contact::sync::{Identity, Known, LinkState, Mark, Person, Skip};
use directory::email_key;

use crate::world::State;

/// Syncs, and tells the addresses that are in conflict afterwards.
pub(crate) fn sync(state: &mut State, people: &[Person<'_>]) -> Vec<String> {
    state.now += 1;
    let person = |account: &str| people.iter().find(|person| person.account == account);
    // What is linked stays linked, unless the account is gone or the scope leaves it out.
    for identity in &mut state.identities {
        if identity.state != LinkState::Linked {
            continue;
        }
        let Some(person) = person(&identity.account) else { continue };
        if person.gone {
            identity.state = LinkState::Gone;
        } else if person.barred.is_some_and(Skip::unlinks) {
            identity.state = LinkState::Former;
        } else {
            read(identity, person);
        }
    }
    // What was linked before is linked again.
    let mut before: Vec<usize> = (0..state.identities.len()).collect();
    before.sort_by_key(|place| (state.identities[*place].since, state.identities[*place].account.clone()));
    for place in before {
        let identity = state.identities[place].clone();
        let Some(person) = person(&identity.account) else { continue };
        let welcome = identity.state != LinkState::Linked && !person.gone && person.barred.is_none();
        // Whoever was unlinked a moment ago has just been judged by the same measure.
        let two_users = person.user && linked(state, identity.contact).iter().any(|other| other.user);
        let there = state.contacts.iter().any(|contact| contact.number == identity.contact);
        if welcome && there && !two_users {
            read(&mut state.identities[place], person);
            state.identities[place].state = LinkState::Linked;
        }
    }
    follow(state);
    // Everybody else is matched by address.
    let mut rest: Vec<&Person<'_>> = people
        .iter()
        .filter(|person| !state.identities.iter().any(|known| is(known, person) && known.state == LinkState::Linked))
        .filter(|person| !person.gone && person.barred.is_none())
        .filter(|person| person.email.is_some_and(|email| !email.trim().is_empty()))
        .collect();
    rest.sort_by_key(|person| (!person.user, person.account));
    let mut waiting = Vec::new();
    for person in rest {
        let key = email_key(person.email.unwrap());
        let meant: Vec<u32> =
            state.contacts.iter().filter(|contact| has(contact, &key)).map(|contact| contact.number).collect();
        let number = match meant[..] {
            [] => {
                state.last += 1;
                let (name, email) = (person.name.to_owned(), person.email.map(str::to_owned));
                state.contacts.push(Known { number: state.last, name, email, mark: None });
                state.last
            }
            [one] => {
                let others = linked(state, one);
                let two_users = person.user && others.iter().any(|other| other.user);
                let keeps = |other: &&Identity| other.email.as_deref().is_some_and(|email| email_key(email) == key);
                if two_users || (!others.is_empty() && !others.iter().any(keeps)) {
                    waiting.push(key);
                    continue;
                }
                one
            }
            _ => {
                waiting.push(key);
                continue;
            }
        };
        let since = state.now;
        state.identities.retain(|known| !is(known, person));
        let mut identity = Identity {
            account: person.account.to_owned(),
            contact: number,
            state: LinkState::Linked,
            user: false,
            customer: false,
            name: String::new(),
            email: None,
            status: String::new(),
            since,
        };
        read(&mut identity, person);
        state.identities.push(identity);
    }
    follow(state);
    conflicts(state, waiting)
}

fn conflicts(state: &State, waiting: Vec<String>) -> Vec<String> {
    let mut by_address: BTreeMap<String, Vec<&Known>> = BTreeMap::new();
    for contact in &state.contacts {
        if let Some(email) = &contact.email {
            by_address.entry(email_key(email)).or_default().push(contact);
        }
    }
    let shared = by_address
        .into_iter()
        .filter(|(_, contacts)| contacts.len() > 1 && contacts.iter().any(|contact| contact.mark.is_some()));
    let mut keys: Vec<String> = shared.map(|(key, _)| key).chain(waiting).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn is(identity: &Identity, person: &Person<'_>) -> bool {
    identity.account == person.account
}

fn has(contact: &Known, key: &str) -> bool {
    contact.email.as_deref().is_some_and(|email| email_key(email) == key)
}

fn linked(state: &State, contact: u32) -> Vec<&Identity> {
    let mut of: Vec<&Identity> =
        state.identities.iter().filter(|known| known.contact == contact && known.state == LinkState::Linked).collect();
    of.sort_by_key(|known| (!known.user, known.since, known.account.clone()));
    of
}

fn read(identity: &mut Identity, person: &Person<'_>) {
    identity.user = person.user;
    identity.customer = person.customer;
    identity.name = person.name.to_owned();
    identity.email = person.email.map(str::to_owned);
    identity.status = person.status.to_owned();
}

/// Every contact follows whoever leads it.
fn follow(state: &mut State) {
    for place in 0..state.contacts.len() {
        let links = linked(state, state.contacts[place].number);
        let mark = links.first().map(|leader| Mark {
            user: links.iter().any(|link| link.user),
            customer: links.iter().any(|link| link.customer),
            status: leader.status.clone(),
        });
        let (name, email) = links.first().map(|leader| (leader.name.clone(), leader.email.clone())).unwrap_or_default();
        let contact = &mut state.contacts[place];
        contact.mark = mark;
        if !name.is_empty() {
            contact.name = name;
        }
        contact.email = email.or(contact.email.take());
    }
}
