//! The plan: a pure function of contacts, the accounts that keep them, and the accounts that were read. First every account
//! that is linked stays, by its id; then those that were linked before come back, by their id; only then e-mail addresses
//! are looked at, for accounts that no contact has.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use directory::email_key;

use super::{
    Change, Conflict, ConflictKind, Create, Ended, Identity, Known, Link, LinkState, Mark, Person, Plan, Skip, Unlink,
};

/// An account that keeps a contact, as it will be.
#[derive(Clone, Debug)]
struct Linked<'a> {
    account: &'a str,
    user: bool,
    customer: bool,
    name: &'a str,
    email: Option<&'a str>,
    status: &'a str,
    since: i64,
}

struct Work<'a> {
    contacts: BTreeMap<u32, &'a Known>,
    people: &'a [Person<'a>],
    by_account: HashMap<&'a str, usize>,
    links: BTreeMap<u32, Vec<Linked<'a>>>,
    /// People whom some contact has.
    placed: BTreeSet<usize>,
    /// Accounts that wait for a person, by the key of their address.
    waiting: BTreeMap<String, Vec<usize>>,
    plan: Plan,
}

/// What is to be done so that contacts are in step with accounts. People who are not in `people` were not read: what is
/// known of them stays. Every account stands at most once in `people`, and at most once in `identities`.
pub fn plan<'a>(contacts: &'a [Known], identities: &'a [Identity], people: &'a [Person<'a>]) -> Plan {
    let mut work = Work {
        contacts: contacts.iter().map(|contact| (contact.number, contact)).collect(),
        people,
        by_account: people.iter().enumerate().map(|(place, person)| (person.account, place)).collect(),
        links: BTreeMap::new(),
        placed: BTreeSet::new(),
        waiting: BTreeMap::new(),
        plan: Plan::default(),
    };
    work.stay(identities);
    work.come_back(identities);
    work.match_addresses();
    work.finish()
}

impl<'a> Work<'a> {
    /// Linked accounts keep their contact, by their id alone.
    fn stay(&mut self, identities: &'a [Identity]) {
        let linked = |identity: &&Identity| identity.state == LinkState::Linked;
        for identity in identities.iter().filter(linked) {
            if !self.contacts.contains_key(&identity.contact) {
                continue;
            }
            let person = self.by_account.get(identity.account.as_str()).copied();
            let Some((place, person)) = person.map(|place| (place, &self.people[place])) else {
                let kept = Linked {
                    account: &identity.account,
                    user: identity.user,
                    customer: identity.customer,
                    name: &identity.name,
                    email: identity.email.as_deref(),
                    status: &identity.status,
                    since: identity.since,
                };
                self.links.entry(identity.contact).or_default().push(kept);
                continue;
            };
            let why = match person {
                _ if person.gone => Some(Ended::Gone),
                _ if person.barred.is_some_and(Skip::unlinks) => Some(Ended::LeftOut),
                _ => None,
            };
            if let Some(why) = why {
                let (account, contact) = (identity.account.clone(), identity.contact);
                self.plan.unlinks.push(Unlink { account, contact, why });
                // Others of this contact may stay: it is looked at again either way.
                self.links.entry(identity.contact).or_default();
                continue;
            }
            match is_as_known(identity, person) {
                true => self.plan.unchanged += 1,
                false => self.plan.refreshed.push(place),
            }
            self.placed.insert(place);
            self.links.entry(identity.contact).or_default().push(Linked::of(person, identity.since));
        }
    }

    /// Accounts that kept a contact before keep it again, unless another user keeps it by now.
    fn come_back(&mut self, identities: &'a [Identity]) {
        let mut before: Vec<&Identity> =
            identities.iter().filter(|identity| identity.state != LinkState::Linked).collect();
        before.sort_by(|a, b| (a.since, &a.account).cmp(&(b.since, &b.account)));
        for identity in before {
            let Some(place) = self.by_account.get(identity.account.as_str()).copied() else { continue };
            let person = &self.people[place];
            let welcome = !person.gone && person.barred.is_none() && self.contacts.contains_key(&identity.contact);
            if !welcome || self.placed.contains(&place) {
                continue;
            }
            let others = self.links.entry(identity.contact).or_default();
            if person.user && others.iter().any(|other| other.user) {
                continue;
            }
            others.push(Linked::of(person, identity.since));
            self.placed.insert(place);
            self.plan.links.push(Link { person: place, contact: identity.contact, again: true });
        }
    }

    /// Accounts that no contact has are matched by their address.
    fn match_addresses(&mut self) {
        let mut by_address: HashMap<String, Vec<u32>> = HashMap::new();
        for (number, contact) in &self.contacts {
            if let Some(email) = self.email_after(contact) {
                by_address.entry(email_key(email)).or_default().push(*number);
            }
        }
        let mut new: HashMap<String, usize> = HashMap::new();
        let mut unplaced: Vec<usize> = (0..self.people.len()).filter(|place| !self.placed.contains(place)).collect();
        unplaced.sort_by_key(|place| (!self.people[*place].user, self.people[*place].account));
        for place in unplaced {
            let person = &self.people[place];
            if let Some(why) = skipped(person) {
                self.plan.skipped.push((place, why));
                continue;
            }
            let key = email_key(person.email.unwrap_or_default());
            let meant = by_address.get(&key).map_or(&[][..], Vec::as_slice);
            match meant {
                [] => match new.get(&key).copied() {
                    None => {
                        new.insert(key, self.plan.creates.len());
                        let mark = Mark { user: person.user, customer: person.customer, status: person.status.into() };
                        self.plan.creates.push(Create { people: vec![place], mark });
                    }
                    Some(create) => {
                        let create = &mut self.plan.creates[create];
                        if person.user && create.mark.user {
                            self.waiting.entry(key).or_default().push(place);
                            continue;
                        }
                        create.people.push(place);
                        create.mark.user |= person.user;
                        create.mark.customer |= person.customer;
                    }
                },
                [contact] => {
                    let others = self.links.entry(*contact).or_default();
                    let keeps = |other: &Linked<'_>| other.email.is_some_and(|email| email_key(email) == key);
                    let two_users = person.user && others.iter().any(|other| other.user);
                    if two_users || !(others.is_empty() || others.iter().any(keeps)) {
                        self.waiting.entry(key).or_default().push(place);
                        continue;
                    }
                    others.push(Linked::of(person, i64::MAX));
                    self.plan.links.push(Link { person: place, contact: *contact, again: false });
                }
                _ => self.waiting.entry(key).or_default().push(place),
            }
        }
    }

    /// What contacts stand otherwise, and which addresses are in conflict.
    fn finish(mut self) -> Plan {
        let mut addresses: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut changes = Vec::new();
        for (number, contact) in &self.contacts {
            let email = self.email_after(contact);
            if let Some(email) = email {
                addresses.entry(email_key(email)).or_default().push(*number);
            }
            // Whoever neither was nor will be kept by an account is nobody's business here.
            let Some(links) = self.links.get(number) else {
                if contact.mark.is_some() {
                    changes.push(self.after(contact, &[]));
                }
                continue;
            };
            let after = self.after(contact, links);
            let same = after.name == contact.name && after.email == contact.email && after.mark == contact.mark;
            if !same {
                changes.push(after);
            }
        }
        self.plan.changes = changes;
        let kept = |number: &u32| self.links.get(number).is_some_and(|links| !links.is_empty());
        let mut conflicts = Vec::new();
        for (key, contacts) in &addresses {
            let waiting = self.waiting.remove(key).unwrap_or_default();
            let several = contacts.len() > 1;
            if waiting.is_empty() && !(several && contacts.iter().any(kept)) {
                continue;
            }
            let kind = match (several, waiting.is_empty()) {
                (true, false) => ConflictKind::SeveralContacts,
                (true, true) => ConflictKind::AddressTaken,
                (false, _) => ConflictKind::SharedAddress,
            };
            conflicts.push(self.conflict(key, kind, (contacts, &waiting)));
        }
        // Addresses whose contact is only being made.
        for (key, waiting) in &self.waiting {
            conflicts.push(self.conflict(key, ConflictKind::SharedAddress, (&[], waiting)));
        }
        conflicts.sort_by(|a, b| a.email_key.cmp(&b.email_key));
        self.plan.conflicts = conflicts;
        self.plan
    }

    fn conflict(&self, key: &str, kind: ConflictKind, (contacts, waiting): (&[u32], &[usize])) -> Conflict {
        let mut accounts: Vec<String> = waiting.iter().map(|place| self.people[*place].account.to_owned()).collect();
        accounts.sort_unstable();
        Conflict { email_key: key.to_owned(), kind, contacts: contacts.to_vec(), accounts }
    }

    /// The address of a contact afterwards. One that is hidden by now stays as it was last known.
    fn email_after(&self, contact: &'a Known) -> Option<&'a str> {
        let leader = self.links.get(&contact.number).and_then(|links| leader(links));
        leader.and_then(|leader| leader.email).or(contact.email.as_deref())
    }

    fn after(&self, contact: &Known, links: &[Linked<'a>]) -> Change {
        let leader = leader(links);
        let name = leader.map(|leader| leader.name).filter(|name| !name.trim().is_empty());
        let email = leader.and_then(|leader| leader.email).map(str::to_owned).or_else(|| contact.email.clone());
        let mark = leader.map(|leader| Mark {
            user: links.iter().any(|link| link.user),
            customer: links.iter().any(|link| link.customer),
            status: leader.status.to_owned(),
        });
        Change { contact: contact.number, name: name.map_or_else(|| contact.name.clone(), str::to_owned), email, mark }
    }
}

impl<'a> Linked<'a> {
    fn of(person: &Person<'a>, since: i64) -> Linked<'a> {
        Linked {
            account: person.account,
            user: person.user,
            customer: person.customer,
            name: person.name,
            email: person.email,
            status: person.status,
            since,
        }
    }
}

/// The account whose name and address a contact follows: a user before a customer, then who was linked first.
fn leader<'l, 'a>(links: &'l [Linked<'a>]) -> Option<&'l Linked<'a>> {
    links.iter().min_by_key(|link| (!link.user, link.since, link.account))
}

fn is_as_known(identity: &Identity, person: &Person<'_>) -> bool {
    identity.user == person.user
        && identity.customer == person.customer
        && identity.name == person.name
        && identity.email.as_deref() == person.email
        && identity.status == person.status
}

/// Why somebody whom no contact has becomes none.
fn skipped(person: &Person<'_>) -> Option<Skip> {
    if person.gone {
        return Some(Skip::Former);
    }
    let blank = person.email.is_none_or(|email| email.trim().is_empty());
    person.barred.or(blank.then_some(Skip::NoEmail))
}

/// What the accounts that keep a contact make of it: name, address, mark; `None` where none keeps it.
pub fn led(identities: &[Identity]) -> Option<(String, Option<String>, Mark)> {
    let linked: Vec<Linked<'_>> = identities
        .iter()
        .filter(|identity| identity.state == LinkState::Linked)
        .map(|identity| Linked {
            account: &identity.account,
            user: identity.user,
            customer: identity.customer,
            name: &identity.name,
            email: identity.email.as_deref(),
            status: &identity.status,
            since: identity.since,
        })
        .collect();
    let leader = leader(&linked)?;
    let mark = Mark {
        user: linked.iter().any(|link| link.user),
        customer: linked.iter().any(|link| link.customer),
        status: leader.status.to_owned(),
    };
    Some((leader.name.to_owned(), leader.email.map(str::to_owned), mark))
}
